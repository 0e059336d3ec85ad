/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * How everything here is measured. A *case* is one way to do one job: ours, or a peer's.
 * Cases of one job run in turns, a slice each, round after round; a ratio is taken within
 * each round, so that what the machine does meanwhile happens to both sides. What is told
 * is the median over the rounds, and the quartiles.
 */
#ifndef SPEED_H
#define SPEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- the run --- */

struct speed_options {
	bool quick;
	bool growth;      /* how the cost grows, instead of the figures */
	const char *json; /* file, or NULL */
	const char *only; /* a group, or NULL */
	const char *prefix; /* of every name */
	const char *sim;  /* flipsim and its scenario, or NULL */
	const char *scenario;
};
extern struct speed_options speed_options;

/* Stop, with a reason: a contender that is wrong has no speed. */
void speed_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *speed_alloc(size_t bytes);

/* Somewhere for sums to go, so that nothing is optimised away; stops the run if one is 0. */
void speed_use(uint64_t sum);

/* --- time --- */

uint64_t speed_now_ns(void);
/* A counter that costs next to nothing to read, for single calls; and its ticks a ns. */
uint64_t speed_ticks(void);
double speed_ticks_per_ns(void);

/* --- numbers that no compiler can foresee --- */

static inline uint64_t speed_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x;
}

/* Below `n`, without a division. */
static inline uint32_t speed_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((speed_random(state) >> 32) * n >> 32);
}

/* --- cases --- */

/* A slice of work. Returns how long it took, by a clock of its own if it must prepare. */
typedef double (*speed_slice)(void *context);

struct speed_case {
	const char *name;
	speed_slice slice;
	void *context;
	double per; /* divides the time: handles, updates, ticks in a slice */
	double *samples; /* one for each round; speed_rounds() allocates */
};

/* Run all cases, in turns, and keep what each round took. */
void speed_rounds(struct speed_case *cases, unsigned n, unsigned rounds);
void speed_free(struct speed_case *cases, unsigned n);
/* As many rounds as asked for, or a tenth if it must be quick. */
unsigned speed_scaled(unsigned rounds);

/* --- what is told --- */

/* NAME VALUE UNIT, and NAME_q25 and NAME_q75. */
void speed_tell(const char *unit, double value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The median of what a case took. */
void speed_tell_case(const struct speed_case *c, const char *unit, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The median of the rounds' ratios. */
void speed_tell_ratio(const struct speed_case *ours, const struct speed_case *peer,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));
double speed_median(const struct speed_case *c);
/* Of the peers of a job, the fastest. */
const struct speed_case *speed_best(const struct speed_case *cases, unsigned n);
/* The end of the file of figures. */
void speed_end(void);
/* A row of growth: CHART SERIES X VALUE. */
void speed_grow(const char *chart, double x, const char *series, double value);

/* --- two CPUs --- */

/* How many this process may use, at most 2; and pin the caller to one of them. */
unsigned speed_cpus(void);
int speed_cpu(unsigned which);
void speed_pin(unsigned which);
/* Run both at once, `a` here and `b` on the other CPU. Returns the time until both ended. */
double speed_both(double (*run)(void *), void *a, void *b);
/* Have `run` called on the other CPU again and again, until speed_background_stop(). */
void speed_background(void (*run)(void *), void *context);
void speed_background_stop(void);
/* Called on the other CPU's thread when it starts. */
extern void (*speed_thread_hook)(void);

/* --- the groups --- */

void speed_pool(void);
void speed_pool_threads(void);
void speed_disturbed(void);
void speed_tracker(void);
void speed_trigger(void);
void speed_flip(void);
void speed_host(void);
void speed_sim(void);

void speed_grow_pool(void);
void speed_grow_tracker(void);
void speed_grow_trigger(void);

#endif
