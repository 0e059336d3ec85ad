/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "wire.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Where both have a CPU of their own, the other is done by then; where they have not, it gets
 * one now. */
#define SPINS 64u
#define SHORT_NAP_NS 20000

#define WORDS (PAGE_BYTES / sizeof(uint64_t))

struct wire *wire_make(void)
{
	void *at = mmap(NULL, sizeof(struct wire), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void wire_free(struct wire *w)
{
	if (w)
		munmap(w, sizeof(*w));
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t wall_clock(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t cpu_clock(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void wire_wait(uint32_t *idle, bool flat, uint64_t tick_ns)
{
	if (flat && ++*idle < SPINS)
		sched_yield();
	else
		nanosleep(&(struct timespec){0, flat ? SHORT_NAP_NS : (long)(tick_ns / 4)}, NULL);
}

/* No two packets have a word in common at the same place. */
static uint64_t word(uint64_t seq, size_t i)
{
	return (seq + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xbf58476d1ce4e5b9);
}

void packet_write(void *page, uint64_t seq, uint64_t frame)
{
	uint64_t *to = page;
	size_t i;

	to[0] = frame;
	for (i = 1; i < WORDS; i++)
		to[i] = word(seq, i);
}

bool packet_read(const void *page, uint64_t seq, uint64_t *frame)
{
	const uint64_t *from = page;
	uint64_t wrong = 0;
	size_t i;

	*frame = from[0];
	for (i = 1; i < WORDS; i++)
		wrong |= from[i] ^ word(seq, i);
	return wrong == 0;
}

bool frames_read(const void *at, size_t n, uint64_t *frame)
{
	static int fd = -1;
	static pid_t owner;
	const off_t where = (off_t)((uintptr_t)at / PAGE_BYTES * sizeof(*frame));
	size_t i;

	if (fd < 0 || owner != getpid()) { /* that of before fork() is the parent's */
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
		owner = getpid();
	}
	if (fd < 0 || pread(fd, frame, n * sizeof(*frame), where) !=
	              (ssize_t)(n * sizeof(*frame)))
		return false;
	for (i = 0; i < n; i++)
		frame[i] = frame[i] >> 63 ? frame[i] & ((UINT64_C(1) << 55) - 1) : 0;
	return true;
}

uint64_t frame_of(const void *at)
{
	uint64_t frame;

	return frames_read(at, 1, &frame) ? frame : 0;
}
