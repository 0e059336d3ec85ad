/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The load: how many pages arrive in each tick, and how long each of them stays.
 */
#ifndef FLIPSIM_LOAD_H
#define FLIPSIM_LOAD_H

#include "packets.h"
#include "rng.h"
#include "scenario.h"

struct load {
	const struct load_config *config;
	struct rng rng;
	double tick_s;
	double rx_owed, tx_owed; /* fractions of a page carried over */
	double phase_left_s;     /* until it goes on or off */
	bool on;
	bool real;               /* driven by a trace */
	struct packets_iterator it;
	struct packet next;
	bool more;
	uint64_t end_ns;         /* of the present tick */
	uint64_t tick_ns;
};

/* Pages of one tick, by direction. */
struct arrivals {
	uint32_t rx;
	uint32_t tx;
};

/* `trace` drives it if not NULL; the residency times are `config`'s either way. */
void load_init(struct load *l, const struct load_config *config, const struct packets *trace,
               double tick_ms, double duration_s, uint64_t seed);

/* The next tick. */
struct arrivals load_tick(struct load *l);

#endif
