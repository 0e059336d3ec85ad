/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The rules of doc/design.md, "What threads share", as a check of every access. */
#include "pool_internal.h"
#include "world_internal.h"

static const struct fnuma_pool *pool;

void rules_start(struct fnuma_pool *p)
{
	pool = p;
}

void rules_follow(void (*follow)(const void *p, uint32_t bytes), uint32_t cells)
{
	uint32_t i;

	follow(&pool->size, 4);
	follow(&pool->cells_used, 4);
	for (i = 0; i < cells; i++) {
		follow(&pool->cells[i].seq, 4);
		follow(&pool->cells[i].base, 4);
		follow(&pool->cells[i].previous_n, 4);
		follow(&pool->cells[i].n, 4);
	}
	for (i = 0; i < pool->frames && !pool->trusted; i++)
		follow(&pool->book[i], 1);
}

static bool within(const void *p, const void *start, size_t bytes)
{
	const char *at = p, *from = start;

	return at >= from && at < from + bytes;
}

bool rules_in_book(const void *p)
{
	return within(p, pool->book, pool->frames);
}

static bool holds_lock(int thread)
{
	return world.holder == thread;
}

/* The cell of another thread's attached cache? */
static bool is_anothers(const struct fnuma_pool_cell *cell, int thread)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (i != thread && world.thread[i].cache.cell == cell)
			return true;
	return false;
}

static bool is_own(const struct fnuma_pool_cell *cell, int thread)
{
	return world.thread[thread].cache.cell == cell;
}

static bool may_touch_cell(const void *p, int thread)
{
	const struct fnuma_pool_cell *cell =
		&pool->cells[(size_t)((const char *)p - (const char *)pool->cells) /
		             sizeof(*cell)];

	return is_own(cell, thread) || (holds_lock(thread) && !is_anothers(cell, thread));
}

/* Pages of a magazine: its cache's user, or who holds the lock. */
static bool may_touch_slots(const void *p, int thread)
{
	const struct fnuma_pool_cell *cell = world.thread[thread].cache.cell;
	uint32_t magazine = (uint32_t)((const fnuma_gfn *)p - pool->slots) /
	                    pool->magazine_pages;

	return holds_lock(thread) ||
	       (cell && (cell->loaded == magazine || cell->previous == magazine));
}

static bool is_counter(const void *p)
{
	return p == &pool->size || p == &pool->cells_used || p == &pool->astray;
}

/* Behind the lock: all but what is constant and what is read without it. */
static bool may_touch_pool(const void *p, bool write, int thread)
{
	if (within(p, pool, offsetof(struct fnuma_pool, lock)))
		return !write;
	if (is_counter(p)) /* the only resizer is the only writer of the size */
		return !write && (holds_lock(thread) || thread == THREADS - 1);
	return holds_lock(thread);
}

static bool may_touch_book(int thread)
{
	return pool->trusted && holds_lock(thread);
}

void rules_plain(const void *p, size_t bytes, bool write, int thread)
{
	const size_t slots = (size_t)((const char *)pool->next - (const char *)pool->slots);
	const size_t next = (size_t)(pool->book - (const uint8_t *)pool->next);
	bool may;

	(void)bytes;
	if (within(p, pool, sizeof(*pool)))
		may = may_touch_pool(p, write, thread);
	else if (within(p, pool->cells, pool->max_cells * sizeof(*pool->cells)))
		may = may_touch_cell(p, thread);
	else if (within(p, pool->slots, slots))
		may = may_touch_slots(p, thread);
	else if (within(p, pool->next, next))
		may = holds_lock(thread);
	else
		may = may_touch_book(thread);
	if (!may)
		world_wrong(write ? "a plain write that the rules forbid"
		                  : "a plain read that the rules forbid");
}

void rules_store(const void *p, int thread)
{
	if (thread < 0)
		return;
	if (is_counter(p) && !holds_lock(thread))
		world_wrong("a counter written without the lock");
	if (within(p, pool->cells, pool->max_cells * sizeof(*pool->cells)) &&
	    !may_touch_cell(p, thread))
		world_wrong("another's cell written");
}
