/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The pool's insides: pool.c is the flip path, pool_depot.c what lies under the depot
 * lock, pool_resize.c the control path, which alone calls the backend.
 */
#ifndef FNUMA_POOL_INTERNAL_H
#define FNUMA_POOL_INTERNAL_H

#include <flipnuma/pool.h>

#define DEPOT_NONE UINT32_MAX

/* A pool begins on a cache line; so does what is marked. */
#define OWN_LINE __attribute__((aligned(FNUMA_CACHE_LINE)))

/*
 * What the books say of a page. A trusted pool keeps two bits for each frame, changed
 * by the control path only, so a page that is out reads FREE there; a checked pool
 * keeps a byte, and knows.
 */
enum page_state {
	PAGE_OUTSIDE = 0,   /* not the pool's */
	PAGE_FREE = 1,      /* in a magazine */
	PAGE_HELD = 2,      /* by fnuma_pool_hold() */
	PAGE_AWAY = 3,      /* in the resizer's hands, or lost */
	PAGE_FLIGHT = 4,    /* taken */
	PAGE_USED = 5,      /* taken and received */
	PAGE_CLAIMED = 0x80 /* or-ed to the last two while a batch is being checked */
};

/*
 * Pages of one kind: full magazines, and two that are not. The control path fills one
 * and drains the other, and what it filled goes to the tail; so it meets every page
 * within as many as there are and a magazine more, and one that cannot be released or
 * moved stands in nobody's way (I3).
 */
struct depot_list {
	uint32_t head; /* full magazines, linked by fnuma_pool.next */
	uint32_t tail;
	uint32_t fill; /* magazine with fill_n pages, or DEPOT_NONE: 1 <= fill_n < M */
	uint32_t fill_n;
	uint32_t drain; /* likewise; 1 <= drain_n <= M */
	uint32_t drain_n;
	uint32_t pages; /* in all of them */
};

struct fnuma_pool {
	/* constant after init */
	const struct fnuma_backend *backend;
	struct fnuma_trace trace;
	struct fnuma_home homes[FNUMA_HOMES_MAX];
	uint32_t n_homes;
	fnuma_domain domain;
	uint32_t frames;
	uint32_t max_pages;
	uint32_t magazine_pages;
	uint32_t max_cells;
	bool trusted;
	struct fnuma_pool_cell *cells;
	fnuma_gfn *slots; /* the pages of all magazines */
	uint32_t *next;   /* of each magazine: its list's next */
	uint8_t *book;    /* enum page_state: a byte or two bits for each frame */

	/* The lock has a line of its own: who waits reads it all the time, and who holds it
	 * writes what is behind. */
	fnuma_port_lock lock OWN_LINE;
	uint32_t flip_waits; /* a hint, from who wants the lock to who can wait */

	/* under the lock; all that a flip needs of it to get a magazine is one line, that has
	 * to come over from a CPU that resizes */
	struct depot_list remote OWN_LINE;
	struct depot_list home;
	uint32_t empty;     /* empty magazines */
	uint32_t away;      /* pages PAGE_AWAY that are not in `lost` */

	/* read without the lock, written under it */
	uint32_t size OWN_LINE;
	uint32_t cells_used; /* cells that were ever attached: the first so many */
	uint32_t astray;     /* net pages dropped as not ours: as if still out */

	/* under the lock */
	bool resizing;
	struct depot_list lost;
	uint32_t free_cell; /* detached cells */
	uint32_t held;      /* pages PAGE_HELD */
	uint64_t misses;
	uint64_t grown;
	uint64_t shrunk;
	uint64_t brought_home;
	uint64_t refused[FNUMA_REASONS];
};

/*
 * The depot lock, two ways. A flip that has to wait says so, and the control path, which
 * takes the lock again and again, lets it go first: a spinning lock alone is nobody's turn,
 * and the other CPU may lose it a thousand times in a row. It does not insist: if whoever
 * waits was itself put to sleep, the control path goes on after a while.
 */
#define POOL_PATIENCE 256u

static inline void pool_lock_for_flip(struct fnuma_pool *pool)
{
	fnuma_port_store(&pool->flip_waits, 1);
	fnuma_port_lock_take(&pool->lock);
	fnuma_port_store(&pool->flip_waits, 0);
}

static inline void pool_lock(struct fnuma_pool *pool)
{
	uint32_t i;

	for (i = 0; i < POOL_PATIENCE && fnuma_port_load(&pool->flip_waits); i++)
		fnuma_port_relax();
	fnuma_port_lock_take(&pool->lock);
}

static inline void pool_unlock(struct fnuma_pool *pool)
{
	fnuma_port_lock_drop(&pool->lock);
}

/* Pages that the control path handles before it lets go of the lock for a moment: a flip
 * waits for no more than these. */
#define POOL_BREATH 8u

/* The lock is held, and its rules hold; `i` counts pages. */
static inline void pool_breathe(struct fnuma_pool *pool, uint32_t i)
{
	if (i % POOL_BREATH)
		return;
	pool_unlock(pool);
	pool_lock(pool);
}

/* Count a refusal. Returns `error`. Takes the lock. */
int fnuma_depot_refuse(struct fnuma_pool *pool, int error);

/* Put a magazine of pages in place of an empty loaded one. False if there is none; then
 * `missing` misses are counted. Takes the lock. */
bool fnuma_depot_refill(struct fnuma_pool_cache *cache, uint32_t missing);

/* Put an empty magazine in place of a full loaded one, when previous is full as well.
 * False if the pool would hold more pages than it has. Takes the lock. */
bool fnuma_depot_spill(struct fnuma_pool_cache *cache);

/* Return a cell's pages. Returns how many. Takes the lock. */
uint32_t fnuma_depot_flush(struct fnuma_pool_cache *cache);

/* Trade loaded for previous. No lock. */
void fnuma_depot_swap(struct fnuma_pool_cache *cache);

/* A cell for a new cache; false if there is none. And back, once flushed; the handle is then
 * a detached one. Take the lock. */
bool fnuma_depot_attach(struct fnuma_pool *pool, struct fnuma_pool_cache *cache);
void fnuma_depot_detach(struct fnuma_pool_cache *cache);

/* Out of a list and into the state PAGE_HELD or PAGE_AWAY: up to `n` pages, fewer at the
 * list's end or where pages turn out not to be ours. Takes the lock. */
uint32_t fnuma_depot_pull(struct fnuma_pool *pool, struct depot_list *list,
                          enum page_state to, fnuma_gfn *pages, uint32_t n);

/* One page into a list, as PAGE_FREE, or PAGE_AWAY for the lost. The lock is held. */
void fnuma_depot_file(struct fnuma_pool *pool, struct depot_list *list, fnuma_gfn page);

/* `n` pages that were PAGE_AWAY into a list. Takes the lock. */
void fnuma_depot_return(struct fnuma_pool *pool, struct depot_list *list,
                        const fnuma_gfn *pages, uint32_t n);

/* An empty depot. */
void fnuma_depot_init(struct fnuma_pool *pool, uint32_t magazines);

/* Is this a home of the page? Unknown and none are not. */
static inline bool pool_is_home(const struct fnuma_pool *pool, fnuma_gfn page,
                                fnuma_node node)
{
	return node.id < FNUMA_NODES_MAX &&
	       (fnuma_homes_of(pool->homes, pool->n_homes, page) >> node.id & 1);
}

/* Where a page that is on this node is filed. */
static inline struct depot_list *pool_list_for(struct fnuma_pool *pool, fnuma_gfn page,
                                               fnuma_node node)
{
	return pool_is_home(pool, page, node) ? &pool->home : &pool->remote;
}

/* Why there is no page to be had. */
static inline int pool_why_none(const struct fnuma_pool *pool)
{
	bool all_out = fnuma_pool_used(pool) == fnuma_pool_size(pool);

	return all_out ? FNUMA_E_EMPTY : FNUMA_E_STRANDED;
}

/* The control path's view of a page; `page` is in range, the lock is held. */
static inline enum page_state book_get(const struct fnuma_pool *pool, fnuma_gfn page)
{
	if (pool->trusted)
		return (enum page_state)(pool->book[page.n >> 2] >> (page.n & 3) * 2 & 3);
	return (enum page_state)fnuma_port_load8(&pool->book[page.n]);
}

static inline void book_set(struct fnuma_pool *pool, fnuma_gfn page,
                            enum page_state state)
{
	uint8_t *at = &pool->book[page.n >> 2];
	uint32_t shift = (page.n & 3) * 2;

	if (pool->trusted)
		*at = (uint8_t)((*at & ~(3u << shift)) | (uint32_t)state << shift);
	else
		fnuma_port_store8(&pool->book[page.n], (uint8_t)state);
}

#endif /* FNUMA_POOL_INTERNAL_H */
