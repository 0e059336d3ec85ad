/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Attaching, homes, frames, and looking again. */
#include "fake_kernel.h"

#define MAPS "/proc/4711/maps"
#define NUMA "/proc/4711/numa_maps"
#define STATUS "/proc/4711/status"

static const struct fnuma_linux_target whole = {.pid = FAKE_PID};

static void a_process_is_its_own_memory_and_not_the_files_it_maps(void **state)
{
	struct fixture f;
	fnuma_gfn page;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, MAPS,
	         "00400000-00500000 r-xp 00000000 08:01 123  /usr/bin/a\n"
	         "00500000-00501000 rw-p 00100000 08:01 123  /usr/bin/a\n"
	         "01000000-01010000 rw-p 00000000 00:00 0  [heap]\n"
	         "7f0000000000-7f0000100000 rw-s 00000000 00:05 9  /dev/shm/x\n"
	         "7f0000100000-7f0000200000 ---p 00000000 00:00 0 \n"
	         "7f0000300000-7f0000310000 r--p 00000000 00:00 0 \n"
	         "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0  [stack]\n"
	         "7ffc00030000-7ffc00034000 r--p 00000000 00:00 0  [vvar]\n"
	         "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n", 0);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_OK);
	assert_int_equal(f.info.kind, FNUMA_LINUX_PROCESS);
	assert_string_equal(f.info.name, "a (b) c");
	assert_int_equal(f.info.start_ticks, 777);
	assert_int_equal(f.info.ranges, 4);
	assert_int_equal(f.info.frames, 16 + 256 + 16 + 33);
	assert_int_equal(fnuma_linux_frame(f.host, f.domain, UINT64_C(0x7f0000000123), &page), 0);
	assert_int_equal(page.n, 16);
	assert_int_equal(fnuma_linux_frame(f.host, f.domain, 0x400000, &page), FNUMA_E_RANGE);
	fixture_end(&f);
}

static void a_handle_is_stale_once_detached_and_ever_after(void **state)
{
	struct fnuma_linux_info info;
	struct fixture f;
	fnuma_domain old;

	(void)state;
	fixture_start(&f);
	old = f.domain;
	assert_int_equal(fnuma_linux_detach(f.host, old), FNUMA_OK);
	assert_int_equal(fnuma_linux_detach(f.host, old), FNUMA_E_STALE);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_OK);
	assert_int_equal(f.domain.slot, old.slot);
	assert_int_equal(fnuma_linux_info(f.host, old, &info), FNUMA_E_STALE);
	assert_int_equal(fnuma_backend_alive(&f.be, old), FNUMA_E_STALE);
	assert_int_equal(fnuma_backend_alive(&f.be, f.domain), FNUMA_OK);
	fixture_end(&f);
}

static void who_cannot_be_attached_is_said_with_a_reason(void **state)
{
	const struct fnuma_linux_target other = {.pid = FAKE_PID, .start_ticks = 776};
	const struct fnuma_linux_target nobody = {.pid = 0};
	struct fixture f;

	(void)state;
	fixture_open(&f);
	assert_int_equal(fixture_attach(&f, &nobody), FNUMA_E_INVAL);
	assert_int_equal(fixture_attach(&f, &other), FNUMA_E_STALE);
	assert_non_null(strstr(f.why, "another time"));
	f.k.query_error = -EPERM;
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_DENIED);
	assert_non_null(strstr(f.why, "may not be moved"));
	f.k.query_error = -EINVAL;
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_NOTSUP);
	f.k.query_error = 0;
	fake_set(&f.k, MAPS, NULL, -EACCES);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_DENIED);
	fake_set(&f.k, MAPS, "", 0);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_NOTSUP);
	f.k.pidfd_error = -EINVAL;
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_INVAL);
	assert_non_null(strstr(f.why, "a thread"));
	f.k.pidfd_error = 0;
	f.k.running = false;
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_GONE);
	fixture_end(&f);
}

static void each_file_that_cannot_be_read_is_an_error_and_nothing_stays_open(void **state)
{
	static const char *const files[] = {"/proc/4711/stat", MAPS, NUMA, STATUS,
	                                    "/proc/4711/cmdline"};
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		fixture_open(&f);
		fake_set(&f.k, files[i], NULL, -ENOENT);
		assert_int_equal(fixture_attach(&f, &whole), FNUMA_E_GONE);
		fixture_end(&f);
	}
}

static void ranges_that_cannot_be_are_refused(void **state)
{
	static const struct fnuma_linux_range bad[][2] = {
		{{FAKE_BASE + 1, 4096}, {0, 4096}}, {{FAKE_BASE, 100}, {0, 4096}},
		{{FAKE_BASE, 0}, {0, 4096}}, {{FAKE_BASE, 8192}, {FAKE_BASE + 4096, 4096}},
		{{UINT64_MAX - 4095, 8192}, {0, 4096}},
	};
	struct fnuma_linux_target target = {.pid = FAKE_PID, .kind = FNUMA_LINUX_RANGES,
	                                    .n_ranges = 2};
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		target.ranges = bad[i];
		assert_int_equal(fixture_attach(&f, &target), FNUMA_E_INVAL);
	}
	target.n_ranges = 0;
	assert_int_equal(fixture_attach(&f, &target), FNUMA_E_INVAL);
	fixture_end(&f);
}

static void no_more_domains_than_asked_for(void **state)
{
	const struct fnuma_linux_config config = {0, 1};
	struct fixture f;
	fnuma_domain other;

	(void)state;
	memset(&f, 0, sizeof(f));
	f.kernel = fake_start(&f.k);
	assert_int_equal(linux_open(&f.kernel, &config, &f.host, NULL, 0), FNUMA_OK);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_OK);
	assert_int_equal(fnuma_linux_attach(f.host, &whole, &other, NULL, 0), FNUMA_E_NOSPC);
	fixture_end(&f);
}

static void assert_home(struct fixture *f, enum fnuma_linux_home_by by, uint32_t node)
{
	assert_int_equal(fixture_attach(f, &whole), FNUMA_OK);
	assert_int_equal(f->info.home_by, by);
	assert_int_equal(f->info.n_homes, 1);
	assert_int_equal(f->info.homes[0].node.id, node);
	assert_int_equal(f->info.homes[0].pages, f->info.frames);
}

static void home_is_by_policy_then_cpuset_then_cpus_then_pages(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, NUMA, "7f0000000000 default anon=9 N2=5 N3=4 kernelpagesize_kB=4\n", 0);
	assert_home(&f, FNUMA_LINUX_HOME_PAGES, 2);
	fake_set(&f.k, STATUS, "Cpus_allowed_list:\t2,8\nMems_allowed_list:\t0-3\n", 0);
	assert_home(&f, FNUMA_LINUX_HOME_CPUS, 2);
	fake_set(&f.k, STATUS, "Cpus_allowed_list:\t2,8\nMems_allowed_list:\t1\n", 0);
	assert_home(&f, FNUMA_LINUX_HOME_CPUSET, 1);
	assert_int_equal(f.info.allowed_nodes, 2);
	fake_set(&f.k, NUMA, "7f0000000000 prefer:3 anon=9 N2=9 kernelpagesize_kB=4\n", 0);
	assert_home(&f, FNUMA_LINUX_HOME_POLICY, 3);
	fixture_end(&f);
}

/* What it maps of files stands between. */
static void pages_are_counted_once_where_most_of_them_decide(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, MAPS,
	         "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
	         "7f0000200000-7f0000300000 r--p 00000000 08:01 9 /lib/x\n"
	         "7f0000400000-7f0000500000 rw-p 00000000 00:00 0 \n", 0);
	fake_set(&f.k, NUMA, "7f0000000000 default anon=5 N2=5 kernelpagesize_kB=4\n"
	         "7f0000200000 default file=/lib/x mapped=7 N1=7 kernelpagesize_kB=4\n"
	         "7f0000400000 default anon=4 N3=4 kernelpagesize_kB=4\n", 0);
	assert_home(&f, FNUMA_LINUX_HOME_PAGES, 2);
	fixture_end(&f);
}

/* Each range by itself would be compared with each, for each. */
static void a_process_with_thousands_of_mappings_is_attached_at_once(void **state)
{
	static char maps[1u << 20], numa[1u << 20];
	struct fixture f;
	size_t m = 0, n = 0;
	uint64_t i;

	(void)state;
	for (i = 0; i < 8000; i++) {
		m += (size_t)snprintf(maps + m, sizeof(maps) - m, "%jx-%jx rw-p 00000000 00:00 0 \n",
		                      (uintmax_t)(FAKE_BASE + i * 8192),
		                      (uintmax_t)(FAKE_BASE + i * 8192 + 4096));
		n += (size_t)snprintf(numa + n, sizeof(numa) - n, "%jx default anon=1 N%u=1\n",
		                      (uintmax_t)(FAKE_BASE + i * 8192), i % 8 ? 1 : 2);
	}
	fixture_open(&f);
	fake_set(&f.k, MAPS, maps, 0);
	fake_set(&f.k, NUMA, numa, 0);
	assert_home(&f, FNUMA_LINUX_HOME_PAGES, 1);
	assert_int_equal(f.info.frames, 8000);
	fixture_end(&f);
}

static void a_policy_of_several_nodes_is_several_homes(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, NUMA, "7f0000000000 interleave:0,2-3 anon=9 N2=9\n", 0);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_OK);
	assert_int_equal(f.info.n_homes, 3);
	assert_int_equal(f.info.homes[1].node.id, 2);
	assert_int_equal(fnuma_homes_check(f.info.homes, 3, f.info.frames, 4), FNUMA_OK);
	fake_set(&f.k, NUMA, "7f0000000000 prefer (many):1,3 anon=9 N2=9\n", 0);
	assert_int_equal(fixture_attach(&f, &whole), FNUMA_OK);
	assert_int_equal(f.info.n_homes, 2);
	assert_int_equal(f.info.homes[1].node.id, 3);
	fixture_end(&f);
}

/* 40 mappings with policies by turns, or two nodes each: more homes than a list can hold. */
static void more_homes_than_a_list_can_hold_are_one(void **state)
{
	static char maps[8192], numa[8192];
	struct fixture f;
	size_t m = 0, n = 0;
	int i;

	(void)state;
	fixture_open(&f);
	for (i = 0; i < 40; i++) {
		const uint64_t at = FAKE_BASE + (uint64_t)i * 8192;

		m += (size_t)sprintf(maps + m, "%jx-%jx rw-p 00000000 00:00 0 \n", (uintmax_t)at,
		                     (uintmax_t)at + 8192);
		n += (size_t)sprintf(numa + n, "%jx bind:%s anon=2 N3=2\n", (uintmax_t)at,
		                     i % 2 ? "0-1" : "2-3");
	}
	fake_set(&f.k, MAPS, maps, 0);
	fake_set(&f.k, NUMA, numa, 0);
	assert_home(&f, FNUMA_LINUX_HOME_PAGES, 3);
	fixture_end(&f);
}

static void spare_frames_are_filled_as_memory_is_mapped(void **state)
{
	const struct fnuma_linux_target target = {.pid = FAKE_PID, .spare_frames = 40};
	struct fixture f;
	uint64_t address;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, MAPS, "7f0000010000-7f0000020000 rw-p 00000000 00:00 0 \n", 0);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_OK);
	assert_int_equal(f.info.frames, 56);
	assert_int_equal(f.info.homes[f.info.n_homes - 1].first.n +
	                 f.info.homes[f.info.n_homes - 1].pages, 56);
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), 0);
	/* It grew at both ends, and a mapping was added. */
	fake_set(&f.k, MAPS, "7f000000e000-7f0000024000 rw-p 00000000 00:00 0 \n"
	         "7f0000100000-7f0000110000 rw-p 00000000 00:00 0 \n", 0);
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), 2 + 4 + 16);
	assert_int_equal(fnuma_linux_address(f.host, f.domain, fnuma_gfn_of(0), &address), 0);
	assert_int_equal(address, UINT64_C(0x7f0000010000)); /* frames stay where they were */
	assert_int_equal(fnuma_linux_address(f.host, f.domain, fnuma_gfn_of(16), &address), 0);
	assert_int_equal(address, UINT64_C(0x7f000000e000));
	assert_int_equal(fnuma_linux_address(f.host, f.domain, fnuma_gfn_of(18), &address), 0);
	assert_int_equal(address, UINT64_C(0x7f0000020000));
	assert_int_equal(fnuma_linux_address(f.host, f.domain, fnuma_gfn_of(38), &address),
	                 FNUMA_E_RANGE);
	fake_set(&f.k, MAPS, "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n", 0);
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), FNUMA_E_NOSPC);
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), FNUMA_E_NOSPC);
	fixture_end(&f);
}

static void another_program_in_the_same_process_is_another_domain(void **state)
{
	struct fixture f;

	(void)state;
	fixture_start(&f);
	fake_set(&f.k, "/proc/4711/stat", "4711 (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 "
	         "17 18 777 20 21 22 99 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 "
	         "42 43 44 45 46 47 48\n", 0);
	assert_int_equal(fnuma_backend_alive(&f.be, f.domain), FNUMA_E_GONE);
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), FNUMA_E_GONE);
	fixture_end(&f);
}

static void counts_are_those_of_the_pages(void **state)
{
	uint32_t counts[FNUMA_NODES_MAX];
	fnuma_node nodes[FAKE_PAGES];
	struct fixture f;

	(void)state;
	fixture_start(&f);
	f.k.node[0] = f.k.node[600] = 3;
	f.k.node[7] = FAKE_ABSENT;
	assert_int_equal(fnuma_backend_node_counts(&f.be, f.domain, counts, FNUMA_NODES_MAX),
	                 FNUMA_OK);
	assert_int_equal(counts[0], FAKE_PAGES - 3);
	assert_int_equal(counts[3], 2);
	assert_int_equal(fnuma_linux_nodes(f.host, f.domain, fnuma_gfn_of(0), FAKE_PAGES, nodes),
	                 FAKE_PAGES);
	assert_int_equal(nodes[600].id, 3);
	assert_int_equal(nodes[7].id, FNUMA_NODE_NONE_ID);
	assert_int_equal(fnuma_linux_nodes(f.host, f.domain, fnuma_gfn_of(1), FAKE_PAGES, nodes),
	                 FNUMA_E_RANGE);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_its_own_memory_and_not_the_files_it_maps),
		cmocka_unit_test(a_handle_is_stale_once_detached_and_ever_after),
		cmocka_unit_test(who_cannot_be_attached_is_said_with_a_reason),
		cmocka_unit_test(each_file_that_cannot_be_read_is_an_error_and_nothing_stays_open),
		cmocka_unit_test(ranges_that_cannot_be_are_refused),
		cmocka_unit_test(no_more_domains_than_asked_for),
		cmocka_unit_test(home_is_by_policy_then_cpuset_then_cpus_then_pages),
		cmocka_unit_test(pages_are_counted_once_where_most_of_them_decide),
		cmocka_unit_test(a_process_with_thousands_of_mappings_is_attached_at_once),
		cmocka_unit_test(a_policy_of_several_nodes_is_several_homes),
		cmocka_unit_test(more_homes_than_a_list_can_hold_are_one),
		cmocka_unit_test(spare_frames_are_filled_as_memory_is_mapped),
		cmocka_unit_test(another_program_in_the_same_process_is_another_domain),
		cmocka_unit_test(counts_are_those_of_the_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
