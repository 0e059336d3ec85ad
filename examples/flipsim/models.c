/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "models.h"

/* Time of an average access, in local ones. */
static double access_time(double remote, double access_percent)
{
	return 1 - remote + remote * access_percent / 100;
}

double stream_gbps(double local_gbps, double remote, double access_percent)
{
	return local_gbps / access_time(remote, access_percent);
}

double linkbench_s(double local_s, double memory_percent, double remote,
                   double access_percent)
{
	double share = memory_percent / 100;

	return local_s * (1 - share + share * access_time(remote, access_percent));
}

double io_page_ns(const struct io_work *work, double stack_ns, double pool_ns)
{
	if (work->pages <= 0)
		return stack_ns;
	return stack_ns + (work->flips_ns + work->copies_ns + work->pool_pages * pool_ns) /
	                  work->pages;
}

double io_vanilla_ns(const struct io_work *work, double stack_ns, double flip_ns,
                     double call_ns)
{
	if (work->pages <= 0)
		return stack_ns;
	return stack_ns + flip_ns + call_ns * work->bursts / work->pages;
}

double percent_more(double before, double now)
{
	return before > 0 ? (now - before) / before * 100 : 0;
}
