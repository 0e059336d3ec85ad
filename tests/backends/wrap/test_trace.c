/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "../toy.h"
#include <flipnuma/wrap.h>

struct heard {
	uint32_t calls;
	struct fnuma_wrap_call last;
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_gfn pages[FNUMA_BATCH_MAX];
};

static struct toy toy;
static struct heard heard;
static struct fnuma_wrap_trace trace;
static struct fnuma_backend inner, traced;

static void listen(void *cookie, const struct fnuma_wrap_call *call)
{
	struct heard *h = cookie;

	h->calls++;
	h->last = *call;
	if (call->results)
		memcpy(h->results, call->results, call->n * sizeof(*h->results));
	if (call->pages)
		memcpy(h->pages, call->pages, call->n * sizeof(*h->pages));
}

static int setup(void **state)
{
	(void)state;
	memset(&heard, 0, sizeof(heard));
	return toy_init(&toy, &inner) ||
	       fnuma_wrap_trace_init(&trace, &inner, listen, &heard, &traced);
}

static void bad_arguments_are_refused_and_change_nothing(void **state)
{
	struct fnuma_wrap_trace t, before;
	struct fnuma_backend out, unbound;

	(void)state;
	memset(&t, 0x5a, sizeof(t));
	memcpy(&before, &t, sizeof(t));
	memset(&unbound, 0, sizeof(unbound));
	assert_int_equal(fnuma_wrap_trace_init(NULL, &inner, listen, NULL, &out),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_trace_init(&t, NULL, listen, NULL, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_trace_init(&t, &unbound, listen, NULL, &out),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_trace_init(&t, &inner, NULL, NULL, &out), FNUMA_E_INVAL);
	assert_int_equal(fnuma_wrap_trace_init(&t, &inner, listen, NULL, NULL),
	                 FNUMA_E_INVAL);
	assert_memory_equal(&t, &before, sizeof(t));
}

static void a_traced_backend_can_do_what_the_one_within_can(void **state)
{
	struct fnuma_backend_ops ops = toy_ops();

	(void)state;
	assert_int_equal(traced.caps, inner.caps);
	ops.flip = NULL;
	ops.acquire = NULL;
	ops.release = NULL;
	ops.probe = NULL;
	ops.traits = FNUMA_TRAIT_REENTRANT | FNUMA_TRAIT_MAY_SLEEP;
	assert_int_equal(fnuma_backend_bind(&inner, &ops, &toy), FNUMA_OK);
	assert_int_equal(fnuma_wrap_trace_init(&trace, &inner, listen, &heard, &traced),
	                 FNUMA_OK);
	assert_int_equal(traced.caps, inner.caps);
	assert_int_equal(traced.ops.traits, FNUMA_TRAIT_MAY_SLEEP);
	ops.node_counts = NULL;
	ops.page_nodes = NULL;
	ops.move_page = NULL;
	ops.move_free = NULL;
	ops.move_domain = NULL;
	assert_int_equal(fnuma_backend_bind(&inner, &ops, &toy), FNUMA_OK);
	assert_int_equal(fnuma_wrap_trace_init(&trace, &inner, listen, &heard, &traced),
	                 FNUMA_OK);
	assert_int_equal(traced.caps, 0);
}

static void expect_op(enum fnuma_wrap_op op, const char *name, int ret)
{
	assert_int_equal(heard.last.op, op);
	assert_string_equal(fnuma_wrap_op_name(heard.last.op), name);
	assert_int_equal(heard.last.ret, ret);
	assert_int_equal(heard.last.number, heard.calls - 1);
}

static void each_operation_is_heard_once_with_what_it_was_asked_and_answered(void **state)
{
	static struct fnuma_topology topology;
	struct fnuma_result results[2];
	fnuma_gfn pages[2] = {{3}, {4}};
	fnuma_node nodes[2], zero = {0};
	uint32_t counts[2];

	(void)state;
	assert_int_equal(fnuma_backend_topology(&traced, &topology), FNUMA_OK);
	expect_op(FNUMA_OP_TOPOLOGY, "topology", FNUMA_OK);
	assert_int_equal(fnuma_backend_alive(&traced, toy.guest), FNUMA_OK);
	expect_op(FNUMA_OP_ALIVE, "alive", FNUMA_OK);
	assert_true(fnuma_domain_same(heard.last.domain, toy.guest));
	assert_int_equal(fnuma_backend_node_counts(&traced, toy.guest, counts, 2), FNUMA_OK);
	expect_op(FNUMA_OP_NODE_COUNTS, "node_counts", FNUMA_OK);
	assert_int_equal(heard.last.n, 2);
	assert_ptr_equal(heard.last.counts, counts);
	assert_int_equal(fnuma_backend_page_nodes(&traced, toy.guest, pages, 2, nodes), 2);
	expect_op(FNUMA_OP_PAGE_NODES, "page_nodes", 2);
	assert_ptr_equal(heard.last.nodes, nodes);
	assert_int_equal(fnuma_backend_flip(&traced, toy.guest, toy.peer, pages, 2, results), 2);
	expect_op(FNUMA_OP_FLIP, "flip", 2);
	assert_true(fnuma_domain_same(heard.last.peer, toy.peer));
	assert_int_equal(heard.results[1].outcome, FNUMA_DONE);
	assert_int_equal(heard.pages[1].n, 4);
	assert_int_equal(fnuma_backend_acquire(&traced, toy.guest, pages, 2, results), 2);
	expect_op(FNUMA_OP_ACQUIRE, "acquire", 2);
	assert_int_equal(heard.pages[1].n, pages[1].n);
	assert_int_equal(fnuma_backend_release(&traced, toy.guest, pages, 2, results), 2);
	expect_op(FNUMA_OP_RELEASE, "release", 2);
	assert_int_equal(fnuma_backend_probe(&traced, toy.guest, pages, 2, results), 2);
	expect_op(FNUMA_OP_PROBE, "probe", 2);
	assert_int_equal(fnuma_backend_move_domain(&traced, toy.guest, zero), FNUMA_OK);
	expect_op(FNUMA_OP_MOVE_DOMAIN, "move_domain", FNUMA_OK);
	assert_int_equal(heard.last.to.id, 0);
	assert_int_equal(heard.calls, 9);
	assert_int_equal(trace.base.calls, 9);
	assert_int_equal(toy.calls, 9);
}

static void a_moves_goal_and_the_time_it_took_are_heard(void **state)
{
	struct fnuma_result result;
	fnuma_gfn page = {3};
	uint64_t spent = 1000;

	(void)state;
	toy.page_ns = 7;
	assert_int_equal(fnuma_backend_move(&traced, toy.guest, &page, 1, fnuma_node_of(0),
	                                    FNUMA_CONTENT_KEEP, &result, &spent), 1);
	expect_op(FNUMA_OP_MOVE_PAGE, "move_page", 1);
	assert_int_equal(heard.last.to.id, 0);
	assert_int_equal(heard.last.spent_ns, 7);
	assert_true(spent == 1007);
	assert_int_equal(fnuma_backend_move(&traced, toy.guest, &page, 1, fnuma_node_of(1),
	                                    FNUMA_CONTENT_NOBODYS, &result, &spent), 1);
	expect_op(FNUMA_OP_MOVE_FREE, "move_free", 1);
}

static void an_error_is_heard_and_handed_on(void **state)
{
	fnuma_domain stale = toy.guest;
	struct fnuma_result result;
	fnuma_gfn page = {3};

	(void)state;
	stale.generation--;
	assert_int_equal(fnuma_backend_release(&traced, stale, &page, 1, &result),
	                 FNUMA_E_STALE);
	expect_op(FNUMA_OP_RELEASE, "release", FNUMA_E_STALE);
}

static void the_name_of_no_operation_is_a_question_mark(void **state)
{
	(void)state;
	assert_string_equal(fnuma_wrap_op_name((enum fnuma_wrap_op)FNUMA_OPS), "?");
	assert_string_equal(fnuma_wrap_op_name((enum fnuma_wrap_op)-1), "?");
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_arguments_are_refused_and_change_nothing),
		TEST(a_traced_backend_can_do_what_the_one_within_can),
		TEST(each_operation_is_heard_once_with_what_it_was_asked_and_answered),
		TEST(a_moves_goal_and_the_time_it_took_are_heard),
		TEST(an_error_is_heard_and_handed_on),
		TEST(the_name_of_no_operation_is_a_question_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
