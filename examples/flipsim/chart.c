/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Remote memory over time, on a terminal: in dots of braille and colours where there are
 * both, else in a letter for each mode.
 */
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 16 /* a figure at the axis every third */
#define AXIS_COLUMNS 8  /* "  25.0 |" */
#define NAMES_COLUMNS 28
#define CELLS_MAX 200

/* Of the 256-colour palette, near to those of the figures; dark and light grounds. */
static const int colours[] = {208, 245, 74, 36, 178, 32, 166, 175};

struct canvas {
	uint8_t dots[ROWS][CELLS_MAX]; /* braille */
	uint8_t mode[ROWS][CELLS_MAX]; /* index + 1 of who was there last */
	uint32_t cells;
	uint32_t across, down; /* points of a cell */
	double top, end_s;
};

/* 1, 2 or 5 times a power of ten, not below `v`. */
static double round_up(double v)
{
	double unit = pow(10, floor(log10(v)));
	static const double steps[] = {1, 2, 2.5, 3, 4, 5, 6, 8};
	uint32_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (v <= steps[i] * unit * 1.0000001)
			return steps[i] * unit;
	return 10 * unit;
}

static double share(const struct run *r, uint64_t pages)
{
	return 100 * (double)pages / (double)engine_total_pages(r->sc);
}

static double highest(const struct run *r)
{
	double top = 0.1;
	uint32_t i, k;

	for (i = 0; i < r->n_modes; i++)
		for (k = 0; k < r->results[i].n_samples; k++)
			top = fmax(top, share(r, r->results[i].samples[k].remote_pages));
	return round_up(top);
}

static void dot(struct canvas *c, uint32_t mode, uint32_t x, uint32_t y)
{
	static const uint8_t bits[4][2] = {{0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}};
	uint32_t row = ROWS - 1 - y / c->down, col = x / c->across;

	if (c->mode[row][col] != mode + 1)
		c->dots[row][col] = 0; /* one colour a cell */
	c->dots[row][col] |= c->down == 4 ? bits[y % 4][x % 2] : 1;
	c->mode[row][col] = (uint8_t)(mode + 1);
}

/* A mode's line: at each column, from the point before to this one. */
static void draw(const struct run *r, struct canvas *c, uint32_t mode)
{
	const struct result *res = &r->results[mode];
	uint32_t columns = c->cells * c->across, rows = ROWS * c->down, x, s = 0, before = 0;

	for (x = 0; x < columns; x++) {
		double t = c->end_s * x / (columns - 1), y;
		uint32_t level, from;

		while (s + 1 < res->n_samples && res->samples[s + 1].time_s <= t * 1.0000001)
			s++;
		y = share(r, res->samples[s].remote_pages) / c->top * (rows - 1);
		level = (uint32_t)(y + 0.5) < rows ? (uint32_t)(y + 0.5) : rows - 1;
		from = x ? before : level;
		before = level;
		for (; from < level; from++)
			dot(c, mode, x, from);
		for (; from > level; from--)
			dot(c, mode, x, from);
		dot(c, mode, x, level);
	}
}

static void print_cell(const struct run *r, const struct canvas *c, uint32_t row,
                       uint32_t col, FILE *out)
{
	uint8_t who = c->mode[row][col], dots = c->dots[row][col];

	if (!who)
		fputc(' ', out);
	else if (c->down == 1)
		fputc(r->modes[who - 1]->letter, out);
	else
		fprintf(out, "\033[38;5;%dm%c%c%c\033[0m", colours[(who - 1) % 8], 0xe2,
		        0xa0 | dots >> 6, 0x80 | (dots & 0x3f));
}

/* Mode number `nth` from the top, by where it ends. */
static uint32_t by_end(const struct run *r, uint32_t nth)
{
	uint32_t i, k;

	for (i = 0; i < r->n_modes; i++) {
		uint32_t above = 0;

		for (k = 0; k < r->n_modes; k++) {
			double a = r->results[k].fig[FIG_REMOTE_PCT_END];
			double b = r->results[i].fig[FIG_REMOTE_PCT_END];

			above += a > b || (a == b && k < i);
		}
		if (above == nth)
			break;
	}
	return i;
}

static void print_name(const struct run *r, const struct canvas *c, uint32_t row, FILE *out)
{
	uint32_t i;

	if (row < 1 || row > r->n_modes)
		return;
	i = by_end(r, row - 1);
	if (c->down == 1)
		fprintf(out, "  %c", r->modes[i]->letter);
	else
		fprintf(out, "  \033[38;5;%dm%s\033[0m", colours[i % 8], "\xe2\x94\x81");
	fprintf(out, " %-15s %6.2f", r->modes[i]->name, r->results[i].fig[FIG_REMOTE_PCT_END]);
}

static void print_time_axis(const struct canvas *c, FILE *out)
{
	bool minutes = c->end_s >= 600;
	char end[32];
	uint32_t i;

	snprintf(end, sizeof(end), "%g %s", minutes ? c->end_s / 60 : c->end_s,
	         minutes ? "min" : "s");
	fprintf(out, "%*s+", AXIS_COLUMNS - 1, "");
	for (i = 0; i < c->cells; i++)
		fputc('-', out);
	fprintf(out, "\n%*s0%*s\n", AXIS_COLUMNS, "", (int)c->cells - 1, end);
}

void output_chart(const struct run *r, const struct terminal *t, FILE *out)
{
	struct canvas *c = calloc(1, sizeof(*c));
	uint32_t i, row, col;

	if (!c)
		return;
	c->cells = t->columns - AXIS_COLUMNS - NAMES_COLUMNS;
	c->across = t->unicode && t->colour ? 2 : 1;
	c->down = t->unicode && t->colour ? 4 : 1;
	c->top = highest(r);
	c->end_s = r->sc->duration_s;
	for (i = r->n_modes; i > 0; i--)
		draw(r, c, i - 1);
	fprintf(out, "\nGuests' memory away from home, %% (at the end, right)\n\n");
	for (row = 0; row < ROWS; row++) {
		if (row % 3 == 0)
			fprintf(out, "%*.4g |", AXIS_COLUMNS - 2,
			        c->top * (ROWS - 1 - row) / (ROWS - 1));
		else
			fprintf(out, "%*s|", AXIS_COLUMNS - 1, "");
		for (col = 0; col < c->cells; col++)
			print_cell(r, c, row, col, out);
		print_name(r, c, row, out);
		fputc('\n', out);
	}
	print_time_axis(c, out);
	free(c);
}
