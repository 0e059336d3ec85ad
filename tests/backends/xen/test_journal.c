/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "fake.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

/* Of the word that says which record counts, and of that record; the other is nothing. */
static void any_damaged_byte_that_counts_is_noticed(void **state)
{
	const off_t first = sizeof(uint64_t), second = first + sizeof(struct journal_record);
	struct fnuma_xen *x;
	struct fixture t;
	uint8_t byte, word;
	int fd, noticed;
	off_t at;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	fd = open(t.journal, O_RDWR);
	assert_int_equal(pread(fd, &word, 1, 0), 1);
	for (at = 0; at < second + (off_t)sizeof(struct journal_record); at++) {
		bool counts = at < first || (at >= second) == (word & 1);

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		noticed = open_again(&t, t.journal, &x);
		assert_int_equal(noticed, counts ? FNUMA_E_STATE : FNUMA_OK);
		if (!noticed)
			fnuma_xen_close(x);
		assert_int_equal(pread(fd, &word, 1, 0), 1);
		if (noticed) {
			byte ^= 0x10;
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
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

/* A process that is killed while it writes has not written the word yet. */
static void a_record_written_to_the_half_does_not_count(void **state)
{
	struct journal_record before, after;
	struct fixture t;
	uint8_t byte;
	int fd, i;

	(void)state;
	fixture_open(&t);
	assert_int_equal(journal_load(t.x, t.d.slot, &before), FNUMA_OK);
	assert_int_equal(before.state, JOURNAL_IDLE);
	fd = open(t.journal, O_RDWR);
	for (i = 0; i < 2; i++) { /* each of the two places was the other once */
		off_t other;

		assert_int_equal(pread(fd, &byte, 1, 0), 1);
		other = (off_t)(sizeof(uint64_t) +
		                (byte & 1 ? 0 : sizeof(struct journal_record)));
		assert_int_equal(pwrite(fd, "half a record", 13, other), 13);
		assert_int_equal(journal_load(t.x, t.d.slot, &after), FNUMA_OK);
		assert_memory_equal(&before, &after, sizeof(before));
		journal_save(t.x, t.d.slot, &before);
	}
	close(fd);
	fixture_close(&t);
}

/* All the room that it will ever need is taken at the beginning. */
static void without_room_for_a_journal_nothing_begins(void **state)
{
	struct rlimit before, none;
	struct fnuma_xen *x;
	struct fixture t;

	(void)state;
	fixture_open(&t);
	fnuma_xen_close(t.x);
	assert_int_equal(truncate(t.journal, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(open_again(&t, t.journal, &x), FNUMA_E_DENIED);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	fixture_reopen(&t);
	fixture_close(&t);
}

/* The one that counts stays as it is until the other is whole. */
static void a_record_is_written_beside_the_one_before(void **state)
{
	struct journal_record before, now, raw[2];
	struct fixture t;
	int fd;

	(void)state;
	fixture_open(&t);
	assert_int_equal(journal_load(t.x, t.d.slot, &before), FNUMA_OK);
	now = before;
	now.scratch_pages = 7;
	journal_save(t.x, t.d.slot, &now);
	fd = open(t.journal, O_RDONLY);
	assert_int_equal(pread(fd, raw, sizeof(raw), sizeof(uint64_t)), sizeof(raw));
	close(fd);
	assert_true(memcmp(&raw[0], &before, sizeof(before)) == 0 ||
	            memcmp(&raw[1], &before, sizeof(before)) == 0);
	assert_int_equal(journal_load(t.x, t.d.slot, &now), FNUMA_OK);
	assert_int_equal(now.scratch_pages, 7);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_processes_do_not_share_a_journal),
		cmocka_unit_test(a_journal_that_cannot_be_is_refused),
		cmocka_unit_test(a_link_is_not_followed),
		cmocka_unit_test(one_that_nobody_else_may_read_is_made),
		cmocka_unit_test(any_damaged_byte_that_counts_is_noticed),
		cmocka_unit_test(a_record_written_to_the_half_does_not_count),
		cmocka_unit_test(without_room_for_a_journal_nothing_begins),
		cmocka_unit_test(a_record_is_written_beside_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
