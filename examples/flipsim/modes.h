/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The modes: what a guest does about flips, in a table. A new one is a new row.
 */
#ifndef FLIPSIM_MODES_H
#define FLIPSIM_MODES_H

#include <stdbool.h>
#include <stdint.h>

#define MODES_MAX 16

struct mode {
	const char *name;
	const char *what;    /* in a few words */
	bool copies;         /* packets are copied, nothing is flipped */
	const char *sizer;   /* with a pool: its sizing policy; else NULL */
	bool calibrated;     /* the pool's size comes from calibration runs */
	const char *trigger; /* with migration: its trigger policy; else NULL */
	char letter;         /* in charts */
};

/* The modes in the order of reports. `index` 0, 1, ...; NULL past the last. */
const struct mode *mode_at(uint32_t index);

/* The mode of that name, or NULL. */
const struct mode *mode_find(const char *name);

#endif
