/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A batch by bare calls: as few as a scratch swap can be made of, while the guest's limit
 * leaves room. Pages of the node behind unused frames, pause, map, copy, swap, unpause. They
 * check nothing, keep no journal, and would hang a guest with a pinned page.
 */
#ifndef LANE_BARE_H
#define LANE_BARE_H

#include "try.h"
#include <xencall.h>
#include <xenforeignmemory.h>

struct bare {
	struct try *t;
	xenforeignmemory_handle *memory;
	uint32_t domid;
	/* NULL: through libxenctrl, which copies what a call needs to memory that it gets for
	 * it. Else by calls of Xen whose arguments are in memory that is kept. */
	struct bare_calls *kept;
	void (*step)(const char *name); /* what comes now */
};

void bare_open(struct bare *b, struct try *t, bool kept, void (*step)(const char *name));
void bare_close(struct bare *b);

/* FNUMA_BATCH_MAX pages; whether all of them moved. */
bool bare_batch(struct bare *b, const fnuma_gfn *pages, fnuma_node to);

#endif /* LANE_BARE_H */
