/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * McCalpin's STREAM on pages that an allocator hands out: copy, scale, add, triad.
 */
#ifndef SPLITDRIVER_STREAM_H
#define SPLITDRIVER_STREAM_H

#include <stdbool.h>
#include <stdint.h>

enum stream_kernel { STREAM_COPY, STREAM_SCALE, STREAM_ADD, STREAM_TRIAD, STREAM_KERNELS };

struct stream {
	double best_gbps[STREAM_KERNELS]; /* 10^9 bytes a second, as STREAM has it */
	double gbps;                      /* of all four, by the best time of each */
};

const char *stream_name(uint32_t kernel);

/* Run it `rounds` (2 or more) times over 3 arrays of `pages` pages each, page by page: the
 * first round does not count. `page` has 3 * pages addresses, those of the arrays in turn, so
 * that pages used together are not a power of two apart: some caches, and an emulator's, would
 * hold but one of them. False: a result was not what it must be. */
bool stream_run(double *const *page, uint32_t pages, uint32_t rounds, struct stream *out);

#endif
