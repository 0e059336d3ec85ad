/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Packets: flipped in, or copied in. The path a simulator is on all day. */
#include "host.h"

/* The card's driver posts pages until the ring is full. */
static void fill_ring(struct mock_domain *peer)
{
	while (peer->ring_n < peer->ring_size && peer->n_free) {
		uint32_t tail = peer->ring_head + peer->ring_n++;

		peer->ring[tail & peer->ring_mask] = peer->list[--peer->n_free];
	}
}

/* A page of the ring was last seen a turn ago: it is fetched this many pages early. */
#define RING_AHEAD FNUMA_BATCH_MAX

/* As many pages as the ring gives, a new one posted for each in its place. */
static void turn_ring(struct mock_domain *peer, uint32_t *taken, uint32_t n)
{
	const uint32_t mask = peer->ring_mask, ring_n = peer->ring_n;
	uint32_t *ring = peer->ring, *top = &peer->list[peer->n_free];
	const uint32_t ahead = ring_n > RING_AHEAD ? RING_AHEAD : ring_n - 1;
	uint32_t head = peer->ring_head, i;

	for (i = 0; i < n; i++, head++) {
		uint32_t g = ring[head & mask];

		__builtin_prefetch(&peer->p2m[ring[(head + ahead) & mask]], 1);
		ring[(head + ring_n) & mask] = *--top;
		*top = g;
		taken[i] = g;
	}
	peer->ring_head = head;
}

/* Packets arrive in the pages at the head of the ring; without a ring, in pages from the
 * free list. Once a batch has arrived and is passed on, the frames are free again, with
 * whatever is behind them then. Returns how many could arrive. */
static uint32_t receive(struct mock_domain *peer, uint32_t *taken, uint32_t n)
{
	uint32_t posted, k;

	fill_ring(peer); /* it may have run dry */
	posted = n < peer->n_free ? n : peer->n_free;
	if (!peer->ring_size) {
		for (k = 0; k < posted; k++)
			taken[k] = peer->list[peer->n_free - 1 - k];
		return posted;
	}
	turn_ring(peer, taken, posted);
	for (k = posted; k < n && peer->ring_n; k++, peer->ring_n--) {
		taken[k] = peer->ring[peer->ring_head++ & peer->ring_mask];
		peer->list[peer->n_free++] = taken[k];
	}
	return k;
}

/* What packets say, nothing else in the host ever says. */
static void packets_arrive(struct fnuma_mock *m, const struct mock_domain *peer,
                           const uint32_t *taken, uint32_t n)
{
	uint32_t i;

	if (!m->content)
		return;
	for (i = 0; i < n; i++)
		m->content[(uint32_t)peer->p2m[taken[i]]] = rng_next(&m->packets);
}

/* Pages by node. Two of each, used in turn: an increment need not wait for the last. */
struct tally {
	uint32_t left[2 * FNUMA_NODES_MAX];
	uint32_t came[2 * FNUMA_NODES_MAX];
};

static void tally_start(struct tally *t, uint32_t nodes)
{
	uint32_t i, k;

	for (i = 0; i < nodes; i++) {
		k = i + FNUMA_NODES_MAX;
		t->left[i] = t->left[k] = t->came[i] = t->came[k] = 0;
	}
}

static void tally_settle(const struct tally *t, uint32_t nodes, struct mock_domain *dom,
                         struct mock_domain *peer)
{
	uint32_t i, k;

	for (i = 0; i < nodes; i++) {
		uint32_t gain;

		k = i + FNUMA_NODES_MAX;
		gain = t->came[i] + t->came[k] - t->left[i] - t->left[k];
		dom->counts[i] += gain;
		peer->counts[i] -= gain;
	}
}

/* The exchange itself; takes the marks off that the referee left. */
static void swap_pages(struct mock_batch *b, const fnuma_gfn *pages,
                       const uint32_t *taken, uint32_t n, struct tally *tally,
                       struct fnuma_result *results)
{
	const struct fnuma_result *done = b->m->done;
	uint64_t *mine = b->dom->p2m, *theirs = b->peer->p2m;
	size_t i, turn = 0;

	for (i = 0; i < n; i++, turn ^= FNUMA_NODES_MAX) {
		uint64_t *ours = &mine[pages[i].n], *other = &theirs[taken[i]];
		uint64_t swap = (*ours ^ *other) & MOCK_BEHIND;
		size_t leaves = mock_node_of(*ours), comes = mock_node_of(*other);

		*ours ^= swap | MOCK_MARK;
		*other ^= swap;
		tally->left[turn + leaves]++;
		tally->came[turn + comes]++;
		results[i] = done[comes];
	}
}

static void flip_pages(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	const uint32_t nodes = b->m->config.nodes;
	uint32_t taken[FNUMA_BATCH_MAX], got, i;
	struct tally tally;

	tally_start(&tally, nodes);
	got = receive(b->peer, taken, n);
	packets_arrive(b->m, b->peer, taken, got);
	swap_pages(b, pages, taken, got, &tally, results);
	tally_settle(&tally, nodes, b->dom, b->peer);
	mock_batch_unmark(b, pages + got, n - got);
	for (i = got; i < n; i++)
		results[i] = mock_result(FNUMA_NOT_DONE,
		                         mock_node_of(b->dom->p2m[pages[i].n]),
		                         FNUMA_E_NOMEM);
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
		g = peer->ring[peer->ring_head & peer->ring_mask];
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

/* As many pages as one batch, content only. Returns how many; one at least, if the peer
 * has a page. */
static uint32_t copy_some(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t taken[FNUMA_BATCH_MAX], i;

	n = receive(b->peer, taken, n);
	packets_arrive(b->m, b->peer, taken, n);
	for (i = 0; i < n; i++) {
		uint64_t to = b->dom->p2m[pages[i].n], from = b->peer->p2m[taken[i]];

		if (b->m->content)
			b->m->content[(uint32_t)to] = b->m->content[(uint32_t)from];
		b->m->spent_ns += b->m->copy_ns[mock_node_of(from)][mock_node_of(to)];
	}
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
