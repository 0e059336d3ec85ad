/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "clock.h"
#include "name.h"
#include "triggering/policies.h"
#include <string.h>

#define ADDRESS(name) &fnuma_triggering_##name,
static const struct fnuma_trigger_policy *const policies[] = {
	FNUMA_TRIGGERING_POLICIES(ADDRESS)
};
#undef ADDRESS

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

const struct fnuma_trigger_policy *fnuma_trigger_builtin(uint32_t index)
{
	return index < POLICIES ? policies[index] : NULL;
}

const struct fnuma_trigger_policy *fnuma_trigger_find(const char *name)
{
	uint32_t i;

	for (i = 0; name && i < POLICIES; i++) {
		if (fnuma_name_is(policies[i]->name, name))
			return policies[i];
	}
	return NULL;
}

static int check_policy(const struct fnuma_trigger_policy *policy)
{
	if (policy->abi != FNUMA_TRIGGER_ABI || policy->size != sizeof(*policy))
		return FNUMA_E_ABI;
	if (!policy->name || !policy->name[0] || !policy->check || !policy->ask ||
	    !policy->pass)
		return FNUMA_E_INVAL;
	if (policy->state_bytes > FNUMA_TRIGGER_STATE_BYTES)
		return FNUMA_E_NOSPC;
	return FNUMA_OK;
}

/* What the policy is told, on a clock that never jumps back. */
static struct fnuma_trigger_sample sample_of(struct fnuma_trigger *t, uint64_t now_ns,
                                             uint32_t remote_pages)
{
	struct fnuma_clock clock = {t->seen_ns, t->at_ns, true};
	struct fnuma_trigger_sample sample;

	t->at_ns = fnuma_clock_tell(&clock, now_ns);
	t->seen_ns = now_ns;
	sample.now_ns = t->at_ns;
	sample.remote_pages = remote_pages;
	return sample;
}

/* A time of the policy's clock on the caller's. */
static uint64_t callers_time(const struct fnuma_trigger *t, uint64_t policy_ns)
{
	struct fnuma_clock clock = {t->seen_ns, t->at_ns, true};

	return fnuma_clock_callers(&clock, policy_ns);
}

int fnuma_trigger_init(struct fnuma_trigger *t, const struct fnuma_trigger_policy *policy,
                       const struct fnuma_trigger_params *params, uint64_t now_ns)
{
	struct fnuma_trigger_policy table;
	struct fnuma_trigger_params full;
	int err;

	if (!t || !policy || !params)
		return FNUMA_E_INVAL;
	err = check_policy(policy);
	if (err)
		return err;
	table = *policy;
	full = *params;
	if (table.check(&full) != FNUMA_OK)
		return FNUMA_E_INVAL;
	memset(t, 0, sizeof(*t)); /* and ask_at_pages: ask, whatever the amount */
	t->policy = table;
	t->params = full;
	t->seen_ns = now_ns;
	return FNUMA_OK;
}

int fnuma_trigger_retune(struct fnuma_trigger *t, const struct fnuma_trigger_params *params)
{
	struct fnuma_trigger_params full;

	if (!t || !params)
		return FNUMA_E_INVAL;
	full = *params;
	if (t->policy.check(&full) != FNUMA_OK)
		return FNUMA_E_INVAL;
	t->params = full;
	t->last.ask_at_pages = 0; /* the last verdict was under the old ones */
	return FNUMA_OK;
}

void fnuma_trigger_ask(struct fnuma_trigger *t, uint64_t now_ns, uint32_t remote_pages,
                       struct fnuma_trigger_verdict *verdict)
{
	struct fnuma_trigger_verdict answer = {false, FNUMA_NEVER, UINT32_MAX};
	struct fnuma_trigger_sample sample;

	if (t) {
		sample = sample_of(t, now_ns, remote_pages);
		t->policy.ask(t->state.bytes, &t->params, &sample, &answer);
		answer.ask_at_ns = callers_time(t, answer.ask_at_ns);
		if (answer.due) { /* there is no more to look for */
			answer.ask_at_ns = now_ns;
			answer.ask_at_pages = UINT32_MAX;
		}
		t->last = answer;
	}
	if (verdict)
		*verdict = answer;
}

void fnuma_trigger_pass(struct fnuma_trigger *t, uint64_t now_ns, uint32_t remote_pages,
                        bool ended)
{
	struct fnuma_trigger_sample sample;

	if (!t)
		return;
	sample = sample_of(t, now_ns, remote_pages);
	t->policy.pass(t->state.bytes, &t->params, &sample, ended);
	t->last.ask_at_pages = 0; /* the last verdict was before the pass */
}
