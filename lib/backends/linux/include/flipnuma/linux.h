/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file linux.h
 * @brief A backend for the processes of a Linux host: KVM guests above all.
 *
 * A domain is a process: all of its own memory, chosen ranges of it, or the RAM of the
 * guest that a QEMU process runs. Its frames are pages of that memory, numbered from 0 in
 * the order of the ranges; a frame stays the same address while the domain is attached.
 *
 *     fnuma_linux_open(NULL, &host, why, sizeof(why));
 *     fnuma_linux_backend(host, &backend);
 *     fnuma_linux_attach(host, &(struct fnuma_linux_target){.pid = pid}, &domain, why, ...);
 *     fnuma_linux_info(host, domain, &info);       // frames and homes, for fnuma_host_add()
 *
 * Capabilities: NODE_COUNTS, PAGE_NODES, MOVE_PAGE, PROBE. For pages that two programs
 * flip between them, see linux_share.h.
 *
 * **Huge pages** move whole, whichever of their frames is asked for: a transparent one (or
 * a page of hugetlbfs) of which one frame is moved takes up to 511 (or more) neighbours
 * along. These are found at home when their turn comes, so a pass moves no more pages than
 * it counts, but sooner; `spent_ns` has what it really took.
 *
 * **Who a process is** is settled by a pidfd, held from fnuma_linux_attach() on, and asked
 * before and after each batch: a pid that was reused is never taken for it. A process
 * that ended (a zombie too), or runs another program since (exec), is #FNUMA_E_GONE.
 *
 * **Messages.** Functions that take `why` write one sentence there that says what is the
 * matter and what would help, if they fail; it may be NULL.
 *
 * **Threads.** One caller at a time for everything on one struct fnuma_linux. Operations
 * may sleep. After fork() only the parent may go on using it.
 */
#ifndef FLIPNUMA_LINUX_H
#define FLIPNUMA_LINUX_H

#include <flipnuma/backend.h>
#include <flipnuma/home.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A Linux host as one process sees it. Opaque. */
struct fnuma_linux;

/** @brief Flags of struct fnuma_linux_config. */
enum fnuma_linux_flag {
	/** Do without CAP_SYS_NICE and CAP_SYS_PTRACE: only processes of the same user can be
	 * attached, and pages that several processes share stay (#FNUMA_E_PINNED). */
	FNUMA_LINUX_UNPRIVILEGED = 1u << 0,
	/** Accept a machine with one node, where nothing is ever away from home. */
	FNUMA_LINUX_ONE_NODE = 1u << 1
};

/** @brief What a host is opened with. Zero means the default. */
struct fnuma_linux_config {
	uint32_t flags;       /**< enum fnuma_linux_flag bits */
	uint32_t max_domains; /**< attached at the same time; 0: 1024 */
};

/**
 * @brief Open the host, or say at once why it would not work.
 * @param config or NULL. @param out the host. @param why room for a sentence.
 * @param why_bytes its size.
 * @return #FNUMA_OK; #FNUMA_E_INVAL; #FNUMA_E_NOSPC (malloc); #FNUMA_E_NOTSUP (the kernel
 *   has no NUMA or no pidfd, the machine has one node only, or nodes above 63);
 *   #FNUMA_E_DENIED (capabilities are missing, system calls are filtered, or a cpuset, as
 *   of a container, forbids some of the nodes).
 */
int fnuma_linux_open(const struct fnuma_linux_config *config, struct fnuma_linux **out,
                     char *why, size_t why_bytes);

/** @brief Close a host; its domains are detached, the processes untouched.
 * @param host host or NULL. */
void fnuma_linux_close(struct fnuma_linux *host);

/** @brief The host's backend. Traits: may sleep. @param host host. @param be filled; lives
 *   as long as the host. @return #FNUMA_OK or #FNUMA_E_INVAL. */
int fnuma_linux_backend(struct fnuma_linux *host, struct fnuma_backend *be);

/** @name Domains
 * @{ */

/** @brief Which part of a process is the domain. */
enum fnuma_linux_kind {
	FNUMA_LINUX_ANY = 0,     /**< the guest of a QEMU process, of others the whole process */
	FNUMA_LINUX_PROCESS = 1, /**< the whole process: its anonymous and shared memory, not the
	                              files that it maps */
	FNUMA_LINUX_GUEST = 2,   /**< the RAM of the guest it runs */
	FNUMA_LINUX_RANGES = 3   /**< the ranges named */
};

/** @brief Bytes of a process's address space, in whole pages. */
struct fnuma_linux_range {
	uint64_t address; /**< where they begin */
	uint64_t bytes;   /**< how many */
};

/** @brief What to attach. Zero means the default. */
struct fnuma_linux_target {
	int32_t pid;                /**< process (not a thread) */
	enum fnuma_linux_kind kind; /**< which part of it */
	/** When the process began, in clock ticks after boot (field 22 of /proc/PID/stat): another
	 * process of that pid is #FNUMA_E_STALE. 0: whoever has the pid now */
	uint64_t start_ticks;
	uint32_t spare_frames;      /**< a process: frames for memory that it maps later, see
	                                 fnuma_linux_refresh() */
	const struct fnuma_linux_range *ranges; /**< RANGES: the domain's, in order of frames */
	uint32_t n_ranges;                      /**< entries */
};

/** @brief How a domain's homes were found; in this order, what comes first wins. */
enum fnuma_linux_home_by {
	FNUMA_LINUX_HOME_POLICY = 0, /**< memory policy of the ranges or the process (mbind,
	                                  numactl, QEMU's host-nodes) */
	FNUMA_LINUX_HOME_CPUSET = 1, /**< its cpuset allows memory on one node only */
	FNUMA_LINUX_HOME_CPUS = 2,   /**< it may run on one node's CPUs only */
	FNUMA_LINUX_HOME_PAGES = 3   /**< most of its pages are there; the lowest node if it has
	                                  none */
};

/** @brief What is known of a domain. About 1.2 KiB. */
struct fnuma_linux_info {
	int32_t pid;                /**< process */
	int pidfd;                  /**< becomes readable when the process ends; the library's:
	                                 poll it, never close it */
	uint64_t start_ticks;       /**< see struct fnuma_linux_target */
	enum fnuma_linux_kind kind; /**< never ANY */
	char name[64];              /**< of a guest its `-name`, else of the program */
	uint32_t frames;            /**< the domain's, spare ones included */
	uint32_t spare_frames;      /**< of these, not yet behind any memory; the last ones */
	uint32_t ranges;            /**< ranges of memory */
	uint64_t allowed_nodes;     /**< bit i: the process's cpuset allows memory on node i;
	                                 elsewhere nothing of it can be moved */
	enum fnuma_linux_home_by home_by;            /**< where `homes` come from */
	uint32_t n_homes;                            /**< entries, 1 or more */
	struct fnuma_home homes[FNUMA_HOMES_MAX];    /**< cover all frames; a suggestion, as
	                                                  fnuma_host_add() wants it */
};

/**
 * @brief Attach a process as a domain.
 * @param host host. @param target see there. @param out handle. @param why room for a
 *   sentence. @param why_bytes its size.
 * @return #FNUMA_OK; #FNUMA_E_INVAL (pid, kind or ranges that cannot be: empty, not whole
 *   pages, overlapping); #FNUMA_E_GONE (no such process, or it has ended); #FNUMA_E_STALE
 *   (another `start_ticks`); #FNUMA_E_DENIED (another user's); #FNUMA_E_NOTSUP (a kernel
 *   thread; no guest's RAM found, as while QEMU starts); #FNUMA_E_NOSPC (malloc, too many
 *   domains, or more frames than can be numbered).
 */
int fnuma_linux_attach(struct fnuma_linux *host, const struct fnuma_linux_target *target,
                       fnuma_domain *out, char *why, size_t why_bytes);

/** @brief Forget a domain, dead or alive. The process is untouched, its handle stale.
 * @param host host. @param domain handle. @return #FNUMA_OK or #FNUMA_E_STALE. */
int fnuma_linux_detach(struct fnuma_linux *host, fnuma_domain domain);

/** @brief What is known of a domain. @param host host. @param domain handle.
 * @param out filled. @return #FNUMA_OK, #FNUMA_E_STALE. */
int fnuma_linux_info(const struct fnuma_linux *host, fnuma_domain domain,
                     struct fnuma_linux_info *out);

/**
 * @brief Look again at what a process has mapped (PROCESS; nothing to do for others).
 *
 * Memory mapped since gets the next of the spare frames. Frames whose memory was unmapped
 * hold no page (none) until something is mapped at that address again.
 * @param host host. @param domain handle.
 * @return frames that got memory, 0 or more; #FNUMA_E_STALE; #FNUMA_E_GONE (ended, or runs
 *   another program); #FNUMA_E_NOSPC (too few spare frames, or malloc; the domain is as
 *   before: attach it anew); #FNUMA_E_DENIED.
 */
int64_t fnuma_linux_refresh(struct fnuma_linux *host, fnuma_domain domain);

/** @brief Where a frame is in the process's memory. @param host host. @param domain handle.
 * @param page frame. @param address filled. @return #FNUMA_OK, #FNUMA_E_STALE, #FNUMA_E_RANGE
 *   (no such frame, or a spare one). */
int fnuma_linux_address(const struct fnuma_linux *host, fnuma_domain domain, fnuma_gfn page,
                        uint64_t *address);

/** @brief The frame at an address. @param host host. @param domain handle. @param address
 *   any in the page. @param page filled. @return #FNUMA_OK, #FNUMA_E_STALE, #FNUMA_E_RANGE
 *   (not the domain's). */
int fnuma_linux_frame(const struct fnuma_linux *host, fnuma_domain domain, uint64_t address,
                      fnuma_gfn *page);

/** @} */
/** @name In bulk
 * @{ */

/** @brief As the backend's PAGE_NODES, for as many pages as one likes: one system call for
 *   512. @param host host. @param domain handle. @param first frame. @param n frames from
 *   there on. @param nodes `n` entries. @return `n`, or an error as from the backend. */
int64_t fnuma_linux_nodes(struct fnuma_linux *host, fnuma_domain domain, fnuma_gfn first,
                          uint32_t n, fnuma_node *nodes);

/** @brief As the backend's MOVE_PAGE, for as many pages as one likes: one system call for
 *   512. What a call costs by itself then hardly counts.
 * @param host host. @param domain handle. @param pages frames. @param n 1 or more.
 * @param to node. @param results `n` entries, set to #FNUMA_UNFILLED by the caller.
 * @param spent_ns increased by the time it took. @return pages attempted, from the front, or
 *   an error with none attempted. */
int64_t fnuma_linux_move(struct fnuma_linux *host, fnuma_domain domain,
                         const fnuma_gfn *pages, uint32_t n, fnuma_node to,
                         struct fnuma_result *results, uint64_t *spent_ns);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_LINUX_H */
