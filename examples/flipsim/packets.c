/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "packets.h"
#include "guest.h"
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000
#define CSV_LINE_BYTES 512u
#define CSV_COLUMNS 3u

struct packets {
	struct packet *records;
	size_t count;
	size_t room;
	uint64_t first_ns; /* the first packet's time as the file has it */
	struct packets_summary summary;
};

/* One reading of one file. */
struct reader {
	const char *path;
	FILE *file;
	struct packets *trace;
	const char *unit; /* what the file is made of: "line" or "packet" */
	uint64_t number;  /* of the one in hand, from 1; 0 is the whole file */
	char *error;
	size_t error_bytes;
};

/* Says why, and is false, so that a caller can `return fail(...)`. */
__attribute__((format(printf, 2, 3)))
static bool fail(struct reader *r, const char *format, ...)
{
	char reason[PACKETS_ERROR_BYTES], where[64] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	if (r->number)
		snprintf(where, sizeof(where), "%s %" PRIu64 ": ", r->unit, r->number);
	snprintf(r->error, r->error_bytes, "%s: %s%s", r->path, where, reason);
	return false;
}

static bool append(struct reader *r, uint64_t time_ns, uint32_t bytes,
		   enum packet_direction direction)
{
	struct packets *t = r->trace;
	uint64_t last_ns = t->count ? t->records[t->count - 1].time_ns : 0;
	struct packet *wide;

	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 1024;
		wide = realloc(t->records, t->room * sizeof(*wide));
		if (!wide)
			return fail(r, "no memory for %zu packets", t->room);
		t->records = wide;
	}
	if (!t->count)
		t->first_ns = time_ns;
	if (time_ns < t->first_ns + last_ns) {
		time_ns = t->first_ns + last_ns;
		t->summary.clamped++;
	}
	t->records[t->count].time_ns = time_ns - t->first_ns;
	t->records[t->count].bytes = bytes;
	t->records[t->count].direction = (uint8_t)direction;
	t->count++;
	t->summary.packets[direction]++;
	t->summary.bytes[direction] += bytes;
	return true;
}

/* ---- CSV ---- */

struct column {
	const char *text;
	size_t length;
};

enum line_end { LINE_WHOLE, LINE_LONG, LINE_NONE };

static enum line_end read_line(FILE *file, char *line, size_t *length)
{
	int c = getc(file);

	*length = 0;
	if (c == EOF)
		return LINE_NONE;
	for (; c != EOF && c != '\n'; c = getc(file)) {
		if (*length == CSV_LINE_BYTES)
			return LINE_LONG;
		line[(*length)++] = (char)c;
	}
	return LINE_WHOLE;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct column trim(const char *from, const char *to)
{
	struct column column;

	while (from < to && is_blank(*from))
		from++;
	while (from < to && is_blank(to[-1]))
		to--;
	column.text = from;
	column.length = (size_t)(to - from);
	return column;
}

/* One more column than there may be is told from just enough. */
static size_t split(const char *line, size_t length, struct column *columns)
{
	const char *end = line + length, *comma;
	size_t n = 0;

	for (;;) {
		comma = memchr(line, ',', (size_t)(end - line));
		columns[n++] = trim(line, comma ? comma : end);
		if (!comma || n > CSV_COLUMNS)
			return n;
		line = comma + 1;
	}
}

static bool is_text(const struct column *column, const char *text)
{
	return column->length == strlen(text) &&
	       !memcmp(column->text, text, column->length);
}

static bool is_number(const struct column *column, uint64_t max, uint64_t *out)
{
	uint64_t number = 0, digit;
	size_t i;

	for (i = 0; i < column->length; i++) {
		if (column->text[i] < '0' || column->text[i] > '9')
			return false;
		digit = (uint64_t)(column->text[i] - '0');
		if (number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return column->length > 0;
}

/* The column as it stands, for a message: short, and nothing that a terminal obeys. */
static const char *quote(const struct column *column, char *text, size_t room)
{
	size_t i;

	for (i = 0; i < column->length && i < room - 1; i++) {
		text[i] = column->text[i];
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
	text[i] = '\0';
	return text;
}

static bool read_direction(struct reader *r, const struct column *column,
			   enum packet_direction *out)
{
	char text[32];

	if (is_text(column, "rx"))
		*out = PACKET_RX;
	else if (is_text(column, "tx"))
		*out = PACKET_TX;
	else
		return fail(r, "direction '%s' is neither rx nor tx",
			    quote(column, text, sizeof(text)));
	return true;
}

static bool read_columns(struct reader *r, const struct column *columns, size_t n)
{
	enum packet_direction direction = PACKET_RX;
	uint64_t time_ns, bytes;
	char text[32];

	if (n < 2 || n > CSV_COLUMNS)
		return fail(r, "not time_ns,bytes or time_ns,bytes,rx|tx");
	if (!is_number(&columns[0], UINT64_MAX, &time_ns))
		return fail(r, "time_ns '%s' is not a whole number below 2^64",
			    quote(&columns[0], text, sizeof(text)));
	if (!is_number(&columns[1], UINT32_MAX, &bytes))
		return fail(r, "bytes '%s' is not a whole number below 2^32",
			    quote(&columns[1], text, sizeof(text)));
	if (n == CSV_COLUMNS && !read_direction(r, &columns[2], &direction))
		return false;
	return append(r, time_ns, (uint32_t)bytes, direction);
}

static bool read_csv_line(struct reader *r, const char *line, size_t length,
			  bool *heading_may_come)
{
	struct column columns[CSV_COLUMNS + 1], whole = trim(line, line + length);
	size_t n;
	bool first = *heading_may_come;

	if (!whole.length || whole.text[0] == '#')
		return true;
	*heading_may_come = false;
	n = split(whole.text, whole.length, columns);
	if (first && n >= 2 && is_text(&columns[0], "time_ns") &&
	    is_text(&columns[1], "bytes"))
		return true;
	return read_columns(r, columns, n);
}

static bool read_csv(struct reader *r)
{
	char line[CSV_LINE_BYTES];
	bool heading_may_come = true;
	enum line_end end;
	size_t length;

	r->trace->summary.format = "csv";
	r->trace->summary.link = "";
	r->unit = "line";
	for (r->number = 1;; r->number++) {
		end = read_line(r->file, line, &length);
		if (ferror(r->file))
			return fail(r, "%s", strerror(errno));
		if (end == LINE_LONG)
			return fail(r, "longer than %u bytes", CSV_LINE_BYTES);
		if (end == LINE_NONE)
			break;
		if (!read_csv_line(r, line, length, &heading_may_come))
			return false;
	}
	r->number = 0;
	return true;
}

/* ---- pcap and pcapng ---- */

/* What one pass over a capture does with each packet. */
typedef bool pass_fn(struct reader *r, const struct pcap_pkthdr *header,
		     const struct frame *frame, void *arg);

static bool check_link(struct reader *r, pcap_t *pcap)
{
	int link = pcap_datalink(pcap);
	const char *name = pcap_datalink_val_to_name(link);

	if (!frame_link_known(link))
		return fail(r, "link type %s (%d) is not one of Ethernet, Linux cooked, "
			    "loopback and raw IP", name ? name : "unknown", link);
	r->trace->summary.link = name ? name : "";
	return true;
}

static bool one_frame(struct reader *r, int link, const struct pcap_pkthdr *header,
		      const uint8_t *bytes, pass_fn *pass, void *arg)
{
	struct frame frame;

	switch (frame_read(link, bytes, header->caplen, &frame)) {
	case FRAME_OTHER:
		r->trace->summary.not_ip++;
		return true;
	case FRAME_CUT:
		r->trace->summary.cut_short++;
		return true;
	default:
		return pass(r, header, &frame, arg);
	}
}

static bool each_frame(struct reader *r, pcap_t *pcap, pass_fn *pass, void *arg)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int got;

	r->trace->summary.not_ip = 0;
	r->trace->summary.cut_short = 0;
	r->unit = "packet";
	for (r->number = 1;; r->number++) {
		got = pcap_next_ex(pcap, &header, &bytes);
		if (got == PCAP_ERROR_BREAK)
			break;
		if (got != 1)
			return fail(r, "%s", pcap_geterr(pcap));
		if (!one_frame(r, pcap_datalink(pcap), header, bytes, pass, arg))
			return false;
	}
	r->number = 0;
	return true;
}

static bool pass_over(struct reader *r, pass_fn *pass, void *arg)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;
	bool good;

	pcap = pcap_open_offline_with_tstamp_precision(
		r->path, PCAP_TSTAMP_PRECISION_NANO, reason);
	if (!pcap)
		return fail(r, "%s", reason);
	good = check_link(r, pcap) && each_frame(r, pcap, pass, arg);
	pcap_close(pcap);
	return good;
}

static bool count_receiver(struct reader *r, const struct pcap_pkthdr *header,
			   const struct frame *frame, void *arg)
{
	if (!receivers_add(arg, &frame->target, header->len))
		return fail(r, "no memory for its addresses");
	return true;
}

static bool keep_packet(struct reader *r, const struct pcap_pkthdr *header,
			const struct frame *frame, void *arg)
{
	/* tv_usec is nanoseconds here, and a damaged file's may be of any size. */
	int64_t seconds = header->ts.tv_sec, rest_ns = header->ts.tv_usec;
	enum guest_way way = guest_way(arg, frame);

	if (seconds < 0 || seconds > INT64_MAX / NS_PER_S || rest_ns < 0 ||
	    rest_ns >= NS_PER_S)
		return fail(r, "time of %" PRId64 " s and %" PRId64
			    " ns is out of range", seconds, rest_ns);
	if (way == GUEST_NEITHER) {
		r->trace->summary.not_guest++;
		return true;
	}
	return append(r, (uint64_t)seconds * NS_PER_S + (uint64_t)rest_ns, header->len,
		      way == GUEST_RECEIVES ? PACKET_RX : PACKET_TX);
}

static bool choose_guest(struct reader *r, struct guest *out)
{
	struct receivers all = {NULL, 0, 0};
	bool good = pass_over(r, count_receiver, &all);

	out->port = 0;
	if (good && !receivers_first(&all, &out->address))
		good = fail(r, "no address in it receives anything (left out: %" PRIu64
			    " not IP, %" PRIu64 " cut short)", r->trace->summary.not_ip,
			    r->trace->summary.cut_short);
	receivers_free(&all);
	return good;
}

static bool read_capture(struct reader *r, const char *name)
{
	struct guest guest;

	if (name && !guest_parse(name, &guest))
		return fail(r, "guest '%s' is not ADDR, ADDR:PORT or [ADDR]:PORT", name);
	if (!name && !choose_guest(r, &guest))
		return false;
	guest_print(&guest, r->trace->summary.guest);
	return pass_over(r, keep_packet, &guest);
}

/* ---- both ---- */

static const char *capture_format(const uint8_t *magic)
{
	static const uint8_t magics[][4] = {
		{0x0a, 0x0d, 0x0d, 0x0a}, /* pcapng, either byte order */
		{0xa1, 0xb2, 0xc3, 0xd4}, /* microseconds */
		{0xd4, 0xc3, 0xb2, 0xa1},
		{0xa1, 0xb2, 0x3c, 0x4d}, /* nanoseconds */
		{0x4d, 0x3c, 0xb2, 0xa1},
	};
	size_t i;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (!memcmp(magic, magics[i], sizeof(magics[i])))
			return i ? "pcap" : "pcapng";
	return NULL;
}

static bool is_text_byte(uint8_t byte)
{
	return (byte >= ' ' && byte <= '~') || (byte && strchr("\t\r\n", byte));
}

static bool read_trace(struct reader *r, const char *guest)
{
	uint8_t magic[4] = {0};
	const char *format;
	size_t got;

	errno = 0;
	r->file = fopen(r->path, "rb");
	if (!r->file)
		return fail(r, "%s", strerror(errno));
	got = fread(magic, 1, sizeof(magic), r->file);
	if (ferror(r->file) || fseek(r->file, 0, SEEK_SET))
		return fail(r, "%s", strerror(errno));
	if (!got)
		return fail(r, "empty file");
	format = capture_format(magic);
	if (format) {
		r->trace->summary.format = format;
		return read_capture(r, guest);
	}
	if (!is_text_byte(magic[0]))
		return fail(r, "neither pcap nor pcapng nor CSV");
	if (guest)
		return fail(r, "CSV has no addresses, so it can't be asked for guest %s",
			    guest);
	return read_csv(r);
}

static void measure(const struct packets *t, struct packets_summary *s)
{
	uint64_t gap_ns;

	s->span_ns = t->records[t->count - 1].time_ns;
	if (!s->span_ns)
		return;
	gap_ns = s->span_ns / (t->count - 1);
	if (!gap_ns)
		gap_ns = 1;
	s->period_ns = s->span_ns + gap_ns;
	if (s->period_ns < gap_ns)
		s->period_ns = UINT64_MAX;
}

static bool finish(struct reader *r)
{
	struct packets_summary *s = &r->trace->summary;

	if (!r->trace->count)
		return fail(r, "no packet in it (left out: %" PRIu64 " not IP, %" PRIu64
			    " cut short, %" PRIu64 " neither to nor from %s)", s->not_ip,
			    s->cut_short, s->not_guest, *s->guest ? s->guest : "a guest");
	measure(r->trace, s);
	return true;
}

struct packets *packets_open(const char *path, const char *guest, char *error,
			     size_t error_bytes)
{
	struct reader r = {path, NULL, NULL, "", 0, error, error ? error_bytes : 0};
	bool good;

	r.trace = calloc(1, sizeof(*r.trace));
	if (!r.trace) {
		fail(&r, "no memory");
		return NULL;
	}
	good = read_trace(&r, guest) && finish(&r);
	if (r.file)
		fclose(r.file);
	if (good)
		return r.trace;
	packets_close(r.trace);
	return NULL;
}

void packets_close(struct packets *trace)
{
	if (!trace)
		return;
	free(trace->records);
	free(trace);
}

const struct packets_summary *packets_summary(const struct packets *trace)
{
	return &trace->summary;
}

uint64_t packets_pages(const struct packets *trace, uint32_t page_bytes)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < trace->count; i++)
		pages += packet_pages(trace->records[i].bytes, page_bytes);
	return pages;
}

uint64_t packets_peak_pages(const struct packets *trace, uint64_t window_ns,
			    uint32_t page_bytes)
{
	const struct packet *p = trace->records;
	uint64_t pages = 0, peak = 0;
	size_t head, tail = 0;

	for (head = 0; head < trace->count; head++) {
		pages += packet_pages(p[head].bytes, page_bytes);
		for (; p[head].time_ns - p[tail].time_ns >= window_ns; tail++)
			pages -= packet_pages(p[tail].bytes, page_bytes);
		if (pages > peak)
			peak = pages;
	}
	return peak;
}

void packets_play(struct packets_iterator *it, const struct packets *trace,
		  uint64_t length_ns)
{
	it->trace = trace;
	it->length_ns = length_ns;
	it->start_ns = 0;
	it->next = 0;
}

bool packets_next(struct packets_iterator *it, struct packet *out)
{
	const struct packets *t = it->trace;
	uint64_t period_ns = t->summary.period_ns, left_ns = it->length_ns - it->start_ns;

	if (it->next == t->count) {
		if (!period_ns || period_ns >= left_ns)
			return false;
		it->start_ns += period_ns;
		left_ns -= period_ns;
		it->next = 0;
	}
	if (t->records[it->next].time_ns >= left_ns)
		return false;
	*out = t->records[it->next++];
	out->time_ns += it->start_ns;
	return true;
}
