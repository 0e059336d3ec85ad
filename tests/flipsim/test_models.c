/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"

#include "load.h"
#include "models.h"
#include "wheel.h"

#include <math.h>

static void a_quarter_remote_costs_stream_13_percent(void **state)
{
	double before = stream_gbps(30, 0, 160), after = stream_gbps(30, 0.25, 160);

	(void)state;
	assert_true(before == 30);
	assert_true(fabs(-percent_more(before, after) - 13.04) < 0.01);
}

static void linkbench_slows_by_the_share_that_waits(void **state)
{
	(void)state;
	assert_true(linkbench_s(600, 0, 0.25, 160) == 600);
	assert_true(fabs(linkbench_s(600, 40, 0.25, 160) - 636) < 1e-9);
	assert_true(fabs(linkbench_s(600, 100, 1, 160) - 960) < 1e-9);
}

static void vanilla_is_its_own_measure(void **state)
{
	const struct io_work flips = {3200, 3200 * 200 + 100 * 300, 0, 0, 100};
	const struct io_work copies = {3200, 0, 3200 * 1232, 0, 100};
	double base = io_vanilla_ns(&flips, 2500, 200, 300);

	(void)state;
	assert_true(percent_more(base, io_page_ns(&flips, 2500, 5)) == 0);
	assert_true(fabs(io_page_ns(&copies, 2500, 5) - 3732) < 1e-9);
}

static void nothing_sent_costs_nothing_more(void **state)
{
	const struct io_work none = {0};

	(void)state;
	assert_true(percent_more(io_vanilla_ns(&none, 2500, 200, 300),
	                         io_page_ns(&none, 2500, 5)) == 0);
	assert_true(percent_more(0, 5) == 0);
}

static uint64_t pages_in(const struct load_config *config, uint32_t ticks, uint64_t *tx)
{
	struct load l;
	uint64_t rx = 0;

	load_init(&l, config, NULL, 1, ticks / 1000.0, 7);
	for (*tx = 0; ticks; ticks--) {
		struct arrivals a = load_tick(&l);

		rx += a.rx;
		*tx += a.tx;
	}
	return rx;
}

static void a_steady_load_loses_no_page_to_rounding(void **state)
{
	struct load_config config = {.rate_mbps = 1000, .tx_percent = 25};
	uint64_t tx, rx = pages_in(&config, 100000, &tx);

	(void)state;
	assert_in_range(rx + tx, 3051756, 3051758);
	assert_in_range(tx, 762938, 762940);
}

static void bursts_have_the_share_of_time_they_are_given(void **state)
{
	struct load_config config = {.rate_mbps = 1000, .idle_mbps = 0, .on_ms = 20,
	                             .off_ms = 80, .pattern = LOAD_REGULAR};
	uint64_t tx, rx = pages_in(&config, 100000, &tx);

	(void)state;
	assert_in_range(rx, 610350, 610353);
	config.pattern = LOAD_RANDOM;
	rx = pages_in(&config, 100000, &tx);
	assert_in_range(rx, 500000, 720000);
	assert_int_equal(rx, pages_in(&config, 100000, &tx));
}

/* All pages come out, each once, none before its first tick; after `mean` ticks on average. */
static void pages_held_come_back_once_and_in_time(void **state)
{
	enum { PAGES = 20000 };
	static uint8_t seen[PAGES];
	uint32_t pages[64], n, i, tick;
	double sum = 0;
	struct wheel w;

	(void)state;
	assert_true(wheel_init(&w, 1, 90, 20, 1000, 3));
	for (i = 0; i < PAGES; i++)
		assert_true(wheel_hold(&w, &i, 1));
	assert_int_equal(w.held, PAGES);
	assert_int_equal(wheel_due(&w, pages, 64), 0);
	for (tick = 1; tick <= w.mask; tick++) {
		wheel_tick(&w);
		while ((n = wheel_due(&w, pages, 64)) != 0) {
			for (i = 0; i < n; i++)
				assert_int_equal(seen[pages[i]]++, 0);
			sum += (double)tick * n;
		}
	}
	assert_int_equal(w.held, 0);
	assert_true(fabs(sum / PAGES - (0.9 * 20 + 0.1 * 1000 + 0.9)) < 6);
	wheel_free(&w);
}

static void times_beyond_a_table_entry_are_still_kept(void **state)
{
	uint32_t page = 5, pages[64], tick = 0;
	struct wheel w;

	(void)state;
	assert_true(wheel_init(&w, 0.1, 0, 1, 60000, 3));
	assert_true(w.scale_shift > 0);
	assert_true(wheel_hold(&w, &page, 1));
	do
		wheel_tick(&w);
	while (!wheel_due(&w, pages, 64) && ++tick <= w.mask);
	assert_int_equal(pages[0], 5);
	wheel_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quarter_remote_costs_stream_13_percent),
		cmocka_unit_test(linkbench_slows_by_the_share_that_waits),
		cmocka_unit_test(vanilla_is_its_own_measure),
		cmocka_unit_test(nothing_sent_costs_nothing_more),
		cmocka_unit_test(a_steady_load_loses_no_page_to_rounding),
		cmocka_unit_test(bursts_have_the_share_of_time_they_are_given),
		cmocka_unit_test(pages_held_come_back_once_and_in_time),
		cmocka_unit_test(times_beyond_a_table_entry_are_still_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
