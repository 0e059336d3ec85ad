/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Making, joining and leaving a share; allocating and posting. */
#define _GNU_SOURCE
#include "share.h"
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the segment ------------------------------------------------------------------- */

size_t share_header_bytes(uint32_t ring_pages, uint32_t page_bytes)
{
	const size_t bytes = sizeof(struct share_header) +
	                     4 * (size_t)ring_pages * sizeof(uint32_t);

	return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

static bool is_count(uint32_t n, uint32_t max)
{
	return n > 0 && n <= max;
}

static bool is_config(const struct fnuma_linux_share_config *c, uint32_t ring_pages)
{
	return is_count(c->pages[0], SHARE_PAGES_MAX) && is_count(c->pages[1], SHARE_PAGES_MAX) &&
	       is_count(ring_pages, SHARE_RING_MAX) && !(ring_pages & (ring_pages - 1));
}

/* Memory for a part of the segment, on a node if one is named. */
static int populate(const struct fnuma_linux *host, int fd, char *memory, size_t from,
                    size_t bytes, fnuma_node node)
{
	unsigned long mask = 0;
	int err = FNUMA_OK;

	if (node.id != FNUMA_NODE_UNKNOWN_ID) {
		if (node.id >= host->nodes || !(host->memory_nodes >> node.id & 1))
			return FNUMA_E_RANGE;
		mask = 1ul << node.id;
		if (mbind(memory + from, bytes, MPOL_BIND, &mask, FNUMA_NODES_MAX, 0))
			return linux_error(-errno);
	}
	/* Unlike touching, this can say that there is no memory. */
	if (fallocate(fd, 0, (off_t)from, (off_t)bytes))
		err = FNUMA_E_NOMEM;
	if (mask)
		mbind(memory + from, bytes, MPOL_DEFAULT, NULL, 0, 0);
	return err;
}

static int fill_segment(const struct fnuma_linux *host, int fd,
                        const struct fnuma_linux_share_config *config,
                        const struct share_header *header)
{
	const size_t first = share_header_bytes(header->ring_pages, host->page_bytes);
	size_t at = first, bytes[2];
	char *memory;
	int i, err;

	for (i = 0; i < 2; i++)
		bytes[i] = (size_t)config->pages[i] * host->page_bytes;
	if (ftruncate(fd, (off_t)(first + bytes[0] + bytes[1])) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
		return FNUMA_E_NOSPC;
	memory = mmap(NULL, first + bytes[0] + bytes[1], PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	              0);
	if (memory == MAP_FAILED)
		return FNUMA_E_NOSPC;
	err = populate(host, fd, memory, 0, first, fnuma_node_unknown());
	for (i = 0; i < 2 && !err; at += bytes[i++])
		err = populate(host, fd, memory, at, bytes[i], config->node[i]);
	if (!err)
		memcpy(memory, header, sizeof(*header));
	munmap(memory, first + bytes[0] + bytes[1]);
	return err;
}

int fnuma_linux_share_create(struct fnuma_linux *host,
                             const struct fnuma_linux_share_config *config, int *fd)
{
	struct share_header header;
	int err, made;

	memset(&header, 0, sizeof(header));
	if (!host || !config || !fd)
		return FNUMA_E_INVAL;
	header.ring_pages = config->ring_pages ? config->ring_pages : SHARE_RING_DEFAULT;
	if (!is_config(config, header.ring_pages))
		return FNUMA_E_INVAL;
	header.magic = SHARE_MAGIC;
	header.version = SHARE_VERSION;
	header.page_bytes = host->page_bytes;
	memcpy(header.pages, config->pages, sizeof(header.pages));
	made = memfd_create("flipnuma-share", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (made < 0)
		return FNUMA_E_NOSPC;
	err = fill_segment(host, made, config, &header);
	if (err)
		close(made);
	else
		*fd = made;
	return err;
}

/* --- joining ----------------------------------------------------------------------- */

/* One look at what others may have written: it is copied, then judged. */
static int read_header(const struct fnuma_linux *host, int fd, struct share_header *h)
{
	struct fnuma_linux_share_config config;
	struct stat st;

	if (pread(fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h) || fstat(fd, &st))
		return FNUMA_E_ABI;
	memcpy(config.pages, h->pages, sizeof(config.pages));
	if (h->magic != SHARE_MAGIC || h->version != SHARE_VERSION ||
	    h->page_bytes != host->page_bytes || !is_config(&config, h->ring_pages))
		return FNUMA_E_ABI;
	if ((uint64_t)st.st_size != share_header_bytes(h->ring_pages, h->page_bytes) +
	                            ((uint64_t)h->pages[0] + h->pages[1]) * h->page_bytes)
		return FNUMA_E_ABI;
	/* Nobody may cut off what is mapped here. */
	if (!(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK))
		return FNUMA_E_ABI;
	return FNUMA_OK;
}

/* A lock on the end's byte says that it is somebody, and the kernel takes it from the dead.
 * It belongs to a description of one's own: that of `fd` may be the other end's, too. */
static int open_own(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_CLOEXEC);
}

static struct flock lock_of(uint32_t end)
{
	struct flock l;

	memset(&l, 0, sizeof(l));
	l.l_type = F_WRLCK;
	l.l_whence = SEEK_SET;
	l.l_start = (off_t)end;
	l.l_len = 1;
	return l;
}

static int become_end(struct fnuma_linux_share *s)
{
	struct share_header *h = (struct share_header *)(void *)s->memory;
	struct flock l = lock_of(s->end);

	if (fcntl(s->fd, F_OFD_SETLK, &l) ||
	    __atomic_exchange_n(&h->joined[s->end], 1, __ATOMIC_ACQ_REL))
		return FNUMA_E_IN_USE;
	return FNUMA_OK;
}

static void set_way(struct fnuma_linux_share *s, struct share_way *w, struct share_ring *ring,
                    uint32_t number)
{
	struct share_header *h = (struct share_header *)(void *)s->memory;

	w->ring = ring;
	w->page = (uint32_t *)(void *)(h + 1) + (size_t)number * s->ring_pages;
	w->at = 0;
}

static void set_ways(struct fnuma_linux_share *s)
{
	struct share_header *h = (struct share_header *)(void *)s->memory;
	const uint32_t me = s->end, other = 1 - me;

	set_way(s, &s->post, &h->posted[me], me);
	set_way(s, &s->came, &h->back[me], 2 + me);
	set_way(s, &s->posted, &h->posted[other], other);
	set_way(s, &s->give, &h->back[other], 2 + other);
}

static bool make_books(struct fnuma_linux_share *s, uint32_t first)
{
	uint32_t i;

	s->behind = malloc(s->frames * sizeof(*s->behind));
	s->state = calloc(s->frames, sizeof(*s->state));
	s->own = calloc(s->total / 64 + 1, sizeof(*s->own));
	s->list = malloc(s->frames * sizeof(*s->list));
	s->away = malloc(s->ring_pages * sizeof(*s->away));
	if (!s->behind || !s->state || !s->own || !s->list || !s->away)
		return false;
	for (i = 0; i < s->frames; i++) {
		s->behind[i] = first + i;
		s->list[i] = s->frames - 1 - i;
		share_set_own(s, first + i, true);
	}
	s->n_free = s->frames;
	return true;
}

static int map_segment(struct fnuma_linux_share *s, int fd, const struct share_header *h)
{
	const size_t first = share_header_bytes(h->ring_pages, h->page_bytes);

	s->total = h->pages[0] + h->pages[1];
	s->frames = h->pages[s->end];
	s->ring_pages = h->ring_pages;
	s->bytes = first + (size_t)s->total * h->page_bytes;
	s->fd = open_own(fd);
	if (s->fd < 0)
		return FNUMA_E_NOSPC;
	/* The kernel says where a page is to those who have touched it. */
	s->memory = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
	                 s->fd, 0);
	if (s->memory == MAP_FAILED) {
		s->memory = NULL;
		return FNUMA_E_NOSPC;
	}
	s->pages = s->memory + first;
	set_ways(s);
	return make_books(s, s->end ? h->pages[0] : 0) ? FNUMA_OK : FNUMA_E_NOSPC;
}

int fnuma_linux_share_join(struct fnuma_linux *host, int fd, uint32_t end, uint32_t flags,
                           struct fnuma_linux_share **out)
{
	struct fnuma_linux_share *s;
	struct share_header h;
	int err;

	if (!host || fd < 0 || end > 1 || !out || flags & ~(uint32_t)FNUMA_LINUX_SHARE_NODES)
		return FNUMA_E_INVAL;
	err = read_header(host, fd, &h);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return FNUMA_E_NOSPC;
	s->host = host;
	s->end = end;
	s->flags = flags;
	s->fd = -1;
	s->self.pidfd = -1; /* ourselves: pid 0 */
	s->self.shared = host->privileged;
	err = map_segment(s, fd, &h);
	if (!err)
		err = become_end(s);
	if (err)
		fnuma_linux_share_leave(s);
	else
		*out = s;
	return err;
}

void fnuma_linux_share_leave(struct fnuma_linux_share *share)
{
	if (!share)
		return;
	if (share->memory)
		munmap(share->memory, share->bytes);
	if (share->fd >= 0)
		close(share->fd);
	free(share->behind);
	free(share->state);
	free(share->own);
	free(share->list);
	free(share->away);
	free(share);
}

/* --- rings ------------------------------------------------------------------------- */

int share_ready(struct fnuma_linux_share *s, const struct share_way *w)
{
	const uint32_t n = __atomic_load_n(&w->ring->tail, __ATOMIC_ACQUIRE) - w->at;

	s->broken |= n > s->ring_pages;
	return s->broken ? FNUMA_E_GONE : (int)n;
}

uint32_t share_take(struct fnuma_linux_share *s, struct share_way *w)
{
	const uint32_t *slot = &w->page[w->at & (s->ring_pages - 1)];
	const uint32_t page = __atomic_load_n(slot, __ATOMIC_RELAXED); /* once, then judged */

	s->broken |= page >= s->total || share_owns(s, page);
	if (s->broken)
		return SHARE_NO_PAGE;
	w->at++;
	return page;
}

void share_put(struct fnuma_linux_share *s, struct share_way *w, uint32_t page)
{
	__atomic_store_n(&w->page[w->at & (s->ring_pages - 1)], page, __ATOMIC_RELAXED);
	w->at++;
}

void share_show(struct share_way *w)
{
	__atomic_store_n(&w->ring->tail, w->at, __ATOMIC_RELEASE);
}

/* --- frames ------------------------------------------------------------------------ */

uint32_t fnuma_linux_share_frames(const struct fnuma_linux_share *share)
{
	return share ? share->frames : 0;
}

void *fnuma_linux_share_at(const struct fnuma_linux_share *share, fnuma_gfn page)
{
	if (!share || page.n >= share->frames || share->behind[page.n] == SHARE_NO_PAGE)
		return NULL;
	return share->pages + (size_t)share->behind[page.n] * share->host->page_bytes;
}

int fnuma_linux_share_alloc(struct fnuma_linux_share *share, fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	if (!share || (n && !pages) || n > INT32_MAX)
		return FNUMA_E_INVAL;
	for (i = 0; i < n && share->n_free; i++) {
		pages[i].n = share->list[--share->n_free];
		share->state[pages[i].n] = SHARE_ALLOCATED;
	}
	return (int)i;
}

/* All of these from ALLOCATED to another state, or none. */
static int change_state(struct fnuma_linux_share *s, const fnuma_gfn *pages, uint32_t n,
                        enum share_state to)
{
	uint32_t i;
	int err = FNUMA_OK;

	for (i = 0; i < n && !err; i++) {
		if (pages[i].n >= s->frames)
			err = FNUMA_E_RANGE;
		else if (s->state[pages[i].n] != SHARE_ALLOCATED)
			err = FNUMA_E_STATE;
		else
			s->state[pages[i].n] = (uint8_t)to;
	}
	while (err && --i > 0)
		s->state[pages[i - 1].n] = SHARE_ALLOCATED;
	return err;
}

int fnuma_linux_share_free(struct fnuma_linux_share *share, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;
	int err;

	if (!share || (n && !pages) || n > INT32_MAX)
		return FNUMA_E_INVAL;
	err = change_state(share, pages, n, SHARE_FREE);
	for (i = 0; !err && i < n; i++)
		share->list[share->n_free++] = pages[i].n;
	return err ? err : (int)n;
}

/* --- posting ----------------------------------------------------------------------- */

int fnuma_linux_share_post(struct fnuma_linux_share *share, const fnuma_gfn *pages, uint32_t n)
{
	struct share_way *w;
	uint32_t i, out;
	int err;

	if (!share || (n && !pages) || n > INT32_MAX)
		return FNUMA_E_INVAL;
	w = &share->post;
	/* As many as can come back: what the other end has taken still counts. */
	out = w->at - share->came.at;
	if (n > share->ring_pages - out)
		n = share->ring_pages - out;
	err = change_state(share, pages, n, SHARE_POSTED);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		const uint32_t page = share->behind[pages[i].n];

		share->behind[pages[i].n] = SHARE_NO_PAGE;
		share->away[w->at & (share->ring_pages - 1)] = pages[i].n;
		share_set_own(share, page, false);
		share_put(share, w, page);
	}
	share_show(w);
	return (int)n;
}

int fnuma_linux_share_returned(struct fnuma_linux_share *share, fnuma_gfn *pages, uint32_t n)
{
	struct share_way *w;
	uint32_t i, page, frame;
	int ready;

	if (!share || (n && !pages))
		return FNUMA_E_INVAL;
	w = &share->came;
	ready = share_ready(share, w);
	/* No more can come back than were posted. */
	if (ready > 0 && (uint32_t)ready > share->post.at - w->at)
		share->broken = true;
	for (i = 0; !share->broken && i < n && (int)i < ready; i++) {
		frame = share->away[w->at & (share->ring_pages - 1)];
		page = share_take(share, w);
		if (page == SHARE_NO_PAGE)
			break;
		share_set_own(share, page, true);
		share->behind[frame] = page;
		share->state[frame] = SHARE_ALLOCATED;
		pages[i].n = frame;
	}
	return share->broken && !i ? FNUMA_E_GONE : (int)i;
}

int fnuma_linux_share_waiting(struct fnuma_linux_share *share)
{
	return share ? share_ready(share, &share->posted) : FNUMA_E_INVAL;
}
