/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file home.h
 * @brief Where a domain's pages belong.
 *
 * *Home* is a property of a range of frames: a guest whose virtual nodes live on different
 * machine nodes has a range for each. A range may have several home nodes with weights (a
 * guest that is spread on purpose); a page is at home on any of them.
 */
#ifndef FLIPNUMA_HOME_H
#define FLIPNUMA_HOME_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Entries in a list of homes, at most. */
#define FNUMA_HOMES_MAX 64u

/** @brief One home of a range of frames.
 *
 * A list of these describes a domain: sorted by `first`, the ranges tile
 * `[0, frames)` without a gap; entries with the same range, next to each other and with
 * different nodes, are the weighted homes of that range. */
struct fnuma_home {
	fnuma_gfn first; /**< first frame of the range */
	uint32_t pages;  /**< frames in the range, 1 or more */
	fnuma_node node; /**< a home of the range */
	uint32_t weight; /**< share among the homes of the range, 1 to 65535 */
};

/** @brief Is this list what it should be?
 * @param homes the list. @param n its entries, 1 to #FNUMA_HOMES_MAX. @param frames frames of
 *   the domain, 1 or more. @param nodes nodes of the host, 1 to #FNUMA_NODES_MAX.
 * @return #FNUMA_OK; #FNUMA_E_INVAL (out of order, a gap, an overlap, a node twice in a
 *   range, a weight out of range, too few or too many entries); #FNUMA_E_RANGE (a node the
 *   host does not have). @context Any. */
int fnuma_homes_check(const struct fnuma_home *homes, uint32_t n, uint32_t frames,
                      uint32_t nodes);

/** @brief The home nodes of a page. @param homes a list that was checked. @param n its
 *   entries. @param page frame. @return bit i for node i; 0 if the page is in no range.
 * @context Any. Cost: a search among `n` entries. */
uint64_t fnuma_homes_of(const struct fnuma_home *homes, uint32_t n, fnuma_gfn page);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_HOME_H */
