/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The layout of every domain, live. */
#ifndef FLIPNUMACTL_TOP_H
#define FLIPNUMACTL_TOP_H

#include <stdbool.h>

/* Every `delay_s` until q, Ctrl-C, or `count` pictures (0: no end); as lines of JSON, if that
 * is wanted. The status to exit with. */
int top_run(const char *socket_path, double delay_s, unsigned int count, bool json);

#endif
