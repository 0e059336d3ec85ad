/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The daemon's engine on a real Xen, for as long as it takes: the guest FNUMA_GUEST is told
 * to be at home on node 0, and its listed pages go there. Xen counts them. Run in the
 * privileged domain by the lane `xen`, --only daemon.
 */
#include "engine.h"
#include "loop.h"
#include "metrics.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX 240

static void complain(void *cookie, const char *text)
{
	(void)cookie;
	puts(text);
}

static const struct domain *run(struct engine *e, uint32_t number)
{
	const uint64_t end = loop_now_ns() + SECONDS_MAX * UINT64_C(1000000000);
	const struct domain *d = NULL;
	struct domain_layout l;
	uint64_t next, now;
	uint32_t i;

	for (now = loop_now_ns(); now < end; now = loop_now_ns()) {
		next = engine_turn(e, now, loop_real_ns());
		for (i = 0; i < e->n_domains; i++)
			d = e->domains[i]->who.number == number ? e->domains[i] : d;
		if (d && d->looked) {
			domain_layout(e, d, &l);
			if (l.local_pages && !l.remote_pages)
				return d;
		}
		next = next > now + 100000000 ? now + 100000000 : next;
		if (next > now)
			nanosleep(&(struct timespec){0, (long)(next - now)}, NULL);
	}
	return NULL;
}

/* By Xen itself, and with nothing that failed. */
static bool is_home(const struct engine *e, const struct domain *d)
{
	struct fnuma_repatriator_stats stats;
	uint32_t counts[FNUMA_NODES_MAX] = {0};

	domain_stats(e, d, &stats);
	sleep(4); /* counts may be as old as half a look */
	fnuma_backend_node_counts(&e->source.backend, d->at.domain, counts, e->topology.nodes);
	printf("%s: %ju pages came home, %ju did not; Xen counts %u there\n", d->who.name,
	       (uintmax_t)stats.moved, (uintmax_t)stats.failed, counts[0]);
	return stats.moved && !stats.failed && counts[0] >= stats.moved;
}

int main(void)
{
	static struct engine e;
	const struct config_sink sink = {complain, NULL};
	const char *guest = getenv("FNUMA_GUEST");
	const struct domain *d;
	bool ok;
	char why[WHY_BYTES] = "", *text;

	if (!guest || config_parse(&e.config, "[daemon]\nbackend = xen\nstate_dir = /run/flipnumad\n"
	                           "discover_s = 1\nlook_s = 5\n[care]\nbusy_percent = 0\n"
	                           "keep_free_mb = 16\n[budget]\ncpu_percent = 0\n"
	                           "[defaults]\nperiod_s = 1\nhome = 0\n"
	                           "[domain tended]\nguest = tended\n", "on_xen", &sink))
		return 2;
	e.clock_ns = loop_now_ns;
	if (!engine_open(&e, loop_now_ns(), loop_real_ns(), why, sizeof(why))) {
		puts(why);
		return 2;
	}
	d = run(&e, (uint32_t)strtoul(guest, NULL, 10));
	ok = d && is_home(&e, d);
	text = ok ? NULL : metrics_text(&e);
	fputs(text ? text : "", stdout);
	free(text);
	engine_close(&e);
	return ok ? 0 : 1;
}
