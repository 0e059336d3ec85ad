/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <string.h>

static void a_domain_is_attached_once(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fixture t;
	fnuma_domain d;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_IN_USE);
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_E_STALE);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_OK);
	assert_int_equal(d.slot, t.d.slot);
	assert_int_not_equal(d.generation, t.d.generation);
	assert_int_equal(fnuma_backend_alive(&t.be, t.d), FNUMA_E_STALE);
	assert_int_equal(fnuma_backend_alive(&t.be, d), FNUMA_OK);
	fixture_close(&t);
}

static void what_is_no_domain_or_another_is_not_attached(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 7};
	struct fixture t;
	fnuma_domain d;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_GONE);
	domain.domid = 1;
	domain.uuid[3] = 1;
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_STALE);
	memset(domain.uuid, 0, sizeof(domain.uuid));
	domain.trust = 8;
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_INVAL);
	domain.trust = 0;
	domain.scratch_gfn = 1000; /* among the guest's frames */
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_RANGE);
	domain.scratch_gfn = UINT32_MAX - 5;
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_RANGE);
	domain.scratch_gfn = 0;
	t.f->dom[GUEST].dying = true;
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_GONE);
	fixture_close(&t);
}

static void a_domid_with_another_uuid_is_stale_everywhere(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	uint32_t counts[2];
	fnuma_gfn page = {100};
	fnuma_node node;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	t.f->dom[GUEST].uuid[5]++;
	assert_int_equal(fnuma_backend_alive(&t.be, t.d), FNUMA_E_STALE);
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, 2), FNUMA_E_STALE);
	assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, &page, 1, &node), FNUMA_E_STALE);
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), FNUMA_E_STALE);
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)),
	                 FNUMA_E_STALE);
	assert_int_equal(fnuma_xen_balloon(t.x, t.d, fnuma_node_of(0), 10), FNUMA_E_STALE);
	assert_int_equal(fnuma_xen_balloon_step(t.x, t.d, false), FNUMA_E_STALE);
	assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_E_STALE);
	assert_int_equal(fake_count(t.f, GUEST, 0), 0);
	fixture_close(&t);
}

/* Another tenant between the first look and the pause. */
static void replace_guest(struct fake *f, const char *op)
{
	if (strcmp(op, "pause") == 0)
		f->dom[GUEST].uuid[0]++;
}

static void a_domid_that_changes_hands_in_mid_batch_is_noticed_in_the_pause(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	t.f->before = replace_guest;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_STALE);
	assert_int_equal(fake_count(t.f, GUEST, 0), 1); /* the scratch page: a real one died */
	assert_int_equal(t.f->dom[GUEST].pauses, 0);
	fixture_close(&t);
}

static void frames_reach_to_4_gib_at_least_or_as_far_as_the_limit_needs(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_domain_stats s;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	assert_int_equal(s.frames, GUEST_SPACE);
	assert_int_equal(s.domid, 1);
	assert_true(s.translated);
	assert_false(s.agent);
	assert_false(s.stopped);
	assert_memory_equal(s.uuid, t.f->dom[GUEST].uuid, sizeof(s.uuid));
	t.f->dom[GUEST].max_pages = GUEST_SPACE;
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	assert_int_equal(s.frames, GUEST_SPACE + GUEST_SPACE / 2);
	domain.frames = 500;
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	assert_int_equal(s.frames, 500);
	fixture_close(&t);
}

/* Each new daemon would else climb higher in the guest's address space. */
static void scratch_frames_stay_where_they_were_for_the_next_process(void **state)
{
	struct fnuma_xen_domain_stats first, second;
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &first), FNUMA_OK);
	fnuma_xen_close(t.x);
	fixture_reopen(&t);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &second), FNUMA_OK);
	assert_int_equal(first.scratch_gfn, second.scratch_gfn);
	assert_true(first.scratch_gfn > 1u << 20);
	fixture_close(&t);
}

static void pages_beyond_the_domain_cannot_be_allowed(void **state)
{
	const fnuma_gfn pages[] = {{5}, {GUEST_SPACE}};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_allow(t.x, t.d, pages, 2, true), FNUMA_E_RANGE);
	assert_int_equal(fixture_move(&t, 5, 1, 0, r), 0); /* neither was */
	assert_int_equal(fnuma_xen_allow(t.x, t.d, NULL, 1, true), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_allow(NULL, t.d, pages, 1, true), FNUMA_E_INVAL);
	fixture_close(&t);
}

/* Or a daemon that lives long would run out of them. */
static void records_of_domains_that_are_gone_are_used_again(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 2};
	struct fixture t;
	fnuma_domain d;
	uint32_t i, k;

	(void)state;
	fixture_open(&t);
	for (i = 0; i < FNUMA_XEN_DOMAINS_MAX + 10; i++) {
		k = fake_add(t.f, 2, true, 1, 0);
		t.f->dom[k].uuid[1] = (uint8_t)i;
		t.f->dom[k].uuid[2] = (uint8_t)(i >> 8);
		assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_OK);
		fake_destroy(t.f, k);
		assert_int_equal(fnuma_xen_detach(t.x, d), FNUMA_OK);
	}
	fixture_close(&t);
}

static void errors_at_attach_leave_the_slot_free(void **state)
{
	static const char *const ops[] = {"info", "max_gfn"};
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fixture t;
	fnuma_domain d;
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		fixture_open(&t);
		fake_add(t.f, 2, true, 10, 0);
		domain.domid = 2;
		t.f->fail_op = ops[i];
		t.f->fail_in = 1;
		t.f->fail_errno = EPERM;
		assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_E_DENIED);
		assert_int_equal(fnuma_xen_attach(t.x, &domain, &d), FNUMA_OK);
		fixture_close(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_is_attached_once),
		cmocka_unit_test(what_is_no_domain_or_another_is_not_attached),
		cmocka_unit_test(a_domid_with_another_uuid_is_stale_everywhere),
		cmocka_unit_test(a_domid_that_changes_hands_in_mid_batch_is_noticed_in_the_pause),
		cmocka_unit_test(frames_reach_to_4_gib_at_least_or_as_far_as_the_limit_needs),
		cmocka_unit_test(scratch_frames_stay_where_they_were_for_the_next_process),
		cmocka_unit_test(pages_beyond_the_domain_cannot_be_allowed),
		cmocka_unit_test(records_of_domains_that_are_gone_are_used_again),
		cmocka_unit_test(errors_at_attach_leave_the_slot_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
