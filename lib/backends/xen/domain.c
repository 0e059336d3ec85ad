/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Domains looked after: who they are, and which of their pages may move. */
#include "parts.h"
#include <stdlib.h>
#include <string.h>

/* Scratch frames are put 16 GiB above a guest's highest, where what it maps of others' pages
 * does not come (Xen kills a guest of which such a frame is populated); and above what is
 * special below 4 GiB. */
#define SCRATCH_GAP_FRAMES (1u << 22)
#define FRAMES_BELOW_4G    (1u << 20)
/* The lowest frame above which a guest's memory goes on beyond 4 GiB: one of the largest
 * hole that a toolstack leaves for devices. */
#define FRAMES_BELOW_HOLE  (1u << 19)
#define BATCH_AT_FIRST 4u

int xen_is_still(const struct xen_info *info, const uint8_t *uuid)
{
	if (memcmp(info->uuid, uuid, sizeof(info->uuid)) != 0)
		return FNUMA_E_STALE;
	return info->dying ? FNUMA_E_GONE : FNUMA_OK;
}

int xen_identify(struct fnuma_xen *x, uint32_t domid, const uint8_t *uuid,
                 struct xen_info *info)
{
	int err = XEN(x, info, domid, info);

	return err ? xen_error(err) : xen_is_still(info, uuid);
}

int xen_find(const struct fnuma_xen *x, fnuma_domain handle, struct xen_domain **out)
{
	if (!x)
		return FNUMA_E_INVAL;
	if (handle.slot >= FNUMA_XEN_DOMAINS_MAX || !x->domain[handle.slot] ||
	    x->generation[handle.slot] != handle.generation)
		return FNUMA_E_STALE;
	*out = x->domain[handle.slot];
	return FNUMA_OK;
}

/* A domain that is gone must not be kept half alive by what is mapped of it. */
static void let_go(struct fnuma_xen *x, struct xen_domain *d)
{
	xen_agent_close(x, d);
	xen_close_grants(x, d);
}

int xen_find_alive(struct fnuma_xen *x, fnuma_domain handle, struct xen_domain **out)
{
	int err = xen_find(x, handle, out);

	if (err)
		return err;
	err = xen_identify(x, (*out)->info.domid, (*out)->record.uuid, &(*out)->info);
	if (err == FNUMA_E_GONE || err == FNUMA_E_STALE)
		let_go(x, *out);
	return err;
}

int xen_op_alive(void *cookie, fnuma_domain domain)
{
	struct xen_domain *d;

	return xen_find_alive(cookie, domain, &d);
}

static bool is_allowed(const struct xen_domain *d, fnuma_gfn page)
{
	return (d->allowed[page.n / 64] >> (page.n % 64) & 1u) != 0;
}

bool xen_is_listed(const struct xen_domain *d, fnuma_gfn page, bool content)
{
	uint32_t bits;

	if (content && d->trust & FNUMA_XEN_TRUST_CALLER && is_allowed(d, page))
		return true;
	if (!(d->trust & FNUMA_XEN_TRUST_AGENT))
		return false;
	bits = xen_agent_bits(d, page);
	/* A free page may be moved as one with content. */
	return bits == FNUMA_XEN_AGENT_FREE || (content && bits == FNUMA_XEN_AGENT_MOVABLE);
}

int fnuma_xen_allow(struct fnuma_xen *x, fnuma_domain domain, const fnuma_gfn *pages,
                    uint32_t n, bool movable)
{
	struct xen_domain *d;
	uint32_t i;
	int err = xen_find(x, domain, &d);

	if (err)
		return err;
	if (!pages && n)
		return FNUMA_E_INVAL;
	if (!(d->trust & FNUMA_XEN_TRUST_CALLER))
		return FNUMA_E_DENIED;
	for (i = 0; i < n; i++)
		if (pages[i].n >= d->frames)
			return FNUMA_E_RANGE;
	for (i = 0; i < n; i++) {
		uint64_t *word = &d->allowed[pages[i].n / 64];
		uint64_t bit = UINT64_C(1) << (pages[i].n % 64);

		*word = movable ? *word | bit : *word & ~bit;
	}
	return FNUMA_OK;
}

/* Frames of a guest of so many pages. A translated one has some just below 4 GiB, however
 * small it is, and goes on above. */
static uint64_t frames_for(const struct xen_info *info)
{
	if (!info->hvm)
		return info->max_pages;
	return info->max_pages <= FRAMES_BELOW_HOLE ? FRAMES_BELOW_4G :
	       info->max_pages + (FRAMES_BELOW_4G - FRAMES_BELOW_HOLE);
}

int xen_choose_scratch(struct fnuma_xen *x, struct xen_domain *d, uint32_t wish)
{
	uint64_t gfn = wish, highest;
	int err;

	if (!d->info.hvm)
		return FNUMA_OK;
	if (!gfn) {
		err = XEN(x, max_gfn, d->info.domid, &highest);
		if (err)
			return xen_error(err);
		gfn = highest < FRAMES_BELOW_4G ? FRAMES_BELOW_4G : highest + 1;
		/* Where it is high already, that was us. */
		gfn += d->record.scratch_gfn ? 0 : SCRATCH_GAP_FRAMES;
	}
	if (gfn < d->frames || gfn + FNUMA_BATCH_MAX >= FNUMA_GFN_NONE_N)
		return FNUMA_E_RANGE;
	if (d->info.gpaddr_bits > 12 && d->info.gpaddr_bits < 44 &&
	    (gfn + FNUMA_BATCH_MAX) >> (d->info.gpaddr_bits - 12))
		return FNUMA_E_RANGE;
	d->record.scratch_gfn = (uint32_t)gfn;
	return FNUMA_OK;
}

static bool is_wanted(const struct fnuma_xen_domain_config *config,
                      const struct xen_info *info)
{
	static const uint8_t any[FNUMA_XEN_UUID_BYTES];

	return memcmp(config->uuid, any, sizeof(any)) == 0 ||
	       memcmp(config->uuid, info->uuid, sizeof(any)) == 0;
}

static bool is_record_of(const struct journal_record *r, const struct xen_info *info)
{
	return r->state != JOURNAL_FREE && r->domid == info->domid &&
	       memcmp(r->uuid, info->uuid, sizeof(r->uuid)) == 0;
}

/* The slot whose record is of this domain, or else a free one; the record comes with it. */
static int choose_slot(struct fnuma_xen *x, const struct xen_info *info, uint32_t *slot,
                       struct journal_record *r)
{
	uint32_t i, room = FNUMA_XEN_DOMAINS_MAX;
	int err;

	for (i = 0; i < FNUMA_XEN_DOMAINS_MAX; i++) {
		if (x->domain[i]) {
			if (is_record_of(&x->domain[i]->record, info))
				return FNUMA_E_IN_USE;
			continue;
		}
		err = journal_load(x, i, r);
		if (err)
			return err;
		*slot = i;
		if (is_record_of(r, info))
			return r->state == JOURNAL_IDLE && !r->balloon ? FNUMA_OK : FNUMA_E_STATE;
		if (r->state == JOURNAL_FREE && room == FNUMA_XEN_DOMAINS_MAX)
			room = i;
	}
	*slot = room;
	memset(r, 0, sizeof(*r));
	return room < FNUMA_XEN_DOMAINS_MAX ? FNUMA_OK : FNUMA_E_NOSPC;
}

static void free_domain(struct xen_domain *d)
{
	free(d->allowed);
	free(d->placed);
	free(d->nodes);
	free(d);
}

static struct xen_domain *make_domain(const struct fnuma_xen_domain_config *config,
                                      const struct xen_info *info)
{
	struct xen_domain *d = calloc(1, sizeof(*d));
	uint64_t frames = config->frames ? config->frames : frames_for(info);

	if (!d || frames >= FNUMA_GFN_NONE_N) {
		free(d);
		return NULL;
	}
	d->frames = (uint32_t)frames;
	d->trust = config->trust ? config->trust :
	           FNUMA_XEN_TRUST_CALLER | FNUMA_XEN_TRUST_AGENT;
	d->batch = BATCH_AT_FIRST;
	d->pod = true;
	d->info = *info;
	d->allowed = calloc(frames / 64 + 1, sizeof(*d->allowed));
	d->placed = calloc(frames + 1, sizeof(*d->placed));
	if (!d->allowed || !d->placed) {
		free_domain(d);
		return NULL;
	}
	return d;
}

/* The record is written now: the next to come finds the scratch frames where they were. */
static int begin(struct fnuma_xen *x, struct xen_domain *d, uint32_t slot, uint32_t scratch)
{
	int err = FNUMA_OK;

	d->record.state = JOURNAL_IDLE;
	d->record.domid = d->info.domid;
	memcpy(d->record.uuid, d->info.uuid, sizeof(d->record.uuid));
	if (scratch || !d->record.scratch_gfn)
		err = xen_choose_scratch(x, d, scratch);
	if (!err)
		journal_save(x, slot, &d->record);
	return err;
}

int fnuma_xen_attach(struct fnuma_xen *x, const struct fnuma_xen_domain_config *config,
                     fnuma_domain *out)
{
	struct journal_record record;
	struct xen_domain *d;
	struct xen_info info;
	uint32_t slot;
	int err;

	if (!x || !config || !out ||
	    config->trust & ~(uint32_t)(FNUMA_XEN_TRUST_CALLER | FNUMA_XEN_TRUST_AGENT))
		return FNUMA_E_INVAL;
	err = xen_error(XEN(x, info, config->domid, &info));
	if (err || info.dying)
		return err ? err : FNUMA_E_GONE;
	if (!is_wanted(config, &info))
		return FNUMA_E_STALE;
	err = choose_slot(x, &info, &slot, &record);
	if (err)
		return err;
	d = make_domain(config, &info);
	if (!d)
		return FNUMA_E_NOMEM;
	d->record = record;
	err = begin(x, d, slot, config->scratch_gfn);
	if (err) {
		free_domain(d);
		return err;
	}
	x->domain[slot] = d;
	out->slot = slot;
	out->generation = ++x->generation[slot];
	xen_forget_counts(x);
	fnuma_xen_find_agent(x, *out);
	return FNUMA_OK;
}

int fnuma_xen_detach(struct fnuma_xen *x, fnuma_domain domain)
{
	struct xen_domain *d;
	int err = xen_find(x, domain, &d);

	if (err)
		return err;
	let_go(x, d);
	/* Nothing is left over; the record of a domain that is gone is free again. */
	if (!xen_clean_up(x, domain.slot, &d->record, &d->info) && d->record.balloon)
		xen_balloon_undo(x, domain.slot, &d->record);
	x->domain[domain.slot] = NULL;
	free_domain(d);
	return FNUMA_OK;
}

int fnuma_xen_domain_stats(const struct fnuma_xen *x, fnuma_domain domain,
                           struct fnuma_xen_domain_stats *out)
{
	struct xen_domain *d;
	int err = xen_find(x, domain, &d);

	if (err || !out)
		return err ? err : FNUMA_E_INVAL;
	memset(out, 0, sizeof(*out));
	out->domid = d->info.domid;
	memcpy(out->uuid, d->info.uuid, sizeof(out->uuid));
	out->frames = d->frames;
	out->batch_pages = d->batch;
	out->scratch_gfn = d->record.scratch_gfn;
	out->translated = d->info.hvm;
	out->agent = d->agent.directory != NULL;
	out->stopped = d->stopped;
	return FNUMA_OK;
}
