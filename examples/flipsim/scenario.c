/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "scenario.h"

#include "figures.h"
#include "ini_file.h"
#include "keys.h"
#include "modes.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 128

/* One reading of one file. Lines begin at 1; 0: the default, or nowhere. */
struct reading {
	struct scenario *sc;
	const struct scenario_sink *sink;
	struct ini_file f;
	int app;                     /* index, if this section is an [app], else -1 */
	uint32_t key_line[KEYS_MAX]; /* where each key was set */
	uint32_t app_line[SCENARIO_APPS_MAX][KEYS_MAX];
	uint32_t paper_line[SCENARIO_PAPER_MAX];
};

static uint32_t key_index(const struct key *key)
{
	return (uint32_t)(key - key_at(0));
}

void scenario_defaults(struct scenario *sc)
{
	const struct key *k;
	char why[256];
	uint32_t i;

	memset(sc, 0, sizeof(*sc));
	for (i = 0; (k = key_at(i)) != NULL; i++)
		key_store(k, (char *)sc + k->at, k->initial, why, sizeof(why));
	strcpy(sc->io.name, "io");
}

/* [app NAME]: remember it; returns its index, or -1 with a complaint made. */
static int app_of(struct reading *r, const char *name)
{
	struct scenario *sc = r->sc;
	uint32_t i;

	for (i = 0; i < sc->n_apps; i++)
		if (strcmp(sc->app[i].name, name) == 0)
			return (int)i;
	if (sc->n_apps == SCENARIO_APPS_MAX) {
		ini_complain(&r->f, r->f.line, "[app]", "more than %d applications", SCENARIO_APPS_MAX);
		return -1;
	}
	if (!*name || strlen(name) >= SCENARIO_NAME_BYTES) {
		ini_complain(&r->f, r->f.line, "[app]", "needs a name of up to %d bytes, as in [app web]",
		         SCENARIO_NAME_BYTES - 1);
		return -1;
	}
	sc->app[i] = sc->io;
	strcpy(sc->app[i].name, name);
	return (int)sc->n_apps++;
}

static void on_section(void *cookie, struct ini_file *f, const char *heading)
{
	struct reading *r = cookie;

	r->app = -1;
	if (strncmp(heading, "app ", 4) == 0) {
		r->app = app_of(r, heading + 4 + strspn(heading + 4, " \t"));
		return;
	}
	if (strcmp(heading, "app") == 0)
		r->app = app_of(r, "");
	else if (strcmp(heading, "paper") != 0 && !key_section_known(heading))
		ini_complain(f, f->line, heading, "no such section (see --list-keys)");
}

/* [paper] MODE.FIGURE = value */
static void store_paper(struct reading *r, const char *name, const char *text)
{
	struct scenario *sc = r->sc;
	const char *dot = strrchr(name, '.');
	struct paper_value *p = &sc->paper[sc->n_paper];
	char mode[SCENARIO_NAME_BYTES], *end;
	const struct mode *m;
	uint32_t i;

	if (!dot || dot - name >= (long)sizeof(mode)) {
		ini_complain(&r->f, r->f.line, name, "must be MODE.FIGURE, as in vanilla.remote_pct_end");
		return;
	}
	memcpy(mode, name, (size_t)(dot - name));
	mode[dot - name] = '\0';
	m = mode_find(mode);
	if (!m)
		ini_complain(&r->f, r->f.line, name, "no mode '%s' (see --list-modes)", mode);
	if (figure_find(dot + 1) == FIGURES)
		ini_complain(&r->f, r->f.line, name, "no figure '%s'", dot + 1);
	if (!m || figure_find(dot + 1) == FIGURES)
		return;
	if (sc->n_paper == SCENARIO_PAPER_MAX) {
		ini_complain(&r->f, r->f.line, name, "more than %d values", SCENARIO_PAPER_MAX);
		return;
	}
	p->mode = m->name;
	p->figure = figure_find(dot + 1);
	p->value = strtod(text, &end);
	if (end == text || *end || !isfinite(p->value)) {
		ini_complain(&r->f, r->f.line, name, "'%s' is not a number", text);
		return;
	}
	for (i = 0; i < sc->n_paper; i++) {
		if (sc->paper[i].mode == p->mode && sc->paper[i].figure == p->figure) {
			ini_complain(&r->f, r->f.line, name, "given before, in line %u",
			         r->paper_line[i]);
			return;
		}
	}
	r->paper_line[sc->n_paper++] = r->f.line;
}

static void on_key(void *cookie, struct ini_file *f, const char *section, const char *name,
                   const char *value)
{
	struct reading *r = cookie;
	bool is_app = strncmp(section, "app ", 4) == 0 || strcmp(section, "app") == 0;
	const struct key *k = key_find(is_app ? "io" : section, name);
	char why[256];
	uint32_t *line;
	void *to;

	if (strcmp(section, "paper") == 0) {
		store_paper(r, name, value);
		return;
	}
	if (!key_section_known(section) && !is_app)
		return; /* complained about at its heading */
	if (!k || (is_app && !key_is_load(k))) {
		ini_complain(f, f->line, name, "no such key in [%s] (see --list-keys)", section);
		return;
	}
	if (is_app && r->app < 0)
		return;
	line = is_app ? &r->app_line[r->app][key_index(k)] : &r->key_line[key_index(k)];
	if (*line) {
		ini_complain(f, f->line, name, "given before, in line %u", *line);
		return;
	}
	*line = f->line;
	if (is_app)
		to = (char *)&r->sc->app[r->app] + (k->at - offsetof(struct scenario, io));
	else
		to = (char *)r->sc + k->at;
	if (key_store(k, to, value, why, sizeof(why)))
		ini_complain(f, f->line, name, "%s", why);
}

/* A complaint about a key whose value alone is in order. */
__attribute__((format(printf, 4, 5)))
static void refuse(struct reading *r, const char *section, const char *name,
                   const char *format, ...)
{
	char reason[400], full[128];
	uint32_t line = r->key_line[key_index(key_find(section, name))];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	snprintf(full, sizeof(full), "[%s] %s", section, name);
	ini_complain(&r->f, line, line ? name : full, "%s", reason);
}

static void check_nodes(struct reading *r)
{
	const struct scenario *sc = r->sc;
	double node_mb = sc->host.node_gb * 1024, used[SCENARIO_NODES_MAX] = {0};
	uint32_t i, nodes = (uint32_t)sc->host.nodes;

	for (i = 0; i < sc->guest.nodes.n; i++) {
		if (sc->guest.nodes.id[i] >= nodes) {
			refuse(r, "guest", "nodes", "the host has no node %u", sc->guest.nodes.id[i]);
			return;
		}
		used[sc->guest.nodes.id[i]] +=
			sc->guest.count * sc->guest.memory_mb / sc->guest.nodes.n;
	}
	if (sc->privvm.node >= sc->host.nodes) {
		refuse(r, "privvm", "node", "the host has no node %g", sc->privvm.node);
		return;
	}
	used[(uint32_t)sc->privvm.node] += sc->privvm.memory_mb;
	for (i = 0; i < nodes; i++)
		if (used[i] > node_mb)
			refuse(r, "host", "node_gb", "node %u has %g MB, but %g MB are to be on it",
			       i, node_mb, used[i]);
}


static void check_memory(struct reading *r)
{
	const struct scenario *sc = r->sc;
	double ring_mb = sc->guest.ring_pages / PAGES_PER_MB;
	double busy_mb = sc->guest.kernel_mb + sc->guest.app_mb + ring_mb;
	double ids = sc->guest.count;
	uint32_t bits = 0;

	while ((1u << bits) < scenario_guest_pages(sc))
		bits++;
	ids *= 1u << bits;
	if (ids > 2147483648.0)
		refuse(r, "guest", "count", "%g guests of %g MB are more pages than can be numbered",
		       sc->guest.count, sc->guest.memory_mb);
	if (busy_mb >= sc->guest.memory_mb)
		refuse(r, "guest", "app_mb", "kernel, applications and ring need %g MB of %g",
		       busy_mb, sc->guest.memory_mb);
	else if (busy_mb + sc->pool.init_mb > sc->guest.memory_mb)
		refuse(r, "pool", "init_mb", "a pool of %g MB does not fit beside %g MB of %g",
		       sc->pool.init_mb, busy_mb, sc->guest.memory_mb);
	if (sc->privvm.kernel_mb + sc->privvm.app_mb + sc->privvm.ring_pages / PAGES_PER_MB >=
	    sc->privvm.memory_mb)
		refuse(r, "privvm", "app_mb", "kernel, daemons and ring fill all its %g MB",
		       sc->privvm.memory_mb);
	if (sc->pool.max_mb > 0 && sc->pool.max_mb < sc->pool.init_mb)
		refuse(r, "pool", "max_mb", "is below init_mb (%g)", sc->pool.init_mb);
	if (sc->pool.max_mb >= sc->guest.memory_mb)
		refuse(r, "pool", "max_mb", "must be below the guest's memory");
	if (sc->stream.memory_mb > sc->guest.memory_mb - sc->guest.kernel_mb)
		refuse(r, "stream", "memory_mb", "is more than the guest's kernel leaves");
	if (sc->linkbench.memory_mb > sc->guest.memory_mb - sc->guest.kernel_mb)
		refuse(r, "linkbench", "memory_mb", "is more than the guest's kernel leaves");
	if (sc->migrate.amount_mb >= sc->guest.memory_mb)
		refuse(r, "migrate", "amount_mb", "must be below the guest's memory");
	if (sc->migrate.lead_mb >= sc->migrate.amount_mb)
		refuse(r, "migrate", "lead_mb", "must be below amount_mb");
}

static void check_time(struct reading *r)
{
	const struct scenario *sc = r->sc;

	if (sc->duration_s * 1000 < sc->tick_ms)
		refuse(r, "scenario", "tick_ms", "is longer than the whole scenario");
	if (sc->sample_s * 1000 < sc->tick_ms)
		refuse(r, "scenario", "sample_s", "is shorter than a tick");
	if (sc->duration_s / sc->sample_s > 1e6)
		refuse(r, "scenario", "sample_s", "makes more than a million points");
	if (sc->io.long_ms / sc->tick_ms > 1e6 || sc->io.short_ms / sc->tick_ms > 1e6)
		refuse(r, "scenario", "tick_ms", "is too short for such residency times");
}

/* What an [app] leaves out is as in [io], wherever in the file [io] stands. */
static void complete_apps(struct reading *r)
{
	const struct key *k;
	uint32_t a, i;

	for (a = 0; a < r->sc->n_apps; a++) {
		for (i = 0; (k = key_at(i)) != NULL; i++) {
			if (!key_is_load(k) || r->app_line[a][i])
				continue;
			*(double *)(void *)((char *)&r->sc->app[a] +
			                    (k->at - offsetof(struct scenario, io))) =
				*(const double *)(const void *)((const char *)r->sc + k->at);
		}
	}
}

/* Nearly all of a machine's memory, with a little left free. */
static double most_of(double memory_mb, double taken_mb)
{
	double left_mb = memory_mb - taken_mb - memory_mb / 128;

	return fmax(0, fmin(memory_mb * 61 / 64, left_mb));
}

/* What is in proportion to something else unless said otherwise. */
static void complete_sizes(struct scenario *sc)
{
	if (sc->guest.app_mb < 0)
		sc->guest.app_mb = most_of(sc->guest.memory_mb, sc->guest.kernel_mb +
		                           sc->guest.ring_pages / PAGES_PER_MB +
		                           sc->pool.init_mb);
	if (sc->privvm.app_mb < 0)
		sc->privvm.app_mb = most_of(sc->privvm.memory_mb, sc->privvm.kernel_mb +
		                            sc->privvm.ring_pages / PAGES_PER_MB);
	if (sc->stream.memory_mb < 0)
		sc->stream.memory_mb = fmin(sc->guest.memory_mb * 15 / 16,
		                            sc->guest.memory_mb - sc->guest.kernel_mb);
	if (sc->linkbench.memory_mb < 0)
		sc->linkbench.memory_mb = sc->guest.memory_mb / 2;
}

static void tell(void *cookie, const char *text)
{
	const struct scenario_sink *sink = ((struct reading *)cookie)->sink;

	sink->complain(sink->cookie, text);
}

/* From a file, or from a text under the name of one. */
static uint32_t read_all(struct scenario *sc, const char *path, const char *text,
                         const struct scenario_sink *sink)
{
	struct reading r = {.sc = sc, .sink = sink, .app = -1};
	const struct ini_reader reader = {on_section, on_key, tell, &r};

	scenario_defaults(sc);
	snprintf(sc->path, sizeof(sc->path), "%s", path);
	if (text)
		ini_read_text(&r.f, text, path, &reader);
	else
		ini_read_path(&r.f, path, &reader);
	complete_apps(&r);
	complete_sizes(sc);
	if (!r.f.errors) {
		check_nodes(&r);
		check_memory(&r);
		check_time(&r);
	}
	return r.f.errors;
}

uint32_t scenario_load(struct scenario *sc, const char *path,
                       const struct scenario_sink *sink)
{
	return read_all(sc, path, NULL, sink);
}

uint32_t scenario_parse(struct scenario *sc, const char *text, const char *name,
                        const struct scenario_sink *sink)
{
	return read_all(sc, name, text, sink);
}

void scenario_list_keys(FILE *out)
{
	const struct key *k;
	const char *section = "";
	uint32_t i;

	for (i = 0; (k = key_at(i)) != NULL; i++) {
		if (strcmp(section, k->section) != 0) {
			section = k->section;
			fprintf(out, "%s### [%s]\n\n| key | unit | range | default | meaning |\n"
			        "| --- | --- | --- | --- | --- |\n", i ? "\n" : "", section);
		}
		key_print(k, out);
	}
}
