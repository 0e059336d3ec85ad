/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "test.h"
#include "clock.h"
#include "random.h"
#include <flipnuma/trigger.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define PERIOD (900 * SECOND)
#define NEVER_BY_AMOUNT UINT32_MAX

static const char *const names[] = {"period", "amount", "either", "age"};

#define NAMES (sizeof(names) / sizeof(names[0]))

static struct fnuma_trigger trigger_of(const char *name, struct fnuma_trigger_params p,
                                       uint64_t now_ns)
{
	struct fnuma_trigger t;

	assert_int_equal(fnuma_trigger_init(&t, fnuma_trigger_find(name), &p, now_ns), 0);
	return t;
}

static struct fnuma_trigger default_trigger(const char *name, uint64_t now_ns)
{
	struct fnuma_trigger_params p = {0};

	return trigger_of(name, p, now_ns);
}

static struct fnuma_trigger_verdict ask(struct fnuma_trigger *t, uint64_t now_ns,
                                        uint32_t remote)
{
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(t, now_ns, remote, &verdict);
	return verdict;
}

/* A policy of the user's: due at the third question, and remembers the clock. */

struct third {
	uint64_t last_ns;
	uint32_t asked;
	uint32_t passes;
};

static int third_check(struct fnuma_trigger_params *p)
{
	return p->amount_pages == 13 ? FNUMA_E_RANGE : FNUMA_OK;
}

static void third_ask(void *state, const struct fnuma_trigger_params *p,
                      const struct fnuma_trigger_sample *sample,
                      struct fnuma_trigger_verdict *verdict)
{
	struct third *st = state;

	assert_true(sample->now_ns >= st->last_ns);
	assert_false(verdict->due);
	assert_true(verdict->ask_at_ns == FNUMA_NEVER);
	assert_true(verdict->ask_at_pages == NEVER_BY_AMOUNT);
	st->last_ns = sample->now_ns;
	verdict->due = ++st->asked >= 3;
	verdict->ask_at_ns = p->period_ns;
}

static void third_pass(void *state, const struct fnuma_trigger_params *p,
                       const struct fnuma_trigger_sample *sample, bool ended)
{
	struct third *st = state;

	(void)p;
	(void)sample;
	st->passes += ended ? 100 : 1;
}

static const struct fnuma_trigger_policy third = {
	.size = sizeof(struct fnuma_trigger_policy),
	.abi = FNUMA_TRIGGER_ABI,
	.name = "third",
	.state_bytes = sizeof(struct third),
	.check = third_check,
	.ask = third_ask,
	.pass = third_pass,
};

static void every_built_in_is_found_by_its_name_and_by_its_number(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		assert_string_equal(fnuma_trigger_builtin(i)->name, names[i]);
		assert_ptr_equal(fnuma_trigger_find(names[i]), fnuma_trigger_builtin(i));
	}
	assert_null(fnuma_trigger_builtin(NAMES));
	assert_null(fnuma_trigger_builtin(UINT32_MAX));
	assert_null(fnuma_trigger_find("periods"));
	assert_null(fnuma_trigger_find(""));
	assert_null(fnuma_trigger_find(NULL));
}

static void refuse_table(struct fnuma_trigger_policy policy, int error)
{
	struct fnuma_trigger_params p = {0};
	struct fnuma_trigger t, before;

	memset(&t, 0xa5, sizeof(t));
	before = t;
	assert_int_equal(fnuma_trigger_init(&t, &policy, &p, 0), error);
	assert_memory_equal(&t, &before, sizeof(t));
}

static void a_table_that_lies_is_refused_and_changes_nothing(void **state)
{
	struct fnuma_trigger_policy table;
	struct fnuma_trigger_params p = {0};
	struct fnuma_trigger t;

	(void)state;
	table = third, table.abi++, refuse_table(table, FNUMA_E_ABI);
	table = third, table.size = 0, refuse_table(table, FNUMA_E_ABI);
	table = third, table.size++, refuse_table(table, FNUMA_E_ABI);
	table = third, table.name = NULL, refuse_table(table, FNUMA_E_INVAL);
	table = third, table.name = "", refuse_table(table, FNUMA_E_INVAL);
	table = third, table.check = NULL, refuse_table(table, FNUMA_E_INVAL);
	table = third, table.ask = NULL, refuse_table(table, FNUMA_E_INVAL);
	table = third, table.pass = NULL, refuse_table(table, FNUMA_E_INVAL);
	table = third, table.state_bytes = FNUMA_TRIGGER_STATE_BYTES + 1;
	refuse_table(table, FNUMA_E_NOSPC);
	assert_int_equal(fnuma_trigger_init(NULL, &third, &p, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_trigger_init(&t, NULL, &p, 0), FNUMA_E_INVAL);
	assert_int_equal(fnuma_trigger_init(&t, &third, NULL, 0), FNUMA_E_INVAL);
}

struct bad_params {
	const char *policy;
	struct fnuma_trigger_params p;
};

static const struct bad_params bad_params[] = {
	{"amount", {.amount_pages = 100, .lead_pages = 100}},
	{"amount", {.amount_pages = 100, .lead_pages = UINT32_MAX - 1}},
	{"amount", {.lead_pages = 128000}},
	{"either", {.amount_pages = 1, .lead_pages = 1}},
	{"age", {.break_even_ns = UINT64_C(1) << 52}},
	{"age", {.break_even_ns = UINT64_MAX}},
};

static void bad_parameters_are_refused_and_change_nothing(void **state)
{
	struct fnuma_trigger t, before;
	struct fnuma_trigger_params thirteen = {.amount_pages = 13};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_params) / sizeof(bad_params[0]); i++) {
		const struct bad_params *bad = &bad_params[i];

		memset(&t, 0xa5, sizeof(t));
		before = t;
		assert_int_equal(fnuma_trigger_init(&t, fnuma_trigger_find(bad->policy),
		                                    &bad->p, 0), FNUMA_E_INVAL);
		assert_memory_equal(&t, &before, sizeof(t));
		t = default_trigger(bad->policy, 5);
		before = t;
		assert_int_equal(fnuma_trigger_retune(&t, &bad->p), FNUMA_E_INVAL);
		assert_memory_equal(&t, &before, sizeof(t));
	}
	assert_int_equal(fnuma_trigger_retune(&t, NULL), FNUMA_E_INVAL);
	assert_memory_equal(&t, &before, sizeof(t));
	assert_int_equal(fnuma_trigger_retune(NULL, &bad_params[0].p), FNUMA_E_INVAL);
	assert_int_equal(fnuma_trigger_init(&t, &third, &thirteen, 0), FNUMA_E_INVAL);
}

static void a_policy_of_the_users_is_asked_like_a_built_in(void **state)
{
	struct fnuma_trigger_params p = {.period_ns = 70};
	struct fnuma_trigger_verdict verdict;
	struct fnuma_trigger t;
	struct third *st = (struct third *)(void *)t.state.bytes;

	(void)state;
	assert_int_equal(fnuma_trigger_init(&t, &third, &p, 1000), FNUMA_OK);
	verdict = ask(&t, 1010, 5); /* 10 on its clock, and wants to be asked at 70 */
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == 1070);
	verdict = ask(&t, 1090, 5); /* 70 has gone by */
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == 1090);
	verdict = ask(&t, 1100, 5);
	assert_true(verdict.due);
	assert_true(verdict.ask_at_ns == 1100);
	fnuma_trigger_pass(&t, 1100, 5, false);
	fnuma_trigger_pass(&t, 1100, 5, true);
	assert_int_equal(st->passes, 101);
}

static void a_policy_never_sees_the_clock_jump_back(void **state)
{
	struct fnuma_trigger_params p = {0};
	struct random r = {7};
	struct fnuma_trigger t;
	uint32_t i;

	(void)state;
	assert_int_equal(fnuma_trigger_init(&t, &third, &p, random_next(&r)), FNUMA_OK);
	for (i = 0; i < 10000; i++) /* the policy asserts it */
		ask(&t, random_next(&r) >> random_below(&r, 64), i);
}

static void no_trigger_is_never_due(void **state)
{
	struct fnuma_trigger_verdict verdict = {true, 0, 0};

	(void)state;
	fnuma_trigger_ask(NULL, 0, UINT32_MAX, &verdict);
	assert_false(verdict.due);
	assert_true(verdict.ask_at_ns == FNUMA_NEVER);
	assert_int_equal(verdict.ask_at_pages, UINT32_MAX);
	fnuma_trigger_ask(NULL, 0, 1, NULL);
	fnuma_trigger_pass(NULL, 0, 1, true);
}

static void a_question_whose_answer_nobody_wants_is_taken(void **state)
{
	struct fnuma_trigger t = default_trigger("amount", 0);

	(void)state;
	fnuma_trigger_ask(&t, 0, 5, NULL);
	assert_false(fnuma_trigger_amount_reached(&t, 5));
}

static void amounts_are_asked_about_until_there_is_a_verdict(void **state)
{
	struct fnuma_trigger t = default_trigger("period", 0);
	struct fnuma_trigger_params p = {0};

	(void)state;
	assert_true(fnuma_trigger_amount_reached(&t, 0));
	ask(&t, 0, 0);
	assert_false(fnuma_trigger_amount_reached(&t, UINT32_MAX - 1));
	assert_int_equal(fnuma_trigger_retune(&t, &p), FNUMA_OK);
	assert_true(fnuma_trigger_amount_reached(&t, 0));
	ask(&t, 0, 0);
	fnuma_trigger_pass(&t, 0, 0, true);
	assert_true(fnuma_trigger_amount_reached(&t, 0));
}

/* Every trigger, whatever the clock does: when it says "not due" it also says when to ask
 * again, and a caller who does so gets to a pass (I3). */

static uint64_t wild_time(struct random *r, uint64_t now_ns)
{
	switch (random_below(r, 6)) {
	case 0:
		return now_ns;
	case 1:
		return random_next(r) >> random_below(r, 64);
	case 2:
		return now_ns > SECOND ? now_ns - SECOND : 0;
	default:
		return now_ns + random_next(r) % (100 * SECOND);
	}
}

static void check_progress(struct fnuma_trigger *t, uint64_t now_ns, uint32_t remote)
{
	struct fnuma_trigger_verdict verdict = ask(t, now_ns, remote);
	uint32_t asked = 0;

	while (!verdict.due) {
		assert_true(verdict.ask_at_ns > now_ns);
		if (verdict.ask_at_ns == FNUMA_NEVER)
			remote = verdict.ask_at_pages;
		else
			now_ns = verdict.ask_at_ns;
		assert_true(remote != NEVER_BY_AMOUNT && ++asked < 100);
		verdict = ask(t, now_ns, remote);
	}
}

static void every_trigger_comes_to_a_pass_whatever_the_clock_did(void **state)
{
	struct random r = {11};
	uint32_t i, k;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		struct fnuma_trigger t = default_trigger(names[i], random_next(&r));
		uint64_t now_ns = 0;

		for (k = 0; k < 2000; k++) {
			uint32_t remote = random_below(&r, 200000);

			now_ns = wild_time(&r, now_ns);
			ask(&t, now_ns, remote);
			if (random_below(&r, 4) == 0)
				fnuma_trigger_pass(&t, now_ns, remote, random_below(&r, 2));
			if (now_ns < UINT64_MAX / 2) {
				struct fnuma_trigger probe = t;

				check_progress(&probe, now_ns, remote);
			}
		}
	}
}

static void parameters_at_the_ends_of_their_types_are_refused_or_come_to_a_verdict(
	void **state)
{
	struct random r = {3};
	uint32_t round, k, made = 0;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct fnuma_trigger_params p = {random_end64(&r), random_end32(&r),
		                                 random_end32(&r), random_end64(&r)};
		struct fnuma_trigger_verdict v;
		struct fnuma_trigger t;

		if (fnuma_trigger_init(&t, fnuma_trigger_builtin(round % NAMES), &p,
		                       random_end64(&r)) != FNUMA_OK)
			continue;
		made++;
		for (k = 0; k < 10; k++) {
			const uint64_t now_ns = random_end64(&r);

			v = ask(&t, now_ns, random_end32(&r));
			assert_true(!v.due || v.ask_at_ns == now_ns);
			assert_true(v.due || v.ask_at_ns > now_ns ||
			            v.ask_at_ns == FNUMA_NEVER);
			fnuma_trigger_pass(&t, random_end64(&r), random_end32(&r), k & 1);
		}
	}
	assert_true(made > 1000);
}

static void the_same_questions_get_the_same_answers(void **state)
{
	struct random r = {13};
	uint32_t i, k;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		struct fnuma_trigger a = default_trigger(names[i], 3), b = a;
		struct fnuma_trigger_params p = {0};
		uint64_t now_ns = 3;

		for (k = 0; k < 1000; k++) {
			struct fnuma_trigger_verdict va, vb;
			uint32_t remote = random_below(&r, 200000);

			now_ns = wild_time(&r, now_ns);
			va = ask(&a, now_ns, remote);
			vb = ask(&b, now_ns, remote);
			assert_true(va.due == vb.due && va.ask_at_ns == vb.ask_at_ns &&
			            va.ask_at_pages == vb.ask_at_pages);
			if (k % 50 == 20) /* which keeps the state */
				assert_int_equal(fnuma_trigger_retune(&b, &p), FNUMA_OK);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_is_found_by_its_name_and_by_its_number),
		cmocka_unit_test(a_table_that_lies_is_refused_and_changes_nothing),
		cmocka_unit_test(bad_parameters_are_refused_and_change_nothing),
		cmocka_unit_test(a_policy_of_the_users_is_asked_like_a_built_in),
		cmocka_unit_test(a_policy_never_sees_the_clock_jump_back),
		cmocka_unit_test(no_trigger_is_never_due),
		cmocka_unit_test(a_question_whose_answer_nobody_wants_is_taken),
		cmocka_unit_test(amounts_are_asked_about_until_there_is_a_verdict),
		cmocka_unit_test(every_trigger_comes_to_a_pass_whatever_the_clock_did),
		cmocka_unit_test(
			parameters_at_the_ends_of_their_types_are_refused_or_come_to_a_verdict),
		cmocka_unit_test(the_same_questions_get_the_same_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
