/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * All that the library adds to a flip: a burst of pages out of the pool and the oldest of
 * those in use back, in one exchange; a record of where the new ones are; and whether the
 * amount is reached. As in a pool that has settled, most pages come from the peer's node again;
 * or, mixed, half of them, and nobody can foresee which.
 */
#include "pool_ours.h"
#include <flipnuma/host.h>
#include <stdlib.h>

#define BURST 32u

struct flips {
	struct fnuma_host *host;
	fnuma_member member;
	struct fnuma_pool_cache cache;
	fnuma_gfn *in_use; /* first in, first out */
	uint32_t n_in_use;
	uint32_t oldest;
	uint64_t random;
	uint64_t *words; /* 16 pages to each, for who only touches them */
	struct fnuma_result results[BURST * 64];
};

static const struct fnuma_home *home_of(uint32_t frames)
{
	static struct fnuma_home home;

	home = (struct fnuma_home){{0}, frames, {1}, 1};
	return &home;
}

/* A backend that hands out frames in a scattered order, and does nothing else. */
struct source {
	uint32_t frames;
	uint32_t given;
};

static int source_topology(void *cookie, struct fnuma_topology *out)
{
	unsigned i, k;

	(void)cookie;
	out->nodes = 2;
	out->page_bytes = FNUMA_PAGE_BYTES;
	for (i = 0; i < 2; i++) {
		out->node[i] = (struct fnuma_node_info){1u << 30, 1u << 29};
		for (k = 0; k < 2; k++)
			out->distance[i][k] = i == k ? 10 : 21;
	}
	return FNUMA_OK;
}

static int source_alive(void *cookie, fnuma_domain domain)
{
	(void)cookie;
	(void)domain;
	return FNUMA_OK;
}

static int source_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	struct source *s = cookie;
	uint32_t i;

	(void)domain;
	for (i = 0; i < n; i++) {
		/* An odd number times all numbers below a power of two: each once. */
		pages[i] = fnuma_gfn_of(s->given++ * 0x9e3779b1u & (s->frames - 1));
		results[i] = (struct fnuma_result){FNUMA_DONE, fnuma_node_of(1), FNUMA_OK};
	}
	return (int)n;
}

static int source_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	(void)cookie;
	(void)domain;
	(void)pages;
	(void)n;
	(void)results;
	return FNUMA_E_NOTSUP;
}

static int source_move(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                       fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	(void)cookie;
	(void)domain;
	(void)pages;
	(void)n;
	(void)to;
	(void)results;
	(void)spent_ns;
	return FNUMA_E_NOTSUP;
}

static const struct fnuma_backend *source_new(uint32_t frames)
{
	struct fnuma_backend_ops ops = {.size = sizeof(ops), .abi = FNUMA_BACKEND_ABI,
	                                .name = "source"};
	struct fnuma_backend *be = speed_alloc(sizeof(*be));
	struct source *s = speed_alloc(sizeof(*s));

	s->frames = frames;
	ops.topology = source_topology;
	ops.alive = source_alive;
	ops.acquire = source_acquire;
	ops.release = source_release;
	ops.move_page = source_move;
	if (fnuma_backend_bind(be, &ops, s))
		speed_die("cannot bind a backend");
	return be;
}

static struct fnuma_pool *pool_new(const struct fnuma_backend *be, uint32_t frames,
                                   uint32_t pages)
{
	struct fnuma_pool_config config = {.frames = frames, .max_pages = pages, .caches = 1,
	                                   .flags = FNUMA_POOL_TRUSTED,
	                                   .homes = home_of(frames), .n_homes = 1,
	                                   .backend = be};
	size_t bytes = fnuma_pool_bytes(&config);
	struct fnuma_pool *pool;

	if (fnuma_pool_init(speed_alloc(bytes), bytes, &config, &pool) ||
	    fnuma_pool_grow(pool, pages, 0) != (int)pages)
		speed_die("cannot make a pool of %u pages", pages);
	return pool;
}

static void join_host(struct flips *f, const struct fnuma_backend *be, uint32_t frames)
{
	struct fnuma_host_config host = {.backend = be, .max_members = 1, .nodes = 2};
	struct fnuma_member_config member = {.domain = {0, 1}, .frames = frames, .homes = home_of(frames),
	                                     .n_homes = 1, .start = FNUMA_START_HOME,
	                                     .trigger = fnuma_trigger_find("amount"),
	                                     .trigger_params = {.amount_pages = UINT32_MAX - 1}};
	size_t bytes = fnuma_host_bytes(&host);
	int error;

	if (fnuma_host_init(speed_alloc(bytes), bytes, &host, &f->host))
		speed_die("cannot make a host");
	bytes = fnuma_host_member_bytes(f->host, &member);
	error = fnuma_host_add(f->host, &member, speed_alloc(bytes), bytes, 0, &f->member);
	if (error)
		speed_die("cannot add a member: %s", fnuma_strerror(error));
}

static struct flips *flips_new(uint32_t frames, uint32_t in_use, uint32_t home_percent)
{
	struct flips *f = speed_alloc(sizeof(*f));
	const struct fnuma_backend *be = source_new(frames);
	uint32_t i;

	f->random = 88172645463325252u;
	f->n_in_use = in_use;
	f->in_use = speed_alloc(in_use * sizeof(fnuma_gfn));
	f->words = speed_alloc(frames / 16 * sizeof(*f->words));
	join_host(f, be, frames);
	if (fnuma_pool_attach(pool_new(be, frames, in_use + 1024), &f->cache) ||
	    fnuma_pool_take(&f->cache, f->in_use, in_use) != (int)in_use)
		speed_die("cannot take %u pages", in_use);
	for (i = 0; i < sizeof(f->results) / sizeof(*f->results); i++)
		f->results[i] = (struct fnuma_result){
			FNUMA_DONE,
			fnuma_node_of(speed_below(&f->random, 100) < home_percent),
			FNUMA_OK};
	return f;
}

#define SLICE 8192u

/* The next burst's results, and its pages: exchanged. */
static inline const struct fnuma_result *exchange(struct flips *f, fnuma_gfn **pages)
{
	*pages = f->in_use + f->oldest;
	f->oldest = (f->oldest + BURST) & (f->n_in_use - 1);
	if (fnuma_pool_exchange_inline(&f->cache, *pages, *pages, BURST) != (int)BURST)
		speed_die("an exchange failed");
	return f->results + BURST * (speed_random(&f->random) & 63);
}

static double flip(void *context)
{
	struct flips *f = context;
	uint64_t begin = speed_now_ns();
	fnuma_gfn *pages;
	uint32_t i;

	for (i = 0; i < SLICE; i += BURST) {
		const struct fnuma_result *results = exchange(f, &pages);

		if (fnuma_host_record(f->host, f->member, pages, results, BURST, begin) !=
		    (int)BURST)
			speed_die("a burst failed");
	}
	return (double)(speed_now_ns() - begin);
}

/* The limit: the words of a table of 4 bits a page, fetched and written to. Nothing is looked
 * at, nothing is counted. */
static double touch(void *context)
{
	struct flips *f = context;
	uint64_t begin = speed_now_ns();
	fnuma_gfn *pages;
	uint32_t i, k;

	for (i = 0; i < SLICE; i += BURST) {
		const struct fnuma_result *results = exchange(f, &pages);

		for (k = 0; k < BURST; k++)
			__builtin_prefetch(&f->words[pages[k].n / 16], 1);
		for (k = 0; k < BURST; k++)
			f->words[pages[k].n / 16] ^= (uint64_t)results[k].node.id
			                             << pages[k].n % 16 * 4;
	}
	return (double)(speed_now_ns() - begin);
}

void speed_flip(void)
{
	struct flips *hot = flips_new(4u << 20, 4096, 3), *mixed = flips_new(4u << 20, 4096, 50);
	struct flips *large = flips_new(256u << 20, 4u << 20, 3);
	struct speed_case cases[] = {
		{"flip_total", flip, hot, SLICE, NULL},
		{"flip_total_touch", touch, hot, SLICE, NULL},
		{"flip_total_mixed", flip, mixed, SLICE, NULL},
		{"flip_total_1t", flip, large, SLICE, NULL},
		{"flip_total_1t_touch", touch, large, SLICE, NULL},
	};
	enum { CASES = sizeof(cases) / sizeof(*cases) };
	unsigned i;

	speed_rounds(cases, CASES, 400);
	for (i = 0; i < CASES; i++)
		speed_tell_case(&cases[i], "ns", "%s_ns", cases[i].name);
	speed_tell_ratio(&cases[0], &cases[1], "flip_total_vs_touch");
	speed_tell_ratio(&cases[3], &cases[4], "flip_total_1t_vs_touch");
	speed_free(cases, CASES);
}

/* --- a host that has nothing to do --- */

#define DOMAINS 10000u
#define STEPS   1000u

struct idle {
	struct fnuma_host *host;
	uint64_t now_ns;
	double bytes; /* of a domain, without its tracker's 4 bits a page */
};

static struct idle *idle_new(uint32_t domains)
{
	struct fnuma_host_config config = {.backend = source_new(1u << 16),
	                                   .max_members = domains, .nodes = 2};
	struct fnuma_member_config member = {.domain = {0, 1}, .frames = 4096, .homes = home_of(4096), .n_homes = 1,
	                                     .start = FNUMA_START_HOME, .books_pages = 64,
	                                     .trigger = fnuma_trigger_find("either")};
	struct idle *idle = speed_alloc(sizeof(*idle));
	size_t bytes = fnuma_host_bytes(&config);
	fnuma_member handle;
	uint32_t i;
	int error;

	if (fnuma_host_init(speed_alloc(bytes), bytes, &config, &idle->host))
		speed_die("cannot make a host");
	idle->bytes = (double)bytes / domains;
	bytes = fnuma_host_member_bytes(idle->host, &member);
	idle->bytes += (double)bytes - member.frames / 2.0;
	for (i = 0; i < domains; i++) {
		member.domain = (fnuma_domain){i, 1};
		member.trigger_params.period_ns = 900000000000u + (uint64_t)i * 1000000u;
		error = fnuma_host_add(idle->host, &member, speed_alloc(bytes), bytes, 0, &handle);
		if (error)
			speed_die("cannot add a member: %s", fnuma_strerror(error));
	}
	return idle;
}

static double idle_steps(void *context)
{
	struct idle *idle = context;
	uint64_t begin = speed_now_ns(), next;
	uint32_t i;

	for (i = 0; i < STEPS; i++) {
		idle->now_ns += 10000;
		if (fnuma_host_step(idle->host, idle->now_ns, 64, &next))
			speed_die("an idle host moved pages");
	}
	return (double)(speed_now_ns() - begin);
}

void speed_host(void)
{
	struct idle *idle = idle_new(DOMAINS);
	struct speed_case cases[] = {{"idle", idle_steps, idle, STEPS, NULL}};

	speed_tell("bytes", idle->bytes, "host_bytes_per_domain");
	speed_rounds(cases, 1, 200);
	speed_tell_case(&cases[0], "ns", "host_step_idle_10k_ns");
	speed_free(cases, 1);
}
