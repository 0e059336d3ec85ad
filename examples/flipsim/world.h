/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The simulated host of one run: the mock, the privVM, the guests, what is held by whom.
 */
#ifndef FLIPSIM_WORLD_H
#define FLIPSIM_WORLD_H

#include "load.h"
#include "rng.h"
#include "vm.h"
#include "wheel.h"

#include <flipnuma/mock.h>

/* A page in the wheel: its guest above its frame, and whether it was never the pool's. */
#define TAG_OWN 0x80000000u

struct world {
	struct ports ports;
	struct fnuma_mock *mock;
	struct fnuma_backend be;
	struct vm *vms;
	uint32_t n_vms;
	uint32_t frame_bits;
	struct wheel wheel;
	struct load load;
	struct rng rng;
	uint64_t tick_ns;
	uint32_t upkeep;         /* guest whose turn it is next */
	double privvm_churn_owed;
	uint64_t remote_pages;   /* of all guests, by the referee */
	uint64_t remote_most;    /* ever since the I/O began */
	uint64_t remote_recent;  /* since the last sample */
};

/* Boot the host and the guests, all idle, no pools. NULL, or what went wrong. */
const char *world_boot(struct world *w, const struct scenario *sc, const struct mode *mode);

/* The I/O begins: applications start, pools (of `pool_pages` each) are made, buffers are
 * posted. */
const char *world_begin(struct world *w, const struct load_config *io,
                        const struct packets *trace, double duration_s,
                        uint32_t pool_pages);

/* One tick of I/O. False: no memory. */
bool world_tick(struct world *w);

/* The I/O is over: what is held is freed, applications exit. */
void world_end(struct world *w);

void world_free(struct world *w);

/* Pages out of the pools. Asks every guest's. */
uint64_t world_pools_used(const struct world *w);

/* The privVM's pages that are not on its node. */
uint64_t world_privvm_remote(const struct world *w);

/* Pages not on the node of their virtual node. Looks at every page. */
uint64_t world_misplaced(const struct world *w);

#endif
