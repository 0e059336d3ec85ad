/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>

#define N FNUMA_BATCH_MAX

static struct fnuma_result r[N];

static void guests_that_must_not_be_touched_are_refused(void **state)
{
	struct fake_domain *d;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	d = &t.f->dom[GUEST];
	d->pauses = 1;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_BUSY);
	assert_int_equal(d->pauses, 1);
	d->pauses = 0;
	d->log_dirty = true;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_BUSY);
	d->log_dirty = false;
	d->shutdown = true;
	d->shutdown_code = XEN_SHUTDOWN_SUSPEND;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_BUSY);
	d->shutdown_code = 3; /* crashed */
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_GONE);
	d->shutdown = false;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	fixture_close(&t);
}

static void guests_populated_on_demand_are_refused_as_long_as_they_are(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	t.f->dom[GUEST].pod_pages = 1;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_DENIED);
	t.f->dom[GUEST].pod_pages = 0;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	fixture_close(&t);
}

static void guests_with_devices_passed_through_are_refused(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	fake_set(t.f, "/libxl/1/device/pci", "0");
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_DENIED);
	fake_set(t.f, "/libxl/1/device/pci", NULL);
	t.f->now_ns += 1000000000; /* looked for once a second */
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	fixture_close(&t);
}

static void pv_guests_pages_stay(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 2};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fake_add(t.f, 2, false, 100, 1);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	fixture_allow(&t, 5, 1);
	assert_int_equal(fixture_move(&t, 5, 1, 0, r), FNUMA_E_NOTSUP);
	assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_E_NOTSUP);
	fixture_close(&t);
}

static void frames_and_nodes_that_are_none_are_refused(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, GUEST_FRAMES - 1, 2);
	assert_int_equal(fixture_move(&t, 100, 1, 2, r), FNUMA_E_RANGE);
	assert_int_equal(fixture_move(&t, GUEST_SPACE, 1, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_RANGE);
	assert_int_equal(fixture_move(&t, GUEST_FRAMES - 1, 2, 0, r), 1);
	assert_int_equal(r[1].reason, FNUMA_E_GONE);
	fixture_close(&t);
}

static void what_xen_refuses_to_tell_stops_a_move(void **state)
{
	static const char *const ops[] = {"info", "nodes", "has", "pod", "log_dirty"};
	struct fixture t;
	uint32_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		fixture_open(&t);
		fixture_allow(&t, 100, 1);
		t.f->fail_op = ops[i];
		t.f->fail_in = 1;
		t.f->fail_errno = EACCES;
		assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_DENIED);
		fake_check(t.f);
		fixture_close(&t);
	}
}

static void time_spent_is_told(void **state)
{
	fnuma_gfn page = {100};
	struct fixture t;
	uint64_t spent = 5, before;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	before = t.f->now_ns;
	assert_int_equal(fnuma_backend_move(&t.be, t.d, &page, 1, fnuma_node_of(0),
	                                    FNUMA_CONTENT_KEEP, r, &spent), 1);
	assert_int_equal(spent, 5 + t.f->now_ns - before);
	fixture_close(&t);
}

/* What a failed clean-up left is done before the next batch. */
static void leftovers_of_a_failed_batch_are_removed_before_the_next(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, N);
	t.f->fail_op = "unpause";
	t.f->fail_in = 1;
	t.f->fail_errno = EBUSY;
	fixture_move(&t, 100, 1, 0, r);
	fake_check(t.f); /* the clean-up has tried again at once */
	t.f->fail_op = "set_max"; /* of the first batch that needs it, at its end */
	t.f->fail_in = 2;
	fixture_move(&t, 100, N, 0, r);
	assert_int_not_equal(t.f->dom[GUEST].max_pages, GUEST_FRAMES + GUEST_SLACK);
	assert_int_equal(fixture_move(&t, 120, 1, 0, r), 1);
	fake_check(t.f);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guests_that_must_not_be_touched_are_refused),
		cmocka_unit_test(guests_populated_on_demand_are_refused_as_long_as_they_are),
		cmocka_unit_test(guests_with_devices_passed_through_are_refused),
		cmocka_unit_test(pv_guests_pages_stay),
		cmocka_unit_test(frames_and_nodes_that_are_none_are_refused),
		cmocka_unit_test(what_xen_refuses_to_tell_stops_a_move),
		cmocka_unit_test(time_spent_is_told),
		cmocka_unit_test(leftovers_of_a_failed_batch_are_removed_before_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
