/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the documentation says of the triggers, held against the simulator. */
#include "test.h"
#include "sim.h"

#define AMOUNT_PAGES 128000u

static struct outcome cheap[RULES]; /* a move costs 3 us */
static struct outcome dear[RULES];  /* 30 us */

static int run_all(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < RULES; i++) {
		struct rule rule = rule_make(i, 3000);

		cheap[i] = simulate(&rule, 3000, 1);
		rule = rule_make(i, 30000);
		dear[i] = simulate(&rule, 30000, 1);
	}
	return 0;
}

static double ratio(const struct outcome *outcome)
{
	return outcome->cost_ns / outcome->optimum_ns;
}

static double worst(uint32_t rule)
{
	double a = ratio(&cheap[rule]), b = ratio(&dear[rule]);

	return a > b ? a : b;
}

static void the_amount_is_a_bound_that_is_never_crossed(void **state)
{
	(void)state;
	assert_true(cheap[RULE_AMOUNT_500].passes > 0);
	assert_true(cheap[RULE_AMOUNT_500].most_remote < AMOUNT_PAGES);
	assert_true(cheap[RULE_EITHER].most_remote < AMOUNT_PAGES);
}

static void a_period_makes_one_pass_each(void **state)
{
	(void)state;
	assert_int_equal(cheap[RULE_PERIOD_900].passes, 7); /* in 2 h less a step */
	assert_int_equal(cheap[RULE_PERIOD_60].passes, 119);
}

static void either_leaves_no_more_remote_than_the_better_of_the_two(void **state)
{
	(void)state;
	assert_true(cheap[RULE_EITHER].remote_sum <= cheap[RULE_PERIOD_900].remote_sum);
	assert_true(cheap[RULE_EITHER].remote_sum <= cheap[RULE_AMOUNT_500].remote_sum);
}

static void by_age_is_the_rule_whose_worst_case_is_the_best(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < RULES; i++)
		assert_true(worst(RULE_AGE) <= worst(i));
	assert_true(worst(RULE_AGE) < 4);
	assert_true(ratio(&cheap[RULE_PERIOD_900]) > 5 * ratio(&cheap[RULE_AGE]));
}

static void by_age_moves_less_when_moves_are_dearer(void **state)
{
	(void)state;
	assert_true(dear[RULE_AGE].moved < cheap[RULE_AGE].moved / 2);
	assert_true(cheap[RULE_AGE].moved < cheap[RULE_AT_ONCE].moved / 2);
}

static void no_rule_beats_the_optimum(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < RULES; i++)
		assert_true(ratio(&cheap[i]) >= 1 && ratio(&dear[i]) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_amount_is_a_bound_that_is_never_crossed),
		cmocka_unit_test(a_period_makes_one_pass_each),
		cmocka_unit_test(either_leaves_no_more_remote_than_the_better_of_the_two),
		cmocka_unit_test(by_age_is_the_rule_whose_worst_case_is_the_best),
		cmocka_unit_test(by_age_moves_less_when_moves_are_dearer),
		cmocka_unit_test(no_rule_beats_the_optimum),
	};

	return cmocka_run_group_tests(tests, run_all, NULL);
}
