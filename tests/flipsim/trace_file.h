/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A temporary file, what is written to it, and what the reader makes of it. */
#ifndef FLIPSIM_TEST_TRACE_FILE_H
#define FLIPSIM_TEST_TRACE_FILE_H

#include "test.h"
#include "capture.h"
#include "packets.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static char error[PACKETS_ERROR_BYTES];

static inline int make_file(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/flipsim-trace-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	return close(fd);
}

static inline int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static inline void write_file(const void *data, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline struct packets *open_bytes(const struct bytes *b, const char *guest)
{
	write_file(b->data, b->n);
	error[0] = '\0';
	return packets_open(path, guest, error, sizeof(error));
}

static inline struct packets *open_text(const char *text)
{
	write_file(text, strlen(text));
	error[0] = '\0';
	return packets_open(path, NULL, error, sizeof(error));
}

/* The message is "PATH: " and this. */
static inline void assert_reason(const char *reason)
{
	char whole[sizeof(path) + PACKETS_ERROR_BYTES];

	snprintf(whole, sizeof(whole), "%s: %s", path, reason);
	assert_string_equal(error, whole);
}

static inline void assert_refused(const struct bytes *b, const char *guest,
				  const char *reason)
{
	assert_null(open_bytes(b, guest));
	assert_reason(reason);
}

static inline void assert_next(struct packets_iterator *it, uint64_t time_ns,
			       uint32_t bytes, enum packet_direction direction)
{
	struct packet p;

	assert_true(packets_next(it, &p));
	assert_int_equal(p.time_ns, time_ns);
	assert_int_equal(p.bytes, bytes);
	assert_int_equal(p.direction, direction);
}

static inline void assert_end(struct packets_iterator *it)
{
	struct packet p = {1, 2, 3}, before = p;

	assert_false(packets_next(it, &p));
	assert_false(packets_next(it, &p));
	assert_memory_equal(&p, &before, sizeof(p));
}

static inline struct bytes pcap_of(uint32_t link)
{
	struct bytes b = {{0}, 0, 0};

	put_pcap(&b, NANO, link);
	return b;
}

#endif
