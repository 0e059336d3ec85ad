/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The pool asked, and the tail of what a take costs, while the other CPU is at it: resizes,
 * or takes and gives as well. What of that is ours is told by two others: a ring that is
 * disturbed in the same way, and a single cache line that both CPUs write.
 */
#include "pool_ours.h"
#include "pool_dpdk.h"
#include <rte_ring.h>
#include <stdlib.h>

static struct ours *trusted(void)
{
	return pool_inline.state;
}

/* --- how many are in use --- */

static void take_and_give(void *user)
{
	pool_inline.pairs[POOL_B32](user);
}

static double ask_used(void *context)
{
	uint64_t begin = speed_now_ns(), sum = 1;
	uint32_t i;

	for (i = 0; i < POOL_PAIRS; i++)
		sum += fnuma_pool_used(context);
	speed_use(sum);
	return (double)(speed_now_ns() - begin);
}

static double ask_avail(void *context)
{
	uint64_t begin = speed_now_ns(), sum = 1;
	uint32_t i;

	for (i = 0; i < POOL_PAIRS; i++)
		sum += rte_mempool_avail_count(context);
	speed_use(sum);
	return (double)(speed_now_ns() - begin);
}

/* What no answer can undercut: a look at the line that the other CPU counts on. */
static double look(void *context)
{
	const struct fnuma_pool_cache *cache = context;
	uint64_t begin = speed_now_ns(), sum = 1;
	uint32_t i;

	for (i = 0; i < POOL_PAIRS; i++)
		sum += fnuma_port_load_acquire(&cache->cell->n);
	speed_use(sum);
	return (double)(speed_now_ns() - begin);
}

static void tell_occupancy(void)
{
	struct fnuma_pool_cache *other = pool_inline.join(trusted(), 1);
	struct speed_case cases[] = {
		{"used", ask_used, trusted()->pool, POOL_PAIRS, NULL},
		{"look", look, other, POOL_PAIRS, NULL},
		{"avail", ask_avail, rte_mempool_lookup("mempool"), POOL_PAIRS, NULL},
	};

	pool_inline.join(trusted(), 0);
	speed_rounds(cases, 3, 200);
	speed_tell_case(&cases[0], "ns", "pool_occupancy_quiet_ns");
	speed_tell_case(&cases[2], "ns", "mempool_occupancy_quiet_ns");
	speed_free(cases, 3);
	if (speed_cpus() < 2)
		return;
	speed_background(take_and_give, other);
	speed_rounds(cases, 2, 200);
	speed_background_stop();
	speed_tell_case(&cases[0], "ns", "pool_occupancy_ns");
	speed_tell_case(&cases[1], "ns", "pool_occupancy_line_ns");
	speed_tell_ratio(&cases[0], &cases[1], "pool_occupancy_vs_line");
	speed_free(cases, 2);
}

/* --- the tail of a take --- */

#define TAKES 20000u
#define BURST 32u

/* Who takes, and who disturbs. */
struct takes {
	const char *name;
	bool (*take)(void *user, void **h); /* BURST of them */
	bool (*give)(void *user, void **h);
	void (*disturb)(void *context);
	void *context;
};

static bool pool_take(void *user, void **h)
{
	return fnuma_pool_take_inline(user, (fnuma_gfn *)h, BURST) == (int)BURST;
}

static bool pool_give(void *user, void **h)
{
	return fnuma_pool_give_inline(user, (fnuma_gfn *)h, BURST) == (int)BURST;
}

static struct rte_ring *ring;

static bool ring_take(void *user, void **h)
{
	(void)user;
	return rte_ring_dequeue_bulk(ring, h, BURST, NULL) == BURST;
}

static bool ring_give(void *user, void **h)
{
	(void)user;
	return rte_ring_enqueue_bulk(ring, h, BURST, NULL) == BURST;
}

/* One line, that both CPUs write. A take goes to the depot once in a dozen; so often it
 * has the line to fetch. */
static struct {
	uint32_t word;
	uint32_t turn;
} line[2] __attribute__((aligned(128)));

static bool line_take(void *user, void **h)
{
	if (line[1].turn++ % (POOL_CACHE * 3 / 4 / BURST) == 0)
		__atomic_fetch_add(&line[0].word, 1, __ATOMIC_ACQ_REL);
	return pool_take(user, h);
}

static void write_line(void *context)
{
	(void)context;
	__atomic_fetch_add(&line[0].word, 1, __ATOMIC_ACQ_REL);
}

/* Forth and back by a tenth, a batch at a time. */
static void resize(void *context)
{
	struct fnuma_pool *pool = context;
	static bool shrinking;
	uint32_t least = POOL_HANDLES, most = POOL_HANDLES + POOL_HANDLES / 10;

	if (fnuma_pool_resize(pool, shrinking ? least : most, FNUMA_BATCH_MAX, 0) <= 0)
		shrinking = !shrinking;
}

static void swing(void *user)
{
	pool_inline.swing(user);
}

static void ring_swing(void *user)
{
	pool_ring.swing(user);
}

/* The other CPU is as busy, with nothing of ours. */
static void spin(void *context)
{
	uint64_t until = speed_ticks() + 1000;

	(void)context;
	while (speed_ticks() < until)
		;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Single takes out of a swing, each by itself. The 99.9th percentile. */
static double take_p999(const struct takes *t, void *user)
{
	static void *h[POOL_SWING];
	static uint64_t took[TAKES];
	uint32_t i, k, n = 0;

	while (n < TAKES) {
		for (i = 0; i < POOL_SWING && n < TAKES; i += BURST) {
			uint64_t begin = speed_ticks();

			if (!t->take(user, h + i))
				speed_die("a take failed");
			took[n++] = speed_ticks() - begin;
		}
		for (k = 0; k < i; k += BURST)
			if (!t->give(user, h + k))
				speed_die("a give failed");
	}
	qsort(took, n, sizeof(*took), ascending);
	return (double)took[TAKES - TAKES / 1000 - 1] / speed_ticks_per_ns();
}

enum { QUIET, RESIZING, SHARED, LINE, RING_QUIET, RING_SHARED, N };

static void measure_takes(const struct takes *takes, struct speed_case *cases)
{
	unsigned rounds = speed_scaled(60), r, i;

	for (i = 0; i < N; i++) {
		cases[i].samples = speed_alloc((rounds + 1) * sizeof(double));
		cases[i].samples[0] = rounds;
	}
	for (r = 1; r <= rounds; r++)
		for (i = 0; i < N; i++) {
			speed_background(takes[i].disturb, takes[i].context);
			cases[i].samples[r] =
				take_p999(&takes[i], pool_inline.join(trusted(), 0));
			speed_background_stop();
		}
}

static void tell_takes(void)
{
	void *other = pool_inline.join(trusted(), 1);
	const struct takes takes[N] = {
		[QUIET] = {"", pool_take, pool_give, spin, NULL},
		[RESIZING] = {"resizing_", pool_take, pool_give, resize, trusted()->pool},
		[SHARED] = {"shared_", pool_take, pool_give, swing, other},
		[LINE] = {"line_", line_take, pool_give, write_line, NULL},
		[RING_QUIET] = {"ring_", ring_take, ring_give, spin, NULL},
		[RING_SHARED] = {"ring_shared_", ring_take, ring_give, ring_swing, NULL},
	};
	struct speed_case cases[N] = {{0}};
	unsigned i;

	ring = rte_ring_lookup("ring");
	measure_takes(takes, cases);
	for (i = 0; i < N; i++)
		speed_tell_case(&cases[i], "ns", "pool_take_p999_%sns", takes[i].name);
	speed_tell_ratio(&cases[RESIZING], &cases[QUIET], "pool_resize_p999_ratio");
	speed_tell_ratio(&cases[SHARED], &cases[QUIET], "pool_shared_p999_ratio");
	speed_tell_ratio(&cases[LINE], &cases[QUIET], "pool_line_p999_ratio");
	speed_tell_ratio(&cases[RING_SHARED], &cases[RING_QUIET], "ring_shared_p999_ratio");
	speed_free(cases, N);
	/* Back to what it was, for the check. */
	while (fnuma_pool_resize(trusted()->pool, POOL_HANDLES, FNUMA_BATCH_MAX, 0) > 0)
		;
}

void speed_disturbed(void)
{
	pool_open_all();
	tell_occupancy();
	if (speed_cpus() < 2)
		return;
	tell_takes();
	pool_check_conserved(&pool_inline);
	pool_check_conserved(&pool_ring);
}
