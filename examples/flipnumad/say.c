/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "say.h"

#include <flipnuma/types.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* Is stderr the journal's? Then JOURNAL_STREAM has its device and inode. */
static bool under_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void to_journal(int level, const struct say_of *of, const char *text)
{
	if (of)
		sd_journal_send("MESSAGE=%s: %s", of->name, text, "PRIORITY=%d", level,
		                "FLIPNUMA_DOMAIN=%s", of->name, "FLIPNUMA_NUMBER=%u", of->number,
		                "FLIPNUMA_REASON=%s", fnuma_strerror(of->why), NULL);
	else
		sd_journal_send("MESSAGE=%s", text, "PRIORITY=%d", level, NULL);
}

void say(int level, const struct say_of *of, const char *format, ...)
{
	char text[1400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (under_journal())
		to_journal(level, of, text);
	else if (of)
		fprintf(stderr, "flipnumad: %s (%u): %s\n", of->name, of->number, text);
	else
		fprintf(stderr, "flipnumad: %s\n", text);
}
