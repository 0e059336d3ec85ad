/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "plots.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

/* Okabe and Ito's palette, told apart by the colour-blind, and dashes besides. */
static const struct {
	const char *mode, *colour;
	int dash;
} styles[] = {
	{"vanilla", "#D55E00", 1},
	{"copy", "#777777", 4},
	{"pool-static", "#56B4E9", 2},
	{"pool-dynamic", "#0072B2", 1},
	{"pool-window", "#009E73", 5},
	{"migrate-period", "#CC79A7", 3},
	{"migrate-amount", "#E69F00", 1},
	{"hybrid", "#000000", 3},
};

#define STYLES (sizeof(styles) / sizeof(styles[0]))

static const struct plot plots[] = {
	{"drift", "What flipping does to a guest's memory",
	 "The guests' memory on nodes that are not their own, over time: all modes, and "
	 "enlarged the ones that cure it. Marked: the paper's 25 % after 180 minutes, and the "
	 "bound of its cures."},
	{"layout", "Memory layout (Fig. 3 a, b and Fig. 7)",
	 "Where the guests' memory is, mode by mode: at home below, away above."},
	{"io", "Cost of the I/O (Fig. 3 c)",
	 "What a page of I/O costs, against vanilla flipping. Follows from the costs that the "
	 "scenario declares; the paper says only that copying degrades Big Bench "
	 "significantly."},
	{"stream", "STREAM before and after the I/O (Fig. 4 and Fig. 8 a)",
	 "Bars: bandwidth (left). Points: remote pages among those that the second run "
	 "allocated (right); the first run has none."},
	{"linkbench", "LinkBench before and after the I/O (Fig. 8 b)",
	 "Bars: execution time (left). Points: remote pages among those that the second run "
	 "allocated (right)."},
	{"pool", "Size and use of the pools",
	 "Lines: the pools' size. Dots: pages out of them. The axis is logarithmic."},
};

const struct plot *plot_at(uint32_t index)
{
	return index < sizeof(plots) / sizeof(plots[0]) ? &plots[index] : NULL;
}

static bool any_pool(const struct run *r)
{
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		if (r->modes[i]->sizer)
			return true;
	return false;
}

bool plot_wanted(const struct run *r, uint32_t index)
{
	const char *file = plots[index].file;

	if (r->recorded)
		return strcmp(file, "drift") == 0 || strcmp(file, "layout") == 0;
	if (strcmp(file, "stream") == 0)
		return r->sc->stream.memory_mb > 0;
	if (strcmp(file, "linkbench") == 0)
		return r->sc->linkbench.memory_mb > 0;
	if (strcmp(file, "pool") == 0)
		return any_pool(r);
	return true;
}

static uint32_t style_of(const struct mode *m)
{
	uint32_t i;

	for (i = 0; i < STYLES; i++)
		if (strcmp(styles[i].mode, m->name) == 0)
			return i;
	return STYLES - 1;
}

static double unit_s(const struct run *r)
{
	return r->sc->duration_s >= 600 ? 60 : 1;
}

static const char *time_label(const struct run *r)
{
	return r->sc->duration_s >= 600 ? "time (min)" : "time (s)";
}

/* --- data ------------------------------------------------------------------------------- */

static FILE *open_in(const char *folder, const char *name, const char *suffix)
{
	char path[PATH_BYTES];
	FILE *f;

	snprintf(path, sizeof(path), "%s/data/%s%s", folder, name, suffix);
	f = fopen(path, "w");
	if (!f)
		fprintf(stderr, "flipsim: %s: %s\n", path, strerror(errno));
	return f;
}

static bool close_file(FILE *f, const char *name)
{
	bool ok = !ferror(f);

	if (fclose(f) == 0 && ok)
		return true;
	fprintf(stderr, "flipsim: %s: cannot be written\n", name);
	return false;
}

/* One file a mode: time, remote %, the most of it, pool MB, pool MB out. */
static bool write_layout(const struct run *r, uint32_t mode, const char *folder)
{
	const struct result *res = &r->results[mode];
	double total = (double)engine_total_pages(r->sc);
	FILE *f = open_in(folder, res->mode->name, ".dat");
	uint32_t k;

	if (!f)
		return false;
	fprintf(f, "# time, remote %%, most of it since the line before, pool MB, used MB\n");
	for (k = 0; k < res->n_samples; k++) {
		const struct sample *s = &res->samples[k];

		fprintf(f, "%.6g %.5f %.5f %.4f %.4f\n", s->time_s / unit_s(r),
		        100 * (double)s->remote_pages / total,
		        100 * (double)s->remote_most / total,
		        (double)s->pool_pages / PAGES_PER_MB,
		        (double)s->pool_used / PAGES_PER_MB);
	}
	return close_file(f, res->mode->name);
}

/* A line a mode: what the bars show. */
static bool write_bars(const struct run *r, const char *folder)
{
	FILE *f = open_in(folder, "bars", ".dat");
	uint32_t i;

	if (!f)
		return false;
	fprintf(f, "# mode, STREAM 1 and 2 (GB/s), remote pages, LinkBench 1 and 2 (s), "
	        "remote pages, I/O slowdown %%\n");
	for (i = 0; i < r->n_modes; i++) {
		const double *fig = r->results[i].fig;

		fprintf(f, "%s %.6g %.6g %.0f %.6g %.6g %.0f %.6g\n", r->modes[i]->name,
		        fig[FIG_STREAM_RUN1], fig[FIG_STREAM_RUN2],
		        fig[FIG_STREAM_REMOTE_ALLOCATIONS], fig[FIG_LINKBENCH_RUN1],
		        fig[FIG_LINKBENCH_RUN2], fig[FIG_LINKBENCH_REMOTE_ALLOCATIONS],
		        fig[FIG_IO_SLOWDOWN_PCT]);
	}
	return close_file(f, "bars.dat");
}

/* --- scripts ---------------------------------------------------------------------------- */

static void preamble(FILE *g, const char *folder_file, int width, int height)
{
	fprintf(g, "set terminal svg size %d,%d dynamic font 'Helvetica,14' "
	        "background '#ffffff'\n"
	        "set output '%s.svg'\n"
	        "set border 3 linewidth 1 linecolor '#444444'\n"
	        "set tics nomirror textcolor '#222222'\n"
	        "set grid ytics linecolor '#dddddd' linewidth 1 dashtype 1\n",
	        width, height, folder_file);
}

static void curve(FILE *g, const struct run *r, uint32_t i, const char *columns,
                  const char *title, bool first)
{
	uint32_t s = style_of(r->modes[i]);

	fprintf(g, "%s'data/%s.dat' using %s with lines linewidth 2.5 dashtype %d "
	        "linecolor '%s' title '%s'", first ? "plot " : ", \\\n     ",
	        r->modes[i]->name, columns, styles[s].dash, styles[s].colour, title);
}

static double bound_percent(const struct scenario *sc)
{
	return 100 * sc->pool.init_mb / sc->guest.memory_mb;
}

static const struct paper_value *paper_of(const struct run *r, const char *mode,
                                          uint32_t figure)
{
	uint32_t k;

	for (k = 0; k < r->sc->n_paper; k++)
		if (strcmp(r->sc->paper[k].mode, mode) == 0 && r->sc->paper[k].figure == figure)
			return &r->sc->paper[k];
	return NULL;
}

static double highest(const struct run *r, bool cures)
{
	double top = 0.1;
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		if (!cures || r->modes[i]->sizer || r->modes[i]->trigger)
			top = fmax(top, r->results[i].fig[FIG_REMOTE_PCT_MAX]);
	return top;
}

/* The most that was ever away in a mode with a pool. */
static double pools_most(const struct run *r)
{
	double most = 0;
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		if (r->modes[i]->sizer)
			most = fmax(most, r->results[i].fig[FIG_REMOTE_PCT_MAX]);
	return most;
}

static void drift_panel(FILE *g, const struct run *r, bool cures)
{
	const struct paper_value *p = paper_of(r, "vanilla", FIG_REMOTE_PCT_END);
	double bound = bound_percent(r->sc), top = highest(r, cures) * 1.15;
	bool first = true;
	uint32_t i;

	if (cures && bound < 100)
		top = fmax(top, bound * 1.3);
	fprintf(g, "set xlabel '%s'\nset xrange [0:%g]\nset yrange [0:%g]\n"
	        "set ylabel 'memory away from home (%%)'\nset title '%s'\n"
	        "set key top left Left reverse samplen 3 spacing 1.05\nunset arrow\nunset label\n",
	        time_label(r), r->sc->duration_s / unit_s(r), top,
	        cures ? "The cures, enlarged" : "All modes");
	if (bound > 0 && (cures || bound < top))
		fprintf(g, "set arrow 1 from graph 0, first %g to graph 1, first %g nohead "
		        "dashtype 2 linecolor '#444444'\n", bound, bound);
	if (bound > 0 && cures)
		fprintf(g, "set label 1 'bound: %g MB of a guest (%.2f %%)' at graph 0.98, first %g "
		        "right offset 0,0.6 textcolor '#444444'\nunset key\n",
		        r->sc->pool.init_mb, bound, bound);
	else if (p)
		fprintf(g, "set label 2 'paper: %g %%' at first %g, first %g right "
		        "offset -1.2,0.5 point pointtype 2 pointsize 1.2 linewidth 2 front\n",
		        p->value, r->sc->duration_s / unit_s(r), p->value);
	if (cures && any_pool(r))
		fprintf(g, "set label 3 'with a pool: %.2f %% at most' at graph 0.5, first %g center "
		        "offset 0,0.9 front boxed\n", pools_most(r), pools_most(r));
	for (i = 0; i < r->n_modes; i++) {
		if (cures && !r->modes[i]->sizer && !r->modes[i]->trigger)
			continue;
		curve(g, r, i, "1:2", r->modes[i]->name, first);
		first = false;
	}
	fputs(first ? "plot 0 notitle\n" : "\n", g);
}

static void draw_drift(FILE *g, const struct run *r)
{
	preamble(g, "drift", 1040, 440);
	fputs("set style textbox opaque noborder fillcolor '#ffffff' margins 0.6,0.3\n"
	      "set multiplot layout 1,2 margins 0.065,0.985,0.14,0.9 spacing 0.09,0\n", g);
	drift_panel(g, r, false);
	drift_panel(g, r, true);
	fputs("unset multiplot\n", g);
}

static void layout_panel(FILE *g, const struct run *r, uint32_t i)
{
	const char *name = r->modes[i]->name;
	const struct paper_value *p = paper_of(r, name, FIG_REMOTE_PCT_END);

	fprintf(g, "set title '%s'\nunset label\n"
	        "set label 1 \"%.2f %% away\\nat the end\" at graph 0.5, 0.6 center front\n",
	        name, r->results[i].fig[FIG_REMOTE_PCT_END]);
	if (p)
		fprintf(g, "set label 2 'paper: %g %%' at first %g, first %g right "
		        "offset -1.2,-0.9 point pointtype 2 pointsize 1 linewidth 2 front\n",
		        p->value, r->sc->duration_s / unit_s(r), 100 - p->value);
	fprintf(g, "plot 'data/%s.dat' using 1:(100) with filledcurves x1 linecolor '#D55E00' "
	        "title 'away', \\\n"
	        "     '' using 1:(100-$2) with filledcurves x1 linecolor '#A9D4EE' "
	        "title 'home'\nunset ylabel\nunset key\n", name);
}

/* 1, 2 or 5 times a power of ten: so far apart that three to eight labels have room. */
static double step_of(double length)
{
	double step = pow(10, floor(log10(length / 3)));

	return length / 3 >= 5 * step ? 5 * step : length / 3 >= 2 * step ? 2 * step : step;
}

static void draw_layout(FILE *g, const struct run *r)
{
	uint32_t columns = r->n_modes > 4 ? 4 : r->n_modes, i;
	uint32_t rows = (r->n_modes + columns - 1) / columns;
	double length = r->sc->duration_s / unit_s(r);

	preamble(g, "layout", 250 * (int)columns + 40, 250 * (int)rows + 50);
	fprintf(g, "set multiplot layout %u,%u\nset xrange [0:%g]\nset xtics %g\n"
	        "set yrange [0:100]\n"
	        "set style fill solid 1.0 noborder\nset xlabel '%s'\nset ylabel 'memory (%%)'\n"
	        "set key bottom left Left reverse opaque samplen 1.5 width 0.5\n",
	        rows, columns, length, step_of(length), time_label(r));
	for (i = 0; i < r->n_modes; i++)
		layout_panel(g, r, i);
	fputs("unset multiplot\n", g);
}

static void draw_io(FILE *g, const struct run *r)
{
	double top = 10;
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		top = fmax(top, r->results[i].fig[FIG_IO_SLOWDOWN_PCT] * 1.2);
	preamble(g, "io", 860, 380);
	fprintf(g, "set style fill solid 0.9 border linecolor '#444444'\nset boxwidth 0.6\nunset key\n"
	        "set yrange [0:%g]\nset ylabel 'I/O page: slower than vanilla (%%)'\n"
	        "set xtics rotate by -20\n"
	        "plot 'data/bars.dat' using 0:8:xtic(1) with boxes linecolor '#56B4E9', \\\n"
	        "     '' using 0:8:(sprintf('%%.1f', $8 < 0.05 && $8 > -0.05 ? 0 : $8)) "
	        "with labels offset 0,0.7\n", top);
}

/* Two bars a mode on the left axis, points on the right one. */
static void draw_pairs(FILE *g, const struct run *r, const char *file, const char *label,
                       uint32_t column, uint32_t run1, uint32_t allocations, bool higher)
{
	double top = 0, remote = 1;
	uint32_t i;

	for (i = 0; i < r->n_modes; i++) {
		top = fmax(top, fmax(r->results[i].fig[run1], r->results[i].fig[run1 + 1]));
		remote = fmax(remote, r->results[i].fig[allocations]);
	}
	preamble(g, file, 940, 420);
	fprintf(g, "set style data histograms\nset style histogram clustered gap 1.5\n"
	        "set style fill solid 0.95 border linecolor '#444444'\nset yrange [0:%g]\n"
	        "set ylabel '%s'\nset y2label 'remote pages allocated by run 2 (thousand)'\n"
	        "set y2range [0:%g]\nset y2tics\nset xtics rotate by -20\nset border 11\n"
	        "set key outside center top horizontal\n", top * 1.25, label, remote / 1000 * 1.25);
	fprintf(g, "plot 'data/bars.dat' using %u:xtic(1) linecolor '#A9D4EE' "
	        "title 'run 1, before the I/O', \\\n"
	        "     '' using %u linecolor '#0072B2' fillstyle pattern 4 "
	        "title 'run 2, after it', \\\n"
	        "     '' using 0:($%u/1000) axes x1y2 with points pointtype 7 pointsize 0.9 "
	        "linecolor '#D55E00' title 'remote pages (right)'", column, column + 1,
	        column + 2);
	for (i = 0; i < r->n_modes && higher; i++) {
		const struct paper_value *p = paper_of(r, r->modes[i]->name, FIG_STREAM_LOSS_PCT);
		double y = r->results[i].fig[run1];

		if (p)
			fprintf(g, ", \\\n     '+' using (%g):(%g) every ::0::0 with points "
			        "pointtype 2 pointsize 1.2 linewidth 2 linecolor '#000000' %s",
			        i + 0.2, y * (1 - p->value / 100), "notitle");
	}
	fputs(higher && r->sc->n_paper ?
	      ", \\\n     1/0 with points pointtype 2 linewidth 2 linecolor '#000000' "
	      "title 'run 2 in the paper'\n" : "\n", g);
}

static void draw_pool(FILE *g, const struct run *r)
{
	bool first = true;
	uint32_t i;

	preamble(g, "pool", 860, 420);
	fprintf(g, "set logscale y\nset xlabel '%s'\nset xrange [0:%g]\n"
	        "set ylabel 'pool (MB, all guests)'\nset key outside right top Left reverse\n"
	        "set format y '%%g'\n", time_label(r), r->sc->duration_s / unit_s(r));
	for (i = 0; i < r->n_modes; i++) {
		char title[96];

		if (!r->modes[i]->sizer)
			continue;
		snprintf(title, sizeof(title), "%s: size", r->modes[i]->name);
		curve(g, r, i, "1:($4 > 0 ? $4 : NaN)", title, first);
		fprintf(g, ", \\\n     '' using 1:($5 > 0 ? $5 : NaN) every 4 with points "
		        "pointtype %u pointsize 0.35 linecolor '%s' title 'used'",
		        (unsigned)(6 + i % 4 * 2), styles[style_of(r->modes[i])].colour);
		first = false;
	}
	fputc('\n', g);
}

static void draw(FILE *g, const struct run *r, const char *file)
{
	if (strcmp(file, "drift") == 0)
		draw_drift(g, r);
	else if (strcmp(file, "layout") == 0)
		draw_layout(g, r);
	else if (strcmp(file, "io") == 0)
		draw_io(g, r);
	else if (strcmp(file, "stream") == 0)
		draw_pairs(g, r, file, "STREAM bandwidth (GB/s)", 2, FIG_STREAM_RUN1,
		           FIG_STREAM_REMOTE_ALLOCATIONS, true);
	else if (strcmp(file, "linkbench") == 0)
		draw_pairs(g, r, file, "LinkBench execution time (s)", 5, FIG_LINKBENCH_RUN1,
		           FIG_LINKBENCH_REMOTE_ALLOCATIONS, false);
	else
		draw_pool(g, r);
}

/* In `folder`, so that paths within scripts are short and the folder can be moved. */
static bool gnuplot(const char *folder, const char *file)
{
	char script[PATH_BYTES], cd[PATH_BYTES + 8];
	char name[] = "gnuplot", option[] = "-e";
	char *argv[] = {name, option, cd, script, NULL};
	int status;
	pid_t pid;
	const char *c;
	size_t n = 4;

	memcpy(cd, "cd '", 4);
	for (c = folder; *c && n < sizeof(cd) - 4; c++) {
		if (*c == '\'')
			cd[n++] = '\''; /* doubled within quotes */
		cd[n++] = *c;
	}
	memcpy(cd + n, "'", 2);
	snprintf(script, sizeof(script), "data/%s.gp", file);
	if (posix_spawnp(&pid, name, NULL, NULL, argv, environ) == 0 &&
	    waitpid(pid, &status, 0) == pid && status == 0)
		return true;
	fprintf(stderr, "flipsim: gnuplot failed on %s/data/%s.gp\n", folder, file);
	return false;
}

bool plots_draw(const struct run *r, const char *folder)
{
	bool ok = write_bars(r, folder);
	uint32_t i;

	for (i = 0; i < r->n_modes && ok; i++)
		ok = write_layout(r, i, folder);
	for (i = 0; ok && plot_at(i); i++) {
		FILE *g;

		if (!plot_wanted(r, i))
			continue;
		g = open_in(folder, plots[i].file, ".gp");
		if (!g)
			return false;
		draw(g, r, plots[i].file);
		ok = close_file(g, plots[i].file) && gnuplot(folder, plots[i].file);
	}
	return ok;
}
