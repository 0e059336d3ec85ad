/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file linux_share.h
 * @brief Two processes that flip pages: the split driver's model on real memory.
 *
 * A *share* is a segment of memory that two processes have mapped, its *ends*. Each of its
 * pages belongs to one end at a time, and stands behind one of that end's frames. One end
 * *posts* pages (a packet in each); the other flips frames of its own against them. Then
 * each owns what was the other's: nothing is copied, and no page leaves its node, so that
 * an end bound to one node gets, flip by flip, pages of the other's. That is the drift this
 * library is about, with the kernel to say where the pages are.
 *
 *     // in one process: 4096 pages on node 0 for end 0, as many on node 1 for end 1
 *     fnuma_linux_share_create(host, &config, &fd);        // hand fd to the other process
 *     fnuma_linux_share_join(host, fd, 0, &share);
 *     n = fnuma_linux_share_alloc(share, frames, 64);
 *     memcpy(fnuma_linux_share_at(share, frames[0]), packet, size); ...
 *     fnuma_linux_share_post(share, frames, n);
 *     // in the other
 *     fnuma_linux_share_join(host, fd, 1, &share);
 *     fnuma_linux_share_backend(share, &backend);          // for a pool, a repatriator
 *     fnuma_backend_flip(&backend, self, peer, frames, n, results);
 *     // in the first again: its frames hold the other's former pages
 *     n = fnuma_linux_share_returned(share, frames, 64);
 *
 * Capabilities of an end's backend, for its own frames: NODE_COUNTS, PAGE_NODES, FLIP,
 * ACQUIRE, RELEASE, MOVE_PAGE, PROBE. The pages are mapped by two processes, so that to
 * move them takes CAP_SYS_NICE; without, they stay (#FNUMA_E_PINNED).
 *
 * **Trust.** The ends can write each other's pages, as can any two that share memory. What
 * the other end says of who owns what is checked all the same: a page it does not have, or
 * a ring that cannot be, ends the share (#FNUMA_E_GONE) and changes nothing of ours.
 *
 * **Threads.** One caller at a time for each end.
 */
#ifndef FLIPNUMA_LINUX_SHARE_H
#define FLIPNUMA_LINUX_SHARE_H

#include <flipnuma/linux.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief One end of a share. Opaque. */
struct fnuma_linux_share;

/** @brief What a share is made from. */
struct fnuma_linux_share_config {
	uint32_t pages[2];   /**< of each end, 1 to 2^24: its frames, for good */
	fnuma_node node[2];  /**< where they are to begin with; or unknown: anywhere */
	uint32_t ring_pages; /**< pages that an end can have posted at a time: a power of two up
	                          to 65536; 0: 1024 */
};

/** @brief Flags of fnuma_linux_share_join(). */
enum fnuma_linux_share_flag {
	/** A flip's results say on which node each page is: a system call a batch. Otherwise
	 * they say unknown, and the tracker asks in its own time. */
	FNUMA_LINUX_SHARE_NODES = 1u << 0
};

/**
 * @brief Make a segment, with all of its memory.
 * @param host host. @param config see there. @param fd filled: a descriptor, the caller's; to
 *   be handed to the other process (fork, or SCM_RIGHTS), closed on exec.
 * @return #FNUMA_OK; #FNUMA_E_INVAL; #FNUMA_E_RANGE (a node the host does not have);
 *   #FNUMA_E_NOMEM (no memory there); #FNUMA_E_NOSPC (no descriptor).
 */
int fnuma_linux_share_create(struct fnuma_linux *host,
                             const struct fnuma_linux_share_config *config, int *fd);

/**
 * @brief Become one of the ends.
 * @param host host; must outlive the share. @param fd segment; not kept, may be closed.
 * @param end 0 or 1. @param flags enum fnuma_linux_share_flag bits. @param out the share.
 * @return #FNUMA_OK; #FNUMA_E_INVAL; #FNUMA_E_ABI (no segment of this version);
 *   #FNUMA_E_IN_USE (that end is somebody already, or was: an end is nobody's twice);
 *   #FNUMA_E_NOSPC (malloc, address space).
 */
int fnuma_linux_share_join(struct fnuma_linux *host, int fd, uint32_t end, uint32_t flags,
                           struct fnuma_linux_share **out);

/** @brief Leave; the other end finds its peer gone. @param share share or NULL. */
void fnuma_linux_share_leave(struct fnuma_linux_share *share);

/** @brief The end's backend. Traits: may sleep. @param share share. @param be filled; lives
 *   as long as the share. @return #FNUMA_OK or #FNUMA_E_INVAL. */
int fnuma_linux_share_backend(struct fnuma_linux_share *share, struct fnuma_backend *be);

/** @brief This end as a domain of its backend. @param share share. @return handle. */
fnuma_domain fnuma_linux_share_self(const struct fnuma_linux_share *share);

/** @brief The other end as a domain of this end's backend: for flips. #FNUMA_E_GONE once it
 *   has left or ended; until it has joined, it is alive. @param share share.
 * @return handle. */
fnuma_domain fnuma_linux_share_peer(const struct fnuma_linux_share *share);

/** @brief Frames of this end. @param share share. @return frames. */
uint32_t fnuma_linux_share_frames(const struct fnuma_linux_share *share);

/** @brief The memory behind a frame. Changes as the frame is flipped, or comes back.
 * @param share share. @param page frame. @return its address; NULL if it is posted, or
 *   there is no such frame. */
void *fnuma_linux_share_at(const struct fnuma_linux_share *share, fnuma_gfn page);

/** @brief Allocate frames, last freed first. ACQUIRE takes from the same. @param share share.
 * @param pages room for `n`. @param n pages. @return pages got, or #FNUMA_E_INVAL. */
int fnuma_linux_share_alloc(struct fnuma_linux_share *share, fnuma_gfn *pages, uint32_t n);

/** @brief Free frames. @param share share. @param pages frames. @param n pages.
 * @return `n`; with nothing changed #FNUMA_E_STATE (one is not allocated, or twice here),
 *   #FNUMA_E_RANGE, #FNUMA_E_INVAL. */
int fnuma_linux_share_free(struct fnuma_linux_share *share, const fnuma_gfn *pages, uint32_t n);

/** @brief Post frames for the other end to flip. Until they come back they are nobody's.
 * @param share share. @param pages frames, allocated. @param n pages.
 * @return pages posted, from the front: fewer if the ring is full; with nothing changed
 *   #FNUMA_E_STATE, #FNUMA_E_RANGE, #FNUMA_E_INVAL. */
int fnuma_linux_share_post(struct fnuma_linux_share *share, const fnuma_gfn *pages, uint32_t n);

/** @brief Frames that came back, in the order they were posted, allocated again, each with
 *   another page behind it. @param share share. @param pages room for `n`. @param n pages.
 * @return frames, 0 or more; #FNUMA_E_GONE (the share has ended); #FNUMA_E_INVAL. */
int fnuma_linux_share_returned(struct fnuma_linux_share *share, fnuma_gfn *pages, uint32_t n);

/** @brief Pages that the other end has posted and nobody has flipped. @param share share.
 * @return pages; #FNUMA_E_GONE (the share has ended); #FNUMA_E_INVAL. */
int fnuma_linux_share_waiting(struct fnuma_linux_share *share);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_LINUX_SHARE_H */
