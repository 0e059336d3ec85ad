/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file types.h
 * @brief The quantities everything else is written in, and the error codes.
 *
 * A guest frame, a machine frame, a node and a domain are different C types, so
 * the compiler refuses one where another is meant; what is left as a plain
 * integer is a count, and its name carries its unit (`_pages _bytes _ns`).
 * Ranges are half-open.
 *
 * For all functions: a null pointer is refused with #FNUMA_E_INVAL unless it is said that
 * it may be one; a function without errors does nothing, or answers as for an object with
 * nothing in it. An array of 0 entries may be null. Inline functions do not look.
 */
#ifndef FLIPNUMA_TYPES_H
#define FLIPNUMA_TYPES_H

#include <flipnuma/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Version of the library's interface: major, minor, patch. */
#define FNUMA_VERSION_MAJOR 0
/** @copydoc FNUMA_VERSION_MAJOR */
#define FNUMA_VERSION_MINOR 1
/** @copydoc FNUMA_VERSION_MAJOR */
#define FNUMA_VERSION_PATCH 0

/** @brief Bytes of a page, unless a backend's topology says otherwise. */
#define FNUMA_PAGE_BYTES 4096u

/** @brief Nodes of a host, at most; node sets are 64-bit masks. */
#define FNUMA_NODES_MAX 64u

/** @brief Pages handed to a backend in one call, at most.
 *
 * Moving cost per page stops falling at about 32 pages a call; 64 results are
 * 256 bytes of stack, which a kernel can spare. */
#define FNUMA_BATCH_MAX 64u

/** @brief A frame of a domain: `0 <= n < frames` of that domain.
 *
 * 32 bits: 16 TiB of 4 KiB pages. What a frame number stands for (a guest frame, a
 * page of a process's memory) is the backend's affair. */
typedef struct fnuma_gfn {
	uint32_t n; /**< frame number */
} fnuma_gfn;

/** @brief A time that never comes. */
#define FNUMA_NEVER UINT64_MAX

/** @brief No frame. The largest number, so that every real one is below it. */
#define FNUMA_GFN_NONE_N UINT32_MAX

/** @brief A frame of the machine. Only backends see these. */
typedef struct fnuma_mfn {
	uint64_t n; /**< machine frame number */
} fnuma_mfn;

/** @brief A NUMA node: `0 <= id < nodes` of the host, or one of the two below. */
typedef struct fnuma_node {
	uint8_t id; /**< node number */
} fnuma_node;

/** @brief The page exists; where, nobody could say. Never counted as home. */
#define FNUMA_NODE_UNKNOWN_ID 0xffu
/** @brief There is no page behind this frame (ballooned out, never populated). */
#define FNUMA_NODE_NONE_ID 0xfeu

/** @brief A domain of a host: a slot, and which of its successive tenants is meant.
 *
 * A handle outlives its domain harmlessly: every call that takes one refuses a
 * generation that is not the slot's present one with #FNUMA_E_STALE. */
typedef struct fnuma_domain {
	uint32_t slot;       /**< index */
	uint32_t generation; /**< 1 for the first tenant of the slot; 0 is nobody */
} fnuma_domain;

/** @brief Make a frame. @param n frame number. @return the frame. */
static inline fnuma_gfn fnuma_gfn_of(uint32_t n)
{
	fnuma_gfn g = {n};
	return g;
}

/** @brief Make a node. @param id node number. @return the node. */
static inline fnuma_node fnuma_node_of(uint32_t id)
{
	fnuma_node node = {(uint8_t)id};
	return node;
}

/** @brief The node that stands for "unknown". @return it. */
static inline fnuma_node fnuma_node_unknown(void)
{
	return fnuma_node_of(FNUMA_NODE_UNKNOWN_ID);
}

/** @brief The node that stands for "no page there". @return it. */
static inline fnuma_node fnuma_node_none(void)
{
	return fnuma_node_of(FNUMA_NODE_NONE_ID);
}

/** @brief Are two domain handles the same tenant? @param a one. @param b other.
 * @return true if so. */
static inline bool fnuma_domain_same(fnuma_domain a, fnuma_domain b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

/**
 * @brief Errors, and reasons: negative, and the library's own.
 *
 * A call returns one of these or a count; a page that was not moved carries one
 * as its reason; a trace event says it again. One vocabulary for all three.
 * Codes are never renumbered; new ones are added at the end.
 */
enum fnuma_error {
	FNUMA_OK = 0,             /**< success, and no reason */
	FNUMA_E_INVAL = -1,       /**< an argument outside its documented range */
	FNUMA_E_ABI = -2,         /**< a table or struct of a size or version not understood */
	FNUMA_E_NOSPC = -3,       /**< the memory handed over, or a fixed capacity, is too small */
	FNUMA_E_RANGE = -4,       /**< a frame, node or index that the object does not have */
	FNUMA_E_STATE = -5,       /**< the page is not in a state that allows this (given twice,
	                               never taken, not held) */
	FNUMA_E_DUPLICATE = -6,   /**< the same page twice in one batch */
	FNUMA_E_STALE = -7,       /**< a domain handle of an earlier generation */
	FNUMA_E_OVERFLOW = -8,    /**< more pages than can exist, or a count beyond its type */
	FNUMA_E_EMPTY = -9,       /**< every page of the pool is out */
	FNUMA_E_STRANDED = -10,   /**< free pages exist, but in other CPUs' caches or held */
	FNUMA_E_REMOTE = -11,     /**< free pages exist, but away from home, and none came home */
	FNUMA_E_BUSY = -12,       /**< the page is in use just now; it may work later */
	FNUMA_E_NOMEM = -13,      /**< no memory on the node asked for */
	FNUMA_E_PINNED = -14,     /**< the page cannot move while someone refers to it */
	FNUMA_E_DENIED = -15,     /**< permission refused */
	FNUMA_E_GONE = -16,       /**< the domain (or the page) no longer exists */
	FNUMA_E_NOTSUP = -17,     /**< the backend has no such capability */
	FNUMA_E_BACKEND = -18,    /**< the backend broke its contract (status unfilled, count or
	                               node impossible) */
	FNUMA_E_LOST_TRACK = -19, /**< the outcome stayed unknown even after a probe */
	FNUMA_E_BUDGET = -20,     /**< the budget of this window is spent */
	FNUMA_E_COOLDOWN = -21,   /**< moved too recently to be moved again */
	FNUMA_E_BACKOFF = -22,    /**< failed too recently to be tried again */
	FNUMA_E_GAVE_UP = -23,    /**< failed too often; left for good until forgiven */
	FNUMA_E_PAUSED = -24,     /**< paused by the user */
	FNUMA_E_DRY_RUN = -25,    /**< would have been done, but this is a dry run */
	FNUMA_E_LIE = -26,        /**< reported done, and found not to be */
	FNUMA_E_IN_USE = -27,     /**< refused because something is still attached */
	FNUMA_E_NOT_TRIED = -28,  /**< the backend stopped before it came to this page */
	FNUMA_E_LAST = -29        /**< one past the last code; not an error */
};

/** @brief Number of codes, #FNUMA_OK included: the size of a table indexed by `-code`. */
#define FNUMA_REASONS 29u

/** @brief A code in one short English phrase, without a full stop.
 * @param code any value.
 * @return a constant string; "unknown error" for a value that is not a code.
 * @context Any; never blocks. */
const char *fnuma_strerror(int code);

/** @brief The library's version as built, `major << 16 | minor << 8 | patch`.
 * @return it; compare with the `FNUMA_VERSION_*` you compiled against.
 * @context Any; never blocks. */
uint32_t fnuma_version(void);

/** @brief What became of one page of a batch. */
enum fnuma_outcome {
	FNUMA_UNFILLED = 0, /**< nobody wrote this status: treated as #FNUMA_UNKNOWN */
	FNUMA_DONE = 1,     /**< it happened */
	FNUMA_NOT_DONE = 2, /**< it did not, `reason` says why; nothing changed */
	FNUMA_UNKNOWN = 3   /**< it may or may not have happened: probe before acting */
};

/** @brief One page's status. Four bytes, so that a batch fits a kernel stack. */
struct fnuma_result {
	uint8_t outcome;  /**< enum fnuma_outcome */
	fnuma_node node;  /**< where the page is now, or unknown */
	int16_t reason;   /**< #FNUMA_OK when done, else an enum fnuma_error */
};

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_TYPES_H */
