/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The backend's own parts, and what they share. */
#ifndef FNUMA_XEN_PARTS_H
#define FNUMA_XEN_PARTS_H

#include "calls.h"
#include <flipnuma/xen.h>
#include <flipnuma/xen_agent.h>

/* Of a domain's batches, what journal.c keeps in a record of its own. */
enum journal_state {
	JOURNAL_FREE = 0,    /* the record means nothing */
	JOURNAL_IDLE = 1,    /* nothing to clean up; where the scratch frames are */
	JOURNAL_BUSY = 2,    /* scratch pages may exist, the limit may be raised */
	JOURNAL_PAUSED = 3   /* and the guest may be paused */
};

struct journal_record {
	uint32_t magic;
	uint32_t state;            /* enum journal_state */
	uint32_t domid;
	uint32_t scratch_gfn;
	uint32_t scratch_pages;    /* of them, how many may exist */
	uint32_t balloon;          /* 1: the target and the affinity are to be restored */
	uint64_t max_pages;        /* before it was raised */
	uint64_t raised_pages;     /* what it was raised to */
	uint64_t target_kib;       /* before the balloon began */
	uint64_t lowered_kib;      /* what it was set to */
	uint64_t affinity;         /* before the balloon began */
	uint8_t uuid[FNUMA_XEN_UUID_BYTES];
	uint64_t sum;              /* of all before it */
};

#define XEN_AGENT_SIEVE 4096u

struct xen_agent {
	const struct fnuma_xen_agent_directory *directory; /* mapped; NULL: no agent */
	const volatile uint32_t *map[FNUMA_XEN_AGENT_MAPS_MAX]; /* mapped; NULL: nothing listed */
	uint32_t map_gfn[FNUMA_XEN_AGENT_MAPS_MAX];        /* where they are */
	uint32_t maps;
	uint32_t gfn;                                      /* of the directory */
	uint64_t own[XEN_AGENT_SIEVE / 64]; /* low bits of the frames of all of these */
};

/* A domain looked after. Its slot of the connection is its record of the journal. */
struct xen_domain {
	bool used;
	bool stopped;
	bool pci;                  /* a device was passed through, when last looked */
	bool pod;                  /* pages may be populated on demand; they only become fewer */
	uint32_t generation;
	uint32_t frames;
	uint32_t trust;
	uint32_t batch;            /* pages in one pause, by pace.c */
	uint64_t pci_ns;           /* when that was */
	uint64_t unlogged_ns;      /* when written pages were last seen not to be logged */
	uint64_t empty_ns;         /* when the scratch frames were last seen to be empty */
	struct xen_info info;      /* as last asked */
	struct journal_record record;
	uint64_t *allowed;         /* a bit a frame */
	uint8_t *placed;           /* by frame, where we put it: a node + 1; 0: not known */
	fnuma_node *nodes;         /* by frame, as last looked at; or NULL */
	uint64_t nodes_ns;         /* when that was; 0: not yet */
	struct xen_agent agent;
	struct {
		const void *frames;        /* mapped; NULL: not yet */
		void *handle;
		uint32_t n_frames;
	} grants;
	struct {
		bool growing;
		uint64_t before_pages, goal_pages;
	} balloon;
};

struct xen_counts {
	bool valid;
	uint32_t index;            /* of the console ring, read so far */
	uint64_t read_ns;
	uint32_t n;                /* domains */
	uint32_t nodes;
	uint32_t (*pages)[FNUMA_NODES_MAX];
	uint32_t *domid;
	uint64_t start[FNUMA_NODES_MAX], end[FNUMA_NODES_MAX]; /* machine frames of each node */
};

struct fnuma_xen {
	struct fnuma_xen_config config;
	char *journal_path, *migrate;
	const struct xen_calls *calls;
	void *handle;
	int journal;               /* descriptor, */
	struct journal_slot *slots; /* and what is in it */
	struct fnuma_xen_stats stats;
	struct fnuma_topology topology; /* as last asked */
	uint64_t topology_ns;      /* when that was */
	struct xen_counts counts;
	struct xen_domain *domain[FNUMA_XEN_DOMAINS_MAX];
	uint32_t generation[FNUMA_XEN_DOMAINS_MAX];
};

/* A call of Xen, counted. */
#define XEN(x, op, ...) (xen_step(x, #op), (x)->calls->op((x)->handle, __VA_ARGS__))

void xen_step(struct fnuma_xen *x, const char *name);
void xen_say(const struct fnuma_xen *x, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
uint64_t xen_now(const struct fnuma_xen *x);

/* An error of ours for a negative errno. */
int xen_error(int err);

/* open.c: fnuma_xen_open() with another table. The handle is the connection's then, and is
 * closed also on error. */
int xen_open_with(const struct xen_calls *calls, void *handle,
                  const struct fnuma_xen_config *config, struct fnuma_xen **out);

/* domain.c */
int xen_find(const struct fnuma_xen *x, fnuma_domain handle, struct xen_domain **out);
/* Does somebody who may say so say that this page may move, or be replaced? */
bool xen_is_listed(const struct xen_domain *d, fnuma_gfn page, bool content);
/* As xen_find(), and asks Xen whether it is still there; fills info. */
int xen_find_alive(struct fnuma_xen *x, fnuma_domain handle, struct xen_domain **out);
/* Is what was seen the domain of this UUID, and alive? */
int xen_is_still(const struct xen_info *info, const uint8_t *uuid);
/* The same of the domain with that domid. Fills *info. */
int xen_identify(struct fnuma_xen *x, uint32_t domid, const uint8_t *uuid,
                 struct xen_info *info);
/* Where scratch frames go: where the caller says, or far above the guest's highest. */
int xen_choose_scratch(struct fnuma_xen *x, struct xen_domain *d, uint32_t wish);

/* journal.c */
int journal_open(struct fnuma_xen *x);
void journal_close(struct fnuma_xen *x);
void journal_save(struct fnuma_xen *x, uint32_t slot, struct journal_record *r);
/* FNUMA_E_STATE: damaged. A record that was never written is JOURNAL_FREE. */
int journal_load(struct fnuma_xen *x, uint32_t slot, struct journal_record *r);

/* recover.c: what a record says is left over is removed, and the record saved as idle or
 * free. Fills *info. */
int xen_clean_up(struct fnuma_xen *x, uint32_t slot, struct journal_record *r,
                 struct xen_info *info);

/* The limit as it was before it was raised; *info says what it is, and then what it was
 * set to. */
int xen_restore_limit(struct fnuma_xen *x, const struct journal_record *r,
                      struct xen_info *info);

/* balloon.c: the guest's target and affinity as they were. */
int xen_balloon_undo(struct fnuma_xen *x, uint32_t slot, struct journal_record *r);

/* swap.c: one pause's worth of pages. */
struct xen_chunk {
	struct fnuma_xen *x;
	struct xen_domain *d;
	uint32_t slot;
	fnuma_node to;
	bool content;                          /* else free pages */
	uint32_t n;
	fnuma_gfn gfn[FNUMA_BATCH_MAX];
	fnuma_gfn scratch[FNUMA_BATCH_MAX];
	struct fnuma_result result[FNUMA_BATCH_MAX]; /* unfilled: not come to */
	uint32_t populated;                    /* scratch pages there are */
	uint64_t begun_ns;                     /* of the pause */
	uint32_t moved;                        /* pages that are now on `to` */
	bool counted;                          /* `after` is known, and the guest goes on */
	struct xen_look look;                  /* the guest at the beginning of the pause, */
	struct xen_after after;                /* and when pages were swapped */
	bool keep;                             /* the only copy of a page is a scratch page */
};
/* Tries the pages; a negative error if none was tried. */
int xen_swap(struct xen_chunk *c);

/* grants.c: says which of these pages another domain may use. The guest is paused, and was
 * looked at. */
int xen_find_granted(struct fnuma_xen *x, struct xen_domain *d, const struct xen_look *look,
                     const fnuma_gfn *pages, uint32_t n, bool *granted);
void xen_close_grants(struct fnuma_xen *x, struct xen_domain *d);

/* agent.c */
int xen_agent_open(struct fnuma_xen *x, struct xen_domain *d);
void xen_agent_close(struct fnuma_xen *x, struct xen_domain *d);
/* enum fnuma_xen_agent_bits; fixed without an agent. */
uint32_t xen_agent_bits(const struct xen_domain *d, fnuma_gfn page);
/* Is it a page of the agent's that we have mapped? */
bool xen_agent_owns(const struct xen_domain *d, fnuma_gfn page);

/* pace.c: how many pages fit into a pause. */
void xen_pace(struct fnuma_xen *x, struct xen_domain *d, uint32_t pages, uint64_t pause_ns);
/* How many more to copy before asking again, when so many took the time since then. */
uint32_t xen_pages_in_time(const struct xen_chunk *c, uint32_t copied, uint64_t since_ns);

/* move.c, observe.c, migrate.c: operations. */
int xen_op_move_page(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns);
int xen_op_move_free(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns);
int xen_op_move_domain(void *cookie, fnuma_domain domain, fnuma_node to);
int xen_op_topology(void *cookie, struct fnuma_topology *out);
int xen_op_alive(void *cookie, fnuma_domain domain);
int xen_op_node_counts(void *cookie, fnuma_domain domain, uint32_t *counts, uint32_t nodes);
int xen_op_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                      fnuma_node *nodes);

/* console.c: a fresh reading of all counts. */
int xen_read_counts(struct fnuma_xen *x);
/* A domain has come, perhaps under the number of another: what was read is not of it. */
void xen_forget_counts(struct fnuma_xen *x);

#endif /* FNUMA_XEN_PARTS_H */
