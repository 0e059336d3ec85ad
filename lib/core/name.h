/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Names of policies: compared without a C library. */
#ifndef FNUMA_CORE_NAME_H
#define FNUMA_CORE_NAME_H

#include <flipnuma/types.h>

static inline bool fnuma_name_is(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

#endif /* FNUMA_CORE_NAME_H */
