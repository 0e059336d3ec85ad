/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What is to be kept free of a node, and files that are always whole. */
#include "test.h"

#include "atomic_file.h"
#include "guard.h"

#include <flipnuma/home.h>
#include <flipnuma/mock.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NODE_PAGES 4096u

static struct fnuma_mock *mock;
static struct fnuma_backend_ops ops;
static struct fnuma_backend inner, guarded;
static struct guard guard;
static fnuma_domain domain;
static int topology_error;
static uint32_t asked;

static int topology(void *cookie, struct fnuma_topology *out)
{
	asked++;
	return topology_error ? topology_error : fnuma_mock_ops(mock)->topology(cookie, out);
}

/* 1000 pages on node 0. */
static int begin(void **state)
{
	const struct fnuma_mock_config machine = {.nodes = 2,
	                                          .node_pages = {NODE_PAGES, NODE_PAGES}};
	const struct fnuma_home home = {{0}, 1000, {0}, 1};
	const struct fnuma_mock_domain_config d = {.frames = 1000, .homes = &home, .n_homes = 1};

	(void)state;
	topology_error = 0;
	asked = 0;
	assert_int_equal(fnuma_mock_create(&machine, &mock), 0);
	assert_int_equal(fnuma_mock_domain_create(mock, &d, &domain), 0);
	ops = *fnuma_mock_ops(mock);
	ops.topology = topology;
	assert_int_equal(fnuma_backend_bind(&inner, &ops, mock), 0);
	return guard_init(&guard, &inner, &guarded);
}

static int end(void **state)
{
	(void)state;
	fnuma_mock_destroy(mock);
	return 0;
}

/* Pages moved of those from `first` on. */
static int move(uint32_t first, uint32_t n, struct fnuma_result *results)
{
	fnuma_gfn pages[64];
	uint32_t i;

	for (i = 0; i < n; i++)
		pages[i] = fnuma_gfn_of(first + i);
	return fnuma_backend_move(&guarded, domain, pages, n, fnuma_node_of(1),
	                          FNUMA_CONTENT_KEEP, results, NULL);
}

static void what_is_kept_free_is_kept_to_the_page(void **state)
{
	struct fnuma_result r[64];

	(void)state;
	guard_tell(&guard, 1, NODE_PAGES - 100);
	assert_int_equal(move(0, 64, r), 64);
	assert_int_equal(move(64, 37, r), 0); /* 36 are left */
	assert_int_equal(r[0].outcome, FNUMA_NOT_DONE);
	assert_int_equal(r[36].reason, FNUMA_E_NOMEM);
	assert_int_equal(guard.refused_pages, 37);
	assert_int_equal(move(64, 36, r), 36);
	assert_int_equal(move(100, 1, r), 0);
	assert_int_equal(fnuma_mock_node(mock, domain, fnuma_gfn_of(100)).id, 0);
}

static void with_nothing_to_keep_nobody_is_asked(void **state)
{
	struct fnuma_result r[64];

	(void)state;
	guard_tell(&guard, 1, 0);
	assert_int_equal(move(0, 64, r), 64);
	assert_int_equal(asked, 0);
}

static void the_host_is_asked_again_after_a_while_only(void **state)
{
	struct fnuma_result r[64];

	(void)state;
	guard_tell(&guard, 1, 10);
	assert_int_equal(move(0, 10, r), 10);
	assert_int_equal(move(10, 10, r), 10);
	assert_int_equal(asked, 1);
	fnuma_mock_reserve(mock, fnuma_node_of(1), NODE_PAGES - 20 - 15);
	guard_tell(&guard, 1000000000, 10);
	assert_int_equal(move(20, 6, r), 0);
	assert_int_equal(asked, 2);
	assert_int_equal(move(20, 5, r), 5);
	guard_tell(&guard, 0, 10); /* a clock that went back */
	assert_int_equal(move(25, 1, r), 0);
	assert_int_equal(asked, 3);
}

static void a_host_that_does_not_answer_has_no_room(void **state)
{
	struct fnuma_result r[64];

	(void)state;
	topology_error = FNUMA_E_BUSY;
	guard_tell(&guard, 1, 10);
	assert_int_equal(move(0, 1, r), 0);
	topology_error = 0;
	assert_int_equal(move(0, 1, r), 1);
}

static void everything_else_is_the_backend_s(void **state)
{
	fnuma_gfn page = fnuma_gfn_of(3);
	struct fnuma_topology *t = malloc(sizeof(*t));
	uint32_t counts[2];
	struct fnuma_result r;
	fnuma_node node;

	(void)state;
	assert_int_equal(fnuma_backend_alive(&guarded, domain), 0);
	assert_int_equal(fnuma_backend_node_counts(&guarded, domain, counts, 2), 0);
	assert_int_equal(counts[0], 1000);
	assert_int_equal(fnuma_backend_page_nodes(&guarded, domain, &page, 1, &node), 1);
	assert_int_equal(node.id, 0);
	assert_int_equal(fnuma_backend_probe(&guarded, domain, &page, 1, &r), 1);
	assert_int_equal(fnuma_backend_topology(&guarded, t), 0);
	assert_int_equal(t->nodes, 2);
	free(t);
}

static void what_the_backend_lacks_the_guard_lacks(void **state)
{
	struct guard g;

	(void)state;
	ops.probe = NULL;
	ops.page_nodes = NULL;
	ops.node_counts = NULL;
	assert_int_equal(fnuma_backend_bind(&inner, &ops, mock), 0);
	assert_int_equal(guard_init(&g, &inner, &guarded), 0);
	assert_int_equal(guarded.caps, FNUMA_CAP_MOVE_PAGE);
}

/* ---------------------------------------------------------------- files */

static char folder[32], path[64];

static int begin_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/flipnuma-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int end_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void holds(const char *text)
{
	char is[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(is, sizeof(is), f));
	fclose(f);
	assert_string_equal(is, text);
}

static void a_file_is_replaced_as_a_whole_with_its_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_true(atomic_file_write(path, "one", 3, 0600, true));
	holds("one");
	assert_true(atomic_file_write(path, "other", 5, 0644, false));
	holds("other");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
}

static void a_file_that_cannot_be_replaced_is_as_it_was(void **state)
{
	char part[80];

	(void)state;
	assert_true(atomic_file_write(path, "one", 3, 0600, true));
	snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(mkdir(part, 0700), 0); /* in the way */
	assert_false(atomic_file_write(path, "two", 3, 0600, true));
	assert_int_equal(errno, EISDIR);
	holds("one");
	assert_false(atomic_file_write("/nowhere/file", "x", 1, 0600, true));
	assert_int_equal(errno, ENOENT);
	assert_false(atomic_file_write(folder, "x", 1, 0600, true)); /* a folder is there */
	assert_int_equal(errno, EISDIR);
	snprintf(part, sizeof(part), "%s.part", folder);
	assert_int_equal(access(part, F_OK), -1);
}

static void a_link_in_its_way_is_not_followed(void **state)
{
	char part[80];

	(void)state;
	assert_true(atomic_file_write(path, "one", 3, 0600, true));
	snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(symlink("/dev/full", part), 0);
	assert_false(atomic_file_write(path, "two", 3, 0600, true));
	assert_int_equal(errno, ELOOP);
	holds("one");
}

#define GUARD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, begin_folder, end_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUARD_TEST(what_is_kept_free_is_kept_to_the_page),
		GUARD_TEST(with_nothing_to_keep_nobody_is_asked),
		GUARD_TEST(the_host_is_asked_again_after_a_while_only),
		GUARD_TEST(a_host_that_does_not_answer_has_no_room),
		GUARD_TEST(everything_else_is_the_backend_s),
		GUARD_TEST(what_the_backend_lacks_the_guard_lacks),
		FILE_TEST(a_file_is_replaced_as_a_whole_with_its_mode),
		FILE_TEST(a_file_that_cannot_be_replaced_is_as_it_was),
		FILE_TEST(a_link_in_its_way_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
