/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A file that is always whole: who opens it sees all of the old or all of the new. */
#ifndef FLIPNUMAD_ATOMIC_FILE_H
#define FLIPNUMAD_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Replace it. `durable`: also after a loss of power. False: errno says why, and the old one
 * is there. */
bool atomic_file_write(const char *path, const char *text, size_t bytes, mode_t mode,
                       bool durable);

#endif
