/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The pool's flip path, and what can be read of it at any time. */
#include "pool_internal.h"

#include <string.h>

#define CELLS_MAX 4096u
#define MAGAZINE_MAX 4096u
#define MAGAZINE_DEFAULT 64u
#define COUNT_MAX ((uint32_t)INT32_MAX)
/* What is called now and then stays away from what is called for each packet: inlined there, it
 * would have registers saved each time. */
#define OUT_OF_LINE __attribute__((noinline))
/* Reads of a cell before one is believed that its owner may be changing just now. */
#define READ_TRIES 64u

/* Where in the pool's memory things begin. */
struct layout {
	uint32_t magazine_pages;
	uint32_t magazines;
	uint64_t cells;
	uint64_t slots;
	uint64_t next;
	uint64_t book;
	uint64_t bytes;
};

static uint64_t lines(uint64_t bytes)
{
	return (bytes + FNUMA_CACHE_LINE - 1) & ~(uint64_t)(FNUMA_CACHE_LINE - 1);
}

static bool config_ok(const struct fnuma_pool_config *c)
{
	return c && c->frames && c->max_pages && c->max_pages <= c->frames &&
	       c->max_pages <= COUNT_MAX && c->caches && c->caches <= CELLS_MAX &&
	       c->magazine_pages != 1 && c->magazine_pages <= MAGAZINE_MAX &&
	       !(c->flags & ~(uint32_t)FNUMA_POOL_TRUSTED) &&
	       fnuma_homes_check(c->homes, c->n_homes, c->frames, FNUMA_NODES_MAX) ==
	               FNUMA_OK;
}

static void lay_out(const struct fnuma_pool_config *c, struct layout *l)
{
	uint64_t book = c->frames;

	if (c->flags & FNUMA_POOL_TRUSTED)
		book = (book + 3) / 4;
	l->magazine_pages = c->magazine_pages ? c->magazine_pages : MAGAZINE_DEFAULT;
	/* See (b) in pool_depot.c. */
	l->magazines = c->max_pages / l->magazine_pages + 6 + 2 * c->caches;
	l->cells = lines(sizeof(struct fnuma_pool));
	l->slots = l->cells + (uint64_t)c->caches * sizeof(struct fnuma_pool_cell);
	l->next = lines(l->slots +
	                (uint64_t)l->magazines * l->magazine_pages * sizeof(fnuma_gfn));
	l->book = lines(l->next + (uint64_t)l->magazines * sizeof(uint32_t));
	l->bytes = lines(l->book + book);
}

size_t fnuma_pool_bytes(const struct fnuma_pool_config *config)
{
	struct layout l;

	if (!config_ok(config))
		return 0;
	lay_out(config, &l);
	return l.bytes > SIZE_MAX ? 0 : (size_t)l.bytes;
}

int fnuma_pool_init(void *memory, size_t bytes, const struct fnuma_pool_config *config,
                    struct fnuma_pool **out)
{
	struct fnuma_pool *pool = memory;
	uint8_t *at = memory;
	struct layout l;

	if (!memory || !out || (uintptr_t)memory % FNUMA_CACHE_LINE || !config_ok(config))
		return FNUMA_E_INVAL;
	lay_out(config, &l);
	if (bytes < l.bytes)
		return FNUMA_E_NOSPC;
	memset(at, 0, (size_t)l.slots);
	memset(at + (size_t)l.book, 0, (size_t)(l.bytes - l.book));
	pool->backend = config->backend;
	pool->trace = config->trace;
	memcpy(pool->homes, config->homes, config->n_homes * sizeof(*config->homes));
	pool->n_homes = config->n_homes;
	pool->domain = config->domain;
	pool->frames = config->frames;
	pool->max_pages = config->max_pages;
	pool->magazine_pages = l.magazine_pages;
	pool->max_cells = config->caches;
	pool->trusted = config->flags & FNUMA_POOL_TRUSTED;
	pool->cells = (struct fnuma_pool_cell *)(void *)(at + (size_t)l.cells);
	pool->slots = (fnuma_gfn *)(void *)(at + (size_t)l.slots);
	pool->next = (uint32_t *)(void *)(at + (size_t)l.next);
	pool->book = at + (size_t)l.book;
	fnuma_port_lock_init(&pool->lock);
	fnuma_depot_init(pool, l.magazines);
	*out = pool;
	return FNUMA_OK;
}

int fnuma_pool_attach(struct fnuma_pool *pool, struct fnuma_pool_cache *cache)
{
	if (!pool || !cache)
		return FNUMA_E_INVAL;
	if (!fnuma_depot_attach(pool, cache))
		return fnuma_depot_refuse(pool, FNUMA_E_NOSPC);
	return FNUMA_OK;
}

int fnuma_pool_flush(struct fnuma_pool_cache *cache)
{
	if (!cache || !cache->pool)
		return FNUMA_E_INVAL;
	return (int)fnuma_depot_flush(cache);
}

int fnuma_pool_detach(struct fnuma_pool_cache *cache)
{
	int n = fnuma_pool_flush(cache);

	if (n < 0)
		return n;
	fnuma_depot_detach(cache);
	return FNUMA_OK;
}

fnuma_gfn fnuma_pool_offender(const struct fnuma_pool_cache *cache)
{
	return cache ? cache->offender : fnuma_gfn_of(FNUMA_GFN_NONE_N);
}

/* Refuse a call, because of `page` or FNUMA_GFN_NONE_N. */
static int refuse(struct fnuma_pool_cache *cache, int error, uint32_t page)
{
	cache->offender = fnuma_gfn_of(page);
	return fnuma_depot_refuse(cache->pool, error);
}

/* Is this a call at all? Its arguments, not yet its pages. */
static int check_call(struct fnuma_pool_cache *cache, const fnuma_gfn *a,
                      const fnuma_gfn *b, uint32_t n)
{
	if (!cache || !cache->pool)
		return FNUMA_E_INVAL;
	if (n > COUNT_MAX || (n && (!a || !b)))
		return refuse(cache, FNUMA_E_INVAL, FNUMA_GFN_NONE_N);
	return FNUMA_OK;
}

/* The checked pool's ledger. Only who has claimed a page changes its state, so one
 * compare-and-swap decides between any number of callers that give the same page. */

/* Returns the state that the page was claimed in, or the one that forbids it. */
static uint8_t claim_page(uint8_t *at, bool used_too)
{
	uint8_t state = fnuma_port_load8(at);

	while (state == PAGE_FLIGHT || (used_too && state == PAGE_USED)) {
		if (fnuma_port_cas8(at, state, (uint8_t)(state | PAGE_CLAIMED)))
			break;
		state = fnuma_port_load8(at);
	}
	return state;
}

static bool appears(const fnuma_gfn *pages, uint32_t n, uint32_t page)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (pages[i].n == page)
			return true;
	return false;
}

static void unclaim(struct fnuma_pool *pool, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint8_t *at = &pool->book[pages[i].n];

		fnuma_port_store8(at, fnuma_port_load8(at) & (uint8_t)~PAGE_CLAIMED);
	}
}

/* Claim every page of a batch, or none and say why. */
static int claim(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n,
                 bool used_too)
{
	struct fnuma_pool *pool = cache->pool;
	int error = FNUMA_OK;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint8_t state;

		if (pages[i].n >= pool->frames) {
			error = FNUMA_E_RANGE;
			break;
		}
		state = claim_page(&pool->book[pages[i].n], used_too);
		if (state == PAGE_FLIGHT || (used_too && state == PAGE_USED))
			continue;
		/* Claimed by ourselves, or by another caller just now? */
		if (state & PAGE_CLAIMED && appears(pages, i, pages[i].n))
			error = FNUMA_E_DUPLICATE;
		else
			error = FNUMA_E_STATE;
		break;
	}
	if (!error)
		return FNUMA_OK;
	unclaim(pool, pages, i);
	return refuse(cache, error, pages[i].n);
}

/* Claimed pages come in: free, though not yet in a magazine. */
static void accept(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n)
{
	struct fnuma_pool_cell *cell = cache->cell;
	uint32_t i, used = 0;

	for (i = 0; i < n; i++) {
		uint8_t *at = &cache->pool->book[pages[i].n];

		used += fnuma_port_load8(at) == (PAGE_USED | PAGE_CLAIMED);
		fnuma_port_store8(at, PAGE_FREE);
	}
	if (used)
		fnuma_port_store(&cell->received, cell->received - used);
}

static void mark(struct fnuma_pool *pool, const fnuma_gfn *pages, uint32_t n,
                 enum page_state state)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		fnuma_port_store8(&pool->book[pages[i].n], (uint8_t)state);
}

/* The magazines, for either kind of pool. */

static void set_n(struct fnuma_pool_cache *cache, uint32_t n)
{
	fnuma_port_store(&cache->cell->n, n);
	cache->n = cache->room ? n : 0;
}

/*
 * Two magazines: a burst that ends in the middle of one would have the next ones end there,
 * too, and take the long way each time. So a burst that the loaded magazine cannot serve
 * alone is served by the previous one alone, if that can, and then many more are.
 */

/* Up to `n` pages out; the rest are misses, if `count_misses`. */
static uint32_t draw(struct fnuma_pool_cache *cache, fnuma_gfn *pages, uint32_t n,
                     bool count_misses)
{
	const struct fnuma_pool_cell *cell = cache->cell;
	uint32_t got = 0;

	for (;;) {
		uint32_t k = n - got < cell->n ? n - got : cell->n;

		fnuma_pool_copy(pages + got, cache->slots + (cell->n - k), k);
		set_n(cache, cell->n - k);
		got += k;
		if (got == n)
			break;
		if (cell->previous_n)
			fnuma_depot_swap(cache);
		else if (!fnuma_depot_refill(cache, count_misses ? n - got : 0))
			break;
	}
	if (!cache->pool->trusted)
		mark(cache->pool, pages, got, PAGE_FLIGHT);
	return got;
}

/* `n` pages in. Returns how many; fewer only if they cannot all be the pool's. */
static uint32_t put(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n)
{
	const struct fnuma_pool_cell *cell = cache->cell;
	uint32_t each = cache->pool->magazine_pages, done = 0;

	/* All in one, if there is one: the next draws of as many are then served by it. */
	if (n > each - cell->n && n <= each - cell->previous_n)
		fnuma_depot_swap(cache);
	for (;;) {
		uint32_t k = n - done < each - cell->n ? n - done : each - cell->n;

		fnuma_pool_copy(cache->slots + cell->n, pages + done, k);
		set_n(cache, cell->n + k);
		done += k;
		if (done == n)
			return n;
		if (cell->previous_n < each)
			fnuma_depot_swap(cache);
		else if (!fnuma_depot_spill(cache))
			return done;
	}
}

OUT_OF_LINE static int take_slowly(struct fnuma_pool_cache *cache, fnuma_gfn *pages,
                                   uint32_t n)
{
	int error = check_call(cache, pages, pages, n);
	uint32_t got;

	if (error || !n)
		return error;
	got = draw(cache, pages, n, true);
	if (got)
		return (int)got;
	return refuse(cache, pool_why_none(cache->pool), FNUMA_GFN_NONE_N);
}

int fnuma_pool_take(struct fnuma_pool_cache *cache, fnuma_gfn *pages, uint32_t n)
{
	if (FNUMA_LIKELY(cache && pages && fnuma_pool_take_loaded(cache, pages, n)))
		return (int)n;
	return take_slowly(cache, pages, n);
}

OUT_OF_LINE static int give_slowly(struct fnuma_pool_cache *cache,
                                   const fnuma_gfn *pages, uint32_t n)
{
	int error = check_call(cache, pages, pages, n);
	uint32_t done;

	if (error || !n)
		return error;
	if (!cache->pool->trusted) {
		error = claim(cache, pages, n, true);
		if (error)
			return error;
		accept(cache, pages, n);
	}
	done = put(cache, pages, n);
	if (done < n)
		return refuse(cache, FNUMA_E_OVERFLOW, pages[done].n);
	return (int)n;
}

int fnuma_pool_give(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n)
{
	if (FNUMA_LIKELY(cache && pages && fnuma_pool_give_loaded(cache, pages, n)))
		return (int)n;
	return give_slowly(cache, pages, n);
}

/* If the loaded magazine has not enough: pages out first, then those given in. */
static int exchange_anew(struct fnuma_pool_cache *cache, const fnuma_gfn *in,
                         fnuma_gfn *out, uint32_t n)
{
	fnuma_gfn given[FNUMA_BATCH_MAX];
	uint32_t got, done;

	memcpy(given, in, n * sizeof(*in));
	got = draw(cache, out, n, false);
	done = put(cache, given, got);
	if (done < got)
		return refuse(cache, FNUMA_E_OVERFLOW, given[done].n);
	/* No others are to be had: what was given goes out again. */
	memcpy(out + got, given + got, (n - got) * sizeof(*out));
	if (!cache->pool->trusted)
		mark(cache->pool, out + got, n - got, PAGE_FLIGHT);
	return FNUMA_OK;
}

static int exchange_portion(struct fnuma_pool_cache *cache, const fnuma_gfn *in,
                            fnuma_gfn *out, uint32_t n)
{
	if (n > cache->cell->n)
		return exchange_anew(cache, in, out, n);
	fnuma_pool_trade(cache->slots + (cache->cell->n - n), in, out, n);
	if (!cache->pool->trusted)
		mark(cache->pool, out, n, PAGE_FLIGHT);
	return FNUMA_OK;
}

/* Pages handed out would be written over pages given that are still to be read. */
static bool overlap(const fnuma_gfn *a, const fnuma_gfn *b, uint32_t n)
{
	uintptr_t low = (uintptr_t)a, high = (uintptr_t)b;

	if (low > high) {
		low = (uintptr_t)b;
		high = (uintptr_t)a;
	}
	return low != high && (high - low) / sizeof(*a) < n;
}

OUT_OF_LINE static int exchange_slowly(struct fnuma_pool_cache *cache, const fnuma_gfn *in,
                                       fnuma_gfn *out, uint32_t n)
{
	int error = check_call(cache, in, out, n);
	uint32_t i, k;

	if (error || !n)
		return error;
	if (overlap(in, out, n))
		return refuse(cache, FNUMA_E_INVAL, FNUMA_GFN_NONE_N);
	if (!cache->pool->trusted) {
		error = claim(cache, in, n, true);
		if (error)
			return error;
		accept(cache, in, n);
	}
	for (i = 0; i < n; i += k) {
		k = n - i < FNUMA_BATCH_MAX ? n - i : FNUMA_BATCH_MAX;
		error = exchange_portion(cache, in + i, out + i, k);
		if (error)
			return error;
	}
	return (int)n;
}

int fnuma_pool_exchange(struct fnuma_pool_cache *cache, const fnuma_gfn *in,
                        fnuma_gfn *out, uint32_t n)
{
	if (FNUMA_LIKELY(cache && in && out &&
	                 fnuma_pool_exchange_loaded(cache, in, out, n)))
		return (int)n;
	return exchange_slowly(cache, in, out, n);
}

int fnuma_pool_received(struct fnuma_pool_cache *cache, const fnuma_gfn *pages,
                        uint32_t n)
{
	int error = check_call(cache, pages, pages, n);

	if (error)
		return error;
	if (cache->pool->trusted)
		return refuse(cache, FNUMA_E_NOTSUP, FNUMA_GFN_NONE_N);
	error = claim(cache, pages, n, false);
	if (error)
		return error;
	mark(cache->pool, pages, n, PAGE_USED);
	fnuma_port_store(&cache->cell->received, cache->cell->received + n);
	return (int)n;
}

/* What left the depot by this cell and is not in its magazines. False: its user is just about
 * to change that, and `out` is something else. */
static inline bool cell_out(const struct fnuma_pool_cell *cell, uint32_t *out)
{
	uint32_t seq = fnuma_port_load_acquire(&cell->seq);

	*out = fnuma_port_load_acquire(&cell->base) -
	       fnuma_port_load_acquire(&cell->previous_n) -
	       fnuma_port_load_acquire(&cell->n);
	return !(seq & 1) && fnuma_port_load(&cell->seq) == seq;
}

/* Sums of cells are exact modulo 2^32, and a passing state may be off either way. */
static uint32_t clamp(uint32_t sum, uint32_t most)
{
	if (sum > COUNT_MAX)
		return 0;
	return sum < most ? sum : most;
}

/* The same with a cell that was caught while it changed: it is read again, for a while. */
OUT_OF_LINE static uint32_t used_after_all(const struct fnuma_pool *pool)
{
	uint32_t cells = fnuma_port_load_acquire(&pool->cells_used);
	uint32_t sum = fnuma_port_load(&pool->astray), i, tries, out;

	for (i = 0; i < cells; i++) {
		for (tries = 0; !cell_out(&pool->cells[i], &out) && tries < READ_TRIES; tries++)
			;
		sum += out;
	}
	return clamp(sum, fnuma_pool_size(pool));
}

uint32_t fnuma_pool_used(const struct fnuma_pool *pool)
{
	const struct fnuma_pool_cell *cell, *end;
	uint32_t sum, out;

	if (!pool)
		return 0;
	cell = pool->cells;
	end = cell + fnuma_port_load_acquire(&pool->cells_used);
	sum = fnuma_port_load(&pool->astray);
	for (; cell < end; cell++) {
		if (FNUMA_UNLIKELY(!cell_out(cell, &out)))
			return used_after_all(pool);
		sum += out;
	}
	return clamp(sum, fnuma_pool_size(pool));
}

uint32_t fnuma_pool_size(const struct fnuma_pool *pool)
{
	return pool ? fnuma_port_load(&pool->size) : 0;
}

/* The flip path's part: without the lock, for it may take as long as there are caches. */
static void count_out(const struct fnuma_pool *pool, struct fnuma_pool_stats *out)
{
	uint32_t i, cells = fnuma_port_load_acquire(&pool->cells_used), received = 0;

	for (i = 0; i < cells; i++)
		received += fnuma_port_load(&pool->cells[i].received);
	out->used_pages = clamp(fnuma_pool_used(pool), out->size_pages);
	out->free_pages = out->size_pages - out->used_pages;
	out->received_pages = clamp(received, out->used_pages);
	out->in_flight_pages = out->used_pages - out->received_pages;
}

void fnuma_pool_stats(struct fnuma_pool *pool, struct fnuma_pool_stats *out)
{
	if (!out)
		return;
	memset(out, 0, sizeof(*out));
	if (!pool)
		return;
	pool_lock(pool);
	out->size_pages = pool->size;
	out->depot_home_pages = pool->home.pages;
	out->depot_remote_pages = pool->remote.pages;
	out->held_pages = pool->held + pool->away;
	out->lost_pages = pool->lost.pages;
	out->misses = pool->misses;
	out->grown = pool->grown;
	out->shrunk = pool->shrunk;
	out->brought_home = pool->brought_home;
	memcpy(out->refused, pool->refused, sizeof(out->refused));
	pool_unlock(pool);
	count_out(pool, out);
}
