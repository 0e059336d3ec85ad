/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the daemon's configuration may say, and every way in which it is refused. */
#include "test.h"

#include "config.h"

#include <string.h>

static struct config c;

struct heard {
	char text[4096];
};

static void hear(void *cookie, const char *text)
{
	struct heard *h = cookie;

	strcat(h->text, text);
	strcat(h->text, "\n");
}

static uint32_t parse(const char *text, struct heard *h)
{
	const struct config_sink sink = {hear, h};

	h->text[0] = '\0';
	return config_parse(&c, text, "x.conf", &sink);
}

static void good(const char *text)
{
	struct heard h;

	parse(text, &h);
	assert_string_equal(h.text, "");
}

static void refused(const char *text, const char *complaints)
{
	struct heard h;

	assert_true(parse(text, &h) > 0);
	assert_string_equal(h.text, complaints);
}

static void an_empty_file_means_the_defaults(void **state)
{
	(void)state;
	good("");
	assert_true(c.daemon.backend == BACKEND_LINUX);
	assert_string_equal(c.daemon.socket, "/run/flipnumad/control");
	assert_true(c.budget.pages_per_s == 20000);
	assert_int_equal(c.n_rules, 0);
	assert_int_equal(c.defaults.home.n, 0);
}

static void a_rule_has_the_defaults_of_the_file_wherever_they_stand(void **state)
{
	(void)state;
	good("[domain a]\nname = x*\nweight = 7\n"
	     "[defaults]\nperiod_s = 5\nweight = 9\nhome = 0 2\n"
	     "[domain b]\nguest = *\nhome = 1\n");
	assert_int_equal(c.n_rules, 2);
	assert_true(c.rules[0].settings.period_s == 5);
	assert_true(c.rules[0].settings.weight == 7);
	assert_int_equal(c.rules[0].settings.home.n, 2);
	assert_int_equal(c.rules[0].settings.home.id[1], 2);
	assert_true(c.rules[1].settings.weight == 9);
	assert_int_equal(c.rules[1].settings.home.n, 1);
}

static void a_rule_may_go_back_to_the_home_that_is_suggested(void **state)
{
	(void)state;
	good("[defaults]\nhome = 1\n[domain a]\nname = x\nhome = auto\n");
	assert_int_equal(c.rules[0].settings.home.n, 0);
}

static const char *label_of(const char *name, const char *guest, const char *cmdline,
                            const char *cgroup)
{
	const struct traits t = {name, guest, cmdline, cgroup};
	const struct rule *r = config_rule(&c, &t);

	return r ? r->label : "";
}

static void the_first_rule_of_which_all_globs_match_wins(void **state)
{
	(void)state;
	good("[domain one]\nguest = web*\n"
	     "[domain two]\nname = post*\ncmdline = *-D /srv/*\n"
	     "[domain three]\ncgroup = /system.slice/*\n"
	     "[domain four]\nname = *\n");
	assert_string_equal(label_of("web1", "web1", "qemu", "/machine"), "one");
	assert_string_equal(label_of("web1", "", "web1", "/"), "four");
	assert_string_equal(label_of("postgres", "", "postgres -D /srv/a", "/"), "two");
	assert_string_equal(label_of("postgres", "", "postgres -D /var", "/system.slice/p"),
	                    "three");
	assert_string_equal(label_of("x", "", "x", "/"), "four");
}

static void who_matches_no_rule_is_nobodys(void **state)
{
	(void)state;
	good("[domain one]\nguest = *\n");
	assert_string_equal(label_of("bash", "", "bash", "/"), "");
	good("");
	assert_string_equal(label_of("bash", "", "bash", "/"), "");
}

static void all_that_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	refused("[daemon]\nbackend = kvm\nlook_s = soon\nnice = 3\n"
	        "[domains]\nx = 1\n"
	        "[budget]\npages_per_s = 1.5\nmb_per_s = -1\ncpu_percent\n",
	        "x.conf:2: backend: 'kvm' is not one of linux|mock|xen\n"
	        "x.conf:3: look_s: 'soon' is not a number (s)\n"
	        "x.conf:4: nice: no such key in [daemon] (see --list-keys)\n"
	        "x.conf:5: domains: no such section (see --list-keys)\n"
	        "x.conf:8: pages_per_s: 1.5 is not a whole number\n"
	        "x.conf:9: mb_per_s: -1 is outside 0 to 1000000 MB/s\n"
	        "x.conf:10: neither 'key = value' nor '[section]'\n");
}

static void a_budget_without_a_limit_of_pages_is_refused(void **state)
{
	(void)state;
	refused("[budget]\npages_per_s = 0\n",
	        "x.conf:2: pages_per_s: 0 is outside 1 to 1000000000 pages/s\n");
}

static void a_budget_that_lets_nothing_through_when_backed_off_is_refused(void **state)
{
	(void)state;
	refused("[budget]\nmb_per_s = 0.001\n",
	        "x.conf:2: mb_per_s: does not let a page through when backed off\n");
}

static void a_key_said_twice_is_refused_with_both_lines(void **state)
{
	(void)state;
	refused("[daemon]\nlook_s = 1\nlook_s = 2\n",
	        "x.conf:3: look_s: given before, in line 2\n");
	refused("[defaults]\nweight = 1\n[defaults]\nweight = 2\n",
	        "x.conf:4: weight: given before, in line 2\n");
	refused("[domain a]\nname = x\nname = y\nweight = 1\nweight = 2\n",
	        "x.conf:3: name: given before, in line 2\n"
	        "x.conf:5: weight: given before, in line 4\n");
}

static void the_same_key_in_two_rules_is_no_repetition(void **state)
{
	(void)state;
	good("[domain a]\nname = x\nweight = 1\n[domain b]\nname = y\nweight = 1\n");
}

static void a_rule_said_twice_is_refused(void **state)
{
	(void)state;
	refused("[domain a]\nname = x\n[domain a]\n",
	        "x.conf:3: [domain]: a: given before, in line 1\n");
}

static void a_rule_without_a_name_is_refused(void **state)
{
	(void)state;
	refused("[domain ]\n[domain]\n[domains]\n",
	        "x.conf:1: [domain]: needs a name of up to 159 bytes, as in [domain guests]\n"
	        "x.conf:2: [domain]: needs a name of up to 159 bytes, as in [domain guests]\n"
	        "x.conf:3: domains: no such section (see --list-keys)\n");
}

static void a_rule_that_selects_nobody_is_refused(void **state)
{
	(void)state;
	refused("[domain a]\nweight = 3\n",
	        "x.conf:1: [domain]: a: selects nobody: it needs name, guest, cmdline or cgroup\n");
}

static void more_rules_than_there_is_room_for_are_refused(void **state)
{
	char text[CONFIG_RULES_MAX * 32 + 64] = "";
	uint32_t i;

	(void)state;
	for (i = 0; i < CONFIG_RULES_MAX; i++)
		sprintf(text + strlen(text), "[domain r%u]\nname = x\n", i);
	good(text);
	strcat(text, "[domain more]\n");
	refused(text, "x.conf:129: [domain]: more than 64 of them\n");
}

static void a_home_that_is_none_is_refused(void **state)
{
	(void)state;
	refused("[domain a]\nname = x\nhome = here\n",
	        "x.conf:3: home: 'here' is not a list of up to 64 node numbers below 64\n");
	refused("[defaults]\nhome = 64\n",
	        "x.conf:2: home: '64' is not a list of up to 64 node numbers below 64\n");
	refused("[domain a]\nname = x\nhome = 1 2 1\n",
	        "x.conf:1: [domain]: a: home: a node stands there twice\n");
	refused("[defaults]\nhome =\n", "x.conf:2: home: names no node\n");
}

static void paths_that_are_none_are_refused(void **state)
{
	char text[256] = "[daemon]\nsocket = /", *at;

	(void)state;
	refused("[daemon]\nstate_dir = state\nsocket = s\nmetrics_file = m\n",
	        "x.conf:2: state_dir: must be a path that begins with /\n"
	        "x.conf:3: socket: must be a path of up to 107 bytes that begins with /\n"
	        "x.conf:4: metrics_file: must be a path that begins with /\n");
	refused("[daemon]\nbackend = mock\n",
	        "x.conf: [daemon] world: must be a path that begins with /\n");
	refused("[daemon]\nbackend = xen\nxen_journal = j\n",
	        "x.conf:3: xen_journal: must be a path that begins with /\n");
	at = text + strlen(text);
	memset(at, 'x', 107);
	strcpy(at + 107, "\n");
	refused(text, "x.conf:2: socket: must be a path of up to 107 bytes that begins with /\n");
}

static void text_outside_of_a_section_is_refused(void **state)
{
	(void)state;
	refused("look_s = 1\n", "x.conf:1: look_s: stands before the first [section]\n");
	refused("[daemon\n", "x.conf:1: a section without its ']'\n");
	refused("[daemon]\n look_s = 1\n",
	        "x.conf:2: an indented line: begin each key at the left margin\n");
}

static void a_file_that_is_not_there_is_told(void **state)
{
	struct heard h = {""};
	const struct config_sink sink = {hear, &h};

	(void)state;
	assert_int_equal(config_read(&c, "/nowhere/x.conf", &sink), 1);
	assert_string_equal(h.text, "/nowhere/x.conf: No such file or directory\n");
}

static void a_setting_is_set_or_refused_as_a_whole(void **state)
{
	struct settings s;
	char why[256];

	(void)state;
	good("");
	s = c.defaults;
	assert_null(config_set(&s, "weight", "300", why, sizeof(why)));
	assert_true(s.weight == 300);
	assert_null(config_set(&s, "home", "2 0", why, sizeof(why)));
	assert_int_equal(s.home.id[0], 2);
	assert_string_equal(config_set(&s, "weight", "0", why, sizeof(why)),
	                    "0 is outside 1 to 1000");
	assert_string_equal(config_set(&s, "name", "x", why, sizeof(why)), "no such setting");
	assert_string_equal(config_set(&s, "home", "1 1", why, sizeof(why)),
	                    "a node stands there twice");
	assert_true(s.weight == 300);
	assert_int_equal(s.home.n, 2);
}

static void a_limit_of_the_budget_is_set_or_refused(void **state)
{
	char why[256];

	(void)state;
	good("");
	assert_null(config_set_budget(&c.budget, "mb_per_s", "12", why, sizeof(why)));
	assert_true(c.budget.mb_per_s == 12 && c.budget.pages_per_s == 20000);
	assert_string_equal(config_set_budget(&c.budget, "look_s", "1", why, sizeof(why)),
	                    "no such limit of the budget");
}

static void a_share_of_the_budget_is_in_each_unit_and_never_nothing(void **state)
{
	struct fnuma_budget_limits l;

	(void)state;
	good("[budget]\npages_per_s = 1000\nmb_per_s = 10\ncpu_percent = 20\n");
	l = budget_limits(&c.budget, 100);
	assert_int_equal(l.pages, 1000);
	assert_int_equal(l.bytes, 10 << 20);
	assert_int_equal(l.time_ns, 200000000);
	l = budget_limits(&c.budget, 10);
	assert_int_equal(l.pages, 100);
	assert_int_equal(l.bytes, 1 << 20);
	assert_int_equal(l.time_ns, 20000000);
	good("[budget]\npages_per_s = 1\ncpu_percent = 0\n");
	l = budget_limits(&c.budget, 10);
	assert_int_equal(l.pages, 1);
	assert_int_equal(l.bytes, 0);
	assert_int_equal(l.time_ns, 0);
}

static void settings_are_told_as_they_would_be_written(void **state)
{
	struct settings s;
	char why[256];

	(void)state;
	good("");
	s = c.defaults;
	assert_null(config_set(&s, "trigger", "age", why, sizeof(why)));
	assert_null(config_set(&s, "home", "3 1", why, sizeof(why)));
	assert_string_equal(settings_text(&s, "trigger", why, sizeof(why)), "age");
	assert_string_equal(settings_text(&s, "home", why, sizeof(why)), "3 1");
	assert_string_equal(settings_text(&s, "paused", why, sizeof(why)), "no");
	assert_string_equal(settings_text(&c.defaults, "home", why, sizeof(why)), "auto");
	assert_string_equal(settings_text(&s, "period_s", why, sizeof(why)), "900");
}

static void every_trigger_and_parameter_is_one_that_the_core_takes(void **state)
{
	static const char *const triggers[] = {"period", "amount", "either", "age"};
	struct settings s;
	struct fnuma_trigger_params p;
	struct fnuma_trigger t;
	char why[256];
	uint32_t i;

	(void)state;
	good("[defaults]\nperiod_s = 8640000\namount_mb = 10000000\nbreak_even_s = 4000000\n");
	s = c.defaults;
	for (i = 0; i < 4; i++) {
		assert_null(config_set(&s, "trigger", triggers[i], why, sizeof(why)));
		p = settings_params(&s, 4096);
		assert_int_equal(fnuma_trigger_init(&t, settings_trigger(&s), &p, 0), 0);
		assert_string_equal(settings_trigger(&s)->name, triggers[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_means_the_defaults),
		cmocka_unit_test(a_rule_has_the_defaults_of_the_file_wherever_they_stand),
		cmocka_unit_test(a_rule_may_go_back_to_the_home_that_is_suggested),
		cmocka_unit_test(the_first_rule_of_which_all_globs_match_wins),
		cmocka_unit_test(who_matches_no_rule_is_nobodys),
		cmocka_unit_test(all_that_is_wrong_is_told_with_its_line),
		cmocka_unit_test(a_budget_without_a_limit_of_pages_is_refused),
		cmocka_unit_test(a_budget_that_lets_nothing_through_when_backed_off_is_refused),
		cmocka_unit_test(a_key_said_twice_is_refused_with_both_lines),
		cmocka_unit_test(the_same_key_in_two_rules_is_no_repetition),
		cmocka_unit_test(a_rule_said_twice_is_refused),
		cmocka_unit_test(a_rule_without_a_name_is_refused),
		cmocka_unit_test(a_rule_that_selects_nobody_is_refused),
		cmocka_unit_test(more_rules_than_there_is_room_for_are_refused),
		cmocka_unit_test(a_home_that_is_none_is_refused),
		cmocka_unit_test(paths_that_are_none_are_refused),
		cmocka_unit_test(text_outside_of_a_section_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
		cmocka_unit_test(a_setting_is_set_or_refused_as_a_whole),
		cmocka_unit_test(a_limit_of_the_budget_is_set_or_refused),
		cmocka_unit_test(a_share_of_the_budget_is_in_each_unit_and_never_nothing),
		cmocka_unit_test(settings_are_told_as_they_would_be_written),
		cmocka_unit_test(every_trigger_and_parameter_is_one_that_the_core_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
