/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The keys a scenario may have: where each goes, its unit, range and default.
 */
#ifndef FLIPSIM_KEYS_H
#define FLIPSIM_KEYS_H

#include "ini_key.h"

#include <stdbool.h>

/* The keys of all sections but [app NAME] and [paper]; [app NAME] has those of the
 * load in [io]. `index` 0, 1, ...; NULL past the last. */
const struct key *key_at(uint32_t index);

/* The key of that section and name, or NULL. */
const struct key *key_find(const char *section, const char *name);

/* Is this key of [io] part of struct load_config, and so a key of [app NAME] too? */
bool key_is_load(const struct key *key);

/* Is there any key in that section? */
bool key_section_known(const char *section);

#endif
