/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Reading an INI file as a whole: everything that is wrong with it is told, with its line,
 * and not only the first.
 */
#ifndef EXAMPLES_INI_FILE_H
#define EXAMPLES_INI_FILE_H

#include <stdint.h>
#include <stdio.h>

/* Lines of a file are at most this long. */
#define INI_LINE_BYTES 200

struct ini_file;

/* Who is told what a file says. Complaints are `file:line: key: reason`. */
struct ini_reader {
	void (*section)(void *cookie, struct ini_file *f, const char *heading);
	void (*key)(void *cookie, struct ini_file *f, const char *section, const char *name,
	            const char *value);
	void (*complain)(void *cookie, const char *text);
	void *cookie;
};

/* One reading of one file. */
struct ini_file {
	const struct ini_reader *reader;
	const char *name;             /* for messages */
	uint32_t line;                /* from 1 */
	uint32_t errors;              /* complaints so far */
	char section[INI_LINE_BYTES]; /* the one of `line`, as written */
	FILE *stream;                 /* one of these two is read */
	const char *text;
};

/* Something is wrong in a line (0: nowhere in particular) with a key ("": with none). */
void ini_complain(struct ini_file *f, uint32_t line, const char *key, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* Read a file, or a string under a name for the messages. Both return the number of
 * complaints; `f` is filled, so that the caller may make more. */
uint32_t ini_read_path(struct ini_file *f, const char *path, const struct ini_reader *reader);
uint32_t ini_read_text(struct ini_file *f, const char *text, const char *name,
                       const struct ini_reader *reader);

#endif
