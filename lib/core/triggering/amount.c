/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Due when so many pages are remote that remote_memSize is about to be reached. */
#include "policies.h"

static int check(struct fnuma_trigger_params *params)
{
	if (!params->amount_pages)
		params->amount_pages = 128000;
	if (!params->lead_pages)
		params->lead_pages = params->amount_pages / 64;
	if (!params->lead_pages) /* an amount too small for a lead */
		params->lead_pages = UINT32_MAX;
	if (params->lead_pages >= params->amount_pages && params->lead_pages != UINT32_MAX)
		return FNUMA_E_INVAL;
	return FNUMA_OK;
}

static void ask(void *state, const struct fnuma_trigger_params *params,
                const struct fnuma_trigger_sample *sample,
                struct fnuma_trigger_verdict *verdict)
{
	uint32_t lead = params->lead_pages == UINT32_MAX ? 0 : params->lead_pages;

	(void)state;
	verdict->ask_at_pages = params->amount_pages - lead;
	verdict->due = sample->remote_pages >= verdict->ask_at_pages;
}

static void pass(void *state, const struct fnuma_trigger_params *params,
                 const struct fnuma_trigger_sample *sample, bool ended)
{
	(void)state;
	(void)params;
	(void)sample;
	(void)ended;
}

const struct fnuma_trigger_policy fnuma_triggering_amount = {
	.size = sizeof(struct fnuma_trigger_policy),
	.abi = FNUMA_TRIGGER_ABI,
	.name = "amount",
	.check = check,
	.ask = ask,
	.pass = pass,
};
