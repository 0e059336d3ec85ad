/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Processes as /proc shows them, whatever they call themselves. */
#include "source_linux.c"

#include "test.h"

#include <stdio.h>
#include <sys/stat.h>

static char proc[64];
static struct state state;
static struct source source = {.ops = &source_linux, .state = &state};
static struct candidate found[8];
static uint32_t n_found, n_wanted;
static bool wanted;

static void put(uint32_t pid, const char *name, const char *text, size_t bytes)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%u", proc, pid);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%u/%s", proc, pid, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, bytes, f), bytes);
	fclose(f);
}

static void put_stat(uint32_t pid, const char *name, char process_state, unsigned long flags)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%u (%s) %c 1 1 1 0 -1 %lu 0 0 0 0 0 0 0 0 20 0 1 0 "
	                 "%u 0 0\n", pid, name, process_state, flags, 1000 + pid);

	put(pid, "stat", text, (size_t)n);
}

#define COMMAND(pid, text) put(pid, "cmdline", text, sizeof(text))

static int begin(void **unused)
{
	(void)unused;
	strcpy(proc, "/tmp/flipnuma-proc-XXXXXX");
	assert_non_null(mkdtemp(proc));
	memset(&state, 0, sizeof(state));
	state.proc = opendir(proc);
	n_found = n_wanted = 0;
	wanted = true;
	return 0;
}

static int end(void **unused)
{
	char command[96];

	(void)unused;
	closedir(state.proc);
	snprintf(command, sizeof(command), "rm -rf %s", proc);
	return system(command);
}

static bool want(void *cookie, uint32_t number, uint64_t start)
{
	(void)cookie;
	assert_int_equal(start, 1000 + number);
	n_wanted++;
	return wanted;
}

static void take(void *cookie, const struct candidate *c)
{
	(void)cookie;
	found[n_found++] = *c;
}

/* Look at all there are. */
static void look(void)
{
	const struct finder f = {want, take, NULL};

	rewinddir(state.proc);
	n_found = n_wanted = 0;
	while (linux_find(&source, 1, &f))
		;
}

static void a_process_is_found_with_all_it_is_known_by(void **unused)
{
	(void)unused;
	put_stat(7, "postgres", 'S', 0);
	COMMAND(7, "postgres\0-D\0/srv");
	put(7, "cgroup", "0::/system.slice/pg.service\n", 28);
	look();
	assert_int_equal(n_found, 1);
	assert_int_equal(found[0].number, 7);
	assert_int_equal(found[0].start, 1007);
	assert_string_equal(found[0].name, "postgres");
	assert_string_equal(found[0].guest, "");
	assert_string_equal(found[0].cmdline, "postgres -D /srv");
	assert_string_equal(found[0].cgroup, "/system.slice/pg.service");
}

static void a_name_may_have_anything_in_it(void **unused)
{
	(void)unused;
	put_stat(7, "a) S 1 (b\n\x1b[31m\xff", 'R', 0);
	COMMAND(7, "x\n\x7f");
	look();
	assert_int_equal(n_found, 1);
	assert_string_equal(found[0].name, "a) S 1 (b??[31m?");
	assert_string_equal(found[0].cmdline, "x??");
	assert_string_equal(found[0].cgroup, "");
}

static void the_kernel_s_the_ended_and_the_unreadable_are_passed_over(void **unused)
{
	char path[128];

	(void)unused;
	put_stat(2, "kthreadd", 'S', FLAG_KERNEL_THREAD);
	put_stat(3, "zombie", 'Z', 0);
	put_stat(4, "dead", 'X', 0);
	put(5, "stat", "5 (cut) S", 9);
	put(6, "stat", "nonsense", 8);
	snprintf(path, sizeof(path), "%s/8", proc);
	mkdir(path, 0700); /* it went meanwhile */
	put_stat(9, "silent", 'S', 0); /* and so did this one, a little later */
	snprintf(path, sizeof(path), "%s/self", proc);
	mkdir(path, 0700);
	look();
	assert_int_equal(n_found, 0);
	assert_int_equal(n_wanted, 1);
}

static void who_is_not_wanted_is_not_looked_into(void **unused)
{
	(void)unused;
	put_stat(7, "x", 'S', 0);
	COMMAND(7, "x");
	wanted = false;
	look();
	assert_int_equal(n_wanted, 1);
	assert_int_equal(n_found, 0);
}

static void guest(uint32_t pid, const char *name)
{
	uint32_t i;

	look();
	for (i = 0; i < n_found; i++) {
		if (found[i].number != pid)
			continue;
		assert_string_equal(found[i].guest, name);
		if (*name)
			assert_string_equal(found[i].name, name);
		return;
	}
	fail();
}

static void a_guest_has_the_name_that_qemu_was_told(void **unused)
{
	(void)unused;
	put_stat(7, "qemu-system-x86", 'S', 0);
	COMMAND(7, "/usr/bin/qemu-system-x86_64\0-name\0guest=web01,debug-threads=on\0-m\0001G");
	guest(7, "web01");
	COMMAND(7, "qemu-system-x86_64\0-m\0001G\0-name\0db,process=x");
	guest(7, "db");
	COMMAND(7, "/usr/libexec/qemu-kvm\0-name\0guest=a\"\\\xff");
	guest(7, "a\"\\?");
	COMMAND(7, "/usr/bin/kvm\0-m\0001G");
	guest(7, "qemu-system-x86");
	COMMAND(7, "/usr/bin/kvm\0-name");
	guest(7, "qemu-system-x86");
}

static void other_programs_of_qemu_s_are_no_guests(void **unused)
{
	(void)unused;
	put_stat(7, "qemu-img", 'S', 0);
	COMMAND(7, "qemu-img\0convert\0-name\0x");
	guest(7, "");
	put_stat(8, "vim", 'S', 0);
	COMMAND(8, "vim\0/etc/qemu-system-x86_64");
	guest(8, "");
}

static void of_cgroups_the_unified_one_counts_else_the_first(void **unused)
{
	static const char both[] = "3:memory:/old/place\n0::/new/place\n";
	static const char old[] = "3:memory:/old/place\n2:cpu:/other\n";

	(void)unused;
	put_stat(7, "x", 'S', 0);
	COMMAND(7, "x");
	put(7, "cgroup", both, sizeof(both) - 1);
	look();
	assert_string_equal(found[0].cgroup, "/new/place");
	put(7, "cgroup", old, sizeof(old) - 1);
	look();
	assert_string_equal(found[0].cgroup, "/old/place");
}

static void a_long_command_line_is_cut_off(void **unused)
{
	static char much[20000];

	(void)unused;
	memset(much, 'x', sizeof(much));
	put_stat(7, "x", 'S', 0);
	put(7, "cmdline", much, sizeof(much));
	look();
	assert_int_equal(strlen(found[0].cmdline), sizeof(found[0].cmdline) - 1);
}

#define PROC_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROC_TEST(a_process_is_found_with_all_it_is_known_by),
		PROC_TEST(a_name_may_have_anything_in_it),
		PROC_TEST(the_kernel_s_the_ended_and_the_unreadable_are_passed_over),
		PROC_TEST(who_is_not_wanted_is_not_looked_into),
		PROC_TEST(a_guest_has_the_name_that_qemu_was_told),
		PROC_TEST(other_programs_of_qemu_s_are_no_guests),
		PROC_TEST(of_cgroups_the_unified_one_counts_else_the_first),
		PROC_TEST(a_long_command_line_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
