/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What flipnumactl may ask, and what it changes. */
#include "world.h"

#define AT_ONCE "[defaults]\nperiod_s = 0.1\n"
#define ALL "[domain all]\nname = *\n"
#define ERROR(text) "{\"ok\":false,\"error\":\"" text "\"}"

static struct json_object *in(struct json_object *o, const char *key)
{
	struct json_object *part = NULL;

	json_object_object_get_ex(o, key, &part);
	return part;
}

static const char *why(const char *name, uint32_t page)
{
	char request[128];

	snprintf(request, sizeof(request), "{\"do\":\"why\",\"domain\":\"%s\",\"page\":%u}", name,
	         page);
	return json_object_get_string(in(ask_as(false, request), "why"));
}

static void two_guests(const char *more)
{
	write_world("[host]\n[guest web]\npages = 4096\naway_pages = 1000\n"
	            "[guest web2]\npages = 4096\naway_pages = 1000\n");
	open_engine(more);
}

static void requests_that_make_no_sense_are_told_so(void **state)
{
	(void)state;
	two_guests(AT_ONCE ALL);
	run(1);
	is_told("{}", ERROR("a request says what to \\\"do\\\""));
	is_told("{\"do\":[]}", ERROR("a request says what to \\\"do\\\""));
	is_told("{\"do\":\"fly\",\"domain\":\"web\"}", ERROR("nobody here knows how to 'fly'"));
	is_told("{\"do\":\"show\"}", ERROR("which domain?"));
	is_told("{\"do\":\"show\",\"domain\":\"db\"}", ERROR("no domain is called 'db'"));
	is_told("{\"do\":\"why\",\"domain\":\"web*\",\"page\":1}",
	        ERROR("more than one domain is called 'web*': take its number"));
	is_told("{\"do\":\"why\",\"domain\":\"web\"}",
	        ERROR("which page? a number, or an address that begins with 0x"));
	is_told("{\"do\":\"why\",\"domain\":\"web\",\"page\":4096}",
	        ERROR("its pages are 0 to 4095"));
	is_told("{\"do\":\"why\",\"domain\":\"web\",\"page\":\"-1\"}",
	        ERROR("its pages are 0 to 4095"));
	is_told("{\"do\":\"why\",\"domain\":\"web\",\"page\":\"0x1000\"}",
	        ERROR("the domain has nothing at address 0x1000"));
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"weight\"}",
	        ERROR("a setting needs a key and a value"));
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"weight\",\"value\":\"0\"}",
	        ERROR("weight: 0 is outside 1 to 1000"));
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"name\",\"value\":\"\"}",
	        ERROR("name: no such setting"));
	is_told("{\"do\":\"set\",\"domain\":null,\"key\":\"look_s\",\"value\":\"1\"}",
	        ERROR("look_s: no such limit of the budget"));
	is_told("{\"do\":\"pause\",\"domain\":\"db\"}", ERROR("no domain is called 'db'"));
	assert_int_equal(e.overrides.n, 0);
}

static void who_may_only_look_changes_nothing(void **state)
{
	static const char *const changes[] = {
		"{\"do\":\"pause\",\"domain\":\"web\"}", "{\"do\":\"resume\",\"domain\":\"web\"}",
		"{\"do\":\"set\",\"domain\":\"web\",\"key\":\"weight\",\"value\":\"2\"}",
		"{\"do\":\"set\",\"domain\":null,\"key\":\"pages_per_s\",\"value\":\"2\"}"};
	size_t i;

	(void)state;
	two_guests(AT_ONCE ALL);
	run(1);
	for (i = 0; i < 4; i++)
		assert_string_equal(json_object_get_string(in(ask_as(false, changes[i]), "error")),
		                    "to change anything takes root or the daemon's own user");
	assert_int_equal(e.overrides.n, 0);
	assert_true(json_object_get_boolean(in(ask_as(false, "{\"do\":\"list\"}"), "ok")));
}

static void a_paused_domain_stays_where_it_is_until_resumed(void **state)
{
	(void)state;
	two_guests("[defaults]\nperiod_s = 5\n" ALL);
	run(2);
	is_told("{\"do\":\"pause\",\"domain\":\"web\"}", FINE);
	assert_int_equal(run(10), 1000);
	assert_int_equal(away("web"), 1000);
	is_told("{\"do\":\"resume\",\"domain\":\"web\"}", FINE);
	assert_int_equal(run(10), 1000);
}

static void a_pause_outlives_a_kill_and_holds_for_those_to_come(void **state)
{
	(void)state;
	two_guests(AT_ONCE ALL);
	run(0.6);
	is_told("{\"do\":\"pause\",\"domain\":\"web*\"}", FINE);
	close_engine();
	two_guests(AT_ONCE ALL);
	write_world("[host]\n[guest web3]\naway_pages = 10\n[guest db]\naway_pages = 10\n");
	assert_int_equal(run(15), 10);
	assert_true(domain("web3")->settings.paused > 0);
}

static void a_pause_by_number_ends_with_that_domain(void **state)
{
	(void)state;
	two_guests(AT_ONCE ALL);
	run(0.6);
	is_told("{\"do\":\"pause\",\"domain\":\"1\"}", FINE);
	assert_int_equal(e.overrides.n, 1);
	write_world("[host]\n[guest web]\nrun = 1\naway_pages = 10\n");
	run(5);
	assert_int_equal(e.overrides.n, 0);
	assert_int_equal(away("web"), 0);
}

static void what_is_set_holds_over_a_reload_until_it_is_unset(void **state)
{
	struct config c;
	char reason[WHY_BYTES];

	(void)state;
	two_guests(AT_ONCE ALL);
	run(1);
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"weight\",\"value\":\"500\"}", FINE);
	is_told("{\"do\":\"set\",\"domain\":\"w*\",\"key\":\"weight\",\"value\":\"600\"}", FINE);
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"weight\",\"value\":\"700\"}", FINE);
	configure(&c, AT_ONCE "weight = 3\n" ALL);
	assert_true(engine_reload(&e, &c, reason, sizeof(reason)));
	assert_true(domain("web")->settings.weight == 700);
	assert_true(domain("web2")->settings.weight == 600);
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"weight\",\"value\":\"\"}", FINE);
	assert_true(domain("web")->settings.weight == 600);
	is_told("{\"do\":\"set\",\"domain\":\"w*\",\"key\":\"weight\",\"value\":\"\"}", FINE);
	assert_true(domain("web")->settings.weight == 3);
	assert_int_equal(e.overrides.n, 0);
}

static void a_budget_that_is_set_holds_at_once_and_over_a_kill(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 32768\naway_pages = 32768\n");
	open_engine(AT_ONCE ALL);
	run(1);
	is_told("{\"do\":\"set\",\"domain\":null,\"key\":\"pages_per_s\",\"value\":\"100\"}", FINE);
	run(2);
	assert_in_range(run(5), 300, 600);
	close_engine();
	open_engine(AT_ONCE "cooldown_s = 0.1\n" ALL);
	assert_in_range(run(10), 500, 1000);
	is_told("{\"do\":\"set\",\"domain\":null,\"key\":\"pages_per_s\",\"value\":\"\"}", FINE);
	assert_true(run(3) > 10000);
}

static void another_home_by_hand_is_moved_to(void **state)
{
	(void)state;
	two_guests(AT_ONCE "cooldown_s = 0.01\n" ALL);
	run(3);
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"home\",\"value\":\"0\"}", FINE);
	assert_int_equal(run(5), 4096);
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"manage\",\"value\":\"no\"}", FINE);
	assert_null(domain("web"));
	is_told("{\"do\":\"set\",\"domain\":\"web\",\"key\":\"manage\",\"value\":\"\"}", FINE);
	run(2);
	assert_non_null(domain("web"));
}

static void why_says_what_holds_for_a_page(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 1000\npinned_pages = 2\n");
	open_engine("[defaults]\nperiod_s = 5\nattempts = 2\nbackoff_s = 2\n" ALL);
	run(2);
	assert_string_equal(why("a", 2000), "it is at home");
	assert_string_equal(why("a", 5), "it is away from home, with 999 others: not enough, and "
	                    "not for long enough, to be due");
	run(4);
	assert_string_equal(why("a", 5), "it is at home");
	assert_non_null(strstr(why("a", 0), "it could not be moved (page pinned), and is tried "
	                       "again in "));
	run(30);
	assert_string_equal(why("a", 0), "it was given up: the last time it failed with: page "
	                    "pinned");
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 1010\npinned_pages = 2\n");
	run(1);
	is_told("{\"do\":\"pause\",\"domain\":\"a\"}", FINE);
	run(2);
	assert_string_equal(why("a", 1005), "it is away from home, and its domain is paused");
}

static void why_says_that_a_page_cools_down(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 1000\naway_pages = 1000\n");
	open_engine("[defaults]\nperiod_s = 1\ncooldown_s = 100\n" ALL);
	run(3);
	write_world("[host]\n[guest a]\npages = 1000\naway_pages = 1100\n");
	run(2);
	assert_non_null(strstr(why("a", 5), "it was moved not long ago, and is left alone for "));
}

static void why_says_that_home_is_full(void **state)
{
	(void)state;
	write_world("[host]\nfull_node = 1\n[guest a]\npages = 1000\naway_pages = 1000\n");
	open_engine("[defaults]\nperiod_s = 1\nbackoff_s = 60\n" ALL);
	run(3);
	assert_string_equal(why("a", 5), "its domain rests: no memory on the node");
}

static void why_tells_a_page_s_decisions_in_order(void **state)
{
	struct json_object *all, *first;

	(void)state;
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 100\n");
	open_engine("[defaults]\nperiod_s = 1\n" ALL);
	run(4);
	all = in(ask_as(false, "{\"do\":\"why\",\"domain\":\"a\",\"page\":50}"), "decisions");
	assert_int_equal(json_object_array_length(all), 2);
	first = json_object_array_get_idx(all, 0);
	assert_string_equal(json_object_get_string(in(first, "what")), "found away");
	assert_int_equal(json_object_get_int(in(first, "pages")), 100);
	assert_int_equal(json_object_get_int(in(first, "from")), 0);
	assert_string_equal(json_object_get_string(in(json_object_array_get_idx(all, 1), "what")),
	                    "moved");
}

static void a_settings_file_that_is_damaged_is_refused_and_left_as_it_is(void **state)
{
	static const char *const damage[] = {"{", "[]", "{\"settings\":3}",
		"{\"settings\":[{}]}", "{\"settings\":[{\"key\":\"weight\",\"value\":\"1\"}]}",
		"{\"settings\":[{\"key\":\"weight\",\"value\":3,\"domain\":\"x\"}]}"};
	char reason[WHY_BYTES], text[64] = "";
	size_t i;
	FILE *f;

	(void)state;
	two_guests(ALL);
	close_engine();
	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		f = fopen(path_of("state/settings.json"), "w");
		fputs(damage[i], f);
		fclose(f);
		assert_false(try_open(ALL, reason, sizeof(reason)));
		assert_non_null(strstr(reason, "settings.json: "));
		engine_close(&e);
		f = fopen(path_of("state/settings.json"), "r");
		assert_non_null(fgets(text, sizeof(text), f));
		fclose(f);
		assert_string_equal(text, damage[i]);
	}
}

static void a_change_that_cannot_be_kept_is_not_made(void **state)
{
	(void)state;
	two_guests(AT_ONCE ALL);
	run(1);
	strcpy(e.overrides.path, "/nowhere/settings.json");
	is_told("{\"do\":\"pause\",\"domain\":\"web\"}",
	        ERROR("it could not be kept: No such file or directory"));
	assert_int_equal(e.overrides.n, 0);
	assert_true(domain("web")->settings.paused == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(requests_that_make_no_sense_are_told_so),
		WORLD_TEST(who_may_only_look_changes_nothing),
		WORLD_TEST(a_paused_domain_stays_where_it_is_until_resumed),
		WORLD_TEST(a_pause_outlives_a_kill_and_holds_for_those_to_come),
		WORLD_TEST(a_pause_by_number_ends_with_that_domain),
		WORLD_TEST(what_is_set_holds_over_a_reload_until_it_is_unset),
		WORLD_TEST(a_budget_that_is_set_holds_at_once_and_over_a_kill),
		WORLD_TEST(another_home_by_hand_is_moved_to),
		WORLD_TEST(why_says_what_holds_for_a_page),
		WORLD_TEST(why_says_that_a_page_cools_down),
		WORLD_TEST(why_says_that_home_is_full),
		WORLD_TEST(why_tells_a_page_s_decisions_in_order),
		WORLD_TEST(a_settings_file_that_is_damaged_is_refused_and_left_as_it_is),
		WORLD_TEST(a_change_that_cannot_be_kept_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
