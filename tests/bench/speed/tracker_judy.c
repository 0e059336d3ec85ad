/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Judy, from a remote page to its node. */
#include "tracker.h"
#include <Judy.h>
#include <stdlib.h>

struct map {
	uint32_t counts[TRACKER_NODES];
	Pvoid_t judy;
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

	JudyLFreeArray(&m->judy, PJE0);
	free(m);
}

static void update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct map *m = map;
	uint32_t i;

	for (i = 0; i < n; i++) {
		Word_t *at = (Word_t *)JudyLGet(m->judy, pages[i], PJE0);

		tracker_count(m->counts, at ? (uint8_t)*at : TRACKER_HOME, nodes[i]);
		if (nodes[i] == TRACKER_HOME) {
			if (at)
				JudyLDel(&m->judy, pages[i], PJE0);
			continue;
		}
		if (!at)
			at = (Word_t *)JudyLIns(&m->judy, pages[i], PJE0);
		*at = nodes[i];
	}
}

static uint32_t remote(const void *map)
{
	return tracker_remote_of(((const struct map *)map)->counts);
}

static uint32_t iterate(void *map)
{
	struct map *m = map;
	Word_t page = 0, *at = (Word_t *)JudyLFirst(m->judy, &page, PJE0);
	uint32_t found = 0;

	for (; at; at = (Word_t *)JudyLNext(m->judy, &page, PJE0))
		found++;
	return found;
}

static size_t bytes(const void *map)
{
	return JudyLMemUsed(((const struct map *)map)->judy);
}

const struct tracker_contender tracker_judy = {"judy", make, unmake, update, remote, iterate,
                                               bytes};
