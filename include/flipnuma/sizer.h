/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file sizer.h
 * @brief How large the flip pool should be: the paper's rules, better ones, and yours.
 *
 * A sizing policy is a table of pure functions over a state of fixed size. The library
 * brings, by name:
 *
 * | name | rule | source |
 * | --- | --- | --- |
 * | `static` | a constant | paper, IV.A; fnuma_calibrator finds it |
 * | `algorithm1` | Algorithm 1 as written, dead states included | paper, IV.A |
 * | `algorithm1-repaired` | the same with a step of at least a page, a floor, misses and idling | |
 * | `window` | sliding-window maximum of demand, plus a filtered lead | Lu and Chen, arXiv 1112.0442 |
 *
 * Nothing here touches a pool: the caller feeds samples and carries out the advice, with
 * fnuma_pool_resize() for instance. After each flip, or now and then:
 *
 *     if (fnuma_sizer_due(&sizer, used, misses, now)) {
 *             fill in a sample, fnuma_sizer_advise(), resize towards target_pages
 *     }
 *
 * and once more at `ask_at_ns` if no flip comes by then. \ref sizing says which rule to
 * take, with figures.
 */
#ifndef FLIPNUMA_SIZER_H
#define FLIPNUMA_SIZER_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Version of struct fnuma_sizer_policy; it grows only at its end. */
#define FNUMA_SIZER_ABI 1u

/** @brief What a policy is told of a pool. */
struct fnuma_sizer_sample {
	uint64_t now_ns;      /**< the time; may stand still or jump back */
	uint32_t size_pages;  /**< pages the pool has */
	uint32_t used_pages;  /**< of these, out now; `<= size_pages` */
	uint32_t peak_pages;  /**< most that were out at once since the last sample; 0 if not
	                           known, else `>= used_pages` */
	uint32_t queued_pages; /**< demand already visible (ring depth): look-ahead; 0 if not known */
	uint64_t misses;      /**< pages asked for and not got, since the pool was made; the first
	                           sample's is where counting begins, and a lower count than
	                           before is that of a new pool */
};

/** @brief What a policy answers. */
struct fnuma_sizer_advice {
	uint32_t target_pages; /**< size wanted, within the limits of the parameters */
	/** Nothing needs to be asked while used pages stay in `[low_pages, high_pages]`, no page is
	 * missed and `ask_at_ns` has not come. A rule that is to be asked at each flip, as the
	 * paper's, thus costs two comparisons. */
	uint32_t low_pages;
	uint32_t high_pages;   /**< see `low_pages` */
	uint64_t ask_at_ns;    /**< ask again then at the latest; #FNUMA_NEVER: no need */
};

/** @brief Parameters, for all rules; a rule uses those it names. Zero means the default. */
struct fnuma_sizer_params {
	uint32_t min_pages;     /**< never below; default 64, or the lower of the two below
	                             (`algorithm1`: 0, as the paper has none) */
	uint32_t max_pages;     /**< never above; required, below the domain's memory */
	uint32_t initial_pages; /**< poolSize_init, or the constant of `static`; within the limits;
	                             default: 128,000 (500 MB), clipped to them */
	uint32_t high_percent;  /**< Algorithm 1 grows above this use; up to 100; default 90 */
	uint32_t low_percent;   /**< Algorithm 1 shrinks below this use; below high; default 20 */
	uint32_t step_percent;  /**< Algorithm 1 changes by this; up to 100; default 10. The repaired
	                             one refuses a step down that would lead above high */
	uint64_t window_ns;     /**< `window`: how long a page is kept without use (T*, the cost of
	                             getting one over that of holding it for a ns), and up to a
	                             15th longer; default 60 s. `algorithm1-repaired`: a pool that
	                             nobody asked about for so long shrinks to where flips would
	                             have taken it; default 60 s */
	uint64_t latency_ns;    /**< `window`: how long growing takes, from the sample before to the
	                             last page; default 10 ms */
};

/** @brief Bytes of state a policy may use. */
#define FNUMA_SIZER_STATE_BYTES 448u

/**
 * @brief A sizing policy. Pure: state and arguments in, state and advice out; no globals,
 * no side effects, so two runs of the same samples give the same advice.
 */
struct fnuma_sizer_policy {
	uint32_t size;        /**< `sizeof(struct fnuma_sizer_policy)` as you compiled it */
	uint32_t abi;         /**< #FNUMA_SIZER_ABI as you compiled it */
	const char *name;     /**< short, constant; required */
	uint32_t state_bytes; /**< at most #FNUMA_SIZER_STATE_BYTES; starts zeroed, 8-byte aligned */
	/** Check the parameters and fill in defaults, in place. Required. Afterwards the library
	 * completes `initial_pages`, and refuses limits or an initial size that contradict each
	 * other; `min_pages` is left as it is.
	 * @return #FNUMA_OK or #FNUMA_E_INVAL. */
	int (*check)(struct fnuma_sizer_params *params);
	/** The advice for this sample. Required. `advice` arrives as: target = present size,
	 * no band, ask again at once. The target is clipped to the limits afterwards. */
	void (*advise)(void *state, const struct fnuma_sizer_params *params,
	               const struct fnuma_sizer_sample *sample,
	               struct fnuma_sizer_advice *advice);
};

/** @brief A policy at work. The caller's memory; the fields are the library's. */
struct fnuma_sizer {
	struct fnuma_sizer_policy policy; /**< private */
	struct fnuma_sizer_params params; /**< private: complete */
	struct fnuma_sizer_advice last;   /**< private */
	uint64_t last_misses;             /**< private */
	uint64_t asked_ns;                /**< private: time of the last advice */
	uint64_t wait_ns;                 /**< private: how long it stands */
	bool asked;                       /**< private */
	union {
		uint64_t align;                           /**< private */
		uint8_t bytes[FNUMA_SIZER_STATE_BYTES];   /**< private */
	} state;                          /**< private */
};

/** @brief A built-in policy. @param name see the table above. @return it, or NULL.
 * @context Any. */
const struct fnuma_sizer_policy *fnuma_sizer_find(const char *name);

/** @brief The built-in policies, one by one. @param index 0, 1, ...
 * @return the policy, or NULL past the last. @context Any. */
const struct fnuma_sizer_policy *fnuma_sizer_builtin(uint32_t index);

/** @brief Put a policy to work. @param s filled on success. @param policy a built-in or
 *   yours; copied (the name by reference). @param params checked, completed and copied.
 * @return #FNUMA_OK; with nothing changed #FNUMA_E_INVAL (parameters, a null pointer, or a
 *   table without name or functions), #FNUMA_E_ABI (size or version other than ours),
 *   #FNUMA_E_NOSPC (state too large). @context Any. */
int fnuma_sizer_init(struct fnuma_sizer *s, const struct fnuma_sizer_policy *policy,
                     const struct fnuma_sizer_params *params);

/** @brief The size to start with. @param s sizer. @return pages. @context Any. */
uint32_t fnuma_sizer_initial(const struct fnuma_sizer *s);

/** @brief Change parameters in flight, keeping the state: what a rule has learnt of the load
 *   stays learnt. fnuma_sizer_due() is true afterwards.
 * @param s sizer. @param params the new ones, all of them. @return #FNUMA_OK, or
 *   #FNUMA_E_INVAL with nothing changed. @context The sizer's user. */
int fnuma_sizer_retune(struct fnuma_sizer *s, const struct fnuma_sizer_params *params);

/** @brief Must the policy be asked, or does the last advice still stand? A handful of
 * comparisons, nothing written. A clock that jumped back makes an advice due that stands
 * for a limited time. @param s sizer. @param used_pages now. @param misses now. @param now_ns time.
 * @return true if fnuma_sizer_advise() should be called. @context The sizer's user. */
static inline bool fnuma_sizer_due(const struct fnuma_sizer *s, uint32_t used_pages,
                                   uint64_t misses, uint64_t now_ns)
{
	/* A clock that jumped back makes the difference huge: ask, rather than wait for it. */
	return used_pages > s->last.high_pages || used_pages < s->last.low_pages ||
	       misses != s->last_misses || now_ns - s->asked_ns >= s->wait_ns || !s->asked;
}

/** @brief Ask the policy. @param s sizer. @param sample the pool as it is. @param advice
 *   filled on success. @return #FNUMA_OK, or with nothing changed #FNUMA_E_INVAL (used above
 *   size, peak below used, a null pointer). @context The sizer's user. Cost: bounded, some
 *   150 simple operations at most. */
int fnuma_sizer_advise(struct fnuma_sizer *s, const struct fnuma_sizer_sample *sample,
                       struct fnuma_sizer_advice *advice);

/** @name Calibration
 * The static size "is obtained by calibration": run several I/O applications, and use the
 * highest need (paper, IV.A). A null pointer is #FNUMA_E_INVAL, and after an error nothing
 * has changed.
 * @{ */

/** @brief Applications a calibrator can tell apart. */
#define FNUMA_CALIBRATOR_APPS 64u

/** @brief What is known of one application. */
struct fnuma_calibration {
	uint32_t runs;           /**< runs ended */
	uint32_t need_pages;     /**< highest need of any run */
	uint32_t least_pages;    /**< lowest need of any run: the spread says how far to trust it */
	uint64_t missed_pages;   /**< pages missed in all runs: if not 0, need is an underestimate */
};

/** @brief A calibrator. The caller's memory; the fields are the library's. */
struct fnuma_calibrator {
	struct fnuma_calibration app[FNUMA_CALIBRATOR_APPS]; /**< private */
	uint32_t running;     /**< private: application + 1, or 0 */
	uint32_t run_peak;    /**< private */
	uint64_t run_misses;  /**< private */
	uint64_t first_misses; /**< private */
	bool observed;        /**< private */
};

/** @brief Start over. @param c calibrator. @context Any. */
void fnuma_calibrator_init(struct fnuma_calibrator *c);

/** @brief A run of an application begins. @param c calibrator. @param app
 *   `[0, FNUMA_CALIBRATOR_APPS)`. @return #FNUMA_OK, #FNUMA_E_RANGE, #FNUMA_E_STATE if a run
 *   is under way. @context The calibrator's user. */
int fnuma_calibrator_begin(struct fnuma_calibrator *c, uint32_t app);

/** @brief A sample of the running application. Need is pages out (or their peak) plus the
 *   pages missed since the sample before; what was missed before the run does not count.
 * @param c calibrator. @param sample the pool. @return #FNUMA_OK, #FNUMA_E_STATE without a
 *   run, #FNUMA_E_INVAL (used above size, peak below used, misses below the sample before:
 *   a measurement must not go on with a count that started anew). @context As above. */
int fnuma_calibrator_observe(struct fnuma_calibrator *c,
                             const struct fnuma_sizer_sample *sample);

/** @brief The run ends, and counts. @param c calibrator. @return the need of this run in
 *   pages, as int64; #FNUMA_E_STATE without a run, or without a sample (the run goes on).
 * @context As above. */
int64_t fnuma_calibrator_end(struct fnuma_calibrator *c);

/** @brief What was found out about an application. @param c calibrator. @param app index.
 * @param out filled. @return #FNUMA_OK or #FNUMA_E_RANGE. @context As above. */
int fnuma_calibrator_need(const struct fnuma_calibrator *c, uint32_t app,
                          struct fnuma_calibration *out);

/** @brief The value to use: the highest need of any application, plus a margin, rounded up.
 * @param c calibrator. @param margin_percent 0 (the paper's) to 1000.
 * @return pages, as int64; #FNUMA_E_STATE if no run has ended; #FNUMA_E_INVAL.
 * @context As above. */
int64_t fnuma_calibrator_value(const struct fnuma_calibrator *c, uint32_t margin_percent);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_SIZER_H */
