/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/agenda.h>
#include <string.h>
#include "num.h"

/* A tick of 8.4 ms: about as often as anyone asks. */
#define TICK_SHIFT 23u
#define TICK_LAST ((1u << TICK_SHIFT) - 1)

/* The near wheel has a slot for each of the next 64 to 8192 ticks (69 s: periods of up to
 * a minute never leave it), eight of them for each member. Members beyond it wait in far
 * wheels, each of 64 slots and 64 times coarser than the one before, and are filed again
 * when their slot begins. */
#define NEAR_BITS_MIN 6u
#define NEAR_BITS_MAX 13u
#define NEAR_WORDS ((1u << NEAR_BITS_MAX) / 64)
#define FAR_BITS 6u
#define FAR_SLOTS (1u << FAR_BITS)
/* 6 + 6 * 6 bits of ticks: all that 64 bits of time have, and one more. */
#define FAR_WHEELS 6u

#define MEMBERS_MAX (1u << 24)
/* Members of a slot that fnuma_agenda_next() looks at for the exact time. */
#define LOOK_MAX 16u
#define NO_TICK UINT64_MAX

/* A member. One is spare: the end of every list, so that no list is a special case. */
struct entry {
	uint64_t deadline_ns; /* FNUMA_NEVER: in no list */
	uint32_t next;
	uint32_t prev; /* of the first of a list: the list, plus the number of entries */
};

/* Lists: the near slots, then the far ones, then the list of those found due but not yet
 * asked for, then one for those on their way from one clock to another. */
struct fnuma_agenda {
	uint32_t members; /* also the index of the end */
	uint32_t near_bits;
	uint32_t near_mask;
	uint32_t far;         /* the first far slot */
	uint32_t due;
	uint32_t way;
	uint32_t *lists;      /* the first of each; the one filed last is first */
	uint64_t tick;        /* nobody is filed under an earlier one */
	uint64_t far_tick;    /* no far slot with members begins before it */
	uint64_t last_ns;     /* the caller's clock, last heard; not of an earlier tick */
	uint64_t earliest_ns; /* nobody in a slot has a deadline before it */
	uint64_t near_words[NEAR_WORDS]; /* bit s: near slot s has members */
	uint64_t far_words[FAR_WHEELS];  /* bit s: far slot s of a wheel has */
	struct entry entries[];
};

static uint32_t near_bits_for(uint32_t members)
{
	uint32_t bits = NEAR_BITS_MIN;

	while (bits < NEAR_BITS_MAX && 1u << bits < 8 * members)
		bits++;
	return bits;
}

static uint32_t lists_for(uint32_t members)
{
	return (1u << near_bits_for(members)) + FAR_WHEELS * FAR_SLOTS + 2;
}

size_t fnuma_agenda_bytes(uint32_t members)
{
	if (!members || members > MEMBERS_MAX)
		return 0;
	return sizeof(struct fnuma_agenda) +
	       ((size_t)members + 1) * sizeof(struct entry) +
	       lists_for(members) * sizeof(uint32_t);
}

static void set_up(struct fnuma_agenda *a, uint32_t members)
{
	a->members = members;
	a->near_bits = near_bits_for(members);
	a->near_mask = (1u << a->near_bits) - 1;
	a->far = a->near_mask + 1;
	a->due = a->far + FAR_WHEELS * FAR_SLOTS;
	a->way = a->due + 1;
	a->lists = (uint32_t *)(a->entries + members + 1);
	a->far_tick = NO_TICK;
	a->earliest_ns = FNUMA_NEVER;
}

int fnuma_agenda_init(void *memory, size_t bytes, uint32_t members,
                      struct fnuma_agenda **out)
{
	struct fnuma_agenda *a = memory;
	size_t need = fnuma_agenda_bytes(members);
	uint32_t i;

	if (!memory || !out || !need || (uintptr_t)memory % 8)
		return FNUMA_E_INVAL;
	if (bytes < need)
		return FNUMA_E_NOSPC;
	memset(a, 0, sizeof(*a));
	set_up(a, members);
	for (i = 0; i <= members; i++)
		a->entries[i] = (struct entry){FNUMA_NEVER, members, members};
	for (i = 0; i <= a->way; i++)
		a->lists[i] = members;
	*out = a;
	return FNUMA_OK;
}

/* --- lists --- */

static inline bool empty(const struct fnuma_agenda *a, uint32_t list)
{
	return a->lists[list] == a->members;
}

static inline void push(struct fnuma_agenda *a, uint32_t list, uint32_t member)
{
	uint32_t first = a->lists[list];

	a->entries[member].next = first;
	a->entries[member].prev = a->members + 1 + list;
	a->entries[first].prev = member;
	a->lists[list] = member;
}

static inline void emptied(struct fnuma_agenda *a, uint32_t list)
{
	uint32_t slot = list - a->far;

	if (list < a->far)
		a->near_words[list / 64] &= ~(UINT64_C(1) << list % 64);
	else if (list < a->due)
		a->far_words[slot / FAR_SLOTS] &= ~(UINT64_C(1) << slot % FAR_SLOTS);
}

/* Take a member off whatever list it is in. */
static inline void unfile(struct fnuma_agenda *a, uint32_t member)
{
	uint32_t next = a->entries[member].next, prev = a->entries[member].prev, list;

	a->entries[next].prev = prev;
	if (prev <= a->members) {
		a->entries[prev].next = next;
		return;
	}
	list = prev - a->members - 1;
	a->lists[list] = next;
	if (next == a->members)
		emptied(a, list);
}

/* In the first far wheel that reaches so far ahead of the present tick. */
static void file_far(struct fnuma_agenda *a, uint32_t member, uint64_t tick)
{
	uint32_t shift = a->near_bits, wheel = 0, slot;

	while ((tick >> shift) - (a->tick >> shift) >= FAR_SLOTS) {
		shift += FAR_BITS;
		wheel++;
	}
	slot = (uint32_t)(tick >> shift) % FAR_SLOTS;
	push(a, a->far + wheel * FAR_SLOTS + slot, member);
	a->far_words[wheel] |= UINT64_C(1) << slot;
	if (tick >> shift << shift < a->far_tick)
		a->far_tick = tick >> shift << shift;
}

/* File a member under its tick, but not under one before `when_ns`. */
static inline void file(struct fnuma_agenda *a, uint32_t member, uint64_t when_ns)
{
	uint64_t deadline_ns = a->entries[member].deadline_ns;
	uint64_t tick = (deadline_ns > when_ns ? deadline_ns : when_ns) >> TICK_SHIFT;
	uint32_t slot = (uint32_t)tick & a->near_mask;

	if (FNUMA_UNLIKELY(tick - a->tick > a->near_mask)) {
		file_far(a, member, tick);
		return;
	}
	push(a, slot, member);
	a->near_words[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* --- setting --- */

static inline int put(struct fnuma_agenda *a, uint32_t member, uint64_t deadline_ns)
{
	a->entries[member].deadline_ns = deadline_ns;
	if (deadline_ns == FNUMA_NEVER)
		return FNUMA_OK;
	if (deadline_ns < a->earliest_ns)
		a->earliest_ns = deadline_ns;
	/* If overdue already, it queues behind earlier ticks: nobody starves. */
	file(a, member, a->last_ns);
	return FNUMA_OK;
}

static int move(struct fnuma_agenda *a, uint32_t member, uint64_t deadline_ns)
{
	unfile(a, member);
	return put(a, member, deadline_ns);
}

int fnuma_agenda_set(struct fnuma_agenda *a, uint32_t member, uint64_t deadline_ns)
{
	if (!a)
		return FNUMA_E_INVAL;
	if (member >= a->members)
		return FNUMA_E_RANGE;
	if (a->entries[member].deadline_ns != FNUMA_NEVER)
		return move(a, member, deadline_ns);
	return put(a, member, deadline_ns);
}

uint64_t fnuma_agenda_get(const struct fnuma_agenda *a, uint32_t member)
{
	return a && member < a->members ? a->entries[member].deadline_ns : FNUMA_NEVER;
}

/* --- finding the slot that begins first --- */

/* The first tick, from the present one on, whose near slot has members, or NO_TICK. No slot
 * before the earliest deadline's has any, so an agenda with nothing due is not searched. */
static inline uint64_t first_near(const struct fnuma_agenda *a)
{
	uint64_t earliest = a->earliest_ns >> TICK_SHIFT, bits;
	uint64_t from = earliest > a->tick ? earliest : a->tick;
	uint32_t present = (uint32_t)from & a->near_mask, word = present / 64;
	uint32_t words = a->far / 64, i, slot;

	if (from - a->tick > a->near_mask)
		return NO_TICK;
	bits = a->near_words[word] >> present % 64;
	if (FNUMA_LIKELY(bits))
		return from + fnuma_ctz64(bits);
	for (i = 0; i < words; i++) { /* the others, and the rest of that one */
		word = (word + 1) & (words - 1);
		bits = a->near_words[word];
		if (bits) {
			slot = word * 64 + fnuma_ctz64(bits);
			return from + ((slot - present) & a->near_mask);
		}
	}
	return NO_TICK;
}

/* Of a far wheel with members: when the first slot with any begins, and which it is. */
static uint64_t first_in(const struct fnuma_agenda *a, uint32_t wheel, uint32_t *slot)
{
	uint32_t shift = a->near_bits + wheel * FAR_BITS;
	uint64_t begin = a->tick >> shift, word = a->far_words[wheel];
	uint32_t turn = (uint32_t)begin % FAR_SLOTS;

	word = word >> turn | word << (FAR_SLOTS - turn) % FAR_SLOTS;
	begin += fnuma_ctz64(word);
	*slot = a->far + wheel * FAR_SLOTS + (uint32_t)begin % FAR_SLOTS;
	begin <<= shift;
	return begin > a->tick ? begin : a->tick;
}

/* The same of all far wheels; NO_TICK if all are empty. */
static uint64_t first_far(const struct fnuma_agenda *a, uint32_t *slot)
{
	uint64_t first = NO_TICK, tick;
	uint32_t wheel, in;

	for (wheel = 0; wheel < FAR_WHEELS; wheel++) {
		if (!a->far_words[wheel])
			continue;
		tick = first_in(a, wheel, &in);
		if (tick < first) {
			first = tick;
			*slot = in;
		}
	}
	return first;
}

/* --- taking --- */

/* Put the members of a list on their way, so that the one filed first comes first. */
static void collect(struct fnuma_agenda *a, uint32_t list)
{
	uint32_t member;

	while (!empty(a, list)) {
		member = a->lists[list];
		unfile(a, member);
		push(a, a->way, member);
	}
}

/* If a far slot begins until a tick: file the members of the first again. They go to
 * nearer wheels. */
static void refile(struct fnuma_agenda *a, uint64_t until)
{
	uint32_t slot = 0, member;

	a->far_tick = first_far(a, &slot);
	if (a->far_tick > until)
		return;
	a->tick = a->far_tick;
	collect(a, slot);
	while (!empty(a, a->way)) {
		member = a->lists[a->way];
		unfile(a, member);
		file(a, member, a->tick << TICK_SHIFT);
	}
	a->far_tick = first_far(a, &slot);
}

/* Go to the first tick with members until now. False, and how long for, if none has. */
static inline bool go_on(struct fnuma_agenda *a, uint64_t now_tick)
{
	uint64_t tick = first_near(a);

	while (FNUMA_UNLIKELY(a->far_tick <= tick && a->far_tick <= now_tick)) {
		refile(a, tick < now_tick ? tick : now_tick);
		tick = first_near(a);
	}
	if (tick <= now_tick) {
		a->tick = tick;
		return true;
	}
	if (a->far_tick < tick)
		tick = a->far_tick;
	a->earliest_ns = tick == NO_TICK ? FNUMA_NEVER : tick << TICK_SHIFT;
	return false;
}

/* More of a slot are due than there is room for: put them on their list, those taken
 * already and those from here to the end of the slot. Returns the last that stays. */
static uint32_t set_aside(struct fnuma_agenda *a, uint64_t now_ns, const uint32_t *taken,
                          uint32_t n, uint32_t member, uint32_t last, uint64_t *min_ns)
{
	uint32_t next, i;
	struct entry *e;

	for (i = 0; i < n; i++)
		push(a, a->due, taken[i]);
	for (; member != a->members; member = next) {
		e = &a->entries[member];
		next = e->next;
		if (e->deadline_ns <= now_ns) {
			push(a, a->due, member);
			continue;
		}
		*min_ns = fnuma_min_u64(*min_ns, e->deadline_ns);
		a->entries[last].next = member;
		e->prev = last;
		last = member;
	}
	return last;
}

/* The one filed first goes first, and none is on the agenda any more. */
static inline void hand_over(struct fnuma_agenda *a, uint32_t *taken, uint32_t n)
{
	uint32_t i, member;

	for (i = 0; i < n; i++)
		a->entries[taken[i]].deadline_ns = FNUMA_NEVER;
	for (i = 0; i < n / 2; i++) {
		member = taken[i];
		taken[i] = taken[n - 1 - i];
		taken[n - 1 - i] = member;
	}
}

/* Take those of the present slot that are due, or, if there is not room for all, put them
 * on their list. Before the present tick all are due, in it perhaps only some; which, no
 * CPU can predict, so nothing branches on it. Those that stay are linked up behind the
 * spare entry, each in place of those before it that did not. */
static inline uint32_t take(struct fnuma_agenda *a, uint64_t now_ns, uint32_t *out,
                            uint32_t room)
{
	uint32_t slot = (uint32_t)a->tick & a->near_mask, end = a->members, last = end;
	uint32_t member = a->lists[slot], next, stays, n = 0;
	uint64_t min_ns = a->tick << TICK_SHIFT | TICK_LAST, ns;
	struct entry *e;

	for (; member != end && n < room; member = next) {
		e = &a->entries[member];
		next = e->next;
		stays = e->deadline_ns > now_ns;
		out[n] = member;
		n += 1 - stays;
		ns = e->deadline_ns | ((uint64_t)stays - 1); /* if not, the end of time */
		min_ns = ns < min_ns ? ns : min_ns;
		a->entries[last].next = member;
		e->prev = last;
		last ^= (last ^ member) & (0 - stays);
	}
	if (FNUMA_UNLIKELY(member != end)) {
		last = set_aside(a, now_ns, out, n, member, last, &min_ns);
		n = 0;
	}
	a->entries[last].next = end;
	a->lists[slot] = a->entries[end].next;
	a->entries[a->lists[slot]].prev = end + 1 + slot;
	a->near_words[slot / 64] &= ~((uint64_t)(last == end) << slot % 64);
	a->earliest_ns = min_ns;
	hand_over(a, out, n);
	return n;
}

/* The clock has jumped back: take every deadline with it, so that nobody waits for the
 * time it was to be there again. */
static void jump_back(struct fnuma_agenda *a, uint64_t now_ns)
{
	uint64_t by_ns = a->last_ns - now_ns;
	uint32_t list, member;
	struct entry *e;

	for (list = 0; list < a->way; list++)
		collect(a, list);
	a->last_ns = now_ns;
	a->tick = now_ns >> TICK_SHIFT;
	a->far_tick = NO_TICK;
	a->earliest_ns = 0;
	while (!empty(a, a->way)) {
		member = a->lists[a->way];
		unfile(a, member);
		e = &a->entries[member];
		e->deadline_ns = e->deadline_ns > by_ns ? e->deadline_ns - by_ns : 0;
		file(a, member, now_ns);
	}
}

/* Hear the time. Less than a tick back, and it stands still. */
static inline uint64_t hear(struct fnuma_agenda *a, uint64_t now_ns)
{
	if (FNUMA_LIKELY(now_ns >= a->last_ns))
		a->last_ns = now_ns;
	else if ((a->last_ns - now_ns) >> TICK_SHIFT)
		jump_back(a, now_ns);
	return a->last_ns;
}

/* Take those found due earlier. */
static inline uint32_t take_due(struct fnuma_agenda *a, uint32_t *out, uint32_t room)
{
	uint32_t n = 0;

	for (; n < room && !empty(a, a->due); n++) {
		out[n] = a->lists[a->due];
		unfile(a, out[n]);
		a->entries[out[n]].deadline_ns = FNUMA_NEVER;
	}
	return n;
}

uint32_t fnuma_agenda_pop(struct fnuma_agenda *a, uint64_t now_ns, uint32_t *members,
                          uint32_t max)
{
	uint32_t n;

	if (!a || !members)
		return 0;
	now_ns = hear(a, now_ns);
	n = take_due(a, members, max);
	while (n < max) {
		if (now_ns < a->earliest_ns) {
			a->tick = now_ns >> TICK_SHIFT;
			break;
		}
		if (!go_on(a, now_ns >> TICK_SHIFT))
			break;
		n += take(a, now_ns, members + n, max - n);
		n += take_due(a, members + n, max - n);
	}
	return n;
}

/* --- looking ahead --- */

/* The earliest deadline in a slot that begins at a tick; if it has too many members to
 * look at, a time that is not after it. */
static uint64_t earliest_in(const struct fnuma_agenda *a, uint32_t slot, uint64_t tick)
{
	uint32_t member = a->lists[slot], looked;
	uint64_t min_ns = FNUMA_NEVER;

	for (looked = 0; member != a->members; member = a->entries[member].next) {
		if (looked++ == LOOK_MAX)
			return tick << TICK_SHIFT;
		if (a->entries[member].deadline_ns < min_ns)
			min_ns = a->entries[member].deadline_ns;
	}
	return min_ns;
}

uint64_t fnuma_agenda_next(const struct fnuma_agenda *a)
{
	uint64_t min_ns = FNUMA_NEVER, tick, ns;
	uint32_t wheel, slot;

	if (!a)
		return FNUMA_NEVER;
	tick = first_near(a);
	if (!empty(a, a->due))
		return 0;
	if (tick != NO_TICK)
		min_ns = earliest_in(a, (uint32_t)tick & a->near_mask, tick);
	for (wheel = 0; wheel < FAR_WHEELS; wheel++) {
		if (!a->far_words[wheel])
			continue;
		tick = first_in(a, wheel, &slot);
		ns = earliest_in(a, slot, tick);
		if (ns < min_ns)
			min_ns = ns;
	}
	if (min_ns < a->earliest_ns)
		min_ns = a->earliest_ns;
	return min_ns > a->last_ns || min_ns == FNUMA_NEVER ? min_ns : 0;
}
