/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* uthash, from a remote page to its node. */
#include "tracker.h"
#include <stdlib.h>
#include <uthash.h>

struct entry {
	uint32_t page;
	uint8_t node;
	UT_hash_handle hh;
};

struct map {
	uint32_t counts[TRACKER_NODES];
	struct entry *head;
};

static void *make(uint32_t frames)
{
	struct map *m = speed_alloc(sizeof(*m));

	m->counts[TRACKER_HOME] = frames;
	return m;
}

static void unmake(void *map)
{
	struct map *m = map;
	struct entry *e, *next;

	HASH_ITER (hh, m->head, e, next) {
		HASH_DEL(m->head, e);
		free(e);
	}
	free(m);
}

static void put(struct map *m, uint32_t page, uint8_t node)
{
	struct entry *e = malloc(sizeof(*e));

	if (!e)
		speed_die("no memory for uthash");
	e->page = page;
	e->node = node;
	HASH_ADD(hh, m->head, page, sizeof(e->page), e);
}

static void update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct map *m = map;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct entry *e;

		HASH_FIND(hh, m->head, &pages[i], sizeof(pages[i]), e);
		tracker_count(m->counts, e ? e->node : TRACKER_HOME, nodes[i]);
		if (e && nodes[i] == TRACKER_HOME) {
			HASH_DEL(m->head, e);
			free(e);
		} else if (e) {
			e->node = nodes[i];
		} else if (nodes[i] != TRACKER_HOME) {
			put(m, pages[i], nodes[i]);
		}
	}
}

static uint32_t remote(const void *map)
{
	return tracker_remote_of(((const struct map *)map)->counts);
}

/* In the order of arrival. */
static uint32_t iterate(void *map)
{
	struct map *m = map;
	uint32_t found = 0;
	uint64_t sum = 0;
	struct entry *e;

	for (e = m->head; e; e = e->hh.next) {
		sum += e->page;
		found++;
	}
	__asm__ __volatile__("" : : "r"(sum));
	return found;
}

static size_t bytes(const void *map)
{
	const struct map *m = map;

	return HASH_CNT(hh, m->head) * sizeof(struct entry) + HASH_OVERHEAD(hh, m->head);
}

const struct tracker_contender tracker_uthash = {"uthash", make, unmake, update, remote,
                                                 iterate, bytes};
