/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the core asks of a tracker and nobody else does.
 */
#ifndef FNUMA_CORE_TRACKER_INTERNAL_H
#define FNUMA_CORE_TRACKER_INTERNAL_H

#include <flipnuma/tracker.h>

/* Pages that are not known to be at home: away, or of unknown node. For the flip path. */
uint32_t fnuma_tracker_doubtful(const struct fnuma_tracker *t);

#endif /* FNUMA_CORE_TRACKER_INTERNAL_H */
