/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A share with both its processes, from boot to the last look.
 */
#ifndef SPLITDRIVER_SESSION_H
#define SPLITDRIVER_SESSION_H

#include "drive.h"
#include "end.h"
#include "vm.h"
#include "wheel.h"
#include "wire.h"

#include <sys/types.h>

struct session {
	const struct scenario *sc;
	const struct mode *mode;
	const struct load_config *io;
	const struct drive_options *o;
	bool flat;
	struct wire *wire;
	pid_t privvm;
	struct end end;
	struct fnuma_backend be;
	struct ports ports;
	struct vm vm;
	struct wheel wheel;
	uint64_t begun_ns, tick_ns;
	uint32_t ticks;                  /* all is done for these */
	uint32_t idle;                   /* turns in a row with nothing to do */
	uint32_t flipped, copied;        /* packets that came in */
	uint64_t bad_packets, bad_frames, checked_packets, checked_frames;
	uint64_t frames_before;          /* as end_frames_sum() */
	uint64_t pool_sum, pool_most, pool_asked;
	char error[DRIVE_ERROR_BYTES];   /* what went wrong */
};

/* Both processes, idle; `s` is zero but for the first four, and `flat`. False: s->error. */
bool session_open(struct session *s);

/* Applications start, the pool (of `pool_pages`) is made, buffers are posted, and the privVM
 * gets its first packet. */
bool session_begin(struct session *s, uint32_t pool_pages);

/* Do what is due now. `work` is false if there was nothing to do. */
bool session_turn(struct session *s, bool *work);

/* No more packets: wait for those that are out. */
bool session_end(struct session *s);

/* What is held is freed and applications exit, on both sides. Then do the books agree with
 * the kernel's, and is every page's content and place what it must be? */
bool session_settle(struct session *s);

void session_close(struct session *s);

/* A point of the layout over time, by the kernel. */
void session_sample(struct session *s, struct sample *out);

#endif
