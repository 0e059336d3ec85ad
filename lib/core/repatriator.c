/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "repatriator_internal.h"

#include "count.h"
#include "num.h"

#include <string.h>

#define BOOKS_DEFAULT       16384u
#define BATCH_DEFAULT       32u
#define ATTEMPTS_DEFAULT    5u
#define ATTEMPTS_MAX        16u
#define BACKOFF_DEFAULT_NS  UINT64_C(1000000000)
#define COOLDOWN_DEFAULT_NS UINT64_C(10000000000)
/* Frames looked at for each page that may be attempted: a guest with 3 % of its pages
 * remote has one in 32 frames, so this is only felt where there is little to do. */
#define LOOK_PER_PAGE 4096u
/* A query costs about as much as looking at this many frames. */
#define LOOK_PER_QUERY 64u
/* Slots of the books swept for each page attempted: entries must expire at least as fast
 * as they are made. */
#define SWEEP_PER_PAGE 4u
#define SWEEP_MIN      64u

/* ---- making one ------------------------------------------------------------------ */

static int complete_tuning(struct fnuma_repatriator_tuning *t)
{
	if (!t->batch_pages)
		t->batch_pages = BATCH_DEFAULT;
	if (!t->attempts_max)
		t->attempts_max = ATTEMPTS_DEFAULT;
	if (!t->backoff_ns)
		t->backoff_ns = BACKOFF_DEFAULT_NS;
	if (!t->cooldown_ns)
		t->cooldown_ns = COOLDOWN_DEFAULT_NS;
	if (t->batch_pages > FNUMA_BATCH_MAX || t->attempts_max > ATTEMPTS_MAX ||
	    t->backoff_ns > FNUMA_CLOCK_STEP_MAX ||
	    (t->cooldown_ns > FNUMA_CLOCK_STEP_MAX && t->cooldown_ns != FNUMA_NEVER) ||
	    t->flags & ~(uint32_t)(FNUMA_REPAT_VERIFY | FNUMA_REPAT_DRY_RUN))
		return FNUMA_E_INVAL;
	return FNUMA_OK;
}

static int complete(struct fnuma_repatriator_config *c)
{
	if (!c->books_pages)
		c->books_pages = BOOKS_DEFAULT;
	if (!fnuma_books_bytes(c->books_pages))
		return FNUMA_E_INVAL;
	return complete_tuning(&c->tuning);
}

/* The books follow the object, 8-byte aligned. */
static size_t head_bytes(void)
{
	return (sizeof(struct fnuma_repatriator) + 7) & ~(size_t)7;
}

size_t fnuma_repatriator_bytes(const struct fnuma_repatriator_config *config)
{
	struct fnuma_repatriator_config c;
	size_t books;

	if (!config)
		return 0;
	c = *config;
	if (complete(&c) != FNUMA_OK)
		return 0;
	books = fnuma_books_bytes(c.books_pages);
	return books > SIZE_MAX - head_bytes() ? 0 : head_bytes() + books;
}

int fnuma_repatriator_init(void *memory, size_t bytes,
                           const struct fnuma_repatriator_config *config,
                           struct fnuma_repatriator **out)
{
	struct fnuma_repatriator *r = memory;
	size_t need = fnuma_repatriator_bytes(config);
	uint32_t can;

	if (!memory || !out || !need || (uintptr_t)memory % 8 || !config->backend ||
	    !config->tracker)
		return FNUMA_E_INVAL;
	if (bytes < need)
		return FNUMA_E_NOSPC;
	can = FNUMA_CAP_MOVE_PAGE | (config->pool ? FNUMA_CAP_MOVE_FREE : 0);
	if (!(config->backend->caps & can))
		return FNUMA_E_NOTSUP;
	memset(r, 0, sizeof(*r));
	r->config = *config;
	complete(&r->config);
	fnuma_books_init(&r->books, (uint8_t *)memory + head_bytes(),
	                 r->config.books_pages);
	r->stats.books_pages = r->config.books_pages;
	*out = r;
	return FNUMA_OK;
}

int fnuma_repatriator_retune(struct fnuma_repatriator *r,
                             const struct fnuma_repatriator_tuning *tuning)
{
	struct fnuma_repatriator_tuning t;

	if (!r || !tuning)
		return FNUMA_E_INVAL;
	t = *tuning;
	if (complete_tuning(&t) != FNUMA_OK)
		return FNUMA_E_INVAL;
	r->config.tuning = t;
	return FNUMA_OK;
}

/* ---- choosing pages -------------------------------------------------------------- */

/* Drop the pages that the books object to, or have no room for; returns how many are
 * left. A page that has an entry needs no room: full books never stop a retry. */
static uint32_t unobjectionable(struct step *s, fnuma_gfn *pages, uint32_t n)
{
	struct fnuma_repatriator *r = s->r;
	uint32_t i, kept = 0, fresh = books_room(&r->books);

	for (i = 0; i < n; i++) {
		const struct books_entry *e = fnuma_books_find(&r->books, pages[i].n);
		int why = fnuma_repat_objection(e, s->at_ns);

		if (!e && !fresh)
			why = s->report->why = FNUMA_E_NOSPC;
		if (why == FNUMA_OK) {
			fresh -= !e;
			pages[kept++] = pages[i];
			continue;
		}
		fnuma_count(&r->stats.skipped, 1);
		fnuma_repat_count_reason(r, why);
		fnuma_repat_tell(s, FNUMA_EVENT_KEPT, why, pages[i],
		                 fnuma_tracker_get(r->config.tracker, pages[i]),
		                 fnuma_node_none());
	}
	return kept;
}

/* Pages that may be attempted in the next batch. */
static uint32_t room(struct step *s)
{
	struct fnuma_repatriator *r = s->r;
	uint32_t n = s->max_pages - s->report->attempted, left;

	if (n > r->config.tuning.batch_pages)
		n = r->config.tuning.batch_pages;
	if (!s->budget || (r->config.tuning.flags & FNUMA_REPAT_DRY_RUN))
		return n;
	left = fnuma_budget_pages(s->budget, s->now_ns);
	if (!left)
		s->report->why = FNUMA_E_BUDGET;
	return left < n ? left : n;
}

/* Ask where pages of unknown node are. */
static void look_up(struct step *s, const fnuma_gfn *pages, uint32_t n)
{
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i;

	if (n && fnuma_repat_locate(s, pages, n, nodes))
		for (i = 0; i < n; i++)
			s->r->progress |= nodes[i].id != FNUMA_NODE_UNKNOWN_ID;
}

/* Look up the next pages of unknown node. False: all that can be asked have been. */
static bool settle_unknown(struct step *s)
{
	struct fnuma_repatriator *r = s->r;
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint32_t before = r->unknown_cursor.n, look = (uint32_t)s->look;
	int n;

	if (!(r->config.backend->caps & FNUMA_CAP_PAGE_NODES) ||
	    before >= fnuma_tracker_frames(r->config.tracker))
		return false;
	n = fnuma_tracker_next(r->config.tracker, FNUMA_WANT_UNKNOWN, &r->unknown_cursor,
	                       look, pages, FNUMA_BATCH_MAX);
	look = r->unknown_cursor.n - before + (uint32_t)n * LOOK_PER_QUERY;
	s->look -= look < s->look ? look : s->look;
	look_up(s, pages, (uint32_t)n);
	return true;
}

/* The next batch of a domain without a pool. False: the pass is over, or must wait. */
static bool batch_from_tracker(struct step *s)
{
	struct fnuma_repatriator *r = s->r;
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint32_t before = r->cursor.n, max;
	int n;

	if (before >= fnuma_tracker_frames(r->config.tracker)) {
		r->active = false;
		return false;
	}
	max = room(s);
	if (!max)
		return false;
	n = fnuma_tracker_next(r->config.tracker, FNUMA_WANT_REMOTE, &r->cursor,
	                       (uint32_t)s->look, pages, max);
	s->look -= r->cursor.n - before < s->look ? r->cursor.n - before : s->look;
	return fnuma_repat_move_all(s, pages, unobjectionable(s, pages, (uint32_t)n));
}

/* Of the pages held, those that are away from home. */
static uint32_t away(struct step *s, const fnuma_gfn *held, uint32_t n, fnuma_gfn *pages)
{
	const struct fnuma_tracker *t = s->r->config.tracker;
	uint32_t i, k = 0;

	for (i = 0; i < n; i++)
		if (fnuma_tracker_get(t, held[i]).id == FNUMA_NODE_UNKNOWN_ID)
			pages[k++] = held[i];
	look_up(s, pages, k);
	for (i = 0, k = 0; i < n; i++)
		if (fnuma_tracker_is_remote(t, held[i]))
			pages[k++] = held[i];
	return k;
}

/* The next batch of a domain with a pool: held while it is moved. */
static bool batch_from_pool(struct step *s)
{
	struct fnuma_repatriator *r = s->r;
	fnuma_gfn held[FNUMA_BATCH_MAX], pages[FNUMA_BATCH_MAX];
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t max, i, m;
	bool more;
	int n;

	if (!r->pool_left) {
		r->active = false;
		return false;
	}
	max = room(s);
	if (!max)
		return false;
	n = fnuma_pool_hold(r->config.pool, FNUMA_POOL_MAYBE_REMOTE, held,
	                    max < r->pool_left ? max : r->pool_left);
	r->pool_left -= n > 0 ? (uint32_t)n : r->pool_left;
	if (n <= 0)
		return true;
	s->look -= (uint64_t)n < s->look ? (uint64_t)n : s->look;
	m = away(s, held, (uint32_t)n, pages);
	more = fnuma_repat_move_all(s, pages, unobjectionable(s, pages, m));
	for (i = 0; i < (uint32_t)n; i++)
		nodes[i] = fnuma_tracker_get(r->config.tracker, held[i]);
	n = fnuma_pool_unhold(r->config.pool, held, nodes, (uint32_t)n);
	FNUMA_ASSERT(n > 0);
	return more;
}

/* ---- a step ---------------------------------------------------------------------- */

void fnuma_repatriator_begin(struct fnuma_repatriator *r)
{
	struct fnuma_pool_stats pool;

	if (!r || r->gone)
		return;
	r->active = true;
	r->progress = false;
	r->full_nodes = 0;
	r->moved_in_pass = 0;
	r->cursor = fnuma_gfn_of(0);
	r->unknown_cursor = fnuma_gfn_of(0);
	if (r->config.pool) {
		fnuma_pool_stats(r->config.pool, &pool);
		r->pool_left = pool.depot_remote_pages;
	}
}

bool fnuma_repatriator_active(const struct fnuma_repatriator *r)
{
	return r && r->active;
}

/* A pass that got nothing done, though there was something to do, rests the domain: the
 * next one would find the same. */
static void end_pass(struct step *s)
{
	struct fnuma_repatriator *r = s->r;

	s->report->pass_ended = true;
	fnuma_count(&r->stats.passes, 1);
	fnuma_repat_tell_domain(s, FNUMA_EVENT_PASS, FNUMA_OK);
	if (r->full_nodes)
		fnuma_repat_rest(s, FNUMA_E_NOMEM);
	else if (!r->progress && fnuma_repatriator_movable(r) &&
	         !fnuma_repat_found_dead(s))
		fnuma_repat_rest(s, FNUMA_E_BACKOFF);
}

static void do_batches(struct step *s)
{
	struct fnuma_repatriator *r = s->r;
	bool more = true;

	if (!r->config.pool)
		while (s->look && settle_unknown(s))
			;
	while (more && s->look && s->report->attempted < s->max_pages)
		more = r->config.pool ? batch_from_pool(s) : batch_from_tracker(s);
	if (!r->active && !r->gone)
		end_pass(s);
}

static uint64_t next_ns(const struct step *s)
{
	const struct fnuma_repatriator *r = s->r;
	uint64_t at = s->at_ns;

	if (r->gone || r->paused)
		return FNUMA_NEVER;
	if (fnuma_repat_resting(r, at))
		return fnuma_clock_callers(&r->clock, r->rest_until_ns);
	if (!r->active)
		return FNUMA_NEVER;
	if (s->report->why == FNUMA_E_BUDGET)
		return fnuma_budget_next(s->budget, s->now_ns);
	return s->now_ns;
}

int fnuma_repatriator_step(struct fnuma_repatriator *r, struct fnuma_budget *budget,
                           uint64_t now_ns, uint32_t max_pages,
                           struct fnuma_repatriator_report *report)
{
	struct step s;
	uint32_t sweep = SWEEP_MIN;

	if (!r || !report || !max_pages)
		return FNUMA_E_INVAL;
	memset(report, 0, sizeof(*report));
	memset(&s, 0, sizeof(s));
	s.r = r;
	s.budget = budget;
	s.report = report;
	s.now_ns = now_ns;
	s.at_ns = fnuma_clock_tell(&r->clock, now_ns);
	s.max_pages = max_pages;
	/* A look of the tracker's takes 32 bits. */
	s.look = max_pages < UINT32_MAX / LOOK_PER_PAGE ? max_pages * LOOK_PER_PAGE
	                                                : UINT32_MAX;
	if (max_pages < UINT32_MAX / SWEEP_PER_PAGE && max_pages * SWEEP_PER_PAGE > sweep)
		sweep = max_pages * SWEEP_PER_PAGE;
	if (r->gone) {
		report->why = FNUMA_E_GONE;
	} else if (r->paused) {
		report->why = FNUMA_E_PAUSED;
	} else if (fnuma_repat_resting(r, s.at_ns)) {
		report->why = FNUMA_E_BACKOFF;
	} else {
		r->rest_until_ns = 0;
		fnuma_books_sweep(&r->books, sweep, fnuma_repat_stale, &s);
		if (r->active)
			do_batches(&s);
	}
	report->next_ns = next_ns(&s);
	if (r->gone)
		return FNUMA_E_GONE;
	return r->paused ? FNUMA_E_PAUSED : (int)report->moved;
}

/* ---- questions and wishes -------------------------------------------------------- */

void fnuma_repatriator_flipped(struct fnuma_repatriator *r, const fnuma_gfn *pages,
                               uint32_t n)
{
	if (r && pages)
		fnuma_repat_forget(r, pages, n, false);
}

void fnuma_repatriator_placed(struct fnuma_repatriator *r, const fnuma_gfn *pages,
                              uint32_t n)
{
	if (r && pages)
		fnuma_repat_forget(r, pages, n, true);
}

static bool is_failure(void *cookie, const struct books_entry *e)
{
	(void)cookie;
	return e->kind != BOOKS_COOLING;
}

static uint32_t failures(const struct books *b)
{
	return b->count[BOOKS_BACKOFF] + b->count[BOOKS_GAVE_UP];
}

uint32_t fnuma_repatriator_forgive(struct fnuma_repatriator *r)
{
	uint32_t forgiven;

	if (!r)
		return 0;
	r->rest_until_ns = 0;
	r->rests_in_row = 0;
	forgiven = failures(&r->books);
	while (failures(&r->books))
		fnuma_books_sweep(&r->books, r->books.mask + 1, is_failure, NULL);
	return forgiven;
}

void fnuma_repatriator_pause(struct fnuma_repatriator *r, bool paused)
{
	if (r)
		r->paused = paused;
}

int fnuma_repatriator_why(const struct fnuma_repatriator *r, fnuma_gfn page,
                          uint64_t now_ns, uint64_t *until_ns, int *cause)
{
	const struct books_entry *e;
	struct fnuma_clock clock;
	uint64_t at_ns;
	int why;

	if (!r)
		return FNUMA_E_INVAL;
	if (page.n >= fnuma_tracker_frames(r->config.tracker))
		return FNUMA_E_RANGE;
	clock = r->clock;
	at_ns = fnuma_clock_tell(&clock, now_ns);
	e = fnuma_books_find(&r->books, page.n);
	why = fnuma_repat_objection(e, at_ns);
	if (until_ns)
		*until_ns = why == FNUMA_OK        ? 0 :
		            why == FNUMA_E_GAVE_UP ? FNUMA_NEVER :
		                                     fnuma_clock_callers(&clock, e->until_ns);
	if (cause)
		*cause = e ? e->cause : FNUMA_OK;
	return why;
}

uint32_t fnuma_repatriator_movable(const struct fnuma_repatriator *r)
{
	struct fnuma_pool_stats pool;
	struct fnuma_layout layout;
	uint32_t remote, given_up;

	if (!r)
		return 0;
	remote = fnuma_tracker_remote(r->config.tracker);
	given_up = fnuma_port_load(&r->books.count[BOOKS_GAVE_UP]);
	remote = given_up < remote ? remote - given_up : 0;
	if (!(r->config.backend->caps & FNUMA_CAP_PAGE_NODES))
		return remote;
	fnuma_tracker_layout(r->config.tracker, &layout);
	if (!r->config.pool || !layout.unknown_pages)
		return remote + layout.unknown_pages;
	fnuma_pool_stats(r->config.pool, &pool);
	return remote + fnuma_min_u32(layout.unknown_pages, pool.depot_remote_pages);
}

void fnuma_repatriator_stats(const struct fnuma_repatriator *r,
                             struct fnuma_repatriator_stats *out)
{
	const uint64_t *from;
	uint64_t *to = (uint64_t *)out;
	size_t i;

	if (!out)
		return;
	memset(out, 0, sizeof(*out));
	if (!r)
		return;
	from = (const uint64_t *)&r->stats;
	for (i = 0; i < offsetof(struct fnuma_repatriator_stats, cooling_pages) / 8; i++)
		to[i] = fnuma_port_read64(&from[i]);
	out->cooling_pages = fnuma_port_load(&r->books.count[BOOKS_COOLING]);
	out->backoff_pages = fnuma_port_load(&r->books.count[BOOKS_BACKOFF]);
	out->given_up_pages = fnuma_port_load(&r->books.count[BOOKS_GAVE_UP]);
	out->books_pages = r->config.books_pages;
	if (r->gone)
		out->state = FNUMA_E_GONE;
	else if (r->paused)
		out->state = FNUMA_E_PAUSED;
	else
		out->state = r->rest_until_ns ? FNUMA_E_BACKOFF : FNUMA_OK;
}
