/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The referee of every claim about where memory is: Xen's own count of each domain's pages
 * on each node, as its key `u` prints it to Xen's console. Has nothing in common with the
 * backend that is tried.
 */
#ifndef LANE_REFEREE_H
#define LANE_REFEREE_H

#include <stdint.h>
#include <xenctrl.h>

#define REFEREE_NODES   8
#define REFEREE_DOMAINS 16

struct domain_count {
	uint32_t domid;
	uint64_t total;
	uint64_t node[REFEREE_NODES];
};

struct count {
	uint32_t nodes;
	uint32_t domains;
	uint64_t free[REFEREE_NODES];
	struct domain_count domain[REFEREE_DOMAINS];
};

/* Ask Xen. 0, or -1 with the reason on stderr. */
int referee_count(xc_interface *xc, struct count *out);

/* A domain's line; NULL if Xen named none. */
const struct domain_count *referee_domain(const struct count *c, uint32_t domid);

#endif /* LANE_REFEREE_H */
