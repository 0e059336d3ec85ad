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

/* As many pages as the ring gives, a new one posted for each in its place: a span of both
 * ends of the ring that does not turn round. */
static void turn_span(uint32_t *from, uint32_t *to, uint32_t *top, uint32_t *taken,
                      uint32_t n)
{
	uint32_t i;

	memcpy(taken, from, n * sizeof(*taken));
	for (i = 0; i < n; i++) {
		to[i] = *--top;
		*top = taken[i];
	}
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A page of the ring was last seen a turn ago: it is fetched this many pages early. */
#define RING_AHEAD FNUMA_BATCH_MAX

static void fetch_ring(const struct mock_domain *peer, uint32_t n)
{
	const uint32_t end = min_u32(RING_AHEAD + n, peer->ring_n);
	uint32_t i;

	for (i = RING_AHEAD; i < end; i++) {
		uint32_t at = (peer->ring_head + i) & peer->ring_mask;

		__builtin_prefetch(&peer->p2m[peer->ring[at]], 1);
	}
}

static void turn_ring(struct mock_domain *peer, uint32_t *taken, uint32_t n)
{
	const uint32_t room = peer->ring_mask + 1;
	uint32_t *top = &peer->list[peer->n_free];
	uint32_t i, k;

	fetch_ring(peer, n);
	for (i = 0; i < n; i += k) {
		uint32_t from = peer->ring_head & peer->ring_mask;
		uint32_t to = (peer->ring_head + peer->ring_n) & peer->ring_mask;

		k = min_u32(n - i, peer->ring_n);
		k = min_u32(k, room - (from > to ? from : to));
		turn_span(&peer->ring[from], &peer->ring[to], top - i, taken + i, k);
		peer->ring_head += k;
	}
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

/* What each node gains. Two of each, used in turn: an increment need not wait for the
 * last. */
struct tally {
	uint32_t gain[2 * FNUMA_NODES_MAX];
};

static void tally_start(struct tally *t, uint32_t nodes)
{
	uint32_t i;

	for (i = 0; i < nodes; i++)
		t->gain[i] = t->gain[i + FNUMA_NODES_MAX] = 0;
}

static void tally_settle(const struct tally *t, uint32_t nodes, struct mock_domain *dom,
                         struct mock_domain *peer)
{
	uint32_t i;

	for (i = 0; i < nodes; i++) {
		uint32_t gain = t->gain[i] + t->gain[i + FNUMA_NODES_MAX];

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
	uint32_t *gain = tally->gain;
	size_t i, turn = 0;

	for (i = 0; i < n; i++, turn ^= FNUMA_NODES_MAX) {
		uint64_t *ours = &mine[pages[i].n], *other = &theirs[taken[i]];
		uint64_t leaves = *ours, comes = *other;
		uint64_t swap = (leaves ^ comes) & MOCK_BEHIND;

		*ours = leaves ^ (swap | MOCK_MARK);
		*other = comes ^ swap;
		gain[turn + mock_node_of(leaves)]--;
		gain[turn + mock_node_of(comes)]++;
		results[i] = done[mock_node_of(comes)];
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
