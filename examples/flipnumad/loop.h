/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The daemon's surroundings: timers, signals, sockets, and systemd. */
#ifndef FLIPNUMAD_LOOP_H
#define FLIPNUMAD_LOOP_H

#include "engine.h"

/* Run until it is asked to end. The status to exit with. */
int loop_run(struct engine *e);

/* Now, for the engine. */
uint64_t loop_now_ns(void);
uint64_t loop_real_ns(void);

#endif
