/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "random.h"
#include <flipnuma/trigger.h>

#define SECOND UINT64_C(1000000000)
#define TICK (UINT64_C(1) << 20)
#define BREAK_EVEN (10000 * TICK)

static struct fnuma_trigger trigger_of(uint64_t break_even_ns, uint64_t now_ns)
{
	struct fnuma_trigger_params p = {.break_even_ns = break_even_ns};
	struct fnuma_trigger t;

	assert_int_equal(fnuma_trigger_init(&t, fnuma_trigger_find("age"), &p, now_ns), 0);
	return t;
}

static struct fnuma_trigger_verdict ask(struct fnuma_trigger *t, uint64_t now_ns,
                                        uint32_t remote)
{
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(t, now_ns, remote, &verdict);
	return verdict;
}

/* Ask at the time it says, with as many pages, until it is due. */
static uint64_t time_due(struct fnuma_trigger *t, uint64_t now_ns, uint32_t remote)
{
	struct fnuma_trigger_verdict verdict = ask(t, now_ns, remote);

	while (!verdict.due) {
		assert_true(verdict.ask_at_ns > now_ns && verdict.ask_at_ns != FNUMA_NEVER);
		now_ns = verdict.ask_at_ns;
		verdict = ask(t, now_ns, remote);
	}
	return now_ns;
}

static void nothing_remote_is_never_due_and_waits_for_the_first_page(void **state)
{
	struct fnuma_trigger t = trigger_of(0, 5);
	struct fnuma_trigger_verdict verdict = ask(&t, 5 + 1000 * SECOND, 0);

	(void)state;
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == FNUMA_NEVER);
	assert_int_equal(verdict.ask_at_pages, 1);
}

static void pages_that_stay_are_due_at_break_even_whatever_their_number(void **state)
{
	const uint32_t remotes[] = {1, 2, 7, 1000, 1000003, UINT32_MAX};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(remotes) / sizeof(remotes[0]); i++) {
		struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);

		assert_true(time_due(&t, 0, remotes[i]) == BREAK_EVEN);
	}
}

static void the_default_break_even_is_10_s(void **state)
{
	struct fnuma_trigger t = trigger_of(0, 0);
	uint64_t due_ns = time_due(&t, 0, 500);

	(void)state;
	assert_true(due_ns >= 10 * SECOND && due_ns < 10 * SECOND + TICK);
}

static void the_smallest_and_the_largest_break_even_work(void **state)
{
	struct fnuma_trigger t = trigger_of(1, 0);
	uint64_t longest = (UINT64_C(1) << 52) - 1, due_ns = 0;
	uint32_t i;

	(void)state;
	assert_true(time_due(&t, 0, 9) == TICK);
	t = trigger_of(longest, 0);
	for (i = 0; i < 4; i++) /* a step of the clock counts for a quarter of it at most */
		due_ns += UINT64_C(1) << 50, ask(&t, due_ns, UINT32_MAX);
	assert_true(ask(&t, due_ns, UINT32_MAX).due || time_due(&t, due_ns, UINT32_MAX) <=
	            2 * longest);
}

static void pages_that_come_later_put_it_off(void **state)
{
	struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);

	(void)state;
	ask(&t, 0, 100);
	/* Half way there are twice as many: mean age a quarter, three quarters to go. */
	assert_true(time_due(&t, BREAK_EVEN / 2, 200) == BREAK_EVEN * 5 / 4);
}

static void pages_that_leave_take_the_mean_age_with_them(void **state)
{
	struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);

	(void)state;
	ask(&t, 0, 1000);
	ask(&t, BREAK_EVEN / 2, 1000);
	assert_true(time_due(&t, BREAK_EVEN / 2, 10) == BREAK_EVEN);
}

static void pages_left_over_by_a_pass_keep_their_age(void **state)
{
	struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);

	(void)state;
	ask(&t, 0, 1000);
	fnuma_trigger_pass(&t, BREAK_EVEN / 2, 1000, false);
	fnuma_trigger_pass(&t, BREAK_EVEN / 2, 300, true);
	assert_true(time_due(&t, BREAK_EVEN / 2, 300) == BREAK_EVEN);
	fnuma_trigger_pass(&t, BREAK_EVEN, 0, true); /* none left: no age */
	assert_true(time_due(&t, BREAK_EVEN, 5) == 2 * BREAK_EVEN);
}

static void pages_that_leave_by_themselves_in_time_are_left_alone(void **state)
{
	struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);
	uint64_t now_ns = 0;
	uint32_t i;

	(void)state;
	for (i = 0; i < 4000; i++) { /* 100 of 400 go, 100 come: each stays 400 ticks or so */
		now_ns += 100 * TICK;
		assert_false(ask(&t, now_ns, 300).due);
		assert_false(ask(&t, now_ns, 400).due);
	}
}

static void questions_within_a_tick_lose_no_time(void **state)
{
	struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);
	uint64_t now_ns = 0;

	(void)state;
	while (!ask(&t, now_ns, 3).due)
		now_ns += TICK / 8 + 1;
	assert_in_range(now_ns, BREAK_EVEN, BREAK_EVEN + TICK);
}

/* One page leaving and one coming thousands of times a tick: the mean age is that of the
 * others, and rounding must not eat it. */
static void questions_about_each_page_do_not_freeze_it(void **state)
{
	struct fnuma_trigger t = trigger_of(50 * TICK, 0);
	uint64_t now_ns = 0;
	uint32_t asked = 0;

	(void)state;
	while (!ask(&t, now_ns, 1000000 + (asked & 1)).due) {
		now_ns += TICK / 1000;
		assert_true(++asked < 70000);
	}
}

static void more_pages_than_an_eighth_are_asked_about(void **state)
{
	struct fnuma_trigger t = trigger_of(BREAK_EVEN, 0);

	(void)state;
	assert_int_equal(ask(&t, 0, 1).ask_at_pages, 2);
	assert_int_equal(ask(&t, 0, 800).ask_at_pages, 901);
	assert_true(ask(&t, 0, UINT32_MAX).ask_at_pages == UINT32_MAX);
}

/* However the pages come and go, when it becomes due the mean age is the break-even one:
 * checked against sums kept page by page. */
static void due_means_a_mean_age_of_break_even_on_random_walks(void **state)
{
	struct random r = {5};
	uint64_t now_ns = 0, mean_sum = 0; /* of the model: ticks times pages */
	struct fnuma_trigger t = trigger_of(3000 * TICK, 0);
	uint32_t remote = 0, passes = 0, i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		uint32_t ticks = random_below(&r, 200), next = remote + random_below(&r, 20);
		bool due;

		if (random_below(&r, 3) == 0)
			next = remote - random_below(&r, remote / 8 + 1);
		now_ns += ticks * TICK;
		mean_sum += (uint64_t)ticks * remote;
		if (next < remote)
			mean_sum = mean_sum * next / remote;
		remote = next;
		due = remote && mean_sum >= UINT64_C(3000) * remote;
		assert_true(ask(&t, now_ns, remote).due == due);
		if (due) {
			fnuma_trigger_pass(&t, now_ns, 0, true);
			mean_sum = remote = 0;
			passes++;
		}
	}
	assert_true(passes > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_remote_is_never_due_and_waits_for_the_first_page),
		cmocka_unit_test(pages_that_stay_are_due_at_break_even_whatever_their_number),
		cmocka_unit_test(the_default_break_even_is_10_s),
		cmocka_unit_test(the_smallest_and_the_largest_break_even_work),
		cmocka_unit_test(pages_that_come_later_put_it_off),
		cmocka_unit_test(pages_that_leave_take_the_mean_age_with_them),
		cmocka_unit_test(pages_left_over_by_a_pass_keep_their_age),
		cmocka_unit_test(pages_that_leave_by_themselves_in_time_are_left_alone),
		cmocka_unit_test(questions_within_a_tick_lose_no_time),
		cmocka_unit_test(questions_about_each_page_do_not_freeze_it),
		cmocka_unit_test(more_pages_than_an_eighth_are_asked_about),
		cmocka_unit_test(due_means_a_mean_age_of_break_even_on_random_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
