/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* klib's khash, from a remote page to its node. */
#include "tracker.h"
#include <htslib/khash.h>
#include <stdlib.h>

KHASH_MAP_INIT_INT(node, uint8_t)

struct map {
	uint32_t counts[TRACKER_NODES];
	khash_t(node) *h;
};

static void *make(uint32_t frames)
{
	struct map *m = speed_alloc(sizeof(*m));

	m->h = kh_init(node);
	m->counts[TRACKER_HOME] = frames;
	return m;
}

static void unmake(void *map)
{
	struct map *m = map;

	kh_destroy(node, m->h);
	free(m);
}

static void update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct map *m = map;
	uint32_t i;

	for (i = 0; i < n; i++) {
		khint_t k = kh_get(node, m->h, pages[i]);
		bool there = k != kh_end(m->h);
		int absent;

		tracker_count(m->counts, there ? kh_value(m->h, k) : TRACKER_HOME, nodes[i]);
		if (nodes[i] == TRACKER_HOME) {
			if (there)
				kh_del(node, m->h, k);
			continue;
		}
		if (!there)
			k = kh_put(node, m->h, pages[i], &absent);
		kh_value(m->h, k) = nodes[i];
	}
}

static uint32_t remote(const void *map)
{
	return tracker_remote_of(((const struct map *)map)->counts);
}

/* In no order. */
static uint32_t iterate(void *map)
{
	struct map *m = map;
	uint32_t found = 0;
	uint64_t sum = 0;
	khint_t k;

	for (k = kh_begin(m->h); k != kh_end(m->h); k++) {
		if (!kh_exist(m->h, k))
			continue;
		sum += kh_key(m->h, k);
		found++;
	}
	__asm__ __volatile__("" : : "r"(sum));
	return found;
}

static size_t bytes(const void *map)
{
	const struct map *m = map;

	return kh_n_buckets(m->h) * (sizeof(khint32_t) + 1) + kh_n_buckets(m->h) / 4;
}

const struct tracker_contender tracker_khash = {"khash", make, unmake, update, remote, iterate,
                                                bytes};
