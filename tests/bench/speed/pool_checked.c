/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A pool that believes nobody. */
#include "pool_ours.h"

#define CONTENDER checked
#define TAKE(user, h, n) (fnuma_pool_take(user, h, n) == (int)(n))
#define GIVE(user, h, n) (fnuma_pool_give(user, h, n) == (int)(n))
#include "pool_loop.h"

static struct ours state = {.flags = 0};

const struct pool_contender pool_checked = {"checked", &state, OURS_CALLS, LOOPS};
