/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel itself. */
#define _GNU_SOURCE
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long call_move_pages(void *context, int pid, size_t n, void **pages,
                            const int *nodes, int *status, int flags)
{
	long ret;

	(void)context;
	ret = move_pages(pid, n, pages, nodes, status, flags);
	return ret < 0 ? -errno : ret;
}

static int call_pidfd_open(void *context, int pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	(void)context;
	return fd < 0 ? -errno : fd;
}

static int call_pidfd_runs(void *context, int pidfd)
{
	struct pollfd p = {pidfd, POLLIN, 0};
	int ret;

	(void)context;
	do
		ret = poll(&p, 1, 0);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret == 0;
}

static void call_close(void *context, int fd)
{
	(void)context;
	close(fd);
}

/* Files of /proc have no size: read until there is no more. */
static int read_all(int fd, char **text, size_t *bytes)
{
	size_t room = 0, n = 0;
	char *all = NULL;
	ssize_t got = 1;

	while (got != 0) {
		if (room - n < 4096) {
			char *more = realloc(all, room = room * 2 + 16384);

			if (!more) {
				free(all);
				return -ENOMEM;
			}
			all = more;
		}
		got = read(fd, all + n, room - n - 1);
		if (got < 0 && errno != EINTR) {
			free(all);
			return -errno;
		}
		n += got > 0 ? (size_t)got : 0;
	}
	all[n] = 0;
	*text = all;
	*bytes = n;
	return 0;
}

static int call_read_file(void *context, const char *path, char **text, size_t *bytes)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)context;
	if (fd < 0)
		return -errno;
	err = read_all(fd, text, bytes);
	close(fd);
	return err;
}

static int64_t call_node_bytes(void *context, int node, int64_t *free_bytes)
{
	long long available = 0, size = numa_node_size64(node, &available);

	(void)context;
	if (size < 0)
		return -ENODEV;
	*free_bytes = available;
	return size;
}

static int call_distance(void *context, int from, int to)
{
	(void)context;
	return numa_distance(from, to);
}

static uint64_t call_spent_ns(void *context)
{
	struct timespec t;

	(void)context;
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t call_page_bytes(void *context)
{
	(void)context;
	return (uint32_t)sysconf(_SC_PAGESIZE);
}

const struct linux_kernel linux_kernel = {
	.move_pages = call_move_pages,
	.pidfd_open = call_pidfd_open,
	.pidfd_runs = call_pidfd_runs,
	.close = call_close,
	.read_file = call_read_file,
	.node_bytes = call_node_bytes,
	.distance = call_distance,
	.spent_ns = call_spent_ns,
	.page_bytes = call_page_bytes,
};
