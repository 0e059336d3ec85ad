/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Why a page is where it is: what holds now, and what was decided about it. */
#include "requests.h"

#include <string.h>

#define DECISIONS_SHOWN 20u

static void explain(struct engine *e, const struct domain *d, fnuma_gfn page, fnuma_node node,
                    char *to, size_t bytes)
{
	const struct fnuma_tracker *t = fnuma_host_tracker(e->host, d->member);
	const struct fnuma_repatriator *r = fnuma_host_repatriator(e->host, d->member);
	struct fnuma_repatriator_stats stats;
	uint64_t until_ns = 0;
	int cause = FNUMA_OK, why;
	double left_s;

	domain_stats(e, d, &stats);
	why = fnuma_repatriator_why(r, page, e->now_ns, &until_ns, &cause);
	left_s = until_ns > e->now_ns ? (double)(until_ns - e->now_ns) / 1e9 : 0;
	if (node.id == FNUMA_NODE_NONE_ID)
		snprintf(to, bytes, "there is no page behind this frame");
	else if (node.id >= FNUMA_NODES_MAX)
		snprintf(to, bytes, "nobody can say where it is");
	else if (fnuma_tracker_is_home(t, page, node))
		snprintf(to, bytes, "it is at home");
	else if (fnuma_tracker_get(t, page).id != node.id)
		snprintf(to, bytes, "it is away from home, which the next look will find");
	else if (e->dry_run)
		snprintf(to, bytes, "it is away from home, and this is a dry run");
	else if (d->paused)
		snprintf(to, bytes, "it is away from home, and its domain is paused%s",
		         d->settings.paused > 0 ? "" :
		         " while pages moved before a restart cool down");
	else if (why == FNUMA_E_COOLDOWN)
		snprintf(to, bytes, "it was moved not long ago, and is left alone for %.1f s more",
		         left_s);
	else if (why == FNUMA_E_BACKOFF)
		snprintf(to, bytes, "it could not be moved (%s), and is tried again in %.1f s",
		         fnuma_strerror(cause), left_s);
	else if (why == FNUMA_E_GAVE_UP)
		snprintf(to, bytes, "it was given up: the last time it failed with: %s",
		         fnuma_strerror(cause));
	else if (stats.state == FNUMA_E_BACKOFF)
		snprintf(to, bytes, "its domain rests: %s", d->said_rest == FNUMA_OK ?
		         "the last pass achieved nothing" : fnuma_strerror(d->said_rest));
	else if (fnuma_repatriator_active(r))
		snprintf(to, bytes, "a pass is under way, as fast as the budget allows");
	else
		snprintf(to, bytes, "it is away from home, with %u others: not enough, and not for "
		         "long enough, to be due", fnuma_tracker_remote(t) - 1);
}

static struct json_object *one_decision(const struct decision *x)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "time_ns", json_object_new_int64((int64_t)x->time_ns));
	json_object_object_add(o, "what", json_object_new_string(decision_text(x->kind)));
	if (x->first != FNUMA_GFN_NONE_N) {
		json_object_object_add(o, "first", json_object_new_int64(x->first));
		json_object_object_add(o, "pages", json_object_new_int64(x->count));
	}
	if (x->from < FNUMA_NODES_MAX)
		json_object_object_add(o, "from", json_object_new_int(x->from));
	if (x->to < FNUMA_NODES_MAX)
		json_object_object_add(o, "to", json_object_new_int(x->to));
	if (x->u.s.why)
		json_object_object_add(o, "why",
		                       json_object_new_string(fnuma_strerror(x->u.s.why)));
	return o;
}

static bool is_about(const struct decision *x, const struct domain *d, fnuma_gfn page)
{
	return x && x->domain == d->who.number && x->start == d->who.start &&
	       x->first != FNUMA_GFN_NONE_N && page.n >= x->first && page.n - x->first < x->count;
}

/* The last ones about it, the oldest first. */
static struct json_object *decisions_about(const struct engine *e, const struct domain *d,
                                           fnuma_gfn page)
{
	const struct decision *found[DECISIONS_SHOWN];
	struct json_object *all = json_object_new_array();
	uint32_t n = 0;
	uint64_t i;

	for (i = e->decisions.next - 1; i >= decisions_first(&e->decisions) &&
	     n < DECISIONS_SHOWN; i--)
		if (is_about(decisions_at(&e->decisions, i), d, page))
			found[n++] = decisions_at(&e->decisions, i);
	while (n)
		json_object_array_add(all, one_decision(found[--n]));
	return all;
}

struct json_object *why_page(struct engine *e, const struct domain *d, fnuma_gfn page)
{
	const struct fnuma_tracker *t = fnuma_host_tracker(e->host, d->member);
	struct json_object *o = json_object_new_object();
	fnuma_node node = fnuma_node_unknown();
	char text[256];
	uint64_t address;
	int64_t err = e->source.ops->nodes(&e->source, d->at.domain, page, 1, &node);

	if (err < 0) {
		json_object_put(o);
		return requests_error("%s", fnuma_strerror((int)err));
	}
	json_object_object_add(o, "ok", json_object_new_boolean(1));
	json_object_object_add(o, "name", json_object_new_string(d->who.name));
	json_object_object_add(o, "number", json_object_new_int64(d->who.number));
	json_object_object_add(o, "page", json_object_new_int64(page.n));
	if (e->source.ops->address &&
	    e->source.ops->address(&e->source, d->at.domain, page, &address) == FNUMA_OK) {
		snprintf(text, sizeof(text), "0x%jx", (uintmax_t)address);
		json_object_object_add(o, "address", json_object_new_string(text));
	}
	if (node.id < FNUMA_NODES_MAX)
		json_object_object_add(o, "node", json_object_new_int(node.id));
	json_object_object_add(o, "home", json_object_new_int(fnuma_tracker_home(t, page).id));
	explain(e, d, page, node, text, sizeof(text));
	json_object_object_add(o, "why", json_object_new_string(text));
	json_object_object_add(o, "decisions", decisions_about(e, d, page));
	return o;
}
