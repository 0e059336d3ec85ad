/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the parts of the world know of each other. */
#ifndef SPIN_WORLD_INTERNAL_H
#define SPIN_WORLD_INTERNAL_H

#include "world.h"

/* What is broken on purpose, to see that it is found. */
struct mutation {
	bool no_lock;    /* the lock keeps nobody out */
	bool no_acquire; /* acquiring loads are relaxed */
	bool no_release; /* releasing stores are relaxed */
	bool no_cas;     /* compare, then swap */
};

/* memory.c: the threads, stopped before their first access */
void memory_start(const struct mutation *mutation);

/* From now on this word of the pool has a history. */
void memory_follow(const void *p, uint32_t bytes);

/* rules.c: is this thread (or -1: nobody) allowed to? */
void rules_start(struct fnuma_pool *pool);
void rules_plain(const void *p, size_t bytes, bool write, int thread);
void rules_store(const void *p, int thread);

/* Does every page's state live there (checked pools)? */
bool rules_in_book(const void *p);

/* The words that rules.c says are read without the lock. */
void rules_follow(void (*follow)(const void *p, uint32_t bytes), uint32_t cells);

/* script.c: what a thread does, and what must be true when all have done it */
void script_run(int thread);
void script_check_end(void);

#endif
