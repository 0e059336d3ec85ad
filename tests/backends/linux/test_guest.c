/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake_kernel.h"

#define MIB (UINT64_C(1) << 20)

/* Words are divided by newlines here. */
static struct linux_guest read_line(const char *words)
{
	struct linux_guest g;
	char line[1024];
	size_t i, n = strlen(words);

	assert_true(n < sizeof(line));
	for (i = 0; i <= n; i++)
		line[i] = words[i] == '\n' ? '\0' : words[i];
	linux_guest_read(line, n + 1, &g);
	return g;
}

static void assert_blocks(const char *words, uint32_t n, const uint64_t *mib)
{
	struct linux_guest g = read_line(words);
	uint32_t i;

	assert_int_equal(g.n, n);
	for (i = 0; i < n; i++)
		assert_int_equal(g.bytes[i], mib[i] * MIB);
}

#define BLOCKS(words, ...) do { \
		static const uint64_t mib[] = {__VA_ARGS__}; \
		assert_blocks(words, sizeof(mib) / sizeof(mib[0]), mib); \
	} while (0)

static void sizes_are_read_in_every_way_that_qemu_writes_them(void **state)
{
	(void)state;
	BLOCKS("/usr/bin/qemu-system-x86_64\n-m\n512", 512);
	BLOCKS("qemu-kvm\n-m\n2G", 2048);
	BLOCKS("qemu-system-arm\n--m\n1024m", 1024);
	BLOCKS("qemu-system-x86_64\n-m\nsize=2097152k,slots=16,maxmem=8G", 2048);
	BLOCKS("qemu-system-x86_64\n-S", 128);
}

static void blocks_are_in_the_order_of_the_guests_nodes(void **state)
{
	(void)state;
	BLOCKS("qemu-system-x86_64\n-m\n96M\n-object\nmemory-backend-ram,id=b,size=32M\n"
	       "-object\nmemory-backend-memfd,size=64M,id=a,share=on\n"
	       "-numa\nnode,nodeid=1,memdev=b\n-numa\nnode,nodeid=0,cpus=0-1,memdev=a", 64, 32);
}

static void objects_of_libvirt_are_read(void **state)
{
	(void)state;
	BLOCKS("qemu-system-x86_64\n-machine\npc-q35-7.2,usb=off,memory-backend=pc.ram\n"
	       "-m\nsize=1048576k\n-object\n{\"qom-type\":\"memory-backend-ram\",\"id\":"
	       "\"pc.ram\",\"size\":1073741824,\"host-nodes\":[0],\"policy\":\"bind\"}", 1024);
}

static void memory_devices_come_last_and_what_is_shared_for_ivshmem_does_not(void **state)
{
	(void)state;
	BLOCKS("qemu-system-x86_64\n-m\n256M,slots=2,maxmem=1G\n"
	       "-object\nmemory-backend-ram,id=d,size=128M\n-device\npc-dimm,memdev=d\n"
	       "-object\nmemory-backend-file,id=s,size=4M,mem-path=/dev/shm/x,share=on\n"
	       "-device\nivshmem-plain,memdev=s", 256, 128);
}

static void the_guests_name_is_read(void **state)
{
	(void)state;
	assert_string_equal(read_line("qemu-kvm\n-name\nguest=web1,debug-threads=on").name,
	                    "web1");
	assert_string_equal(read_line("qemu-kvm\n-name\nweb2").name, "web2");
	assert_string_equal(read_line("qemu-kvm").name, "");
}

static void other_programs_have_no_guest(void **state)
{
	(void)state;
	assert_int_equal(read_line("bash\n-c\nqemu-system-x86_64 -m 4G").n, 0);
	assert_int_equal(read_line("qemu-img\nconvert").n, 0);
	assert_int_equal(read_line("").n, 0);
}

/* Whatever a command line holds, it is read to its end and no farther. */
static void odd_command_lines_are_survived(void **state)
{
	static const char *const lines[] = {
		"qemu-kvm\n-m", "qemu-kvm\n-m\n", "qemu-kvm\n-object\nmemory-backend-ram",
		"qemu-kvm\n-object\nmemory-backend-ram,id=,size=", "qemu-kvm\n-numa\nnode,memdev=",
		"qemu-kvm\n-m\n99999999999999999999T", "qemu-kvm\n\n\n\n-m\n\n",
		"qemu-kvm\n-object\n{\"qom-type\":\"memory-backend-ram\",\"id\":\"",
		"qemu-kvm\n-numa\nnode,nodeid=-5,memdev=a", "qemu-kvm\n-device\nmemdev=x",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(read_line(lines[i]).n <= LINUX_BLOCKS_MAX);
}

static void a_guest_with_two_backends_has_a_home_for_each(void **state)
{
	const struct fnuma_linux_target target = {.pid = FAKE_PID};
	struct fixture f;
	uint64_t address;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, "/proc/4711/cmdline", "qemu-kvm\n-m\n6M\n-name\ng\n"
	         "-object\nmemory-backend-ram,id=a,size=4M\n"
	         "-object\nmemory-backend-memfd,id=b,size=2M\n"
	         "-numa\nnode,nodeid=0,memdev=a\n-numa\nnode,nodeid=1,memdev=b\n", 0);
	fake_set(&f.k, "/proc/4711/maps",
	         "7f0000000000-7f0000200000 rw-s 00000000 00:01 77  /memfd:memory-backend-memfd "
	         "(deleted)\n"
	         "7f0000200000-7f0000300000 rw-p 00000000 00:00 0 \n"
	         "7f0000400000-7f0000600000 rw-p 00000000 00:00 0 \n"
	         "7f0000600000-7f0000800000 rw-p 00000000 00:00 0 \n"
	         "7f0000800000-7f0000801000 ---p 00000000 00:00 0 \n", 0);
	fake_set(&f.k, "/proc/4711/numa_maps",
	         "7f0000000000 bind:2 file=/memfd:memory-backend-memfd\\040(deleted) N2=512\n"
	         "7f0000200000 default anon=1 N0=1 kernelpagesize_kB=4\n"
	         "7f0000400000 bind:1 anon=512 N0=512 kernelpagesize_kB=4\n"
	         "7f0000600000 bind:1 anon=512 N1=512 kernelpagesize_kB=4\n", 0);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_OK);
	assert_int_equal(f.info.kind, FNUMA_LINUX_GUEST);
	assert_string_equal(f.info.name, "g");
	assert_int_equal(f.info.frames, 1536);
	assert_int_equal(f.info.home_by, FNUMA_LINUX_HOME_POLICY);
	assert_int_equal(f.info.n_homes, 2);
	assert_int_equal(f.info.homes[0].node.id, 1);
	assert_int_equal(f.info.homes[0].pages, 1024);
	assert_int_equal(f.info.homes[1].node.id, 2);
	assert_int_equal(f.info.homes[1].first.n, 1024);
	assert_int_equal(fnuma_linux_address(f.host, f.domain, fnuma_gfn_of(0), &address), 0);
	assert_int_equal(address, UINT64_C(0x7f0000400000));
	assert_int_equal(fnuma_linux_address(f.host, f.domain, fnuma_gfn_of(1024), &address), 0);
	assert_int_equal(address, UINT64_C(0x7f0000000000));
	assert_int_equal(fnuma_linux_refresh(f.host, f.domain), 0);
	fixture_end(&f);
}

static void a_guest_without_policies_has_its_homes_where_each_block_is(void **state)
{
	const struct fnuma_linux_target target = {.pid = FAKE_PID};
	struct fixture f;

	(void)state;
	fixture_open(&f);
	fake_set(&f.k, "/proc/4711/cmdline", "qemu-kvm\n-m\n8M\n"
	         "-object\nmemory-backend-ram,id=a,size=4M\n"
	         "-object\nmemory-backend-ram,id=b,size=4M\n"
	         "-numa\nnode,memdev=a\n-numa\nnode,memdev=b\n", 0);
	fake_set(&f.k, "/proc/4711/maps",
	         "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \n"
	         "7f0000401000-7f0000801000 rw-p 00000000 00:00 0 \n", 0);
	fake_set(&f.k, "/proc/4711/numa_maps",
	         "7f0000000000 default anon=1000 N0=300 N3=700 kernelpagesize_kB=4\n"
	         "7f0000401000 default anon=900 N2=900 kernelpagesize_kB=4\n", 0);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_OK);
	assert_int_equal(f.info.home_by, FNUMA_LINUX_HOME_PAGES);
	assert_int_equal(f.info.n_homes, 2);
	assert_int_equal(f.info.homes[0].node.id, 2); /* the first is the higher one */
	assert_int_equal(f.info.homes[1].node.id, 3);
	fixture_end(&f);
}

static void a_guest_whose_ram_is_not_there_yet_is_refused(void **state)
{
	const struct fnuma_linux_target target = {.pid = FAKE_PID};
	const struct fnuma_linux_target guest = {.pid = FAKE_PID, .kind = FNUMA_LINUX_GUEST};
	struct fixture f;

	(void)state;
	fixture_open(&f);
	assert_int_equal(fixture_attach(&f, &guest), FNUMA_E_NOTSUP);
	assert_non_null(strstr(f.why, "no QEMU"));
	fake_set(&f.k, "/proc/4711/cmdline", "qemu-kvm\n-m\n64M\n", 0);
	assert_int_equal(fixture_attach(&f, &target), FNUMA_E_NOTSUP);
	assert_non_null(strstr(f.why, "still starting"));
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_read_in_every_way_that_qemu_writes_them),
		cmocka_unit_test(blocks_are_in_the_order_of_the_guests_nodes),
		cmocka_unit_test(objects_of_libvirt_are_read),
		cmocka_unit_test(memory_devices_come_last_and_what_is_shared_for_ivshmem_does_not),
		cmocka_unit_test(the_guests_name_is_read),
		cmocka_unit_test(other_programs_have_no_guest),
		cmocka_unit_test(odd_command_lines_are_survived),
		cmocka_unit_test(a_guest_with_two_backends_has_a_home_for_each),
		cmocka_unit_test(a_guest_without_policies_has_its_homes_where_each_block_is),
		cmocka_unit_test(a_guest_whose_ram_is_not_there_yet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
