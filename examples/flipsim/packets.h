/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file packets.h
 * @brief Real packets for the simulator: what arrived at a guest, and when.
 *
 * A trace is read whole, into 16 bytes a packet, and then played by any number of
 * iterators. Two kinds of file are read, told apart by their content:
 *
 * - **pcap and pcapng**, through libpcap, to the nanosecond; Ethernet, Linux cooked
 *   (SLL, SLL2), loopback or raw IP frames, IPv4 and IPv6. A packet's length is the
 *   one on the wire, link header included, however little of it was captured.
 * - **CSV**: `time_ns,bytes` or `time_ns,bytes,rx|tx` on each line, whole numbers,
 *   `rx` if not said; blank lines and lines that begin with `#` mean nothing, and a
 *   heading `time_ns,bytes...` may come first.
 *
 * In a capture a direction follows from the guest's address. Unless it is given, the
 * guest is the address that received the most bytes. Where both ends have that
 * address (127.0.0.1, say) the lower port is the server's, and the guest runs the
 * server. With an address and a port, packets of other ports are none of the guest's.
 *
 * Nothing here prints or exits. A trace doesn't change once read, and so may be read
 * by several threads at a time.
 */
#ifndef FLIPSIM_PACKETS_H
#define FLIPSIM_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @brief Bytes that hold any message of packets_open() but for very long paths. */
#define PACKETS_ERROR_BYTES 512u

/** @brief Where a packet goes, seen from the guest. */
enum packet_direction {
	PACKET_RX,         /**< to the guest */
	PACKET_TX,         /**< from the guest */
	PACKET_DIRECTIONS, /**< how many directions there are */
};

/** @brief One packet. */
struct packet {
	uint64_t time_ns;  /**< since the trace's first packet; never goes back */
	uint32_t bytes;    /**< length on the wire; 0 can be said in CSV only */
	uint8_t direction; /**< an enum packet_direction */
};

/** @brief What a trace holds, and what of the file is not in it. */
struct packets_summary {
	const char *format; /**< `pcap`, `pcapng` or `csv` */
	const char *link;   /**< libpcap's name of the link type; empty for CSV */
	char guest[64];     /**< the guest, as guest_parse() reads it; empty for CSV */
	uint64_t packets[PACKET_DIRECTIONS]; /**< packets of each direction */
	uint64_t bytes[PACKET_DIRECTIONS];   /**< bytes of each direction */
	uint64_t span_ns;   /**< from the first packet to the last */
	uint64_t period_ns; /**< span and one mean gap more: when a repetition begins;
	                     *   0 if the span is 0, and nothing can be repeated */
	uint64_t not_ip;    /**< left out: neither IPv4 nor IPv6 */
	uint64_t cut_short; /**< left out: captured too short to show the addresses */
	uint64_t not_guest; /**< left out: neither to nor from the guest, or to itself by
	                     *   ports that are equal or missing */
	uint64_t clamped;   /**< went back in time, and were set to the time before */
};

/** @brief A trace in memory. */
struct packets;

/**
 * @brief Read a trace.
 * @param path        a file that can be read twice (no pipe)
 * @param guest       `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`; NULL to choose
 * @param error       where a sentence goes that names file, line or packet, and
 *                    reason; NULL if nobody reads it
 * @param error_bytes room there, #PACKETS_ERROR_BYTES say
 * @return the trace, of one packet at least, to be given to packets_close(); NULL on
 *         failure: no such file, damaged, a link type or number out of range, no
 *         packet of the guest's in it, a guest named that can't be parsed or for a
 *         CSV file, no memory
 */
struct packets *packets_open(const char *path, const char *guest, char *error,
			     size_t error_bytes);

/** @brief Free a trace. @param trace the trace, or NULL. */
void packets_close(struct packets *trace);

/** @brief What a trace holds. @param trace the trace. @return lives with the trace. */
const struct packets_summary *packets_summary(const struct packets *trace);

/** @brief Pages a packet fills: one at least, for even an empty one takes a slot.
 * @param bytes      length
 * @param page_bytes bytes of a page, not 0
 * @return pages */
static inline uint32_t packet_pages(uint32_t bytes, uint32_t page_bytes)
{
	return bytes ? (bytes - 1) / page_bytes + 1 : 1;
}

/**
 * @brief The most pages in any stretch of so many nanoseconds, both directions.
 * @param trace      the trace
 * @param window_ns  length of the stretch, not 0
 * @param page_bytes bytes of a page, not 0
 * @return pages
 */
uint64_t packets_peak_pages(const struct packets *trace, uint64_t window_ns,
			    uint32_t page_bytes);

/** @brief All pages of a trace, both directions.
 * @param trace      the trace
 * @param page_bytes bytes of a page, not 0
 * @return pages */
uint64_t packets_pages(const struct packets *trace, uint32_t page_bytes);

/** @brief A place in a trace that is being played. Copy it to come back to it. */
struct packets_iterator {
	const struct packets *trace; /**< what is played; must outlive this */
	uint64_t length_ns;          /**< packets of this time and later don't come */
	uint64_t start_ns;           /**< when this repetition began */
	size_t next;                 /**< the next packet in it */
};

/**
 * @brief Play a trace from its beginning for so long: cut if it is longer, repeated
 * if it is shorter. A trace whose packets all bear one time is played once.
 * @param it        the iterator
 * @param trace     the trace
 * @param length_ns how long
 */
void packets_play(struct packets_iterator *it, const struct packets *trace,
		  uint64_t length_ns);

/**
 * @brief The next packet.
 * @param it  the iterator
 * @param out the packet, its time since packets_play()'s 0, never going back; written
 *            on success only
 * @return false at the end, and ever after
 */
bool packets_next(struct packets_iterator *it, struct packet *out);

#endif
