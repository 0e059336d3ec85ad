/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A backend that says what it is told to say, true or not. Each test starts at setup(). */
#ifndef FNUMA_TEST_LIAR_H
#define FNUMA_TEST_LIAR_H

#include "test.h"
#include <flipnuma/backend.h>
#include <string.h>

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
	FNUMA_BACKEND_OPS("liar", FNUMA_TRAIT_MAY_SLEEP),
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

#define TEST(f) cmocka_unit_test_setup(f, setup)

#endif /* FNUMA_TEST_LIAR_H */
