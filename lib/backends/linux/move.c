/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The two uses of move_pages(2), and what its answers mean. */
#include "linux_host.h"
#include <errno.h>
#include <numaif.h>
#include <string.h>

/* What the kernel has not written: no node, no errno. */
#define UNSAID INT32_MIN

static struct fnuma_result result(int outcome, fnuma_node node, int reason)
{
	struct fnuma_result r = {(uint8_t)outcome, node, (int16_t)reason};

	return r;
}

/* A call that was refused has said nothing of any page. */
static int take_back(struct fnuma_result *results, uint32_t n, int err)
{
	memset(results, 0, n * sizeof(*results));
	return err;
}

/* Of one page. */
static int reason_of(int status)
{
	switch (-status) {
	case ENOENT: /* not there: never touched, or swapped out */
	case EFAULT: /* nothing is mapped there, or the page of zeroes */
		return FNUMA_E_GONE;
	case EACCES: /* mapped by other processes too, which may not be disturbed */
	case EHWPOISON:
		return FNUMA_E_PINNED;
	case EBUSY:
	case EAGAIN:
	case EIO: /* being written */
	case EINVAL: /* dirty, of a file system that cannot move it */
		return FNUMA_E_BUSY;
	case ENOMEM:
		return FNUMA_E_NOMEM;
	case EPERM:
		return FNUMA_E_DENIED;
	default:
		return FNUMA_E_BACKEND;
	}
}

/* Of a call as a whole: no process, or none with memory, may be one that ended. */
static int refusal(const struct fnuma_linux *host, const struct linux_domain *d, long ret)
{
	if (linux_runs(host, d) == FNUMA_E_GONE || ret == -EINVAL)
		return FNUMA_E_GONE;
	return linux_error((int)ret);
}

static void *address_of(const struct fnuma_linux *host, const struct linux_range *r,
                        uint32_t frame, bool whole)
{
	uint64_t address = r->address + (uint64_t)(frame - r->first) * host->page_bytes;

	/* The kernel moves a page of hugetlbfs by its first address only, which may be before
	 * the range. */
	if (whole)
		address -= address % ((uint64_t)r->huge_pages * host->page_bytes);
	return (void *)(uintptr_t)address;
}

/* The pages that the domain has; the others get their results at once. */
static void fill_call(const struct fnuma_linux *host, const struct linux_domain *d,
                      const fnuma_gfn *pages, uint32_t n, bool whole,
                      struct linux_call *c, struct fnuma_result *results)
{
	const struct linux_range *r = NULL;
	uint32_t i;

	c->n = 0;
	for (i = 0; i < n; i++) {
		if (!r || pages[i].n < r->first || pages[i].n - r->first >= r->pages)
			r = linux_range_of(d, pages[i].n);
		if (!r) {
			results[i] = result(FNUMA_NOT_DONE, fnuma_node_none(),
			                    pages[i].n < d->info->frames ? FNUMA_E_GONE
			                                                 : FNUMA_E_RANGE);
			continue;
		}
		c->address[c->n] = address_of(host, r, pages[i].n, whole);
		c->at[c->n++] = (uint16_t)i;
	}
}

/* --- where pages are --------------------------------------------------------------- */

static struct fnuma_result where(const struct fnuma_linux *host, int status)
{
	if (status >= 0 && (uint32_t)status < host->nodes)
		return result(FNUMA_DONE, fnuma_node_of((uint32_t)status), FNUMA_OK);
	if (status >= 0 || reason_of(status) != FNUMA_E_GONE)
		return result(FNUMA_UNKNOWN, fnuma_node_unknown(), 0);
	return result(FNUMA_NOT_DONE, fnuma_node_none(), FNUMA_E_GONE);
}

/* FNUMA_OK or an error. */
static int ask(struct fnuma_linux *host, const struct linux_domain *d, struct linux_call *c)
{
	long ret = 0;

	if (c->n)
		ret = host->kernel.move_pages(host->kernel.context, d->pid, c->n, c->address,
		                              NULL, c->status, 0);
	return ret < 0 ? refusal(host, d, ret) : linux_runs(host, d);
}

int linux_query_call(struct fnuma_linux *host, const struct linux_domain *d,
                     struct linux_call *c, uint32_t n, struct fnuma_result *results)
{
	uint32_t i;
	int err = linux_runs(host, d);

	if (!err)
		err = ask(host, d, c);
	for (i = 0; !err && i < c->n; i++)
		results[c->at[i]] = where(host, c->status[i]);
	return err ? take_back(results, n, err) : FNUMA_OK;
}

int linux_query(struct fnuma_linux *host, const struct linux_domain *d,
                const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	struct linux_call c;

	fill_call(host, d, pages, n, false, &c, results);
	return linux_query_call(host, d, &c, n, results);
}

/* --- moving ------------------------------------------------------------------------ */

struct move {
	struct fnuma_linux *host;
	const struct linux_domain *d;
	int to;
	struct fnuma_result *results;
};

/* What the call itself said of a page, if that is the last word. */
static bool is_settled(const struct move *m, int status, struct fnuma_result *out)
{
	if (status == UNSAID || status == -EBUSY)
		return false;
	if (status == m->to)
		*out = result(FNUMA_DONE, fnuma_node_of((uint32_t)m->to), FNUMA_OK);
	else if (status >= 0)
		*out = result(FNUMA_NOT_DONE, fnuma_node_unknown(), FNUMA_E_BUSY);
	else
		*out = result(FNUMA_NOT_DONE, reason_of(status) == FNUMA_E_GONE
		                              ? fnuma_node_none() : fnuma_node_unknown(),
		              reason_of(status));
	return true;
}

/* Of some pages a call says nothing: of all that it tried together, if one of them did not
 * move. And of huge pages it says busy for frames that moved with another. Where they are
 * now decides. Returns how many are where they were to go. */
static uint32_t settle(const struct move *m, const struct linux_call *done, uint32_t n, int why)
{
	struct fnuma_result *r;
	struct linux_call c;
	uint32_t i, moved = 0;
	int err;

	for (c.n = 0, i = 0; i < n; i++) {
		r = &m->results[done->at[i]];
		if (is_settled(m, done->status[i], r)) {
			moved += r->outcome == FNUMA_DONE;
			continue;
		}
		c.address[c.n] = done->address[i];
		c.at[c.n++] = done->at[i];
	}
	err = ask(m->host, m->d, &c);
	for (i = 0; i < c.n; i++) {
		r = &m->results[c.at[i]];
		*r = err ? result(FNUMA_UNKNOWN, fnuma_node_unknown(), 0)
		         : where(m->host, c.status[i]);
		if (r->outcome == FNUMA_DONE && r->node.id != m->to)
			*r = result(FNUMA_NOT_DONE, r->node, why);
		moved += r->outcome == FNUMA_DONE;
	}
	return moved;
}

/* How many pages of a call, from the front, the kernel has tried. It tries them together,
 * up to one that it can say something of by itself; if one of those did not move, it stops
 * right there, having said nothing of them. */
static uint32_t tried(const struct linux_call *c)
{
	uint32_t i, last = 0;
	bool failed = false;

	for (i = 0; i < c->n; i++)
		if (c->status[i] != UNSAID)
			last = i;
	for (i = 0; i < last; i++)
		failed |= c->status[i] == UNSAID;
	return failed ? last + 1 : c->n;
}

static long move_rest(const struct move *m, struct linux_call *c)
{
	const int flags = m->d->shared ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;
	int nodes[LINUX_CALL_PAGES];
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		nodes[i] = m->to;
		c->status[i] = UNSAID;
	}
	return m->host->kernel.move_pages(m->host->kernel.context, m->d->pid, c->n,
	                                  c->address, nodes, c->status, flags);
}

/* As the kernel would say that there is no memory, having tried nothing. */
static long leave_all(struct linux_call *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		c->status[i] = UNSAID;
	return -ENOMEM;
}

static void drop_front(struct linux_call *c, uint32_t n)
{
	c->n -= n;
	memmove(c->address, c->address + n, c->n * sizeof(*c->address));
	memmove(c->at, c->at + n, c->n * sizeof(*c->at));
}

/* For want of memory the kernel looks hard and long, and in vain: it is asked again when
 * more is free than then, and now and then all the same. */
#define FULL_UNASKED 16u
#define FULL_PAGES   64

static bool is_full(struct fnuma_linux *host, uint32_t node)
{
	struct linux_full *full = &host->full[node];
	int64_t available;

	if (!full->is)
		return false;
	full->is = ++full->unasked <= FULL_UNASKED &&
	           host->kernel.node_bytes(host->kernel.context, (int)node, &available) >= 0 &&
	           available < full->free_bytes + (int64_t)FULL_PAGES * host->page_bytes;
	return full->is;
}

static void remember_full(struct fnuma_linux *host, uint32_t node)
{
	struct linux_full *full = &host->full[node];

	full->unasked = 0;
	full->is = host->kernel.node_bytes(host->kernel.context, (int)node,
	                                   &full->free_bytes) >= 0;
}

/* FNUMA_OK, or an error if nothing was moved. Each call gets at least one page behind it. */
static int move_all(const struct move *m, struct linux_call *c)
{
	uint32_t n, moved = 0;
	int err = FNUMA_OK;

	while (c->n && !err) {
		long ret = is_full(m->host, (uint32_t)m->to) ? leave_all(c) : move_rest(m, c);

		if (ret == -ENOMEM && !m->host->full[m->to].is)
			remember_full(m->host, (uint32_t)m->to);
		if (ret < 0 && ret != -ENOMEM)
			err = refusal(m->host, m->d, ret);
		n = ret < 0 ? c->n : tried(c);
		moved += settle(m, c, n, ret == -ENOMEM ? FNUMA_E_NOMEM
		                         : err ? err : FNUMA_E_BUSY);
		drop_front(c, n);
	}
	return moved ? FNUMA_OK : err;
}

int linux_move_call(struct fnuma_linux *host, const struct linux_domain *d,
                    struct linux_call *c, uint32_t n, fnuma_node to,
                    struct fnuma_result *results, uint64_t *spent_ns)
{
	const struct move m = {host, d, to.id, results};
	uint64_t before;
	int err = linux_runs(host, d);

	if (!err && (to.id >= host->nodes || !(host->memory_nodes >> to.id & 1)))
		err = FNUMA_E_RANGE;
	if (err)
		return take_back(results, n, err);
	before = host->kernel.spent_ns(host->kernel.context);
	err = move_all(&m, c);
	*spent_ns += host->kernel.spent_ns(host->kernel.context) - before;
	if (!err)
		err = linux_runs(host, d);
	return err ? take_back(results, n, err) : (int)n;
}

int linux_move(struct fnuma_linux *host, const struct linux_domain *d,
               const fnuma_gfn *pages, uint32_t n, fnuma_node to,
               struct fnuma_result *results, uint64_t *spent_ns)
{
	struct linux_call c;

	fill_call(host, d, pages, n, true, &c, results);
	return linux_move_call(host, d, &c, n, to, results, spent_ns);
}
