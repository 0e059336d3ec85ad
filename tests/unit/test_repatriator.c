/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _POSIX_C_SOURCE 200112L /* posix_memalign */

#include "test.h"

#include <flipnuma/mock.h>
#include <flipnuma/repatriator.h>

#include <stdlib.h>
#include <string.h>

#define FRAMES 1024u
#define AWAY   0u
#define HOME   1u
#define OTHER  2u
#define THIRD  3u
#define SECOND UINT64_C(1000000000)

/* A guest at home on node 1, a privileged domain on node 0, two empty nodes; the table of
 * operations goes through `spoil`, if set. */
struct world {
	struct fnuma_mock *mock;
	struct fnuma_backend_ops ops;
	struct fnuma_backend be;
	fnuma_domain guest, priv;
	struct fnuma_tracker *tracker;
	struct fnuma_repatriator *r;
	struct fnuma_repatriator_report report;
	void *tracker_memory, *memory;
	int (*spoil)(struct world *w, uint32_t n);
	uint32_t calls, longest;
	bool no_query;
	bool lie;    /* moves are reported done, and not done */
	bool deny;   /* moves are done, and reported busy */
	bool forget; /* queries answer unknown */
	bool lose;   /* moves are not done and answer unknown, and so do probes */
	bool gone;   /* the pages to move are said to be gone */
	uint32_t refused; /* nodes to which every move is answered by ... */
	int refusal;
	uint32_t events[16];
	int last_why[16];
	uint64_t last_until_ns;
	fnuma_node last_from, last_to;
};

static struct world w;

static int move_page(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	uint32_t i;
	int ret;

	w.calls++;
	if (w.refused >> to.id & 1)
		return w.refusal;
	w.longest = n > w.longest ? n : w.longest;
	if (w.spoil) {
		ret = w.spoil(&w, n);
		if (ret < 0 || ret < (int)n)
			return ret <= 0 ? ret
			                : fnuma_mock_ops(w.mock)->move_page(
						  cookie, d, pages, (uint32_t)ret, to,
						  results, spent_ns);
	}
	if (w.lose || w.gone) {
		for (i = 0; i < n; i++) {
			results[i].outcome = w.gone ? FNUMA_NOT_DONE : FNUMA_UNKNOWN;
			results[i].node = fnuma_node_unknown();
			results[i].reason = w.gone ? FNUMA_E_GONE : FNUMA_OK;
		}
		return (int)n;
	}
	if (w.lie) {
		for (ret = 0; ret < (int)n; ret++) {
			results[ret].outcome = FNUMA_DONE;
			results[ret].node = to;
			results[ret].reason = FNUMA_OK;
		}
		return (int)n;
	}
	ret = fnuma_mock_ops(w.mock)->move_page(cookie, d, pages, n, to, results, spent_ns);
	for (i = 0; w.deny && i < n; i++) {
		results[i].outcome = FNUMA_NOT_DONE;
		results[i].reason = FNUMA_E_BUSY;
	}
	return ret;
}

static int page_nodes(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                      fnuma_node *nodes)
{
	if (!w.forget)
		return fnuma_mock_ops(w.mock)->page_nodes(cookie, d, pages, n, nodes);
	memset(nodes, FNUMA_NODE_UNKNOWN_ID, n * sizeof(*nodes));
	return (int)n;
}

static int probe(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                 struct fnuma_result *results)
{
	if (w.lose)
		return FNUMA_E_BUSY;
	return fnuma_mock_ops(w.mock)->probe(cookie, d, pages, n, results);
}

static void listen(void *cookie, const struct fnuma_event *e)
{
	(void)cookie;
	assert_in_range(e->kind, 1, 15);
	w.events[e->kind]++;
	w.last_why[e->kind] = e->why;
	if (e->kind == FNUMA_EVENT_BACKOFF)
		w.last_until_ns = e->until_ns;
	if (e->kind == FNUMA_EVENT_MOVED) {
		w.last_from = e->from;
		w.last_to = e->to;
	}
}

static const struct fnuma_home at_home[] = {{{0}, FRAMES, {HOME}, 1}};
static const struct fnuma_home spread[] = {{{0}, FRAMES, {HOME}, 3},
                                           {{0}, FRAMES, {OTHER}, 1}};
static const struct fnuma_home split[] = {{{0}, FRAMES / 2, {HOME}, 1},
                                          {{FRAMES / 2}, FRAMES / 2, {OTHER}, 1}};

static void open_mock(const struct fnuma_home *homes, uint32_t n_homes)
{
	struct fnuma_mock_config host = {0};
	struct fnuma_mock_domain_config d = {0};
	const struct fnuma_home priv[] = {{{0}, 256, {AWAY}, 1}};

	memset(&w, 0, sizeof(w));
	host.nodes = 4;
	host.node_pages[AWAY] = host.node_pages[HOME] = 2 * FRAMES;
	host.node_pages[OTHER] = host.node_pages[THIRD] = 2 * FRAMES;
	host.costs.move_page_ns = 1000;
	host.contents = true;
	host.seed = 7;
	assert_int_equal(fnuma_mock_create(&host, &w.mock), 0);
	d.frames = FRAMES;
	d.homes = homes;
	d.n_homes = n_homes;
	d.app_pages = FRAMES;
	assert_int_equal(fnuma_mock_domain_create(w.mock, &d, &w.guest), 0);
	memset(&d, 0, sizeof(d));
	d.frames = 256;
	d.homes = priv;
	d.n_homes = 1;
	assert_int_equal(fnuma_mock_domain_create(w.mock, &d, &w.priv), 0);
	w.ops = *fnuma_mock_ops(w.mock);
	w.ops.move_page = move_page;
	w.ops.page_nodes = page_nodes;
	w.ops.probe = probe;
}

/* Bind, and make the tracker and the repatriator. `config` need not name any of them. */
static void start(const struct fnuma_home *homes, uint32_t n_homes,
                  struct fnuma_repatriator_config config)
{
	struct fnuma_tracker_config t = {0};

	if (w.no_query)
		w.ops.page_nodes = NULL;
	assert_int_equal(fnuma_backend_bind(&w.be, &w.ops, w.mock), 0);
	t.frames = FRAMES;
	t.nodes = 4;
	t.homes = homes;
	t.n_homes = n_homes;
	t.start = FNUMA_START_HOME;
	w.tracker_memory = malloc(fnuma_tracker_bytes(&t));
	assert_int_equal(fnuma_tracker_init(w.tracker_memory, fnuma_tracker_bytes(&t), &t,
	                                    &w.tracker),
	                 0);
	config.backend = &w.be;
	config.domain = w.guest;
	config.tracker = w.tracker;
	config.trace.fn = listen;
	w.memory = malloc(fnuma_repatriator_bytes(&config));
	assert_int_equal(fnuma_repatriator_init(w.memory,
	                                        fnuma_repatriator_bytes(&config), &config,
	                                        &w.r),
	                 0);
}

static void open_world(struct fnuma_repatriator_tuning tuning)
{
	struct fnuma_repatriator_config config = {0};

	config.tuning = tuning;
	open_mock(at_home, 1);
	start(at_home, 1, config);
}

static void close_world(void)
{
	char text[200] = "";

	assert_true(fnuma_mock_audit(w.mock, text, sizeof(text)));
	fnuma_mock_destroy(w.mock);
	free(w.tracker_memory);
	free(w.memory);
}

/* Every `stride`-th page of the guest is away, and the tracker knows. */
static void displace(uint32_t first, uint32_t n, uint32_t stride)
{
	fnuma_node away = fnuma_node_of(AWAY);
	uint32_t i;

	for (i = 0; i < n; i++) {
		fnuma_gfn page = fnuma_gfn_of(first + i * stride);

		assert_int_equal(fnuma_mock_place(w.mock, w.guest, page, away), 0);
		assert_int_equal(fnuma_tracker_set(w.tracker, &page, &away, 1), 1);
	}
}

/* No room on a node but for `pages`. */
static void fill(uint32_t node, uint32_t pages)
{
	struct fnuma_topology t;

	assert_int_equal(fnuma_mock_reserve(w.mock, fnuma_node_of(node), 0), 0);
	assert_int_equal(fnuma_backend_topology(&w.be, &t), 0);
	assert_int_equal(fnuma_mock_reserve(w.mock, fnuma_node_of(node),
	                                    t.node[node].free_pages - pages), 0);
}

static int step(uint64_t now_ns, uint32_t max)
{
	return fnuma_repatriator_step(w.r, NULL, now_ns, max, &w.report);
}

/* A whole pass, however many steps it takes. */
static uint32_t pass(uint64_t now_ns)
{
	uint32_t moved = 0, steps = 0;

	fnuma_repatriator_begin(w.r);
	do {
		int n = step(now_ns, 64);

		assert_true(n >= 0);
		moved += (uint32_t)n;
		assert_true(++steps < 1000);
	} while (!w.report.pass_ended && w.report.why == FNUMA_OK);
	return moved;
}

static struct fnuma_repatriator_stats stats(void)
{
	struct fnuma_repatriator_stats s;

	fnuma_repatriator_stats(w.r, &s);
	assert_int_equal(s.attempted, s.moved + s.failed);
	return s;
}

static const struct fnuma_repatriator_tuning plain = {0};

/* ---- moving ---- */

static void a_pass_brings_every_remote_page_home_with_its_content(void **state)
{
	uint64_t value;
	uint32_t i;

	(void)state;
	open_world(plain);
	for (i = 0; i < FRAMES; i++)
		assert_int_equal(
			fnuma_mock_write(w.mock, w.guest, fnuma_gfn_of(i), i ^ 0xabcd),
			0);
	displace(3, 300, 3);
	assert_int_equal(fnuma_repatriator_movable(w.r), 300);
	assert_int_equal(pass(0), 300);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 0);
	for (i = 0; i < FRAMES; i++) {
		assert_int_equal(fnuma_mock_node(w.mock, w.guest, fnuma_gfn_of(i)).id,
		                 HOME);
		assert_int_equal(
			fnuma_mock_read(w.mock, w.guest, fnuma_gfn_of(i), &value), 0);
		assert_int_equal(value, i ^ 0xabcd);
	}
	assert_int_equal(w.events[FNUMA_EVENT_MOVED], 300);
	assert_int_equal(w.events[FNUMA_EVENT_PASS], 1);
	assert_int_equal(stats().spent_ns > 0, 1);
	close_world();
}

static void a_step_attempts_no_more_pages_than_it_may_and_the_next_goes_on(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 100, 1);
	fnuma_repatriator_begin(w.r);
	assert_int_equal(step(0, 40), 40);
	assert_int_equal(w.report.attempted, 40);
	assert_false(w.report.pass_ended);
	assert_int_equal(w.report.next_ns, 0);
	assert_int_equal(step(0, 40), 40);
	assert_int_equal(step(0, 40), 20);
	assert_true(w.report.pass_ended);
	assert_true(w.report.next_ns == FNUMA_NEVER);
	assert_false(fnuma_repatriator_active(w.r));
	close_world();
}

static void batches_are_as_long_as_tuned_and_no_longer(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.batch_pages = 7;
	open_world(t);
	displace(0, 63, 1);
	assert_int_equal(pass(0), 63);
	assert_int_equal(w.longest, 7);
	assert_int_equal(w.calls, 9);
	close_world();
}

static void without_a_pass_a_step_does_nothing(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 10, 1);
	assert_int_equal(step(0, 64), 0);
	assert_int_equal(w.calls, 0);
	assert_true(w.report.next_ns == FNUMA_NEVER);
	close_world();
}

static void only_remote_pages_are_moved(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 5, 100);
	assert_int_equal(pass(0), 5);
	assert_int_equal(stats().attempted, 5);
	close_world();
}

static void a_page_of_each_range_goes_to_the_home_of_its_range(void **state)
{
	struct fnuma_repatriator_config config = {0};

	(void)state;
	open_mock(split, 2);
	start(split, 2, config);
	displace(FRAMES / 2 - 10, 20, 1);
	assert_int_equal(pass(0), 20);
	assert_int_equal(
		fnuma_mock_node(w.mock, w.guest, fnuma_gfn_of(FRAMES / 2 - 1)).id, HOME);
	assert_int_equal(fnuma_mock_node(w.mock, w.guest, fnuma_gfn_of(FRAMES / 2)).id,
	                 OTHER);
	close_world();
}

/* ---- the budget ---- */

static void a_spent_budget_stops_the_step_and_says_when_to_go_on(void **state)
{
	struct fnuma_budget_limits limits = {0};
	struct fnuma_budget budget;
	uint64_t now = 5 * SECOND;

	(void)state;
	open_world(plain);
	limits.pages = 50;
	assert_int_equal(fnuma_budget_init(&budget, &limits, 4096, 0), 0);
	displace(0, 120, 1);
	fnuma_repatriator_begin(w.r);
	assert_int_equal(fnuma_repatriator_step(w.r, &budget, now, 1000, &w.report), 50);
	assert_int_equal(w.report.why, FNUMA_E_BUDGET);
	assert_true(w.report.next_ns > now && w.report.next_ns < now + 2 * SECOND);
	assert_int_equal(fnuma_repatriator_step(w.r, &budget, now, 1000, &w.report), 0);
	now = w.report.next_ns;
	assert_int_equal(fnuma_repatriator_step(w.r, &budget, now, 1000, &w.report), 50);
	now = w.report.next_ns;
	assert_int_equal(fnuma_repatriator_step(w.r, &budget, now, 1000, &w.report), 20);
	assert_true(w.report.pass_ended);
	close_world();
}

/* ---- cool-down ---- */

static void a_moved_page_is_not_moved_again_within_the_cooldown(void **state)
{
	uint64_t until;
	int cause;

	(void)state;
	open_world(plain);
	displace(10, 1, 1);
	assert_int_equal(pass(SECOND), 1);
	displace(10, 1, 1);
	assert_int_equal(pass(SECOND + 10 * SECOND - 1), 0);
	assert_int_equal(fnuma_repatriator_why(w.r, fnuma_gfn_of(10),
	                                       SECOND + 10 * SECOND - 1, &until, &cause),
	                 FNUMA_E_COOLDOWN);
	assert_int_equal(until, 11 * SECOND);
	assert_int_equal(cause, FNUMA_OK);
	assert_int_equal(stats().by_reason[-FNUMA_E_COOLDOWN], 1);
	/* The idle pass rested the domain for a second. */
	assert_int_equal(pass(13 * SECOND), 1);
	close_world();
}

static void without_a_cooldown_a_page_may_move_at_once(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.cooldown_ns = FNUMA_NEVER;
	open_world(t);
	displace(10, 1, 1);
	assert_int_equal(pass(0), 1);
	displace(10, 1, 1);
	assert_int_equal(pass(0), 1);
	assert_int_equal(stats().cooling_pages, 0);
	close_world();
}

static void a_clock_that_jumps_back_neither_shortens_nor_freezes_a_cooldown(void **state)
{
	(void)state;
	open_world(plain);
	displace(10, 1, 1);
	assert_int_equal(pass(100 * SECOND), 1);
	displace(10, 1, 1);
	/* Back to 0: the ten seconds begin to pass from here. */
	assert_int_equal(pass(0), 0);
	assert_int_equal(pass(9 * SECOND), 0);
	assert_int_equal(pass(20 * SECOND), 1);
	close_world();
}

/* ---- failures ---- */

static void a_pinned_page_backs_off_longer_each_time_and_is_then_given_up(void **state)
{
	uint64_t now = SECOND, until, waited = 0;
	uint32_t i;
	int cause;

	(void)state;
	open_world(plain);
	displace(10, 2, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(10), true), 0);
	for (i = 1; i < 5; i++) {
		assert_int_equal(pass(now), i == 1 ? 1 : 0);
		assert_int_equal(stats().failed, i);
		assert_int_equal(
			fnuma_repatriator_why(w.r, fnuma_gfn_of(10), now, &until, &cause),
			FNUMA_E_BACKOFF);
		assert_int_equal(cause, FNUMA_E_PINNED);
		assert_true(until - now == SECOND << (i - 1));
		assert_true(until - now > waited);
		waited = until - now;
		now = until + 100 * SECOND;
	}
	assert_int_equal(pass(now), 0);
	assert_int_equal(
		fnuma_repatriator_why(w.r, fnuma_gfn_of(10), now, &until, &cause),
		FNUMA_E_GAVE_UP);
	assert_true(until == FNUMA_NEVER);
	assert_int_equal(w.events[FNUMA_EVENT_GAVE_UP], 1);
	assert_int_equal(w.last_why[FNUMA_EVENT_GAVE_UP], FNUMA_E_PINNED);
	/* Still remote, still on the books, no longer attempted, no longer the trigger's. */
	assert_int_equal(fnuma_tracker_remote(w.tracker), 1);
	assert_int_equal(fnuma_repatriator_movable(w.r), 0);
	assert_int_equal(pass(now + 10000 * SECOND), 0);
	assert_int_equal(stats().failed, 5);
	assert_int_equal(stats().given_up_pages, 1);
	close_world();
}

static void
a_page_backing_off_is_left_until_its_time_and_does_not_eat_the_budget(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.backoff_ns = 100 * SECOND;
	open_world(t);
	displace(10, 2, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(10), true), 0);
	assert_int_equal(pass(0), 1);
	displace(20, 1, 1);
	assert_int_equal(pass(50 * SECOND), 1);
	assert_int_equal(stats().attempted, 3);
	assert_int_equal(stats().by_reason[-FNUMA_E_BACKOFF], 1);
	close_world();
}

static void a_given_up_page_moves_once_forgiven(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.attempts_max = 1;
	open_world(t);
	displace(10, 3, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(11), true), 0);
	assert_int_equal(pass(0), 2);
	assert_int_equal(stats().given_up_pages, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(11), false), 0);
	assert_int_equal(fnuma_repatriator_forgive(w.r), 1);
	assert_int_equal(stats().cooling_pages, 2);
	assert_int_equal(pass(1), 1);
	close_world();
}

static void
a_given_up_frame_that_is_flipped_gets_a_fresh_start_but_keeps_its_cooldown(void **state)
{
	fnuma_gfn pages[2] = {{10}, {11}};
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.attempts_max = 1;
	open_world(t);
	displace(10, 2, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, pages[0], true), 0);
	assert_int_equal(pass(0), 1);
	fnuma_repatriator_flipped(w.r, pages, 2);
	assert_int_equal(fnuma_repatriator_why(w.r, pages[0], 0, NULL, NULL), FNUMA_OK);
	assert_int_equal(fnuma_repatriator_why(w.r, pages[1], 0, NULL, NULL),
	                 FNUMA_E_COOLDOWN);
	close_world();
}

static void a_success_after_failures_starts_the_count_afresh(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.attempts_max = 2;
	open_world(t);
	displace(10, 1, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(10), true), 0);
	assert_int_equal(pass(0), 0);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(10), false), 0);
	assert_int_equal(pass(100 * SECOND), 1);
	displace(10, 1, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(10), true), 0);
	assert_int_equal(pass(200 * SECOND), 0);
	assert_int_equal(stats().backoff_pages, 1);
	assert_int_equal(stats().given_up_pages, 0);
	close_world();
}

static void a_full_home_rests_the_domain_longer_each_time_and_marks_no_page(void **state)
{
	uint64_t now = 0, rest = 0;
	uint32_t i;

	(void)state;
	open_world(plain);
	displace(0, 100, 1);
	assert_int_equal(fnuma_mock_reserve(w.mock, fnuma_node_of(HOME), FRAMES + 100),
	                 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pass(now), 0);
		assert_true(w.report.next_ns > now + rest);
		rest = w.report.next_ns - now;
		assert_true(rest == SECOND << i);
		assert_int_equal(stats().state, FNUMA_E_BACKOFF);
		assert_int_equal(step(w.report.next_ns - 1, 64), 0);
		assert_int_equal(w.report.why, FNUMA_E_BACKOFF);
		now = w.report.next_ns;
	}
	assert_int_equal(stats().backoff_pages, 0);
	assert_int_equal(w.last_why[FNUMA_EVENT_BACKOFF], FNUMA_E_NOMEM);
	/* One batch a pass found it full; the rest was left. */
	assert_true(stats().attempted <= 4 * 32);
	assert_int_equal(fnuma_mock_reserve(w.mock, fnuma_node_of(HOME), 0), 0);
	assert_int_equal(pass(now), 100);
	close_world();
}

static void a_success_makes_the_next_rest_a_short_one_again(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 2, 1);
	fill(HOME, 0);
	assert_int_equal(pass(0), 0);
	assert_int_equal(pass(10 * SECOND), 0);
	assert_true(w.report.next_ns == 12 * SECOND);
	fill(HOME, 1);
	assert_int_equal(pass(20 * SECOND), 1);
	assert_true(w.report.next_ns == 21 * SECOND);
	close_world();
}

static void forgiving_ends_a_rest(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 10, 1);
	fill(HOME, 0);
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().state, FNUMA_E_BACKOFF);
	fill(HOME, 10);
	assert_int_equal(pass(1), 0);
	fnuma_repatriator_forgive(w.r);
	assert_int_equal(stats().state, FNUMA_OK);
	assert_int_equal(pass(1), 10);
	close_world();
}

static void a_page_that_is_gone_is_no_page_any_more(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 10, 1);
	w.gone = true;
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().by_reason[-FNUMA_E_GONE], 10);
	assert_int_equal(stats().backoff_pages, 0);
	assert_int_equal(stats().state, FNUMA_OK); /* the domain is not */
	assert_int_equal(fnuma_tracker_get(w.tracker, fnuma_gfn_of(9)).id,
	                 FNUMA_NODE_NONE_ID);
	assert_int_equal(fnuma_repatriator_movable(w.r), 0);
	close_world();
}

static void a_page_whose_moves_stay_unknown_is_given_up_in_the_end(void **state)
{
	uint32_t i;

	(void)state;
	open_world(plain);
	displace(0, 3, 1);
	w.lose = true;
	for (i = 1; i < 5; i++) {
		assert_int_equal(pass(100 * i * SECOND), 0);
		assert_int_equal(stats().backoff_pages, 3);
		assert_int_equal(stats().by_reason[-FNUMA_E_LOST_TRACK], 3 * i);
	}
	assert_int_equal(pass(600 * SECOND), 0);
	assert_int_equal(stats().given_up_pages, 3);
	close_world();
}

/* What there is to make the books forget a failure. */
enum forgetting { FLIPPED, PLACED, FORGIVEN, SWEPT };

static void let_forget(enum forgetting how, fnuma_gfn page)
{
	const fnuma_node home = {HOME}, away = {AWAY};

	if (how == FLIPPED)
		fnuma_repatriator_flipped(w.r, &page, 1);
	if (how == FORGIVEN)
		assert_int_equal(fnuma_repatriator_forgive(w.r), 1);
	if (how == PLACED || how == SWEPT)
		assert_int_equal(fnuma_tracker_set(w.tracker, &page, &home, 1), 1);
	if (how == PLACED)
		fnuma_repatriator_placed(w.r, &page, 1);
	if (how == SWEPT)
		assert_int_equal(step(5 * SECOND, 1u << 20), 0);
	assert_int_equal(fnuma_tracker_set(w.tracker, &page, &away, 1), 1);
}

/* Nobody knows whether it moved, so nobody may move it (again) within the cool-down (I8). */
static void a_page_that_may_have_moved_cools_down_whatever_is_forgotten(void **state)
{
	const fnuma_gfn page = {10};
	struct fnuma_repatriator_tuning t = {0};
	uint64_t until;
	uint32_t i;
	int why;

	(void)state;
	for (i = 0; i < 8; i++) {
		t.attempts_max = i < 4 ? 5 : 1; /* backs off, or is given up */
		open_world(t);
		displace(10, 1, 1);
		w.lose = true;
		assert_int_equal(pass(0), 0);
		w.lose = false;
		let_forget((enum forgetting)(i % 4), page);
		assert_int_equal(pass(10 * SECOND - 1), 0);
		why = fnuma_repatriator_why(w.r, page, 10 * SECOND - 1, &until, NULL);
		assert_int_equal(why, FNUMA_E_COOLDOWN);
		assert_true(until == 10 * SECOND);
		assert_int_equal(pass(20 * SECOND), 1);
		close_world();
	}
}

static void pages_of_another_home_do_not_wait_behind_a_full_one(void **state)
{
	struct fnuma_repatriator_config config = {0};

	(void)state;
	open_mock(split, 2);
	start(split, 2, config);
	displace(0, 50, 1);
	displace(FRAMES / 2, 50, 1);
	assert_int_equal(
		fnuma_mock_reserve(w.mock, fnuma_node_of(HOME), FRAMES * 3 / 2 + 50), 0);
	assert_int_equal(pass(0), 50);
	assert_int_equal(w.report.why, FNUMA_E_BACKOFF);
	assert_int_equal(stats().state, FNUMA_E_BACKOFF);
	close_world();
}

static void a_page_with_several_homes_goes_to_one_that_has_room(void **state)
{
	struct fnuma_repatriator_config config = {0};
	uint32_t counts[4];

	(void)state;
	open_mock(spread, 2);
	start(spread, 2, config);
	displace(0, 50, 1);
	fill(HOME, 10);
	assert_int_equal(pass(0) + pass(100 * SECOND), 50);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 0);
	assert_int_equal(fnuma_mock_counts(w.mock, w.guest, counts), 0);
	assert_int_equal(counts[AWAY], 0);
	close_world();
}

static void a_full_home_does_not_sway_the_choice_among_the_others(void **state)
{
	static const struct fnuma_home homes[] = {
		{{0}, FRAMES / 2, {HOME}, 1},
		{{FRAMES / 2}, FRAMES / 2, {HOME}, 1},
		{{FRAMES / 2}, FRAMES / 2, {OTHER}, 1},
		{{FRAMES / 2}, FRAMES / 2, {THIRD}, 1},
	};
	struct fnuma_repatriator_config config = {0};
	uint32_t i;

	(void)state;
	config.tuning.batch_pages = 1;
	open_mock(homes, 4);
	start(homes, 4, config);
	for (i = FRAMES / 2; i < FRAMES; i++) {
		fnuma_gfn page = fnuma_gfn_of(i);
		fnuma_node node = fnuma_node_of(i % 8 ? HOME : OTHER);

		assert_int_equal(fnuma_mock_place(w.mock, w.guest, page, node), 0);
		assert_int_equal(fnuma_tracker_set(w.tracker, &page, &node, 1), 1);
	}
	displace(0, 1, 1);
	displace(FRAMES - 1, 1, 1);
	fill(HOME, 0);
	assert_int_equal(pass(0), 1);
	assert_int_equal(fnuma_mock_node(w.mock, w.guest, fnuma_gfn_of(0)).id, AWAY);
	assert_int_equal(fnuma_mock_node(w.mock, w.guest, fnuma_gfn_of(FRAMES - 1)).id,
	                 THIRD);
	close_world();
}

static int refuse_denied(struct world *world, uint32_t n)
{
	(void)world, (void)n;
	return FNUMA_E_DENIED;
}

static void a_call_refused_as_a_whole_rests_the_domain_and_marks_no_page(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 10, 1);
	w.spoil = refuse_denied;
	assert_int_equal(pass(0), 0);
	assert_int_equal(w.report.why, FNUMA_E_BACKOFF);
	assert_int_equal(w.last_why[FNUMA_EVENT_BACKOFF], FNUMA_E_DENIED);
	assert_int_equal(stats().attempted, 0);
	assert_int_equal(stats().by_reason[-FNUMA_E_DENIED], 1);
	assert_true(fnuma_repatriator_active(w.r));
	w.spoil = NULL;
	assert_int_equal(step(w.report.next_ns, 64), 0);
	fnuma_repatriator_begin(w.r);
	assert_int_equal(step(10 * SECOND, 64), 10);
	close_world();
}

static void pages_of_another_home_do_not_wait_behind_one_that_is_refused(void **state)
{
	struct fnuma_repatriator_config config = {0};
	uint64_t now_ns = 0;

	(void)state;
	open_mock(split, 2);
	start(split, 2, config);
	displace(0, 5, 1);
	displace(FRAMES / 2, 5, 1);
	w.refused = 1u << HOME;
	for (w.refusal = FNUMA_E_DENIED;; w.refusal = 0) {
		assert_int_equal(pass(now_ns), 0);
		assert_int_equal(w.report.why, FNUMA_E_BACKOFF);
		now_ns = w.report.next_ns;
		assert_int_equal(step(now_ns, 64), 5);
		assert_true(w.report.pass_ended);
		assert_int_equal(fnuma_tracker_remote(w.tracker), 5);
		if (!w.refusal)
			break;
		now_ns += 100 * SECOND;
		displace(FRAMES / 2, 5, 1);
	}
	close_world();
}

static int try_half(struct world *world, uint32_t n)
{
	(void)world;
	return (int)(n / 2);
}

static void
pages_the_backend_did_not_come_to_are_tried_again_in_the_same_pass(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.batch_pages = 16;
	open_world(t);
	displace(0, 64, 1);
	w.spoil = try_half;
	/* The last page is half a batch of one: nobody tries it, and it is left for the next
	 * pass, as if refused. */
	assert_int_equal(pass(0), 63);
	assert_int_equal(w.report.why, FNUMA_E_BACKOFF);
	assert_int_equal(stats().backoff_pages, 0);
	w.spoil = NULL;
	assert_int_equal(pass(w.report.next_ns), 1);
	close_world();
}

static int kill_guest(struct world *world, uint32_t n)
{
	(void)n;
	fnuma_mock_domain_destroy(world->mock, world->guest);
	return FNUMA_E_GONE;
}

static void a_domain_that_dies_in_a_pass_is_said_to_be_gone_ever_after(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 10, 1);
	w.spoil = kill_guest;
	fnuma_repatriator_begin(w.r);
	assert_int_equal(step(0, 64), FNUMA_E_GONE);
	assert_int_equal(w.report.why, FNUMA_E_GONE);
	assert_true(w.report.next_ns == FNUMA_NEVER);
	assert_int_equal(step(SECOND, 64), FNUMA_E_GONE);
	fnuma_repatriator_begin(w.r);
	assert_false(fnuma_repatriator_active(w.r));
	assert_int_equal(w.events[FNUMA_EVENT_STATE], 1);
	assert_int_equal(w.calls, 1);
	assert_int_equal(stats().state, FNUMA_E_GONE);
	close_world();
}

static void a_lie_is_found_out_when_verifying_and_believed_when_not(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.flags = FNUMA_REPAT_VERIFY;
	open_world(t);
	displace(0, 10, 1);
	w.lie = true;
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().by_reason[-FNUMA_E_LIE], 10);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 10);
	close_world();

	open_world(plain);
	displace(0, 10, 1);
	w.lie = true;
	assert_int_equal(pass(0), 10);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 0);
	close_world();
}

static void a_move_denied_but_done_is_counted_as_moved_when_verifying(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.flags = FNUMA_REPAT_VERIFY;
	t.attempts_max = 1;
	open_world(t);
	displace(0, 10, 1);
	w.deny = true;
	assert_int_equal(pass(0), 10);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 0);
	assert_int_equal(stats().cooling_pages, 10);
	assert_int_equal(stats().given_up_pages, 0);
	close_world();
}

static void an_event_says_where_a_page_came_from_also_when_verifying(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	for (t.flags = 0; t.flags <= FNUMA_REPAT_VERIFY; t.flags++) {
		open_world(t);
		displace(0, 1, 1);
		assert_int_equal(pass(0), 1);
		assert_int_equal(w.last_from.id, AWAY);
		assert_int_equal(w.last_to.id, HOME);
		close_world();
	}
}

static void a_page_that_nobody_can_place_any_more_is_not_found_home(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.flags = FNUMA_REPAT_VERIFY;
	open_world(t);
	displace(0, 10, 1);
	w.forget = true;
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().found_home, 0);
	assert_int_equal(w.calls, 0);
	w.forget = false;
	assert_int_equal(pass(2 * SECOND), 10);
	close_world();
}

static void failures_of_pages_that_came_home_by_themselves_are_forgotten(void **state)
{
	const fnuma_node home = {HOME}, unknown = {FNUMA_NODE_UNKNOWN_ID};
	struct fnuma_repatriator_tuning t = {0};
	fnuma_gfn pages[3];
	uint32_t i;

	(void)state;
	t.attempts_max = 1;
	open_world(t);
	displace(0, 3, 1);
	for (i = 0; i < 3; i++) {
		pages[i] = fnuma_gfn_of(i);
		fnuma_mock_pin(w.mock, w.guest, pages[i], true);
	}
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().given_up_pages, 3);
	fnuma_repatriator_placed(w.r, pages, 3); /* they are where they were */
	assert_int_equal(stats().given_up_pages, 3);
	assert_int_equal(fnuma_repatriator_movable(w.r), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(fnuma_tracker_set(w.tracker, &pages[i], &home, 1), 1);
	fnuma_repatriator_placed(w.r, pages, 3);
	assert_int_equal(stats().given_up_pages, 1);
	displace(10, 2, 1);
	assert_int_equal(fnuma_repatriator_movable(w.r), 2);
	/* The last one nobody can place; the next pass finds it at home. */
	assert_int_equal(fnuma_mock_place(w.mock, w.guest, pages[2], home), 0);
	assert_int_equal(fnuma_tracker_set(w.tracker, &pages[2], &unknown, 1), 1);
	assert_int_equal(pass(SECOND), 2);
	assert_int_equal(stats().given_up_pages, 0);
	close_world();
}

static void pages_found_at_home_are_not_moved_when_verifying(void **state)
{
	struct fnuma_repatriator_tuning t = {0};
	fnuma_node away = fnuma_node_of(AWAY);
	fnuma_gfn page = fnuma_gfn_of(5);

	(void)state;
	t.flags = FNUMA_REPAT_VERIFY;
	open_world(t);
	assert_int_equal(fnuma_tracker_set(w.tracker, &page, &away, 1), 1);
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().found_home, 1);
	assert_int_equal(w.calls, 0);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 0);
	close_world();
}

/* ---- pages of unknown node ---- */

static void pages_of_unknown_node_are_looked_up_and_the_remote_ones_moved(void **state)
{
	fnuma_node unknown = fnuma_node_unknown();
	uint32_t i;

	(void)state;
	open_world(plain);
	displace(0, 20, 1);
	for (i = 0; i < 200; i++) {
		fnuma_gfn page = fnuma_gfn_of(i);

		fnuma_tracker_set(w.tracker, &page, &unknown, 1);
	}
	assert_int_equal(fnuma_tracker_remote(w.tracker), 0);
	assert_int_equal(fnuma_repatriator_movable(w.r), 200);
	assert_int_equal(pass(0), 20);
	assert_int_equal(fnuma_repatriator_movable(w.r), 0);
	close_world();
}

static void unknown_pages_are_left_where_nobody_can_be_asked(void **state)
{
	struct fnuma_repatriator_config config = {0};
	fnuma_node unknown = fnuma_node_unknown();
	fnuma_gfn page = fnuma_gfn_of(1);

	(void)state;
	open_mock(at_home, 1);
	w.no_query = true;
	start(at_home, 1, config);
	fnuma_tracker_set(w.tracker, &page, &unknown, 1);
	assert_int_equal(fnuma_repatriator_movable(w.r), 0);
	assert_int_equal(pass(0), 0);
	assert_true(w.report.pass_ended);
	close_world();
}

/* ---- full books ---- */

static void full_books_leave_new_pages_but_never_stop_a_retry(void **state)
{
	struct fnuma_repatriator_config config = {0};
	uint32_t i;

	(void)state;
	config.books_pages = 64;
	open_mock(at_home, 1);
	start(at_home, 1, config);
	displace(0, 100, 1);
	for (i = 0; i < 64; i++)
		assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(i), true),
		                 0);
	/* 64 failures fill the books; the other 36 pages are left, and said to be. */
	assert_int_equal(pass(0), 0);
	assert_int_equal(stats().backoff_pages, 64);
	assert_int_equal(stats().by_reason[-FNUMA_E_NOSPC], 36);
	for (i = 0; i < 64; i++)
		assert_int_equal(fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(i), false),
		                 0);
	assert_int_equal(pass(100 * SECOND), 64);
	/* The cool-downs of those must end first. */
	assert_int_equal(pass(101 * SECOND), 0);
	assert_int_equal(pass(120 * SECOND), 36);
	close_world();
}

/* ---- wishes ---- */

static void a_dry_run_says_what_it_would_move_and_moves_nothing(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	t.flags = FNUMA_REPAT_DRY_RUN;
	open_world(t);
	displace(0, 100, 1);
	assert_int_equal(pass(0), 0);
	assert_int_equal(w.calls, 0);
	assert_int_equal(stats().would_move, 100);
	assert_int_equal(w.events[FNUMA_EVENT_KEPT], 100);
	assert_int_equal(w.last_why[FNUMA_EVENT_KEPT], FNUMA_E_DRY_RUN);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 100);
	/* And does not spin: nothing has changed, so the domain rests. */
	assert_true(w.report.next_ns > 0 && w.report.next_ns != FNUMA_NEVER);
	close_world();
}

static void paused_nothing_moves_and_resumed_the_pass_goes_on(void **state)
{
	(void)state;
	open_world(plain);
	displace(0, 64, 1);
	fnuma_repatriator_begin(w.r);
	assert_int_equal(step(0, 32), 32);
	fnuma_repatriator_pause(w.r, true);
	assert_int_equal(step(0, 32), FNUMA_E_PAUSED);
	assert_true(w.report.next_ns == FNUMA_NEVER);
	assert_int_equal(stats().state, FNUMA_E_PAUSED);
	fnuma_repatriator_pause(w.r, false);
	assert_int_equal(step(0, 64), 32);
	close_world();
}

static void retuning_takes_effect_and_keeps_the_books(void **state)
{
	struct fnuma_repatriator_tuning t = {0};

	(void)state;
	open_world(plain);
	displace(0, 10, 1);
	assert_int_equal(pass(0), 10);
	t.batch_pages = 2;
	assert_int_equal(fnuma_repatriator_retune(w.r, &t), 0);
	assert_int_equal(stats().cooling_pages, 10);
	displace(20, 10, 1);
	w.longest = 0;
	assert_int_equal(pass(1), 10);
	assert_int_equal(w.longest, 2);
	close_world();
}

/* ---- with a pool ---- */

/* Of a pool of 32 pages, all flipped, `given` are free again and the others in use. */
struct pool_world {
	struct fnuma_pool *pool;
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[32];
	struct fnuma_result results[32];
	void *memory;
};

static void make_pool(struct pool_world *p)
{
	struct fnuma_pool_config c = {0};

	c.frames = FRAMES;
	c.max_pages = 256;
	c.caches = 1;
	c.magazine_pages = 8;
	c.backend = &w.be;
	c.domain = w.guest;
	c.homes = at_home;
	c.n_homes = 1;
	assert_int_equal(
		posix_memalign(&p->memory, FNUMA_CACHE_LINE, fnuma_pool_bytes(&c)), 0);
	assert_int_equal(fnuma_pool_init(p->memory, fnuma_pool_bytes(&c), &c, &p->pool),
	                 0);
	assert_int_equal(fnuma_pool_attach(p->pool, &p->cache), 0);
}

static void open_pool_world(struct pool_world *p, uint32_t given)
{
	struct fnuma_repatriator_config config = {0};

	open_mock(at_home, 1);
	assert_int_equal(fnuma_mock_app_exit(w.mock, w.guest), FRAMES);
	start(at_home, 1, config);
	make_pool(p);
	config.backend = &w.be;
	config.domain = w.guest;
	config.tracker = w.tracker;
	config.pool = p->pool;
	config.trace.fn = listen;
	free(w.memory);
	w.memory = malloc(fnuma_repatriator_bytes(&config));
	assert_int_equal(fnuma_repatriator_init(w.memory,
	                                        fnuma_repatriator_bytes(&config), &config,
	                                        &w.r),
	                 0);
	assert_int_equal(fnuma_pool_grow(p->pool, 32, 0), 32);
	assert_int_equal(fnuma_pool_take(&p->cache, p->pages, 32), 32);
	assert_int_equal(
		fnuma_backend_flip(&w.be, w.guest, w.priv, p->pages, 32, p->results), 32);
	assert_int_equal(fnuma_tracker_record(w.tracker, p->pages, p->results, 32), 32);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 32);
	assert_int_equal(fnuma_pool_give(&p->cache, p->pages, given), given);
	assert_true(fnuma_pool_flush(&p->cache) >= 0);
}

static void close_pool_world(struct pool_world *p)
{
	free(p->memory);
	close_world();
}

static void with_a_pool_its_free_remote_pages_come_home_and_no_others(void **state)
{
	struct pool_world p;
	struct fnuma_pool_stats ps;
	uint32_t i;

	(void)state;
	open_pool_world(&p, 20);
	assert_int_equal(pass(0), 20);
	fnuma_pool_stats(p.pool, &ps);
	assert_int_equal(ps.depot_home_pages, 20);
	assert_int_equal(ps.depot_remote_pages, 0);
	assert_int_equal(ps.held_pages, 0);
	assert_int_equal(fnuma_tracker_remote(w.tracker), 12);
	for (i = 20; i < 32; i++)
		assert_int_equal(fnuma_mock_node(w.mock, w.guest, p.pages[i]).id, AWAY);
	close_pool_world(&p);
}

static void
free_pages_of_a_pool_that_nobody_could_place_are_looked_up_and_come_home(void **state)
{
	fnuma_node unknown[20];
	struct pool_world p;

	(void)state;
	open_pool_world(&p, 20);
	memset(unknown, FNUMA_NODE_UNKNOWN_ID, sizeof(unknown));
	assert_int_equal(fnuma_tracker_set(w.tracker, p.pages, unknown, 20), 20);
	/* Twelve remote ones in use, and twenty that must be asked about. */
	assert_int_equal(fnuma_repatriator_movable(w.r), 32);
	assert_int_equal(pass(0), 20);
	assert_int_equal(fnuma_repatriator_movable(w.r), 12);
	/* Pages of unknown node that are not the pool's are none of its business. */
	assert_int_equal(fnuma_tracker_set(w.tracker, &p.pages[0], unknown, 1), 1);
	assert_int_equal(fnuma_repatriator_movable(w.r), 12);
	close_pool_world(&p);
}

static void a_pass_that_could_do_nothing_finds_out_that_the_domain_is_dead(void **state)
{
	struct pool_world p;

	(void)state;
	open_pool_world(&p, 0);
	fnuma_repatriator_begin(w.r);
	assert_int_equal(step(0, 64), 0);
	assert_int_equal(w.report.why, FNUMA_E_BACKOFF); /* all in use */
	assert_int_equal(fnuma_mock_domain_destroy(w.mock, w.guest), 0);
	fnuma_repatriator_begin(w.r);
	assert_int_equal(step(SECOND, 64), FNUMA_E_GONE);
	assert_int_equal(stats().state, FNUMA_E_GONE);
	close_pool_world(&p);
}

/* ---- the liar's table ---- */

static void bad_configurations_are_refused(void **state)
{
	struct fnuma_repatriator_config good = {0}, c;
	struct fnuma_repatriator *r = NULL;
	uint64_t memory[8];
	uint32_t i;
	struct {
		struct fnuma_repatriator_tuning tuning;
	} bad[] = {
		{{FNUMA_BATCH_MAX + 1, 0, 0, 0, 0}},
		{{0, 17, 0, 0, 0}},
		{{0, 0, (UINT64_C(1) << 50) + 1, 0, 0}},
		{{0, 0, 0, (UINT64_C(1) << 50) + 1, 0}},
		{{0, 0, 0, 0, 4}},
	};

	(void)state;
	open_world(plain);
	good.backend = &w.be;
	good.domain = w.guest;
	good.tracker = w.tracker;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		c = good;
		c.tuning = bad[i].tuning;
		assert_int_equal(fnuma_repatriator_bytes(&c), 0);
		assert_int_equal(fnuma_repatriator_init(memory, SIZE_MAX, &c, &r),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_repatriator_retune(w.r, &bad[i].tuning),
		                 FNUMA_E_INVAL);
	}
	assert_int_equal(fnuma_repatriator_retune(w.r, NULL), FNUMA_E_INVAL);
	c = good;
	c.books_pages = 63;
	assert_int_equal(fnuma_repatriator_bytes(&c), 0);
	assert_int_equal(fnuma_repatriator_bytes(NULL), 0);
	c = good;
	c.backend = NULL;
	assert_int_equal(fnuma_repatriator_init(memory, SIZE_MAX, &c, &r), FNUMA_E_INVAL);
	c = good;
	c.tracker = NULL;
	assert_int_equal(fnuma_repatriator_init(memory, SIZE_MAX, &c, &r), FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_init(NULL, SIZE_MAX, &good, &r),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_init(memory, SIZE_MAX, &good, NULL),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_init((char *)memory + 4, SIZE_MAX, &good, &r),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_init(
				 memory, fnuma_repatriator_bytes(&good) - 1, &good, &r),
	                 FNUMA_E_NOSPC);
	w.ops.move_page = NULL;
	w.ops.move_free = NULL;
	assert_int_equal(fnuma_backend_bind(&w.be, &w.ops, w.mock), 0);
	assert_int_equal(fnuma_repatriator_init(memory, SIZE_MAX, &good, &r),
	                 FNUMA_E_NOTSUP);
	assert_null(r);
	close_world();
}

static void without_a_repatriator_nothing_is_done(void **state)
{
	struct fnuma_repatriator_stats s;
	fnuma_gfn page = {0};

	(void)state;
	open_world(plain);
	fnuma_repatriator_begin(NULL);
	assert_false(fnuma_repatriator_active(NULL));
	fnuma_repatriator_flipped(NULL, &page, 1);
	fnuma_repatriator_placed(NULL, &page, 1);
	assert_int_equal(fnuma_repatriator_forgive(NULL), 0);
	fnuma_repatriator_pause(NULL, true);
	assert_int_equal(fnuma_repatriator_retune(NULL, &plain), FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_retune(w.r, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_why(NULL, page, 0, NULL, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_movable(NULL), 0);
	fnuma_repatriator_stats(w.r, NULL);
	memset(&s, 0xff, sizeof(s));
	fnuma_repatriator_stats(NULL, &s);
	assert_true(s.attempted == 0 && s.state == FNUMA_OK && s.books_pages == 0);
	/* An array that is missing is no array, also when there are failures to forget. */
	displace(0, 1, 1);
	assert_int_equal(fnuma_mock_pin(w.mock, w.guest, page, true), 0);
	assert_int_equal(pass(0), 0);
	fnuma_repatriator_flipped(w.r, NULL, 1);
	fnuma_repatriator_placed(w.r, NULL, 1);
	assert_int_equal(stats().backoff_pages, 1);
	close_world();
}

static void a_step_without_bound_or_report_is_refused(void **state)
{
	(void)state;
	open_world(plain);
	assert_int_equal(fnuma_repatriator_step(NULL, NULL, 0, 1, &w.report),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_step(w.r, NULL, 0, 0, &w.report),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_step(w.r, NULL, 0, 1, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_repatriator_why(w.r, fnuma_gfn_of(FRAMES), 0, NULL, NULL),
	                 FNUMA_E_RANGE);
	close_world();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_brings_every_remote_page_home_with_its_content),
		cmocka_unit_test(
			a_step_attempts_no_more_pages_than_it_may_and_the_next_goes_on),
		cmocka_unit_test(batches_are_as_long_as_tuned_and_no_longer),
		cmocka_unit_test(without_a_pass_a_step_does_nothing),
		cmocka_unit_test(only_remote_pages_are_moved),
		cmocka_unit_test(a_page_of_each_range_goes_to_the_home_of_its_range),
		cmocka_unit_test(a_spent_budget_stops_the_step_and_says_when_to_go_on),
		cmocka_unit_test(a_moved_page_is_not_moved_again_within_the_cooldown),
		cmocka_unit_test(without_a_cooldown_a_page_may_move_at_once),
		cmocka_unit_test(
			a_clock_that_jumps_back_neither_shortens_nor_freezes_a_cooldown),
		cmocka_unit_test(
			a_pinned_page_backs_off_longer_each_time_and_is_then_given_up),
		cmocka_unit_test(
			a_page_backing_off_is_left_until_its_time_and_does_not_eat_the_budget),
		cmocka_unit_test(a_given_up_page_moves_once_forgiven),
		cmocka_unit_test(
			a_given_up_frame_that_is_flipped_gets_a_fresh_start_but_keeps_its_cooldown),
		cmocka_unit_test(a_success_after_failures_starts_the_count_afresh),
		cmocka_unit_test(
			a_full_home_rests_the_domain_longer_each_time_and_marks_no_page),
		cmocka_unit_test(a_success_makes_the_next_rest_a_short_one_again),
		cmocka_unit_test(forgiving_ends_a_rest),
		cmocka_unit_test(a_page_that_is_gone_is_no_page_any_more),
		cmocka_unit_test(a_page_whose_moves_stay_unknown_is_given_up_in_the_end),
		cmocka_unit_test(
			a_page_that_may_have_moved_cools_down_whatever_is_forgotten),
		cmocka_unit_test(pages_of_another_home_do_not_wait_behind_a_full_one),
		cmocka_unit_test(a_page_with_several_homes_goes_to_one_that_has_room),
		cmocka_unit_test(a_full_home_does_not_sway_the_choice_among_the_others),
		cmocka_unit_test(
			a_call_refused_as_a_whole_rests_the_domain_and_marks_no_page),
		cmocka_unit_test(
			pages_of_another_home_do_not_wait_behind_one_that_is_refused),
		cmocka_unit_test(
			pages_the_backend_did_not_come_to_are_tried_again_in_the_same_pass),
		cmocka_unit_test(
			a_domain_that_dies_in_a_pass_is_said_to_be_gone_ever_after),
		cmocka_unit_test(a_lie_is_found_out_when_verifying_and_believed_when_not),
		cmocka_unit_test(
			a_move_denied_but_done_is_counted_as_moved_when_verifying),
		cmocka_unit_test(an_event_says_where_a_page_came_from_also_when_verifying),
		cmocka_unit_test(a_page_that_nobody_can_place_any_more_is_not_found_home),
		cmocka_unit_test(failures_of_pages_that_came_home_by_themselves_are_forgotten),
		cmocka_unit_test(pages_found_at_home_are_not_moved_when_verifying),
		cmocka_unit_test(
			pages_of_unknown_node_are_looked_up_and_the_remote_ones_moved),
		cmocka_unit_test(unknown_pages_are_left_where_nobody_can_be_asked),
		cmocka_unit_test(full_books_leave_new_pages_but_never_stop_a_retry),
		cmocka_unit_test(a_dry_run_says_what_it_would_move_and_moves_nothing),
		cmocka_unit_test(paused_nothing_moves_and_resumed_the_pass_goes_on),
		cmocka_unit_test(retuning_takes_effect_and_keeps_the_books),
		cmocka_unit_test(
			with_a_pool_its_free_remote_pages_come_home_and_no_others),
		cmocka_unit_test(
			free_pages_of_a_pool_that_nobody_could_place_are_looked_up_and_come_home),
		cmocka_unit_test(
			a_pass_that_could_do_nothing_finds_out_that_the_domain_is_dead),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(without_a_repatriator_nothing_is_done),
		cmocka_unit_test(a_step_without_bound_or_report_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
