/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Algorithm 1 without its dead states: a step is at least a page, the pool has a floor,
 * misses make it grow at once by as many pages, and a pool that nobody asks about goes to
 * where its flips would have taken it.
 */
#include "policies.h"

struct state {
	uint64_t asked_ns;
	uint64_t misses;
	uint32_t goal_pages; /* growth under way; 0 if none */
	bool begun;
};

static int check(struct fnuma_sizer_params *params)
{
	int err = fnuma_sizing_check_steps(params);

	if (err)
		return err;
	fnuma_sizing_default_floor(params);
	if (!params->window_ns)
		params->window_ns = UINT64_C(60000000000);
	/* A step down must not lead above the upper threshold, or the size would swing. */
	if (params->low_percent * 100 > params->high_percent * (100 - params->step_percent))
		return FNUMA_E_INVAL;
	return FNUMA_OK;
}

static uint32_t step_of(const struct fnuma_sizer_params *params, uint32_t size)
{
	return fnuma_max_u32(fnuma_sizing_percent(size, params->step_percent), 1);
}

/* Where steps down would end: the largest size for which `used` is not too few. */
static uint32_t rest_size(const struct fnuma_sizer_params *params, uint32_t used)
{
	return fnuma_to_u32(fnuma_div_u64((uint64_t)used * 100, params->low_percent));
}

/* Misses while growth is under way add to its goal: they are not yet provided for. */
static uint32_t grow(struct state *st, uint32_t size, uint32_t step, uint32_t missed)
{
	uint32_t goal = fnuma_add_u32(size, fnuma_max_u32(step, missed));

	if (size < st->goal_pages)
		goal = fnuma_max_u32(goal, fnuma_add_u32(st->goal_pages, missed));
	st->goal_pages = goal;
	return goal;
}

static void advise(void *state, const struct fnuma_sizer_params *params,
                   const struct fnuma_sizer_sample *sample,
                   struct fnuma_sizer_advice *advice)
{
	struct state *st = state;
	uint32_t size = sample->size_pages;
	uint32_t used = fnuma_min_u32(fnuma_sizing_peak(sample), size);
	uint32_t step = step_of(params, size);
	uint32_t high = fnuma_sizing_percent(size, params->high_percent);
	uint32_t low = fnuma_sizing_percent_up(size, params->low_percent);
	uint32_t missed = st->begun ? fnuma_sizing_missed(st->misses, sample->misses) : 0;
	bool idle = st->begun && sample->now_ns > st->asked_ns &&
	            sample->now_ns - st->asked_ns >= params->window_ns;
	uint32_t target = fnuma_max_u32(size, st->goal_pages);

	if (missed || used > high) {
		target = grow(st, size, step, missed);
	} else if (used < low) {
		target = idle ? rest_size(params, used) : size - step;
	}
	target = fnuma_sizing_clip(params, target);
	st->goal_pages = target > size ? target : 0;
	st->asked_ns = sample->now_ns;
	st->misses = sample->misses;
	st->begun = true;
	advice->target_pages = target;
	advice->ask_at_ns = fnuma_sizing_at(sample->now_ns, params->window_ns);
	if (target != size)
		return;
	advice->high_pages = size == params->max_pages ? UINT32_MAX : high;
	advice->low_pages = size == params->min_pages ? 0 : low;
	if (sample->used_pages >= advice->low_pages) /* else a peak has just gone by */
		advice->ask_at_ns = FNUMA_NEVER;
}

const struct fnuma_sizer_policy fnuma_sizing_algorithm1_repaired = {
	.size = sizeof(struct fnuma_sizer_policy),
	.abi = FNUMA_SIZER_ABI,
	.name = "algorithm1-repaired",
	.state_bytes = sizeof(struct state),
	.check = check,
	.advise = advise,
};
