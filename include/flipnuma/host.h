/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file host.h
 * @brief Many domains, one budget, one `step(now)` that says when to call it next.
 *
 * A host puts a tracker, a trigger and a repatriator together for each member domain,
 * keeps an agenda of who must be asked when, and shares the budget among those whose
 * passes are under way in proportion to their weights (deficit round robin). Nothing it
 * does scans all members.
 *
 * Threads: one caller at a time for everything on a host and its members, under a lock of
 * yours if need be, except functions marked *Any*. Flip paths on several CPUs collect
 * results and record them in batches.
 */
#ifndef FLIPNUMA_HOST_H
#define FLIPNUMA_HOST_H

#include <flipnuma/agenda.h>
#include <flipnuma/repatriator.h>
#include <flipnuma/trigger.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A host. Opaque; the caller's memory. */
struct fnuma_host;

/** @brief A member of a host: its place, and which of its successive tenants. Not the
 * backend's fnuma_domain, so that one can't be passed for the other. */
typedef struct fnuma_member {
	uint32_t slot;       /**< index, below `max_members` */
	uint32_t generation; /**< 1 for the first tenant; 0 is nobody */
} fnuma_member;

/** @brief What a host is made from. */
struct fnuma_host_config {
	const struct fnuma_backend *backend; /**< kept by reference; for all members */
	uint32_t max_members;                /**< 1 to 2^20 */
	uint32_t nodes;                      /**< nodes of the machine */
	uint32_t page_bytes;                 /**< 0: #FNUMA_PAGE_BYTES */
	uint64_t page_ns;                    /**< privileged time a move is expected to cost a
	                                          page; 0: 3,000 */
	struct fnuma_budget_limits limits;   /**< common budget; see budget.h */
	struct fnuma_trace trace;            /**< listener, or zero */
};

/** @brief What a member is made from. */
struct fnuma_member_config {
	fnuma_domain domain;                 /**< the backend's handle */
	uint32_t frames;                     /**< see struct fnuma_tracker_config */
	const struct fnuma_home *homes;      /**< as above; copied */
	uint32_t n_homes;                    /**< as above */
	enum fnuma_tracker_start start;      /**< as above */
	uint32_t weight;                     /**< share of the budget, 1 to 1000; 0: 100 */
	const struct fnuma_trigger_policy *trigger; /**< copied */
	struct fnuma_trigger_params trigger_params; /**< copied */
	struct fnuma_pool *pool;             /**< or NULL; see repatriator.h */
	uint32_t books_pages;                /**< see struct fnuma_repatriator_config */
	struct fnuma_repatriator_tuning tuning; /**< see there */
};

/** @brief Counters of a host. */
struct fnuma_host_stats {
	uint32_t members;      /**< now */
	uint32_t active;       /**< of these, with a pass under way or resting in one */
	uint64_t steps;        /**< calls of fnuma_host_step() */
	uint64_t attempted;    /**< pages handed to the backend, of all members ever */
	uint64_t moved;        /**< of these, moved */
	uint64_t spent_ns;     /**< privileged time the backend reported */
	uint64_t triggered;    /**< passes begun */
	uint64_t deaths;       /**< members found dead */
};

/** @brief Bytes of memory for a host. @param config see its fields. @return bytes, to be
 *   aligned to 8; 0 if invalid or too large. @context Any. */
size_t fnuma_host_bytes(const struct fnuma_host_config *config);

/** @brief Make a host without members. @param memory aligned to 8. @param bytes its size.
 * @param config copied. @param out the host. @return #FNUMA_OK, #FNUMA_E_INVAL,
 *   #FNUMA_E_NOSPC. @context Any. */
int fnuma_host_init(void *memory, size_t bytes, const struct fnuma_host_config *config,
                    struct fnuma_host **out);

/** @brief Bytes of memory for a member. @param host host. @param config see its fields.
 * @return bytes, to be aligned to 8; 0 if invalid or too large. @context Any. */
size_t fnuma_host_member_bytes(const struct fnuma_host *host,
                               const struct fnuma_member_config *config);

/** @brief Add a domain, in mid-flight. @param host host. @param config copied.
 * @param memory aligned to 8; the host's until fnuma_host_remove(). @param bytes its size.
 * @param now_ns time. @param out handle. @return #FNUMA_OK, #FNUMA_E_INVAL, #FNUMA_E_NOSPC
 *   (memory, or `max_members`), #FNUMA_E_RANGE, #FNUMA_E_NOTSUP, #FNUMA_E_IN_USE (the domain
 *   is a member already, where its slot number is below `max_members`). */
int fnuma_host_add(struct fnuma_host *host, const struct fnuma_member_config *config,
                   void *memory, size_t bytes, uint64_t now_ns, fnuma_member *out);

/** @brief Remove a member, in mid-flight, dead or alive. @param host host. @param member
 *   handle. @param memory filled with the memory it was given; may be NULL.
 * @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_host_remove(struct fnuma_host *host, fnuma_member member, void **memory);

/** @brief Record flips: results as fnuma_backend_flip() filled them. Wakes the member if its
 *   trigger's amount is reached; fnuma_host_next() then says so.
 * @param host host. @param member handle. @param pages frames. @param results one each.
 * @param n 0 or more. @param now_ns time. @return `n`; with nothing changed #FNUMA_E_STALE,
 *   #FNUMA_E_RANGE. Cost: the tracker's, and a comparison. */
int fnuma_host_record(struct fnuma_host *host, fnuma_member member, const fnuma_gfn *pages,
                      const struct fnuma_result *results, uint32_t n, uint64_t now_ns);

/** @brief Record where pages are, however it became known. @param host host. @param member
 *   handle. @param pages frames. @param nodes one each. @param n 0 or more. @param now_ns
 *   time. @return as fnuma_host_record(). */
int fnuma_host_record_nodes(struct fnuma_host *host, fnuma_member member,
                            const fnuma_gfn *pages, const fnuma_node *nodes, uint32_t n,
                            uint64_t now_ns);

/**
 * @brief Do what is due.
 * @param host host. @param now_ns time; may stand still or jump back.
 * @param max_pages pages to attempt at most, 1 or more: the bound of the work, also counting
 *   64 for each member whose trigger is asked.
 * @param next_ns filled: when to call again (a time not after `now_ns` means at once), or
 *   #FNUMA_NEVER; may be NULL.
 * @return pages moved, 0 or more, or #FNUMA_E_INVAL. As the backend's traits say.
 */
int fnuma_host_step(struct fnuma_host *host, uint64_t now_ns, uint32_t max_pages,
                    uint64_t *next_ns);

/** @brief When fnuma_host_step() should be called next, as things stand. @param host host.
 * @param now_ns time. @return a time, or #FNUMA_NEVER. */
uint64_t fnuma_host_next(struct fnuma_host *host, uint64_t now_ns);

/** @brief Begin a pass of a member now, whatever its trigger says. @param host host.
 * @param member handle. @param now_ns time. @return #FNUMA_OK, #FNUMA_E_STALE, #FNUMA_E_GONE,
 *   #FNUMA_E_PAUSED. */
int fnuma_host_kick(struct fnuma_host *host, fnuma_member member, uint64_t now_ns);

/** @brief Pause or resume a member. @param host host. @param member handle. @param paused
 *   which. @param now_ns time. @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_host_pause(struct fnuma_host *host, fnuma_member member, bool paused,
                     uint64_t now_ns);

/** @brief Change a member in flight: its trigger's parameters, tuning and weight; all state
 *   stays. @param host host. @param member handle. @param params new, or NULL. @param tuning
 *   new, or NULL. @param weight 1 to 1000, or 0 to leave it. @param now_ns time.
 * @return #FNUMA_OK, or with nothing changed #FNUMA_E_STALE, #FNUMA_E_INVAL. */
int fnuma_host_retune(struct fnuma_host *host, fnuma_member member,
                      const struct fnuma_trigger_params *params,
                      const struct fnuma_repatriator_tuning *tuning, uint32_t weight,
                      uint64_t now_ns);

/** @brief Give a member another trigger in flight. Its pages, books, tuning and weight stay,
 *   and a pass under way goes on; the new trigger begins now.
 * @param host host. @param member handle. @param policy built-in or yours; copied.
 * @param params checked, completed, copied. @param now_ns time.
 * @return #FNUMA_OK; #FNUMA_E_STALE or as fnuma_trigger_init(), with nothing changed. */
int fnuma_host_set_trigger(struct fnuma_host *host, fnuma_member member,
                           const struct fnuma_trigger_policy *policy,
                           const struct fnuma_trigger_params *params, uint64_t now_ns);

/** @brief Change the common budget in flight. @param host host. @param limits new.
 * @return #FNUMA_OK or #FNUMA_E_INVAL. */
int fnuma_host_set_limits(struct fnuma_host *host, const struct fnuma_budget_limits *limits);

/** @brief A member's parts, for reading and for what is not wrapped here.
 * @param host host. @param member handle. @return the tracker, or NULL if stale.
 * @context Any, while nobody removes the member. */
struct fnuma_tracker *fnuma_host_tracker(const struct fnuma_host *host, fnuma_member member);

/** @brief As fnuma_host_tracker(). @param host host. @param member handle.
 * @return the repatriator, or NULL if stale. @context As above. */
struct fnuma_repatriator *fnuma_host_repatriator(const struct fnuma_host *host,
                                                 fnuma_member member);

/** @brief Counters. @param host host. @param out filled. @context Any. */
void fnuma_host_stats(const struct fnuma_host *host, struct fnuma_host_stats *out);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_HOST_H */
