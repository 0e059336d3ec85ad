/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "speed.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct speed_options speed_options = {.prefix = ""};

/* Kernels and hypervisors keep their tables in large pages; so do all contenders here. */
#define HUGE_PAGE ((size_t)2 << 20)
#define CACHE_LINE 64u
#define MOST_CASES 32u
const char *malloc_conf = "thp:always";

void speed_die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("speed: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void *speed_alloc(size_t bytes)
{
	size_t alignment = bytes < HUGE_PAGE ? CACHE_LINE : HUGE_PAGE;
	void *memory = NULL;

	if (posix_memalign(&memory, alignment, bytes ? bytes : 1))
		speed_die("no memory: %zu bytes", bytes);
	if (alignment == HUGE_PAGE)
		madvise(memory, bytes, MADV_HUGEPAGE);
	memset(memory, 0, bytes);
	return memory;
}

void speed_use(uint64_t sum)
{
	if (!sum)
		speed_die("nothing was used");
}

/* --- time --- */

uint64_t speed_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t speed_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#else
	return speed_now_ns();
#endif
}

double speed_ticks_per_ns(void)
{
	static double rate;
	uint64_t t0, n0;

	if (rate == 0) {
		n0 = speed_now_ns();
		t0 = speed_ticks();
		while (speed_now_ns() - n0 < 20000000)
			;
		rate = (double)(speed_ticks() - t0) / (double)(speed_now_ns() - n0);
	}
	return rate;
}

/* --- rounds --- */

unsigned speed_scaled(unsigned rounds)
{
	unsigned few = rounds / 10 > 3 ? rounds / 10 : 3;

	return speed_options.quick ? few : rounds;
}

/* Whoever follows a slow one may pay for it (the scheduler has a memory), so nobody always
 * follows the same. */
static void shuffle(unsigned *order, unsigned n, uint64_t *random)
{
	unsigned i, k, other;

	for (i = n; i > 1; i--) {
		k = speed_below(random, i);
		other = order[k];
		order[k] = order[i - 1];
		order[i - 1] = other;
	}
}

void speed_rounds(struct speed_case *cases, unsigned n, unsigned rounds)
{
	unsigned order[MOST_CASES], r, i;
	uint64_t random = 88172645463325252u;

	rounds = speed_scaled(rounds);
	for (i = 0; i < n; i++) {
		struct speed_case *c = &cases[i];

		c->samples = speed_alloc((rounds + 1) * sizeof(double));
		c->samples[0] = rounds;
		c->slice(c->context); /* warm up */
		order[i] = i;
	}
	for (r = 0; r < rounds; r++) {
		shuffle(order, n, &random);
		for (i = 0; i < n; i++) {
			struct speed_case *c = &cases[order[i]];

			c->samples[r + 1] = c->slice(c->context) / c->per;
		}
	}
}

void speed_free(struct speed_case *cases, unsigned n)
{
	while (n--) {
		free(cases[n].samples);
		cases[n].samples = NULL;
	}
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that so many of a hundred are below. `v` is sorted. */
static double percentile(const double *v, unsigned n, unsigned percent)
{
	double at = (double)(n - 1) * percent / 100;
	unsigned low = (unsigned)at;

	return low + 1 < n ? v[low] + (at - low) * (v[low + 1] - v[low]) : v[low];
}

static unsigned sorted(const struct speed_case *c, const struct speed_case *by, double **out)
{
	unsigned n = (unsigned)c->samples[0], i;

	*out = speed_alloc(n * sizeof(double));
	for (i = 0; i < n; i++)
		(*out)[i] = c->samples[i + 1] / (by ? by->samples[i + 1] : 1);
	qsort(*out, n, sizeof(double), ascending);
	return n;
}

double speed_median(const struct speed_case *c)
{
	double *v, median;
	unsigned n = sorted(c, NULL, &v);

	median = percentile(v, n, 50);
	free(v);
	return median;
}

const struct speed_case *speed_best(const struct speed_case *cases, unsigned n)
{
	const struct speed_case *best = cases;
	unsigned i;

	for (i = 1; i < n; i++)
		if (speed_median(&cases[i]) < speed_median(best))
			best = &cases[i];
	return best;
}

/* --- telling --- */

static FILE *json;

static void tell(const char *name, const char *suffix, double value, const char *unit)
{
	printf("%s%s%s %.4g %s\n", speed_options.prefix, name, suffix, value, unit);
	fflush(stdout);
	if (!speed_options.json)
		return;
	if (!json) {
		json = fopen(speed_options.json, "w");
		if (!json)
			speed_die("cannot write %s", speed_options.json);
	}
	fprintf(json, "%s\"%s%s%s\": %.6g", ftell(json) ? ",\n " : "{", speed_options.prefix,
	        name, suffix, value);
}

void speed_end(void)
{
	if (json && (fputs("}\n", json) < 0 || fclose(json)))
		speed_die("cannot write %s", speed_options.json);
}

static void tell_spread(const char *name, double *v, unsigned n, const char *unit)
{
	tell(name, "", percentile(v, n, 50), unit);
	tell(name, "_q25", percentile(v, n, 25), unit);
	tell(name, "_q75", percentile(v, n, 75), unit);
	free(v);
}

#define NAME_FROM(format) \
	char name[128]; \
	va_list args; \
	va_start(args, format); \
	vsnprintf(name, sizeof(name), format, args); \
	va_end(args)

void speed_tell(const char *unit, double value, const char *format, ...)
{
	NAME_FROM(format);
	tell(name, "", value, unit);
}

void speed_tell_case(const struct speed_case *c, const char *unit, const char *format, ...)
{
	double *v;
	unsigned n;

	NAME_FROM(format);
	n = sorted(c, NULL, &v);
	tell_spread(name, v, n, unit);
}

void speed_tell_ratio(const struct speed_case *ours, const struct speed_case *peer,
                      const char *format, ...)
{
	double *v;
	unsigned n;

	NAME_FROM(format);
	n = sorted(ours, peer, &v);
	tell_spread(name, v, n, "ratio");
}

void speed_grow(const char *chart, double x, const char *series, double value)
{
	printf("%s %s %.6g %.4g\n", chart, series, x, value);
	fflush(stdout);
}

/* --- two CPUs --- */

void (*speed_thread_hook)(void);

/* The other CPU's thread sleeps between jobs, so that it disturbs nobody. */
static struct {
	pthread_t thread;
	bool started;
	sem_t wake;
	uint32_t awake; /* it has begun, and waits for `go` */
	uint32_t go;
	uint32_t done;
	uint32_t stop;
	double (*run)(void *);
	void (*loop)(void *);
	void *context;
} other;

static int cpu_numbers[2] = {-1, -1};

unsigned speed_cpus(void)
{
	cpu_set_t set;
	int i, n = 0;

	if (cpu_numbers[0] >= 0)
		return cpu_numbers[1] >= 0 ? 2 : 1;
	if (sched_getaffinity(0, sizeof(set), &set))
		speed_die("cannot ask which CPUs there are");
	for (i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			cpu_numbers[n++] = i;
	return n == 2 ? 2 : 1;
}

int speed_cpu(unsigned which)
{
	speed_cpus();
	return cpu_numbers[which];
}

void speed_pin(unsigned which)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(speed_cpu(which), &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		speed_die("cannot pin a thread to CPU %d", speed_cpu(which));
}

static void set(uint32_t *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

/* Wait for a flag, and take it down. */
static void await(uint32_t *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		;
	__atomic_store_n(flag, 0, __ATOMIC_RELAXED);
}

static void *work(void *unused)
{
	(void)unused;
	speed_pin(1);
	if (speed_thread_hook)
		speed_thread_hook();
	for (;;) {
		sem_wait(&other.wake);
		set(&other.awake);
		await(&other.go);
		if (other.run)
			other.run(other.context);
		while (other.loop && !__atomic_load_n(&other.stop, __ATOMIC_RELAXED))
			other.loop(other.context);
		set(&other.done);
	}
	return NULL;
}

static void start(double (*run)(void *), void (*loop)(void *), void *context)
{
	other.run = run;
	other.loop = loop;
	other.context = context;
	other.stop = 0;
	if (!other.started) {
		sem_init(&other.wake, 0, 0);
		if (pthread_create(&other.thread, NULL, work, NULL))
			speed_die("cannot start a thread");
		other.started = true;
	}
	sem_post(&other.wake);
	await(&other.awake);
}

double speed_both(double (*run)(void *), void *a, void *b)
{
	uint64_t begin;

	start(run, NULL, b);
	begin = speed_now_ns();
	set(&other.go);
	run(a);
	await(&other.done);
	return (double)(speed_now_ns() - begin);
}

void speed_background(void (*run)(void *), void *context)
{
	start(NULL, run, context);
	set(&other.go);
}

void speed_background_stop(void)
{
	__atomic_store_n(&other.stop, 1, __ATOMIC_RELAXED);
	await(&other.done);
}
