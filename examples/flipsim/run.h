/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Several modes side by side, and the search for the fitted churn.
 */
#ifndef FLIPSIM_RUN_H
#define FLIPSIM_RUN_H

#include "engine.h"

#include <stdbool.h>

struct run {
	const struct scenario *sc;
	const struct packets *trace; /* or NULL */
	const struct mode *modes[MODES_MAX];
	uint32_t n_modes;
	uint32_t jobs;
	bool quiet;
	bool recorded;               /* nothing was simulated; see recorded.h */
	struct result results[MODES_MAX]; /* in the order of `modes` */
};

#define RUN_ERROR_BYTES 128

/* The modes that `list` (A,B,...) names, each once; all if it is NULL. False, with why in
 * `error`: it names none, or one that there is not. */
bool run_choose(struct run *r, const char *list, char *error, size_t bytes);

/* Run all modes, `jobs` at a time; what comes out does not depend on that. Progress goes to
 * standard error. False: a mode failed, or no thread could be had; it has been said. */
bool run_modes(struct run *r);

void run_free(struct run *r);

/* Find the churn with which vanilla ends at [fit] remote_pct, and leave it in `sc`. False:
 * there is none; it has been said. */
bool run_fit(struct scenario *sc, const struct packets *trace, bool quiet);

#endif
