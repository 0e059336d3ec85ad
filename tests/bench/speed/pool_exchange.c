/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Give some and take others, in one inline call. */
#include "pool_ours.h"

#define CONTENDER exchange
#define TAKE(user, h, n) (fnuma_pool_take_inline(user, h, n) == (int)(n))
#define GIVE(user, h, n) (fnuma_pool_give_inline(user, h, n) == (int)(n))
#define EXCHANGE(user, h, n) (fnuma_pool_exchange_inline(user, h, h, n) == (int)(n))
#include "pool_loop.h"

static struct ours state = {.flags = FNUMA_POOL_TRUSTED};

const struct pool_contender pool_exchange = {"exchange", &state, OURS_CALLS, LOOPS};
