/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"

#include "output.h"
#include "recorded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADING "time_s,mode,node0_pages,node1_pages,remote_pct,remote_pct_most,pool_pages," \
                "pool_used_pages,flips,flip_misses,pages_migrated,privvm_remote_pct\n"

static char path[] = "/tmp/flipsim-recorded-XXXXXX", error[RECORDED_ERROR_BYTES];

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static bool load(const char *text, struct run *r, struct scenario *sc)
{
	memset(r, 0, sizeof(*r));
	write_text(text);
	return recorded_load(r, sc, path, error, sizeof(error));
}

static void a_recording_becomes_the_modes_results(void **state)
{
	static struct scenario sc;
	static struct run r;

	(void)state;
	assert_true(load(HEADING "0,vanilla,0,51200,0,0,0,0,0,0,0,0\n"
	                 "10.5,vanilla,12800,38400,25,30,7,3,0,0,0,0\n"
	                 "0,migrate-amount,0,51200,0,0,0,0,0,0,0,0\r\n"
	                 "20,migrate-amount,512,50688,1,5,0,0,0,0,0,0\n", &r, &sc));
	assert_int_equal(r.n_modes, 2);
	assert_string_equal(r.modes[1]->name, "migrate-amount");
	assert_int_equal(r.results[0].n_samples, 2);
	assert_int_equal(engine_total_pages(&sc), 51200);
	assert_int_equal(r.results[0].samples[1].remote_pages, 12800);
	assert_int_equal(r.results[0].samples[1].node_pages[1], 38400);
	assert_int_equal(r.results[0].samples[1].pool_pages, 7);
	assert_true(r.results[0].fig[FIG_REMOTE_PCT_END] == 25);
	assert_true(r.results[0].fig[FIG_REMOTE_PCT_MAX] == 30);
	assert_true(sc.duration_s == 20);
	run_free(&r);
}

/* What --csv writes is what --draw reads. */
static void what_was_written_here_can_be_read(void **state)
{
	static struct scenario sc, again;
	static struct run r, back;

	(void)state;
	assert_true(load(HEADING "0,copy,256,51200,0.5,0.5,0,0,0,0,0,0\n"
	                 "60,copy,512,50944,1,1.5,2,1,0,0,0,0\n", &r, &sc));
	sc.privvm.memory_mb = 1;
	assert_true(output_csv(&r, path));
	assert_true(recorded_load(&back, &again, path, error, sizeof(error)));
	assert_int_equal(back.results[0].n_samples, 2);
	assert_int_equal(back.results[0].samples[1].remote_pages,
	                 r.results[0].samples[1].remote_pages);
	assert_int_equal(back.results[0].samples[1].pool_used, 1);
	run_free(&r);
	run_free(&back);
}

static void what_is_no_recording_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{"", "nothing recorded"},
		{HEADING, "nothing recorded"},
		{"a,b\n", ":1: not the columns"},
		{"time_s,mode,remote_pct,remote_pct_most,pool_pages,pool_used_pages,x\n",
		 ":1: not the columns"},
		{HEADING "1,vanilla,0,5\n", ":2: too few fields"},
		{HEADING "1,vanilla,0,x,0,0,0,0\n", ":2: a field is not a number"},
		{HEADING "1,vanilla,0,-5,0,0,0,0\n", ":2: a field is not a number"},
		{HEADING "1,vanilla,0,nan,0,0,0,0\n", ":2: a field is not a number"},
		{HEADING "1,vanilla,0,5,101,0,0,0\n", ":2: more than 100 %"},
		{HEADING "1,drift,0,5,0,0,0,0\n", ":2: no such mode"},
		{HEADING "2,vanilla,0,5,0,0,0,0\n1,vanilla,0,5,0,0,0,0\n", ":3: earlier"},
		{HEADING "0,vanilla,0,5,0,0,0,0\n", "nothing recorded"},
	};
	static struct scenario sc;
	static struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(load(bad[i].text, &r, &sc));
		if (!strstr(error, bad[i].error))
			fail_msg("case %zu: %s", i, error);
		run_free(&r);
	}
	memset(&r, 0, sizeof(r));
	assert_false(recorded_load(&r, &sc, "/nowhere/at/all", error, sizeof(error)));
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_becomes_the_modes_results),
		cmocka_unit_test(what_was_written_here_can_be_read),
		cmocka_unit_test(what_is_no_recording_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
