/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The conformance suite, on a guest of its own, with pages that its agent lists as free: they
 * may be moved and replaced, and nobody else writes them. The guest is destroyed in the end.
 */
#define _GNU_SOURCE
#include "try.h" /* first: Xen's headers depend on their order */
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

#include "conformance.h"
#include "filler.h"

#define FREE_PAGES   512u
#define NODES_AGE_NS 2000000000u /* as a daemon has it: the suite asks page by page */

struct place {
	struct try *t;
	struct guest *g;
	xenforeignmemory_handle *memory;
	struct filler filler;
	fnuma_gfn free_pages[FREE_PAGES];
	uint32_t n_free;
};

static uint32_t pages(void *cookie, fnuma_gfn *out, uint32_t n)
{
	struct place *p = cookie;

	n = n < p->n_free ? n : p->n_free;
	memcpy(out, p->free_pages, n * sizeof(*out));
	return n;
}

static uint64_t *map(struct place *p, fnuma_gfn page)
{
	const xen_pfn_t frame = page.n;
	int err = -1;

	return xenforeignmemory_map(p->memory, p->g->domid, PROT_READ | PROT_WRITE, 1,
	                            &frame, &err);
}

static int write_word(void *cookie, fnuma_gfn page, uint64_t value)
{
	struct place *p = cookie;
	uint64_t *at = map(p, page);

	if (!at)
		return -1;
	*at = value;
	return xenforeignmemory_unmap(p->memory, at, 1);
}

static int read_word(void *cookie, fnuma_gfn page, uint64_t *value)
{
	struct place *p = cookie;
	uint64_t *at = map(p, page);

	if (!at)
		return -1;
	*value = *at;
	return xenforeignmemory_unmap(p->memory, at, 1);
}

/* Room as the backend sees it, which leaves a floor alone. */
static int leave_room(void *cookie, fnuma_node node, uint64_t room)
{
	static struct fnuma_topology topology;
	struct place *p = cookie;
	struct count c;

	if (room == UINT64_MAX)
		return filler_end(&p->filler);
	count_now(p->t, &c);
	if (fnuma_backend_topology(&p->t->be, &topology) != FNUMA_OK)
		return -1;
	return filler_fill(&p->filler, node.id,
	                   c.free[node.id] - topology.node[node.id].free_pages + room);
}

static int kill_guest(void *cookie)
{
	struct place *p = cookie;

	return xc_domain_destroy(p->t->xc, p->g->domid);
}

static void take_free(struct place *p)
{
	fnuma_gfn cursor = {0};
	int got;

	need(guest_ask(p->t, p->g->domid, "free", FREE_PAGES), "free pages of the guest");
	need(fnuma_xen_find_agent(p->t->x, p->g->domain) == FNUMA_OK,
	     "the guest's agent");
	got = fnuma_xen_listed(p->t->x, p->g->domain, true, &cursor, p->free_pages,
	                       FREE_PAGES);
	need(got > 0, "pages listed as free");
	p->n_free = (uint32_t)got;
}

/* The backend knows where a page is if it has moved it. */
static void place_all(struct place *p)
{
	const fnuma_node away = fnuma_node_of(0);

	need(move_pages(p->t, p->g, p->free_pages, p->n_free, away, FNUMA_CONTENT_KEEP,
	                NULL) == p->n_free &&
	             move_pages(p->t, p->g, p->free_pages, p->n_free, p->g->home,
	                        FNUMA_CONTENT_KEEP, NULL) == p->n_free,
	     "moving the pages that are tried");
}

static void conformance(struct try *t)
{
	struct place p = {.t = t, .g = &t->guest[0], .filler = {.xc = t->xc}};
	struct fnuma_conformance_target target = {.backend = &t->be,
	                                          .cookie = &p,
	                                          .pages = pages,
	                                          .write = write_word,
	                                          .read = read_word,
	                                          .leave_room = leave_room,
	                                          .kill = kill_guest};
	struct fnuma_xen_domain_stats stats;

	p.memory = xenforeignmemory_open(NULL, 0);
	need(p.memory != NULL, "xenforeignmemory_open");
	t->nodes_age_ns = NODES_AGE_NS;
	library_open(t, NULL, NULL);
	library_attach(t, p.g);
	take_free(&p);
	place_all(&p);
	need(fnuma_xen_domain_stats(t->x, p.g->domain, &stats) == FNUMA_OK,
	     "domain stats");
	target.domain = p.g->domain;
	target.frames = stats.frames;
	fnuma_conformance_run(&target, NULL);
	library_detach(t, p.g);
	library_close(t);
	xenforeignmemory_close(p.memory);
}

const struct scenario scenario_conformance = {"conformance", 1, conformance};
