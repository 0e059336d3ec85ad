/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "stream.h"

#include "wire.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define DOUBLES (PAGE_BYTES / sizeof(double))
#define SCALAR 3.0

/* Arrays that a kernel reads or writes. */
static const struct {
	const char *name;
	uint32_t arrays;
} kernels[STREAM_KERNELS] = {{"copy", 2}, {"scale", 2}, {"add", 3}, {"triad", 3}};

const char *stream_name(uint32_t kernel)
{
	return kernels[kernel].name;
}

static void run_page(enum stream_kernel k, double *restrict a, double *restrict b,
                     double *restrict c)
{
	size_t i;

	for (i = 0; k == STREAM_COPY && i < DOUBLES; i++)
		c[i] = a[i];
	for (i = 0; k == STREAM_SCALE && i < DOUBLES; i++)
		b[i] = SCALAR * c[i];
	for (i = 0; k == STREAM_ADD && i < DOUBLES; i++)
		c[i] = a[i] + b[i];
	for (i = 0; k == STREAM_TRIAD && i < DOUBLES; i++)
		a[i] = b[i] + SCALAR * c[i];
}

/* One of the arrays: every third page. */
static void fill(double *const *page, uint32_t pages, double value)
{
	uint32_t p;
	size_t i;

	for (p = 0; p < pages; p++)
		for (i = 0; i < DOUBLES; i++)
			page[3 * p][i] = value;
}

static bool is_all(double *const *page, uint32_t pages, double value)
{
	uint32_t p;
	size_t i;

	for (p = 0; p < pages; p++)
		for (i = 0; i < DOUBLES; i++)
			if (fabs(page[3 * p][i] - value) > 1e-12 * fabs(value))
				return false;
	return true;
}

/* As the kernels do, with one number for each array. */
static bool results_are_right(double *const *page, uint32_t pages, uint32_t rounds)
{
	double a = 1, b, c;

	do {
		c = a;
		b = SCALAR * c;
		c = a + b;
		a = b + SCALAR * c;
	} while (--rounds);
	return is_all(page, pages, a) && is_all(page + 1, pages, b) &&
	       is_all(page + 2, pages, c);
}

bool stream_run(double *const *page, uint32_t pages, uint32_t rounds, struct stream *out)
{
	double best_s[STREAM_KERNELS], took, bytes, sum_bytes = 0, sum_s = 0;
	uint64_t begun;
	uint32_t round, k, p;

	memset(out, 0, sizeof(*out));
	fill(page, pages, 1);
	fill(page + 1, pages, 0);
	fill(page + 2, pages, 0);
	for (round = 0; round < rounds; round++)
		for (k = 0; k < STREAM_KERNELS; k++) {
			begun = wall_clock();
			for (p = 0; p < pages; p++)
				run_page((enum stream_kernel)k, page[3 * p], page[3 * p + 1],
				         page[3 * p + 2]);
			took = (double)(wall_clock() - begun) / 1e9;
			if (round == 1 || (round > 1 && took < best_s[k]))
				best_s[k] = took;
		}
	for (k = 0; k < STREAM_KERNELS; k++) {
		bytes = (double)kernels[k].arrays * pages * PAGE_BYTES;
		out->best_gbps[k] = bytes / best_s[k] / 1e9;
		sum_bytes += bytes;
		sum_s += best_s[k];
	}
	out->gbps = sum_bytes / sum_s / 1e9;
	return results_are_right(page, pages, rounds);
}
