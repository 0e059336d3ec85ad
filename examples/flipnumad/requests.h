/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What flipnumactl may ask: one JSON object a line each way.
 *
 *	{"do": "list"}                                      every domain
 *	{"do": "show", "domain": D}                         all about those that D means
 *	{"do": "status"}                                    the daemon itself
 *	{"do": "metrics"}                                   in Prometheus' text format
 *	{"do": "why", "domain": D, "page": N or "0xADDRESS"}
 *	{"do": "pause" or "resume", "domain": D}
 *	{"do": "set", "domain": D or null, "key": K, "value": V}   null: the budget's
 *
 * D is a number, which means that domain until it ends, or a glob over names, which means
 * those to come, too. An answer has "ok": true, or false and an "error".
 */
#ifndef FLIPNUMAD_REQUESTS_H
#define FLIPNUMAD_REQUESTS_H

#include "engine.h"

#include <json-c/json.h>

/* `may_change`: whoever asks may change anything. The answer is the caller's. */
struct json_object *requests_answer(struct engine *e, struct json_object *request,
                                    bool may_change);

/* {"ok": false, "error": ...} */
struct json_object *requests_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Is a domain who is meant by D? */
bool requests_means(const char *d, const struct domain *domain);

/* ---- tell.c ---- */

/* About a domain; `all` also its settings and counters. */
struct json_object *tell_domain(const struct engine *e, const struct domain *d, bool all);
struct json_object *tell_status(const struct engine *e);

/* ---- why.c ---- */

/* Why a page is where it is. */
struct json_object *why_page(struct engine *e, const struct domain *d, fnuma_gfn page);

#endif
