/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* MOVE_PAGE and MOVE_FREE: what is refused, and batches cut to the length of a pause. */
#include "parts.h"
#include <stdio.h>
#include <string.h>

/* How long a look at xenstore for passed-through devices is believed. */
#define PCI_AGE_NS 1000000000u
/* The same for a log of written pages, as long as there was none. */
#define LOG_AGE_NS 20000000u
/* And for a node's free pages, as long as they are many. */
#define PLENTY_AGE_NS 100000000u
#define PLENTY_PAGES (1u << 15)

static int look_for_devices(struct fnuma_xen *x, struct xen_domain *d)
{
	const uint64_t now = xen_now(x);
	char path[64];
	int got;

	if (d->pci_ns && now - d->pci_ns < PCI_AGE_NS)
		return FNUMA_OK;
	snprintf(path, sizeof(path), "/libxl/%u/device/pci", d->info.domid);
	got = XEN(x, has, path);
	if (got < 0)
		return xen_error(got);
	d->pci = got > 0;
	d->pci_ns = now ? now : 1;
	return FNUMA_OK;
}

/* Frames populated on demand: there are some from the beginning, or never. */
static int look_for_pod(struct fnuma_xen *x, struct xen_domain *d)
{
	uint64_t pages;
	int err;

	if (!d->pod)
		return FNUMA_OK;
	err = XEN(x, pod, d->info.domid, &pages);
	if (!err)
		d->pod = pages > 0;
	return xen_error(err);
}

/* One that begins in between is told what was written, by swap.c. */
static int look_for_migration(struct fnuma_xen *x, struct xen_domain *d)
{
	const uint64_t now = xen_now(x);
	int got;

	if (d->unlogged_ns && now - d->unlogged_ns < LOG_AGE_NS)
		return FNUMA_OK;
	got = XEN(x, log_dirty, d->info.domid);
	d->unlogged_ns = got ? 0 : now;
	return got < 0 ? xen_error(got) : got ? FNUMA_E_BUSY : FNUMA_OK;
}

/* States in which no page moves. What passes is busy. */
static int may_move(struct fnuma_xen *x, struct xen_domain *d)
{
	int got;

	if (!d->info.hvm)
		return FNUMA_E_NOTSUP;
	if (d->stopped)
		return FNUMA_E_PINNED;
	if (d->info.shutdown)
		return d->info.shutdown_code == XEN_SHUTDOWN_SUSPEND ? FNUMA_E_BUSY :
		                                                       FNUMA_E_GONE;
	if (d->info.paused)
		return FNUMA_E_BUSY;
	got = look_for_devices(x, d);
	if (!got)
		got = look_for_pod(x, d);
	if (got || d->pci || d->pod)
		return got ? got : FNUMA_E_DENIED;
	return look_for_migration(x, d);
}

/* While there is plenty, an answer that is a moment old will do. */
static bool is_plenty(const struct fnuma_xen *x, fnuma_node to)
{
	return x->topology_ns && xen_now(x) - x->topology_ns < PLENTY_AGE_NS &&
	       to.id < x->topology.nodes && x->topology.node[to.id].free_pages > PLENTY_PAGES;
}

/* Pages of the node that may be taken. */
static int room_on(struct fnuma_xen *x, fnuma_node to, uint32_t *pages)
{
	int err = is_plenty(x, to) ? FNUMA_OK : xen_op_topology(x, &x->topology);

	if (err)
		return err;
	if (to.id >= x->topology.nodes)
		return FNUMA_E_RANGE;
	*pages = x->topology.node[to.id].free_pages > UINT32_MAX ?
	         UINT32_MAX : (uint32_t)x->topology.node[to.id].free_pages;
	return FNUMA_OK;
}

/* What can be said of a page without stopping the guest. Not to be listed is enough to be
 * refused; whether what is listed still is, is asked again in the pause. */
static int refused(struct fnuma_xen *x, const struct xen_domain *d, fnuma_gfn page,
                   bool content)
{
	if (page.n >= d->frames)
		return FNUMA_E_RANGE;
	if (xen_agent_owns(d, page))
		return FNUMA_E_DENIED;
	if (xen_is_listed(d, page, content))
		return FNUMA_OK;
	x->stats.unlisted_pages++;
	return FNUMA_E_DENIED;
}

struct job {
	struct xen_chunk c;
	const fnuma_gfn *pages;
	struct fnuma_result *results;
	uint32_t n;
	uint32_t left[FNUMA_BATCH_MAX]; /* places of those that are to be tried */
	uint32_t n_left;
	uint32_t room;             /* pages that the node can give */
};

static void reject(struct job *j, uint32_t i, int reason)
{
	j->results[i].outcome = FNUMA_NOT_DONE;
	j->results[i].node = fnuma_node_unknown();
	j->results[i].reason = (int16_t)reason;
}

static void reject_rest(struct job *j, int reason)
{
	uint32_t i;

	for (i = 0; i < j->n_left; i++)
		reject(j, j->left[i], reason);
	j->n_left = 0;
}

static void list_pages(struct job *j)
{
	uint32_t i;

	for (i = 0; i < j->n; i++) {
		int reason = refused(j->c.x, j->c.d, j->pages[i], j->c.content);

		if (reason)
			reject(j, i, reason);
		else
			j->left[j->n_left++] = i;
	}
}

static void note_place(struct xen_domain *d, fnuma_gfn page, fnuma_node node)
{
	d->placed[page.n] = (uint8_t)(node.id + 1); /* not known: 0 */
	if (d->nodes)
		d->nodes[page.n] = node;
}

/* Results of a chunk: pages it did not come to stay on the list, in order. */
static void collect(struct job *j)
{
	uint32_t i, kept = 0;

	for (i = 0; i < j->n_left; i++) {
		const uint32_t at = j->left[i];

		if (i >= j->c.n || j->c.result[i].outcome == FNUMA_UNFILLED) {
			j->left[kept++] = at;
			continue;
		}
		j->results[at] = j->c.result[i];
		if (j->results[at].outcome == FNUMA_DONE)
			note_place(j->c.d, j->pages[at], j->c.to);
		else if (j->results[at].outcome == FNUMA_UNKNOWN)
			note_place(j->c.d, j->pages[at], fnuma_node_unknown());
	}
	j->n_left = kept;
	j->room -= j->c.moved;
}

/* One pause. False if there is no point in another. */
static bool step(struct job *j)
{
	const uint32_t before = j->n_left;
	uint32_t i;
	int err;

	j->c.n = j->n_left < j->c.d->batch ? j->n_left : j->c.d->batch;
	if (j->c.n > j->room)
		j->c.n = j->room;
	if (!j->c.n) {
		reject_rest(j, FNUMA_E_NOMEM);
		return false;
	}
	for (i = 0; i < j->c.n; i++)
		j->c.gfn[i] = j->pages[j->left[i]];
	err = xen_swap(&j->c);
	collect(j);
	j->c.x->stats.moved_pages += j->c.content ? j->c.moved : 0;
	j->c.x->stats.replaced_pages += j->c.content ? 0 : j->c.moved;
	if (err || j->c.d->stopped)
		reject_rest(j, err ? err : FNUMA_E_PINNED);
	else if (j->c.populated < j->c.n)
		reject_rest(j, FNUMA_E_NOMEM);
	else if (j->n_left == before)
		reject_rest(j, FNUMA_E_BUSY);
	return j->n_left > 0;
}

static int move(struct fnuma_xen *x, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                fnuma_node to, struct fnuma_result *results, bool content)
{
	struct job j;
	int err;

	memset(&j, 0, sizeof(j));
	err = xen_find_alive(x, domain, &j.c.d);
	if (!err)
		err = room_on(x, to, &j.room);
	if (!err)
		err = may_move(x, j.c.d);
	if (!err && j.c.d->record.state != JOURNAL_IDLE)
		err = xen_clean_up(x, domain.slot, &j.c.d->record, &j.c.d->info);
	if (err)
		return err;
	j.c.x = x;
	j.c.slot = domain.slot;
	j.c.to = to;
	j.c.content = content;
	j.pages = pages;
	j.results = results;
	j.n = n;
	list_pages(&j);
	while (j.n_left && step(&j))
		;
	return (int)n;
}

static int timed(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                 fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns,
                 bool content)
{
	struct fnuma_xen *x = cookie;
	const uint64_t begun = xen_now(x);
	int ret = move(x, domain, pages, n, to, results, content);

	*spent_ns += xen_now(x) - begun;
	return ret;
}

int xen_op_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	return timed(cookie, domain, pages, n, to, results, spent_ns, true);
}

int xen_op_move_free(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	return timed(cookie, domain, pages, n, to, results, spent_ns, false);
}
