/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "metrics.h"

#include "atomic_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label; names are printable, but may have quotes. */
static void label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static void sample(FILE *out, const char *name, const struct domain *d, double value,
                   const char *more, ...) __attribute__((format(printf, 5, 6)));

static void sample(FILE *out, const char *name, const struct domain *d, double value,
                   const char *more, ...)
{
	va_list args;

	fprintf(out, "%s{", name);
	label(out, "domain", d->who.name);
	fprintf(out, ",number=\"%u\"", d->who.number);
	va_start(args, more);
	vfprintf(out, more, args);
	va_end(args);
	fprintf(out, "} %.15g\n", value);
}

static void layouts(FILE *out, const struct engine *e)
{
	struct domain_layout l;
	uint32_t i, node;

	head(out, "flipnuma_domain_pages", "gauge",
	     "Pages of a domain on a node: at home there (local), or away from home (remote).");
	for (i = 0; i < e->n_domains; i++) {
		domain_layout(e, e->domains[i], &l);
		for (node = 0; node < l.nodes && e->domains[i]->attached; node++) {
			sample(out, "flipnuma_domain_pages", e->domains[i], l.local[node],
			       ",node=\"%u\",where=\"local\"", node);
			sample(out, "flipnuma_domain_pages", e->domains[i], l.remote[node],
			       ",node=\"%u\",where=\"remote\"", node);
		}
	}
}

/* By node, those that nobody can place last. False: not known of this domain. */
static bool count_pooled(struct engine *e, const struct domain *d, uint32_t *counts)
{
	fnuma_node nodes[FNUMA_BATCH_MAX];
	fnuma_gfn pages[FNUMA_BATCH_MAX], cursor = fnuma_gfn_of(0);
	uint32_t node;
	int n, i;

	memset(counts, 0, (e->topology.nodes + 1) * sizeof(counts[0]));
	while ((n = e->source.ops->pooled(&e->source, d->at.domain, &cursor, pages,
	                                  FNUMA_BATCH_MAX)) > 0) {
		bool placed = fnuma_backend_page_nodes(&e->source.backend, d->at.domain, pages,
		                                       (uint32_t)n, nodes) == n;

		for (i = 0; i < n; i++) {
			node = placed ? nodes[i].id : FNUMA_NODE_UNKNOWN_ID;
			counts[node < e->topology.nodes ? node : e->topology.nodes]++;
		}
	}
	return n == 0;
}

static void pooled(FILE *out, struct engine *e)
{
	static const char name[] = "flipnuma_domain_pooled_pages";
	uint32_t counts[FNUMA_NODES_MAX + 1], i, node;

	if (!e->source.ops->pooled)
		return;
	head(out, name, "gauge",
	     "Pages of a domain on a node that are set aside in a pool for flips.");
	for (i = 0; i < e->n_domains; i++) {
		const struct domain *d = e->domains[i];

		if (!d->attached || !count_pooled(e, d, counts))
			continue;
		for (node = 0; node < e->topology.nodes; node++)
			sample(out, name, d, counts[node], ",node=\"%u\"", node);
		if (counts[node])
			sample(out, name, d, counts[node], ",node=\"\"");
	}
}

/* Label values are lower case and without spaces, as is the custom. */
static const char *reason_label(int why, char *to)
{
	const char *from = fnuma_strerror(why);
	size_t i;

	for (i = 0; from[i] && i < 63; i++)
		to[i] = from[i] == ' ' ? '_' : from[i];
	to[i] = '\0';
	return to;
}

/* One count of moves; `to`: the destination, or FNUMA_NODE_NONE_ID. */
static void move(FILE *out, const struct domain *d, uint32_t to, const char *outcome, int why,
                 uint64_t n)
{
	char node[12] = "", reason[64] = "";

	if (to != FNUMA_NODE_NONE_ID)
		snprintf(node, sizeof(node), "%u", to);
	sample(out, "flipnuma_domain_moves_total", d, (double)n,
	       ",node=\"%s\",outcome=\"%s\",reason=\"%s\"", node, outcome,
	       why ? reason_label(why, reason) : "");
}

static bool is_a_home(const struct domain *d, uint32_t node)
{
	uint32_t i;

	for (i = 0; i < d->at.n_homes; i++)
		if (d->at.homes[i].node.id == node)
			return true;
	return false;
}

static void moves_to(FILE *out, const struct domain *d, uint32_t node)
{
	const struct moves *m = &d->moves[node];
	uint32_t k;

	if (m->moved || is_a_home(d, node))
		move(out, d, node, "moved", FNUMA_OK, m->moved);
	if (m->rehearsed)
		move(out, d, node, "rehearsed", FNUMA_OK, m->rehearsed);
	for (k = 0; k < FNUMA_REASONS; k++)
		if (m->kept[k])
			move(out, d, node, "kept", -(int)k, m->kept[k]);
}

/* What was counted without a destination: left alone before one was chosen. */
static void moves_nowhere(FILE *out, const struct engine *e, const struct domain *d)
{
	struct fnuma_repatriator_stats s;
	uint32_t i, k;

	domain_stats(e, d, &s);
	for (k = 0; k < FNUMA_REASONS; k++) {
		for (i = 0; i < e->topology.nodes; i++)
			s.by_reason[k] -= d->moves[i].kept[k];
		if (s.by_reason[k])
			move(out, d, FNUMA_NODE_NONE_ID, "kept", -(int)k, s.by_reason[k]);
	}
}

static void moves(FILE *out, const struct engine *e)
{
	uint32_t i, node;

	head(out, "flipnuma_domain_moves_total", "counter",
	     "Pages of a domain by what became of them: moved to a node, or not, for which reason.");
	for (i = 0; i < e->n_domains; i++) {
		for (node = 0; node < e->topology.nodes; node++)
			moves_to(out, e->domains[i], node);
		moves_nowhere(out, e, e->domains[i]);
	}
}

static double attempted(const struct fnuma_repatriator_stats *s)
{
	return (double)s->attempted;
}

static double moving_s(const struct fnuma_repatriator_stats *s)
{
	return (double)s->spent_ns / 1e9;
}

static double given_up(const struct fnuma_repatriator_stats *s)
{
	return s->given_up_pages;
}

/* One sample of each domain, from its counters. */
static void each(FILE *out, const struct engine *e, const char *name, const char *type,
                 const char *help, double (*value)(const struct fnuma_repatriator_stats *s))
{
	struct fnuma_repatriator_stats s;
	uint32_t i;

	head(out, name, type, help);
	for (i = 0; i < e->n_domains; i++) {
		domain_stats(e, e->domains[i], &s);
		sample(out, name, e->domains[i], value(&s), "%s", "");
	}
}

static void decisions(FILE *out, const struct engine *e)
{
	static const char name[] = "flipnuma_domain_decision_delay_seconds";
	uint32_t i;

	head(out, name, "summary",
	     "How long after they were due a domain's decisions were made, at most.");
	for (i = 0; i < e->n_domains; i++) {
		const struct domain *d = e->domains[i];

		sample(out, "flipnuma_domain_decision_delay_seconds_sum", d,
		       (double)d->late_ns / 1e9, "%s", "");
		sample(out, "flipnuma_domain_decision_delay_seconds_count", d,
		       (double)d->decided, "%s", "");
	}
}

static void per_domain(FILE *out, const struct engine *e)
{
	uint32_t i;

	each(out, e, "flipnuma_domain_attempted_pages_total", "counter",
	     "Pages of a domain that were tried to be moved: its part of the budget in pages.",
	     attempted);
	each(out, e, "flipnuma_domain_moving_seconds_total", "counter",
	     "Time that moving a domain's pages took: its part of the budget in time.", moving_s);
	each(out, e, "flipnuma_domain_given_up_pages", "gauge",
	     "Pages of a domain that will not be tried again.", given_up);
	decisions(out, e);
	head(out, "flipnuma_domain_attached", "gauge",
	     "1 if a domain is looked after, 0 if it had to be refused.");
	for (i = 0; i < e->n_domains; i++)
		sample(out, "flipnuma_domain_attached", e->domains[i], e->domains[i]->attached,
		       "%s", "");
}

static void one(FILE *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	fprintf(out, "%s %.15g\n", name, value);
}

static void budget(FILE *out, const struct engine *e)
{
	const double share = e->busy ? e->config.care.busy_share_percent / 100 : 1;
	const double pages = e->budget.pages_per_s * share;
	struct fnuma_host_stats s;

	fnuma_host_stats(e->host, &s);
	one(out, "flipnuma_budget_pages", "gauge", "Pages that may be moved in a window now.",
	    pages);
	one(out, "flipnuma_budget_used_ratio", "gauge",
	    "Of these, attempted in the last second.", (double)e->window_pages / pages);
	one(out, "flipnuma_attempted_pages_total", "counter", "Pages that were tried to be moved.",
	    (double)s.attempted);
	one(out, "flipnuma_moved_pages_total", "counter", "Pages that were moved.",
	    (double)s.moved);
	one(out, "flipnuma_moving_seconds_total", "counter",
	    "Time of the privileged domain that moving took.", (double)s.spent_ns / 1e9);
	one(out, "flipnuma_looked_pages_total", "counter", "Pages that were looked at.",
	    (double)e->looked_pages);
	one(out, "flipnuma_passes_total", "counter", "Passes begun.", (double)s.triggered);
}

static void state(FILE *out, const struct engine *e)
{
	one(out, "flipnuma_domains", "gauge", "Domains that a rule wants.", e->n_domains);
	one(out, "flipnuma_busy", "gauge",
	    "1 while the budget is cut because the privileged domain is busy.", e->busy);
	one(out, "flipnuma_dry_run", "gauge", "1 if nothing is ever moved.", e->dry_run);
	one(out, "flipnuma_kept_free_pages_total", "counter",
	    "Pages not moved because their home would have had too little free memory.",
	    (double)e->guard.refused_pages);
	one(out, "flipnuma_reloads_total", "counter", "Configurations taken over.",
	    (double)e->reloads);
	one(out, "flipnuma_reload_failures_total", "counter", "Configurations refused.",
	    (double)e->reload_failures);
}

static void histogram(FILE *out, const char *name, const char *help, const struct histogram *h)
{
	uint64_t n = 0;
	uint32_t i;

	head(out, name, "histogram", help);
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		n += h->bucket[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %ju\n", name, histogram_limit_s(i),
		        (uintmax_t)n);
	}
	n += h->bucket[i];
	fprintf(out, "%s_bucket{le=\"+Inf\"} %ju\n%s_sum %.9g\n%s_count %ju\n", name,
	        (uintmax_t)n, name, (double)h->sum_ns / 1e9, name, (uintmax_t)n);
}

char *metrics_text(struct engine *e)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	layouts(out, e);
	pooled(out, e);
	moves(out, e);
	per_domain(out, e);
	budget(out, e);
	state(out, e);
	histogram(out, "flipnuma_step_seconds",
	          "How long deciding and moving took at a time.", &e->step_time);
	histogram(out, "flipnuma_decision_delay_seconds",
	          "How long after it was due a decision was made.", &e->step_late);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

bool metrics_write(struct engine *e)
{
	char *text;
	bool ok;

	if (!*e->config.daemon.metrics_file)
		return true;
	text = metrics_text(e);
	if (!text) {
		errno = ENOMEM;
		return false;
	}
	ok = atomic_file_write(e->config.daemon.metrics_file, text, strlen(text), 0644, false);
	free(text);
	return ok;
}
