/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A backend around the backend: no page is moved to a node that has less free memory than is
 * to be kept there. What is refused so is "no memory", as a full node itself would say it.
 */
#ifndef FLIPNUMAD_GUARD_H
#define FLIPNUMAD_GUARD_H

#include <flipnuma/backend.h>

struct guard {
	struct fnuma_backend inner;
	struct fnuma_topology topology; /* as last asked for */
	uint64_t keep_free_pages;
	uint64_t asked_ns, now_ns;
	uint64_t refused_pages;
	bool asked;
};

/* Around `inner`, which is copied. `out` lives as long as the guard. */
int guard_init(struct guard *g, const struct fnuma_backend *inner, struct fnuma_backend *out);

/* The time, and how many pages are to be left free of each node. Before moves. */
void guard_tell(struct guard *g, uint64_t now_ns, uint64_t keep_free_pages);

/* Is there room for `n` pages on a node? */
bool guard_room(struct guard *g, fnuma_node node, uint32_t n);

#endif
