/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The split driver on whatever nodes there are: everything but where pages are, for which the
 * lane with real nodes is. And what it would find if something went wrong. */
#include "test.h"

#include "session.h"

#include <flipnuma/linux.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct scenario sc;
static const struct drive_options options = {
	.flat_s = 0.05, .any_node = true,
	.host_flags = FNUMA_LINUX_ONE_NODE | FNUMA_LINUX_UNPRIVILEGED};

static void complain(void *cookie, const char *text)
{
	(void)cookie;
	fail_msg("%s", text);
}

static int load(void **state)
{
	const struct scenario_sink sink = {complain, NULL};

	(void)state;
	assert_int_equal(scenario_load(&sc, SCENARIO, &sink), 0);
	sc.duration_s = 0.4;
	sc.sample_s = 0.1;
	sc.pool.calibrate_s = 0.2;
	sc.migrate.period_s = 0.1;
	sc.guest.nodes.id[0] = 0;
	sc.host.nodes = 1;
	sc.privvm.node = 1;
	return 0;
}

/* --- what it judges by ------------------------------------------------------------------- */

static void any_changed_byte_of_a_packet_is_seen(void **state)
{
	static uint64_t page[PAGE_BYTES / sizeof(uint64_t)];
	uint64_t frame;
	size_t at;

	(void)state;
	packet_write(page, 7, 42);
	assert_true(packet_read(page, 7, &frame));
	assert_int_equal(frame, 42);
	assert_false(packet_read(page, 8, &frame));
	for (at = sizeof(frame); at < PAGE_BYTES; at++) {
		((uint8_t *)page)[at] ^= 1;
		assert_false(packet_read(page, 7, &frame));
		((uint8_t *)page)[at] ^= 1;
	}
	memset(page, 0, sizeof(page));
	assert_false(packet_read(page, 7, &frame));
}

static void stream_says_whether_its_results_are_right(void **state)
{
	static double memory[12][PAGE_BYTES / sizeof(double)];
	double *page[12];
	struct stream out;
	uint32_t i;

	(void)state;
	for (i = 0; i < 12; i++)
		page[i] = memory[i];
	assert_true(stream_run(page, 4, 3, &out));
	assert_true(out.gbps > 0 && out.best_gbps[STREAM_TRIAD] > 0);
	page[5] = page[1]; /* one page for two of its arrays' */
	assert_false(stream_run(page, 4, 3, &out));
}

/* --- modes ------------------------------------------------------------------------------- */

static void every_mode_passes_all_packets_and_copies_none_that_it_need_not(void **state)
{
	struct driven driven;
	char error[DRIVE_ERROR_BYTES];
	const struct mode *m;
	struct result r;
	uint32_t i;

	(void)state;
	for (i = 0; (m = mode_at(i)) != NULL; i++) {
		if (!drive_mode(&sc, m, &options, &r, &driven, error))
			fail_msg("%s: %s", m->name, error);
		assert_true(driven.flat.pages_per_s > 0);
		assert_true(driven.checked_packets > 0);
		assert_true(r.n_samples >= 3);
		assert_true((r.fig[FIG_FLIPS] > 0) == !m->copies);
		assert_true(r.fig[FIG_COPIES] == r.fig[FIG_FLIP_MISSES] || m->copies);
		assert_true(r.fig[FIG_FLIPS] + r.fig[FIG_COPIES] == (double)driven.checked_packets);
		assert_true((r.fig[FIG_POOL_MB_MEAN] > 0) == (m->sizer != NULL));
		assert_true((r.fig[FIG_PASSES] > 0) <= (m->trigger != NULL));
		assert_true(isnan(r.fig[FIG_LINKBENCH_RUN1]));
		free(r.samples);
	}
}

/* --- what it finds ----------------------------------------------------------------------- */

static void begin(struct session *s, const char *mode)
{
	memset(s, 0, sizeof(*s));
	s->sc = &sc;
	s->mode = mode_find(mode);
	s->io = &sc.io;
	s->o = &options;
	if (!session_open(s) || !session_begin(s, pages_of_mb(sc.pool.init_mb)))
		fail_msg("%s", s->error);
}

static void turn_until(struct session *s, uint32_t packets)
{
	bool work;

	while (s->flipped + s->copied < packets)
		if (!session_turn(s, &work))
			fail_msg("%s", s->error);
}

static void finish_finds(struct session *s, const char *words)
{
	assert_false(session_end(s) && session_settle(s));
	if (!strstr(s->error, words))
		fail_msg("'%s' does not say: %s", s->error, words);
	session_close(s);
}

static void nothing_wrong_is_found_where_nothing_is(void **state)
{
	struct session s;

	(void)state;
	begin(&s, "vanilla");
	turn_until(&s, 100);
	assert_true(session_end(&s) && session_settle(&s));
	assert_string_equal(s.error, "");
	assert_int_equal(s.bad_packets, 0);
	session_close(&s);
}

static void a_page_that_somebody_wrote_to_is_found(void **state)
{
	struct session s;

	(void)state;
	begin(&s, "vanilla");
	turn_until(&s, 100);
	((char *)fnuma_linux_share_at(s.end.share, s.end.app[3]))[2] ^= 1;
	finish_finds(&s, "1 pages of applications did not hold what was written");
}

static void a_packet_that_changed_on_its_way_is_found(void **state)
{
	struct session s;
	bool work;

	(void)state;
	begin(&s, "copy");
	turn_until(&s, 10);
	while (wire_get(&s.wire->slots_filled) == s.copied) {
		do /* until it is the privVM's turn, which it takes in its time */
			assert_true(session_turn(&s, &work));
		while (work);
		usleep(20000);
	}
	s.wire->slots[s.copied % WIRE_SLOTS][PAGE_BYTES - 1] ^= 4;
	finish_finds(&s, "1 packets did not hold what was sent");
}

static void a_packet_that_did_not_come_is_found(void **state)
{
	struct session s;

	(void)state;
	begin(&s, "vanilla");
	turn_until(&s, 10);
	s.wire->copies++; /* as if one more had been sent */
	finish_finds(&s, "0 copied of 1");
}

static void a_privvm_that_dies_is_noticed(void **state)
{
	struct session s;

	(void)state;
	begin(&s, "pool-window");
	turn_until(&s, 10);
	kill(s.privvm, SIGKILL);
	finish_finds(&s, "the privVM's process ended with status 0x9");
}

static void a_privvm_that_cannot_begin_says_why(void **state)
{
	const double kernel_mb = sc.privvm.kernel_mb;
	struct session s = {.sc = &sc, .mode = mode_find("vanilla"), .io = &sc.io, .o = &options};

	(void)state;
	sc.privvm.kernel_mb = sc.privvm.memory_mb + 1;
	assert_false(session_open(&s));
	assert_string_equal(s.error, "the privVM: the privVM has no memory for its kernel");
	session_close(&s);
	sc.privvm.kernel_mb = kernel_mb;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_changed_byte_of_a_packet_is_seen),
		cmocka_unit_test(stream_says_whether_its_results_are_right),
		cmocka_unit_test(every_mode_passes_all_packets_and_copies_none_that_it_need_not),
		cmocka_unit_test(nothing_wrong_is_found_where_nothing_is),
		cmocka_unit_test(a_page_that_somebody_wrote_to_is_found),
		cmocka_unit_test(a_packet_that_changed_on_its_way_is_found),
		cmocka_unit_test(a_packet_that_did_not_come_is_found),
		cmocka_unit_test(a_privvm_that_dies_is_noticed),
		cmocka_unit_test(a_privvm_that_cannot_begin_says_why),
	};
	const struct fnuma_linux_config config = {.flags = options.host_flags};
	struct fnuma_linux *host;
	char why[256];

	if (fnuma_linux_open(&config, &host, why, sizeof(why))) {
		printf("%s\n", why);
		return 77;
	}
	fnuma_linux_close(host);
	return cmocka_run_group_tests(tests, load, NULL);
}
