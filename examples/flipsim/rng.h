/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Random numbers of the simulator: xorshift64*, one state for each use, so that what one
 * part draws never changes what another one gets.
 */
#ifndef FLIPSIM_RNG_H
#define FLIPSIM_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

/* `use` tells apart the generators of one seed. */
static inline void rng_seed(struct rng *r, uint64_t seed, uint64_t use)
{
	uint64_t z = seed * UINT64_C(0x9e3779b97f4a7c15) + use * UINT64_C(0xbf58476d1ce4e5b9);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	r->state = z ? z : 1;
}

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t x = r->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	r->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* In (0, 1]. */
static inline double rng_unit(struct rng *r)
{
	return ((double)(rng_next(r) >> 11) + 1) * 0x1p-53;
}

#endif
