/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* CRoaring: for each node the set of its remote pages. */
#include "tracker.h"
#include <roaring/roaring.h>
#include <stdlib.h>

struct map {
	uint32_t counts[TRACKER_NODES];
	roaring_bitmap_t *sets[TRACKER_HOME];
};

static void *make(uint32_t frames)
{
	struct map *m = speed_alloc(sizeof(*m));
	uint32_t i;

	for (i = 0; i < TRACKER_HOME; i++)
		m->sets[i] = roaring_bitmap_create();
	m->counts[TRACKER_HOME] = frames;
	return m;
}

static void unmake(void *map)
{
	struct map *m = map;
	uint32_t i;

	for (i = 0; i < TRACKER_HOME; i++)
		roaring_bitmap_free(m->sets[i]);
	free(m);
}

static uint8_t node_of(const struct map *m, uint32_t page)
{
	uint8_t i;

	for (i = 0; i < TRACKER_HOME; i++)
		if (roaring_bitmap_contains(m->sets[i], page))
			return i;
	return TRACKER_HOME;
}

static void update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct map *m = map;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint8_t from = node_of(m, pages[i]);

		tracker_count(m->counts, from, nodes[i]);
		if (from == nodes[i])
			continue;
		if (from != TRACKER_HOME)
			roaring_bitmap_remove(m->sets[from], pages[i]);
		if (nodes[i] != TRACKER_HOME)
			roaring_bitmap_add(m->sets[nodes[i]], pages[i]);
	}
}

static uint32_t remote(const void *map)
{
	return tracker_remote_of(((const struct map *)map)->counts);
}

/* In order within a node. */
static uint32_t iterate(void *map)
{
	struct map *m = map;
	uint32_t pages[256], i, n, found = 0;

	for (i = 0; i < TRACKER_HOME; i++) {
		roaring_uint32_iterator_t it;

		roaring_init_iterator(m->sets[i], &it);
		do {
			n = roaring_read_uint32_iterator(&it, pages, 256);
			__asm__ __volatile__("" : : "r"(pages) : "memory");
			found += n;
		} while (n == 256);
	}
	return found;
}

static size_t bytes(const void *map)
{
	const struct map *m = map;
	size_t sum = 0;
	uint32_t i;

	for (i = 0; i < TRACKER_HOME; i++)
		sum += roaring_bitmap_size_in_bytes(m->sets[i]);
	return sum;
}

const struct tracker_contender tracker_roaring = {"roaring", make, unmake, update, remote,
                                                  iterate, bytes};
