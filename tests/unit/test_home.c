/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"

#include <flipnuma/home.h>

static void lists_are_accepted_or_refused_for_the_right_reason(void **state)
{
	static const struct {
		struct fnuma_home homes[3];
		uint32_t n, frames;
		int want;
	} table[] = {
		{{{{0}, 10, {1}, 1}}, 1, 10, FNUMA_OK},
		{{{{0}, 10, {0}, 1}, {{0}, 10, {1}, 65535}}, 2, 10, FNUMA_OK},
		{{{{0}, 4, {0}, 1}, {{4}, 6, {1}, 1}, {{4}, 6, {0}, 1}}, 3, 10, FNUMA_OK},
		{{{{0}, UINT32_MAX, {0}, 1}}, 1, UINT32_MAX, FNUMA_OK},
		{{{{0}, 10, {1}, 1}}, 1, 11, FNUMA_E_INVAL}, /* ends early */
		{{{{0}, 10, {1}, 1}}, 1, 9, FNUMA_E_INVAL}, /* ends late */
		{{{{1}, 9, {1}, 1}}, 1, 10, FNUMA_E_INVAL}, /* begins late */
		{{{{0}, 4, {1}, 1}, {{5}, 5, {1}, 1}}, 2, 10, FNUMA_E_INVAL}, /* gap */
		{{{{0}, 6, {1}, 1}, {{4}, 6, {1}, 1}}, 2, 10, FNUMA_E_INVAL}, /* overlap */
		{{{{4}, 6, {1}, 1}, {{0}, 4, {1}, 1}}, 2, 10, FNUMA_E_INVAL}, /* order */
		{{{{0}, 10, {1}, 1}, {{0}, 10, {1}, 1}}, 2, 10, FNUMA_E_INVAL}, /* node twice */
		{{{{0}, 10, {1}, 0}}, 1, 10, FNUMA_E_INVAL}, /* weight */
		{{{{0}, 10, {1}, 65536}}, 1, 10, FNUMA_E_INVAL},
		{{{{0}, 0, {1}, 1}}, 1, 10, FNUMA_E_INVAL}, /* empty range */
		{{{{0}, 10, {2}, 1}}, 1, 10, FNUMA_E_RANGE}, /* no such node */
		{{{{0}, 10, {1}, 1}}, 0, 10, FNUMA_E_INVAL},
		{{{{0}, 10, {1}, 1}}, 65, 10, FNUMA_E_INVAL},
		{{{{0}, 10, {1}, 1}}, 1, 0, FNUMA_E_INVAL},
		{{{{0}, UINT32_MAX, {0}, 1}, {{UINT32_MAX}, 1, {0}, 1}}, 2, UINT32_MAX,
		 FNUMA_E_INVAL}, /* beyond 32 bits */
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(fnuma_homes_check(table[i].homes, table[i].n, table[i].frames, 2),
		                 table[i].want);
	assert_int_equal(fnuma_homes_check(NULL, 1, 10, 2), FNUMA_E_INVAL);
	assert_int_equal(fnuma_homes_check(table[0].homes, 1, 10, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_homes_check(table[0].homes, 1, 10, 65), FNUMA_E_INVAL);
}

static void every_page_has_the_homes_of_its_range_and_no_other(void **state)
{
	static const struct fnuma_home homes[] = {
		{{0}, 3, {0}, 1}, {{0}, 3, {5}, 1}, {{3}, 1, {1}, 1}, {{4}, 6, {2}, 1},
		{{4}, 6, {63}, 1},
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < 12; i++)
		assert_true(fnuma_homes_of(homes, 5, fnuma_gfn_of(i)) ==
		            (i < 3 ? (1u | 1u << 5) : i < 4 ? 1u << 1 :
		             i < 10 ? (UINT64_C(1) << 63 | 1u << 2) : 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_accepted_or_refused_for_the_right_reason),
		cmocka_unit_test(every_page_has_the_homes_of_its_range_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
