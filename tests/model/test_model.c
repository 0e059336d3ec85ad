/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Random operations on a whole small world - pool, caches, tracker, host, budget, on the
 * mock - against a reference that is plain enough to be right: an array with the state of
 * each page. The invariants I1 to I8 of doc/design.md are checked after each operation.
 *
 * FNUMA_SEED repeats a run, FNUMA_STEPS and FNUMA_LONG lengthen it.
 */
#include "../unit/test.h"

#include <flipnuma/host.h>
#include <flipnuma/mock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES           192u
#define POOL_MAX         64u
#define CACHES           3u
#define MAGAZINE         4u
#define BATCH            12u
#define PRIV             0u
#define BUDGET_PAGES     40u
#define COOLDOWN_NS      UINT64_C(3000000000)
#define MOVES_REMEMBERED 4096u

enum state {
	OUTSIDE,
	FREE,
	HELD,
	FLIGHT,
	USED
};

static const struct fnuma_home homes[] = {{{0}, 128, {1}, 1}, {{128}, 64, {2}, 1}};
static const struct fnuma_home priv_home[] = {{{0}, 96, {PRIV}, 1}};

static struct {
	struct fnuma_mock *mock;
	struct fnuma_backend_ops ops;
	struct fnuma_backend be;
	fnuma_domain guest, priv;
	struct fnuma_pool *pool;
	struct fnuma_pool_cache cache[CACHES];
	bool attached[CACHES];
	struct fnuma_host *host;
	fnuma_member member;
	void *pool_memory, *host_memory, *member_memory;
	uint64_t rng, now_ns, step;

	/* the reference */
	uint8_t state[FRAMES];
	bool app[FRAMES];       /* allocated by the guest for itself */
	uint64_t value[FRAMES]; /* what an application wrote */

	/* what was seen at the seam */
	uint64_t real_ns; /* time that really passed: the clock handed in may jump back */
	uint64_t move_ns[MOVES_REMEMBERED];
	uint32_t moves;
	uint64_t moved_ns[FRAMES]; /* when each page was last moved, 0: never */
	bool budgeted; /* moves now come from the host, not from fnuma_pool_bring_home() */
	uint32_t spoil_ppm;
	uint64_t done[5]; /* sums, to show that the run was not idle */
} w;

enum {
	DID_FLIP,
	DID_MOVE,
	DID_GROW,
	DID_SHRINK,
	DID_LIE
};

static uint32_t draw(uint32_t below)
{
	w.rng ^= w.rng << 13;
	w.rng ^= w.rng >> 7;
	w.rng ^= w.rng << 17;
	return (uint32_t)(w.rng >> 33) % below;
}

/* The message every failure begins with. */
#define check(cond, ...)                                                          \
	do {                                                                      \
		if (!(cond)) {                                                    \
			print_message("step %llu: ", (unsigned long long)w.step); \
			print_message(__VA_ARGS__);                               \
			print_message("\n");                                      \
			fail();                                                   \
		}                                                                 \
	} while (0)

static uint32_t home_of(uint32_t page)
{
	return page < homes[1].first.n ? homes[0].node.id : homes[1].node.id;
}

static uint32_t node_of(uint32_t page)
{
	return fnuma_mock_node(w.mock, w.guest, fnuma_gfn_of(page)).id;
}

/* ---- at the seam: what the library asks of a backend ---- */

static int spy_flip(void *cookie, fnuma_domain d, fnuma_domain peer,
                    const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		check(w.state[pages[i].n] == FLIGHT,
		      "I2: page %u flipped, not of the pool", pages[i].n);
	return fnuma_mock_ops(w.mock)->flip(cookie, d, peer, pages, n, results);
}

/* I6: within any window no more than the budget. A call refused as a whole costs nothing. */
static void note_move(void)
{
	uint64_t oldest;

	if (!w.budgeted)
		return;
	w.move_ns[w.moves % MOVES_REMEMBERED] = w.real_ns;
	w.moves++;
	if (w.moves <= BUDGET_PAGES)
		return;
	oldest = w.move_ns[(w.moves - 1 - BUDGET_PAGES) % MOVES_REMEMBERED];
	check(w.real_ns - oldest >= FNUMA_BUDGET_WINDOW_NS, "I6: %u pages within %llu ns",
	      BUDGET_PAGES + 1, (unsigned long long)(w.real_ns - oldest));
}

static int spy_move(const fnuma_gfn *pages, uint32_t n, fnuma_node to)
{
	int how = draw(1000000) < w.spoil_ppm ? (int)draw(3) : 3;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t page = pages[i].n;

		check(to.id == home_of(page), "page %u sent to node %u", page, to.id);
		check(node_of(page) != home_of(page), "I8: page %u was at home", page);
		check(!w.budgeted || !w.moved_ns[page] ||
		              w.real_ns - w.moved_ns[page] >= COOLDOWN_NS,
		      "I8: page %u moved again after %llu ns", page,
		      (unsigned long long)(w.real_ns - w.moved_ns[page]));
		if (how)
			note_move();
	}
	return how;
}

static void moved(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (node_of(pages[i].n) != home_of(pages[i].n))
			continue;
		w.done[DID_MOVE]++;
		w.moved_ns[pages[i].n] = w.budgeted ? w.real_ns : 0;
	}
}

typedef int mover(void *, fnuma_domain, const fnuma_gfn *, uint32_t, fnuma_node,
                  struct fnuma_result *, uint64_t *);

/* Faults by the caller's own hand: a whole call refused, half a batch, statuses left
 * unfilled after the deed. */
static int spoilt(mover *real, void *cookie, fnuma_domain d, const fnuma_gfn *pages,
                  uint32_t n, fnuma_node to, struct fnuma_result *results,
                  uint64_t *spent_ns)
{
	int ret;

	switch (spy_move(pages, n, to)) {
	case 0:
		return FNUMA_E_DENIED;
	case 1:
		n = n / 2;
		ret = n ? real(cookie, d, pages, n, to, results, spent_ns) : 0;
		break;
	case 2:
		ret = real(cookie, d, pages, n, to, results, spent_ns);
		memset(results, 0, n * sizeof(*results));
		break;
	default:
		ret = real(cookie, d, pages, n, to, results, spent_ns);
	}
	moved(pages, n);
	return ret;
}

static int spy_move_page(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                         fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	return spoilt(fnuma_mock_ops(w.mock)->move_page, cookie, d, pages, n, to, results,
	              spent_ns);
}

static int spy_move_free(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                         fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		check(w.state[pages[i].n] == FREE || w.state[pages[i].n] == HELD,
		      "I4: content of page %u thrown away in use", pages[i].n);
	return spoilt(fnuma_mock_ops(w.mock)->move_free, cookie, d, pages, n, to, results,
	              spent_ns);
}

static int spy_acquire(void *cookie, fnuma_domain d, fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	int i, ret = fnuma_mock_ops(w.mock)->acquire(cookie, d, pages, n, results);

	for (i = 0; i < ret; i++) {
		check(w.state[pages[i].n] == OUTSIDE, "I1: page %u acquired twice",
		      pages[i].n);
		w.state[pages[i].n] = FREE;
		w.done[DID_GROW]++;
	}
	return ret;
}

static int spy_release(void *cookie, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                       struct fnuma_result *results)
{
	int i, ret;

	for (i = 0; i < (int)n; i++) {
		uint32_t page = pages[i].n;

		check(w.state[page] == FREE, "I1: page %u released in state %u", page,
		      w.state[page]);
		check(node_of(page) == home_of(page), "I2: page %u released on node %u",
		      page, node_of(page));
	}
	ret = fnuma_mock_ops(w.mock)->release(cookie, d, pages, n, results);
	for (i = 0; i < ret; i++) {
		if (results[i].outcome != FNUMA_DONE)
			continue;
		w.state[pages[i].n] = OUTSIDE;
		w.done[DID_SHRINK]++;
	}
	return ret;
}

/* ---- making the world ---- */

static fnuma_domain make_domain(const struct fnuma_home *list, uint32_t n,
                                uint32_t frames)
{
	struct fnuma_mock_domain_config d;
	fnuma_domain out;

	memset(&d, 0, sizeof(d));
	d.frames = frames;
	d.homes = list;
	d.n_homes = n;
	assert_int_equal(fnuma_mock_domain_create(w.mock, &d, &out), 0);
	return out;
}

static void make_backend(void)
{
	struct fnuma_mock_config m;

	memset(&m, 0, sizeof(m));
	m.nodes = 3;
	m.node_pages[0] = m.node_pages[1] = m.node_pages[2] = 256;
	m.contents = true;
	m.seed = w.rng;
	assert_int_equal(fnuma_mock_create(&m, &w.mock), 0);
	w.guest = make_domain(homes, 2, FRAMES);
	w.priv = make_domain(priv_home, 1, 96);
	w.ops = *fnuma_mock_ops(w.mock);
	w.ops.flip = spy_flip;
	w.ops.acquire = spy_acquire;
	w.ops.release = spy_release;
	w.ops.move_page = spy_move_page;
	w.ops.move_free = spy_move_free;
	assert_int_equal(fnuma_backend_bind(&w.be, &w.ops, w.mock), 0);
}

static void make_pool(void)
{
	struct fnuma_pool_config c;

	memset(&c, 0, sizeof(c));
	c.frames = FRAMES;
	c.max_pages = POOL_MAX;
	c.caches = CACHES;
	c.magazine_pages = MAGAZINE;
	c.backend = &w.be;
	c.domain = w.guest;
	c.homes = homes;
	c.n_homes = 2;
	assert_int_equal(
		posix_memalign(&w.pool_memory, FNUMA_CACHE_LINE, fnuma_pool_bytes(&c)),
		0);
	assert_int_equal(
		fnuma_pool_init(w.pool_memory, fnuma_pool_bytes(&c), &c, &w.pool), 0);
}

static void make_host(void)
{
	struct fnuma_host_config h;
	struct fnuma_member_config c;

	memset(&h, 0, sizeof(h));
	h.backend = &w.be;
	h.max_members = 2;
	h.nodes = 3;
	h.limits.pages = BUDGET_PAGES;
	w.host_memory = malloc(fnuma_host_bytes(&h));
	assert_int_equal(
		fnuma_host_init(w.host_memory, fnuma_host_bytes(&h), &h, &w.host), 0);
	memset(&c, 0, sizeof(c));
	c.domain = w.guest;
	c.frames = FRAMES;
	c.homes = homes;
	c.n_homes = 2;
	c.start = FNUMA_START_HOME;
	c.trigger = fnuma_trigger_find("amount");
	c.trigger_params.amount_pages = 8;
	c.trigger_params.lead_pages = UINT32_MAX;
	c.pool = w.pool;
	c.books_pages = 256;
	c.tuning.cooldown_ns = COOLDOWN_NS;
	c.tuning.backoff_ns = 100000000;
	/* The pool brings pages home behind the tracker's back. */
	c.tuning.flags = FNUMA_REPAT_VERIFY;
	w.member_memory = malloc(fnuma_host_member_bytes(w.host, &c));
	assert_int_equal(fnuma_host_add(w.host, &c, w.member_memory,
	                                fnuma_host_member_bytes(w.host, &c), 0,
	                                &w.member),
	                 0);
}

/* ---- choosing pages ---- */

/* Up to `n` different pages in a state, from a random place on. */
static uint32_t pick(enum state state, fnuma_gfn *pages, uint32_t n)
{
	uint32_t i, found = 0, first = draw(FRAMES);

	for (i = 0; i < FRAMES && found < n; i++)
		if (w.state[(first + i) % FRAMES] == state)
			pages[found++] = fnuma_gfn_of((first + i) % FRAMES);
	return found;
}

static uint32_t pick_out(fnuma_gfn *pages, uint32_t n)
{
	uint32_t half = pick(FLIGHT, pages, n / 2);

	return half + pick(USED, pages + half, n - half);
}

static struct fnuma_pool_cache *some_cache(void)
{
	uint32_t i = draw(CACHES);

	if (!w.attached[i]) {
		assert_int_equal(fnuma_pool_attach(w.pool, &w.cache[i]), 0);
		w.attached[i] = true;
	}
	return &w.cache[i];
}

static uint32_t count(enum state state)
{
	uint32_t i, n = 0;

	for (i = 0; i < FRAMES; i++)
		n += w.state[i] == state;
	return n;
}

/* ---- operations ---- */

static void op_take(void)
{
	fnuma_gfn pages[BATCH];
	uint32_t n = 1 + draw(BATCH);
	int i, ret = fnuma_pool_take(some_cache(), pages, n);

	if (ret < 0) {
		check(ret == FNUMA_E_EMPTY || ret == FNUMA_E_STRANDED, "take: %d", ret);
		check(ret != FNUMA_E_EMPTY || count(FREE) + count(HELD) == 0,
		      "take: empty, with %u free", count(FREE));
		check(ret != FNUMA_E_STRANDED || count(FREE) + count(HELD) > 0,
		      "take: stranded, with none free");
	}
	for (i = 0; i < ret; i++) {
		check(w.state[pages[i].n] == FREE, "I1: page %u taken in state %u",
		      pages[i].n, w.state[pages[i].n]);
		w.state[pages[i].n] = FLIGHT;
	}
}

static void op_flip(void)
{
	struct fnuma_result results[BATCH];
	fnuma_gfn pages[BATCH];
	uint32_t n = pick(FLIGHT, pages, 1 + draw(BATCH)), i;

	if (!n)
		return;
	if (fnuma_backend_flip(&w.be, w.guest, w.priv, pages, n, results) < 0)
		return;
	assert_int_equal(fnuma_host_record(w.host, w.member, pages, results, n, w.now_ns),
	                 n);
	for (i = 0; i < n; i++)
		w.done[DID_FLIP] += results[i].outcome == FNUMA_DONE;
	assert_int_equal(fnuma_pool_received(some_cache(), pages, n), n);
	for (i = 0; i < n; i++)
		w.state[pages[i].n] = USED;
}

static void op_give(void)
{
	fnuma_gfn pages[BATCH];
	uint32_t n = pick_out(pages, 2 + draw(BATCH - 1)), i;

	assert_int_equal(fnuma_pool_give(some_cache(), pages, n), n);
	for (i = 0; i < n; i++)
		w.state[pages[i].n] = FREE;
}

static void op_exchange(void)
{
	fnuma_gfn in[BATCH], out[BATCH];
	uint32_t n = pick_out(in, 2 + draw(BATCH - 1)), i;

	assert_int_equal(fnuma_pool_exchange(some_cache(), in, out, n), n);
	for (i = 0; i < n; i++)
		w.state[in[i].n] = FREE;
	for (i = 0; i < n; i++) {
		check(w.state[out[i].n] == FREE, "I1: page %u exchanged in state %u",
		      out[i].n, w.state[out[i].n]);
		w.state[out[i].n] = FLIGHT;
	}
}

static int expected(const fnuma_gfn *pages, uint32_t n, bool only_flight,
                    uint32_t *offender)
{
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		*offender = pages[i].n;
		if (pages[i].n >= FRAMES)
			return FNUMA_E_RANGE;
		for (j = 0; j < i; j++)
			if (pages[j].n == pages[i].n)
				return FNUMA_E_DUPLICATE;
		if (w.state[pages[i].n] != FLIGHT &&
		    (only_flight || w.state[pages[i].n] != USED))
			return FNUMA_E_STATE;
	}
	return FNUMA_OK;
}

/* I7: a batch with whatever in it is refused for the right reason, and nothing changes. */
static void op_lie(void)
{
	struct fnuma_pool_cache *cache = some_cache();
	struct fnuma_pool_stats before, after;
	fnuma_gfn pages[BATCH], out[BATCH];
	uint32_t n = 1 + draw(BATCH), i, what = draw(3), offender = 0;
	int want, got;

	for (i = 0; i < n; i++)
		pages[i].n = draw(FRAMES + 3);
	if (n > 1 && draw(4) == 0)
		n = pick_out(pages, n);
	want = expected(pages, n, what == 2, &offender);
	if (want == FNUMA_OK)
		return;
	fnuma_pool_stats(w.pool, &before);
	got = what == 0   ? fnuma_pool_give(cache, pages, n)
	      : what == 1 ? fnuma_pool_exchange(cache, pages, out, n)
	                  : fnuma_pool_received(cache, pages, n);
	check(got == want, "I7: lie answered by %d, not %d", got, want);
	check(fnuma_pool_offender(cache).n == offender, "I7: offender %u, not %u",
	      fnuma_pool_offender(cache).n, offender);
	fnuma_pool_stats(w.pool, &after);
	check(after.refused[-want] == before.refused[-want] + 1,
	      "I7: refusal not counted");
	memcpy(after.refused, before.refused, sizeof(after.refused));
	check(!memcmp(&before, &after, sizeof(before)), "I7: a lie changed the state");
	w.done[DID_LIE]++;
}

static void op_resize(void)
{
	uint32_t before = fnuma_pool_size(w.pool);
	int ret = fnuma_pool_resize(w.pool, draw(POOL_MAX + 8), 1 + draw(40), w.now_ns);
	uint32_t after = fnuma_pool_size(w.pool);

	check(ret < 0 ? after == before
	              : (uint32_t)ret ==
	                        (after > before ? after - before : before - after),
	      "resize: %d, %u to %u", ret, before, after);
}

/* The spare way home, for who has no repatriator: outside the host's budget. */
static void op_bring_home(void)
{
	w.budgeted = false;
	fnuma_pool_bring_home(w.pool, 1 + draw(20), w.now_ns, NULL);
	w.budgeted = true;
}

static void op_hold(void)
{
	fnuma_gfn pages[BATCH];
	int i, ret = fnuma_pool_hold(w.pool,
	                             draw(2) ? FNUMA_POOL_HOME : FNUMA_POOL_MAYBE_REMOTE,
	                             pages, 1 + draw(BATCH));

	for (i = 0; i < ret; i++) {
		check(w.state[pages[i].n] == FREE, "I1: page %u held in state %u",
		      pages[i].n, w.state[pages[i].n]);
		w.state[pages[i].n] = HELD;
	}
}

static void op_unhold(void)
{
	fnuma_gfn pages[BATCH];
	fnuma_node nodes[BATCH];
	uint32_t i, n = pick(HELD, pages, 1 + draw(BATCH));

	for (i = 0; i < n; i++)
		nodes[i] = fnuma_mock_node(w.mock, w.guest, pages[i]);
	if (!n)
		return;
	assert_int_equal(fnuma_pool_unhold(w.pool, pages, nodes, n), n);
	for (i = 0; i < n; i++)
		w.state[pages[i].n] = FREE;
}

static void op_cache(void)
{
	uint32_t i = draw(CACHES);

	if (!w.attached[i])
		return;
	if (draw(2)) {
		assert_true(fnuma_pool_flush(&w.cache[i]) >= 0);
		return;
	}
	assert_int_equal(fnuma_pool_detach(&w.cache[i]), 0);
	w.attached[i] = false;
}

/* The guest's own memory: allocated, written, freed. */
static void op_app(void)
{
	fnuma_gfn page;
	uint32_t i = draw(FRAMES);

	if (w.app[i]) {
		page = fnuma_gfn_of(i);
		assert_int_equal(fnuma_mock_free(w.mock, w.guest, &page, 1), 1);
		w.app[i] = false;
	} else if (fnuma_mock_alloc(w.mock, w.guest, &page, 1) == 1) {
		check(w.state[page.n] == OUTSIDE, "I1: page %u has two owners", page.n);
		w.app[page.n] = true;
		w.value[page.n] = w.step;
		assert_int_equal(fnuma_mock_write(w.mock, w.guest, page, w.step), 0);
	}
}

static void op_time(void)
{
	uint64_t by = (uint64_t)draw(1000000) * (draw(20) ? 100 : 10000);

	/* A jump back: no time has passed, as far as anybody can tell. */
	if (draw(50) == 0) {
		w.now_ns = draw(1000000);
		return;
	}
	w.now_ns += by;
	w.real_ns += by;
}

static void op_step(void)
{
	uint64_t next;
	int ret = fnuma_host_step(w.host, w.now_ns, 1 + draw(64), &next);

	check(ret >= 0, "step: %d", ret);
}

static void op_faults(void)
{
	struct fnuma_mock_faults f;

	memset(&f, 0, sizeof(f));
	if (draw(3) == 0) {
		f.busy_ppm = draw(300000);
		f.nomem_ppm = draw(100000);
		f.half_ppm = draw(300000);
	}
	w.spoil_ppm = draw(3) ? 0 : draw(300000);
	fnuma_mock_set_faults(w.mock, &f);
}

static void op_wish(void)
{
	switch (draw(4)) {
	case 0:
		fnuma_host_pause(w.host, w.member, draw(2) != 0, w.now_ns);
		break;
	case 1:
		fnuma_host_kick(w.host, w.member, w.now_ns);
		break;
	case 2:
		fnuma_repatriator_forgive(fnuma_host_repatriator(w.host, w.member));
		break;
	default:
		fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(draw(FRAMES)), draw(3) == 0);
	}
}

/* ---- invariants ---- */

static void check_pool(void)
{
	struct fnuma_pool_stats s;

	fnuma_pool_stats(w.pool, &s);
	check(s.in_flight_pages == count(FLIGHT), "I1: %u in flight, not %u",
	      s.in_flight_pages, count(FLIGHT));
	check(s.received_pages == count(USED), "I1: %u received, not %u",
	      s.received_pages, count(USED));
	check(s.held_pages == count(HELD), "I1: %u held, not %u", s.held_pages,
	      count(HELD));
	check(s.free_pages == count(FREE) + count(HELD), "I1: %u free, not %u",
	      s.free_pages, count(FREE) + count(HELD));
	check(s.size_pages == s.free_pages + s.used_pages, "I1: %u is not %u + %u",
	      s.size_pages, s.free_pages, s.used_pages);
	check(s.size_pages <= POOL_MAX, "the pool has %u pages", s.size_pages);
	check(fnuma_pool_used(w.pool) == count(FLIGHT) + count(USED), "I1: %u used",
	      fnuma_pool_used(w.pool));
}

static void check_guest(void)
{
	uint32_t i, remote = 0;
	struct fnuma_layout layout;
	uint64_t value;

	fnuma_tracker_layout(fnuma_host_tracker(w.host, w.member), &layout);
	check(layout.node_pages[0] + layout.node_pages[1] + layout.node_pages[2] +
	                      layout.unknown_pages ==
	              FRAMES,
	      "layout does not add up");
	for (i = 0; i < FRAMES; i++) {
		bool away = node_of(i) != home_of(i);

		check(!away || w.state[i] != OUTSIDE,
		      "I2: page %u is remote and not the pool's", i);
		remote += away;
	}
	check(remote <= fnuma_pool_size(w.pool), "I2: %u remote of a pool of %u", remote,
	      fnuma_pool_size(w.pool));
	i = draw(FRAMES);
	if (!w.app[i])
		return;
	assert_int_equal(fnuma_mock_read(w.mock, w.guest, fnuma_gfn_of(i), &value), 0);
	check(value == w.value[i], "I4: page %u lost its content", i);
}

/* I3: whatever happened, without faults and with time everything free comes home, and the
 * pool can be emptied. */
static void check_progress(void)
{
	struct fnuma_pool_stats s;
	struct fnuma_mock_faults none;
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	fnuma_node nodes[FNUMA_BATCH_MAX];
	uint32_t i, n;

	memset(&none, 0, sizeof(none));
	fnuma_mock_set_faults(w.mock, &none);
	w.spoil_ppm = 0;
	for (i = 0; i < FRAMES; i++)
		fnuma_mock_pin(w.mock, w.guest, fnuma_gfn_of(i), false);
	while ((n = pick(HELD, pages, FNUMA_BATCH_MAX)) > 0) {
		for (i = 0; i < n; i++) {
			nodes[i] = fnuma_mock_node(w.mock, w.guest, pages[i]);
			w.state[pages[i].n] = FREE;
		}
		assert_int_equal(fnuma_pool_unhold(w.pool, pages, nodes, n), n);
	}
	while ((n = pick_out(pages, FNUMA_BATCH_MAX)) > 0) {
		assert_int_equal(fnuma_pool_give(some_cache(), pages, n), n);
		for (i = 0; i < n; i++)
			w.state[pages[i].n] = FREE;
	}
	for (i = 0; i < CACHES; i++)
		if (w.attached[i])
			fnuma_pool_flush(&w.cache[i]);
	fnuma_host_pause(w.host, w.member, false, w.now_ns);
	fnuma_repatriator_forgive(fnuma_host_repatriator(w.host, w.member));
	for (i = 0; i < 200; i++) {
		uint64_t next;

		w.now_ns += 200000000;
		w.real_ns += 200000000;
		fnuma_host_kick(w.host, w.member, w.now_ns);
		assert_true(fnuma_host_step(w.host, w.now_ns, 64, &next) >= 0);
	}
	fnuma_pool_stats(w.pool, &s);
	check(s.depot_remote_pages == 0, "I3: %u pages still not home",
	      s.depot_remote_pages);
	n = fnuma_pool_size(w.pool);
	check(!n || fnuma_pool_shrink(w.pool, POOL_MAX, w.now_ns) == (int)n,
	      "I3: the pool of %u cannot be emptied", n);
	check_pool();
	check_guest();
}

static void operate(void)
{
	static const struct {
		void (*op)(void);
		uint32_t weight;
	} table[] = {
		{op_take, 20},  {op_flip, 20},  {op_give, 12},      {op_exchange, 10},
		{op_lie, 12},   {op_resize, 4}, {op_bring_home, 1}, {op_hold, 3},
		{op_unhold, 4}, {op_cache, 4},  {op_app, 8},        {op_time, 8},
		{op_step, 8},   {op_faults, 1}, {op_wish, 1},
	};
	uint32_t i, at, sum = 0;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		sum += table[i].weight;
	at = draw(sum);
	for (i = 0; at >= table[i].weight; i++)
		at -= table[i].weight;
	table[i].op();
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void invariants_hold_after_each_of_many_random_operations(void **state)
{
	uint64_t steps =
		setting("FNUMA_STEPS", getenv("FNUMA_LONG") ? 20000000 : 1000000);
	char text[200];

	(void)state;
	memset(&w, 0, sizeof(w));
	w.rng = setting("FNUMA_SEED", 20190429);
	print_message("seed %llu, %llu steps\n", (unsigned long long)w.rng,
	              (unsigned long long)steps);
	w.real_ns = FNUMA_BUDGET_WINDOW_NS;
	w.budgeted = true;
	make_backend();
	make_pool();
	make_host();
	for (w.step = 1; w.step <= steps; w.step++) {
		operate();
		check_pool();
		check_guest();
		if (w.step % 50000 == 0) {
			check_progress();
			check(fnuma_mock_audit(w.mock, text, sizeof(text)), "audit: %s",
			      text);
		}
	}
	print_message(
		"%llu flips, %llu moves, %llu pages grown, %llu shrunk, %llu lies\n",
		(unsigned long long)w.done[DID_FLIP],
		(unsigned long long)w.done[DID_MOVE],
		(unsigned long long)w.done[DID_GROW],
		(unsigned long long)w.done[DID_SHRINK],
		(unsigned long long)w.done[DID_LIE]);
	assert_true(w.done[DID_FLIP] > steps / 20 && w.done[DID_MOVE] > steps / 1000 &&
	            w.done[DID_SHRINK] > steps / 1000 && w.done[DID_LIE] > steps / 50);
	fnuma_mock_destroy(w.mock);
	free(w.pool_memory);
	free(w.host_memory);
	free(w.member_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants_hold_after_each_of_many_random_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
