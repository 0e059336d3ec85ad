/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Free pages replaced by the guest's own balloon, whatever kind of guest it is; and for a
 * PV guest, what else can and cannot be done with it.
 */
#define _GNU_SOURCE
#include "try.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGES    512u
#define PATIENCE 30.0 /* seconds, for a guest's balloon */

/* Begin and carry on until it is over. False if it is not over in time. */
static bool balloon(struct try *t, const struct guest *g, fnuma_node to)
{
	const double end = seconds_now() + PATIENCE;
	int left = fnuma_xen_balloon(t->x, g->domain, to, PAGES);

	if (left < 0) {
		note("fnuma_xen_balloon: %s", fnuma_strerror(left));
		return false;
	}
	do {
		usleep(100000);
		left = fnuma_xen_balloon_step(t->x, g->domain, seconds_now() > end);
	} while (left == 1 && seconds_now() < end + PATIENCE);
	if (left < 0)
		note("fnuma_xen_balloon_step: %s", fnuma_strerror(left));
	return left == 0;
}

static void there_and_back(struct try *t, const struct guest *g)
{
	const fnuma_node away = fnuma_node_of(0);
	struct count there, back;

	check(balloon(t, g, away),
	      "the guest's balloon gives free pages and takes others");
	count_now(t, &there);
	check(count_on(&there, g->domid, away) >= PAGES / 2 &&
	              count_on(&there, g->domid, away) <= PAGES &&
	              count_total(&there, g->domid) == count_total(&t->before, g->domid),
	      "%llu of %u free pages are replaced by others of node %u, by Xen's count",
	      (unsigned long long)count_on(&there, g->domid, away), PAGES, away.id);
	check(balloon(t, g, g->home), "and back");
	count_now(t, &back);
	check(count_on(&back, g->domid, away) < count_on(&there, g->domid, away) &&
	              count_total(&back, g->domid) == count_total(&t->before, g->domid),
	      "%llu are away then: which free pages it gives is the guest's choice",
	      (unsigned long long)count_on(&back, g->domid, away));
}

/* The node of every page, against Xen's count. */
static void nodes_of_all(struct try *t, const struct guest *g)
{
	struct fnuma_xen_domain_stats stats;
	uint64_t on[REFEREE_NODES] = {0}, unknown = 0;
	fnuma_gfn *pages;
	fnuma_node *nodes;
	bool good = true;
	struct count c;

	need(fnuma_xen_domain_stats(t->x, g->domain, &stats) == FNUMA_OK, "domain stats");
	pages = calloc(stats.frames, sizeof(*pages));
	nodes = calloc(stats.frames, sizeof(*nodes));
	need(pages && nodes, "memory");
	for (uint32_t i = 0; i < stats.frames; i++)
		pages[i] = fnuma_gfn_of(i);
	need(fnuma_xen_page_nodes(t->x, g->domain, pages, stats.frames, nodes) ==
	             (int)stats.frames,
	     "the nodes of all pages");
	count_now(t, &c);
	for (uint32_t i = 0; i < stats.frames; i++) {
		if (nodes[i].id < REFEREE_NODES)
			on[nodes[i].id]++;
		unknown += nodes[i].id == FNUMA_NODE_UNKNOWN_ID;
	}
	for (uint32_t n = 0; n < c.nodes; n++)
		good = good && on[n] <= count_on(&c, g->domid, fnuma_node_of(n)) &&
		       on[n] + unknown + 64 >= count_on(&c, g->domid, fnuma_node_of(n));
	check(good, "the nodes of %u pages agree with Xen's count (%llu unknown)",
	      stats.frames, (unsigned long long)unknown);
	note("found %llu and %llu, Xen counts %llu and %llu", (unsigned long long)on[0],
	     (unsigned long long)on[1],
	     (unsigned long long)count_on(&c, g->domid, fnuma_node_of(0)),
	     (unsigned long long)count_on(&c, g->domid, fnuma_node_of(1)));
	free(pages);
	free(nodes);
}

static void ballooned(struct try *t)
{
	struct guest *g = &t->guest[0];

	library_open(t, NULL, NULL);
	library_attach(t, g);
	there_and_back(t, g);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	library_detach(t, g);
	library_close(t);
}

static void pv(struct try *t)
{
	const fnuma_gfn page = {1000};
	struct guest *g = &t->guest[0];
	struct fnuma_result result;

	library_open(t, NULL, NULL);
	library_attach(t, g);
	nodes_of_all(t, g);
	check(fnuma_backend_move(&t->be, g->domain, &page, 1, fnuma_node_of(0),
	                         FNUMA_CONTENT_KEEP, &result, NULL) == FNUMA_E_NOTSUP,
	      "a PV guest's pages cannot be moved with their content, and it is said");
	there_and_back(t, g);
	nodes_of_all(t, g);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_balloon = {"balloon", 1, ballooned};
const struct scenario scenario_pv = {"pv", 1, pv};
