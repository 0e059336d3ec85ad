/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the library costs over the bare calls that a scratch swap is made of, in the same
 * batches, in turns on the same pages. The bare ones are as few as will do: pages of the node
 * behind unused frames, pause, map, copy, swap, unpause, and nothing where the guest's limit
 * leaves room. They check nothing, keep no journal, and would hang a guest with a pinned page.
 * Only ratios mean anything in an emulated machine.
 */
#define _GNU_SOURCE
#include "try.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

#define BATCH    FNUMA_BATCH_MAX
#define ROUNDS   200
#define PROFILED 40 /* a batch in one pause each */
#define SCRATCH  (1u << 21) /* frames that no guest of this size has */
#define BOUND    5.0        /* per cent */

/* ------------------------------------------------------------ where time goes */

#define NAMES 16

struct profile {
	bool on;
	double since;
	int last;
	double paused, pause[PROFILED]; /* from when, and for how long each */
	uint32_t batches;
	struct {
		char name[16];
		uint32_t calls;
		double s;
	} step[NAMES];
};

static struct profile bare_profile, library_profile;

/* From here on it is this step, until the next. */
static void profile_step(struct profile *p, const char *name)
{
	double now;
	int i = 0;

	if (!p->on)
		return;
	now = seconds_now();
	p->step[p->last].s += now - p->since;
	if (strcmp(name, "pause") == 0)
		p->paused = now;
	if (strcmp(p->step[p->last].name, "unpause") == 0 && p->batches < PROFILED)
		p->pause[p->batches++] = now - p->paused;
	while (i < NAMES - 1 && p->step[i].name[0] && strcmp(p->step[i].name, name) != 0)
		i++;
	snprintf(p->step[i].name, sizeof(p->step[i].name), "%s", name);
	p->step[i].calls++;
	p->last = i;
	p->since = now;
}

static void profile_begin(struct profile *p)
{
	p->on = true;
	p->since = seconds_now();
	profile_step(p, "begin");
}

static void profile_end(struct profile *p)
{
	profile_step(p, "end");
	p->on = false;
}

static void say_profile(const struct profile *p, const char *who)
{
	for (int i = 0; i < NAMES && p->step[i].name[0]; i++)
		note("of a batch by %s, from %s on: %.3f ms, %.1f times", who,
		     p->step[i].name, p->step[i].s * 1e3 / PROFILED,
		     (double)p->step[i].calls / PROFILED);
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


static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

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

/* Each goes first, and each brings them home, as often as the other. */
static void turns(struct bare *b, const struct guest *g, double *bare, double *library)
{
	const fnuma_node away = fnuma_node_of(0);
	bool good = true;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		if (i % 2 == 0)
			good = time_bare(b, g->pages, away, &bare[i]) && good;
		good = time_library(b->t, g, i % 2 ? away : g->home, &library[i]) && good;
		if (i % 2 == 1)
			good = time_bare(b, g->pages, g->home, &bare[i]) && good;
	}
	check(good, "%d batches by bare calls and by the library move every page",
	      ROUNDS);
}

static void profile(struct bare *b, const struct guest *g)
{
	for (int i = 0; i < PROFILED; i++) {
		profile_begin(&bare_profile);
		bare_batch(b, g->pages, fnuma_node_of(0));
		profile_end(&bare_profile);
		profile_begin(&library_profile);
		move_pages(b->t, g, g->pages, BATCH, g->home, FNUMA_CONTENT_KEEP, NULL);
		profile_end(&library_profile);
	}
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
	turns(&b, g, bare, library);
	more = compare("a batch", bare, library, ROUNDS);
	profile(&b, g);
	compare("the pause of a batch", bare_profile.pause, library_profile.pause,
	        PROFILED);
	check(more <= BOUND, "the library takes no more than %.0f %% over the bare calls",
	      BOUND);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	xenforeignmemory_close(b.memory);
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_speed = {"speed", 1, speed};
