/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Algorithm 1 of the paper as written: at each flip, a pool used by more than 90 % grows
 * by 10 %, one used by less than 20 % shrinks by 10 %.
 *
 * In whole pages, 10 % of fewer than 10 pages is 0, and such a pool never changes again.
 * The dead states are kept on purpose: this is the baseline. algorithm1_repaired.c has none.
 */
#include "policies.h"

static void advise(void *state, const struct fnuma_sizer_params *params,
                   const struct fnuma_sizer_sample *sample,
                   struct fnuma_sizer_advice *advice)
{
	uint32_t size = sample->size_pages, used = sample->used_pages;
	uint32_t step = fnuma_sizing_percent(size, params->step_percent);
	uint32_t grown = fnuma_sizing_clip(params, fnuma_add_u32(size, step));
	uint32_t shrunk = fnuma_sizing_clip(params, size - step);
	uint32_t high = fnuma_sizing_percent(size, params->high_percent);
	uint32_t low = fnuma_sizing_percent_up(size, params->low_percent);

	(void)state;
	advice->ask_at_ns = FNUMA_NEVER;
	advice->target_pages = used > high ? grown :
	                       used < low ? shrunk : fnuma_sizing_clip(params, size);
	if (advice->target_pages != size)
		return; /* the band of another size is not known before it has that size */
	advice->high_pages = grown == size ? UINT32_MAX : high;
	advice->low_pages = shrunk == size ? 0 : low;
}

const struct fnuma_sizer_policy fnuma_sizing_algorithm1 = {
	.size = sizeof(struct fnuma_sizer_policy),
	.abi = FNUMA_SIZER_ABI,
	.name = "algorithm1",
	.check = fnuma_sizing_check_steps,
	.advise = advise,
};
