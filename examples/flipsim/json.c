/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "output.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

/* Counts as whole numbers, the rest to six decimals, which is more than is meant; null for
 * what was not measured. */
static struct json_object *number(double v)
{
	char text[32];

	if (isnan(v))
		return NULL;
	if (v == floor(v) && fabs(v) < 9e15)
		return json_object_new_int64((int64_t)v);
	snprintf(text, sizeof(text), "%.6f", v);
	return json_object_new_double_s(v, text);
}

static void put(struct json_object *to, const char *key, struct json_object *value)
{
	json_object_object_add(to, key, value);
}

static struct json_object *one_mode(const struct run *r, uint32_t i)
{
	const struct result *res = &r->results[i];
	struct json_object *o = json_object_new_object(), *needs;
	uint32_t f;

	put(o, "name", json_object_new_string(res->mode->name));
	put(o, "what", json_object_new_string(res->mode->what));
	for (f = 0; f < FIGURES; f++)
		put(o, figure_info(f)->name, number(res->fig[f]));
	if (!res->n_needs)
		return o;
	put(o, "calibrated_pages", number(res->calibrated_pages));
	needs = json_object_new_array();
	for (f = 0; f < res->n_needs; f++) {
		struct json_object *need = json_object_new_object();

		put(need, "app", json_object_new_string(res->needs[f].app));
		put(need, "need_pages", number(res->needs[f].pages));
		put(need, "missed_pages", number((double)res->needs[f].missed));
		json_object_array_add(needs, need);
	}
	put(o, "calibration", needs);
	return o;
}

static struct json_object *comparisons(const struct run *r)
{
	struct comparison c[SCENARIO_PAPER_MAX];
	uint32_t n = compare_with_paper(r, c), i;
	struct json_object *all = json_object_new_array();

	for (i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		put(o, "mode", json_object_new_string(c[i].mode->name));
		put(o, "figure", json_object_new_string(figure_info(c[i].figure)->name));
		put(o, "paper", number(c[i].paper));
		put(o, "ours", number(c[i].ours));
		put(o, "difference", number(c[i].ours - c[i].paper));
		put(o, "note", c[i].note ? json_object_new_string(c[i].note) : NULL);
		json_object_array_add(all, o);
	}
	return all;
}

struct json_object *output_json_object(const struct run *r, const char *trace)
{
	struct json_object *o = json_object_new_object();
	struct json_object *fitted = json_object_new_object(), *modes = json_object_new_array();
	uint32_t i;

	put(o, "scenario", json_object_new_string(r->sc->name));
	put(o, "title", json_object_new_string(r->sc->title));
	put(o, "seed", number(r->sc->seed));
	put(o, "duration_s", number(r->sc->duration_s));
	put(o, "trace", trace ? json_object_new_string(trace) : NULL);
	put(fitted, "churn_pages_per_s", number(r->sc->fit.churn_pages_per_s));
	put(o, "fitted", fitted);
	for (i = 0; i < r->n_modes; i++)
		json_object_array_add(modes, one_mode(r, i));
	put(o, "modes", modes);
	put(o, "vs_paper", comparisons(r));
	return o;
}

bool output_json_write(struct json_object *o, const char *path)
{
	bool ok;

	errno = 0;
	ok = json_object_to_file_ext(path, o, JSON_C_TO_STRING_PRETTY |
	                             JSON_C_TO_STRING_SPACED |
	                             JSON_C_TO_STRING_NOSLASHESCAPE) == 0;
	json_object_put(o);
	return ok;
}

bool output_json(const struct run *r, const char *trace, const char *path)
{
	return output_json_write(output_json_object(r, trace), path);
}
