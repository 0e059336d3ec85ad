/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The inline path of a trusted pool. */
#include "pool_ours.h"

#define CONTENDER inline
#define TAKE(user, h, n) (fnuma_pool_take_inline(user, h, n) == (int)(n))
#define GIVE(user, h, n) (fnuma_pool_give_inline(user, h, n) == (int)(n))
#include "pool_loop.h"

static struct ours state = {.flags = FNUMA_POOL_TRUSTED};

const struct pool_contender pool_inline = {"inline", &state, OURS_CALLS, LOOPS};
