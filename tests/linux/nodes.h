/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What tests on real nodes share. The referee is the kernel: numa_maps. */
#ifndef FNUMA_LINUX_NODES_H
#define FNUMA_LINUX_NODES_H

#include "test.h"
#include "puppet.h"
#include <flipnuma/linux.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nodes {
	struct fnuma_linux *host;
	struct fnuma_backend be;
	struct puppet puppet;
	fnuma_domain domain;
	struct fnuma_linux_info info;
	char why[256];
};

static inline void nodes_open(struct nodes *t)
{
	memset(t, 0, sizeof(*t));
	if (fnuma_linux_open(NULL, &t->host, t->why, sizeof(t->why)))
		fail_msg("%s", t->why);
	assert_int_equal(fnuma_linux_backend(t->host, &t->be), FNUMA_OK);
}

static inline int nodes_attach(struct nodes *t, int pid, enum fnuma_linux_kind kind,
                               uint32_t spare_frames)
{
	const struct fnuma_linux_range range = {t->puppet.address, t->puppet.pages * 4096ull};
	const struct fnuma_linux_target target = {
		.pid = pid, .kind = kind, .spare_frames = spare_frames,
		.ranges = &range, .n_ranges = 1,
	};
	int err = fnuma_linux_attach(t->host, &target, &t->domain, t->why, sizeof(t->why));

	if (!err)
		assert_int_equal(fnuma_linux_info(t->host, t->domain, &t->info), FNUMA_OK);
	return err;
}

/* A puppet with pages on a node; its range is the domain. */
static inline void nodes_start(struct nodes *t, uint32_t pages, uint32_t node,
                               enum puppet_memory what)
{
	nodes_open(t);
	puppet_start(&t->puppet, pages, node, what);
	if (nodes_attach(t, t->puppet.pid, FNUMA_LINUX_RANGES, 0))
		fail_msg("%s", t->why);
}

static inline void nodes_end(struct nodes *t)
{
	fnuma_linux_close(t->host);
	puppet_end(&t->puppet);
}

/* Pages of 4 KiB by node, as numa_maps has them, of mappings that begin in this range. */
static inline void nodes_count(int pid, uint64_t address, uint64_t bytes, uint32_t *counts)
{
	char path[64], line[1024], *at;
	FILE *f;

	memset(counts, 0, 64 * sizeof(*counts));
	snprintf(path, sizeof(path), "/proc/%d/numa_maps", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		uint64_t start = strtoull(line, NULL, 16), kib = 4;
		unsigned int node, n;

		if (start < address || start >= address + bytes)
			continue;
		at = strstr(line, "huge ") ? strstr(line, "kernelpagesize_kB=") : NULL;
		if (at)
			kib = strtoull(at + 18, NULL, 10);
		for (at = line; (at = strstr(at, " N")) != NULL; at++)
			if (sscanf(at, " N%u=%u", &node, &n) == 2 && node < 64)
				counts[node] += n * (uint32_t)(kib / 4);
	}
	fclose(f);
}

static inline uint32_t nodes_on(const struct nodes *t, uint32_t node)
{
	uint32_t counts[64];

	nodes_count(t->puppet.pid, t->puppet.address, t->puppet.pages * 4096ull, counts);
	return counts[node];
}

/* Moves frames first to first + n in batches; returns pages done, or an error. The last
 * reason that is none of done is kept. */
static inline int nodes_move(struct nodes *t, uint32_t first, uint32_t n, uint32_t to,
                             int *reason)
{
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint32_t at, i, some;
	int ret, done = 0;

	*reason = FNUMA_OK;
	for (at = 0; at < n; at += some) {
		some = n - at < FNUMA_BATCH_MAX ? n - at : FNUMA_BATCH_MAX;
		for (i = 0; i < some; i++)
			pages[i] = fnuma_gfn_of(first + at + i);
		ret = fnuma_backend_move(&t->be, t->domain, pages, some, fnuma_node_of(to),
		                         FNUMA_CONTENT_KEEP, results, NULL);
		if (ret < 0)
			return ret;
		done += ret;
		for (i = 0; i < some; i++)
			if (results[i].outcome != FNUMA_DONE)
				*reason = results[i].reason;
	}
	return done;
}

/* Writes a file of /proc or /sys; false if that is refused. */
static inline bool nodes_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good;

	if (!f)
		return false;
	good = fputs(text, f) >= 0;
	return fclose(f) == 0 && good;
}

#endif /* FNUMA_LINUX_NODES_H */
