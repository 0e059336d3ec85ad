/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/host.h>

#include "clock.h"
#include "count.h"
#include "tracker_internal.h"

#include <string.h>

#define MEMBERS_MAX     (UINT32_C(1) << 20)
#define WEIGHT_MAX      1000u
#define WEIGHT_DEFAULT  100u
#define PAGE_NS_DEFAULT 3000u
/* A round earns a member this many hundredths of a page for each unit of weight: a batch
 * of 32 for a weight of 100, so that rounds are short and batches whole. */
#define QUANTUM   32u
#define PAGE_COST 100u
/* What asking one trigger counts for in the bound of a step, and a turn at the least. */
#define ASK_WORK  64u
#define TURN_WORK 8u
#define NOBODY    UINT32_MAX

/* One member, in the caller's memory; its tracker and its repatriator follow it. */
struct member {
	struct fnuma_tracker *tracker;
	struct fnuma_repatriator *repatriator;
	struct fnuma_trigger trigger;
	fnuma_domain domain;
	uint32_t weight;
	uint32_t deficit; /* hundredths of a page it may still attempt in this round */
	uint32_t watch_pages; /* doubtful pages at which its trigger must be asked */
	bool active;          /* a pass is under way */
	bool pooled;
	bool paused;
	bool gone;
};

struct slot {
	struct member *member; /* NULL: free */
	uint32_t generation;
	/* Ring of members with a pass under way, or list of free slots. */
	uint32_t next, prev;
	bool in_ring;
};

struct fnuma_host {
	struct fnuma_host_config config;
	struct fnuma_host_stats stats;
	struct fnuma_clock clock;
	struct fnuma_budget budget;
	struct fnuma_agenda *agenda; /* in our time */
	struct slot *slots;
	uint32_t *by_domain; /* slot of the member with this backend slot, or NOBODY */
	uint32_t head;       /* of the ring: whose turn it is; NOBODY if it is empty */
	uint32_t free;
};

/* ---- making one ------------------------------------------------------------------ */

static uint64_t align8(uint64_t bytes)
{
	return (bytes + 7) & ~UINT64_C(7);
}

static int complete(struct fnuma_host_config *c)
{
	if (!c->backend || !c->max_members || c->max_members > MEMBERS_MAX || !c->nodes ||
	    c->nodes > FNUMA_NODES_MAX)
		return FNUMA_E_INVAL;
	if (!c->page_bytes)
		c->page_bytes = FNUMA_PAGE_BYTES;
	if (!c->page_ns)
		c->page_ns = PAGE_NS_DEFAULT;
	return FNUMA_OK;
}

size_t fnuma_host_bytes(const struct fnuma_host_config *config)
{
	struct fnuma_host_config c;
	uint64_t bytes;

	if (!config)
		return 0;
	c = *config;
	if (complete(&c) != FNUMA_OK)
		return 0;
	bytes = align8(sizeof(struct fnuma_host)) +
	        align8((uint64_t)c.max_members * sizeof(struct slot)) +
	        align8((uint64_t)c.max_members * sizeof(uint32_t)) +
	        fnuma_agenda_bytes(c.max_members);
	return bytes > SIZE_MAX ? 0 : (size_t)bytes;
}

static void clear_slots(struct fnuma_host *h)
{
	uint32_t i;

	for (i = 0; i < h->config.max_members; i++) {
		h->slots[i].next = i + 1 < h->config.max_members ? i + 1 : NOBODY;
		h->by_domain[i] = NOBODY;
	}
	h->free = 0;
	h->head = NOBODY;
}

int fnuma_host_init(void *memory, size_t bytes, const struct fnuma_host_config *config,
                    struct fnuma_host **out)
{
	struct fnuma_host *h = memory;
	size_t need = fnuma_host_bytes(config);
	struct fnuma_budget budget;
	struct fnuma_host_config c;
	uint8_t *at;
	int err;

	if (!memory || !out || !need || (uintptr_t)memory % 8)
		return FNUMA_E_INVAL;
	if (bytes < need)
		return FNUMA_E_NOSPC;
	c = *config;
	complete(&c);
	err = fnuma_budget_init(&budget, &c.limits, c.page_bytes, c.page_ns);
	if (err != FNUMA_OK)
		return err;
	memset(memory, 0, need);
	h->config = c;
	h->budget = budget;
	at = (uint8_t *)memory + align8(sizeof(*h));
	h->slots = (struct slot *)(void *)at;
	at += align8((uint64_t)c.max_members * sizeof(struct slot));
	h->by_domain = (uint32_t *)(void *)at;
	at += align8((uint64_t)c.max_members * sizeof(uint32_t));
	clear_slots(h);
	*out = h;
	return fnuma_agenda_init(at, fnuma_agenda_bytes(c.max_members), c.max_members,
	                         &h->agenda);
}

/* ---- the ring of passes under way ------------------------------------------------ */

static void ring_add(struct fnuma_host *h, uint32_t i)
{
	struct slot *s = &h->slots[i], *head;

	if (s->in_ring)
		return;
	s->in_ring = true;
	if (h->head == NOBODY) {
		h->head = s->next = s->prev = i;
		return;
	}
	/* Last in the round: just before whose turn it is. */
	head = &h->slots[h->head];
	s->next = h->head;
	s->prev = head->prev;
	h->slots[head->prev].next = i;
	head->prev = i;
}

static void ring_drop(struct fnuma_host *h, uint32_t i)
{
	struct slot *s = &h->slots[i];

	if (!s->in_ring)
		return;
	s->in_ring = false;
	s->member->deficit = 0;
	h->slots[s->prev].next = s->next;
	h->slots[s->next].prev = s->prev;
	if (h->head == i)
		h->head = s->next == i ? NOBODY : s->next;
}

/* ---- members --------------------------------------------------------------------- */

static struct fnuma_tracker_config tracker_config(const struct fnuma_host *h,
                                                  const struct fnuma_member_config *c)
{
	struct fnuma_tracker_config t;

	memset(&t, 0, sizeof(t));
	t.frames = c->frames;
	t.nodes = h->config.nodes;
	t.homes = c->homes;
	t.n_homes = c->n_homes;
	t.start = c->start;
	return t;
}

static struct fnuma_repatriator_config
repatriator_config(const struct fnuma_host *h, const struct fnuma_member_config *c,
                   struct fnuma_tracker *tracker)
{
	struct fnuma_repatriator_config r;

	memset(&r, 0, sizeof(r));
	r.backend = h->config.backend;
	r.domain = c->domain;
	r.tracker = tracker;
	r.pool = c->pool;
	r.books_pages = c->books_pages;
	r.tuning = c->tuning;
	r.trace = h->config.trace;
	return r;
}

/* Bytes of the three parts, 8-byte aligned each. False if one of them is invalid. */
static bool member_parts(const struct fnuma_host *h, const struct fnuma_member_config *c,
                         uint64_t parts[3])
{
	struct fnuma_tracker_config t;
	struct fnuma_repatriator_config r;

	if (!h || !c || c->weight > WEIGHT_MAX || !c->domain.generation)
		return false;
	t = tracker_config(h, c);
	r = repatriator_config(h, c, NULL);
	parts[0] = align8(sizeof(struct member));
	parts[1] = align8(fnuma_tracker_bytes(&t));
	parts[2] = fnuma_repatriator_bytes(&r);
	return parts[1] && parts[2];
}

size_t fnuma_host_member_bytes(const struct fnuma_host *host,
                               const struct fnuma_member_config *config)
{
	uint64_t parts[3], bytes;

	if (!member_parts(host, config, parts))
		return 0;
	bytes = parts[0] + parts[1] + parts[2];
	return bytes > SIZE_MAX ? 0 : (size_t)bytes;
}

static int build_member(struct fnuma_host *h, const struct fnuma_member_config *c,
                        const uint64_t parts[3], struct member *m)
{
	uint8_t *at = (uint8_t *)m + parts[0];
	struct fnuma_tracker_config t = tracker_config(h, c);
	struct fnuma_repatriator_config r;
	int err;

	memset(m, 0, sizeof(*m));
	m->domain = c->domain;
	m->weight = c->weight ? c->weight : WEIGHT_DEFAULT;
	m->pooled = c->pool != NULL;
	m->watch_pages = UINT32_MAX;
	err = fnuma_trigger_init(&m->trigger, c->trigger, &c->trigger_params,
	                         h->clock.at_ns);
	if (err != FNUMA_OK)
		return err;
	err = fnuma_tracker_init(at, parts[1], &t, &m->tracker);
	if (err != FNUMA_OK)
		return err;
	r = repatriator_config(h, c, m->tracker);
	return fnuma_repatriator_init(at + parts[1], parts[2], &r, &m->repatriator);
}

static bool is_member(const struct fnuma_host *h, fnuma_domain d)
{
	uint32_t i = d.slot < h->config.max_members ? h->by_domain[d.slot] : NOBODY;

	return i != NOBODY && h->slots[i].member &&
	       fnuma_domain_same(h->slots[i].member->domain, d);
}

static void ask(struct fnuma_host *h, uint32_t i, uint64_t now_ns);

int fnuma_host_add(struct fnuma_host *host, const struct fnuma_member_config *config,
                   void *memory, size_t bytes, uint64_t now_ns, fnuma_member *out)
{
	struct slot *s;
	uint64_t parts[3];
	uint32_t i;
	int err;

	if (!host || !memory || !out || (uintptr_t)memory % 8 ||
	    !member_parts(host, config, parts))
		return FNUMA_E_INVAL;
	if (host->free == NOBODY || bytes < parts[0] + parts[1] + parts[2])
		return FNUMA_E_NOSPC;
	if (is_member(host, config->domain))
		return FNUMA_E_IN_USE;
	fnuma_clock_tell(&host->clock, now_ns);
	err = build_member(host, config, parts, memory);
	if (err != FNUMA_OK)
		return err;
	i = host->free;
	s = &host->slots[i];
	host->free = s->next;
	s->member = memory;
	s->generation++;
	s->in_ring = false;
	if (config->domain.slot < host->config.max_members)
		host->by_domain[config->domain.slot] = i;
	fnuma_port_store(&host->stats.members, host->stats.members + 1);
	out->slot = i;
	out->generation = s->generation;
	ask(host, i, now_ns);
	return FNUMA_OK;
}

static struct slot *slot_of(const struct fnuma_host *h, fnuma_member member)
{
	struct slot *s;

	if (!h || member.slot >= h->config.max_members)
		return NULL;
	s = &h->slots[member.slot];
	return s->member && s->generation == member.generation ? s : NULL;
}

/* Why there is none. */
static int no_member(const struct fnuma_host *h)
{
	return h ? FNUMA_E_STALE : FNUMA_E_INVAL;
}

static struct member *member_of(const struct fnuma_host *h, fnuma_member member)
{
	struct slot *s = slot_of(h, member);

	return s ? s->member : NULL;
}

static void set_active(struct fnuma_host *h, struct member *m, bool active)
{
	if (m->active == active)
		return;
	m->active = active;
	fnuma_port_store(&h->stats.active, h->stats.active + (active ? 1u : ~0u));
}

int fnuma_host_remove(struct fnuma_host *host, fnuma_member member, void **memory)
{
	struct slot *s = slot_of(host, member);
	uint32_t d;

	if (!s)
		return no_member(host);
	ring_drop(host, member.slot);
	fnuma_agenda_set(host->agenda, member.slot, FNUMA_NEVER);
	set_active(host, s->member, false);
	d = s->member->domain.slot;
	if (d < host->config.max_members && host->by_domain[d] == member.slot)
		host->by_domain[d] = NOBODY;
	if (memory)
		*memory = s->member;
	s->member = NULL;
	s->next = host->free;
	host->free = member.slot;
	fnuma_port_store(&host->stats.members, host->stats.members - 1);
	return FNUMA_OK;
}

/* ---- deciding who is due --------------------------------------------------------- */

static void tell(struct fnuma_host *h, const struct member *m, enum fnuma_event_kind kind,
                 int why, uint32_t count, uint64_t now_ns)
{
	struct fnuma_event e;

	if (!h->config.trace.fn)
		return;
	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.why = why;
	e.now_ns = now_ns;
	e.domain = m->domain;
	e.page = fnuma_gfn_of(FNUMA_GFN_NONE_N);
	e.from = fnuma_node_none();
	e.to = fnuma_node_none();
	e.count = count;
	h->config.trace.fn(h->config.trace.cookie, &e);
}

/* Look at a member again at this time of ours. */
static void plan(struct fnuma_host *h, uint32_t i, uint64_t at_ns)
{
	fnuma_agenda_set(h->agenda, i, at_ns);
}

static void begin(struct fnuma_host *h, uint32_t i, uint64_t now_ns)
{
	struct member *m = h->slots[i].member;
	uint32_t remote = fnuma_repatriator_movable(m->repatriator);

	set_active(h, m, true);
	fnuma_repatriator_begin(m->repatriator);
	fnuma_trigger_pass(&m->trigger, h->clock.at_ns, remote, false);
	fnuma_count(&h->stats.triggered, 1);
	tell(h, m, FNUMA_EVENT_TRIGGER, FNUMA_OK, remote, now_ns);
	plan(h, i, FNUMA_NEVER);
	m->watch_pages = UINT32_MAX;
	ring_add(h, i);
}

/* The trigger counts what can be moved, the flip path what is not known to be at home: the
 * difference, pages given up, is added to the threshold here and not subtracted at every
 * flip. Pages out of a pool can be moved once they are given back, which nobody tells us; so
 * while there are enough of them, the trigger is asked in every window. */
static void watch_for(struct fnuma_host *h, struct member *m, uint32_t movable,
                      struct fnuma_trigger_verdict *v)
{
	const uint32_t doubtful = fnuma_tracker_doubtful(m->tracker);
	const uint32_t counted = m->pooled ? fnuma_tracker_remote(m->tracker) : doubtful;
	const uint32_t stuck = counted > movable ? counted - movable : 0;

	m->watch_pages = v->ask_at_pages > UINT32_MAX - stuck ? UINT32_MAX :
	                                                       v->ask_at_pages + stuck;
	if (m->watch_pages > doubtful || !m->pooled)
		return;
	m->watch_pages = UINT32_MAX;
	if (v->ask_at_ns - h->clock.at_ns > FNUMA_BUDGET_WINDOW_NS)
		v->ask_at_ns = h->clock.at_ns + FNUMA_BUDGET_WINDOW_NS;
}

static void ask(struct fnuma_host *h, uint32_t i, uint64_t now_ns)
{
	struct member *m = h->slots[i].member;
	uint32_t movable = fnuma_repatriator_movable(m->repatriator);
	struct fnuma_trigger_verdict verdict;

	fnuma_trigger_ask(&m->trigger, h->clock.at_ns, movable, &verdict);
	if (verdict.due && movable) {
		begin(h, i, now_ns);
		return;
	}
	if (verdict.due) { /* a pass over nothing, done with here */
		fnuma_trigger_pass(&m->trigger, h->clock.at_ns, 0, false);
		fnuma_trigger_pass(&m->trigger, h->clock.at_ns, 0, true);
		fnuma_trigger_ask(&m->trigger, h->clock.at_ns, 0, &verdict);
	}
	/* A policy that wants to be asked again at once has to wait a little. */
	if (verdict.ask_at_ns <= h->clock.at_ns)
		verdict.ask_at_ns = h->clock.at_ns + FNUMA_BUDGET_WINDOW_NS;
	watch_for(h, m, movable, &verdict);
	plan(h, i, verdict.ask_at_ns);
}

/* Leave the ring until a time of the caller's, whatever the flip path sees meanwhile. */
static void wait_until(struct fnuma_host *h, uint32_t i, uint64_t when_ns)
{
	ring_drop(h, i);
	h->slots[i].member->watch_pages = UINT32_MAX;
	plan(h, i, fnuma_clock_ours(&h->clock, when_ns));
}

/* A member came up on the agenda: it rested in a pass, or its trigger must be asked. */
static void wake(struct fnuma_host *h, uint32_t i, uint64_t now_ns)
{
	if (h->slots[i].member->active)
		ring_add(h, i);
	else
		ask(h, i, now_ns);
}

/* ---- recording ------------------------------------------------------------------- */

static void watch(struct fnuma_host *h, uint32_t i, uint64_t now_ns)
{
	const struct member *m = h->slots[i].member;

	if (FNUMA_UNLIKELY(fnuma_tracker_doubtful(m->tracker) >= m->watch_pages))
		plan(h, i, fnuma_clock_tell(&h->clock, now_ns));
}

int fnuma_host_record(struct fnuma_host *host, fnuma_member member,
                      const fnuma_gfn *pages, const struct fnuma_result *results,
                      uint32_t n, uint64_t now_ns)
{
	struct member *m = member_of(host, member);
	int done;

	if (!m)
		return no_member(host);
	done = fnuma_tracker_record(m->tracker, pages, results, n);
	if (done < 0)
		return done;
	fnuma_repatriator_flipped(m->repatriator, pages, n);
	watch(host, member.slot, now_ns);
	return done;
}

int fnuma_host_record_nodes(struct fnuma_host *host, fnuma_member member,
                            const fnuma_gfn *pages, const fnuma_node *nodes, uint32_t n,
                            uint64_t now_ns)
{
	struct member *m = member_of(host, member);
	int done;

	if (!m)
		return no_member(host);
	done = fnuma_tracker_set(m->tracker, pages, nodes, n);
	if (done < 0)
		return done;
	fnuma_repatriator_placed(m->repatriator, pages, n);
	watch(host, member.slot, now_ns);
	return done;
}

/* ---- a step ---------------------------------------------------------------------- */

static void bury(struct fnuma_host *h, uint32_t i)
{
	struct member *m = h->slots[i].member;

	m->gone = true;
	wait_until(h, i, FNUMA_NEVER);
	set_active(h, m, false);
	fnuma_count(&h->stats.deaths, 1);
}

static void end_pass(struct fnuma_host *h, uint32_t i, uint64_t next_ns, uint64_t now_ns)
{
	struct member *m = h->slots[i].member;

	set_active(h, m, false);
	fnuma_trigger_pass(&m->trigger, h->clock.at_ns,
	                   fnuma_repatriator_movable(m->repatriator), true);
	wait_until(h, i, next_ns);
	if (next_ns == FNUMA_NEVER)
		ask(h, i, now_ns);
}

/* One turn of the member whose turn it is, with at most `max` pages. Returns what it did;
 * false in `go_on` if the common budget is spent. */
static struct fnuma_repatriator_report turn(struct fnuma_host *h, uint32_t max,
                                            uint64_t now_ns, bool *go_on)
{
	struct fnuma_repatriator_report report;
	uint32_t i = h->head, quantum, n;
	struct member *m = h->slots[i].member;

	quantum = m->weight * QUANTUM;
	memset(&report, 0, sizeof(report));
	*go_on = true;
	if (m->deficit < PAGE_COST)
		m->deficit += quantum;
	n = m->deficit / PAGE_COST;
	if (n > max)
		n = max;
	if (n)
		fnuma_repatriator_step(m->repatriator, &h->budget, now_ns, n, &report);
	m->deficit -= report.attempted * PAGE_COST;
	if (report.why == FNUMA_E_GONE) {
		bury(h, i);
	} else if (report.pass_ended) {
		end_pass(h, i, report.next_ns, now_ns);
	} else if (report.why == FNUMA_E_BACKOFF) {
		wait_until(h, i, report.next_ns);
	} else if (report.why == FNUMA_E_BUDGET) {
		*go_on = false;
	} else if (m->deficit < PAGE_COST || report.attempted < n) {
		/* What is not used up is kept, but not hoarded; a page's worth may be saved
		 * up over rounds. */
		quantum = quantum > PAGE_COST ? quantum : PAGE_COST;
		if (m->deficit > quantum)
			m->deficit = quantum;
		h->head = h->slots[i].next;
	}
	return report;
}

static void account(struct fnuma_host *h, const struct fnuma_repatriator_report *report)
{
	fnuma_count(&h->stats.attempted, report->attempted);
	fnuma_count(&h->stats.moved, report->moved);
	fnuma_count(&h->stats.spent_ns, report->spent_ns);
}

static uint32_t less(uint32_t left, uint32_t work)
{
	return work < left ? left - work : 0;
}

uint64_t fnuma_host_next(struct fnuma_host *host, uint64_t now_ns)
{
	uint64_t next, budget;

	if (!host)
		return FNUMA_NEVER;
	fnuma_clock_tell(&host->clock, now_ns);
	next = fnuma_clock_callers(&host->clock, fnuma_agenda_next(host->agenda));
	if (host->head == NOBODY || next <= now_ns)
		return next < now_ns ? now_ns : next;
	budget = fnuma_budget_next(&host->budget, now_ns);
	return budget < next ? budget : next;
}

int fnuma_host_step(struct fnuma_host *host, uint64_t now_ns, uint32_t max_pages,
                    uint64_t *next_ns)
{
	uint32_t left = max_pages, moved = 0, i;
	uint64_t at;
	bool go_on = true;

	if (!host || !max_pages)
		return FNUMA_E_INVAL;
	at = fnuma_clock_tell(&host->clock, now_ns);
	fnuma_count(&host->stats.steps, 1);
	while (left && fnuma_agenda_pop(host->agenda, at, &i, 1)) {
		wake(host, i, now_ns);
		left = less(left, ASK_WORK);
	}
	/* Wakes may use up the bound, step after step: moving has its own share. */
	left = max_pages;
	while (left && go_on && host->head != NOBODY) {
		struct fnuma_repatriator_report report = turn(host, left, now_ns, &go_on);

		account(host, &report);
		moved += report.moved;
		left = less(left,
		            report.attempted > TURN_WORK ? report.attempted : TURN_WORK);
	}
	if (next_ns)
		*next_ns = fnuma_host_next(host, now_ns);
	return (int)moved;
}

/* ---- wishes ---------------------------------------------------------------------- */

int fnuma_host_kick(struct fnuma_host *host, fnuma_member member, uint64_t now_ns)
{
	struct member *m = member_of(host, member);

	if (!m)
		return no_member(host);
	if (m->gone)
		return FNUMA_E_GONE;
	if (m->paused)
		return FNUMA_E_PAUSED;
	fnuma_clock_tell(&host->clock, now_ns);
	if (!m->active)
		begin(host, member.slot, now_ns);
	return FNUMA_OK;
}

int fnuma_host_pause(struct fnuma_host *host, fnuma_member member, bool paused,
                     uint64_t now_ns)
{
	struct member *m = member_of(host, member);

	if (!m)
		return no_member(host);
	if (m->gone || m->paused == paused)
		return FNUMA_OK;
	fnuma_clock_tell(&host->clock, now_ns);
	m->paused = paused;
	fnuma_repatriator_pause(m->repatriator, paused);
	tell(host, m, FNUMA_EVENT_STATE, paused ? FNUMA_E_PAUSED : FNUMA_OK, 0, now_ns);
	if (paused)
		wait_until(host, member.slot, FNUMA_NEVER);
	else
		wake(host, member.slot, now_ns);
	return FNUMA_OK;
}

int fnuma_host_retune(struct fnuma_host *host, fnuma_member member,
                      const struct fnuma_trigger_params *params,
                      const struct fnuma_repatriator_tuning *tuning, uint32_t weight,
                      uint64_t now_ns)
{
	struct member *m = member_of(host, member);
	struct fnuma_trigger trigger;

	if (!m)
		return no_member(host);
	if (weight > WEIGHT_MAX)
		return FNUMA_E_INVAL;
	trigger = m->trigger;
	if (params && fnuma_trigger_retune(&trigger, params) != FNUMA_OK)
		return FNUMA_E_INVAL;
	if (tuning && fnuma_repatriator_retune(m->repatriator, tuning) != FNUMA_OK)
		return FNUMA_E_INVAL;
	fnuma_clock_tell(&host->clock, now_ns);
	m->trigger = trigger;
	m->weight = weight ? weight : m->weight;
	if (!m->active && !m->paused && !m->gone)
		ask(host, member.slot, now_ns);
	return FNUMA_OK;
}

int fnuma_host_set_trigger(struct fnuma_host *host, fnuma_member member,
                           const struct fnuma_trigger_policy *policy,
                           const struct fnuma_trigger_params *params, uint64_t now_ns)
{
	struct member *m = member_of(host, member);
	struct fnuma_trigger trigger;
	int err;

	if (!m)
		return no_member(host);
	err = fnuma_trigger_init(&trigger, policy, params,
	                         fnuma_clock_tell(&host->clock, now_ns));
	if (err != FNUMA_OK)
		return err;
	m->trigger = trigger;
	if (m->active)
		fnuma_trigger_pass(&m->trigger, host->clock.at_ns,
		                   fnuma_repatriator_movable(m->repatriator), false);
	else if (!m->paused && !m->gone)
		ask(host, member.slot, now_ns);
	return FNUMA_OK;
}

int fnuma_host_set_limits(struct fnuma_host *host,
                          const struct fnuma_budget_limits *limits)
{
	return host ? fnuma_budget_retune(&host->budget, limits) : FNUMA_E_INVAL;
}

struct fnuma_tracker *fnuma_host_tracker(const struct fnuma_host *host,
                                         fnuma_member member)
{
	struct member *m = member_of(host, member);

	return m ? m->tracker : NULL;
}

struct fnuma_repatriator *fnuma_host_repatriator(const struct fnuma_host *host,
                                                 fnuma_member member)
{
	struct member *m = member_of(host, member);

	return m ? m->repatriator : NULL;
}

void fnuma_host_stats(const struct fnuma_host *host, struct fnuma_host_stats *out)
{
	if (!out)
		return;
	memset(out, 0, sizeof(*out));
	if (!host)
		return;
	out->members = fnuma_port_load(&host->stats.members);
	out->active = fnuma_port_load(&host->stats.active);
	out->steps = fnuma_port_read64(&host->stats.steps);
	out->attempted = fnuma_port_read64(&host->stats.attempted);
	out->moved = fnuma_port_read64(&host->stats.moved);
	out->spent_ns = fnuma_port_read64(&host->stats.spent_ns);
	out->triggered = fnuma_port_read64(&host->stats.triggered);
	out->deaths = fnuma_port_read64(&host->stats.deaths);
}
