/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "recorded.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX (SCENARIO_NODES_MAX + 16)

struct reader {
	struct run *r;
	struct scenario *sc;
	uint32_t nodes;
	uint64_t total_pages; /* of the first line */
	uint32_t line;
};

/* Cuts a line at its commas. Returns how many fields there are. */
static uint32_t cut(char *line, char **field)
{
	uint32_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (line && n < COLUMNS_MAX) {
		field[n++] = line;
		line = strchr(line, ',');
		if (line)
			*line++ = '\0';
	}
	return line ? COLUMNS_MAX + 1 : n;
}

/* As output_csv() writes it: time, mode, the nodes, remote %, the most of it, the pool's
 * pages, those out of it, and more. */
static bool take_heading(struct reader *in, char *text)
{
	char *field[COLUMNS_MAX], name[32];
	uint32_t n = cut(text, field);

	if (n < 7 || n > COLUMNS_MAX || strcmp(field[0], "time_s") != 0 ||
	    strcmp(field[1], "mode") != 0)
		return false;
	for (in->nodes = 0; in->nodes < SCENARIO_NODES_MAX; in->nodes++) {
		snprintf(name, sizeof(name), "node%u_pages", in->nodes);
		if (in->nodes + 6 > n || strcmp(field[in->nodes + 2], name) != 0)
			break;
	}
	return in->nodes > 0 && in->nodes + 6 <= n &&
	       strcmp(field[in->nodes + 2], "remote_pct") == 0 &&
	       strcmp(field[in->nodes + 3], "remote_pct_most") == 0 &&
	       strcmp(field[in->nodes + 4], "pool_pages") == 0 &&
	       strcmp(field[in->nodes + 5], "pool_used_pages") == 0;
}

static bool number(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && isfinite(*out) && *out >= 0;
}

static struct result *result_of(struct run *r, const char *name)
{
	const struct mode *m = mode_find(name);
	uint32_t i;

	if (!m)
		return NULL;
	for (i = 0; i < r->n_modes && r->modes[i] != m; i++)
		;
	if (i == r->n_modes) {
		r->modes[r->n_modes++] = m;
		r->results[i].mode = m;
	}
	return &r->results[i];
}

static struct sample *add_sample(struct result *res)
{
	/* Room for twice as many at each power of two. */
	if (!(res->n_samples & (res->n_samples - 1))) {
		size_t room = res->n_samples ? 2 * (size_t)res->n_samples : 1;
		struct sample *more = realloc(res->samples, room * sizeof(*more));

		if (!more)
			return NULL;
		res->samples = more;
	}
	memset(&res->samples[res->n_samples], 0, sizeof(*res->samples));
	return &res->samples[res->n_samples++];
}

/* The simulator's guests do not grow or shrink; a real one's shares are of what it had at the
 * beginning. */
static void take_values(struct reader *in, struct result *res, struct sample *s,
                        const double *v)
{
	double percent = v[in->nodes + 1], most = v[in->nodes + 2];
	uint32_t k;

	s->time_s = v[0];
	for (k = 0; k < in->nodes; k++)
		s->node_pages[k] = (uint64_t)v[k + 1];
	for (k = 0; !in->total_pages && k < in->nodes; k++)
		in->sc->guest.memory_mb += v[k + 1] / PAGES_PER_MB;
	if (!in->total_pages)
		in->total_pages = engine_total_pages(in->sc);
	s->remote_pages = (uint64_t)(percent / 100 * (double)in->total_pages + 0.5);
	s->remote_most = (uint64_t)(most / 100 * (double)in->total_pages + 0.5);
	s->pool_pages = (uint64_t)v[in->nodes + 3];
	s->pool_used = (uint64_t)v[in->nodes + 4];
	res->fig[FIG_REMOTE_PCT_END] = percent;
	res->fig[FIG_REMOTE_PCT_MAX] = fmax(res->fig[FIG_REMOTE_PCT_MAX], most);
	in->sc->duration_s = fmax(in->sc->duration_s, s->time_s);
}

/* NULL, or what is wrong with it. */
static const char *take_line(struct reader *in, char *text)
{
	double value[COLUMNS_MAX] = {0};
	char *field[COLUMNS_MAX];
	uint32_t n = cut(text, field), k;
	struct result *res;
	struct sample *s;

	if (n < in->nodes + 6 || n > COLUMNS_MAX)
		return "too few fields, or too many";
	for (k = 0; k < in->nodes + 5; k++)
		if (!number(field[k ? k + 1 : 0], &value[k]))
			return "a field is not a number";
	if (value[in->nodes + 1] > 100 || value[in->nodes + 2] > 100)
		return "more than 100 %";
	res = result_of(in->r, field[1]);
	if (!res)
		return "no such mode (see --list-modes)";
	if (res->n_samples && res->samples[res->n_samples - 1].time_s > value[0])
		return "earlier than the line before";
	s = add_sample(res);
	if (!s)
		return "no memory";
	take_values(in, res, s, value);
	return NULL;
}

static const char *take_all(struct reader *in, FILE *f)
{
	const char *wrong = NULL;
	char text[1024];

	for (in->line = 1; !wrong && fgets(text, sizeof(text), f); in->line++) {
		if (in->line == 1)
			wrong = take_heading(in, text) ? NULL : "not the columns of --csv";
		else
			wrong = take_line(in, text);
	}
	if (!wrong && (!in->r->n_modes || !(in->sc->duration_s > 0)))
		wrong = "nothing recorded";
	return wrong;
}

bool recorded_load(struct run *r, struct scenario *sc, const char *path, char *error,
                   size_t bytes)
{
	struct reader in = {.r = r, .sc = sc};
	FILE *f = fopen(path, "r");
	const char *wrong;

	if (!f) {
		snprintf(error, bytes, "%s: %s", path, strerror(errno));
		return false;
	}
	memset(sc, 0, sizeof(*sc));
	sc->guest.count = 1;
	r->sc = sc;
	r->recorded = true;
	wrong = take_all(&in, f);
	fclose(f);
	sc->host.nodes = in.nodes;
	if (wrong)
		snprintf(error, bytes, "%s:%u: %s", path, in.line - 1, wrong);
	return !wrong;
}
