/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "load.h"

#include <math.h>

/* Pages of a tick, at most: more than any rate a scenario can have. */
#define ARRIVALS_MAX 100000000u

static double phase_s(struct load *l)
{
	double mean = (l->on ? l->config->on_ms : l->config->off_ms) / 1000;

	if (l->config->pattern == LOAD_RANDOM)
		mean *= -log(rng_unit(&l->rng));
	return mean;
}

void load_init(struct load *l, const struct load_config *config, const struct packets *trace,
               double tick_ms, double duration_s, uint64_t seed)
{
	struct load zero = {0};

	*l = zero;
	l->config = config;
	l->tick_s = tick_ms / 1000;
	l->tick_ns = (uint64_t)(tick_ms * 1e6 + 0.5);
	rng_seed(&l->rng, seed, 1);
	l->on = true;
	l->phase_left_s = config->pattern == LOAD_STEADY ? HUGE_VAL : phase_s(l);
	if (trace) {
		l->real = true;
		packets_play(&l->it, trace, (uint64_t)(duration_s * 1e9));
		l->more = packets_next(&l->it, &l->next);
	}
}

static struct arrivals replay(struct load *l)
{
	struct arrivals a = {0, 0};

	l->end_ns += l->tick_ns;
	while (l->more && l->next.time_ns < l->end_ns) {
		uint32_t pages = packet_pages(l->next.bytes, 4096);

		if (l->next.direction == PACKET_TX)
			a.tx += pages;
		else
			a.rx += pages;
		if (a.rx > ARRIVALS_MAX || a.tx > ARRIVALS_MAX)
			break;
		l->more = packets_next(&l->it, &l->next);
	}
	return a;
}

/* Megabits of this tick: its phases, each at its rate. */
static double megabits(struct load *l)
{
	double left = l->tick_s, sum = 0;

	for (;;) {
		double rate = l->on ? l->config->rate_mbps : l->config->idle_mbps;

		if (l->phase_left_s > left) {
			l->phase_left_s -= left;
			return sum + rate * left;
		}
		sum += rate * l->phase_left_s;
		left -= l->phase_left_s;
		l->on = !l->on;
		l->phase_left_s = phase_s(l);
	}
}

static uint32_t whole(double *owed)
{
	uint32_t n = *owed < ARRIVALS_MAX ? (uint32_t)*owed : ARRIVALS_MAX;

	*owed -= n;
	return n;
}

struct arrivals load_tick(struct load *l)
{
	struct arrivals a;
	double pages;

	if (l->real)
		return replay(l);
	pages = pages_of_mbps(megabits(l));
	l->tx_owed += pages * l->config->tx_percent / 100;
	l->rx_owed += pages * (100 - l->config->tx_percent) / 100;
	a.rx = whole(&l->rx_owed);
	a.tx = whole(&l->tx_owed);
	return a;
}
