/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Conditions about what a backend says, and the end of a domain. */
#include "suite.h"
#include <string.h>

static void the_host_has_possible_nodes_and_keeps_them(struct run *r)
{
	static struct fnuma_topology first, second;
	uint32_t node;

	REQUIRE(r, fnuma_backend_topology(&r->be, &first) == FNUMA_OK, "no topology");
	REQUIRE(r, fnuma_backend_topology(&r->be, &second) == FNUMA_OK, "no topology");
	REQUIRE(r, first.nodes == second.nodes && first.page_bytes == second.page_bytes,
	        "nodes or page size changed");
	for (node = 0; node < first.nodes; node++)
		REQUIRE(r, first.node[node].size_pages == second.node[node].size_pages,
		        "a node's size changed");
	REQUIRE(r, memcmp(first.distance, second.distance, sizeof(first.distance)) == 0,
	        "distances changed");
}

static void the_domain_and_its_peer_are_alive(struct run *r)
{
	REQUIRE(r, fnuma_backend_alive(&r->be, r->t->domain) == FNUMA_OK, "the domain is not");
	if (r->be.caps & FNUMA_CAP_FLIP)
		REQUIRE(r, fnuma_backend_alive(&r->be, r->t->peer) == FNUMA_OK,
		        "the peer is not");
}

static void a_handle_of_another_generation_is_refused_by_every_operation(struct run *r)
{
	fnuma_domain other = r->t->domain;

	if (!hold_pages(r, 1))
		r->failed = r->skipped = NULL; /* any page will do */
	other.generation++;
	REQUIRE(r, all_refuse(r, other), "the next generation was not refused");
	other.generation = 0;
	REQUIRE(r, all_refuse(r, other), "generation 0, which is nobody, was not refused");
}

/* Pages of the domain by node, as page_nodes has them; [64] unknown, [65] none. */
static bool count_pages(struct run *r, uint32_t *seen)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t at, i, n;

	memset(seen, 0, (FNUMA_NODES_MAX + 2) * sizeof(*seen));
	for (at = 0; at < r->t->frames; at += n) {
		n = r->t->frames - at < FNUMA_BATCH_MAX ? r->t->frames - at : FNUMA_BATCH_MAX;
		for (i = 0; i < n; i++)
			pages[i] = fnuma_gfn_of(at + i);
		if (fnuma_backend_page_nodes(&r->be, r->t->domain, pages, n, nodes) < 0)
			return false;
		for (i = 0; i < n; i++) {
			bool none = nodes[i].id == FNUMA_NODE_NONE_ID;

			seen[is_on_host(r, nodes[i]) ? nodes[i].id
			                             : FNUMA_NODES_MAX + none]++;
		}
	}
	return true;
}

static void counts_of_nodes_agree_with_the_nodes_of_pages(struct run *r)
{
	uint32_t counts[FNUMA_NODES_MAX], seen[FNUMA_NODES_MAX + 2], node;
	uint64_t counted = 0, unknown, none;

	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, counts,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	REQUIRE(r, count_pages(r, seen), "page_nodes refused a batch of the domain's frames");
	unknown = seen[FNUMA_NODES_MAX];
	none = seen[FNUMA_NODES_MAX + 1];
	for (node = 0; node < FNUMA_NODES_MAX; node++) {
		REQUIRE(r, node < r->topology.nodes || counts[node] == 0,
		        "pages counted on a node that the host does not have");
		REQUIRE(r, counts[node] >= seen[node], "more pages on a node than counted");
		REQUIRE(r, counts[node] - seen[node] <= unknown,
		        "more pages counted on a node than are or may be there");
		counted += counts[node];
	}
	REQUIRE(r, counted == r->t->frames - none, "the counts do not add up to the pages");
}

static void nodes_of_pages_are_known_one_by_one_and_in_full_batches(struct run *r)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	fnuma_node nodes[FNUMA_BATCH_MAX], one;
	uint32_t i, known = 0, n = FNUMA_BATCH_MAX;

	if (!hold_pages(r, 1))
		return;
	REQUIRE(r, fnuma_backend_page_nodes(&r->be, r->t->domain, r->held, 1, &one) == 1,
	        "a batch of one page was refused");
	REQUIRE(r, is_on_host(r, one), "nobody knows where a page in use is");
	if (r->t->frames < n)
		n = r->t->frames;
	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of(n - 1 - i);
	REQUIRE(r, fnuma_backend_page_nodes(&r->be, r->t->domain, pages, n, nodes) == (int)n,
	        "a full batch was refused");
	for (i = 0; i < n; i++)
		known += nodes[i].id != FNUMA_NODE_UNKNOWN_ID;
	REQUIRE(r, known > 0, "nothing is known of any page");
}

static void a_frame_beyond_the_domain_is_on_no_node(struct run *r)
{
	const uint32_t frames = r->t->frames;
	const uint32_t beyond[] = {frames, frames + 1, FNUMA_GFN_NONE_N - 1};
	size_t i;

	for (i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		fnuma_gfn page = fnuma_gfn_of(beyond[i]);
		fnuma_node node = fnuma_node_unknown();

		if (beyond[i] < frames || beyond[i] == FNUMA_GFN_NONE_N)
			continue;
		fnuma_backend_page_nodes(&r->be, r->t->domain, &page, 1, &node);
		REQUIRE(r, !is_on_host(r, node), "a node was named");
	}
}

static void a_probe_finds_pages_where_they_are(struct run *r)
{
	uint32_t i;

	if (!hold_pages(r, SOME))
		return;
	for (i = 0; i < r->n_held; i++) {
		fnuma_node node = where(r, r->held[i]);

		REQUIRE(r, fnuma_backend_probe(&r->be, r->t->domain, &r->held[i], 1,
		                               r->results) == 1, "a page was refused");
		REQUIRE(r, r->results[0].outcome == FNUMA_DONE, "a page was not found");
		REQUIRE(r, !is_on_host(r, node) || node.id == r->results[0].node.id,
		        "a page was found elsewhere");
	}
	REQUIRE(r, fnuma_backend_probe(&r->be, r->t->domain, r->held, r->n_held,
	                               r->results) == (int)r->n_held, "a batch was refused");
}

static void a_probe_finds_nothing_beyond_the_domain(struct run *r)
{
	fnuma_gfn page = fnuma_gfn_of(r->t->frames);
	int ret = fnuma_backend_probe(&r->be, r->t->domain, &page, 1, r->results);

	REQUIRE(r, ret < 0 || r->results[0].outcome != FNUMA_DONE, "a page was found");
}

const struct condition fnuma_conformance_queries[] = {
	{"the host has possible nodes and keeps them", 0,
	 the_host_has_possible_nodes_and_keeps_them},
	{"the domain and its peer are alive", 0, the_domain_and_its_peer_are_alive},
	{"a handle of another generation is refused by every operation", 0,
	 a_handle_of_another_generation_is_refused_by_every_operation},
	{"counts of nodes agree with the nodes of pages",
	 FNUMA_CAP_NODE_COUNTS | FNUMA_CAP_PAGE_NODES,
	 counts_of_nodes_agree_with_the_nodes_of_pages},
	{"nodes of pages are known one by one and in full batches", FNUMA_CAP_PAGE_NODES,
	 nodes_of_pages_are_known_one_by_one_and_in_full_batches},
	{"a frame beyond the domain is on no node", FNUMA_CAP_PAGE_NODES,
	 a_frame_beyond_the_domain_is_on_no_node},
	{"a probe finds pages where they are", FNUMA_CAP_PROBE,
	 a_probe_finds_pages_where_they_are},
	{"a probe finds nothing beyond the domain", FNUMA_CAP_PROBE,
	 a_probe_finds_nothing_beyond_the_domain},
	{NULL, 0, NULL},
};

/* The end. */

static uint64_t total(const uint32_t *counts)
{
	uint64_t sum = 0;
	uint32_t node;

	for (node = 0; node < FNUMA_NODES_MAX; node++)
		sum += counts[node];
	return sum;
}

static void a_whole_domain_moves_to_a_node(struct run *r)
{
	uint32_t before[FNUMA_NODES_MAX], after[FNUMA_NODES_MAX];

	NEED(r, r->t->may_move_domain, "target.may_move_domain is not set");
	NEED(r, r->be.caps & FNUMA_CAP_NODE_COUNTS, "no NODE_COUNTS to see it by");
	if (!hold_pages_to_move(r, 1))
		return;
	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, before,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	NEED(r, r->topology.node[r->to.id].free_pages >= total(before),
	     "no other node with room for all of it");
	REQUIRE(r, fnuma_backend_move_domain(&r->be, r->t->domain, r->to) == FNUMA_OK,
	        "it was refused");
	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, after,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	REQUIRE(r, total(after) == total(before), "pages were lost or found");
	REQUIRE(r, after[r->to.id] == total(after), "not all of it is there");
	REQUIRE(r, all_on(r, r->held, r->n_held, r->to), "a page of it is not there");
}

static void a_domain_that_ended_is_refused_by_every_operation(struct run *r)
{
	NEED(r, r->t->kill, "no target.kill");
	REQUIRE(r, r->t->kill(r->t->cookie) == 0, "it could not be ended");
	REQUIRE(r, all_refuse(r, r->t->domain), "an operation did not refuse it");
}

const struct condition fnuma_conformance_ends[] = {
	{"a whole domain moves to a node", FNUMA_CAP_MOVE_DOMAIN,
	 a_whole_domain_moves_to_a_node},
	{"a domain that ended is refused by every operation", 0,
	 a_domain_that_ended_is_refused_by_every_operation},
	{NULL, 0, NULL},
};
