/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Arithmetic that not every world has an instruction, or a helper library, for. */
#ifndef FNUMA_NUM_H
#define FNUMA_NUM_H

#include <stdint.h>

/* a / b, rounded down; b is not 0. Kernels for 32-bit machines have no 64-bit division,
 * so it is done by hand there and everywhere: same code, same answers. */
static inline uint64_t fnuma_div_u64(uint64_t a, uint64_t b)
{
	uint64_t quotient = 0, bit = 1;

	while (b < a && !(b >> 63)) {
		b <<= 1;
		bit <<= 1;
	}
	for (; bit; bit >>= 1, b >>= 1) {
		if (a >= b) {
			a -= b;
			quotient |= bit;
		}
	}
	return quotient;
}

/* Number of the lowest bit set; x is not 0. Two halves, so that a 32-bit machine needs no
 * helper library for it. */
static inline uint32_t fnuma_ctz64(uint64_t x)
{
#if UINTPTR_MAX > 0xffffffffu
	return (uint32_t)__builtin_ctzll(x);
#else
	uint32_t low = (uint32_t)x;

	return low ? (uint32_t)__builtin_ctz(low) : 32 + (uint32_t)__builtin_ctz(x >> 32);
#endif
}

#endif /* FNUMA_NUM_H */
