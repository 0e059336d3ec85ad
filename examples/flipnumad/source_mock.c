/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A simulated host, to try a configuration on and for tests. What is in it says an INI file,
 * which is read again with every round of discovery: domains in it come, those no longer in it
 * end. A domain of which `run` changes is another one of the same number.
 */
#define _DEFAULT_SOURCE
#include "source.h"

#include "ini_file.h"

#include <flipnuma/mock.h>

#include <stdlib.h>
#include <string.h>

#define GUESTS_MAX 256
#define OF(field) offsetof(struct guest, field)

struct guest {
	char name[NAME_BYTES];
	double pid, run, pages, home, away, away_pages, pinned_pages, pooled_pages, guest;
	char cmdline[NAME_BYTES];
	fnuma_domain domain; /* generation 0: not there yet */
	double is_run;       /* what `run` was then */
	uint32_t strayed;    /* pages put away so far */
	bool named;          /* in the last reading */
};

struct state {
	struct fnuma_mock *mock;
	char path[CONFIG_TEXT_BYTES];
	double nodes, node_pages, busy_percent, full_node;
	uint64_t reserved;
	struct guest guest[GUESTS_MAX];
	uint32_t n_guests, at;
	struct guest *reading; /* the section being read */
	uint32_t errors;
};

#define HOST(field) offsetof(struct state, field)

static const struct key host_keys[] = {
	WHOLE("", HOST(nodes), "nodes", 1, 64, "2", "", "nodes of the host"),
	WHOLE("", HOST(node_pages), "node_pages", 4096, 1e8, "65536", "",
	      "pages of each"),
	WHOLE("", HOST(busy_percent), "busy_percent", 0, 100, "0", "", "how busy it is"),
	WHOLE("", HOST(full_node), "full_node", -1, 63, "-1", "",
	      "a node without free memory"),
};

static const struct key guest_keys[] = {
	WHOLE("", OF(pid), "pid", 1, 1e9, "0", "", "its number"),
	WHOLE("", OF(run), "run", 0, 1e9, "0", "", "another run is another domain"),
	WHOLE("", OF(pages), "pages", 1, 1e8, "1024", "", "its memory"),
	WHOLE("", OF(home), "home", 0, 63, "1", "", "its home"),
	WHOLE("", OF(away), "away", 0, 63, "0", "", "where pages stray to"),
	WHOLE("", OF(away_pages), "away_pages", 0, 1e12, "0", "",
	      "pages that strayed so far, from the first on, round and round"),
	WHOLE("", OF(pinned_pages), "pinned_pages", 0, 1e8, "0", "",
	      "of them, cannot move"),
	WHOLE("", OF(pooled_pages), "pooled_pages", 0, 1e8, "0", "",
	      "set aside in a pool"),
	WHOLE("", OF(guest), "guest", 0, 1, "1", "", "it is a guest, and no process"),
	TEXT("", OF(cmdline), "cmdline", NAME_BYTES, "", "command line"),
};

#define COUNT(table) ((uint32_t)(sizeof(table) / sizeof((table)[0])))

/* ---------------------------------------------------------------- reading the world */

static void set_all(const struct key *table, uint32_t n, void *to)
{
	char why[WHY_BYTES];
	uint32_t i;

	for (i = 0; i < n; i++)
		key_store(&table[i], (char *)to + table[i].at, table[i].initial, why,
		          sizeof(why));
}

static struct guest *guest_of(struct state *w, const char *name)
{
	uint32_t i;

	for (i = 0; i < w->n_guests; i++)
		if (strcmp(w->guest[i].name, name) == 0)
			return &w->guest[i];
	if (i == GUESTS_MAX || strlen(name) >= NAME_BYTES)
		return NULL;
	memset(&w->guest[i], 0, sizeof(w->guest[i]));
	strcpy(w->guest[i].name, name);
	w->n_guests++;
	return &w->guest[i];
}

static void on_section(void *cookie, struct ini_file *f, const char *heading)
{
	struct state *w = cookie;

	w->reading = NULL;
	if (strncmp(heading, "guest ", 6) == 0)
		w->reading = guest_of(w, heading + 6);
	if (w->reading) {
		set_all(guest_keys, COUNT(guest_keys), w->reading);
		w->reading->pid = (double)(w->reading - w->guest) + 1;
		w->reading->named = true;
	} else if (strcmp(heading, "host") != 0) {
		ini_complain(f, f->line, heading, "neither [host] nor [guest NAME]");
	}
}

static void on_key(void *cookie, struct ini_file *f, const char *section, const char *name,
                   const char *value)
{
	struct state *w = cookie;
	const struct key *table = w->reading ? guest_keys : host_keys;
	uint32_t n = w->reading ? COUNT(guest_keys) : COUNT(host_keys), i;
	char *to = w->reading ? (char *)w->reading : (char *)w, why[WHY_BYTES];

	(void)section;
	for (i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			break;
	if (i == n)
		ini_complain(f, f->line, name, "no such key");
	else if (key_store(&table[i], to + table[i].at, value, why, sizeof(why)))
		ini_complain(f, f->line, name, "%s", why);
}

static void complain(void *cookie, const char *text)
{
	(void)cookie;
	fprintf(stderr, "%s\n", text);
}

static bool read_world(struct state *w)
{
	const struct ini_reader reader = {on_section, on_key, complain, w};
	struct ini_file f;
	uint32_t i;

	for (i = 0; i < w->n_guests; i++)
		w->guest[i].named = false;
	set_all(host_keys, COUNT(host_keys), w);
	return ini_read_path(&f, w->path, &reader) == 0;
}

/* ---------------------------------------------------------------- making it so */

static void end(struct state *w, struct guest *g)
{
	if (g->domain.generation)
		fnuma_mock_domain_destroy(w->mock, g->domain);
	g->domain.generation = 0;
}

static void begin(struct state *w, struct guest *g)
{
	const struct fnuma_home home = {{0}, (uint32_t)g->pages, {(uint8_t)g->home}, 1};
	const struct fnuma_mock_domain_config config = {
		.frames = (uint32_t)g->pages, .homes = &home, .n_homes = 1};
	uint32_t i;

	g->strayed = 0;
	g->is_run = g->run;
	if (fnuma_mock_domain_create(w->mock, &config, &g->domain))
		g->domain.generation = 0;
	for (i = 0; g->domain.generation && i < g->pinned_pages && i < g->pages; i++)
		fnuma_mock_pin(w->mock, g->domain, fnuma_gfn_of(i), true);
}

static void stray(struct state *w, struct guest *g)
{
	for (; g->strayed < g->away_pages; g->strayed++)
		fnuma_mock_place(w->mock, g->domain,
		                 fnuma_gfn_of(g->strayed % (uint32_t)g->pages),
		                 fnuma_node_of((uint32_t)g->away));
}

/* All that is free of one node is kept from everybody, or given back. */
static void fill_node(struct state *w, const struct source *s)
{
	static struct fnuma_topology t;
	uint32_t node;

	for (node = 0; node < w->nodes && node < FNUMA_NODES_MAX; node++)
		fnuma_mock_reserve(w->mock, fnuma_node_of(node), 0);
	if (w->full_node < 0 || fnuma_backend_topology(&s->backend, &t))
		return;
	node = (uint32_t)w->full_node;
	fnuma_mock_reserve(w->mock, fnuma_node_of(node), t.node[node].free_pages);
}

static void become(struct state *w, const struct source *s)
{
	uint32_t i;

	for (i = 0; i < w->n_guests; i++) {
		struct guest *g = &w->guest[i];

		if (!g->named || g->run != g->is_run)
			end(w, g);
		if (g->named && !g->domain.generation)
			begin(w, g);
		if (g->domain.generation)
			stray(w, g);
	}
	fill_node(w, s);
}

/* ---------------------------------------------------------------- a source */

static bool make_host(struct state *w)
{
	struct fnuma_mock_config config = {
		.nodes = (uint32_t)w->nodes,
		.costs = {.move_page_ns = 380, .copy_page_ns = 770, .query_page_ns = 154}};
	uint32_t i;

	for (i = 0; i < config.nodes; i++)
		config.node_pages[i] = (uint64_t)w->node_pages;
	return fnuma_mock_create(&config, &w->mock) == FNUMA_OK;
}

static void mock_close(struct source *s)
{
	struct state *w = s->state;

	if (w)
		fnuma_mock_destroy(w->mock);
	free(w);
	s->state = NULL;
}

static bool mock_open(struct source *s, const struct config *c, char *why, size_t bytes)
{
	struct state *w = calloc(1, sizeof(*w));

	s->state = w;
	if (w) {
		strcpy(w->path, c->daemon.world);
		if (read_world(w) && make_host(w) &&
		    fnuma_mock_backend(w->mock, &s->backend) == FNUMA_OK)
			return true;
	}
	snprintf(why, bytes, "%s does not describe a world", c->daemon.world);
	mock_close(s);
	return false;
}

static int mock_find(struct source *s, uint32_t look, const struct finder *f)
{
	struct state *w = s->state;

	if (w->at == 0) {
		if (!read_world(w))
			return -1;
		become(w, s);
	}
	for (; look && w->at < w->n_guests; w->at++, look--) {
		const struct guest *g = &w->guest[w->at];
		struct candidate c = {.number = (uint32_t)g->pid, .start = (uint64_t)g->run};

		if (!g->domain.generation || !f->want(f->cookie, c.number, c.start))
			continue;
		strcpy(c.name, g->name);
		strcpy(c.guest, g->guest > 0 ? g->name : "");
		strcpy(c.cmdline, g->cmdline);
		strcpy(c.cgroup, "/mock");
		f->found(f->cookie, &c);
	}
	if (w->at < w->n_guests)
		return 1;
	w->at = 0;
	return 0;
}

static int mock_attach(struct source *s, const struct candidate *c, uint32_t spare_frames,
                       struct attached *out, char *why, size_t bytes)
{
	struct state *w = s->state;
	uint32_t i;

	(void)spare_frames;
	for (i = 0; i < w->n_guests; i++) {
		const struct guest *g = &w->guest[i];

		if (!g->domain.generation || g->pid != c->number || g->run != (double)c->start)
			continue;
		*out = (struct attached){.domain = g->domain, .home_by = "world",
		                         .kind = *c->guest ? "guest" : "process",
		                         .frames = (uint32_t)g->pages,
		                         .used_frames = (uint32_t)g->pages, .n_homes = 1, .fd = -1};
		out->homes[0] = (struct fnuma_home){{0}, out->frames, {(uint8_t)g->home}, 1};
		return FNUMA_OK;
	}
	snprintf(why, bytes, "it went");
	return FNUMA_E_GONE;
}

static void mock_detach(struct source *s, fnuma_domain domain)
{
	(void)s, (void)domain;
}

static int mock_refresh(struct source *s, struct attached *a)
{
	return fnuma_backend_alive(&s->backend, a->domain);
}

static int64_t mock_nodes(struct source *s, fnuma_domain domain, fnuma_gfn first, uint32_t n,
                          fnuma_node *nodes)
{
	struct state *w = s->state;
	int err = fnuma_backend_alive(&s->backend, domain);
	uint32_t i;

	if (err)
		return err;
	for (i = 0; i < n; i++)
		nodes[i] = fnuma_mock_node(w->mock, domain, fnuma_gfn_of(first.n + i));
	return n;
}

static double mock_busy(struct source *s)
{
	return ((struct state *)s->state)->busy_percent;
}

/* Its first ones. */
static int mock_pooled(struct source *s, fnuma_domain domain, fnuma_gfn *cursor,
                       fnuma_gfn *pages, uint32_t n)
{
	const struct state *w = s->state;
	uint32_t i, k = 0;

	for (i = 0; i < w->n_guests; i++)
		if (fnuma_domain_same(w->guest[i].domain, domain))
			break;
	if (i == w->n_guests)
		return FNUMA_E_STALE;
	while (k < n && cursor->n < w->guest[i].pooled_pages && cursor->n < w->guest[i].pages)
		pages[k++] = fnuma_gfn_of(cursor->n++);
	return (int)k;
}

const struct source_ops source_mock = {
	.name = "mock",
	.open = mock_open,
	.close = mock_close,
	.find = mock_find,
	.attach = mock_attach,
	.detach = mock_detach,
	.refresh = mock_refresh,
	.nodes = mock_nodes,
	.busy_percent = mock_busy,
	.pooled = mock_pooled,
};
