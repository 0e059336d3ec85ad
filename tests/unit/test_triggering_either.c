/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/trigger.h>

static struct fnuma_trigger trigger_of(void)
{
	struct fnuma_trigger_params p = {
		.period_ns = 100, .amount_pages = 50, .lead_pages = 10,
	};
	struct fnuma_trigger t;

	assert_int_equal(fnuma_trigger_init(&t, fnuma_trigger_find("either"), &p, 0), 0);
	return t;
}

static struct fnuma_trigger_verdict ask(struct fnuma_trigger *t, uint64_t now_ns,
                                        uint32_t remote)
{
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(t, now_ns, remote, &verdict);
	return verdict;
}

static void it_is_due_by_whichever_comes_first(void **state)
{
	struct fnuma_trigger t = trigger_of();

	(void)state;
	assert_false(ask(&t, 99, 39).due);
	assert_true(ask(&t, 99, 40).due);
	assert_false(ask(&t, 99, 39).due);
	assert_true(ask(&t, 100, 39).due);
	assert_true(ask(&t, 100, 40).due);
}

static void it_asks_again_by_both(void **state)
{
	struct fnuma_trigger t = trigger_of();
	struct fnuma_trigger_verdict verdict = ask(&t, 30, 0);

	(void)state;
	assert_true(verdict.ask_at_ns == 100);
	assert_int_equal(verdict.ask_at_pages, 40);
}

static void a_pass_by_amount_also_restarts_the_period(void **state)
{
	struct fnuma_trigger t = trigger_of();

	(void)state;
	assert_true(ask(&t, 60, 45).due);
	fnuma_trigger_pass(&t, 60, 45, false);
	fnuma_trigger_pass(&t, 62, 0, true);
	assert_true(ask(&t, 62, 0).ask_at_ns == 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_due_by_whichever_comes_first),
		cmocka_unit_test(it_asks_again_by_both),
		cmocka_unit_test(a_pass_by_amount_also_restarts_the_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
