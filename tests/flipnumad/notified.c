/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Stands in for systemd: runs a program with a socket to notify, and prints what it is told,
 * a line each. SIGTERM and SIGHUP are handed on. Ends as the program does.
 *
 *	notified SOCKET PROGRAM [ARGUMENT]...
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void hand_on(int number)
{
	kill(child, number);
}

static void ended(int number)
{
	(void)number; /* recv() is interrupted */
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror(path);
		exit(2);
	}
	return fd;
}

static void print(int fd, int flags)
{
	char text[4096], *line, *rest;
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, flags)) > 0) {
		text[n] = '\0';
		for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
			if (*line)
				puts(line);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = hand_on};
	int fd, status = 0;

	if (argc < 3)
		return 2;
	fd = listen_at(argv[1]);
	setenv("NOTIFY_SOCKET", argv[1], 1);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = ended;
	sigaction(SIGCHLD, &action, NULL);
	child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	while (waitpid(child, &status, WNOHANG) == 0)
		print(fd, 0);
	print(fd, MSG_DONTWAIT);
	unlink(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
