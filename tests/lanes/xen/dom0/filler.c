/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filler.h"

#define BIG_ORDER 9u
#define CHUNK     512u
#define SETTLE_US 200000 /* for so long, plenty that was seen may still be believed in */

static int begin(struct filler *f)
{
	struct xen_domctl_createdomain config = {.max_vcpus = 1,
	                                         .max_evtchn_port = 1023,
	                                         .max_grant_frames = 4,
	                                         .max_maptrack_frames = 4,
	                                         .grant_opts =
	                                                 XEN_DOMCTL_GRANT_version(1)};

	if (f->domid)
		return 0;
	if (xc_domain_create(f->xc, &f->domid, &config) != 0) {
		perror("filler: xc_domain_create");
		return -1;
	}
	return xc_domain_setmaxmem(f->xc, f->domid, UINT32_MAX);
}

static int free_pages(struct filler *f, uint32_t node, uint64_t *pages)
{
	xc_meminfo_t info[64];
	unsigned int n = 64;

	if (xc_numainfo(f->xc, &n, info, NULL) != 0 || node >= n)
		return -1;
	*pages = info[node].memfree / XC_PAGE_SIZE;
	return 0;
}

/* Up to `want` extents; how many Xen gave. */
static uint64_t take(struct filler *f, uint32_t node, uint64_t want, unsigned int order)
{
	static xen_pfn_t frames[CHUNK];
	static xen_pfn_t next;
	uint64_t taken = 0;

	while (taken < want) {
		const unsigned long n = want - taken < CHUNK ? want - taken : CHUNK;
		int got;

		for (unsigned long i = 0; i < n; i++)
			frames[i] = (next++) << order;
		got = xc_domain_populate_physmap(f->xc, f->domid, n, order,
		                                 XENMEMF_exact_node(node), frames);
		taken += got > 0 ? (uint64_t)got : 0;
		if (got != (int)n)
			break;
	}
	return taken;
}

int filler_fill(struct filler *f, uint32_t node, uint64_t leave)
{
	uint64_t left = 0;

	if (begin(f) != 0)
		return -1;
	for (int tries = 0; tries < 4; tries++) {
		if (free_pages(f, node, &left) != 0)
			break;
		if (left <= leave)
			break;
		if (tries == 0)
			take(f, node, (left - leave) >> BIG_ORDER, BIG_ORDER);
		else
			take(f, node, left - leave, 0);
	}
	if (left != leave)
		fprintf(stderr, "filler: %llu pages left on node %u, wanted %llu\n",
		        (unsigned long long)left, node, (unsigned long long)leave);
	usleep(SETTLE_US);
	return left == leave ? 0 : -1;
}

int filler_end(struct filler *f)
{
	const uint32_t domid = f->domid;

	f->domid = 0;
	return domid ? xc_domain_destroy(f->xc, domid) : 0;
}
