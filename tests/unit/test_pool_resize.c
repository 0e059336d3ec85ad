/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Growing, shrinking, bringing home and holding, with a backend that fails and lies. */
#include "pool_host.h"
#include "pool_internal.h"

#define M 8u
#define TRUSTED FNUMA_POOL_TRUSTED

static const uint32_t both_kinds[] = {0, TRUSTED};

/* What the trace said last, and how often. */
struct heard {
	struct fnuma_event last;
	uint32_t events;
	struct fnuma_pool *call_back; /* resize this one from within */
	int answers[3];
};

static void listen_to(void *cookie, const struct fnuma_event *event)
{
	struct heard *h = cookie;

	h->last = *event;
	h->events++;
	if (h->call_back) {
		h->answers[0] = fnuma_pool_grow(h->call_back, 1, 0);
		h->answers[1] = fnuma_pool_shrink(h->call_back, 1, 0);
		h->answers[2] = fnuma_pool_bring_home(h->call_back, 1, 0, NULL);
	}
}

static struct rig *pool_with(uint32_t flags, uint32_t caps, struct heard *heard)
{
	struct rig *r = rig_new(1024, 512, 2, M, flags, caps);

	if (heard) {
		memset(heard, 0, sizeof(*heard));
		r->config.trace.fn = listen_to;
		r->config.trace.cookie = heard;
		assert_int_equal(
			fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
			FNUMA_OK);
	}
	return r;
}

static void assert_event(const struct heard *h, uint32_t kind, uint32_t count, int why)
{
	assert_int_equal(h->last.kind, kind);
	assert_int_equal(h->last.count, count);
	assert_int_equal(h->last.why, why);
	assert_int_equal(h->last.domain.slot, 3);
	assert_int_equal(h->last.domain.generation, 5);
	assert_int_equal(h->last.page.n, FNUMA_GFN_NONE_N);
	assert_int_equal(h->last.until_ns, 0);
}

/* A pool of `size` pages of which the first `away` frames are on node 1, may-be-remote.
 */
static struct rig *pool_away(uint32_t flags, uint32_t caps, uint32_t size, uint32_t away)
{
	struct rig *r = pool_with(flags, caps, NULL);

	memset(r->host.node, 1, away);
	assert_int_equal(fnuma_pool_grow(r->pool, size, 0), size);
	assert_int_equal(stats_of(r).depot_remote_pages, away);
	assert_int_equal(stats_of(r).depot_home_pages, size - away);
	return r;
}

static uint32_t pooled(const struct host *h)
{
	uint32_t i, n = 0;

	for (i = 0; i < h->frames; i++)
		n += h->pooled[i];
	return n;
}

static void answer_all(uint8_t *table, enum host_answer as)
{
	memset(table, as, HOST_FRAMES);
}

/* Growing. */

static void growing_adds_pages_in_batches_and_files_them_by_node(void **state)
{
	struct heard heard;
	uint32_t k, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_with(both_kinds[k], HOST_ALL, &heard);

		for (i = 0; i < 30; i++)
			r->host.node[i] = (uint8_t)(1 + i % 3);
		for (i = 30; i < 40; i++)
			r->host.hidden[i] = 1;
		assert_int_equal(fnuma_pool_grow(r->pool, 150, 77), 150);
		assert_int_equal(r->host.acquires, 3);
		assert_int_equal(stats_of(r).depot_remote_pages, 40);
		assert_int_equal(stats_of(r).depot_home_pages, 110);
		assert_int_equal(stats_of(r).grown, 150);
		assert_int_equal(fnuma_pool_size(r->pool), 150);
		assert_int_equal(heard.events, 1);
		assert_event(&heard, FNUMA_EVENT_GROWN, 150, FNUMA_OK);
		assert_int_equal(heard.last.now_ns, 77);
		rig_free(r);
	}
}

static void growth_stops_at_the_most_the_pool_can_hold(void **state)
{
	struct heard heard;
	struct rig *r = pool_with(0, HOST_ALL, &heard);
	fnuma_gfn pages[4];

	(void)state;
	assert_int_equal(fnuma_pool_grow(r->pool, 500, 0), 500);
	assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, pages, 4), 4);
	assert_int_equal(fnuma_pool_grow(r->pool, 500, 0), 12);
	assert_event(&heard, FNUMA_EVENT_GROWN, 12, FNUMA_E_OVERFLOW);
	assert_int_equal(fnuma_pool_grow(r->pool, 1, 0), FNUMA_E_OVERFLOW);
	assert_event(&heard, FNUMA_EVENT_GROWN, 0, FNUMA_E_OVERFLOW);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_OVERFLOW], 1);
	assert_int_equal(pooled(&r->host), 512);
	rig_free(r);
}

static void growth_says_why_the_backend_gave_nothing(void **state)
{
	struct heard heard;
	struct rig *r = rig_new(100, 100, 1, M, 0, HOST_ALL);

	(void)state;
	r->config.trace.fn = listen_to;
	r->config.trace.cookie = &heard;
	memset(&heard, 0, sizeof(heard));
	r->host.frames = 70; /* the allocator's */
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	assert_int_equal(fnuma_pool_grow(r->pool, 90, 0), 70);
	assert_event(&heard, FNUMA_EVENT_GROWN, 70, FNUMA_E_NOMEM);
	assert_int_equal(fnuma_pool_grow(r->pool, 20, 0), FNUMA_E_NOMEM);
	r->host.acquire_error = FNUMA_E_GONE;
	assert_int_equal(fnuma_pool_grow(r->pool, 20, 0), FNUMA_E_GONE);
	assert_event(&heard, FNUMA_EVENT_GROWN, 0, FNUMA_E_GONE);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_NOMEM], 1);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_GONE], 1);
	rig_free(r);
}

static void frames_that_cannot_be_the_pools_are_never_taken_in(void **state)
{
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_with(both_kinds[k], HOST_ALL, NULL);
		struct fnuma_pool_cache cache;
		struct fnuma_pool_stats s;
		fnuma_gfn out[8], held[1];

		assert_int_equal(fnuma_pool_grow(r->pool, 20, 0), 20);
		assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
		assert_int_equal(fnuma_pool_take(&cache, out, 8), 8);
		assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, held, 1), 1);
		r->host.forced[0] = fnuma_gfn_of(1024);
		r->host.forced[1] = out[0];
		r->host.forced[2] = held[0];
		r->host.forced[3] = fnuma_gfn_of(1023);
		r->host.forced_n = 4;
		assert_int_equal(fnuma_pool_grow(r->pool, 4, 0), 1);
		assert_int_equal(stats_of(r).refused[-FNUMA_E_BACKEND], 3);
		assert_int_equal(fnuma_pool_size(r->pool), 21);
		s = stats_of(r);
		r->host.forced_n = 3;
		assert_int_equal(fnuma_pool_grow(r->pool, 100, 0), FNUMA_E_BACKEND);
		assert_in_range(stats_of(r).refused[-FNUMA_E_BACKEND], 4 + 99, 4 + 102);
		assert_int_equal(s.size_pages, stats_of(r).size_pages);
		assert_int_equal(s.depot_home_pages, stats_of(r).depot_home_pages);
		rig_free(r);
	}
}

static void a_page_that_may_not_have_been_acquired_is_lost_until_a_shrink_finds_out(
	void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[20];
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = rig_new(64, 32, 1, 4, both_kinds[k], HOST_ALL);

		r->host.doubt = 6;
		assert_int_equal(fnuma_pool_grow(r->pool, 20, 0), 20);
		assert_int_equal(pooled(&r->host), 17);
		assert_int_equal(stats_of(r).lost_pages, 6);
		assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
		assert_int_equal(fnuma_pool_take(&cache, pages, 20), 14);
		assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 6);
		assert_int_equal(stats_of(r).lost_pages, 0);
		assert_int_equal(stats_of(r).size_pages, 14);
		assert_int_equal(pooled(&r->host), 14);
		assert_int_equal(r->host.released_strays, 3);
		rig_free(r);
	}
}

static void a_resize_within_a_resize_is_refused(void **state)
{
	struct heard heard;
	struct rig *r = pool_with(0, HOST_ALL, &heard);
	uint32_t i;

	(void)state;
	heard.call_back = r->pool;
	assert_int_equal(fnuma_pool_grow(r->pool, 10, 0), 10);
	for (i = 0; i < 3; i++)
		assert_int_equal(heard.answers[i], FNUMA_E_BUSY);
	heard.call_back = NULL;
	assert_int_equal(stats_of(r).refused[-FNUMA_E_BUSY], 3);
	assert_int_equal(fnuma_pool_shrink(r->pool, 10, 0), 10);
	rig_free(r);
}

static void a_pool_without_the_means_says_that_they_are_not_supported(void **state)
{
	struct rig *r = pool_with(0, 0, NULL);

	(void)state;
	assert_int_equal(fnuma_pool_grow(r->pool, 1, 0), FNUMA_E_NOTSUP);
	assert_int_equal(fnuma_pool_shrink(r->pool, 1, 0), FNUMA_E_NOTSUP);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 1, 0, NULL), FNUMA_E_NOTSUP);
	r->config.backend = NULL;
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	assert_int_equal(fnuma_pool_grow(r->pool, 1, 0), FNUMA_E_NOTSUP);
	assert_int_equal(fnuma_pool_shrink(r->pool, 1, 0), FNUMA_E_NOTSUP);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 1, 0, NULL), FNUMA_E_NOTSUP);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_NOTSUP], 3);
	rig_free(r);
}

static void arguments_out_of_range_are_refused_and_change_nothing(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 20, 10);
	const uint32_t bad[] = {0, (uint32_t)INT32_MAX + 1};
	const fnuma_node node = {0};
	fnuma_gfn page = {0};
	struct fnuma_pool_stats s;
	uint32_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(fnuma_pool_grow(r->pool, bad[i], 0), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_shrink(r->pool, bad[i], 0), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_bring_home(r->pool, bad[i], 0, NULL),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_resize(r->pool, 30, bad[i], 0),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, &page, bad[i]),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_unhold(r->pool, &page, &node, bad[i]),
		                 FNUMA_E_INVAL);
	}
	assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, NULL, 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_hold(r->pool, (enum fnuma_pool_where)2, &page, 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, &page, 65),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_unhold(r->pool, NULL, &node, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_unhold(r->pool, &page, NULL, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_unhold(r->pool, &page, &node, 65), FNUMA_E_INVAL);
	s = stats_of(r);
	assert_int_equal(s.refused[-FNUMA_E_INVAL], 18);
	assert_int_equal(s.size_pages, 20);
	assert_int_equal(s.held_pages, 0);
	assert_int_equal(fnuma_pool_grow(NULL, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_shrink(NULL, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_bring_home(NULL, 1, 0, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_resize(NULL, 1, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_hold(NULL, FNUMA_POOL_HOME, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_unhold(NULL, &page, &node, 1), FNUMA_E_INVAL);
	rig_free(r);
}

/* Shrinking. */

static void shrinking_releases_pages_at_home_and_leaves_the_others(void **state)
{
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_away(both_kinds[k], HOST_ALL, 200, 50);

		assert_int_equal(fnuma_pool_shrink(r->pool, 130, 0), 130);
		assert_int_equal(r->host.releases, 3);
		assert_int_equal(r->host.moves, 0);
		assert_int_equal(r->host.released_away, 0);
		assert_int_equal(pooled(&r->host), 70);
		assert_int_equal(stats_of(r).depot_home_pages, 20);
		assert_int_equal(stats_of(r).depot_remote_pages, 50);
		assert_int_equal(stats_of(r).shrunk, 130);
		rig_free(r);
	}
}

static void shrinking_moves_nothing_and_releases_the_rest_once_it_was_brought_home(
	void **state)
{
	struct heard heard;
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_with(both_kinds[k], HOST_ALL, &heard);

		memset(r->host.node, 1, 150);
		assert_int_equal(fnuma_pool_grow(r->pool, 200, 0), 200);
		assert_int_equal(fnuma_pool_shrink(r->pool, 180, 0), 50);
		assert_event(&heard, FNUMA_EVENT_SHRUNK, 50, FNUMA_E_REMOTE);
		assert_int_equal(fnuma_pool_shrink(r->pool, 180, 0), FNUMA_E_REMOTE);
		assert_int_equal(r->host.moves, 0);
		assert_int_equal(fnuma_pool_bring_home(r->pool, 130, 0, NULL), 130);
		assert_int_equal(fnuma_pool_shrink(r->pool, 180, 0), 130);
		assert_int_equal(r->host.released_away, 0);
		assert_int_equal(r->host.moves, 3);
		assert_int_equal(stats_of(r).size_pages, 20);
		rig_free(r);
	}
}

static void a_page_believed_at_home_that_is_not_is_not_released(void **state)
{
	struct rig *r = pool_away(0, FNUMA_CAP_ACQUIRE | FNUMA_CAP_PAGE_NODES, 20, 0);

	(void)state;
	memset(r->host.node, 1, 15); /* behind our back */
	memset(r->host.hidden + 15, 1, 2);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 3);
	assert_int_equal(r->host.released_away, 0);
	assert_int_equal(stats_of(r).depot_home_pages, 0);
	assert_int_equal(stats_of(r).depot_remote_pages, 17);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_REMOTE);
	memset(r->host.hidden, 0, 20);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 2);
	rig_free(r);
}

static void without_page_nodes_the_pool_goes_by_what_it_was_told(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_away(0, FNUMA_CAP_ACQUIRE, 20, 8);
	fnuma_gfn pages[20];

	(void)state;
	assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
	assert_int_equal(fnuma_pool_take(&cache, pages, 10), 10);
	assert_int_equal(fnuma_pool_give(&cache, pages, 10), 10);
	assert_int_equal(fnuma_pool_flush(&cache), 16);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 4);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_REMOTE);
	assert_int_equal(fnuma_pool_size(r->pool), 16);
	assert_int_equal(r->host.queries, 0);
	rig_free(r);
}

static void without_page_nodes_a_move_reported_done_is_believed(void **state)
{
	struct rig *r = pool_away(0, FNUMA_CAP_ACQUIRE | FNUMA_CAP_MOVE_FREE, 20, 20);

	(void)state;
	assert_int_equal(fnuma_pool_bring_home(r->pool, 5, 0, NULL), 5);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 5);
	assert_int_equal(r->host.moves, 1);
	assert_int_equal(r->host.released_away, 0);
	rig_free(r);
}

static void pages_in_use_in_caches_or_held_are_left_alone(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_away(0, HOST_ALL, 20, 0);
	fnuma_gfn pages[8], held[4];

	(void)state;
	assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
	assert_int_equal(fnuma_pool_take(&cache, pages, 3), 3); /* and 5 in the cache */
	assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, held, 4), 4);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 8);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_STRANDED);
	assert_int_equal(fnuma_pool_take(&cache, pages + 3, 5), 5);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_STRANDED);
	assert_int_equal(stats_of(r).size_pages, 12);
	rig_free(r);
}

static void a_move_that_was_a_lie_releases_nothing(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 20, 20);

	(void)state;
	answer_all(r->host.move_as, HOST_LIE);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 20, 0, NULL), FNUMA_E_REMOTE);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_REMOTE);
	assert_int_equal(r->host.releases, 0);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_LIE], 20);
	assert_int_equal(stats_of(r).depot_remote_pages, 20);
	answer_all(r->host.move_as, HOST_HONEST);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 20, 0, NULL), 20);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 20);
	rig_free(r);
}

static void pages_that_cannot_move_are_counted_by_reason_and_stay(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 20, 20);

	(void)state;
	memset(r->host.move_as, HOST_NOT, 7);
	memset(r->host.move_as + 7, HOST_UNKNOWN, 3);
	memset(r->host.move_as + 10, HOST_UNKNOWN_DONE, 2);
	r->host.reason = FNUMA_E_PINNED;
	assert_int_equal(fnuma_pool_bring_home(r->pool, 20, 0, NULL), 10);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 10);
	assert_int_equal(r->host.released_away, 0);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_PINNED], 7);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_BUSY], 3);
	assert_int_equal(stats_of(r).depot_remote_pages, 10);
	rig_free(r);
}

static void a_move_refused_as_a_whole_ends_the_resize_with_that_error(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 200, 200);

	(void)state;
	r->host.move_error = FNUMA_E_GONE;
	assert_int_equal(fnuma_pool_bring_home(r->pool, 200, 0, NULL), FNUMA_E_GONE);
	assert_int_equal(r->host.moves, 1);
	assert_int_equal(stats_of(r).depot_remote_pages, 200);
	assert_int_equal(stats_of(r).held_pages, 0);
	rig_free(r);
}

static void a_query_refused_as_a_whole_releases_nothing(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 20, 10);

	(void)state;
	r->host.query_error = FNUMA_E_STALE;
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_STALE);
	assert_int_equal(r->host.releases, 0);
	assert_int_equal(stats_of(r).depot_home_pages, 10);
	assert_int_equal(stats_of(r).depot_remote_pages, 10);
	/* The third: after the move, so that nobody knows whether they came. */
	r->host.queries_left = 1;
	assert_int_equal(fnuma_pool_bring_home(r->pool, 20, 0, NULL), FNUMA_E_STALE);
	assert_int_equal(r->host.moves, 1);
	assert_int_equal(stats_of(r).depot_remote_pages, 10);
	rig_free(r);
}

static void a_release_refused_as_a_whole_keeps_the_pages_at_home(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 100, 20);

	(void)state;
	r->host.release_error = FNUMA_E_DENIED;
	assert_int_equal(fnuma_pool_shrink(r->pool, 100, 0), FNUMA_E_DENIED);
	assert_int_equal(r->host.releases, 1);
	assert_int_equal(stats_of(r).depot_home_pages, 80);
	assert_int_equal(stats_of(r).held_pages, 0);
	rig_free(r);
}

static void pages_that_are_not_released_stand_in_nobodys_way(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 50, 0);
	uint32_t i, calls;

	(void)state;
	for (i = 0; i < 50; i += 2)
		r->host.release_as[i] = HOST_NOT;
	r->host.reason = FNUMA_E_BUSY;
	for (calls = 0; fnuma_pool_size(r->pool) > 25 && calls < 60; calls++) {
		int n = fnuma_pool_shrink(r->pool, 1, 0);

		assert_true(n == 1 || n == FNUMA_E_BUSY);
	}
	assert_int_equal(fnuma_pool_size(r->pool), 25);
	assert_int_equal(stats_of(r).depot_home_pages, 25);
	for (i = 0; i < 50; i += 2)
		assert_true(r->host.pooled[i]);
	rig_free(r);
}

static void a_page_that_is_gone_or_somebody_elses_leaves_the_pool(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 10, 0);

	(void)state;
	answer_all(r->host.release_as, HOST_NOT);
	r->host.reason = FNUMA_E_GONE;
	assert_int_equal(fnuma_pool_shrink(r->pool, 4, 0), 4);
	assert_int_equal(stats_of(r).size_pages, 6);
	r->host.reason = FNUMA_E_STATE;
	assert_int_equal(fnuma_pool_shrink(r->pool, 4, 0), 4);
	assert_int_equal(stats_of(r).size_pages, 2);
	assert_int_equal(stats_of(r).lost_pages, 0);
	rig_free(r);
}

/* Pages whose release stays unknown. */

static void a_release_that_stays_unknown_loses_the_page_to_everybody(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[20];
	uint32_t k, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_away(both_kinds[k], HOST_ALL, 20, 0);

		memset(r->host.release_as, HOST_UNKNOWN, 10);
		assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 10);
		assert_int_equal(stats_of(r).size_pages, 10);
		assert_int_equal(stats_of(r).lost_pages, 10);
		assert_int_equal(stats_of(r).refused[-FNUMA_E_LOST_TRACK], 10);
		assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
		assert_int_equal(fnuma_pool_take(&cache, pages, 20), FNUMA_E_STRANDED);
		assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, pages, 20), 0);
		for (i = 0; i < 10; i++) {
			const fnuma_node node = {0};

			pages[0] = fnuma_gfn_of(i);
			assert_int_equal(fnuma_pool_unhold(r->pool, pages, &node, 1),
			                 FNUMA_E_STATE);
		}
		assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_LOST_TRACK);
		assert_int_equal(stats_of(r).lost_pages, 10);
		rig_free(r);
	}
}

static void lost_pages_are_released_again_until_the_answer_leaves_no_doubt(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 20, 0);

	(void)state;
	memset(r->host.release_as, HOST_UNKNOWN, 6);
	memset(r->host.release_as + 6, HOST_UNKNOWN_DONE, 4);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 10);
	assert_int_equal(stats_of(r).lost_pages, 10);
	answer_all(r->host.release_as,
	           HOST_NOT); /* no: it might be busy in other hands */
	r->host.reason = FNUMA_E_BUSY;
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_BUSY);
	assert_int_equal(stats_of(r).lost_pages, 10);
	r->host.release_error = FNUMA_E_DENIED;
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), FNUMA_E_DENIED);
	assert_int_equal(stats_of(r).lost_pages, 10);
	r->host.release_error = 0;
	answer_all(r->host.release_as,
	           HOST_HONEST); /* done, or not the pool's any more */
	assert_int_equal(fnuma_pool_shrink(r->pool, 7, 0), 7);
	assert_int_equal(fnuma_pool_shrink(r->pool, 20, 0), 3);
	assert_int_equal(stats_of(r).size_pages, 0);
	assert_int_equal(pooled(&r->host), 0);
	rig_free(r);
}

static void lost_pages_do_not_keep_others_from_being_released(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 300, 0);
	uint32_t i;

	(void)state;
	memset(r->host.release_as, HOST_UNKNOWN, 100);
	for (i = 0; i < 60; i++)
		(void)fnuma_pool_shrink(r->pool, 5, 0);
	assert_int_equal(stats_of(r).lost_pages, 100);
	assert_int_equal(stats_of(r).size_pages, 100);
	/* Each of them gets its turn: 64 a call at most, the rest in the next. */
	answer_all(r->host.release_as, HOST_HONEST);
	memset(r->host.release_as, HOST_UNKNOWN, 50);
	for (i = 0; i < 4; i++)
		(void)fnuma_pool_shrink(r->pool, 30, 0);
	assert_int_equal(stats_of(r).lost_pages, 50);
	rig_free(r);
}

static void lost_pages_come_first_and_count_towards_what_was_asked(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 20, 0);

	(void)state;
	memset(r->host.release_as, HOST_UNKNOWN, 20);
	assert_int_equal(fnuma_pool_shrink(r->pool, 5, 0), FNUMA_E_LOST_TRACK);
	assert_int_equal(stats_of(r).lost_pages, 5);
	answer_all(r->host.release_as, HOST_HONEST);
	assert_int_equal(fnuma_pool_shrink(r->pool, 5, 0), 5);
	assert_int_equal(stats_of(r).lost_pages, 0);
	assert_int_equal(stats_of(r).depot_home_pages, 15);
	rig_free(r);
}

/* Bringing home. */

static void bringing_home_moves_only_what_is_away(void **state)
{
	struct heard heard;
	struct rig *r = pool_with(0, HOST_ALL, &heard);
	const struct fnuma_budget_limits plenty = {1000, 0, 1000000};
	struct fnuma_budget budget;

	(void)state;
	assert_int_equal(fnuma_budget_init(&budget, &plenty, 4096, 1), FNUMA_OK);
	memset(r->host.node, 1, 100);
	assert_int_equal(fnuma_pool_grow(r->pool, 100, 0), 100);
	memset(r->host.node, 0, 50); /* half of them came back by themselves */
	assert_int_equal(fnuma_pool_bring_home(r->pool, 80, 9, &budget), 80);
	assert_event(&heard, FNUMA_EVENT_BROUGHT_HOME, 80, FNUMA_OK);
	assert_int_equal(stats_of(r).depot_home_pages, 80);
	assert_int_equal(stats_of(r).brought_home, 80);
	/* Thirty moves were charged, and not the fifty that needed none. */
	assert_int_equal(fnuma_budget_pages(&budget, 9), 970);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 80, 9, NULL), 20);
	assert_event(&heard, FNUMA_EVENT_BROUGHT_HOME, 20, FNUMA_OK);
	assert_int_equal(HOST_FRAMES - r->host.room[0], 50);
	rig_free(r);
}

static void bringing_home_with_nothing_away_is_no_event(void **state)
{
	struct heard heard;
	struct rig *r = pool_with(0, HOST_ALL, &heard);

	(void)state;
	assert_int_equal(fnuma_pool_grow(r->pool, 10, 0), 10);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 10, 0, NULL), 0);
	assert_int_equal(heard.events, 1);
	assert_int_equal(r->host.queries, 0);
	rig_free(r);
}

static void no_more_is_brought_home_than_the_budget_lets_through(void **state)
{
	const struct fnuma_budget_limits limits = {100, 0, 0};
	struct rig *r = pool_away(0, HOST_ALL, 200, 200);
	struct fnuma_budget budget;

	(void)state;
	assert_int_equal(fnuma_budget_init(&budget, &limits, 4096, 1), FNUMA_OK);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 150, 0, &budget), 100);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 150, 0, &budget), FNUMA_E_BUDGET);
	assert_int_equal(stats_of(r).held_pages, 0);
	assert_int_equal(
		fnuma_pool_bring_home(r->pool, 150, 2 * FNUMA_BUDGET_WINDOW_NS, &budget),
		100);
	rig_free(r);
}

static void a_second_home_is_not_tried_with_a_budget_that_the_first_used_up(void **state)
{
	const struct fnuma_budget_limits limits = {50, 0, 0};
	struct rig *r = rig_new(256, 128, 1, M, 0, HOST_ALL);
	struct fnuma_budget budget;

	(void)state;
	rig_homes(r, (const uint8_t[]){1, 3}, 2);
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	assert_int_equal(fnuma_budget_init(&budget, &limits, 4096, 1), FNUMA_OK);
	memset(r->host.node, 2, 256);
	r->host.room[1] = 20;
	assert_int_equal(fnuma_pool_grow(r->pool, 60, 0), 60);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 60, 0, &budget), 20);
	assert_int_equal(r->host.moves, 1);
	assert_int_equal(stats_of(r).depot_remote_pages, 40);
	rig_free(r);
}

static void pages_of_each_range_go_to_the_homes_of_their_range(void **state)
{
	static const struct fnuma_home split[] = {{{0}, 40, {1}, 1}, {{40}, 216, {3}, 1}};
	struct rig *r = rig_new(256, 128, 1, M, 0, HOST_ALL);
	uint32_t i;

	(void)state;
	r->config.homes = split;
	r->config.n_homes = 2;
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	memset(r->host.node, 2, 256);
	r->host.node[50] = 1; /* a home, but not of this page */
	assert_int_equal(fnuma_pool_grow(r->pool, 60, 0), 60);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 60, 0, NULL), 60);
	for (i = 0; i < 60; i++)
		assert_int_equal(r->host.node[i], i < 40 ? 1 : 3);
	rig_free(r);
}

static void pages_of_another_home_do_not_wait_behind_one_that_is_refused(void **state)
{
	static const struct fnuma_home split[] = {{{0}, 40, {1}, 1}, {{40}, 216, {3}, 1}};
	struct rig *r = rig_new(256, 128, 1, M, 0, HOST_ALL);

	(void)state;
	r->config.homes = split;
	r->config.n_homes = 2;
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	memset(r->host.node, 2, 256);
	assert_int_equal(fnuma_pool_grow(r->pool, 60, 0), 60);
	r->host.move_error = FNUMA_E_DENIED;
	r->host.refused_nodes = 1u << 1;
	assert_int_equal(fnuma_pool_bring_home(r->pool, 60, 0, NULL), 20);
	assert_int_equal(stats_of(r).depot_remote_pages, 40);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 60, 0, NULL), FNUMA_E_DENIED);
	assert_int_equal(stats_of(r).held_pages, 0);
	rig_free(r);
}

static void what_does_not_fit_on_one_home_node_goes_to_the_next(void **state)
{
	struct rig *r = rig_new(256, 128, 1, M, 0, HOST_ALL);

	(void)state;
	rig_homes(r, (const uint8_t[]){1, 3, 40}, 3);
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	memset(r->host.node, 2, 256);
	r->host.room[1] = 20;
	r->host.room[3] = 30;
	assert_int_equal(fnuma_pool_grow(r->pool, 60, 0), 60);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 60, 0, NULL), 50);
	assert_int_equal(stats_of(r).depot_remote_pages, 10);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_NOMEM], 40 + 10);
	assert_int_equal(r->host.room[1] + r->host.room[3], 0);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 60, 0, NULL), FNUMA_E_REMOTE);
	rig_free(r);
}

static void a_home_node_without_memory_as_a_whole_is_passed_over(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 10, 10);

	(void)state;
	r->host.move_error = FNUMA_E_NOMEM;
	assert_int_equal(fnuma_pool_bring_home(r->pool, 10, 0, NULL), FNUMA_E_REMOTE);
	assert_int_equal(stats_of(r).depot_remote_pages, 10);
	rig_free(r);
}

static void a_backend_that_only_knows_nodes_still_finds_pages_at_home(void **state)
{
	struct rig *r = pool_away(0, FNUMA_CAP_ACQUIRE | FNUMA_CAP_PAGE_NODES, 10, 10);

	(void)state;
	memset(r->host.node, 0, 4);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 10, 0, NULL), 4);
	assert_int_equal(fnuma_pool_bring_home(r->pool, 10, 0, NULL), FNUMA_E_REMOTE);
	rig_free(r);
}

static void pages_that_cannot_come_home_do_not_keep_others_away(void **state)
{
	struct rig *r = pool_away(0, HOST_ALL, 40, 40);
	uint32_t i, calls;

	(void)state;
	for (i = 0; i < 40; i += 2)
		r->host.move_as[i] = HOST_NOT;
	r->host.reason = FNUMA_E_PINNED;
	for (calls = 0; calls < 40; calls++)
		(void)fnuma_pool_bring_home(r->pool, 1, 0, NULL);
	assert_int_equal(stats_of(r).depot_home_pages, 20);
	rig_free(r);
}

/* Going towards a size. */

static void a_resize_goes_towards_its_target_by_what_it_may_do(void **state)
{
	struct rig *r = pool_with(0, HOST_ALL, NULL);

	(void)state;
	assert_int_equal(fnuma_pool_resize(r->pool, 100, 60, 0), 60);
	assert_int_equal(fnuma_pool_resize(r->pool, 100, 60, 0), 40);
	assert_int_equal(fnuma_pool_resize(r->pool, 100, 60, 0), 0);
	assert_int_equal(fnuma_pool_resize(r->pool, 30, 60, 0), 60);
	assert_int_equal(fnuma_pool_resize(r->pool, 30, 60, 0), 10);
	assert_int_equal(fnuma_pool_resize(r->pool, 30, 60, 0), 0);
	assert_int_equal(fnuma_pool_resize(r->pool, UINT32_MAX, 600, 0), 482);
	assert_int_equal(fnuma_pool_resize(r->pool, UINT32_MAX, 600, 0), 0);
	r->host.release_error = FNUMA_E_GONE;
	assert_int_equal(fnuma_pool_resize(r->pool, 0, 600, 0), FNUMA_E_GONE);
	rig_free(r);
}

/* Holding. */

static void held_pages_are_free_and_nobodys_until_put_back(void **state)
{
	uint32_t k, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_away(both_kinds[k], HOST_ALL, 30, 10);
		fnuma_gfn held[64];
		fnuma_node nodes[64];

		assert_int_equal(
			fnuma_pool_hold(r->pool, FNUMA_POOL_MAYBE_REMOTE, held, 64), 10);
		for (i = 0; i < 10; i++) {
			assert_true(held[i].n < 10);
			nodes[i] = i < 6 ? fnuma_node_of(0) :
			           i < 8 ? fnuma_node_unknown() :
			                   fnuma_node_none();
		}
		assert_int_equal(stats_of(r).held_pages, 10);
		assert_int_equal(stats_of(r).free_pages, 30);
		assert_int_equal(
			fnuma_pool_hold(r->pool, FNUMA_POOL_MAYBE_REMOTE, held, 1), 0);
		assert_int_equal(fnuma_pool_unhold(r->pool, held, nodes, 10), 10);
		assert_int_equal(stats_of(r).depot_home_pages, 26);
		assert_int_equal(stats_of(r).depot_remote_pages, 4);
		assert_int_equal(stats_of(r).held_pages, 0);
		rig_free(r);
	}
}

static void putting_back_what_is_not_held_is_refused_and_changes_nothing(void **state)
{
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_away(both_kinds[k], HOST_ALL, 30, 0);
		const fnuma_node nodes[4] = {{0}, {0}, {0}, {0}};
		fnuma_gfn h[4], bad[4];

		assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, h, 4), 4);
		bad[0] = h[0], bad[1] = fnuma_gfn_of(1024);
		assert_int_equal(fnuma_pool_unhold(r->pool, bad, nodes, 2),
		                 FNUMA_E_RANGE);
		bad[1] = fnuma_gfn_of(0); /* free */
		assert_int_equal(fnuma_pool_unhold(r->pool, bad, nodes, 2),
		                 FNUMA_E_STATE);
		bad[1] = fnuma_gfn_of(500); /* outside */
		assert_int_equal(fnuma_pool_unhold(r->pool, bad, nodes, 2),
		                 FNUMA_E_STATE);
		bad[1] = h[1], bad[2] = h[0];
		assert_int_equal(fnuma_pool_unhold(r->pool, bad, nodes, 3),
		                 FNUMA_E_DUPLICATE);
		assert_int_equal(stats_of(r).held_pages, 4);
		assert_int_equal(fnuma_pool_unhold(r->pool, h, nodes, 4), 4);
		assert_int_equal(fnuma_pool_unhold(r->pool, h, nodes, 1), FNUMA_E_STATE);
		assert_int_equal(stats_of(r).refused[-FNUMA_E_STATE], 3);
		rig_free(r);
	}
}

static void pages_that_a_trusted_pool_was_wrongly_given_never_reach_the_backend(
	void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_away(TRUSTED, HOST_ALL, 32, 0);
	fnuma_gfn mine[16], false_ones[16], held[64];
	uint32_t i;
	int n;

	(void)state;
	assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
	assert_int_equal(fnuma_pool_take(&cache, mine, 16), 16);
	for (i = 0; i < 16; i++) /* out of range, not ours, and one of ours four times */
		false_ones[i] = i < 4  ? fnuma_gfn_of(5000 + i) :
		                i < 12 ? fnuma_gfn_of(900 + i) :
		                         mine[0];
	assert_int_equal(fnuma_pool_give(&cache, false_ones, 16), 16);
	assert_int_equal(fnuma_pool_used(r->pool), 0);
	assert_int_equal(fnuma_pool_flush(&cache), 16);
	n = fnuma_pool_hold(r->pool, FNUMA_POOL_MAYBE_REMOTE, held, 64);
	assert_int_equal(n, 1);
	assert_int_equal(held[0].n, mine[0].n);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_STATE], 15);
	assert_int_equal(stats_of(r).used_pages, 15); /* as many as are really out */
	assert_int_equal(fnuma_pool_shrink(r->pool, 64, 0), 16);
	assert_int_equal(stats_of(r).size_pages, 16);
	assert_int_equal(fnuma_pool_give(&cache, mine + 1, 15), 15);
	assert_int_equal(stats_of(r).used_pages, 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_adds_pages_in_batches_and_files_them_by_node),
		cmocka_unit_test(growth_stops_at_the_most_the_pool_can_hold),
		cmocka_unit_test(growth_says_why_the_backend_gave_nothing),
		cmocka_unit_test(frames_that_cannot_be_the_pools_are_never_taken_in),
		cmocka_unit_test(
			a_page_that_may_not_have_been_acquired_is_lost_until_a_shrink_finds_out),
		cmocka_unit_test(a_resize_within_a_resize_is_refused),
		cmocka_unit_test(
			a_pool_without_the_means_says_that_they_are_not_supported),
		cmocka_unit_test(arguments_out_of_range_are_refused_and_change_nothing),
		cmocka_unit_test(shrinking_releases_pages_at_home_and_leaves_the_others),
		cmocka_unit_test(
			shrinking_moves_nothing_and_releases_the_rest_once_it_was_brought_home),
		cmocka_unit_test(a_page_believed_at_home_that_is_not_is_not_released),
		cmocka_unit_test(without_page_nodes_the_pool_goes_by_what_it_was_told),
		cmocka_unit_test(without_page_nodes_a_move_reported_done_is_believed),
		cmocka_unit_test(pages_in_use_in_caches_or_held_are_left_alone),
		cmocka_unit_test(a_move_that_was_a_lie_releases_nothing),
		cmocka_unit_test(pages_that_cannot_move_are_counted_by_reason_and_stay),
		cmocka_unit_test(
			a_move_refused_as_a_whole_ends_the_resize_with_that_error),
		cmocka_unit_test(a_query_refused_as_a_whole_releases_nothing),
		cmocka_unit_test(a_release_refused_as_a_whole_keeps_the_pages_at_home),
		cmocka_unit_test(pages_that_are_not_released_stand_in_nobodys_way),
		cmocka_unit_test(a_page_that_is_gone_or_somebody_elses_leaves_the_pool),
		cmocka_unit_test(
			a_release_that_stays_unknown_loses_the_page_to_everybody),
		cmocka_unit_test(
			lost_pages_are_released_again_until_the_answer_leaves_no_doubt),
		cmocka_unit_test(lost_pages_do_not_keep_others_from_being_released),
		cmocka_unit_test(lost_pages_come_first_and_count_towards_what_was_asked),
		cmocka_unit_test(bringing_home_moves_only_what_is_away),
		cmocka_unit_test(bringing_home_with_nothing_away_is_no_event),
		cmocka_unit_test(no_more_is_brought_home_than_the_budget_lets_through),
		cmocka_unit_test(
			a_second_home_is_not_tried_with_a_budget_that_the_first_used_up),
		cmocka_unit_test(pages_of_each_range_go_to_the_homes_of_their_range),
		cmocka_unit_test(
			pages_of_another_home_do_not_wait_behind_one_that_is_refused),
		cmocka_unit_test(what_does_not_fit_on_one_home_node_goes_to_the_next),
		cmocka_unit_test(a_home_node_without_memory_as_a_whole_is_passed_over),
		cmocka_unit_test(
			a_backend_that_only_knows_nodes_still_finds_pages_at_home),
		cmocka_unit_test(pages_that_cannot_come_home_do_not_keep_others_away),
		cmocka_unit_test(a_resize_goes_towards_its_target_by_what_it_may_do),
		cmocka_unit_test(held_pages_are_free_and_nobodys_until_put_back),
		cmocka_unit_test(
			putting_back_what_is_not_held_is_refused_and_changes_nothing),
		cmocka_unit_test(
			pages_that_a_trusted_pool_was_wrongly_given_never_reach_the_backend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
