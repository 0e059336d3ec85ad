/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "drive.h"

#include "session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STREAM_ROUNDS 3u
#define SLICES 10u

/* --- one session, for a time ------------------------------------------------------------ */

/* The best tenth of it counts, as the best round of STREAM's: what else runs on the machine is
 * no cost of a page. */
static bool run_flat(struct session *s, double seconds, struct flat *out)
{
	const uint64_t slice_ns = (uint64_t)(seconds * 1e9 / SLICES);
	uint64_t begun = 0, before = 0, pages;
	uint32_t idle = 0, slice = 0;
	bool work;

	while (slice < SLICES) {
		if (!session_turn(s, &work))
			return false;
		if (work)
			idle = 0;
		else
			wire_wait(&idle, true, s->tick_ns);
		if (s->ports.now_ns - begun < slice_ns)
			continue;
		pages = (uint64_t)s->flipped + s->copied;
		out->pages_per_s = fmax(out->pages_per_s, (double)(pages - before) * 1e9 /
		                                          (double)(s->ports.now_ns - begun));
		before = pages;
		begun = s->ports.now_ns;
		slice++;
	}
	return true;
}

static bool flat_out(const struct session *like, uint32_t pool_pages, struct flat *out,
                     char *error)
{
	struct session s = {.sc = like->sc, .mode = like->mode, .io = like->io, .o = like->o,
	                    .flat = true};
	uint64_t cpu;
	bool good = session_open(&s) && session_begin(&s, pool_pages);

	cpu = cpu_clock();
	good = good && run_flat(&s, s.o->flat_s, out) && session_end(&s);
	cpu = cpu_clock() - cpu;
	if (good) {
		const double pages = (double)s.flipped + (double)s.copied;

		out->step_ns = (double)(s.ports.flips_ns + s.ports.copies_ns) / pages;
		out->unprivvm_ns = (double)cpu / pages;
		out->privvm_ns = (double)s.wire->cpu_ns / pages;
	}
	good = good && session_settle(&s);
	memcpy(error, s.error, sizeof(s.error));
	session_close(&s);
	return good;
}

struct calibration {
	const struct session *like;
	char *error;
};

static const char *calibrate_one(void *cookie, const struct load_config *app,
                                 struct fnuma_calibrator *c)
{
	const struct calibration *of = cookie;
	struct session s = {.sc = of->like->sc, .mode = of->like->mode, .io = app,
	                    .o = of->like->o};
	const uint64_t ns = (uint64_t)(s.sc->pool.calibrate_s * 1e9);
	bool good = session_open(&s) && session_begin(&s, pages_of_mb(s.sc->pool.init_mb));
	struct fnuma_sizer_sample sample = {0};
	uint32_t idle = 0;
	bool work;

	while (good && s.ports.now_ns < ns) {
		good = session_turn(&s, &work);
		sample.now_ns = s.ports.now_ns;
		sample.size_pages = fnuma_pool_size(s.vm.pool);
		sample.used_pages = fnuma_pool_used(s.vm.pool);
		sample.misses = s.vm.pool_misses;
		fnuma_calibrator_observe(c, &sample);
		if (!work)
			wire_wait(&idle, false, s.tick_ns);
	}
	good = good && session_end(&s) && session_settle(&s);
	memcpy(of->error, s.error, sizeof(s.error));
	session_close(&s);
	return good ? NULL : of->error;
}

static bool calibrate(const struct session *like, struct result *out, char *error)
{
	struct calibration of = {like, error};
	const char *why = engine_calibrate(like->sc, calibrate_one, &of, out);

	if (why && why != error)
		snprintf(error, DRIVE_ERROR_BYTES, "%s", why);
	return !why;
}

/* --- STREAM ----------------------------------------------------------------------------- */

/* On pages of the unprivVM's allocator, which has them back afterwards, in their order. */
static bool benchmark(struct session *s, struct stream *out, double *remote)
{
	const uint32_t want = pages_of_mb(s->sc->stream.memory_mb) / 3 * 3;
	fnuma_gfn *pages = calloc(want + 1u, sizeof(*pages));
	double **at = calloc(want + 1u, sizeof(*at));
	int got = pages && at ? fnuma_linux_share_alloc(s->end.share, pages, want) : 0, i;
	bool good = true;

	*remote = vm_misplaced(&s->vm, &s->ports, pages, (uint32_t)got);
	for (i = 0; i < got; i++)
		at[i] = fnuma_linux_share_at(s->end.share, pages[i]);
	if (got >= 3)
		good = stream_run(at, (uint32_t)got / 3, STREAM_ROUNDS, out);
	while (got-- > 0)
		fnuma_linux_share_free(s->end.share, &pages[got], 1);
	free(pages);
	free(at);
	if (!good)
		snprintf(s->error, sizeof(s->error), "STREAM's results are wrong");
	return good;
}

/* --- one mode --------------------------------------------------------------------------- */

static bool run_io(struct session *s, struct result *out)
{
	const uint64_t ns = (uint64_t)(s->sc->duration_s * 1e9);
	const uint64_t each = (uint64_t)(s->sc->sample_s * 1e9);
	uint64_t next = each;
	uint32_t idle = 0;
	bool work;

	out->samples = calloc((size_t)(ns / each) + 3, sizeof(out->samples[0]));
	if (!out->samples)
		return false;
	session_sample(s, &out->samples[out->n_samples++]);
	while (s->ports.now_ns < ns) {
		if (!session_turn(s, &work))
			return false;
		if (s->ports.now_ns >= next) {
			session_sample(s, &out->samples[out->n_samples++]);
			while (next <= s->ports.now_ns)
				next += each;
		}
		if (!work)
			wire_wait(&idle, false, s->tick_ns);
	}
	return true;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void note_io(struct session *s, struct result *out)
{
	const struct sample *last = &out->samples[out->n_samples - 1];
	const double frames = s->end.frames;
	struct fnuma_host_stats stats = {0};
	double *fig = out->fig, most = 0;
	uint32_t i;

	for (i = 0; i < out->n_samples; i++)
		most = fmax(most, (double)out->samples[i].remote_pages);
	if (s->ports.host)
		fnuma_host_stats(s->ports.host, &stats);
	fig[FIG_REMOTE_PCT_END] = fig[FIG_MISPLACED_PCT_END] =
		percent((double)last->remote_pages, frames);
	fig[FIG_REMOTE_PCT_MAX] = fig[FIG_REMOTE_PCT_WORST] = percent(most, frames);
	fig[FIG_FLIPS] = (double)s->ports.flips;
	fig[FIG_FLIP_MISSES] = (double)s->ports.misses;
	fig[FIG_COPIES] = (double)s->ports.copies;
	fig[FIG_DROPS] = (double)(s->ports.drops + s->wire->drops);
	fig[FIG_PAGES_MIGRATED] = (double)s->ports.migrated;
	fig[FIG_PASSES] = (double)stats.triggered;
	fig[FIG_POOL_MB_MEAN] = s->pool_asked ? (double)s->pool_sum / (double)s->pool_asked /
	                                        PAGES_PER_MB : 0;
	fig[FIG_POOL_MB_MAX] = (double)s->pool_most / PAGES_PER_MB;
	fig[FIG_POOL_MB_END] = (double)last->pool_pages / PAGES_PER_MB;
	fig[FIG_PRIVVM_CPU_S] = (double)s->wire->cpu_ns / 1e9;
	fig[FIG_PRIVVM_REMOTE_PCT_END] = percent((double)last->privvm_remote_pages,
	                                         pages_of_mb(s->sc->privvm.memory_mb));
}

static bool io_and_stream(struct session *s, uint32_t pool_pages, struct result *out,
                          struct driven *more)
{
	const bool stream = s->sc->stream.memory_mb > 0;
	double *fig = out->fig;

	if (!session_open(s) ||
	    (stream && !benchmark(s, &more->stream[0], &fig[FIG_STREAM_REMOTE_BEFORE])) ||
	    !session_begin(s, pool_pages) || !run_io(s, out) || !session_end(s))
		return false;
	/* With nothing on its way, and before anything else is allocated or freed. */
	session_sample(s, &out->samples[out->n_samples++]);
	note_io(s, out);
	if (!session_settle(s) ||
	    (stream && !benchmark(s, &more->stream[1], &fig[FIG_STREAM_REMOTE_ALLOCATIONS])))
		return false;
	if (stream) {
		fig[FIG_STREAM_RUN1] = more->stream[0].gbps;
		fig[FIG_STREAM_RUN2] = more->stream[1].gbps;
		fig[FIG_STREAM_LOSS_PCT] = 100 * (1 - more->stream[1].gbps / more->stream[0].gbps);
	}
	more->checked_packets = s->checked_packets;
	more->checked_frames = s->checked_frames;
	return true;
}

bool drive_mode(const struct scenario *sc, const struct mode *mode,
                const struct drive_options *options, struct result *out,
                struct driven *more, char *error)
{
	struct session s = {.sc = sc, .mode = mode, .io = &sc->io, .o = options};
	const uint64_t begun = wall_clock();
	uint32_t pool_pages = pages_of_mb(sc->pool.init_mb), f;
	bool good = true;

	memset(out, 0, sizeof(*out));
	memset(more, 0, sizeof(*more));
	out->mode = mode;
	for (f = 0; f < FIGURES; f++)
		out->fig[f] = NAN;
	error[0] = '\0';
	if (mode->calibrated) {
		good = calibrate(&s, out, error);
		pool_pages = out->calibrated_pages;
	}
	if (good && options->flat_s > 0)
		good = flat_out(&s, pool_pages, &more->flat, error);
	if (!good)
		return false;
	good = io_and_stream(&s, pool_pages, out, more);
	memcpy(error, s.error, sizeof(s.error));
	session_close(&s);
	out->fig[FIG_WALL_S] = (double)(wall_clock() - begun) / 1e9;
	return good;
}
