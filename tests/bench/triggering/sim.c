/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "sim.h"
#include "random.h"
#include <stdlib.h>

#define SECOND UINT64_C(1000000000)
#define NOBODY UINT32_MAX
#define ACCESSES_A_SECOND 5.0 /* of a page, on average */

struct rule rule_make(enum rule_kind which, uint32_t move_ns)
{
	static const struct rule rules[RULES] = {
		[RULE_PERIOD_900] = {"every 900 s", "period", {.period_ns = 900 * SECOND}},
		[RULE_AMOUNT_500] = {"at 500 MB", "amount", {.amount_pages = 128000}},
		[RULE_EITHER] = {"either of the two", "either", {.amount_pages = 128000}},
		[RULE_PERIOD_60] = {"every 60 s", "period", {.period_ns = 60 * SECOND}},
		[RULE_AT_ONCE] = {"at once", "period", {.period_ns = STEP_NS}},
		[RULE_AGE] = {"by age", "age", {0}},
	};
	struct rule rule = rules[which];

	rule.params.break_even_ns =
		(uint64_t)(move_ns / (ACCESS_NS * ACCESSES_A_SECOND) * 1e9);
	return rule;
}

struct page {
	uint32_t born;  /* step in which it became remote */
	uint32_t dies;  /* step in which it is freed */
	double rate;    /* accesses a step */
	uint32_t next;  /* that dies in the same step */
	uint32_t place; /* among the remote ones, or NOBODY */
};

struct run {
	struct fnuma_trigger trigger;
	struct random random;
	double move_ns;
	struct page *pages;
	uint32_t dead[STEPS + 1]; /* first page that dies in the step */
	uint32_t *remote;
	uint32_t n_remote;
	uint32_t born;            /* pages so far */
	uint32_t step;
	struct outcome outcome;
};

static uint64_t now_ns(const struct run *run)
{
	return run->step * STEP_NS;
}

/* Half of the pages live for a second or two, some for minutes, a few for hours. */
static uint32_t lifetime(struct random *r)
{
	static const uint32_t longest[10] = {
		20, 20, 20, 20, 20, 1200, 1200, 1200, STEPS, STEPS,
	};

	return 1 + random_below(r, longest[random_below(r, 10)]);
}

/* A tenth of the pages gets nine tenths of the accesses. */
static double access_rate(struct random *r)
{
	double mean = ACCESSES_A_SECOND * (double)STEP_NS / 1e9;

	return random_below(r, 10) ? mean * 0.1 / 0.9 : mean * 0.9 / 0.1;
}

static void come(struct run *run)
{
	struct page *page = &run->pages[run->born];
	double accesses;

	page->born = run->step;
	page->dies = run->step + lifetime(&run->random);
	page->dies = page->dies < STEPS ? page->dies : STEPS;
	page->rate = access_rate(&run->random);
	page->next = run->dead[page->dies];
	run->dead[page->dies] = run->born;
	page->place = run->n_remote;
	run->remote[run->n_remote++] = run->born++;
	accesses = page->rate * (page->dies - page->born);
	run->outcome.accesses += accesses;
	accesses *= ACCESS_NS;
	run->outcome.optimum_ns += accesses < run->move_ns ? accesses : run->move_ns;
}

/* Freed, or moved home. */
static void leave(struct run *run, struct page *page)
{
	uint32_t last = run->remote[--run->n_remote];

	run->outcome.remote_accesses += page->rate * (run->step - page->born);
	run->remote[page->place] = last;
	run->pages[last].place = page->place;
	page->place = NOBODY;
}

static bool is_due(struct run *run)
{
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(&run->trigger, now_ns(run), run->n_remote, &verdict);
	return verdict.due;
}

static void pass(struct run *run)
{
	fnuma_trigger_pass(&run->trigger, now_ns(run), run->n_remote, false);
	run->outcome.passes++;
	run->outcome.moved += run->n_remote;
	while (run->n_remote)
		leave(run, &run->pages[run->remote[run->n_remote - 1]]);
	fnuma_trigger_pass(&run->trigger, now_ns(run), 0, true);
}

static void die(struct run *run)
{
	uint32_t i;

	for (i = run->dead[run->step]; i != NOBODY; i = run->pages[i].next) {
		if (run->pages[i].place != NOBODY)
			leave(run, &run->pages[i]);
	}
}

static void step(struct run *run)
{
	uint32_t until = (uint32_t)((uint64_t)PAGES * (run->step + 1) / STEPS);

	die(run);
	if (is_due(run))
		pass(run);
	while (run->born < until) {
		come(run);
		/* The flip path: one comparison. */
		if (fnuma_trigger_amount_reached(&run->trigger, run->n_remote) &&
		    is_due(run))
			pass(run);
		if (run->n_remote > run->outcome.most_remote)
			run->outcome.most_remote = run->n_remote;
	}
	is_due(run); /* only to say how many came */
	run->outcome.remote_sum += run->n_remote;
}

static void prepare(struct run *run, uint64_t seed)
{
	uint32_t i;

	run->random.seed = seed;
	run->pages = calloc(PAGES, sizeof(*run->pages));
	run->remote = calloc(PAGES, sizeof(*run->remote));
	if (!run->pages || !run->remote)
		abort();
	for (i = 0; i <= STEPS; i++)
		run->dead[i] = NOBODY;
}

struct outcome simulate(const struct rule *rule, uint32_t move_ns, uint64_t seed)
{
	struct run *run = calloc(1, sizeof(*run));
	struct outcome outcome;

	if (!run || fnuma_trigger_init(&run->trigger, fnuma_trigger_find(rule->policy),
	                               &rule->params, 0) != FNUMA_OK)
		abort();
	prepare(run, seed);
	run->move_ns = move_ns;
	for (run->step = 0; run->step < STEPS; run->step++)
		step(run);
	die(run);
	outcome = run->outcome;
	outcome.cost_ns = outcome.remote_accesses * ACCESS_NS +
	                  (double)outcome.moved * move_ns;
	free(run->pages);
	free(run->remote);
	free(run);
	return outcome;
}
