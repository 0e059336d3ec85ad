/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "common.h"
#include <string.h>

const char *fnuma_wrap_op_name(enum fnuma_wrap_op op)
{
	static const char *const names[FNUMA_OPS] = {
		"topology", "alive", "node_counts", "page_nodes", "flip", "acquire",
		"release", "move_page", "move_free", "move_domain", "probe",
	};

	return (uint32_t)op < FNUMA_OPS ? names[op] : "?";
}

bool fnuma_wrap_is_bound(const struct fnuma_backend *be)
{
	return be && be->ops.abi == FNUMA_BACKEND_ABI;
}

static int run(void *cookie, struct fnuma_wrap_job *job)
{
	struct fnuma_wrap *w = cookie;

	job->call.number = w->calls++;
	return w->around(w, job);
}

/* A call about a batch of pages, or about none. */
static struct fnuma_wrap_job new_job(enum fnuma_wrap_op op, fnuma_domain domain,
                                     const fnuma_gfn *pages, uint32_t n,
                                     struct fnuma_result *results)
{
	struct fnuma_wrap_job job;

	memset(&job, 0, sizeof(job));
	job.call.op = op;
	job.call.domain = domain;
	job.call.to = fnuma_node_none();
	job.call.pages = pages;
	job.call.n = n;
	job.call.results = results;
	job.results = results;
	return job;
}

static int wrap_topology(void *cookie, struct fnuma_topology *out)
{
	const fnuma_domain nobody = {0, 0};
	struct fnuma_wrap_job job = new_job(FNUMA_OP_TOPOLOGY, nobody, NULL, 0, NULL);

	job.topology = out;
	return run(cookie, &job);
}

static int wrap_alive(void *cookie, fnuma_domain domain)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_ALIVE, domain, NULL, 0, NULL);

	return run(cookie, &job);
}

static int wrap_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                            uint32_t nodes)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_NODE_COUNTS, domain, NULL, nodes, NULL);

	job.call.counts = job.counts = counts;
	return run(cookie, &job);
}

static int wrap_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node *nodes)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_PAGE_NODES, domain, pages, n, NULL);

	job.call.nodes = job.nodes = nodes;
	return run(cookie, &job);
}

static int wrap_flip(void *cookie, fnuma_domain domain, fnuma_domain peer,
                     const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_FLIP, domain, pages, n, results);

	job.call.peer = peer;
	return run(cookie, &job);
}

static int wrap_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                        struct fnuma_result *results)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_ACQUIRE, domain, pages, n, results);

	job.acquired = pages;
	return run(cookie, &job);
}

static int wrap_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                        uint32_t n, struct fnuma_result *results)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_RELEASE, domain, pages, n, results);

	return run(cookie, &job);
}

static int move(enum fnuma_wrap_op op, void *cookie, fnuma_domain domain,
                const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                struct fnuma_result *results, uint64_t *spent_ns)
{
	struct fnuma_wrap_job job = new_job(op, domain, pages, n, results);

	job.call.to = to;
	job.spent_ns = spent_ns;
	return run(cookie, &job);
}

static int wrap_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                          uint32_t n, fnuma_node to, struct fnuma_result *results,
                          uint64_t *spent_ns)
{
	return move(FNUMA_OP_MOVE_PAGE, cookie, domain, pages, n, to, results, spent_ns);
}

static int wrap_move_free(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                          uint32_t n, fnuma_node to, struct fnuma_result *results,
                          uint64_t *spent_ns)
{
	return move(FNUMA_OP_MOVE_FREE, cookie, domain, pages, n, to, results, spent_ns);
}

static int wrap_move_domain(void *cookie, fnuma_domain domain, fnuma_node to)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_MOVE_DOMAIN, domain, NULL, 0, NULL);

	job.call.to = to;
	return run(cookie, &job);
}

static int wrap_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, struct fnuma_result *results)
{
	struct fnuma_wrap_job job = new_job(FNUMA_OP_PROBE, domain, pages, n, results);

	return run(cookie, &job);
}

static void take_out(struct fnuma_backend_ops *ops, uint32_t caps)
{
	if (!(caps & FNUMA_CAP_NODE_COUNTS))
		ops->node_counts = NULL;
	if (!(caps & FNUMA_CAP_PAGE_NODES))
		ops->page_nodes = NULL;
	if (!(caps & FNUMA_CAP_FLIP))
		ops->flip = NULL;
	if (!(caps & FNUMA_CAP_ACQUIRE)) {
		ops->acquire = NULL;
		ops->release = NULL;
	}
	if (!(caps & FNUMA_CAP_MOVE_PAGE))
		ops->move_page = NULL;
	if (!(caps & FNUMA_CAP_MOVE_FREE))
		ops->move_free = NULL;
	if (!(caps & FNUMA_CAP_MOVE_DOMAIN))
		ops->move_domain = NULL;
	if (!(caps & FNUMA_CAP_PROBE))
		ops->probe = NULL;
}

void fnuma_wrap_bind(struct fnuma_wrap *w, const char *name,
                     const struct fnuma_backend *inner,
                     int (*around)(struct fnuma_wrap *w, struct fnuma_wrap_job *job),
                     struct fnuma_backend *out)
{
	struct fnuma_backend_ops ops = {
		.size = sizeof(ops),
		.abi = FNUMA_BACKEND_ABI,
		.topology = wrap_topology,
		.alive = wrap_alive,
		.node_counts = wrap_node_counts,
		.page_nodes = wrap_page_nodes,
		.flip = wrap_flip,
		.acquire = wrap_acquire,
		.release = wrap_release,
		.move_page = wrap_move_page,
		.move_free = wrap_move_free,
		.move_domain = wrap_move_domain,
		.probe = wrap_probe,
	};
	int err;

	w->inner = *inner;
	w->around = around;
	w->calls = 0;
	ops.name = name;
	ops.traits = inner->ops.traits & ~(uint32_t)FNUMA_TRAIT_REENTRANT;
	take_out(&ops, inner->caps);
	err = fnuma_backend_bind(out, &ops, w);
	FNUMA_ASSERT(err == FNUMA_OK);
	(void)err;
}

int fnuma_wrap_forward(const struct fnuma_wrap *w, const struct fnuma_wrap_job *job)
{
	const struct fnuma_backend_ops *ops = &w->inner.ops;
	const struct fnuma_wrap_call *c = &job->call;
	void *cookie = w->inner.cookie;

	switch (c->op) {
	case FNUMA_OP_TOPOLOGY:
		return ops->topology(cookie, job->topology);
	case FNUMA_OP_ALIVE:
		return ops->alive(cookie, c->domain);
	case FNUMA_OP_NODE_COUNTS:
		return ops->node_counts(cookie, c->domain, job->counts, c->n);
	case FNUMA_OP_PAGE_NODES:
		return ops->page_nodes(cookie, c->domain, c->pages, c->n, job->nodes);
	case FNUMA_OP_FLIP:
		return ops->flip(cookie, c->domain, c->peer, c->pages, c->n, job->results);
	case FNUMA_OP_ACQUIRE:
		return ops->acquire(cookie, c->domain, job->acquired, c->n, job->results);
	case FNUMA_OP_RELEASE:
		return ops->release(cookie, c->domain, c->pages, c->n, job->results);
	case FNUMA_OP_MOVE_PAGE:
		return ops->move_page(cookie, c->domain, c->pages, c->n, c->to, job->results,
		                      job->spent_ns);
	case FNUMA_OP_MOVE_FREE:
		return ops->move_free(cookie, c->domain, c->pages, c->n, c->to, job->results,
		                      job->spent_ns);
	case FNUMA_OP_MOVE_DOMAIN:
		return ops->move_domain(cookie, c->domain, c->to);
	case FNUMA_OP_PROBE:
		return ops->probe(cookie, c->domain, c->pages, c->n, job->results);
	}
	return FNUMA_E_NOTSUP;
}
