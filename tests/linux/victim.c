/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A process whose memory others move, and that looks at it all the while.
 *
 *	victim PAGES [MS]       fills so many pages, says "ready", and checks them until SIGTERM,
 *	                        pausing for some milliseconds (20) after each round; at SIGUSR1 it
 *	                        says "pause_us N system_ms N": the longest that 64 pages took it, and the kernel's time on its account, since the last time
 *	victim --fill NODE PAGES  takes what is free on a node, but for about so many pages
 *
 * Ends with 0 if every page always held what was written to it.
 */
#define _GNU_SOURCE
#include <numa.h>
#include <numaif.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
/* The clock is looked at this often: to ask it may cost more than a page. */
#define CLOCK_PAGES 64

static volatile sig_atomic_t asked_to_end, asked_to_tell;

static void on_term(int number)
{
	(void)number;
	asked_to_end = 1;
}

static void on_usr1(int number)
{
	(void)number;
	asked_to_tell = 1;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void tell(uint64_t *pause_us)
{
	static uint64_t told_ms;
	struct rusage usage;
	uint64_t ms;

	getrusage(RUSAGE_SELF, &usage);
	ms = (uint64_t)usage.ru_stime.tv_sec * 1000 + (uint64_t)usage.ru_stime.tv_usec / 1000;
	printf("pause_us %ju system_ms %ju\n", (uintmax_t)*pause_us, (uintmax_t)(ms - told_ms));
	fflush(stdout);
	told_ms = ms;
	*pause_us = 0;
	asked_to_tell = 0;
}

static char *map(size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static int fill_node(int node, size_t leave_pages)
{
	const unsigned long mask = 1ul << node;
	long long available = 0;
	size_t pages, i;
	char *at;

	numa_node_size64(node, &available);
	pages = (size_t)available / PAGE;
	at = map(pages);
	madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
	if (mbind(at, pages * PAGE, MPOL_BIND, &mask, 64, 0))
		return 1;
	for (i = 0; i < pages; i++) {
		if (i % 64 == 0)
			numa_node_size64(node, &available);
		if (available < (long long)((leave_pages + 64) * PAGE))
			break;
		at[i * PAGE] = 1;
	}
	puts("ready");
	fflush(stdout);
	while (!asked_to_end)
		pause();
	return 0;
}

/* What page i holds in round r. */
static uint64_t mark(size_t i, uint64_t r)
{
	return (i + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ r;
}

/* Checks one page and writes the next round's mark. */
static int turn(char *page, size_t i, uint64_t round)
{
	const size_t at[] = {0, 8, PAGE / 2, PAGE - 8};
	size_t k;

	for (k = 0; k < 4; k++) {
		const uint64_t next = mark(i, round + 1);
		uint64_t value;

		memcpy(&value, page + at[k], 8);
		if (round && value != mark(i, round)) {
			fprintf(stderr, "page %zu: %#jx in round %ju\n", i, (uintmax_t)value,
			        (uintmax_t)round);
			return -1;
		}
		memcpy(page + at[k], &next, 8);
	}
	return 0;
}

/* One round over all pages. `pause_us`: the longest that one took. */
static int go_round(char *at, size_t pages, uint64_t round, uint64_t *pause_us)
{
	uint64_t before = now_us(), after;
	size_t i;

	for (i = 0; i < pages; i++) {
		if (turn(at + i * PAGE, i, round))
			return -1;
		if (i % CLOCK_PAGES)
			continue;
		after = now_us();
		*pause_us = after - before > *pause_us ? after - before : *pause_us;
		before = after;
		if (asked_to_tell)
			tell(pause_us);
	}
	return 0;
}

static int watch(size_t pages, unsigned int pause_ms)
{
	char *at = map(pages);
	uint64_t round, pause_us = 0;

	for (round = 0; !asked_to_end || round < 2; round++) {
		if (go_round(at, pages, round, &pause_us))
			return 1;
		if (round == 0) {
			puts("ready");
			fflush(stdout);
		}
		usleep(pause_ms * 1000); /* a signal ends it early */
		if (asked_to_tell)
			tell(&pause_us);
	}
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGTERM, on_term);
	signal(SIGUSR1, on_usr1);
	if (argc == 4 && strcmp(argv[1], "--fill") == 0)
		return fill_node(atoi(argv[2]), strtoul(argv[3], NULL, 10));
	if (argc != 2 && argc != 3)
		return 2;
	return watch(strtoul(argv[1], NULL, 10), argc == 3 ? (unsigned int)atoi(argv[2]) : 20);
}
