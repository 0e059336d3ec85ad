/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"

#include "books.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY 64u
#define GFNS 200u

static uint64_t rng = 1;

static uint32_t draw(uint32_t below)
{
	rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(rng >> 33) % below;
}

static void open_books(struct books *b, uint32_t capacity)
{
	void *memory = malloc(fnuma_books_bytes(capacity));

	assert_non_null(memory);
	fnuma_books_init(b, memory, capacity);
}

static void sizes_out_of_range_need_no_bytes(void **state)
{
	(void)state;
	assert_int_equal(fnuma_books_bytes(63), 0);
	assert_int_equal(fnuma_books_bytes((UINT32_C(1) << 28) + 1), 0);
	assert_int_not_equal(fnuma_books_bytes(UINT32_C(1) << 28), 0);
	assert_true(fnuma_books_bytes(64) >= 64 * sizeof(struct books_entry));
}

static void full_books_keep_an_empty_slot_so_that_every_search_ends(void **state)
{
	struct books b;
	uint32_t i;

	(void)state;
	open_books(&b, CAPACITY);
	for (i = 0; i < CAPACITY; i++)
		fnuma_books_turn(&b, fnuma_books_make(&b, i * 4096), BOOKS_GAVE_UP);
	assert_int_equal(books_room(&b), 0);
	assert_true(b.mask + 1 > CAPACITY);
	assert_null(fnuma_books_find(&b, 1));
	free(b.slots);
}

/* Against a plain array: what was made is found, what was dropped is not, counts agree. */
static void random_entries_are_found_and_counted_as_in_a_plain_array(void **state)
{
	uint8_t reference[GFNS] = {0};
	uint32_t count[BOOKS_KINDS] = {0}, step, g, k;
	struct books b;

	(void)state;
	open_books(&b, CAPACITY);
	for (step = 0; step < 100000; step++) {
		struct books_entry *e;

		g = draw(GFNS);
		k = draw(BOOKS_KINDS);
		e = fnuma_books_find(&b, g * 7919);
		assert_int_equal(e != NULL, reference[g] != 0);
		if (!e && (k == BOOKS_NONE || !books_room(&b)))
			continue;
		if (e) {
			assert_int_equal(e->kind, reference[g]);
			count[reference[g]]--;
		}
		if (k == BOOKS_NONE) {
			fnuma_books_drop(&b, e);
		} else {
			e = fnuma_books_make(&b, g * 7919);
			assert_int_equal(e->gfn, g * 7919);
			fnuma_books_turn(&b, e, (enum books_kind)k);
		}
		reference[g] = (uint8_t)k;
		count[k] += k != BOOKS_NONE;
		for (k = BOOKS_COOLING; k < BOOKS_KINDS; k++)
			assert_int_equal(b.count[k], count[k]);
	}
	free(b.slots);
}

static bool is_cooling(void *cookie, const struct books_entry *e)
{
	(void)cookie;
	return e->kind == BOOKS_COOLING;
}

static void a_sweep_of_all_slots_drops_all_stale_entries_and_no_other(void **state)
{
	struct books b;
	uint32_t i, round;

	(void)state;
	open_books(&b, CAPACITY);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < CAPACITY; i++)
			fnuma_books_turn(&b, fnuma_books_make(&b, i * 65536 + round),
			           i % 3 ? BOOKS_COOLING : BOOKS_BACKOFF);
		/* Twice round, because a drop takes a look. */
		fnuma_books_sweep(&b, 2 * (b.mask + 1), is_cooling, NULL);
		assert_int_equal(b.count[BOOKS_COOLING], 0);
		assert_int_equal(b.count[BOOKS_BACKOFF], (CAPACITY + 2) / 3);
		for (i = 0; i < CAPACITY; i += 3)
			fnuma_books_drop(&b, fnuma_books_find(&b, i * 65536 + round));
		assert_int_equal(books_used(&b), 0);
	}
	free(b.slots);
}

static void a_sweep_of_empty_books_looks_at_nothing(void **state)
{
	struct books b;

	(void)state;
	open_books(&b, CAPACITY);
	fnuma_books_sweep(&b, 10, is_cooling, NULL);
	assert_int_equal(b.hand, 0);
	free(b.slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_out_of_range_need_no_bytes),
		cmocka_unit_test(full_books_keep_an_empty_slot_so_that_every_search_ends),
		cmocka_unit_test(random_entries_are_found_and_counted_as_in_a_plain_array),
		cmocka_unit_test(a_sweep_of_all_slots_drops_all_stale_entries_and_no_other),
		cmocka_unit_test(a_sweep_of_empty_books_looks_at_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
