/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file xen.h
 * @brief Xen, from the privileged domain: where guests' pages are, and moving them.
 *
 * What works for which kind of guest:
 *
 * | | PV | HVM, PVH |
 * | --- | --- | --- |
 * | NODE_COUNTS | yes | yes |
 * | PAGE_NODES | exact | exact where it is certain, else unknown |
 * | MOVE_PAGE | #FNUMA_E_NOTSUP | pages known to be movable |
 * | MOVE_FREE | #FNUMA_E_NOTSUP | pages that the guest lists as free |
 * | fnuma_xen_balloon() | yes | yes |
 * | MOVE_DOMAIN | by the toolstack | by the toolstack |
 *
 * A page is moved by a *scratch swap*: a page of the wanted node is put behind an unused
 * frame of the guest, filled while the guest is paused, and takes the old page's place in
 * one step of Xen's. At no instant is the only copy ours. What is begun is written to a
 * journal first; a process that is killed at any point leaves a guest with every byte, and
 * the next fnuma_xen_open() with the same journal removes what is left over.
 *
 * Xen keeps references to some pages (each virtual CPU's `vcpu_info`, the control and array
 * pages of event channels), of which nothing tells; moving one hangs the guest. So a page
 * moves only if it is known to be movable: fnuma_xen_allow() says so, or the guest's agent
 * lists it (xen_agent.h). A domain of which a page turns out to be held by somebody is
 * stopped: see fnuma_xen_domain_stats.stopped.
 *
 * A handle means a domid and the UUID it had; either differing is #FNUMA_E_STALE.
 *
 * Hosted code: allocates with malloc(), sleeps. One caller at a time for each
 * `struct fnuma_xen`, and one process for each journal.
 */
#ifndef FLIPNUMA_XEN_H
#define FLIPNUMA_XEN_H

#include <flipnuma/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A connection to Xen. Opaque. */
struct fnuma_xen;

/** @brief Bytes of a domain's UUID. */
#define FNUMA_XEN_UUID_BYTES 16u

/** @brief Domains attached at once, at most. */
#define FNUMA_XEN_DOMAINS_MAX 256u

/** @brief The journal, unless a configuration says otherwise. It need not outlive a boot
 * of the machine: neither do guests. */
#define FNUMA_XEN_JOURNAL "/run/flipnuma-xen.journal"

/** @brief What a connection is made from. Zero it, then set what you need. */
struct fnuma_xen_config {
	const char *journal;     /**< path of a file, created if need be; NULL:
	                              #FNUMA_XEN_JOURNAL */
	uint64_t pause_bound_ns; /**< no guest is to be paused longer at a time; batches adapt;
	                              0: 1 ms */
	uint64_t counts_age_ns;  /**< NODE_COUNTS, which walks every page of every domain, is
	                              answered from the last reading for so long; 0: ask every
	                              time */
	uint64_t nodes_age_ns;   /**< the same for PAGE_NODES, which goes through Xen's table of
	                              all machine frames; pages moved here are kept up with */
	uint32_t floor_pages;    /**< pages of each node that are left free, and not shown in
	                              the topology's free pages; 0: 4096 */
	const char *migrate;     /**< MOVE_DOMAIN runs this program with the arguments DOMID
	                              UUID NODE; NULL: it is refused, and said what to do */
	/** Called before each call of Xen and each write to the journal: its name and its
	 * number, from 1. For tracing, and for dying at every step on purpose. NULL: none. */
	void (*step)(void *cookie, const char *name, uint64_t number);
	/** What the administrator should hear: a domain stopped, a predecessor's leftovers
	 * removed, advice. One line, without its end. NULL: nobody hears it. */
	void (*say)(void *cookie, const char *text);
	void *cookie;            /**< handed to both */
};

/** @brief Who says that a page may move. Bits. */
enum fnuma_xen_trust {
	FNUMA_XEN_TRUST_CALLER = 1u << 0, /**< pages given to fnuma_xen_allow() */
	FNUMA_XEN_TRUST_AGENT = 1u << 1   /**< pages that the guest's agent lists */
};

/** @brief What a domain is attached by. Zero it, then set what you need. */
struct fnuma_xen_domain_config {
	uint32_t domid;          /**< which */
	uint8_t uuid[FNUMA_XEN_UUID_BYTES]; /**< it must have this one; all 0: whichever it has */
	uint32_t frames;         /**< frames looked after, `[0, frames)`; 0: as many as the
	                              domain's memory limit needs, 2^20 or more of a
	                              translated one */
	uint32_t trust;          /**< enum fnuma_xen_trust bits; 0: both */
	uint32_t scratch_gfn;    /**< #FNUMA_BATCH_MAX frames from here on are unused by the
	                              guest for good; 0: well above its highest frame */
};

/** @brief Counters of a connection, since it was opened. */
struct fnuma_xen_stats {
	uint64_t steps;            /**< calls of Xen and writes to the journal */
	uint64_t pauses;           /**< times a guest was paused */
	uint64_t paused_ns;        /**< together */
	uint64_t longest_pause_ns; /**< the longest of them */
	uint64_t pauses_over;      /**< of them, longer than the bound */
	uint64_t moved_pages;      /**< with their content */
	uint64_t replaced_pages;   /**< free ones */
	uint64_t granted_pages;    /**< left alone: granted to another domain */
	uint64_t unlisted_pages;   /**< left alone: not known to be movable */
	uint64_t pinned_pages;     /**< found to be held after they had been moved */
	uint64_t recovered;        /**< domains of which leftovers were removed */
	uint64_t readings;         /**< times the counts were read from Xen's console */
	uint64_t wraps;            /**< of these, lost because the console ring wrapped */
};

/** @brief What is known of a domain. */
struct fnuma_xen_domain_stats {
	uint32_t domid;         /**< now; MOVE_DOMAIN changes it */
	uint8_t uuid[FNUMA_XEN_UUID_BYTES]; /**< its own */
	uint32_t frames;        /**< looked after */
	uint32_t batch_pages;   /**< pages in one pause, as adapted to the bound */
	uint32_t scratch_gfn;   /**< see fnuma_xen_domain_config */
	bool translated;        /**< HVM or PVH */
	bool agent;             /**< the guest's agent is there */
	bool stopped;           /**< a page of it is pinned and had been moved, or whether
	                             one is could not be found out, or a frame was left
	                             without its page (the log says which): every move is
	                             refused with #FNUMA_E_PINNED until fnuma_xen_detach() */
};

/** @brief Connect to Xen, and remove what a predecessor left over.
 * @param config copied, also its strings. @param out the connection.
 * @return #FNUMA_OK; #FNUMA_E_INVAL; #FNUMA_E_NOTSUP (no Xen here, or built without);
 *   #FNUMA_E_DENIED (not privileged, or the journal can't be opened); #FNUMA_E_IN_USE
 *   (another process has the journal); #FNUMA_E_STATE (the journal is no journal of ours, or
 *   damaged); #FNUMA_E_NOMEM; or what fnuma_xen_recover() returns. */
int fnuma_xen_open(const struct fnuma_xen_config *config, struct fnuma_xen **out);

/** @brief Detach all domains and disconnect. @param x connection or NULL. */
void fnuma_xen_close(struct fnuma_xen *x);

/** @brief Remove what was left over by a process that died, or by calls that failed: guests
 * still paused, scratch pages, raised limits, lowered balloon targets. fnuma_xen_open() does
 * it; call it again if it failed for a domain.
 * @param x connection. @return domains cleaned up, 0 or more; or the first error, with the
 *   others cleaned up all the same. */
int fnuma_xen_recover(struct fnuma_xen *x);

/** @brief The backend's table, bound. @param x connection. @param be filled.
 * @return #FNUMA_OK or an error of fnuma_backend_bind(). Traits: may sleep. */
int fnuma_xen_backend(struct fnuma_xen *x, struct fnuma_backend *be);

/** @brief The raw table, for wrapping: give it to a wrapper with `x` as the cookie.
 * @return the table, constant. */
const struct fnuma_backend_ops *fnuma_xen_ops(void);

/** @brief Look after a domain. @param x connection. @param config see there.
 * @param out handle.
 * @return #FNUMA_OK; #FNUMA_E_GONE (no such domain, or dying); #FNUMA_E_STALE (another UUID);
 *   #FNUMA_E_IN_USE (attached already); #FNUMA_E_NOSPC (too many); #FNUMA_E_STATE (a
 *   predecessor's leftovers could not be removed); #FNUMA_E_RANGE (frames or scratch beyond
 *   what can be); #FNUMA_E_INVAL; #FNUMA_E_NOMEM; #FNUMA_E_DENIED. */
int fnuma_xen_attach(struct fnuma_xen *x, const struct fnuma_xen_domain_config *config,
                     fnuma_domain *out);

/** @brief Look after it no longer. A dead domain keeps memory as long as it is attached.
 * @param x connection. @param domain handle. @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_xen_detach(struct fnuma_xen *x, fnuma_domain domain);

/** @brief Say that pages may move, or no longer may. They are yours to know: pages that came
 * in by a flip, or that your own driver in the guest answers for. All or nothing.
 * @param x connection. @param domain handle. @param pages frames. @param n 0 or more.
 * @param movable which. @return #FNUMA_OK, #FNUMA_E_STALE, #FNUMA_E_RANGE; #FNUMA_E_DENIED
 *   if the domain was attached without #FNUMA_XEN_TRUST_CALLER. */
int fnuma_xen_allow(struct fnuma_xen *x, fnuma_domain domain, const fnuma_gfn *pages,
                    uint32_t n, bool movable);

/** @brief Look for the guest's agent again; at fnuma_xen_attach() it may not have been there
 * yet. @param x connection. @param domain handle. @return #FNUMA_OK (there); #FNUMA_E_EMPTY
 *   (none); #FNUMA_E_STATE (what it publishes makes no sense); #FNUMA_E_NOTSUP (a PV guest);
 *   #FNUMA_E_STALE, #FNUMA_E_GONE; or another error of Xen's. */
int fnuma_xen_find_agent(struct fnuma_xen *x, fnuma_domain domain);

/** @brief The next pages that the agent lists, in ascending order, from a cursor.
 * @param x connection. @param domain handle. @param free_pages those whose content nobody
 *   needs, else those with content. @param cursor frame to look at first; moved on, to the
 *   domain's frames at the end. @param pages room for `max`. @param max 1 or more.
 * @return pages found, 0 or more; #FNUMA_E_EMPTY without an agent; #FNUMA_E_STALE. */
int fnuma_xen_listed(struct fnuma_xen *x, fnuma_domain domain, bool free_pages,
                     fnuma_gfn *cursor, fnuma_gfn *pages, uint32_t max);

/**
 * @brief Replace free pages of a guest, of whatever kind, by pages of a node: its balloon
 * shrinks it by `pages` and lets it grow again, with its affinity set to that node.
 *
 * Which pages is the guest's choice. Begun here, carried on by fnuma_xen_balloon_step().
 * @param x connection. @param domain handle. @param to node. @param pages 1 or more.
 * @return #FNUMA_OK; #FNUMA_E_BUSY (one is under way, or the guest has not come to its
 *   target yet); #FNUMA_E_RANGE (node, or the guest is too small); #FNUMA_E_NOTSUP (no
 *   target in xenstore); #FNUMA_E_STALE, #FNUMA_E_GONE; or another error of Xen's.
 */
int fnuma_xen_balloon(struct fnuma_xen *x, fnuma_domain domain, fnuma_node to,
                      uint32_t pages);

/** @brief Carry it on. Call it now and then.
 * @param x connection. @param domain handle. @param give_up grow again at once.
 * @return 1 while it is under way, 0 if there is nothing to do (any more); #FNUMA_E_STALE,
 *   #FNUMA_E_GONE; or another error of Xen's. */
int fnuma_xen_balloon_step(struct fnuma_xen *x, fnuma_domain domain, bool give_up);

/** @brief As PAGE_NODES, for any number of pages at once: each call goes through Xen's table of
 * all machine frames.
 * @param x connection. @param domain handle. @param pages frames. @param n 0 or more.
 * @param nodes one each. @return `n`; #FNUMA_E_RANGE, #FNUMA_E_STALE, #FNUMA_E_GONE,
 *   #FNUMA_E_NOMEM, #FNUMA_E_INVAL; or another error of Xen's. */
int fnuma_xen_page_nodes(struct fnuma_xen *x, fnuma_domain domain, const fnuma_gfn *pages,
                         uint32_t n, fnuma_node *nodes);

/** @brief Where each node's machine frames begin, as Xen's console says.
 * @param x connection. @param start filled: first frame of each node. @param end filled: one
 *   past the last. @param nodes entries of both, 1 to #FNUMA_NODES_MAX.
 * @return nodes of the host; #FNUMA_E_BUSY if the console wrapped; or an error of Xen's. */
int fnuma_xen_node_ranges(struct fnuma_xen *x, uint64_t *start, uint64_t *end,
                          uint32_t nodes);

/** @brief Counters. @param x connection. @param out filled. */
void fnuma_xen_stats(const struct fnuma_xen *x, struct fnuma_xen_stats *out);

/** @brief What is known of a domain. @param x connection. @param domain handle.
 * @param out filled. @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_xen_domain_stats(const struct fnuma_xen *x, fnuma_domain domain,
                           struct fnuma_xen_domain_stats *out);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_XEN_H */
