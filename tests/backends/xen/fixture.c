/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void hear(void *cookie, const char *text)
{
	struct fixture *t = cookie;

	t->sayings++;
	snprintf(t->said, sizeof(t->said), "%s", text);
}

void fixture_config(struct fixture *t, struct fnuma_xen_config *config)
{
	memset(config, 0, sizeof(*config));
	config->journal = t->journal;
	config->floor_pages = 8;
	config->say = hear;
	config->cookie = t;
}

void fixture_reopen(struct fixture *t)
{
	struct fnuma_xen_domain_config domain = {.domid = 1};
	struct fnuma_xen_config config;

	fixture_config(t, &config);
	assert_int_equal(xen_open_with(&fake_calls, t->f, &config, &t->x), FNUMA_OK);
	assert_int_equal(fnuma_xen_backend(t->x, &t->be), FNUMA_OK);
	assert_int_equal(fnuma_xen_attach(t->x, &domain, &t->d), FNUMA_OK);
}

void fixture_open(struct fixture *t)
{
	int fd;

	memset(t, 0, sizeof(*t));
	snprintf(t->journal, sizeof(t->journal), "/tmp/flipnuma-test-XXXXXX");
	fd = mkstemp(t->journal);
	assert_true(fd >= 0);
	close(fd);
	t->f = fake_new();
	fixture_reopen(t);
}

void fixture_close(struct fixture *t)
{
	fnuma_xen_close(t->x);
	unlink(t->journal);
	fake_free(t->f);
}

void fixture_allow(struct fixture *t, uint32_t first, uint32_t n)
{
	uint32_t i;

	for (i = first; i < first + n; i++) {
		fnuma_gfn page = fnuma_gfn_of(i);

		assert_int_equal(fnuma_xen_allow(t->x, t->d, &page, 1, true), FNUMA_OK);
	}
}

int fixture_move(struct fixture *t, uint32_t first, uint32_t n, uint32_t to,
                 struct fnuma_result *results)
{
	fnuma_gfn pages[FNUMA_BATCH_MAX];
	uint32_t i;

	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of(first + i);
	return fnuma_backend_move(&t->be, t->d, pages, n, fnuma_node_of(to), FNUMA_CONTENT_KEEP,
	                          results, NULL);
}
