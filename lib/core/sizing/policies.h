/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The built-in sizing policies, and what they share. */
#ifndef FNUMA_CORE_SIZING_POLICIES_H
#define FNUMA_CORE_SIZING_POLICIES_H

#include "../num.h"
#include <flipnuma/sizer.h>

/* In the order of fnuma_sizer_builtin(): X(name) stands for fnuma_sizing_<name>. */
#define FNUMA_SIZING_POLICIES(X) \
	X(static) \
	X(algorithm1) \
	X(algorithm1_repaired) \
	X(window)

#define FNUMA_SIZING_DECLARE(name) \
	extern const struct fnuma_sizer_policy fnuma_sizing_##name;
FNUMA_SIZING_POLICIES(FNUMA_SIZING_DECLARE)
#undef FNUMA_SIZING_DECLARE

/* Enough for a burst of a network ring's batch; small enough to be held for ever. */
#define FNUMA_SIZING_FLOOR_PAGES 64u

static inline uint32_t fnuma_sizing_clip(const struct fnuma_sizer_params *params,
                                         uint32_t pages)
{
	return fnuma_min_u32(fnuma_max_u32(pages, params->min_pages), params->max_pages);
}

/* A default never contradicts what was asked for. */
static inline void fnuma_sizing_default_floor(struct fnuma_sizer_params *params)
{
	if (params->min_pages)
		return;
	params->min_pages = fnuma_min_u32(FNUMA_SIZING_FLOOR_PAGES, params->max_pages);
	if (params->initial_pages)
		params->min_pages = fnuma_min_u32(params->min_pages, params->initial_pages);
}

/* The thresholds and the step of Algorithm 1. */
static inline int fnuma_sizing_check_steps(struct fnuma_sizer_params *params)
{
	if (!params->high_percent)
		params->high_percent = 90;
	if (!params->low_percent)
		params->low_percent = 20;
	if (!params->step_percent)
		params->step_percent = 10;
	if (params->high_percent > 100 || params->step_percent > 100 ||
	    params->low_percent >= params->high_percent)
		return FNUMA_E_INVAL;
	return FNUMA_OK;
}

/* percent of pages, rounded down; 100 percent at most. */
static inline uint32_t fnuma_sizing_percent(uint32_t pages, uint32_t percent)
{
	return pages / 100 * percent + pages % 100 * percent / 100;
}

/* The same rounded up. */
static inline uint32_t fnuma_sizing_percent_up(uint32_t pages, uint32_t percent)
{
	return pages / 100 * percent + (pages % 100 * percent + 99) / 100;
}

static inline bool fnuma_sizing_sample_valid(const struct fnuma_sizer_sample *sample)
{
	return sample->used_pages <= sample->size_pages &&
	       (!sample->peak_pages || sample->peak_pages >= sample->used_pages);
}

/* Most pages that were out at once since the sample before. */
static inline uint32_t fnuma_sizing_peak(const struct fnuma_sizer_sample *sample)
{
	return fnuma_max_u32(sample->used_pages, sample->peak_pages);
}

/* Pages missed since the count was `before`. One that went down is a new pool's. */
static inline uint32_t fnuma_sizing_missed(uint64_t before, uint64_t now)
{
	return now > before ? fnuma_to_u32(now - before) : 0;
}

/* The time `wait_ns` after now; a time, even where the clock ends. */
static inline uint64_t fnuma_sizing_at(uint64_t now_ns, uint64_t wait_ns)
{
	uint64_t at = fnuma_add_u64(now_ns, wait_ns);

	return at == FNUMA_NEVER ? FNUMA_NEVER - 1 : at;
}

#endif /* FNUMA_CORE_SIZING_POLICIES_H */
