/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file wrap.h
 * @brief Backends around a backend: fault injection, tracing, and a referee at the seam.
 *
 * Each stands between a caller and any bound backend, has that backend's capabilities, and
 * can be wrapped again:
 *
 *     struct fnuma_backend host, faulty, watched;
 *     fnuma_wrap_fault_init(&fault, &host, &fault_config, &faulty);
 *     fnuma_wrap_check_init(&check, &faulty, &check_config, &watched);
 *
 * A wrapper sees what the backend really says, before `fnuma_backend_*` judges it. Memory
 * is the caller's, and nothing is drawn but from a seed. One caller at a time for each
 * wrapper, whatever the backend allows; other traits are the backend's. A wrapper and
 * the `fnuma_backend` made from it live as long as each other.
 */
#ifndef FLIPNUMA_WRAP_H
#define FLIPNUMA_WRAP_H

#include <flipnuma/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The operations of struct fnuma_backend_ops, in its order. */
enum fnuma_wrap_op {
	FNUMA_OP_TOPOLOGY = 0,    /**< topology */
	FNUMA_OP_ALIVE = 1,       /**< alive */
	FNUMA_OP_NODE_COUNTS = 2, /**< node_counts */
	FNUMA_OP_PAGE_NODES = 3,  /**< page_nodes */
	FNUMA_OP_FLIP = 4,        /**< flip */
	FNUMA_OP_ACQUIRE = 5,     /**< acquire */
	FNUMA_OP_RELEASE = 6,     /**< release */
	FNUMA_OP_MOVE_PAGE = 7,   /**< move_page */
	FNUMA_OP_MOVE_FREE = 8,   /**< move_free */
	FNUMA_OP_MOVE_DOMAIN = 9, /**< move_domain */
	FNUMA_OP_PROBE = 10       /**< probe */
};

/** @brief How many operations there are. */
#define FNUMA_OPS 11u

/** @brief A set of operations is a mask of these. */
#define FNUMA_OP_BIT(op) (1u << (uint32_t)(op))

/** @brief The name of an operation. @param op any value. @return as in the table; "?" for
 * none of them. @context Any. */
const char *fnuma_wrap_op_name(enum fnuma_wrap_op op);

/** @brief One call of an operation, after it returned. Valid during a callback only. What an
 * operation does not have is 0, none or NULL. */
struct fnuma_wrap_call {
	enum fnuma_wrap_op op;  /**< which */
	uint64_t number;        /**< calls through this wrapper before it */
	fnuma_domain domain;    /**< whose pages */
	fnuma_domain peer;      /**< flip: with whom */
	fnuma_node to;          /**< moves: where */
	const fnuma_gfn *pages; /**< frames asked for; acquire: frames got */
	uint32_t n;             /**< how many were asked for; node_counts: nodes */
	int ret;                /**< what the operation returned */
	const struct fnuma_result *results; /**< raw, as the backend left them */
	const fnuma_node *nodes;            /**< page_nodes: raw answers */
	const uint32_t *counts;             /**< node_counts: raw answers */
	uint64_t spent_ns;                  /**< moves: time that this call added */
};

struct fnuma_wrap_job;

/** @brief What every wrapper begins with. */
struct fnuma_wrap {
	struct fnuma_backend inner; /**< private */
	uint64_t calls;             /**< calls of any operation so far; read only */
	int (*around)(struct fnuma_wrap *w, struct fnuma_wrap_job *job); /**< private */
};

/** @name Faults
 * @{ */

/** @brief What goes wrong. "Loud" ones keep to the contract of a backend; "silent" ones break
 * it, or tell a lie that the contract cannot exclude. In brackets: the operations. */
enum fnuma_fault_kind {
	FNUMA_FAULT_NONE = 0,  /**< nothing */
	FNUMA_FAULT_ERROR = 1, /**< loud: `error` is returned, nothing attempted [all] */
	FNUMA_FAULT_REFUSE = 2, /**< loud: pages not done, for the reason `error` [flip, release,
	                             moves] */
	FNUMA_FAULT_HALF = 3,  /**< loud: the first half of the batch is attempted [all batches] */
	FNUMA_FAULT_GONE = 4,  /**< loud: the domain is gone from now on [all but topology] */
	FNUMA_FAULT_LIE = 5,   /**< silent: reported done, not done [flip, acquire, release,
	                            moves, move_domain] */
	FNUMA_FAULT_UNFILLED = 6,  /**< silent: done, its status left unfilled [flip, acquire,
	                                release, moves, probe] */
	FNUMA_FAULT_DONE_UNKNOWN = 7,   /**< loud: done, reported unknown [flip, acquire, release,
	                                     moves] */
	FNUMA_FAULT_UNDONE_UNKNOWN = 8, /**< loud: not done, reported unknown [as before] */
	FNUMA_FAULT_DENIED = 9,    /**< silent: done, reported not done for the reason `error`
	                                [as before] */
	FNUMA_FAULT_WRONG_NODE = 10, /**< silent: done, on another node than it says [flip, acquire,
	                                moves, page_nodes, probe] */
	FNUMA_FAULT_NODE_UNKNOWN = 11 /**< loud: the node is said to be unknown [flip, acquire,
	                                page_nodes, probe] */
};

/** @brief How many kinds there are, #FNUMA_FAULT_NONE included. */
#define FNUMA_FAULT_KINDS 12u

/** @brief For fnuma_wrap_fault_config.at: no call by number. */
#define FNUMA_FAULT_NEVER UINT64_MAX

/** @brief Which faults, and when. Zero it, then set what you need. A call is *eligible* if
 * its operation is in `ops` and the kind has it. */
struct fnuma_wrap_fault_config {
	enum fnuma_fault_kind kind; /**< what goes wrong */
	uint32_t ops;       /**< set of operations; 0: all */
	uint64_t at;        /**< the number, from 0, of the one eligible call that goes wrong, or
	                         #FNUMA_FAULT_NEVER */
	uint32_t ppm;       /**< each eligible call besides goes wrong with this probability */
	uint32_t pages_ppm; /**< of a batch gone wrong, pages hit; at least one is; 0: all */
	int error;          /**< see the kinds; 0: #FNUMA_E_BUSY */
	uint32_t nodes;     /**< nodes of the host, 2 or more, so that a wrong one exists; 0: 2 */
	uint64_t seed;      /**< for everything drawn */
};

/** @brief What has gone wrong. Read any time. */
struct fnuma_wrap_fault_counts {
	uint64_t eligible; /**< eligible calls */
	uint64_t injected[FNUMA_FAULT_KINDS]; /**< calls gone wrong, by kind; not counting later
	                                           calls on a domain that is gone */
	uint64_t pages[FNUMA_FAULT_KINDS];    /**< pages these hit, by kind */
};

/** @brief A faulty backend. The caller's memory. */
struct fnuma_wrap_fault {
	struct fnuma_wrap base;                /**< read `base.calls` only */
	struct fnuma_wrap_fault_counts counts; /**< so far */
	struct fnuma_wrap_fault_config config; /**< private */
	uint64_t drawn;                        /**< private: state of the generator */
	fnuma_domain gone;                     /**< private: generation 0 if none is */
};

/**
 * @brief Wrap a backend in faults.
 * @param f the wrapper. @param inner a bound backend; copied.
 * @param config copied. @param out the faulty backend, bound.
 * @return #FNUMA_OK; #FNUMA_E_INVAL, with nothing changed, for NULL, a backend not bound, a
 *   kind or operation that does not exist, an `error` that is none, a probability above
 *   1,000,000, a single node or more than #FNUMA_NODES_MAX.
 * @context Any; never blocks.
 */
int fnuma_wrap_fault_init(struct fnuma_wrap_fault *f, const struct fnuma_backend *inner,
                          const struct fnuma_wrap_fault_config *config,
                          struct fnuma_backend *out);

/** @brief Change the faults in flight. Counts go on, except `eligible`, which begins at 0
 * again; a domain that is gone stays gone. @param f wrapper. @param config copied.
 * @return as fnuma_wrap_fault_init(). @context The wrapper's user. */
int fnuma_wrap_fault_set(struct fnuma_wrap_fault *f,
                         const struct fnuma_wrap_fault_config *config);

/**
 * @brief The next step of a sweep: fail the call after the one that failed last.
 *
 *     struct fnuma_wrap_fault_config c = {.kind = kind};
 *     do {
 *             fnuma_wrap_fault_init(&f, &host, &c, &faulty);
 *             scenario(&faulty);
 *     } while (fnuma_wrap_fault_next(&c, &f));
 *
 * @param config its `at` goes up by one. @param f the wrapper that was run with it.
 * @return false if that run had no call number `at` any more: all have been failed.
 * @context Any.
 */
bool fnuma_wrap_fault_next(struct fnuma_wrap_fault_config *config,
                           const struct fnuma_wrap_fault *f);

/** @} */
/** @name Trace
 * @{ */

/** @brief A traced backend. The caller's memory. */
struct fnuma_wrap_trace {
	struct fnuma_wrap base; /**< read `base.calls` only */
	void (*fn)(void *cookie, const struct fnuma_wrap_call *call); /**< private */
	void *cookie;           /**< private */
};

/** @brief Wrap a backend so that every call of an operation is reported when it returns.
 * @param t the wrapper. @param inner a bound backend; copied. @param fn is told; must not call
 *   this backend. @param cookie handed to `fn`. @param out the traced backend, bound.
 * @return #FNUMA_OK; #FNUMA_E_INVAL, with nothing changed, for NULL or a backend not bound.
 * @context Any; never blocks. */
int fnuma_wrap_trace_init(struct fnuma_wrap_trace *t, const struct fnuma_backend *inner,
                          void (*fn)(void *cookie, const struct fnuma_wrap_call *call),
                          void *cookie, struct fnuma_backend *out);

/** @} */
/** @name The referee
 * @{ */

/** @brief Who broke a rule. */
enum fnuma_wrap_culprit {
	FNUMA_CULPRIT_CALLER = 0, /**< the core, or whoever calls the table */
	FNUMA_CULPRIT_BACKEND = 1 /**< the backend within */
};

/** @brief A broken rule. Valid during the callback only; `rule` stays. */
struct fnuma_wrap_violation {
	enum fnuma_wrap_culprit culprit;    /**< who */
	const char *rule;                   /**< which, in a few constant words */
	fnuma_gfn page;                     /**< about which page, or #FNUMA_GFN_NONE_N */
	const struct fnuma_wrap_call *call; /**< in which call; of a call that was not let
	                                         through, `ret` is #FNUMA_E_INVAL */
};

/** @brief A page that was moved; for the referee's memory. */
struct fnuma_wrap_moved {
	fnuma_domain domain; /**< private */
	fnuma_gfn page;      /**< private */
	uint64_t at_ns;      /**< private */
};

/** @brief What to watch. Zero it, then set what you need; what every caller owes a backend
 * and every backend a caller is always watched. */
struct fnuma_wrap_check_config {
	/** Told of each broken rule; NULL: only counted. Must not call this backend. */
	void (*on_violation)(void *cookie, const struct fnuma_wrap_violation *violation);
	/** May this page be flipped (I2)? NULL: any may. */
	bool (*may_flip)(void *cookie, fnuma_domain domain, fnuma_gfn page);
	/** The node a page is really on, or unknown. With it: no page that is on its goal
	 * already is moved (I8), and what is reported done is true. NULL: not watched. Must not
	 * call this backend. */
	fnuma_node (*node_of)(void *cookie, fnuma_domain domain, fnuma_gfn page);
	/** The time, for the two rules below; it stands still or goes on. */
	uint64_t (*now_ns)(void *cookie);
	void *cookie;          /**< handed to all of these */
	uint64_t cooldown_ns;  /**< a page moved is not moved again within this time (I8); 0: not
	                            watched */
	uint64_t window_ns;    /**< see `window_pages` */
	uint32_t window_pages; /**< in any window of `window_ns`, at most so many pages are moved
	                            (I6); 0: not watched */
	uint32_t timed_ops;    /**< operations that those two rules hold for, if the caller has
	                            moves outside of its budget; 0: both kinds of moves */
	uint32_t nodes;        /**< nodes of the host; 0: #FNUMA_NODES_MAX */
	struct fnuma_wrap_moved *memory; /**< for those two rules: the moves looked back upon; the
	                            wrapper's while it is used */
	uint32_t memory_entries; /**< its length: `window_pages` or more */
};

/** @brief A watched backend. The caller's memory. */
struct fnuma_wrap_check {
	struct fnuma_wrap base;     /**< read `base.calls` only */
	uint64_t violations[2]; /**< rules broken, by enum fnuma_wrap_culprit */
	const char *last_rule;  /**< the last of them, or NULL */
	uint64_t forgotten;     /**< moves that fell out of memory while a rule still needed
	                             them: if not 0, make the memory larger */
	struct fnuma_wrap_check_config config; /**< private */
	uint64_t moves;                        /**< private: ever remembered */
};

/**
 * @brief Wrap a backend in a referee: it reports and counts, and never stops anything but
 * calls that cannot be handed on (no room, or a batch of an impossible length).
 * @param c the wrapper. @param inner a bound backend; copied.
 * @param config copied. @param out the watched backend, bound.
 * @return #FNUMA_OK; #FNUMA_E_INVAL, with nothing changed, for NULL, a backend not bound, more
 *   nodes than #FNUMA_NODES_MAX, or a rule about time without `now_ns` or enough memory.
 * @context Any; never blocks. Looking back costs a walk of the memory for each move.
 */
int fnuma_wrap_check_init(struct fnuma_wrap_check *c, const struct fnuma_backend *inner,
                          const struct fnuma_wrap_check_config *config,
                          struct fnuma_backend *out);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_WRAP_H */
