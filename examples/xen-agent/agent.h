/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A guest's agent, to build into a program that runs in a Xen guest: it tells the privileged
 * domain which of the program's own pages may be moved, or replaced (flipnuma/xen_agent.h).
 *
 * It speaks of memory by address and finds the frames itself, in /proc/self/pagemap. So it
 * needs CAP_SYS_ADMIN and CAP_IPC_LOCK, and memory that stays behind its frames: private,
 * anonymous, not in large pages, locked, and /proc/sys/vm/compact_unevictable_allowed at 0.
 * Linux may still have a reason to move such a page (memory is taken offline, say):
 * xen_agent_check() notices; call it often. The window in between is the price of not
 * being a kernel module.
 *
 * One caller at a time for each agent.
 */
#ifndef XEN_AGENT_H
#define XEN_AGENT_H

#include <flipnuma/xen_agent.h>
#include <stddef.h>
#include <xenstore.h>

struct xen_agent;

/* Stretches of memory listed at once, at most. */
#define XEN_AGENT_STRETCHES 64

/* Publish a directory in which nothing is listed. `store` must outlive the agent. 0, or -1 with
 * errno. */
int xen_agent_open(struct xs_handle *store, struct xen_agent **out);

/* Leave: from here on nothing is listed. Fine with NULL. */
void xen_agent_close(struct xen_agent *agent);

/* List these pages (`at` at the beginning of one) as enum fnuma_xen_agent_bits says, or
 * list them no longer (FNUMA_XEN_AGENT_FIXED). What was listed overlaps with it either not
 * at all, or begins there and has as many pages. 0, or -1 with errno: EINVAL, ENOSPC (too
 * many stretches), ENOMEM, ENXIO (a page without a frame), EPERM (no right to see frames). */
int xen_agent_list(struct xen_agent *agent, void *at, size_t pages, uint32_t bits);

/* Look where everything listed is now, and whether the guest has migrated: then the agent is
 * announced again. A page that has moved within the guest is taken off the map at its old
 * frame; a movable one is listed at its new one. Returns such pages, 0 or
 * more, or -1 with errno, with nothing left listed. */
long xen_agent_check(struct xen_agent *agent);

#endif /* XEN_AGENT_H */
