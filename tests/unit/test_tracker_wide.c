/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The wide search against a plain one, where this CPU has the registers. */
#include "random.h"
#include "test.h"
#include "tracker_wide.h"
#include <string.h>

#define HOME  5u
#define PAGES 4096u

static uint64_t words[PAGES / 16];
static uint8_t codes[PAGES];

/* As tracker.c deals pages out: page p of a group in word p % 4, lane p / 4. */
static void fill(struct random *random, uint32_t away_percent)
{
	uint32_t p, code;

	memset(words, 0, sizeof(words));
	for (p = 0; p < PAGES; p++) {
		code = HOME;
		if (random_below(random, 100) < away_percent)
			code = random_below(random, 16);
		codes[p] = (uint8_t)code;
		words[p / 64 * 4 + p % 4] |= (uint64_t)code << p % 64 / 4 * 4;
	}
}

static bool is_away(uint32_t page)
{
	return codes[page] != HOME && codes[page] < 14;
}

/* Everything away in [base, stop) was found, in order, and nothing else. */
static void check(uint32_t base, uint32_t stop, const fnuma_gfn *found, uint32_t n)
{
	uint32_t p, i = 0;

	for (p = base; p < stop; p++) {
		if (!is_away(p))
			continue;
		assert_true(i < n);
		assert_int_equal(found[i++].n, p);
	}
	assert_int_equal(i, n);
}

static void one_search(struct random *random)
{
	static fnuma_gfn found[PAGES + 8];
	uint32_t base = random_below(random, PAGES / 64) * 64;
	uint32_t end = base + random_below(random, (PAGES - base) / 64 + 1) * 64;
	uint32_t had = random_below(random, 3);
	uint32_t max = had + 1 + random_below(random, 300), n = had, stop;

	memset(found, 0xee, sizeof(found));
	stop = fnuma_tracker_search_wide(&words[base / 16],
	                                 UINT64_C(0x1111111111111111) * HOME, base, end,
	                                 found, max, &n);
	assert_true(n <= max);
	assert_true(stop >= base && stop <= end);
	assert_true(n == max || end - stop < 128);
	check(base, stop, found + had, n - had);
	for (; max < PAGES + 8; max++)
		assert_int_equal(found[max].n, 0xeeeeeeee); /* no store beyond the room */
}

static void wide_search_finds_what_a_plain_one_finds(void **state)
{
	static const uint32_t shares[] = {0, 1, 3, 10, 50, 100};
	struct random random = {88172645463325252u};
	uint32_t i, k;

	(void)state;
	if (!fnuma_tracker_cpu_is_wide())
		skip();
	for (i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		fill(&random, shares[i]);
		for (k = 0; k < 2000; k++)
			one_search(&random);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_search_finds_what_a_plain_one_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
