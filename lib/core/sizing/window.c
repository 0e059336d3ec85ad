/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Sliding-window maximum of demand, plus a filtered lead.
 *
 * Think of the pool as a stack of pages. Holding the topmost costs something every second,
 * giving it up and getting it back costs once: a ski rental for each level, whose
 * break-even rule "give a level up after T* without use" is the maximum of demand over the
 * last T* (Lu and Chen, arXiv 1112.0442; twice the offline optimum at most, if growing is
 * instant).
 *
 * Growing takes a latency, so what is kept is demand + lead, the lead being the growth of
 * demand in one latency, averaged: with the slope as measured, noise would size the pool.
 */
#include "policies.h"
#include <string.h>

#define BUCKETS 64u

/* Time cut into steps of a power of two, which never runs backwards. */
struct steps {
	uint64_t into_ns; /* time into the present step */
	uint32_t shift;   /* a step is 1 << shift ns */
};

struct state {
	uint64_t window_ns;     /* parameters that the steps were made for */
	uint64_t latency_ns;
	uint64_t now_ns;        /* of the sample before */
	uint64_t misses;
	struct steps window;
	struct steps latency;
	uint64_t slope;         /* average growth of demand in a latency step, times 8 */
	uint32_t demand;        /* highest in the present latency step */
	uint32_t demand_before; /* in the step before it that had a sample */
	uint32_t span;          /* steps between those two */
	uint32_t missed;        /* pages missed in the present latency step */
	uint32_t missed_before; /* and in the one before */
	uint32_t used;          /* most pages out in the present bucket */
	uint32_t buckets;       /* that make up the window, the present one included */
	uint32_t head;          /* the present one */
	uint32_t max[BUCKETS];  /* highest demand + lead of each */
	bool begun;
};

static int check(struct fnuma_sizer_params *params)
{
	fnuma_sizing_default_floor(params);
	if (!params->window_ns)
		params->window_ns = UINT64_C(60000000000);
	if (!params->latency_ns)
		params->latency_ns = UINT64_C(10000000);
	return FNUMA_OK;
}

/* Let time pass. Returns the steps begun. */
static uint64_t steps_pass(struct steps *t, uint64_t elapsed_ns)
{
	uint64_t step_ns = UINT64_C(1) << t->shift, begun = elapsed_ns >> t->shift;

	t->into_ns += elapsed_ns & (step_ns - 1);
	if (t->into_ns >= step_ns) {
		t->into_ns -= step_ns;
		begun++;
	}
	return begun;
}

/* The shortest bucket of which 63 full ones, and the present one, hold the window. */
static uint32_t window_shift(uint64_t window_ns)
{
	uint32_t shift = 0;

	while ((window_ns - 1) >> shift >= BUCKETS - 1)
		shift++;
	return shift;
}

/* The shortest step that is no shorter than the latency, as far as there is one. */
static uint32_t latency_shift(uint64_t latency_ns)
{
	uint32_t shift = 0;

	while (shift < 63 && (latency_ns - 1) >> shift)
		shift++;
	return shift;
}

/* Cut the window anew. What was seen stays, at the youngest age it may have. */
static void window_recut(struct state *st, uint64_t window_ns)
{
	uint32_t old[BUCKETS], age, to;
	uint32_t old_buckets = st->buckets, old_head = st->head;
	uint32_t old_shift = st->window.shift;
	uint64_t age_ns = 0;

	memcpy(old, st->max, sizeof(old));
	memset(st->max, 0, sizeof(st->max));
	st->window_ns = window_ns;
	st->window.shift = window_shift(window_ns);
	st->buckets = (uint32_t)((window_ns - 1) >> st->window.shift) + 2;
	for (age = 0; age < old_buckets && age_ns < window_ns; age++) {
		to = age ? 1 + (uint32_t)(age_ns >> st->window.shift) : 0;
		to = to ? st->buckets - to : 0;
		st->max[to] = fnuma_max_u32(st->max[to], old[old_head]);
		old_head = old_head ? old_head - 1 : old_buckets - 1;
		age_ns = fnuma_add_u64(age ? age_ns : st->window.into_ns,
		                         age ? UINT64_C(1) << old_shift : 0);
	}
	st->head = 0;
	st->window.into_ns = 0;
}

static void latency_recut(struct state *st, uint64_t latency_ns)
{
	st->latency_ns = latency_ns;
	st->latency.shift = latency_shift(latency_ns);
	st->latency.into_ns = 0;
}

static void begin(struct state *st, const struct fnuma_sizer_params *params,
                  const struct fnuma_sizer_sample *sample)
{
	st->now_ns = sample->now_ns;
	st->misses = sample->misses;
	st->demand_before = fnuma_add_u32(fnuma_sizing_peak(sample), sample->queued_pages);
	st->span = 1;
	st->buckets = 1;
	/* Pages that the pool begins with may also stay for T* before they are given up. */
	st->max[0] = fnuma_min_u32(sample->size_pages, params->max_pages);
	st->begun = true;
}

static void window_pass(struct state *st, uint64_t elapsed_ns)
{
	uint64_t begun = steps_pass(&st->window, elapsed_ns);

	if (begun)
		st->used = 0;
	for (begun = begun < BUCKETS ? begun : BUCKETS; begun; begun--) {
		st->head = st->head + 1 == st->buckets ? 0 : st->head + 1;
		st->max[st->head] = 0;
	}
}

/* The average with what demand grew by, evenly over the steps it had for it. */
static uint64_t slope_with_growth(const struct state *st)
{
	uint32_t growth = fnuma_sub_u32(st->demand, st->demand_before) / st->span;
	uint32_t n = fnuma_min_u32(st->span, 64); /* then the past no longer matters */
	uint64_t slope = st->slope;

	for (; n; n--)
		slope += growth - ((slope + 7) >> 3);
	return slope;
}

static void latency_pass(struct state *st, uint64_t elapsed_ns)
{
	uint64_t begun = steps_pass(&st->latency, elapsed_ns);

	if (!begun)
		return;
	st->slope = slope_with_growth(st);
	st->demand_before = st->demand;
	st->demand = 0;
	st->span = fnuma_to_u32(begun);
	st->missed_before = begun == 1 ? st->missed : 0;
	st->missed = 0;
}

/* Time that jumped back is time that stood still. */
static void time_pass(struct state *st, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns > st->now_ns ? now_ns - st->now_ns : 0;

	st->now_ns = now_ns;
	window_pass(st, elapsed_ns);
	latency_pass(st, elapsed_ns);
}

/* Pages missed count as demand until growth that they asked for had time to arrive. */
static void demand_note(struct state *st, const struct fnuma_sizer_sample *sample)
{
	uint32_t missed = fnuma_sizing_missed(st->misses, sample->misses);
	uint32_t used = fnuma_sizing_peak(sample), demand;

	st->misses = sample->misses;
	st->missed = fnuma_add_u32(st->missed, missed);
	demand = fnuma_add_u32(used, sample->queued_pages);
	demand = fnuma_add_u32(demand, st->missed);
	demand = fnuma_add_u32(demand, st->missed_before);
	st->demand = fnuma_max_u32(st->demand, demand);
	st->used = fnuma_max_u32(st->used, used);
	demand = fnuma_add_u32(demand, fnuma_to_u32(slope_with_growth(st) >> 3));
	st->max[st->head] = fnuma_max_u32(st->max[st->head], demand);
}

static uint32_t window_max(const struct state *st)
{
	uint32_t i, top = 0;

	for (i = 0; i < st->buckets; i++)
		top = fnuma_max_u32(top, st->max[i]);
	return top;
}

static void advise(void *state, const struct fnuma_sizer_params *params,
                   const struct fnuma_sizer_sample *sample,
                   struct fnuma_sizer_advice *advice)
{
	struct state *st = state;
	uint64_t bucket_ns;

	if (!st->begun)
		begin(st, params, sample);
	if (st->latency_ns != params->latency_ns)
		latency_recut(st, params->latency_ns);
	if (st->window_ns != params->window_ns)
		window_recut(st, params->window_ns);
	time_pass(st, sample->now_ns);
	demand_note(st, sample);
	advice->target_pages = window_max(st);
	advice->low_pages = 0;
	advice->high_pages = st->used;
	advice->ask_at_ns = FNUMA_NEVER; /* nothing to give up */
	if (advice->target_pages <= params->min_pages)
		return;
	bucket_ns = UINT64_C(1) << st->window.shift;
	advice->ask_at_ns = fnuma_sizing_at(sample->now_ns, bucket_ns - st->window.into_ns);
}

const struct fnuma_sizer_policy fnuma_sizing_window = {
	.size = sizeof(struct fnuma_sizer_policy),
	.abi = FNUMA_SIZER_ABI,
	.name = "window",
	.state_bytes = sizeof(struct state),
	.check = check,
	.advise = advise,
};
