/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Two guests at once, whose frames have the same numbers. */
#include "try.h"

#define PAGES 1024u

static void move_both(struct try *t, fnuma_node to)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < PAGES; i += FNUMA_BATCH_MAX)
		for (uint32_t k = 0; k < 2; k++)
			done += move_pages(t, &t->guest[k], t->guest[k].pages + i,
			                   FNUMA_BATCH_MAX, to, FNUMA_CONTENT_KEEP, NULL);
	check(done == 2 * PAGES, "%u pages of two guests move to node %u in turns", done,
	      to.id);
}

static void check_both(struct try *t, fnuma_node away, uint64_t pages)
{
	bool good = true;
	struct count c;

	count_now(t, &c);
	for (uint32_t k = 0; k < 2; k++) {
		const uint32_t domid = t->guest[k].domid;

		good = good && count_on(&c, domid, away) == pages &&
		       count_total(&c, domid) == count_total(&t->before, domid);
	}
	check(good, "Xen counts %llu pages of each away", (unsigned long long)pages);
}

static void two(struct try *t)
{
	const fnuma_node away = fnuma_node_of(0);
	struct fnuma_xen *other;

	library_open(t, NULL, NULL);
	library_attach(t, &t->guest[0]);
	library_attach(t, &t->guest[1]);
	check(fnuma_xen_open(&(struct fnuma_xen_config){0}, &other) == FNUMA_E_IN_USE,
	      "a second mover with the same journal is refused");
	move_both(t, away);
	check_both(t, away, PAGES);
	move_both(t, t->guest[0].home);
	check_both(t, away, 0);
	check(guest_well(t, t->guest[0].domid) && guest_well(t, t->guest[1].domid),
	      "both find all their memory right");
	library_detach(t, &t->guest[0]);
	library_detach(t, &t->guest[1]);
	library_close(t);
}

const struct scenario scenario_two = {"two", 2, two};
