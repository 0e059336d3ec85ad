/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file agenda.h
 * @brief Who is due when: a deadline for each of many numbered members.
 *
 * A hashed timing wheel over indices: setting, moving and dropping a deadline cost a few
 * ns whatever the number of members, and a tick touches the members that are due, never
 * all of them.
 *
 * Precision: members become due at the first fnuma_agenda_pop() whose time is at or after
 * their deadline, never before it. A clock that jumps back delays nothing that was due.
 */
#ifndef FLIPNUMA_AGENDA_H
#define FLIPNUMA_AGENDA_H

#include <flipnuma/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief An agenda. Opaque; the caller's memory. */
struct fnuma_agenda;

/** @brief Bytes of memory. @param members deadlines it can hold, 1 to 2^24.
 * @return bytes, to be aligned to 8; 0 if out of range. @context Any. */
size_t fnuma_agenda_bytes(uint32_t members);

/** @brief Make an agenda, empty. @param memory aligned to 8. @param bytes its size.
 * @param members as above. @param out the agenda. @return #FNUMA_OK, #FNUMA_E_INVAL,
 *   #FNUMA_E_NOSPC. @context Any. */
int fnuma_agenda_init(void *memory, size_t bytes, uint32_t members,
                      struct fnuma_agenda **out);

/** @brief Set, move or (with #FNUMA_NEVER) drop a deadline. @param a agenda.
 * @param member `[0, members)`. @param deadline_ns when. @return #FNUMA_OK or
 *   #FNUMA_E_RANGE. @context The agenda's user. */
int fnuma_agenda_set(struct fnuma_agenda *a, uint32_t member, uint64_t deadline_ns);

/** @brief The deadline of a member. @param a agenda. @param member index.
 * @return it; #FNUMA_NEVER if none or out of range. @context The agenda's user. */
uint64_t fnuma_agenda_get(const struct fnuma_agenda *a, uint32_t member);

/** @brief Take one member that is due off the agenda. Members due at different ticks come
 *   in order of time, those of one tick in order of deadline or of setting, always the same.
 * @param a agenda. @param now_ns time. @param member filled if one is due.
 * @return true if one was due. @context The agenda's user. */
bool fnuma_agenda_pop(struct fnuma_agenda *a, uint64_t now_ns, uint32_t *member);

/** @brief When to look again: at or before the earliest deadline, never after it.
 * @param a agenda. @return a time, or #FNUMA_NEVER if nobody has a deadline. Cost: bounded
 *   by the wheel, not by the members. @context The agenda's user. */
uint64_t fnuma_agenda_next(const struct fnuma_agenda *a);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_AGENDA_H */
