/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Removing what is left over of a batch: the last part of every batch, and all of it that a
 * successor has to do. Each step may be repeated, and finds out for itself whether there is
 * anything to do; so this too may be killed anywhere.
 */
#include "parts.h"
#include <string.h>

/* The guest goes on first: every frame of it has a page, old or new, at any time. A pause
 * that cannot be ours is left alone. */
static int let_go_on(struct fnuma_xen *x, const struct journal_record *r,
                     const struct xen_info *info)
{
	if (r->state != JOURNAL_PAUSED || !info->paused)
		return FNUMA_OK;
	return xen_error(XEN(x, unpause, r->domid));
}

static int remove_scratch(struct fnuma_xen *x, const struct journal_record *r)
{
	fnuma_gfn gfn[FNUMA_BATCH_MAX];
	bool own[FNUMA_BATCH_MAX];
	uint32_t i, left = 0;
	int got;

	if (!r->scratch_pages)
		return FNUMA_OK;
	for (i = 0; i < r->scratch_pages; i++)
		gfn[i] = fnuma_gfn_of(r->scratch_gfn + i);
	got = XEN(x, own, r->domid, gfn, r->scratch_pages, own);
	if (got)
		return xen_error(got);
	for (i = 0; i < r->scratch_pages; i++)
		if (own[i])
			gfn[left++] = gfn[i];
	got = left ? XEN(x, give_back, r->domid, gfn, left) : 0;
	return got < 0 ? xen_error(got) : (uint32_t)got == left ? FNUMA_OK : FNUMA_E_BUSY;
}

/* A limit that somebody else has changed meanwhile is theirs. */
int xen_restore_limit(struct fnuma_xen *x, const struct journal_record *r,
                      struct xen_info *info)
{
	int err;

	if (info->max_pages != r->raised_pages || r->raised_pages == r->max_pages)
		return FNUMA_OK;
	err = xen_error(XEN(x, set_max, r->domid, r->max_pages));
	if (!err)
		info->max_pages = r->max_pages;
	return err;
}

/* Whose it was remains: a handle of that domain finds out by it. */
static void forget(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	struct journal_record empty;

	memset(&empty, 0, sizeof(empty));
	empty.domid = r->domid;
	memcpy(empty.uuid, r->uuid, sizeof(empty.uuid));
	*r = empty;
	journal_save(x, slot, r);
}

int xen_clean_up(struct fnuma_xen *x, uint32_t slot, struct journal_record *r,
                 struct xen_info *info)
{
	int err = xen_identify(x, r->domid, r->uuid, info);

	if (err == FNUMA_E_GONE || err == FNUMA_E_STALE) {
		forget(x, slot, r);
		return FNUMA_OK;
	}
	if (err || r->state == JOURNAL_IDLE)
		return err;
	err = let_go_on(x, r, info);
	if (!err)
		err = remove_scratch(x, r);
	if (!err)
		err = xen_restore_limit(x, r, info);
	if (err)
		return err;
	r->state = JOURNAL_IDLE;
	journal_save(x, slot, r);
	return FNUMA_OK;
}

/* 1 if there was something to do. */
static int recover_record(struct fnuma_xen *x, uint32_t slot)
{
	struct journal_record r;
	struct xen_info info;
	uint32_t left;
	int err = journal_load(x, slot, &r);

	if (err || r.state == JOURNAL_FREE)
		return err;
	left = r.state != JOURNAL_IDLE || r.balloon;
	err = xen_clean_up(x, slot, &r, &info);
	if (!err && r.balloon)
		err = xen_balloon_undo(x, slot, &r);
	if (left)
		xen_say(x, "domain %u: %s what an earlier process left over", r.domid,
		        err ? "could not remove" : "removed");
	return err ? err : (int)left;
}

/* The same for a domain looked after, whose balloon may well be at work. */
static int settle(struct fnuma_xen *x, uint32_t slot, struct xen_domain *d)
{
	int err = xen_clean_up(x, slot, &d->record, &d->info);

	return err ? err : 1;
}

int fnuma_xen_recover(struct fnuma_xen *x)
{
	uint32_t slot;
	int first = FNUMA_OK, done = 0;

	if (!x)
		return FNUMA_E_INVAL;
	for (slot = 0; slot < FNUMA_XEN_DOMAINS_MAX; slot++) {
		struct xen_domain *d = x->domain[slot];
		int err;

		if (!d)
			err = recover_record(x, slot);
		else if (d->record.state > JOURNAL_IDLE)
			err = settle(x, slot, d);
		else
			err = 0;
		if (err > 0)
			done++;
		else if (err && !first)
			first = err;
	}
	x->stats.recovered += (uint64_t)done;
	return first ? first : done;
}
