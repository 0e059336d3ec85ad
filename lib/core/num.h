/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Arithmetic that not every world has an instruction, or a helper library, for; and sums
 * and products that stop at the end of their type. */
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

static inline uint32_t fnuma_min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t fnuma_max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint64_t fnuma_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint32_t fnuma_add_u32(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static inline uint32_t fnuma_sub_u32(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

static inline uint64_t fnuma_add_u64(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t fnuma_mul_u64_u32(uint64_t a, uint32_t b)
{
	uint64_t upper = (a >> 32) * b, lower = (a & UINT32_MAX) * b;

	if (upper > UINT32_MAX)
		return UINT64_MAX;
	return fnuma_add_u64(upper << 32, lower);
}

/* a * b / d, rounded down, without losing the product's upper bits; d is not 0. */
static inline uint64_t fnuma_muldiv_u64(uint64_t a, uint32_t b, uint32_t d)
{
	uint64_t whole = fnuma_div_u64(a, d);
	uint64_t part = fnuma_div_u64((a - whole * d) * b, d);

	return fnuma_add_u64(fnuma_mul_u64_u32(whole, b), part);
}

/* The nearest value that 32 bits have. */
static inline uint32_t fnuma_to_u32(uint64_t a)
{
	return a > UINT32_MAX ? UINT32_MAX : (uint32_t)a;
}

#endif /* FNUMA_NUM_H */
