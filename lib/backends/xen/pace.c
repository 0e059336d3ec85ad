/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * How many pages fit into a pause. Between pauses the batch grows by a quarter while a
 * pause takes less than half of the bound, and shrinks in proportion when one takes more
 * than three quarters. Within a pause, no further page is begun once half of the bound is
 * over: what is left to do for the pages copied takes less than the copying did. The clock
 * of a PV privileged domain costs as much as a part of a copy, so it is not looked at before
 * each page, but when half of those may be copied that the time left is enough for.
 */
#include "parts.h"

#define UNSEEN_MAX 16u /* a copy that suddenly takes long is noticed after so many */

uint32_t xen_pages_in_time(const struct xen_chunk *c, uint32_t copied, uint64_t since_ns)
{
	const uint64_t now = xen_now(c->x), half = c->x->config.pause_bound_ns / 2;
	const uint64_t over = now - c->begun_ns, took = now - since_ns;
	uint64_t fit = UNSEEN_MAX;

	if (over > half)
		return 0;
	if (took)
		fit = copied * (half - over) / took / 2;
	return fit < 1 ? 1 : fit > UNSEEN_MAX ? UNSEEN_MAX : (uint32_t)fit;
}

static uint32_t scaled(uint32_t pages, uint64_t wanted_ns, uint64_t took_ns)
{
	uint64_t fit = took_ns ? pages * wanted_ns / took_ns : pages;

	return fit < 1 ? 1 : (uint32_t)fit;
}

void xen_pace(struct fnuma_xen *x, struct xen_domain *d, uint32_t pages, uint64_t pause_ns)
{
	const uint64_t bound = x->config.pause_bound_ns;

	x->stats.pauses++;
	x->stats.paused_ns += pause_ns;
	if (pause_ns > x->stats.longest_pause_ns)
		x->stats.longest_pause_ns = pause_ns;
	x->stats.pauses_over += pause_ns > bound;
	if (!pages)
		return;
	if (pause_ns > bound - bound / 4)
		d->batch = scaled(pages, bound - bound / 4, pause_ns);
	else if (pause_ns < bound / 2 && pages >= d->batch)
		d->batch += d->batch / 4 + 1;
	if (d->batch > FNUMA_BATCH_MAX)
		d->batch = FNUMA_BATCH_MAX;
}
