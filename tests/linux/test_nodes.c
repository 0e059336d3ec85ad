/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The Linux backend on real nodes: what moves, what does not, and who must not be asked.
 * As root, on four nodes with some memory each. */
#define _GNU_SOURCE
#include "nodes.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 2048u
#define CGROUP "/sys/fs/cgroup/puppet"

static void displaced_pages_come_home_and_the_kernel_agrees(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, PAGES, 0, PUPPET_SMALL);
	assert_int_equal(nodes_on(&t, 0), PAGES);
	assert_int_equal(nodes_move(&t, 0, PAGES, 2, &reason), PAGES);
	assert_int_equal(nodes_on(&t, 2), PAGES);
	assert_int_equal(nodes_on(&t, 0), 0);
	assert_true(puppet_intact(&t.puppet, 0, PAGES));
	nodes_end(&t);
}

static void a_call_in_bulk_moves_as_the_batches_do(void **state)
{
	static struct fnuma_result results[PAGES];
	static fnuma_gfn pages[PAGES];
	uint64_t spent = 0;
	struct nodes t;
	uint32_t i;

	(void)state;
	nodes_start(&t, PAGES, 0, PUPPET_SMALL);
	for (i = 0; i < PAGES; i++)
		pages[i] = fnuma_gfn_of(i);
	memset(results, 0, sizeof(results));
	assert_int_equal(fnuma_linux_move(t.host, t.domain, pages, PAGES, fnuma_node_of(3),
	                                  results, &spent), PAGES);
	assert_true(spent > 0);
	assert_int_equal(nodes_on(&t, 3), PAGES);
	nodes_end(&t);
}

static void a_transparent_huge_page_moves_whole(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, PAGES, 1, PUPPET_HUGE);
	assert_int_equal(nodes_move(&t, 700, 3, 2, &reason), 3);
	assert_int_equal(nodes_on(&t, 2), 512);
	assert_int_equal(nodes_move(&t, 0, PAGES, 2, &reason), PAGES);
	assert_int_equal(nodes_on(&t, 2), PAGES);
	assert_true(puppet_intact(&t.puppet, 0, PAGES));
	nodes_end(&t);
}

static void reserve_hugetlb(uint32_t node, const char *pages)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/hugepages/"
	         "hugepages-2048kB/nr_hugepages", node);
	assert_true(nodes_write(path, pages));
}

static void a_page_of_hugetlbfs_moves_whole(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	reserve_hugetlb(0, "4");
	reserve_hugetlb(1, "4");
	nodes_start(&t, PAGES, 0, PUPPET_HUGETLB);
	assert_int_equal(nodes_on(&t, 0), PAGES);
	assert_int_equal(nodes_move(&t, 1000, 30, 1, &reason), 30);
	assert_int_equal(nodes_on(&t, 1), 1024); /* 1000 to 1030 are in two of them */
	assert_int_equal(nodes_move(&t, 0, PAGES, 1, &reason), PAGES);
	assert_int_equal(nodes_on(&t, 1), PAGES);
	assert_true(puppet_intact(&t.puppet, 0, PAGES));
	nodes_end(&t);
	reserve_hugetlb(0, "0");
	reserve_hugetlb(1, "0");
}

static void pages_shared_with_a_child_stay_unless_the_range_was_chosen(void **state)
{
	struct nodes t;
	fnuma_gfn page;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	assert_int_equal(puppet_share(&t.puppet), 0);
	assert_int_equal(nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_PROCESS, 0), FNUMA_OK);
	assert_int_equal(fnuma_linux_frame(t.host, t.domain, t.puppet.address, &page),
	                 FNUMA_OK);
	assert_int_equal(nodes_move(&t, page.n, 64, 1, &reason), 0);
	assert_int_equal(reason, FNUMA_E_PINNED);
	assert_int_equal(nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_RANGES, 0), FNUMA_OK);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), 64);
	assert_int_equal(nodes_on(&t, 1), 64);
	nodes_end(&t);
}

static void a_page_that_a_pipe_refers_to_is_busy_until_it_is_read(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	assert_int_equal(puppet_pin(&t.puppet, 9, true), 0);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), 63);
	assert_int_equal(reason, FNUMA_E_BUSY);
	assert_int_equal(puppet_node(&t.puppet, 9), 0);
	assert_int_equal(puppet_pin(&t.puppet, 9, false), 0);
	assert_int_equal(nodes_move(&t, 9, 1, 1, &reason), 1);
	nodes_end(&t);
}

static void pages_unmapped_are_gone_and_the_others_move(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	assert_int_equal(puppet_unmap(&t.puppet, 16, 8), 0);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), 56);
	assert_int_equal(reason, FNUMA_E_GONE);
	nodes_end(&t);
}

static void a_zombie_is_gone_and_so_is_nobody(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	puppet_kill(&t.puppet);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), FNUMA_E_GONE);
	assert_int_equal(fnuma_backend_alive(&t.be, t.domain), FNUMA_E_GONE);
	puppet_end(&t.puppet);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), FNUMA_E_GONE);
	assert_int_equal(nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_PROCESS, 0),
	                 FNUMA_E_GONE);
	fnuma_linux_close(t.host);
}

static void a_process_that_runs_another_program_is_gone(void **state)
{
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	assert_int_equal(puppet_exec(&t.puppet), 0);
	nodes_move(&t, 0, 64, 1, &reason); /* whatever becomes of it */
	assert_int_equal(fnuma_backend_alive(&t.be, t.domain), FNUMA_E_GONE);
	assert_int_equal(fnuma_linux_refresh(t.host, t.domain), FNUMA_E_GONE);
	assert_int_equal(nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_PROCESS, 0), FNUMA_OK);
	assert_string_equal(t.info.name, "sleep");
	nodes_end(&t);
}

/* A puppet with the same pid as another had. */
static void start_as(struct puppet *p, pid_t pid)
{
	char text[16];
	int tries;

	for (tries = 0; tries < 100; tries++) {
		snprintf(text, sizeof(text), "%d", pid - 1);
		assert_true(nodes_write("/proc/sys/kernel/ns_last_pid", text));
		puppet_start(p, 64, 0, PUPPET_SMALL);
		if (p->pid == pid)
			return;
		puppet_end(p);
	}
	fail_msg("pid %d could not be had again", pid);
}

static void a_reused_pid_is_never_taken_for_the_process_it_was(void **state)
{
	struct fnuma_linux_target target = {0};
	struct nodes t;
	fnuma_domain old, other;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	old = t.domain;
	target.pid = t.puppet.pid;
	target.start_ticks = t.info.start_ticks;
	puppet_end(&t.puppet);
	usleep(20000); /* a tick, so that it begins at another one */
	start_as(&t.puppet, target.pid);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), FNUMA_E_GONE);
	assert_int_equal(fnuma_backend_alive(&t.be, old), FNUMA_E_GONE);
	assert_int_equal(fnuma_linux_attach(t.host, &target, &other, NULL, 0), FNUMA_E_STALE);
	assert_int_equal(nodes_on(&t, 0), 64); /* it was left alone */
	nodes_end(&t);
}

static void memory_mapped_later_gets_spare_frames(void **state)
{
	struct nodes t;
	fnuma_gfn page;
	int reason;

	(void)state;
	nodes_open(&t);
	puppet_start_empty(&t.puppet);
	assert_int_equal(nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_PROCESS, 4096), FNUMA_OK);
	puppet_map(&t.puppet, 64, 0, PUPPET_SMALL);
	assert_int_equal(fnuma_linux_frame(t.host, t.domain, t.puppet.address, &page),
	                 FNUMA_E_RANGE);
	assert_true(fnuma_linux_refresh(t.host, t.domain) >= 64);
	assert_int_equal(fnuma_linux_frame(t.host, t.domain, t.puppet.address, &page),
	                 FNUMA_OK);
	assert_int_equal(nodes_move(&t, page.n, 64, 3, &reason), 64);
	assert_int_equal(nodes_on(&t, 3), 64);
	assert_int_equal(fnuma_linux_refresh(t.host, t.domain), 0);
	nodes_end(&t);
}

static void a_full_node_takes_some_and_the_rest_stays_whole(void **state)
{
	struct puppet filler;
	struct nodes t;
	int done, reason;

	(void)state;
	puppet_start_empty(&filler);
	nodes_start(&t, 4 * PAGES, 0, PUPPET_SMALL);
	assert_true(puppet_fill(&filler, 3, PAGES) > 0);
	done = nodes_move(&t, 0, 4 * PAGES, 3, &reason);
	assert_true(done > 0 && done < (int)(4 * PAGES));
	assert_int_equal(reason, FNUMA_E_NOMEM);
	assert_int_equal(nodes_on(&t, 3), done);
	assert_true(puppet_intact(&t.puppet, 0, 4 * PAGES));
	puppet_end(&filler);
	assert_int_equal(nodes_move(&t, 0, 4 * PAGES, 3, &reason), 4 * PAGES);
	nodes_end(&t);
}

static void a_node_forbidden_to_the_process_is_denied_and_known_before(void **state)
{
	char pid[16];
	struct nodes t;
	int reason;

	(void)state;
	nodes_start(&t, 64, 0, PUPPET_SMALL);
	assert_int_equal(t.info.allowed_nodes, 0xf);
	snprintf(pid, sizeof(pid), "%d", t.puppet.pid);
	assert_true(nodes_write("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset"));
	assert_int_equal(system("mkdir -p " CGROUP), 0);
	assert_true(nodes_write(CGROUP "/cpuset.mems", "0-1"));
	assert_true(nodes_write(CGROUP "/cgroup.procs", pid));
	assert_int_equal(nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_RANGES, 0), FNUMA_OK);
	assert_int_equal(t.info.allowed_nodes, 0x3);
	assert_int_equal(nodes_move(&t, 0, 64, 2, &reason), FNUMA_E_DENIED);
	assert_int_equal(nodes_move(&t, 0, 64, 1, &reason), 64);
	nodes_end(&t);
}

static pid_t start(const char *command)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Attaches it once it has become the program that it is to be. */
static void attach_as(struct nodes *t, int pid, const char *name)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		usleep(50000);
		if (nodes_attach(t, pid, FNUMA_LINUX_ANY, 0) == FNUMA_E_GONE)
			continue; /* it became another program at that moment */
		if (strcmp(t->info.name, name) == 0)
			return;
		assert_int_equal(fnuma_linux_detach(t->host, t->domain), FNUMA_OK);
	}
	fail_msg("%s did not start", name);
}

static void assert_home(const char *command, uint32_t node, enum fnuma_linux_home_by by)
{
	struct nodes t;
	pid_t pid = start(command);

	nodes_open(&t);
	attach_as(&t, pid, "sleep");
	assert_int_equal(t.info.kind, FNUMA_LINUX_PROCESS);
	assert_int_equal(t.info.home_by, by);
	assert_int_equal(t.info.n_homes, 1);
	assert_int_equal(t.info.homes[0].node.id, node);
	assert_int_equal(t.info.homes[0].pages, t.info.frames);
	fnuma_linux_close(t.host);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void home_is_where_its_owner_has_said(void **state)
{
	(void)state;
	assert_home("exec numactl --membind=2 sleep 100", 2, FNUMA_LINUX_HOME_POLICY);
	assert_home("exec numactl --preferred=3 sleep 100", 3, FNUMA_LINUX_HOME_POLICY);
	assert_home("exec numactl --cpunodebind=1 sleep 100", 1, FNUMA_LINUX_HOME_CPUS);
}

static void home_is_where_most_pages_are_if_nobody_has_said(void **state)
{
	struct nodes t;

	(void)state;
	nodes_start(&t, PAGES, 3, PUPPET_SMALL);
	assert_int_equal(t.info.home_by, FNUMA_LINUX_HOME_PAGES);
	assert_int_equal(t.info.homes[0].node.id, 3);
	nodes_end(&t);
}

/* As nobody, in a process of its own. */
static int act_unprivileged(int root_pid)
{
	const struct fnuma_linux_config config = {.flags = FNUMA_LINUX_UNPRIVILEGED};
	struct nodes t = {0};
	int reason;

	if (setgid(65534) || setuid(65534) || prctl(PR_SET_DUMPABLE, 1))
		return 1;
	if (fnuma_linux_open(NULL, &t.host, t.why, sizeof(t.why)) != FNUMA_E_DENIED ||
	    !strstr(t.why, "CAP_SYS_NICE"))
		return 2;
	if (fnuma_linux_open(&config, &t.host, t.why, sizeof(t.why)) != FNUMA_OK ||
	    fnuma_linux_backend(t.host, &t.be) != FNUMA_OK)
		return 3;
	if (nodes_attach(&t, root_pid, FNUMA_LINUX_PROCESS, 0) != FNUMA_E_DENIED)
		return 4;
	puppet_start(&t.puppet, 64, 0, PUPPET_SMALL);
	if (nodes_attach(&t, t.puppet.pid, FNUMA_LINUX_RANGES, 0) != FNUMA_OK)
		return 5;
	if (nodes_move(&t, 0, 64, 1, &reason) != 64 || nodes_on(&t, 1) != 64)
		return 6;
	nodes_end(&t);
	return 0;
}

static void without_privileges_it_is_refused_or_asked_for_and_limited(void **state)
{
	struct puppet root;
	int status;
	pid_t pid;

	(void)state;
	puppet_start(&root, 64, 0, PUPPET_SMALL);
	pid = fork();
	if (pid == 0)
		_exit(act_unprivileged(root.pid));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	puppet_end(&root);
}

static void a_kernel_thread_has_no_memory_to_move(void **state)
{
	struct nodes t;

	(void)state;
	nodes_open(&t);
	assert_int_equal(nodes_attach(&t, 2, FNUMA_LINUX_ANY, 0), FNUMA_E_NOTSUP);
	assert_non_null(strstr(t.why, "no memory of its own"));
	fnuma_linux_close(t.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(displaced_pages_come_home_and_the_kernel_agrees),
		cmocka_unit_test(a_call_in_bulk_moves_as_the_batches_do),
		cmocka_unit_test(a_transparent_huge_page_moves_whole),
		cmocka_unit_test(a_page_of_hugetlbfs_moves_whole),
		cmocka_unit_test(pages_shared_with_a_child_stay_unless_the_range_was_chosen),
		cmocka_unit_test(a_page_that_a_pipe_refers_to_is_busy_until_it_is_read),
		cmocka_unit_test(pages_unmapped_are_gone_and_the_others_move),
		cmocka_unit_test(a_zombie_is_gone_and_so_is_nobody),
		cmocka_unit_test(a_process_that_runs_another_program_is_gone),
		cmocka_unit_test(a_reused_pid_is_never_taken_for_the_process_it_was),
		cmocka_unit_test(memory_mapped_later_gets_spare_frames),
		cmocka_unit_test(a_full_node_takes_some_and_the_rest_stays_whole),
		cmocka_unit_test(a_node_forbidden_to_the_process_is_denied_and_known_before),
		cmocka_unit_test(home_is_where_its_owner_has_said),
		cmocka_unit_test(home_is_where_most_pages_are_if_nobody_has_said),
		cmocka_unit_test(without_privileges_it_is_refused_or_asked_for_and_limited),
		cmocka_unit_test(a_kernel_thread_has_no_memory_to_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
