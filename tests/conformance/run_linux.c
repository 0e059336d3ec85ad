/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The suite, run against the Linux backend: the pages of a process on real nodes. Needs two
 * of them, and the right to move pages; without either it is skipped, saying why. */
#include "conformance.h"
#include "puppet.h"
#include <flipnuma/linux.h>
#include <stdio.h>
#include <string.h>

#define PAGES 1024u

struct linux_target {
	struct fnuma_linux *host;
	struct fnuma_backend backend;
	struct puppet puppet;
	uint32_t next;
};

/* A window that wanders, so that conditions do not all try the same pages. */
static uint32_t target_pages(void *cookie, fnuma_gfn *pages, uint32_t n)
{
	struct linux_target *t = cookie;
	uint32_t i;

	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of((t->next + i) % PAGES);
	t->next = (t->next + n) % PAGES;
	return n;
}

static fnuma_node target_node_of(void *cookie, fnuma_gfn page)
{
	struct linux_target *t = cookie;
	int node = puppet_node(&t->puppet, page.n);

	return node < 0 ? fnuma_node_none() : fnuma_node_of((uint32_t)node);
}

static int target_write(void *cookie, fnuma_gfn page, uint64_t value)
{
	return puppet_write(&((struct linux_target *)cookie)->puppet, page.n, value);
}

static int target_read(void *cookie, fnuma_gfn page, uint64_t *value)
{
	return puppet_read(&((struct linux_target *)cookie)->puppet, page.n, value);
}

static int target_pin(void *cookie, fnuma_gfn page, bool pinned)
{
	return puppet_pin(&((struct linux_target *)cookie)->puppet, page.n, pinned);
}

static int target_kill(void *cookie)
{
	puppet_end(&((struct linux_target *)cookie)->puppet);
	return 0;
}

static int attach(struct linux_target *t, fnuma_domain *domain)
{
	const struct fnuma_linux_range range = {t->puppet.address, PAGES * 4096u};
	const struct fnuma_linux_target target = {
		.pid = t->puppet.pid, .kind = FNUMA_LINUX_RANGES, .ranges = &range, .n_ranges = 1,
	};
	char why[256] = "";
	int err = fnuma_linux_attach(t->host, &target, domain, why, sizeof(why));

	if (err)
		fprintf(stderr, "attach: %s (%s)\n", why, fnuma_strerror(err));
	return err;
}

int main(void)
{
	struct linux_target t;
	struct fnuma_conformance_target target = {
		.backend = &t.backend, .frames = PAGES, .cookie = &t, .pages = target_pages,
		.node_of = target_node_of, .write = target_write, .read = target_read,
		.pin = target_pin, .kill = target_kill,
	};
	char why[256] = "";
	int ret;

	memset(&t, 0, sizeof(t));
	ret = fnuma_linux_open(NULL, &t.host, why, sizeof(why));
	if (ret) {
		printf("1..0 # SKIP %s\n", why);
		return ret != FNUMA_E_NOTSUP && ret != FNUMA_E_DENIED;
	}
	puppet_start(&t.puppet, PAGES, 1, PUPPET_SMALL);
	ret = fnuma_linux_backend(t.host, &t.backend);
	if (!ret)
		ret = attach(&t, &target.domain);
	if (!ret)
		ret = fnuma_conformance_run(&target, NULL);
	fnuma_linux_close(t.host);
	return ret != 0;
}
