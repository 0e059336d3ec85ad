/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "num.h"
#include "random.h"

/* Values at which carries, borrows and ends of types lie. */
static const uint64_t edges[] = {
	0, 1, 2, 99, 100, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000,
	0x100000001, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, UINT64_MAX,
};

#define EDGES (sizeof(edges) / sizeof(edges[0]))

static void division_is_that_of_the_machine(void **state)
{
	struct random r = {1};
	size_t i, k;

	(void)state;
	for (i = 0; i < EDGES; i++) {
		for (k = 1; k < EDGES; k++)
			assert_true(fnuma_div_u64(edges[i], edges[k]) == edges[i] / edges[k]);
	}
	for (i = 0; i < 20000; i++) {
		uint64_t a = random_next(&r) >> random_below(&r, 64);
		uint64_t b = random_next(&r) >> random_below(&r, 64);

		if (b)
			assert_true(fnuma_div_u64(a, b) == a / b);
	}
}

static void the_lowest_bit_is_found(void **state)
{
	uint32_t bit;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		assert_int_equal(fnuma_ctz64(UINT64_C(1) << bit), bit);
		assert_int_equal(fnuma_ctz64(UINT64_MAX << bit), bit);
	}
}

static void sums_and_products_stop_at_the_end_of_their_type(void **state)
{
	(void)state;
	assert_true(fnuma_add_u32(UINT32_MAX - 1, 1) == UINT32_MAX);
	assert_true(fnuma_add_u32(UINT32_MAX, 1) == UINT32_MAX);
	assert_true(fnuma_sub_u32(3, 2) == 1);
	assert_true(fnuma_sub_u32(2, 3) == 0);
	assert_true(fnuma_add_u64(UINT64_MAX - 1, 1) == UINT64_MAX);
	assert_true(fnuma_add_u64(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
	assert_true(fnuma_to_u32(UINT32_MAX) == UINT32_MAX);
	assert_true(fnuma_to_u32(UINT64_C(1) << 32) == UINT32_MAX);
	assert_true(fnuma_mul_u64_u32(UINT64_C(1) << 32, UINT32_MAX) == UINT64_MAX - UINT32_MAX);
	assert_true(fnuma_mul_u64_u32(UINT64_C(1) << 33, UINT32_MAX) == UINT64_MAX);
	assert_true(fnuma_mul_u64_u32((UINT64_C(1) << 32) + 2, UINT32_MAX) == UINT64_MAX);
	assert_true(fnuma_mul_u64_u32(UINT64_MAX, 1) == UINT64_MAX);
	assert_true(fnuma_mul_u64_u32(UINT64_MAX, 0) == 0);
	assert_true(fnuma_min_u32(1, 2) == 1 && fnuma_min_u32(2, 1) == 1);
	assert_true(fnuma_max_u32(1, 2) == 2 && fnuma_max_u32(2, 1) == 2);
}

static void a_share_of_a_number_loses_less_than_one(void **state)
{
	struct random r = {2};
	uint32_t i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		uint64_t a = random_next(&r) >> (32 + (random_next(&r) & 31));
		uint32_t m = (uint32_t)(random_next(&r) >> 32);
		uint32_t d = (uint32_t)(random_next(&r) >> 32) | 1;

		assert_true(fnuma_muldiv_u64(a, m, d) == a * m / d);
	}
	assert_true(fnuma_muldiv_u64(UINT64_MAX, 1, 3) == UINT64_MAX / 3);
	assert_true(fnuma_muldiv_u64(UINT64_MAX, 4, 3) == UINT64_MAX);
	assert_true(fnuma_muldiv_u64(UINT64_MAX, 7, 7) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(division_is_that_of_the_machine),
		cmocka_unit_test(the_lowest_bit_is_found),
		cmocka_unit_test(sums_and_products_stop_at_the_end_of_their_type),
		cmocka_unit_test(a_share_of_a_number_loses_less_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
