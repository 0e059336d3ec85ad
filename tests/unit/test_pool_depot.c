/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The depot from within: after every step of a random walk, each magazine is in one
 * place, each page is in one state, and the counts add up (I1). */
#include "pool_host.h"
#include "pool_internal.h"

#define FRAMES 600u
#define MAX_PAGES 500u
#define CACHES 3u
#define STEPS 5000u

struct walk {
	struct rig *rig;
	struct fnuma_pool *pool;
	struct fnuma_pool_cache cache[CACHES];
	bool attached[CACHES];
	fnuma_gfn out[MAX_PAGES]; /* in flight or received */
	bool received[FRAMES];
	uint32_t n_out;
	fnuma_gfn held[FNUMA_BATCH_MAX];
	uint32_t n_held;
	uint64_t seed;
};

static uint32_t pick(struct walk *w, uint32_t below)
{
	w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(w->seed >> 33) % below;
}

static void see(bool *seen, uint32_t magazine)
{
	assert_false(seen[magazine]);
	seen[magazine] = true;
}

static uint32_t list_audit(const struct fnuma_pool *pool, const struct depot_list *list,
                           bool *seen)
{
	uint32_t m, pages = 0;

	for (m = list->head; m != DEPOT_NONE; m = pool->next[m]) {
		see(seen, m);
		pages += pool->magazine_pages;
		if (pool->next[m] == DEPOT_NONE)
			assert_int_equal(list->tail, m);
	}
	if (list->fill != DEPOT_NONE) {
		see(seen, list->fill);
		assert_in_range(list->fill_n, 1, pool->magazine_pages - 1);
		pages += list->fill_n;
	}
	if (list->drain != DEPOT_NONE) {
		see(seen, list->drain);
		assert_in_range(list->drain_n, 1, pool->magazine_pages);
		pages += list->drain_n;
	}
	assert_int_equal(pages, list->pages);
	return pages;
}

/* The handle's copies say what the cell says, or, in a checked pool, nothing. */
static void audit_handle(const struct fnuma_pool *pool, const struct fnuma_pool_cache *c)
{
	assert_in_range(c->cell->n, 0, pool->magazine_pages);
	assert_in_range(c->cell->previous_n, 0, pool->magazine_pages);
	assert_int_equal(c->n, pool->trusted ? c->cell->n : 0);
	assert_int_equal(c->room, pool->trusted ? pool->magazine_pages : 0);
	assert_ptr_equal(c->slots, pool->slots + c->cell->loaded * pool->magazine_pages);
}

/* Bounds (a) and (b) of pool_depot.c. */
static void audit(const struct walk *w)
{
	const struct fnuma_pool *pool = w->pool;
	uint32_t magazines = MAX_PAGES / pool->magazine_pages + 6 + 2 * CACHES;
	bool *seen = calloc(magazines, sizeof(*seen));
	uint32_t i, m, in;

	assert_non_null(seen);
	in = list_audit(pool, &pool->remote, seen) + list_audit(pool, &pool->home, seen) +
	     list_audit(pool, &pool->lost, seen);
	assert_true(in + pool->held + pool->away <= pool->size);
	assert_true(pool->size <= MAX_PAGES);
	assert_int_equal(pool->away, 0);
	for (i = 0; i < CACHES; i++) {
		if (!w->attached[i])
			continue;
		see(seen, w->cache[i].cell->loaded);
		see(seen, w->cache[i].cell->previous);
		audit_handle(pool, &w->cache[i]);
	}
	for (m = pool->empty; m != DEPOT_NONE; m = pool->next[m])
		see(seen, m);
	for (m = 0; m < magazines; m++)
		assert_true(seen[m]);
	free(seen);
}

static void count_states(const struct walk *w, uint32_t *count)
{
	uint32_t i;

	memset(count, 0, 6 * sizeof(*count));
	for (i = 0; i < FRAMES; i++)
		count[book_get(w->pool, fnuma_gfn_of(i))]++;
}

/* What an honest walk knows of its pool, against what the pool says. */
static void audit_counts(const struct walk *w)
{
	struct fnuma_pool_stats s = stats_of(w->rig);
	uint32_t count[6], i, received = 0, cached = 0;

	for (i = 0; i < w->n_out; i++)
		received += w->received[w->out[i].n];
	for (i = 0; i < CACHES; i++)
		if (w->attached[i])
			cached += w->cache[i].cell->n + w->cache[i].cell->previous_n;
	assert_int_equal(s.used_pages, w->n_out);
	assert_int_equal(s.held_pages, w->n_held);
	assert_int_equal(s.free_pages, s.depot_home_pages + s.depot_remote_pages +
	                                       cached + s.held_pages + s.lost_pages);
	if (w->pool->trusted)
		return;
	count_states(w, count);
	assert_int_equal(count[PAGE_OUTSIDE], FRAMES - s.size_pages);
	assert_int_equal(count[PAGE_FREE], s.free_pages - s.held_pages - s.lost_pages);
	assert_int_equal(count[PAGE_HELD], s.held_pages);
	assert_int_equal(count[PAGE_AWAY], s.lost_pages);
	assert_int_equal(count[PAGE_USED], received);
	assert_int_equal(s.received_pages, received);
	assert_int_equal(count[PAGE_FLIGHT], s.in_flight_pages);
}

static struct fnuma_pool_cache *some_cache(struct walk *w)
{
	uint32_t i = pick(w, CACHES);

	if (!w->attached[i]) {
		assert_int_equal(fnuma_pool_attach(w->pool, &w->cache[i]), FNUMA_OK);
		w->attached[i] = true;
	}
	return &w->cache[i];
}

static void walk_take(struct walk *w)
{
	uint32_t n = pick(w, 90), i;
	fnuma_gfn pages[90];
	int got = fnuma_pool_take(some_cache(w), pages, n);

	if (got <= 0) {
		assert_true(got == (n ? got : 0));
		return;
	}
	for (i = 0; i < (uint32_t)got; i++) {
		w->received[pages[i].n] = false;
		w->out[w->n_out++] = pages[i];
		if (pick(w, 3) == 0)
			w->rig->host.node[pages[i].n] = 1; /* flipped */
	}
}

/* Bring `n` random ones of those out to the end. */
static fnuma_gfn *choose_out(struct walk *w, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t last = w->n_out - 1 - i, j = pick(w, last + 1);
		fnuma_gfn page = w->out[j];

		w->out[j] = w->out[last];
		w->out[last] = page;
	}
	return w->out + w->n_out - n;
}

static void walk_give(struct walk *w)
{
	uint32_t n = pick(w, 90);

	n = n < w->n_out ? n : w->n_out;
	assert_int_equal(fnuma_pool_give(some_cache(w), choose_out(w, n), n), n);
	w->n_out -= n;
}

static void walk_exchange(struct walk *w)
{
	uint32_t n = pick(w, 150), i;
	fnuma_gfn *pages;

	n = n < w->n_out ? n : w->n_out;
	pages = choose_out(w, n);
	assert_int_equal(fnuma_pool_exchange(some_cache(w), pages, pages, n), n);
	for (i = 0; i < n; i++)
		w->received[pages[i].n] = false;
}

static void walk_receive(struct walk *w)
{
	uint32_t n = pick(w, 20), i;
	fnuma_gfn *pages;

	n = n < w->n_out ? n : w->n_out;
	pages = choose_out(w, n);
	if (w->pool->trusted)
		return;
	for (i = 0; i < n; i++)
		if (w->received[pages[i].n])
			return;
	assert_int_equal(fnuma_pool_received(some_cache(w), pages, n), n);
	for (i = 0; i < n; i++)
		w->received[pages[i].n] = true;
}

static void walk_hold(struct walk *w)
{
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i, n;

	if (w->n_held) {
		n = 1 + pick(w, w->n_held);
		for (i = 0; i < n; i++)
			nodes[i] = fnuma_node_of(
				w->rig->host.node[w->held[w->n_held - n + i].n]);
		assert_int_equal(
			fnuma_pool_unhold(w->pool, w->held + w->n_held - n, nodes, n), n);
		w->n_held -= n;
		return;
	}
	w->n_held = (uint32_t)fnuma_pool_hold(
		w->pool, pick(w, 2) ? FNUMA_POOL_HOME : FNUMA_POOL_MAYBE_REMOTE, w->held,
		1 + pick(w, FNUMA_BATCH_MAX));
}

static void walk_cache(struct walk *w)
{
	struct fnuma_pool_cache *cache = some_cache(w);

	if (pick(w, 2)) {
		assert_true(fnuma_pool_flush(cache) >= 0);
		return;
	}
	w->attached[cache - w->cache] = false;
	assert_int_equal(fnuma_pool_detach(cache), FNUMA_OK);
}

static void walk_resize(struct walk *w)
{
	struct host *h = &w->rig->host;
	uint32_t n = 1 + pick(w, 150);
	int16_t reasons[] = {FNUMA_E_BUSY, FNUMA_E_PINNED, FNUMA_E_NOMEM};

	h->reason = reasons[pick(w, 3)];
	h->release_as[pick(w, FRAMES)] = (uint8_t)(pick(w, 6) < 2 ? 1 + pick(w, 3) : 0);
	h->move_as[pick(w, FRAMES)] = (uint8_t)(pick(w, 6) < 2 ? 1 + pick(w, 4) : 0);
	h->move_error = pick(w, 20) ? 0 : FNUMA_E_DENIED;
	h->query_error = pick(w, 20) ? 0 : FNUMA_E_DENIED;
	h->release_error = pick(w, 20) ? 0 : FNUMA_E_DENIED;
	h->acquire_error = pick(w, 20) ? 0 : FNUMA_E_DENIED;
	switch (pick(w, 4)) {
	case 0:
		assert_true(fnuma_pool_grow(w->pool, n, 0) != 0);
		break;
	case 1:
		assert_true(fnuma_pool_shrink(w->pool, n, 0) != 0);
		break;
	case 2:
		(void)fnuma_pool_bring_home(w->pool, n, 0, NULL);
		break;
	default:
		(void)fnuma_pool_resize(w->pool, pick(w, MAX_PAGES), n, 0);
		break;
	}
	assert_int_equal(h->released_away, 0);
}

static void walk_start(struct walk *w, uint32_t magazine_pages, uint32_t flags)
{
	memset(w, 0, sizeof(*w));
	w->rig = rig_new(FRAMES, MAX_PAGES, CACHES, magazine_pages, flags, HOST_ALL);
	w->pool = w->rig->pool;
	w->seed = magazine_pages * 1000u + flags;
}

static void a_random_walk_keeps_every_page_in_one_state_and_the_counts_right(void **state)
{
	void (*const steps[])(struct walk *) = {walk_take,    walk_give, walk_exchange,
	                                        walk_receive, walk_hold, walk_cache,
	                                        walk_resize};
	const uint32_t magazines[] = {2, 3, 8, 64, 512};
	struct walk w;
	uint32_t m, flags, i;

	(void)state;
	for (m = 0; m < 5; m++) {
		for (flags = 0; flags < 2; flags++) {
			walk_start(&w, magazines[m], flags);
			for (i = 0; i < STEPS; i++) {
				steps[pick(&w, 7)](&w);
				audit(&w);
				if (i % 8 == 0)
					audit_counts(&w);
			}
			assert_true(stats_of(w.rig).shrunk > 0);
			rig_free(w.rig);
		}
	}
}

/* In a trusted pool, whatever is given: pages of others, pages twice, too many. */
static void walk_lie(struct walk *w)
{
	fnuma_gfn pages[100];
	uint32_t n = pick(w, 100), i;
	struct fnuma_pool_cache *cache = some_cache(w);
	int error;

	for (i = 0; i < n; i++)
		pages[i] =
			fnuma_gfn_of(pick(w, 10) ? pick(w, FRAMES) : pick(w, UINT32_MAX));
	if (pick(w, 2))
		error = fnuma_pool_give(cache, pages, n);
	else
		error = fnuma_pool_exchange(cache, pages, pages, n);
	assert_true(error == (int)n || error == FNUMA_E_OVERFLOW);
}

static void lies_told_to_a_trusted_pool_stay_within_its_bounds(void **state)
{
	const uint32_t magazines[] = {2, 3, 8, 64};
	fnuma_gfn pages[MAX_PAGES];
	uint64_t foreign = 0, surplus = 0;
	struct walk w;
	uint32_t m, i;

	(void)state;
	for (m = 0; m < 4; m++) {
		walk_start(&w, magazines[m], FNUMA_POOL_TRUSTED);
		for (i = 0; i < STEPS; i++) {
			switch (pick(&w, 6)) {
			case 0:
			case 1:
				(void)fnuma_pool_take(some_cache(&w), pages,
				                      pick(&w, 200));
				break;
			case 2:
				walk_lie(&w);
				break;
			case 3:
				walk_hold(&w);
				break;
			case 4:
				walk_cache(&w);
				break;
			default:
				(void)fnuma_pool_resize(w.pool, pick(&w, MAX_PAGES), 100,
				                        0);
				break;
			}
			audit(&w);
			(void)stats_of(w.rig);
		}
		assert_int_equal(w.rig->host.released_strays, 0);
		assert_int_equal(w.rig->host.released_away, 0);
		foreign += stats_of(w.rig).refused[-FNUMA_E_STATE];
		surplus += stats_of(w.rig).refused[-FNUMA_E_OVERFLOW];
		rig_free(w.rig);
	}
	assert_true(foreign > 0 && surplus > 0);
}

static void the_control_path_meets_every_page_after_a_bounded_time(void **state)
{
	struct walk w;
	bool met[FRAMES] = {false};
	fnuma_gfn page;
	uint32_t i, n = 0;

	(void)state;
	walk_start(&w, 8, 0);
	assert_int_equal(fnuma_pool_grow(w.pool, 100, 0), 100);
	for (i = 0; i < 100 + 8; i++) {
		assert_int_equal(
			fnuma_depot_pull(w.pool, &w.pool->home, PAGE_AWAY, &page, 1), 1);
		n += !met[page.n];
		met[page.n] = true;
		fnuma_depot_return(w.pool, &w.pool->home, &page, 1);
	}
	assert_int_equal(n, 100);
	assert_int_equal(w.pool->home.pages, 100);
	rig_free(w.rig);
}

/* A burst that reaches over the end of a magazine: those that follow do not. */
static void after_a_burst_over_two_magazines_the_next_are_served_by_one(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn in_use[12];
	struct walk w;
	uint32_t i;

	(void)state;
	walk_start(&w, 8, FNUMA_POOL_TRUSTED);
	assert_int_equal(fnuma_pool_grow(w.pool, 100, 0), 100);
	assert_int_equal(fnuma_pool_attach(w.pool, &cache), FNUMA_OK);
	for (i = 0; i < 12; i += 6) /* the second one gets 2 and 4 */
		assert_int_equal(fnuma_pool_take(&cache, in_use + i, 6), 6);
	assert_int_equal(fnuma_pool_give(&cache, in_use, 6), 6);
	for (i = 0; i < 4; i++) {
		assert_true(fnuma_pool_take_loaded(&cache, in_use, 6));
		assert_true(fnuma_pool_give_loaded(&cache, in_use, 6));
		assert_true(fnuma_pool_exchange_loaded(&cache, in_use + 6, in_use + 6, 6));
	}
	assert_int_equal(fnuma_pool_used(w.pool), 6);
	rig_free(w.rig);
}

/* As if a flip's thread had been put to sleep while it waited for the lock (I3). */
static void a_flip_that_waits_forever_does_not_stop_the_control_path(void **state)
{
	struct walk w;

	(void)state;
	walk_start(&w, 8, 0);
	fnuma_port_store(&w.pool->flip_waits, 1);
	assert_int_equal(fnuma_pool_grow(w.pool, 100, 0), 100);
	assert_int_equal(fnuma_pool_shrink(w.pool, 100, 0), 100);
	assert_int_equal(stats_of(w.rig).size_pages, 0);
	rig_free(w.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_random_walk_keeps_every_page_in_one_state_and_the_counts_right),
		cmocka_unit_test(lies_told_to_a_trusted_pool_stay_within_its_bounds),
		cmocka_unit_test(the_control_path_meets_every_page_after_a_bounded_time),
		cmocka_unit_test(
			after_a_burst_over_two_magazines_the_next_are_served_by_one),
		cmocka_unit_test(a_flip_that_waits_forever_does_not_stop_the_control_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
