/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/home.h>

#define WEIGHT_MAX 65535u

static bool same_range(const struct fnuma_home *a, const struct fnuma_home *b)
{
	return a->first.n == b->first.n && a->pages == b->pages;
}

/* Is entry `i` fine by itself, and different from the others of its range before it? */
static int check_entry(const struct fnuma_home *homes, uint32_t i, uint32_t nodes)
{
	uint32_t j;

	if (!homes[i].pages || !homes[i].weight || homes[i].weight > WEIGHT_MAX)
		return FNUMA_E_INVAL;
	if (homes[i].node.id >= nodes)
		return FNUMA_E_RANGE;
	for (j = i; j > 0 && same_range(&homes[j - 1], &homes[i]); j--)
		if (homes[j - 1].node.id == homes[i].node.id)
			return FNUMA_E_INVAL;
	return FNUMA_OK;
}

int fnuma_homes_check(const struct fnuma_home *homes, uint32_t n, uint32_t frames,
                      uint32_t nodes)
{
	uint64_t end = 0; /* of the ranges so far */
	uint32_t i;
	int err;

	if (!homes || !n || n > FNUMA_HOMES_MAX || !frames || !nodes ||
	    nodes > FNUMA_NODES_MAX)
		return FNUMA_E_INVAL;
	for (i = 0; i < n; i++) {
		err = check_entry(homes, i, nodes);
		if (err != FNUMA_OK)
			return err;
		if (i && same_range(&homes[i - 1], &homes[i]))
			continue;
		if (homes[i].first.n != end)
			return FNUMA_E_INVAL;
		end += homes[i].pages;
	}
	return end == frames ? FNUMA_OK : FNUMA_E_INVAL;
}

uint64_t fnuma_homes_of(const struct fnuma_home *homes, uint32_t n, fnuma_gfn page)
{
	uint32_t low = 0, high = n; /* the first entry of the page's range is in between */
	uint64_t nodes = 0;

	if (!homes)
		return 0;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (homes[mid].first.n + (homes[mid].pages - 1) < page.n)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && homes[low].first.n <= page.n; low++) {
		if (page.n - homes[low].first.n >= homes[low].pages)
			break;
		nodes |= UINT64_C(1) << homes[low].node.id;
	}
	return nodes;
}
