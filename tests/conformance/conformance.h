/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The conformance suite: what include/flipnuma/backend.h promises of any backend, tried on
 * yours. Needs public headers, the library and stdio; nothing of this project's tests.
 *
 * Bind your backend, describe it in a target, call fnuma_conformance_run(), and read the
 * lines: each names a condition ("ok", "not ok" and why, or "ok ... # SKIP" and what is
 * missing), in the format known as TAP. The more callbacks a target has, the more is
 * looked at; with none at all, a backend is tried by its own word.
 *
 * The suite moves, flips, acquires and releases pages of the domain, and leaves them
 * where it found them as far as it can. Use a domain that nobody minds about.
 */
#ifndef FNUMA_CONFORMANCE_H
#define FNUMA_CONFORMANCE_H

#include <flipnuma/backend.h>

struct fnuma_conformance_target {
	const struct fnuma_backend *backend; /* bound */
	fnuma_domain domain;                 /* alive, and not in use by anybody else */
	uint32_t frames;                     /* of that domain */
	fnuma_domain peer;                   /* for flips; ignored without that capability */

	/* All of these may be NULL. They get `cookie`. */
	void *cookie;

	/* Up to `n` pages of the domain that may be moved and flipped; the suite's until
	 * done_pages() (which may be NULL). NULL: it acquires them from the backend. */
	uint32_t (*pages)(void *cookie, fnuma_gfn *pages, uint32_t n);
	void (*done_pages)(void *cookie, const fnuma_gfn *pages, uint32_t n);

	/* A referee that does not ask the backend: the node a page really is on. */
	fnuma_node (*node_of)(void *cookie, fnuma_gfn page);

	/* A page's content. 0 if that worked. */
	int (*write)(void *cookie, fnuma_gfn page, uint64_t value);
	int (*read)(void *cookie, fnuma_gfn page, uint64_t *value);

	/* Make a page immovable, and movable again. 0 if that worked. */
	int (*pin)(void *cookie, fnuma_gfn page, bool pinned);

	/* Leave room on a node for so many pages and no more; UINT64_MAX gives all back.
	 * 0 if that worked. */
	int (*leave_room)(void *cookie, fnuma_node node, uint64_t pages);

	/* End the domain. The last thing that is tried. 0 if that worked. */
	int (*kill)(void *cookie);

	bool peer_is_elsewhere;   /* to begin with, the peer's pages are on nodes where the
	                           * domain has none */
	bool may_move_domain;     /* MOVE_DOMAIN may be tried on this domain */

	/* Gets each line, without its end. NULL: stdout. */
	void (*print)(void *cookie, const char *line);
};

struct fnuma_conformance_counts {
	uint32_t passed;
	uint32_t failed;
	uint32_t skipped;
};

/* Try every condition. Returns how many failed, 0 being what one wants, or
 * FNUMA_E_INVAL for a target without a bound backend or without frames. `counts` may be
 * NULL. */
int fnuma_conformance_run(const struct fnuma_conformance_target *target,
                          struct fnuma_conformance_counts *counts);

#endif /* FNUMA_CONFORMANCE_H */
