/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <errno.h>
#include <string.h>

static struct fnuma_result r[FNUMA_BATCH_MAX];

static void grant_v1(struct fixture *t, uint32_t ref, uint16_t flags, uint32_t frame)
{
	uint8_t *at = t->f->dom[GUEST].grants + 8 * ref;

	memcpy(at, &flags, sizeof(flags));
	memcpy(at + 4, &frame, sizeof(frame));
}

static void grant_v2(struct fixture *t, uint32_t ref, uint16_t flags, uint64_t frame)
{
	uint8_t *at = t->f->dom[GUEST].grants + 16 * ref;

	memcpy(at, &flags, sizeof(flags));
	memcpy(at + 8, &frame, sizeof(frame));
}

static void pages_granted_to_others_stay(void **state)
{
	struct fnuma_xen_stats stats;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	grant_v1(&t, 0, 1, 100);
	grant_v1(&t, 511, 1 | 1 << 3, 101); /* the last, in use */
	grant_v1(&t, 7, 0, 102);            /* no more */
	grant_v1(&t, 9, 1 << 4, 103);       /* taken back, and still written by who has it */
	grant_v1(&t, 8, 1, 100 + 1024);     /* another with the same low bits */
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 1);
	assert_int_equal(r[0].reason, FNUMA_E_PINNED);
	assert_int_equal(r[1].reason, FNUMA_E_PINNED);
	assert_int_equal(r[3].reason, FNUMA_E_PINNED);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.granted_pages, 3);
	grant_v1(&t, 0, 0, 100);
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	fake_check(t.f);
	fixture_close(&t);
}

static void pages_granted_in_a_table_of_version_2_stay(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 3);
	t.f->dom[GUEST].grant_version = 2;
	grant_v2(&t, 255, 1, 101);
	assert_int_equal(fixture_move(&t, 100, 3, 0, r), 2);
	assert_int_equal(r[1].reason, FNUMA_E_PINNED);
	fixture_close(&t);
}

static void a_table_that_grew_is_read_to_its_end(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 2);
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	t.f->dom[GUEST].grant_frames = 2;
	grant_v1(&t, 1023, 1, 101);
	assert_int_equal(fixture_move(&t, 101, 1, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_PINNED);
	assert_int_equal(t.f->grants_mapped, 1);
	fixture_close(&t);
}

static void without_the_table_nothing_moves(void **state)
{
	static const char *const ops[] = {"look", "map_grants"};
	struct fixture t;
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		fixture_open(&t);
		fixture_allow(&t, 100, 1);
		if (i < 2)
			t.f->fail_op = ops[i], t.f->fail_in = 1, t.f->fail_errno = EINVAL;
		else
			t.f->dom[GUEST].grant_version = 3;
		assert_int_equal(fixture_move(&t, 100, 1, 0, r), 0);
		assert_int_equal(r[0].reason, FNUMA_E_DENIED);
		fake_check(t.f);
		fixture_close(&t);
	}
}

static void a_guest_without_a_table_has_granted_nothing(void **state)
{
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 1);
	t.f->dom[GUEST].grant_frames = 0;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_granted_to_others_stay),
		cmocka_unit_test(pages_granted_in_a_table_of_version_2_stay),
		cmocka_unit_test(a_table_that_grew_is_read_to_its_end),
		cmocka_unit_test(without_the_table_nothing_moves),
		cmocka_unit_test(a_guest_without_a_table_has_granted_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
