/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The C library's malloc(), asked for a page. By these names, because jemalloc takes the
 * usual ones. */
/* Exported for whoever wraps malloc(); in no header. */
#include "pool_peer.h"
#include <stdlib.h>

#define PAGE 4096u

void *__libc_malloc(size_t bytes);
void __libc_free(void *memory);

static void glibc_open(void *state)
{
	(void)state;
}

static inline bool take(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		h[i] = __libc_malloc(PAGE);
		if (!h[i])
			return false;
	}
	return true;
}

static inline bool give(void **h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		__libc_free(h[i]);
	return true;
}

#define CONTENDER        glibc
#define TAKE(user, h, n) take(h, n)
#define GIVE(user, h, n) give(h, n)
#include "pool_loop.h"

PEER_WITHOUT_USERS(glibc)
PEER_DRAIN(glibc, NULL)
PEER_TABLE(glibc, NULL);
