/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The plainest of tables, a byte a page. */
#include "tracker.h"
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 512u

struct bytes {
	uint32_t counts[TRACKER_NODES];
	uint32_t frames;
	uint8_t at[];
};

static void *bytes_make(uint32_t frames)
{
	struct bytes *b = speed_alloc(sizeof(*b) + frames);

	b->frames = frames;
	b->counts[TRACKER_HOME] = frames;
	memset(b->at, TRACKER_HOME, frames);
	return b;
}

static void bytes_update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct bytes *b = map;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (i + 8 < n)
			__builtin_prefetch(&b->at[pages[i + 8]], 1);
		tracker_count(b->counts, b->at[pages[i]], nodes[i]);
		b->at[pages[i]] = nodes[i];
	}
}

static uint32_t bytes_remote(const void *map)
{
	return tracker_remote_of(((const struct bytes *)map)->counts);
}

static uint32_t bytes_iterate(void *map)
{
	const struct bytes *b = map;
	uint32_t pages[AT_ONCE], i, n = 0, found = 0;

	for (i = 0; i < b->frames; i++) {
		pages[n % AT_ONCE] = i;
		n += b->at[i] != TRACKER_HOME;
		if (n % AT_ONCE == 0)
			__asm__ __volatile__("" : : "r"(pages) : "memory");
	}
	found = n;
	return found;
}

static size_t bytes_bytes(const void *map)
{
	return sizeof(struct bytes) + ((const struct bytes *)map)->frames;
}

const struct tracker_contender tracker_bytes = {"bytes", bytes_make, free, bytes_update,
                                                bytes_remote, bytes_iterate, bytes_bytes};
