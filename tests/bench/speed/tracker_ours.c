/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The library's tracker; compiled once more as `tracker_portable`, without wide registers. */
#include "tracker.h"
#include <flipnuma/tracker.h>
#include <stdlib.h>

#ifndef OURS_NAME
#define OURS_NAME "ours"
#endif
#define AT_ONCE 512u

struct ours {
	struct fnuma_tracker *t;
	void *memory;
	size_t bytes;
};

static void *ours_make(uint32_t frames)
{
	struct fnuma_home home = {{0}, frames, {TRACKER_HOME}, 1};
	struct fnuma_tracker_config config = {frames, TRACKER_NODES, &home, 1, FNUMA_START_HOME};
	struct ours *o = speed_alloc(sizeof(*o));

	o->bytes = fnuma_tracker_bytes(&config);
	o->memory = speed_alloc(o->bytes);
	if (fnuma_tracker_init(o->memory, o->bytes, &config, &o->t))
		speed_die("cannot make a tracker");
	return o;
}

static void ours_unmake(void *map)
{
	struct ours *o = map;

	free(o->memory);
	free(o);
}

/* The arrays are what the library's types are. */
_Static_assert(sizeof(fnuma_gfn) == 4 && sizeof(fnuma_node) == 1, "arrays of numbers");

static void ours_update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct ours *o = map;

	if (fnuma_tracker_set(o->t, (const fnuma_gfn *)pages, (const fnuma_node *)nodes, n) !=
	    (int)n)
		speed_die("the tracker refuses an update");
}

static uint32_t ours_remote(const void *map)
{
	return fnuma_tracker_remote(((const struct ours *)map)->t);
}

static uint32_t ours_iterate(void *map)
{
	const struct fnuma_tracker *t = ((struct ours *)map)->t;
	fnuma_gfn cursor = {0}, pages[AT_ONCE];
	uint32_t found = 0;
	int n;

	do {
		n = fnuma_tracker_next(t, FNUMA_WANT_REMOTE, &cursor, UINT32_MAX, pages, AT_ONCE);
		found += (uint32_t)n;
	} while (n == (int)AT_ONCE);
	return found;
}

static size_t ours_bytes(const void *map)
{
	return ((const struct ours *)map)->bytes;
}

const struct tracker_contender tracker_ours = {OURS_NAME, ours_make, ours_unmake, ours_update,
                                               ours_remote, ours_iterate, ours_bytes};
