/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "pool_dpdk.h"
#include "pool.h"
#include <rte_eal.h>
#include <rte_thread.h>
#include <stdio.h>
#include <string.h>

/* Without a number of its own, a thread has no cache in a pool. */
static void enlist(void)
{
	if (rte_thread_register())
		speed_die("DPDK does not take a thread in");
}

void dpdk_start(void)
{
	static bool started;
	static const char *const words[] = {"speed", "--no-huge", "--no-pci", "--no-telemetry",
	                                    "--no-shconf", "-m", "256",
	                                    "--log-level=error", "--lcores"};
	enum { N = sizeof(words) / sizeof(words[0]) };
	char *args[N + 2] = {NULL}, cores[16];

	if (started)
		return;
	memcpy(args, words, sizeof(words));
	snprintf(cores, sizeof(cores), "0@%d", speed_cpu(0));
	args[N] = cores;
	if (rte_eal_init(N + 1, args) < 0)
		speed_die("DPDK does not start: %s", rte_strerror(rte_errno));
	started = true;
	speed_thread_hook = enlist;
	speed_pin(0);
}

struct rte_mempool *dpdk_mempool(const char *name, unsigned cache)
{
	struct rte_mempool *pool;

	dpdk_start();
	pool = rte_mempool_create(name, POOL_HANDLES, 64, cache, 0, NULL, NULL, NULL, NULL,
	                          SOCKET_ID_ANY, 0);
	if (!pool)
		speed_die("DPDK makes no pool: %s", rte_strerror(rte_errno));
	return pool;
}
