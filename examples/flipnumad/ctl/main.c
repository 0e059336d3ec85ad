/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* flipnumactl: asks flipnumad, and tells it. See doc/daemon.md. */
#define _GNU_SOURCE
#include "client.h"
#include "replay.h"
#include "show.h"
#include "top.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

struct options {
	const char *socket;
	bool json;
	double delay_s;
	unsigned int count;
	char **words; /* the command and what follows */
	int n;
};

static void usage(FILE *out)
{
	fputs("Usage: flipnumactl [OPTION]... COMMAND\n"
	      "Asks flipnumad, and tells it.\n\n"
	      "  list                      every domain\n"
	      "  show DOMAIN               all about it\n"
	      "  top                       every domain's layout, live; q ends it\n"
	      "  why DOMAIN PAGE           why a page (a number, or 0xADDRESS) is where it is\n"
	      "  pause DOMAIN              watch it, but move nothing\n"
	      "  resume DOMAIN\n"
	      "  set DOMAIN KEY=VALUE...   change its settings; an empty value: as configured\n"
	      "  set budget KEY=VALUE...   change the budget\n"
	      "  status                    the daemon itself\n"
	      "  metrics                   what it counts, in Prometheus' text format\n"
	      "  replay LOG [POLICY]...    what other policies would have done; see the manual\n\n"
	      "DOMAIN is a number, or a glob over names.\n\n"
	      "  -s, --socket PATH  (default: /run/flipnumad/control)\n"
	      "  -j, --json         answers as JSON\n"
	      "  -d, --delay S      top: time between pictures (default: 1)\n"
	      "  -n, --count N      top: end after so many\n"
	      "      --version      the version\n"
	      "  -h, --help         this text\n", out);
}

static double number(const char *text, double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end != text && !*end && v >= min && v <= max)
		return v;
	fprintf(stderr, "flipnumactl: '%s' is not a number from %g to %g\n", text, min, max);
	exit(EXIT_USAGE);
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", 1, NULL, 's'}, {"json", 0, NULL, 'j'}, {"delay", 1, NULL, 'd'},
		{"count", 1, NULL, 'n'}, {"version", 0, NULL, 'v'}, {"help", 0, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:jd:n:h", options, NULL)) != -1) {
		switch (c) {
		case 's': o->socket = optarg; break;
		case 'j': o->json = true; break;
		case 'd': o->delay_s = number(optarg, 0.05, 86400); break;
		case 'n': o->count = (unsigned int)number(optarg, 1, 1e9); break;
		case 'v': puts("flipnumactl " FLIPNUMA_VERSION); exit(EXIT_SUCCESS);
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: usage(stderr); exit(EXIT_USAGE);
		}
	}
	o->words = argv + optind;
	o->n = argc - optind;
	if (!o->n) {
		usage(stderr);
		exit(EXIT_USAGE);
	}
}

static void show_nothing(struct json_object *answer, FILE *out)
{
	(void)answer, (void)out;
}

static void show_status(struct json_object *answer, FILE *out)
{
	fprintf(out, "%s\n", json_object_to_json_string_ext(part_of(answer, "status"),
	                                                    JSON_C_TO_STRING_PRETTY |
	                                                    JSON_C_TO_STRING_SPACED));
}

static void show_text(struct json_object *answer, FILE *out)
{
	fputs(text_in(answer, "text"), out);
}

/* Ask, and show the answer: with --json as it came. */
static int ask(const struct options *o, struct json_object *request,
               void (*show)(struct json_object *answer, FILE *out))
{
	struct json_object *answer = client_ask(o->socket, request);
	bool ok = answer && json_object_get_boolean(part_of(answer, "ok"));

	if (answer && o->json)
		printf("%s\n", json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
	else if (ok)
		show(answer, stdout);
	else if (answer)
		fprintf(stderr, "flipnumactl: %s\n", text_in(answer, "error"));
	json_object_put(answer);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int set(const struct options *o)
{
	const char *domain = strcmp(o->words[1], "budget") == 0 ? NULL : o->words[1];
	int i, status = EXIT_SUCCESS;

	for (i = 2; i < o->n && status == EXIT_SUCCESS; i++) {
		struct json_object *request = client_request("set", domain);
		char *equals = strchr(o->words[i], '=');

		if (!equals) {
			json_object_put(request);
			fprintf(stderr, "flipnumactl: '%s' is not KEY=VALUE\n", o->words[i]);
			return EXIT_USAGE;
		}
		json_object_object_add(request, "key", json_object_new_string_len(o->words[i],
		                       (int)(equals - o->words[i])));
		json_object_object_add(request, "value", json_object_new_string(equals + 1));
		status = ask(o, request, show_nothing);
	}
	return status;
}

static int why(const struct options *o)
{
	struct json_object *request = client_request("why", o->words[1]);

	json_object_object_add(request, "page", json_object_new_string(o->words[2]));
	return ask(o, request, show_why);
}

static int top(const struct options *o)
{
	return top_run(o->socket, o->delay_s, o->count, o->json);
}

static int replay(const struct options *o)
{
	return replay_run(o->words[1], (const char *const *)o->words + 2, o->n - 2, o->json);
}

/* Those that ask one thing, and those that do more. */
static const struct command {
	const char *name, *takes;
	int min, max; /* words with the name */
	void (*show)(struct json_object *answer, FILE *out);
	int (*run)(const struct options *o);
} commands[] = {
	{"list", "[DOMAIN]", 1, 2, show_list, NULL},
	{"show", "DOMAIN", 2, 2, show_domains, NULL},
	{"status", "", 1, 1, show_status, NULL},
	{"metrics", "", 1, 1, show_text, NULL},
	{"pause", "DOMAIN", 2, 2, show_nothing, NULL},
	{"resume", "DOMAIN", 2, 2, show_nothing, NULL},
	{"set", "DOMAIN KEY=VALUE...", 3, 64, NULL, set},
	{"why", "DOMAIN PAGE", 3, 3, NULL, why},
	{"top", "", 1, 1, NULL, top},
	{"replay", "LOG [POLICY]...", 2, 64, NULL, replay},
};

int main(int argc, char **argv)
{
	struct options o = {.socket = "/run/flipnumad/control", .delay_s = 1};
	const struct command *c;
	size_t i;

	parse(&o, argc, argv);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		c = &commands[i];
		if (strcmp(c->name, o.words[0]) != 0)
			continue;
		if (o.n < c->min || o.n > c->max) {
			fprintf(stderr, "flipnumactl: it is: %s%s%s (see --help)\n", c->name,
			        *c->takes ? " " : "", c->takes);
			return EXIT_USAGE;
		}
		return c->run ? c->run(&o) : ask(&o, client_request(c->name,
		                                 o.n > 1 ? o.words[1] : NULL), c->show);
	}
	fprintf(stderr, "flipnumactl: no such command: '%s' (see --help)\n", o.words[0]);
	return EXIT_USAGE;
}
