/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "random.h"
#include "sizing.h"

#define WINDOW (60 * SECOND)

static struct fnuma_sizer repaired(uint32_t initial, uint32_t max)
{
	struct fnuma_sizer_params p = {.max_pages = max, .initial_pages = initial};

	return sizer_of("algorithm1-repaired", p);
}

static void away_from_its_repairs_it_is_algorithm1(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);
	struct fnuma_sizer_advice advice;

	(void)state;
	assert_int_equal(ask(&s, 0, 1000, 901, 0).target_pages, 1100);
	assert_int_equal(ask(&s, 0, 1100, 500, 0).target_pages, 1100);
	assert_int_equal(ask(&s, 0, 1000, 199, 0).target_pages, 900);
	advice = ask(&s, 0, 1000, 500, 0);
	assert_int_equal(advice.target_pages, 1000);
	assert_int_equal(advice.low_pages, 200);
	assert_int_equal(advice.high_pages, 900);
	assert_true(advice.ask_at_ns == FNUMA_NEVER);
}

static void a_step_is_a_page_at_least(void **state)
{
	struct fnuma_sizer_params p = {.max_pages = 100, .min_pages = 1};
	struct fnuma_sizer s = sizer_of("algorithm1-repaired", p);

	(void)state;
	assert_int_equal(ask(&s, 0, 5, 5, 0).target_pages, 6);
	assert_int_equal(ask(&s, 0, 5, 0, 0).target_pages, 4);
	assert_int_equal(ask(&s, 0, 1, 0, 0).target_pages, 1);
}

static void it_never_shrinks_below_the_floor_of_64_pages(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);
	struct fnuma_sizer_advice advice = {.target_pages = 1000};
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		advice = ask(&s, i, advice.target_pages, 0, 0);
	assert_int_equal(advice.target_pages, 64);
	assert_int_equal(advice.low_pages, 0);
	assert_true(advice.ask_at_ns == FNUMA_NEVER);
}

static void misses_grow_it_at_once_by_as_many_pages(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);

	(void)state;
	ask(&s, 0, 1000, 500, 70);
	assert_int_equal(ask(&s, 0, 1000, 1000, 70 + 5000).target_pages, 6000);
	s = repaired(1000, 100000);
	ask(&s, 0, 1000, 500, 70);
	/* A step at least. */
	assert_int_equal(ask(&s, 0, 1000, 1000, 71).target_pages, 1100);
}

static void misses_while_it_grows_add_up(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);
	uint32_t i;

	(void)state;
	ask(&s, 0, 1000, 1000, 0); /* asks for 1,100 */
	for (i = 1; i <= 500; i++)
		assert_int_equal(ask(&s, i, 1000, 1000, i).target_pages, 1100 + i);
	/* Half of it has come, and all of it is in use: the goal stands. */
	assert_int_equal(ask(&s, i, 1300, 1200, 500).target_pages, 1600);
	assert_int_equal(ask(&s, i, 1300, 1000, 500).target_pages, 1600);
	/* It has come: at rest. */
	assert_int_equal(ask(&s, i, 1600, 1200, 500).target_pages, 1600);
}

static void a_goal_no_longer_needed_is_given_up(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);

	(void)state;
	ask(&s, 0, 1000, 1000, 0);
	assert_int_equal(ask(&s, 0, 1000, 1000, 5000).target_pages, 6100);
	assert_int_equal(ask(&s, 0, 1500, 100, 5000).target_pages, 1350);
	assert_int_equal(ask(&s, 0, 1350, 500, 5000).target_pages, 1350);
}

static void a_count_of_misses_that_starts_anew_is_a_new_pools(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);

	(void)state;
	ask(&s, 0, 1000, 500, 1000000);
	assert_int_equal(ask(&s, 0, 1000, 500, 3).target_pages, 1000);
	assert_int_equal(ask(&s, 0, 1000, 500, 503).target_pages, 1500);
}

static void a_goal_that_was_reached_is_forgotten(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);

	(void)state;
	ask(&s, 0, 1000, 1000, 0);
	assert_int_equal(ask(&s, 0, 1000, 1000, 5000).target_pages, 6100);
	assert_int_equal(ask(&s, 0, 6100, 4000, 5000).target_pages, 6100);
	/* Somebody else made the pool smaller; it is not too small for what is used. */
	assert_int_equal(ask(&s, 0, 5000, 4000, 5000).target_pages, 5000);
}

static void the_first_question_is_no_idle_time(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);

	(void)state;
	assert_int_equal(ask(&s, 1000 * WINDOW, 1000, 20, 0).target_pages, 900);
}

static void an_idle_pool_goes_to_where_flips_would_have_taken_it(void **state)
{
	struct fnuma_sizer s = repaired(8000, 100000);
	struct fnuma_sizer_advice advice;

	(void)state;
	advice = ask(&s, 5, 8000, 40, 0);
	assert_int_equal(advice.target_pages, 7200);
	assert_true(advice.ask_at_ns == 5 + WINDOW); /* should no flip come */
	advice = ask(&s, 5 + WINDOW, 7200, 40, 0);
	assert_int_equal(advice.target_pages, 200);
	advice = ask(&s, 6 + WINDOW, 200, 40, 0);
	assert_int_equal(advice.target_pages, 200);
	assert_true(advice.ask_at_ns == FNUMA_NEVER);
}

static void the_idle_time_is_a_parameter(void **state)
{
	struct fnuma_sizer_params p = {.max_pages = 100000, .window_ns = SECOND};
	struct fnuma_sizer s = sizer_of("algorithm1-repaired", p);

	(void)state;
	ask(&s, 0, 8000, 40, 0);
	assert_int_equal(ask(&s, SECOND - 1, 8000, 40, 0).target_pages, 7200);
	assert_int_equal(ask(&s, 2 * SECOND, 8000, 40, 0).target_pages, 200);
}

static void a_peak_that_has_gone_by_is_waited_for(void **state)
{
	struct fnuma_sizer s = repaired(1000, 100000);
	struct fnuma_sizer_sample sample = sample_of(0, 1000, 10, 0);
	struct fnuma_sizer_advice advice;

	(void)state;
	sample.peak_pages = 600;
	advice = ask_about(&s, sample);
	assert_int_equal(advice.target_pages, 1000);
	assert_true(advice.ask_at_ns == WINDOW);
	sample.peak_pages = 10;
	sample.now_ns = WINDOW;
	assert_int_equal(ask_about(&s, sample).target_pages, 64);
}

static void a_clock_that_jumps_back_is_not_an_idle_time(void **state)
{
	struct fnuma_sizer s = repaired(8000, 100000);

	(void)state;
	ask(&s, 100 * WINDOW, 8000, 40, 0);
	assert_int_equal(ask(&s, 5, 7200, 40, 0).target_pages, 6480);
	assert_int_equal(ask(&s, 5 + WINDOW, 6480, 40, 0).target_pages, 200);
}

static void at_its_limit_nothing_is_asked_but_after_misses(void **state)
{
	struct fnuma_sizer s = repaired(1000, 1000);
	struct fnuma_sizer_advice advice = ask(&s, 0, 1000, 1000, 0);

	(void)state;
	assert_int_equal(advice.target_pages, 1000);
	assert_false(fnuma_sizer_due(&s, 1000, 0, 10 * WINDOW));
	assert_int_equal(ask(&s, 0, 1000, 1000, 5).target_pages, 1000);
	assert_int_equal(ask(&s, 0, 1000, 100, 5).target_pages, 900);
}

/* From whatever state, an even load within the limits ends in a size that carries it. */
static void from_any_state_a_load_is_carried_in_the_end(void **state)
{
	struct random r = {3};
	uint32_t i, k;

	(void)state;
	for (i = 0; i < 300; i++) {
		struct fnuma_sizer s = repaired(0, 5000);
		uint32_t size = random_below(&r, 6000), need = random_below(&r, 4400);
		uint32_t used = 0;
		uint64_t misses = 0;

		for (k = 0; k < 400; k++) {
			used = need < size ? need : size;
			misses += need - used;
			size = ask(&s, k, size, used, misses).target_pages;
		}
		assert_true(size >= need && (need < size / 5 ? size == 64 : used == need));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(away_from_its_repairs_it_is_algorithm1),
		cmocka_unit_test(a_step_is_a_page_at_least),
		cmocka_unit_test(it_never_shrinks_below_the_floor_of_64_pages),
		cmocka_unit_test(misses_grow_it_at_once_by_as_many_pages),
		cmocka_unit_test(misses_while_it_grows_add_up),
		cmocka_unit_test(a_goal_no_longer_needed_is_given_up),
		cmocka_unit_test(a_count_of_misses_that_starts_anew_is_a_new_pools),
		cmocka_unit_test(a_goal_that_was_reached_is_forgotten),
		cmocka_unit_test(the_first_question_is_no_idle_time),
		cmocka_unit_test(an_idle_pool_goes_to_where_flips_would_have_taken_it),
		cmocka_unit_test(the_idle_time_is_a_parameter),
		cmocka_unit_test(a_peak_that_has_gone_by_is_waited_for),
		cmocka_unit_test(a_clock_that_jumps_back_is_not_an_idle_time),
		cmocka_unit_test(at_its_limit_nothing_is_asked_but_after_misses),
		cmocka_unit_test(from_any_state_a_load_is_carried_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
