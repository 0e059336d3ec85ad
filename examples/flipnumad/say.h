/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the administrator hears: under systemd to the journal, with fields to search by, else
 * on stderr. Never of single pages.
 */
#ifndef FLIPNUMAD_SAY_H
#define FLIPNUMAD_SAY_H

#include <stdint.h>
#include <syslog.h>

/* Whom it is about; NULL for nobody in particular. */
struct say_of {
	const char *name;
	uint32_t number;
	int why; /* FNUMA_OK or an enum fnuma_error */
};

/* `level` as for syslog. */
void say(int level, const struct say_of *of, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
