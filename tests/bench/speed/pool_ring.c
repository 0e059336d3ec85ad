/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* DPDK's rte_ring, many producers and consumers, used as a pool. */
#include "pool_dpdk.h"
#include "pool_peer.h"
#include <rte_ring.h>

static struct rte_ring *ring;

static void ring_open(void *state)
{
	static char handles[POOL_HANDLES];
	uint32_t i;

	(void)state;
	ring = rte_ring_create("ring", POOL_HANDLES + 1, SOCKET_ID_ANY, 0);
	if (!ring)
		speed_die("DPDK makes no ring");
	for (i = 0; i < POOL_HANDLES; i++)
		rte_ring_enqueue(ring, &handles[i]);
}

#define CONTENDER        ring
#define TAKE(user, h, n) (rte_ring_dequeue_bulk(ring, h, n, NULL) == (n))
#define GIVE(user, h, n) (rte_ring_enqueue_bulk(ring, h, n, NULL) == (n))
#include "pool_loop.h"

PEER_WITHOUT_USERS(ring)
PEER_DRAIN(ring, NULL)
PEER_TABLE(ring, NULL);
