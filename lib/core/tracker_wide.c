/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "tracker_wide.h"

#if TRACKER_WIDE

#include <immintrin.h>

#define PAIR   128u /* pages of two groups */
#define FEW    4u   /* of a group; written one by one */
#define AVX512 __attribute__((target("avx512f,bmi,popcnt")))

bool fnuma_tracker_cpu_is_wide(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("popcnt");
}

/* Bit p of each half of the result: page p of that group is on a node that is not home. */
AVX512 static inline void two_groups(const uint64_t *words, __m512i home, uint64_t *first,
                                     uint64_t *second)
{
	const __m512i ones = _mm512_set1_epi64(0x1111111111111111);
	const __m512i by = _mm512_set_epi64(3, 2, 1, 0, 3, 2, 1, 0);
	__m512i word = _mm512_loadu_si512(words);
	__m512i off = _mm512_xor_si512(word, home);
	__m512i none = _mm512_and_si512(word, _mm512_srli_epi64(word, 1));

	off = _mm512_or_si512(off, _mm512_srli_epi64(off, 2));
	off = _mm512_or_si512(off, _mm512_srli_epi64(off, 1));
	/* Of none and unknown, 14 and 15, the upper three bits are set. */
	none = _mm512_srli_epi64(_mm512_and_si512(none, _mm512_srli_epi64(word, 2)), 1);
	off = _mm512_and_si512(_mm512_andnot_si512(none, off), ones);
	/* Word w of a group has the pages 4 i + w. */
	off = _mm512_sllv_epi64(off, by);
	off = _mm512_or_si512(off, _mm512_permutex_epi64(off, 0x4e));
	off = _mm512_or_si512(off, _mm512_permutex_epi64(off, 0xb1));
	*first = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(off));
	*second = (uint64_t)_mm_cvtsi128_si64(_mm512_extracti32x4_epi32(off, 2));
}

/* The pages of a group, of which `base` is the first. There is room for all.
 *
 * A few are always written as four: a CPU that guesses wrong how many there are loses more
 * than some stores in vain. */
AVX512 static inline uint32_t pack(uint64_t wanted, uint32_t base, fnuma_gfn *pages)
{
	const __m512i sixteen = _mm512_set1_epi32(16);
	const __m512i iota =
		_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	uint32_t n = (uint32_t)_mm_popcnt_u64(wanted), page, i;
	__m512i numbers;

	if (n <= FEW) {
		for (i = 0; i < FEW; i++, wanted &= wanted - 1) {
			page = base + (uint32_t)_tzcnt_u64(wanted);
			/* gcc would gather all four in a register first, which takes longer */
			__asm__("" : "+r"(page));
			pages[i].n = page;
		}
		return n;
	}
	numbers = _mm512_add_epi32(iota, _mm512_set1_epi32((int)base));
	for (n = 0, i = 0; i < 4; i++) {
		__mmask16 these = (__mmask16)(wanted >> 16 * i);

		_mm512_storeu_si512(pages + n,
		                    _mm512_maskz_compress_epi32(these, numbers));
		n += (uint32_t)_mm_popcnt_u32(these);
		numbers = _mm512_add_epi32(numbers, sixteen);
	}
	return n;
}

/* Not memcpy(), which costs more than the few pages there are as a rule. */
AVX512 static inline void copy(fnuma_gfn *to, const fnuma_gfn *from, uint32_t n)
{
	for (; n >= 16; n -= 16, to += 16, from += 16)
		_mm512_storeu_si512(to, _mm512_loadu_si512(from));
	_mm512_mask_storeu_epi32(to, (__mmask16)((1u << n) - 1),
	                         _mm512_loadu_si512(from));
}

AVX512 uint32_t fnuma_tracker_search_wide(const uint64_t *words, uint64_t home,
                                          uint32_t base, uint32_t end, fnuma_gfn *pages,
                                          uint32_t max, uint32_t *found)
{
	const __m512i homes = _mm512_set1_epi64((long long)home);
	fnuma_gfn last[PAIR + 16]; /* loads and stores are of 16 */
	uint64_t first, second;
	uint32_t n = *found, k;

	for (; end - base >= PAIR && n < max; base += PAIR, words += 8) {
		fnuma_gfn *to = pages + n;

		two_groups(words, homes, &first, &second);
		if (max - n < (uint32_t)(_mm_popcnt_u64(first) + _mm_popcnt_u64(second)) + 16)
			to = last;
		k = pack(first, base, to);
		k += pack(second, base + 64, to + k);
		if (to == last) {
			k = k < max - n ? k : max - n;
			copy(pages + n, last, k);
		}
		n += k;
	}
	*found = n;
	return n == max ? pages[max - 1].n + 1 : base;
}

#else

bool fnuma_tracker_cpu_is_wide(void)
{
	return false;
}

uint32_t fnuma_tracker_search_wide(const uint64_t *words, uint64_t home, uint32_t base,
                                   uint32_t end, fnuma_gfn *pages, uint32_t max,
                                   uint32_t *found)
{
	(void)words;
	(void)home;
	(void)end;
	(void)pages;
	(void)max;
	(void)found;
	return base;
}

#endif
