/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A process that does to its own memory what it is told: the one whose pages a test on real
 * nodes moves. What it says of its pages it knows by get_mempolicy(2), which the backend
 * does not use.
 */
#ifndef FNUMA_LINUX_PUPPET_H
#define FNUMA_LINUX_PUPPET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct puppet {
	pid_t pid;
	int socket;
	uint64_t address; /* of its memory */
	uint32_t pages;   /* of 4 KiB */
};

enum puppet_memory {
	PUPPET_SMALL = 0,  /* pages of 4 KiB */
	PUPPET_HUGE = 1,   /* transparent huge pages */
	PUPPET_HUGETLB = 2 /* pages of hugetlbfs */
};

/* Start one with so many pages, all touched on a node; each holds its number. Ends the
 * program if that does not work. */
void puppet_start(struct puppet *p, uint32_t pages, uint32_t node, enum puppet_memory what);

/* The same at another time: a process without memory yet, and then its memory. */
void puppet_start_empty(struct puppet *p);
void puppet_map(struct puppet *p, uint32_t pages, uint32_t node, enum puppet_memory what);

/* End it and take its status. A zombie is left by the first alone. */
void puppet_kill(const struct puppet *p);
void puppet_end(struct puppet *p);

/* The node its page is on; -1 if there is none. */
int puppet_node(const struct puppet *p, uint32_t page);

int puppet_read(const struct puppet *p, uint32_t page, uint64_t *value);
int puppet_write(const struct puppet *p, uint32_t page, uint64_t value);

/* Does every one of these pages hold its number? */
bool puppet_intact(const struct puppet *p, uint32_t first, uint32_t n);

/* Refer to a page from a pipe, so that it can't move; and no longer. */
int puppet_pin(const struct puppet *p, uint32_t page, bool pinned);

int puppet_unmap(const struct puppet *p, uint32_t first, uint32_t n);

/* Share all pages with a child of its own. */
int puppet_share(const struct puppet *p);

/* Become another program, which sleeps. */
int puppet_exec(const struct puppet *p);

/* Fill all that is free on a node, but for about so many pages; 0 gives it back. */
int64_t puppet_fill(const struct puppet *p, uint32_t node, uint64_t leave_pages);

#endif /* FNUMA_LINUX_PUPPET_H */
