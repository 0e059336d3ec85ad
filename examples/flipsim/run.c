/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "run.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_CELLS 40
#define LOOK_EVERY_NS 100000000
/* The fit ends this near to its target, in points, or after so many runs. */
#define FIT_NEAR_PCT 0.01
#define FIT_RUNS 24

struct crew;

struct job {
	struct crew *crew;
	double done; /* 0 to 1; under the crew's lock */
};

struct crew {
	struct run *run;
	struct job jobs[MODES_MAX];
	pthread_mutex_t lock;
	uint32_t next;
	uint32_t finished;
	uint32_t announced;
	uint32_t order[MODES_MAX]; /* modes as they finished */
};

bool run_choose(struct run *r, const char *list, char *error, size_t bytes)
{
	const struct mode *m;
	uint32_t i;

	for (i = 0; !list && (m = mode_at(i)) != NULL; i++)
		r->modes[r->n_modes++] = m;
	while (list && *list) {
		size_t length = strcspn(list, ",");
		char name[SCENARIO_NAME_BYTES] = "";

		if (length < sizeof(name))
			memcpy(name, list, length);
		m = mode_find(name);
		if (!m) {
			snprintf(error, bytes, "no mode '%.*s' (see --list-modes)", (int)length, list);
			return false;
		}
		for (i = 0; i < r->n_modes && r->modes[i] != m; i++)
			;
		if (i == r->n_modes)
			r->modes[r->n_modes++] = m;
		list += length;
		list += *list == ',';
	}
	if (!r->n_modes)
		snprintf(error, bytes, "names no mode");
	return r->n_modes > 0;
}

static void note_progress(void *cookie, double done)
{
	struct job *j = cookie;

	pthread_mutex_lock(&j->crew->lock);
	j->done = done;
	pthread_mutex_unlock(&j->crew->lock);
}

static void *work(void *cookie)
{
	struct crew *c = cookie;
	struct run *r = c->run;

	for (;;) {
		struct progress progress = {note_progress, NULL};
		uint32_t i;

		pthread_mutex_lock(&c->lock);
		i = c->next;
		c->next += i < r->n_modes;
		pthread_mutex_unlock(&c->lock);
		if (i == r->n_modes)
			return NULL;
		progress.cookie = &c->jobs[i];
		engine_run(r->sc, r->modes[i], r->trace, &progress, &r->results[i]);
		pthread_mutex_lock(&c->lock);
		c->jobs[i].done = 1;
		c->order[c->finished++] = i;
		pthread_mutex_unlock(&c->lock);
	}
}

static void draw_bar(struct crew *c, uint32_t finished, double done)
{
	char bar[BAR_CELLS + 1];
	int full = (int)(done * BAR_CELLS), i;

	for (i = 0; i < BAR_CELLS; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r[%s] %3.0f %%  %u of %u modes done ", bar, done * 100, finished,
	        c->run->n_modes);
	if (finished == c->run->n_modes)
		fprintf(stderr, "\r%*s\r", BAR_CELLS + 40, "");
	fflush(stderr);
}

/* Returns false once all is done. */
static bool show(struct crew *c, bool tty)
{
	struct run *r = c->run;
	uint32_t finished, i, order[MODES_MAX];
	double done = 0;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < r->n_modes; i++)
		done += c->jobs[i].done / r->n_modes;
	finished = c->finished;
	memcpy(order, c->order, sizeof(order));
	pthread_mutex_unlock(&c->lock);
	if (r->quiet)
		return finished < r->n_modes;
	if (tty) {
		draw_bar(c, finished, done);
		return finished < r->n_modes;
	}
	for (; c->announced < finished; c->announced++) {
		i = order[c->announced];
		fprintf(stderr, "%s: done in %.1f s (%u of %u)\n", r->modes[i]->name,
		        r->results[i].fig[FIG_WALL_S], c->announced + 1, r->n_modes);
	}
	return finished < r->n_modes;
}

static bool complain_of_failures(const struct run *r)
{
	uint32_t i;
	bool ok = true;

	for (i = 0; i < r->n_modes; i++) {
		if (!r->results[i].error)
			continue;
		fprintf(stderr, "flipsim: %s: %s\n", r->modes[i]->name, r->results[i].error);
		ok = false;
	}
	return ok;
}

bool run_modes(struct run *r)
{
	const struct timespec nap = {0, LOOK_EVERY_NS};
	pthread_t threads[MODES_MAX];
	struct crew c;
	uint32_t i, n = 0;
	bool tty = isatty(STDERR_FILENO) == 1;

	memset(&c, 0, sizeof(c));
	c.run = r;
	pthread_mutex_init(&c.lock, NULL);
	for (i = 0; i < r->n_modes; i++)
		c.jobs[i].crew = &c;
	while (n < r->jobs && n < r->n_modes)
		if (pthread_create(&threads[n++], NULL, work, &c)) {
			n--;
			break;
		}
	if (!n) {
		fprintf(stderr, "flipsim: cannot start a thread\n");
		return false;
	}
	while (show(&c, tty))
		nanosleep(&nap, NULL);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&c.lock);
	return complain_of_failures(r);
}

void run_free(struct run *r)
{
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		free(r->results[i].samples);
}

/* Where vanilla ends with that churn, in points above the target; NAN if it fails. */
static double miss(struct scenario *sc, const struct packets *trace, double churn, bool quiet)
{
	struct result r;

	sc->fit.churn_pages_per_s = churn;
	engine_run(sc, mode_at(0), trace, NULL, &r);
	free(r.samples);
	if (r.error) {
		fprintf(stderr, "flipsim: fit: %s\n", r.error);
		return NAN;
	}
	if (!quiet)
		fprintf(stderr, "fit: churn %.4f pages/s ends at %.4f %% remote (%.1f s)\n", churn,
		        r.fig[FIG_REMOTE_PCT_END], r.fig[FIG_WALL_S]);
	return r.fig[FIG_REMOTE_PCT_END] - sc->fit.remote_pct;
}

/* Between two churns, of which the first is too low and the second too high: false
 * position with the standing end halved (Illinois), so that it can't crawl. */
static bool narrow(struct scenario *sc, const struct packets *trace, double low,
                   double low_miss, double high, double high_miss, bool quiet)
{
	int last = 0, i;

	for (i = 0; i < FIT_RUNS; i++) {
		double churn = (low * high_miss - high * low_miss) / (high_miss - low_miss);
		double m = miss(sc, trace, churn, quiet);

		if (isnan(m))
			return false;
		if (fabs(m) <= FIT_NEAR_PCT)
			return true;
		if (m < 0) {
			low = churn;
			low_miss = m;
			high_miss /= last < 0 ? 2 : 1;
			last = -1;
		} else {
			high = churn;
			high_miss = m;
			low_miss /= last > 0 ? 2 : 1;
			last = 1;
		}
	}
	return true;
}

bool run_fit(struct scenario *sc, const struct packets *trace, bool quiet)
{
	/* Without churn next to nothing drifts, so that run can be spared. With it, half of what
	 * comes in is remote, as long as both sides' memory is at home. */
	double low = 0, low_miss = -sc->fit.remote_pct, high_miss;
	double high = 2 * sc->fit.remote_pct / 100 * scenario_guest_pages(sc) / sc->duration_s;
	int i;

	for (i = 0; i < 8; i++, high *= 2) {
		high_miss = miss(sc, trace, high, quiet);
		if (isnan(high_miss))
			return false;
		if (high_miss >= 0)
			return narrow(sc, trace, low, low_miss, high, high_miss, quiet);
		low = high;
		low_miss = high_miss;
	}
	fprintf(stderr, "flipsim: fit: vanilla does not reach %g %% with any churn\n",
	        sc->fit.remote_pct);
	return false;
}
