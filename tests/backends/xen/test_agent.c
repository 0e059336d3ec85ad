/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake.h"
#include <string.h>

#define DIRECTORY 10u
#define MAP 11u
#define NODE "/local/domain/1/data/flipnuma-agent"

static struct fnuma_result r[FNUMA_BATCH_MAX];

static uint8_t *page_of(struct fixture *t, uint32_t gfn)
{
	return fake_page(t->f, t->f->dom[GUEST].p2m[gfn] - 1);
}

static struct fnuma_xen_agent_directory *directory(struct fixture *t)
{
	return (struct fnuma_xen_agent_directory *)page_of(t, DIRECTORY);
}

static void list(struct fixture *t, uint32_t gfn, uint32_t bits)
{
	fnuma_xen_agent_set((uint32_t *)page_of(t, MAP), gfn, bits);
}

/* What a guest's agent does first. */
static void publish(struct fixture *t)
{
	struct fnuma_xen_agent_directory *d = directory(t);

	memset(page_of(t, MAP), 0, 4096);
	memset(d, 0, sizeof(*d));
	d->version = FNUMA_XEN_AGENT_VERSION;
	d->maps = 1;
	d->map_gfn[0] = MAP;
	d->magic = FNUMA_XEN_AGENT_MAGIC;
	fake_set(t->f, NODE, "1 10");
}

static void open_with_agent(struct fixture *t)
{
	fixture_open(t);
	publish(t);
	assert_int_equal(fnuma_xen_find_agent(t->x, t->d), FNUMA_OK);
}

static int replace(struct fixture *t, uint32_t gfn, uint32_t to)
{
	fnuma_gfn page = {gfn};

	return fnuma_backend_move(&t->be, t->d, &page, 1, fnuma_node_of(to),
	                          FNUMA_CONTENT_NOBODYS, r, NULL);
}

static void a_directory_is_one_page(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct fnuma_xen_agent_directory), FNUMA_XEN_AGENT_PAGE_BYTES);
	assert_int_equal(FNUMA_XEN_AGENT_MAP_FRAMES * 2 / 8, FNUMA_XEN_AGENT_PAGE_BYTES);
}

static void pages_listed_as_movable_move(void **state)
{
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, 100, FNUMA_XEN_AGENT_MOVABLE);
	list(&t, 102, FNUMA_XEN_AGENT_FREE);
	list(&t, 103, 3);
	assert_int_equal(fixture_move(&t, 100, 4, 0, r), 2);
	assert_int_equal(r[0].outcome, FNUMA_DONE);
	assert_int_equal(r[1].reason, FNUMA_E_DENIED);
	assert_int_equal(r[2].outcome, FNUMA_DONE);
	assert_int_equal(r[3].reason, FNUMA_E_DENIED);
	fixture_close(&t);
}

static void pages_withdrawn_stay(void **state)
{
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, 100, FNUMA_XEN_AGENT_MOVABLE);
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 1);
	list(&t, 100, FNUMA_XEN_AGENT_FIXED);
	assert_int_equal(fixture_move(&t, 100, 1, 1, r), 0);
	assert_int_equal(fake_node(t.f, GUEST, 100), 0);
	fixture_close(&t);
}

/* The guest may change its mind up to the pause. */
static void withdraw(struct fake *f, const char *op)
{
	if (strcmp(op, "pause") == 0)
		memset(fake_page(f, f->dom[GUEST].p2m[MAP] - 1), 0, 4096);
}

static void pages_withdrawn_just_before_the_pause_stay(void **state)
{
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, 100, FNUMA_XEN_AGENT_MOVABLE);
	t.f->before = withdraw;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_DENIED);
	fixture_close(&t);
}

static void only_pages_listed_as_free_are_replaced(void **state)
{
	struct fnuma_xen_stats stats;
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, 100, FNUMA_XEN_AGENT_FREE);
	list(&t, 101, FNUMA_XEN_AGENT_MOVABLE);
	assert_int_equal(replace(&t, 100, 0), 1);
	assert_int_equal(fake_node(t.f, GUEST, 100), 0);
	assert_int_equal(replace(&t, 101, 0), 0);
	assert_int_equal(r[0].reason, FNUMA_E_DENIED);
	fnuma_xen_stats(t.x, &stats);
	assert_int_equal(stats.replaced_pages, 1);
	fixture_close(&t);
}

static void an_agent_that_left_lists_nothing(void **state)
{
	fnuma_gfn cursor = {0}, pages[4];
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, 100, FNUMA_XEN_AGENT_MOVABLE);
	directory(&t)->magic = 0;
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 0);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 4), FNUMA_E_EMPTY);
	fixture_close(&t);
}

static void the_agents_own_pages_stay_whatever_it_lists(void **state)
{
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, DIRECTORY, FNUMA_XEN_AGENT_MOVABLE);
	list(&t, MAP, FNUMA_XEN_AGENT_MOVABLE);
	fixture_allow(&t, DIRECTORY, 2);
	assert_int_equal(fixture_move(&t, DIRECTORY, 2, 0, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_DENIED);
	assert_int_equal(r[1].reason, FNUMA_E_DENIED);
	fixture_close(&t);
}

static void listed_pages_are_found_in_order_from_a_cursor(void **state)
{
	fnuma_gfn cursor = {0}, pages[2];
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	list(&t, 100, FNUMA_XEN_AGENT_MOVABLE);
	list(&t, 200, FNUMA_XEN_AGENT_MOVABLE);
	list(&t, 300, FNUMA_XEN_AGENT_MOVABLE);
	list(&t, 150, FNUMA_XEN_AGENT_FREE);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 2), 2);
	assert_int_equal(pages[0].n, 100);
	assert_int_equal(pages[1].n, 200);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 2), 1);
	assert_int_equal(pages[0].n, 300);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 2), 0);
	cursor.n = 0;
	assert_int_equal(fnuma_xen_listed(t.x, t.d, true, &cursor, pages, 2), 1);
	assert_int_equal(pages[0].n, 150);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, true, &cursor, pages, 0), FNUMA_E_INVAL);
	fixture_close(&t);
}

static void frames_without_a_map_or_a_word_are_passed_over_to_the_last_frame(void **state)
{
	fnuma_gfn cursor = {5}, pages[4];
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	directory(&t)->maps = 64;
	directory(&t)->map_gfn[0] = 0;
	directory(&t)->map_gfn[1] = MAP;
	directory(&t)->map_gfn[63] = MAP + 1;
	memset(page_of(&t, MAP + 1), 0, 4096);
	assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_OK);
	list(&t, 3, FNUMA_XEN_AGENT_MOVABLE); /* of map 1, both of them */
	list(&t, 16383, FNUMA_XEN_AGENT_MOVABLE);
	fnuma_xen_agent_set((uint32_t *)page_of(&t, MAP + 1), GUEST_SPACE - 1,
	                    FNUMA_XEN_AGENT_MOVABLE);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 4), 3);
	assert_int_equal(pages[0].n, 16384 + 3);
	assert_int_equal(pages[1].n, 2 * 16384 - 1);
	assert_int_equal(pages[2].n, GUEST_SPACE - 1);
	assert_int_equal(cursor.n, GUEST_SPACE);
	fixture_close(&t);
}

static void a_caller_that_is_not_trusted_cannot_allow(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1, .trust = FNUMA_XEN_TRUST_AGENT};
	fnuma_gfn page = {100};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_allow(t.x, t.d, &page, 1, true), FNUMA_E_DENIED);
	fixture_close(&t);
}

static void an_agent_that_is_not_trusted_is_not_asked(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1, .trust = FNUMA_XEN_TRUST_CALLER};
	struct fixture t;

	(void)state;
	fixture_open(&t);
	publish(&t);
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	list(&t, 100, FNUMA_XEN_AGENT_MOVABLE);
	assert_int_equal(fixture_move(&t, 100, 1, 0, r), 0);
	fixture_close(&t);
}

static void nonsense_in_xenstore_is_refused(void **state)
{
	static const char *const texts[] = {"", "1", "x", "2 10", "1 0", "1 10 7", "1 99999999"};
	struct fixture t;
	uint32_t i;

	(void)state;
	fixture_open(&t);
	assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_E_EMPTY);
	publish(&t);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fake_set(t.f, NODE, texts[i]);
		assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_E_STATE);
	}
	fixture_close(&t);
}

static void nonsense_in_the_directory_is_refused_and_nothing_stays_mapped(void **state)
{
	struct fixture t;
	uint32_t i;

	(void)state;
	fixture_open(&t);
	for (i = 0; i < 5; i++) {
		publish(&t);
		directory(&t)->magic += i == 0;
		directory(&t)->version += i == 1;
		directory(&t)->maps = i == 2 ? 0 : i == 3 ? FNUMA_XEN_AGENT_MAPS_MAX + 1 : 1;
		directory(&t)->map_gfn[0] = i == 4 ? 2000000 : MAP;
		assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_E_STATE);
		assert_null(t.f->map[0].at);
	}
	fixture_close(&t);
}

static void a_map_that_is_not_there_lists_nothing(void **state)
{
	fnuma_gfn cursor = {0}, pages[2];
	struct fixture t;

	(void)state;
	fixture_open(&t);
	publish(&t);
	directory(&t)->map_gfn[0] = 0;
	assert_int_equal(fnuma_xen_find_agent(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 2), 0);
	fixture_close(&t);
}

/* Or it would be a zombie. */
static void a_dead_guests_agent_is_unmapped_when_that_is_noticed(void **state)
{
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	fake_destroy(t.f, GUEST);
	assert_true(t.f->dom[GUEST].there);
	assert_int_equal(fnuma_backend_alive(&t.be, t.d), FNUMA_E_GONE);
	assert_null(t.f->map[0].at);
	assert_int_equal(t.f->dom[GUEST].tot_pages, 0);
	fixture_close(&t);
}

static void the_cursor_ends_at_the_last_frame_looked_after(void **state)
{
	struct fnuma_xen_domain_config domain = {.domid = 1, .frames = 1003};
	fnuma_gfn cursor = {0}, pages[2];
	struct fixture t;

	(void)state;
	open_with_agent(&t);
	assert_int_equal(fnuma_xen_detach(t.x, t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t.x, &domain, &t.d), FNUMA_OK);
	assert_int_equal(fnuma_xen_listed(t.x, t.d, false, &cursor, pages, 2), 0);
	assert_int_equal(cursor.n, 1003);
	fixture_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_one_page),
		cmocka_unit_test(pages_listed_as_movable_move),
		cmocka_unit_test(pages_withdrawn_stay),
		cmocka_unit_test(pages_withdrawn_just_before_the_pause_stay),
		cmocka_unit_test(only_pages_listed_as_free_are_replaced),
		cmocka_unit_test(an_agent_that_left_lists_nothing),
		cmocka_unit_test(the_agents_own_pages_stay_whatever_it_lists),
		cmocka_unit_test(listed_pages_are_found_in_order_from_a_cursor),
		cmocka_unit_test(frames_without_a_map_or_a_word_are_passed_over_to_the_last_frame),
		cmocka_unit_test(a_caller_that_is_not_trusted_cannot_allow),
		cmocka_unit_test(an_agent_that_is_not_trusted_is_not_asked),
		cmocka_unit_test(nonsense_in_xenstore_is_refused),
		cmocka_unit_test(nonsense_in_the_directory_is_refused_and_nothing_stays_mapped),
		cmocka_unit_test(a_map_that_is_not_there_lists_nothing),
		cmocka_unit_test(a_dead_guests_agent_is_unmapped_when_that_is_noticed),
		cmocka_unit_test(the_cursor_ends_at_the_last_frame_looked_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
