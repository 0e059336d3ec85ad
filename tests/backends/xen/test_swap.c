/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <string.h>

#define N FNUMA_BATCH_MAX

static struct fnuma_result r[N];

static uint32_t with_reason(int reason)
{
	uint32_t i, n = 0;

	for (i = 0; i < N; i++)
		n += r[i].outcome == FNUMA_NOT_DONE && r[i].reason == reason;
	return n;
}

static void pages_move_with_their_content_and_nothing_is_left_over(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	assert_int_equal(fixture_move(&t, 100, N, 0, r), N);
	assert_int_equal(r[N - 1].node.id, 0);
	assert_int_equal(fake_count(t.f, GUEST, 0), N);
	assert_int_equal(fake_node(t.f, GUEST, 100), 0);
	assert_int_equal(fake_node(t.f, GUEST, 99), 1);
	fake_check(t.f);
	assert_int_equal(fixture_move(&t, 100, N, 1, r), N);
	assert_int_equal(fake_count(t.f, GUEST, 0), 0);
	fake_check(t.f);
	fixture_close(&t);
}

static void pages_moved_are_marked_for_a_migration_that_may_begin(void **state)
{
	struct fixture t;
	uint32_t i;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	assert_int_equal(fixture_move(&t, 100, N, 0, r), N);
	for (i = 0; i < 300; i++)
		assert_int_equal(t.f->dom[GUEST].dirty[i], i >= 100 && i < 100 + N);
	fixture_close(&t);
}

static void pages_that_nobody_lists_stay(void **state)
{
	struct fnuma_xen_stats stats;
	struct fixture t;
	uint64_t before;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 10);
	assert_int_equal(fixture_move(&t, 100, N, 0, r), 10);
	assert_int_equal(with_reason(FNUMA_E_DENIED), N - 10);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.unlisted_pages, N - 10);
	assert_int_equal(stats.moved_pages, 10);
	assert_int_equal(fixture_move(&t, 200, N, 0, r), 0);
	before = stats.pauses;
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.pauses, before); /* not even a pause */
	fake_check(t.f);
	fixture_close(&t);
}

static void pages_no_longer_allowed_stay(void **state)
{
	fnuma_gfn page = {100};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 2);
	assert_int_equal(fnuma_xen_allow(t.x, t.d, &page, 1, false), FNUMA_OK);
	assert_int_equal(fixture_move(&t, 100, 2, 0, r), 1);
	assert_int_equal(r[0].reason, FNUMA_E_DENIED);
	fixture_close(&t);
}

static void pages_of_xens_own_and_holes_stay(void **state)
{
	struct fixture t;
	uint32_t mfn;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 3);
	mfn = t.f->dom[GUEST].p2m[101] - 1;
	t.f->mfn[mfn].special = true;
	t.f->dom[GUEST].p2m[102] = 0;
	assert_int_equal(fixture_move(&t, 100, 3, 0, r), 1);
	assert_int_equal(r[1].reason, FNUMA_E_GONE);
	assert_int_equal(r[2].reason, FNUMA_E_GONE);
	assert_int_equal(t.f->dom[GUEST].p2m[101], mfn + 1);
	fixture_close(&t);
}

static void a_held_page_is_noticed_and_the_domain_is_stopped_loudly(void **state)
{
	struct fnuma_xen_domain_stats domain;
	struct fnuma_xen_stats stats;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->mfn[t.f->dom[GUEST].p2m[101] - 1].refs++;
	fixture_move(&t, 100, N, 0, r);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.pinned_pages, 1);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &domain), FNUMA_OK);
	assert_true(domain.stopped);
	assert_int_equal(t.sayings, 1);
	assert_non_null(strstr(t.said, "held"));
	/* Found in the first, smallest pause: the rest was not touched. */
	assert_true(stats.moved_pages < N / 2);
	assert_int_equal(with_reason(FNUMA_E_PINNED), N - stats.moved_pages);
	assert_int_equal(fixture_move(&t, 140, 1, 0, r), FNUMA_E_PINNED);
	fake_check_held(t.f, 1);
	fixture_close(&t);
}

static void a_page_that_an_earlier_batch_held_is_not_counted_again(void **state)
{
	struct fnuma_xen_stats stats;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->dom[GUEST].tot_pages++; /* an orphan from before */
	assert_int_equal(fixture_move(&t, 100, N, 0, r), N);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.pinned_pages, 0);
	t.f->dom[GUEST].tot_pages--;
	fixture_close(&t);
}

static void a_full_node_takes_what_it_has_room_for(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N + 10);
	fake_leave(t.f, 0, 8 + 10); /* of which 8 are the floor */
	assert_int_equal(fixture_move(&t, 100, N, 0, r), 10);
	assert_int_equal(with_reason(FNUMA_E_NOMEM), N - 10);
	fake_check(t.f);
	assert_int_equal(fixture_move(&t, 110, N, 0, r), 0);
	assert_int_equal(with_reason(FNUMA_E_NOMEM), N);
	fake_check(t.f);
	fixture_close(&t);
}

/* The room was gone before the pages were asked for. */
static void take_all(struct fake *f, const char *op)
{
	if (strcmp(op, "populate") == 0)
		fake_leave(f, 0, 2);
}

static void pages_that_xen_cannot_give_after_all_are_out_of_memory(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->before = take_all;
	assert_int_equal(fixture_move(&t, 100, N, 0, r), 2);
	assert_int_equal(with_reason(FNUMA_E_NOMEM), N - 2);
	fake_check(t.f);
	fixture_close(&t);
}

static void a_call_that_claims_success_and_says_nothing_has_failed(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	t.f->fail_op = "swap";
	t.f->fail_in = 1;
	t.f->fail_silently = true;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 0);
	assert_int_equal(r[0].outcome, FNUMA_NOT_DONE);
	assert_int_equal(r[0].reason, FNUMA_E_NOT_TRIED);
	fake_check(t.f);
	fixture_close(&t);
}

static void a_swap_done_to_the_half_is_known_page_by_page(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	t.f->fail_op = "swap";
	t.f->fail_in = 1;
	t.f->fail_errno = EFAULT;
	t.f->fail_half = true;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 2);
	assert_int_equal(r[1].outcome, FNUMA_DONE);
	assert_int_equal(r[2].outcome, FNUMA_NOT_DONE);
	assert_int_equal(fake_node(t.f, GUEST, 102), 1);
	fake_check(t.f);
	fixture_close(&t);
}

static void destroy_guest(struct fake *f, const char *op)
{
	if (f->cookie && strcmp(op, f->cookie) == 0)
		fake_destroy(f, GUEST);
}

/* Whatever was being done, a guest that goes away takes nothing of ours with it. */
static void a_guest_destroyed_in_mid_batch_is_gone(void **state)
{
	static const char *const ops[] = {"own", "set_max", "populate", "pause", "look", "map",
	                                  "swap", "mark_dirty", "info", "unmap", "unpause", "give_back"};
	struct fixture t;
	uint32_t i, k;

	(void)state;
	for (k = 0; k < sizeof(ops) / sizeof(ops[0]); k++) {
		fixture_open(&t);
		fixture_allow(&t, 100, N);
		t.f->before = destroy_guest;
		t.f->cookie = (void *)(uintptr_t)ops[k];
		fixture_move(&t, 100, N, 0, r);
		for (i = 0; i < FAKE_MAPS; i++)
			assert_null(t.f->map[i].at);
		if (!t.f->dom[GUEST].there) /* give_back: nothing was left over */
			assert_int_equal(fnuma_backend_alive(&t.be, t.d), FNUMA_E_GONE);
		assert_int_equal(fnuma_xen_recover(t.x), 0);
		fixture_close(&t);
	}
}

static void scratch_frames_that_the_guest_uses_are_left_alone(void **state)
{
	struct fnuma_xen_domain_stats s;
	struct fixture t;
	fnuma_gfn gfn;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	gfn = fnuma_gfn_of(s.scratch_gfn + 1);
	assert_int_equal(fake_calls.populate(t.f, 1, &gfn, 1, fnuma_node_of(1)), 1);
	assert_int_equal(fixture_move(&t, 100, N, 0, r), N);
	assert_int_equal(fake_node(t.f, GUEST, gfn.n), 1);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	assert_true(s.scratch_gfn > gfn.n);
	assert_int_equal(fake_calls.give_back(t.f, 1, &gfn, 1), 1);
	fake_check(t.f);
	fixture_close(&t);
}

static void change_limit(struct fake *f, const char *op)
{
	struct fake_domain *d = &f->dom[GUEST];

	if (strcmp(op, "swap") == 0 && d->max_pages > GUEST_FRAMES + GUEST_SLACK)
		d->max_pages = 5000; /* while it is raised */
}

static void a_limit_that_somebody_changes_meanwhile_stays_theirs(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->before = change_limit;
	assert_int_equal(fixture_move(&t, 100, N, 0, r), N);
	assert_int_equal(t.f->dom[GUEST].max_pages, 5000);
	fixture_close(&t);
}

/* Somebody else's pause, in the moment in which ours fails. */
static void pause_too(struct fake *f, const char *op)
{
	if (strcmp(op, "pause") == 0)
		f->dom[GUEST].pauses = 1;
}

static void a_pause_that_failed_is_not_undone_on_another(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->before = pause_too;
	t.f->fail_op = "pause";
	t.f->fail_in = 1;
	t.f->fail_errno = EBUSY;
	assert_int_equal(fixture_move(&t, 100, N, 0, r), 0);
	assert_int_equal(t.f->dom[GUEST].pauses, 1);
	t.f->dom[GUEST].pauses = 0;
	fake_check(t.f);
	fixture_close(&t);
}

static void say_nothing_in_the_pause(struct fake *f, const char *op)
{
	if (strcmp(op, "info") != 0 || !f->dom[GUEST].pauses || f->cookie)
		return;
	f->fail_op = "info";
	f->fail_in = 1;
	f->fail_errno = EPERM;
}

static void a_guest_whose_pages_cannot_be_counted_is_stopped(void **state)
{
	struct fnuma_xen_domain_stats domain;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->before = say_nothing_in_the_pause;
	fixture_move(&t, 100, N, 0, r);
	t.f->cookie = &t;
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &domain), FNUMA_OK);
	assert_true(domain.stopped);
	assert_non_null(strstr(t.said, "does not say"));
	assert_int_equal(fixture_move(&t, 140, 1, 0, r), FNUMA_E_PINNED);
	fake_check(t.f);
	fixture_close(&t);
}

static void a_migration_noticed_after_a_batch_stops_the_next(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 4);
	t.f->dom[GUEST].log_dirty = true;
	assert_int_equal(fixture_move(&t, 104, 4, 0, r), 4); /* begun in between, and told */
	assert_int_equal(t.f->dom[GUEST].dirty[107], 1);
	assert_int_equal(fixture_move(&t, 108, 4, 0, r), FNUMA_E_BUSY);
	fixture_close(&t);
}

static void crash(struct fake *f, const char *op)
{
	if (strcmp(op, "pause") == 0)
		f->dom[GUEST].shutdown = true;
}

static void a_guest_that_ends_just_before_the_pause_is_left_alone(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	t.f->before = crash;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_BUSY);
	fake_check(t.f);
	fixture_close(&t);
}

/* A frame that cannot be mapped though it has a page. */
static void hide_page(struct fake *f, const char *op)
{
	f->unmappable = strcmp(op, "map") == 0 ? f->dom[GUEST].p2m[101] : 0;
}

static void a_page_that_cannot_be_mapped_stays_and_the_others_move_with_their_content(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	t.f->before = hide_page;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 3);
	assert_int_equal(r[1].reason, FNUMA_E_GONE);
	assert_int_equal(fake_node(t.f, GUEST, 101), 1);
	fake_check(t.f);
	fixture_close(&t);
}

/* Xen takes the old page away, and then fails to put the new one there. */
static void a_hole_that_xen_leaves_is_filled_at_once(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	t.f->holes = 1;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 4);
	assert_int_equal(fake_node(t.f, GUEST, 100), 0);
	fake_check(t.f);
	fixture_close(&t);
}

static void the_content_of_a_hole_that_stays_is_kept_and_it_is_said_where(void **state)
{
	struct fnuma_xen_domain_stats before, after;
	struct fixture t;
	fnuma_gfn from, to = {100};
	struct xen_after seen;
	int err = 1;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &before), FNUMA_OK);
	t.f->holes = 2;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 3);
	assert_int_equal(r[0].reason, FNUMA_E_GONE); /* nobody has it now */
	assert_non_null(strstr(t.said, "is kept"));
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &after), FNUMA_OK);
	assert_true(after.stopped);
	assert_int_equal(after.scratch_gfn, before.scratch_gfn + FNUMA_BATCH_MAX);
	assert_int_equal(fnuma_xen_recover(t.x), 0); /* does not clear it away */
	from = fnuma_gfn_of(before.scratch_gfn);
	t.f->dom[GUEST].pauses = 1;
	assert_int_equal(fake_calls.swap(t.f, 1, &from, &to, 1, &err, &seen), 0); /* by hand */
	t.f->dom[GUEST].pauses = 0;
	fake_check(t.f);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_move_with_their_content_and_nothing_is_left_over),
		cmocka_unit_test(pages_moved_are_marked_for_a_migration_that_may_begin),
		cmocka_unit_test(pages_that_nobody_lists_stay),
		cmocka_unit_test(pages_no_longer_allowed_stay),
		cmocka_unit_test(pages_of_xens_own_and_holes_stay),
		cmocka_unit_test(a_held_page_is_noticed_and_the_domain_is_stopped_loudly),
		cmocka_unit_test(a_page_that_an_earlier_batch_held_is_not_counted_again),
		cmocka_unit_test(a_full_node_takes_what_it_has_room_for),
		cmocka_unit_test(pages_that_xen_cannot_give_after_all_are_out_of_memory),
		cmocka_unit_test(a_call_that_claims_success_and_says_nothing_has_failed),
		cmocka_unit_test(a_swap_done_to_the_half_is_known_page_by_page),
		cmocka_unit_test(a_guest_destroyed_in_mid_batch_is_gone),
		cmocka_unit_test(scratch_frames_that_the_guest_uses_are_left_alone),
		cmocka_unit_test(a_limit_that_somebody_changes_meanwhile_stays_theirs),
		cmocka_unit_test(a_pause_that_failed_is_not_undone_on_another),
		cmocka_unit_test(a_guest_whose_pages_cannot_be_counted_is_stopped),
		cmocka_unit_test(a_migration_noticed_after_a_batch_stops_the_next),
		cmocka_unit_test(a_guest_that_ends_just_before_the_pause_is_left_alone),
		cmocka_unit_test(a_page_that_cannot_be_mapped_stays_and_the_others_move_with_their_content),
		cmocka_unit_test(a_hole_that_xen_leaves_is_filled_at_once),
		cmocka_unit_test(the_content_of_a_hole_that_stays_is_kept_and_it_is_said_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
