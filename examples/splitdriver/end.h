/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One end of the share as an operating system: its allocator is the share's, and
 * applications hold most of its pages, write to them, give some up and take others.
 */
#ifndef SPLITDRIVER_END_H
#define SPLITDRIVER_END_H

#include "rng.h"

#include <flipnuma/linux_share.h>

#include <stdbool.h>

#define END_ERROR_BYTES 256

struct end {
	struct fnuma_linux *host;
	struct fnuma_linux_share *share;
	uint32_t frames;
	fnuma_gfn *app;      /* applications' pages */
	uint32_t n_app;
	uint64_t *mark;      /* by frame: what its application wrote, 0: nothing */
	uint64_t last_mark;
	uint64_t bad_pages;  /* found not to hold what was written */
	struct rng rng;
};

/* Let this process run on, and take memory of, one node only. NULL, or what went wrong. */
const char *end_bind(uint32_t node);

/* Open the host with `host_flags`, and join. NULL, or what went wrong (in `error`, or a
 * constant). */
const char *end_open(struct end *e, uint32_t host_flags, int fd, uint32_t end,
                     uint32_t share_flags, uint64_t seed, char *error);
void end_close(struct end *e);

/* Take pages for good: the kernel's. False: there are not so many. */
bool end_reserve(struct end *e, uint32_t n);

/* Applications start with `n` pages, or as many as there are. */
void end_start(struct end *e, uint32_t n);

/* They take `n` pages and give up as many others, some at a time. */
void end_churn(struct end *e, uint64_t n);

/* They exit, and their pages are looked at and freed. */
void end_exit(struct end *e);

/* Where the kernel says that its pages are: by node, of FNUMA_NODES_MAX. Returns pages of
 * which it does not say; frames that are posted are not counted at all. */
uint32_t end_counts(const struct end *e, uint32_t *counts);

/* The nodes of these pages, by the kernel; unknown if it does not say. */
void end_nodes(const struct end *e, const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes);

/* The sum of the page frame numbers of all its pages; 0 if the kernel does not tell. */
uint64_t end_frames_sum(const struct end *e);

#endif
