/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A small host for the mock's tests: a guest on node 0, the privVM on node 1. */
#ifndef FNUMA_MOCK_FIXTURE_H
#define FNUMA_MOCK_FIXTURE_H

#include "test.h"
#include <flipnuma/mock.h>
#include <stdio.h>
#include <string.h>

#define GUEST_PAGES 1000u
#define PEER_PAGES  2000u
#define NODE_PAGES  4000u

struct fixture {
	struct fnuma_mock *m;
	const struct fnuma_backend_ops *ops;
	fnuma_domain guest, peer;
	uint32_t violations;
	char text[160];
};

static inline void note_violation(void *cookie, const char *text)
{
	struct fixture *f = cookie;

	f->violations++;
	snprintf(f->text, sizeof(f->text), "%s", text);
}

static inline struct fnuma_mock_config host_config(struct fixture *f)
{
	struct fnuma_mock_config config;

	memset(&config, 0, sizeof(config));
	config.nodes = 2;
	config.node_pages[0] = NODE_PAGES;
	config.node_pages[1] = NODE_PAGES;
	config.seed = 1;
	config.contents = true;
	config.on_violation = note_violation;
	config.violation_cookie = f;
	return config;
}

static inline fnuma_domain add_domain(struct fixture *f, uint32_t node, uint32_t frames,
                                      uint32_t app_pages, uint32_t ring_pages)
{
	struct fnuma_home home = {{0}, frames, {(uint8_t)node}, 1};
	struct fnuma_mock_domain_config config = {frames, &home, 1, 0, 0, 0, 0};
	fnuma_domain d;

	config.app_pages = app_pages;
	config.ring_pages = ring_pages;
	assert_int_equal(fnuma_mock_domain_create(f->m, &config, &d), FNUMA_OK);
	return d;
}

static inline void open_host(struct fixture *f, const struct fnuma_mock_config *config)
{
	assert_int_equal(fnuma_mock_create(config, &f->m), FNUMA_OK);
	f->ops = fnuma_mock_ops(f->m);
	f->guest = add_domain(f, 0, GUEST_PAGES, 500, 0);
	f->peer = add_domain(f, 1, PEER_PAGES, 500, 64);
	f->violations = 0;
}

static inline void open_usual(struct fixture *f)
{
	struct fnuma_mock_config config = host_config(f);

	open_host(f, &config);
}

static inline void assert_audit(const struct fixture *f)
{
	char text[160] = "";

	if (!fnuma_mock_audit(f->m, text, sizeof(text)))
		fail_msg("audit: %s", text);
}

static inline void close_host(struct fixture *f)
{
	assert_audit(f);
	fnuma_mock_destroy(f->m);
}

/* Pages of the domain on the node. */
static inline uint32_t on_node(const struct fixture *f, fnuma_domain d, uint32_t node)
{
	uint32_t counts[FNUMA_NODES_MAX];

	assert_int_equal(fnuma_mock_counts(f->m, d, counts), FNUMA_OK);
	return counts[node];
}

/* Put a page of the guest's on a node. */
static inline int place(const struct fixture *f, uint32_t page, uint32_t node)
{
	return fnuma_mock_place(f->m, f->guest, fnuma_gfn_of(page), fnuma_node_of(node));
}

/* Flip with fresh results. */
static inline int flip(struct fixture *f, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	memset(results, 0, FNUMA_BATCH_MAX * sizeof(*results));
	return f->ops->flip(f->m, f->guest, f->peer, pages, n, results);
}

static inline int acquire(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	memset(results, 0, FNUMA_BATCH_MAX * sizeof(*results));
	return f->ops->acquire(f->m, f->guest, pages, n, results);
}

static inline int release(struct fixture *f, const fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	memset(results, 0, FNUMA_BATCH_MAX * sizeof(*results));
	return f->ops->release(f->m, f->guest, pages, n, results);
}

static inline int move_to(struct fixture *f, const fnuma_gfn *pages, uint32_t n,
                          uint32_t to, struct fnuma_result *results)
{
	memset(results, 0, FNUMA_BATCH_MAX * sizeof(*results));
	return f->ops->move_page(f->m, f->guest, pages, n, fnuma_node_of(to), results,
	                         NULL);
}

static inline int probe(struct fixture *f, const fnuma_gfn *pages, uint32_t n,
                        struct fnuma_result *results)
{
	memset(results, 0, FNUMA_BATCH_MAX * sizeof(*results));
	return f->ops->probe(f->m, f->guest, pages, n, results);
}

/* The last call broke a rule, and the referee said so in these words. */
static inline void assert_whistled(struct fixture *f, int answer, const char *words)
{
	assert_int_equal(answer, FNUMA_E_INVAL);
	assert_int_equal(f->violations, 1);
	assert_non_null(strstr(f->text, words));
	f->violations = 0;
}

#endif /* FNUMA_MOCK_FIXTURE_H */
