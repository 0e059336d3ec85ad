/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The insides of the Linux backend. */
#ifndef FLIPNUMA_LINUX_HOST_H
#define FLIPNUMA_LINUX_HOST_H

#include "kernel.h"
#include <flipnuma/linux.h>

/* Pages in one system call. */
#define LINUX_CALL_PAGES 512u

/* --- text.c: what files of /proc and /sys say, and sentences to people ------------- */

/* A sentence into the caller's room, if there is any. Returns `err`. */
int linux_say(int err, char *why, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The rest of the line that begins with `key`, or NULL. */
const char *linux_line(const char *text, const char *key);

/* "0-2,5" as bits; numbers of `bits` and more are not heeded. Stops at what is no part of
 * a list, and returns it. */
const char *linux_list(const char *text, uint64_t *mask, uint32_t bits);

/* A file about a process or the machine; `text` is to be freed. 0 or -errno. */
int linux_read(const struct linux_kernel *k, char **text, size_t *bytes,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The library's error for the kernel's, of a call as a whole. */
int linux_error(int err);

/* --- areas.c: what a process has mapped -------------------------------------------- */

/* One mapping, as /proc/PID/maps and /proc/PID/numa_maps have it. */
struct linux_area {
	uint64_t start, end;
	uint64_t inode, offset;
	uint32_t huge_bytes;   /* page of hugetlbfs; 0 if none */
	bool readable, writable, shared;
	bool memory;           /* anonymous, shared memory or hugetlbfs: no file's cache */
	uint64_t policy;       /* nodes a policy names; 0 if none */
	uint32_t pages[FNUMA_NODES_MAX]; /* present, by node; of `page_bytes` */
};

/* Areas of a process in the order of addresses; to be freed. 0 or -errno. */
int linux_areas_read(const struct linux_kernel *k, int pid, struct linux_area **areas,
                     size_t *n);

/* The first area that ends behind an address; `n` if there is none. */
size_t linux_area_behind(const struct linux_area *areas, size_t n, uint64_t address);

/* --- guest.c ----------------------------------------------------------------------- */

/* Most blocks of RAM that a guest can have here. */
#define LINUX_BLOCKS_MAX 64u

/* What QEMU was told. */
struct linux_guest {
	char name[64];
	uint32_t n;                        /* blocks; 0: this is no QEMU */
	uint64_t bytes[LINUX_BLOCKS_MAX];  /* of each, in the order of the guest's frames */
};

/* Reads a command line as /proc/PID/cmdline has it. */
void linux_guest_read(const char *cmdline, size_t bytes, struct linux_guest *out);

/* Finds the blocks among the areas: areas[from[i] .. to[i]) is block i. */
bool linux_guest_find(const struct linux_guest *guest, const struct linux_area *areas,
                      size_t n, size_t *from, size_t *to);

/* --- domain.c ---------------------------------------------------------------------- */

/* A range of frames: memory from `address` on. */
struct linux_range {
	uint64_t address;
	uint32_t first, pages;
	uint32_t huge_pages; /* pages of this machine's size in one of hugetlbfs; 1 if none */
};

/* Attributes of a process's memory that exec changes. */
#define LINUX_IMAGE_FIELDS 5u

struct linux_domain {
	uint32_t generation; /* of the present or last tenant */
	bool attached;
	int pid, pidfd;      /* 0 and -1: this process itself */
	bool shared;         /* pages that other processes share move too */
	uint64_t image[LINUX_IMAGE_FIELDS];
	struct linux_range *ranges;
	uint32_t n_ranges;
	uint32_t used_frames; /* with memory behind them, or once so */
	struct fnuma_linux_info *info;
};

/* A node that had no memory when last asked. */
struct linux_full {
	bool is;
	uint8_t unasked;    /* calls since that the kernel was spared */
	int64_t free_bytes; /* then */
};

struct fnuma_linux {
	struct linux_kernel kernel;
	struct fnuma_linux_config config;
	bool privileged;
	uint32_t nodes;         /* the highest with memory, plus one */
	uint64_t memory_nodes;  /* bits */
	uint32_t page_bytes;
	struct linux_full full[FNUMA_NODES_MAX];
	uint32_t n_domains;     /* slots ever used */
	struct linux_domain *domain; /* config.max_domains */
};

/* As fnuma_linux_open(), with a kernel of one's own. */
int linux_open(const struct linux_kernel *k, const struct fnuma_linux_config *config,
               struct fnuma_linux **out, char *why, size_t why_bytes);

/* A backend's PAGE_NODES by its PROBE. */
int linux_nodes_by(int (*probe)(void *, fnuma_domain, const fnuma_gfn *, uint32_t,
                                struct fnuma_result *),
                   void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                   fnuma_node *nodes);

int linux_topology(const struct fnuma_linux *host, struct fnuma_topology *out);

/* FNUMA_OK, or FNUMA_E_STALE. */
int linux_find(const struct fnuma_linux *host, fnuma_domain handle,
               struct linux_domain **out);

/* FNUMA_OK if the process runs, else FNUMA_E_GONE; whatever program it runs. */
int linux_runs(const struct fnuma_linux *host, const struct linux_domain *d);

/* And the program that it ran when it was attached? */
int linux_same_image(const struct fnuma_linux *host, const struct linux_domain *d);

void linux_forget(struct fnuma_linux *host, struct linux_domain *d);

/* Leaves a process's own memory at the front; returns how many areas that are. */
size_t linux_keep_own(struct linux_area *areas, size_t n);

/* Frames for memory from `start` to `end`. FNUMA_OK, or FNUMA_E_NOSPC: no more memory, or
 * frames. */
int linux_add_range(const struct fnuma_linux *host, struct linux_domain *d, uint64_t start,
                    uint64_t end, uint32_t huge_bytes);

/* The page size of hugetlbfs in all areas from `start` to `end`; 0 if none, or not the same. */
uint32_t linux_huge_of(const struct linux_area *areas, size_t n, uint64_t start, uint64_t end);

/* In pages of this machine's size; 1 for those. */
static inline uint32_t linux_huge_pages(const struct fnuma_linux *host, uint32_t huge_bytes)
{
	return huge_bytes ? huge_bytes / host->page_bytes : 1;
}

/* The range of a frame, or NULL. */
const struct linux_range *linux_range_of(const struct linux_domain *d, uint32_t frame);

/* --- homes.c ----------------------------------------------------------------------- */

/* Fills allowed_nodes, home_by and homes of d->info. */
int linux_homes_find(const struct fnuma_linux *host, struct linux_domain *d,
                     const struct linux_area *areas, size_t n);

/* --- move.c: the two uses of move_pages(2) ----------------------------------------- */

/* Pages of one system call. Fill n, address and at. */
struct linux_call {
	uint32_t n;
	void *address[LINUX_CALL_PAGES];
	int status[LINUX_CALL_PAGES];
	uint16_t at[LINUX_CALL_PAGES]; /* places in the results */
};

/* The same for addresses. The results of places that no page of the call has are left
 * alone, unless there is an error: then all `n` are taken back. */
int linux_query_call(struct fnuma_linux *host, const struct linux_domain *d,
                     struct linux_call *c, uint32_t n, struct fnuma_result *results);
int linux_move_call(struct fnuma_linux *host, const struct linux_domain *d,
                    struct linux_call *c, uint32_t n, fnuma_node to,
                    struct fnuma_result *results, uint64_t *spent_ns);

/* What the kernel says of each page: a node, or a negative fnuma_error with node none (no
 * page) or unknown. Frames that the domain does not have are FNUMA_E_RANGE. */
int linux_query(struct fnuma_linux *host, const struct linux_domain *d,
                const fnuma_gfn *pages, uint32_t n, struct fnuma_result *results);

/* n up to LINUX_CALL_PAGES. Returns pages attempted or an error. */
int linux_move(struct fnuma_linux *host, const struct linux_domain *d,
               const fnuma_gfn *pages, uint32_t n, fnuma_node to,
               struct fnuma_result *results, uint64_t *spent_ns);

#endif /* FLIPNUMA_LINUX_HOST_H */
