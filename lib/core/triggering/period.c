/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Due when period_flip has passed since the last pass began, once however late it is. */
#include "policies.h"

struct state {
	uint64_t began_ns; /* 0, when the trigger was made, before the first pass */
};

static int check(struct fnuma_trigger_params *params)
{
	if (!params->period_ns)
		params->period_ns = UINT64_C(900000000000);
	return FNUMA_OK;
}

static void ask(void *state, const struct fnuma_trigger_params *params,
                const struct fnuma_trigger_sample *sample,
                struct fnuma_trigger_verdict *verdict)
{
	struct state *st = state;

	verdict->due = sample->now_ns - st->began_ns >= params->period_ns;
	if (!verdict->due)
		verdict->ask_at_ns = fnuma_add_u64(st->began_ns, params->period_ns);
}

static void pass(void *state, const struct fnuma_trigger_params *params,
                 const struct fnuma_trigger_sample *sample, bool ended)
{
	struct state *st = state;

	(void)params;
	if (!ended)
		st->began_ns = sample->now_ns;
}

const struct fnuma_trigger_policy fnuma_triggering_period = {
	.size = sizeof(struct fnuma_trigger_policy),
	.abi = FNUMA_TRIGGER_ABI,
	.name = "period",
	.state_bytes = sizeof(struct state),
	.check = check,
	.ask = ask,
	.pass = pass,
};
