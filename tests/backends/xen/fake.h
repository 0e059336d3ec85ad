/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A Xen of two nodes in memory that processes share, so that one of them can be killed.
 *
 * Machine frames have an owner, a count of references and content; guests have frames; the
 * limit, the pause count and the free lists are kept as Xen keeps them. What Xen does to a
 * page that somebody holds is done here too: it leaves the guest's map, stays counted, and
 * whoever holds it goes on with the old one.
 */
#ifndef FNUMA_XEN_FAKE_H
#define FNUMA_XEN_FAKE_H

#include "test.h"
#include "parts.h"

#define FAKE_NODES      2u
#define FAKE_NODE_PAGES 2048u
#define FAKE_MFNS       (FAKE_NODES * FAKE_NODE_PAGES)
#define FAKE_HOLE       1024u
#define FAKE_DOMAINS    4u
#define FAKE_FRAMES     (1u << 23) /* of a guest's address space */
#define FAKE_NOBODY     0xffffu
#define FAKE_MAPS       256u
#define FAKE_STORE      16u
#define FAKE_RING       65536u

struct fake_mfn {
	uint32_t owner;       /* index of a domain, or nobody */
	uint32_t gfn;         /* what Xen's table says; FNUMA_GFN_NONE_N: nothing */
	uint32_t refs;        /* besides the guest's map */
	bool in_map;          /* behind a frame of its owner */
	bool special;         /* Xen's own, shown to the guest */
};

struct fake_domain {
	bool there, hvm, dying, shutdown, log_dirty;
	uint8_t shutdown_code;
	uint32_t domid, pauses;
	uint8_t uuid[16];
	uint64_t tot_pages, max_pages, affinity, pod_pages, odd_pages;
	uint64_t max_gfn;
	uint32_t grant_frames, grant_version;
	uint8_t grants[8192];
	uint32_t p2m[FAKE_FRAMES]; /* machine frame + 1; 0: none */
	uint8_t dirty[4096];       /* frames marked, of the first */
};

struct fake_map {
	void *at;
	uint32_t n;
	uint32_t copied;      /* of the pages in its first half, those seen to be in its second */
	bool write;
	uint32_t mfn[2 * FNUMA_BATCH_MAX];
	bool there[2 * FNUMA_BATCH_MAX];
};

struct fake {
	int pages;                 /* a file of FAKE_MFNS pages, */
	uint8_t *content;          /* and all of it */
	struct fake_mfn mfn[FAKE_MFNS];
	uint64_t m2p[FAKE_MFNS + FAKE_HOLE]; /* the last are on no node */
	struct fake_domain dom[FAKE_DOMAINS];
	struct fake_map map[FAKE_MAPS];
	char path[FAKE_STORE][96], value[FAKE_STORE][64];
	char ring[FAKE_RING];
	uint32_t ring_c, ring_p;   /* as in Xen */
	bool new_format;           /* of 4.18 */
	bool timestamps;
	const char *console_extra; /* printed in the middle of an answer */
	uint32_t reach;            /* frames of node 1 that node 0 is said to reach over */
	bool scribble;             /* and so much more that the ring wraps */
	uint64_t now_ns, call_ns, copy_ns; /* copy: of a page, as seen when the clock is looked at */
	uint32_t slow_after;       /* pages of a copy, each of the others takes slow_ns more */
	uint64_t slow_ns;
	uint32_t looks;            /* at the clock, while pages can be copied */
	uint32_t grants_mapped;
	uint32_t ran;              /* programs */
	/* Faults: the call of this name, or any, is counted down; at 0 it fails. */
	uint32_t holes;            /* swaps, of the first page of a call, that leave a hole */
	uint32_t unmappable;       /* machine frame + 1 */
	const char *fail_op;
	uint32_t fail_in;          /* 1: the next; 0: never */
	int fail_errno;
	bool fail_half;            /* a batch is done to the half first */
	bool fail_silently;        /* a batch is left undone, and success is claimed */
	/* Called before each call is done. */
	void (*before)(struct fake *f, const char *op);
	void *cookie;
};

/* In shared memory; a privileged domain (domid 0, PV, 512 frames on node 0), and a PVH guest
 * (domid 1, 1024 frames on node 1) of which each page's content is known. */
struct fake *fake_new(void);
void fake_free(struct fake *f);

/* Another domain, with all its memory on a node. Returns its index. */
uint32_t fake_add(struct fake *f, uint32_t domid, bool hvm, uint32_t frames, uint32_t node);
void fake_destroy(struct fake *f, uint32_t index);

/* What a process had mapped goes with it. */
void fake_process_died(struct fake *f);

uint8_t *fake_page(struct fake *f, uint32_t mfn);
uint32_t fake_node(const struct fake *f, uint32_t index, uint32_t gfn);
uint32_t fake_count(const struct fake *f, uint32_t index, uint32_t node);
void fake_set(struct fake *f, const char *path, const char *value); /* NULL: remove */
const char *fake_get(const struct fake *f, const char *path);
/* Takes free pages of a node away until so many are left. */
void fake_leave(struct fake *f, uint32_t node, uint32_t pages);

/* Whether the guest (index 1) has every byte, is not paused, and nothing of ours is left:
 * no page beyond its own, its limit as it was, nothing mapped. Fails the test if not. */
void fake_check(struct fake *f);
/* As above for a guest of which `held` pages are held by somebody. */
void fake_check_held(struct fake *f, uint32_t held);

/* What its calls (fake_calls.c) do to the world. */
void fake_write_pattern(struct fake *f, uint32_t mfn, uint64_t value);
bool fake_allocate(struct fake *f, uint32_t index, uint32_t node, uint32_t gfn);
void fake_unhook(struct fake *f, struct fake_domain *d, uint32_t gfn);
void fake_forget_map(struct fake *f, struct fake_map *m);

extern const struct xen_calls fake_calls;

/* The guest of fake_new() attached, with a journal of the test's own. */
struct fixture {
	struct fake *f;
	struct fnuma_xen *x;
	struct fnuma_backend be;
	fnuma_domain d;
	char journal[64];
	char said[512];            /* the last words */
	uint32_t sayings;
};

#define GUEST 1u
#define GUEST_FRAMES 1024u
#define GUEST_SLACK 8u /* what its limit leaves it: more than a small batch */
#define GUEST_SPACE (1u << 20) /* frames looked after */

void fixture_open(struct fixture *t);
/* Again, as a new process would. */
void fixture_reopen(struct fixture *t);
void fixture_config(struct fixture *t, struct fnuma_xen_config *config);
void fixture_close(struct fixture *t);
void fixture_allow(struct fixture *t, uint32_t first, uint32_t n);
int fixture_move(struct fixture *t, uint32_t first, uint32_t n, uint32_t to,
                 struct fnuma_result *results);

#endif /* FNUMA_XEN_FAKE_H */
