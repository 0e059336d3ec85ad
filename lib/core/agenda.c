/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/agenda.h>
#include <string.h>
#include "num.h"

/* A tick of 8.4 ms: about as often as anyone asks. */
#define TICK_SHIFT 23u

/* The near wheel has a slot for each of the next 64 to 8192 ticks (69 s: periods of up to
 * a minute never leave it). Members beyond it wait in far wheels, each of 64 slots and 64
 * times coarser than the one before, and are filed again when their slot begins. */
#define NEAR_BITS_MIN 6u
#define NEAR_BITS_MAX 13u
#define FAR_BITS 6u
#define FAR_SLOTS (1u << FAR_BITS)
/* 6 + 6 * 6 bits of ticks: all that 64 bits of time have, and one more. */
#define FAR_WHEELS 6u

#define MEMBERS_MAX (1u << 24)
/* Members of a slot that fnuma_agenda_next() looks at for the exact time. */
#define LOOK_MAX 16u
#define NONE UINT32_MAX

/* A member, or the head of a slot's ring (then without a deadline). One index names
 * either: members first, then slots, near before far. */
struct entry {
	uint64_t deadline_ns;
	uint32_t next;
	uint32_t prev;
};

struct fnuma_agenda {
	uint32_t members;
	uint32_t near_bits;
	uint64_t tick;        /* nobody is filed under an earlier one */
	uint64_t last_ns;     /* the caller's clock, last heard; never in an earlier tick */
	uint64_t earliest_ns; /* nobody's deadline is before it */
	uint64_t near_words[(1u << NEAR_BITS_MAX) / 64]; /* bit s: near slot s has members */
	uint64_t near_summary[(1u << NEAR_BITS_MAX) / 64 / 64]; /* bit w: word w is not 0 */
	uint64_t far_words[FAR_WHEELS];
	struct entry entries[];
};

static uint32_t near_slots(const struct fnuma_agenda *a)
{
	return 1u << a->near_bits;
}

static uint32_t near_bits_for(uint32_t members)
{
	uint32_t bits = NEAR_BITS_MIN;

	while (bits < NEAR_BITS_MAX && 1u << bits < members)
		bits++;
	return bits;
}

/* Heads: of all slots, and one for members on their way. */
static uint32_t heads(uint32_t near_bits)
{
	return (1u << near_bits) + FAR_WHEELS * FAR_SLOTS + 1;
}

size_t fnuma_agenda_bytes(uint32_t members)
{
	if (!members || members > MEMBERS_MAX)
		return 0;
	return sizeof(struct fnuma_agenda) +
	       ((size_t)members + heads(near_bits_for(members))) * sizeof(struct entry);
}

int fnuma_agenda_init(void *memory, size_t bytes, uint32_t members,
                      struct fnuma_agenda **out)
{
	struct fnuma_agenda *a = memory;
	size_t need = fnuma_agenda_bytes(members);
	uint32_t i, n;

	if (!memory || !out || !need || (uintptr_t)memory % 8)
		return FNUMA_E_INVAL;
	if (bytes < need)
		return FNUMA_E_NOSPC;
	memset(a, 0, sizeof(*a));
	a->members = members;
	a->near_bits = near_bits_for(members);
	a->earliest_ns = FNUMA_NEVER;
	n = members + heads(a->near_bits);
	for (i = 0; i < n; i++) {
		a->entries[i].deadline_ns = FNUMA_NEVER;
		a->entries[i].next = a->entries[i].prev = i;
	}
	*out = a;
	return FNUMA_OK;
}

static void ring_remove(struct fnuma_agenda *a, uint32_t i)
{
	uint32_t next = a->entries[i].next, prev = a->entries[i].prev;

	a->entries[next].prev = prev;
	a->entries[prev].next = next;
}

static void ring_append(struct fnuma_agenda *a, uint32_t head, uint32_t i)
{
	uint32_t tail = a->entries[head].prev;

	a->entries[i].next = head;
	a->entries[i].prev = tail;
	a->entries[tail].next = i;
	a->entries[head].prev = i;
}

static void slot_filled(struct fnuma_agenda *a, uint32_t slot)
{
	if (slot < near_slots(a)) {
		a->near_words[slot / 64] |= UINT64_C(1) << slot % 64;
		a->near_summary[slot / 4096] |= UINT64_C(1) << slot / 64 % 64;
	} else {
		slot -= near_slots(a);
		a->far_words[slot / 64] |= UINT64_C(1) << slot % 64;
	}
}

static void slot_emptied(struct fnuma_agenda *a, uint32_t slot)
{
	if (slot < near_slots(a)) {
		a->near_words[slot / 64] &= ~(UINT64_C(1) << slot % 64);
		if (!a->near_words[slot / 64])
			a->near_summary[slot / 4096] &= ~(UINT64_C(1) << slot / 64 % 64);
	} else {
		slot -= near_slots(a);
		a->far_words[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	}
}

/* The slot for a tick: in the first wheel that reaches so far ahead of the present one. */
static uint32_t slot_for(const struct fnuma_agenda *a, uint64_t tick)
{
	uint32_t shift = a->near_bits, base = near_slots(a);

	if (tick - a->tick < near_slots(a))
		return (uint32_t)tick & (near_slots(a) - 1);
	while ((tick >> shift) - (a->tick >> shift) >= FAR_SLOTS) {
		shift += FAR_BITS;
		base += FAR_SLOTS;
	}
	return base + ((uint32_t)(tick >> shift) & (FAR_SLOTS - 1));
}

/* File a member under its tick, but not under one before `when_ns`. */
static void file(struct fnuma_agenda *a, uint32_t member, uint64_t when_ns)
{
	uint64_t deadline_ns = a->entries[member].deadline_ns;
	uint32_t slot;

	slot = slot_for(a, (deadline_ns > when_ns ? deadline_ns : when_ns) >> TICK_SHIFT);
	ring_append(a, a->members + slot, member);
	slot_filled(a, slot);
}

static void unfile(struct fnuma_agenda *a, uint32_t member)
{
	uint32_t next = a->entries[member].next;

	ring_remove(a, member);
	if (next == a->entries[member].prev) /* both are the head, now alone */
		slot_emptied(a, next - a->members);
}

int fnuma_agenda_set(struct fnuma_agenda *a, uint32_t member, uint64_t deadline_ns)
{
	struct entry *e;

	if (member >= a->members)
		return FNUMA_E_RANGE;
	e = &a->entries[member];
	if (e->deadline_ns != FNUMA_NEVER)
		unfile(a, member);
	e->deadline_ns = deadline_ns;
	if (deadline_ns == FNUMA_NEVER)
		return FNUMA_OK;
	/* What is overdue when it is set queues behind what was due before: nobody starves. */
	file(a, member, a->last_ns);
	if (deadline_ns < a->earliest_ns)
		a->earliest_ns = deadline_ns;
	return FNUMA_OK;
}

uint64_t fnuma_agenda_get(const struct fnuma_agenda *a, uint32_t member)
{
	return member < a->members ? a->entries[member].deadline_ns : FNUMA_NEVER;
}

/* First bit set at or after `from`, or NONE. */
static uint32_t find_bit(const uint64_t *words, uint32_t n_words, uint32_t from)
{
	uint32_t w = from / 64;
	uint64_t word;

	if (w >= n_words)
		return NONE;
	word = words[w] & (UINT64_MAX << from % 64);
	while (!word) {
		if (++w == n_words)
			return NONE;
		word = words[w];
	}
	return w * 64 + fnuma_ctz64(word);
}

/* The near slot that comes first, from the present tick on, or NONE. */
static uint32_t first_near(const struct fnuma_agenda *a)
{
	uint32_t present = (uint32_t)a->tick & (near_slots(a) - 1);
	uint64_t here = a->near_words[present / 64] >> present % 64;
	uint32_t n_summary = (uint32_t)(sizeof(a->near_summary) / sizeof(uint64_t)), w;

	if (here)
		return present + fnuma_ctz64(here);
	w = find_bit(a->near_summary, n_summary, present / 64 + 1);
	if (w == NONE)
		w = find_bit(a->near_summary, n_summary, 0);
	return w == NONE ? NONE : w * 64 + fnuma_ctz64(a->near_words[w]);
}

static uint64_t near_tick(const struct fnuma_agenda *a, uint32_t slot)
{
	return a->tick + ((slot - (uint32_t)a->tick) & (near_slots(a) - 1));
}

/* The slot of a far wheel that comes first, and the tick it begins at. */
static uint64_t first_far(const struct fnuma_agenda *a, uint32_t wheel, uint32_t *slot)
{
	uint32_t shift = a->near_bits + wheel * FAR_BITS;
	uint64_t present = a->tick >> shift, word = a->far_words[wheel], start;
	uint32_t turn = (uint32_t)present & 63;

	word = word >> turn | word << (64 - turn) % 64;
	present += fnuma_ctz64(word);
	*slot = near_slots(a) + wheel * FAR_SLOTS + ((uint32_t)present & (FAR_SLOTS - 1));
	start = present << shift;
	return start > a->tick ? start : a->tick;
}

struct event {
	uint64_t tick; /* when the slot begins */
	uint32_t slot; /* NONE: nobody is filed anywhere */
};

/* The slot that begins first. Of two that begin together a far one, because what is in it
 * may belong before what is in the near one. */
static struct event first_event(const struct fnuma_agenda *a)
{
	struct event first = {UINT64_MAX, first_near(a)}, far;
	uint32_t wheel;

	if (first.slot != NONE)
		first.tick = near_tick(a, first.slot);
	for (wheel = 0; wheel < FAR_WHEELS; wheel++) {
		if (!a->far_words[wheel])
			continue;
		far.tick = first_far(a, wheel, &far.slot);
		if (far.tick <= first.tick)
			first = far;
	}
	return first;
}

/* File the members of a far slot again, now that it begins: they go to nearer wheels. */
static void refile(struct fnuma_agenda *a, uint32_t slot)
{
	uint32_t head = a->members + slot, member;

	while ((member = a->entries[head].next) != head) {
		unfile(a, member);
		file(a, member, a->tick << TICK_SHIFT);
	}
}

/* Of the present slot, bring those that are due before those that are not, each in their
 * order. Returns the earliest deadline: nobody is due if it is after now. */
static uint64_t sift(struct fnuma_agenda *a, uint32_t head, uint64_t now_ns)
{
	uint32_t last = a->entries[head].prev, member, next;
	uint64_t min_ns = FNUMA_NEVER;

	for (member = a->entries[head].next; member != head; member = a->entries[member].next)
		if (a->entries[member].deadline_ns < min_ns)
			min_ns = a->entries[member].deadline_ns;
	if (min_ns > now_ns)
		return min_ns;
	for (member = a->entries[head].next;; member = next) {
		next = a->entries[member].next;
		if (a->entries[member].deadline_ns > now_ns) {
			ring_remove(a, member);
			ring_append(a, head, member);
		}
		if (member == last)
			return min_ns;
	}
}

/* The first member that is due, or NONE; then it is also known how long for. */
static uint32_t first_due(struct fnuma_agenda *a, uint64_t now_ns)
{
	uint64_t now_tick = now_ns >> TICK_SHIFT;
	struct event e;
	uint32_t head;

	while ((e = first_event(a)).tick <= now_tick && e.slot >= near_slots(a)) {
		a->tick = e.tick;
		refile(a, e.slot);
	}
	if (e.tick > now_tick) {
		a->earliest_ns = e.slot == NONE ? FNUMA_NEVER : e.tick << TICK_SHIFT;
		return NONE;
	}
	a->tick = e.tick;
	head = a->members + e.slot;
	/* Before the present tick all are due, in it perhaps only some. */
	if (e.tick == now_tick && a->entries[a->entries[head].next].deadline_ns > now_ns) {
		a->earliest_ns = sift(a, head, now_ns);
		if (a->earliest_ns > now_ns)
			return NONE;
	}
	return a->entries[head].next;
}

/* The clock has jumped back: take every deadline with it, so that nobody waits for the
 * time it was to be there again. */
static void jump_back(struct fnuma_agenda *a, uint64_t now_ns)
{
	uint64_t by_ns = a->last_ns - now_ns;
	uint32_t way = a->members + heads(a->near_bits) - 1, member;
	struct entry *entry;
	struct event e;

	while ((e = first_event(a)).slot != NONE) {
		member = a->entries[a->members + e.slot].next;
		unfile(a, member);
		ring_append(a, way, member);
	}
	a->last_ns = now_ns;
	a->tick = now_ns >> TICK_SHIFT;
	a->earliest_ns = 0;
	while ((member = a->entries[way].next) != way) {
		ring_remove(a, member);
		entry = &a->entries[member];
		entry->deadline_ns = entry->deadline_ns > by_ns ? entry->deadline_ns - by_ns : 0;
		file(a, member, now_ns);
	}
}

/* Hear the time. Less than a tick back, and it stands still. */
static uint64_t hear(struct fnuma_agenda *a, uint64_t now_ns)
{
	if (now_ns > a->last_ns)
		a->last_ns = now_ns;
	else if ((a->last_ns - now_ns) >> TICK_SHIFT)
		jump_back(a, now_ns);
	return a->last_ns;
}

bool fnuma_agenda_pop(struct fnuma_agenda *a, uint64_t now_ns, uint32_t *member)
{
	uint32_t due;

	now_ns = hear(a, now_ns);
	if (now_ns < a->earliest_ns) {
		a->tick = now_ns >> TICK_SHIFT;
		return false;
	}
	due = first_due(a, now_ns);
	if (due == NONE)
		return false;
	unfile(a, due);
	a->entries[due].deadline_ns = FNUMA_NEVER;
	*member = due;
	return true;
}

/* The earliest deadline in a slot that begins at a tick; if it has too many members to
 * look at, a time that is not after it. */
static uint64_t earliest_in(const struct fnuma_agenda *a, uint32_t slot, uint64_t tick)
{
	uint32_t head = a->members + slot, member = a->entries[head].next, looked;
	uint64_t min_ns = FNUMA_NEVER;

	for (looked = 0; member != head; member = a->entries[member].next) {
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
	uint32_t slot = first_near(a), wheel;

	if (slot != NONE)
		min_ns = earliest_in(a, slot, near_tick(a, slot));
	for (wheel = 0; wheel < FAR_WHEELS; wheel++) {
		if (!a->far_words[wheel])
			continue;
		tick = first_far(a, wheel, &slot);
		ns = earliest_in(a, slot, tick);
		if (ns < min_ns)
			min_ns = ns;
	}
	/* Those overdue are not in order. */
	return min_ns > a->last_ns || min_ns == FNUMA_NEVER ? min_ns : a->earliest_ns;
}
