/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* xen-try SCENARIO [DOMID]...: tries the library on these guests; results as TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "try.h"

static const struct scenario *const scenarios[] = {
	&scenario_balloon,
	&scenario_conformance,
	&scenario_ended,
	&scenario_full,
	&scenario_held,
	&scenario_hvm,
	&scenario_interrupted,
	&scenario_killed,
	&scenario_live,
	&scenario_migrate,
	&scenario_naive,
	&scenario_pinned,
	&scenario_policy,
	&scenario_pv,
	&scenario_speed,
	&scenario_two,
};

static const struct scenario *find(const char *name)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (strcmp(scenarios[i]->name, name) == 0)
			return scenarios[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct scenario *s = argc > 1 ? find(argv[1]) : NULL;
	static struct try t;
	double begun;

	if (!s || argc != (int)s->guests + 2) {
		fprintf(stderr, "usage: xen-try SCENARIO [DOMID]...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0); /* what was said before it died is not lost */
	t.xc = xc_interface_open(NULL, NULL, 0);
	t.store = xs_open(0);
	need(t.xc && t.store, "Xen");
	for (t.guests = 0; t.guests < s->guests; t.guests++) {
		t.guest[t.guests].domid = (uint32_t)strtoul(argv[t.guests + 2], NULL, 0);
		need(t.guest[t.guests].domid > 0, "a guest");
		t.guest[t.guests].home = fnuma_node_of(1);
	}
	begun = seconds_now();
	count_now(&t, &t.before);
	s->run(&t);
	note("%.1f s of the machine", seconds_now() - begun);
	return all_good() ? 0 : 1;
}
