/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "fake.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

/* ---------------------------------------------------------------- machine pages */

uint8_t *fake_page(struct fake *f, uint32_t mfn)
{
	return f->content + (size_t)mfn * PAGE;
}

static uint64_t pattern(uint32_t index, uint32_t gfn)
{
	return UINT64_C(0x9e3779b97f4a7c15) * (index * FAKE_FRAMES + gfn + 1);
}

void fake_write_pattern(struct fake *f, uint32_t mfn, uint64_t value)
{
	uint64_t *at = (uint64_t *)fake_page(f, mfn);
	uint32_t i;

	for (i = 0; i < PAGE / 8; i++)
		at[i] = value + i;
}

static bool has_pattern(struct fake *f, uint32_t mfn, uint64_t value)
{
	uint64_t *at = (uint64_t *)fake_page(f, mfn);
	uint32_t i;

	for (i = 0; i < PAGE / 8 && at[i] == value + i; i++)
		;
	return i == PAGE / 8;
}

static uint32_t node_of(uint32_t mfn)
{
	return mfn / FAKE_NODE_PAGES;
}

bool fake_allocate(struct fake *f, uint32_t index, uint32_t node, uint32_t gfn)
{
	struct fake_domain *d = &f->dom[index];
	uint32_t mfn = node * FAKE_NODE_PAGES, end = mfn + FAKE_NODE_PAGES;

	while (mfn < end && f->mfn[mfn].owner != FAKE_NOBODY)
		mfn++;
	if (mfn == end || d->tot_pages >= d->max_pages)
		return false;
	f->mfn[mfn].owner = index;
	f->mfn[mfn].in_map = true;
	f->mfn[mfn].special = false;
	f->mfn[mfn].gfn = gfn;
	f->m2p[mfn] = gfn;
	d->p2m[gfn] = mfn + 1;
	if (gfn > d->max_gfn)
		d->max_gfn = gfn;
	d->tot_pages++;
	return true;
}

/* Gone when nobody refers to it any more. */
static void put(struct fake *f, uint32_t mfn)
{
	struct fake_mfn *m = &f->mfn[mfn];

	if (m->in_map || m->refs || m->owner >= FAKE_DOMAINS)
		return;
	f->dom[m->owner].tot_pages--;
	m->owner = FAKE_NOBODY;
	m->gfn = FNUMA_GFN_NONE_N;
	f->m2p[mfn] = UINT64_MAX;
}

void fake_unhook(struct fake *f, struct fake_domain *d, uint32_t gfn)
{
	uint32_t mfn = d->p2m[gfn] - 1;

	d->p2m[gfn] = 0;
	f->mfn[mfn].in_map = false;
	f->m2p[mfn] = UINT64_MAX;
	put(f, mfn);
}

/* ---------------------------------------------------------------- the world */

uint32_t fake_add(struct fake *f, uint32_t domid, bool hvm, uint32_t frames, uint32_t node)
{
	uint32_t i = 0, gfn;
	struct fake_domain *d;

	while (f->dom[i].there)
		i++;
	assert_true(i < FAKE_DOMAINS);
	d = &f->dom[i];
	assert_int_equal(d->tot_pages, 0);
	memset(d, 0, offsetof(struct fake_domain, p2m));
	d->there = true;
	d->hvm = hvm;
	d->domid = domid;
	memset(d->uuid, (int)(0x10 + domid), sizeof(d->uuid));
	d->max_pages = frames + GUEST_SLACK;
	d->affinity = 3;
	d->grant_frames = 1;
	d->grant_version = 1;
	for (gfn = 0; gfn < frames; gfn++) {
		assert_true(fake_allocate(f, i, node, gfn));
		fake_write_pattern(f, d->p2m[gfn] - 1, pattern(i, gfn));
	}
	return i;
}

void fake_destroy(struct fake *f, uint32_t index)
{
	struct fake_domain *d = &f->dom[index];
	uint32_t gfn;

	d->dying = true;
	for (gfn = 0; gfn < FAKE_MFNS; gfn++)
		if (f->mfn[gfn].owner == index && f->mfn[gfn].in_map)
			fake_unhook(f, d, f->mfn[gfn].gfn);
	d->there = d->tot_pages > 0; /* a zombie as long as somebody has a page mapped */
}

struct fake *fake_new(void)
{
	struct fake *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
	                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t i;

	assert_true(f != MAP_FAILED);
	f->pages = memfd_create("fake", MFD_CLOEXEC);
	assert_int_equal(ftruncate(f->pages, (off_t)FAKE_MFNS * PAGE), 0);
	f->content = mmap(NULL, (size_t)FAKE_MFNS * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
	                  f->pages, 0);
	assert_true(f->content != MAP_FAILED);
	for (i = 0; i < FAKE_MFNS; i++) {
		f->mfn[i].owner = FAKE_NOBODY;
		f->mfn[i].gfn = FNUMA_GFN_NONE_N;
		f->m2p[i] = UINT64_MAX;
	}
	f->call_ns = 1000;
	assert_int_equal(fake_add(f, 0, false, 512, 0), 0);
	assert_int_equal(fake_add(f, 1, true, GUEST_FRAMES, 1), GUEST);
	return f;
}

void fake_free(struct fake *f)
{
	munmap(f->content, (size_t)FAKE_MFNS * PAGE);
	close(f->pages);
	munmap(f, sizeof(*f));
}

void fake_forget_map(struct fake *f, struct fake_map *m)
{
	uint32_t i;

	for (i = 0; i < m->n; i++) {
		if (!m->there[i])
			continue;
		f->mfn[m->mfn[i]].refs--;
		put(f, m->mfn[i]);
	}
	memset(m, 0, sizeof(*m));
}

void fake_process_died(struct fake *f)
{
	uint32_t i;

	for (i = 0; i < FAKE_MAPS; i++)
		if (f->map[i].at)
			fake_forget_map(f, &f->map[i]);
	f->grants_mapped = 0;
}

uint32_t fake_node(const struct fake *f, uint32_t index, uint32_t gfn)
{
	uint32_t entry = f->dom[index].p2m[gfn];

	return entry ? node_of(entry - 1) : FNUMA_NODE_NONE_ID;
}

uint32_t fake_count(const struct fake *f, uint32_t index, uint32_t node)
{
	uint32_t mfn, n = 0;

	for (mfn = node * FAKE_NODE_PAGES; mfn < (node + 1) * FAKE_NODE_PAGES; mfn++)
		n += f->mfn[mfn].owner == index;
	return n;
}

void fake_leave(struct fake *f, uint32_t node, uint32_t pages)
{
	uint32_t mfn, end = (node + 1) * FAKE_NODE_PAGES, left = 0;

	for (mfn = node * FAKE_NODE_PAGES; mfn < end; mfn++)
		if (f->mfn[mfn].owner == FAKE_NOBODY && left++ >= pages)
			f->mfn[mfn].owner = FAKE_DOMAINS; /* Xen's own */
}

void fake_set(struct fake *f, const char *path, const char *value)
{
	uint32_t i, room = FAKE_STORE;

	for (i = 0; i < FAKE_STORE; i++) {
		if (strcmp(f->path[i], path) == 0)
			break;
		if (!f->path[i][0] && room == FAKE_STORE)
			room = i;
	}
	i = i < FAKE_STORE ? i : room;
	assert_true(i < FAKE_STORE);
	snprintf(f->path[i], sizeof(f->path[i]), "%s", value ? path : "");
	snprintf(f->value[i], sizeof(f->value[i]), "%s", value ? value : "");
}

const char *fake_get(const struct fake *f, const char *path)
{
	uint32_t i;

	for (i = 0; i < FAKE_STORE; i++)
		if (strcmp(f->path[i], path) == 0)
			return f->value[i];
	return NULL;
}

void fake_check_held(struct fake *f, uint32_t held)
{
	struct fake_domain *d = &f->dom[GUEST];
	uint32_t i, gfn;

	for (gfn = 0; gfn < GUEST_FRAMES; gfn++) {
		if (!d->p2m[gfn])
			fail_msg("frame %u has no page", gfn);
		if (!has_pattern(f, d->p2m[gfn] - 1, pattern(GUEST, gfn)))
			fail_msg("frame %u has lost its content", gfn);
	}
	/* Those in between are too many to be looked at, and never used. */
	for (gfn = (uint32_t)d->max_gfn - 2 * FNUMA_BATCH_MAX; gfn <= d->max_gfn; gfn++)
		if (gfn >= GUEST_FRAMES && d->p2m[gfn])
			fail_msg("frame %u still has a page", gfn);
	for (i = 0; i < FAKE_MAPS; i++)
		if (f->map[i].at)
			fail_msg("%u pages are still mapped", f->map[i].n);
	assert_int_equal(d->pauses, 0);
	assert_int_equal(d->tot_pages, GUEST_FRAMES + held);
	assert_int_equal(d->max_pages, GUEST_FRAMES + GUEST_SLACK);
}

void fake_check(struct fake *f)
{
	fake_check_held(f, 0);
}
