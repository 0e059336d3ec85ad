/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* An engine on a simulated host, in a folder and with a clock of its own. */
#ifndef TESTS_FLIPNUMAD_WORLD_H
#define TESTS_FLIPNUMAD_WORLD_H

#include "test.h"

#include "engine.h"
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define NEW_YEAR (UINT64_C(1700000000) * SECOND)

static struct engine e;
static char folder[64];
static uint64_t now, set_back_ns;

static uint64_t real_ns(void)
{
	return NEW_YEAR + now - set_back_ns;
}

__attribute__((unused)) static const char *path_of(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_world(const char *text)
{
	FILE *f = fopen(path_of("world"), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void hear(void *cookie, const char *text)
{
	(void)cookie;
	fail_msg("%s", text);
}

static void configure(struct config *c, const char *more)
{
	const struct config_sink sink = {hear, NULL};
	char text[4096];

	snprintf(text, sizeof(text), "[daemon]\nbackend = mock\nworld = %s/world\n"
	         "state_dir = %s/state\nsocket = %s/socket\nlog_entries = 4096\n"
	         "discover_s = 0.5\nlook_s = 1\n%s", folder, folder, folder, more);
	assert_int_equal(config_parse(c, text, "x.conf", &sink), 0);
}

/* With what else the configuration says, beginning in its section [daemon]. */
static bool try_open(const char *more, char *why, size_t bytes)
{
	bool dry_run = e.dry_run;

	memset(&e, 0, sizeof(e));
	e.dry_run = dry_run;
	configure(&e.config, more);
	return engine_open(&e, now, real_ns(), why, bytes);
}

static void open_engine(const char *more)
{
	char why[WHY_BYTES] = "";

	if (!try_open(more, why, sizeof(why)))
		fail_msg("%s", why);
}

static void close_engine(void)
{
	engine_close(&e);
	e.dry_run = false;
}

/* Let so much time pass. Returns pages moved. */
__attribute__((unused)) static uint64_t run_ns(uint64_t ns)
{
	struct fnuma_host_stats before, after;
	uint64_t end = now + ns, next;

	fnuma_host_stats(e.host, &before);
	while (now < end) {
		next = engine_turn(&e, now, real_ns());
		now = next > now ? next : now + 1000;
		now = now < end ? now : end;
	}
	fnuma_host_stats(e.host, &after);
	return after.moved - before.moved;
}

__attribute__((unused)) static uint64_t run(double seconds)
{
	return run_ns((uint64_t)(seconds * 1e9));
}

/* The domain of that name, or NULL. */
__attribute__((unused)) static struct domain *domain(const char *name)
{
	uint32_t i;

	for (i = 0; i < e.n_domains; i++)
		if (strcmp(e.domains[i]->who.name, name) == 0)
			return e.domains[i];
	return NULL;
}

__attribute__((unused)) static uint32_t away(const char *name)
{
	struct domain_layout l;

	domain_layout(&e, domain(name), &l);
	return l.remote_pages;
}

/* What a request is answered with; the last one is freed with the next. */
__attribute__((unused)) static struct json_object *ask_as(bool may_change, const char *request)
{
	static struct json_object *last;
	struct json_object *o = json_tokener_parse(request);

	json_object_put(last);
	last = requests_answer(&e, o, may_change);
	json_object_put(o);
	return last;
}

__attribute__((unused)) static void is_told(const char *request, const char *answer)
{
	assert_string_equal(json_object_to_json_string_ext(ask_as(true, request),
	                                                   JSON_C_TO_STRING_PLAIN), answer);
}

#define FINE "{\"ok\":true}"

static int begin_world(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/flipnumad-XXXXXX");
	now = 1000 * SECOND;
	set_back_ns = 0;
	return mkdtemp(folder) == NULL;
}

static int end_world(void **state)
{
	char command[96];

	(void)state;
	close_engine();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, begin_world, end_world)

#endif
