/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* An array of numbers and a count, for one user: what no pool can be faster than. */
#include "pool.h"
#include <string.h>

struct stack {
	uint32_t n;
	uint32_t slots[POOL_HANDLES];
};

static inline bool take(struct stack *s, uint32_t *h, uint32_t n)
{
	if (n > s->n)
		return false;
	s->n -= n;
	memcpy(h, s->slots + s->n, n * sizeof(*h));
	return true;
}

static inline bool give(struct stack *s, const uint32_t *h, uint32_t n)
{
	if (n > POOL_HANDLES - s->n)
		return false;
	memcpy(s->slots + s->n, h, n * sizeof(*h));
	s->n += n;
	return true;
}

static void limit_open(void *state)
{
	struct stack *s = state;
	uint32_t i;

	for (i = 0; i < POOL_HANDLES; i++)
		s->slots[i] = i;
	s->n = POOL_HANDLES;
}

static void *limit_join(void *state, unsigned cpu)
{
	(void)cpu;
	return state;
}

static void limit_flush(void *state)
{
	(void)state;
}

static uint32_t limit_drain(void *state, uint64_t *handles, uint32_t n)
{
	uint32_t got = 0, h;

	while (got < n && take(state, &h, 1))
		handles[got++] = h;
	return got;
}

static void limit_refill(void *state, const uint64_t *handles, uint32_t n)
{
	uint32_t h;

	while (n--) {
		h = (uint32_t)handles[n];
		give(state, &h, 1);
	}
}

#define CONTENDER        limit
#define HANDLE           uint32_t
#define NUMBER(h)        (h)
#define TAKE(user, h, n) take(user, h, n)
#define GIVE(user, h, n) give(user, h, n)
#include "pool_loop.h"

static struct stack state;

const struct pool_contender pool_limit = {"limit", &state, limit_open, limit_join,
                                          limit_flush, limit_drain, limit_refill, LOOPS};
