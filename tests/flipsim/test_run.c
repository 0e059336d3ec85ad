/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Small scenarios from end to end: what the paper says of each mode must come out. */
#include "test.h"

#include "output.h"
#include "run.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A guest of 64 MB that drifts in a minute. */
static const char small[] =
	"[scenario]\nname = small\nduration_s = 60\nsample_s = 2\n"
	"[host]\nnode_gb = 1\n"
	"[guest]\nmemory_mb = 64\nkernel_mb = 4\napp_mb = 50\nring_pages = 64\n"
	"[privvm]\nmemory_mb = 64\nkernel_mb = 4\napp_mb = 50\nring_pages = 64\n"
	"[io]\nrate_mbps = 100\nshort_ms = 5\n"
	"[fit]\nchurn_pages_per_s = 150\nremote_pct = 20\n"
	"[stream]\nmemory_mb = 48\n[linkbench]\nmemory_mb = 32\n"
	"[pool]\ninit_mb = 4\ncalibrate_s = 5\n"
	"[migrate]\nperiod_s = 4\namount_mb = 4\ncooldown_s = 1\nbreak_even_s = 0.2\n";

static void fail_on(void *cookie, const char *text)
{
	(void)cookie;
	fail_msg("%s", text);
}

/* The small scenario and more lines; sections may be said again. */
static void scenario(struct scenario *sc, const char *more)
{
	const struct scenario_sink sink = {fail_on, NULL};
	char text[4096];

	snprintf(text, sizeof(text), "%s%s%s", small, more,
	         strstr(more, "long_ms") ? "" : "[io]\nlong_ms = 100\n");
	assert_int_equal(scenario_parse(sc, text, "small", &sink), 0);
}

static void run_all(struct run *r, const struct scenario *sc, uint32_t jobs)
{
	memset(r, 0, sizeof(*r));
	r->sc = sc;
	r->jobs = jobs;
	r->quiet = true;
	while (mode_at(r->n_modes)) {
		r->modes[r->n_modes] = mode_at(r->n_modes);
		r->n_modes++;
	}
	assert_true(run_modes(r));
}

static const double *figures(const struct run *r, const char *mode)
{
	uint32_t i;

	for (i = 0; strcmp(r->modes[i]->name, mode) != 0; i++)
		;
	return r->results[i].fig;
}

static void check_vanilla_and_copy(const struct run *r)
{
	const double *vanilla = figures(r, "vanilla"), *copy = figures(r, "copy");

	assert_true(vanilla[FIG_REMOTE_PCT_END] > 10);
	assert_true(vanilla[FIG_STREAM_LOSS_PCT] > 5);
	assert_true(vanilla[FIG_LINKBENCH_LOSS_PCT] > 2);
	assert_true(vanilla[FIG_STREAM_REMOTE_BEFORE] == 0);
	assert_true(vanilla[FIG_STREAM_REMOTE_ALLOCATIONS] > 1000);
	assert_true(fabs(vanilla[FIG_IO_SLOWDOWN_PCT]) < 1e-9);
	assert_true(copy[FIG_REMOTE_PCT_MAX] == 0);
	assert_true(copy[FIG_FLIPS] == 0);
	assert_true(copy[FIG_COPIES] == vanilla[FIG_FLIPS]);
	assert_true(copy[FIG_STREAM_LOSS_PCT] == 0);
	assert_true(copy[FIG_IO_SLOWDOWN_PCT] > 20);
}

/* I2: nothing but a pool's page is ever remote. */
static void check_pools(const struct run *r, double bound_pct)
{
	uint32_t i;

	for (i = 0; i < r->n_modes; i++) {
		const double *fig = r->results[i].fig;

		if (!r->modes[i]->sizer)
			continue;
		assert_true(fig[FIG_STREAM_REMOTE_ALLOCATIONS] == 0);
		assert_true(fig[FIG_LINKBENCH_REMOTE_ALLOCATIONS] == 0);
		assert_true(fig[FIG_STREAM_LOSS_PCT] == 0);
		assert_true(fig[FIG_REMOTE_PCT_MAX] <= bound_pct);
		assert_true(fig[FIG_REMOTE_PCT_MAX] > 0);
		assert_true(fig[FIG_POOL_MB_MEAN] > 0);
	}
}

static void check_migration(const struct run *r, double bound_pct)
{
	const double *amount = figures(r, "migrate-amount"), *period;

	period = figures(r, "migrate-period");
	assert_true(amount[FIG_REMOTE_PCT_MAX] <= bound_pct);
	assert_true(amount[FIG_PAGES_MIGRATED] > 0);
	assert_true(amount[FIG_PASSES] > 1);
	assert_true(period[FIG_REMOTE_PCT_MAX] < figures(r, "vanilla")[FIG_REMOTE_PCT_MAX] / 2);
	assert_true(period[FIG_PASSES] >= 14 && period[FIG_PASSES] <= 15);
}

static void every_mode_does_what_the_paper_says_of_it(void **state)
{
	static struct scenario sc;
	static struct run r;

	(void)state;
	scenario(&sc, "");
	run_all(&r, &sc, 2);
	check_vanilla_and_copy(&r);
	check_pools(&r, 100.0 * 4 / 64);
	check_migration(&r, 100.0 * 4 / 64);
	run_free(&r);
}

static void an_idle_hybrid_brings_its_pool_home(void **state)
{
	static struct scenario sc;
	static struct run r;
	const double *hybrid, *window;

	(void)state;
	scenario(&sc, "[io]\npattern = regular\nlong_ms = 500\n");
	run_all(&r, &sc, 2);
	hybrid = figures(&r, "hybrid");
	window = figures(&r, "pool-window");
	assert_true(hybrid[FIG_PAGES_MIGRATED] > 0);
	assert_true(hybrid[FIG_REMOTE_PCT_END] < window[FIG_REMOTE_PCT_END]);
	run_free(&r);
}

static void sent_pages_and_missed_ones_are_accounted_for(void **state)
{
	static struct scenario sc;
	static struct run r;
	uint32_t i;

	(void)state;
	scenario(&sc,
	         "[io]\ntx_percent = 30\npattern = regular\non_ms = 500\noff_ms = 1500\n"
	         "[pool]\nmax_mb = 4\nresize_pages_per_s = 100\nwindow_s = 1\n"
	         "[app calm]\nrate_mbps = 10\npattern = steady\n");
	run_all(&r, &sc, 2);
	for (i = 0; i < r.n_modes; i++) {
		const double *fig = r.results[i].fig;

		assert_true(fig[FIG_FLIPS] + fig[FIG_COPIES] + fig[FIG_DROPS] ==
		            figures(&r, "vanilla")[FIG_FLIPS]);
		assert_true(r.modes[i]->copies || fig[FIG_COPIES] == fig[FIG_FLIP_MISSES]);
	}
	assert_true(figures(&r, "pool-static")[FIG_FLIP_MISSES] > 0);
	check_pools(&r, 100.0 * 4 / 64);
	run_free(&r);
}

static void guests_of_two_nodes_and_many_guests_do_too(void **state)
{
	static struct scenario sc;
	static struct run r;

	(void)state;
	scenario(&sc, "[host]\nnodes = 3\n[guest]\nnodes = 0 1\n[privvm]\nnode = 2\n");
	run_all(&r, &sc, 2);
	check_vanilla_and_copy(&r);
	check_pools(&r, 100.0 * 4 / 64);
	assert_true(figures(&r, "migrate-amount")[FIG_REMOTE_PCT_MAX] <= 100.0 * 4 / 64);
	assert_true(figures(&r, "vanilla")[FIG_MISPLACED_PCT_END] >=
	            figures(&r, "vanilla")[FIG_REMOTE_PCT_END]);
	run_free(&r);
	scenario(&sc, "[guest]\ncount = 5\n");
	run_all(&r, &sc, 2);
	check_vanilla_and_copy(&r);
	check_pools(&r, 100.0 * 4 / 64);
	run_free(&r);
}

static void a_checked_pool_gives_the_same_figures(void **state)
{
	static struct scenario sc;
	static struct run r, checked;
	uint32_t i, f;

	(void)state;
	scenario(&sc, "");
	run_all(&r, &sc, 2);
	scenario(&sc, "[pool]\nchecked = yes\n");
	run_all(&checked, &sc, 2);
	for (i = 0; i < r.n_modes; i++)
		for (f = 0; f < FIG_WALL_S; f++)
			assert_true(r.results[i].fig[f] == checked.results[i].fig[f]);
	run_free(&r);
	run_free(&checked);
}

/* The JSON of a run, without the wall clock's part. */
static char *json_of(const struct run *r)
{
	char path[] = "/tmp/flipsim-test-XXXXXX", *text;
	int fd = mkstemp(path);
	struct json_object *o, *modes, *wall;
	size_t i;

	assert_true(fd >= 0);
	close(fd);
	assert_true(output_json(r, NULL, path));
	o = json_object_from_file(path);
	unlink(path);
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "modes", &modes));
	for (i = 0; i < json_object_array_length(modes); i++) {
		assert_true(json_object_object_get_ex(json_object_array_get_idx(modes, i),
		                                      "wall_s", &wall));
		json_object_object_del(json_object_array_get_idx(modes, i), "wall_s");
	}
	text = strdup(json_object_to_json_string(o));
	json_object_put(o);
	return text;
}

static char *json_with(const struct scenario *sc, uint32_t jobs)
{
	static struct run r;
	char *text;

	run_all(&r, sc, jobs);
	text = json_of(&r);
	run_free(&r);
	return text;
}

static void the_seed_decides_and_the_jobs_do_not(void **state)
{
	static struct scenario sc;
	char *first, *again, *alone, *other;

	(void)state;
	scenario(&sc, "[io]\npattern = random\n");
	first = json_with(&sc, 2);
	again = json_with(&sc, 2);
	alone = json_with(&sc, 1);
	sc.seed = 2;
	other = json_with(&sc, 3);
	assert_string_equal(first, again);
	assert_string_equal(first, alone);
	assert_string_not_equal(first, other);
	free(first);
	free(again);
	free(alone);
	free(other);
}

static double end_with(struct scenario *sc, double churn)
{
	struct result res;

	sc->fit.churn_pages_per_s = churn;
	engine_run(sc, mode_find("vanilla"), NULL, NULL, &res);
	free(res.samples);
	assert_null(res.error);
	return res.fig[FIG_REMOTE_PCT_END];
}

static void more_churn_is_more_drift_and_the_fit_finds_it(void **state)
{
	static struct scenario sc;
	double before = -1, churn;

	(void)state;
	scenario(&sc, "");
	for (churn = 0; churn < 300; churn += 50) {
		double end = end_with(&sc, churn);

		assert_true(end > before);
		before = end;
	}
	assert_true(run_fit(&sc, NULL, true));
	assert_true(fabs(end_with(&sc, sc.fit.churn_pages_per_s) - 20) < 0.05);
}

static void scenarios_that_ship_are_in_order(void **state)
{
	static const char *const names[] = {"paper", "vnuma", "bursty-10g", "host-1000"};
	const struct scenario_sink sink = {fail_on, NULL};
	static struct scenario sc;
	char path[1024];
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s.ini", SCENARIOS, names[i]);
		assert_int_equal(scenario_load(&sc, path, &sink), 0);
		assert_string_equal(sc.name, names[i]);
	}
}

static void the_speed_of_each_mode_can_be_told(void **state)
{
	static struct scenario sc;
	static struct run r;
	double all, io;
	char *text;
	size_t bytes;
	uint32_t i;
	FILE *out;
	const char *line;

	(void)state;
	scenario(&sc, "");
	run_all(&r, &sc, 2);
	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	output_timing(&r, out);
	assert_int_equal(fclose(out), 0);
	for (i = 0, line = text; i < r.n_modes; i++) {
		char want[128];

		snprintf(want, sizeof(want), "sim_flips_per_s_%s %%lf 1/s sim_io_flips_per_s_%s "
		         "%%lf 1/s", r.modes[i]->name, r.modes[i]->name);
		assert_int_equal(sscanf(line, want, &all, &io), 2);
		assert_true(all > 0 && io >= all);
		line = strchr(strchr(line, '\n') + 1, '\n') + 1;
	}
	assert_int_equal(*line, '\0');
	free(text);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_does_what_the_paper_says_of_it),
		cmocka_unit_test(an_idle_hybrid_brings_its_pool_home),
		cmocka_unit_test(sent_pages_and_missed_ones_are_accounted_for),
		cmocka_unit_test(guests_of_two_nodes_and_many_guests_do_too),
		cmocka_unit_test(a_checked_pool_gives_the_same_figures),
		cmocka_unit_test(the_seed_decides_and_the_jobs_do_not),
		cmocka_unit_test(the_speed_of_each_mode_can_be_told),
		cmocka_unit_test(more_churn_is_more_drift_and_the_fit_finds_it),
		cmocka_unit_test(scenarios_that_ship_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
