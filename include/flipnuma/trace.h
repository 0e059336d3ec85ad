/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file trace.h
 * @brief Every decision, with its reason, as it is made.
 */
#ifndef FLIPNUMA_TRACE_H
#define FLIPNUMA_TRACE_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What was decided. */
enum fnuma_event_kind {
	FNUMA_EVENT_TRIGGER = 1, /**< a trigger became due; `count` remote pages; `why`: #FNUMA_OK */
	FNUMA_EVENT_MOVED = 2,   /**< `page` went from node `from` to node `to` */
	FNUMA_EVENT_KEPT = 3,    /**< `page` was considered and not moved; `why` says so */
	FNUMA_EVENT_GAVE_UP = 4, /**< `page` failed for the last time; `why` is that failure */
	FNUMA_EVENT_PASS = 5,    /**< a pass over the domain ended; `count` pages moved in it */
	FNUMA_EVENT_BACKOFF = 6, /**< the whole domain rests until `until_ns`; `why` says so */
	FNUMA_EVENT_GROWN = 7,   /**< the pool grew by `count` pages; `why` if by less than asked */
	FNUMA_EVENT_SHRUNK = 8,  /**< the pool shrank by `count` pages; `why` if by less */
	FNUMA_EVENT_BROUGHT_HOME = 9, /**< `count` free pages of the pool came home */
	FNUMA_EVENT_STATE = 10   /**< paused, resumed, dry run on or off, gone; `why` says which */
};

/** @brief One decision. Valid during the callback only. */
struct fnuma_event {
	uint32_t kind;       /**< enum fnuma_event_kind */
	int32_t why;         /**< #FNUMA_OK or an enum fnuma_error */
	uint64_t now_ns;     /**< the time the caller gave */
	uint64_t until_ns;   /**< where a kind says so, else 0 */
	fnuma_domain domain; /**< the backend's handle */
	fnuma_gfn page;      /**< where a kind says so, else #FNUMA_GFN_NONE_N */
	fnuma_node from;     /**< where a kind says so, else none */
	fnuma_node to;       /**< where a kind says so, else none */
	uint32_t count;      /**< where a kind says so, else 0 */
};

/** @brief A listener. Runs inside the call that decided: be brief, call nothing of the
 * same object. `fn` may be NULL: nobody listens, nothing is built. */
struct fnuma_trace {
	void (*fn)(void *cookie, const struct fnuma_event *event); /**< or NULL */
	void *cookie; /**< handed to `fn` */
};

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_TRACE_H */
