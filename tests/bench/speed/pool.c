/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Figures of the pool beside its peers. */
#define _GNU_SOURCE /* RTLD_DEEPBIND */
#include "pool_ours.h"
#include "pool_dpdk.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

const uint32_t pool_bursts[POOL_N_BURSTS] = {
#define A_BURST(n) n,
	POOL_BURSTS(A_BURST)
#undef A_BURST
};

/* Ours first, then the peers; DPDK's cached pools are the best of them. */
static const struct pool_contender *contenders[] = {
	&pool_inline, NULL, &pool_exchange, NULL, &pool_checked, NULL, &pool_limit, &pool_mempool, &pool_mempool_own, &pool_mempool_nocache, &pool_ring,
	&pool_stack, &pool_ck, &pool_urcu, &pool_jemalloc, &pool_glibc,
};
enum {
	INLINE, CALL, EXCHANGE_INLINE, EXCHANGE_CALL, CHECKED, EMPTY_CALL, LIMIT,
	 MEMPOOL, MEMPOOL_OWN, MEMPOOL_NOCACHE, N = sizeof(contenders) / sizeof(*contenders)
};

/* Two ways through the shared library, and what two calls of it cost that do nothing. */
static void load_call(void)
{
	void *module = dlopen(SPEED_CALL, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	contenders[CALL] = module ? dlsym(module, "pool_call") : NULL;
	contenders[EXCHANGE_CALL] = module ? dlsym(module, "pool_exchange_call") : NULL;
	contenders[EMPTY_CALL] = module ? dlsym(module, "pool_empty_call") : NULL;
	if (!contenders[CALL] || !contenders[EXCHANGE_CALL] || !contenders[EMPTY_CALL])
		speed_die("cannot load %s: %s", SPEED_CALL, dlerror());
}

void pool_open_all(void)
{
	static bool open;
	unsigned i;

	if (open)
		return;
	open = true;
	load_call();
	dpdk_start();
	for (i = 0; i < N; i++)
		contenders[i]->open(contenders[i]->state);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void pool_check_conserved(const struct pool_contender *c)
{
	uint64_t *handles = speed_alloc(POOL_HANDLES * sizeof(*handles));
	uint64_t *inorder = speed_alloc(POOL_HANDLES * sizeof(*handles));
	uint32_t n, i;

	c->flush(c->state);
	n = c->drain(c->state, handles, POOL_HANDLES);
	if (n != POOL_HANDLES)
		speed_die("%s has %u handles of %u", c->name, n, POOL_HANDLES);
	memcpy(inorder, handles, POOL_HANDLES * sizeof(*handles));
	qsort(inorder, n, sizeof(*inorder), ascending);
	for (i = 1; i < n; i++)
		if (inorder[i] == inorder[i - 1])
			speed_die("%s handed a handle out twice", c->name);
	c->refill(c->state, handles, n);
	free(handles);
	free(inorder);
}

static void check_all(void)
{
	unsigned i;

	for (i = 0; i < N; i++)
		pool_check_conserved(contenders[i]);
}

static unsigned cases_of(struct speed_case *cases, unsigned burst)
{
	unsigned i;

	for (i = 0; i < N; i++)
		cases[i] = (struct speed_case){
			contenders[i]->name, contenders[i]->pairs[burst],
			contenders[i]->join(contenders[i]->state, 0), POOL_PAIRS, NULL};
	return N;
}

/* The peer at its best: whichever of its two ways is faster here. */
static const struct speed_case *best_mempool(const struct speed_case *cases)
{
	return speed_best(cases + MEMPOOL, 2);
}

static void tell_burst(unsigned burst)
{
	static const char *const suffixes[] = {"inline", "call", "exchange", "exchange_call",
	                                       "checked", "empty_call", "limit"};
	uint32_t n = pool_bursts[burst];
	struct speed_case cases[N];
	unsigned i;

	cases_of(cases, burst);
	speed_rounds(cases, N, 400);
	for (i = 0; i < N; i++)
		speed_tell_case(&cases[i], "ns", "pool_b%u_%s_ns", n,
		                i <= LIMIT ? suffixes[i] : cases[i].name);
	for (i = 0; i < MEMPOOL; i++)
		speed_tell_ratio(&cases[i], best_mempool(cases), "pool_%s_b%u_vs_mempool",
		                 suffixes[i], n);
	speed_free(cases, N);
}

/* Of a pool of 1 GiB in a domain of 16 GiB. */
static void tell_memory(void)
{
	const struct fnuma_home home = {{0}, 4u << 20, {0}, 1};
	struct fnuma_pool_config config = {.frames = 4u << 20, .max_pages = 1u << 18,
	                                   .caches = 8, .homes = &home, .n_homes = 1};

	speed_tell("bytes", (double)fnuma_pool_bytes(&config) / config.max_pages,
	           "pool_checked_bytes_per_page");
	config.flags = FNUMA_POOL_TRUSTED;
	speed_tell("bytes", (double)fnuma_pool_bytes(&config) / config.max_pages,
	           "pool_bytes_per_page");
}

void speed_pool(void)
{
	pool_open_all();
	tell_memory();
	tell_burst(POOL_B1);
	tell_burst(POOL_B8);
	tell_burst(POOL_B32);
	tell_burst(POOL_B256);
	check_all();
}

/* --- two threads, and caches that spill --- */

/* A slice is some microseconds; to set two CPUs off takes half a one. */
#define BOTH_SLICES 8u

struct user {
	speed_slice slice;
	void *context;
};

struct pair {
	struct user users[2];
};

static struct pair pairs[2 * N];

static double slices(void *user)
{
	const struct user *u = user;
	uint32_t i;

	for (i = 0; i < BOTH_SLICES; i++)
		u->slice(u->context);
	return 0;
}

static double both(void *context)
{
	struct pair *p = context;

	return speed_both(slices, &p->users[0], &p->users[1]);
}

static struct pair pair_of(const struct pool_contender *c, speed_slice slice)
{
	return (struct pair){{{slice, c->join(c->state, 0)}, {slice, c->join(c->state, 1)}}};
}

/* A contender's case: a slice by one thread, or by two at once. */
static struct speed_case case_for(const struct pool_contender *c, struct pair *p,
                                  speed_slice slice, unsigned threads, double per)
{
	*p = pair_of(c, slice);
	if (threads == 1)
		return (struct speed_case){c->name, slice, p->users[0].context, per, NULL};
	return (struct speed_case){c->name, both, p, per * BOTH_SLICES, NULL};
}

/* Cases of those contenders that have the job, by one thread or by two. */
static unsigned swing_cases(struct speed_case *cases, unsigned *which, unsigned threads)
{
	unsigned i, n = 0;

	for (i = 0; i < N; i++) {
		const struct pool_contender *c = contenders[i];

		if (!c->swing || (threads == 2 && i == LIMIT))
			continue;
		cases[n] = case_for(c, &pairs[n], c->swing, threads, POOL_PAIRS);
		which[n++] = i;
	}
	return n;
}

static const struct speed_case *case_of(const struct speed_case *cases, const unsigned *which,
                                        unsigned contender)
{
	for (; *which != contender; which++)
		cases++;
	return cases;
}

static void tell_swing(unsigned threads)
{
	struct speed_case cases[N];
	unsigned which[N], n = swing_cases(cases, which, threads), i;

	speed_rounds(cases, n, threads == 2 ? 60 : 400);
	for (i = 0; i < n; i++)
		speed_tell_case(&cases[i], "ns", "pool_swing_%ut_%s_ns", threads, cases[i].name);
	speed_tell_ratio(&cases[0], speed_best(case_of(cases, which, MEMPOOL), 2),
	                 "pool_swing_%ut_vs_mempool", threads);
	if (threads == 1)
		speed_tell_ratio(case_of(cases, which, LIMIT),
		                 speed_best(case_of(cases, which, MEMPOOL), 2),
		                 "pool_swing_1t_limit_vs_mempool");
	speed_free(cases, n);
}

static void tell_two(void)
{
	struct speed_case cases[N];
	unsigned i, n = 0, nocache = 0;

	for (i = 0; i < N; i++) {
		const struct pool_contender *c = contenders[i];

		if (i == LIMIT)
			continue;
		nocache = i == MEMPOOL_NOCACHE ? n : nocache;
		cases[n] = case_for(c, &pairs[n], c->pairs[POOL_B32], 2, POOL_PAIRS);
		n++;
	}
	speed_rounds(cases, n, 60);
	for (i = 0; i < n; i++)
		speed_tell_case(&cases[i], "ns", "pool_2t_b32_%s_ns", cases[i].name);
	speed_tell_ratio(&cases[INLINE], &cases[nocache], "pool_2t_b32_vs_mempool_nocache");
	speed_free(cases, n);
}

void speed_pool_threads(void)
{
	pool_open_all();
	tell_swing(1);
	if (speed_cpus() == 2) {
		tell_swing(2);
		tell_two();
	}
	check_all();
}

/* --- how it grows --- */

static void grow_burst(unsigned burst)
{
	static const unsigned shown[] = {INLINE, CALL, EXCHANGE_INLINE, CHECKED, LIMIT, MEMPOOL,
	                                 MEMPOOL_OWN, MEMPOOL_NOCACHE};
	struct speed_case cases[N];
	unsigned i;

	cases_of(cases, burst);
	speed_rounds(cases, N, 100);
	for (i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		speed_grow("pool_burst", pool_bursts[burst], cases[shown[i]].name,
		           speed_median(&cases[shown[i]]));
	speed_free(cases, N);
}

/* The same job by one thread, and by two at once: each on a CPU of its own. */
static void grow_threads(void)
{
	static const unsigned shown[] = {INLINE, EXCHANGE_INLINE, MEMPOOL, MEMPOOL_OWN,
	                                 MEMPOOL_NOCACHE};
	enum { SHOWN = sizeof(shown) / sizeof(*shown) };
	struct speed_case cases[2 * SHOWN];
	unsigned i;

	for (i = 0; i < SHOWN; i++) {
		const struct pool_contender *c = contenders[shown[i]];

		cases[2 * i] = case_for(c, &pairs[2 * i], c->pairs[POOL_B32], 1, POOL_PAIRS);
		cases[2 * i + 1] = case_for(c, &pairs[2 * i + 1], c->pairs[POOL_B32], 2, POOL_PAIRS);
	}
	speed_rounds(cases, 2 * SHOWN, 100);
	for (i = 0; i < 2 * SHOWN; i++)
		speed_grow("pool_threads", 1 + i % 2, cases[i].name, speed_median(&cases[i]));
	speed_free(cases, 2 * SHOWN);
}

void speed_grow_pool(void)
{
	unsigned i;

	pool_open_all();
	for (i = 0; i < POOL_N_BURSTS; i++)
		grow_burst(i);
	if (speed_cpus() == 2)
		grow_threads();
	check_all();
}
