/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* One writer, several readers of the counts: nobody waits, and every count read was true
 * at some moment. */
#include "test.h"
#include <flipnuma/tracker.h>
#include <pthread.h>
#include <stdlib.h>

#define FRAMES 1000u
#define TOUCHED 100u
#define READERS 3u
#define BATCHES 20000u
#define BATCH 32u

struct scene {
	struct fnuma_tracker *t;
	uint32_t stop;
};

struct reader {
	struct scene *scene;
	pthread_t thread;
	uint32_t wrong; /* cmocka's assertions must not jump out of a thread: count */
};

static bool plausible(const struct fnuma_layout *l)
{
	return l->node_pages[0] >= FRAMES - TOUCHED && l->node_pages[0] <= FRAMES &&
	       l->node_pages[1] <= TOUCHED && l->unknown_pages <= TOUCHED &&
	       l->remote_pages <= TOUCHED && l->node_pages[2] == 0 && l->none_pages == 0;
}

static void *read_counts(void *arg)
{
	struct reader *r = arg;
	struct fnuma_layout l;

	while (!fnuma_port_load(&r->scene->stop)) {
		fnuma_tracker_layout(r->scene->t, &l);
		r->wrong += !plausible(&l);
		r->wrong += fnuma_tracker_remote(r->scene->t) > TOUCHED;
	}
	return NULL;
}

static void write_batches(struct fnuma_tracker *t)
{
	static const uint8_t where[] = {0, 1, FNUMA_NODE_UNKNOWN_ID};
	fnuma_gfn pages[BATCH];
	fnuma_node nodes[BATCH];
	uint32_t seed = 1, i, k;

	for (i = 0; i < BATCHES; i++) {
		for (k = 0; k < BATCH; k++) {
			seed = seed * 1664525u + 1013904223u;
			pages[k] = fnuma_gfn_of((seed >> 8) % TOUCHED);
			nodes[k] = fnuma_node_of(where[(seed >> 20) % 3]);
		}
		if (fnuma_tracker_set(t, pages, nodes, BATCH) != (int)BATCH)
			abort();
	}
}

static void counts_are_read_while_pages_are_recorded(void **state)
{
	struct fnuma_home home = {fnuma_gfn_of(0), FRAMES, fnuma_node_of(0), 1};
	struct fnuma_tracker_config c = {FRAMES, 3, &home, 1, FNUMA_START_HOME};
	struct reader readers[READERS] = {0};
	struct scene scene = {NULL, 0};
	void *memory = malloc(fnuma_tracker_bytes(&c));
	uint32_t i;

	(void)state;
	assert_int_equal(fnuma_tracker_init(memory, fnuma_tracker_bytes(&c), &c, &scene.t), 0);
	for (i = 0; i < READERS; i++) {
		readers[i].scene = &scene;
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_counts,
		                                &readers[i]), 0);
	}
	write_batches(scene.t);
	fnuma_port_store(&scene.stop, 1);
	for (i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].wrong, 0);
	}
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_read_while_pages_are_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
