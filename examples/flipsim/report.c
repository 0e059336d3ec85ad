/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "report.h"

#include "output.h"
#include "plots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_folder(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	fprintf(stderr, "flipsim: %s: %s\n", path, strerror(errno));
	return false;
}

static bool gnuplot_exists(void)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t length = strcspn(path, ":");
		char program[PATH_BYTES];

		snprintf(program, sizeof(program), "%.*s/gnuplot", (int)length, path);
		if (access(program, X_OK) == 0)
			return true;
		path += length + (path[length] == ':');
	}
	return false;
}

bool report_possible(const char *folder)
{
	char path[PATH_BYTES];

	if (!gnuplot_exists()) {
		fprintf(stderr, "flipsim: --report needs gnuplot, which is not installed "
		        "(Debian: gnuplot-nox)\n");
		return false;
	}
	if (strlen(folder) > PATH_BYTES / 4) {
		fprintf(stderr, "flipsim: --report: the path is too long\n");
		return false;
	}
	snprintf(path, sizeof(path), "%s/data", folder);
	return make_folder(folder) && make_folder(path);
}

static void escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
	}
}

static const char head[] =
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<style>\n"
	"body { max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #222;\n"
	"  font: 16px/1.5 Helvetica, Arial, sans-serif }\n"
	"h1 { font-size: 1.7rem } h2 { font-size: 1.25rem; margin-top: 2.5rem }\n"
	"img { width: 100%; height: auto } figure { margin: 1rem 0 }\n"
	"figcaption, .small { color: #555; font-size: 0.9rem }\n"
	".wide { overflow-x: auto } table { border-collapse: collapse; font-size: 0.85rem }\n"
	"td, th { padding: 0.25rem 0.6rem; border-bottom: 1px solid #ddd; text-align: right;\n"
	"  font-variant-numeric: tabular-nums }\n"
	"th { vertical-align: bottom } td:first-child, th:first-child { text-align: left }\n"
	".paper { color: #0072B2; display: block; font-size: 0.9em }\n"
	"td.text { text-align: left; max-width: 34rem }\n"
	"</style>\n";

static void introduce(const struct run *r, const char *trace, FILE *out)
{
	const struct scenario *sc = r->sc;

	fputs("<!doctype html>\n<html lang=\"en\">\n<title>flipsim: ", out);
	escaped(sc->name, out);
	fprintf(out, "</title>\n%s<h1>", head);
	escaped(*sc->title ? sc->title : sc->name, out);
	fprintf(out, "</h1>\n<p>A simulation of %g s: %g guest%s of %g MB on a host of %g nodes, "
	        "the privileged domain on node %g", sc->duration_s, sc->guest.count,
	        sc->guest.count > 1 ? "s" : "", sc->guest.memory_mb, sc->host.nodes,
	        sc->privvm.node);
	if (trace) {
		fputs(", driven by the packets of <code>", out);
		escaped(trace, out);
		fputs("</code>", out);
	} else {
		fprintf(out, ", %g Mb/s%s", sc->io.rate_mbps,
		        sc->io.pattern > 0 ? " in bursts" : "");
	}
	fprintf(out, ". Every flip is simulated, page by page. Seed %.0f. One parameter is "
	        "fitted: the churn, %g pages/s on each side.</p>\n", sc->seed,
	        sc->fit.churn_pages_per_s);
}

static void figures(const struct run *r, FILE *out)
{
	const struct plot *p;
	uint32_t i;

	for (i = 0; (p = plot_at(i)) != NULL; i++)
		if (plot_wanted(r, i))
			fprintf(out, "<h2>%s</h2>\n<figure><img src=\"%s.svg\" alt=\"%s\">\n"
			        "<figcaption>%s</figcaption></figure>\n", p->title, p->file,
			        p->title, p->caption);
}

/* Figures that are nothing in every mode are not worth a column. */
static bool worth_it(const struct run *r, uint32_t figure)
{
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		if (r->results[i].fig[figure] != 0)
			return true;
	return false;
}

static void table(const struct run *r, FILE *out)
{
	struct comparison c[SCENARIO_PAPER_MAX];
	uint32_t n = compare_with_paper(r, c), f, i, k;

	fputs("<h2>All figures</h2>\n<p class=\"small\">In blue: the paper's, where its text "
	      "gives one. Figures that are 0 in every mode are left out.</p>\n"
	      "<div class=\"wide\"><table>\n<tr><th>", out);
	for (i = 0; i < r->n_modes; i++)
		fprintf(out, "<th>%s", r->modes[i]->name);
	for (f = 0; f < FIGURES; f++) {
		const struct figure_info *info = figure_info(f);

		if (!worth_it(r, f))
			continue;
		fprintf(out, "\n<tr><td title=\"%s\">%s%s%s", info->meaning, info->name,
		        *info->unit ? ", " : "", info->unit);
		for (i = 0; i < r->n_modes; i++) {
			fprintf(out, "<td>%.*f", info->decimals, r->results[i].fig[f] + 0.0);
			for (k = 0; k < n; k++)
				if (c[k].mode == r->modes[i] && c[k].figure == f)
					fprintf(out, "<span class=\"paper\">%g</span>", c[k].paper);
		}
	}
	fputs("\n</table></div>\n", out);
}

static void calibration(const struct run *r, FILE *out)
{
	uint32_t i, k;

	for (i = 0; i < r->n_modes; i++) {
		const struct result *res = &r->results[i];

		if (!res->n_needs)
			continue;
		fprintf(out, "<h2>Calibration of %s</h2>\n<p>Highest need of any application, plus "
		        "%g %%: %u pages (%.1f MB).</p>\n<table><tr><th>application<th>need, pages"
		        "<th>missed meanwhile", res->mode->name, r->sc->pool.margin_percent,
		        res->calibrated_pages, (double)res->calibrated_pages / PAGES_PER_MB);
		for (k = 0; k < res->n_needs; k++) {
			fputs("\n<tr><td>", out);
			escaped(res->needs[k].app, out);
			fprintf(out, "<td>%u<td>%llu", res->needs[k].pages,
			        (unsigned long long)res->needs[k].missed);
		}
		fputs("\n</table>\n", out);
	}
}

static void differences(const struct run *r, FILE *out)
{
	struct comparison c[SCENARIO_PAPER_MAX];
	uint32_t n = compare_with_paper(r, c), i, told = 0;

	fputs("<h2>Where we differ from the paper, and why</h2>\n", out);
	for (i = 0; i < n; i++) {
		if (!c[i].note)
			continue;
		if (!told++)
			fputs("<div class=\"wide\"><table><tr><th>mode<th>figure<th>paper<th>ours"
			      "<th>why", out);
		fprintf(out, "\n<tr><td>%s<td>%s<td>%g<td>%.*f<td class=\"text\">%s",
		        c[i].mode->name, figure_info(c[i].figure)->name, c[i].paper,
		        figure_info(c[i].figure)->decimals, c[i].ours, c[i].note);
	}
	if (told)
		fputs("\n</table></div>\n", out);
	else
		fprintf(out, "<p>%s</p>\n", n ? "No figure differs by more than the paper's rounding." :
		        "The scenario names no value of the paper to compare with.");
}

static void honesty(const struct run *r, FILE *out)
{
	const struct scenario *sc = r->sc;

	fprintf(out,
	        "<h2>What is given, what is fitted, what follows</h2>\n<ul>\n"
	        "<li><b>Fitted</b>, by <code>flipsim --fit</code>: the churn, at which applications "
	        "give up pages and take others, so that vanilla ends where the paper's Fig. 3 (a) "
	        "does.\n"
	        "<li><b>Given</b>: a remote access costs %g %% of a local one. That is what the "
	        "paper's own 25 %% remote and 13 %% of bandwidth lost imply.\n"
	        "<li><b>Declared</b>, not measured here and not fitted: what an I/O page costs "
	        "(%g ns but for the flip or copy; %g ns a flip and %g ns a hypercall for each "
	        "burst; %g ns a copy of a cold page within a node, more between nodes), and the "
	        "share of LinkBench's time that waits for memory (%g %%). The cost of the I/O "
	        "(Fig. 3 c) and LinkBench's loss stand and fall with them.\n"
	        "<li>In particular, whether a flip beats a copy depends on the machine. On Xen 4.17 "
	        "run under emulation we saw the opposite: a flip one way cost as much as four to "
	        "six copies of a page, because Xen flushes the giver's CPUs page by page. The "
	        "figure here holds where flips are as cheap as declared.\n"
	        "<li><b>Everything else follows</b> from allocators, rings and the time pages are "
	        "held. Where pages are is asked of the simulated machine, at every tick, and not "
	        "of the library's own books.\n"
	        "<li>The free lists are last in, first out, as Linux's lists of single pages are; "
	        "Linux also merges free pages into larger blocks, which is not simulated.\n"
	        "<li>The privileged domain drifts as well: for each page of a guest on its node it "
	        "has one on the guest's. Migration takes the guest's pages home and leaves the "
	        "privileged domain's where they are (<i>privvm_remote_pct_end</i>); pools spare "
	        "both.\n"
	        "<li>The paper prints its Fig. 3 (c) and 8 (b) as bars without numbers; they are "
	        "not compared.\n</ul>\n",
	        sc->host.remote_access_percent, sc->cost.stack_ns, sc->cost.flip_ns,
	        sc->cost.call_ns, sc->cost.copy_ns, sc->linkbench.memory_percent);
}

bool report_write(const struct run *r, const char *trace, const char *folder)
{
	char path[PATH_BYTES];
	FILE *out;
	bool ok;

	if (!plots_draw(r, folder))
		return false;
	snprintf(path, sizeof(path), "%s/index.html", folder);
	out = fopen(path, "w");
	if (!out) {
		fprintf(stderr, "flipsim: %s: %s\n", path, strerror(errno));
		return false;
	}
	introduce(r, trace, out);
	figures(r, out);
	table(r, out);
	calibration(r, out);
	differences(r, out);
	honesty(r, out);
	ok = !ferror(out);
	if (fclose(out) == 0 && ok)
		return true;
	fprintf(stderr, "flipsim: %s: cannot be written\n", path);
	return false;
}
