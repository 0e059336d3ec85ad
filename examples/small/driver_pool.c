/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A driver's pool: a front end that flips only pages of its pool. The host is simulated.
 * The pages that a burst of packets filled are given back in the call that fetches those
 * for the next; the sizer says how large the pool should be.
 */
#include <flipnuma/mock.h>
#include <flipnuma/pool.h>
#include <flipnuma/sizer.h>

#include <stdio.h>
#include <stdlib.h>

#define FRAMES 65536u
#define BURST 32u

static fnuma_domain make_domain(struct fnuma_mock *host, uint32_t node)
{
	const struct fnuma_home home = {{0}, FRAMES, {(uint8_t)node}, 1};
	struct fnuma_mock_domain_config config = {.frames = FRAMES, .homes = &home, .n_homes = 1};
	fnuma_domain domain = {0, 0};

	if (fnuma_mock_domain_create(host, &config, &domain) != FNUMA_OK)
		exit(EXIT_FAILURE);
	return domain;
}

int main(void)
{
	struct fnuma_mock_config machine = {.nodes = 2, .node_pages = {1u << 17, 1u << 17}};
	struct fnuma_sizer_params limits = {.max_pages = 16384, .initial_pages = 1024};
	const struct fnuma_home home = {{0}, FRAMES, {1}, 1};
	struct fnuma_pool_config config = {.frames = FRAMES, .max_pages = 16384, .caches = 1,
	                                   .homes = &home, .n_homes = 1};
	struct fnuma_mock *host;
	struct fnuma_backend backend;
	struct fnuma_pool *pool;
	struct fnuma_pool_cache cache; /* one for each CPU */
	struct fnuma_sizer sizer;
	struct fnuma_sizer_advice advice;
	struct fnuma_pool_stats now;
	struct fnuma_result results[BURST];
	fnuma_gfn burst[BURST];
	fnuma_domain peer;
	uint32_t i;

	if (fnuma_mock_create(&machine, &host) || fnuma_mock_backend(host, &backend))
		return EXIT_FAILURE;
	peer = make_domain(host, 0);
	config.domain = make_domain(host, 1);
	config.backend = &backend;

	/* The memory is ours: ask how much, hand it over. */
	if (fnuma_pool_init(aligned_alloc(FNUMA_CACHE_LINE, fnuma_pool_bytes(&config)),
	                    fnuma_pool_bytes(&config), &config, &pool) ||
	    fnuma_pool_attach(pool, &cache) ||
	    fnuma_sizer_init(&sizer, fnuma_sizer_find("window"), &limits))
		return EXIT_FAILURE;
	while (fnuma_pool_size(pool) < fnuma_sizer_initial(&sizer))
		fnuma_pool_resize(pool, fnuma_sizer_initial(&sizer), FNUMA_BATCH_MAX, 0);

	fnuma_pool_take(&cache, burst, BURST);
	for (i = 0; i < 1000; i++) {
		fnuma_backend_flip(&backend, config.domain, peer, burst, BURST, results);
		/* ... the packets are read here; then: these back, others out, in one call. */
		fnuma_pool_exchange(&cache, burst, burst, BURST);
	}
	fnuma_pool_give(&cache, burst, BURST);

	fnuma_pool_stats(pool, &now);
	fnuma_sizer_advise(&sizer, &(struct fnuma_sizer_sample){
		.now_ns = 1000000000, .size_pages = now.size_pages,
		.used_pages = now.used_pages, .peak_pages = BURST, .misses = now.misses}, &advice);
	printf("32,000 flips: %u pages in the pool, %u in use, %llu missed; %u would do\n",
	       now.size_pages, now.used_pages, (unsigned long long)now.misses,
	       advice.target_pages);
	fnuma_mock_destroy(host);
	free(pool);
	return EXIT_SUCCESS;
}
