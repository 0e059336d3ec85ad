/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "figures.h"

#include <stddef.h>
#include <string.h>

static const struct figure_info figures[FIGURES] = {
	[FIG_REMOTE_PCT_END] = {"remote_pct_end", "%", 2,
		"guests' memory off its home nodes when the I/O ends"},
	[FIG_REMOTE_PCT_MAX] = {"remote_pct_max", "%", 2,
		"the most of it at any tick, all guests together"},
	[FIG_REMOTE_PCT_WORST] = {"remote_pct_worst", "%", 2,
		"the most of any single guest at any tick"},
	[FIG_MISPLACED_PCT_END] = {"misplaced_pct_end", "%", 2,
		"memory not on the node of its virtual node when the I/O ends"},
	[FIG_STREAM_RUN1] = {"stream_run1_gbps", "GB/s", 2, "STREAM before the I/O"},
	[FIG_STREAM_RUN2] = {"stream_run2_gbps", "GB/s", 2, "STREAM after the I/O"},
	[FIG_STREAM_LOSS_PCT] = {"stream_loss_pct", "%", 2, "bandwidth lost by run 2"},
	[FIG_STREAM_REMOTE_BEFORE] = {"stream_remote_allocations_before", "pages", 0,
		"remote pages among STREAM's in run 1"},
	[FIG_STREAM_REMOTE_ALLOCATIONS] = {"stream_remote_allocations", "pages", 0,
		"remote pages among STREAM's in run 2"},
	[FIG_LINKBENCH_RUN1] = {"linkbench_run1_s", "s", 1, "LinkBench before the I/O"},
	[FIG_LINKBENCH_RUN2] = {"linkbench_run2_s", "s", 1, "LinkBench after the I/O"},
	[FIG_LINKBENCH_LOSS_PCT] = {"linkbench_loss_pct", "%", 2,
		"execution time gained by run 2"},
	[FIG_LINKBENCH_REMOTE_ALLOCATIONS] = {"linkbench_remote_allocations", "pages", 0,
		"remote pages among LinkBench's in run 2"},
	[FIG_IO_SLOWDOWN_PCT] = {"io_slowdown_pct", "%", 2,
		"cost of an I/O page against vanilla's"},
	[FIG_FLIPS] = {"flips", "pages", 0, "pages flipped"},
	[FIG_FLIP_MISSES] = {"flip_misses", "pages", 0,
		"pages copied because the pool had none"},
	[FIG_COPIES] = {"copies", "pages", 0, "pages copied, for whatever reason"},
	[FIG_DROPS] = {"drops", "pages", 0, "pages lost: the guest had no memory at all"},
	[FIG_PAGES_MIGRATED] = {"pages_migrated", "pages", 0, "pages brought home"},
	[FIG_PASSES] = {"passes", "", 0, "repatriation passes begun"},
	[FIG_POOL_MB_MEAN] = {"pool_mb_mean", "MB", 1, "size of the pools, mean over time"},
	[FIG_POOL_MB_MAX] = {"pool_mb_max", "MB", 1, "size of the pools, largest"},
	[FIG_POOL_MB_END] = {"pool_mb_end", "MB", 1, "size of the pools when the I/O ends"},
	[FIG_PRIVVM_CPU_S] = {"privvm_cpu_s", "s", 1,
		"privVM's time for flips, copies and moves"},
	[FIG_PRIVVM_REMOTE_PCT_END] = {"privvm_remote_pct_end", "%", 2,
		"the privVM's own memory off its node when the I/O ends"},
	[FIG_WALL_S] = {"wall_s", "s", 1, "time this simulation took"},
};

const struct figure_info *figure_info(uint32_t figure)
{
	return figure < FIGURES ? &figures[figure] : NULL;
}

uint32_t figure_find(const char *name)
{
	uint32_t f;

	for (f = 0; f < FIGURES; f++)
		if (strcmp(figures[f].name, name) == 0)
			break;
	return f;
}
