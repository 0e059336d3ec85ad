/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* rte_mempool with caches that the user keeps: no looking up of the core. */
#include "pool_dpdk.h"
#include "pool_peer.h"

static struct rte_mempool *pool;
static struct rte_mempool_cache *caches[2];

static void mempool_own_open(void *state)
{
	unsigned i;

	(void)state;
	pool = dpdk_mempool("mempool_own", 0);
	for (i = 0; i < 2; i++) {
		caches[i] = rte_mempool_cache_create(POOL_CACHE, SOCKET_ID_ANY);
		if (!caches[i])
			speed_die("DPDK makes no cache");
	}
}

static void *mempool_own_join(void *state, unsigned cpu)
{
	(void)state;
	return caches[cpu];
}

static void mempool_own_flush(void *state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++)
		rte_mempool_cache_flush(caches[i], pool);
}

#define CONTENDER        mempool_own
#define TAKE(user, h, n) (!rte_mempool_generic_get(pool, h, n, user))
#define GIVE(user, h, n) (rte_mempool_generic_put(pool, h, n, user), true)
#include "pool_loop.h"

PEER_DRAIN(mempool_own, caches[0])
PEER_TABLE(mempool_own, NULL);
