/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The caller's clock, made monotonic. */
#ifndef FNUMA_CORE_CLOCK_H
#define FNUMA_CORE_CLOCK_H

#include <flipnuma/types.h>

/* One step forward counts for at most this much (13 days), so that no clock, however
 * wild, brings the library's own time near its end. */
#define FNUMA_CLOCK_STEP_MAX (UINT64_C(1) << 50)

struct fnuma_clock {
	uint64_t seen_ns; /* the caller's time when last told */
	uint64_t at_ns;   /* ours */
	bool started;
};

/* Tell the time. Ours goes on from where it was when the caller's jumps back: waits are
 * neither cut short nor frozen. */
static inline uint64_t fnuma_clock_tell(struct fnuma_clock *c, uint64_t now_ns)
{
	uint64_t step = 0;

	if (c->started && now_ns > c->seen_ns)
		step = now_ns - c->seen_ns;
	c->started = true;
	c->seen_ns = now_ns;
	c->at_ns += step < FNUMA_CLOCK_STEP_MAX ? step : FNUMA_CLOCK_STEP_MAX;
	return c->at_ns;
}

/* One of our times, on the caller's clock as last told. */
static inline uint64_t fnuma_clock_callers(const struct fnuma_clock *c, uint64_t at_ns)
{
	uint64_t wait = at_ns > c->at_ns ? at_ns - c->at_ns : 0;

	if (at_ns == FNUMA_NEVER || wait >= FNUMA_NEVER - c->seen_ns)
		return FNUMA_NEVER;
	return c->seen_ns + wait;
}

/* One of the caller's times, on our clock; one in the past is now. */
static inline uint64_t fnuma_clock_ours(const struct fnuma_clock *c, uint64_t when_ns)
{
	uint64_t wait = when_ns > c->seen_ns ? when_ns - c->seen_ns : 0;

	if (when_ns == FNUMA_NEVER || wait >= FNUMA_NEVER - c->at_ns)
		return FNUMA_NEVER;
	return c->at_ns + wait;
}

#endif /* FNUMA_CORE_CLOCK_H */
