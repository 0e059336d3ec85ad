/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "common.h"

static int traced(struct fnuma_wrap *w, struct fnuma_wrap_job *job)
{
	struct fnuma_wrap_trace *t = (struct fnuma_wrap_trace *)w;
	uint64_t before = job->spent_ns ? *job->spent_ns : 0;

	job->call.ret = fnuma_wrap_forward(w, job);
	if (job->spent_ns)
		job->call.spent_ns = *job->spent_ns - before;
	t->fn(t->cookie, &job->call);
	return job->call.ret;
}

int fnuma_wrap_trace_init(struct fnuma_wrap_trace *t, const struct fnuma_backend *inner,
                          void (*fn)(void *cookie, const struct fnuma_wrap_call *call),
                          void *cookie, struct fnuma_backend *out)
{
	if (!t || !fnuma_wrap_is_bound(inner) || !fn || !out)
		return FNUMA_E_INVAL;
	fnuma_wrap_bind(&t->base, "trace", inner, traced, out);
	t->fn = fn;
	t->cookie = cookie;
	return FNUMA_OK;
}
