/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* All that a freestanding world offers the core of this header. */
#ifndef FNUMA_FREESTANDING_STRING_H
#define FNUMA_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#endif /* FNUMA_FREESTANDING_STRING_H */
