/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file guest.h
 * @brief Which end of a captured packet is the guest.
 */
#ifndef FLIPSIM_GUEST_H
#define FLIPSIM_GUEST_H

#include "frame.h"

/** @brief The guest: an address, and a port if only one of its ports counts. */
struct guest {
	struct ip_address address; /**< its address */
	uint16_t port;             /**< its port, or 0 for all of them */
};

/** @brief Where a packet goes, seen from the guest. */
enum guest_way {
	GUEST_RECEIVES, /**< the guest is the target */
	GUEST_SENDS,    /**< the guest is the source */
	GUEST_NEITHER,  /**< it is none of the guest's, or nobody can tell */
};

/** @brief Bytes of the text guest_print() writes, at most, with its end. */
#define GUEST_TEXT_BYTES 64u

/**
 * @brief Read `ADDR`, `ADDR:PORT` or `[ADDR]:PORT` (an IPv6 ADDR with a port needs
 * the brackets).
 * @param text what to read
 * @param out  the guest; written on success only
 * @return whether the text is one of these
 */
bool guest_parse(const char *text, struct guest *out);

/** @brief Write a guest as guest_parse() reads it.
 * @param guest whom
 * @param text  #GUEST_TEXT_BYTES bytes */
void guest_print(const struct guest *guest, char *text);

/**
 * @brief Where one packet goes.
 *
 * A packet from the guest's address to itself crossed the loopback: there the lower
 * port is the server's, and the server is what runs in the guest.
 *
 * @param guest the guest
 * @param frame the packet's ends
 * @return its way
 */
enum guest_way guest_way(const struct guest *guest, const struct frame *frame);

/** @brief How many bytes each address received, to find the guest by. Zeroed: none. */
struct receivers {
	struct receiver *slots; /**< hash table; a slot with no bytes is free */
	size_t room;            /**< slots, a power of two, or 0 */
	size_t used;            /**< addresses in it */
};

/**
 * @brief Count a packet for its receiver. Multicast and broadcast receive nothing.
 * @param all    the addresses so far
 * @param target who received it
 * @param bytes  how much
 * @return false if there is no memory
 */
bool receivers_add(struct receivers *all, const struct ip_address *target,
		   uint64_t bytes);

/**
 * @brief The address that received the most bytes; of equals, the lowest.
 * @param all the addresses
 * @param out the address; written on success only
 * @return false if there is none
 */
bool receivers_first(const struct receivers *all, struct ip_address *out);

/** @brief Free the table. @param all the addresses. */
void receivers_free(struct receivers *all);

#endif
