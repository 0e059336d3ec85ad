/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A pool that is only counted, under loads that only a seed decides: enough to compare
 * sizing policies. A step is 1 ms.
 */
#ifndef FNUMA_SIZING_SIM_H
#define FNUMA_SIZING_SIM_H

#include <flipnuma/sizer.h>

#define STEP_NS UINT64_C(1000000)

/* What is wanted of the pool in each step. */
struct load {
	const char *name;
	uint32_t steps;
	uint32_t *flips;   /* pages taken in this step */
	uint16_t *hold;    /* steps after which those are given back; 1 to HOLD_MAX */
};

#define HOLD_MAX 4095u

enum load_kind {
	LOAD_ON_OFF,        /* 2 s of 30 s busy, else a page now and then */
	LOAD_BURSTS,        /* a slowly wandering rate, and bursts of Pareto's heights */
	LOAD_SLOW_CONSUMER, /* an even rate; now and then pages are kept for a second */
	LOAD_IDLE_BUSY,     /* 300 s of each */
	LOAD_STEADY,        /* an even rate with noise */
	LOADS
};

/* The caller frees it with load_free(). */
struct load load_make(enum load_kind kind, uint64_t seed);
void load_free(struct load *load);

/* A rule under test, and the machine it runs on. */
struct rule {
	const char *name;   /* for the table */
	const struct fnuma_sizer_policy *policy;
	struct fnuma_sizer_params params;
	uint32_t latency;   /* steps from asking for more pages to the first of them */
};

/* Pages a second that growing can bring: 100 a step. */
#define GROWTH_A_STEP 100u

/* What a missed flip and a page got cost, in page-steps: as much as holding a page for a
 * minute. A policy that keeps pages for T* = 60 s is at break-even. */
#define PRICE 60000.0

struct outcome {
	uint64_t flips;
	uint64_t misses;
	double size_sum;    /* pages of the pool times steps */
	double used_sum;    /* pages in use times steps */
	uint64_t bought;    /* pages grown by */
	uint64_t asked;     /* times the policy was */
	uint32_t least_size;
	uint32_t last_size;
	uint32_t steps;
};

struct outcome simulate(const struct rule *rule, const struct load *load);

/* What the outcome costs, in page-steps. */
double cost_of(const struct outcome *outcome);
/* The least that any policy without misses could pay, knowing the load beforehand. */
double optimum_of(const struct load *load);

double misses_ppm(const struct outcome *outcome);
double reserve_mb(const struct outcome *outcome);

/* The constant for `static`: calibrated on the same kind of load from another seed. */
uint32_t calibrated(enum load_kind kind, uint64_t seed);

#endif /* FNUMA_SIZING_SIM_H */
