/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One pause's worth of pages, by scratch swap.
 *
 * Before the pause: journal, limit, scratch pages on the wanted node. In it: is the guest
 * still who it was, may its pages move, copy, swap, count. After it: what was not used goes
 * back. Until its swap, which is one step of Xen's, a page's content is behind its frame;
 * after it, the copy is.
 */
#include "parts.h"
#include <string.h>

#define PAGE 4096u
#define EMPTY_AGE_NS 100000000u
#define UNFILLED_ERR 1 /* no errno of Xen's is positive */

static void not_done(struct xen_chunk *c, uint32_t i, int reason)
{
	c->result[i].outcome = FNUMA_NOT_DONE;
	c->result[i].node = fnuma_node_unknown();
	c->result[i].reason = (int16_t)reason;
}

static void list_scratch(struct xen_chunk *c, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		c->scratch[i] = fnuma_gfn_of(c->d->record.scratch_gfn + i);
}

/* Nobody else's pages may be behind the scratch frames: if so, others are used. They were
 * empty a moment ago, and lie where a guest does not come by accident. */
static int find_scratch(struct xen_chunk *c)
{
	bool own[FNUMA_BATCH_MAX], taken = false;
	uint32_t i;
	int err;

	list_scratch(c, FNUMA_BATCH_MAX);
	if (c->d->empty_ns && xen_now(c->x) - c->d->empty_ns < EMPTY_AGE_NS)
		return FNUMA_OK;
	err = XEN(c->x, own, c->d->info.domid, c->scratch, FNUMA_BATCH_MAX, own);
	if (err)
		return xen_error(err);
	for (i = 0; i < FNUMA_BATCH_MAX; i++)
		taken |= own[i];
	if (taken) {
		err = xen_choose_scratch(c->x, c->d, 0);
		list_scratch(c, FNUMA_BATCH_MAX);
	}
	c->d->empty_ns = err ? 0 : xen_now(c->x);
	return err;
}

static int get_scratch(struct xen_chunk *c)
{
	struct journal_record *r = &c->d->record;
	int err = find_scratch(c);

	if (err)
		return err;
	r->scratch_pages = c->n;
	r->max_pages = c->d->info.max_pages;
	r->raised_pages = c->d->info.tot_pages + c->n <= r->max_pages ? r->max_pages :
	                  r->max_pages + c->n;
	r->state = JOURNAL_BUSY;
	journal_save(c->x, c->slot, r);
	if (r->raised_pages > r->max_pages)
		err = xen_error(XEN(c->x, set_max, r->domid, r->raised_pages));
	if (err)
		return err;
	err = XEN(c->x, populate, r->domid, c->scratch, c->n, c->to);
	c->populated = err > 0 ? (uint32_t)err : 0;
	return err < 0 ? xen_error(err) : FNUMA_OK;
}

/* Why a page may not move, now that the guest stands still. */
static int why_not(const struct xen_chunk *c, uint32_t i, bool own, bool granted)
{
	if (!own)
		return FNUMA_E_GONE;
	if (granted)
		return FNUMA_E_PINNED;
	return xen_is_listed(c->d, c->gfn[i], c->content) ? FNUMA_OK : FNUMA_E_DENIED;
}

/* The places, in the chunk, of the pages that may move; no more than scratch pages. */
static int choose(struct xen_chunk *c, uint32_t *at, uint32_t *n)
{
	bool granted[FNUMA_BATCH_MAX];
	uint32_t i;
	int err = xen_find_granted(c->x, c->d, &c->look, c->gfn, c->n, granted);

	if (err)
		return err;
	for (*n = 0, i = 0; i < c->n; i++) {
		int reason = why_not(c, i, c->look.own[i], granted[i]);

		c->x->stats.granted_pages += reason == FNUMA_E_PINNED;
		c->x->stats.unlisted_pages += reason == FNUMA_E_DENIED;
		if (reason)
			not_done(c, i, reason);
		else if (*n < c->populated)
			at[(*n)++] = i;
		else
			not_done(c, i, FNUMA_E_NOMEM);
	}
	return FNUMA_OK;
}

/* The old pages are mapped first, and the new ones behind them. */
static void copy_pages(struct xen_chunk *c, uint32_t *at, uint32_t *n, uint8_t *old,
                       const int *errs)
{
	uint8_t *new = old + (size_t)*n * PAGE;
	const int *old_errs = errs, *new_errs = errs + *n;
	const uint64_t begun = xen_now(c->x);
	uint32_t i, done = 0, more = 1;

	for (i = 0; i < *n; i++, more--) {
		if (!more)
			more = xen_pages_in_time(c, i, begun);
		if (!more)
			break;
		if (old_errs[i] || new_errs[i]) {
			not_done(c, at[i], old_errs[i] ? FNUMA_E_GONE : FNUMA_E_NOMEM);
			continue;
		}
		memcpy(new + (size_t)i * PAGE, old + (size_t)i * PAGE, PAGE);
		c->scratch[done] = c->scratch[i]; /* used in this order */
		at[done++] = at[i];
	}
	*n = done;
}

static int copy(struct xen_chunk *c, uint32_t *at, uint32_t *n)
{
	fnuma_gfn gfn[2 * FNUMA_BATCH_MAX];
	int errs[2 * FNUMA_BATCH_MAX];
	uint32_t i, mapped = 2 * *n;
	uint8_t *old;

	for (i = 0; i < *n; i++) {
		gfn[i] = c->gfn[at[i]];
		gfn[*n + i] = c->scratch[i];
	}
	old = XEN(c->x, map, c->d->info.domid, gfn, mapped, true, errs);
	if (!old)
		return FNUMA_E_DENIED;
	copy_pages(c, at, n, old, errs);
	XEN(c->x, unmap, old, mapped);
	return FNUMA_OK;
}

static void done(struct xen_chunk *c, uint32_t i)
{
	c->result[i].outcome = FNUMA_DONE;
	c->result[i].node = c->to;
	c->result[i].reason = FNUMA_OK;
	c->moved++;
}

static void lost_track(struct xen_chunk *c, uint32_t i)
{
	c->result[i].outcome = FNUMA_UNKNOWN;
	c->result[i].node = fnuma_node_unknown();
	c->result[i].reason = FNUMA_E_LOST_TRACK;
}

/* The old page is gone and the new one not yet there: once more. If it stays so, the copy is
 * kept where it is, for somebody to put back by hand. */
static void fill_hole(struct xen_chunk *c, uint32_t i, fnuma_gfn scratch)
{
	int err = UNFILLED_ERR;

	XEN(c->x, swap, c->d->info.domid, &scratch, &c->gfn[i], 1, &err, &c->after);
	if (!err) {
		done(c, i);
		return;
	}
	lost_track(c, i);
	c->keep = true;
	c->d->stopped = true;
	xen_say(c->x, "domain %u: Xen left frame %u without a page; its content is kept behind "
	        "frame %u", c->d->info.domid, c->gfn[i].n, scratch.n);
}

/* What a call said is not all there is to know: a scratch frame that is empty has given its
 * page away, one that is not has not. */
static void settle(struct xen_chunk *c, const uint32_t *at, uint32_t n, const fnuma_gfn *to,
                   const int *errs)
{
	bool full[FNUMA_BATCH_MAX], there[FNUMA_BATCH_MAX];
	uint32_t i;
	int unclear = 0, err = 0;

	for (i = 0; i < n; i++)
		unclear |= errs[i];
	if (unclear)
		err = XEN(c->x, own, c->d->info.domid, c->scratch, n, full);
	if (unclear && !err)
		err = XEN(c->x, own, c->d->info.domid, to, n, there);
	for (i = 0; i < n; i++) {
		if (!errs[i])
			done(c, at[i]);
		else if (err || (!full[i] && !there[i]))
			lost_track(c, at[i]);
		else if (!full[i])
			done(c, at[i]);
		else if (!there[i])
			fill_hole(c, at[i], c->scratch[i]);
		else
			not_done(c, at[i], errs[i] == UNFILLED_ERR ? FNUMA_E_NOT_TRIED :
			                                             xen_error(errs[i]));
	}
}

static int swap_pages(struct xen_chunk *c, const uint32_t *at, uint32_t n)
{
	fnuma_gfn to[FNUMA_BATCH_MAX];
	int errs[FNUMA_BATCH_MAX];
	uint32_t i;

	for (i = 0; i < n; i++) {
		to[i] = c->gfn[at[i]];
		errs[i] = UNFILLED_ERR;
	}
	XEN(c->x, swap, c->d->info.domid, c->scratch, to, n, errs, &c->after);
	settle(c, at, n, to, errs);
	/* A migration that has begun in the meantime copies these again. */
	c->d->unlogged_ns = c->after.logged ? 0 : xen_now(c->x);
	return c->after.logged < 0 ? xen_error(c->after.logged) : FNUMA_OK;
}

/* Nobody knows whether a page is held, or one is. */
static void stop(struct xen_chunk *c, uint64_t held)
{
	c->d->stopped = true;
	c->x->stats.pinned_pages += held;
	if (held)
		xen_say(c->x, "domain %u: %llu of %u pages just moved are held by Xen or by "
		        "another domain; the guest may hang, and no more of its pages are moved",
		        c->d->info.domid, (unsigned long long)held, c->moved);
	else
		xen_say(c->x, "domain %u: Xen does not say how many pages it has after %u were "
		        "moved; no more of them are", c->d->info.domid, c->moved);
}

/* Of the pages swapped out, those that somebody holds are still counted. */
static void count(struct xen_chunk *c, uint64_t before)
{
	const struct xen_info *info = &c->after.info;
	int err = c->after.err ? xen_identify(c->x, c->d->info.domid, c->d->record.uuid,
	                                      &c->after.info) :
	                         xen_is_still(info, c->d->record.uuid);

	if (err == FNUMA_E_GONE || err == FNUMA_E_STALE)
		return;
	c->counted = !err;
	if (err)
		stop(c, 0);
	else if (info->tot_pages + c->moved > before)
		stop(c, info->tot_pages + c->moved - before);
}

static int look(struct xen_chunk *c)
{
	int err = c->look.err ? xen_error(c->look.err) :
	                        xen_is_still(&c->look.info, c->d->record.uuid);

	if (err)
		return err;
	c->d->info = c->look.info;
	return c->d->info.shutdown ? FNUMA_E_BUSY : FNUMA_OK;
}

static int in_pause(struct xen_chunk *c)
{
	uint32_t at[FNUMA_BATCH_MAX], n = 0;
	int err = look(c);

	if (!err)
		err = choose(c, at, &n);
	if (!err && n && c->content)
		err = copy(c, at, &n);
	if (err || !n)
		return err;
	err = swap_pages(c, at, n);
	count(c, c->d->info.tot_pages);
	return err;
}

static int pause_and_move(struct xen_chunk *c)
{
	struct journal_record *r = &c->d->record;
	int err, err2;

	r->state = JOURNAL_PAUSED;
	journal_save(c->x, c->slot, r);
	c->begun_ns = xen_now(c->x);
	err = xen_error(XEN(c->x, pause, r->domid, c->gfn, c->n, &c->look));
	if (err) { /* a pause, if there is one, is not ours */
		r->state = JOURNAL_BUSY;
		journal_save(c->x, c->slot, r);
		return err;
	}
	err = in_pause(c);
	err2 = xen_error(XEN(c->x, unpause, r->domid));
	if (err2)
		c->counted = false;
	else
		xen_pace(c->x, c->d, c->moved, xen_now(c->x) - c->begun_ns);
	return err ? err : err2;
}

/* If all went well there are no scratch pages left, and it is known what the limit is. */
static int finish(struct xen_chunk *c)
{
	struct journal_record *r = &c->d->record;
	int err = FNUMA_OK;

	if (!c->keep && (!c->counted || c->moved < c->populated)) {
		err = xen_clean_up(c->x, c->slot, r, &c->d->info);
		if (err)
			c->d->empty_ns = 0;
		return err;
	}
	if (c->keep) {
		c->d->empty_ns = 0;
		r->scratch_gfn += FNUMA_BATCH_MAX;
	} else {
		err = xen_restore_limit(c->x, r, &c->after.info);
		c->d->empty_ns = xen_now(c->x); /* all that was there was swapped away */
	}
	if (err)
		return err;
	if (c->counted)
		c->d->info = c->after.info;
	r->state = JOURNAL_IDLE;
	journal_save(c->x, c->slot, r);
	return FNUMA_OK;
}

int xen_swap(struct xen_chunk *c)
{
	uint32_t i;
	int err, err2;

	c->moved = c->populated = 0;
	c->keep = c->counted = false;
	memset(c->result, 0, sizeof(c->result));
	err = get_scratch(c);
	if (!err && c->populated)
		err = pause_and_move(c);
	if (!err && !c->populated)
		for (i = 0; i < c->n; i++)
			not_done(c, i, FNUMA_E_NOMEM);
	if (c->d->record.state == JOURNAL_IDLE)
		return err;
	err2 = finish(c);
	return err ? err : err2;
}
