/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Why not the plain way: pause, read the page, take it from the guest, give it one of the
 * wanted node, write it back. It works; but in between the only copy is the mover's, and a
 * mover that dies there has destroyed a page of a running guest. It is played to that point.
 */
#define _GNU_SOURCE
#include "try.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>

#define PATIENCE 30.0 /* seconds */

static uint8_t only_copy[XC_PAGE_SIZE];

static bool read_and_take(struct try *t, uint32_t domid, xen_pfn_t frame)
{
	xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
	int err = -1;
	void *at =
		memory ? xenforeignmemory_map(memory, domid, PROT_READ, 1, &frame, &err)
		       : NULL;

	if (!at || err)
		return false;
	memcpy(only_copy, at, sizeof(only_copy));
	xenforeignmemory_unmap(memory, at, 1);
	xenforeignmemory_close(memory);
	return xc_domain_decrease_reservation_exact(t->xc, domid, 1, 0, &frame) == 0;
}

static bool is_harmed(struct try *t, uint32_t domid)
{
	const double end = seconds_now() + PATIENCE;
	xc_domaininfo_t info;
	struct beat beat;

	while (seconds_now() < end) {
		if (guest_beat(t, domid, &beat) && beat.bad_words > 0)
			return true;
		if (xc_domain_getinfolist(t->xc, domid, 1, &info) != 1 ||
		    info.flags & XEN_DOMINF_shutdown)
			return true;
		usleep(100000);
	}
	return false;
}

static void naive(struct try *t)
{
	struct guest *g = &t->guest[0];
	xen_pfn_t frame;

	library_open(t, NULL, NULL);
	library_attach(t, g);
	need(g->n > 0, "pages listed");
	frame = g->pages[g->n / 2].n;
	library_detach(t, g);
	library_close(t);
	check(guest_well(t, g->domid), "before, the guest finds all its memory right");
	need(xc_domain_pause(t->xc, g->domid) == 0, "a pause");
	need(read_and_take(t, g->domid, frame), "a page taken");
	/* Here it dies; somebody else lets the guest go on. */
	need(xc_domain_unpause(t->xc, g->domid) == 0, "an end of the pause");
	check(is_harmed(t, g->domid),
	      "a plain mover that dies half-way has destroyed a page");
}

const struct scenario scenario_naive = {"naive", 1, naive};
