/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "ini_key.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *store_number(const struct key *key, double *to, const char *text,
                                char *why, size_t bytes)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end || !isfinite(v)) {
		snprintf(why, bytes, "'%s' is not a number%s%s%s", text,
		         *key->unit ? " (" : "", key->unit, *key->unit ? ")" : "");
		return why;
	}
	if (v < key->min || v > key->max) {
		snprintf(why, bytes, "%s is outside %.15g to %.15g%s%s", text, key->min, key->max,
		         *key->unit ? " " : "", key->unit);
		return why;
	}
	if (key->kind == KEY_WHOLE && v != floor(v)) {
		snprintf(why, bytes, "%s is not a whole number", text);
		return why;
	}
	*to = v;
	return NULL;
}

static const char *store_choice(const struct key *key, double *to, const char *text,
                                char *why, size_t bytes)
{
	size_t length = strlen(text), span;
	const char *c = key->choices;
	double index = 0;

	for (;;) {
		span = strcspn(c, "|");
		if (span == length && strncmp(c, text, span) == 0) {
			*to = index;
			return NULL;
		}
		if (!c[span])
			break;
		c += span + 1;
		index++;
	}
	snprintf(why, bytes, "'%s' is not one of %s", text, key->choices);
	return why;
}

static const char *store_nodes(struct node_list *to, uint32_t max, const char *text, char *why,
                               size_t bytes)
{
	struct node_list nodes = {0};
	const char *at = text;
	char *end;

	for (;;) {
		unsigned long v;

		at += strspn(at, " \t,");
		if (!*at)
			break;
		v = strtoul(at, &end, 10);
		if (end == at || *at == '-' || v >= max || nodes.n == max) {
			snprintf(why, bytes, "'%s' is not a list of up to %u node numbers below %u",
			         text, max, max);
			return why;
		}
		nodes.id[nodes.n++] = (uint32_t)v;
		at = end;
	}
	if (!nodes.n) {
		snprintf(why, bytes, "names no node");
		return why;
	}
	*to = nodes;
	return NULL;
}

const char *key_store(const struct key *key, void *to, const char *text, char *why,
                      size_t bytes)
{
	switch (key->kind) {
	case KEY_CHOICE:
		return store_choice(key, to, text, why, bytes);
	case KEY_NODES:
		if (key->choices && strcmp(text, key->choices) == 0) {
			((struct node_list *)to)->n = 0;
			return NULL;
		}
		return store_nodes(to, (uint32_t)key->max, text, why, bytes);
	case KEY_TEXT:
		if (strlen(text) >= (size_t)key->max) {
			snprintf(why, bytes, "is longer than %d bytes", (int)key->max - 1);
			return why;
		}
		strcpy(to, text);
		return NULL;
	default:
		return store_number(key, to, text, why, bytes);
	}
}

static void print_range(const struct key *k, FILE *out)
{
	const char *c;

	switch (k->kind) {
	case KEY_CHOICE:
		for (c = k->choices; *c; c++) {
			fputc(*c == '|' ? ',' : *c, out);
			if (*c == '|')
				fputc(' ', out);
		}
		break;
	case KEY_TEXT:
		fprintf(out, "up to %d bytes", (int)k->max - 1);
		break;
	case KEY_NODES:
		fprintf(out, "up to %d%s%s", (int)k->max, k->choices ? ", or " : "",
		        k->choices ? k->choices : "");
		break;
	default:
		fprintf(out, "%.15g to %.15g%s", k->min, k->max,
		        k->kind == KEY_WHOLE ? ", whole" : "");
	}
}

void key_print(const struct key *k, FILE *out)
{
	fprintf(out, "| `%s` | %s | ", k->name, k->unit);
	print_range(k, out);
	fprintf(out, " | %s | %s |\n", k->initial, k->meaning);
}
