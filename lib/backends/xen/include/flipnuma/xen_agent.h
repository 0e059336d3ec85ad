/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file xen_agent.h
 * @brief What a Xen guest's agent and the privileged domain agree on.
 *
 * The agent lists pages of its guest that may be moved. It has a *directory*, one page, and
 * *maps*, pages of two bits for each frame. It fills them, then writes
 *
 *     VERSION GFN
 *
 * (decimal: #FNUMA_XEN_AGENT_VERSION, the directory's frame) to the node
 * #FNUMA_XEN_AGENT_NODE below its domain's `data` in xenstore, which a guest may write. The
 * privileged domain only reads: no grant, no event channel, no answer.
 *
 * A frame's two bits may change at any time. The privileged domain pauses the guest, reads
 * the bits, moves the page if they allow it, and lets the guest go on: the agent never sees
 * a move half done, and needs no lock. What it owes is:
 *
 * - *before* a listed page is granted, used for DMA, handed to Xen (`vcpu_info`, event
 *   channel pages, any address in a hypercall that Xen keeps), or given back to Xen, its bits
 *   are cleared; a page that is so used is not listed;
 * - *before* a page listed as free is written, its bits are changed: the content of a free
 *   page may be replaced by anything between two instructions;
 * - the directory and the maps are never listed;
 * - after a migration, with which nothing of xenstore goes along, the node is written again;
 * - to leave, `magic` is cleared, and the node removed.
 *
 * A guest that breaks this harms itself only.
 *
 * Constants and inline functions only: nothing to link. Byte order: little endian.
 */
#ifndef FLIPNUMA_XEN_AGENT_H
#define FLIPNUMA_XEN_AGENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Version of this agreement. */
#define FNUMA_XEN_AGENT_VERSION 1u
/** @brief Where to write it, relative to the guest's own `data` (`/local/domain/N/data`). */
#define FNUMA_XEN_AGENT_NODE "flipnuma-agent"
/** @brief fnuma_xen_agent_directory.magic: "FNXA". */
#define FNUMA_XEN_AGENT_MAGIC 0x41584e46u
/** @brief Bytes of a page of the directory and of each map. */
#define FNUMA_XEN_AGENT_PAGE_BYTES 4096u
/** @brief Frames that one map is about. */
#define FNUMA_XEN_AGENT_MAP_FRAMES 16384u
/** @brief Maps, at most: guests of up to 63 GiB. */
#define FNUMA_XEN_AGENT_MAPS_MAX 1008u

/** @brief What a frame's two bits say. The fourth value means #FNUMA_XEN_AGENT_FIXED. */
enum fnuma_xen_agent_bits {
	FNUMA_XEN_AGENT_FIXED = 0,   /**< leave it alone; where no map is, this is meant */
	FNUMA_XEN_AGENT_MOVABLE = 1, /**< may move, with its content */
	FNUMA_XEN_AGENT_FREE = 2     /**< may be replaced: nobody needs its content */
};

/** @brief The directory: one page. */
struct fnuma_xen_agent_directory {
	uint32_t magic;   /**< #FNUMA_XEN_AGENT_MAGIC; written last */
	uint32_t version; /**< #FNUMA_XEN_AGENT_VERSION */
	uint32_t maps;    /**< entries of `map_gfn`, 1 to #FNUMA_XEN_AGENT_MAPS_MAX */
	uint32_t pad[13]; /**< 0 */
	/** Map i is behind this frame, and is about frames from
	 * `i * FNUMA_XEN_AGENT_MAP_FRAMES` on; 0: none of them is listed. */
	uint32_t map_gfn[FNUMA_XEN_AGENT_MAPS_MAX];
};

/** @brief What a map says. @param map a map, of 1024 words. @param gfn a frame it is about.
 * @return enum fnuma_xen_agent_bits, or 3. */
static inline uint32_t fnuma_xen_agent_get(const volatile uint32_t *map, uint32_t gfn)
{
	const uint32_t at = gfn % FNUMA_XEN_AGENT_MAP_FRAMES;

	return map[at / 16u] >> (at % 16u * 2u) & 3u;
}

/** @brief Change what a map says. One caller at a time for each word of 16 frames.
 * @param map a map, of 1024 words. @param gfn a frame it is about.
 * @param bits enum fnuma_xen_agent_bits. */
static inline void fnuma_xen_agent_set(volatile uint32_t *map, uint32_t gfn, uint32_t bits)
{
	const uint32_t at = gfn % FNUMA_XEN_AGENT_MAP_FRAMES, shift = at % 16u * 2u;

	map[at / 16u] = (map[at / 16u] & ~(3u << shift)) | (bits & 3u) << shift;
}

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_XEN_AGENT_H */
