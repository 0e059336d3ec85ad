/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The smallest honest host: two nodes, a guest on node 1, a peer on node 0. */
#ifndef FNUMA_TEST_TOY_H
#define FNUMA_TEST_TOY_H

#include <flipnuma/backend.h>
#include <string.h>

#define TOY_FRAMES 256u
#define TOY_NODES 2u

struct toy {
	fnuma_domain guest, peer;
	uint8_t node[TOY_FRAMES];      /* of the guest's pages */
	bool in_use[TOY_FRAMES];       /* else the guest's allocator has it */
	uint8_t peer_node[TOY_FRAMES]; /* of the peer's pages */
	uint32_t peer_next;            /* the page it flips next */
	uint32_t free_pages[TOY_NODES];
	uint64_t page_ns;              /* what moving a page costs */
	uint32_t calls;                /* of any operation */
};

static inline struct fnuma_result toy_result(uint32_t outcome, uint32_t node, int reason)
{
	struct fnuma_result r = {(uint8_t)outcome, fnuma_node_of(node), (int16_t)reason};

	return r;
}

static inline struct fnuma_result toy_refused(int reason)
{
	return toy_result(FNUMA_NOT_DONE, FNUMA_NODE_UNKNOWN_ID, reason);
}

static inline int toy_topology(void *cookie, struct fnuma_topology *out)
{
	struct toy *t = cookie;
	uint32_t i, j;

	t->calls++;
	out->nodes = TOY_NODES;
	out->page_bytes = FNUMA_PAGE_BYTES;
	for (i = 0; i < TOY_NODES; i++) {
		out->node[i].size_pages = 4 * TOY_FRAMES;
		out->node[i].free_pages = t->free_pages[i];
		for (j = 0; j < TOY_NODES; j++)
			out->distance[i][j] = i == j ? 10 : 21;
	}
	return FNUMA_OK;
}

static inline int toy_alive(void *cookie, fnuma_domain domain)
{
	struct toy *t = cookie;
	fnuma_domain now = domain.slot == t->guest.slot ? t->guest : t->peer;

	t->calls++;
	return fnuma_domain_same(domain, now) ? FNUMA_OK : FNUMA_E_STALE;
}

static inline bool toy_is_guest(const struct toy *t, fnuma_domain domain)
{
	return fnuma_domain_same(domain, t->guest);
}

static inline int toy_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                                  uint32_t nodes)
{
	struct toy *t = cookie;
	uint32_t i;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	memset(counts, 0, nodes * sizeof(*counts));
	for (i = 0; i < TOY_FRAMES; i++)
		if (t->node[i] < nodes)
			counts[t->node[i]]++;
	return FNUMA_OK;
}

static inline int toy_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                                 uint32_t n, fnuma_node *nodes)
{
	struct toy *t = cookie;
	uint32_t i;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	for (i = 0; i < n; i++)
		nodes[i] = pages[i].n < TOY_FRAMES ? fnuma_node_of(t->node[pages[i].n])
		                                   : fnuma_node_none();
	return (int)n;
}

static inline struct fnuma_result toy_flip_page(struct toy *t, fnuma_gfn page)
{
	uint8_t *other = &t->peer_node[t->peer_next % TOY_FRAMES], node;

	if (page.n >= TOY_FRAMES)
		return toy_refused(FNUMA_E_RANGE);
	node = t->node[page.n];
	t->node[page.n] = *other;
	*other = node;
	t->peer_next++;
	return toy_result(FNUMA_DONE, t->node[page.n], FNUMA_OK);
}

static inline int toy_flip(void *cookie, fnuma_domain domain, fnuma_domain peer,
                           const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	struct toy *t = cookie;
	uint32_t i;

	t->calls++;
	if (!toy_is_guest(t, domain) || !fnuma_domain_same(peer, t->peer))
		return FNUMA_E_STALE;
	for (i = 0; i < n; i++)
		results[i] = toy_flip_page(t, pages[i]);
	return (int)n;
}

static inline int toy_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages,
                              uint32_t n, struct fnuma_result *results)
{
	struct toy *t = cookie;
	uint32_t i, got = 0;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	for (i = 0; i < TOY_FRAMES && got < n; i++) {
		if (t->in_use[i])
			continue;
		t->in_use[i] = true;
		pages[got] = fnuma_gfn_of(i);
		results[got++] = toy_result(FNUMA_DONE, t->node[i], FNUMA_OK);
	}
	return (int)got;
}

static inline struct fnuma_result toy_release_page(struct toy *t, fnuma_gfn page)
{
	if (page.n >= TOY_FRAMES)
		return toy_refused(FNUMA_E_RANGE);
	if (!t->in_use[page.n])
		return toy_refused(FNUMA_E_STATE);
	t->in_use[page.n] = false;
	return toy_result(FNUMA_DONE, t->node[page.n], FNUMA_OK);
}

static inline int toy_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                              uint32_t n, struct fnuma_result *results)
{
	struct toy *t = cookie;
	uint32_t i;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	for (i = 0; i < n; i++)
		results[i] = toy_release_page(t, pages[i]);
	return (int)n;
}

static inline struct fnuma_result toy_move_one(struct toy *t, fnuma_gfn page, fnuma_node to)
{
	if (page.n >= TOY_FRAMES)
		return toy_refused(FNUMA_E_RANGE);
	if (t->node[page.n] == to.id)
		return toy_result(FNUMA_DONE, to.id, FNUMA_OK);
	if (!t->free_pages[to.id])
		return toy_refused(FNUMA_E_NOMEM);
	t->free_pages[to.id]--;
	t->free_pages[t->node[page.n]]++;
	t->node[page.n] = to.id;
	return toy_result(FNUMA_DONE, to.id, FNUMA_OK);
}

static inline int toy_move(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node to, struct fnuma_result *results,
                           uint64_t *spent_ns)
{
	struct toy *t = cookie;
	uint32_t i;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	if (to.id >= TOY_NODES)
		return FNUMA_E_RANGE;
	for (i = 0; i < n; i++)
		results[i] = toy_move_one(t, pages[i], to);
	*spent_ns += n * t->page_ns;
	return (int)n;
}

static inline int toy_move_domain(void *cookie, fnuma_domain domain, fnuma_node to)
{
	struct toy *t = cookie;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	if (to.id >= TOY_NODES)
		return FNUMA_E_RANGE;
	memset(t->node, to.id, sizeof(t->node));
	return FNUMA_OK;
}

static inline int toy_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                            uint32_t n, struct fnuma_result *results)
{
	struct toy *t = cookie;
	uint32_t i;

	t->calls++;
	if (!toy_is_guest(t, domain))
		return FNUMA_E_STALE;
	for (i = 0; i < n; i++)
		results[i] = pages[i].n < TOY_FRAMES
			? toy_result(FNUMA_DONE, t->node[pages[i].n], FNUMA_OK)
			: toy_result(FNUMA_NOT_DONE, FNUMA_NODE_NONE_ID, FNUMA_E_RANGE);
	return (int)n;
}

static inline struct fnuma_backend_ops toy_ops(void)
{
	const struct fnuma_backend_ops ops = {
		FNUMA_BACKEND_OPS("toy", 0),
		.topology = toy_topology,
		.alive = toy_alive,
		.node_counts = toy_node_counts,
		.page_nodes = toy_page_nodes,
		.flip = toy_flip,
		.acquire = toy_acquire,
		.release = toy_release,
		.move_page = toy_move,
		.move_free = toy_move,
		.move_domain = toy_move_domain,
		.probe = toy_probe,
	};

	return ops;
}

/* Every page of the guest on node 1 and with its allocator; the peer's on node 0. */
static inline int toy_init(struct toy *t, struct fnuma_backend *be)
{
	const struct fnuma_backend_ops ops = toy_ops();
	uint32_t i;

	memset(t, 0, sizeof(*t));
	t->peer.generation = 1;
	t->guest.slot = 1;
	t->guest.generation = 3;
	memset(t->node, 1, sizeof(t->node));
	for (i = 0; i < TOY_NODES; i++)
		t->free_pages[i] = 2 * TOY_FRAMES;
	return fnuma_backend_bind(be, &ops, t);
}

#endif /* FNUMA_TEST_TOY_H */
