/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Many flip users, a resizer and readers at once: no page twice, none lost. */
#include "pool_host.h"
#include <pthread.h>

#define FRAMES 2048u
#define MAX_PAGES 1500u
#define WORKERS 8u
/* Calls of all users together; more by FNUMA_POOL_CALLS. */
#define CALLS 16000u
#define BURST 48u

/* cmocka's assertions jump, and must not do so out of a thread: count instead. */
struct scene {
	struct rig *rig;
	struct fnuma_pool *pool;
	uint8_t owned[FRAMES]; /* 1 while some worker has the page */
	uint32_t stop;
	bool checked;
	uint32_t broken[WORKERS + 2]; /* what each thread found wrong */
	pthread_mutex_t lock;
	fnuma_gfn mailbox[MAX_PAGES]; /* pages that one worker took and another gives */
	uint32_t n_mailbox;
};

struct worker {
	struct scene *scene;
	pthread_t thread;
	uint32_t id;
	uint32_t seed;
	fnuma_gfn pages[4 * BURST];
	uint32_t n;
	uint32_t rounds;
	uint32_t given; /* batches accepted */
};

static uint32_t pick(struct worker *w, uint32_t below)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 8) % below;
}

static void wrong(struct worker *w, bool is)
{
	if (is)
		fnuma_port_store(&w->scene->broken[w->id],
		                 fnuma_port_load(&w->scene->broken[w->id]) + 1);
}

static void own(struct worker *w, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		wrong(w, !fnuma_port_cas8(&w->scene->owned[pages[i].n], 0, 1));
		if (pick(w, 4) == 0) /* flipped, and on another node now */
			fnuma_port_store8(&w->scene->rig->host.node[pages[i].n], 1);
	}
}

static void disown(struct worker *w, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		wrong(w, !fnuma_port_cas8(&w->scene->owned[pages[i].n], 1, 0));
}

/* Some of what came is received; a trusted pool does not want to hear of it. */
static void receive(struct worker *w, struct fnuma_pool_cache *cache,
                    const fnuma_gfn *pages, uint32_t n)
{
	uint32_t some = pick(w, n + 1);

	if (w->scene->checked)
		wrong(w, fnuma_pool_received(cache, pages, some) != (int)some);
}

static void work_take(struct worker *w, struct fnuma_pool_cache *cache)
{
	uint32_t n = pick(w, BURST);
	int got;

	if (w->n + n > 4 * BURST)
		return;
	got = fnuma_pool_take_inline(cache, w->pages + w->n, n);
	if (got > 0) {
		own(w, w->pages + w->n, (uint32_t)got);
		receive(w, cache, w->pages + w->n, (uint32_t)got);
		w->n += (uint32_t)got;
	} else {
		wrong(w, n && got != FNUMA_E_EMPTY && got != FNUMA_E_STRANDED);
	}
}

static void work_give(struct worker *w, struct fnuma_pool_cache *cache)
{
	uint32_t n = pick(w, BURST);

	n = n < w->n ? n : w->n;
	w->n -= n;
	disown(w, w->pages + w->n, n);
	wrong(w, fnuma_pool_give_inline(cache, w->pages + w->n, n) != (int)n);
}

static void work_exchange(struct worker *w, struct fnuma_pool_cache *cache)
{
	uint32_t n = pick(w, 2 * BURST);

	n = n < w->n ? n : w->n;
	disown(w, w->pages, n);
	wrong(w, fnuma_pool_exchange_inline(cache, w->pages, w->pages, n) != (int)n);
	own(w, w->pages, n);
	receive(w, cache, w->pages, n);
}

/* Leave some for others, and take over what others left. */
static void work_mail(struct worker *w)
{
	struct scene *s = w->scene;

	pthread_mutex_lock(&s->lock);
	while (w->n && pick(w, 8) && s->n_mailbox < MAX_PAGES)
		s->mailbox[s->n_mailbox++] = w->pages[--w->n];
	while (w->n < 4 * BURST && s->n_mailbox && pick(w, 8))
		w->pages[w->n++] = s->mailbox[--s->n_mailbox];
	pthread_mutex_unlock(&s->lock);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct fnuma_pool_cache *cache = malloc(sizeof(*cache));
	uint32_t i;

	wrong(w, fnuma_pool_attach(w->scene->pool, cache) != FNUMA_OK);
	for (i = 0; i < w->rounds; i++) {
		switch (pick(w, 7)) {
		case 0:
		case 1:
			work_take(w, cache);
			break;
		case 2:
		case 3:
			work_give(w, cache);
			break;
		case 4:
		case 5:
			work_exchange(w, cache);
			break;
		default:
			work_mail(w);
			break;
		}
		if (pick(w, 500) == 0) { /* its memory goes while others count */
			wrong(w, fnuma_pool_detach(cache) != FNUMA_OK);
			free(cache);
			cache = malloc(sizeof(*cache));
			wrong(w, fnuma_pool_attach(w->scene->pool, cache) != FNUMA_OK);
		}
	}
	wrong(w, fnuma_pool_detach(cache) != FNUMA_OK);
	free(cache);
	return NULL;
}

static void *resize(void *arg)
{
	struct worker *w = arg;
	struct fnuma_pool *pool = w->scene->pool;
	fnuma_gfn held[16];
	fnuma_node nodes[16];
	uint32_t i;

	memset(nodes, FNUMA_NODE_UNKNOWN_ID, sizeof(nodes));
	while (!fnuma_port_load_acquire(&w->scene->stop)) {
		for (i = 0; i < 8; i++)
			(void)fnuma_pool_resize(pool, pick(w, MAX_PAGES), 100, 0);
		wrong(w, fnuma_pool_bring_home(pool, 50, 0, NULL) == FNUMA_E_BUSY);
		i = (uint32_t)fnuma_pool_hold(pool, FNUMA_POOL_MAYBE_REMOTE, held, 16);
		wrong(w, i && fnuma_pool_unhold(pool, held, nodes, i) != (int)i);
	}
	return NULL;
}

static void *read_counts(void *arg)
{
	struct worker *w = arg;
	struct fnuma_pool_stats s;

	while (!fnuma_port_load_acquire(&w->scene->stop)) {
		wrong(w, fnuma_pool_used(w->scene->pool) > MAX_PAGES);
		fnuma_pool_stats(w->scene->pool, &s);
		wrong(w, s.size_pages != s.grown - s.shrunk);
		wrong(w, s.used_pages > s.size_pages ||
		                 s.used_pages + s.free_pages != s.size_pages);
		wrong(w, s.in_flight_pages + s.received_pages != s.used_pages);
	}
	return NULL;
}

static void scene_start(struct scene *s, uint32_t flags)
{
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	s->checked = !(flags & FNUMA_POOL_TRUSTED);
	s->rig = rig_new(FRAMES, MAX_PAGES, WORKERS, 16, flags, HOST_ALL);
	s->pool = s->rig->pool;
	memset(s->rig->host.room, 0x7f, sizeof(s->rig->host.room));
	assert_int_equal(fnuma_pool_grow(s->pool, 1000, 0), 1000);
}

static void scene_end(struct scene *s)
{
	uint32_t i;

	for (i = 0; i < WORKERS + 2; i++)
		assert_int_equal(s->broken[i], 0);
	pthread_mutex_destroy(&s->lock);
	rig_free(s->rig);
}

static void start(struct worker *w, struct scene *s, uint32_t id, void *(*run)(void *))
{
	w->scene = s;
	w->id = id;
	w->seed = 12345 + id;
	w->n = 0;
	w->given = 0;
	assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
}

/* Everything back, and the pool to nothing: no page may be missing. */
static void settle(struct scene *s, struct worker *workers, uint32_t n)
{
	struct fnuma_pool_cache cache;
	uint32_t out = s->n_mailbox, i;

	for (i = 0; i < n; i++)
		out += workers[i].n;
	assert_int_equal(fnuma_pool_used(s->pool), out);
	assert_int_equal(fnuma_pool_attach(s->pool, &cache), FNUMA_OK);
	for (i = 0; i < n; i++)
		assert_int_equal(fnuma_pool_give(&cache, workers[i].pages, workers[i].n),
		                 workers[i].n);
	assert_int_equal(fnuma_pool_give(&cache, s->mailbox, s->n_mailbox), s->n_mailbox);
	assert_int_equal(fnuma_pool_detach(&cache), FNUMA_OK);
	assert_int_equal(stats_of(s->rig).used_pages, 0);
	assert_true(fnuma_pool_bring_home(s->pool, MAX_PAGES, 0, NULL) >= 0);
	while (fnuma_pool_size(s->pool))
		assert_true(fnuma_pool_shrink(s->pool, MAX_PAGES, 0) > 0);
	for (i = 0; i < FRAMES; i++)
		assert_int_equal(s->rig->host.pooled[i], 0);
	assert_int_equal(s->rig->host.released_away, 0);
	assert_int_equal(s->rig->host.released_strays, 0);
	for (i = 0; i < FNUMA_REASONS; i++)
		if (i != -FNUMA_E_EMPTY && i != -FNUMA_E_STRANDED &&
		    i != -FNUMA_E_REMOTE && i != -FNUMA_E_OVERFLOW)
			assert_int_equal(stats_of(s->rig).refused[i], 0);
}

static uint32_t calls(void)
{
	const char *more = getenv("FNUMA_POOL_CALLS");

	return more ? (uint32_t)strtoul(more, NULL, 10) : CALLS;
}

static void flips_and_resizes_at_once(uint32_t workers, uint32_t flags)
{
	static struct scene scene;
	static struct worker worker[WORKERS + 2];
	uint32_t i;

	scene_start(&scene, flags);
	for (i = 0; i < workers; i++) {
		worker[i].rounds = calls() / workers;
		start(&worker[i], &scene, i, work);
	}
	start(&worker[WORKERS], &scene, WORKERS, resize);
	start(&worker[WORKERS + 1], &scene, WORKERS + 1, read_counts);
	for (i = 0; i < workers; i++)
		pthread_join(worker[i].thread, NULL);
	fnuma_port_store_release(&scene.stop, 1);
	pthread_join(worker[WORKERS].thread, NULL);
	pthread_join(worker[WORKERS + 1].thread, NULL);
	settle(&scene, worker, workers);
	scene_end(&scene);
}

static void no_page_is_lost_or_doubled_by_two_users_and_a_resizer(void **state)
{
	(void)state;
	flips_and_resizes_at_once(2, 0);
	flips_and_resizes_at_once(2, FNUMA_POOL_TRUSTED);
}

static void no_page_is_lost_or_doubled_by_four_users_and_a_resizer(void **state)
{
	(void)state;
	flips_and_resizes_at_once(4, 0);
	flips_and_resizes_at_once(4, FNUMA_POOL_TRUSTED);
}

static void no_page_is_lost_or_doubled_by_eight_users_and_a_resizer(void **state)
{
	(void)state;
	flips_and_resizes_at_once(8, 0);
	flips_and_resizes_at_once(8, FNUMA_POOL_TRUSTED);
}

/* Each round both give the same batch; the mailbox holds it. */
static void *give_the_same(void *arg)
{
	struct worker *w = arg;
	struct scene *s = w->scene;
	struct fnuma_pool_cache cache;
	uint32_t round;

	wrong(w, fnuma_pool_attach(s->pool, &cache) != FNUMA_OK);
	for (round = 0; round + BURST <= 900; round += BURST) {
		int given = fnuma_pool_give(&cache, s->mailbox + round, BURST);

		wrong(w, given != (int)BURST && given != FNUMA_E_STATE);
		w->given += given == (int)BURST;
	}
	wrong(w, fnuma_pool_detach(&cache) != FNUMA_OK);
	return NULL;
}

static void a_batch_given_by_two_at_once_is_accepted_exactly_once(void **state)
{
	static struct scene scene;
	struct worker worker[2];
	struct fnuma_pool_cache cache;
	uint32_t tries, batches = 900 / BURST;

	(void)state;
	for (tries = 0; tries < 20; tries++) {
		scene_start(&scene, 0);
		assert_int_equal(fnuma_pool_attach(scene.pool, &cache), FNUMA_OK);
		assert_int_equal(fnuma_pool_take(&cache, scene.mailbox, 900), 900);
		start(&worker[0], &scene, 0, give_the_same);
		start(&worker[1], &scene, 1, give_the_same);
		pthread_join(worker[0].thread, NULL);
		pthread_join(worker[1].thread, NULL);
		assert_int_equal(worker[0].given + worker[1].given, batches);
		assert_int_equal(stats_of(scene.rig).refused[-FNUMA_E_STATE], batches);
		assert_int_equal(fnuma_pool_used(scene.pool), 900 - batches * BURST);
		scene_end(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_page_is_lost_or_doubled_by_two_users_and_a_resizer),
		cmocka_unit_test(no_page_is_lost_or_doubled_by_four_users_and_a_resizer),
		cmocka_unit_test(no_page_is_lost_or_doubled_by_eight_users_and_a_resizer),
		cmocka_unit_test(a_batch_given_by_two_at_once_is_accepted_exactly_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
