/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "source.h"

#include <stdio.h>

const struct source_ops *source_find(enum config_backend which)
{
	switch (which) {
#ifdef HAVE_SOURCE_LINUX
	case BACKEND_LINUX:
		return &source_linux;
#endif
#ifdef HAVE_SOURCE_XEN
	case BACKEND_XEN:
		return &source_xen;
#endif
	case BACKEND_MOCK:
		return &source_mock;
	default:
		return NULL;
	}
}

void source_printable(char *to, size_t bytes, const char *from, size_t length)
{
	size_t i;

	for (i = 0; i < length && i + 1 < bytes; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

double source_cpus_busy(struct cpu_times *last)
{
	unsigned long long t[8] = {0};
	struct cpu_times now, before = *last;
	FILE *f = fopen("/proc/stat", "r");
	int n;

	if (!f)
		return -1;
	/* user nice system idle iowait irq softirq steal */
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
	           &t[4], &t[5], &t[6], &t[7]);
	fclose(f);
	if (n < 4)
		return -1;
	now.idle = t[3] + t[4];
	now.busy = t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
	*last = now;
	if (!before.idle || now.idle < before.idle || now.busy < before.busy ||
	    now.idle + now.busy == before.idle + before.busy)
		return -1;
	return 100 * (double)(now.busy - before.busy) /
	       (double)(now.busy - before.busy + now.idle - before.idle);
}
