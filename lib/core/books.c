/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "books.h"

#include <string.h>

#define CAPACITY_MIN 64u
#define CAPACITY_MAX (UINT32_C(1) << 28)

/* log2 of the number of slots: the least that is a quarter empty when full. */
static uint32_t slots_log2(uint32_t capacity)
{
	uint32_t bits = 6;

	while ((UINT32_C(3) << (bits - 2)) < capacity)
		bits++;
	return bits;
}

size_t fnuma_books_bytes(uint32_t capacity)
{
	uint64_t bytes;

	if (capacity < CAPACITY_MIN || capacity > CAPACITY_MAX)
		return 0;
	bytes = (uint64_t)sizeof(struct books_entry) << slots_log2(capacity);
	return bytes > SIZE_MAX ? 0 : (size_t)bytes;
}

void fnuma_books_init(struct books *b, void *memory, uint32_t capacity)
{
	uint32_t bits = slots_log2(capacity);

	memset(b, 0, sizeof(*b));
	memset(memory, 0, fnuma_books_bytes(capacity));
	b->slots = memory;
	b->shift = 32 - bits;
	b->mask = (UINT32_C(1) << bits) - 1;
	b->capacity = capacity;
}

/* Fibonacci hashing: neighbouring frames, the usual case, land far apart. */
static uint32_t ideal(const struct books *b, uint32_t gfn)
{
	return (gfn * UINT32_C(2654435769)) >> b->shift;
}

/* The slot of a page, or the empty one where it would go. */
static uint32_t probe(const struct books *b, uint32_t gfn)
{
	uint32_t i = ideal(b, gfn);

	while (b->slots[i].kind != BOOKS_NONE && b->slots[i].gfn != gfn)
		i = (i + 1) & b->mask;
	return i;
}

struct books_entry *fnuma_books_find(const struct books *b, uint32_t gfn)
{
	struct books_entry *e = &b->slots[probe(b, gfn)];

	return e->kind == BOOKS_NONE ? NULL : e;
}

struct books_entry *fnuma_books_make(struct books *b, uint32_t gfn)
{
	struct books_entry *e = &b->slots[probe(b, gfn)];

	if (e->kind == BOOKS_NONE) {
		FNUMA_ASSERT(books_room(b) > 0);
		memset(e, 0, sizeof(*e));
		e->gfn = gfn;
		e->kind = BOOKS_COOLING;
		fnuma_port_store(&b->count[BOOKS_COOLING], b->count[BOOKS_COOLING] + 1);
	}
	return e;
}

void fnuma_books_turn(struct books *b, struct books_entry *e, enum books_kind kind)
{
	fnuma_port_store(&b->count[e->kind], b->count[e->kind] - 1);
	fnuma_port_store(&b->count[kind], b->count[kind] + 1);
	e->kind = kind;
}

/* Closes the gap by moving later entries of the run back, so that no tombstone is left. */
void fnuma_books_drop(struct books *b, struct books_entry *e)
{
	uint32_t gap = (uint32_t)(e - b->slots), i = gap;

	fnuma_port_store(&b->count[e->kind], b->count[e->kind] - 1);
	for (;;) {
		i = (i + 1) & b->mask;
		if (b->slots[i].kind == BOOKS_NONE)
			break;
		if (((i - ideal(b, b->slots[i].gfn)) & b->mask) >= ((i - gap) & b->mask)) {
			b->slots[gap] = b->slots[i];
			gap = i;
		}
	}
	memset(&b->slots[gap], 0, sizeof(b->slots[gap]));
}

void fnuma_books_forget(struct books *b, struct books_entry *e)
{
	if (!e->may_have_moved) {
		fnuma_books_drop(b, e);
		return;
	}
	fnuma_books_turn(b, e, BOOKS_COOLING);
	e->may_have_moved = 0;
	e->attempts = 0;
	e->cause = FNUMA_OK;
}

void fnuma_books_sweep(struct books *b, uint32_t slots,
                       bool (*stale)(void *cookie, const struct books_entry *e),
                       void *cookie)
{
	if (books_used(b) == 0)
		return;
	while (slots--) {
		struct books_entry *e = &b->slots[b->hand];

		/* There may be another entry in this slot then, or a cool-down: look again. */
		if (e->kind != BOOKS_NONE && stale(cookie, e))
			fnuma_books_forget(b, e);
		else
			b->hand = (b->hand + 1) & b->mask;
	}
}
