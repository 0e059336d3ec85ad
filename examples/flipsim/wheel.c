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

static uint32_t *chunks(uint32_t *words, uint32_t room)
{
	return realloc(words, (size_t)room * WHEEL_CHUNK_WORDS * sizeof(words[0]));
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
	w->words = chunks(NULL, w->room);
	if (!w->heads || !w->quantiles || !w->words) {
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
	free(w->words);
	memset(w, 0, sizeof(*w));
}

static bool more_chunks(struct wheel *w)
{
	uint32_t *more = chunks(w->words, w->room * 2);

	if (!more)
		return false;
	w->words = more;
	w->room *= 2;
	return true;
}

/* A chunk in front of those of a tick whose first is full. Returns its first page's word, or
 * 0 if there is no memory. */
static uint32_t push_chunk(struct wheel *w, uint32_t head)
{
	uint32_t c = w->spare;

	if (c) {
		w->spare = w->words[c * WHEEL_CHUNK_WORDS];
	} else {
		if (w->fresh == w->room && !more_chunks(w))
			return 0;
		c = w->fresh++;
	}
	c *= WHEEL_CHUNK_WORDS;
	w->words[c] = head ? head / WHEEL_CHUNK_WORDS - 1 : 0;
	return c + WHEEL_CHUNK_WORDS - WHEEL_CHUNK_PAGES;
}

/* Into the chunks of a tick. False: no memory. */
static inline bool hold_until(struct wheel *w, uint32_t due, uint32_t page)
{
	uint32_t *head = &w->heads[due & w->mask], word = *head;

	if (word % WHEEL_CHUNK_WORDS == 0) {
		word = push_chunk(w, word);
		if (!word)
			return false;
	}
	w->words[word] = page;
	*head = word + 1;
	return true;
}

/* When a page is due, by a draw. Nothing branches on it: no CPU could foresee that. */
static inline uint32_t draw_due(const struct wheel *w, uint64_t draw)
{
	uint32_t ticks = (uint32_t)w->quantiles[draw % WHEEL_QUANTILES] << w->scale_shift;

	return (w->now + ticks) | ((0u - (ticks > FAR_TICKS)) & FAR_MASK);
}

/* A draw is enough for four pages. */
#define DRAW_PAGES 4u

bool wheel_hold(struct wheel *w, const uint32_t *pages, uint32_t n)
{
	uint32_t i, k, due[DRAW_PAGES];
	uint64_t draws;

	for (i = 0; i < n; i += DRAW_PAGES) {
		draws = rng_next(&w->rng);
		for (k = 0; k < DRAW_PAGES; k++)
			due[k] = draw_due(w, draws >> 16 * k);
		for (k = 0; k < DRAW_PAGES && i + k < n; k++)
			if (!hold_until(w, due[k], pages[i + k]))
				return false;
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
	uint32_t *head = &w->heads[w->now], n = 0;

	while (*head) {
		uint32_t c = (*head - 1) / WHEEL_CHUNK_WORDS, *end = &w->words[*head];
		uint32_t *chunk = &w->words[c * WHEEL_CHUNK_WORDS];
		uint32_t *first = chunk + WHEEL_CHUNK_WORDS - WHEEL_CHUNK_PAGES;

		if (n + WHEEL_CHUNK_PAGES > max)
			break;
		memcpy(pages + n, first, WHEEL_CHUNK_PAGES * sizeof(pages[0]));
		n += (uint32_t)(end - first);
		*head = chunk[0] ? (chunk[0] + 1) * WHEEL_CHUNK_WORDS : 0;
		chunk[0] = w->spare;
		w->spare = c;
	}
	w->held -= n;
	return n;
}
