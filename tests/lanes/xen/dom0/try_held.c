/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Pages that somebody else refers to. Granted ones are seen, and left alone. Of one that
 * is mapped by a program in the privileged domain nothing tells before; it is found by the
 * count, and no other page of that guest moves from then on.
 */
#define _GNU_SOURCE
#include "try.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

#define GRANTS 8u
#define BATCH  16u

static bool is_in(const fnuma_gfn *pages, uint32_t n, fnuma_gfn page)
{
	for (uint32_t i = 0; i < n; i++)
		if (pages[i].n == page.n)
			return true;
	return false;
}

/* Of what is listed now, what was not before. */
static uint32_t newly_listed(struct try *t, const struct guest *g, fnuma_gfn *pages,
                             uint32_t max)
{
	fnuma_gfn cursor = {0}, page;
	uint32_t n = 0;

	need(fnuma_xen_find_agent(t->x, g->domain) == FNUMA_OK, "the guest's agent");
	while (n < max &&
	       fnuma_xen_listed(t->x, g->domain, false, &cursor, &page, 1) == 1)
		if (!is_in(g->pages, g->n, page))
			pages[n++] = page;
	return n;
}

static void granted(struct try *t, struct guest *g)
{
	struct fnuma_xen_stats s;
	fnuma_gfn pages[GRANTS];
	uint32_t n, done;
	struct count c;
	int reason = FNUMA_OK;

	need(guest_ask(t, g->domid, "grant", GRANTS), "granted pages");
	n = newly_listed(t, g, pages, GRANTS);
	check(n == GRANTS, "the guest lists %u pages that it has granted", n);
	done = move_pages(t, g, pages, n, fnuma_node_of(0), FNUMA_CONTENT_KEEP, &reason);
	fnuma_xen_stats(t->x, &s);
	check(done == 0 && reason == FNUMA_E_PINNED && s.granted_pages >= n,
	      "granted pages are refused, and said to be pinned");
	count_now(t, &c);
	check(count_on(&c, g->domid, g->home) == count_on(&t->before, g->domid, g->home),
	      "none of them moved, by Xen's count");
	check(guest_ask(t, g->domid, "end-grants", 0), "the guest ends its grants");
	check(guest_well(t, g->domid), "the guest is well");
}

static bool is_stopped(struct try *t, const struct guest *g)
{
	struct fnuma_xen_domain_stats s;

	return fnuma_xen_domain_stats(t->x, g->domain, &s) == FNUMA_OK && s.stopped;
}

static void check_total(struct try *t, const struct guest *g, uint64_t more,
                        const char *what)
{
	struct count c;

	count_now(t, &c);
	check(count_total(&c, g->domid) == count_total(&t->before, g->domid) + more, "%s",
	      what);
}

static void mapped(struct try *t, struct guest *g)
{
	xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
	const xen_pfn_t frame = g->pages[BATCH / 2].n;
	int err = -1, reason = FNUMA_OK;
	void *at = memory ? xenforeignmemory_map(memory, g->domid, PROT_READ, 1, &frame,
	                                         &err)
	                  : NULL;
	struct fnuma_xen_stats s;

	need(at && !err, "a page of the guest, mapped");
	move_pages(t, g, g->pages, BATCH, fnuma_node_of(0), FNUMA_CONTENT_KEEP, NULL);
	fnuma_xen_stats(t->x, &s);
	check(s.pinned_pages == 1 && is_stopped(t, g),
	      "a page that another program has mapped is found, and the guest's moves "
	      "stop");
	check_total(t, g, 1, "its old page is still counted by Xen");
	check(move_pages(t, g, g->pages + BATCH, BATCH, fnuma_node_of(0),
	                 FNUMA_CONTENT_KEEP, &reason) == 0 &&
	              reason == FNUMA_E_PINNED,
	      "no other page of that guest moves from then on");
	check(guest_well(t, g->domid),
	      "the guest, which Xen does not hold to it, is well");
	xenforeignmemory_unmap(memory, at, 1);
	xenforeignmemory_close(memory);
	check_total(t, g, 0, "with the mapping the old page goes");
}

/* After a human has looked: attached anew, it moves again. */
static void again(struct try *t, struct guest *g)
{
	struct count c;

	library_detach(t, g);
	library_attach(t, g);
	check(move_pages(t, g, g->pages, BATCH, g->home, FNUMA_CONTENT_KEEP, NULL) ==
	              BATCH,
	      "attached anew, its pages come home");
	count_now(t, &c);
	check(count_on(&c, g->domid, g->home) == count_on(&t->before, g->domid, g->home),
	      "all of them, by Xen's count");
}

static void held(struct try *t)
{
	struct guest *g = &t->guest[0];

	library_open(t, NULL, NULL);
	library_attach(t, g);
	granted(t, g);
	mapped(t, g);
	again(t, g);
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_held = {"held", 1, held};
