/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The privVM: a process that gets packets (it makes them up) and passes them on.
 */
#ifndef SPLITDRIVER_PRIVVM_H
#define SPLITDRIVER_PRIVVM_H

#include "modes.h"
#include "scenario.h"
#include "wire.h"

struct privvm_job {
	const struct scenario *sc;
	const struct mode *mode;
	const struct load_config *io;
	struct wire *wire;
	uint32_t host_flags;
	int fd;             /* the share's */
	bool bind;          /* to its node */
	bool flat;          /* as many packets as are taken, and not as many as `io` says */
};

/* All it does; its exit status. */
int privvm_run(const struct privvm_job *job);

#endif
