/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Pages that Xen itself refers to: what it shows of itself, each vCPU's vcpu_info, the pages
 * of event channels. Nothing tells which these are. They are among those that the guest does
 * not list: all of them are tried, and none moves. Then a caller vouches for all, as none
 * should: the first that Xen holds is found by the count, in its own batch, and it is said.
 */
#include "try.h"
#include <stdlib.h>

#define RAM_FRAMES    32768u /* of a guest of 128 MiB */
#define SPECIAL_FIRST 0xfe000u
#define SPECIAL_END   0x100000u

/* All frames of the guest that its agent does not list. */
static uint32_t unlisted(const struct guest *g, fnuma_gfn *pages)
{
	uint32_t n = 0, k = 0;

	for (uint32_t i = 0; i < SPECIAL_END; i = i == RAM_FRAMES - 1 ? SPECIAL_FIRST : i + 1) {
		while (k < g->n && g->pages[k].n < i)
			k++;
		if (k == g->n || g->pages[k].n != i)
			pages[n++] = fnuma_gfn_of(i);
	}
	return n;
}

static void refused(struct try *t, const struct guest *g, const fnuma_gfn *pages, uint32_t n)
{
	struct fnuma_xen_stats s;
	int reason = FNUMA_OK;
	const uint32_t done = move_pages(t, g, pages, n, fnuma_node_of(0),
	                                 FNUMA_CONTENT_KEEP, &reason);

	fnuma_xen_stats(t->x, &s);
	check(done == 0 && reason == FNUMA_E_DENIED && s.pauses == 0,
	      "none of the %u frames that the guest does not list moves, nor is it paused",
	      n);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
}

static bool is_stopped(struct try *t, const struct guest *g)
{
	struct fnuma_xen_domain_stats s;

	return fnuma_xen_domain_stats(t->x, g->domain, &s) == FNUMA_OK && s.stopped;
}

/* Batch by batch, until one is found. Returns how many were tried. */
static uint32_t until_found(struct try *t, const struct guest *g, const fnuma_gfn *pages,
                            uint32_t n)
{
	uint32_t i = 0;

	need(fnuma_xen_allow(t->x, g->domain, pages, n, true) == FNUMA_OK, "a liar's word");
	for (; i + FNUMA_BATCH_MAX <= n && !is_stopped(t, g); i += FNUMA_BATCH_MAX)
		move_pages(t, g, pages + i, FNUMA_BATCH_MAX, fnuma_node_of(0),
		           FNUMA_CONTENT_KEEP, NULL);
	return i;
}

static void found(struct try *t, const struct guest *g, const fnuma_gfn *pages, uint32_t n)
{
	const uint32_t tried = until_found(t, g, pages, n);
	struct fnuma_xen_stats s;
	struct count c;
	int reason = FNUMA_OK;

	fnuma_xen_stats(t->x, &s);
	check(is_stopped(t, g) && s.pinned_pages > 0,
	      "vouched for all the same, %llu that Xen holds is found among %u, %llu of "
	      "them moved",
	      (unsigned long long)s.pinned_pages, tried,
	      (unsigned long long)s.moved_pages);
	count_now(t, &c);
	check(count_total(&c, g->domid) ==
	              count_total(&t->before, g->domid) + s.pinned_pages,
	      "Xen counts the old page still");
	check(move_pages(t, g, g->pages, 1, fnuma_node_of(0), FNUMA_CONTENT_KEEP, &reason) ==
	                      0 &&
	              reason == FNUMA_E_PINNED,
	      "nothing of that guest moves from then on");
	note("the guest %s: for that page it is too late",
	     guest_beats(t, g->domid) ? "goes on" : "hangs");
}

static void pinned(struct try *t)
{
	fnuma_gfn *pages = calloc(SPECIAL_END, sizeof(*pages));
	struct guest *g = &t->guest[0];
	uint32_t n;

	need(pages != NULL, "memory");
	library_open(t, NULL, NULL);
	library_attach(t, g);
	need(g->n > 0, "pages listed");
	n = unlisted(g, pages);
	refused(t, g, pages, n);
	found(t, g, pages, n);
	free(pages);
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_pinned = {"pinned", 1, pinned};
