/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The rules that are compared. */
#ifndef FNUMA_SIZING_RULES_H
#define FNUMA_SIZING_RULES_H

#include "sim.h"

enum rule_kind {
	RULE_STATIC,
	RULE_LITERAL,
	RULE_REPAIRED,
	RULE_WINDOW_AT_ONCE, /* told that growing takes no time: without a lead */
	RULE_WINDOW,
	RULES
};

/* `kind` and `seed` are those of the load: `static` is calibrated on another seed of it. */
static inline struct rule rule_make(enum rule_kind which, enum load_kind kind,
                                    uint64_t seed)
{
	static const struct {
		const char *name;
		const char *policy;
	} kinds[RULES] = {
		[RULE_STATIC] = {"static, calibrated", "static"},
		[RULE_LITERAL] = {"algorithm1", "algorithm1"},
		[RULE_REPAIRED] = {"algorithm1-repaired", "algorithm1-repaired"},
		[RULE_WINDOW_AT_ONCE] = {"window, told that growing is instant", "window"},
		[RULE_WINDOW] = {"window", "window"},
	};
	struct rule rule = {0};

	rule.name = kinds[which].name;
	rule.policy = fnuma_sizer_find(kinds[which].policy);
	rule.params.initial_pages = 1000;
	if (which == RULE_STATIC)
		rule.params.initial_pages = calibrated(kind, seed + 1);
	rule.params.max_pages = 1000000;
	rule.latency = 10;
	rule.params.latency_ns = which == RULE_WINDOW_AT_ONCE ? 1 : rule.latency * STEP_NS;
	return rule;
}

#endif /* FNUMA_SIZING_RULES_H */
