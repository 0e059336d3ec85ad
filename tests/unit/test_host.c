/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "random.h"

#include <flipnuma/host.h>
#include <flipnuma/mock.h>

#include <stdlib.h>
#include <string.h>

#define FRAMES  2048u
#define AWAY    0u
#define HOME    1u
#define MEMBERS 8u
#define SECOND  UINT64_C(1000000000)

struct world {
	struct fnuma_mock *mock;
	struct fnuma_backend_ops ops;
	struct fnuma_backend be;
	struct fnuma_host *host;
	void *memory;
	fnuma_domain domain[MEMBERS];
	fnuma_member member[MEMBERS];
	void *member_memory[MEMBERS];
	uint32_t moves[MEMBERS]; /* pages moved, by domain slot */
	uint32_t kill_slot, kill_after;
	uint32_t events[16];
	uint64_t next_ns;
};

static struct world w;

static const struct fnuma_home at_home[] = {{{0}, FRAMES, {HOME}, 1}};

static int move_page(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	if (w.kill_after && d.slot == w.kill_slot && !--w.kill_after)
		fnuma_mock_domain_destroy(w.mock, d);
	w.moves[d.slot] += n;
	return fnuma_mock_ops(w.mock)->move_page(cookie, d, pages, n, to, results,
	                                         spent_ns);
}

static void listen(void *cookie, const struct fnuma_event *e)
{
	(void)cookie;
	w.events[e->kind]++;
}

static struct fnuma_host_config host_config(struct fnuma_budget_limits limits)
{
	struct fnuma_host_config c = {0};

	c.backend = &w.be;
	c.max_members = MEMBERS;
	c.nodes = 2;
	c.limits = limits;
	c.trace.fn = listen;
	return c;
}

static void open_world(struct fnuma_budget_limits limits)
{
	struct fnuma_mock_config machine = {0};
	struct fnuma_host_config config;

	memset(&w, 0, sizeof(w));
	machine.nodes = 2;
	machine.node_pages[0] = machine.node_pages[1] = 2 * MEMBERS * FRAMES;
	machine.costs.move_page_ns = 1000;
	assert_int_equal(fnuma_mock_create(&machine, &w.mock), 0);
	w.ops = *fnuma_mock_ops(w.mock);
	w.ops.move_page = move_page;
	assert_int_equal(fnuma_backend_bind(&w.be, &w.ops, w.mock), 0);
	config = host_config(limits);
	w.memory = malloc(fnuma_host_bytes(&config));
	assert_int_equal(
		fnuma_host_init(w.memory, fnuma_host_bytes(&config), &config, &w.host),
		0);
}

static void close_world(void)
{
	uint32_t i;

	fnuma_mock_destroy(w.mock);
	for (i = 0; i < MEMBERS; i++)
		free(w.member_memory[i]);
	free(w.memory);
}

static fnuma_domain make_domain(void)
{
	struct fnuma_mock_domain_config d = {0};
	fnuma_domain out = {0, 0};

	d.frames = FRAMES;
	d.homes = at_home;
	d.n_homes = 1;
	d.app_pages = FRAMES;
	assert_int_equal(fnuma_mock_domain_create(w.mock, &d, &out), 0);
	return out;
}

static struct fnuma_member_config member_config(const char *trigger)
{
	struct fnuma_member_config c;

	memset(&c, 0, sizeof(c));
	c.frames = FRAMES;
	c.homes = at_home;
	c.n_homes = 1;
	c.start = FNUMA_START_HOME;
	c.books_pages = 4096;
	c.trigger = fnuma_trigger_find(trigger);
	c.trigger_params.period_ns = 100 * SECOND;
	c.trigger_params.amount_pages = 500;
	c.trigger_params.lead_pages = UINT32_MAX;
	c.tuning.cooldown_ns = 1;
	return c;
}

static void add_domain(uint32_t i, struct fnuma_member_config c, fnuma_domain domain,
                       uint64_t now_ns)
{
	size_t bytes = fnuma_host_member_bytes(w.host, &c);

	w.domain[i] = c.domain = domain;
	if (!bytes)
		bytes = fnuma_host_member_bytes(w.host, &c);
	w.member_memory[i] = malloc(bytes);
	assert_int_equal(fnuma_host_add(w.host, &c, w.member_memory[i], bytes, now_ns,
	                                &w.member[i]),
	                 0);
}

static void add(uint32_t i, struct fnuma_member_config c, uint64_t now_ns)
{
	add_domain(i, c, make_domain(), now_ns);
}

static void displace(uint32_t i, uint32_t first, uint32_t n, uint64_t now_ns)
{
	fnuma_node away = fnuma_node_of(AWAY);
	uint32_t k;

	for (k = 0; k < n; k++) {
		fnuma_gfn page = fnuma_gfn_of(first + k);

		assert_int_equal(fnuma_mock_place(w.mock, w.domain[i], page, away), 0);
		assert_int_equal(fnuma_host_record_nodes(w.host, w.member[i], &page,
		                                         &away, 1, now_ns),
		                 1);
	}
}

static uint32_t remote(uint32_t i)
{
	return fnuma_tracker_remote(fnuma_host_tracker(w.host, w.member[i]));
}

static struct fnuma_host_stats stats(void)
{
	struct fnuma_host_stats s;

	fnuma_host_stats(w.host, &s);
	return s;
}

static int step(uint64_t now_ns, uint32_t max)
{
	return fnuma_host_step(w.host, now_ns, max, &w.next_ns);
}

/* Follow the deadlines from `from_ns` until nothing more is due before `to_ns`. */
static uint32_t run(uint64_t from_ns, uint64_t to_ns)
{
	uint32_t moved = 0, steps = 0;
	uint64_t now = from_ns;

	while (now < to_ns) {
		int n = step(now, 256);

		assert_true(n >= 0);
		moved += (uint32_t)n;
		now = w.next_ns > now ? w.next_ns : now + 1000000;
		assert_true(++steps < 100000);
	}
	return moved;
}

static const struct fnuma_budget_limits no_limit = {0};

/* ---- triggers ---- */

static void the_amount_wakes_the_host_from_the_flip_path_and_not_before(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	assert_int_equal(step(0, 256), 0);
	assert_true(w.next_ns == FNUMA_NEVER);
	displace(0, 0, 499, 0);
	assert_true(fnuma_host_next(w.host, 0) == FNUMA_NEVER);
	displace(0, 499, 1, 0);
	assert_int_equal(fnuma_host_next(w.host, 0), 0);
	assert_int_equal(run(0, SECOND), 500);
	assert_int_equal(remote(0), 0);
	assert_int_equal(stats().triggered, 1);
	assert_int_equal(w.events[FNUMA_EVENT_TRIGGER], 1);
	assert_true(w.next_ns == FNUMA_NEVER);
	close_world();
}

/* A flip of which the backend does not say where the page is now. */
static void displace_unseen(uint32_t first, uint32_t n, uint32_t node, uint64_t now_ns)
{
	const struct fnuma_result result = {FNUMA_DONE, {FNUMA_NODE_UNKNOWN_ID}, FNUMA_OK};
	fnuma_gfn page = fnuma_gfn_of(first);

	for (; page.n < first + n; page.n++) {
		assert_int_equal(fnuma_mock_place(w.mock, w.domain[0], page, fnuma_node_of(node)),
		                 0);
		assert_int_equal(fnuma_host_record(w.host, w.member[0], &page, &result, 1, now_ns),
		                 1);
	}
}

static void pages_of_unknown_node_count_towards_the_amount_in_the_flip_path(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	assert_int_equal(step(0, 256), 0);
	displace_unseen(0, 499, AWAY, 0);
	assert_true(fnuma_host_next(w.host, 0) == FNUMA_NEVER);
	displace_unseen(499, 1, AWAY, 0);
	assert_int_equal(fnuma_host_next(w.host, 0), 0);
	assert_int_equal(run(0, SECOND), 500);
	assert_true(w.next_ns == FNUMA_NEVER);
	displace_unseen(0, 500, HOME, SECOND);
	assert_int_equal(run(SECOND, 2 * SECOND), 0);
	assert_int_equal(stats().triggered, 2);
	assert_true(w.next_ns == FNUMA_NEVER);
	close_world();
}

/* What is out of a pool cannot be moved, whatever is known of it; it comes back unseen. */
static void pool_pages_of_unknown_node_reach_the_amount_once_they_are_back(void **state)
{
	struct fnuma_member_config c;
	struct fnuma_pool_config p = {0};
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[600];
	char *memory;
	uint32_t k;

	(void)state;
	open_world(no_limit);
	c = member_config("amount");
	p.frames = FRAMES;
	p.max_pages = 600;
	p.caches = 1;
	p.homes = at_home;
	p.n_homes = 1;
	p.backend = &w.be;
	p.domain = make_domain();
	fnuma_mock_app_exit(w.mock, p.domain);
	w.member_memory[1] = malloc(fnuma_pool_bytes(&p) + FNUMA_CACHE_LINE);
	memory = (char *)w.member_memory[1] + FNUMA_CACHE_LINE -
	         (uintptr_t)w.member_memory[1] % FNUMA_CACHE_LINE;
	assert_int_equal(fnuma_pool_init(memory, fnuma_pool_bytes(&p), &p, &c.pool), 0);
	assert_int_equal(fnuma_pool_attach(c.pool, &cache), 0);
	assert_int_equal(fnuma_pool_grow(c.pool, 600, 0), 600);
	add_domain(0, c, p.domain, 0);
	assert_int_equal(step(0, 256), 0);
	assert_int_equal(fnuma_pool_take(&cache, pages, 600), 600);
	for (k = 0; k < 600; k++)
		displace_unseen(pages[k].n, 1, AWAY, 0);
	assert_int_equal(run(0, 2 * SECOND), 0);
	assert_int_equal(stats().triggered, 0);
	assert_int_equal(fnuma_pool_give(&cache, pages, 600), 600);
	assert_int_equal(fnuma_pool_detach(&cache), FNUMA_OK);
	assert_int_equal(run(2 * SECOND, 5 * SECOND), 600);
	assert_true(stats().steps < 100);
	assert_true(w.next_ns == FNUMA_NEVER);
	close_world();
}

static void the_period_is_the_next_deadline_and_passes_follow_it(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("period"), 7 * SECOND);
	displace(0, 0, 10, 7 * SECOND);
	assert_int_equal(step(8 * SECOND, 256), 0);
	assert_int_equal(w.next_ns, 107 * SECOND);
	assert_int_equal(run(107 * SECOND, 108 * SECOND), 10);
	displace(0, 0, 10, 108 * SECOND);
	assert_int_equal(w.next_ns, 207 * SECOND);
	assert_int_equal(run(207 * SECOND, 208 * SECOND), 10);
	close_world();
}

static void a_period_with_nothing_to_move_begins_no_pass_and_goes_on(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("period"), 0);
	assert_int_equal(run(0, 150 * SECOND), 0);
	assert_int_equal(stats().triggered, 0);
	assert_int_equal(w.next_ns, 200 * SECOND);
	displace(0, 0, 10, 150 * SECOND);
	assert_int_equal(run(200 * SECOND, 201 * SECOND), 10);
	close_world();
}

static int no_params(struct fnuma_trigger_params *params)
{
	(void)params;
	return FNUMA_OK;
}

static void always_due(void *state, const struct fnuma_trigger_params *params,
                       const struct fnuma_trigger_sample *sample,
                       struct fnuma_trigger_verdict *verdict)
{
	(void)state, (void)params, (void)sample;
	verdict->due = true;
}

static void ignore_pass(void *state, const struct fnuma_trigger_params *params,
                        const struct fnuma_trigger_sample *sample, bool ended)
{
	(void)state, (void)params, (void)sample, (void)ended;
}

static void a_users_policy_that_is_always_due_does_not_spin(void **state)
{
	static const struct fnuma_trigger_policy always = {
		sizeof(always), FNUMA_TRIGGER_ABI, "always",   0,
		no_params,      always_due,        ignore_pass};
	struct fnuma_member_config c;

	(void)state;
	open_world(no_limit);
	c = member_config("amount");
	c.trigger = &always;
	add(0, c, 0);
	assert_int_equal(step(0, 64), 0);
	assert_true(w.next_ns >= SECOND && w.next_ns <= 2 * SECOND);
	displace(0, 0, 10, 0);
	assert_int_equal(run(w.next_ns, w.next_ns + SECOND), 10);
	close_world();
}

static uint32_t began, ended_passes;

static void count_pass(void *state, const struct fnuma_trigger_params *params,
                       const struct fnuma_trigger_sample *sample, bool ended)
{
	(void)state, (void)params, (void)sample;
	began += !ended;
	ended_passes += ended;
	assert_true(began - ended_passes <= 1);
}

static void a_policy_is_told_of_the_end_of_each_pass(void **state)
{
	static const struct fnuma_trigger_policy counting = {
		sizeof(counting), FNUMA_TRIGGER_ABI, "counting", 0,
		no_params,        always_due,        count_pass};
	struct fnuma_member_config c;

	(void)state;
	open_world(no_limit);
	c = member_config("amount");
	c.trigger = &counting;
	began = ended_passes = 0;
	add(0, c, 0);
	displace(0, 0, 10, 0);
	assert_int_equal(run(0, 100 * SECOND), 10);
	assert_true(began > 1);
	assert_int_equal(ended_passes, began);
	close_world();
}

static void a_rest_after_a_pass_is_waited_for_before_the_next(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	displace(0, 0, 600, 0);
	assert_int_equal(fnuma_mock_reserve(w.mock, fnuma_node_of(HOME),
	                                    2 * MEMBERS * FRAMES - FRAMES + 600), 0);
	assert_int_equal(run(0, SECOND / 2), 0);
	assert_int_equal(stats().triggered, 1);
	assert_int_equal(w.next_ns, SECOND);
	assert_int_equal(fnuma_mock_reserve(w.mock, fnuma_node_of(HOME), 0), 0);
	assert_int_equal(run(SECOND, 2 * SECOND), 600);
	assert_int_equal(stats().triggered, 2);
	close_world();
}

static void never_due(void *state, const struct fnuma_trigger_params *params,
                      const struct fnuma_trigger_sample *sample,
                      struct fnuma_trigger_verdict *verdict)
{
	(void)state, (void)params, (void)sample;
	verdict->ask_at_ns = 0;
}

static void a_users_policy_that_wants_to_be_asked_at_once_again_does_not_spin(void **state)
{
	static const struct fnuma_trigger_policy never = {
		sizeof(never), FNUMA_TRIGGER_ABI, "never",    0,
		no_params,     never_due,         ignore_pass};
	struct fnuma_member_config c;

	(void)state;
	open_world(no_limit);
	c = member_config("amount");
	c.trigger = &never;
	add(0, c, 0);
	displace(0, 0, 10, 0);
	assert_int_equal(step(0, 64), 0);
	assert_true(w.next_ns >= SECOND && w.next_ns <= 2 * SECOND);
	close_world();
}

static void a_clock_gone_wild_breaks_no_limit_and_stops_nobody(void **state)
{
	const struct fnuma_budget_limits limits = {40, 0, 0};
	struct random r = {5};
	uint64_t now_ns = 0, before_ns, step_ns, passed_ns = 0;
	uint32_t i, k, lately = 0, moved = 0;

	(void)state;
	open_world(limits);
	for (i = 0; i < 3; i++)
		add(i, member_config(i ? "either" : "age"), random_end64(&r));
	for (k = 0; k < 3000; k++) {
		before_ns = now_ns;
		now_ns = random_below(&r, 3) ? now_ns + random_below(&r, 100000000) :
		                               random_end64(&r);
		step_ns = now_ns > before_ns ? now_ns - before_ns : 0;
		/* Until a whole window has passed, moves are of one window. */
		passed_ns += step_ns;
		if (passed_ns >= FNUMA_BUDGET_WINDOW_NS || passed_ns < step_ns)
			passed_ns = lately = 0;
		displace(k % 3, random_below(&r, FRAMES), 1, now_ns);
		if (random_below(&r, 20) == 0)
			fnuma_host_kick(w.host, w.member[k % 3], now_ns);
		lately += i = (uint32_t)step(now_ns, 1 + random_below(&r, 64));
		assert_in_range(lately, 0, 40);
		moved += i;
	}
	assert_true(moved > 100);
	/* A calm clock, from anywhere: all come home in a period and what the budget takes. */
	run(UINT64_C(1) << 62, (UINT64_C(1) << 62) + 300 * SECOND);
	for (i = 0; i < 3; i++)
		assert_int_equal(remote(i), 0);
	close_world();
}

static void a_clock_that_jumps_back_does_not_stop_a_period(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("period"), 1000 * SECOND);
	displace(0, 0, 10, 1000 * SECOND);
	assert_int_equal(step(1050 * SECOND, 256), 0);
	assert_int_equal(step(5 * SECOND, 256), 0);
	assert_true(w.next_ns <= 106 * SECOND);
	assert_int_equal(run(5 * SECOND, 110 * SECOND), 10);
	close_world();
}

static void pages_given_up_do_not_keep_the_amount_reached(void **state)
{
	struct fnuma_member_config c;
	uint32_t k;
	uint64_t triggered;

	(void)state;
	open_world(no_limit);
	c = member_config("amount");
	c.tuning.attempts_max = 1;
	add(0, c, 0);
	for (k = 0; k < 600; k++)
		fnuma_mock_pin(w.mock, w.domain[0], fnuma_gfn_of(k), true);
	displace(0, 0, 600, 0);
	assert_int_equal(run(0, 1000 * SECOND), 0);
	assert_true(w.next_ns == FNUMA_NEVER);
	triggered = stats().triggered;
	displace(0, 600, 499, 1000 * SECOND);
	assert_int_equal(run(1000 * SECOND, 1001 * SECOND), 0);
	assert_int_equal(stats().triggered, triggered);
	displace(0, 1099, 1, 1001 * SECOND);
	assert_int_equal(run(1001 * SECOND, 1002 * SECOND), 500);
	close_world();
}

static void pages_given_up_that_came_home_by_themselves_do_not_stand_for_others(void **state)
{
	const fnuma_node home = {HOME};
	struct fnuma_member_config c;
	fnuma_gfn page;

	(void)state;
	open_world(no_limit);
	c = member_config("period");
	c.tuning.attempts_max = 1;
	add(0, c, 0);
	displace(0, 0, 20, 0);
	for (page.n = 0; page.n < 20; page.n++)
		fnuma_mock_pin(w.mock, w.domain[0], page, true);
	assert_int_equal(run(0, 150 * SECOND), 0);
	for (page.n = 0; page.n < 20; page.n++)
		assert_int_equal(fnuma_host_record_nodes(w.host, w.member[0], &page, &home, 1,
		                                         150 * SECOND), 1);
	displace(0, 100, 20, 150 * SECOND);
	assert_int_equal(run(150 * SECOND, 350 * SECOND), 20);
	close_world();
}

static void a_kick_begins_a_pass_whatever_the_trigger_says(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	displace(0, 0, 10, 0);
	assert_int_equal(fnuma_host_kick(w.host, w.member[0], 0), 0);
	assert_int_equal(run(0, SECOND), 10);
	close_world();
}

/* ---- shares ---- */

static void the_budget_is_shared_by_weight_and_never_exceeded(void **state)
{
	struct fnuma_budget_limits limits = {0};
	struct fnuma_member_config c;
	uint64_t now;
	uint32_t i, total;

	(void)state;
	limits.pages = 300;
	open_world(limits);
	for (i = 0; i < 3; i++) {
		c = member_config("amount");
		c.weight = i == 0 ? 300 : i == 1 ? 100 : 50;
		add(i, c, 0);
		displace(i, 0, FRAMES, 0);
	}
	/* Three windows: nobody has run out of pages yet. */
	for (now = 0; now < 3 * FNUMA_BUDGET_WINDOW_NS; now += 1000000)
		assert_true(step(now, 64) >= 0);
	total = w.moves[w.domain[0].slot] + w.moves[w.domain[1].slot] +
	        w.moves[w.domain[2].slot];
	assert_in_range(total, 700, 900);
	assert_in_range(w.moves[w.domain[0].slot], total * 300 / 450 - 64,
	                total * 300 / 450 + 96);
	assert_in_range(w.moves[w.domain[1].slot], total * 100 / 450 - 48,
	                total * 100 / 450 + 48);
	assert_in_range(w.moves[w.domain[2].slot], total * 50 / 450 - 48,
	                total * 50 / 450 + 48);
	close_world();
}

static void the_smallest_weight_gets_its_share_too(void **state)
{
	struct fnuma_budget_limits limits = {0};
	struct fnuma_member_config c;

	(void)state;
	limits.pages = 2000;
	open_world(limits);
	c = member_config("amount");
	c.weight = 1;
	add(0, c, 0);
	displace(0, 0, FRAMES, 0);
	c.weight = 1000;
	add(1, c, 0);
	displace(1, 0, FRAMES, 0);
	assert_true(run(0, FNUMA_BUDGET_WINDOW_NS / 2) <= 2000);
	assert_true(w.moves[w.domain[0].slot] > 0);
	assert_true(w.moves[w.domain[1].slot] > 1500);
	close_world();
}

static void what_one_member_does_not_need_goes_to_the_others(void **state)
{
	struct fnuma_budget_limits limits = {0};

	(void)state;
	limits.pages = 1000;
	open_world(limits);
	add(0, member_config("amount"), 0);
	add(1, member_config("amount"), 0);
	displace(1, 0, FRAMES, 0);
	assert_int_equal(run(0, FNUMA_BUDGET_WINDOW_NS / 2), 1000);
	close_world();
}

/* ---- coming and going ---- */

static void members_come_and_go_in_mid_flight(void **state)
{
	void *memory = NULL;
	fnuma_member old;

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	add(1, member_config("amount"), 0);
	displace(0, 0, 600, 0);
	displace(1, 0, 600, 0);
	assert_int_equal(step(0, 100), 100);
	assert_int_equal(stats().active, 2);
	old = w.member[0];
	assert_int_equal(fnuma_host_remove(w.host, old, &memory), 0);
	assert_ptr_equal(memory, w.member_memory[0]);
	assert_int_equal(stats().active, 1);
	assert_int_equal(stats().members, 1);
	assert_int_equal(fnuma_host_remove(w.host, old, NULL), FNUMA_E_STALE);
	free(memory);
	add(2, member_config("amount"), 0);
	assert_int_equal(w.member[2].slot, old.slot);
	assert_int_not_equal(w.member[2].generation, old.generation);
	assert_null(fnuma_host_tracker(w.host, old));
	w.member_memory[0] = NULL;
	run(0, SECOND);
	assert_int_equal(remote(1), 0);
	close_world();
}

static void a_domain_that_dies_in_mid_batch_does_not_stop_the_others(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	add(1, member_config("amount"), 0);
	displace(0, 0, 600, 0);
	displace(1, 0, 600, 0);
	w.kill_slot = w.domain[0].slot;
	w.kill_after = 3;
	run(0, SECOND);
	assert_int_equal(remote(1), 0);
	assert_int_equal(stats().deaths, 1);
	assert_int_equal(stats().active, 0);
	assert_int_equal(w.events[FNUMA_EVENT_STATE], 1);
	assert_int_equal(fnuma_host_kick(w.host, w.member[0], SECOND), FNUMA_E_GONE);
	assert_int_equal(fnuma_host_remove(w.host, w.member[0], NULL), 0);
	assert_true(fnuma_host_next(w.host, SECOND) == FNUMA_NEVER);
	close_world();
}

static void a_host_full_of_members_takes_no_more(void **state)
{
	struct fnuma_member_config c;
	fnuma_member out = {99, 99};
	void *memory;
	uint32_t i;

	(void)state;
	open_world(no_limit);
	for (i = 0; i < MEMBERS; i++)
		add(i, member_config("period"), 0);
	c = member_config("period");
	c.domain.slot = MEMBERS;
	c.domain.generation = 1;
	memory = malloc(fnuma_host_member_bytes(w.host, &c));
	assert_int_equal(fnuma_host_add(w.host, &c, memory, SIZE_MAX, 0, &out),
	                 FNUMA_E_NOSPC);
	assert_int_equal(out.slot, 99);
	free(memory);
	close_world();
}

/* ---- wishes ---- */

static void a_paused_member_waits_and_a_resumed_one_goes_on(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	displace(0, 0, 600, 0);
	assert_int_equal(step(0, 64), 64);
	assert_int_equal(fnuma_host_pause(w.host, w.member[0], true, 0), 0);
	assert_int_equal(fnuma_host_pause(w.host, w.member[0], true, 0), 0);
	assert_int_equal(w.events[FNUMA_EVENT_STATE], 1);
	assert_int_equal(step(0, 64), 0);
	assert_true(w.next_ns == FNUMA_NEVER);
	assert_int_equal(fnuma_host_kick(w.host, w.member[0], 0), FNUMA_E_PAUSED);
	displace(0, 600, 600, 0);
	assert_true(fnuma_host_next(w.host, 0) == FNUMA_NEVER);
	assert_int_equal(fnuma_host_pause(w.host, w.member[0], false, 0), 0);
	assert_int_equal(run(0, SECOND), 1200 - 64);
	close_world();
}

static void a_member_paused_when_idle_is_asked_again_when_resumed(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	assert_int_equal(fnuma_host_pause(w.host, w.member[0], true, 0), 0);
	displace(0, 0, 600, 0);
	assert_int_equal(fnuma_host_pause(w.host, w.member[0], false, 0), 0);
	assert_int_equal(run(0, SECOND), 600);
	close_world();
}

static void a_lower_amount_takes_effect_at_once(void **state)
{
	struct fnuma_trigger_params p = {0};

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	displace(0, 0, 300, 0);
	assert_int_equal(step(0, 64), 0);
	p.amount_pages = 200;
	assert_int_equal(fnuma_host_retune(w.host, w.member[0], &p, NULL, 0, 0), 0);
	assert_int_equal(run(0, SECOND), 300);
	close_world();
}

static void a_bad_retune_changes_nothing(void **state)
{
	struct fnuma_repatriator_tuning bad_tuning = {0};
	struct fnuma_trigger_params p = {0}, bad = {0};

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	displace(0, 0, 300, 0);
	p.amount_pages = 200;
	bad_tuning.batch_pages = FNUMA_BATCH_MAX + 1;
	bad.amount_pages = 10;
	bad.lead_pages = 10;
	assert_int_equal(fnuma_host_retune(w.host, w.member[0], &p, &bad_tuning, 0, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_retune(w.host, w.member[0], &bad, NULL, 0, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_retune(w.host, w.member[0], &p, NULL, 1001, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(run(0, SECOND), 0);
	close_world();
}

static int set_trigger(uint32_t i, const char *name, uint32_t amount_pages, uint64_t now_ns)
{
	struct fnuma_trigger_params p = {0};

	p.amount_pages = amount_pages;
	p.lead_pages = UINT32_MAX;
	p.period_ns = 10 * SECOND;
	return fnuma_host_set_trigger(w.host, w.member[i], fnuma_trigger_find(name), &p, now_ns);
}

static void another_trigger_in_flight_decides_from_then_on(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("period"), 0);
	displace(0, 0, 300, 0);
	assert_int_equal(run(0, SECOND), 0);
	assert_int_equal(set_trigger(0, "amount", 400, SECOND), 0);
	assert_int_equal(run(SECOND, 2 * SECOND), 0);
	assert_int_equal(set_trigger(0, "amount", 300, 2 * SECOND), 0);
	assert_int_equal(run(2 * SECOND, 3 * SECOND), 300);
	displace(0, 0, 100, 4 * SECOND);
	assert_int_equal(set_trigger(0, "period", 0, 4 * SECOND), 0);
	assert_int_equal(run(4 * SECOND, 13 * SECOND), 0);
	assert_int_equal(run(13 * SECOND, 15 * SECOND), 100);
	close_world();
}

static void another_trigger_lets_a_pass_go_on_and_keeps_what_is_known_of_pages(void **state)
{
	struct fnuma_member_config c = member_config("amount");
	struct fnuma_budget_limits limits = {0};
	struct fnuma_repatriator *r;

	(void)state;
	limits.pages = 100;
	c.tuning.cooldown_ns = 1000 * SECOND;
	open_world(limits);
	add(0, c, 0);
	displace(0, 0, 600, 0);
	assert_int_equal(step(0, 4096), 100);
	assert_int_equal(set_trigger(0, "period", 0, 0), 0);
	r = fnuma_host_repatriator(w.host, w.member[0]);
	assert_true(fnuma_repatriator_active(r));
	assert_int_equal(run(0, 9 * SECOND), 500);
	assert_int_equal(fnuma_repatriator_why(r, fnuma_gfn_of(0), 9 * SECOND, NULL, NULL),
	                 FNUMA_E_COOLDOWN);
	close_world();
}

static void a_paused_member_stays_so_with_another_trigger(void **state)
{
	(void)state;
	open_world(no_limit);
	add(0, member_config("period"), 0);
	displace(0, 0, 300, 0);
	fnuma_host_pause(w.host, w.member[0], true, 0);
	assert_int_equal(set_trigger(0, "amount", 300, 0), 0);
	assert_int_equal(run(0, SECOND), 0);
	fnuma_host_pause(w.host, w.member[0], false, SECOND);
	assert_int_equal(run(SECOND, 2 * SECOND), 300);
	close_world();
}

static void a_bad_trigger_changes_nothing(void **state)
{
	struct fnuma_trigger_params p = {0};

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	displace(0, 0, 400, 0);
	p.amount_pages = p.lead_pages = 10;
	assert_int_equal(fnuma_host_set_trigger(w.host, w.member[0],
	                                        fnuma_trigger_find("amount"), &p, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_set_trigger(w.host, w.member[0], NULL, &p, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(run(0, SECOND), 0);
	close_world();
}

static void limits_changed_in_flight_hold_from_then_on(void **state)
{
	struct fnuma_budget_limits limits = {0};

	(void)state;
	limits.pages = 100;
	open_world(limits);
	add(0, member_config("amount"), 0);
	displace(0, 0, 1000, 0);
	assert_int_equal(step(0, 4096), 100);
	limits.pages = 400;
	assert_int_equal(fnuma_host_set_limits(w.host, &limits), 0);
	assert_int_equal(step(0, 4096), 300);
	close_world();
}

static void one_step_does_bounded_work(void **state)
{
	uint32_t i;

	(void)state;
	open_world(no_limit);
	for (i = 0; i < MEMBERS; i++) {
		add(i, member_config("amount"), 0);
		displace(i, 0, 600, 0);
	}
	assert_true(step(0, 50) <= 50);
	assert_int_equal(w.next_ns, 0);
	close_world();
}

static void flips_recorded_move_the_layout_and_wake_the_amount(void **state)
{
	struct fnuma_result results[64];
	fnuma_gfn pages[64];
	uint32_t i, k;

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	for (i = 0; i < 512; i += 64) {
		for (k = 0; k < 64; k++) {
			pages[k] = fnuma_gfn_of(i + k);
			results[k].outcome = FNUMA_DONE;
			results[k].reason = FNUMA_OK;
			results[k].node = fnuma_node_of(AWAY);
		}
		assert_int_equal(
			fnuma_host_record(w.host, w.member[0], pages, results, 64, 0),
			64);
	}
	assert_int_equal(remote(0), 512);
	assert_int_equal(fnuma_host_next(w.host, 0), 0);
	close_world();
}

/* ---- the liar's table ---- */

static void without_a_host_or_an_array_nothing_is_done(void **state)
{
	struct fnuma_result result = {FNUMA_DONE, {AWAY}, FNUMA_OK};
	struct fnuma_host_stats s;
	fnuma_gfn page = fnuma_gfn_of(0);
	fnuma_node node = fnuma_node_of(AWAY);
	fnuma_member m;
	uint64_t next;

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	m = w.member[0];
	assert_int_equal(fnuma_host_remove(NULL, m, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_record(NULL, m, &page, &result, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_record(w.host, m, NULL, &result, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_record(w.host, m, &page, NULL, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_record_nodes(NULL, m, &page, &node, 1, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_record_nodes(w.host, m, NULL, &node, 1, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_record_nodes(w.host, m, &page, NULL, 1, 0),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_step(NULL, 0, 1, &next), FNUMA_E_INVAL);
	assert_true(fnuma_host_next(NULL, 0) == FNUMA_NEVER);
	assert_int_equal(fnuma_host_kick(NULL, m, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_pause(NULL, m, true, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_retune(NULL, m, NULL, NULL, 0, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_set_trigger(NULL, m, NULL, NULL, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_set_limits(NULL, &no_limit), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_set_limits(w.host, NULL), FNUMA_E_INVAL);
	assert_null(fnuma_host_tracker(NULL, m));
	assert_null(fnuma_host_repatriator(NULL, m));
	fnuma_host_stats(w.host, NULL);
	memset(&s, 0xff, sizeof(s));
	fnuma_host_stats(NULL, &s);
	assert_true(s.members == 0 && s.steps == 0);
	assert_int_equal(fnuma_host_record(w.host, m, NULL, NULL, 0, 0), 0);
	assert_int_equal(fnuma_host_record_nodes(w.host, m, NULL, NULL, 0, 0), 0);
	assert_int_equal(remote(0), 0);
	close_world();
}

static void stale_and_invented_members_are_refused_everywhere(void **state)
{
	struct fnuma_result result = {FNUMA_DONE, {AWAY}, FNUMA_OK};
	fnuma_gfn page = fnuma_gfn_of(0);
	fnuma_node node = fnuma_node_of(AWAY);
	fnuma_member bad[4] = {{0, 0}};
	uint32_t i;

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	bad[1] = bad[2] = bad[3] = w.member[0];
	bad[1].generation++;
	bad[2].slot = MEMBERS - 1;
	bad[3].slot = UINT32_MAX;
	for (i = 0; i < 4; i++) {
		assert_int_equal(fnuma_host_remove(w.host, bad[i], NULL), FNUMA_E_STALE);
		assert_int_equal(fnuma_host_record(w.host, bad[i], &page, &result, 1, 0),
		                 FNUMA_E_STALE);
		assert_int_equal(
			fnuma_host_record_nodes(w.host, bad[i], &page, &node, 1, 0),
			FNUMA_E_STALE);
		assert_int_equal(fnuma_host_kick(w.host, bad[i], 0), FNUMA_E_STALE);
		assert_int_equal(fnuma_host_pause(w.host, bad[i], true, 0),
		                 FNUMA_E_STALE);
		assert_int_equal(fnuma_host_set_trigger(w.host, bad[i], NULL, NULL, 0),
		                 FNUMA_E_STALE);
		assert_int_equal(fnuma_host_retune(w.host, bad[i], NULL, NULL, 0, 0),
		                 FNUMA_E_STALE);
		assert_null(fnuma_host_tracker(w.host, bad[i]));
		assert_null(fnuma_host_repatriator(w.host, bad[i]));
	}
	assert_int_equal(remote(0), 0);
	close_world();
}

static void
frames_and_nodes_that_do_not_exist_are_refused_and_nothing_is_recorded(void **state)
{
	struct fnuma_result results[2] = {{FNUMA_DONE, {AWAY}, FNUMA_OK},
	                                  {FNUMA_DONE, {2}, FNUMA_OK}};
	fnuma_gfn pages[2] = {{0}, {1}}, beyond[2] = {{0}, {FRAMES}};
	fnuma_node nodes[2] = {{AWAY}, {2}};

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	assert_int_equal(fnuma_host_record(w.host, w.member[0], pages, results, 2, 0),
	                 FNUMA_E_RANGE);
	results[1].node.id = AWAY;
	assert_int_equal(fnuma_host_record(w.host, w.member[0], beyond, results, 2, 0),
	                 FNUMA_E_RANGE);
	assert_int_equal(fnuma_host_record_nodes(w.host, w.member[0], pages, nodes, 2, 0),
	                 FNUMA_E_RANGE);
	assert_int_equal(remote(0), 0);
	close_world();
}

static void bad_configurations_are_refused(void **state)
{
	struct fnuma_host_config good, c;
	struct fnuma_member_config m;
	struct fnuma_host *h = NULL;
	fnuma_member out;
	uint64_t memory[4];

	(void)state;
	open_world(no_limit);
	good = host_config(no_limit);
	assert_int_equal(fnuma_host_bytes(NULL), 0);
	c = good, c.backend = NULL;
	assert_int_equal(fnuma_host_bytes(&c), 0);
	c = good, c.max_members = 0;
	assert_int_equal(fnuma_host_bytes(&c), 0);
	c = good, c.max_members = (1u << 20) + 1;
	assert_int_equal(fnuma_host_bytes(&c), 0);
	c = good, c.nodes = 0;
	assert_int_equal(fnuma_host_bytes(&c), 0);
	c = good, c.nodes = FNUMA_NODES_MAX + 1;
	assert_int_equal(fnuma_host_init(memory, SIZE_MAX, &c, &h), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_init(NULL, SIZE_MAX, &good, &h), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_init(memory, SIZE_MAX, &good, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_init((char *)memory + 4, SIZE_MAX, &good, &h),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_init(memory, sizeof(memory), &good, &h),
	                 FNUMA_E_NOSPC);
	c = good, c.limits.bytes = 1;
	assert_int_equal(fnuma_host_init(memory, SIZE_MAX, &c, &h), FNUMA_E_INVAL);
	assert_null(h);

	m = member_config("amount");
	assert_int_equal(fnuma_host_member_bytes(w.host, &m), 0); /* nobody's domain */
	m.domain.generation = 1;
	assert_true(fnuma_host_member_bytes(w.host, &m) > 0);
	assert_int_equal(fnuma_host_member_bytes(NULL, &m), 0);
	assert_int_equal(fnuma_host_member_bytes(w.host, NULL), 0);
	m.weight = 1001;
	assert_int_equal(fnuma_host_member_bytes(w.host, &m), 0);
	m.weight = 0;
	m.frames = 0;
	assert_int_equal(fnuma_host_member_bytes(w.host, &m), 0);
	m.frames = FRAMES;
	m.books_pages = 1;
	assert_int_equal(fnuma_host_member_bytes(w.host, &m), 0);
	m.books_pages = 0;
	assert_int_equal(fnuma_host_add(w.host, &m, memory, sizeof(memory), 0, &out),
	                 FNUMA_E_NOSPC);
	assert_int_equal(fnuma_host_add(w.host, &m, NULL, SIZE_MAX, 0, &out),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_add(w.host, &m, memory, SIZE_MAX, 0, NULL),
	                 FNUMA_E_INVAL);
	assert_int_equal(stats().members, 0);
	close_world();
}

static void
a_member_without_a_trigger_or_with_a_home_beyond_the_nodes_is_refused(void **state)
{
	static const struct fnuma_home beyond[] = {{{0}, FRAMES, {2}, 1}};
	struct fnuma_member_config m;
	fnuma_member out;
	void *memory;
	size_t bytes;

	(void)state;
	open_world(no_limit);
	m = member_config("amount");
	m.domain.generation = 1;
	bytes = fnuma_host_member_bytes(w.host, &m);
	memory = malloc(bytes);
	m.trigger = NULL;
	assert_int_equal(fnuma_host_add(w.host, &m, memory, bytes, 0, &out),
	                 FNUMA_E_INVAL);
	m = member_config("amount");
	m.domain.generation = 1;
	m.homes = beyond;
	assert_true(fnuma_host_add(w.host, &m, memory, bytes, 0, &out) < 0);
	assert_int_equal(stats().members, 0);
	free(memory);
	close_world();
}

static void a_domain_is_a_member_once(void **state)
{
	struct fnuma_member_config m;
	fnuma_member out;
	void *memory;

	(void)state;
	open_world(no_limit);
	add(0, member_config("amount"), 0);
	m = member_config("amount");
	m.domain = w.domain[0];
	memory = malloc(fnuma_host_member_bytes(w.host, &m));
	assert_int_equal(fnuma_host_add(w.host, &m, memory, SIZE_MAX, 0, &out),
	                 FNUMA_E_IN_USE);
	free(memory);
	close_world();
}

static void a_step_without_bound_is_refused(void **state)
{
	(void)state;
	open_world(no_limit);
	assert_int_equal(fnuma_host_step(w.host, 0, 0, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_step(NULL, 0, 1, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_host_step(w.host, 0, 1, NULL), 0);
	close_world();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			pages_of_unknown_node_count_towards_the_amount_in_the_flip_path),
		cmocka_unit_test(
			pool_pages_of_unknown_node_reach_the_amount_once_they_are_back),
		cmocka_unit_test(
			the_amount_wakes_the_host_from_the_flip_path_and_not_before),
		cmocka_unit_test(the_period_is_the_next_deadline_and_passes_follow_it),
		cmocka_unit_test(
			a_period_with_nothing_to_move_begins_no_pass_and_goes_on),
		cmocka_unit_test(a_users_policy_that_is_always_due_does_not_spin),
		cmocka_unit_test(a_policy_is_told_of_the_end_of_each_pass),
		cmocka_unit_test(a_rest_after_a_pass_is_waited_for_before_the_next),
		cmocka_unit_test(
			a_users_policy_that_wants_to_be_asked_at_once_again_does_not_spin),
		cmocka_unit_test(a_clock_gone_wild_breaks_no_limit_and_stops_nobody),
		cmocka_unit_test(a_clock_that_jumps_back_does_not_stop_a_period),
		cmocka_unit_test(pages_given_up_do_not_keep_the_amount_reached),
		cmocka_unit_test(
			pages_given_up_that_came_home_by_themselves_do_not_stand_for_others),
		cmocka_unit_test(a_kick_begins_a_pass_whatever_the_trigger_says),
		cmocka_unit_test(the_budget_is_shared_by_weight_and_never_exceeded),
		cmocka_unit_test(the_smallest_weight_gets_its_share_too),
		cmocka_unit_test(what_one_member_does_not_need_goes_to_the_others),
		cmocka_unit_test(members_come_and_go_in_mid_flight),
		cmocka_unit_test(
			a_domain_that_dies_in_mid_batch_does_not_stop_the_others),
		cmocka_unit_test(a_host_full_of_members_takes_no_more),
		cmocka_unit_test(a_paused_member_waits_and_a_resumed_one_goes_on),
		cmocka_unit_test(a_member_paused_when_idle_is_asked_again_when_resumed),
		cmocka_unit_test(a_lower_amount_takes_effect_at_once),
		cmocka_unit_test(a_bad_retune_changes_nothing),
		cmocka_unit_test(another_trigger_in_flight_decides_from_then_on),
		cmocka_unit_test(
			another_trigger_lets_a_pass_go_on_and_keeps_what_is_known_of_pages),
		cmocka_unit_test(a_paused_member_stays_so_with_another_trigger),
		cmocka_unit_test(a_bad_trigger_changes_nothing),
		cmocka_unit_test(limits_changed_in_flight_hold_from_then_on),
		cmocka_unit_test(one_step_does_bounded_work),
		cmocka_unit_test(flips_recorded_move_the_layout_and_wake_the_amount),
		cmocka_unit_test(without_a_host_or_an_array_nothing_is_done),
		cmocka_unit_test(stale_and_invented_members_are_refused_everywhere),
		cmocka_unit_test(
			frames_and_nodes_that_do_not_exist_are_refused_and_nothing_is_recorded),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(
			a_member_without_a_trigger_or_with_a_home_beyond_the_nodes_is_refused),
		cmocka_unit_test(a_domain_is_a_member_once),
		cmocka_unit_test(a_step_without_bound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
