/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The host: machine frames, clock, referee's whistle. */
#define _DEFAULT_SOURCE /* posix_memalign, madvise */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif
#include "host.h"

/* Nodes start at multiples of this: frame numbers of neighbours differ visibly. */
#define NODE_ALIGN 4096u
#define HUGE_BYTES ((size_t)2 << 20)

/* Tables are hit at random: with huge pages, a miss costs one cache line, not a walk too.
 * Not zeroed: each is written before it is read. */
void *mock_table(size_t entries, size_t entry_bytes)
{
	size_t bytes = entries * entry_bytes;
	void *table;

	if (entries > SIZE_MAX / entry_bytes)
		return NULL;
	if (bytes < HUGE_BYTES)
		return malloc(bytes ? bytes : 1);
	if (posix_memalign(&table, HUGE_BYTES, bytes))
		return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
	madvise(table, bytes, MADV_HUGEPAGE); /* a wish: failing costs speed only */
#endif
	return table;
}

int mock_violation(const struct fnuma_mock *m, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!m->config.on_violation) {
		fprintf(stderr, "mock: %s\n", text);
		abort();
	}
	m->config.on_violation(m->config.violation_cookie, text);
	return FNUMA_E_INVAL;
}

int mock_find(const struct fnuma_mock *m, fnuma_domain d, struct mock_domain **out)
{
	struct mock_domain *dom;

	if (d.slot >= m->slots || d.generation == 0)
		return FNUMA_E_STALE;
	dom = m->domain[d.slot];
	if (dom->generation != d.generation)
		return FNUMA_E_STALE;
	if (!dom->live)
		return FNUMA_E_GONE;
	*out = dom;
	return FNUMA_OK;
}

/* --- machine frames ---------------------------------------------------------------- */

static uint32_t free_frames(const struct mock_node *node)
{
	return node->size - node->fresh + node->freed;
}

uint32_t mock_available(const struct mock_node *node)
{
	return free_frames(node) - node->reserved;
}

int fnuma_mock_reserve(struct fnuma_mock *m, fnuma_node node, uint64_t pages)
{
	if (node.id >= m->config.nodes)
		return FNUMA_E_RANGE;
	if (pages > free_frames(&m->node[node.id]))
		return FNUMA_E_NOMEM;
	m->node[node.id].reserved = (uint32_t)pages;
	return FNUMA_OK;
}

/* --- creation ---------------------------------------------------------------------- */

#define CAPS_ALL (FNUMA_CAP_PROBE * 2 - 1)

static bool config_ok(const struct fnuma_mock_config *config)
{
	uint64_t end = 0;
	uint32_t i;

	if (!config || config->nodes < 1 || config->nodes > FNUMA_NODES_MAX ||
	    config->without_caps & ~(uint32_t)CAPS_ALL)
		return false;
	for (i = 0; i < config->nodes; i++) {
		if (config->node_pages[i] < 1 || config->node_pages[i] > UINT32_MAX)
			return false;
		end += (config->node_pages[i] + NODE_ALIGN - 1) / NODE_ALIGN * NODE_ALIGN;
	}
	return end < UINT32_MAX;
}

/* What a copy costs: by distance, under a cap where there is one. */
static uint64_t copy_cost(const struct fnuma_mock_config *config, uint32_t from,
                          uint32_t to)
{
	const uint64_t local = config->costs.copy_page_ns;
	uint64_t ns = local * config->distance[from][to] / 10;
	uint64_t cap = local * config->costs.remote_copy_percent / 100;

	if (from != to && cap && ns > cap)
		ns = cap;
	return ns;
}

static void fill_distances(struct fnuma_mock *m)
{
	uint32_t i, k;

	for (i = 0; i < m->config.nodes; i++) {
		for (k = 0; k < m->config.nodes; k++) {
			uint8_t *distance = &m->config.distance[i][k];

			if (!*distance)
				*distance = i == k ? 10 : 21;
			m->copy_ns[i][k] = copy_cost(&m->config, i, k);
		}
	}
}

static int fill_nodes(struct fnuma_mock *m)
{
	uint32_t base = 0, i;

	for (i = 0; i < m->config.nodes; i++) {
		struct mock_node *node = &m->node[i];

		node->base = base;
		node->size = (uint32_t)m->config.node_pages[i];
		node->stack = mock_table(node->size, sizeof(*node->stack));
		if (!node->stack)
			return FNUMA_E_NOMEM;
		base += (node->size + NODE_ALIGN - 1) & ~(NODE_ALIGN - 1);
	}
	m->end = base;
	if (m->config.contents)
		m->content = calloc(m->end, sizeof(*m->content));
	return m->config.contents && !m->content ? FNUMA_E_NOMEM : FNUMA_OK;
}

/* An operation left out is NULL; so is its twin. */
static void leave_out(struct fnuma_backend_ops *ops, uint32_t caps)
{
	if (caps & FNUMA_CAP_NODE_COUNTS)
		ops->node_counts = NULL;
	if (caps & FNUMA_CAP_PAGE_NODES)
		ops->page_nodes = NULL;
	if (caps & FNUMA_CAP_FLIP)
		ops->flip = NULL;
	if (caps & FNUMA_CAP_ACQUIRE) {
		ops->acquire = NULL;
		ops->release = NULL;
	}
	if (caps & FNUMA_CAP_MOVE_PAGE)
		ops->move_page = NULL;
	if (caps & FNUMA_CAP_MOVE_FREE)
		ops->move_free = NULL;
	if (caps & FNUMA_CAP_MOVE_DOMAIN)
		ops->move_domain = NULL;
	if (caps & FNUMA_CAP_PROBE)
		ops->probe = NULL;
}

int fnuma_mock_create(const struct fnuma_mock_config *config, struct fnuma_mock **out)
{
	struct fnuma_mock *m;
	uint32_t i;

	if (!out || !config_ok(config))
		return FNUMA_E_INVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return FNUMA_E_NOMEM;
	m->config = *config;
	for (i = 0; i < FNUMA_NODES_MAX; i++)
		m->done[i] = mock_result(FNUMA_DONE, (uint8_t)i, FNUMA_OK);
	m->ops = mock_ops;
	leave_out(&m->ops, config->without_caps);
	fill_distances(m);
	if (fill_nodes(m)) {
		fnuma_mock_destroy(m);
		return FNUMA_E_NOMEM;
	}
	m->packets = rng_stream(config->seed, UINT32_MAX, FAULT_KINDS);
	for (i = 0; i < FAULT_KINDS; i++)
		m->fault_rng[i] = rng_stream(config->seed, UINT32_MAX, i);
	*out = m;
	return FNUMA_OK;
}

void fnuma_mock_destroy(struct fnuma_mock *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < m->slots; i++) {
		if (m->domain[i]->live)
			mock_domain_free(m->domain[i]);
		free(m->domain[i]);
	}
	for (i = 0; i < m->config.nodes; i++)
		free(m->node[i].stack);
	free(m->content);
	free(m->domain);
	free(m);
}

int fnuma_mock_backend(struct fnuma_mock *m, struct fnuma_backend *be)
{
	return fnuma_backend_bind(be, &m->ops, m);
}

const struct fnuma_backend_ops *fnuma_mock_ops(struct fnuma_mock *m)
{
	return &m->ops;
}

/* --- clock and faults -------------------------------------------------------------- */

uint64_t fnuma_mock_now(const struct fnuma_mock *m)
{
	return m->now_ns;
}

void fnuma_mock_advance(struct fnuma_mock *m, uint64_t ns)
{
	m->now_ns += ns;
}

uint64_t fnuma_mock_spent(const struct fnuma_mock *m)
{
	return m->spent_ns;
}

void fnuma_mock_set_faults(struct fnuma_mock *m, const struct fnuma_mock_faults *faults)
{
	const struct fnuma_mock_faults none = {0, 0, 0, 0, 0, 0};
	const struct fnuma_mock_faults *f = faults ? faults : &none;

	m->faults = *f;
	m->faulty = f->busy_ppm || f->nomem_ppm || f->half_ppm || f->lie_ppm ||
	            f->unfilled_ppm || f->gone_after_pages;
}

void fnuma_mock_fault_counts(const struct fnuma_mock *m,
                             struct fnuma_mock_fault_counts *out)
{
	*out = m->hits;
}
