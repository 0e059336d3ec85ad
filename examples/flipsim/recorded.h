/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A layout over time that was recorded, by `--csv` or on a real machine, to be drawn as if it
 * had been simulated here.
 */
#ifndef FLIPSIM_RECORDED_H
#define FLIPSIM_RECORDED_H

#include "run.h"

#define RECORDED_ERROR_BYTES 256

/* Read `path` into `r` and, as far as drawing needs it, `sc`. False, with why in `error`:
 * cannot be read, or not such a file. run_free() frees it. */
bool recorded_load(struct run *r, struct scenario *sc, const char *path, char *error,
                   size_t bytes);

#endif
