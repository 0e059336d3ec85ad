/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Flips that the simulator gets through in a second of its thread, as it says itself; and
 * what no simulator of the same could undercut: its own draws, each page held for as long,
 * and of each flip only the words that must be read or written. Nobody is asked, nothing
 * is checked, counted, judged or handed from one module to another.
 */
#define _GNU_SOURCE
#include "speed.h"
#include "../../../examples/flipsim/wheel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the limit --- */

/* What a mode's flips touch, beside the rings. */
enum {
	OWN = 1,    /* the guest's allocator: a page is taken, and given back */
	SWAP = 2,   /* what is behind the pages of both sides changes places */
	RECORD = 4, /* and that is written down */
};

#define FRAMES   (4u << 20) /* of the guest, and of the privVM */
#define FREE     65536u     /* of these, free: more than ever are in flight */
#define RING     1024u
#define AHEAD    64u
#define TICKS    10000u
#define PAGES(t) (30 + ((t) & 1)) /* that arrive in a tick: 1 Gb/s */

struct side {
	uint64_t *words; /* what is behind each page */
	uint32_t *free;  /* last in, first out */
	uint32_t n_free;
	uint32_t ring[RING];
	uint32_t head;
};

struct bare {
	unsigned touches;
	struct side guest, card;
	uint64_t *nodes; /* 16 to a word */
	struct wheel wheel;
};

/* Pages all over its memory, as they are after a while. */
static void side_make(struct side *s, uint32_t frames, uint64_t *random)
{
	uint32_t i;

	s->words = speed_alloc(frames * sizeof(*s->words));
	s->free = speed_alloc(FREE * sizeof(*s->free));
	s->n_free = FREE;
	for (i = 0; i < FREE; i++)
		s->free[i] = i * (frames / FREE) + speed_below(random, frames / FREE);
	for (i = FREE; i > 1; i--) {
		uint32_t k = speed_below(random, i), page = s->free[k];

		s->free[k] = s->free[i - 1];
		s->free[i - 1] = page;
	}
	for (i = 0; i < RING; i++)
		s->ring[i] = s->free[--s->n_free];
}

static struct bare *bare_new(unsigned touches, uint32_t frames)
{
	struct bare *b = speed_alloc(sizeof(*b));
	uint64_t random = 88172645463325252u;

	b->touches = touches;
	side_make(&b->guest, frames, &random);
	side_make(&b->card, frames, &random);
	b->nodes = speed_alloc(frames / 16 * sizeof(*b->nodes));
	if (!wheel_init(&b->wheel, 1, 90, 20, 1000, 1))
		speed_die("no memory for a wheel");
	return b;
}

static void bare_free(struct bare *b)
{
	free(b->guest.words);
	free(b->guest.free);
	free(b->card.words);
	free(b->card.free);
	free(b->nodes);
	wheel_free(&b->wheel);
	free(b);
}

static void give_back(struct bare *b)
{
	struct side *g = &b->guest;
	uint32_t due[512], n, i;

	while ((n = wheel_due(&b->wheel, due, 512)) != 0)
		for (i = 0; i < n; i++) {
			if (b->touches & OWN)
				g->words[due[i]] ^= 1;
			g->free[g->n_free++] = due[i];
		}
}

/* The pages posted first, and others posted in their place; those of the next bursts are
 * fetched. */
static void turn(struct side *s, uint32_t *taken, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t *slot = &s->ring[(s->head + i) % RING];

		__builtin_prefetch(&s->words[s->ring[(s->head + i + AHEAD) % RING]], 1);
		taken[i] = *slot;
		*slot = s->free[s->n_free - 1 - i];
	}
	s->head += n;
}

static uint64_t arrive(struct bare *b, uint32_t n)
{
	struct side *g = &b->guest, *c = &b->card;
	uint32_t pages[32], others[32], i;
	uint64_t sum = 0;

	turn(g, pages, n);
	g->n_free -= n;
	turn(c, others, n);
	for (i = 0; i < n; i++) {
		uint64_t *mine = &g->words[pages[i]], *other = &c->words[others[i]];
		uint64_t both = *mine ^ *other;

		sum += both;
		if (b->touches & SWAP) {
			*mine ^= both;
			*other ^= both;
		}
		if (b->touches & RECORD)
			b->nodes[pages[i] / 16] ^= both << pages[i] % 16 * 4;
		if (b->touches & OWN)
			g->words[g->free[g->n_free + i]] ^= 1;
		c->free[c->n_free - 1 - i] = others[i];
	}
	if (!wheel_hold(&b->wheel, pages, n))
		speed_die("no memory for held pages");
	return sum;
}

static double bare_ticks(void *context)
{
	struct bare *b = context;
	uint64_t begin = speed_now_ns(), sum = 1;
	uint32_t t;

	for (t = 0; t < TICKS; t++) {
		wheel_tick(&b->wheel);
		give_back(b);
		sum |= arrive(b, PAGES(t));
	}
	speed_use(sum);
	return (double)(speed_now_ns() - begin);
}

/* --- the modes, and the kinds of work they are --- */

static const struct {
	const char *name;
	unsigned touches;
	uint32_t frames;
} kinds[] = {
	{"vanilla", OWN | SWAP, FRAMES},
	{"copy", OWN, FRAMES},
	{"pool", SWAP, FRAMES},
	{"migrate", OWN | SWAP | RECORD, FRAMES},
	{"hybrid", SWAP | RECORD, FRAMES},
	{"small", SWAP, FREE}, /* if all pages' words were in the caches */
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Flips a second, of each kind. */
static void tell_limits(double *limits)
{
	struct speed_case cases[KINDS];
	unsigned i;

	for (i = 0; i < KINDS; i++)
		cases[i] = (struct speed_case){kinds[i].name, bare_ticks,
		                               bare_new(kinds[i].touches, kinds[i].frames),
		                               TICKS / 2 * (PAGES(0) + PAGES(1)), NULL};
	speed_rounds(cases, KINDS, 100);
	for (i = 0; i < KINDS; i++) {
		limits[i] = 1e9 / speed_median(&cases[i]);
		speed_tell("1/s", limits[i], "sim_limit_flips_per_s_%s", kinds[i].name);
		bare_free(cases[i].context);
	}
	speed_free(cases, KINDS);
}

/* --- the simulator --- */

#define IO  "sim_io_flips_per_s_"

/* Of the I/O alone, since the limit has no more: how near a mode is to its kind's. */
static void tell_share(const char *mode, double value, const double *limits)
{
	unsigned i;

	for (i = 0; i < KINDS; i++)
		if (!strncmp(mode, kinds[i].name, strlen(kinds[i].name)))
			speed_tell("ratio", value / limits[i], "sim_io_vs_limit_%s", mode);
}

static double tell_modes(FILE *from, const double *limits)
{
	char line[256], name[128], *at;
	double value, slowest = 0;

	while (fgets(line, sizeof(line), from)) {
		if (strncmp(line, "sim_", 4) || sscanf(line, "%127s %lf", name, &value) != 2)
			continue;
		/* Names are words, so that they can be those of a table's columns. */
		for (at = name; *at; at++)
			*at = *at == '-' ? '_' : *at;
		speed_tell("1/s", value, "%s", name);
		if (!strncmp(name, IO, strlen(IO)))
			tell_share(name + strlen(IO), value, limits);
		else if (slowest == 0 || value < slowest)
			slowest = value;
	}
	return slowest;
}

void speed_sim(void)
{
	double slowest, limits[KINDS];
	char command[1024];
	FILE *from;

	if (!speed_options.sim || !speed_options.scenario)
		return;
	tell_limits(limits);
	snprintf(command, sizeof(command), "'%s' '%s' --quiet --timing --jobs 1%s",
	         speed_options.sim, speed_options.scenario,
	         speed_options.quick ? " --quick" : "");
	from = popen(command, "r");
	if (!from)
		speed_die("cannot run %s", speed_options.sim);
	slowest = tell_modes(from, limits);
	if (pclose(from) || slowest == 0)
		speed_die("%s failed", command);
	speed_tell("1/s", slowest, "sim_flips_per_s");
}
