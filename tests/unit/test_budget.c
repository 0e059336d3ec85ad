/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/budget.h>
#include <stdlib.h>
#include <string.h>

#define MS_NS UINT64_C(1000000)
#define WINDOW_NS FNUMA_BUDGET_WINDOW_NS
#define SLOT_NS (WINDOW_NS / 16)
#define YEAR_NS (UINT64_C(31557600) * 1000 * MS_NS)

static struct fnuma_budget made(uint32_t pages, uint64_t bytes, uint64_t time_ns,
                                uint64_t page_ns)
{
	struct fnuma_budget_limits limits = {pages, bytes, time_ns};
	struct fnuma_budget b;

	assert_int_equal(fnuma_budget_init(&b, &limits, 4096, page_ns), FNUMA_OK);
	return b;
}

static void what_would_let_no_page_through_is_refused(void **state)
{
	static const struct {
		struct fnuma_budget_limits limits;
		uint32_t page_bytes;
		uint64_t page_ns;
	} lies[] = {
		{{0, 4095, 0}, 4096, 3000}, {{0, 0, 2999}, 4096, 3000},
		{{1, 1, 1}, 4096, 3000},    {{0, 0, 0}, 0, 3000},
		{{0, 0, 0}, 4095, 3000},    {{0, 0, 0}, 12288, 3000},
	};
	struct fnuma_budget_limits none = {0, 0, 0};
	struct fnuma_budget b, before;
	uint32_t i;

	(void)state;
	memset(&b, 0x5a, sizeof(b));
	before = b;
	assert_int_equal(fnuma_budget_init(NULL, &none, 4096, 3000), FNUMA_E_INVAL);
	assert_int_equal(fnuma_budget_init(&b, NULL, 4096, 3000), FNUMA_E_INVAL);
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		assert_int_equal(fnuma_budget_init(&b, &lies[i].limits,
		                                   lies[i].page_bytes, lies[i].page_ns),
		                 FNUMA_E_INVAL);
	assert_memory_equal(&b, &before, sizeof(b));
	b = made(10, 0, 0, 3000);
	before = b;
	assert_int_equal(fnuma_budget_retune(NULL, &none), FNUMA_E_INVAL);
	assert_int_equal(fnuma_budget_retune(&b, NULL), FNUMA_E_INVAL);
	for (i = 0; i < 2; i++)
		assert_int_equal(fnuma_budget_retune(&b, &lies[i].limits), FNUMA_E_INVAL);
	assert_memory_equal(&b, &before, sizeof(b));
}

static void without_a_budget_there_is_nothing_to_spend(void **state)
{
	(void)state;
	assert_int_equal(fnuma_budget_pages(NULL, 5), 0);
	assert_int_equal(fnuma_budget_spend(NULL, 5, 0, 0), FNUMA_E_INVAL);
	assert_true(fnuma_budget_next(NULL, 5) == FNUMA_NEVER);
}

static void a_limit_of_exactly_one_page_lets_it_through(void **state)
{
	struct fnuma_budget b = made(1, 4096, 3000, 3000);

	(void)state;
	assert_int_equal(fnuma_budget_pages(&b, 0), 1);
	assert_int_equal(fnuma_budget_spend(&b, 0, 1, 0), FNUMA_OK);
	assert_true(fnuma_budget_next(&b, 0) == 17 * SLOT_NS);
}

static void spending_more_than_is_left_is_refused_and_not_charged(void **state)
{
	struct fnuma_budget b = made(10, 0, 0, 3000), before;

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, 5, 7, 0), FNUMA_OK);
	before = b;
	assert_int_equal(fnuma_budget_spend(&b, 5, 4, 0), FNUMA_E_BUDGET);
	assert_int_equal(fnuma_budget_spend(&b, 5, UINT32_MAX, 0), FNUMA_E_BUDGET);
	assert_memory_equal(&b, &before, sizeof(b));
	assert_int_equal(fnuma_budget_spend(&b, 5, 3, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, 5), 0);
}

static void without_a_limit_there_is_no_end_of_pages(void **state)
{
	struct fnuma_budget b = made(0, 0, 0, 0);
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(fnuma_budget_pages(&b, i), UINT32_MAX);
		assert_int_equal(fnuma_budget_spend(&b, i, UINT32_MAX, UINT64_MAX),
		                 FNUMA_OK);
		assert_true(fnuma_budget_next(&b, i) == i);
	}
}

static void the_tightest_of_the_limits_counts(void **state)
{
	struct fnuma_budget b = made(100, 50 * 4096 + 4095, 0, 3000);

	(void)state;
	assert_int_equal(fnuma_budget_pages(&b, 0), 50);
	b = made(40, 50 * 4096, 0, 3000);
	assert_int_equal(fnuma_budget_pages(&b, 0), 40);
	b = made(40, 50 * 4096, 32999, 1000);
	assert_int_equal(fnuma_budget_pages(&b, 0), 32);
	b = made(0, UINT64_MAX, 0, 1000);
	assert_int_equal(fnuma_budget_pages(&b, 0), UINT32_MAX);
	b = made(0, 0, UINT64_MAX, 0);
	assert_int_equal(fnuma_budget_pages(&b, 0), UINT32_MAX);
}

static void pages_are_forgiven_when_no_window_can_contain_them(void **state)
{
	struct fnuma_budget b = made(10, 0, 0, 3000);
	uint64_t next;

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, 0, 4, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_spend(&b, SLOT_NS - 1, 3, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_spend(&b, SLOT_NS, 3, 0), FNUMA_OK);
	next = fnuma_budget_next(&b, SLOT_NS);
	assert_true(next == 17 * SLOT_NS);
	assert_int_equal(fnuma_budget_pages(&b, next - 1), 0);
	assert_int_equal(fnuma_budget_pages(&b, next), 7);
	assert_int_equal(fnuma_budget_pages(&b, next + SLOT_NS), 10);
	assert_true(fnuma_budget_next(&b, next) == next);
}

static void a_dearer_batch_is_charged_in_full_and_expected_from_then_on(void **state)
{
	struct fnuma_budget b = made(0, 0, 1000 * MS_NS, MS_NS);

	(void)state;
	assert_int_equal(fnuma_budget_pages(&b, 0), 1000);
	assert_int_equal(fnuma_budget_spend(&b, 0, 3, 10 * MS_NS), FNUMA_OK);
	assert_true(b.page_ns == 3333334); /* 10 / 3, rounded up */
	assert_int_equal(fnuma_budget_pages(&b, 0), 296);
	assert_int_equal(fnuma_budget_spend(&b, 0, 296, 2000 * MS_NS), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, 0), 0);
	assert_int_equal(fnuma_budget_spend(&b, 0, 0, MS_NS), FNUMA_OK);
	assert_true(b.time_sum_ns == 2011 * MS_NS);
	assert_int_equal(fnuma_budget_pages(&b, 17 * SLOT_NS), 147);
	assert_int_equal(fnuma_budget_spend(&b, 17 * SLOT_NS, 5, 50 * MS_NS), FNUMA_OK);
	assert_true(b.page_ns == 10 * MS_NS); /* and not a nanosecond more */
}

static void what_the_backend_does_not_say_is_charged_as_expected(void **state)
{
	struct fnuma_budget b = made(0, 0, 1000 * MS_NS, MS_NS);

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, 0, 600, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, 0), 400);
	assert_int_equal(fnuma_budget_spend(&b, 0, 400, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, 0), 0);
}

static void cheaper_batches_lower_the_expectation_down_to_the_first(void **state)
{
	struct fnuma_budget b = made(0, 0, 0, 1000);
	uint64_t page_ns;
	uint32_t i;

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, 0, 1, 100000), FNUMA_OK);
	for (i = 0; i < 200; i++) {
		page_ns = b.page_ns;
		assert_int_equal(fnuma_budget_spend(&b, 0, 10, 10), FNUMA_OK);
		assert_true(page_ns == 1000 ? b.page_ns == 1000 : b.page_ns < page_ns);
	}
	assert_true(b.page_ns == 1000);
}

static void a_page_dearer_than_the_limit_does_not_stop_the_rest_for_ever(void **state)
{
	struct fnuma_budget b = made(0, 0, 10 * MS_NS, MS_NS);
	uint64_t now = 0, next;
	uint32_t i;

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, 0, 1, UINT64_MAX), FNUMA_OK);
	for (i = 0; i < 5; i++) {
		next = fnuma_budget_next(&b, now);
		assert_true(next > now && next - now <= WINDOW_NS + SLOT_NS);
		now = next;
		assert_int_equal(fnuma_budget_pages(&b, now), 1);
		assert_int_equal(fnuma_budget_spend(&b, now, 1, i % 2 ? MS_NS : 0),
		                 FNUMA_OK);
	}
}

static void limits_changed_in_flight_forget_nothing(void **state)
{
	struct fnuma_budget b = made(100, 0, 0, 3000);
	struct fnuma_budget_limits more = {200, 0, 0}, less = {50, 0, 0}, none = {0};

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, 0, 100, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_retune(&b, &more), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, 0), 100);
	assert_int_equal(fnuma_budget_retune(&b, &less), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, 0), 0);
	assert_int_equal(fnuma_budget_retune(&b, &none), FNUMA_OK);
	assert_int_equal(fnuma_budget_spend(&b, SLOT_NS, UINT32_MAX, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_spend(&b, SLOT_NS, UINT32_MAX, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_retune(&b, &less), FNUMA_OK);
	assert_true(fnuma_budget_next(&b, SLOT_NS) == 18 * SLOT_NS);
	assert_int_equal(fnuma_budget_pages(&b, 18 * SLOT_NS), 50);
}

static void a_clock_that_jumps_back_goes_on_from_where_it_was(void **state)
{
	struct fnuma_budget b = made(10, 0, 0, 3000);
	uint64_t now = 100 * YEAR_NS, next;

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, now, 10, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, now + 10 * SLOT_NS), 0);
	assert_int_equal(fnuma_budget_pages(&b, 0), 0);
	next = fnuma_budget_next(&b, 0);
	assert_true(next <= 7 * SLOT_NS);
	assert_int_equal(fnuma_budget_pages(&b, next - 1), 0);
	assert_int_equal(fnuma_budget_pages(&b, next), 10);
}

static void a_clock_at_its_end_is_survived(void **state)
{
	struct fnuma_budget b = made(10, 0, 0, 3000);

	(void)state;
	assert_int_equal(fnuma_budget_spend(&b, UINT64_MAX, 10, 0), FNUMA_OK);
	assert_true(fnuma_budget_next(&b, UINT64_MAX) == UINT64_MAX);
	assert_int_equal(fnuma_budget_pages(&b, 0), 0);
	assert_int_equal(fnuma_budget_pages(&b, UINT64_MAX), 10);
	assert_int_equal(fnuma_budget_spend(&b, UINT64_MAX, 10, 0), FNUMA_OK);
	assert_int_equal(fnuma_budget_pages(&b, WINDOW_NS), 0);
	assert_int_equal(fnuma_budget_pages(&b, 3 * WINDOW_NS), 10);
}

/* A diary of spending by the millisecond, in time that only goes forward. */
#define DIARY_MS 400000u

struct diary {
	uint32_t pages[DIARY_MS];
	uint64_t time_ns[DIARY_MS];
	uint64_t surprise_ns; /* the most that one batch took above what was expected */
};

static uint64_t random_bits;

static uint32_t draw(uint32_t below)
{
	random_bits = random_bits * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_bits >> 33) % below;
}

static void check_windows(const struct diary *d, uint32_t pages, uint64_t time_ns)
{
	uint32_t span = (uint32_t)(WINDOW_NS / MS_NS), ms; /* whole ones: a bit less */
	uint64_t pages_sum = 0, time_sum = 0;

	for (ms = 0; ms < DIARY_MS; ms++) {
		pages_sum += d->pages[ms];
		time_sum += d->time_ns[ms];
		if (ms >= span) {
			pages_sum -= d->pages[ms - span];
			time_sum -= d->time_ns[ms - span];
		}
		assert_true(pages_sum <= pages);
		assert_true(time_sum <= time_ns + d->surprise_ns);
	}
}

static void spend_some(struct fnuma_budget *b, struct diary *d, uint64_t now, uint32_t ms,
                       uint32_t dearest_ns)
{
	uint32_t left = fnuma_budget_pages(b, now), pages;
	uint64_t spent_ns = 0, expected_ns = b->page_ns;

	assert_int_equal(fnuma_budget_next(b, now) == now, left > 0);
	if (!left || draw(4) == 0)
		return;
	pages = draw(3) ? 1 + draw(left < 64 ? left : 64) : left;
	if (pages > left)
		pages = left;
	if (draw(4))
		spent_ns = (uint64_t)pages * (1 + draw(draw(50) ? 1000 : dearest_ns));
	assert_int_equal(fnuma_budget_spend(b, now, pages, spent_ns), FNUMA_OK);
	d->pages[ms] += pages;
	expected_ns *= pages;
	d->time_ns[ms] += spent_ns ? spent_ns : expected_ns;
	if (spent_ns > expected_ns && spent_ns - expected_ns > d->surprise_ns)
		d->surprise_ns = spent_ns - expected_ns;
}

/* Steps of 0 to 400 ms; the caller's clock jumps back now and then. */
static void spend_for_a_while(uint32_t dearest_ns)
{
	struct fnuma_budget b = made(1000, 0, 900000, 1000);
	struct diary *d = calloc(1, sizeof(*d));
	uint64_t now = 5 * MS_NS, moved = 0;
	uint32_t ms = 0, step, i;

	assert_non_null(d);
	for (;;) {
		step = draw(20) ? draw(10) : draw(400);
		if (ms + step >= DIARY_MS)
			break;
		ms += step;
		now += step * MS_NS;
		if (!draw(100)) /* real time stands still while the clock jumps */
			now = draw(2) ? now - draw((uint32_t)(now / MS_NS)) * MS_NS : 0;
		spend_some(&b, d, now, ms, dearest_ns);
	}
	assert_true(!d->surprise_ns == (dearest_ns <= 1000));
	check_windows(d, 1000, 900000);
	for (i = 0; i < DIARY_MS; i++)
		moved += d->pages[i];
	assert_true(moved > 1000u * (DIARY_MS / 1073) / 4); /* it was worth something */
	free(d);
}

static void no_window_exceeds_the_limits_wherever_it_begins(void **state)
{
	(void)state;
	random_bits = 42;
	spend_for_a_while(1000);
}

static void dearer_batches_exceed_a_window_by_one_surprise_at_most(void **state)
{
	(void)state;
	random_bits = 43;
	spend_for_a_while(20000);
}

/* Pages alone, always as many as there are: the limit is reached in each window. */
static void a_greedy_user_gets_the_limit_in_every_window_and_a_slot(void **state)
{
	struct fnuma_budget b = made(1000, 0, 0, 0);
	struct diary *d = calloc(1, sizeof(*d));
	uint32_t ms, left, last = 0;

	(void)state;
	assert_non_null(d);
	for (ms = 0; ms < DIARY_MS; ms++) {
		left = fnuma_budget_pages(&b, ms * MS_NS);
		assert_int_equal(fnuma_budget_spend(&b, ms * MS_NS, left, 0), FNUMA_OK);
		d->pages[ms] = left;
		assert_true(ms - last <= (WINDOW_NS + SLOT_NS) / MS_NS + 1);
		last = left ? ms : last;
	}
	check_windows(d, 1000, 0);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_let_no_page_through_is_refused),
		cmocka_unit_test(without_a_budget_there_is_nothing_to_spend),
		cmocka_unit_test(a_limit_of_exactly_one_page_lets_it_through),
		cmocka_unit_test(spending_more_than_is_left_is_refused_and_not_charged),
		cmocka_unit_test(without_a_limit_there_is_no_end_of_pages),
		cmocka_unit_test(the_tightest_of_the_limits_counts),
		cmocka_unit_test(pages_are_forgiven_when_no_window_can_contain_them),
		cmocka_unit_test(a_dearer_batch_is_charged_in_full_and_expected_from_then_on),
		cmocka_unit_test(what_the_backend_does_not_say_is_charged_as_expected),
		cmocka_unit_test(cheaper_batches_lower_the_expectation_down_to_the_first),
		cmocka_unit_test(a_page_dearer_than_the_limit_does_not_stop_the_rest_for_ever),
		cmocka_unit_test(limits_changed_in_flight_forget_nothing),
		cmocka_unit_test(a_clock_that_jumps_back_goes_on_from_where_it_was),
		cmocka_unit_test(a_clock_at_its_end_is_survived),
		cmocka_unit_test(no_window_exceeds_the_limits_wherever_it_begins),
		cmocka_unit_test(dearer_batches_exceed_a_window_by_one_surprise_at_most),
		cmocka_unit_test(a_greedy_user_gets_the_limit_in_every_window_and_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
