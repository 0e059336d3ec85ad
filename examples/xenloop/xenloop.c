/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The smallest useful daemon for Xen's privileged domain: keeps the pages that a guest's
 * agent lists on the guest's node, by the paper's period and amount and within a budget, and
 * writes down where the guest's memory is over time, as Xen counts it.
 *
 * The columns are those of `flipsim --csv`, so that the same code draws both.
 */
#define _POSIX_C_SOURCE 200809L
#include <flipnuma/host.h>
#include <flipnuma/xen.h>

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)
#define STEP_PAGES 512u

struct options {
	uint32_t domid, home, amount_pages, budget_pages;
	double period_s, sample_s, seconds;
	uint64_t pause_us;
	const char *csv, *journal, *name;
	bool watch;
};

struct loop {
	struct options o;
	struct fnuma_xen *xen;
	struct fnuma_backend backend;
	struct fnuma_topology topology;
	struct fnuma_host *host;
	void *host_memory, *member_memory;
	fnuma_domain domain;
	fnuma_member member;
	uint32_t frames;
	fnuma_gfn *pages;   /* listed, room for all frames */
	fnuma_node *nodes;
	FILE *csv;
	uint64_t begun_ns;
	double most_pct;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void say(void *cookie, const char *text)
{
	(void)cookie;
	fprintf(stderr, "xenloop: %s\n", text);
}

static bool worked(int err, const char *what)
{
	if (err < 0)
		fprintf(stderr, "xenloop: %s: %s\n", what, fnuma_strerror(err));
	return err >= 0;
}

static void usage(FILE *out)
{
	fputs("Usage: xenloop --domid N --home NODE [OPTION]...\n"
	      "Keeps a guest's listed pages on its node. Runs in the privileged domain.\n\n"
	      "  --period S       bring home what is away at least this often (default: 60)\n"
	      "  --amount PAGES   ... and when so many are (default: 5 % of the guest)\n"
	      "  --budget PAGES   move no more in a second (default: 20000)\n"
	      "  --pause US       pause the guest no longer at a time (default: 1000)\n"
	      "  --sample S       look where the pages are this often (default: 10)\n"
	      "  --seconds S      end after so long (default: never)\n"
	      "  --csv FILE       write the layout over time there\n"
	      "  --name NAME      ... as this mode of flipsim's (default: migrate-amount, or\n"
	      "                   vanilla with --watch)\n"
	      "  --journal FILE   (default: " FNUMA_XEN_JOURNAL ")\n"
	      "  --watch          move nothing\n"
	      "  --help           this text\n", out);
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"domid", 1, NULL, 'd'}, {"home", 1, NULL, 'n'}, {"period", 1, NULL, 'p'},
		{"amount", 1, NULL, 'a'}, {"budget", 1, NULL, 'b'}, {"pause", 1, NULL, 'u'},
		{"sample", 1, NULL, 's'}, {"seconds", 1, NULL, 'e'}, {"csv", 1, NULL, 'c'},
		{"name", 1, NULL, 'm'}, {"journal", 1, NULL, 'j'}, {"watch", 0, NULL, 'w'},
		{"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.domid = UINT32_MAX, .home = UINT32_MAX, .budget_pages = 20000,
	                      .period_s = 60, .sample_s = 10, .pause_us = 1000};
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd': o->domid = (uint32_t)strtoul(optarg, NULL, 0); break;
		case 'n': o->home = (uint32_t)strtoul(optarg, NULL, 0); break;
		case 'p': o->period_s = strtod(optarg, NULL); break;
		case 'a': o->amount_pages = (uint32_t)strtoul(optarg, NULL, 0); break;
		case 'b': o->budget_pages = (uint32_t)strtoul(optarg, NULL, 0); break;
		case 'u': o->pause_us = strtoull(optarg, NULL, 0); break;
		case 's': o->sample_s = strtod(optarg, NULL); break;
		case 'e': o->seconds = strtod(optarg, NULL); break;
		case 'c': o->csv = optarg; break;
		case 'm': o->name = optarg; break;
		case 'j': o->journal = optarg; break;
		case 'w': o->watch = true; break;
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: return -1;
		}
	}
	if (!o->name)
		o->name = o->watch ? "vanilla" : "migrate-amount";
	return optind < argc || o->domid == UINT32_MAX || o->home >= FNUMA_NODES_MAX ||
	       !(o->period_s > 0) || !(o->sample_s > 0) ? -1 : 0;
}

/* ---------------------------------------------------------------- beginning */

static bool connect_to_xen(struct loop *l)
{
	const struct fnuma_xen_config config = {
		.journal = l->o.journal, .pause_bound_ns = l->o.pause_us * 1000, .say = say};
	const struct fnuma_xen_domain_config domain = {.domid = l->o.domid,
	                                               .trust = FNUMA_XEN_TRUST_AGENT};
	struct fnuma_xen_domain_stats stats;

	if (!worked(fnuma_xen_open(&config, &l->xen), "no connection to Xen") ||
	    !worked(fnuma_xen_backend(l->xen, &l->backend), "the backend") ||
	    !worked(fnuma_backend_topology(&l->backend, &l->topology), "the host's nodes") ||
	    !worked(fnuma_xen_attach(l->xen, &domain, &l->domain), "the domain") ||
	    !worked(fnuma_xen_domain_stats(l->xen, l->domain, &stats), "the domain"))
		return false;
	l->frames = stats.frames;
	l->pages = calloc(l->frames, sizeof(*l->pages));
	l->nodes = calloc(l->frames, sizeof(*l->nodes));
	return l->pages && l->nodes;
}

static bool make_host(struct loop *l)
{
	const struct fnuma_home home = {{0}, l->frames, fnuma_node_of(l->o.home), 1};
	const struct fnuma_host_config config = {
		.backend = &l->backend, .max_members = 1, .nodes = l->topology.nodes,
		.limits = {.pages = l->o.budget_pages}};
	const struct fnuma_member_config member = {
		.domain = l->domain, .frames = l->frames, .homes = &home, .n_homes = 1,
		.start = FNUMA_START_HOME, .trigger = fnuma_trigger_find("either"),
		.trigger_params = {.period_ns = (uint64_t)(l->o.period_s * 1e9),
		                   .amount_pages = l->o.amount_pages ? l->o.amount_pages :
		                                                       l->frames / 20 + 1},
		.tuning = {.batch_pages = FNUMA_BATCH_MAX,
		           .flags = l->o.watch ? FNUMA_REPAT_DRY_RUN : 0}};

	l->host_memory = malloc(fnuma_host_bytes(&config));
	if (!worked(fnuma_host_init(l->host_memory, fnuma_host_bytes(&config), &config,
	                            &l->host), "the policy"))
		return false;
	l->member_memory = malloc(fnuma_host_member_bytes(l->host, &member));
	return worked(fnuma_host_add(l->host, &member, l->member_memory,
	                             fnuma_host_member_bytes(l->host, &member), now_ns(),
	                             &l->member), "the policy");
}

static bool open_csv(struct loop *l)
{
	uint32_t i;

	if (!l->o.csv)
		return true;
	l->csv = fopen(l->o.csv, "w");
	if (!l->csv) {
		perror(l->o.csv);
		return false;
	}
	fprintf(l->csv, "time_s,mode");
	for (i = 0; i < l->topology.nodes; i++)
		fprintf(l->csv, ",node%u_pages", i);
	fprintf(l->csv, ",remote_pct,remote_pct_most,pool_pages,pool_used_pages,flips,"
	        "flip_misses,pages_migrated,privvm_remote_pct\n");
	return true;
}

/* ---------------------------------------------------------------- going on */

/* Where the listed pages are now: what came in by a flip, or went away otherwise, is found. */
static int look(struct loop *l)
{
	fnuma_gfn cursor = {0};
	int n = fnuma_xen_listed(l->xen, l->domain, false, &cursor, l->pages, l->frames), err;

	if (n == FNUMA_E_EMPTY) {
		err = fnuma_xen_find_agent(l->xen, l->domain);
		return err == FNUMA_E_EMPTY ? FNUMA_OK : err;
	}
	err = n > 0 ? fnuma_xen_page_nodes(l->xen, l->domain, l->pages, (uint32_t)n, l->nodes) : n;
	return err > 0 ? fnuma_host_record_nodes(l->host, l->member, l->pages, l->nodes,
	                                         (uint32_t)n, now_ns()) : err;
}

static void write_down(struct loop *l)
{
	uint32_t counts[FNUMA_NODES_MAX], i;
	struct fnuma_host_stats stats;
	uint64_t total = 0;
	double remote_pct;

	if (!l->csv || fnuma_backend_node_counts(&l->backend, l->domain, counts,
	                                         l->topology.nodes) != FNUMA_OK)
		return;
	for (i = 0; i < l->topology.nodes; i++)
		total += counts[i];
	remote_pct = total ? 100.0 * (double)(total - counts[l->o.home]) / (double)total : 0;
	if (remote_pct > l->most_pct)
		l->most_pct = remote_pct;
	fnuma_host_stats(l->host, &stats);
	fprintf(l->csv, "%.3f,%s", (double)(now_ns() - l->begun_ns) / 1e9, l->o.name);
	for (i = 0; i < l->topology.nodes; i++)
		fprintf(l->csv, ",%u", counts[i]);
	fprintf(l->csv, ",%.6f,%.6f,0,0,0,0,%" PRIu64 ",0\n", remote_pct, l->most_pct,
	        stats.moved);
	fflush(l->csv);
}

static void sleep_until(uint64_t ns)
{
	const struct timespec t = {(time_t)(ns / SECOND), (long)(ns % SECOND)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Ends with the guest, the time, or a signal. */
static void go_on(struct loop *l)
{
	const uint64_t sample_ns = (uint64_t)(l->o.sample_s * 1e9);
	uint64_t next, sample = l->begun_ns, now;
	int err;

	while (!stop && (!l->o.seconds ||
	                 now_ns() - l->begun_ns < (uint64_t)(l->o.seconds * 1e9))) {
		now = now_ns();
		if (now >= sample) {
			err = look(l);
			if (err == FNUMA_E_GONE || err == FNUMA_E_STALE)
				break;
			worked(err == FNUMA_E_BUSY ? 0 : err, "looking where pages are");
			write_down(l);
			sample = now_ns() + sample_ns;
		}
		fnuma_host_step(l->host, now_ns(), STEP_PAGES, &next);
		now = now_ns();
		if (next > now && sample > now)
			sleep_until(next < sample ? next : sample);
	}
}

static void tell(const struct loop *l)
{
	struct fnuma_xen_stats s;

	fnuma_xen_stats(l->xen, &s);
	printf("%" PRIu64 " pages came home in %" PRIu64 " pauses; the longest took %.3f ms, "
	       "%" PRIu64 " more than was allowed; %" PRIu64 " pages were found to be held\n",
	       s.moved_pages, s.pauses, (double)s.longest_pause_ns / 1e6, s.pauses_over,
	       s.pinned_pages);
}

int main(int argc, char **argv)
{
	static struct loop l;
	const struct sigaction action = {.sa_handler = on_signal};
	bool good;

	if (parse(&l.o, argc, argv)) {
		usage(stderr);
		return 2;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	l.begun_ns = now_ns();
	good = connect_to_xen(&l) && make_host(&l) && open_csv(&l);
	if (good) {
		go_on(&l);
		tell(&l);
	}
	if (l.csv && fclose(l.csv))
		good = false;
	fnuma_xen_close(l.xen);
	free(l.member_memory);
	free(l.host_memory);
	free(l.pages);
	free(l.nodes);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
