/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Everything that is asked of Xen, one function a call. calls.c asks the real one; the
 * tests have one of their own. Nothing else here includes a header of Xen's.
 *
 * Unless said otherwise a function returns 0 or a negative errno, and leaves what it fills
 * unspecified on error. Domains are named by domid here: that it is still the right one is
 * for the caller to know.
 */
#ifndef FNUMA_XEN_CALLS_H
#define FNUMA_XEN_CALLS_H

#include <flipnuma/backend.h>

struct xen_info {
	uint32_t domid;
	uint8_t uuid[16];
	uint64_t tot_pages;
	uint64_t max_pages;
	uint64_t odd_pages;     /* shared with other guests, or paged out */
	uint32_t gpaddr_bits;   /* of its physical addresses; 0: not told */
	bool hvm;               /* HVM or PVH */
	bool dying;
	bool paused;            /* by the privileged domain */
	bool shutdown;
	uint8_t shutdown_code;  /* enum xen_shutdown */
};

#define XEN_SHUTDOWN_SUSPEND 2u

/* What has to be known of a guest that has just been paused. */
struct xen_look {
	int err;                /* 0, or why the rest is not known */
	struct xen_info info;
	bool own[FNUMA_BATCH_MAX];      /* as xen_calls.own has it */
	/* The grant table: frames of 4096 bytes, and version 1 or 2 of its entries. */
	uint32_t grant_frames, grant_version;
};

/* And after pages of it were swapped. */
struct xen_after {
	int logged;             /* 1: a migration logs what is written, and was told; or an errno */
	int err;                /* 0, or why the rest is not known */
	struct xen_info info;
};

struct xen_calls {
	/* The host. */
	int (*nodes)(void *h, struct fnuma_topology *out); /* without page_bytes */
	int (*key)(void *h, char key);
	/* Read on from *index, up to *bytes; both are moved on. *index then stands behind what
	 * was read, wherever that began. */
	int (*ring)(void *h, char *buffer, uint32_t *bytes, uint32_t *index);
	/* The table of the guest frame behind each machine frame, read-only; kept by `h`. */
	int (*m2p)(void *h, const uint64_t **table, uint64_t *entries);

	/* A domain. */
	int (*info)(void *h, uint32_t domid, struct xen_info *out);    /* -ESRCH: no such */
	/* Domains from `first` on, ascending, up to `n`; returns how many. */
	int (*list)(void *h, uint32_t first, struct xen_info *out, uint32_t n);
	int (*max_gfn)(void *h, uint32_t domid, uint64_t *gfn);
	int (*pod)(void *h, uint32_t domid, uint64_t *pages);          /* not yet populated */
	/* Pauses it, and looks: these frames are of interest. It is paused if 0 is returned,
	 * whatever out->err says. */
	int (*pause)(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
	             struct xen_look *out);
	int (*unpause)(void *h, uint32_t domid);
	int (*set_max)(void *h, uint32_t domid, uint64_t pages);
	int (*affinity)(void *h, uint32_t domid, uint64_t *nodes);
	int (*set_affinity)(void *h, uint32_t domid, uint64_t nodes);
	/* Machine frames by a PV guest's own table; none: UINT64_MAX. */
	int (*p2m)(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, uint64_t *mfns);

	/* Its pages. */
	/* Which of these frames have a page that is the guest's own: not Xen's, not none. */
	int (*own)(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool *own);
	/* Pages of `node` behind empty frames, from the front; returns how many. */
	int (*populate)(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n,
	                fnuma_node node);
	/* To Xen, from the front; returns how many. */
	int (*give_back)(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n);
	/* A run of up to 2 * FNUMA_BATCH_MAX addresses; errs[i] is 0 or says why page i is
	 * not there. */
	void *(*map)(void *h, uint32_t domid, const fnuma_gfn *gfns, uint32_t n, bool write,
	             int *errs);
	int (*unmap)(void *h, void *address, uint32_t n);
	/* The page behind from[i] takes the place of that behind to[i], which is given back;
	 * errs[] arrives filled with nonzero. Then a migration is told that to[] were written,
	 * and the guest is looked at. */
	int (*swap)(void *h, uint32_t domid, const fnuma_gfn *from, const fnuma_gfn *to,
	            uint32_t n, int *errs, struct xen_after *after);
	int (*log_dirty)(void *h, uint32_t domid);                     /* 1: on */
	int (*map_grants)(void *h, uint32_t domid, uint32_t frames, const void **address,
	                  void **handle);
	int (*unmap_grants)(void *h, void *handle);

	/* xenstore. */
	int (*read)(void *h, const char *path, char *text, size_t bytes); /* -ENOENT: none */
	int (*has)(void *h, const char *path);           /* 1: there is something below it */
	int (*write)(void *h, const char *path, const char *text);

	/* The rest of the world. */
	int (*run)(void *h, const char *const *argv);    /* a program; 0 if it ended with 0 */
	uint64_t (*now)(void *h);                        /* ns; not counted as a step */
	void (*close)(void *h);
};

/* Connect to the real one. */
int xen_calls_open(const struct xen_calls **calls, void **handle);

#endif /* FNUMA_XEN_CALLS_H */
