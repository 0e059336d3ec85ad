/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Prints what each trigger makes of the same remote pages: what stays remote, what is
 * moved, and the price of both against the offline optimum. */
#include "sim.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MB 1048576.0

static void table(uint32_t move_ns, uint64_t seed)
{
	uint32_t i;

	printf("\nA move costs %u ns, a remote access %.0f ns.\n\n", (unsigned)move_ns,
	       ACCESS_NS);
	printf("| rule | remote accesses, %% | mean remote, MB | most remote, MB | "
	       "moved, MB | cost / optimum |\n| --- | --- | --- | --- | --- | --- |\n");
	for (i = 0; i < RULES; i++) {
		struct rule rule = rule_make(i, move_ns);
		struct outcome o = simulate(&rule, move_ns, seed);

		printf("| %s | %.1f | %.1f | %.1f | %.0f | %.2f |\n", rule.name,
		       100 * o.remote_accesses / o.accesses,
		       o.remote_sum / STEPS * FNUMA_PAGE_BYTES / MB,
		       (double)o.most_remote * FNUMA_PAGE_BYTES / MB,
		       (double)o.moved * FNUMA_PAGE_BYTES / MB, o.cost_ns / o.optimum_ns);
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;

	if (argc == 3 && !strcmp(argv[1], "--seed")) {
		seed = strtoull(argv[2], NULL, 0);
	} else if (argc != 1) {
		fprintf(stderr, "usage: %s [--seed N]\n", argv[0]);
		return 2;
	}
	table(3000, seed);
	table(30000, seed);
	return 0;
}
