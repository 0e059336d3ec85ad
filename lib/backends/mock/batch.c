/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What every batch goes through: the referee, and the faults. */
#include "host.h"

/* --- the referee ------------------------------------------------------------------- */

static int whistle(const struct mock_batch *b, const fnuma_gfn *pages, uint32_t i)
{
	uint32_t use;

	if (pages[i].n >= b->dom->frames)
		return mock_violation(b->m, "%s: page %u is out of range", b->name,
		                      pages[i].n);
	use = mock_use(b->dom->p2m[pages[i].n]);
	if (use & MOCK_SEEN)
		return mock_violation(b->m, "%s: page %u twice in a batch", b->name,
		                      pages[i].n);
	return mock_violation(b->m, "%s: page %u is not the caller's (use %u)", b->name,
	                      pages[i].n, use & MOCK_USE);
}

/* Marks the pages met, so that a second look finds a duplicate. Returns how many are
 * good. */
static uint32_t check_pages(const struct mock_batch *b, const fnuma_gfn *pages,
                            uint32_t n)
{
	const uint64_t mask = MOCK_MARK | MOCK_AS(b->use_mask);
	const uint64_t want = MOCK_AS(b->use);
	uint64_t *p2m = b->dom->p2m;
	const uint32_t frames = b->dom->frames;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t g = pages[i].n;
		uint64_t entry;

		if (g >= frames)
			break;
		entry = p2m[g];
		if ((entry & mask) != want)
			break;
		p2m[g] = entry | MOCK_MARK;
	}
	return i;
}

void mock_batch_unmark(const struct mock_batch *b, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		b->dom->p2m[pages[i].n] &= ~MOCK_MARK;
}

int mock_batch_arrays(const struct fnuma_mock *m, const char *name, const void *pages,
                      uint32_t n, const struct fnuma_result *results)
{
	struct fnuma_result filled;
	uint32_t bits = 0, word, i;

	if (n < 1 || n > FNUMA_BATCH_MAX)
		return mock_violation(m, "%s: a batch of %u pages", name, n);
	if (!pages || !results)
		return mock_violation(m, "%s: an array is missing", name);
	for (i = 0; i < n; i++) {
		memcpy(&word, &results[i], sizeof(word));
		bits |= word;
	}
	memcpy(&filled, &bits, sizeof(filled));
	if (filled.outcome != FNUMA_UNFILLED)
		return mock_violation(m, "%s: results do not arrive unfilled", name);
	return FNUMA_OK;
}

/* If all is well, the pages keep their marks. */
int mock_batch_check(const struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                     const struct fnuma_result *results)
{
	uint32_t good;
	int err = mock_batch_arrays(b->m, b->name, pages, n, results);

	if (err)
		return err;
	good = check_pages(b, pages, n);
	if (good == n)
		return FNUMA_OK;
	err = whistle(b, pages, good);
	mock_batch_unmark(b, pages, good);
	return err;
}

/* --- faults ------------------------------------------------------------------------ */

#define MILLION 1000000u

bool mock_fault(struct fnuma_mock *m, enum mock_fault kind)
{
	const uint32_t ppm[] = {m->faults.busy_ppm, m->faults.nomem_ppm,
	                        m->faults.half_ppm, m->faults.lie_ppm,
	                        m->faults.unfilled_ppm, MILLION / 2};
	uint64_t *hits[] = {&m->hits.busy, &m->hits.nomem, &m->hits.half, &m->hits.lie,
	                    &m->hits.unfilled, NULL};

	if (!ppm[kind] || rng_below(&m->fault_rng[kind], MILLION) >= ppm[kind])
		return false;
	if (hits[kind])
		++*hits[kind];
	return true;
}

/* How far into a batch the backend gets, and whether the domain dies there. */
uint32_t mock_fault_reach(struct fnuma_mock *m, uint32_t n, bool *dies)
{
	*dies = false;
	if (!m->faulty)
		return n;
	if (mock_fault(m, FAULT_HALF))
		n /= 2;
	if (!m->faults.gone_after_pages)
		return n;
	if (n >= m->faults.gone_after_pages) {
		n = (uint32_t)m->faults.gone_after_pages;
		m->hits.gone++;
		*dies = true;
	}
	m->faults.gone_after_pages -= n;
	return n;
}

/* Pages of a batch that really are attempted, and where their results go. */
struct plan {
	uint32_t n;
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	struct fnuma_result results[FNUMA_BATCH_MAX];
	struct fnuma_result *at[FNUMA_BATCH_MAX]; /* NULL: nobody is told */
};

static void plan_add(struct mock_batch *b, struct plan *plan, fnuma_gfn page,
                     struct fnuma_result *at)
{
	b->dom->p2m[page.n] |= MOCK_MARK; /* as act() wants it */
	plan->pages[plan->n] = page;
	plan->at[plan->n++] = at;
}

/* Either a fault befalls the page, or it goes on the plan. */
static void plan_page(struct mock_batch *b, struct plan *plan, fnuma_gfn page,
                      struct fnuma_result *result)
{
	uint8_t node = mock_node_of(b->dom->p2m[page.n]);

	if (mock_fault(b->m, FAULT_BUSY)) {
		*result = mock_result(FNUMA_NOT_DONE, node, FNUMA_E_BUSY);
	} else if (mock_fault(b->m, FAULT_NOMEM)) {
		*result = mock_result(FNUMA_NOT_DONE, node, FNUMA_E_NOMEM);
	} else if (mock_fault(b->m, FAULT_LIE)) {
		if (b->claim != FNUMA_NODE_UNKNOWN_ID)
			node = b->claim;
		*result = mock_result(FNUMA_DONE, node, FNUMA_OK);
	} else if (mock_fault(b->m, FAULT_UNFILLED)) {
		if (mock_fault(b->m, FAULT_COIN))
			plan_add(b, plan, page, NULL);
	} else {
		plan_add(b, plan, page, result);
	}
}

static int run_faulty(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	struct plan plan = {0};
	uint32_t i;
	bool dies;

	mock_batch_unmark(b, pages, n);
	n = mock_fault_reach(b->m, n, &dies);
	for (i = 0; i < n; i++)
		plan_page(b, &plan, pages[i], &results[i]);
	b->act(b, plan.pages, plan.n, plan.results);
	for (i = 0; i < plan.n; i++) {
		if (plan.at[i])
			*plan.at[i] = plan.results[i];
	}
	if (dies)
		mock_domain_kill(b->m, b->dom);
	return (int)n;
}

int mock_batch_run(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                   struct fnuma_result *results)
{
	int attempted = (int)n;

	b->spent_ns = b->m->config.costs.call_ns;
	if (b->m->faulty)
		attempted = run_faulty(b, pages, n, results);
	else
		b->act(b, pages, n, results);
	b->m->spent_ns += b->spent_ns;
	return attempted;
}
