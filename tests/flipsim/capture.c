/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "capture.h"

#include <string.h>

void put(struct bytes *b, const void *data, size_t n)
{
	memcpy(b->data + b->n, data, n);
	b->n += n;
}

void put8(struct bytes *b, unsigned v)
{
	b->data[b->n++] = (uint8_t)v;
}

void put16be(struct bytes *b, unsigned v)
{
	put8(b, v >> 8 & 255);
	put8(b, v & 255);
}

void put16(struct bytes *b, unsigned v)
{
	put8(b, (b->big ? v >> 8 : v) & 255);
	put8(b, (b->big ? v : v >> 8) & 255);
}

void put32(struct bytes *b, uint32_t v)
{
	put16(b, b->big ? v >> 16 : v & 0xffff);
	put16(b, b->big ? v & 0xffff : v >> 16);
}

void put_pcap(struct bytes *b, uint32_t magic, uint32_t link)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put32(b, 0);
	put32(b, 0);
	put32(b, 65535);
	put32(b, link);
}

void put_packet(struct bytes *b, uint32_t seconds, uint32_t rest, uint32_t wire,
                const struct bytes *f)
{
	put32(b, seconds);
	put32(b, rest);
	put32(b, (uint32_t)f->n);
	put32(b, wire);
	put(b, f->data, f->n);
}

void put_ipv4(struct bytes *b, unsigned source, unsigned source_port, unsigned target,
              unsigned target_port)
{
	uint8_t ip[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 0, 10};

	ip[15] = (uint8_t)source;
	ip[19] = (uint8_t)target;
	put(b, ip, sizeof(ip));
	put16be(b, source_port);
	put16be(b, target_port);
}

void put_ipv6(struct bytes *b, unsigned source, unsigned source_port, unsigned target,
              unsigned target_port)
{
	uint8_t ip[40] = {0x60, 0, 0, 0, 0, 0, 6, 64, 0xfd};

	ip[23] = (uint8_t)source;
	ip[24] = 0xfd;
	ip[39] = (uint8_t)target;
	put(b, ip, sizeof(ip));
	put16be(b, source_port);
	put16be(b, target_port);
}

void put_ethernet(struct bytes *b, unsigned type)
{
	put(b, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	put16be(b, type);
}

struct bytes tcp_frame(unsigned source, unsigned source_port, unsigned target,
                       unsigned target_port)
{
	struct bytes f = {{0}, 0, 0};

	put_ethernet(&f, 0x0800);
	put_ipv4(&f, source, source_port, target, target_port);
	return f;
}

void put_section(struct bytes *b)
{
	put32(b, 0x0a0d0d0a);
	put32(b, 28);
	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put32(b, 0xffffffff);
	put32(b, 0xffffffff);
	put32(b, 28);
}

void put_interface(struct bytes *b, unsigned link, unsigned resolution)
{
	put32(b, 1);
	put32(b, 32);
	put16(b, link);
	put16(b, 0);
	put32(b, 65535);
	put16(b, 9);
	put16(b, 1);
	put8(b, resolution);
	put(b, "\0\0\0", 3);
	put32(b, 0);
	put32(b, 32);
}

void put_enhanced(struct bytes *b, uint64_t time, uint32_t wire, const struct bytes *f)
{
	uint32_t padded = ((uint32_t)f->n + 3) & ~3u;

	put32(b, 6);
	put32(b, 32 + padded);
	put32(b, 0);
	put32(b, (uint32_t)(time >> 32));
	put32(b, (uint32_t)time);
	put32(b, (uint32_t)f->n);
	put32(b, wire);
	put(b, f->data, f->n);
	put(b, "\0\0\0", padded - f->n);
	put32(b, 32 + padded);
}
