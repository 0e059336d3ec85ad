/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "end.h"

#include "wire.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_PAGES 512u
/* Applications take so many pages at a time before they give up others. */
#define CHURN_PAGES 16u

const char *end_bind(uint32_t node)
{
	struct bitmask *mask = numa_allocate_nodemask();

	if (!mask)
		return "no memory";
	numa_bitmask_setbit(mask, node);
	numa_set_membind(mask);
	numa_bitmask_free(mask);
	return numa_run_on_node((int)node) ? "the node has no CPU to run on" : NULL;
}

const char *end_open(struct end *e, uint32_t host_flags, int fd, uint32_t end,
                     uint32_t share_flags, uint64_t seed, char *error)
{
	const struct fnuma_linux_config config = {.flags = host_flags};
	int err;

	memset(e, 0, sizeof(*e));
	rng_seed(&e->rng, seed, 16 + end);
	if (fnuma_linux_open(&config, &e->host, error, END_ERROR_BYTES))
		return error;
	err = fnuma_linux_share_join(e->host, fd, end, share_flags, &e->share);
	if (err)
		return fnuma_strerror(err);
	e->frames = fnuma_linux_share_frames(e->share);
	e->app = calloc(e->frames, sizeof(*e->app));
	e->mark = calloc(e->frames, sizeof(*e->mark));
	return e->app && e->mark ? NULL : "no memory";
}

void end_close(struct end *e)
{
	fnuma_linux_share_leave(e->share);
	fnuma_linux_close(e->host);
	free(e->app);
	free(e->mark);
	memset(e, 0, sizeof(*e));
}

bool end_reserve(struct end *e, uint32_t n)
{
	fnuma_gfn page;

	while (n && fnuma_linux_share_alloc(e->share, &page, 1) == 1)
		n--;
	return n == 0;
}

/* An application writes to both ends of its page. */
static void use(struct end *e, fnuma_gfn page)
{
	uint64_t *at = fnuma_linux_share_at(e->share, page);

	e->mark[page.n] = ++e->last_mark;
	at[0] = at[PAGE_BYTES / sizeof(*at) - 1] = e->last_mark;
}

static void look(struct end *e, fnuma_gfn page)
{
	const uint64_t *at = fnuma_linux_share_at(e->share, page);

	if (!at || at[0] != e->mark[page.n] ||
	    at[PAGE_BYTES / sizeof(*at) - 1] != e->mark[page.n])
		e->bad_pages++;
	e->mark[page.n] = 0;
}

void end_start(struct end *e, uint32_t n)
{
	while (n && fnuma_linux_share_alloc(e->share, &e->app[e->n_app], 1) == 1) {
		use(e, e->app[e->n_app++]);
		n--;
	}
}

static void give_up(struct end *e, uint32_t n)
{
	while (n-- && e->n_app) {
		const uint32_t i = (uint32_t)(rng_next(&e->rng) % e->n_app);
		const fnuma_gfn page = e->app[i];

		look(e, page);
		e->app[i] = e->app[--e->n_app];
		fnuma_linux_share_free(e->share, &page, 1);
	}
}

void end_churn(struct end *e, uint64_t n)
{
	while (n) {
		const uint32_t some = n < CHURN_PAGES ? (uint32_t)n : CHURN_PAGES;
		const uint32_t before = e->n_app;

		end_start(e, some);
		give_up(e, e->n_app - before);
		n -= some;
	}
}

void end_exit(struct end *e)
{
	give_up(e, e->n_app);
}

/* One system call: where these addresses' pages are, or a negative error. */
static void ask(void **at, uint32_t n, int *node)
{
	uint32_t i;

	if (n && move_pages(0, n, at, NULL, node, 0))
		for (i = 0; i < n; i++)
			node[i] = -errno;
}

uint32_t end_counts(const struct end *e, uint32_t *counts)
{
	uint32_t frame = 0, lost = 0, n;
	int node[QUERY_PAGES];
	void *at[QUERY_PAGES];

	memset(counts, 0, FNUMA_NODES_MAX * sizeof(*counts));
	while (frame < e->frames) {
		for (n = 0; n < QUERY_PAGES && frame < e->frames; frame++) {
			at[n] = fnuma_linux_share_at(e->share, fnuma_gfn_of(frame));
			n += at[n] != NULL;
		}
		ask(at, n, node);
		while (n--) {
			if (node[n] >= 0 && node[n] < (int)FNUMA_NODES_MAX)
				counts[node[n]]++;
			else
				lost++;
		}
	}
	return lost;
}

void end_nodes(const struct end *e, const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	int node[QUERY_PAGES];
	void *at[QUERY_PAGES];
	uint32_t i, some;

	for (; n; n -= some, pages += some, nodes += some) {
		some = n < QUERY_PAGES ? n : QUERY_PAGES;
		for (i = 0; i < some; i++)
			at[i] = fnuma_linux_share_at(e->share, pages[i]);
		ask(at, some, node);
		for (i = 0; i < some; i++)
			nodes[i] = node[i] >= 0 ? fnuma_node_of((uint32_t)node[i])
			                        : fnuma_node_unknown();
	}
}

/* The kernel's entries for the pages between two addresses, in one call; or NULL. */
static uint64_t *read_pagemap(const char *first, const char *last)
{
	const size_t n = (size_t)(last - first) / PAGE_BYTES + 1;
	uint64_t *entry = malloc(n * sizeof(*entry));

	if (entry && !frames_read(first, n, entry)) {
		free(entry);
		entry = NULL;
	}
	return entry;
}

uint64_t end_frames_sum(const struct end *e)
{
	const char *first = NULL, *last = NULL, *at;
	uint64_t sum = 0, *entry;
	uint32_t i;

	for (i = 0; i < e->frames; i++) {
		at = fnuma_linux_share_at(e->share, fnuma_gfn_of(i));
		first = at && (!first || at < first) ? at : first;
		last = at && (!last || at > last) ? at : last;
	}
	entry = first ? read_pagemap(first, last) : NULL;
	for (i = 0; entry && i < e->frames; i++) {
		at = fnuma_linux_share_at(e->share, fnuma_gfn_of(i));
		if (at) /* squared: exchanges cannot hide in the sum */
			sum += entry[(at - first) / PAGE_BYTES] * entry[(at - first) / PAGE_BYTES];
	}
	free(entry);
	return sum;
}
