/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Memory of which every word is known: each pass over it checks every page and writes
 * every page anew.
 */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))

struct memory {
	uint64_t *words; /* pages * PAGE_WORDS */
	size_t pages;
	uint64_t seed;
	size_t next;        /* page to be looked at */
	uint64_t passes;    /* over all of it */
	uint64_t bad_words; /* since the beginning */
	size_t first_bad;   /* page; of no meaning without one */
};

/* Pages that stay where the guest's kernel has put them, in small mappings. NULL if there is
 * not so much memory. */
void *memory_pages(size_t pages);
void memory_give_back(void *at, size_t pages);

/* Fill them for the first time. 0, or -1. */
int memory_start(struct memory *m, size_t pages, uint64_t seed);

/* Check the next page, and write it anew. */
void memory_look(struct memory *m);

#endif /* GUEST_MEMORY_H */
