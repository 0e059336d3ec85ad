/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Pages of this guest that the privileged domain may map. */
#ifndef GUEST_GRANTS_H
#define GUEST_GRANTS_H

#include <stddef.h>
#include <stdint.h>

struct grants {
	int fd;
	void *pages;
	size_t n;
	uint64_t index; /* what the kernel calls them */
};

/* 0, or -1 with errno. */
int grants_open(struct grants *g, size_t n);

/* End them. 0, or -1 with errno. */
int grants_close(struct grants *g);

#endif /* GUEST_GRANTS_H */
