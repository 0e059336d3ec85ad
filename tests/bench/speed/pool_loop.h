/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The loops of one contender. Before including this, define
 *   CONTENDER              its name
 *   HANDLE                 the type of a handle
 *   NUMBER(h)              a handle as a number
 *   TAKE(user, h, n), GIVE(user, h, n)   false if not all n; n is a constant
 *   EXCHANGE(user, h, n)   if it has that: gives h, and takes others in their place
 */
#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

typedef HANDLE handle;

#ifndef EXCHANGE
#define EXCHANGE(user, h, n) (GIVE(user, h, n) && TAKE(user, h, n))
#define HAS_SWING
#endif

#define ADD(h, n, sum) \
	do { \
		uint32_t k_; \
		for (k_ = 0; k_ < (n); k_++) \
			(sum) += NUMBER((h)[k_]); \
	} while (0)

/* POOL_IN_USE handles are in use, as packets are; the oldest go back and others come. */
#define PAIRS(n) \
	static double PASTE(CONTENDER, _b##n)(void *user) \
	{ \
		handle in_use[POOL_IN_USE], *h; \
		uint64_t sum = 0, begin; \
		uint32_t i; \
		(void)user; \
		for (i = 0; i < POOL_IN_USE; i += (n)) \
			if (!TAKE(user, in_use + i, n)) \
				speed_die("a take failed"); \
		begin = speed_now_ns(); \
		for (i = 0; i < POOL_PAIRS; i += (n)) { \
			h = in_use + i % POOL_IN_USE; \
			if (!(EXCHANGE(user, h, n))) \
				speed_die("a give or a take failed"); \
			ADD(h, n, sum); \
		} \
		begin = speed_now_ns() - begin; \
		for (i = 0; i < POOL_IN_USE; i += (n)) \
			if (!GIVE(user, in_use + i, n)) \
				speed_die("a give failed"); \
		speed_use(sum); \
		return (double)begin; \
	}
POOL_BURSTS(PAIRS)

#ifdef HAS_SWING
/* As many handles in all as in a slice of pairs. */
static double PASTE(CONTENDER, _swing)(void *user)
{
	static __thread handle h[POOL_SWING];
	uint64_t sum = 0, begin = speed_now_ns();
	uint32_t i, done;

	(void)user;
	for (done = 0; done < POOL_PAIRS; done += POOL_SWING) {
		for (i = 0; i < POOL_SWING; i += 32) {
			if (!TAKE(user, h + i, 32))
				speed_die("a take failed");
			ADD(h + i, 32, sum);
		}
		for (i = 0; i < POOL_SWING; i += 32)
			if (!GIVE(user, h + i, 32))
				speed_die("a give failed");
	}
	begin = speed_now_ns() - begin;
	speed_use(sum);
	return (double)begin;
}
#define SWING PASTE(CONTENDER, _swing)
#else
#define SWING NULL
#endif

#define A_SLICE(n) PASTE(CONTENDER, _b##n),
#define LOOPS {POOL_BURSTS(A_SLICE)}, SWING
