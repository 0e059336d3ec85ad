/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * flipsim: what page flips do to a NUMA guest's memory, and what helps.
 *
 * The command line only; see README.md beside this file.
 */
#include "output.h"
#include "plots.h"
#include "recorded.h"
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

/* --quick: this share of the scenario, but no less than a minute. */
#define QUICK_SHARE 36
#define QUICK_LEAST_S 60

struct options {
	const char *scenario, *json, *csv, *trace, *guest, *report, *draw;
	const char *modes;
	double seed; /* below 0: the scenario's */
	long jobs;
	bool quick, quiet, fit, timing;
};

static void usage(FILE *out)
{
	fputs("Usage: flipsim SCENARIO.ini [OPTION]...\n"
	      "       flipsim --draw FILE [--report DIR]\n"
	      "Simulates guests whose network I/O flips pages, page by page, and prints what\n"
	      "becomes of their memory without and with libflipnuma.\n"
	      "\n"
	      "  --modes A,B      only these modes (default: all; see --list-modes)\n"
	      "  --seed N         for everything drawn; the same seed gives the same figures\n"
	      "  --trace FILE     real packets instead of the scenario's rate: pcap, pcapng,\n"
	      "                   or lines of time_ns,bytes[,rx|tx]\n"
	      "  --guest ADDR     which address of the trace is the guest (or ADDR:PORT)\n"
	      "  --json FILE      write the figures\n"
	      "  --csv FILE       write the layout over time\n"
	      "  --report DIR     write a page of HTML with figures (needs gnuplot)\n"
	      "  --draw FILE      simulate nothing: draw a layout over time that --csv wrote, or\n"
	      "                   xenloop on a real Xen; with --report, figures in DIR\n"
	      "  --jobs N         modes run at the same time (default: one a CPU)\n"
	      "  --quick          a short piece of the scenario, to see that it works\n"
	      "  --fit            find the churn with which vanilla ends where [fit] says,\n"
	      "                   print it and stop\n"
	      "  --quiet          no progress, table or chart\n"
	      "  --timing         print how many flips a second were simulated\n"
	      "  --list-modes     print the modes and stop\n"
	      "  --list-keys      print what a scenario can say and stop\n"
	      "  --help           print this and stop\n", out);
}

static void list_modes(void)
{
	const struct mode *m;
	uint32_t i;

	for (i = 0; (m = mode_at(i)) != NULL; i++)
		printf("%-15s %s\n", m->name, m->what);
}

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list args;

	fputs("flipsim: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

static double whole_number(const char *option, const char *text, double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max) || v != (double)(long long)v)
		die("--%s: '%s' is not a whole number from %.0f to %.0f", option, text, min, max);
	return v;
}

static void parse(int argc, char **argv, struct options *o)
{
	enum { MODES = 256, SEED, TRACE, GUEST, JSON, CSV, REPORT, DRAW, JOBS, QUICK, FIT, QUIET,
	       TIMING, LIST_MODES, LIST_KEYS };
	static const struct option known[] = {
		{"modes", required_argument, NULL, MODES},
		{"seed", required_argument, NULL, SEED},
		{"trace", required_argument, NULL, TRACE},
		{"guest", required_argument, NULL, GUEST},
		{"json", required_argument, NULL, JSON},
		{"csv", required_argument, NULL, CSV},
		{"report", required_argument, NULL, REPORT},
		{"draw", required_argument, NULL, DRAW},
		{"jobs", required_argument, NULL, JOBS},
		{"quick", no_argument, NULL, QUICK},
		{"fit", no_argument, NULL, FIT},
		{"quiet", no_argument, NULL, QUIET},
		{"timing", no_argument, NULL, TIMING},
		{"list-modes", no_argument, NULL, LIST_MODES},
		{"list-keys", no_argument, NULL, LIST_KEYS},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		switch (c) {
		case MODES: o->modes = optarg; break;
		case SEED: o->seed = whole_number("seed", optarg, 0, 9007199254740991.0); break;
		case TRACE: o->trace = optarg; break;
		case GUEST: o->guest = optarg; break;
		case JSON: o->json = optarg; break;
		case CSV: o->csv = optarg; break;
		case REPORT: o->report = optarg; break;
		case DRAW: o->draw = optarg; break;
		case JOBS: o->jobs = (long)whole_number("jobs", optarg, 1, 1024); break;
		case QUICK: o->quick = true; break;
		case FIT: o->fit = true; break;
		case QUIET: o->quiet = true; break;
		case TIMING: o->timing = true; break;
		case LIST_MODES: list_modes(); exit(EXIT_SUCCESS);
		case LIST_KEYS: scenario_list_keys(stdout); exit(EXIT_SUCCESS);
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: fputs("Try flipsim --help.\n", stderr); exit(EXIT_USAGE);
		}
	}
	if (o->draw && optind == argc)
		return;
	if (o->draw || optind + 1 != argc)
		die("%s (see --help)", o->draw ? "--draw takes no scenario" : optind == argc ?
		    "name a scenario" : "name one scenario only");
	o->scenario = argv[optind];
	if (o->guest && !o->trace)
		die("--guest says nothing without --trace");
}

static void say(void *cookie, const char *text)
{
	(void)cookie;
	fprintf(stderr, "%s\n", text);
}

static void load_scenario(const struct options *o, struct scenario *sc)
{
	const struct scenario_sink sink = {say, NULL};

	if (scenario_load(sc, o->scenario, &sink))
		exit(EXIT_USAGE);
	if (o->seed >= 0)
		sc->seed = o->seed;
	if (o->quick || o->trace)
		sc->n_paper = 0; /* the paper's values are for its own load, and all of it */
	if (!o->quick)
		return;
	if (sc->duration_s > QUICK_LEAST_S)
		sc->duration_s = sc->duration_s / QUICK_SHARE > QUICK_LEAST_S ?
			sc->duration_s / QUICK_SHARE : QUICK_LEAST_S;
	if (sc->sample_s > sc->duration_s / 60 && sc->duration_s / 60 * 1000 >= sc->tick_ms)
		sc->sample_s = sc->duration_s / 60;
	if (sc->pool.calibrate_s > 10)
		sc->pool.calibrate_s = 10;
}

static struct packets *load_trace(const struct options *o)
{
	char error[PACKETS_ERROR_BYTES];
	struct packets *trace = NULL;

	if (o->trace) {
		trace = packets_open(o->trace, o->guest, error, sizeof(error));
		if (!trace)
			die("%s", error);
	}
	return trace;
}

static void heading(const struct run *r, const struct options *o)
{
	const struct packets_summary *s = r->trace ? packets_summary(r->trace) : NULL;
	const struct scenario *sc = r->sc;

	printf("%s%s%s\n", sc->name, *sc->title ? ": " : "", sc->title);
	printf("%g s, %g guest%s of %g MB", sc->duration_s, sc->guest.count,
	       sc->guest.count > 1 ? "s" : "", sc->guest.memory_mb);
	if (s)
		printf(", packets of %s (%llu in, %llu out, %.3g s long)", o->trace,
		       (unsigned long long)s->packets[PACKET_RX],
		       (unsigned long long)s->packets[PACKET_TX], (double)s->span_ns / 1e9);
	else
		printf(", %g Mb/s", sc->io.rate_mbps);
	printf(", churn %g pages/s (fitted), seed %.0f\n\n", sc->fit.churn_pages_per_s, sc->seed);
}

/* Better to hear of it now than after the run. */
static void check_writable(const char *path)
{
	FILE *f = path ? fopen(path, "a") : NULL;

	if (path && !f)
		die("%s: %s", path, strerror(errno));
	if (f)
		fclose(f);
}

static bool write_files(const struct run *r, const struct options *o)
{
	bool ok = true;

	if (o->json && !output_json(r, o->trace, o->json)) {
		fprintf(stderr, "flipsim: %s: %s\n", o->json, strerror(errno));
		ok = false;
	}
	if (o->csv && !output_csv(r, o->csv)) {
		fprintf(stderr, "flipsim: %s: %s\n", o->csv, strerror(errno));
		ok = false;
	}
	return (!o->report || report_write(r, o->trace, o->report)) && ok;
}

static bool simulate(struct run *r, const struct options *o)
{
	struct terminal t;
	bool ok;

	terminal_of(stdout, &t);
	if (!o->quiet) {
		heading(r, o);
		fflush(stdout);
	}
	ok = run_modes(r);
	if (ok && !o->quiet) {
		output_table(r, &t, stdout);
		output_chart(r, &t, stdout);
	}
	if (ok && o->timing)
		output_timing(r, stdout);
	if (ok)
		ok = write_files(r, o);
	run_free(r);
	return ok;
}

static bool draw_recorded(struct run *r, struct scenario *sc, const struct options *o)
{
	char error[RECORDED_ERROR_BYTES];
	struct terminal t;
	bool ok = true;

	if (!recorded_load(r, sc, o->draw, error, sizeof(error)))
		die("%s", error);
	terminal_of(stdout, &t);
	if (!o->quiet)
		output_chart(r, &t, stdout);
	if (o->report)
		ok = plots_draw(r, o->report);
	run_free(r);
	return ok;
}

int main(int argc, char **argv)
{
	static struct scenario sc;
	static struct run r;
	struct options o = {.seed = -1};
	struct packets *trace;
	char error[RUN_ERROR_BYTES];
	bool ok;

	setlocale(LC_CTYPE, "");
	parse(argc, argv, &o);
	r.sc = &sc;
	r.quiet = o.quiet;
	r.jobs = (uint32_t)(o.jobs ? o.jobs : sysconf(_SC_NPROCESSORS_ONLN));
	r.jobs = r.jobs ? r.jobs : 1;
	if (o.report && !report_possible(o.report))
		return EXIT_USAGE;
	if (o.draw)
		return draw_recorded(&r, &sc, &o) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (!run_choose(&r, o.modes, error, sizeof(error)))
		die("--modes: %s", error);
	load_scenario(&o, &sc);
	check_writable(o.json);
	check_writable(o.csv);
	trace = load_trace(&o);
	r.trace = trace;
	if (o.fit) {
		ok = run_fit(&sc, trace, o.quiet);
		if (ok)
			printf("churn_pages_per_s = %.4f\n", sc.fit.churn_pages_per_s);
	} else {
		ok = simulate(&r, &o);
	}
	packets_close(trace);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
