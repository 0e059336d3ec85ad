/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the two processes share besides the share itself: who may send how much, packets that
 * are copied, and what a packet holds.
 */
#ifndef SPLITDRIVER_WIRE_H
#define SPLITDRIVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define WIRE_SLOTS 1024u

/* Counts only grow, and wrap. Each is written by one side. */
struct wire {
	/* The unprivVM's. */
	uint32_t credit __attribute__((aligned(64))); /* packets it has had, and buffers */
	uint32_t copied; /* packets it has copied out of the slots */
	uint32_t done;   /* ticks for which it has done everything */
	uint32_t go;     /* packets may come */
	uint32_t stop;   /* no more packets; what is out is to come back */
	uint32_t leave;
	/* The privVM's. */
	uint32_t slots_filled __attribute__((aligned(64)));
	uint32_t ready, over;
	uint32_t ticks;               /* the packets of these are on their way */
	uint32_t away_pages;          /* of its own: now, by the kernel */
	uint64_t posted, copies, drops;
	uint64_t cpu_ns;              /* of its process, since it was ready */
	uint64_t bad_pages;           /* of its applications: not as they were written */
	uint64_t lost_pages;          /* the kernel has no node for them */
	uint64_t frames_before, frames_after; /* sums of page frame numbers */
	char error[160];              /* why it ended, if not well */
	/* Packets to be copied, each a page. */
	char slots[WIRE_SLOTS][PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
};

/* Shared by this process and those it forks. NULL: errno says why. The slots are on the node
 * of who writes them first. */
struct wire *wire_make(void);
void wire_free(struct wire *w);

static inline uint32_t wire_get(const uint32_t *count)
{
	return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static inline void wire_set(uint32_t *count, uint32_t value)
{
	__atomic_store_n(count, value, __ATOMIC_RELEASE);
}

/* Nanoseconds: since some time, and of this process's CPU time. */
uint64_t wall_clock(void);
uint64_t cpu_clock(void);

/* Wait a little, after `*idle` turns with nothing to do: flat out, first by giving way. */
void wire_wait(uint32_t *idle, bool flat, uint64_t tick_ns);

/* Fill a page with packet number `seq`. `frame` is the page frame it is written to, or 0 if
 * that is not to be looked at. */
void packet_write(void *page, uint64_t seq, uint64_t frame);

/* Is this, in every byte, packet number `seq`? `frame` is filled. */
bool packet_read(const void *page, uint64_t seq, uint64_t *frame);

/* The page frames behind `n` pages of this process; 0 for those of which the kernel does not
 * say, as without privileges. False: it does not say anything. */
bool frames_read(const void *at, size_t n, uint64_t *frame);

/* The page frame behind an address of this process; 0 if the kernel does not say. */
uint64_t frame_of(const void *at);

#endif
