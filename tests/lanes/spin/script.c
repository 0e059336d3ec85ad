/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the threads do: scenarios, the host they do it on, and what must be true of it. */
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A letter for each call. Users: t(ake a page), T(ake two), g(ive all), x (exchange all),
 * r(eceived), f(lipped: they are on another node now), p(ut one into the mail), m(ail
 * taken over), b (both give the same page), d(etach, and attach again). The resizer: G(row by two),
 * S(hrink by two), B(ring home two), H(old two, and unhold them), u(sed: read it).
 */
struct scenario {
	const char *name;
	const char *script[THREADS];
	uint32_t flags;
	uint32_t pages; /* at first */
	bool weak;      /* loads may see old values; else only interleavings are tried */
};

static const struct scenario scenarios[] = {
	{"trusted", {"TfgTtg", "tTfgTg", "GSBSG"}, FNUMA_POOL_TRUSTED, 4, false},
	{"checked", {"trfg", "Tg", "GSB"}, 0, 3, false},
	{"exchange", {"TfxtxgT", "txTxg", "SBGS"}, FNUMA_POOL_TRUSTED, 4, false},
	{"mail", {"TfptgTp", "mtgTpg", "HSHBS"}, FNUMA_POOL_TRUSTED, 4, false},
	{"detach", {"tdTg", "tdg", "GS"}, FNUMA_POOL_TRUSTED, 3, false},
	{"same", {"b", "b", ""}, 0, 3, true},
	{"used", {"ttgT", "", "u"}, FNUMA_POOL_TRUSTED, 4, true},
	/* long */
	{"checked-long", {"trfxg", "TgTr", "GSBS"}, 0, 4, false},
	{"mail-checked", {"Trpg", "mtg", "HSB"}, 0, 4, false},
	{"used-twice", {"ttgTg", "", "uu"}, FNUMA_POOL_TRUSTED, 4, true},
	{"used-resized", {"t", "", "Gu"}, FNUMA_POOL_TRUSTED, 2, true},
};

static const struct scenario *scenario;
static struct fnuma_pool *pool;
static struct fnuma_backend backend;

/* --- the host --------------------------------------------------------------------- */

static int host_topology(void *cookie, struct fnuma_topology *out)
{
	(void)cookie, (void)out;
	return FNUMA_E_NOTSUP;
}

static int host_alive(void *cookie, fnuma_domain domain)
{
	(void)cookie, (void)domain;
	return FNUMA_OK;
}

static int host_page_nodes(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                           uint32_t n, fnuma_node *nodes)
{
	uint32_t i;

	(void)cookie, (void)domain;
	for (i = 0; i < n; i++)
		nodes[i] = fnuma_node_of(world.node[pages[i].n]);
	return (int)n;
}

static int host_acquire(void *cookie, fnuma_domain domain, fnuma_gfn *pages, uint32_t n,
                        struct fnuma_result *results)
{
	uint32_t i, got = 0;

	(void)cookie, (void)domain;
	for (i = 0; i < FRAMES && got < n; i++) {
		if (world.pooled[i])
			continue;
		world.pooled[i] = 1;
		pages[got] = fnuma_gfn_of(i);
		results[got].outcome = FNUMA_DONE;
		results[got++].node = fnuma_node_of(world.node[i]);
	}
	return (int)got;
}

static int host_release(void *cookie, fnuma_domain domain, const fnuma_gfn *pages,
                        uint32_t n, struct fnuma_result *results)
{
	uint32_t i;

	(void)cookie, (void)domain;
	for (i = 0; i < n; i++) {
		uint32_t f = pages[i].n;

		if (!world.pooled[f] || world.owner[f])
			world_wrong("a page released that is a user's, or twice");
		if (world.node[f])
			world_wrong("a page released that is away from home (I2)");
		world.pooled[f] = 0;
		results[i].outcome = FNUMA_DONE;
	}
	return (int)n;
}

static int host_move(void *cookie, fnuma_domain domain, const fnuma_gfn *pages, uint32_t n,
                     fnuma_node to, struct fnuma_result *results, uint64_t *spent_ns)
{
	uint32_t i;

	(void)cookie, (void)domain, (void)spent_ns;
	for (i = 0; i < n; i++) {
		if (world.owner[pages[i].n])
			world_wrong("a page moved that is a user's");
		world.node[pages[i].n] = (uint8_t)to.id;
		results[i].outcome = FNUMA_DONE;
		results[i].node = to;
	}
	return (int)n;
}

static const struct fnuma_backend_ops host_ops = {
	.size = sizeof(host_ops),
	.abi = FNUMA_BACKEND_ABI,
	.name = "model",
	.topology = host_topology,
	.alive = host_alive,
	.page_nodes = host_page_nodes,
	.acquire = host_acquire,
	.release = host_release,
	.move_free = host_move,
};

/* --- users ------------------------------------------------------------------------ */

static struct thread *user(int thread)
{
	return &world.thread[thread];
}

static void own(int thread, const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (pages[i].n >= FRAMES || !world.pooled[pages[i].n] ||
		    world.owner[pages[i].n])
			world_wrong("a page handed out that is another's, or not the pool's");
		else
			world.owner[pages[i].n] = (uint8_t)(1 + thread);
	}
}

static void disown(const fnuma_gfn *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		world.owner[pages[i].n] = 0;
}

/* So many pages may be out by this user's cache at some moment. */
static void note_out(struct thread *t, uint32_t n)
{
	t->out_least = n < t->out_least ? (uint8_t)n : t->out_least;
	t->out_most = n > t->out_most ? (uint8_t)n : t->out_most;
}

static void take(int thread, uint32_t n)
{
	struct thread *t = user(thread);
	int got;

	n = t->n + n < MINE ? n : (uint32_t)(MINE - t->n);
	note_out(t, t->n + n);
	got = fnuma_pool_take(&t->cache, t->mine + t->n, n);
	if (got < 0 && got != FNUMA_E_EMPTY && got != FNUMA_E_STRANDED)
		world_wrong("a take is refused");
	if (got <= 0)
		return;
	own(thread, t->mine + t->n, (uint32_t)got);
	t->n = (uint8_t)(t->n + got);
}

static void give(int thread)
{
	struct thread *t = user(thread);

	note_out(t, 0);
	disown(t->mine, t->n);
	if (fnuma_pool_give(&t->cache, t->mine, t->n) != t->n)
		world_wrong("a give is refused");
	t->n = 0;
	memset(t->mine, 0, sizeof(t->mine));
}

static void exchange(int thread)
{
	struct thread *t = user(thread);

	disown(t->mine, t->n);
	if (fnuma_pool_exchange(&t->cache, t->mine, t->mine, t->n) != t->n)
		world_wrong("an exchange is refused");
	own(thread, t->mine, t->n);
}

static void receive(int thread)
{
	struct thread *t = user(thread);

	if (fnuma_pool_received(&t->cache, t->mine, t->n) != t->n)
		world_wrong("pages in flight cannot be received");
}

static void flipped(int thread)
{
	uint32_t i;

	for (i = 0; i < user(thread)->n; i++)
		world.node[user(thread)->mine[i].n] = 1;
}

/* To a user that the pool does not know it went to. */
static void post(int thread)
{
	struct thread *t = user(thread);

	if (!t->n || world.mails)
		return;
	world.mail = t->mine[--t->n];
	world.mails = 1;
	t->mine[t->n] = fnuma_gfn_of(0);
}

static void take_over(int thread)
{
	struct thread *t = user(thread);

	if (!world.mails || t->n == MINE)
		return;
	world.mails = 0;
	world.owner[world.mail.n] = (uint8_t)(1 + thread);
	t->mine[t->n++] = world.mail;
}

/* A page that was taken at first comes in once, whoever is first. */
static void give_the_same(int thread)
{
	const fnuma_gfn page = {world.common};
	int given;

	world.owner[page.n] = 0;
	given = fnuma_pool_give(&user(thread)->cache, &page, 1);
	if (given == 1)
		world.accepted++;
	else if (given != FNUMA_E_STATE)
		world_wrong("a page given by two is refused for another reason");
}

static void attach(int thread)
{
	if (fnuma_pool_attach(pool, &user(thread)->cache) != FNUMA_OK)
		world_wrong("a cache cannot be attached");
}

static void detach(int thread)
{
	if (fnuma_pool_detach(&user(thread)->cache) != FNUMA_OK)
		world_wrong("a cache cannot be detached");
}

/* --- the resizer ------------------------------------------------------------------ */

static void hold(void)
{
	const fnuma_node nodes[2] = {fnuma_node_unknown(), fnuma_node_unknown()};
	fnuma_gfn held[2];
	int n = fnuma_pool_hold(pool, FNUMA_POOL_MAYBE_REMOTE, held, 2);

	if (n <= 0)
		return;
	own(THREADS - 1, held, (uint32_t)n);
	disown(held, (uint32_t)n);
	if (fnuma_pool_unhold(pool, held, nodes, (uint32_t)n) != n)
		world_wrong("pages held cannot be put back");
}

/* Each cache counts as what it once had out. One whose user stands still in the middle of a
 * trade with the depot is believed after a while, whatever is read. */
static void read_used(void)
{
	uint32_t used = fnuma_pool_used(pool), least = 0, most = 0, i;

	for (i = 0; i < USERS; i++) {
		if (world.thread[i].cache.cell->seq & 1)
			return;
		least += world.thread[i].out_least;
		most += world.thread[i].out_most;
	}
	if (used < least || used > most)
		world_wrong("so many pages in use there never were");
}

/* --- from beginning to end -------------------------------------------------------- */

static void act(int thread, char what)
{
	world.thread[thread].stale = 0;
	switch (what) {
	case 't': take(thread, 1); break;
	case 'T': take(thread, 2); break;
	case 'g': give(thread); break;
	case 'x': exchange(thread); break;
	case 'r': receive(thread); break;
	case 'f': flipped(thread); break;
	case 'p': post(thread); break;
	case 'm': take_over(thread); break;
	case 'b': give_the_same(thread); break;
	case 'd': detach(thread); attach(thread); break;
	case 'G': fnuma_pool_grow(pool, 2, 0); break;
	case 'S': fnuma_pool_shrink(pool, 2, 0); break;
	case 'B': fnuma_pool_bring_home(pool, 2, 0, NULL); break;
	case 'H': hold(); break;
	case 'u': read_used(); break;
	default: abort();
	}
}

void script_run(int thread)
{
	const char *at;

	for (at = scenario->script[thread]; *at; at++)
		act(thread, *at);
}

/* Nobody else is there any more: every page is somewhere, once. */
void script_check_end(void)
{
	struct fnuma_pool_stats stats;
	uint32_t out = 0, in = 0, i;
	fnuma_gfn page;

	for (i = 0; i < FRAMES; i++) {
		out += world.owner[i] != 0;
		in += world.pooled[i];
	}
	if (fnuma_pool_size(pool) != in || fnuma_pool_used(pool) != out)
		world_wrong("the counts do not add up in the end (I1)");
	for (i = 0; i < USERS; i++)
		detach((int)i);
	attach(0);
	while (fnuma_pool_take(&user(0)->cache, &page, 1) == 1)
		own(0, &page, 1);
	fnuma_pool_stats(pool, &stats);
	if (stats.used_pages != in || stats.size_pages != stats.grown - stats.shrunk)
		world_wrong("a page is lost in the end (I1)");
	if (scenario->script[0][0] == 'b' && world.accepted != 1)
		world_wrong("a page given by two is not accepted once");
}

static void make_pool(void)
{
	static const struct fnuma_home home = {{0}, FRAMES, {0}, 1};
	struct fnuma_pool_config config = {
		.frames = FRAMES, .max_pages = FRAMES, .caches = USERS,
		.magazine_pages = 2, .flags = scenario->flags,
		.backend = &backend, .homes = &home, .n_homes = 1,
	};

	if (fnuma_backend_bind(&backend, &host_ops, NULL) ||
	    fnuma_pool_bytes(&config) > sizeof(world.pool) ||
	    fnuma_pool_init(world.pool, sizeof(world.pool), &config, &pool))
		abort();
}

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void choose_scenario(void)
{
	const char *name = from_environment("SCENARIO");
	uint32_t i;

	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (!strcmp(scenarios[i].name, name))
			scenario = &scenarios[i];
	if (!scenario) {
		fprintf(stderr, "no scenario '%s'\n", name);
		exit(2);
	}
}

void world_start(void)
{
	const char *broken = from_environment("MUTATION");
	struct mutation mutation;
	fnuma_gfn page;

	choose_scenario();
	mutation.no_lock = !strcmp(broken, "no-lock");
	mutation.no_acquire = !strcmp(broken, "no-acquire");
	mutation.no_release = !strcmp(broken, "no-release");
	mutation.no_cas = !strcmp(broken, "no-cas");
	make_pool();
	rules_start(pool);
	memory_start(&mutation);
	if (fnuma_pool_grow(pool, scenario->pages, 0) != (int)scenario->pages)
		abort();
	attach(0);
	attach(1);
	if (scenario->script[0][0] == 'b') {
		if (fnuma_pool_take(&user(0)->cache, &page, 1) != 1)
			abort();
		own(0, &page, 1);
		world.common = (uint8_t)page.n;
	}
	if (scenario->weak)
		rules_follow(memory_follow, USERS);
}
