/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "referee.h"

#define RING_BYTES (1u << 20) /* more than the lane gives Xen's console */

/* What Xen's console says from *index on; moves it. NULL on error. To be freed. */
static char *console_from(xc_interface *xc, uint32_t *index)
{
	char *text = malloc(RING_BYTES + 1);
	unsigned int bytes = RING_BYTES;

	if (!text)
		return NULL;
	if (xc_readconsolering(xc, text, &bytes, 0, 1, index) != 0) {
		perror("xc_readconsolering");
		free(text);
		return NULL;
	}
	text[bytes] = '\0';
	return text;
}

/* Before 4.18 `Domain 1 (total: 65552):`, later `d1 (total: 65552):`. */
static bool domain_line(const char *line, struct domain_count *d)
{
	memset(d, 0, sizeof(*d));
	return sscanf(line, "Domain %" SCNu32 " (total: %" SCNu64 ")", &d->domid,
	              &d->total) == 2 ||
	       sscanf(line, "d%" SCNu32 " (total: %" SCNu64 ")", &d->domid, &d->total) ==
	               2;
}

static void take_line(const char *line, struct count *c)
{
	struct domain_count d;
	uint32_t node;
	uint64_t n;

	if (sscanf(line, "NODE%" SCNu32 " start->%*u size->%*u free->%" SCNu64, &node,
	           &n) == 2 &&
	    node < REFEREE_NODES) {
		c->free[node] = n;
		c->nodes = node + 1 > c->nodes ? node + 1 : c->nodes;
	} else if (domain_line(line, &d) && c->domains < REFEREE_DOMAINS) {
		c->domain[c->domains++] = d;
	} else if (sscanf(line, " Node %" SCNu32 ": %" SCNu64, &node, &n) == 2 &&
	           node < REFEREE_NODES && c->domains > 0) {
		c->domain[c->domains - 1].node[node] = n;
	}
}

/* Each page is on a node: a line that is not there has been lost. */
static bool adds_up(const struct count *c)
{
	for (uint32_t i = 0; i < c->domains; i++) {
		uint64_t sum = 0;

		for (uint32_t n = 0; n < c->nodes; n++)
			sum += c->domain[i].node[n];
		if (sum != c->domain[i].total)
			return false;
	}
	return c->nodes > 0 && c->domains > 0;
}

static int take(char *text, struct count *out)
{
	char *rest = text, *line;

	memset(out, 0, sizeof(*out));
	while ((line = strsep(&rest, "\n"))) {
		static const char prefix[] = "(XEN) ";
		char *from = strstr(line, prefix);

		if (from)
			take_line(from + sizeof(prefix) - 1, out);
	}
	return adds_up(out) ? 0 : -1;
}

int referee_count(xc_interface *xc, struct count *out)
{
	static char key[] = "u";
	uint32_t index = 0;
	char *text = console_from(xc, &index);

	free(text);
	if (!text || xc_send_debug_keys(xc, key) != 0) {
		perror("referee: key u");
		return -1;
	}
	text = console_from(xc, &index);
	if (!text)
		return -1;
	if (take(text, out) != 0) {
		fprintf(stderr, "referee: Xen's count does not add up\n");
		free(text);
		return -1;
	}
	free(text);
	return 0;
}

const struct domain_count *referee_domain(const struct count *c, uint32_t domid)
{
	for (uint32_t i = 0; i < c->domains; i++)
		if (c->domain[i].domid == domid)
			return &c->domain[i];
	return NULL;
}
