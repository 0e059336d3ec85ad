/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The insides of a share. */
#ifndef FLIPNUMA_LINUX_SHARE_INSIDE_H
#define FLIPNUMA_LINUX_SHARE_INSIDE_H

#include "linux_host.h"
#include <flipnuma/linux_share.h>

#define SHARE_MAGIC 0x66706e73u
#define SHARE_VERSION 1u
#define SHARE_PAGES_MAX (1u << 24)
#define SHARE_RING_MAX (1u << 16)
#define SHARE_RING_DEFAULT 1024u

/* --- what both ends see ------------------------------------------------------------ */

/* One end writes pages, then `tail`; in a line of its own. How far the other has read is
 * nobody's business: no more can be in a ring than were posted and have not come back, and
 * so many fit. */
struct share_ring {
	uint32_t tail __attribute__((aligned(64)));
};

struct share_header {
	uint32_t magic, version;
	uint32_t page_bytes;
	uint32_t ring_pages;
	uint32_t pages[2];
	uint32_t joined[2];          /* an end is nobody's twice */
	struct share_ring posted[2]; /* by this end, for the other */
	struct share_ring back[2];   /* by the other, to this end */
};

/* The header's pages hold the four rings' pages behind it; then come the ends' pages. */
size_t share_header_bytes(uint32_t ring_pages, uint32_t page_bytes);

/* --- one end ----------------------------------------------------------------------- */

/* Of a frame. */
enum share_state { SHARE_FREE = 0, SHARE_ALLOCATED, SHARE_ACQUIRED, SHARE_POSTED };

/* A ring as this end goes by it: its own place in it is private. */
struct share_way {
	struct share_ring *ring;
	uint32_t *page;
	uint32_t at; /* this end's place */
};

struct fnuma_linux_share {
	struct fnuma_linux *host;
	struct linux_domain self; /* this process, for move_pages(2) */
	uint32_t end, flags;
	int fd;
	bool broken;
	char *memory;
	size_t bytes;
	char *pages;              /* the first page of either end */
	uint32_t total, frames, ring_pages;
	struct share_way post, came, posted, give;
	uint32_t *behind;         /* by frame: page, or none while posted */
	uint8_t *state;           /* by frame */
	uint64_t *own;            /* bits by page */
	uint32_t *list;           /* free frames, last in first out */
	uint32_t n_free;
	uint32_t *away;           /* frames posted, in order; by `came.at` */
};

#define SHARE_NO_PAGE UINT32_MAX

static inline bool share_owns(const struct fnuma_linux_share *s, uint32_t page)
{
	return s->own[page / 64] >> (page % 64) & 1;
}

static inline void share_set_own(struct fnuma_linux_share *s, uint32_t page, bool own)
{
	const uint64_t bit = UINT64_C(1) << (page % 64);

	s->own[page / 64] = own ? s->own[page / 64] | bit : s->own[page / 64] & ~bit;
}

/* Pages that can be taken from a ring, or FNUMA_E_GONE if what the other wrote there can't
 * be. */
int share_ready(struct fnuma_linux_share *s, const struct share_way *w);

/* The next page of a ring: not ours, and there is one such. Else the share is broken, and
 * it is SHARE_NO_PAGE. */
uint32_t share_take(struct fnuma_linux_share *s, struct share_way *w);

/* Puts a page behind what the other sees; share_show() lets it see. */
void share_put(struct fnuma_linux_share *s, struct share_way *w, uint32_t page);
void share_show(struct share_way *w);

#endif /* FLIPNUMA_LINUX_SHARE_INSIDE_H */
