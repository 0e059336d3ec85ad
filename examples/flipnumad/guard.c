/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "guard.h"

#include <string.h>

/* What is free changes behind our back: an answer holds for so long. */
#define ANSWER_NS UINT64_C(50000000)

void guard_tell(struct guard *g, uint64_t now_ns, uint64_t keep_free_pages)
{
	g->now_ns = now_ns;
	g->keep_free_pages = keep_free_pages;
}

bool guard_room(struct guard *g, fnuma_node node, uint32_t n)
{
	if (!g->keep_free_pages)
		return true;
	if (!g->asked || g->now_ns < g->asked_ns || g->now_ns - g->asked_ns > ANSWER_NS) {
		g->asked = fnuma_backend_topology(&g->inner, &g->topology) == FNUMA_OK;
		g->asked_ns = g->now_ns;
		if (!g->asked)
			return false;
	}
	return node.id < g->topology.nodes &&
	       g->topology.node[node.id].free_pages >= g->keep_free_pages + n;
}

static int refuse(struct guard *g, uint32_t n, struct fnuma_result *results)
{
	uint32_t i;

	g->refused_pages += n;
	for (i = 0; i < n; i++) {
		results[i].outcome = FNUMA_NOT_DONE;
		results[i].node = fnuma_node_unknown();
		results[i].reason = FNUMA_E_NOMEM;
	}
	return (int)n;
}

/* Pages that came have been free before. */
static int take(struct guard *g, fnuma_node to, int n)
{
	uint64_t *free_pages = &g->topology.node[to.id].free_pages;

	if (g->asked && n > 0 && to.id < g->topology.nodes)
		*free_pages -= (uint64_t)n < *free_pages ? (uint64_t)n : *free_pages;
	return n;
}

static int topology(void *cookie, struct fnuma_topology *out)
{
	const struct guard *g = cookie;

	return g->inner.ops.topology(g->inner.cookie, out);
}

static int alive(void *cookie, fnuma_domain domain)
{
	const struct guard *g = cookie;

	return g->inner.ops.alive(g->inner.cookie, domain);
}

static int node_counts(void *cookie, fnuma_domain domain, uint32_t *counts, uint32_t nodes)
{
	const struct guard *g = cookie;

	return g->inner.ops.node_counts(g->inner.cookie, domain, counts, nodes);
}

static int page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                      fnuma_node *nodes)
{
	const struct guard *g = cookie;

	return g->inner.ops.page_nodes(g->inner.cookie, domain, pages, n, nodes);
}

static int probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                 struct fnuma_result *results)
{
	const struct guard *g = cookie;

	return g->inner.ops.probe(g->inner.cookie, domain, pages, n, results);
}

static int move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	struct guard *g = cookie;

	if (!guard_room(g, to, n))
		return refuse(g, n, results);
	return take(g, to, g->inner.ops.move_page(g->inner.cookie, domain, pages, n, to,
	                                          results, spent_ns));
}

int guard_init(struct guard *g, const struct fnuma_backend *inner, struct fnuma_backend *out)
{
	struct fnuma_backend_ops ops;

	memset(g, 0, sizeof(*g));
	g->inner = *inner;
	memset(&ops, 0, sizeof(ops));
	ops.size = sizeof(ops);
	ops.abi = FNUMA_BACKEND_ABI;
	ops.name = inner->ops.name;
	ops.traits = inner->ops.traits;
	ops.topology = topology;
	ops.alive = alive;
	ops.node_counts = inner->caps & FNUMA_CAP_NODE_COUNTS ? node_counts : NULL;
	ops.page_nodes = inner->caps & FNUMA_CAP_PAGE_NODES ? page_nodes : NULL;
	ops.probe = inner->caps & FNUMA_CAP_PROBE ? probe : NULL;
	ops.move_page = inner->caps & FNUMA_CAP_MOVE_PAGE ? move_page : NULL;
	return fnuma_backend_bind(out, &ops, g);
}
