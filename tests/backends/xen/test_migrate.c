/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <string.h>

static void open_with_program(struct fixture *t)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;

	fixture_open(t);
	fnuma_xen_close(t->x);
	fixture_config(t, &config);
	config.migrate = "/usr/local/bin/migrate-to-node";
	config.counts_age_ns = UINT64_C(10000000000);
	assert_int_equal(xen_open_with(&fake_calls, t->f, &config, &t->x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t->x, &t->be), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t->x, &domain, &t->d), FNUMA_OK);
}

/* What the toolstack does: all its memory elsewhere, under another number. */
static void migrate(struct fake *f, const char *op)
{
	uint32_t i;

	if (strcmp(op, "run") != 0)
		return;
	i = fake_add(f, 9, true, GUEST_FRAMES, 0);
	memcpy(f->dom[i].uuid, f->dom[GUEST].uuid, sizeof(f->dom[i].uuid));
	fake_destroy(f, GUEST);
}

/* The same, and the old one is held by somebody as it dies, before the new one in the list. */
static void migrate_and_linger(struct fake *f, const char *op)
{
	if (strcmp(op, "run") == 0)
		f->mfn[f->dom[GUEST].p2m[0] - 1].refs++;
	migrate(f, op);
}

static void without_a_program_it_is_advice(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)),
	                 FNUMA_E_DENIED);
	assert_non_null(strstr(t.said, "node:0"));
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(2)),
	                 FNUMA_E_RANGE);
	fixture_close(&t);
}

static void the_handle_follows_the_domain_to_its_new_number(void **state)
{
	struct fnuma_xen_domain_stats s;
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;

	(void)state;
	open_with_program(&t);
	t.f->before = migrate;
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)), FNUMA_OK);
	t.f->before = NULL;
	assert_int_equal(t.f->ran, 1);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	assert_int_equal(s.domid, 9);
	fixture_allow(&t, 100, 1);
	assert_int_equal(fixture_move(&t, 100, 1, 1, r), 1);
	fixture_close(&t);
}

static void a_program_that_fails_changes_nothing(void **state)
{
	struct fixture t;

	(void)state;
	open_with_program(&t);
	t.f->fail_op = "run";
	t.f->fail_in = 1;
	t.f->fail_errno = EIO;
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)),
	                 FNUMA_E_DENIED);
	assert_int_equal(fnuma_backend_alive(&t.be, t.d), FNUMA_OK);
	fake_check(t.f);
	fixture_close(&t);
}

static void a_domain_that_did_not_come_back_is_gone(void **state)
{
	struct fixture t;

	(void)state;
	open_with_program(&t);
	t.f->before = NULL;
	fake_destroy(t.f, GUEST);
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)), FNUMA_E_GONE);
	fixture_close(&t);
}

static void one_that_is_dying_is_not_taken_for_the_one_that_came(void **state)
{
	struct fnuma_xen_domain_stats s;
	struct fixture t;

	(void)state;
	open_with_program(&t);
	t.f->before = migrate_and_linger;
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)), FNUMA_OK);
	t.f->before = NULL;
	assert_true(t.f->dom[GUEST].there);
	assert_int_equal(fnuma_xen_domain_stats(t.x, t.d, &s), FNUMA_OK);
	assert_int_equal(s.domid, 9);
	fixture_close(&t);
}

static void what_was_known_of_its_pages_is_forgotten(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	uint32_t counts[FAKE_NODES];
	fnuma_gfn page = {700};
	struct fixture t;
	fnuma_node node;

	(void)state;
	open_with_program(&t);
	fixture_allow(&t, 700, 1);
	assert_int_equal(fixture_move(&t, 700, 1, 1, r), 1);
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES), FNUMA_OK);
	t.f->before = migrate;
	assert_int_equal(fnuma_backend_move_domain(&t.be, t.d, fnuma_node_of(0)), FNUMA_OK);
	t.f->before = NULL;
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES), FNUMA_OK);
	assert_int_equal(counts[0], GUEST_FRAMES);
	fake_add(t.f, 20, true, 701, 1); /* has such a frame, where ours was put before */
	assert_int_equal(fnuma_backend_page_nodes(&t.be, t.d, &page, 1, &node), 1);
	assert_int_equal(node.id, FNUMA_NODE_UNKNOWN_ID);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_program_it_is_advice),
		cmocka_unit_test(the_handle_follows_the_domain_to_its_new_number),
		cmocka_unit_test(a_program_that_fails_changes_nothing),
		cmocka_unit_test(a_domain_that_did_not_come_back_is_gone),
		cmocka_unit_test(one_that_is_dying_is_not_taken_for_the_one_that_came),
		cmocka_unit_test(what_was_known_of_its_pages_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
