/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Domains and the daemon as JSON. */
#include "requests.h"

#include <string.h>

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

static void put_double(struct json_object *o, const char *key, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", v);
	json_object_object_add(o, key, json_object_new_double_s(v, text));
}

static const char *state_of(const struct engine *e, const struct domain *d,
                            const struct fnuma_repatriator_stats *stats)
{
	if (!d->attached)
		return "refused";
	if (d->paused)
		return d->settings.paused > 0 ? "paused" : "cooling";
	if (!d->looked)
		return "looking";
	if (stats->state == FNUMA_E_BACKOFF)
		return "resting";
	return fnuma_repatriator_active(fnuma_host_repatriator(e->host, d->member)) ?
	       e->dry_run ? "rehearsing" : "moving" : "watching";
}

static struct json_object *nodes_of(const struct domain_layout *l)
{
	struct json_object *nodes = json_object_new_array(), *o;
	uint32_t i;

	for (i = 0; i < l->nodes; i++) {
		o = json_object_new_object();
		put_number(o, "local_pages", l->local[i]);
		put_number(o, "remote_pages", l->remote[i]);
		json_object_array_add(nodes, o);
	}
	return nodes;
}

static struct json_object *homes_of(const struct domain *d)
{
	struct json_object *homes = json_object_new_array(), *o;
	uint32_t i;

	for (i = 0; i < d->at.n_homes; i++) {
		o = json_object_new_object();
		put_number(o, "first", d->at.homes[i].first.n);
		put_number(o, "pages", d->at.homes[i].pages);
		put_number(o, "node", d->at.homes[i].node.id);
		json_object_array_add(homes, o);
	}
	return homes;
}

static struct json_object *reasons_of(const struct fnuma_repatriator_stats *s)
{
	struct json_object *o = json_object_new_object();
	uint32_t i;

	for (i = 0; i < FNUMA_REASONS; i++)
		if (s->by_reason[i])
			put_number(o, fnuma_strerror(-(int)i), s->by_reason[i]);
	return o;
}

static struct json_object *settings_of(const struct domain *d)
{
	struct json_object *o = json_object_new_object();
	char text[NODE_LIST_MAX * 3 + 8];
	const char *name;
	uint32_t i;

	for (i = 0; (name = settings_name(i)) != NULL; i++)
		put_text(o, name, settings_text(&d->settings, name, text, sizeof(text)));
	return o;
}

static void tell_all(struct json_object *o, const struct domain *d,
                     const struct fnuma_repatriator_stats *s)
{
	put_text(o, "cmdline", d->who.cmdline);
	put_text(o, "cgroup", d->who.cgroup);
	put_number(o, "start", d->who.start);
	put_text(o, "home_by", d->attached ? d->at.home_by : "");
	json_object_object_add(o, "homes", d->attached ? homes_of(d) : json_object_new_array());
	put_number(o, "attempted", s->attempted);
	put_number(o, "failed", s->failed);
	put_number(o, "skipped", s->skipped);
	put_number(o, "would_move", s->would_move);
	put_number(o, "spent_ns", s->spent_ns);
	put_number(o, "passes", s->passes);
	put_number(o, "rests", s->rests);
	put_number(o, "cooling_pages", s->cooling_pages);
	put_number(o, "backoff_pages", s->backoff_pages);
	put_number(o, "given_up_pages", s->given_up_pages);
	json_object_object_add(o, "reasons", reasons_of(s));
	json_object_object_add(o, "settings", settings_of(d));
}

struct json_object *tell_domain(const struct engine *e, const struct domain *d, bool all)
{
	struct json_object *o = json_object_new_object();
	struct fnuma_repatriator_stats stats;
	struct domain_layout layout;

	domain_stats(e, d, &stats);
	domain_layout(e, d, &layout);
	put_text(o, "name", d->who.name);
	put_number(o, "number", d->who.number);
	put_text(o, "rule", d->label);
	put_text(o, "kind", d->attached ? d->at.kind : "");
	put_text(o, "state", state_of(e, d, &stats));
	put_text(o, "refused", d->attached ? "" : d->refused);
	put_number(o, "home", d->attached ? d->at.homes[0].node.id : FNUMA_NODE_NONE_ID);
	put_number(o, "local_pages", layout.local_pages);
	put_number(o, "remote_pages", layout.remote_pages);
	put_number(o, "unknown_pages", layout.unknown_pages);
	put_number(o, "moved", stats.moved);
	json_object_object_add(o, "nodes", nodes_of(&layout));
	if (all)
		tell_all(o, d, &stats);
	return o;
}

static struct json_object *budget_of(const struct engine *e)
{
	struct json_object *o = json_object_new_object();

	put_double(o, "pages_per_s", e->budget.pages_per_s);
	put_double(o, "mb_per_s", e->budget.mb_per_s);
	put_double(o, "cpu_percent", e->budget.cpu_percent);
	put_double(o, "share_percent", e->busy ? e->config.care.busy_share_percent : 100);
	put_number(o, "used_pages", e->window_pages);
	put_number(o, "used_ns", e->window_spent_ns);
	return o;
}

static struct json_object *free_of(const struct engine *e)
{
	static struct fnuma_topology t;
	struct json_object *nodes = json_object_new_array(), *o;
	uint32_t i;

	if (fnuma_backend_topology(&e->backend, &t))
		return nodes;
	for (i = 0; i < t.nodes; i++) {
		o = json_object_new_object();
		put_number(o, "size_pages", t.node[i].size_pages);
		put_number(o, "free_pages", t.node[i].free_pages);
		json_object_array_add(nodes, o);
	}
	return nodes;
}

struct json_object *tell_status(const struct engine *e)
{
	struct json_object *o = json_object_new_object();
	struct fnuma_host_stats s;

	fnuma_host_stats(e->host, &s);
	put_text(o, "backend", e->source.ops->name);
	json_object_object_add(o, "dry_run", json_object_new_boolean(e->dry_run));
	put_number(o, "page_bytes", e->topology.page_bytes);
	put_number(o, "domains", e->n_domains);
	put_number(o, "members", s.members);
	put_number(o, "active", s.active);
	put_number(o, "moved", s.moved);
	put_number(o, "attempted", s.attempted);
	put_number(o, "spent_ns", s.spent_ns);
	put_number(o, "looked_pages", e->looked_pages);
	put_number(o, "reloads", e->reloads);
	put_double(o, "busy_percent", e->busy_percent);
	json_object_object_add(o, "busy", json_object_new_boolean(e->busy));
	json_object_object_add(o, "budget", budget_of(e));
	json_object_object_add(o, "nodes", free_of(e));
	return o;
}
