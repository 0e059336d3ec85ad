/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _DEFAULT_SOURCE
#include "engine.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define STEP_MIN_PAGES 32u
#define STEP_MAX_PAGES 512u
/* A step is to take no longer, so that whoever wants something is heard in time. */
#define STEP_LONG_NS  UINT64_C(50000000)
#define STEP_SHORT_NS UINT64_C(5000000)
/* Busy is over when it is so much less. */
#define BUSY_SLACK_PERCENT 5

/* ---------------------------------------------------------------- beginning and end */

static bool path_in_state(const struct engine *e, const char *name, char *to, size_t bytes)
{
	return (size_t)snprintf(to, bytes, "%s/%s", e->config.daemon.state_dir, name) < bytes;
}

/* Only one at a time has the state. A dry run beside another does without. */
static bool lock_state(struct engine *e, char *why, size_t bytes)
{
	char path[CONFIG_TEXT_BYTES + 16];

	if (mkdir(e->config.daemon.state_dir, 0750) && errno != EEXIST) {
		snprintf(why, bytes, "%s: %s", e->config.daemon.state_dir, strerror(errno));
		return false;
	}
	path_in_state(e, "lock", path, sizeof(path));
	e->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (e->lock_fd >= 0 && flock(e->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	snprintf(why, bytes, "%s: %s", path, errno == EWOULDBLOCK ?
	         "another flipnumad is at work" : strerror(errno));
	if (e->lock_fd >= 0)
		close(e->lock_fd);
	e->lock_fd = -1;
	return false;
}

static bool open_state(struct engine *e, char *why, size_t bytes)
{
	char path[CONFIG_TEXT_BYTES + 16];
	const char *error;

	path_in_state(e, "settings.json", path, sizeof(path));
	error = overrides_open(&e->overrides, path);
	if (!error && e->lock_fd < 0)
		*e->overrides.path = '\0';
	if (!error) {
		path_in_state(e, "decisions.log", path, sizeof(path));
		error = decisions_open(&e->decisions, e->lock_fd < 0 ? NULL : path,
		                       (uint32_t)e->config.daemon.log_entries);
	}
	if (error)
		snprintf(why, bytes, "%s: %s", path, error);
	return !error;
}

static bool open_host(struct engine *e, char *why, size_t bytes)
{
	struct fnuma_host_config config = {
		.backend = &e->backend, .max_members = e->max_domains,
		.limits = budget_limits(&e->config.budget, 100), .trace = {events_on, e}};
	size_t need;
	int err = guard_init(&e->guard, &e->source.backend, &e->backend);

	if (!err)
		err = fnuma_backend_topology(&e->backend, &e->topology);
	config.nodes = e->topology.nodes;
	config.page_bytes = e->topology.page_bytes;
	need = err ? 0 : fnuma_host_bytes(&config);
	e->host_memory = need ? malloc(need) : NULL;
	if (!err)
		err = e->host_memory ? fnuma_host_init(e->host_memory, need, &config, &e->host) :
		                       FNUMA_E_NOMEM;
	if (err)
		snprintf(why, bytes, "%s", fnuma_strerror(err));
	return !err;
}

/* Moved or not, it was tried, and has cost something. */
static bool was_tried(const struct decision *x)
{
	return x->kind == DECISION_MOVED || x->kind == DECISION_KEPT ||
	       x->kind == DECISION_GAVE_UP;
}

/* A predecessor that was killed may have spent the budget of this window. */
static void hold_budget(struct engine *e)
{
	const uint64_t window_ns = FNUMA_BUDGET_WINDOW_NS + FNUMA_BUDGET_WINDOW_NS / 16;
	uint64_t n;

	for (n = e->decisions.next - 1; n >= decisions_first(&e->decisions); n--) {
		const struct decision *x = decisions_at(&e->decisions, n);

		if (!x || !was_tried(x))
			continue;
		e->hold_until_ns = e->now_ns + decision_left_ns(x, window_ns, e->real_ns);
		return;
	}
}

static bool apply_budget(struct engine *e)
{
	const struct fnuma_budget_limits limits = budget_limits(&e->budget, e->busy ?
		e->config.care.busy_share_percent : 100);

	return fnuma_host_set_limits(e->host, &limits) == FNUMA_OK;
}

static void override_budget(struct engine *e)
{
	char why[WHY_BYTES];
	uint32_t i;

	e->budget = e->config.budget;
	for (i = 0; i < e->overrides.n; i++)
		if (e->overrides.list[i].budget)
			config_set_budget(&e->budget, e->overrides.list[i].key,
			                  e->overrides.list[i].value, why, sizeof(why));
}

bool engine_open(struct engine *e, uint64_t now_ns, uint64_t real_ns, char *why, size_t bytes)
{
	e->now_ns = e->tokens_ns = now_ns;
	e->find_next_ns = e->care_next_ns = e->step_next_ns = now_ns;
	e->real_ns = real_ns;
	e->step_pages = STEP_MAX_PAGES / 4;
	e->busy_percent = -1;
	e->max_domains = (uint32_t)e->config.daemon.max_domains;
	e->source.ops = source_find((enum config_backend)e->config.daemon.backend);
	if (!e->source.ops) {
		snprintf(why, bytes, "this flipnumad was built without that backend");
		return false;
	}
	e->domains = calloc(e->max_domains, sizeof(e->domains[0]));
	e->lock_fd = -1;
	if (!e->domains || !e->source.ops->open(&e->source, &e->config, why, bytes) ||
	    (!lock_state(e, why, bytes) && !e->dry_run) || !open_state(e, why, bytes))
		return false;
	override_budget(e);
	hold_budget(e);
	return open_host(e, why, bytes) && apply_budget(e);
}

void engine_close(struct engine *e)
{
	uint32_t i;

	for (i = 0; i < e->n_domains; i++) {
		if (e->domains[i]->attached && e->on_domain)
			e->on_domain(e->cookie, e->domains[i], false);
		free(e->domains[i]->memory);
		free(e->domains[i]);
	}
	free(e->domains);
	free(e->host_memory);
	if (e->source.state)
		e->source.ops->close(&e->source);
	decisions_close(&e->decisions);
	overrides_close(&e->overrides);
	if (e->lock_fd >= 0)
		close(e->lock_fd);
	e->domains = NULL;
	e->n_domains = 0;
	e->host_memory = NULL;
	e->lock_fd = -1;
}

/* ---------------------------------------------------------------- going on */

static void find(struct engine *e)
{
	if (domains_find(e) <= 0)
		e->find_next_ns = e->now_ns + (uint64_t)(e->config.daemon.discover_s * 1e9);
	else
		e->find_next_ns = e->now_ns;
}

static void measure_window(struct engine *e)
{
	struct fnuma_host_stats stats;

	fnuma_host_stats(e->host, &stats);
	e->window_pages = stats.attempted - e->window_from_pages;
	e->window_spent_ns = stats.spent_ns - e->window_from_spent_ns;
	e->window_from_pages = stats.attempted;
	e->window_from_spent_ns = stats.spent_ns;
}

/* Once a second: is the privileged domain busy, and has a hold ended? */
static void take_care(struct engine *e)
{
	const double limit = e->config.care.busy_percent;
	bool busy;
	uint32_t i;

	e->busy_percent = e->source.ops->busy_percent(&e->source);
	busy = limit > 0 && e->busy_percent > limit - (e->busy ? BUSY_SLACK_PERCENT : 0);
	if (e->busy_percent >= 0 && busy != e->busy) {
		e->busy = busy;
		apply_budget(e);
		say(LOG_INFO, NULL, busy ? "busy (%.0f %%): the budget is cut to %.0f %%" :
		    "no longer busy (%.0f %%)", e->busy_percent, e->config.care.busy_share_percent);
	}
	for (i = 0; i < e->n_domains; i++) {
		struct domain *d = e->domains[i];

		if (d->held_until_ns && e->now_ns >= d->held_until_ns) {
			d->held_until_ns = 0;
			domain_apply(e, d);
		}
	}
	measure_window(e);
	e->care_next_ns = e->now_ns + SECOND;
}

double histogram_limit_s(uint32_t bucket)
{
	static const double limits[HISTOGRAM_BUCKETS] = {0.0001, 0.0003, 0.001, 0.003,
	                                                 0.01, 0.03, 0.1, 1};

	return limits[bucket];
}

static void count_time(struct histogram *h, uint64_t ns)
{
	uint32_t i = 0;

	while (i < HISTOGRAM_BUCKETS && (double)ns / 1e9 > histogram_limit_s(i))
		i++;
	h->bucket[i]++;
	h->sum_ns += ns;
}

static void step(struct engine *e)
{
	uint64_t begin = e->clock_ns ? e->clock_ns() : e->now_ns, took;

	if (e->now_ns < e->hold_until_ns) {
		e->step_next_ns = e->hold_until_ns;
		return;
	}
	e->late_ns = e->step_next_ns ? e->now_ns - e->step_next_ns : 0;
	if (e->step_next_ns)
		count_time(&e->step_late, e->late_ns);
	fnuma_host_step(e->host, e->now_ns, e->step_pages, &e->step_next_ns);
	took = (e->clock_ns ? e->clock_ns() : e->now_ns) - begin;
	count_time(&e->step_time, took);
	if (took > STEP_LONG_NS && e->step_pages > STEP_MIN_PAGES)
		e->step_pages /= 2;
	else if (took < STEP_SHORT_NS && e->step_pages < STEP_MAX_PAGES)
		e->step_pages *= 2;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t engine_turn(struct engine *e, uint64_t now_ns, uint64_t real_ns)
{
	uint64_t next;

	e->now_ns = now_ns;
	e->real_ns = real_ns;
	guard_tell(&e->guard, now_ns, (uint64_t)(e->config.care.keep_free_mb * 1048576 /
	                                         e->topology.page_bytes));
	if (now_ns >= e->care_next_ns)
		take_care(e);
	if (now_ns >= e->find_next_ns)
		find(e);
	next = look_some(e);
	/* A look may have made somebody due. */
	e->step_next_ns = earlier(e->step_next_ns, fnuma_host_next(e->host, now_ns));
	if (now_ns >= e->step_next_ns)
		step(e);
	next = earlier(next, earlier(e->step_next_ns, e->find_next_ns));
	next = earlier(next, e->care_next_ns);
	return next > now_ns ? next : now_ns;
}

/* ---------------------------------------------------------------- changes */

void engine_apply_overrides(struct engine *e)
{
	override_budget(e);
	apply_budget(e);
	domains_rematch(e);
}

/* What can't change while it runs. */
static const char *fixed(const struct engine *e, const struct config *c)
{
	if (c->daemon.backend != e->config.daemon.backend)
		return "backend";
	if (c->daemon.max_domains != e->config.daemon.max_domains)
		return "max_domains";
	if (strcmp(c->daemon.state_dir, e->config.daemon.state_dir) != 0)
		return "state_dir";
	if (c->daemon.log_entries != e->config.daemon.log_entries)
		return "log_entries";
	if (strcmp(c->daemon.socket, e->config.daemon.socket) != 0)
		return "socket";
	if (strcmp(c->daemon.socket_group, e->config.daemon.socket_group) != 0)
		return "socket_group";
	if (strcmp(c->daemon.world, e->config.daemon.world) != 0)
		return "world";
	if (strcmp(c->daemon.xen_journal, e->config.daemon.xen_journal) != 0)
		return "xen_journal";
	return NULL;
}

bool engine_reload(struct engine *e, const struct config *c, char *why, size_t bytes)
{
	const char *key = fixed(e, c);

	if (key) {
		snprintf(why, bytes, "[daemon] %s cannot change while it runs", key);
		e->reload_failures++;
		return false;
	}
	e->config = *c;
	e->reloads++;
	engine_apply_overrides(e);
	e->find_next_ns = e->now_ns;
	return true;
}

/* ---------------------------------------------------------------- questions */

static void add_stats(struct fnuma_repatriator_stats *to,
                      const struct fnuma_repatriator_stats *more)
{
	const size_t n = offsetof(struct fnuma_repatriator_stats, cooling_pages) / 8;
	const uint64_t *from = (const uint64_t *)(const void *)more;
	uint64_t *sum = (uint64_t *)(void *)to;
	size_t i;

	for (i = 0; i < n; i++)
		sum[i] += from[i];
}

void domain_stats(const struct engine *e, const struct domain *d,
                  struct fnuma_repatriator_stats *out)
{
	memset(out, 0, sizeof(*out));
	if (d->attached)
		fnuma_repatriator_stats(fnuma_host_repatriator(e->host, d->member), out);
	add_stats(out, &d->before);
}

/* All frames of one range have the same homes: then the counts say it all. */
static bool one_range(const struct domain *d)
{
	return d->at.homes[0].pages == d->at.frames;
}

static void count_remote(const struct fnuma_tracker *t, struct domain_layout *out)
{
	fnuma_gfn cursor = {0}, pages[64];
	int n = 0, i;

	while (n >= 0 && cursor.n < fnuma_tracker_frames(t)) {
		n = fnuma_tracker_next(t, FNUMA_WANT_REMOTE, &cursor, FNUMA_GFN_NONE_N, pages, 64);
		for (i = 0; i < n; i++)
			out->remote[fnuma_tracker_get(t, pages[i]).id]++;
	}
}

void domain_layout(const struct engine *e, const struct domain *d, struct domain_layout *out)
{
	const struct fnuma_tracker *t = d->attached ? fnuma_host_tracker(e->host, d->member) : NULL;
	struct fnuma_layout layout;
	uint64_t homes;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->nodes = e->topology.nodes;
	if (!t)
		return;
	fnuma_tracker_layout(t, &layout);
	homes = fnuma_tracker_home_nodes(t);
	if (!one_range(d))
		count_remote(t, out);
	for (i = 0; i < layout.nodes; i++) {
		if (one_range(d) && !(homes >> i & 1))
			out->remote[i] = layout.node_pages[i];
		out->local[i] = layout.node_pages[i] - out->remote[i];
		out->local_pages += out->local[i];
	}
	out->remote_pages = layout.remote_pages;
	out->unknown_pages = layout.unknown_pages;
}
