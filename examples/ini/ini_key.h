/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Keys of an INI file: a table says where each goes, its unit, range and default.
 */
#ifndef EXAMPLES_INI_KEY_H
#define EXAMPLES_INI_KEY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NODE_LIST_MAX 64

enum key_kind {
	KEY_NUMBER, /* a double */
	KEY_WHOLE,  /* a double without a fraction */
	KEY_CHOICE, /* one of `choices`, stored as its index in a double */
	KEY_NODES,  /* a struct node_list: up to `max` numbers below `max`; or, stored as none, the
	               word `choices` if there is one */
	KEY_TEXT    /* up to `max` bytes with its end */
};

struct node_list {
	uint32_t n;
	uint32_t id[NODE_LIST_MAX];
};

struct key {
	const char *section;
	const char *name;
	enum key_kind kind;
	size_t at;           /* offset in the struct that the table is for */
	double min, max;     /* both allowed */
	const char *initial; /* the default, as one would write it */
	const char *unit;
	const char *choices; /* "a|b|c" */
	const char *meaning;
};

/* What most entries of a table are. `at`: where it goes. */
#define NUMBER(section, at, name, min, max, initial, unit, meaning) \
	{section, name, KEY_NUMBER, at, min, max, initial, unit, NULL, meaning}
#define WHOLE(section, at, name, min, max, initial, unit, meaning) \
	{section, name, KEY_WHOLE, at, min, max, initial, unit, NULL, meaning}
#define TEXT(section, at, name, bytes, initial, meaning) \
	{section, name, KEY_TEXT, at, 0, bytes, initial, "", NULL, meaning}

/* Parse `text` and store it at `to`. Returns NULL, or why not (a string in
 * `why`, whose size is `bytes`). */
const char *key_store(const struct key *key, void *to, const char *text, char *why,
                      size_t bytes);

/* A row of a table for the documentation: key, unit, range, default, meaning. */
void key_print(const struct key *key, FILE *out);

#endif
