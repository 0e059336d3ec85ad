/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "repatriator_internal.h"

#include "count.h"

#include <string.h>

/* Waits double up to 2^6 times the first. */
#define DOUBLINGS_MAX 6u

/* ---- telling what happens -------------------------------------------------------- */

void fnuma_repat_tell(const struct step *s, enum fnuma_event_kind kind, int why,
                      fnuma_gfn page, fnuma_node from, fnuma_node to)
{
	const struct fnuma_trace *trace = &s->r->config.trace;
	struct fnuma_event e;

	if (!trace->fn)
		return;
	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.why = why;
	e.now_ns = s->now_ns;
	e.domain = s->r->config.domain;
	e.page = page;
	e.from = from;
	e.to = to;
	if (kind == FNUMA_EVENT_BACKOFF)
		e.until_ns = fnuma_clock_callers(&s->r->clock, s->r->rest_until_ns);
	if (kind == FNUMA_EVENT_PASS)
		e.count = s->r->moved_in_pass;
	trace->fn(trace->cookie, &e);
}

void fnuma_repat_tell_domain(const struct step *s, enum fnuma_event_kind kind, int why)
{
	fnuma_repat_tell(s, kind, why, fnuma_gfn_of(FNUMA_GFN_NONE_N), fnuma_node_none(),
	                 fnuma_node_none());
}

void fnuma_repat_count_reason(struct fnuma_repatriator *r, int why)
{
	FNUMA_ASSERT(why <= 0 && why > FNUMA_E_LAST);
	fnuma_count(&r->stats.by_reason[-why], 1);
}

/* ---- resting the whole domain ---------------------------------------------------- */

static uint64_t doubled(uint64_t first_ns, uint32_t times)
{
	return first_ns << (times < DOUBLINGS_MAX ? times : DOUBLINGS_MAX);
}

void fnuma_repat_rest(struct step *s, int why)
{
	struct fnuma_repatriator *r = s->r;

	r->rest_until_ns =
		s->at_ns + doubled(r->config.tuning.backoff_ns, r->rests_in_row);
	if (r->rests_in_row < DOUBLINGS_MAX)
		r->rests_in_row++;
	fnuma_count(&r->stats.rests, 1);
	s->report->why = FNUMA_E_BACKOFF;
	fnuma_repat_tell_domain(s, FNUMA_EVENT_BACKOFF, why);
}

bool fnuma_repat_found_dead(struct step *s)
{
	int err = fnuma_backend_alive(s->r->config.backend, s->r->config.domain);

	if (err != FNUMA_E_GONE && err != FNUMA_E_STALE)
		return false;
	s->r->gone = true;
	s->r->active = false;
	s->report->why = FNUMA_E_GONE;
	fnuma_repat_tell_domain(s, FNUMA_EVENT_STATE, FNUMA_E_GONE);
	return true;
}

/* ---- the books ------------------------------------------------------------------- */

/* What stands against moving a page now. */
int fnuma_repat_objection(const struct books_entry *e, uint64_t at_ns)
{
	if (!e)
		return FNUMA_OK;
	if (e->kind == BOOKS_GAVE_UP)
		return FNUMA_E_GAVE_UP;
	if (at_ns >= e->until_ns)
		return FNUMA_OK;
	return e->kind == BOOKS_COOLING ? FNUMA_E_COOLDOWN : FNUMA_E_BACKOFF;
}

/* Is there nothing left to do for this page? */
static bool settled(const struct fnuma_repatriator *r, fnuma_gfn page)
{
	const struct fnuma_tracker *t = r->config.tracker;

	return !fnuma_tracker_is_remote(t, page) &&
	       fnuma_tracker_get(t, page).id != FNUMA_NODE_UNKNOWN_ID;
}

/* An expired cool-down says nothing any more; failures of a page that came home by other
 * ways neither. An expired back-off stays: it counts the attempts. */
bool fnuma_repat_stale(void *cookie, const struct books_entry *e)
{
	const struct step *s = cookie;

	return e->kind == BOOKS_COOLING ? s->at_ns >= e->until_ns
	                                : settled(s->r, fnuma_gfn_of(e->gfn));
}

void fnuma_repat_forget(struct fnuma_repatriator *r, const fnuma_gfn *pages, uint32_t n,
                        bool only_settled)
{
	struct books_entry *e;
	uint32_t i;

	if (!r->books.count[BOOKS_BACKOFF] && !r->books.count[BOOKS_GAVE_UP])
		return;
	for (i = 0; i < n; i++) {
		e = fnuma_books_find(&r->books, pages[i].n);
		if (e && e->kind != BOOKS_COOLING &&
		    (!only_settled || settled(r, pages[i])))
			fnuma_books_forget(&r->books, e);
	}
}

static void note_moved(struct step *s, fnuma_gfn page)
{
	struct fnuma_repatriator *r = s->r;
	struct books_entry *e;

	if (r->config.tuning.cooldown_ns == FNUMA_NEVER) {
		e = fnuma_books_find(&r->books, page.n);
		if (e)
			fnuma_books_drop(&r->books, e);
		return;
	}
	e = fnuma_books_make(&r->books, page.n);
	fnuma_books_turn(&r->books, e, BOOKS_COOLING);
	e->may_have_moved = 0;
	e->attempts = 0;
	e->cause = FNUMA_OK;
	e->until_ns = s->at_ns + r->config.tuning.cooldown_ns;
}

/* A page that may have moved all the same waits for as long as if it had (I8). */
static void note_failed(struct step *s, fnuma_gfn page, const struct fnuma_result *result,
                        fnuma_node from, fnuma_node to)
{
	struct fnuma_repatriator *r = s->r;
	const struct fnuma_repatriator_tuning *t = &r->config.tuning;
	struct books_entry *e = fnuma_books_make(&r->books, page.n);
	bool gave_up = ++e->attempts >= t->attempts_max;
	uint64_t wait_ns = doubled(t->backoff_ns, e->attempts - 1u);

	e->may_have_moved = result->outcome == FNUMA_UNKNOWN && t->cooldown_ns != FNUMA_NEVER;
	e->cause = (int16_t)result->reason;
	if (e->may_have_moved && wait_ns < t->cooldown_ns)
		wait_ns = t->cooldown_ns;
	e->until_ns = s->at_ns + wait_ns;
	fnuma_books_turn(&r->books, e, gave_up ? BOOKS_GAVE_UP : BOOKS_BACKOFF);
	fnuma_repat_tell(s, gave_up ? FNUMA_EVENT_GAVE_UP : FNUMA_EVENT_KEPT,
	                 result->reason, page, from, to);
}

/* ---- one batch ------------------------------------------------------------------- */

/* Ask where pages are, and believe it: the tracker follows. */
bool fnuma_repat_locate(struct step *s, const fnuma_gfn *pages, uint32_t n,
                        fnuma_node *nodes)
{
	struct fnuma_repatriator *r = s->r;

	if (!(r->config.backend->caps & FNUMA_CAP_PAGE_NODES) ||
	    fnuma_backend_page_nodes(r->config.backend, r->config.domain, pages, n,
	                             nodes) < 0)
		return false;
	/* A node the tracker does not have would be refused: nothing is recorded then. */
	if (fnuma_tracker_set(r->config.tracker, pages, nodes, n) != (int)n)
		return false;
	fnuma_repat_forget(r, pages, n, true);
	return true;
}

/* Keep the pages that are away from `to` after all; returns how many. */
static uint32_t still_remote(struct step *s, fnuma_gfn *pages, uint32_t n)
{
	struct fnuma_repatriator *r = s->r;
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i, kept = 0;

	if (!(r->config.tuning.flags & FNUMA_REPAT_VERIFY) ||
	    !fnuma_repat_locate(s, pages, n, nodes))
		return n;
	for (i = 0; i < n; i++) {
		if (fnuma_tracker_is_remote(r->config.tracker, pages[i])) {
			pages[kept++] = pages[i];
		} else if (settled(r, pages[i])) {
			fnuma_count(&r->stats.found_home, 1);
			r->progress = true;
		}
	}
	return kept;
}

/* A page reported moved that is somewhere else was not, and one that is there was,
 * whatever was said. */
static void catch_lies(struct step *s, const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                       struct fnuma_result *results)
{
	struct fnuma_repatriator *r = s->r;
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i;

	if (!(r->config.tuning.flags & FNUMA_REPAT_VERIFY) ||
	    !fnuma_repat_locate(s, pages, n, nodes))
		return;
	for (i = 0; i < n; i++) {
		const bool came = nodes[i].id == to.id;

		if ((results[i].outcome == FNUMA_DONE) == came ||
		    nodes[i].id == FNUMA_NODE_UNKNOWN_ID)
			continue;
		results[i].outcome = came ? FNUMA_DONE : FNUMA_NOT_DONE;
		results[i].reason = came ? FNUMA_OK : FNUMA_E_LIE;
		results[i].node = nodes[i];
	}
}

/* A failure that is the page's own goes into the books; others are the domain's. */
static void settle_failure(struct step *s, fnuma_gfn page,
                           const struct fnuma_result *result, fnuma_node from,
                           fnuma_node to)
{
	struct fnuma_repatriator *r = s->r;
	fnuma_node none = fnuma_node_none();

	fnuma_count(&r->stats.failed, 1);
	fnuma_repat_count_reason(r, result->reason);
	switch (result->reason) {
	case FNUMA_E_NOT_TRIED:
		break;
	case FNUMA_E_NOMEM:
		r->full_nodes |= UINT64_C(1) << to.id;
		fnuma_repat_tell(s, FNUMA_EVENT_KEPT, FNUMA_E_NOMEM, page, from, to);
		break;
	case FNUMA_E_GONE:
		fnuma_tracker_set(r->config.tracker, &page, &none, 1);
		r->progress = true;
		fnuma_repat_tell(s, FNUMA_EVENT_KEPT, FNUMA_E_GONE, page, from, to);
		break;
	default:
		note_failed(s, page, result, from, to);
	}
}

static void settle(struct step *s, const fnuma_gfn *pages, uint32_t n,
                   const fnuma_node *from, fnuma_node to,
                   const struct fnuma_result *results)
{
	struct fnuma_repatriator *r = s->r;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (results[i].outcome != FNUMA_DONE) {
			settle_failure(s, pages[i], &results[i], from[i], to);
			continue;
		}
		s->report->moved++;
		r->moved_in_pass++;
		r->progress = true;
		r->rests_in_row = 0;
		fnuma_count(&r->stats.moved, 1);
		note_moved(s, pages[i]);
		fnuma_repat_tell(s, FNUMA_EVENT_MOVED, FNUMA_OK, pages[i], from[i], to);
	}
	fnuma_tracker_record(r->config.tracker, pages, results, n);
}

static void rehearse(struct step *s, const fnuma_gfn *pages, uint32_t n, fnuma_node to)
{
	uint32_t i;

	s->report->attempted += n;
	fnuma_count(&s->r->stats.would_move, n);
	for (i = 0; i < n; i++)
		fnuma_repat_tell(s, FNUMA_EVENT_KEPT, FNUMA_E_DRY_RUN, pages[i],
		                 fnuma_tracker_get(s->r->config.tracker, pages[i]), to);
}

static void charge(struct step *s, uint32_t n, uint64_t spent_ns)
{
	fnuma_count(&s->r->stats.spent_ns, spent_ns);
	s->report->spent_ns += spent_ns;
	/* Never refused: no more pages are chosen than the budget lets through. */
	if (s->budget)
		fnuma_budget_spend(s->budget, s->now_ns, n, spent_ns);
}

/* These pages, not tried yet, are to be met again in the same pass. */
static void come_back(struct fnuma_repatriator *r, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	if (r->config.pool)
		r->pool_left += n;
	for (i = 0; i < n; i++)
		if (pages[i].n < r->cursor.n)
			r->cursor = pages[i];
}

/* After a batch: false if the domain is dead, or if nobody tried a single page, who then
 * is not asked again at once. */
static bool may_go_on(struct step *s, const fnuma_gfn *pages, uint32_t n,
                      const struct fnuma_result *results)
{
	uint32_t i, tried = 0;

	for (i = 0; i < n; i++) {
		tried += results[i].reason != FNUMA_E_NOT_TRIED;
		if (results[i].reason == FNUMA_E_GONE && fnuma_repat_found_dead(s))
			return false;
	}
	if (!tried) {
		fnuma_repat_rest(s, FNUMA_E_NOT_TRIED);
		return false;
	}
	for (i = 0; i < n; i++)
		if (results[i].reason == FNUMA_E_NOT_TRIED)
			come_back(s->r, &pages[i], 1);
	return true;
}

/* Move pages that share a destination. False: try nothing more in this step. */
static bool move(struct step *s, fnuma_gfn *pages, uint32_t n, fnuma_node to)
{
	struct fnuma_repatriator *r = s->r;
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_node from[FNUMA_BATCH_MAX];
	uint64_t spent_ns = 0;
	uint32_t i;
	int done;

	n = still_remote(s, pages, n);
	if (!n)
		return true;
	if (r->config.tuning.flags & FNUMA_REPAT_DRY_RUN) {
		rehearse(s, pages, n, to);
		return true;
	}
	done = fnuma_backend_move(r->config.backend, r->config.domain, pages, n, to,
	                          r->config.pool ? FNUMA_CONTENT_NOBODYS
	                                         : FNUMA_CONTENT_KEEP,
	                          results, &spent_ns);
	fnuma_count(&r->stats.calls, 1);
	if (done < 0) {
		charge(s, 0, spent_ns);
		fnuma_repat_count_reason(r, done);
		if (!fnuma_repat_found_dead(s))
			fnuma_repat_rest(s, done);
		return false;
	}
	charge(s, n, spent_ns);
	s->report->attempted += n;
	fnuma_count(&r->stats.attempted, n);
	for (i = 0; i < n; i++)
		from[i] = fnuma_tracker_get(r->config.tracker, pages[i]);
	catch_lies(s, pages, n, to, results);
	settle(s, pages, n, from, to, results);
	return may_go_on(s, pages, n, results);
}

/* Where a page should go, homes found full left out; none if they all are. */
static fnuma_node destination(const struct fnuma_repatriator *r, fnuma_gfn page)
{
	const struct fnuma_tracker *t = r->config.tracker;
	fnuma_node to = fnuma_tracker_home(t, page);
	uint64_t others = fnuma_tracker_home_nodes(t) & ~r->full_nodes;

	if (!(r->full_nodes >> to.id & 1))
		return to;
	for (to.id = 0; to.id < FNUMA_NODES_MAX; to.id++)
		if ((others >> to.id & 1) && fnuma_tracker_is_home(t, page, to))
			return to;
	return fnuma_node_none();
}

/* Move the pages that go where the first one goes to the front; returns how many. */
static uint32_t gather(const struct fnuma_repatriator *r, fnuma_gfn *pages, uint32_t n,
                       fnuma_node to)
{
	uint32_t i, front = 0;

	for (i = 0; i < n; i++) {
		fnuma_gfn page = pages[i];

		if (!fnuma_tracker_is_home(r->config.tracker, page, to))
			continue;
		pages[i] = pages[front];
		pages[front++] = page;
	}
	return front;
}

bool fnuma_repat_move_all(struct step *s, fnuma_gfn *pages, uint32_t n)
{
	while (n) {
		fnuma_node to = destination(s->r, pages[0]);
		uint32_t k = 1;

		if (to.id == FNUMA_NODE_NONE_ID) {
			fnuma_count(&s->r->stats.skipped, 1);
			fnuma_repat_count_reason(s->r, FNUMA_E_NOMEM);
		} else {
			k = gather(s->r, pages, n, to);
			if (!move(s, pages, k, to)) {
				come_back(s->r, pages + k, n - k);
				return false;
			}
		}
		pages += k;
		n -= k;
	}
	return true;
}
