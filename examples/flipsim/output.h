/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a run is told as: table and chart on a terminal, JSON, CSV.
 */
#ifndef FLIPSIM_OUTPUT_H
#define FLIPSIM_OUTPUT_H

#include "run.h"

#include <stdio.h>

/* What a stream can show. */
struct terminal {
	uint32_t columns;
	bool unicode;
	bool colour;
};

/* Find out about it. Not a terminal: 80 columns, no colour. */
void terminal_of(FILE *out, struct terminal *t);

/* The figures of all modes, and the paper's beside them. */
void output_table(const struct run *r, const struct terminal *t, FILE *out);

/* Remote memory over time, all modes. */
void output_chart(const struct run *r, const struct terminal *t, FILE *out);

struct json_object;

/* What output_json() writes, to be added to; output_json_write() frees it. */
struct json_object *output_json_object(const struct run *r, const char *trace);

/* False: errno says why. */
bool output_json_write(struct json_object *o, const char *path);

/* Both. False: errno says why. */
bool output_json(const struct run *r, const char *trace, const char *path);

/* False: errno says why. */
bool output_csv(const struct run *r, const char *path);

/* How fast the simulation was, two lines of `name value unit` for each mode: pages flipped or
 * copied by the time for all of it, and by the time for the I/O alone. */
void output_timing(const struct run *r, FILE *out);

/* Where one of our figures stands against the paper's. */
struct comparison {
	const struct mode *mode;
	uint32_t figure;
	double paper;
	double ours;
	const char *note; /* why they differ, or NULL if they don't by much */
};

/* The paper's values for the modes that were run. Returns how many; room for
 * SCENARIO_PAPER_MAX. */
uint32_t compare_with_paper(const struct run *r, struct comparison *out);

#endif
