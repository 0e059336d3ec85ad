/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "frame.h"
#include <pcap/dlt.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
#define PORTS_BYTES 4u

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

bool frame_link_known(int link)
{
	switch (link) {
	case DLT_EN10MB:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return true;
	default:
		return false;
	}
}

static bool is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* A header that names its payload by ethertype, `type` bytes into the frame. */
static enum frame_kind strip_typed(const uint8_t *bytes, size_t captured, size_t type,
				   size_t header, size_t *payload)
{
	uint16_t name;

	if (captured < header)
		return FRAME_CUT;
	name = be16(bytes + type);
	while (is_vlan(name)) {
		if (captured < header + 4)
			return FRAME_CUT;
		name = be16(bytes + header + 2);
		header += 4;
	}
	*payload = header;
	return name == ETHERTYPE_IPV4 || name == ETHERTYPE_IPV6 ? FRAME_IP : FRAME_OTHER;
}

/* A loopback header is the address family of whichever system captured it, in
 * that system's byte order: only one byte of the four is not zero. */
static enum frame_kind strip_family(const uint8_t *bytes, size_t captured,
				    size_t *payload)
{
	unsigned family;

	if (captured < 4)
		return FRAME_CUT;
	*payload = 4;
	if (bytes[1] || bytes[2] || (bytes[0] && bytes[3]))
		return FRAME_OTHER;
	family = bytes[0] | bytes[3];
	switch (family) {
	case 2:  /* IPv4 everywhere */
	case 10: /* IPv6: Linux, */
	case 24: /* NetBSD and OpenBSD, */
	case 28: /* FreeBSD, */
	case 30: /* macOS */
		return FRAME_IP;
	default:
		return FRAME_OTHER;
	}
}

static enum frame_kind strip_link(int link, const uint8_t *bytes, size_t captured,
				  size_t *payload)
{
	switch (link) {
	case DLT_EN10MB:
		return strip_typed(bytes, captured, 12, 14, payload);
	case DLT_LINUX_SLL:
		return strip_typed(bytes, captured, 14, 16, payload);
	case DLT_LINUX_SLL2:
		return strip_typed(bytes, captured, 0, 20, payload);
	case DLT_NULL:
	case DLT_LOOP:
		return strip_family(bytes, captured, payload);
	default:
		*payload = 0;
		return FRAME_IP;
	}
}

static bool has_ports(uint8_t protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

static void read_ports(const uint8_t *bytes, size_t captured, size_t at,
		       struct frame *out)
{
	if (captured < at + PORTS_BYTES)
		return;
	out->source_port = be16(bytes + at);
	out->target_port = be16(bytes + at + 2);
}

static void map_ipv4(const uint8_t *from, struct ip_address *to)
{
	to->bytes[10] = 0xff;
	to->bytes[11] = 0xff;
	memcpy(to->bytes + 12, from, 4);
}

static enum frame_kind read_ipv4(const uint8_t *ip, size_t captured, struct frame *out)
{
	size_t header = (ip[0] & 15u) * 4u;
	unsigned fragment;

	if (header < IPV4_BYTES)
		return FRAME_OTHER;
	if (captured < IPV4_BYTES)
		return FRAME_CUT;
	memset(out, 0, sizeof(*out));
	map_ipv4(ip + 12, &out->source);
	map_ipv4(ip + 16, &out->target);
	fragment = be16(ip + 6) & 0x1fffu;
	if (!fragment && has_ports(ip[9]))
		read_ports(ip, captured, header, out);
	return FRAME_IP;
}

static enum frame_kind read_ipv6(const uint8_t *ip, size_t captured, struct frame *out)
{
	if (captured < IPV6_BYTES)
		return FRAME_CUT;
	memset(out, 0, sizeof(*out));
	memcpy(out->source.bytes, ip + 8, 16);
	memcpy(out->target.bytes, ip + 24, 16);
	if (has_ports(ip[6]))
		read_ports(ip, captured, IPV6_BYTES, out);
	return FRAME_IP;
}

enum frame_kind frame_read(int link, const uint8_t *bytes, size_t captured,
			   struct frame *out)
{
	size_t payload = 0;
	enum frame_kind kind = strip_link(link, bytes, captured, &payload);

	if (kind != FRAME_IP)
		return kind;
	if (captured == payload)
		return FRAME_CUT;
	bytes += payload;
	captured -= payload;
	switch (bytes[0] >> 4) {
	case 4:
		return read_ipv4(bytes, captured, out);
	case 6:
		return read_ipv6(bytes, captured, out);
	default:
		return FRAME_OTHER;
	}
}
