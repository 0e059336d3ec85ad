/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The suite itself: it passes what is right, fails what is wrong, and skips by name. */
#include "test.h"
#include <stdio.h>
#include "mock_target.h"
#include "../backends/toy.h"
#include <flipnuma/wrap.h>

static struct fnuma_conformance_counts counts;
static char output[16384];

static void keep(void *cookie, const char *line)
{
	size_t used = strlen(output);

	(void)cookie;
	assert_true(used + strlen(line) + 2 < sizeof(output));
	strcpy(output + used, line);
	strcat(output, "\n");
}

static int run(struct fnuma_conformance_target *target)
{
	output[0] = '\0';
	target->print = keep;
	return fnuma_conformance_run(target, &counts);
}

static void the_mock_conforms_and_nothing_is_skipped(void **state)
{
	struct mock_target t;
	char text[256] = "";

	(void)state;
	assert_int_equal(mock_target_init(&t), FNUMA_OK);
	t.target.kill = NULL;
	if (run(&t.target) != 0)
		print_message("%s", output);
	assert_int_equal(counts.failed, 0);
	assert_int_equal(counts.skipped, 1); /* the end of the domain */
	if (!fnuma_mock_audit(t.mock, text, sizeof(text)))
		fail_msg("%s", text);
	fnuma_mock_destroy(t.mock);
}

static void toy_target(struct toy *toy, struct fnuma_backend *be,
                       struct fnuma_conformance_target *target)
{
	memset(target, 0, sizeof(*target));
	assert_int_equal(toy_init(toy, be), FNUMA_OK);
	target->backend = be;
	target->domain = toy->guest;
	target->peer = toy->peer;
	target->frames = TOY_FRAMES;
}

static void a_backend_is_tried_by_its_own_word_without_callbacks(void **state)
{
	struct fnuma_conformance_target target;
	struct fnuma_backend be;
	struct toy toy;

	(void)state;
	toy_target(&toy, &be, &target);
	if (run(&target) != 0)
		print_message("%s", output);
	assert_int_equal(counts.failed, 0);
	assert_in_range(counts.passed, 20, 40);
	assert_non_null(strstr(output, " - a page moved keeps its content "
	                               "# SKIP no target.write and target.read\n"));
}

static void capabilities_that_are_missing_are_skipped_by_name(void **state)
{
	struct fnuma_backend_ops ops = toy_ops();
	struct fnuma_conformance_target target;
	struct fnuma_backend be;
	struct toy toy;

	(void)state;
	toy_target(&toy, &be, &target);
	ops.node_counts = NULL;
	ops.page_nodes = NULL;
	ops.flip = NULL;
	ops.acquire = NULL;
	ops.release = NULL;
	ops.move_page = NULL;
	ops.move_free = NULL;
	ops.move_domain = NULL;
	ops.probe = NULL;
	assert_int_equal(fnuma_backend_bind(&be, &ops, &toy), FNUMA_OK);
	assert_int_equal(run(&target), 0);
	assert_int_equal(counts.passed, 3);
	assert_non_null(strstr(output, "# SKIP no FLIP\n"));
	assert_non_null(strstr(output, "# SKIP no ACQUIRE\n"));
	assert_non_null(strstr(output, "# SKIP no MOVE_DOMAIN\n"));
}

static void a_target_without_a_backend_or_frames_is_refused(void **state)
{
	struct fnuma_conformance_target target;
	struct fnuma_backend be, unbound;
	struct toy toy;

	(void)state;
	toy_target(&toy, &be, &target);
	target.frames = 0;
	assert_int_equal(run(&target), FNUMA_E_INVAL);
	toy_target(&toy, &be, &target);
	target.backend = NULL;
	assert_int_equal(run(&target), FNUMA_E_INVAL);
	memset(&unbound, 0, sizeof(unbound));
	target.backend = &unbound;
	assert_int_equal(run(&target), FNUMA_E_INVAL);
	assert_int_equal(fnuma_conformance_run(NULL, NULL), FNUMA_E_INVAL);
}

/* Faults that leave a backend within its contract: a probe settles a move that was done,
 * and a node may be unknown where it was not asked for. */
static bool is_allowed(enum fnuma_fault_kind kind, enum fnuma_wrap_op op)
{
	if (kind == FNUMA_FAULT_DONE_UNKNOWN)
		return op == FNUMA_OP_MOVE_PAGE || op == FNUMA_OP_MOVE_FREE;
	if (kind == FNUMA_FAULT_NODE_UNKNOWN)
		return op == FNUMA_OP_FLIP || op == FNUMA_OP_ACQUIRE;
	return false;
}

/* Faults hit calls with a wrong handle too. That alone would prove nothing. */
static int failed_for_cause(int failed)
{
	return failed - (strstr(output, "not ok 3 - a handle of another") != NULL);
}

static void try_fault(enum fnuma_fault_kind kind, enum fnuma_wrap_op op, bool referee)
{
	struct fnuma_wrap_fault_config config = {.kind = kind, .ppm = 1000000};
	struct fnuma_backend faulty;
	struct fnuma_wrap_fault fault;
	struct mock_target t;
	int failed;

	config.ops = FNUMA_OP_BIT(op);
	assert_int_equal(mock_target_init(&t), FNUMA_OK);
	assert_int_equal(fnuma_wrap_fault_init(&fault, &t.backend, &config, &faulty),
	                 FNUMA_OK);
	t.target.backend = &faulty;
	if (!referee)
		t.target.node_of = NULL;
	failed = failed_for_cause(run(&t.target));
	if (fault.counts.injected[kind] && (failed > 0) == is_allowed(kind, op)) {
		print_message("%s", output);
		fail_msg("kind %d of %s: %d failed", kind, fnuma_wrap_op_name(op), failed);
	}
	fnuma_mock_destroy(t.mock);
}

static void each_kind_of_fault_in_each_operation_fails_the_suite(void **state)
{
	uint32_t kind, op;

	(void)state;
	for (kind = 1; kind < FNUMA_FAULT_KINDS; kind++)
		for (op = 0; op < FNUMA_OPS; op++)
			try_fault((enum fnuma_fault_kind)kind, (enum fnuma_wrap_op)op, true);
}

static void a_single_lie_about_a_move_is_found_wherever_it_strikes(void **state)
{
	static const enum fnuma_fault_kind kinds[] = {
		FNUMA_FAULT_LIE, FNUMA_FAULT_UNFILLED, FNUMA_FAULT_DENIED,
		FNUMA_FAULT_WRONG_NODE};
	struct fnuma_wrap_fault fault;
	struct fnuma_backend faulty;
	struct mock_target t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct fnuma_wrap_fault_config config = {.kind = kinds[i]};
		uint32_t struck = 0;
		int failed;

		config.ops = FNUMA_OP_BIT(FNUMA_OP_MOVE_PAGE);
		do {
			mock_target_init(&t);
			fnuma_wrap_fault_init(&fault, &t.backend, &config, &faulty);
			t.target.backend = &faulty;
			failed = run(&t.target);
			assert_int_equal(failed > 0, fault.counts.pages[kinds[i]] > 0);
			struck += fault.counts.pages[kinds[i]] > 0;
			fnuma_mock_destroy(t.mock);
		} while (fnuma_wrap_fault_next(&config, &fault));
		assert_in_range(struck, 10, 100);
	}
}

static void lies_are_found_out_without_a_referee_too(void **state)
{
	static const enum fnuma_wrap_op ops[] = {
		FNUMA_OP_FLIP, FNUMA_OP_ACQUIRE, FNUMA_OP_RELEASE, FNUMA_OP_MOVE_PAGE,
		FNUMA_OP_MOVE_FREE, FNUMA_OP_MOVE_DOMAIN};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		try_fault(FNUMA_FAULT_LIE, ops[i], false);
}

/* Wrong in ways that the fault wrapper does not know. */

static int any_generation(void *cookie, fnuma_domain domain)
{
	(void)cookie, (void)domain;
	return FNUMA_OK;
}

static int counts_by_guess(void *cookie, fnuma_domain domain, uint32_t *n, uint32_t nodes)
{
	int ret = toy_node_counts(cookie, domain, n, nodes);

	n[0]++;
	return ret;
}

static int node_of_nowhere(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node *nodes)
{
	uint32_t i;
	int ret = toy_page_nodes(cookie, domain, pages, n, nodes);

	for (i = 0; i < n; i++)
		if (nodes[i].id == FNUMA_NODE_NONE_ID)
			nodes[i].id = 0;
	return ret;
}

static int nodes_that_come_and_go(void *cookie, struct fnuma_topology *out)
{
	struct toy *t = cookie;
	int ret = toy_topology(cookie, out);

	out->node[0].size_pages += t->calls;
	return ret;
}

static int time_taken_back(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node to, struct fnuma_result *results,
                           uint64_t *spent_ns)
{
	*spent_ns -= 5;
	return toy_move(cookie, domain, pages, n, to, results, spent_ns);
}

static void other_mistakes_fail_the_condition_that_names_them(void **state)
{
	static const struct {
		const char *condition;
		struct fnuma_backend_ops wrong;
	} t[] = {
		{"a handle of another generation is refused by every operation",
		 {.alive = any_generation}},
		{"counts of nodes agree with the nodes of pages",
		 {.node_counts = counts_by_guess}},
		{"a frame beyond the domain is on no node", {.page_nodes = node_of_nowhere}},
		{"the host has possible nodes and keeps them",
		 {.topology = nodes_that_come_and_go}},
		{"time spent only grows", {.move_page = time_taken_back}},
	};
	struct fnuma_conformance_target target;
	struct fnuma_backend_ops ops;
	struct fnuma_backend be;
	struct toy toy;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		toy_target(&toy, &be, &target);
		ops = toy_ops();
		if (t[i].wrong.alive)
			ops.alive = t[i].wrong.alive;
		if (t[i].wrong.node_counts)
			ops.node_counts = t[i].wrong.node_counts;
		if (t[i].wrong.page_nodes)
			ops.page_nodes = t[i].wrong.page_nodes;
		if (t[i].wrong.topology)
			ops.topology = t[i].wrong.topology;
		if (t[i].wrong.move_page)
			ops.move_page = t[i].wrong.move_page;
		assert_int_equal(fnuma_backend_bind(&be, &ops, &toy), FNUMA_OK);
		assert_int_equal(run(&target), 1);
		snprintf(line, sizeof(line), " - %s # ", t[i].condition);
		assert_non_null(strstr(output, line));
		assert_non_null(strstr(output, "not ok "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mock_conforms_and_nothing_is_skipped),
		cmocka_unit_test(a_backend_is_tried_by_its_own_word_without_callbacks),
		cmocka_unit_test(capabilities_that_are_missing_are_skipped_by_name),
		cmocka_unit_test(a_target_without_a_backend_or_frames_is_refused),
		cmocka_unit_test(each_kind_of_fault_in_each_operation_fails_the_suite),
		cmocka_unit_test(a_single_lie_about_a_move_is_found_wherever_it_strikes),
		cmocka_unit_test(lies_are_found_out_without_a_referee_too),
		cmocka_unit_test(other_mistakes_fail_the_condition_that_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
