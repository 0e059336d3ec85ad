/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Concurrency Kit's ring for many producers and consumers. */
#include "pool_peer.h"
#include <ck_ring.h>

static ck_ring_t ring;
static ck_ring_buffer_t slots[POOL_HANDLES + 1];

static void ck_open(void *state)
{
	static char handles[POOL_HANDLES];
	uint32_t i;

	(void)state;
	ck_ring_init(&ring, POOL_HANDLES + 1);
	for (i = 0; i < POOL_HANDLES; i++)
		ck_ring_enqueue_mpmc(&ring, slots, &handles[i]);
}

/* It has no call for several at once. */
static inline bool take(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!ck_ring_dequeue_mpmc(&ring, slots, &h[i]))
			return false;
	return true;
}

static inline bool give(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!ck_ring_enqueue_mpmc(&ring, slots, h[i]))
			return false;
	return true;
}

#define CONTENDER        ck
#define TAKE(user, h, n) take(h, n)
#define GIVE(user, h, n) give(h, n)
#include "pool_loop.h"

PEER_WITHOUT_USERS(ck)
PEER_DRAIN(ck, NULL)
PEER_TABLE(ck, NULL);
