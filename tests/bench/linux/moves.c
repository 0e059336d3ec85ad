/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the backend adds to move_pages(2): pages a call, nanoseconds a page, by
 * the system call itself and through the library, in turns, on the pages of one process.
 *
 *	moves [--check PERCENT]   with --check: fails if a call in bulk costs more over raw
 */
#define _GNU_SOURCE
#include "puppet.h"
#include <flipnuma/linux.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGES  2048u
#define ROUNDS 8u

struct bench {
	struct fnuma_linux *host;
	struct fnuma_backend be;
	struct puppet puppet;
	fnuma_domain domain;
	void *address[PAGES];
	fnuma_gfn page[PAGES];
	struct fnuma_result result[PAGES];
	int node[PAGES], status[PAGES];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "moves: %s\n", what);
	exit(2);
}

/* Each moves pages at..at + n to a node by one call. */
static void raw(struct bench *b, uint32_t at, uint32_t n, uint32_t to)
{
	uint32_t i;

	for (i = at; i < at + n; i++)
		b->node[i] = (int)to;
	if (move_pages(b->puppet.pid, n, b->address + at, b->node + at, b->status + at,
	               MPOL_MF_MOVE_ALL))
		die("move_pages");
}

static void bulk(struct bench *b, uint32_t at, uint32_t n, uint32_t to)
{
	uint64_t spent = 0;

	memset(b->result + at, 0, n * sizeof(b->result[0]));
	if (fnuma_linux_move(b->host, b->domain, b->page + at, n, fnuma_node_of(to),
	                     b->result + at, &spent) != n)
		die("fnuma_linux_move");
}

static void seam(struct bench *b, uint32_t at, uint32_t n, uint32_t to)
{
	uint64_t spent = 0;

	if (fnuma_backend_move(&b->be, b->domain, b->page + at, n, fnuma_node_of(to),
	                       FNUMA_CONTENT_KEEP, b->result + at, &spent) != (int)n)
		die("fnuma_backend_move");
}

static const struct way {
	const char *name;
	void (*move)(struct bench *b, uint32_t at, uint32_t n, uint32_t to);
	uint32_t a_call, calls; /* calls a turn */
} ways[] = {
	{"move_pages(2)", raw, 512, 1},
	{"fnuma_linux_move()", bulk, 512, 1},
	{"move_pages(2)", raw, 64, 8},
	{"fnuma_backend_move()", seam, 64, 8},
	{"move_pages(2)", raw, 1, 32},
	{"fnuma_backend_move()", seam, 1, 32},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* The calls of one way to a node; the cheapest counts: the rest is the machine. */
static void take_turn(struct bench *b, const struct way *w, uint32_t at, uint32_t to,
                      double *least_ns)
{
	uint32_t i;

	for (i = 0; i < w->calls; i++) {
		const uint64_t begin = now_ns();
		double ns;

		w->move(b, at + i * w->a_call, w->a_call, to);
		ns = (double)(now_ns() - begin) / w->a_call;
		if (*least_ns == 0 || ns < *least_ns)
			*least_ns = ns;
	}
}

/* The ways take turns, so that what disturbs one disturbs all. */
static void measure(struct bench *b, double least_ns[WAYS])
{
	uint32_t round, at;
	size_t way;

	for (round = 0; round < ROUNDS; round++)
		for (at = 0; at < PAGES; at += 512)
			for (way = 0; way < WAYS; way++) {
				take_turn(b, &ways[way], at, 1, &least_ns[way]);
				take_turn(b, &ways[way], at, 0, &least_ns[way]);
			}
}

static void set_up(struct bench *b)
{
	struct fnuma_linux_range range = {0, PAGES * 4096u};
	struct fnuma_linux_target target = {.kind = FNUMA_LINUX_RANGES, .ranges = &range,
	                                    .n_ranges = 1};
	char why[256] = "";
	uint32_t i;

	if (fnuma_linux_open(NULL, &b->host, why, sizeof(why)))
		die(why);
	fnuma_linux_backend(b->host, &b->be);
	puppet_start(&b->puppet, PAGES, 0, PUPPET_SMALL);
	range.address = b->puppet.address;
	target.pid = b->puppet.pid;
	if (fnuma_linux_attach(b->host, &target, &b->domain, why, sizeof(why)))
		die(why);
	for (i = 0; i < PAGES; i++) {
		b->address[i] = (void *)(uintptr_t)(range.address + i * UINT64_C(4096));
		b->page[i] = fnuma_gfn_of(i);
	}
}

int main(int argc, char **argv)
{
	static double ns[WAYS];
	static struct bench b;
	double over;
	size_t way;

	set_up(&b);
	measure(&b, ns);
	printf("%-22s %10s %12s %10s\n", "by", "pages/call", "ns/page", "over raw");
	for (way = 0; way < WAYS; way++) {
		printf("%-22s %10u %12.0f", ways[way].name, ways[way].a_call, ns[way]);
		if (way & 1)
			printf(" %+9.1f%%", 100 * (ns[way] / ns[way - 1] - 1));
		putchar('\n');
	}
	over = 100 * (ns[1] / ns[0] - 1);
	puppet_end(&b.puppet);
	fnuma_linux_close(b.host);
	if (argc == 3 && strcmp(argv[1], "--check") == 0 && over > atof(argv[2])) {
		printf("in bulk %.1f %% over raw: more than %s %%\n", over, argv[2]);
		return 1;
	}
	return 0;
}
