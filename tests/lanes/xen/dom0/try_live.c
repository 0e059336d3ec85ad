/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A live guest: its pages are displaced to another node and brought home, while it writes
 * and checks every one of them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "try.h"

#define ENOUGH_PAGES 50000u
#define HVM_PAGES    9000u
#define SILENCE_S    10.0 /* between beats, four a second if nothing else runs */

/* The longest that a guest did not beat, as seen from here. */
struct listener {
	struct try *t;
	uint32_t domid;
	pthread_t thread;
	_Atomic bool stop;
	double longest_s;
};

static void *listen(void *cookie)
{
	struct listener *l = cookie;
	struct beat last = {0}, now;
	double since = seconds_now();

	while (!l->stop) {
		usleep(250000);
		if (guest_beat(l->t, l->domid, &now) && now.beats != last.beats) {
			last = now;
			since = seconds_now();
		}
		if (seconds_now() - since > l->longest_s)
			l->longest_s = seconds_now() - since;
	}
	return NULL;
}

static void check_counts(struct try *t, const struct guest *g, fnuma_node away,
                         uint64_t displaced, const char *when)
{
	const uint64_t home = count_on(&t->before, g->domid, g->home);
	struct count c;

	count_now(t, &c);
	check(count_on(&c, g->domid, away) == displaced &&
	              count_on(&c, g->domid, g->home) == home - displaced &&
	              count_total(&c, g->domid) == count_total(&t->before, g->domid),
	      "%s, Xen counts %llu pages away, %llu at home, none more or less", when,
	      (unsigned long long)count_on(&c, g->domid, away),
	      (unsigned long long)count_on(&c, g->domid, g->home));
}

static void move_all(struct try *t, struct guest *g, fnuma_node to, const char *what)
{
	const double begun = seconds_now();
	int reason = FNUMA_OK;
	const uint32_t done =
		move_pages(t, g, g->pages, g->n, to, FNUMA_CONTENT_KEEP, &reason);

	check(done == g->n, "%s pages of a live guest are %s", "all listed", what);
	note("%u of %u pages %s in %.1f s of the machine (%s)", done, g->n, what,
	     seconds_now() - begun, fnuma_strerror(reason));
}

static void say_pauses(struct try *t)
{
	struct fnuma_xen_stats s;

	fnuma_xen_stats(t->x, &s);
	note("%llu pauses, %.2f ms each, longest %.2f ms, %llu over the bound",
	     (unsigned long long)s.pauses,
	     s.pauses ? (double)s.paused_ns / (double)s.pauses / 1e6 : 0.0,
	     (double)s.longest_pause_ns / 1e6, (unsigned long long)s.pauses_over);
}

static void there_and_back(struct try *t, uint32_t enough)
{
	const fnuma_node away = fnuma_node_of(0);
	struct guest *g = &t->guest[0];
	struct listener l = {.t = t, .domid = g->domid};
	struct beat beat;

	library_open(t, NULL, NULL);
	library_attach(t, g);
	check(g->n >= enough, "the guest's agent lists %u pages", g->n);
	need(pthread_create(&l.thread, NULL, listen, &l) == 0, "a thread");
	move_all(t, g, away, "displaced");
	check_counts(t, g, away, g->n, "displaced");
	check(guest_well(t, g->domid), "displaced, the guest finds all its memory right");
	move_all(t, g, g->home, "brought home");
	check_counts(t, g, away, 0, "at home again");
	check(guest_well(t, g->domid),
	      "at home again, the guest finds all its memory right");
	l.stop = true;
	pthread_join(l.thread, NULL);
	check(l.longest_s < SILENCE_S, "the guest answered all the time");
	note("longest silence %.2f s", l.longest_s);
	check(guest_beat(t, g->domid, &beat) && beat.followed == 0,
	      "no listed page was moved by the guest's own kernel");
	say_pauses(t);
	library_detach(t, g);
	library_close(t);
}

static void live(struct try *t)
{
	there_and_back(t, ENOUGH_PAGES);
}

/* Likewise, with a device model that has the guest mapped. */
static void hvm(struct try *t)
{
	there_and_back(t, HVM_PAGES);
}

const struct scenario scenario_hvm = {"hvm", 1, hvm};
const struct scenario scenario_live = {"live", 1, live};
