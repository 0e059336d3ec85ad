/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* DPDK's rte_mempool on a ring, with the cache it keeps for each of its threads. */
#include "pool_dpdk.h"
#include "pool_peer.h"

static struct rte_mempool *pool;

static void mempool_open(void *state)
{
	(void)state;
	pool = dpdk_mempool("mempool", POOL_CACHE);
}

static void *mempool_join(void *state, unsigned cpu)
{
	(void)cpu;
	return state;
}

static void mempool_flush(void *state)
{
	unsigned lcore;

	(void)state;
	/* Threads that joined later have numbers beyond those DPDK walks. */
	for (lcore = 0; lcore < RTE_MAX_LCORE; lcore++)
		rte_mempool_cache_flush(rte_mempool_default_cache(pool, lcore), pool);
}

#define CONTENDER        mempool
#define TAKE(user, h, n) (!rte_mempool_get_bulk(pool, h, n))
#define GIVE(user, h, n) (rte_mempool_put_bulk(pool, h, n), true)
#include "pool_loop.h"

PEER_DRAIN(mempool, NULL)
PEER_TABLE(mempool, NULL);
