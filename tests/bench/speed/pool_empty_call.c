/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* No pool at all: as many calls of the shared library as take and give are, to a function
 * that does nothing. */
#include "pool.h"
#include <flipnuma/types.h>

static void nothing(void *state)
{
	(void)state;
}

static void *join(void *state, unsigned cpu)
{
	(void)cpu;
	return state;
}

static uint32_t drain(void *state, uint64_t *handles, uint32_t n)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < n; i++)
		handles[i] = i;
	return n;
}

static void refill(void *state, const uint64_t *handles, uint32_t n)
{
	(void)state;
	(void)handles;
	(void)n;
}

#define CONTENDER        empty_call
#define HANDLE           uint32_t
#define NUMBER(h)        (h)
#define TAKE(user, h, n) (((h)[0] = fnuma_version()) != 0)
#define GIVE(user, h, n) (fnuma_version() != 0)
#include "pool_loop.h"

const struct pool_contender pool_empty_call = {"empty_call", NULL, nothing, join,
                                               nothing, drain, refill, LOOPS};
