/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What other policies would have done with what is in a log of decisions. */
#ifndef FLIPNUMACTL_REPLAY_H
#define FLIPNUMACTL_REPLAY_H

#include <stdbool.h>

/* Each policy is TRIGGER[:KEY=VALUE,...], as in period:period_s=60; none: some to begin with.
 * The status to exit with. */
int replay_run(const char *log, const char *const *policies, int n, bool json);

#endif
