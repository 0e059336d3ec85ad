/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* rte_mempool on a ring, and nothing in between. */
#include "pool_dpdk.h"
#include "pool_peer.h"

static struct rte_mempool *pool;

static void mempool_nocache_open(void *state)
{
	(void)state;
	pool = dpdk_mempool("mempool_nocache", 0);
}

#define CONTENDER        mempool_nocache
#define TAKE(user, h, n) (!rte_mempool_generic_get(pool, h, n, NULL))
#define GIVE(user, h, n) (rte_mempool_generic_put(pool, h, n, NULL), true)
#include "pool_loop.h"

PEER_WITHOUT_USERS(mempool_nocache)
PEER_DRAIN(mempool_nocache, NULL)
PEER_TABLE(mempool_nocache, NULL);
