/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Due when being remote has cost the remote pages what moving them would.
 *
 * A remote page is a ski rental: every access costs a little more, a move costs once. Stay
 * remote until as much has been paid as the move costs, and no more than twice the least
 * possible is ever paid. Kept for all pages together: the time pages were remote is added
 * up, and a pass is due when it comes to the break-even time for each page that still is.
 * Pages that leave take the mean with them.
 */
#include "policies.h"

/* Time is added up in ticks of 2^20 ns, about 1 ms: with a break-even time below 2^52 ns a
 * product of pages and ticks that still matters fits 64 bits. */
#define TICK_SHIFT 20
#define BREAK_EVEN_MAX_NS (UINT64_C(1) << 52)

struct state {
	uint64_t at_ns;   /* added up to here */
	uint64_t accrued; /* pages times ticks; stops at the end of its type */
	uint32_t remote;  /* pages remote since then */
};

static int check(struct fnuma_trigger_params *params)
{
	if (!params->break_even_ns)
		params->break_even_ns = UINT64_C(10000000000);
	return params->break_even_ns < BREAK_EVEN_MAX_NS ? FNUMA_OK : FNUMA_E_INVAL;
}

static void add_up(struct state *st, const struct fnuma_trigger_sample *sample)
{
	uint64_t ticks = (sample->now_ns - st->at_ns) >> TICK_SHIFT;

	st->at_ns += ticks << TICK_SHIFT;
	st->accrued = fnuma_add_u64(st->accrued, fnuma_mul_u64_u32(ticks, st->remote));
	if (sample->remote_pages < st->remote)
		st->accrued = fnuma_muldiv_u64(st->accrued, sample->remote_pages,
		                               st->remote);
	st->remote = sample->remote_pages;
}

static uint64_t break_even_ticks(const struct fnuma_trigger_params *params)
{
	return (params->break_even_ns + (UINT64_C(1) << TICK_SHIFT) - 1) >> TICK_SHIFT;
}

static void ask(void *state, const struct fnuma_trigger_params *params,
                const struct fnuma_trigger_sample *sample,
                struct fnuma_trigger_verdict *verdict)
{
	struct state *st = state;
	uint64_t enough, ticks;

	add_up(st, sample);
	verdict->ask_at_pages = 1;
	if (!st->remote)
		return;
	enough = break_even_ticks(params) * st->remote;
	verdict->due = st->accrued >= enough;
	if (verdict->due)
		return;
	ticks = fnuma_div_u64(enough - st->accrued + st->remote - 1, st->remote);
	verdict->ask_at_ns = fnuma_add_u64(st->at_ns, ticks << TICK_SHIFT);
	/* What comes between two calls is added up late: an eighth more is late enough. */
	verdict->ask_at_pages = fnuma_add_u32(st->remote, st->remote / 8 + 1);
}

static void pass(void *state, const struct fnuma_trigger_params *params,
                 const struct fnuma_trigger_sample *sample, bool ended)
{
	(void)params;
	(void)ended;
	add_up(state, sample);
}

const struct fnuma_trigger_policy fnuma_triggering_age = {
	.size = sizeof(struct fnuma_trigger_policy),
	.abi = FNUMA_TRIGGER_ABI,
	.name = "age",
	.state_bytes = sizeof(struct state),
	.check = check,
	.ask = ask,
	.pass = pass,
};
