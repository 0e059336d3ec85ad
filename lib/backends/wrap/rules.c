/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a caller owes a backend, and a backend a caller. */
#include "check.h"

static const fnuma_gfn no_page = {FNUMA_GFN_NONE_N};

static void blame_caller(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                         fnuma_gfn page, const char *rule)
{
	fnuma_wrap_report(c, &job->call, FNUMA_CULPRIT_CALLER, page, rule);
}

static void blame_backend(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                          fnuma_gfn page, const char *rule)
{
	fnuma_wrap_report(c, &job->call, FNUMA_CULPRIT_BACKEND, page, rule);
}

static bool is_move(const struct fnuma_wrap_job *job)
{
	return job->call.op == FNUMA_OP_MOVE_PAGE || job->call.op == FNUMA_OP_MOVE_FREE;
}

static bool is_batch(const struct fnuma_wrap_job *job)
{
	switch (job->call.op) {
	case FNUMA_OP_TOPOLOGY:
	case FNUMA_OP_ALIVE:
	case FNUMA_OP_NODE_COUNTS:
	case FNUMA_OP_MOVE_DOMAIN:
		return false;
	default:
		return true;
	}
}

static bool is_twice(const fnuma_gfn *pages, uint32_t i)
{
	uint32_t j;

	for (j = 0; j < i; j++)
		if (pages[j].n == pages[i].n)
			return true;
	return false;
}

/* The caller. */

static bool has_room(const struct fnuma_wrap_job *job)
{
	switch (job->call.op) {
	case FNUMA_OP_TOPOLOGY:
		return job->topology != NULL;
	case FNUMA_OP_NODE_COUNTS:
		return job->counts != NULL;
	case FNUMA_OP_PAGE_NODES:
		return job->call.pages && job->nodes;
	case FNUMA_OP_MOVE_PAGE:
	case FNUMA_OP_MOVE_FREE:
		return job->call.pages && job->results && job->spent_ns;
	case FNUMA_OP_ALIVE:
	case FNUMA_OP_MOVE_DOMAIN:
		return true;
	default:
		return job->call.pages && job->results;
	}
}

static bool can_be_handed_on(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job)
{
	const bool counted = is_batch(job) || job->call.op == FNUMA_OP_NODE_COUNTS;
	const uint32_t most = is_batch(job) ? FNUMA_BATCH_MAX : FNUMA_NODES_MAX;

	if (!has_room(job)) {
		blame_caller(c, job, no_page, "no room for the answer");
		return false;
	}
	if (counted && (job->call.n == 0 || job->call.n > most)) {
		blame_caller(c, job, no_page, "a batch of an impossible length");
		return false;
	}
	return true;
}

static void check_frames(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job)
{
	const fnuma_gfn *pages = job->call.pages;
	uint32_t i;

	for (i = 0; i < job->call.n; i++) {
		if (job->acquired && pages[i].n != FNUMA_GFN_NONE_N)
			blame_caller(c, job, pages[i], "room for frames not cleared");
		else if (!job->acquired && pages[i].n == FNUMA_GFN_NONE_N)
			blame_caller(c, job, pages[i], "a frame that is none");
		else if (!job->acquired && is_twice(pages, i))
			blame_caller(c, job, pages[i], "a page twice in one batch");
		if (job->results && job->results[i].outcome != FNUMA_UNFILLED)
			blame_caller(c, job, pages[i], "a status not cleared");
	}
}

static void check_flip(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job)
{
	uint32_t i;

	if (fnuma_domain_same(job->call.domain, job->call.peer))
		blame_caller(c, job, no_page, "a flip of a domain with itself");
	for (i = 0; c->config.may_flip && i < job->call.n; i++)
		if (!c->config.may_flip(c->config.cookie, job->call.domain,
		                        job->call.pages[i]))
			blame_caller(c, job, job->call.pages[i],
			             "flipped, and not a page of the pool (I2)");
}

/* Unknown if nobody can say. */
static fnuma_node truth(const struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                        uint32_t i)
{
	if (!c->config.node_of)
		return fnuma_node_unknown();
	return c->config.node_of(c->config.cookie, job->call.domain, job->call.pages[i]);
}

static bool is_there(const struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                     uint32_t i)
{
	return truth(c, job, i).id == job->call.to.id;
}

static void check_goal(struct fnuma_wrap_check *c, struct fnuma_wrap_job *job)
{
	uint32_t i;

	if (job->call.to.id >= c->config.nodes)
		blame_caller(c, job, no_page, "a move to a node that does not exist");
	for (i = 0; is_move(job) && i < job->call.n; i++) {
		if (!is_there(c, job, i))
			continue;
		job->there |= UINT64_C(1) << i;
		blame_caller(c, job, job->call.pages[i], "moved, and there already (I8)");
	}
}

bool fnuma_wrap_check_caller(struct fnuma_wrap_check *c, struct fnuma_wrap_job *job)
{
	if (!can_be_handed_on(c, job))
		return false;
	if (is_batch(job))
		check_frames(c, job);
	if (job->call.op == FNUMA_OP_FLIP)
		check_flip(c, job);
	if (is_move(job) || job->call.op == FNUMA_OP_MOVE_DOMAIN)
		check_goal(c, job);
	return true;
}

/* The backend. */

static bool is_error(int code)
{
	return code < 0 && code > FNUMA_E_LAST;
}

static bool node_may_be(const struct fnuma_wrap_check *c, fnuma_node node)
{
	return node.id < c->config.nodes || node.id == FNUMA_NODE_UNKNOWN_ID ||
	       node.id == FNUMA_NODE_NONE_ID;
}

static bool result_may_be(const struct fnuma_wrap_check *c, struct fnuma_result r)
{
	switch (r.outcome) {
	case FNUMA_DONE:
		return r.reason == FNUMA_OK && node_may_be(c, r.node);
	case FNUMA_NOT_DONE:
		return is_error(r.reason) && node_may_be(c, r.node);
	default:
		return r.outcome == FNUMA_UNKNOWN;
	}
}

static bool is_claimed(struct fnuma_result r)
{
	return r.outcome != FNUMA_UNFILLED && r.outcome != FNUMA_NOT_DONE;
}

/* A page that is said to be on a node. */
static void check_place(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                        uint32_t i, fnuma_node said)
{
	fnuma_node really = truth(c, job, i);

	if (said.id != FNUMA_NODE_UNKNOWN_ID && really.id != FNUMA_NODE_UNKNOWN_ID &&
	    said.id != really.id)
		blame_backend(c, job, job->call.pages[i], "said to be where it is not");
}

static void check_done(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                       uint32_t i)
{
	if (is_move(job) && job->results[i].node.id != job->call.to.id)
		blame_backend(c, job, job->call.pages[i], "moved elsewhere than asked");
	else if (job->call.op != FNUMA_OP_RELEASE)
		check_place(c, job, i, job->results[i].node);
}

/* Not done means that nothing changed. */
static void check_not_done(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                           uint32_t i)
{
	if (is_move(job) && is_there(c, job, i) && !(job->there >> i & 1))
		blame_backend(c, job, job->call.pages[i], "said to be not done, and was");
}

static void check_result(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                         uint32_t i)
{
	const struct fnuma_result r = job->results[i];
	const fnuma_gfn page = job->call.pages[i];

	if (job->acquired && (page.n == FNUMA_GFN_NONE_N || is_twice(job->call.pages, i)))
		blame_backend(c, job, page, "acquired no page, or one twice");
	if (r.outcome == FNUMA_UNFILLED)
		blame_backend(c, job, page, "a status left unfilled");
	else if (!result_may_be(c, r))
		blame_backend(c, job, page, "a status that cannot be");
	else if (r.outcome == FNUMA_DONE)
		check_done(c, job, i);
	else if (r.outcome == FNUMA_NOT_DONE)
		check_not_done(c, job, i);
}

static void check_results(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                          uint32_t tried)
{
	uint32_t i;

	for (i = 0; i < job->call.n; i++) {
		if (i < tried)
			check_result(c, job, i);
		else if (is_claimed(job->results[i]))
			blame_backend(c, job, job->call.pages[i],
			              "claimed beyond the count, or of a batch refused");
	}
}

static void check_nodes(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job,
                        uint32_t answered)
{
	uint32_t i;

	for (i = 0; i < answered; i++) {
		if (!node_may_be(c, job->nodes[i]))
			blame_backend(c, job, job->call.pages[i],
			              "on a node that does not exist");
		else
			check_place(c, job, i, job->nodes[i]);
	}
}

static void check_topology(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job)
{
	const struct fnuma_topology *t = job->topology;

	if (t->nodes == 0 || t->nodes > c->config.nodes)
		blame_backend(c, job, no_page, "a host with an impossible number of nodes");
	if (t->page_bytes < FNUMA_PAGE_BYTES || (t->page_bytes & (t->page_bytes - 1)))
		blame_backend(c, job, no_page, "pages of an impossible size");
}

static void check_batch(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job)
{
	const int ret = job->call.ret;

	if (ret > 0 && (uint32_t)ret > job->call.n) {
		blame_backend(c, job, no_page, "counted more pages than there were");
		return;
	}
	if (job->results)
		check_results(c, job, ret > 0 ? (uint32_t)ret : 0);
	else if (ret > 0)
		check_nodes(c, job, (uint32_t)ret);
}

void fnuma_wrap_check_backend(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job)
{
	const int ret = job->call.ret;

	if (ret <= FNUMA_E_LAST || (ret > 0 && !is_batch(job)))
		blame_backend(c, job, no_page, "returned a number that is no answer");
	else if (is_batch(job))
		check_batch(c, job);
	else if (job->call.op == FNUMA_OP_TOPOLOGY && ret == FNUMA_OK)
		check_topology(c, job);
}
