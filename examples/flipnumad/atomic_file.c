/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_whole(int fd, const char *text, size_t bytes)
{
	ssize_t n;

	for (; bytes; text += n, bytes -= (size_t)n) {
		n = write(fd, text, bytes);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return false;
	}
	return true;
}

static void sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

bool atomic_file_write(const char *path, const char *text, size_t bytes, mode_t mode,
                       bool durable)
{
	char part[PATH_MAX];
	int fd, error;
	bool ok;

	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return false;
	ok = fchmod(fd, mode) == 0 && write_whole(fd, text, bytes) && (!durable || !fsync(fd));
	error = errno;
	if (close(fd) && ok) {
		error = errno;
		ok = false;
	}
	if (ok && rename(part, path)) {
		error = errno;
		ok = false;
	}
	if (!ok) {
		unlink(part);
		errno = error;
		return false;
	}
	if (durable)
		sync_folder(path);
	return true;
}
