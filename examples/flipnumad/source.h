/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Where domains come from: a backend of the library's, and how its domains are found.
 */
#ifndef FLIPNUMAD_SOURCE_H
#define FLIPNUMAD_SOURCE_H

#include "config.h"

#define NAME_BYTES 64
#define WHY_BYTES 256

/* Somebody who could be a domain. Names are printable, whatever they were. */
struct candidate {
	uint32_t number; /* pid, domid */
	uint64_t start;  /* which of those who have that number one after the other */
	char name[NAME_BYTES];
	char guest[NAME_BYTES];
	char cmdline[1024];
	char cgroup[256];
};

/* What is known of a domain once it is attached. */
struct attached {
	fnuma_domain domain;
	const char *kind;    /* "guest", "process" */
	const char *home_by; /* what its home is suggested by */
	uint32_t frames;     /* for all it may get */
	uint32_t used_frames;
	uint32_t n_homes;
	struct fnuma_home homes[FNUMA_HOMES_MAX];
	int fd;              /* becomes readable when it ends; the source's. -1: none */
};

/* Told of candidates. `want` says whether one is of interest, before anything else is
 * found out about it; `found` gets it. */
struct finder {
	bool (*want)(void *cookie, uint32_t number, uint64_t start);
	void (*found)(void *cookie, const struct candidate *c);
	void *cookie;
};

struct source;

struct source_ops {
	const char *name;
	/* Fill in `backend` and `state`. False: `why` says why not. */
	bool (*open)(struct source *s, const struct config *c, char *why, size_t bytes);
	void (*close)(struct source *s);
	/* Look at up to `look` more of those there are. 1: there are more, 0: that was the last
	 * of this round, -1: this round does not count. */
	int (*find)(struct source *s, uint32_t look, const struct finder *f);
	int (*attach)(struct source *s, const struct candidate *c, uint32_t spare_frames,
	              struct attached *out, char *why, size_t bytes);
	void (*detach)(struct source *s, fnuma_domain domain);
	/* Memory it got or lost since: `used_frames` follows. FNUMA_E_NOSPC: attach it anew. */
	int (*refresh)(struct source *s, struct attached *a);
	/* In bulk. Returns `n` or an error. */
	int64_t (*nodes)(struct source *s, fnuma_domain domain, fnuma_gfn first, uint32_t n,
	                 fnuma_node *nodes);
	/* How busy the privileged domain's CPUs were since the last call; below 0: unknown. */
	double (*busy_percent)(struct source *s);
	/* Both NULL where a frame has no address. */
	int (*address)(struct source *s, fnuma_domain domain, fnuma_gfn page, uint64_t *address);
	int (*frame)(struct source *s, fnuma_domain domain, uint64_t address, fnuma_gfn *page);
	/* Up to `n` of its pages that are set aside in a pool, in ascending order from *cursor
	 * on, which moves. Returns how many, 0: that was all; or an error: not known of this
	 * domain. NULL: not known here. */
	int (*pooled)(struct source *s, fnuma_domain domain, fnuma_gfn *cursor,
	              fnuma_gfn *pages, uint32_t n);
};

struct source {
	const struct source_ops *ops;
	void *state;
	struct fnuma_backend backend;
};

/* Of those built in; NULL: not this one. */
const struct source_ops *source_find(enum config_backend which);

/* Of the machine this runs on, by /proc/stat; `last` is kept between calls. */
struct cpu_times {
	uint64_t busy, idle;
};
double source_cpus_busy(struct cpu_times *last);

/* Copy with everything that a terminal or a log could take amiss replaced. */
void source_printable(char *to, size_t bytes, const char *from, size_t length);

extern const struct source_ops source_linux, source_mock, source_xen;

#endif
