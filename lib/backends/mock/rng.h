/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Random numbers: a counter through a mixer, so that streams are one word each. */
#ifndef FNUMA_MOCK_RNG_H
#define FNUMA_MOCK_RNG_H

#include <stdint.h>

/* The finaliser of MurmurHash3: every bit of `x` moves every bit of the result. */
static inline uint64_t rng_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static inline uint64_t rng_next(uint64_t *stream)
{
	*stream += UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / golden ratio: odd, spread */
	return rng_mix(*stream);
}

/* A number below `bound`, by multiplication: no division, and a bias of bound / 2^32. */
static inline uint32_t rng_below(uint64_t *stream, uint32_t bound)
{
	return (uint32_t)(((rng_next(stream) >> 32) * bound) >> 32);
}

/* A stream of its own for each (seed, a, b). */
static inline uint64_t rng_stream(uint64_t seed, uint32_t a, uint32_t b)
{
	return rng_mix(rng_mix(seed + 1) ^ ((uint64_t)a << 32 | b));
}

#endif /* FNUMA_MOCK_RNG_H */
