/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Who must be asked, tick by tick: members whose periods lie between 1 and 60 s, a tick each
 * 10 ms. Time is simulated, but for rte_timer, which reads the CPU's clock: its time is
 * real, but 100 times faster (10 times with many members), and only the calls count.
 */
#include "speed.h"
#include "pool_dpdk.h"
#include <flipnuma/agenda.h>
#include <rte_timer.h>
#include <stdlib.h>

#define TICK_NS  10000000u
/* In a slice: time enough for most members to come up, so that it meets caches that it
 * filled itself. */
#define TICKS    2000u
#define FEW_TICKS 100u /* of those who take long, each tick like the others */
#define MEMBERS  100000u
#define FASTER_UP_TO 10000u
#define AT_ONCE  64u

static uint64_t period_of(uint64_t *random)
{
	return 1000000000u + (uint64_t)speed_below(random, 1000000) * 59000u;
}

static uint64_t *periods_new(uint32_t n)
{
	uint64_t *periods = speed_alloc(n * sizeof(*periods)), random = 88172645463325252u;
	uint32_t i;

	for (i = 0; i < n; i++)
		periods[i] = period_of(&random);
	return periods;
}

/* --- the agenda --- */

struct agenda {
	struct fnuma_agenda *a;
	const uint64_t *periods;
	uint64_t now_ns;
	uint64_t fired;
};

static struct agenda *agenda_new(const uint64_t *periods, uint32_t n)
{
	struct agenda *g = speed_alloc(sizeof(*g));
	size_t bytes = fnuma_agenda_bytes(n);
	uint32_t i;

	g->periods = periods;
	if (fnuma_agenda_init(speed_alloc(bytes), bytes, n, &g->a))
		speed_die("cannot make an agenda");
	/* As if they had begun at any time. */
	for (i = 0; i < n; i++)
		fnuma_agenda_set(g->a, i, periods[i] * (i % 97) / 97);
	return g;
}

static double agenda_ticks(void *context)
{
	struct agenda *g = context;
	uint32_t due[AT_ONCE], tick, n, i;
	uint64_t begin = speed_now_ns();

	for (tick = 0; tick < TICKS; tick++) {
		g->now_ns += TICK_NS;
		do {
			n = fnuma_agenda_pop(g->a, g->now_ns, due, AT_ONCE);
			for (i = 0; i < n; i++)
				fnuma_agenda_set(g->a, due[i], g->now_ns + g->periods[due[i]]);
			g->fired += n;
		} while (n == AT_ONCE);
	}
	return (double)(speed_now_ns() - begin);
}

/* --- what no agenda can undercut ---
 *
 * A wheel of bare lists. Nothing can be moved or dropped, a deadline is a whole tick less
 * than 82 s away, it is forgotten what it was, and time never leaps. */

#define BARE_SLOTS 8192u

struct bare {
	uint32_t tick, end;
	uint64_t fired;
	uint32_t lists[BARE_SLOTS];
	uint32_t *next;
	uint32_t *periods; /* ticks */
};

static void bare_file(struct bare *b, uint32_t member, uint32_t tick)
{
	b->next[member] = b->lists[tick % BARE_SLOTS];
	b->lists[tick % BARE_SLOTS] = member;
}

static struct bare *bare_new(const uint64_t *periods, uint32_t n)
{
	struct bare *b = speed_alloc(sizeof(*b));
	uint32_t i;

	b->next = speed_alloc(n * sizeof(*b->next));
	b->periods = speed_alloc(n * sizeof(*b->periods));
	b->end = n;
	for (i = 0; i < BARE_SLOTS; i++)
		b->lists[i] = n;
	for (i = 0; i < n; i++) {
		b->periods[i] = (uint32_t)(periods[i] / TICK_NS);
		bare_file(b, i, 1 + (uint32_t)((uint64_t)b->periods[i] * (i % 97) / 97));
	}
	return b;
}

static void bare_free(struct bare *b)
{
	free(b->next);
	free(b->periods);
	free(b);
}

static double bare_ticks(void *context)
{
	struct bare *b = context;
	uint64_t begin = speed_now_ns();
	uint32_t i, member, next;

	for (i = 0; i < TICKS; i++) {
		member = b->lists[++b->tick % BARE_SLOTS];
		b->lists[b->tick % BARE_SLOTS] = b->end;
		for (; member != b->end; member = next) {
			next = b->next[member];
			bare_file(b, member, b->tick + b->periods[member]);
			b->fired++;
		}
	}
	return (double)(speed_now_ns() - begin);
}

/* --- a binary heap --- */

struct heap {
	const uint64_t *periods;
	uint64_t now_ns;
	uint64_t fired;
	uint32_t n;
	struct {
		uint64_t when_ns;
		uint32_t member;
	} at[]; /* from 1 on */
};

/* Give the top another time, and let it sink to its place. */
static void heap_replace_top(struct heap *h, uint64_t when_ns, uint32_t member)
{
	uint32_t hole = 1, child;

	for (; (child = 2 * hole) <= h->n; hole = child) {
		if (child < h->n && h->at[child + 1].when_ns < h->at[child].when_ns)
			child++;
		if (h->at[child].when_ns >= when_ns)
			break;
		h->at[hole] = h->at[child];
	}
	h->at[hole].when_ns = when_ns;
	h->at[hole].member = member;
}

static void heap_add(struct heap *h, uint64_t when_ns, uint32_t member)
{
	uint32_t hole = ++h->n;

	for (; hole > 1 && h->at[hole / 2].when_ns > when_ns; hole /= 2)
		h->at[hole] = h->at[hole / 2];
	h->at[hole].when_ns = when_ns;
	h->at[hole].member = member;
}

static struct heap *heap_new(const uint64_t *periods, uint32_t n)
{
	struct heap *h = speed_alloc(sizeof(*h) + (n + 1) * sizeof(h->at[0]));
	uint32_t i;

	h->periods = periods;
	for (i = 0; i < n; i++)
		heap_add(h, periods[i] * (i % 97) / 97, i);
	return h;
}

static double heap_ticks(void *context)
{
	struct heap *h = context;
	uint64_t begin = speed_now_ns();
	uint32_t tick;

	for (tick = 0; tick < TICKS; tick++) {
		h->now_ns += TICK_NS;
		while (h->at[1].when_ns <= h->now_ns) {
			uint32_t member = h->at[1].member;

			heap_replace_top(h, h->now_ns + h->periods[member], member);
			h->fired++;
		}
	}
	return (double)(speed_now_ns() - begin);
}

/* --- a scan of everybody --- */

struct scan {
	const uint64_t *periods;
	uint64_t now_ns;
	uint64_t fired;
	uint32_t n;
	struct {
		uint64_t when_ns;
		uint64_t other_fields[7]; /* what else a domain has on its cache line */
	} at[];
};

static struct scan *scan_new(const uint64_t *periods, uint32_t n)
{
	struct scan *s = speed_alloc(sizeof(*s) + n * sizeof(s->at[0]));
	uint32_t i;

	s->periods = periods;
	s->n = n;
	for (i = 0; i < n; i++)
		s->at[i].when_ns = periods[i] * (i % 97) / 97;
	return s;
}

static double scan_ticks(void *context)
{
	struct scan *s = context;
	uint64_t begin = speed_now_ns();
	uint32_t tick, i;

	for (tick = 0; tick < FEW_TICKS; tick++) {
		s->now_ns += TICK_NS;
		for (i = 0; i < s->n; i++) {
			if (s->at[i].when_ns > s->now_ns)
				continue;
			s->at[i].when_ns = s->now_ns + s->periods[i];
			s->fired++;
		}
	}
	return (double)(speed_now_ns() - begin);
}

/* --- DPDK's timers --- */

struct timers {
	struct rte_timer *timers;
	uint32_t n;
	uint64_t tick; /* cycles of the CPU's clock */
	uint64_t fired;
};

static void fire(struct rte_timer *timer, void *context)
{
	(void)timer;
	((struct timers *)context)->fired++;
}

static struct timers *timers_new(const uint64_t *periods, uint32_t n)
{
	/* With more members, a faster clock is more than it can follow. */
	double cycles_per_ns = (double)rte_get_timer_hz() / 1e9 / (n <= FASTER_UP_TO ? 100 : 10);
	struct timers *t = speed_alloc(sizeof(*t));
	static bool started;
	uint32_t i;

	if (!started && rte_timer_subsystem_init())
		speed_die("DPDK's timers do not start");
	started = true;
	t->timers = speed_alloc(n * sizeof(*t->timers));
	t->n = n;
	t->tick = (uint64_t)(TICK_NS * cycles_per_ns);
	for (i = 0; i < n; i++) {
		uint64_t cycles = (uint64_t)((double)periods[i] * cycles_per_ns);

		rte_timer_init(&t->timers[i]);
		if (rte_timer_reset(&t->timers[i], cycles, PERIODICAL, rte_lcore_id(), fire, t))
			speed_die("DPDK does not set a timer");
	}
	return t;
}

static void timers_free(struct timers *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		rte_timer_stop_sync(&t->timers[i]);
	free(t->timers);
	free(t);
}

static double timers_ticks(void *context)
{
	const struct timers *t = context;
	uint64_t spent = 0, next, begin;
	uint32_t i;

	rte_timer_manage(); /* what fell due while others were measured */
	next = rte_get_timer_cycles();
	for (i = 0; i < FEW_TICKS; i++) {
		next += t->tick;
		while (rte_get_timer_cycles() < next)
			;
		begin = speed_ticks();
		rte_timer_manage();
		spent += speed_ticks() - begin;
	}
	return (double)spent / speed_ticks_per_ns();
}

/* --- the figures --- */

enum { OURS, LIMIT, HEAP, SCAN, TIMERS, N };

/* Everybody was asked as often as everybody else's clock says. */
static void check(const char *who, uint64_t fired, uint64_t now_ns, const struct heap *h)
{
	double a_second = (double)fired / (double)now_ns * 1e9;
	double heaps = (double)h->fired / (double)h->now_ns * 1e9;

	if (a_second < 0.98 * heaps || a_second > 1.02 * heaps)
		speed_die("%s fires %g a second, a heap %g", who, a_second, heaps);
}

static void measure(struct speed_case *cases, uint32_t n, unsigned rounds)
{
	uint64_t *periods = periods_new(n);
	struct agenda *a = agenda_new(periods, n);
	struct bare *b = bare_new(periods, n);
	struct heap *h = heap_new(periods, n);
	struct scan *s = scan_new(periods, n);
	struct timers *t;

	dpdk_start();
	t = timers_new(periods, n);
	cases[OURS] = (struct speed_case){"ours", agenda_ticks, a, TICKS, NULL};
	cases[LIMIT] = (struct speed_case){"limit", bare_ticks, b, TICKS, NULL};
	cases[HEAP] = (struct speed_case){"heap", heap_ticks, h, TICKS, NULL};
	cases[SCAN] = (struct speed_case){"scan", scan_ticks, s, FEW_TICKS, NULL};
	cases[TIMERS] = (struct speed_case){"rte_timer", timers_ticks, t, FEW_TICKS, NULL};
	speed_rounds(cases, N, rounds);
	check("the agenda", a->fired, a->now_ns, h);
	check("the bare wheel", b->fired, (uint64_t)b->tick * TICK_NS, h);
	timers_free(t);
	bare_free(b);
	free(a->a);
	free(a);
	free(h);
	free(s);
	free(periods);
}

static void tell(const char *size, uint32_t n)
{
	struct speed_case cases[N];
	unsigned i;

	measure(cases, n, 60);
	speed_tell_case(&cases[OURS], "ns", "trigger_tick_%s_ns", size);
	for (i = 1; i < N; i++)
		speed_tell_case(&cases[i], "ns", "trigger_tick_%s_%s_ns", size, cases[i].name);
	speed_tell_ratio(&cases[OURS], speed_best(cases + HEAP, N - HEAP),
	                 "trigger_tick_%s_vs_best", size);
	speed_free(cases, N);
}

void speed_trigger(void)
{
	tell("1k", 1000);
	tell("10k", 10000);
	tell("100k", MEMBERS);
	speed_tell("bytes", (double)fnuma_agenda_bytes(MEMBERS) / MEMBERS,
	           "agenda_bytes_per_domain");
}

void speed_grow_trigger(void)
{
	static const uint32_t sizes[] = {10, 100, 1000, 10000, MEMBERS};
	struct speed_case cases[N];
	unsigned i, k;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		measure(cases, sizes[i], 30);
		for (k = 0; k < N; k++)
			speed_grow("trigger_domains", sizes[i], cases[k].name,
			           speed_median(&cases[k]));
		speed_free(cases, N);
	}
}
