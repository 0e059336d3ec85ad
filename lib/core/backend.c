/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/backend.h>
#include <string.h>

/* What a batch asked for; it decides what the answer of a probe means. */
enum request {
	REQUEST_FLIP,
	REQUEST_RELEASE,
	REQUEST_MOVE
};

struct batch {
	const struct fnuma_backend *be;
	fnuma_domain domain;
	const fnuma_gfn *pages;
	uint32_t n;
	struct fnuma_result *results;
	enum request request;
	fnuma_node to; /* moves only */
};

/* The operations of a backend that lacks them. */

static int no_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                          uint32_t nodes)
{
	(void)cookie, (void)domain, (void)counts, (void)nodes;
	return FNUMA_E_NOTSUP;
}

static int no_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                         uint32_t n, fnuma_node *nodes)
{
	(void)cookie, (void)domain, (void)pages, (void)n, (void)nodes;
	return FNUMA_E_NOTSUP;
}

static int no_flip(void *cookie, fnuma_domain domain, fnuma_domain peer,
                   const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	(void)cookie, (void)domain, (void)peer, (void)pages, (void)n, (void)results;
	return FNUMA_E_NOTSUP;
}

static int no_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	(void)cookie, (void)domain, (void)pages, (void)n, (void)results;
	return FNUMA_E_NOTSUP;
}

static int no_release_or_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                               uint32_t n, struct fnuma_result *results)
{
	(void)cookie, (void)domain, (void)pages, (void)n, (void)results;
	return FNUMA_E_NOTSUP;
}

static int no_move(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                   fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	(void)cookie, (void)domain, (void)pages, (void)n, (void)to, (void)results;
	(void)spent_ns;
	return FNUMA_E_NOTSUP;
}

static int no_move_domain(void *cookie, fnuma_domain domain, fnuma_node to)
{
	(void)cookie, (void)domain, (void)to;
	return FNUMA_E_NOTSUP;
}

/* Binding. */

static uint32_t caps_of(const struct fnuma_backend_ops *ops)
{
	return (ops->node_counts ? FNUMA_CAP_NODE_COUNTS : 0u) |
	       (ops->page_nodes ? FNUMA_CAP_PAGE_NODES : 0u) |
	       (ops->flip ? FNUMA_CAP_FLIP : 0u) |
	       (ops->acquire ? FNUMA_CAP_ACQUIRE : 0u) |
	       (ops->move_page ? FNUMA_CAP_MOVE_PAGE : 0u) |
	       (ops->move_free ? FNUMA_CAP_MOVE_FREE : 0u) |
	       (ops->move_domain ? FNUMA_CAP_MOVE_DOMAIN : 0u) |
	       (ops->probe ? FNUMA_CAP_PROBE : 0u);
}

static void complete(struct fnuma_backend_ops *ops, uint32_t caps)
{
	if (!(caps & FNUMA_CAP_NODE_COUNTS))
		ops->node_counts = no_node_counts;
	if (!(caps & FNUMA_CAP_PAGE_NODES))
		ops->page_nodes = no_page_nodes;
	if (!(caps & FNUMA_CAP_FLIP))
		ops->flip = no_flip;
	if (!(caps & FNUMA_CAP_ACQUIRE)) {
		ops->acquire = no_acquire;
		ops->release = no_release_or_probe;
	}
	if (!(caps & FNUMA_CAP_MOVE_PAGE))
		ops->move_page = no_move;
	if (!(caps & FNUMA_CAP_MOVE_FREE))
		ops->move_free = no_move;
	if (!(caps & FNUMA_CAP_MOVE_DOMAIN))
		ops->move_domain = no_move_domain;
	if (!(caps & FNUMA_CAP_PROBE))
		ops->probe = no_release_or_probe;
}

/* A size that ends before the required operations, or within a pointer, is no table. */
static bool size_makes_sense(uint32_t size)
{
	const uint32_t least = offsetof(struct fnuma_backend_ops, node_counts);

	if (size >= sizeof(struct fnuma_backend_ops))
		return true;
	return size >= least && (size - least) % sizeof(void (*)(void)) == 0;
}

static int check_table(const struct fnuma_backend_ops *ops)
{
	const uint32_t traits = FNUMA_TRAIT_MAY_SLEEP | FNUMA_TRAIT_REENTRANT |
	                        FNUMA_TRAIT_IRQ_SAFE;

	if (!ops->name || !ops->name[0] || (ops->traits & ~traits))
		return FNUMA_E_INVAL;
	if (!ops->topology || !ops->alive)
		return FNUMA_E_NOTSUP;
	if (!ops->acquire != !ops->release)
		return FNUMA_E_INVAL;
	return FNUMA_OK;
}

int fnuma_backend_bind(struct fnuma_backend *be, const struct fnuma_backend_ops *ops,
                       void *cookie)
{
	struct fnuma_backend_ops own;
	int err;

	if (!be || !ops)
		return FNUMA_E_INVAL;
	if (ops->abi != FNUMA_BACKEND_ABI || !size_makes_sense(ops->size))
		return FNUMA_E_ABI;
	memset(&own, 0, sizeof(own));
	memcpy(&own, ops, ops->size < sizeof(own) ? ops->size : sizeof(own));
	err = check_table(&own);
	if (err)
		return err;
	own.size = sizeof(own);
	be->caps = caps_of(&own);
	complete(&own, be->caps);
	be->ops = own;
	be->cookie = cookie;
	return FNUMA_OK;
}

/* What may be said: values that can be true at all. */

static bool is_bound(const struct fnuma_backend *be)
{
	return be && be->ops.abi == FNUMA_BACKEND_ABI;
}

static bool is_error(int code)
{
	return code < 0 && code > FNUMA_E_LAST;
}

/* For operations that return no count. */
static int plain_return(int code)
{
	return code == FNUMA_OK || is_error(code) ? code : FNUMA_E_BACKEND;
}

static bool is_node(fnuma_node node)
{
	return node.id < FNUMA_NODES_MAX;
}

static bool node_may_be(fnuma_node node)
{
	return is_node(node) || node.id == FNUMA_NODE_UNKNOWN_ID ||
	       node.id == FNUMA_NODE_NONE_ID;
}

static bool is_ascending(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		if (pages[i - 1].n >= pages[i].n)
			return false;
	return true;
}

/* A multiplicative hash. */
static uint32_t hash_of(fnuma_gfn page, uint32_t bits)
{
	return page.n * UINT32_C(2654435761) >> (32 - bits);
}

#define SIEVE_BITS 12u

/* False if there are none. A bit for each hash, and no branch that depends on a page: of
 * full batches without duplicates it passes 6 in 10, of half as large ones 9 in 10. */
static bool may_have_duplicates(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t seen[(1u << SIEVE_BITS) / 32], met = 0, i;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < n; i++) {
		uint32_t h = hash_of(pages[i], SIEVE_BITS), bit = UINT32_C(1) << (h & 31);

		met |= seen[h >> 5] & bit;
		seen[h >> 5] |= bit;
	}
	return met != 0;
}

/* A table of twice the batch, open addressing. */
static bool has_duplicates(const fnuma_gfn *pages, uint32_t n)
{
	uint8_t slots[2 * FNUMA_BATCH_MAX]; /* 1 + index in `pages`, or 0 */
	uint32_t i, at;

	memset(slots, 0, sizeof(slots));
	for (i = 0; i < n; i++) {
		at = hash_of(pages[i], 7);
		for (; slots[at]; at = (at + 1) % sizeof(slots))
			if (pages[slots[at] - 1].n == pages[i].n)
				return true;
		slots[at] = (uint8_t)(i + 1);
	}
	return false;
}

static bool has_none(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i, found = 0;

	for (i = 0; i < n; i++)
		found |= pages[i].n == FNUMA_GFN_NONE_N;
	return found;
}

static int check_batch(const struct fnuma_backend *be, const fnuma_gfn *pages, uint32_t n,
                       const void *answers)
{
	if (!is_bound(be) || !pages || !answers || n == 0 || n > FNUMA_BATCH_MAX)
		return FNUMA_E_INVAL;
	if (has_none(pages, n))
		return FNUMA_E_RANGE;
	if (!is_ascending(pages, n) && may_have_duplicates(pages, n) &&
	    has_duplicates(pages, n))
		return FNUMA_E_DUPLICATE;
	return FNUMA_OK;
}

/* Queries. */

static bool node_info_may_be(const struct fnuma_topology *t, uint32_t node)
{
	uint32_t to;

	if (t->node[node].free_pages > t->node[node].size_pages)
		return false;
	for (to = 0; to < t->nodes; to++)
		if (t->distance[node][to] < t->distance[node][node])
			return false;
	return t->distance[node][node] > 0;
}

static bool topology_may_be(const struct fnuma_topology *t)
{
	uint32_t node;

	if (t->nodes == 0 || t->nodes > FNUMA_NODES_MAX)
		return false;
	if (t->page_bytes < FNUMA_PAGE_BYTES || (t->page_bytes & (t->page_bytes - 1)))
		return false;
	for (node = 0; node < t->nodes; node++)
		if (!node_info_may_be(t, node))
			return false;
	return true;
}

int fnuma_backend_topology(const struct fnuma_backend *be, struct fnuma_topology *out)
{
	int ret;

	if (!is_bound(be) || !out)
		return FNUMA_E_INVAL;
	memset(out, 0, sizeof(*out));
	ret = plain_return(be->ops.topology(be->cookie, out));
	if (ret)
		return ret;
	return topology_may_be(out) ? FNUMA_OK : FNUMA_E_BACKEND;
}

int fnuma_backend_alive(const struct fnuma_backend *be, fnuma_domain domain)
{
	if (!is_bound(be))
		return FNUMA_E_INVAL;
	return plain_return(be->ops.alive(be->cookie, domain));
}

/* A domain has fewer than UINT32_MAX pages, so that number marks an unwritten count. */
static bool counts_may_be(const uint32_t *counts, uint32_t nodes)
{
	uint64_t sum = 0;
	uint32_t node;

	for (node = 0; node < nodes; node++)
		sum += counts[node];
	return sum < UINT32_MAX;
}

int fnuma_backend_node_counts(const struct fnuma_backend *be, fnuma_domain domain,
                              uint32_t *counts, uint32_t nodes)
{
	int ret;

	if (!is_bound(be) || !counts || nodes == 0 || nodes > FNUMA_NODES_MAX)
		return FNUMA_E_INVAL;
	memset(counts, 0xff, nodes * sizeof(*counts));
	ret = plain_return(be->ops.node_counts(be->cookie, domain, counts, nodes));
	if (ret)
		return ret;
	return counts_may_be(counts, nodes) ? FNUMA_OK : FNUMA_E_BACKEND;
}

int fnuma_backend_page_nodes(const struct fnuma_backend *be, fnuma_domain domain,
                             const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes)
{
	int ret = check_batch(be, pages, n, nodes);
	uint32_t i;

	if (ret)
		return ret;
	memset(nodes, FNUMA_NODE_UNKNOWN_ID, n * sizeof(*nodes));
	ret = be->ops.page_nodes(be->cookie, domain, pages, n, nodes);
	if (is_error(ret))
		return ret;
	if (ret < 0 || (uint32_t)ret > n)
		return FNUMA_E_BACKEND;
	for (i = 0; i < n; i++)
		if (i >= (uint32_t)ret || !node_may_be(nodes[i]))
			nodes[i] = fnuma_node_unknown();
	return (int)n;
}

/* A page's status. */

static struct fnuma_result result(enum fnuma_outcome outcome, fnuma_node node, int reason)
{
	struct fnuma_result r;

	r.outcome = (uint8_t)outcome;
	r.node = node;
	r.reason = (int16_t)reason;
	return r;
}

/* Until the probe, `reason` is the one that holds if the page turns out not done, and
 * `node` is what the backend claimed. */
static struct fnuma_result in_doubt(int reason)
{
	return result(FNUMA_UNKNOWN, fnuma_node_unknown(), reason);
}

/* A status as it may be, or in doubt. */
static struct fnuma_result judged(struct fnuma_result r)
{
	if (r.outcome == FNUMA_UNKNOWN)
		return in_doubt(FNUMA_E_BUSY);
	if (!node_may_be(r.node))
		return in_doubt(FNUMA_E_BACKEND);
	if (r.outcome == FNUMA_DONE && r.reason == FNUMA_OK)
		return r;
	if (r.outcome == FNUMA_NOT_DONE && is_error(r.reason))
		return r;
	return in_doubt(FNUMA_E_BACKEND);
}

/* Probing: where pages are now. Answers: done with a node, not done, or unknown. */

static struct fnuma_result answer_of_node(fnuma_node node)
{
	if (node.id == FNUMA_NODE_NONE_ID)
		return result(FNUMA_NOT_DONE, node, FNUMA_E_GONE);
	return result(FNUMA_DONE, node, FNUMA_OK);
}

static int ask_page_nodes(const struct fnuma_backend *be, fnuma_domain domain,
                          const fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *answers)
{
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i;
	int ret = fnuma_backend_page_nodes(be, domain, pages, n, nodes);

	for (i = 0; ret > 0 && i < n; i++)
		answers[i] = answer_of_node(nodes[i]);
	return ret;
}

static struct fnuma_result checked_answer(struct fnuma_result r)
{
	r = judged(r);
	if (r.outcome == FNUMA_NOT_DONE)
		return result(FNUMA_NOT_DONE, fnuma_node_none(), r.reason);
	if (r.outcome == FNUMA_DONE && is_node(r.node))
		return r;
	return result(FNUMA_UNKNOWN, fnuma_node_unknown(), FNUMA_E_LOST_TRACK);
}

static int ask(const struct fnuma_backend *be, fnuma_domain domain,
               const fnuma_gfn *pages, uint32_t n, struct fnuma_result *answers)
{
	uint32_t i;
	int ret;

	memset(answers, 0, n * sizeof(*answers));
	if (be->caps & FNUMA_CAP_PROBE)
		ret = be->ops.probe(be->cookie, domain, pages, n, answers);
	else
		ret = ask_page_nodes(be, domain, pages, n, answers);
	if (is_error(ret))
		return ret;
	if (ret < 0 || (uint32_t)ret > n)
		return FNUMA_E_BACKEND;
	for (i = 0; i < n; i++)
		answers[i] = checked_answer(i < (uint32_t)ret ? answers[i] : in_doubt(0));
	return (int)n;
}

int fnuma_backend_probe(const struct fnuma_backend *be, fnuma_domain domain,
                        const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	int err = check_batch(be, pages, n, results);

	return err ? err : ask(be, domain, pages, n, results);
}

/* Settling what is in doubt. A probe says where a page is. That is all there is to know
 * of a move; whether a flip happened it cannot say, nor who owns a page now. */

static struct fnuma_result settled_move(struct fnuma_result doubt,
                                        struct fnuma_result answer, fnuma_node to)
{
	if (answer.outcome == FNUMA_NOT_DONE)
		return answer;
	if (answer.outcome == FNUMA_DONE && answer.node.id == to.id)
		return answer;
	if (answer.outcome == FNUMA_DONE)
		return result(FNUMA_NOT_DONE, answer.node, doubt.reason);
	if (is_node(doubt.node))
		return result(FNUMA_NOT_DONE, doubt.node, doubt.reason);
	return answer;
}

static struct fnuma_result settled(const struct batch *b, struct fnuma_result doubt,
                                   struct fnuma_result answer)
{
	if (b->request == REQUEST_MOVE)
		return settled_move(doubt, answer, b->to);
	if (b->request == REQUEST_RELEASE && answer.outcome == FNUMA_NOT_DONE)
		return result(FNUMA_DONE, fnuma_node_none(), FNUMA_OK);
	return result(FNUMA_UNKNOWN, answer.node, FNUMA_E_LOST_TRACK);
}

static void settle(const struct batch *b)
{
	struct fnuma_result answers[FNUMA_BATCH_MAX];
	fnuma_gfn open[FNUMA_BATCH_MAX];
	uint32_t i, n = 0;

	for (i = 0; i < b->n; i++)
		if (b->results[i].outcome == FNUMA_UNKNOWN)
			open[n++] = b->pages[i];
	if (n == 0)
		return;
	if (ask(b->be, b->domain, open, n, answers) < 0)
		for (i = 0; i < n; i++)
			answers[i] = checked_answer(in_doubt(0));
	for (i = b->n; i-- > 0;)
		if (b->results[i].outcome == FNUMA_UNKNOWN)
			b->results[i] = settled(b, b->results[i], answers[--n]);
}

/* Judging a batch. */

static struct fnuma_result judged_for(const struct batch *b, struct fnuma_result r)
{
	r = judged(r);
	if (r.outcome != FNUMA_DONE)
		return r;
	if (b->request == REQUEST_FLIP && r.node.id == FNUMA_NODE_NONE_ID)
		return in_doubt(FNUMA_E_BACKEND);
	if (b->request == REQUEST_MOVE && r.node.id != b->to.id)
		return result(FNUMA_UNKNOWN, r.node, FNUMA_E_LIE);
	return r;
}

/* Did the backend say that it touched the page? */
static bool is_claimed(struct fnuma_result r)
{
	return r.outcome != FNUMA_UNFILLED && r.outcome != FNUMA_NOT_DONE;
}

static bool any_claimed(const struct batch *b)
{
	uint32_t i;

	for (i = 0; i < b->n; i++)
		if (is_claimed(b->results[i]))
			return true;
	return false;
}

/* Pages that the backend says it did not attempt. */
static struct fnuma_result judged_beyond(struct fnuma_result r)
{
	if (is_claimed(r))
		return in_doubt(FNUMA_E_BACKEND);
	return result(FNUMA_NOT_DONE, fnuma_node_unknown(), FNUMA_E_NOT_TRIED);
}

static void judge(const struct batch *b, int ret)
{
	const bool broken = ret <= FNUMA_E_LAST || (ret > 0 && (uint32_t)ret > b->n);
	const uint32_t tried = ret > 0 ? (uint32_t)ret : 0;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		if (broken)
			b->results[i] = in_doubt(FNUMA_E_BACKEND);
		else if (i < tried)
			b->results[i] = judged_for(b, b->results[i]);
		else
			b->results[i] = judged_beyond(b->results[i]);
	}
}

static int count_done(const struct batch *b)
{
	uint32_t i;
	int done = 0;

	for (i = 0; i < b->n; i++)
		done += b->results[i].outcome == FNUMA_DONE;
	return done;
}

/* A result fits a word; a negative size says if it ever does not. */
typedef char result_is_a_word[sizeof(struct fnuma_result) == sizeof(uint32_t) ? 1 : -1];

/* The usual case: every page was attempted, done, and is on a node that may be. The bits
 * that any result has, and those that all have, tell: the bound on nodes is a power of 2. */
static bool all_plainly_done(const struct batch *b, int ret)
{
	uint32_t i, word, any_bits = 0, all_bits = UINT32_MAX;
	struct fnuma_result any, all;

	if (ret < 0 || (uint32_t)ret != b->n)
		return false;
	for (i = 0; i < b->n; i++) {
		memcpy(&word, &b->results[i], sizeof(word));
		any_bits |= word;
		all_bits &= word;
	}
	memcpy(&any, &any_bits, sizeof(any));
	memcpy(&all, &all_bits, sizeof(all));
	if (any.outcome != FNUMA_DONE || all.outcome != FNUMA_DONE || any.reason)
		return false;
	if (b->request == REQUEST_MOVE)
		return any.node.id == b->to.id && all.node.id == b->to.id;
	return any.node.id < FNUMA_NODES_MAX;
}

/* From what an operation returned to what its caller may rely on. */
static int finish(const struct batch *b, int ret)
{
	if (all_plainly_done(b, ret))
		return ret;
	if (is_error(ret) && !any_claimed(b))
		return ret;
	judge(b, ret);
	settle(b);
	return count_done(b);
}

int fnuma_backend_flip(const struct fnuma_backend *be, fnuma_domain domain,
                       fnuma_domain peer, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	struct batch b = {be, domain, pages, n, results, REQUEST_FLIP, {0}};
	int err = check_batch(be, pages, n, results);

	if (err)
		return err;
	if (fnuma_domain_same(domain, peer))
		return FNUMA_E_INVAL;
	memset(results, 0, n * sizeof(*results));
	return finish(&b, be->ops.flip(be->cookie, domain, peer, pages, n, results));
}

int fnuma_backend_release(const struct fnuma_backend *be, fnuma_domain domain,
                          const fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results)
{
	struct batch b = {be, domain, pages, n, results, REQUEST_RELEASE, {0}};
	int err = check_batch(be, pages, n, results);

	if (err)
		return err;
	memset(results, 0, n * sizeof(*results));
	return finish(&b, be->ops.release(be->cookie, domain, pages, n, results));
}

static void add_spent(uint64_t *total, uint64_t ns)
{
	if (total)
		*total = ns > UINT64_MAX - *total ? UINT64_MAX : *total + ns;
}

int fnuma_backend_move(const struct fnuma_backend *be, fnuma_domain domain,
                       const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                       enum fnuma_content content, struct fnuma_result *results,
                       uint64_t *spent_ns)
{
	struct batch b = {be, domain, pages, n, results, REQUEST_MOVE, to};
	int ret = check_batch(be, pages, n, results);
	uint64_t spent = 0;

	if (ret)
		return ret;
	if (content != FNUMA_CONTENT_KEEP && content != FNUMA_CONTENT_NOBODYS)
		return FNUMA_E_INVAL;
	if (!is_node(to))
		return FNUMA_E_RANGE;
	memset(results, 0, n * sizeof(*results));
	if (content == FNUMA_CONTENT_NOBODYS && (be->caps & FNUMA_CAP_MOVE_FREE))
		ret = be->ops.move_free(be->cookie, domain, pages, n, to, results,
		                        &spent);
	else
		ret = be->ops.move_page(be->cookie, domain, pages, n, to, results,
		                        &spent);
	add_spent(spent_ns, spent);
	return finish(&b, ret);
}

int fnuma_backend_move_domain(const struct fnuma_backend *be, fnuma_domain domain,
                              fnuma_node to)
{
	if (!is_bound(be))
		return FNUMA_E_INVAL;
	if (!is_node(to))
		return FNUMA_E_RANGE;
	return plain_return(be->ops.move_domain(be->cookie, domain, to));
}

/* Acquiring. */

/* A page got, or one that may have been: whoever must not own a page twice may hand out the
 * first kind only. */
static struct fnuma_result acquired(struct fnuma_result r)
{
	bool done = r.outcome == FNUMA_DONE && r.reason == FNUMA_OK;

	if (done || r.outcome == FNUMA_UNFILLED)
		return result(FNUMA_DONE, done && is_node(r.node) ? r.node : fnuma_node_unknown(),
		              FNUMA_OK);
	return result(FNUMA_UNKNOWN, fnuma_node_unknown(), FNUMA_E_LOST_TRACK);
}

static bool is_among(const fnuma_gfn *pages, uint32_t n, fnuma_gfn page)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (pages[i].n == page.n)
			return true;
	return false;
}

static int pack(fnuma_gfn *pages, struct fnuma_result *results, uint32_t n)
{
	uint32_t i, got = 0;

	for (i = 0; i < n; i++) {
		if (pages[i].n == FNUMA_GFN_NONE_N || results[i].outcome == FNUMA_NOT_DONE ||
		    is_among(pages, got, pages[i]))
			continue;
		pages[got] = pages[i];
		results[got++] = acquired(results[i]);
	}
	return (int)got;
}

int fnuma_backend_acquire(const struct fnuma_backend *be, fnuma_domain domain,
                          fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	int ret;

	if (!is_bound(be) || !pages || !results || n == 0 || n > FNUMA_BATCH_MAX)
		return FNUMA_E_INVAL;
	memset(pages, 0xff, n * sizeof(*pages));
	memset(results, 0, n * sizeof(*results));
	ret = be->ops.acquire(be->cookie, domain, pages, n, results);
	if (is_error(ret))
		return ret;
	if (ret < 0 || (uint32_t)ret > n)
		return FNUMA_E_BACKEND;
	return pack(pages, results, (uint32_t)ret);
}
