/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "guest.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct receiver {
	struct ip_address address;
	uint64_t bytes;
};

static bool same(const struct ip_address *a, const struct ip_address *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool is_mapped_ipv4(const struct ip_address *a)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return !memcmp(a->bytes, prefix, sizeof(prefix));
}

static bool parse_address(const char *text, size_t length, struct ip_address *out)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t v4[4];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (inet_pton(AF_INET6, copy, out->bytes) == 1)
		return true;
	if (inet_pton(AF_INET, copy, v4) != 1)
		return false;
	memset(out, 0, sizeof(*out));
	out->bytes[10] = 0xff;
	out->bytes[11] = 0xff;
	memcpy(out->bytes + 12, v4, sizeof(v4));
	return true;
}

static bool parse_port(const char *text, uint16_t *out)
{
	unsigned port = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 5; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	if (!i || text[i] || !port || port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

bool guest_parse(const char *text, struct guest *out)
{
	const char *address = text, *colon = strrchr(text, ':'), *end;
	struct guest guest = {{{0}}, 0};

	if (text[0] == '[') {
		address++;
		end = strchr(text, ']');
		colon = end ? end + 1 : NULL;
		if (!colon || *colon != ':')
			return false;
	} else if (colon && strchr(text, ':') == colon) {
		end = colon;
	} else {
		end = text + strlen(text);
		colon = NULL;
	}
	if (!parse_address(address, (size_t)(end - address), &guest.address))
		return false;
	if (colon && !parse_port(colon + 1, &guest.port))
		return false;
	*out = guest;
	return true;
}

void guest_print(const struct guest *guest, char *text)
{
	char address[INET6_ADDRSTRLEN];
	bool v4 = is_mapped_ipv4(&guest->address);

	inet_ntop(v4 ? AF_INET : AF_INET6, guest->address.bytes + (v4 ? 12 : 0), address,
		  sizeof(address));
	if (!guest->port)
		snprintf(text, GUEST_TEXT_BYTES, "%s", address);
	else
		snprintf(text, GUEST_TEXT_BYTES, v4 ? "%s:%u" : "[%s]:%u", address,
			 guest->port);
}

enum guest_way guest_way(const struct guest *guest, const struct frame *frame)
{
	bool to = same(&guest->address, &frame->target);
	bool from = same(&guest->address, &frame->source);

	if (guest->port) {
		to = to && frame->target_port == guest->port;
		from = from && frame->source_port == guest->port;
	}
	if (to && from) {
		to = frame->target_port < frame->source_port;
		from = frame->source_port < frame->target_port;
	}
	if (to)
		return GUEST_RECEIVES;
	return from ? GUEST_SENDS : GUEST_NEITHER;
}

static bool is_one_host(const struct ip_address *a)
{
	if (is_mapped_ipv4(a))
		return a->bytes[12] < 224;
	return a->bytes[0] != 0xff;
}

static uint64_t hash(const struct ip_address *a)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	size_t i;

	for (i = 0; i < sizeof(a->bytes); i++)
		h = (h ^ a->bytes[i]) * 1099511628211u;
	return h;
}

static struct receiver *find(const struct receivers *all,
			     const struct ip_address *address)
{
	size_t at = (size_t)hash(address) & (all->room - 1);

	while (all->slots[at].bytes && !same(&all->slots[at].address, address))
		at = (at + 1) & (all->room - 1);
	return &all->slots[at];
}

static bool grow(struct receivers *all)
{
	struct receivers wide = {NULL, all->room ? all->room * 2 : 64, all->used};
	size_t i;

	wide.slots = calloc(wide.room, sizeof(*wide.slots));
	if (!wide.slots)
		return false;
	for (i = 0; i < all->room; i++)
		if (all->slots[i].bytes)
			*find(&wide, &all->slots[i].address) = all->slots[i];
	free(all->slots);
	*all = wide;
	return true;
}

bool receivers_add(struct receivers *all, const struct ip_address *target,
		   uint64_t bytes)
{
	struct receiver *slot;

	if (!bytes || !is_one_host(target))
		return true;
	if (all->used * 2 >= all->room && !grow(all))
		return false;
	slot = find(all, target);
	if (!slot->bytes) {
		slot->address = *target;
		all->used++;
	}
	slot->bytes += bytes;
	return true;
}

static bool is_before(const struct receiver *a, const struct receiver *b)
{
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes;
	return memcmp(&a->address, &b->address, sizeof(a->address)) < 0;
}

bool receivers_first(const struct receivers *all, struct ip_address *out)
{
	const struct receiver *best = NULL;
	size_t i;

	for (i = 0; i < all->room; i++)
		if (all->slots[i].bytes && (!best || is_before(&all->slots[i], best)))
			best = &all->slots[i];
	if (!best)
		return false;
	*out = best->address;
	return true;
}

void receivers_free(struct receivers *all)
{
	free(all->slots);
	memset(all, 0, sizeof(*all));
}
