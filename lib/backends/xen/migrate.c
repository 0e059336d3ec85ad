/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * MOVE_DOMAIN: Xen has no such thing. The toolstack's own local migration does it, with
 * twice the memory for a while and a new domid at the end; a program of the
 * administrator's runs it, because only they know the guest's configuration.
 */
#include "parts.h"
#include <stdio.h>
#include <string.h>

static void uuid_text(char *text, size_t bytes, const uint8_t *u)
{
	snprintf(text, bytes,
	         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	         u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11],
	         u[12], u[13], u[14], u[15]);
}

/* The domain of that UUID that is not dying, under whatever number. */
static int find_again(struct fnuma_xen *x, const uint8_t *uuid, struct xen_info *out)
{
	uint32_t first = 0;

	while (XEN(x, list, first, out, 1) == 1) {
		if (!out->dying && memcmp(out->uuid, uuid, sizeof(out->uuid)) == 0)
			return FNUMA_OK;
		first = out->domid + 1;
	}
	return FNUMA_E_GONE;
}

static int run(struct fnuma_xen *x, const struct xen_domain *d, fnuma_node to)
{
	char domid[16], uuid[40], node[8];
	const char *argv[] = {x->config.migrate, domid, uuid, node, NULL};

	snprintf(domid, sizeof(domid), "%u", d->info.domid);
	snprintf(node, sizeof(node), "%u", to.id);
	uuid_text(uuid, sizeof(uuid), d->info.uuid);
	return XEN(x, run, argv) ? FNUMA_E_DENIED : FNUMA_OK;
}

/* All its pages are new: nothing that was known of them is true. */
static int follow(struct fnuma_xen *x, fnuma_domain domain, struct xen_domain *d)
{
	uint8_t uuid[FNUMA_XEN_UUID_BYTES];
	int err;

	memcpy(uuid, d->info.uuid, sizeof(uuid));
	xen_agent_close(x, d);
	xen_close_grants(x, d);
	err = find_again(x, uuid, &d->info);
	if (err)
		return err;
	memset(d->placed, 0, d->frames);
	d->nodes_ns = d->empty_ns = d->unlogged_ns = d->pci_ns = 0;
	xen_forget_counts(x);
	d->record.domid = d->info.domid;
	journal_save(x, domain.slot, &d->record);
	fnuma_xen_find_agent(x, domain);
	return FNUMA_OK;
}

int xen_op_move_domain(void *cookie, fnuma_domain domain, fnuma_node to)
{
	struct fnuma_xen *x = cookie;
	struct xen_domain *d;
	int err = xen_find_alive(x, domain, &d);

	if (err)
		return err;
	if (to.id >= x->topology.nodes)
		return FNUMA_E_RANGE;
	if (d->record.state != JOURNAL_IDLE || d->record.balloon)
		return FNUMA_E_BUSY;
	if (!x->config.migrate) {
		xen_say(x, "domain %u: to bring all of it to node %u, migrate it to this host "
		        "with cpus and cpus_soft \"node:%u\" in its configuration; needs its "
		        "memory twice",
		        d->info.domid, to.id, to.id);
		return FNUMA_E_DENIED;
	}
	err = run(x, d, to);
	return err ? err : follow(x, domain, d);
}
