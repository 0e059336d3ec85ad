/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the guest's agent lists. Its pages are mapped read-only, once; what stands in them
 * may change at any time while the guest runs, so a decision about a page is made while it
 * is paused. The directory is copied before it is looked at.
 */
#include "parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void xen_agent_close(struct fnuma_xen *x, struct xen_domain *d)
{
	struct xen_agent *a = &d->agent;
	uint32_t i;

	for (i = 0; i < a->maps; i++)
		if (a->map[i])
			XEN(x, unmap, (void *)(uintptr_t)a->map[i], 1);
	if (a->directory)
		XEN(x, unmap, (void *)(uintptr_t)a->directory, 1);
	memset(a, 0, sizeof(*a));
}

static const void *map_one(struct fnuma_xen *x, const struct xen_domain *d, uint32_t gfn)
{
	fnuma_gfn g = fnuma_gfn_of(gfn);
	int err = -1;
	void *address = XEN(x, map, d->info.domid, &g, 1, false, &err);

	if (!address || !err)
		return address;
	XEN(x, unmap, address, 1);
	return NULL;
}

static bool makes_sense(const struct fnuma_xen_agent_directory *dir)
{
	return dir->magic == FNUMA_XEN_AGENT_MAGIC &&
	       dir->version == FNUMA_XEN_AGENT_VERSION && dir->maps >= 1 &&
	       dir->maps <= FNUMA_XEN_AGENT_MAPS_MAX;
}

static void note_own(struct xen_agent *a, uint32_t gfn)
{
	a->own[gfn % XEN_AGENT_SIEVE / 64] |= UINT64_C(1) << (gfn % 64);
}

static int map_all(struct fnuma_xen *x, struct xen_domain *d,
                   const struct fnuma_xen_agent_directory *dir)
{
	struct xen_agent *a = &d->agent;

	for (a->maps = 0; a->maps < dir->maps; a->maps++) {
		uint32_t gfn = dir->map_gfn[a->maps];

		if (!gfn || a->maps * FNUMA_XEN_AGENT_MAP_FRAMES >= d->frames)
			continue;
		a->map[a->maps] = map_one(x, d, gfn);
		if (!a->map[a->maps])
			return FNUMA_E_STATE;
		a->map_gfn[a->maps] = gfn;
		note_own(a, gfn);
	}
	return FNUMA_OK;
}

static int look_at(struct fnuma_xen *x, struct xen_domain *d)
{
	struct fnuma_xen_agent_directory *copy;
	int err = FNUMA_E_STATE;

	d->agent.directory = map_one(x, d, d->agent.gfn);
	if (!d->agent.directory)
		return FNUMA_E_STATE;
	note_own(&d->agent, d->agent.gfn);
	copy = malloc(sizeof(*copy));
	if (!copy)
		return FNUMA_E_NOMEM;
	memcpy(copy, d->agent.directory, sizeof(*copy));
	if (makes_sense(copy))
		err = map_all(x, d, copy);
	free(copy);
	return err;
}

static int read_node(struct fnuma_xen *x, struct xen_domain *d)
{
	char path[96], text[32];
	unsigned int version, gfn;
	int err, end = 0;

	snprintf(path, sizeof(path), "/local/domain/%u/data/" FNUMA_XEN_AGENT_NODE,
	         d->info.domid);
	err = XEN(x, read, path, text, sizeof(text));
	if (err)
		return xen_error(err) == FNUMA_E_GONE ? FNUMA_E_EMPTY : xen_error(err);
	if (sscanf(text, "%u %u%n", &version, &gfn, &end) != 2 || text[end] || !gfn ||
	    version != FNUMA_XEN_AGENT_VERSION)
		return FNUMA_E_STATE;
	d->agent.gfn = gfn;
	return FNUMA_OK;
}

int fnuma_xen_find_agent(struct fnuma_xen *x, fnuma_domain domain)
{
	struct xen_domain *d;
	int err = xen_find_alive(x, domain, &d);

	if (err)
		return err;
	if (!d->info.hvm)
		return FNUMA_E_NOTSUP;
	xen_agent_close(x, d);
	err = read_node(x, d);
	if (!err)
		err = look_at(x, d);
	if (err)
		xen_agent_close(x, d);
	return err;
}

/* An agent that left, or whose memory became something else, lists nothing. */
static bool is_there(const struct xen_agent *a)
{
	return a->directory &&
	       *(const volatile uint32_t *)&a->directory->magic == FNUMA_XEN_AGENT_MAGIC;
}

uint32_t xen_agent_bits(const struct xen_domain *d, fnuma_gfn page)
{
	const uint32_t i = page.n / FNUMA_XEN_AGENT_MAP_FRAMES;

	if (!is_there(&d->agent) || i >= d->agent.maps || !d->agent.map[i])
		return FNUMA_XEN_AGENT_FIXED;
	return fnuma_xen_agent_get(d->agent.map[i], page.n);
}

bool xen_agent_owns(const struct xen_domain *d, fnuma_gfn page)
{
	const struct xen_agent *a = &d->agent;
	uint32_t i;

	/* Asked of each page, and it has many maps: most are told apart at once. */
	if (!(a->own[page.n % XEN_AGENT_SIEVE / 64] >> (page.n % 64) & 1u))
		return false;
	for (i = 0; i < a->maps; i++)
		if (a->map[i] && a->map_gfn[i] == page.n)
			return true;
	return a->directory && a->gfn == page.n;
}

/* How many frames from this one on are not listed, as far as one look tells. */
static uint32_t unlisted_from(const struct xen_domain *d, uint32_t gfn)
{
	const uint32_t i = gfn / FNUMA_XEN_AGENT_MAP_FRAMES;
	const uint32_t at = gfn % FNUMA_XEN_AGENT_MAP_FRAMES;
	uint32_t n = 0;

	if (i >= d->agent.maps || !d->agent.map[i])
		n = FNUMA_XEN_AGENT_MAP_FRAMES - at;
	else if (!d->agent.map[i][at / 16u])
		n = 16u - at % 16u;
	return n < d->frames - gfn ? n : d->frames - gfn;
}

int fnuma_xen_listed(struct fnuma_xen *x, fnuma_domain domain, bool free_pages,
                     fnuma_gfn *cursor, fnuma_gfn *pages, uint32_t max)
{
	const uint32_t wanted = free_pages ? FNUMA_XEN_AGENT_FREE : FNUMA_XEN_AGENT_MOVABLE;
	struct xen_domain *d;
	uint32_t found = 0, skip;
	int err = xen_find(x, domain, &d);

	if (err)
		return err;
	if (!cursor || !pages || !max || max > INT32_MAX)
		return FNUMA_E_INVAL;
	if (!is_there(&d->agent))
		return FNUMA_E_EMPTY;
	for (; cursor->n < d->frames && found < max; cursor->n += skip ? skip : 1) {
		skip = unlisted_from(d, cursor->n);
		if (!skip && xen_agent_bits(d, *cursor) == wanted)
			pages[found++] = *cursor;
	}
	return (int)found;
}
