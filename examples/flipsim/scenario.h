/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A scenario: what is simulated, as an INI file says it.
 *
 * Every key has a unit, a range and a default (`flipsim --list-keys` prints them); a
 * file names only what it changes. All that is wrong with a file is reported, each with
 * its line, and not only the first.
 */
#ifndef FLIPSIM_SCENARIO_H
#define FLIPSIM_SCENARIO_H

#include "ini_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SCENARIO_NAME_BYTES 64
#define SCENARIO_TITLE_BYTES 160
#define SCENARIO_APPS_MAX 16
#define SCENARIO_PAPER_MAX 64
#define SCENARIO_NODES_MAX 8

/* Pages of a MB; the paper's MB and GB are powers of two (500 MB are 128,000 pages). */
#define PAGES_PER_MB 256u

enum load_pattern { LOAD_STEADY, LOAD_REGULAR, LOAD_RANDOM };

/* What arrives at the guests, and how long it stays. [io], and each [app NAME]. */
struct load_config {
	char name[SCENARIO_NAME_BYTES];
	double rate_mbps;     /* while on */
	double idle_mbps;     /* while off */
	double pattern;       /* enum load_pattern */
	double on_ms;         /* how long it is on, or the mean of that */
	double off_ms;
	double tx_percent;    /* of the pages, sent by the guest */
	double short_percent; /* of the received pages, used up soon */
	double short_ms;      /* mean time until then */
	double long_ms;       /* mean time of the others */
};

/* A value of the paper, to stand beside ours. [paper] */
struct paper_value {
	const char *mode; /* a name of modes.h */
	uint32_t figure;  /* an index of figures.h */
	double value;
};

/* Numbers are doubles, in the unit of their key, whole where the key says so. */
struct scenario {
	char path[512];
	char name[SCENARIO_NAME_BYTES];
	char title[SCENARIO_TITLE_BYTES];
	double duration_s, tick_ms, sample_s, seed;

	struct {
		double nodes, node_gb, remote_access_percent;
	} host;
	struct {
		double count, memory_mb, kernel_mb, app_mb, ring_pages;
		struct node_list nodes; /* one for each virtual node */
	} guest;
	struct {
		double node, memory_mb, kernel_mb, app_mb, ring_pages;
	} privvm;
	struct load_config io;
	double burst_pages;
	struct {
		double churn_pages_per_s, remote_pct;
	} fit;
	struct {
		double stack_ns, call_ns, flip_ns, copy_ns, pool_ns;
		double move_ns, free_ns, query_ns, alloc_ns;
	} cost;
	struct {
		double memory_mb, bandwidth_gbps;
	} stream;
	struct {
		double memory_mb, time_s, memory_percent;
	} linkbench;
	struct {
		double init_mb, max_mb, floor_pages, margin_percent, calibrate_s;
		double window_s, latency_ms, resize_pages_per_s, magazine_pages, checked;
	} pool;
	struct {
		double period_s, amount_mb, lead_mb, break_even_s, cooldown_s;
		double budget_pages_per_s, budget_mb_per_s, budget_cpu_percent;
	} migrate;
	struct load_config app[SCENARIO_APPS_MAX];
	uint32_t n_apps;
	struct paper_value paper[SCENARIO_PAPER_MAX];
	uint32_t n_paper;
};

/* Where complaints go: `text` is `file:line: key: reason`, without a newline. */
struct scenario_sink {
	void (*complain)(void *cookie, const char *text);
	void *cookie;
};

/* The defaults: an empty file. */
void scenario_defaults(struct scenario *sc);

/* Read a file. Returns how many complaints there were; `sc` is usable if none. */
uint32_t scenario_load(struct scenario *sc, const char *path,
                       const struct scenario_sink *sink);

/* Read from a string, under a name for the messages. As scenario_load(). */
uint32_t scenario_parse(struct scenario *sc, const char *text, const char *name,
                        const struct scenario_sink *sink);

/* Print all keys as a table for the documentation. */
void scenario_list_keys(FILE *out);

/* Pages of so many MB. */
static inline uint32_t pages_of_mb(double mb)
{
	return (uint32_t)(mb * PAGES_PER_MB + 0.5);
}

/* Pages of one guest. */
static inline uint32_t scenario_guest_pages(const struct scenario *sc)
{
	return pages_of_mb(sc->guest.memory_mb);
}

/* Pages a second of so many Mb/s. */
static inline double pages_of_mbps(double mbps)
{
	return mbps * 1e6 / 8 / 4096;
}

#endif
