/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "fake.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGET "/local/domain/1/memory/target"

/* The guest's balloon driver: comes to its target, giving up the highest frames. */
static void guest_obeys(struct fake *f)
{
	struct fake_domain *d = &f->dom[GUEST];
	const uint64_t wanted = strtoull(fake_get(f, TARGET), NULL, 10) / 4;
	uint32_t node = d->affinity & 1 ? 0 : 1;
	fnuma_gfn gfn;

	while (d->tot_pages > wanted) {
		gfn = fnuma_gfn_of((uint32_t)d->tot_pages - 1);
		assert_int_equal(fake_calls.give_back(f, 1, &gfn, 1), 1);
	}
	while (d->tot_pages < wanted) {
		gfn = fnuma_gfn_of((uint32_t)d->tot_pages);
		assert_int_equal(fake_calls.populate(f, 1, &gfn, 1, fnuma_node_of(node)), 1);
	}
}

static void open_usual(struct fixture *t)
{
	fixture_open(t);
	fake_set(t->f, TARGET, "4096"); /* KiB: 1024 pages */
}

static void free_pages_are_replaced_by_the_nodes(void **state)
{
	struct fixture t;

	(void)state;
	open_usual(&t);
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, false), 0);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 100), FNUMA_OK);
	assert_string_equal(fake_get(t.f, TARGET), "3696");
	assert_int_equal(t.f->dom[GUEST].affinity, 1);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 100), FNUMA_E_BUSY);
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, false), 1);
	guest_obeys(t.f);
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, false), 1);
	assert_string_equal(fake_get(t.f, TARGET), "4096");
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, false), 1);
	guest_obeys(t.f);
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, false), 0);
	assert_int_equal(t.f->dom[GUEST].affinity, 3);
	assert_int_equal(fake_count(t.f, GUEST, 0), 100);
	fixture_close(&t);
}

static void giving_up_restores_the_target_and_the_affinity(void **state)
{
	struct fixture t;

	(void)state;
	open_usual(&t);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 100), FNUMA_OK);
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, true), 1);
	assert_string_equal(fake_get(t.f, TARGET), "4096");
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, true), 0);
	assert_int_equal(t.f->dom[GUEST].affinity, 3);
	fixture_close(&t);
}

static void a_target_that_somebody_sets_meanwhile_stays_theirs(void **state)
{
	struct fixture t;

	(void)state;
	open_usual(&t);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 100), FNUMA_OK);
	fake_set(t.f, TARGET, "4000");
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, true), 1);
	assert_string_equal(fake_get(t.f, TARGET), "4000");
	fixture_close(&t);
}

static void what_makes_no_sense_is_refused_and_changes_nothing(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 10), FNUMA_E_NOTSUP);
	fake_set(t.f, TARGET, "many");
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 10), FNUMA_E_NOTSUP);
	fake_set(t.f, TARGET, "4096");
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(2), 10), FNUMA_E_RANGE);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 0), FNUMA_E_RANGE);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 600), FNUMA_E_RANGE);
	t.f->dom[GUEST].pauses = 1;
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 10), FNUMA_E_BUSY);
	t.f->dom[GUEST].pauses = 0;
	assert_string_equal(fake_get(t.f, TARGET), "4096");
	assert_int_equal(t.f->dom[GUEST].affinity, 3);
	fixture_close(&t);
}

static void a_call_that_fails_leaves_target_and_affinity_as_they_were(void **state)
{
	static const char *const ops[] = {"affinity", "set_affinity", "write"};
	struct fixture t;
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		open_usual(&t);
		t.f->fail_op = ops[i];
		t.f->fail_in = 1;
		t.f->fail_errno = EPERM;
		assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 10),
		                 FNUMA_E_DENIED);
		assert_string_equal(fake_get(t.f, TARGET), "4096");
		assert_int_equal(t.f->dom[GUEST].affinity, 3);
		assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 10), FNUMA_OK);
		fixture_close(&t);
	}
}

static void a_process_that_is_killed_leaves_it_to_the_next(void **state)
{
	struct fnuma_xen_stats s;
	struct fixture t;
	pid_t pid;

	(void)state;
	open_usual(&t);
	fnuma_xen_close(t.x);
	pid = fork();
	if (!pid) {
		fixture_reopen(&t);
		_exit(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 100));
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_string_equal(fake_get(t.f, TARGET), "3696");
	guest_obeys(t.f);
	fixture_reopen(&t);
	assert_string_equal(fake_get(t.f, TARGET), "4096");
	assert_int_equal(t.f->dom[GUEST].affinity, 3);
	fnuma_xen_stats(t.x, &s);
	assert_int_equal(s.recovered, 1);
	fixture_close(&t);
}

static void detaching_undoes_it(void **state)
{
	struct fixture t;

	(void)state;
	open_usual(&t);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 100), FNUMA_OK);
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_string_equal(fake_get(t.f, TARGET), "4096");
	assert_int_equal(t.f->dom[GUEST].affinity, 3);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pages_are_replaced_by_the_nodes),
		cmocka_unit_test(giving_up_restores_the_target_and_the_affinity),
		cmocka_unit_test(a_target_that_somebody_sets_meanwhile_stays_theirs),
		cmocka_unit_test(what_makes_no_sense_is_refused_and_changes_nothing),
		cmocka_unit_test(a_call_that_fails_leaves_target_and_affinity_as_they_were),
		cmocka_unit_test(a_process_that_is_killed_leaves_it_to_the_next),
		cmocka_unit_test(detaching_undoes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
