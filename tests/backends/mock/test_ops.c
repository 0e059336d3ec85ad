/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"

static void pages_acquired_come_from_the_allocator_and_go_back(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[3], first;

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pages, 3, r), 3);
	assert_int_equal(r[2].outcome, FNUMA_DONE);
	assert_int_equal(r[2].node.id, 0);
	assert_int_equal(r[2].reason, FNUMA_OK);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), 497);
	assert_int_equal(release(&f, pages, 2, r), 2);
	assert_int_equal(r[1].outcome, FNUMA_DONE);
	assert_int_equal(r[1].node.id, 0);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), 499);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &first, 1), 1);
	assert_int_equal(first.n, pages[1].n);
	close_host(&f);
}

static void an_empty_allocator_gives_fewer_or_none(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[8];

	(void)state;
	open_usual(&f);
	f.guest = add_domain(&f, 0, 5, 0, 0);
	assert_int_equal(acquire(&f, pages, 8, r), 5);
	assert_int_equal(r[5].outcome, FNUMA_UNFILLED);
	assert_int_equal(acquire(&f, pages, 8, r), 0);
	close_host(&f);
}

static void only_acquired_pages_can_be_released(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[4] = {{0}, {GUEST_PAGES - 1}}; /* an application's, and a free one */
	int i;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &pages[2], 1), 1);
	assert_int_equal(acquire(&f, &pages[3], 1, r), 1);
	assert_int_equal(release(&f, pages, 4, r), 4);
	for (i = 0; i < 3; i++) {
		assert_int_equal(r[i].outcome, FNUMA_NOT_DONE);
		assert_int_equal(r[i].reason, FNUMA_E_STATE);
	}
	assert_int_equal(r[3].outcome, FNUMA_DONE);
	assert_int_equal(release(&f, &pages[3], 1, r), 1);
	assert_int_equal(r[0].reason, FNUMA_E_STATE);
	assert_int_equal(acquire(&f, pages, 2, r), 2);
	assert_int_equal(release(&f, pages, 1, r), 1);
	pages[0] = pages[1];
	assert_whistled(&f, release(&f, pages, 2, r), "twice");
	assert_int_equal(release(&f, pages, 1, r), 1);
	close_host(&f);
}

static void nodes_are_told_as_they_are(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[2] = {{7}, {8}};
	fnuma_node nodes[2];
	uint32_t counts[2];

	(void)state;
	open_usual(&f);
	assert_int_equal(place(&f, 8, 1), FNUMA_OK);
	assert_int_equal(f.ops->page_nodes(f.m, f.guest, pages, 2, nodes), 2);
	assert_int_equal(nodes[0].id, 0);
	assert_int_equal(nodes[1].id, 1);
	assert_int_equal(probe(&f, pages, 2, r), 2);
	assert_int_equal(r[1].outcome, FNUMA_DONE);
	assert_int_equal(r[1].node.id, 1);
	assert_int_equal(f.ops->node_counts(f.m, f.guest, counts, 2), FNUMA_OK);
	assert_int_equal(counts[0], GUEST_PAGES - 1);
	assert_int_equal(counts[1], 1);
	assert_whistled(&f, f.ops->node_counts(f.m, f.guest, counts, 0), "nodes");
	close_host(&f);
}

static void queries_and_allocations_cost_what_they_should(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn pages[4];
	fnuma_node nodes[4];
	uint32_t counts[2];

	(void)state;
	config.costs.call_ns = 100;
	config.costs.alloc_page_ns = 3;
	config.costs.query_page_ns = 5;
	config.costs.flip_page_ns = 7;
	open_host(&f, &config);
	assert_int_equal(acquire(&f, pages, 4, r), 4);
	assert_int_equal(fnuma_mock_spent(f.m), 112);
	assert_int_equal(flip(&f, pages, 4, r), 4);
	assert_int_equal(fnuma_mock_spent(f.m), 240);
	assert_int_equal(f.ops->page_nodes(f.m, f.guest, pages, 4, nodes), 4);
	assert_int_equal(fnuma_mock_spent(f.m), 360);
	assert_int_equal(probe(&f, pages, 4, r), 4);
	assert_int_equal(fnuma_mock_spent(f.m), 480);
	assert_int_equal(f.ops->node_counts(f.m, f.guest, counts, 2), FNUMA_OK);
	assert_int_equal(fnuma_mock_spent(f.m), 580);
	assert_int_equal(release(&f, pages, 4, r), 4);
	assert_int_equal(fnuma_mock_spent(f.m), 692);
	close_host(&f);
}

static void a_dead_domain_answers_gone_to_every_call(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page = {0};
	fnuma_node node;
	uint32_t counts[2];

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.guest), FNUMA_OK);
	assert_int_equal(f.ops->alive(f.m, f.guest), FNUMA_E_GONE);
	assert_int_equal(f.ops->node_counts(f.m, f.guest, counts, 2), FNUMA_E_GONE);
	assert_int_equal(f.ops->page_nodes(f.m, f.guest, &page, 1, &node), FNUMA_E_GONE);
	assert_int_equal(acquire(&f, &page, 1, r), FNUMA_E_GONE);
	assert_int_equal(release(&f, &page, 1, r), FNUMA_E_GONE);
	assert_int_equal(flip(&f, &page, 1, r), FNUMA_E_GONE);
	assert_int_equal(move_to(&f, &page, 1, 1, r), FNUMA_E_GONE);
	assert_int_equal(probe(&f, &page, 1, r), FNUMA_E_GONE);
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_acquired_come_from_the_allocator_and_go_back),
		cmocka_unit_test(an_empty_allocator_gives_fewer_or_none),
		cmocka_unit_test(only_acquired_pages_can_be_released),
		cmocka_unit_test(nodes_are_told_as_they_are),
		cmocka_unit_test(queries_and_allocations_cost_what_they_should),
		cmocka_unit_test(a_dead_domain_answers_gone_to_every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
