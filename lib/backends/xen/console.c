/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Xen's own counts: the answer to the debug key `u`, read from its console ring.
 *
 *	(XEN) NODE0 start->0 size->393216 free->120000
 *	(XEN) Memory location of each domain:
 *	(XEN) Domain 1 (total: 65552):          up to 4.17
 *	(XEN) d1 (total: 65552):                from 4.18 on
 *	(XEN)     Node 0: 0
 *	(XEN)     Node 1: 65552
 *
 * The ring is small and shared with everybody who prints. What is read is believed only if
 * nothing of it was overwritten, each domain is whole, and its nodes add up to its total.
 */
#include "parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_BYTES_MAX (1u << 27)
#define ANSWER_BYTES   (1u << 20) /* a longer one is lost */
#define PIECE_BYTES    (1u << 14) /* read at once: Xen's libraries copy all of it */

struct reading {
	struct xen_counts *c;
	bool begun;                /* the heading has gone by */
	bool broken;
	uint32_t room;             /* domains there is memory for */
	uint64_t total, sum;       /* of the domain being read */
	uint32_t nodes;            /* of it, so far */
};

/* A line without "(XEN) " and a timestamp, or NULL if it is not Xen's. */
static const char *text_of(const char *line)
{
	const char *end;

	if (strncmp(line, "(XEN) ", 6) != 0)
		return NULL;
	line += 6;
	end = line[0] == '[' ? strstr(line, "] ") : NULL;
	return end ? end + 2 : line;
}

static void end_domain(struct reading *r)
{
	struct xen_counts *c = r->c;

	if (!c->n)
		return;
	if (r->sum != r->total || !r->nodes || (c->nodes && r->nodes != c->nodes))
		r->broken = true;
	c->nodes = r->nodes;
}

static bool make_room(struct reading *r)
{
	struct xen_counts *c = r->c;
	uint32_t room = r->room ? 2 * r->room : 16;
	void *pages, *domid;

	if (c->n < r->room)
		return true;
	pages = realloc(c->pages, room * sizeof(*c->pages));
	if (pages)
		c->pages = pages;
	domid = realloc(c->domid, room * sizeof(*c->domid));
	if (domid)
		c->domid = domid;
	if (!pages || !domid)
		return false;
	r->room = room;
	return true;
}

static void begin_domain(struct reading *r, uint32_t domid, uint64_t total)
{
	end_domain(r);
	if (!make_room(r)) {
		r->broken = true;
		return;
	}
	r->c->domid[r->c->n] = domid;
	memset(r->c->pages[r->c->n], 0, sizeof(*r->c->pages));
	r->c->n++;
	r->total = total;
	r->sum = 0;
	r->nodes = 0;
}

static void take_node(struct reading *r, uint32_t node, uint64_t pages)
{
	if (!r->c->n || node >= FNUMA_NODES_MAX || pages > UINT32_MAX) {
		r->broken = true;
		return;
	}
	r->c->pages[r->c->n - 1][node] = (uint32_t)pages;
	r->sum += pages;
	r->nodes++;
}

static void take_range(struct xen_counts *c, uint32_t node, uint64_t start, uint64_t size)
{
	if (node >= FNUMA_NODES_MAX)
		return;
	c->start[node] = start;
	c->end[node] = start + size;
}

static void take_line(struct reading *r, const char *text)
{
	unsigned long long a, b;
	unsigned int n;

	if (sscanf(text, "NODE%u start->%llu size->%llu", &n, &a, &b) == 3)
		take_range(r->c, n, a, b);
	else if (strncmp(text, "Memory location of each domain", 30) == 0)
		r->begun = true, r->c->n = 0;
	else if (!r->begun)
		return;
	else if (sscanf(text, "Domain %u (total: %llu)", &n, &a) == 2 ||
	         sscanf(text, "d%u (total: %llu)", &n, &a) == 2)
		begin_domain(r, n, a);
	else if (sscanf(text, " Node %u: %llu", &n, &a) == 2)
		take_node(r, n, a);
}

static int take_text(struct xen_counts *c, char *text)
{
	struct reading r = {c, false, false, 0, 0, 0, 0};
	char *line, *end;

	free(c->pages);
	free(c->domid);
	c->pages = NULL;
	c->domid = NULL;
	c->n = c->nodes = 0;
	for (line = text; *line; line = end) {
		const char *rest;

		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		rest = text_of(line);
		if (rest)
			take_line(&r, rest);
	}
	end_domain(&r);
	return r.broken || !c->n ? FNUMA_E_BUSY : FNUMA_OK;
}

static int read_piece(struct fnuma_xen *x, char *text, uint32_t *bytes)
{
	*bytes = PIECE_BYTES;
	return xen_error(XEN(x, ring, text, bytes, &x->counts.index));
}

/* What was printed since the last reading, to the end; half an answer is none. */
static int read_on(struct fnuma_xen *x, char *text, uint32_t *bytes)
{
	uint32_t piece = PIECE_BYTES;
	int err = FNUMA_OK;

	for (*bytes = 0; !err && piece == PIECE_BYTES; *bytes += piece) {
		if (*bytes == ANSWER_BYTES)
			return FNUMA_E_BUSY;
		err = read_piece(x, text + *bytes, &piece);
	}
	return err;
}

/* What others have printed since then; a larger ring than this there is not. */
static int skip(struct fnuma_xen *x, char *text)
{
	uint32_t piece = PIECE_BYTES, i;
	int err = FNUMA_OK;

	for (i = 0; !err && piece == PIECE_BYTES && i < RING_BYTES_MAX / PIECE_BYTES; i++)
		err = read_piece(x, text, &piece);
	return err;
}

int xen_read_counts(struct fnuma_xen *x)
{
	char *text = malloc(ANSWER_BYTES + 1);
	uint32_t bytes, before;
	int err;

	if (!text)
		return FNUMA_E_NOMEM;
	x->counts.valid = false;
	err = skip(x, text);
	before = x->counts.index;
	if (!err)
		err = xen_error(XEN(x, key, 'u'));
	if (!err)
		err = read_on(x, text, &bytes);
	x->stats.readings++;
	if (!err && x->counts.index - bytes != before) {
		x->stats.wraps++;
		err = FNUMA_E_BUSY;
	}
	if (!err) {
		text[bytes] = '\0';
		err = take_text(&x->counts, text);
	}
	free(text);
	x->counts.read_ns = xen_now(x);
	x->counts.valid = !err;
	return err;
}

/* From the last reading, or a fresh one. One that was lost is not repeated at once either:
 * each walks every page. */
static int counts_by_now(struct fnuma_xen *x)
{
	struct xen_counts *c = &x->counts;

	if (c->read_ns && xen_now(x) - c->read_ns < x->config.counts_age_ns)
		return c->valid ? FNUMA_OK : FNUMA_E_BUSY;
	return xen_read_counts(x);
}

void xen_forget_counts(struct fnuma_xen *x)
{
	x->counts.valid = false;
	x->counts.read_ns = 0;
}

int xen_op_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts, uint32_t nodes)
{
	struct fnuma_xen *x = cookie;
	struct xen_domain *d;
	uint32_t i;
	int err = xen_find_alive(x, domain, &d);

	if (!err)
		err = counts_by_now(x);
	if (!err) /* what was read is of a number; is that still the same domain? */
		err = xen_find_alive(x, domain, &d);
	if (err)
		return err;
	for (i = 0; i < x->counts.n && x->counts.domid[i] != d->info.domid; i++)
		;
	if (i == x->counts.n) /* born after the last reading */
		return FNUMA_E_BUSY;
	memcpy(counts, x->counts.pages[i], nodes * sizeof(*counts));
	return FNUMA_OK;
}

int fnuma_xen_node_ranges(struct fnuma_xen *x, uint64_t *start, uint64_t *end,
                          uint32_t nodes)
{
	int err;

	if (!x || !start || !end || !nodes || nodes > FNUMA_NODES_MAX)
		return FNUMA_E_INVAL;
	if (!x->counts.valid) {
		err = xen_read_counts(x);
		if (err)
			return err;
	}
	memcpy(start, x->counts.start, nodes * sizeof(*start));
	memcpy(end, x->counts.end, nodes * sizeof(*end));
	return (int)x->topology.nodes;
}
