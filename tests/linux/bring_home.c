/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The smallest daemon there can be: brings processes home within a budget, and ends when all
 * of them are, or the time is up.
 *
 *	bring-home [--budget PAGES] [--seconds N] [--home NODE] PID[:WEIGHT]...
 *
 * Then it says of each: "PID moved N remote N rests N", and of itself: "cpu_ms N". Ends with
 * 0 if all are home, 1 if the time was up, 2 if it could not begin.
 */
#define _GNU_SOURCE
#include <flipnuma/host.h>
#include <flipnuma/linux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

struct options {
	uint32_t budget_pages, seconds;
	int home; /* -1: as the backend found it */
	int first; /* argument */
};

struct daemon {
	struct options o;
	struct fnuma_linux *linux_host;
	struct fnuma_backend be;
	struct fnuma_host *host;
	struct fnuma_topology topology;
	int n;
	int *pid;
	fnuma_member *member;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bring-home: %s: %s\n", what, why);
	exit(2);
}

static void *memory_of(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory || !bytes)
		die("memory", "none, or a configuration that is none");
	return memory;
}

static void open_host(struct daemon *d)
{
	struct fnuma_host_config config = {
		.backend = &d->be, .max_members = (uint32_t)d->n,
		.limits = {.pages = d->o.budget_pages},
	};
	char why[256] = "";
	int err = fnuma_linux_open(NULL, &d->linux_host, why, sizeof(why));

	if (err)
		die("this host", why);
	fnuma_linux_backend(d->linux_host, &d->be);
	err = fnuma_backend_topology(&d->be, &d->topology);
	if (err)
		die("topology", fnuma_strerror(err));
	config.nodes = d->topology.nodes;
	err = fnuma_host_init(memory_of(fnuma_host_bytes(&config)), fnuma_host_bytes(&config),
	                      &config, &d->host);
	if (err)
		die("host", fnuma_strerror(err));
}

static void add(struct daemon *d, int i, const char *argument)
{
	const char *colon = strchr(argument, ':');
	const struct fnuma_linux_target target = {.pid = atoi(argument)};
	struct fnuma_member_config config = {
		.start = FNUMA_START_UNKNOWN, .trigger = fnuma_trigger_find("period"),
		.trigger_params = {.period_ns = SECOND}, .books_pages = 1u << 16,
		.weight = colon ? (uint32_t)atoi(colon + 1) : 0,
	};
	struct fnuma_linux_info info;
	char why[256] = "";
	size_t bytes;
	int err = fnuma_linux_attach(d->linux_host, &target, &config.domain, why, sizeof(why));

	if (err)
		die(argument, why);
	fnuma_linux_info(d->linux_host, config.domain, &info);
	if (d->o.home >= 0) {
		info.n_homes = 1;
		info.homes[0] = (struct fnuma_home){{0}, info.frames, {(uint8_t)d->o.home}, 1};
	}
	config.frames = info.frames;
	config.homes = info.homes;
	config.n_homes = info.n_homes;
	bytes = fnuma_host_member_bytes(d->host, &config);
	err = fnuma_host_add(d->host, &config, memory_of(bytes), bytes, 0, &d->member[i]);
	if (!err)
		err = fnuma_host_kick(d->host, d->member[i], 0);
	if (err)
		die(argument, fnuma_strerror(err));
	d->pid[i] = info.pid;
}

static void stats_of(struct daemon *d, int i, struct fnuma_repatriator_stats *stats,
                     uint32_t *left)
{
	struct fnuma_repatriator *r = fnuma_host_repatriator(d->host, d->member[i]);

	memset(stats, 0, sizeof(*stats));
	*left = 0;
	if (!r)
		return;
	fnuma_repatriator_stats(r, stats);
	*left = fnuma_repatriator_movable(r);
}

/* Home once a whole pass found nothing left to move. */
static bool all_home(struct daemon *d)
{
	struct fnuma_repatriator_stats stats;
	uint32_t left;
	int i;

	for (i = 0; i < d->n; i++) {
		stats_of(d, i, &stats, &left);
		if (stats.state != FNUMA_E_GONE && (left || !stats.passes))
			return false;
	}
	return true;
}

static bool loop(struct daemon *d)
{
	const uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	uint64_t now = 0, next, end = d->o.seconds * SECOND;

	for (; now < end && !all_home(d); now = clock_ns(CLOCK_MONOTONIC) - begin) {
		fnuma_host_step(d->host, now, 512, &next);
		if (next > now + SECOND / 10)
			next = now + SECOND / 10;
		if (next > now)
			nanosleep(&(struct timespec){0, (long)(next - now)}, NULL);
	}
	return all_home(d);
}

static void report(struct daemon *d)
{
	struct fnuma_repatriator_stats stats;
	uint32_t left;
	int i;

	for (i = 0; i < d->n; i++) {
		stats_of(d, i, &stats, &left);
		printf("%d moved %ju remote %u rests %ju\n", d->pid[i], (uintmax_t)stats.moved,
		       left, (uintmax_t)stats.rests);
	}
	printf("cpu_ms %ju\n", (uintmax_t)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1000000));
}

static struct options parse(int argc, char **argv)
{
	struct options o = {0, 30, -1, 1};

	for (; o.first + 1 < argc && argv[o.first][0] == '-'; o.first += 2) {
		const char *value = argv[o.first + 1];

		if (strcmp(argv[o.first], "--budget") == 0)
			o.budget_pages = (uint32_t)atoi(value);
		else if (strcmp(argv[o.first], "--seconds") == 0)
			o.seconds = (uint32_t)atoi(value);
		else if (strcmp(argv[o.first], "--home") == 0)
			o.home = atoi(value);
		else
			die(argv[o.first], "no such option");
	}
	if (o.first >= argc)
		die("whom?", "a pid is missing");
	return o;
}

int main(int argc, char **argv)
{
	static struct daemon d;
	bool home;
	int i;

	d.o = parse(argc, argv);
	d.n = argc - d.o.first;
	d.pid = memory_of((size_t)d.n * sizeof(*d.pid));
	d.member = memory_of((size_t)d.n * sizeof(*d.member));
	open_host(&d);
	for (i = 0; i < d.n; i++)
		add(&d, i, argv[d.o.first + i]);
	home = loop(&d);
	report(&d);
	fnuma_linux_close(d.linux_host);
	return home ? 0 : 1;
}
