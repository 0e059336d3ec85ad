/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Opening a host: everything that would go wrong later is found out here. */
#define _GNU_SOURCE
#include "linux_host.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAINS_DEFAULT 1024u
#define DOMAINS_LIMIT (1u << 20)

/* Numbers of capabilities(7). */
#define CAP_PTRACE 19u
#define CAP_NICE 23u

struct reason {
	char *text;
	size_t bytes;
};

#define SAY(r, err, ...) linux_say(err, (r)->text, (r)->bytes, __VA_ARGS__)

/* Where is a page of our own? A kernel, or a filter of system calls, that does not know
 * move_pages(2) says so here. */
static int try_query(struct fnuma_linux *host, const struct reason *r)
{
	void *page = host;
	int status = -1;
	long ret = host->kernel.move_pages(host->kernel.context, 0, 1, &page, NULL, &status, 0);

	if (ret == -ENOSYS)
		return SAY(r, FNUMA_E_NOTSUP, "this kernel was built without NUMA");
	if (ret == -EPERM || ret == -EACCES)
		return SAY(r, FNUMA_E_DENIED, "move_pages(2) is forbidden here, as by the "
		           "system call filter of a container; allow it, or run outside");
	if (ret < 0)
		return SAY(r, FNUMA_E_BACKEND, "move_pages(2) fails: %s", strerror((int)-ret));
	return FNUMA_OK;
}

static int try_pidfd(struct fnuma_linux *host, const struct reason *r)
{
	int fd = host->kernel.pidfd_open(host->kernel.context, (int)getpid());

	if (fd == -ENOSYS || fd == -EPERM)
		return SAY(r, FNUMA_E_NOTSUP, "pidfd_open(2) is missing: Linux 5.3 or later, "
		           "with no filter on it, is needed");
	if (fd < 0)
		return SAY(r, FNUMA_E_BACKEND, "pidfd_open(2) fails: %s", strerror(-fd));
	host->kernel.close(host->kernel.context, fd);
	return FNUMA_OK;
}

static int find_nodes(struct fnuma_linux *host, const struct reason *r)
{
	uint64_t mask[16]; /* of the 1024 nodes that a kernel can have */
	size_t bytes;
	uint32_t i;
	char *text;

	if (linux_read(&host->kernel, &text, &bytes, "/sys/devices/system/node/has_memory"))
		return SAY(r, FNUMA_E_NOTSUP, "this kernel shows no memory nodes "
		           "(/sys/devices/system/node is missing)");
	linux_list(text, mask, 1024);
	free(text);
	for (i = 1; i < 16; i++)
		if (mask[i])
			return SAY(r, FNUMA_E_NOTSUP, "this machine has nodes numbered %u and "
			           "above, which are more than can be handled",
			           FNUMA_NODES_MAX);
	host->memory_nodes = mask[0];
	for (i = 0; i < FNUMA_NODES_MAX; i++)
		if (mask[0] >> i & 1)
			host->nodes = i + 1;
	if (!mask[0] || (!(mask[0] & (mask[0] - 1)) &&
	                 !(host->config.flags & FNUMA_LINUX_ONE_NODE)))
		return SAY(r, FNUMA_E_NOTSUP, "this machine has one memory node only: no page "
		           "can be away from home");
	return FNUMA_OK;
}

/* "3" or "0-1,3", for people. */
static void list_nodes(uint64_t mask, char *out, size_t bytes)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < FNUMA_NODES_MAX && n < (int)bytes; i++)
		if (mask >> i & 1)
			n += snprintf(out + n, bytes - (size_t)n, "%s%u", n ? "," : "", i);
}

static int check_cpuset(struct fnuma_linux *host, const char *status, const struct reason *r)
{
	const char *list = linux_line(status, "Mems_allowed_list:");
	char forbidden[64] = "";
	uint64_t allowed = 0;

	if (list)
		linux_list(list, &allowed, FNUMA_NODES_MAX);
	if (!(host->memory_nodes & ~allowed))
		return FNUMA_OK;
	list_nodes(host->memory_nodes & ~allowed, forbidden, sizeof(forbidden));
	return SAY(r, FNUMA_E_DENIED, "memory of node %s is forbidden to this process by its "
	           "cpuset, as in a container; run outside, or allow all nodes "
	           "(cpuset.mems)", forbidden);
}

static int check_rights(struct fnuma_linux *host, const char *status, const struct reason *r)
{
	const char *line = linux_line(status, "CapEff:");
	const uint64_t caps = line ? strtoull(line, NULL, 16) : 0;

	host->privileged = caps >> CAP_NICE & caps >> CAP_PTRACE & 1;
	if (host->privileged || host->config.flags & FNUMA_LINUX_UNPRIVILEGED)
		return FNUMA_OK;
	return SAY(r, FNUMA_E_DENIED, "moving other processes' memory takes %s%s%s; run as "
	           "root, or give it that (AmbientCapabilities= of systemd)",
	           caps >> CAP_NICE & 1 ? "" : "CAP_SYS_NICE",
	           (caps >> CAP_NICE | caps >> CAP_PTRACE) & 1 ? "" : " and ",
	           caps >> CAP_PTRACE & 1 ? "" : "CAP_SYS_PTRACE");
}

static int check_ourselves(struct fnuma_linux *host, const struct reason *r)
{
	size_t bytes;
	char *text;
	int err;

	if (linux_read(&host->kernel, &text, &bytes, "/proc/self/status"))
		return SAY(r, FNUMA_E_NOTSUP, "/proc cannot be read; mount it");
	err = check_cpuset(host, text, r);
	if (!err)
		err = check_rights(host, text, r);
	free(text);
	return err;
}

int linux_open(const struct linux_kernel *k, const struct fnuma_linux_config *config,
               struct fnuma_linux **out, char *why, size_t why_bytes)
{
	const uint32_t known = FNUMA_LINUX_UNPRIVILEGED | FNUMA_LINUX_ONE_NODE;
	const struct reason r = {why, why_bytes};
	struct fnuma_linux *host;
	int err;

	if (!out || (config && ((config->flags & ~known) ||
	                        config->max_domains > DOMAINS_LIMIT)))
		return SAY(&r, FNUMA_E_INVAL, "a flag or a number of domains that there is not");
	host = calloc(1, sizeof(*host));
	if (!host)
		return SAY(&r, FNUMA_E_NOSPC, "out of memory");
	host->kernel = *k;
	if (config)
		host->config = *config;
	if (!host->config.max_domains)
		host->config.max_domains = DOMAINS_DEFAULT;
	host->page_bytes = k->page_bytes(k->context);
	host->domain = calloc(host->config.max_domains, sizeof(*host->domain));
	err = host->domain ? FNUMA_OK : SAY(&r, FNUMA_E_NOSPC, "out of memory");
	if (!err)
		err = try_query(host, &r);
	if (!err)
		err = try_pidfd(host, &r);
	if (!err)
		err = find_nodes(host, &r);
	if (!err)
		err = check_ourselves(host, &r);
	if (err)
		fnuma_linux_close(host);
	else
		*out = host;
	return err;
}

int fnuma_linux_open(const struct fnuma_linux_config *config, struct fnuma_linux **out,
                     char *why, size_t why_bytes)
{
	return linux_open(&linux_kernel, config, out, why, why_bytes);
}

void fnuma_linux_close(struct fnuma_linux *host)
{
	uint32_t i;

	if (!host)
		return;
	for (i = 0; i < host->n_domains; i++)
		if (host->domain[i].attached)
			linux_forget(host, &host->domain[i]);
	free(host->domain);
	free(host);
}
