/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The log of decisions: a ring of fixed size in a file that is mapped, so that what was
 * written there stays, however the daemon ends. Neighbouring pages that fare alike share an
 * entry.
 */
#ifndef FLIPNUMAD_DECISIONS_H
#define FLIPNUMAD_DECISIONS_H

#include <flipnuma/types.h>

enum decision_kind {
	DECISION_ATTACHED = 1, /* a domain came; its name, `count` frames */
	DECISION_ENDED = 2,    /* and went */
	DECISION_AWAY = 3,     /* pages were found on node `from`, away from their home `to` */
	DECISION_BACK = 4,     /* pages that were away were found at home, on `to` */
	DECISION_DUE = 5,      /* a pass began; `count` pages to be brought home */
	DECISION_MOVED = 6,    /* pages went from node `from` to `to` */
	DECISION_KEPT = 7,     /* pages were not moved; `why` */
	DECISION_GAVE_UP = 8,  /* pages will not be tried again; `why` they failed last */
	DECISION_PASS = 9,     /* a pass ended; `count` pages came home in it */
	DECISION_REST = 10,    /* the domain rests for `wait_ms`; `why` */
	DECISION_PAUSED = 11,  /* by the user */
	DECISION_RESUMED = 12
};

#define DECISION_NAME_BYTES 24

struct decision {
	uint64_t number;   /* from 1, one after the other; 0: being written */
	uint64_t time_ns;  /* since 1970 */
	uint64_t start;    /* of the domain: see struct candidate */
	uint32_t domain;   /* its number */
	uint8_t kind;      /* enum decision_kind */
	uint8_t from, to;  /* nodes; FNUMA_NODE_NONE_ID: none */
	uint8_t home;      /* ATTACHED: the first home */
	uint32_t count;
	uint32_t first;    /* page, or FNUMA_GFN_NONE_N */
	union {
		struct {
			int32_t why;
			uint32_t wait_ms;
		} s;
		char name[DECISION_NAME_BYTES]; /* ATTACHED */
	} u;
};

struct decisions {
	struct decisions_file *file;
	uint64_t next;   /* number of the next entry */
	uint32_t entries;
	size_t bytes;
};

/* Open, or begin anew if it is another version, another size, or damaged; NULL: in memory
 * only. NULL, or why not. */
const char *decisions_open(struct decisions *d, const char *path, uint32_t entries);

/* Open one for reading, of whatever size. NULL, or why not. */
const char *decisions_read(struct decisions *d, const char *path);
void decisions_close(struct decisions *d);

/* Write one; `number` is filled in here. */
void decisions_add(struct decisions *d, const struct decision *entry);

/* The entry of that number, or NULL: overwritten, not yet there, or damaged. */
const struct decision *decisions_at(const struct decisions *d, uint64_t number);

/* The first number that may still be there. */
uint64_t decisions_first(const struct decisions *d);

/* What an entry tells of has effect for `lasts_ns`: how much of it is left at `real_ns`, at
 * most. */
uint64_t decision_left_ns(const struct decision *x, uint64_t lasts_ns, uint64_t real_ns);

/* Of this kind, in one word or two. */
const char *decision_text(uint32_t kind);

#endif
