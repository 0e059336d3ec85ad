/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "bare.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BATCH   FNUMA_BATCH_MAX
#define SCRATCH (1u << 21) /* frames that no guest of this size has */

/* Shared with Xen. */
struct arguments {
	struct xen_domctl domctl;
	struct xen_memory_reservation reservation;
	struct xen_add_to_physmap_batch swap;
	xen_pfn_t scratch[BATCH], frames[BATCH];
	xen_ulong_t from[BATCH];
	int errs[BATCH];
};

#define ARGUMENTS_PAGES ((sizeof(struct arguments) + XC_PAGE_SIZE - 1) / XC_PAGE_SIZE)

struct bare_calls {
	xencall_handle *call;
	struct arguments *a;
};

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static bool kept_domctl(const struct bare *b, uint32_t cmd)
{
	struct xen_domctl *d = &b->kept->a->domctl;

	memset(d, 0, sizeof(*d));
	d->cmd = cmd;
	d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	d->domain = (domid_t)b->domid;
	return xencall1(b->kept->call, __HYPERVISOR_domctl, at(d)) == 0;
}

static bool populate(const struct bare *b, fnuma_node to, xen_pfn_t *scratch)
{
	struct arguments *a;

	if (!b->kept)
		return xc_domain_populate_physmap(b->t->xc, b->domid, BATCH, 0,
		                                  XENMEMF_exact_node(to.id),
		                                  scratch) == BATCH;
	a = b->kept->a;
	memcpy(a->scratch, scratch, sizeof(a->scratch));
	a->reservation =
		(struct xen_memory_reservation){.nr_extents = BATCH,
	                                        .mem_flags = XENMEMF_exact_node(to.id),
	                                        .domid = (domid_t)b->domid};
	set_xen_guest_handle_raw(a->reservation.extent_start, a->scratch);
	return xencall2(b->kept->call, __HYPERVISOR_memory_op, XENMEM_populate_physmap,
	                at(&a->reservation)) == BATCH;
}

static bool pause_it(const struct bare *b)
{
	return b->kept ? kept_domctl(b, XEN_DOMCTL_pausedomain)
	               : xc_domain_pause(b->t->xc, b->domid) == 0;
}

static bool unpause_it(const struct bare *b)
{
	return b->kept ? kept_domctl(b, XEN_DOMCTL_unpausedomain)
	               : xc_domain_unpause(b->t->xc, b->domid) == 0;
}

/* The old pages and, behind them, the new ones. */
static bool copy(const struct bare *b, const xen_pfn_t *frames)
{
	int err[2 * BATCH];
	char *old = xenforeignmemory_map(b->memory, b->domid, PROT_READ | PROT_WRITE,
	                                 2 * BATCH, frames, err);

	if (!old)
		return false;
	memcpy(old + (size_t)BATCH * XC_PAGE_SIZE, old, (size_t)BATCH * XC_PAGE_SIZE);
	b->step("unmap");
	return xenforeignmemory_unmap(b->memory, old, 2 * BATCH) == 0;
}

static bool swap(const struct bare *b, xen_pfn_t *frames)
{
	xen_ulong_t from[BATCH];
	struct arguments *a;
	int err[BATCH];

	for (uint32_t i = 0; i < BATCH; i++)
		from[i] = SCRATCH + i;
	if (!b->kept)
		return xc_domain_add_to_physmap_batch(b->t->xc, b->domid, b->domid,
		                                      XENMAPSPACE_gmfn, BATCH, from,
		                                      frames, err) == 0;
	a = b->kept->a;
	memcpy(a->from, from, sizeof(from));
	memcpy(a->frames, frames, sizeof(a->frames));
	a->swap = (struct xen_add_to_physmap_batch){
		.domid = (domid_t)b->domid, .space = XENMAPSPACE_gmfn, .size = BATCH};
	set_xen_guest_handle_raw(a->swap.idxs, a->from);
	set_xen_guest_handle_raw(a->swap.gpfns, a->frames);
	set_xen_guest_handle_raw(a->swap.errs, a->errs);
	return xencall2(b->kept->call, __HYPERVISOR_memory_op,
	                XENMEM_add_to_physmap_batch, at(&a->swap)) == 0;
}

bool bare_batch(struct bare *b, const fnuma_gfn *pages, fnuma_node to)
{
	xen_pfn_t frames[2 * BATCH];
	bool good;

	for (uint32_t i = 0; i < BATCH; i++) {
		frames[i] = pages[i].n;
		frames[BATCH + i] = SCRATCH + i;
	}
	b->step("populate");
	need(populate(b, to, frames + BATCH), "pages by bare calls");
	b->step("pause");
	need(pause_it(b), "a pause by bare calls");
	b->step("map");
	good = copy(b, frames);
	b->step("swap");
	good = good && swap(b, frames);
	b->step("unpause");
	return unpause_it(b) && good;
}

static struct bare_calls *keep_calls(void)
{
	struct bare_calls *k = calloc(1, sizeof(*k));

	need(k != NULL, "memory");
	k->call = xencall_open(NULL, 0);
	need(k->call != NULL, "xencall_open");
	k->a = xencall_alloc_buffer_pages(k->call, ARGUMENTS_PAGES);
	need(k->a != NULL, "memory for calls");
	return k;
}

void bare_open(struct bare *b, struct try *t, bool kept, void (*step)(const char *name))
{
	xc_domaininfo_t info;

	b->t = t;
	b->domid = t->guest[0].domid;
	b->step = step;
	b->memory = xenforeignmemory_open(NULL, 0);
	b->kept = kept ? keep_calls() : NULL;
	need(b->memory && xc_domain_getinfolist(t->xc, b->domid, 1, &info) == 1 &&
	             info.domain == b->domid,
	     "Xen");
	need(info.tot_pages + BATCH <= info.max_pages, "a limit with room for a batch");
}

void bare_close(struct bare *b)
{
	xenforeignmemory_close(b->memory);
	if (!b->kept)
		return;
	xencall_free_buffer_pages(b->kept->call, b->kept->a, ARGUMENTS_PAGES);
	xencall_close(b->kept->call);
	free(b->kept);
}
