/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file budget.h
 * @brief How much may be moved: pages, bytes and the privileged domain's time, a second.
 *
 * "The migration process is handled by the privVM resources" (paper, IV.B): this is what
 * it may use of them. The promise (I6) is for *every* window of #FNUMA_BUDGET_WINDOW_NS,
 * wherever it begins, not on average: what was spent is remembered in slots of a sixteenth
 * of a window, and a slot is forgiven only when no window can contain any of it.
 *
 * Only time that passes counts: a clock that jumps back goes on from where it was.
 */
#ifndef FLIPNUMA_BUDGET_H
#define FLIPNUMA_BUDGET_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The window: 2^30 ns, 7 % more than a second: a limit holds for seconds, too. */
#define FNUMA_BUDGET_WINDOW_NS (UINT64_C(1) << 30)

/** @brief Limits for each window. 0 means no limit. */
struct fnuma_budget_limits {
	uint32_t pages;   /**< pages moved */
	uint64_t bytes;   /**< bytes moved */
	uint64_t time_ns; /**< time of the privileged domain */
};

/** @brief Slots of a window, plus the one being filled. */
#define FNUMA_BUDGET_SLOTS 17u

/** @brief A budget. The caller's memory; the fields are the library's. */
struct fnuma_budget {
	struct fnuma_budget_limits limits;      /**< private */
	uint64_t page_ns;                       /**< private: a page is expected to cost */
	uint64_t page_min_ns;                   /**< private: it was said to cost at init */
	uint64_t last_ns;                       /**< private: caller's clock, last heard */
	uint64_t pages_sum;                     /**< private: of all slots */
	uint64_t time_sum_ns;                   /**< private: of all slots */
	uint64_t time_ns[FNUMA_BUDGET_SLOTS];   /**< private: spent, by slot */
	uint32_t pages[FNUMA_BUDGET_SLOTS];     /**< private: spent, by slot */
	uint32_t page_bytes;                    /**< private */
	uint32_t slot;                          /**< private: the slot being filled */
	uint32_t phase_ns;                      /**< private: how old that slot is */
};

/** @brief Make a budget. @param b filled. @param limits copied. @param page_bytes bytes of
 *   a page, a power of two. @param page_ns privileged time a page is expected to cost, at
 *   least; 0 if nobody knows. What is reported raises it, see fnuma_budget_spend().
 * @return #FNUMA_OK or #FNUMA_E_INVAL (a limit that does not let a single page through).
 * @context Any. */
int fnuma_budget_init(struct fnuma_budget *b, const struct fnuma_budget_limits *limits,
                      uint32_t page_bytes, uint64_t page_ns);

/** @brief Change the limits in flight; what was spent stays spent. @param b budget.
 * @param limits new. @return #FNUMA_OK, or #FNUMA_E_INVAL with nothing changed.
 * @context The budget's user. */
int fnuma_budget_retune(struct fnuma_budget *b, const struct fnuma_budget_limits *limits);

/** @brief Pages that may be moved now. @param b budget. @param now_ns time.
 * @return pages, UINT32_MAX if there is no limit. @context The budget's user. */
uint32_t fnuma_budget_pages(struct fnuma_budget *b, uint64_t now_ns);

/** @brief Spend. @param b budget. @param now_ns time. @param pages moved, or attempted at
 *   a cost; at most what fnuma_budget_pages() said. @param spent_ns privileged time it
 *   took; 0 if the backend does not say: then the expected cost is charged.
 * @return #FNUMA_OK, or with nothing charged #FNUMA_E_BUDGET if `pages` is more than is
 *   left. @context The budget's user.
 *
 * Pages and bytes are exact. Time can be known only afterwards: a batch that took longer
 * than expected is charged in full, so that a window is exceeded by the surprise of its
 * last batch at most, and raises the expectation to its own cost at once. Cheaper batches
 * lower it again, by a sixteenth of the difference each, never below that of init. A page
 * expected to cost more than the whole limit still gets through when nothing else is on
 * the books: nothing stops for ever (I3). */
int fnuma_budget_spend(struct fnuma_budget *b, uint64_t now_ns, uint32_t pages,
                       uint64_t spent_ns);

/** @brief When at least one page may be moved again. @param b budget. @param now_ns time.
 * @return a time, `now_ns` if one may be moved now; at most a window and a slot later.
 * @context The budget's user. */
uint64_t fnuma_budget_next(struct fnuma_budget *b, uint64_t now_ns);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_BUDGET_H */
