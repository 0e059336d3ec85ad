/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file mock.h
 * @brief A simulated host: the backend for unit tests and simulators.
 *
 * Not a stub. Nodes have sizes and distances; every machine page is somewhere and belongs
 * to at most one frame; domains have an operating system's allocator, applications whose
 * memory churns, and receive rings; flips, copies and moves change machine pages for real,
 * carry their content along and cost time on a virtual clock.
 *
 * Nothing in it makes a guest drift. Free lists are last in, first out, as Linux's per-CPU
 * lists are; applications allocate from them and free to them; a flip exchanges what is
 * behind two frames, and the privileged domain goes on to use the page it got, as it would
 * any other, and hands it out again later. Drift is what follows.
 *
 * It is a strict referee: a caller that breaks a backend's preconditions (a duplicate in a
 * batch, a page not its own, a batch too long, a flip of a page not posted for it) is told
 * at once, see fnuma_mock_config.on_violation.
 *
 * A handle of a domain that was destroyed, or died of a fault, is refused with
 * #FNUMA_E_GONE until the slot has a new tenant; where #FNUMA_E_STALE stands below, either
 * is meant.
 *
 * Hosted code: allocates with malloc(). One caller at a time for each mock; any number of
 * mocks side by side. The same seed and calls give the same host, bit for bit.
 */
#ifndef FLIPNUMA_MOCK_H
#define FLIPNUMA_MOCK_H

#include <flipnuma/backend.h>
#include <flipnuma/home.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A simulated host. Opaque. */
struct fnuma_mock;

/** @brief What operations cost, in ns of the privileged domain's time. All may be 0. */
struct fnuma_mock_costs {
	uint64_t call_ns;         /**< any call of the backend, once */
	uint64_t flip_page_ns;    /**< a page flipped */
	uint64_t copy_page_ns;    /**< a page copied within a node */
	uint64_t move_page_ns;    /**< a page moved with its content, without the copy itself */
	uint64_t free_page_ns;    /**< a page replaced whose content nobody needs */
	uint64_t query_page_ns;   /**< a page's node looked up */
	uint64_t alloc_page_ns;   /**< a page acquired or released */
	/** A copy between nodes costs `copy_page_ns * distance / 10`, but at most this many
	 * percent of a local copy; 0: by distance alone. */
	uint32_t remote_copy_percent;
};

/** @brief Per-page and per-batch faults, drawn by seed; parts per million each.
 *
 * They befall flips, moves of pages, releases and acquisitions (which can't lie: the page
 * got is the answer); queries always tell the truth. Each kind has a random stream of its
 * own, which nothing else in the host draws from. */
struct fnuma_mock_faults {
	uint32_t busy_ppm;      /**< loud: a page answers busy */
	uint32_t nomem_ppm;     /**< loud: a page answers no memory */
	uint32_t half_ppm;      /**< loud: only half of a batch is attempted */
	uint32_t lie_ppm;       /**< silent: reported done, not done */
	uint32_t unfilled_ppm;  /**< silent: done or not, by a further draw; status unfilled */
	uint64_t gone_after_pages; /**< loud: the domain of the call dies after this many more
	                             pages were attempted; 0: never */
};

/** @brief Faults that happened, by kind. */
struct fnuma_mock_fault_counts {
	uint64_t busy;     /**< see struct fnuma_mock_faults */
	uint64_t nomem;    /**< as above */
	uint64_t half;     /**< as above */
	uint64_t lie;      /**< as above */
	uint64_t unfilled; /**< as above */
	uint64_t gone;     /**< as above */
};

/** @brief What a host is made from. Zero it, then set what you need. */
struct fnuma_mock_config {
	uint32_t nodes;                              /**< 1 to #FNUMA_NODES_MAX */
	uint64_t node_pages[FNUMA_NODES_MAX];        /**< pages of each; their sum, each
	                                                rounded up to 4096, below 2^32 - 1 */
	uint8_t distance[FNUMA_NODES_MAX][FNUMA_NODES_MAX]; /**< 0: 10 local, 21 else */
	struct fnuma_mock_costs costs;               /**< see there */
	uint64_t seed;                               /**< for everything drawn */
	bool contents;                               /**< keep a checksum for each machine page */
	uint32_t without_caps;                       /**< enum fnuma_capability bits to leave out */
	/** A move of a page that is on its target already is a violation; else it is done at no
	 * cost, as for a caller whose map was a moment old. */
	bool strict_moves;
	/** A caller broke a precondition: `text` says which. NULL: print it to stderr and abort.
	 * If it returns, the call is refused with #FNUMA_E_INVAL. */
	void (*on_violation)(void *cookie, const char *text);
	void *violation_cookie;                      /**< handed to `on_violation` */
};

/** @brief What a domain is made from. */
struct fnuma_mock_domain_config {
	uint32_t frames;                /**< frames, all populated at creation */
	const struct fnuma_home *homes; /**< where they are populated; as for a tracker */
	uint32_t n_homes;               /**< entries */
	uint32_t app_pages;             /**< of the frames, in use by applications at the start */
	uint32_t kernel_pages;          /**< of the frames, in use for good and never exchanged */
	uint32_t ring_pages;            /**< as a peer: pages posted in the network card's ring,
	                                     first in, first out; 0: taken from the free list one
	                                     by one */
	uint32_t churn_burst_pages;     /**< applications allocate so many pages, then free so
	                                     many; 0: 32. With 1, a last-in-first-out list hands
	                                     the same page out again and churn mixes nothing */
};

/** @brief Make a host. @param config copied. @param out the host.
 * @return #FNUMA_OK, #FNUMA_E_INVAL, #FNUMA_E_NOMEM. */
int fnuma_mock_create(const struct fnuma_mock_config *config, struct fnuma_mock **out);

/** @brief Destroy a host and all its domains. @param m host or NULL. */
void fnuma_mock_destroy(struct fnuma_mock *m);

/** @brief The host's backend table, bound. @param m host. @param be filled.
 * @return #FNUMA_OK. All capabilities but those left out. Traits: none (one caller). */
int fnuma_mock_backend(struct fnuma_mock *m, struct fnuma_backend *be);

/** @brief The host's raw table, for wrapping: give it to a wrapper with `m` as the cookie.
 * @param m host. @return the table, owned by the host. */
const struct fnuma_backend_ops *fnuma_mock_ops(struct fnuma_mock *m);

/** @name Domains
 * @{ */

/** @brief Create a domain and populate it on its homes (weighted homes in proportion).
 * @param m host. @param config see there. @param out handle; slots are reused with a new
 *   generation. @return #FNUMA_OK, #FNUMA_E_INVAL, #FNUMA_E_NOMEM (a node is full, or malloc);
 *   on error nothing has changed. */
int fnuma_mock_domain_create(struct fnuma_mock *m,
                             const struct fnuma_mock_domain_config *config,
                             fnuma_domain *out);

/** @brief Destroy a domain; its machine pages are free again. @param m host.
 * @param d domain. @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_mock_domain_destroy(struct fnuma_mock *m, fnuma_domain d);

/** @} */
/** @name A domain's operating system
 * @{ */

/** @brief Allocate from the domain's free list (last in, first out).
 * @param m host. @param d domain. @param pages room for `n`. @param n pages.
 * @return pages got, fewer if there are no more; #FNUMA_E_STALE. */
int fnuma_mock_alloc(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn *pages, uint32_t n);

/** @brief Free to the domain's free list. @param m host. @param d domain. @param pages
 *   frames. @param n pages. @return `n`; with nothing changed #FNUMA_E_STALE, #FNUMA_E_RANGE,
 *   #FNUMA_E_STATE (not allocated). */
int fnuma_mock_free(struct fnuma_mock *m, fnuma_domain d, const fnuma_gfn *pages, uint32_t n);

/** @brief Applications live: they allocate a burst of pages, then free as many of theirs
 * drawn at random, until `n` pages were allocated and freed. @param m host. @param d domain.
 * @param n pages. @return `n`; 0 if the free list is empty; or #FNUMA_E_STALE. */
int64_t fnuma_mock_churn(struct fnuma_mock *m, fnuma_domain d, uint64_t n);

/** @brief Applications exit: their pages are freed, in an order drawn at random.
 * @param m host. @param d domain. @return pages freed, or #FNUMA_E_STALE. */
int64_t fnuma_mock_app_exit(struct fnuma_mock *m, fnuma_domain d);

/** @brief Applications start: they take pages from the free list. @param m host.
 * @param d domain. @param n pages. @return pages taken, or #FNUMA_E_STALE. */
int64_t fnuma_mock_app_start(struct fnuma_mock *m, fnuma_domain d, uint32_t n);

/** @brief Free pages of a domain's allocator. @param m host. @param d domain.
 * @return pages, or #FNUMA_E_STALE. */
int64_t fnuma_mock_free_pages(const struct fnuma_mock *m, fnuma_domain d);

/** @brief Copy packets instead of flipping them: content only, at the cost of a copy from
 * the peer's node. @param m host. @param d domain. @param peer from whom. @param pages frames
 *   to, allocated or acquired. @param n pages. @return `n`; with nothing changed
 *   #FNUMA_E_STALE, #FNUMA_E_RANGE, #FNUMA_E_STATE, #FNUMA_E_NOMEM (the peer has no page). */
int fnuma_mock_copy(struct fnuma_mock *m, fnuma_domain d, fnuma_domain peer,
                    const fnuma_gfn *pages, uint32_t n);

/** @} */
/** @name The referee
 * @{ */

/** @brief The node a page really is on. @param m host. @param d domain. @param page frame.
 * @return node; none if out of range or stale. */
fnuma_node fnuma_mock_node(const struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page);

/** @brief The nodes many pages really are on. @param m host. @param d domain. @param pages
 *   frames, any number. @param n pages. @param nodes filled: as by fnuma_mock_node(). */
void fnuma_mock_nodes(const struct fnuma_mock *m, fnuma_domain d, const fnuma_gfn *pages,
                      uint32_t n, fnuma_node *nodes);

/** @brief Pages of a domain on each node, kept as they change. @param m host. @param d
 *   domain. @param counts an entry a node. @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_mock_counts(const struct fnuma_mock *m, fnuma_domain d, uint32_t *counts);

/** @brief Write a page (contents on). @param m host. @param d domain. @param page frame.
 * @param value what. @return #FNUMA_OK, #FNUMA_E_STALE, #FNUMA_E_RANGE, #FNUMA_E_NOTSUP. */
int fnuma_mock_write(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page, uint64_t value);

/** @brief Read a page (contents on). @param m host. @param d domain. @param page frame.
 * @param value filled. @return as fnuma_mock_write(). */
int fnuma_mock_read(const struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page,
                    uint64_t *value);

/** @brief Pin a page: it answers #FNUMA_E_PINNED to moves. @param m host. @param d domain.
 * @param page frame. @param pinned on or off. @return #FNUMA_OK or an error. */
int fnuma_mock_pin(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page, bool pinned);

/** @brief Make a node's memory scarce: keep this many of its free pages from everybody.
 * @param m host. @param node which. @param pages how many; 0 gives them back.
 * @return #FNUMA_OK, #FNUMA_E_RANGE, #FNUMA_E_NOMEM (fewer are free; nothing changed). */
int fnuma_mock_reserve(struct fnuma_mock *m, fnuma_node node, uint64_t pages);

/** @brief Put a domain's page on a node, as a test's starting point; no cost.
 * @param m host. @param d domain. @param page frame. @param node where. @return #FNUMA_OK,
 *   #FNUMA_E_STALE, #FNUMA_E_RANGE, #FNUMA_E_NOMEM. */
int fnuma_mock_place(struct fnuma_mock *m, fnuma_domain d, fnuma_gfn page, fnuma_node node);

/** @brief Audit the whole host: every machine page free or behind exactly one frame, counts
 * and lists right. Slow: looks at everything. @param m host. @param text room for what is
 * wrong. @param bytes its size. @return true if all is well. */
bool fnuma_mock_audit(const struct fnuma_mock *m, char *text, size_t bytes);

/** @} */
/** @name Clock and faults
 * @{ */

/** @brief Virtual time. @param m host. @return ns since creation. */
uint64_t fnuma_mock_now(const struct fnuma_mock *m);

/** @brief Let time pass. @param m host. @param ns how much. */
void fnuma_mock_advance(struct fnuma_mock *m, uint64_t ns);

/** @brief Privileged-domain time that backend calls and copies have cost. Does not move the
 * clock: the caller decides what happens meanwhile. @param m host. @return ns. */
uint64_t fnuma_mock_spent(const struct fnuma_mock *m);

/** @brief Set the faults. @param m host. @param faults copied; NULL: none. */
void fnuma_mock_set_faults(struct fnuma_mock *m, const struct fnuma_mock_faults *faults);

/** @brief Faults so far. @param m host. @param out filled. */
void fnuma_mock_fault_counts(const struct fnuma_mock *m, struct fnuma_mock_fault_counts *out);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_MOCK_H */
