/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The report's figures: data files, gnuplot scripts, SVG.
 */
#ifndef FLIPSIM_PLOTS_H
#define FLIPSIM_PLOTS_H

#include "run.h"

#define PATH_BYTES 4096

struct plot {
	const char *file;    /* without .svg */
	const char *title;
	const char *caption; /* what one sees, and what it is in the paper */
};

/* The figures in the order of the report. NULL past the last. */
const struct plot *plot_at(uint32_t index);

/* Is there anything to be seen in it? */
bool plot_wanted(const struct run *r, uint32_t index);

/* Draw all that are wanted into `folder`, from files in `folder`/data. False: it has been
 * said why not. */
bool plots_draw(const struct run *r, const char *folder);

#endif
