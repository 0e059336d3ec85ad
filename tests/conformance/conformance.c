/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The runner, and what conditions share. */
#include "suite.h"
#include <stdio.h>
#include <string.h>

/* Answers that may pass by themselves get so many chances. */
#define PATIENCE 8

/* What conditions share. */

bool is_on_host(const struct run *r, fnuma_node node)
{
	return node.id < r->topology.nodes;
}

fnuma_node where(struct run *r, fnuma_gfn page)
{
	fnuma_node node = fnuma_node_unknown();

	if (r->t->node_of)
		return r->t->node_of(r->t->cookie, page);
	fnuma_backend_page_nodes(&r->be, r->t->domain, &page, 1, &node);
	return node;
}

bool all_on(struct run *r, const fnuma_gfn *pages, uint32_t n, fnuma_node node)
{
	uint32_t i;

	if (!r->t->node_of && !(r->be.caps & FNUMA_CAP_PAGE_NODES))
		return true;
	for (i = 0; i < n; i++)
		if (where(r, pages[i]).id != node.id)
			return false;
	return true;
}

bool hold_pages(struct run *r, uint32_t n)
{
	int got = 0;

	if (r->t->pages)
		got = (int)r->t->pages(r->t->cookie, r->held, n);
	else if (r->be.caps & FNUMA_CAP_ACQUIRE)
		got = fnuma_backend_acquire(&r->be, r->t->domain, r->held, n, r->results);
	else
		r->skipped = "no pages to try it on: neither target.pages nor ACQUIRE";
	if (got <= 0 && !r->skipped)
		r->failed = "no pages could be had to try it on";
	r->n_held = got > 0 ? (uint32_t)got : 0;
	r->acquired = !r->t->pages;
	return got > 0;
}

static void drop_pages(struct run *r)
{
	uint32_t i;

	for (i = 0; r->acquired && i < r->n_held; i++)
		fnuma_backend_release(&r->be, r->t->domain, &r->held[i], 1, r->results);
	if (!r->acquired && r->n_held && r->t->done_pages)
		r->t->done_pages(r->t->cookie, r->held, r->n_held);
	r->n_held = 0;
}

static bool choose_goal(struct run *r)
{
	uint8_t id;

	for (id = 0; id < r->topology.nodes; id++) {
		r->to.id = id;
		if (id != r->from.id && r->topology.node[id].free_pages >= r->n)
			return true;
	}
	r->skipped = "no other node with room";
	return false;
}

bool hold_pages_to_move(struct run *r, uint32_t n)
{
	uint32_t i;

	if (!hold_pages(r, n))
		return false;
	if (fnuma_backend_topology(&r->be, &r->topology) != FNUMA_OK) {
		r->failed = "no topology";
		return false;
	}
	r->from = where(r, r->held[0]);
	if (!is_on_host(r, r->from)) {
		r->skipped = "nobody knows where pages are";
		return false;
	}
	for (r->n = 0, i = 0; i < r->n_held; i++)
		if (where(r, r->held[i]).id == r->from.id)
			r->pages[r->n++] = r->held[i];
	return choose_goal(r);
}

static bool may_pass(struct fnuma_result r)
{
	return r.outcome == FNUMA_NOT_DONE &&
	       (r.reason == FNUMA_E_BUSY || r.reason == FNUMA_E_NOT_TRIED);
}

/* The pages that are worth another try; their places in the whole batch go to `at`. */
static uint32_t pick_again(struct run *r, const fnuma_gfn *pages, uint32_t n,
                           fnuma_gfn *again, uint32_t *at)
{
	uint32_t i, left = 0;

	for (i = 0; i < n; i++) {
		if (!may_pass(r->results[i]))
			continue;
		again[left] = pages[i];
		at[left++] = i;
	}
	return left;
}

uint32_t move_patiently(struct run *r, const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                        enum fnuma_content content)
{
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_gfn again[FNUMA_BATCH_MAX];
	uint32_t at[FNUMA_BATCH_MAX], i, left = n, done = 0, tries;

	for (i = 0; i < n; i++) {
		r->results[i].outcome = FNUMA_NOT_DONE;
		r->results[i].reason = FNUMA_E_NOT_TRIED;
	}
	for (tries = 0; tries < PATIENCE && left; tries++) {
		left = pick_again(r, pages, n, again, at);
		if (!left || fnuma_backend_move(&r->be, r->t->domain, again, left, to,
		                                content, results, NULL) < 0)
			break;
		for (i = 0; i < left; i++)
			r->results[at[i]] = results[i];
	}
	for (i = 0; i < n; i++)
		done += r->results[i].outcome == FNUMA_DONE;
	return done;
}

/* One operation with a handle that means nobody. Operations that are not there say
 * FNUMA_E_NOTSUP. */
static int ask_for(struct run *r, enum fnuma_wrap_op op, fnuma_domain d, fnuma_gfn page)
{
	const struct fnuma_backend *be = &r->be;
	const fnuma_node node = {0};
	struct fnuma_result result;
	uint32_t counts[1];
	fnuma_gfn got[1];
	fnuma_node nodes[1];

	switch (op) {
	case FNUMA_OP_NODE_COUNTS:
		return fnuma_backend_node_counts(be, d, counts, 1);
	case FNUMA_OP_PAGE_NODES:
		return fnuma_backend_page_nodes(be, d, &page, 1, nodes);
	case FNUMA_OP_FLIP:
		if (!(be->caps & FNUMA_CAP_FLIP)) /* then the peer need not be anybody */
			return FNUMA_E_NOTSUP;
		return fnuma_backend_flip(be, d, r->t->peer, &page, 1, &result);
	case FNUMA_OP_ACQUIRE:
		return fnuma_backend_acquire(be, d, got, 1, &result);
	case FNUMA_OP_RELEASE:
		return fnuma_backend_release(be, d, &page, 1, &result);
	case FNUMA_OP_MOVE_PAGE:
		return fnuma_backend_move(be, d, &page, 1, node, FNUMA_CONTENT_KEEP, &result,
		                          NULL);
	case FNUMA_OP_MOVE_FREE:
		return fnuma_backend_move(be, d, &page, 1, node, FNUMA_CONTENT_NOBODYS,
		                          &result, NULL);
	case FNUMA_OP_MOVE_DOMAIN:
		return fnuma_backend_move_domain(be, d, node);
	case FNUMA_OP_PROBE:
		return fnuma_backend_probe(be, d, &page, 1, &result);
	default:
		return fnuma_backend_alive(be, d);
	}
}

static bool is_refusal(int code)
{
	return code == FNUMA_E_STALE || code == FNUMA_E_GONE;
}

bool all_refuse(struct run *r, fnuma_domain handle)
{
	const fnuma_gfn page = r->n_held ? r->held[0] : fnuma_gfn_of(0);
	enum fnuma_wrap_op op;

	if (!is_refusal(fnuma_backend_alive(&r->be, handle)))
		return false;
	for (op = FNUMA_OP_NODE_COUNTS; op <= FNUMA_OP_PROBE; op++) {
		int ret = ask_for(r, op, handle, page);

		if (ret != FNUMA_E_NOTSUP && !is_refusal(ret))
			return false;
	}
	return true;
}

/* The runner. */

static void say(const struct run *r, const char *line)
{
	if (r->t->print)
		r->t->print(r->t->cookie, line);
	else
		puts(line);
}

static void report(const struct run *r, uint32_t number, const char *name)
{
	char line[256];

	if (r->failed)
		snprintf(line, sizeof(line), "not ok %u - %s # %s", number, name, r->failed);
	else if (r->skipped)
		snprintf(line, sizeof(line), "ok %u - %s # SKIP %s", number, name, r->skipped);
	else
		snprintf(line, sizeof(line), "ok %u - %s", number, name);
	say(r, line);
}

static const char *missing(uint32_t caps)
{
	static const struct {
		uint32_t cap;
		const char *text;
	} names[] = {
		{FNUMA_CAP_NODE_COUNTS, "no NODE_COUNTS"},
		{FNUMA_CAP_PAGE_NODES, "no PAGE_NODES"},
		{FNUMA_CAP_FLIP, "no FLIP"},
		{FNUMA_CAP_ACQUIRE, "no ACQUIRE"},
		{FNUMA_CAP_MOVE_PAGE, "no MOVE_PAGE"},
		{FNUMA_CAP_MOVE_FREE, "no MOVE_FREE"},
		{FNUMA_CAP_MOVE_DOMAIN, "no MOVE_DOMAIN"},
		{FNUMA_CAP_PROBE, "no PROBE"},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (caps & names[i].cap)
			return names[i].text;
	return NULL;
}

/* Besides what a condition itself looks at, the backend must have kept to the contract at
 * the seam all the while. */
static void try_one(struct run *r, const struct condition *c)
{
	const uint64_t *broken = &r->check.violations[FNUMA_CULPRIT_BACKEND];
	const uint64_t before = *broken;

	r->failed = NULL;
	r->skipped = missing(c->needs & ~r->be.caps);
	if (!r->skipped)
		c->fn(r);
	drop_pages(r);
	if (*broken != before && !r->failed)
		r->failed = r->check.last_rule;
}

static void run_list(struct run *r, const struct condition *c,
                     struct fnuma_conformance_counts *counts)
{
	for (; c->name; c++) {
		try_one(r, c);
		counts->failed += r->failed != NULL;
		counts->skipped += !r->failed && r->skipped;
		counts->passed += !r->failed && !r->skipped;
		report(r, counts->passed + counts->failed + counts->skipped, c->name);
	}
}

static fnuma_node ask_referee(void *cookie, fnuma_domain domain, fnuma_gfn page)
{
	const struct fnuma_conformance_target *t = cookie;

	if (!fnuma_domain_same(domain, t->domain) || page.n >= t->frames)
		return fnuma_node_unknown();
	return t->node_of(t->cookie, page);
}

static int set_up(struct run *r, const struct fnuma_conformance_target *target)
{
	struct fnuma_wrap_check_config config;

	memset(r, 0, sizeof(*r));
	memset(&config, 0, sizeof(config));
	r->t = target;
	if (!target || !target->backend || !target->frames)
		return FNUMA_E_INVAL;
	if (fnuma_backend_topology(target->backend, &r->topology) == FNUMA_OK)
		config.nodes = r->topology.nodes;
	if (target->node_of)
		config.node_of = ask_referee;
	config.cookie = (void *)(uintptr_t)target;
	return fnuma_wrap_check_init(&r->check, target->backend, &config, &r->be);
}

int fnuma_conformance_run(const struct fnuma_conformance_target *target,
                          struct fnuma_conformance_counts *counts)
{
	struct fnuma_conformance_counts own = {0, 0, 0};
	struct run r;
	char plan[32];
	int err = set_up(&r, target);

	if (err)
		return err;
	run_list(&r, fnuma_conformance_queries, &own);
	run_list(&r, fnuma_conformance_pools, &own);
	run_list(&r, fnuma_conformance_moves, &own);
	run_list(&r, fnuma_conformance_flips, &own);
	run_list(&r, fnuma_conformance_ends, &own);
	snprintf(plan, sizeof(plan), "1..%u", own.passed + own.failed + own.skipped);
	say(&r, plan);
	if (counts)
		*counts = own;
	return (int)own.failed;
}
