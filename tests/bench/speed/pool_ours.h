/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A pool of ours on the mock, and its users. */
#ifndef SPEED_POOL_OURS_H
#define SPEED_POOL_OURS_H

#include "pool.h"
#include <flipnuma/mock.h>
#include <flipnuma/pool.h>

struct ours {
	uint32_t flags;
	struct fnuma_backend backend;
	struct fnuma_pool *pool;
	struct fnuma_pool_cache *users[2];
};

/* Make one of POOL_HANDLES pages that may grow by a tenth. */
void ours_open(void *state);
void *ours_join(void *state, unsigned cpu);
void ours_flush(void *state);
uint32_t ours_drain(void *state, uint64_t *handles, uint32_t n);
void ours_refill(void *state, const uint64_t *handles, uint32_t n);

#define OURS_CALLS ours_open, ours_join, ours_flush, ours_drain, ours_refill
#define HANDLE     fnuma_gfn
#define NUMBER(h)  ((h).n)

#endif
