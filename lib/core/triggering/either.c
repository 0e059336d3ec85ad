/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The period or the amount, whichever comes first. The state is that of the period. */
#include "policies.h"

static int check(struct fnuma_trigger_params *params)
{
	int err = fnuma_triggering_period.check(params);

	return err ? err : fnuma_triggering_amount.check(params);
}

static void ask(void *state, const struct fnuma_trigger_params *params,
                const struct fnuma_trigger_sample *sample,
                struct fnuma_trigger_verdict *verdict)
{
	bool due;

	fnuma_triggering_period.ask(state, params, sample, verdict);
	due = verdict->due;
	fnuma_triggering_amount.ask(NULL, params, sample, verdict);
	verdict->due |= due;
}

static void pass(void *state, const struct fnuma_trigger_params *params,
                 const struct fnuma_trigger_sample *sample, bool ended)
{
	fnuma_triggering_period.pass(state, params, sample, ended);
}

const struct fnuma_trigger_policy fnuma_triggering_either = {
	.size = sizeof(struct fnuma_trigger_policy),
	.abi = FNUMA_TRIGGER_ABI,
	.name = "either",
	.state_bytes = FNUMA_TRIGGER_STATE_BYTES,
	.check = check,
	.ask = ask,
	.pass = pass,
};
