/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "linux_host.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int linux_say(int err, char *why, size_t bytes, const char *format, ...)
{
	va_list args;

	if (!why || !bytes)
		return err;
	va_start(args, format);
	vsnprintf(why, bytes, format, args);
	va_end(args);
	return err;
}

const char *linux_line(const char *text, const char *key)
{
	const size_t length = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, length) == 0)
			return text + length;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

static void set_bits(uint64_t *mask, uint32_t bits, unsigned long first, unsigned long last)
{
	unsigned long i;

	for (i = first; i <= last && i < bits; i++)
		mask[i / 64] |= UINT64_C(1) << (i % 64);
}

const char *linux_list(const char *text, uint64_t *mask, uint32_t bits)
{
	char *end = (char *)(uintptr_t)text;

	memset(mask, 0, (bits + 63) / 64 * sizeof(*mask));
	while (*text == ' ' || *text == '\t')
		text++;
	while (*text >= '0' && *text <= '9') {
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		set_bits(mask, bits, first, last);
		text = *end == ',' ? end + 1 : end;
	}
	return end;
}

int linux_read(const struct linux_kernel *k, char **text, size_t *bytes,
               const char *format, ...)
{
	char path[128];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return k->read_file(k->context, path, text, bytes);
}

int linux_error(int err)
{
	switch (-err) {
	case ESRCH:
	case ENOENT: /* of /proc */
		return FNUMA_E_GONE;
	case EPERM:
	case EACCES:
		return FNUMA_E_DENIED;
	case ENODEV:
		return FNUMA_E_RANGE;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return FNUMA_E_NOSPC;
	case EINTR:
	case EAGAIN:
		return FNUMA_E_BUSY;
	case ENOSYS:
	case EOPNOTSUPP:
		return FNUMA_E_NOTSUP;
	default:
		return FNUMA_E_BACKEND;
	}
}
