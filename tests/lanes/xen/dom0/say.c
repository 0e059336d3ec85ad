/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Passes on what is written to a pipe, line by line, to the port of QEMU's debug console. All
 * bytes of a line by one instruction: Xen does each access of the privileged domain to a port
 * for it, and a serial port wants several for a byte.
 *
 *	xen-say PIPE
 *
 * It ends behind the machine's last line.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/io.h>

#define PORT 0xe9

int main(int argc, char **argv)
{
	/* For writing too: there is no end when nobody has it open. */
	FILE *pipe = argc == 2 ? fopen(argv[1], "r+") : NULL;
	static char line[4096];

	if (!pipe || iopl(3) != 0) {
		perror("xen-say");
		return 1;
	}
	while (fgets(line, sizeof(line), pipe)) {
		outsb(PORT, line, strlen(line));
		if (strncmp(line, "vm done ", 8) == 0)
			return 0;
	}
	return 1;
}
