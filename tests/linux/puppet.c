/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "puppet.h"
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)
#define HUGE (UINT64_C(2) << 20)

enum act { MAP, NODE, READ, WRITE, INTACT, PIN, UNPIN, UNMAP, SHARE, EXEC, FILL };

struct order {
	enum act act;
	uint32_t node, page, n;
	uint64_t value;
};

struct reply {
	int64_t ret;
	uint64_t value;
};

/* --- its own side ------------------------------------------------------------------ */

static char *memory;
static int pinned[2];
static void *ballast;
static size_t ballast_bytes;

static void *map_on(size_t bytes, uint32_t node, int what)
{
	const unsigned long mask = 1ul << node;
	const size_t room = bytes + HUGE;
	char *at;

	if (what == PUPPET_HUGETLB) {
		at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		          MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	} else {
		at = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at != MAP_FAILED)
			at = (char *)(((uintptr_t)at + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
		if (at != MAP_FAILED)
			madvise(at, bytes, what == PUPPET_HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	}
	if (at == MAP_FAILED || mbind(at, bytes, MPOL_BIND, &mask, 64, 0))
		return NULL;
	return at;
}

static int64_t do_map(const struct order *o)
{
	uint32_t i;

	memory = map_on(o->n * PAGE, o->node, (int)o->value);
	if (!memory)
		return -errno;
	for (i = 0; i < o->n; i++)
		memcpy(memory + i * PAGE, &(uint64_t){i}, 8);
	/* Its policy has done its work; from here on, where pages are is up to others. */
	mbind(memory, o->n * PAGE, MPOL_DEFAULT, NULL, 0, 0);
	return 0;
}

static int64_t do_node(const char *at)
{
	int node = -1;

	if (get_mempolicy(&node, NULL, 0, (void *)(uintptr_t)at, MPOL_F_NODE | MPOL_F_ADDR))
		return -1;
	return node;
}

static bool is_intact(uint32_t first, uint32_t n)
{
	uint32_t i;
	uint64_t value;

	for (i = first; i < first + n; i++) {
		memcpy(&value, memory + i * PAGE, 8);
		if (value != i)
			return false;
	}
	return true;
}

static int64_t do_pin(char *at)
{
	struct iovec iov = {at, PAGE};

	if (pipe(pinned))
		return -errno;
	return vmsplice(pinned[1], &iov, 1, 0) == (ssize_t)PAGE ? 0 : -errno;
}

static int64_t do_unpin(void)
{
	close(pinned[0]);
	return close(pinned[1]);
}

static int64_t do_share(uint32_t n)
{
	uint32_t i;
	volatile char sum = 0;

	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	for (i = 0; i < n; i++)
		sum = (char)(sum + memory[i * PAGE]);
	return 0;
}

static int64_t do_fill(const struct order *o)
{
	long long available = 0;
	size_t bytes, at;

	if (ballast)
		munmap(ballast, ballast_bytes);
	ballast = NULL;
	numa_node_size64((int)o->node, &available);
	if (!o->value || available <= (long long)(o->value * PAGE))
		return 0;
	bytes = (size_t)available - o->value * PAGE;
	ballast = map_on(bytes, o->node, PUPPET_SMALL);
	ballast_bytes = bytes;
	for (at = 0; ballast && at < bytes; at += PAGE) {
		if (at % (256 * PAGE) == 0) {
			numa_node_size64((int)o->node, &available);
			if (available < (long long)((o->value + 256) * PAGE))
				break;
		}
		((char *)ballast)[at] = 1;
	}
	return ballast ? (int64_t)(at / PAGE) : -errno;
}

static struct reply obey(const struct order *o)
{
	char *at = memory + o->page * PAGE;
	struct reply r = {0, 0};

	switch (o->act) {
	case MAP:
		r.ret = do_map(o);
		r.value = (uintptr_t)memory;
		break;
	case NODE:
		r.ret = do_node(at);
		break;
	case READ:
		memcpy(&r.value, at, 8);
		break;
	case WRITE:
		memcpy(at, &o->value, 8);
		break;
	case INTACT:
		r.ret = is_intact(o->page, o->n);
		break;
	case PIN:
		r.ret = do_pin(at);
		break;
	case UNPIN:
		r.ret = do_unpin();
		break;
	case UNMAP:
		r.ret = munmap(at, o->n * PAGE);
		break;
	case SHARE:
		r.ret = do_share(o->n);
		break;
	case FILL:
		r.ret = do_fill(o);
		break;
	case EXEC:
		break;
	}
	return r;
}

static void live(int fd)
{
	struct order o;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, &o, sizeof(o)) == (ssize_t)sizeof(o)) {
		struct reply r = obey(&o);

		if (write(fd, &r, sizeof(r)) != (ssize_t)sizeof(r))
			break;
		if (o.act == EXEC)
			execlp("sleep", "sleep", "1000", (char *)NULL);
	}
	_exit(0);
}

/* --- the other side ---------------------------------------------------------------- */

static struct reply tell(const struct puppet *p, const struct order *o)
{
	struct reply r = {-1, 0};

	if (write(p->socket, o, sizeof(*o)) != (ssize_t)sizeof(*o) ||
	    read(p->socket, &r, sizeof(r)) != (ssize_t)sizeof(r))
		r.ret = -1;
	return r;
}

static void give_up(const char *what)
{
	perror(what);
	exit(99);
}

void puppet_start_empty(struct puppet *p)
{
	int fd[2];

	memset(p, 0, sizeof(*p));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		give_up("socketpair");
	p->pid = fork();
	if (p->pid < 0)
		give_up("fork");
	if (p->pid == 0)
		live(fd[1]);
	close(fd[1]);
	p->socket = fd[0];
}

void puppet_map(struct puppet *p, uint32_t pages, uint32_t node, enum puppet_memory what)
{
	const struct order o = {MAP, node, 0, pages, what};
	struct reply r = tell(p, &o);

	if (r.ret) {
		errno = (int)-r.ret;
		give_up("the puppet's memory");
	}
	p->address = r.value;
	p->pages = pages;
}

void puppet_start(struct puppet *p, uint32_t pages, uint32_t node, enum puppet_memory what)
{
	puppet_start_empty(p);
	puppet_map(p, pages, node, what);
}

void puppet_kill(const struct puppet *p)
{
	siginfo_t info;

	kill(p->pid, SIGKILL);
	waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT);
}

void puppet_end(struct puppet *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->socket);
}

int puppet_node(const struct puppet *p, uint32_t page)
{
	return (int)tell(p, &(struct order){.act = NODE, .page = page}).ret;
}

int puppet_read(const struct puppet *p, uint32_t page, uint64_t *value)
{
	struct reply r = tell(p, &(struct order){.act = READ, .page = page});

	*value = r.value;
	return (int)r.ret;
}

int puppet_write(const struct puppet *p, uint32_t page, uint64_t value)
{
	return (int)tell(p, &(struct order){.act = WRITE, .page = page, .value = value}).ret;
}

bool puppet_intact(const struct puppet *p, uint32_t first, uint32_t n)
{
	return tell(p, &(struct order){.act = INTACT, .page = first, .n = n}).ret == 1;
}

int puppet_pin(const struct puppet *p, uint32_t page, bool on)
{
	return (int)tell(p, &(struct order){.act = on ? PIN : UNPIN, .page = page}).ret;
}

int puppet_unmap(const struct puppet *p, uint32_t first, uint32_t n)
{
	return (int)tell(p, &(struct order){.act = UNMAP, .page = first, .n = n}).ret;
}

int puppet_share(const struct puppet *p)
{
	return (int)tell(p, &(struct order){.act = SHARE, .n = p->pages}).ret;
}

int puppet_exec(const struct puppet *p)
{
	int ret = (int)tell(p, &(struct order){.act = EXEC}).ret;
	char end;

	/* Its end of the socket closes as the new program begins. */
	while (read(p->socket, &end, 1) > 0)
		;
	return ret;
}

int64_t puppet_fill(const struct puppet *p, uint32_t node, uint64_t leave_pages)
{
	return tell(p, &(struct order){.act = FILL, .node = node, .value = leave_pages}).ret;
}
