/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The table of all modes, and the list against the paper, as wide as the terminal. */
#include "output.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CELL_BYTES 32

struct column {
	const char *head[2];
	uint32_t figure;
	double scale; /* what is shown is the figure times this */
	int decimals;
};

static const struct column columns[] = {
	{{"remote", "end %"}, FIG_REMOTE_PCT_END, 1, 2},
	{{"remote", "max %"}, FIG_REMOTE_PCT_MAX, 1, 2},
	{{"STREAM", "loss %"}, FIG_STREAM_LOSS_PCT, 1, 2},
	{{"remote", "allocs"}, FIG_STREAM_REMOTE_ALLOCATIONS, 1, 0},
	{{"LinkBench", "loss %"}, FIG_LINKBENCH_LOSS_PCT, 1, 2},
	{{"I/O", "slower %"}, FIG_IO_SLOWDOWN_PCT, 1, 1},
	{{"flips", "million"}, FIG_FLIPS, 1e-6, 1},
	{{"flip", "misses"}, FIG_FLIP_MISSES, 1, 0},
	{{"migrated", "pages"}, FIG_PAGES_MIGRATED, 1, 0},
	{{"pool", "mean MB"}, FIG_POOL_MB_MEAN, 1, 1},
	{{"privVM", "CPU s"}, FIG_PRIVVM_CPU_S, 1, 1},
	{{"wall", "s"}, FIG_WALL_S, 1, 1},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

void terminal_of(FILE *out, struct terminal *t)
{
	const char *env = getenv("COLUMNS"), *term = getenv("TERM"), *plain = getenv("NO_COLOR");
	struct winsize size;
	bool tty = isatty(fileno(out)) == 1;

	t->columns = 80;
	if (env && atoi(env) > 0)
		t->columns = (uint32_t)atoi(env);
	else if (tty && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		t->columns = size.ws_col;
	if (t->columns < 60)
		t->columns = 60;
	if (t->columns > 200)
		t->columns = 200;
	t->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	t->colour = tty && !(plain && *plain) && term && strcmp(term, "dumb") != 0;
}

static void cell(char *to, const struct column *c, const struct result *res)
{
	double v = res->fig[c->figure] * c->scale;

	if (isnan(v)) { /* not measured */
		snprintf(to, CELL_BYTES, "-");
		return;
	}
	if (v < 0 && v > -0.005)
		v = 0;
	snprintf(to, CELL_BYTES, "%.*f", c->decimals, v + 0.0); /* no "-0.00" */
}

static int width_of(const struct run *r, const struct column *c)
{
	size_t width = strlen(c->head[0]);
	char text[CELL_BYTES];
	uint32_t i;

	if (strlen(c->head[1]) > width)
		width = strlen(c->head[1]);
	for (i = 0; i < r->n_modes; i++) {
		cell(text, c, &r->results[i]);
		if (strlen(text) > width)
			width = strlen(text);
	}
	return (int)width;
}

static int name_width(const struct run *r)
{
	size_t width = strlen("mode");
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		if (strlen(r->modes[i]->name) > width)
			width = strlen(r->modes[i]->name);
	return (int)width;
}

/* Columns from `first` on, as many as fit. Returns the first that did not. */
static uint32_t block(const struct run *r, uint32_t first, uint32_t room, FILE *out)
{
	uint32_t last = first, i, k, line;
	int names = name_width(r), used = names, widths[COLUMNS];
	char text[CELL_BYTES];

	for (; last < COLUMNS; last++) {
		widths[last] = width_of(r, &columns[last]);
		if (last > first && used + 2 + widths[last] > (int)room)
			break;
		used += 2 + widths[last];
	}
	for (line = 0; line < 2; line++) {
		fprintf(out, "%-*s", names, line ? "mode" : "");
		for (k = first; k < last; k++)
			fprintf(out, "  %*s", widths[k], columns[k].head[line]);
		fputc('\n', out);
	}
	for (i = 0; i < (uint32_t)used; i++)
		fputc('-', out);
	fputc('\n', out);
	for (i = 0; i < r->n_modes; i++) {
		fprintf(out, "%-*s", names, r->modes[i]->name);
		for (k = first; k < last; k++) {
			cell(text, &columns[k], &r->results[i]);
			fprintf(out, "  %*s", widths[k], text);
		}
		fputc('\n', out);
	}
	return last;
}

/* Words of `text`, folded at the margin, each line behind `indent` spaces. */
static void fold(const char *text, uint32_t indent, uint32_t room, FILE *out)
{
	uint32_t used = 0;

	while (*text) {
		uint32_t word = (uint32_t)strcspn(text, " ");

		if (used && used + 1 + word > room) {
			fputc('\n', out);
			used = 0;
		}
		fprintf(out, "%*s%.*s", (int)(used ? 1 : indent), "", (int)word, text);
		used += (used ? 1 : indent) + word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void against_paper(const struct run *r, const struct terminal *t, FILE *out)
{
	struct comparison c[SCENARIO_PAPER_MAX];
	uint32_t n = compare_with_paper(r, c), i, k, notes = 0;
	const char *seen[SCENARIO_PAPER_MAX];

	if (!n)
		return;
	fprintf(out, "\nAgainst the paper:\n\n%-15s  %-27s  %10s  %10s\n", "mode", "figure",
	        "paper", "ours");
	for (i = 0; i < n; i++) {
		const struct figure_info *f = figure_info(c[i].figure);

		fprintf(out, "%-15s  %-27s  %10.*f  %10.*f", c[i].mode->name, f->name,
		        c[i].paper == (int)c[i].paper ? 0 : f->decimals, c[i].paper, f->decimals,
		        c[i].ours + 0.0);
		for (k = 0; c[i].note && k < notes && seen[k] != c[i].note; k++)
			;
		if (c[i].note) {
			if (k == notes)
				seen[notes++] = c[i].note;
			fprintf(out, "  [%u]", k + 1);
		}
		fputc('\n', out);
	}
	for (k = 0; k < notes; k++) {
		fprintf(out, "\n[%u]\n", k + 1);
		fold(seen[k], 4, t->columns, out);
	}
}

void output_table(const struct run *r, const struct terminal *t, FILE *out)
{
	uint32_t next = 0;

	while (next < COLUMNS) {
		next = block(r, next, t->columns, out);
		if (next < COLUMNS)
			fputc('\n', out);
	}
	against_paper(r, t, out);
}
