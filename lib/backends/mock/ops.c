/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The backend's table, and its short operations. */
#include "host.h"

static int op_topology(void *cookie, struct fnuma_topology *out)
{
	const struct fnuma_mock *m = cookie;
	uint32_t i;

	out->nodes = m->config.nodes;
	out->page_bytes = FNUMA_PAGE_BYTES;
	memcpy(out->distance, m->config.distance, sizeof(out->distance));
	for (i = 0; i < m->config.nodes; i++) {
		out->node[i].size_pages = m->node[i].size;
		out->node[i].free_pages = mock_available(&m->node[i]);
	}
	return FNUMA_OK;
}

static int op_alive(void *cookie, fnuma_domain domain)
{
	struct mock_domain *dom;

	return mock_find(cookie, domain, &dom);
}

static int op_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                          uint32_t nodes)
{
	struct fnuma_mock *m = cookie;
	struct mock_domain *dom;
	int err = mock_find(m, domain, &dom);

	if (err)
		return err;
	if (nodes < 1 || nodes > FNUMA_NODES_MAX)
		return mock_violation(m, "node_counts: %u nodes", nodes);
	memcpy(counts, dom->counts, nodes * sizeof(*counts));
	m->spent_ns += m->config.costs.call_ns;
	return FNUMA_OK;
}

static void look_up(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                    struct fnuma_result *results)
{
	uint32_t i;

	mock_batch_unmark(b, pages, n);
	for (i = 0; i < n; i++)
		results[i] = b->m->done[mock_node_of(b->dom->p2m[pages[i].n])];
	b->m->spent_ns += b->m->config.costs.call_ns +
	                  n * b->m->config.costs.query_page_ns;
}

static int op_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                    struct fnuma_result *results)
{
	struct mock_batch b;
	int err;

	b.name = "probe";
	b.m = cookie;
	b.use_mask = b.use = 0;
	err = mock_find(b.m, domain, &b.dom);
	if (!err)
		err = mock_batch_check(&b, pages, n, results);
	if (err)
		return err;
	look_up(&b, pages, n, results);
	return (int)n;
}

static int op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                         uint32_t n, fnuma_node *nodes)
{
	struct fnuma_result results[FNUMA_BATCH_MAX] = {{0}};
	int i, err = op_probe(cookie, domain, pages, n, results);

	for (i = 0; i < err; i++)
		nodes[i] = results[i].node;
	return err;
}

/* Faults here: busy and no memory cost a page each; a page got may go unsaid. */
static int op_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	struct fnuma_mock *m = cookie;
	struct mock_domain *dom;
	uint32_t i, got = 0;
	bool dies;
	int err = mock_find(m, domain, &dom);

	if (!err)
		err = mock_batch_arrays(m, "acquire", pages, n, results);
	if (err)
		return err;
	n = mock_fault_reach(m, n, &dies);
	for (i = 0; i < n && dom->n_free; i++) {
		if (mock_fault(m, FAULT_BUSY) || mock_fault(m, FAULT_NOMEM))
			continue;
		pages[got].n = mock_pop(dom, MOCK_POOL);
		if (!mock_fault(m, FAULT_UNFILLED))
			results[got] = m->done[mock_node_of(dom->p2m[pages[got].n])];
		got++;
	}
	m->spent_ns += m->config.costs.call_ns + got * m->config.costs.alloc_page_ns;
	if (dies)
		mock_domain_kill(m, dom);
	return (int)got;
}

/* A page that nobody acquired may well be asked to go: by a pool that could not be told
 * whether it had gone. */
static void release_pages(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	uint32_t i;

	mock_batch_unmark(b, pages, n);
	for (i = 0; i < n; i++) {
		uint64_t entry = b->dom->p2m[pages[i].n];

		if ((mock_use(entry) & MOCK_USE) != MOCK_POOL) {
			results[i] = mock_result(FNUMA_NOT_DONE, mock_node_of(entry),
			                         FNUMA_E_STATE);
			continue;
		}
		mock_push(b->dom, pages[i].n);
		results[i] = b->m->done[mock_node_of(entry)];
	}
	b->spent_ns += n * b->m->config.costs.alloc_page_ns;
}

static int op_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, struct fnuma_result *results)
{
	struct mock_batch b;
	int err;

	b.name = "release";
	b.m = cookie;
	b.use_mask = b.use = 0;
	b.act = release_pages;
	b.claim = FNUMA_NODE_UNKNOWN_ID;
	err = mock_find(b.m, domain, &b.dom);
	if (!err)
		err = mock_batch_check(&b, pages, n, results);
	return err ? err : mock_batch_run(&b, pages, n, results);
}

const struct fnuma_backend_ops mock_ops = {
	FNUMA_BACKEND_OPS("mock", 0),
	.topology = op_topology,
	.alive = op_alive,
	.node_counts = op_node_counts,
	.page_nodes = op_page_nodes,
	.flip = mock_op_flip,
	.acquire = op_acquire,
	.release = op_release,
	.move_page = mock_op_move_page,
	.move_free = mock_op_move_free,
	.move_domain = mock_op_move_domain,
	.probe = op_probe,
};
