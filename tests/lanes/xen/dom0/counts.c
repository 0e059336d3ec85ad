/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* xen-counts [DOMID]: the pages of a domain on each node, or of all, by Xen's own count. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "referee.h"

static void print(const struct domain_count *d, uint32_t nodes)
{
	for (uint32_t n = 0; n < nodes; n++)
		printf("%s%" PRIu64, n ? " " : "", d->node[n]);
	printf("\n");
}

int main(int argc, char **argv)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	const struct domain_count *d;
	struct count c;

	if (!xc || referee_count(xc, &c) != 0)
		return 1;
	if (argc > 1) {
		d = referee_domain(&c, (uint32_t)strtoul(argv[1], NULL, 0));
		if (!d)
			return 1;
		print(d, c.nodes);
	}
	for (uint32_t i = 0; i < c.domains && argc == 1; i++) {
		printf("domain %" PRIu32 ": ", c.domain[i].domid);
		print(&c.domain[i], c.nodes);
	}
	xc_interface_close(xc);
	return 0;
}
