/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/budget.h>
#include <string.h>
#include "num.h"

/* A window is 16 slots long, so the 17 slots that a budget remembers cover every window
 * that ends now, wherever it began. Their sum never being above the limit is I6. */
#define SLOT_SHIFT 26u
#define SLOT_NS (UINT64_C(1) << SLOT_SHIFT)

/* What one slot can hold of time: 18 years, and 17 of them still fit in 64 bits. */
#define TIME_MAX_NS (UINT64_C(1) << 59)

static uint32_t shift_of(uint32_t power_of_two)
{
	return (uint32_t)__builtin_ctz(power_of_two);
}

static uint64_t time_product(uint64_t page_ns, uint32_t pages)
{
	return fnuma_min_u64(fnuma_mul_u64_u32(page_ns, pages), TIME_MAX_NS);
}

/* Every limit lets at least one page through, else nothing would ever move again (I3). */
static bool limits_valid(const struct fnuma_budget_limits *limits, uint32_t page_bytes,
                         uint64_t page_ns)
{
	return (!limits->bytes || limits->bytes >= page_bytes) &&
	       (!limits->time_ns || limits->time_ns >= page_ns);
}

int fnuma_budget_init(struct fnuma_budget *b, const struct fnuma_budget_limits *limits,
                      uint32_t page_bytes, uint64_t page_ns)
{
	if (!b || !limits || !page_bytes || (page_bytes & (page_bytes - 1)) ||
	    !limits_valid(limits, page_bytes, page_ns))
		return FNUMA_E_INVAL;
	memset(b, 0, sizeof(*b));
	b->limits = *limits;
	b->page_bytes = page_bytes;
	b->page_ns = b->page_min_ns = page_ns ? page_ns : 1;
	return FNUMA_OK;
}

int fnuma_budget_retune(struct fnuma_budget *b, const struct fnuma_budget_limits *limits)
{
	if (!b || !limits || !limits_valid(limits, b->page_bytes, b->page_min_ns))
		return FNUMA_E_INVAL;
	b->limits = *limits;
	return FNUMA_OK;
}

/* The slot after the present one; it holds the oldest spending. */
static uint32_t slot_after(uint32_t slot)
{
	return slot + 1 < FNUMA_BUDGET_SLOTS ? slot + 1 : 0;
}

static void forgive_oldest(struct fnuma_budget *b)
{
	b->slot = slot_after(b->slot);
	b->pages_sum -= b->pages[b->slot];
	b->time_sum_ns -= b->time_ns[b->slot];
	b->pages[b->slot] = 0;
	b->time_ns[b->slot] = 0;
}

/* Only time that passes counts: a clock that jumps back goes on from where it was. */
static void advance(struct fnuma_budget *b, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns > b->last_ns ? now_ns - b->last_ns : 0;
	uint64_t slots;

	b->last_ns = now_ns;
	passed_ns = fnuma_min_u64(passed_ns, FNUMA_BUDGET_SLOTS * SLOT_NS) + b->phase_ns;
	b->phase_ns = (uint32_t)(passed_ns & (SLOT_NS - 1));
	for (slots = passed_ns >> SLOT_SHIFT; slots; slots--)
		forgive_oldest(b);
}

/* Pages of a window, whichever of the two limits is tighter; UINT32_MAX if neither is. */
static uint32_t pages_limit(const struct fnuma_budget *b)
{
	uint64_t pages = b->limits.pages ? b->limits.pages : UINT32_MAX;

	if (b->limits.bytes)
		pages = fnuma_min_u64(pages, b->limits.bytes >> shift_of(b->page_bytes));
	return (uint32_t)pages;
}

/* A page that once took longer than the whole limit must not stop the rest for ever. */
static uint64_t expected_ns(const struct fnuma_budget *b)
{
	if (!b->limits.time_ns)
		return b->page_ns;
	return fnuma_min_u64(b->page_ns, b->limits.time_ns);
}

/* Pages that may be moved once no more than these sums are remembered. */
static uint32_t pages_left(const struct fnuma_budget *b, uint64_t pages_sum,
                           uint64_t time_sum_ns)
{
	uint32_t limit = pages_limit(b);
	uint64_t pages = limit, time_ns;

	if (b->limits.pages || b->limits.bytes)
		pages = limit > pages_sum ? limit - pages_sum : 0;
	if (!b->limits.time_ns)
		return (uint32_t)pages;
	if (b->limits.time_ns <= time_sum_ns)
		return 0;
	time_ns = b->limits.time_ns - time_sum_ns;
	return (uint32_t)fnuma_min_u64(pages, fnuma_div_u64(time_ns, expected_ns(b)));
}

uint32_t fnuma_budget_pages(struct fnuma_budget *b, uint64_t now_ns)
{
	if (!b)
		return 0;
	advance(b, now_ns);
	return pages_left(b, b->pages_sum, b->time_sum_ns);
}

/* Up at once, so that a batch can surprise only once; down by a sixteenth of the way, so
 * that one stall does not throttle for ever. */
static void learn(struct fnuma_budget *b, uint32_t pages, uint64_t spent_ns)
{
	uint64_t page_ns = fnuma_div_u64(spent_ns, pages);

	if (time_product(page_ns, pages) < spent_ns)
		page_ns++;
	if (page_ns < b->page_min_ns)
		page_ns = b->page_min_ns;
	if (page_ns < b->page_ns)
		page_ns = b->page_ns - ((b->page_ns - page_ns + 15) >> 4);
	b->page_ns = page_ns;
}

int fnuma_budget_spend(struct fnuma_budget *b, uint64_t now_ns, uint32_t pages,
                       uint64_t spent_ns)
{
	uint64_t charge_ns;
	uint32_t charge_pages;

	if (!b)
		return FNUMA_E_INVAL;
	advance(b, now_ns);
	if (pages > pages_left(b, b->pages_sum, b->time_sum_ns))
		return FNUMA_E_BUDGET;
	spent_ns = fnuma_min_u64(spent_ns, TIME_MAX_NS);
	charge_ns = spent_ns ? spent_ns : time_product(expected_ns(b), pages);
	charge_ns = fnuma_min_u64(charge_ns, TIME_MAX_NS - b->time_ns[b->slot]);
	charge_pages = (uint32_t)fnuma_min_u64(pages, UINT32_MAX - b->pages[b->slot]);
	b->pages[b->slot] += charge_pages;
	b->pages_sum += charge_pages;
	b->time_ns[b->slot] += charge_ns;
	b->time_sum_ns += charge_ns;
	if (pages && spent_ns)
		learn(b, pages, spent_ns);
	return FNUMA_OK;
}

uint64_t fnuma_budget_next(struct fnuma_budget *b, uint64_t now_ns)
{
	uint64_t pages_sum, time_sum_ns, wait_ns = 0;
	uint32_t slot;

	if (!b)
		return FNUMA_NEVER;
	advance(b, now_ns);
	slot = b->slot;
	pages_sum = b->pages_sum;
	time_sum_ns = b->time_sum_ns;
	while (!pages_left(b, pages_sum, time_sum_ns)) {
		wait_ns += wait_ns ? SLOT_NS : SLOT_NS - b->phase_ns;
		slot = slot_after(slot);
		pages_sum -= b->pages[slot];
		time_sum_ns -= b->time_ns[slot];
	}
	return wait_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + wait_ns;
}
