/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the wrappers share: one table whose operations all end in `around`. */
#ifndef FNUMA_WRAP_COMMON_H
#define FNUMA_WRAP_COMMON_H

#include <flipnuma/wrap.h>

/* A call under way: what a listener may see of it, and where its answers go. */
struct fnuma_wrap_job {
	struct fnuma_wrap_call call; /* `ret` and what it points to: once made */
	fnuma_gfn *acquired;
	struct fnuma_result *results;
	fnuma_node *nodes;
	uint32_t *counts;
	uint64_t *spent_ns;
	struct fnuma_topology *topology;
	uint64_t there; /* bit i: page i was on its goal before (the referee's) */
};

/* Is it bound at all? */
bool fnuma_wrap_is_bound(const struct fnuma_backend *be);

/* Fill in the head and bind `out` to it, without the operations that `inner` lacks. */
void fnuma_wrap_bind(struct fnuma_wrap *w, const char *name,
                     const struct fnuma_backend *inner,
                     int (*around)(struct fnuma_wrap *w, struct fnuma_wrap_job *job),
                     struct fnuma_backend *out);

/* Make the call on the backend within. */
int fnuma_wrap_forward(const struct fnuma_wrap *w, const struct fnuma_wrap_job *job);

#endif /* FNUMA_WRAP_COMMON_H */
