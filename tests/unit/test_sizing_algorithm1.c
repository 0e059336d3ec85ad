/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "random.h"
#include "sizing.h"

#define MAX_PAGES 100000u

static struct fnuma_sizer literal(void)
{
	struct fnuma_sizer_params p = {.max_pages = MAX_PAGES, .initial_pages = 1000};

	return sizer_of("algorithm1", p);
}

/* Algorithm 1, in the words of the paper. */
static uint32_t by_the_paper(uint32_t size, uint32_t used, uint32_t min, uint32_t max)
{
	uint64_t target = size;

	if (used * UINT64_C(100) > size * UINT64_C(90))
		target += size / 10;
	else if (used * UINT64_C(100) < size * UINT64_C(20))
		target -= size / 10;
	return target < min ? min : target > max ? max : (uint32_t)target;
}

static void it_grows_by_a_tenth_above_90_and_shrinks_by_a_tenth_below_20(void **state)
{
	struct fnuma_sizer s = literal();

	(void)state;
	assert_int_equal(ask(&s, 0, 1000, 901, 0).target_pages, 1100);
	assert_int_equal(ask(&s, 0, 1000, 900, 0).target_pages, 1000);
	assert_int_equal(ask(&s, 0, 1000, 200, 0).target_pages, 1000);
	assert_int_equal(ask(&s, 0, 1000, 199, 0).target_pages, 900);
	assert_int_equal(ask(&s, 0, 1009, 0, 0).target_pages, 909);
}

static void every_use_of_every_small_size_is_answered_as_in_the_paper(void **state)
{
	struct fnuma_sizer s = literal();
	uint32_t size, used;

	(void)state;
	for (size = 0; size <= 250; size++) {
		for (used = 0; used <= size; used++)
			assert_int_equal(ask(&s, 0, size, used, 0).target_pages,
			                 by_the_paper(size, used, 0, MAX_PAGES));
	}
}

static void sizes_at_the_end_of_the_type_are_answered_as_in_the_paper(void **state)
{
	struct fnuma_sizer_params p = {.max_pages = UINT32_MAX};
	struct fnuma_sizer s = sizer_of("algorithm1", p);
	uint32_t size, used;

	(void)state;
	for (size = UINT32_MAX; size > UINT32_MAX - 200; size--) {
		for (used = size - 1; used > size / 2; used -= size / 23)
			assert_int_equal(ask(&s, 0, size, used, 0).target_pages,
			                 by_the_paper(size, used, 0, UINT32_MAX));
	}
}

static void a_pool_of_fewer_than_10_pages_stays_as_it_is_for_ever(void **state)
{
	uint32_t size, used;

	(void)state;
	for (size = 0; size < 10; size++) {
		struct fnuma_sizer s = literal();
		uint64_t misses = 0;

		for (used = 0; used <= size; used++) {
			misses += 1000000;
			assert_int_equal(ask(&s, 0, size, used, misses).target_pages, size);
			assert_false(fnuma_sizer_due(&s, 0, misses, 0));
			assert_false(fnuma_sizer_due(&s, size, misses, 0));
		}
	}
}

static void a_quiet_spell_leads_into_that_state_in_few_flips(void **state)
{
	struct fnuma_sizer s = literal();
	uint32_t size = 8000, flips = 0;

	(void)state;
	while (size > 9) {
		size = ask(&s, 0, size, 1, 0).target_pages;
		assert_true(++flips < 80);
	}
	for (flips = 0; flips < 1000; flips++) /* the load comes back: all used, missed */
		size = ask(&s, 0, size, size, flips * 1000).target_pages;
	assert_int_equal(size, 9);
}

static void misses_and_time_change_nothing(void **state)
{
	struct fnuma_sizer s = literal();
	struct fnuma_sizer_advice advice = ask(&s, 0, 1000, 500, 0);

	(void)state;
	assert_true(advice.ask_at_ns == FNUMA_NEVER);
	assert_true(fnuma_sizer_due(&s, 500, 1, 0)); /* a flip that missed is a flip */
	assert_int_equal(ask(&s, 1000 * SECOND, 1000, 500, 1000000).target_pages, 1000);
	/* A miss means that all is used, and all is more than 90 %, by a page or a million. */
	assert_int_equal(ask(&s, 1000 * SECOND, 1000, 1000, 1000001).target_pages, 1100);
	assert_int_equal(ask(&s, 1000 * SECOND, 1000, 1000, 9000000).target_pages, 1100);
}

static void the_band_is_the_set_of_uses_that_the_rule_leaves_alone(void **state)
{
	struct fnuma_sizer_params p = {.max_pages = 150, .min_pages = 30};
	uint32_t size, used, other;

	(void)state;
	for (size = 25; size <= 160; size++) {
		for (used = 0; used <= size; used++) {
			struct fnuma_sizer s = sizer_of("algorithm1", p);

			if (ask(&s, 0, size, used, 0).target_pages != size)
				other = size + 1; /* asked at every flip until there */
			else
				other = 0;
			for (; other <= size; other++)
				assert_int_equal(fnuma_sizer_due(&s, other, 0, 0),
				                 by_the_paper(size, other, 30, 150) != size);
		}
	}
}

/* Asking only when due, and asking at every flip, are the same rule. */

struct flips {
	uint32_t size;
	uint32_t used;
	uint64_t misses;
};

static void flip(struct flips *f, int32_t pages)
{
	if (pages > 0 && (uint32_t)pages > f->size - f->used) {
		f->misses += (uint32_t)pages - (f->size - f->used);
		f->used = f->size;
	} else if (pages < 0 && (uint32_t)-pages > f->used) {
		f->used = 0;
	} else {
		f->used += (uint32_t)pages;
	}
}

/* A pool that can follow at once, or only `late` of the times. */
static void resize(struct flips *f, uint32_t target, bool late)
{
	if (!late)
		f->size = target > f->used ? target : f->used;
}

static uint32_t walk(uint64_t seed, struct fnuma_sizer_params p)
{
	struct fnuma_sizer lazy = sizer_of("algorithm1", p), eager = lazy;
	struct flips a = {.size = 1000}, b = a;
	uint32_t target_a = 1000, target_b = 1000, asked = 0, i;
	struct random r = {seed};

	for (i = 0; i < 20000; i++) {
		int32_t trend = i / 2000 % 2 ? -4 : 4;
		int32_t pages = (int32_t)random_below(&r, 101) - 50 + trend;
		bool late = random_below(&r, 3) == 0;

		flip(&a, pages);
		flip(&b, pages);
		target_b = ask(&eager, i, b.size, b.used, b.misses).target_pages;
		if (fnuma_sizer_due(&lazy, a.used, a.misses, i)) {
			target_a = ask(&lazy, i, a.size, a.used, a.misses).target_pages;
			asked++;
		}
		resize(&a, target_a, late);
		resize(&b, target_b, late);
		assert_int_equal(target_a, target_b);
		assert_int_equal(a.size, b.size);
		assert_true(a.misses == b.misses);
	}
	return asked;
}

static void asking_only_when_due_is_the_same_as_asking_at_every_flip(void **state)
{
	const struct fnuma_sizer_params free_range = {
		.max_pages = MAX_PAGES, .initial_pages = 1000,
	};
	const struct fnuma_sizer_params narrow = {
		.max_pages = 1200, .min_pages = 700, .initial_pages = 1000,
	};
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 10; seed++) {
		assert_true(walk(seed, free_range) < 20000);
		assert_true(walk(seed, narrow) < 20000);
	}
}

static void thresholds_and_step_are_parameters(void **state)
{
	struct fnuma_sizer_params p = {
		.max_pages = 10000, .high_percent = 50, .low_percent = 40,
		.step_percent = 100,
	};
	struct fnuma_sizer s = sizer_of("algorithm1", p);

	(void)state;
	assert_int_equal(ask(&s, 0, 1000, 501, 0).target_pages, 2000);
	assert_int_equal(ask(&s, 0, 1000, 500, 0).target_pages, 1000);
	assert_int_equal(ask(&s, 0, 1000, 399, 0).target_pages, 0);
}

static void a_pool_beyond_its_limits_is_brought_within_them(void **state)
{
	struct fnuma_sizer_params p = {.max_pages = 500, .min_pages = 100};
	struct fnuma_sizer s = sizer_of("algorithm1", p);

	(void)state;
	assert_int_equal(ask(&s, 0, 1000, 500, 0).target_pages, 500);
	assert_true(fnuma_sizer_due(&s, 500, 0, 0));
	assert_int_equal(ask(&s, 0, 50, 25, 0).target_pages, 100);
	assert_true(fnuma_sizer_due(&s, 25, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_by_a_tenth_above_90_and_shrinks_by_a_tenth_below_20),
		cmocka_unit_test(every_use_of_every_small_size_is_answered_as_in_the_paper),
		cmocka_unit_test(sizes_at_the_end_of_the_type_are_answered_as_in_the_paper),
		cmocka_unit_test(a_pool_of_fewer_than_10_pages_stays_as_it_is_for_ever),
		cmocka_unit_test(a_quiet_spell_leads_into_that_state_in_few_flips),
		cmocka_unit_test(misses_and_time_change_nothing),
		cmocka_unit_test(the_band_is_the_set_of_uses_that_the_rule_leaves_alone),
		cmocka_unit_test(asking_only_when_due_is_the_same_as_asking_at_every_flip),
		cmocka_unit_test(thresholds_and_step_are_parameters),
		cmocka_unit_test(a_pool_beyond_its_limits_is_brought_within_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
