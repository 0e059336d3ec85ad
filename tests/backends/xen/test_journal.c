/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "fake.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_again(struct fixture *t, const char *journal, struct fnuma_xen **x)
{
	struct fnuma_xen_config config;

	fixture_config(t, &config);
	config.journal = journal;
	return xen_open_with(&fake_calls, t->f, &config, x);
}

static void two_processes_do_not_share_a_journal(void **state)
{
	struct fnuma_xen *x;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(open_again(&t, t.journal, &x), FNUMA_E_IN_USE);
	fixture_close(&t);
}

static void a_journal_that_cannot_be_is_refused(void **state)
{
	struct fnuma_xen *x;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(open_again(&t, "/nowhere/at/all", &x), FNUMA_E_DENIED);
	assert_int_equal(open_again(&t, "/dev/null", &x), FNUMA_E_STATE);
	fixture_close(&t);
}

/* A link could lead anywhere. */
static void a_link_is_not_followed(void **state)
{
	char link[80];
	struct fnuma_xen *x;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	snprintf(link, sizeof(link), "%s-link", t.journal);
	assert_int_equal(symlink(t.journal, link), 0);
	assert_int_equal(open_again(&t, link, &x), FNUMA_E_DENIED);
	unlink(link);
	fixture_reopen(&t);
	fixture_close(&t);
}

static void one_that_nobody_else_may_read_is_made(void **state)
{
	struct fixture t;
	struct stat st;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	unlink(t.journal);
	fixture_reopen(&t);
	assert_int_equal(stat(t.journal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fixture_close(&t);
}

static void any_damaged_byte_is_noticed(void **state)
{
	struct fnuma_xen *x;
	struct fixture t;
	uint8_t byte;
	int fd, at;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	fd = open(t.journal, O_RDWR);
	for (at = 0; at < (int)sizeof(struct journal_record); at += 3) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_int_equal(open_again(&t, t.journal, &x), FNUMA_E_STATE);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(ftruncate(fd, 50), 0);
	assert_int_equal(open_again(&t, t.journal, &x), FNUMA_E_STATE);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(open_again(&t, t.journal, &x), FNUMA_E_STATE);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	fixture_reopen(&t);
	fixture_close(&t);
}

/* Nothing is begun that could not be written down. */
static void without_a_journal_nothing_moves(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fixture_allow(&t, 100, 4);
	t.f->fail_op = "save";
	t.f->fail_in = 1;
	t.f->fail_errno = ENOSPC;
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_DENIED);
	assert_int_equal(fake_count(t.f, GUEST, 0), 0);
	fake_check(t.f);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_processes_do_not_share_a_journal),
		cmocka_unit_test(a_journal_that_cannot_be_is_refused),
		cmocka_unit_test(a_link_is_not_followed),
		cmocka_unit_test(one_that_nobody_else_may_read_is_made),
		cmocka_unit_test(any_damaged_byte_is_noticed),
		cmocka_unit_test(without_a_journal_nothing_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
