/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void where_there_is_no_xen_it_says_so(void **state)
{
	struct fnuma_xen_config config;
	struct fnuma_xen *x;
	struct fixture t;
	int err;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	fixture_config(&t, &config);
	err = fnuma_xen_open(&config, &x);
	assert_true(err == FNUMA_E_NOTSUP || err == FNUMA_E_DENIED);
	assert_int_equal(fnuma_xen_open(NULL, &x), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_open(&config, NULL), FNUMA_E_INVAL);
	fixture_reopen(&t);
	fixture_close(&t);
}

static void null_is_refused(void **state)
{
	struct fnuma_backend be;
	struct fnuma_xen_stats s;
	fnuma_domain d = {0, 1};

	(void)state;
	fnuma_xen_close(NULL);
	fnuma_xen_stats(NULL, &s);
	assert_int_equal(fnuma_xen_recover(NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_backend(NULL, &be), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_attach(NULL, NULL, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_detach(NULL, d), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_find_agent(NULL, d), FNUMA_E_INVAL);
	assert_int_equal(fnuma_xen_node_ranges(NULL, NULL, NULL, 1), FNUMA_E_INVAL);
}

static void a_handle_that_nobody_gave_is_stale(void **state)
{
	const fnuma_domain none = {5, 1}, beyond = {FNUMA_XEN_DOMAINS_MAX, 1};
	struct fnuma_xen_domain_stats s;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_backend_alive(&t.be, none), FNUMA_E_STALE);
	assert_int_equal(fnuma_xen_domain_stats(t.x, beyond, &s), FNUMA_E_STALE);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, NULL), FNUMA_E_INVAL);
	fixture_close(&t);
}

static void the_table_has_what_xen_can_do(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_ptr_equal(t.be.cookie, t.x);
	assert_int_equal(t.be.caps, FNUMA_CAP_NODE_COUNTS | FNUMA_CAP_PAGE_NODES |
	                 FNUMA_CAP_MOVE_PAGE | FNUMA_CAP_MOVE_FREE | FNUMA_CAP_MOVE_DOMAIN);
	assert_int_equal(fnuma_xen_ops()->traits, FNUMA_TRAIT_MAY_SLEEP);
	fixture_close(&t);
}

struct steps {
	uint64_t last;
	bool in_order;
};

static void note_step(void *cookie, const char *name, uint64_t number)
{
	struct steps *s = cookie;

	s->in_order &= number == s->last + 1 && name[0];
	s->last = number;
}

static void steps_are_numbered_without_a_gap(void **state)
{
	struct fnuma_xen_config config;
	struct fnuma_xen_stats stats;
	struct steps steps = {0, true};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	fixture_config(&t, &config);
	config.say = NULL;
	config.step = note_step;
	config.cookie = &steps;
	assert_int_equal(xen_open_with(&fake_calls, t.f, &config, &t.x), FNUMA_OK);
	fnuma_xen_stats(t.x, &stats);
	assert_true(steps.in_order);
	assert_true(stats.steps > 0);
	assert_int_equal(stats.steps, steps.last);
	fnuma_xen_close(t.x);
	fixture_reopen(&t);
	fixture_close(&t);
}

static void errors_of_xens_have_a_name(void **state)
{
	(void)state;
	assert_int_equal(xen_error(0), FNUMA_OK);
	assert_int_equal(xen_error(-ESRCH), FNUMA_E_GONE);
	assert_int_equal(xen_error(-ENOENT), FNUMA_E_GONE);
	assert_int_equal(xen_error(-ENOMEM), FNUMA_E_NOMEM);
	assert_int_equal(xen_error(-EBUSY), FNUMA_E_BUSY);
	assert_int_equal(xen_error(-EAGAIN), FNUMA_E_BUSY);
	assert_int_equal(xen_error(-ENOSYS), FNUMA_E_NOTSUP);
	assert_int_equal(xen_error(-EOPNOTSUPP), FNUMA_E_NOTSUP);
	assert_int_equal(xen_error(-EPERM), FNUMA_E_DENIED);
	assert_int_equal(xen_error(-12345), FNUMA_E_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_there_is_no_xen_it_says_so),
		cmocka_unit_test(null_is_refused),
		cmocka_unit_test(a_handle_that_nobody_gave_is_stale),
		cmocka_unit_test(the_table_has_what_xen_can_do),
		cmocka_unit_test(steps_are_numbered_without_a_gap),
		cmocka_unit_test(errors_of_xens_have_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
