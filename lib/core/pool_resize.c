/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The pool's control path. Pages that are asked about, moved or released are out of the
 * depot meanwhile (PAGE_AWAY), a batch at a time, and the lock is not held: the backend
 * may sleep, and the flip path goes on.
 */
#include "pool_internal.h"

#include <string.h>

#define CAPS_MOVE ((uint32_t)FNUMA_CAP_MOVE_FREE | FNUMA_CAP_MOVE_PAGE)

/* One resize: what it may do and what became of it. */
struct job {
	struct fnuma_pool *pool;
	uint64_t now_ns;
	struct fnuma_budget *budget; /* for moves, or NULL */
	bool may_move;
	uint32_t done; /* pages added, released or brought home */
	uint32_t home; /* may-be-remote pages now known to be at home */
	int why;       /* the last thing that went wrong */
	bool stop;     /* the backend refused a whole call, and will again */
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool can(const struct fnuma_pool *pool, uint32_t caps)
{
	return pool->backend && (pool->backend->caps & caps);
}

static bool bound_ok(uint32_t n)
{
	return n && n <= (uint32_t)INT32_MAX;
}

/* One resizer at a time is the caller's duty; two at once would break the bounds, so the
 * second is turned away. */
static int begin(struct job *job, struct fnuma_pool *pool, uint32_t n, uint32_t caps,
                 uint64_t now_ns)
{
	bool busy;

	if (!pool)
		return FNUMA_E_INVAL;
	if (!bound_ok(n))
		return fnuma_depot_refuse(pool, FNUMA_E_INVAL);
	if (!can(pool, caps))
		return fnuma_depot_refuse(pool, FNUMA_E_NOTSUP);
	pool_lock(pool);
	busy = pool->resizing;
	pool->resizing = true;
	pool_unlock(pool);
	if (busy)
		return fnuma_depot_refuse(pool, FNUMA_E_BUSY);
	memset(job, 0, sizeof(*job));
	job->pool = pool;
	job->now_ns = now_ns;
	return FNUMA_OK;
}

static void tell(const struct job *job, enum fnuma_event_kind kind, uint32_t count,
                 int why)
{
	const struct fnuma_trace *trace = &job->pool->trace;
	struct fnuma_event event;

	if (!trace->fn)
		return;
	memset(&event, 0, sizeof(event));
	event.kind = kind;
	event.why = why;
	event.now_ns = job->now_ns;
	event.domain = job->pool->domain;
	event.page = fnuma_gfn_of(FNUMA_GFN_NONE_N);
	event.from = fnuma_node_none();
	event.to = fnuma_node_none();
	event.count = count;
	trace->fn(trace->cookie, &event);
}

/* The end of a resize that was asked for `n` pages. */
static int end(struct job *job, enum fnuma_event_kind kind, uint32_t n)
{
	struct fnuma_pool *pool = job->pool;

	if (job->done || job->why) /* else there was nothing to decide */
		tell(job, kind, job->done, job->done < n ? job->why : FNUMA_OK);
	pool_lock(pool);
	pool->resizing = false;
	if (!job->done)
		pool->refused[-job->why] += job->why != FNUMA_OK;
	pool_unlock(pool);
	return job->done ? (int)job->done : job->why;
}

/* The backend refused a whole call. */
static void give_in(struct job *job, int error)
{
	job->why = error;
	job->stop = true;
}

/* Count pages that something went wrong with. */
static void count_pages(struct job *job, int error, uint32_t n)
{
	pool_lock(job->pool);
	job->pool->refused[-error] += n;
	pool_unlock(job->pool);
}

static uint32_t listed(struct fnuma_pool *pool, const struct depot_list *list)
{
	uint32_t pages;

	pool_lock(pool);
	pages = list->pages;
	pool_unlock(pool);
	return pages;
}

/* Growing. */

/* Take in what the backend handed out, and only what can be ours. What may be somebody
 * else's is lost from the start: a shrink finds out. */
static void adopt(struct job *job, const fnuma_gfn *pages,
                  const struct fnuma_result *results, uint32_t n)
{
	struct fnuma_pool *pool = job->pool;
	struct depot_list *lists[FNUMA_BATCH_MAX];
	uint32_t i, added = 0;

	for (i = 0; i < n; i++)
		lists[i] = pool_list_for(pool, pages[i], results[i].node);
	pool_lock(pool);
	for (i = 0; i < n; pool_breathe(pool, ++i)) {
		if (pages[i].n >= pool->frames ||
		    book_get(pool, pages[i]) != PAGE_OUTSIDE) {
			job->why = FNUMA_E_BACKEND;
			continue;
		}
		if (results[i].outcome != FNUMA_DONE) {
			job->why = FNUMA_E_LOST_TRACK;
			lists[i] = &pool->lost;
		}
		fnuma_port_store(&pool->size, pool->size + 1);
		fnuma_depot_file(pool, lists[i], pages[i]);
		pool->grown++;
		added++;
	}
	pool->refused[-FNUMA_E_BACKEND] += n - added;
	pool_unlock(pool);
	job->done += added;
}

int fnuma_pool_grow(struct fnuma_pool *pool, uint32_t n, uint64_t now_ns)
{
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	struct job job;
	uint32_t left;
	int error = begin(&job, pool, n, FNUMA_CAP_ACQUIRE, now_ns);

	if (error)
		return error;
	left = min_u32(n, pool->max_pages - pool->size);
	job.why = FNUMA_E_OVERFLOW;
	while (left) {
		uint32_t k = min_u32(left, FNUMA_BATCH_MAX);
		int got = fnuma_backend_acquire(pool->backend, pool->domain, pages, k,
		                                results);

		if (got <= 0) {
			job.why = got ? got : FNUMA_E_NOMEM;
			break;
		}
		adopt(&job, pages, results, (uint32_t)got);
		left -= (uint32_t)got;
	}
	return end(&job, FNUMA_EVENT_GROWN, n);
}

/* Knowing and moving. */

/* Pages out of the depot, sorted by what is known of them. */
struct hand {
	fnuma_gfn home[FNUMA_BATCH_MAX];
	fnuma_gfn away[FNUMA_BATCH_MAX]; /* or unknown */
	uint32_t n_home;
	uint32_t n_away;
};

static void now_home(struct hand *hand, fnuma_gfn page)
{
	hand->home[hand->n_home++] = page;
}

/* Ask the backend, and sort what is away. Returns FNUMA_OK, or an error and no change. */
static int sift(struct job *job, struct hand *hand)
{
	const struct fnuma_pool *pool = job->pool;
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i, n = hand->n_away;
	int error;

	if (!n)
		return FNUMA_OK;
	error = fnuma_backend_page_nodes(pool->backend, pool->domain, hand->away, n,
	                                 nodes);
	if (error < 0)
		return error;
	hand->n_away = 0;
	for (i = 0; i < n; i++) {
		if (pool_is_home(pool, hand->away[i], nodes[i]))
			now_home(hand, hand->away[i]);
		else
			hand->away[hand->n_away++] = hand->away[i];
	}
	return FNUMA_OK;
}

/* Move the pages that are at home on a node to the front; returns how many. */
static uint32_t choose(const struct fnuma_pool *pool, fnuma_gfn *pages, uint32_t n,
                       fnuma_node node)
{
	uint32_t i, front = 0;

	for (i = 0; i < n; i++) {
		fnuma_gfn page = pages[i];

		if (!pool_is_home(pool, page, node))
			continue;
		pages[i] = pages[front];
		pages[front++] = page;
	}
	return front;
}

/*
 * Move what is away, and belongs there, to one home node. What came goes to `came`; what
 * may fit on another node stays in the hand; what failed otherwise goes back. Returns the
 * pages that came, or an error.
 */
static int move_to(struct job *job, struct hand *hand, fnuma_node node, fnuma_gfn *came)
{
	struct fnuma_pool *pool = job->pool;
	struct fnuma_result results[FNUMA_BATCH_MAX];
	uint32_t i, kept = 0, n = choose(pool, hand->away, hand->n_away, node);
	uint64_t spent_ns = 0;
	int done = 0, error;

	if (!n)
		return 0;
	if (job->budget && fnuma_budget_pages(job->budget, job->now_ns) < n)
		return FNUMA_E_BUDGET;
	error = fnuma_backend_move(pool->backend, pool->domain, hand->away, n, node,
	                           FNUMA_CONTENT_NOBODYS, results, &spent_ns);
	if (job->budget)
		fnuma_budget_spend(job->budget, job->now_ns, error < 0 ? 0 : n, spent_ns);
	if (error < 0)
		return error;
	for (i = 0; i < n; i++) {
		if (results[i].outcome == FNUMA_DONE) {
			came[done++] = hand->away[i];
			continue;
		}
		count_pages(job, results[i].reason, 1);
		if (results[i].reason == FNUMA_E_NOMEM)
			hand->away[kept++] = hand->away[i];
		else
			fnuma_depot_return(pool, &pool->remote, &hand->away[i], 1);
	}
	memmove(&hand->away[kept], &hand->away[n],
	        (hand->n_away - n) * sizeof(*hand->away));
	hand->n_away -= n - kept;
	return done;
}

static void believe(struct hand *hand)
{
	uint32_t i;

	for (i = 0; i < hand->n_away; i++)
		now_home(hand, hand->away[i]);
	hand->n_away = 0;
}

/* Believe that these pages came home if the backend says so again, or cannot say. */
static void verify(struct job *job, struct hand *hand)
{
	int error;

	if (!can(job->pool, FNUMA_CAP_PAGE_NODES)) {
		believe(hand);
		return;
	}
	error = sift(job, hand);
	if (error)
		give_in(job, error);
	else
		count_pages(job, FNUMA_E_LIE, hand->n_away);
}

/* Is this a home of any page? */
static bool is_any_home(const struct fnuma_pool *pool, uint32_t node)
{
	uint32_t i;

	for (i = 0; i < pool->n_homes; i++)
		if (pool->homes[i].node.id == node)
			return true;
	return false;
}

/* Bring home what is away, on the first of its homes that has room. What did not come is
 * put back, or left in the hand. */
static void recall(struct job *job, struct hand *hand)
{
	struct fnuma_pool *pool = job->pool;
	fnuma_gfn came[FNUMA_BATCH_MAX];
	uint32_t node, n = 0;

	for (node = 0; node < FNUMA_NODES_MAX && hand->n_away; node++) {
		int got;

		if (!is_any_home(pool, node))
			continue;
		got = move_to(job, hand, fnuma_node_of(node), came + n);
		if (got >= 0)
			n += (uint32_t)got;
		else if (got == FNUMA_E_RANGE)
			break; /* the host has no such node, nor any above */
		else if (got != FNUMA_E_NOMEM)
			give_in(job, got); /* once the other homes have been tried */
	}
	fnuma_depot_return(pool, &pool->remote, hand->away, hand->n_away);
	memcpy(hand->away, came, n * sizeof(*came));
	hand->n_away = n;
	verify(job, hand);
}

/*
 * Up to `n` pages of a list into the hand, where only those known to be at home stay
 * (I2); the others are back in the depot. A page of the home list is believed to be there
 * if the backend cannot say. Returns how many others there were.
 */
static uint32_t gather(struct job *job, struct depot_list *list, uint32_t n,
                       struct hand *hand)
{
	struct fnuma_pool *pool = job->pool;
	bool remote = list == &pool->remote;
	int error = FNUMA_OK;

	n = fnuma_depot_pull(pool, list, PAGE_AWAY, hand->away, n);
	hand->n_home = 0;
	hand->n_away = n;
	if (can(pool, FNUMA_CAP_PAGE_NODES))
		error = sift(job, hand);
	else if (!remote)
		believe(hand);
	if (error) {
		give_in(job, error);
		fnuma_depot_return(pool, list, hand->away, hand->n_away);
		return n;
	}
	if (job->may_move && can(pool, CAPS_MOVE))
		recall(job, hand);
	fnuma_depot_return(pool, &pool->remote, hand->away, hand->n_away);
	if (remote)
		job->home += hand->n_home;
	return n - hand->n_home;
}

/* Count what gather() brought home. */
static void count_home(struct job *job)
{
	pool_lock(job->pool);
	job->pool->brought_home += job->home;
	pool_unlock(job->pool);
}

/* Pages of the next batch that may be moved within the budget. */
static uint32_t affordable(struct job *job, uint32_t n)
{
	uint32_t pages = FNUMA_BATCH_MAX;

	if (job->budget)
		pages = fnuma_budget_pages(job->budget, job->now_ns);
	return min_u32(min_u32(n, pages), FNUMA_BATCH_MAX);
}

int fnuma_pool_bring_home(struct fnuma_pool *pool, uint32_t n, uint64_t now_ns,
                          struct fnuma_budget *budget)
{
	struct hand hand;
	struct job job;
	uint32_t left;
	int error = begin(&job, pool, n, CAPS_MOVE | FNUMA_CAP_PAGE_NODES, now_ns);

	if (error)
		return error;
	job.budget = budget;
	job.may_move = true;
	left = min_u32(n, listed(pool, &pool->remote));
	while (left && !job.stop) {
		uint32_t k = affordable(&job, left);

		if (!k) {
			job.why = FNUMA_E_BUDGET;
			break;
		}
		if (gather(&job, &pool->remote, k, &hand) && !job.why)
			job.why = FNUMA_E_REMOTE;
		fnuma_depot_return(pool, &pool->home, hand.home, hand.n_home);
		left -= k;
	}
	job.done = job.home;
	count_home(&job);
	return end(&job, FNUMA_EVENT_BROUGHT_HOME, n);
}

/* Shrinking. */

static void forget(struct fnuma_pool *pool, fnuma_gfn page)
{
	book_set(pool, page, PAGE_OUTSIDE);
	fnuma_port_store(&pool->size, pool->size - 1);
	pool->shrunk++;
}

/* The page was not released, but is not the pool's either (any more): it is better lost
 * than owned twice. */
static bool is_not_ours(struct fnuma_result result)
{
	return result.outcome == FNUMA_NOT_DONE &&
	       (result.reason == FNUMA_E_GONE || result.reason == FNUMA_E_STATE);
}

/* File a page by what became of its release. One that may have been released stays lost
 * until the answer leaves no doubt. */
static bool settle(struct job *job, bool was_lost, fnuma_gfn page,
                   struct fnuma_result result)
{
	struct fnuma_pool *pool = job->pool;
	bool unknown = result.outcome == FNUMA_UNKNOWN;

	pool->away--;
	if (result.outcome == FNUMA_DONE || is_not_ours(result)) {
		forget(pool, page);
		return true;
	}
	job->why = unknown ? FNUMA_E_LOST_TRACK : result.reason;
	pool->refused[-job->why]++;
	fnuma_depot_file(pool, unknown || was_lost ? &pool->lost : &pool->home, page);
	return false;
}

static void release(struct job *job, struct depot_list *list, const fnuma_gfn *pages,
                    uint32_t n)
{
	struct fnuma_pool *pool = job->pool;
	struct fnuma_result results[FNUMA_BATCH_MAX];
	uint32_t i;
	int error;

	if (!n)
		return;
	error = fnuma_backend_release(pool->backend, pool->domain, pages, n, results);
	if (error < 0) {
		give_in(job, error);
		fnuma_depot_return(pool, list, pages, n);
		return;
	}
	pool_lock(pool);
	for (i = 0; i < n; pool_breathe(pool, ++i))
		job->done += settle(job, list == &pool->lost, pages[i], results[i]);
	pool_unlock(pool);
}

static void release_lost(struct job *job, uint32_t n)
{
	struct fnuma_pool *pool = job->pool;
	fnuma_gfn pages[FNUMA_BATCH_MAX];

	n = min_u32(min_u32(n, FNUMA_BATCH_MAX), listed(pool, &pool->lost));
	n = fnuma_depot_pull(pool, &pool->lost, PAGE_AWAY, pages, n);
	release(job, &pool->lost, pages, n);
}

static void release_from(struct job *job, struct depot_list *list, uint32_t n)
{
	struct fnuma_pool *pool = job->pool;
	uint32_t left = min_u32(n - job->done, listed(pool, list));
	struct hand hand;

	while (left && !job->stop) {
		uint32_t k = min_u32(left, FNUMA_BATCH_MAX);

		if (gather(job, list, k, &hand) && !job->why)
			job->why = FNUMA_E_REMOTE;
		release(job, &pool->home, hand.home, hand.n_home);
		left -= k;
	}
}

int fnuma_pool_shrink(struct fnuma_pool *pool, uint32_t n, uint64_t now_ns)
{
	struct job job;
	int error = begin(&job, pool, n, FNUMA_CAP_ACQUIRE, now_ns);

	if (error)
		return error;
	release_lost(&job, n);
	release_from(&job, &pool->home, n);
	release_from(&job, &pool->remote, n);
	if (job.home) {
		count_home(&job);
		tell(&job, FNUMA_EVENT_BROUGHT_HOME, job.home, FNUMA_OK);
	}
	if (!job.why)
		job.why = pool_why_none(pool);
	return end(&job, FNUMA_EVENT_SHRUNK, n);
}

int fnuma_pool_resize(struct fnuma_pool *pool, uint32_t target_pages, uint32_t n,
                      uint64_t now_ns)
{
	uint32_t size = fnuma_pool_size(pool), target;

	if (!pool)
		return FNUMA_E_INVAL;
	if (!bound_ok(n))
		return fnuma_depot_refuse(pool, FNUMA_E_INVAL);
	target = min_u32(target_pages, pool->max_pages);
	if (target > size)
		return fnuma_pool_grow(pool, min_u32(n, target - size), now_ns);
	if (target < size)
		return fnuma_pool_shrink(pool, min_u32(n, size - target), now_ns);
	return 0;
}

/* Holding. */

int fnuma_pool_hold(struct fnuma_pool *pool, enum fnuma_pool_where where,
                    fnuma_gfn *pages, uint32_t n)
{
	struct depot_list *list;

	if (!pool)
		return FNUMA_E_INVAL;
	if (!pages || !n || n > FNUMA_BATCH_MAX ||
	    (where != FNUMA_POOL_MAYBE_REMOTE && where != FNUMA_POOL_HOME))
		return fnuma_depot_refuse(pool, FNUMA_E_INVAL);
	list = where == FNUMA_POOL_HOME ? &pool->home : &pool->remote;
	return (int)fnuma_depot_pull(pool, list, PAGE_HELD, pages, n);
}

/* The first page that is in the batch a second time, or `n`. */
static uint32_t first_repeat(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i, j;

	for (i = 1; i < n; i++)
		for (j = 0; j < i; j++)
			if (pages[i].n == pages[j].n)
				return i;
	return n;
}

/* The lock is held. */
static int may_unhold(const struct fnuma_pool *pool, const fnuma_gfn *pages, uint32_t n,
                      uint32_t repeat)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (pages[i].n >= pool->frames)
			return FNUMA_E_RANGE;
		if (book_get(pool, pages[i]) != PAGE_HELD)
			return FNUMA_E_STATE;
		if (i == repeat)
			return FNUMA_E_DUPLICATE;
	}
	return FNUMA_OK;
}

int fnuma_pool_unhold(struct fnuma_pool *pool, const fnuma_gfn *pages,
                      const fnuma_node *nodes, uint32_t n)
{
	uint32_t i, repeat;
	int error;

	if (!pool)
		return FNUMA_E_INVAL;
	if (!pages || !nodes || !n || n > FNUMA_BATCH_MAX)
		return fnuma_depot_refuse(pool, FNUMA_E_INVAL);
	repeat = first_repeat(pages, n);
	pool_lock(pool);
	error = may_unhold(pool, pages, n, repeat);
	if (error) {
		pool->refused[-error]++;
		pool_unlock(pool);
		return error;
	}
	pool->held -= n;
	for (i = 0; i < n; i++)
		fnuma_depot_file(pool, pool_list_for(pool, pages[i], nodes[i]), pages[i]);
	pool_unlock(pool);
	return (int)n;
}
