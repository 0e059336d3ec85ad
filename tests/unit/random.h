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

/* A number at an end of its type, or where something else ends. */
static inline uint32_t random_end32(struct random *r)
{
	static const uint32_t ends[] = {
		0, 1, 2, 63, 64, 65, 99, 100, 101, INT32_MAX, UINT32_C(1) << 31,
		UINT32_MAX - 1, UINT32_MAX,
	};

	return ends[random_below(r, sizeof(ends) / sizeof(*ends))];
}

static inline uint64_t random_end64(struct random *r)
{
	static const uint64_t ends[] = {
		0, 1, 2, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 50, UINT64_C(1) << 52,
		INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX,
	};

	return ends[random_below(r, sizeof(ends) / sizeof(*ends))];
}

#endif /* FNUMA_TEST_RANDOM_H */
