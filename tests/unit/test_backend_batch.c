/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "liar.h"

/* Batches: what is said of one page, what a probe answers, and what must come of it. */

#define U FNUMA_NODE_UNKNOWN_ID
#define N FNUMA_NODE_NONE_ID

struct story {
	struct fnuma_result said, probed, expected;
};

#define DONE(node) {FNUMA_DONE, {node}, FNUMA_OK}
#define NOT(node, why) {FNUMA_NOT_DONE, {node}, why}
#define LOST(node) {FNUMA_UNKNOWN, {node}, FNUMA_E_LOST_TRACK}
#define DUNNO {FNUMA_UNKNOWN, {U}, FNUMA_OK}
#define UNFILLED {FNUMA_UNFILLED, {0}, 0}

static void check_page(const struct fnuma_result *got, const struct fnuma_result *expected)
{
	assert_int_equal(got->outcome, expected->outcome);
	assert_int_equal(got->reason, expected->reason);
	assert_int_equal(got->node.id, expected->node.id);
}

/* The page of the story stands between two that are plainly done or plainly refused. */
static void tell(enum op op, const struct story *s)
{
	const struct fnuma_result done = DONE(1), refused = NOT(0, FNUMA_E_PINNED);
	bool doubt = s->said.outcome != s->expected.outcome ||
	             s->said.reason != s->expected.reason ||
	             s->said.node.id != s->expected.node.id;
	fnuma_gfn pages[3];
	int expected = 1 + (s->expected.outcome == FNUMA_DONE);

	fill_frames(pages, 3);
	liar.says[0] = done;
	liar.says[1] = s->said;
	liar.says[2] = refused;
	liar.says_n = 3;
	liar.probe_says = s->probed;
	liar.calls[OP_PROBE] = 0;
	assert_int_equal(call_op(op, pages, 3), expected);
	assert_true(liar.arrived_unfilled);
	check_page(&results[0], &done);
	check_page(&results[1], &s->expected);
	check_page(&results[2], &refused);
	assert_int_equal(liar.calls[OP_PROBE], doubt);
	if (doubt) {
		assert_int_equal(liar.n, 1);
		assert_int_equal(liar.asked[0].n, pages[1].n);
	}
}

static void tell_all(enum op op, const struct story *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		tell(op, &s[i]);
}

static void each_lie_about_a_moved_page_is_settled_by_a_probe(void **state)
{
	static const struct story t[] = {
		/* the truth */
		{DONE(1), DUNNO, DONE(1)},
		{NOT(0, FNUMA_E_BUSY), DUNNO, NOT(0, FNUMA_E_BUSY)},
		{NOT(U, FNUMA_E_NOMEM), DUNNO, NOT(U, FNUMA_E_NOMEM)},
		{NOT(N, FNUMA_E_GONE), DUNNO, NOT(N, FNUMA_E_GONE)},
		/* honestly unknown */
		{DUNNO, DONE(1), DONE(1)},
		{DUNNO, DONE(0), NOT(0, FNUMA_E_BUSY)},
		{DUNNO, NOT(N, FNUMA_E_GONE), NOT(N, FNUMA_E_GONE)},
		{DUNNO, NOT(3, FNUMA_E_DENIED), NOT(N, FNUMA_E_DENIED)},
		{DUNNO, DUNNO, LOST(U)},
		/* a probe that lies is one that does not know */
		{DUNNO, UNFILLED, LOST(U)},
		{DUNNO, {77, {1}, 0}, LOST(U)},
		{DUNNO, DONE(U), LOST(U)},
		{DUNNO, DONE(N), LOST(U)},
		{DUNNO, DONE(64), LOST(U)},
		{DUNNO, {FNUMA_DONE, {1}, FNUMA_E_BUSY}, LOST(U)},
		{DUNNO, NOT(N, FNUMA_OK), LOST(U)},
		/* status unfilled */
		{UNFILLED, DONE(1), DONE(1)},
		{UNFILLED, DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{UNFILLED, DUNNO, LOST(U)},
		/* impossible outcome, reason, node */
		{{4, {1}, 0}, DONE(1), DONE(1)},
		{{255, {1}, 0}, DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{{FNUMA_DONE, {1}, FNUMA_E_BUSY}, DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{{FNUMA_DONE, {1}, 3}, DUNNO, LOST(U)},
		{NOT(0, FNUMA_OK), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{NOT(0, 1), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{NOT(0, FNUMA_E_LAST), DONE(1), DONE(1)},
		{NOT(0, INT16_MIN), DUNNO, LOST(U)},
		{NOT(64, FNUMA_E_BUSY), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{DONE(64), DONE(0), NOT(0, FNUMA_E_BACKEND)},
		{DONE(0xfd), DONE(1), DONE(1)},
		/* done, but not there */
		{DONE(0), DONE(1), DONE(1)},
		{DONE(0), DONE(2), NOT(2, FNUMA_E_LIE)},
		{DONE(0), NOT(N, FNUMA_E_GONE), NOT(N, FNUMA_E_GONE)},
		{DONE(0), DUNNO, NOT(0, FNUMA_E_LIE)},
		{DONE(U), DONE(1), DONE(1)},
		{DONE(U), DONE(0), NOT(0, FNUMA_E_LIE)},
		{DONE(U), DUNNO, LOST(U)},
		{DONE(N), DUNNO, LOST(U)},
	};

	(void)state;
	tell_all(OP_MOVE_PAGE, t, sizeof(t) / sizeof(t[0]));
	tell_all(OP_MOVE_FREE, t, sizeof(t) / sizeof(t[0]));
}

static void a_probe_tells_where_a_doubtful_flip_is_but_not_whether_it_happened(void **state)
{
	static const struct story t[] = {
		{DONE(1), DUNNO, DONE(1)},
		{DONE(0), DUNNO, DONE(0)},
		{DONE(U), DUNNO, DONE(U)},
		{NOT(0, FNUMA_E_BUSY), DUNNO, NOT(0, FNUMA_E_BUSY)},
		{DUNNO, DONE(0), LOST(0)},
		{DUNNO, NOT(N, FNUMA_E_GONE), LOST(N)},
		{DUNNO, DUNNO, LOST(U)},
		{UNFILLED, DONE(1), LOST(1)},
		{UNFILLED, DUNNO, LOST(U)},
		{DONE(N), DONE(1), LOST(1)},
		{DONE(64), DONE(1), LOST(1)},
		{{9, {0}, 0}, DONE(0), LOST(0)},
		{NOT(0, FNUMA_OK), DONE(0), LOST(0)},
		{{FNUMA_DONE, {0}, FNUMA_E_BUSY}, DUNNO, LOST(U)},
	};

	(void)state;
	tell_all(OP_FLIP, t, sizeof(t) / sizeof(t[0]));
}

static void a_doubtful_release_is_done_only_if_there_is_no_page_left(void **state)
{
	static const struct story t[] = {
		{DONE(1), DUNNO, DONE(1)},
		{DONE(N), DUNNO, DONE(N)},
		{DONE(U), DUNNO, DONE(U)},
		{NOT(0, FNUMA_E_BUSY), DUNNO, NOT(0, FNUMA_E_BUSY)},
		{DUNNO, DONE(0), LOST(0)},
		{DUNNO, NOT(N, FNUMA_E_GONE), DONE(N)},
		{DUNNO, DUNNO, LOST(U)},
		{UNFILLED, DONE(0), LOST(0)},
		{UNFILLED, NOT(N, FNUMA_E_GONE), DONE(N)},
		{DONE(64), DUNNO, LOST(U)},
		{{9, {0}, 0}, DONE(0), LOST(0)},
		{NOT(0, FNUMA_OK), DUNNO, LOST(U)},
	};

	(void)state;
	tell_all(OP_RELEASE, t, sizeof(t) / sizeof(t[0]));
}

static void page_nodes_serve_as_the_probe_where_there_is_none(void **state)
{
	static const struct fnuma_result expected[4] = {
		DONE(1), NOT(0, FNUMA_E_BACKEND), NOT(N, FNUMA_E_GONE), LOST(U)};
	fnuma_gfn pages[4];
	uint32_t i;

	(void)state;
	bind_without(FNUMA_CAP_PROBE);
	fill_frames(pages, 4);
	liar.nodes[0].id = 1;
	liar.nodes[1].id = 0;
	liar.nodes[2] = fnuma_node_none();
	liar.nodes[3] = fnuma_node_unknown();
	liar.nodes_n = 4;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 4), 1);
	for (i = 0; i < 4; i++)
		check_page(&results[i], &expected[i]);
	assert_int_equal(liar.calls[OP_PAGE_NODES], 1);
}

static void without_any_probe_doubtful_pages_are_lost_track_of(void **state)
{
	const struct fnuma_result lost = LOST(U);
	fnuma_gfn pages[2];

	(void)state;
	bind_without(FNUMA_CAP_PROBE | FNUMA_CAP_PAGE_NODES);
	fill_frames(pages, 2);
	liar.says[0] = status(FNUMA_UNKNOWN, 0, 0);
	liar.says_n = 2;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 0);
	check_page(&results[0], &lost);
	check_page(&results[1], &lost);
}

static void a_probe_that_fails_or_miscounts_settles_nothing(void **state)
{
	static const int wrong[] = {FNUMA_E_BUSY, FNUMA_E_LAST, 3, INT32_MAX, INT32_MIN};
	const struct fnuma_result lost = LOST(U);
	fnuma_gfn pages[2];
	size_t i;

	(void)state;
	fill_frames(pages, 2);
	liar.probe_says = status(FNUMA_DONE, 1, 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		liar.probe_ret = wrong[i];
		assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 0);
		check_page(&results[0], &lost);
		check_page(&results[1], &lost);
	}
	liar.probe_ret = 1;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 1);
	assert_int_equal(results[0].outcome, FNUMA_DONE);
	check_page(&results[1], &lost);
}

static void an_impossible_count_puts_every_page_in_doubt(void **state)
{
	static const int wrong[] = {4, INT32_MAX, FNUMA_E_LAST, INT32_MIN};
	static const enum op ops[] = {OP_FLIP, OP_RELEASE, OP_MOVE_PAGE};
	const struct fnuma_result not_done = NOT(0, FNUMA_E_BACKEND), lost = LOST(0);
	fnuma_gfn pages[3];
	size_t i, j, k;

	(void)state;
	fill_frames(pages, 3);
	liar.count_all = false;
	liar.probe_says = status(FNUMA_DONE, 0, 0);
	for (k = 0; k < 3; k++)
		liar.says[k] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 3;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		for (j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
			liar.ret = wrong[j];
			assert_int_equal(call_op(ops[i], pages, 3), 0);
			for (k = 0; k < 3; k++)
				check_page(&results[k], ops[i] == OP_MOVE_PAGE ? &not_done
				                                               : &lost);
		}
	}
}

static void pages_beyond_a_short_count_were_not_attempted(void **state)
{
	const struct fnuma_result done = DONE(1), untried = NOT(U, FNUMA_E_NOT_TRIED);
	fnuma_gfn pages[4];

	(void)state;
	fill_frames(pages, 4);
	liar.count_all = false;
	liar.ret = 1;
	liar.says[0] = status(FNUMA_DONE, 1, 0);
	liar.says[1] = status(FNUMA_NOT_DONE, 0, FNUMA_E_PINNED);
	liar.says_n = 2;
	assert_int_equal(call_op(OP_FLIP, pages, 4), 1);
	check_page(&results[0], &done);
	check_page(&results[1], &untried);
	check_page(&results[3], &untried);
	assert_int_equal(liar.calls[OP_PROBE], 0);
	liar.ret = 0;
	liar.says_n = 0;
	assert_int_equal(call_op(OP_RELEASE, pages, 4), 0);
	check_page(&results[0], &untried);
}

static void a_page_claimed_beyond_the_count_is_in_doubt(void **state)
{
	const struct fnuma_result expected = NOT(0, FNUMA_E_BACKEND);
	fnuma_gfn pages[4];

	(void)state;
	fill_frames(pages, 4);
	liar.count_all = false;
	liar.ret = 1;
	liar.says[0] = liar.says[1] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 2;
	liar.probe_says = status(FNUMA_DONE, 0, 0);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 4), 1);
	check_page(&results[1], &expected);
	assert_int_equal(liar.n, 1);
	assert_int_equal(liar.asked[0].n, pages[1].n);
}

static void an_error_with_a_page_claimed_is_not_taken_for_nothing_attempted(void **state)
{
	const struct fnuma_result done = DONE(1), untried = NOT(U, FNUMA_E_NOT_TRIED);
	fnuma_gfn pages[2];

	(void)state;
	fill_frames(pages, 2);
	liar.count_all = false;
	liar.ret = FNUMA_E_NOMEM;
	liar.says[0] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 1;
	liar.probe_says = status(FNUMA_DONE, 1, 0);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), 1);
	check_page(&results[0], &done);
	check_page(&results[1], &untried);
	liar.says[0] = status(FNUMA_NOT_DONE, 0, FNUMA_E_NOMEM);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 2), FNUMA_E_NOMEM);
}

static void a_full_batch_of_doubt_is_settled_in_one_probe_in_order(void **state)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];

	(void)state;
	fill_frames(pages, FNUMA_BATCH_MAX);
	liar.probe_says = status(FNUMA_DONE, 1, 0);
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, FNUMA_BATCH_MAX), FNUMA_BATCH_MAX);
	assert_int_equal(liar.calls[OP_PROBE], 1);
	assert_memory_equal(liar.asked, pages, sizeof(pages));
}

static void each_page_in_doubt_gets_its_own_answer(void **state)
{
	static const uint8_t where[6] = {1, 0, 1, FNUMA_NODE_NONE_ID, 1, 0};
	static const uint8_t outcome[6] = {FNUMA_DONE, FNUMA_NOT_DONE, FNUMA_DONE,
	                                   FNUMA_NOT_DONE, FNUMA_DONE, FNUMA_NOT_DONE};
	fnuma_gfn pages[12];
	uint32_t i;

	(void)state;
	bind_without(FNUMA_CAP_PROBE);
	fill_frames(pages, 12);
	for (i = 0; i < 12; i += 2)
		liar.says[i] = status(FNUMA_NOT_DONE, 0, FNUMA_E_PINNED);
	liar.says_n = 12;
	memcpy(liar.nodes, where, sizeof(where));
	liar.nodes_n = 6;
	assert_int_equal(call_op(OP_MOVE_PAGE, pages, 12), 3);
	for (i = 0; i < 12; i++) {
		assert_int_equal(results[i].outcome, i % 2 ? outcome[i / 2] : FNUMA_NOT_DONE);
		assert_int_equal(results[i].reason == FNUMA_E_PINNED, i % 2 == 0);
	}
}

/* Moves. */

static void content_nobody_needs_takes_the_cheap_move_where_there_is_one(void **state)
{
	fnuma_gfn page = {5};

	(void)state;
	liar.says[0] = status(FNUMA_DONE, 1, 0);
	liar.says_n = 1;
	assert_int_equal(call_op(OP_MOVE_FREE, &page, 1), 1);
	assert_int_equal(liar.calls[OP_MOVE_FREE], 1);
	assert_int_equal(liar.to.id, 1);
	assert_int_equal(call_op(OP_MOVE_PAGE, &page, 1), 1);
	assert_int_equal(liar.calls[OP_MOVE_PAGE], 1);
	bind_without(FNUMA_CAP_MOVE_FREE);
	assert_int_equal(call_op(OP_MOVE_FREE, &page, 1), 1);
	assert_int_equal(liar.calls[OP_MOVE_PAGE], 2);
	bind_without(FNUMA_CAP_MOVE_PAGE);
	assert_int_equal(call_op(OP_MOVE_PAGE, &page, 1), FNUMA_E_NOTSUP);
	assert_int_equal(liar.calls[OP_MOVE_FREE], 1);
}

static void time_spent_adds_up_and_stops_at_the_largest_value(void **state)
{
	fnuma_gfn page = {5};
	uint64_t spent = 100;

	(void)state;
	liar.spends = 40;
	fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(1), FNUMA_CONTENT_KEEP, results,
	                   &spent);
	assert_true(spent == 140);
	liar.count_all = false;
	liar.ret = FNUMA_E_BUSY;
	fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(1), FNUMA_CONTENT_NOBODYS,
	                   results, &spent);
	assert_true(spent == 180);
	liar.spends = UINT64_MAX - 10;
	fnuma_backend_move(&be, dom, &page, 1, fnuma_node_of(1), FNUMA_CONTENT_KEEP, results,
	                   &spent);
	assert_true(spent == UINT64_MAX);
}

static void a_whole_domain_is_moved_where_it_was_asked(void **state)
{
	(void)state;
	liar.count_all = false;
	assert_int_equal(fnuma_backend_move_domain(&be, dom, fnuma_node_of(63)), FNUMA_OK);
	assert_int_equal(liar.to.id, 63);
}

/* Acquiring. */

static void acquired_pages_are_packed_and_freed_of_duplicates(void **state)
{
	static const struct fnuma_result says[9] = {
		DONE(1),                        /* 10: kept */
		NOT(0, FNUMA_E_NOMEM),          /* 11: not got */
		UNFILLED,                       /* 12: kept, node unknown */
		DUNNO,                          /* 13: perhaps somebody else's */
		DONE(0),                        /* 10 again */
		{88, {0}, 0},                   /* 14: nonsense */
		DONE(64),                       /* 15: kept, node unknown */
		{FNUMA_DONE, {0}, FNUMA_E_BUSY}, /* 16: contradicts itself */
		DONE(0),                        /* no frame */
	};
	static const uint32_t frames[9] = {10, 11, 12, 13, 10, 14, 15, 16, UINT32_MAX};
	static const uint32_t kept[6] = {10, 12, 13, 14, 15, 16};
	static const struct fnuma_result expected[6] = {
		DONE(1), DONE(U), LOST(U), LOST(U), DONE(U), LOST(U),
	};
	fnuma_gfn pages[9];
	uint32_t i;

	(void)state;
	for (i = 0; i < 9; i++)
		liar.frames[i].n = frames[i];
	memcpy(liar.says, says, sizeof(says));
	liar.says_n = 9;
	assert_int_equal(fnuma_backend_acquire(&be, dom, pages, 9, results), 6);
	for (i = 0; i < 6; i++) {
		assert_int_equal(pages[i].n, kept[i]);
		check_page(&results[i], &expected[i]);
	}
}

static void fewer_acquired_than_asked_leaves_the_rest_out(void **state)
{
	fnuma_gfn pages[4];

	(void)state;
	liar.count_all = false;
	liar.ret = 2;
	assert_int_equal(fnuma_backend_acquire(&be, dom, pages, 4, results), 2);
	assert_true(liar.arrived_unfilled);
	liar.ret = 0;
	assert_int_equal(fnuma_backend_acquire(&be, dom, pages, 4, results), 0);
}

/* Probing. */

static void a_probe_on_request_answers_every_page(void **state)
{
	const struct fnuma_result done = DONE(1), lost = LOST(U), gone = NOT(N, FNUMA_E_GONE);
	fnuma_gfn pages[2];

	(void)state;
	fill_frames(pages, 2);
	liar.probe_says = done;
	liar.probe_ret = 1;
	assert_int_equal(call_op(OP_PROBE, pages, 2), 2);
	check_page(&results[0], &done);
	check_page(&results[1], &lost);
	bind_without(FNUMA_CAP_PROBE);
	liar.nodes[0] = fnuma_node_none();
	liar.nodes[1].id = 1;
	liar.nodes_n = 2;
	assert_int_equal(call_op(OP_PROBE, pages, 2), 2);
	check_page(&results[0], &gone);
	check_page(&results[1], &done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_lie_about_a_moved_page_is_settled_by_a_probe),
		TEST(a_probe_tells_where_a_doubtful_flip_is_but_not_whether_it_happened),
		TEST(a_doubtful_release_is_done_only_if_there_is_no_page_left),
		TEST(page_nodes_serve_as_the_probe_where_there_is_none),
		TEST(without_any_probe_doubtful_pages_are_lost_track_of),
		TEST(a_probe_that_fails_or_miscounts_settles_nothing),
		TEST(an_impossible_count_puts_every_page_in_doubt),
		TEST(pages_beyond_a_short_count_were_not_attempted),
		TEST(a_page_claimed_beyond_the_count_is_in_doubt),
		TEST(an_error_with_a_page_claimed_is_not_taken_for_nothing_attempted),
		TEST(a_full_batch_of_doubt_is_settled_in_one_probe_in_order),
		TEST(each_page_in_doubt_gets_its_own_answer),
		TEST(content_nobody_needs_takes_the_cheap_move_where_there_is_one),
		TEST(time_spent_adds_up_and_stops_at_the_largest_value),
		TEST(a_whole_domain_is_moved_where_it_was_asked),
		TEST(acquired_pages_are_packed_and_freed_of_duplicates),
		TEST(fewer_acquired_than_asked_leaves_the_rest_out),
		TEST(a_probe_on_request_answers_every_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
