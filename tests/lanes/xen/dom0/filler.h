/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A domain that does nothing but own memory: how a node is made full. */
#ifndef LANE_FILLER_H
#define LANE_FILLER_H

#include <stdint.h>
#include <xenctrl.h>

struct filler {
	xc_interface *xc;
	uint32_t domid; /* 0: none */
};

/* Take memory of a node until `leave` pages are left. 0, or -1. */
int filler_fill(struct filler *f, uint32_t node, uint64_t leave);

/* Give it all back. 0, or -1. */
int filler_end(struct filler *f);

#endif /* LANE_FILLER_H */
