/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What happens to a guest in the middle of a batch: somebody else pauses it, its migration
 * begins, it crashes. The batch ends well, nothing more of the guest moves, and it is left as
 * it was made.
 */
#include "try.h"
#include <stdlib.h>
#include <string.h>

#define BATCH 64u

struct interruption {
	struct try *t;
	void (*how)(struct try *t, uint32_t domid);
	bool done;
	fnuma_gfn pages[BATCH]; /* of the batch; */
	uint32_t moved;         /* the first so many moved */
};

static void before_swap(void *cookie, const char *name, uint64_t number)
{
	struct interruption *s = cookie;

	(void)number;
	if (s->done || strcmp(name, "swap") != 0)
		return;
	s->done = true;
	s->how(s->t, s->t->guest[0].domid);
}

static void pause_it(struct try *t, uint32_t domid)
{
	need(xc_domain_pause(t->xc, domid) == 0, "a pause");
}

static void crash_it(struct try *t, uint32_t domid)
{
	need(xc_domain_shutdown(t->xc, domid, SHUTDOWN_crash) == 0, "a crash");
}

static void migrate_it(struct try *t, uint32_t domid)
{
	need(xc_logdirty_control(t->xc, domid, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL,
	                         0, 0, NULL) >= 0,
	     "a log of written pages");
}

/* A migration copies once more what the log has. */
static bool all_logged(struct try *t, const fnuma_gfn *pages, uint32_t n)
{
	DECLARE_HYPERCALL_BUFFER(uint8_t, log);
	const uint64_t bytes = 1u << 17; /* of frames below 4 GiB */
	uint32_t i, logged = 0;

	log = xc_hypercall_buffer_alloc_pages(t->xc, log, (int)(bytes / XC_PAGE_SIZE));
	need(log && xc_logdirty_control(t->xc, t->guest[0].domid,
	                                XEN_DOMCTL_SHADOW_OP_PEEK, HYPERCALL_BUFFER(log),
	                                bytes * 8, 0, NULL) >= 0,
	     "the log of written pages");
	for (i = 0; i < n; i++)
		logged += log[pages[i].n / 8] >> pages[i].n % 8 & 1;
	note("%u of %u pages moved are logged", logged, n);
	xc_hypercall_buffer_free_pages(t->xc, log, (int)(bytes / XC_PAGE_SIZE));
	return n && logged == n;
}

static uint32_t flags_of(struct try *t, uint32_t domid)
{
	xc_domaininfo_t info;

	need(xc_domain_getinfolist(t->xc, domid, 1, &info) == 1 && info.domain == domid,
	     "its state");
	return info.flags;
}

/* Xen counts what was moved, and no page more or less than before. */
static void counts_exact(struct try *t, const struct guest *g, const char *when,
                         uint64_t total, uint64_t away)
{
	uint64_t total_now, away_now;
	struct count c;

	count_now(t, &c);
	total_now = count_total(&c, g->domid);
	away_now = count_on(&c, g->domid, fnuma_node_of(0));
	check(total_now == total && away_now == away,
	      "%s: by Xen's count its pages are where the results say, none more or less",
	      when);
	if (total_now != total || away_now != away)
		note("%s: %llu of %llu pages away, not %llu of %llu", when,
		     (unsigned long long)away_now, (unsigned long long)total_now,
		     (unsigned long long)away, (unsigned long long)total);
}

static int reason_of_one(struct try *t, const struct guest *g, const fnuma_gfn *page)
{
	struct fnuma_result r;
	int got = fnuma_backend_move(&t->be, g->domain, page, 1, fnuma_node_of(0),
	                             FNUMA_CONTENT_KEEP, &r, NULL);

	return got < 0 ? got : r.reason;
}

/* BATCH of the guest's listed pages, from `first` on, and one more. */
static void in_mid_batch(struct try *t, struct interruption *s, const char *when,
                         uint32_t first, uint32_t flag, int refusal)
{
	struct guest *g = &t->guest[0];
	const uint64_t total = count_total(&t->before, g->domid);
	uint64_t away = count_on(&t->before, g->domid, fnuma_node_of(0));

	s->t = t;
	library_open(t, before_swap, s);
	library_attach(t, g);
	need(g->n > first + BATCH, "pages listed");
	memcpy(s->pages, g->pages + first, sizeof(s->pages));
	s->moved = move_pages(t, g, s->pages, BATCH, fnuma_node_of(0), FNUMA_CONTENT_KEEP,
	                      NULL);
	note("%s in a batch: %u of its %u pages moved", when, s->moved, BATCH);
	check(s->done && (!flag || flags_of(t, g->domid) & flag),
	      "%s: still so when the batch is over", when);
	counts_exact(t, g, when, total, away += s->moved);
	check(reason_of_one(t, g, g->pages + first + BATCH) == refusal,
	      "%s: no other page moves then: %s", when, fnuma_strerror(refusal));
	library_detach(t, g);
	library_close(t);
	counts_exact(t, g, when, total, away);
}

static void goes_on(struct try *t, const char *when)
{
	check(guest_well(t, t->guest[0].domid),
	      "%s: then the guest goes on, and finds all its memory right", when);
	count_now(t, &t->before);
}

static void interrupted(struct try *t)
{
	struct interruption paused = {.how = pause_it}, migrating = {.how = migrate_it},
			    crashed = {.how = crash_it};
	const uint32_t domid = t->guest[0].domid;

	in_mid_batch(t, &paused, "paused", 0, XEN_DOMINF_paused, FNUMA_E_BUSY);
	need(xc_domain_unpause(t->xc, domid) == 0, "an end of the pause");
	goes_on(t, "paused");
	in_mid_batch(t, &migrating, "migrating", BATCH, 0, FNUMA_E_BUSY);
	check(all_logged(t, migrating.pages, migrating.moved),
	      "migrating: what was moved is logged as written");
	need(xc_logdirty_control(t->xc, domid, XEN_DOMCTL_SHADOW_OP_OFF, NULL, 0, 0,
	                         NULL) >= 0,
	     "an end of the log");
	goes_on(t, "migrating");
	in_mid_batch(t, &crashed, "crashed", 2 * BATCH, XEN_DOMINF_shutdown,
	             FNUMA_E_GONE);
}

const struct scenario scenario_interrupted = {"interrupted", 1, interrupted};
