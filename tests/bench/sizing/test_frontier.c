/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the documentation says of the sizing policies, held against the simulator. */
#include "test.h"
#include "rules.h"

#define SEEDS 2u

struct result {
	struct outcome outcome;
	double misses;  /* ppm */
	double reserve; /* MB */
	double ratio;   /* cost / optimum */
};

static struct result results[SEEDS][LOADS][RULES];

static struct result result_of(const struct rule *rule, const struct load *load,
                               double optimum)
{
	struct result result;

	result.outcome = simulate(rule, load);
	result.misses = misses_ppm(&result.outcome);
	result.reserve = reserve_mb(&result.outcome);
	result.ratio = cost_of(&result.outcome) / optimum;
	return result;
}

static int run_all(void **state)
{
	uint32_t seed, kind, which;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (kind = 0; kind < LOADS; kind++) {
			struct load load = load_make(kind, seed + 1);
			double optimum = optimum_of(&load);

			for (which = 0; which < RULES; which++) {
				struct rule rule = rule_make(which, kind, seed + 1);

				results[seed][kind][which] = result_of(&rule, &load, optimum);
			}
			load_free(&load);
		}
	}
	return 0;
}

static void algorithm1_gets_stuck_below_10_pages_and_misses_nearly_all(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		const struct result *r = &results[seed][LOAD_ON_OFF][RULE_LITERAL];

		assert_true(r->misses > 990000);
		assert_int_equal(r->outcome.last_size, 9); /* 10 % of 9 is 0 */
		r = &results[seed][LOAD_IDLE_BUSY][RULE_LITERAL];
		assert_true(r->misses > 990000);
		assert_int_equal(r->outcome.last_size, 9);
	}
}

static void no_other_rule_ever_gets_stuck(void **state)
{
	uint32_t seed, kind, which;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (kind = 0; kind < LOADS; kind++) {
			for (which = 0; which < RULES; which++) {
				const struct result *r = &results[seed][kind][which];

				if (which == RULE_LITERAL)
					continue;
				assert_true(r->misses < 30000);
				assert_true(r->outcome.least_size >= 64);
			}
		}
	}
}

static void window_misses_no_more_than_repaired_nor_than_without_its_lead(void **state)
{
	uint32_t seed, kind;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (kind = 0; kind < LOADS; kind++) {
			const struct result *of = results[seed][kind];

			assert_true(of[RULE_WINDOW].misses <= of[RULE_REPAIRED].misses);
			assert_true(of[RULE_WINDOW].misses <= of[RULE_WINDOW_AT_ONCE].misses);
			assert_true(of[RULE_REPAIRED].misses <= of[RULE_LITERAL].misses);
		}
	}
}

static void window_is_near_the_optimum_on_loads_that_come_again(void **state)
{
	const enum load_kind again[] = {
		LOAD_ON_OFF, LOAD_SLOW_CONSUMER, LOAD_IDLE_BUSY, LOAD_STEADY,
	};
	uint32_t seed, i;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (i = 0; i < sizeof(again) / sizeof(again[0]); i++)
			assert_true(results[seed][again[i]][RULE_WINDOW].ratio < 1.4);
		assert_true(results[seed][LOAD_BURSTS][RULE_WINDOW].ratio < 5);
	}
}

/* Not a winner, a frontier. */
static void the_repaired_rule_reserves_much_less_on_loads_that_jump(void **state)
{
	const enum load_kind jump[] = {LOAD_ON_OFF, LOAD_BURSTS, LOAD_SLOW_CONSUMER};
	uint32_t seed, i;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (i = 0; i < sizeof(jump) / sizeof(jump[0]); i++) {
			const struct result *of = results[seed][jump[i]];

			assert_true(of[RULE_REPAIRED].reserve < of[RULE_WINDOW].reserve / 2);
			assert_true(of[RULE_REPAIRED].reserve < of[RULE_STATIC].reserve / 2);
		}
	}
}

static void no_rule_without_misses_beats_the_optimum(void **state)
{
	uint32_t seed, kind, which;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (kind = 0; kind < LOADS; kind++) {
			for (which = 0; which < RULES; which++)
				assert_true(results[seed][kind][which].ratio >= 1);
		}
	}
}

static void the_lead_is_safe_on_a_steady_load_with_a_long_latency(void **state)
{
	struct load load = load_make(LOAD_STEADY, 3);
	struct rule rule = rule_make(RULE_WINDOW, LOAD_STEADY, 3);
	struct result r;

	(void)state;
	rule.latency = 50;
	rule.params.latency_ns = 50 * STEP_NS;
	r = result_of(&rule, &load, optimum_of(&load));
	assert_true(r.ratio < 1.2);
	assert_true(r.misses < 100);
	load_free(&load);
}

static void the_same_seed_gives_the_same_outcome(void **state)
{
	struct load load = load_make(LOAD_BURSTS, 1);
	struct rule rule = rule_make(RULE_WINDOW, LOAD_BURSTS, 1);
	struct outcome again = simulate(&rule, &load);

	(void)state;
	assert_true(again.misses == results[0][LOAD_BURSTS][RULE_WINDOW].outcome.misses);
	assert_true(again.bought == results[0][LOAD_BURSTS][RULE_WINDOW].outcome.bought);
	load_free(&load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithm1_gets_stuck_below_10_pages_and_misses_nearly_all),
		cmocka_unit_test(no_other_rule_ever_gets_stuck),
		cmocka_unit_test(window_misses_no_more_than_repaired_nor_than_without_its_lead),
		cmocka_unit_test(window_is_near_the_optimum_on_loads_that_come_again),
		cmocka_unit_test(the_repaired_rule_reserves_much_less_on_loads_that_jump),
		cmocka_unit_test(no_rule_without_misses_beats_the_optimum),
		cmocka_unit_test(the_lead_is_safe_on_a_steady_load_with_a_long_latency),
		cmocka_unit_test(the_same_seed_gives_the_same_outcome),
	};

	return cmocka_run_group_tests(tests, run_all, NULL);
}
