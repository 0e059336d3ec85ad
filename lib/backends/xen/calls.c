/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The real Xen, through its libraries: one call a function, one errno an error. libxenctrl
 * and libxenguest belong to one version of Xen each; what is used of them is in every one
 * from 4.13 to 4.21.
 */
#define _GNU_SOURCE
#define XC_WANT_COMPAT_DEVICEMODEL_API 0
#include "calls_real.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
/* The table is mapped in pieces of 2 MiB. */
#define M2P_CHUNK (UINT64_C(1) << 21)
#define M2P_SIZE(entries) (((entries) * 8 + M2P_CHUNK - 1) & ~(M2P_CHUNK - 1))

static int real_nodes(void *h, struct fnuma_topology *out)
{
	struct real *r = h;
	unsigned int i, j, n = FNUMA_NODES_MAX;
	xc_meminfo_t *node = calloc(n, sizeof(*node));
	uint32_t *distance = calloc(n * n, sizeof(*distance));
	int err = -ENOMEM;

	if (node && distance)
		err = real_error(xc_numainfo(r->xc, &n, node, distance));
	memset(out, 0, sizeof(*out));
	if (!err && (n < 1 || n > FNUMA_NODES_MAX))
		err = -ERANGE;
	for (i = 0; !err && i < n; i++) {
		bool there = node[i].memsize != XEN_INVALID_MEM_SZ;

		out->node[i].size_pages = there ? node[i].memsize / PAGE : 0;
		out->node[i].free_pages = there ? node[i].memfree / PAGE : 0;
		for (j = 0; j < n; j++) {
			uint32_t d = distance[i * n + j];

			out->distance[i][j] = (uint8_t)(d < 10 || d > 254 ?
			                                (i == j ? 10 : 255) : d);
		}
	}
	out->nodes = n;
	free(node);
	free(distance);
	return err;
}

static int real_key(void *h, char key)
{
	struct real *r = h;
	char keys[2] = {key, '\0'};

	return real_error(xc_send_debug_keys(r->xc, keys));
}

static int real_ring(void *h, char *buffer, uint32_t *bytes, uint32_t *index)
{
	struct real *r = h;
	unsigned int n = *bytes;
	int err = real_error(xc_readconsolering(r->xc, buffer, &n, 0, 1, index));

	*bytes = n;
	return err;
}

static int real_m2p(void *h, const uint64_t **table, uint64_t *entries)
{
	struct real *r = h;
	unsigned long highest;

	if (!r->m2p) {
		if (xc_maximum_ram_page(r->xc, &highest) < 0)
			return real_error(-1);
		r->m2p = (const uint64_t *)xc_map_m2p(r->xc, highest, PROT_READ, NULL);
		if (!r->m2p)
			return real_error(-1);
		r->m2p_entries = highest; /* what is mapped need not reach further */
	}
	*table = r->m2p;
	*entries = r->m2p_entries;
	return 0;
}

void real_take_info(const xc_domaininfo_t *d, struct xen_info *out)
{
	memset(out, 0, sizeof(*out));
	out->domid = d->domain;
	memcpy(out->uuid, d->handle, sizeof(out->uuid));
	out->tot_pages = d->tot_pages;
	out->max_pages = d->max_pages;
	out->odd_pages = d->shr_pages + d->paged_pages;
	out->gpaddr_bits = d->gpaddr_bits;
	out->hvm = (d->flags & XEN_DOMINF_hvm_guest) != 0;
	out->dying = (d->flags & XEN_DOMINF_dying) != 0;
	out->paused = (d->flags & XEN_DOMINF_paused) != 0;
	out->shutdown = (d->flags & XEN_DOMINF_shutdown) != 0;
	out->shutdown_code = (uint8_t)(d->flags >> XEN_DOMINF_shutdownshift &
	                               XEN_DOMINF_shutdownmask);
}

static int real_list(void *h, uint32_t first, struct xen_info *out, uint32_t n)
{
	struct real *r = h;
	xc_domaininfo_t *d = calloc(n, sizeof(*d));
	int i, got = d ? xc_domain_getinfolist(r->xc, first, n, d) : -ENOMEM;

	for (i = 0; i < got; i++)
		real_take_info(&d[i], &out[i]);
	free(d);
	return got < 0 ? real_error(got) : got;
}

static int real_max_gfn(void *h, uint32_t domid, uint64_t *gfn)
{
	struct real *r = h;
	xen_pfn_t max = 0;
	int err = real_error(xc_domain_maximum_gpfn(r->xc, domid, &max));

	*gfn = max;
	return err;
}

static int real_pod(void *h, uint32_t domid, uint64_t *pages)
{
	struct real *r = h;
	uint64_t total, cache;

	return real_error(xc_domain_get_pod_target(r->xc, domid, &total, &cache, pages));
}

static int real_unpause(void *h, uint32_t domid)
{
	return real_error(xc_domain_unpause(((struct real *)h)->xc, domid));
}

static int real_set_max(void *h, uint32_t domid, uint64_t pages)
{
	return real_error(xc_domain_setmaxmem(((struct real *)h)->xc, domid, pages * (PAGE / 1024)));
}

static int real_affinity(void *h, uint32_t domid, uint64_t *nodes)
{
	struct real *r = h;
	xc_nodemap_t map = xc_nodemap_alloc(r->xc);
	int i, n = xc_get_max_nodes(r->xc), err;

	if (!map)
		return -ENOMEM;
	err = real_error(xc_domain_node_getaffinity(r->xc, domid, map));
	for (*nodes = 0, i = 0; i < n && i < 64; i++)
		if (map[i / 8] >> (i % 8) & 1)
			*nodes |= UINT64_C(1) << i;
	free(map);
	return err;
}

static int real_set_affinity(void *h, uint32_t domid, uint64_t nodes)
{
	struct real *r = h;
	xc_nodemap_t map = xc_nodemap_alloc(r->xc);
	int i, n = xc_get_max_nodes(r->xc), err;

	if (!map)
		return -ENOMEM;
	for (i = 0; i < n && i < 64; i++)
		if (nodes >> i & 1)
			map[i / 8] = (uint8_t)(map[i / 8] | 1u << (i % 8));
	err = real_error(xc_domain_node_setaffinity(r->xc, domid, map));
	free(map);
	return err;
}

/* Pages of a P2M that are mapped at once. */
#define P2M_RUN 64u

/* Up to so many frames of a PV domain, read-only. The privileged domain must not call itself
 * foreign. */
static const void *map_machine(struct real *r, uint32_t domid, const xen_pfn_t *frames,
                               uint32_t n)
{
	int errs[P2M_RUN];
	uint32_t i;
	void *at = xenforeignmemory_map(r->memory, domid ? domid : DOMID_SELF, PROT_READ, n,
	                                frames, errs);

	for (i = 0; at && i < n && !errs[i]; i++)
		;
	if (!at || i == n)
		return at;
	xenforeignmemory_unmap(r->memory, at, n);
	return NULL;
}

static void unmap_machine(struct real *r, const void *at, uint32_t n)
{
	if (at)
		xenforeignmemory_unmap(r->memory, (void *)(uintptr_t)at, n);
}

/* Of an entry of a page table. */
#define MFN_OF(entry) ((entry) >> 12 & ((UINT64_C(1) << 40) - 1))

#define NO_ENTRY 0u
#define NO_TABLE UINT64_MAX /* it could not be looked at */

/* The frame that the entry for an address in a page table of that level, 3 to 1, leads to. */
static uint64_t table_entry(struct real *r, uint32_t domid, uint64_t table, uint64_t address,
                            unsigned int level)
{
	const uint64_t *entry = map_machine(r, domid, &table, 1);
	uint64_t found = entry ? entry[address >> (12 + 9 * level) & 511u] : 0;

	unmap_machine(r, entry, 1);
	if (!entry || found & 0x80u)
		return NO_TABLE;
	return found & 1u ? MFN_OF(found) : NO_ENTRY;
}

/* What the guest says of its table, copied once. */
static int where_p2m_is(struct real *r, uint32_t domid, struct arch_shared_info *out)
{
	xc_domaininfo_t d;
	const shared_info_t *shared;
	int got = xc_domain_getinfolist(r->xc, domid, 1, &d);

	if (got != 1 || d.domain != domid)
		return -ESRCH;
	shared = map_machine(r, domid, &d.shared_info_frame, 1);
	if (!shared)
		return -EFAULT;
	memcpy(out, &shared->arch, sizeof(*out));
	unmap_machine(r, shared, 1);
	return out->p2m_cr3 && !(out->p2m_vaddr & (PAGE - 1)) ? 0 : -EOPNOTSUPP;
}

/* Where the table's pages are looked up: one page table of the lowest level, and pages of it
 * that follow each other, are kept at hand. */
struct p2m_walk {
	struct real *r;
	uint32_t domid;
	struct arch_shared_info at;
	const uint64_t *level0, *run;
	uint64_t level0_of;      /* address >> 21 */
	uint32_t run_of, n_run;  /* from frame / 512 on, this many */
};

/* Makes `level0` the page table for that address; NULL if there is none. */
static int find_level0(struct p2m_walk *w, uint64_t address)
{
	uint64_t mfn = w->at.p2m_cr3 >> 12;
	unsigned int level;

	unmap_machine(w->r, w->level0, 1);
	w->level0 = NULL;
	w->level0_of = address >> 21;
	for (level = 3; level && mfn != NO_ENTRY && mfn != NO_TABLE; level--)
		mfn = table_entry(w->r, w->domid, mfn, address, level);
	if (mfn == NO_ENTRY)
		return 0;
	if (mfn != NO_TABLE)
		w->level0 = map_machine(w->r, w->domid, &mfn, 1);
	return w->level0 ? 0 : -EFAULT;
}

/* How many pages of the table, from that of the first frame on, the frames lie in one after
 * the other. */
static uint32_t pages_in_row(const fnuma_gfn *gfns, uint32_t n)
{
	const uint32_t first = gfns[0].n / 512;
	uint32_t i, pages = 1;

	for (i = 1; i < n && gfns[i].n / 512 - first <= pages; i++)
		pages += gfns[i].n / 512 - first == pages;
	return pages;
}

/* Makes `run` that page of the table, which the guest has at an address of its own, and up to
 * `more` behind it; NULL if it has not that one. */
static int find_run(struct p2m_walk *w, uint32_t number, uint32_t more)
{
	const uint64_t address = w->at.p2m_vaddr + (uint64_t)number * PAGE;
	uint32_t first = address >> 12 & 511u, n;
	xen_pfn_t frames[P2M_RUN];
	int err = w->level0_of == address >> 21 ? 0 : find_level0(w, address);

	unmap_machine(w->r, w->run, w->n_run);
	w->run = NULL;
	w->run_of = number;
	w->n_run = 1;
	if (err || !w->level0)
		return err;
	for (n = 0; n <= more && n < P2M_RUN && first + n < 512; n++) {
		if (!(w->level0[first + n] & 1u))
			break;
		frames[n] = MFN_OF(w->level0[first + n]);
	}
	if (!n)
		return 0;
	w->n_run = n;
	w->run = map_machine(w->r, w->domid, frames, n);
	return w->run ? 0 : -EFAULT;
}

static int real_p2m(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
                    uint64_t *mfns)
{
	struct p2m_walk w = {.r = h, .domid = domid};
	uint64_t entry;
	uint32_t i;
	int err = where_p2m_is(h, domid, &w.at);

	for (i = 0; i < n && !err; i++) {
		const uint32_t page = gfns[i].n / 512;

		mfns[i] = UINT64_MAX;
		if (gfns[i].n >= w.at.max_pfn)
			continue;
		if (page - w.run_of >= w.n_run)
			err = find_run(&w, page, pages_in_row(gfns + i, n - i) - 1);
		/* Linux marks what is no page of its own in the two highest bits. */
		entry = !err && w.run ? w.run[gfns[i].n - w.run_of * 512] : UINT64_MAX;
		if (!(entry >> 62))
			mfns[i] = entry;
	}
	unmap_machine(h, w.run, w.n_run);
	unmap_machine(h, w.level0, 1);
	return err;
}

static void list_frames(xen_pfn_t *frames, const fnuma_gfn *gfns, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		frames[i] = gfns[i].n;
}

static int real_populate(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
                         fnuma_node node)
{
	xen_pfn_t frames[FNUMA_BATCH_MAX];

	list_frames(frames, gfns, n);
	return xc_domain_populate_physmap(((struct real *)h)->xc, domid, n, 0,
	                                  XENMEMF_exact_node(node.id), frames);
}

static int real_give_back(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n)
{
	xen_pfn_t frames[FNUMA_BATCH_MAX];
	int got;

	list_frames(frames, gfns, n);
	got = xc_domain_decrease_reservation(((struct real *)h)->xc, domid, n, 0, frames);
	return got < 0 ? real_error(got) : got;
}

static void *real_map(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool write,
                      int *errs)
{
	xen_pfn_t frames[2 * FNUMA_BATCH_MAX];

	list_frames(frames, gfns, n);
	return xenforeignmemory_map(((struct real *)h)->memory, domid,
	                            write ? PROT_READ | PROT_WRITE : PROT_READ, n, frames, errs);
}

static int real_unmap(void *h, void *address, uint32_t n)
{
	return real_error(xenforeignmemory_unmap(((struct real *)h)->memory, address, n));
}

/* Xen looks at what is in the call only if there is a log to write to; no pages from frame
 * 0 on is something that it refuses then. */
static int real_log_dirty(void *h, uint32_t domid)
{
	struct real *r = h;

	if (!xendevicemodel_modified_memory(r->model, (domid_t)domid, 0, 0))
		return 0;
	return errno == EINVAL ? 1 : real_error(-1);
}

static int real_map_grants(void *h, uint32_t domid, uint32_t frames, const void **address,
                           void **handle)
{
	struct real *r = h;
	void *at = NULL;

	*handle = xenforeignmemory_map_resource(r->memory, (domid_t)domid,
	                                        XENMEM_resource_grant_table,
	                                        XENMEM_resource_grant_table_id_shared, 0, frames,
	                                        &at, PROT_READ, 0);
	*address = at;
	return *handle ? 0 : real_error(-1);
}

static int real_unmap_grants(void *h, void *handle)
{
	return real_error(xenforeignmemory_unmap_resource(((struct real *)h)->memory, handle));
}

static int real_read(void *h, const char *path, char *text, size_t bytes)
{
	unsigned int n = 0;
	char *got = xs_read(((struct real *)h)->store, XBT_NULL, path, &n);
	bool fits = got && n < bytes;

	if (!got)
		return real_error(-1);
	if (fits) {
		memcpy(text, got, n);
		text[n] = '\0';
	}
	free(got);
	return fits ? 0 : -E2BIG;
}

static int real_has(void *h, const char *path)
{
	unsigned int n = 0;
	char **got = xs_directory(((struct real *)h)->store, XBT_NULL, path, &n);

	if (!got)
		return errno == ENOENT ? 0 : real_error(-1);
	free(got);
	return n > 0;
}

static int real_write(void *h, const char *path, const char *text)
{
	struct real *r = h;

	return xs_write(r->store, XBT_NULL, path, text, (unsigned int)strlen(text)) ?
	       0 : real_error(-1);
}

static int real_run(void *h, const char *const *argv)
{
	pid_t pid;
	int status, err;

	(void)h;
	err = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return real_error(-1);
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static uint64_t real_now(void *h)
{
	struct timespec t;

	(void)h;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void real_close(void *h)
{
	struct real *r = h;

	if (r->m2p)
		munmap((void *)(uintptr_t)r->m2p, M2P_SIZE(r->m2p_entries));
	real_free_multi(r);
	if (r->store)
		xs_close(r->store);
	xendevicemodel_close(r->model);
	xenforeignmemory_close(r->memory);
	xencall_close(r->call);
	if (r->xc)
		xc_interface_close(r->xc);
	if (r->log)
		xtl_logger_destroy(r->log);
	free(r);
}

static const struct xen_calls real = {
	.nodes = real_nodes,
	.key = real_key,
	.ring = real_ring,
	.m2p = real_m2p,
	.info = real_info,
	.list = real_list,
	.max_gfn = real_max_gfn,
	.pod = real_pod,
	.pause = real_pause,
	.unpause = real_unpause,
	.set_max = real_set_max,
	.affinity = real_affinity,
	.set_affinity = real_set_affinity,
	.p2m = real_p2m,
	.own = real_own,
	.populate = real_populate,
	.give_back = real_give_back,
	.map = real_map,
	.unmap = real_unmap,
	.swap = real_swap,
	.log_dirty = real_log_dirty,
	.map_grants = real_map_grants,
	.unmap_grants = real_unmap_grants,
	.read = real_read,
	.has = real_has,
	.write = real_write,
	.run = real_run,
	.now = real_now,
	.close = real_close,
};

/* The library never prints: Xen's libraries get a log that only takes what is fatal. */
static void silent(struct xentoollog_logger *log, xentoollog_level level, int err,
                   const char *context, const char *format, va_list args)
{
	(void)log, (void)level, (void)err, (void)context, (void)format, (void)args;
}

static void silent_progress(struct xentoollog_logger *log, const char *context,
                            const char *what, int percent, unsigned long done,
                            unsigned long total)
{
	(void)log, (void)context, (void)what, (void)percent, (void)done, (void)total;
}

static void silent_end(struct xentoollog_logger *log)
{
	free(log);
}

static int open_all(struct real *r)
{
	r->log = calloc(1, sizeof(*r->log));
	if (!r->log)
		return FNUMA_E_NOMEM;
	r->log->vmessage = silent;
	r->log->progress = silent_progress;
	r->log->destroy = silent_end;
	r->xc = xc_interface_open(r->log, r->log, 0);
	if (!r->xc)
		return errno == EACCES || errno == EPERM ? FNUMA_E_DENIED : FNUMA_E_NOTSUP;
	r->call = xencall_open(r->log, 0);
	r->memory = xenforeignmemory_open(r->log, 0);
	r->model = xendevicemodel_open(r->log, 0);
	r->store = xs_open(0);
	if (!r->call || !r->memory || !r->model || !r->store)
		return FNUMA_E_DENIED;
	return real_make_multi(r);
}

int xen_calls_open(const struct xen_calls **calls, void **handle)
{
	struct real *r = calloc(1, sizeof(*r));
	int err = r ? open_all(r) : FNUMA_E_NOMEM;

	if (err) {
		if (r)
			real_close(r);
		return err;
	}
	*calls = &real;
	*handle = r;
	return FNUMA_OK;
}
