/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"

#define N FNUMA_BATCH_MAX

static struct fnuma_result r[N];

static uint32_t batch_of(struct fixture *t)
{
	struct fnuma_xen_domain_stats s;

	assert_int_equal(fnuma_xen_domain_stats(t->x, t->d, &s), FNUMA_OK);
	return s.batch_pages;
}

static void move_all(struct fixture *t, uint32_t times)
{
	uint32_t i;

	for (i = 0; i < times; i++)
		assert_int_equal(fixture_move(t, 100, N, i % 2, r), N);
}

/* 64 copies are over within half of the bound of 1 ms. */
static void batches_grow_while_pauses_are_short(void **state)
{
	struct fnuma_xen_stats s;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->copy_ns = 5000;
	assert_true(batch_of(&t) < 8);
	move_all(&t, 10);
	assert_int_equal(batch_of(&t), N);
	fnuma_xen_stats(t.x, &s);
	assert_int_equal(s.pauses_over, 0);
	assert_true(s.longest_pause_ns < 1000000);
	assert_int_equal(s.moved_pages, 10 * N);
	fixture_close(&t);
}

static void no_pause_is_longer_than_the_bound_where_copies_are_slow(void **state)
{
	struct fnuma_xen_stats s;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->copy_ns = 60000;
	move_all(&t, 10);
	fnuma_xen_stats(t.x, &s);
	assert_int_equal(s.pauses_over, 0);
	assert_true(s.longest_pause_ns > 300000);
	assert_true(batch_of(&t) > 4);
	assert_true(batch_of(&t) < 24);
	fake_check(t.f);
	fixture_close(&t);
}

/* Everything becomes slow at once: one pause may notice, the next are short again. */
static void batches_shrink_when_everything_becomes_slow(void **state)
{
	struct fnuma_xen_stats s;
	struct fixture t;
	uint64_t over;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	move_all(&t, 10);
	t.f->copy_ns = 100000;
	move_all(&t, 1);
	fnuma_xen_stats(t.x, &s);
	over = s.pauses_over;
	assert_true(over <= 1);
	move_all(&t, 5);
	fnuma_xen_stats(t.x, &s);
	assert_int_equal(s.pauses_over, over);
	fixture_close(&t);
}

static void the_clock_is_looked_at_now_and_then_not_before_each_page(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	move_all(&t, 10);
	t.f->looks = 0;
	move_all(&t, 1);
	assert_true(t.f->looks > 2);
	assert_true(t.f->looks <= N / 8);
	fixture_close(&t);
}

static void a_copy_that_becomes_slow_is_noticed_before_the_end(void **state)
{
	struct fnuma_xen_stats s;
	struct fixture t;
	uint64_t pauses;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	move_all(&t, 10);
	fnuma_xen_stats(t.x, &s);
	pauses = s.pauses;
	t.f->slow_after = 20;
	t.f->slow_ns = 40000; /* the 44 others would take 1.8 ms */
	move_all(&t, 1);
	fnuma_xen_stats(t.x, &s);
	assert_true(s.pauses > pauses + 1);
	assert_int_equal(s.pauses_over, 0);
	fake_check(t.f);
	fixture_close(&t);
}

/* There is no shorter pause than one for a page. */
static void where_no_page_fits_each_has_a_pause_of_its_own(void **state)
{
	struct fnuma_xen_stats s;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->call_ns = 2000000;
	move_all(&t, 2);
	assert_int_equal(batch_of(&t), 1);
	fnuma_xen_stats(t.x, &s);
	assert_true(s.pauses_over > 64);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_grow_while_pauses_are_short),
		cmocka_unit_test(no_pause_is_longer_than_the_bound_where_copies_are_slow),
		cmocka_unit_test(batches_shrink_when_everything_becomes_slow),
		cmocka_unit_test(the_clock_is_looked_at_now_and_then_not_before_each_page),
		cmocka_unit_test(a_copy_that_becomes_slow_is_noticed_before_the_end),
		cmocka_unit_test(where_no_page_fits_each_has_a_pause_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
