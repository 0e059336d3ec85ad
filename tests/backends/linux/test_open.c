/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fake_kernel.h"

struct opening {
	struct fake k;
	struct linux_kernel kernel;
	struct fnuma_linux_config config;
	struct fnuma_linux *host;
	char why[256];
};

static void prepare(struct opening *o)
{
	memset(o, 0, sizeof(*o));
	o->kernel = fake_start(&o->k);
}

static void assert_refused(struct opening *o, int err, const char *words)
{
	assert_int_equal(linux_open(&o->kernel, &o->config, &o->host, o->why, sizeof(o->why)),
	                 err);
	assert_null(o->host);
	assert_non_null(strstr(o->why, words));
	/* Nobody need want the sentence. */
	assert_int_equal(linux_open(&o->kernel, &o->config, &o->host, NULL, 0), err);
	assert_int_equal(o->k.opened, o->k.closed);
}

static long no_numa(void *context, int pid, size_t n, void **pages, const int *nodes,
                    int *status, int flags)
{
	(void)context, (void)pid, (void)n, (void)pages, (void)nodes, (void)status, (void)flags;
	return -ENOSYS;
}

static void a_kernel_without_numa_is_refused(void **state)
{
	struct opening o;

	(void)state;
	prepare(&o);
	o.kernel.move_pages = no_numa;
	assert_refused(&o, FNUMA_E_NOTSUP, "built without NUMA");
	prepare(&o);
	fake_set(&o.k, "/sys/devices/system/node/has_memory", NULL, -ENOENT);
	assert_refused(&o, FNUMA_E_NOTSUP, "no memory nodes");
}

static void a_filter_of_system_calls_is_named(void **state)
{
	struct opening o;

	(void)state;
	prepare(&o);
	o.k.query_error = -EPERM;
	assert_refused(&o, FNUMA_E_DENIED, "system call filter");
	prepare(&o);
	o.k.pidfd_error = -ENOSYS;
	assert_refused(&o, FNUMA_E_NOTSUP, "pidfd_open");
}

static void a_machine_with_one_node_is_refused_unless_asked_for(void **state)
{
	struct opening o;

	(void)state;
	prepare(&o);
	fake_set(&o.k, "/sys/devices/system/node/has_memory", "0\n", 0);
	assert_refused(&o, FNUMA_E_NOTSUP, "one memory node only");
	o.config.flags = FNUMA_LINUX_ONE_NODE;
	assert_int_equal(linux_open(&o.kernel, &o.config, &o.host, NULL, 0), FNUMA_OK);
	fnuma_linux_close(o.host);
}

static void nodes_above_63_are_refused(void **state)
{
	struct opening o;

	(void)state;
	prepare(&o);
	fake_set(&o.k, "/sys/devices/system/node/has_memory", "0-3,64\n", 0);
	assert_refused(&o, FNUMA_E_NOTSUP, "64");
}

static void forbidden_nodes_are_named(void **state)
{
	struct opening o;

	(void)state;
	prepare(&o);
	fake_set(&o.k, "/proc/self/status", "CapEff:\t000001ffffffffff\n"
	         "Mems_allowed_list:\t0,2\n", 0);
	assert_refused(&o, FNUMA_E_DENIED, "node 1,3 is forbidden");
	assert_non_null(strstr(o.why, "cpuset"));
}

static void missing_capabilities_are_named(void **state)
{
	static const char *const status[] = {
		"CapEff:\t0000000000000000\nMems_allowed_list:\t0-3\n",
		"CapEff:\t0000000000080000\nMems_allowed_list:\t0-3\n",
		"CapEff:\t0000000000800000\nMems_allowed_list:\t0-3\n",
	};
	static const char *const words[] = {
		"CAP_SYS_NICE and CAP_SYS_PTRACE;", "takes CAP_SYS_NICE;",
		"takes CAP_SYS_PTRACE;",
	};
	struct opening o;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		prepare(&o);
		fake_set(&o.k, "/proc/self/status", status[i], 0);
		assert_refused(&o, FNUMA_E_DENIED, words[i]);
		o.config.flags = FNUMA_LINUX_UNPRIVILEGED;
		assert_int_equal(linux_open(&o.kernel, &o.config, &o.host, NULL, 0), FNUMA_OK);
		assert_false(o.host->privileged);
		fnuma_linux_close(o.host);
	}
}

static void an_unknown_flag_is_refused(void **state)
{
	struct opening o;

	(void)state;
	prepare(&o);
	o.config.flags = 1u << 9;
	assert_refused(&o, FNUMA_E_INVAL, "flag");
}

static void nodes_keep_their_numbers_where_some_are_missing(void **state)
{
	static struct fnuma_topology t;
	struct fnuma_backend be;
	struct opening o;

	(void)state;
	prepare(&o);
	fake_set(&o.k, "/sys/devices/system/node/has_memory", "0,2\n", 0);
	fake_set(&o.k, "/proc/self/status", "CapEff:\t000001ffffffffff\n"
	         "Mems_allowed_list:\t0,2\n", 0);
	assert_int_equal(linux_open(&o.kernel, NULL, &o.host, NULL, 0), FNUMA_OK);
	assert_int_equal(fnuma_linux_backend(o.host, &be), FNUMA_OK);
	assert_int_equal(fnuma_backend_topology(&be, &t), FNUMA_OK);
	assert_int_equal(t.nodes, 3);
	assert_int_equal(t.page_bytes, 4096);
	assert_int_equal(t.node[0].size_pages, 262144);
	assert_int_equal(t.node[0].free_pages, 100000);
	assert_int_equal(t.node[1].size_pages, 0);
	assert_int_equal(t.distance[0][2], 22);
	o.k.absent_node[2] = true; /* unplugged */
	assert_int_equal(fnuma_backend_topology(&be, &t), FNUMA_OK);
	assert_int_equal(t.node[2].size_pages, 0);
	fnuma_linux_close(o.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_without_numa_is_refused),
		cmocka_unit_test(a_filter_of_system_calls_is_named),
		cmocka_unit_test(a_machine_with_one_node_is_refused_unless_asked_for),
		cmocka_unit_test(nodes_above_63_are_refused),
		cmocka_unit_test(forbidden_nodes_are_named),
		cmocka_unit_test(missing_capabilities_are_named),
		cmocka_unit_test(an_unknown_flag_is_refused),
		cmocka_unit_test(nodes_keep_their_numbers_where_some_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
