/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Domains: making one, populating it on its homes, ending it. */
#include <stdlib.h>
#include "host.h"

/* One of a home list's ranges, and how far it is used up. */
struct range {
	uint32_t first, pages;
	uint32_t home, homes; /* entries of the list that belong to it */
	uint32_t taken;
};

/* Cuts the list into ranges. Returns how many, 0 if they do not tile the domain. */
static uint32_t find_ranges(const struct fnuma_mock *m,
                            const struct fnuma_mock_domain_config *config,
                            struct range *range)
{
	uint64_t end = 0;
	uint32_t i, n = 0;

	for (i = 0; i < config->n_homes; i++) {
		const struct fnuma_home *home = &config->homes[i];

		if (home->node.id >= m->config.nodes || !home->pages ||
		    home->weight < 1 || home->weight > 65535)
			return 0;
		if (n && home->first.n == range[n - 1].first &&
		    home->pages == range[n - 1].pages) {
			range[n - 1].homes++;
			continue;
		}
		if (home->first.n != end)
			return 0;
		end += home->pages;
		range[n].first = home->first.n;
		range[n].pages = home->pages;
		range[n].home = i;
		range[n].homes = 1;
		range[n].taken = 0;
		n++;
	}
	return end == config->frames ? n : 0;
}

/* The home that is furthest behind its share gets the next frame: proportions hold at
 * every prefix of the range, not only at its end. */
static uint32_t next_home(const struct fnuma_home *home, uint32_t homes, int64_t *credit)
{
	int64_t sum = 0;
	uint32_t best = 0, i;

	for (i = 0; i < homes; i++) {
		credit[i] += home[i].weight;
		sum += home[i].weight;
		if (credit[i] > credit[best])
			best = i;
	}
	credit[best] -= sum;
	return best;
}

/* Writes each frame's node into its entry and counts what every node must supply. */
static void choose_nodes(struct mock_domain *dom, const struct fnuma_home *homes,
                         const struct range *range, uint32_t ranges)
{
	uint32_t r, i;

	for (r = 0; r < ranges; r++) {
		const struct fnuma_home *home = &homes[range[r].home];
		uint64_t *entry = &dom->p2m[range[r].first];
		int64_t credit[FNUMA_HOMES_MAX] = {0};

		for (i = 0; i < range[r].pages && range[r].homes == 1; i++)
			entry[i] = mock_entry(0, home->node.id, MOCK_FREE);
		dom->counts[home->node.id] += i;
		for (; i < range[r].pages; i++) {
			uint32_t node = home[next_home(home, range[r].homes, credit)].node.id;

			entry[i] = mock_entry(0, node, MOCK_FREE);
			dom->counts[node]++;
		}
	}
}

static bool nodes_can(const struct fnuma_mock *m, const uint32_t *need)
{
	uint32_t i;

	for (i = 0; i < m->config.nodes; i++) {
		if (need[i] > mock_available(&m->node[i]))
			return false;
	}
	return true;
}

static void populate(struct fnuma_mock *m, struct mock_domain *dom)
{
	uint32_t g;

	for (g = 0; g < dom->frames; g++) {
		uint32_t node = mock_node_of(dom->p2m[g]);

		dom->p2m[g] |= mock_frame_get(m, node);
	}
}

/* Frames in the order in which a booting system uses them: ascending, and where there are
 * several virtual nodes, from all of them in proportion. */
static uint32_t next_frame(struct range *range, uint32_t ranges)
{
	uint32_t best = 0, r;

	for (r = 1; r < ranges; r++) {
		if ((uint64_t)range[r].taken * range[best].pages <
		    (uint64_t)range[best].taken * range[r].pages)
			best = r;
	}
	return range[best].first + range[best].taken++;
}

static void boot(struct mock_domain *dom, const struct fnuma_mock_domain_config *config,
                 struct range *range, uint32_t ranges)
{
	uint32_t i, g;

	for (i = 0; i < config->kernel_pages; i++) {
		g = next_frame(range, ranges);
		dom->p2m[g] = mock_with_use(dom->p2m[g], MOCK_KERNEL);
	}
	for (i = 0; i < config->app_pages; i++) {
		g = next_frame(range, ranges);
		dom->p2m[g] = mock_with_use(dom->p2m[g], MOCK_APP);
		*mock_app(dom, dom->n_app++) = g;
	}
	dom->n_free = dom->frames - config->kernel_pages - config->app_pages;
	for (i = dom->n_free; i > 0; i--)
		dom->list[i - 1] = next_frame(range, ranges);
	while (dom->ring_n < dom->ring_size)
		dom->ring[dom->ring_n++] = dom->list[--dom->n_free];
}

#define CHURN_BURST_DEFAULT 32u /* 128 KiB: a read-ahead, a socket buffer, a small heap */

/* A slot for the domain: that of a dead one, or a new one. */
static struct mock_domain *find_slot(struct fnuma_mock *m, uint32_t *slot)
{
	struct mock_domain **bigger;

	for (*slot = m->dead ? 0 : m->slots; *slot < m->slots; (*slot)++) {
		if (!m->domain[*slot]->live)
			return m->domain[*slot];
	}
	bigger = realloc(m->domain, (m->slots + 1) * sizeof(*bigger));
	if (!bigger)
		return NULL;
	m->domain = bigger;
	bigger[m->slots] = calloc(1, sizeof(**bigger));
	if (!bigger[m->slots])
		return NULL;
	m->dead++;
	return bigger[m->slots++];
}

void mock_domain_free(struct mock_domain *dom)
{
	free(dom->p2m);
	free(dom->list);
	free(dom->ring);
}

static int make_tables(struct mock_domain *dom,
                       const struct fnuma_mock_domain_config *config)
{
	memset(dom, 0, sizeof(*dom));
	dom->frames = config->frames;
	dom->ring_size = config->ring_pages;
	dom->burst = config->churn_burst_pages ? config->churn_burst_pages :
	             CHURN_BURST_DEFAULT;
	dom->p2m = mock_table(dom->frames, sizeof(*dom->p2m));
	dom->list = mock_table(dom->frames, sizeof(*dom->list));
	while (dom->ring_mask + 1 < dom->ring_size)
		dom->ring_mask = dom->ring_mask * 2 + 1;
	dom->ring = mock_table((size_t)dom->ring_mask + 1, sizeof(*dom->ring));
	if (dom->p2m && dom->list && dom->ring)
		return FNUMA_OK;
	mock_domain_free(dom);
	return FNUMA_E_NOMEM;
}

static bool config_ok(const struct fnuma_mock_domain_config *config)
{
	uint64_t used;

	if (!config || !config->homes || !config->frames ||
	    config->n_homes < 1 || config->n_homes > FNUMA_HOMES_MAX)
		return false;
	used = (uint64_t)config->app_pages + config->kernel_pages + config->ring_pages;
	return used <= config->frames;
}

int fnuma_mock_domain_create(struct fnuma_mock *m,
                             const struct fnuma_mock_domain_config *config,
                             fnuma_domain *out)
{
	struct range range[FNUMA_HOMES_MAX];
	struct mock_domain made, *dom;
	uint32_t ranges, slot, generation, i;

	if (!out || !config_ok(config) || !(ranges = find_ranges(m, config, range)))
		return FNUMA_E_INVAL;
	if (make_tables(&made, config))
		return FNUMA_E_NOMEM;
	choose_nodes(&made, config->homes, range, ranges);
	dom = nodes_can(m, made.counts) ? find_slot(m, &slot) : NULL;
	if (!dom) {
		mock_domain_free(&made);
		return FNUMA_E_NOMEM;
	}
	populate(m, &made);
	boot(&made, config, range, ranges);
	generation = dom->generation + 1;
	*dom = made;
	dom->generation = generation;
	dom->live = true;
	m->dead--;
	dom->rng = rng_stream(m->config.seed, slot, generation);
	for (i = 0; i < MOCK_DRAWS; i++)
		dom->draw[i] = rng_below(&dom->rng, dom->n_app);
	out->slot = slot;
	out->generation = generation;
	return FNUMA_OK;
}

void mock_domain_kill(struct fnuma_mock *m, struct mock_domain *dom)
{
	uint32_t g;

	if (!dom->live)
		return;
	for (g = 0; g < dom->frames; g++)
		mock_frame_put(m, mock_node_of(dom->p2m[g]), (uint32_t)dom->p2m[g]);
	mock_domain_free(dom);
	dom->live = false;
	m->dead++;
}

int fnuma_mock_domain_destroy(struct fnuma_mock *m, fnuma_domain d)
{
	struct mock_domain *dom;
	int err = mock_find(m, d, &dom);

	if (!err)
		mock_domain_kill(m, dom);
	return err;
}

/* --- the referee's view of a page -------------------------------------------------- */

/* The entry of a page, or NULL and the reason. */
static int find_page(const struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page,
                     struct mock_domain **dom)
{
	int err = mock_find(m, d, dom);

	if (err)
		return err;
	return page.n < (*dom)->frames ? FNUMA_OK : FNUMA_E_RANGE;
}

fnuma_node fnuma_mock_node(const struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page)
{
	struct mock_domain *dom;

	if (find_page(m, d, page, &dom))
		return fnuma_node_none();
	return fnuma_node_of(mock_node_of(dom->p2m[page.n]));
}

void fnuma_mock_nodes(const struct fnuma_mock *m, fnuma_domain d, const fnuma_gfn *pages,
                      uint32_t n, fnuma_node *nodes)
{
	struct mock_domain *dom;
	uint32_t i;

	memset(nodes, FNUMA_NODE_NONE_ID, n * sizeof(*nodes));
	if (mock_find(m, d, &dom))
		return;
	for (i = 0; i < n; i++)
		if (pages[i].n < dom->frames)
			nodes[i].id = mock_node_of(dom->p2m[pages[i].n]);
}

int fnuma_mock_counts(const struct fnuma_mock *m, fnuma_domain d, uint32_t *counts)
{
	struct mock_domain *dom;
	int err = mock_find(m, d, &dom);

	if (!err)
		memcpy(counts, dom->counts, m->config.nodes * sizeof(*counts));
	return err;
}

int fnuma_mock_write(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page, uint64_t value)
{
	struct mock_domain *dom;
	int err = find_page(m, d, page, &dom);

	if (err)
		return err;
	if (!m->content)
		return FNUMA_E_NOTSUP;
	m->content[(uint32_t)dom->p2m[page.n]] = value;
	return FNUMA_OK;
}

int fnuma_mock_read(const struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page,
                    uint64_t *value)
{
	struct mock_domain *dom;
	int err = find_page(m, d, page, &dom);

	if (err)
		return err;
	if (!m->content)
		return FNUMA_E_NOTSUP;
	*value = m->content[(uint32_t)dom->p2m[page.n]];
	return FNUMA_OK;
}

int fnuma_mock_pin(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page, bool pinned)
{
	const uint64_t bit = MOCK_AS(MOCK_PINNED);
	struct mock_domain *dom;
	int err = find_page(m, d, page, &dom);

	if (err)
		return err;
	dom->p2m[page.n] = pinned ? dom->p2m[page.n] | bit : dom->p2m[page.n] & ~bit;
	return FNUMA_OK;
}
