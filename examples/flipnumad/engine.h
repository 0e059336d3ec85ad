/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * All of the daemon but its surroundings: given the time, it does a bounded bit of what is due
 * and says when it wants to be called next. Sockets, signals and timers are the loop's.
 */
#ifndef FLIPNUMAD_ENGINE_H
#define FLIPNUMAD_ENGINE_H

#include "decisions.h"
#include "guard.h"
#include "overrides.h"
#include "source.h"

#define HISTOGRAM_BUCKETS 8
#define STRANGERS 16384u

/* Times by their length: the first bucket up to 0.1 ms, each next ten times... see
 * histogram_limit_s(). */
struct histogram {
	uint64_t bucket[HISTOGRAM_BUCKETS + 1]; /* the last: longer than any limit */
	uint64_t sum_ns;
};

/* What became of a domain's pages that were to go to a node. */
struct moves {
	uint64_t moved, rehearsed;
	uint64_t kept[FNUMA_REASONS]; /* by `-reason` */
};

struct engine;

struct domain {
	struct engine *engine;
	struct candidate who;
	char label[CONFIG_TEXT_BYTES]; /* of its rule */
	struct settings settings;
	struct attached at;
	bool attached;           /* else `refused` says why not */
	char refused[WHY_BYTES];
	fnuma_member member;
	void *memory;
	struct fnuma_repatriator_stats before; /* of memberships that ended */
	uint64_t held_until_ns;  /* pages that a predecessor moved are cooling down */
	bool paused;             /* as told to the host */
	bool seen;               /* in this round of discovery */
	bool looked;             /* all of it, once */
	uint32_t look_at;        /* frame to look at next; 0: a new look begins */
	uint64_t look_next_ns;   /* when it does */
	uint32_t spare_frames;
	uint32_t would[FNUMA_NODES_MAX]; /* dry run: pages of this pass, by node */
	uint32_t said_would;
	uint64_t decided, late_ns; /* decisions, and how late they were, together */
	uint64_t came_home;      /* not said yet */
	uint64_t said_ns;
	int said_rest;
	void *watch;             /* the loop's, on `at.fd` */
	struct moves moves[];    /* by node, as many as the host has */
};

struct engine {
	struct config config;
	char config_path[CONFIG_TEXT_BYTES];
	bool dry_run;
	struct budget_settings budget; /* as it is now: with what flipnumactl set */
	struct source source;
	struct guard guard;
	struct fnuma_backend backend; /* the guard's */
	struct fnuma_topology topology;
	struct fnuma_host *host;
	void *host_memory;
	struct decisions decisions;
	struct overrides overrides;
	int lock_fd;

	struct domain **domains;
	uint32_t n_domains, max_domains;
	struct domain *last; /* of whom the last event told */
	uint64_t strangers[STRANGERS]; /* processes that no rule wants */
	uint32_t rounds;
	bool round_begun;

	uint64_t now_ns, real_ns;
	uint64_t find_next_ns, care_next_ns, step_next_ns;
	uint64_t hold_until_ns; /* a predecessor's budget */
	uint64_t tokens_ns;     /* when tokens were last counted */
	double look_tokens;     /* pages that may be looked at */
	uint32_t look_domain;
	fnuma_gfn look_pages[512];
	fnuma_node look_nodes[512];
	uint32_t step_pages;
	double busy_percent;
	bool busy;
	uint64_t window_pages, window_spent_ns; /* of the last whole window */
	uint64_t window_from_pages, window_from_spent_ns;
	struct histogram step_time, step_late;
	uint64_t late_ns;        /* this step, for whom was due first */
	uint64_t looked_pages, reloads, reload_failures;

	/* A clock to see how long a step took. */
	uint64_t (*clock_ns)(void);
	/* A domain came, or is about to go. */
	void (*on_domain)(void *cookie, struct domain *d, bool came);
	void *cookie;
};

/* Begin, with a configuration already in `e->config`. False: `why` says why not. */
bool engine_open(struct engine *e, uint64_t now_ns, uint64_t real_ns, char *why, size_t bytes);
void engine_close(struct engine *e);

/* Do some of what is due. Returns when to be called next, or `now_ns` for at once. */
uint64_t engine_turn(struct engine *e, uint64_t now_ns, uint64_t real_ns);

/* Another configuration, with all state kept. False: refused, and `why` says why. */
bool engine_reload(struct engine *e, const struct config *c, char *why, size_t bytes);

/* Settings of a domain, or of the budget, have changed. */
void engine_apply_overrides(struct engine *e);

/* Its counters since it was first attached. */
void domain_stats(const struct engine *e, const struct domain *d,
                  struct fnuma_repatriator_stats *out);

/* Its pages by node: at home there, and away. */
struct domain_layout {
	uint32_t nodes;
	uint32_t local[FNUMA_NODES_MAX], remote[FNUMA_NODES_MAX];
	uint32_t local_pages, remote_pages, unknown_pages;
};
void domain_layout(const struct engine *e, const struct domain *d, struct domain_layout *out);

/* Limit of a bucket but the last; buckets count times up to it. */
double histogram_limit_s(uint32_t bucket);

/* ---- between the engine's own files ---- */

/* domains.c */
int domains_find(struct engine *e); /* as source_ops.find */
void domain_apply(struct engine *e, struct domain *d);
void domain_drop(struct engine *e, struct domain *d, const char *why);
void domain_ended(struct engine *e, struct domain *d);
struct domain *domain_of(struct engine *e, fnuma_domain handle);
void domains_rematch(struct engine *e);
bool domain_rejoin(struct engine *e, struct domain *d);
struct say_of domain_say(const struct domain *d, int why);

/* look.c */
uint64_t look_some(struct engine *e);

/* events.c */
void events_on(void *cookie, const struct fnuma_event *event);
void events_decide(struct engine *e, const struct domain *d, struct decision *entry);

#endif
