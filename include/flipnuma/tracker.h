/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file tracker.h
 * @brief Which page of a domain is on which node, and which pages are away from home.
 *
 * A compact table with an entry of 4 bits a frame (8 bits on hosts of more than 14
 * nodes) and exact counts for each node, kept at every update; nothing is ever
 * recounted. Memory: see fnuma_tracker_bytes(); 4.1 bits a page on hosts of up to 14
 * nodes.
 *
 * *Home* is a property of a range of frames: a guest whose virtual nodes live on
 * different machine nodes has a range for each. A range may have several home nodes
 * with weights (a guest that is spread on purpose); a page is at home on any of them.
 *
 * Threads: one writer at a time for each tracker (hold the domain's lock, or own the
 * domain); counts may be read at any time, without stopping the writer.
 */
#ifndef FLIPNUMA_TRACKER_H
#define FLIPNUMA_TRACKER_H

#include <flipnuma/home.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What is known of a domain's pages at the start. */
enum fnuma_tracker_start {
	FNUMA_START_UNKNOWN = 0, /**< every page exists, on a node not known yet */
	FNUMA_START_HOME = 1,    /**< every page is on the first listed home of its range */
	FNUMA_START_NONE = 2     /**< no page exists yet */
};

/** @brief A tracker. Opaque; the caller's memory. */
struct fnuma_tracker;

/** @brief What a tracker is made from. */
struct fnuma_tracker_config {
	uint32_t frames;                /**< frames of the domain, 1 or more */
	uint32_t nodes;                 /**< nodes of the host, 1 to #FNUMA_NODES_MAX */
	const struct fnuma_home *homes; /**< the list; copied */
	uint32_t n_homes;               /**< its entries, 1 to #FNUMA_HOMES_MAX */
	enum fnuma_tracker_start start; /**< initial state of every page */
};

/** @brief A layout: where a domain's pages are at a moment. */
struct fnuma_layout {
	uint32_t nodes;                       /**< entries of `node_pages` that count */
	uint32_t node_pages[FNUMA_NODES_MAX]; /**< pages on each node */
	uint32_t remote_pages;                /**< pages on a node that is no home of theirs */
	uint32_t unknown_pages;               /**< pages nobody could place */
	uint32_t none_pages;                  /**< frames without a page */
	uint32_t frames;                      /**< frames of the domain: the sum of
	                                           node_pages, unknown and none */
};

/** @brief Bytes of memory for a tracker. @param config see its fields.
 * @return bytes, to be aligned to 8; 0 if the configuration is invalid or too large.
 * @context Any. */
size_t fnuma_tracker_bytes(const struct fnuma_tracker_config *config);

/** @brief Make a tracker. @param memory aligned to 8. @param bytes its size.
 * @param config copied. @param out the tracker, on success.
 * @return #FNUMA_OK, #FNUMA_E_INVAL (homes that do not tile the domain, overlap, are out
 *   of order, a weight of 0, misaligned memory), #FNUMA_E_RANGE (a home beyond `nodes`),
 *   #FNUMA_E_NOSPC. @context Any. The only call that touches all the memory. */
int fnuma_tracker_init(void *memory, size_t bytes,
                       const struct fnuma_tracker_config *config,
                       struct fnuma_tracker **out);

/**
 * @brief Record where pages are. All or nothing.
 * @param t tracker. @param pages frames; the same one twice is allowed, the last counts.
 * @param nodes the node of each: a node of the host, unknown, or none.
 * @param n 0 to INT32_MAX.
 * @return `n`; with nothing changed #FNUMA_E_RANGE (frame or node), #FNUMA_E_OVERFLOW (`n`).
 * @context The tracker's writer. Cost: a few ns a page; in batches, what is not in the
 *   CPU's caches is fetched ahead.
 */
int fnuma_tracker_set(struct fnuma_tracker *t, const fnuma_gfn *pages,
                      const fnuma_node *nodes, uint32_t n);

/** @brief As fnuma_tracker_set(), from the results of a flip or a move: pages whose result
 * is done are recorded on its node, those not done are left alone, all others are unknown.
 * @param t tracker. @param pages frames. @param results one for each.
 * @param n 0 to INT32_MAX.
 * @return `n`; with nothing changed #FNUMA_E_RANGE, #FNUMA_E_OVERFLOW.
 * @context The tracker's writer. */
int fnuma_tracker_record(struct fnuma_tracker *t, const fnuma_gfn *pages,
                         const struct fnuma_result *results, uint32_t n);

/** @brief The node of a page as recorded. @param t tracker. @param page frame.
 * @return a node, unknown or none; unknown also for a frame out of range.
 * @context The tracker's writer. */
fnuma_node fnuma_tracker_get(const struct fnuma_tracker *t, fnuma_gfn page);

/** @brief Is the page on a node that is not a home of its range? @param t tracker.
 * @param page frame. @return true if so; false if home, unknown, none or out of range.
 * @context The tracker's writer. */
bool fnuma_tracker_is_remote(const struct fnuma_tracker *t, fnuma_gfn page);

/** @brief The home a page should be brought to: of its range's homes the one that has the
 * fewest of the range's pages for its weight, the first listed of equals.
 * @param t tracker. @param page frame.
 * @return a node; none if the frame is out of range. @context The tracker's writer. */
fnuma_node fnuma_tracker_home(const struct fnuma_tracker *t, fnuma_gfn page);

/** @brief Is this node a home of the page's range? @param t tracker. @param page frame.
 * @param node node. @return true if so; false if the frame is out of range.
 * @context Any. */
bool fnuma_tracker_is_home(const struct fnuma_tracker *t, fnuma_gfn page,
                           fnuma_node node);

/** @brief Nodes that are home to any range. @param t tracker. @return bit n for node n.
 * @context Any. */
uint64_t fnuma_tracker_home_nodes(const struct fnuma_tracker *t);

/** @brief Frames of the domain. @param t tracker. @return frames. @context Any. */
uint32_t fnuma_tracker_frames(const struct fnuma_tracker *t);

/** @brief Pages away from home now. @param t tracker. @return pages. @context Any. */
uint32_t fnuma_tracker_remote(const struct fnuma_tracker *t);

/** @brief The layout now. Exact for the writer; for others each field is exact at some
 * instant of the call. @param t tracker. @param out filled. @context Any. */
void fnuma_tracker_layout(const struct fnuma_tracker *t, struct fnuma_layout *out);

/** @brief Which pages an iteration wants. */
enum fnuma_tracker_want {
	FNUMA_WANT_REMOTE = 0, /**< pages away from home */
	FNUMA_WANT_UNKNOWN = 1 /**< pages nobody could place yet */
};

/**
 * @brief The next pages of a kind, in ascending order, from a cursor.
 *
 * Work is bounded by `max` pages found and by `look` frames looked at, whichever comes
 * first; the cursor then stands behind the last frame looked at. Pages that change
 * meanwhile are seen, or not, by where it stands.
 * @param t tracker. @param want which pages.
 * @param cursor frame to look at first; moved on; equal to the frames of the domain when
 *   the end is reached. @param look frames to look at, at most; 1 or more.
 * @param pages room for `max`; what is behind those found has no meaning.
 * @param max pages to find, 1 or more.
 * @return pages found, 0 or more; #FNUMA_E_INVAL; #FNUMA_E_RANGE if the cursor is beyond
 *   the end.
 * @context The tracker's writer.
 */
int fnuma_tracker_next(const struct fnuma_tracker *t, enum fnuma_tracker_want want,
                       fnuma_gfn *cursor, uint32_t look, fnuma_gfn *pages, uint32_t max);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_TRACKER_H */
