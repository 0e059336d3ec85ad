/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "output.h"

static double per_s(double pages, double s)
{
	return s > 0 ? pages / s : 0;
}

void output_timing(const struct run *r, FILE *out)
{
	uint32_t i;

	for (i = 0; i < r->n_modes; i++) {
		const struct result *res = &r->results[i];
		double pages = res->fig[FIG_FLIPS] + res->fig[FIG_COPIES];
		const char *mode = res->mode->name;

		fprintf(out, "sim_flips_per_s_%s %.0f 1/s\n", mode,
		        per_s(pages, res->fig[FIG_WALL_S]));
		fprintf(out, "sim_io_flips_per_s_%s %.0f 1/s\n", mode,
		        per_s(pages, res->io_s));
	}
}
