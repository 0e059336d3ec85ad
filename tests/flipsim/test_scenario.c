/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"

#include "figures.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Complaints, a line each. */
struct heard {
	char text[4096];
	uint32_t n;
};

static void listen(void *cookie, const char *text)
{
	struct heard *h = cookie;

	h->n++;
	strncat(h->text, text, sizeof(h->text) - strlen(h->text) - 2);
	strcat(h->text, "\n");
}

static uint32_t parse(struct scenario *sc, const char *text, struct heard *h)
{
	const struct scenario_sink sink = {listen, h};

	memset(h, 0, sizeof(*h));
	return scenario_parse(sc, text, "x.ini", &sink);
}

/* The text is refused with exactly these complaints. */
static void refused(const char *text, const char *complaints)
{
	struct scenario sc;
	struct heard h;

	assert_int_not_equal(parse(&sc, text, &h), 0);
	assert_string_equal(h.text, complaints);
}

static void an_empty_file_is_the_paper_s_testbed(void **state)
{
	struct scenario sc;
	struct heard h;

	(void)state;
	assert_int_equal(parse(&sc, "", &h), 0);
	assert_int_equal(scenario_guest_pages(&sc), 4194304);
	assert_int_equal(pages_of_mb(sc.pool.init_mb), 128000);
	assert_int_equal((int)pages_of_mbps(sc.io.rate_mbps), 30517);
	assert_true(sc.duration_s == 10800);
	assert_int_equal(sc.guest.nodes.n, 1);
}

static void what_is_not_said_is_in_proportion_to_the_guest(void **state)
{
	struct scenario sc;
	struct heard h;

	(void)state;
	assert_int_equal(parse(&sc, "[guest]\nmemory_mb = 1024\nkernel_mb = 32\n"
	                       "[pool]\ninit_mb = 32\n", &h), 0);
	assert_true(sc.guest.app_mb == 1024 - 32 - 4 - 32 - 8);
	assert_true(sc.stream.memory_mb == 960);
	assert_true(sc.linkbench.memory_mb == 512);
	assert_int_equal(parse(&sc, "[guest]\napp_mb = 0\n[stream]\nmemory_mb = 0\n", &h), 0);
	assert_true(sc.guest.app_mb == 0 && sc.stream.memory_mb == 0);
}

static void every_kind_of_value_is_stored(void **state)
{
	struct scenario sc;
	struct heard h;

	(void)state;
	assert_int_equal(parse(&sc,
		"[scenario]\nname = small\nduration_s = 2.5 ; with a comment\n"
		"[guest]\nnodes = 1, 0\n[host]\nnodes=3\n[privvm]\nnode: 2\n"
		"[io]\npattern = random\n[pool]\nchecked = yes\n", &h), 0);
	assert_string_equal(sc.name, "small");
	assert_true(sc.duration_s == 2.5);
	assert_int_equal(sc.guest.nodes.n, 2);
	assert_int_equal(sc.guest.nodes.id[0], 1);
	assert_int_equal(sc.guest.nodes.id[1], 0);
	assert_true(sc.privvm.node == 2);
	assert_true(sc.io.pattern == LOAD_RANDOM);
	assert_true(sc.pool.checked == 1);
}

static void an_application_is_as_io_but_for_what_it_says(void **state)
{
	struct scenario sc;
	struct heard h;

	(void)state;
	assert_int_equal(parse(&sc, "[app web]\nshort_ms = 5\n[app plain]\n"
	                       "[io]\nrate_mbps = 77\nshort_ms = 9\n", &h), 0);
	assert_int_equal(sc.n_apps, 2);
	assert_string_equal(sc.app[0].name, "web");
	assert_true(sc.app[0].rate_mbps == 77);
	assert_true(sc.app[0].short_ms == 5);
	assert_true(sc.app[1].short_ms == 9);
}

static void the_paper_s_values_go_to_modes_and_figures(void **state)
{
	struct scenario sc;
	struct heard h;

	(void)state;
	assert_int_equal(parse(&sc, "[paper]\nvanilla.remote_pct_end = 25\n", &h), 0);
	assert_int_equal(sc.n_paper, 1);
	assert_string_equal(sc.paper[0].mode, "vanilla");
	assert_int_equal(sc.paper[0].figure, FIG_REMOTE_PCT_END);
	assert_true(sc.paper[0].value == 25);
}

static void all_that_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	refused("[scenario]\n"
	        "duration_s = soon\n"
	        "length = 5\n"
	        "[hots]\n"
	        "nodes = 2\n"
	        "[guest]\n"
	        "count = 1.5\n"
	        "memory_mb = 1\n"
	        "nodes = -1\n"
	        "[io]\n"
	        "pattern = wild\n"
	        "what is this\n",
	        "x.ini:2: duration_s: 'soon' is not a number (s)\n"
	        "x.ini:3: length: no such key in [scenario] (see --list-keys)\n"
	        "x.ini:4: hots: no such section (see --list-keys)\n"
	        "x.ini:7: count: 1.5 is not a whole number\n"
	        "x.ini:8: memory_mb: 1 is outside 4 to 1048576 MB\n"
	        "x.ini:9: nodes: '-1' is not a list of up to 8 node numbers below 8\n"
	        "x.ini:11: pattern: 'wild' is not one of steady|regular|random\n"
	        "x.ini:12: neither 'key = value' nor '[section]'\n");
}

static void a_key_said_twice_is_refused_with_both_lines(void **state)
{
	(void)state;
	refused("[io]\nrate_mbps = 1\n[guest]\n[io]\nrate_mbps = 2\n",
	        "x.ini:5: rate_mbps: given before, in line 2\n");
	refused("[app a]\non_ms = 1\non_ms = 2\n",
	        "x.ini:3: on_ms: given before, in line 2\n");
	refused("[paper]\ncopy.flips = 0\ncopy.flips = 0\n",
	        "x.ini:3: copy.flips: given before, in line 2\n");
}

static void lines_that_inih_would_misread_are_refused(void **state)
{
	char longer[400];

	(void)state;
	refused("[io]\nrate_mbps = 1\n  idle_mbps = 2\n",
	        "x.ini:3: an indented line: begin each key at the left margin\n");
	refused("seed = 1\n", "x.ini:1: seed: stands before the first [section]\n");
	refused("[io\n", "x.ini:1: a section without its ']'\n");
	memset(longer, 'x', sizeof(longer) - 1);
	memcpy(longer, "[scenario]\ntitle=", 17);
	longer[sizeof(longer) - 1] = '\0';
	refused(longer, "x.ini:2: longer than 198 bytes\n");
}

static void paper_values_of_nothing_are_refused(void **state)
{
	(void)state;
	refused("[paper]\nremote_pct_end = 1\ncur.remote_pct_end = 1\ncopy.speed = 1\n"
	        "copy.flips = few\n",
	        "x.ini:2: remote_pct_end: must be MODE.FIGURE, as in vanilla.remote_pct_end\n"
	        "x.ini:3: cur.remote_pct_end: no mode 'cur' (see --list-modes)\n"
	        "x.ini:4: copy.speed: no figure 'speed'\n"
	        "x.ini:5: copy.flips: 'few' is not a number\n");
}

static void values_that_do_not_fit_together_are_refused(void **state)
{
	(void)state;
	refused("[guest]\nnodes = 5\n", "x.ini:2: nodes: the host has no node 5\n");
	refused("[host]\nnodes = 1\n",
	        "x.ini: [privvm] node: the host has no node 1\n");
	refused("[host]\nnode_gb = 8\n",
	        "x.ini:2: node_gb: node 0 has 8192 MB, but 16384 MB are to be on it\n"
	        "x.ini:2: node_gb: node 1 has 8192 MB, but 16384 MB are to be on it\n");
	refused("[pool]\ninit_mb = 5000\n[guest]\napp_mb = 15616\n",
	        "x.ini:2: init_mb: a pool of 5000 MB does not fit beside 15748 MB of 16384\n");
	refused("[guest]\napp_mb = 16384\n",
	        "x.ini:2: app_mb: kernel, applications and ring need 16516 MB of 16384\n");
	refused("[migrate]\nlead_mb = 500\n", "x.ini:2: lead_mb: must be below amount_mb\n");
	refused("[scenario]\nsample_s = 0.1\ntick_ms = 500\n",
	        "x.ini:2: sample_s: is shorter than a tick\n");
}

static char *read_whole(const char *path)
{
	char *text = calloc(1, 1 << 18);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, f) > 0);
	fclose(f);
	return text;
}

static void the_readme_has_every_key_and_figure(void **state)
{
	char *readme = read_whole(README), *keys = NULL, *line, *rest;
	size_t bytes;
	FILE *f = open_memstream(&keys, &bytes);
	uint32_t i;

	(void)state;
	scenario_list_keys(f);
	fclose(f);
	for (line = strtok_r(keys, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strstr(readme, line))
			fail_msg("README.md lacks: %s", line);
	for (i = 0; i < FIGURES; i++) {
		char row[512];

		snprintf(row, sizeof(row), "| `%s` | %s | %s |", figure_info(i)->name,
		         figure_info(i)->unit, figure_info(i)->meaning);
		if (!strstr(readme, row))
			fail_msg("README.md lacks: %s", row);
	}
	free(keys);
	free(readme);
}

static void a_missing_file_is_named(void **state)
{
	struct heard h = {"", 0};
	const struct scenario_sink sink = {listen, &h};
	struct scenario sc;

	(void)state;
	assert_int_equal(scenario_load(&sc, "/nowhere/x.ini", &sink), 1);
	assert_string_equal(h.text, "/nowhere/x.ini: No such file or directory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_is_the_paper_s_testbed),
		cmocka_unit_test(what_is_not_said_is_in_proportion_to_the_guest),
		cmocka_unit_test(every_kind_of_value_is_stored),
		cmocka_unit_test(an_application_is_as_io_but_for_what_it_says),
		cmocka_unit_test(the_paper_s_values_go_to_modes_and_figures),
		cmocka_unit_test(all_that_is_wrong_is_said_with_its_line),
		cmocka_unit_test(a_key_said_twice_is_refused_with_both_lines),
		cmocka_unit_test(lines_that_inih_would_misread_are_refused),
		cmocka_unit_test(paper_values_of_nothing_are_refused),
		cmocka_unit_test(values_that_do_not_fit_together_are_refused),
		cmocka_unit_test(the_readme_has_every_key_and_figure),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
