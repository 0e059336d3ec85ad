/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/backend.h>
#include <string.h>

/* A backend that says what it is told to say, true or not. */

enum op {
	OP_TOPOLOGY,
	OP_ALIVE,
	OP_NODE_COUNTS,
	OP_PAGE_NODES,
	OP_FLIP,
	OP_ACQUIRE,
	OP_RELEASE,
	OP_MOVE_PAGE,
	OP_MOVE_FREE,
	OP_MOVE_DOMAIN,
	OP_PROBE,
	OPS
};

struct liar {
	int ret;                         /* of every operation but a probe */
	bool count_all;                  /* return `n`, whatever `ret` says */
	struct fnuma_result says[FNUMA_BATCH_MAX];
	uint32_t says_n;                 /* results written */
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t nodes_n;                /* nodes written */
	fnuma_gfn frames[FNUMA_BATCH_MAX]; /* acquired */
	uint32_t counts[FNUMA_NODES_MAX];
	uint32_t counts_n;               /* counts written */
	struct fnuma_topology topology;
	uint64_t spends;
	int probe_ret;                   /* or the number asked for, if 0 */
	struct fnuma_result probe_says;  /* of every page */
	uint32_t calls[OPS];
	uint32_t n;                      /* of the last batch */
	fnuma_gfn asked[FNUMA_BATCH_MAX]; /* of the last batch or probe */
	bool arrived_unfilled;
	fnuma_node to;
};

static const fnuma_domain dom = {3, 1}, peer = {0, 1};

static void batch_seen(struct liar *l, const fnuma_gfn *pages, uint32_t n)
{
	l->n = n;
	memcpy(l->asked, pages, n * sizeof(*pages));
}

static int batch_result(struct liar *l, uint32_t n, struct fnuma_result *results)
{
	uint32_t i;

	l->arrived_unfilled = true;
	for (i = 0; i < n; i++)
		if (results[i].outcome != FNUMA_UNFILLED)
			l->arrived_unfilled = false;
	memcpy(results, l->says, l->says_n * sizeof(*results));
	return l->count_all ? (int)n : l->ret;
}

static int liar_topology(void *cookie, struct fnuma_topology *out)
{
	struct liar *l = cookie;

	l->calls[OP_TOPOLOGY]++;
	if (l->ret == FNUMA_OK)
		*out = l->topology;
	return l->ret;
}

static int liar_alive(void *cookie, fnuma_domain domain)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_ALIVE]++;
	return l->ret;
}

static int liar_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                            uint32_t nodes)
{
	struct liar *l = cookie;

	(void)nodes;
	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_NODE_COUNTS]++;
	memcpy(counts, l->counts, l->counts_n * sizeof(*counts));
	return l->ret;
}

static int liar_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node *nodes)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_PAGE_NODES]++;
	batch_seen(l, pages, n);
	memcpy(nodes, l->nodes, l->nodes_n * sizeof(*nodes));
	return l->count_all ? (int)n : l->ret;
}

static int liar_flip(void *cookie, fnuma_domain domain, fnuma_domain other,
                     const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom) && fnuma_domain_same(other, peer));
	l->calls[OP_FLIP]++;
	batch_seen(l, pages, n);
	return batch_result(l, n, results);
}

static int liar_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                        struct fnuma_result *results)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_ACQUIRE]++;
	memcpy(pages, l->frames, n * sizeof(*pages));
	return batch_result(l, n, results);
}

static int liar_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                        uint32_t n, struct fnuma_result *results)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_RELEASE]++;
	batch_seen(l, pages, n);
	return batch_result(l, n, results);
}

static int liar_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                          uint32_t n, fnuma_node to, struct fnuma_result *results,
                          uint64_t *spent_ns)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_MOVE_PAGE]++;
	l->to = to;
	*spent_ns += l->spends;
	batch_seen(l, pages, n);
	return batch_result(l, n, results);
}

static int liar_move_free(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                          uint32_t n, fnuma_node to, struct fnuma_result *results,
                          uint64_t *spent_ns)
{
	struct liar *l = cookie;
	int ret = liar_move_page(cookie, domain, pages, n, to, results, spent_ns);

	l->calls[OP_MOVE_PAGE]--;
	l->calls[OP_MOVE_FREE]++;
	return ret;
}

static int liar_move_domain(void *cookie, fnuma_domain domain, fnuma_node to)
{
	struct liar *l = cookie;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_MOVE_DOMAIN]++;
	l->to = to;
	return l->ret;
}

static int liar_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, struct fnuma_result *results)
{
	struct liar *l = cookie;
	uint32_t i;

	assert_true(fnuma_domain_same(domain, dom));
	l->calls[OP_PROBE]++;
	batch_seen(l, pages, n);
	for (i = 0; i < n; i++)
		results[i] = l->probe_says;
	return l->probe_ret ? l->probe_ret : (int)n;
}

static const struct fnuma_backend_ops all_ops = {
	.size = sizeof(struct fnuma_backend_ops),
	.abi = FNUMA_BACKEND_ABI,
	.name = "liar",
	.traits = FNUMA_TRAIT_MAY_SLEEP,
	.topology = liar_topology,
	.alive = liar_alive,
	.node_counts = liar_node_counts,
	.page_nodes = liar_page_nodes,
	.flip = liar_flip,
	.acquire = liar_acquire,
	.release = liar_release,
	.move_page = liar_move_page,
	.move_free = liar_move_free,
	.move_domain = liar_move_domain,
	.probe = liar_probe,
};

#define ALL_CAPS 0xffu

static struct liar liar;
static struct fnuma_backend be;
static struct fnuma_result results[FNUMA_BATCH_MAX];

static void fill_frames(fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of(100 + i);
}

static struct fnuma_result status(int outcome, uint32_t node, int reason)
{
	struct fnuma_result r = {(uint8_t)outcome, fnuma_node_of(node), (int16_t)reason};

	return r;
}

static int bind_without(uint32_t caps)
{
	struct fnuma_backend_ops ops = all_ops;

	if (caps & FNUMA_CAP_NODE_COUNTS)
		ops.node_counts = NULL;
	if (caps & FNUMA_CAP_PAGE_NODES)
		ops.page_nodes = NULL;
	if (caps & FNUMA_CAP_FLIP)
		ops.flip = NULL;
	if (caps & FNUMA_CAP_ACQUIRE) {
		ops.acquire = NULL;
		ops.release = NULL;
	}
	if (caps & FNUMA_CAP_MOVE_PAGE)
		ops.move_page = NULL;
	if (caps & FNUMA_CAP_MOVE_FREE)
		ops.move_free = NULL;
	if (caps & FNUMA_CAP_MOVE_DOMAIN)
		ops.move_domain = NULL;
	if (caps & FNUMA_CAP_PROBE)
		ops.probe = NULL;
	return fnuma_backend_bind(&be, &ops, &liar);
}

static int setup(void **state)
{
	uint32_t i, j;

	(void)state;
	memset(&liar, 0, sizeof(liar));
	memset(results, 0xee, sizeof(results));
	liar.count_all = true;
	liar.probe_says = status(FNUMA_UNKNOWN, FNUMA_NODE_UNKNOWN_ID, 0);
	fill_frames(liar.frames, FNUMA_BATCH_MAX);
	liar.topology.nodes = 2;
	liar.topology.page_bytes = 4096;
	for (i = 0; i < 2; i++) {
		liar.topology.node[i].size_pages = 1000;
		liar.topology.node[i].free_pages = 10 + i;
		for (j = 0; j < 2; j++)
			liar.topology.distance[i][j] = i == j ? 10 : 21;
	}
	return bind_without(0);
}

/* Binding. */

static void a_full_table_has_every_capability(void **state)
{
	(void)state;
	assert_int_equal(be.caps, ALL_CAPS);
	assert_ptr_equal(be.cookie, &liar);
	assert_string_equal(be.ops.name, "liar");
	assert_int_equal(be.ops.traits, FNUMA_TRAIT_MAY_SLEEP);
}

static int call_op(enum op op, fnuma_gfn *pages, uint32_t n)
{
	static uint32_t counts[FNUMA_NODES_MAX];
	static fnuma_node nodes[FNUMA_BATCH_MAX];
	static struct fnuma_topology topology;

	switch (op) {
	case OP_TOPOLOGY:
		return fnuma_backend_topology(&be, &topology);
	case OP_ALIVE:
		return fnuma_backend_alive(&be, dom);
	case OP_NODE_COUNTS:
		return fnuma_backend_node_counts(&be, dom, counts, 2);
	case OP_PAGE_NODES:
		return fnuma_backend_page_nodes(&be, dom, pages, n, nodes);
	case OP_FLIP:
		return fnuma_backend_flip(&be, dom, peer, pages, n, results);
	case OP_ACQUIRE:
		return fnuma_backend_acquire(&be, dom, pages, n, results);
	case OP_RELEASE:
		return fnuma_backend_release(&be, dom, pages, n, results);
	case OP_MOVE_PAGE:
		return fnuma_backend_move(&be, dom, pages, n, fnuma_node_of(1),
		                          FNUMA_CONTENT_KEEP, results, NULL);
	case OP_MOVE_FREE:
		return fnuma_backend_move(&be, dom, pages, n, fnuma_node_of(1),
		                          FNUMA_CONTENT_NOBODYS, results, NULL);
	case OP_MOVE_DOMAIN:
		return fnuma_backend_move_domain(&be, dom, fnuma_node_of(1));
	case OP_PROBE:
		return fnuma_backend_probe(&be, dom, pages, n, results);
	case OPS:
		break;
	}
	fail();
	return 0;
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

/* Batches: what is said of one page, what a probe answers, and what must come of it. */

#define U FNUMA_NODE_UNKNOWN_ID
#define N FNUMA_NODE_NONE_ID

struct story {
	struct fnuma_result said, probed, expected;
};

#define DONE(node) {FNUMA_DONE, {node}, FNUMA_OK}
#define NOT(node, why) {FNUMA_NOT_DONE, {node}, why}
#define LOST(node) {FNUMA_UNKNOWN, {node}, FNUMA_E_LOST_TRACK}
#define DUNNO {FNUMA_UNKNOWN, {U}, FNUMA_OK}
#define UNFILLED {FNUMA_UNFILLED, {0}, 0}

static void check_page(const struct fnuma_result *got, const struct fnuma_result *expected)
{
	assert_int_equal(got->outcome, expected->outcome);
	assert_int_equal(got->reason, expected->reason);
	assert_int_equal(got->node.id, expected->node.id);
}

/* The page of the story stands between two that are plainly done or plainly refused. */
static void tell(enum op op, const struct story *s)
{
	const struct fnuma_result done = DONE(1), refused = NOT(0, FNUMA_E_PINNED);
	bool doubt = s->said.outcome != s->expected.outcome ||
	             s->said.reason != s->expected.reason ||
	             s->said.node.id != s->expected.node.id;
	fnuma_gfn pages[3];
	int expected = 1 + (s->expected.outcome == FNUMA_DONE);

	fill_frames(pages, 3);
	liar.says[0] = done;
	liar.says[1] = s->said;
	liar.says[2] = refused;
	liar.says_n = 3;
	liar.probe_says = s->probed;
	liar.calls[OP_PROBE] = 0;
	assert_int_equal(call_op(op, pages, 3), expected);
	assert_true(liar.arrived_unfilled);
	check_page(&results[0], &done);
	check_page(&results[1], &s->expected);
	check_page(&results[2], &refused);
	assert_int_equal(liar.calls[OP_PROBE], doubt);
	if (doubt) {
		assert_int_equal(liar.n, 1);
		assert_int_equal(liar.asked[0].n, pages[1].n);
	}
}

static void tell_all(enum op op, const struct story *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		tell(op, &s[i]);
}

static void each_lie_about_a_moved_page_is_settled_by_a_probe(void **state)
{
	static const struct story t[] = {
		/* the truth */
		{DONE(1), DUNNO, DONE(1)},
		{NOT(0, FNUMA_E_BUSY), DUNNO, NOT(0, FNUMA_E_BUSY)},
		{NOT(U, FNUMA_E_NOMEM), DUNNO, NOT(U, FNUMA_E_NOMEM)},
		{NOT(N, FNUMA_E_GONE), DUNNO, NOT(N, FNUMA_E_GONE)},
		/* honestly unknown */
		{DUNNO, DONE(1), DONE(1)},
		{DUNNO, DONE(0), NOT(0, FNUMA_E_BUSY)},
		{DUNNO, NOT(N, FNUMA_E_GONE), NOT(N, FNUMA_E_GONE)},
		{DUNNO, NOT(3, FNUMA_E_DENIED), NOT(N, FNUMA_E_DENIED)},
		{DUNNO, DUNNO, LOST(U)},
		/* a probe that lies is one that does not know */
		{DUNNO, UNFILLED, LOST(U)},
		{DUNNO, {77, {1}, 0}, LOST(U)},
		{DUNNO, DONE(U), LOST(U)},
		{DUNNO, DONE(N), LOST(U)},
		{DUNNO, DONE(64), LOST(U)},
		{DUNNO, {FNUMA_DONE, {1}, FNUMA_E_BUSY}, LOST(U)},
		{DUNNO, NOT(N, FNUMA_OK), LOST(U)},
		/* status unfilled */
		{UNFILLED, DONE(1), DONE(1)},
		{UNFILLED, DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{UNFILLED, DUNNO, LOST(U)},
		/* impossible outcome, reason, node */
		{{4, {1}, 0}, DONE(1), DONE(1)},
		{{255, {1}, 0}, DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{{FNUMA_DONE, {1}, FNUMA_E_BUSY}, DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{{FNUMA_DONE, {1}, 3}, DUNNO, LOST(U)},
		{NOT(0, FNUMA_OK), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{NOT(0, 1), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{NOT(0, FNUMA_E_LAST), DONE(1), DONE(1)},
		{NOT(0, INT16_MIN), DUNNO, LOST(U)},
		{NOT(64, FNUMA_E_BUSY), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{DONE(64), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{DONE(0xfd), DONE(1), DONE(1)},
		/* done, but not there */
		{DONE(0), DONE(1), DONE(1)},
		{DONE(0), DONE(2), NOT(2, FNUMA_E_LIE)},
		{DONE(0), NOT(N, FNUMA_E_GONE), NOT(N, FNUMA_E_GONE)},
		{DONE(0), DUNNO, NOT(0, FNUMA_E_LIE)},
		{DONE(U), DONE(1), DONE(1)},
		{DONE(U), DONE(0), NOT(0, FNUMA_E_LIE)},
		{DONE(U), DUNNO, LOST(U)},
		{DONE(N), DUNNO, LOST(U)},
	};

	(void)state;
	tell_all(OP_MOVE_PAGE, t, sizeof(t) / sizeof(t[0]));
	tell_all(OP_MOVE_FREE, t, sizeof(t) / sizeof(t[0]));
}

static void a_probe_tells_where_a_doubtful_flip_is_but_not_whether_it_happened(void **state)
{
	static const struct story t[] = {
		{DONE(1), DUNNO, DONE(1)},
		{DONE(0), DUNNO, DONE(0)},
		{DONE(U), DUNNO, DONE(U)},
		{NOT(0, FNUMA_E_BUSY), DUNNO, NOT(0, FNUMA_E_BUSY)},
		{DUNNO, DONE(0), LOST(0)},
		{DUNNO, NOT(N, FNUMA_E_GONE), LOST(N)},
		{DUNNO, DUNNO, LOST(U)},
		{UNFILLED, DONE(1), LOST(1)},
		{UNFILLED, DUNNO, LOST(U)},
		{DONE(N), DONE(1), LOST(1)},
		{DONE(64), DONE(1), LOST(1)},
		{{9, {0}, 0}, DONE(0), LOST(0)},
		{NOT(0, FNUMA_OK), DONE(0), LOST(0)},
		{{FNUMA_DONE, {0}, FNUMA_E_BUSY}, DUNNO, LOST(U)},
	};

	(void)state;
	tell_all(OP_FLIP, t, sizeof(t) / sizeof(t[0]));
}

static void a_doubtful_release_is_done_only_if_there_is_no_page_left(void **state)
{
	static const struct story t[] = {
		{DONE(1), DUNNO, DONE(1)},
		{DONE(N), DUNNO, DONE(N)},
		{DONE(U), DUNNO, DONE(U)},
		{NOT(0, FNUMA_E_BUSY), DUNNO, NOT(0, FNUMA_E_BUSY)},
		{DUNNO, DONE(0), LOST(0)},
		{DUNNO, NOT(N, FNUMA_E_GONE), DONE(N)},
		{DUNNO, DUNNO, LOST(U)},
		{UNFILLED, DONE(0), LOST(0)},
		{UNFILLED, NOT(N, FNUMA_E_GONE), DONE(N)},
		{DONE(64), DUNNO, LOST(U)},
		{{9, {0}, 0}, DONE(0), LOST(0)},
		{NOT(0, FNUMA_OK), DUNNO, LOST(U)},
	};

	(void)state;
	tell_all(OP_RELEASE, t, sizeof(t) / sizeof(t[0]));
}

static void page_nodes_serve_as_the_probe_where_there_is_none(void **state)
{
	static const struct fnuma_result expected[4] = {
		DONE(1), NOT(0, FNUMA_E_BACKEND), NOT(N, FNUMA_E_GONE), LOST(U)};
	fnuma_gfn pages[4];
	uint32_t i;

	(void)state;
	bind_without(FNUMA_CAP_PROBE);
	fill_frames(pages, 4);
	liar.nodes[0].id = 1;
	liar.nodes[1].id = 0;
	liar.nodes[2] = fnuma_node_none();
	liar.nodes[3] = fnuma_node_unknown();
	liar.nodes_n = 4;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 4), 1);
	for (i = 0; i < 4; i++)
		check_page(&results[i], &expected[i]);
	assert_int_equal(liar.calls[OP_PAGE_NODES], 1);
}

static void without_any_probe_doubtful_pages_are_lost_track_of(void **state)
{
	const struct fnuma_result lost = LOST(U);
	fnuma_gfn pages[2];

	(void)state;
	bind_without(FNUMA_CAP_PROBE | FNUMA_CAP_PAGE_NODES);
	fill_frames(pages, 2);
	liar.says[0] = status(FNUMA_UNKNOWN, 0, 0);
	liar.says_n = 2;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 0);
	check_page(&results[0], &lost);
	check_page(&results[1], &lost);
}

static void a_probe_that_fails_or_miscounts_settles_nothing(void **state)
{
	static const int wrong[] = {FNUMA_E_BUSY, FNUMA_E_LAST, 3, INT32_MAX, INT32_MIN};
	const struct fnuma_result lost = LOST(U);
	fnuma_gfn pages[2];
	size_t i;

	(void)state;
	fill_frames(pages, 2);
	liar.probe_says = status(FNUMA_DONE, 1, 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		liar.probe_ret = wrong[i];
		assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 0);
		check_page(&results[0], &lost);
		check_page(&results[1], &lost);
	}
	liar.probe_ret = 1;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 1);
	assert_int_equal(results[0].outcome, FNUMA_DONE);
	check_page(&results[1], &lost);
}

static void an_impossible_count_puts_every_page_in_doubt(void **state)
{
	static const int wrong[] = {4, INT32_MAX, FNUMA_E_LAST, INT32_MIN};
	static const enum op ops[] = {OP_FLIP, OP_RELEASE, OP_MOVE_PAGE};
	const struct fnuma_result not_done = NOT(0, FNUMA_E_BACKEND), lost = LOST(0);
	fnuma_gfn pages[3];
	size_t i, j, k;

	(void)state;
	fill_frames(pages, 3);
	liar.count_all = false;
	liar.probe_says = status(FNUMA_DONE, 0, 0);
	for (k = 0; k < 3; k++)
		liar.says[k] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 3;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		for (j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
			liar.ret = wrong[j];
			assert_int_equal(call_op(ops[i], pages, 3), 0);
			for (k = 0; k < 3; k++)
				check_page(&results[k], ops[i] == OP_MOVE_PAGE ? &not_done
				                                               : &lost);
		}
	}
}

static void pages_beyond_a_short_count_were_not_attempted(void **state)
{
	const struct fnuma_result done = DONE(1), untried = NOT(U, FNUMA_E_NOT_TRIED);
	fnuma_gfn pages[4];

	(void)state;
	fill_frames(pages, 4);
	liar.count_all = false;
	liar.ret = 1;
	liar.says[0] = status(FNUMA_DONE, 1, 0);
	liar.says[1] = status(FNUMA_NOT_DONE, 0, FNUMA_E_PINNED);
	liar.says_n = 2;
	assert_int_equal(call_op(OP_FLIP, pages, 4), 1);
	check_page(&results[0], &done);
	check_page(&results[1], &untried);
	check_page(&results[3], &untried);
	assert_int_equal(liar.calls[OP_PROBE], 0);
	liar.ret = 0;
	liar.says_n = 0;
	assert_int_equal(call_op(OP_RELEASE, pages, 4), 0);
	check_page(&results[0], &untried);
}

static void a_page_claimed_beyond_the_count_is_in_doubt(void **state)
{
	const struct fnuma_result expected = NOT(0, FNUMA_E_BACKEND);
	fnuma_gfn pages[4];

	(void)state;
	fill_frames(pages, 4);
	liar.count_all = false;
	liar.ret = 1;
	liar.says[0] = liar.says[1] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 2;
	liar.probe_says = status(FNUMA_DONE, 0, 0);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 4), 1);
	check_page(&results[1], &expected);
	assert_int_equal(liar.n, 1);
	assert_int_equal(liar.asked[0].n, pages[1].n);
}

static void an_error_with_a_page_claimed_is_not_taken_for_nothing_attempted(void **state)
{
	const struct fnuma_result done = DONE(1), untried = NOT(U, FNUMA_E_NOT_TRIED);
	fnuma_gfn pages[2];

	(void)state;
	fill_frames(pages, 2);
	liar.count_all = false;
	liar.ret = FNUMA_E_NOMEM;
	liar.says[0] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 1;
	liar.probe_says = status(FNUMA_DONE, 1, 0);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 1);
	check_page(&results[0], &done);
	check_page(&results[1], &untried);
	liar.says[0] = status(FNUMA_NOT_DONE, 0, FNUMA_E_NOMEM);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), FNUMA_E_NOMEM);
}

static void a_full_batch_of_doubt_is_settled_in_one_probe_in_order(void **state)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];

	(void)state;
	fill_frames(pages, FNUMA_BATCH_MAX);
	liar.probe_says = status(FNUMA_DONE, 1, 0);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, FNUMA_BATCH_MAX), FNUMA_BATCH_MAX);
	assert_int_equal(liar.calls[OP_PROBE], 1);
	assert_memory_equal(liar.asked, pages, sizeof(pages));
}

static void each_page_in_doubt_gets_its_own_answer(void **state)
{
	static const uint8_t where[6] = {1, 0, 1, FNUMA_NODE_NONE_ID, 1, 0};
	static const uint8_t outcome[6] = {FNUMA_DONE, FNUMA_NOT_DONE, FNUMA_DONE,
	                                   FNUMA_NOT_DONE, FNUMA_DONE, FNUMA_NOT_DONE};
	fnuma_gfn pages[12];
	uint32_t i;

	(void)state;
	bind_without(FNUMA_CAP_PROBE);
	fill_frames(pages, 12);
	for (i = 0; i < 12; i += 2)
		liar.says[i] = status(FNUMA_NOT_DONE, 0, FNUMA_E_PINNED);
	liar.says_n = 12;
	memcpy(liar.nodes, where, sizeof(where));
	liar.nodes_n = 6;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 12), 3);
	for (i = 0; i < 12; i++) {
		assert_int_equal(results[i].outcome, i % 2 ? outcome[i / 2] : FNUMA_NOT_DONE);
		assert_int_equal(results[i].reason == FNUMA_E_PINNED, i % 2 == 0);
	}
}

/* Moves. */

static void content_nobody_needs_takes_the_cheap_move_where_there_is_one(void **state)
{
	fnuma_gfn page = {5};

	(void)state;
	liar.says[0] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 1;
	assert_int_equal(call_op(OP_MOVE_FREE, &page, 1), 1);
	assert_int_equal(liar.calls[OP_MOVE_FREE], 1);
	assert_int_equal(liar.to.id, 1);
	assert_int_equal(call_op(OP_MOVE_PAGE, &page, 1), 1);
	assert_int_equal(liar.calls[OP_MOVE_PAGE], 1);
	bind_without(FNUMA_CAP_MOVE_FREE);
	assert_int_equal(call_op(OP_MOVE_FREE, &page, 1), 1);
	assert_int_equal(liar.calls[OP_MOVE_PAGE], 2);
	bind_without(FNUMA_CAP_MOVE_PAGE);
	assert_int_equal(call_op(OP_MOVE_PAGE, &page, 1), FNUMA_E_NOTSUP);
	assert_int_equal(liar.calls[OP_MOVE_FREE], 1);
}

static void time_spent_adds_up_and_stops_at_the_largest_value(void **state)
{
	fnuma_gfn page = {5};
	uint64_t spent = 100;

	(void)state;
	liar.spends = 40;
	fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(1), FNUMA_CONTENT_KEEP, results,
	                   &spent);
	assert_true(spent == 140);
	liar.count_all = false;
	liar.ret = FNUMA_E_BUSY;
	fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(1), FNUMA_CONTENT_NOBODYS,
	                   results, &spent);
	assert_true(spent == 180);
	liar.spends = UINT64_MAX - 10;
	fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(1), FNUMA_CONTENT_KEEP, results,
	                   &spent);
	assert_true(spent == UINT64_MAX);
}

static void a_whole_domain_is_moved_where_it_was_asked(void **state)
{
	(void)state;
	liar.count_all = false;
	assert_int_equal(fnuma_backend_move_domain(&be, dom, fnuma_node_of(63)), FNUMA_OK);
	assert_int_equal(liar.to.id, 63);
}

/* Acquiring. */

static void acquired_pages_are_packed_and_freed_of_duplicates(void **state)
{
	static const struct fnuma_result says[9] = {
		DONE(1),                        /* 10: kept */
		NOT(0, FNUMA_E_NOMEM),          /* 11: not got */
		UNFILLED,                       /* 12: kept, node unknown */
		DUNNO,                          /* 13: perhaps somebody else's */
		DONE(0),                        /* 10 again */
		{88, {0}, 0},                   /* 14: nonsense */
		DONE(64),                       /* 15: kept, node unknown */
		{FNUMA_DONE, {0}, FNUMA_E_BUSY}, /* 16: contradicts itself */
		DONE(0),                        /* no frame */
	};
	static const uint32_t frames[9] = {10, 11, 12, 13, 10, 14, 15, 16, UINT32_MAX};
	static const struct fnuma_result expected[3] = {DONE(1), DONE(U), DONE(U)};
	fnuma_gfn pages[9];
	uint32_t i;

	(void)state;
	for (i = 0; i < 9; i++)
		liar.frames[i].n = frames[i];
	memcpy(liar.says, says, sizeof(says));
	liar.says_n = 9;
	assert_int_equal(fnuma_backend_acquire(&be, dom, pages, 9, results), 3);
	assert_int_equal(pages[0].n, 10);
	assert_int_equal(pages[1].n, 12);
	assert_int_equal(pages[2].n, 15);
	for (i = 0; i < 3; i++)
		check_page(&results[i], &expected[i]);
}

static void fewer_acquired_than_asked_leaves_the_rest_out(void **state)
{
	fnuma_gfn pages[4];

	(void)state;
	liar.count_all = false;
	liar.ret = 2;
	assert_int_equal(fnuma_backend_acquire(&be, dom, pages, 4, results), 2);
	assert_true(liar.arrived_unfilled);
	liar.ret = 0;
	assert_int_equal(fnuma_backend_acquire(&be, dom, pages, 4, results), 0);
}

/* Probing. */

static void a_probe_on_request_answers_every_page(void **state)
{
	const struct fnuma_result done = DONE(1), lost = LOST(U), gone = NOT(N, FNUMA_E_GONE);
	fnuma_gfn pages[2];

	(void)state;
	fill_frames(pages, 2);
	liar.probe_says = done;
	liar.probe_ret = 1;
	assert_int_equal(call_op(OP_PROBE, pages, 2), 2);
	check_page(&results[0], &done);
	check_page(&results[1], &lost);
	bind_without(FNUMA_CAP_PROBE);
	liar.nodes[0] = fnuma_node_none();
	liar.nodes[1].id = 1;
	liar.nodes_n = 2;
	assert_int_equal(call_op(OP_PROBE, pages, 2), 2);
	check_page(&results[0], &gone);
	check_page(&results[1], &done);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

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
		TEST(a_missing_or_unbound_backend_is_refused),
		TEST(impossible_arguments_of_single_calls_are_refused),
		TEST(a_backends_error_is_passed_on_unchanged),
		TEST(a_number_that_is_neither_ok_nor_an_error_is_a_broken_contract),
		TEST(an_impossible_count_of_a_query_is_a_broken_contract),
		TEST(a_possible_topology_is_handed_on),
		TEST(an_impossible_topology_is_a_broken_contract),
		TEST(counts_are_handed_on_and_impossible_ones_refused),
		TEST(a_page_without_a_possible_answer_is_on_an_unknown_node),
		TEST(each_lie_about_a_moved_page_is_settled_by_a_probe),
		TEST(a_probe_tells_where_a_doubtful_flip_is_but_not_whether_it_happened),
		TEST(a_doubtful_release_is_done_only_if_there_is_no_page_left),
		TEST(page_nodes_serve_as_the_probe_where_there_is_none),
		TEST(without_any_probe_doubtful_pages_are_lost_track_of),
		TEST(a_probe_that_fails_or_miscounts_settles_nothing),
		TEST(an_impossible_count_puts_every_page_in_doubt),
		TEST(pages_beyond_a_short_count_were_not_attempted),
		TEST(a_page_claimed_beyond_the_count_is_in_doubt),
		TEST(an_error_with_a_page_claimed_is_not_taken_for_nothing_attempted),
		TEST(a_full_batch_of_doubt_is_settled_in_one_probe_in_order),
		TEST(each_page_in_doubt_gets_its_own_answer),
		TEST(content_nobody_needs_takes_the_cheap_move_where_there_is_one),
		TEST(time_spent_adds_up_and_stops_at_the_largest_value),
		TEST(a_whole_domain_is_moved_where_it_was_asked),
		TEST(acquired_pages_are_packed_and_freed_of_duplicates),
		TEST(fewer_acquired_than_asked_leaves_the_rest_out),
		TEST(a_probe_on_request_answers_every_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
