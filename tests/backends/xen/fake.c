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
#define HALF(n) (((n) + 1) / 2)

/* ---------------------------------------------------------------- machine pages */

uint8_t *fake_page(struct fake *f, uint32_t mfn)
{
	return f->content + (size_t)mfn * PAGE;
}

static uint64_t pattern(uint32_t index, uint32_t gfn)
{
	return UINT64_C(0x9e3779b97f4a7c15) * (index * FAKE_FRAMES + gfn + 1);
}

static void write_pattern(struct fake *f, uint32_t mfn, uint64_t value)
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

static bool allocate(struct fake *f, uint32_t index, uint32_t node, uint32_t gfn)
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

static void unhook(struct fake *f, struct fake_domain *d, uint32_t gfn)
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
		assert_true(allocate(f, i, node, gfn));
		write_pattern(f, d->p2m[gfn] - 1, pattern(i, gfn));
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
			unhook(f, d, f->mfn[gfn].gfn);
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

static void forget_map(struct fake *f, struct fake_map *m)
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
			forget_map(f, &f->map[i]);
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

/* ---------------------------------------------------------------- calls */

/* A call begins: 0, or the error it is to end with. */
static int enter(struct fake *f, const char *op)
{
	f->now_ns += f->call_ns;
	if (f->before)
		f->before(f, op);
	if (!f->fail_in || (f->fail_op && strcmp(f->fail_op, op) != 0) || --f->fail_in)
		return 0;
	return f->fail_errno ? -f->fail_errno : 0;
}

/* Of a batch of n, how many are done by a call that may be about to fail. */
static uint32_t reach(const struct fake *f, int err, uint32_t n)
{
	return !err ? n : f->fail_half ? HALF(n) : 0;
}

static struct fake_domain *find(struct fake *f, uint32_t domid)
{
	uint32_t i;

	for (i = 0; i < FAKE_DOMAINS; i++)
		if (f->dom[i].there && f->dom[i].domid == domid)
			return &f->dom[i];
	return NULL;
}

static struct fake_domain *alive(struct fake *f, uint32_t domid)
{
	struct fake_domain *d = find(f, domid);

	return d && !d->dying ? d : NULL;
}

static int fake_nodes(void *h, struct fnuma_topology *out)
{
	struct fake *f = h;
	int err = enter(f, "nodes");
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->nodes = FAKE_NODES;
	for (i = 0; i < FAKE_NODES; i++) {
		out->node[i].size_pages = FAKE_NODE_PAGES;
		out->node[i].free_pages = fake_count(f, FAKE_NOBODY, i);
		out->distance[i][i] = 10;
		out->distance[i][!i] = 21;
	}
	return err;
}

static void print(struct fake *f, const char *line)
{
	char with_time[128];
	const char *text = line;

	if (f->timestamps && strncmp(line, "(XEN) ", 6) == 0) {
		snprintf(with_time, sizeof(with_time), "(XEN) [2026-11-22 20:00:00.125] %s",
		         line + 6);
		text = with_time;
	}
	for (; *text; text++)
		f->ring[f->ring_p++ % FAKE_RING] = *text;
	if (f->ring_p - f->ring_c > FAKE_RING)
		f->ring_c = f->ring_p - FAKE_RING;
}

static int fake_key(void *h, char key)
{
	struct fake *f = h;
	char line[96];
	uint32_t i, node;
	int err = enter(f, "key");

	if (err)
		return err;
	assert_int_equal(key, 'u');
	print(f, "(XEN) 'u' pressed -> dumping numa info (now = 77)\n");
	for (node = 0; node < FAKE_NODES; node++) {
		snprintf(line, sizeof(line), "(XEN) NODE%u start->%u size->%u free->%u\n", node,
		         node * FAKE_NODE_PAGES, FAKE_NODE_PAGES + (node ? 0 : f->reach), fake_count(f, FAKE_NOBODY, node));
		print(f, line);
	}
	print(f, "(XEN) CPU0 -> NODE0\n");
	print(f, "(XEN) Memory location of each domain:\n");
	for (i = 0; i < FAKE_DOMAINS; i++) {
		if (!f->dom[i].there)
			continue;
		snprintf(line, sizeof(line), f->new_format ? "(XEN) d%u (total: %u):\n" :
		                                             "(XEN) Domain %u (total: %u):\n",
		         f->dom[i].domid, (unsigned int)f->dom[i].tot_pages);
		print(f, line);
		if (f->console_extra && i == GUEST)
			print(f, f->console_extra);
		for (node = 0; node < FAKE_NODES; node++) {
			snprintf(line, sizeof(line), "(XEN)     Node %u: %u\n", node,
			         fake_count(f, i, node));
			print(f, line);
		}
	}
	for (i = 0; f->scribble && i < FAKE_RING; i++)
		print(f, "x");
	return 0;
}

static int fake_ring(void *h, char *buffer, uint32_t *bytes, uint32_t *index)
{
	struct fake *f = h;
	int err = enter(f, "ring");
	uint32_t c = f->ring_c, n = 0;

	if (*index - c <= f->ring_p - c)
		c = *index;
	while (c != f->ring_p && n < *bytes)
		buffer[n++] = f->ring[c++ % FAKE_RING];
	*bytes = n;
	*index = c;
	return err;
}

static int fake_m2p(void *h, const uint64_t **table, uint64_t *entries)
{
	struct fake *f = h;

	/* As Xen does: a hole shows another part of the table. */
	memcpy(f->m2p + FAKE_MFNS, f->m2p, FAKE_HOLE * sizeof(*f->m2p));
	*table = f->m2p;
	*entries = FAKE_MFNS + FAKE_HOLE;
	return enter(f, "m2p");
}

static void take_info(const struct fake_domain *d, struct xen_info *out)
{
	memset(out, 0, sizeof(*out));
	out->domid = d->domid;
	memcpy(out->uuid, d->uuid, sizeof(out->uuid));
	out->tot_pages = d->tot_pages;
	out->max_pages = d->max_pages;
	out->hvm = d->hvm;
	out->dying = d->dying;
	out->paused = d->pauses > 0;
	out->shutdown = d->shutdown;
	out->shutdown_code = d->shutdown_code;
}

static int fake_info(void *h, uint32_t domid, struct xen_info *out)
{
	struct fake *f = h;
	int err = enter(f, "info");
	struct fake_domain *d = find(f, domid);

	if (err || !d)
		return err ? err : -ESRCH;
	take_info(d, out);
	return 0;
}

static int fake_list(void *h, uint32_t first, struct xen_info *out, uint32_t n)
{
	struct fake *f = h;
	int err = enter(f, "list");
	uint32_t domid, got = 0;

	for (domid = first; domid < 64 && got < n; domid++)
		if (find(f, domid))
			take_info(find(f, domid), &out[got++]);
	return err ? err : (int)got;
}

static int fake_max_gfn(void *h, uint32_t domid, uint64_t *gfn)
{
	struct fake *f = h;
	int err = enter(f, "max_gfn");
	struct fake_domain *d = alive(f, domid);

	*gfn = d ? d->max_gfn : 0;
	return err ? err : d ? 0 : -ESRCH;
}

static int fake_pod(void *h, uint32_t domid, uint64_t *pages)
{
	struct fake *f = h;
	int err = enter(f, "pod");
	struct fake_domain *d = alive(f, domid);

	*pages = d ? d->pod_pages : 0;
	return err ? err : d ? 0 : -ESRCH;
}

static void look_at_own(struct fake *f, const struct fake_domain *d, const fnuma_gfn *gfns,
                        uint32_t n, bool *own)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		assert_true(gfns[i].n < FAKE_FRAMES);
		own[i] = d->p2m[gfns[i].n] && !f->mfn[d->p2m[gfns[i].n] - 1].special;
	}
}

/* Paused first; what is asked then may fail by itself. */
static int fake_pause(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
                      struct xen_look *out)
{
	struct fake *f = h;
	int err = enter(f, "pause");
	struct fake_domain *d = alive(f, domid);

	memset(out, 0, sizeof(*out));
	if (err || !d)
		return err ? err : -ESRCH;
	d->pauses++;
	out->err = enter(f, "look");
	d = alive(f, domid);
	if (out->err || !d) {
		out->err = out->err ? out->err : -ESRCH;
		return 0;
	}
	take_info(d, &out->info);
	look_at_own(f, d, gfns, n, out->own);
	out->grant_frames = d->grant_frames;
	out->grant_version = d->grant_version;
	return 0;
}

static int fake_unpause(void *h, uint32_t domid)
{
	struct fake *f = h;
	int err = enter(f, "unpause");
	struct fake_domain *d = alive(f, domid);

	if (err || !d)
		return err ? err : -ESRCH;
	if (!d->pauses)
		return -EINVAL;
	d->pauses--;
	return 0;
}

static int fake_set_max(void *h, uint32_t domid, uint64_t pages)
{
	struct fake *f = h;
	int err = enter(f, "set_max");
	struct fake_domain *d = alive(f, domid);

	if (err || !d)
		return err ? err : -ESRCH;
	d->max_pages = pages;
	return 0;
}

static int fake_affinity(void *h, uint32_t domid, uint64_t *nodes)
{
	struct fake *f = h;
	int err = enter(f, "affinity");
	struct fake_domain *d = alive(f, domid);

	*nodes = d ? d->affinity : 0;
	return err ? err : d ? 0 : -ESRCH;
}

static int fake_set_affinity(void *h, uint32_t domid, uint64_t nodes)
{
	struct fake *f = h;
	int err = enter(f, "set_affinity");
	struct fake_domain *d = alive(f, domid);

	if (err || !d)
		return err ? err : -ESRCH;
	d->affinity = nodes;
	return 0;
}

static int fake_p2m(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
                    uint64_t *mfns)
{
	struct fake *f = h;
	int err = enter(f, "p2m");
	struct fake_domain *d = alive(f, domid);
	uint32_t i;

	if (err || !d || d->hvm)
		return err ? err : -ESRCH;
	for (i = 0; i < n; i++)
		mfns[i] = d->p2m[gfns[i].n] ? d->p2m[gfns[i].n] - 1 : UINT64_MAX;
	return 0;
}

static int fake_own(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool *own)
{
	struct fake *f = h;
	int err = enter(f, "own");
	struct fake_domain *d = alive(f, domid);

	if (d)
		look_at_own(f, d, gfns, n, own);
	return err ? err : d ? 0 : -ESRCH;
}

static int fake_populate(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
                         fnuma_node node)
{
	struct fake *f = h;
	int err = enter(f, "populate");
	struct fake_domain *d = alive(f, domid);
	uint32_t i = 0;

	if (!d)
		return err ? err : -ESRCH;
	for (i = 0; i < reach(f, err, n); i++) {
		if (d->p2m[gfns[i].n])
			fail_msg("frame %u has a page already", gfns[i].n);
		if (!allocate(f, (uint32_t)(d - f->dom), node.id, gfns[i].n))
			break;
		write_pattern(f, d->p2m[gfns[i].n] - 1, 0xdead);
	}
	return err ? err : (int)i;
}

static int fake_give_back(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n)
{
	struct fake *f = h;
	int err = enter(f, "give_back");
	struct fake_domain *d = alive(f, domid);
	uint32_t i;

	if (!d)
		return err ? err : -ESRCH;
	for (i = 0; i < reach(f, err, n) && d->p2m[gfns[i].n]; i++)
		unhook(f, d, gfns[i].n);
	return err ? err : (int)i;
}

static void *fake_map(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool write,
                      int *errs)
{
	struct fake *f = h;
	int err = enter(f, "map");
	struct fake_domain *d = alive(f, domid);
	struct fake_map *m = f->map;
	uint32_t i;

	while (m->at)
		m++;
	if (err || !d)
		return NULL;
	m->at = mmap(NULL, n * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->n = n;
	for (i = 0; i < n; i++) {
		uint32_t entry = gfns[i].n < FAKE_FRAMES ? d->p2m[gfns[i].n] : 0;

		errs[i] = entry ? 0 : -ENOENT;
		m->there[i] = entry != 0;
		if (!entry)
			continue;
		m->mfn[i] = entry - 1;
		f->mfn[entry - 1].refs++;
		mmap((uint8_t *)m->at + i * PAGE, PAGE, PROT_READ | (write ? PROT_WRITE : 0),
		     MAP_SHARED | MAP_FIXED, f->pages, (off_t)(entry - 1) * PAGE);
	}
	return m->at;
}

/* As with munmap(), nothing stays mapped whatever is said. */
static int fake_unmap(void *h, void *address, uint32_t n)
{
	struct fake *f = h;
	int err = enter(f, "unmap");
	struct fake_map *m = f->map;

	while (m < f->map + FAKE_MAPS && m->at != address)
		m++;
	assert_true(m < f->map + FAKE_MAPS && m->n == n);
	munmap(address, n * PAGE);
	forget_map(f, m);
	return err;
}

static int swap_one(struct fake *f, struct fake_domain *d, uint32_t from, uint32_t to)
{
	uint32_t mfn = d->p2m[from] - 1;

	if (!d->p2m[from])
		return -EINVAL;
	if (d->p2m[to] && f->mfn[d->p2m[to] - 1].special) {
		d->p2m[to] = 0; /* unhooked, and gone from the guest's sight */
		fail_msg("a page of Xen's own was overwritten at frame %u", to);
	}
	if (d->p2m[to])
		unhook(f, d, to);
	d->p2m[from] = 0;
	d->p2m[to] = mfn + 1;
	f->mfn[mfn].gfn = to;
	f->m2p[mfn] = to;
	return 0;
}

static int swap_all(struct fake *f, uint32_t domid, const fnuma_gfn *from,
                    const fnuma_gfn *to, uint32_t n, int *errs)
{
	int err = enter(f, "swap");
	struct fake_domain *d = alive(f, domid);
	uint32_t i;

	if (f->fail_silently && f->fail_op && !f->fail_in && strcmp(f->fail_op, "swap") == 0) {
		f->fail_op = NULL;
		return 0;
	}
	if (!d)
		return -ESRCH;
	assert_true(d->pauses > 0);
	for (i = 0; i < reach(f, err, n); i++)
		errs[i] = swap_one(f, d, from[i].n, to[i].n);
	return err;
}

static int mark_dirty(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n)
{
	struct fake *f = h;
	int err = enter(f, "mark_dirty");
	struct fake_domain *d = alive(f, domid);
	uint32_t i;

	for (i = 0; i < n && d; i++)
		d->dirty[gfns[i].n % sizeof(d->dirty)] = 1;
	return err ? err : d ? d->log_dirty : -ESRCH;
}

static int fake_swap(void *h, uint32_t domid, const fnuma_gfn *from, const fnuma_gfn *to,
                     uint32_t n, int *errs, struct xen_after *after)
{
	int err = swap_all(h, domid, from, to, n, errs);

	after->logged = mark_dirty(h, domid, to, n);
	after->err = fake_info(h, domid, &after->info);
	return err;
}

static int fake_log_dirty(void *h, uint32_t domid)
{
	struct fake *f = h;
	int err = enter(f, "log_dirty");
	struct fake_domain *d = alive(f, domid);

	return err ? err : d ? d->log_dirty : -ESRCH;
}

static int fake_map_grants(void *h, uint32_t domid, uint32_t frames, const void **address,
                           void **handle)
{
	struct fake *f = h;
	int err = enter(f, "map_grants");
	struct fake_domain *d = alive(f, domid);

	if (err || !d)
		return err ? err : -ESRCH;
	assert_int_equal(frames, d->grant_frames);
	*address = d->grants;
	*handle = d;
	f->grants_mapped++;
	return 0;
}

static int fake_unmap_grants(void *h, void *handle)
{
	struct fake *f = h;

	assert_non_null(handle);
	f->grants_mapped--;
	return enter(f, "unmap_grants");
}

static int fake_read(void *h, const char *path, char *text, size_t bytes)
{
	struct fake *f = h;
	int err = enter(f, "read");
	const char *value = fake_get(f, path);

	if (err || !value)
		return err ? err : -ENOENT;
	snprintf(text, bytes, "%s", value);
	return 0;
}

static int fake_has(void *h, const char *path)
{
	struct fake *f = h;
	int err = enter(f, "has");

	return err ? err : fake_get(f, path) != NULL;
}

static int fake_write(void *h, const char *path, const char *text)
{
	struct fake *f = h;
	int err = enter(f, "write");

	if (!err)
		fake_set(f, path, text);
	return err;
}

static int fake_run(void *h, const char *const *argv)
{
	struct fake *f = h;
	int err = enter(f, "run");

	assert_non_null(argv[3]);
	assert_null(argv[4]);
	f->ran++;
	return err;
}

static uint64_t fake_now(void *h)
{
	struct fake *f = h;

	f->now_ns += f->copy_ns;
	return f->now_ns;
}

static void fake_close(void *h)
{
	struct fake *f = h;

	assert_int_equal(f->grants_mapped, 0);
}

const struct xen_calls fake_calls = {
	.nodes = fake_nodes,
	.key = fake_key,
	.ring = fake_ring,
	.m2p = fake_m2p,
	.info = fake_info,
	.list = fake_list,
	.max_gfn = fake_max_gfn,
	.pod = fake_pod,
	.pause = fake_pause,
	.unpause = fake_unpause,
	.set_max = fake_set_max,
	.affinity = fake_affinity,
	.set_affinity = fake_set_affinity,
	.p2m = fake_p2m,
	.own = fake_own,
	.populate = fake_populate,
	.give_back = fake_give_back,
	.map = fake_map,
	.unmap = fake_unmap,
	.swap = fake_swap,
	.log_dirty = fake_log_dirty,
	.map_grants = fake_map_grants,
	.unmap_grants = fake_unmap_grants,
	.read = fake_read,
	.has = fake_has,
	.write = fake_write,
	.run = fake_run,
	.now = fake_now,
	.close = fake_close,
};
