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

/* What is known of a frame while the table is gone through: 0: no candidate yet; a node + 1;
 * or */
#define SEEN_MIXED 0x7fu  /* candidates on several nodes, or on one that nobody knows */
#define SEEN_PLACED 0x80u /* besides the node: where we put it, and there is a candidate */

/* Frames looked up in a PV domain's table at once. */
#define SOME 32768u

struct some {
	fnuma_gfn gfn[SOME];
	uint64_t mfn[SOME];
};

struct search {
	const struct xen_domain *d;
	const fnuma_gfn *pages; /* NULL: all frames from `low` on */
	uint32_t n;
	uint32_t low, span; /* the least of the frames, and how many from there to the greatest */
	uint8_t *seen;      /* by frame, from `low` on */
	uint64_t *owned;    /* likewise: the privileged domain's machine frame + 1; 0: none */
	uint32_t n_owned;
	uint64_t rivals;    /* one past the highest frame of others that nobody can tell apart */
};

static fnuma_gfn page_of(const struct search *s, uint32_t i)
{
	return s->pages ? s->pages[i] : fnuma_gfn_of(s->low + i);
}

/* The next of the pages, from *at on, that are less than `below` frames above `low`. */
static uint32_t list_some(const struct search *s, uint32_t below, uint32_t *at,
                          struct some *some)
{
	uint32_t n = 0;

	for (; *at < s->n && n < SOME; (*at)++) {
		some->gfn[n] = page_of(s, *at);
		n += some->gfn[n].n - s->low < below;
	}
	return n;
}

static int look_up_owned(struct fnuma_xen *x, struct search *s, uint32_t domid)
{
	struct some *some = malloc(sizeof(*some));
	uint32_t i, n, at = 0;
	int err = some ? 0 : -ENOMEM;

	while (!err && (n = list_some(s, s->n_owned, &at, some)) > 0) {
		err = XEN(x, p2m, domid, some->gfn, n, some->mfn);
		for (i = 0; i < n && !err; i++)
			s->owned[some->gfn[i].n - s->low] = some->mfn[i] + 1;
	}
	free(some);
	return err;
}

/* The privileged domain knows its own, once they are looked up. */
static bool is_told_apart(struct fnuma_xen *x, struct search *s, const struct xen_info *info,
                          uint64_t highest)
{
	if (info->domid || info->hvm || s->owned)
		return false;
	if (highest < s->low)
		return true; /* it has none of these */
	s->n_owned = highest - s->low < s->span ? (uint32_t)(highest - s->low) + 1 : s->span;
	s->owned = calloc(s->n_owned, sizeof(*s->owned));
	if (!s->owned)
		s->n_owned = 0;
	return s->owned && !look_up_owned(x, s, info->domid);
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

			if (info[i].domid == s->d->info.domid)
				continue;
			if (XEN(x, max_gfn, info[i].domid, &highest))
				highest = UINT64_MAX - 1;
			if (!is_told_apart(x, s, &info[i], highest) && highest + 1 > s->rivals)
				s->rivals = highest + 1;
		}
	}
	return xen_error(got);
}

/* What is on no node is a hole, where Xen shows some other part of its table again. */
static void see(struct search *s, uint32_t frame, fnuma_node node)
{
	const uint8_t code = node.id == FNUMA_NODE_UNKNOWN_ID ? SEEN_MIXED :
	                                                        (uint8_t)(node.id + 1);
	uint8_t *seen = &s->seen[frame - s->low];

	if (node.id == FNUMA_NODE_NONE_ID || *seen & SEEN_PLACED)
		return;
	if (code == s->d->placed[frame])
		*seen = code | SEEN_PLACED;
	else
		*seen = !*seen || *seen == code ? code : SEEN_MIXED;
}

/* The whole table, once for all pages. */
static void go_through(const struct fnuma_xen *x, const uint64_t *m2p, uint64_t entries,
                       struct search *s)
{
	uint64_t mfn;

	for (mfn = 0; mfn < entries; mfn++) {
		const uint64_t at = m2p[mfn] - s->low;

		if (at < s->span && (at >= s->n_owned || s->owned[at] != mfn + 1))
			see(s, (uint32_t)m2p[mfn], node_of_mfn(x, mfn));
	}
}

static fnuma_node judge(const struct search *s, fnuma_gfn page)
{
	const uint8_t seen = s->seen[page.n - s->low];

	if (!seen)
		return fnuma_node_none();
	if (seen == SEEN_MIXED)
		return fnuma_node_unknown();
	if (seen & SEEN_PLACED)
		return fnuma_node_of((seen & ~SEEN_PLACED) - 1u);
	/* All who claim it agree; is the guest among them? */
	if (page.n < s->rivals && s->d->info.odd_pages)
		return fnuma_node_unknown();
	return fnuma_node_of(seen - 1u);
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
			pages[n] = page_of(s, i);
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

	memset(s->seen, 0, s->span);
	go_through(x, m2p, entries, s);
	for (i = 0; i < s->n; i++)
		if (nodes[i].id != FNUMA_NODE_NONE_ID)
			nodes[i] = judge(s, page_of(s, i));
}

static int search(struct fnuma_xen *x, struct search *s, fnuma_node *nodes)
{
	uint64_t entries;
	const uint64_t *m2p;
	uint32_t i;
	int err = xen_error(XEN(x, m2p, &m2p, &entries));

	if (!err)
		err = look_around(x, s);
	if (err)
		return err;
	go_through(x, m2p, entries, s);
	for (i = 0; i < s->n; i++)
		nodes[i] = judge(s, page_of(s, i));
	err = leave_out_xens(x, s, nodes);
	if (!err && s->rivals)
		look_again(x, m2p, entries, s, nodes);
	return err;
}

static void set_span(struct search *s)
{
	uint32_t high = page_of(s, 0).n, i;

	s->low = high;
	for (i = 1; s->pages && i < s->n; i++) {
		s->low = s->pages[i].n < s->low ? s->pages[i].n : s->low;
		high = s->pages[i].n > high ? s->pages[i].n : high;
	}
	s->span = s->pages ? high - s->low + 1 : s->n;
}

static int translated(struct fnuma_xen *x, const struct xen_domain *d,
                      const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	struct search s = {.d = d, .pages = pages, .n = n};
	int err = FNUMA_E_NOMEM;

	set_span(&s);
	s.seen = calloc(s.span, sizeof(*s.seen));
	if (s.seen)
		err = search(x, &s, nodes);
	free(s.owned);
	free(s.seen);
	return err;
}

/* The guest's own table, where Xen's agrees. A page is somewhere, if not on a node that Xen
 * has told of. */
static fnuma_node by_its_table(const struct fnuma_xen *x, const uint64_t *m2p,
                               uint64_t entries, fnuma_gfn page, uint64_t mfn)
{
	fnuma_node node = fnuma_node_unknown();

	if (mfn == UINT64_MAX)
		return fnuma_node_none();
	if (mfn < entries && m2p[mfn] == page.n)
		node = node_of_mfn(x, mfn);
	return node.id == FNUMA_NODE_NONE_ID ? fnuma_node_unknown() : node;
}

static int paravirtual(struct fnuma_xen *x, const struct xen_domain *d,
                       const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	const struct search s = {.pages = pages, .n = n};
	struct some *some = malloc(sizeof(*some));
	uint64_t entries;
	const uint64_t *m2p;
	uint32_t i, got, at = 0;
	int err = some ? XEN(x, m2p, &m2p, &entries) : -ENOMEM;

	while (!err && (got = list_some(&s, UINT32_MAX, &at, some)) > 0) {
		err = XEN(x, p2m, d->info.domid, some->gfn, got, some->mfn);
		for (i = 0; i < got && !err; i++)
			nodes[at - got + i] = by_its_table(x, m2p, entries, some->gfn[i],
			                                   some->mfn[i]);
	}
	free(some);
	return xen_error(err);
}

/* Of `n` of its pages, or of all frames if `pages` is NULL. */
static int look_at(struct fnuma_xen *x, fnuma_domain domain, struct xen_domain *d,
                   const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	int err = x->counts.end[0] ? FNUMA_OK : xen_read_counts(x);

	if (!err)
		err = d->info.hvm ? translated(x, d, pages, n, nodes) :
		                    paravirtual(x, d, pages, n, nodes);
	/* All this was of a number; is that still the same domain? */
	return err ? err : xen_find_alive(x, domain, &d);
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
	if (!err && n)
		err = look_at(x, domain, d, pages, n, nodes);
	return err ? err : (int)n;
}

/* To be answered from for a while. */
static int look_at_all(struct fnuma_xen *x, fnuma_domain domain, struct xen_domain *d)
{
	int err = FNUMA_E_NOMEM;

	if (!d->nodes)
		d->nodes = malloc(d->frames * sizeof(*d->nodes));
	if (d->nodes)
		err = look_at(x, domain, d, NULL, d->frames, d->nodes);
	d->nodes_ns = err ? 0 : xen_now(x);
	return err;
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
