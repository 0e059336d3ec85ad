/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What was set by flipnumactl while the daemon ran. It outlives the daemon: a file in its
 * state folder is replaced as a whole with every change.
 */
#ifndef FLIPNUMAD_OVERRIDES_H
#define FLIPNUMAD_OVERRIDES_H

#include "config.h"

#define OVERRIDES_MAX 1024

/* For whom: a number with its start, or else a glob over names; "budget": not a domain. */
struct override {
	char glob[CONFIG_TEXT_BYTES];
	uint32_t number; /* if `glob` is empty */
	uint64_t start;
	char key[32];
	char value[CONFIG_TEXT_BYTES];
	bool budget;
};

struct overrides {
	struct override *list; /* in order; the last wins */
	uint32_t n;
	char path[CONFIG_TEXT_BYTES + 16]; /* empty: in memory only */
};

/* Read what there is. NULL, or why the file is not used (it is then left as it is). */
const char *overrides_open(struct overrides *o, const char *path);
void overrides_close(struct overrides *o);

/* Add one; one for the same and the same key is replaced. An empty value: only remove that.
 * NULL, or why it could not be kept: then nothing changed. */
const char *overrides_put(struct overrides *o, const struct override *one);

/* Forget those of a domain's number. */
void overrides_forget(struct overrides *o, uint32_t number, uint64_t start);

/* Is it for this domain? */
bool override_is_for(const struct override *one, const char *name, uint32_t number,
                     uint64_t start);

#endif
