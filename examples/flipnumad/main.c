/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* flipnumad: keeps the memory of domains on their home nodes. See doc/daemon.md. */
#define _GNU_SOURCE
#include "loop.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static void usage(FILE *out)
{
	fputs("Usage: flipnumad [OPTION]...\n"
	      "Keeps the memory of domains on their home nodes.\n\n"
	      "  -c, --config FILE  (default: /etc/flipnumad.conf)\n"
	      "      --check-config say what is wrong with it, and end\n"
	      "  -n, --dry-run      say what would be moved, and move nothing\n"
	      "      --list-keys    what a configuration may say, as tables\n"
	      "      --version      the version\n"
	      "  -h, --help         this text\n", out);
}

static void complain(void *cookie, const char *text)
{
	(void)cookie;
	fprintf(stderr, "%s\n", text);
}

struct options {
	const char *config;
	bool check, dry_run;
};

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", 1, NULL, 'c'}, {"check-config", 0, NULL, 'k'},
		{"dry-run", 0, NULL, 'n'}, {"list-keys", 0, NULL, 'l'},
		{"version", 0, NULL, 'v'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:nh", options, NULL)) != -1) {
		switch (c) {
		case 'c': o->config = optarg; break;
		case 'k': o->check = true; break;
		case 'n': o->dry_run = true; break;
		case 'l': config_list_keys(stdout); exit(EXIT_SUCCESS);
		case 'v': puts("flipnumad " FLIPNUMA_VERSION); exit(EXIT_SUCCESS);
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: usage(stderr); exit(EXIT_USAGE);
		}
	}
	if (optind < argc)
		fprintf(stderr, "flipnumad: what is '%s'? (see --help)\n", argv[optind]);
	else if (strlen(o->config) >= CONFIG_TEXT_BYTES)
		fprintf(stderr, "flipnumad: --config: a path of up to %d bytes\n",
		        CONFIG_TEXT_BYTES - 1);
	else
		return;
	exit(EXIT_USAGE);
}

int main(int argc, char **argv)
{
	static struct engine engine;
	const struct config_sink sink = {complain, NULL};
	struct options o = {.config = "/etc/flipnumad.conf"};
	uint32_t errors;

	parse(&o, argc, argv);
	errors = config_read(&engine.config, o.config, &sink);
	if (errors) {
		fprintf(stderr, "flipnumad: %u error%s in the configuration\n", errors,
		        errors > 1 ? "s" : "");
		return EXIT_USAGE;
	}
	if (o.check) {
		printf("%s: good\n", o.config);
		return EXIT_SUCCESS;
	}
	strcpy(engine.config_path, o.config);
	engine.dry_run = o.dry_run;
	return loop_run(&engine);
}
