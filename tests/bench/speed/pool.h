/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The pool and its peers, all behind one table. The loops around them are in pool_loop.h,
 * compiled into each contender, so that each gets the inlining that its headers allow.
 */
#ifndef SPEED_POOL_H
#define SPEED_POOL_H

#include "speed.h"

#define POOL_HANDLES 16383u /* in every contender; rings like powers of two, less one */
#define POOL_CACHE   512u   /* of those that have caches: DPDK's greatest */
#define POOL_SWING   2048u
#define POOL_IN_USE  512u   /* at any moment, by a user */
#define POOL_PAIRS   8192u  /* handles given and taken in a slice */
#define POOL_BURSTS(X) X(1) X(2) X(4) X(8) X(16) X(32) X(64) X(128) X(256)

enum {
#define AN_INDEX(n) POOL_B##n,
	POOL_BURSTS(AN_INDEX)
#undef AN_INDEX
	POOL_N_BURSTS
};
extern const uint32_t pool_bursts[POOL_N_BURSTS];

struct pool_contender {
	const char *name;
	void *state; /* handed to the calls below */
	/* Make it, full. */
	void (*open)(void *state);
	/* A user on a CPU: handed to the slices. */
	void *(*join)(void *state, unsigned cpu);
	/* Everything its users' caches hold goes back. */
	void (*flush)(void *state);
	/* Take up to `n` handles. Returns how many there were. */
	uint32_t (*drain)(void *state, uint64_t *handles, uint32_t n);
	void (*refill)(void *state, const uint64_t *handles, uint32_t n);
	/* Slices of POOL_PAIRS handles given and others taken, in bursts; and of as many, again
	 * and again POOL_SWING taken in bursts of 32, then given. Each returns what it took in
	 * ns. */
	speed_slice pairs[POOL_N_BURSTS];
	speed_slice swing;
};

extern const struct pool_contender
	pool_limit, pool_inline, pool_call, pool_exchange, pool_exchange_call, pool_empty_call,
	pool_checked,
	pool_mempool, pool_mempool_own, pool_mempool_nocache, pool_ring, pool_stack,
	pool_ck, pool_urcu, pool_jemalloc, pool_glibc;

/* Make them all, once. */
void pool_open_all(void);
/* Everything that went in comes out, once. */
void pool_check_conserved(const struct pool_contender *c);

#endif
