/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The keys a scenario may have: where each goes, its unit, range and default.
 */
#ifndef FLIPSIM_KEYS_H
#define FLIPSIM_KEYS_H

#include "scenario.h"

enum key_kind {
	KEY_NUMBER, /* a double */
	KEY_WHOLE,  /* a double without a fraction */
	KEY_CHOICE, /* one of `choices`, stored as its index in a double */
	KEY_NODES,  /* node numbers, one for each virtual node */
	KEY_TEXT    /* up to `max` bytes with its end */
};

struct key {
	const char *section;
	const char *name;
	enum key_kind kind;
	size_t at;           /* offset in struct scenario */
	double min, max;     /* both allowed */
	const char *initial; /* the default, as one would write it */
	const char *unit;
	const char *choices; /* "a|b|c" */
	const char *meaning;
};

/* The keys of all sections but [app NAME] and [paper]; [app NAME] has those of the
 * load in [io]. `index` 0, 1, ...; NULL past the last. */
const struct key *key_at(uint32_t index);

/* The key of that section and name, or NULL. */
const struct key *key_find(const char *section, const char *name);

/* Is this key of [io] part of struct load_config, and so a key of [app NAME] too? */
bool key_is_load(const struct key *key);

/* Is there any key in that section? */
bool key_section_known(const char *section);

/* Parse `text` and store it at `to`. Returns NULL, or why not (a string in
 * `why`, whose size is `bytes`). */
const char *key_store(const struct key *key, void *to, const char *text, char *why,
                      size_t bytes);

#endif
