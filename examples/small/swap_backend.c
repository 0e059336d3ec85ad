/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A unit test that swaps the backend: code written against libflipnuma is tested on a
 * simulated host, and then on the same host with one operation replaced.
 */
#include <flipnuma/mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* The code under test: 1 if the page is at home afterwards. */
static int bring_home(const struct fnuma_backend *be, fnuma_domain d, fnuma_gfn page,
                      fnuma_node home)
{
	struct fnuma_result result;

	return fnuma_backend_move(be, d, &page, 1, home, FNUMA_CONTENT_KEEP, &result, NULL) == 1;
}

static int always_denied(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                         fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	(void)cookie, (void)d, (void)pages, (void)n, (void)to, (void)results, (void)spent_ns;
	return FNUMA_E_DENIED;
}

static struct fnuma_mock *mock;
static fnuma_domain guest;

static int open_host(void **state)
{
	const struct fnuma_home home = {{0}, 64, {1}, 1};
	struct fnuma_mock_config machine = {.nodes = 2, .node_pages = {256, 256}};
	struct fnuma_mock_domain_config d = {.frames = 64, .homes = &home, .n_homes = 1};

	(void)state;
	return fnuma_mock_create(&machine, &mock) || fnuma_mock_domain_create(mock, &d, &guest) ||
	       fnuma_mock_place(mock, guest, fnuma_gfn_of(5), fnuma_node_of(0));
}

static int close_host(void **state)
{
	(void)state;
	fnuma_mock_destroy(mock);
	return 0;
}

static void a_remote_page_comes_home(void **state)
{
	struct fnuma_backend be;

	(void)state;
	fnuma_mock_backend(mock, &be);
	assert_true(bring_home(&be, guest, fnuma_gfn_of(5), fnuma_node_of(1)));
	assert_int_equal(fnuma_mock_node(mock, guest, fnuma_gfn_of(5)).id, 1);
}

static void a_page_that_may_not_move_stays(void **state)
{
	struct fnuma_backend_ops ops = *fnuma_mock_ops(mock);
	struct fnuma_backend be;

	(void)state;
	ops.move_page = always_denied; /* the swap: any operation, or the whole table */
	assert_int_equal(fnuma_backend_bind(&be, &ops, mock), FNUMA_OK);
	assert_false(bring_home(&be, guest, fnuma_gfn_of(5), fnuma_node_of(1)));
	assert_int_equal(fnuma_mock_node(mock, guest, fnuma_gfn_of(5)).id, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_remote_page_comes_home, open_host, close_host),
		cmocka_unit_test_setup_teardown(a_page_that_may_not_move_stays, open_host, close_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
