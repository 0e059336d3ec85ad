/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A domain whose pages become remote, are accessed for a while and are freed: enough to
 * compare triggers. A pass takes no time and moves every remote page.
 */
#ifndef FNUMA_TRIGGERING_SIM_H
#define FNUMA_TRIGGERING_SIM_H

#include <flipnuma/trigger.h>

#define STEP_NS UINT64_C(100000000)
#define STEPS 72000u      /* 2 h */
#define PAGES 2000000u    /* that become remote in that time */
#define ACCESS_NS 60.0    /* what a remote access costs more than one at home */

struct outcome {
	uint64_t moved;
	uint64_t passes;
	uint32_t most_remote;    /* pages, at any moment */
	double remote_sum;       /* remote pages times steps */
	double remote_accesses;
	double accesses;
	double cost_ns;
	double optimum_ns;       /* each page by itself: never moved, or moved at once */
};

/* The rules that are compared. */
struct rule {
	const char *name;   /* for the table */
	const char *policy;
	struct fnuma_trigger_params params;
};

/* `move_ns`: what moving a page costs. */
struct outcome simulate(const struct rule *rule, uint32_t move_ns, uint64_t seed);

enum rule_kind {
	RULE_PERIOD_900,
	RULE_AMOUNT_500,
	RULE_EITHER,
	RULE_PERIOD_60,
	RULE_AT_ONCE,
	RULE_AGE,
	RULES
};

struct rule rule_make(enum rule_kind which, uint32_t move_ns);

#endif /* FNUMA_TRIGGERING_SIM_H */
