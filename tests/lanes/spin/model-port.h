/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The port of the model's world (flipnuma/port.h says what each must do): every access to a
 * shared word is a call of the scheduler, which lets any other thread go first and, where
 * the order asked for allows it, answers a load with a value from before.
 */
#ifndef SPIN_PORT_H
#define SPIN_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void world_wrong(const char *what);
uint32_t world_load(const void *p, uint32_t bytes, bool acquire);
void world_store(void *p, uint32_t bytes, uint32_t v, bool release);
bool world_cas8(uint8_t *p, uint8_t expected, uint8_t v);
void world_lock(void);
void world_unlock(void);
void world_relax(void);

#define FNUMA_ASSERT(cond) ((cond) ? (void)0 : world_wrong("assertion: " #cond))
#define FNUMA_LIKELY(x) (x)
#define FNUMA_UNLIKELY(x) (x)
#define FNUMA_CACHE_LINE 64u

static inline uint32_t fnuma_port_load(const uint32_t *p)
{
	return world_load(p, 4, false);
}

static inline uint32_t fnuma_port_load_acquire(const uint32_t *p)
{
	return world_load(p, 4, true);
}

static inline void fnuma_port_store(uint32_t *p, uint32_t v)
{
	world_store(p, 4, v, false);
}

static inline void fnuma_port_store_release(uint32_t *p, uint32_t v)
{
	world_store(p, 4, v, true);
}

static inline uint8_t fnuma_port_load8(const uint8_t *p)
{
	return (uint8_t)world_load(p, 1, false);
}

static inline void fnuma_port_store8(uint8_t *p, uint8_t v)
{
	world_store(p, 1, v, false);
}

static inline bool fnuma_port_cas8(uint8_t *p, uint8_t expected, uint8_t v)
{
	return world_cas8(p, expected, v);
}

/* Statistics: nothing is decided by them. */
static inline void fnuma_port_write64(uint64_t *p, uint64_t v)
{
	*p = v;
}

static inline uint64_t fnuma_port_read64(const uint64_t *p)
{
	return *p;
}

static inline void fnuma_port_relax(void)
{
	world_relax();
}

typedef struct fnuma_port_lock {
	uint8_t held;
} fnuma_port_lock;

static inline void fnuma_port_lock_init(fnuma_port_lock *l)
{
	l->held = 0;
}

static inline void fnuma_port_lock_take(fnuma_port_lock *l)
{
	(void)l; /* there is but one */
	world_lock();
}

static inline void fnuma_port_lock_drop(fnuma_port_lock *l)
{
	(void)l;
	world_unlock();
}

#endif
