/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <string.h>

static void assert_counts(struct fixture *t, uint32_t node0, uint32_t node1)
{
	uint32_t counts[FAKE_NODES];

	assert_int_equal(fnuma_backend_node_counts(&t->be, t->d, counts, FAKE_NODES), FNUMA_OK);
	assert_int_equal(counts[0], node0);
	assert_int_equal(counts[1], node1);
}

static void counts_are_xens_in_the_words_of_either_version(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_counts(&t, 0, GUEST_FRAMES);
	t.f->new_format = true;
	assert_counts(&t, 0, GUEST_FRAMES);
	fixture_close(&t);
}

static void counts_follow_a_move(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 0, 10);
	assert_int_equal(fixture_move(&t, 0, 10, 0, r), 10);
	assert_counts(&t, 10, GUEST_FRAMES - 10);
	fixture_close(&t);
}

static void what_others_print_in_between_is_not_counted(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->console_extra = "(XEN) d1v0 something went wrong\n(XEN) [2026-11-22 20:00:00] NODE\n"
	                     "(d1) Node 7: 3\nno prefix Node 0: 99\n";
	assert_counts(&t, 0, GUEST_FRAMES);
	fixture_close(&t);
}

/* Xen's libraries are asked for 16 KiB at once. */
static void an_answer_longer_than_one_reading_is_put_together(void **state)
{
	static char extra[40000];
	struct fnuma_result results[1];
	struct fixture t;
	uint32_t i;

	(void)state;
	memset(extra, '\n', sizeof(extra) - 1);
	fixture_open(&t);
	t.f->console_extra = extra;
	for (i = 0; i < 3; i++) { /* from another place in the ring each time */
		fixture_allow(&t, 100 + i, 1);
		assert_int_equal(fixture_move(&t, 100 + i, 1, 0, results), 1);
		t.f->now_ns += UINT64_C(1) << 40;
		assert_counts(&t, i + 1, GUEST_FRAMES - i - 1);
	}
	fixture_close(&t);
}

static void lines_with_a_timestamp_are_read(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->timestamps = true;
	assert_counts(&t, 0, GUEST_FRAMES);
	fixture_close(&t);
}

static void counts_that_do_not_add_up_are_not_believed(void **state)
{
	static const char *const lies[] = {
		"(XEN)     Node 1: 5\n",
		"(XEN)     Node 77: 0\n",
		"(XEN)     Node 1: 99999999999\n",
		"(XEN) Domain 7 (total: 3):\n",
	};
	uint32_t counts[FAKE_NODES], i;
	struct fixture t;

	(void)state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fixture_open(&t);
		t.f->console_extra = lies[i];
		assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
		                 FNUMA_E_BUSY);
		fixture_close(&t);
	}
}

static void a_ring_that_wrapped_is_noticed_and_read_again_later(void **state)
{
	struct fnuma_xen_stats stats;
	uint32_t counts[FAKE_NODES];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->scribble = true;
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_BUSY);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.wraps, 1);
	t.f->scribble = false;
	assert_counts(&t, 0, GUEST_FRAMES);
	fixture_close(&t);
}

static void the_walk_is_not_asked_for_more_often_than_wished(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;
	struct fnuma_xen_stats stats;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	fixture_config(&t, &config);
	config.counts_age_ns = 1000000000;
	assert_int_equal(xen_open_with(&fake_calls, t.f, &config, &t.x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t.x, &t.be), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_counts(&t, 0, GUEST_FRAMES);
	assert_counts(&t, 0, GUEST_FRAMES);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.readings, 1);
	t.f->now_ns += 1000000000;
	assert_counts(&t, 0, GUEST_FRAMES);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.readings, 2);
	fixture_close(&t);
}

static void ranges_of_nodes_are_read_along(void **state)
{
	uint64_t start[4], end[4];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_node_ranges(t.x, start, end, 4), FAKE_NODES);
	assert_int_equal(start[1], FAKE_NODE_PAGES);
	assert_int_equal(end[1], 2 * FAKE_NODE_PAGES);
	assert_int_equal(fnuma_xen_node_ranges(t.x, start, end, 0), FNUMA_E_INVAL);
	fixture_close(&t);
}

static void errors_of_the_console_are_passed_on(void **state)
{
	static const char *const ops[] = {"key", "ring"};
	uint32_t counts[FAKE_NODES], i;
	struct fixture t;

	(void)state;
	for (i = 0; i < 2; i++) {
		fixture_open(&t);
		t.f->fail_op = ops[i];
		t.f->fail_in = 1;
		t.f->fail_errno = EPERM;
		assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
		                 FNUMA_E_DENIED);
		fixture_close(&t);
	}
}

static void open_with_age(struct fixture *t)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;

	fixture_open(t);
	fnuma_xen_close(t->x);
	fixture_config(t, &config);
	config.counts_age_ns = UINT64_C(10000000000);
	assert_int_equal(xen_open_with(&fake_calls, t->f, &config, &t->x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t->x, &t->be), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t->x, &domain, &t->d), FNUMA_OK);
}

static uint64_t readings(struct fixture *t)
{
	struct fnuma_xen_stats s;

	fnuma_xen_stats(t->x, &s);
	return s.readings;
}

static void counts_of_a_domid_used_again_are_those_of_the_new_domain(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fixture t;

	(void)state;
	open_with_age(&t);
	assert_counts(&t, 0, GUEST_FRAMES);
	fake_destroy(t.f, GUEST);
	assert_int_equal(fake_add(t.f, 1, true, 100, 0), GUEST);
	t.f->dom[GUEST].uuid[0] = 0xff;
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_counts(&t, 100, 0);
	fixture_close(&t);
}

/* Another tenant while the counts are read, which takes long. */
static void replace_guest(struct fake *f, const char *op)
{
	if (strcmp(op, "key") == 0)
		f->dom[GUEST].uuid[0]++;
}

static void counts_of_a_domid_that_changes_hands_are_nobodys(void **state)
{
	uint32_t counts[FAKE_NODES];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->before = replace_guest;
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_STALE);
	fixture_close(&t);
}

static void a_reading_that_was_lost_is_not_repeated_at_once(void **state)
{
	uint32_t counts[FAKE_NODES];
	struct fixture t;
	uint64_t before;

	(void)state;
	open_with_age(&t);
	t.f->scribble = true;
	before = readings(&t);
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_BUSY);
	t.f->scribble = false;
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_BUSY);
	assert_int_equal(readings(&t), before + 1);
	t.f->now_ns += UINT64_C(10000000000);
	assert_counts(&t, 0, GUEST_FRAMES);
	fixture_close(&t);
}

static void nodes_that_do_not_add_up_to_the_total_are_not_believed(void **state)
{
	uint32_t counts[FAKE_NODES];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	t.f->dom[0].tot_pages++;
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_BUSY);
	t.f->dom[0].tot_pages--;
	assert_counts(&t, 0, GUEST_FRAMES);
	fixture_close(&t);
}

/* What comes before the line that is wrong may be wrong as well. */
static void of_a_reading_that_is_broken_nothing_is_used_later(void **state)
{
	uint32_t counts[FAKE_NODES], last;
	struct fixture t;

	(void)state;
	open_with_age(&t);
	last = fake_add(t.f, 2, true, 10, 0);
	t.f->dom[last].tot_pages++;
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_BUSY);
	assert_int_equal(fnuma_backend_node_counts(&t.be, t.d, counts, FAKE_NODES),
	                 FNUMA_E_BUSY);
	t.f->dom[last].tot_pages--;
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_xens_in_the_words_of_either_version),
		cmocka_unit_test(counts_follow_a_move),
		cmocka_unit_test(what_others_print_in_between_is_not_counted),
		cmocka_unit_test(an_answer_longer_than_one_reading_is_put_together),
		cmocka_unit_test(lines_with_a_timestamp_are_read),
		cmocka_unit_test(counts_that_do_not_add_up_are_not_believed),
		cmocka_unit_test(a_ring_that_wrapped_is_noticed_and_read_again_later),
		cmocka_unit_test(the_walk_is_not_asked_for_more_often_than_wished),
		cmocka_unit_test(ranges_of_nodes_are_read_along),
		cmocka_unit_test(errors_of_the_console_are_passed_on),
		cmocka_unit_test(counts_of_a_domid_used_again_are_those_of_the_new_domain),
		cmocka_unit_test(counts_of_a_domid_that_changes_hands_are_nobodys),
		cmocka_unit_test(a_reading_that_was_lost_is_not_repeated_at_once),
		cmocka_unit_test(nodes_that_do_not_add_up_to_the_total_are_not_believed),
		cmocka_unit_test(of_a_reading_that_is_broken_nothing_is_used_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
