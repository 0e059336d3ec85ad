/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/types.h>
#include <string.h>

static void every_code_has_a_phrase_of_its_own(void **state)
{
	int a, b;

	(void)state;
	for (a = 0; a > FNUMA_E_LAST; a--) {
		assert_non_null(fnuma_strerror(a));
		assert_string_not_equal(fnuma_strerror(a), "unknown error");
		for (b = 0; b > a; b--)
			assert_string_not_equal(fnuma_strerror(a), fnuma_strerror(b));
	}
}

static void a_value_that_is_no_code_is_called_unknown(void **state)
{
	(void)state;
	assert_string_equal(fnuma_strerror(1), "unknown error");
	assert_string_equal(fnuma_strerror(FNUMA_E_LAST), "unknown error");
	assert_string_equal(fnuma_strerror(INT32_MIN), "unknown error");
}

static void version_is_that_of_the_headers(void **state)
{
	(void)state;
	assert_int_equal(fnuma_version() >> 16, FNUMA_VERSION_MAJOR);
	assert_int_equal((fnuma_version() >> 8) & 0xff, FNUMA_VERSION_MINOR);
	assert_int_equal(fnuma_version() & 0xff, FNUMA_VERSION_PATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_phrase_of_its_own),
		cmocka_unit_test(a_value_that_is_no_code_is_called_unknown),
		cmocka_unit_test(version_is_that_of_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
