/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "loop.h"

#include "control.h"
#include "metrics.h"
#include "say.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

struct loop {
	struct engine *engine;
	sd_event *event;
	sd_event_source *turn, *metrics;
	struct control *control;
	bool metrics_failed; /* said already */
	uint32_t status_domains;
	bool status_busy;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

uint64_t loop_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t loop_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* ---------------------------------------------------------------- systemd */

static void tell_status(struct loop *l, bool again)
{
	const struct engine *e = l->engine;

	if (!again && l->status_domains == e->n_domains && l->status_busy == e->busy)
		return;
	l->status_domains = e->n_domains;
	l->status_busy = e->busy;
	sd_notifyf(0, "STATUS=%u domains, %s%s", e->n_domains, e->dry_run ? "a dry run, " : "",
	           e->busy ? "backing off: the machine is busy" : "at work");
}

static int on_end(sd_event_source *s, const struct signalfd_siginfo *si, void *cookie)
{
	struct loop *l = cookie;

	(void)s, (void)si;
	sd_notify(0, "STOPPING=1\nSTATUS=stopping");
	return sd_event_exit(l->event, EXIT_SUCCESS);
}

static void complain(void *cookie, const char *text)
{
	(void)cookie;
	say(LOG_ERR, NULL, "%s", text);
}

static int on_reload(sd_event_source *s, const struct signalfd_siginfo *si, void *cookie)
{
	static struct config c;
	const struct config_sink sink = {complain, NULL};
	struct loop *l = cookie;
	char why[WHY_BYTES];

	(void)s, (void)si;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%ju", (uintmax_t)(loop_now_ns() / 1000));
	if (config_read(&c, l->engine->config_path, &sink)) {
		l->engine->reload_failures++;
		say(LOG_ERR, NULL, "the configuration is as it was");
	} else if (!engine_reload(l->engine, &c, why, sizeof(why))) {
		say(LOG_ERR, NULL, "the configuration is as it was: %s", why);
	} else {
		say(LOG_INFO, NULL, "reloaded %s", l->engine->config_path);
	}
	sd_notify(0, "READY=1");
	tell_status(l, true);
	return 0;
}

/* ---------------------------------------------------------------- the engine's time */

static int on_turn(sd_event_source *s, uint64_t usec, void *cookie)
{
	struct loop *l = cookie;
	uint64_t next = engine_turn(l->engine, loop_now_ns(), loop_real_ns());

	(void)usec;
	tell_status(l, false);
	sd_event_source_set_time(s, next / 1000 + (next % 1000 != 0));
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

/* Somebody may have changed what is due. */
static int on_prepare(sd_event_source *s, void *cookie)
{
	struct loop *l = cookie;
	uint64_t due = fnuma_host_next(l->engine->host, loop_now_ns()), set;

	if (due != FNUMA_NEVER && sd_event_source_get_time(s, &set) >= 0 && due / 1000 < set &&
	    l->engine->hold_until_ns < due)
		sd_event_source_set_time(s, due / 1000);
	return 0;
}

static int on_metrics(sd_event_source *s, uint64_t usec, void *cookie)
{
	struct loop *l = cookie;
	bool failed = !metrics_write(l->engine);

	if (failed && !l->metrics_failed)
		say(LOG_WARNING, NULL, "%s: %s", l->engine->config.daemon.metrics_file,
		    strerror(errno));
	l->metrics_failed = failed;
	sd_event_source_set_time(s, usec + (uint64_t)(l->engine->config.daemon.metrics_s * 1e6));
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int on_ended(sd_event_source *s, int fd, uint32_t events, void *cookie)
{
	struct domain *d = cookie;

	(void)s, (void)fd, (void)events;
	domain_ended(d->engine, d);
	return 0;
}

static void on_domain(void *cookie, struct domain *d, bool came)
{
	struct loop *l = cookie;

	if (!came)
		d->watch = sd_event_source_unref(d->watch);
	else if (d->at.fd >= 0)
		sd_event_add_io(l->event, (sd_event_source **)&d->watch, d->at.fd, EPOLLIN,
		                on_ended, d);
}

/* ---------------------------------------------------------------- beginning */

static bool block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0;
}

static bool watch_signal(struct loop *l, int number, sd_event_signal_handler_t fn)
{
	sd_event_source *s;

	return sd_event_add_signal(l->event, &s, number, fn, l) >= 0 &&
	       sd_event_source_set_priority(s, SD_EVENT_PRIORITY_IMPORTANT) >= 0 &&
	       sd_event_source_set_floating(s, 1) >= 0 && !sd_event_source_unref(s);
}

/* The engine comes last: whoever wants something waits for one turn at most. */
static bool watch_all(struct loop *l)
{
	const uint64_t now = loop_now_ns() / 1000;

	return watch_signal(l, SIGTERM, on_end) && watch_signal(l, SIGINT, on_end) &&
	       watch_signal(l, SIGHUP, on_reload) &&
	       sd_event_add_time(l->event, &l->turn, CLOCK_MONOTONIC, now, 1, on_turn, l) >= 0 &&
	       sd_event_source_set_priority(l->turn, SD_EVENT_PRIORITY_IDLE) >= 0 &&
	       sd_event_source_set_prepare(l->turn, on_prepare) >= 0 &&
	       sd_event_add_time(l->event, &l->metrics, CLOCK_MONOTONIC, now, 0, on_metrics,
	                         l) >= 0 &&
	       sd_event_set_watchdog(l->event, 1) >= 0;
}

static bool begin(struct loop *l)
{
	struct engine *e = l->engine;
	char why[WHY_BYTES] = "";
	const char *error = NULL;

	if (!block_signals() || sd_event_default(&l->event) < 0 || !watch_all(l)) {
		say(LOG_ERR, NULL, "no event loop");
		return false;
	}
	e->on_domain = on_domain;
	e->cookie = l;
	e->clock_ns = loop_now_ns;
	if (!engine_open(e, loop_now_ns(), loop_real_ns(), why, sizeof(why))) {
		say(LOG_ERR, NULL, "%s", why);
		return false;
	}
	if (e->lock_fd < 0)
		say(LOG_NOTICE, NULL, "beside another flipnumad: without a socket and a state");
	else
		error = control_open(&l->control, e, l->event);
	if (error)
		say(LOG_ERR, NULL, "%s: %s", e->config.daemon.socket, error);
	return !error;
}

int loop_run(struct engine *e)
{
	struct loop l = {.engine = e};
	int status = EXIT_FAILURE;

	if (begin(&l)) {
		sd_notify(0, "READY=1");
		tell_status(&l, true);
		say(LOG_INFO, NULL, "at work on backend %s with %u nodes%s", e->source.ops->name,
		    e->topology.nodes, e->dry_run ? ": a dry run, nothing will be moved" : "");
		status = sd_event_loop(l.event);
		metrics_write(e);
		say(LOG_INFO, NULL, "ended");
	}
	control_close(l.control);
	engine_close(e);
	sd_event_source_unref(l.turn);
	sd_event_source_unref(l.metrics);
	sd_event_unref(l.event);
	return status;
}
