/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "random.h"
#include "sizing.h"
#include <string.h>

static const char *const names[] = {
	"static", "algorithm1", "algorithm1-repaired", "window",
};

#define NAMES (sizeof(names) / sizeof(names[0]))

static struct fnuma_sizer_params params_of(uint32_t initial, uint32_t max)
{
	struct fnuma_sizer_params p = {0};

	p.initial_pages = initial;
	p.max_pages = max;
	return p;
}

/* A policy of the user's: counts how often it was asked, and wants twice the use. */

struct twice {
	uint32_t asked;
};

static int twice_check(struct fnuma_sizer_params *p)
{
	return p->step_percent == 13 ? FNUMA_E_RANGE : FNUMA_OK;
}

static void twice_advise(void *state, const struct fnuma_sizer_params *p,
                         const struct fnuma_sizer_sample *sample,
                         struct fnuma_sizer_advice *advice)
{
	struct twice *st = state;

	(void)p;
	st->asked++;
	if (sample->queued_pages) /* leave the answer as it arrives */
		return;
	advice->target_pages = sample->used_pages * 2;
	advice->low_pages = st->asked;
	advice->high_pages = 1000;
	advice->ask_at_ns = sample->now_ns + 5;
}

static const struct fnuma_sizer_policy twice = {
	.size = sizeof(struct fnuma_sizer_policy),
	.abi = FNUMA_SIZER_ABI,
	.name = "twice",
	.state_bytes = sizeof(struct twice),
	.check = twice_check,
	.advise = twice_advise,
};

static void every_built_in_is_found_by_its_name_and_by_its_number(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		assert_string_equal(fnuma_sizer_builtin(i)->name, names[i]);
		assert_ptr_equal(fnuma_sizer_find(names[i]), fnuma_sizer_builtin(i));
	}
	assert_null(fnuma_sizer_builtin(NAMES));
	assert_null(fnuma_sizer_builtin(UINT32_MAX));
	assert_null(fnuma_sizer_find("algorithm"));
	assert_null(fnuma_sizer_find("algorithm11"));
	assert_null(fnuma_sizer_find(""));
	assert_null(fnuma_sizer_find(NULL));
}

static void defaults_are_those_of_the_header_clipped_to_the_limits(void **state)
{
	struct fnuma_sizer s = sizer_of("static", params_of(0, 1000000));

	(void)state;
	assert_int_equal(fnuma_sizer_initial(&s), 128000);
	s = sizer_of("static", params_of(0, 500));
	assert_int_equal(fnuma_sizer_initial(&s), 500);
	s = sizer_of("window", params_of(0, 1000));
	assert_int_equal(s.params.min_pages, 64);
	s = sizer_of("window", params_of(0, 10));
	assert_int_equal(s.params.min_pages, 10);
	s = sizer_of("window", params_of(5, 10));
	assert_int_equal(s.params.min_pages, 5);
	s = sizer_of("algorithm1", params_of(0, 1000));
	assert_int_equal(s.params.min_pages, 0);
}

static void sizer_of_ten_pages_at_most_is_made(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		struct fnuma_sizer s = sizer_of(names[i], params_of(10, 10));

		assert_int_equal(fnuma_sizer_initial(&s), 10);
	}
}

/* The liar's table of fnuma_sizer_init() and fnuma_sizer_retune(). */

struct bad_params {
	const char *policy;
	struct fnuma_sizer_params p;
};

static const struct bad_params bad_params[] = {
	{"static", {.max_pages = 0}},
	{"static", {.min_pages = 10}},
	{"static", {.min_pages = 11, .max_pages = 10}},
	{"static", {.max_pages = 10, .initial_pages = 11}},
	{"static", {.min_pages = 5, .max_pages = 10, .initial_pages = 4}},
	{"algorithm1", {.max_pages = 1000, .high_percent = 101}},
	{"algorithm1", {.max_pages = 1000, .low_percent = 90}},
	{"algorithm1", {.max_pages = 1000, .low_percent = 95}},
	{"algorithm1", {.max_pages = 1000, .high_percent = 20}},
	{"algorithm1", {.max_pages = 1000, .step_percent = 101}},
	{"algorithm1", {.max_pages = 1000, .step_percent = UINT32_MAX}},
	{"algorithm1-repaired", {.max_pages = 1000, .high_percent = 101}},
	{"algorithm1-repaired", {.max_pages = 1000, .low_percent = 80, .step_percent = 12}},
	{"algorithm1-repaired", {.max_pages = 1000, .low_percent = 1, .step_percent = 100}},
	{"window", {.max_pages = 10, .min_pages = 11}},
	{"window", {.max_pages = 10, .initial_pages = 12}},
};

static void bad_parameters_are_refused_and_change_nothing(void **state)
{
	struct fnuma_sizer s, before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_params) / sizeof(bad_params[0]); i++) {
		const struct bad_params *bad = &bad_params[i];

		memset(&s, 0xa5, sizeof(s));
		before = s;
		assert_int_equal(fnuma_sizer_init(&s, fnuma_sizer_find(bad->policy), &bad->p),
		                 FNUMA_E_INVAL);
		assert_memory_equal(&s, &before, sizeof(s));
		s = sizer_of(bad->policy, params_of(100, 1000));
		before = s;
		assert_int_equal(fnuma_sizer_retune(&s, &bad->p), FNUMA_E_INVAL);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	assert_int_equal(fnuma_sizer_retune(&s, NULL), FNUMA_E_INVAL);
	assert_memory_equal(&s, &before, sizeof(s));
	assert_int_equal(fnuma_sizer_retune(NULL, &bad_params[0].p), FNUMA_E_INVAL);
}

static void refuse_table(struct fnuma_sizer_policy policy, int error)
{
	struct fnuma_sizer_params p = params_of(100, 1000);
	struct fnuma_sizer s, before;

	memset(&s, 0xa5, sizeof(s));
	before = s;
	assert_int_equal(fnuma_sizer_init(&s, &policy, &p), error);
	assert_memory_equal(&s, &before, sizeof(s));
}

static void a_table_that_lies_is_refused_and_changes_nothing(void **state)
{
	struct fnuma_sizer_policy t;
	struct fnuma_sizer_params p = params_of(100, 1000);
	struct fnuma_sizer s;

	(void)state;
	t = twice, t.abi = FNUMA_SIZER_ABI + 1, refuse_table(t, FNUMA_E_ABI);
	t = twice, t.abi = 0, refuse_table(t, FNUMA_E_ABI);
	t = twice, t.size = 0, refuse_table(t, FNUMA_E_ABI);
	t = twice, t.size--, refuse_table(t, FNUMA_E_ABI);
	t = twice, t.size++, refuse_table(t, FNUMA_E_ABI);
	t = twice, t.name = NULL, refuse_table(t, FNUMA_E_INVAL);
	t = twice, t.name = "", refuse_table(t, FNUMA_E_INVAL);
	t = twice, t.check = NULL, refuse_table(t, FNUMA_E_INVAL);
	t = twice, t.advise = NULL, refuse_table(t, FNUMA_E_INVAL);
	t = twice, t.state_bytes = FNUMA_SIZER_STATE_BYTES + 1;
	refuse_table(t, FNUMA_E_NOSPC);
	t = twice, t.state_bytes = UINT32_MAX, refuse_table(t, FNUMA_E_NOSPC);
	assert_int_equal(fnuma_sizer_init(NULL, &twice, &p), FNUMA_E_INVAL);
	assert_int_equal(fnuma_sizer_init(&s, NULL, &p), FNUMA_E_INVAL);
	assert_int_equal(fnuma_sizer_init(&s, &twice, NULL), FNUMA_E_INVAL);
}

static int check_spoils(struct fnuma_sizer_params *p)
{
	p->max_pages = 0;
	return FNUMA_OK;
}

static void parameters_spoilt_or_refused_by_a_users_check_are_invalid(void **state)
{
	struct fnuma_sizer_policy t = twice;
	struct fnuma_sizer_params p = params_of(100, 1000);
	struct fnuma_sizer s;

	(void)state;
	p.step_percent = 13;
	assert_int_equal(fnuma_sizer_init(&s, &twice, &p), FNUMA_E_INVAL);
	t.check = check_spoils;
	refuse_table(t, FNUMA_E_INVAL);
}

static void a_sample_that_lies_is_refused_and_changes_nothing(void **state)
{
	struct fnuma_sizer s = sizer_of("window", params_of(100, 1000)), before;
	struct fnuma_sizer_sample good = sample_of(1, 100, 50, 0), bad;
	struct fnuma_sizer_advice advice, untouched;

	(void)state;
	ask_about(&s, good);
	before = s;
	memset(&advice, 0xa5, sizeof(advice));
	untouched = advice;
	bad = good, bad.used_pages = 101;
	assert_int_equal(fnuma_sizer_advise(&s, &bad, &advice), FNUMA_E_INVAL);
	bad = good, bad.peak_pages = 49;
	assert_int_equal(fnuma_sizer_advise(&s, &bad, &advice), FNUMA_E_INVAL);
	assert_int_equal(fnuma_sizer_advise(&s, NULL, &advice), FNUMA_E_INVAL);
	assert_int_equal(fnuma_sizer_advise(&s, &good, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_sizer_advise(NULL, &good, &advice), FNUMA_E_INVAL);
	assert_memory_equal(&s, &before, sizeof(s));
	assert_memory_equal(&advice, &untouched, sizeof(advice));
}

static void a_peak_above_the_size_is_believed(void **state)
{
	struct fnuma_sizer s = sizer_of("window", params_of(100, 1000));
	struct fnuma_sizer_sample sample = sample_of(1, 100, 50, 0);

	(void)state;
	sample.peak_pages = 300; /* the pool has just shrunk */
	assert_int_equal(ask_about(&s, sample).target_pages, 300);
}

static void a_policy_of_the_users_is_asked_like_a_built_in(void **state)
{
	struct fnuma_sizer_params p = params_of(10, 1000);
	struct fnuma_sizer_sample sample = sample_of(7, 600, 300, 0);
	struct fnuma_sizer_advice advice;
	struct fnuma_sizer s;

	(void)state;
	p.min_pages = 10;
	assert_int_equal(fnuma_sizer_init(&s, &twice, &p), FNUMA_OK);
	advice = ask_about(&s, sample);
	assert_int_equal(advice.target_pages, 600);
	assert_int_equal(advice.low_pages, 1);
	assert_true(advice.ask_at_ns == 12);
	sample.used_pages = 600; /* the answers are clipped */
	assert_int_equal(ask_about(&s, sample).target_pages, 1000);
	sample.used_pages = 1;
	advice = ask_about(&s, sample);
	assert_int_equal(advice.target_pages, 10);
	assert_int_equal(advice.low_pages, 3); /* its state stays */
}

static void an_answer_left_alone_is_to_stay_and_ask_again(void **state)
{
	struct fnuma_sizer_params p = params_of(10, 1000);
	struct fnuma_sizer_sample sample = sample_of(7, 600, 300, 0);
	struct fnuma_sizer s;
	uint32_t used;

	(void)state;
	sample.queued_pages = 1;
	assert_int_equal(fnuma_sizer_init(&s, &twice, &p), FNUMA_OK);
	assert_int_equal(ask_about(&s, sample).target_pages, 600);
	for (used = 0; used <= 600; used++)
		assert_true(fnuma_sizer_due(&s, used, 0, 7));
}

static void a_sizer_is_due_for_use_misses_time_and_at_first(void **state)
{
	struct fnuma_sizer_params p = params_of(10, 1000);
	struct fnuma_sizer_sample sample = sample_of(1000, 600, 300, 3);
	struct fnuma_sizer s;

	(void)state;
	assert_int_equal(fnuma_sizer_init(&s, &twice, &p), FNUMA_OK);
	assert_true(fnuma_sizer_due(&s, 300, 0, 0));
	ask_about(&s, sample); /* stands for use of 1 to 1000, 3 misses, till 1005 */
	assert_false(fnuma_sizer_due(&s, 1, 3, 1000));
	assert_false(fnuma_sizer_due(&s, 1000, 3, 1004));
	assert_true(fnuma_sizer_due(&s, 0, 3, 1000));
	assert_true(fnuma_sizer_due(&s, 1001, 3, 1000));
	assert_true(fnuma_sizer_due(&s, 300, 4, 1000));
	assert_true(fnuma_sizer_due(&s, 300, 2, 1000)); /* a new pool's count */
	assert_true(fnuma_sizer_due(&s, 300, 3, 1005));
	assert_true(fnuma_sizer_due(&s, 300, 3, UINT64_MAX));
	assert_true(fnuma_sizer_due(&s, 300, 3, 999)); /* the clock jumped back */
	assert_true(fnuma_sizer_due(&s, 300, 3, 0));
	assert_int_equal(fnuma_sizer_retune(&s, &p), FNUMA_OK);
	assert_true(fnuma_sizer_due(&s, 300, 3, 1000));
}

static void an_answer_for_ever_is_not_due_by_time(void **state)
{
	struct fnuma_sizer s = sizer_of("static", params_of(100, 1000));
	struct fnuma_sizer_sample sample = sample_of(50, 100, 40, 0);

	(void)state;
	assert_true(ask_about(&s, sample).ask_at_ns == FNUMA_NEVER);
	assert_false(fnuma_sizer_due(&s, 100, 0, UINT64_MAX));
	assert_false(fnuma_sizer_due(&s, 0, 0, 0));
}

static void a_time_gone_by_is_due_at_once(void **state)
{
	struct fnuma_sizer_params p = params_of(10, 1000);
	struct fnuma_sizer_sample sample = sample_of(UINT64_MAX - 2, 600, 300, 0);
	struct fnuma_sizer s;

	(void)state;
	assert_int_equal(fnuma_sizer_init(&s, &twice, &p), FNUMA_OK);
	ask_about(&s, sample); /* its ask_at_ns runs over, and lies in the past */
	assert_true(fnuma_sizer_due(&s, 300, 0, UINT64_MAX - 2));
}

static struct fnuma_sizer_params params_at_the_ends(struct random *r)
{
	struct fnuma_sizer_params p;

	p.min_pages = random_end32(r);
	p.max_pages = random_end32(r);
	p.initial_pages = random_below(r, 2) ? 0 : random_end32(r);
	p.high_percent = random_below(r, 2) ? 0 : random_end32(r);
	p.low_percent = random_below(r, 2) ? 0 : random_end32(r);
	p.step_percent = random_below(r, 2) ? 0 : random_end32(r);
	p.window_ns = random_end64(r);
	p.latency_ns = random_end64(r);
	return p;
}

static struct fnuma_sizer_sample sample_at_the_ends(struct random *r)
{
	struct fnuma_sizer_sample s;

	s.now_ns = random_end64(r);
	s.size_pages = random_end32(r);
	s.used_pages = random_end32(r);
	s.peak_pages = random_end32(r);
	s.queued_pages = random_end32(r);
	s.misses = random_end64(r);
	return s;
}

static void numbers_at_the_ends_of_their_types_give_advice_within_the_limits(void **state)
{
	struct random r = {1};
	uint32_t round, k, made = 0, advised = 0;

	(void)state;
	for (round = 0; round < 20000; round++) {
		const struct fnuma_sizer_policy *policy = fnuma_sizer_builtin(round % NAMES);
		struct fnuma_sizer_params p = params_at_the_ends(&r);
		struct fnuma_sizer_advice a;
		struct fnuma_sizer s;

		if (fnuma_sizer_init(&s, policy, &p) != FNUMA_OK)
			continue;
		made++;
		for (k = 0; k < 20; k++) {
			struct fnuma_sizer_sample sample = sample_at_the_ends(&r);

			p = params_at_the_ends(&r);
			if (k == 10)
				fnuma_sizer_retune(&s, &p);
			if (fnuma_sizer_advise(&s, &sample, &a) != FNUMA_OK)
				continue;
			advised++;
			assert_in_range(a.target_pages, s.params.min_pages,
			                s.params.max_pages);
		}
	}
	assert_true(made > 1000 && advised > 10000);
	assert_int_equal(fnuma_sizer_initial(NULL), 0);
}

static void static_answers_its_constant_whatever_happens(void **state)
{
	struct fnuma_sizer s = sizer_of("static", params_of(100, 1000));
	struct fnuma_sizer_sample sample = sample_of(50, 400, 400, 1000);
	struct fnuma_sizer_params p = params_of(200, 1000);

	(void)state;
	assert_int_equal(ask_about(&s, sample).target_pages, 100);
	assert_int_equal(fnuma_sizer_retune(&s, &p), FNUMA_OK);
	assert_int_equal(ask_about(&s, sample).target_pages, 200);
}

static void assert_same(const struct fnuma_sizer_advice *a,
                        const struct fnuma_sizer_advice *b)
{
	assert_int_equal(a->target_pages, b->target_pages);
	assert_int_equal(a->low_pages, b->low_pages);
	assert_int_equal(a->high_pages, b->high_pages);
	assert_true(a->ask_at_ns == b->ask_at_ns);
}

/* What every built-in has to hold on a random walk. */

static void walk(struct random *r, struct fnuma_sizer_sample *sample, uint32_t target)
{
	uint32_t size = random_below(r, 8) ? target : sample->size_pages;

	if (random_below(r, 4))
		sample->now_ns += random_next(r) >> (34 + random_below(r, 20));
	if (!random_below(r, 50))
		sample->now_ns = random_next(r) >> random_below(r, 64);
	sample->size_pages = size > sample->used_pages ? size : sample->used_pages;
	sample->used_pages = random_below(r, sample->size_pages + 1) >> random_below(r, 6);
	sample->peak_pages = 0;
	if (random_below(r, 2))
		sample->peak_pages = sample->used_pages + random_below(r, 50);
	sample->queued_pages = random_below(r, 4) ? 0 : random_below(r, 100);
	if (sample->used_pages == sample->size_pages || !random_below(r, 100))
		sample->misses += random_below(r, 1 + (1u << random_below(r, 10)));
	if (!random_below(r, 500))
		sample->misses = 0;
}

static void check_monotone(const struct fnuma_sizer *s,
                           const struct fnuma_sizer_sample *sample,
                           const struct fnuma_sizer_advice *advice)
{
	struct fnuma_sizer_sample more = *sample;
	struct fnuma_sizer other = *s;

	more.used_pages += (sample->size_pages - sample->used_pages) / 2;
	if (more.peak_pages < more.used_pages)
		more.peak_pages = more.used_pages;
	more.queued_pages += 1;
	more.misses += 1;
	assert_true(ask_about(&other, more).target_pages >= advice->target_pages);
}

static void walk_with(const char *name, uint64_t seed)
{
	struct fnuma_sizer_params p = params_of(200, 5000);
	struct fnuma_sizer s = sizer_of(name, p), twin = s, before;
	struct fnuma_sizer_sample sample = sample_of(0, 200, 0, 0);
	struct random r = {seed};
	uint32_t i;

	for (i = 0; i < 5000; i++) {
		struct fnuma_sizer_advice advice, same;

		before = s;
		advice = ask_about(&s, sample);
		assert_in_range(advice.target_pages, s.params.min_pages, 5000);
		assert_true(sample.used_pages < advice.low_pages ||
		            sample.used_pages > advice.high_pages ||
		            advice.ask_at_ns > sample.now_ns);
		same = ask_about(&twin, sample);
		assert_same(&advice, &same);
		check_monotone(&before, &sample, &advice);
		if (i % 100 == 50)
			assert_int_equal(fnuma_sizer_retune(&twin, &p), FNUMA_OK);
		walk(&r, &sample, advice.target_pages);
	}
}

static void on_random_walks_advice_is_limited_repeatable_and_monotone(void **state)
{
	uint64_t seed;
	uint32_t i;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		for (seed = 1; seed <= 5; seed++)
			walk_with(names[i], seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_is_found_by_its_name_and_by_its_number),
		cmocka_unit_test(defaults_are_those_of_the_header_clipped_to_the_limits),
		cmocka_unit_test(sizer_of_ten_pages_at_most_is_made),
		cmocka_unit_test(bad_parameters_are_refused_and_change_nothing),
		cmocka_unit_test(a_table_that_lies_is_refused_and_changes_nothing),
		cmocka_unit_test(parameters_spoilt_or_refused_by_a_users_check_are_invalid),
		cmocka_unit_test(a_sample_that_lies_is_refused_and_changes_nothing),
		cmocka_unit_test(a_peak_above_the_size_is_believed),
		cmocka_unit_test(a_policy_of_the_users_is_asked_like_a_built_in),
		cmocka_unit_test(an_answer_left_alone_is_to_stay_and_ask_again),
		cmocka_unit_test(a_sizer_is_due_for_use_misses_time_and_at_first),
		cmocka_unit_test(an_answer_for_ever_is_not_due_by_time),
		cmocka_unit_test(a_time_gone_by_is_due_at_once),
		cmocka_unit_test(
			numbers_at_the_ends_of_their_types_give_advice_within_the_limits),
		cmocka_unit_test(static_answers_its_constant_whatever_happens),
		cmocka_unit_test(on_random_walks_advice_is_limited_repeatable_and_monotone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
