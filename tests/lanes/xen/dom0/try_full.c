/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Nodes without memory, and limits: what has room moves, the rest says why, all is exact. */
#include "filler.h"
#include "try.h"

#define DISPLACED 256u
#define ROOM      10u

/* Fill a node until the backend sees so much room, which leaves a floor of its own. */
static void leave(struct try *t, struct filler *f, fnuma_node node, uint64_t room)
{
	static struct fnuma_topology topology;
	struct count c;

	count_now(t, &c);
	need(fnuma_backend_topology(&t->be, &topology) == FNUMA_OK, "the topology");
	need(filler_fill(f, node.id,
	                 c.free[node.id] - topology.node[node.id].free_pages + room) == 0,
	     "a node that is full");
}

static void check_away(struct try *t, const struct guest *g, fnuma_node away,
                       uint64_t pages, const char *when)
{
	struct count c;

	count_now(t, &c);
	check(count_on(&c, g->domid, away) == pages &&
	              count_total(&c, g->domid) == count_total(&t->before, g->domid),
	      "%s: %llu pages are away by Xen's count, and none is lost", when,
	      (unsigned long long)count_on(&c, g->domid, away));
}

static void no_memory(struct try *t, const struct guest *g, fnuma_node away)
{
	struct filler at_home = {.xc = t->xc}, elsewhere = {.xc = t->xc};
	int reason = FNUMA_OK;
	uint32_t done;

	leave(t, &at_home, g->home, ROOM);
	done = move_pages(t, g, g->pages, DISPLACED, g->home, FNUMA_CONTENT_KEEP,
	                  &reason);
	check(done == ROOM && reason == FNUMA_E_NOMEM,
	      "a node with room for %u takes %u, and the others say: %s", ROOM, done,
	      fnuma_strerror(reason));
	check_away(t, g, away, DISPLACED - ROOM, "the home node full");
	leave(t, &elsewhere, away, 0);
	reason = FNUMA_OK;
	done = move_pages(t, g, g->pages, DISPLACED, g->home, FNUMA_CONTENT_KEEP,
	                  &reason);
	check(done <= ROOM && reason == FNUMA_E_NOMEM,
	      "no memory anywhere: nothing moves");
	check(guest_beats(t, g->domid), "the guest answers");
	need(filler_end(&at_home) == 0 && filler_end(&elsewhere) == 0,
	     "memory given back");
}

/* A guest that has all that it may have: its limit is lifted for the batch, and no longer. */
static void at_the_limit(struct try *t, const struct guest *g, fnuma_node away)
{
	xc_domaininfo_t before, now;

	need(xc_domain_getinfolist(t->xc, g->domid, 1, &before) == 1,
	     "the domain's state");
	need(xc_domain_setmaxmem(t->xc, g->domid, before.tot_pages * 4) == 0, "a limit");
	check(move_pages(t, g, g->pages, FNUMA_BATCH_MAX, away, FNUMA_CONTENT_KEEP,
	                 NULL) == FNUMA_BATCH_MAX,
	      "pages of a guest at its limit move");
	need(xc_domain_getinfolist(t->xc, g->domid, 1, &now) == 1, "the domain's state");
	check(now.max_pages == before.tot_pages && now.tot_pages == before.tot_pages,
	      "the limit is what it was");
	need(xc_domain_setmaxmem(t->xc, g->domid, before.max_pages * 4) == 0, "a limit");
}

static void full(struct try *t)
{
	const fnuma_node away = fnuma_node_of(0);
	struct guest *g = &t->guest[0];

	library_open(t, NULL, NULL);
	library_attach(t, g);
	need(move_pages(t, g, g->pages, DISPLACED, away, FNUMA_CONTENT_KEEP, NULL) ==
	             DISPLACED,
	     "pages displaced");
	no_memory(t, g, away);
	check(move_pages(t, g, g->pages, DISPLACED, g->home, FNUMA_CONTENT_KEEP, NULL) ==
	              DISPLACED,
	      "with memory there again, all come home");
	at_the_limit(t, g, away);
	move_pages(t, g, g->pages, DISPLACED, g->home, FNUMA_CONTENT_KEEP, NULL);
	check_away(t, g, away, 0, "in the end");
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_full = {"full", 1, full};
