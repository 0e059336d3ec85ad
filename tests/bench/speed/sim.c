/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Flips that the simulator gets through in a second of its thread, as it says itself. */
#define _GNU_SOURCE
#include "speed.h"
#include <stdio.h>
#include <string.h>

#define NAME "sim_flips_per_s_"

/* Names are words, so that they can be those of a table's columns. */
static void tell(char *name, double value)
{
	char *at;

	for (at = name; *at; at++)
		*at = *at == '-' ? '_' : *at;
	speed_tell("1/s", value, "%s", name);
}

static double tell_modes(FILE *from)
{
	char line[256], name[128];
	double value, slowest = 0;

	while (fgets(line, sizeof(line), from)) {
		if (strncmp(line, NAME, strlen(NAME)) ||
		    sscanf(line, "%127s %lf", name, &value) != 2)
			continue;
		tell(name, value);
		slowest = slowest == 0 || value < slowest ? value : slowest;
	}
	return slowest;
}

void speed_sim(void)
{
	char command[1024];
	double slowest;
	FILE *from;

	if (!speed_options.sim || !speed_options.scenario)
		return;
	snprintf(command, sizeof(command), "'%s' '%s' --quiet --timing --jobs 1%s",
	         speed_options.sim, speed_options.scenario,
	         speed_options.quick ? " --quick" : "");
	from = popen(command, "r");
	if (!from)
		speed_die("cannot run %s", speed_options.sim);
	slowest = tell_modes(from);
	if (pclose(from) || slowest == 0)
		speed_die("%s failed", command);
	speed_tell("1/s", slowest, "sim_flips_per_s");
}
