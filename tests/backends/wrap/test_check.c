/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "../toy.h"
#include <flipnuma/wrap.h>

#define MEMORY 8u

static struct toy toy;
static struct fnuma_wrap_check check;
static struct fnuma_wrap_check_config config;
static struct fnuma_wrap_moved memory[MEMORY];
static struct fnuma_backend inner, watched;
static struct fnuma_result results[FNUMA_BATCH_MAX + 1];
static fnuma_gfn pages[FNUMA_BATCH_MAX + 1];
static uint64_t now_ns, spent;
static const fnuma_node zero = {0}, one = {1};

/* The last violation that was reported. */
static struct {
	uint32_t count;
	enum fnuma_wrap_culprit culprit;
	const char *rule;
	fnuma_gfn page;
	enum fnuma_wrap_op op;
} told;

/* What the backend within says instead of the truth. */
static struct {
	int ret;
	struct fnuma_result result;
	fnuma_node node;
	fnuma_gfn frame;
	uint32_t written;
} lie;

static void on_violation(void *cookie, const struct fnuma_wrap_violation *v)
{
	assert_ptr_equal(cookie, &toy);
	told.count++;
	told.culprit = v->culprit;
	told.rule = v->rule;
	told.page = v->page;
	told.op = v->call->op;
}

static bool is_even(void *cookie, fnuma_domain domain, fnuma_gfn page)
{
	(void)cookie, (void)domain;
	return page.n % 2 == 0;
}

static fnuma_node node_of(void *cookie, fnuma_domain domain, fnuma_gfn page)
{
	struct toy *t = cookie;

	(void)domain;
	return page.n < TOY_FRAMES ? fnuma_node_of(t->node[page.n]) : fnuma_node_unknown();
}

static uint64_t clock_ns(void *cookie)
{
	(void)cookie;
	return now_ns;
}

static void watch(void)
{
	memset(&told, 0, sizeof(told));
	config.cookie = &toy;
	config.on_violation = on_violation;
	assert_int_equal(fnuma_wrap_check_init(&check, &inner, &config, &watched), FNUMA_OK);
}

static int setup(void **state)
{
	uint32_t i;
	int err = toy_init(&toy, &inner);

	(void)state;
	memset(&config, 0, sizeof(config));
	memset(results, 0, sizeof(results));
	memset(&lie, 0, sizeof(lie));
	now_ns = spent = 0;
	for (i = 0; i <= FNUMA_BATCH_MAX; i++)
		pages[i] = fnuma_gfn_of(2 * i);
	watch();
	return err;
}

static void clear(void)
{
	memset(results, 0, sizeof(results));
}

static void expect(enum fnuma_wrap_culprit culprit, const char *rule)
{
	assert_int_equal(told.count, 1);
	assert_int_equal(told.culprit, culprit);
	assert_string_equal(told.rule, rule);
	assert_int_equal(check.violations[culprit], 1);
	assert_int_equal(check.violations[!culprit], 0);
	assert_string_equal(check.last_rule, rule);
	memset(&told, 0, sizeof(told));
	memset(check.violations, 0, sizeof(check.violations));
	clear();
}

static void expect_caller(const char *rule)
{
	expect(FNUMA_CULPRIT_CALLER, rule);
}

static void expect_backend(const char *rule)
{
	expect(FNUMA_CULPRIT_BACKEND, rule);
}

static int flip(const fnuma_gfn *p, uint32_t n)
{
	return watched.ops.flip(watched.cookie, toy.guest, toy.peer, p, n, results);
}

static int move(const fnuma_gfn *p, uint32_t n, fnuma_node to)
{
	clear();
	return watched.ops.move_page(watched.cookie, toy.guest, p, n, to, results, &spent);
}

static void bad_arguments_are_refused_and_change_nothing(void **state)
{
	struct fnuma_wrap_check c, before;
	struct fnuma_wrap_check_config bad[6];
	struct fnuma_backend out, unbound;
	size_t i;

	(void)state;
	memset(&c, 0x5a, sizeof(c));
	memcpy(&before, &c, sizeof(c));
	memset(&unbound, 0, sizeof(unbound));
	memset(bad, 0, sizeof(bad));
	for (i = 1; i < 6; i++) {
		bad[i].now_ns = clock_ns;
		bad[i].memory = memory;
		bad[i].memory_entries = MEMORY;
		bad[i].cooldown_ns = 1;
	}
	bad[0].nodes = FNUMA_NODES_MAX + 1;
	bad[1].now_ns = NULL;
	bad[2].memory = NULL;
	bad[3].memory_entries = 0;
	bad[4].window_pages = MEMORY + 1;
	bad[5].cooldown_ns = 0, bad[5].window_pages = 1, bad[5].now_ns = NULL;
	for (i = 0; i < 6; i++)
		assert_int_equal(fnuma_wrap_check_init(&c, &inner, &bad[i], &out),
		                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_check_init(NULL, &inner, &config, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_check_init(&c, NULL, &config, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_check_init(&c, &unbound, &config, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_check_init(&c, &inner, NULL, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_check_init(&c, &inner, &config, NULL), FNUMA_E_INVAL);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void an_honest_caller_and_an_honest_backend_break_no_rule(void **state)
{
	static struct fnuma_topology topology;
	fnuma_node nodes[64];
	uint32_t counts[2];

	(void)state;
	config.node_of = node_of;
	config.may_flip = is_even;
	config.now_ns = clock_ns;
	config.memory = memory;
	config.memory_entries = MEMORY;
	config.cooldown_ns = 10;
	config.window_ns = 10;
	config.window_pages = MEMORY;
	config.nodes = 2;
	watch();
	assert_int_equal(fnuma_backend_topology(&watched, &topology), FNUMA_OK);
	assert_int_equal(fnuma_backend_alive(&watched, toy.guest), FNUMA_OK);
	assert_int_equal(fnuma_backend_node_counts(&watched, toy.guest, counts, 2), FNUMA_OK);
	assert_int_equal(fnuma_backend_flip(&watched, toy.guest, toy.peer, pages, 8, results),
	                 8);
	assert_int_equal(fnuma_backend_page_nodes(&watched, toy.guest, pages, 64, nodes), 64);
	assert_int_equal(fnuma_backend_move(&watched, toy.guest, pages, 8, one,
	                                    FNUMA_CONTENT_KEEP, results, NULL), 8);
	now_ns = 10;
	assert_int_equal(fnuma_backend_move(&watched, toy.guest, pages, 4, zero,
	                                    FNUMA_CONTENT_NOBODYS, results, NULL), 4);
	assert_int_equal(fnuma_backend_acquire(&watched, toy.guest, pages, 64, results), 64);
	assert_int_equal(fnuma_backend_release(&watched, toy.guest, pages, 64, results), 64);
	assert_int_equal(fnuma_backend_probe(&watched, toy.guest, pages, 64, results), 64);
	assert_int_equal(fnuma_backend_move_domain(&watched, toy.guest, one), FNUMA_OK);
	pages[0].n = TOY_FRAMES;
	assert_int_equal(fnuma_backend_flip(&watched, toy.guest, toy.peer, pages, 1, results),
	                 0);
	assert_int_equal(told.count, 0);
	assert_int_equal(check.base.calls, 12);
	assert_int_equal(check.forgotten, 0);
}

static void a_batch_that_cannot_be_handed_on_is_not(void **state)
{
	const struct fnuma_backend_ops *ops = &watched.ops;
	const char *length = "a batch of an impossible length", *room = "no room for the answer";
	uint32_t counts[2], calls = toy.calls;
	fnuma_node nodes[2];

	(void)state;
	assert_int_equal(flip(pages, 0), FNUMA_E_INVAL);
	expect_caller(length);
	assert_int_equal(flip(pages, FNUMA_BATCH_MAX + 1), FNUMA_E_INVAL);
	expect_caller(length);
	ops->node_counts(watched.cookie, toy.guest, counts, 0);
	expect_caller(length);
	assert_int_equal(flip(NULL, 1), FNUMA_E_INVAL);
	expect_caller(room);
	ops->topology(watched.cookie, NULL);
	expect_caller(room);
	ops->node_counts(watched.cookie, toy.guest, NULL, 2);
	expect_caller(room);
	ops->page_nodes(watched.cookie, toy.guest, pages, 2, NULL);
	expect_caller(room);
	ops->page_nodes(watched.cookie, toy.guest, NULL, 2, nodes);
	expect_caller(room);
	ops->release(watched.cookie, toy.guest, pages, 2, NULL);
	expect_caller(room);
	ops->move_page(watched.cookie, toy.guest, pages, 2, zero, results, NULL);
	expect_caller(room);
	ops->move_free(watched.cookie, toy.guest, pages, 2, zero, NULL, &spent);
	expect_caller(room);
	ops->move_free(watched.cookie, toy.guest, NULL, 2, zero, results, &spent);
	expect_caller(room);
	assert_int_equal(toy.calls, calls);
}

static void what_a_caller_owes_is_watched_page_by_page(void **state)
{
	fnuma_gfn bad[3] = {{1}, {2}, {1}};

	(void)state;
	assert_int_equal(flip(bad, 3), 3);
	assert_int_equal(told.page.n, 1);
	assert_int_equal(told.op, FNUMA_OP_FLIP);
	expect_caller("a page twice in one batch");
	bad[1].n = FNUMA_GFN_NONE_N;
	flip(bad, 2);
	expect_caller("a frame that is none");
	results[1].outcome = FNUMA_DONE;
	flip(pages, 2);
	expect_caller("a status not cleared");
	pages[1].n = 5;
	memset(pages, 0xff, sizeof(pages[0]));
	watched.ops.acquire(watched.cookie, toy.guest, pages, 2, results);
	expect_caller("room for frames not cleared");
	watched.ops.flip(watched.cookie, toy.guest, toy.guest, pages, 1, results);
	expect_caller("a flip of a domain with itself");
}

static void without_a_listener_violations_are_counted(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	assert_int_equal(fnuma_wrap_check_init(&check, &inner, &config, &watched), FNUMA_OK);
	flip(pages, 0);
	assert_int_equal(check.violations[FNUMA_CULPRIT_CALLER], 1);
	assert_int_equal(told.count, 0);
}

static void only_pages_of_the_pool_may_be_flipped(void **state)
{
	fnuma_gfn batch[3] = {{2}, {3}, {4}};

	(void)state;
	config.may_flip = is_even;
	watch();
	assert_int_equal(flip(batch, 3), 3);
	assert_int_equal(told.page.n, 3);
	expect_caller("flipped, and not a page of the pool (I2)");
}

static void a_page_on_its_goal_already_must_not_be_moved(void **state)
{
	fnuma_gfn page = {7};

	(void)state;
	config.node_of = node_of;
	watch();
	assert_int_equal(move(&page, 1, one), 1);
	assert_int_equal(told.page.n, 7);
	expect_caller("moved, and there already (I8)");
}

static void a_goal_must_be_a_node_of_the_host(void **state)
{
	(void)state;
	config.nodes = 2;
	watch();
	move(pages, 1, fnuma_node_of(2));
	expect_caller("a move to a node that does not exist");
	watched.ops.move_domain(watched.cookie, toy.guest, fnuma_node_of(2));
	expect_caller("a move to a node that does not exist");
}

static void time_rules(uint64_t cooldown_ns, uint64_t window_ns, uint32_t window_pages)
{
	config.now_ns = clock_ns;
	config.memory = memory;
	config.memory_entries = MEMORY;
	config.cooldown_ns = cooldown_ns;
	config.window_ns = window_ns;
	config.window_pages = window_pages;
	watch();
}

static void a_page_is_not_moved_twice_within_the_cool_down(void **state)
{
	const char *rule = "moved again within the cool-down (I8)";
	fnuma_gfn page = {6};

	(void)state;
	time_rules(100, 0, 0);
	now_ns = 1000;
	move(pages, 4, zero);
	now_ns = 1099;
	move(&page, 1, one);
	assert_int_equal(told.page.n, 6);
	expect_caller(rule);
	now_ns = 1100; /* pages 0, 2, 4 may again; 6 moved at 1099 */
	move(pages, 4, one);
	assert_int_equal(told.page.n, 6);
	expect_caller(rule);
	now_ns = 1300;
	move(pages, 4, zero);
	now_ns = 1200; /* a clock that jumps back proves nothing: the page moved just now */
	move(&page, 1, one);
	expect_caller(rule);
}

static void a_page_that_was_not_moved_does_not_cool(void **state)
{
	fnuma_gfn page = {TOY_FRAMES};

	(void)state;
	time_rules(100, 0, 0);
	move(&page, 1, zero);
	move(&page, 1, zero);
	assert_int_equal(told.count, 0);
}

static void what_falls_out_of_memory_too_early_is_counted(void **state)
{
	(void)state;
	time_rules(100, 0, 0);
	move(pages, MEMORY, zero);
	assert_int_equal(check.forgotten, 0);
	move(&pages[MEMORY], 1, zero);
	assert_int_equal(check.forgotten, 1);
	move(&pages[0], 1, one); /* forgotten, so not told */
	assert_int_equal(told.count, 0);
	now_ns = 1000;
	move(&pages[2], 1, one);
	assert_int_equal(check.forgotten, 2);
}

static void no_window_has_more_moves_than_its_budget_wherever_it_begins(void **state)
{
	const char *rule = "more pages moved than a window allows (I6)";

	(void)state;
	time_rules(0, 100, 5);
	now_ns = 60;
	move(pages, 3, zero);
	now_ns = 110;
	move(&pages[3], 2, zero);
	assert_int_equal(told.count, 0);
	now_ns = 159;
	move(&pages[5], 1, zero);
	expect_caller(rule);
	now_ns = 160;
	move(&pages[6], 2, zero);
	assert_int_equal(told.count, 0);
	move(&pages[8], 1, zero);
	expect_caller(rule);
}

static void moves_outside_of_the_budget_can_be_left_out(void **state)
{
	(void)state;
	config.timed_ops = FNUMA_OP_BIT(FNUMA_OP_MOVE_PAGE);
	time_rules(100, 100, 1);
	clear();
	watched.ops.move_free(watched.cookie, toy.guest, pages, 4, zero, results, &spent);
	clear();
	watched.ops.move_free(watched.cookie, toy.guest, pages, 4, one, results, &spent);
	move(pages, 1, zero);
	assert_int_equal(told.count, 0);
	move(&pages[1], 1, zero);
	expect_caller("more pages moved than a window allows (I6)");
}

/* A backend that says what `lie` holds. */

static int lie_results(void *cookie, fnuma_domain domain, const fnuma_gfn *p, uint32_t n,
                       struct fnuma_result *r)
{
	uint32_t i;

	(void)cookie, (void)domain, (void)p, (void)n;
	for (i = 0; i < lie.written; i++)
		r[i] = lie.result;
	return lie.ret;
}

static int lie_flip(void *cookie, fnuma_domain domain, fnuma_domain peer, const fnuma_gfn *p,
                    uint32_t n, struct fnuma_result *r)
{
	(void)peer;
	return lie_results(cookie, domain, p, n, r);
}

static int lie_move(void *cookie, fnuma_domain domain, const fnuma_gfn *p, uint32_t n,
                    fnuma_node to, struct fnuma_result *r, uint64_t *spent_ns)
{
	(void)to, (void)spent_ns;
	return lie_results(cookie, domain, p, n, r);
}

static int lie_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *p, uint32_t n,
                       struct fnuma_result *r)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		p[i] = lie.frame;
	return lie_results(cookie, domain, p, n, r);
}

static int lie_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *p, uint32_t n,
                          fnuma_node *nodes)
{
	(void)cookie, (void)domain, (void)p;
	memset(nodes, lie.node.id, n);
	return lie.ret;
}

static int lie_alive(void *cookie, fnuma_domain domain)
{
	(void)cookie, (void)domain;
	return lie.ret;
}

static int lie_topology(void *cookie, struct fnuma_topology *t)
{
	int ret = toy_topology(cookie, t);

	t->nodes = lie.node.id;
	t->page_bytes = lie.frame.n;
	return ret;
}

static void watch_a_liar(void)
{
	struct fnuma_backend_ops ops = toy_ops();

	ops.flip = lie_flip;
	ops.release = lie_results;
	ops.probe = lie_results;
	ops.move_page = lie_move;
	ops.acquire = lie_acquire;
	ops.page_nodes = lie_page_nodes;
	ops.alive = lie_alive;
	ops.topology = lie_topology;
	assert_int_equal(fnuma_backend_bind(&inner, &ops, &toy), FNUMA_OK);
	config.nodes = 2;
	watch();
}

static void says(int ret, uint32_t written, uint32_t outcome, uint32_t node, int reason)
{
	lie.ret = ret;
	lie.written = written;
	lie.result = toy_result(outcome, node, reason);
}

static void a_backends_lies_about_a_batch_are_told(void **state)
{
	static const struct {
		int ret;
		uint32_t written, outcome, node;
		int reason;
		const char *rule;
	} t[] = {
		{2, 1, FNUMA_DONE, 0, 0, "counted more pages than there were"},
		{FNUMA_E_LAST, 1, FNUMA_DONE, 0, 0, "returned a number that is no answer"},
		{1, 0, 0, 0, 0, "a status left unfilled"},
		{1, 1, 9, 0, 0, "a status that cannot be"},
		{1, 1, FNUMA_DONE, 2, 0, "a status that cannot be"},
		{1, 1, FNUMA_DONE, 0, FNUMA_E_BUSY, "a status that cannot be"},
		{1, 1, FNUMA_NOT_DONE, 0, 0, "a status that cannot be"},
		{1, 1, FNUMA_NOT_DONE, 64, FNUMA_E_BUSY, "a status that cannot be"},
		{0, 1, FNUMA_DONE, 0, 0, "claimed beyond the count, or of a batch refused"},
		{FNUMA_E_BUSY, 1, FNUMA_UNKNOWN, 0, 0,
		 "claimed beyond the count, or of a batch refused"},
	};
	size_t i;

	(void)state;
	watch_a_liar();
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		says(t[i].ret, t[i].written, t[i].outcome, t[i].node, t[i].reason);
		assert_int_equal(flip(pages, 1), t[i].ret);
		expect_backend(t[i].rule);
		watched.ops.release(watched.cookie, toy.guest, pages, 1, results);
		expect_backend(t[i].rule);
		watched.ops.probe(watched.cookie, toy.guest, pages, 1, results);
		expect_backend(t[i].rule);
	}
	says(1, 1, FNUMA_UNKNOWN, 99, 99); /* only the outcome counts */
	flip(pages, 1);
	assert_int_equal(told.count, 0);
	clear();
	says(0, 1, FNUMA_NOT_DONE, 0, FNUMA_E_BUSY);
	flip(pages, 1);
	assert_int_equal(told.count, 0);
}

static void a_move_to_another_place_than_asked_is_told(void **state)
{
	(void)state;
	watch_a_liar();
	says(1, 1, FNUMA_DONE, 1, 0);
	move(pages, 1, zero);
	expect_backend("moved elsewhere than asked");
	config.node_of = node_of;
	watch();
	says(1, 1, FNUMA_DONE, 0, 0);
	move(pages, 1, zero); /* the toy never heard of it: the page is still on node 1 */
	expect_backend("said to be where it is not");
	flip(pages, 1);
	expect_backend("said to be where it is not");
	says(1, 1, FNUMA_DONE, FNUMA_NODE_UNKNOWN_ID, 0);
	flip(pages, 1);
	assert_int_equal(told.count, 0);
}

static void a_page_there_before_and_refused_is_the_callers_fault_alone(void **state)
{
	(void)state;
	config.node_of = node_of;
	watch_a_liar();
	says(1, 1, FNUMA_NOT_DONE, 1, FNUMA_E_BUSY);
	move(pages, 1, one);
	expect_caller("moved, and there already (I8)");
}

static void acquiring_no_page_or_one_twice_is_told(void **state)
{
	fnuma_gfn room[2];

	(void)state;
	watch_a_liar();
	says(1, 1, FNUMA_DONE, 1, 0);
	lie.frame.n = FNUMA_GFN_NONE_N;
	memset(room, 0xff, sizeof(room));
	watched.ops.acquire(watched.cookie, toy.guest, room, 1, results);
	expect_backend("acquired no page, or one twice");
	says(2, 2, FNUMA_DONE, 1, 0);
	lie.frame.n = 5;
	memset(room, 0xff, sizeof(room));
	watched.ops.acquire(watched.cookie, toy.guest, room, 2, results);
	expect_backend("acquired no page, or one twice");
}

static void impossible_or_untrue_answers_to_queries_are_told(void **state)
{
	fnuma_node nodes[1];
	static struct fnuma_topology topology;

	(void)state;
	config.node_of = node_of;
	watch_a_liar();
	lie.ret = 1;
	lie.node.id = 2;
	watched.ops.page_nodes(watched.cookie, toy.guest, pages, 1, nodes);
	expect_backend("on a node that does not exist");
	lie.node.id = 0;
	watched.ops.page_nodes(watched.cookie, toy.guest, pages, 1, nodes);
	expect_backend("said to be where it is not");
	watched.ops.alive(watched.cookie, toy.guest);
	expect_backend("returned a number that is no answer");
	lie.frame.n = 4096;
	lie.node.id = 3;
	watched.ops.topology(watched.cookie, &topology);
	expect_backend("a host with an impossible number of nodes");
	lie.node.id = 2;
	lie.frame.n = 5000;
	watched.ops.topology(watched.cookie, &topology);
	expect_backend("pages of an impossible size");
	lie.frame.n = 2048;
	watched.ops.topology(watched.cookie, &topology);
	expect_backend("pages of an impossible size");
}

static void a_faulty_backend_is_caught_and_a_healthy_one_is_not(void **state)
{
	static const enum fnuma_fault_kind silent[] = {
		FNUMA_FAULT_LIE, FNUMA_FAULT_UNFILLED, FNUMA_FAULT_WRONG_NODE,
		FNUMA_FAULT_DENIED};
	struct fnuma_wrap_fault_config faults = {.ppm = 1000000};
	struct fnuma_wrap_fault fault;
	struct fnuma_backend faulty, honest = inner;
	size_t i;

	(void)state;
	config.node_of = node_of;
	for (i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		faults.kind = silent[i];
		assert_int_equal(fnuma_wrap_fault_init(&fault, &honest, &faults, &faulty),
		                 FNUMA_OK);
		inner = faulty;
		toy_init(&toy, &honest);
		watch();
		move(pages, 1, zero);
		assert_int_equal(check.violations[FNUMA_CULPRIT_BACKEND], 1);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_arguments_are_refused_and_change_nothing),
		TEST(an_honest_caller_and_an_honest_backend_break_no_rule),
		TEST(a_batch_that_cannot_be_handed_on_is_not),
		TEST(what_a_caller_owes_is_watched_page_by_page),
		TEST(without_a_listener_violations_are_counted),
		TEST(only_pages_of_the_pool_may_be_flipped),
		TEST(a_page_on_its_goal_already_must_not_be_moved),
		TEST(a_goal_must_be_a_node_of_the_host),
		TEST(a_page_is_not_moved_twice_within_the_cool_down),
		TEST(a_page_that_was_not_moved_does_not_cool),
		TEST(what_falls_out_of_memory_too_early_is_counted),
		TEST(no_window_has_more_moves_than_its_budget_wherever_it_begins),
		TEST(moves_outside_of_the_budget_can_be_left_out),
		TEST(a_backends_lies_about_a_batch_are_told),
		TEST(a_move_to_another_place_than_asked_is_told),
		TEST(a_page_there_before_and_refused_is_the_callers_fault_alone),
		TEST(acquiring_no_page_or_one_twice_is_told),
		TEST(impossible_or_untrue_answers_to_queries_are_told),
		TEST(a_faulty_backend_is_caught_and_a_healthy_one_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
