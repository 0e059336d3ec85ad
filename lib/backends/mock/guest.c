/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A domain's operating system: its allocator and its applications. */
#include "host.h"

int fnuma_mock_alloc(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn *pages, uint32_t n)
{
	struct mock_domain *dom;
	const uint32_t *next;
	uint64_t *p2m;
	uint32_t i;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	if (n > dom->n_free)
		n = dom->n_free;
	p2m = dom->p2m;
	next = &dom->list[dom->n_free];
	for (i = 0; i < n; i++) {
		uint32_t g = *--next;

		p2m[g] |= MOCK_AS(MOCK_TAKEN); /* it was free: 0 */
		pages[i].n = g;
	}
	dom->n_free -= n;
	return (int)n;
}

/* Frees pages up to the first that can't be, into the list's free end. A page met before
 * in the batch is free by then. Returns how many. */
static uint32_t free_some(struct mock_domain *dom, const fnuma_gfn *pages, uint32_t n)
{
	const uint32_t frames = dom->frames;
	uint32_t *next = &dom->list[dom->n_free];
	uint64_t *p2m = dom->p2m;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t g = pages[i].n;

		if (g >= frames || (p2m[g] & MOCK_AS(MOCK_USE)) != MOCK_AS(MOCK_TAKEN))
			break;
		p2m[g] ^= MOCK_AS(MOCK_TAKEN);
		next[i] = g;
	}
	dom->n_free += i;
	return i;
}

int fnuma_mock_free(struct fnuma_mock *m, fnuma_domain d, const fnuma_gfn *pages,
                    uint32_t n)
{
	struct mock_domain *dom;
	uint32_t freed;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	freed = free_some(dom, pages, n);
	if (freed == n)
		return (int)n;
	err = pages[freed].n < dom->frames ? FNUMA_E_STATE : FNUMA_E_RANGE;
	while (freed--)
		mock_pop(dom, MOCK_TAKEN);
	return err;
}

static void app_take(struct mock_domain *dom, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t g = mock_pop(dom, MOCK_APP);

		*mock_app(dom, dom->n_app++) = g;
	}
}

/* One of the applications' pages, drawn MOCK_DRAWS frees ago: the list's entry, and then
 * the page's, are on their way from memory since. */
static uint32_t draw_app(struct mock_domain *dom)
{
	uint32_t at = dom->draw_at++ % MOCK_DRAWS, k = dom->draw[at];
	uint32_t near = dom->draw[(at + MOCK_DRAWS / 2) % MOCK_DRAWS];

	dom->draw[at] = rng_below(&dom->rng, dom->n_app);
	__builtin_prefetch(mock_app(dom, dom->draw[at]), 1);
	if (near < dom->n_app)
		__builtin_prefetch(&dom->p2m[*mock_app(dom, near)], 1);
	return k < dom->n_app ? k : k % dom->n_app; /* fewer by now: rarely */
}

/* Frees pages of the applications, drawn at random. */
static void app_free(struct mock_domain *dom, uint32_t n)
{
	for (; n; n--) {
		uint32_t *slot = mock_app(dom, draw_app(dom)), g = *slot;

		*slot = *mock_app(dom, --dom->n_app);
		mock_push(dom, g);
	}
}

int64_t fnuma_mock_churn(struct fnuma_mock *m, fnuma_domain d, uint64_t n)
{
	struct mock_domain *dom;
	uint64_t left;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	if (!dom->n_free)
		return 0;
	for (left = n; left;) {
		uint32_t burst = dom->n_free < dom->burst ? dom->n_free : dom->burst;

		if (burst > left)
			burst = (uint32_t)left;
		app_take(dom, burst);
		app_free(dom, burst);
		left -= burst;
	}
	return (int64_t)n;
}

int64_t fnuma_mock_app_exit(struct fnuma_mock *m, fnuma_domain d)
{
	struct mock_domain *dom;
	uint32_t freed;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	freed = dom->n_app;
	app_free(dom, freed);
	return freed;
}

int64_t fnuma_mock_app_start(struct fnuma_mock *m, fnuma_domain d, uint32_t n)
{
	struct mock_domain *dom;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	if (n > dom->n_free)
		n = dom->n_free;
	app_take(dom, n);
	return n;
}

int64_t fnuma_mock_free_pages(const struct fnuma_mock *m, fnuma_domain d)
{
	struct mock_domain *dom;
	int err = mock_find(m, d, &dom);

	return err ? err : (int64_t)dom->n_free;
}
