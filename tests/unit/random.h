/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Random numbers that a seed repeats: a counter and a mixer (Steele et al., SplitMix). */
#ifndef FNUMA_TEST_RANDOM_H
#define FNUMA_TEST_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t seed;
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = r->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 to n - 1; n is not 0. */
static inline uint32_t random_below(struct random *r, uint32_t n)
{
	return (uint32_t)((random_next(r) >> 32) * n >> 32);
}

#endif /* FNUMA_TEST_RANDOM_H */
