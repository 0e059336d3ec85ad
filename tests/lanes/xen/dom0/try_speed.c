/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the library costs over bare calls (bare.h), in the same batches, in turns on the same
 * pages: those of libxenctrl, and calls of Xen with nothing around them. Only ratios mean
 * anything in an emulated machine, and least while its other CPU is busy: the guest rests.
 */
#define _GNU_SOURCE
#include "bare.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH    FNUMA_BATCH_MAX
#define ROUNDS   400
#define TURN     10
#define PROFILED 40  /* a batch in one pause each */
#define BOUND    5.0 /* per cent */

enum {
	BARE,
	KEPT,
	LIBRARY,
	CONTENDERS
};

static const char *const contenders[] = {"libxenctrl's calls", "bare calls of Xen",
                                         "the library"};

/* ------------------------------------------------------------ where time goes */

#define NAMES 16

struct profile {
	double since;
	int last;
	double paused, pause[PROFILED]; /* from when, and for how long each */
	uint32_t batch;
	struct {
		char name[16];
		double s[PROFILED]; /* of each batch; 0: it did not do this */
	} step[NAMES];
};

static struct profile profiles[CONTENDERS];
static struct profile *profiled; /* NULL: none is */

/* From here on it is this step, until the next. */
static void profile_step(const char *name)
{
	struct profile *p = profiled;
	double now;
	int i = 0;

	if (!p)
		return;
	now = seconds_now();
	p->step[p->last].s[p->batch] += now - p->since;
	if (strcmp(name, "pause") == 0)
		p->paused = now;
	if (strcmp(p->step[p->last].name, "unpause") == 0)
		p->pause[p->batch] = now - p->paused;
	while (i < NAMES - 1 && p->step[i].name[0] && strcmp(p->step[i].name, name) != 0)
		i++;
	snprintf(p->step[i].name, sizeof(p->step[i].name), "%s", name);
	p->last = i;
	p->since = now;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The middle one of the batches that did it. */
static void say_profile(struct profile *p, const char *who)
{
	for (int i = 0; i < NAMES && p->step[i].name[0]; i++) {
		uint32_t none = 0;

		qsort(p->step[i].s, PROFILED, sizeof(double), by_size);
		while (none < PROFILED && p->step[i].s[none] == 0.0)
			none++;
		if (none < PROFILED)
			note("a batch by %s, %s: %.3f ms, in %u of %u", who,
			     p->step[i].name,
			     p->step[i].s[none + (PROFILED - none) / 2] * 1e3,
			     PROFILED - none, PROFILED);
	}
}

static void on_step(void *cookie, const char *name, uint64_t number)
{
	(void)cookie, (void)number;
	profile_step(name);
}

/* ------------------------------------------------------------ all three */

struct contest {
	struct try *t;
	struct guest *g;
	struct bare bare[2];
	double s[CONTENDERS][ROUNDS];
};

static bool batch(struct contest *c, int who, fnuma_node to)
{
	if (who != LIBRARY)
		return bare_batch(&c->bare[who], c->g->pages, to);
	return move_pages(c->t, c->g, c->g->pages, BATCH, to, FNUMA_CONTENT_KEEP, NULL) ==
	       BATCH;
}

/* There, and back, and so on. By turns of several, since what the library has seen it
 * believes for some milliseconds, in which a machine that is not emulated moves many. */
static void turns(struct contest *c)
{
	bool good = true;

	for (uint32_t i = 0; i < CONTENDERS * ROUNDS; i++) {
		const int who = (int)(i / TURN % CONTENDERS);
		const uint32_t k = i / (TURN * CONTENDERS) * TURN + i % TURN;
		const double begun = seconds_now();

		good = batch(c, who, fnuma_node_of(k % 2)) && good;
		c->s[who][k] = seconds_now() - begun;
	}
	check(good, "%d batches by each move every page", ROUNDS);
}

static void profile(struct contest *c)
{
	for (int who = 0; who < CONTENDERS; who++) {
		for (uint32_t i = 0; i < PROFILED; i++) {
			profiled = &profiles[who];
			profiled->batch = i;
			profiled->since = seconds_now();
			profile_step("begin");
			batch(c, who, fnuma_node_of(i % 2));
			profile_step("end");
			profiled = NULL;
		}
		say_profile(&profiles[who], contenders[who]);
	}
}

/* How much more the library's fastest takes than theirs, in per cent. */
static double compare(const char *what, int who, double *theirs, double *ours, uint32_t n)
{
	static const struct {
		const char *name;
		uint32_t part; /* of the batches are faster, in quarters */
	} which[] = {{"fastest", 0}, {"first quarter's last", 1}, {"middle one", 2}};

	qsort(theirs, n, sizeof(*theirs), by_size);
	qsort(ours, n, sizeof(*ours), by_size);
	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		const uint32_t at = n * which[i].part / 4;

		note("%s of %u pages, the %s of %u: %s %.3f ms, the library %.3f ms: "
		     "%+.1f %%",
		     what, BATCH, which[i].name, n, contenders[who], theirs[at] * 1e3,
		     ours[at] * 1e3, 100 * (ours[at] / theirs[at] - 1));
	}
	return 100 * (ours[0] / theirs[0] - 1);
}

static void contest(struct contest *c)
{
	double more[LIBRARY];

	need(guest_ask(c->t, c->g->domid, "rest", 1), "a guest that rests");
	turns(c);
	for (int who = BARE; who <= KEPT; who++)
		more[who] = compare("a batch", who, c->s[who], c->s[LIBRARY], ROUNDS);
	profile(c);
	for (int who = BARE; who <= KEPT; who++)
		compare("the pause of a batch", who, profiles[who].pause,
		        profiles[LIBRARY].pause, PROFILED);
	need(guest_ask(c->t, c->g->domid, "rest", 0), "a guest that goes on");
	for (int who = BARE; who <= KEPT; who++)
		check(more[who] <= BOUND, "the library takes no more than %.0f %% over %s", BOUND,
		      contenders[who]);
	check(guest_well(c->t, c->g->domid), "the guest finds all its memory right");
}

static void speed(struct try *t)
{
	static struct contest c;

	c.t = t;
	c.g = &t->guest[0];
	/* A batch in one pause, as the bare calls have it. */
	t->pause_bound_ns = 1000000000;
	library_open(t, on_step, NULL);
	library_attach(t, c.g);
	bare_open(&c.bare[BARE], t, false, profile_step);
	bare_open(&c.bare[KEPT], t, true, profile_step);
	/* Its batches grow to their full length. */
	for (int i = 0; i < 6; i++)
		move_pages(t, c.g, c.g->pages, 4 * BATCH, fnuma_node_of((uint32_t)i % 2),
		           FNUMA_CONTENT_KEEP, NULL);
	contest(&c);
	bare_close(&c.bare[BARE]);
	bare_close(&c.bare[KEPT]);
	library_detach(t, c.g);
	library_close(t);
}

const struct scenario scenario_speed = {"speed", 1, speed};
