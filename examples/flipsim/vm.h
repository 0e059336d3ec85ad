/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One guest: its receive ring, where its buffers come from, and its pool.
 *
 * Where a page comes from and goes to is all that a mode changes: the guest's allocator,
 * or its flip pool.
 */
#ifndef FLIPSIM_VM_H
#define FLIPSIM_VM_H

#include "modes.h"
#include "scenario.h"

#include <flipnuma/host.h>
#include <flipnuma/pool.h>
#include <flipnuma/sizer.h>

#define BURST_MAX FNUMA_BATCH_MAX

struct vm;

/* The machine that guests run on: simulated, or real. */
struct machine {
	/* Make the domain of a guest whose homes and frames are set: an error code. */
	int (*boot)(void *at, const struct vm *v, uint32_t kernel_pages, fnuma_domain *out);
	/* A domain's allocator, last in first out. `alloc` returns how many it got, or an
	 * error. */
	int (*alloc)(void *at, fnuma_domain d, fnuma_gfn *pages, uint32_t n);
	void (*free)(void *at, fnuma_domain d, const fnuma_gfn *pages, uint32_t n);
	/* The next packets are copied to these pages. */
	void (*copy)(void *at, fnuma_domain to, fnuma_domain from, const fnuma_gfn *pages,
	             uint32_t n);
	/* Applications give up `n` pages and take others. */
	void (*churn)(void *at, fnuma_domain d, uint64_t n);
	/* The referee: pages by node (FNUMA_NODES_MAX of them), and the nodes of these pages. */
	void (*counts)(void *at, fnuma_domain d, uint32_t *counts);
	void (*nodes)(void *at, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
	              fnuma_node *nodes);
	/* Nanoseconds spent on all that; only differences count. */
	uint64_t (*spent)(void *at);
};

/* What all guests of a run share, and what they did. */
struct ports {
	const struct scenario *sc;
	const struct mode *mode;
	const struct machine *machine;
	void *at; /* the machine's own */
	const struct fnuma_backend *be;
	struct fnuma_host *host; /* or NULL */
	void *host_memory;
	struct fnuma_budget budget; /* for pools that have no host to move their pages */
	fnuma_domain priv;
	uint64_t now_ns;
	uint64_t flips, misses, copies, drops, bursts, pooled, migrated;
	uint64_t flips_ns, copies_ns;
	uint64_t pool_pages;     /* of all guests' pools, now */
};

struct vm {
	fnuma_domain domain;
	struct fnuma_home homes[SCENARIO_NODES_MAX];
	uint32_t n_homes;
	uint32_t frames;
	uint64_t home_nodes;     /* bit n: node n is a home */
	fnuma_gfn *ring;         /* ring_size slots, ring_n used from ring_head */
	uint32_t ring_size, ring_head, ring_n;
	struct fnuma_pool *pool; /* or NULL */
	struct fnuma_pool_cache cache;
	void *pool_memory;
	struct fnuma_sizer sizer;
	uint32_t target_pages;   /* of the pool */
	double resize_owed;      /* pages it may still be resized by */
	uint64_t resized_ns;     /* up to when that is reckoned */
	uint64_t ask_at_ns;      /* when the sizer wants to be asked without a flip */
	uint64_t pool_misses;    /* pages the pool did not have when asked */
	fnuma_member member;     /* of the host, if there is one */
	void *member_memory;
	uint64_t churned_ns;     /* up to when applications have churned */
	double churn_owed;
	uint32_t remote_pages;   /* by the referee */
	uint32_t remote_most;
};

/* Make the budget and, if the mode has a trigger, the repatriation host, of ports whose
 * scenario, mode and backend are set. NULL, or what went wrong. `host_memory` is to be
 * freed. */
const char *ports_boot(struct ports *p, uint32_t guests);

/* Boot a guest: its domain, no applications yet. NULL, or what went wrong. */
const char *vm_boot(struct vm *v, struct ports *p);

/* Give it its pool, of `pages` at first, if the mode has one. */
const char *vm_make_pool(struct vm *v, struct ports *p, uint32_t pages);

/* Make it a member of the host, if there is one. */
const char *vm_join(struct vm *v, struct ports *p);

/* Post buffers until the ring is full or there are no more. */
void vm_refill(struct vm *v, struct ports *p);

/* Packets of `n` pages (up to BURST_MAX) arrive. Returns the pages received, in `pages`:
 * first those of the ring, then (`*own` of them) pages of the allocator that were copied
 * to because there was nothing posted. */
uint32_t vm_receive(struct vm *v, struct ports *p, uint32_t n, fnuma_gfn *pages,
                    uint32_t *own);

/* Packets of `n` pages (up to BURST_MAX) that found nothing posted are copied to pages of
 * the allocator, if the mode has a pool; the others are dropped. Returns how many. */
uint32_t vm_receive_missed(struct vm *v, struct ports *p, uint32_t n, fnuma_gfn *pages);

/* The guest sends packets of `n` pages (up to BURST_MAX). */
void vm_send(struct vm *v, struct ports *p, uint32_t n);

/* Received pages have been used up. */
void vm_done_with(struct vm *v, struct ports *p, const fnuma_gfn *pages, uint32_t n);

/* The same for pages that were the allocator's anyway. */
void vm_done_with_own(struct vm *v, struct ports *p, const fnuma_gfn *pages, uint32_t n);

/* Ask the sizer as often as it wants to be asked for `flips` flips, or once if it is time
 * without any, and follow it. */
void vm_resize(struct vm *v, struct ports *p, uint32_t flips);

/* Applications live, up to now. */
void vm_churn(struct vm *v, struct ports *p);

/* Ask the referee where its pages are. Returns how many are remote. */
uint32_t vm_look(struct vm *v, struct ports *p);

/* How many of these pages are on another node than that of their virtual node? */
uint32_t vm_misplaced(const struct vm *v, const struct ports *p, const fnuma_gfn *pages,
                      uint32_t n);

void vm_free(struct vm *v);

#endif
