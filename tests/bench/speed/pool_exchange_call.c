/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Give some and take others, in one exported call. */
#include "pool_ours.h"

#define CONTENDER exchange_call
#define TAKE(user, h, n) (fnuma_pool_take(user, h, n) == (int)(n))
#define GIVE(user, h, n) (fnuma_pool_give(user, h, n) == (int)(n))
#define EXCHANGE(user, h, n) (fnuma_pool_exchange(user, h, h, n) == (int)(n))
#include "pool_loop.h"

static struct ours state = {.flags = FNUMA_POOL_TRUSTED};

const struct pool_contender pool_exchange_call = {"exchange_call", &state, OURS_CALLS, LOOPS};
