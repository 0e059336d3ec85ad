/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the library costs over the bare calls that a scratch swap is made of, in the same
 * batches, in turns on the same pages. The bare one checks nothing, keeps no journal, and
 * would hang a guest with a pinned page. Only the ratio means anything in an emulated machine.
 */
#define _GNU_SOURCE
#include "try.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

#define BATCH   FNUMA_BATCH_MAX
#define ROUNDS  40
#define SCRATCH (1u << 21) /* frames that no guest of this size has */

struct bare {
	struct try *t;
	xenforeignmemory_handle *memory;
	uint32_t domid;
	uint64_t limit_kib;
};

static bool copy(struct bare *b, const xen_pfn_t *from, const xen_pfn_t *to)
{
	int err[BATCH];
	void *old =
		xenforeignmemory_map(b->memory, b->domid, PROT_READ, BATCH, from, err);
	void *new = xenforeignmemory_map(b->memory, b->domid, PROT_READ | PROT_WRITE,
	                                 BATCH, to, err);
	const bool good = old && new;

	if (good)
		memcpy(new, old, (size_t)BATCH * XC_PAGE_SIZE);
	if (new)
		xenforeignmemory_unmap(b->memory, new, BATCH);
	if (old)
		xenforeignmemory_unmap(b->memory, old, BATCH);
	return good;
}

static bool bare_batch(struct bare *b, const fnuma_gfn *pages, fnuma_node to)
{
	xen_pfn_t scratch[BATCH], gfn[BATCH];
	xen_ulong_t from[BATCH];
	int err[BATCH];
	bool good;

	for (uint32_t i = 0; i < BATCH; i++) {
		from[i] = scratch[i] = SCRATCH + i;
		gfn[i] = pages[i].n;
	}
	good = xc_domain_setmaxmem(b->t->xc, b->domid, b->limit_kib + BATCH * 4) == 0 &&
	       xc_domain_populate_physmap(b->t->xc, b->domid, BATCH, 0,
	                                  XENMEMF_exact_node(to.id), scratch) == BATCH &&
	       xc_domain_pause(b->t->xc, b->domid) == 0;
	need(good, "a batch by bare calls");
	good = copy(b, gfn, scratch) &&
	       xc_domain_add_to_physmap_batch(b->t->xc, b->domid, b->domid,
	                                      XENMAPSPACE_gmfn, BATCH, from, gfn,
	                                      err) == 0;
	return xc_domain_unpause(b->t->xc, b->domid) == 0 && good &&
	       xc_domain_setmaxmem(b->t->xc, b->domid, b->limit_kib) == 0;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Where the library's time goes: from each step to the next, by name. */
#define NAMES 24

static struct profile {
	bool on;
	double since;
	int last;
	struct {
		char name[16];
		uint32_t calls;
		double s;
	} step[NAMES];
} profile;

static void profile_to_here(const char *name)
{
	const double now = seconds_now();
	int i = 0;

	profile.step[profile.last].s += now - profile.since;
	while (i < NAMES - 1 && profile.step[i].name[0] &&
	       strcmp(profile.step[i].name, name) != 0)
		i++;
	snprintf(profile.step[i].name, sizeof(profile.step[i].name), "%s", name);
	profile.step[i].calls++;
	profile.last = i;
	profile.since = now;
}

static void on_step(void *cookie, const char *name, uint64_t number)
{
	(void)cookie, (void)number;
	if (profile.on)
		profile_to_here(name);
}

static void say_profile(struct try *t, struct guest *g)
{
	for (int i = 0; i < ROUNDS; i++) {
		profile.on = true;
		profile.since = seconds_now();
		profile_to_here("begin");
		move_pages(t, g, g->pages, BATCH, fnuma_node_of((uint32_t)i % 2),
		           FNUMA_CONTENT_KEEP, NULL);
		profile_to_here("end");
		profile.on = false;
	}

	for (int i = 0; i < NAMES && profile.step[i].name[0]; i++)
		note("of a batch by the library, %s: %.1f times, %.3f ms",
		     profile.step[i].name, (double)profile.step[i].calls / ROUNDS,
		     profile.step[i].s * 1e3 / ROUNDS);
}

static void compare(const char *which, double bare_s, double library_s)
{
	note("a batch of %u pages, the %s of %d: bare calls %.2f ms, library %.2f ms: "
	     "%+.1f %%",
	     BATCH, which, ROUNDS, bare_s * 1e3, library_s * 1e3,
	     100 * (library_s / bare_s - 1));
}

static void turns(struct bare *b, struct guest *g, double *bare_s, double *library_s)
{
	bool good = true;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		const double begun = seconds_now();
		double between;

		good = bare_batch(b, g->pages, fnuma_node_of(0)) && good;
		between = seconds_now();
		good = move_pages(b->t, g, g->pages, BATCH, g->home, FNUMA_CONTENT_KEEP,
		                  NULL) == BATCH &&
		       good;
		library_s[i] = seconds_now() - between;
		bare_s[i] = between - begun;
	}
	check(good, "%d batches by bare calls and by the library move every page",
	      ROUNDS);
}

static void speed(struct try *t)
{
	struct bare b = {.t = t, .domid = t->guest[0].domid};
	double bare_s[ROUNDS], library_s[ROUNDS];
	struct guest *g = &t->guest[0];
	xc_domaininfo_t info;

	t->pause_bound_ns =
		1000000000; /* a batch in one pause, as the bare calls have it */
	library_open(t, on_step, NULL);
	library_attach(t, g);
	b.memory = xenforeignmemory_open(NULL, 0);
	need(b.memory && xc_domain_getinfolist(t->xc, b.domid, 1, &info) == 1, "Xen");
	b.limit_kib = info.max_pages * 4;
	/* Its batches grow to their full length. */
	for (int i = 0; i < 6; i++)
		move_pages(t, g, g->pages, 4 * BATCH, fnuma_node_of((uint32_t)i % 2),
		           FNUMA_CONTENT_KEEP, NULL);
	turns(&b, g, bare_s, library_s);
	qsort(bare_s, ROUNDS, sizeof(*bare_s), by_size);
	qsort(library_s, ROUNDS, sizeof(*library_s), by_size);
	compare("fastest", bare_s[0], library_s[0]);
	compare("middle one", bare_s[ROUNDS / 2], library_s[ROUNDS / 2]);
	say_profile(t, g);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	xenforeignmemory_close(b.memory);
	library_detach(t, g);
	library_close(t);
}

const struct scenario scenario_speed = {"speed", 1, speed};
