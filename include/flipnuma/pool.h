/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file pool.h
 * @brief The flip pool: the only pages of a guest that are ever flipped.
 *
 * The paper's first cure (section IV.A): pages set aside for flips, so that only they
 * can become remote and no application ever gets one.
 *
 * A page of the domain is in exactly one state (I1):
 *
 *     outside --grow--> free --take--> in flight --received--> received, in use
 *        ^               |  ^             |                          |
 *        +----shrink-----+  +----give-----+-----------give-----------+
 *
 * Each CPU or thread holds a cache, and takes from and gives to it without any
 * shared write. Caches trade whole magazines of pages with the shared *depot*
 * under one short lock. Growing, shrinking and bringing pages home work on the
 * depot only, a bounded number of pages at a time, so nobody waits for them.
 *
 * The depot keeps pages that may be remote apart from pages known to be at
 * home: what was taken and given back may be remote; what was acquired or
 * brought home on a home node is at home. May-be-remote pages are handed out
 * first, so that few pages ever leave; pages known to be home are the only ones
 * released (I2).
 *
 * A *checked* pool (the default) keeps a byte for each frame of the domain and
 * refuses every page that is not where it should be, whoever else is calling
 * at the time. A *trusted* pool (#FNUMA_POOL_TRUSTED) is for a driver that gives
 * back only what it took: no per-page state is touched and the inline functions
 * are as fast as a copy; what it still guarantees is said with each function.
 */
#ifndef FLIPNUMA_POOL_H
#define FLIPNUMA_POOL_H

#include <flipnuma/backend.h>
#include <flipnuma/budget.h>
#include <flipnuma/home.h>
#include <flipnuma/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A pool. Opaque; the caller's memory. */
struct fnuma_pool;

/** @brief Flags of fnuma_pool_config. */
enum fnuma_pool_flag {
	FNUMA_POOL_TRUSTED = 1u << 0 /**< callers give back only what they took, once */
};

/** @brief What a pool is made from. Zero it, then set what you need. */
struct fnuma_pool_config {
	uint32_t frames;         /**< frames of the domain, 1 or more: `[0, frames)` */
	uint32_t max_pages;      /**< pages the pool can ever hold; 1 to `frames`, and at
	                              most INT32_MAX (8 TiB): every count fits an int */
	uint32_t caches;         /**< caches that can be attached at once; 1 to 4096 */
	uint32_t magazine_pages; /**< pages in a magazine, 2 to 4096; 0 means 64. A cache
	                              holds up to two, which no other cache can use. */
	uint32_t flags;          /**< enum fnuma_pool_flag bits */
	const struct fnuma_backend *backend; /**< for grow, shrink and bring_home; may be
	                              NULL. Must outlive the pool. */
	fnuma_domain domain;     /**< the backend's handle of the domain */
	const struct fnuma_home *homes; /**< where the domain's pages belong; copied */
	uint32_t n_homes;        /**< entries of `homes`, 1 to #FNUMA_HOMES_MAX */
	struct fnuma_trace trace; /**< listener, or zero */
};

/** @brief A cache's counts, for others to read: a cache line of the pool's memory.
 *
 * It outlives its cache, and keeps what the cache's pages that are still out
 * amount to; so fnuma_pool_used() needs no lock and never reads freed memory. */
struct fnuma_pool_cell {
	uint32_t n;          /**< private: pages in the loaded magazine */
	uint32_t previous_n; /**< private: pages in the previous magazine */
	uint32_t base;       /**< private: net pages got from the depot */
	uint32_t seq;        /**< private: odd while the three above change together */
	uint32_t received;   /**< private: net pages received through this cell */
	uint32_t loaded;     /**< private: magazine index */
	uint32_t previous;   /**< private: magazine index */
	uint32_t next;       /**< private: next free cell */
	/** private: the rest of the line */
	uint32_t pad[FNUMA_CACHE_LINE / 4 - 8];
};

/** @brief A CPU's or thread's cache: the caller's handle of one. The caller's memory;
 * fields are the pool's.
 *
 * One user at a time (disable preemption, or own the thread). A handle that is all
 * zero is a detached one. */
struct fnuma_pool_cache {
	fnuma_gfn *slots;             /**< private: pages of the loaded magazine */
	uint32_t n;                   /**< private: as in the cell; 0 in a checked pool */
	uint32_t room;                /**< private: magazine size; 0 in a checked pool */
	struct fnuma_pool_cell *cell; /**< private: NULL when detached */
	struct fnuma_pool *pool;      /**< private: NULL when detached */
	fnuma_gfn offender;           /**< private: see fnuma_pool_offender() */
};

/** @brief A moment of a pool. Each field is exact at some instant during the call; all
 * are exact together whenever nobody else is calling. */
struct fnuma_pool_stats {
	uint32_t size_pages;         /**< pages the pool has */
	uint32_t used_pages;         /**< of these, out: in flight or received */
	uint32_t free_pages;         /**< of these, in: `size_pages - used_pages` */
	uint32_t in_flight_pages;    /**< out, not yet received; all, if trusted */
	uint32_t received_pages;     /**< out, received and in use; 0, if trusted */
	uint32_t depot_home_pages;   /**< free in the depot, known to be at home */
	uint32_t depot_remote_pages; /**< free in the depot, may be remote */
	uint32_t held_pages;         /**< free; in a resizer's or fnuma_pool_hold()'s hands */
	uint32_t lost_pages;         /**< free, but nobody could say whether they were
	                                  acquired, or released; handed to nobody, and
	                                  released (again) by a later shrink */
	uint64_t misses;             /**< pages asked for and not got, since init */
	uint64_t grown;              /**< pages acquired since init */
	uint64_t shrunk;             /**< pages released or gone since init:
	                                  `size_pages == grown - shrunk` */
	uint64_t brought_home;       /**< may-be-remote pages found or brought home */
	/** Refused calls, by `-reason`. Also, one for each page: frames that the backend
	 * should not have handed out (#FNUMA_E_BACKEND), moves reported and not done
	 * (#FNUMA_E_LIE), and in a trusted pool pages that were given but not its own
	 * (#FNUMA_E_STATE) or too many (#FNUMA_E_OVERFLOW). */
	uint64_t refused[FNUMA_REASONS];
};

/** @brief Bytes of memory for a pool. @param config see its fields.
 * @return bytes, to be aligned to #FNUMA_CACHE_LINE; 0 if the configuration is invalid or
 *   too large for this machine's `size_t`. @context Any. */
size_t fnuma_pool_bytes(const struct fnuma_pool_config *config);

/**
 * @brief Make a pool, empty.
 * @param memory aligned to #FNUMA_CACHE_LINE; the pool's until the caller stops using it.
 * @param bytes its size. @param config copied; `config->backend` is kept by reference.
 * @param out the pool, on success.
 * @return #FNUMA_OK, #FNUMA_E_INVAL (also for misaligned memory), #FNUMA_E_NOSPC.
 * @context Any; never blocks. There is no destroy: detach the caches, shrink to 0 if the
 *   pages should go back, and reuse the memory.
 */
int fnuma_pool_init(void *memory, size_t bytes, const struct fnuma_pool_config *config,
                    struct fnuma_pool **out);

/** @brief Attach a cache. @param pool pool. @param cache any memory; overwritten. It may
 * be freed once detached.
 * @return #FNUMA_OK, #FNUMA_E_INVAL, #FNUMA_E_NOSPC if `caches` are attached already.
 * @context Any; takes the depot lock. */
int fnuma_pool_attach(struct fnuma_pool *pool, struct fnuma_pool_cache *cache);

/** @brief Return a cache's free pages to the depot, keeping it attached.
 *
 * A trusted pool that holds more pages than it has drops the surplus here.
 * @param cache attached cache. @return pages returned, or #FNUMA_E_INVAL.
 * @context The cache's user. Takes the depot lock. */
int fnuma_pool_flush(struct fnuma_pool_cache *cache);

/** @brief Flush and detach. Pages it handed out stay out, and may be given to any cache.
 * @param cache attached cache; a detached handle afterwards.
 * @return #FNUMA_OK or #FNUMA_E_INVAL.
 * @context The cache's user. Takes the depot lock. */
int fnuma_pool_detach(struct fnuma_pool_cache *cache);

/**
 * @brief Take up to `n` free pages, for flipping. They are in flight.
 * @param cache attached cache. @param pages room for `n`. @param n 0 to INT32_MAX.
 * @return pages taken, at the front of `pages` (if fewer than `n`, the rest are misses);
 *   if none of `n > 0` could be had, #FNUMA_E_EMPTY (every page is out, or the pool has
 *   none) or #FNUMA_E_STRANDED (free pages are in other caches, held or lost);
 *   #FNUMA_E_INVAL.
 * @context The cache's user. No backend call; may take the depot lock once a magazine.
 */
int fnuma_pool_take(struct fnuma_pool_cache *cache, fnuma_gfn *pages, uint32_t n);

/**
 * @brief Give pages back: flipped and used up, or taken and not flipped after all.
 *
 * All or nothing. Checked pool: every page must be in flight or received, once. Two
 * callers that give the same page at the same time: it is accepted at most once; if
 * both batches hold other pages too, both may be refused.
 *
 * Trusted pool: no page is looked at. A lie cannot make the pool hold more pages than
 * it has, write outside its memory, or hand a frame that is not its own to the backend
 * or to fnuma_pool_hold(); a page given twice may be taken twice.
 * @param cache attached cache; need not be the one that took them.
 * @param pages frames. @param n 0 to INT32_MAX.
 * @return `n`; or, with nothing changed, #FNUMA_E_INVAL, #FNUMA_E_RANGE, #FNUMA_E_STATE
 *   (not out: given twice, never taken, not the pool's, or just being given by another
 *   caller), #FNUMA_E_DUPLICATE (twice in this batch), and fnuma_pool_offender() is the
 *   first page that is wrong. Trusted pool: #FNUMA_E_OVERFLOW if there are more pages
 *   than the pool has; then the pages before the offender have been accepted.
 * @context The cache's user. No backend call; may take the depot lock once a magazine.
 */
int fnuma_pool_give(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n);

/**
 * @brief The burst call: `n` pages out and `n` in. A flip *is* an exchange, so use does
 * not change and no counter is written.
 *
 * Pages handed out are others than those just given, as long as this cache and the depot
 * have others; for the rest the page given is handed out again. A call of more than
 * #FNUMA_BATCH_MAX pages may be served in portions of that many, and a portion may hand
 * out what an earlier one was given.
 * @param cache attached cache. @param in pages to give back, as for fnuma_pool_give().
 * @param out room for `n`; may be the same array as `in`, not overlap it otherwise: in a
 *   checked pool #FNUMA_E_INVAL.
 * @param n pages each way; 0 to INT32_MAX.
 * @return `n`, or an error of fnuma_pool_give(), with what that says of it.
 * @context The cache's user, as fnuma_pool_take().
 */
int fnuma_pool_exchange(struct fnuma_pool_cache *cache, const fnuma_gfn *in,
                        fnuma_gfn *out, uint32_t n);

/**
 * @brief Say that pages in flight have been flipped: they are received and in use.
 *
 * Only bookkeeping, and only in a checked pool; giving a page back never requires it.
 * All or nothing.
 * @param cache attached cache. @param pages frames. @param n 0 to INT32_MAX.
 * @return `n`; #FNUMA_E_INVAL, #FNUMA_E_RANGE, #FNUMA_E_STATE (not in flight),
 *   #FNUMA_E_DUPLICATE with nothing changed; #FNUMA_E_NOTSUP for a trusted pool.
 * @context The cache's user.
 */
int fnuma_pool_received(struct fnuma_pool_cache *cache, const fnuma_gfn *pages,
                        uint32_t n);

/** @brief The page that the last refused call on this cache was refused for.
 * @param cache cache. @return the frame, or #FNUMA_GFN_NONE_N if it was not about a page,
 *   or there is no cache.
 * @context The cache's user. */
fnuma_gfn fnuma_pool_offender(const struct fnuma_pool_cache *cache);

/** @brief Pages out, now. Cost: a few loads for each cache that was ever attached at the
 * same time as others, no lock.
 *
 * Exact when nobody takes or gives during the call; otherwise it differs from a
 * true value by at most the pages that moved during the call; the magazines of a cache whose
 * user was stopped while trading one count as moving. 0 to the size.
 * @param pool pool. @return pages; 0 for NULL. @context Any. */
uint32_t fnuma_pool_used(const struct fnuma_pool *pool);

/** @brief Pages the pool has. @param pool pool. @return pages; 0 for NULL.
 * @context Any. */
uint32_t fnuma_pool_size(const struct fnuma_pool *pool);

/** @brief Everything countable. @param pool pool. @param out filled. @context Any; takes
 * the depot lock for a bounded time. */
void fnuma_pool_stats(struct fnuma_pool *pool, struct fnuma_pool_stats *out);

/**
 * @brief Grow: acquire up to `n` pages from the domain's allocator.
 * @param pool pool. @param n 1 to INT32_MAX; the work is bounded by it.
 * @param now_ns only for the trace.
 * @return pages added; if none, why: #FNUMA_E_NOMEM (the allocator has none),
 *   #FNUMA_E_OVERFLOW (`max_pages` reached), #FNUMA_E_NOTSUP (no backend or no ACQUIRE),
 *   #FNUMA_E_BACKEND (the backend handed out a frame that is out of range or the pool's
 *   already; such frames are never taken in), #FNUMA_E_BUSY (another resize is running),
 *   #FNUMA_E_INVAL, or the backend's error. Pages of which the backend could not say whether
 *   they were acquired are added as lost.
 * @context One resizer at a time; flip users go on. As the backend's traits say.
 */
int fnuma_pool_grow(struct fnuma_pool *pool, uint32_t n, uint64_t now_ns);

/**
 * @brief Shrink: release up to `n` free pages that are known to be at home (I2).
 *
 * Where the backend has PAGE_NODES, it is asked again before each release, and pages that
 * may be remote are asked about too. Nothing is moved here: if what is free is away
 * (#FNUMA_E_REMOTE), bring it home first, within a budget, with fnuma_pool_bring_home() or
 * a repatriator. Pages in use, in caches or held are left alone. A page whose release
 * stays unknown is lost: nobody gets it, and a later call releases it again, once a
 * call and for at most #FNUMA_BATCH_MAX of them. The answer #FNUMA_E_STATE or
 * #FNUMA_E_GONE means, of any page, that it is not the pool's: it leaves the pool.
 * @param pool pool. @param n 1 to INT32_MAX; at most `n` pages of each kind (home,
 *   may-be-remote, lost) are tried. @param now_ns trace only.
 * @return pages that left the pool; if none, why: #FNUMA_E_EMPTY (no free page at all),
 *   #FNUMA_E_STRANDED (all free ones are in caches, held or lost), #FNUMA_E_REMOTE,
 *   #FNUMA_E_NOTSUP (no backend or no RELEASE), #FNUMA_E_LOST_TRACK, #FNUMA_E_BUSY
 *   (another resize is running, or the pages are), #FNUMA_E_INVAL, or the backend's error
 *   or reason.
 * @context As fnuma_pool_grow().
 */
int fnuma_pool_shrink(struct fnuma_pool *pool, uint32_t n, uint64_t now_ns);

/** @brief Go towards a size by at most `n` pages. @param pool pool. @param target_pages
 *   wanted, clipped to `max_pages`. @param n work bound, 1 to INT32_MAX.
 * @param now_ns trace only. @return pages the size changed by (positive, either way), 0
 *   if it is there, or the error of fnuma_pool_grow() or fnuma_pool_shrink().
 * @context As fnuma_pool_grow(). */
int fnuma_pool_resize(struct fnuma_pool *pool, uint32_t target_pages, uint32_t n,
                      uint64_t now_ns);

/**
 * @brief Bring up to `n` free may-be-remote pages home, and keep them.
 *
 * First asks where they are (PAGE_NODES), so that pages already home cost no move (I8). For
 * a pool without a repatriator; one that has a pool does the same, and keeps books.
 * @param pool pool. @param n 1 to INT32_MAX; the work bound. @param now_ns time.
 * @param budget what may be spent; charged here (I6). NULL: no limit.
 * @return pages now known to be home that were not before; 0 if the depot has no
 *   may-be-remote page; if none came home, #FNUMA_E_BUDGET or #FNUMA_E_REMOTE;
 *   #FNUMA_E_NOTSUP (no backend, or it neither knows nor moves pages); #FNUMA_E_BUSY
 *   (another resize is running); #FNUMA_E_INVAL; the backend's error.
 * @context As fnuma_pool_grow(), and the budget's user.
 */
int fnuma_pool_bring_home(struct fnuma_pool *pool, uint32_t n, uint64_t now_ns,
                          struct fnuma_budget *budget);

/** @brief Which free pages fnuma_pool_hold() wants. */
enum fnuma_pool_where {
	FNUMA_POOL_MAYBE_REMOTE = 0, /**< given back after use, or of unknown node */
	FNUMA_POOL_HOME = 1          /**< known to be at home */
};

/** @brief Hold free pages: still the pool's, still free, handed to nobody else, until
 *   fnuma_pool_unhold(). For a repatriator that moves them.
 * @param pool pool. @param where which. @param pages room for `n`.
 * @param n 1 to #FNUMA_BATCH_MAX. @return pages held, 0 if there are none such in the
 *   depot, or #FNUMA_E_INVAL. @context Any; takes the depot lock. */
int fnuma_pool_hold(struct fnuma_pool *pool, enum fnuma_pool_where where,
                    fnuma_gfn *pages, uint32_t n);

/** @brief Put held pages back. @param pool pool. @param pages frames that were held.
 * @param nodes where each is now; a home node files it as home. @param n 1 to
 *   #FNUMA_BATCH_MAX. @return `n`, or with nothing changed #FNUMA_E_INVAL,
 *   #FNUMA_E_RANGE, #FNUMA_E_STATE (not held), #FNUMA_E_DUPLICATE; all of them in a
 *   trusted pool too.
 * @context Any; takes the depot lock. */
int fnuma_pool_unhold(struct fnuma_pool *pool, const fnuma_gfn *pages,
                      const fnuma_node *nodes, uint32_t n);

/** @name The inline path
 * The same calls for a trusted pool, compiled into the caller; they fall back to the
 * exported functions when the loaded magazine does not do, and always in a checked pool.
 * Counts need not be constants, but the compiler makes the most of those that are.
 * @{ */

/** @brief Private. Where `n` is a constant, little is left of these functions; a compiler
 * that judges them by all they have would call them. */
#define FNUMA_POOL_ALWAYS __attribute__((always_inline))

/** @brief Copy `n` pages, `n` a constant: so many registers' worth of loads, then of
 * stores. @param to where to. @param from where from. @param n pages. */
#define FNUMA_POOL_COPY(to, from, n) \
	((void)__builtin_memcpy((to), (from), (n) * sizeof(fnuma_gfn)))

/** @brief Copy pages; private. Fixed sizes, because a call of memcpy() costs more than
 * most bursts; one page first, because that is over soonest. @param to where to.
 * @param from where from, elsewhere. @param n pages. */
static inline FNUMA_POOL_ALWAYS void fnuma_pool_copy(fnuma_gfn *to, const fnuma_gfn *from,
                                                     uint32_t n)
{
	if (FNUMA_LIKELY(n == 1)) {
		*to = *from;
		return;
	}
	for (; n >= 16; n -= 16, to += 16, from += 16)
		FNUMA_POOL_COPY(to, from, 16);
	if (n & 8) {
		FNUMA_POOL_COPY(to, from, 8);
		to += 8;
		from += 8;
	}
	if (n & 4) {
		FNUMA_POOL_COPY(to, from, 4);
		to += 4;
		from += 4;
	}
	if (n & 2) {
		FNUMA_POOL_COPY(to, from, 2);
		to += 2;
		from += 2;
	}
	if (n & 1)
		*to = *from;
}

/** @brief Pages of `slots` to `out`, and those of `in` in their place; private. `n` is a
 * constant. @param slots magazine. @param in pages. @param out pages, may be `in`.
 * @param n pages, at most 16. */
#define FNUMA_POOL_TRADE(slots, in, out, n)        \
	do {                                       \
		fnuma_gfn taken_[n];               \
		FNUMA_POOL_COPY(taken_, slots, n); \
		FNUMA_POOL_COPY(slots, in, n);     \
		FNUMA_POOL_COPY(out, taken_, n);   \
	} while (0)

/** @brief Trade pages; private. @param slots magazine. @param in pages in. @param out
 * pages out, may be `in`. @param n pages. */
static inline FNUMA_POOL_ALWAYS void
fnuma_pool_trade(fnuma_gfn *slots, const fnuma_gfn *in, fnuma_gfn *out, uint32_t n)
{
	if (FNUMA_LIKELY(n == 1)) {
		FNUMA_POOL_TRADE(slots, in, out, 1);
		return;
	}
	for (; n >= 16; n -= 16, slots += 16, in += 16, out += 16)
		FNUMA_POOL_TRADE(slots, in, out, 16);
	if (n & 8) {
		FNUMA_POOL_TRADE(slots, in, out, 8);
		slots += 8;
		in += 8;
		out += 8;
	}
	if (n & 4) {
		FNUMA_POOL_TRADE(slots, in, out, 4);
		slots += 4;
		in += 4;
		out += 4;
	}
	if (n & 2) {
		FNUMA_POOL_TRADE(slots, in, out, 2);
		slots += 2;
		in += 2;
		out += 2;
	}
	if (n & 1)
		FNUMA_POOL_TRADE(slots, in, out, 1);
}

#undef FNUMA_POOL_TRADE
#undef FNUMA_POOL_COPY

/* The cache's own count is written after the cell's: a compiler that sees a take and a give
 * together then knows it still, and nothing waits for memory. */

/** @brief Take from the loaded magazine; private. @param c cache. @param pages room.
 * @param n pages. @return false, with nothing changed, if that does not do. */
static inline FNUMA_POOL_ALWAYS bool fnuma_pool_take_loaded(struct fnuma_pool_cache *c,
                                                            fnuma_gfn *pages, uint32_t n)
{
	uint32_t have = c->n;

	if (FNUMA_UNLIKELY(n - 1 >= have)) /* nor is it for none */
		return false;
	have -= n;
	fnuma_pool_copy(pages, c->slots + have, n);
	fnuma_port_store(&c->cell->n, have);
	c->n = have;
	return true;
}

/** @brief Give to the loaded magazine; private. @param c cache. @param pages frames.
 * @param n pages. @return false, with nothing changed, if that does not do. */
static inline FNUMA_POOL_ALWAYS bool
fnuma_pool_give_loaded(struct fnuma_pool_cache *c, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t have = c->n;

	if (FNUMA_UNLIKELY(n - 1 >= c->room - have))
		return false;
	fnuma_pool_copy(c->slots + have, pages, n);
	have += n;
	fnuma_port_store(&c->cell->n, have);
	c->n = have;
	return true;
}

/** @brief Exchange with the loaded magazine; private. @param c cache. @param in frames.
 * @param out room. @param n pages. @return false, with nothing changed, if that does not
 * do. */
static inline FNUMA_POOL_ALWAYS bool
fnuma_pool_exchange_loaded(struct fnuma_pool_cache *c, const fnuma_gfn *in,
                           fnuma_gfn *out, uint32_t n)
{
	uint32_t have = c->n;

	if (FNUMA_UNLIKELY(n - 1 >= have))
		return false;
	fnuma_pool_trade(c->slots + (have - n), in, out, n);
	return true;
}

/** @brief As fnuma_pool_take(). @param c cache, not NULL. @param pages room, not NULL.
 * @param n pages. @return as fnuma_pool_take(). @context The cache's user. */
static inline FNUMA_POOL_ALWAYS int fnuma_pool_take_inline(struct fnuma_pool_cache *c,
                                                           fnuma_gfn *pages, uint32_t n)
{
	if (fnuma_pool_take_loaded(c, pages, n))
		return (int)n;
	return fnuma_pool_take(c, pages, n);
}

/** @brief As fnuma_pool_give(). @param c cache, not NULL. @param pages frames, not NULL.
 * @param n pages. @return as fnuma_pool_give(). @context The cache's user. */
static inline FNUMA_POOL_ALWAYS int
fnuma_pool_give_inline(struct fnuma_pool_cache *c, const fnuma_gfn *pages, uint32_t n)
{
	if (fnuma_pool_give_loaded(c, pages, n))
		return (int)n;
	return fnuma_pool_give(c, pages, n);
}

/** @brief As fnuma_pool_exchange(). @param c cache, not NULL. @param in frames, not NULL.
 * @param out room, not NULL. @param n pages. @return as fnuma_pool_exchange().
 * @context The cache's user. */
static inline FNUMA_POOL_ALWAYS int fnuma_pool_exchange_inline(struct fnuma_pool_cache *c,
                                                               const fnuma_gfn *in,
                                                               fnuma_gfn *out, uint32_t n)
{
	if (fnuma_pool_exchange_loaded(c, in, out, n))
		return (int)n;
	return fnuma_pool_exchange(c, in, out, n);
}

#undef FNUMA_POOL_ALWAYS

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_POOL_H */
