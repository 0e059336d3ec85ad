/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Domains: who they are, what memory is theirs, and which frame is where. */
#define _GNU_SOURCE
#include "linux_host.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Fields of /proc/PID/stat, counted from 1. */
#define STAT_START 22u
static const uint8_t image_fields[LINUX_IMAGE_FIELDS] = {26, 27, 28, 45, 48};

struct reason {
	char *text;
	size_t bytes;
};

#define SAY(r, err, ...) linux_say(err, (r)->text, (r)->bytes, __VA_ARGS__)

/* --- who it is --------------------------------------------------------------------- */

int linux_find(const struct fnuma_linux *host, fnuma_domain handle,
               struct linux_domain **out)
{
	if (handle.slot >= host->n_domains)
		return FNUMA_E_STALE;
	*out = &host->domain[handle.slot];
	if (!(*out)->attached || (*out)->generation != handle.generation)
		return FNUMA_E_STALE;
	return FNUMA_OK;
}

int linux_runs(const struct fnuma_linux *host, const struct linux_domain *d)
{
	int runs = 1;

	if (d->pidfd >= 0)
		runs = host->kernel.pidfd_runs(host->kernel.context, d->pidfd);
	if (runs < 0)
		return linux_error(runs);
	return runs ? FNUMA_OK : FNUMA_E_GONE;
}

/* A field of stat, behind the name, which may hold anything. 0 if there is none. */
static uint64_t stat_field(const char *stat, uint32_t number)
{
	const char *at = strrchr(stat, ')');
	uint32_t i;

	for (i = 2; at && i < number; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static int read_stat(const struct fnuma_linux *host, int pid, uint64_t *start_ticks,
                     uint64_t *image)
{
	size_t bytes, i;
	char *text;
	int err = linux_read(&host->kernel, &text, &bytes, "/proc/%d/stat", pid);

	if (err)
		return linux_error(err);
	*start_ticks = stat_field(text, STAT_START);
	for (i = 0; i < LINUX_IMAGE_FIELDS; i++)
		image[i] = stat_field(text, image_fields[i]);
	free(text);
	return FNUMA_OK;
}

int linux_same_image(const struct fnuma_linux *host, const struct linux_domain *d)
{
	uint64_t start_ticks, image[LINUX_IMAGE_FIELDS];
	int err = read_stat(host, d->pid, &start_ticks, image);

	if (!err)
		err = linux_runs(host, d); /* then it was still that process whose stat it is */
	if (err)
		return err;
	return memcmp(image, d->image, sizeof(image)) == 0 ? FNUMA_OK : FNUMA_E_GONE;
}

static void read_name(const struct fnuma_linux *host, struct linux_domain *d)
{
	size_t bytes;
	char *text;

	if (d->info->name[0] || linux_read(&host->kernel, &text, &bytes, "/proc/%d/comm",
	                                   d->pid))
		return;
	text[strcspn(text, "\n")] = 0;
	strncpy(d->info->name, text, sizeof(d->info->name) - 1);
	free(text);
}

/* --- what memory is its ------------------------------------------------------------ */

const struct linux_range *linux_range_of(const struct linux_domain *d, uint32_t frame)
{
	uint32_t low = 0, high = d->n_ranges;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (frame < d->ranges[middle].first)
			high = middle;
		else if (frame - d->ranges[middle].first >= d->ranges[middle].pages)
			low = middle + 1;
		else
			return &d->ranges[middle];
	}
	return NULL;
}

int linux_add_range(const struct fnuma_linux *host, struct linux_domain *d, uint64_t start,
                    uint64_t end, uint32_t huge_bytes)
{
	const uint64_t pages = (end - start) / host->page_bytes;
	struct linux_range *r;

	if (pages > FNUMA_GFN_NONE_N - d->used_frames)
		return FNUMA_E_NOSPC;
	r = realloc(d->ranges, (d->n_ranges + 1) * sizeof(*r));
	if (!r)
		return FNUMA_E_NOSPC;
	d->ranges = r;
	r += d->n_ranges++;
	r->address = start;
	r->first = d->used_frames;
	r->pages = (uint32_t)pages;
	r->huge_pages = linux_huge_pages(host, huge_bytes);
	d->used_frames += r->pages;
	return FNUMA_OK;
}

/* Neighbours whose frames would go on are one range. */
static int add_areas(const struct fnuma_linux *host, struct linux_domain *d,
                     const struct linux_area *areas, size_t n)
{
	struct linux_range *last;
	size_t i;
	int err = FNUMA_OK;

	for (i = 0; i < n && !err; i++) {
		const uint64_t pages = (areas[i].end - areas[i].start) / host->page_bytes;

		last = d->n_ranges ? &d->ranges[d->n_ranges - 1] : NULL;
		if (i > 0 && last && areas[i - 1].end == areas[i].start &&
		    areas[i - 1].huge_bytes == areas[i].huge_bytes &&
		    pages <= FNUMA_GFN_NONE_N - d->used_frames) {
			last->pages += (uint32_t)pages;
			d->used_frames += (uint32_t)pages;
		} else {
			err = linux_add_range(host, d, areas[i].start, areas[i].end,
			                      areas[i].huge_bytes);
		}
	}
	return err;
}

static bool is_own_memory(const struct linux_area *a)
{
	return a->memory && (a->readable || a->writable);
}

size_t linux_keep_own(struct linux_area *areas, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if (is_own_memory(&areas[i]))
			areas[kept++] = areas[i];
	return kept;
}

static int take_guest(const struct fnuma_linux *host, struct linux_domain *d,
                      const struct linux_guest *guest, const struct linux_area *areas,
                      size_t n, const struct reason *r)
{
	size_t from[LINUX_BLOCKS_MAX], to[LINUX_BLOCKS_MAX];
	uint32_t i;
	int err = FNUMA_OK;

	if (!guest->n)
		return SAY(r, FNUMA_E_NOTSUP, "process %d is no QEMU", d->pid);
	if (!linux_guest_find(guest, areas, n, from, to))
		return SAY(r, FNUMA_E_NOTSUP, "the guest's RAM was not found in process %d; is "
		           "it still starting?", d->pid);
	for (i = 0; i < guest->n && !err; i++)
		err = add_areas(host, d, areas + from[i], to[i] - from[i]);
	memcpy(d->info->name, guest->name, sizeof(d->info->name));
	return err;
}

uint32_t linux_huge_of(const struct linux_area *areas, size_t n, uint64_t start, uint64_t end)
{
	uint32_t huge_bytes = 0;
	bool any = false;
	size_t i = linux_area_behind(areas, n, start);

	for (; i < n && areas[i].start < end; i++) {
		if (any && areas[i].huge_bytes != huge_bytes)
			return 0;
		huge_bytes = areas[i].huge_bytes;
		any = true;
	}
	return huge_bytes;
}

static int take_ranges(const struct fnuma_linux *host, struct linux_domain *d,
                       const struct fnuma_linux_target *target,
                       const struct linux_area *areas, size_t n)
{
	uint32_t i;
	int err = FNUMA_OK;

	for (i = 0; i < target->n_ranges && !err; i++) {
		const uint64_t start = target->ranges[i].address;
		const uint64_t end = start + target->ranges[i].bytes;

		err = linux_add_range(host, d, start, end, linux_huge_of(areas, n, start, end));
	}
	return err;
}

static bool are_ranges(const struct fnuma_linux *host, const struct fnuma_linux_range *r,
                       uint32_t n)
{
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		if (!r[i].bytes || (r[i].address | r[i].bytes) % host->page_bytes ||
		    r[i].address + r[i].bytes < r[i].address)
			return false;
		for (j = 0; j < i; j++)
			if (r[i].address < r[j].address + r[j].bytes &&
			    r[j].address < r[i].address + r[i].bytes)
				return false;
	}
	return n > 0;
}

/* --- attaching --------------------------------------------------------------------- */

static int check_target(const struct fnuma_linux *host,
                        const struct fnuma_linux_target *target, const struct reason *r)
{
	if (!host || !target || target->pid <= 0 || target->kind > FNUMA_LINUX_RANGES)
		return SAY(r, FNUMA_E_INVAL, "no such process, or kind of domain, can be");
	if (target->kind != FNUMA_LINUX_RANGES)
		return FNUMA_OK;
	if (!target->ranges || !are_ranges(host, target->ranges, target->n_ranges))
		return SAY(r, FNUMA_E_INVAL, "ranges must be whole pages, one at least, and may "
		           "not overlap");
	return FNUMA_OK;
}

static int open_process(const struct fnuma_linux *host, struct linux_domain *d,
                        const struct fnuma_linux_target *target, const struct reason *r)
{
	int fd = host->kernel.pidfd_open(host->kernel.context, target->pid), err;

	if (fd == -EINVAL)
		return SAY(r, FNUMA_E_INVAL, "%d is a thread, not a process", target->pid);
	if (fd < 0)
		return SAY(r, linux_error(fd), "process %d: %s", target->pid, strerror(-fd));
	d->pid = target->pid;
	d->pidfd = fd;
	d->info->pid = d->pid;
	d->info->pidfd = fd;
	err = read_stat(host, d->pid, &d->info->start_ticks, d->image);
	if (!err)
		err = linux_runs(host, d);
	if (err)
		return SAY(r, err, "process %d has ended", d->pid);
	if (target->start_ticks && target->start_ticks != d->info->start_ticks)
		return SAY(r, FNUMA_E_STALE, "process %d is another one: it began at another "
		           "time", d->pid);
	return FNUMA_OK;
}

/* May its memory be moved? Asked with a page that nobody has. */
static int try_right(const struct fnuma_linux *host, const struct linux_domain *d,
                     const struct reason *r)
{
	void *nowhere = NULL;
	int status;
	long ret = host->kernel.move_pages(host->kernel.context, d->pid, 1, &nowhere, NULL,
	                                   &status, 0);

	if (ret >= 0)
		return FNUMA_OK;
	if (linux_runs(host, d) == FNUMA_E_GONE)
		return SAY(r, FNUMA_E_GONE, "process %d has ended", d->pid);
	if (ret == -EINVAL)
		return SAY(r, FNUMA_E_NOTSUP, "process %d has no memory of its own", d->pid);
	return SAY(r, linux_error((int)ret), "process %d: %s", d->pid,
	           ret == -EPERM ? "its memory may not be moved by this user"
	                         : strerror((int)-ret));
}

static int read_guest(const struct fnuma_linux *host, const struct linux_domain *d,
                      struct linux_guest *guest)
{
	size_t bytes;
	char *text;
	int err = linux_read(&host->kernel, &text, &bytes, "/proc/%d/cmdline", d->pid);

	if (err)
		return linux_error(err);
	linux_guest_read(text, bytes, guest);
	free(text);
	return FNUMA_OK;
}

/* Of a whole process, the areas that are not its own memory are dropped. */
static int take_memory(const struct fnuma_linux *host, struct linux_domain *d,
                       const struct fnuma_linux_target *target, struct linux_area *areas,
                       size_t *n, const struct reason *r)
{
	struct linux_guest guest;
	int err = read_guest(host, d, &guest);

	if (err)
		return err;
	d->info->kind = target->kind;
	if (target->kind == FNUMA_LINUX_ANY)
		d->info->kind = guest.n ? FNUMA_LINUX_GUEST : FNUMA_LINUX_PROCESS;
	d->shared = host->privileged && d->info->kind != FNUMA_LINUX_PROCESS;
	if (d->info->kind == FNUMA_LINUX_GUEST)
		return take_guest(host, d, &guest, areas, *n, r);
	if (d->info->kind == FNUMA_LINUX_RANGES)
		return take_ranges(host, d, target, areas, *n);
	*n = linux_keep_own(areas, *n);
	return add_areas(host, d, areas, *n);
}

/* Everything about its memory, of one reading of what it has mapped. */
static int look_at_memory(const struct fnuma_linux *host, struct linux_domain *d,
                          const struct fnuma_linux_target *target, const struct reason *r)
{
	struct linux_area *areas;
	size_t n;
	int err = linux_areas_read(&host->kernel, d->pid, &areas, &n);

	if (err)
		return SAY(r, linux_error(err), "the memory of process %d cannot be looked "
		           "at: %s", d->pid, strerror(-err));
	err = take_memory(host, d, target, areas, &n, r);
	if (!err && !d->used_frames)
		err = SAY(r, FNUMA_E_NOTSUP, "process %d has no memory of its own", d->pid);
	if (!err && target->spare_frames > FNUMA_GFN_NONE_N - d->used_frames)
		err = FNUMA_E_NOSPC;
	if (err == FNUMA_E_NOSPC)
		SAY(r, err, "process %d has more memory than can be numbered", d->pid);
	if (!err) {
		d->info->spare_frames = d->info->kind == FNUMA_LINUX_PROCESS
		                        ? target->spare_frames : 0;
		d->info->frames = d->used_frames + d->info->spare_frames;
		d->info->ranges = d->n_ranges;
		err = linux_homes_find(host, d, areas, n);
	}
	free(areas);
	return err;
}

static struct linux_domain *free_slot(struct fnuma_linux *host)
{
	uint32_t i;

	for (i = 0; i < host->n_domains; i++)
		if (!host->domain[i].attached)
			return &host->domain[i];
	if (host->n_domains == host->config.max_domains)
		return NULL;
	return &host->domain[host->n_domains++];
}

static int begin(struct linux_domain *d, const struct reason *r)
{
	const uint32_t generation = d->generation;

	memset(d, 0, sizeof(*d));
	d->generation = generation + 1 ? generation + 1 : 1;
	d->pidfd = -1;
	d->info = calloc(1, sizeof(*d->info));
	return d->info ? FNUMA_OK : SAY(r, FNUMA_E_NOSPC, "out of memory");
}

int fnuma_linux_attach(struct fnuma_linux *host, const struct fnuma_linux_target *target,
                       fnuma_domain *out, char *why, size_t why_bytes)
{
	const struct reason r = {why, why_bytes};
	struct linux_domain *d;
	int err = out ? check_target(host, target, &r) : FNUMA_E_INVAL;

	if (err)
		return err;
	d = free_slot(host);
	if (!d)
		return SAY(&r, FNUMA_E_NOSPC, "%u domains are attached already",
		           host->config.max_domains);
	err = begin(d, &r);
	if (!err)
		err = open_process(host, d, target, &r);
	if (!err)
		err = try_right(host, d, &r);
	if (!err)
		err = look_at_memory(host, d, target, &r);
	if (!err && linux_same_image(host, d) != FNUMA_OK)
		err = SAY(&r, FNUMA_E_GONE, "process %d ended, or began another program, just "
		          "now", d->pid);
	if (err) {
		linux_forget(host, d);
		return err;
	}
	read_name(host, d);
	d->attached = true;
	out->slot = (uint32_t)(d - host->domain);
	out->generation = d->generation;
	return FNUMA_OK;
}

void linux_forget(struct fnuma_linux *host, struct linux_domain *d)
{
	if (d->pidfd >= 0)
		host->kernel.close(host->kernel.context, d->pidfd);
	free(d->ranges);
	free(d->info);
	d->ranges = NULL;
	d->info = NULL;
	d->n_ranges = 0;
	d->attached = false;
}

int fnuma_linux_detach(struct fnuma_linux *host, fnuma_domain domain)
{
	struct linux_domain *d;
	int err = host ? linux_find(host, domain, &d) : FNUMA_E_INVAL;

	if (!err)
		linux_forget(host, d);
	return err;
}

int fnuma_linux_info(const struct fnuma_linux *host, fnuma_domain domain,
                     struct fnuma_linux_info *out)
{
	struct linux_domain *d;
	int err = host && out ? linux_find(host, domain, &d) : FNUMA_E_INVAL;

	if (!err)
		*out = *d->info;
	return err;
}

/* --- frames and addresses ---------------------------------------------------------- */

int fnuma_linux_address(const struct fnuma_linux *host, fnuma_domain domain, fnuma_gfn page,
                        uint64_t *address)
{
	const struct linux_range *r;
	struct linux_domain *d;
	int err = host && address ? linux_find(host, domain, &d) : FNUMA_E_INVAL;

	if (err)
		return err;
	r = linux_range_of(d, page.n);
	if (!r)
		return FNUMA_E_RANGE;
	*address = r->address + (uint64_t)(page.n - r->first) * host->page_bytes;
	return FNUMA_OK;
}

static const struct linux_range *range_at(const struct fnuma_linux *host,
                                          const struct linux_domain *d, uint64_t address)
{
	uint32_t i;

	for (i = 0; i < d->n_ranges; i++)
		if (address >= d->ranges[i].address &&
		    (address - d->ranges[i].address) / host->page_bytes < d->ranges[i].pages)
			return &d->ranges[i];
	return NULL;
}

int fnuma_linux_frame(const struct fnuma_linux *host, fnuma_domain domain, uint64_t address,
                      fnuma_gfn *page)
{
	const struct linux_range *r;
	struct linux_domain *d;
	int err = host && page ? linux_find(host, domain, &d) : FNUMA_E_INVAL;

	if (err)
		return err;
	r = range_at(host, d, address);
	if (!r)
		return FNUMA_E_RANGE;
	page->n = r->first + (uint32_t)((address - r->address) / host->page_bytes);
	return FNUMA_OK;
}
