/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>
#include <xen/gntalloc.h>

#include "grants.h"
#include "memory.h"

static int grant(struct grants *g)
{
	struct ioctl_gntalloc_alloc_gref *ask =
		calloc(1, sizeof(*ask) + g->n * sizeof(ask->gref_ids[0]));
	int err = -1;

	if (!ask)
		return -1;
	ask->domid = 0;
	ask->flags = GNTALLOC_FLAG_WRITABLE;
	ask->count = (uint32_t)g->n;
	if (ioctl(g->fd, IOCTL_GNTALLOC_ALLOC_GREF, ask) == 0) {
		g->index = ask->index;
		g->pages = mmap(NULL, g->n * PAGE_BYTES, PROT_READ | PROT_WRITE,
		                MAP_SHARED, g->fd, (off_t)ask->index);
		err = g->pages == MAP_FAILED ? -1 : 0;
	}
	free(ask);
	return err;
}

int grants_open(struct grants *g, size_t n)
{
	g->n = n;
	g->fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
	if (g->fd < 0)
		return -1;
	if (grant(g) == 0) {
		memset(g->pages, 0x67, n * PAGE_BYTES);
		return 0;
	}
	close(g->fd); /* ends what was granted */
	return -1;
}

int grants_close(struct grants *g)
{
	if (munmap(g->pages, g->n * PAGE_BYTES) != 0)
		return -1;
	return close(g->fd);
}
