/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The functions that the shared library exports. */
#include "pool_ours.h"

#define CONTENDER call
#define TAKE(user, h, n) (fnuma_pool_take(user, h, n) == (int)(n))
#define GIVE(user, h, n) (fnuma_pool_give(user, h, n) == (int)(n))
#include "pool_loop.h"

static struct ours state = {.flags = FNUMA_POOL_TRUSTED};

const struct pool_contender pool_call = {"call", &state, OURS_CALLS, LOOPS};
