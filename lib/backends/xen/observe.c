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

/* What Xen says of a node is where it begins and ends; where two reach into each other,
 * nobody knows. */
static fnuma_node node_of_mfn(const struct fnuma_xen *x, uint64_t mfn)
{
	fnuma_node node = fnuma_node_none();
	uint32_t i;

	for (i = 0; i < x->topology.nodes; i++) {
		if (mfn < x->counts.start[i] || mfn >= x->counts.end[i])
			continue;
		if (node.id != FNUMA_NODE_NONE_ID)
			return fnuma_node_unknown();
		node = fnuma_node_of(i);
	}
	return node;
}

/* Of a page while the table is gone through: a node, or */
#define SEEN_NONE 0xfeu  /* no candidate yet */
#define SEEN_MIXED 0xfdu /* candidates on several nodes */
#define SEEN_PLACED 0x40u /* besides the node: where we put it, and there is a candidate */

struct search {
	const struct xen_domain *d;
	const fnuma_gfn *pages;
	uint32_t n;
	uint32_t low, span; /* the least of the frames, and how many from there to the greatest */
	uint32_t *at;      /* of these: 1 + its place among the pages; 0: not searched */
	uint64_t *owned;   /* the privileged domain's machine frame of that number */
	uint8_t *seen;
	uint64_t rivals;   /* one past the highest frame of others that nobody can tell apart */
};

/* The privileged domain knows its own. */
static bool is_told_apart(struct fnuma_xen *x, struct search *s, const struct xen_info *info)
{
	return !info->domid && !info->hvm && !XEN(x, p2m, 0, s->pages, s->n, s->owned);
}

static int look_around(struct fnuma_xen *x, struct search *s)
{
	struct xen_info info[LIST];
	uint32_t first = 0;
	int i, got;

	while ((got = XEN(x, list, first, info, LIST)) > 0) {
		first = info[got - 1].domid + 1;
		for (i = 0; i < got; i++) {
			uint64_t highest = 0;

			if (info[i].domid == s->d->info.domid || is_told_apart(x, s, &info[i]))
				continue;
			if (XEN(x, max_gfn, info[i].domid, &highest))
				highest = UINT64_MAX - 1;
			if (highest + 1 > s->rivals)
				s->rivals = highest + 1;
		}
	}
	return xen_error(got);
}

/* What is on no node is a hole, where Xen shows some other part of its table again. */
static void see(struct search *s, uint32_t i, uint8_t node)
{
	uint8_t *seen = &s->seen[i];

	if (node == FNUMA_NODE_NONE_ID ||
	    (*seen != SEEN_NONE && *seen != SEEN_MIXED && *seen & SEEN_PLACED))
		return;
	if (node == s->d->placed[s->pages[i].n])
		*seen = node | SEEN_PLACED;
	else if (node == FNUMA_NODE_UNKNOWN_ID)
		*seen = SEEN_MIXED;
	else if (*seen == SEEN_NONE)
		*seen = node;
	else if (*seen != node)
		*seen = SEEN_MIXED;
}

/* The whole table, once for all pages. */
static void go_through(const struct fnuma_xen *x, const uint64_t *m2p, uint64_t entries,
                       struct search *s)
{
	uint64_t mfn;

	for (mfn = 0; mfn < entries; mfn++) {
		uint64_t frame = m2p[mfn] - s->low;
		uint32_t at = frame < s->span ? s->at[frame] : 0;

		if (at && s->owned[at - 1] != mfn)
			see(s, at - 1, node_of_mfn(x, mfn).id);
	}
}

static fnuma_node judge(const struct search *s, uint32_t i)
{
	const uint8_t seen = s->seen[i];

	if (seen == SEEN_NONE)
		return fnuma_node_none();
	if (seen == SEEN_MIXED)
		return fnuma_node_unknown();
	if (seen & SEEN_PLACED)
		return fnuma_node_of(seen & ~SEEN_PLACED);
	/* All who claim it agree; is the guest among them? */
	if (s->pages[i].n < s->rivals && s->d->info.odd_pages)
		return fnuma_node_unknown();
	return fnuma_node_of(seen);
}

/* What Xen shows the guest of its own is behind a frame, but no page of the guest's. */
static int leave_out_xens(struct fnuma_xen *x, const struct search *s, fnuma_node *nodes)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint32_t at[FNUMA_BATCH_MAX], i, k, n = 0;
	bool own[FNUMA_BATCH_MAX];
	int err = 0;

	for (i = 0; i < s->n && !err; i++) {
		if (nodes[i].id != FNUMA_NODE_NONE_ID) {
			pages[n] = s->pages[i];
			at[n++] = i;
		}
		if (n < FNUMA_BATCH_MAX && (i + 1 < s->n || !n))
			continue;
		err = XEN(x, own, s->d->info.domid, pages, n, own);
		for (k = 0; k < n && !err; k++)
			if (!own[k])
				nodes[at[k]] = fnuma_node_none();
		n = 0;
	}
	return xen_error(err);
}

/* Pages that came to the guest while the table was gone through were only others' then. */
static void look_again(const struct fnuma_xen *x, const uint64_t *m2p, uint64_t entries,
                       struct search *s, fnuma_node *nodes)
{
	uint32_t i;

	memset(s->seen, SEEN_NONE, s->n);
	go_through(x, m2p, entries, s);
	for (i = 0; i < s->n; i++)
		if (nodes[i].id != FNUMA_NODE_NONE_ID)
			nodes[i] = judge(s, i);
}

static int search(struct fnuma_xen *x, struct search *s, fnuma_node *nodes)
{
	uint64_t entries;
	const uint64_t *m2p;
	uint32_t i;
	int err = xen_error(XEN(x, m2p, &m2p, &entries));

	for (i = 0; i < s->n; i++) {
		s->at[s->pages[i].n - s->low] = i + 1;
		s->owned[i] = UINT64_MAX;
	}
	memset(s->seen, SEEN_NONE, s->n);
	if (!err)
		err = look_around(x, s);
	if (err)
		return err;
	go_through(x, m2p, entries, s);
	for (i = 0; i < s->n; i++)
		nodes[i] = judge(s, i);
	err = leave_out_xens(x, s, nodes);
	if (!err && s->rivals)
		look_again(x, m2p, entries, s, nodes);
	return err;
}

static void set_span(struct search *s)
{
	uint32_t high = s->pages[0].n, i;

	s->low = high;
	for (i = 1; i < s->n; i++) {
		s->low = s->pages[i].n < s->low ? s->pages[i].n : s->low;
		high = s->pages[i].n > high ? s->pages[i].n : high;
	}
	s->span = high - s->low + 1;
}

static int translated(struct fnuma_xen *x, const struct xen_domain *d,
                      const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	struct search s = {.d = d, .pages = pages, .n = n};
	int err = FNUMA_E_NOMEM;

	set_span(&s);
	s.at = calloc(s.span, sizeof(*s.at));
	s.owned = calloc(n, sizeof(*s.owned));
	s.seen = malloc(n);
	if (s.at && s.owned && s.seen)
		err = search(x, &s, nodes);
	free(s.at);
	free(s.owned);
	free(s.seen);
	return err;
}

/* A page is somewhere, if not on a node that Xen has told of. */
static fnuma_node known_node_of(const struct fnuma_xen *x, uint64_t mfn)
{
	const fnuma_node node = node_of_mfn(x, mfn);

	return node.id == FNUMA_NODE_NONE_ID ? fnuma_node_unknown() : node;
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
			nodes[i] = known_node_of(x, mfns[i]);
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
	if (!err && n) /* all this was of a number; is that still the same domain? */
		err = xen_find_alive(x, domain, &d);
	return err ? err : (int)n;
}

/* All of the domain in one walk, to be answered from for a while. */
static int look_at_all(struct fnuma_xen *x, fnuma_domain domain, struct xen_domain *d)
{
	fnuma_gfn *pages = malloc(d->frames * sizeof(*pages));
	uint32_t i;
	int err = FNUMA_E_NOMEM;

	if (!d->nodes)
		d->nodes = malloc(d->frames * sizeof(*d->nodes));
	for (i = 0; pages && i < d->frames; i++)
		pages[i] = fnuma_gfn_of(i);
	if (pages && d->nodes)
		err = fnuma_xen_page_nodes(x, domain, pages, d->frames, d->nodes);
	free(pages);
	d->nodes_ns = err < 0 ? 0 : xen_now(x);
	return err < 0 ? err : FNUMA_OK;
}

int xen_op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                      fnuma_node *nodes)
{
	struct fnuma_xen *x = cookie;
	struct xen_domain *d;
	uint32_t i;
	int err;

	if (!x->config.nodes_age_ns)
		return fnuma_xen_page_nodes(x, domain, pages, n, nodes);
	err = xen_find_alive(x, domain, &d);
	for (i = 0; i < n && !err; i++)
		if (pages[i].n >= d->frames)
			err = FNUMA_E_RANGE;
	if (!err && (!d->nodes_ns || xen_now(x) - d->nodes_ns >= x->config.nodes_age_ns))
		err = look_at_all(x, domain, d);
	for (i = 0; i < n && !err; i++)
		nodes[i] = d->nodes[pages[i].n];
	return err ? err : (int)n;
}
