/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The program of a test guest: one thread writes and checks memory without end, the other
 * tells the privileged domain how it goes, and does what it asks for, below `data/` in
 * xenstore:
 *
 *	beat     COUNT LOOKED BAD-WORDS FOLLOWED, several times a second and when asked for
 *	         (looked: in passes over its memory, by a thousand; followed: pages that its own
 *	         kernel moved)
 *	ask      written by the privileged domain: NUMBER COMMAND, see commands[]
 *	answer   NUMBER RESULT, where a negative result says that it did not work
 *
 *	xen-guest --pages=N [--list] [--rest]
 *
 * With --list its agent lists that memory as movable. With --rest it does not look at it until
 * it is asked to.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>

#include "agent.h"
#include "grants.h"
#include "memory.h"

#define TURN_MS 50
#define BEAT_S  0.25
#define FOLLOW  16 /* beats: to look where all of its pages are takes long */

struct guest {
	struct xs_handle *store;
	struct xen_agent *agent;
	struct memory memory;
	void *free_pages; /* what the command `free` has made */
	size_t n_free;
	struct grants grants;
	_Atomic bool resting;
	_Atomic uint64_t looked, bad_words; /* pages, what the beats say */
	uint64_t beats, followed;
	double beat_s; /* when to beat again */
	unsigned int answered; /* number of the last question */
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

/* ------------------------------------------------------------ memory */

static void *check_memory(void *cookie)
{
	const struct timespec pause = {0, TURN_MS * 1000000};
	struct guest *g = cookie;

	for (;;) {
		while (g->resting)
			nanosleep(&pause, NULL);
		memory_look(&g->memory);
		if (g->memory.bad_words > 0 && g->bad_words == 0)
			printf("guest: page %zu is wrong\n", g->memory.first_bad);
		g->bad_words = g->memory.bad_words;
		g->looked = g->memory.passes * g->memory.pages + g->memory.next;
	}
	return NULL;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static long beat(struct guest *g, size_t n)
{
	const uint64_t looked = g->looked; /* first: no word found wrong until then is missed */
	const long moved = g->beats % FOLLOW == 0 ? xen_agent_check(g->agent) : 0;
	char text[80];

	(void)n;
	g->followed += moved > 0 ? (uint64_t)moved : 0;
	snprintf(text, sizeof(text), "%llu %llu %llu %llu",
	         (unsigned long long)++g->beats,
	         (unsigned long long)(looked * 1000 / g->memory.pages),
	         (unsigned long long)g->bad_words, (unsigned long long)g->followed);
	say(g, "data/beat", text);
	g->beat_s = seconds_now() + BEAT_S;
	return 0;
}

/* ------------------------------------------------------------ what can be asked for */

/* The first pages of the memory that is checked are no longer listed. */
static long unlist(struct guest *g, size_t n)
{
	char *rest = (char *)g->memory.words + n * PAGE_BYTES;

	if (n >= g->memory.pages ||
	    xen_agent_list(g->agent, g->memory.words, g->memory.pages,
	                   FNUMA_XEN_AGENT_FIXED) != 0)
		return -1;
	return xen_agent_list(g->agent, rest, g->memory.pages - n,
	                      FNUMA_XEN_AGENT_MOVABLE);
}

/* Pages whose content nobody needs. */
static long make_free(struct guest *g, size_t n)
{
	if (g->free_pages)
		return -1;
	g->free_pages = memory_pages(n);
	g->n_free = n;
	return g->free_pages
	               ? xen_agent_list(g->agent, g->free_pages, n, FNUMA_XEN_AGENT_FREE)
	               : -1;
}

/* They are needed after all: taken off the list first, and as good as any then. */
static long use_free(struct guest *g, size_t n)
{
	volatile uint64_t *word = g->free_pages;
	long bad = 0;

	(void)n;
	if (!word || xen_agent_list(g->agent, g->free_pages, g->n_free,
	                            FNUMA_XEN_AGENT_FIXED) != 0)
		return -1;
	for (size_t i = 0; i < g->n_free * PAGE_WORDS; i++)
		word[i] = i ^ 0x5555;
	for (size_t i = 0; i < g->n_free * PAGE_WORDS; i++)
		bad += word[i] != (i ^ 0x5555);
	memory_give_back(g->free_pages, g->n_free);
	g->free_pages = NULL;
	return -bad;
}

/* Pages granted to the privileged domain, and listed as movable all the same: what an agent
 * that is told too late does. */
static long grant(struct guest *g, size_t n)
{
	if (grants_open(&g->grants, n) != 0)
		return -1;
	return xen_agent_list(g->agent, g->grants.pages, n, FNUMA_XEN_AGENT_MOVABLE);
}

static long end_grants(struct guest *g, size_t n)
{
	(void)n;
	if (xen_agent_list(g->agent, g->grants.pages, g->grants.n,
	                   FNUMA_XEN_AGENT_FIXED) != 0)
		return -1;
	return grants_close(&g->grants);
}

/* No look at its memory for a while. */
static long rest(struct guest *g, size_t n)
{
	g->resting = n != 0;
	return 0;
}

static const struct {
	const char *name;
	long (*run)(struct guest *g, size_t n);
} commands[] = {
	{"unlist", unlist}, {"free", make_free},        {"use", use_free},
	{"grant", grant},   {"end-grants", end_grants}, {"rest", rest},
	{"beat", beat},
};

static long do_command(struct guest *g, const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(g, n);
	return -1;
}

static void answer(struct guest *g)
{
	unsigned int bytes, number;
	char *text = xs_read(g->store, XBT_NULL, "data/ask", &bytes), name[32],
	     result[48];
	size_t n = 0;

	if (text && sscanf(text, "%u %31s %zu", &number, name, &n) >= 2 &&
	    number != g->answered) {
		g->answered = number;
		snprintf(result, sizeof(result), "%u %ld", number,
		         do_command(g, name, n));
		say(g, "data/answer", result);
	}
	free(text);
}

/* ------------------------------------------------------------ */

static void begin(struct guest *g, int argc, char **argv)
{
	static const struct option options[] = {{"pages", required_argument, NULL, 'p'},
	                                        {"list", no_argument, NULL, 'l'},
	                                        {"rest", no_argument, NULL, 'r'},
	                                        {0}};
	size_t pages = 0;
	bool list = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'p' && c != 'l' && c != 'r')
			exit(2);
		if (c == 'p')
			pages = strtoul(optarg, NULL, 0);
		list |= c == 'l';
		g->resting |= c == 'r';
	}
	if (memory_start(&g->memory, pages, 0x7061676573) != 0)
		fail("memory");
	if (xen_agent_open(g->store, &g->agent) != 0 ||
	    (list && xen_agent_list(g->agent, g->memory.words, g->memory.pages,
	                            FNUMA_XEN_AGENT_MOVABLE) != 0))
		fail("agent");
}

int main(int argc, char **argv)
{
	const struct timespec pause = {0, TURN_MS * 1000000};
	static struct guest g;
	pthread_t checker;

	g.store = xs_open(0);
	if (!g.store)
		fail("xs_open");
	begin(&g, argc, argv);
	if (pthread_create(&checker, NULL, check_memory, &g) != 0)
		fail("pthread_create");
	for (;;) {
		if (seconds_now() >= g.beat_s)
			beat(&g, 0);
		answer(&g);
		nanosleep(&pause, NULL);
	}
}
