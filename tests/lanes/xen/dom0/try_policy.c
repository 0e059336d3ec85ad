/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A policy from end to end: a live guest drifts, page by page, to another node, and the
 * library's host brings it home by the paper's period or amount. How much is away is
 * Xen's word. A minute of the policy's time passes with each share of the drift.
 *
 * Writes the layout over time to LAYOUT, as `flipsim --csv` does.
 */
#include "try.h"
#include <flipnuma/host.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LAYOUT "/run/layout.csv"
#define MINUTE (60 * UINT64_C(1000000000))
#define TICKS  8u
#define DRIFT  600u  /* pages a tick */
#define PERIOD 3u    /* ticks */
#define AMOUNT 1300u /* pages */

struct policy {
	const char *mode;    /* flipsim's name of it */
	const char *trigger; /* NULL: nobody brings anything home */
	uint32_t most;       /* pages that may be away at any time */
};

static const struct policy policies[] = {
	{"vanilla", NULL, TICKS *DRIFT},
	{"migrate-period", "period", PERIOD *DRIFT},
	{"migrate-amount", "amount", AMOUNT + DRIFT}, /* which comes all at once */
};

struct drifting {
	struct try *t;
	struct guest *g;
	FILE *csv;
	struct fnuma_host *host;
	fnuma_member member;
	void *memory, *member_memory;
	uint64_t begun; /* of this policy, in its time */
	uint32_t most;  /* pages away when a tick was over, so far */
	uint32_t peak;  /* and at any time */
};

static void begin(struct drifting *d, const struct policy *p)
{
	const struct fnuma_home home = {
		{0}, d->g->pages[d->g->n - 1].n + 1, d->g->home, 1};
	const struct fnuma_host_config config = {.backend = &d->t->be,
	                                         .max_members = 1,
	                                         .nodes = d->t->before.nodes,
	                                         .limits = {.pages = 1000000}};
	const struct fnuma_member_config member = {
		.domain = d->g->domain,
		.frames = home.pages,
		.homes = &home,
		.n_homes = 1,
		.start = FNUMA_START_HOME,
		.trigger = fnuma_trigger_find(p->trigger ? p->trigger : "amount"),
		.trigger_params = {.period_ns = PERIOD * MINUTE,
	                           .amount_pages = p->trigger ? AMOUNT : home.pages},
		.tuning = {.batch_pages = FNUMA_BATCH_MAX}};

	d->memory = malloc(fnuma_host_bytes(&config));
	need(fnuma_host_init(d->memory, fnuma_host_bytes(&config), &config, &d->host) ==
	             FNUMA_OK,
	     "a host");
	d->member_memory = malloc(fnuma_host_member_bytes(d->host, &member));
	need(fnuma_host_add(d->host, &member, d->member_memory,
	                    fnuma_host_member_bytes(d->host, &member), d->begun,
	                    &d->member) == FNUMA_OK,
	     "a member");
	d->most = d->peak = 0;
}

static void end(struct drifting *d)
{
	free(d->member_memory);
	free(d->memory);
}

/* What flips would do to a guest that keeps what it gets. */
static void drift(struct drifting *d, uint32_t tick, uint64_t now)
{
	const fnuma_node away = fnuma_node_of(0);
	fnuma_gfn *pages = d->g->pages + tick * DRIFT;
	static fnuma_node nodes[DRIFT];

	for (uint32_t i = 0; i < DRIFT; i++)
		nodes[i] = away;
	need(move_pages(d->t, d->g, pages, DRIFT, away, FNUMA_CONTENT_KEEP, NULL) ==
	             DRIFT,
	     "a drift");
	need(fnuma_host_record_nodes(d->host, d->member, pages, nodes, DRIFT, now) ==
	             DRIFT,
	     "a drift recorded");
}

/* What is due now, to its end. */
static void do_what_is_due(struct drifting *d, uint64_t now)
{
	uint64_t next = now;

	for (int i = 0; next <= now && i < 10000; i++)
		need(fnuma_host_step(d->host, now, 512, &next) >= 0, "a step");
	need(next > now, "an end of what is due");
}

/* Before anything is brought home again. */
static void look(struct drifting *d)
{
	struct count c;
	uint64_t away;

	count_now(d->t, &c);
	away = count_total(&c, d->g->domid) - count_on(&c, d->g->domid, d->g->home);
	d->peak = away > d->peak ? (uint32_t)away : d->peak;
}

static void write_down(struct drifting *d, const struct policy *p, uint64_t now)
{
	struct fnuma_host_stats stats;
	const struct domain_count *dc;
	uint64_t away;
	struct count c;

	count_now(d->t, &c);
	dc = referee_domain(&c, d->g->domid);
	need(dc != NULL, "the guest in Xen's count");
	away = dc->total - dc->node[d->g->home.id];
	d->most = away > d->most ? (uint32_t)away : d->most;
	fnuma_host_stats(d->host, &stats);
	fprintf(d->csv, "%.0f,%s", (double)(now - d->begun) / 1e9, p->mode);
	for (uint32_t n = 0; n < c.nodes; n++)
		fprintf(d->csv, ",%" PRIu64, dc->node[n]);
	fprintf(d->csv, ",%.6f,%.6f,0,0,0,0,%" PRIu64 ",0\n",
	        100.0 * (double)away / (double)dc->total,
	        100.0 * (double)d->most / (double)dc->total, stats.moved);
}

static void try_policy(struct drifting *d, const struct policy *p)
{
	struct fnuma_host_stats stats;
	uint64_t now = d->begun;

	begin(d, p);
	write_down(d, p, now);
	for (uint32_t tick = 0; tick < TICKS; tick++) {
		drift(d, tick, now);
		now += MINUTE;
		look(d);
		do_what_is_due(d, now);
		write_down(d, p, now);
	}
	fnuma_host_stats(d->host, &stats);
	if (p->trigger)
		check(d->peak <= p->most && stats.triggered > 1 && stats.moved > 0,
		      "by %s, no more than %u pages are away at any time, by Xen's count "
		      "(%u at "
		      "most, %" PRIu64 " brought home in %" PRIu64 " passes)",
		      p->trigger, p->most, d->peak, stats.moved, stats.triggered);
	else
		check(d->most == p->most && d->peak == p->most,
		      "left alone, all %u pages of the drift stay away", d->most);
	end(d);
	move_pages(d->t, d->g, d->g->pages, TICKS * DRIFT, d->g->home, FNUMA_CONTENT_KEEP,
	           NULL);
	d->begun = now + 60 * MINUTE;
}

static void write_head(struct drifting *d)
{
	d->csv = fopen(LAYOUT, "w");
	need(d->csv != NULL, LAYOUT);
	fprintf(d->csv, "time_s,mode");
	for (uint32_t n = 0; n < d->t->before.nodes; n++)
		fprintf(d->csv, ",node%u_pages", n);
	fprintf(d->csv, ",remote_pct,remote_pct_most,pool_pages,pool_used_pages,flips,"
	                "flip_misses,pages_migrated,privvm_remote_pct\n");
}

static void policy(struct try *t)
{
	struct drifting d = {.t = t, .g = &t->guest[0]};

	library_open(t, NULL, NULL);
	library_attach(t, d.g);
	need(d.g->n >= TICKS * DRIFT, "pages listed");
	write_head(&d);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		try_policy(&d, &policies[i]);
	fclose(d.csv);
	check(guest_well(t, d.g->domid), "the guest finds all its memory right");
	library_detach(t, d.g);
	library_close(t);
}

const struct scenario scenario_policy = {"policy", 1, policy};
