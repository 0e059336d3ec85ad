/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The figures of a mode: what is reported, under which name, in which unit.
 *
 * JSON, the table, the report and the paper's values in a scenario all go by this list.
 */
#ifndef FLIPSIM_FIGURES_H
#define FLIPSIM_FIGURES_H

#include <stdint.h>

enum figure {
	FIG_REMOTE_PCT_END,
	FIG_REMOTE_PCT_MAX,
	FIG_REMOTE_PCT_WORST,
	FIG_MISPLACED_PCT_END,
	FIG_STREAM_RUN1,
	FIG_STREAM_RUN2,
	FIG_STREAM_LOSS_PCT,
	FIG_STREAM_REMOTE_BEFORE,
	FIG_STREAM_REMOTE_ALLOCATIONS,
	FIG_LINKBENCH_RUN1,
	FIG_LINKBENCH_RUN2,
	FIG_LINKBENCH_LOSS_PCT,
	FIG_LINKBENCH_REMOTE_ALLOCATIONS,
	FIG_IO_SLOWDOWN_PCT,
	FIG_FLIPS,
	FIG_FLIP_MISSES,
	FIG_COPIES,
	FIG_DROPS,
	FIG_PAGES_MIGRATED,
	FIG_PASSES,
	FIG_POOL_MB_MEAN,
	FIG_POOL_MB_MAX,
	FIG_POOL_MB_END,
	FIG_PRIVVM_CPU_S,
	FIG_PRIVVM_REMOTE_PCT_END,
	FIG_WALL_S,
	FIGURES
};

struct figure_info {
	const char *name; /* in JSON, and in [paper] */
	const char *unit;
	int decimals;     /* when printed for people; JSON has all of them */
	const char *meaning;
};

const struct figure_info *figure_info(uint32_t figure);

/* The figure of that name, or FIGURES. */
uint32_t figure_find(const char *name);

#endif
