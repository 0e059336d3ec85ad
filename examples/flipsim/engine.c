/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "engine.h"

#include "models.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ticks between two reports of progress. */
#define PROGRESS_TICKS 4096u

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint64_t engine_total_pages(const struct scenario *sc)
{
	return (uint64_t)sc->guest.count * scenario_guest_pages(sc);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100 * (double)part / (double)whole : 0;
}

/* A benchmark's memory in one guest: taken from its allocator, looked at, freed. */
static void allocate(const struct world *w, const struct vm *v, uint32_t n,
                     fnuma_gfn *pages, uint64_t *got_pages, uint64_t *remote_pages)
{
	int got = fnuma_mock_alloc(w->mock, v->domain, pages, n), i;

	if (got > 0)
		*remote_pages += vm_misplaced(v, &w->ports, pages, (uint32_t)got);
	*got_pages += got > 0 ? (uint64_t)got : 0;
	/* Backwards: the free list is last in, first out, and stays as it was. */
	for (i = 0; i < got / 2; i++) {
		fnuma_gfn page = pages[i];

		pages[i] = pages[got - 1 - i];
		pages[got - 1 - i] = page;
	}
	if (got > 0)
		fnuma_mock_free(w->mock, v->domain, pages, (uint32_t)got);
}

/* In all guests. Returns the share that is remote, and how many pages that is. */
static double benchmark(const struct world *w, double memory_mb, double *remote_pages)
{
	uint32_t n = pages_of_mb(memory_mb), i;
	uint64_t got = 0, remote = 0;
	fnuma_gfn *pages = malloc((n + 1u) * sizeof(pages[0]));

	for (i = 0; pages && i < w->n_vms; i++)
		allocate(w, &w->vms[i], n, pages, &got, &remote);
	free(pages);
	*remote_pages = (double)remote;
	return got ? (double)remote / (double)got : 0;
}

static void run_benchmarks(const struct world *w, double *fig, bool second)
{
	const struct scenario *sc = w->ports.sc;
	double access = sc->host.remote_access_percent, before, share;

	share = benchmark(w, sc->stream.memory_mb,
	                  &fig[second ? FIG_STREAM_REMOTE_ALLOCATIONS
	                              : FIG_STREAM_REMOTE_BEFORE]);
	fig[second ? FIG_STREAM_RUN2 : FIG_STREAM_RUN1] =
		stream_gbps(sc->stream.bandwidth_gbps, share, access);
	share = benchmark(w, sc->linkbench.memory_mb,
	                  second ? &fig[FIG_LINKBENCH_REMOTE_ALLOCATIONS] : &before);
	fig[second ? FIG_LINKBENCH_RUN2 : FIG_LINKBENCH_RUN1] =
		linkbench_s(sc->linkbench.time_s, sc->linkbench.memory_percent, share, access);
}

static void take_sample(struct world *w, struct sample *s)
{
	uint32_t counts[FNUMA_NODES_MAX], i, k;

	memset(s, 0, sizeof(*s));
	s->time_s = (double)w->ports.now_ns / 1e9;
	for (i = 0; i < w->n_vms; i++) {
		fnuma_mock_counts(w->mock, w->vms[i].domain, counts);
		for (k = 0; k < (uint32_t)w->ports.sc->host.nodes; k++)
			s->node_pages[k] += counts[k];
	}
	s->remote_pages = w->remote_pages;
	s->remote_most = w->remote_recent;
	w->remote_recent = w->remote_pages;
	s->pool_pages = w->ports.pool_pages;
	s->pool_used = world_pools_used(w);
	s->flips = w->ports.flips;
	s->misses = w->ports.misses;
	s->migrated = w->ports.migrated;
	s->privvm_remote_pages = world_privvm_remote(w);
}

static const char *simulate(struct world *w, const struct progress *progress,
                            struct result *out)
{
	const struct scenario *sc = w->ports.sc;
	uint64_t ticks = (uint64_t)(sc->duration_s * 1000 / sc->tick_ms + 0.5), t;
	uint64_t each = (uint64_t)(sc->sample_s * 1000 / sc->tick_ms + 0.5);
	uint64_t largest = 0;
	double sum = 0;

	each = each ? each : 1;
	out->samples = calloc(ticks / each + 3, sizeof(out->samples[0]));
	if (!out->samples)
		return "no memory for the layout over time";
	take_sample(w, &out->samples[out->n_samples++]);
	for (t = 1; t <= ticks; t++) {
		if (!world_tick(w))
			return "no memory for held pages";
		sum += (double)w->ports.pool_pages;
		largest = w->ports.pool_pages > largest ? w->ports.pool_pages : largest;
		if (t % each == 0 || t == ticks)
			take_sample(w, &out->samples[out->n_samples++]);
		if (progress->fn && t % PROGRESS_TICKS == 0)
			progress->fn(progress->cookie, (double)t / (double)ticks);
	}
	out->fig[FIG_POOL_MB_MEAN] = sum / (double)ticks / PAGES_PER_MB;
	out->fig[FIG_POOL_MB_MAX] = (double)largest / PAGES_PER_MB;
	out->fig[FIG_POOL_MB_END] =
		(double)out->samples[out->n_samples - 1].pool_pages / PAGES_PER_MB;
	return NULL;
}

/* What is known when the I/O ends. */
static void note_io(struct world *w, double *fig)
{
	const struct scenario *sc = w->ports.sc;
	uint64_t total = engine_total_pages(sc), worst = 0;
	struct fnuma_host_stats stats;
	struct io_work work = {0};
	uint32_t i;

	for (i = 0; i < w->n_vms; i++)
		worst = w->vms[i].remote_most > worst ? w->vms[i].remote_most : worst;
	fig[FIG_REMOTE_PCT_END] = percent(w->remote_pages, total);
	fig[FIG_REMOTE_PCT_MAX] = percent(w->remote_most, total);
	fig[FIG_REMOTE_PCT_WORST] = percent(worst, scenario_guest_pages(sc));
	fig[FIG_MISPLACED_PCT_END] = percent(world_misplaced(w), total);
	fig[FIG_PRIVVM_REMOTE_PCT_END] =
		percent(world_privvm_remote(w), pages_of_mb(sc->privvm.memory_mb));
	fig[FIG_FLIPS] = (double)w->ports.flips;
	fig[FIG_FLIP_MISSES] = (double)w->ports.misses;
	fig[FIG_COPIES] = (double)w->ports.copies;
	fig[FIG_DROPS] = (double)w->ports.drops;
	fig[FIG_PAGES_MIGRATED] = (double)w->ports.migrated;
	if (w->ports.host) {
		fnuma_host_stats(w->ports.host, &stats);
		fig[FIG_PASSES] = (double)stats.triggered;
	}
	fig[FIG_PRIVVM_CPU_S] = (double)fnuma_mock_spent(w->mock) / 1e9;
	work.pages = (double)(w->ports.flips + w->ports.copies);
	work.flips_ns = (double)w->ports.flips_ns;
	work.copies_ns = (double)w->ports.copies_ns;
	work.pool_pages = (double)w->ports.pooled;
	work.bursts = (double)w->ports.bursts;
	fig[FIG_IO_SLOWDOWN_PCT] = percent_more(
		io_vanilla_ns(&work, sc->cost.stack_ns, sc->cost.flip_ns, sc->cost.call_ns),
		io_page_ns(&work, sc->cost.stack_ns, sc->cost.pool_ns));
}

struct calibration {
	const struct scenario *sc;
	const struct mode *mode;
};

static const char *calibrate_one(void *cookie, const struct load_config *app,
                                 struct fnuma_calibrator *c)
{
	const struct calibration *like = cookie;
	const struct scenario *sc = like->sc;
	uint64_t ticks = (uint64_t)(sc->pool.calibrate_s * 1000 / sc->tick_ms + 0.5), t;
	uint32_t pages = pages_of_mb(sc->pool.init_mb);
	struct fnuma_sizer_sample sample = {0};
	struct world w;
	const char *error = world_boot(&w, sc, like->mode);

	if (!error)
		error = world_begin(&w, app, NULL, sc->pool.calibrate_s, pages);
	for (t = 0; t < ticks && !error; t++) {
		if (!world_tick(&w))
			error = "no memory for held pages";
		sample.now_ns = w.ports.now_ns;
		sample.size_pages = fnuma_pool_size(w.vms[0].pool);
		sample.used_pages = fnuma_pool_used(w.vms[0].pool);
		sample.misses = w.vms[0].pool_misses;
		if (fnuma_calibrator_observe(c, &sample))
			error = "the calibrator refuses a sample";
	}
	world_free(&w);
	return error;
}

const char *engine_calibrate(const struct scenario *sc, engine_calibrates one, void *cookie,
                             struct result *out)
{
	uint32_t n = sc->n_apps ? sc->n_apps : 1, a;
	struct fnuma_calibrator c;
	const char *error = NULL;
	int64_t value;

	fnuma_calibrator_init(&c);
	for (a = 0; a < n && !error; a++) {
		const struct load_config *app = sc->n_apps ? &sc->app[a] : &sc->io;
		struct fnuma_calibration found;

		fnuma_calibrator_begin(&c, a);
		error = one(cookie, app, &c);
		fnuma_calibrator_end(&c);
		fnuma_calibrator_need(&c, a, &found);
		out->needs[a].app = app->name;
		out->needs[a].pages = found.need_pages;
		out->needs[a].missed = found.missed_pages;
	}
	out->n_needs = n;
	value = fnuma_calibrator_value(&c, (uint32_t)sc->pool.margin_percent);
	if (!error && (value < 1 || value >= scenario_guest_pages(sc)))
		error = "calibration found no usable pool size";
	out->calibrated_pages = value > 0 ? (uint32_t)value : 0;
	return error;
}

static const char *run(const struct scenario *sc, const struct mode *mode,
                       const struct packets *trace, const struct progress *progress,
                       struct world *w, struct result *out)
{
	struct calibration like = {sc, mode};
	const char *error = NULL;
	double *fig = out->fig, start;

	if (mode->calibrated)
		error = engine_calibrate(sc, calibrate_one, &like, out);
	if (!error)
		error = world_boot(w, sc, mode);
	if (error)
		return error;
	run_benchmarks(w, fig, false);
	error = world_begin(w, &sc->io, trace, sc->duration_s,
	                    mode->calibrated ? out->calibrated_pages
	                                     : pages_of_mb(sc->pool.init_mb));
	start = wall_s();
	if (!error)
		error = simulate(w, progress, out);
	if (error)
		return error;
	out->io_s = wall_s() - start;
	note_io(w, fig);
	world_end(w);
	run_benchmarks(w, fig, true);
	fig[FIG_STREAM_LOSS_PCT] = -percent_more(fig[FIG_STREAM_RUN1], fig[FIG_STREAM_RUN2]);
	fig[FIG_LINKBENCH_LOSS_PCT] =
		percent_more(fig[FIG_LINKBENCH_RUN1], fig[FIG_LINKBENCH_RUN2]);
	return NULL;
}

void engine_run(const struct scenario *sc, const struct mode *mode,
                const struct packets *trace, const struct progress *progress,
                struct result *out)
{
	struct progress none = {NULL, NULL};
	struct world *w = calloc(1, sizeof(*w));
	double start = wall_s();

	memset(out, 0, sizeof(*out));
	out->mode = mode;
	out->error = "no memory";
	if (w) {
		out->error = run(sc, mode, trace, progress ? progress : &none, w, out);
		world_free(w);
		free(w);
	}
	out->fig[FIG_WALL_S] = wall_s() - start;
}
