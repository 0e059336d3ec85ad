/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* liburcu's lock-free stack, its pops under its own lock. */
#include "pool_peer.h"
#include <urcu/lfstack.h>

static struct cds_lfs_stack stack;

static void urcu_open(void *state)
{
	static struct cds_lfs_node nodes[POOL_HANDLES];
	uint32_t i;

	(void)state;
	cds_lfs_init(&stack);
	for (i = 0; i < POOL_HANDLES; i++) {
		cds_lfs_node_init(&nodes[i]);
		cds_lfs_push(&stack, &nodes[i]);
	}
}

static inline bool take(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		h[i] = cds_lfs_pop_blocking(&stack);
		if (!h[i])
			return false;
	}
	return true;
}

static inline bool give(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		cds_lfs_push(&stack, h[i]);
	return true;
}

#define CONTENDER        urcu
#define TAKE(user, h, n) take(h, n)
#define GIVE(user, h, n) give(h, n)
#include "pool_loop.h"

PEER_WITHOUT_USERS(urcu)
PEER_DRAIN(urcu, NULL)
PEER_TABLE(urcu, NULL);
