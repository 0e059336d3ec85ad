/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "../toy.h"
#include <flipnuma/wrap.h>

static struct toy toy;
static struct fnuma_wrap_fault fault;
static struct fnuma_wrap_fault_config config;
static struct fnuma_backend inner, faulty;
static struct fnuma_result results[FNUMA_BATCH_MAX];
static fnuma_gfn pages[FNUMA_BATCH_MAX];
static const fnuma_node zero = {0};

static int setup(void **state)
{
	uint32_t i;

	(void)state;
	memset(&config, 0, sizeof(config));
	memset(results, 0, sizeof(results));
	for (i = 0; i < FNUMA_BATCH_MAX; i++)
		pages[i] = fnuma_gfn_of(2 * i);
	return toy_init(&toy, &inner);
}

static void inject(enum fnuma_fault_kind kind)
{
	config.kind = kind;
	assert_int_equal(fnuma_wrap_fault_init(&fault, &inner, &config, &faulty), FNUMA_OK);
}

static void clear_results(void)
{
	memset(results, 0, sizeof(results));
}

/* The raw operation: what the backend says, before anybody judges it. */
static int raw(enum fnuma_wrap_op op, uint32_t n)
{
	const struct fnuma_backend_ops *ops = &faulty.ops;
	uint64_t spent = 0;

	clear_results();
	switch (op) {
	case FNUMA_OP_FLIP:
		return ops->flip(faulty.cookie, toy.guest, toy.peer, pages, n, results);
	case FNUMA_OP_ACQUIRE:
		return ops->acquire(faulty.cookie, toy.guest, pages, n, results);
	case FNUMA_OP_RELEASE:
		return ops->release(faulty.cookie, toy.guest, pages, n, results);
	case FNUMA_OP_MOVE_PAGE:
		return ops->move_page(faulty.cookie, toy.guest, pages, n, zero, results,
		                      &spent);
	case FNUMA_OP_MOVE_FREE:
		return ops->move_free(faulty.cookie, toy.guest, pages, n, zero, results,
		                      &spent);
	case FNUMA_OP_MOVE_DOMAIN:
		return ops->move_domain(faulty.cookie, toy.guest, zero);
	case FNUMA_OP_PROBE:
		return ops->probe(faulty.cookie, toy.guest, pages, n, results);
	case FNUMA_OP_ALIVE:
		return ops->alive(faulty.cookie, toy.guest);
	default:
		fail();
		return 0;
	}
}

static uint32_t in_use(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < TOY_FRAMES; i++)
		n += toy.in_use[i];
	return n;
}

static uint32_t moved(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < TOY_FRAMES; i++)
		n += toy.node[i] == 0;
	return n;
}

static void expect_all(uint32_t n, uint32_t outcome, uint32_t node, int reason)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		assert_int_equal(results[i].outcome, outcome);
		assert_int_equal(results[i].node.id, node);
		assert_int_equal(results[i].reason, reason);
	}
}

static void bad_arguments_are_refused_and_change_nothing(void **state)
{
	struct fnuma_wrap_fault f, before;
	struct fnuma_wrap_fault_config bad[8];
	struct fnuma_backend out, unbound;
	size_t i;

	(void)state;
	memset(&f, 0x5a, sizeof(f));
	memcpy(&before, &f, sizeof(f));
	memset(&unbound, 0, sizeof(unbound));
	memset(bad, 0, sizeof(bad));
	bad[0].kind = (enum fnuma_fault_kind)FNUMA_FAULT_KINDS;
	bad[1].ops = 1u << FNUMA_OPS;
	bad[2].ppm = 1000001;
	bad[3].pages_ppm = 1000001;
	bad[4].error = 1;
	bad[5].error = FNUMA_E_LAST;
	bad[6].nodes = 1;
	bad[7].nodes = FNUMA_NODES_MAX + 1;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(fnuma_wrap_fault_init(&f, &inner, &bad[i], &out),
		                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_init(NULL, &inner, &config, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_init(&f, NULL, &config, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_init(&f, &unbound, &config, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_init(&f, &inner, NULL, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_init(&f, &inner, &config, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_set(&f, &bad[0]), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_fault_set(NULL, &config), FNUMA_E_INVAL);
	assert_memory_equal(&f, &before, sizeof(f));
}

static void without_a_fault_every_call_passes_through(void **state)
{
	uint32_t counts[2];
	fnuma_node nodes[4];

	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_NONE);
	assert_int_equal(raw(FNUMA_OP_FLIP, 4), 4);
	assert_int_equal(raw(FNUMA_OP_PROBE, 4), 4);
	assert_int_equal(fnuma_backend_node_counts(&faulty, toy.guest, counts, 2), FNUMA_OK);
	assert_int_equal(counts[0], 4);
	assert_int_equal(fnuma_backend_page_nodes(&faulty, toy.guest, pages, 4, nodes), 4);
	assert_int_equal(fault.base.calls, 4);
	assert_int_equal(fault.counts.eligible, 0);
}

static void only_the_call_asked_for_fails(void **state)
{
	uint32_t i;

	(void)state;
	config.at = 2;
	config.ops = FNUMA_OP_BIT(FNUMA_OP_RELEASE) | FNUMA_OP_BIT(FNUMA_OP_ALIVE);
	config.error = FNUMA_E_DENIED;
	inject(FNUMA_FAULT_ERROR);
	for (i = 0; i < 5; i++) {
		assert_int_equal(raw(FNUMA_OP_FLIP, 1), 1);
		assert_int_equal(raw(FNUMA_OP_ALIVE, 0), i == 2 ? FNUMA_E_DENIED : FNUMA_OK);
	}
	assert_int_equal(fault.counts.eligible, 5);
	assert_int_equal(fault.counts.injected[FNUMA_FAULT_ERROR], 1);
	assert_int_equal(fault.base.calls, 10);
}

static void an_error_on_any_operation_leaves_the_backend_uncalled(void **state)
{
	static struct fnuma_topology topology;
	fnuma_node nodes[4];
	uint32_t counts[2];
	enum fnuma_wrap_op op;

	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_ERROR);
	for (op = FNUMA_OP_FLIP; op <= FNUMA_OP_PROBE; op++)
		assert_int_equal(raw(op, 4), FNUMA_E_BUSY);
	assert_int_equal(raw(FNUMA_OP_ALIVE, 0), FNUMA_E_BUSY);
	assert_int_equal(fnuma_backend_topology(&faulty, &topology), FNUMA_E_BUSY);
	assert_int_equal(fnuma_backend_node_counts(&faulty, toy.guest, counts, 2),
	                 FNUMA_E_BUSY);
	assert_int_equal(fnuma_backend_page_nodes(&faulty, toy.guest, pages, 4, nodes),
	                 FNUMA_E_BUSY);
	assert_int_equal(toy.calls, 0);
	assert_int_equal(fault.counts.injected[FNUMA_FAULT_ERROR], FNUMA_OPS);
	assert_int_equal(fault.counts.pages[FNUMA_FAULT_ERROR], 4 * 7);
}

static void a_probability_hits_about_that_often_and_the_same_each_time(void **state)
{
	uint64_t first = 0;
	uint32_t run, i;

	(void)state;
	config.at = FNUMA_FAULT_NEVER;
	config.ppm = 250000;
	config.seed = 42;
	for (run = 0; run < 2; run++) {
		uint64_t hits = 0;

		inject(FNUMA_FAULT_ERROR);
		for (i = 0; i < 64; i++)
			hits |= (uint64_t)(raw(FNUMA_OP_ALIVE, 0) != FNUMA_OK) << i;
		assert_true(run == 0 || hits == first);
		first = hits;
		assert_in_range(fault.counts.injected[FNUMA_FAULT_ERROR], 6, 28);
	}
	config.seed = 43;
	inject(FNUMA_FAULT_ERROR);
	for (run = 0, i = 0; i < 64; i++)
		run += (raw(FNUMA_OP_ALIVE, 0) != FNUMA_OK) != (first >> i & 1);
	assert_int_not_equal(run, 0);
}

static void refused_pages_are_not_done_and_the_others_are(void **state)
{
	uint32_t i, refused = 0;

	(void)state;
	config.error = FNUMA_E_PINNED;
	config.pages_ppm = 300000;
	inject(FNUMA_FAULT_REFUSE);
	assert_int_equal(raw(FNUMA_OP_MOVE_PAGE, 64), 64);
	for (i = 0; i < 64; i++) {
		bool hit = results[i].outcome == FNUMA_NOT_DONE;

		refused += hit;
		assert_int_equal(results[i].reason, hit ? FNUMA_E_PINNED : FNUMA_OK);
		assert_int_equal(toy.node[pages[i].n], hit);
	}
	assert_in_range(refused, 6, 35);
	assert_int_equal(fault.counts.pages[FNUMA_FAULT_REFUSE], refused);
	assert_int_equal(moved(), 64 - refused);
}

static void at_least_one_page_of_a_batch_gone_wrong_is_hit(void **state)
{
	uint32_t i;

	(void)state;
	config.pages_ppm = 1;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_REFUSE);
	for (i = 1; i <= 64; i++)
		assert_int_equal(raw(FNUMA_OP_FLIP, i), i);
	assert_int_equal(fault.counts.pages[FNUMA_FAULT_REFUSE], 64);
}

static void a_batch_refused_whole_never_reaches_the_backend(void **state)
{
	static const enum fnuma_wrap_op ops[] = {FNUMA_OP_FLIP, FNUMA_OP_RELEASE,
	                                         FNUMA_OP_MOVE_PAGE, FNUMA_OP_MOVE_FREE};
	size_t i;

	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_REFUSE);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		assert_int_equal(raw(ops[i], 5), 5);
		expect_all(5, FNUMA_NOT_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_E_BUSY);
	}
	assert_int_equal(toy.calls, 0);
}

static void half_a_batch_is_attempted_and_of_one_page_none(void **state)
{
	fnuma_node nodes[5];

	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_HALF);
	assert_int_equal(raw(FNUMA_OP_FLIP, 5), 2);
	assert_int_equal(moved(), 2);
	assert_int_equal(results[2].outcome, FNUMA_UNFILLED);
	assert_int_equal(raw(FNUMA_OP_FLIP, 1), 0);
	assert_int_equal(faulty.ops.page_nodes(faulty.cookie, toy.guest, pages, 5, nodes), 2);
	assert_int_equal(raw(FNUMA_OP_ACQUIRE, 5), 2);
	assert_int_equal(in_use(), 2);
	assert_int_equal(fault.counts.pages[FNUMA_FAULT_HALF], 3 + 1 + 3 + 3);
}

static void a_domain_that_is_gone_stays_gone_and_others_do_not(void **state)
{
	static struct fnuma_topology topology;
	enum fnuma_wrap_op op;

	(void)state;
	config.at = 1;
	inject(FNUMA_FAULT_GONE);
	assert_int_equal(raw(FNUMA_OP_FLIP, 1), 1);
	assert_int_equal(raw(FNUMA_OP_FLIP, 1), FNUMA_E_GONE);
	for (op = FNUMA_OP_FLIP; op <= FNUMA_OP_PROBE; op++)
		assert_int_equal(raw(op, 1), FNUMA_E_GONE);
	assert_int_equal(raw(FNUMA_OP_ALIVE, 0), FNUMA_E_GONE);
	assert_int_equal(fnuma_backend_alive(&faulty, toy.peer), FNUMA_OK);
	assert_int_equal(fnuma_backend_topology(&faulty, &topology), FNUMA_OK);
	assert_int_equal(fault.counts.injected[FNUMA_FAULT_GONE], 1);
}

static void a_peer_that_is_gone_refuses_flips(void **state)
{
	(void)state;
	inject(FNUMA_FAULT_GONE);
	assert_int_equal(fnuma_backend_alive(&faulty, toy.peer), FNUMA_E_GONE);
	assert_int_equal(raw(FNUMA_OP_FLIP, 1), FNUMA_E_GONE);
	assert_int_equal(raw(FNUMA_OP_MOVE_PAGE, 1), 1);
}

static void a_lie_says_done_of_what_was_not(void **state)
{
	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_LIE);
	assert_int_equal(raw(FNUMA_OP_MOVE_PAGE, 4), 4);
	expect_all(4, FNUMA_DONE, 0, FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_FLIP, 4), 4);
	expect_all(4, FNUMA_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_RELEASE, 4), 4);
	expect_all(4, FNUMA_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_MOVE_DOMAIN, 0), FNUMA_OK);
	assert_int_equal(moved(), 0);
	assert_int_equal(toy.calls, 0);
	assert_int_equal(raw(FNUMA_OP_ACQUIRE, 4), 4);
	expect_all(4, FNUMA_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_OK);
	assert_int_equal(in_use(), 0);
	assert_int_equal(fault.counts.pages[FNUMA_FAULT_LIE], 16);
}

static void what_was_done_can_be_unfilled_unknown_denied_or_misplaced(void **state)
{
	static const struct {
		enum fnuma_fault_kind kind;
		uint32_t outcome, node;
		int reason;
	} t[] = {
		{FNUMA_FAULT_UNFILLED, FNUMA_UNFILLED, 0, 0},
		{FNUMA_FAULT_DONE_UNKNOWN, FNUMA_UNKNOWN, FNUMA_NODE_UNKNOWN_ID, 0},
		{FNUMA_FAULT_DENIED, FNUMA_NOT_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_E_NOMEM},
		{FNUMA_FAULT_WRONG_NODE, FNUMA_DONE, 1, FNUMA_OK},
	};
	size_t i;

	(void)state;
	config.error = FNUMA_E_NOMEM;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		toy_init(&toy, &inner);
		inject(t[i].kind);
		assert_int_equal(raw(FNUMA_OP_MOVE_PAGE, 8), 8);
		expect_all(8, t[i].outcome, t[i].node, t[i].reason);
		assert_int_equal(moved(), 8);
		assert_int_equal(fault.counts.pages[t[i].kind], 8);
	}
}

static void a_page_that_was_not_done_is_not_distorted(void **state)
{
	(void)state;
	config.ppm = 1000000;
	toy.free_pages[0] = 3;
	inject(FNUMA_FAULT_UNFILLED);
	assert_int_equal(raw(FNUMA_OP_MOVE_PAGE, 8), 8);
	expect_all(3, FNUMA_UNFILLED, 0, 0);
	assert_int_equal(results[3].reason, FNUMA_E_NOMEM);
	assert_int_equal(fault.counts.pages[FNUMA_FAULT_UNFILLED], 3);
}

static void unknown_can_mean_not_done_for_every_change(void **state)
{
	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_UNDONE_UNKNOWN);
	assert_int_equal(raw(FNUMA_OP_FLIP, 4), 4);
	expect_all(4, FNUMA_UNKNOWN, FNUMA_NODE_UNKNOWN_ID, 0);
	assert_int_equal(raw(FNUMA_OP_ACQUIRE, 4), 4);
	expect_all(4, FNUMA_UNKNOWN, FNUMA_NODE_UNKNOWN_ID, 0);
	assert_int_equal(moved(), 0);
	assert_int_equal(in_use(), 0);
}

static void nodes_can_be_wrong_or_unknown_where_nodes_are_asked_for(void **state)
{
	fnuma_node nodes[4];

	(void)state;
	config.ppm = 1000000;
	inject(FNUMA_FAULT_WRONG_NODE);
	pages[3].n = TOY_FRAMES;
	assert_int_equal(faulty.ops.page_nodes(faulty.cookie, toy.guest, pages, 4, nodes), 4);
	assert_int_equal(nodes[0].id, 0);
	assert_int_equal(nodes[3].id, FNUMA_NODE_NONE_ID);
	assert_int_equal(raw(FNUMA_OP_PROBE, 3), 3);
	expect_all(3, FNUMA_DONE, 0, FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_ACQUIRE, 3), 3);
	expect_all(3, FNUMA_DONE, 0, FNUMA_OK);
	config.nodes = 3;
	config.kind = FNUMA_FAULT_WRONG_NODE;
	assert_int_equal(fnuma_wrap_fault_set(&fault, &config), FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_PROBE, 3), 3);
	expect_all(3, FNUMA_DONE, 2, FNUMA_OK);
	config.kind = FNUMA_FAULT_NODE_UNKNOWN;
	assert_int_equal(fnuma_wrap_fault_set(&fault, &config), FNUMA_OK);
	assert_int_equal(faulty.ops.page_nodes(faulty.cookie, toy.guest, pages, 4, nodes), 4);
	assert_int_equal(nodes[0].id, FNUMA_NODE_UNKNOWN_ID);
	assert_int_equal(raw(FNUMA_OP_FLIP, 3), 3);
	expect_all(3, FNUMA_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_OK);
}

static void with_some_pages_hit_the_others_answers_stay_theirs(void **state)
{
	static const enum fnuma_fault_kind kinds[] = {
		FNUMA_FAULT_LIE, FNUMA_FAULT_UNDONE_UNKNOWN, FNUMA_FAULT_UNFILLED,
		FNUMA_FAULT_DENIED, FNUMA_FAULT_WRONG_NODE};
	fnuma_node nodes[64];
	uint32_t i, hit;
	size_t k;

	(void)state;
	config.pages_ppm = 500000;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		config.seed = k;
		toy_init(&toy, &inner);
		inject(kinds[k]);
		pages[9].n = TOY_FRAMES + 9;
		assert_int_equal(raw(FNUMA_OP_MOVE_PAGE, 64), 64);
		for (hit = 0, i = 0; i < 64; i++) {
			bool told = i != 9 && results[i].outcome == FNUMA_DONE &&
			            results[i].node.id == 0 && toy.node[pages[i].n] == 0;
			bool range = i == 9 && results[i].reason == FNUMA_E_RANGE;

			hit += !told && !range;
		}
		assert_int_equal(hit, fault.counts.pages[kinds[k]]);
		assert_in_range(hit, 16, 48);
	}
	config.kind = FNUMA_FAULT_NODE_UNKNOWN;
	fnuma_wrap_fault_set(&fault, &config);
	faulty.ops.page_nodes(faulty.cookie, toy.guest, pages, 64, nodes);
	for (hit = 0, i = 0; i < 64; i++)
		hit += nodes[i].id == FNUMA_NODE_UNKNOWN_ID;
	assert_int_equal(hit, fault.counts.pages[FNUMA_FAULT_NODE_UNKNOWN]);
}

static void some_acquired_pages_can_be_taken_back_and_the_others_stay(void **state)
{
	uint32_t hit;

	(void)state;
	config.pages_ppm = 500000;
	inject(FNUMA_FAULT_LIE);
	assert_int_equal(raw(FNUMA_OP_ACQUIRE, 64), 64);
	hit = (uint32_t)fault.counts.pages[FNUMA_FAULT_LIE];
	assert_in_range(hit, 16, 48);
	assert_int_equal(in_use(), 64 - hit);
}

static void faults_stack_and_the_inner_ones_errors_pass(void **state)
{
	struct fnuma_wrap_fault_config none = {.at = FNUMA_FAULT_NEVER};
	struct fnuma_wrap_fault half;
	struct fnuma_backend twice;

	(void)state;
	config.ppm = 1000000;
	config.pages_ppm = 1;
	inject(FNUMA_FAULT_REFUSE);
	none.kind = FNUMA_FAULT_HALF;
	none.ppm = 1000000;
	assert_int_equal(fnuma_wrap_fault_init(&half, &inner, &none, &twice), FNUMA_OK);
	assert_int_equal(fnuma_wrap_fault_init(&fault, &twice, &config, &faulty), FNUMA_OK);
	/* 9 pages: 1 refused, of the 8 others 4 attempted; the one refused may come late. */
	assert_in_range(raw(FNUMA_OP_FLIP, 9), 4, 5);
	assert_int_equal(moved(), 4);
	none.kind = FNUMA_FAULT_ERROR;
	assert_int_equal(fnuma_wrap_fault_set(&half, &none), FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_FLIP, 9), FNUMA_E_BUSY);
	config.kind = FNUMA_FAULT_UNFILLED;
	assert_int_equal(fnuma_wrap_fault_set(&fault, &config), FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_FLIP, 9), FNUMA_E_BUSY);
}

/* Three calls that can fail, and one that this kind does not concern. */
static void scenario(struct fnuma_backend *be)
{
	struct fnuma_result r[2];
	fnuma_gfn p[2];

	fnuma_backend_alive(be, toy.guest);
	if (fnuma_backend_acquire(be, toy.guest, p, 2, r) != 2)
		return;
	fnuma_backend_flip(be, toy.guest, toy.peer, p, 2, r);
	fnuma_backend_release(be, toy.guest, p, 2, r);
}

static void a_sweep_fails_every_call_once_and_ends(void **state)
{
	uint32_t runs = 0;

	(void)state;
	config.kind = FNUMA_FAULT_HALF;
	do {
		toy_init(&toy, &inner);
		inject(FNUMA_FAULT_HALF);
		scenario(&faulty);
		assert_int_equal(fault.counts.injected[FNUMA_FAULT_HALF], runs < 3);
		runs++;
	} while (fnuma_wrap_fault_next(&config, &fault));
	assert_int_equal(runs, 4);
	assert_true(config.at == 4);
}

static int too_long(void *cookie, fnuma_domain domain, const fnuma_gfn *p, uint32_t n,
                    struct fnuma_result *r)
{
	(void)cookie, (void)domain, (void)p, (void)r;
	return n == 0 || n > FNUMA_BATCH_MAX ? FNUMA_E_INVAL : (int)n;
}

static void a_batch_of_an_impossible_length_is_left_to_the_backend(void **state)
{
	struct fnuma_backend_ops ops = toy_ops();

	(void)state;
	ops.release = too_long;
	assert_int_equal(fnuma_backend_bind(&inner, &ops, &toy), FNUMA_OK);
	config.ppm = 1000000;
	inject(FNUMA_FAULT_LIE);
	assert_int_equal(raw(FNUMA_OP_RELEASE, 0), FNUMA_E_INVAL);
	assert_int_equal(raw(FNUMA_OP_RELEASE, FNUMA_BATCH_MAX + 1), FNUMA_E_INVAL);
	assert_int_equal(fault.counts.injected[FNUMA_FAULT_LIE], 0);
}

static void changing_the_faults_keeps_the_counts(void **state)
{
	(void)state;
	inject(FNUMA_FAULT_ERROR);
	assert_int_equal(raw(FNUMA_OP_FLIP, 2), FNUMA_E_BUSY);
	config.kind = FNUMA_FAULT_REFUSE;
	assert_int_equal(fnuma_wrap_fault_set(&fault, &config), FNUMA_OK);
	assert_int_equal(raw(FNUMA_OP_FLIP, 2), 2);
	expect_all(2, FNUMA_NOT_DONE, FNUMA_NODE_UNKNOWN_ID, FNUMA_E_BUSY);
	assert_int_equal(raw(FNUMA_OP_FLIP, 2), 2);
	expect_all(2, FNUMA_DONE, 0, FNUMA_OK);
	assert_int_equal(fault.counts.injected[FNUMA_FAULT_ERROR], 1);
	assert_int_equal(fault.counts.injected[FNUMA_FAULT_REFUSE], 1);
	assert_int_equal(fault.base.calls, 3);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_arguments_are_refused_and_change_nothing),
		TEST(without_a_fault_every_call_passes_through),
		TEST(only_the_call_asked_for_fails),
		TEST(an_error_on_any_operation_leaves_the_backend_uncalled),
		TEST(a_probability_hits_about_that_often_and_the_same_each_time),
		TEST(refused_pages_are_not_done_and_the_others_are),
		TEST(at_least_one_page_of_a_batch_gone_wrong_is_hit),
		TEST(a_batch_refused_whole_never_reaches_the_backend),
		TEST(half_a_batch_is_attempted_and_of_one_page_none),
		TEST(a_domain_that_is_gone_stays_gone_and_others_do_not),
		TEST(a_peer_that_is_gone_refuses_flips),
		TEST(a_lie_says_done_of_what_was_not),
		TEST(what_was_done_can_be_unfilled_unknown_denied_or_misplaced),
		TEST(a_page_that_was_not_done_is_not_distorted),
		TEST(unknown_can_mean_not_done_for_every_change),
		TEST(nodes_can_be_wrong_or_unknown_where_nodes_are_asked_for),
		TEST(with_some_pages_hit_the_others_answers_stay_theirs),
		TEST(some_acquired_pages_can_be_taken_back_and_the_others_stay),
		TEST(faults_stack_and_the_inner_ones_errors_pass),
		TEST(a_sweep_fails_every_call_once_and_ends),
		TEST(a_batch_of_an_impossible_length_is_left_to_the_backend),
		TEST(changing_the_faults_keeps_the_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
