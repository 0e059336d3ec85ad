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

/* Machine frames that the privileged domain has behind the pages searched. */
struct owned {
	uint64_t mfn[FNUMA_BATCH_MAX];
	uint32_t n;
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

static int add_owned(struct fnuma_xen *x, const fnuma_gfn *pages, uint32_t n,
                     struct owned *o)
{
	uint64_t mfns[FNUMA_BATCH_MAX];
	uint32_t i;
	int err = XEN(x, p2m, 0, pages, n, mfns);

	for (i = 0; i < n && !err; i++)
		if (mfns[i] != UINT64_MAX)
			o->mfn[o->n++] = mfns[i];
	return err;
}

/* Goes through all other domains. `rivals` becomes one past the highest frame that one of
 * them has whose machine frames nobody knows. */
static int look_around(struct fnuma_xen *x, const struct xen_domain *d,
                       const fnuma_gfn *pages, uint32_t n, struct owned *o, uint64_t *rivals)
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
			if (!info[i].domid && !info[i].hvm && !add_owned(x, pages, n, o))
				continue;
			if (XEN(x, max_gfn, info[i].domid, &highest))
				highest = UINT64_MAX - 1;
			if (highest + 1 > *rivals)
				*rivals = highest + 1;
		}
	}
	return xen_error(got);
}

/* The whole table, once for all pages of a batch. */
static void go_through(const struct fnuma_xen *x, const uint64_t *m2p, uint64_t entries,
                       const struct owned *o, struct search *s, uint32_t n)
{
	const uint64_t low = s[0].page.n, span = s[n - 1].page.n - low;
	uint64_t mfn;

	for (mfn = 0; mfn < entries; mfn++) {
		struct search key, *hit;

		if (m2p[mfn] - low > span)
			continue;
		key.page = fnuma_gfn_of((uint32_t)m2p[mfn]);
		hit = bsearch(&key, s, n, sizeof(*s), by_page);
		if (!hit || (o->n && bsearch(&mfn, o->mfn, o->n, sizeof(mfn), by_mfn)))
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

static int translated(struct fnuma_xen *x, const struct xen_domain *d,
                      const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	struct search s[FNUMA_BATCH_MAX];
	struct owned o = {{0}, 0};
	uint64_t entries, rivals;
	const uint64_t *m2p;
	uint32_t i;
	int err = xen_error(XEN(x, m2p, &m2p, &entries));

	if (!err)
		err = look_around(x, d, pages, n, &o, &rivals);
	if (err)
		return err;
	memset(s, 0, sizeof(s));
	for (i = 0; i < n; i++)
		s[i].page = pages[i];
	qsort(s, n, sizeof(*s), by_page);
	if (o.n)
		qsort(o.mfn, o.n, sizeof(*o.mfn), by_mfn);
	go_through(x, m2p, entries, &o, s, n);
	for (i = 0; i < n; i++) {
		struct search key;

		key.page = pages[i];
		nodes[i] = judge(d, bsearch(&key, s, n, sizeof(*s), by_page), rivals);
	}
	return FNUMA_OK;
}

/* The guest's own table, where Xen's agrees. */
static int paravirtual(struct fnuma_xen *x, const struct xen_domain *d,
                       const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	uint64_t mfns[FNUMA_BATCH_MAX], known;
	const uint64_t *m2p;
	uint32_t i;
	int err = XEN(x, m2p, &m2p, &known);

	if (!err)
		err = XEN(x, p2m, d->info.domid, pages, n, mfns);
	if (err)
		return xen_error(err);
	for (i = 0; i < n; i++) {
		if (mfns[i] == UINT64_MAX)
			nodes[i] = fnuma_node_none();
		else if (mfns[i] < known && m2p[mfns[i]] == pages[i].n)
			nodes[i] = node_of_mfn(x, mfns[i]);
		else
			nodes[i] = fnuma_node_unknown();
	}
	return FNUMA_OK;
}

int xen_op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                      fnuma_node *nodes)
{
	struct fnuma_xen *x = cookie;
	struct xen_domain *d;
	uint32_t i;
	int err = xen_find_alive(x, domain, &d);

	for (i = 0; i < n && !err; i++)
		if (pages[i].n >= d->frames)
			err = FNUMA_E_RANGE;
	if (!err && !x->counts.end[0])
		err = xen_read_counts(x);
	if (!err)
		err = d->info.hvm ? translated(x, d, pages, n, nodes) :
		                    paravirtual(x, d, pages, n, nodes);
	return err ? err : (int)n;
}
