/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where a domain's pages belong, by what its owner has said: see enum
 * fnuma_linux_home_by. */
#include "linux_host.h"
#include <stdlib.h>
#include <string.h>

/* CPUs of a machine, at most. */
#define CPUS_MAX 8192u

struct finder {
	const struct fnuma_linux *host;
	struct linux_domain *d;
	const struct linux_area *areas;
	size_t n;
	uint64_t rest;     /* homes of what no policy names; 0: where its pages are */
	uint64_t process;  /* where most of a whole process's pages are; 0: not yet asked */
	bool too_many;     /* more homes than a list can hold */
	bool by_pages;
	bool by_rest;
};

static bool is_one(uint64_t mask)
{
	return mask && !(mask & (mask - 1));
}

/* --- where most pages are ---------------------------------------------------------- */

static void count(const struct finder *f, uint64_t start, uint64_t end, uint64_t *pages)
{
	size_t i = linux_area_behind(f->areas, f->n, start), node;

	for (; i < f->n && f->areas[i].start < end; i++)
		for (node = 0; node < FNUMA_NODES_MAX; node++)
			pages[node] += (uint64_t)f->areas[i].pages[node] *
			               linux_huge_pages(f->host, f->areas[i].huge_bytes);
}

static uint64_t most(const struct finder *f, const uint64_t *pages)
{
	uint32_t node, best = 0;

	while (!(f->host->memory_nodes >> best & 1))
		best++;
	for (node = 0; node < f->host->nodes; node++)
		if (pages[node] > pages[best])
			best = node;
	return UINT64_C(1) << best;
}

/* Of a block of a guest's RAM, or of all of a process, whose areas these are. */
static uint64_t home_by_pages(struct finder *f, const struct linux_range *r)
{
	uint64_t pages[FNUMA_NODES_MAX] = {0};

	if (f->d->info->kind != FNUMA_LINUX_PROCESS) {
		count(f, r->address, r->address + (uint64_t)r->pages * f->host->page_bytes, pages);
		return most(f, pages);
	}
	if (!f->process) {
		count(f, 0, UINT64_MAX, pages);
		f->process = most(f, pages);
	}
	return f->process;
}

/* --- the list ---------------------------------------------------------------------- */

static uint64_t mask_of_last(const struct fnuma_linux_info *info)
{
	const struct fnuma_home *last = &info->homes[info->n_homes - 1];
	uint64_t mask = 0;
	uint32_t i;

	for (i = 0; i < info->n_homes; i++)
		if (info->homes[i].first.n == last->first.n)
			mask |= UINT64_C(1) << info->homes[i].node.id;
	return mask;
}

static void widen_last(struct fnuma_linux_info *info, uint32_t pages)
{
	const uint32_t first = info->homes[info->n_homes - 1].first.n;
	uint32_t i;

	for (i = 0; i < info->n_homes; i++)
		if (info->homes[i].first.n == first)
			info->homes[i].pages += pages;
}

static void add(struct finder *f, uint32_t first, uint32_t pages, uint64_t mask)
{
	struct fnuma_linux_info *info = f->d->info;
	uint32_t node;

	if (!pages)
		return;
	if (info->n_homes && mask_of_last(info) == mask) {
		widen_last(info, pages);
		return;
	}
	for (node = 0; node < FNUMA_NODES_MAX; node++) {
		struct fnuma_home home = {{first}, pages, {(uint8_t)node}, 1};

		if (!(mask >> node & 1))
			continue;
		f->too_many |= info->n_homes == FNUMA_HOMES_MAX;
		if (!f->too_many)
			info->homes[info->n_homes++] = home;
	}
}

static uint64_t rest_of(struct finder *f, const struct linux_range *r)
{
	f->by_rest = true;
	return f->rest ? f->rest : home_by_pages(f, r);
}

/* The areas in a range each have their policy; gaps between them have none. */
static void add_range(struct finder *f, const struct linux_range *r)
{
	const uint32_t bytes = f->host->page_bytes;
	const uint64_t end = r->address + (uint64_t)r->pages * bytes;
	uint64_t at = r->address, upto;
	size_t i = linux_area_behind(f->areas, f->n, at);

	while (at < end && !f->too_many) {
		uint64_t mask = 0;

		while (i < f->n && f->areas[i].end <= at)
			i++;
		upto = end;
		if (i < f->n && f->areas[i].start > at) {
			upto = f->areas[i].start < end ? f->areas[i].start : end;
		} else if (i < f->n) {
			upto = f->areas[i].end < end ? f->areas[i].end : end;
			mask = f->areas[i].policy & f->host->memory_nodes;
		}
		add(f, r->first + (uint32_t)((at - r->address) / bytes),
		    (uint32_t)((upto - at) / bytes), mask ? mask : rest_of(f, r));
		at = upto;
	}
}

/* --- what is known of the process -------------------------------------------------- */

static bool are_among(const uint64_t *these, const uint64_t *those)
{
	uint32_t i;
	bool any = false;

	for (i = 0; i < CPUS_MAX / 64; i++) {
		if (these[i] & ~those[i])
			return false;
		any |= these[i] != 0;
	}
	return any;
}

/* The node that has all CPUs the process may run on; 0 if none has. */
static uint64_t node_of_cpus(const struct fnuma_linux *host, const char *list)
{
	uint64_t may[CPUS_MAX / 64], has[CPUS_MAX / 64];
	uint32_t node;

	linux_list(list, may, CPUS_MAX);
	for (node = 0; node < host->nodes; node++) {
		size_t bytes;
		char *text;
		bool all;

		if (!(host->memory_nodes >> node & 1) ||
		    linux_read(&host->kernel, &text, &bytes,
		               "/sys/devices/system/node/node%u/cpulist", node))
			continue;
		linux_list(text, has, CPUS_MAX);
		free(text);
		all = are_among(may, has);
		if (all)
			return UINT64_C(1) << node;
	}
	return 0;
}

static int ask_process(struct finder *f)
{
	const struct fnuma_linux *host = f->host;
	struct fnuma_linux_info *info = f->d->info;
	const char *mems, *cpus;
	size_t bytes;
	char *text;
	int err = linux_read(&host->kernel, &text, &bytes, "/proc/%d/status", f->d->pid);

	if (err)
		return linux_error(err);
	info->allowed_nodes = host->memory_nodes;
	mems = linux_line(text, "Mems_allowed_list:");
	if (mems)
		linux_list(mems, &info->allowed_nodes, FNUMA_NODES_MAX);
	info->allowed_nodes &= host->memory_nodes;
	cpus = linux_line(text, "Cpus_allowed_list:");
	info->home_by = FNUMA_LINUX_HOME_CPUSET;
	f->rest = is_one(info->allowed_nodes) && !is_one(host->memory_nodes)
	          ? info->allowed_nodes : 0;
	if (!f->rest && cpus) {
		info->home_by = FNUMA_LINUX_HOME_CPUS;
		f->rest = node_of_cpus(host, cpus);
	}
	if (!f->rest)
		info->home_by = FNUMA_LINUX_HOME_PAGES;
	free(text);
	return FNUMA_OK;
}

int linux_homes_find(const struct fnuma_linux *host, struct linux_domain *d,
                     const struct linux_area *areas, size_t n)
{
	struct finder f = {host, d, areas, n, 0, 0, false, false, false};
	struct fnuma_linux_info *info = d->info;
	int err = ask_process(&f);
	uint32_t i;

	if (err)
		return err;
	for (i = 0; i < d->n_ranges && !f.too_many; i++)
		add_range(&f, &d->ranges[i]);
	if (f.too_many) {
		info->n_homes = 0;
		f.too_many = false;
		add(&f, 0, d->used_frames, rest_of(&f, &d->ranges[0]));
	}
	if (info->spare_frames && !f.too_many)
		add(&f, d->used_frames, info->spare_frames, rest_of(&f, &d->ranges[0]));
	if (!f.by_rest)
		info->home_by = FNUMA_LINUX_HOME_POLICY;
	return FNUMA_OK;
}
