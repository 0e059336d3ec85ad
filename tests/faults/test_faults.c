/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The fault sweep: each scenario again and again, with the first, second, third ... call
 * of each operation failing in each way, loud and silent, until none is left to fail. No
 * page is lost, none has two owners, contents stay, counts add up, the rules about moves
 * hold; and once the fault is over everything comes home.
 *
 * FNUMA_LONG=1 adds pairs of faults and longer random campaigns; FNUMA_SEED repeats the
 * latter.
 */
#include "world.h"
#include "../unit/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct fnuma_home one[] = {{{0}, FRAMES, {1}, 1}};
static const struct fnuma_home two_ranges[] = {{{0}, 80, {1}, 1},
                                               {{80}, FRAMES - 80, {2}, 1}};
static const struct fnuma_home weighted[] = {{{0}, FRAMES, {1}, 3},
                                             {{0}, FRAMES, {2}, 1}};

#define AT(list) .homes = list, .n_homes = COUNT(list)

static const struct scenario scenarios[] = {
	{"pool", AT(one), .guests = 1, .pooled = true},
	{"pool, two ranges", AT(two_ranges), .guests = 1, .pooled = true, .scarce = true},
	{"by amount", AT(one), .guests = 1, .hosted = true},
	{"verified", AT(one), .guests = 1, .hosted = true, .verify = true, .attempts_max = 1},
	{"hybrid", AT(one), .guests = 1, .hosted = true, .pooled = true},
	{"hybrid, verified", AT(two_ranges), .guests = 1, .hosted = true, .pooled = true,
	 .verify = true},
	{"two ranges, one full", AT(two_ranges), .guests = 1, .hosted = true, .scarce = true},
	{"weighted, verified", AT(weighted), .guests = 1, .hosted = true, .verify = true,
	 .scarce = true},
	{"three, one dies", AT(one), .guests = 3, .hosted = true, .dies = true},
	{"two hybrids, one dies", AT(weighted), .guests = 2, .hosted = true, .pooled = true,
	 .dies = true},
};

static const char *const names[FNUMA_FAULT_KINDS] = {
	"none",
	"a call refused",
	"pages refused",
	"half a batch",
	"the domain gone",
	"done, and not",
	"unfilled",
	"unknown, done",
	"unknown, not done",
	"refused, and done",
	"a wrong node",
	"an unknown node",
};

/* The ways to fail, and with which error where it matters. */
static const struct {
	enum fnuma_fault_kind kind;
	int error;
} ways[] = {
	{FNUMA_FAULT_ERROR, FNUMA_E_BUSY},
	{FNUMA_FAULT_ERROR, FNUMA_E_NOMEM},
	{FNUMA_FAULT_ERROR, FNUMA_E_GONE},
	{FNUMA_FAULT_ERROR, FNUMA_E_RANGE},
	{FNUMA_FAULT_REFUSE, FNUMA_E_BUSY},
	{FNUMA_FAULT_REFUSE, FNUMA_E_NOMEM},
	{FNUMA_FAULT_REFUSE, FNUMA_E_PINNED},
	{FNUMA_FAULT_REFUSE, FNUMA_E_STATE},
	{FNUMA_FAULT_REFUSE, FNUMA_E_GONE},
	{FNUMA_FAULT_HALF, 0},
	{FNUMA_FAULT_GONE, 0},
	{FNUMA_FAULT_LIE, 0},
	{FNUMA_FAULT_UNFILLED, 0},
	{FNUMA_FAULT_DONE_UNKNOWN, 0},
	{FNUMA_FAULT_UNDONE_UNKNOWN, 0},
	{FNUMA_FAULT_DENIED, FNUMA_E_BUSY},
	{FNUMA_FAULT_WRONG_NODE, 0},
	{FNUMA_FAULT_NODE_UNKNOWN, 0},
};

static struct world world;
static uint64_t runs, injected[FNUMA_FAULT_KINDS], eligible[FAULTS_MAX];

/* ---- what may be expected ---- */

#define OP(op)  FNUMA_OP_BIT(FNUMA_OP_##op)
#define MOVES   (OP(MOVE_PAGE) | OP(MOVE_FREE))
#define ALL_OPS ((1u << FNUMA_OPS) - 1)

/* Who owns a page, only the backend knows; what it says of that is believed. */
static bool lies_about_owners(const struct fnuma_wrap_fault_config *c, uint32_t ops)
{
	switch (c->kind) {
	case FNUMA_FAULT_LIE:
	case FNUMA_FAULT_DENIED:
		return ops & (OP(ACQUIRE) | OP(RELEASE));
	case FNUMA_FAULT_REFUSE:
		return (ops & OP(RELEASE)) &&
		       (c->error == FNUMA_E_GONE || c->error == FNUMA_E_STATE);
	default:
		return false;
	}
}

/* Where a page is can be asked; what nobody asks about, or a lie in the answer, stays. */
static bool lies_about_nodes(const struct fnuma_wrap_fault_config *c, uint32_t ops,
                             bool checked)
{
	switch (c->kind) {
	case FNUMA_FAULT_LIE:
		return (ops & MOVES) && !checked;
	case FNUMA_FAULT_DENIED:
		return ops & OP(FLIP);
	case FNUMA_FAULT_WRONG_NODE:
		return ops & (OP(FLIP) | OP(PAGE_NODES) | OP(PROBE));
	case FNUMA_FAULT_REFUSE:
		return (ops & MOVES) && c->error == FNUMA_E_GONE;
	default:
		return false;
	}
}

/* Who believes a page to be away, or does not know, moves it. */
static bool lies_about_moves(const struct fnuma_wrap_fault_config *c, uint32_t ops,
                             bool checked, bool hosted)
{
	switch (c->kind) {
	case FNUMA_FAULT_DENIED:
		return (ops & MOVES) && !checked;
	case FNUMA_FAULT_HALF:
	case FNUMA_FAULT_NODE_UNKNOWN:
		return (ops & OP(PAGE_NODES)) && !hosted;
	default:
		return false;
	}
}

/* A second fault may be that who checks gets no answer. */
static void allow(struct allowance *a, const struct fnuma_wrap_fault_config *c,
                  const struct scenario *s, bool alone)
{
	const uint32_t ops = c->ops ? c->ops : ALL_OPS;
	const bool checked = alone && (s->verify || !s->hosted);

	a->owners |= s->pooled && lies_about_owners(c, ops);
	a->nodes |= lies_about_nodes(c, ops, checked);
	a->moves |= lies_about_moves(c, ops, checked, s->hosted);
}

/* ---- running ---- */

static void tell(const struct scenario *s, const struct fnuma_wrap_fault_config *c,
                 uint32_t n)
{
	char *to = world.story;
	size_t left = sizeof(world.story);
	uint32_t i;

	for (i = 0; i < n; i++) {
		int len = snprintf(to, left,
		                   "%s: ops 0x%x kind %d error %d at %lld ppm %u/%u "
		                   "seed %llu ",
		                   i ? "and" : s->name, c[i].ops, (int)c[i].kind,
		                   c[i].error, (long long)c[i].at, c[i].ppm,
		                   c[i].pages_ppm, (unsigned long long)c[i].seed);

		to += len < (int)left ? len : (int)left - 1;
		left = sizeof(world.story) - (size_t)(to - world.story);
	}
}

static void run(const struct scenario *s, struct fnuma_wrap_fault_config *c, uint32_t n)
{
	uint32_t i, kind;

	memset(&world, 0, sizeof(world));
	for (i = 0; i < n; i++)
		allow(&world.allowance, &c[i], s, n == 1);
	tell(s, c, n);
	world_make(&world, s, c, n);
	world_live(&world);
	for (i = 0; i < n; i++) {
		eligible[i] = world.fault[i].counts.eligible;
		for (kind = 0; kind < FNUMA_FAULT_KINDS; kind++)
			injected[kind] += world.fault[i].counts.injected[kind];
	}
	runs++;
	world_recover(&world);
	world_free(&world);
}

/* As fnuma_wrap_fault_next(), for the faults of the life just lived. */
static bool next(struct fnuma_wrap_fault_config *c, uint32_t i)
{
	return c->at++ < eligible[i];
}

static void without_a_fault_everything_is_done(void **state)
{
	struct fnuma_wrap_fault_config none;
	uint32_t i;

	(void)state;
	memset(&none, 0, sizeof(none));
	none.at = FNUMA_FAULT_NEVER;
	for (i = 0; i < COUNT(scenarios); i++)
		run(&scenarios[i], &none, 1);
}

static struct fnuma_wrap_fault_config fault_of(uint32_t way)
{
	struct fnuma_wrap_fault_config c;

	memset(&c, 0, sizeof(c));
	c.kind = ways[way].kind;
	c.error = ways[way].error;
	c.nodes = 3;
	c.seed = 1;
	return c;
}

static void report(const char *what)
{
	uint32_t kind;

	print_message("%s: %llu runs\n", what, (unsigned long long)runs);
	for (kind = 1; kind < FNUMA_FAULT_KINDS; kind++)
		print_message("  %8llu faults: %s\n", (unsigned long long)injected[kind],
		              names[kind]);
	runs = 0;
	memset(injected, 0, sizeof(injected));
}

/* Every k of one operation failing in one way, whole batches or some pages of each. */
static void sweep(const struct scenario *s, uint32_t op, uint32_t way, uint32_t pages_ppm)
{
	struct fnuma_wrap_fault_config c = fault_of(way);

	c.ops = FNUMA_OP_BIT(op);
	c.pages_ppm = pages_ppm;
	do {
		run(s, &c, 1);
	} while (next(&c, 0));
}

static void every_call_fails_once_in_every_way(void **state)
{
	uint32_t i, op, way;

	(void)state;
	for (i = 0; i < COUNT(scenarios); i++)
		for (op = 0; op < FNUMA_OPS; op++)
			for (way = 0; way < COUNT(ways); way++) {
				sweep(&scenarios[i], op, way, 0);
				sweep(&scenarios[i], op, way, 500000);
			}
	for (i = 1; i < FNUMA_FAULT_KINDS; i++)
		assert_true(injected[i] > 100);
	report("one fault");
}

/* The k-th and a later call failing in the same way. */
static void sweep_pairs(const struct scenario *s, uint32_t way)
{
	struct fnuma_wrap_fault_config c[2], first = fault_of(way);

	do {
		c[1] = first;
		do {
			c[0] = first;
			run(s, c, 2);
		} while (next(&c[1], 1));
	} while (next(&first, 0));
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void every_two_calls_fail_in_every_way(void **state)
{
	uint32_t i, way;

	(void)state;
	if (!getenv("FNUMA_LONG"))
		skip();
	for (i = 0; i < COUNT(scenarios); i++)
		for (way = 0; way < COUNT(ways); way++)
			sweep_pairs(&scenarios[i], way);
	report("two faults");
}

static struct fnuma_wrap_fault_config draw_fault(struct random *random)
{
	struct fnuma_wrap_fault_config c = fault_of(random_below(random, COUNT(ways)));

	c.at = FNUMA_FAULT_NEVER;
	c.ppm = random_below(random, 200000);
	c.pages_ppm = random_below(random, 2) ? 0 : 500000;
	c.seed = random_next(random);
	return c;
}

/* To undo an acquire, a fault needs an honest release behind it. */
static void put_undoing_last(struct fnuma_wrap_fault_config *c)
{
	const struct fnuma_wrap_fault_config first = c[0];

	if (first.kind != FNUMA_FAULT_LIE && first.kind != FNUMA_FAULT_UNDONE_UNKNOWN)
		return;
	c[0] = c[1];
	c[1] = first;
}

/* Two kinds of faults at once, each as often as is drawn. */
static void faults_drawn_at_random_leave_every_page_with_one_owner(void **state)
{
	const uint64_t seed = setting("FNUMA_SEED", 20190429);
	const uint64_t n = setting("FNUMA_RUNS", getenv("FNUMA_LONG") ? 400000 : 10000);
	struct random random = {seed};
	uint64_t i;

	(void)state;
	print_message("seed %llu, %llu runs\n", (unsigned long long)seed,
	              (unsigned long long)n);
	for (i = 0; i < n; i++) {
		const struct scenario *s =
			&scenarios[random_below(&random, COUNT(scenarios))];
		struct fnuma_wrap_fault_config c[2];

		c[0] = draw_fault(&random);
		c[1] = draw_fault(&random);
		put_undoing_last(c);
		run(s, c, 2);
	}
	report("faults at random");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_fault_everything_is_done),
		cmocka_unit_test(every_call_fails_once_in_every_way),
		cmocka_unit_test(every_two_calls_fail_in_every_way),
		cmocka_unit_test(faults_drawn_at_random_leave_every_page_with_one_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
