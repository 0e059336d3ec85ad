/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent.h"

#define NODE       "data/" FNUMA_XEN_AGENT_NODE
#define PAGE_BYTES FNUMA_XEN_AGENT_PAGE_BYTES
#define CHUNK      512 /* frames looked up with one read */

struct stretch {
	char *at; /* NULL: not in use */
	size_t pages;
	uint32_t bits;
	uint32_t *gfn; /* of each page, as listed */
};

struct xen_agent {
	struct xs_handle *store;
	int pagemap;
	volatile struct fnuma_xen_agent_directory *directory;
	uint32_t gfn; /* of the directory */
	volatile uint32_t *map[FNUMA_XEN_AGENT_MAPS_MAX];
	struct stretch stretch[XEN_AGENT_STRETCHES];
};

/* The agent's own pages: never listed, and where they are is fixed too. */
static void *locked_page(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

/* The frames of up to CHUNK pages. 0, or -1 with errno. */
static int look_up(struct xen_agent *a, const volatile void *at, size_t pages,
                   uint32_t *gfn)
{
	uint64_t entry[CHUNK];
	const size_t bytes = pages * sizeof(entry[0]);
	const off_t from = (off_t)((uintptr_t)at / PAGE_BYTES * sizeof(entry[0]));

	if (pread(a->pagemap, entry, bytes, from) != (ssize_t)bytes)
		return -1;
	for (size_t i = 0; i < pages; i++) {
		const uint64_t frame = entry[i] & ((UINT64_C(1) << 55) - 1);

		if (!(entry[i] >> 63)) {
			errno = ENXIO;
			return -1;
		}
		if (frame == 0) { /* what those without the right are shown */
			errno = EPERM;
			return -1;
		}
		if (frame >=
		    (uint64_t)FNUMA_XEN_AGENT_MAPS_MAX * FNUMA_XEN_AGENT_MAP_FRAMES) {
			errno = ERANGE;
			return -1;
		}
		gfn[i] = (uint32_t)frame;
	}
	return 0;
}

/* The map that is about a frame, published if it is new. */
static volatile uint32_t *map_of(struct xen_agent *a, uint32_t gfn)
{
	const uint32_t i = gfn / FNUMA_XEN_AGENT_MAP_FRAMES;
	uint32_t frame;
	void *page;

	if (a->map[i])
		return a->map[i];
	page = locked_page();
	if (!page)
		return NULL;
	if (look_up(a, page, 1, &frame) != 0) {
		munmap(page, PAGE_BYTES);
		return NULL;
	}
	a->map[i] = page;
	a->directory->map_gfn[i] = frame;
	return page;
}

static void unlist(struct xen_agent *a, const struct stretch *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		fnuma_xen_agent_set(a->map[s->gfn[i] / FNUMA_XEN_AGENT_MAP_FRAMES],
		                    s->gfn[i], FNUMA_XEN_AGENT_FIXED);
}

static void drop(struct xen_agent *a, struct stretch *s)
{
	unlist(a, s, 0, s->pages);
	free(s->gfn);
	memset(s, 0, sizeof(*s));
}

/* As many pages of a chunk as can be; returns how many. */
static size_t list_chunk(struct xen_agent *a, struct stretch *s, size_t from, size_t n)
{
	size_t i;

	if (look_up(a, s->at + from * PAGE_BYTES, n, s->gfn + from) != 0)
		return 0;
	for (i = 0; i < n; i++) {
		volatile uint32_t *map = map_of(a, s->gfn[from + i]);

		if (!map)
			break;
		fnuma_xen_agent_set(map, s->gfn[from + i], s->bits);
	}
	return i;
}

static int list(struct xen_agent *a, struct stretch *s)
{
	size_t done = 0, n, got;

	do {
		n = s->pages - done < CHUNK ? s->pages - done : CHUNK;
		got = list_chunk(a, s, done, n);
		done += got;
	} while (got == n && done < s->pages);
	if (done == s->pages)
		return 0;
	unlist(a, s, 0, done);
	return -1;
}

/* One listed page is somewhere else now. A free page has lost what made it one. */
static int follow(struct xen_agent *a, struct stretch *s, size_t page, uint32_t now)
{
	volatile uint32_t *map;

	unlist(a, s, page, page + 1);
	s->gfn[page] = now;
	map = map_of(a, now);
	if (!map)
		return -1;
	if (s->bits == FNUMA_XEN_AGENT_MOVABLE)
		fnuma_xen_agent_set(map, now, s->bits);
	return 0;
}

static long check(struct xen_agent *a, struct stretch *s)
{
	uint32_t now[CHUNK];
	long moved = 0;

	for (size_t from = 0; from < s->pages; from += CHUNK) {
		const size_t n = s->pages - from < CHUNK ? s->pages - from : CHUNK;

		if (look_up(a, s->at + from * PAGE_BYTES, n, now) != 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			if (now[i] == s->gfn[from + i])
				continue;
			if (follow(a, s, from + i, now[i]) != 0)
				return -1;
			moved++;
		}
	}
	return moved;
}

static void unlist_all(struct xen_agent *a)
{
	for (size_t i = 0; i < XEN_AGENT_STRETCHES; i++)
		if (a->stretch[i].at)
			drop(a, &a->stretch[i]);
}

/* Where the directory is, for who looks. */
static int announce(struct xen_agent *a)
{
	char text[32];

	snprintf(text, sizeof(text), "%u %u", FNUMA_XEN_AGENT_VERSION, a->gfn);
	return xs_write(a->store, XBT_NULL, NODE, text, (unsigned int)strlen(text)) ? 0
	                                                                            : -1;
}

/* What is in xenstore does not go along when the guest migrates. */
static int announce_again(struct xen_agent *a)
{
	unsigned int bytes;
	void *text = xs_read(a->store, XBT_NULL, NODE, &bytes);

	if (!text)
		return errno == ENOENT ? announce(a) : 0;
	free(text);
	return 0;
}

long xen_agent_check(struct xen_agent *a)
{
	long all = announce_again(a);

	for (size_t i = 0; i < XEN_AGENT_STRETCHES && all >= 0; i++) {
		const long moved = a->stretch[i].at ? check(a, &a->stretch[i]) : 0;

		all = moved < 0 ? -1 : all + moved;
	}
	if (all < 0)
		unlist_all(a);
	return all;
}

/* What is listed at `at`, or, if that is NULL, a stretch not in use. */
static struct stretch *find(struct xen_agent *a, const char *at)
{
	for (size_t i = 0; i < XEN_AGENT_STRETCHES; i++)
		if (a->stretch[i].at == at)
			return &a->stretch[i];
	return NULL;
}

static bool overlaps(const struct xen_agent *a, const char *at, size_t pages)
{
	for (size_t i = 0; i < XEN_AGENT_STRETCHES; i++) {
		const struct stretch *s = &a->stretch[i];

		if (s->at && at < s->at + s->pages * PAGE_BYTES &&
		    s->at < at + pages * PAGE_BYTES)
			return true;
	}
	return false;
}

int xen_agent_list(struct xen_agent *a, void *at, size_t pages, uint32_t bits)
{
	struct stretch *s = find(a, at);

	errno = EINVAL;
	if (!at || pages == 0 || (uintptr_t)at % PAGE_BYTES ||
	    bits > FNUMA_XEN_AGENT_FREE || (s && s->pages != pages))
		return -1;
	if (s)
		drop(a, s);
	if (overlaps(a, at, pages))
		return -1;
	if (bits == FNUMA_XEN_AGENT_FIXED)
		return 0;
	errno = ENOSPC;
	s = find(a, NULL);
	if (!s)
		return -1;
	s->gfn = calloc(pages, sizeof(*s->gfn));
	if (!s->gfn)
		return -1;
	s->at = at;
	s->pages = pages;
	s->bits = bits;
	if (list(a, s) == 0)
		return 0;
	free(s->gfn);
	memset(s, 0, sizeof(*s));
	return -1;
}

static int publish(struct xen_agent *a)
{
	if (look_up(a, a->directory, 1, &a->gfn) != 0)
		return -1;
	a->directory->version = FNUMA_XEN_AGENT_VERSION;
	a->directory->maps = FNUMA_XEN_AGENT_MAPS_MAX;
	a->directory->magic = FNUMA_XEN_AGENT_MAGIC;
	return announce(a);
}

int xen_agent_open(struct xs_handle *store, struct xen_agent **out)
{
	struct xen_agent *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -1;
	a->store = store;
	a->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	a->directory = locked_page();
	if (a->pagemap >= 0 && a->directory && publish(a) == 0) {
		*out = a;
		return 0;
	}
	err = errno;
	xen_agent_close(a);
	errno = err;
	return -1;
}

void xen_agent_close(struct xen_agent *a)
{
	if (!a)
		return;
	unlist_all(a);
	if (a->directory) {
		a->directory->magic = 0;
		xs_rm(a->store, XBT_NULL, NODE);
		munmap((void *)a->directory, PAGE_BYTES);
	}
	for (size_t i = 0; i < FNUMA_XEN_AGENT_MAPS_MAX; i++)
		if (a->map[i])
			munmap((void *)a->map[i], PAGE_BYTES);
	if (a->pagemap >= 0)
		close(a->pagemap);
	free(a);
}
