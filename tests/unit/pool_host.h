/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The smallest host that a pool can live on: a node and an owner for each frame, an
 * allocator, and for each operation a way to make it answer something else.
 */
#ifndef FNUMA_TEST_POOL_HOST_H
#define FNUMA_TEST_POOL_HOST_H

#define _POSIX_C_SOURCE 200112L /* posix_memalign; include this file first */

#include "test.h"
#include <flipnuma/pool.h>
#include <stdlib.h>
#include <string.h>

#define HOST_FRAMES 4096u
#define HOST_NODES 4u

/* What to answer for a frame instead of doing what was asked. */
enum host_answer {
	HOST_HONEST = 0,
	HOST_NOT = 1,          /* do nothing, and say `reason` */
	HOST_UNKNOWN = 2,      /* do nothing, and say unknown */
	HOST_UNKNOWN_DONE = 3, /* do it, and say unknown */
	HOST_LIE = 4           /* do nothing, and say done */
};

struct host {
	struct fnuma_backend be;
	uint64_t home_nodes;
	uint32_t frames;
	uint8_t node[HOST_FRAMES];
	uint8_t pooled[HOST_FRAMES]; /* out of the allocator */
	uint32_t room[HOST_NODES];   /* pages that can still be moved there */
	uint32_t acquires, releases, moves, queries; /* calls */
	uint32_t released_away;   /* pages released while away from home (I2) */
	uint32_t released_strays; /* pages released that were not the pool's */
	uint32_t doubt; /* pages of the next acquire answered unknown, every other one got */
	int acquire_error, release_error, move_error, query_error;
	uint32_t refused_nodes; /* move_error is for moves to these only; 0: for all */
	int queries_left; /* queries before query_error; below 0: at once */
	fnuma_gfn forced[FNUMA_BATCH_MAX]; /* what to hand out instead */
	uint32_t forced_n;
	uint8_t release_as[HOST_FRAMES]; /* enum host_answer */
	uint8_t move_as[HOST_FRAMES];
	uint8_t hidden[HOST_FRAMES]; /* page_nodes says unknown */
	int16_t reason;
};

static inline bool host_is_home(const struct host *h, uint32_t frame)
{
	return h->home_nodes >> fnuma_port_load8(&h->node[frame]) & 1;
}

static inline int host_topology(void *cookie, struct fnuma_topology *out)
{
	(void)cookie, (void)out;
	return FNUMA_E_NOTSUP;
}

static inline int host_alive(void *cookie, fnuma_domain domain)
{
	(void)cookie, (void)domain;
	return FNUMA_OK;
}

static inline int host_page_nodes(void *cookie, fnuma_domain domain,
                                  const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	struct host *h = cookie;
	uint32_t i;

	(void)domain;
	h->queries++;
	if (h->query_error && h->queries_left-- <= 0)
		return h->query_error;
	for (i = 0; i < n; i++) {
		assert_true(pages[i].n < h->frames);
		nodes[i] = h->hidden[pages[i].n] ?
		                   fnuma_node_unknown() :
		                   fnuma_node_of(fnuma_port_load8(&h->node[pages[i].n]));
	}
	return (int)n;
}

static inline int host_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages,
                               uint32_t n, struct fnuma_result *results)
{
	struct host *h = cookie;
	uint32_t i, got = 0;

	(void)domain;
	h->acquires++;
	if (h->acquire_error)
		return h->acquire_error;
	for (i = 0; i < h->forced_n && got < n; i++) {
		pages[got] = h->forced[i];
		results[got].outcome = FNUMA_DONE;
		results[got++].node = fnuma_node_of(0);
	}
	for (i = 0; i < h->frames && got < n && !h->forced_n; i++) {
		if (h->pooled[i])
			continue;
		h->pooled[i] = !(h->doubt & 1);
		pages[got] = fnuma_gfn_of(i);
		results[got].outcome = h->doubt ? FNUMA_UNKNOWN : FNUMA_DONE;
		h->doubt -= h->doubt > 0;
		results[got++].node =
			h->hidden[i] ? fnuma_node_unknown() : fnuma_node_of(h->node[i]);
	}
	return (int)got;
}

static inline void host_answer(struct fnuma_result *result, enum host_answer answer,
                               int16_t reason)
{
	if (answer == HOST_UNKNOWN || answer == HOST_UNKNOWN_DONE) {
		result->outcome = FNUMA_UNKNOWN;
		result->node = fnuma_node_unknown();
	} else if (answer == HOST_NOT) {
		result->outcome = FNUMA_NOT_DONE;
		result->reason = reason;
	} else {
		result->outcome = FNUMA_DONE;
	}
}

static inline int host_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                               uint32_t n, struct fnuma_result *results)
{
	struct host *h = cookie;
	uint32_t i;

	(void)domain;
	h->releases++;
	if (h->release_error)
		return h->release_error;
	for (i = 0; i < n; i++) {
		uint32_t f = pages[i].n;
		enum host_answer as = (enum host_answer)h->release_as[f];

		assert_true(f < h->frames);
		if (as == HOST_HONEST && !h->pooled[f]) {
			h->released_strays++;
			host_answer(&results[i], HOST_NOT, FNUMA_E_STATE);
			continue;
		}
		host_answer(&results[i], as, h->reason);
		if (as != HOST_HONEST && as != HOST_UNKNOWN_DONE)
			continue;
		h->released_away += !host_is_home(h, f);
		h->pooled[f] = 0;
	}
	return (int)n;
}

static inline int host_move(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                            uint32_t n, fnuma_node to, struct fnuma_result *results,
                            uint64_t *spent_ns)
{
	struct host *h = cookie;
	uint32_t i;

	(void)domain;
	h->moves++;
	*spent_ns += 100;
	if (h->move_error && (!h->refused_nodes || h->refused_nodes >> to.id & 1))
		return h->move_error;
	if (to.id >= HOST_NODES)
		return FNUMA_E_RANGE;
	for (i = 0; i < n; i++) {
		uint32_t f = pages[i].n;
		enum host_answer as = (enum host_answer)h->move_as[f];

		assert_true(f < h->frames);
		results[i].node = to;
		if (as == HOST_HONEST && !h->room[to.id]) {
			host_answer(&results[i], HOST_NOT, FNUMA_E_NOMEM);
			continue;
		}
		host_answer(&results[i], as, h->reason);
		if (as != HOST_HONEST && as != HOST_UNKNOWN_DONE)
			continue;
		h->room[to.id]--;
		fnuma_port_store8(&h->node[f], to.id);
	}
	return (int)n;
}

/* A host whose pages are all on node 0, which is home. */
static inline void host_init(struct host *h, uint32_t frames, uint32_t caps)
{
	struct fnuma_backend_ops ops;
	uint32_t node;

	memset(&ops, 0, sizeof(ops));
	ops.size = sizeof(ops);
	ops.abi = FNUMA_BACKEND_ABI;
	ops.name = "host";
	ops.topology = host_topology;
	ops.alive = host_alive;
	if (caps & FNUMA_CAP_PAGE_NODES)
		ops.page_nodes = host_page_nodes;
	if (caps & FNUMA_CAP_ACQUIRE) {
		ops.acquire = host_acquire;
		ops.release = host_release;
	}
	if (caps & FNUMA_CAP_MOVE_FREE)
		ops.move_free = host_move;
	memset(h, 0, sizeof(*h));
	h->frames = frames;
	h->home_nodes = 1;
	for (node = 0; node < HOST_NODES; node++)
		h->room[node] = HOST_FRAMES;
	assert_true(frames <= HOST_FRAMES);
	assert_int_equal(fnuma_backend_bind(&h->be, &ops, h), FNUMA_OK);
}

#define HOST_ALL (FNUMA_CAP_PAGE_NODES | FNUMA_CAP_ACQUIRE | FNUMA_CAP_MOVE_FREE)

/* A pool on a host, in memory of exactly the size it asks for. */
struct rig {
	struct host host;
	struct fnuma_home homes[3];
	struct fnuma_pool_config config;
	struct fnuma_pool *pool;
	void *memory;
	size_t bytes;
};

/* The whole domain is at home on these nodes, and on these only. */
static inline void rig_homes(struct rig *r, const uint8_t *nodes, uint32_t n)
{
	uint32_t i;

	assert_true(n <= 3);
	r->host.home_nodes = 0;
	for (i = 0; i < n; i++) {
		r->homes[i].first.n = 0;
		r->homes[i].pages = r->config.frames;
		r->homes[i].node.id = nodes[i];
		r->homes[i].weight = 1;
		r->host.home_nodes |= UINT64_C(1) << nodes[i];
	}
	r->config.homes = r->homes;
	r->config.n_homes = n;
}

static inline struct rig *rig_new(uint32_t frames, uint32_t max_pages, uint32_t caches,
                                  uint32_t magazine_pages, uint32_t flags, uint32_t caps)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	host_init(&r->host, frames, caps);
	r->config.frames = frames;
	r->config.max_pages = max_pages;
	r->config.caches = caches;
	r->config.magazine_pages = magazine_pages;
	r->config.flags = flags;
	r->config.backend = &r->host.be;
	rig_homes(r, (const uint8_t[]){0}, 1);
	r->config.domain.slot = 3;
	r->config.domain.generation = 5;
	r->bytes = fnuma_pool_bytes(&r->config);
	assert_true(r->bytes > 0 && r->bytes % FNUMA_CACHE_LINE == 0);
	assert_int_equal(posix_memalign(&r->memory, FNUMA_CACHE_LINE, r->bytes), 0);
	memset(r->memory, 0xa5, r->bytes);
	assert_int_equal(fnuma_pool_init(r->memory, r->bytes, &r->config, &r->pool),
	                 FNUMA_OK);
	return r;
}

static inline void rig_free(struct rig *r)
{
	free(r->memory);
	free(r);
}

/* The pages say that they are on a node, as after flips. */
static inline void host_send(struct host *h, const fnuma_gfn *pages, uint32_t n,
                             uint8_t node)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		fnuma_port_store8(&h->node[pages[i].n], node);
}

static inline struct fnuma_pool_stats stats_of(struct rig *r)
{
	struct fnuma_pool_stats s;

	fnuma_pool_stats(r->pool, &s);
	assert_int_equal(s.size_pages, s.used_pages + s.free_pages);
	assert_int_equal(s.used_pages, s.in_flight_pages + s.received_pages);
	assert_int_equal(s.size_pages, s.grown - s.shrunk);
	assert_true(s.depot_home_pages + s.depot_remote_pages + s.held_pages +
	                    s.lost_pages <=
	            s.size_pages);
	return s;
}

#endif /* FNUMA_TEST_POOL_HOST_H */
