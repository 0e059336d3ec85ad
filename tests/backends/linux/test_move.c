/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake_kernel.h"

#define N 16u

static void fill(fnuma_gfn *pages, uint32_t first, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of(first + i);
}

static int move(struct fixture *f, uint32_t first, uint32_t n, uint32_t to,
                struct fnuma_result *results)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];

	fill(pages, first, n);
	return fnuma_backend_move(&f->be, f->domain, pages, n, fnuma_node_of(to),
	                          FNUMA_CONTENT_KEEP, results, NULL);
}

static void assert_not_done(struct fnuma_result r, int reason)
{
	assert_int_equal(r.outcome, FNUMA_NOT_DONE);
	assert_int_equal(r.reason, reason);
}

static void pages_move_with_one_call(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t i;

	(void)state;
	fixture_start(&f);
	assert_int_equal(move(&f, 100, N, 2, r), N);
	assert_int_equal(f.k.moves, 1);
	assert_int_equal(f.k.last_pid, FAKE_PID);
	for (i = 0; i < N; i++) {
		assert_int_equal(f.k.node[100 + i], 2);
		assert_int_equal(r[i].node.id, 2);
	}
	assert_int_equal(f.k.node[99], 0);
	assert_int_equal(f.k.node[100 + N], 0);
	fixture_end(&f);
}

static void a_page_that_is_there_already_is_done(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.node[3] = f.k.node[4] = 1;
	assert_int_equal(move(&f, 0, N, 1, r), N);
	fixture_end(&f);
}

/* What the kernel can say of one page, and what it means. */
static const struct {
	int answer, reason;
} answers[] = {
	{-ENOENT, FNUMA_E_GONE}, {-EFAULT, FNUMA_E_GONE}, {-EACCES, FNUMA_E_PINNED},
	{-EBUSY, FNUMA_E_BUSY}, {-EIO, FNUMA_E_BUSY}, {-EAGAIN, FNUMA_E_BUSY},
	{-EINVAL, FNUMA_E_BUSY}, {-ENOMEM, FNUMA_E_NOMEM}, {-EPERM, FNUMA_E_DENIED},
	{-EHWPOISON, FNUMA_E_PINNED}, {-ENOTTY, FNUMA_E_BACKEND},
};

static void each_answer_of_a_page_is_translated_and_the_others_move(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		fixture_start(&f);
		f.k.busy[5] = answers[i].answer == -EBUSY; /* it can still say where it is */
		if (!f.k.busy[5])
			f.k.node[5] = answers[i].answer;
		assert_int_equal(move(&f, 0, N, 1, r), N - 1);
		assert_not_done(r[5], answers[i].reason);
		for (j = 0; j < N; j++)
			if (j != 5)
				assert_int_equal(f.k.node[j], 1);
		fixture_end(&f);
	}
}

static void a_page_that_stays_leaves_the_outcome_of_its_neighbours_known(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.stuck[7] = true;
	assert_int_equal(move(&f, 0, N, 1, r), N - 1);
	assert_not_done(r[7], FNUMA_E_BUSY);
	assert_int_equal(r[7].node.id, 0);
	assert_int_equal(r[8].node.id, 1);
	fixture_end(&f);
}

static void pages_behind_the_place_where_the_kernel_stopped_are_tried_again(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.stuck[2] = true;
	f.k.node[5] = FAKE_ABSENT; /* the kernel stops here: page 2 stayed */
	f.k.stuck[9] = true;
	f.k.node[11] = FAKE_ABSENT;
	assert_int_equal(move(&f, 0, N, 1, r), N - 4);
	assert_not_done(r[2], FNUMA_E_BUSY);
	assert_not_done(r[5], FNUMA_E_GONE);
	assert_not_done(r[9], FNUMA_E_BUSY);
	assert_not_done(r[11], FNUMA_E_GONE);
	assert_int_equal(f.k.node[N - 1], 1);
	assert_int_equal(f.k.moves, 3);
	fixture_end(&f);
}

static void a_full_node_takes_what_it_can(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t i, done = 0;

	(void)state;
	fixture_start(&f);
	f.k.free_pages[1] = 6;
	assert_int_equal(move(&f, 0, N, 1, r), 6);
	for (i = 0; i < N; i++) {
		done += r[i].outcome == FNUMA_DONE;
		if (r[i].outcome != FNUMA_DONE)
			assert_not_done(r[i], FNUMA_E_NOMEM);
	}
	assert_int_equal(done, 6);
	fixture_end(&f);
}

static void a_full_node_is_let_be_until_more_is_free(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t moves, i;

	(void)state;
	fixture_start(&f);
	f.k.free_pages[1] = 0;
	assert_int_equal(move(&f, 0, N, 1, r), 0);
	moves = f.k.moves;
	f.k.free_pages[1] = 10; /* hardly worth it */
	f.k.node[3] = 1;
	for (i = 0; i < 16; i++) {
		assert_int_equal(move(&f, 0, N, 1, r), 1);
		assert_int_equal(r[3].outcome, FNUMA_DONE); /* it is there already */
		assert_not_done(r[4], FNUMA_E_NOMEM);
	}
	assert_int_equal(f.k.moves, moves);
	assert_int_equal(move(&f, 32, N, 1, r), 10); /* now and then all the same */
	assert_int_equal(move(&f, 64, N, 1, r), 0);
	moves = f.k.moves;
	assert_int_equal(move(&f, 64, N, 2, r), N); /* other nodes are not full */
	f.k.free_pages[1] = 1000;
	assert_int_equal(move(&f, 0, N, 1, r), N);
	assert_int_equal(f.k.moves, moves + 2);
	fixture_end(&f);
}

static void a_huge_page_moves_whole_and_counts_for_each_of_its_frames(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t i;

	(void)state;
	fixture_start(&f);
	for (i = 512; i < 1024; i++)
		f.k.huge[i] = 512;
	assert_int_equal(move(&f, 504, N, 3, r), N);
	for (i = 504; i < 1024; i++)
		assert_int_equal(f.k.node[i], 3);
	assert_int_equal(f.k.node[503], 0);
	assert_int_equal(f.k.node[1024], 0);
	fixture_end(&f);
}

/* All of the process's memory, in pages of hugetlbfs. */
static void make_hugetlb(struct fixture *f)
{
	uint32_t i;

	fake_set(&f->k, "/proc/4711/numa_maps",
	         "7f0000000000 default file=/x huge dirty=4 N0=4 kernelpagesize_kB=2048\n", 0);
	for (i = 0; i < FAKE_PAGES; i++)
		f->k.huge[i] = (int)(i / 512 * 512);
	f->k.hugetlb = true;
}

static void a_page_of_hugetlbfs_is_named_by_its_first_frame(void **state)
{
	struct fnuma_linux_target target = {.pid = FAKE_PID};
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_open(&f);
	make_hugetlb(&f);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_OK);
	assert_int_equal(move(&f, 600, N, 2, r), N);
	assert_int_equal(f.k.node[511], 0);
	assert_int_equal(f.k.node[512], 2);
	assert_int_equal(f.k.node[1023], 2);
	assert_int_equal(f.k.node[1024], 0);
	fixture_end(&f);
}

static void a_range_that_begins_inside_a_page_of_hugetlbfs_moves_it_whole(void **state)
{
	const struct fnuma_linux_range range = {FAKE_BASE + 256 * 4096, 512 * 4096};
	const struct fnuma_linux_target chosen = {.pid = FAKE_PID, .ranges = &range,
	                                          .kind = FNUMA_LINUX_RANGES, .n_ranges = 1};
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_open(&f);
	make_hugetlb(&f);
	assert_int_equal(fixture_attach(&f, &chosen), FNUMA_OK);
	assert_int_equal(move(&f, 256 - N / 2, N, 2, r), N);
	assert_int_equal(f.k.node[0], 2);
	assert_int_equal(f.k.node[1023], 2);
	assert_int_equal(f.k.node[1024], 0);
	fixture_end(&f);
}

/* As a policy for a part of it does. */
static void pages_of_hugetlbfs_of_which_a_mapping_was_split_move_whole(void **state)
{
	const struct fnuma_linux_range range = {FAKE_BASE, FAKE_PAGES * 4096};
	const struct fnuma_linux_target chosen = {.pid = FAKE_PID, .ranges = &range,
	                                          .kind = FNUMA_LINUX_RANGES, .n_ranges = 1};
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_open(&f);
	make_hugetlb(&f);
	fake_set(&f.k, "/proc/4711/maps",
	         "7f0000000000-7f0000400000 rw-s 00000000 00:10 7 /x\n"
	         "7f0000400000-7f0000800000 rw-s 00400000 00:10 7 /x\n", 0);
	fake_set(&f.k, "/proc/4711/numa_maps",
	         "7f0000000000 bind:0 file=/x huge dirty=2 N0=2 kernelpagesize_kB=2048\n"
	         "7f0000400000 bind:1 file=/x huge dirty=2 N0=2 kernelpagesize_kB=2048\n", 0);
	assert_int_equal(fixture_attach(&f, &chosen), FNUMA_OK);
	assert_int_equal(move(&f, 1700, N, 2, r), N);
	assert_int_equal(f.k.node[1535], 0);
	assert_int_equal(f.k.node[1536], 2);
	assert_int_equal(f.k.node[2047], 2);
	fixture_end(&f);
}

static void small_pages_mapped_where_huge_ones_were_move_each_by_itself(void **state)
{
	struct fnuma_linux_target target = {.pid = FAKE_PID};
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t i;

	(void)state;
	fixture_open(&f);
	make_hugetlb(&f);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_OK);
	fake_set(&f.k, "/proc/4711/numa_maps", "7f0000000000 default anon=2048 N0=2048\n", 0);
	f.k.hugetlb = false;
	for (i = 0; i < FAKE_PAGES; i++)
		f.k.huge[i] = -1;
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), 0);
	assert_int_equal(move(&f, 600, N, 2, r), N);
	assert_int_equal(f.k.node[512], 0);
	for (i = 600; i < 600 + N; i++)
		assert_int_equal(f.k.node[i], 2);
	fixture_end(&f);
}

static void a_page_shared_with_others_stays_unless_the_range_was_chosen(void **state)
{
	const struct fnuma_linux_range range = {FAKE_BASE, N * 4096};
	const struct fnuma_linux_target chosen = {.pid = FAKE_PID, .ranges = &range,
	                                          .kind = FNUMA_LINUX_RANGES, .n_ranges = 1};
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.shared[3] = true;
	assert_int_equal(move(&f, 0, N, 1, r), N - 1);
	assert_not_done(r[3], FNUMA_E_PINNED);
	assert_int_equal(fixture_attach(&f, &chosen), FNUMA_OK);
	assert_int_equal(move(&f, 0, N, 1, r), N);
	assert_int_equal(f.k.last_flags, MPOL_MF_MOVE_ALL);
	fixture_end(&f);
}

/* What the kernel can say to a call, and what it means. */
static const struct {
	int answer, error;
} refusals[] = {
	{-ESRCH, FNUMA_E_GONE}, {-EINVAL, FNUMA_E_GONE}, {-EPERM, FNUMA_E_DENIED},
	{-EACCES, FNUMA_E_DENIED}, {-ENODEV, FNUMA_E_RANGE}, {-EINTR, FNUMA_E_BUSY},
	{-ENOSYS, FNUMA_E_NOTSUP}, {-EFAULT, FNUMA_E_BACKEND}, {-E2BIG, FNUMA_E_BACKEND},
};

static void each_refusal_of_a_call_is_translated_and_nothing_moves(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		fixture_start(&f);
		f.k.move_error = refusals[i].answer;
		assert_int_equal(move(&f, 0, N, 1, r), refusals[i].error);
		assert_int_equal(f.k.node[0], 0);
		fixture_end(&f);
	}
}

static void a_refused_query_after_a_move_leaves_pages_unknown(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.stuck[7] = true;
	f.k.query_error = -EPERM;
	assert_int_equal(move(&f, 0, N, 1, r), 0);
	assert_int_equal(r[0].outcome, FNUMA_UNKNOWN);
	fixture_end(&f);
}

static void a_node_that_the_host_lacks_is_refused_without_a_call(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	assert_int_equal(move(&f, 0, N, FAKE_NODES, r), FNUMA_E_RANGE);
	assert_int_equal(f.k.moves, 0);
	fixture_end(&f);
}

static void a_node_unplugged_in_mid_batch_keeps_what_had_moved(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t i;

	(void)state;
	fixture_start(&f);
	f.k.unplug_after = 6;
	assert_int_equal(move(&f, 0, N, 3, r), 6);
	for (i = 0; i < N; i++)
		assert_int_equal(r[i].outcome, i < 6 ? FNUMA_DONE : FNUMA_NOT_DONE);
	assert_not_done(r[6], FNUMA_E_RANGE);
	assert_int_equal(move(&f, 0, N, 3, r), 6);
	assert_int_equal(move(&f, 32, N, 3, r), FNUMA_E_RANGE);
	fixture_end(&f);
}

static void a_node_forbidden_to_the_process_is_denied(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.allowed = 0x3;
	assert_int_equal(move(&f, 0, N, 2, r), FNUMA_E_DENIED);
	fixture_end(&f);
}

static void a_process_that_ends_in_mid_batch_is_gone(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.dies_after = 6;
	assert_int_equal(move(&f, 0, N, 1, r), FNUMA_E_GONE);
	assert_int_equal(fnuma_backend_alive(&f.be, f.domain), FNUMA_E_GONE);
	fixture_end(&f);
}

static void a_zombie_is_gone(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.zombie = true;
	assert_int_equal(move(&f, 0, N, 1, r), FNUMA_E_GONE);
	fixture_end(&f);
}

static void a_reused_pid_is_never_asked(void **state)
{
	struct fnuma_result r[N];
	struct fixture f;
	uint32_t queries;

	(void)state;
	fixture_start(&f);
	queries = f.k.queries;
	f.k.reused = true; /* the pid is somebody's, the pidfd says nobody */
	assert_int_equal(move(&f, 0, N, 1, r), FNUMA_E_GONE);
	assert_int_equal(fnuma_backend_probe(&f.be, f.domain, &(fnuma_gfn){0}, 1, r),
	                 FNUMA_E_GONE);
	assert_int_equal(f.k.moves, 0);
	assert_int_equal(f.k.queries, queries);
	fixture_end(&f);
}

static void frames_beyond_the_domain_and_spare_ones_have_their_own_answers(void **state)
{
	const struct fnuma_linux_target target = {.pid = FAKE_PID, .spare_frames = 10};
	struct fnuma_result r[3];
	const fnuma_gfn pages[3] = {{FAKE_PAGES - 1}, {FAKE_PAGES + 9}, {FAKE_PAGES + 10}};
	struct fixture f;

	(void)state;
	fixture_open(&f);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_OK);
	assert_int_equal(fnuma_backend_move(&f.be, f.domain, pages, 3, fnuma_node_of(1),
	                                    FNUMA_CONTENT_KEEP, r, NULL), 1);
	assert_not_done(r[1], FNUMA_E_GONE);
	assert_not_done(r[2], FNUMA_E_RANGE);
	fixture_end(&f);
}

static void where_pages_are_is_told_page_by_page(void **state)
{
	const fnuma_gfn pages[5] = {{0}, {1}, {2}, {3}, {4}};
	fnuma_node nodes[5];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.node[1] = 3;
	f.k.node[2] = FAKE_ABSENT;
	f.k.node[3] = -EFAULT;
	f.k.node[4] = -EBUSY;
	assert_int_equal(fnuma_backend_page_nodes(&f.be, f.domain, pages, 5, nodes), 5);
	assert_int_equal(nodes[0].id, 0);
	assert_int_equal(nodes[1].id, 3);
	assert_int_equal(nodes[2].id, FNUMA_NODE_NONE_ID);
	assert_int_equal(nodes[3].id, FNUMA_NODE_NONE_ID);
	assert_int_equal(nodes[4].id, FNUMA_NODE_UNKNOWN_ID);
	fixture_end(&f);
}

static void time_spent_is_that_of_the_calls(void **state)
{
	fnuma_gfn pages[N];
	struct fnuma_result r[N];
	uint64_t spent = 5;
	struct fixture f;

	(void)state;
	fixture_start(&f);
	fill(pages, 0, N);
	assert_int_equal(fnuma_backend_move(&f.be, f.domain, pages, N, fnuma_node_of(1),
	                                    FNUMA_CONTENT_KEEP, r, &spent), N);
	assert_int_equal(spent, 1005);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_move_with_one_call),
		cmocka_unit_test(a_page_that_is_there_already_is_done),
		cmocka_unit_test(each_answer_of_a_page_is_translated_and_the_others_move),
		cmocka_unit_test(a_page_that_stays_leaves_the_outcome_of_its_neighbours_known),
		cmocka_unit_test(pages_behind_the_place_where_the_kernel_stopped_are_tried_again),
		cmocka_unit_test(a_full_node_takes_what_it_can),
		cmocka_unit_test(a_full_node_is_let_be_until_more_is_free),
		cmocka_unit_test(a_huge_page_moves_whole_and_counts_for_each_of_its_frames),
		cmocka_unit_test(a_page_of_hugetlbfs_is_named_by_its_first_frame),
		cmocka_unit_test(a_range_that_begins_inside_a_page_of_hugetlbfs_moves_it_whole),
		cmocka_unit_test(pages_of_hugetlbfs_of_which_a_mapping_was_split_move_whole),
		cmocka_unit_test(small_pages_mapped_where_huge_ones_were_move_each_by_itself),
		cmocka_unit_test(a_page_shared_with_others_stays_unless_the_range_was_chosen),
		cmocka_unit_test(each_refusal_of_a_call_is_translated_and_nothing_moves),
		cmocka_unit_test(a_refused_query_after_a_move_leaves_pages_unknown),
		cmocka_unit_test(a_node_that_the_host_lacks_is_refused_without_a_call),
		cmocka_unit_test(a_node_unplugged_in_mid_batch_keeps_what_had_moved),
		cmocka_unit_test(a_node_forbidden_to_the_process_is_denied),
		cmocka_unit_test(a_process_that_ends_in_mid_batch_is_gone),
		cmocka_unit_test(a_zombie_is_gone),
		cmocka_unit_test(a_reused_pid_is_never_asked),
		cmocka_unit_test(frames_beyond_the_domain_and_spare_ones_have_their_own_answers),
		cmocka_unit_test(where_pages_are_is_told_page_by_page),
		cmocka_unit_test(time_spent_is_that_of_the_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
