/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The referee of a race home:
 *
 *	home-watch PID NODE PERCENT SECONDS
 *
 * says "ms N pages N of N": when so many percent of the process's own memory were on the
 * node, or the time was up, by numa_maps. Ends with 0, or with 1 if the time was up.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seldom: to look takes a while, and a CPU from the others. */
#define LOOK_EVERY_NS 500000000

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Pages of 4 KiB of a mapping that is the process's own. */
static void count(const char *line, unsigned int node, uint64_t *there, uint64_t *all)
{
	const char *at = strstr(line, "kernelpagesize_kB=");
	const uint64_t pages = at ? strtoull(at + 18, NULL, 10) / 4 : 1;
	unsigned int on;
	uint64_t n;

	if (!strstr(line, " anon="))
		return;
	for (at = line; (at = strstr(at, " N")) != NULL; at++)
		if (sscanf(at, " N%u=%ju", &on, &n) == 2) {
			*all += n * pages;
			*there += on == node ? n * pages : 0;
		}
}

static int look(const char *pid, unsigned int node, uint64_t *there, uint64_t *all)
{
	char path[64], line[1024];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/numa_maps", pid);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		return -1;
	}
	*there = *all = 0;
	while (fgets(line, sizeof(line), f))
		count(line, node, there, all);
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t begun = now_ms(), there, all, ms;
	unsigned long percent, seconds;

	if (argc != 5)
		return 2;
	percent = strtoul(argv[3], NULL, 10);
	seconds = strtoul(argv[4], NULL, 10);
	for (;;) {
		if (look(argv[1], (unsigned int)atoi(argv[2]), &there, &all))
			return 2;
		ms = now_ms() - begun;
		if (there * 100 >= all * percent || ms >= seconds * 1000)
			break;
		nanosleep(&(struct timespec){0, LOOK_EVERY_NS}, NULL);
	}
	printf("ms %ju pages %ju of %ju\n", ms, there, all);
	return there * 100 >= all * percent ? 0 : 1;
}
