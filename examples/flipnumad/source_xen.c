/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The guests of the Xen whose privileged domain this is. Of a guest, the pages are looked
 * after that its agent lists: of others nobody knows whether they may move.
 */
#define _GNU_SOURCE
#include "source.h"

#include "say.h"

#include <flipnuma/xen.h>

#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>
#include <xenstore.h>

#define LOOK_PAGES 512u

struct state {
	struct fnuma_xen *xen;
	xc_interface *control;
	struct xs_handle *store;
	struct cpu_times cpus;
	uint32_t next; /* domid to look at next */
	fnuma_gfn pages[LOOK_PAGES];
	fnuma_node nodes[LOOK_PAGES];
};

static void hear(void *cookie, const char *text)
{
	(void)cookie;
	say(LOG_NOTICE, NULL, "Xen: %s", text);
}

static void xen_close(struct source *s)
{
	struct state *state = s->state;

	if (!state)
		return;
	fnuma_xen_close(state->xen);
	if (state->control)
		xc_interface_close(state->control);
	if (state->store)
		xs_close(state->store);
	free(state);
	s->state = NULL;
}

static bool xen_open(struct source *s, const struct config *c, char *why, size_t bytes)
{
	/* A reading of all machine frames does for the whole of a look. */
	const uint64_t age_ns = (uint64_t)(c->daemon.look_s * 5e8);
	const struct fnuma_xen_config config = {
		.journal = c->daemon.xen_journal, .nodes_age_ns = age_ns, .counts_age_ns = age_ns,
		.say = hear};
	struct state *state = calloc(1, sizeof(*state));
	int err = FNUMA_E_NOMEM;

	s->state = state;
	if (state)
		err = fnuma_xen_open(&config, &state->xen);
	if (!err)
		err = fnuma_xen_backend(state->xen, &s->backend);
	if (!err) {
		state->control = xc_interface_open(NULL, NULL, 0);
		state->store = xs_open(0);
		state->next = 1;
		if (state->control && state->store)
			return true;
		err = FNUMA_E_DENIED;
	}
	snprintf(why, bytes, "no connection to Xen: %s", fnuma_strerror(err));
	xen_close(s);
	return false;
}

/* ---------------------------------------------------------------- finding */

/* Which of the domains that have this domid one after the other: by its UUID. */
static uint64_t start_of(const xc_domaininfo_t *info)
{
	uint64_t start;

	memcpy(&start, info->handle, sizeof(start));
	return start >> 1; /* a positive number in JSON */
}

static void name_of(struct state *state, uint32_t domid, struct candidate *c)
{
	char path[64], *name;
	unsigned int length = 0;

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	name = xs_read(state->store, XBT_NULL, path, &length);
	if (name)
		source_printable(c->name, sizeof(c->name), name, length);
	else
		snprintf(c->name, sizeof(c->name), "domain-%u", domid);
	strcpy(c->guest, c->name);
	free(name);
}

static int xen_find(struct source *s, uint32_t look, const struct finder *f)
{
	struct state *state = s->state;
	xc_domaininfo_t info;
	int n;

	for (; look; look--) {
		struct candidate c = {.number = 0};

		n = xc_domain_getinfolist(state->control, state->next, 1, &info);
		if (n != 1) {
			state->next = 1;
			return n < 0 ? -1 : 0;
		}
		state->next = info.domain + 1u;
		c.number = info.domain;
		c.start = start_of(&info);
		if ((info.flags & XEN_DOMINF_dying) || !f->want(f->cookie, c.number, c.start))
			continue;
		name_of(state, c.number, &c);
		f->found(f->cookie, &c);
	}
	return 1;
}

/* ---------------------------------------------------------------- domains */

/* Its affinity, if that is one node; else where most of its pages are. */
static const char *suggest_home(struct source *s, uint32_t domid, struct attached *a,
                                uint32_t nodes)
{
	struct state *state = s->state;
	xc_nodemap_t map = xc_nodemap_alloc(state->control);
	uint32_t counts[FNUMA_NODES_MAX] = {0}, i, n = 0, home = 0;

	if (map && xc_domain_node_getaffinity(state->control, domid, map) == 0)
		for (i = 0; i < nodes; i++)
			if (map[i / 8] >> (i % 8) & 1) {
				home = i;
				n++;
			}
	free(map);
	if (n != 1) {
		home = 0;
		fnuma_backend_node_counts(&s->backend, a->domain, counts, nodes);
		for (i = 1; i < nodes; i++)
			if (counts[i] > counts[home])
				home = i;
	}
	a->n_homes = 1;
	a->homes[0] = (struct fnuma_home){{0}, a->frames, {(uint8_t)home}, 1};
	return n == 1 ? "node affinity" : "most pages";
}

static int xen_attach(struct source *s, const struct candidate *c, uint32_t spare_frames,
                      struct attached *out, char *why, size_t bytes)
{
	static struct fnuma_topology topology;
	struct state *state = s->state;
	struct fnuma_xen_domain_config config = {.domid = c->number,
	                                         .trust = FNUMA_XEN_TRUST_AGENT};
	struct fnuma_xen_domain_stats stats;
	xc_domaininfo_t info;
	int err;

	(void)spare_frames, (void)why, (void)bytes;
	if (xc_domain_getinfolist(state->control, c->number, 1, &info) != 1 ||
	    info.domain != c->number || start_of(&info) != c->start)
		return FNUMA_E_GONE;
	memcpy(config.uuid, info.handle, sizeof(config.uuid));
	err = fnuma_xen_attach(state->xen, &config, &out->domain);
	if (err)
		return err;
	err = fnuma_xen_domain_stats(state->xen, out->domain, &stats);
	if (!err)
		err = fnuma_backend_topology(&s->backend, &topology);
	if (err) {
		fnuma_xen_detach(state->xen, out->domain);
		return err;
	}
	out->kind = "guest";
	out->frames = out->used_frames = stats.frames;
	out->fd = -1;
	out->home_by = suggest_home(s, c->number, out, topology.nodes);
	return FNUMA_OK;
}

static void xen_detach(struct source *s, fnuma_domain domain)
{
	fnuma_xen_detach(((struct state *)s->state)->xen, domain);
}

/* The agent may have come since. */
static int xen_refresh(struct source *s, struct attached *a)
{
	struct state *state = s->state;
	struct fnuma_xen_domain_stats stats;
	int err = fnuma_backend_alive(&s->backend, a->domain);

	if (!err && fnuma_xen_domain_stats(state->xen, a->domain, &stats) == FNUMA_OK &&
	    !stats.agent)
		fnuma_xen_find_agent(state->xen, a->domain);
	return err;
}

/* Of the frames from `first` on, the listed ones; the others are not ours to know of. */
static int64_t xen_nodes(struct source *s, fnuma_domain domain, fnuma_gfn first, uint32_t n,
                         fnuma_node *nodes)
{
	struct state *state = s->state;
	fnuma_gfn cursor = first;
	int listed, i, some, err = 0;

	if (n > LOOK_PAGES)
		return FNUMA_E_INVAL;
	for (i = 0; i < (int)n; i++)
		nodes[i] = fnuma_node_none();
	listed = fnuma_xen_listed(state->xen, domain, false, &cursor, state->pages, n);
	if (listed == FNUMA_E_EMPTY)
		return n;
	if (listed < 0)
		return listed;
	while (listed && state->pages[listed - 1].n - first.n >= n)
		listed--;
	/* Through the backend, which answers from one reading of Xen's table for a while. */
	for (i = 0; err >= 0 && i < listed; i += some) {
		some = listed - i < (int)FNUMA_BATCH_MAX ? listed - i : (int)FNUMA_BATCH_MAX;
		err = fnuma_backend_page_nodes(&s->backend, domain, state->pages + i,
		                               (uint32_t)some, state->nodes + i);
	}
	for (i = 0; err >= 0 && i < listed; i++)
		nodes[state->pages[i].n - first.n] = state->nodes[i];
	return err < 0 ? err : (int64_t)n;
}

static double xen_busy(struct source *s)
{
	return source_cpus_busy(&((struct state *)s->state)->cpus);
}

/* Free pages that the agent lists. */
static int xen_pooled(struct source *s, fnuma_domain domain, fnuma_gfn *cursor,
                      fnuma_gfn *pages, uint32_t n)
{
	struct state *state = s->state;

	return fnuma_xen_listed(state->xen, domain, true, cursor, pages, n);
}

const struct source_ops source_xen = {
	.name = "xen",
	.open = xen_open,
	.close = xen_close,
	.find = xen_find,
	.attach = xen_attach,
	.detach = xen_detach,
	.refresh = xen_refresh,
	.nodes = xen_nodes,
	.busy_percent = xen_busy,
	.pooled = xen_pooled,
};
