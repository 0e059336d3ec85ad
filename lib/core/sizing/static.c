/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A constant. */
#include "policies.h"

static int check(struct fnuma_sizer_params *params)
{
	fnuma_sizing_default_floor(params);
	return FNUMA_OK;
}

static void advise(void *state, const struct fnuma_sizer_params *params,
                   const struct fnuma_sizer_sample *sample,
                   struct fnuma_sizer_advice *advice)
{
	(void)state;
	(void)sample;
	advice->target_pages = params->initial_pages;
	advice->low_pages = 0;
	advice->high_pages = UINT32_MAX;
	advice->ask_at_ns = FNUMA_NEVER;
}

const struct fnuma_sizer_policy fnuma_sizing_static = {
	.size = sizeof(struct fnuma_sizer_policy),
	.abi = FNUMA_SIZER_ABI,
	.name = "static",
	.check = check,
	.advise = advise,
};
