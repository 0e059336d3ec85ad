/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * splitdriver: flipsim's scenarios on real pages. The command line, and what is printed.
 */
#include "drive.h"
#include "output.h"

#include <flipnuma/linux.h>

#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <locale.h>
#include <math.h>
#include <numa.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct options {
	struct drive_options drive;
	const char *scenario, *json, *csv, *modes;
	double seed; /* below 0: the scenario's */
	bool quiet;
};

static struct driven driven[MODES_MAX]; /* in the order of the run's modes */

static void usage(FILE *out)
{
	fputs("Usage: splitdriver SCENARIO.ini [OPTION]...\n"
	      "The paper's split driver on real memory: two processes, each bound to a node, pass\n"
	      "pages of packets to each other, in flipsim's scenarios and modes. Where pages are\n"
	      "is asked of the kernel, and every byte of every packet is looked at.\n"
	      "\n"
	      "  --modes A,B      only these modes (default: all; see flipsim --list-modes)\n"
	      "  --flat SECONDS   first go flat out so long, to measure the throughput\n"
	      "                   (default: 1; 0: don't)\n"
	      "  --seed N         for what is drawn (time is not)\n"
	      "  --json FILE      write the figures, as flipsim does, and the throughput\n"
	      "  --csv FILE       write the layout over time; flipsim --draw draws it\n"
	      "  --any-node       bind nobody to a node: tries everything but where pages are,\n"
	      "                   without privileges, and on a machine with one node\n"
	      "  --quiet          no progress, table or chart\n"
	      "  --help           print this and stop\n", out);
}

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list args;

	fputs("splitdriver: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

static double number(const char *option, const char *text, double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max))
		die("--%s: '%s' is not a number from %.0f to %.0f", option, text, min, max);
	return v;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{"modes", required_argument, NULL, 'm'}, {"flat", required_argument, NULL, 'f'},
		{"seed", required_argument, NULL, 's'}, {"json", required_argument, NULL, 'j'},
		{"csv", required_argument, NULL, 'c'}, {"any-node", no_argument, NULL, 'a'},
		{"quiet", no_argument, NULL, 'q'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		switch (c) {
		case 'm': o->modes = optarg; break;
		case 'f': o->drive.flat_s = number("flat", optarg, 0, 86400); break;
		case 's': o->seed = floor(number("seed", optarg, 0, 9007199254740991.0)); break;
		case 'j': o->json = optarg; break;
		case 'c': o->csv = optarg; break;
		case 'a': o->drive.any_node = true; break;
		case 'q': o->quiet = true; break;
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: fputs("Try splitdriver --help.\n", stderr); exit(EXIT_USAGE);
		}
	}
	if (optind + 1 != argc)
		die("%s (see --help)", optind == argc ? "name a scenario" : "name one scenario only");
	o->scenario = argv[optind];
	if (o->drive.any_node)
		o->drive.host_flags = FNUMA_LINUX_ONE_NODE | FNUMA_LINUX_UNPRIVILEGED;
}

/* --- the scenario, and this machine ----------------------------------------------------- */

static void say(void *cookie, const char *text)
{
	(void)cookie;
	fprintf(stderr, "%s\n", text);
}

/* What the simulator can and two processes can't. */
static void check_scenario(const struct scenario *sc)
{
	uint32_t a;

	if (sc->guest.count != 1)
		die("%s: [guest] count: there is one unprivVM here, not %g", sc->path,
		    sc->guest.count);
	if (sc->guest.nodes.n != 1)
		die("%s: [guest] nodes: the unprivVM is bound to one node, not %u", sc->path,
		    sc->guest.nodes.n);
	if (sc->guest.nodes.id[0] == (uint32_t)sc->privvm.node)
		die("%s: [privvm] node: %g is the unprivVM's", sc->path, sc->privvm.node);
	if (sc->io.tx_percent > 0)
		die("%s: [io] tx_percent: the unprivVM only receives here", sc->path);
	for (a = 0; a < sc->n_apps; a++)
		if (sc->app[a].tx_percent > 0)
			die("%s: [app %s] tx_percent: the unprivVM only receives here", sc->path,
			    sc->app[a].name);
	if (sc->tick_ms > 1000)
		die("%s: [scenario] tick_ms: at most 1000 here", sc->path);
}

static void check_node(const struct scenario *sc, const char *whose, uint32_t node, double mb)
{
	long long free_bytes = 0;

	if (!numa_bitmask_isbitset(numa_all_nodes_ptr, node))
		die("%s: [%s]: this machine has no node %u with memory (or it is forbidden here)",
		    sc->path, whose, node);
	numa_node_size64((int)node, &free_bytes);
	if ((double)free_bytes < mb * 1048576)
		die("%s: [%s] memory_mb: node %u has only %lld MB free", sc->path, whose, node,
		    free_bytes / 1048576);
}

/* The scenario's machine is this one. */
static void meet_machine(struct scenario *sc, const struct drive_options *o)
{
	const struct fnuma_linux_config config = {.flags = o->host_flags};
	struct fnuma_topology topology;
	struct fnuma_linux *host;
	struct fnuma_backend be;
	char why[256];

	if (fnuma_linux_open(&config, &host, why, sizeof(why)))
		die("%s%s", why, o->any_node ? "" : " (--any-node tries everything but where "
		    "pages are)");
	if (fnuma_linux_backend(host, &be) || fnuma_backend_topology(&be, &topology))
		die("this machine's nodes can't be found out");
	fnuma_linux_close(host);
	if (topology.nodes > SCENARIO_NODES_MAX)
		die("this machine has %u nodes, and %u can be told apart", topology.nodes,
		    SCENARIO_NODES_MAX);
	sc->host.nodes = topology.nodes;
	if (o->any_node) {
		sc->guest.nodes.id[0] = 0;
		sc->privvm.node = topology.nodes > 1;
		return;
	}
	check_node(sc, "guest", sc->guest.nodes.id[0], sc->guest.memory_mb);
	check_node(sc, "privvm", (uint32_t)sc->privvm.node, sc->privvm.memory_mb);
}

static void load_scenario(const struct options *o, struct scenario *sc)
{
	const struct scenario_sink sink = {say, NULL};

	if (scenario_load(sc, o->scenario, &sink))
		exit(EXIT_USAGE);
	if (o->seed >= 0)
		sc->seed = o->seed;
	check_scenario(sc);
	meet_machine(sc, &o->drive);
}

/* --- output ----------------------------------------------------------------------------- */

/* Against vanilla's, where there is one. */
static void compare_flat(struct run *r)
{
	double vanilla = 0;
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		if (strcmp(r->modes[i]->name, "vanilla") == 0)
			vanilla = driven[i].flat.pages_per_s;
	for (i = 0; i < r->n_modes && vanilla > 0; i++)
		r->results[i].fig[FIG_IO_SLOWDOWN_PCT] =
			100 * (vanilla / driven[i].flat.pages_per_s - 1);
}

static void print_flat(const struct run *r)
{
	uint32_t i;

	printf("\nFlat out, each page written, passed on, read and given back:\n\n"
	       "%-15s  %10s  %8s  %12s  %14s  %12s\n", "mode", "pages/s", "Gb/s", "flip|copy ns",
	       "unprivVM CPU ns", "privVM CPU ns");
	for (i = 0; i < r->n_modes; i++) {
		const struct flat *f = &driven[i].flat;

		printf("%-15s  %10.0f  %8.3f  %12.0f  %15.0f  %13.0f\n", r->modes[i]->name,
		       f->pages_per_s, f->pages_per_s * 4096 * 8 / 1e9, f->step_ns, f->unprivvm_ns,
		       f->privvm_ns);
	}
}

static void print_checks(const struct run *r)
{
	uint64_t packets = 0, frames = 0;
	uint32_t i;

	for (i = 0; i < r->n_modes; i++) {
		packets += driven[i].checked_packets;
		frames += driven[i].checked_frames;
	}
	printf("\n%llu packets held every byte that was sent; of %llu the page frame was looked "
	       "at: flipped ones\nwere where they were written, copies were not. No page was "
	       "lost.\n", (unsigned long long)packets, (unsigned long long)frames);
}

static struct json_object *stream_json(const struct stream *s)
{
	struct json_object *o = json_object_new_object();
	uint32_t k;

	for (k = 0; k < STREAM_KERNELS; k++)
		json_object_object_add(o, stream_name(k), json_object_new_double(s->best_gbps[k]));
	return o;
}

static struct json_object *mode_json(const struct run *r, uint32_t i)
{
	struct json_object *o = json_object_new_object();
	const struct driven *d = &driven[i];

	json_object_object_add(o, "mode", json_object_new_string(r->modes[i]->name));
	json_object_object_add(o, "pages_per_s", json_object_new_double(d->flat.pages_per_s));
	json_object_object_add(o, "step_ns", json_object_new_double(d->flat.step_ns));
	json_object_object_add(o, "unprivvm_ns", json_object_new_double(d->flat.unprivvm_ns));
	json_object_object_add(o, "privvm_ns", json_object_new_double(d->flat.privvm_ns));
	json_object_object_add(o, "checked_packets",
	                       json_object_new_int64((int64_t)d->checked_packets));
	json_object_object_add(o, "checked_frames",
	                       json_object_new_int64((int64_t)d->checked_frames));
	json_object_object_add(o, "stream_run1", stream_json(&d->stream[0]));
	json_object_object_add(o, "stream_run2", stream_json(&d->stream[1]));
	return o;
}

static bool write_json(const struct run *r, const char *path)
{
	struct json_object *o = output_json_object(r, NULL), *all = json_object_new_array();
	uint32_t i;

	for (i = 0; i < r->n_modes; i++)
		json_object_array_add(all, mode_json(r, i));
	json_object_object_add(o, "measured", all);
	return output_json_write(o, path);
}

static bool write_files(const struct run *r, const struct options *o)
{
	bool good = true;

	if (o->json && !write_json(r, o->json)) {
		fprintf(stderr, "splitdriver: %s: %s\n", o->json, strerror(errno));
		good = false;
	}
	if (o->csv && !output_csv(r, o->csv)) {
		fprintf(stderr, "splitdriver: %s: %s\n", o->csv, strerror(errno));
		good = false;
	}
	return good;
}

static void print(const struct run *r, const struct options *o)
{
	struct terminal t;

	terminal_of(stdout, &t);
	output_table(r, &t, stdout);
	if (!o->drive.any_node)
		output_chart(r, &t, stdout);
	if (o->drive.flat_s > 0)
		print_flat(r);
	print_checks(r);
}

static bool drive(struct run *r, const struct options *o)
{
	char error[DRIVE_ERROR_BYTES];
	uint32_t i;

	for (i = 0; i < r->n_modes; i++) {
		if (!drive_mode(r->sc, r->modes[i], &o->drive, &r->results[i], &driven[i], error)) {
			fprintf(stderr, "splitdriver: %s: %s\n", r->modes[i]->name, error);
			return false;
		}
		if (!o->quiet)
			fprintf(stderr, "%s: done in %.1f s (%u of %u)\n", r->modes[i]->name,
			        r->results[i].fig[FIG_WALL_S], i + 1, r->n_modes);
	}
	if (o->drive.flat_s > 0)
		compare_flat(r);
	return true;
}

int main(int argc, char **argv)
{
	static struct scenario sc;
	static struct run r = {.sc = &sc};
	struct options o = {.seed = -1, .drive = {.flat_s = 1}};
	char error[RUN_ERROR_BYTES];
	bool good;

	setlocale(LC_CTYPE, "");
	parse(argc, argv, &o);
	if (!run_choose(&r, o.modes, error, sizeof(error)))
		die("--modes: %s", error);
	load_scenario(&o, &sc);
	good = drive(&r, &o);
	if (good && !o.quiet)
		print(&r, &o);
	good = good && write_files(&r, &o);
	run_free(&r);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
