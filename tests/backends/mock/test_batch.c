/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"

/* --- the referee ------------------------------------------------------------------- */

typedef int (*batch_call)(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results);

static int call_flip(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                     struct fnuma_result *results)
{
	return f->ops->flip(f->m, f->guest, f->peer, pages, n, results);
}

static int call_acquire(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                        struct fnuma_result *results)
{
	return f->ops->acquire(f->m, f->guest, pages, n, results);
}

static int call_release(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                        struct fnuma_result *results)
{
	return f->ops->release(f->m, f->guest, pages, n, results);
}

static int call_move_page(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	return f->ops->move_page(f->m, f->guest, pages, n, fnuma_node_of(1), results,
	                         NULL);
}

static int call_move_free(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	return f->ops->move_free(f->m, f->guest, pages, n, fnuma_node_of(1), results,
	                         NULL);
}

static int call_probe(struct fixture *f, fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	return f->ops->probe(f->m, f->guest, pages, n, results);
}

static const batch_call batch_calls[] = {
	call_acquire, call_flip, call_release, call_move_page, call_move_free, call_probe,
};
#define BATCH_CALLS (sizeof(batch_calls) / sizeof(*batch_calls))

static void bad_arrays_are_whistled_at_and_change_nothing(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX + 1];
	fnuma_gfn pages[FNUMA_BATCH_MAX + 1];
	struct fixture f;
	uint32_t i;

	(void)state;
	open_usual(&f);
	memset(r, 0, sizeof(r));
	assert_int_equal(call_acquire(&f, pages, FNUMA_BATCH_MAX, r), FNUMA_BATCH_MAX);
	for (i = 0; i < BATCH_CALLS; i++) {
		memset(r, 0, sizeof(r));
		assert_whistled(&f, batch_calls[i](&f, pages, 0, r), "a batch of 0");
		assert_whistled(&f, batch_calls[i](&f, pages, FNUMA_BATCH_MAX + 1, r),
		                "a batch of 65");
		assert_whistled(&f, batch_calls[i](&f, NULL, 1, r), "missing");
		assert_whistled(&f, batch_calls[i](&f, pages, 1, NULL), "missing");
		r[1].outcome = FNUMA_DONE;
		assert_whistled(&f, batch_calls[i](&f, pages, 2, r), "unfilled");
	}
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), 500 - FNUMA_BATCH_MAX);
	close_host(&f);
}

static void bad_pages_are_whistled_at_and_change_nothing(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX] = {{0}};
	struct fixture f;
	fnuma_gfn pages[3], bad[3];
	uint32_t i;

	(void)state;
	open_usual(&f);
	assert_int_equal(call_acquire(&f, pages, 3, r), 3);
	memset(r, 0, sizeof(r));
	for (i = 1; i < BATCH_CALLS; i++) {
		memcpy(bad, pages, sizeof(bad));
		bad[2].n = GUEST_PAGES;
		assert_whistled(&f, batch_calls[i](&f, bad, 3, r), "out of range");
		bad[2] = pages[0];
		assert_whistled(&f, batch_calls[i](&f, bad, 3, r), "twice");
		assert_audit(&f);
	}
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), 497);
	close_host(&f);
}

/* --- faults ------------------------------------------------------------------------ */

#define EVERY 1000000u

static struct fnuma_mock_fault_counts hits(const struct fixture *f)
{
	struct fnuma_mock_fault_counts counts;

	fnuma_mock_fault_counts(f->m, &counts);
	return counts;
}

static void loud_faults_answer_and_change_nothing(void **state)
{
	struct fnuma_mock_faults busy = {0}, nomem = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[4];

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pages, 4, r), 4);
	busy.busy_ppm = EVERY;
	nomem.nomem_ppm = EVERY;
	fnuma_mock_set_faults(f.m, &busy);
	assert_int_equal(flip(&f, pages, 4, r), 4);
	assert_int_equal(r[3].outcome, FNUMA_NOT_DONE);
	assert_int_equal(r[3].reason, FNUMA_E_BUSY);
	assert_int_equal(r[3].node.id, 0);
	assert_int_equal(acquire(&f, pages, 4, r), 0);
	fnuma_mock_set_faults(f.m, &nomem);
	assert_int_equal(move_to(&f, pages, 4, 1, r), 4);
	assert_int_equal(r[0].reason, FNUMA_E_NOMEM);
	assert_int_equal(hits(&f).busy, 8);
	assert_int_equal(hits(&f).nomem, 4);
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	fnuma_mock_set_faults(f.m, NULL);
	assert_int_equal(move_to(&f, pages, 4, 1, r), 4);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	close_host(&f);
}

static void half_a_batch_leaves_the_rest_untouched(void **state)
{
	struct fnuma_mock_faults faults = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[5], more[8];

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pages, 5, r), 5);
	faults.half_ppm = EVERY;
	fnuma_mock_set_faults(f.m, &faults);
	assert_int_equal(flip(&f, pages, 5, r), 2);
	assert_int_equal(r[1].outcome, FNUMA_DONE);
	assert_int_equal(r[2].outcome, FNUMA_UNFILLED);
	assert_int_equal(on_node(&f, f.guest, 1), 2);
	assert_int_equal(flip(&f, pages, 1, r), 0);
	assert_int_equal(acquire(&f, more, 8, r), 4);
	assert_int_equal(hits(&f).half, 3);
	close_host(&f);
}

static void a_lie_is_reported_done_and_is_not(void **state)
{
	struct fnuma_mock_faults faults = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[4];

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pages, 4, r), 4);
	faults.lie_ppm = EVERY;
	fnuma_mock_set_faults(f.m, &faults);
	assert_int_equal(move_to(&f, pages, 4, 1, r), 4);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[0].node.id, 1);
	assert_int_equal(flip(&f, pages, 4, r), 4);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[0].node.id, 1);
	assert_int_equal(release(&f, pages, 4, r), 4);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[0].node.id, 0);
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), 496);
	assert_int_equal(hits(&f).lie, 12);
	fnuma_mock_set_faults(f.m, NULL);
	assert_int_equal(probe(&f, pages, 4, r), 4);
	assert_int_equal(r[0].node.id, 0);
	assert_int_equal(release(&f, pages, 4, r), 4);
	close_host(&f);
}

static void a_lie_names_the_peers_node_only_if_it_has_a_page(void **state)
{
	struct fnuma_mock_faults faults = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page;

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, &page, 1, r), 1);
	faults.lie_ppm = EVERY;
	fnuma_mock_set_faults(f.m, &faults);
	f.peer = add_domain(&f, 1, 5, 0, 0);
	assert_int_equal(flip(&f, &page, 1, r), 1);
	assert_int_equal(r[0].node.id, 1); /* it has, in its free list */
	f.peer = add_domain(&f, 1, 5, 5, 0);
	assert_int_equal(flip(&f, &page, 1, r), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[0].node.id, 0); /* where it is */
	close_host(&f);
}

static void an_unfilled_status_hides_done_or_not(void **state)
{
	struct fnuma_mock_faults faults = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[64];
	uint32_t i, moved = 0;

	(void)state;
	open_usual(&f);
	faults.unfilled_ppm = EVERY;
	fnuma_mock_set_faults(f.m, &faults);
	assert_int_equal(acquire(&f, pages, 64, r), 64);
	assert_int_equal(r[0].outcome, FNUMA_UNFILLED);
	assert_int_equal(move_to(&f, pages, 64, 1, r), 64);
	for (i = 0; i < 64; i++) {
		assert_int_equal(r[i].outcome, FNUMA_UNFILLED);
		moved += fnuma_mock_node(f.m, f.guest, pages[i]).id;
	}
	assert_in_range(moved, 16, 48);
	assert_int_equal(hits(&f).unfilled, 128);
	close_host(&f);
}

static void a_domain_dies_in_mid_batch_after_so_many_pages(void **state)
{
	struct fnuma_mock_faults faults = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[8];

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pages, 8, r), 8);
	faults.gone_after_pages = 13;
	fnuma_mock_set_faults(f.m, &faults);
	assert_int_equal(flip(&f, pages, 8, r), 8);
	assert_int_equal(hits(&f).gone, 0);
	assert_int_equal(flip(&f, pages, 8, r), 5);
	assert_int_equal(r[4].outcome, FNUMA_DONE);
	assert_int_equal(r[5].outcome, FNUMA_UNFILLED);
	assert_int_equal(hits(&f).gone, 1);
	assert_int_equal(flip(&f, pages, 8, r), FNUMA_E_GONE);
	assert_int_equal(f.ops->alive(f.m, f.guest), FNUMA_E_GONE);
	assert_int_equal(f.ops->alive(f.m, f.peer), FNUMA_OK);
	close_host(&f);
}

static void a_domain_may_die_while_pages_are_acquired(void **state)
{
	struct fnuma_mock_faults faults = {0};
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[8];

	(void)state;
	open_usual(&f);
	faults.gone_after_pages = 3;
	fnuma_mock_set_faults(f.m, &faults);
	assert_int_equal(acquire(&f, pages, 8, r), 3);
	assert_int_equal(acquire(&f, pages, 8, r), FNUMA_E_GONE);
	close_host(&f);
}

/* 200 batches with these faults: the outcomes as one number. */
static uint64_t faulty_run(const struct fnuma_mock_faults *faults, uint64_t seed,
                           struct fnuma_mock_fault_counts *counts, uint64_t *churned)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	fnuma_gfn pages[8], top;
	uint64_t sum = 0;
	uint32_t i, k;

	config.seed = seed;
	open_host(&f, &config);
	assert_int_equal(acquire(&f, pages, 8, r), 8);
	fnuma_mock_set_faults(f.m, faults);
	for (k = 0; k < 200; k++) {
		flip(&f, pages, 8, r);
		for (i = 0; i < 8; i++)
			sum = sum * 31 + r[i].outcome;
	}
	*counts = hits(&f);
	assert_int_equal(fnuma_mock_churn(f.m, f.guest, 100), 100);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &top, 1), 1);
	*churned = top.n;
	close_host(&f);
	return sum;
}

static void faults_repeat_by_seed_and_disturb_nothing_else(void **state)
{
	const struct fnuma_mock_faults none = {0};
	struct fnuma_mock_faults faults = {0}, two;
	struct fnuma_mock_fault_counts a, b;
	uint64_t quiet, churned, first;

	(void)state;
	faulty_run(&none, 1, &a, &quiet);
	assert_int_equal(a.busy, 0);
	faults.busy_ppm = 100000;
	first = faulty_run(&faults, 1, &a, &churned);
	assert_in_range(a.busy, 100, 220); /* of 1600 */
	assert_true(churned == quiet);
	assert_true(first == faulty_run(&faults, 1, &b, &churned));
	assert_int_equal(a.busy, b.busy);
	assert_true(first != faulty_run(&faults, 2, &b, &churned));
	two = faults;
	two.lie_ppm = 100000;
	faulty_run(&two, 1, &b, &churned);
	assert_int_equal(a.busy, b.busy); /* each kind has a stream of its own */
	assert_in_range(b.lie, 80, 200);
	assert_true(churned == quiet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_arrays_are_whistled_at_and_change_nothing),
		cmocka_unit_test(bad_pages_are_whistled_at_and_change_nothing),
		cmocka_unit_test(loud_faults_answer_and_change_nothing),
		cmocka_unit_test(half_a_batch_leaves_the_rest_untouched),
		cmocka_unit_test(a_lie_is_reported_done_and_is_not),
		cmocka_unit_test(a_lie_names_the_peers_node_only_if_it_has_a_page),
		cmocka_unit_test(an_unfilled_status_hides_done_or_not),
		cmocka_unit_test(a_domain_dies_in_mid_batch_after_so_many_pages),
		cmocka_unit_test(a_domain_may_die_while_pages_are_acquired),
		cmocka_unit_test(faults_repeat_by_seed_and_disturb_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
