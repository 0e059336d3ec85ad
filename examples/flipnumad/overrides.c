/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "overrides.h"

#include "atomic_file.h"

#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool text_of(struct json_object *o, const char *key, char *to, size_t bytes)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string) ||
	    strlen(json_object_get_string(v)) >= bytes)
		return false;
	strcpy(to, json_object_get_string(v));
	return true;
}

static bool from_json(struct json_object *from, struct override *to)
{
	struct json_object *v;

	memset(to, 0, sizeof(*to));
	if (!text_of(from, "key", to->key, sizeof(to->key)) ||
	    !text_of(from, "value", to->value, sizeof(to->value)))
		return false;
	to->budget = json_object_object_get_ex(from, "budget", &v);
	if (to->budget || text_of(from, "domain", to->glob, sizeof(to->glob)))
		return true;
	if (!json_object_object_get_ex(from, "number", &v))
		return false;
	to->number = (uint32_t)json_object_get_int64(v);
	if (!json_object_object_get_ex(from, "start", &v))
		return false;
	to->start = (uint64_t)json_object_get_int64(v);
	return true;
}

static struct json_object *to_json(const struct override *o)
{
	struct json_object *j = json_object_new_object();

	if (o->budget) {
		json_object_object_add(j, "budget", json_object_new_boolean(1));
	} else if (*o->glob) {
		json_object_object_add(j, "domain", json_object_new_string(o->glob));
	} else {
		json_object_object_add(j, "number", json_object_new_int64(o->number));
		json_object_object_add(j, "start", json_object_new_int64((int64_t)o->start));
	}
	json_object_object_add(j, "key", json_object_new_string(o->key));
	json_object_object_add(j, "value", json_object_new_string(o->value));
	return j;
}

static const char *take_all(struct overrides *o, struct json_object *file)
{
	struct json_object *all;
	size_t i, n;

	if (!json_object_object_get_ex(file, "settings", &all) ||
	    !json_object_is_type(all, json_type_array))
		return "is not what the daemon writes";
	n = json_object_array_length(all);
	if (n > OVERRIDES_MAX)
		return "has too many settings";
	for (i = 0; i < n; i++)
		if (!from_json(json_object_array_get_idx(all, i), &o->list[i]))
			return "is not what the daemon writes";
	o->n = (uint32_t)n;
	return NULL;
}

const char *overrides_open(struct overrides *o, const char *path)
{
	struct json_object *file;
	const char *error;

	memset(o, 0, sizeof(*o));
	o->list = calloc(OVERRIDES_MAX, sizeof(*o->list));
	if (!o->list)
		return strerror(errno);
	if (path)
		snprintf(o->path, sizeof(o->path), "%s", path);
	if (!path || access(path, F_OK))
		return NULL;
	file = json_object_from_file(path);
	error = file ? take_all(o, file) : "cannot be read, or is damaged";
	json_object_put(file);
	return error;
}

void overrides_close(struct overrides *o)
{
	free(o->list);
	memset(o, 0, sizeof(*o));
}

static const char *write_all(const struct overrides *o)
{
	struct json_object *file, *all;
	const char *text;
	bool ok;
	uint32_t i;

	if (!*o->path)
		return NULL;
	file = json_object_new_object();
	all = json_object_new_array();
	json_object_object_add(file, "settings", all);
	for (i = 0; i < o->n; i++)
		json_object_array_add(all, to_json(&o->list[i]));
	text = json_object_to_json_string_ext(file, JSON_C_TO_STRING_PRETTY);
	ok = atomic_file_write(o->path, text, strlen(text), 0600, true);
	json_object_put(file);
	return ok ? NULL : strerror(errno);
}

static bool same(const struct override *a, const struct override *b)
{
	return a->budget == b->budget && strcmp(a->glob, b->glob) == 0 &&
	       a->number == b->number && a->start == b->start && strcmp(a->key, b->key) == 0;
}

const char *overrides_put(struct overrides *o, const struct override *one)
{
	struct override *before = o->list, *now;
	const uint32_t n_before = o->n;
	const char *error;
	uint32_t i, k = 0;

	now = calloc(OVERRIDES_MAX, sizeof(*now));
	if (!now)
		return strerror(errno);
	for (i = 0; i < n_before; i++)
		if (!same(&before[i], one))
			now[k++] = before[i];
	if (*one->value && k == OVERRIDES_MAX) {
		free(now);
		return "there are too many settings";
	}
	if (*one->value)
		now[k++] = *one;
	o->list = now;
	o->n = k;
	error = write_all(o);
	if (error) {
		o->list = before;
		o->n = n_before;
	}
	free(error ? now : before);
	return error;
}

void overrides_forget(struct overrides *o, uint32_t number, uint64_t start)
{
	uint32_t i, k = 0;

	for (i = 0; i < o->n; i++) {
		const struct override *one = &o->list[i];

		if (one->budget || *one->glob || one->number != number || one->start != start)
			o->list[k++] = *one;
	}
	if (k == o->n)
		return;
	o->n = k;
	write_all(o); /* if it fails, they are forgotten another time */
}

bool override_is_for(const struct override *one, const char *name, uint32_t number,
                     uint64_t start)
{
	if (one->budget)
		return false;
	if (*one->glob)
		return fnmatch(one->glob, name, 0) == 0;
	return one->number == number && one->start == start;
}
