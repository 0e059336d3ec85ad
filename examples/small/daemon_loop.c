/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A daemon's loop: bring a domain's remote pages home, within a budget, and sleep until
 * there is something to do.
 *
 * The host is simulated here, and so is the sleeping; a real daemon binds a real backend,
 * reads its clock, and waits with a timer.
 */
#include <flipnuma/host.h>
#include <flipnuma/mock.h>

#include <stdio.h>
#include <stdlib.h>

#define FRAMES 65536u
#define SECOND UINT64_C(1000000000)

static void say(void *cookie, const struct fnuma_event *e)
{
	(void)cookie;
	if (e->kind == FNUMA_EVENT_TRIGGER)
		printf("%6.2f s  due: %u pages may be remote\n", (double)e->now_ns / 1e9, e->count);
	if (e->kind == FNUMA_EVENT_PASS)
		printf("%6.2f s  done: %u pages came home\n", (double)e->now_ns / 1e9, e->count);
	if (e->kind == FNUMA_EVENT_GAVE_UP)
		printf("%6.2f s  page %u stays: %s\n", (double)e->now_ns / 1e9, e->page.n,
		       fnuma_strerror(e->why));
}

int main(void)
{
	const struct fnuma_home home = {{0}, FRAMES, {1}, 1};
	struct fnuma_mock_config machine = {.nodes = 2, .node_pages = {1u << 17, 1u << 17}};
	struct fnuma_mock_domain_config guest = {.frames = FRAMES, .homes = &home, .n_homes = 1};
	struct fnuma_backend backend;
	struct fnuma_host_config config = {.backend = &backend, .max_members = 8, .nodes = 2,
	                                   .limits = {.pages = 2000}, .trace = {.fn = say}};
	struct fnuma_member_config domain = {.frames = FRAMES, .homes = &home, .n_homes = 1,
	                                     .start = FNUMA_START_UNKNOWN,
	                                     .trigger = fnuma_trigger_find("either"),
	                                     .trigger_params = {.period_ns = 60 * SECOND,
	                                                        .amount_pages = 4000}};
	struct fnuma_mock *mock;
	struct fnuma_host *host;
	fnuma_member member;
	uint64_t now = 0, next;
	void *memory, *member_memory;
	uint32_t i;

	if (fnuma_mock_create(&machine, &mock) || fnuma_mock_backend(mock, &backend) ||
	    fnuma_mock_domain_create(mock, &guest, &domain.domain))
		return EXIT_FAILURE;
	for (i = 0; i < 5000; i++) /* somebody displaced these */
		fnuma_mock_place(mock, domain.domain, fnuma_gfn_of(i), fnuma_node_of(0));
	fnuma_mock_pin(mock, domain.domain, fnuma_gfn_of(7), true);

	memory = malloc(fnuma_host_bytes(&config));
	if (fnuma_host_init(memory, fnuma_host_bytes(&config), &config, &host))
		return EXIT_FAILURE;
	member_memory = malloc(fnuma_host_member_bytes(host, &domain));
	if (fnuma_host_add(host, &domain, member_memory, fnuma_host_member_bytes(host, &domain),
	                   now, &member))
		return EXIT_FAILURE;

	/* The whole loop: do what is due, sleep until told. */
	while (now < 600 * SECOND) {
		fnuma_host_step(host, now, 512, &next);
		now = next > now ? next : now + 1;
	}
	printf("%u pages remote at the end\n",
	       fnuma_tracker_remote(fnuma_host_tracker(host, member)));
	free(member_memory);
	free(memory);
	fnuma_mock_destroy(mock);
	return EXIT_SUCCESS;
}
