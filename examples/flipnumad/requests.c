/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "requests.h"

#include "metrics.h"
#include "say.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct json_object *requests_error(const char *format, ...)
{
	struct json_object *o = json_object_new_object();
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_object_object_add(o, "ok", json_object_new_boolean(0));
	json_object_object_add(o, "error", json_object_new_string(text));
	return o;
}

static struct json_object *fine(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "ok", json_object_new_boolean(1));
	return o;
}

/* A member of a request that is a text, or a number as text; NULL: neither. */
static const char *text_of(struct json_object *request, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(request, key, &v) ||
	    !(json_object_is_type(v, json_type_string) || json_object_is_type(v, json_type_int)))
		return NULL;
	return json_object_get_string(v);
}

/* Is it a number as a whole? */
static bool number_of(const char *text, int base, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, base);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out <= max;
}

bool requests_means(const char *d, const struct domain *domain)
{
	uint64_t number;

	if (number_of(d, 10, UINT32_MAX, &number))
		return domain->who.number == number;
	return fnmatch(d, domain->who.name, 0) == 0;
}

/* Of those meant by the request's domain, the first from `*i` on; NULL: no more. */
static struct domain *next_meant(struct engine *e, const char *d, uint32_t *i)
{
	while (*i < e->n_domains) {
		struct domain *domain = e->domains[(*i)++];

		if (requests_means(d, domain))
			return domain;
	}
	return NULL;
}

/* ---------------------------------------------------------------- looking */

static struct json_object *list(struct engine *e, const char *d, bool all)
{
	struct json_object *o = fine(), *domains = json_object_new_array();
	struct domain *domain;
	uint32_t i = 0;

	json_object_object_add(o, "domains", domains);
	while ((domain = next_meant(e, d, &i)) != NULL)
		json_object_array_add(domains, tell_domain(e, domain, all));
	if (all && json_object_array_length(domains) == 0) {
		json_object_put(o);
		return requests_error("no domain is called '%s'", d);
	}
	return o;
}

static struct json_object *status(struct engine *e)
{
	struct json_object *o = fine();

	json_object_object_add(o, "status", tell_status(e));
	return o;
}

static struct json_object *metrics(struct engine *e)
{
	struct json_object *o = fine();
	char *text = metrics_text(e);

	json_object_object_add(o, "text", json_object_new_string(text ? text : ""));
	free(text);
	return o;
}

static struct json_object *why(struct engine *e, struct json_object *request, const char *d)
{
	const char *text = text_of(request, "page");
	struct domain *domain;
	uint32_t i = 0;
	fnuma_gfn page;
	uint64_t n;

	domain = next_meant(e, d, &i);
	if (!domain)
		return requests_error("no domain is called '%s'", d);
	if (next_meant(e, d, &i))
		return requests_error("more than one domain is called '%s': take its number", d);
	if (!domain->attached)
		return requests_error("it is not attached: %s", domain->refused);
	if (!text)
		return requests_error("which page? a number, or an address that begins with 0x");
	if (strncmp(text, "0x", 2) == 0) {
		if (!e->source.ops->frame || !number_of(text, 16, UINT64_MAX, &n) ||
		    e->source.ops->frame(&e->source, domain->at.domain, n, &page))
			return requests_error("the domain has nothing at address %s", text);
	} else if (number_of(text, 10, domain->at.frames - 1, &n)) {
		page = fnuma_gfn_of((uint32_t)n);
	} else {
		return requests_error("its pages are 0 to %u", domain->at.frames - 1);
	}
	return why_page(e, domain, page);
}

/* ---------------------------------------------------------------- changing */

static struct json_object *keep(struct engine *e, const struct override *one)
{
	const char *error = overrides_put(&e->overrides, one);

	if (error)
		return requests_error("it could not be kept: %s", error);
	engine_apply_overrides(e);
	say(LOG_INFO, NULL, "set: %s %s = %s", one->budget ? "the budget's" :
	    *one->glob ? one->glob : "a domain's", one->key,
	    *one->value ? one->value : "as configured");
	return fine();
}

/* The value must do for each of the domains as they are set now. */
static const char *try_value(const struct domain *d, const struct override *one, char *why,
                             size_t bytes)
{
	struct settings settings = d->settings;

	if (!*one->value)
		return config_is_setting(one->key) ? NULL : "no such setting";
	return config_set(&settings, one->key, one->value, why, bytes);
}

static struct json_object *set_domains(struct engine *e, const char *d, struct override *one)
{
	const char *error;
	struct domain *domain;
	uint32_t i = 0, n = 0;
	char reason[WHY_BYTES];

	while ((domain = next_meant(e, d, &i)) != NULL) {
		error = try_value(domain, one, reason, sizeof(reason));
		if (error)
			return requests_error("%s: %s", one->key, error);
		one->number = domain->who.number;
		one->start = domain->who.start;
		n++;
	}
	if (!n && *one->value) /* who is no longer there may still have settings */
		return requests_error("no domain is called '%s'", d);
	if (strlen(d) >= sizeof(one->glob))
		return requests_error("that glob is too long");
	if (d[strspn(d, "0123456789")]) {
		strcpy(one->glob, d);
		one->number = 0;
		one->start = 0;
	}
	return keep(e, one);
}

static struct json_object *set_budget(struct engine *e, struct override *one)
{
	struct budget_settings budget = e->budget;
	char reason[WHY_BYTES];
	const char *error = NULL;

	one->budget = true;
	if (*one->value)
		error = config_set_budget(&budget, one->key, one->value, reason, sizeof(reason));
	if (error)
		return requests_error("%s: %s", one->key, error);
	return keep(e, one);
}

static struct json_object *set(struct engine *e, const char *d, const char *key,
                               const char *value)
{
	struct override one = {.number = 0};

	if (!key || !value || strlen(key) >= sizeof(one.key) || strlen(value) >= sizeof(one.value))
		return requests_error("a setting needs a key and a value");
	strcpy(one.key, key);
	strcpy(one.value, value);
	return d ? set_domains(e, d, &one) : set_budget(e, &one);
}

struct json_object *requests_answer(struct engine *e, struct json_object *request,
                                    bool may_change)
{
	const char *what = text_of(request, "do"), *d = text_of(request, "domain");

	if (!what)
		return requests_error("a request says what to \"do\"");
	if (strcmp(what, "list") == 0)
		return list(e, d ? d : "*", false);
	if (strcmp(what, "status") == 0)
		return status(e);
	if (strcmp(what, "metrics") == 0)
		return metrics(e);
	if (strcmp(what, "set") != 0 && !d)
		return requests_error("which domain?");
	if (strcmp(what, "show") == 0)
		return list(e, d, true);
	if (strcmp(what, "why") == 0)
		return why(e, request, d);
	if (!may_change)
		return requests_error("to change anything takes root or the daemon's own user");
	if (strcmp(what, "pause") == 0)
		return set(e, d, "paused", "yes");
	if (strcmp(what, "resume") == 0)
		return set(e, d, "paused", "no");
	if (strcmp(what, "set") == 0)
		return set(e, d, text_of(request, "key"), text_of(request, "value"));
	return requests_error("nobody here knows how to '%.40s'", what);
}
