/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include <flipnuma/agenda.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS (UINT64_C(1) << 23)
#define S_NS UINT64_C(1000000000)
#define YEAR_NS (UINT64_C(31557600) * S_NS)

static struct fnuma_agenda *made(uint32_t members)
{
	size_t bytes = fnuma_agenda_bytes(members);
	void *memory = malloc(bytes);
	struct fnuma_agenda *a = NULL;

	assert_non_null(memory);
	assert_int_equal(fnuma_agenda_init(memory, bytes, members, &a), FNUMA_OK);
	return a;
}

static bool pop_one(struct fnuma_agenda *a, uint64_t now_ns, uint32_t *member)
{
	return fnuma_agenda_pop(a, now_ns, member, 1) == 1;
}

/* Sizes that don't fit, and what init says to bad memory. */
static void bad_sizes_and_memory_are_refused(void **state)
{
	size_t bytes = fnuma_agenda_bytes(100);
	uint64_t *memory = malloc(bytes + 8);
	struct fnuma_agenda *a = NULL;

	(void)state;
	assert_int_equal(fnuma_agenda_bytes(0), 0);
	assert_int_equal(fnuma_agenda_bytes((1u << 24) + 1), 0);
	assert_true(fnuma_agenda_bytes(1u << 24) > (size_t)16 << 24);
	assert_int_equal(fnuma_agenda_init(NULL, bytes, 100, &a), FNUMA_E_INVAL);
	assert_int_equal(fnuma_agenda_init(memory, bytes, 100, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_agenda_init(memory, bytes, 0, &a), FNUMA_E_INVAL);
	assert_int_equal(fnuma_agenda_init(memory, bytes, (1u << 24) + 1, &a),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_agenda_init((char *)memory + 4, bytes, 100, &a),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_agenda_init(memory, bytes - 1, 100, &a), FNUMA_E_NOSPC);
	assert_null(a);
	assert_int_equal(fnuma_agenda_init(memory, bytes, 100, &a), FNUMA_OK);
	free(memory);
}

static void a_member_out_of_range_is_refused_and_changes_nothing(void **state)
{
	size_t bytes = fnuma_agenda_bytes(70);
	struct fnuma_agenda *a = made(70);
	void *before = malloc(bytes);

	(void)state;
	fnuma_agenda_set(a, 69, 5);
	memcpy(before, a, bytes);
	assert_true(fnuma_agenda_get(a, 69) == 5);
	assert_int_equal(fnuma_agenda_set(a, 70, 1), FNUMA_E_RANGE);
	assert_int_equal(fnuma_agenda_set(a, 70, FNUMA_NEVER), FNUMA_E_RANGE);
	assert_int_equal(fnuma_agenda_set(a, UINT32_MAX, 1), FNUMA_E_RANGE);
	assert_true(fnuma_agenda_get(a, 70) == FNUMA_NEVER);
	assert_true(fnuma_agenda_get(a, UINT32_MAX) == FNUMA_NEVER);
	assert_memory_equal(before, a, bytes);
	free(before);
	free(a);
}

static void without_an_agenda_nobody_is_due(void **state)
{
	struct fnuma_agenda *a = made(70);
	uint32_t member = 7;

	(void)state;
	assert_int_equal(fnuma_agenda_set(NULL, 0, 1), FNUMA_E_INVAL);
	assert_true(fnuma_agenda_get(NULL, 0) == FNUMA_NEVER);
	assert_true(fnuma_agenda_next(NULL) == FNUMA_NEVER);
	assert_int_equal(fnuma_agenda_pop(NULL, 5, &member, 1), 0);
	assert_int_equal(fnuma_agenda_set(a, 3, 1), FNUMA_OK);
	assert_int_equal(fnuma_agenda_pop(a, 5, NULL, 1), 0);
	assert_int_equal(fnuma_agenda_pop(a, 5, &member, 0), 0);
	assert_int_equal(member, 7);
	assert_int_equal(fnuma_agenda_pop(a, 5, &member, 1), 1);
	assert_int_equal(member, 3);
	free(a);
}

static void an_empty_agenda_has_nobody_due_ever(void **state)
{
	struct fnuma_agenda *a = made(1);
	uint32_t member = 77;

	(void)state;
	assert_true(fnuma_agenda_next(a) == FNUMA_NEVER);
	assert_false(pop_one(a, 0, &member));
	assert_false(pop_one(a, FNUMA_NEVER, &member));
	assert_int_equal(member, 77);
	free(a);
}

static void a_member_is_due_at_its_deadline_and_not_a_ns_before(void **state)
{
	static const uint64_t deadlines[] = {
		0, 1, TICK_NS - 1, TICK_NS, 60 * S_NS, 70 * S_NS, 900 * S_NS,
		100 * YEAR_NS, UINT64_MAX - 1,
	};
	struct fnuma_agenda *a;
	uint32_t i, member;

	(void)state;
	for (i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		a = made(20000);
		fnuma_agenda_set(a, 7, deadlines[i]);
		assert_true(fnuma_agenda_get(a, 7) == deadlines[i]);
		assert_true(fnuma_agenda_next(a) == deadlines[i]);
		if (deadlines[i])
			assert_false(pop_one(a, deadlines[i] - 1, &member));
		assert_true(fnuma_agenda_next(a) == deadlines[i]);
		assert_true(pop_one(a, deadlines[i], &member));
		assert_int_equal(member, 7);
		assert_true(fnuma_agenda_get(a, 7) == FNUMA_NEVER);
		assert_true(fnuma_agenda_next(a) == FNUMA_NEVER);
		assert_false(pop_one(a, deadlines[i], &member));
		free(a);
	}
}

static void a_moved_deadline_counts_where_it_is_a_dropped_one_nowhere(void **state)
{
	struct fnuma_agenda *a = made(4);
	uint32_t member;

	(void)state;
	fnuma_agenda_set(a, 0, S_NS);
	fnuma_agenda_set(a, 1, 2 * S_NS);
	fnuma_agenda_set(a, 0, 3 * S_NS);
	fnuma_agenda_set(a, 1, FNUMA_NEVER);
	fnuma_agenda_set(a, 1, FNUMA_NEVER);
	assert_true(fnuma_agenda_next(a) == 3 * S_NS);
	assert_false(pop_one(a, 3 * S_NS - 1, &member));
	assert_true(pop_one(a, 3 * S_NS, &member));
	assert_int_equal(member, 0);
	free(a);
}

static void after_a_leap_of_years_all_come_in_order_of_time(void **state)
{
	struct fnuma_agenda *a = made(64);
	uint32_t i, member;

	(void)state;
	for (i = 0; i < 64; i++)
		fnuma_agenda_set(a, (i * 37) % 64, i * (YEAR_NS / 8) + i);
	for (i = 0; i < 64; i++) {
		assert_true(pop_one(a, 1000 * YEAR_NS / 2, &member));
		assert_int_equal(member, (i * 37) % 64);
	}
	assert_false(pop_one(a, 1000 * YEAR_NS / 2, &member));
	free(a);
}

static void members_of_one_tick_come_in_order_of_setting(void **state)
{
	static const uint64_t when[] = {5 * S_NS, 70 * S_NS, 900 * S_NS}; /* near, far */
	struct fnuma_agenda *a;
	uint32_t members[64], max, i, k, n;

	(void)state;
	for (k = 0; k < 3; k++) {
		for (max = 1; max <= 64; max++) {
			a = made(64);
			for (i = 0; i < 64; i++)
				fnuma_agenda_set(a, i * 5 % 64, when[k] + 64 - i);
			for (i = 0; i < 64; i += n) {
				n = fnuma_agenda_pop(a, when[k] + TICK_NS, members + i, max);
				assert_int_equal(n, max < 64 - i ? max : 64 - i);
			}
			for (i = 0; i < 64; i++)
				assert_int_equal(members[i], i * 5 % 64);
			free(a);
		}
	}
}

static void one_that_asks_again_and_again_keeps_nobody_waiting(void **state)
{
	struct fnuma_agenda *a = made(3);
	uint32_t member;

	(void)state;
	fnuma_agenda_set(a, 0, S_NS);
	fnuma_agenda_set(a, 1, 2 * S_NS);
	fnuma_agenda_set(a, 2, 200 * S_NS);
	assert_true(pop_one(a, 300 * S_NS, &member));
	assert_int_equal(member, 0);
	fnuma_agenda_set(a, 0, 0);
	assert_true(pop_one(a, 300 * S_NS, &member));
	assert_int_equal(member, 1);
	assert_true(pop_one(a, 300 * S_NS, &member));
	assert_int_equal(member, 2);
	assert_true(pop_one(a, 300 * S_NS, &member));
	assert_int_equal(member, 0);
	free(a);
}

static void a_clock_that_jumps_back_takes_the_deadlines_with_it(void **state)
{
	struct fnuma_agenda *a = made(3);
	uint64_t now = 50 * YEAR_NS;
	uint32_t member;

	(void)state;
	assert_false(pop_one(a, now, &member));
	fnuma_agenda_set(a, 0, now);
	fnuma_agenda_set(a, 1, now + 10 * S_NS);
	fnuma_agenda_set(a, 2, now + 1000 * S_NS);
	now = S_NS;
	assert_true(pop_one(a, now, &member)); /* was due, and is */
	assert_int_equal(member, 0);
	assert_false(pop_one(a, now, &member));
	assert_true(fnuma_agenda_get(a, 1) == now + 10 * S_NS);
	assert_true(fnuma_agenda_next(a) == now + 10 * S_NS);
	assert_false(pop_one(a, now + 10 * S_NS - 1, &member));
	assert_true(pop_one(a, now + 10 * S_NS, &member));
	assert_int_equal(member, 1);
	assert_true(pop_one(a, now + 1000 * S_NS, &member));
	assert_int_equal(member, 2);
	free(a);
}

static void a_clock_less_than_a_tick_back_stands_still(void **state)
{
	struct fnuma_agenda *a = made(3);
	uint64_t now = 10 * S_NS;
	uint32_t member;

	(void)state;
	fnuma_agenda_set(a, 0, now);
	fnuma_agenda_set(a, 1, now + 1);
	assert_false(pop_one(a, now - 1, &member));
	assert_true(pop_one(a, now, &member));
	assert_false(pop_one(a, now - TICK_NS + 1, &member));
	assert_true(fnuma_agenda_get(a, 1) == now + 1);
	assert_true(pop_one(a, now + 1, &member));
	free(a);
}

static void next_is_at_most_a_tick_early_when_a_tick_is_crowded(void **state)
{
	struct fnuma_agenda *a = made(1000);
	uint64_t tick = 100 * TICK_NS, next;
	uint32_t i, member;

	(void)state;
	for (i = 0; i < 1000; i++)
		fnuma_agenda_set(a, i, tick - TICK_NS);
	for (i = 0; i < 1000; i++)
		fnuma_agenda_set(a, i, tick + 5000 - i);
	next = fnuma_agenda_next(a);
	assert_true(next <= tick + 4001 && next >= tick);
	assert_false(pop_one(a, next, &member));
	assert_true(fnuma_agenda_next(a) == tick + 4001); /* now it has looked */
	for (i = 0; i < 1000; i++) {
		assert_true(pop_one(a, tick + 4001 + i, &member));
		assert_int_equal(member, 999 - i);
		assert_false(pop_one(a, tick + 4001 + i, &member));
	}
	free(a);
}

/* The same thing, without any structure. */
struct naive {
	uint32_t members;
	uint64_t last_ns;
	uint64_t deadlines[512];
	bool overdue_when_filed[512];
};

static uint64_t naive_earliest(const struct naive *n)
{
	uint64_t min = FNUMA_NEVER;
	uint32_t i;

	for (i = 0; i < n->members; i++)
		if (n->deadlines[i] < min)
			min = n->deadlines[i];
	return min;
}

static void naive_hear(struct naive *n, uint64_t now_ns)
{
	uint64_t by = n->last_ns - now_ns;
	uint32_t i;

	if (now_ns >= n->last_ns) {
		n->last_ns = now_ns;
		return;
	}
	if (by < TICK_NS)
		return;
	n->last_ns = now_ns;
	for (i = 0; i < n->members; i++) {
		if (n->deadlines[i] == FNUMA_NEVER)
			continue;
		n->deadlines[i] = n->deadlines[i] > by ? n->deadlines[i] - by : 0;
		n->overdue_when_filed[i] = n->deadlines[i] <= now_ns;
	}
}

/* Of those not overdue when filed, nobody due comes before one of an earlier tick. */
static void check_order(const struct naive *n, uint32_t popped)
{
	uint64_t tick = n->deadlines[popped] / TICK_NS;
	uint32_t i;

	if (n->overdue_when_filed[popped])
		return;
	for (i = 0; i < n->members; i++)
		if (n->deadlines[i] <= n->last_ns && !n->overdue_when_filed[i])
			assert_true(n->deadlines[i] / TICK_NS >= tick);
}

static uint64_t random_bits;

static uint64_t draw(uint64_t below)
{
	random_bits ^= random_bits << 13;
	random_bits ^= random_bits >> 7;
	random_bits ^= random_bits << 17;
	return (random_bits >> 11) % below;
}

static uint64_t random_span(void)
{
	static const uint64_t spans[] = {
		1, 1000, TICK_NS, 10 * TICK_NS, S_NS, 60 * S_NS, 100 * S_NS, 1000 * S_NS,
		100000 * S_NS, YEAR_NS, 40 * YEAR_NS,
	};

	return draw(spans[draw(sizeof(spans) / sizeof(spans[0]))] + 1);
}

static uint64_t random_time(uint64_t about)
{
	uint64_t span = random_span();

	switch (draw(16)) {
	case 0:
		return draw(2) ? 0 : UINT64_MAX - draw(3);
	case 1:
	case 2:
		return about > span ? about - span : 0;
	default:
		return about < UINT64_MAX - span ? about + span : UINT64_MAX;
	}
}

static void naive_set(struct naive *n, struct fnuma_agenda *a, uint32_t member,
                      uint64_t at)
{
	assert_int_equal(fnuma_agenda_set(a, member, at), FNUMA_OK);
	n->deadlines[member] = at;
	n->overdue_when_filed[member] = at <= n->last_ns;
}

static uint32_t naive_due(const struct naive *n)
{
	uint32_t due = 0, i;

	for (i = 0; i < n->members; i++)
		due += n->deadlines[i] <= n->last_ns && n->deadlines[i] != FNUMA_NEVER;
	return due;
}

static void naive_pop(struct naive *n, struct fnuma_agenda *a, uint64_t now)
{
	uint32_t members[20], max = draw(2) ? 1 : (uint32_t)draw(20), due, got, i;

	naive_hear(n, now);
	due = naive_due(n);
	got = fnuma_agenda_pop(a, now, members, max);
	assert_int_equal(got, due < max ? due : max);
	for (i = 0; i < got; i++) {
		assert_true(members[i] < n->members);
		assert_true(n->deadlines[members[i]] <= n->last_ns);
		check_order(n, members[i]);
		n->deadlines[members[i]] = FNUMA_NEVER;
	}
	for (i = 0; i < got; i++)
		if (draw(2))
			naive_set(n, a, members[i], random_time(n->last_ns));
}

static void compare(const struct naive *n, const struct fnuma_agenda *a)
{
	uint64_t earliest = naive_earliest(n), next = fnuma_agenda_next(a);
	uint32_t i;

	if (n->members <= 16 && earliest > n->last_ns)
		assert_true(next == earliest);
	assert_true(next <= earliest);
	assert_true(earliest != FNUMA_NEVER || next == FNUMA_NEVER);
	for (i = 0; i < n->members; i++)
		assert_true(fnuma_agenda_get(a, i) == n->deadlines[i]);
}

static void campaign(uint32_t members, uint32_t steps, uint64_t seed)
{
	struct fnuma_agenda *a = made(members);
	struct naive n = {members, 0, {0}, {false}};
	uint64_t now = 0;
	uint32_t i;

	random_bits = seed;
	for (i = 0; i < members; i++)
		n.deadlines[i] = FNUMA_NEVER;
	for (i = 0; i < steps; i++) {
		if (!draw(300))
			now = random_time(now);
		else if (!draw(8))
			now += now < UINT64_MAX / 2 ? draw(3 * TICK_NS) : 0;
		if (draw(5) < 2)
			naive_set(&n, a, (uint32_t)draw(members), random_time(now));
		else if (!draw(20))
			naive_set(&n, a, (uint32_t)draw(members), FNUMA_NEVER);
		else
			naive_pop(&n, a, now);
		compare(&n, a);
	}
	free(a);
}

static void random_use_agrees_with_a_plain_list(void **state)
{
	(void)state;
	campaign(1, 5000, 1);
	campaign(10, 60000, 2);
	campaign(100, 60000, 3);
	campaign(500, 30000, 4);
}

/* Everybody within two ticks: crowded slots, exact comparisons. */
static void random_use_of_crowded_ticks_agrees_with_a_plain_list(void **state)
{
	struct fnuma_agenda *a = made(300);
	struct naive n = {300, 0, {0}, {false}};
	uint64_t now = 1000 * S_NS;
	uint32_t i;

	(void)state;
	random_bits = 5;
	for (i = 0; i < 300; i++)
		n.deadlines[i] = FNUMA_NEVER;
	for (i = 0; i < 30000; i++) {
		now += draw(TICK_NS / 64);
		if (draw(2))
			naive_set(&n, a, (uint32_t)draw(300), now + draw(2 * TICK_NS));
		else
			naive_pop(&n, a, now);
		compare(&n, a);
	}
	free(a);
}

/* A thousand ticks of a large host, every member asked about once a period. */
static void periods_are_kept_whatever_the_number_of_members(void **state)
{
	static const uint32_t sizes[] = {50, 5000, 20000};
	struct fnuma_agenda *a;
	uint64_t now, *due, popped;
	uint32_t i, k, member;

	(void)state;
	for (k = 0; k < 3; k++) {
		a = made(sizes[k]);
		due = calloc(sizes[k], sizeof(*due));
		assert_non_null(due);
		for (i = 0; i < sizes[k]; i++)
			fnuma_agenda_set(a, i, due[i] = (1 + i % 60) * S_NS + i);
		popped = 0;
		for (now = 0; now < 100 * S_NS; now += 10000000) {
			while (pop_one(a, now, &member)) {
				assert_in_range(now - due[member], 0, 9999999);
				due[member] += (1 + member % 60) * S_NS;
				fnuma_agenda_set(a, member, due[member]);
				popped++;
			}
		}
		for (i = 0; i < sizes[k]; i++)
			assert_true(due[i] >= now - 10000000);
		assert_true(popped >= sizes[k]);
		free(due);
		free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_sizes_and_memory_are_refused),
		cmocka_unit_test(a_member_out_of_range_is_refused_and_changes_nothing),
		cmocka_unit_test(without_an_agenda_nobody_is_due),
		cmocka_unit_test(an_empty_agenda_has_nobody_due_ever),
		cmocka_unit_test(a_member_is_due_at_its_deadline_and_not_a_ns_before),
		cmocka_unit_test(a_moved_deadline_counts_where_it_is_a_dropped_one_nowhere),
		cmocka_unit_test(after_a_leap_of_years_all_come_in_order_of_time),
		cmocka_unit_test(members_of_one_tick_come_in_order_of_setting),
		cmocka_unit_test(one_that_asks_again_and_again_keeps_nobody_waiting),
		cmocka_unit_test(a_clock_that_jumps_back_takes_the_deadlines_with_it),
		cmocka_unit_test(a_clock_less_than_a_tick_back_stands_still),
		cmocka_unit_test(next_is_at_most_a_tick_early_when_a_tick_is_crowded),
		cmocka_unit_test(random_use_agrees_with_a_plain_list),
		cmocka_unit_test(random_use_of_crowded_ticks_agrees_with_a_plain_list),
		cmocka_unit_test(periods_are_kept_whatever_the_number_of_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
