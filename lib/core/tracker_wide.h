/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The search for pages that are away from the one home of their range, in wide registers,
 * where the CPU has them: same answers as tracker.c's own, sooner.
 */
#ifndef FNUMA_TRACKER_WIDE_H
#define FNUMA_TRACKER_WIDE_H

#include <flipnuma/types.h>

/* Kernels and hypervisors, which are compiled without vector registers, do without. So does
 * what is compiled for the address sanitizer: up to gcc 13.2 it misaligns such registers'
 * place on the stack (PR 110027). */
#ifndef TRACKER_WIDE
#if defined(__x86_64__) && defined(__SSE2__) && !defined(FNUMA_PORT_HEADER) && \
	!defined(__SANITIZE_ADDRESS__)
#define TRACKER_WIDE 1
#else
#define TRACKER_WIDE 0
#endif
#endif

/* Can this CPU do it? */
bool fnuma_tracker_cpu_is_wide(void);

/*
 * Search pairs of groups of 64 pages, each 4 words of 16 lanes as tracker.c deals them out.
 * `words` are those of the page `base`, `home` is the home's code in every lane. Stops at
 * `end`, a multiple of 64 as `base` is, where less than a pair is left, or behind the
 * `max`th page found. Returns the page where it stopped.
 */
uint32_t fnuma_tracker_search_wide(const uint64_t *words, uint64_t home, uint32_t base,
                                   uint32_t end, fnuma_gfn *pages, uint32_t max,
                                   uint32_t *found);

#endif /* FNUMA_TRACKER_WIDE_H */
