/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* jemalloc, asked for a page. */
#include "pool_peer.h"
#include <jemalloc/jemalloc.h>

#define PAGE 4096u

static void jemalloc_open(void *state)
{
	(void)state;
}

static inline bool take(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		h[i] = mallocx(PAGE, 0);
		if (!h[i])
			return false;
	}
	return true;
}

static inline bool give(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dallocx(h[i], 0);
	return true;
}

#define CONTENDER        jemalloc
#define TAKE(user, h, n) take(h, n)
#define GIVE(user, h, n) give(h, n)
#include "pool_loop.h"

PEER_WITHOUT_USERS(jemalloc)
PEER_DRAIN(jemalloc, NULL)
PEER_TABLE(jemalloc, NULL);
