/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A world for model checking: two users of a pool and a resizer, as coroutines that run the
 * pool's own code and stop before every access to a shared word.
 *
 * All of it (pool, host, stacks) is in one struct of fixed address, which spin saves and puts
 * back; so it can go back to any state and take another way from there.
 *
 * Words that are read without the lock have a history: a thread may read any value that is
 * not older than what it knows of, and knows more by acquiring what was released (the
 * release-acquire and relaxed parts of C11, without loads that see the future). Plain
 * accesses of the pool's code come here as well, by the compiler's instrumentation, and are
 * held against the rules of doc/design.md: who may touch what, and when.
 */
#ifndef SPIN_WORLD_H
#define SPIN_WORLD_H

#include "model-port.h"

#include <flipnuma/pool.h>
#include <ucontext.h>

enum {
	THREADS = 3,
	USERS = 2, /* of the threads: the first so many; the last resizes and reads */
	FRAMES = 6,
	MINE = 4,  /* pages a user has at most */
	WORDS = 24,
	HISTORY = 3, /* values of a word that can still be read */
	STALE = 2,   /* old values that a call may read: at some time they are seen */
	PATIENCE = 16, /* loads in a row, before a thread lets others go first */
	POOL_ROOM = 2048,
	STACK = 6144
};

/* Which value of each word is the oldest that can still be read. */
struct view {
	uint8_t from[WORDS];
};

struct message {
	uint32_t value;
	struct view released; /* what its writer knew, if it was a release */
};

struct word {
	uint16_t at; /* in the pool's memory */
	uint8_t n;
	struct message message[HISTORY]; /* the newest last */
};

enum waiting {
	WAITS_NOT,
	WAITS_FOR_LOCK,
	WAITS_FOR_CHANGE, /* of what it loaded last */
	WAITS_FOR_OTHERS, /* to do anything */
	WAITS_TO_LOAD,
	ENDED
};

struct thread {
	ucontext_t context;
	struct view view;
	uint8_t waiting; /* enum waiting */
	uint8_t word;    /* to be loaded */
	uint16_t last_at; /* what it loaded last, in the pool's memory, and what that was */
	uint32_t last_value;
	uint8_t choice;  /* which of its values: 0 is the newest */
	uint8_t stale;   /* old values read in this call */
	uint8_t loads;   /* in a row, with nobody else going on */
	uint8_t n;       /* pages in `mine` */
	uint8_t out_least, out_most; /* pages this user ever had, between its calls */
	fnuma_gfn mine[MINE];
	struct fnuma_pool_cache cache;
	char stack[STACK] __attribute__((aligned(16)));
};

struct world {
	char pool[POOL_ROOM] __attribute__((aligned(FNUMA_CACHE_LINE)));
	struct thread thread[THREADS];
	struct word word[WORDS];
	struct view lock_view;
	uint8_t n_words;
	uint8_t ways[THREADS];  /* in how many each can go on; 0: not now */
	uint8_t holder;         /* of the lock, or THREADS */
	uint8_t ended;
	uint8_t wrong;
	uint8_t node[FRAMES];   /* where each frame's page is; home is 0 */
	uint8_t pooled[FRAMES]; /* acquired from the host */
	uint8_t owner[FRAMES];  /* 1 + the user that has it, or 0 */
	fnuma_gfn mail;         /* a page on its way between users */
	uint8_t mails;          /* 1 if there is one */
	uint8_t common;         /* a page that both give */
	uint8_t accepted;       /* how often */
};

extern struct world world;

/* Of all in it that makes a difference: by this spin knows a state again. */
extern uint64_t world_digest[2];

/* From the environment: SCENARIO, see world.c, and MUTATION. */
void world_start(void);

/* Let it go on in one of them, up to its next access. Returns whether something is wrong. */
int world_step(int thread, int choice);

#endif
