/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The log says when pages were found away from home, and when they were found back otherwise
 * than by us. Here they go away and come back at the same times, on a simulated host, where
 * another policy looks after them. A policy sees counts only, so two nodes do: home and away.
 *
 * What the log can't say is what would have become of pages that the recorded policy brought
 * home, had they stayed: here they stay away until the policy in question moves them.
 */
#define _GNU_SOURCE
#include "replay.h"

#include "config.h"
#include "decisions.h"

#include <flipnuma/mock.h>

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define HOME 0
#define AWAY 1
#define SECOND UINT64_C(1000000000)
#define STEP_PAGES 512u
#define MIB_PAGES 256.0
#define REPLAY_POLICIES_MAX 64
#define BOOKS_MIN 64u

/* Whom the log is about. */
struct actor {
	uint32_t number;
	uint64_t start;
	uint32_t frames;
	/* while a policy is tried */
	fnuma_domain domain;
	fnuma_member member;
	void *memory;
	uint8_t *moved; /* a byte for each page: has it been moved? */
	bool gone;
};

struct log {
	struct decisions d;
	struct actor *actors;
	uint32_t n;
	uint64_t begin_ns, end_ns;
};

/* What became of it under a policy. */
struct outcome {
	const char *name;
	uint64_t moved, again, passes;
	double mean_mb, most_mb;
};

struct trial {
	const struct log *log;
	struct settings settings;
	bool policy; /* else it goes as recorded */
	struct fnuma_mock *mock;
	struct fnuma_backend be;
	struct fnuma_host *host;
	void *memory;
	uint64_t now_ns, away; /* pages away now */
	double page_seconds;
	struct outcome out;
};

/* ---------------------------------------------------------------- reading */

static struct actor *actor_of(const struct log *l, const struct decision *x)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->actors[i].number == x->domain && l->actors[i].start == x->start)
			return &l->actors[i];
	return NULL;
}

static bool meet(struct log *l, const struct decision *x)
{
	struct actor *a = actor_of(l, x), *more;
	uint32_t frames = x->first == FNUMA_GFN_NONE_N ? 1 : x->first + x->count;

	if (x->kind == DECISION_ATTACHED)
		frames = x->count;
	if (!a) {
		more = realloc(l->actors, (l->n + 1) * sizeof(*more));
		if (!more)
			return false;
		l->actors = more;
		a = &more[l->n++];
		*a = (struct actor){.number = x->domain, .start = x->start};
	}
	if (frames > a->frames)
		a->frames = frames;
	return true;
}

static const char *read_log(struct log *l, const char *path)
{
	const char *error = decisions_read(&l->d, path);
	uint64_t i;

	if (error)
		return error;
	for (i = decisions_first(&l->d); i < l->d.next; i++) {
		const struct decision *x = decisions_at(&l->d, i);

		if (!x)
			continue;
		if (!meet(l, x))
			return "no memory";
		l->begin_ns = l->begin_ns ? l->begin_ns : x->time_ns;
		l->end_ns = x->time_ns > l->end_ns ? x->time_ns : l->end_ns;
	}
	return l->n ? NULL : "is empty";
}

static void free_log(struct log *l)
{
	free(l->actors);
	decisions_close(&l->d);
}

/* ---------------------------------------------------------------- a trial */

static void note_moved(struct trial *t, struct actor *a, uint32_t page)
{
	t->out.again += a->moved[page];
	a->moved[page] = 1;
}

static void on_event(void *cookie, const struct fnuma_event *event)
{
	struct trial *t = cookie;
	uint32_t i;

	for (i = 0; event->kind == FNUMA_EVENT_MOVED && i < t->log->n; i++) {
		if (!fnuma_domain_same(t->log->actors[i].domain, event->domain))
			continue;
		t->away--;
		note_moved(t, &t->log->actors[i], event->page.n);
		return;
	}
}

static bool join(struct trial *t, struct actor *a)
{
	const struct fnuma_home home = {{0}, a->frames, {HOME}, 1};
	const struct fnuma_mock_domain_config domain = {
		.frames = a->frames, .homes = &home, .n_homes = 1};
	struct fnuma_member_config member = {
		.frames = a->frames, .homes = &home, .n_homes = 1, .start = FNUMA_START_HOME,
		.trigger = settings_trigger(&t->settings),
		.trigger_params = settings_params(&t->settings, FNUMA_PAGE_BYTES),
		.books_pages = a->frames < BOOKS_MIN ? BOOKS_MIN : a->frames,
		.tuning = settings_tuning(&t->settings)};
	size_t bytes;

	a->gone = false;
	if (fnuma_mock_domain_create(t->mock, &domain, &a->domain))
		return false;
	member.domain = a->domain;
	bytes = fnuma_host_member_bytes(t->host, &member);
	a->memory = bytes ? malloc(bytes) : NULL;
	a->moved = calloc(a->frames, 1);
	return a->memory && a->moved &&
	       fnuma_host_add(t->host, &member, a->memory, bytes, t->now_ns, &a->member) == 0;
}

static bool begin(struct trial *t)
{
	struct fnuma_mock_config machine = {.nodes = 2};
	struct fnuma_host_config config = {.backend = &t->be, .max_members = t->log->n,
	                                   .nodes = 2, .limits = {.pages = 20000},
	                                   .trace = {on_event, t}};
	uint64_t frames = 0;
	uint32_t i;

	for (i = 0; i < t->log->n; i++)
		frames += t->log->actors[i].frames;
	machine.node_pages[HOME] = machine.node_pages[AWAY] = frames;
	t->memory = malloc(fnuma_host_bytes(&config));
	if (!t->memory || fnuma_mock_create(&machine, &t->mock) ||
	    fnuma_mock_backend(t->mock, &t->be) ||
	    fnuma_host_init(t->memory, fnuma_host_bytes(&config), &config, &t->host))
		return false;
	t->now_ns = t->log->begin_ns;
	for (i = 0; i < t->log->n; i++)
		if (!join(t, &t->log->actors[i]))
			return false;
	return true;
}

static void end(struct trial *t)
{
	uint32_t i;

	for (i = 0; i < t->log->n; i++) {
		free(t->log->actors[i].memory);
		free(t->log->actors[i].moved);
		t->log->actors[i].memory = NULL;
		t->log->actors[i].moved = NULL;
	}
	fnuma_mock_destroy(t->mock);
	free(t->memory);
}

static void let_pass(struct trial *t, uint64_t until_ns)
{
	double mb = (double)t->away / MIB_PAGES;

	if (until_ns > t->now_ns) {
		t->page_seconds += (double)t->away * (double)(until_ns - t->now_ns) / SECOND;
		t->now_ns = until_ns;
		t->out.most_mb = mb > t->out.most_mb ? mb : t->out.most_mb;
	}
}

/* The policy does what it does until then. */
static void go_on(struct trial *t, uint64_t until_ns)
{
	uint64_t next = fnuma_host_next(t->host, t->now_ns);
	int moved;

	while (next <= until_ns) {
		let_pass(t, next);
		moved = fnuma_host_step(t->host, t->now_ns, STEP_PAGES, &next);
		t->out.moved += moved > 0 ? (uint64_t)moved : 0;
		if (next <= t->now_ns && moved <= 0)
			next = t->now_ns + 1;
	}
	let_pass(t, until_ns);
}

static void place(struct trial *t, struct actor *a, const struct decision *x, uint32_t where)
{
	const struct fnuma_tracker *tracker = fnuma_host_tracker(t->host, a->member);
	const fnuma_node node = fnuma_node_of(where);
	uint32_t i;

	for (i = 0; i < x->count && x->first + i < a->frames; i++) {
		fnuma_gfn page = fnuma_gfn_of(x->first + i);

		if (fnuma_tracker_get(tracker, page).id == where)
			continue;
		fnuma_mock_place(t->mock, a->domain, page, node);
		fnuma_host_record_nodes(t->host, a->member, &page, &node, 1, t->now_ns);
		t->away += where == AWAY ? 1 : UINT64_MAX;
	}
}

static void leave(struct trial *t, struct actor *a)
{
	if (a->gone)
		return;
	a->gone = true;
	t->away -= fnuma_tracker_remote(fnuma_host_tracker(t->host, a->member));
	fnuma_host_remove(t->host, a->member, NULL);
}

/* What the recorded policy did, if it is that one's turn. */
static void happen_again(struct trial *t, struct actor *a, const struct decision *x)
{
	uint32_t i;

	t->out.passes += x->kind == DECISION_DUE;
	if (x->kind != DECISION_MOVED)
		return;
	t->out.moved += x->count;
	for (i = 0; i < x->count; i++)
		note_moved(t, a, x->first + i);
	place(t, a, x, HOME);
}

static void happen(struct trial *t, const struct decision *x)
{
	struct actor *a = actor_of(t->log, x);

	if (a->gone)
		return;
	if (x->kind == DECISION_AWAY)
		place(t, a, x, AWAY);
	else if (x->kind == DECISION_BACK)
		place(t, a, x, HOME);
	else if (x->kind == DECISION_ENDED)
		leave(t, a);
	else if (!t->policy)
		happen_again(t, a, x);
}

static void summarise(struct trial *t)
{
	const double seconds = (double)(t->log->end_ns - t->log->begin_ns) / SECOND;
	struct fnuma_host_stats stats;

	fnuma_host_stats(t->host, &stats);
	t->out.passes += stats.triggered;
	t->out.mean_mb = seconds > 0 ? t->page_seconds / seconds / MIB_PAGES : 0;
}

/* `policy`: what was recorded if there is none. */
static bool try_policy(const struct log *l, const struct settings *s, bool policy,
                       const char *name, struct outcome *out)
{
	struct trial t = {.log = l, .settings = *s, .policy = policy, .out = {.name = name}};
	bool ok = begin(&t);
	uint64_t i;

	for (i = decisions_first(&l->d); ok && i < l->d.next; i++) {
		const struct decision *x = decisions_at(&l->d, i);

		if (!x)
			continue;
		if (policy)
			go_on(&t, x->time_ns);
		else
			let_pass(&t, x->time_ns);
		happen(&t, x);
	}
	if (ok)
		summarise(&t);
	end(&t);
	*out = t.out;
	return ok;
}

/* ---------------------------------------------------------------- policies, results */

/* TRIGGER[:KEY=VALUE,...] */
static bool parse_policy(const char *text, struct settings *s)
{
	char *copy = strdup(text), *rest = copy, *word, *value, why[256];
	const char *error = NULL, *key = "trigger";

	for (word = strsep(&rest, ":"); copy && word && !error; word = strsep(&rest, ",")) {
		value = word;
		if (word != copy) {
			key = word;
			value = strchr(word, '=');
			if (value)
				*value++ = '\0';
		}
		error = value ? config_set(s, key, value, why, sizeof(why)) : "has no value";
	}
	if (error)
		fprintf(stderr, "flipnumactl: policy '%s': %s: %s\n", text, key, error);
	free(copy);
	return copy && !error;
}

static void put_count(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

static struct json_object *one_json(const struct outcome *x)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "policy", json_object_new_string(x->name));
	put_count(o, "passes", x->passes);
	put_count(o, "moved", x->moved);
	put_count(o, "again", x->again);
	json_object_object_add(o, "mean_mb", json_object_new_double(x->mean_mb));
	json_object_object_add(o, "most_mb", json_object_new_double(x->most_mb));
	return o;
}

static void print_json(const struct outcome *all, int n, double seconds)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	int i;

	json_object_object_add(o, "seconds", json_object_new_double(seconds));
	json_object_object_add(o, "policies", list);
	for (i = 0; i < n; i++)
		json_object_array_add(list, one_json(&all[i]));
	printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static void print_table(const struct outcome *all, int n, double seconds)
{
	int i;

	printf("%.1f s of events\n%-32s %8s %12s %12s %13s %13s\n", seconds, "POLICY", "PASSES",
	       "MOVED PAGES", "MOVED AGAIN", "MEAN AWAY MB", "MOST AWAY MB");
	for (i = 0; i < n; i++)
		printf("%-32s %8ju %12ju %12ju %13.2f %13.2f\n", all[i].name,
		       (uintmax_t)all[i].passes, (uintmax_t)all[i].moved,
		       (uintmax_t)all[i].again, all[i].mean_mb, all[i].most_mb);
}

static void complain(void *cookie, const char *text)
{
	(void)cookie;
	fprintf(stderr, "%s\n", text);
}

static bool try_all(const struct log *l, const char *const *policies, int n, struct outcome *out)
{
	const struct config_sink sink = {complain, NULL};
	static struct config c;
	struct settings s;
	bool ok;
	int i;

	config_parse(&c, "", "defaults", &sink);
	ok = try_policy(l, &c.defaults, false, "as recorded", &out[0]);
	for (i = 0; ok && i < n; i++) {
		s = c.defaults;
		if (!parse_policy(policies[i], &s))
			return false;
		ok = try_policy(l, &s, true, policies[i], &out[i + 1]);
	}
	if (!ok)
		fprintf(stderr, "flipnumactl: not enough memory for the domains of the log\n");
	return ok;
}

int replay_run(const char *log, const char *const *policies, int n, bool json)
{
	static const char *const some[] = {"period:period_s=900", "period:period_s=60",
	                                   "amount:amount_mb=500",
	                                   "amount:amount_mb=50", "age:break_even_s=10"};
	struct outcome out[REPLAY_POLICIES_MAX + 1];
	struct log l = {.n = 0};
	const char *error = read_log(&l, log);
	double seconds = (double)(l.end_ns - l.begin_ns) / SECOND;
	bool ok = !error && n <= REPLAY_POLICIES_MAX;

	if (!ok)
		fprintf(stderr, "flipnumactl: %s: %s\n", log, error ? error : "too many policies");
	if (ok && !n) {
		policies = some;
		n = (int)(sizeof(some) / sizeof(some[0]));
	}
	ok = ok && try_all(&l, policies, n, out);
	if (ok && json)
		print_json(out, n + 1, seconds);
	else if (ok)
		print_table(out, n + 1, seconds);
	free_log(&l);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
