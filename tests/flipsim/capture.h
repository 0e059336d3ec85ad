/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Captures made byte by byte, for the tests of the trace reader. */
#ifndef FLIPSIM_TEST_CAPTURE_H
#define FLIPSIM_TEST_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#define LINK_NULL 0
#define LINK_ETHERNET 1
#define LINK_WIFI 105
#define LINK_RAW 101
#define LINK_LOOP 108
#define LINK_SLL 113
#define LINK_IPV4 228
#define LINK_IPV6 229
#define LINK_SLL2 276

#define NANO 0xa1b23c4du
#define MICRO 0xa1b2c3d4u

struct bytes {
	uint8_t data[4096];
	size_t n;
	int big; /* byte order of put32 and put16 */
};

void put(struct bytes *b, const void *data, size_t n);
void put8(struct bytes *b, unsigned v);
void put16be(struct bytes *b, unsigned v);
void put16(struct bytes *b, unsigned v);
void put32(struct bytes *b, uint32_t v);
void put_pcap(struct bytes *b, uint32_t magic, uint32_t link);

/* A packet of which `f` was captured, and which was `wire` bytes long. */
void put_packet(struct bytes *b, uint32_t seconds, uint32_t rest, uint32_t wire,
                const struct bytes *f);

/* An IPv4 header and TCP ports; the addresses are 10.0.0.SOURCE and .TARGET. */
void put_ipv4(struct bytes *b, unsigned source, unsigned source_port, unsigned target,
              unsigned target_port);

/* The same in IPv6; the addresses are fd00::SOURCE and fd00::TARGET. */
void put_ipv6(struct bytes *b, unsigned source, unsigned source_port, unsigned target,
              unsigned target_port);
void put_ethernet(struct bytes *b, unsigned type);

/* An Ethernet frame with a TCP segment between 10.0.0.SOURCE and .TARGET. */
struct bytes tcp_frame(unsigned source, unsigned source_port, unsigned target,
                       unsigned target_port);

/* The blocks of pcapng: a section, an interface counting in 10^-resolution
 * seconds, and a packet. */
void put_section(struct bytes *b);
void put_interface(struct bytes *b, unsigned link, unsigned resolution);
void put_enhanced(struct bytes *b, uint64_t time, uint32_t wire, const struct bytes *f);

#endif
