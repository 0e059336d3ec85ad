/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "session.h"

#include "privvm.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define PATIENCE_NS (20 * SECOND)
#define TAG_OWN 0x80000000u
#define STEP_PAGES 256u
/* Turns with nothing to do, after which the privVM is looked for. */
#define LOOK_IDLE 64u

__attribute__((format(printf, 2, 3)))
static bool wrong(struct session *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!s->error[0])
		vsnprintf(s->error, sizeof(s->error), format, args);
	va_end(args);
	return false;
}

/* --- the machine: real ------------------------------------------------------------------ */

static int real_boot(void *at, const struct vm *v, uint32_t kernel_pages, fnuma_domain *out)
{
	struct end *e = &((struct session *)at)->end;

	if (v->frames != e->frames || !end_reserve(e, kernel_pages))
		return FNUMA_E_NOMEM;
	*out = fnuma_linux_share_self(e->share);
	return FNUMA_OK;
}

static int real_alloc(void *at, fnuma_domain d, fnuma_gfn *pages, uint32_t n)
{
	(void)d;
	return fnuma_linux_share_alloc(((struct session *)at)->end.share, pages, n);
}

static void real_free(void *at, fnuma_domain d, const fnuma_gfn *pages, uint32_t n)
{
	(void)d;
	fnuma_linux_share_free(((struct session *)at)->end.share, pages, n);
}

static void real_churn(void *at, fnuma_domain d, uint64_t n)
{
	(void)d;
	end_churn(&((struct session *)at)->end, n);
}

static void real_counts(void *at, fnuma_domain d, uint32_t *counts)
{
	(void)d;
	end_counts(&((struct session *)at)->end, counts);
}

static void real_nodes(void *at, fnuma_domain d, const fnuma_gfn *pages, uint32_t n,
                       fnuma_node *nodes)
{
	(void)d;
	end_nodes(&((struct session *)at)->end, pages, n, nodes);
}

static uint64_t real_spent(void *at)
{
	(void)at;
	return wall_clock();
}

/* From the pages that stay the privVM's. */
static void real_copy(void *at, fnuma_domain to, fnuma_domain from, const fnuma_gfn *pages,
                      uint32_t n)
{
	const struct session *s = at;
	uint32_t i;

	(void)to;
	(void)from;
	for (i = 0; i < n; i++)
		memcpy(fnuma_linux_share_at(s->end.share, pages[i]),
		       s->wire->slots[(s->copied + i) % WIRE_SLOTS], PAGE_BYTES);
}

static const struct machine real = {
	.boot = real_boot,
	.alloc = real_alloc,
	.free = real_free,
	.copy = real_copy,
	.churn = real_churn,
	.counts = real_counts,
	.nodes = real_nodes,
	.spent = real_spent,
};

/* --- beginning -------------------------------------------------------------------------- */

static bool privvm_lives(struct session *s)
{
	int status;

	if (s->privvm > 0 && waitpid(s->privvm, &status, WNOHANG) == 0)
		return true;
	s->privvm = 0;
	if (s->wire->error[0])
		return wrong(s, "the privVM: %s", s->wire->error);
	return wrong(s, "the privVM's process ended with status %#x", (unsigned int)status);
}

/* Until the privVM has set a count. */
static bool wait_for(struct session *s, const uint32_t *count)
{
	const uint64_t begun = wall_clock();

	while (!wire_get(count)) {
		if (!privvm_lives(s))
			return false;
		if (wall_clock() - begun > PATIENCE_NS)
			return wrong(s, "the privVM does not answer");
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	return true;
}

static bool make_share(struct session *s, int *fd)
{
	const struct fnuma_linux_config config = {.flags = s->o->host_flags};
	struct fnuma_linux_share_config share = {
		.pages = {pages_of_mb(s->sc->privvm.memory_mb), scenario_guest_pages(s->sc)},
		.node = {fnuma_node_unknown(), fnuma_node_unknown()}, .ring_pages = WIRE_SLOTS};
	struct fnuma_linux *host;
	int err;

	if (fnuma_linux_open(&config, &host, s->error, sizeof(s->error)))
		return false;
	if (!s->o->any_node) {
		share.node[0] = fnuma_node_of((uint32_t)s->sc->privvm.node);
		share.node[1] = fnuma_node_of(s->sc->guest.nodes.id[0]);
	}
	err = fnuma_linux_share_create(host, &share, fd);
	fnuma_linux_close(host);
	return err ? wrong(s, "memory of both: %s", fnuma_strerror(err)) : true;
}

static bool start_privvm(struct session *s, int fd)
{
	const struct privvm_job job = {
		.sc = s->sc, .mode = s->mode, .io = s->io, .wire = s->wire, .fd = fd,
		.host_flags = s->o->host_flags, .bind = !s->o->any_node, .flat = s->flat};

	s->privvm = fork();
	if (s->privvm == 0)
		_exit(privvm_run(&job));
	return s->privvm > 0 ? true : wrong(s, "no process: %s", strerror(errno));
}

bool session_open(struct session *s)
{
	const char *error;
	bool good;
	int fd;

	s->wire = wire_make();
	if (!s->wire)
		return wrong(s, "no memory to share");
	if (!make_share(s, &fd))
		return false;
	good = start_privvm(s, fd);
	error = good ? end_open(&s->end, s->o->host_flags, fd, 1, 0, (uint64_t)s->sc->seed,
	                        s->error) : NULL;
	close(fd);
	if (error)
		return wrong(s, "%s", error);
	if (!good || !wait_for(s, &s->wire->ready))
		return false;
	s->frames_before = end_frames_sum(&s->end);
	fnuma_linux_share_backend(s->end.share, &s->be);
	s->ports.sc = s->sc;
	s->ports.mode = s->mode;
	s->ports.machine = &real;
	s->ports.at = s;
	s->ports.be = &s->be;
	s->ports.priv = fnuma_linux_share_peer(s->end.share);
	error = ports_boot(&s->ports, 1);
	if (!error)
		error = vm_boot(&s->vm, &s->ports);
	return error ? wrong(s, "%s", error) : true;
}

static void publish(struct session *s)
{
	wire_set(&s->wire->credit, s->flipped + s->vm.ring_n);
}

bool session_begin(struct session *s, uint32_t pool_pages)
{
	const char *error;

	s->tick_ns = (uint64_t)(s->sc->tick_ms * 1e6 + 0.5);
	s->begun_ns = wall_clock();
	if (!wheel_init(&s->wheel, s->sc->tick_ms, s->io->short_percent, s->io->short_ms,
	                s->io->long_ms, (uint64_t)s->sc->seed))
		return wrong(s, "no memory for held pages");
	if (!s->flat) /* else nothing shall come between the packets */
		end_start(&s->end, pages_of_mb(s->sc->guest.app_mb));
	error = vm_make_pool(&s->vm, &s->ports, pool_pages);
	if (!error)
		error = vm_join(&s->vm, &s->ports);
	if (error)
		return wrong(s, "%s", error);
	vm_refill(&s->vm, &s->ports);
	publish(s);
	wire_set(&s->wire->go, 1);
	return true;
}

/* --- going on --------------------------------------------------------------------------- */

/* Reads packets to the last byte. Those that were flipped are where they were written, and
 * no copy is. */
static void read_packets(struct session *s, const fnuma_gfn *pages, uint32_t n, uint64_t seq,
                         bool flipped)
{
	uint64_t frame;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const void *at = fnuma_linux_share_at(s->end.share, pages[i]);

		s->bad_packets += !packet_read(at, seq + i, &frame);
		s->checked_packets++;
		if (!frame)
			continue;
		s->bad_frames += (frame_of(at) == frame) != flipped;
		s->checked_frames++;
	}
}

/* For a time, or flat out not at all. */
static bool keep(struct session *s, const fnuma_gfn *pages, uint32_t n, uint32_t own)
{
	uint32_t tags[BURST_MAX], i;

	if (s->flat) {
		vm_done_with(&s->vm, &s->ports, pages, n - own);
		vm_done_with_own(&s->vm, &s->ports, pages + (n - own), own);
		return true;
	}
	for (i = 0; i < n; i++)
		tags[i] = pages[i].n | (i < n - own ? 0 : TAG_OWN);
	return wheel_hold(&s->wheel, tags, n) ? true : wrong(s, "no memory for held pages");
}

static bool after_burst(struct session *s, const fnuma_gfn *pages, uint32_t n, uint32_t own)
{
	bool good = keep(s, pages, n, own);

	vm_refill(&s->vm, &s->ports);
	vm_resize(&s->vm, &s->ports, n);
	publish(s);
	return good;
}

static uint32_t burst_of(const struct session *s, uint32_t n)
{
	uint32_t most = (uint32_t)s->sc->burst_pages;

	most = s->vm.ring_n < most ? s->vm.ring_n : most;
	return n < most ? n : most;
}

/* Packets that the privVM has posted. */
static bool flips(struct session *s, bool *work)
{
	fnuma_gfn pages[BURST_MAX];
	uint32_t n, got, own;
	int waiting = fnuma_linux_share_waiting(s->end.share);

	if (waiting < 0)
		return wrong(s, "the share: %s", fnuma_strerror(waiting));
	n = burst_of(s, (uint32_t)waiting);
	if (!n)
		return true;
	*work = true;
	got = vm_receive(&s->vm, &s->ports, n, pages, &own);
	if (got != n || own)
		return wrong(s, "%u of %u packets could not be flipped", n - got + own, n);
	read_packets(s, pages, n, s->flipped, true);
	s->flipped += n;
	return after_burst(s, pages, n, 0);
}

/* Packets that wait to be copied: into buffers posted for that, or because there was none. */
static bool copies(struct session *s, bool *work)
{
	const uint32_t waiting = wire_get(&s->wire->slots_filled) - s->copied;
	const bool posted = s->mode->copies;
	fnuma_gfn pages[BURST_MAX];
	uint32_t n, got, own;

	n = posted ? burst_of(s, waiting) : waiting < BURST_MAX ? waiting : BURST_MAX;
	if (!n)
		return true;
	*work = true;
	if (posted)
		got = vm_receive(&s->vm, &s->ports, n, pages, &own);
	else
		own = got = vm_receive_missed(&s->vm, &s->ports, n, pages);
	read_packets(s, pages, got, s->copied, false);
	s->copied += n; /* those for which there was no memory are lost */
	wire_set(&s->wire->copied, s->copied);
	return after_burst(s, pages, got, own);
}

static void free_due(struct session *s)
{
	uint32_t due[BURST_MAX], n, i;

	while ((n = wheel_due(&s->wheel, due, BURST_MAX)) != 0)
		for (i = 0; i < n; i++) {
			const fnuma_gfn page = fnuma_gfn_of(due[i] & ~TAG_OWN);

			if (due[i] & TAG_OWN)
				vm_done_with_own(&s->vm, &s->ports, &page, 1);
			else
				vm_done_with(&s->vm, &s->ports, &page, 1);
		}
}

/* What comes with time, up to a tick. */
static void pass_ticks(struct session *s, uint32_t due)
{
	for (; s->ticks != due; s->ticks++) {
		wheel_tick(&s->wheel);
		free_due(s);
		if (s->vm.pool) {
			const uint32_t size = fnuma_pool_size(s->vm.pool);

			s->pool_sum += size;
			s->pool_most = size > s->pool_most ? size : s->pool_most;
			s->pool_asked++;
		}
	}
	s->ports.now_ns = s->ticks * s->tick_ns;
	vm_churn(&s->vm, &s->ports);
}

static void repatriate(struct session *s)
{
	struct ports *p = &s->ports;
	int moved;

	if (!p->host || fnuma_host_next(p->host, p->now_ns) > p->now_ns)
		return;
	moved = fnuma_host_step(p->host, p->now_ns, STEP_PAGES, NULL);
	p->migrated += moved > 0 ? (uint64_t)moved : 0;
}

bool session_turn(struct session *s, bool *work)
{
	const uint32_t due = wire_get(&s->wire->ticks);

	*work = false;
	if (s->flat)
		s->ports.now_ns = wall_clock() - s->begun_ns;
	if (!flips(s, work) || !copies(s, work))
		return false;
	if (*work)
		s->idle = 0;
	else if (++s->idle % LOOK_IDLE == 0 && !privvm_lives(s))
		return false;
	if (*work || s->flat)
		return true;
	/* All that came is in. */
	*work = s->ticks != due;
	pass_ticks(s, due);
	repatriate(s);
	vm_refill(&s->vm, &s->ports);
	vm_resize(&s->vm, &s->ports, 0);
	publish(s);
	wire_set(&s->wire->done, due);
	return true;
}

void session_sample(struct session *s, struct sample *out)
{
	uint32_t counts[FNUMA_NODES_MAX], i;

	memset(out, 0, sizeof(*out));
	end_counts(&s->end, counts);
	out->time_s = (double)s->ports.now_ns / 1e9;
	for (i = 0; i < SCENARIO_NODES_MAX; i++) {
		out->node_pages[i] = counts[i];
		out->remote_pages += s->vm.home_nodes >> i & 1 ? 0 : counts[i];
	}
	out->remote_most = out->remote_pages; /* nobody looked in between */
	if (s->vm.pool) {
		out->pool_pages = fnuma_pool_size(s->vm.pool);
		out->pool_used = fnuma_pool_used(s->vm.pool);
	}
	out->flips = s->ports.flips;
	out->misses = s->ports.misses;
	out->migrated = s->ports.migrated;
	out->privvm_remote_pages = wire_get(&s->wire->away_pages);
}

/* --- the end ---------------------------------------------------------------------------- */

bool session_end(struct session *s)
{
	const uint64_t begun = wall_clock();
	uint32_t idle = 0;
	bool work = true;

	wire_set(&s->wire->stop, 1);
	while (work || !wire_get(&s->wire->over)) {
		if (!session_turn(s, &work) || !privvm_lives(s))
			return false;
		if (!work)
			wire_wait(&idle, false, s->tick_ns);
		if (wall_clock() - begun > PATIENCE_NS)
			return wrong(s, "packets are out and do not come back");
	}
	return true;
}

/* Everything that was sent came, as it was sent. */
static bool packets_agree(struct session *s)
{
	const struct wire *w = s->wire;

	if (s->bad_packets)
		return wrong(s, "%llu packets did not hold what was sent",
		             (unsigned long long)s->bad_packets);
	if (s->bad_frames)
		return wrong(s, "%llu packets were in another page frame than they had to be",
		             (unsigned long long)s->bad_frames);
	if (w->posted != s->flipped || w->copies != s->copied)
		return wrong(s, "%llu packets flipped of %llu, %llu copied of %llu",
		             (unsigned long long)s->flipped, (unsigned long long)w->posted,
		             (unsigned long long)s->copied, (unsigned long long)w->copies);
	if (s->end.bad_pages || w->bad_pages)
		return wrong(s, "%llu pages of applications did not hold what was written",
		             (unsigned long long)(s->end.bad_pages + w->bad_pages));
	return true;
}

/* By the kernel: no page is lost; and if nothing moves them, each page is where it was, so
 * that as many of the one's are with the other as the other way round. */
static bool layout_agrees(struct session *s)
{
	const uint32_t home = s->sc->guest.nodes.id[0], priv = (uint32_t)s->sc->privvm.node;
	uint32_t counts[FNUMA_NODES_MAX], lost = end_counts(&s->end, counts);
	const uint64_t before = s->frames_before + s->wire->frames_before;

	if (lost || s->wire->lost_pages)
		return wrong(s, "the kernel has no node for %llu pages",
		             (unsigned long long)(lost + s->wire->lost_pages));
	if (s->ports.migrated || s->o->any_node)
		return true;
	if (counts[home] + counts[priv] != s->end.frames ||
	    counts[priv] != wire_get(&s->wire->away_pages))
		return wrong(s, "%u pages of the unprivVM are with the privVM, %u the other way "
		             "round, %u elsewhere", counts[priv], wire_get(&s->wire->away_pages),
		             s->end.frames - counts[home] - counts[priv]);
	if (before && before != end_frames_sum(&s->end) + s->wire->frames_after)
		return wrong(s, "page frames are not those of the beginning");
	return true;
}

bool session_settle(struct session *s)
{
	uint32_t turn;

	for (turn = 0; turn <= s->wheel.mask && s->wheel.held; turn++) {
		wheel_tick(&s->wheel);
		free_due(s);
	}
	end_exit(&s->end);
	return packets_agree(s) && layout_agrees(s);
}

void session_close(struct session *s)
{
	if (s->privvm > 0) {
		wire_set(&s->wire->stop, 1);
		wire_set(&s->wire->leave, 1);
		if (s->error[0])
			kill(s->privvm, SIGKILL);
		waitpid(s->privvm, NULL, 0);
	}
	vm_free(&s->vm);
	free(s->ports.host_memory);
	wheel_free(&s->wheel);
	if (s->end.host)
		end_close(&s->end);
	wire_free(s->wire);
}
