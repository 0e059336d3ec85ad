/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Prints what a trace holds, as flipsim will see it: trace-info FILE... */
#include "packets.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_BYTES 4096u
#define NS_PER_MS UINT64_C(1000000)

static void print_ways(const char *name, const uint64_t *count)
{
	uint64_t all = count[PACKET_RX] + count[PACKET_TX];

	printf("%-10s%" PRIu64 "  (%.1f %% rx, %.1f %% tx)\n", name, all,
	       all ? 100.0 * (double)count[PACKET_RX] / (double)all : 0.0,
	       all ? 100.0 * (double)count[PACKET_TX] / (double)all : 0.0);
}

static void print_pages(const struct packets *trace)
{
	const struct packets_summary *s = packets_summary(trace);
	uint64_t count = s->packets[PACKET_RX] + s->packets[PACKET_TX];
	uint64_t pages = packets_pages(trace, PAGE_BYTES);

	printf("pages     %" PRIu64 "  (%.2f a packet, of %u bytes)\n", pages,
	       (double)pages / (double)count, PAGE_BYTES);
}

static void print_rate(const struct packets *trace)
{
	const struct packets_summary *s = packets_summary(trace);
	double seconds = (double)s->period_ns / 1e9;
	double packets = (double)(s->packets[PACKET_RX] + s->packets[PACKET_TX]);
	double pages = (double)packets_pages(trace, PAGE_BYTES);
	double bytes = (double)(s->bytes[PACKET_RX] + s->bytes[PACKET_TX]);

	printf("duration  %.6f s\n", (double)s->span_ns / 1e9);
	if (!s->period_ns)
		return;
	printf("rate      %.0f packets/s, %.0f pages/s, %.1f Mb/s\n", packets / seconds,
	       pages / seconds, bytes * 8e-6 / seconds);
}

static void print_burst(const struct packets *trace, uint64_t window_ns)
{
	uint64_t period_ns = packets_summary(trace)->period_ns;
	uint64_t peak = packets_peak_pages(trace, window_ns, PAGE_BYTES);
	double pages = (double)packets_pages(trace, PAGE_BYTES);

	printf("burst     %" PRIu64 " pages in %" PRIu64 " ms", peak,
	       window_ns / NS_PER_MS);
	if (period_ns > window_ns)
		printf(", %.1f times the mean",
		       (double)peak / (pages * (double)window_ns / (double)period_ns));
	printf("\n");
}

static void print_trace(const char *path, const struct packets *trace)
{
	const struct packets_summary *s = packets_summary(trace);

	printf("file      %s  (%s%s%s)\n", path, s->format, *s->link ? ", " : "",
	       s->link);
	if (*s->guest)
		printf("guest     %s\n", s->guest);
	print_ways("packets", s->packets);
	print_ways("bytes", s->bytes);
	print_pages(trace);
	print_rate(trace);
	print_burst(trace, NS_PER_MS);
	print_burst(trace, 100 * NS_PER_MS);
	printf("left out  %" PRIu64 " not IP, %" PRIu64 " cut short, %" PRIu64
	       " not the guest's; %" PRIu64 " clamped in time\n",
	       s->not_ip, s->cut_short, s->not_guest, s->clamped);
}

static int print_file(const char *path, const char *guest)
{
	char error[PACKETS_ERROR_BYTES];
	struct packets *trace = packets_open(path, guest, error, sizeof(error));

	if (!trace) {
		fprintf(stderr, "trace-info: %s\n", error);
		return EXIT_FAILURE;
	}
	print_trace(path, trace);
	packets_close(trace);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"trace-guest", required_argument, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	const char *guest = NULL;
	int option, first, result = EXIT_SUCCESS;

	while ((option = getopt_long(argc, argv, "", options, NULL)) == 'g')
		guest = optarg;
	if (option != -1 || optind == argc) {
		fprintf(stderr,
			"usage: trace-info [--trace-guest ADDR[:PORT]] FILE...\n");
		return EXIT_FAILURE;
	}
	for (first = optind; optind < argc; optind++) {
		if (optind > first)
			printf("\n");
		if (print_file(argv[optind], guest))
			result = EXIT_FAILURE;
	}
	return result;
}
