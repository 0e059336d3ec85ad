/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A whole guest moved to another node by the toolstack's migration to the same host, while
 * it runs; the handle goes with it, and its pages can be moved as before.
 */
#include "try.h"
#include <stdlib.h>

#define BATCH 64u

static bool all_on(struct try *t, uint32_t domid, fnuma_node node, uint64_t *total)
{
	struct count c;

	count_now(t, &c);
	*total = count_total(&c, domid);
	return *total > 0 && count_on(&c, domid, node) == *total;
}

static void without_a_program(struct try *t, struct guest *g)
{
	library_open(t, NULL, NULL);
	library_attach(t, g);
	check(fnuma_backend_move_domain(&t->be, g->domain, fnuma_node_of(0)) ==
	              FNUMA_E_DENIED,
	      "without a program that does it, it is refused, and advice is given");
	library_detach(t, g);
	library_close(t);
}

static void moved(struct try *t, struct guest *g, fnuma_node to)
{
	const double begun = seconds_now();
	const uint64_t before = count_total(&t->before, g->domid);
	struct fnuma_xen_domain_stats s;
	uint64_t total;
	int err = fnuma_backend_move_domain(&t->be, g->domain, to);

	if (err) {
		note("fnuma_backend_move_domain: %s", fnuma_strerror(err));
		if (system("sed 's/^/# /' /run/migrate.log"))
			note("without a log");
	}
	need(err == FNUMA_OK &&
	             fnuma_xen_domain_stats(t->x, g->domain, &s) == FNUMA_OK,
	     "a domain moved");
	note("%.1f s of the machine", seconds_now() - begun);
	check(s.domid != g->domid, "it has another number, and the handle follows it");
	g->domid = s.domid;
	check(all_on(t, g->domid, to, &total), "all its pages are on node %u, by Xen's count",
	      to.id);
	check(total == before, "it has as many as before (%llu, %llu)",
	      (unsigned long long)before, (unsigned long long)total);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
}

static void pages_move_again(struct try *t, struct guest *g, fnuma_node to)
{
	struct count c;

	library_look_again(t, g);
	check(g->n >= BATCH && move_pages(t, g, g->pages, BATCH, to, FNUMA_CONTENT_KEEP,
	                                  NULL) == BATCH,
	      "its pages move as before");
	count_now(t, &c);
	check(count_on(&c, g->domid, to) == BATCH, "by Xen's count too");
	check(guest_well(t, g->domid), "the guest finds all its memory right");
}

static void migrate(struct try *t)
{
	struct guest *g = &t->guest[0];

	without_a_program(t, g);
	t->migrate = "/lane/migrate.sh";
	library_open(t, NULL, NULL);
	library_attach(t, g);
	moved(t, g, fnuma_node_of(0));
	pages_move_again(t, g, g->home);
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_migrate = {"migrate", 1, migrate};
