/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Who holds received pages, and until when: a timing wheel of page numbers.
 *
 * A page stays for a time drawn from a mixture of two exponentials; the draw is one look
 * into a table of the mixture's quantiles. Pages that come due together are kept in
 * chunks of one cache line, used over and over; what is due in the far future is due at
 * every eighth tick only, so that there are few such chunks.
 */
#ifndef FLIPSIM_WHEEL_H
#define FLIPSIM_WHEEL_H

#include "rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_QUANTILES 8192u /* 16 KiB: they stay in the nearest cache */
#define WHEEL_CHUNK_PAGES 14u
#define WHEEL_CHUNK_WORDS 16u /* the next chunk's index or 0, one unused, the pages */

struct wheel {
	uint32_t *words;            /* the chunks; the first is never used */
	uint32_t room, fresh, spare; /* chunks there are, never used yet, free list */
	/* For each tick, the word for its next page: within the first of its chunks, or just
	 * behind it if that is full; 0: it has none. */
	uint32_t *heads;
	uint32_t mask;              /* ticks of a turn - 1 */
	uint32_t now;
	uint32_t held;              /* pages in it */
	uint16_t *quantiles;        /* ticks */
	uint32_t scale_shift;       /* a quantile counts 2^this ticks */
	struct rng rng;
};

/* Percent of the pages that stay `short_ms` on average; the others stay `long_ms`. False:
 * no memory. */
bool wheel_init(struct wheel *w, double tick_ms, double short_percent, double short_ms,
                double long_ms, uint64_t seed);

void wheel_free(struct wheel *w);

/* Hold these pages, each for a time of its own. False: no memory. */
bool wheel_hold(struct wheel *w, const uint32_t *pages, uint32_t n);

/* The next tick. */
void wheel_tick(struct wheel *w);

/* Up to `max` (at least WHEEL_CHUNK_PAGES) pages that are due; 0: no more in this tick. */
uint32_t wheel_due(struct wheel *w, uint32_t *pages, uint32_t max);

#endif
