/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The backend's table, and the calls in bulk. */
#include "linux_host.h"
#include <string.h>

static void put_nodes(const struct fnuma_linux *host, struct fnuma_topology *out)
{
	uint32_t i, j;

	for (i = 0; i < host->nodes; i++) {
		int64_t bytes = 0, available = 0;

		if (host->memory_nodes >> i & 1)
			bytes = host->kernel.node_bytes(host->kernel.context, (int)i, &available);
		if (bytes < 0) /* it went, hot-removed */
			bytes = available = 0;
		if (available > bytes)
			available = bytes;
		out->node[i].size_pages = (uint64_t)bytes / host->page_bytes;
		out->node[i].free_pages = (uint64_t)available / host->page_bytes;
		for (j = 0; j < host->nodes; j++) {
			int d = host->kernel.distance(host->kernel.context, (int)i, (int)j);

			/* 0 if the kernel does not know; 10 is local, whatever firmware says */
			if (d < 10 || d > 255)
				d = 255;
			out->distance[i][j] = (uint8_t)(i == j ? 10 : d);
		}
	}
}

int linux_topology(const struct fnuma_linux *host, struct fnuma_topology *out)
{
	memset(out, 0, sizeof(*out));
	out->nodes = host->nodes;
	out->page_bytes = host->page_bytes;
	put_nodes(host, out);
	return FNUMA_OK;
}

int linux_nodes_by(int (*probe)(void *, fnuma_domain, const fnuma_gfn *, uint32_t,
                                struct fnuma_result *),
                   void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                   fnuma_node *nodes)
{
	struct fnuma_result results[FNUMA_BATCH_MAX];
	int i, ret = probe(cookie, domain, pages, n, results);

	for (i = 0; i < ret; i++)
		nodes[i] = results[i].node;
	return ret;
}

static int op_topology(void *cookie, struct fnuma_topology *out)
{
	return linux_topology(cookie, out);
}

static int op_alive(void *cookie, fnuma_domain domain)
{
	struct linux_domain *d;
	int err = linux_find(cookie, domain, &d);

	return err ? err : linux_same_image(cookie, d);
}

static int query_some(struct fnuma_linux *host, const struct linux_domain *d, uint32_t first,
                      uint32_t n, struct fnuma_result *results)
{
	fnuma_gfn pages[LINUX_CALL_PAGES];
	uint32_t i;

	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of(first + i);
	return linux_query(host, d, pages, n, results);
}

static int op_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                          uint32_t nodes)
{
	struct fnuma_result results[LINUX_CALL_PAGES];
	struct fnuma_linux *host = cookie;
	struct linux_domain *d;
	uint32_t at, i, n;
	int err = linux_find(host, domain, &d);

	if (!err)
		err = linux_runs(host, d);
	memset(counts, 0, nodes * sizeof(*counts));
	for (at = 0; !err && at < d->used_frames; at += n) {
		n = d->used_frames - at < LINUX_CALL_PAGES ? d->used_frames - at
		                                           : LINUX_CALL_PAGES;
		err = query_some(host, d, at, n, results);
		for (i = 0; !err && i < n; i++)
			if (results[i].outcome == FNUMA_DONE && results[i].node.id < nodes)
				counts[results[i].node.id]++;
	}
	return err;
}

static int op_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                    struct fnuma_result *results)
{
	struct linux_domain *d;
	int err = linux_find(cookie, domain, &d);

	if (!err)
		err = linux_query(cookie, d, pages, n, results);
	return err ? err : (int)n;
}

static int op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                         uint32_t n, fnuma_node *nodes)
{
	return linux_nodes_by(op_probe, cookie, domain, pages, n, nodes);
}

static int op_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                        uint32_t n, fnuma_node to, struct fnuma_result *results,
                        uint64_t *spent_ns)
{
	struct linux_domain *d;
	int err = linux_find(cookie, domain, &d);

	return err ? err : linux_move(cookie, d, pages, n, to, results, spent_ns);
}

static const struct fnuma_backend_ops linux_ops = {
	FNUMA_BACKEND_OPS("linux", FNUMA_TRAIT_MAY_SLEEP),
	.topology = op_topology,
	.alive = op_alive,
	.node_counts = op_node_counts,
	.page_nodes = op_page_nodes,
	.move_page = op_move_page,
	.probe = op_probe,
};

int fnuma_linux_backend(struct fnuma_linux *host, struct fnuma_backend *be)
{
	return host ? fnuma_backend_bind(be, &linux_ops, host) : FNUMA_E_INVAL;
}

int64_t fnuma_linux_nodes(struct fnuma_linux *host, fnuma_domain domain, fnuma_gfn first,
                          uint32_t n, fnuma_node *nodes)
{
	struct fnuma_result results[LINUX_CALL_PAGES];
	struct linux_domain *d;
	uint32_t at, i, some;
	int err = host && nodes && n ? linux_find(host, domain, &d) : FNUMA_E_INVAL;

	if (!err && (first.n > d->info->frames || n > d->info->frames - first.n))
		err = FNUMA_E_RANGE;
	for (at = 0; !err && at < n; at += some) {
		some = n - at < LINUX_CALL_PAGES ? n - at : LINUX_CALL_PAGES;
		err = query_some(host, d, first.n + at, some, results);
		for (i = 0; !err && i < some; i++)
			nodes[at + i] = results[i].node;
	}
	return err ? err : (int64_t)n;
}

int64_t fnuma_linux_move(struct fnuma_linux *host, fnuma_domain domain,
                         const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                         struct fnuma_result *results, uint64_t *spent_ns)
{
	struct linux_domain *d;
	uint32_t at = 0, some;
	int err = FNUMA_E_INVAL;

	if (host && pages && n && results && spent_ns)
		err = linux_find(host, domain, &d);
	while (err >= 0 && at < n) {
		some = n - at < LINUX_CALL_PAGES ? n - at : LINUX_CALL_PAGES;
		err = linux_move(host, d, pages + at, some, to, results + at, spent_ns);
		if (err >= 0)
			at += some;
	}
	return at ? (int64_t)at : err;
}
