/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Conditions about what a backend does to pages. */
#include "suite.h"
#include <string.h>

/* Is `page` among these? */
static bool is_in(const fnuma_gfn *pages, uint32_t n, fnuma_gfn page)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (pages[i].n == page.n)
			return true;
	return false;
}

/* A page that the domain does not have, if a number is left for one. */
static bool find_beyond(const struct run *r, fnuma_gfn *page)
{
	*page = fnuma_gfn_of(r->t->frames);
	return page->n != FNUMA_GFN_NONE_N;
}

/* Acquiring and releasing. The pages acquired are held, and so are dropped in the end. */

static int acquire_more(struct run *r, uint32_t n)
{
	fnuma_gfn *more = r->held + r->n_held;
	int i, got = fnuma_backend_acquire(&r->be, r->t->domain, more, n, r->results);
	bool sure = true;

	r->acquired = true;
	for (i = 0; i < got; i++) {
		if (more[i].n >= r->t->frames || is_in(r->held, r->n_held, more[i]))
			return -1;
		sure &= r->results[i].outcome == FNUMA_DONE;
		r->n_held++;
	}
	return sure ? got : -1;
}

/* Pages acquired must go back by release, whatever the target's own pages are. */
static bool release_all(struct run *r)
{
	int done = 0;

	if (r->n_held)
		done = fnuma_backend_release(&r->be, r->t->domain, r->held, r->n_held,
		                             r->results);
	if (done != (int)r->n_held)
		return false;
	r->n_held = 0;
	return true;
}

static void acquired_pages_are_the_domains_and_never_the_same_twice(struct run *r)
{
	REQUIRE(r, acquire_more(r, 1) == 1, "one page could not be had, or is none");
	REQUIRE(r, acquire_more(r, SOME) > 0, "no more pages, or one that was out already");
	REQUIRE(r, acquire_more(r, SOME) > 0, "no more pages, or one that was out already");
	REQUIRE(r, release_all(r), "not every page could be released");
}

static void acquired_pages_are_where_the_results_say(struct run *r)
{
	int i, got = acquire_more(r, SOME);

	REQUIRE(r, got > 0, "no pages could be had");
	for (i = 0; i < got; i++)
		REQUIRE(r, r->results[i].node.id == FNUMA_NODE_UNKNOWN_ID ||
		           all_on(r, &r->held[i], 1, r->results[i].node),
		        "a page is on another node");
	REQUIRE(r, release_all(r), "not every page could be released");
}

static void a_page_released_can_be_had_again_but_not_released_twice(struct run *r)
{
	struct fnuma_result result;
	fnuma_gfn page;

	REQUIRE(r, acquire_more(r, 1) == 1, "no page could be had");
	page = r->held[0];
	REQUIRE(r, release_all(r), "a single page could not be released");
	REQUIRE(r, fnuma_backend_release(&r->be, r->t->domain, &page, 1, &result) == 0,
	        "a page was released twice");
	REQUIRE(r, result.outcome == FNUMA_NOT_DONE &&
	           (result.reason == FNUMA_E_STATE || result.reason == FNUMA_E_GONE),
	        "a page released twice is not said to be in the wrong state");
	REQUIRE(r, acquire_more(r, SOME) > 0, "no page could be had again");
	REQUIRE(r, release_all(r), "not every page could be released");
}

static void a_frame_beyond_the_domain_is_released_by_nobody(struct run *r)
{
	struct fnuma_result result;
	fnuma_gfn page;

	NEED(r, find_beyond(r, &page), "every frame number is the domain's");
	REQUIRE(r, fnuma_backend_release(&r->be, r->t->domain, &page, 1, &result) <= 0,
	        "it was released");
}

const struct condition fnuma_conformance_pools[] = {
	{"acquired pages are the domain's and never the same twice", FNUMA_CAP_ACQUIRE,
	 acquired_pages_are_the_domains_and_never_the_same_twice},
	{"acquired pages are where the results say", FNUMA_CAP_ACQUIRE,
	 acquired_pages_are_where_the_results_say},
	{"a page released can be had again but not released twice", FNUMA_CAP_ACQUIRE,
	 a_page_released_can_be_had_again_but_not_released_twice},
	{"a frame beyond the domain is released by nobody", FNUMA_CAP_ACQUIRE,
	 a_frame_beyond_the_domain_is_released_by_nobody},
	{NULL, 0, NULL},
};

/* Moving. */

static void there_and_back(struct run *r, uint32_t n, enum fnuma_content content)
{
	if (!hold_pages_to_move(r, n))
		return;
	REQUIRE(r, move_patiently(r, r->pages, r->n, r->to, content) == r->n,
	        "not every page was moved");
	REQUIRE(r, all_on(r, r->pages, r->n, r->to), "a page moved is not there");
	REQUIRE(r, move_patiently(r, r->pages, r->n, r->from, content) == r->n,
	        "not every page was moved back");
	REQUIRE(r, all_on(r, r->pages, r->n, r->from), "a page moved back is not there");
}

static void pages_move_there_and_back_one_by_one(struct run *r)
{
	there_and_back(r, 1, FNUMA_CONTENT_KEEP);
}

static void pages_move_there_and_back_in_full_batches(struct run *r)
{
	there_and_back(r, FNUMA_BATCH_MAX, FNUMA_CONTENT_KEEP);
}

static void free_pages_move_there_and_back_one_by_one(struct run *r)
{
	there_and_back(r, 1, FNUMA_CONTENT_NOBODYS);
}

static void free_pages_move_there_and_back_in_full_batches(struct run *r)
{
	there_and_back(r, FNUMA_BATCH_MAX, FNUMA_CONTENT_NOBODYS);
}

static uint64_t pattern(fnuma_gfn page)
{
	return UINT64_C(0x9e3779b97f4a7c15) * (page.n + 1u);
}

static void a_page_moved_keeps_its_content(struct run *r)
{
	const struct fnuma_conformance_target *t = r->t;
	uint64_t value;
	uint32_t i;

	NEED(r, t->write && t->read, "no target.write and target.read");
	if (!hold_pages_to_move(r, SOME))
		return;
	for (i = 0; i < r->n; i++)
		REQUIRE(r, t->write(t->cookie, r->pages[i], pattern(r->pages[i])) == 0,
		        "a page could not be written");
	REQUIRE(r, move_patiently(r, r->pages, r->n, r->to, FNUMA_CONTENT_KEEP) == r->n,
	        "not every page was moved");
	for (i = 0; i < r->n; i++)
		REQUIRE(r, t->read(t->cookie, r->pages[i], &value) == 0 &&
		           value == pattern(r->pages[i]), "content was lost");
	move_patiently(r, r->pages, r->n, r->from, FNUMA_CONTENT_KEEP);
}

static void a_move_changes_the_counts_by_the_pages_moved(struct run *r)
{
	uint32_t before[FNUMA_NODES_MAX], after[FNUMA_NODES_MAX], node, done;

	if (!hold_pages_to_move(r, SOME))
		return;
	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, before,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	done = move_patiently(r, r->pages, r->n, r->to, FNUMA_CONTENT_KEEP);
	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, after,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	before[r->from.id] -= done;
	before[r->to.id] += done;
	for (node = 0; node < FNUMA_NODES_MAX; node++)
		REQUIRE(r, before[node] == after[node], "a count is another");
	move_patiently(r, r->pages, r->n, r->from, FNUMA_CONTENT_KEEP);
}

static void nothing_moves_to_a_node_that_the_host_does_not_have(struct run *r)
{
	fnuma_node nowhere;

	if (!hold_pages_to_move(r, SOME))
		return;
	nowhere = fnuma_node_of(r->topology.nodes);
	NEED(r, r->topology.nodes < FNUMA_NODES_MAX, "the host has every node there can be");
	REQUIRE(r, fnuma_backend_move(&r->be, r->t->domain, r->pages, r->n, nowhere,
	                              FNUMA_CONTENT_KEEP, r->results, NULL) <= 0,
	        "pages were moved there");
	REQUIRE(r, all_on(r, r->pages, r->n, r->from), "a page left its node");
}

static void a_pinned_page_stays_and_the_others_of_its_batch_move(struct run *r)
{
	const struct fnuma_conformance_target *t = r->t;
	uint32_t done, at;

	NEED(r, t->pin, "no target.pin");
	if (!hold_pages_to_move(r, SOME))
		return;
	at = r->n / 2;
	REQUIRE(r, t->pin(t->cookie, r->pages[at], true) == 0, "a page could not be pinned");
	done = move_patiently(r, r->pages, r->n, r->to, FNUMA_CONTENT_KEEP);
	REQUIRE(r, t->pin(t->cookie, r->pages[at], false) == 0, "it could not be unpinned");
	REQUIRE(r, r->results[at].outcome == FNUMA_NOT_DONE, "the pinned page was moved");
	REQUIRE(r, done == r->n - 1, "another page was not moved");
	REQUIRE(r, all_on(r, &r->pages[at], 1, r->from), "the pinned page left its node");
	REQUIRE(r, move_patiently(r, &r->pages[at], 1, r->to, FNUMA_CONTENT_KEEP) == 1,
	        "unpinned, it was not moved");
	move_patiently(r, r->pages, r->n, r->from, FNUMA_CONTENT_KEEP);
}

/* Pages that were not moved must say that there was no room, and be where they were. */
static bool is_left_for_want_of_room(struct run *r, uint32_t i)
{
	return r->results[i].outcome == FNUMA_NOT_DONE &&
	       r->results[i].reason == FNUMA_E_NOMEM && all_on(r, &r->pages[i], 1, r->from);
}

static void a_full_node_takes_what_it_has_room_for(struct run *r)
{
	const struct fnuma_conformance_target *t = r->t;
	uint32_t i, done, room;
	int err;

	NEED(r, t->leave_room, "no target.leave_room");
	if (!hold_pages_to_move(r, SOME))
		return;
	room = r->n / 2;
	REQUIRE(r, t->leave_room(t->cookie, r->to, room) == 0, "room could not be taken");
	done = move_patiently(r, r->pages, r->n, r->to, FNUMA_CONTENT_KEEP);
	err = t->leave_room(t->cookie, r->to, UINT64_MAX);
	REQUIRE(r, err == 0, "room could not be given back");
	REQUIRE(r, done == room, "more or fewer pages moved than there was room for");
	for (i = 0; i < r->n; i++)
		REQUIRE(r, r->results[i].outcome == FNUMA_DONE ||
		           is_left_for_want_of_room(r, i),
		        "a page not moved gave another reason, or left its node");
	move_patiently(r, r->pages, r->n, r->from, FNUMA_CONTENT_KEEP);
}

static void a_frame_beyond_the_domain_is_moved_by_nobody(struct run *r)
{
	struct fnuma_result result;
	fnuma_gfn page;

	NEED(r, find_beyond(r, &page), "every frame number is the domain's");
	REQUIRE(r, fnuma_backend_move(&r->be, r->t->domain, &page, 1, fnuma_node_of(0),
	                              FNUMA_CONTENT_KEEP, &result, NULL) <= 0,
	        "it was moved");
}

static void time_spent_only_grows(struct run *r)
{
	const uint64_t before = 12345;
	uint64_t spent = before;

	if (!hold_pages_to_move(r, 1))
		return;
	fnuma_backend_move(&r->be, r->t->domain, r->pages, r->n, r->to, FNUMA_CONTENT_KEEP,
	                   r->results, &spent);
	REQUIRE(r, spent >= before && spent != UINT64_MAX, "time was taken back");
	move_patiently(r, r->pages, r->n, r->from, FNUMA_CONTENT_KEEP);
}

const struct condition fnuma_conformance_moves[] = {
	{"pages move there and back one by one", FNUMA_CAP_MOVE_PAGE,
	 pages_move_there_and_back_one_by_one},
	{"pages move there and back in full batches", FNUMA_CAP_MOVE_PAGE,
	 pages_move_there_and_back_in_full_batches},
	{"free pages move there and back one by one", FNUMA_CAP_MOVE_FREE,
	 free_pages_move_there_and_back_one_by_one},
	{"free pages move there and back in full batches", FNUMA_CAP_MOVE_FREE,
	 free_pages_move_there_and_back_in_full_batches},
	{"a page moved keeps its content", FNUMA_CAP_MOVE_PAGE,
	 a_page_moved_keeps_its_content},
	{"a move changes the counts by the pages moved",
	 FNUMA_CAP_MOVE_PAGE | FNUMA_CAP_NODE_COUNTS,
	 a_move_changes_the_counts_by_the_pages_moved},
	{"nothing moves to a node that the host does not have", FNUMA_CAP_MOVE_PAGE,
	 nothing_moves_to_a_node_that_the_host_does_not_have},
	{"a pinned page stays and the others of its batch move", FNUMA_CAP_MOVE_PAGE,
	 a_pinned_page_stays_and_the_others_of_its_batch_move},
	{"a full node takes what it has room for", FNUMA_CAP_MOVE_PAGE,
	 a_full_node_takes_what_it_has_room_for},
	{"a frame beyond the domain is moved by nobody", FNUMA_CAP_MOVE_PAGE,
	 a_frame_beyond_the_domain_is_moved_by_nobody},
	{"time spent only grows", FNUMA_CAP_MOVE_PAGE, time_spent_only_grows},
	{NULL, 0, NULL},
};

/* Flipping. */

static int flip(struct run *r, uint32_t n)
{
	return fnuma_backend_flip(&r->be, r->t->domain, r->t->peer, r->held, n, r->results);
}

static void check_places(struct run *r, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		REQUIRE(r, r->results[i].outcome != FNUMA_DONE ||
		           !is_on_host(r, r->results[i].node) ||
		           all_on(r, &r->held[i], 1, r->results[i].node),
		        "a page flipped is on another node");
}

static void flipped_pages_are_where_the_results_say(struct run *r)
{
	if (!hold_pages(r, SOME))
		return;
	REQUIRE(r, flip(r, 1) == 1, "one page was not flipped");
	check_places(r, 1);
	REQUIRE(r, flip(r, r->n_held) > 0, "no page of a batch was flipped");
	check_places(r, r->n_held);
}

static void a_flip_leaves_pages_of_the_peer_behind(struct run *r)
{
	fnuma_node before[SOME];
	uint32_t i;

	NEED(r, r->t->peer_is_elsewhere, "target.peer_is_elsewhere is not set");
	if (!hold_pages(r, SOME))
		return;
	for (i = 0; i < r->n_held; i++)
		before[i] = where(r, r->held[i]);
	NEED(r, is_on_host(r, before[0]), "nobody knows where pages are");
	REQUIRE(r, flip(r, r->n_held) > 0, "no page was flipped");
	for (i = 0; i < r->n_held; i++)
		REQUIRE(r, (where(r, r->held[i]).id != before[i].id) ==
		           (r->results[i].outcome == FNUMA_DONE),
		        "a page flipped stayed, or one not flipped changed its node");
}

static void a_flip_changes_what_is_in_the_pages(struct run *r)
{
	const struct fnuma_conformance_target *t = r->t;
	uint64_t value;
	uint32_t i;

	NEED(r, t->write && t->read, "no target.write and target.read");
	if (!hold_pages(r, SOME))
		return;
	for (i = 0; i < r->n_held; i++)
		REQUIRE(r, t->write(t->cookie, r->held[i], pattern(r->held[i])) == 0,
		        "a page could not be written");
	REQUIRE(r, flip(r, r->n_held) > 0, "no page was flipped");
	for (i = 0; i < r->n_held; i++)
		REQUIRE(r, t->read(t->cookie, r->held[i], &value) == 0 &&
		           (value != pattern(r->held[i])) ==
		           (r->results[i].outcome == FNUMA_DONE),
		        "a page flipped has its old content, or one not flipped lost it");
}

static void a_flip_leaves_the_number_of_pages_alone(struct run *r)
{
	uint32_t before[FNUMA_NODES_MAX], after[FNUMA_NODES_MAX], node, gained = 0;

	if (!hold_pages(r, SOME))
		return;
	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, before,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	REQUIRE(r, flip(r, r->n_held) > 0, "no page was flipped");
	REQUIRE(r, fnuma_backend_node_counts(&r->be, r->t->domain, after,
	                                     FNUMA_NODES_MAX) == FNUMA_OK, "no counts");
	for (node = 0; node < FNUMA_NODES_MAX; node++)
		gained += after[node] - before[node]; /* modulo 2^32 */
	REQUIRE(r, gained == 0, "pages were lost or found");
}

static void a_frame_beyond_the_domain_is_flipped_by_nobody(struct run *r)
{
	struct fnuma_result result;
	fnuma_gfn page;

	NEED(r, find_beyond(r, &page), "every frame number is the domain's");
	REQUIRE(r, fnuma_backend_flip(&r->be, r->t->domain, r->t->peer, &page, 1,
	                              &result) <= 0, "it was flipped");
}

static void a_peer_of_another_generation_is_refused(struct run *r)
{
	fnuma_domain other = r->t->peer;
	int ret;

	if (!hold_pages(r, 1))
		return;
	other.generation++;
	ret = fnuma_backend_flip(&r->be, r->t->domain, other, r->held, 1, r->results);
	REQUIRE(r, ret == FNUMA_E_STALE || ret == FNUMA_E_GONE, "it was not");
}

const struct condition fnuma_conformance_flips[] = {
	{"a flip leaves pages of the peer behind", FNUMA_CAP_FLIP, /* first: flips mix them */
	 a_flip_leaves_pages_of_the_peer_behind},
	{"flipped pages are where the results say", FNUMA_CAP_FLIP,
	 flipped_pages_are_where_the_results_say},
	{"a flip changes what is in the pages", FNUMA_CAP_FLIP,
	 a_flip_changes_what_is_in_the_pages},
	{"a flip leaves the number of pages alone", FNUMA_CAP_FLIP | FNUMA_CAP_NODE_COUNTS,
	 a_flip_leaves_the_number_of_pages_alone},
	{"a frame beyond the domain is flipped by nobody", FNUMA_CAP_FLIP,
	 a_frame_beyond_the_domain_is_flipped_by_nobody},
	{"a peer of another generation is refused", FNUMA_CAP_FLIP,
	 a_peer_of_another_generation_is_refused},
	{NULL, 0, NULL},
};
