/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The daemon's socket, and callers who mean no good. */
#include "world.h"

#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define RULES "[defaults]\nperiod_s = 0.1\n[domain all]\nname = *\n"

static sd_event *event;
static struct control *control;

static int begin(void **state)
{
	int err = begin_world(state);

	write_world("[host]\n[guest web]\n[guest db]\n");
	open_engine(RULES);
	run(1);
	sd_event_new(&event);
	assert_null(control_open(&control, &e, event));
	return err;
}

static int end(void **state)
{
	control_close(control);
	control = NULL;
	event = sd_event_unref(event);
	return end_world(state);
}

static int call(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	strcpy(address.sun_path, e.config.daemon.socket);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void serve(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

/* What there is to read; "" if nothing, "hung up" at the end. */
static const char *answer(int fd)
{
	static char text[1 << 20];
	size_t n = 0;
	ssize_t got;

	for (;;) {
		serve();
		got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	return n || got < 0 ? text : "hung up";
}

static void say_to(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void a_line_gets_a_line(void **state)
{
	int fd = call();

	(void)state;
	say_to(fd, "{\"do\":\"status\"}\n");
	assert_non_null(strstr(answer(fd), "{\"ok\":true,\"status\":{\"backend\":\"mock\""));
	say_to(fd, "{\"do\":\"pause\",\"domain\":\"web\"}\n");
	assert_string_equal(answer(fd), FINE "\n");
	assert_true(domain("web")->settings.paused > 0);
	close(fd);
}

static void lines_that_come_in_pieces_or_together_are_each_answered(void **state)
{
	int fd = call();

	(void)state;
	say_to(fd, "{\"do\":\"pau");
	assert_string_equal(answer(fd), "");
	say_to(fd, "se\",\"domain\":\"web\"}\n{\"do\":\"resume\",\"domain\":\"web\"}\n{\"do\":");
	assert_string_equal(answer(fd), FINE "\n" FINE "\n");
	say_to(fd, "\"pause\",\"domain\":\"db\"}\n");
	assert_string_equal(answer(fd), FINE "\n");
	close(fd);
}

static void garbage_is_told_so_and_the_next_line_is_answered(void **state)
{
	static const char *const garbage[] = {"\n", "hello\n", "{\n", "[]\n", "17\n", "\"x\"\n",
		"{\"do\":\"list\"} {}\n", "{\"do\":\"\xff\"}\n", "{'do':'list'}\n",
		"[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n"};
	size_t i;
	int fd = call();

	(void)state;
	for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		say_to(fd, garbage[i]);
		assert_non_null(strstr(answer(fd),
		                       "{\"ok\":false,\"error\":\"not a JSON object in one line"));
	}
	assert_int_equal(send(fd, "\0\n", 2, MSG_NOSIGNAL), 2);
	assert_non_null(strstr(answer(fd), "not a JSON object"));
	say_to(fd, "{\"do\":\"list\"}\n");
	assert_non_null(strstr(answer(fd), "\"ok\":true"));
	close(fd);
}

static void a_line_that_does_not_end_is_hung_up_on(void **state)
{
	char much[CONTROL_LINE_BYTES + 1];
	int fd = call();

	(void)state;
	memset(much, 'x', sizeof(much));
	send(fd, much, CONTROL_LINE_BYTES - 1, MSG_NOSIGNAL);
	assert_string_equal(answer(fd), "");
	send(fd, much, 1, MSG_NOSIGNAL);
	assert_non_null(strstr(answer(fd), "a line is at most 4095 bytes long"));
	assert_string_equal(answer(fd), "hung up");
	close(fd);
}

static void a_caller_who_goes_away_at_any_point_does_no_harm(void **state)
{
	static const char request[] = "{\"do\":\"show\",\"domain\":\"*\"}\n";
	size_t n;
	int fd;

	(void)state;
	for (n = 0; n < sizeof(request); n++) {
		fd = call();
		send(fd, request, n, MSG_NOSIGNAL);
		if (n % 2)
			serve();
		close(fd);
		serve();
	}
	fd = call();
	say_to(fd, request);
	assert_non_null(strstr(answer(fd), "\"ok\":true"));
	close(fd);
}

static void a_caller_who_does_not_read_holds_up_nobody(void **state)
{
	static const char request[] = "{\"do\":\"show\",\"domain\":\"*\"}\n";
	int slow = call(), fd = call(), i;
	size_t answers = 0;
	const char *text;

	(void)state;
	for (i = 0; i < 2000; i++)
		if (send(slow, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
			break;
		else
			serve();
	assert_true(i > 1 && i < 2000); /* it is not listened to any more */
	say_to(fd, request);
	assert_non_null(strstr(answer(fd), "\"ok\":true"));
	for (text = answer(slow); (text = strstr(text, "\"ok\":true")) != NULL; text++)
		answers++;
	assert_int_equal(answers, i); /* each whole request was answered in the end */
	close(slow);
	close(fd);
}

static void a_caller_who_does_not_go_on_is_hung_up_on_after_a_while(void **state)
{
	int idle = call(), half = call();
	uint32_t i;

	(void)state;
	say_to(half, "{\"do\":");
	for (i = 0; i < CONTROL_PATIENCE_S * 10 - 5; i++)
		sd_event_run(event, 100000);
	assert_string_equal(answer(half), "");
	assert_string_equal(answer(idle), "");
	for (i = 0; i < 10; i++)
		sd_event_run(event, 100000);
	assert_string_equal(answer(half), "hung up");
	assert_string_equal(answer(idle), "hung up");
	close(idle);
	close(half);
}

static void more_callers_than_there_is_room_for_are_hung_up_on(void **state)
{
	int fd[CONTROL_CLIENTS + 1];
	uint32_t i;

	(void)state;
	for (i = 0; i <= CONTROL_CLIENTS; i++) {
		fd[i] = call();
		serve();
	}
	assert_string_equal(answer(fd[CONTROL_CLIENTS]), "hung up");
	say_to(fd[0], "{\"do\":\"pause\",\"domain\":\"web\"}\n");
	assert_string_equal(answer(fd[0]), FINE "\n");
	for (i = 0; i <= CONTROL_CLIENTS; i++)
		close(fd[i]);
	serve();
	fd[0] = call();
	say_to(fd[0], "{\"do\":\"resume\",\"domain\":\"web\"}\n");
	assert_string_equal(answer(fd[0]), FINE "\n");
	close(fd[0]);
}

static void nobody_else_can_reach_the_socket(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(e.config.daemon.socket, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_socket_left_over_is_replaced_and_one_in_use_removed_at_the_end(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	control_close(control);
	assert_int_equal(stat(e.config.daemon.socket, &st), -1);
	fd = open(e.config.daemon.socket, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_null(control_open(&control, &e, event));
	fd = call();
	say_to(fd, "{\"do\":\"pause\",\"domain\":\"web\"}\n");
	assert_string_equal(answer(fd), FINE "\n");
	close(fd);
}

static void a_socket_that_cannot_be_made_is_told_why(void **state)
{
	struct control *none;

	(void)state;
	strcpy(e.config.daemon.socket, "/proc/no/where");
	assert_string_equal(control_open(&none, &e, event), "No such file or directory");
	strcpy(e.config.daemon.socket_group, "nobodys-group");
	assert_string_equal(control_open(&none, &e, event),
	                    "there is no group of that name (socket_group)");
}

static void a_group_may_reach_it_if_the_configuration_says_so(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root may give it away */
	control_close(control);
	strcpy(e.config.daemon.socket_group, "daemon");
	assert_null(control_open(&control, &e, event));
	assert_int_equal(stat(e.config.daemon.socket, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, 1);
}

#define CONTROL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTROL_TEST(a_line_gets_a_line),
		CONTROL_TEST(lines_that_come_in_pieces_or_together_are_each_answered),
		CONTROL_TEST(garbage_is_told_so_and_the_next_line_is_answered),
		CONTROL_TEST(a_line_that_does_not_end_is_hung_up_on),
		CONTROL_TEST(a_caller_who_goes_away_at_any_point_does_no_harm),
		CONTROL_TEST(a_caller_who_does_not_read_holds_up_nobody),
		CONTROL_TEST(a_caller_who_does_not_go_on_is_hung_up_on_after_a_while),
		CONTROL_TEST(more_callers_than_there_is_room_for_are_hung_up_on),
		CONTROL_TEST(nobody_else_can_reach_the_socket),
		CONTROL_TEST(a_socket_left_over_is_replaced_and_one_in_use_removed_at_the_end),
		CONTROL_TEST(a_socket_that_cannot_be_made_is_told_why),
		CONTROL_TEST(a_group_may_reach_it_if_the_configuration_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
