/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a process has mapped since it was attached. */
#include "linux_host.h"
#include <stdlib.h>

struct span {
	uint64_t start, end;
	uint32_t huge_bytes;
};

struct spans {
	struct span *at;
	size_t n;
};

static int by_address(const void *a, const void *b)
{
	const struct span *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

/* The domain's ranges by address. */
static bool known_spans(const struct fnuma_linux *host, const struct linux_domain *d,
                        struct spans *out)
{
	size_t i;

	out->n = d->n_ranges;
	out->at = malloc((out->n + 1) * sizeof(*out->at));
	if (!out->at)
		return false;
	for (i = 0; i < out->n; i++) {
		out->at[i].start = d->ranges[i].address;
		out->at[i].end = d->ranges[i].address +
		                 (uint64_t)d->ranges[i].pages * host->page_bytes;
	}
	qsort(out->at, out->n, sizeof(*out->at), by_address);
	return true;
}

static void add_span(struct spans *out, uint64_t start, uint64_t end, uint32_t huge_bytes)
{
	struct span *s = &out->at[out->n];

	if (start >= end)
		return;
	s->start = start;
	s->end = end;
	s->huge_bytes = huge_bytes;
	out->n++;
}

/* What of the areas no known span covers. Both are sorted; there are at most as many gaps
 * as areas and spans together. */
static void find_new(const struct linux_area *areas, size_t n, const struct spans *known,
                     struct spans *out)
{
	size_t i, k = 0, j;

	for (i = 0; i < n; i++) {
		uint64_t at = areas[i].start;

		while (k < known->n && known->at[k].end <= at)
			k++;
		for (j = k; j < known->n && known->at[j].start < areas[i].end; j++) {
			add_span(out, at, known->at[j].start, areas[i].huge_bytes);
			at = known->at[j].end;
		}
		add_span(out, at, areas[i].end, areas[i].huge_bytes);
	}
}

/* All of it or nothing. */
static int64_t take_new(struct fnuma_linux *host, struct linux_domain *d,
                        const struct spans *new)
{
	const uint32_t n_ranges = d->n_ranges, used = d->used_frames;
	uint64_t pages = 0;
	size_t i;
	int err = FNUMA_OK;

	for (i = 0; i < new->n; i++)
		pages += (new->at[i].end - new->at[i].start) / host->page_bytes;
	if (pages > d->info->spare_frames)
		return FNUMA_E_NOSPC;
	for (i = 0; i < new->n && !err; i++)
		err = linux_add_range(host, d, new->at[i].start, new->at[i].end,
		                      new->at[i].huge_bytes);
	if (err) {
		d->n_ranges = n_ranges;
		d->used_frames = used;
		return err;
	}
	d->info->spare_frames -= (uint32_t)pages;
	d->info->ranges = d->n_ranges;
	return (int64_t)pages;
}

/* Pages of another size may have been mapped where others were. */
static void look_at_sizes(const struct fnuma_linux *host, struct linux_domain *d,
                          const struct linux_area *areas, size_t n)
{
	uint32_t i;

	for (i = 0; i < d->n_ranges; i++) {
		struct linux_range *r = &d->ranges[i];

		r->huge_pages = linux_huge_pages(host, linux_huge_of(areas, n, r->address,
			r->address + (uint64_t)r->pages * host->page_bytes));
	}
}

static int64_t refresh(struct fnuma_linux *host, struct linux_domain *d,
                       const struct linux_area *areas, size_t n)
{
	struct spans known, new = {NULL, 0};
	int64_t ret = FNUMA_E_NOSPC;

	look_at_sizes(host, d, areas, n);
	if (!known_spans(host, d, &known))
		return ret;
	new.at = malloc((n + known.n + 1) * sizeof(*new.at));
	if (new.at) {
		find_new(areas, n, &known, &new);
		ret = take_new(host, d, &new);
	}
	free(new.at);
	free(known.at);
	return ret;
}

int64_t fnuma_linux_refresh(struct fnuma_linux *host, fnuma_domain domain)
{
	struct linux_domain *d;
	struct linux_area *areas;
	size_t n;
	int64_t ret = host ? linux_find(host, domain, &d) : FNUMA_E_INVAL;

	if (!ret)
		ret = linux_same_image(host, d);
	if (ret || d->info->kind != FNUMA_LINUX_PROCESS)
		return ret;
	ret = linux_areas_read(&host->kernel, d->pid, &areas, &n);
	if (ret)
		return linux_error((int)ret);
	n = linux_keep_own(areas, n);
	ret = linux_same_image(host, d); /* what was read is its */
	if (!ret)
		ret = refresh(host, d, areas, n);
	free(areas);
	return ret;
}
