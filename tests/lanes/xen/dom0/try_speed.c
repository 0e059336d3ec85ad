/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the library costs over the bare calls that a scratch swap is made of, in the same
 * batches, in turns on the same pages. The bare ones are as few as will do: pages of the node
 * behind unused frames, pause, map, copy, swap, unpause, and nothing where the guest's limit
 * leaves room. They check nothing, keep no journal, and would hang a guest with a pinned page.
 * Only ratios mean anything in an emulated machine, and least while its other CPU is busy: the
 * guest rests.
 */
#define _GNU_SOURCE
#include "try.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

#define BATCH    FNUMA_BATCH_MAX
#define ROUNDS   400
#define TURN     10
#define PROFILED 40 /* a batch in one pause each */
#define SCRATCH  (1u << 21) /* frames that no guest of this size has */
#define BOUND    5.0        /* per cent */

/* ------------------------------------------------------------ where time goes */

#define NAMES 16

struct profile {
	double since;
	int last;
	double paused, pause[PROFILED]; /* from when, and for how long each */
	uint32_t batch;                 /* PROFILED and more: not measured */
	struct {
		char name[16];
		double s[PROFILED]; /* of each batch; 0: it did not do this */
	} step[NAMES];
};

static struct profile bare_profile = {.batch = PROFILED},
		      library_profile = {.batch = PROFILED};

/* From here on it is this step, until the next. */
static void profile_step(struct profile *p, const char *name)
{
	double now;
	int i = 0;

	if (p->batch >= PROFILED)
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
	profile_step(&library_profile, name);
}

/* ------------------------------------------------------------ by bare calls */

struct bare {
	struct try *t;
	xenforeignmemory_handle *memory;
	uint32_t domid;
};

/* The old pages and, behind them, the new ones. */
static bool copy(struct bare *b, const xen_pfn_t *frames)
{
	int err[2 * BATCH];
	char *old;

	profile_step(&bare_profile, "map");
	old = xenforeignmemory_map(b->memory, b->domid, PROT_READ | PROT_WRITE, 2 * BATCH,
	                           frames, err);
	if (!old)
		return false;
	memcpy(old + (size_t)BATCH * XC_PAGE_SIZE, old, (size_t)BATCH * XC_PAGE_SIZE);
	profile_step(&bare_profile, "unmap");
	return xenforeignmemory_unmap(b->memory, old, 2 * BATCH) == 0;
}

static bool swap(struct bare *b, xen_pfn_t *frames)
{
	xen_ulong_t from[BATCH];
	int err[BATCH];

	profile_step(&bare_profile, "swap");
	for (uint32_t i = 0; i < BATCH; i++)
		from[i] = SCRATCH + i;
	return xc_domain_add_to_physmap_batch(b->t->xc, b->domid, b->domid,
	                                      XENMAPSPACE_gmfn, BATCH, from, frames,
	                                      err) == 0;
}

static bool bare_batch(struct bare *b, const fnuma_gfn *pages, fnuma_node to)
{
	xen_pfn_t frames[2 * BATCH];
	bool good;

	for (uint32_t i = 0; i < BATCH; i++) {
		frames[i] = pages[i].n;
		frames[BATCH + i] = SCRATCH + i;
	}
	profile_step(&bare_profile, "populate");
	need(xc_domain_populate_physmap(b->t->xc, b->domid, BATCH, 0,
	                                XENMEMF_exact_node(to.id), frames + BATCH) == BATCH,
	     "pages by bare calls");
	profile_step(&bare_profile, "pause");
	need(xc_domain_pause(b->t->xc, b->domid) == 0, "a pause by bare calls");
	good = copy(b, frames) && swap(b, frames);
	profile_step(&bare_profile, "unpause");
	return xc_domain_unpause(b->t->xc, b->domid) == 0 && good;
}

static void bare_open(struct bare *b, struct try *t)
{
	xc_domaininfo_t info;

	b->t = t;
	b->domid = t->guest[0].domid;
	b->memory = xenforeignmemory_open(NULL, 0);
	need(b->memory && xc_domain_getinfolist(t->xc, b->domid, 1, &info) == 1 &&
	             info.domain == b->domid,
	     "Xen");
	need(info.tot_pages + BATCH <= info.max_pages, "a limit with room for a batch");
}

/* ------------------------------------------------------------ both */


static bool time_bare(struct bare *b, const fnuma_gfn *pages, fnuma_node to, double *all)
{
	const double begun = seconds_now();
	const bool good = bare_batch(b, pages, to);

	*all = seconds_now() - begun;
	return good;
}

static bool time_library(struct try *t, const struct guest *g, fnuma_node to, double *all)
{
	const double begun = seconds_now();
	const bool good =
		move_pages(t, g, g->pages, BATCH, to, FNUMA_CONTENT_KEEP, NULL) == BATCH;

	*all = seconds_now() - begun;
	return good;
}

/* There, and back, and so on. By turns of several, since what the library has seen it
 * believes for some milliseconds, in which a machine that is not emulated moves many. */
static void turns(struct bare *b, const struct guest *g, double *bare, double *library)
{
	bool good = true;

	for (uint32_t i = 0; i < ROUNDS; i += TURN) {
		for (uint32_t k = i; k < i + TURN; k++)
			good = time_bare(b, g->pages, fnuma_node_of(k % 2), &bare[k]) &&
			       good;
		for (uint32_t k = i; k < i + TURN; k++)
			good = time_library(b->t, g, fnuma_node_of(k % 2), &library[k]) &&
			       good;
	}
	check(good, "%d batches by bare calls and by the library move every page",
	      ROUNDS);
}

static void profile(struct bare *b, const struct guest *g)
{
	double ignored;

	for (uint32_t i = 0; i < PROFILED; i++) {
		bare_profile.batch = i;
		bare_profile.since = seconds_now();
		time_bare(b, g->pages, fnuma_node_of(i % 2), &ignored);
		profile_step(&bare_profile, "end");
	}
	bare_profile.batch = PROFILED;
	for (uint32_t i = 0; i < PROFILED; i++) {
		library_profile.batch = i;
		library_profile.since = seconds_now();
		profile_step(&library_profile, "begin");
		time_library(b->t, g, fnuma_node_of(i % 2), &ignored);
		profile_step(&library_profile, "end");
	}
	library_profile.batch = PROFILED;
	say_profile(&bare_profile, "bare calls");
	say_profile(&library_profile, "the library");
}

/* Of the fastest, in per cent. */
static double compare(const char *what, double *bare, double *library, uint32_t n)
{
	static const struct {
		const char *name;
		uint32_t part; /* of the batches are faster, in quarters */
	} which[] = {{"fastest", 0}, {"first quarter's last", 1}, {"middle one", 2}};

	qsort(bare, n, sizeof(*bare), by_size);
	qsort(library, n, sizeof(*library), by_size);
	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		const uint32_t at = n * which[i].part / 4;

		note("%s of %u pages, the %s of %u: bare calls %.3f ms, library %.3f ms: "
		     "%+.1f %%",
		     what, BATCH, which[i].name, n, bare[at] * 1e3, library[at] * 1e3,
		     100 * (library[at] / bare[at] - 1));
	}
	return 100 * (library[0] / bare[0] - 1);
}

static void speed(struct try *t)
{
	static double bare[ROUNDS], library[ROUNDS];
	struct guest *g = &t->guest[0];
	struct bare b;
	double more;

	/* A batch in one pause, as the bare calls have it. */
	t->pause_bound_ns = 1000000000;
	library_open(t, on_step, NULL);
	library_attach(t, g);
	bare_open(&b, t);
	/* Its batches grow to their full length. */
	for (int i = 0; i < 6; i++)
		move_pages(t, g, g->pages, 4 * BATCH, fnuma_node_of((uint32_t)i % 2),
		           FNUMA_CONTENT_KEEP, NULL);
	need(guest_ask(t, g->domid, "rest", 1), "a guest that rests");
	turns(&b, g, bare, library);
	more = compare("a batch", bare, library, ROUNDS);
	profile(&b, g);
	compare("the pause of a batch", bare_profile.pause, library_profile.pause,
	        PROFILED);
	need(guest_ask(t, g->domid, "rest", 0), "a guest that goes on");
	check(more <= BOUND, "the library takes no more than %.0f %% over the bare calls",
	      BOUND);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	xenforeignmemory_close(b.memory);
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_speed = {"speed", 1, speed};
