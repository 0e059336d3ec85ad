/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the backend adds to move_pages(2): pages a call, nanoseconds a page through the
 * library and by the system call itself, in turns, on the pages of one process; the middle
 * of all turns, and of the ratios of turns that are neighbours.
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
#define ROUNDS 12u

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

typedef void move_fn(struct bench *b, uint32_t at, uint32_t n, uint32_t to);

/* A function of ours beside the system call. */
static const struct contest {
	const char *name;
	move_fn *move;
	uint32_t a_call, calls; /* pages a call, calls a turn */
} contests[] = {
	{"fnuma_linux_move()", bulk, 512, 1},
	{"fnuma_backend_move()", seam, 64, 8},
	{"fnuma_backend_move()", seam, 1, 32},
};
#define CONTESTS (sizeof(contests) / sizeof(contests[0]))

/* Pairs of turns that a contest has. */
#define PAIRS (ROUNDS * PAGES / 512 * 2)

struct pairs {
	uint32_t n;
	double raw_ns[PAIRS], ours_ns[PAIRS], ratio[PAIRS];
};

/* Nanoseconds a page. */
static double turn(struct bench *b, const struct contest *c, move_fn *move, uint32_t at,
                   uint32_t to)
{
	const uint64_t begin = now_ns();
	uint32_t i;

	for (i = 0; i < c->calls; i++)
		move(b, at + i * c->a_call, c->a_call, to);
	return (double)(now_ns() - begin) / (c->a_call * c->calls);
}

/* To a node and back each, one between the turns of the other: what drifts meanwhile is the
 * same to both. A pair is of one direction. */
static void compare(struct bench *b, const struct contest *c, uint32_t at,
                    struct pairs *p)
{
	double *const raw_ns = p->raw_ns + p->n, *const ours_ns = p->ours_ns + p->n;
	uint32_t i;

	raw_ns[0] = turn(b, c, raw, at, 1);
	ours_ns[1] = turn(b, c, c->move, at, 0);
	ours_ns[0] = turn(b, c, c->move, at, 1);
	raw_ns[1] = turn(b, c, raw, at, 0);
	for (i = 0; i < 2; i++)
		p->ratio[p->n++] = ours_ns[i] / raw_ns[i];
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. What else the machine does is in some pairs; the middle one is without. */
static double middle(double *value)
{
	qsort(value, PAIRS, sizeof(*value), by_value);
	return (value[PAIRS / 2 - 1] + value[PAIRS / 2]) / 2;
}

static void measure(struct bench *b, struct pairs pairs[CONTESTS])
{
	uint32_t round, at;
	size_t i;

	for (round = 0; round < ROUNDS; round++)
		for (at = 0; at < PAGES; at += 512)
			for (i = 0; i < CONTESTS; i++)
				compare(b, &contests[i], at, &pairs[i]);
}

/* Percent over the system call. */
static double print(const struct contest *c, struct pairs *p)
{
	const double over = 100 * (middle(p->ratio) - 1);

	printf("%-22s %10u %12.0f %12.0f %+9.1f%%\n", c->name, c->a_call,
	       middle(p->ours_ns), middle(p->raw_ns), over);
	return over;
}

static void set_up(struct bench *b)
{
	struct fnuma_linux_range range = {0, PAGES * 4096u};
	struct fnuma_linux_target target = {
		.kind = FNUMA_LINUX_RANGES, .ranges = &range, .n_ranges = 1};
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
	static struct pairs pairs[CONTESTS];
	static struct bench b;
	double over;
	size_t i;

	set_up(&b);
	measure(&b, pairs);
	printf("%-22s %10s %12s %12s %10s\n", "by", "pages/call", "ns/page",
	       "raw ns/page", "over raw");
	over = print(&contests[0], &pairs[0]);
	for (i = 1; i < CONTESTS; i++)
		print(&contests[i], &pairs[i]);
	puppet_end(&b.puppet);
	fnuma_linux_close(b.host);
	if (argc == 3 && strcmp(argv[1], "--check") == 0 && over > atof(argv[2])) {
		printf("in bulk %.1f %% over raw: more than %s %%\n", over, argv[2]);
		return 1;
	}
	return 0;
}
