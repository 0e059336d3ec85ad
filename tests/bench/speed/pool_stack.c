/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* DPDK's rte_stack, the kind with a lock, which is the faster one here. */
#include "pool_dpdk.h"
#include "pool_peer.h"
#include <rte_stack.h>

static struct rte_stack *stack;

static void stack_open(void *state)
{
	static char handles[POOL_HANDLES];
	uint32_t i;

	(void)state;
	stack = rte_stack_create("stack", POOL_HANDLES, SOCKET_ID_ANY, 0);
	if (!stack)
		speed_die("DPDK makes no stack");
	for (i = 0; i < POOL_HANDLES; i++) {
		void *h = &handles[i];

		rte_stack_push(stack, &h, 1);
	}
}

#define CONTENDER        stack
#define TAKE(user, h, n) (rte_stack_pop(stack, h, n) == (n))
#define GIVE(user, h, n) (rte_stack_push(stack, h, n) == (n))
#include "pool_loop.h"

PEER_WITHOUT_USERS(stack)
PEER_DRAIN(stack, NULL)
PEER_TABLE(stack, NULL);
