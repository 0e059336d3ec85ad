/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "name.h"
#include "sizing/policies.h"
#include <string.h>

#define INITIAL_PAGES 128000u /* 500 MB, the paper's poolSize_init */

#define ADDRESS(name) &fnuma_sizing_##name,
static const struct fnuma_sizer_policy *const policies[] = {FNUMA_SIZING_POLICIES(ADDRESS)};
#undef ADDRESS

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

const struct fnuma_sizer_policy *fnuma_sizer_builtin(uint32_t index)
{
	return index < POLICIES ? policies[index] : NULL;
}

const struct fnuma_sizer_policy *fnuma_sizer_find(const char *name)
{
	uint32_t i;

	for (i = 0; name && i < POLICIES; i++) {
		if (fnuma_name_is(policies[i]->name, name))
			return policies[i];
	}
	return NULL;
}

static int check_policy(const struct fnuma_sizer_policy *policy)
{
	if (policy->abi != FNUMA_SIZER_ABI || policy->size != sizeof(*policy))
		return FNUMA_E_ABI;
	if (!policy->name || !policy->name[0] || !policy->check || !policy->advise)
		return FNUMA_E_INVAL;
	if (policy->state_bytes > FNUMA_SIZER_STATE_BYTES)
		return FNUMA_E_NOSPC;
	return FNUMA_OK;
}

/* The policy's own check first, then what holds for every policy. */
static int complete(const struct fnuma_sizer_policy *policy,
                    struct fnuma_sizer_params *params)
{
	if (!params->max_pages || policy->check(params) != FNUMA_OK)
		return FNUMA_E_INVAL;
	if (!params->max_pages || params->min_pages > params->max_pages)
		return FNUMA_E_INVAL;
	if (!params->initial_pages)
		params->initial_pages = fnuma_sizing_clip(params, INITIAL_PAGES);
	if (params->initial_pages != fnuma_sizing_clip(params, params->initial_pages))
		return FNUMA_E_INVAL;
	return FNUMA_OK;
}

int fnuma_sizer_init(struct fnuma_sizer *s, const struct fnuma_sizer_policy *policy,
                     const struct fnuma_sizer_params *params)
{
	struct fnuma_sizer_params full;
	struct fnuma_sizer_policy table;
	int err;

	if (!s || !policy || !params)
		return FNUMA_E_INVAL;
	err = check_policy(policy);
	if (err)
		return err;
	table = *policy;
	full = *params;
	err = complete(&table, &full);
	if (err)
		return err;
	memset(s, 0, sizeof(*s));
	s->policy = table;
	s->params = full;
	return FNUMA_OK;
}

uint32_t fnuma_sizer_initial(const struct fnuma_sizer *s)
{
	return s ? s->params.initial_pages : 0;
}

int fnuma_sizer_retune(struct fnuma_sizer *s, const struct fnuma_sizer_params *params)
{
	struct fnuma_sizer_params full;
	int err;

	if (!s || !params)
		return FNUMA_E_INVAL;
	full = *params;
	err = complete(&s->policy, &full);
	if (err)
		return err;
	s->params = full;
	s->asked = false; /* the last advice was given under the old ones */
	return FNUMA_OK;
}

static void remember(struct fnuma_sizer *s, const struct fnuma_sizer_sample *sample,
                     const struct fnuma_sizer_advice *answer)
{
	s->last = *answer;
	s->last_misses = sample->misses;
	s->asked_ns = sample->now_ns;
	s->wait_ns = FNUMA_NEVER;
	if (answer->ask_at_ns != FNUMA_NEVER)
		s->wait_ns = answer->ask_at_ns > sample->now_ns ?
		             answer->ask_at_ns - sample->now_ns : 0;
	s->asked = true;
}

int fnuma_sizer_advise(struct fnuma_sizer *s, const struct fnuma_sizer_sample *sample,
                       struct fnuma_sizer_advice *advice)
{
	struct fnuma_sizer_advice answer;

	if (!s || !sample || !advice || !fnuma_sizing_sample_valid(sample))
		return FNUMA_E_INVAL;
	answer.target_pages = sample->size_pages;
	answer.low_pages = 1; /* no band: nothing is between 1 and 0 */
	answer.high_pages = 0;
	answer.ask_at_ns = sample->now_ns;
	s->policy.advise(s->state.bytes, &s->params, sample, &answer);
	answer.target_pages = fnuma_sizing_clip(&s->params, answer.target_pages);
	remember(s, sample, &answer);
	*advice = answer;
	return FNUMA_OK;
}
