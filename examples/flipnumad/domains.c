/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Domains as they come and go, and what is set for each. */
#include "engine.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

/* Candidates looked at in one turn. */
#define FIND_SOME 64u
/* Rounds after which those whom no rule wants are looked at again: they may have changed. */
#define STRANGE_ROUNDS 12u
/* Frames for memory that a process maps later, to begin with: 64 MiB. Each pass walks them. */
#define SPARE_FRAMES 16384u
/* Failures may be in the books beside what is cooling. */
#define BOOKS_FAILURES 16384u

struct say_of domain_say(const struct domain *d, int why)
{
	struct say_of of = {d->who.name, d->who.number, why};

	return of;
}

/* ---------------------------------------------------------------- settings */

/* By the rule it matches and what was set since. False: it is not to be managed. */
static bool find_settings(const struct engine *e, const struct candidate *c,
                          struct settings *out, char *label)
{
	const struct traits traits = {c->name, c->guest, c->cmdline, c->cgroup};
	const struct rule *rule = config_rule(&e->config, &traits);
	char why[WHY_BYTES];
	uint32_t i;

	if (!rule)
		return false;
	*out = rule->settings;
	strcpy(label, rule->label);
	for (i = 0; i < e->overrides.n; i++) {
		const struct override *o = &e->overrides.list[i];

		if (override_is_for(o, c->name, c->number, c->start))
			config_set(out, o->key, o->value, why, sizeof(why));
	}
	return out->manage > 0;
}

static struct fnuma_repatriator_tuning tuning(const struct engine *e, const struct domain *d)
{
	struct fnuma_repatriator_tuning t = settings_tuning(&d->settings);

	if (e->dry_run)
		t.flags |= FNUMA_REPAT_DRY_RUN;
	return t;
}

static void apply_pause(struct engine *e, struct domain *d)
{
	bool paused = d->settings.paused > 0 || e->now_ns < d->held_until_ns;

	if (paused != d->paused)
		fnuma_host_pause(e->host, d->member, paused, e->now_ns);
	d->paused = paused;
}

static bool same_home(const struct settings *a, const struct settings *b)
{
	return a->home.n == b->home.n &&
	       memcmp(a->home.id, b->home.id, a->home.n * sizeof(a->home.id[0])) == 0;
}

static void retune(struct engine *e, struct domain *d, const struct settings *before)
{
	struct fnuma_trigger_params params = settings_params(&d->settings, e->topology.page_bytes);
	struct fnuma_repatriator_tuning t = tuning(e, d);

	if (before->trigger != d->settings.trigger)
		fnuma_host_set_trigger(e->host, d->member, settings_trigger(&d->settings), &params,
		                       e->now_ns);
	fnuma_host_retune(e->host, d->member, &params, &t, (uint32_t)d->settings.weight,
	                  e->now_ns);
}

void domain_apply(struct engine *e, struct domain *d)
{
	struct settings before = d->settings;

	if (!find_settings(e, &d->who, &d->settings, d->label)) {
		domain_drop(e, d, "no rule wants it any more");
		return;
	}
	if (!d->attached)
		return;
	if (!same_home(&before, &d->settings)) {
		domain_rejoin(e, d);
		return;
	}
	retune(e, d, &before);
	apply_pause(e, d);
}

/* ---------------------------------------------------------------- joining, leaving */

/* The homes that were set for it, or those it came with. */
static const char *choose_homes(const struct engine *e, struct domain *d)
{
	const struct node_list *set = &d->settings.home;
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		if (set->id[i] >= e->topology.nodes)
			return "home: the host has no such node";
		d->at.homes[i] = (struct fnuma_home){{0}, d->at.frames, {(uint8_t)set->id[i]}, 1};
	}
	if (set->n) {
		d->at.n_homes = set->n;
		d->at.home_by = "settings";
	}
	return NULL;
}

static bool may_have_moved(const struct decision *x)
{
	return x->kind == DECISION_MOVED ||
	       ((x->kind == DECISION_KEPT || x->kind == DECISION_GAVE_UP) &&
	        x->u.s.why == FNUMA_E_LOST_TRACK);
}

/* What a predecessor of ours moved of it is left alone as long as if it had lived on (I8). */
static void hold(struct engine *e, struct domain *d)
{
	const uint64_t cooldown_ns = settings_tuning(&d->settings).cooldown_ns;
	uint64_t n, left_ns;

	for (n = e->decisions.next - 1; n >= decisions_first(&e->decisions); n--) {
		const struct decision *x = decisions_at(&e->decisions, n);

		if (!x || !may_have_moved(x) || x->domain != d->who.number ||
		    x->start != d->who.start)
			continue;
		left_ns = decision_left_ns(x, cooldown_ns, e->real_ns);
		if (left_ns)
			d->held_until_ns = e->now_ns + left_ns;
		return;
	}
}

static uint32_t books_for(const struct engine *e, const struct domain *d)
{
	double pages = e->budget.pages_per_s * d->settings.cooldown_s + BOOKS_FAILURES;

	if (pages > d->at.frames)
		pages = d->at.frames;
	return pages < 64 ? 64 : (uint32_t)pages;
}

static int add_member(struct engine *e, struct domain *d)
{
	const struct fnuma_member_config config = {
		.domain = d->at.domain, .frames = d->at.frames, .homes = d->at.homes,
		.n_homes = d->at.n_homes, .start = FNUMA_START_NONE,
		.weight = (uint32_t)d->settings.weight,
		.trigger = settings_trigger(&d->settings),
		.trigger_params = settings_params(&d->settings, e->topology.page_bytes),
		.books_pages = books_for(e, d), .tuning = tuning(e, d)};
	size_t bytes = fnuma_host_member_bytes(e->host, &config);
	int err;

	d->memory = bytes ? malloc(bytes) : NULL;
	if (!d->memory)
		return bytes ? FNUMA_E_NOMEM : FNUMA_E_INVAL;
	err = fnuma_host_add(e->host, &config, d->memory, bytes, e->now_ns, &d->member);
	if (err) {
		free(d->memory);
		d->memory = NULL;
	}
	return err;
}

/* Attached to its source and a member of the host. False: `refused` says why not. */
static bool join(struct engine *e, struct domain *d)
{
	char why[WHY_BYTES] = "";
	const char *error;
	int err;

	err = e->source.ops->attach(&e->source, &d->who, d->spare_frames, &d->at, why,
	                            sizeof(why));
	if (err) {
		snprintf(d->refused, sizeof(d->refused), "%s", *why ? why : fnuma_strerror(err));
		return false;
	}
	error = choose_homes(e, d);
	err = error ? FNUMA_E_RANGE : add_member(e, d);
	if (err) {
		snprintf(d->refused, sizeof(d->refused), "%s",
		         error ? error : fnuma_strerror(err));
		e->source.ops->detach(&e->source, d->at.domain);
		return false;
	}
	d->attached = true;
	d->paused = false;
	d->looked = false;
	d->look_at = 0;
	d->look_next_ns = e->now_ns;
	hold(e, d);
	apply_pause(e, d);
	if (e->on_domain)
		e->on_domain(e->cookie, d, true);
	return true;
}

/* Its counters stay. */
static void leave(struct engine *e, struct domain *d)
{
	struct fnuma_repatriator_stats stats;

	if (!d->attached)
		return;
	domain_stats(e, d, &stats);
	d->before = stats;
	if (e->on_domain)
		e->on_domain(e->cookie, d, false);
	fnuma_host_remove(e->host, d->member, NULL);
	e->source.ops->detach(&e->source, d->at.domain);
	free(d->memory);
	d->memory = NULL;
	d->attached = false;
	e->last = NULL;
}

bool domain_rejoin(struct engine *e, struct domain *d)
{
	struct say_of of = domain_say(d, FNUMA_OK);

	leave(e, d);
	if (join(e, d))
		return true;
	say(LOG_WARNING, &of, "cannot be attached anew: %s", d->refused);
	return false;
}

static void note(struct engine *e, const struct domain *d, enum decision_kind kind)
{
	struct decision x = {.kind = (uint8_t)kind, .first = FNUMA_GFN_NONE_N,
	                     .from = FNUMA_NODE_NONE_ID, .to = FNUMA_NODE_NONE_ID};

	if (kind == DECISION_ATTACHED) {
		x.count = d->at.used_frames;
		x.home = d->at.homes[0].node.id;
		memcpy(x.u.name, d->who.name, DECISION_NAME_BYTES - 1);
	}
	events_decide(e, d, &x);
}

static void forget(struct engine *e, struct domain *d)
{
	uint32_t i;

	for (i = 0; i < e->n_domains && e->domains[i] != d; i++)
		;
	e->domains[i] = e->domains[--e->n_domains];
	if (e->last == d)
		e->last = NULL;
	free(d);
}

void domain_drop(struct engine *e, struct domain *d, const char *why)
{
	struct say_of of = domain_say(d, FNUMA_OK);
	struct fnuma_repatriator_stats stats;

	if (d->attached) {
		domain_stats(e, d, &stats);
		leave(e, d);
		note(e, d, DECISION_ENDED);
		say(LOG_INFO, &of, "left: %s; %ju pages were brought home", why,
		    (uintmax_t)stats.moved);
	}
	forget(e, d);
}

void domain_ended(struct engine *e, struct domain *d)
{
	overrides_forget(&e->overrides, d->who.number, d->who.start);
	domain_drop(e, d, "ended");
}

/* ---------------------------------------------------------------- discovery */

static struct domain *find_number(const struct engine *e, uint32_t number, uint64_t start)
{
	uint32_t i;

	for (i = 0; i < e->n_domains; i++)
		if (e->domains[i]->who.number == number && e->domains[i]->who.start == start)
			return e->domains[i];
	return NULL;
}

struct domain *domain_of(struct engine *e, fnuma_domain handle)
{
	uint32_t i;

	if (e->last && fnuma_domain_same(e->last->at.domain, handle))
		return e->last;
	for (i = 0; i < e->n_domains; i++)
		if (e->domains[i]->attached &&
		    fnuma_domain_same(e->domains[i]->at.domain, handle))
			return e->last = e->domains[i];
	return NULL;
}

/* Who is not wanted need not be asked for again in each round. */
static uint64_t *stranger(struct engine *e, uint32_t number, uint64_t start, uint64_t *key)
{
	*key = ((start << 22 | number) ^ start >> 42) + 1;
	return &e->strangers[(number ^ start) % STRANGERS];
}

static bool want(void *cookie, uint32_t number, uint64_t start)
{
	struct engine *e = cookie;
	struct domain *d = find_number(e, number, start);
	uint64_t key;

	if (d) {
		d->seen = true;
		return !d->attached;
	}
	return *stranger(e, number, start, &key) != key;
}

static void try_again(struct engine *e, struct domain *d)
{
	struct say_of of = domain_say(d, FNUMA_OK);
	char before[WHY_BYTES];

	memcpy(before, d->refused, sizeof(before));
	if (join(e, d)) {
		say(LOG_INFO, &of, "attached: %s of %u pages, home node %u%s by %s (rule %s)",
		    d->at.kind, d->at.used_frames, d->at.homes[0].node.id,
		    d->at.n_homes > 1 ? " and others" : "", d->at.home_by, d->label);
		note(e, d, DECISION_ATTACHED);
	} else if (strcmp(before, d->refused) != 0) {
		say(LOG_NOTICE, &of, "not attached: %s", d->refused);
	}
}

static void found(void *cookie, const struct candidate *c)
{
	struct engine *e = cookie;
	struct domain *d = find_number(e, c->number, c->start);
	char label[CONFIG_TEXT_BYTES];
	struct settings settings;
	uint64_t key, *place;

	if (!find_settings(e, c, &settings, label)) {
		place = stranger(e, c->number, c->start, &key);
		*place = key;
		if (d)
			domain_drop(e, d, "no rule wants it any more");
		return;
	}
	if (!d) {
		if (e->n_domains == e->max_domains)
			return;
		d = calloc(1, sizeof(*d) + e->topology.nodes * sizeof(d->moves[0]));
		if (!d)
			return;
		e->domains[e->n_domains++] = d;
		d->engine = e;
		d->spare_frames = SPARE_FRAMES;
		d->seen = true;
		d->said_rest = FNUMA_OK;
	}
	d->who = *c;
	d->settings = settings;
	strcpy(d->label, label);
	try_again(e, d);
}

/* Who was not met in a whole round, and is not there when asked, has ended. */
static void end_round(struct engine *e)
{
	uint32_t i = e->n_domains;

	while (i--) {
		struct domain *d = e->domains[i];

		if (d->seen)
			continue;
		if (d->attached && fnuma_backend_alive(&e->backend, d->at.domain) == FNUMA_OK)
			continue;
		domain_ended(e, d);
	}
	if (++e->rounds % STRANGE_ROUNDS == 0)
		memset(e->strangers, 0, sizeof(e->strangers));
}

int domains_find(struct engine *e)
{
	const struct finder finder = {want, found, e};
	uint32_t i;
	int more;

	if (!e->round_begun)
		for (i = 0; i < e->n_domains; i++)
			e->domains[i]->seen = false;
	e->round_begun = true;
	more = e->source.ops->find(&e->source, FIND_SOME, &finder);
	if (more <= 0)
		e->round_begun = false;
	if (more == 0)
		end_round(e);
	return more;
}

void domains_rematch(struct engine *e)
{
	uint32_t i = e->n_domains;

	memset(e->strangers, 0, sizeof(e->strangers));
	while (i--)
		domain_apply(e, e->domains[i]);
}
