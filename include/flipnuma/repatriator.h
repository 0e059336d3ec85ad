/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file repatriator.h
 * @brief Brings one domain's remote pages home: which, in what order, and what if not.
 *
 * The paper's second cure (section IV.B). A *pass* walks the domain's remote pages in
 * ascending order, in batches, a bounded amount of work at a step, as the budget allows.
 *
 * What a page's outcome means for it is kept in the *books*, a table of fixed size:
 *
 * | outcome | entry | until |
 * | --- | --- | --- |
 * | moved | cooling: not moved again (I8) | `cooldown_ns` later |
 * | not moved, the page's own fault (busy, pinned, ...) | backing off (I5) | `backoff_ns`, doubled each time |
 * | unknown: it may have moved | backing off (I5, I8) | the longer of the two, even if forgotten |
 * | not moved for the last of `attempts_max` times | given up (I5) | forgiven, or flipped |
 *
 * What is not the page's fault (no memory at home, the call refused as a whole) rests the
 * whole domain, longer each time, and is no mark against the page; a full home is left out
 * for the rest of the pass, so that pages of other homes do not wait behind it. A pass also
 * asks where pages of unknown node are, so that none is forgotten for being unknown. If the books are full
 * of entries that still hold, pages without an entry are left (#FNUMA_E_NOSPC) until one
 * expires: nothing is forgotten to make room.
 *
 * With a pool, only the pool's free may-be-remote pages are brought home, and their
 * content is nobody's: the *hybrid* of both cures. Everything else of such a domain is at
 * home already.
 *
 * Useful alone, for one domain; for many under a common budget see host.h.
 */
#ifndef FLIPNUMA_REPATRIATOR_H
#define FLIPNUMA_REPATRIATOR_H

#include <flipnuma/backend.h>
#include <flipnuma/budget.h>
#include <flipnuma/pool.h>
#include <flipnuma/trace.h>
#include <flipnuma/tracker.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A repatriator. Opaque; the caller's memory. */
struct fnuma_repatriator;

/** @brief Flags of fnuma_repatriator_config. */
enum fnuma_repatriator_flag {
	FNUMA_REPAT_VERIFY = 1u << 0, /**< ask PAGE_NODES before and after each batch: pages
	                                   already home are not moved, and a page reported
	                                   done that is not is found out (#FNUMA_E_LIE) */
	FNUMA_REPAT_DRY_RUN = 1u << 1 /**< choose and trace, but move nothing */
};

/** @brief How it goes about it. Zero means the default. */
struct fnuma_repatriator_tuning {
	uint32_t batch_pages;  /**< pages a backend call, 1 to #FNUMA_BATCH_MAX; default 32 */
	uint32_t attempts_max; /**< failures after which a page is given up, 1 to 16; default 5 */
	uint64_t backoff_ns;   /**< first back-off, of a page or of the domain; default 1 s. It
	                            doubles up to 64 times that. */
	uint64_t cooldown_ns;  /**< rest of a moved page; default 10 s. UINT64_MAX: none */
	uint32_t flags;        /**< enum fnuma_repatriator_flag bits; 0 is the default */
};

/** @brief What a repatriator is made from. */
struct fnuma_repatriator_config {
	const struct fnuma_backend *backend; /**< kept by reference; needs MOVE_PAGE, or with a
	                                          pool MOVE_FREE or MOVE_PAGE */
	fnuma_domain domain;                 /**< the backend's handle */
	struct fnuma_tracker *tracker;       /**< kept by reference */
	struct fnuma_pool *pool;             /**< kept by reference; or NULL */
	uint32_t books_pages;                /**< pages the books can hold, 64 to 2^28; default
	                                          16,384. Budget a second times cool-down, and
	                                          some for failures, is ample. */
	struct fnuma_repatriator_tuning tuning; /**< see there */
	struct fnuma_trace trace;            /**< listener, or zero */
};

/** @brief What a step did. */
struct fnuma_repatriator_report {
	uint32_t attempted; /**< pages handed to the backend: what was charged to the budget */
	uint32_t moved;     /**< of these, moved */
	uint64_t spent_ns;  /**< privileged time the backend reported for them */
	bool pass_ended;    /**< the pass is over */
	int why;            /**< why it stopped: #FNUMA_OK (the work bound, or the pass ended),
	                         #FNUMA_E_BUDGET, #FNUMA_E_BACKOFF (the domain rests),
	                         #FNUMA_E_NOSPC (books full: pages were left), #FNUMA_E_PAUSED,
	                         #FNUMA_E_GONE */
	uint64_t next_ns;   /**< when to step again; #FNUMA_NEVER if paused, gone or ended */
};

/** @brief Counters since init. Each is exact at some instant of the call. */
struct fnuma_repatriator_stats {
	uint64_t attempted;   /**< pages handed to the backend */
	uint64_t moved;       /**< moved, each time counted */
	uint64_t failed;      /**< not moved; `attempted = moved + failed` */
	uint64_t would_move;  /**< chosen in a dry run */
	uint64_t skipped;     /**< remote, but cooling, backing off or given up when met */
	uint64_t found_home;  /**< believed remote, and found at home before a move */
	uint64_t calls;       /**< backend move calls */
	uint64_t spent_ns;    /**< privileged time the backend reported */
	uint64_t passes;      /**< passes ended */
	uint64_t rests;       /**< times the whole domain was rested */
	uint64_t by_reason[FNUMA_REASONS]; /**< failures and skips, by `-reason` */
	uint32_t cooling_pages;  /**< entries in the books, now */
	uint32_t backoff_pages;  /**< as above */
	uint32_t given_up_pages; /**< as above */
	uint32_t books_pages;    /**< entries the books can hold */
	int state;               /**< #FNUMA_OK, #FNUMA_E_PAUSED, #FNUMA_E_BACKOFF, #FNUMA_E_GONE */
};

/** @brief Bytes of memory. @param config see its fields. @return bytes, to be aligned to 8;
 *   0 if invalid or too large. @context Any. */
size_t fnuma_repatriator_bytes(const struct fnuma_repatriator_config *config);

/** @brief Make a repatriator, no pass under way. @param memory aligned to 8.
 * @param bytes its size. @param config copied. @param out the repatriator.
 * @return #FNUMA_OK, #FNUMA_E_INVAL, #FNUMA_E_NOSPC, #FNUMA_E_NOTSUP (the backend cannot
 *   move). @context Any. */
int fnuma_repatriator_init(void *memory, size_t bytes,
                           const struct fnuma_repatriator_config *config,
                           struct fnuma_repatriator **out);

/** @brief Begin a pass, or begin it again from the first frame. @param r repatriator.
 * @context The domain's owner. */
void fnuma_repatriator_begin(struct fnuma_repatriator *r);

/** @brief Is a pass under way? @param r repatriator. @return true if so.
 * @context The domain's owner. */
bool fnuma_repatriator_active(const struct fnuma_repatriator *r);

/**
 * @brief Do some of the pass.
 * @param r repatriator. @param budget what may be spent; charged here. NULL: no limit.
 * @param now_ns the time; may stand still or jump back (waits then restart from it).
 * @param max_pages pages to attempt at most, 1 or more; frames looked at are bounded by
 *   4096 times as many.
 * @param report filled.
 * @return pages moved, 0 or more; #FNUMA_E_INVAL; #FNUMA_E_PAUSED; #FNUMA_E_GONE once the
 *   domain is found dead (and ever after). A failure of a page or of a call is not an error
 *   of the step: it is in the report, the statistics and the trace.
 * @context The domain's owner. As the backend's traits say.
 */
int fnuma_repatriator_step(struct fnuma_repatriator *r, struct fnuma_budget *budget,
                           uint64_t now_ns, uint32_t max_pages,
                           struct fnuma_repatriator_report *report);

/** @brief These frames have been flipped: they hold other pages now, so what earlier ones
 * failed for is forgotten (cool-downs are not). Costs one comparison while nothing has
 * failed. @param r repatriator. @param pages frames. @param n 0 or more.
 * @context The domain's owner. */
void fnuma_repatriator_flipped(struct fnuma_repatriator *r, const fnuma_gfn *pages,
                               uint32_t n);

/** @brief The tracker has been told where these frames are, otherwise than by a flip or
 * by a pass: of those that came home, failures are forgotten. Costs one comparison while
 * nothing has failed. @param r repatriator. @param pages frames. @param n 0 or more.
 * @context The domain's owner. */
void fnuma_repatriator_placed(struct fnuma_repatriator *r, const fnuma_gfn *pages,
                              uint32_t n);

/** @brief Forget all failures, also for good, and any rest; cool-downs stay.
 * @param r repatriator. @return pages forgiven. @context The domain's owner. Looks at all
 *   the books. */
uint32_t fnuma_repatriator_forgive(struct fnuma_repatriator *r);

/** @brief Pause (steps do nothing) or resume. @param r repatriator. @param paused which.
 * @context The domain's owner. */
void fnuma_repatriator_pause(struct fnuma_repatriator *r, bool paused);

/** @brief Change the tuning in flight; the books stay. @param r repatriator.
 * @param tuning new. @return #FNUMA_OK, or with nothing changed #FNUMA_E_INVAL.
 * @context The domain's owner. */
int fnuma_repatriator_retune(struct fnuma_repatriator *r,
                             const struct fnuma_repatriator_tuning *tuning);

/** @brief Why was this page not moved just now? @param r repatriator. @param page frame.
 * @param now_ns time. @param until_ns filled with the end of a cool-down or back-off, or
 *   #FNUMA_NEVER if given up, or 0; may be NULL.
 * @param cause filled with the reason of the last failure, or #FNUMA_OK; may be NULL.
 * @return #FNUMA_OK (nothing against it), #FNUMA_E_COOLDOWN, #FNUMA_E_BACKOFF,
 *   #FNUMA_E_GAVE_UP, #FNUMA_E_RANGE, #FNUMA_E_INVAL. @context The domain's owner. */
int fnuma_repatriator_why(const struct fnuma_repatriator *r, fnuma_gfn page,
                          uint64_t now_ns, uint64_t *until_ns, int *cause);

/** @brief Pages a pass could still bring home: remote ones less those given up, and, where the
 *   backend can be asked, those of unknown node (with a pool, at most as many as may be remote
 *   in its depot). For the trigger.
 * @param r repatriator. @return pages. @context Any. */
uint32_t fnuma_repatriator_movable(const struct fnuma_repatriator *r);

/** @brief Counters. @param r repatriator. @param out filled. @context Any. */
void fnuma_repatriator_stats(const struct fnuma_repatriator *r,
                             struct fnuma_repatriator_stats *out);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_REPATRIATOR_H */
