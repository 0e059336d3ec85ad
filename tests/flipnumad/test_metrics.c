/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the daemon counts for Prometheus. */
#include "world.h"

#include "metrics.h"

#define AT_ONCE "[defaults]\nperiod_s = 0.1\n"
#define ALL "[domain all]\nname = *\n"
#define MOVES "flipnuma_domain_moves_total"

/* Samples that begin with this; the value of the last, and the sum of all. */
static uint32_t samples(const char *begin, double *last, double *sum)
{
	char *text = metrics_text(&e), *line, *rest = text;
	uint32_t n = 0;

	assert_non_null(text);
	*last = *sum = 0;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, begin, strlen(begin)) != 0)
			continue;
		*last = atof(strrchr(line, ' ') + 1);
		*sum += *last;
		n++;
	}
	free(text);
	return n;
}

static double sum_of(const char *begin)
{
	double last, sum;

	samples(begin, &last, &sum);
	return sum;
}

/* Of one sample; there must be exactly one. */
static double value_of(const char *begin)
{
	double last, sum;

	assert_int_equal(samples(begin, &last, &sum), 1);
	return last;
}

/* All that became of a's pages for a reason is somewhere among the nodes, and nowhere twice. */
static void check_sums(void)
{
	struct fnuma_repatriator_stats stats;
	double kept = 0;
	uint32_t i;

	domain_stats(&e, domain("a"), &stats);
	for (i = 0; i < FNUMA_REASONS; i++)
		kept += (double)stats.by_reason[i];
	assert_int_equal(sum_of(MOVES "{domain=\"a\""),
	                 stats.moved + stats.would_move + (uint64_t)kept);
}

static void a_domain_at_home_has_one_count_of_moves(void **state)
{
	(void)state;
	write_world("[host]\nnodes = 4\n[guest a]\nhome = 2\n");
	open_engine(AT_ONCE ALL);
	run(3);
	assert_int_equal(value_of(MOVES), 0);
	assert_int_equal(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"2\","
	                          "outcome=\"moved\",reason=\"\"}"), 0);
}

static void moves_are_told_by_the_node_that_pages_went_to(void **state)
{
	struct config c;
	char why[WHY_BYTES];

	(void)state;
	write_world("[host]\nnodes = 3\n[guest a]\npages = 4096\naway_pages = 1000\nhome = 1\n");
	open_engine(AT_ONCE "cooldown_s = 0.001\n" ALL);
	run(5);
	assert_int_equal(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"1\","
	                          "outcome=\"moved\","), 1000);
	configure(&c, AT_ONCE "cooldown_s = 0.001\nhome = 2\n" ALL);
	assert_true(engine_reload(&e, &c, why, sizeof(why)));
	run(5);
	assert_int_equal(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"1\","
	                          "outcome=\"moved\","), 1000);
	assert_int_equal(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"2\","
	                          "outcome=\"moved\","), 4096);
	check_sums();
}

static void pages_that_stay_are_told_by_node_and_reason(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\naway_pages = 1000\npinned_pages = 7\n");
	open_engine(AT_ONCE "backoff_s = 0.1\nattempts = 3\n" ALL);
	run(20);
	assert_int_equal(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"1\","
	                          "outcome=\"kept\",reason=\"page_pinned\"}"), 21);
	/* Met while they backed off: no destination was looked for. */
	assert_true(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"\","
	                     "outcome=\"kept\",reason=\"failed_too_recently\"}") > 0);
	check_sums();
}

static void a_full_home_is_named(void **state)
{
	(void)state;
	write_world("[host]\nfull_node = 1\n[guest a]\naway_pages = 1000\n");
	open_engine(AT_ONCE ALL);
	run(5);
	assert_true(sum_of(MOVES "{domain=\"a\",number=\"1\",node=\"1\",outcome=\"kept\"") > 0);
	check_sums();
}

static void a_dry_run_tells_where_pages_would_go(void **state)
{
	(void)state;
	write_world("[host]\nnodes = 3\n[guest a]\naway_pages = 100\nhome = 2\n");
	e.dry_run = true;
	open_engine(AT_ONCE ALL);
	run(5);
	assert_true(value_of(MOVES "{domain=\"a\",number=\"1\",node=\"2\","
	                     "outcome=\"rehearsed\"") >= 100);
	check_sums();
}

static void each_domain_has_its_part_of_the_budget(void **state)
{
	struct fnuma_host_stats all;

	(void)state;
	write_world("[host]\n[guest a]\npages = 16384\naway_pages = 9000\n"
	            "[guest b]\npages = 16384\naway_pages = 9000\n");
	open_engine("[budget]\npages_per_s = 1000\n" AT_ONCE
	            "[domain b]\nname = b\nweight = 300\n" ALL);
	run(6);
	fnuma_host_stats(e.host, &all);
	assert_int_equal(sum_of("flipnuma_domain_attempted_pages_total{"), all.attempted);
	assert_in_range(10 * value_of("flipnuma_domain_attempted_pages_total{domain=\"b\"") /
	                value_of("flipnuma_domain_attempted_pages_total{domain=\"a\""), 28, 32);
	assert_in_range(1e9 * sum_of("flipnuma_domain_moving_seconds_total{"),
	                all.spent_ns - 2, all.spent_ns + 2);
}

static void pooled_pages_are_told_by_the_node_that_they_are_on(void **state)
{
	const char *const pooled = "flipnuma_domain_pooled_pages{domain=\"a\",number=\"1\",";

	(void)state;
	write_world("[host]\nnodes = 3\n[guest a]\naway_pages = 100\npooled_pages = 170\n"
	            "[guest b]\n");
	open_engine("[defaults]\nperiod_s = 1000\n" ALL);
	run(3);
	assert_int_equal(samples("flipnuma_domain_pooled_pages{", &(double){0}, &(double){0}), 6);
	assert_int_equal(sum_of(pooled), 170);
	assert_int_equal(value_of("flipnuma_domain_pooled_pages{domain=\"a\",number=\"1\","
	                          "node=\"0\"}"), 100);
	assert_int_equal(value_of("flipnuma_domain_pooled_pages{domain=\"a\",number=\"1\","
	                          "node=\"1\"}"), 70);
	assert_int_equal(sum_of("flipnuma_domain_pooled_pages{domain=\"b\""), 0);
}

static void a_decision_that_was_late_is_told_by_domain(void **state)
{
	static const char sum[] = "flipnuma_domain_decision_delay_seconds_sum{domain=\"a\"";
	static const char count[] = "flipnuma_domain_decision_delay_seconds_count{domain=\"a\"";
	double before;

	(void)state;
	write_world("[host]\n[guest a]\naway_pages = 100\n[guest b]\n");
	e.dry_run = true; /* pages stay away */
	open_engine("[domain a]\nname = a\nperiod_s = 1\n[domain b]\nname = b\nperiod_s = 1000\n");
	run(5);
	before = value_of(count);
	assert_true(before >= 3);
	assert_true(value_of(sum) < 0.01);
	now = e.step_next_ns + 3 * UINT64_C(1000000000);
	engine_turn(&e, now, real_ns());
	assert_true(value_of(count) == before + 1);
	assert_true(value_of(sum) > 2.99 && value_of(sum) < 3.01);
	assert_true(sum_of("flipnuma_domain_decision_delay_seconds_sum{domain=\"b\"") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_domain_at_home_has_one_count_of_moves),
		WORLD_TEST(moves_are_told_by_the_node_that_pages_went_to),
		WORLD_TEST(pages_that_stay_are_told_by_node_and_reason),
		WORLD_TEST(a_full_home_is_named),
		WORLD_TEST(a_dry_run_tells_where_pages_would_go),
		WORLD_TEST(each_domain_has_its_part_of_the_budget),
		WORLD_TEST(a_decision_that_was_late_is_told_by_domain),
		WORLD_TEST(pooled_pages_are_told_by_the_node_that_they_are_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
