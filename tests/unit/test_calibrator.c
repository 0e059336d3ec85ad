/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/sizer.h>
#include <string.h>

static struct fnuma_sizer_sample sample_of(uint32_t used, uint32_t peak, uint64_t misses)
{
	struct fnuma_sizer_sample sample = {0};

	sample.size_pages = 1000;
	sample.used_pages = used;
	sample.peak_pages = peak;
	sample.misses = misses;
	return sample;
}

static void observe(struct fnuma_calibrator *c, uint32_t used, uint32_t peak,
                    uint64_t misses)
{
	struct fnuma_sizer_sample sample = sample_of(used, peak, misses);

	assert_int_equal(fnuma_calibrator_observe(c, &sample), FNUMA_OK);
}

static int64_t run(struct fnuma_calibrator *c, uint32_t app, uint32_t used)
{
	assert_int_equal(fnuma_calibrator_begin(c, app), FNUMA_OK);
	observe(c, used, 0, 0);
	return fnuma_calibrator_end(c);
}

static void need_of_a_run_is_its_highest_use_or_peak(void **state)
{
	struct fnuma_calibrator c;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(fnuma_calibrator_begin(&c, 0), FNUMA_OK);
	observe(&c, 10, 0, 0);
	observe(&c, 20, 70, 0);
	observe(&c, 60, 0, 0);
	observe(&c, 0, 0, 0);
	assert_int_equal(fnuma_calibrator_end(&c), 70);
}

static void pages_missed_since_the_sample_before_add_to_the_need(void **state)
{
	struct fnuma_calibrator c;
	struct fnuma_calibration app;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(fnuma_calibrator_begin(&c, 3), FNUMA_OK);
	observe(&c, 10, 0, 500); /* missed before the run */
	observe(&c, 1000, 0, 530);
	observe(&c, 1000, 0, 540);
	assert_int_equal(fnuma_calibrator_end(&c), 1030);
	assert_int_equal(fnuma_calibrator_need(&c, 3, &app), FNUMA_OK);
	assert_int_equal(app.need_pages, 1030);
	assert_true(app.missed_pages == 40);
}

static void each_run_may_be_with_a_pool_of_its_own(void **state)
{
	struct fnuma_calibrator c;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(fnuma_calibrator_begin(&c, 0), FNUMA_OK);
	observe(&c, 10, 0, 500);
	assert_int_equal(fnuma_calibrator_end(&c), 10);
	assert_int_equal(fnuma_calibrator_begin(&c, 0), FNUMA_OK);
	observe(&c, 10, 0, 3);
	observe(&c, 10, 0, 5);
	assert_int_equal(fnuma_calibrator_end(&c), 12);
}

static void need_stops_at_the_end_of_its_type(void **state)
{
	struct fnuma_calibrator c;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(fnuma_calibrator_begin(&c, 0), FNUMA_OK);
	observe(&c, 10, 0, 0);
	observe(&c, 10, 0, UINT64_MAX);
	assert_true(fnuma_calibrator_end(&c) == UINT32_MAX);
	assert_true(fnuma_calibrator_value(&c, 1000) == INT64_C(11) * UINT32_MAX);
}

static void the_value_is_the_highest_need_of_any_run_of_any_application(void **state)
{
	struct fnuma_calibrator c;
	struct fnuma_calibration app;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(run(&c, 0, 50), 50);
	assert_int_equal(run(&c, 63, 400), 400);
	assert_int_equal(run(&c, 63, 300), 300);
	assert_int_equal(run(&c, 63, 350), 350);
	assert_int_equal(fnuma_calibrator_need(&c, 63, &app), FNUMA_OK);
	assert_int_equal(app.runs, 3);
	assert_int_equal(app.need_pages, 400);
	assert_int_equal(app.least_pages, 300);
	assert_true(app.missed_pages == 0);
	assert_int_equal(fnuma_calibrator_need(&c, 5, &app), FNUMA_OK);
	assert_int_equal(app.runs, 0);
	assert_int_equal(fnuma_calibrator_value(&c, 0), 400);
	assert_int_equal(fnuma_calibrator_value(&c, 10), 440);
	assert_int_equal(fnuma_calibrator_value(&c, 1000), 4400);
}

static void a_margin_is_rounded_up(void **state)
{
	struct fnuma_calibrator c;

	(void)state;
	fnuma_calibrator_init(&c);
	run(&c, 0, 7);
	assert_int_equal(fnuma_calibrator_value(&c, 1), 8);
}

static void a_run_that_needed_nothing_still_counts(void **state)
{
	struct fnuma_calibrator c;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(run(&c, 0, 0), 0);
	assert_int_equal(fnuma_calibrator_value(&c, 100), 0);
}

static void a_run_without_a_sample_goes_on_until_it_has_one(void **state)
{
	struct fnuma_calibrator c;

	(void)state;
	fnuma_calibrator_init(&c);
	assert_int_equal(fnuma_calibrator_begin(&c, 0), FNUMA_OK);
	assert_true(fnuma_calibrator_end(&c) == FNUMA_E_STATE);
	observe(&c, 5, 0, 0);
	assert_int_equal(fnuma_calibrator_end(&c), 5);
}

/* The liar's table. Each call gets the error, and the bytes stay as they were. */
static void lies_are_refused_and_change_nothing(void **state)
{
	struct fnuma_sizer_sample good = sample_of(5, 0, 10), bad;
	struct fnuma_calibration app, untouched;
	struct fnuma_calibrator c, before;

	(void)state;
	fnuma_calibrator_init(&c);
	before = c;
	memset(&app, 0xa5, sizeof(app));
	untouched = app;
	assert_int_equal(fnuma_calibrator_observe(&c, &good), FNUMA_E_STATE);
	assert_true(fnuma_calibrator_end(&c) == FNUMA_E_STATE);
	assert_true(fnuma_calibrator_value(&c, 0) == FNUMA_E_STATE);
	assert_true(fnuma_calibrator_value(&c, 1001) == FNUMA_E_INVAL);
	assert_int_equal(fnuma_calibrator_begin(&c, 64), FNUMA_E_RANGE);
	assert_int_equal(fnuma_calibrator_begin(&c, UINT32_MAX), FNUMA_E_RANGE);
	assert_int_equal(fnuma_calibrator_need(&c, 64, &app), FNUMA_E_RANGE);
	assert_int_equal(fnuma_calibrator_need(&c, 0, NULL), FNUMA_E_INVAL);
	assert_memory_equal(&c, &before, sizeof(c));
	assert_memory_equal(&app, &untouched, sizeof(app));
	assert_int_equal(fnuma_calibrator_begin(&c, 63), FNUMA_OK);
	observe(&c, 5, 0, 10);
	before = c;
	assert_int_equal(fnuma_calibrator_begin(&c, 0), FNUMA_E_STATE);
	assert_int_equal(fnuma_calibrator_observe(&c, NULL), FNUMA_E_INVAL);
	bad = good, bad.used_pages = 1001;
	assert_int_equal(fnuma_calibrator_observe(&c, &bad), FNUMA_E_INVAL);
	bad = good, bad.peak_pages = 4;
	assert_int_equal(fnuma_calibrator_observe(&c, &bad), FNUMA_E_INVAL);
	bad = good, bad.misses = 9;
	assert_int_equal(fnuma_calibrator_observe(&c, &bad), FNUMA_E_INVAL);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void no_calibrator_is_refused(void **state)
{
	struct fnuma_sizer_sample sample = sample_of(5, 0, 10);
	struct fnuma_calibration app;

	(void)state;
	fnuma_calibrator_init(NULL);
	assert_int_equal(fnuma_calibrator_begin(NULL, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_calibrator_observe(NULL, &sample), FNUMA_E_INVAL);
	assert_true(fnuma_calibrator_end(NULL) == FNUMA_E_INVAL);
	assert_int_equal(fnuma_calibrator_need(NULL, 0, &app), FNUMA_E_INVAL);
	assert_true(fnuma_calibrator_value(NULL, 0) == FNUMA_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(need_of_a_run_is_its_highest_use_or_peak),
		cmocka_unit_test(pages_missed_since_the_sample_before_add_to_the_need),
		cmocka_unit_test(each_run_may_be_with_a_pool_of_its_own),
		cmocka_unit_test(need_stops_at_the_end_of_its_type),
		cmocka_unit_test(the_value_is_the_highest_need_of_any_run_of_any_application),
		cmocka_unit_test(a_margin_is_rounded_up),
		cmocka_unit_test(a_run_that_needed_nothing_still_counts),
		cmocka_unit_test(a_run_without_a_sample_goes_on_until_it_has_one),
		cmocka_unit_test(lies_are_refused_and_change_nothing),
		cmocka_unit_test(no_calibrator_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
