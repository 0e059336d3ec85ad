/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The host's nodes, and the node of a page.
 *
 * Xen's table of the guest frame behind each machine frame names no owner. The machine
 * frames that say a certain guest frame are its candidates; those that the privileged domain
 * has, by its own table, are not the guest's. What is left is believed if it is all on one
 * node and no other guest has such a frame; or if it is where we put the page. The tables
 * that other guests keep of their own pages are their word, and not asked for.
 */
#include "parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Domains looked at in one call of Xen. */
#define LIST 64u

int xen_op_topology(void *cookie, struct fnuma_topology *out)
{
	struct fnuma_xen *x = cookie;
	uint32_t i;
	int err = XEN(x, nodes, out);

	if (err)
		return xen_error(err);
	out->page_bytes = FNUMA_PAGE_BYTES;
	for (i = 0; i < out->nodes; i++) {
		struct fnuma_node_info *node = &out->node[i];

		node->free_pages = node->free_pages > x->config.floor_pages ?
		                   node->free_pages - x->config.floor_pages : 0;
	}
	if (out != &x->topology)
		x->topology = *out;
	x->topology_ns = xen_now(x);
	return FNUMA_OK;
}

static fnuma_node node_of_mfn(const struct fnuma_xen *x, uint64_t mfn)
{
	uint32_t i;

	for (i = 0; i < x->topology.nodes; i++)
		if (mfn >= x->counts.start[i] && mfn < x->counts.end[i])
			return fnuma_node_of(i);
	return fnuma_node_unknown();
}

/* What is known of one page while the table is gone through. */
struct search {
	fnuma_gfn page;
	uint32_t candidates;
	uint64_t nodes;      /* those they are on */
};

/* The pages searched, and the machine frames that the privileged domain has behind them. */
struct searches {
	struct search *s;    /* by page */
	uint64_t *owned;     /* ascending */
	uint32_t n, n_owned;
};

static int by_page(const void *a, const void *b)
{
	const struct search *s = a, *t = b;

	return s->page.n < t->page.n ? -1 : s->page.n > t->page.n;
}

static int by_mfn(const void *a, const void *b)
{
	const uint64_t *s = a, *t = b;

	return *s < *t ? -1 : *s > *t;
}

static int find_owned(struct fnuma_xen *x, const fnuma_gfn *pages, struct searches *all)
{
	uint32_t i;
	int err = XEN(x, p2m, 0, pages, all->n, all->owned);

	for (i = 0; i < all->n && !err; i++)
		if (all->owned[i] != UINT64_MAX)
			all->owned[all->n_owned++] = all->owned[i];
	qsort(all->owned, all->n_owned, sizeof(*all->owned), by_mfn);
	return err;
}

/* Goes through all other domains. `rivals` becomes one past the highest frame that one of
 * them has whose machine frames nobody knows. */
static int look_around(struct fnuma_xen *x, const struct xen_domain *d,
                       const fnuma_gfn *pages, struct searches *all, uint64_t *rivals)
{
	struct xen_info info[LIST];
	uint32_t first = 0;
	int i, got;

	for (*rivals = 0; (got = XEN(x, list, first, info, LIST)) > 0;
	     first = info[got - 1].domid + 1) {
		for (i = 0; i < got; i++) {
			uint64_t highest = 0;

			if (info[i].domid == d->info.domid)
				continue;
			if (!info[i].domid && !info[i].hvm && !find_owned(x, pages, all))
				continue;
			if (XEN(x, max_gfn, info[i].domid, &highest))
				highest = UINT64_MAX - 1;
			if (highest + 1 > *rivals)
				*rivals = highest + 1;
		}
	}
	return xen_error(got);
}

/* The whole table, once for all pages. */
static void go_through(const struct fnuma_xen *x, const uint64_t *m2p, uint64_t entries,
                       const struct searches *all)
{
	const uint64_t low = all->s[0].page.n, span = all->s[all->n - 1].page.n - low;
	uint64_t mfn;

	for (mfn = 0; mfn < entries; mfn++) {
		struct search key, *hit;

		if (m2p[mfn] - low > span)
			continue;
		key.page = fnuma_gfn_of((uint32_t)m2p[mfn]);
		hit = bsearch(&key, all->s, all->n, sizeof(key), by_page);
		if (!hit || bsearch(&mfn, all->owned, all->n_owned, sizeof(mfn), by_mfn))
			continue;
		hit->candidates++;
		if (node_of_mfn(x, mfn).id < FNUMA_NODES_MAX)
			hit->nodes |= UINT64_C(1) << node_of_mfn(x, mfn).id;
	}
}

static fnuma_node judge(const struct xen_domain *d, const struct search *s, uint64_t rivals)
{
	const uint8_t placed = d->placed[s->page.n];
	uint32_t node = 0;

	if (!s->candidates)
		return fnuma_node_none();
	if (placed < FNUMA_NODES_MAX && s->nodes >> placed & 1u)
		return fnuma_node_of(placed);
	if (!s->nodes || s->nodes & (s->nodes - 1) || s->page.n < rivals)
		return fnuma_node_unknown();
	while (!(s->nodes >> node & 1u))
		node++;
	return fnuma_node_of(node);
}

static int search(struct fnuma_xen *x, const struct xen_domain *d, const fnuma_gfn *pages,
                  struct searches *all, fnuma_node *nodes)
{
	uint64_t entries, rivals;
	const uint64_t *m2p;
	uint32_t i;
	int err = xen_error(XEN(x, m2p, &m2p, &entries));

	if (!err)
		err = look_around(x, d, pages, all, &rivals);
	if (err)
		return err;
	for (i = 0; i < all->n; i++)
		all->s[i].page = pages[i];
	qsort(all->s, all->n, sizeof(*all->s), by_page);
	go_through(x, m2p, entries, all);
	for (i = 0; i < all->n; i++) {
		struct search key;

		key.page = pages[i];
		nodes[i] = judge(d, bsearch(&key, all->s, all->n, sizeof(key), by_page), rivals);
	}
	return FNUMA_OK;
}

static int translated(struct fnuma_xen *x, const struct xen_domain *d,
                      const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	struct searches all = {NULL, NULL, n, 0};
	int err = FNUMA_E_NOMEM;

	all.s = calloc(n, sizeof(*all.s));
	all.owned = calloc(n, sizeof(*all.owned));
	if (all.s && all.owned)
		err = search(x, d, pages, &all, nodes);
	free(all.s);
	free(all.owned);
	return err;
}

/* The guest's own table, where Xen's agrees. */
static int paravirtual(struct fnuma_xen *x, const struct xen_domain *d,
                       const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	uint64_t known, *mfns = calloc(n, sizeof(*mfns));
	const uint64_t *m2p;
	uint32_t i;
	int err = mfns ? XEN(x, m2p, &m2p, &known) : -ENOMEM;

	if (!err)
		err = XEN(x, p2m, d->info.domid, pages, n, mfns);
	for (i = 0; i < n && !err; i++) {
		if (mfns[i] == UINT64_MAX)
			nodes[i] = fnuma_node_none();
		else if (mfns[i] < known && m2p[mfns[i]] == pages[i].n)
			nodes[i] = node_of_mfn(x, mfns[i]);
		else
			nodes[i] = fnuma_node_unknown();
	}
	free(mfns);
	return xen_error(err);
}

int fnuma_xen_page_nodes(struct fnuma_xen *x, fnuma_domain domain, const fnuma_gfn *pages,
                         uint32_t n, fnuma_node *nodes)
{
	struct xen_domain *d;
	uint32_t i;
	int err = xen_find_alive(x, domain, &d);

	if (!err && (n > INT32_MAX || (n && (!pages || !nodes))))
		err = FNUMA_E_INVAL;
	for (i = 0; i < n && !err; i++)
		if (pages[i].n >= d->frames)
			err = FNUMA_E_RANGE;
	if (!err && !x->counts.end[0])
		err = xen_read_counts(x);
	if (!err && n)
		err = d->info.hvm ? translated(x, d, pages, n, nodes) :
		                    paravirtual(x, d, pages, n, nodes);
	return err ? err : (int)n;
}

int xen_op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                      fnuma_node *nodes)
{
	return fnuma_xen_page_nodes(cookie, domain, pages, n, nodes);
}
