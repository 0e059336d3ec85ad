/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The flip path: what is taken, given, exchanged and refused, and what is counted. */
#include "pool_host.h"
#include "pool_internal.h"

#define M 8u
#define TRUSTED FNUMA_POOL_TRUSTED

static const uint32_t both_kinds[] = {0, TRUSTED};

/* A pool of `size` pages, all at home, and one cache. */
static struct rig *pool_of(uint32_t size, uint32_t flags, struct fnuma_pool_cache *cache)
{
	struct rig *r = rig_new(256, 128, 3, M, flags, HOST_ALL);

	assert_int_equal(fnuma_pool_grow(r->pool, size, 0), size);
	assert_int_equal(fnuma_pool_attach(r->pool, cache), FNUMA_OK);
	return r;
}

static bool contains(const fnuma_gfn *pages, uint32_t n, fnuma_gfn page)
{
	while (n--)
		if (pages[n].n == page.n)
			return true;
	return false;
}

static void all_differ(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		assert_false(contains(pages, i, pages[i]));
}

/* The pool, byte for byte, without its books of refusals. */
struct snapshot {
	struct rig *rig;
	unsigned char *bytes;
};

static struct snapshot snap(struct rig *r)
{
	struct snapshot s = {r, malloc(r->bytes)};

	assert_non_null(s.bytes);
	memcpy(s.bytes, r->memory, r->bytes);
	return s;
}

static void assert_unchanged(struct snapshot s)
{
	struct fnuma_pool *was = (struct fnuma_pool *)(void *)s.bytes;

	memcpy(was->refused, s.rig->pool->refused, sizeof(was->refused));
	assert_memory_equal(s.bytes, s.rig->memory, s.rig->bytes);
	free(s.bytes);
}

/* Making one. */

static const struct fnuma_home home64[] = {{{0}, 64, {0}, 1}};
static const struct fnuma_home home4m[] = {{{0}, 1 << 22, {0}, 1}};
static const struct fnuma_home home_max[] = {{{0}, UINT32_MAX, {0}, 1}};
static const struct fnuma_home gap64[] = {{{0}, 32, {0}, 1}, {{33}, 31, {0}, 1}};

static void a_configuration_out_of_range_has_no_size_and_makes_no_pool(void **state)
{
	const struct fnuma_pool_config good = {.frames = 64,
	                                       .max_pages = 64,
	                                       .caches = 1,
	                                       .homes = home64,
	                                       .n_homes = 1};
	static unsigned char memory[1 << 16] __attribute__((aligned(64)));
	struct fnuma_pool *pool = NULL;
	struct fnuma_pool_config bad[13];
	uint32_t i;

	(void)state;
	for (i = 0; i < 13; i++)
		bad[i] = good;
	bad[0].frames = 0;
	bad[1].max_pages = 0;
	bad[2].max_pages = 65;
	bad[3].caches = 0;
	bad[4].caches = 4097;
	bad[5].magazine_pages = 1;
	bad[6].magazine_pages = 4097;
	bad[7].flags = 2;
	bad[8].homes = NULL;
	bad[9].frames = bad[9].max_pages = (uint32_t)INT32_MAX + 1;
	bad[10].max_pages = UINT32_MAX;
	bad[11].n_homes = 0;
	bad[12].homes = gap64;
	bad[12].n_homes = 2;
	for (i = 0; i < 13; i++) {
		assert_int_equal(fnuma_pool_bytes(&bad[i]), 0);
		assert_int_equal(fnuma_pool_init(memory, sizeof(memory), &bad[i], &pool),
		                 FNUMA_E_INVAL);
	}
	assert_int_equal(fnuma_pool_bytes(NULL), 0);
	assert_int_equal(fnuma_pool_init(memory, sizeof(memory), NULL, &pool),
	                 FNUMA_E_INVAL);
	assert_null(pool);
	assert_int_not_equal(fnuma_pool_bytes(&good), 0);
}

static void memory_that_is_missing_misaligned_or_short_makes_no_pool(void **state)
{
	const struct fnuma_pool_config config = {.frames = 64,
	                                         .max_pages = 64,
	                                         .caches = 1,
	                                         .homes = home64,
	                                         .n_homes = 1};
	static unsigned char memory[1 << 16] __attribute__((aligned(64)));
	size_t bytes = fnuma_pool_bytes(&config);
	struct fnuma_pool *pool = NULL;

	(void)state;
	assert_in_range(bytes, 1, sizeof(memory) - 64);
	assert_int_equal(fnuma_pool_init(NULL, bytes, &config, &pool), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_init(memory + 32, bytes, &config, &pool),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_init(memory, bytes, &config, NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_init(memory, bytes - 1, &config, &pool),
	                 FNUMA_E_NOSPC);
	assert_null(pool);
	assert_int_equal(fnuma_pool_init(memory, bytes, &config, &pool), FNUMA_OK);
	assert_non_null(pool);
}

static void a_trusted_pool_needs_less_memory_than_a_checked_one(void **state)
{
	struct fnuma_pool_config config = {.frames = 1 << 22,
	                                   .max_pages = 1 << 16,
	                                   .caches = 4,
	                                   .homes = home4m,
	                                   .n_homes = 1};
	size_t checked = fnuma_pool_bytes(&config);

	(void)state;
	config.flags = TRUSTED;
	assert_true(fnuma_pool_bytes(&config) + (3u << 20) <= checked);
}

static void the_largest_pool_has_a_size_where_size_t_can_hold_it(void **state)
{
	struct fnuma_pool_config config = {.frames = UINT32_MAX,
	                                   .max_pages = INT32_MAX,
	                                   .caches = 4096,
	                                   .magazine_pages = 4096,
	                                   .homes = home_max,
	                                   .n_homes = 1};

	(void)state;
#if SIZE_MAX > UINT32_MAX
	assert_true(fnuma_pool_bytes(&config) > (size_t)3 << 32);
#else
	assert_int_equal(fnuma_pool_bytes(&config), 0);
#endif
}

static void an_empty_pool_counts_nothing_and_hands_out_nothing(void **state)
{
	struct fnuma_pool_cache cache;
	struct fnuma_pool_stats s;
	fnuma_gfn page;
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = rig_new(16, 16, 1, 0, both_kinds[k], HOST_ALL);

		assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
		assert_int_equal(fnuma_pool_take(&cache, &page, 1), FNUMA_E_EMPTY);
		s = stats_of(r);
		assert_int_equal(s.size_pages, 0);
		assert_int_equal(s.misses, 1);
		assert_int_equal(s.refused[-FNUMA_E_EMPTY], 1);
		rig_free(r);
	}
}

/* Taking and giving. */

static void pages_taken_differ_and_are_counted_as_used(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[128];
	uint32_t k, n;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(100, both_kinds[k], &cache);

		for (n = 0; n < 100; n += 5) {
			assert_int_equal(fnuma_pool_take(&cache, pages + n, 5), 5);
			assert_int_equal(fnuma_pool_used(r->pool), n + 5);
		}
		all_differ(pages, 100);
		for (n = 100; n > 0; n -= 10) {
			assert_int_equal(fnuma_pool_give(&cache, pages + n - 10, 10), 10);
			assert_int_equal(fnuma_pool_used(r->pool), n - 10);
		}
		rig_free(r);
	}
}

static void a_page_given_last_is_taken_first(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[20], again;
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(40, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_take(&cache, pages, 20), 20);
		assert_int_equal(fnuma_pool_give(&cache, pages, 20), 20);
		assert_int_equal(fnuma_pool_take(&cache, &again, 1), 1);
		assert_int_equal(again.n, pages[19].n);
		rig_free(r);
	}
}

static void taking_more_than_there_is_gives_all_and_counts_the_rest_as_missed(
	void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[64];
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(37, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_take(&cache, pages, 64), 37);
		all_differ(pages, 37);
		assert_int_equal(stats_of(r).misses, 27);
		assert_int_equal(fnuma_pool_take(&cache, pages, 3), FNUMA_E_EMPTY);
		assert_int_equal(stats_of(r).misses, 30);
		assert_int_equal(stats_of(r).used_pages, 37);
		rig_free(r);
	}
}

static void pages_in_another_cache_or_held_are_stranded_not_gone(void **state)
{
	struct fnuma_pool_cache cache, other;
	fnuma_gfn pages[8], page;
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(8, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_attach(r->pool, &other), FNUMA_OK);
		assert_int_equal(fnuma_pool_take(&cache, pages, 1), 1);
		assert_int_equal(fnuma_pool_take(&other, &page, 1), FNUMA_E_STRANDED);
		assert_int_equal(fnuma_pool_flush(&cache), 7);
		assert_int_equal(
			fnuma_pool_hold(r->pool, FNUMA_POOL_MAYBE_REMOTE, pages + 1, 7),
			7);
		assert_int_equal(fnuma_pool_take(&other, &page, 1), FNUMA_E_STRANDED);
		assert_int_equal(stats_of(r).refused[-FNUMA_E_STRANDED], 2);
		rig_free(r);
	}
}

static void pages_that_may_be_remote_are_handed_out_before_those_at_home(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[64];
	uint32_t i, k, n;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = rig_new(256, 128, 1, M, both_kinds[k], HOST_ALL);

		for (i = 0; i < 64; i += 3) /* 22 of the first 64 are away */
			r->host.node[i] = 1;
		assert_int_equal(fnuma_pool_grow(r->pool, 64, 0), 64);
		assert_int_equal(stats_of(r).depot_remote_pages, 22);
		assert_int_equal(stats_of(r).depot_home_pages, 42);
		assert_int_equal(fnuma_pool_attach(r->pool, &cache), FNUMA_OK);
		for (n = 0; n < 22; n++) {
			assert_int_equal(fnuma_pool_take(&cache, pages, 1), 1);
			assert_int_equal(r->host.node[pages[0].n], 1);
		}
		assert_int_equal(fnuma_pool_take(&cache, pages, 64), 42);
		for (i = 0; i < 42; i++)
			assert_int_equal(r->host.node[pages[i].n], 0);
		rig_free(r);
	}
}

static void pages_given_back_count_as_may_be_remote(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn pages[64];
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(64, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_take(&cache, pages, 40), 40);
		assert_int_equal(fnuma_pool_give(&cache, pages, 40), 40);
		assert_int_equal(stats_of(r).depot_remote_pages, 40 - 2 * M);
		assert_int_equal(fnuma_pool_flush(&cache), 2 * M);
		assert_int_equal(stats_of(r).depot_remote_pages, 40);
		assert_int_equal(stats_of(r).depot_home_pages, 24);
		assert_int_equal(fnuma_pool_flush(&cache), 0);
		rig_free(r);
	}
}

static void received_pages_are_told_from_those_in_flight(void **state)
{
	struct fnuma_pool_cache cache, other;
	struct rig *r = pool_of(32, 0, &cache);
	fnuma_gfn pages[10];

	(void)state;
	assert_int_equal(fnuma_pool_attach(r->pool, &other), FNUMA_OK);
	assert_int_equal(fnuma_pool_take(&cache, pages, 10), 10);
	assert_int_equal(fnuma_pool_received(&cache, pages, 6), 6);
	assert_int_equal(stats_of(r).in_flight_pages, 4);
	assert_int_equal(stats_of(r).received_pages, 6);
	assert_int_equal(fnuma_pool_give(&other, pages + 4, 4), 4);
	assert_int_equal(stats_of(r).in_flight_pages, 2);
	assert_int_equal(stats_of(r).received_pages, 4);
	assert_int_equal(fnuma_pool_give(&other, pages, 4), 4);
	assert_int_equal(stats_of(r).in_flight_pages, 2);
	assert_int_equal(stats_of(r).received_pages, 0);
	assert_int_equal(fnuma_pool_received(&cache, pages, 0), 0);
	rig_free(r);
}

static void a_page_taken_by_one_cache_may_be_given_to_another(void **state)
{
	struct fnuma_pool_cache cache, other;
	fnuma_gfn pages[64];
	uint32_t k, round;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(60, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_attach(r->pool, &other), FNUMA_OK);
		for (round = 0; round < 50; round++) {
			assert_int_equal(fnuma_pool_take(&cache, pages, 30), 30);
			assert_int_equal(fnuma_pool_used(r->pool), 30);
			assert_int_equal(fnuma_pool_give(&other, pages, 30), 30);
			assert_int_equal(fnuma_pool_used(r->pool), 0);
		}
		rig_free(r);
	}
}

/* Exchanging. */

static void an_exchange_hands_out_other_pages_and_changes_no_use(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn in[48], out[48];
	uint32_t k, n, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (n = 1; n <= 48; n++) {
			struct rig *r = pool_of(100, both_kinds[k], &cache);

			assert_int_equal(fnuma_pool_take(&cache, in, n), n);
			assert_int_equal(fnuma_pool_exchange(&cache, in, out, n), n);
			all_differ(out, n);
			for (i = 0; i < n; i++)
				assert_false(contains(in, n, out[i]));
			assert_int_equal(fnuma_pool_used(r->pool), n);
			assert_int_equal(fnuma_pool_give(&cache, out, n), n);
			assert_int_equal(fnuma_pool_used(r->pool), 0);
			assert_int_equal(stats_of(r).misses, 0);
			rig_free(r);
		}
	}
}

static void an_exchange_in_place_is_the_same(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn in[100], pages[100];
	uint32_t k, n, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (n = 1; n <= 100; n += 9) {
			struct rig *r = pool_of(128, both_kinds[k], &cache);

			assert_int_equal(fnuma_pool_take(&cache, pages, n), n);
			memcpy(in, pages, sizeof(in));
			assert_int_equal(fnuma_pool_exchange(&cache, pages, pages, n), n);
			all_differ(pages, n);
			for (i = 0; i < n && n <= 64; i++)
				assert_false(contains(in, n, pages[i]));
			assert_int_equal(fnuma_pool_used(r->pool), n);
			assert_int_equal(fnuma_pool_give(&cache, pages, n), n);
			assert_int_equal(fnuma_pool_used(r->pool), 0);
			rig_free(r);
		}
	}
}

static void an_exchange_with_a_pool_that_is_all_out_hands_the_same_pages_back(
	void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn in[20], out[20];
	uint32_t k, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(20, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_take(&cache, in, 20), 20);
		assert_int_equal(fnuma_pool_exchange(&cache, in, out, 20), 20);
		assert_memory_equal(in, out, sizeof(in));
		assert_int_equal(fnuma_pool_used(r->pool), 20);
		assert_int_equal(fnuma_pool_give(&cache, in, 3), 3);
		assert_int_equal(fnuma_pool_exchange(&cache, in + 3, out, 17), 17);
		all_differ(out, 17);
		for (i = 0; i < 3; i++)
			assert_true(contains(out, 17, in[i]));
		assert_int_equal(stats_of(r).used_pages, 17);
		assert_int_equal(stats_of(r).misses, 0);
		rig_free(r);
	}
}

static void an_exchange_between_overlapping_arrays_is_refused(void **state)
{
	static const struct {
		uint32_t in, out, n;
	} lies[] = {{0, 1, 8}, {1, 0, 8}, {0, 7, 8}, {0, 1, 2}};
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(32, 0, &cache);
	fnuma_gfn pages[16];
	uint32_t i;

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, pages, 16), 16);
	for (i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		struct snapshot before = snap(r);

		assert_int_equal(fnuma_pool_exchange(&cache, pages + lies[i].in,
		                                     pages + lies[i].out, lies[i].n),
		                 FNUMA_E_INVAL);
		assert_unchanged(before);
	}
	assert_int_equal(fnuma_pool_exchange(&cache, pages, pages + 8, 8), 8);
	assert_int_equal(fnuma_pool_used(r->pool), 16);
	rig_free(r);
}

static void exchanged_pages_are_in_flight_whatever_those_given_were(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(20, 0, &cache);
	fnuma_gfn pages[20];

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, pages, 16), 16);
	assert_int_equal(fnuma_pool_received(&cache, pages, 16), 16);
	assert_int_equal(fnuma_pool_exchange(&cache, pages, pages, 16), 16);
	assert_int_equal(stats_of(r).in_flight_pages, 16);
	assert_int_equal(stats_of(r).received_pages, 0);
	assert_int_equal(fnuma_pool_received(&cache, pages, 16), 16);
	rig_free(r);
}

/* Caches. */

static void one_cache_too_many_is_refused_until_another_is_detached(void **state)
{
	struct fnuma_pool_cache cache[4];
	uint32_t i;
	struct rig *r = pool_of(32, 0, &cache[0]);

	(void)state;
	for (i = 1; i < 3; i++)
		assert_int_equal(fnuma_pool_attach(r->pool, &cache[i]), FNUMA_OK);
	assert_int_equal(fnuma_pool_attach(r->pool, &cache[3]), FNUMA_E_NOSPC);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_NOSPC], 1);
	assert_int_equal(fnuma_pool_detach(&cache[1]), FNUMA_OK);
	assert_int_equal(fnuma_pool_attach(r->pool, &cache[3]), FNUMA_OK);
	assert_int_equal(fnuma_pool_attach(r->pool, &cache[1]), FNUMA_E_NOSPC);
	assert_int_equal(fnuma_pool_attach(NULL, &cache[1]), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_attach(r->pool, NULL), FNUMA_E_INVAL);
	rig_free(r);
}

static void pages_of_a_detached_cache_stay_out_and_counted(void **state)
{
	struct fnuma_pool_cache cache, other;
	fnuma_gfn pages[10], more[64];
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(64, both_kinds[k], &cache);

		assert_int_equal(fnuma_pool_take(&cache, pages, 10), 10);
		assert_int_equal(fnuma_pool_detach(&cache), FNUMA_OK);
		memset(&cache, 0xee,
		       sizeof(cache)); /* its memory is the caller's again */
		assert_int_equal(fnuma_pool_used(r->pool), 10);
		assert_int_equal(fnuma_pool_attach(r->pool, &other), FNUMA_OK);
		assert_int_equal(fnuma_pool_used(r->pool), 10);
		assert_int_equal(fnuma_pool_take(&other, more, 64), 54);
		assert_int_equal(fnuma_pool_give(&other, pages, 10), 10);
		assert_int_equal(fnuma_pool_give(&other, more, 54), 54);
		assert_int_equal(stats_of(r).used_pages, 0);
		rig_free(r);
	}
}

static void a_detached_or_missing_cache_is_refused_by_every_call(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(16, TRUSTED, &cache);
	fnuma_gfn page = {1};

	(void)state;
	assert_int_equal(fnuma_pool_detach(&cache), FNUMA_OK);
	assert_int_equal(fnuma_pool_take(&cache, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_give(&cache, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_exchange(&cache, &page, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_received(&cache, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_flush(&cache), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_detach(&cache), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_take_inline(&cache, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_give_inline(&cache, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_exchange_inline(&cache, &page, &page, 1),
	                 FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_take(NULL, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_give(NULL, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_exchange(NULL, &page, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_received(NULL, &page, 1), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_flush(NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_detach(NULL), FNUMA_E_INVAL);
	assert_int_equal(fnuma_pool_offender(NULL).n, FNUMA_GFN_NONE_N);
	assert_int_equal(fnuma_pool_offender(&cache).n, FNUMA_GFN_NONE_N);
	rig_free(r);
}

/* Liars. */

static void arguments_out_of_range_are_refused_and_change_nothing(void **state)
{
	struct fnuma_pool_cache cache;
	fnuma_gfn page = {1};
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *r = pool_of(16, both_kinds[k], &cache);
		struct snapshot before = snap(r);
		const uint32_t many = (uint32_t)INT32_MAX + 1;

		assert_int_equal(fnuma_pool_take(&cache, NULL, 1), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_take(&cache, &page, many), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_give(&cache, NULL, 1), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_give(&cache, &page, many), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_exchange(&cache, NULL, &page, 1),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_exchange(&cache, &page, NULL, 1),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_exchange(&cache, &page, &page, many),
		                 FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_received(&cache, NULL, 1), FNUMA_E_INVAL);
		assert_int_equal(fnuma_pool_received(&cache, &page, many), FNUMA_E_INVAL);
		assert_int_equal(stats_of(r).refused[-FNUMA_E_INVAL], 9);
		assert_int_equal(fnuma_pool_offender(&cache).n, FNUMA_GFN_NONE_N);
		assert_int_equal(fnuma_pool_take(&cache, NULL, 0), 0);
		assert_int_equal(fnuma_pool_give(&cache, NULL, 0), 0);
		assert_int_equal(fnuma_pool_exchange(&cache, NULL, NULL, 0), 0);
		assert_unchanged(before);
		rig_free(r);
	}
}

typedef int (*inward)(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n);

static int exchange_in(struct fnuma_pool_cache *cache, const fnuma_gfn *pages, uint32_t n)
{
	fnuma_gfn out[16], untouched[16];
	int error;

	memset(out, 0x5a, sizeof(out));
	memcpy(untouched, out, sizeof(out));
	error = fnuma_pool_exchange(cache, pages, out, n);
	if (error < 0)
		assert_memory_equal(out, untouched, sizeof(out));
	return error;
}

/* One batch with a lie in it, against each call that takes pages in. */
struct lie {
	const char *name;
	fnuma_gfn pages[4];
	uint32_t n;
	uint32_t wrong; /* index of the offender */
	int error;
	int error_received; /* of fnuma_pool_received(), where it differs */
};

static void every_lie_gets_its_own_error_and_changes_nothing(void **state)
{
	const inward calls[] = {fnuma_pool_give, exchange_in, fnuma_pool_received,
	                        fnuma_pool_give_inline};
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(30, 0, &cache);
	fnuma_gfn flight[6], used[2], held[2], back[1];
	uint32_t c, l;

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, flight, 6), 6);
	assert_int_equal(fnuma_pool_take(&cache, used, 2), 2);
	assert_int_equal(fnuma_pool_received(&cache, used, 2), 2);
	assert_int_equal(fnuma_pool_take(&cache, back, 1), 1);
	assert_int_equal(fnuma_pool_give(&cache, back, 1), 1);
	assert_int_equal(fnuma_pool_hold(r->pool, FNUMA_POOL_HOME, held, 2), 2);
	{
		const fnuma_gfn f = flight[0], g = flight[1], u = used[0];
		const fnuma_gfn past = {256}, none = {FNUMA_GFN_NONE_N}, outside = {200};
		const struct lie lies[] = {
			{"range", {past}, 1, 0, FNUMA_E_RANGE, 0},
			{"no frame, last", {f, g, none}, 3, 2, FNUMA_E_RANGE, 0},
			{"not the pool's", {outside}, 1, 0, FNUMA_E_STATE, 0},
			{"not the pool's, in the middle",
		         {f, outside, g},
		         3,
		         1,
		         FNUMA_E_STATE,
		         0},
			{"given already", {f, g, back[0]}, 3, 2, FNUMA_E_STATE, 0},
			{"held", {f, held[1]}, 2, 1, FNUMA_E_STATE, 0},
			{"twice", {f, f}, 2, 1, FNUMA_E_DUPLICATE, 0},
			{"twice, far apart",
		         {g, f, flight[2], g},
		         4,
		         3,
		         FNUMA_E_DUPLICATE,
		         0},
			{"twice, neither its own",
		         {outside, outside},
		         2,
		         0,
		         FNUMA_E_STATE,
		         0},
			{"received and twice",
		         {f, u, u},
		         3,
		         2,
		         FNUMA_E_DUPLICATE,
		         FNUMA_E_STATE},
			{"first wrong is named", {f, past, f}, 3, 1, FNUMA_E_RANGE, 0},
		};

		for (c = 0; c < 4; c++) {
			for (l = 0; l < sizeof(lies) / sizeof(*lies); l++) {
				const struct lie *lie = &lies[l];
				struct snapshot before = snap(r);
				uint32_t wrong = lie->wrong;
				int error = lie->error;

				if (c == 2 && lie->error_received) {
					error = lie->error_received;
					wrong--;
				}
				assert_int_equal(calls[c](&cache, lie->pages, lie->n),
				                 error);
				assert_int_equal(fnuma_pool_offender(&cache).n,
				                 lie->pages[wrong].n);
				assert_unchanged(before);
			}
		}
	}
	assert_int_equal(stats_of(r).refused[-FNUMA_E_RANGE], 12);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_STATE], 4 * 5 + 1);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_DUPLICATE], 4 * 3 - 1);
	rig_free(r);
}

static void a_page_received_cannot_be_received_again(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(8, 0, &cache);
	fnuma_gfn pages[2];

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, pages, 2), 2);
	assert_int_equal(fnuma_pool_received(&cache, pages + 1, 1), 1);
	assert_int_equal(fnuma_pool_received(&cache, pages, 2), FNUMA_E_STATE);
	assert_int_equal(fnuma_pool_offender(&cache).n, pages[1].n);
	assert_int_equal(stats_of(r).received_pages, 1);
	rig_free(r);
}

static void a_page_that_another_caller_is_giving_is_not_out(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(8, 0, &cache);
	fnuma_gfn page;

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, &page, 1), 1);
	r->pool->book[page.n] |= PAGE_CLAIMED;
	assert_int_equal(fnuma_pool_give(&cache, &page, 1), FNUMA_E_STATE);
	assert_int_equal(r->pool->book[page.n], PAGE_FLIGHT | PAGE_CLAIMED);
	r->pool->book[page.n] = PAGE_FLIGHT;
	assert_int_equal(fnuma_pool_give(&cache, &page, 1), 1);
	rig_free(r);
}

/* Trusted pools. */

static void a_trusted_pool_knows_nothing_of_receiving(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(8, TRUSTED, &cache);
	fnuma_gfn page;

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, &page, 1), 1);
	assert_int_equal(fnuma_pool_received(&cache, &page, 1), FNUMA_E_NOTSUP);
	assert_int_equal(stats_of(r).in_flight_pages, 1);
	assert_int_equal(stats_of(r).received_pages, 0);
	rig_free(r);
}

static void a_trusted_pool_takes_no_more_pages_than_it_has(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(40, TRUSTED, &cache);
	fnuma_gfn pages[200];
	uint32_t i;

	(void)state;
	for (i = 0; i < 200; i++)
		pages[i] = fnuma_gfn_of(1000 + i);
	assert_int_equal(fnuma_pool_give(&cache, pages, 200), FNUMA_E_OVERFLOW);
	/* The depot has its 40 already, the cache may have two magazines. */
	assert_int_equal(fnuma_pool_offender(&cache).n, pages[2 * M].n);
	assert_int_equal(fnuma_pool_give(&cache, pages, 1), FNUMA_E_OVERFLOW);
	assert_int_equal(fnuma_pool_used(r->pool), 0);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_OVERFLOW], 2);
	rig_free(r);
}

static void a_surplus_is_dropped_when_a_trusted_cache_is_flushed(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(40, TRUSTED, &cache);
	fnuma_gfn pages[12], mine[3];

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, mine, 3), 3);
	assert_int_equal(fnuma_pool_flush(&cache), 5);
	memset(pages, 0x7f, sizeof(pages));
	assert_int_equal(fnuma_pool_give(&cache, pages, 12), 12);
	assert_int_equal(fnuma_pool_used(r->pool), 0);
	assert_int_equal(fnuma_pool_flush(&cache), 3);
	assert_int_equal(stats_of(r).refused[-FNUMA_E_OVERFLOW], 9);
	assert_int_equal(stats_of(r).depot_remote_pages + stats_of(r).depot_home_pages,
	                 40);
	/* What was really out still is, and comes back to a pool that is full. */
	assert_int_equal(fnuma_pool_give(&cache, mine, 3), 3);
	assert_int_equal(fnuma_pool_flush(&cache), 0);
	rig_free(r);
}

static void an_exchange_too_many_is_refused_by_a_trusted_pool(void **state)
{
	struct fnuma_pool_cache cache, other;
	struct rig *r = pool_of(40, TRUSTED, &cache);
	fnuma_gfn pages[64];
	uint32_t i;

	(void)state;
	for (i = 0; i < 64; i++)
		pages[i] = fnuma_gfn_of(1000 + i);
	assert_int_equal(fnuma_pool_attach(r->pool, &other), FNUMA_OK);
	assert_int_equal(fnuma_pool_give(&cache, pages, 2 * M - 1), 2 * M - 1);
	assert_int_equal(fnuma_pool_give(&other, pages, 2 * M), 2 * M);
	assert_int_equal(fnuma_pool_exchange(&cache, pages, pages, 2 * M),
	                 FNUMA_E_OVERFLOW);
	assert_true(fnuma_pool_offender(&cache).n >= 1000);
	assert_true(stats_of(r).size_pages == 40);
	rig_free(r);
}

/* The inline path. */

static void the_inline_calls_do_what_the_exported_ones_do(void **state)
{
	struct fnuma_pool_cache a, b;
	fnuma_gfn pa[64], pb[64];
	uint32_t k, round, seed = 1;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct rig *ra = pool_of(60, both_kinds[k], &a),
			   *rb = pool_of(60, both_kinds[k], &b);
		uint32_t out = 0;

		for (round = 0; round < 2000; round++) {
			uint32_t op = (seed = seed * 1664525u + 1013904223u) >> 30;
			uint32_t n = (seed >> 20) % 13;

			if (op == 0 && out + n <= 60) {
				assert_int_equal(fnuma_pool_take(&a, pa + out, n), n);
				assert_int_equal(fnuma_pool_take_inline(&b, pb + out, n),
				                 n);
				out += n;
			} else if (op == 1 && n <= out) {
				out -= n;
				assert_int_equal(fnuma_pool_give(&a, pa + out, n), n);
				assert_int_equal(fnuma_pool_give_inline(&b, pb + out, n),
				                 n);
			} else if (n <= out) {
				assert_int_equal(fnuma_pool_exchange(&a, pa, pa, n), n);
				assert_int_equal(
					fnuma_pool_exchange_inline(&b, pb, pb, n), n);
			}
			assert_memory_equal(pa, pb, out * sizeof(*pa));
			assert_int_equal(fnuma_pool_used(ra->pool), out);
			assert_int_equal(fnuma_pool_used(rb->pool), out);
		}
		rig_free(ra);
		rig_free(rb);
	}
}

/* Reading. */

static void nothing_is_read_of_no_pool(void **state)
{
	struct fnuma_pool_stats s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	fnuma_pool_stats(NULL, &s);
	assert_int_equal(s.size_pages, 0);
	assert_int_equal(s.refused[1], 0);
	assert_int_equal(fnuma_pool_used(NULL), 0);
	assert_int_equal(fnuma_pool_size(NULL), 0);
}

static void stats_without_a_place_to_put_them_are_not_put(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(8, 0, &cache);
	struct snapshot before = snap(r);

	(void)state;
	fnuma_pool_stats(r->pool, NULL);
	assert_unchanged(before);
	rig_free(r);
}

static void a_cell_that_stays_in_change_is_read_all_the_same(void **state)
{
	struct fnuma_pool_cache cache;
	struct rig *r = pool_of(8, 0, &cache);
	fnuma_gfn pages[3];

	(void)state;
	assert_int_equal(fnuma_pool_take(&cache, pages, 3), 3);
	cache.cell->seq++;
	assert_int_equal(fnuma_pool_used(r->pool), 3);
	cache.cell->seq++;
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_configuration_out_of_range_has_no_size_and_makes_no_pool),
		cmocka_unit_test(
			memory_that_is_missing_misaligned_or_short_makes_no_pool),
		cmocka_unit_test(a_trusted_pool_needs_less_memory_than_a_checked_one),
		cmocka_unit_test(the_largest_pool_has_a_size_where_size_t_can_hold_it),
		cmocka_unit_test(an_empty_pool_counts_nothing_and_hands_out_nothing),
		cmocka_unit_test(pages_taken_differ_and_are_counted_as_used),
		cmocka_unit_test(a_page_given_last_is_taken_first),
		cmocka_unit_test(
			taking_more_than_there_is_gives_all_and_counts_the_rest_as_missed),
		cmocka_unit_test(pages_in_another_cache_or_held_are_stranded_not_gone),
		cmocka_unit_test(
			pages_that_may_be_remote_are_handed_out_before_those_at_home),
		cmocka_unit_test(pages_given_back_count_as_may_be_remote),
		cmocka_unit_test(received_pages_are_told_from_those_in_flight),
		cmocka_unit_test(a_page_taken_by_one_cache_may_be_given_to_another),
		cmocka_unit_test(an_exchange_hands_out_other_pages_and_changes_no_use),
		cmocka_unit_test(an_exchange_in_place_is_the_same),
		cmocka_unit_test(
			an_exchange_with_a_pool_that_is_all_out_hands_the_same_pages_back),
		cmocka_unit_test(an_exchange_between_overlapping_arrays_is_refused),
		cmocka_unit_test(exchanged_pages_are_in_flight_whatever_those_given_were),
		cmocka_unit_test(one_cache_too_many_is_refused_until_another_is_detached),
		cmocka_unit_test(pages_of_a_detached_cache_stay_out_and_counted),
		cmocka_unit_test(a_detached_or_missing_cache_is_refused_by_every_call),
		cmocka_unit_test(arguments_out_of_range_are_refused_and_change_nothing),
		cmocka_unit_test(every_lie_gets_its_own_error_and_changes_nothing),
		cmocka_unit_test(a_page_received_cannot_be_received_again),
		cmocka_unit_test(a_page_that_another_caller_is_giving_is_not_out),
		cmocka_unit_test(a_trusted_pool_knows_nothing_of_receiving),
		cmocka_unit_test(a_trusted_pool_takes_no_more_pages_than_it_has),
		cmocka_unit_test(a_surplus_is_dropped_when_a_trusted_cache_is_flushed),
		cmocka_unit_test(an_exchange_too_many_is_refused_by_a_trusted_pool),
		cmocka_unit_test(the_inline_calls_do_what_the_exported_ones_do),
		cmocka_unit_test(nothing_is_read_of_no_pool),
		cmocka_unit_test(stats_without_a_place_to_put_them_are_not_put),
		cmocka_unit_test(a_cell_that_stays_in_change_is_read_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
