/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "privvm.h"

#include "end.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
/* As few as keep both busy on a machine with time for both. */
#define TICKS_AHEAD 2u
#define BURST_MAX FNUMA_BATCH_MAX

struct privvm {
	const struct privvm_job *job;
	struct wire *wire;
	struct end end;
	struct load load;
	fnuma_gfn *ring;         /* the network card's buffers, first in first out */
	uint32_t ring_size, ring_head, ring_n;
	uint32_t posted, returned;
	uint32_t room;           /* of the share's ring */
	uint64_t begun_ns, cpu_begun_ns, tick_ns, each;
	uint32_t ticks;
	double churn_owed;
	uint32_t idle;           /* turns with nothing to do */
};

static const char *fill_ring(struct privvm *p)
{
	while (p->ring_n < p->ring_size) {
		fnuma_gfn *slot = &p->ring[(p->ring_head + p->ring_n) % p->ring_size];

		if (fnuma_linux_share_alloc(p->end.share, slot, 1) != 1)
			break;
		p->ring_n++;
	}
	return p->ring_n ? NULL : "the privVM has no page for a packet";
}

static const char *boot(struct privvm *p, char *error)
{
	const struct privvm_job *job = p->job;
	const struct scenario *sc = job->sc;
	const char *wrong = job->bind ? end_bind((uint32_t)sc->privvm.node) : NULL;

	if (!wrong)
		wrong = end_open(&p->end, job->host_flags, job->fd, 0, 0, (uint64_t)sc->seed,
		                 error);
	if (wrong)
		return wrong;
	p->ring_size = (uint32_t)sc->privvm.ring_pages;
	p->ring = calloc(p->ring_size, sizeof(*p->ring));
	p->room = WIRE_SLOTS;
	if (!p->ring)
		return "no memory";
	memset(p->wire->slots, 0, sizeof(p->wire->slots)); /* on this node from now on */
	p->wire->frames_before = end_frames_sum(&p->end);
	if (!end_reserve(&p->end, pages_of_mb(sc->privvm.kernel_mb)))
		return "the privVM has no memory for its kernel";
	wrong = fill_ring(p);
	end_start(&p->end, pages_of_mb(sc->privvm.app_mb));
	load_init(&p->load, job->io, NULL, sc->tick_ms, sc->duration_s, (uint64_t)sc->seed);
	p->tick_ns = (uint64_t)(sc->tick_ms * 1e6 + 0.5);
	p->each = (uint64_t)(sc->sample_s * 1000 / sc->tick_ms + 0.5);
	p->each = p->each ? p->each : 1;
	return wrong;
}

/* Frames that come back have the unprivVM's pages behind them. They are freed. */
static void collect(struct privvm *p)
{
	fnuma_gfn pages[BURST_MAX];
	int n;

	while ((n = fnuma_linux_share_returned(p->end.share, pages, BURST_MAX)) > 0) {
		p->returned += (uint32_t)n;
		fnuma_linux_share_free(p->end.share, pages, (uint32_t)n);
	}
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Packets into the buffers at the head of the card's ring, and off with them. */
static uint32_t post(struct privvm *p, uint32_t n)
{
	const uint32_t credit = wire_get(&p->wire->credit) - p->posted;
	fnuma_gfn pages[BURST_MAX];
	uint32_t i;

	n = least(least(n, BURST_MAX), least(p->ring_n, p->room - (p->posted - p->returned)));
	n = credit > INT32_MAX ? 0 : least(n, credit);
	for (i = 0; i < n; i++) {
		void *at;

		pages[i] = p->ring[(p->ring_head + i) % p->ring_size];
		at = fnuma_linux_share_at(p->end.share, pages[i]);
		packet_write(at, p->wire->posted + i, i || p->job->flat ? 0 : frame_of(at));
	}
	if (n && fnuma_linux_share_post(p->end.share, pages, n) != (int)n)
		return 0;
	p->ring_head = (p->ring_head + n) % p->ring_size;
	p->ring_n -= n;
	p->posted += n;
	p->wire->posted += n;
	fill_ring(p);
	return n;
}

/* Packets into pages that stay the privVM's, to be copied. */
static uint32_t offer(struct privvm *p, uint32_t n)
{
	const uint32_t filled = p->wire->slots_filled;
	/* As many as could be on their way if they were flipped. */
	const uint32_t most = least((uint32_t)p->job->sc->guest.ring_pages, WIRE_SLOTS);
	uint32_t i;

	n = least(least(n, BURST_MAX), most - (filled - wire_get(&p->wire->copied)));
	for (i = 0; i < n; i++) {
		void *at = p->wire->slots[(filled + i) % WIRE_SLOTS];

		packet_write(at, p->wire->copies + i, i || p->job->flat ? 0 : frame_of(at));
	}
	p->wire->copies += n;
	wire_set(&p->wire->slots_filled, filled + n);
	return n;
}

/* A burst of packets. Those for which nothing is posted are copied if there is a pool that
 * has run out, and otherwise lost. Returns how many it took. */
static uint32_t burst(struct privvm *p, uint32_t n)
{
	uint32_t sent = p->job->mode->copies ? 0 : post(p, n);

	if (p->job->mode->copies || (p->job->mode->sizer && !p->job->flat))
		sent += offer(p, n - sent);
	return sent;
}

static uint32_t away(const struct privvm *p, const uint32_t *counts)
{
	uint32_t i, sum = 0;

	for (i = 0; i < FNUMA_NODES_MAX; i++)
		sum += i == (uint32_t)p->job->sc->privvm.node ? 0 : counts[i];
	return sum;
}

static void upkeep(struct privvm *p)
{
	const uint64_t n = (uint64_t)(p->churn_owed +=
		p->job->sc->fit.churn_pages_per_s * (double)p->tick_ns / 1e9);
	uint32_t counts[FNUMA_NODES_MAX];

	p->churn_owed -= (double)n;
	end_churn(&p->end, n);
	if (p->ticks % p->each)
		return;
	end_counts(&p->end, counts);
	wire_set(&p->wire->away_pages, away(p, counts));
}

/* Applications run between the packets of two ticks, and find what came back meanwhile: free
 * lists are last in, first out, so that otherwise the next packets would go out in it. */
static void one_tick(struct privvm *p)
{
	const uint32_t most = (uint32_t)p->job->sc->burst_pages;
	struct arrivals a = load_tick(&p->load);
	uint32_t n;

	collect(p);
	upkeep(p);
	for (; a.rx; a.rx -= n) {
		n = least(a.rx, most);
		p->wire->drops += n - burst(p, n);
	}
	wire_set(&p->wire->ticks, ++p->ticks);
}

/* Ticks come by the clock, but not before the unprivVM has done with those before: if the
 * machine has no time for one of the two, it stands still for both. */
static bool ticks(struct privvm *p)
{
	const uint64_t most = (uint64_t)wire_get(&p->wire->done) + TICKS_AHEAD;
	uint64_t due = (wall_clock() - p->begun_ns) / p->tick_ns;
	const bool busy = p->ticks < due;

	if (due > most) {
		p->begun_ns += (due - most) * p->tick_ns;
		due = most;
	}
	while (p->ticks < due)
		one_tick(p);
	return busy;
}

static void go_on(struct privvm *p)
{
	bool busy;

	while (!wire_get(&p->wire->stop)) {
		collect(p);
		busy = p->job->flat ? burst(p, (uint32_t)p->job->sc->burst_pages) != 0 : ticks(p);
		if (busy)
			p->idle = 0;
		else
			wire_wait(&p->idle, p->job->flat, p->tick_ns);
	}
	while (p->posted != p->returned) {
		collect(p);
		wire_wait(&p->idle, false, p->tick_ns);
	}
}

/* What is there in the end, by the kernel. */
static void account(struct privvm *p)
{
	uint32_t counts[FNUMA_NODES_MAX];
	struct wire *w = p->wire;

	w->cpu_ns = cpu_clock() - p->cpu_begun_ns;
	end_exit(&p->end);
	w->bad_pages = p->end.bad_pages;
	w->lost_pages = end_counts(&p->end, counts);
	w->frames_after = end_frames_sum(&p->end);
	wire_set(&w->away_pages, away(p, counts));
	wire_set(&w->over, 1);
	while (!wire_get(&w->leave))
		wire_wait(&p->idle, false, SECOND / 250);
}

int privvm_run(const struct privvm_job *job)
{
	struct privvm p = {.job = job, .wire = job->wire};
	char error[END_ERROR_BYTES] = "";
	const char *wrong;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wrong = boot(&p, error);
	if (wrong) {
		snprintf(p.wire->error, sizeof(p.wire->error), "%.150s", wrong);
		return EXIT_FAILURE;
	}
	wire_set(&p.wire->ready, 1);
	while (!wire_get(&p.wire->go) && !wire_get(&p.wire->leave))
		wire_wait(&p.idle, false, SECOND / 250);
	p.begun_ns = wall_clock();
	p.cpu_begun_ns = cpu_clock();
	go_on(&p);
	account(&p);
	end_close(&p.end);
	free(p.ring);
	return EXIT_SUCCESS;
}
