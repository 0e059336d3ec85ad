/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <string.h>

#define ABOVE 600u /* beyond the privileged domain's frames */

static uint32_t node_of(struct fixture *t, uint32_t gfn)
{
	fnuma_gfn page = {gfn};
	fnuma_node node;

	assert_int_equal(fnuma_backend_page_nodes(&t->be, t->d, &page, 1, &node), 1);
	return node.id;
}

static void move(struct fixture *t, uint32_t gfn, uint32_t to)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];

	fixture_allow(t, gfn, 1);
	assert_int_equal(fixture_move(t, gfn, 1, to, r), 1);
}

static void the_topology_is_xens_less_the_floor(void **state)
{
	static struct fnuma_topology out;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_backend_topology(&t.be, &out), FNUMA_OK);
	assert_int_equal(out.nodes, 2);
	assert_int_equal(out.page_bytes, 4096);
	assert_int_equal(out.distance[0][1], 21);
	assert_int_equal(out.node[0].free_pages, FAKE_NODE_PAGES - 512 - 8);
	fake_leave(t.f, 0, 3);
	assert_int_equal(fnuma_backend_topology(&t.be, &out), FNUMA_OK);
	assert_int_equal(out.node[0].free_pages, 0);
	fixture_close(&t);
}

static void a_page_that_only_the_guest_can_own_is_known(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(node_of(&t, ABOVE), 1);
	move(&t, ABOVE, 0);
	assert_int_equal(node_of(&t, ABOVE), 0);
	fixture_close(&t);
}

/* The privileged domain has a page of that number too, and knows which. */
static void the_privileged_domains_pages_are_told_apart(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(node_of(&t, 5), 1);
	fixture_close(&t);
}

static void without_its_table_pages_of_both_are_unknown_or_where_we_put_them(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	move(&t, 6, 0);
	t.f->fail_op = "p2m";
	t.f->fail_in = 1;
	t.f->fail_errno = EFAULT;
	assert_int_equal(node_of(&t, 5), FNUMA_NODE_UNKNOWN_ID);
	t.f->fail_in = 1;
	assert_int_equal(node_of(&t, 6), 0);
	t.f->fail_in = 1;
	assert_int_equal(node_of(&t, ABOVE), 1);
	fixture_close(&t);
}

static void another_guest_with_such_a_frame_makes_it_unknown(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fake_add(t.f, 2, true, 700, 0);
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_UNKNOWN_ID);
	assert_int_equal(node_of(&t, 800), 1);
	fixture_close(&t);
}

/* Its own table is its word only: it could name machine frames of others. */
static void a_pv_guest_makes_it_unknown_as_well(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fake_add(t.f, 2, false, 700, 0);
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_UNKNOWN_ID);
	fixture_close(&t);
}

static void a_page_put_somewhere_and_replaced_since_is_not_where_it_was_put(void **state)
{
	fnuma_gfn page = {ABOVE};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	move(&t, ABOVE, 0);
	assert_int_equal(fake_calls.give_back(t.f, 1, &page, 1), 1);
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_NONE_ID);
	assert_int_equal(fake_calls.populate(t.f, 1, &page, 1, fnuma_node_of(1)), 1);
	assert_int_equal(node_of(&t, ABOVE), 1);
	fixture_close(&t);
}

static void a_pv_guests_pages_are_known_by_its_table_where_xens_agrees(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 2};
	struct fixture t;
	uint32_t pv;

	(void)state;
	fixture_open(&t);
	pv = fake_add(t.f, 2, false, 700, 0);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_int_equal(node_of(&t, 5), 0);
	t.f->dom[pv].p2m[5] = t.f->dom[GUEST].p2m[ABOVE]; /* it claims another's */
	assert_int_equal(node_of(&t, 5), FNUMA_NODE_UNKNOWN_ID);
	t.f->dom[pv].p2m[6] = 0;
	assert_int_equal(node_of(&t, 6), FNUMA_NODE_NONE_ID);
	fixture_close(&t);
}

static void pages_in_any_order_get_each_its_answer(void **state)
{
	fnuma_gfn pages[] = {{900}, {3}, {ABOVE}};
	fnuma_node nodes[3];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	move(&t, 3, 0);
	assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, pages, 3, nodes), 3);
	assert_int_equal(nodes[0].id, 1);
	assert_int_equal(nodes[1].id, 0);
	assert_int_equal(nodes[2].id, 1);
	pages[1].n = GUEST_SPACE;
	assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, pages, 3, nodes), FNUMA_E_RANGE);
	fixture_close(&t);
}

/* Xen's table has shared info and grant frames in it, too. */
static void what_xen_shows_of_its_own_is_no_page_of_the_guest(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->mfn[t.f->dom[GUEST].p2m[ABOVE] - 1].special = true;
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_NONE_ID);
	assert_int_equal(node_of(&t, ABOVE + 1), 1);
	fixture_close(&t);
}

static void answers_may_be_as_old_as_is_wished_but_follow_our_moves(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;
	fnuma_gfn page = {ABOVE + 1};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	fixture_config(&t, &config);
	config.nodes_age_ns = 1000000000;
	assert_int_equal(xen_open_with(&fake_calls, t.f, &config, &t.x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t.x, &t.be), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_int_equal(node_of(&t, ABOVE), 1);
	move(&t, ABOVE, 0);
	assert_int_equal(node_of(&t, ABOVE), 0);
	assert_int_equal(fake_calls.give_back(t.f, 1, &page, 1), 1);
	assert_int_equal(node_of(&t, ABOVE + 1), 1);
	t.f->now_ns += 1000000000;
	assert_int_equal(node_of(&t, ABOVE + 1), FNUMA_NODE_NONE_ID);
	assert_int_equal(node_of(&t, ABOVE), 0);
	page.n = GUEST_SPACE;
	assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, &page, 1, &(fnuma_node){0}),
	                 FNUMA_E_RANGE);
	fixture_close(&t);
}

static void a_whole_guest_is_looked_up_in_one_walk(void **state)
{
	static fnuma_gfn pages[GUEST_FRAMES];
	static fnuma_node nodes[GUEST_FRAMES];
	struct fnuma_xen_stats before, after;
	struct fixture t;
	uint32_t i;

	(void)state;
	fixture_open(&t);
	move(&t, 700, 0);
	for (i = 0; i < GUEST_FRAMES; i++)
		pages[i] = fnuma_gfn_of(i);
	assert_int_equal(fnuma_xen_page_nodes(t.x, t.d, pages, GUEST_FRAMES, nodes),
	                 GUEST_FRAMES);
	for (i = 0; i < GUEST_FRAMES; i++)
		assert_int_equal(nodes[i].id, i == 700 ? 0 : 1);
	fnuma_xen_stats(t.x, &before);
	assert_int_equal(fnuma_xen_page_nodes(t.x, t.d, pages, GUEST_FRAMES, nodes),
	                 GUEST_FRAMES);
	fnuma_xen_stats(t.x, &after);
	assert_true(after.steps - before.steps < 8 + GUEST_FRAMES / FNUMA_BATCH_MAX);
	assert_int_equal(fnuma_xen_page_nodes(t.x, t.d, NULL, 0, NULL), 0);
	assert_int_equal(fnuma_xen_page_nodes(t.x, t.d, NULL, 1, nodes), FNUMA_E_INVAL);
	fixture_close(&t);
}

/* The nodes of two domains' pages, one by one. */
static void nodes_of_both(struct fixture *t, uint64_t age_ns, uint32_t nodes[2][700])
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;
	uint32_t i;

	fnuma_xen_close(t->x);
	fixture_config(t, &config);
	config.nodes_age_ns = age_ns;
	assert_int_equal(xen_open_with(&fake_calls, t->f, &config, &t->x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t->x, &t->be), FNUMA_OK);
	for (; domain.domid <= 2; domain.domid++) {
		assert_int_equal(fnuma_xen_attach(t->x, &domain, &t->d), FNUMA_OK);
		for (i = 0; i < 700; i++)
			nodes[domain.domid - 1][i] = node_of(t, i);
	}
}

/* With an age, a domain is looked at as a whole, without a list of its frames. */
static void looked_at_as_a_whole_each_page_is_where_it_is_by_itself(void **state)
{
	static uint32_t singly[2][700], as_a_whole[2][700];
	struct fixture t;
	uint32_t pv;

	(void)state;
	fixture_open(&t);
	pv = fake_add(t.f, 2, false, 700, 0);
	t.f->dom[pv].p2m[6] = 0;
	nodes_of_both(&t, 0, singly);
	nodes_of_both(&t, 1000000000, as_a_whole);
	assert_memory_equal(singly, as_a_whole, sizeof(singly));
	assert_int_equal(singly[0][650], FNUMA_NODE_UNKNOWN_ID); /* which guest's is it? */
	assert_int_equal(singly[1][6], FNUMA_NODE_NONE_ID);
	assert_int_equal(singly[1][699], 0);
	fixture_close(&t);
}

static void errors_of_xen_are_passed_on(void **state)
{
	static const char *const ops[] = {"m2p", "list", "key"};
	fnuma_gfn page = {ABOVE};
	fnuma_node node;
	struct fixture t;
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		fixture_open(&t);
		t.f->fail_op = ops[i];
		t.f->fail_in = 1;
		t.f->fail_errno = EPERM;
		assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, &page, 1, &node),
		                 FNUMA_E_DENIED);
		fixture_close(&t);
	}
}

/* Another tenant while the table is gone through. */
static void replace_guest(struct fake *f, const char *op)
{
	if (strcmp(op, "m2p") == 0)
		f->dom[GUEST].uuid[0]++;
}

static void pages_of_a_domid_that_changes_hands_are_nobodys(void **state)
{
	fnuma_gfn page = {ABOVE};
	struct fixture t;
	fnuma_node node;

	(void)state;
	fixture_open(&t);
	t.f->before = replace_guest;
	assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, &page, 1, &node), FNUMA_E_STALE);
	fixture_close(&t);
}

/* Nodes whose memory lies in turns reach into each other. */
static void a_machine_frame_within_the_reach_of_two_nodes_is_unknown(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->reach = GUEST_FRAMES; /* node 0's, into the first of node 1 */
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_UNKNOWN_ID);
	fixture_close(&t);
	fixture_open(&t);
	t.f->reach = ABOVE; /* frame ABOVE has the machine frame behind it */
	assert_int_equal(node_of(&t, ABOVE), 1);
	fixture_close(&t);
}

/* All who claim it agree, and the guest is one of them, unless its page is nobody's. */
static void another_guests_frame_on_the_same_node_makes_no_doubt(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fake_add(t.f, 2, true, 700, 1);
	assert_int_equal(node_of(&t, ABOVE), 1);
	t.f->dom[GUEST].odd_pages = 1;
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_UNKNOWN_ID);
	assert_int_equal(node_of(&t, 800), 1);
	move(&t, ABOVE, 0);
	assert_int_equal(node_of(&t, ABOVE), 0); /* we know where we put it */
	fixture_close(&t);
}

/* The guest gets a page where it had none, just before it is asked about it. */
static void populate(struct fake *f, const char *op)
{
	if (strcmp(op, "own") == 0 && !f->dom[GUEST].p2m[ABOVE])
		assert_true(fake_allocate(f, GUEST, 0, ABOVE));
}

static void a_page_that_comes_meanwhile_is_not_where_others_are(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fake_add(t.f, 2, true, 700, 1);
	fake_unhook(t.f, &t.f->dom[GUEST], ABOVE);
	t.f->before = populate;
	assert_int_equal(node_of(&t, ABOVE), FNUMA_NODE_UNKNOWN_ID);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_topology_is_xens_less_the_floor),
		cmocka_unit_test(a_page_that_only_the_guest_can_own_is_known),
		cmocka_unit_test(the_privileged_domains_pages_are_told_apart),
		cmocka_unit_test(without_its_table_pages_of_both_are_unknown_or_where_we_put_them),
		cmocka_unit_test(another_guest_with_such_a_frame_makes_it_unknown),
		cmocka_unit_test(a_pv_guest_makes_it_unknown_as_well),
		cmocka_unit_test(a_page_put_somewhere_and_replaced_since_is_not_where_it_was_put),
		cmocka_unit_test(a_pv_guests_pages_are_known_by_its_table_where_xens_agrees),
		cmocka_unit_test(pages_in_any_order_get_each_its_answer),
		cmocka_unit_test(what_xen_shows_of_its_own_is_no_page_of_the_guest),
		cmocka_unit_test(answers_may_be_as_old_as_is_wished_but_follow_our_moves),
		cmocka_unit_test(a_whole_guest_is_looked_up_in_one_walk),
		cmocka_unit_test(looked_at_as_a_whole_each_page_is_where_it_is_by_itself),
		cmocka_unit_test(errors_of_xen_are_passed_on),
		cmocka_unit_test(pages_of_a_domid_that_changes_hands_are_nobodys),
		cmocka_unit_test(a_machine_frame_within_the_reach_of_two_nodes_is_unknown),
		cmocka_unit_test(another_guests_frame_on_the_same_node_makes_no_doubt),
		cmocka_unit_test(a_page_that_comes_meanwhile_is_not_where_others_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
