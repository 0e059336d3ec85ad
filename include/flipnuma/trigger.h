/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file trigger.h
 * @brief When a domain's remote pages should be brought home.
 *
 * As for sizing, a trigger policy is a table of pure functions. The library brings:
 *
 * | name | due when | source |
 * | --- | --- | --- |
 * | `period` | period_flip has passed since the last pass began | paper, IV.B |
 * | `amount` | remote pages are about to reach remote_memSize | paper, IV.B |
 * | `either` | whichever comes first | |
 * | `age` | remote pages have cost, by being remote, what moving them would (ski rental) | |
 *
 * \ref triggers says which to take, with figures. A trigger is told of *counts* of remote
 * pages: where pages go home by themselves and others come in their place, `age` takes those
 * for the same pages, and is early rather than late.
 */
#ifndef FLIPNUMA_TRIGGER_H
#define FLIPNUMA_TRIGGER_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Version of struct fnuma_trigger_policy; it grows only at its end. */
#define FNUMA_TRIGGER_ABI 1u

/** @brief Parameters, for all rules; a rule uses those it names. Zero means the default. */
struct fnuma_trigger_params {
	uint64_t period_ns;     /**< period_flip; default 900 s. Periods missed do not pile up */
	uint32_t amount_pages;  /**< remote_memSize; default 128,000 (500 MB) */
	/** Start this many pages before `amount_pages`, so that the amount is a bound and not a
	 * crossing; less than `amount_pages`; default 1/64 of it. UINT32_MAX: none. */
	uint32_t lead_pages;
	uint64_t break_even_ns; /**< `age`: time for which a page being remote costs as much as
	                             moving it: move cost / (accesses a second x extra time an
	                             access); below 2^52 ns (52 days); default 10 s */
};

/** @brief What a policy is told of a domain. */
struct fnuma_trigger_sample {
	uint64_t now_ns;        /**< time since fnuma_trigger_init() on a clock that stands still
	                             where the caller's jumps back; never below an earlier one */
	uint32_t remote_pages;  /**< pages away from home that may still be moved */
};

/** @brief What a policy answers. */
struct fnuma_trigger_verdict {
	bool due;            /**< start a pass now */
	uint64_t ask_at_ns;  /**< if not due: ask again then; #FNUMA_NEVER: never by time */
	uint32_t ask_at_pages; /**< if not due: and as soon as this many pages are remote;
	                          UINT32_MAX: never by amount */
};

/** @brief Bytes of state a policy may use. */
#define FNUMA_TRIGGER_STATE_BYTES 64u

/** @brief A trigger policy. Pure functions. */
struct fnuma_trigger_policy {
	uint32_t size;        /**< `sizeof(struct fnuma_trigger_policy)` as you compiled it */
	uint32_t abi;         /**< #FNUMA_TRIGGER_ABI as you compiled it */
	const char *name;     /**< short, constant; required */
	uint32_t state_bytes; /**< at most #FNUMA_TRIGGER_STATE_BYTES; starts zeroed */
	/** Check the parameters and fill in defaults, in place. Required.
	 * @return #FNUMA_OK or #FNUMA_E_INVAL. */
	int (*check)(struct fnuma_trigger_params *params);
	/** Is it due? Required. `verdict` arrives as not due, never. Also called, with its answer
	 * ignored, whenever the amount may have changed: state that integrates over time is
	 * brought up to date here. */
	void (*ask)(void *state, const struct fnuma_trigger_params *params,
	            const struct fnuma_trigger_sample *sample,
	            struct fnuma_trigger_verdict *verdict);
	/** A pass began (`ended` false) or ended (true). Required. */
	void (*pass)(void *state, const struct fnuma_trigger_params *params,
	             const struct fnuma_trigger_sample *sample, bool ended);
};

/** @brief A policy at work. The caller's memory; the fields are the library's. */
struct fnuma_trigger {
	struct fnuma_trigger_policy policy;   /**< private */
	struct fnuma_trigger_params params;   /**< private: complete */
	struct fnuma_trigger_verdict last;    /**< private */
	uint64_t seen_ns;                     /**< private: the caller's clock when last told */
	uint64_t at_ns;                       /**< private: the policy's, which never jumps back */
	union {
		uint64_t align;                           /**< private */
		uint8_t bytes[FNUMA_TRIGGER_STATE_BYTES]; /**< private */
	} state;                              /**< private */
};

/** @brief A built-in policy. @param name see the table. @return it, or NULL. @context Any. */
const struct fnuma_trigger_policy *fnuma_trigger_find(const char *name);

/** @brief The built-in policies, one by one. @param index 0, 1, ...
 * @return the policy, or NULL past the last. @context Any. */
const struct fnuma_trigger_policy *fnuma_trigger_builtin(uint32_t index);

/** @brief Put a policy to work. @param t filled on success. @param policy built-in or
 *   yours; copied (the name by reference). @param params checked, completed, copied.
 * @param now_ns the time: periods count from here. @return #FNUMA_OK; with nothing changed
 *   #FNUMA_E_INVAL (parameters, a null pointer, or a table without name or functions),
 *   #FNUMA_E_ABI (size or version other than ours), #FNUMA_E_NOSPC (state too large).
 * @context Any. */
int fnuma_trigger_init(struct fnuma_trigger *t, const struct fnuma_trigger_policy *policy,
                       const struct fnuma_trigger_params *params, uint64_t now_ns);

/** @brief Change parameters in flight, keeping the state: time already passed and age already
 *   accrued count under the new ones. @param t trigger. @param params new, all of them.
 * @return #FNUMA_OK, or #FNUMA_E_INVAL with nothing changed.
 * @context The trigger's user. Ask afterwards. */
int fnuma_trigger_retune(struct fnuma_trigger *t, const struct fnuma_trigger_params *params);

/** @brief Must the policy be asked for this many remote pages? One comparison, for the flip
 * path. @param t trigger. @param remote_pages now. @return true if so.
 * @context The trigger's user. */
static inline bool fnuma_trigger_amount_reached(const struct fnuma_trigger *t,
                                                uint32_t remote_pages)
{
	return remote_pages >= t->last.ask_at_pages;
}

/** @brief Ask; it stays due until a pass begins or the pages are fewer. @param t trigger.
 * @param now_ns time; if it jumped back, policies go on from where they were, and
 *   `ask_at_ns` is for the clock as it is now. @param remote_pages now.
 * @param verdict filled; `ask_at_ns` is on the caller's clock, and `now_ns` if due. NULL if
 *   only the count is to be told. @context The trigger's user. */
void fnuma_trigger_ask(struct fnuma_trigger *t, uint64_t now_ns, uint32_t remote_pages,
                       struct fnuma_trigger_verdict *verdict);

/** @brief Say that a pass began or ended. @param t trigger. @param now_ns time.
 * @param remote_pages now. @param ended false: begins; true: ended.
 * @context The trigger's user. Ask afterwards. */
void fnuma_trigger_pass(struct fnuma_trigger *t, uint64_t now_ns, uint32_t remote_pages,
                        bool ended);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_TRIGGER_H */
