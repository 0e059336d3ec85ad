/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "pool_ours.h"

#define FRAMES (1u << 16)

static void host_of(struct fnuma_backend *be, const struct fnuma_home *home,
                    fnuma_domain *domain)
{
	struct fnuma_mock_config machine = {.nodes = 2, .node_pages = {FRAMES, 2 * FRAMES}};
	struct fnuma_mock_domain_config guest = {.frames = FRAMES, .homes = home, .n_homes = 1};
	struct fnuma_mock *mock;

	if (fnuma_mock_create(&machine, &mock) || fnuma_mock_backend(mock, be) ||
	    fnuma_mock_domain_create(mock, &guest, domain))
		speed_die("cannot make a mock host");
}

void ours_open(void *state)
{
	struct ours *o = state;
	const struct fnuma_home home = {{0}, FRAMES, {1}, 1};
	struct fnuma_pool_config config = {0};
	size_t bytes;

	config.frames = FRAMES;
	config.max_pages = POOL_HANDLES + POOL_HANDLES / 10;
	config.caches = 8;
	/* Two of them: a cache spills beyond 768, as one of DPDK's does. */
	config.magazine_pages = POOL_CACHE * 3 / 4;
	config.flags = o->flags;
	config.homes = &home;
	config.n_homes = 1;
	config.backend = &o->backend;
	host_of(&o->backend, &home, &config.domain);
	bytes = fnuma_pool_bytes(&config);
	if (fnuma_pool_init(speed_alloc(bytes), bytes, &config, &o->pool) ||
	    fnuma_pool_grow(o->pool, POOL_HANDLES, 0) != (int)POOL_HANDLES)
		speed_die("cannot make a pool");
}

void *ours_join(void *state, unsigned cpu)
{
	struct ours *o = state;

	if (!o->users[cpu]) {
		o->users[cpu] = speed_alloc(sizeof(*o->users[cpu]));
		if (fnuma_pool_attach(o->pool, o->users[cpu]))
			speed_die("cannot attach a cache");
	}
	return o->users[cpu];
}

void ours_flush(void *state)
{
	struct ours *o = state;
	unsigned i;

	for (i = 0; i < 2; i++)
		if (o->users[i])
			fnuma_pool_flush(o->users[i]);
}

uint32_t ours_drain(void *state, uint64_t *handles, uint32_t n)
{
	struct ours *o = state;
	uint32_t got = 0;
	fnuma_gfn page;

	while (got < n && fnuma_pool_take(o->users[0], &page, 1) == 1)
		handles[got++] = page.n;
	if (fnuma_pool_used(o->pool) != got)
		speed_die("the pool counts %u pages out, and %u are", fnuma_pool_used(o->pool),
		          got);
	return got;
}

void ours_refill(void *state, const uint64_t *handles, uint32_t n)
{
	struct ours *o = state;
	fnuma_gfn page;

	while (n--) {
		page = fnuma_gfn_of((uint32_t)handles[n]);
		if (fnuma_pool_give(o->users[0], &page, 1) != 1)
			speed_die("a page is not taken back");
	}
}
