/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "vm.h"

#include <stdlib.h>
#include <string.h>

/* Equal ranges, one for each virtual node; the last takes what is left over. */
static void make_homes(struct vm *v, const struct scenario *sc)
{
	uint32_t i, n = sc->guest.nodes.n, each = v->frames / n;

	for (i = 0; i < n; i++) {
		v->homes[i].first = fnuma_gfn_of(i * each);
		v->homes[i].pages = i + 1 < n ? each : v->frames - i * each;
		v->homes[i].node = fnuma_node_of(sc->guest.nodes.id[i]);
		v->homes[i].weight = 1;
		v->home_nodes |= UINT64_C(1) << sc->guest.nodes.id[i];
	}
	v->n_homes = n;
}

/* What may be spent on moving pages: by the host, or by pools that have none. */
static const char *boot_budget(struct ports *p, struct fnuma_budget_limits *limits)
{
	limits->pages = (uint32_t)p->sc->migrate.budget_pages_per_s;
	limits->bytes = (uint64_t)(p->sc->migrate.budget_mb_per_s * 1048576);
	limits->time_ns = (uint64_t)(p->sc->migrate.budget_cpu_percent * 1e7);
	return fnuma_budget_init(&p->budget, limits, FNUMA_PAGE_BYTES, 0) ?
	       "the migration budget is refused" : NULL;
}

const char *ports_boot(struct ports *p, uint32_t guests)
{
	struct fnuma_host_config config = {0};
	const char *error = boot_budget(p, &config.limits);
	size_t bytes;
	int err;

	if (error || !p->mode->trigger)
		return error;
	config.backend = p->be;
	config.max_members = guests;
	config.nodes = (uint32_t)p->sc->host.nodes;
	bytes = fnuma_host_bytes(&config);
	if (bytes)
		p->host_memory = malloc(bytes);
	if (!p->host_memory)
		return "no memory for the repatriation host";
	err = fnuma_host_init(p->host_memory, bytes, &config, &p->host);
	return err ? "the migration budget is refused" : NULL;
}

const char *vm_boot(struct vm *v, struct ports *p)
{
	int err;

	memset(v, 0, sizeof(*v));
	v->frames = scenario_guest_pages(p->sc);
	make_homes(v, p->sc);
	v->ring_size = (uint32_t)p->sc->guest.ring_pages;
	v->ring = malloc(v->ring_size * sizeof(v->ring[0]));
	if (!v->ring)
		return "no memory for a ring";
	err = p->machine->boot(p->at, v, pages_of_mb(p->sc->guest.kernel_mb), &v->domain);
	return err ? fnuma_strerror(err) : NULL;
}

static const char *make_sizer(struct vm *v, const struct ports *p, uint32_t pages,
                              uint32_t max_pages)
{
	const struct fnuma_sizer_policy *policy = fnuma_sizer_find(p->mode->sizer);
	struct fnuma_sizer_params params = {0};
	int err;

	params.min_pages = (uint32_t)p->sc->pool.floor_pages;
	params.max_pages = max_pages;
	params.initial_pages = pages;
	params.window_ns = (uint64_t)(p->sc->pool.window_s * 1e9);
	params.latency_ns = (uint64_t)(p->sc->pool.latency_ms * 1e6);
	if (params.min_pages > pages)
		params.min_pages = pages;
	err = fnuma_sizer_init(&v->sizer, policy, &params);
	return err ? "the pool's sizing parameters are refused" : NULL;
}

static uint32_t pool_max(const struct scenario *sc, uint32_t pages)
{
	uint32_t max = pages_of_mb(sc->pool.max_mb > 0 ? sc->pool.max_mb
	                                               : 2 * sc->pool.init_mb);

	if (max >= scenario_guest_pages(sc))
		max = scenario_guest_pages(sc) - 1;
	return max > pages ? max : pages;
}

const char *vm_make_pool(struct vm *v, struct ports *p, uint32_t pages)
{
	struct fnuma_pool_config config = {0};
	size_t bytes;

	if (!p->mode->sizer)
		return NULL;
	config.frames = v->frames;
	config.max_pages = pool_max(p->sc, pages);
	config.caches = 1;
	config.magazine_pages = (uint32_t)p->sc->pool.magazine_pages;
	config.flags = p->sc->pool.checked > 0 ? 0 : FNUMA_POOL_TRUSTED;
	config.backend = p->be;
	config.domain = v->domain;
	config.homes = v->homes;
	config.n_homes = v->n_homes;
	bytes = fnuma_pool_bytes(&config);
	if (!bytes || posix_memalign(&v->pool_memory, FNUMA_CACHE_LINE, bytes))
		return "no memory for a pool";
	if (fnuma_pool_init(v->pool_memory, bytes, &config, &v->pool) ||
	    fnuma_pool_attach(v->pool, &v->cache))
		return "a pool cannot be made";
	v->target_pages = pages;
	v->resized_ns = p->now_ns;
	if (fnuma_pool_resize(v->pool, pages, pages, p->now_ns) < 0)
		return "a pool gets no pages";
	p->pool_pages += fnuma_pool_size(v->pool);
	return make_sizer(v, p, pages, config.max_pages);
}

const char *vm_join(struct vm *v, struct ports *p)
{
	const struct scenario *sc = p->sc;
	struct fnuma_member_config config = {0};
	double books = sc->migrate.budget_pages_per_s * sc->migrate.cooldown_s * 1.25;
	size_t bytes;
	int err;

	if (!p->host)
		return NULL;
	config.domain = v->domain;
	config.frames = v->frames;
	config.homes = v->homes;
	config.n_homes = v->n_homes;
	config.start = FNUMA_START_HOME;
	config.trigger = fnuma_trigger_find(p->mode->trigger);
	config.trigger_params.period_ns = (uint64_t)(sc->migrate.period_s * 1e9);
	config.trigger_params.amount_pages = pages_of_mb(sc->migrate.amount_mb);
	config.trigger_params.lead_pages = pages_of_mb(sc->migrate.lead_mb);
	config.trigger_params.break_even_ns = (uint64_t)(sc->migrate.break_even_s * 1e9);
	config.pool = v->pool;
	config.tuning.cooldown_ns = sc->migrate.cooldown_s > 0 ?
		(uint64_t)(sc->migrate.cooldown_s * 1e9) : UINT64_MAX;
	if (books <= 0 || books > v->frames)
		books = v->frames;
	config.books_pages = books < 1024 ? 1024 : (uint32_t)books;
	bytes = fnuma_host_member_bytes(p->host, &config);
	if (bytes)
		v->member_memory = malloc(bytes);
	if (!v->member_memory)
		return "no memory for a member of the host";
	err = fnuma_host_add(p->host, &config, v->member_memory, bytes, p->now_ns, &v->member);
	return err ? fnuma_strerror(err) : NULL;
}

void vm_free(struct vm *v)
{
	free(v->ring);
	free(v->pool_memory);
	free(v->member_memory);
}

/* Up to BURST_MAX pages to be flipped: from the pool, or from the allocator. */
static uint32_t get_pages(struct vm *v, struct ports *p, fnuma_gfn *pages, uint32_t n)
{
	int got;

	if (v->pool)
		got = fnuma_pool_take_inline(&v->cache, pages, n);
	else
		got = p->machine->alloc(p->at, v->domain, pages, n);
	if (got < 0)
		got = 0;
	if (v->pool)
		v->pool_misses += n - (uint32_t)got;
	return (uint32_t)got;
}

void vm_done_with_own(struct vm *v, struct ports *p, const fnuma_gfn *pages, uint32_t n)
{
	if (n)
		p->machine->free(p->at, v->domain, pages, n);
}

void vm_done_with(struct vm *v, struct ports *p, const fnuma_gfn *pages, uint32_t n)
{
	if (!v->pool)
		vm_done_with_own(v, p, pages, n);
	else
		fnuma_pool_give_inline(&v->cache, pages, n);
}

/* Entries up to the ring's end or, if that is nearer, `n`. */
static uint32_t span(const struct vm *v, uint32_t at, uint32_t n)
{
	return n < v->ring_size - at ? n : v->ring_size - at;
}

static void post(struct vm *v, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t tail = v->ring_head + v->ring_n, k;

	if (tail >= v->ring_size)
		tail -= v->ring_size;
	k = span(v, tail, n);
	memcpy(v->ring + tail, pages, k * sizeof(pages[0]));
	memcpy(v->ring, pages + k, (n - k) * sizeof(pages[0]));
	v->ring_n += n;
}

static uint32_t unpost(struct vm *v, fnuma_gfn *pages, uint32_t n)
{
	uint32_t k;

	if (n > v->ring_n)
		n = v->ring_n;
	k = span(v, v->ring_head, n);
	memcpy(pages, v->ring + v->ring_head, k * sizeof(pages[0]));
	memcpy(pages + k, v->ring, (n - k) * sizeof(pages[0]));
	v->ring_head += n;
	if (v->ring_head >= v->ring_size)
		v->ring_head -= v->ring_size;
	v->ring_n -= n;
	return n;
}

void vm_refill(struct vm *v, struct ports *p)
{
	fnuma_gfn pages[BURST_MAX];

	while (v->ring_n < v->ring_size) {
		uint32_t want = v->ring_size - v->ring_n, got;

		if (want > BURST_MAX)
			want = BURST_MAX;
		got = get_pages(v, p, pages, want);
		post(v, pages, got);
		if (got < want)
			break;
	}
}

/* Packets are copied into these pages. */
static void copy(struct vm *v, struct ports *p, const fnuma_gfn *pages, uint32_t n)
{
	uint64_t before = p->machine->spent(p->at);

	if (!n)
		return;
	p->machine->copy(p->at, v->domain, p->priv, pages, n);
	p->copies += n;
	p->copies_ns += p->machine->spent(p->at) - before;
}

/* Packets come in by flips. Pages that could not be flipped (the privVM has none to give)
 * go to the end of `pages`. Returns how many were. */
static uint32_t flip(struct vm *v, struct ports *p, fnuma_gfn *pages, uint32_t n)
{
	struct fnuma_result results[BURST_MAX];
	uint64_t before = p->machine->spent(p->at);
	int done = fnuma_backend_flip(p->be, v->domain, p->priv, pages, n, results);
	uint32_t i, kept = 0;

	if (done <= 0)
		return 0;
	if (p->host)
		fnuma_host_record(p->host, v->member, pages, results, n, p->now_ns);
	for (i = 0; (uint32_t)done < n && i < n; i++) {
		fnuma_gfn page = pages[i];

		if (results[i].outcome != FNUMA_DONE)
			continue;
		pages[i] = pages[kept];
		pages[kept++] = page;
	}
	if (p->sc->pool.checked > 0 && v->pool)
		fnuma_pool_received(&v->cache, pages, (uint32_t)done);
	p->flips += (uint32_t)done;
	p->flips_ns += p->machine->spent(p->at) - before;
	if (v->pool)
		p->pooled += (uint32_t)done;
	return (uint32_t)done;
}

/* They are never flipped. */
uint32_t vm_receive_missed(struct vm *v, struct ports *p, uint32_t n, fnuma_gfn *pages)
{
	int got = n && v->pool ? p->machine->alloc(p->at, v->domain, pages, n) : 0;

	if (got < 0)
		got = 0;
	copy(v, p, pages, (uint32_t)got);
	p->misses += (uint32_t)got;
	p->drops += n - (uint32_t)got;
	return (uint32_t)got;
}

uint32_t vm_receive(struct vm *v, struct ports *p, uint32_t n, fnuma_gfn *pages,
                    uint32_t *own)
{
	uint32_t posted = unpost(v, pages, n), got = posted;

	p->bursts++;
	if (p->mode->copies)
		copy(v, p, pages, posted);
	else if (posted)
		got = flip(v, p, pages, posted);
	if (got < posted) {
		post(v, pages + got, posted - got);
		p->drops += posted - got;
	}
	*own = vm_receive_missed(v, p, n - posted, pages + got);
	return got + *own;
}

void vm_send(struct vm *v, struct ports *p, uint32_t n)
{
	fnuma_gfn pages[BURST_MAX];
	uint32_t got = get_pages(v, p, pages, n), own, done = got;

	p->bursts++;
	if (p->mode->copies)
		copy(v, p, pages, got);
	else if (got)
		done = flip(v, p, pages, got);
	p->drops += got - done;
	vm_done_with(v, p, pages, got);
	own = vm_receive_missed(v, p, n - got, pages);
	vm_done_with_own(v, p, pages, own);
}

/* A pool gives up pages that are at home only. Without a repatriator, whoever resizes it
 * brings them there. */
static void bring_home(struct vm *v, struct ports *p, uint32_t n)
{
	int came;

	if (p->host)
		return;
	came = fnuma_pool_bring_home(v->pool, n, p->now_ns, &p->budget);
	if (came > 0)
		p->migrated += (uint32_t)came;
}

/* Go towards the size wanted, as far as time allows. */
static void follow(struct vm *v, struct ports *p)
{
	uint32_t size = fnuma_pool_size(v->pool), room = (uint32_t)v->resize_owed;
	int changed;

	if (size == v->target_pages || !room)
		return;
	changed = fnuma_pool_resize(v->pool, v->target_pages, room, p->now_ns);
	p->pool_pages += fnuma_pool_size(v->pool) - (uint64_t)size;
	if (changed == FNUMA_E_REMOTE)
		bring_home(v, p, room);
	if (changed <= 0)
		v->resize_owed = 0; /* not possible now: not at every flip again */
	else
		v->resize_owed -= changed;
}

/* Pages it may be resized by, for the time that has passed; idle time saves up little. */
static void earn_resize(struct vm *v, const struct ports *p)
{
	double rate = p->sc->pool.resize_pages_per_s / 1000;
	double most = rate * (p->sc->pool.latency_ms > p->sc->tick_ms ?
	                      p->sc->pool.latency_ms : p->sc->tick_ms);

	v->resize_owed += rate * (double)(p->now_ns - v->resized_ns) / 1e6;
	v->resized_ns = p->now_ns;
	if (v->resize_owed > most)
		v->resize_owed = most < 1 ? 1 : most;
}

void vm_resize(struct vm *v, struct ports *p, uint32_t flips)
{
	struct fnuma_sizer_sample sample = {0};
	struct fnuma_sizer_advice advice;

	if (!v->pool)
		return;
	earn_resize(v, p);
	sample.now_ns = p->now_ns;
	while (flips || p->now_ns >= v->ask_at_ns) {
		sample.used_pages = fnuma_pool_used(v->pool);
		if (!fnuma_sizer_due(&v->sizer, sample.used_pages, v->pool_misses, p->now_ns))
			break;
		sample.size_pages = fnuma_pool_size(v->pool);
		sample.misses = v->pool_misses;
		if (fnuma_sizer_advise(&v->sizer, &sample, &advice))
			break;
		v->target_pages = advice.target_pages;
		v->ask_at_ns = advice.ask_at_ns;
		follow(v, p);
		if (flips < 2 || v->resize_owed < 1)
			break;
		flips--;
	}
	follow(v, p);
}

void vm_churn(struct vm *v, struct ports *p)
{
	double rate = p->sc->fit.churn_pages_per_s;
	uint64_t n;

	v->churn_owed += rate * (double)(p->now_ns - v->churned_ns) / 1e9;
	v->churned_ns = p->now_ns;
	if (v->churn_owed < 1)
		return;
	n = (uint64_t)v->churn_owed;
	v->churn_owed -= (double)n;
	p->machine->churn(p->at, v->domain, n);
}

uint32_t vm_look(struct vm *v, struct ports *p)
{
	uint32_t counts[FNUMA_NODES_MAX] = {0}, home = 0, i, nodes = (uint32_t)p->sc->host.nodes;

	p->machine->counts(p->at, v->domain, counts);
	for (i = 0; i < nodes; i++)
		if (v->home_nodes >> i & 1)
			home += counts[i];
	v->remote_pages = v->frames - home;
	if (v->remote_pages > v->remote_most)
		v->remote_most = v->remote_pages;
	return v->remote_pages;
}

static fnuma_node home_of(const struct vm *v, fnuma_gfn page)
{
	uint32_t i = v->n_homes - 1;

	while (i && v->homes[i].first.n > page.n)
		i--;
	return v->homes[i].node;
}

uint32_t vm_misplaced(const struct vm *v, const struct ports *p, const fnuma_gfn *pages,
                      uint32_t n)
{
	fnuma_node nodes[256];
	uint32_t away = 0, i, k, at;

	for (at = 0; at < n; at += k) {
		k = n - at < 256 ? n - at : 256;
		p->machine->nodes(p->at, v->domain, pages + at, k, nodes);
		for (i = 0; i < k; i++)
			away += nodes[i].id != home_of(v, pages[at + i]).id;
	}
	return away;
}
