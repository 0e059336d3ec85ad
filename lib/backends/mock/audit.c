/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The audit: looks at everything, believes nothing. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "host.h"

struct audit {
	const struct fnuma_mock *m;
	uint64_t *owned;  /* a bit for each machine frame met */
	uint64_t *listed; /* a bit for each frame of the domain at hand met in a list */
	char *text;
	size_t bytes;
};

static bool wrong(const struct audit *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool wrong(const struct audit *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (a->text && a->bytes)
		vsnprintf(a->text, a->bytes, format, args);
	va_end(args);
	return false;
}

/* Sets a bit; false if it was set. */
static bool first_time(uint64_t *bits, uint32_t i)
{
	const uint64_t bit = UINT64_C(1) << (i & 63);

	if (bits[i >> 6] & bit)
		return false;
	bits[i >> 6] |= bit;
	return true;
}

static uint64_t *bitmap(uint32_t bits)
{
	return calloc((size_t)(bits >> 6) + 1, sizeof(uint64_t));
}

/* A machine frame belongs where it is said to, and is met once. */
static bool claim(const struct audit *a, uint32_t node, uint32_t mfn)
{
	const struct mock_node *n = &a->m->node[node];

	if (node >= a->m->config.nodes || mfn < n->base || mfn >= n->base + n->fresh)
		return wrong(a, "machine frame %u is not of node %u", mfn, node);
	if (!first_time(a->owned, mfn))
		return wrong(a, "machine frame %u belongs to two", mfn);
	return true;
}

static bool audit_node(const struct audit *a, uint32_t id)
{
	const struct mock_node *n = &a->m->node[id];
	uint32_t i;

	for (i = 0; i < n->freed; i++) {
		if (!claim(a, id, n->stack[i]))
			return false;
	}
	for (i = 0; i < n->fresh; i++) {
		if (first_time(a->owned, n->base + i))
			return wrong(a, "machine frame %u is lost", n->base + i);
	}
	return n->reserved <= n->size - n->fresh + n->freed ||
	       wrong(a, "node %u is handed out beyond its reserve", id);
}

/* Every page in a list has the use that list stands for. */
static bool audit_list(const struct audit *a, const struct mock_domain *dom, uint32_t g,
                       enum mock_use use)
{
	if (g >= dom->frames || (mock_use(dom->p2m[g]) & MOCK_USE) != (uint32_t)use)
		return wrong(a, "page %u is listed for use %d", g, (int)use);
	if (!first_time(a->listed, g))
		return wrong(a, "page %u is listed twice", g);
	return true;
}

static bool audit_lists(const struct audit *a, const struct mock_domain *dom)
{
	uint32_t i;

	for (i = 0; i < dom->n_free; i++) {
		if (!audit_list(a, dom, dom->list[i], MOCK_FREE))
			return false;
	}
	for (i = dom->frames - dom->n_app; i < dom->frames; i++) {
		if (!audit_list(a, dom, dom->list[i], MOCK_APP))
			return false;
	}
	for (i = 0; i < dom->ring_n; i++) {
		uint32_t g = dom->ring[(dom->ring_head + i) & dom->ring_mask];

		if (!audit_list(a, dom, g, MOCK_FREE))
			return false;
	}
	return true;
}

static bool audit_pages(const struct audit *a, const struct mock_domain *dom)
{
	uint32_t counts[FNUMA_NODES_MAX] = {0}, uses[MOCK_USE + 1] = {0}, g;

	for (g = 0; g < dom->frames; g++) {
		uint64_t entry = dom->p2m[g];

		if (!claim(a, mock_node_of(entry), (uint32_t)entry))
			return false;
		if (mock_use(entry) & ~(uint32_t)(MOCK_USE | MOCK_PINNED))
			return wrong(a, "page %u has a mark left", g);
		counts[mock_node_of(entry)]++;
		uses[mock_use(entry) & MOCK_USE]++;
	}
	if (memcmp(counts, dom->counts, sizeof(counts)))
		return wrong(a, "a domain's counts are wrong");
	if (uses[MOCK_FREE] != dom->n_free + dom->ring_n ||
	    uses[MOCK_APP] != dom->n_app || uses[MOCK_RING])
		return wrong(a, "a page is in no list");
	return true;
}

static bool audit_domain(struct audit *a, const struct mock_domain *dom)
{
	bool good;

	a->listed = bitmap(dom->frames);
	if (!a->listed)
		return wrong(a, "no memory for the audit");
	good = audit_pages(a, dom) && audit_lists(a, dom);
	free(a->listed);
	return good;
}

bool fnuma_mock_audit(const struct fnuma_mock *m, char *text, size_t bytes)
{
	struct audit a = {m, bitmap(m->end), NULL, text, bytes};
	bool good = a.owned || wrong(&a, "no memory for the audit");
	uint32_t i;

	for (i = 0; good && i < m->slots; i++) {
		if (m->domain[i]->live)
			good = audit_domain(&a, m->domain[i]);
	}
	for (i = 0; good && i < m->config.nodes; i++)
		good = audit_node(&a, i);
	free(a.owned);
	return good;
}
