/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Where pages are: every domain's are looked at again and again, some at a time, so that what
 * strayed is known, however it came to be there.
 */
#include "engine.h"
#include "say.h"

#include <string.h>

#define SOME_PAGES ((uint32_t)(sizeof(((struct engine *)0)->look_pages) / sizeof(fnuma_gfn)))
/* Slices in one turn. */
#define TURN_SLICES 2u
/* A rate is kept over this time: what was not used in it is lost. */
#define SAVE_NS UINT64_C(100000000)

static void earn(struct engine *e)
{
	const double rate = e->config.daemon.look_pages_per_s;
	uint64_t ns = e->now_ns > e->tokens_ns ? e->now_ns - e->tokens_ns : 0;

	e->tokens_ns = e->now_ns;
	e->look_tokens += rate * (double)(ns < SAVE_NS ? ns : SAVE_NS) / 1e9;
	if (e->look_tokens > rate * SAVE_NS / 1e9 && e->look_tokens > SOME_PAGES)
		e->look_tokens = rate * SAVE_NS / 1e9 > SOME_PAGES ? rate * SAVE_NS / 1e9 :
		                                                     SOME_PAGES;
}

/* What is new about a page goes to the log. */
static void compare(struct engine *e, const struct domain *d,
                    const struct fnuma_tracker *tracker, fnuma_gfn page, fnuma_node node)
{
	const bool was_away = fnuma_tracker_is_remote(tracker, page);
	const bool away = node.id < FNUMA_NODES_MAX &&
	                  !fnuma_tracker_is_home(tracker, page, node);
	struct decision x = {.first = page.n, .count = 1};

	if (away && (!was_away || fnuma_tracker_get(tracker, page).id != node.id)) {
		x.kind = DECISION_AWAY;
		x.from = node.id;
		x.to = fnuma_tracker_home(tracker, page).id;
	} else if (!away && was_away && node.id < FNUMA_NODES_MAX) {
		x.kind = DECISION_BACK;
		x.from = FNUMA_NODE_NONE_ID;
		x.to = node.id;
	}
	if (x.kind)
		events_decide(e, d, &x);
}

static int look_slice(struct engine *e, struct domain *d, uint32_t n)
{
	const struct fnuma_tracker *tracker = fnuma_host_tracker(e->host, d->member);
	int64_t err = e->source.ops->nodes(&e->source, d->at.domain, fnuma_gfn_of(d->look_at), n,
	                                   e->look_nodes);
	uint32_t i;

	if (err < 0)
		return (int)err;
	for (i = 0; i < n; i++) {
		e->look_pages[i] = fnuma_gfn_of(d->look_at + i);
		compare(e, d, tracker, e->look_pages[i], e->look_nodes[i]);
	}
	e->looked_pages += n;
	d->look_at += n;
	return fnuma_host_record_nodes(e->host, d->member, e->look_pages, e->look_nodes, n,
	                               e->now_ns);
}

static void end_look(struct engine *e, struct domain *d)
{
	d->look_at = 0;
	d->looked = true;
	d->look_next_ns = e->now_ns + (uint64_t)(e->config.daemon.look_s * 1e9);
}

/* What went wrong is either the end of the domain or passes. False: it is gone. */
static bool survive(struct engine *e, struct domain *d, int err)
{
	if (err == FNUMA_E_GONE || err == FNUMA_E_STALE) {
		domain_ended(e, d);
		return false;
	}
	end_look(e, d);
	return true;
}

static bool begin_look(struct engine *e, struct domain *d)
{
	int err = e->source.ops->refresh(&e->source, &d->at);

	if (err == FNUMA_E_NOSPC) {
		/* It grew out of the frames it was given. */
		d->spare_frames += d->at.frames < FNUMA_GFN_NONE_N / 4 ? d->at.frames : 0;
		return domain_rejoin(e, d);
	}
	return err < 0 ? survive(e, d, err) && false : true;
}

/* The domain whose look is half done, or the next whose time has come. */
static struct domain *whose_turn(struct engine *e)
{
	uint32_t i;

	for (i = 0; i < e->n_domains; i++) {
		struct domain *d = e->domains[(e->look_domain + i) % e->n_domains];

		if (d->attached && (d->look_at || d->look_next_ns <= e->now_ns)) {
			e->look_domain = (e->look_domain + i) % e->n_domains;
			return d;
		}
	}
	return NULL;
}

static void look_once(struct engine *e, struct domain *d)
{
	uint32_t left, n;
	int err;

	if (!d->look_at && !begin_look(e, d))
		return;
	left = d->at.used_frames > d->look_at ? d->at.used_frames - d->look_at : 0;
	n = left < SOME_PAGES ? left : SOME_PAGES;
	e->look_tokens -= n;
	err = n ? look_slice(e, d, n) : 0;
	if (err < 0) {
		survive(e, d, err);
		return;
	}
	if (d->look_at >= d->at.used_frames) {
		end_look(e, d);
		e->look_domain++;
	}
}

static uint64_t next_look(const struct engine *e)
{
	uint64_t next = FNUMA_NEVER, at;
	uint32_t i;

	for (i = 0; i < e->n_domains; i++) {
		const struct domain *d = e->domains[i];

		at = d->look_at ? e->now_ns : d->look_next_ns;
		if (d->attached && at < next)
			next = at;
	}
	if (next <= e->now_ns && e->look_tokens < SOME_PAGES)
		next = e->now_ns + (uint64_t)((SOME_PAGES - e->look_tokens) * 1e9 /
		                              e->config.daemon.look_pages_per_s) + 1;
	return next;
}

uint64_t look_some(struct engine *e)
{
	struct domain *d;
	uint32_t i;

	earn(e);
	for (i = 0; i < TURN_SLICES && e->look_tokens >= SOME_PAGES; i++) {
		d = whose_turn(e);
		if (!d)
			break;
		look_once(e, d);
	}
	return next_look(e);
}
