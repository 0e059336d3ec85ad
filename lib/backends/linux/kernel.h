/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the backend asks of the kernel, as a table: tests put one of their own in its
 * place, and so see every answer there is without a second node. */
#ifndef FLIPNUMA_LINUX_KERNEL_H
#define FLIPNUMA_LINUX_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Each gets `context`; errors are -errno. */
struct linux_kernel {
	void *context;

	/* move_pages(2): with nodes NULL a query. Returns as the system call does. */
	long (*move_pages)(void *context, int pid, size_t n, void **pages, const int *nodes,
	                   int *status, int flags);
	int (*pidfd_open)(void *context, int pid);
	/* 1 if the process runs, 0 if it ended. */
	int (*pidfd_runs)(void *context, int pidfd);
	void (*close)(void *context, int fd);
	/* The whole of a file of /proc or /sys: malloc'ed, with a 0 behind it. */
	int (*read_file)(void *context, const char *path, char **text, size_t *bytes);
	/* Bytes of memory of a node, and those free; -errno if there is no such node. */
	int64_t (*node_bytes)(void *context, int node, int64_t *free_bytes);
	int (*distance)(void *context, int from, int to); /* 0 if unknown */
	uint64_t (*spent_ns)(void *context);              /* CPU time of this thread */
	uint32_t (*page_bytes)(void *context);
};

extern const struct linux_kernel linux_kernel;

#endif /* FLIPNUMA_LINUX_KERNEL_H */
