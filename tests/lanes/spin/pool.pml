/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Two users and a resizer of one pool, in every interleaving. What they do is the pool's own
 * code (world.h); what is here is who goes next, and which value a load sees.
 */
c_decl {
	\#include "world.h"
}
c_track "&world" "sizeof(struct world)" "UnMatched"
c_track "world_digest" "sizeof(world_digest)" "Matched"

bool wrong;

#define GO(thread, choice) \
	:: atomic { \
		c_expr { world.ways[thread] > choice } -> \
		c_code { now.wrong = world_step(thread, choice); }; \
		assert(!wrong) \
	}

/* It ends when all have; that nobody can go on before is an error, a deadlock. */
active proctype scheduler()
{
	c_code { world_start(); };
	do
	GO(0, 0)
	GO(0, 1)
	GO(0, 2)
	GO(1, 0)
	GO(1, 1)
	GO(1, 2)
	GO(2, 0)
	GO(2, 1)
	GO(2, 2)
	:: c_expr { world.ended == THREADS } -> break
	od
}
