/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A domain's operating system: its allocator and its applications. */
#include "host.h"

int fnuma_mock_alloc(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn *pages, uint32_t n)
{
	struct mock_domain *dom;
	uint32_t i;
	int err = mock_find(m, d, &dom);

	if (err)
		return err;
	if (n > dom->n_free)
		n = dom->n_free;
	for (i = 0; i < n; i++)
		pages[i].n = mock_pop(dom, MOCK_TAKEN);
	return (int)n;
}

/* Why this page can't be freed, or FNUMA_OK. */
static int may_free(const struct mock_domain *dom, fnuma_gfn page)
{
	if (page.n >= dom->frames)
		return FNUMA_E_RANGE;
	return (mock_use(dom->p2m[page.n]) & MOCK_USE) == MOCK_TAKEN ? FNUMA_OK :
	       FNUMA_E_STATE;
}

int fnuma_mock_free(struct fnuma_mock *m, fnuma_domain d, const fnuma_gfn *pages, uint32_t n)
{
	struct mock_domain *dom;
	uint32_t i;
	int err = mock_find(m, d, &dom);

	for (i = 0; !err && i < n; i++) {
		err = may_free(dom, pages[i]);
		if (!err)
			mock_push(dom, pages[i].n); /* twice in the batch: found here */
		else
			while (i > 0 && i--)
				mock_pop(dom, MOCK_TAKEN);
	}
	return err ? err : (int)n;
}

/* Pages drawn at once, so that they are on their way before they are needed. */
#define DRAW_AHEAD 16u

static void app_take(struct mock_domain *dom, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t g = mock_pop(dom, MOCK_APP);

		*mock_app(dom, dom->n_app++) = g;
	}
}

/* Frees up to DRAW_AHEAD pages of the applications, drawn at random. */
static void app_free(struct mock_domain *dom, uint32_t n)
{
	uint32_t drawn[DRAW_AHEAD], i;

	for (i = 0; i < n; i++) {
		drawn[i] = rng_below(&dom->rng, dom->n_app - i);
		__builtin_prefetch(mock_app(dom, drawn[i]), 1);
	}
	for (i = 0; i < n; i++)
		__builtin_prefetch(&dom->p2m[*mock_app(dom, drawn[i])], 1);
	for (i = 0; i < n; i++) {
		uint32_t *slot = mock_app(dom, drawn[i]), g = *slot;

		*slot = *mock_app(dom, --dom->n_app);
		mock_push(dom, g);
	}
}

static void app_free_many(struct mock_domain *dom, uint32_t n)
{
	for (; n > DRAW_AHEAD; n -= DRAW_AHEAD)
		app_free(dom, DRAW_AHEAD);
	app_free(dom, n);
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
		app_free_many(dom, burst);
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
	app_free_many(dom, freed);
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
