/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "ini_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

void ini_complain(struct ini_file *f, uint32_t line, const char *key, const char *format, ...)
{
	char reason[512], text[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	if (line)
		snprintf(text, sizeof(text), "%s:%u: %s%s%s", f->name, line, key,
		         *key ? ": " : "", reason);
	else
		snprintf(text, sizeof(text), "%s: %s%s%s", f->name, key, *key ? ": " : "",
		         reason);
	f->errors++;
	f->reader->complain(f->reader->cookie, text);
}

static void begin_section(struct ini_file *f, const char *heading)
{
	size_t length = strcspn(heading, "]");

	memcpy(f->section, heading, length);
	f->section[length] = '\0';
	f->reader->section(f->reader->cookie, f, f->section);
}

/* inih says only which line was wrong first, and nothing of empty sections: look at each
 * line as it is read. */
static void look_at_line(struct ini_file *f, const char *raw)
{
	const char *text = raw;

	if (f->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	if (isspace((unsigned char)*text)) {
		text += strspn(text, " \t\r\n\v\f");
		if (*text && *text != ';' && *text != '#')
			ini_complain(f, f->line, "",
			             "an indented line: begin each key at the left margin");
		return;
	}
	if (!*text || *text == ';' || *text == '#')
		return;
	if (*text == '[') {
		if (strchr(text, ']'))
			begin_section(f, text + 1);
		else
			ini_complain(f, f->line, "", "a section without its ']'");
	} else if (!strpbrk(text, "=:")) {
		ini_complain(f, f->line, "", "neither 'key = value' nor '[section]'");
	}
}

static char *next_of_text(struct ini_file *f, char *to, int size)
{
	size_t length = strcspn(f->text, "\n");

	if (!*f->text)
		return NULL;
	length += f->text[length] == '\n';
	if (length >= (size_t)size)
		length = (size_t)size - 1;
	memcpy(to, f->text, length);
	to[length] = '\0';
	f->text += length;
	return to;
}

static char *next_part(struct ini_file *f, char *to, int size)
{
	return f->stream ? fgets(to, size, f->stream) : next_of_text(f, to, size);
}

static void skip_rest(struct ini_file *f)
{
	char rest[INI_LINE_BYTES];

	while (next_part(f, rest, sizeof(rest)) && !strchr(rest, '\n'))
		;
}

static char *read_line(char *to, int size, void *cookie)
{
	struct ini_file *f = cookie;
	size_t length;

	if (!next_part(f, to, size))
		return NULL;
	f->line++;
	length = strlen(to);
	if (length + 1 == (size_t)size && to[length - 1] != '\n') {
		ini_complain(f, f->line, "", "longer than %d bytes", size - 2);
		skip_rest(f);
		strcpy(to, "\n");
		return to;
	}
	look_at_line(f, to);
	/* An indented line continues the one before in inih's eyes: it has been
	 * complained about, and counts for nothing. */
	if (isspace((unsigned char)*to))
		strcpy(to, "\n");
	return to;
}

static int on_key(void *cookie, const char *section, const char *name, const char *value)
{
	struct ini_file *f = cookie;

	(void)section; /* cut off at 50 bytes */
	if (*f->section)
		f->reader->key(f->reader->cookie, f, f->section, name, value);
	else
		ini_complain(f, f->line, name, "stands before the first [section]");
	return 1;
}

uint32_t ini_read_path(struct ini_file *f, const char *path, const struct ini_reader *reader)
{
	*f = (struct ini_file){.reader = reader, .name = path, .stream = fopen(path, "r")};
	if (!f->stream) {
		ini_complain(f, 0, "", "%s", strerror(errno));
		return f->errors;
	}
	ini_parse_stream(read_line, f, on_key, f);
	if (ferror(f->stream))
		ini_complain(f, 0, "", "cannot be read");
	fclose(f->stream);
	f->stream = NULL;
	return f->errors;
}

uint32_t ini_read_text(struct ini_file *f, const char *text, const char *name,
                       const struct ini_reader *reader)
{
	*f = (struct ini_file){.reader = reader, .name = name, .text = text};
	ini_parse_stream(read_line, f, on_key, f);
	return f->errors;
}
