/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "mocked.h"

#include <flipnuma/mock.h>

static int mocked_boot(void *at, const struct vm *v, uint32_t kernel_pages,
                       fnuma_domain *out)
{
	struct fnuma_mock_domain_config config = {0};

	config.frames = v->frames;
	config.homes = v->homes;
	config.n_homes = v->n_homes;
	config.kernel_pages = kernel_pages;
	return fnuma_mock_domain_create(at, &config, out);
}

static int mocked_alloc(void *at, fnuma_domain d, fnuma_gfn *pages, uint32_t n)
{
	return fnuma_mock_alloc(at, d, pages, n);
}

static void mocked_free(void *at, fnuma_domain d, const fnuma_gfn *pages, uint32_t n)
{
	fnuma_mock_free(at, d, pages, n);
}

static void mocked_copy(void *at, fnuma_domain to, fnuma_domain from, const fnuma_gfn *pages,
                        uint32_t n)
{
	fnuma_mock_copy(at, to, from, pages, n);
}

static void mocked_churn(void *at, fnuma_domain d, uint64_t n)
{
	fnuma_mock_churn(at, d, n);
}

static void mocked_counts(void *at, fnuma_domain d, uint32_t *counts)
{
	fnuma_mock_counts(at, d, counts);
}

static void mocked_nodes(void *at, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                         fnuma_node *nodes)
{
	fnuma_mock_nodes(at, d, pages, n, nodes);
}

static uint64_t mocked_spent(void *at)
{
	return fnuma_mock_spent(at);
}

const struct machine mocked = {
	.boot = mocked_boot,
	.alloc = mocked_alloc,
	.free = mocked_free,
	.copy = mocked_copy,
	.churn = mocked_churn,
	.counts = mocked_counts,
	.nodes = mocked_nodes,
	.spent = mocked_spent,
};
