/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A connection: opened, closed, counted, and heard of. */
#define _POSIX_C_SOURCE 200809L
#include "parts.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void xen_step(struct fnuma_xen *x, const char *name)
{
	x->stats.steps++;
	if (x->config.step)
		x->config.step(x->config.cookie, name, x->stats.steps);
}

void xen_say(const struct fnuma_xen *x, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!x->config.say)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	x->config.say(x->config.cookie, text);
}

uint64_t xen_now(const struct fnuma_xen *x)
{
	return x->calls->now(x->handle);
}

int xen_error(int err)
{
	switch (err < 0 ? -err : err) {
	case 0:
		return FNUMA_OK;
	case ESRCH:
	case ENOENT:
		return FNUMA_E_GONE;
	case ENOMEM:
	case ENOSPC:
		return FNUMA_E_NOMEM;
	case EBUSY:
	case EAGAIN:
	case EINTR:
		return FNUMA_E_BUSY;
	case ENOSYS:
	case EOPNOTSUPP:
		return FNUMA_E_NOTSUP;
	default:
		return FNUMA_E_DENIED;
	}
}

static void take_config(struct fnuma_xen *x, const struct fnuma_xen_config *config)
{
	x->config = *config;
	if (!x->config.pause_bound_ns)
		x->config.pause_bound_ns = 1000000;
	if (!x->config.floor_pages)
		x->config.floor_pages = 4096;
	x->journal_path = strdup(config->journal ? config->journal : FNUMA_XEN_JOURNAL);
	x->migrate = config->migrate ? strdup(config->migrate) : NULL;
	x->config.journal = x->journal_path;
	x->config.migrate = x->migrate;
}

static int get_ready(struct fnuma_xen *x)
{
	int err;

	if (!x->journal_path || (x->config.migrate && !x->migrate))
		return FNUMA_E_NOMEM;
	err = journal_open(x);
	if (err)
		return err;
	err = xen_op_topology(x, &x->topology);
	if (err)
		return err;
	err = fnuma_xen_recover(x);
	return err < 0 ? err : FNUMA_OK;
}

int xen_open_with(const struct xen_calls *calls, void *handle,
                  const struct fnuma_xen_config *config, struct fnuma_xen **out)
{
	struct fnuma_xen *x = calloc(1, sizeof(*x));
	int err;

	if (!x) {
		calls->close(handle);
		return FNUMA_E_NOMEM;
	}
	x->calls = calls;
	x->handle = handle;
	x->journal = -1;
	take_config(x, config);
	err = get_ready(x);
	if (err) {
		fnuma_xen_close(x);
		return err;
	}
	*out = x;
	return FNUMA_OK;
}

int fnuma_xen_open(const struct fnuma_xen_config *config, struct fnuma_xen **out)
{
	const struct xen_calls *calls;
	void *handle;
	int err;

	if (!config || !out)
		return FNUMA_E_INVAL;
	err = xen_calls_open(&calls, &handle);
	return err ? err : xen_open_with(calls, handle, config, out);
}

void fnuma_xen_close(struct fnuma_xen *x)
{
	uint32_t slot;

	if (!x)
		return;
	for (slot = 0; slot < FNUMA_XEN_DOMAINS_MAX; slot++) {
		fnuma_domain d = {slot, x->generation[slot]};

		if (x->domain[slot])
			fnuma_xen_detach(x, d);
	}
	journal_close(x);
	x->calls->close(x->handle);
	free(x->counts.pages);
	free(x->counts.domid);
	free(x->journal_path);
	free(x->migrate);
	free(x);
}

void fnuma_xen_stats(const struct fnuma_xen *x, struct fnuma_xen_stats *out)
{
	if (x && out)
		*out = x->stats;
}

static const struct fnuma_backend_ops ops = {
	FNUMA_BACKEND_OPS("xen", FNUMA_TRAIT_MAY_SLEEP),
	.topology = xen_op_topology,
	.alive = xen_op_alive,
	.node_counts = xen_op_node_counts,
	.page_nodes = xen_op_page_nodes,
	.move_page = xen_op_move_page,
	.move_free = xen_op_move_free,
	.move_domain = xen_op_move_domain,
};

const struct fnuma_backend_ops *fnuma_xen_ops(void)
{
	return &ops;
}

int fnuma_xen_backend(struct fnuma_xen *x, struct fnuma_backend *be)
{
	return x ? fnuma_backend_bind(be, &ops, x) : FNUMA_E_INVAL;
}
