/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "world.h"

#include "mocked.h"

#include <stdlib.h>
#include <string.h>

#define DUE_MAX 512u
/* Pages a step of the host may move; the budget allows fewer as a rule. */
#define STEP_PAGES 256u
/* Guests are looked after at least this often, with or without packets. */
#define UPKEEP_NS 100000000u

static const char *boot_mock(struct world *w)
{
	const struct scenario *sc = w->ports.sc;
	struct fnuma_mock_config config = {0};
	uint32_t i, k;
	int err;

	config.nodes = (uint32_t)sc->host.nodes;
	for (i = 0; i < config.nodes; i++) {
		config.node_pages[i] = (uint64_t)(sc->host.node_gb * 1024 * PAGES_PER_MB + 0.5);
		for (k = 0; k < config.nodes; k++)
			config.distance[i][k] = i == k ? 10 : 21;
	}
	config.costs.call_ns = (uint64_t)sc->cost.call_ns;
	config.costs.flip_page_ns = (uint64_t)sc->cost.flip_ns;
	config.costs.copy_page_ns = (uint64_t)sc->cost.copy_ns;
	config.costs.move_page_ns = (uint64_t)sc->cost.move_ns;
	config.costs.free_page_ns = (uint64_t)sc->cost.free_ns;
	config.costs.query_page_ns = (uint64_t)sc->cost.query_ns;
	config.costs.alloc_page_ns = (uint64_t)sc->cost.alloc_ns;
	config.costs.remote_copy_percent = (uint32_t)sc->host.remote_access_percent;
	config.seed = (uint64_t)sc->seed;
	err = fnuma_mock_create(&config, &w->mock);
	if (!err)
		err = fnuma_mock_backend(w->mock, &w->be);
	w->ports.be = &w->be;
	w->ports.machine = &mocked;
	w->ports.at = w->mock;
	return err ? fnuma_strerror(err) : NULL;
}

static const char *boot_privvm(struct world *w)
{
	const struct scenario *sc = w->ports.sc;
	struct fnuma_mock_domain_config config = {0};
	struct fnuma_home home = {{0}, 0, {0}, 1};
	int err;

	config.frames = home.pages = pages_of_mb(sc->privvm.memory_mb);
	home.node = fnuma_node_of((uint32_t)sc->privvm.node);
	config.homes = &home;
	config.n_homes = 1;
	config.app_pages = pages_of_mb(sc->privvm.app_mb);
	config.kernel_pages = pages_of_mb(sc->privvm.kernel_mb);
	config.ring_pages = (uint32_t)sc->privvm.ring_pages;
	err = fnuma_mock_domain_create(w->mock, &config, &w->ports.priv);
	return err ? fnuma_strerror(err) : NULL;
}

const char *world_boot(struct world *w, const struct scenario *sc, const struct mode *mode)
{
	const char *error;
	uint32_t i, guests = (uint32_t)sc->guest.count;

	memset(w, 0, sizeof(*w));
	w->ports.sc = sc;
	w->ports.mode = mode;
	w->tick_ns = (uint64_t)(sc->tick_ms * 1e6 + 0.5);
	rng_seed(&w->rng, (uint64_t)sc->seed, 3);
	while ((1u << w->frame_bits) < scenario_guest_pages(sc))
		w->frame_bits++;
	w->vms = calloc(guests, sizeof(w->vms[0]));
	if (!w->vms)
		return "no memory for the guests";
	error = boot_mock(w);
	if (!error)
		error = boot_privvm(w);
	for (i = 0; i < guests && !error; i++) {
		w->n_vms++;
		error = vm_boot(&w->vms[i], &w->ports);
	}
	return error ? error : ports_boot(&w->ports, guests);
}

const char *world_begin(struct world *w, const struct load_config *io,
                        const struct packets *trace, double duration_s,
                        uint32_t pool_pages)
{
	const struct scenario *sc = w->ports.sc;
	const char *error = NULL;
	uint32_t i, apps = pages_of_mb(sc->guest.app_mb);

	load_init(&w->load, io, trace, sc->tick_ms, duration_s, (uint64_t)sc->seed);
	if (!wheel_init(&w->wheel, sc->tick_ms, io->short_percent, io->short_ms, io->long_ms,
	                (uint64_t)sc->seed))
		return "no memory for held pages";
	for (i = 0; i < w->n_vms && !error; i++) {
		fnuma_mock_app_start(w->mock, w->vms[i].domain, apps);
		error = vm_make_pool(&w->vms[i], &w->ports, pool_pages);
		if (!error)
			error = vm_join(&w->vms[i], &w->ports);
		if (!error)
			vm_refill(&w->vms[i], &w->ports);
	}
	return error;
}

void world_free(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->n_vms; i++)
		vm_free(&w->vms[i]);
	free(w->vms);
	free(w->ports.host_memory);
	wheel_free(&w->wheel);
	fnuma_mock_destroy(w->mock);
	memset(w, 0, sizeof(*w));
}

static void look(struct world *w, struct vm *v)
{
	w->remote_pages -= v->remote_pages;
	w->remote_pages += vm_look(v, &w->ports);
	if (w->remote_pages > w->remote_recent)
		w->remote_recent = w->remote_pages;
}

/* How many of these pages carry the first one's tag, up to one that does not. */
static uint32_t run_of(const uint32_t *due, uint32_t n, uint32_t mask)
{
	uint32_t other = 0, i;

	for (i = 0; i < n; i++)
		other |= (due[i] ^ due[0]) & ~mask;
	if (!other) /* nearly always, if there is but one guest */
		return n;
	for (i = 1; !((due[i] ^ due[0]) & ~mask); i++)
		;
	return i;
}

/* Pages that are due, a run of one guest's at a time. */
static void free_due(struct world *w, const uint32_t *due, uint32_t n)
{
	const uint32_t mask = (1u << w->frame_bits) - 1;
	fnuma_gfn pages[DUE_MAX];
	uint32_t i, k, run;

	for (i = 0; i < n; i += run) {
		const uint32_t tag = due[i] & ~mask;
		struct vm *v = &w->vms[(tag & ~TAG_OWN) >> w->frame_bits];

		run = run_of(due + i, n - i, mask);
		for (k = 0; k < run; k++)
			pages[k] = fnuma_gfn_of(due[i + k] & mask);
		if (tag & TAG_OWN)
			vm_done_with_own(v, &w->ports, pages, run);
		else
			vm_done_with(v, &w->ports, pages, run);
	}
}

static void drain(struct world *w)
{
	uint32_t due[DUE_MAX], n;

	while ((n = wheel_due(&w->wheel, due, DUE_MAX)) != 0)
		free_due(w, due, n);
}

static bool hold(struct world *w, const struct vm *v, const fnuma_gfn *pages, uint32_t n,
                 uint32_t own)
{
	uint32_t tags[BURST_MAX], i;
	uint32_t tag = (uint32_t)(v - w->vms) << w->frame_bits;

	for (i = 0; i < n - own; i++)
		tags[i] = pages[i].n | tag;
	for (; i < n; i++)
		tags[i] = pages[i].n | tag | TAG_OWN;
	return wheel_hold(&w->wheel, tags, n);
}

static void privvm_churn(struct world *w)
{
	struct ports *p = &w->ports;
	uint64_t n;

	w->privvm_churn_owed +=
		p->sc->fit.churn_pages_per_s * w->n_vms * (double)w->tick_ns / 1e9;
	n = (uint64_t)w->privvm_churn_owed;
	if (!n)
		return;
	w->privvm_churn_owed -= (double)n;
	fnuma_mock_churn(w->mock, p->priv, n);
}

/* A burst for one of the guests. */
static struct vm *next_guest(struct world *w)
{
	return &w->vms[w->n_vms == 1 ? 0 : rng_next(&w->rng) % w->n_vms];
}

static bool receive_burst(struct world *w, uint32_t n)
{
	struct vm *v = next_guest(w);
	fnuma_gfn pages[BURST_MAX];
	uint32_t own, got;

	vm_churn(v, &w->ports);
	got = vm_receive(v, &w->ports, n, pages, &own);
	if (!hold(w, v, pages, got, own))
		return false;
	vm_refill(v, &w->ports);
	vm_resize(v, &w->ports, got);
	look(w, v);
	return true;
}

static void send_burst(struct world *w, uint32_t n)
{
	struct vm *v = next_guest(w);

	vm_churn(v, &w->ports);
	vm_send(v, &w->ports, n);
	vm_resize(v, &w->ports, n);
	look(w, v);
}

static uint32_t burst(const struct world *w, uint32_t left)
{
	uint32_t most = (uint32_t)w->ports.sc->burst_pages;

	return left < most ? left : most;
}

static bool packets(struct world *w)
{
	struct arrivals a = load_tick(&w->load);
	uint32_t n;

	for (; a.rx; a.rx -= n) {
		n = burst(w, a.rx);
		if (!receive_burst(w, n))
			return false;
	}
	for (; a.tx; a.tx -= n) {
		n = burst(w, a.tx);
		send_burst(w, n);
	}
	return true;
}

/* A share of the guests, so that each is looked after often enough. */
static void upkeep(struct world *w)
{
	uint64_t turns = UPKEEP_NS / w->tick_ns + 1, n = w->n_vms / turns + 1;

	while (n--) {
		struct vm *v = &w->vms[w->upkeep];

		vm_churn(v, &w->ports);
		vm_refill(v, &w->ports);
		vm_resize(v, &w->ports, 0);
		if (v->pool)
			look(w, v);
		if (++w->upkeep == w->n_vms)
			w->upkeep = 0;
	}
}

static void repatriate(struct world *w)
{
	struct ports *p = &w->ports;
	uint32_t i;
	int moved;

	if (!p->host || fnuma_host_next(p->host, p->now_ns) > p->now_ns)
		return;
	moved = fnuma_host_step(p->host, p->now_ns, STEP_PAGES, NULL);
	if (moved <= 0)
		return;
	p->migrated += (uint64_t)moved;
	for (i = 0; i < w->n_vms; i++)
		look(w, &w->vms[i]);
}

bool world_tick(struct world *w)
{
	bool ok;

	w->ports.now_ns += w->tick_ns;
	fnuma_mock_advance(w->mock, w->tick_ns);
	wheel_tick(&w->wheel);
	drain(w);
	privvm_churn(w);
	ok = packets(w);
	upkeep(w);
	repatriate(w);
	if (w->remote_recent > w->remote_most)
		w->remote_most = w->remote_recent;
	return ok;
}

void world_end(struct world *w)
{
	uint32_t i, turn;

	for (turn = 0; turn <= w->wheel.mask && w->wheel.held; turn++) {
		wheel_tick(&w->wheel);
		drain(w);
	}
	for (i = 0; i < w->n_vms; i++)
		fnuma_mock_app_exit(w->mock, w->vms[i].domain);
}

uint64_t world_pools_used(const struct world *w)
{
	uint64_t used = 0;
	uint32_t i;

	for (i = 0; i < w->n_vms && w->vms[i].pool; i++)
		used += fnuma_pool_used(w->vms[i].pool);
	return used;
}

uint64_t world_privvm_remote(const struct world *w)
{
	uint32_t counts[FNUMA_NODES_MAX] = {0}, i;
	uint64_t away = 0;

	fnuma_mock_counts(w->mock, w->ports.priv, counts);
	for (i = 0; i < (uint32_t)w->ports.sc->host.nodes; i++)
		if (i != (uint32_t)w->ports.sc->privvm.node)
			away += counts[i];
	return away;
}

uint64_t world_misplaced(const struct world *w)
{
	fnuma_gfn pages[DUE_MAX];
	uint64_t away = 0;
	uint32_t i, n, k;

	for (i = 0; i < w->n_vms; i++)
		for (n = 0; n < w->vms[i].frames; n += k) {
			for (k = 0; k < DUE_MAX && n + k < w->vms[i].frames; k++)
				pages[k] = fnuma_gfn_of(n + k);
			away += vm_misplaced(&w->vms[i], &w->ports, pages, k);
		}
	return away;
}
