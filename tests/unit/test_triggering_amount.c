/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/trigger.h>

static struct fnuma_trigger trigger_of(uint32_t amount, uint32_t lead)
{
	struct fnuma_trigger_params p = {.amount_pages = amount, .lead_pages = lead};
	struct fnuma_trigger t;

	assert_int_equal(fnuma_trigger_init(&t, fnuma_trigger_find("amount"), &p, 0), 0);
	return t;
}

static void check_threshold(uint32_t amount, uint32_t lead, uint32_t threshold)
{
	struct fnuma_trigger t = trigger_of(amount, lead);
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(&t, 5, threshold - 1, &verdict);
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == FNUMA_NEVER);
	assert_int_equal(verdict.ask_at_pages, threshold);
	assert_false(fnuma_trigger_amount_reached(&t, threshold - 1));
	assert_true(fnuma_trigger_amount_reached(&t, threshold));
	fnuma_trigger_ask(&t, 5, threshold, &verdict);
	assert_true(verdict.due);
	assert_false(fnuma_trigger_amount_reached(&t, UINT32_MAX - 1)); /* due already */
}

static void it_is_due_a_lead_before_the_amount(void **state)
{
	(void)state;
	check_threshold(0, 0, 126000); /* the paper's 500 MB, less a 64th */
	check_threshold(1000, 100, 900);
	check_threshold(1000, UINT32_MAX, 1000);
	check_threshold(1000, 999, 1);
	check_threshold(63, 0, 63);
	check_threshold(64, 0, 63);
	check_threshold(1, 0, 1);
	check_threshold(UINT32_MAX, UINT32_MAX - 1, 1);
}

static void a_pass_changes_nothing_about_it(void **state)
{
	struct fnuma_trigger t = trigger_of(1000, 100);
	struct fnuma_trigger_verdict verdict;

	(void)state;
	fnuma_trigger_pass(&t, 5, 950, false);
	fnuma_trigger_pass(&t, 6, 910, true);
	fnuma_trigger_ask(&t, 7, 910, &verdict);
	assert_true(verdict.due); /* there is more to move than may be left */
	fnuma_trigger_ask(&t, 7, 100, &verdict);
	assert_false(verdict.due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_due_a_lead_before_the_amount),
		cmocka_unit_test(a_pass_changes_nothing_about_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
