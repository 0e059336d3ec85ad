/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "random.h"
#include "sizing.h"

#define WINDOW (60 * SECOND)
#define BUCKET (UINT64_C(1) << 30) /* of a window of 60 s: 63 of 2^29 ns would be too few */
#define SLACK (2 * BUCKET)         /* kept beyond the window at most */
#define LATENCY (UINT64_C(1) << 24) /* 10 ms, rounded up */

static struct fnuma_sizer window(uint64_t window_ns, uint64_t latency_ns)
{
	struct fnuma_sizer_params p = {
		.max_pages = 1000000, .initial_pages = 64,
		.window_ns = window_ns, .latency_ns = latency_ns,
	};

	return sizer_of("window", p);
}

static void the_pages_it_begins_with_may_stay_for_a_window(void **state)
{
	struct fnuma_sizer s = window(0, 0);

	(void)state;
	assert_int_equal(ask(&s, 5, 9000, 10, 0).target_pages, 9000);
	assert_int_equal(ask(&s, 5 + WINDOW - 1, 9000, 10, 0).target_pages, 9000);
	assert_int_equal(ask(&s, 5 + WINDOW + SLACK, 9000, 10, 0).target_pages, 64);
}

static void demand_is_kept_for_the_window_and_two_buckets_at_most(void **state)
{
	const uint64_t windows[] = {
		1, 2, 62, 63, 64, 65, 1000, 1000000007, WINDOW, UINT64_C(1) << 62,
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct fnuma_sizer s = window(windows[i], 1);
		uint64_t w = windows[i], late = w + w / 15 + 2;

		ask(&s, 0, 5000, 5000, 0); /* no growth, no lead */
		ask(&s, w / 3, 5000, 5000, 0);
		assert_int_equal(ask(&s, w / 3 + w - 1, 5000, 0, 0).target_pages, 5000);
		assert_int_equal(ask(&s, w / 3 + late, 5000, 0, 0).target_pages, 64);
	}
}

static void the_peak_and_the_queue_are_demand(void **state)
{
	struct fnuma_sizer s = window(0, 1);
	struct fnuma_sizer_sample sample = sample_of(0, 64, 10, 0);

	(void)state;
	sample.peak_pages = 300;
	assert_int_equal(ask_about(&s, sample).target_pages, 300);
	s = window(0, 1);
	sample.queued_pages = 1000;
	assert_int_equal(ask_about(&s, sample).target_pages, 1300);
}

static void misses_are_demand_until_growing_had_time_to_bring_them(void **state)
{
	struct fnuma_sizer s = window(0, 0);
	uint32_t i;

	(void)state;
	ask(&s, 0, 64, 64, 7);
	for (i = 1; i <= 100; i++) /* asked at each: they add up, and are led */
		assert_in_range(ask(&s, i, 64, 64, 7 + i).target_pages, 64 + i,
		                65 + i + i / 8);
	/* In the next step of the latency they still count, and in the one after it not. */
	s = window(SECOND / 10, 0);
	ask(&s, 0, 64, 64, 0);
	ask(&s, 0, 64, 64, 400);
	ask(&s, LATENCY, 64, 64, 400);
	assert_true(ask(&s, LATENCY + SECOND / 10 - 1, 64, 64, 400).target_pages >= 464);
	ask(&s, 2 * SECOND, 64, 64, 400);
	assert_int_equal(ask(&s, 4 * SECOND, 64, 64, 400).target_pages, 64);
}

static void misses_of_long_ago_are_no_demand(void **state)
{
	struct fnuma_sizer s = window(4 * LATENCY, 0);

	(void)state;
	ask(&s, 0, 64, 64, 0);
	ask(&s, 0, 64, 64, 400);
	assert_in_range(ask(&s, 12 * LATENCY, 64, 64, 400).target_pages, 64, 64 + 50);
}

static void odd_intervals_do_not_stretch_the_window(void **state)
{
	struct fnuma_sizer s = window(0, 1);
	uint64_t now_ns;

	(void)state;
	ask(&s, 0, 5000, 5000, 0);
	for (now_ns = 0; now_ns < WINDOW; now_ns += BUCKET * 7 / 10)
		assert_int_equal(ask(&s, now_ns, 5000, 0, 0).target_pages, 5000);
	assert_int_equal(ask(&s, WINDOW + SLACK, 5000, 0, 0).target_pages, 64);
}

static void a_count_of_misses_that_starts_anew_is_a_new_pools(void **state)
{
	struct fnuma_sizer s = window(0, 0);

	(void)state;
	ask(&s, 0, 64, 64, 1000000);
	assert_int_equal(ask(&s, 1, 64, 64, 3).target_pages, 64);
	assert_int_equal(ask(&s, 2, 64, 64, 10).target_pages, 71);
}

/* The lead. */

static uint32_t ramp(struct fnuma_sizer *s, uint32_t from, uint32_t steps, uint32_t growth)
{
	struct fnuma_sizer_advice advice = {0};
	uint32_t i;

	for (i = 0; i <= steps; i++)
		advice = ask(s, i * LATENCY, 1000000, from + i * growth, 0);
	return advice.target_pages - (from + steps * growth);
}

static void a_steady_ramp_is_led_by_its_growth_in_one_latency(void **state)
{
	struct fnuma_sizer s = window(SECOND, 0);
	uint32_t lead = ramp(&s, 0, 200, 800); /* until the first size is forgotten */

	(void)state;
	assert_in_range(lead, 780, 800);
}

static void one_jump_of_demand_is_led_by_an_eighth_of_it_for_a_window(void **state)
{
	struct fnuma_sizer s = window(0, 0);
	uint32_t i;

	(void)state;
	ask(&s, 0, 64, 64, 0);
	for (i = 1; i < 100; i++)
		assert_int_equal(ask(&s, i * LATENCY, 1064, 1064, 0).target_pages, 1189);
	assert_int_equal(ask(&s, i * LATENCY + WINDOW + SLACK, 1064, 1064, 0).target_pages,
	                 1064);
}

static void growth_over_a_long_time_is_slow_growth(void **state)
{
	struct fnuma_sizer s = window(0, 0);

	(void)state;
	ask(&s, 0, 64, 64, 0);
	ask(&s, 1000 * LATENCY, 64000, 64000, 0);
	assert_int_equal(ask(&s, 1001 * LATENCY, 64000, 64000, 0).target_pages, 64062);
}

static void falling_demand_is_not_led(void **state)
{
	struct fnuma_sizer s = window(SECOND, 0);
	uint32_t i;

	(void)state;
	ask(&s, 0, 64, 0, 0);
	for (i = 1000; i; i--)
		ask(&s, (1001 - i) * LATENCY, 100000, i * 10, 0);
	assert_in_range(ask(&s, 1001 * LATENCY, 100000, 0, 0).target_pages, 64,
	                10 * (SECOND / LATENCY + 3));
}

/* When to ask again. */

static void it_asks_at_each_new_maximum_of_a_bucket_and_at_its_end(void **state)
{
	struct fnuma_sizer s = window(0, 0);
	struct fnuma_sizer_advice advice = ask(&s, 5, 500, 100, 0);

	(void)state;
	assert_int_equal(advice.low_pages, 0);
	assert_int_equal(advice.high_pages, 100);
	assert_true(advice.ask_at_ns == 5 + BUCKET);
	assert_int_equal(ask(&s, 6, 500, 90, 0).high_pages, 100);
	assert_true(fnuma_sizer_due(&s, 101, 0, 6));
	assert_int_equal(ask(&s, 6, 500, 101, 0).high_pages, 101);
	advice = ask(&s, 5 + BUCKET, 500, 7, 0);
	assert_int_equal(advice.high_pages, 7);
	assert_true(advice.ask_at_ns == 5 + 2 * BUCKET);
}

static void a_pool_at_its_floor_need_not_be_asked_by_time(void **state)
{
	struct fnuma_sizer s = window(0, 0);

	(void)state;
	assert_true(ask(&s, 5, 64, 10, 0).ask_at_ns == FNUMA_NEVER);
	assert_true(ask(&s, 5, 65, 65, 0).ask_at_ns != FNUMA_NEVER);
}

/* Clocks. */

static void a_clock_that_stands_still_forgets_nothing(void **state)
{
	struct fnuma_sizer s = window(0, 0);
	uint32_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_int_equal(ask(&s, 5, 5000, i ? 0 : 5000, 0).target_pages, 5000);
}

static void a_clock_that_jumps_back_goes_on_from_where_it_was(void **state)
{
	struct fnuma_sizer s = window(0, 1);
	uint64_t far = 1000000 * SECOND;

	(void)state;
	ask(&s, far, 5000, 5000, 0);
	ask(&s, far + WINDOW / 2, 5000, 0, 0);
	assert_int_equal(ask(&s, 7, 5000, 0, 0).target_pages, 5000);
	assert_int_equal(ask(&s, 7 + WINDOW / 2 - 1, 5000, 0, 0).target_pages, 5000);
	assert_int_equal(ask(&s, 7 + WINDOW / 2 + SLACK, 5000, 0, 0).target_pages, 64);
}

static void the_longest_jump_forward_empties_the_window(void **state)
{
	struct fnuma_sizer s = window(0, 0);
	struct fnuma_sizer_advice advice;

	(void)state;
	ask(&s, 0, 5000, 5000, 0);
	advice = ask(&s, UINT64_MAX, 5000, 100, 0);
	assert_int_equal(advice.target_pages, 100);
	assert_true(advice.ask_at_ns == FNUMA_NEVER - 1); /* a time, where the clock ends */
	assert_int_equal(ask(&s, 3, 5000, 200, 0).target_pages, 200);
}

/* Retuning. */

static void retune(struct fnuma_sizer *s, uint64_t window_ns, uint64_t latency_ns)
{
	struct fnuma_sizer_params p = s->params;

	p.window_ns = window_ns;
	p.latency_ns = latency_ns;
	assert_int_equal(fnuma_sizer_retune(s, &p), FNUMA_OK);
}

static void a_new_window_keeps_what_the_old_one_saw(void **state)
{
	const uint64_t windows[] = {WINDOW / 4, WINDOW, WINDOW * 5 / 4};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct fnuma_sizer s = window(0, 1);
		uint64_t w = windows[i], slack = SLACK + w / 15 + 2;

		ask(&s, 0, 5000, 5000, 0);
		ask(&s, 10 * SECOND, 5000, 3000, 0);
		ask(&s, 12 * SECOND, 5000, 0, 0);
		retune(&s, w, 1);
		assert_int_equal(ask(&s, 12 * SECOND, 5000, 0, 0).target_pages, 5000);
		assert_int_equal(ask(&s, w - 1, 5000, 0, 0).target_pages, 5000);
		assert_int_equal(ask(&s, w + slack, 5000, 0, 0).target_pages, 3000);
		w += 10 * SECOND;
		assert_int_equal(ask(&s, w - 1, 5000, 0, 0).target_pages, 3000);
		assert_int_equal(ask(&s, w + slack, 5000, 0, 0).target_pages, 64);
	}
}

static void a_shorter_window_forgets_what_is_older(void **state)
{
	struct fnuma_sizer s = window(0, 1);

	(void)state;
	ask(&s, 0, 5000, 5000, 0);
	ask(&s, 30 * SECOND, 5000, 300, 0);
	retune(&s, 10 * SECOND, 1);
	assert_int_equal(ask(&s, 30 * SECOND, 5000, 0, 0).target_pages, 300);
}

static void any_sequence_of_windows_keeps_the_demand_of_the_last_one(void **state)
{
	struct random r = {9};
	struct fnuma_sizer s = window(0, 1);
	uint32_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		uint64_t now_ns = (random_next(&r) >> random_below(&r, 63));

		ask(&s, now_ns, 900000, 800000, 0);
		retune(&s, 1 + (random_next(&r) >> random_below(&r, 63)), 1);
		assert_true(ask(&s, now_ns, 900000, 0, 0).target_pages >= 800000);
	}
}

static void a_new_latency_keeps_the_window(void **state)
{
	const uint64_t latencies[] = {1, 1000, SECOND, UINT64_MAX};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(latencies) / sizeof(latencies[0]); i++) {
		struct fnuma_sizer s = window(0, 0);

		ask(&s, 0, 5000, 5000, 0);
		retune(&s, 0, latencies[i]);
		assert_int_equal(ask(&s, WINDOW / 2, 5000, 0, 0).target_pages, 5000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pages_it_begins_with_may_stay_for_a_window),
		cmocka_unit_test(demand_is_kept_for_the_window_and_two_buckets_at_most),
		cmocka_unit_test(the_peak_and_the_queue_are_demand),
		cmocka_unit_test(misses_are_demand_until_growing_had_time_to_bring_them),
		cmocka_unit_test(misses_of_long_ago_are_no_demand),
		cmocka_unit_test(odd_intervals_do_not_stretch_the_window),
		cmocka_unit_test(a_count_of_misses_that_starts_anew_is_a_new_pools),
		cmocka_unit_test(a_steady_ramp_is_led_by_its_growth_in_one_latency),
		cmocka_unit_test(one_jump_of_demand_is_led_by_an_eighth_of_it_for_a_window),
		cmocka_unit_test(growth_over_a_long_time_is_slow_growth),
		cmocka_unit_test(falling_demand_is_not_led),
		cmocka_unit_test(it_asks_at_each_new_maximum_of_a_bucket_and_at_its_end),
		cmocka_unit_test(a_pool_at_its_floor_need_not_be_asked_by_time),
		cmocka_unit_test(a_clock_that_stands_still_forgets_nothing),
		cmocka_unit_test(a_clock_that_jumps_back_goes_on_from_where_it_was),
		cmocka_unit_test(the_longest_jump_forward_empties_the_window),
		cmocka_unit_test(a_new_window_keeps_what_the_old_one_saw),
		cmocka_unit_test(a_shorter_window_forgets_what_is_older),
		cmocka_unit_test(any_sequence_of_windows_keeps_the_demand_of_the_last_one),
		cmocka_unit_test(a_new_latency_keeps_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
