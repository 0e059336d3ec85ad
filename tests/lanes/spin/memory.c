/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Who goes next, what a load sees, and who may touch what. */
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;
uint64_t world_digest[2];
static ucontext_t scheduler; /* spin's side: not part of any state */
static int running = -1;     /* the thread, or -1: nobody is asked */
static struct mutation broken;
static const char *wrong; /* what was found last */

static struct thread *self(void)
{
	return &world.thread[running];
}

/* --- who goes next ---------------------------------------------------------------- */

/* Below here nothing of the stack is in use: states that differ only there are one. */
static void clean_stack(struct thread *t, const char *live)
{
	static const char clean[64];

	if (memcmp(t->stack, clean, sizeof(clean))) {
		fputs("a stack of the model is too small\n", stderr);
		abort();
	}
	memset(t->stack, 0, (size_t)(live - t->stack));
}

/* Let the others go. Comes back when the scheduler says so. */
static void stop(enum waiting waiting)
{
	struct thread *t = self();

	t->waiting = (uint8_t)waiting;
	swapcontext(&t->context, &scheduler);
}

/* The thread goes no further: what comes then is anybody's guess. */
void world_wrong(const char *what)
{
	wrong = what; /* its stack is too small to print */
	world.wrong = 1;
	if (running >= 0)
		stop(ENDED);
}

static void run(void)
{
	struct thread *t = self();

	script_run(running);
	t->waiting = ENDED;
	if (++world.ended == THREADS) {
		running = -1;
		script_check_end();
	}
	swapcontext(&t->context, &scheduler);
}

static uint32_t ways_of(const struct thread *t)
{
	switch (t->waiting) {
	case WAITS_FOR_LOCK:
		return world.holder == THREADS || broken.no_lock;
	case WAITS_TO_LOAD:
		return t->stale < STALE ? world.word[t->word].n - t->view.from[t->word] : 1;
	case WAITS_FOR_CHANGE:
	case WAITS_FOR_OTHERS:
	case ENDED:
		return 0;
	default:
		return 1;
	}
}

static bool waits_for_others(const struct thread *t)
{
	return t->waiting == WAITS_FOR_CHANGE || t->waiting == WAITS_FOR_OTHERS;
}

/* Who waits for others goes on if none of them can. */
static void find_ways(void)
{
	uint32_t i, all = 0;

	for (i = 0; i < THREADS; i++)
		all += world.ways[i] = (uint8_t)ways_of(&world.thread[i]);
	for (i = 0; i < THREADS && !all; i++)
		world.ways[i] = waits_for_others(&world.thread[i]);
}

/* Another thread has done something. */
static void wake(struct thread *t)
{
	uint32_t now;

	memcpy(&now, world.pool + t->last_at, sizeof(now));
	if (t->waiting == WAITS_FOR_OTHERS ||
	    (t->waiting == WAITS_FOR_CHANGE && now != t->last_value))
		t->waiting = WAITS_NOT;
}

/* --- what makes a state ------------------------------------------------------------ */

static void digest(const void *from, size_t bytes)
{
	const char *at = from;
	uint64_t a = world_digest[0], b = world_digest[1], x;

	for (; bytes >= sizeof(x); bytes -= sizeof(x), at += sizeof(x)) {
		memcpy(&x, at, sizeof(x));
		a = (a ^ x) * UINT64_C(0xff51afd7ed558ccd);
		a ^= a >> 32;
		b = (b + x) * UINT64_C(0xc4ceb9fe1a85ec53);
		b ^= b >> 29;
	}
	for (; bytes; bytes--)
		a = (a ^ (uint8_t)*at++) * UINT64_C(0x9e3779b97f4a7c15);
	world_digest[0] = a;
	world_digest[1] = b;
}

static const char *stack_top(const struct thread *t)
{
	return (const char *)t->context.uc_mcontext.gregs[REG_RSP];
}

/* What a call may count on when it returns, and what is in use of the stack. */
static void digest_thread(const struct thread *t)
{
	static const int saved[] = {REG_RSP, REG_RBP, REG_RBX, REG_R12, REG_R13, REG_R14,
	                            REG_R15, REG_RIP};
	uint32_t i;

	digest(&t->view, offsetof(struct thread, stack) - offsetof(struct thread, view));
	for (i = 0; i < sizeof(saved) / sizeof(saved[0]) && t->waiting != ENDED; i++)
		digest(&t->context.uc_mcontext.gregs[saved[i]], sizeof(greg_t));
	if (t->waiting != ENDED)
		digest(stack_top(t), (size_t)(t->stack + STACK - stack_top(t)));
}

static void digest_world(void)
{
	uint32_t i;

	world_digest[0] = world_digest[1] = 1;
	digest(world.pool, sizeof(world.pool));
	digest(world.word, sizeof(world) - offsetof(struct world, word));
	for (i = 0; i < THREADS; i++)
		digest_thread(&world.thread[i]);
}

int world_step(int thread, int choice)
{
	struct thread *t = &world.thread[thread];
	int i;

	t->choice = (uint8_t)choice;
	for (i = 0; i < THREADS; i++)
		if (i != thread || t->waiting != WAITS_TO_LOAD)
			world.thread[i].loads = 0;
	running = thread;
	swapcontext(&scheduler, &t->context);
	running = -1;
	clean_stack(t, stack_top(t));
	for (i = 0; i < THREADS; i++)
		if (i != thread)
			wake(&world.thread[i]);
	find_ways();
	digest_world();
	if (world.wrong)
		fprintf(stderr, "wrong: %s (thread %d)\n", wrong, thread);
	return world.wrong;
}

void world_relax(void)
{
	if (running >= 0)
		stop(WAITS_FOR_CHANGE);
}

void memory_start(const struct mutation *mutation)
{
	int i;

	broken = *mutation;
	world.holder = THREADS;
	for (i = 0; i < THREADS; i++) {
		struct thread *t = &world.thread[i];

		getcontext(&t->context);
		t->context.uc_stack.ss_sp = t->stack;
		t->context.uc_stack.ss_size = sizeof(t->stack);
		makecontext(&t->context, run, 0);
		world.ways[i] = 1;
	}
}

/* --- what a load sees ------------------------------------------------------------- */

static void learn(struct view *to, const struct view *from)
{
	uint32_t i;

	for (i = 0; i < WORDS; i++)
		if (to->from[i] < from->from[i])
			to->from[i] = from->from[i];
}

static uint32_t value_at(const void *p, uint32_t bytes)
{
	return bytes == 1 ? *(const uint8_t *)p : *(const uint32_t *)p;
}

void memory_follow(const void *p, uint32_t bytes)
{
	struct word *w = &world.word[world.n_words++];

	if (world.n_words == WORDS)
		abort();
	w->at = (uint16_t)((const char *)p - world.pool);
	w->n = 1;
	w->message[0].value = value_at(p, bytes);
}

/* Its history, or none: then everybody always sees the newest. */
static uint32_t word_of(const void *p)
{
	uint32_t i, at = (uint32_t)((const char *)p - world.pool);

	for (i = 0; i < world.n_words && world.word[i].at != at; i++)
		;
	return i;
}

static void forget_oldest(uint32_t word, struct view *v)
{
	if (v->from[word])
		v->from[word]--;
}

/* Room for one more; views count from the oldest. */
static void drop_oldest(uint32_t word)
{
	struct word *w = &world.word[word];
	uint32_t i, k;

	memmove(&w->message[0], &w->message[1], sizeof(w->message[0]) * --w->n);
	memset(&w->message[w->n], 0, sizeof(w->message[0]));
	for (i = 0; i < world.n_words; i++)
		for (k = 0; k < world.word[i].n; k++)
			forget_oldest(word, &world.word[i].message[k].released);
	for (i = 0; i < THREADS; i++)
		forget_oldest(word, &world.thread[i].view);
	forget_oldest(word, &world.lock_view);
}

/* What nobody can read any more makes no difference. */
static void drop_unreadable(uint32_t word)
{
	uint32_t i, least = world.word[word].n - 1u;

	for (i = 0; i < THREADS; i++)
		if (world.thread[i].waiting != ENDED &&
		    world.thread[i].view.from[word] < least)
			least = world.thread[i].view.from[word];
	while (least--)
		drop_oldest(word);
}

static void append(uint32_t word, uint32_t value, bool release)
{
	struct word *w = &world.word[word];
	struct message *newest;

	if (w->n == HISTORY)
		drop_oldest(word);
	newest = &w->message[w->n];
	self()->view.from[word] = w->n++;
	newest->value = value;
	if (release)
		newest->released = self()->view;
	drop_unreadable(word);
}

/* Before a load, a store or a swap. Counts, and the cells of caches, are left to the
 * scenarios that follow them: in others they decide nothing. */
static void stop_for(const void *p)
{
	if (running >= 0 && (world.n_words || rules_in_book(p)))
		stop(WAITS_NOT);
}

static uint32_t load_newest(const void *p, uint32_t bytes)
{
	uint32_t value;

	stop_for(p);
	value = value_at(p, bytes);
	if (running >= 0 && bytes == sizeof(value)) {
		self()->last_at = (uint16_t)((const char *)p - world.pool);
		self()->last_value = value;
	}
	return value;
}

uint32_t world_load(const void *p, uint32_t bytes, bool acquire)
{
	uint32_t word = word_of(p), at;
	struct thread *t;

	if (running < 0 || word == world.n_words)
		return load_newest(p, bytes);
	t = self();
	if (++t->loads > PATIENCE)
		stop(WAITS_FOR_OTHERS);
	t->word = (uint8_t)word;
	stop(WAITS_TO_LOAD);
	at = world.word[word].n - 1u - t->choice;
	t->stale = (uint8_t)(t->stale + (t->choice > 0));
	t->view.from[word] = (uint8_t)at;
	if (acquire && !broken.no_acquire)
		learn(&t->view, &world.word[word].message[at].released);
	at = world.word[word].message[at].value;
	drop_unreadable(word);
	return at;
}

static void write_value(void *p, uint32_t bytes, uint32_t v)
{
	if (bytes == 1)
		*(uint8_t *)p = (uint8_t)v;
	else
		*(uint32_t *)p = v;
}

static void publish(void *p, uint32_t bytes, uint32_t v, bool release)
{
	uint32_t word = word_of(p);

	write_value(p, bytes, v);
	if (running >= 0 && word < world.n_words)
		append(word, v, release && !broken.no_release);
}

void world_store(void *p, uint32_t bytes, uint32_t v, bool release)
{
	stop_for(p);
	rules_store(p, running);
	publish(p, bytes, v, release);
}

bool world_cas8(uint8_t *p, uint8_t expected, uint8_t v)
{
	uint32_t word = word_of(p);

	stop_for(p);
	if (*p != expected)
		return false;
	if (broken.no_cas)
		stop(WAITS_NOT);
	if (running >= 0 && word < world.n_words) {
		const struct word *w = &world.word[word];

		self()->view.from[word] = w->n - 1u;
		learn(&self()->view, &w->message[w->n - 1].released);
	}
	publish(p, 1, v, true);
	return true;
}

/* --- the lock --------------------------------------------------------------------- */

void world_lock(void)
{
	if (running < 0)
		return;
	stop(WAITS_FOR_LOCK);
	if (!broken.no_lock)
		world.holder = (uint8_t)running;
	learn(&self()->view, &world.lock_view);
	self()->last_at = 0;
	self()->last_value = 0;
}

void world_unlock(void)
{
	if (running < 0)
		return;
	if (world.holder != running && !broken.no_lock)
		world_wrong("a lock is given back that was not taken");
	learn(&world.lock_view, &self()->view);
	world.holder = THREADS;
}

/* --- plain accesses, by the compiler ---------------------------------------------- */

static void plain(const void *p, size_t bytes, bool write)
{
	const char *at = p;

	if (running >= 0 && at >= world.pool && at < world.pool + sizeof(world.pool))
		rules_plain(p, bytes, write, running);
}

#define HOOKS(bytes) \
	void __tsan_read##bytes(void *p); \
	void __tsan_write##bytes(void *p); \
	void __tsan_unaligned_read##bytes(void *p); \
	void __tsan_unaligned_write##bytes(void *p); \
	void __tsan_read##bytes(void *p) { plain(p, bytes, false); } \
	void __tsan_write##bytes(void *p) { plain(p, bytes, true); } \
	void __tsan_unaligned_read##bytes(void *p) { plain(p, bytes, false); } \
	void __tsan_unaligned_write##bytes(void *p) { plain(p, bytes, true); }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_read_range(void *p, size_t bytes);
void __tsan_write_range(void *p, size_t bytes);
void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);

void __tsan_read_range(void *p, size_t bytes)
{
	plain(p, bytes, false);
}

void __tsan_write_range(void *p, size_t bytes)
{
	plain(p, bytes, true);
}

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
	(void)pc;
}

void __tsan_func_exit(void)
{
}
