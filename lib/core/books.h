/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What happened to pages that were moved, or could not be: a fixed-size hash table. */
#ifndef FNUMA_CORE_BOOKS_H
#define FNUMA_CORE_BOOKS_H

#include <flipnuma/types.h>

enum books_kind {
	BOOKS_NONE = 0,
	BOOKS_COOLING = 1,
	BOOKS_BACKOFF = 2,
	BOOKS_GAVE_UP = 3,
	BOOKS_KINDS = 4
};

struct books_entry {
	uint32_t gfn;
	unsigned int kind : 4;           /* enum books_kind; NONE: slot empty */
	unsigned int may_have_moved : 1; /* nobody knows how the last attempt ended */
	unsigned int attempts : 8;       /* failures so far */
	int16_t cause;                   /* of the last failure */
	uint64_t until_ns;
};

struct books {
	struct books_entry *slots;
	uint32_t shift;    /* 32 - log2(number of slots) */
	uint32_t mask;     /* number of slots - 1 */
	uint32_t capacity; /* entries it may hold; at most 3/4 of the slots */
	uint32_t count[BOOKS_KINDS]; /* by kind; [NONE] unused */
	uint32_t hand;     /* where the next sweep begins */
};

/* Bytes for `capacity` entries (64 to 2^28), 0 if out of range. */
size_t fnuma_books_bytes(uint32_t capacity);
void fnuma_books_init(struct books *b, void *memory, uint32_t capacity);

struct books_entry *fnuma_books_find(const struct books *b, uint32_t gfn);
/* The entry of a page, made if there is none. The caller has seen to books_room(). */
struct books_entry *fnuma_books_make(struct books *b, uint32_t gfn);
void fnuma_books_turn(struct books *b, struct books_entry *e, enum books_kind kind);
void fnuma_books_drop(struct books *b, struct books_entry *e);
/* Drop the entry; of a failure whose page may have moved all the same, a cool-down is
 * left. */
void fnuma_books_forget(struct books *b, struct books_entry *e);

static inline uint32_t books_used(const struct books *b)
{
	return b->count[BOOKS_COOLING] + b->count[BOOKS_BACKOFF] + b->count[BOOKS_GAVE_UP];
}

static inline uint32_t books_room(const struct books *b)
{
	return b->capacity - books_used(b);
}

/* Forget the entries that `stale` says no longer hold, among the next `slots` slots. */
void fnuma_books_sweep(struct books *b, uint32_t slots,
                       bool (*stale)(void *cookie, const struct books_entry *e),
                       void *cookie);

#endif /* FNUMA_CORE_BOOKS_H */
