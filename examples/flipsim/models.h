/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Models of the benchmarks: from where pages are to how fast a program runs.
 *
 * One number comes from the machine: what a remote access costs, in percent of a local
 * one (the paper's 25 % remote and 13 % of bandwidth lost give 160).
 */
#ifndef FLIPSIM_MODELS_H
#define FLIPSIM_MODELS_H

/* STREAM's bandwidth with a share `remote` (0 to 1) of its pages remote. */
double stream_gbps(double local_gbps, double remote, double access_percent);

/* LinkBench's execution time, of which `memory_percent` waits for memory. */
double linkbench_s(double local_s, double memory_percent, double remote,
                   double access_percent);

/* What was done for the pages of an I/O. */
struct io_work {
	double pages;    /* sent and received */
	double flips_ns; /* spent on flipping them */
	double copies_ns; /* spent on copying them */
	double pool_pages; /* of them, pages that went through a pool */
	double bursts;
};

/* What an I/O page cost, all in all. */
double io_page_ns(const struct io_work *work, double stack_ns, double pool_ns);

/* What it would have cost in the same bursts with flips only, as vanilla does it. */
double io_vanilla_ns(const struct io_work *work, double stack_ns, double flip_ns,
                     double call_ns);

/* How much more `now` is than `before`, or less, in percent. 0 if there was nothing. */
double percent_more(double before, double now);

#endif
