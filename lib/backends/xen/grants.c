/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Pages that a guest has granted to others: whoever mapped one would go on with the old
 * page. The guest is paused, so its table stands still; it is its own all the same, and read
 * once.
 */
#include "parts.h"
#include <string.h>

#define FRAME_BYTES 4096u
#define SIEVE 1024u

/* As Xen's grant_table.h has them: both begin with the flags. */
struct entry_v1 {
	uint16_t flags, domid;
	uint32_t frame;
};
struct entry_v2 {
	uint16_t flags, domid;
	uint32_t pad;
	uint64_t frame;
};
#define ENTRY_IN_USE 0x1bu /* mask of the type, 0: invalid; and of being read or written */

void xen_close_grants(struct fnuma_xen *x, struct xen_domain *d)
{
	if (d->grants.frames)
		XEN(x, unmap_grants, d->grants.handle);
	d->grants.frames = NULL;
}

/* Tables grow, and never shrink. */
static int open_grants(struct fnuma_xen *x, struct xen_domain *d, const struct xen_look *look)
{
	const uint32_t frames = look->grant_frames;
	int err;

	if (look->grant_version != 1 && look->grant_version != 2)
		return FNUMA_E_DENIED;
	if (d->grants.frames && frames == d->grants.n_frames)
		return FNUMA_OK;
	xen_close_grants(x, d);
	d->grants.n_frames = frames;
	if (!frames)
		return FNUMA_OK;
	err = XEN(x, map_grants, d->info.domid, frames, &d->grants.frames, &d->grants.handle);
	if (err)
		d->grants.frames = NULL;
	return xen_error(err);
}

struct sieve {
	const fnuma_gfn *pages;
	uint32_t n;
	bool *granted;
	uint64_t bit[SIEVE / 64]; /* by the frame's low bits */
};

static void sift(struct sieve *s, uint64_t frame)
{
	uint32_t i;

	if (!(s->bit[frame % SIEVE / 64] >> (frame % 64) & 1u))
		return;
	for (i = 0; i < s->n; i++)
		if (s->pages[i].n == frame)
			s->granted[i] = true;
}

static void sift_v1(struct sieve *s, const struct entry_v1 *entry, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (entry[i].flags & ENTRY_IN_USE)
			sift(s, entry[i].frame);
}

static void sift_v2(struct sieve *s, const struct entry_v2 *entry, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (entry[i].flags & ENTRY_IN_USE)
			sift(s, entry[i].frame);
}

int xen_find_granted(struct fnuma_xen *x, struct xen_domain *d, const struct xen_look *look,
                     const fnuma_gfn *pages, uint32_t n, bool *granted)
{
	struct sieve s = {pages, n, granted, {0}};
	uint32_t i;
	int err = open_grants(x, d, look);

	memset(granted, 0, n * sizeof(*granted));
	if (err || !d->grants.n_frames)
		return err;
	for (i = 0; i < n; i++)
		s.bit[pages[i].n % SIEVE / 64] |= UINT64_C(1) << (pages[i].n % 64);
	if (look->grant_version == 1)
		sift_v1(&s, d->grants.frames,
		        d->grants.n_frames * (FRAME_BYTES / (uint32_t)sizeof(struct entry_v1)));
	else
		sift_v2(&s, d->grants.frames,
		        d->grants.n_frames * (FRAME_BYTES / (uint32_t)sizeof(struct entry_v2)));
	return FNUMA_OK;
}
