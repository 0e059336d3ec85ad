/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a flip costs in the mock, on the paper's host: allocation and free included, pages
 * held for a while in between, applications living on both sides. Prints `name value unit`.
 *
 * Usage: mock-flips [FLIPS]
 */
#define _POSIX_C_SOURCE 200112L
#include <flipnuma/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GUEST_FRAMES 4194304u  /* 16 GiB */
#define PRIV_FRAMES  15728640u /* 60 GiB */
#define NODE_FRAMES  17039360u /* 65 GiB */
#define HELD         5120u     /* pages in socket buffers */
#define RING         1024u
#define ROUNDS       3

struct bench {
	struct fnuma_mock *m;
	const struct fnuma_backend_ops *ops;
	fnuma_domain guest, priv;
	fnuma_gfn held[HELD]; /* first in, first out */
	uint32_t oldest;
	uint64_t rng;
};

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fnuma_domain add(struct bench *b, uint32_t node, uint32_t frames, uint32_t apps,
                        uint32_t ring)
{
	struct fnuma_home home = {{0}, 0, {0}, 1};
	struct fnuma_mock_domain_config config = {0};
	fnuma_domain d;

	home.pages = frames;
	home.node = fnuma_node_of(node);
	config.frames = frames;
	config.homes = &home;
	config.n_homes = 1;
	config.app_pages = apps;
	config.ring_pages = ring;
	if (fnuma_mock_domain_create(b->m, &config, &d)) {
		fputs("mock-flips: no memory for a domain\n", stderr);
		exit(1);
	}
	return d;
}

static void build(struct bench *b)
{
	struct fnuma_mock_config config = {0};

	config.nodes = 2;
	config.node_pages[0] = config.node_pages[1] = NODE_FRAMES;
	config.seed = 1;
	if (fnuma_mock_create(&config, &b->m)) {
		fputs("mock-flips: no memory for the host\n", stderr);
		exit(1);
	}
	b->ops = fnuma_mock_ops(b->m);
	b->guest = add(b, 0, GUEST_FRAMES, 3000000, 0);
	b->priv = add(b, 1, PRIV_FRAMES, 1000000, RING);
	fnuma_mock_alloc(b->m, b->guest, b->held, HELD);
	b->oldest = 0;
	b->rng = 1;
}

/* A burst of packets: never two alike in a row, lest the free lists turn in step. */
static uint32_t burst(struct bench *b)
{
	uint32_t n;

	b->rng = b->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	n = 1 + (uint32_t)(b->rng >> 58);
	return n > HELD - b->oldest ? HELD - b->oldest : n;
}

/* Receives a burst into fresh pages; as many old ones are read and freed. */
static uint32_t receive(struct bench *b, uint32_t churn)
{
	struct fnuma_result results[FNUMA_BATCH_MAX];
	fnuma_gfn pages[FNUMA_BATCH_MAX], *old = &b->held[b->oldest];
	uint32_t n = burst(b);

	fnuma_mock_alloc(b->m, b->guest, pages, n);
	memset(results, 0, n * sizeof(*results));
	if (b->ops->flip(b->m, b->guest, b->priv, pages, n, results) != (int)n)
		exit(1);
	fnuma_mock_free(b->m, b->guest, old, n);
	memcpy(old, pages, n * sizeof(*pages));
	b->oldest = (b->oldest + n) % HELD;
	if (churn) {
		fnuma_mock_churn(b->m, b->guest, churn);
		fnuma_mock_churn(b->m, b->priv, churn);
	}
	return n;
}

/* The best of some rounds, in ns of this process a flip. */
static double best_ns(struct bench *b, uint64_t flips, uint32_t churn)
{
	double best = 0;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		double start = cpu_s(), ns;
		uint64_t done = 0;

		while (done < flips)
			done += receive(b, churn);
		ns = (cpu_s() - start) * 1e9 / (double)done;
		if (!round || ns < best)
			best = ns;
	}
	return best;
}

int main(int argc, char **argv)
{
	const uint64_t flips = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000000;
	static struct bench b;
	uint32_t counts[FNUMA_NODES_MAX];
	char text[160];
	double start = cpu_s();

	build(&b);
	printf("mock_create_s %.3f s\n", cpu_s() - start);
	printf("mock_flip_ns %.2f ns\n", best_ns(&b, flips, 0));
	printf("mock_flip_churn1_ns %.2f ns\n", best_ns(&b, flips, 1));
	printf("mock_flip_churn16_ns %.2f ns\n", best_ns(&b, flips, 16));
	fnuma_mock_counts(b.m, b.guest, counts);
	printf("mock_remote_pct %.2f %%\n", 100.0 * counts[1] / GUEST_FRAMES);
	if (!fnuma_mock_audit(b.m, text, sizeof(text))) {
		fprintf(stderr, "mock-flips: %s\n", text);
		return 1;
	}
	fnuma_mock_destroy(b.m);
	return 0;
}
