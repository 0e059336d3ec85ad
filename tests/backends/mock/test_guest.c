/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fixture.h"

#define FREE_PAGES (GUEST_PAGES - 500)

static void the_free_list_is_last_in_first_out(void **state)
{
	struct fixture f;
	fnuma_gfn a[3], b[3];

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, a, 3), 3);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), FREE_PAGES - 3);
	assert_int_equal(fnuma_mock_free(f.m, f.guest, a, 3), 3);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, b, 3), 3);
	assert_int_equal(b[0].n, a[2].n);
	assert_int_equal(b[1].n, a[1].n);
	assert_int_equal(b[2].n, a[0].n);
	close_host(&f);
}

static void an_allocator_gives_what_it_has(void **state)
{
	static fnuma_gfn pages[GUEST_PAGES];
	struct fixture f;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, GUEST_PAGES), FREE_PAGES);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 1), 0);
	assert_int_equal(fnuma_mock_churn(f.m, f.guest, 1), 0);
	assert_int_equal(fnuma_mock_app_start(f.m, f.guest, 1), 0);
	close_host(&f);
}

static void a_bad_free_is_refused_and_changes_nothing(void **state)
{
	struct fixture f;
	fnuma_gfn a[4], b[4];
	uint32_t i;
	const struct {
		uint32_t at, n;
		int err;
	} bad[] = {
		{0, GUEST_PAGES, FNUMA_E_RANGE},
		{3, GUEST_PAGES, FNUMA_E_RANGE},
		{3, 0, FNUMA_E_STATE},           /* an application's */
		{3, GUEST_PAGES - 1, FNUMA_E_STATE}, /* free */
	};

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, a, 4), 4);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(b, a, sizeof(b));
		b[bad[i].at].n = bad[i].n;
		assert_int_equal(fnuma_mock_free(f.m, f.guest, b, 4), bad[i].err);
		assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), FREE_PAGES - 4);
		assert_audit(&f);
	}
	memcpy(b, a, sizeof(b));
	b[3] = b[0];
	assert_int_equal(fnuma_mock_free(f.m, f.guest, b, 4), FNUMA_E_STATE);
	assert_int_equal(fnuma_mock_free(f.m, f.guest, a, 4), 4);
	close_host(&f);
}

static void a_pool_page_is_not_the_allocators_to_free(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn page;

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, &page, 1, r), 1);
	assert_int_equal(fnuma_mock_free(f.m, f.guest, &page, 1), FNUMA_E_STATE);
	close_host(&f);
}

static void churn_mixes_what_is_free_with_what_is_in_use(void **state)
{
	static fnuma_gfn pages[FREE_PAGES];
	struct fixture f;
	uint32_t i, were_apps = 0;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_churn(f.m, f.guest, 3000), 3000);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), FREE_PAGES);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, FREE_PAGES), FREE_PAGES);
	for (i = 0; i < FREE_PAGES; i++)
		were_apps += pages[i].n < 500;
	assert_in_range(were_apps, 20, 32); /* no deeper than a burst */
	close_host(&f);
}

static void churn_in_bursts_of_one_touches_the_top_only(void **state)
{
	const struct fnuma_home home = {{0}, 100, {0}, 1};
	struct fnuma_mock_domain_config config = {100, &home, 1, 50, 0, 0, 1};
	struct fixture f;
	fnuma_gfn pages[50];
	fnuma_domain d;
	uint32_t i, were_apps = 0;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_create(f.m, &config, &d), FNUMA_OK);
	assert_int_equal(fnuma_mock_churn(f.m, d, 1000), 1000);
	assert_int_equal(fnuma_mock_alloc(f.m, d, pages, 50), 50);
	for (i = 0; i < 50; i++)
		were_apps += pages[i].n < 50;
	assert_in_range(were_apps, 0, 1);
	close_host(&f);
}

static void applications_exit_in_random_order_and_start_again(void **state)
{
	struct fixture f;
	fnuma_gfn pages[500];
	uint32_t i, ascending = 0;

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_app_exit(f.m, f.guest), 500);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), GUEST_PAGES);
	assert_int_equal(fnuma_mock_app_exit(f.m, f.guest), 0);
	assert_audit(&f);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, pages, 500), 500);
	for (i = 1; i < 500; i++) {
		assert_in_range(pages[i].n, 0, 499);
		ascending += pages[i].n > pages[i - 1].n;
	}
	assert_in_range(ascending, 200, 300);
	assert_int_equal(fnuma_mock_free(f.m, f.guest, pages, 500), 500);
	assert_int_equal(fnuma_mock_app_start(f.m, f.guest, 700), 700);
	assert_int_equal(fnuma_mock_churn(f.m, f.guest, 700), 700);
	assert_int_equal(fnuma_mock_app_start(f.m, f.guest, 700), 300);
	close_host(&f);
}

static void a_domain_without_applications_churns_its_free_list(void **state)
{
	struct fixture f;
	fnuma_domain d;

	(void)state;
	open_usual(&f);
	d = add_domain(&f, 0, 100, 0, 0);
	assert_int_equal(fnuma_mock_churn(f.m, d, 1000), 1000);
	assert_int_equal(fnuma_mock_free_pages(f.m, d), 100);
	close_host(&f);
}

/* The pages that 100 churns leave on top of the free list, as one number. */
static uint64_t fingerprint(struct fixture *f, fnuma_domain d)
{
	fnuma_gfn pages[32];
	uint64_t sum = 0;
	uint32_t i;

	assert_int_equal(fnuma_mock_churn(f->m, d, 100), 100);
	assert_int_equal(fnuma_mock_alloc(f->m, d, pages, 32), 32);
	for (i = 0; i < 32; i++)
		sum = sum * 31 + pages[i].n;
	return sum;
}

static void one_domains_draws_do_not_disturb_anothers(void **state)
{
	struct fixture a, b;

	(void)state;
	open_usual(&a);
	open_usual(&b);
	assert_int_equal(fnuma_mock_churn(b.m, b.peer, 1000), 1000);
	assert_true(fingerprint(&a, a.guest) == fingerprint(&b, b.guest));
	assert_true(fingerprint(&a, a.guest) != fingerprint(&a, a.peer));
	close_host(&a);
	close_host(&b);
}

static void nobody_allocates_frees_or_lives_in_a_dead_domain(void **state)
{
	struct fixture f;
	fnuma_gfn page = {0};

	(void)state;
	open_usual(&f);
	assert_int_equal(fnuma_mock_domain_destroy(f.m, f.guest), FNUMA_OK);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &page, 1), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_free(f.m, f.guest, &page, 1), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_churn(f.m, f.guest, 1), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_app_exit(f.m, f.guest), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_app_start(f.m, f.guest, 1), FNUMA_E_GONE);
	assert_int_equal(fnuma_mock_free_pages(f.m, f.guest), FNUMA_E_GONE);
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_free_list_is_last_in_first_out),
		cmocka_unit_test(an_allocator_gives_what_it_has),
		cmocka_unit_test(a_bad_free_is_refused_and_changes_nothing),
		cmocka_unit_test(a_pool_page_is_not_the_allocators_to_free),
		cmocka_unit_test(churn_mixes_what_is_free_with_what_is_in_use),
		cmocka_unit_test(churn_in_bursts_of_one_touches_the_top_only),
		cmocka_unit_test(applications_exit_in_random_order_and_start_again),
		cmocka_unit_test(a_domain_without_applications_churns_its_free_list),
		cmocka_unit_test(one_domains_draws_do_not_disturb_anothers),
		cmocka_unit_test(nobody_allocates_frees_or_lives_in_a_dead_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
