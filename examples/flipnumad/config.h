/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the daemon is told: an INI file, read and checked as a whole.
 *
 * Numbers are doubles, in the unit of their key, whole where the key says so;
 * `flipnumad --list-keys` prints them all.
 */
#ifndef FLIPNUMAD_CONFIG_H
#define FLIPNUMAD_CONFIG_H

#include "ini_key.h"

#include <flipnuma/host.h>

#include <stdbool.h>

#define CONFIG_TEXT_BYTES 160
#define CONFIG_RULES_MAX 64

enum config_backend { BACKEND_LINUX, BACKEND_MOCK, BACKEND_XEN };

/* How a domain is treated. [defaults], [domain NAME], and flipnumactl set. */
struct settings {
	double manage, paused;
	struct node_list home; /* none: as the backend suggests */
	double trigger, period_s, amount_mb, break_even_s;
	double weight, batch_pages, attempts, backoff_s, cooldown_s;
};

/* How much may be moved. [budget], and flipnumactl set. */
struct budget_settings {
	double pages_per_s, mb_per_s, cpu_percent;
};

/* [domain NAME]: globs that a domain must match, all that are given. */
struct rule {
	char label[CONFIG_TEXT_BYTES];
	char name[CONFIG_TEXT_BYTES], guest[CONFIG_TEXT_BYTES];
	char cmdline[CONFIG_TEXT_BYTES], cgroup[CONFIG_TEXT_BYTES];
	struct settings settings;
};

struct config {
	struct {
		double backend, max_domains, discover_s, look_s, look_pages_per_s;
		double log_entries, metrics_s;
		char state_dir[CONFIG_TEXT_BYTES], socket[CONFIG_TEXT_BYTES];
		char socket_group[CONFIG_TEXT_BYTES], metrics_file[CONFIG_TEXT_BYTES];
		char world[CONFIG_TEXT_BYTES], xen_journal[CONFIG_TEXT_BYTES];
	} daemon;
	struct budget_settings budget;
	struct {
		double busy_percent, busy_share_percent, keep_free_mb;
	} care;
	struct settings defaults;
	struct rule rules[CONFIG_RULES_MAX];
	uint32_t n_rules;
};

/* What a domain is known by. Empty: it has none. */
struct traits {
	const char *name, *guest, *cmdline, *cgroup;
};

/* Where complaints go: `text` is `file:line: key: reason`, without a newline. */
struct config_sink {
	void (*complain)(void *cookie, const char *text);
	void *cookie;
};

/* Read a file, or a text under a name. Returns how many complaints there were; `c` is
 * usable if none. */
uint32_t config_read(struct config *c, const char *path, const struct config_sink *sink);
uint32_t config_parse(struct config *c, const char *text, const char *name,
                      const struct config_sink *sink);

/* Print all keys as tables for the documentation. */
void config_list_keys(FILE *out);

/* The first rule that this domain matches, or NULL. */
const struct rule *config_rule(const struct config *c, const struct traits *t);

bool config_is_setting(const char *key);

/* Set one key of a domain's settings or, section "budget", of the budget. NULL, or why not
 * (in `why`). */
const char *config_set(struct settings *s, const char *key, const char *value, char *why,
                       size_t bytes);
const char *config_set_budget(struct budget_settings *b, const char *key, const char *value,
                              char *why, size_t bytes);

/* The same for the core. Pages of `page_bytes`. */
const struct fnuma_trigger_policy *settings_trigger(const struct settings *s);
struct fnuma_trigger_params settings_params(const struct settings *s, uint32_t page_bytes);
struct fnuma_repatriator_tuning settings_tuning(const struct settings *s);

/* `share_percent` of the budget. */
struct fnuma_budget_limits budget_limits(const struct budget_settings *b,
                                         double share_percent);

/* Names of a domain's settings; NULL past the last. And the value of one, as one would
 * write it. */
const char *settings_name(uint32_t index);
const char *settings_text(const struct settings *s, const char *key, char *to, size_t bytes);

#endif
