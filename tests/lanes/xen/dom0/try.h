/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the scenarios share: a connection of the library, one beside it that has nothing to
 * do with the library, guests, and results in TAP.
 */
#ifndef LANE_TRY_H
#define LANE_TRY_H

#include <flipnuma/xen.h>
#include <stdbool.h>
#include <stdint.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "referee.h"

struct guest {
	uint32_t domid;
	fnuma_domain domain;
	fnuma_gfn *pages; /* what its agent lists as movable */
	uint32_t n;
	fnuma_node home;
};

struct
try {
	xc_interface *xc;
	struct xs_handle *store;
	struct fnuma_xen *x;
	struct fnuma_backend be;
	struct count before;
	uint64_t pause_bound_ns; /* 0: that of an emulated machine */
	const char *migrate;     /* as the library has it */
	uint64_t nodes_age_ns;   /* as the library has it */
	bool quiet;              /* what the backend says is not shown */
	struct guest guest[2];   /* those named on the command line */
	uint32_t guests;
};

struct scenario {
	const char *name;
	uint32_t guests; /* it needs */
	void (*run)(struct try *t);
};

extern const struct scenario scenario_balloon, scenario_conformance, scenario_ended,
	scenario_full, scenario_held, scenario_hvm, scenario_interrupted, scenario_killed,
	scenario_live, scenario_migrate, scenario_naive, scenario_pinned, scenario_policy,
	scenario_pv, scenario_speed, scenario_two;

/* ------------------------------------------------------------ results */

/* One result; returns whether it is good. */
bool check(bool good, const char *name, ...) __attribute__((format(printf, 2, 3)));
/* No result was bad so far. */
bool all_good(void);
/* What the reader may want to know. */
void note(const char *text, ...) __attribute__((format(printf, 1, 2)));
/* End the program, with a result that says so, for want of what no test can do without. */
void need(bool there, const char *what);

double seconds_now(void);

/* ------------------------------------------------------------ the library */

/* Connect, with the pause bound of an emulated machine. `step` may be NULL. */
void library_open(struct try *t,
                  void (*step)(void *cookie, const char *name, uint64_t number),
                  void *cookie);
/* Attach a guest, and take what its agent lists. */
void library_attach(struct try *t, struct guest *g);
void library_detach(struct try *t, struct guest *g);
void library_close(struct try *t);

/* What its agent lists now. */
void library_look_again(struct try *t, struct guest *g);

/* Move pages, batch by batch; a passing refusal is tried again. Returns how many were done;
 * `reason` (may be NULL) is that of the last that was not. */
uint32_t move_pages(struct try *t, const struct guest *g, const fnuma_gfn *pages,
                    uint32_t n, fnuma_node to, enum fnuma_content content, int *reason);

/* ------------------------------------------------------------ the guest */

struct beat {
	unsigned long long beats, looked /* passes by a thousand */, bad_words, followed;
};

bool guest_beat(struct try *t, uint32_t domid, struct beat *out);
/* It beats, and no word was wrong so far. */
bool guest_beats(struct try *t, uint32_t domid);
/* It beats, and has gone once more over all its memory; and no word was wrong. */
bool guest_well(struct try *t, uint32_t domid);
/* Ask it for something, and wait for the answer. false, or what it answered, from 0 up. */
bool guest_ask(struct try *t, uint32_t domid, const char *command, uint32_t n);

/* ------------------------------------------------------------ Xen's count */

/* Count now; the program ends if that fails. */
void count_now(struct try *t, struct count *out);
uint64_t count_on(const struct count *c, uint32_t domid, fnuma_node node);
uint64_t count_total(const struct count *c, uint32_t domid);

#endif /* LANE_TRY_H */
