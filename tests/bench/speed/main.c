/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The program: options, and the groups in their order. */
#include "speed.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct group {
	const char *name;
	void (*figures)(void);
	void (*growth)(void);
};

static const struct group groups[] = {
	{"pool", speed_pool, speed_grow_pool},
	{"threads", speed_pool_threads, NULL},
	{"disturbed", speed_disturbed, NULL},
	{"tracker", speed_tracker, speed_grow_tracker},
	{"trigger", speed_trigger, speed_grow_trigger},
	{"flip", speed_flip, NULL},
	{"host", speed_host, NULL},
	{"sim", speed_sim, NULL},
};
#define GROUPS (sizeof(groups) / sizeof(*groups))

static void usage(FILE *to)
{
	unsigned i;

	fputs("Usage: speed [OPTION]...\n"
	      "Measures the library beside its peers; prints NAME VALUE UNIT lines.\n\n"
	      "  --json FILE      the same as one flat object\n"
	      "  --quick          a tenth of the rounds\n"
	      "  --only GROUP     of:", to);
	for (i = 0; i < GROUPS; i++)
		fprintf(to, " %s", groups[i].name);
	fputs("\n"
	      "  --growth         how the cost grows: CHART SERIES X VALUE lines\n"
	      "  --prefix TEXT    before every name\n"
	      "  --sim PROGRAM    flipsim, and\n"
	      "  --scenario FILE  what it is to run; without them the group sim is left out\n"
	      "  --help           this text\n", to);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", required_argument, NULL, 'j'}, {"quick", no_argument, NULL, 'q'},
		{"only", required_argument, NULL, 'o'}, {"growth", no_argument, NULL, 'g'},
		{"prefix", required_argument, NULL, 'p'}, {"sim", required_argument, NULL, 's'},
		{"scenario", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j': speed_options.json = optarg; break;
		case 'q': speed_options.quick = true; break;
		case 'o': speed_options.only = optarg; break;
		case 'g': speed_options.growth = true; break;
		case 'p': speed_options.prefix = optarg; break;
		case 's': speed_options.sim = optarg; break;
		case 'c': speed_options.scenario = optarg; break;
		case 'h': usage(stdout); exit(0);
		default: usage(stderr); exit(2);
		}
	}
	if (optind < argc)
		speed_die("what is %s? (see --help)", argv[optind]);
}

static bool wanted(const struct group *g)
{
	return !speed_options.only || !strcmp(speed_options.only, g->name);
}

int main(int argc, char **argv)
{
	unsigned i, done = 0;

	parse(argc, argv);
	speed_pin(0);
	for (i = 0; i < GROUPS; i++) {
		void (*run)(void) = speed_options.growth ? groups[i].growth : groups[i].figures;

		if (!wanted(&groups[i]))
			continue;
		if (run)
			run();
		done++;
	}
	if (!done)
		speed_die("there is no group %s (see --help)", speed_options.only);
	speed_end();
	return 0;
}
