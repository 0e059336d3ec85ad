/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"

static int move_free(struct fixture *f, const fnuma_gfn *pages, uint32_t n, uint32_t to,
                     struct fnuma_result *results, uint64_t *spent_ns)
{
	memset(results, 0, FNUMA_BATCH_MAX * sizeof(*results));
	return f->ops->move_free(f->m, f->guest, pages, n, fnuma_node_of(to), results,
	                         spent_ns);
}

static int move_all(struct fixture *f, uint32_t to)
{
	return f->ops->move_domain(f->m, f->guest, fnuma_node_of(to));
}

static void a_moved_page_takes_its_content_along(void **state)
{
	static struct fnuma_topology t;
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page = {3}; /* an application's */
	uint64_t value;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_write(f.m, f.guest, page, 99), FNUMA_OK);
	assert_int_equal(move_to(&f, &page, 1, 1, r), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[0].node.id, 1);
	assert_int_equal(fnuma_mock_node(f.m, f.guest, page).id, 1);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, page, &value), FNUMA_OK);
	assert_int_equal(value, 99);
	assert_int_equal(on_node(&f, f.guest, 1), 1);
	assert_int_equal(f.ops->topology(f.m, &t), FNUMA_OK);
	assert_int_equal(t.node[0].free_pages, NODE_PAGES - GUEST_PAGES + 1);
	assert_int_equal(t.node[1].free_pages, NODE_PAGES - PEER_PAGES - 1);
	close_host(&f);
}

static void a_replaced_page_loses_its_content(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page;
	uint64_t value;

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, &page, 1, r), 1);
	assert_int_equal(fnuma_mock_write(f.m, f.guest, page, 99), FNUMA_OK);
	assert_int_equal(move_free(&f, &page, 1, 1, r, NULL), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(fnuma_mock_node(f.m, f.guest, page).id, 1);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, page, &value), FNUMA_OK);
	assert_int_equal(value, 0);
	close_host(&f);
}

static void replacing_a_page_that_somebody_needs_is_a_violation(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	const struct fnuma_home home = {{0}, 10, {0}, 1};
	struct fnuma_mock_domain_config config = {10, &home, 1, 1, 1, 0, 0};
	struct fixture f;
	fnuma_gfn kernel = {0}, app = {1};

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_create(f.m, &config, &f.guest), FNUMA_OK);
	assert_whistled(&f, move_free(&f, &kernel, 1, 1, r, NULL), "has content");
	assert_whistled(&f, move_free(&f, &app, 1, 1, r, NULL), "has content");
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	close_host(&f);
}

static void pages_that_cannot_move_say_why(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[3] = {{500}, {1}, {2}}; /* ring, application's, application's */
	uint32_t i;

	(void)state;
	open_usual(&f);
	f.guest = f.peer;
	assert_int_equal(fnuma_mock_pin(f.m, f.guest, pages[1], true), FNUMA_OK);
	assert_int_equal(move_to(&f, pages, 3, 0, r), 3);
	assert_int_equal(r[0].reason, FNUMA_E_BUSY);
	assert_int_equal(r[1].reason, FNUMA_E_PINNED);
	assert_int_equal(r[2].outcome, FNUMA_DONE);
	for (i = 0; i < 2; i++) {
		assert_int_equal(r[i].outcome, FNUMA_NOT_DONE);
		assert_int_equal(r[i].node.id, 1);
	}
	assert_int_equal(fnuma_mock_pin(f.m, f.guest, pages[1], false), FNUMA_OK);
	assert_int_equal(move_to(&f, pages + 1, 1, 0, r), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(on_node(&f, f.guest, 0), 2);
	close_host(&f);
}

static void a_page_that_is_there_already_is_done_and_costs_the_call(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn page = {0};

	(void)state;
	config.costs.call_ns = 5;
	config.costs.move_page_ns = 100;
	open_host(&f, &config);
	assert_int_equal(move_to(&f, &page, 1, 0, r), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(fnuma_mock_spent(f.m), 5);
	assert_int_equal(f.violations, 0);
	close_host(&f);
}

static void a_page_that_is_there_already_is_a_violation_when_strict(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn page = {0};

	(void)state;
	config.strict_moves = true;
	open_host(&f, &config);
	assert_whistled(&f, move_to(&f, &page, 1, 0, r), "already");
	assert_int_equal(move_to(&f, &page, 1, 1, r), 1);
	close_host(&f);
}

static void a_move_to_no_node_is_a_violation(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page = {0};

	(void)state;
	open_usual(&f);
	assert_whistled(&f, move_to(&f, &page, 1, 2, r), "no node");
	assert_whistled(&f, move_all(&f, 2), "no node");
	close_host(&f);
}

static void costs_follow_distance_up_to_the_cap(void **state)
{
	const struct {
		uint32_t cap, remote;
	} given[] = {{0, 210}, {160, 160}, {500, 210}};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct fixture f;
		struct fnuma_mock_config config = host_config(&f);
		fnuma_gfn pages[4];
		uint64_t spent = 7, before;

		config.costs.call_ns = 1000;
		config.costs.copy_page_ns = 100;
		config.costs.move_page_ns = 30;
		config.costs.free_page_ns = 11;
		config.costs.remote_copy_percent = given[i].cap;
		open_host(&f, &config);
		assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 4), 4);
		memset(r, 0, sizeof(r));
		assert_int_equal(f.ops->move_page(f.m, f.guest, pages, 2,
		                                  fnuma_node_of(1), r, &spent), 2);
		assert_int_equal(spent, 7 + 1000 + 2 * (30 + given[i].remote));
		assert_int_equal(fnuma_mock_spent(f.m), spent - 7);
		spent = 0;
		assert_int_equal(move_free(&f, pages + 2, 2, 1, r, &spent), 2);
		assert_int_equal(spent, 1000 + 2 * 11);
		before = fnuma_mock_spent(f.m);
		assert_int_equal(fnuma_mock_copy(f.m, f.guest, f.peer, pages, 4), 4);
		assert_int_equal(fnuma_mock_spent(f.m) - before, 4 * 100);
		close_host(&f);
	}
}

static void a_whole_domain_moves_but_for_what_cannot(void **state)
{
	struct fixture f;
	fnuma_gfn pinned = {9};

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_pin(f.m, f.guest, pinned, true), FNUMA_OK);
	assert_int_equal(move_all(&f, 1), FNUMA_OK);
	assert_int_equal(on_node(&f, f.guest, 0), 1);
	assert_int_equal(on_node(&f, f.guest, 1), GUEST_PAGES - 1);
	assert_int_equal(fnuma_mock_reserve(f.m, fnuma_node_of(0), 3900), FNUMA_OK);
	assert_int_equal(move_all(&f, 0), FNUMA_E_NOMEM);
	assert_int_equal(on_node(&f, f.guest, 0), 1 + 99);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.guest), FNUMA_OK);
	assert_int_equal(move_all(&f, 0), FNUMA_E_GONE);
	close_host(&f);
}

static void a_test_can_place_pages_for_nothing(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	fnuma_gfn page = {0};
	uint64_t value;

	(void)state;
	config.costs.move_page_ns = 1;
	open_host(&f, &config);
	assert_int_equal(fnuma_mock_write(f.m, f.guest, page, 5), FNUMA_OK);
	assert_int_equal(place(&f, 0, 1), FNUMA_OK);
	assert_int_equal(place(&f, 0, 1), FNUMA_OK);
	assert_int_equal(fnuma_mock_node(f.m, f.guest, page).id, 1);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, page, &value), FNUMA_OK);
	assert_int_equal(value, 5);
	assert_int_equal(fnuma_mock_spent(f.m), 0);
	assert_int_equal(fnuma_mock_reserve(f.m, fnuma_node_of(0),
	                                    NODE_PAGES - GUEST_PAGES + 1), FNUMA_OK);
	assert_int_equal(place(&f, 0, 0), FNUMA_E_NOMEM);
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moved_page_takes_its_content_along),
		cmocka_unit_test(a_replaced_page_loses_its_content),
		cmocka_unit_test(replacing_a_page_that_somebody_needs_is_a_violation),
		cmocka_unit_test(pages_that_cannot_move_say_why),
		cmocka_unit_test(a_page_that_is_there_already_is_done_and_costs_the_call),
		cmocka_unit_test(a_page_that_is_there_already_is_a_violation_when_strict),
		cmocka_unit_test(a_move_to_no_node_is_a_violation),
		cmocka_unit_test(costs_follow_distance_up_to_the_cap),
		cmocka_unit_test(a_whole_domain_moves_but_for_what_cannot),
		cmocka_unit_test(a_test_can_place_pages_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
