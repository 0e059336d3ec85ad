/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What is counted, in Prometheus' text format. */
#ifndef FLIPNUMAD_METRICS_H
#define FLIPNUMAD_METRICS_H

#include "engine.h"

/* All of it; the caller frees. NULL: no memory. */
char *metrics_text(struct engine *e);

/* Replace the file of the configuration, if there is one. False: errno says why not. */
bool metrics_write(struct engine *e);

#endif
