/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "sim.h"
#include <stdlib.h>
#include <string.h>

/* Flips between two questions: a driver's batch. */
#define BATCH 32u

struct pool {
	uint32_t size;
	uint32_t used;
	uint32_t peak;
	uint32_t target;
	uint32_t grow_from;     /* step in which the pages asked for begin to come */
	uint64_t misses;
	uint32_t due[HOLD_MAX + 1]; /* pages to be given back, by step */
};

struct run {
	const struct rule *rule;
	struct fnuma_sizer sizer;
	struct pool pool;
	struct outcome outcome;
	uint64_t ask_at_ns;
	uint32_t step;
};

static void shrink(struct pool *pool)
{
	uint32_t size = pool->target > pool->used ? pool->target : pool->used;

	if (size < pool->size)
		pool->size = size;
}

static void grow(struct run *run)
{
	struct pool *pool = &run->pool;
	uint32_t n;

	if (pool->size >= pool->target || run->step < pool->grow_from)
		return;
	n = pool->target - pool->size;
	n = n < GROWTH_A_STEP ? n : GROWTH_A_STEP;
	pool->size += n;
	run->outcome.bought += n;
}

static void ask(struct run *run)
{
	struct pool *pool = &run->pool;
	struct fnuma_sizer_sample sample = {
		.now_ns = run->step * STEP_NS,
		.size_pages = pool->size,
		.used_pages = pool->used,
		.peak_pages = pool->peak,
		.misses = pool->misses,
	};
	struct fnuma_sizer_advice advice;

	if (fnuma_sizer_advise(&run->sizer, &sample, &advice) != FNUMA_OK)
		abort();
	if (pool->target <= pool->size && advice.target_pages > pool->size)
		pool->grow_from = run->step + run->rule->latency;
	pool->target = advice.target_pages;
	pool->peak = pool->used;
	run->ask_at_ns = advice.ask_at_ns;
	run->outcome.asked++;
	shrink(pool);
}

/* At a flip, ask if the last advice no longer stands. */
static void flipped(struct run *run)
{
	struct pool *pool = &run->pool;

	if (fnuma_sizer_due(&run->sizer, pool->used, pool->misses, run->step * STEP_NS))
		ask(run);
}

static void take(struct run *run, uint32_t flips, uint32_t hold)
{
	struct pool *pool = &run->pool;
	uint32_t n, got;

	run->outcome.flips += flips;
	for (; flips; flips -= n) {
		n = flips < BATCH ? flips : BATCH;
		got = pool->size - pool->used;
		got = got < n ? got : n;
		pool->misses += n - got;
		pool->used += got;
		pool->peak = pool->used > pool->peak ? pool->used : pool->peak;
		pool->due[(run->step + hold) & HOLD_MAX] += got;
		flipped(run);
	}
}

static void give(struct run *run)
{
	struct pool *pool = &run->pool;
	uint32_t *due = &pool->due[run->step & HOLD_MAX];

	if (!*due)
		return;
	pool->used -= *due;
	*due = 0;
	shrink(pool);
	flipped(run);
}

static void step(struct run *run, const struct load *load)
{
	struct outcome *out = &run->outcome;

	grow(run);
	give(run);
	take(run, load->flips[run->step], load->hold[run->step]);
	if (run->step * STEP_NS >= run->ask_at_ns)
		ask(run);
	out->size_sum += run->pool.size;
	out->used_sum += run->pool.used;
	if (run->pool.size < out->least_size)
		out->least_size = run->pool.size;
}

struct outcome simulate(const struct rule *rule, const struct load *load)
{
	struct run *run = calloc(1, sizeof(*run));
	struct outcome outcome;

	if (!run || fnuma_sizer_init(&run->sizer, rule->policy, &rule->params) != FNUMA_OK)
		abort();
	run->rule = rule;
	run->pool.size = run->pool.target = fnuma_sizer_initial(&run->sizer);
	run->outcome.bought = run->pool.size;
	run->outcome.least_size = run->pool.size;
	run->ask_at_ns = FNUMA_NEVER;
	for (run->step = 0; run->step < load->steps; run->step++)
		step(run, load);
	outcome = run->outcome;
	outcome.misses = run->pool.misses;
	outcome.last_size = run->pool.size;
	outcome.steps = load->steps;
	free(run);
	return outcome;
}

double cost_of(const struct outcome *outcome)
{
	return outcome->size_sum + PRICE * (double)(outcome->bought + outcome->misses);
}

double misses_ppm(const struct outcome *outcome)
{
	return 1e6 * (double)outcome->misses / (double)outcome->flips;
}

double reserve_mb(const struct outcome *outcome)
{
	double pages = (outcome->size_sum - outcome->used_sum) / outcome->steps;

	return pages * FNUMA_PAGE_BYTES / 1048576;
}

/* Each level of the stack by itself: held while in use, and between two uses for as long as
 * that is cheaper than getting it again. */

struct levels {
	double cost;
	uint32_t used;
	uint32_t seen;       /* levels that were ever used */
	uint32_t room;
	uint32_t *free_from; /* by level: the step since when it is not in use */
};

static void levels_up(struct levels *l, uint32_t step)
{
	uint32_t gap;

	if (l->used == l->seen) {
		if (l->seen == l->room) {
			l->room = l->room ? 2 * l->room : 1024;
			l->free_from = realloc(l->free_from, l->room * sizeof(*l->free_from));
			if (!l->free_from)
				abort();
		}
		l->seen++;
		l->cost += PRICE;
	} else {
		gap = step - l->free_from[l->used];
		l->cost += gap < PRICE ? gap : PRICE;
	}
	l->used++;
}

double optimum_of(const struct load *load)
{
	struct levels l = {0};
	uint32_t *due = calloc(HOLD_MAX + 1, sizeof(*due)), step, n;

	if (!due)
		abort();
	for (step = 0; step < load->steps; step++) {
		uint32_t given = due[step & HOLD_MAX], taken = load->flips[step];

		due[step & HOLD_MAX] = 0;
		due[(step + load->hold[step]) & HOLD_MAX] += taken;
		for (n = taken; n < given; n++)
			l.free_from[--l.used] = step;
		for (n = given; n < taken; n++)
			levels_up(&l, step);
		l.cost += l.used;
	}
	free(due);
	free(l.free_from);
	return l.cost;
}

uint32_t calibrated(enum load_kind kind, uint64_t seed)
{
	struct load load = load_make(kind, seed);
	struct fnuma_calibrator c;
	uint32_t due[HOLD_MAX + 1] = {0}, step;
	struct fnuma_sizer_sample sample = {.size_pages = UINT32_MAX};

	fnuma_calibrator_init(&c);
	fnuma_calibrator_begin(&c, kind);
	for (step = 0; step < load.steps; step++) {
		sample.used_pages += load.flips[step] - due[step & HOLD_MAX];
		due[step & HOLD_MAX] = 0;
		due[(step + load.hold[step]) & HOLD_MAX] += load.flips[step];
		fnuma_calibrator_observe(&c, &sample);
	}
	fnuma_calibrator_end(&c);
	load_free(&load);
	return (uint32_t)fnuma_calibrator_value(&c, 0);
}
