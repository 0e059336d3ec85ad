/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* DPDK without devices, huge pages or files. */
#ifndef SPEED_POOL_DPDK_H
#define SPEED_POOL_DPDK_H

#include "speed.h"
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

void dpdk_start(void);
/* A pool of POOL_HANDLES objects. */
struct rte_mempool *dpdk_mempool(const char *name, unsigned cache);

#endif
