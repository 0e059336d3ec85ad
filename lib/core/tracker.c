/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/tracker.h>
#include <string.h>
#include "num.h"
#include "tracker_internal.h"
#include "tracker_wide.h"

/*
 * The table. 64 pages are a group of 4 words of 16 lanes (8 words of 8 lanes on hosts of
 * more than 14 nodes), dealt out like cards: page p of a group is in word p % 4, lane
 * p / 4. So when each word has been boiled down to a bit a lane, shifting word w by w and
 * joining them gives the bits of the 64 pages in their order.
 *
 * A lane's code is the low bits of a node's id. None and unknown, 0xfe and 0xff, become
 * 14 and 15 in a narrow lane; so a narrow lane has room for nodes 0 to 13.
 */
#define GROUP_PAGES 64u
#define GROUP_LAST (UINT64_C(1) << 63)
#define NARROW 2u /* log2 of the bits of a lane, and of the words of a group */
#define WIDE 3u
#define NARROW_NODES 14u

/* Counters by the low 7 bits of a code: none and unknown are the last two here, too. */
#define CODES_NARROW 16u
#define CODES_WIDE 128u

/* Pages whose words are fetched while as many before them are placed: memory answers some
 * ten questions at a time, if they are asked early. */
#define CHUNK 64u
/* Pages copied out at once in a search: at a few percent, a group rarely has more. */
#define AT_ONCE 4u

#define ALWAYS_INLINE static inline __attribute__((always_inline))

struct weighted {
	uint32_t node;
	uint32_t weight;
};

struct range {
	uint32_t first;
	uint32_t pages;
	uint64_t homes;                 /* bit n: node n is a home */
	const struct weighted *weights; /* of the homes, as listed */
	uint32_t n_homes;
	uint32_t *counts;               /* pages by code; NULL if there is one home */
};

struct fnuma_tracker {
	uint32_t frames;
	uint32_t nodes;
	uint32_t lane;      /* NARROW or WIDE */
	bool wide_search;   /* tracker_wide.c can be used */
	uint32_t n_ranges;
	uint32_t remote;
	uint64_t home_nodes;
	struct range *ranges;
	uint64_t *words;
	uint32_t counts[CODES_WIDE]; /* pages by code */
};

static bool node_valid(uint32_t nodes, fnuma_node node)
{
	return node.id < nodes || node.id >= FNUMA_NODE_NONE_ID;
}

static uint32_t lane_for(uint32_t nodes)
{
	return nodes <= NARROW_NODES ? NARROW : WIDE;
}

static uint32_t codes_of(uint32_t lane)
{
	return lane == NARROW ? CODES_NARROW : CODES_WIDE;
}

/* The lanes that a page's code, repeated, fills a word with. */
ALWAYS_INLINE uint64_t repeated(uint32_t code, uint32_t lane)
{
	return lane == NARROW ? UINT64_C(0x1111111111111111) * (code & 0xf) :
	                        UINT64_C(0x0101010101010101) * (code & 0xff);
}

/* --- making one --- */

struct plan {
	uint32_t ranges;
	uint32_t shared; /* ranges with several homes */
	size_t table_bytes;
	size_t bytes;
};

/* Is entry `i` another home of the range of the one before it? */
static bool same_range(const struct fnuma_tracker_config *c, uint32_t i)
{
	return i > 0 && c->homes[i].first.n == c->homes[i - 1].first.n;
}

static int make_plan(const struct fnuma_tracker_config *c, struct plan *p)
{
	uint64_t table;
	uint32_t lane, i;
	int err;

	memset(p, 0, sizeof(*p));
	if (!c || (uint32_t)c->start > FNUMA_START_NONE)
		return FNUMA_E_INVAL;
	err = fnuma_homes_check(c->homes, c->n_homes, c->frames, c->nodes);
	if (err)
		return err;
	for (i = 0; i < c->n_homes; i++) {
		p->ranges += !same_range(c, i);
		p->shared += same_range(c, i) && !same_range(c, i - 1);
	}
	lane = lane_for(c->nodes);
	table = (((uint64_t)c->frames + GROUP_PAGES - 1) / GROUP_PAGES << lane) * 8;
	p->bytes = sizeof(struct fnuma_tracker) + p->ranges * sizeof(struct range) +
	           c->n_homes * sizeof(struct weighted) +
	           p->shared * codes_of(lane) * sizeof(uint32_t) + FNUMA_CACHE_LINE;
	if (table > SIZE_MAX - p->bytes)
		return FNUMA_E_NOSPC;
	p->table_bytes = (size_t)table;
	p->bytes += p->table_bytes;
	return FNUMA_OK;
}

size_t fnuma_tracker_bytes(const struct fnuma_tracker_config *config)
{
	struct plan p;

	return make_plan(config, &p) ? 0 : p.bytes;
}

ALWAYS_INLINE uint64_t *word_of(const struct fnuma_tracker *t, uint32_t page,
                                uint32_t lane)
{
	size_t group = page / GROUP_PAGES;

	return &t->words[(group << lane) + (page & ((1u << lane) - 1))];
}

ALWAYS_INLINE uint32_t shift_of(uint32_t page, uint32_t lane)
{
	return page & (GROUP_PAGES - 1) & ~((1u << lane) - 1);
}

ALWAYS_INLINE uint32_t code_mask(uint32_t lane)
{
	return lane == NARROW ? 0xf : 0xff;
}

static uint32_t code_of(const struct fnuma_tracker *t, uint32_t page)
{
	return (uint32_t)(*word_of(t, page, t->lane) >> shift_of(page, t->lane)) &
	       code_mask(t->lane);
}

/* Write one code into every lane of [first, end), whatever is there. */
static void fill(struct fnuma_tracker *t, uint32_t first, uint32_t end, uint32_t code)
{
	uint64_t word = repeated(code, t->lane), mask, *at;
	uint32_t i;

	while (first < end) {
		if (first % GROUP_PAGES == 0 && end - first >= GROUP_PAGES) {
			at = word_of(t, first, t->lane);
			for (i = 0; i < 1u << t->lane; i++)
				at[i] = word;
			first += GROUP_PAGES;
		} else {
			at = word_of(t, first, t->lane);
			mask = (uint64_t)code_mask(t->lane) << shift_of(first, t->lane);
			*at = (*at & ~mask) | (word & mask);
			first++;
		}
	}
}

static void start_range(struct fnuma_tracker *t, const struct range *r,
                        enum fnuma_tracker_start start)
{
	uint32_t code = start == FNUMA_START_UNKNOWN ? FNUMA_NODE_UNKNOWN_ID :
	                start == FNUMA_START_NONE    ? FNUMA_NODE_NONE_ID :
	                                               r->weights[0].node;

	code &= code_mask(t->lane);
	fill(t, r->first, r->first + r->pages, code);
	t->counts[code & (CODES_WIDE - 1)] += r->pages;
	if (r->counts)
		r->counts[code & (CODES_WIDE - 1)] += r->pages;
}

/* Ranges, weights and the counters of shared ranges, from the list of homes. */
static void lay_out(struct fnuma_tracker *t, const struct fnuma_tracker_config *c,
                    const struct plan *p)
{
	struct weighted *w = (struct weighted *)(t->ranges + p->ranges);
	uint32_t *counts = (uint32_t *)(w + c->n_homes), i;
	struct range *r = t->ranges;

	memset(counts, 0, p->shared * codes_of(t->lane) * sizeof(uint32_t));
	for (i = 0; i < c->n_homes; i++, w++) {
		const struct fnuma_home *h = &c->homes[i];

		w->node = h->node.id;
		w->weight = h->weight;
		if (!same_range(c, i)) {
			r += i != 0;
			*r = (struct range){h->first.n, h->pages, 0, w, 0, NULL};
		} else if (!r->counts) {
			r->counts = counts;
			counts += codes_of(t->lane);
		}
		r->homes |= UINT64_C(1) << h->node.id;
		r->n_homes++;
		t->home_nodes |= UINT64_C(1) << h->node.id;
	}
}

int fnuma_tracker_init(void *memory, size_t bytes,
                       const struct fnuma_tracker_config *config,
                       struct fnuma_tracker **out)
{
	struct fnuma_tracker *t = memory;
	uintptr_t table;
	struct plan p;
	uint32_t i;
	int err;

	err = make_plan(config, &p);
	if (err)
		return err;
	if (!memory || !out || (uintptr_t)memory % 8)
		return FNUMA_E_INVAL;
	if (bytes < p.bytes)
		return FNUMA_E_NOSPC;
	memset(t, 0, sizeof(*t));
	t->frames = config->frames;
	t->nodes = config->nodes;
	t->lane = lane_for(config->nodes);
	t->wide_search = t->lane == NARROW && fnuma_tracker_cpu_is_wide();
	t->n_ranges = p.ranges;
	t->ranges = (struct range *)(t + 1);
	table = (uintptr_t)memory + p.bytes - p.table_bytes;
	t->words = (uint64_t *)(table & ~(uintptr_t)(FNUMA_CACHE_LINE - 1));
	lay_out(t, config, &p);
	/* The last group may be larger than what is left of the domain. */
	memset((char *)t->words + p.table_bytes - (8u << t->lane), 0, 8u << t->lane);
	for (i = 0; i < t->n_ranges; i++)
		start_range(t, &t->ranges[i], config->start);
	*out = t;
	return FNUMA_OK;
}

/* --- recording --- */

static const struct range *range_of(const struct fnuma_tracker *t, uint32_t page)
{
	const struct range *r = t->ranges;
	uint32_t n = t->n_ranges, half;

	for (; n > 1; n -= half) {
		half = n / 2;
		if (r[half].first <= page)
			r += half;
	}
	return r;
}

ALWAYS_INLINE uint32_t away(uint64_t homes, uint32_t code, uint32_t lane)
{
	if (lane == NARROW)
		homes |= UINT64_C(3) << NARROW_NODES;
	return (uint32_t)(~homes >> (code & 63)) & 1 & (code < 64);
}

ALWAYS_INLINE void recount(uint32_t *counts, uint32_t from, uint32_t to)
{
	from &= CODES_WIDE - 1;
	to &= CODES_WIDE - 1;
	fnuma_port_store(&counts[from], counts[from] - 1);
	fnuma_port_store(&counts[to], counts[to] + 1);
}

/* Nodes' ids are every `stride` bytes. */
ALWAYS_INLINE void place_in(struct fnuma_tracker *t, const fnuma_gfn *pages,
                            const uint8_t *ids, size_t stride, uint32_t n, uint32_t lane)
{
	const struct range *r = t->ranges;
	uint32_t remote = t->remote, page, from, to, shift, i;
	uint64_t *word;

	for (i = 0; i < n; i++, ids += stride) {
		page = pages[i].n;
		word = word_of(t, page, lane);
		shift = shift_of(page, lane);
		from = (uint32_t)(*word >> shift) & code_mask(lane);
		to = *ids & code_mask(lane);
		if (from == to)
			continue;
		*word ^= (uint64_t)(from ^ to) << shift;
		recount(t->counts, from, to);
		if (page - r->first >= r->pages)
			r = range_of(t, page);
		if (r->counts)
			recount(r->counts, from, to);
		remote += away(r->homes, to, lane) - away(r->homes, from, lane);
		fnuma_port_store(&t->remote, remote);
	}
}

/* All of it is known to be right. */
ALWAYS_INLINE void place(struct fnuma_tracker *t, const fnuma_gfn *pages,
                         const uint8_t *ids, size_t stride, uint32_t n)
{
	if (t->lane == NARROW)
		place_in(t, pages, ids, stride, n, NARROW);
	else
		place_in(t, pages, ids, stride, n, WIDE);
}

static void place_on(struct fnuma_tracker *t, const fnuma_gfn *pages,
                     const fnuma_node *nodes, uint32_t n)
{
	place(t, pages, (const uint8_t *)nodes, sizeof(*nodes), n);
}

static void place_results(struct fnuma_tracker *t, const fnuma_gfn *pages,
                          const struct fnuma_result *results, uint32_t n)
{
	place(t, pages, (const uint8_t *)results + offsetof(struct fnuma_result, node),
	      sizeof(*results), n);
}

/* The words of the next pages will be wanted. Whatever the pages are: nothing is read.
 * Inlined, or gcc takes it for a function without effect. */
ALWAYS_INLINE void fetch_chunk(const struct fnuma_tracker *t, const fnuma_gfn *pages,
                               uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && i < CHUNK; i++)
		__builtin_prefetch(word_of(t, pages[i].n, t->lane), 1);
}

int fnuma_tracker_set(struct fnuma_tracker *t, const fnuma_gfn *pages,
                      const fnuma_node *nodes, uint32_t n)
{
	uint32_t bad = 0, i, k;

	if (!t || (n && (!pages || !nodes)))
		return FNUMA_E_INVAL;
	if (n > INT32_MAX)
		return FNUMA_E_OVERFLOW;
	fetch_chunk(t, pages, n);
	for (i = 0; i < n; i++)
		bad |= (pages[i].n >= t->frames) | !node_valid(t->nodes, nodes[i]);
	if (bad)
		return FNUMA_E_RANGE;
	for (i = 0; i < n; i += k) {
		k = n - i < CHUNK ? n - i : CHUNK;
		fetch_chunk(t, pages + i + k, n - i - k);
		place_on(t, pages + i, nodes + i, k);
	}
	return (int)n;
}

static bool result_valid(const struct fnuma_tracker *t, const struct fnuma_result *result)
{
	return result->outcome != FNUMA_DONE || node_valid(t->nodes, result->node);
}

/* A result fits a word; a negative size says if it ever does not. */
typedef char result_is_a_word[sizeof(struct fnuma_result) == sizeof(uint32_t) ? 1 : -1];

/* The usual case: all pages are the domain's, and every one is done and on a node. Nothing
 * branches on a page: results that are alike but for the node are in its order. */
static bool all_plainly_done(const struct fnuma_tracker *t, const fnuma_gfn *pages,
                             const struct fnuma_result *results, uint32_t n)
{
	uint32_t word, any_bits = 0, all_bits = UINT32_MAX, most = 0, last = 0, i;
	struct fnuma_result any, all, highest;

	for (i = 0; i < n; i++) {
		memcpy(&word, &results[i], sizeof(word));
		any_bits |= word;
		all_bits &= word;
		most = word > most ? word : most;
		last = pages[i].n > last ? pages[i].n : last;
	}
	memcpy(&any, &any_bits, sizeof(any));
	memcpy(&all, &all_bits, sizeof(all));
	memcpy(&highest, &most, sizeof(highest));
	return any.outcome == FNUMA_DONE && all.outcome == FNUMA_DONE && !any.reason &&
	       highest.node.id < t->nodes && last < t->frames;
}

static bool all_valid(const struct fnuma_tracker *t, const fnuma_gfn *pages,
                      const struct fnuma_result *results, uint32_t n)
{
	uint32_t bad = 0, i;

	for (i = 0; i < n; i++)
		bad |= (pages[i].n >= t->frames) | !result_valid(t, &results[i]);
	return !bad;
}

/* At most CHUNK of them, all right. */
static void record_chunk(struct fnuma_tracker *t, const fnuma_gfn *pages,
                         const struct fnuma_result *results, uint32_t n)
{
	fnuma_gfn placed[CHUNK];
	fnuma_node nodes[CHUNK];
	uint32_t i, k = 0;

	for (i = 0; i < n; i++) {
		placed[k] = pages[i];
		nodes[k] = results[i].outcome == FNUMA_DONE ? results[i].node :
		                                              fnuma_node_unknown();
		k += results[i].outcome != FNUMA_NOT_DONE;
	}
	place_on(t, placed, nodes, k);
}

int fnuma_tracker_record(struct fnuma_tracker *t, const fnuma_gfn *pages,
                         const struct fnuma_result *results, uint32_t n)
{
	uint32_t i, k;
	bool plain;

	if (!t || (n && (!pages || !results)))
		return FNUMA_E_INVAL;
	if (n > INT32_MAX)
		return FNUMA_E_OVERFLOW;
	fetch_chunk(t, pages, n);
	plain = all_plainly_done(t, pages, results, n);
	if (!plain && !all_valid(t, pages, results, n))
		return FNUMA_E_RANGE;
	for (i = 0; i < n; i += k) {
		k = n - i < CHUNK ? n - i : CHUNK;
		fetch_chunk(t, pages + i + k, n - i - k);
		if (plain)
			place_results(t, pages + i, results + i, k);
		else
			record_chunk(t, pages + i, results + i, k);
	}
	return (int)n;
}

/* --- asking --- */

/* No tracker has no pages. */
static inline bool has(const struct fnuma_tracker *t, fnuma_gfn page)
{
	return t && page.n < t->frames;
}

fnuma_node fnuma_tracker_get(const struct fnuma_tracker *t, fnuma_gfn page)
{
	uint32_t code;

	if (!has(t, page))
		return fnuma_node_unknown();
	code = code_of(t, page.n);
	if (t->lane == NARROW && code >= NARROW_NODES)
		code |= 0xf0;
	return fnuma_node_of(code);
}

bool fnuma_tracker_is_remote(const struct fnuma_tracker *t, fnuma_gfn page)
{
	return has(t, page) &&
	       away(range_of(t, page.n)->homes, code_of(t, page.n), t->lane);
}

fnuma_node fnuma_tracker_home(const struct fnuma_tracker *t, fnuma_gfn page)
{
	const struct weighted *w, *best;
	const struct range *r;

	if (!has(t, page))
		return fnuma_node_none();
	r = range_of(t, page.n);
	best = r->weights;
	/* Pages for the weight, a / A < b / B, without dividing. */
	for (w = best + 1; w < r->weights + r->n_homes; w++)
		if ((uint64_t)r->counts[w->node] * best->weight <
		    (uint64_t)r->counts[best->node] * w->weight)
			best = w;
	return fnuma_node_of(best->node);
}

bool fnuma_tracker_is_home(const struct fnuma_tracker *t, fnuma_gfn page, fnuma_node node)
{
	return has(t, page) && node.id < t->nodes &&
	       (range_of(t, page.n)->homes >> node.id & 1);
}

uint64_t fnuma_tracker_home_nodes(const struct fnuma_tracker *t)
{
	return t ? t->home_nodes : 0;
}

uint32_t fnuma_tracker_frames(const struct fnuma_tracker *t)
{
	return t ? t->frames : 0;
}

uint32_t fnuma_tracker_remote(const struct fnuma_tracker *t)
{
	return t ? fnuma_port_load(&t->remote) : 0;
}

uint32_t fnuma_tracker_doubtful(const struct fnuma_tracker *t)
{
	return fnuma_port_load(&t->remote) + fnuma_port_load(&t->counts[codes_of(t->lane) - 1]);
}

void fnuma_tracker_layout(const struct fnuma_tracker *t, struct fnuma_layout *out)
{
	uint32_t codes, i;

	if (!out)
		return;
	memset(out, 0, sizeof(*out));
	if (!t)
		return;
	codes = codes_of(t->lane);
	out->nodes = t->nodes;
	out->frames = t->frames;
	for (i = 0; i < t->nodes; i++)
		out->node_pages[i] = fnuma_port_load(&t->counts[i]);
	out->none_pages = fnuma_port_load(&t->counts[codes - 2]);
	out->unknown_pages = fnuma_port_load(&t->counts[codes - 1]);
	out->remote_pages = fnuma_port_load(&t->remote);
}

/* --- searching --- */

/* The lanes of a word that are not 0, as the lowest bit of each. */
ALWAYS_INLINE uint64_t lanes_set(uint64_t word, uint32_t lane)
{
	if (lane == WIDE)
		word |= word >> 4;
	word |= word >> 2;
	word |= word >> 1;
	return word & repeated(1, lane);
}

/* The lanes that hold a node, neither none nor unknown. */
ALWAYS_INLINE uint64_t lanes_on_node(uint64_t word, uint32_t lane)
{
	if (lane == WIDE) /* nodes are below 64 */
		return ~word >> 7 & repeated(1, lane);
	word &= word >> 1; /* of 14 and 15 the upper three bits are set */
	return ~(word & word >> 1) >> 1 & repeated(1, lane);
}

/* What is looked for: pages away from the one home of a range, from its several homes, or
 * pages nobody could place. */
enum kind {
	AWAY_FROM_ONE,
	AWAY_FROM_SEVERAL,
	UNPLACED
};

ALWAYS_INLINE uint64_t lanes_wanted(uint64_t word, const struct range *r, enum kind kind,
                                    uint32_t lane)
{
	uint64_t wanted;
	uint32_t i;

	if (kind == UNPLACED)
		return ~lanes_set(~word, lane) & repeated(1, lane);
	wanted = lanes_set(word ^ repeated(r->weights[0].node, lane), lane);
	for (i = 1; kind == AWAY_FROM_SEVERAL && i < r->n_homes; i++)
		wanted &= lanes_set(word ^ repeated(r->weights[i].node, lane), lane);
	return wanted & lanes_on_node(word, lane);
}

/* The pages of a group that are wanted: bit p is page p. */
ALWAYS_INLINE uint64_t group_wanted(const uint64_t *words, const struct range *r,
                                    enum kind kind, uint32_t lane)
{
	uint64_t wanted = 0;
	uint32_t w;

	for (w = 0; w < 1u << lane; w++)
		wanted |= lanes_wanted(words[w], r, kind, lane) << w;
	return wanted;
}

struct search {
	fnuma_gfn *pages;
	uint32_t max;
	uint32_t found;
};

/* Copy the pages of a group out, while there is room.
 *
 * The first few go without asking how many there are: a CPU that guesses wrong loses more
 * than some stores in vain. */
ALWAYS_INLINE void copy_out(struct search *s, uint32_t base, uint64_t wanted)
{
	uint32_t found = s->found, page, i;

	if (wanted && s->max - found >= AT_ONCE) {
		for (i = 0; i < AT_ONCE; i++) {
			page = base + fnuma_ctz64(wanted | GROUP_LAST);
			s->pages[found] = fnuma_gfn_of(page);
			found += wanted != 0;
			wanted &= wanted - 1;
		}
	}
	for (; wanted && found < s->max; wanted &= wanted - 1)
		s->pages[found++] = fnuma_gfn_of(base + fnuma_ctz64(wanted));
	s->found = found;
}

/* Search [first, end), all of one range. Returns where it stopped. */
ALWAYS_INLINE uint32_t search_in(const struct fnuma_tracker *t, const struct range *r,
                                 uint32_t first, uint32_t end, struct search *result,
                                 enum kind kind, uint32_t lane)
{
	uint64_t wanted, mask = UINT64_MAX << first % GROUP_PAGES;
	uint32_t base = first & ~(GROUP_PAGES - 1);
	struct search s = *result; /* nothing else points to it: it stays in registers */

	for (;; base += GROUP_PAGES, mask = UINT64_MAX) {
		if (end - base < GROUP_PAGES)
			mask &= ~(UINT64_MAX << (end - base));
		wanted = group_wanted(word_of(t, base, lane), r, kind, lane) & mask;
		copy_out(&s, base, wanted);
		if (s.found == s.max || end - base <= GROUP_PAGES)
			break;
	}
	*result = s;
	if (s.found == s.max)
		return s.pages[s.max - 1].n + 1;
	return end;
}

/* From one group's beginning to another's, as far as wide registers go. */
static uint32_t search_wide(const struct fnuma_tracker *t, const struct range *r,
                            uint32_t first, uint32_t end, struct search *s)
{
	return fnuma_tracker_search_wide(word_of(t, first, NARROW),
	                                 repeated(r->weights[0].node, NARROW), first,
	                                 end & ~(GROUP_PAGES - 1), s->pages, s->max,
	                                 &s->found);
}

static uint32_t search_narrow(const struct fnuma_tracker *t, const struct range *r,
                              uint32_t first, uint32_t end, struct search *s)
{
	uint32_t group = (first + GROUP_PAGES - 1) & ~(GROUP_PAGES - 1);

	if (t->wide_search && group < end) {
		if (first < group)
			first = search_in(t, r, first, group, s, AWAY_FROM_ONE, NARROW);
		if (first == group && s->found < s->max)
			first = search_wide(t, r, first, end, s);
	}
	if (first < end && s->found < s->max)
		first = search_in(t, r, first, end, s, AWAY_FROM_ONE, NARROW);
	return first;
}

/* The ways that are worth code of their own. */
static uint32_t search(const struct fnuma_tracker *t, const struct range *r,
                       uint32_t first, uint32_t end, struct search *s, enum kind kind)
{
	if (t->lane == WIDE)
		return search_in(t, r, first, end, s, kind, WIDE);
	if (kind == AWAY_FROM_ONE)
		return search_narrow(t, r, first, end, s);
	if (kind == AWAY_FROM_SEVERAL)
		return search_in(t, r, first, end, s, AWAY_FROM_SEVERAL, NARROW);
	return search_in(t, r, first, end, s, UNPLACED, NARROW);
}

int fnuma_tracker_next(const struct fnuma_tracker *t, enum fnuma_tracker_want want,
                       fnuma_gfn *cursor, uint32_t look, fnuma_gfn *pages, uint32_t max)
{
	struct search s = {pages, max < INT32_MAX ? max : INT32_MAX, 0};
	const struct range *r;
	uint32_t at, end, stop;
	enum kind kind;

	if (!t || !cursor || !pages || (uint32_t)want > FNUMA_WANT_UNKNOWN || !look || !max)
		return FNUMA_E_INVAL;
	if (cursor->n > t->frames)
		return FNUMA_E_RANGE;
	at = cursor->n;
	end = look < t->frames - at ? at + look : t->frames;
	for (r = range_of(t, at); at < end && s.found < s.max; r++) {
		stop = r->first + r->pages < end ? r->first + r->pages : end;
		kind = want == FNUMA_WANT_UNKNOWN ? UNPLACED :
		       r->n_homes == 1            ? AWAY_FROM_ONE :
		                                    AWAY_FROM_SEVERAL;
		at = search(t, r, at, stop, &s, kind);
	}
	cursor->n = at;
	return (int)s.found;
}
