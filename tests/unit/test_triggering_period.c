/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/trigger.h>

#define SECOND UINT64_C(1000000000)
#define START (5000 * SECOND)

static struct fnuma_trigger trigger_of(uint64_t period_ns)
{
	struct fnuma_trigger_params p = {.period_ns = period_ns};
	struct fnuma_trigger t;

	assert_int_equal(fnuma_trigger_init(&t, fnuma_trigger_find("period"), &p, START), 0);
	return t;
}

static struct fnuma_trigger_verdict ask(struct fnuma_trigger *t, uint64_t now_ns)
{
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(t, now_ns, 0, &verdict);
	return verdict;
}

static void it_is_due_when_the_default_period_of_900_s_is_over(void **state)
{
	struct fnuma_trigger t = trigger_of(0);
	struct fnuma_trigger_verdict verdict = ask(&t, START + 1);

	(void)state;
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == START + 900 * SECOND);
	assert_true(verdict.ask_at_pages == UINT32_MAX);
	assert_false(ask(&t, START + 900 * SECOND - 1).due);
	assert_true(ask(&t, START + 900 * SECOND).due);
}

static void it_stays_due_until_a_pass_begins(void **state)
{
	struct fnuma_trigger t = trigger_of(10 * SECOND);

	(void)state;
	assert_true(ask(&t, START + 11 * SECOND).due);
	assert_true(ask(&t, START + 12 * SECOND).due);
	fnuma_trigger_pass(&t, START + 13 * SECOND, 0, false);
	assert_false(ask(&t, START + 13 * SECOND).due);
}

static void periods_count_from_the_begin_of_a_pass_not_from_its_end(void **state)
{
	struct fnuma_trigger t = trigger_of(10 * SECOND);

	(void)state;
	fnuma_trigger_pass(&t, START + 3 * SECOND, 0, false);
	fnuma_trigger_pass(&t, START + 8 * SECOND, 0, true);
	assert_true(ask(&t, START + 8 * SECOND).ask_at_ns == START + 13 * SECOND);
	assert_true(ask(&t, START + 13 * SECOND).due);
}

static void missed_periods_make_one_pass(void **state)
{
	struct fnuma_trigger t = trigger_of(10 * SECOND);
	uint64_t late = START + 95 * SECOND;

	(void)state;
	assert_true(ask(&t, late).due);
	fnuma_trigger_pass(&t, late, 0, false);
	fnuma_trigger_pass(&t, late, 0, true);
	assert_true(ask(&t, late).ask_at_ns == late + 10 * SECOND);
}

static void a_clock_that_jumps_back_goes_on_from_where_it_was(void **state)
{
	struct fnuma_trigger t = trigger_of(10 * SECOND);
	struct fnuma_trigger_verdict verdict;

	(void)state;
	ask(&t, START + 4 * SECOND);
	verdict = ask(&t, 7); /* 4 s of 10 had passed, and 6 are left */
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == 7 + 6 * SECOND);
	assert_false(ask(&t, 6 + 6 * SECOND).due);
	assert_true(ask(&t, 7 + 6 * SECOND).due);
}

static void a_clock_that_stands_still_makes_nothing_due(void **state)
{
	struct fnuma_trigger t = trigger_of(1);
	uint32_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_false(ask(&t, START).due);
	assert_true(ask(&t, START + 1).due);
}

static void a_shorter_period_holds_for_the_time_already_passed(void **state)
{
	struct fnuma_trigger t = trigger_of(100 * SECOND);
	struct fnuma_trigger_params p = {.period_ns = 30 * SECOND};

	(void)state;
	assert_false(ask(&t, START + 20 * SECOND).due);
	assert_int_equal(fnuma_trigger_retune(&t, &p), FNUMA_OK);
	assert_true(ask(&t, START + 20 * SECOND).ask_at_ns == START + 30 * SECOND);
	assert_true(ask(&t, START + 31 * SECOND).due);
}

static void the_longest_period_never_ends(void **state)
{
	struct fnuma_trigger t = trigger_of(UINT64_MAX);

	(void)state;
	assert_true(ask(&t, START + 20 * SECOND).ask_at_ns == FNUMA_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_due_when_the_default_period_of_900_s_is_over),
		cmocka_unit_test(it_stays_due_until_a_pass_begins),
		cmocka_unit_test(periods_count_from_the_begin_of_a_pass_not_from_its_end),
		cmocka_unit_test(missed_periods_make_one_pass),
		cmocka_unit_test(a_clock_that_jumps_back_goes_on_from_where_it_was),
		cmocka_unit_test(a_clock_that_stands_still_makes_nothing_due),
		cmocka_unit_test(a_shorter_period_holds_for_the_time_already_passed),
		cmocka_unit_test(the_longest_period_never_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
