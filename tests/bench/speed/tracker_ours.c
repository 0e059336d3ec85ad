/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The library's tracker; and the plainest of tables, a byte a page. */
#include "tracker.h"
#include <flipnuma/tracker.h>
#include <stdlib.h>
#include <string.h>

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

const struct tracker_contender tracker_ours = {"ours", ours_make, ours_unmake, ours_update,
                                               ours_remote, ours_iterate, ours_bytes};

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
