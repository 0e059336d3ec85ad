/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the core decides, as it decides it: to the log, and in short to the administrator. */
#include "engine.h"
#include "say.h"

#include <string.h>

/* Of what came home, a domain is told of no more often. */
#define SAY_EACH_NS UINT64_C(60000000000)

void events_decide(struct engine *e, const struct domain *d, struct decision *entry)
{
	entry->domain = d->who.number;
	entry->start = d->who.start;
	entry->time_ns = e->real_ns;
	decisions_add(&e->decisions, entry);
}

/* In the log there is one entry for what happened to a page, and none each time that it is
 * left alone because of it. */
static bool said_before(const struct fnuma_event *x)
{
	return x->kind == FNUMA_EVENT_KEPT &&
	       (x->why == FNUMA_E_COOLDOWN || x->why == FNUMA_E_BACKOFF ||
	        x->why == FNUMA_E_GAVE_UP);
}

static uint32_t kind_of(const struct fnuma_event *x)
{
	switch (x->kind) {
	case FNUMA_EVENT_TRIGGER:
		return DECISION_DUE;
	case FNUMA_EVENT_MOVED:
		return DECISION_MOVED;
	case FNUMA_EVENT_KEPT:
		return DECISION_KEPT;
	case FNUMA_EVENT_GAVE_UP:
		return DECISION_GAVE_UP;
	case FNUMA_EVENT_PASS:
		return DECISION_PASS;
	case FNUMA_EVENT_BACKOFF:
		return DECISION_REST;
	case FNUMA_EVENT_STATE:
		if (x->why == FNUMA_E_PAUSED)
			return DECISION_PAUSED;
		return x->why == FNUMA_OK ? DECISION_RESUMED : 0;
	default:
		return 0;
	}
}

static void write_down(struct engine *e, const struct domain *d, const struct fnuma_event *x)
{
	struct decision entry = {.kind = (uint8_t)kind_of(x), .from = x->from.id, .to = x->to.id,
	                         .first = x->page.n, .count = x->count};

	if (!entry.kind || said_before(x))
		return;
	if (entry.first != FNUMA_GFN_NONE_N)
		entry.count = 1;
	entry.u.s.why = x->why;
	if (x->kind == FNUMA_EVENT_BACKOFF && x->until_ns > x->now_ns)
		entry.u.s.wait_ms = (uint32_t)((x->until_ns - x->now_ns) / 1000000);
	events_decide(e, d, &entry);
}

/* A dry run says what it would do, once for as long as it stays the same. */
static void say_would(struct domain *d)
{
	struct say_of of = domain_say(d, FNUMA_E_DRY_RUN);
	uint32_t node, total = 0;

	for (node = 0; node < FNUMA_NODES_MAX; node++)
		total += d->would[node];
	for (node = 0; node < FNUMA_NODES_MAX && total != d->said_would; node++)
		if (d->would[node])
			say(LOG_NOTICE, &of, "would bring %u pages home from node %u",
			    d->would[node], node);
	d->said_would = total;
	memset(d->would, 0, sizeof(d->would));
}

static void say_home(const struct engine *e, struct domain *d, uint32_t count)
{
	struct say_of of = domain_say(d, FNUMA_OK);

	d->came_home += count;
	if (!d->came_home || (d->said_ns && e->now_ns - d->said_ns < SAY_EACH_NS))
		return;
	say(LOG_INFO, &of, "%ju pages came home", (uintmax_t)d->came_home);
	d->came_home = 0;
	d->said_ns = e->now_ns;
}

static void on_pass(const struct engine *e, struct domain *d, uint32_t count)
{
	if (e->dry_run)
		say_would(d);
	else
		say_home(e, d, count);
	if (count)
		d->said_rest = FNUMA_OK;
}

/* Why a domain rests is said once, until something moves or the reason is another. */
static void on_rest(struct domain *d, int why)
{
	struct say_of of = domain_say(d, why);

	if (d->said_rest == why || why == FNUMA_E_BACKOFF)
		return;
	d->said_rest = why;
	say(LOG_NOTICE, &of, "rests: %s", fnuma_strerror(why));
}

static void count(const struct engine *e, struct domain *d, const struct fnuma_event *x)
{
	struct moves *to = x->to.id < e->topology.nodes ? &d->moves[x->to.id] : NULL;

	if (to && x->kind == FNUMA_EVENT_MOVED)
		to->moved++;
	else if (to && x->kind == FNUMA_EVENT_KEPT && x->why == FNUMA_E_DRY_RUN)
		to->rehearsed++;
	else if (to && (x->kind == FNUMA_EVENT_KEPT || x->kind == FNUMA_EVENT_GAVE_UP))
		to->kept[-x->why]++;
}

void events_on(void *cookie, const struct fnuma_event *event)
{
	struct engine *e = cookie;
	struct domain *d = domain_of(e, event->domain);

	if (!d)
		return;
	write_down(e, d, event);
	count(e, d, event);
	if (event->kind == FNUMA_EVENT_TRIGGER) {
		d->decided++;
		d->late_ns += e->late_ns;
	}
	if (event->kind == FNUMA_EVENT_KEPT && event->why == FNUMA_E_DRY_RUN &&
	    event->from.id < FNUMA_NODES_MAX)
		d->would[event->from.id]++;
	else if (event->kind == FNUMA_EVENT_PASS)
		on_pass(e, d, event->count);
	else if (event->kind == FNUMA_EVENT_BACKOFF)
		on_rest(d, event->why);
}
