/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "fake_kernel.h"
#include "share.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 8u

/* Both ends in one process, one end with more pages. */
struct ends {
	struct fixture f;
	int fd;
	struct fnuma_linux_share *a, *b;
	struct fnuma_backend be; /* of b */
};

static const struct fnuma_linux_share_config usual = {
	{100, 50}, {{FNUMA_NODE_UNKNOWN_ID}, {FNUMA_NODE_UNKNOWN_ID}}, 16};

static void start(struct ends *e)
{
	fixture_open(&e->f);
	assert_int_equal(fnuma_linux_share_create(e->f.host, &usual, &e->fd), FNUMA_OK);
	assert_int_equal(fnuma_linux_share_join(e->f.host, e->fd, 0, 0, &e->a), FNUMA_OK);
	assert_int_equal(fnuma_linux_share_join(e->f.host, e->fd, 1, 0, &e->b), FNUMA_OK);
	assert_int_equal(fnuma_linux_share_backend(e->b, &e->be), FNUMA_OK);
}

static void end(struct ends *e)
{
	fnuma_linux_share_leave(e->a);
	fnuma_linux_share_leave(e->b);
	close(e->fd);
	fixture_end(&e->f);
}

static int flip(struct ends *e, const fnuma_gfn *pages, uint32_t n,
                struct fnuma_result *results)
{
	return fnuma_backend_flip(&e->be, fnuma_linux_share_self(e->b),
	                          fnuma_linux_share_peer(e->b), pages, n, results);
}

static void write_all(struct fnuma_linux_share *s, const fnuma_gfn *pages, uint32_t n,
                      uint64_t first)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		*(uint64_t *)fnuma_linux_share_at(s, pages[i]) = first + i;
}

static void assert_all(struct fnuma_linux_share *s, const fnuma_gfn *pages, uint32_t n,
                       uint64_t first)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(*(uint64_t *)fnuma_linux_share_at(s, pages[i]), first + i);
}

static void post(struct ends *e, fnuma_gfn *pages, uint64_t first)
{
	assert_int_equal(fnuma_linux_share_alloc(e->a, pages, N), N);
	write_all(e->a, pages, N, first);
	assert_int_equal(fnuma_linux_share_post(e->a, pages, N), N);
}

/* Neither end has a page that the other has, and together they have all. */
static void assert_each_page_is_somebodys(const struct ends *e, uint32_t in_flight)
{
	uint32_t page, owned = 0;

	for (page = 0; page < e->a->total; page++) {
		assert_false(share_owns(e->a, page) && share_owns(e->b, page));
		owned += share_owns(e->a, page) || share_owns(e->b, page);
	}
	assert_int_equal(owned + in_flight, e->a->total);
}

static void a_flip_exchanges_what_is_behind_the_frames_of_both(void **state)
{
	fnuma_gfn posted[N], mine[N], back[N];
	struct fnuma_result r[N];
	void *before[N];
	struct ends e;
	uint32_t i;

	(void)state;
	start(&e);
	post(&e, posted, 100);
	assert_null(fnuma_linux_share_at(e.a, posted[0]));
	assert_int_equal(fnuma_linux_share_alloc(e.b, mine, N), N);
	write_all(e.b, mine, N, 200);
	for (i = 0; i < N; i++)
		before[i] = fnuma_linux_share_at(e.b, mine[i]);
	assert_int_equal(fnuma_linux_share_waiting(e.b), N);
	assert_int_equal(flip(&e, mine, N, r), N);
	assert_int_equal(fnuma_linux_share_waiting(e.b), 0);
	assert_all(e.b, mine, N, 100);
	for (i = 0; i < N; i++)
		assert_ptr_not_equal(fnuma_linux_share_at(e.b, mine[i]), before[i]);
	assert_each_page_is_somebodys(&e, N);
	assert_int_equal(fnuma_linux_share_returned(e.a, back, N), N);
	assert_memory_equal(back, posted, sizeof(back));
	assert_all(e.a, back, N, 200);
	assert_each_page_is_somebodys(&e, 0);
	end(&e);
}

static void without_pages_posted_nothing_is_flipped(void **state)
{
	fnuma_gfn posted[N], mine[N + 2];
	struct fnuma_result r[N + 2];
	struct ends e;

	(void)state;
	start(&e);
	assert_int_equal(fnuma_linux_share_alloc(e.b, mine, N + 2), N + 2);
	assert_int_equal(flip(&e, mine, N + 2, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_NOMEM);
	post(&e, posted, 1);
	assert_int_equal(flip(&e, mine, N + 2, r), N);
	assert_int_equal(r[N].outcome, FNUMA_NOT_DONE);
	assert_int_equal(r[N].reason, FNUMA_E_NOMEM);
	assert_each_page_is_somebodys(&e, N);
	end(&e);
}

static void frames_that_are_not_held_are_not_flipped(void **state)
{
	const fnuma_gfn pages[2] = {{7}, {50}};
	fnuma_gfn posted[N];
	struct fnuma_result r[2];
	struct ends e;

	(void)state;
	start(&e);
	post(&e, posted, 1);
	assert_int_equal(flip(&e, pages, 2, r), 0);
	assert_int_equal(r[0].reason, FNUMA_E_STATE);
	assert_int_equal(r[1].reason, FNUMA_E_RANGE);
	assert_int_equal(fnuma_linux_share_waiting(e.b), N);
	end(&e);
}

static void no_more_is_posted_than_can_come_back(void **state)
{
	fnuma_gfn pages[32], mine[4];
	struct fnuma_result r[4];
	struct ends e;

	(void)state;
	start(&e);
	assert_int_equal(fnuma_linux_share_alloc(e.a, pages, 32), 32);
	assert_int_equal(fnuma_linux_share_post(e.a, pages, 32), 16);
	assert_int_equal(fnuma_linux_share_post(e.a, pages + 16, 1), 0);
	assert_int_equal(fnuma_linux_share_alloc(e.b, mine, 4), 4);
	assert_int_equal(flip(&e, mine, 4, r), 4);
	assert_int_equal(fnuma_linux_share_post(e.a, pages + 16, 1), 0);
	assert_int_equal(fnuma_linux_share_returned(e.a, pages, 3), 3);
	assert_int_equal(fnuma_linux_share_post(e.a, pages + 16, 16), 3);
	end(&e);
}

static void posting_or_freeing_what_is_not_allocated_changes_nothing(void **state)
{
	fnuma_gfn pages[4];
	struct ends e;

	(void)state;
	start(&e);
	assert_int_equal(fnuma_linux_share_alloc(e.a, pages, 3), 3);
	pages[3] = pages[0]; /* twice */
	assert_int_equal(fnuma_linux_share_post(e.a, pages, 4), FNUMA_E_STATE);
	assert_int_equal(fnuma_linux_share_free(e.a, pages, 4), FNUMA_E_STATE);
	pages[3].n = 100;
	assert_int_equal(fnuma_linux_share_post(e.a, pages, 4), FNUMA_E_RANGE);
	assert_int_equal(fnuma_linux_share_waiting(e.b), 0);
	assert_int_equal(fnuma_linux_share_free(e.a, pages, 3), 3);
	assert_int_equal(fnuma_linux_share_free(e.a, pages, 1), FNUMA_E_STATE);
	end(&e);
}

static void a_page_that_the_other_does_not_have_ends_the_share(void **state)
{
	static const uint32_t lies[] = {149, 150, UINT32_MAX};
	fnuma_gfn mine[1], posted[N];
	struct fnuma_result r[1];
	struct ends e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		start(&e);
		post(&e, posted, 1);
		e.a->post.page[0] = lies[i]; /* a page of ours, and two that are nobody's */
		assert_int_equal(fnuma_linux_share_alloc(e.b, mine, 1), 1);
		write_all(e.b, mine, 1, 77);
		assert_int_equal(flip(&e, mine, 1, r), 0);
		assert_all(e.b, mine, 1, 77);
		assert_int_equal(fnuma_backend_alive(&e.be, fnuma_linux_share_self(e.b)),
		                 FNUMA_E_GONE);
		end(&e);
	}
}

static void a_ring_that_cannot_be_ends_the_share(void **state)
{
	fnuma_gfn pages[N];
	struct ends e;

	(void)state;
	start(&e);
	e.a->post.ring->tail = 17; /* of 16 */
	assert_int_equal(fnuma_linux_share_waiting(e.b), FNUMA_E_GONE);
	end(&e);
	start(&e);
	post(&e, pages, 1);
	e.a->came.ring->tail = N + 1; /* more than were posted */
	assert_int_equal(fnuma_linux_share_returned(e.a, pages, N), FNUMA_E_GONE);
	end(&e);
}

static void a_page_returned_twice_ends_the_share(void **state)
{
	fnuma_gfn posted[N], mine[2];
	struct fnuma_result r[2];
	struct ends e;

	(void)state;
	start(&e);
	post(&e, posted, 1);
	assert_int_equal(fnuma_linux_share_alloc(e.b, mine, 2), 2);
	assert_int_equal(flip(&e, mine, 2, r), 2);
	e.b->give.page[1] = e.b->give.page[0];
	assert_int_equal(fnuma_linux_share_returned(e.a, posted, N), 1);
	assert_int_equal(fnuma_linux_share_returned(e.a, posted, N), FNUMA_E_GONE);
	end(&e);
}

static void an_end_is_nobodys_twice(void **state)
{
	struct fnuma_linux_share *c = NULL;
	struct ends e;

	(void)state;
	start(&e);
	assert_int_equal(fnuma_linux_share_join(e.f.host, e.fd, 0, 0, &c), FNUMA_E_IN_USE);
	fnuma_linux_share_leave(e.a);
	e.a = NULL;
	assert_int_equal(fnuma_linux_share_join(e.f.host, e.fd, 0, 0, &c), FNUMA_E_IN_USE);
	assert_null(c);
	end(&e);
}

static void a_peer_that_left_or_was_killed_is_gone(void **state)
{
	struct ends e;
	fnuma_domain peer;
	pid_t pid;

	(void)state;
	fixture_open(&e.f);
	assert_int_equal(fnuma_linux_share_create(e.f.host, &usual, &e.fd), FNUMA_OK);
	assert_int_equal(fnuma_linux_share_join(e.f.host, e.fd, 1, 0, &e.b), FNUMA_OK);
	assert_int_equal(fnuma_linux_share_backend(e.b, &e.be), FNUMA_OK);
	peer = fnuma_linux_share_peer(e.b);
	assert_int_equal(fnuma_backend_alive(&e.be, peer), FNUMA_OK); /* it may yet come */
	pid = fork();
	if (pid == 0) {
		fnuma_linux_share_join(e.f.host, e.fd, 0, 0, &e.a);
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(fnuma_backend_alive(&e.be, peer), FNUMA_E_GONE);
	assert_int_equal(fnuma_backend_alive(&e.be, fnuma_linux_share_self(e.b)), FNUMA_OK);
	e.a = NULL;
	end(&e);
}

static void what_is_no_segment_is_refused(void **state)
{
	struct fnuma_linux_share *s = NULL;
	struct share_header h;
	struct ends e;
	int fd;

	(void)state;
	start(&e);
	assert_int_equal(pread(e.fd, &h, sizeof(h), 0), sizeof(h));
	fd = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(fnuma_linux_share_join(e.f.host, fd, 0, 0, &s), FNUMA_E_ABI);
	assert_int_equal(write(fd, &h, sizeof(h)), sizeof(h)); /* all but the pages */
	assert_int_equal(fnuma_linux_share_join(e.f.host, fd, 0, 0, &s), FNUMA_E_ABI);
	assert_int_equal(ftruncate(fd, (off_t)e.a->bytes), 0); /* and but the seal */
	assert_int_equal(fnuma_linux_share_join(e.f.host, fd, 0, 0, &s), FNUMA_E_ABI);
	close(fd);
	end(&e);
}

static void a_share_that_cannot_be_is_not_made(void **state)
{
	struct fnuma_linux_share_config c = usual;
	struct fixture f;
	int fd;

	(void)state;
	fixture_open(&f);
	c.pages[1] = 0;
	assert_int_equal(fnuma_linux_share_create(f.host, &c, &fd), FNUMA_E_INVAL);
	c = usual;
	c.ring_pages = 100; /* no power of two */
	assert_int_equal(fnuma_linux_share_create(f.host, &c, &fd), FNUMA_E_INVAL);
	c = usual;
	c.node[1].id = FAKE_NODES;
	assert_int_equal(fnuma_linux_share_create(f.host, &c, &fd), FNUMA_E_RANGE);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flip_exchanges_what_is_behind_the_frames_of_both),
		cmocka_unit_test(without_pages_posted_nothing_is_flipped),
		cmocka_unit_test(frames_that_are_not_held_are_not_flipped),
		cmocka_unit_test(no_more_is_posted_than_can_come_back),
		cmocka_unit_test(posting_or_freeing_what_is_not_allocated_changes_nothing),
		cmocka_unit_test(a_page_that_the_other_does_not_have_ends_the_share),
		cmocka_unit_test(a_ring_that_cannot_be_ends_the_share),
		cmocka_unit_test(a_page_returned_twice_ends_the_share),
		cmocka_unit_test(an_end_is_nobodys_twice),
		cmocka_unit_test(a_peer_that_left_or_was_killed_is_gone),
		cmocka_unit_test(what_is_no_segment_is_refused),
		cmocka_unit_test(a_share_that_cannot_be_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
