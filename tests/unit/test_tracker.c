/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/tracker.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN FNUMA_NODE_UNKNOWN_ID
#define NONE FNUMA_NODE_NONE_ID

static struct fnuma_home home(uint32_t first, uint32_t pages, uint32_t node,
                              uint32_t weight)
{
	struct fnuma_home h = {fnuma_gfn_of(first), pages, fnuma_node_of(node), weight};

	return h;
}

static struct fnuma_tracker *made(const struct fnuma_tracker_config *c)
{
	size_t bytes = fnuma_tracker_bytes(c);
	struct fnuma_tracker *t = NULL;
	void *memory = malloc(bytes);

	assert_true(bytes > 0);
	assert_non_null(memory);
	assert_int_equal(fnuma_tracker_init(memory, bytes, c, &t), FNUMA_OK);
	return t;
}

/* One range, one home: node 0. */
static struct fnuma_tracker *simple(uint32_t frames, uint32_t nodes,
                                    enum fnuma_tracker_start start)
{
	struct fnuma_home h = home(0, frames, 0, 1);
	struct fnuma_tracker_config c = {frames, nodes, &h, 1, start};

	return made(&c);
}

static int put(struct fnuma_tracker *t, uint32_t page, uint32_t node)
{
	fnuma_gfn p = fnuma_gfn_of(page);
	fnuma_node n = fnuma_node_of(node);

	return fnuma_tracker_set(t, &p, &n, 1);
}

static struct fnuma_layout layout(const struct fnuma_tracker *t)
{
	struct fnuma_layout l;

	fnuma_tracker_layout(t, &l);
	return l;
}

/* --- what is refused --- */

struct lie {
	uint32_t frames, nodes, n_homes;
	struct fnuma_home homes[3];
	int error;
};

static void homes_that_do_not_tile_the_domain_are_refused(void **state)
{
	static const struct lie lies[] = {
		{0, 2, 1, {{{0}, 1, {0}, 1}}, FNUMA_E_INVAL},
		{9, 0, 1, {{{0}, 9, {0}, 1}}, FNUMA_E_INVAL},
		{9, 65, 1, {{{0}, 9, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 0, {{{0}, 9, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 65, {{{0}, 9, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 1, {{{0}, 8, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 1, {{{0}, 10, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 1, {{{1}, 8, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 1, {{{0}, 9, {0}, 0}}, FNUMA_E_INVAL},
		{9, 2, 1, {{{0}, 9, {0}, 65536}}, FNUMA_E_INVAL},
		{9, 2, 1, {{{0}, 9, {2}, 1}}, FNUMA_E_RANGE},
		{9, 2, 1, {{{0}, 9, {NONE}, 1}}, FNUMA_E_RANGE},
		{9, 2, 1, {{{0}, 9, {UNKNOWN}, 1}}, FNUMA_E_RANGE},
		{9, 2, 2, {{{0}, 0, {0}, 1}, {{0}, 9, {0}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{0}, 9, {1}, 1}, {{0}, 9, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{0}, 4, {0}, 1}, {{5}, 4, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{0}, 5, {0}, 1}, {{4}, 5, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{0}, 5, {0}, 1}, {{0}, 9, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{4}, 5, {0}, 1}, {{0}, 4, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{0}, 9, {0}, 1}, {{9}, 1, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 2, {{{0}, 5, {0}, 1}, {{5}, UINT32_MAX, {1}, 1}}, FNUMA_E_INVAL},
		{9, 2, 3, {{{0}, 4, {0}, 1}, {{4}, 5, {0}, 1}, {{0}, 4, {1}, 1}},
		 FNUMA_E_INVAL},
	};
	uint64_t memory[1024];
	struct fnuma_tracker *t = NULL;
	uint32_t i;

	(void)state;
	memset(memory, 0x5a, sizeof(memory));
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct fnuma_tracker_config c = {lies[i].frames, lies[i].nodes,
		                                 lies[i].homes, lies[i].n_homes,
		                                 FNUMA_START_HOME};

		assert_int_equal(fnuma_tracker_bytes(&c), 0);
		assert_int_equal(fnuma_tracker_init(memory, sizeof(memory), &c, &t),
		                 lies[i].error);
	}
	assert_null(t);
	for (i = 0; i < 1024; i++)
		assert_true(memory[i] == UINT64_C(0x5a5a5a5a5a5a5a5a));
}

static void bad_memory_and_pointers_are_refused(void **state)
{
	struct fnuma_home h = home(0, 100, 0, 1);
	struct fnuma_tracker_config c = {100, 2, &h, 1, FNUMA_START_HOME}, d = c;
	size_t bytes = fnuma_tracker_bytes(&c);
	uint64_t *memory = malloc(bytes + 8);
	struct fnuma_tracker *t = NULL;

	(void)state;
	assert_int_equal(fnuma_tracker_bytes(NULL), 0);
	assert_int_equal(fnuma_tracker_init(memory, bytes, NULL, &t), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_init(NULL, bytes, &c, &t), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_init(memory, bytes, &c, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_init((char *)memory + 4, bytes, &c, &t),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_init(memory, bytes - 1, &c, &t), FNUMA_E_NOSPC);
	d.homes = NULL;
	assert_int_equal(fnuma_tracker_init(memory, bytes, &d, &t), FNUMA_E_INVAL);
	d = c;
	d.start = (enum fnuma_tracker_start)3;
	assert_int_equal(fnuma_tracker_init(memory, bytes, &d, &t), FNUMA_E_INVAL);
	assert_null(t);
	free(memory);
}

/* Every call, every bad input: the exact error, and not a byte changed. */
static void a_batch_with_one_lie_is_refused_and_changes_nothing(void **state)
{
	static const struct {
		uint32_t page, node;
	} lies[] = {
		{100, 0}, {UINT32_MAX, 0}, {127, 0}, {128, 0},
		{5, 8},   {5, 14},         {5, 15},  {5, 253},
	};
	struct fnuma_home h = home(0, 100, 0, 1);
	struct fnuma_tracker_config c = {100, 8, &h, 1, FNUMA_START_HOME};
	size_t bytes = fnuma_tracker_bytes(&c);
	struct fnuma_tracker *t = made(&c);
	struct fnuma_result results[3];
	fnuma_gfn pages[3];
	fnuma_node nodes[3];
	void *before = malloc(bytes);
	uint32_t i, at;

	(void)state;
	assert_int_equal(put(t, 99, 7), 1);
	memcpy(before, t, bytes);
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		for (at = 0; at < 3; at++) {
			memset(results, 0, sizeof(results));
			pages[0] = pages[1] = pages[2] = fnuma_gfn_of(3);
			nodes[0] = nodes[1] = nodes[2] = fnuma_node_of(1);
			pages[at] = fnuma_gfn_of(lies[i].page);
			nodes[at] = fnuma_node_of(lies[i].node);
			results[at].outcome = FNUMA_DONE;
			results[at].node = nodes[at];
			assert_int_equal(fnuma_tracker_set(t, pages, nodes, 3),
			                 FNUMA_E_RANGE);
			assert_int_equal(fnuma_tracker_record(t, pages, results, 3),
			                 FNUMA_E_RANGE);
		}
	}
	assert_int_equal(fnuma_tracker_set(t, pages, nodes, UINT32_MAX),
	                 FNUMA_E_OVERFLOW);
	assert_int_equal(fnuma_tracker_record(t, pages, results, 1u << 31),
	                 FNUMA_E_OVERFLOW);
	assert_int_equal(fnuma_tracker_set(t, NULL, NULL, 0), 0);
	assert_int_equal(fnuma_tracker_record(t, NULL, NULL, 0), 0);
	assert_memory_equal(before, t, bytes);
	free(before);
	free(t);
}

static void without_a_tracker_or_an_array_nothing_is_done(void **state)
{
	struct fnuma_tracker *t = simple(100, 8, FNUMA_START_HOME);
	struct fnuma_result result = {FNUMA_DONE, {1}, 0};
	fnuma_gfn page = {1}, cursor = {0};
	struct fnuma_layout l, before = layout(t);
	fnuma_node node = {1};

	(void)state;
	assert_int_equal(fnuma_tracker_set(NULL, &page, &node, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_set(t, NULL, &node, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_set(t, &page, NULL, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_record(NULL, &page, &result, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_record(t, NULL, &result, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_record(t, &page, NULL, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_next(NULL, FNUMA_WANT_REMOTE, &cursor, 1, &page, 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_next(t, FNUMA_WANT_REMOTE, NULL, 1, &page, 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_next(t, FNUMA_WANT_REMOTE, &cursor, 1, NULL, 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(cursor.n, 0);
	l = layout(t);
	assert_memory_equal(&l, &before, sizeof(l));
	fnuma_tracker_layout(t, NULL);
	l = layout(NULL);
	assert_int_equal(l.frames + l.nodes + l.node_pages[0], 0);
	assert_int_equal(fnuma_tracker_get(NULL, page).id, UNKNOWN);
	assert_false(fnuma_tracker_is_remote(NULL, page));
	assert_int_equal(fnuma_tracker_home(NULL, page).id, NONE);
	assert_false(fnuma_tracker_is_home(NULL, page, node));
	assert_true(fnuma_tracker_home_nodes(NULL) == 0);
	assert_int_equal(fnuma_tracker_frames(NULL), 0);
	assert_int_equal(fnuma_tracker_remote(NULL), 0);
	free(t);
}

static int next_remote(const struct fnuma_tracker *t, fnuma_gfn *cursor, uint32_t look,
                       fnuma_gfn *pages, uint32_t max)
{
	return fnuma_tracker_next(t, FNUMA_WANT_REMOTE, cursor, look, pages, max);
}

static void every_node_number_is_taken_or_refused_as_the_host_has_it(void **state)
{
	static const uint32_t hosts[] = {1, 13, 14, 15, 63, 64};
	uint32_t i, id;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct fnuma_tracker *t = simple(100, hosts[i], FNUMA_START_HOME);

		for (id = 0; id < 256; id++) {
			const bool fine = id < hosts[i] || id >= NONE;

			assert_int_equal(put(t, 99, id), fine ? 1 : FNUMA_E_RANGE);
			if (fine)
				assert_int_equal(fnuma_tracker_get(t, fnuma_gfn_of(99)).id, id);
			assert_int_equal(fnuma_tracker_is_home(t, fnuma_gfn_of(99),
			                                       fnuma_node_of(id)), id == 0);
		}
		assert_int_equal(layout(t).unknown_pages, 1);
		free(t);
	}
}

static void questions_about_no_page_have_harmless_answers(void **state)
{
	struct fnuma_home h = home(0, 100, 1, 1);
	struct fnuma_tracker_config c = {100, 8, &h, 1, FNUMA_START_HOME};
	struct fnuma_tracker *t = made(&c);
	fnuma_gfn cursor = fnuma_gfn_of(101), pages[4];

	(void)state;
	assert_int_equal(fnuma_tracker_get(t, fnuma_gfn_of(100)).id, UNKNOWN);
	assert_int_equal(fnuma_tracker_home(t, fnuma_gfn_of(100)).id, NONE);
	assert_false(fnuma_tracker_is_remote(t, fnuma_gfn_of(100)));
	assert_false(fnuma_tracker_is_home(t, fnuma_gfn_of(100), fnuma_node_of(1)));
	assert_false(fnuma_tracker_is_home(t, fnuma_gfn_of(1), fnuma_node_of(8)));
	assert_false(fnuma_tracker_is_home(t, fnuma_gfn_of(1), fnuma_node_unknown()));
	assert_int_equal(next_remote(t, &cursor, 1, pages, 4), FNUMA_E_RANGE);
	assert_int_equal(cursor.n, 101);
	cursor = fnuma_gfn_of(100);
	assert_int_equal(next_remote(t, &cursor, 0, pages, 4), FNUMA_E_INVAL);
	assert_int_equal(next_remote(t, &cursor, 1, pages, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_tracker_next(t, (enum fnuma_tracker_want)2, &cursor, 1,
	                                    pages, 4), FNUMA_E_INVAL);
	assert_int_equal(next_remote(t, &cursor, 1, pages, 4), 0);
	assert_int_equal(cursor.n, 100);
	free(t);
}

/* --- what it costs --- */

static void a_page_costs_at_most_4_1_bits_on_14_nodes_and_8_1_on_more(void **state)
{
	static const uint32_t nodes[] = {2, 8, 14, 15, 64};
	struct fnuma_home homes[64];
	struct fnuma_tracker_config c = {1u << 22, 2, homes, 1, FNUMA_START_HOME};
	uint32_t i, k;
	uint64_t deci_bits;

	(void)state;
	for (i = 0; i < 5; i++) {
		c.nodes = nodes[i];
		for (k = 0; k < 64; k++)
			homes[k] = home(k / 2 << 17, 1u << 17, k % 2, 1);
		c.n_homes = 64;
		deci_bits = (uint64_t)fnuma_tracker_bytes(&c) * 80;
		assert_true(deci_bits <= (uint64_t)(nodes[i] <= 14 ? 41 : 81) << 22);
		homes[0] = home(0, 1u << 22, 0, 1);
		c.n_homes = 1;
		assert_true((uint64_t)fnuma_tracker_bytes(&c) * 80 <= deci_bits);
	}
}

static void the_largest_domain_has_a_size(void **state)
{
	struct fnuma_home h = home(0, UINT32_MAX, 0, 1);
	struct fnuma_tracker_config c = {UINT32_MAX, 14, &h, 1, FNUMA_START_HOME};

	(void)state;
	if (sizeof(size_t) > 4)
		assert_true(fnuma_tracker_bytes(&c) > UINT32_MAX / 2);
}

/* --- what it knows --- */

static void pages_start_as_they_are_said_to(void **state)
{
	static const uint32_t frames[] = {1, 15, 63, 64, 65, 200};
	struct fnuma_tracker *t;
	fnuma_node last;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < 6; i++) {
		for (k = 0; k < 3; k++) {
			t = simple(frames[i], k == 1 ? 20 : 2,
			           (enum fnuma_tracker_start)k);
			assert_int_equal(layout(t).unknown_pages, k == 0 ? frames[i] : 0);
			assert_int_equal(layout(t).node_pages[0], k == 1 ? frames[i] : 0);
			assert_int_equal(layout(t).none_pages, k == 2 ? frames[i] : 0);
			assert_int_equal(layout(t).remote_pages, 0);
			last = fnuma_tracker_get(t, fnuma_gfn_of(frames[i] - 1));
			assert_int_equal(last.id, k == 0 ? UNKNOWN : k == 1 ? 0 : NONE);
			free(t);
		}
	}
}

static void of_the_same_page_twice_in_a_batch_the_last_counts(void **state)
{
	struct fnuma_tracker *t = simple(100, 8, FNUMA_START_HOME);
	fnuma_gfn pages[3] = {{5}, {5}, {5}};
	fnuma_node nodes[3] = {{3}, {0}, {4}};

	(void)state;
	assert_int_equal(fnuma_tracker_set(t, pages, nodes, 3), 3);
	assert_int_equal(fnuma_tracker_get(t, pages[0]).id, 4);
	assert_int_equal(layout(t).node_pages[3], 0);
	assert_int_equal(layout(t).node_pages[4], 1);
	assert_int_equal(fnuma_tracker_remote(t), 1);
	free(t);
}

static void results_are_recorded_by_their_outcome(void **state)
{
	static const struct {
		struct fnuma_result result;
		uint32_t node;
	} cases[] = {
		{{FNUMA_DONE, {3}, FNUMA_OK}, 3},
		{{FNUMA_DONE, {UNKNOWN}, FNUMA_OK}, UNKNOWN},
		{{FNUMA_DONE, {NONE}, FNUMA_OK}, NONE},
		{{FNUMA_NOT_DONE, {3}, FNUMA_E_BUSY}, 1},
		{{FNUMA_NOT_DONE, {200}, FNUMA_E_BUSY}, 1},
		{{FNUMA_UNKNOWN, {3}, FNUMA_E_LOST_TRACK}, UNKNOWN},
		{{FNUMA_UNFILLED, {0}, 0}, UNKNOWN},
		{{77, {3}, 0}, UNKNOWN},
	};
	struct fnuma_tracker *t = simple(500, 8, FNUMA_START_HOME);
	struct fnuma_result results[200];
	fnuma_gfn pages[200];
	uint32_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		assert_int_equal(put(t, i, 1), 1);
		pages[i] = fnuma_gfn_of(i);
		results[i] = cases[i % 8].result;
	}
	assert_int_equal(fnuma_tracker_record(t, pages, results, 200), 200);
	for (i = 0; i < 200; i++)
		assert_int_equal(fnuma_tracker_get(t, pages[i]).id, cases[i % 8].node);
	assert_int_equal(fnuma_tracker_remote(t), 75);
	free(t);
}

static void the_home_with_the_fewest_pages_for_its_weight_is_next(void **state)
{
	struct fnuma_home homes[3];
	struct fnuma_tracker_config c = {700, 4, homes, 3, FNUMA_START_UNKNOWN};
	struct fnuma_tracker *t;
	uint32_t i;

	(void)state;
	homes[0] = home(0, 700, 2, 1);
	homes[1] = home(0, 700, 0, 2);
	homes[2] = home(0, 700, 3, 4);
	t = made(&c);
	for (i = 0; i < 700; i++) {
		uint32_t node = fnuma_tracker_home(t, fnuma_gfn_of(i)).id;

		if (i < 3) /* all are empty: the first listed, then the next */
			assert_int_equal(node, homes[i].node.id);
		assert_int_equal(put(t, i, node), 1);
	}
	assert_int_equal(layout(t).node_pages[2], 100);
	assert_int_equal(layout(t).node_pages[0], 200);
	assert_int_equal(layout(t).node_pages[3], 400);
	assert_int_equal(fnuma_tracker_remote(t), 0);
	assert_int_equal(fnuma_tracker_home_nodes(t), 0xd);
	free(t);
}

static void another_range_s_pages_do_not_sway_the_choice_of_a_home(void **state)
{
	struct fnuma_home homes[4];
	struct fnuma_tracker_config c = {200, 4, homes, 4, FNUMA_START_UNKNOWN};
	struct fnuma_tracker *t;
	uint32_t i;

	(void)state;
	homes[0] = home(0, 100, 0, 1);
	homes[1] = home(0, 100, 1, 1);
	homes[2] = home(100, 100, 0, 1);
	homes[3] = home(100, 100, 1, 1);
	t = made(&c);
	for (i = 100; i < 200; i++)
		assert_int_equal(put(t, i, 0), 1);
	assert_int_equal(fnuma_tracker_home(t, fnuma_gfn_of(5)).id, 0);
	assert_int_equal(fnuma_tracker_home(t, fnuma_gfn_of(105)).id, 1);
	free(t);
}

static void a_search_stops_at_its_bounds_and_goes_on_from_the_cursor(void **state)
{
	struct fnuma_tracker *t = simple(1000, 8, FNUMA_START_HOME);
	fnuma_gfn cursor = {0}, pages[3];
	uint32_t i;

	(void)state;
	for (i = 0; i < 1000; i += 10)
		assert_int_equal(put(t, i, 5), 1);
	assert_int_equal(next_remote(t, &cursor, 1000, pages, 3), 3);
	assert_int_equal(cursor.n, 21);
	assert_int_equal(next_remote(t, &cursor, 9, pages, 3), 0);
	assert_int_equal(cursor.n, 30);
	assert_int_equal(next_remote(t, &cursor, 1, pages, 3), 1);
	assert_int_equal(cursor.n, 31);
	cursor = fnuma_gfn_of(985);
	assert_int_equal(next_remote(t, &cursor, UINT32_MAX, pages, UINT32_MAX), 1);
	assert_int_equal(pages[0].n, 990);
	assert_int_equal(cursor.n, 1000);
	free(t);
}

/* --- the same, as a plain array of bytes --- */

struct plain {
	const struct fnuma_tracker_config *c;
	uint8_t *node;
};

static uint64_t random_bits;

static uint32_t draw(uint32_t below)
{
	random_bits = random_bits * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_bits >> 33) % below;
}

static bool covers(const struct fnuma_home *h, uint32_t page)
{
	return page >= h->first.n && page - h->first.n < h->pages;
}

static bool plain_is_home(const struct plain *p, uint32_t page, uint32_t node)
{
	uint32_t i;

	for (i = 0; i < p->c->n_homes; i++)
		if (covers(&p->c->homes[i], page) && p->c->homes[i].node.id == node)
			return true;
	return false;
}

static bool plain_is_remote(const struct plain *p, uint32_t page)
{
	return p->node[page] < p->c->nodes && !plain_is_home(p, page, p->node[page]);
}

/* Pages for the weight as a fraction, the first listed of equals. */
static uint32_t plain_home(const struct plain *p, uint32_t page)
{
	const struct fnuma_home *h;
	double least = 1e30, share;
	uint32_t best = NONE, i, k, pages;

	for (i = 0; i < p->c->n_homes; i++) {
		h = &p->c->homes[i];
		if (!covers(h, page))
			continue;
		for (k = h->first.n, pages = 0; k < h->first.n + h->pages; k++)
			pages += p->node[k] == h->node.id;
		share = (double)pages / h->weight;
		if (share < least) {
			least = share;
			best = h->node.id;
		}
	}
	return best;
}

static void compare_layouts(const struct plain *p, const struct fnuma_tracker *t)
{
	struct fnuma_layout want = {p->c->nodes, {0}, 0, 0, 0, p->c->frames};
	struct fnuma_layout got = layout(t);
	uint32_t i;

	for (i = 0; i < p->c->frames; i++) {
		if (p->node[i] == UNKNOWN)
			want.unknown_pages++;
		else if (p->node[i] == NONE)
			want.none_pages++;
		else
			want.node_pages[p->node[i]]++;
		want.remote_pages += plain_is_remote(p, i);
	}
	assert_memory_equal(&want, &got, sizeof(want));
	assert_int_equal(fnuma_tracker_remote(t), want.remote_pages);
}

static bool plain_wanted(const struct plain *p, uint32_t page, enum fnuma_tracker_want kind)
{
	if (kind == FNUMA_WANT_UNKNOWN)
		return p->node[page] == UNKNOWN;
	return plain_is_remote(p, page);
}

static void compare_search(const struct plain *p, const struct fnuma_tracker *t,
                           enum fnuma_tracker_want kind)
{
	uint32_t at = draw(p->c->frames + 1), look = 1 + draw(p->c->frames + 50);
	uint32_t max = 1 + draw(draw(4) ? 70 : 5), end, found = 0, i;
	fnuma_gfn cursor = fnuma_gfn_of(at), pages[71];
	int n;

	memset(pages, 0xff, sizeof(pages));
	n = fnuma_tracker_next(t, kind, &cursor, look, pages, max);
	end = look < p->c->frames - at ? at + look : p->c->frames;
	for (i = at; i < end && found < max; i++)
		if (plain_wanted(p, i, kind))
			assert_int_equal(pages[found++].n, i);
	assert_int_equal(n, found);
	assert_int_equal(cursor.n, i);
	assert_int_equal(pages[max].n, UINT32_MAX);
}

static uint32_t random_node(const struct plain *p)
{
	switch (draw(12)) {
	case 0:
		return UNKNOWN;
	case 1:
		return NONE;
	case 2:
	case 3:
	case 4:
		return draw(p->c->nodes);
	default:
		return p->c->homes[draw(p->c->n_homes)].node.id;
	}
}

static void random_batch(struct plain *p, struct fnuma_tracker *t)
{
	struct fnuma_result results[150];
	fnuma_gfn pages[150];
	fnuma_node nodes[150];
	uint32_t n = draw(draw(3) ? 40 : 150), i, base = draw(p->c->frames);
	bool record = draw(2), close = draw(2);

	for (i = 0; i < n; i++) {
		pages[i] = fnuma_gfn_of(close ? (base + draw(64)) % p->c->frames :
		                                draw(p->c->frames));
		nodes[i] = fnuma_node_of(random_node(p));
		results[i].outcome = record ? (uint8_t)draw(4) : FNUMA_DONE;
		results[i].node = nodes[i];
		if (results[i].outcome == FNUMA_NOT_DONE)
			continue;
		p->node[pages[i].n] =
			results[i].outcome == FNUMA_DONE ? nodes[i].id : UNKNOWN;
	}
	if (record)
		assert_int_equal(fnuma_tracker_record(t, pages, results, n), n);
	else
		assert_int_equal(fnuma_tracker_set(t, pages, nodes, n), n);
}

static void compare_page(const struct plain *p, const struct fnuma_tracker *t)
{
	uint32_t page = draw(p->c->frames), node = draw(p->c->nodes + 2);
	fnuma_gfn gfn = fnuma_gfn_of(page);

	assert_int_equal(fnuma_tracker_get(t, gfn).id, p->node[page]);
	assert_int_equal(fnuma_tracker_is_remote(t, gfn), plain_is_remote(p, page));
	assert_int_equal(fnuma_tracker_is_home(t, gfn, fnuma_node_of(node)),
	                 plain_is_home(p, page, node));
	assert_int_equal(fnuma_tracker_home(t, gfn).id, plain_home(p, page));
}

static uint8_t plain_first_home(const struct plain *p, uint32_t page)
{
	const struct fnuma_home *h = p->c->homes;

	while (!covers(h, page))
		h++;
	return h->node.id;
}

static void compare_pages(const struct plain *p, const struct fnuma_tracker *t)
{
	uint32_t i;

	for (i = 0; i < p->c->frames; i++)
		assert_int_equal(fnuma_tracker_get(t, fnuma_gfn_of(i)).id, p->node[i]);
}

static void campaign(const struct fnuma_tracker_config *c, uint32_t steps)
{
	struct fnuma_tracker *t = made(c);
	struct plain p = {c, malloc(c->frames)};
	uint32_t i;

	assert_non_null(p.node);
	assert_int_equal(fnuma_tracker_frames(t), c->frames);
	for (i = 0; i < c->frames; i++)
		p.node[i] = c->start == FNUMA_START_UNKNOWN ? UNKNOWN :
		            c->start == FNUMA_START_NONE    ? NONE :
		                                              plain_first_home(&p, i);
	compare_pages(&p, t);
	compare_layouts(&p, t);
	for (i = 0; i < steps; i++) {
		random_batch(&p, t);
		compare_page(&p, t);
		compare_search(&p, t, FNUMA_WANT_REMOTE);
		compare_search(&p, t, FNUMA_WANT_UNKNOWN);
		if (i % 8 == 0)
			compare_layouts(&p, t);
	}
	compare_pages(&p, t);
	free(p.node);
	free(t);
}

static void random_use_agrees_with_a_plain_array_for_one_home(void **state)
{
	static const uint32_t frames[] = {1, 16, 63, 64, 65, 1000, 5003};
	static const uint32_t nodes[] = {1, 2, 8, 14, 15, 20, 64};
	uint32_t i, k;

	(void)state;
	random_bits = 1;
	for (i = 0; i < 7; i++) {
		for (k = 0; k < 7; k++) {
			struct fnuma_home h = home(0, frames[i], draw(nodes[k]), 1);
			struct fnuma_tracker_config c = {frames[i], nodes[k], &h, 1,
			                                 (enum fnuma_tracker_start)draw(3)};

			campaign(&c, 1000);
		}
	}
}

static void random_use_agrees_with_a_plain_array_for_a_home_a_range(void **state)
{
	struct fnuma_home homes[64];
	struct fnuma_tracker_config c = {3001, 8, homes, 4, FNUMA_START_HOME};
	uint32_t i;

	(void)state;
	random_bits = 2;
	homes[0] = home(0, 1000, 1, 1);
	homes[1] = home(1000, 24, 0, 7);
	homes[2] = home(1024, 1, 7, 9);
	homes[3] = home(1025, 1976, 1, 65535);
	campaign(&c, 10000);
	c.nodes = 20;
	campaign(&c, 5000);
	c.frames = 64 * 37;
	c.n_homes = 64;
	for (i = 0; i < 64; i++)
		homes[i] = home(i * 37, 37, i % 20, 1);
	campaign(&c, 5000);
}

static void random_use_agrees_with_a_plain_array_for_weighted_homes(void **state)
{
	struct fnuma_home homes[64];
	struct fnuma_tracker_config c = {2050, 8, homes, 6, FNUMA_START_HOME};
	uint32_t i;

	(void)state;
	random_bits = 3;
	homes[0] = home(0, 700, 1, 3);
	homes[1] = home(0, 700, 2, 1);
	homes[2] = home(700, 350, 3, 5);
	homes[3] = home(1050, 1000, 7, 1);
	homes[4] = home(1050, 1000, 2, 65535);
	homes[5] = home(1050, 1000, 0, 3);
	campaign(&c, 5000);
	c.nodes = 64;
	campaign(&c, 3000);
	for (i = 0; i < 64; i++)
		homes[i] = home(0, 2050, 63 - i, 1 + i);
	c.n_homes = 64;
	campaign(&c, 2000);
	c.nodes = 14;
	c.n_homes = 14;
	for (i = 0; i < 14; i++)
		homes[i] = home(0, 2050, i, 1);
	campaign(&c, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(homes_that_do_not_tile_the_domain_are_refused),
		cmocka_unit_test(bad_memory_and_pointers_are_refused),
		cmocka_unit_test(a_batch_with_one_lie_is_refused_and_changes_nothing),
		cmocka_unit_test(without_a_tracker_or_an_array_nothing_is_done),
		cmocka_unit_test(
			every_node_number_is_taken_or_refused_as_the_host_has_it),
		cmocka_unit_test(questions_about_no_page_have_harmless_answers),
		cmocka_unit_test(a_page_costs_at_most_4_1_bits_on_14_nodes_and_8_1_on_more),
		cmocka_unit_test(the_largest_domain_has_a_size),
		cmocka_unit_test(pages_start_as_they_are_said_to),
		cmocka_unit_test(of_the_same_page_twice_in_a_batch_the_last_counts),
		cmocka_unit_test(results_are_recorded_by_their_outcome),
		cmocka_unit_test(the_home_with_the_fewest_pages_for_its_weight_is_next),
		cmocka_unit_test(another_range_s_pages_do_not_sway_the_choice_of_a_home),
		cmocka_unit_test(a_search_stops_at_its_bounds_and_goes_on_from_the_cursor),
		cmocka_unit_test(random_use_agrees_with_a_plain_array_for_one_home),
		cmocka_unit_test(random_use_agrees_with_a_plain_array_for_a_home_a_range),
		cmocka_unit_test(random_use_agrees_with_a_plain_array_for_weighted_homes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
