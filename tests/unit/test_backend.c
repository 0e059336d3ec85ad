/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Binding, arguments and queries; what becomes of batches is in test_backend_batch.c. */
#include "liar.h"

/* Binding. */

static void a_full_table_has_every_capability(void **state)
{
	(void)state;
	assert_int_equal(be.caps, ALL_CAPS);
	assert_ptr_equal(be.cookie, &liar);
	assert_string_equal(be.ops.name, "liar");
	assert_int_equal(be.ops.traits, FNUMA_TRAIT_MAY_SLEEP);
}

static void each_missing_operation_is_not_supported_and_leaves_the_others(void **state)
{
	static const struct {
		uint32_t cap;
		enum op op;
	} t[] = {
		{FNUMA_CAP_NODE_COUNTS, OP_NODE_COUNTS},
		{FNUMA_CAP_PAGE_NODES, OP_PAGE_NODES},
		{FNUMA_CAP_FLIP, OP_FLIP},
		{FNUMA_CAP_ACQUIRE, OP_ACQUIRE},
		{FNUMA_CAP_ACQUIRE, OP_RELEASE},
		{FNUMA_CAP_MOVE_PAGE, OP_MOVE_PAGE},
		{FNUMA_CAP_MOVE_PAGE | FNUMA_CAP_MOVE_FREE, OP_MOVE_FREE},
		{FNUMA_CAP_MOVE_DOMAIN, OP_MOVE_DOMAIN},
		{FNUMA_CAP_PROBE | FNUMA_CAP_PAGE_NODES, OP_PROBE},
	};
	fnuma_gfn pages[4];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		fill_frames(pages, 4);
		assert_int_equal(bind_without(t[i].cap), FNUMA_OK);
		assert_int_equal(be.caps, ALL_CAPS & ~t[i].cap);
		assert_int_equal(call_op(t[i].op, pages, 4), FNUMA_E_NOTSUP);
	}
	assert_int_equal(liar.calls[OP_FLIP] + liar.calls[OP_ACQUIRE] +
	                 liar.calls[OP_MOVE_PAGE] + liar.calls[OP_MOVE_FREE], 0);
}

static void without_capabilities_every_stub_refuses(void **state)
{
	fnuma_gfn pages[1];
	enum op op;

	(void)state;
	assert_int_equal(bind_without(ALL_CAPS), FNUMA_OK);
	assert_int_equal(be.caps, 0);
	for (op = OP_NODE_COUNTS; op < OPS; op++) {
		fill_frames(pages, 1);
		assert_int_equal(call_op(op, pages, 1), FNUMA_E_NOTSUP);
	}
	assert_int_equal(be.ops.probe(be.cookie, dom, pages, 1, results), FNUMA_E_NOTSUP);
	assert_int_equal(be.ops.move_free(be.cookie, dom, pages, 1, fnuma_node_of(0),
	                                  results, NULL), FNUMA_E_NOTSUP);
}

static void refuse_bind(const struct fnuma_backend_ops *ops, int expected)
{
	struct fnuma_backend before;

	memset(&be, 0xa5, sizeof(be));
	memcpy(&before, &be, sizeof(be));
	assert_int_equal(fnuma_backend_bind(&be, ops, &liar), expected);
	assert_memory_equal(&be, &before, sizeof(be));
}

static void a_bad_table_is_refused_and_changes_nothing(void **state)
{
	struct fnuma_backend_ops ops;

	(void)state;
	assert_int_equal(fnuma_backend_bind(NULL, &all_ops, NULL), FNUMA_E_INVAL);
	refuse_bind(NULL, FNUMA_E_INVAL);
	ops = all_ops, ops.abi = 0;
	refuse_bind(&ops, FNUMA_E_ABI);
	ops = all_ops, ops.abi = FNUMA_BACKEND_ABI + 1;
	refuse_bind(&ops, FNUMA_E_ABI);
	ops = all_ops, ops.size = 0;
	refuse_bind(&ops, FNUMA_E_ABI);
	ops = all_ops, ops.size = offsetof(struct fnuma_backend_ops, alive);
	refuse_bind(&ops, FNUMA_E_ABI);
	ops = all_ops, ops.size = offsetof(struct fnuma_backend_ops, flip) + 1;
	refuse_bind(&ops, FNUMA_E_ABI);
	ops = all_ops, ops.name = NULL;
	refuse_bind(&ops, FNUMA_E_INVAL);
	ops = all_ops, ops.name = "";
	refuse_bind(&ops, FNUMA_E_INVAL);
	ops = all_ops, ops.traits = 1u << 3;
	refuse_bind(&ops, FNUMA_E_INVAL);
	ops = all_ops, ops.topology = NULL;
	refuse_bind(&ops, FNUMA_E_NOTSUP);
	ops = all_ops, ops.alive = NULL;
	refuse_bind(&ops, FNUMA_E_NOTSUP);
	ops = all_ops, ops.acquire = NULL;
	refuse_bind(&ops, FNUMA_E_INVAL);
	ops = all_ops, ops.release = NULL;
	refuse_bind(&ops, FNUMA_E_INVAL);
}

static void an_older_shorter_table_is_completed(void **state)
{
	struct fnuma_backend_ops ops = all_ops;
	fnuma_gfn page = {1};

	(void)state;
	ops.size = offsetof(struct fnuma_backend_ops, flip);
	assert_int_equal(fnuma_backend_bind(&be, &ops, &liar), FNUMA_OK);
	assert_int_equal(be.caps, FNUMA_CAP_NODE_COUNTS | FNUMA_CAP_PAGE_NODES);
	assert_int_equal(be.ops.size, sizeof(ops));
	assert_int_equal(call_op(OP_FLIP, &page, 1), FNUMA_E_NOTSUP);
	ops.size = offsetof(struct fnuma_backend_ops, node_counts);
	assert_int_equal(fnuma_backend_bind(&be, &ops, &liar), FNUMA_OK);
	assert_int_equal(be.caps, 0);
}

static void a_newer_longer_table_is_accepted(void **state)
{
	struct {
		struct fnuma_backend_ops ops;
		void (*newer)(void);
	} wide = {all_ops, NULL};

	(void)state;
	wide.ops.size = sizeof(wide);
	assert_int_equal(fnuma_backend_bind(&be, &wide.ops, &liar), FNUMA_OK);
	assert_int_equal(be.caps, ALL_CAPS);
	assert_int_equal(be.ops.size, sizeof(wide.ops));
}

/* What a caller says. */

static void a_callers_lies_are_refused_before_the_backend_hears_them(void **state)
{
	static const enum op batch_ops[] = {OP_PAGE_NODES, OP_FLIP, OP_RELEASE,
	                                    OP_MOVE_PAGE, OP_MOVE_FREE, OP_PROBE};
	static const uint32_t none[OPS];
	fnuma_gfn pages[FNUMA_BATCH_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(batch_ops) / sizeof(batch_ops[0]); i++) {
		enum op op = batch_ops[i];

		fill_frames(pages, FNUMA_BATCH_MAX + 1);
		assert_int_equal(call_op(op, NULL, 1), FNUMA_E_INVAL);
		assert_int_equal(call_op(op, pages, 0), FNUMA_E_INVAL);
		assert_int_equal(call_op(op, pages, FNUMA_BATCH_MAX + 1), FNUMA_E_INVAL);
		assert_int_equal(call_op(op, pages, UINT32_MAX), FNUMA_E_INVAL);
		pages[3].n = FNUMA_GFN_NONE_N;
		assert_int_equal(call_op(op, pages, 4), FNUMA_E_RANGE);
		pages[3] = pages[0];
		assert_int_equal(call_op(op, pages, 4), FNUMA_E_DUPLICATE);
		pages[3] = pages[2];
		assert_int_equal(call_op(op, pages, 4), FNUMA_E_DUPLICATE);
		pages[3].n = 1;
		pages[63] = pages[3];
		assert_int_equal(call_op(op, pages, 64), FNUMA_E_DUPLICATE);
	}
	assert_int_equal(call_op(OP_ACQUIRE, NULL, 1), FNUMA_E_INVAL);
	assert_int_equal(call_op(OP_ACQUIRE, pages, 0), FNUMA_E_INVAL);
	assert_int_equal(call_op(OP_ACQUIRE, pages, FNUMA_BATCH_MAX + 1), FNUMA_E_INVAL);
	assert_memory_equal(liar.calls, none, sizeof(none));
}

static void a_duplicate_is_found_wherever_it_is_and_nothing_else_is_one(void **state)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint32_t i, j, step, draw = 1;

	(void)state;
	for (step = 1; step < 1u << 26; step <<= 1) {
		for (i = 0; i < FNUMA_BATCH_MAX; i++)
			pages[i].n = (FNUMA_BATCH_MAX - i) * step;
		assert_int_equal(call_op(OP_RELEASE, pages, FNUMA_BATCH_MAX), 0);
	}
	for (step = 0; step < 100; step++) { /* whatever hash there is, some share theirs */
		for (i = 0; i < FNUMA_BATCH_MAX; i++) {
			draw = draw * 1664525u + 1013904223u;
			pages[i].n = (draw >> 4) / FNUMA_BATCH_MAX * FNUMA_BATCH_MAX + i;
		}
		assert_int_equal(call_op(OP_RELEASE, pages, FNUMA_BATCH_MAX), 0);
	}
	for (i = 0; i < FNUMA_BATCH_MAX; i++) {
		for (j = 0; j < i; j++) {
			fnuma_gfn was = pages[i];

			pages[i] = pages[j];
			assert_int_equal(call_op(OP_RELEASE, pages, FNUMA_BATCH_MAX),
			                 FNUMA_E_DUPLICATE);
			pages[i] = was;
		}
	}
}

static void a_missing_or_unbound_backend_is_refused(void **state)
{
	static struct fnuma_topology topology;
	uint32_t count = 0;
	fnuma_gfn page = {1};
	enum op op;

	(void)state;
	memset(&be, 0, sizeof(be));
	for (op = 0; op < OPS; op++)
		assert_int_equal(call_op(op, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_topology(NULL, &topology), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_alive(NULL, dom), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_node_counts(NULL, dom, &count, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_move_domain(NULL, dom, fnuma_node_of(0)),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_acquire(NULL, dom, &page, 1, results), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_flip(NULL, dom, peer, &page, 1, results),
	                 FNUMA_E_INVAL);
}

static void impossible_arguments_of_single_calls_are_refused(void **state)
{
	static const uint32_t none[OPS];
	fnuma_gfn page = {1};
	uint32_t counts[2];

	(void)state;
	assert_int_equal(fnuma_backend_topology(&be, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_node_counts(&be, dom, NULL, 2), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_node_counts(&be, dom, counts, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_node_counts(&be, dom, counts, FNUMA_NODES_MAX + 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_page_nodes(&be, dom, &page, 1, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_acquire(&be, dom, &page, 1, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_flip(&be, dom, peer, &page, 1, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_flip(&be, dom, dom, &page, 1, results),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_backend_move_domain(&be, dom, fnuma_node_of(FNUMA_NODES_MAX)),
	                 FNUMA_E_RANGE);
	assert_int_equal(fnuma_backend_move(&be, dom, &page, 1, fnuma_node_unknown(),
	                                    FNUMA_CONTENT_KEEP, results, NULL),
	                 FNUMA_E_RANGE);
	assert_int_equal(fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(0),
	                                    (enum fnuma_content)2, results, NULL),
	                 FNUMA_E_INVAL);
	assert_memory_equal(liar.calls, none, sizeof(none));
}

/* What a backend returns. */

static void a_backends_error_is_passed_on_unchanged(void **state)
{
	fnuma_gfn pages[4];
	enum op op;
	int err;

	(void)state;
	liar.count_all = false;
	for (op = 0; op < OP_PROBE; op++) {
		for (err = -1; err > FNUMA_E_LAST; err--) {
			fill_frames(pages, 4);
			liar.ret = err;
			assert_int_equal(call_op(op, pages, 4), err);
		}
	}
	liar.probe_ret = FNUMA_E_DENIED;
	assert_int_equal(call_op(OP_PROBE, pages, 4), FNUMA_E_DENIED);
}

static void a_number_that_is_neither_ok_nor_an_error_is_a_broken_contract(void **state)
{
	static const int wrong[] = {1, 5, INT32_MAX, FNUMA_E_LAST, FNUMA_E_LAST - 1, -1000,
	                            INT32_MIN};
	static const enum op ops[] = {OP_TOPOLOGY, OP_ALIVE, OP_NODE_COUNTS, OP_MOVE_DOMAIN};
	size_t i, j;

	(void)state;
	liar.count_all = false;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		for (j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
			liar.ret = wrong[j];
			assert_int_equal(call_op(ops[i], NULL, 0), FNUMA_E_BACKEND);
		}
	}
}

static void an_impossible_count_of_a_query_is_a_broken_contract(void **state)
{
	static const int wrong[] = {5, INT32_MAX, FNUMA_E_LAST, INT32_MIN};
	fnuma_gfn pages[4];
	size_t j;

	(void)state;
	liar.count_all = false;
	for (j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
		fill_frames(pages, 4);
		liar.ret = wrong[j];
		liar.probe_ret = wrong[j];
		assert_int_equal(call_op(OP_PAGE_NODES, pages, 4), FNUMA_E_BACKEND);
		assert_int_equal(call_op(OP_PROBE, pages, 4), FNUMA_E_BACKEND);
		assert_int_equal(call_op(OP_ACQUIRE, pages, 4), FNUMA_E_BACKEND);
	}
}

/* Queries. */

static void a_possible_topology_is_handed_on(void **state)
{
	static struct fnuma_topology t;

	(void)state;
	liar.count_all = false;
	assert_int_equal(fnuma_backend_topology(&be, &t), FNUMA_OK);
	assert_memory_equal(&t, &liar.topology, sizeof(t));
	liar.topology.distance[0][1] = 10; /* emulated nodes on one real one */
	liar.topology.page_bytes = 65536;
	liar.topology.node[1].size_pages = 0;
	liar.topology.node[1].free_pages = 0;
	assert_int_equal(fnuma_backend_topology(&be, &t), FNUMA_OK);
	liar.topology.nodes = FNUMA_NODES_MAX;
	memset(liar.topology.distance, 10, sizeof(liar.topology.distance));
	assert_int_equal(fnuma_backend_topology(&be, &t), FNUMA_OK);
}

static void an_impossible_topology_is_a_broken_contract(void **state)
{
	const struct fnuma_topology good = liar.topology;
	struct fnuma_topology *t = &liar.topology;
	static const uint32_t page_bytes[] = {0, 1, 2048, 4095, 4097, 12288, UINT32_MAX};
	size_t i;

	(void)state;
	liar.count_all = false;
	t->nodes = 0;
	assert_int_equal(call_op(OP_TOPOLOGY, NULL, 0), FNUMA_E_BACKEND);
	t->nodes = FNUMA_NODES_MAX + 1;
	assert_int_equal(call_op(OP_TOPOLOGY, NULL, 0), FNUMA_E_BACKEND);
	for (i = 0; i < sizeof(page_bytes) / sizeof(page_bytes[0]); i++) {
		*t = good;
		t->page_bytes = page_bytes[i];
		assert_int_equal(call_op(OP_TOPOLOGY, NULL, 0), FNUMA_E_BACKEND);
	}
	*t = good, t->node[1].free_pages = 1001;
	assert_int_equal(call_op(OP_TOPOLOGY, NULL, 0), FNUMA_E_BACKEND);
	*t = good, t->distance[1][0] = 9;
	assert_int_equal(call_op(OP_TOPOLOGY, NULL, 0), FNUMA_E_BACKEND);
	*t = good, t->distance[1][1] = 0;
	assert_int_equal(call_op(OP_TOPOLOGY, NULL, 0), FNUMA_E_BACKEND);
}

static void counts_are_handed_on_and_impossible_ones_refused(void **state)
{
	uint32_t counts[2];

	(void)state;
	liar.count_all = false;
	liar.counts[0] = 7, liar.counts[1] = UINT32_MAX - 8;
	liar.counts_n = 2;
	assert_int_equal(fnuma_backend_node_counts(&be, dom, counts, 2), FNUMA_OK);
	assert_memory_equal(counts, liar.counts, sizeof(counts));
	liar.counts[0] = 8;
	assert_int_equal(fnuma_backend_node_counts(&be, dom, counts, 2), FNUMA_E_BACKEND);
	liar.counts_n = 1;
	assert_int_equal(fnuma_backend_node_counts(&be, dom, counts, 2), FNUMA_E_BACKEND);
}

static void a_page_without_a_possible_answer_is_on_an_unknown_node(void **state)
{
	static const uint8_t expected[5] = {1, FNUMA_NODE_NONE_ID, FNUMA_NODE_UNKNOWN_ID,
	                                    FNUMA_NODE_UNKNOWN_ID, FNUMA_NODE_UNKNOWN_ID};
	fnuma_gfn pages[5];
	fnuma_node nodes[5];

	(void)state;
	fill_frames(pages, 5);
	liar.count_all = false;
	liar.ret = 4;
	liar.nodes_n = 5;
	liar.nodes[0].id = 1;
	liar.nodes[1] = fnuma_node_none();
	liar.nodes[2] = fnuma_node_unknown();
	liar.nodes[3].id = FNUMA_NODES_MAX;
	liar.nodes[4].id = 1; /* beyond the count */
	assert_int_equal(fnuma_backend_page_nodes(&be, dom, pages, 5, nodes), 5);
	assert_memory_equal(nodes, expected, 5);
	liar.ret = 0;
	assert_int_equal(fnuma_backend_page_nodes(&be, dom, pages, 1, nodes), 1);
	assert_int_equal(nodes[0].id, FNUMA_NODE_UNKNOWN_ID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_table_has_every_capability),
		TEST(each_missing_operation_is_not_supported_and_leaves_the_others),
		TEST(without_capabilities_every_stub_refuses),
		TEST(a_bad_table_is_refused_and_changes_nothing),
		TEST(an_older_shorter_table_is_completed),
		TEST(a_newer_longer_table_is_accepted),
		TEST(a_callers_lies_are_refused_before_the_backend_hears_them),
		TEST(a_duplicate_is_found_wherever_it_is_and_nothing_else_is_one),
		TEST(a_missing_or_unbound_backend_is_refused),
		TEST(impossible_arguments_of_single_calls_are_refused),
		TEST(a_backends_error_is_passed_on_unchanged),
		TEST(a_number_that_is_neither_ok_nor_an_error_is_a_broken_contract),
		TEST(an_impossible_count_of_a_query_is_a_broken_contract),
		TEST(a_possible_topology_is_handed_on),
		TEST(an_impossible_topology_is_a_broken_contract),
		TEST(counts_are_handed_on_and_impossible_ones_refused),
		TEST(a_page_without_a_possible_answer_is_on_an_unknown_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
