/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file port.h
 * @brief What the core asks of the world it is compiled into: locks, atomics, assertions.
 *
 * One port per world. This file is the port for gcc and clang, hosted or
 * freestanding, any architecture. A kernel or a hypervisor that wants its own
 * primitives defines `FNUMA_PORT_HEADER` (for example to `"xen-port.h"`) for the
 * library and for everything that includes its headers; that header then
 * supplies every macro, type and function documented here, with the guarantees
 * stated here.
 *
 * Atomics are on `uint32_t` (and one on `uint8_t`) only: every supported
 * platform has those without a helper library. 64-bit statistics have one writer
 * at a time and are read through fnuma_port_read64().
 */
#ifndef FLIPNUMA_PORT_H
#define FLIPNUMA_PORT_H

#ifdef FNUMA_PORT_HEADER
#include FNUMA_PORT_HEADER
#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A bug of the library itself, never of its input. Compiled out with `NDEBUG`. */
#if defined(NDEBUG)
#define FNUMA_ASSERT(cond) ((void)sizeof(cond))
#else
#define FNUMA_ASSERT(cond) ((cond) ? (void)0 : __builtin_trap())
#endif

/** @brief Branch hints. */
#define FNUMA_LIKELY(x) __builtin_expect(!!(x), 1)
/** @copydoc FNUMA_LIKELY */
#define FNUMA_UNLIKELY(x) __builtin_expect(!!(x), 0)

/** @brief Bytes that two CPUs should not both write to; a power of two. */
#define FNUMA_CACHE_LINE 64u

/** @brief A location read or written as a whole and exactly once, without ordering; private.
 *
 * A volatile access is that on every compiler and machine this port is for, and lets what
 * is around it stay in registers, which gcc's relaxed atomics do not. The thread sanitizer
 * must be told by atomics. */
#if defined(__SANITIZE_THREAD__)
#define FNUMA_PORT_READ(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define FNUMA_PORT_WRITE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FNUMA_PORT_READ(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define FNUMA_PORT_WRITE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#endif
#endif
#ifndef FNUMA_PORT_READ
#define FNUMA_PORT_READ(p) (*(const volatile __typeof__(*(p)) *)(p))
/** @copydoc FNUMA_PORT_READ */
#define FNUMA_PORT_WRITE(p, v) ((void)(*(volatile __typeof__(*(p)) *)(p) = (v)))
#endif

/** @brief Load without ordering. @param p address. @return the value. */
static inline uint32_t fnuma_port_load(const uint32_t *p)
{
	return FNUMA_PORT_READ(p);
}

/** @brief Load; nothing after it in program order moves before it. @param p address.
 * @return the value. */
static inline uint32_t fnuma_port_load_acquire(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/** @brief Store without ordering. @param p address. @param v value. */
static inline void fnuma_port_store(uint32_t *p, uint32_t v)
{
	FNUMA_PORT_WRITE(p, v);
}

/** @brief Store; nothing before it in program order moves after it. @param p address.
 * @param v value. */
static inline void fnuma_port_store_release(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/** @brief Load a byte without ordering. @param p address. @return the value. */
static inline uint8_t fnuma_port_load8(const uint8_t *p)
{
	return FNUMA_PORT_READ(p);
}

/** @brief Store a byte without ordering. @param p address. @param v value. */
static inline void fnuma_port_store8(uint8_t *p, uint8_t v)
{
	FNUMA_PORT_WRITE(p, v);
}

/** @brief Replace a byte if it still has the expected value (strong, acquire-release).
 * @param p address. @param expected value it must have. @param v new value.
 * @return true if it was replaced. */
static inline bool fnuma_port_cas8(uint8_t *p, uint8_t expected, uint8_t v)
{
	return __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_ACQ_REL,
	                                   __ATOMIC_ACQUIRE);
}

/** @brief Set a 64-bit statistic of which the caller is the only writer. @param p address.
 * @param v value. */
static inline void fnuma_port_write64(uint64_t *p, uint64_t v)
{
#if UINTPTR_MAX > 0xffffffffu
	FNUMA_PORT_WRITE(p, v);
#else
	*(volatile uint64_t *)p = v;
#endif
}

/** @brief Read a 64-bit statistic while its writer may be running.
 *
 * On 32-bit machines the value is read until two reads agree, which is exact
 * unless the writer carries into the upper half twice in between.
 * @param p address. @return the value. */
static inline uint64_t fnuma_port_read64(const uint64_t *p)
{
#if UINTPTR_MAX > 0xffffffffu
	return FNUMA_PORT_READ(p);
#else
	uint64_t v, w = *(const volatile uint64_t *)p;

	do {
		v = w;
		w = *(const volatile uint64_t *)p;
	} while (v != w);
	return v;
#endif
}

/** @brief A moment's rest in a loop that waits for another CPU, or lets it go first. */
static inline void fnuma_port_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}

/** @brief A lock held for a bounded, short time; never across a backend call. */
typedef struct fnuma_port_lock {
	uint8_t held; /**< 0 or 1 */
} fnuma_port_lock;

/** @brief Make a lock, free. @param l the lock. */
static inline void fnuma_port_lock_init(fnuma_port_lock *l)
{
	l->held = 0;
}

/** @brief Take a lock (acquire). @param l the lock. */
static inline void fnuma_port_lock_take(fnuma_port_lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			fnuma_port_relax();
	}
}

/** @brief Give a lock back (release). @param l the lock. */
static inline void fnuma_port_lock_drop(fnuma_port_lock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#ifdef __cplusplus
}
#endif

#endif /* FNUMA_PORT_HEADER */
#endif /* FLIPNUMA_PORT_H */
