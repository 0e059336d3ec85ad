/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the daemon does to domains: within its budget, and doing no harm. */
#include "world.h"

#include "metrics.h"

#define AT_ONCE "[defaults]\nperiod_s = 0.1\n"
#define ALL "[domain all]\nname = *\n"

static void a_displaced_domain_comes_home(void **state)
{
	(void)state;
	write_world("[host]\n[guest web]\npages = 4096\nhome = 1\naway_pages = 3000\n");
	open_engine(AT_ONCE ALL);
	assert_int_equal(run(5), 3000);
	assert_int_equal(away("web"), 0);
	assert_string_equal(domain("web")->at.kind, "guest");
}

static void who_has_no_rule_is_left_alone(void **state)
{
	(void)state;
	write_world("[host]\n[guest web]\naway_pages = 100\n[guest db]\naway_pages = 100\n");
	open_engine(AT_ONCE "[domain some]\nname = w*\n");
	assert_int_equal(run(5), 100);
	assert_null(domain("db"));
}

static void a_rule_may_say_that_somebody_is_left_alone(void **state)
{
	(void)state;
	write_world("[host]\n[guest web]\naway_pages = 100\n[guest db]\naway_pages = 100\n");
	open_engine(AT_ONCE "[domain not]\nname = web\nmanage = no\n" ALL);
	assert_int_equal(run(5), 100);
	assert_null(domain("web"));
}

static void no_window_has_more_moves_than_the_budget(void **state)
{
	const uint64_t slice = FNUMA_BUDGET_WINDOW_NS / 16;
	uint64_t moved[200] = {0}, sum = 0, most = 0;
	uint32_t i;

	(void)state;
	write_world("[host]\n[guest a]\npages = 8192\naway_pages = 8192\n"
	            "[guest b]\npages = 8192\naway_pages = 8192\n");
	open_engine("[budget]\npages_per_s = 1000\ncpu_percent = 0\n" AT_ONCE ALL);
	for (i = 0; i < 200; i++) {
		moved[i] = run_ns(slice);
		sum += moved[i] - (i >= 16 ? moved[i - 16] : 0);
		most = sum > most ? sum : most;
	}
	assert_int_equal(most, 1000);
}

static void time_is_a_budget_too(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 32768\naway_pages = 32768\n");
	/* A move costs 2 us there: a thousandth of a CPU is 500 pages a window. */
	open_engine("[budget]\ncpu_percent = 0.1\n" AT_ONCE ALL);
	assert_in_range(run(5), 1000, 4000);
}

static void a_kill_spends_no_budget_twice(void **state)
{
	uint64_t moved = 0, begin;
	uint32_t i;

	(void)state;
	write_world("[host]\n[guest a]\npages = 32768\naway_pages = 32768\n");
	begin = now;
	for (i = 0; i < 20; i++) {
		/* Closing writes nothing: it is as good as being killed. */
		open_engine("[budget]\npages_per_s = 1000\ncpu_percent = 0\n" AT_ONCE
		            "cooldown_s = 0.001\n" ALL);
		moved += run(0.7);
		close_engine();
	}
	assert_true(moved >= 1000);
	assert_true(moved <= 1000 * ((now - begin) / FNUMA_BUDGET_WINDOW_NS + 1));
}

static void pages_moved_before_a_kill_cool_down_after_it(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 1024\naway_pages = 1024\n");
	open_engine(AT_ONCE "cooldown_s = 20\n" ALL);
	assert_int_equal(run(3), 1024);
	close_engine();
	open_engine(AT_ONCE "cooldown_s = 20\n" ALL); /* the mock displaced them anew */
	assert_int_equal(run(15), 0);
	assert_true(domain("a")->paused);
	assert_int_equal(run(10), 1024);
}

static void pages_cool_down_after_a_kill_also_when_the_clock_was_set_back(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 1024\naway_pages = 1024\n");
	open_engine(AT_ONCE "cooldown_s = 20\n" ALL);
	assert_int_equal(run(3), 1024);
	close_engine();
	set_back_ns = 3600 * SECOND;
	open_engine(AT_ONCE "cooldown_s = 20\n" ALL);
	assert_int_equal(run(20), 0);
	assert_int_equal(run(5), 1024);
}

static void a_page_that_may_have_moved_before_a_kill_cools_down_too(void **state)
{
	struct decision x = {.kind = DECISION_GAVE_UP, .first = 5, .count = 1};
	struct decisions log;

	(void)state;
	write_world("[host]\n[guest a]\npages = 1024\naway_pages = 0\n");
	open_engine(AT_ONCE "cooldown_s = 20\n" ALL);
	run(3);
	x.domain = domain("a")->who.number;
	x.start = domain("a")->who.start;
	x.time_ns = e.real_ns;
	x.u.s.why = FNUMA_E_LOST_TRACK;
	close_engine();
	assert_null(decisions_open(&log, path_of("state/decisions.log"), 4096));
	decisions_add(&log, &x);
	decisions_close(&log);
	open_engine(AT_ONCE "cooldown_s = 20\n" ALL);
	run(15);
	assert_true(domain("a")->paused);
	run(10);
	assert_false(domain("a")->paused);
}

static void a_busy_machine_gets_a_share_of_the_moves(void **state)
{
	uint64_t moved;

	(void)state;
	write_world("[host]\nbusy_percent = 95\n[guest a]\npages = 32768\naway_pages = 32768\n");
	open_engine("[budget]\npages_per_s = 1000\n[care]\nbusy_percent = 80\n"
	            "busy_share_percent = 20\n" AT_ONCE ALL);
	moved = run(10.8);
	assert_in_range(moved, 1600, 2200);
	assert_true(e.busy);
	write_world("[host]\nbusy_percent = 77\n[guest a]\npages = 32768\naway_pages = 32768\n");
	run(3);
	assert_true(e.busy); /* not by enough */
	write_world("[host]\nbusy_percent = 50\n[guest a]\npages = 32768\naway_pages = 32768\n");
	run(3);
	assert_false(e.busy);
	moved = run(10.8);
	assert_in_range(moved, 8000, 11000);
}

static void a_budget_that_is_cut_stays_so_with_a_reload(void **state)
{
	struct config c;
	char why[WHY_BYTES];

	(void)state;
	write_world("[host]\nbusy_percent = 95\n[guest a]\npages = 32768\naway_pages = 32768\n");
	open_engine("[budget]\npages_per_s = 1000\n" AT_ONCE ALL);
	run(3);
	configure(&c, "[budget]\npages_per_s = 500\n" AT_ONCE ALL);
	assert_true(engine_reload(&e, &c, why, sizeof(why)));
	run(2);
	assert_in_range(run(10.8), 400, 600);
}

static void a_full_home_gets_nothing_and_all_once_it_has_room(void **state)
{
	(void)state;
	write_world("[host]\nfull_node = 1\n[guest a]\naway_pages = 1000\n");
	open_engine(AT_ONCE ALL);
	assert_int_equal(run(20), 0);
	assert_int_equal(away("a"), 1000);
	write_world("[host]\n[guest a]\naway_pages = 1000\n");
	assert_int_equal(run(90), 1000);
}

static void what_is_to_be_kept_free_of_a_home_stays_free(void **state)
{
	struct fnuma_topology t;

	(void)state;
	/* 65536 pages a node: 4096 of a's there, and 60000 more. */
	write_world("[host]\n[guest a]\npages = 8192\naway_pages = 8192\n"
	            "[guest b]\npages = 52000\n");
	open_engine("[care]\nkeep_free_mb = 40\n" AT_ONCE ALL); /* 10240 pages */
	run(30);
	assert_int_equal(fnuma_backend_topology(&e.source.backend, &t), 0);
	assert_in_range(t.node[1].free_pages, 10240, 10240 + 64);
	assert_in_range(away("a"), 8192 - 13536 + 10240 - 64, 8192 - 13536 + 10240 + 64);
	assert_true(e.guard.refused_pages > 0);
}

static void a_dry_run_moves_nothing_and_counts_what_it_would(void **state)
{
	struct fnuma_repatriator_stats stats;

	(void)state;
	e.dry_run = true;
	write_world("[host]\n[guest a]\naway_pages = 1000\n");
	open_engine(AT_ONCE ALL);
	assert_int_equal(run(5), 0);
	assert_int_equal(away("a"), 1000);
	domain_stats(&e, domain("a"), &stats);
	assert_true(stats.would_move >= 1000);
	assert_int_equal(stats.attempted, 0);
	assert_int_equal(domain("a")->said_would, 1000);
}

static void a_dry_run_beside_the_daemon_writes_nothing(void **state)
{
	static struct engine daemon;
	char why[WHY_BYTES];

	(void)state;
	write_world("[host]\n[guest a]\naway_pages = 1000\n");
	open_engine(AT_ONCE ALL);
	daemon = e;
	e.dry_run = false;
	assert_false(try_open(AT_ONCE ALL, why, sizeof(why)));
	assert_non_null(strstr(why, "another flipnumad is at work"));
	engine_close(&e);
	e.dry_run = true;
	open_engine(AT_ONCE ALL);
	run(2);
	is_told("{\"do\":\"pause\",\"domain\":\"a\"}", FINE);
	close_engine();
	assert_int_equal(access(path_of("state/settings.json"), F_OK), -1);
	e = daemon;
	assert_int_equal(e.decisions.next, 1);
}

static void domains_come_and_go(void **state)
{
	(void)state;
	write_world("[host]\n");
	open_engine(AT_ONCE ALL);
	run(2);
	assert_int_equal(e.n_domains, 0);
	write_world("[host]\n[guest a]\naway_pages = 10\n[guest b]\naway_pages = 20\n");
	assert_int_equal(run(3), 30);
	write_world("[host]\n[guest b]\naway_pages = 20\n");
	run(2);
	assert_null(domain("a"));
	assert_non_null(domain("b"));
	/* Another of the same number is another. */
	write_world("[host]\n[guest b]\nrun = 2\naway_pages = 50\n");
	assert_int_equal(run(3), 50);
	assert_int_equal(e.n_domains, 1);
	assert_int_equal(domain("b")->who.start, 2);
}

static void a_domain_that_dies_in_mid_pass_is_forgotten(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 8192\naway_pages = 8192\n"
	            "[guest b]\npages = 8192\naway_pages = 8192\n");
	open_engine("[budget]\npages_per_s = 1000\n" AT_ONCE ALL);
	run(3);
	write_world("[host]\n[guest b]\npages = 8192\naway_pages = 8192\n");
	run(2);
	assert_null(domain("a"));
	run(20);
	assert_int_equal(away("b"), 0);
}

static void more_domains_than_there_is_room_for_wait_until_some_leave(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\n[guest b]\n[guest c]\n");
	open_engine("max_domains = 2\n" AT_ONCE ALL);
	run(2);
	assert_int_equal(e.n_domains, 2);
	write_world("[host]\n[guest b]\n[guest c]\n");
	run(3);
	assert_non_null(domain("c"));
}

static void a_home_that_the_host_does_not_have_is_refused_for_that_domain(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\naway_pages = 10\n[guest b]\naway_pages = 10\n");
	open_engine(AT_ONCE "[domain a]\nname = a\nhome = 5\n" ALL);
	assert_int_equal(run(3), 10);
	assert_false(domain("a")->attached);
	assert_string_equal(domain("a")->refused, "home: the host has no such node");
}

static void pages_that_cannot_move_are_given_up_and_the_others_come_home(void **state)
{
	struct fnuma_repatriator_stats stats;

	(void)state;
	write_world("[host]\n[guest a]\naway_pages = 1000\npinned_pages = 7\n");
	open_engine(AT_ONCE "backoff_s = 0.1\nattempts = 3\n" ALL);
	run(20);
	domain_stats(&e, domain("a"), &stats);
	assert_int_equal(stats.moved, 993);
	assert_int_equal(stats.failed, 21);
	assert_int_equal(stats.given_up_pages, 7);
}

static void weights_share_the_budget(void **state)
{
	struct fnuma_repatriator_stats light, heavy;

	(void)state;
	write_world("[host]\n[guest light]\npages = 16384\naway_pages = 16384\n"
	            "[guest heavy]\npages = 16384\naway_pages = 16384\n");
	open_engine("[budget]\npages_per_s = 1000\n" AT_ONCE
	            "[domain h]\nname = heavy\nweight = 300\n" ALL);
	run(8);
	domain_stats(&e, domain("light"), &light);
	domain_stats(&e, domain("heavy"), &heavy);
	assert_in_range(heavy.moved * 10 / light.moved, 28, 32);
}

static void what_strays_later_is_found_and_brought_home(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\npages = 4096\n");
	open_engine(AT_ONCE "cooldown_s = 0.001\n" ALL);
	assert_int_equal(run(3), 0);
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 500\n");
	assert_int_equal(run(4), 500);
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 600\n");
	assert_int_equal(run(4), 100);
}

static void looking_keeps_to_its_rate(void **state)
{
	uint64_t before;

	(void)state;
	write_world("[host]\n[guest a]\npages = 60000\n");
	open_engine("look_pages_per_s = 10000\n" AT_ONCE ALL);
	run(2);
	before = e.looked_pages;
	run(10);
	assert_in_range(e.looked_pages - before, 90000, 101000);
}

static void a_reload_keeps_domains_and_what_is_known_of_their_pages(void **state)
{
	struct fnuma_repatriator_stats stats;
	struct config c;
	char why[WHY_BYTES];
	struct domain *a;

	(void)state;
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 1000\n");
	open_engine(AT_ONCE "cooldown_s = 1000\n" ALL);
	assert_int_equal(run(3), 1000);
	a = domain("a");
	configure(&c, "[defaults]\ntrigger = amount\namount_mb = 1\ncooldown_s = 1000\nweight = 5\n"
	          "[domain other]\nguest = a\n");
	assert_true(engine_reload(&e, &c, why, sizeof(why)));
	run(2);
	assert_ptr_equal(domain("a"), a);
	assert_string_equal(a->label, "other");
	domain_stats(&e, a, &stats);
	assert_int_equal(stats.moved, 1000);
	assert_int_equal(stats.cooling_pages, 1000);
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 1250\n");
	assert_int_equal(run(3), 0); /* 250 pages are less than a MB */
	write_world("[host]\n[guest a]\npages = 4096\naway_pages = 1256\n");
	assert_int_equal(run(3), 256);
}

static void a_reload_with_another_home_moves_there_and_counts_on(void **state)
{
	struct fnuma_repatriator_stats stats;
	struct config c;
	char why[WHY_BYTES];

	(void)state;
	write_world("[host]\n[guest a]\npages = 1000\naway_pages = 100\n");
	open_engine(AT_ONCE "cooldown_s = 0.001\n" ALL);
	assert_int_equal(run(3), 100);
	configure(&c, AT_ONCE "cooldown_s = 0.001\nhome = 0\n" ALL);
	assert_true(engine_reload(&e, &c, why, sizeof(why)));
	run(5);
	domain_stats(&e, domain("a"), &stats);
	assert_int_equal(stats.moved, 1100);
	assert_string_equal(domain("a")->at.home_by, "settings");
}

static void a_reload_drops_whom_no_rule_wants_any_more(void **state)
{
	struct config c;
	char why[WHY_BYTES];

	(void)state;
	write_world("[host]\n[guest a]\n[guest b]\n");
	open_engine(AT_ONCE ALL);
	run(2);
	configure(&c, "[domain b]\nname = b\n");
	assert_true(engine_reload(&e, &c, why, sizeof(why)));
	run(2);
	assert_null(domain("a"));
	assert_non_null(domain("b"));
	configure(&c, ALL);
	assert_true(engine_reload(&e, &c, why, sizeof(why)));
	run(2);
	assert_non_null(domain("a"));
}

static void a_reload_that_changes_what_is_fixed_is_refused(void **state)
{
	struct config c;
	char why[WHY_BYTES];

	(void)state;
	write_world("[host]\n[guest a]\n");
	open_engine(AT_ONCE ALL);
	run(2);
	configure(&c, "max_domains = 3\n" AT_ONCE "weight = 7\n" ALL);
	assert_false(engine_reload(&e, &c, why, sizeof(why)));
	assert_string_equal(why, "[daemon] max_domains cannot change while it runs");
	assert_true(domain("a")->settings.weight == 100);
	assert_int_equal(e.reload_failures, 1);
}

static void a_world_that_makes_no_sense_for_a_while_ends_nobody(void **state)
{
	(void)state;
	write_world("[host]\n[guest a]\n");
	open_engine(AT_ONCE ALL);
	run(2);
	write_world("[nonsense]\n");
	run(3);
	assert_non_null(domain("a"));
}

static void homes_spread_over_nodes_are_local_on_each(void **state)
{
	struct domain_layout l;

	(void)state;
	write_world("[host]\nnodes = 3\n[guest a]\npages = 1000\nhome = 2\n");
	open_engine(AT_ONCE "home = 0 1\n" ALL);
	run(5);
	domain_layout(&e, domain("a"), &l);
	assert_int_equal(l.local_pages, 1000);
	assert_in_range(l.local[0], 480, 520); /* whole batches */
	assert_int_equal(l.remote[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_displaced_domain_comes_home),
		WORLD_TEST(who_has_no_rule_is_left_alone),
		WORLD_TEST(a_rule_may_say_that_somebody_is_left_alone),
		WORLD_TEST(no_window_has_more_moves_than_the_budget),
		WORLD_TEST(time_is_a_budget_too),
		WORLD_TEST(a_kill_spends_no_budget_twice),
		WORLD_TEST(pages_moved_before_a_kill_cool_down_after_it),
		WORLD_TEST(pages_cool_down_after_a_kill_also_when_the_clock_was_set_back),
		WORLD_TEST(a_page_that_may_have_moved_before_a_kill_cools_down_too),
		WORLD_TEST(a_busy_machine_gets_a_share_of_the_moves),
		WORLD_TEST(a_budget_that_is_cut_stays_so_with_a_reload),
		WORLD_TEST(a_full_home_gets_nothing_and_all_once_it_has_room),
		WORLD_TEST(what_is_to_be_kept_free_of_a_home_stays_free),
		WORLD_TEST(a_dry_run_moves_nothing_and_counts_what_it_would),
		WORLD_TEST(a_dry_run_beside_the_daemon_writes_nothing),
		WORLD_TEST(domains_come_and_go),
		WORLD_TEST(a_domain_that_dies_in_mid_pass_is_forgotten),
		WORLD_TEST(more_domains_than_there_is_room_for_wait_until_some_leave),
		WORLD_TEST(a_home_that_the_host_does_not_have_is_refused_for_that_domain),
		WORLD_TEST(pages_that_cannot_move_are_given_up_and_the_others_come_home),
		WORLD_TEST(weights_share_the_budget),
		WORLD_TEST(what_strays_later_is_found_and_brought_home),
		WORLD_TEST(looking_keeps_to_its_rate),
		WORLD_TEST(a_reload_keeps_domains_and_what_is_known_of_their_pages),
		WORLD_TEST(a_reload_with_another_home_moves_there_and_counts_on),
		WORLD_TEST(a_reload_drops_whom_no_rule_wants_any_more),
		WORLD_TEST(a_reload_that_changes_what_is_fixed_is_refused),
		WORLD_TEST(a_world_that_makes_no_sense_for_a_while_ends_nobody),
		WORLD_TEST(homes_spread_over_nodes_are_local_on_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
