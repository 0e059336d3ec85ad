/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The calls of the Xen that is only played. */
#define _GNU_SOURCE
#include "fake.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u
#define HALF(n) (((n) + 1) / 2)

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
	out->odd_pages = d->odd_pages;
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
		if (!fake_allocate(f, (uint32_t)(d - f->dom), node.id, gfns[i].n))
			break;
		fake_write_pattern(f, d->p2m[gfns[i].n] - 1, 0xdead);
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
		fake_unhook(f, d, gfns[i].n);
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
	m->write = write;
	m->copied = 0;
	for (i = 0; i < n; i++) {
		uint32_t entry = gfns[i].n < FAKE_FRAMES ? d->p2m[gfns[i].n] : 0;

		entry = entry == f->unmappable ? 0 : entry;
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

/* What the pages copied from the first half to the second have taken. */
static void take_time(struct fake *f, struct fake_map *m)
{
	const uint8_t *old = m->at, *new = old + (size_t)m->n / 2 * PAGE;
	uint32_t i, copied = 0;

	for (i = 0; i < m->n / 2; i++)
		if (m->there[i] && m->there[m->n / 2 + i] &&
		    memcmp(old + i * PAGE, new + i * PAGE, PAGE) == 0)
			copied++;
	for (; m->copied < copied; m->copied++)
		f->now_ns += f->copy_ns +
		             (f->slow_ns && m->copied >= f->slow_after ? f->slow_ns : 0);
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
	if (m->write)
		take_time(f, m);
	munmap(address, n * PAGE);
	fake_forget_map(f, m);
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
		fake_unhook(f, d, to);
	d->p2m[from] = 0;
	d->p2m[to] = mfn + 1;
	f->mfn[mfn].gfn = to;
	f->m2p[mfn] = to;
	return 0;
}

static int leave_hole(struct fake *f, struct fake_domain *d, uint32_t to)
{
	f->holes--;
	if (d->p2m[to])
		fake_unhook(f, d, to);
	return -ENOMEM;
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
		errs[i] = i == 0 && f->holes ? leave_hole(f, d, to[i].n) :
		                               swap_one(f, d, from[i].n, to[i].n);
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
	struct fake_map *m;

	for (m = f->map; m < f->map + FAKE_MAPS; m++)
		if (m->at && m->write) {
			take_time(f, m);
			f->looks++;
		}
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
