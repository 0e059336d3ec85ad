/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES        3u
#define PRIV         0u
#define PRIV_FRAMES  96u
#define APP          24u /* pages of a guest that are never flipped */
#define POOL_MAX     40u
#define ROUNDS       10u
#define ROUND_NS     UINT64_C(700000000)
#define BUDGET_PAGES 16u
#define COOLDOWN_NS  UINT64_C(1500000000)
#define STEPS_MAX    200u /* of a host at one moment, before it is said to spin */
#define PATIENCE_NS  UINT64_C(900000000000)

/* ---- the referees ---- */

static void on_mock_violation(void *cookie, const char *text)
{
	struct world *w = cookie;

	check(w, w->allowance.owners, "a precondition is broken: %s", text);
}

static void on_check_violation(void *cookie, const struct fnuma_wrap_violation *v)
{
	struct world *w = cookie;
	const bool about_moves = strstr(v->rule, "(I8)") != NULL;

	if (v->culprit != FNUMA_CULPRIT_CALLER ||
	    (about_moves && (w->allowance.nodes || w->allowance.moves)))
		return;
	check(w, false, "page %u: %s", v->page.n, v->rule);
}

static fnuma_node on_node_of(void *cookie, fnuma_domain domain, fnuma_gfn page)
{
	struct world *w = cookie;
	fnuma_node node = fnuma_mock_node(w->mock, domain, page);

	return node.id == FNUMA_NODE_NONE_ID ? fnuma_node_unknown() : node;
}

static uint64_t on_now_ns(void *cookie)
{
	const struct world *w = cookie;

	return w->now_ns;
}

/* ---- making ---- */

static const struct fnuma_home peer_home[] = {{{0}, PRIV_FRAMES, {PRIV}, 1}};

static fnuma_domain make_domain(struct world *w, const struct fnuma_home *homes,
                                uint32_t n, uint32_t frames)
{
	struct fnuma_mock_domain_config c;
	fnuma_domain out;

	memset(&c, 0, sizeof(c));
	c.frames = frames;
	c.homes = homes;
	c.n_homes = n;
	assert_int_equal(fnuma_mock_domain_create(w->mock, &c, &out), FNUMA_OK);
	return out;
}

static void make_mock(struct world *w)
{
	struct fnuma_mock_config c;
	uint32_t i;

	memset(&c, 0, sizeof(c));
	c.nodes = NODES;
	for (i = 0; i < NODES; i++)
		c.node_pages[i] = FRAMES * GUESTS_MAX + PRIV_FRAMES;
	c.contents = true;
	c.seed = 1;
	c.costs.move_page_ns = 1000;
	c.on_violation = on_mock_violation;
	c.violation_cookie = w;
	assert_int_equal(fnuma_mock_create(&c, &w->mock), FNUMA_OK);
	assert_int_equal(fnuma_mock_backend(w->mock, &w->mock_be), FNUMA_OK);
	w->peer = make_domain(w, peer_home, 1, PRIV_FRAMES);
}

/* The referee stands behind the faults: it sees what really happens. */
static void make_backend(struct world *w, const struct fnuma_wrap_fault_config *faults,
                         uint32_t n)
{
	struct fnuma_wrap_check_config c;

	memset(&c, 0, sizeof(c));
	c.on_violation = on_check_violation;
	c.node_of = on_node_of;
	c.now_ns = on_now_ns;
	c.cookie = w;
	c.cooldown_ns = w->scenario->hosted ? COOLDOWN_NS : 0;
	c.window_ns = FNUMA_BUDGET_WINDOW_NS;
	c.window_pages = BUDGET_PAGES;
	c.nodes = NODES;
	c.memory = w->memory;
	c.memory_entries = sizeof(w->memory) / sizeof(*w->memory);
	assert_int_equal(fnuma_wrap_check_init(&w->check, &w->mock_be, &c, &w->checked),
	                 FNUMA_OK);
	w->half = w->checked;
	if (n > 1)
		assert_int_equal(fnuma_wrap_fault_init(&w->fault[1], &w->checked,
		                                       &faults[1], &w->half),
		                 FNUMA_OK);
	assert_int_equal(
		fnuma_wrap_fault_init(&w->fault[0], &w->half, &faults[0], &w->be),
		FNUMA_OK);
	w->faults = n;
}

static void make_pool(struct world *w, struct guest *g)
{
	struct fnuma_pool_config c;

	memset(&c, 0, sizeof(c));
	c.frames = FRAMES;
	c.max_pages = POOL_MAX;
	c.caches = 1;
	c.magazine_pages = 4;
	c.backend = &w->be;
	c.domain = g->domain;
	c.homes = w->scenario->homes;
	c.n_homes = w->scenario->n_homes;
	assert_int_equal(
		posix_memalign(&g->pool_memory, FNUMA_CACHE_LINE, fnuma_pool_bytes(&c)),
		0);
	assert_int_equal(
		fnuma_pool_init(g->pool_memory, fnuma_pool_bytes(&c), &c, &g->pool),
		FNUMA_OK);
	assert_int_equal(fnuma_pool_attach(g->pool, &g->cache), FNUMA_OK);
}

static void make_member(struct world *w, struct guest *g)
{
	struct fnuma_member_config c;

	memset(&c, 0, sizeof(c));
	c.domain = g->domain;
	c.frames = FRAMES;
	c.homes = w->scenario->homes;
	c.n_homes = w->scenario->n_homes;
	c.start = FNUMA_START_UNKNOWN;
	c.trigger = fnuma_trigger_find("either");
	c.trigger_params.period_ns = UINT64_C(5000000000);
	c.trigger_params.amount_pages = 8;
	c.pool = g->pool;
	c.books_pages = 128;
	c.tuning.batch_pages = 4;
	c.tuning.attempts_max = w->scenario->attempts_max;
	c.tuning.backoff_ns = UINT64_C(300000000);
	c.tuning.cooldown_ns = COOLDOWN_NS;
	c.tuning.flags = w->scenario->verify ? FNUMA_REPAT_VERIFY : 0;
	g->member_memory = malloc(fnuma_host_member_bytes(w->host, &c));
	assert_non_null(g->member_memory);
	assert_int_equal(fnuma_host_add(w->host, &c, g->member_memory,
	                                fnuma_host_member_bytes(w->host, &c), w->now_ns,
	                                &g->member),
	                 FNUMA_OK);
}

static void make_host(struct world *w)
{
	struct fnuma_host_config c;

	memset(&c, 0, sizeof(c));
	c.backend = &w->be;
	c.max_members = GUESTS_MAX;
	c.nodes = NODES;
	c.limits.pages = BUDGET_PAGES;
	w->host_memory = malloc(fnuma_host_bytes(&c));
	assert_non_null(w->host_memory);
	assert_int_equal(
		fnuma_host_init(w->host_memory, fnuma_host_bytes(&c), &c, &w->host),
		FNUMA_OK);
}

/* ---- pages in use, and what is in them ---- */

static void write_to(struct world *w, struct guest *g, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		g->value[pages[i].n] = ++w->stamp;
		fnuma_mock_write(w->mock, g->domain, pages[i], w->stamp);
	}
}

static void check_contents(struct world *w, const struct guest *g)
{
	uint64_t value;
	uint32_t i;

	for (i = 0; i < FRAMES; i++) {
		if (!g->value[i])
			continue;
		assert_int_equal(
			fnuma_mock_read(w->mock, g->domain, fnuma_gfn_of(i), &value),
			FNUMA_OK);
		check(w, value == g->value[i], "page %u lost its content", i);
	}
}

static void check_pool(struct world *w, const struct guest *g)
{
	struct fnuma_pool_stats s;

	fnuma_pool_stats(g->pool, &s);
	check(w, s.size_pages == s.used_pages + s.free_pages, "pool: %u is not %u + %u",
	      s.size_pages, s.used_pages, s.free_pages);
	check(w, s.used_pages == g->n_out, "pool: %u out, not %u", s.used_pages,
	      g->n_out);
	check(w, s.size_pages == s.grown - s.shrunk, "pool: %u pages", s.size_pages);
	check(w, s.held_pages == 0, "pool: %u pages still held", s.held_pages);
	check(w, s.size_pages <= POOL_MAX, "pool: too large");
}

static void check_layout(struct world *w, const struct guest *g)
{
	const struct fnuma_tracker *t = fnuma_host_tracker(w->host, g->member);
	struct fnuma_layout l;

	fnuma_tracker_layout(t, &l);
	check(w,
	      l.node_pages[0] + l.node_pages[1] + l.node_pages[2] + l.unknown_pages +
	                      l.none_pages ==
	              FRAMES,
	      "the layout does not add up");
}

static void check_guest(struct world *w, const struct guest *g)
{
	if (g->ended)
		return;
	check_contents(w, g);
	if (g->pool)
		check_pool(w, g);
	if (w->host)
		check_layout(w, g);
}

void world_make(struct world *w, const struct scenario *scenario,
                const struct fnuma_wrap_fault_config *faults, uint32_t n)
{
	const struct fnuma_budget_limits limits = {BUDGET_PAGES, 0, 0};
	fnuma_gfn app[APP];
	uint32_t i;

	w->scenario = scenario;
	w->now_ns = FNUMA_BUDGET_WINDOW_NS;
	assert_int_equal(fnuma_budget_init(&w->budget, &limits, FNUMA_PAGE_BYTES, 0),
	                 FNUMA_OK);
	make_mock(w);
	make_backend(w, faults, n);
	if (scenario->hosted)
		make_host(w);
	for (i = 0; i < scenario->guests; i++) {
		struct guest *g = &w->guest[i];

		g->domain = make_domain(w, scenario->homes, scenario->n_homes, FRAMES);
		assert_int_equal(fnuma_mock_alloc(w->mock, g->domain, app, APP), APP);
		write_to(w, g, app, APP);
		if (scenario->pooled)
			make_pool(w, g);
		if (scenario->hosted)
			make_member(w, g);
	}
}

void world_free(struct world *w)
{
	uint32_t i;

	for (i = 0; i < GUESTS_MAX; i++) {
		free(w->guest[i].pool_memory);
		free(w->guest[i].member_memory);
	}
	free(w->host_memory);
	fnuma_mock_destroy(w->mock);
}

/* ---- living ---- */

static void give_back(struct world *w, struct guest *g)
{
	uint32_t i, kept = g->pool ? 0 : g->n_out / 3;

	/* Without a pool, applications keep some of what was flipped. */
	for (i = kept; i < g->n_out; i++)
		g->value[g->out[i].n] = 0;
	if (g->pool)
		assert_int_equal(fnuma_pool_give(&g->cache, g->out, g->n_out), g->n_out);
	else
		check(w,
		      fnuma_mock_free(w->mock, g->domain, g->out + kept,
		                      g->n_out - kept) == (int)(g->n_out - kept),
		      "a page in use was not in use");
	g->n_out = 0;
}

static uint32_t get(struct world *w, struct guest *g)
{
	int n = g->pool ? fnuma_pool_take(&g->cache, g->out, FLIPS)
	                : fnuma_mock_alloc(w->mock, g->domain, g->out, FLIPS);

	return n > 0 ? (uint32_t)n : 0;
}

/* A burst of packets. */
static void flip(struct world *w, struct guest *g)
{
	struct fnuma_result results[FLIPS];
	int ret;

	g->n_out = get(w, g);
	if (!g->n_out)
		return;
	ret = fnuma_backend_flip(&w->be, g->domain, w->peer, g->out, g->n_out, results);
	check(w, ret <= (int)g->n_out, "%d pages flipped of %u", ret, g->n_out);
	if (w->host && ret >= 0)
		assert_int_equal(fnuma_host_record(w->host, g->member, g->out, results,
		                                   g->n_out, w->now_ns),
		                 g->n_out);
	if (g->pool)
		assert_int_equal(fnuma_pool_received(&g->cache, g->out, g->n_out),
		                 g->n_out);
	write_to(w, g, g->out, g->n_out);
}

static const uint32_t sizes[ROUNDS] = {24, 32, 20, 36, 12, 24, 40, 8, 0, 30};

/* The size of a pool follows demand, whatever the answer. */
static void resize(struct world *w, struct guest *g, uint32_t round)
{
	uint32_t before = fnuma_pool_size(g->pool), after;
	int ret = fnuma_pool_resize(g->pool, sizes[round], 8, w->now_ns);

	after = fnuma_pool_size(g->pool);
	check(w,
	      ret < 0 ? after == before
	              : (uint32_t)ret ==
	                        (after > before ? after - before : before - after),
	      "a resize says %d: %u to %u", ret, before, after);
	if (!w->host)
		fnuma_pool_bring_home(g->pool, 10, w->now_ns, &w->budget);
}

static void step(struct world *w)
{
	uint64_t next = 0;
	uint32_t steps;

	if (!w->host)
		return;
	for (steps = 0; next <= w->now_ns; steps++) {
		check(w, steps < STEPS_MAX, "the host spins");
		assert_true(fnuma_host_step(w->host, w->now_ns, 32, &next) >= 0);
	}
}

static void live_round(struct world *w, struct guest *g, uint32_t round)
{
	if (g->ended)
		return;
	give_back(w, g);
	if (g->pool)
		resize(w, g, round);
	flip(w, g);
	check_guest(w, g);
}

static void end_first(struct world *w)
{
	assert_int_equal(fnuma_mock_domain_destroy(w->mock, w->guest[0].domain),
	                 FNUMA_OK);
	w->guest[0].ended = true;
}

static void reserve_first_home(struct world *w, bool on)
{
	const fnuma_node node = w->scenario->homes[0].node;
	struct fnuma_topology t;

	assert_int_equal(fnuma_backend_topology(&w->mock_be, &t), FNUMA_OK);
	assert_int_equal(
		fnuma_mock_reserve(w->mock, node, on ? t.node[node.id].free_pages : 0),
		FNUMA_OK);
}

void world_live(struct world *w)
{
	uint32_t round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < w->scenario->guests; i++)
			live_round(w, &w->guest[i], round);
		if (w->scenario->scarce && (round == 1 || round == 4))
			reserve_first_home(w, round == 1);
		step(w);
		if (w->scenario->dies && round == ROUNDS / 2)
			end_first(w);
		w->now_ns += ROUND_NS;
		step(w);
	}
}

/* ---- coming right ---- */

static bool is_gone(const struct world *w, const struct guest *g)
{
	return g->ended || fnuma_backend_alive(&w->be, g->domain) != FNUMA_OK;
}

static bool is_home(const struct world *w, uint32_t page, fnuma_node node)
{
	return node.id < NODES &&
	       (fnuma_homes_of(w->scenario->homes, w->scenario->n_homes,
	                       fnuma_gfn_of(page)) >>
	                node.id &
	        1);
}

static uint32_t astray(const struct world *w, const struct guest *g)
{
	uint32_t i, n = 0;

	for (i = 0; i < FRAMES; i++)
		n += !is_home(w, i, fnuma_mock_node(w->mock, g->domain, fnuma_gfn_of(i)));
	return n;
}

static void end_faults(struct world *w)
{
	struct fnuma_wrap_fault_config none;
	uint32_t i;

	memset(&none, 0, sizeof(none));
	none.at = FNUMA_FAULT_NEVER;
	for (i = 0; i < w->faults; i++)
		assert_int_equal(fnuma_wrap_fault_set(&w->fault[i], &none), FNUMA_OK);
}

/* Pages that a lie about ownership was told of. */
static uint32_t disowned(const struct world *w)
{
	uint64_t n = 0;
	uint32_t i, kind;

	for (i = 0; w->allowance.owners && i < w->faults; i++)
		for (kind = 0; kind < FNUMA_FAULT_KINDS; kind++)
			n += w->fault[i].counts.pages[kind];
	return (uint32_t)n;
}

/* Pages that the engine should still do something about. Of a dead domain it has to know
 * that it is dead, if there is anything left to do. */
static uint32_t to_do_for(const struct world *w, const struct guest *g)
{
	const struct fnuma_repatriator *r = fnuma_host_repatriator(w->host, g->member);
	struct fnuma_repatriator_stats s;

	fnuma_repatriator_stats(r, &s);
	if (s.state == FNUMA_E_GONE)
		return 0;
	if (is_gone(w, g) || w->allowance.nodes || w->allowance.owners)
		return fnuma_repatriator_movable(r);
	return astray(w, g) -
	       (s.given_up_pages < astray(w, g) ? s.given_up_pages : astray(w, g));
}

static uint32_t to_do(const struct world *w)
{
	uint32_t i, n = 0;

	for (i = 0; i < w->scenario->guests; i++)
		n += to_do_for(w, &w->guest[i]);
	return n;
}

/* The host alone, at the times that it asks for itself. */
static void let_it_work(struct world *w)
{
	uint64_t until_ns = w->now_ns + PATIENCE_NS, next;

	while (to_do(w)) {
		next = fnuma_host_next(w->host, w->now_ns);
		check(w, next != FNUMA_NEVER, "%u pages to move, and the host never will",
		      to_do(w));
		if (next > until_ns)
			break;
		w->now_ns = next > w->now_ns ? next : w->now_ns;
		step(w);
	}
	check(w, !to_do(w) || w->allowance.nodes, "%u pages still to move", to_do(w));
}

static void forgive(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->scenario->guests; i++)
		fnuma_repatriator_forgive(
			fnuma_host_repatriator(w->host, w->guest[i].member));
}

static void check_engine(struct world *w)
{
	struct fnuma_repatriator_stats s;
	uint32_t i;

	for (i = 0; i < w->scenario->guests; i++) {
		const struct guest *g = &w->guest[i];

		fnuma_repatriator_stats(fnuma_host_repatriator(w->host, g->member), &s);
		check(w, s.attempted == s.moved + s.failed,
		      "attempted is not moved + failed");
		if (is_gone(w, g) || s.state == FNUMA_E_GONE || w->allowance.nodes)
			continue;
		check(w, astray(w, g) <= disowned(w), "%u pages of guest %u still away",
		      astray(w, g), i);
	}
}

/* By the means that the pool itself has. */
static void empty_pool(struct world *w, struct guest *g)
{
	uint32_t i;

	for (i = 0; i < 8 && fnuma_pool_size(g->pool); i++) {
		w->now_ns += 2 * FNUMA_BUDGET_WINDOW_NS;
		fnuma_pool_bring_home(g->pool, POOL_MAX, w->now_ns, &w->budget);
		fnuma_pool_shrink(g->pool, POOL_MAX, w->now_ns);
	}
	if (!is_gone(w, g))
		check(w, !fnuma_pool_size(g->pool), "the pool of %u cannot be emptied",
		      fnuma_pool_size(g->pool));
}

/* Everything that the allocator has, what is in use and what the pool could not give back
 * make up the domain. What the pool calls lost is nobody's, or the allocator's. */
static void find_every_page(struct world *w, const struct guest *g)
{
	struct fnuma_pool_stats s;
	fnuma_gfn pages[FRAMES];
	uint32_t in_use = 0, left, i, sum;
	int n = fnuma_mock_alloc(w->mock, g->domain, pages, FRAMES);

	assert_true(n >= 0);
	fnuma_pool_stats(g->pool, &s);
	left = s.size_pages - s.lost_pages;
	for (i = 0; i < (uint32_t)n; i++)
		check(w, !g->value[pages[i].n], "page %u is in use and free", pages[i].n);
	for (i = 0; i < FRAMES; i++)
		in_use += g->value[i] != 0;
	sum = in_use + left + (uint32_t)n;
	check(w,
	      sum + s.lost_pages + disowned(w) >= FRAMES && sum <= FRAMES + disowned(w),
	      "%u pages in use, %u free, %u in the pool, of %u", in_use, (uint32_t)n,
	      left, FRAMES);
	assert_int_equal(fnuma_mock_free(w->mock, g->domain, pages, (uint32_t)n), n);
}

static void check_end(struct world *w, struct guest *g)
{
	check_guest(w, g);
	if (g->ended)
		return;
	if (g->pool)
		empty_pool(w, g);
	find_every_page(w, g);
	if (!is_gone(w, g) && !w->allowance.nodes)
		check(w, !g->pool || astray(w, g) <= disowned(w),
		      "%u pages away, and not the pool's (I2)", astray(w, g));
	check_contents(w, g);
}

void world_recover(struct world *w)
{
	char text[160];
	uint32_t i;

	end_faults(w);
	for (i = 0; i < w->scenario->guests; i++) {
		struct guest *g = &w->guest[i];

		if (!g->ended)
			give_back(w, g);
		if (g->pool)
			assert_int_equal(fnuma_pool_detach(&g->cache), FNUMA_OK);
	}
	if (w->host) {
		let_it_work(w);
		forgive(w);
		let_it_work(w);
		check_engine(w);
	}
	w->now_ns += COOLDOWN_NS;
	for (i = 0; i < w->scenario->guests; i++)
		check_end(w, &w->guest[i]);
	check(w, fnuma_mock_audit(w->mock, text, sizeof(text)), "audit: %s", text);
}
