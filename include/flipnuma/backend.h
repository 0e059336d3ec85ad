/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file backend.h
 * @brief The one seam: what the core asks of a hypervisor, a kernel or a simulator.
 *
 * A backend is a table of operations and a cookie. Two operations are required;
 * every other one is announced by being there, and fnuma_backend_bind() turns
 * that into capability bits, once. After that no caller tests for NULL, an
 * unfilled status or an impossible node: the `fnuma_backend_*` functions below
 * are the only way to a table, and they check what comes back.
 *
 * A batch attempts each page by itself. Each comes back *done*, *not done* (with
 * a reason) or *unknown*. Whatever a backend says that cannot be true puts the
 * page in doubt, for a reason:
 *
 * - it says unknown: #FNUMA_E_BUSY;
 * - it leaves a status unfilled, or writes an outcome, a node or a reason that does
 *   not exist or does not fit the others: #FNUMA_E_BACKEND;
 * - it counts more pages than it was given, or returns a number that is no error:
 *   #FNUMA_E_BACKEND for every page of the batch;
 * - it claims a page beyond its count, or one of a batch that it refused:
 *   #FNUMA_E_BACKEND;
 * - it says moved, but names another node than was asked for, or none: #FNUMA_E_LIE.
 *
 * Pages in doubt are settled by one probe before the caller sees them. A probe
 * says *where* a page is. For a move that is all there is to know: done, or not
 * done with the reason above. Whether a flip happened, or who owns a page that
 * was to be released, it cannot say: these stay unknown (#FNUMA_E_LOST_TRACK),
 * with the node if the probe found it; and so does every page of which the probe
 * knows nothing. That a page reported done really is, nobody checks here:
 * that would cost a query a page.
 */
#ifndef FLIPNUMA_BACKEND_H
#define FLIPNUMA_BACKEND_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Version of struct fnuma_backend_ops; the table grows only at its end. */
#define FNUMA_BACKEND_ABI 1u

/** @brief What a backend can do: each bit says that the operation of that name is there.
 * Bits of fnuma_backend.caps. */
enum fnuma_capability {
	FNUMA_CAP_NODE_COUNTS = 1u << 0, /**< pages of a domain on each node */
	FNUMA_CAP_PAGE_NODES = 1u << 1,  /**< the node of each page, or unknown */
	FNUMA_CAP_FLIP = 1u << 2,        /**< exchange pages with a peer */
	FNUMA_CAP_ACQUIRE = 1u << 3,     /**< pages from the domain's allocator, and back */
	FNUMA_CAP_MOVE_PAGE = 1u << 4,   /**< move pages, content and all */
	FNUMA_CAP_MOVE_FREE = 1u << 5,   /**< replace pages whose content nobody needs */
	FNUMA_CAP_MOVE_DOMAIN = 1u << 6, /**< move a whole domain */
	FNUMA_CAP_PROBE = 1u << 7        /**< settle an unknown outcome */
};

/** @brief How a backend's operations may be called. Bits of fnuma_backend_ops.traits. */
enum fnuma_trait {
	FNUMA_TRAIT_MAY_SLEEP = 1u << 0, /**< may block: never call with a lock held */
	FNUMA_TRAIT_REENTRANT = 1u << 1, /**< may be called on several CPUs at once */
	FNUMA_TRAIT_IRQ_SAFE = 1u << 2   /**< may be called in interrupt context */
};

/** @brief One node of a host. */
struct fnuma_node_info {
	uint64_t size_pages; /**< pages of memory */
	uint64_t free_pages; /**< of these, free now */
};

/** @brief A host's nodes. About 5 KiB: keep it off small stacks. */
struct fnuma_topology {
	uint32_t nodes;      /**< 1 to #FNUMA_NODES_MAX */
	uint32_t page_bytes; /**< bytes of a page: a power of two, 4096 or more */
	struct fnuma_node_info node[FNUMA_NODES_MAX]; /**< the first `nodes` count */
	/** ACPI SLIT distances, 10 = local; `[from][to]` */
	uint8_t distance[FNUMA_NODES_MAX][FNUMA_NODES_MAX];
};

/**
 * @brief A backend's operations.
 *
 * All operations: `cookie` is the one given to fnuma_backend_bind(). `n` is 1 to
 * #FNUMA_BATCH_MAX, `pages` has no duplicates and no #FNUMA_GFN_NONE_N, `results`
 * has `n` entries that arrive as #FNUMA_UNFILLED. Whether a domain has such a frame,
 * or the host such a node, is for the backend to check: #FNUMA_E_RANGE for the page,
 * or for the call. The arrays are the caller's and must not be kept.
 *
 * A batch operation returns how many pages it attempted, from the front (0 to
 * `n`; those beyond were not touched, keep their state, and their results stay
 * #FNUMA_UNFILLED), or a negative enum fnuma_error if it attempted none. An
 * operation that is not supported is NULL.
 */
struct fnuma_backend_ops {
	uint32_t size;    /**< `sizeof(struct fnuma_backend_ops)` as you compiled it */
	uint32_t abi;     /**< #FNUMA_BACKEND_ABI as you compiled it */
	const char *name; /**< short, constant, for messages; required */
	uint32_t traits;  /**< enum fnuma_trait bits */

	/** Required. Fill in the host's nodes, sizes, free pages and distances.
	 * @return #FNUMA_OK or an error. */
	int (*topology)(void *cookie, struct fnuma_topology *out);

	/** Required. Is the domain still the one the handle means?
	 * @return #FNUMA_OK, #FNUMA_E_STALE or #FNUMA_E_GONE. */
	int (*alive)(void *cookie, fnuma_domain domain);

	/** NODE_COUNTS. Pages of the domain on each node, `counts[0 .. nodes)`, all
	 * written (0 for a node that the host does not have).
	 * @return #FNUMA_OK or an error; on error `counts` is unspecified. */
	int (*node_counts)(void *cookie, fnuma_domain domain, uint32_t *counts,
	                   uint32_t nodes);

	/** PAGE_NODES. The node of each page: a node, unknown (never a guess) or none.
	 * @return pages answered, or an error. */
	int (*page_nodes)(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
	                  uint32_t n, fnuma_node *nodes);

	/** FLIP. Exchange what is behind these frames with pages of `peer`. The frames
	 * stay the domain's; `results[i].node` says where the page now behind each is.
	 * @return pages attempted, or an error. */
	int (*flip)(void *cookie, fnuma_domain domain, fnuma_domain peer,
	            const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results);

	/** ACQUIRE. Take up to `n` pages out of the domain's allocator for the pool:
	 * `pages[i]` (room; it arrives as #FNUMA_GFN_NONE_N) and `results[i]` (done, node)
	 * for each page got, from the front.
	 * @return pages got (less than `n` if there are no more), or an error. */
	int (*acquire)(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
	               struct fnuma_result *results);

	/** RELEASE (comes with ACQUIRE). Give pages back to the domain's allocator. A done
	 * result's node may be none, if that takes the page from behind the frame. A page
	 * that is not out of the allocator by ACQUIRE is not done, #FNUMA_E_STATE: a caller
	 * that could not be told whether it released a page may ask again.
	 * @return pages attempted, or an error. */
	int (*release)(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
	               uint32_t n, struct fnuma_result *results);

	/** MOVE_PAGE. Move these pages to node `to` with their content. At no moment may
	 * the only copy of a page be in the caller's memory. Add to `*spent_ns` (never
	 * NULL) the time of the privileged domain it took, if known.
	 * @return pages attempted, or an error. */
	int (*move_page)(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
	                 uint32_t n, fnuma_node to, struct fnuma_result *results,
	                 uint64_t *spent_ns);

	/** MOVE_FREE. As `move_page`, for pages whose content nobody needs.
	 * @return pages attempted, or an error. */
	int (*move_free)(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
	                 uint32_t n, fnuma_node to, struct fnuma_result *results,
	                 uint64_t *spent_ns);

	/** MOVE_DOMAIN. Move a whole domain's memory to a node.
	 * @return #FNUMA_OK or an error. */
	int (*move_domain)(void *cookie, fnuma_domain domain, fnuma_node to);

	/** PROBE. Where are these pages? `results[i]`: done and the node if there is a whole
	 * page behind the frame, not done with a reason if there is none, else unknown.
	 * Where missing, `page_nodes` serves as the probe.
	 * @return pages answered, or an error. */
	int (*probe)(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
	             struct fnuma_result *results);
};

/** @brief What a table begins with, as part of its initializer. @param name_ see there.
 * @param traits_ see there. */
#define FNUMA_BACKEND_OPS(name_, traits_) \
	.size = sizeof(struct fnuma_backend_ops), .abi = FNUMA_BACKEND_ABI, \
	.name = (name_), .traits = (traits_)

/** @brief A backend ready for use. The caller's memory; fill by fnuma_backend_bind().
 *
 * Fields may be read, not written. Copying one is fine. Its table is not one to bind
 * again: every operation is there, so it would seem to have every capability. */
struct fnuma_backend {
	struct fnuma_backend_ops ops; /**< complete: no operation is NULL */
	void *cookie;                 /**< handed to every operation */
	uint32_t caps;                /**< enum fnuma_capability bits */
};

/**
 * @brief Check and complete a table, once.
 * @param be filled on success; unchanged on error.
 * @param ops the table; copied, may be gone afterwards. A table of an older (smaller)
 *   size is completed; of one of a newer size and the same ABI version, the part that
 *   this library does not know is left unused.
 * @param cookie handed to every operation; may be NULL.
 * @return #FNUMA_OK; #FNUMA_E_ABI (another ABI version, or a size that ends before the
 *   required operations or within one); #FNUMA_E_INVAL (NULL, no or an empty name, unknown
 *   trait bits, ACQUIRE without RELEASE or the reverse); #FNUMA_E_NOTSUP if a required
 *   operation is missing.
 * @context Any; never blocks.
 */
int fnuma_backend_bind(struct fnuma_backend *be, const struct fnuma_backend_ops *ops,
                       void *cookie);

/** @name The ways to a table
 * Each checks what it is given, calls one operation (and a probe if a page is in doubt), and
 * checks what comes back. Common to all: #FNUMA_E_INVAL for a backend that is NULL or not
 * bound, a NULL array, or an `n` out of its range; #FNUMA_E_NOTSUP where the backend has
 * no such operation; and the backend's own error, unchanged, or #FNUMA_E_BACKEND if what it
 * returned is none. Those that take pages also: #FNUMA_E_RANGE for a frame that is
 * #FNUMA_GFN_NONE_N, #FNUMA_E_DUPLICATE for the same frame twice. With any of these nothing
 * was attempted, and the arrays to be filled are unspecified. Stack: below 1 KiB.
 * @{ */

/** @brief Ask for the topology, and check it. @param be backend. @param out filled on
 *   success, else unspecified. @return #FNUMA_OK; #FNUMA_E_BACKEND for an impossible answer
 *   (0 or too many nodes; page size not a power of two of at least #FNUMA_PAGE_BYTES; more
 *   pages free than there are; a local distance of 0, or beyond that to another node); or
 *   the backend's error. @context As the backend's traits say. */
int fnuma_backend_topology(const struct fnuma_backend *be, struct fnuma_topology *out);

/** @brief Is the domain still there? @param be backend. @param domain handle.
 * @return #FNUMA_OK, #FNUMA_E_STALE, #FNUMA_E_GONE, or the backend's error.
 * @context As the backend's traits say. */
int fnuma_backend_alive(const struct fnuma_backend *be, fnuma_domain domain);

/** @brief Pages of a domain on each node. @param be backend. @param domain handle.
 * @param counts `nodes` entries; unspecified on error. @param nodes 1 to #FNUMA_NODES_MAX.
 * @return #FNUMA_OK; #FNUMA_E_BACKEND if a count was left unwritten or their sum is more
 *   than a domain can have; or the backend's error. @context As the backend's traits say. */
int fnuma_backend_node_counts(const struct fnuma_backend *be, fnuma_domain domain,
                              uint32_t *counts, uint32_t nodes);

/** @brief The node of each page. @param be backend. @param domain handle. @param pages
 *   frames. @param n 1 to #FNUMA_BATCH_MAX. @param nodes `n` entries, all written unless
 *   an error is returned: pages the backend did not answer, or placed on a node that cannot
 *   be, are unknown.
 * @return `n`, or an error.
 * @context As the backend's traits say. */
int fnuma_backend_page_nodes(const struct fnuma_backend *be, fnuma_domain domain,
                             const fnuma_gfn *pages, uint32_t n, fnuma_node *nodes);

/** @brief Where pages are, as far as anybody can say. @param be backend. @param domain
 *   handle. @param pages frames. @param n 1 to #FNUMA_BATCH_MAX. @param results `n` entries,
 *   all written unless an error is returned: done with a node of the host; not done, with
 *   the reason, if there is no page behind the frame; or unknown (#FNUMA_E_LOST_TRACK).
 * @return `n`, or an error; #FNUMA_E_NOTSUP without PROBE and PAGE_NODES.
 * @context As the backend's traits say. */
int fnuma_backend_probe(const struct fnuma_backend *be, fnuma_domain domain,
                        const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results);

/**
 * @brief Flip pages with a peer.
 * @param be backend. @param domain whose frames. @param peer with whom; another domain.
 * @param pages frames. @param n 1 to #FNUMA_BATCH_MAX.
 * @param results `n` entries, all written unless an error is returned: pages the backend
 *   did not attempt are not done with #FNUMA_E_NOT_TRIED.
 *   A done result's node may be unknown.
 *   An unknown one's node is where the page behind the frame is now, old or new, or none.
 * @return pages done (0 to `n`), or an error with nothing attempted.
 * @context As the backend's traits say.
 */
int fnuma_backend_flip(const struct fnuma_backend *be, fnuma_domain domain,
                       fnuma_domain peer, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results);

/** @brief Take pages out of a domain's allocator. @param be backend. @param domain handle.
 * @param pages `n` entries. @param n 1 to #FNUMA_BATCH_MAX. @param results `n` entries.
 * @return pages got, 0 to `n`, packed at the front of `pages` and `results` and free of
 *   duplicates; entries beyond are unspecified; or an error. Each is done, on a node or
 *   where nobody could say (also one whose status was left unfilled); or unknown
 *   (#FNUMA_E_LOST_TRACK), if what was said of it is neither done nor not done. Such a page
 *   may be somebody else's: use it for nothing, and release it to find out.
 * @context As the backend's traits say. */
int fnuma_backend_acquire(const struct fnuma_backend *be, fnuma_domain domain,
                          fnuma_gfn *pages, uint32_t n, struct fnuma_result *results);

/** @brief Give pages back to a domain's allocator. @param be backend. @param domain
 *   handle. @param pages frames. @param n 1 to #FNUMA_BATCH_MAX. @param results as for
 *   fnuma_backend_flip(). @return pages done, or an error with nothing attempted.
 *   A page in doubt behind whose frame the probe finds nothing is done. A page whose
 *   release stays unknown must be treated as released by nobody: it is neither the pool's
 *   nor the allocator's.
 * @context As the backend's traits say. */
int fnuma_backend_release(const struct fnuma_backend *be, fnuma_domain domain,
                          const fnuma_gfn *pages, uint32_t n,
                          struct fnuma_result *results);

/** @brief What is in the pages that are to be moved. */
enum fnuma_content {
	FNUMA_CONTENT_KEEP = 0,   /**< MOVE_PAGE */
	FNUMA_CONTENT_NOBODYS = 1 /**< MOVE_FREE where there is one, else MOVE_PAGE */
};

/**
 * @brief Move pages to a node.
 * @param be backend. @param domain handle. @param pages frames. @param n 1 to
 *   #FNUMA_BATCH_MAX. @param to below #FNUMA_NODES_MAX, else #FNUMA_E_RANGE.
 * @param content whether it matters.
 * @param results as for fnuma_backend_flip(); done means: on `to`. A page in doubt is done
 *   if the probe finds it on `to`; not done with the reason of the doubt if elsewhere; not
 *   done with the probe's reason if there is no page. If the probe does not know: not done
 *   with #FNUMA_E_LIE where the backend itself named another node, else unknown with
 *   #FNUMA_E_LOST_TRACK.
 * @param spent_ns increased by the privileged domain's time, where the backend knows it,
 *   whatever became of the pages; stops at the largest value; may be NULL.
 * @return pages done, or an error with nothing attempted.
 * @context As the backend's traits say.
 */
int fnuma_backend_move(const struct fnuma_backend *be, fnuma_domain domain,
                       const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                       enum fnuma_content content, struct fnuma_result *results,
                       uint64_t *spent_ns);

/** @brief Move a whole domain. @param be backend. @param domain handle. @param to below
 *   #FNUMA_NODES_MAX, else #FNUMA_E_RANGE. @return #FNUMA_OK or the backend's error.
 * @context As the backend's traits say. */
int fnuma_backend_move_domain(const struct fnuma_backend *be, fnuma_domain domain,
                              fnuma_node to);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_BACKEND_H */
