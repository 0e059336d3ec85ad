/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "trace_file.h"

/* ---- captures ---- */

static void pcap_of_nanoseconds_keeps_each_of_them(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), to = tcp_frame(1, 40000, 2, 80),
		     from = tcp_frame(2, 80, 1, 40000);
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	put_packet(&b, 1700000000, 999999999, 9000, &to);
	put_packet(&b, 1700000001, 0, 66, &from);
	put_packet(&b, 1700000001, 7, 1514, &to);
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->format, "pcap");
	assert_string_equal(packets_summary(t)->link, "EN10MB");
	assert_string_equal(packets_summary(t)->guest, "10.0.0.2");
	assert_int_equal(packets_summary(t)->packets[PACKET_RX], 2);
	assert_int_equal(packets_summary(t)->packets[PACKET_TX], 1);
	assert_int_equal(packets_summary(t)->bytes[PACKET_RX], 10514);
	assert_int_equal(packets_summary(t)->bytes[PACKET_TX], 66);
	packets_play(&it, t, 9);
	assert_next(&it, 0, 9000, PACKET_RX);
	assert_next(&it, 1, 66, PACKET_TX);
	assert_next(&it, 8, 1514, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

static void pcap_of_microseconds_of_either_byte_order_is_read(void **state)
{
	struct bytes to = tcp_frame(1, 40000, 2, 80);
	struct packets_iterator it;
	struct packets *t;
	int big;

	(void)state;
	for (big = 0; big < 2; big++) {
		struct bytes b = {{0}, 0, big};

		put_pcap(&b, MICRO, LINK_ETHERNET);
		put_packet(&b, 5, 999999, 100, &to);
		put_packet(&b, 6, 1, 200, &to);
		t = open_bytes(&b, NULL);
		assert_non_null(t);
		assert_string_equal(packets_summary(t)->format, "pcap");
		packets_play(&it, t, 2001);
		assert_next(&it, 0, 100, PACKET_RX);
		assert_next(&it, 2000, 200, PACKET_RX);
		assert_end(&it);
		packets_close(t);
	}
}

static void pcapng_of_nanoseconds_keeps_each_of_them(void **state)
{
	struct bytes b = {{0}, 0, 0}, to = tcp_frame(1, 40000, 2, 80);
	struct packets_iterator it;
	struct packets *t;

	(void)state;
	put_section(&b);
	put_interface(&b, LINK_ETHERNET, 9);
	put_enhanced(&b, 1700000000999999999u, 65000, &to);
	put_enhanced(&b, 1700000001000000002u, 60, &to);
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->format, "pcapng");
	packets_play(&it, t, 4);
	assert_next(&it, 0, 65000, PACKET_RX);
	assert_next(&it, 3, 60, PACKET_RX);
	assert_end(&it);
	packets_close(t);
}

/* libpcap words the reason; where it was must be ours. */
static void assert_refused_at(const struct bytes *b, const char *where)
{
	assert_null(open_bytes(b, NULL));
	assert_memory_equal(error, path, strlen(path));
	assert_memory_equal(error + strlen(path), ": ", 2);
	assert_memory_equal(error + strlen(path) + 2, where, strlen(where));
}

static void pcap_cut_anywhere_is_refused_with_the_packet(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80);
	size_t header = b.n, packet = 16 + f.n, n;

	(void)state;
	put_packet(&b, 1, 0, 100, &f);
	put_packet(&b, 2, 0, 100, &f);
	for (n = header - 1; n > 3; n--) {
		b.n = n;
		assert_refused_at(&b, "truncated dump file");
	}
	for (n = 1; n < packet; n++) {
		b.n = header + n;
		assert_refused_at(&b, "packet 1: truncated dump file");
		b.n = header + packet + n;
		assert_refused_at(&b, "packet 2: truncated dump file");
	}
}

static void pcapng_cut_in_a_packet_is_refused_with_the_packet(void **state)
{
	struct bytes b = {{0}, 0, 0}, to = tcp_frame(1, 40000, 2, 80);
	size_t n;

	(void)state;
	put_section(&b);
	put_interface(&b, LINK_ETHERNET, 6);
	put_enhanced(&b, 1, 100, &to);
	n = b.n;
	put_enhanced(&b, 2, 100, &to);
	for (b.n--; b.n > n; b.n--)
		assert_refused_at(&b, "packet 2: ");
}

static void captured_length_beyond_reason_is_refused(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80);

	(void)state;
	put_packet(&b, 1, 0, 100, &f);
	put_packet(&b, 2, 0, 100, &f);
	b.data[24 + 16 + f.n + 11] = 0xff;
	assert_refused_at(&b, "packet 2: ");
}

static void time_out_of_range_is_refused_with_the_packet(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80);

	(void)state;
	put_packet(&b, 1, 999999999, 100, &f);
	put_packet(&b, 1, 1000000000, 100, &f);
	assert_refused(&b, NULL, "packet 2: time of 1 s and 1000000000 ns is "
				 "out of range");
	b.n = 0;
	put_section(&b);
	put_interface(&b, LINK_ETHERNET, 0);
	put_enhanced(&b, 9223372037u, 100, &f);
	assert_refused(&b, NULL, "packet 1: time of 9223372037 s and 0 ns is "
				 "out of range");
}

static void link_type_of_something_else_is_refused(void **state)
{
	struct bytes b = pcap_of(LINK_WIFI);

	(void)state;
	assert_refused(&b, NULL, "link type IEEE802_11 (105) is not one of Ethernet, "
				 "Linux cooked, loopback and raw IP");
}

static void length_is_that_on_the_wire_however_little_was_captured(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80);
	struct packets *t;

	(void)state;
	f.n = 14 + 20; /* up to the addresses */
	put_packet(&b, 1, 0, 65549, &f);
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->bytes[PACKET_RX], 65549);
	packets_close(t);
}

static void what_is_not_ip_or_too_short_is_left_out_and_counted(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80), odd;
	const struct packets_summary *s;
	struct packets *t;
	size_t n;

	(void)state;
	odd = f;
	odd.data[13] = 0x06; /* ARP */
	put_packet(&b, 1, 0, 60, &odd);
	odd = f;
	odd.data[14] = 0x55; /* no such version */
	put_packet(&b, 1, 0, 60, &odd);
	odd.data[14] = 0x44; /* header shorter than it can be */
	put_packet(&b, 1, 0, 60, &odd);
	odd = f;
	for (n = 0; n < 34; n++) {
		odd.n = n;
		put_packet(&b, 1, 0, 60, &odd);
	}
	put_packet(&b, 2, 0, 60, &f);
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	s = packets_summary(t);
	assert_int_equal(s->not_ip, 3);
	assert_int_equal(s->cut_short, 34);
	assert_int_equal(s->packets[PACKET_RX], 1);
	assert_int_equal(s->span_ns, 0);
	packets_close(t);
}

/* One packet each way, 10.0.0.1 or fd00::1 to 2 and back, under `header`. */
static void assert_link(uint32_t link, const void *header, size_t n, int ipv6,
			const char *name)
{
	struct bytes b = pcap_of(link), f;
	struct packets *t;
	unsigned way;

	for (way = 0; way < 2; way++) {
		f.n = 0;
		put(&f, header, n);
		(ipv6 ? put_ipv6 : put_ipv4)(&f, 1 + way, 9, 2 - way, 9);
		put_packet(&b, way, 0, way ? 100 : 1000, &f);
		f.n--; /* one port less */
		put_packet(&b, way, 0, way ? 100 : 1000, &f);
	}
	for (f.n = 0; f.n < n; f.n++) /* less than the link's header */
		put_packet(&b, way, 0, 100, &f);
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->link, name);
	assert_string_equal(packets_summary(t)->guest, ipv6 ? "fd00::2" : "10.0.0.2");
	assert_int_equal(packets_summary(t)->bytes[PACKET_RX], 2000);
	assert_int_equal(packets_summary(t)->bytes[PACKET_TX], 200);
	assert_int_equal(packets_summary(t)->cut_short, n);
	packets_close(t);
}

static void every_link_type_and_both_versions_of_ip_are_read(void **state)
{
	static const char ethernet[] = "aaaaaabbbbbb\x08";
	static const char ethernet6[] = "aaaaaabbbbbb\x86\xdd";
	static const char vlan[] = "aaaaaabbbbbb\x81\0\0\5\x08";
	static const char qinq[] = "aaaaaabbbbbb\x88\xa8\0\5\x81\0\0\6\x86\xdd";
	static const char old_qinq[] = "aaaaaabbbbbb\x91\0\0\5\x81\0\0\6\x08";
	static const char sll[] = "\0\0\3\4\0\6aaaaaa\0\0\x08";
	static const char sll6[] = "\0\0\3\4\0\6aaaaaa\0\0\x86\xdd";
	static const char sll2[] = "\x08\0\0\0\0\0\0\1\3\4\0\6aaaaaaaa";
	static const char sll26[] = "\x86\xdd\0\0\0\0\0\1\3\4\0\6aaaaaaaa";

	(void)state;
	assert_link(LINK_ETHERNET, ethernet, 14, 0, "EN10MB");
	assert_link(LINK_ETHERNET, ethernet6, 14, 1, "EN10MB");
	assert_link(LINK_ETHERNET, vlan, 18, 0, "EN10MB");
	assert_link(LINK_ETHERNET, qinq, 22, 1, "EN10MB");
	assert_link(LINK_ETHERNET, old_qinq, 22, 0, "EN10MB");
	assert_link(LINK_SLL, sll, 16, 0, "LINUX_SLL");
	assert_link(LINK_SLL, sll6, 16, 1, "LINUX_SLL");
	assert_link(LINK_SLL2, sll2, 20, 0, "LINUX_SLL2");
	assert_link(LINK_SLL2, sll26, 20, 1, "LINUX_SLL2");
	assert_link(LINK_NULL, "\2\0\0", 4, 0, "NULL");
	assert_link(LINK_NULL, "\0\0\0\2", 4, 0, "NULL");
	assert_link(LINK_NULL, "\12\0\0", 4, 1, "NULL");
	assert_link(LINK_NULL, "\30\0\0", 4, 1, "NULL");
	assert_link(LINK_NULL, "\0\0\0\34", 4, 1, "NULL");
	assert_link(LINK_NULL, "\36\0\0", 4, 1, "NULL");
	assert_link(LINK_LOOP, "\0\0\0\2", 4, 0, "LOOP");
	assert_link(LINK_RAW, "", 0, 0, "RAW");
	assert_link(LINK_RAW, "", 0, 1, "RAW");
	assert_link(LINK_IPV4, "", 0, 0, "IPV4");
	assert_link(LINK_IPV6, "", 0, 1, "IPV6");
}

static void loopback_families_that_are_not_ip_are_left_out(void **state)
{
	static const char families[][4] = {"\7\0\0", "\0\0\0\7", "\0\2\0", "\0\0\2",
					   "\2\0\0\2"};
	struct bytes b = pcap_of(LINK_NULL), f;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		f.n = 0;
		put(&f, families[i], 4);
		put_ipv4(&f, 1, 9, 2, 9);
		put_packet(&b, 1, 0, 100, &f);
	}
	assert_refused(&b, NULL, "no address in it receives anything (left out: 5 not "
				 "IP, 0 cut short)");
}

/* ---- who the guest is ---- */

static struct bytes three_hosts(void)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80);

	put_packet(&b, 1, 0, 1000, &f);
	f = tcp_frame(2, 80, 1, 40000);
	put_packet(&b, 2, 0, 500, &f);
	f = tcp_frame(3, 40000, 2, 443);
	put_packet(&b, 3, 0, 300, &f);
	f = tcp_frame(1, 40001, 3, 80);
	put_packet(&b, 4, 0, 1299, &f);
	return b;
}

static void guest_is_who_receives_most_unless_given(void **state)
{
	static const struct {
		const char *given, *guest;
		unsigned rx, tx, not_guest;
	} cases[] = {
		{NULL, "10.0.0.2", 1300, 500, 1},
		{"10.0.0.1", "10.0.0.1", 500, 2299, 1},
		{"::ffff:10.0.0.3", "10.0.0.3", 1299, 300, 2},
		{"10.0.0.2:443", "10.0.0.2:443", 300, 0, 3},
		{"10.0.0.1:40000", "10.0.0.1:40000", 500, 1000, 2},
	};
	struct bytes b = three_hosts();
	const struct packets_summary *s;
	struct packets *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = open_bytes(&b, cases[i].given);
		assert_non_null(t);
		s = packets_summary(t);
		assert_string_equal(s->guest, cases[i].guest);
		assert_int_equal(s->bytes[PACKET_RX], cases[i].rx);
		assert_int_equal(s->bytes[PACKET_TX], cases[i].tx);
		assert_int_equal(s->not_guest, cases[i].not_guest);
		packets_close(t);
	}
	assert_refused(&b, "10.0.0.9", "no packet in it (left out: 0 not IP, 0 cut "
				       "short, 4 neither to nor from 10.0.0.9)");
	assert_refused(&b, "[fd00::1]:80", "no packet in it (left out: 0 not IP, 0 cut "
					   "short, 4 neither to nor from [fd00::1]:80)");
}

static void guest_of_two_that_receive_as_much_is_the_lower(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f;
	struct packets *t;
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		f = tcp_frame(9, 1, 7 - i, 2);
		put_packet(&b, i, 0, 100, &f);
	}
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->guest, "10.0.0.5");
	packets_close(t);
}

static void guest_is_found_among_many_addresses(void **state)
{
	struct bytes b = pcap_of(LINK_RAW), f = {{0}, 0, 0};
	struct packets *t;
	unsigned i;

	(void)state;
	for (i = 1; i <= 95; i++) {
		f.n = 0;
		put_ipv4(&f, 200, 1, i, 2);
		f.n = 20;
		put_packet(&b, i, 0, i == 60 ? 101 : 100, &f);
	}
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->guest, "10.0.0.60");
	packets_close(t);
}

static void guest_is_no_multicast_or_broadcast_address(void **state)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 2, 80);
	struct bytes b6 = pcap_of(LINK_RAW), f6 = {{0}, 0, 0};
	struct packets *t;

	(void)state;
	put_packet(&b, 1, 0, 10, &f);
	f.data[14 + 16] = 224;
	put_packet(&b, 1, 0, 1000, &f);
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->guest, "10.0.0.2");
	packets_close(t);

	put_ipv6(&f6, 1, 1, 2, 2);
	put_packet(&b6, 1, 0, 10, &f6);
	f6.data[24] = 0xff;
	put_packet(&b6, 1, 0, 1000, &f6);
	t = open_bytes(&b6, NULL);
	assert_non_null(t);
	assert_string_equal(packets_summary(t)->guest, "fd00::2");
	packets_close(t);
}

static struct bytes loopback(void)
{
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 1, 5432);

	put_packet(&b, 1, 0, 100, &f);
	f = tcp_frame(1, 5432, 1, 40000);
	put_packet(&b, 2, 0, 2000, &f);
	f = tcp_frame(1, 40000, 1, 6379);
	put_packet(&b, 3, 0, 30, &f);
	f = tcp_frame(1, 7, 1, 7);
	put_packet(&b, 4, 0, 4, &f);
	f = tcp_frame(1, 40000, 1, 5432);
	f.data[14 + 7] = 1; /* a later fragment */
	put_packet(&b, 5, 0, 4, &f);
	f = tcp_frame(1, 40000, 1, 5432);
	f.data[14 + 9] = 1; /* ICMP */
	put_packet(&b, 6, 0, 4, &f);
	return b;
}

static void on_loopback_the_guest_is_the_lower_port(void **state)
{
	struct bytes b = loopback();
	const struct packets_summary *s;
	struct packets *t;

	(void)state;
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	s = packets_summary(t);
	assert_string_equal(s->guest, "10.0.0.1");
	assert_int_equal(s->bytes[PACKET_RX], 130);
	assert_int_equal(s->bytes[PACKET_TX], 2000);
	assert_int_equal(s->not_guest, 3);
	packets_close(t);
}

static void on_loopback_a_given_port_is_the_guest(void **state)
{
	struct bytes b = loopback();
	const struct packets_summary *s;
	struct packets *t;

	(void)state;
	t = open_bytes(&b, "10.0.0.1:40000");
	assert_non_null(t);
	s = packets_summary(t);
	assert_int_equal(s->bytes[PACKET_RX], 2000);
	assert_int_equal(s->bytes[PACKET_TX], 130);
	assert_int_equal(s->not_guest, 3);
	packets_close(t);
}

static void ports_are_those_of_every_protocol_that_has_them(void **state)
{
	static const uint8_t protocols[] = {6, 17, 33, 132, 136};
	struct bytes b = pcap_of(LINK_ETHERNET), f = tcp_frame(1, 40000, 1, 5432);
	struct packets *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(protocols); i++) {
		f.data[14 + 9] = protocols[i];
		put_packet(&b, 1, 0, 100, &f);
	}
	t = open_bytes(&b, NULL);
	assert_non_null(t);
	assert_int_equal(packets_summary(t)->packets[PACKET_RX], sizeof(protocols));
	packets_close(t);
}

static void guest_that_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "host", "10.0.0", "10.0.0.256", "10.0.0.1:", "10.0.0.1:0",
		"10.0.0.1:65536", "10.0.0.1:123456", "10.0.0.1:8a", ":80", "[fd00::1]",
		"[fd00::1", "[fd00::1]80", "fd00::1]:80", "[]:80", "fd00::g",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
	};
	struct bytes b = three_hosts();
	char reason[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(reason, sizeof(reason),
			 "guest '%s' is not ADDR, ADDR:PORT or [ADDR]:PORT", bad[i]);
		assert_refused(&b, bad[i], reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_of_nanoseconds_keeps_each_of_them),
		cmocka_unit_test(pcap_of_microseconds_of_either_byte_order_is_read),
		cmocka_unit_test(pcapng_of_nanoseconds_keeps_each_of_them),
		cmocka_unit_test(pcap_cut_anywhere_is_refused_with_the_packet),
		cmocka_unit_test(pcapng_cut_in_a_packet_is_refused_with_the_packet),
		cmocka_unit_test(captured_length_beyond_reason_is_refused),
		cmocka_unit_test(time_out_of_range_is_refused_with_the_packet),
		cmocka_unit_test(link_type_of_something_else_is_refused),
		cmocka_unit_test(length_is_that_on_the_wire_however_little_was_captured),
		cmocka_unit_test(what_is_not_ip_or_too_short_is_left_out_and_counted),
		cmocka_unit_test(every_link_type_and_both_versions_of_ip_are_read),
		cmocka_unit_test(loopback_families_that_are_not_ip_are_left_out),
		cmocka_unit_test(guest_is_who_receives_most_unless_given),
		cmocka_unit_test(guest_of_two_that_receive_as_much_is_the_lower),
		cmocka_unit_test(guest_is_found_among_many_addresses),
		cmocka_unit_test(guest_is_no_multicast_or_broadcast_address),
		cmocka_unit_test(on_loopback_the_guest_is_the_lower_port),
		cmocka_unit_test(on_loopback_a_given_port_is_the_guest),
		cmocka_unit_test(ports_are_those_of_every_protocol_that_has_them),
		cmocka_unit_test(guest_that_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
