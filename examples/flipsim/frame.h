/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file frame.h
 * @brief From the first bytes of a captured frame to who sent it to whom.
 */
#ifndef FLIPSIM_FRAME_H
#define FLIPSIM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @brief An IPv6 address, or an IPv4 one mapped into it (`::ffff:a.b.c.d`). */
struct ip_address {
	uint8_t bytes[16]; /**< network order */
};

/** @brief The two ends of a packet. Ports are 0 where there are none to read. */
struct frame {
	struct ip_address source; /**< sender */
	struct ip_address target; /**< receiver */
	uint16_t source_port;     /**< sender's port, or 0 */
	uint16_t target_port;     /**< receiver's port, or 0 */
};

/** @brief What a frame turned out to be. */
enum frame_kind {
	FRAME_IP,    /**< IPv4 or IPv6: the ends are known */
	FRAME_OTHER, /**< something else, or not well formed */
	FRAME_CUT,   /**< too few bytes were captured to tell */
};

/** @brief Whether frames of this libpcap link type (`DLT_...`) can be read.
 * @param link link type. @return true if frame_read() knows it. */
bool frame_link_known(int link);

/**
 * @brief Read the ends of one frame.
 *
 * Ethernet and Linux cooked frames may carry VLAN tags. Ports are those of TCP,
 * UDP, DCCP, SCTP and UDP-Lite; later fragments and packets with IPv6 extension
 * headers have none.
 *
 * @param link     link type, one that frame_link_known() accepts
 * @param bytes    what was captured of the frame
 * @param captured how many bytes that is
 * @param out      the ends; written for #FRAME_IP only
 * @return what the frame is
 */
enum frame_kind frame_read(int link, const uint8_t *bytes, size_t captured,
			   struct frame *out);

#endif
