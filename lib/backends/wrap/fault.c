/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "common.h"
#include <string.h>

#define BIT(op) FNUMA_OP_BIT(FNUMA_OP_##op)
#define MOVES (BIT(MOVE_PAGE) | BIT(MOVE_FREE))
#define CHANGES (BIT(FLIP) | BIT(ACQUIRE) | BIT(RELEASE) | MOVES)
#define PLACES (BIT(FLIP) | BIT(ACQUIRE) | BIT(PAGE_NODES) | BIT(PROBE))
#define ALL ((1u << FNUMA_OPS) - 1)

/* The operations that can go wrong in each way. */
static const uint32_t has[FNUMA_FAULT_KINDS] = {
	[FNUMA_FAULT_NONE] = 0,
	[FNUMA_FAULT_ERROR] = ALL,
	[FNUMA_FAULT_REFUSE] = BIT(FLIP) | BIT(RELEASE) | MOVES,
	[FNUMA_FAULT_HALF] = CHANGES | BIT(PAGE_NODES) | BIT(PROBE),
	[FNUMA_FAULT_GONE] = ALL & ~BIT(TOPOLOGY),
	[FNUMA_FAULT_LIE] = CHANGES | BIT(MOVE_DOMAIN),
	[FNUMA_FAULT_UNFILLED] = CHANGES | BIT(PROBE),
	[FNUMA_FAULT_DONE_UNKNOWN] = CHANGES,
	[FNUMA_FAULT_UNDONE_UNKNOWN] = CHANGES,
	[FNUMA_FAULT_DENIED] = CHANGES,
	[FNUMA_FAULT_WRONG_NODE] = PLACES | MOVES,
	[FNUMA_FAULT_NODE_UNKNOWN] = PLACES,
};

/* Drawing (splitmix64). */

static uint64_t draw(struct fnuma_wrap_fault *f)
{
	uint64_t z = f->drawn += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool chance(struct fnuma_wrap_fault *f, uint32_t ppm)
{
	return ppm && draw(f) % 1000000 < ppm;
}

/* Which of `n` pages are hit: bit i for page i. */
static uint64_t draw_pages(struct fnuma_wrap_fault *f, uint32_t n)
{
	uint64_t hit = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!f->config.pages_ppm || chance(f, f->config.pages_ppm))
			hit |= UINT64_C(1) << i;
	return hit ? hit : UINT64_C(1) << draw(f) % n;
}

static bool is_hit(uint64_t hit, uint32_t i)
{
	return hit >> i & 1;
}

/* What is said instead of the truth. */

static fnuma_node wrong_node(const struct fnuma_wrap_fault *f, fnuma_node node)
{
	if (node.id >= FNUMA_NODES_MAX)
		return node;
	return fnuma_node_of((node.id + 1u) % f->config.nodes);
}

static struct fnuma_result said(uint32_t outcome, fnuma_node node, int reason)
{
	struct fnuma_result r;

	r.outcome = (uint8_t)outcome;
	r.node = node;
	r.reason = (int16_t)reason;
	return r;
}

/* Of a page that was done, or answered. */
static struct fnuma_result distorted(const struct fnuma_wrap_fault *f,
                                     struct fnuma_result r)
{
	switch (f->config.kind) {
	case FNUMA_FAULT_UNFILLED:
		return said(FNUMA_UNFILLED, fnuma_node_of(0), 0);
	case FNUMA_FAULT_DONE_UNKNOWN:
		return said(FNUMA_UNKNOWN, fnuma_node_unknown(), 0);
	case FNUMA_FAULT_DENIED:
		return said(FNUMA_NOT_DONE, fnuma_node_unknown(), f->config.error);
	case FNUMA_FAULT_WRONG_NODE:
		return said(FNUMA_DONE, wrong_node(f, r.node), FNUMA_OK);
	default: /* FNUMA_FAULT_NODE_UNKNOWN */
		return said(FNUMA_DONE, fnuma_node_unknown(), FNUMA_OK);
	}
}

/* Of a page that the backend never heard of. */
static struct fnuma_result invented(const struct fnuma_wrap_fault *f,
                                    const struct fnuma_wrap_call *call)
{
	if (f->config.kind == FNUMA_FAULT_REFUSE)
		return said(FNUMA_NOT_DONE, fnuma_node_unknown(), f->config.error);
	if (f->config.kind == FNUMA_FAULT_UNDONE_UNKNOWN)
		return said(FNUMA_UNKNOWN, fnuma_node_unknown(), 0);
	if (FNUMA_OP_BIT(call->op) & MOVES)
		return said(FNUMA_DONE, call->to, FNUMA_OK);
	return said(FNUMA_DONE, fnuma_node_unknown(), FNUMA_OK);
}

static void count_pages(struct fnuma_wrap_fault *f, uint32_t n)
{
	f->counts.pages[f->config.kind] += n;
}

/* Calls gone wrong. */

/* As many as there are, whatever the backend says. */
static uint32_t answered(int ret, uint32_t n)
{
	if (ret < 0)
		return 0;
	return (uint32_t)ret < n ? (uint32_t)ret : n;
}

static int distort_results(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job)
{
	const uint64_t hit = draw_pages(f, job->call.n);
	const int ret = fnuma_wrap_forward(&f->base, job);
	uint32_t i;

	for (i = 0; i < answered(ret, job->call.n); i++) {
		if (!is_hit(hit, i) || job->results[i].outcome != FNUMA_DONE)
			continue;
		job->results[i] = distorted(f, job->results[i]);
		count_pages(f, 1);
	}
	return ret;
}

static int distort_nodes(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job)
{
	const bool unknown = f->config.kind == FNUMA_FAULT_NODE_UNKNOWN;
	const uint64_t hit = draw_pages(f, job->call.n);
	const int ret = fnuma_wrap_forward(&f->base, job);
	uint32_t i;

	for (i = 0; i < answered(ret, job->call.n); i++) {
		if (!is_hit(hit, i))
			continue;
		job->nodes[i] = unknown ? fnuma_node_unknown() : wrong_node(f, job->nodes[i]);
		count_pages(f, 1);
	}
	return ret;
}

/* A batch without the pages hit, and how its results go back among the others. */
struct rest {
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	struct fnuma_result results[FNUMA_BATCH_MAX];
	uint32_t n;
};

static void take_rest(struct rest *rest, const struct fnuma_wrap_call *call, uint64_t hit)
{
	uint32_t i;

	memset(rest, 0, sizeof(*rest));
	for (i = 0; i < call->n; i++)
		if (!is_hit(hit, i))
			rest->pages[rest->n++] = call->pages[i];
}

/* Returns how many pages of the whole batch count as attempted. */
static uint32_t put_back(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job,
                         const struct rest *rest, uint32_t tried, uint64_t hit)
{
	uint32_t i, next = 0;

	for (i = 0; i < job->call.n; i++) {
		if (is_hit(hit, i)) {
			job->results[i] = invented(f, &job->call);
			count_pages(f, 1);
		} else if (next < tried) {
			job->results[i] = rest->results[next++];
		} else {
			break;
		}
	}
	return i;
}

static int withhold(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job)
{
	const uint64_t hit = draw_pages(f, job->call.n);
	struct fnuma_wrap_job within = *job;
	struct rest rest;
	int tried = 0;

	take_rest(&rest, &job->call, hit);
	within.call.pages = rest.pages;
	within.call.n = rest.n;
	within.results = rest.results;
	if (rest.n)
		tried = fnuma_wrap_forward(&f->base, &within);
	if (tried < 0 || (uint32_t)tried > rest.n)
		return tried;
	return (int)put_back(f, job, &rest, (uint32_t)tried, hit);
}

/* An acquire that did not happen needs a page to speak of: one that was got, and is given
 * back behind the caller's back. */
static int take_back(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job)
{
	const struct fnuma_backend *inner = &f->base.inner;
	const uint64_t hit = draw_pages(f, job->call.n);
	const int ret = fnuma_wrap_forward(&f->base, job);
	uint32_t i;

	for (i = 0; i < answered(ret, job->call.n); i++) {
		struct fnuma_result back = {0, {0}, 0};

		if (!is_hit(hit, i) || job->results[i].outcome != FNUMA_DONE)
			continue;
		if (inner->ops.release(inner->cookie, job->call.domain, &job->acquired[i], 1,
		                       &back) != 1 || back.outcome != FNUMA_DONE)
			continue;
		job->results[i] = invented(f, &job->call);
		count_pages(f, 1);
	}
	return ret;
}

static int halve(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job)
{
	struct fnuma_wrap_job half = *job;

	half.call.n = job->call.n / 2;
	count_pages(f, job->call.n - half.call.n);
	return half.call.n ? fnuma_wrap_forward(&f->base, &half) : 0;
}

static int go_wrong(struct fnuma_wrap_fault *f, struct fnuma_wrap_job *job)
{
	switch (f->config.kind) {
	case FNUMA_FAULT_ERROR:
		count_pages(f, job->results || job->nodes ? job->call.n : 0);
		return f->config.error;
	case FNUMA_FAULT_GONE:
		f->gone = job->call.domain;
		return FNUMA_E_GONE;
	case FNUMA_FAULT_HALF:
		return halve(f, job);
	case FNUMA_FAULT_REFUSE:
	case FNUMA_FAULT_LIE:
	case FNUMA_FAULT_UNDONE_UNKNOWN:
		if (job->call.op == FNUMA_OP_MOVE_DOMAIN)
			return FNUMA_OK;
		return job->acquired ? take_back(f, job) : withhold(f, job);
	default:
		return job->nodes ? distort_nodes(f, job) : distort_results(f, job);
	}
}

/* When. */

static bool is_gone(const struct fnuma_wrap_fault *f, const struct fnuma_wrap_call *call)
{
	if (!f->gone.generation || call->op == FNUMA_OP_TOPOLOGY)
		return false;
	return fnuma_domain_same(f->gone, call->domain) ||
	       (call->op == FNUMA_OP_FLIP && fnuma_domain_same(f->gone, call->peer));
}

static bool is_due(struct fnuma_wrap_fault *f, const struct fnuma_wrap_call *call)
{
	const uint32_t ops = f->config.ops ? f->config.ops : ALL;

	if (!(FNUMA_OP_BIT(call->op) & ops & has[f->config.kind]))
		return false;
	if (call->pages && (call->n == 0 || call->n > FNUMA_BATCH_MAX))
		return false; /* the backend's to refuse */
	return f->counts.eligible++ == f->config.at || chance(f, f->config.ppm);
}

static int faulty(struct fnuma_wrap *w, struct fnuma_wrap_job *job)
{
	struct fnuma_wrap_fault *f = (struct fnuma_wrap_fault *)w;

	if (is_gone(f, &job->call))
		return FNUMA_E_GONE;
	if (!is_due(f, &job->call))
		return fnuma_wrap_forward(w, job);
	f->counts.injected[f->config.kind]++;
	return go_wrong(f, job);
}

/* Setting up. */

static bool is_valid(const struct fnuma_wrap_fault_config *c)
{
	return c && (uint32_t)c->kind < FNUMA_FAULT_KINDS && !(c->ops & ~ALL) &&
	       c->ppm <= 1000000 && c->pages_ppm <= 1000000 && c->error <= 0 &&
	       c->error > FNUMA_E_LAST && c->nodes != 1 && c->nodes <= FNUMA_NODES_MAX;
}

int fnuma_wrap_fault_set(struct fnuma_wrap_fault *f,
                         const struct fnuma_wrap_fault_config *config)
{
	if (!f || !is_valid(config))
		return FNUMA_E_INVAL;
	f->config = *config;
	if (!f->config.error)
		f->config.error = FNUMA_E_BUSY;
	if (!f->config.nodes)
		f->config.nodes = 2;
	f->counts.eligible = 0;
	f->drawn = config->seed;
	return FNUMA_OK;
}

int fnuma_wrap_fault_init(struct fnuma_wrap_fault *f, const struct fnuma_backend *inner,
                          const struct fnuma_wrap_fault_config *config,
                          struct fnuma_backend *out)
{
	if (!f || !fnuma_wrap_is_bound(inner) || !is_valid(config) || !out)
		return FNUMA_E_INVAL;
	memset(f, 0, sizeof(*f));
	fnuma_wrap_bind(&f->base, "fault", inner, faulty, out);
	return fnuma_wrap_fault_set(f, config);
}

bool fnuma_wrap_fault_next(struct fnuma_wrap_fault_config *config,
                           const struct fnuma_wrap_fault *f)
{
	return config->at++ < f->counts.eligible;
}
