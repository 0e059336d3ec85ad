/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "config.h"

#include "ini_file.h"

#include <fnmatch.h>
#include <string.h>

#define AT(field) offsetof(struct config, field)
#define OF(field) offsetof(struct settings, field)
#define WHO(field) offsetof(struct rule, field)
#define KEYS_MAX 32

/* In struct config. */
static const struct key daemon_keys[] = {
	{"daemon", "backend", KEY_CHOICE, AT(daemon.backend), 0, 2, "linux", "",
	 "linux|mock|xen", "whose domains"},
	WHOLE("daemon", AT(daemon.max_domains), "max_domains", 1, 65536, "1024",
	      "domains", "domains looked after at the same time"),
	NUMBER("daemon", AT(daemon.discover_s), "discover_s", 0.05, 3600, "5", "s",
	       "how often new domains are looked for"),
	NUMBER("daemon", AT(daemon.look_s), "look_s", 0.05, 86400, "10", "s",
	       "how often each domain's pages are looked at"),
	WHOLE("daemon", AT(daemon.look_pages_per_s), "look_pages_per_s", 1000, 1e9,
	      "250000", "pages/s", "no more are looked at, of all domains together"),
	TEXT("daemon", AT(daemon.state_dir), "state_dir", CONFIG_TEXT_BYTES,
	     "/var/lib/flipnumad",
	     "the one place for its state: settings by flipnumactl, and the log of decisions"),
	WHOLE("daemon", AT(daemon.log_entries), "log_entries", 64, 16777216, "65536",
	      "entries", "decisions remembered, 64 bytes each"),
	TEXT("daemon", AT(daemon.socket), "socket", CONFIG_TEXT_BYTES,
	     "/run/flipnumad/control", "where flipnumactl finds it"),
	TEXT("daemon", AT(daemon.socket_group), "socket_group", CONFIG_TEXT_BYTES, "",
	     "a group that may look; to change anything takes root or the daemon's user"),
	TEXT("daemon", AT(daemon.metrics_file), "metrics_file", CONFIG_TEXT_BYTES, "",
	     "written for Prometheus' textfile collector; empty: none"),
	NUMBER("daemon", AT(daemon.metrics_s), "metrics_s", 0.05, 3600, "15", "s",
	       "how often"),
	TEXT("daemon", AT(daemon.world), "world", CONFIG_TEXT_BYTES, "",
	     "mock: an INI file with the simulated host"),
	TEXT("daemon", AT(daemon.xen_journal), "xen_journal", CONFIG_TEXT_BYTES,
	     "/run/flipnuma-xen.journal", "xen: the backend's journal"),
	WHOLE("budget", AT(budget.pages_per_s), "pages_per_s", 1, 1e9, "20000", "pages/s",
	      "all domains' moves together"),
	NUMBER("budget", AT(budget.mb_per_s), "mb_per_s", 0, 1e6, "0", "MB/s",
	       "the same in MB; 0: no limit"),
	NUMBER("budget", AT(budget.cpu_percent), "cpu_percent", 0, 100, "10", "%",
	       "the same in time of one CPU; 0: no limit"),
	NUMBER("care", AT(care.busy_percent), "busy_percent", 0, 100, "90", "%",
	       "with the privileged domain's CPUs busier than this, it backs off; 0: never"),
	NUMBER("care", AT(care.busy_share_percent), "busy_share_percent", 0.1, 100, "10",
	       "%", "of the budget, what is left then"),
	NUMBER("care", AT(care.keep_free_mb), "keep_free_mb", 0, 1e9, "64", "MB",
	       "nothing is moved to a node with less free memory than this"),
};

/* In struct settings. */
static const struct key settings_keys[] = {
	{"defaults", "manage", KEY_CHOICE, OF(manage), 0, 1, "yes", "", "no|yes",
	 "no: leave it alone, as if there were no rule"},
	{"defaults", "paused", KEY_CHOICE, OF(paused), 0, 1, "no", "", "no|yes",
	 "watch it, but move nothing"},
	{"defaults", "home", KEY_NODES, OF(home), 0, NODE_LIST_MAX, "auto", "nodes", "auto",
	 "where its memory belongs; several: spread in equal parts. auto: as its memory policy, "
	 "cpuset or CPUs say"},
	{"defaults", "trigger", KEY_CHOICE, OF(trigger), 0, 3, "either", "",
	 "period|amount|either|age", "when pages are brought home"},
	NUMBER("defaults", OF(period_s), "period_s", 0.001, 8640000, "900", "s",
	       "period, either: at least this often"),
	NUMBER("defaults", OF(amount_mb), "amount_mb", 0.00390625, 1e7, "500", "MB",
	       "amount, either: as soon as so much is away"),
	NUMBER("defaults", OF(break_even_s), "break_even_s", 0.001, 4000000, "10", "s",
	       "age: time for which a page away costs as much as its move"),
	WHOLE("defaults", OF(weight), "weight", 1, 1000, "100", "",
	      "share of the budget where it is short"),
	WHOLE("defaults", OF(batch_pages), "batch_pages", 1, 64, "32", "pages",
	      "pages moved by one call"),
	WHOLE("defaults", OF(attempts), "attempts", 1, 16, "5", "",
	      "failures after which a page is given up"),
	NUMBER("defaults", OF(backoff_s), "backoff_s", 0.001, 86400, "1", "s",
	       "wait after a first failure; it doubles"),
	NUMBER("defaults", OF(cooldown_s), "cooldown_s", 0.001, 86400, "10", "s",
	       "a page that was moved is left alone for so long"),
};

/* In struct rule. */
static const struct key rule_keys[] = {
	TEXT("domain", WHO(name), "name", CONFIG_TEXT_BYTES, "",
	     "glob: its name; of a process the program's"),
	TEXT("domain", WHO(guest), "guest", CONFIG_TEXT_BYTES, "",
	     "glob: it is a guest of this name"),
	TEXT("domain", WHO(cmdline), "cmdline", CONFIG_TEXT_BYTES, "",
	     "glob: its command line"),
	TEXT("domain", WHO(cgroup), "cgroup", CONFIG_TEXT_BYTES, "",
	     "glob: its cgroup, from the root's / on"),
};

#define COUNT(table) ((uint32_t)(sizeof(table) / sizeof((table)[0])))

static const struct key *find(const struct key *table, uint32_t n, const char *section,
                              const char *name)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if ((!section || strcmp(table[i].section, section) == 0) &&
		    strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static void defaults(const struct key *table, uint32_t n, void *to)
{
	char why[256];
	uint32_t i;

	for (i = 0; i < n; i++)
		key_store(&table[i], (char *)to + table[i].at, table[i].initial, why,
		          sizeof(why));
}

/* ---------------------------------------------------------------- reading */

struct reading {
	struct config *c;
	const struct config_sink *sink;
	struct ini_file f;
	bool known;                              /* this section is one */
	struct rule *rule;                       /* this section is a [domain], or NULL */
	uint32_t rule_line[CONFIG_RULES_MAX];    /* of the heading */
	uint32_t daemon_line[COUNT(daemon_keys)];
	uint32_t defaults_line[KEYS_MAX];
	uint32_t rules_line[CONFIG_RULES_MAX][2 * KEYS_MAX];
};

static struct rule *begin_rule(struct reading *r, const char *label)
{
	struct rule *rule = &r->c->rules[r->c->n_rules];
	uint32_t i;

	for (i = 0; i < r->c->n_rules; i++) {
		if (strcmp(r->c->rules[i].label, label) == 0) {
			ini_complain(&r->f, r->f.line, "[domain]", "%s: given before, in line %u",
			             label, r->rule_line[i]);
			return NULL;
		}
	}
	if (!*label || strlen(label) >= sizeof(rule->label)) {
		ini_complain(&r->f, r->f.line, "[domain]",
		             "needs a name of up to %d bytes, as in [domain guests]",
		             CONFIG_TEXT_BYTES - 1);
		return NULL;
	}
	if (i == CONFIG_RULES_MAX) {
		ini_complain(&r->f, r->f.line, "[domain]", "more than %d of them", i);
		return NULL;
	}
	memset(rule, 0, sizeof(*rule));
	defaults(rule_keys, COUNT(rule_keys), rule);
	strcpy(rule->label, label);
	r->rule_line[r->c->n_rules++] = r->f.line;
	return rule;
}

static void on_section(void *cookie, struct ini_file *f, const char *heading)
{
	struct reading *r = cookie;
	uint32_t i;

	r->rule = NULL;
	r->known = strcmp(heading, "defaults") == 0;
	if (strncmp(heading, "domain", 6) == 0 && strchr(" \t", heading[6])) {
		r->rule = begin_rule(r, heading + 6 + strspn(heading + 6, " \t"));
		return;
	}
	for (i = 0; i < COUNT(daemon_keys) && !r->known; i++)
		r->known = strcmp(daemon_keys[i].section, heading) == 0;
	if (!r->known)
		ini_complain(f, f->line, heading, "no such section (see --list-keys)");
}

/* Where a key of this section goes, and where its line is noted. */
static const struct key *place(struct reading *r, const char *section, const char *name,
                               void **to, uint32_t **line)
{
	const struct key *k;

	if (r->rule) {
		*line = r->rules_line[r->rule - r->c->rules];
		k = find(rule_keys, COUNT(rule_keys), NULL, name);
		*to = r->rule;
		*line += k ? KEYS_MAX + (k - rule_keys) : 0;
		if (k)
			return k;
		k = find(settings_keys, COUNT(settings_keys), NULL, name);
		*to = &r->rule->settings;
		*line += k ? k - settings_keys : 0;
	} else if (strcmp(section, "defaults") == 0) {
		k = find(settings_keys, COUNT(settings_keys), NULL, name);
		*to = &r->c->defaults;
		*line = &r->defaults_line[k ? k - settings_keys : 0];
	} else {
		k = find(daemon_keys, COUNT(daemon_keys), section, name);
		*to = r->c;
		*line = &r->daemon_line[k ? k - daemon_keys : 0];
	}
	return k;
}

static void on_key(void *cookie, struct ini_file *f, const char *section, const char *name,
                   const char *value)
{
	struct reading *r = cookie;
	const struct key *k;
	uint32_t *line;
	char why[256];
	void *to;

	if (!r->known && !r->rule)
		return; /* complained about at its heading */
	k = place(r, section, name, &to, &line);
	if (!k) {
		ini_complain(f, f->line, name, "no such key in [%s] (see --list-keys)", section);
		return;
	}
	if (*line) {
		ini_complain(f, f->line, name, "given before, in line %u", *line);
		return;
	}
	*line = f->line;
	if (key_store(k, (char *)to + k->at, value, why, sizeof(why)))
		ini_complain(f, f->line, name, "%s", why);
}

static void tell(void *cookie, const char *text)
{
	const struct config_sink *sink = ((struct reading *)cookie)->sink;

	sink->complain(sink->cookie, text);
}

/* What a rule leaves out is as in [defaults], wherever in the file that stands. */
static void complete(struct reading *r)
{
	uint32_t i, k;

	for (i = 0; i < r->c->n_rules; i++) {
		struct settings given = r->c->rules[i].settings, *s = &r->c->rules[i].settings;

		*s = r->c->defaults;
		for (k = 0; k < COUNT(settings_keys); k++) {
			size_t at = settings_keys[k].at;
			size_t bytes = settings_keys[k].kind == KEY_NODES ?
			               sizeof(struct node_list) : sizeof(double);

			if (r->rules_line[i][k])
				memcpy((char *)s + at, (char *)&given + at, bytes);
		}
	}
}

static void refuse(struct reading *r, const char *section, const char *name,
                   const char *reason)
{
	uint32_t line = r->daemon_line[find(daemon_keys, COUNT(daemon_keys), section, name) -
	                               daemon_keys];
	char full[64];

	snprintf(full, sizeof(full), "[%s] %s", section, name);
	ini_complain(&r->f, line, line ? name : full, "%s", reason);
}

static bool node_twice(const struct node_list *l)
{
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		if (seen >> l->id[i] & 1)
			return true;
		seen |= UINT64_C(1) << l->id[i];
	}
	return false;
}

static void check(struct reading *r)
{
	const struct config *c = r->c;
	uint32_t i;

	if (c->daemon.state_dir[0] != '/')
		refuse(r, "daemon", "state_dir", "must be a path that begins with /");
	if (c->daemon.socket[0] != '/' || strlen(c->daemon.socket) > 107)
		refuse(r, "daemon", "socket",
		       "must be a path of up to 107 bytes that begins with /");
	if (c->daemon.metrics_file[0] && c->daemon.metrics_file[0] != '/')
		refuse(r, "daemon", "metrics_file", "must be a path that begins with /");
	if (c->daemon.backend == BACKEND_MOCK && c->daemon.world[0] != '/')
		refuse(r, "daemon", "world", "must be a path that begins with /");
	if (c->daemon.backend == BACKEND_XEN && c->daemon.xen_journal[0] != '/')
		refuse(r, "daemon", "xen_journal", "must be a path that begins with /");
	if (c->budget.mb_per_s > 0 && c->budget.mb_per_s * c->care.busy_share_percent < 1)
		refuse(r, "budget", "mb_per_s", "does not let a page through when backed off");
	for (i = 0; i < c->n_rules; i++) {
		const struct rule *rule = &c->rules[i];

		if (node_twice(&rule->settings.home))
			ini_complain(&r->f, r->rule_line[i], "[domain]",
			             "%s: home: a node stands there twice", rule->label);
		if (!*rule->name && !*rule->guest && !*rule->cmdline && !*rule->cgroup)
			ini_complain(&r->f, r->rule_line[i], "[domain]",
			             "%s: selects nobody: it needs name, guest, cmdline or cgroup",
			             rule->label);
	}
}

static uint32_t read_all(struct config *c, const char *path, const char *text,
                         const struct config_sink *sink)
{
	static struct reading r;
	const struct ini_reader reader = {on_section, on_key, tell, &r};

	memset(&r, 0, sizeof(r));
	memset(c, 0, sizeof(*c));
	r.c = c;
	r.sink = sink;
	defaults(daemon_keys, COUNT(daemon_keys), c);
	defaults(settings_keys, COUNT(settings_keys), &c->defaults);
	if (text)
		ini_read_text(&r.f, text, path, &reader);
	else
		ini_read_path(&r.f, path, &reader);
	complete(&r);
	check(&r);
	return r.f.errors;
}

uint32_t config_read(struct config *c, const char *path, const struct config_sink *sink)
{
	return read_all(c, path, NULL, sink);
}

uint32_t config_parse(struct config *c, const char *text, const char *name,
                      const struct config_sink *sink)
{
	return read_all(c, name, text, sink);
}

static void list(const struct key *table, uint32_t n, const char *section, FILE *out)
{
	uint32_t i;

	fprintf(out, "### [%s]\n\n| key | unit | range | default | meaning |\n"
	        "| --- | --- | --- | --- | --- |\n", section);
	for (i = 0; i < n; i++)
		if (strcmp(table[i].section, section) == 0)
			key_print(&table[i], out);
}

void config_list_keys(FILE *out)
{
	list(daemon_keys, COUNT(daemon_keys), "daemon", out);
	fputc('\n', out);
	list(daemon_keys, COUNT(daemon_keys), "budget", out);
	fputc('\n', out);
	list(daemon_keys, COUNT(daemon_keys), "care", out);
	fputc('\n', out);
	list(settings_keys, COUNT(settings_keys), "defaults", out);
	fprintf(out, "\nA section `[domain NAME]` may have each of these, and\n\n");
	list(rule_keys, COUNT(rule_keys), "domain", out);
}

/* ---------------------------------------------------------------- using it */

static bool matches(const char *glob, const char *text)
{
	return !*glob || (*text && fnmatch(glob, text, 0) == 0);
}

const struct rule *config_rule(const struct config *c, const struct traits *t)
{
	uint32_t i;

	for (i = 0; i < c->n_rules; i++) {
		const struct rule *r = &c->rules[i];

		if (matches(r->name, t->name) && matches(r->guest, t->guest) &&
		    matches(r->cmdline, t->cmdline) && matches(r->cgroup, t->cgroup))
			return r;
	}
	return NULL;
}

bool config_is_setting(const char *key)
{
	return find(settings_keys, COUNT(settings_keys), NULL, key) != NULL;
}

const char *config_set(struct settings *s, const char *key, const char *value, char *why,
                       size_t bytes)
{
	const struct key *k = find(settings_keys, COUNT(settings_keys), NULL, key);
	struct settings changed = *s;
	const char *error;

	if (!k) {
		snprintf(why, bytes, "no such setting");
		return why;
	}
	error = key_store(k, (char *)&changed + k->at, value, why, bytes);
	if (!error && node_twice(&changed.home)) {
		snprintf(why, bytes, "a node stands there twice");
		error = why;
	}
	if (!error)
		*s = changed;
	return error;
}

const char *config_set_budget(struct budget_settings *b, const char *key, const char *value,
                              char *why, size_t bytes)
{
	const struct key *k = find(daemon_keys, COUNT(daemon_keys), "budget", key);

	if (!k) {
		snprintf(why, bytes, "no such limit of the budget");
		return why;
	}
	return key_store(k, (char *)b + (k->at - AT(budget)), value, why, bytes);
}

const struct fnuma_trigger_policy *settings_trigger(const struct settings *s)
{
	static const char *const names[] = {"period", "amount", "either", "age"};

	return fnuma_trigger_find(names[(uint32_t)s->trigger]);
}

/* So many of a unit that has `times` parts, at least one and at most what fits. */
static uint64_t whole(double value, double times, double max)
{
	double v = value * times;

	return v < 1 ? 1 : (uint64_t)(v < max ? v : max);
}

struct fnuma_trigger_params settings_params(const struct settings *s, uint32_t page_bytes)
{
	struct fnuma_trigger_params p = {
		.period_ns = whole(s->period_s, 1e9, 1e18),
		.amount_pages = (uint32_t)whole(s->amount_mb, 1048576.0 / page_bytes, 4e9),
		.break_even_ns = whole(s->break_even_s, 1e9, 4.5e15),
	};

	return p;
}

struct fnuma_repatriator_tuning settings_tuning(const struct settings *s)
{
	struct fnuma_repatriator_tuning t = {
		.batch_pages = (uint32_t)s->batch_pages,
		.attempts_max = (uint32_t)s->attempts,
		.backoff_ns = whole(s->backoff_s, 1e9, 1e18),
		.cooldown_ns = whole(s->cooldown_s, 1e9, 1e18),
	};

	return t;
}

struct fnuma_budget_limits budget_limits(const struct budget_settings *b, double share_percent)
{
	const double share = share_percent / 100;
	struct fnuma_budget_limits l = {.pages = (uint32_t)whole(b->pages_per_s, share, 4e9)};

	if (b->mb_per_s > 0)
		l.bytes = whole(b->mb_per_s, share * 1048576, 1e18);
	if (b->cpu_percent > 0)
		l.time_ns = whole(b->cpu_percent, share * 1e7, 1e9);
	return l;
}

static void value_text(const struct key *k, const void *at, char *to, size_t bytes)
{
	const struct node_list *nodes = at;
	const double *number = at;
	const char *choice = k->choices;
	uint32_t i;
	int n = 0;

	if (k->kind == KEY_CHOICE) {
		for (i = 0; i < *number; i++)
			choice = strchr(choice, '|') + 1;
		snprintf(to, bytes, "%.*s", (int)strcspn(choice, "|"), choice);
	} else if (k->kind == KEY_NODES) {
		snprintf(to, bytes, "%s", nodes->n ? "" : k->choices);
		for (i = 0; i < nodes->n && (size_t)n < bytes; i++)
			n += snprintf(to + n, bytes - (size_t)n, "%s%u", i ? " " : "",
			              nodes->id[i]);
	} else {
		snprintf(to, bytes, "%.15g", *number);
	}
}

const char *settings_name(uint32_t index)
{
	return index < COUNT(settings_keys) ? settings_keys[index].name : NULL;
}

const char *settings_text(const struct settings *s, const char *key, char *to, size_t bytes)
{
	const struct key *k = find(settings_keys, COUNT(settings_keys), NULL, key);

	value_text(k, (const char *)s + k->at, to, bytes);
	return to;
}
