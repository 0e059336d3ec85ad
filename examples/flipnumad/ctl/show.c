/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "show.h"

#include "client.h"

#include <string.h>
#include <time.h>

const char *show_size(int64_t pages, char *to, size_t bytes)
{
	double mb = (double)pages / 256;

	if (mb >= 10240)
		snprintf(to, bytes, "%.1f GB", mb / 1024);
	else if (mb >= 100)
		snprintf(to, bytes, "%.0f MB", mb);
	else
		snprintf(to, bytes, "%.1f MB", mb);
	return to;
}

static double away_percent(struct json_object *d)
{
	double remote = double_in(d, "remote_pages"), all = remote + double_in(d, "local_pages");

	return all > 0 ? 100 * remote / all : 0;
}

void show_list(struct json_object *answer, FILE *out)
{
	struct json_object *all = part_of(answer, "domains");
	char at_home[16], away[16], home[24];
	size_t i;

	fprintf(out, "%-24s %8s  %-9s %5s  %10s %10s %7s %12s\n", "NAME", "NUMBER", "STATE",
	        "HOME", "AT HOME", "AWAY", "AWAY %", "MOVED PAGES");
	for (i = 0; i < json_object_array_length(all); i++) {
		struct json_object *d = json_object_array_get_idx(all, i);

		snprintf(home, sizeof(home), "%jd", (intmax_t)number_in(d, "home"));
		fprintf(out, "%-24s %8jd  %-9s %5s  %10s %10s %7.2f %12jd\n", text_in(d, "name"),
		        (intmax_t)number_in(d, "number"), text_in(d, "state"),
		        strcmp(text_in(d, "state"), "refused") == 0 ? "-" : home,
		        show_size(number_in(d, "local_pages"), at_home, sizeof(at_home)),
		        show_size(number_in(d, "remote_pages"), away, sizeof(away)),
		        away_percent(d), (intmax_t)number_in(d, "moved"));
	}
}

static void show_nodes(struct json_object *d, FILE *out)
{
	struct json_object *nodes = part_of(d, "nodes");
	size_t i;

	for (i = 0; i < json_object_array_length(nodes); i++) {
		struct json_object *n = json_object_array_get_idx(nodes, i);

		fprintf(out, "  node %-3zu          %jd pages at home, %jd away\n", i,
		        (intmax_t)number_in(n, "local_pages"),
		        (intmax_t)number_in(n, "remote_pages"));
	}
}

static void show_homes(struct json_object *d, FILE *out)
{
	struct json_object *homes = part_of(d, "homes");
	size_t i;

	for (i = 0; i < json_object_array_length(homes); i++) {
		struct json_object *h = json_object_array_get_idx(homes, i);
		intmax_t first = number_in(h, "first");

		fprintf(out, "  home              node %jd for pages %jd to %jd (by %s)\n",
		        (intmax_t)number_in(h, "node"), first,
		        first + (intmax_t)number_in(h, "pages") - 1, text_in(d, "home_by"));
	}
}

static void show_counters(struct json_object *d, FILE *out)
{
	static const char *const keys[] = {"moved", "failed", "skipped", "would_move", "passes",
	                                   "rests", "cooling_pages", "backoff_pages",
	                                   "given_up_pages"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		fprintf(out, "  %-17s %jd\n", keys[i], (intmax_t)number_in(d, keys[i]));
}

static void show_reasons(struct json_object *reasons, FILE *out)
{
	json_object_object_foreach(reasons, reason, n)
		fprintf(out, "  not moved         %jd: %s\n", (intmax_t)json_object_get_int64(n),
		        reason);
}

static void show_settings(struct json_object *settings, FILE *out)
{
	json_object_object_foreach(settings, key, value)
		fprintf(out, "  set: %-12s %s\n", key, json_object_get_string(value));
}

static void show_one(struct json_object *d, FILE *out)
{
	fprintf(out, "%s (%jd)\n  state             %s%s%s\n  rule              %s\n",
	        text_in(d, "name"), (intmax_t)number_in(d, "number"), text_in(d, "state"),
	        *text_in(d, "refused") ? ": " : "", text_in(d, "refused"), text_in(d, "rule"));
	if (*text_in(d, "cmdline"))
		fprintf(out, "  command line      %s\n", text_in(d, "cmdline"));
	fprintf(out, "  cgroup            %s\n", text_in(d, "cgroup"));
	show_homes(d, out);
	show_nodes(d, out);
	show_counters(d, out);
	show_reasons(part_of(d, "reasons"), out);
	show_settings(part_of(d, "settings"), out);
}

void show_domains(struct json_object *answer, FILE *out)
{
	struct json_object *all = part_of(answer, "domains");
	size_t i;

	for (i = 0; i < json_object_array_length(all); i++)
		show_one(json_object_array_get_idx(all, i), out);
}

static void show_decision(struct json_object *x, FILE *out)
{
	const int64_t ns = number_in(x, "time_ns");
	const time_t seconds = (time_t)(ns / 1000000000);
	struct tm when;
	char text[32];

	localtime_r(&seconds, &when);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &when);
	fprintf(out, "  %s.%03d  %s", text, (int)(ns / 1000000 % 1000), text_in(x, "what"));
	if (part_of(x, "from"))
		fprintf(out, strcmp(text_in(x, "what"), "moved") == 0 ?
		        " from node %s to node %s" : " on node %s, home is node %s",
		        text_in(x, "from"), text_in(x, "to"));
	else if (part_of(x, "to"))
		fprintf(out, " on node %s", text_in(x, "to"));
	if (number_in(x, "pages") > 1)
		fprintf(out, ", with its neighbours from page %s on: %s pages",
		        text_in(x, "first"), text_in(x, "pages"));
	fprintf(out, "%s%s\n", *text_in(x, "why") ? ": " : "", text_in(x, "why"));
}

void show_why(struct json_object *answer, FILE *out)
{
	struct json_object *all = part_of(answer, "decisions");
	size_t i;

	fprintf(out, "page %s of %s (%s)", text_in(answer, "page"), text_in(answer, "name"),
	        text_in(answer, "number"));
	if (*text_in(answer, "address"))
		fprintf(out, ", at address %s", text_in(answer, "address"));
	fprintf(out, "\n  it is on node %s, its home is node %s\n  %s\n",
	        part_of(answer, "node") ? text_in(answer, "node") : "-", text_in(answer, "home"),
	        text_in(answer, "why"));
	if (json_object_array_length(all))
		fprintf(out, "what was decided about it:\n");
	for (i = 0; i < json_object_array_length(all); i++)
		show_decision(json_object_array_get_idx(all, i), out);
}
