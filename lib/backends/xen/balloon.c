/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Free pages, replaced without a copy: the guest's balloon takes some, Xen gets them, and
 * gives others from the node that the domain's affinity now names. The target and the
 * affinity as they were are in the journal before either is changed.
 */
#include "parts.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB_PER_PAGE 4u

static void target_path(char *path, size_t bytes, uint32_t domid)
{
	snprintf(path, bytes, "/local/domain/%u/memory/target", domid);
}

static int read_target(struct fnuma_xen *x, uint32_t domid, uint64_t *kib)
{
	char path[64], text[32], *end;
	int err;

	target_path(path, sizeof(path), domid);
	err = XEN(x, read, path, text, sizeof(text));
	if (err)
		return xen_error(err) == FNUMA_E_GONE ? FNUMA_E_NOTSUP : xen_error(err);
	*kib = strtoull(text, &end, 10);
	return end != text && !*end ? FNUMA_OK : FNUMA_E_NOTSUP;
}

static int write_target(struct fnuma_xen *x, uint32_t domid, uint64_t kib)
{
	char path[64], text[32];

	target_path(path, sizeof(path), domid);
	snprintf(text, sizeof(text), "%" PRIu64, kib);
	return xen_error(XEN(x, write, path, text));
}

/* A target that somebody else has set meanwhile is theirs. */
static int restore_target(struct fnuma_xen *x, const struct journal_record *r)
{
	uint64_t kib;
	int err = read_target(x, r->domid, &kib);

	if (err || kib != r->lowered_kib)
		return err;
	return write_target(x, r->domid, r->target_kib);
}

static int end(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	int err = xen_error(XEN(x, set_affinity, r->domid, r->affinity));

	if (err)
		return err;
	r->balloon = 0;
	journal_save(x, slot, r);
	return FNUMA_OK;
}

int xen_balloon_undo(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	int err = restore_target(x, r);

	return err ? err : end(x, slot, r);
}

static int check(struct fnuma_xen *x, const struct xen_domain *d, fnuma_node to,
                 uint32_t pages, uint64_t *target_kib)
{
	int err = read_target(x, d->info.domid, target_kib);

	if (err)
		return err;
	if (to.id >= x->topology.nodes || !pages ||
	    (uint64_t)pages * KIB_PER_PAGE > *target_kib / 2)
		return FNUMA_E_RANGE;
	return d->record.balloon || d->info.shutdown || d->info.paused ? FNUMA_E_BUSY :
	                                                                 FNUMA_OK;
}

int fnuma_xen_balloon(struct fnuma_xen *x, fnuma_domain domain, fnuma_node to,
                      uint32_t pages)
{
	struct xen_domain *d;
	struct journal_record *r;
	uint64_t kib = 0;
	int err = xen_find_alive(x, domain, &d);

	if (!err)
		err = check(x, d, to, pages, &kib);
	if (err)
		return err;
	r = &d->record;
	err = xen_error(XEN(x, affinity, d->info.domid, &r->affinity));
	if (err)
		return err;
	r->balloon = 1;
	r->target_kib = kib;
	r->lowered_kib = kib - (uint64_t)pages * KIB_PER_PAGE;
	d->balloon.growing = false;
	d->balloon.before_pages = d->info.tot_pages;
	d->balloon.goal_pages = d->info.tot_pages - pages;
	journal_save(x, domain.slot, r);
	err = xen_error(XEN(x, set_affinity, r->domid, UINT64_C(1) << to.id));
	if (!err)
		err = write_target(x, r->domid, r->lowered_kib);
	if (err)
		xen_balloon_undo(x, domain.slot, r);
	return err;
}

int fnuma_xen_balloon_step(struct fnuma_xen *x, fnuma_domain domain, bool give_up)
{
	struct xen_domain *d;
	int err = xen_find_alive(x, domain, &d);

	if (err || !d->record.balloon)
		return err;
	if (!d->balloon.growing) {
		if (d->info.tot_pages > d->balloon.goal_pages && !give_up)
			return 1;
		err = restore_target(x, &d->record);
		d->balloon.growing = !err;
		return err ? err : 1;
	}
	if (d->info.tot_pages < d->balloon.before_pages && !give_up)
		return 1;
	return end(x, domain.slot, &d->record);
}
