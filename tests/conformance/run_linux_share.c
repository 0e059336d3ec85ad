/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The suite, run against an end of a share, while another process posts pages at the other.
 * One node will do; on several, the ends begin on different ones. */
#define _GNU_SOURCE
#include "conformance.h"
#include <flipnuma/linux_share.h>
#include <fcntl.h>
#include <numaif.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 1024u

struct share_target {
	struct fnuma_linux *host;
	struct fnuma_linux_share *share;
	struct fnuma_backend backend;
	int pinned[2];
};

/* The other end: whatever comes back is written to and posted again. */
static int post_forever(struct fnuma_linux *host, int fd)
{
	struct fnuma_linux_share *share;
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint64_t packet = 1;
	int i, n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fnuma_linux_share_join(host, fd, 0, 0, &share))
		return 1;
	for (;;) {
		n = fnuma_linux_share_alloc(share, pages, FNUMA_BATCH_MAX);
		if (n <= 0)
			n = fnuma_linux_share_returned(share, pages, FNUMA_BATCH_MAX);
		if (n < 0)
			return 1;
		for (i = 0; i < n; i++, packet++)
			memcpy(fnuma_linux_share_at(share, pages[i]), &packet, 8);
		if (fnuma_linux_share_post(share, pages, (uint32_t)n) != n)
			fnuma_linux_share_free(share, pages, (uint32_t)n);
		if (n == 0)
			usleep(100);
	}
}

static fnuma_node target_node_of(void *cookie, fnuma_gfn page)
{
	struct share_target *t = cookie;
	void *at = fnuma_linux_share_at(t->share, page);
	int node = -1;

	if (!at || get_mempolicy(&node, NULL, 0, at, MPOL_F_NODE | MPOL_F_ADDR) || node < 0)
		return fnuma_node_none();
	return fnuma_node_of((uint32_t)node);
}

static int target_write(void *cookie, fnuma_gfn page, uint64_t value)
{
	memcpy(fnuma_linux_share_at(((struct share_target *)cookie)->share, page), &value, 8);
	return 0;
}

static int target_read(void *cookie, fnuma_gfn page, uint64_t *value)
{
	memcpy(value, fnuma_linux_share_at(((struct share_target *)cookie)->share, page), 8);
	return 0;
}

static int target_pin(void *cookie, fnuma_gfn page, bool pinned)
{
	struct share_target *t = cookie;
	struct iovec iov = {fnuma_linux_share_at(t->share, page), 4096};

	if (!pinned)
		return close(t->pinned[0]) | close(t->pinned[1]);
	return pipe(t->pinned) || vmsplice(t->pinned[1], &iov, 1, 0) != 4096;
}

static int set_up(struct share_target *t, struct fnuma_conformance_target *target)
{
	static struct fnuma_topology topology;
	struct fnuma_linux_share_config config = {{PAGES, PAGES}, {{0}, {0}}, 0};
	int fd, err = fnuma_linux_backend(t->host, &t->backend);

	if (!err)
		err = fnuma_backend_topology(&t->backend, &topology);
	if (!err && topology.nodes > 1) {
		config.node[1] = fnuma_node_of(1);
		target->peer_is_elsewhere = true;
	}
	if (!err)
		err = fnuma_linux_share_create(t->host, &config, &fd);
	if (err)
		return err;
	if (fork() == 0)
		_exit(post_forever(t->host, fd));
	err = fnuma_linux_share_join(t->host, fd, 1, FNUMA_LINUX_SHARE_NODES, &t->share);
	if (err)
		return err;
	target->domain = fnuma_linux_share_self(t->share);
	target->peer = fnuma_linux_share_peer(t->share);
	while (fnuma_linux_share_waiting(t->share) < (int)FNUMA_BATCH_MAX)
		usleep(1000);
	return fnuma_linux_share_backend(t->share, &t->backend);
}

int main(void)
{
	const struct fnuma_linux_config config = {
		FNUMA_LINUX_ONE_NODE | FNUMA_LINUX_UNPRIVILEGED, 0};
	struct share_target t;
	struct fnuma_conformance_target target = {
		.backend = &t.backend, .frames = PAGES, .cookie = &t, .node_of = target_node_of,
		.write = target_write, .read = target_read, .pin = target_pin,
	};
	char why[256] = "";
	int ret;

	memset(&t, 0, sizeof(t));
	ret = fnuma_linux_open(&config, &t.host, why, sizeof(why));
	if (ret) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	ret = set_up(&t, &target);
	if (ret)
		fprintf(stderr, "set up: %s\n", fnuma_strerror(ret));
	else
		ret = fnuma_conformance_run(&target, NULL);
	fnuma_linux_share_leave(t.share);
	fnuma_linux_close(t.host);
	return ret != 0;
}
