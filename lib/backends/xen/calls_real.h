/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What calls.c and calls_multi.c share: the connection to the real Xen. */
#ifndef FNUMA_XEN_CALLS_REAL_H
#define FNUMA_XEN_CALLS_REAL_H

#define XC_WANT_COMPAT_DEVICEMODEL_API 0
#include "calls.h"
#include <errno.h>

/* Xen's headers are not written for the warnings this project is built with. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include <xencall.h>
#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xenguest.h>
#include <xenstore.h>
#include <xentoollog.h>
#pragma GCC diagnostic pop

struct multi;

struct real {
	xc_interface *xc;
	xencall_handle *call;
	xenforeignmemory_handle *memory;
	xendevicemodel_handle *model;
	struct xs_handle *store;
	struct xentoollog_logger *log;
	struct multi *multi;
	const uint64_t *m2p;         /* mapped; NULL: not yet */
	uint64_t m2p_entries;
};

/* libxenctrl says -1 and errno; some of its calls say a negative errno. */
static inline int real_error(int ret)
{
	if (ret >= 0)
		return 0;
	return ret == -1 ? (errno ? -errno : -EIO) : ret;
}

void real_take_info(const xc_domaininfo_t *d, struct xen_info *out);

/* calls_multi.c */
int real_make_multi(struct real *r);
void real_free_multi(struct real *r);
int real_info(void *h, uint32_t domid, struct xen_info *out);
int real_own(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool *own);
int real_pause(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
               struct xen_look *out);
int real_swap(void *h, uint32_t domid, const fnuma_gfn *from, const fnuma_gfn *to, uint32_t n,
              int *errs, struct xen_after *after);

#endif /* FNUMA_XEN_CALLS_REAL_H */
