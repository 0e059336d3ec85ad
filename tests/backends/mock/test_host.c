/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_host_that_cannot_be_is_refused(void **state)
{
	struct fixture f;
	struct fnuma_mock *m = NULL;
	struct fnuma_mock_config good = host_config(&f), bad;

	(void)state;
	assert_int_equal(fnuma_mock_create(NULL, &m), FNUMA_E_INVAL);
	assert_int_equal(fnuma_mock_create(&good, NULL), FNUMA_E_INVAL);
	bad = good;
	bad.nodes = 0;
	assert_int_equal(fnuma_mock_create(&bad, &m), FNUMA_E_INVAL);
	bad.nodes = FNUMA_NODES_MAX + 1;
	assert_int_equal(fnuma_mock_create(&bad, &m), FNUMA_E_INVAL);
	bad = good;
	bad.node_pages[1] = 0;
	assert_int_equal(fnuma_mock_create(&bad, &m), FNUMA_E_INVAL);
	bad.node_pages[1] = UINT64_C(1) << 32;
	assert_int_equal(fnuma_mock_create(&bad, &m), FNUMA_E_INVAL);
	bad.node_pages[0] = bad.node_pages[1] = UINT64_C(1) << 31;
	assert_int_equal(fnuma_mock_create(&bad, &m), FNUMA_E_INVAL);
	bad = good;
	bad.without_caps = 1u << 8;
	assert_int_equal(fnuma_mock_create(&bad, &m), FNUMA_E_INVAL);
	assert_null(m);
	fnuma_mock_destroy(NULL);
}

static void a_bound_backend_has_every_capability_but_those_left_out(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	struct fnuma_backend be;
	uint32_t bit;

	(void)state;
	open_host(&f, &config);
	assert_int_equal(fnuma_mock_backend(f.m, &be), FNUMA_OK);
	assert_int_equal(be.caps, (1u << 8) - 1);
	assert_int_equal(be.ops.traits, 0);
	close_host(&f);
	for (bit = 0; bit < 8; bit++) {
		config.without_caps = 1u << bit;
		open_host(&f, &config);
		assert_int_equal(fnuma_mock_backend(f.m, &be), FNUMA_OK);
		assert_int_equal(be.caps, ((1u << 8) - 1) & ~(1u << bit));
		close_host(&f);
	}
}

static void distances_left_out_are_those_of_a_plain_host(void **state)
{
	static struct fnuma_topology t;
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);

	(void)state;
	config.distance[0][1] = 32;
	open_host(&f, &config);
	assert_int_equal(f.ops->topology(f.m, &t), FNUMA_OK);
	assert_int_equal(t.nodes, 2);
	assert_int_equal(t.page_bytes, FNUMA_PAGE_BYTES);
	assert_int_equal(t.distance[0][0], 10);
	assert_int_equal(t.distance[0][1], 32);
	assert_int_equal(t.distance[1][0], 21);
	assert_int_equal(t.node[0].size_pages, NODE_PAGES);
	assert_int_equal(t.node[0].free_pages, NODE_PAGES - GUEST_PAGES);
	assert_int_equal(t.node[1].free_pages, NODE_PAGES - PEER_PAGES);
	close_host(&f);
}

static void reserved_pages_are_nobodys(void **state)
{
	static struct fnuma_topology t;
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[2] = {{0}, {1}};
	const uint64_t all = NODE_PAGES - PEER_PAGES;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_reserve(f.m, fnuma_node_of(2), 1), FNUMA_E_RANGE);
	assert_int_equal(fnuma_mock_reserve(f.m, fnuma_node_of(1), all + 1),
	                 FNUMA_E_NOMEM);
	assert_int_equal(fnuma_mock_reserve(f.m, fnuma_node_of(1), all - 1), FNUMA_OK);
	assert_int_equal(f.ops->topology(f.m, &t), FNUMA_OK);
	assert_int_equal(t.node[1].free_pages, 1);
	assert_int_equal(move_to(&f, pages, 2, 1, r), 2);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[1].reason, FNUMA_E_NOMEM);
	assert_int_equal(fnuma_mock_reserve(f.m, fnuma_node_of(1), 0), FNUMA_OK);
	assert_int_equal(move_to(&f, pages + 1, 1, 1, r), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	close_host(&f);
}

static void the_clock_moves_only_when_told(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn page;

	(void)state;
	config.costs.call_ns = 1000;
	open_host(&f, &config);
	assert_int_equal(acquire(&f, &page, 1, r), 1);
	assert_int_equal(fnuma_mock_now(f.m), 0);
	assert_int_equal(fnuma_mock_spent(f.m), 1000);
	fnuma_mock_advance(f.m, 7);
	assert_int_equal(fnuma_mock_now(f.m), 7);
	close_host(&f);
}

static void without_a_referees_callback_a_violation_aborts(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn page = {GUEST_PAGES};
	int status;
	pid_t child;

	(void)state;
	config.on_violation = NULL;
	open_host(&f, &config);
	child = fork();
	if (!child) {
		fclose(stderr);
		flip(&f, &page, 1, r);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_that_cannot_be_is_refused),
		cmocka_unit_test(a_bound_backend_has_every_capability_but_those_left_out),
		cmocka_unit_test(distances_left_out_are_those_of_a_plain_host),
		cmocka_unit_test(reserved_pages_are_nobodys),
		cmocka_unit_test(the_clock_moves_only_when_told),
		cmocka_unit_test(without_a_referees_callback_a_violation_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
