/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A guest destroyed in the middle of a batch, and another that gets its number: what the
 * journal says of the first is nothing to the second.
 */
#define _GNU_SOURCE
#include "try.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 32u

struct end {
	struct try *t;
	bool done;
};

/* The journal as a mover leaves it that dies at this moment. */
static void keep_journal(void)
{
	need(system("cp " FNUMA_XEN_JOURNAL " /run/kept.journal") == 0,
	     "a copy of the journal");
}

static void destroy_before_swap(void *cookie, const char *name, uint64_t number)
{
	struct end *e = cookie;

	(void)number;
	if (e->done || strcmp(name, "swap") != 0)
		return;
	e->done = true;
	keep_journal();
	xc_domain_destroy(e->t->xc, e->t->guest[0].domid);
}

static bool is_gone(struct try *t, uint32_t domid)
{
	const double end = seconds_now() + 30;
	xc_domaininfo_t info;

	do {
		if (xc_domain_getinfolist(t->xc, domid, 1, &info) != 1 ||
		    info.domain != domid)
			return true;
		xc_domain_destroy(t->xc, domid);
		usleep(200000);
	} while (seconds_now() < end);
	return false;
}

static void in_mid_batch(struct try *t, struct guest *g)
{
	struct end e = {.t = t};
	int alive;

	library_open(t, destroy_before_swap, &e);
	library_attach(t, g);
	need(g->n >= BATCH, "pages listed");
	note("destroyed before a swap: %u pages of %u done",
	     move_pages(t, g, g->pages, BATCH, fnuma_node_of(0), FNUMA_CONTENT_KEEP,
	                NULL),
	     BATCH);
	check(e.done, "the guest was destroyed in the middle of a batch");
	alive = fnuma_backend_alive(&t->be, g->domain);
	check(alive == FNUMA_E_GONE || alive == FNUMA_E_STALE,
	      "its handle is refused: %s", fnuma_strerror(alive));
	library_detach(t, g);
	check(is_gone(t, g->domid), "nothing of it is left in Xen");
	library_close(t);
}

/* The newcomer is paused, as every domain that is being built. */
static void newcomer(struct try *t, uint32_t domid)
{
	struct xen_domctl_createdomain config = {.handle = {1, 2, 3},
	                                         .max_vcpus = 1,
	                                         .max_evtchn_port = 1023,
	                                         .max_grant_frames = 4,
	                                         .max_maptrack_frames = 4,
	                                         .grant_opts =
	                                                 XEN_DOMCTL_GRANT_version(1)};
	struct fnuma_xen_domain_config attach = {.domid = domid, .uuid = {9}};
	xc_domaininfo_t before, now;
	fnuma_domain domain;

	need(xc_domain_create(t->xc, &domid, &config) == 0 &&
	             xc_domain_setmaxmem(t->xc, domid, 4000) == 0,
	     "a domain with the same number");
	need(xc_domain_getinfolist(t->xc, domid, 1, &before) == 1, "its state");
	need(system("cp /run/kept.journal " FNUMA_XEN_JOURNAL) == 0, "the journal");
	library_open(t, NULL, NULL);
	need(xc_domain_getinfolist(t->xc, domid, 1, &now) == 1, "its state");
	check(now.domain == domid && now.flags == before.flags &&
	              now.max_pages == before.max_pages,
	      "a domain that got the number is left as it is: paused, its limit its own");
	check(fnuma_xen_attach(t->x, &attach, &domain) == FNUMA_E_STALE,
	      "by the UUID of another it cannot be attached");
	library_close(t);
	xc_domain_destroy(t->xc, domid);
}

static void ended(struct try *t)
{
	struct guest *g = &t->guest[0];

	in_mid_batch(t, g);
	newcomer(t, g->domid);
}

const struct scenario scenario_ended = {"ended", 1, ended};
