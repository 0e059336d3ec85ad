/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"
#include <stdlib.h>

static void a_flip_exchanges_what_is_behind_the_frames(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page;
	uint64_t before, after;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &page, 1), 1);
	assert_int_equal(fnuma_mock_write(f.m, f.guest, page, 42), FNUMA_OK);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, page, &before), FNUMA_OK);
	assert_int_equal(flip(&f, &page, 1, r), 1);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[0].node.id, 1);
	assert_int_equal(r[0].reason, FNUMA_OK);
	assert_int_equal(fnuma_mock_node(f.m, f.guest, page).id, 1);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, page, &after), FNUMA_OK);
	assert_int_not_equal(before, after);
	assert_int_equal(on_node(&f, f.guest, 0), GUEST_PAGES - 1);
	assert_int_equal(on_node(&f, f.guest, 1), 1);
	assert_int_equal(on_node(&f, f.peer, 0), 1);
	assert_int_equal(on_node(&f, f.peer, 1), PEER_PAGES - 1);
	close_host(&f);
}

static void the_peer_hands_the_guests_page_out_again(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page;
	uint32_t k;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &page, 1), 1);
	for (k = 0; k < 64 + 1; k++) { /* the ring, and the free list's top */
		assert_int_equal(flip(&f, &page, 1, r), 1);
		assert_int_equal(r[0].node.id, 1);
	}
	assert_int_equal(flip(&f, &page, 1, r), 1);
	assert_int_equal(r[0].node.id, 0);
	close_host(&f);
}

static void a_peer_without_a_ring_serves_from_its_free_list(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page;

	(void)state;
	open_usual(&f);
	f.peer = add_domain(&f, 1, 10, 0, 0);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &page, 1), 1);
	assert_int_equal(flip(&f, &page, 1, r), 1);
	assert_int_equal(r[0].node.id, 1);
	assert_int_equal(flip(&f, &page, 1, r), 1);
	assert_int_equal(r[0].node.id, 0); /* last in, first out */
	close_host(&f);
}

static void a_peer_without_pages_leaves_the_rest_not_done(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[8];
	uint32_t ring;

	(void)state;
	for (ring = 0; ring <= 2; ring++) {
		open_usual(&f);
		f.peer = add_domain(&f, 1, 10, 5, ring);
		assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 8), 8);
		assert_int_equal(flip(&f, pages, 8, r), 8);
		assert_int_equal(r[4].outcome, FNUMA_DONE);
		assert_int_equal(r[5].outcome, FNUMA_NOT_DONE);
		assert_int_equal(r[5].reason, FNUMA_E_NOMEM);
		assert_int_equal(r[5].node.id, 0);
		assert_int_equal(on_node(&f, f.guest, 1), 5);
		close_host(&f);
	}
}

static void a_ring_that_ran_dry_fills_again(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[8], theirs[10];

	(void)state;
	open_usual(&f);
	f.peer = add_domain(&f, 1, 10, 0, 4);
	assert_int_equal(fnuma_mock_alloc(f.m, f.peer, theirs, 10), 6);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 8), 8);
	assert_int_equal(flip(&f, pages, 8, r), 8);
	assert_int_equal(r[3].outcome, FNUMA_DONE);
	assert_int_equal(r[4].reason, FNUMA_E_NOMEM);
	assert_int_equal(flip(&f, pages, 3, r), 3);
	assert_int_equal(r[2].outcome, FNUMA_DONE);
	close_host(&f);
}

static void only_pages_held_by_the_driver_can_be_flipped(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[3];

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 2), 2);
	assert_int_equal(fnuma_mock_free(f.m, f.guest, pages, 1), 1);
	assert_whistled(&f, flip(&f, pages, 1, r), "is not the caller's");
	pages[2] = fnuma_gfn_of(0); /* an application's */
	assert_whistled(&f, flip(&f, pages + 1, 2, r), "page 0 is not the caller's");
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	assert_int_equal(flip(&f, pages + 1, 1, r), 1);
	assert_int_equal(acquire(&f, pages, 1, r), 1);
	assert_int_equal(flip(&f, pages, 1, r), 1);
	assert_int_equal(f.violations, 0);
	close_host(&f);
}

static void a_domain_cannot_flip_with_itself_or_the_dead(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX] = {{0}};
	struct fixture f;
	fnuma_gfn page;
	fnuma_domain nobody = {7, 1};

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &page, 1), 1);
	assert_whistled(&f, f.ops->flip(f.m, f.guest, f.guest, &page, 1, r), "itself");
	assert_int_equal(f.ops->flip(f.m, f.guest, nobody, &page, 1, r), FNUMA_E_STALE);
	assert_int_equal(f.ops->flip(f.m, nobody, f.guest, &page, 1, r), FNUMA_E_STALE);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.peer), FNUMA_OK);
	assert_int_equal(flip(&f, &page, 1, r), FNUMA_E_GONE);
	close_host(&f);
}

static void a_copy_brings_content_and_moves_no_page(void **state)
{
	struct fixture f;
	fnuma_gfn pages[100];
	uint64_t a, b;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 100), 100);
	assert_int_equal(fnuma_mock_copy(f.m, f.guest, f.peer, pages, 100), 100);
	assert_int_equal(on_node(&f, f.guest, 0), GUEST_PAGES);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, pages[0], &a), FNUMA_OK);
	assert_int_equal(fnuma_mock_read(f.m, f.guest, pages[99], &b), FNUMA_OK);
	assert_true(a && b && a != b);
	close_host(&f);
}

static void without_contents_pages_change_places_all_the_same(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	struct fnuma_mock_config config = host_config(&f);
	fnuma_gfn pages[8];

	(void)state;
	config.contents = false;
	open_host(&f, &config);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 8), 8);
	assert_int_equal(fnuma_mock_copy(f.m, f.guest, f.peer, pages, 8), 8);
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	assert_int_equal(flip(&f, pages, 8, r), 8);
	assert_int_equal(on_node(&f, f.guest, 1), 8);
	assert_int_equal(move_to(&f, pages, 8, 0, r), 8);
	assert_int_equal(on_node(&f, f.guest, 1), 0);
	close_host(&f);
}

static void a_copy_refuses_bad_pages_and_changes_nothing(void **state)
{
	struct fixture f;
	fnuma_gfn pages[2];
	fnuma_domain empty;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 1), 1);
	pages[1] = fnuma_gfn_of(GUEST_PAGES);
	assert_int_equal(fnuma_mock_copy(f.m, f.guest, f.peer, pages, 2), FNUMA_E_RANGE);
	pages[1] = fnuma_gfn_of(0);
	assert_int_equal(fnuma_mock_copy(f.m, f.guest, f.peer, pages, 2), FNUMA_E_STATE);
	empty = add_domain(&f, 1, 5, 5, 0);
	assert_int_equal(fnuma_mock_copy(f.m, f.guest, empty, pages, 1), FNUMA_E_NOMEM);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, empty), FNUMA_OK);
	assert_int_equal(fnuma_mock_copy(f.m, f.guest, empty, pages, 1), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_spent(f.m), 0);
	close_host(&f);
}

/* Packets of random bursts; pages stay in socket buffers for `residency` pages' time;
 * applications live in between. Returns the guest's remote pages. */
static uint32_t vanilla(uint32_t residency, uint64_t churn, uint64_t seed)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fnuma_mock_config config;
	fnuma_gfn held[256];
	struct fixture f;
	uint32_t remote, n, have = 0, k;

	config = host_config(&f);
	config.seed = seed;
	open_host(&f, &config);
	for (k = 0; k < 4000; k++) {
		n = 1 + k * 7 % 13;
		while (have + n > residency + 13) {
			assert_int_equal(fnuma_mock_free(f.m, f.guest, held, 1), 1);
			memmove(held, held + 1, --have * sizeof(*held));
		}
		assert_true(fnuma_mock_churn(f.m, f.guest, churn) >= 0);
		assert_int_equal(fnuma_mock_alloc(f.m, f.guest, held + have, n), n);
		assert_int_equal(flip(&f, held + have, n, r), n);
		have += n;
		assert_true(fnuma_mock_churn(f.m, f.peer, churn) >= 0);
	}
	remote = on_node(&f, f.guest, 1);
	close_host(&f);
	return remote;
}

static void a_guest_that_holds_pages_and_churns_drifts(void **state)
{
	(void)state;
	assert_true(vanilla(200, 8, 1) > GUEST_PAGES / 4);
}

static void without_churn_nothing_drifts_beyond_the_ring(void **state)
{
	(void)state;
	assert_true(vanilla(0, 0, 1) <= 64 + 13);
	assert_true(vanilla(200, 0, 1) <= 64 + 13);
}

static void the_same_seed_gives_the_same_host(void **state)
{
	(void)state;
	assert_int_equal(vanilla(100, 3, 5), vanilla(100, 3, 5));
	assert_int_not_equal(vanilla(100, 3, 5), vanilla(100, 3, 6));
}

static void with_a_pool_no_application_ever_gets_a_remote_page(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pool[64], other[400];
	uint32_t i, k;
	int n;

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pool, 64, r), 64);
	for (k = 0; k < 2000; k++) {
		assert_int_equal(flip(&f, pool + k % 32, 1 + k % 32, r), 1 + k % 32);
		assert_int_equal(fnuma_mock_churn(f.m, f.guest, 5), 5);
		assert_int_equal(fnuma_mock_churn(f.m, f.peer, 5), 5);
	}
	assert_in_range(on_node(&f, f.guest, 1), 1, 64);
	n = fnuma_mock_alloc(f.m, f.guest, other, 400);
	assert_true(n == 400);
	for (i = 0; i < 400; i++)
		assert_int_equal(fnuma_mock_node(f.m, f.guest, other[i]).id, 0);
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flip_exchanges_what_is_behind_the_frames),
		cmocka_unit_test(the_peer_hands_the_guests_page_out_again),
		cmocka_unit_test(a_peer_without_a_ring_serves_from_its_free_list),
		cmocka_unit_test(a_peer_without_pages_leaves_the_rest_not_done),
		cmocka_unit_test(a_ring_that_ran_dry_fills_again),
		cmocka_unit_test(only_pages_held_by_the_driver_can_be_flipped),
		cmocka_unit_test(a_domain_cannot_flip_with_itself_or_the_dead),
		cmocka_unit_test(a_copy_brings_content_and_moves_no_page),
		cmocka_unit_test(without_contents_pages_change_places_all_the_same),
		cmocka_unit_test(a_copy_refuses_bad_pages_and_changes_nothing),
		cmocka_unit_test(a_guest_that_holds_pages_and_churns_drifts),
		cmocka_unit_test(without_churn_nothing_drifts_beyond_the_ring),
		cmocka_unit_test(the_same_seed_gives_the_same_host),
		cmocka_unit_test(with_a_pool_no_application_ever_gets_a_remote_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
