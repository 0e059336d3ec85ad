/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "control.h"

#include "requests.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_US (CONTROL_PATIENCE_S * UINT64_C(1000000))
/* Its timer may be that late. */
#define SLACK_US 100000

struct client {
	struct control *control;
	struct client *next;
	sd_event_source *io, *timer;
	int fd;
	bool may_change;
	size_t in_bytes;
	char in[CONTROL_LINE_BYTES];
	char *out; /* an answer not sent yet */
	size_t out_bytes, out_sent;
};

struct control {
	struct engine *engine;
	sd_event *event;
	sd_event_source *io;
	struct client *clients;
	uint32_t n_clients;
	int fd;
	char path[CONFIG_TEXT_BYTES];
};

/* ---------------------------------------------------------------- callers */

static void drop(struct client *c)
{
	struct client **at = &c->control->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->control->n_clients--;
	sd_event_source_unref(c->io);
	sd_event_source_unref(c->timer);
	close(c->fd);
	free(c->out);
	free(c);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *cookie)
{
	(void)s, (void)usec;
	drop(cookie);
	return 0;
}

static void watch_for(struct client *c, uint32_t events)
{
	uint64_t now;

	sd_event_now(c->control->event, CLOCK_MONOTONIC, &now);
	sd_event_source_set_time(c->timer, now + PATIENCE_US);
	sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
	sd_event_source_set_io_events(c->io, events);
}

/* Send what there is to send. False: the caller is gone. */
static bool send_some(struct client *c)
{
	ssize_t n;

	while (c->out_sent < c->out_bytes) {
		n = send(c->fd, c->out + c->out_sent, c->out_bytes - c->out_sent, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			sd_event_source_set_io_events(c->io, EPOLLOUT);
			return true;
		}
		if (n < 0) {
			drop(c);
			return false;
		}
		c->out_sent += (size_t)n;
	}
	free(c->out);
	c->out = NULL;
	watch_for(c, EPOLLIN);
	return true;
}

/* False: the caller is gone. */
static bool answer(struct client *c, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

	c->out_sent = 0;
	c->out = malloc(strlen(text) + 2);
	if (!c->out) {
		json_object_put(o);
		drop(c);
		return false;
	}
	c->out_bytes = (size_t)sprintf(c->out, "%s\n", text);
	json_object_put(o);
	watch_for(c, EPOLLOUT);
	return send_some(c);
}

static struct json_object *answer_line(struct client *c, const char *line, size_t bytes)
{
	struct json_tokener *t = json_tokener_new_ex(8);
	struct json_object *request, *o;
	enum json_tokener_error error;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	request = json_tokener_parse_ex(t, line, (int)bytes);
	error = json_tokener_get_error(t);
	if (error == json_tokener_continue && !request)
		request = json_tokener_parse_ex(t, "", -1);
	if (!request || !json_object_is_type(request, json_type_object))
		o = requests_error("not a JSON object in one line%s%s", error > 1 ? ": " : "",
		                   error > 1 ? json_tokener_error_desc(error) : "");
	else
		o = requests_answer(c->control->engine, request, c->may_change);
	json_object_put(request);
	json_tokener_free(t);
	return o;
}

/* One line at a time: the next is looked at when its answer is sent. */
static bool take_line(struct client *c)
{
	char *end = memchr(c->in, '\n', c->in_bytes);
	struct json_object *o;
	size_t bytes;

	if (!end && c->in_bytes == sizeof(c->in)) {
		if (answer(c, requests_error("a line is at most %u bytes long",
		                             CONTROL_LINE_BYTES - 1)))
			drop(c);
		return false;
	}
	if (!end)
		return false;
	bytes = (size_t)(end - c->in);
	o = answer_line(c, c->in, bytes);
	c->in_bytes -= bytes + 1;
	memmove(c->in, end + 1, c->in_bytes);
	return answer(c, o);
}

static int on_client(sd_event_source *s, int fd, uint32_t events, void *cookie)
{
	struct client *c = cookie;
	ssize_t n;

	(void)s, (void)events;
	if (c->out) {
		if (!send_some(c) || c->out)
			return 0;
	} else {
		n = recv(fd, c->in + c->in_bytes, sizeof(c->in) - c->in_bytes, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0) {
			drop(c);
			return 0;
		}
		c->in_bytes += (size_t)n;
	}
	while (take_line(c) && !c->out)
		;
	return 0;
}

/* ---------------------------------------------------------------- the socket */

static bool peer_may_change(int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void take_client(struct control *control, int fd)
{
	struct client *c = calloc(1, sizeof(*c));
	uint64_t now;

	if (!c || control->n_clients == CONTROL_CLIENTS) {
		free(c);
		close(fd);
		return;
	}
	c->control = control;
	c->fd = fd;
	c->may_change = peer_may_change(fd);
	c->next = control->clients;
	control->clients = c;
	control->n_clients++;
	sd_event_now(control->event, CLOCK_MONOTONIC, &now);
	if (sd_event_add_io(control->event, &c->io, fd, EPOLLIN, on_client, c) < 0 ||
	    sd_event_add_time(control->event, &c->timer, CLOCK_MONOTONIC, now + PATIENCE_US,
	                      SLACK_US, on_timer, c) < 0)
		drop(c);
}

static int on_listen(sd_event_source *s, int fd, uint32_t events, void *cookie)
{
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)s, (void)events;
	if (client >= 0)
		take_client(cookie, client);
	return 0;
}

/* A socket that nobody answers at is a predecessor's who was killed: we hold the lock. */
static const char *listen_at(struct control *c, const char *group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct group *g = *group ? getgrnam(group) : NULL;
	mode_t mask;
	int bound;

	if (*group && !g)
		return "there is no group of that name (socket_group)";
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return strerror(errno);
	strcpy(address.sun_path, c->path);
	unlink(c->path);
	mask = umask(0177);
	bound = bind(c->fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound || (g && (chown(c->path, (uid_t)-1, g->gr_gid) || chmod(c->path, 0660))) ||
	    listen(c->fd, (int)CONTROL_CLIENTS))
		return strerror(errno);
	return NULL;
}

const char *control_open(struct control **out, struct engine *e, sd_event *event)
{
	struct control *c = calloc(1, sizeof(*c));
	char folder[CONFIG_TEXT_BYTES];
	const char *error;

	if (!c)
		return strerror(errno);
	c->engine = e;
	c->event = event;
	strcpy(c->path, e->config.daemon.socket);
	strcpy(folder, c->path);
	mkdir(dirname(folder), 0755); /* if it is not there, bind says so */
	error = listen_at(c, e->config.daemon.socket_group);
	if (!error && sd_event_add_io(event, &c->io, c->fd, EPOLLIN, on_listen, c) < 0)
		error = "no event loop";
	if (error) {
		if (c->fd >= 0)
			close(c->fd);
		free(c);
		return error;
	}
	*out = c;
	return NULL;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	while (c->clients)
		drop(c->clients);
	sd_event_source_unref(c->io);
	close(c->fd);
	unlink(c->path);
	free(c);
}
