/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The limit of all movers that go by pages: move_pages(2) and nothing else.
 *
 *	raw-move PID NODE PAGES   moves a process's writable private memory to a node, so many
 *	                          pages a call
 *
 * Ends with 0 when it has been through all of it.
 */
#define _GNU_SOURCE
#include <numaif.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE      UINT64_C(4096)
#define CALL_MAX  4096u

struct mover {
	int pid, node;
	uint32_t n, a_call;
	void *address[CALL_MAX];
	int nodes[CALL_MAX], status[CALL_MAX];
};

static int call(struct mover *m)
{
	long err = m->n ? move_pages(m->pid, m->n, m->address, m->nodes, m->status,
	                             MPOL_MF_MOVE) : 0;

	if (err < 0)
		perror("move_pages");
	m->n = 0;
	return err < 0 ? -1 : 0;
}

static int add(struct mover *m, uint64_t address)
{
	m->address[m->n] = (void *)(uintptr_t)address;
	m->nodes[m->n] = m->node;
	return ++m->n == m->a_call ? call(m) : 0;
}

int main(int argc, char **argv)
{
	static struct mover m;
	char path[64], line[512];
	uint64_t from, to, inode;
	FILE *maps;

	if (argc != 4)
		return 2;
	m.pid = atoi(argv[1]);
	m.node = atoi(argv[2]);
	m.a_call = (uint32_t)atoi(argv[3]);
	if (m.a_call < 1 || m.a_call > CALL_MAX)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d/maps", m.pid);
	maps = fopen(path, "r");
	if (!maps) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%jx-%jx rw-p %*s %*s %ju", &from, &to, &inode) != 3 || inode)
			continue;
		for (; from < to; from += PAGE)
			if (add(&m, from))
				return 1;
	}
	return call(&m) ? 1 : 0;
}
