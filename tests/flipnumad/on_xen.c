/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The daemon's engine on a real Xen, for as long as it takes: the guest FNUMA_GUEST is told
 * to be at home on node 0, and its listed pages go there. To be run in the privileged domain:
 *
 *	tests/lanes/xen/run build/tests/flipnumad/flipnumad-on-xen
 */
#include "engine.h"
#include "loop.h"
#include "metrics.h"

#include <stdlib.h>
#include <time.h>

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

int main(void)
{
	static struct engine e;
	const struct config_sink sink = {complain, NULL};
	const char *guest = getenv("FNUMA_GUEST");
	struct fnuma_repatriator_stats stats;
	const struct domain *d;
	char why[WHY_BYTES] = "", *text;

	if (!guest || config_parse(&e.config, "[daemon]\nbackend = xen\nstate_dir = /run/flipnumad\n"
	                           "discover_s = 1\nlook_s = 5\n[care]\nbusy_percent = 0\n"
	                           "keep_free_mb = 16\n[budget]\ncpu_percent = 0\n"
	                           "[defaults]\nperiod_s = 1\nhome = 0\n"
	                           "[domain all]\nguest = *\n", "on_xen", &sink))
		return 2;
	e.clock_ns = loop_now_ns;
	if (!engine_open(&e, loop_now_ns(), loop_real_ns(), why, sizeof(why))) {
		puts(why);
		return 2;
	}
	d = run(&e, (uint32_t)strtoul(guest, NULL, 10));
	text = metrics_text(&e);
	puts(text ? text : "");
	free(text);
	if (d) {
		domain_stats(&e, d, &stats);
		printf("%s: %ju pages came home\n", d->who.name, (uintmax_t)stats.moved);
	}
	engine_close(&e);
	return d ? 0 : 1;
}
