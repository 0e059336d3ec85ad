/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 10

static struct json_object *no_answer(const char *path, const char *why)
{
	fprintf(stderr, "flipnumactl: no answer from flipnumad (%s): %s\n", path, why);
	return NULL;
}

static int connect_to(const char *path)
{
	const struct timeval patience = {PATIENCE_S, 0};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	                connect(fd, (struct sockaddr *)&address, sizeof(address)))) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static bool send_line(int fd, const char *text)
{
	char *line;
	int bytes = asprintf(&line, "%s\n", text);
	bool ok = bytes > 0 && send(fd, line, (size_t)bytes, MSG_NOSIGNAL) == bytes;

	if (bytes > 0)
		free(line);
	return ok;
}

/* One line, without its end; the caller frees. NULL: errno says why, 0 if it ended. */
static char *read_line(int fd)
{
	FILE *in = fdopen(dup(fd), "r");
	char *line = NULL;
	size_t bytes = 0;
	int error;

	if (!in)
		return NULL;
	errno = 0;
	if (getline(&line, &bytes, in) <= 0) {
		error = errno;
		free(line);
		line = NULL;
		errno = error;
	}
	fclose(in);
	return line;
}

struct json_object *client_ask(const char *socket_path, struct json_object *request)
{
	int fd = connect_to(socket_path), error;
	struct json_object *answer = NULL;
	char *line = NULL;

	if (fd >= 0 && send_line(fd, json_object_to_json_string_ext(request,
	                                                            JSON_C_TO_STRING_PLAIN)))
		line = read_line(fd);
	error = errno;
	json_object_put(request);
	if (fd >= 0)
		close(fd);
	if (!line)
		return no_answer(socket_path, error ? strerror(error) : "it hung up");
	answer = json_tokener_parse(line);
	free(line);
	return answer ? answer : no_answer(socket_path, "it makes no sense");
}

struct json_object *client_request(const char *what, const char *domain)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "do", json_object_new_string(what));
	if (domain)
		json_object_object_add(o, "domain", json_object_new_string(domain));
	return o;
}

struct json_object *part_of(struct json_object *o, const char *key)
{
	struct json_object *part = NULL;

	json_object_object_get_ex(o, key, &part);
	return part;
}

const char *text_in(struct json_object *o, const char *key)
{
	struct json_object *part = part_of(o, key);

	return part ? json_object_get_string(part) : "";
}

int64_t number_in(struct json_object *o, const char *key)
{
	return json_object_get_int64(part_of(o, key));
}

double double_in(struct json_object *o, const char *key)
{
	return json_object_get_double(part_of(o, key));
}
