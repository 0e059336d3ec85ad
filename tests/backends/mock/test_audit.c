/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Sees the mock's insides, to break them. */
#include "fixture.h"
#include "../../../lib/backends/mock/host.h"

static void assert_found(struct fixture *f, const char *words)
{
	char text[160] = "";

	assert_false(fnuma_mock_audit(f->m, text, sizeof(text)));
	assert_non_null(strstr(text, words));
	assert_false(fnuma_mock_audit(f->m, NULL, 0));
}

static void a_sound_host_passes(void **state)
{
	struct fixture f;
	char text[8] = "as was";

	(void)state;
	open_usual(&f);
	assert_true(fnuma_mock_audit(f.m, text, sizeof(text)));
	assert_string_equal(text, "as was");
	close_host(&f);
}

/* Breaks one word, looks, mends it. */
#define FINDS(f, word, value, words) \
	do { \
		const uint64_t was = (word); \
		(word) = (value); \
		assert_found(&(f), words); \
		(word) = (__typeof__(word))was; \
		assert_audit(&(f)); \
	} while (0)

static void every_kind_of_damage_is_found(void **state)
{
	struct fixture f;
	struct mock_domain *dom, *peer;
	struct mock_node *node;
	fnuma_gfn page;
	uint64_t *taken;

	(void)state;
	open_usual(&f);
	assert_int_equal(place(&f, 5, 1), FNUMA_OK);
	assert_int_equal(fnuma_mock_alloc(f.m, f.guest, &page, 1), 1);
	dom = f.m->domain[f.guest.slot];
	peer = f.m->domain[f.peer.slot];
	node = &f.m->node[0];
	FINDS(f, dom->p2m[1], dom->p2m[0], "belongs to two");
	FINDS(f, dom->p2m[1], dom->p2m[1] ^ UINT64_C(1) << 32, "is not of node");
	FINDS(f, dom->p2m[1], dom->p2m[1] | UINT64_C(9) << 32, "is not of node");
	FINDS(f, dom->p2m[1], dom->p2m[1] | MOCK_MARK, "mark left");
	FINDS(f, dom->p2m[1], mock_with_use(dom->p2m[1], MOCK_POOL), "in no list");
	taken = &dom->p2m[page.n];
	FINDS(f, *taken, mock_with_use(*taken, MOCK_FREE), "in no list");
	FINDS(f, *taken, mock_with_use(*taken, MOCK_APP), "in no list");
	FINDS(f, *taken, mock_with_use(*taken, MOCK_RING), "in no list");
	FINDS(f, dom->counts[0], dom->counts[0] - 1, "counts");
	FINDS(f, dom->list[0], dom->list[1], "listed twice");
	FINDS(f, dom->list[0], page.n, "listed for use");
	FINDS(f, dom->list[0], GUEST_PAGES, "listed for use");
	FINDS(f, dom->list[GUEST_PAGES - 1], page.n, "listed for use");
	FINDS(f, peer->ring[0], peer->ring[1], "listed twice");
	FINDS(f, node->stack[0], node->base + 1, "belongs to two");
	FINDS(f, node->freed, 0, "is lost");
	FINDS(f, node->reserved, node->size, "beyond its reserve");
	close_host(&f);
}

/* --- random operations ------------------------------------------------------------- */

struct play {
	struct fixture f;
	uint64_t rng;
	fnuma_gfn held[256], pool[256];
	uint32_t n_held, n_pool;
};

static uint64_t sum_of(const struct fixture *f, fnuma_domain d, uint32_t frames)
{
	uint64_t sum = 0, value;
	uint32_t g;

	for (g = 0; g < frames; g++) {
		assert_int_equal(fnuma_mock_read(f->m, d, fnuma_gfn_of(g), &value),
		                 FNUMA_OK);
		sum += value;
	}
	return sum;
}

/* Some pages of the guest's, no two the same. */
static uint32_t some_pages(struct play *p, fnuma_gfn *pages)
{
	uint32_t at = rng_below(&p->rng, GUEST_PAGES - 17);
	uint32_t n = 1 + rng_below(&p->rng, 16), i;

	for (i = 0; i < n; i++)
		pages[i].n = at + i;
	return n;
}

/* Moves keep every content of the guest's, whatever else happened before. */
static void play_move(struct play *p)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	fnuma_gfn pages[16];
	uint64_t before[16], after;
	uint32_t n = some_pages(p, pages), i;

	for (i = 0; i < n; i++)
		fnuma_mock_read(p->f.m, p->f.guest, pages[i], &before[i]);
	assert_int_equal(move_to(&p->f, pages, n, rng_below(&p->rng, 2), r), n);
	for (i = 0; i < n; i++) {
		fnuma_mock_read(p->f.m, p->f.guest, pages[i], &after);
		assert_true(before[i] == after);
		assert_int_equal(r[i].node.id,
		                 fnuma_mock_node(p->f.m, p->f.guest, pages[i]).id);
	}
}

static void play_flip(struct play *p, fnuma_gfn *pages, uint32_t have)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	uint32_t n = 1 + rng_below(&p->rng, 16);

	if (n > have)
		n = have;
	if (n)
		assert_int_equal(flip(&p->f, pages, n, r), n);
}

/* The first n pages of a list leave it. */
static void drop(fnuma_gfn *pages, uint32_t *have, uint32_t n)
{
	*have -= n;
	memmove(pages, pages + n, *have * sizeof(*pages));
}

static void play_allocator(struct play *p)
{
	uint32_t n = 1 + rng_below(&p->rng, 16);

	if (p->n_held + n > 256) {
		assert_int_equal(fnuma_mock_free(p->f.m, p->f.guest, p->held, n), n);
		drop(p->held, &p->n_held, n);
	} else {
		p->n_held += (uint32_t)fnuma_mock_alloc(p->f.m, p->f.guest,
		                                        p->held + p->n_held, n);
	}
}

static void play_pool(struct play *p)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	uint32_t n = 1 + rng_below(&p->rng, 16);

	if (p->n_pool + n > 256) {
		assert_int_equal(release(&p->f, p->pool, n, r), n);
		drop(p->pool, &p->n_pool, n);
	} else {
		p->n_pool += (uint32_t)acquire(&p->f, p->pool + p->n_pool, n, r);
	}
}

static void play_once(struct play *p)
{
	switch (rng_below(&p->rng, 8)) {
	case 0:
		play_move(p);
		break;
	case 1:
		play_allocator(p);
		break;
	case 2:
		play_pool(p);
		break;
	case 3:
		play_flip(p, p->held, p->n_held);
		break;
	case 4:
		play_flip(p, p->pool, p->n_pool);
		break;
	case 5:
		fnuma_mock_churn(p->f.m, p->f.guest, rng_below(&p->rng, 40));
		break;
	case 6:
		fnuma_mock_churn(p->f.m, p->f.peer, rng_below(&p->rng, 40));
		break;
	default:
		fnuma_mock_copy(p->f.m, p->f.guest, p->f.peer, p->held,
		                p->n_held < 5 ? p->n_held : 5);
		break;
	}
}

static void a_hundred_thousand_random_operations_leave_a_sound_host(void **state)
{
	static struct play p;
	uint32_t k;

	(void)state;
	memset(&p, 0, sizeof(p));
	open_usual(&p.f);
	p.rng = 42;
	for (k = 0; k < 100000; k++) {
		play_once(&p);
		if (k % 1000 == 0)
			assert_audit(&p.f);
	}
	assert_int_equal(p.f.violations, 0);
	close_host(&p.f);
}

/* A packet overwrites the page it arrives in; all that a guest gives is found at the
 * peer. So the sum there grows by what was given, as long as the ring's are zero. */
static void flips_lose_no_content(void **state)
{
	struct fnuma_result r[FNUMA_BATCH_MAX];
	struct fixture f;
	fnuma_gfn pages[8];
	uint64_t before, after, given, arrived, value;
	uint32_t k, i;

	(void)state;
	open_usual(&f);
	assert_int_equal(acquire(&f, pages, 8, r), 8);
	for (k = 0; k < 8; k++) { /* 8 batches turn the ring once */
		for (given = i = 0; i < 8; i++) {
			assert_int_equal(fnuma_mock_write(f.m, f.guest, pages[i],
			                                  1000 * k + i + 1), FNUMA_OK);
			given += 1000 * k + i + 1;
		}
		before = sum_of(&f, f.peer, PEER_PAGES);
		assert_int_equal(flip(&f, pages, 8, r), 8);
		after = sum_of(&f, f.peer, PEER_PAGES);
		assert_true(after - before == given);
		for (arrived = i = 0; i < 8; i++) {
			assert_int_equal(fnuma_mock_read(f.m, f.guest, pages[i], &value),
			                 FNUMA_OK);
			assert_true(value > 8000);
			arrived += value;
		}
		assert_true(sum_of(&f, f.guest, GUEST_PAGES) == arrived);
	}
	close_host(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_host_passes),
		cmocka_unit_test(every_kind_of_damage_is_found),
		cmocka_unit_test(a_hundred_thousand_random_operations_leave_a_sound_host),
		cmocka_unit_test(flips_lose_no_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
