/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "wheel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pages held for longer than this become due at the last tick of eight. */
#define FAR_TICKS 64u
#define FAR_MASK 7u

/* Of an exponential with that mean; `u` in (0, 1). */
static double quantile_ms(double mean_ms, double u)
{
	return -mean_ms * log(1 - u);
}

static double mixture_ms(uint32_t i, double short_percent, double short_ms, double long_ms)
{
	double u = (i + 0.5) / WHEEL_QUANTILES, share = short_percent / 100;

	if (u < share)
		return quantile_ms(short_ms, u / share);
	return quantile_ms(long_ms, (u - share) / (1 - share));
}

static double ticks_of(double ms, double tick_ms)
{
	double ticks = ceil(ms / tick_ms);

	return ticks < 1 ? 1 : ticks;
}

bool wheel_init(struct wheel *w, double tick_ms, double short_percent, double short_ms,
                double long_ms, uint64_t seed)
{
	double longest = 1;
	uint32_t i, ticks = 64;

	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed, 2);
	for (i = 0; i < WHEEL_QUANTILES; i++) {
		double t = ticks_of(mixture_ms(i, short_percent, short_ms, long_ms), tick_ms);

		longest = t > longest ? t : longest;
	}
	while (ticks <= longest + FAR_MASK)
		ticks *= 2;
	while (ticks >> w->scale_shift > 65536)
		w->scale_shift++;
	w->mask = ticks - 1;
	w->room = 1024;
	w->fresh = 1;
	w->heads = calloc(ticks, sizeof(w->heads[0]));
	w->quantiles = malloc(WHEEL_QUANTILES * sizeof(w->quantiles[0]));
	w->chunks = malloc(w->room * sizeof(w->chunks[0]));
	if (!w->heads || !w->quantiles || !w->chunks) {
		wheel_free(w);
		return false;
	}
	for (i = 0; i < WHEEL_QUANTILES; i++) {
		double t = ticks_of(mixture_ms(i, short_percent, short_ms, long_ms), tick_ms);
		uint32_t scaled = (uint32_t)t >> w->scale_shift;

		w->quantiles[i] = (uint16_t)(scaled ? scaled : 1);
	}
	return true;
}

void wheel_free(struct wheel *w)
{
	free(w->heads);
	free(w->quantiles);
	free(w->chunks);
	memset(w, 0, sizeof(*w));
}

static bool more_chunks(struct wheel *w)
{
	uint32_t room = w->room * 2;
	struct wheel_chunk *more = realloc(w->chunks, room * sizeof(more[0]));

	if (!more)
		return false;
	w->chunks = more;
	w->room = room;
	return true;
}

/* A chunk in front of the tick's, or 0 if there is no memory. */
static uint32_t push_chunk(struct wheel *w, uint32_t tick)
{
	uint32_t c = w->spare;

	if (c) {
		w->spare = w->chunks[c].next;
	} else {
		if (w->fresh == w->room && !more_chunks(w))
			return 0;
		c = w->fresh++;
	}
	w->chunks[c].next = w->heads[tick];
	w->chunks[c].n = 0;
	w->heads[tick] = c;
	return c;
}

bool wheel_hold(struct wheel *w, const uint32_t *pages, uint32_t n)
{
	uint64_t draws = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t tick, c;

		if (i % 4 == 0)
			draws = rng_next(&w->rng);
		tick = (uint32_t)w->quantiles[draws % WHEEL_QUANTILES] << w->scale_shift;
		draws >>= 16;
		tick = tick > FAR_TICKS ? (w->now + tick) | FAR_MASK : w->now + tick;
		tick &= w->mask;
		c = w->heads[tick];
		if (!c || w->chunks[c].n == WHEEL_CHUNK_PAGES) {
			c = push_chunk(w, tick);
			if (!c)
				return false;
		}
		w->chunks[c].page[w->chunks[c].n++] = pages[i];
	}
	w->held += n;
	return true;
}

void wheel_tick(struct wheel *w)
{
	w->now = (w->now + 1) & w->mask;
}

uint32_t wheel_due(struct wheel *w, uint32_t *pages, uint32_t max)
{
	uint32_t n = 0, c;

	while ((c = w->heads[w->now]) != 0 && n + w->chunks[c].n <= max) {
		struct wheel_chunk *chunk = &w->chunks[c];

		memcpy(pages + n, chunk->page, chunk->n * sizeof(pages[0]));
		n += chunk->n;
		w->heads[w->now] = chunk->next;
		chunk->next = w->spare;
		w->spare = c;
	}
	w->held -= n;
	return n;
}
