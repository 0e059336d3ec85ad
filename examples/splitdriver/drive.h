/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One mode on real pages: this process is the unprivVM, one that it forks the privVM.
 */
#ifndef SPLITDRIVER_DRIVE_H
#define SPLITDRIVER_DRIVE_H

#include "engine.h"
#include "stream.h"

#define DRIVE_ERROR_BYTES 256

struct drive_options {
	double flat_s;       /* how long to go flat out; 0: not at all */
	uint32_t host_flags; /* enum fnuma_linux_flag bits */
	bool any_node;       /* nobody is bound, and where pages are proves nothing */
};

/* Flat out: as many packets as the unprivVM takes, each read and given back at once. */
struct flat {
	double pages_per_s;
	double step_ns;       /* of a page: the flip, or the copy */
	double unprivvm_ns;   /* of a page: CPU time of the unprivVM's process */
	double privvm_ns;     /* ... and of the privVM's */
};

/* What a simulation does not have. */
struct driven {
	struct flat flat;
	struct stream stream[2];   /* before and after the I/O */
	uint64_t checked_packets;  /* read byte by byte */
	uint64_t checked_frames;   /* found in the page frame, or if copied in another, than the
	                              one they were written to */
};

/* Run it. `out` is filled as the simulator does, with NAN for what was not measured. False,
 * with why in `error`: it could not be run, or something was found that cannot be. */
bool drive_mode(const struct scenario *sc, const struct mode *mode,
                const struct drive_options *options, struct result *out,
                struct driven *more, char *error);

#endif
