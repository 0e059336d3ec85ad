/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A kernel for the Linux backend's tests: one process with a run of pages, four nodes, and
 * files of /proc and /sys. Its move_pages(2) goes about it as the real one does (queues
 * pages, migrates those queued together when it comes to one that it can answer by itself,
 * and says nothing of any of them if one stays), so that what the backend makes of that can
 * be tried answer by answer.
 */
#ifndef FNUMA_FAKE_KERNEL_H
#define FNUMA_FAKE_KERNEL_H

#include "test.h"
#include "linux_host.h"
#include <errno.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_BASE  UINT64_C(0x7f0000000000)
#define FAKE_PAGES 2048u
#define FAKE_NODES 4u
#define FAKE_PID   4711
#define FAKE_FD    99

/* node[] of a page that is not there; other negative values are answered as they are. */
#define FAKE_ABSENT (-ENOENT)

struct fake_file {
	const char *path;
	const char *text; /* NULL: as if missing, with `err` */
	int err;
};

struct fake {
	/* The process. */
	int node[FAKE_PAGES];
	int huge[FAKE_PAGES];      /* first page of the huge page it is part of, else -1 */
	bool hugetlb;              /* these are of hugetlbfs */
	bool stuck[FAKE_PAGES];    /* migrating it fails */
	bool shared[FAKE_PAGES];
	bool busy[FAKE_PAGES];     /* cannot be queued */
	bool queued[FAKE_PAGES];
	bool running, zombie;
	/* The machine. */
	bool absent_node[FAKE_NODES];
	uint64_t allowed;          /* the process's nodes */
	int64_t free_pages[FAKE_NODES];
	/* The next answers of move_pages(2) as a whole: 0, or -errno. */
	int move_error, query_error;
	uint32_t dies_after;       /* pages tried; 0: it does not */
	int unplug_after;          /* pages tried, then node 3 is gone; 0: it stays */
	int pidfd_error;
	bool reused;               /* the pid is somebody else's */
	/* What happened. */
	uint32_t moves, queries, opened, closed, tried;
	int last_pid, last_flags;
	uint64_t time_ns;
	struct fake_file file[16];
	uint32_t n_files;
};

static inline void fake_set(struct fake *k, const char *path, const char *text, int err)
{
	uint32_t i;

	for (i = 0; i < k->n_files; i++)
		if (strcmp(k->file[i].path, path) == 0)
			break;
	assert_true(i < 16);
	k->file[i].path = path;
	k->file[i].text = text;
	k->file[i].err = err;
	if (i == k->n_files)
		k->n_files++;
}

/* The page at an address, or FAKE_PAGES. */
static inline uint32_t fake_page(const void *address)
{
	const uint64_t a = (uint64_t)(uintptr_t)address;

	if (a < FAKE_BASE || (a - FAKE_BASE) / 4096 >= FAKE_PAGES)
		return FAKE_PAGES;
	return (uint32_t)((a - FAKE_BASE) / 4096);
}

static inline uint32_t fake_head(const struct fake *k, uint32_t page)
{
	return k->huge[page] >= 0 ? (uint32_t)k->huge[page] : page;
}

/* 0: there already; 1: queued; else the page's answer. */
static inline int fake_isolate(struct fake *k, uint32_t page, int node, int flags)
{
	uint32_t head;

	if (page == FAKE_PAGES)
		return -EFAULT;
	if (k->node[page] < 0)
		return k->node[page];
	if (k->node[page] == node)
		return 0;
	if (k->shared[page] && !(flags & MPOL_MF_MOVE_ALL))
		return -EACCES;
	head = fake_head(k, page);
	if (k->hugetlb && k->huge[page] >= 0 && head != page)
		return -EACCES;
	if (k->queued[head] || k->busy[page])
		return -EBUSY;
	k->queued[head] = true;
	return 1;
}

static inline uint32_t fake_size(const struct fake *k, uint32_t head)
{
	uint32_t i, n = 0;

	if (k->huge[head] < 0)
		return 1;
	for (i = head; i < FAKE_PAGES && k->huge[i] == (int)head; i++)
		n++;
	return n;
}

/* Returns how many stayed, or -ENOMEM. */
static inline int fake_migrate(struct fake *k, int node)
{
	int stayed = 0, err = 0;
	uint32_t head, i, n;

	for (head = 0; head < FAKE_PAGES; head++) {
		if (!k->queued[head])
			continue;
		k->queued[head] = false;
		n = fake_size(k, head);
		if (err || k->stuck[head]) {
			stayed++;
		} else if (k->free_pages[node] < (int64_t)n) {
			err = -ENOMEM;
		} else {
			for (i = head; i < head + n; i++) {
				k->free_pages[k->node[i]]++;
				k->node[i] = node;
			}
			k->free_pages[node] -= n;
		}
	}
	return err ? err : stayed;
}

static inline int fake_flush(struct fake *k, int *status, size_t start, size_t i, size_t n,
                             int node)
{
	int ret = start < i ? fake_migrate(k, node) : 0;

	if (ret)
		return ret > 0 ? ret + (int)(n - i) : ret;
	for (; start < i; start++)
		status[start] = node;
	return 0;
}

static inline long fake_move(struct fake *k, size_t n, void **pages, const int *nodes,
                             int *status, int flags)
{
	size_t i, start = 0;
	int err = 0, flushed;

	for (i = 0; i < n; i++) {
		if (k->unplug_after && k->tried >= (uint32_t)k->unplug_after)
			k->absent_node[3] = true;
		if (k->dies_after && k->tried >= k->dies_after)
			k->running = false;
		err = nodes[i] < 0 || nodes[i] >= (int)FAKE_NODES || k->absent_node[nodes[i]]
		      ? -ENODEV : !(k->allowed >> nodes[i] & 1) ? -EACCES : 0;
		if (err)
			break;
		k->tried++;
		err = fake_isolate(k, fake_page(pages[i]), nodes[i], flags);
		if (err > 0) {
			err = 0;
			continue;
		}
		status[i] = err ? err : nodes[i];
		err = fake_flush(k, status, start, i, n, nodes[i]);
		if (err)
			return err > 0 ? err - 1 : err;
		start = i + 1;
	}
	flushed = fake_flush(k, status, start, i, n, nodes[0]);
	return err ? err : flushed;
}

static inline long fake_move_pages(void *context, int pid, size_t n, void **pages,
                                   const int *nodes, int *status, int flags)
{
	struct fake *k = context;
	size_t i;
	int err;

	k->last_pid = pid;
	if (pid && k->zombie)
		return -EINVAL;
	if (pid && !k->running)
		return -ESRCH;
	if (nodes) {
		k->moves++;
		k->last_flags = flags;
		k->time_ns += 1000;
		err = k->move_error;
		return err ? err : fake_move(k, n, pages, nodes, status, flags);
	}
	k->queries++;
	if (k->query_error)
		return k->query_error;
	for (i = 0; i < n; i++) {
		uint32_t page = fake_page(pages[i]);

		status[i] = page < FAKE_PAGES ? k->node[page] : -EFAULT;
	}
	return 0;
}

static inline int fake_pidfd_open(void *context, int pid)
{
	struct fake *k = context;

	if (k->pidfd_error)
		return k->pidfd_error;
	if (pid == FAKE_PID && !k->running && !k->zombie)
		return -ESRCH;
	k->opened++;
	return FAKE_FD;
}

static inline int fake_pidfd_runs(void *context, int pidfd)
{
	struct fake *k = context;

	assert_int_equal(pidfd, FAKE_FD);
	return k->running && !k->zombie && !k->reused;
}

static inline void fake_close(void *context, int fd)
{
	struct fake *k = context;

	assert_int_equal(fd, FAKE_FD);
	k->closed++;
}

static inline int fake_read_file(void *context, const char *path, char **text, size_t *bytes)
{
	struct fake *k = context;
	uint32_t i;

	for (i = 0; i < k->n_files; i++) {
		if (strcmp(k->file[i].path, path) != 0)
			continue;
		if (!k->file[i].text)
			return k->file[i].err;
		/* A command line has zeroes in it: written as newlines here. */
		*text = strdup(k->file[i].text);
		assert_non_null(*text);
		*bytes = strlen(*text);
		if (strstr(path, "cmdline")) {
			char *at;

			for (at = *text; *at; at++)
				if (*at == '\n')
					*at = 0;
		}
		return 0;
	}
	return -ENOENT;
}

static inline int64_t fake_node_bytes(void *context, int node, int64_t *free_bytes)
{
	struct fake *k = context;

	if (k->absent_node[node])
		return -ENODEV;
	*free_bytes = k->free_pages[node] * 4096;
	return INT64_C(1) << 30;
}

static inline int fake_distance(void *context, int from, int to)
{
	(void)context;
	return from == to ? 10 : 20 + from + to;
}

static inline uint64_t fake_spent_ns(void *context)
{
	return ((struct fake *)context)->time_ns;
}

static inline uint32_t fake_page_bytes(void *context)
{
	(void)context;
	return 4096;
}

/* A process of FAKE_PAGES pages, one mapping, all on node 0; home by no policy. */
static inline struct linux_kernel fake_start(struct fake *k)
{
	const struct linux_kernel kernel = {
		k, fake_move_pages, fake_pidfd_open, fake_pidfd_runs, fake_close,
		fake_read_file, fake_node_bytes, fake_distance, fake_spent_ns, fake_page_bytes,
	};
	uint32_t i;

	memset(k, 0, sizeof(*k));
	k->running = true;
	k->allowed = 0xf;
	for (i = 0; i < FAKE_PAGES; i++)
		k->huge[i] = -1;
	for (i = 0; i < FAKE_NODES; i++)
		k->free_pages[i] = 100000;
	fake_set(k, "/sys/devices/system/node/has_memory", "0-3\n", 0);
	fake_set(k, "/sys/devices/system/node/node0/cpulist", "0\n", 0);
	fake_set(k, "/sys/devices/system/node/node1/cpulist", "1\n", 0);
	fake_set(k, "/sys/devices/system/node/node2/cpulist", "2-3,8\n", 0);
	fake_set(k, "/sys/devices/system/node/node3/cpulist", "\n", 0);
	fake_set(k, "/proc/self/status", "Name:\tme\nCapEff:\t000001ffffffffff\n"
	         "Mems_allowed_list:\t0-3\n", 0);
	fake_set(k, "/proc/4711/stat", "4711 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 "
	         "17 18 777 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 "
	         "42 43 44 45 46 47 48\n", 0);
	fake_set(k, "/proc/4711/comm", "a (b) c\n", 0);
	fake_set(k, "/proc/4711/cmdline", "a\n", 0);
	fake_set(k, "/proc/4711/status", "Name:\ta\nCpus_allowed_list:\t0-8\n"
	         "Mems_allowed_list:\t0-3\n", 0);
	fake_set(k, "/proc/4711/maps", "7f0000000000-7f0000800000 rw-p 00000000 00:00 0 \n", 0);
	fake_set(k, "/proc/4711/numa_maps",
	         "7f0000000000 default anon=2048 N0=2048 kernelpagesize_kB=4\n", 0);
	return kernel;
}

/* Opened, with the process attached. */
struct fixture {
	struct fake k;
	struct linux_kernel kernel;
	struct fnuma_linux *host;
	struct fnuma_backend be;
	fnuma_domain domain;
	struct fnuma_linux_info info;
	char why[256];
};

static inline int fixture_attach(struct fixture *f, const struct fnuma_linux_target *target)
{
	int err = fnuma_linux_attach(f->host, target, &f->domain, f->why, sizeof(f->why));

	if (!err)
		assert_int_equal(fnuma_linux_info(f->host, f->domain, &f->info), FNUMA_OK);
	return err;
}

static inline void fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->kernel = fake_start(&f->k);
	assert_int_equal(linux_open(&f->kernel, NULL, &f->host, f->why, sizeof(f->why)),
	                 FNUMA_OK);
	assert_int_equal(fnuma_linux_backend(f->host, &f->be), FNUMA_OK);
}

static inline void fixture_start(struct fixture *f)
{
	const struct fnuma_linux_target target = {.pid = FAKE_PID};

	fixture_open(f);
	assert_int_equal(fixture_attach(f, &target), FNUMA_OK);
}

/* Every file descriptor that was opened is closed. */
static inline void fixture_end(struct fixture *f)
{
	fnuma_linux_close(f->host);
	assert_int_equal(f->k.opened, f->k.closed);
}

#endif /* FNUMA_FAKE_KERNEL_H */
