/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A small world that lives a fixed life on a faulty backend: guests that flip pages with
 * a privileged domain, their pools, and a host that brings pages home. Whatever goes
 * wrong, it is put to rights afterwards, and every page is looked for.
 */
#ifndef FNUMA_TEST_FAULTS_WORLD_H
#define FNUMA_TEST_FAULTS_WORLD_H

#define _POSIX_C_SOURCE 200112L /* posix_memalign; include this file first */

#include "../unit/test.h"

#include <flipnuma/host.h>
#include <flipnuma/mock.h>
#include <flipnuma/wrap.h>

#define GUESTS_MAX 3u
#define FAULTS_MAX 2u
#define FRAMES     128u
#define FLIPS      10u /* pages a burst */

/* One way to live. */
struct scenario {
	const char *name;
	const struct fnuma_home *homes;
	uint32_t n_homes;
	uint32_t guests;
	bool pooled; /* pages flipped are a pool's, else the guest's allocator's */
	bool hosted; /* a host brings pages home, else the pool itself */
	bool verify;
	bool dies;   /* the first guest ends half way */
	bool scarce; /* the first home has no room for a while */
	uint32_t attempts_max;
};

/* What is too much to ask when these faults happen. */
struct allowance {
	bool owners; /* the backend lied about who owns a page: those pages, and only
	                those, may be lost or have two owners */
	bool nodes;  /* it lied about where a page is, and nobody checks */
	bool moves;  /* it let a page at home seem away: the page may be moved */
};

struct guest {
	fnuma_domain domain;
	bool ended;
	struct fnuma_pool *pool;
	struct fnuma_pool_cache cache;
	void *pool_memory;
	fnuma_member member;
	void *member_memory;
	fnuma_gfn out[FLIPS]; /* of the last burst, still in use */
	uint32_t n_out;
	uint64_t value[FRAMES]; /* what was written to a page in use; 0: nobody cares */
};

struct world {
	const struct scenario *scenario;
	struct allowance allowance;
	struct fnuma_mock *mock;
	struct fnuma_backend mock_be, checked, half, be;
	struct fnuma_wrap_check check;
	struct fnuma_wrap_moved memory[128];
	struct fnuma_wrap_fault fault[FAULTS_MAX];
	uint32_t faults;
	struct guest guest[GUESTS_MAX];
	fnuma_domain peer;
	struct fnuma_host *host;
	void *host_memory;
	struct fnuma_budget budget; /* where there is no host */
	uint64_t now_ns;
	uint64_t stamp;
	char story[240]; /* what is being tried, for messages */
};

/* Make a world whose backend has these faults, the first one outermost. */
void world_make(struct world *w, const struct scenario *scenario,
                const struct fnuma_wrap_fault_config *faults, uint32_t n);

/* Live. The faults happen here. */
void world_live(struct world *w);

/* End the faults and see that everything comes right. */
void world_recover(struct world *w);

void world_free(struct world *w);

/* What every failure begins with. */
#define check(w, cond, ...)                                \
	do {                                               \
		if (!(cond)) {                             \
			print_message("%s: ", (w)->story); \
			print_message(__VA_ARGS__);        \
			print_message("\n");               \
			fail();                            \
		}                                          \
	} while (0)

#endif /* FNUMA_TEST_FAULTS_WORLD_H */
