/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One mode's run of a scenario, from boot to the second run of the benchmarks.
 */
#ifndef FLIPSIM_ENGINE_H
#define FLIPSIM_ENGINE_H

#include "figures.h"
#include "modes.h"
#include "packets.h"
#include "scenario.h"

#include <flipnuma/sizer.h>

/* A point of the layout over time. Counts are of all guests together, and since the start
 * where they count events. */
struct sample {
	double time_s;
	uint64_t node_pages[SCENARIO_NODES_MAX];
	uint64_t remote_pages;
	uint64_t remote_most;  /* since the point before */
	uint64_t pool_pages;
	uint64_t pool_used;
	uint64_t flips, misses, migrated;
	uint64_t privvm_remote_pages;
};

/* What calibration found out about an application. */
struct need {
	const char *app;
	uint32_t pages;
	uint64_t missed;
};

struct result {
	const struct mode *mode;
	const char *error;      /* NULL if it went well */
	double fig[FIGURES];
	double io_s;            /* time that simulating the I/O took, of all that it took */
	struct sample *samples; /* to be freed */
	uint32_t n_samples;
	struct need needs[SCENARIO_APPS_MAX]; /* calibrated modes */
	uint32_t n_needs;
	uint32_t calibrated_pages;
};

/* Called now and then with how much is done, 0 to 1. May be NULL. */
struct progress {
	void (*fn)(void *cookie, double done);
	void *cookie;
};

/* Run it. `trace` may be NULL. Takes no lock and touches nothing shared: any number can run
 * side by side. */
void engine_run(const struct scenario *sc, const struct mode *mode,
                const struct packets *trace, const struct progress *progress,
                struct result *out);

/* One short run of one application with a pool as large as can be, which `c` observes. NULL,
 * or what went wrong. */
typedef const char *(*engine_calibrates)(void *cookie, const struct load_config *app,
                                         struct fnuma_calibrator *c);

/* The pool's size for calibrated modes, by such a run of each application. NULL, or what went
 * wrong. */
const char *engine_calibrate(const struct scenario *sc, engine_calibrates one, void *cookie,
                             struct result *out);

/* Guests' memory in pages. */
uint64_t engine_total_pages(const struct scenario *sc);

#endif
