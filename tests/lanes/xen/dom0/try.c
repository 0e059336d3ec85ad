/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "try.h"

/* Times are those of an emulated machine: some fifty times as long. */
#define PAUSE_BOUND_NS 50000000u
#define ANSWER_S       20.0

static uint32_t checks, bad;
static bool quiet; /* the same handler hears all connections */

bool check(bool good, const char *name, ...)
{
	va_list args;

	bad += !good;
	va_start(args, name);
	printf("%s %u - ", good ? "ok" : "not ok", ++checks);
	vprintf(name, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
	return good;
}

bool all_good(void)
{
	return bad == 0;
}

void note(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	printf("# ");
	vprintf(text, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
}

void need(bool there, const char *what)
{
	if (there)
		return;
	check(false, "cannot go on: %s", what);
	exit(1);
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void nap(void)
{
	const struct timespec ms = {0, 10000000};

	nanosleep(&ms, NULL);
}

/* ------------------------------------------------------------ the library */

static void heard(void *cookie, const char *text)
{
	(void)cookie;
	if (!quiet)
		note("the backend says: %s", text);
}

void library_open(struct try *t,
                  void (*step)(void *cookie, const char *name, uint64_t number),
                  void *cookie)
{
	const struct fnuma_xen_config config = {
		.pause_bound_ns = t->pause_bound_ns ? t->pause_bound_ns : PAUSE_BOUND_NS,
		.nodes_age_ns = t->nodes_age_ns,
		.migrate = t->migrate,
		.say = heard,
		.step = step,
		.cookie = cookie};
	int err;

	quiet = t->quiet;
	err = fnuma_xen_open(&config, &t->x);

	if (err)
		note("fnuma_xen_open: %s", fnuma_strerror(err));
	need(err == FNUMA_OK && fnuma_xen_backend(t->x, &t->be) == FNUMA_OK,
	     "fnuma_xen_open");
}

static void take_listed(struct try *t, struct guest *g)
{
	struct fnuma_xen_domain_stats stats;
	fnuma_gfn cursor = {0};
	int got;

	need(fnuma_xen_domain_stats(t->x, g->domain, &stats) == FNUMA_OK, "domain stats");
	free(g->pages);
	g->pages = calloc(stats.frames, sizeof(*g->pages));
	need(g->pages != NULL, "memory");
	got = fnuma_xen_listed(t->x, g->domain, false, &cursor, g->pages, stats.frames);
	g->n = got < 0 ? 0 : (uint32_t)got;
}

void library_look_again(struct try *t, struct guest *g)
{
	const double end = seconds_now() + ANSWER_S;

	while (fnuma_xen_find_agent(t->x, g->domain) != FNUMA_OK && seconds_now() < end)
		nap();
	take_listed(t, g);
}

void library_attach(struct try *t, struct guest *g)
{
	const struct fnuma_xen_domain_config config = {.domid = g->domid};
	const int err = fnuma_xen_attach(t->x, &config, &g->domain);

	if (err)
		note("fnuma_xen_attach: %s", fnuma_strerror(err));
	need(err == FNUMA_OK, "fnuma_xen_attach");
	take_listed(t, g);
}

void library_detach(struct try *t, struct guest *g)
{
	free(g->pages);
	g->pages = NULL;
	fnuma_xen_detach(t->x, g->domain);
}

void library_close(struct try *t)
{
	fnuma_xen_close(t->x);
	t->x = NULL;
}

/* Of these pages, those that are not done and may well be, to the front. */
static uint32_t keep_busy(fnuma_gfn *pages, uint32_t n,
                          const struct fnuma_result *results, int *reason)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (results[i].outcome == FNUMA_DONE)
			continue;
		*reason = results[i].reason;
		if (results[i].reason == FNUMA_E_BUSY ||
		    results[i].reason == FNUMA_E_NOT_TRIED)
			pages[kept++] = pages[i];
	}
	return kept;
}

static uint32_t move_batch(struct try *t, const struct guest *g, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node to, enum fnuma_content content,
                           int *reason)
{
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_gfn left[FNUMA_BATCH_MAX];
	uint32_t done = 0;

	memcpy(left, pages, n * sizeof(*pages));
	for (int tries = 0; n > 0 && tries < 10; tries++) {
		int got = fnuma_backend_move(&t->be, g->domain, left, n, to, content,
		                             results, NULL);

		if (got < 0) {
			*reason = got;
			return done;
		}
		done += (uint32_t)got;
		n = keep_busy(left, n, results, reason);
	}
	return done;
}

uint32_t move_pages(struct try *t, const struct guest *g, const fnuma_gfn *pages,
                    uint32_t n, fnuma_node to, enum fnuma_content content, int *reason)
{
	uint32_t done = 0;
	int ignored = FNUMA_OK;

	for (uint32_t i = 0; i < n; i += FNUMA_BATCH_MAX)
		done += move_batch(t, g, pages + i,
		                   n - i < FNUMA_BATCH_MAX ? n - i : FNUMA_BATCH_MAX, to,
		                   content, reason ? reason : &ignored);
	return done;
}

/* ------------------------------------------------------------ the guest */

static char *read_data(struct try *t, uint32_t domid, const char *node)
{
	char path[80];
	unsigned int bytes;

	snprintf(path, sizeof(path), "/local/domain/%u/data/%s", domid, node);
	return xs_read(t->store, XBT_NULL, path, &bytes);
}

bool guest_beat(struct try *t, uint32_t domid, struct beat *out)
{
	char *text = read_data(t, domid, "beat");
	const bool good =
		text && sscanf(text, "%llu %llu %llu %llu", &out->beats, &out->looked,
	                       &out->bad_words, &out->followed) == 4;

	free(text);
	return good;
}

bool guest_ask(struct try *t, uint32_t domid, const char *command, uint32_t n)
{
	static unsigned int number;
	const double end = seconds_now() + ANSWER_S;
	unsigned int answered = 0;
	long result = -1;
	char path[80], text[64];

	if (number == 0)
		number = (unsigned int)(seconds_now() * 1000);
	snprintf(path, sizeof(path), "/local/domain/%u/data/ask", domid);
	snprintf(text, sizeof(text), "%u %s %u", ++number, command, n);
	if (!xs_write(t->store, XBT_NULL, path, text, (unsigned int)strlen(text)))
		return false;
	while (answered != number && seconds_now() < end) {
		char *answer;

		nap();
		answer = read_data(t, domid, "answer");
		if (!answer || sscanf(answer, "%u %ld", &answered, &result) != 2)
			answered = 0;
		free(answer);
	}
	return answered == number && result >= 0;
}

/* What it says is as of now. */
static bool ask_for_beat(struct try *t, uint32_t domid, struct beat *out)
{
	return guest_ask(t, domid, "beat", 0) && guest_beat(t, domid, out);
}

/* Until it has looked at its memory for so much more; *last then says what it said last. */
static bool wait_for(struct try *t, uint32_t domid, unsigned int looked, struct beat *last)
{
	const double end = seconds_now() + ANSWER_S;
	struct beat first;

	if (!ask_for_beat(t, domid, &first))
		return false;
	do {
		if (!ask_for_beat(t, domid, last) || last->bad_words > 0)
			return false;
		if (last->looked >= first.looked + looked)
			return true;
		nap();
	} while (seconds_now() < end);
	note("domain %u: beats %llu to %llu, passes by a thousand %llu to %llu", domid,
	     first.beats, last->beats, first.looked, last->looked);
	return false;
}

bool guest_beats(struct try *t, uint32_t domid)
{
	struct beat last;

	return ask_for_beat(t, domid, &last) && last.bad_words == 0;
}

bool guest_well(struct try *t, uint32_t domid)
{
	struct beat last;

	return wait_for(t, domid, 1001, &last);
}

/* ------------------------------------------------------------ Xen's count */

void count_now(struct try *t, struct count *out)
{
	need(referee_count(t->xc, out) == 0, "Xen's count");
}

uint64_t count_on(const struct count *c, uint32_t domid, fnuma_node node)
{
	const struct domain_count *d = referee_domain(c, domid);

	return d ? d->node[node.id] : 0;
}

uint64_t count_total(const struct count *c, uint32_t domid)
{
	const struct domain_count *d = referee_domain(c, domid);

	return d ? d->total : 0;
}
