/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* An end of a share as a backend. */
#define _GNU_SOURCE
#include "share.h"
#include <fcntl.h>
#include <string.h>

/* Slots of handles. */
#define SELF 0u
#define PEER 1u

fnuma_domain fnuma_linux_share_self(const struct fnuma_linux_share *share)
{
	const fnuma_domain d = {SELF, share ? 1 : 0};

	return d;
}

fnuma_domain fnuma_linux_share_peer(const struct fnuma_linux_share *share)
{
	const fnuma_domain d = {PEER, share ? 1 : 0};

	return d;
}

/* The other end has joined, and its lock is no longer held. */
static bool peer_ended(const struct fnuma_linux_share *s)
{
	const struct share_header *h = (const struct share_header *)(const void *)s->memory;
	struct flock l;

	memset(&l, 0, sizeof(l));
	l.l_type = F_WRLCK;
	l.l_whence = SEEK_SET;
	l.l_start = (off_t)(1 - s->end);
	l.l_len = 1;
	if (!__atomic_load_n(&h->joined[1 - s->end], __ATOMIC_ACQUIRE))
		return false;
	return fcntl(s->fd, F_OFD_GETLK, &l) == 0 && l.l_type == F_UNLCK;
}

static int find(const struct fnuma_linux_share *s, fnuma_domain domain, uint32_t slot)
{
	if (domain.generation != 1 || domain.slot > PEER)
		return FNUMA_E_STALE;
	if (s->broken)
		return FNUMA_E_GONE;
	/* Only it knows which pages are behind its frames. */
	return domain.slot == slot ? FNUMA_OK : FNUMA_E_NOTSUP;
}

static int op_alive(void *cookie, fnuma_domain domain)
{
	const struct fnuma_linux_share *s = cookie;
	int err = find(s, domain, domain.slot);

	if (!err && domain.slot == PEER && peer_ended(s))
		err = FNUMA_E_GONE;
	return err;
}

static int op_topology(void *cookie, struct fnuma_topology *out)
{
	const struct fnuma_linux_share *s = cookie;

	return linux_topology(s->host, out);
}

/* --- where pages are, and moving them ---------------------------------------------- */

static void fill_call(const struct fnuma_linux_share *s, const fnuma_gfn *pages, uint32_t n,
                      struct linux_call *c, struct fnuma_result *results)
{
	uint32_t i;

	c->n = 0;
	for (i = 0; i < n; i++) {
		void *at = fnuma_linux_share_at(s, pages[i]);

		if (!at) {
			results[i].outcome = FNUMA_NOT_DONE;
			results[i].node = fnuma_node_none();
			results[i].reason = pages[i].n < s->frames ? FNUMA_E_GONE : FNUMA_E_RANGE;
			continue;
		}
		c->address[c->n] = at;
		c->at[c->n++] = (uint16_t)i;
	}
}

static int query(struct fnuma_linux_share *s, const fnuma_gfn *pages, uint32_t n,
                 struct fnuma_result *results)
{
	struct linux_call c;

	fill_call(s, pages, n, &c, results);
	return linux_query_call(s->host, &s->self, &c, n, results);
}

static int op_probe(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                    struct fnuma_result *results)
{
	struct fnuma_linux_share *s = cookie;
	int err = find(s, domain, SELF);

	if (!err)
		err = query(s, pages, n, results);
	return err ? err : (int)n;
}

static int op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                         uint32_t n, fnuma_node *nodes)
{
	return linux_nodes_by(op_probe, cookie, domain, pages, n, nodes);
}

static int op_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts,
                          uint32_t nodes)
{
	struct fnuma_result results[LINUX_CALL_PAGES];
	fnuma_gfn pages[LINUX_CALL_PAGES];
	struct fnuma_linux_share *s = cookie;
	uint32_t at = 0, n;
	int err = find(s, domain, SELF);

	memset(counts, 0, nodes * sizeof(*counts));
	while (!err && at < s->frames) {
		for (n = 0; n < LINUX_CALL_PAGES && at < s->frames; n++)
			pages[n] = fnuma_gfn_of(at++);
		err = query(s, pages, n, results);
		for (; !err && n > 0; n--)
			if (results[n - 1].outcome == FNUMA_DONE && results[n - 1].node.id < nodes)
				counts[results[n - 1].node.id]++;
	}
	return err;
}

static int op_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                        uint32_t n, fnuma_node to, struct fnuma_result *results,
                        uint64_t *spent_ns)
{
	struct fnuma_linux_share *s = cookie;
	struct linux_call c;
	int err = find(s, domain, SELF);

	if (err)
		return err;
	fill_call(s, pages, n, &c, results);
	return linux_move_call(s->host, &s->self, &c, n, to, results, spent_ns);
}

/* --- the allocator ----------------------------------------------------------------- */

static struct fnuma_result done(void)
{
	const struct fnuma_result r = {FNUMA_DONE, {FNUMA_NODE_UNKNOWN_ID}, FNUMA_OK};

	return r;
}

static struct fnuma_result not_done(int reason)
{
	const struct fnuma_result r = {FNUMA_NOT_DONE, {FNUMA_NODE_UNKNOWN_ID},
	                               (int16_t)reason};

	return r;
}

/* Of those done; what the kernel does not say stays unknown. */
static void say_nodes(struct fnuma_linux_share *s, const fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	struct fnuma_result where[FNUMA_BATCH_MAX];
	uint32_t i;

	if (query(s, pages, n, where) != FNUMA_OK)
		return;
	for (i = 0; i < n; i++)
		if (results[i].outcome == FNUMA_DONE && where[i].outcome == FNUMA_DONE)
			results[i].node = where[i].node;
}

static int op_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	struct fnuma_linux_share *s = cookie;
	int i, ret = find(s, domain, SELF);

	if (!ret)
		ret = fnuma_linux_share_alloc(s, pages, n);
	for (i = 0; i < ret; i++) {
		s->state[pages[i].n] = SHARE_ACQUIRED;
		results[i] = done();
	}
	if (ret > 0)
		say_nodes(s, pages, (uint32_t)ret, results);
	return ret;
}

static int op_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                      struct fnuma_result *results)
{
	struct fnuma_linux_share *s = cookie;
	uint32_t i;
	int err = find(s, domain, SELF);

	for (i = 0; !err && i < n; i++) {
		if (pages[i].n >= s->frames) {
			results[i] = not_done(FNUMA_E_RANGE);
		} else if (s->state[pages[i].n] != SHARE_ACQUIRED) {
			results[i] = not_done(FNUMA_E_STATE);
		} else {
			s->state[pages[i].n] = SHARE_FREE;
			s->list[s->n_free++] = pages[i].n;
			results[i] = done();
		}
	}
	return err ? err : (int)n;
}

/* --- flipping ---------------------------------------------------------------------- */

/* One frame against the next page posted. The page behind the frame becomes the peer's. */
static struct fnuma_result flip_one(struct fnuma_linux_share *s, fnuma_gfn page, int *left)
{
	uint32_t other, *behind;

	if (page.n >= s->frames)
		return not_done(FNUMA_E_RANGE);
	if (s->state[page.n] != SHARE_ACQUIRED && s->state[page.n] != SHARE_ALLOCATED)
		return not_done(FNUMA_E_STATE);
	if (*left <= 0)
		return not_done(FNUMA_E_NOMEM);
	other = share_take(s, &s->posted);
	if (other == SHARE_NO_PAGE)
		return not_done(FNUMA_E_GONE);
	--*left;
	behind = &s->behind[page.n];
	share_put(s, &s->give, *behind);
	share_set_own(s, *behind, false);
	share_set_own(s, other, true);
	*behind = other;
	return done();
}

static int op_flip(void *cookie, fnuma_domain domain, fnuma_domain peer,
                   const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	struct fnuma_linux_share *s = cookie;
	int left = 0, err = find(s, domain, SELF);
	uint32_t i;

	if (!err)
		err = find(s, peer, PEER);
	if (!err)
		left = share_ready(s, &s->posted);
	if (left < 0)
		err = left;
	for (i = 0; !err && i < n; i++)
		results[i] = flip_one(s, pages[i], &left);
	if (err)
		return err;
	share_show(&s->give);
	if (s->flags & FNUMA_LINUX_SHARE_NODES)
		say_nodes(s, pages, n, results);
	return (int)n;
}

static const struct fnuma_backend_ops share_ops = {
	FNUMA_BACKEND_OPS("linux-share", FNUMA_TRAIT_MAY_SLEEP),
	.topology = op_topology,
	.alive = op_alive,
	.node_counts = op_node_counts,
	.page_nodes = op_page_nodes,
	.flip = op_flip,
	.acquire = op_acquire,
	.release = op_release,
	.move_page = op_move_page,
	.probe = op_probe,
};

int fnuma_linux_share_backend(struct fnuma_linux_share *share, struct fnuma_backend *be)
{
	return share ? fnuma_backend_bind(be, &share_ops, share) : FNUMA_E_INVAL;
}
