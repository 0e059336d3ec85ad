/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "keys.h"

#include "scenario.h"

#include <string.h>

#define AT(field) offsetof(struct scenario, field)

static const struct key keys[] = {
	TEXT("scenario", AT(name), "name", SCENARIO_NAME_BYTES, "unnamed",
	     "short name, for JSON and the report"),
	TEXT("scenario", AT(title), "title", SCENARIO_TITLE_BYTES, "",
	     "one line, for the report"),
	NUMBER("scenario", AT(duration_s), "duration_s", 1, 864000, "10800", "s",
	       "how long the I/O lasts"),
	NUMBER("scenario", AT(tick_ms), "tick_ms", 0.1, 1000, "1", "ms",
	       "time step: what arrives in it comes in bursts"),
	NUMBER("scenario", AT(sample_s), "sample_s", 0.1, 86400, "60", "s",
	       "time between points of the layout over time"),
	WHOLE("scenario", AT(seed), "seed", 0, 9007199254740991.0, "1", "",
	      "for everything drawn; `--seed` wins"),

	WHOLE("host", AT(host.nodes), "nodes", 1, SCENARIO_NODES_MAX, "2", "nodes",
	      "NUMA nodes of the machine"),
	NUMBER("host", AT(host.node_gb), "node_gb", 0.015625, 1024, "65", "GB",
	       "memory of each node"),
	NUMBER("host", AT(host.remote_access_percent), "remote_access_percent", 100, 1000,
	       "160", "%", "cost of a remote access or copy; 100 is a local one"),

	WHOLE("guest", AT(guest.count), "count", 1, 4096, "1", "guests",
	      "guests, all alike"),
	NUMBER("guest", AT(guest.memory_mb), "memory_mb", 4, 1048576, "16384", "MB",
	       "memory of a guest"),
	{"guest", "nodes", KEY_NODES, AT(guest.nodes), 0, SCENARIO_NODES_MAX, "0", "nodes", NULL,
	 "home node of each virtual node, which are equally large: `0`, or `0 1`"},
	NUMBER("guest", AT(guest.kernel_mb), "kernel_mb", 0, 1048576, "128", "MB",
	       "of it, the kernel's own: never freed, never flipped"),
	NUMBER("guest", AT(guest.app_mb), "app_mb", -1, 1048576, "-1", "MB",
	       "of it, the I/O application's, with the page cache, while the I/O lasts; -1: 61/64 "
	       "of it, or what kernel, ring and pool leave"),
	WHOLE("guest", AT(guest.ring_pages), "ring_pages", 1, 1048576, "1024", "pages",
	      "receive buffers posted, first in, first out"),

	WHOLE("privvm", AT(privvm.node), "node", 0, SCENARIO_NODES_MAX - 1, "1", "node",
	      "the privVM's node"),
	NUMBER("privvm", AT(privvm.memory_mb), "memory_mb", 4, 1048576, "16384", "MB",
	       "memory of the privVM"),
	NUMBER("privvm", AT(privvm.kernel_mb), "kernel_mb", 0, 1048576, "128", "MB",
	       "of it, its kernel's own"),
	NUMBER("privvm", AT(privvm.app_mb), "app_mb", -1, 1048576, "-1", "MB",
	       "of it, its daemons' and page cache's; -1: 61/64 of it, or what kernel and ring leave"),
	WHOLE("privvm", AT(privvm.ring_pages), "ring_pages", 1, 1048576, "1024", "pages",
	      "buffers posted in the network card's ring, first in, first out"),

	NUMBER("io", AT(io.rate_mbps), "rate_mbps", 0, 1000000, "1000", "Mb/s",
	       "payload, all guests together (while on, if in bursts)"),
	NUMBER("io", AT(io.idle_mbps), "idle_mbps", 0, 1000000, "0", "Mb/s",
	       "the same while off"),
	{"io", "pattern", KEY_CHOICE, AT(io.pattern), 0, 2, "steady", "",
	 "steady|regular|random", "on all the time, on and off for fixed times, or for random ones"},
	NUMBER("io", AT(io.on_ms), "on_ms", 1, 86400000, "2000", "ms",
	       "how long it is on (`random`: the mean of an exponential)"),
	NUMBER("io", AT(io.off_ms), "off_ms", 1, 86400000, "28000", "ms",
	       "how long it is off, alike"),
	NUMBER("io", AT(io.tx_percent), "tx_percent", 0, 100, "0", "%",
	       "of the pages, sent by the guest and not received"),
	NUMBER("io", AT(io.short_percent), "short_percent", 0, 100, "90", "%",
	       "of the received pages, freed soon"),
	NUMBER("io", AT(io.short_ms), "short_ms", 0, 600000, "20", "ms",
	       "mean time until they are (exponential)"),
	NUMBER("io", AT(io.long_ms), "long_ms", 0, 600000, "1000", "ms",
	       "mean time of the others, held in socket buffers or by slow consumers"),
	WHOLE("io", AT(burst_pages), "burst_pages", 1, 64, "32", "pages",
	      "pages of one burst: one backend call, and one guest's"),

	NUMBER("fit", AT(fit.churn_pages_per_s), "churn_pages_per_s", 0, 1e7, "0",
	       "pages/s",
	       "pages that applications of a guest give up and replace; the privVM's daemons "
	       "as many as those of all guests. `--fit` finds it"),
	NUMBER("fit", AT(fit.remote_pct), "remote_pct", 0, 100, "25", "%",
	       "where `--fit` makes vanilla end"),

	NUMBER("cost", AT(cost.stack_ns), "stack_ns", 0, 1e6, "2500", "ns",
	       "an I/O page: all but the flip or copy (rings, network stack, to user space)"),
	NUMBER("cost", AT(cost.call_ns), "call_ns", 0, 1e6, "300", "ns",
	       "a hypercall, once a burst"),
	NUMBER("cost", AT(cost.flip_ns), "flip_ns", 0, 1e6, "200", "ns",
	       "a page flipped"),
	NUMBER("cost", AT(cost.copy_ns), "copy_ns", 0, 1e6, "770", "ns",
	       "a cold page copied within a node"),
	NUMBER("cost", AT(cost.pool_ns), "pool_ns", 0, 1e6, "5", "ns",
	       "a page taken from and given to a pool"),
	NUMBER("cost", AT(cost.move_ns), "move_ns", 0, 1e6, "380", "ns",
	       "a page moved, without the copy itself"),
	NUMBER("cost", AT(cost.free_ns), "free_ns", 0, 1e6, "380", "ns",
	       "a page replaced whose content nobody needs"),
	NUMBER("cost", AT(cost.query_ns), "query_ns", 0, 1e6, "154", "ns",
	       "a page's node looked up"),
	NUMBER("cost", AT(cost.alloc_ns), "alloc_ns", 0, 1e6, "20", "ns",
	       "a page acquired for a pool, or released"),

	NUMBER("stream", AT(stream.memory_mb), "memory_mb", -1, 1048576, "-1", "MB",
	       "a guest's memory that STREAM allocates; 0: not run; -1: 15/16 of the guest's, or what its kernel leaves"),
	NUMBER("stream", AT(stream.bandwidth_gbps), "bandwidth_gbps", 0.001, 10000, "30",
	       "GB/s", "its bandwidth if all is local"),
	NUMBER("linkbench", AT(linkbench.memory_mb), "memory_mb", -1, 1048576, "-1", "MB",
	       "a guest's memory that LinkBench allocates; 0: not run; -1: half the guest's"),
	NUMBER("linkbench", AT(linkbench.time_s), "time_s", 0.001, 1e7, "600", "s",
	       "its execution time if all is local"),
	NUMBER("linkbench", AT(linkbench.memory_percent), "memory_percent", 0, 100, "40",
	       "%", "of that time, waiting for memory"),

	NUMBER("pool", AT(pool.init_mb), "init_mb", 0.00390625, 1048576, "500", "MB",
	       "poolSize_init of a guest, for the sizes that change"),
	NUMBER("pool", AT(pool.max_mb), "max_mb", 0, 1048576, "0", "MB",
	       "largest size; 0: twice init_mb"),
	WHOLE("pool", AT(pool.floor_pages), "floor_pages", 0, 1e9, "0", "pages",
	      "smallest size; 0: the policy's own"),
	NUMBER("pool", AT(pool.margin_percent), "margin_percent", 0, 1000, "10", "%",
	       "pool-static: added to the highest need of the calibration"),
	NUMBER("pool", AT(pool.calibrate_s), "calibrate_s", 1, 86400, "60", "s",
	       "pool-static: how long each application is run for it"),
	NUMBER("pool", AT(pool.window_s), "window_s", 0.001, 86400, "60", "s",
	       "pool-window, hybrid: how long an unused page is kept"),
	NUMBER("pool", AT(pool.latency_ms), "latency_ms", 0.001, 60000, "10", "ms",
	       "pool-window, hybrid: how long growing takes"),
	NUMBER("pool", AT(pool.resize_pages_per_s), "resize_pages_per_s", 1, 1e9,
	       "100000", "pages/s", "how fast a pool can grow or shrink"),
	WHOLE("pool", AT(pool.magazine_pages), "magazine_pages", 2, 4096, "64", "pages",
	      "pages in a magazine"),
	{"pool", "checked", KEY_CHOICE, AT(pool.checked), 0, 1, "no", "", "no|yes",
	 "check each page given back; slower, same results"},

	NUMBER("migrate", AT(migrate.period_s), "period_s", 0.001, 864000, "900", "s",
	       "period_flip (migrate-period)"),
	NUMBER("migrate", AT(migrate.amount_mb), "amount_mb", 0.0625, 1048576, "500",
	       "MB", "remote_memSize of a guest (migrate-amount)"),
	NUMBER("migrate", AT(migrate.lead_mb), "lead_mb", 0, 1048576, "0", "MB",
	       "begin this much earlier, so that it is a bound; 0: the policy's own, 1/64"),
	NUMBER("migrate", AT(migrate.break_even_s), "break_even_s", 0.001, 864000, "10",
	       "s", "hybrid: time for which a remote page costs as much as its move"),
	NUMBER("migrate", AT(migrate.cooldown_s), "cooldown_s", 0, 86400, "10", "s",
	       "a moved page is left alone for so long"),
	WHOLE("migrate", AT(migrate.budget_pages_per_s), "budget_pages_per_s", 0, 1e9,
	      "20000", "pages/s", "all guests' moves together; 0: no limit"),
	NUMBER("migrate", AT(migrate.budget_mb_per_s), "budget_mb_per_s", 0, 1e6, "0",
	       "MB/s", "the same in MB; 0: no limit"),
	NUMBER("migrate", AT(migrate.budget_cpu_percent), "budget_cpu_percent", 0, 100,
	       "10", "%", "the same in time of one of the privVM's CPUs; 0: no limit"),
};

const struct key *key_at(uint32_t index)
{
	return index < sizeof(keys) / sizeof(keys[0]) ? &keys[index] : NULL;
}

const struct key *key_find(const char *section, const char *name)
{
	const struct key *k;
	uint32_t i;

	for (i = 0; (k = key_at(i)) != NULL; i++)
		if (strcmp(k->section, section) == 0 && strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

bool key_is_load(const struct key *key)
{
	return key->at >= AT(io) && key->at < AT(io) + sizeof(struct load_config);
}

bool key_section_known(const char *section)
{
	const struct key *k;
	uint32_t i;

	for (i = 0; (k = key_at(i)) != NULL; i++)
		if (strcmp(k->section, section) == 0)
			return true;
	return false;
}
