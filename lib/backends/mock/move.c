/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Moves: a page gets another machine frame behind it. */
#include "host.h"

/* Puts a page on another node; the caller has seen that there is room. */
static void rehome(struct fnuma_mock *m, struct mock_domain *dom, uint32_t g, uint32_t to,
                   bool keep)
{
	uint64_t old = dom->p2m[g];
	uint32_t mfn = mock_frame_get(m, to);

	if (m->content)
		m->content[mfn] = keep ? m->content[(uint32_t)old] : 0;
	dom->p2m[g] = (old & ~MOCK_BEHIND) | mock_entry(mfn, to, MOCK_FREE);
	mock_frame_put(m, mock_node_of(old), (uint32_t)old);
	dom->counts[mock_node_of(old)]--;
	dom->counts[to]++;
}

/* Why a page can't be moved just now, or FNUMA_OK. */
static int may_move(const struct mock_batch *b, uint64_t entry)
{
	if ((mock_use(entry) & MOCK_USE) == MOCK_RING)
		return FNUMA_E_BUSY; /* the card may write to it at any moment */
	if (mock_use(entry) & MOCK_PINNED)
		return FNUMA_E_PINNED;
	return mock_available(&b->m->node[b->to]) ? FNUMA_OK : FNUMA_E_NOMEM;
}

static uint64_t move_cost(const struct mock_batch *b, uint8_t from)
{
	const struct fnuma_mock_costs *costs = &b->m->config.costs;

	if (!b->keep)
		return costs->free_page_ns;
	return costs->move_page_ns + b->m->copy_ns[from][b->to];
}

static int move_one(struct mock_batch *b, uint32_t g)
{
	uint64_t entry = b->dom->p2m[g];
	int err;

	if (mock_node_of(entry) == b->to)
		return FNUMA_OK;
	err = may_move(b, entry);
	if (err)
		return err;
	rehome(b->m, b->dom, g, b->to, b->keep);
	b->spent_ns += move_cost(b, mock_node_of(entry));
	return FNUMA_OK;
}

/* Tells the pages in the card's ring from free ones, or no longer. Packets far outnumber
 * moves of a domain that has a card: the ring is walked here, so that they need not. */
static void tell_ring(struct mock_domain *dom, enum mock_use use)
{
	uint32_t i;

	for (i = 0; i < dom->ring_n; i++) {
		uint32_t g = dom->ring[(dom->ring_head + i) & dom->ring_mask];

		dom->p2m[g] = mock_with_use(dom->p2m[g], use);
	}
}

static void move_pages(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	uint32_t i;

	mock_batch_unmark(b, pages, n);
	tell_ring(b->dom, MOCK_RING);
	for (i = 0; i < n; i++) {
		int err = move_one(b, pages[i].n);

		results[i] = mock_result(err ? FNUMA_NOT_DONE : FNUMA_DONE,
		                         mock_node_of(b->dom->p2m[pages[i].n]), err);
	}
	tell_ring(b->dom, MOCK_FREE);
}

static int check_to(const struct mock_batch *b, fnuma_node to)
{
	if (to.id < b->m->config.nodes)
		return FNUMA_OK;
	return mock_violation(b->m, "%s: no node %u", b->name, to.id);
}

/* Pages somebody owns have content that somebody needs; pages at home need no move. */
static int check_moves(const struct mock_batch *b, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint64_t entry = b->dom->p2m[pages[i].n];
		uint32_t use = mock_use(entry) & MOCK_USE;

		if (!b->keep && (use == MOCK_APP || use == MOCK_KERNEL))
			return mock_violation(b->m, "%s: page %u has content", b->name,
			                      pages[i].n);
		if (b->m->config.strict_moves && mock_node_of(entry) == b->to)
			return mock_violation(b->m, "%s: page %u is on node %u already",
			                      b->name, pages[i].n, b->to);
	}
	return FNUMA_OK;
}

static int move(struct mock_batch *b, fnuma_domain domain, const fnuma_gfn *pages,
                uint32_t n, fnuma_node to, struct fnuma_result *results,
                uint64_t *spent_ns)
{
	int err = mock_find(b->m, domain, &b->dom);

	b->use_mask = b->use = 0;
	b->act = move_pages;
	b->to = to.id;
	b->claim = to.id;
	if (!err)
		err = check_to(b, to);
	if (!err)
		err = mock_batch_check(b, pages, n, results);
	if (err)
		return err;
	err = check_moves(b, pages, n);
	if (err) {
		mock_batch_unmark(b, pages, n);
		return err;
	}
	err = mock_batch_run(b, pages, n, results);
	if (spent_ns)
		*spent_ns += b->spent_ns;
	return err;
}

int mock_op_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, fnuma_node to, struct fnuma_result *results,
                      uint64_t *spent_ns)
{
	struct mock_batch b;

	b.name = "move_page";
	b.m = cookie;
	b.keep = true;
	return move(&b, domain, pages, n, to, results, spent_ns);
}

int mock_op_move_free(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, fnuma_node to, struct fnuma_result *results,
                      uint64_t *spent_ns)
{
	struct mock_batch b;

	b.name = "move_free";
	b.m = cookie;
	b.keep = false;
	return move(&b, domain, pages, n, to, results, spent_ns);
}

int mock_op_move_domain(void *cookie, fnuma_domain domain, fnuma_node to)
{
	struct mock_batch b;
	uint32_t g;
	int err, worst = FNUMA_OK;

	b.name = "move_domain";
	b.m = cookie;
	b.keep = true;
	b.to = to.id;
	b.spent_ns = b.m->config.costs.call_ns;
	err = mock_find(b.m, domain, &b.dom);
	if (!err)
		err = check_to(&b, to);
	if (err)
		return err;
	tell_ring(b.dom, MOCK_RING);
	for (g = 0; g < b.dom->frames; g++) {
		if (move_one(&b, g) == FNUMA_E_NOMEM)
			worst = FNUMA_E_NOMEM;
	}
	tell_ring(b.dom, MOCK_FREE);
	b.m->spent_ns += b.spent_ns;
	return worst;
}

int fnuma_mock_place(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page,
                     fnuma_node node)
{
	struct mock_domain *dom;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	if (page.n >= dom->frames || node.id >= m->config.nodes)
		return FNUMA_E_RANGE;
	if (mock_node_of(dom->p2m[page.n]) == node.id)
		return FNUMA_OK;
	if (!mock_available(&m->node[node.id]))
		return FNUMA_E_NOMEM;
	rehome(m, dom, page.n, node.id, true);
	return FNUMA_OK;
}
