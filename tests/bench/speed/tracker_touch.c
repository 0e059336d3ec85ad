/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What no table of 4 bits a page can be faster than: fetch the words, write to them, and
 * keep nothing; to find pages, read each word; without wide registers, find which of its
 * pages are remote, and write none out. */
#include "tracker.h"
#include <stdlib.h>

struct touch {
	uint32_t frames;
	uint64_t words[];
};

static void *make(uint32_t frames)
{
	struct touch *t = speed_alloc(sizeof(*t) + (frames / 16 + 1) * sizeof(uint64_t));

	t->frames = frames;
	return t;
}

static void update(void *map, const uint32_t *pages, const uint8_t *nodes, uint32_t n)
{
	struct touch *t = map;
	uint32_t i;

	for (i = 0; i < n; i++)
		__builtin_prefetch(&t->words[pages[i] / 16], 1);
	for (i = 0; i < n; i++)
		t->words[pages[i] / 16] ^= nodes[i];
}

static uint32_t none(const void *map)
{
	(void)map;
	return 0;
}

/* Finds none, but has looked. */
static uint32_t read_all(void *map)
{
	const struct touch *t = map;
	uint64_t all = 0;
	uint32_t i;

	for (i = 0; i < t->frames / 16; i++)
		all |= t->words[i];
	__asm__ __volatile__("" : : "r"(all));
	return none(map);
}

#define EACH UINT64_C(0x1111111111111111)

/* A bit for each page of a word that is neither at home, nor 14 or 15, on no node known. */
static inline uint64_t remote(uint64_t word)
{
	uint64_t off = word ^ EACH * TRACKER_HOME, nowhere;

	__asm__("" : "+r"(word), "+r"(off)); /* one by one is faster than what gcc makes of it */
	off |= off >> 2;
	off |= off >> 1;
	nowhere = word & word >> 1;
	nowhere = (nowhere & nowhere >> 1) >> 1;
	return off & ~nowhere & EACH;
}

static uint32_t find_all(void *map)
{
	const struct touch *t = map;
	uint64_t found;
	uint32_t i;

	for (i = 0; i < t->frames / 16; i += 4) {
		found = remote(t->words[i]) | remote(t->words[i + 1]) << 1 |
		        remote(t->words[i + 2]) << 2 | remote(t->words[i + 3]) << 3;
		__asm__ __volatile__("" : : "r"(found));
	}
	return none(map);
}

static size_t bytes(const void *map)
{
	return ((const struct touch *)map)->frames / 2;
}

const struct tracker_contender tracker_touch = {"touch", make, free, update, none, read_all,
                                                bytes};
const struct tracker_contender tracker_masks = {"masks", make, free, update, none, find_all,
                                                bytes};
