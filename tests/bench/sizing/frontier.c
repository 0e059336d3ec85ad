/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Prints what each sizing policy makes of each load: misses against reserve, and the price
 * of both against the offline optimum. A frontier, not a winner.
 */
#include "rules.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void row(const struct load *load, const struct rule *rule, double optimum)
{
	struct outcome outcome = simulate(rule, load);

	printf("| %s | %s | %.0f | %.1f | %.2f | %.2f |\n", load->name, rule->name,
	       misses_ppm(&outcome), reserve_mb(&outcome), cost_of(&outcome) / optimum,
	       1e3 * (double)outcome.asked / (double)outcome.flips);
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	uint32_t kind, i;

	if (argc == 3 && !strcmp(argv[1], "--seed")) {
		seed = strtoull(argv[2], NULL, 0);
	} else if (argc != 1) {
		fprintf(stderr, "usage: %s [--seed N]\n", argv[0]);
		return 2;
	}
	printf("| load | rule | misses, ppm | mean reserve, MB | cost / optimum | "
	       "asked, in 1,000 flips |\n| --- | --- | --- | --- | --- | --- |\n");
	for (kind = 0; kind < LOADS; kind++) {
		struct load load = load_make(kind, seed);
		double optimum = optimum_of(&load);

		for (i = 0; i < RULES; i++) {
			struct rule rule = rule_make(i, kind, seed);

			row(&load, &rule, optimum);
		}
		load_free(&load);
	}
	return 0;
}
