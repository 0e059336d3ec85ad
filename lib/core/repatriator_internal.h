/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The repatriator's insides: repatriator.c chooses pages and walks a pass,
 * repatriator_move.c moves what was chosen and settles what became of it.
 */
#ifndef FNUMA_CORE_REPATRIATOR_INTERNAL_H
#define FNUMA_CORE_REPATRIATOR_INTERNAL_H

#include <flipnuma/repatriator.h>

#include "books.h"
#include "clock.h"

struct fnuma_repatriator {
	struct fnuma_repatriator_config config;
	struct fnuma_repatriator_stats stats;
	struct fnuma_clock clock;
	struct books books;
	uint64_t rest_until_ns; /* 0: not resting */
	uint32_t rests_in_row;
	uint64_t full_nodes; /* homes found without memory in this pass */
	bool active;
	bool paused;
	bool gone;
	bool progress;      /* something moved, or was settled, in this pass */
	uint32_t pool_left; /* pages of the pool still to be looked at in this pass */
	uint32_t moved_in_pass;
	fnuma_gfn cursor; /* of remote pages */
	fnuma_gfn unknown_cursor;
};

/* What one step needs to hand around. */
struct step {
	struct fnuma_repatriator *r;
	struct fnuma_budget *budget;
	struct fnuma_repatriator_report *report;
	uint64_t now_ns; /* the caller's, for the trace */
	uint64_t at_ns;  /* ours */
	uint32_t max_pages;
	uint64_t look;
};

static inline bool fnuma_repat_resting(const struct fnuma_repatriator *r, uint64_t at_ns)
{
	return r->rest_until_ns && at_ns < r->rest_until_ns;
}

/* Tell the listener, of a page or of the whole domain. */
void fnuma_repat_tell(const struct step *s, enum fnuma_event_kind kind, int why,
                      fnuma_gfn page, fnuma_node from, fnuma_node to);
void fnuma_repat_tell_domain(const struct step *s, enum fnuma_event_kind kind, int why);

/* Count a failure or a skip by its reason. */
void fnuma_repat_count_reason(struct fnuma_repatriator *r, int why);

/* Rest the whole domain, longer each time until something moves. */
void fnuma_repat_rest(struct step *s, int why);

/* Ask whether the domain is still there; if not, that was the last pass. */
bool fnuma_repat_found_dead(struct step *s);

/* What stands against moving a page now: its entry in the books, or NULL. */
int fnuma_repat_objection(const struct books_entry *e, uint64_t at_ns);

/* For a sweep of the books; the cookie is the step. */
bool fnuma_repat_stale(void *cookie, const struct books_entry *e);

/* Forget the failures of these pages, or only of those that came home. */
void fnuma_repat_forget(struct fnuma_repatriator *r, const fnuma_gfn *pages, uint32_t n,
                        bool only_settled);

/* Ask where pages are, and believe it: the tracker follows. False: nobody could say. */
bool fnuma_repat_locate(struct step *s, const fnuma_gfn *pages, uint32_t n,
                        fnuma_node *nodes);

/* Move pages home, each to its own. False: nothing more should be tried in this step. */
bool fnuma_repat_move_all(struct step *s, fnuma_gfn *pages, uint32_t n);

#endif /* FNUMA_CORE_REPATRIATOR_INTERNAL_H */
