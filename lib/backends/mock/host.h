/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The mock's insides: what a host is made of, shared by the files of this folder. */
#ifndef FNUMA_MOCK_HOST_H
#define FNUMA_MOCK_HOST_H

#include <flipnuma/mock.h>
#include <string.h>
#include "rng.h"

/*
 * One entry for each frame of a domain: bits 0-31 the machine frame behind it, 32-39
 * that one's node, 40-47 what the frame is used for. What travels in a flip is the low
 * 40 bits; so one load and one store exchange a page, node included.
 */
#define MOCK_BEHIND  ((UINT64_C(1) << 40) - 1)
#define MOCK_USE_BIT 40
#define MOCK_AS(use) ((uint64_t)(use) << MOCK_USE_BIT)
#define MOCK_MARK    MOCK_AS(MOCK_SEEN)

/* What a frame is used for. Flippable uses have bit 2. */
enum mock_use {
	MOCK_FREE = 0,   /* nobody's: in the free list, or posted in the card's ring */
	MOCK_APP = 1,    /* an application's */
	MOCK_KERNEL = 2, /* in use for good */
	MOCK_RING = 3,   /* in the ring; told from free for the time of a move only */
	MOCK_TAKEN = 4,  /* allocated by fnuma_mock_alloc() */
	MOCK_POOL = 5,   /* acquired through the backend */
	MOCK_USE = 7,    /* mask of the above */
	MOCK_GIVABLE = 4,
	MOCK_SEEN = 8,   /* met in the batch at hand; never set between calls */
	MOCK_PINNED = 16
};

struct mock_node {
	uint32_t base;     /* first machine frame */
	uint32_t size;     /* machine frames */
	uint32_t fresh;    /* frames never handed out are [base + fresh, base + size) */
	uint32_t freed;    /* entries of `stack` */
	uint32_t reserved; /* free frames kept from everybody */
	uint32_t *stack;   /* frames given back: last in, first out, before fresh ones */
};

/* Random draws made ahead of their use; a power of two. */
#define MOCK_DRAWS 64u

struct mock_domain {
	uint32_t generation;
	bool live;
	uint32_t frames;
	uint64_t *p2m;     /* see above */
	uint32_t *list;    /* free frames from the front, applications' from the back */
	uint32_t n_free;   /* list[0 .. n_free), the last one is handed out next */
	uint32_t n_app;    /* list[frames - n_app .. frames) */
	uint32_t *ring;    /* ring_n entries from ring_head, turning round at ring_mask */
	uint32_t ring_mask;
	uint32_t ring_size; /* entries when full */
	uint32_t ring_head;
	uint32_t ring_n;
	uint32_t burst;    /* pages that applications take, and free, at a time */
	uint64_t rng;
	uint32_t draw_at;
	uint32_t draw[MOCK_DRAWS]; /* applications' pages freed next, turning round */
	uint32_t counts[FNUMA_NODES_MAX];
};

/* One random stream for each, so that one kind's rate does not move another's hits. */
enum mock_fault { FAULT_BUSY, FAULT_NOMEM, FAULT_HALF, FAULT_LIE, FAULT_UNFILLED,
                  FAULT_COIN, FAULT_KINDS };

struct fnuma_mock {
	struct fnuma_mock_config config;
	struct fnuma_backend_ops ops;
	struct mock_node node[FNUMA_NODES_MAX];
	uint32_t end; /* one past the last machine frame */
	uint64_t copy_ns[FNUMA_NODES_MAX][FNUMA_NODES_MAX];
	struct fnuma_result done[FNUMA_NODES_MAX]; /* done, and now on that node */
	uint64_t *content; /* by machine frame; NULL without contents */
	uint64_t packets;  /* the random stream that packets carry */
	struct mock_domain **domain;
	uint32_t slots;
	uint32_t dead; /* of these, without a domain */
	uint64_t now_ns;
	uint64_t spent_ns;
	bool faulty;
	struct fnuma_mock_faults faults;
	struct fnuma_mock_fault_counts hits;
	uint64_t fault_rng[FAULT_KINDS];
};

/* host.c */
void *mock_table(size_t entries, size_t entry_bytes);
int mock_violation(const struct fnuma_mock *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int mock_find(const struct fnuma_mock *m, fnuma_domain d, struct mock_domain **out);
uint32_t mock_available(const struct mock_node *node);

/* domain.c */
void mock_domain_free(struct mock_domain *dom);
void mock_domain_kill(struct fnuma_mock *m, struct mock_domain *dom);

/* ops.c */
extern const struct fnuma_backend_ops mock_ops;

/* flip.c */
int mock_op_flip(void *cookie, fnuma_domain domain, fnuma_domain peer,
                 const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results);

/* move.c */
int mock_op_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, fnuma_node to, struct fnuma_result *results,
                      uint64_t *spent_ns);
int mock_op_move_free(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                      uint32_t n, fnuma_node to, struct fnuma_result *results,
                      uint64_t *spent_ns);
int mock_op_move_domain(void *cookie, fnuma_domain domain, fnuma_node to);

/* batch.c: what every batch goes through */
struct mock_batch {
	const char *name;          /* of the operation, for the referee */
	struct fnuma_mock *m;
	struct mock_domain *dom;
	uint32_t use_mask;         /* a page's use, masked by this ... */
	uint32_t use;              /* ... must be this */
	struct mock_domain *peer;  /* flips only */
	uint32_t to;               /* moves only */
	bool keep;                 /* moves only: the content matters */
	uint64_t spent_ns;         /* what it cost so far */
	uint8_t claim;             /* the node a lie names; unknown: where the page is */
	/* Do it: pages have passed the referee, and carry its mark, which comes off here;
	 * fills a result for each. */
	void (*act)(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
	            struct fnuma_result *results);
};

int mock_batch_arrays(const struct fnuma_mock *m, const char *name, const void *pages,
                      uint32_t n, const struct fnuma_result *results);
int mock_batch_check(const struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                     const struct fnuma_result *results);
void mock_batch_unmark(const struct mock_batch *b, const fnuma_gfn *pages, uint32_t n);
int mock_batch_run(struct mock_batch *b, const fnuma_gfn *pages, uint32_t n,
                   struct fnuma_result *results);
bool mock_fault(struct fnuma_mock *m, enum mock_fault kind);
uint32_t mock_fault_reach(struct fnuma_mock *m, uint32_t n, bool *dies);

static inline uint32_t mock_use(uint64_t entry)
{
	return (uint32_t)(entry >> MOCK_USE_BIT);
}

static inline uint8_t mock_node_of(uint64_t entry)
{
	return (uint8_t)(entry >> 32);
}

static inline uint64_t mock_with_use(uint64_t entry, enum mock_use use)
{
	return (entry & ~MOCK_AS(MOCK_USE)) | MOCK_AS(use);
}

static inline uint64_t mock_entry(uint32_t mfn, uint32_t node, enum mock_use use)
{
	return mfn | (uint64_t)node << 32 | MOCK_AS(use);
}

static inline struct fnuma_result mock_result(enum fnuma_outcome outcome, uint8_t node,
                                              int reason)
{
	struct fnuma_result r = {(uint8_t)outcome, {node}, (int16_t)reason};

	return r;
}

/* A machine frame; the caller has seen that one is available. */
static inline uint32_t mock_frame_get(struct fnuma_mock *m, uint32_t node)
{
	struct mock_node *from = &m->node[node];

	if (from->freed)
		return from->stack[--from->freed];
	return from->base + from->fresh++;
}

static inline void mock_frame_put(struct fnuma_mock *m, uint32_t node, uint32_t mfn)
{
	m->node[node].stack[m->node[node].freed++] = mfn;
}

/* The free list: last in, first out. */
static inline void mock_push(struct mock_domain *dom, uint32_t g)
{
	dom->p2m[g] = mock_with_use(dom->p2m[g], MOCK_FREE);
	dom->list[dom->n_free++] = g;
}

static inline uint32_t mock_pop(struct mock_domain *dom, enum mock_use use)
{
	uint32_t g = dom->list[--dom->n_free];

	dom->p2m[g] = mock_with_use(dom->p2m[g], use);
	return g;
}

/* The applications' k-th page; they sit at the back of the list, growing down. */
static inline uint32_t *mock_app(struct mock_domain *dom, uint32_t k)
{
	return &dom->list[dom->frames - 1 - k];
}

#endif /* FNUMA_MOCK_HOST_H */
