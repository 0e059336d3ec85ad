/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A bar for each domain: its memory, a character for each share of it. A digit is memory at home
 * on that node (from node 10 on, a letter), red and after a | what is away.
 */
#define _GNU_SOURCE
#include "top.h"

#include "client.h"
#include "show.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define NODES_MAX 64
#define NAME_COLUMNS 18
#define STATE_COLUMNS 10
/* name, size, share away, state */
#define LEFT_COLUMNS (NAME_COLUMNS + 19 + STATE_COLUMNS)

struct screen {
	int columns, rows;
	bool tty;
	struct termios before;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void measure(struct screen *s)
{
	struct winsize size;

	s->columns = 80;
	s->rows = 24;
	if (s->tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		s->columns = size.ws_col;
		s->rows = size.ws_row;
	}
	if (s->columns < LEFT_COLUMNS + 10)
		s->columns = LEFT_COLUMNS + 10;
}

static void begin(struct screen *s, bool json)
{
	const struct sigaction action = {.sa_handler = on_signal};
	struct termios raw;

	s->tty = !json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) &&
	         tcgetattr(STDIN_FILENO, &s->before) == 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!s->tty)
		return;
	raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs("\033[?1049h\033[?25l", stdout); /* another screen, no cursor */
}

static void end(const struct screen *s)
{
	if (!s->tty)
		return;
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

static char node_sign(size_t node)
{
	return "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[node % NODES_MAX];
}

/* Characters for so many of `all` pages: whatever is there gets one. */
static int share(int64_t pages, int64_t all, int width)
{
	int n = all > 0 ? (int)((double)pages * width / (double)all + 0.5) : 0;

	return pages > 0 && n == 0 ? 1 : n;
}

/* The pages of one kind, node by node, as far as there is room. Returns what was used. */
static int draw_kind(struct json_object *nodes, const char *key, int64_t all, int width,
                     int room)
{
	size_t i, n = json_object_array_length(nodes);
	int k, used = 0;

	for (i = 0; i < n; i++) {
		k = share(number_in(json_object_array_get_idx(nodes, i), key), all, width);
		for (; k > 0 && used < room; k--, used++)
			putchar(node_sign(i));
	}
	return used;
}

static void draw_bar(const struct screen *s, struct json_object *d, int width)
{
	struct json_object *nodes = part_of(d, "nodes");
	const int64_t remote = number_in(d, "remote_pages");
	const int64_t all = remote + number_in(d, "local_pages");
	int away = share(remote, all, width - 1), used;

	used = draw_kind(nodes, "local_pages", all, width - 1, width - 1 - away);
	if (!remote)
		return;
	fputs(s->tty ? "|\033[31m" : "|", stdout);
	draw_kind(nodes, "remote_pages", all, width - 1, width - 1 - used);
	if (s->tty)
		fputs("\033[0m", stdout);
}

static void draw_domain(const struct screen *s, struct json_object *d)
{
	const double remote = double_in(d, "remote_pages");
	const double all = remote + double_in(d, "local_pages");
	char size[16];

	printf("%-*.*s %9s %5.1f%% %-*s ", NAME_COLUMNS, NAME_COLUMNS, text_in(d, "name"),
	       show_size((int64_t)all, size, sizeof(size)), all > 0 ? 100 * remote / all : 0,
	       STATE_COLUMNS, text_in(d, "state"));
	draw_bar(s, d, s->columns - LEFT_COLUMNS);
	fputs(s->tty ? "\033[K\n" : "\n", stdout);
}

static void draw_head(const struct screen *s, struct json_object *status)
{
	struct json_object *budget = part_of(status, "budget");
	const double limit = double_in(budget, "pages_per_s") *
	                     double_in(budget, "share_percent") / 100;
	const char *end_of_line = s->tty ? "\033[K\n" : "\n";

	printf("flipnumad: %s domains, %s pages moved; budget %.0f %% of %.0f pages/s%s%s%s",
	       text_in(status, "domains"), text_in(status, "moved"),
	       limit > 0 ? 100 * double_in(budget, "used_pages") / limit : 0, limit,
	       json_object_get_boolean(part_of(status, "busy")) ? "; the machine is busy" : "",
	       json_object_get_boolean(part_of(status, "dry_run")) ? "; a dry run" : "",
	       end_of_line);
	printf("%-*s %9s %6s %-*s %s%s", NAME_COLUMNS, "NAME", "MEMORY", "AWAY", STATE_COLUMNS,
	       "STATE", "NODES", end_of_line);
}

static int by_away(const void *a, const void *b)
{
	struct json_object *const *one = a, *const *other = b;
	int64_t x = number_in(*one, "remote_pages"), y = number_in(*other, "remote_pages");

	return x < y ? 1 : x > y ? -1 : strcmp(text_in(*one, "name"), text_in(*other, "name"));
}

static void draw_all(const struct screen *s, struct json_object *status,
                     struct json_object *all)
{
	size_t i, room = (size_t)(s->rows > 4 ? s->rows - 3 : 1);

	if (s->tty)
		fputs("\033[H", stdout);
	draw_head(s, status);
	json_object_array_sort(all, by_away);
	for (i = 0; i < json_object_array_length(all) && (i < room || !s->tty); i++)
		draw_domain(s, json_object_array_get_idx(all, i));
	fputs(s->tty ? "\033[J" : "\n", stdout);
}

static void print_all(struct json_object *status, struct json_object *all)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "status", json_object_get(status));
	json_object_object_add(o, "domains", json_object_get(all));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static bool draw(const struct screen *s, const char *socket_path, bool json)
{
	struct json_object *status = client_ask(socket_path, client_request("status", NULL));
	struct json_object *list = NULL, *all;

	if (status)
		list = client_ask(socket_path, client_request("list", NULL));
	all = list ? part_of(list, "domains") : NULL;
	if (all && json)
		print_all(part_of(status, "status"), all);
	else if (all)
		draw_all(s, part_of(status, "status"), all);
	fflush(stdout);
	json_object_put(status);
	json_object_put(list);
	return all;
}

/* Until the time is up. False: the user has seen enough. */
static bool pause_for(const struct screen *s, double delay_s)
{
	struct pollfd in = {.fd = s->tty ? STDIN_FILENO : -1, .events = POLLIN};
	char key = 0;

	if (poll(&in, 1, (int)(delay_s * 1000)) > 0 && read(STDIN_FILENO, &key, 1) == 1 &&
	    (key == 'q' || key == 'Q'))
		return false;
	return !stop;
}

int top_run(const char *socket_path, double delay_s, unsigned int count, bool json)
{
	struct screen s;
	unsigned int n = 0;
	bool ok;

	begin(&s, json);
	do {
		measure(&s);
		ok = draw(&s, socket_path, json);
	} while (ok && ++n != count && pause_for(&s, delay_s));
	end(&s);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
