/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The suite's insides: a run, what conditions share, and their list. */
#ifndef FNUMA_CONFORMANCE_SUITE_H
#define FNUMA_CONFORMANCE_SUITE_H

#include "conformance.h"
#include <flipnuma/wrap.h>

/* Pages in a batch of the suite; it also tries one page, and FNUMA_BATCH_MAX. */
#define SOME 16u

struct run {
	const struct fnuma_conformance_target *t;
	struct fnuma_backend be;        /* the target's, with a referee at the seam */
	struct fnuma_wrap_check check;  /* that referee */
	struct fnuma_topology topology;
	const char *failed;             /* why; NULL so far */
	const char *skipped;            /* what is missing; NULL so far */
	fnuma_gfn held[FNUMA_BATCH_MAX]; /* the suite's for this condition */
	uint32_t n_held;
	bool acquired;                  /* they go back by release */
	fnuma_node from, to;            /* for moves: where pages[] are, and another node */
	fnuma_gfn pages[FNUMA_BATCH_MAX]; /* those of `held` that are on `from` */
	uint32_t n;
	struct fnuma_result results[FNUMA_BATCH_MAX];
};

struct condition {
	const char *name;
	uint32_t needs; /* enum fnuma_capability bits */
	void (*fn)(struct run *r);
};

extern const struct condition fnuma_conformance_queries[];
extern const struct condition fnuma_conformance_pools[];
extern const struct condition fnuma_conformance_moves[];
extern const struct condition fnuma_conformance_flips[];
extern const struct condition fnuma_conformance_ends[];

/* Leave a condition: it fails, or cannot be tried. */
#define REQUIRE(r, cond, why) \
	do { \
		if (!(cond)) { \
			(r)->failed = (why); \
			return; \
		} \
	} while (0)
#define NEED(r, cond, what) \
	do { \
		if (!(cond)) { \
			(r)->skipped = (what); \
			return; \
		} \
	} while (0)

/* Hold up to `n` pages. False, with the condition decided, if there are none. */
bool hold_pages(struct run *r, uint32_t n);

/* Hold pages that are on one node, `from`, and choose another with room, `to`. */
bool hold_pages_to_move(struct run *r, uint32_t n);

/* Where a page is: the referee's word, else the backend's, else unknown. */
fnuma_node where(struct run *r, fnuma_gfn page);

/* Are pages[0 .. n) on this node? Unknown is believed only of a backend without
 * PAGE_NODES and a target without a referee. */
bool all_on(struct run *r, const fnuma_gfn *pages, uint32_t n, fnuma_node node);

/* Move pages, trying again those that are busy. Returns how many are done at last;
 * r->results has the last word on each. */
uint32_t move_patiently(struct run *r, const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                        enum fnuma_content content);

bool is_on_host(const struct run *r, fnuma_node node);

/* Does every operation there is refuse this handle? */
bool all_refuse(struct run *r, fnuma_domain handle);

#endif /* FNUMA_CONFORMANCE_SUITE_H */
