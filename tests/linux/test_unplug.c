/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A node is taken away while pages are being moved to it. Its memory is the machine's only
 * removable one, node 4, brought online here. */
#define _GNU_SOURCE
#include "nodes.h"
#include <glob.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 2048u
#define NODE  4u

/* All of the node's memory to a state; false if some would not. */
static bool set_memory(const char *state)
{
	bool all = true;
	glob_t g;
	size_t i;

	if (glob("/sys/devices/system/node/node4/memory*/state", 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc; i++) {
		char now[16] = "";
		FILE *f = fopen(g.gl_pathv[i], "r");

		if (f && fgets(now, sizeof(now), f) && strncmp(now, state, 6) != 0)
			all &= nodes_write(g.gl_pathv[i], state);
		if (f)
			fclose(f);
	}
	globfree(&g);
	return all;
}

/* Pages that lie there are moved away by the kernel; those that just come make it try
 * again. */
static pid_t take_away(void)
{
	pid_t pid = fork();
	int tries;

	if (pid)
		return pid;
	for (tries = 0; tries < 50; tries++) {
		if (set_memory("offline"))
			_exit(0);
		usleep(20000);
	}
	_exit(1);
}

static void a_node_taken_away_in_mid_batch_loses_no_page(void **state)
{
	uint32_t moved = 0, refused = 0, rounds;
	int ret, reason, status = -1;
	struct nodes t;
	pid_t pid;

	(void)state;
	assert_true(set_memory("online_movable"));
	nodes_start(&t, PAGES, 0, PUPPET_SMALL);
	assert_int_equal(nodes_move(&t, 0, PAGES, NODE, &reason), PAGES);
	pid = take_away();
	for (rounds = 0; rounds < 200 && waitpid(pid, &status, WNOHANG) == 0; rounds++) {
		ret = nodes_move(&t, 0, PAGES, rounds % 2 ? NODE : 0, &reason);
		assert_true(ret >= 0 || ret == FNUMA_E_RANGE);
		moved += ret > 0 ? (uint32_t)ret : 0;
		refused += ret < 0;
	}
	if (rounds == 200)
		waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	print_message("%u pages moved, %u batches refused meanwhile\n", moved, refused);
	assert_int_equal(nodes_move(&t, 0, PAGES, NODE, &reason), FNUMA_E_RANGE);
	assert_int_equal(nodes_on(&t, NODE), 0);
	assert_true(puppet_intact(&t.puppet, 0, PAGES));
	assert_int_equal(nodes_move(&t, 0, PAGES, 1, &reason), PAGES);
	assert_int_equal(nodes_on(&t, 1), PAGES);
	nodes_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_taken_away_in_mid_batch_loses_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
