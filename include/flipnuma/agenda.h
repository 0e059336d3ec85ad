/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * @file agenda.h
 * @brief Who is due when: a deadline for each of many numbered members.
 *
 * A timing wheel over indices: setting, moving and dropping a deadline cost a few ns
 * whatever the number of members, and a tick touches the members that are due, never all
 * of them. A member whose deadline is more than 69 s away (less on agendas of few
 * members) is touched a few times more on the way, with the others of its stretch of time.
 *
 * Members become due at the first fnuma_agenda_pop() whose time is at or after their
 * deadline, never before it.
 *
 * A clock that jumps back takes the deadlines with it: what was due stays due, and what
 * had ten seconds to go still has ten seconds to go. fnuma_agenda_pop() is where the
 * agenda hears the time; a deadline set after the jump but before the next pop is taken to
 * be on the old clock, and so comes early, never late. Less than a tick (8.4 ms) back, and
 * the clock is taken to stand still until it has caught up. A jump costs a look at every
 * member, once.
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

/** @brief Take members that are due off the agenda.
 * @param a agenda. @param now_ns time. @param members filled. @param max members to take.
 * @return members taken; fewer than `max` if nobody else is due. @context The agenda's
 *   user. Work is bounded by `max` and the members that share a tick with the last of them.
 *
 * Members due at different ticks of 8.4 ms come in order of time; those of one tick as a
 * rule in order of setting, and always the same after the same calls. One that is overdue
 * when it is set counts as due at the last pop, so a member that asks again and again
 * keeps nobody else from being taken. */
uint32_t fnuma_agenda_pop(struct fnuma_agenda *a, uint64_t now_ns, uint32_t *members,
                          uint32_t max);

/** @brief When to look again: the earliest deadline or, where more than 16 members share
 *   its tick, at most a tick before it (more if it is beyond 69 s). Never after it. 0, at
 *   once, if somebody was due at the last pop already.
 * @param a agenda. @return a time, or #FNUMA_NEVER if nobody has a deadline.
 * @context The agenda's user. Cost: bounded by the wheel, not by the members. */
uint64_t fnuma_agenda_next(const struct fnuma_agenda *a);

#ifdef __cplusplus
}
#endif

#endif /* FLIPNUMA_AGENDA_H */
