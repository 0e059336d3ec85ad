/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The referee itself, and its rules about time. */
#include "check.h"
#include <string.h>

#define MOVES (FNUMA_OP_BIT(FNUMA_OP_MOVE_PAGE) | FNUMA_OP_BIT(FNUMA_OP_MOVE_FREE))

void fnuma_wrap_report(struct fnuma_wrap_check *c, const struct fnuma_wrap_call *call,
                       enum fnuma_wrap_culprit culprit, fnuma_gfn page, const char *rule)
{
	struct fnuma_wrap_violation violation;

	c->violations[culprit]++;
	c->last_rule = rule;
	if (!c->config.on_violation)
		return;
	violation.culprit = culprit;
	violation.rule = rule;
	violation.page = page;
	violation.call = call;
	c->config.on_violation(c->config.cookie, &violation);
}

/* Moves are remembered in a ring; `moves` is where the next one goes. */

static struct fnuma_wrap_moved *moved(struct fnuma_wrap_check *c, uint64_t number)
{
	return &c->config.memory[number % c->config.memory_entries];
}

static uint64_t age(const struct fnuma_wrap_moved *m, uint64_t now_ns)
{
	return now_ns > m->at_ns ? now_ns - m->at_ns : 0;
}

static bool is_cooling(struct fnuma_wrap_check *c, fnuma_domain domain, fnuma_gfn page,
                       uint64_t now_ns)
{
	uint64_t back, known = c->moves < c->config.memory_entries ? c->moves
	                                                           : c->config.memory_entries;

	for (back = 1; back <= known; back++) {
		const struct fnuma_wrap_moved *m = moved(c, c->moves - back);

		if (age(m, now_ns) >= c->config.cooldown_ns)
			return false;
		if (m->page.n == page.n && fnuma_domain_same(m->domain, domain))
			return true;
	}
	return false;
}

static void check_cooldown(struct fnuma_wrap_check *c, const struct fnuma_wrap_call *call,
                           uint64_t now_ns)
{
	uint32_t i;

	for (i = 0; i < call->n; i++)
		if (is_cooling(c, call->domain, call->pages[i], now_ns))
			fnuma_wrap_report(c, call, FNUMA_CULPRIT_CALLER, call->pages[i],
			                  "moved again within the cool-down (I8)");
}

static void remember(struct fnuma_wrap_check *c, const struct fnuma_wrap_call *call,
                     fnuma_gfn page, uint64_t now_ns)
{
	const struct fnuma_wrap_check_config *config = &c->config;
	struct fnuma_wrap_moved *m;

	if (config->window_pages && c->moves >= config->window_pages &&
	    age(moved(c, c->moves - config->window_pages), now_ns) < config->window_ns)
		fnuma_wrap_report(c, call, FNUMA_CULPRIT_CALLER, page,
		                  "more pages moved than a window allows (I6)");
	m = moved(c, c->moves);
	if (c->moves >= config->memory_entries && age(m, now_ns) < config->cooldown_ns)
		c->forgotten++;
	m->domain = call->domain;
	m->page = page;
	m->at_ns = now_ns;
	c->moves++;
}

static void remember_all(struct fnuma_wrap_check *c, const struct fnuma_wrap_call *call,
                         uint64_t now_ns)
{
	uint32_t i;

	for (i = 0; call->ret > 0 && i < (uint32_t)call->ret && i < call->n; i++)
		if (call->results[i].outcome == FNUMA_DONE)
			remember(c, call, call->pages[i], now_ns);
}

static bool is_timed(const struct fnuma_wrap_check *c, enum fnuma_wrap_op op)
{
	uint32_t ops = c->config.timed_ops ? c->config.timed_ops : MOVES;

	return c->config.memory && (ops & MOVES & FNUMA_OP_BIT(op));
}

static int watched(struct fnuma_wrap *w, struct fnuma_wrap_job *job)
{
	struct fnuma_wrap_check *c = (struct fnuma_wrap_check *)w;
	const bool timed = is_timed(c, job->call.op);
	uint64_t now_ns = 0, before;

	job->call.ret = FNUMA_E_INVAL;
	if (!fnuma_wrap_check_caller(c, job))
		return FNUMA_E_INVAL;
	if (timed) {
		now_ns = c->config.now_ns(c->config.cookie);
		check_cooldown(c, &job->call, now_ns);
	}
	before = job->spent_ns ? *job->spent_ns : 0;
	job->call.ret = fnuma_wrap_forward(w, job);
	if (job->spent_ns)
		job->call.spent_ns = *job->spent_ns - before;
	fnuma_wrap_check_backend(c, job);
	if (timed)
		remember_all(c, &job->call, now_ns);
	return job->call.ret;
}

static bool is_valid(const struct fnuma_wrap_check_config *c)
{
	if (!c || c->nodes > FNUMA_NODES_MAX)
		return false;
	if (!c->cooldown_ns && !c->window_pages)
		return true;
	return c->now_ns && c->memory && c->memory_entries &&
	       c->memory_entries >= c->window_pages;
}

int fnuma_wrap_check_init(struct fnuma_wrap_check *c, const struct fnuma_backend *inner,
                          const struct fnuma_wrap_check_config *config,
                          struct fnuma_backend *out)
{
	if (!c || !fnuma_wrap_is_bound(inner) || !is_valid(config) || !out)
		return FNUMA_E_INVAL;
	memset(c, 0, sizeof(*c));
	fnuma_wrap_bind(&c->base, "check", inner, watched, out);
	c->config = *config;
	if (!c->config.cooldown_ns && !c->config.window_pages)
		c->config.memory = NULL;
	if (!c->config.nodes)
		c->config.nodes = FNUMA_NODES_MAX;
	return FNUMA_OK;
}
