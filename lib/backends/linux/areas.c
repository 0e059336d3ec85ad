/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a process has mapped: /proc/PID/maps has all of it, /proc/PID/numa_maps says of
 * each mapping its policy, its page size and where its pages are. */
#define _GNU_SOURCE
#include "linux_host.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Shared memory of any kind is memory, though it has an inode. */
static bool is_shared_memory(const char *name)
{
	return begins(name, "/memfd:") || begins(name, "/dev/shm/") ||
	       begins(name, "/SYSV") || begins(name, "/dev/zero");
}

/* Names in brackets that are the kernel's own pages. */
static bool is_kernels(const char *name)
{
	return begins(name, "[v");
}

/* One line of maps. */
static bool parse_map(const char *line, struct linux_area *a)
{
	char perms[5];
	int at = 0;

	memset(a, 0, sizeof(*a));
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*x:%*x %" SCNu64 " %n",
	           &a->start, &a->end, perms, &a->offset, &a->inode, &at) < 5 || !at)
		return false;
	a->readable = perms[0] == 'r';
	a->writable = perms[1] == 'w';
	a->shared = perms[3] == 's';
	a->memory = a->inode ? is_shared_memory(line + at) : !is_kernels(line + at);
	return a->end > a->start;
}

/* The policy's word: mode, then nodes behind a colon, if it names any. */
static uint64_t parse_policy(const char *word)
{
	const char *end = word + strcspn(word, " \n");
	const char *colon = memchr(word, ':', (size_t)(end - word));
	uint64_t mask = 0;

	if (begins(word, "prefer (many)")) /* the one mode with a space in its name */
		colon = strchr(word, ':');
	if (colon)
		linux_list(colon + 1, &mask, FNUMA_NODES_MAX);
	return mask;
}

/* What follows the policy: "N1=512", "huge", "kernelpagesize_kB=2048". */
static void parse_words(const char *line, struct linux_area *a)
{
	const char *end = strchrnul(line, '\n'), *at = line;
	unsigned long kib = 0, node, count;
	bool huge = false;

	while ((at = memchr(at, ' ', (size_t)(end - at))) != NULL) {
		at++;
		if (sscanf(at, "N%lu=%lu", &node, &count) == 2 && node < FNUMA_NODES_MAX)
			a->pages[node] = (uint32_t)count;
		else if (begins(at, "kernelpagesize_kB="))
			kib = strtoul(at + 18, NULL, 10);
		else if (begins(at, "huge ") || begins(at, "huge\n"))
			huge = true;
	}
	if (!huge)
		return;
	a->huge_bytes = (uint32_t)(kib * 1024);
	a->memory = true;
}

/* Both files are in the order of addresses; what changed in between stays without. */
static void add_numa(struct linux_area *areas, size_t n, const char *text)
{
	size_t i = 0;

	for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : NULL) {
		char *end;
		uint64_t start = strtoull(text, &end, 16);

		while (i < n && areas[i].start < start)
			i++;
		if (i == n || areas[i].start != start || *end != ' ')
			continue;
		areas[i].policy = parse_policy(end + 1);
		parse_words(end + 1, &areas[i]);
	}
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int parse_maps(const char *text, struct linux_area **areas, size_t *n)
{
	struct linux_area *all = malloc((count_lines(text) + 1) * sizeof(*all));

	*n = 0;
	*areas = all;
	if (!all)
		return -ENOMEM;
	for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
		*n += parse_map(text, &all[*n]);
	return 0;
}

int linux_areas_read(const struct linux_kernel *k, int pid, struct linux_area **areas,
                     size_t *n)
{
	size_t bytes;
	char *text;
	int err = linux_read(k, &text, &bytes, "/proc/%d/maps", pid);

	if (err)
		return err;
	err = parse_maps(text, areas, n);
	free(text);
	if (err)
		return err;
	err = linux_read(k, &text, &bytes, "/proc/%d/numa_maps", pid);
	if (err) {
		free(*areas);
		return err;
	}
	add_numa(*areas, *n, text);
	free(text);
	return 0;
}

size_t linux_area_behind(const struct linux_area *areas, size_t n, uint64_t address)
{
	size_t low = 0, high = n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (areas[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
