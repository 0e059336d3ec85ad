/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Figures of the tracker beside general maps and sets. */
#include "tracker.h"
#include <flipnuma/tracker.h>
#include <stdlib.h>

static const struct tracker_contender *const contenders[] = {
	&tracker_ours, &tracker_bytes, &tracker_khash, &tracker_uthash, &tracker_roaring,
	&tracker_judy, &tracker_portable, &tracker_masks, &tracker_touch,
};
enum {
	OURS, BYTES, KHASH, UTHASH, ROARING, JUDY, PORTABLE, MASKS, TOUCH,
	N = sizeof(contenders) / sizeof(*contenders)
};

/* One structure, and the updates of a slice. */
struct subject {
	const struct tracker_contender *c;
	void *map;
	uint32_t frames;
	uint32_t per_million; /* remote */
	uint32_t batch;
	uint64_t random;
	uint32_t pages[TRACKER_SLICE];
	uint8_t nodes[TRACKER_SLICE];
};

static uint8_t draw_node(struct subject *s)
{
	if (speed_below(&s->random, 1000000) >= s->per_million)
		return TRACKER_HOME;
	return (uint8_t)speed_below(&s->random, TRACKER_NODES - 1);
}

static void draw(struct subject *s)
{
	uint32_t i;

	for (i = 0; i < TRACKER_SLICE; i++) {
		s->pages[i] = speed_below(&s->random, s->frames);
		s->nodes[i] = draw_node(s);
	}
}

static double update(void *context)
{
	struct subject *s = context;
	uint64_t begin;
	uint32_t i;

	draw(s);
	begin = speed_now_ns();
	for (i = 0; i < TRACKER_SLICE; i += s->batch)
		s->c->update(s->map, s->pages + i, s->nodes + i, s->batch);
	return (double)(speed_now_ns() - begin);
}

/* Every page placed once, as the updates would leave them. */
static void fill(struct subject *s)
{
	uint32_t page = 0, i;

	while (page < s->frames) {
		for (i = 0; i < TRACKER_SLICE && page < s->frames; page++) {
			uint8_t node = draw_node(s);

			if (node == TRACKER_HOME)
				continue;
			s->pages[i] = page;
			s->nodes[i++] = node;
		}
		s->c->update(s->map, s->pages, s->nodes, i);
	}
}

static struct subject *subject_new(unsigned contender, uint32_t frames, uint32_t per_million)
{
	struct subject *s = speed_alloc(sizeof(*s));

	s->c = contenders[contender];
	s->frames = frames;
	s->per_million = per_million;
	s->batch = 32;
	s->random = 0x9e3779b97f4a7c15u;
	s->map = s->c->make(frames);
	fill(s);
	return s;
}

static void subject_free(struct subject *s)
{
	s->c->unmake(s->map);
	free(s);
}

/* The counts that were kept are those that counting finds. */
static void check_conserved(struct subject *s)
{
	uint32_t remote = s->c->remote(s->map), found = s->c->iterate(s->map);

	if (remote != found)
		speed_die("%s counts %u remote pages and finds %u", s->c->name, remote, found);
}

/* Updates by the contenders whose bit is set. Each is checked. */
static unsigned measure(struct speed_case *cases, uint32_t frames, uint32_t per_million,
                        unsigned set, unsigned rounds)
{
	struct subject *subjects[N];
	unsigned i, n = 0;

	for (i = 0; i < N; i++) {
		if (!(set >> i & 1))
			continue;
		subjects[n] = subject_new(i, frames, per_million);
		cases[n] = (struct speed_case){contenders[i]->name, update, subjects[n],
		                               TRACKER_SLICE, NULL};
		n++;
	}
	speed_rounds(cases, n, rounds);
	for (i = 0; i < n; i++) {
		check_conserved(subjects[i]);
		subject_free(subjects[i]);
	}
	return n;
}

static void tell_update(const char *size, uint32_t frames, unsigned set, unsigned rounds)
{
	struct speed_case cases[N];
	unsigned i, n = measure(cases, frames, 30000, set, rounds);

	speed_tell_case(&cases[0], "ns", "tracker_update_%s_ns", size);
	for (i = 1; i < n; i++)
		speed_tell_case(&cases[i], "ns", "tracker_update_%s_%s_ns", size,
		                cases[i].name);
	/* The last is the limit; the general maps come before it. */
	speed_tell_ratio(&cases[0], &cases[n - 1], "tracker_update_%s_vs_limit", size);
	if (n > KHASH + 1) {
		const struct speed_case *best = speed_best(cases + KHASH, n - 1 - KHASH);

		speed_tell_ratio(&cases[0], best, "tracker_update_%s_vs_khash", size);
		speed_tell_ratio(&cases[n - 1], best, "tracker_update_%s_touch_vs_khash", size);
	}
	speed_free(cases, n);
}

static double iterate(void *context)
{
	struct subject *s = context;
	uint64_t begin = speed_now_ns();

	if (s->c->iterate(s->map) != s->c->remote(s->map))
		speed_die("%s does not find what it counts", s->c->name);
	return (double)(speed_now_ns() - begin);
}

static void tell_iterate(uint32_t frames)
{
	struct speed_case cases[N];
	struct subject *subjects[N];
	unsigned i;

	for (i = 0; i < N; i++) {
		subjects[i] = subject_new(i, frames, 30000);
		cases[i] = (struct speed_case){contenders[i]->name, iterate, subjects[i],
		                               contenders[i]->remote(subjects[i]->map), NULL};
	}
	cases[MASKS].per = cases[OURS].per; /* of as large a table, which they read in vain */
	cases[TOUCH].per = cases[OURS].per;
	speed_rounds(cases, N, 60);
	speed_tell("pages/ns", 1 / speed_median(&cases[0]), "tracker_iterate_pages_per_ns");
	for (i = 1; i < N; i++)
		speed_tell("pages/ns", 1 / speed_median(&cases[i]),
		           "tracker_iterate_%s_pages_per_ns", cases[i].name);
	for (i = 0; i < PORTABLE; i++)
		speed_tell("bits", 8 * (double)subjects[i]->c->bytes(subjects[i]->map) / frames,
		           i ? "tracker_bits_per_page_%s" : "tracker_bits_per_page",
		           cases[i].name);
	for (i = 0; i < N; i++)
		subject_free(subjects[i]);
	speed_free(cases, N);
}

void speed_tracker(void)
{
	unsigned least = 1u << OURS | 1u << BYTES | 1u << TOUCH, few = least | 1u << KHASH;
	unsigned all = ((1u << N) - 1) & ~(1u << PORTABLE | 1u << MASKS);

	tell_update("16g", 4u << 20, all, 400);
	tell_update("256g", 64u << 20, speed_options.quick ? few : all, 400);
	tell_update("1t", 256u << 20, least, 400);
	tell_iterate(4u << 20);
}

void speed_grow_tracker(void)
{
	static const uint32_t remote[] = {1000, 3000, 10000, 30000, 100000, 300000, 500000};
	unsigned set = 1u << OURS | 1u << BYTES | 1u << KHASH | 1u << TOUCH, i, k, n, shift;
	struct speed_case cases[N];

	for (shift = 18; shift <= 28; shift += 2) {
		n = measure(cases, 1u << shift, 30000, set, 60);
		for (k = 0; k < n; k++)
			speed_grow("tracker_pages", (double)(1u << shift) / (1u << 18),
			           cases[k].name, speed_median(&cases[k]));
		speed_free(cases, n);
	}
	for (i = 0; i < sizeof(remote) / sizeof(*remote); i++) {
		n = measure(cases, 4u << 20, remote[i], set, 60);
		for (k = 0; k < n; k++)
			speed_grow("tracker_remote", remote[i] / 1e4, cases[k].name,
			           speed_median(&cases[k]));
		speed_free(cases, n);
	}
}
