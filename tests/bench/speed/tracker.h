/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Which page is on which node, and how many are on each: by the library, and by others. */
#ifndef SPEED_TRACKER_H
#define SPEED_TRACKER_H

#include "speed.h"

#define TRACKER_NODES 8u
#define TRACKER_HOME  7u /* where most pages are: a map need not hold those */
#define TRACKER_SLICE 4096u

struct tracker_contender {
	const char *name;
	void *(*make)(uint32_t frames); /* all pages at home */
	void (*unmake)(void *map);
	void (*update)(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n);
	/* Pages away from home: as counted along the way, and visited one by one. */
	uint32_t (*remote)(const void *map);
	uint32_t (*iterate)(void *map);
	size_t (*bytes)(const void *map);
};

extern const struct tracker_contender tracker_ours, tracker_bytes, tracker_khash,
	tracker_uthash, tracker_roaring, tracker_judy, tracker_portable, tracker_masks,
	tracker_touch;

/* What every peer keeps beside its map. */
static inline void tracker_count(uint32_t *counts, uint8_t from, uint8_t to)
{
	counts[from]--;
	counts[to]++;
}

static inline uint32_t tracker_remote_of(const uint32_t *counts)
{
	uint32_t node, remote = 0;

	for (node = 0; node < TRACKER_NODES; node++)
		remote += node == TRACKER_HOME ? 0 : counts[node];
	return remote;
}

#endif
