/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The mock as a target: a guest on node 1, the privileged domain on node 0. */
#ifndef FNUMA_CONFORMANCE_MOCK_TARGET_H
#define FNUMA_CONFORMANCE_MOCK_TARGET_H

#include "conformance.h"
#include <flipnuma/mock.h>
#include <string.h>

struct mock_target {
	struct fnuma_mock *mock;
	struct fnuma_backend backend;
	struct fnuma_conformance_target target;
};

/* The suite lies to see what happens; a refusal is all that is wanted. */
static inline void mock_target_whistle(void *cookie, const char *text)
{
	(void)cookie, (void)text;
}

static inline uint32_t mock_target_pages(void *cookie, fnuma_gfn *pages, uint32_t n)
{
	struct mock_target *t = cookie;
	int got = fnuma_mock_alloc(t->mock, t->target.domain, pages, n);

	return got > 0 ? (uint32_t)got : 0;
}

static inline void mock_target_done(void *cookie, const fnuma_gfn *pages, uint32_t n)
{
	struct mock_target *t = cookie;

	fnuma_mock_free(t->mock, t->target.domain, pages, n);
}

static inline fnuma_node mock_target_node_of(void *cookie, fnuma_gfn page)
{
	struct mock_target *t = cookie;

	return fnuma_mock_node(t->mock, t->target.domain, page);
}

static inline int mock_target_write(void *cookie, fnuma_gfn page, uint64_t value)
{
	struct mock_target *t = cookie;

	return fnuma_mock_write(t->mock, t->target.domain, page, value);
}

static inline int mock_target_read(void *cookie, fnuma_gfn page, uint64_t *value)
{
	struct mock_target *t = cookie;

	return fnuma_mock_read(t->mock, t->target.domain, page, value);
}

static inline int mock_target_pin(void *cookie, fnuma_gfn page, bool pinned)
{
	struct mock_target *t = cookie;

	return fnuma_mock_pin(t->mock, t->target.domain, page, pinned);
}

static inline int mock_target_leave_room(void *cookie, fnuma_node node, uint64_t pages)
{
	static struct fnuma_topology topology;
	struct mock_target *t = cookie;
	int err = fnuma_mock_reserve(t->mock, node, 0);

	if (err || pages == UINT64_MAX)
		return err;
	err = fnuma_backend_topology(&t->backend, &topology);
	if (err || topology.node[node.id].free_pages < pages)
		return FNUMA_E_NOMEM;
	return fnuma_mock_reserve(t->mock, node, topology.node[node.id].free_pages - pages);
}

static inline int mock_target_kill(void *cookie)
{
	struct mock_target *t = cookie;

	return fnuma_mock_domain_destroy(t->mock, t->target.domain);
}

static inline int mock_target_domain(struct mock_target *t, uint32_t node, uint32_t frames,
                                     fnuma_domain *out)
{
	struct fnuma_home home = {{0}, 0, {0}, 1};
	struct fnuma_mock_domain_config config;

	home.pages = frames;
	home.node = fnuma_node_of(node);
	memset(&config, 0, sizeof(config));
	config.frames = frames;
	config.homes = &home;
	config.n_homes = 1;
	config.app_pages = frames / 4;
	config.kernel_pages = frames / 8;
	return fnuma_mock_domain_create(t->mock, &config, out);
}

static inline void mock_target_fill_in(struct mock_target *t)
{
	struct fnuma_conformance_target *target = &t->target;

	target->backend = &t->backend;
	target->frames = 1000;
	target->cookie = t;
	target->pages = mock_target_pages;
	target->done_pages = mock_target_done;
	target->node_of = mock_target_node_of;
	target->write = mock_target_write;
	target->read = mock_target_read;
	target->pin = mock_target_pin;
	target->leave_room = mock_target_leave_room;
	target->kill = mock_target_kill;
	target->peer_is_elsewhere = true;
	target->may_move_domain = true;
}

/* FNUMA_OK or an error; fnuma_mock_destroy(t->mock) when done, either way. */
static inline int mock_target_init(struct mock_target *t)
{
	struct fnuma_mock_config config;
	int err;

	memset(t, 0, sizeof(*t));
	memset(&config, 0, sizeof(config));
	config.nodes = 2;
	config.node_pages[0] = config.node_pages[1] = 4000;
	config.contents = true;
	config.on_violation = mock_target_whistle;
	mock_target_fill_in(t);
	err = fnuma_mock_create(&config, &t->mock);
	if (!err)
		err = fnuma_mock_backend(t->mock, &t->backend);
	if (!err)
		err = mock_target_domain(t, 0, 1000, &t->target.peer);
	if (!err)
		err = mock_target_domain(t, 1, t->target.frames, &t->target.domain);
	return err;
}

#endif /* FNUMA_CONFORMANCE_MOCK_TARGET_H */
