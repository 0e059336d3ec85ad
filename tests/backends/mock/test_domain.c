/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"

static int create(struct fixture *f, const struct fnuma_home *homes, uint32_t n_homes,
                  uint32_t frames, fnuma_domain *d)
{
	struct fnuma_mock_domain_config config = {frames, homes, n_homes, 0, 0, 0, 0};

	return fnuma_mock_domain_create(f->m, &config, d);
}

static void a_domain_that_cannot_be_is_refused_and_changes_nothing(void **state)
{
	const struct fnuma_home good = {{0}, 100, {0}, 1};
	const struct fnuma_home bad[][2] = {
		{{{1}, 100, {0}, 1}, good},                    /* does not begin at 0 */
		{{{0}, 99, {0}, 1}, {{99}, 2, {0}, 1}},        /* ends beyond */
		{{{0}, 50, {0}, 1}, {{49}, 51, {0}, 1}},       /* overlaps */
		{{{0}, 50, {0}, 1}, {{51}, 49, {0}, 1}},       /* leaves a gap */
		{{{0}, 50, {0}, 1}, {{0}, 100, {1}, 1}},       /* two cuts of one range */
		{{{0}, 100, {2}, 1}, good},                    /* no such node */
		{{{0}, 100, {0}, 0}, good},                    /* no weight */
		{{{0}, 100, {0}, 65536}, good},                /* too much weight */
		{{{0}, 0, {0}, 1}, good},                      /* no pages */
	};
	struct fnuma_mock_domain_config config = {100, &good, 1, 0, 0, 0, 0};
	struct fixture f;
	fnuma_domain d;
	uint32_t i;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_create(f.m, NULL, &d), FNUMA_E_INVAL);
	assert_int_equal(fnuma_mock_domain_create(f.m, &config, NULL), FNUMA_E_INVAL);
	assert_int_equal(create(&f, NULL, 1, 100, &d), FNUMA_E_INVAL);
	assert_int_equal(create(&f, &good, 0, 100, &d), FNUMA_E_INVAL);
	assert_int_equal(create(&f, &good, FNUMA_HOMES_MAX + 1, 100, &d), FNUMA_E_INVAL);
	assert_int_equal(create(&f, &good, 1, 0, &d), FNUMA_E_INVAL);
	assert_int_equal(create(&f, &good, 1, 101, &d), FNUMA_E_INVAL);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(create(&f, bad[i], 2, 100, &d), FNUMA_E_INVAL);
	config.app_pages = 60;
	config.kernel_pages = 30;
	config.ring_pages = 11;
	assert_int_equal(fnuma_mock_domain_create(f.m, &config, &d), FNUMA_E_INVAL);
	config.ring_pages = 10;
	assert_int_equal(fnuma_mock_domain_create(f.m, &config, &d), FNUMA_OK);
	assert_int_equal(d.slot, 2);
	assert_int_equal(d.generation, 1);
	assert_int_equal(fnuma_mock_free_pages(f.m, d), 0);
	close_host(&f);
}

static void a_full_node_takes_no_domain_and_nothing_changes(void **state)
{
	const struct fnuma_home homes[] = {{{0}, 10, {1}, 1}, {{10}, 5000, {0}, 1}};
	static struct fnuma_topology before, after;
	struct fixture f;
	fnuma_domain d;

	(void)state;
	open_usual(&f);
	assert_int_equal(f.ops->topology(f.m, &before), FNUMA_OK);
	assert_int_equal(create(&f, homes, 2, 5010, &d), FNUMA_E_NOMEM);
	assert_int_equal(f.ops->topology(f.m, &after), FNUMA_OK);
	assert_memory_equal(&before, &after, sizeof(before));
	close_host(&f);
}

static void weighted_homes_are_populated_in_proportion(void **state)
{
	const struct fnuma_home homes[] = {{{0}, 100, {0}, 3}, {{0}, 100, {1}, 1}};
	struct fixture f;
	fnuma_domain d;
	uint32_t g, on_1 = 0;

	(void)state;
	open_usual(&f);
	assert_int_equal(create(&f, homes, 2, 100, &d), FNUMA_OK);
	assert_int_equal(on_node(&f, d, 0), 75);
	assert_int_equal(on_node(&f, d, 1), 25);
	for (g = 0; g < 100; g++) {
		on_1 += fnuma_mock_node(f.m, d, fnuma_gfn_of(g)).id;
		assert_in_range(4 * on_1 + 4, g + 1, g + 9); /* at every prefix */
	}
	close_host(&f);
}

static void each_virtual_node_is_populated_on_its_own_home(void **state)
{
	const struct fnuma_home homes[] = {{{0}, 30, {0}, 1}, {{30}, 10, {1}, 1}};
	struct fnuma_mock_domain_config config = {40, homes, 2, 0, 8, 0, 0};
	struct fixture f;
	fnuma_gfn pages[8];
	fnuma_domain d;
	uint32_t g, on_1 = 0;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_create(f.m, &config, &d), FNUMA_OK);
	for (g = 0; g < 40; g++)
		assert_int_equal(fnuma_mock_node(f.m, d, fnuma_gfn_of(g)).id, g >= 30);
	/* and pages come from all virtual nodes in proportion */
	assert_int_equal(fnuma_mock_alloc(f.m, d, pages, 8), 8);
	for (g = 0; g < 8; g++)
		on_1 += pages[g].n >= 30;
	assert_int_equal(on_1, 2);
	close_host(&f);
}

static void a_dead_domains_handle_is_gone_and_then_stale(void **state)
{
	struct fixture f;
	fnuma_domain again;

	(void)state;
	open_usual(&f);
	assert_int_equal(f.ops->alive(f.m, f.guest), FNUMA_OK);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.guest), FNUMA_OK);
	assert_int_equal(f.ops->alive(f.m, f.guest), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.guest), FNUMA_E_GONE);
	again = add_domain(&f, 1, 10, 0, 0);
	assert_int_equal(again.slot, f.guest.slot);
	assert_int_equal(again.generation, f.guest.generation + 1);
	assert_int_equal(f.ops->alive(f.m, f.guest), FNUMA_E_STALE);
	assert_int_equal(f.ops->alive(f.m, again), FNUMA_OK);
	close_host(&f);
}

static void a_dead_domains_machine_pages_are_free_again(void **state)
{
	static struct fnuma_topology t;
	struct fixture f;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.guest), FNUMA_OK);
	assert_int_equal(f.ops->topology(f.m, &t), FNUMA_OK);
	assert_int_equal(t.node[0].free_pages, NODE_PAGES);
	f.guest = add_domain(&f, 0, NODE_PAGES, 0, 0);
	close_host(&f);
}

static void pages_that_are_not_there_cannot_be_looked_at(void **state)
{
	const fnuma_gfn beyond = {GUEST_PAGES}, page = {0};
	const fnuma_domain nobody = {0, 0};
	struct fixture f;
	uint32_t counts[FNUMA_NODES_MAX];
	fnuma_gfn both[2];
	fnuma_node nodes[2];
	uint64_t value;

	(void)state;
	open_usual(&f);
	both[0] = beyond;
	both[1] = page;
	assert_int_equal(fnuma_mock_node(f.m, f.guest, beyond).id, FNUMA_NODE_NONE_ID);
	assert_int_equal(fnuma_mock_node(f.m, nobody, page).id, FNUMA_NODE_NONE_ID);
	fnuma_mock_nodes(f.m, f.guest, both, 2, nodes);
	assert_int_equal(nodes[0].id, FNUMA_NODE_NONE_ID);
	assert_int_equal(nodes[1].id, fnuma_mock_node(f.m, f.guest, page).id);
	fnuma_mock_nodes(f.m, nobody, both, 2, nodes);
	assert_int_equal(nodes[1].id, FNUMA_NODE_NONE_ID);
	assert_int_equal(fnuma_mock_counts(f.m, nobody, counts), FNUMA_E_STALE);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, beyond, &value), FNUMA_E_RANGE);
	assert_int_equal(fnuma_mock_write(f.m, f.guest, beyond, 1), FNUMA_E_RANGE);
	assert_int_equal(fnuma_mock_read(f.m, nobody, page, &value), FNUMA_E_STALE);
	assert_int_equal(fnuma_mock_write(f.m, nobody, page, 1), FNUMA_E_STALE);
	assert_int_equal(fnuma_mock_pin(f.m, f.guest, beyond, true), FNUMA_E_RANGE);
	assert_int_equal(fnuma_mock_pin(f.m, nobody, page, true), FNUMA_E_STALE);
	assert_int_equal(fnuma_mock_place(f.m, f.guest, beyond, fnuma_node_of(1)),
	                 FNUMA_E_RANGE);
	assert_int_equal(fnuma_mock_place(f.m, f.guest, page, fnuma_node_of(2)),
	                 FNUMA_E_RANGE);
	assert_int_equal(fnuma_mock_place(f.m, nobody, page, fnuma_node_of(1)),
	                 FNUMA_E_STALE);
	close_host(&f);
}

static void without_contents_nothing_can_be_read(void **state)
{
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	fnuma_gfn page = {0};
	uint64_t value;

	(void)state;
	config.contents = false;
	open_host(&f, &config);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, page, &value), FNUMA_E_NOTSUP);
	assert_int_equal(fnuma_mock_write(f.m, f.guest, page, 1), FNUMA_E_NOTSUP);
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_that_cannot_be_is_refused_and_changes_nothing),
		cmocka_unit_test(a_full_node_takes_no_domain_and_nothing_changes),
		cmocka_unit_test(weighted_homes_are_populated_in_proportion),
		cmocka_unit_test(each_virtual_node_is_populated_on_its_own_home),
		cmocka_unit_test(a_dead_domains_handle_is_gone_and_then_stale),
		cmocka_unit_test(a_dead_domains_machine_pages_are_free_again),
		cmocka_unit_test(pages_that_are_not_there_cannot_be_looked_at),
		cmocka_unit_test(without_contents_nothing_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
