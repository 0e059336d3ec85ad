/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "trace_file.h"

/* ---- CSV ---- */

static void csv_with_heading_comments_and_blanks_is_read(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("# by hand\n\n time_ns, bytes, direction\r\n"
		      "100,1500\n  # between\n 200 , 66 , tx \r\n250,0,rx");
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->format, "csv");
	assert_string_equal(packets_summary(t)->link, "");
	assert_string_equal(packets_summary(t)->guest, "");
	packets_play(&it, t, 151);
	assert_next(&it, 0, 1500, PACKET_RX);
	assert_next(&it, 100, 66, PACKET_TX);
	assert_next(&it, 150, 0, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

static void csv_with_a_bad_line_is_refused_with_its_number(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"1,2\nx,2\n", "line 2: time_ns 'x' is not a whole number below 2^64"},
		{"# a\n\n1,2\n-1,2\n",
		 "line 4: time_ns '-1' is not a whole number below 2^64"},
		{"18446744073709551616,2\n", "line 1: time_ns '18446744073709551616' is "
					     "not a whole number below 2^64"},
		{",2\n", "line 1: time_ns '' is not a whole number below 2^64"},
		{"1.5,2\n", "line 1: time_ns '1.5' is not a whole number below 2^64"},
		{"time_ns,bytes\n1,4294967296\n",
		 "line 2: bytes '4294967296' is not a whole number below 2^32"},
		{"1, \n", "line 1: bytes '' is not a whole number below 2^32"},
		{"1,2 3\n", "line 1: bytes '2 3' is not a whole number below 2^32"},
		{"1,\x1b[31m\n",
		 "line 1: bytes '?[31m' is not a whole number below 2^32"},
		{"1,2,up\n", "line 1: direction 'up' is neither rx nor tx"},
		{"1,2,\n", "line 1: direction '' is neither rx nor tx"},
		{"1,2,a-word-that-nobody-wants-in-a-message\n", "line 1: direction "
		 "'a-word-that-nobody-wants-in-a-m' is neither rx nor tx"},
		{"1\n", "line 1: not time_ns,bytes or time_ns,bytes,rx|tx"},
		{"1,2,rx,4\n", "line 1: not time_ns,bytes or time_ns,bytes,rx|tx"},
		{"1,2,rx,4,5,6,7\n", "line 1: not time_ns,bytes or time_ns,bytes,rx|tx"},
		{"1,2\ntime_ns,bytes\n",
		 "line 2: time_ns 'time_ns' is not a whole number below 2^64"},
		{"time,bytes\n",
		 "line 1: time_ns 'time' is not a whole number below 2^64"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(open_text(cases[i].text));
		assert_reason(cases[i].reason);
	}
}

static void csv_line_of_512_bytes_is_read_and_a_longer_one_refused(void **state)
{
	char text[600];
	struct packets *t;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "1,2\n3,4", 7);
	text[4 + 512] = '\0';
	t = open_text(text);
	assert_non_null(t);
	packets_close(t);
	text[4 + 512] = ' ';
	text[4 + 513] = '\0';
	assert_null(open_text(text));
	assert_reason("line 2: longer than 512 bytes");
}

static void csv_largest_numbers_are_read(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("0,4294967295\n18446744073709551615,1\n");
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->period_ns, UINT64_MAX);
	packets_play(&it, t, UINT64_MAX);
	assert_next(&it, 0, UINT32_MAX, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

static void csv_asked_for_a_guest_is_refused(void **state)
{
	(void)state;
	write_file("1,2\n", 4);
	assert_null(packets_open(path, "10.0.0.1", error, sizeof(error)));
	assert_reason("CSV has no addresses, so it can't be asked for guest 10.0.0.1");
}

static void time_that_goes_back_is_clamped_and_counted(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("1000,1\n1500,2\n900,3\n1400,4\n1600,5\n");
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->clamped, 2);
	assert_int_equal(packets_summary(t)->span_ns, 600);
	packets_play(&it, t, 601);
	assert_next(&it, 0, 1, PACKET_RX);
	assert_next(&it, 500, 2, PACKET_RX);
	assert_next(&it, 500, 3, PACKET_RX);
	assert_next(&it, 500, 4, PACKET_RX);
	assert_next(&it, 600, 5, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

/* ---- files that are no trace ---- */

static void file_without_a_packet_is_refused(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET);

	(void)state;
	assert_null(open_text(""));
	assert_reason("empty file");
	assert_null(open_text("# nothing\ntime_ns,bytes\n"));
	assert_reason("no packet in it (left out: 0 not IP, 0 cut short, 0 neither to "
		      "nor from a guest)");
	assert_refused(&b, NULL, "no address in it receives anything (left out: 0 not "
				 "IP, 0 cut short)");
	assert_refused(&b, "10.0.0.1", "no packet in it (left out: 0 not IP, 0 cut "
				       "short, 0 neither to nor from 10.0.0.1)");
}

static void file_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	assert_null(packets_open("/nowhere/trace", NULL, error, sizeof(error)));
	assert_string_equal(error, "/nowhere/trace: No such file or directory");
	assert_null(packets_open("/", NULL, error, sizeof(error)));
	assert_string_equal(error, "/: Is a directory");
	assert_null(open_text("\x1f\x8b\x08"));
	assert_reason("neither pcap nor pcapng nor CSV");
}

static void message_stays_within_its_buffer(void **state)
{
	char small[8] = "1234567";

	(void)state;
	assert_null(packets_open("/nowhere/trace", NULL, NULL, 100));
	assert_null(packets_open("/nowhere/trace", NULL, small, 4));
	assert_memory_equal(small, "/no\0" "567", sizeof(small));
	assert_null(packets_open("/nowhere/trace", NULL, small, 0));
	assert_memory_equal(small, "/no\0" "567", sizeof(small));
}

/* ---- playing ---- */

static void longer_trace_is_cut_before_the_length(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("5,1\n10,2\n15,3\n");
	assert_non_null(t);
	packets_play(&it, t, 10);
	assert_next(&it, 0, 1, PACKET_RX);
	assert_next(&it, 5, 2, PACKET_RX);
	assert_end(&it);
	packets_play(&it, t, 0);
	assert_end(&it);
	packets_close(t);
}

static void shorter_trace_is_repeated_after_a_mean_gap(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("5,1\n6,2,tx\n15,3\n");
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->period_ns, 15);
	packets_play(&it, t, 31);
	assert_next(&it, 0, 1, PACKET_RX);
	assert_next(&it, 1, 2, PACKET_TX);
	assert_next(&it, 10, 3, PACKET_RX);
	assert_next(&it, 15, 1, PACKET_RX);
	assert_next(&it, 16, 2, PACKET_TX);
	assert_next(&it, 25, 3, PACKET_RX);
	assert_next(&it, 30, 1, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

static void repetition_that_would_begin_at_the_end_does_not_begin(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("0,1\n1,2\n1,3\n");
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->period_ns, 2);
	packets_play(&it, t, 2);
	assert_next(&it, 0, 1, PACKET_RX);
	assert_next(&it, 1, 2, PACKET_RX);
	assert_next(&it, 1, 3, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

static void trace_of_one_moment_is_played_once(void **state)
{
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	t = open_text("7,1\n7,2\n");
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->period_ns, 0);
	packets_play(&it, t, UINT64_MAX);
	assert_next(&it, 0, 1, PACKET_RX);
	assert_next(&it, 0, 2, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

static void two_iterators_of_one_trace_do_not_meet(void **state)
{
	struct packets_iterator a, b;
	struct packets *t;

	(void)state;
	t = open_text("0,1\n9,2\n");
	assert_non_null(t);
	packets_play(&a, t, 10);
	assert_next(&a, 0, 1, PACKET_RX);
	packets_play(&b, t, 10);
	assert_next(&a, 9, 2, PACKET_RX);
	assert_next(&b, 0, 1, PACKET_RX);
	assert_end(&a);
	assert_next(&b, 9, 2, PACKET_RX);
	packets_close(t);
}

static void trace_of_many_packets_keeps_them_all(void **state)
{
	struct packets_iterator it;
	struct packets *t;
	unsigned i;
	FILE *f;

	(void)state;
	f = fopen(path, "w");
	assert_non_null(f);
	for (i = 0; i < 5000; i++)
		fprintf(f, "%u,%u,%s\n", i * 3, i, i & 1 ? "tx" : "rx");
	assert_int_equal(fclose(f), 0);
	t = packets_open(path, NULL, error, sizeof(error));
	assert_non_null(t);
	packets_play(&it, t, 15000);
	for (i = 0; i < 5000; i++)
		assert_next(&it, i * 3, i, i & 1 ? PACKET_TX : PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

/* ---- figures ---- */

static void packet_fills_one_page_at_least_and_every_begun_one(void **state)
{
	(void)state;
	assert_int_equal(packet_pages(0, 4096), 1);
	assert_int_equal(packet_pages(1, 4096), 1);
	assert_int_equal(packet_pages(4096, 4096), 1);
	assert_int_equal(packet_pages(4097, 4096), 2);
	assert_int_equal(packet_pages(65549, 4096), 17);
	assert_int_equal(packet_pages(UINT32_MAX, 4096), 1u << 20);
	assert_int_equal(packet_pages(UINT32_MAX, 1), UINT32_MAX);
}

static void peak_is_the_most_pages_within_any_window(void **state)
{
	struct packets *t;

	(void)state;
	t = open_text("0,1\n4,4097,tx\n9,1\n10,1\n30,9000\n");
	assert_non_null(t);
	assert_int_equal(packets_pages(t, 4096), 8);
	assert_int_equal(packets_peak_pages(t, 1, 4096), 3);
	assert_int_equal(packets_peak_pages(t, 6, 4096), 3);
	assert_int_equal(packets_peak_pages(t, 7, 4096), 4);
	assert_int_equal(packets_peak_pages(t, 10, 4096), 4);
	assert_int_equal(packets_peak_pages(t, 11, 4096), 5);
	assert_int_equal(packets_peak_pages(t, UINT64_MAX, 4096), 8);
	packets_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_with_heading_comments_and_blanks_is_read),
		cmocka_unit_test(csv_with_a_bad_line_is_refused_with_its_number),
		cmocka_unit_test(csv_line_of_512_bytes_is_read_and_a_longer_one_refused),
		cmocka_unit_test(csv_largest_numbers_are_read),
		cmocka_unit_test(csv_asked_for_a_guest_is_refused),
		cmocka_unit_test(time_that_goes_back_is_clamped_and_counted),
		cmocka_unit_test(file_without_a_packet_is_refused),
		cmocka_unit_test(file_that_cannot_be_read_is_refused),
		cmocka_unit_test(message_stays_within_its_buffer),
		cmocka_unit_test(longer_trace_is_cut_before_the_length),
		cmocka_unit_test(shorter_trace_is_repeated_after_a_mean_gap),
		cmocka_unit_test(repetition_that_would_begin_at_the_end_does_not_begin),
		cmocka_unit_test(trace_of_one_moment_is_played_once),
		cmocka_unit_test(two_iterators_of_one_trace_do_not_meet),
		cmocka_unit_test(trace_of_many_packets_keeps_them_all),
		cmocka_unit_test(packet_fills_one_page_at_least_and_every_begun_one),
		cmocka_unit_test(peak_is_the_most_pages_within_any_window),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
