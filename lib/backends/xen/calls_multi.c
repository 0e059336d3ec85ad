/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Several calls of Xen in one: while a guest is paused, each way into Xen and back counts.
 * They are done in order, one by one, and each says by itself how it went. All arguments are
 * in memory that stays where it is.
 */
#define _GNU_SOURCE
#include "calls_real.h"
#include <string.h>

#define CALLS 5u

struct multi {
	struct multicall_entry entry[CALLS];
	uint32_t n;
	struct xen_domctl pause, info, own;
	uint64_t frames[FNUMA_BATCH_MAX];  /* own's */
	struct gnttab_query_size size;
	struct gnttab_get_version version;
	struct xen_add_to_physmap_batch swap;
	xen_ulong_t from[FNUMA_BATCH_MAX]; /* swap's */
	xen_pfn_t to[FNUMA_BATCH_MAX];
	int errs[FNUMA_BATCH_MAX];
	struct xen_dm_op dirty;
	struct xen_dm_op_modified_memory_extent extent[FNUMA_BATCH_MAX + 1]; /* dirty's */
	struct xen_dm_op_buf buf[2];
};

#define MULTI_PAGES ((sizeof(struct multi) + 4095) / 4096)

int real_make_multi(struct real *r)
{
	r->multi = xencall_alloc_buffer_pages(r->call, MULTI_PAGES);
	return r->multi ? FNUMA_OK : FNUMA_E_NOMEM;
}

void real_free_multi(struct real *r)
{
	if (r->multi)
		xencall_free_buffer_pages(r->call, r->multi, MULTI_PAGES);
}

static void begin(struct multi *m)
{
	m->n = 0;
}

static void add(struct multi *m, unsigned int call, uint64_t a, uint64_t b, uint64_t c)
{
	struct multicall_entry *e = &m->entry[m->n++];

	memset(e, 0, sizeof(*e));
	e->op = call;
	e->result = (xen_ulong_t)-EIO; /* until it is done */
	e->args[0] = a;
	e->args[1] = b;
	e->args[2] = c;
}

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void add_domctl(struct multi *m, struct xen_domctl *d, uint32_t cmd, uint32_t domid)
{
	memset(d, 0, sizeof(*d));
	d->cmd = cmd;
	d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	d->domain = (domid_t)domid;
	add(m, __HYPERVISOR_domctl, at(d), 0, 0);
}

/* 0 or a negative errno, of all; what of one is said by result_of(). */
static int go(struct real *r)
{
	return real_error(xencall2(r->call, __HYPERVISOR_multicall, at(r->multi->entry),
	                           r->multi->n));
}

static int result_of(const struct multi *m, uint32_t i)
{
	return (int)m->entry[i].result;
}

/* libxenctrl has this call, but does not offer it in its header. */
static void add_own(struct multi *m, uint32_t domid, const fnuma_gfn *gfns, uint32_t n)
{
	uint32_t i;

	add_domctl(m, &m->own, XEN_DOMCTL_getpageframeinfo3, domid);
	m->own.u.getpageframeinfo3.num = n;
	set_xen_guest_handle_raw(m->own.u.getpageframeinfo3.array, m->frames);
	for (i = 0; i < n; i++)
		m->frames[i] = gfns[i].n;
}

static void take_own(const struct multi *m, uint32_t n, bool *own)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		own[i] = m->frames[i] == XEN_DOMCTL_PFINFO_NOTAB;
}

int real_own(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool *own)
{
	struct real *r = h;
	int err;

	begin(r->multi);
	add_own(r->multi, domid, gfns, n);
	err = go(r);
	take_own(r->multi, n, own);
	return err ? err : result_of(r->multi, 0);
}

/* Another domain is shown if there is none of that number. */
static int take_info(const struct multi *m, int result, uint32_t domid, struct xen_info *info)
{
	real_take_info(&m->info.u.getdomaininfo, info);
	return result ? result : info->domid == domid ? 0 : -ESRCH;
}

/* It is asked all the time: no need to go by libxenctrl, which copies. */
int real_info(void *h, uint32_t domid, struct xen_info *out)
{
	struct real *r = h;
	int err;

	begin(r->multi);
	add_domctl(r->multi, &r->multi->info, XEN_DOMCTL_getdomaininfo, domid);
	err = real_error(xencall1(r->call, __HYPERVISOR_domctl, at(&r->multi->info)));
	return take_info(r->multi, err, domid, out);
}

static void add_grants(struct multi *m, uint32_t domid)
{
	memset(&m->size, 0, sizeof(m->size));
	m->size.dom = (domid_t)domid;
	add(m, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, at(&m->size), 1);
	memset(&m->version, 0, sizeof(m->version));
	m->version.dom = (domid_t)domid;
	add(m, __HYPERVISOR_grant_table_op, GNTTABOP_get_version, at(&m->version), 1);
}

int real_pause(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
               struct xen_look *out)
{
	struct real *r = h;
	struct multi *m = r->multi;
	uint32_t i;
	int err;

	memset(out, 0, sizeof(*out));
	begin(m);
	add_domctl(m, &m->pause, XEN_DOMCTL_pausedomain, domid);
	add_domctl(m, &m->info, XEN_DOMCTL_getdomaininfo, domid);
	add_own(m, domid, gfns, n);
	add_grants(m, domid);
	err = go(r);
	if (err || result_of(m, 0))
		return err ? err : result_of(m, 0);
	out->err = take_info(m, result_of(m, 1), domid, &out->info);
	for (i = 2; i < m->n && !out->err; i++)
		out->err = result_of(m, i);
	if (!out->err && m->size.status != GNTST_okay)
		out->err = -EINVAL;
	take_own(m, n, out->own);
	out->grant_frames = m->size.nr_frames;
	out->grant_version = m->version.version;
	return 0;
}

/* Xen looks at what is in the call only if there is a log to write to. It goes from the last
 * extent to the first; that one, of no pages, is something that it refuses then, after it has
 * done the others. */
static void add_dirty(struct multi *m, uint32_t domid, const fnuma_gfn *gfns, uint32_t n)
{
	uint32_t i;

	memset(&m->dirty, 0, sizeof(m->dirty));
	m->dirty.op = XEN_DMOP_modified_memory;
	m->dirty.u.modified_memory.nr_extents = n + 1;
	memset(m->extent, 0, (n + 1) * sizeof(m->extent[0]));
	for (i = 0; i < n; i++) {
		m->extent[i + 1].nr = 1;
		m->extent[i + 1].first_pfn = gfns[i].n;
	}
	set_xen_guest_handle_raw(m->buf[0].h, &m->dirty);
	m->buf[0].size = sizeof(m->dirty);
	set_xen_guest_handle_raw(m->buf[1].h, m->extent);
	m->buf[1].size = (n + 1) * sizeof(m->extent[0]);
	add(m, __HYPERVISOR_dm_op, domid, 2, at(m->buf));
}

static void add_swap(struct multi *m, uint32_t domid, const fnuma_gfn *from,
                     const fnuma_gfn *to, uint32_t n, const int *errs)
{
	uint32_t i;

	memset(&m->swap, 0, sizeof(m->swap));
	m->swap.domid = (domid_t)domid;
	m->swap.space = XENMAPSPACE_gmfn;
	m->swap.size = (uint16_t)n;
	set_xen_guest_handle_raw(m->swap.idxs, m->from);
	set_xen_guest_handle_raw(m->swap.gpfns, m->to);
	set_xen_guest_handle_raw(m->swap.errs, m->errs);
	for (i = 0; i < n; i++) {
		m->from[i] = from[i].n;
		m->to[i] = to[i].n;
		m->errs[i] = errs[i];
	}
	add(m, __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, at(&m->swap), 0);
}

int real_swap(void *h, uint32_t domid, const fnuma_gfn *from, const fnuma_gfn *to, uint32_t n,
              int *errs, struct xen_after *after)
{
	struct real *r = h;
	struct multi *m = r->multi;
	int err;

	begin(m);
	add_swap(m, domid, from, to, n, errs);
	/* In the same call: killed in between, pages written to later would be in no log. */
	add_dirty(m, domid, to, n);
	add_domctl(m, &m->info, XEN_DOMCTL_getdomaininfo, domid);
	err = go(r);
	memcpy(errs, m->errs, n * sizeof(*errs));
	after->logged = err ? err : result_of(m, 1) == -EINVAL ? 1 : result_of(m, 1);
	after->err = take_info(m, err ? err : result_of(m, 2), domid, &after->info);
	return err ? err : result_of(m, 0);
}
