/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "referee.h"

#define PIECE_BYTES  (1u << 14) /* read at once: libxenctrl copies all of it */
#define ANSWER_BYTES (1u << 17)

/* What Xen's console says from *index on; moves it. */
static int console_from(xc_interface *xc, char *text, uint32_t room, uint32_t *index)
{
	unsigned int bytes = 0, piece = PIECE_BYTES;

	for (; piece == PIECE_BYTES && bytes + piece < room; bytes += piece)
		if (xc_readconsolering(xc, text + bytes, &piece, 0, 1, index) != 0) {
			perror("xc_readconsolering");
			return -1;
		}
	text[bytes] = '\0';
	return (int)bytes;
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
	static char text[ANSWER_BYTES], key[] = "u";
	static uint32_t index; /* what was printed before is of no interest */
	int bytes;

	do
		bytes = console_from(xc, text, ANSWER_BYTES, &index);
	while (bytes > (int)(ANSWER_BYTES - PIECE_BYTES - 1));
	if (bytes < 0 || xc_send_debug_keys(xc, key) != 0) {
		perror("referee: key u");
		return -1;
	}
	if (console_from(xc, text, ANSWER_BYTES, &index) < 0)
		return -1;
	if (take(text, out) != 0) {
		fprintf(stderr, "referee: Xen's count does not add up\n");
		return -1;
	}
	return 0;
}

const struct domain_count *referee_domain(const struct count *c, uint32_t domid)
{
	for (uint32_t i = 0; i < c->domains; i++)
		if (c->domain[i].domid == domid)
			return &c->domain[i];
	return NULL;
}
