/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The mover killed at every step, one by one; its successor too. */
#define _GNU_SOURCE
#include "fake.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 40u /* several pauses, with and without a raised limit */
#define KILLED 9

static uint64_t die_at; /* in the child */

static void die(void *cookie, const char *name, uint64_t number)
{
	(void)cookie, (void)name;
	if (number == die_at)
		_exit(KILLED);
}

/* A daemon's life: recover, attach, move, move back. */
static void live(struct fixture *t)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn pages[N];
	uint32_t i;

	fixture_config(t, &config);
	config.step = die;
	config.say = NULL;
	for (i = 0; i < N; i++)
		pages[i] = fnuma_gfn_of(100 + i);
	if (xen_open_with(&fake_calls, t->f, &config, &t->x) ||
	    fnuma_xen_backend(t->x, &t->be) || fnuma_xen_attach(t->x, &domain, &t->d) ||
	    fnuma_xen_allow(t->x, t->d, pages, N, true) ||
	    fnuma_backend_move(&t->be, t->d, pages, N, fnuma_node_of(0), FNUMA_CONTENT_KEEP, r,
	                       NULL) != (int)N)
		_exit(1);
	fnuma_xen_close(t->x);
	_exit(0);
}

/* Lives until step `at`. True if it was killed there, false if it lived to the end. */
static bool lives_until(struct fixture *t, uint64_t at)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		die_at = at;
		live(t);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
	fake_process_died(t->f);
	return WEXITSTATUS(status) == KILLED;
}

static void start(struct fixture *t)
{
	fixture_open(t);
	fnuma_xen_close(t->x);
}

static void killed_at_any_step_nothing_is_lost_and_nothing_left_over(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;
	uint64_t at = 0;
	bool killed = true;

	(void)state;
	while (killed) {
		start(&t);
		killed = lives_until(&t, ++at);
		fixture_reopen(&t);
		fake_check(t.f);
		fixture_allow(&t, 100, N);
		assert_int_equal(fixture_move(&t, 100, N, 0, r), N);
		fake_check(t.f);
		fixture_close(&t);
	}
	assert_true(at > 60); /* more than one pause */
}

/* The second is killed at each of its first steps, in which it cleans up. */
static void killed_while_cleaning_up_the_third_finishes(void **state)
{
	struct fixture t;
	uint64_t at, second;

	(void)state;
	for (at = 10; at < 50; at += 5) {
		for (second = 1; second < 16; second++) {
			start(&t);
			lives_until(&t, at);
			lives_until(&t, second);
			fixture_reopen(&t);
			fake_check(t.f);
			fixture_close(&t);
		}
	}
}

static void a_guest_that_died_meanwhile_is_forgotten(void **state)
{
	struct fnuma_xen_stats stats;
	struct fnuma_xen_config config;
	struct fixture t;

	(void)state;
	start(&t);
	assert_true(lives_until(&t, 30));
	fake_destroy(t.f, GUEST);
	fixture_config(&t, &config);
	assert_int_equal(xen_open_with(&fake_calls, t.f, &config, &t.x), FNUMA_OK);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.recovered, 1);
	fixture_close(&t);
}

/* The last step before the guest is paused is the journal's. */
static uint64_t step_before_pausing;

static void look_for_populate(void *cookie, const char *name, uint64_t number)
{
	(void)cookie;
	if (strcmp(name, "populate") == 0 && !step_before_pausing)
		step_before_pausing = number + 1;
}

static void a_pause_that_cannot_be_ours_is_left_alone(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fnuma_xen_config config;
	struct fixture t;

	(void)state;
	start(&t);
	fixture_config(&t, &config);
	config.step = look_for_populate;
	config.say = NULL;
	assert_int_equal(xen_open_with(&fake_calls, t.f, &config, &t.x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t.x, &t.be), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	fixture_allow(&t, 100, 1);
	assert_int_equal(fixture_move(&t, 100, 1, 1, r), 1);
	fnuma_xen_close(t.x);
	assert_true(lives_until(&t, step_before_pausing));
	t.f->dom[GUEST].pauses = 1; /* the administrator's */
	fixture_reopen(&t);
	assert_int_equal(t.f->dom[GUEST].pauses, 1);
	t.f->dom[GUEST].pauses = 0;
	fake_check(t.f);
	fixture_close(&t);
}

/* Another domain of that number is not touched. */
static void a_domid_used_again_is_another_domain(void **state)
{
	struct fnuma_xen_config config;
	struct fixture t;

	(void)state;
	start(&t);
	assert_true(lives_until(&t, 30));
	fake_destroy(t.f, GUEST);
	assert_int_equal(fake_add(t.f, 1, true, GUEST_FRAMES, 1), GUEST);
	t.f->dom[GUEST].uuid[0] = 0xff;
	t.f->dom[GUEST].pauses = 1; /* somebody's */
	fixture_config(&t, &config);
	assert_int_equal(xen_open_with(&fake_calls, t.f, &config, &t.x), FNUMA_OK);
	assert_int_equal(t.f->dom[GUEST].pauses, 1);
	t.f->dom[GUEST].pauses = 0;
	fake_check(t.f);
	fixture_close(&t);
}

/* Each call of Xen fails once, wherever it comes, in every way. The guest is unharmed; and
 * what could not be cleaned up then can be afterwards. */
static void fail_at(uint32_t at, int error, bool half, bool *reached)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;
	int i, moved, done = 0;

	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->fail_in = at;
	t.f->fail_errno = error;
	t.f->fail_half = half;
	moved = fixture_move(&t, 100, N, 0, r);
	*reached = !t.f->fail_in;
	t.f->fail_in = 0;
	assert_true(fnuma_xen_recover(t.x) >= 0);
	fake_check(t.f);
	for (i = 0; moved > 0 && i < (int)N; i++) {
		bool there = fake_node(t.f, GUEST, 100 + (uint32_t)i) == 0;

		if (r[i].outcome != FNUMA_UNKNOWN)
			assert_int_equal(there, r[i].outcome == FNUMA_DONE);
		done += there;
	}
	assert_true(moved <= done);
	fixture_close(&t);
}

static void a_call_that_fails_harms_nobody(void **state)
{
	static const int errors[] = {EINVAL, ENOMEM, EBUSY};
	uint32_t i, at;
	bool reached = true;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		for (at = 1, reached = true; reached; at++)
			fail_at(at, errors[i], i % 2, &reached);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_step_nothing_is_lost_and_nothing_left_over),
		cmocka_unit_test(killed_while_cleaning_up_the_third_finishes),
		cmocka_unit_test(a_guest_that_died_meanwhile_is_forgotten),
		cmocka_unit_test(a_pause_that_cannot_be_ours_is_left_alone),
		cmocka_unit_test(a_domid_used_again_is_another_domain),
		cmocka_unit_test(a_call_that_fails_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
