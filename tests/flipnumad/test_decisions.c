/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log of decisions: what is in it stays, and what is damaged is not believed. */
#include "test.h"

#include "decisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENTRIES 64u

static struct decisions d;
static char path[] = "/tmp/flipnuma-decisions-XXXXXX";

static int begin(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	close(fd);
	return unlink(path);
}

static int end(void **state)
{
	(void)state;
	decisions_close(&d);
	unlink(path);
	return 0;
}

static struct decision about(uint32_t page, int why, uint64_t time_ns)
{
	struct decision x = {.kind = DECISION_KEPT, .domain = 7, .start = 1, .first = page,
	                     .count = 1, .time_ns = time_ns};

	x.u.s.why = why;
	return x;
}

static void add(uint32_t page, int why, uint64_t time_ns)
{
	struct decision x = about(page, why, time_ns);

	decisions_add(&d, &x);
}

static void an_entry_has_64_bytes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct decision), 64);
}

static void neighbours_that_fare_alike_share_an_entry(void **state)
{
	(void)state;
	assert_null(decisions_open(&d, path, ENTRIES));
	add(5, FNUMA_E_BUSY, 1);
	add(6, FNUMA_E_BUSY, 2);
	add(7, FNUMA_E_PINNED, 2);
	add(9, FNUMA_E_PINNED, 2);
	add(10, FNUMA_E_PINNED, 2000000000);
	assert_int_equal(d.next, 5);
	assert_int_equal(decisions_at(&d, 1)->count, 2);
	assert_int_equal(decisions_at(&d, 2)->first, 7);
	assert_int_equal(decisions_at(&d, 4)->first, 10);
}

/* Neighbours share an entry, and it has the time of the first. */
static void what_was_decided_lasts_for_the_last_page_of_an_entry_too(void **state)
{
	const uint64_t second = 1000000000, later = 90 * second, last = later + second - 1;

	(void)state;
	assert_null(decisions_open(&d, NULL, ENTRIES));
	add(5, FNUMA_E_LOST_TRACK, later);
	add(6, FNUMA_E_LOST_TRACK, last);
	assert_int_equal(d.next, 2);
	assert_true(decision_left_ns(decisions_at(&d, 1), 10 * second, last) >= 10 * second);
	assert_true(decision_left_ns(decisions_at(&d, 1), 10 * second, last + 10 * second) <=
	            second);
	assert_true(decision_left_ns(decisions_at(&d, 1), 10 * second, last + 11 * second) == 0);
	/* The clock was set back. */
	assert_true(decision_left_ns(decisions_at(&d, 1), 10 * second, 1) >= 10 * second);
}

static void what_was_written_is_there_after_a_kill(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		decisions_open(&d, path, ENTRIES);
		add(1, FNUMA_E_BUSY, 1);
		add(3, FNUMA_E_BUSY, 1);
		raise(9);
	}
	waitpid(pid, &status, 0);
	assert_null(decisions_open(&d, path, ENTRIES));
	assert_int_equal(d.next, 3);
	assert_int_equal(decisions_at(&d, 2)->first, 3);
	add(5, FNUMA_E_BUSY, 1);
	assert_int_equal(decisions_at(&d, 3)->first, 5);
}

static void the_oldest_make_room_for_the_newest(void **state)
{
	uint32_t i;

	(void)state;
	assert_null(decisions_open(&d, path, ENTRIES));
	for (i = 0; i < 3 * ENTRIES; i++)
		add(2 * i, FNUMA_E_BUSY, i);
	assert_int_equal(decisions_first(&d), 2 * ENTRIES + 1);
	assert_null(decisions_at(&d, 2 * ENTRIES));
	assert_int_equal(decisions_at(&d, 2 * ENTRIES + 1)->first, 4 * ENTRIES);
	assert_null(decisions_at(&d, 3 * ENTRIES + 1));
	decisions_close(&d);
	assert_null(decisions_open(&d, path, ENTRIES));
	assert_int_equal(d.next, 3 * ENTRIES + 1);
}

static void an_entry_that_was_being_written_counts_for_nothing(void **state)
{
	struct decision *torn;

	(void)state;
	assert_null(decisions_open(&d, path, ENTRIES));
	add(1, FNUMA_E_BUSY, 1);
	add(3, FNUMA_E_BUSY, 1);
	torn = (struct decision *)(uintptr_t)decisions_at(&d, 2);
	torn->number = 0;
	decisions_close(&d);
	assert_null(decisions_open(&d, path, ENTRIES));
	assert_int_equal(d.next, 2);
	assert_null(decisions_at(&d, 2));
	add(9, FNUMA_E_BUSY, 2);
	assert_int_equal(decisions_at(&d, 2)->first, 9);
}

static void entries_that_make_no_sense_count_for_nothing(void **state)
{
	static const struct {
		uint8_t kind;
		uint32_t first, count;
	} bad[] = {
		{0, 1, 1}, {DECISION_RESUMED + 1, 1, 1},
		{DECISION_MOVED, FNUMA_GFN_NONE_N, 1}, {DECISION_AWAY, FNUMA_GFN_NONE_N, 1},
		{DECISION_BACK, FNUMA_GFN_NONE_N - 1, 2}, {DECISION_KEPT, 16, UINT32_MAX - 15},
	};
	struct decision x;
	uint32_t i;

	(void)state;
	assert_null(decisions_open(&d, path, ENTRIES));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		x = about(bad[i].first, FNUMA_OK, i);
		x.kind = bad[i].kind;
		x.count = bad[i].count;
		decisions_add(&d, &x);
		assert_null(decisions_at(&d, i + 1));
	}
	add(1, FNUMA_E_BUSY, 9);
	assert_non_null(decisions_at(&d, i + 1));
}

static void a_file_that_is_no_log_is_begun_anew_by_the_daemon_only(void **state)
{
	FILE *f = fopen(path, "w");
	uint32_t i;

	(void)state;
	for (i = 0; i < 10000; i++)
		fputc('x', f);
	fclose(f);
	assert_string_equal(decisions_read(&d, path), "is no log of decisions");
	assert_null(decisions_open(&d, path, ENTRIES));
	assert_int_equal(d.next, 1);
	add(1, FNUMA_E_BUSY, 1);
	decisions_close(&d);
	assert_null(decisions_read(&d, path));
	assert_int_equal(d.next, 2);
}

static void logs_that_are_cut_off_empty_or_not_there_are_refused(void **state)
{
	(void)state;
	assert_string_equal(decisions_read(&d, path), "No such file or directory");
	assert_null(decisions_open(&d, path, ENTRIES));
	decisions_close(&d);
	assert_int_equal(truncate(path, 500), 0);
	assert_string_equal(decisions_read(&d, path), "is no log of decisions");
	assert_int_equal(truncate(path, 0), 0);
	assert_string_equal(decisions_read(&d, path), "is no log of decisions");
	assert_string_equal(decisions_open(&d, "/nowhere/log", ENTRIES),
	                    "No such file or directory");
}

static void without_a_file_it_is_in_memory(void **state)
{
	(void)state;
	assert_null(decisions_open(&d, NULL, ENTRIES));
	add(1, FNUMA_E_BUSY, 1);
	assert_int_equal(decisions_at(&d, 1)->first, 1);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_64_bytes),
		cmocka_unit_test_setup_teardown(neighbours_that_fare_alike_share_an_entry, begin, end),
		cmocka_unit_test_setup_teardown(
			what_was_decided_lasts_for_the_last_page_of_an_entry_too, begin, end),
		cmocka_unit_test_setup_teardown(what_was_written_is_there_after_a_kill, begin, end),
		cmocka_unit_test_setup_teardown(the_oldest_make_room_for_the_newest, begin, end),
		cmocka_unit_test_setup_teardown(an_entry_that_was_being_written_counts_for_nothing,
		                                begin, end),
		cmocka_unit_test_setup_teardown(entries_that_make_no_sense_count_for_nothing, begin,
		                                end),
		cmocka_unit_test_setup_teardown(
			a_file_that_is_no_log_is_begun_anew_by_the_daemon_only, begin, end),
		cmocka_unit_test_setup_teardown(
			logs_that_are_cut_off_empty_or_not_there_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(without_a_file_it_is_in_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
