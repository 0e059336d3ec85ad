/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "sim.h"
#include "random.h"
#include <math.h>
#include <stdlib.h>

static double uniform(struct random *r)
{
	return ((double)(random_next(r) >> 11) + 0.5) / 9007199254740992.0;
}

/* Nearly normal, mean 0, deviation 1: no function but sqrt(), which is exact everywhere. */
static double noise(struct random *r)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += uniform(r);
	return sum;
}

static uint32_t count(double flips)
{
	return flips > 0 ? (uint32_t)(flips + 0.5) : 0;
}

/* Mean and noise as of many independent flips. */
static uint32_t about(struct random *r, double mean)
{
	return count(mean + sqrt(mean) * noise(r));
}

/* A page now and then, so that there are flips to ask a policy at. */
static uint32_t trickle(uint32_t step)
{
	return step % 20 == 0;
}

static void make_on_off(struct load *load, struct random *r)
{
	double rate = 100;
	uint32_t i;

	for (i = 0; i < load->steps; i++) {
		bool on = i % 30000 >= 28000;

		if (i % 30000 == 0)
			rate = 100 + 3 * noise(r);
		load->flips[i] = on ? about(r, rate) : trickle(i);
		load->hold[i] = on ? 80 : 10;
	}
}

static void make_bursts(struct load *load, struct random *r)
{
	double wander = 0, height = 0;
	uint32_t i, left = 0;

	for (i = 0; i < load->steps; i++) {
		wander = 0.9995 * wander + 0.3 * noise(r);
		if (left)
			left--;
		else if (uniform(r) < 1.0 / 3000) {
			left = 20 + random_below(r, 180);
			height = 40 / sqrt(uniform(r)); /* Pareto, exponent 2 */
			height = height < 1500 ? height : 1500;
		}
		load->flips[i] = about(r, fmax(40 + wander, 1) + (left ? height : 0));
		load->hold[i] = 20;
	}
}

static void make_slow_consumer(struct load *load, struct random *r)
{
	uint32_t i, slow = 0;

	for (i = 0; i < load->steps; i++) {
		if (slow)
			slow--;
		else if (uniform(r) < 1.0 / 20000)
			slow = 2000 + random_below(r, 2000);
		load->flips[i] = about(r, 50);
		load->hold[i] = slow ? 1000 : 5;
	}
}

static void make_idle_busy(struct load *load, struct random *r)
{
	uint32_t i;

	for (i = 0; i < load->steps; i++) {
		bool busy = i / 300000 % 2;

		load->flips[i] = busy ? about(r, 50) : trickle(i);
		load->hold[i] = busy ? 50 : 10;
	}
}

static void make_steady(struct load *load, struct random *r)
{
	uint32_t i;

	for (i = 0; i < load->steps; i++) {
		load->flips[i] = about(r, 50);
		load->hold[i] = 50;
	}
}

struct load load_make(enum load_kind kind, uint64_t seed)
{
	static const struct {
		const char *name;
		uint32_t seconds;
		void (*make)(struct load *load, struct random *r);
	} kinds[LOADS] = {
		[LOAD_ON_OFF] = {"on/off 2 s / 28 s", 600, make_on_off},
		[LOAD_BURSTS] = {"wandering rate, Pareto bursts", 600, make_bursts},
		[LOAD_SLOW_CONSUMER] = {"slow consumer", 600, make_slow_consumer},
		[LOAD_IDLE_BUSY] = {"idle / busy 300 s", 1800, make_idle_busy},
		[LOAD_STEADY] = {"steady", 600, make_steady},
	};
	struct load load;
	struct random r = {seed};

	load.name = kinds[kind].name;
	load.steps = kinds[kind].seconds * 1000;
	load.flips = calloc(load.steps, sizeof(*load.flips));
	load.hold = calloc(load.steps, sizeof(*load.hold));
	if (!load.flips || !load.hold)
		abort();
	kinds[kind].make(&load, &r);
	return load;
}

void load_free(struct load *load)
{
	free(load->flips);
	free(load->hold);
}
