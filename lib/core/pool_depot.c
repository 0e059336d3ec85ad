/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The depot: magazines of free pages under one lock (after Bonwick's magazine layer).
 * The flip path trades whole magazines, so it holds the lock for a few instructions.
 *
 * Two bounds hold whenever the lock is free, in a trusted pool whatever is given:
 *
 *   (a) pages in the lists, held and away <= size. Spill and flush refuse what would
 *       break it; every other change moves a page within the sum, or together with size.
 *   (b) there is an empty magazine for whoever needs one. A list's pages sit in full
 *       magazines and at most two others; by (a) that makes max_pages / M + 6, attached
 *       cells have two each, and fnuma_pool_bytes() provides for the sum of both.
 */
#include "pool_internal.h"

#include <string.h>

static fnuma_gfn *slots_of(const struct fnuma_pool *pool, uint32_t magazine)
{
	return pool->slots + (size_t)magazine * pool->magazine_pages;
}

static void empty_push(struct fnuma_pool *pool, uint32_t magazine)
{
	pool->next[magazine] = pool->empty;
	pool->empty = magazine;
}

static uint32_t empty_pop(struct fnuma_pool *pool)
{
	uint32_t magazine = pool->empty;

	FNUMA_ASSERT(magazine != DEPOT_NONE); /* (b) */
	pool->empty = pool->next[magazine];
	return magazine;
}

static void list_init(struct depot_list *list)
{
	list->head = DEPOT_NONE;
	list->fill = DEPOT_NONE;
	list->drain = DEPOT_NONE;
}

static void full_push_head(struct fnuma_pool *pool, struct depot_list *list,
                           uint32_t magazine)
{
	if (list->head == DEPOT_NONE)
		list->tail = magazine;
	pool->next[magazine] = list->head;
	list->head = magazine;
	list->pages += pool->magazine_pages;
}

static void full_push_tail(struct fnuma_pool *pool, struct depot_list *list,
                           uint32_t magazine)
{
	if (list->head == DEPOT_NONE)
		list->head = magazine;
	else
		pool->next[list->tail] = magazine;
	pool->next[magazine] = DEPOT_NONE;
	list->tail = magazine;
}

/* Any magazine with pages, full ones first. */
static uint32_t list_take(struct fnuma_pool *pool, struct depot_list *list, uint32_t *n)
{
	uint32_t magazine = list->head;

	if (magazine != DEPOT_NONE) {
		list->head = pool->next[magazine];
		*n = pool->magazine_pages;
	} else if (list->fill != DEPOT_NONE) {
		magazine = list->fill;
		*n = list->fill_n;
		list->fill = DEPOT_NONE;
	} else if (list->drain != DEPOT_NONE) {
		magazine = list->drain;
		*n = list->drain_n;
		list->drain = DEPOT_NONE;
	} else {
		return DEPOT_NONE;
	}
	list->pages -= *n;
	return magazine;
}

static bool list_pop(struct fnuma_pool *pool, struct depot_list *list, fnuma_gfn *page)
{
	if (list->drain == DEPOT_NONE) {
		uint32_t n;

		list->drain = list_take(pool, list, &n);
		if (list->drain == DEPOT_NONE)
			return false;
		list->drain_n = n;
		list->pages += n;
	}
	*page = slots_of(pool, list->drain)[--list->drain_n];
	list->pages--;
	if (!list->drain_n) {
		empty_push(pool, list->drain);
		list->drain = DEPOT_NONE;
	}
	return true;
}

static void list_push(struct fnuma_pool *pool, struct depot_list *list, fnuma_gfn page)
{
	if (list->fill == DEPOT_NONE) {
		list->fill = empty_pop(pool);
		list->fill_n = 0;
	}
	slots_of(pool, list->fill)[list->fill_n++] = page;
	list->pages++;
	if (list->fill_n == pool->magazine_pages) {
		full_push_tail(pool, list, list->fill);
		list->fill = DEPOT_NONE;
	}
}

/* How many more pages the depot can be given before (a) would be broken. */
static uint32_t room(const struct fnuma_pool *pool)
{
	uint32_t in = pool->remote.pages + pool->home.pages + pool->lost.pages +
	              pool->held + pool->away;

	FNUMA_ASSERT(in <= pool->size);
	return pool->size - in;
}

/*
 * Change a cache's magazines, and with them what its cell's `out` is computed from. `seq` is
 * odd meanwhile; the stores of the data are releases, so whoever sees one of them sees the
 * odd `seq` as well, and tries again.
 */
static void set_magazines(struct fnuma_pool_cache *cache, uint32_t loaded, uint32_t n,
                          uint32_t previous, uint32_t previous_n, uint32_t base)
{
	struct fnuma_pool_cell *cell = cache->cell;
	uint32_t seq = cell->seq;

	fnuma_port_store(&cell->seq, seq + 1);
	fnuma_port_store_release(&cell->base, base);
	fnuma_port_store_release(&cell->previous_n, previous_n);
	fnuma_port_store_release(&cell->n, n);
	fnuma_port_store_release(&cell->seq, seq + 2);
	cell->loaded = loaded;
	cell->previous = previous;
	cache->slots = slots_of(cache->pool, loaded);
	cache->n = cache->room ? n : 0;
}

void fnuma_depot_swap(struct fnuma_pool_cache *cache)
{
	struct fnuma_pool_cell *cell = cache->cell;

	set_magazines(cache, cell->previous, cell->previous_n, cell->loaded, cell->n,
	              cell->base);
}

bool fnuma_depot_refill(struct fnuma_pool_cache *cache, uint32_t missing)
{
	struct fnuma_pool_cell *cell = cache->cell;
	struct fnuma_pool *pool = cache->pool;
	uint32_t magazine, n = 0;

	pool_lock_for_flip(pool);
	magazine = list_take(pool, &pool->remote, &n);
	if (magazine == DEPOT_NONE)
		magazine = list_take(pool, &pool->home, &n);
	if (magazine == DEPOT_NONE)
		pool->misses += missing;
	else
		empty_push(pool, cell->loaded);
	pool_unlock(pool);
	if (magazine == DEPOT_NONE)
		return false;
	set_magazines(cache, magazine, n, cell->previous, cell->previous_n,
	              cell->base + n);
	return true;
}

bool fnuma_depot_spill(struct fnuma_pool_cache *cache)
{
	struct fnuma_pool_cell *cell = cache->cell;
	struct fnuma_pool *pool = cache->pool;
	uint32_t each = pool->magazine_pages, magazine = DEPOT_NONE;

	FNUMA_ASSERT(cell->n == each && cell->previous_n == each);
	pool_lock_for_flip(pool);
	/* The cell has two full ones: more than there is room for means pages that are
	 * not the pool's, and a checked pool lets none in. */
	if (room(pool) >= 2 * each) {
		full_push_head(pool, &pool->remote, cell->previous);
		magazine = empty_pop(pool);
	}
	pool_unlock(pool);
	if (magazine == DEPOT_NONE) {
		FNUMA_ASSERT(pool->trusted);
		return false;
	}
	set_magazines(cache, magazine, 0, cell->loaded, each, cell->base - each);
	return true;
}

/* The pages of a cell's magazine into the depot, and the magazine left empty. Returns how
 * many there was room for. */
static uint32_t unload(struct fnuma_pool *pool, uint32_t *magazine, uint32_t n)
{
	uint32_t i, fits = room(pool);

	if (n > fits) {
		FNUMA_ASSERT(pool->trusted);
		pool->refused[-FNUMA_E_OVERFLOW] += n - fits;
		n = fits;
	}
	if (n == pool->magazine_pages) {
		full_push_head(pool, &pool->remote, *magazine);
		*magazine = empty_pop(pool);
		return n;
	}
	for (i = 0; i < n; i++)
		list_push(pool, &pool->remote, slots_of(pool, *magazine)[i]);
	return n;
}

uint32_t fnuma_depot_flush(struct fnuma_pool_cache *cache)
{
	struct fnuma_pool_cell *cell = cache->cell;
	struct fnuma_pool *pool = cache->pool;
	uint32_t loaded = cell->loaded, previous = cell->previous, n;

	pool_lock(pool);
	n = unload(pool, &loaded, cell->n);
	n += unload(pool, &previous, cell->previous_n);
	pool_unlock(pool);
	set_magazines(cache, loaded, 0, previous, 0, cell->base - n);
	return n;
}

static struct fnuma_pool_cell *free_cell(struct fnuma_pool *pool)
{
	struct fnuma_pool_cell *cell = NULL;

	if (pool->free_cell != DEPOT_NONE) {
		cell = &pool->cells[pool->free_cell];
		pool->free_cell = cell->next;
	} else if (pool->cells_used < pool->max_cells) {
		cell = &pool->cells[pool->cells_used];
		fnuma_port_store_release(&pool->cells_used, pool->cells_used + 1);
	}
	return cell;
}

bool fnuma_depot_attach(struct fnuma_pool *pool, struct fnuma_pool_cache *cache)
{
	struct fnuma_pool_cell *cell;

	pool_lock(pool);
	cell = free_cell(pool);
	if (cell) {
		uint32_t loaded = empty_pop(pool), previous = empty_pop(pool);

		cache->pool = pool;
		cache->cell = cell;
		cache->room = pool->trusted ? pool->magazine_pages : 0;
		cache->offender = fnuma_gfn_of(FNUMA_GFN_NONE_N);
		set_magazines(cache, loaded, 0, previous, 0, cell->base);
	}
	pool_unlock(pool);
	return cell != NULL;
}

void fnuma_depot_detach(struct fnuma_pool_cache *cache)
{
	struct fnuma_pool_cell *cell = cache->cell;
	struct fnuma_pool *pool = cache->pool;

	pool_lock(pool);
	empty_push(pool, cell->loaded);
	empty_push(pool, cell->previous);
	cell->next = pool->free_cell;
	pool->free_cell = (uint32_t)(cell - pool->cells);
	pool_unlock(pool);
	memset(cache, 0, sizeof(*cache));
	cache->offender = fnuma_gfn_of(FNUMA_GFN_NONE_N);
}

int fnuma_depot_refuse(struct fnuma_pool *pool, int error)
{
	pool_lock(pool);
	pool->refused[-error]++;
	pool_unlock(pool);
	return error;
}

uint32_t fnuma_depot_pull(struct fnuma_pool *pool, struct depot_list *list,
                          enum page_state to, fnuma_gfn *pages, uint32_t n)
{
	enum page_state from = list == &pool->lost ? PAGE_AWAY : PAGE_FREE;
	uint32_t *count = to == PAGE_HELD ? &pool->held : &pool->away;
	uint32_t got = 0;
	fnuma_gfn page;

	pool_lock(pool);
	for (; n && list_pop(pool, list, &page); pool_breathe(pool, --n)) {
		if (page.n >= pool->frames || book_get(pool, page) != from) {
			FNUMA_ASSERT(pool->trusted);
			pool->refused[-FNUMA_E_STATE]++;
			fnuma_port_store(&pool->astray, pool->astray + 1);
			continue;
		}
		book_set(pool, page, to);
		pages[got++] = page;
		++*count;
	}
	pool_unlock(pool);
	return got;
}

void fnuma_depot_file(struct fnuma_pool *pool, struct depot_list *list, fnuma_gfn page)
{
	book_set(pool, page, list == &pool->lost ? PAGE_AWAY : PAGE_FREE);
	list_push(pool, list, page);
}

void fnuma_depot_return(struct fnuma_pool *pool, struct depot_list *list,
                        const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	pool_lock(pool);
	for (i = 0; i < n; pool_breathe(pool, ++i)) {
		pool->away--;
		fnuma_depot_file(pool, list, pages[i]);
	}
	pool_unlock(pool);
}

void fnuma_depot_init(struct fnuma_pool *pool, uint32_t magazines)
{
	list_init(&pool->remote);
	list_init(&pool->home);
	list_init(&pool->lost);
	pool->free_cell = DEPOT_NONE;
	pool->empty = DEPOT_NONE;
	while (magazines--)
		empty_push(pool, magazines);
}
