/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Packets: flipped in, or copied in. The path a simulator is on all day. */
#include "host.h"

/* Packets arrive in the pages at the head of the ring, and the card's driver posts new ones
 * at once; without a ring, in pages from the free list. Returns how many could. */
static uint32_t receive(struct mock_domain *peer, uint32_t *taken, uint32_t n)
{
	uint32_t k;

	mock_ring_fill(peer); /* it may have run dry */
	if (!peer->ring_size) {
		for (k = 0; k < n && peer->n_free; k++)
			taken[k] = peer->list[--peer->n_free];
		return k;
	}
	for (k = 0; k < n && peer->ring_n; k++) {
		taken[k] = peer->ring[peer->ring_head];
		if (++peer->ring_head == peer->ring_size)
			peer->ring_head = 0;
		peer->ring_n--;
		mock_ring_fill(peer);
	}
	return k;
}

/* The peer's frames are free again, with whatever is behind them now. */
static void put_back(struct mock_domain *peer, const uint32_t *taken, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		mock_push(peer, taken[i]);
}

/* What a packet says; nothing else in the host ever says it. */
static void packet_arrives(struct fnuma_mock *m, uint32_t mfn)
{
	if (m->content)
		m->content[mfn] = rng_next(&m->packets);
}

static void settle_counts(const struct fnuma_mock *m, struct mock_domain *dom,
                          struct mock_domain *peer, const uint32_t *gain)
{
	uint32_t i;

	for (i = 0; i < m->config.nodes; i++) {
		dom->counts[i] += gain[i];
		peer->counts[i] -= gain[i];
	}
}

static void flip_pages(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	uint32_t taken[FNUMA_BATCH_MAX], gain[FNUMA_NODES_MAX] = {0};
	uint64_t *mine = b->dom->p2m, *theirs = b->peer->p2m;
	uint32_t got = receive(b->peer, taken, n), i;

	for (i = 0; i < got; i++) {
		uint64_t ours = mine[pages[i].n], other = theirs[taken[i]];
		uint64_t swap = (ours ^ other) & MOCK_BEHIND;

		packet_arrives(b->m, (uint32_t)other);
		mine[pages[i].n] = ours ^ swap;
		theirs[taken[i]] = other ^ swap;
		gain[mock_node_of(ours)]--;
		gain[mock_node_of(other)]++;
		results[i] = mock_result(FNUMA_DONE, mock_node_of(other), FNUMA_OK);
	}
	for (; i < n; i++)
		results[i] = mock_result(FNUMA_NOT_DONE, mock_node_of(mine[pages[i].n]),
		                         FNUMA_E_NOMEM);
	settle_counts(b->m, b->dom, b->peer, gain);
	put_back(b->peer, taken, got);
	b->spent_ns += got * b->m->config.costs.flip_page_ns;
}

/* Both ends of a flip or a copy. */
static int find_both(struct mock_batch *b, fnuma_domain d, fnuma_domain peer)
{
	int err = mock_find(b->m, d, &b->dom);

	if (!err)
		err = mock_find(b->m, peer, &b->peer);
	if (!err && b->dom == b->peer)
		err = mock_violation(b->m, "%s: domain %u with itself", b->name, d.slot);
	return err;
}

/* Where the next packet will arrive: what a lie about a flip names. */
static uint8_t next_node(const struct mock_domain *peer)
{
	uint32_t g;

	if (peer->ring_n)
		g = peer->ring[peer->ring_head];
	else if (peer->n_free)
		g = peer->list[peer->n_free - 1];
	else
		return FNUMA_NODE_UNKNOWN_ID;
	return mock_node_of(peer->p2m[g]);
}

int mock_op_flip(void *cookie, fnuma_domain domain, fnuma_domain peer,
                 const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	struct mock_batch b;
	int err;

	b.name = "flip";
	b.m = cookie;
	b.use_mask = b.use = MOCK_GIVABLE;
	b.act = flip_pages;
	err = find_both(&b, domain, peer);
	if (!err)
		err = mock_batch_check(&b, pages, n, results);
	if (err)
		return err;
	b.claim = next_node(b.peer);
	return mock_batch_run(&b, pages, n, results);
}

/* As many pages as one batch, content only. Returns how many; one at least, if the peer has
 * a page. */
static uint32_t copy_some(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t taken[FNUMA_BATCH_MAX], i;

	n = receive(b->peer, taken, n);
	for (i = 0; i < n; i++) {
		uint64_t to = b->dom->p2m[pages[i].n], from = b->peer->p2m[taken[i]];

		packet_arrives(b->m, (uint32_t)from);
		if (b->m->content)
			b->m->content[(uint32_t)to] = b->m->content[(uint32_t)from];
		b->m->spent_ns += b->m->copy_ns[mock_node_of(from)][mock_node_of(to)];
	}
	put_back(b->peer, taken, n);
	return n;
}

int fnuma_mock_copy(struct fnuma_mock *m, fnuma_domain d, fnuma_domain peer,
                    const fnuma_gfn *pages, uint32_t n)
{
	struct mock_batch b;
	uint32_t i;
	int err;

	b.name = "copy";
	b.m = m;
	err = find_both(&b, d, peer);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		if (pages[i].n >= b.dom->frames)
			return FNUMA_E_RANGE;
		if (!(mock_use(b.dom->p2m[pages[i].n]) & MOCK_GIVABLE))
			return FNUMA_E_STATE;
	}
	if (n && !b.peer->ring_n && !b.peer->n_free)
		return FNUMA_E_NOMEM;
	for (i = 0; i < n;)
		i += copy_some(&b, pages + i,
		               n - i < FNUMA_BATCH_MAX ? n - i : FNUMA_BATCH_MAX);
	return (int)n;
}
