/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Draining and refilling for peers whose handles are pointers, one at a time, from the
 * TAKE and GIVE of their file; and what those have in common that know their users. */
#ifndef SPEED_POOL_PEER_H
#define SPEED_POOL_PEER_H

#include "pool.h"

#define HANDLE    void *
#define NUMBER(h) ((uint64_t)(uintptr_t)(h))

#define PEER_DRAIN(name, user) \
	static uint32_t name##_drain(void *state, uint64_t *handles, uint32_t n) \
	{ \
		uint32_t got = 0; \
		void *h[1]; \
		(void)state; \
		while (got < n && TAKE(user, h, 1)) \
			handles[got++] = NUMBER(h[0]); \
		return got; \
	} \
	static void name##_refill(void *state, const uint64_t *handles, uint32_t n) \
	{ \
		void *h[1]; \
		(void)state; \
		while (n--) { \
			h[0] = (void *)(uintptr_t)handles[n]; \
			if (!GIVE(user, h, 1)) \
				speed_die(#name " does not take a handle back"); \
		} \
	}

#define PEER_WITHOUT_USERS(name) \
	static void *name##_join(void *state, unsigned cpu) \
	{ \
		(void)cpu; \
		return state; \
	} \
	static void name##_flush(void *state) \
	{ \
		(void)state; \
	}

#define PEER_TABLE(name, state) \
	const struct pool_contender pool_##name = { \
		#name, state, name##_open, name##_join, name##_flush, name##_drain, \
		name##_refill, LOOPS}

#endif
