/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The program of a test guest: one thread writes and checks memory without end, the other
 * tells the privileged domain how it goes, below `data/` in xenstore:
 *
 *	beat    COUNT PASSES BAD-WORDS, several times a second
 *
 *	xen-guest --pages N
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>

#include "memory.h"

#define BEAT_MS 200

struct guest {
	struct xs_handle *store;
	struct memory memory;
	_Atomic uint64_t passes, bad_words; /* what the beats say */
	uint64_t beats;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void say(struct guest *g, const char *node, const char *text)
{
	if (!xs_write(g->store, XBT_NULL, node, text, (unsigned int)strlen(text)))
		fail("xs_write");
}

static void *check_memory(void *cookie)
{
	struct guest *g = cookie;

	for (;;) {
		memory_pass(&g->memory);
		if (g->memory.bad_words > 0 && g->bad_words == 0)
			printf("guest: page %zu is wrong\n", g->memory.first_bad);
		g->bad_words = g->memory.bad_words;
		g->passes = g->memory.passes;
	}
	return NULL;
}

static void beat(struct guest *g)
{
	char text[80];

	snprintf(text, sizeof(text), "%llu %llu %llu", (unsigned long long)++g->beats,
	         (unsigned long long)g->passes, (unsigned long long)g->bad_words);
	say(g, "data/beat", text);
}

static size_t pages_from(int argc, char **argv)
{
	static const struct option options[] = {{"pages", required_argument, NULL, 'p'},
	                                        {0}};
	size_t pages = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'p')
			exit(2);
		pages = strtoul(optarg, NULL, 0);
	}
	return pages;
}

int main(int argc, char **argv)
{
	static struct guest g;
	const struct timespec pause = {0, BEAT_MS * 1000000};
	pthread_t checker;

	g.store = xs_open(0);
	if (!g.store)
		fail("xs_open");
	if (memory_start(&g.memory, pages_from(argc, argv), 0x7061676573) != 0)
		fail("memory");
	if (pthread_create(&checker, NULL, check_memory, &g) != 0)
		fail("pthread_create");
	for (;;) {
		beat(&g);
		nanosleep(&pause, NULL);
	}
}
