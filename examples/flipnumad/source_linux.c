/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The processes of this machine. */
#define _GNU_SOURCE
#include "source.h"

#include <flipnuma/linux.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLAG_KERNEL_THREAD 0x00200000ul

struct state {
	struct fnuma_linux *host;
	DIR *proc;
	struct cpu_times cpus;
};

static bool linux_open(struct source *s, const struct config *c, char *why, size_t bytes)
{
	struct fnuma_linux_config config = {.max_domains = (uint32_t)c->daemon.max_domains};
	struct state *state = calloc(1, sizeof(*state));

	s->state = state;
	if (!state) {
		snprintf(why, bytes, "no memory");
		return false;
	}
	if (fnuma_linux_open(&config, &state->host, why, bytes) == FNUMA_OK &&
	    fnuma_linux_backend(state->host, &s->backend) == FNUMA_OK) {
		state->proc = opendir("/proc");
		if (state->proc)
			return true;
		snprintf(why, bytes, "/proc cannot be read");
	}
	s->ops->close(s);
	return false;
}

static void linux_close(struct source *s)
{
	struct state *state = s->state;

	if (!state)
		return;
	fnuma_linux_close(state->host);
	if (state->proc)
		closedir(state->proc);
	free(state);
	s->state = NULL;
}

/* ---------------------------------------------------------------- finding */

/* A file below /proc/PID, with an end put behind it. Its length, or -1. */
static ssize_t read_file(struct state *state, uint32_t pid, const char *name, char *to,
                         size_t bytes)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%u/%s", pid, name);
	fd = openat(dirfd(state->proc), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, to, bytes - 1);
	close(fd);
	to[n > 0 ? n : 0] = '\0';
	return n;
}

/* Its name and when it began, from /proc/PID/stat. False: gone, ended, or the kernel's. */
static bool read_stat(struct state *state, uint32_t pid, struct candidate *c)
{
	char text[1024], *open, *close, process_state;
	unsigned long flags = 0;
	unsigned long long start = 0;

	if (read_file(state, pid, "stat", text, sizeof(text)) <= 0)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	/* state, then ppid to tty's group; flags; eleven more; num_threads, itrealvalue; start */
	if (!open || !close ||
	    sscanf(close + 1, " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d"
	           " %*d %*d %*d %llu", &process_state, &flags, &start) != 3)
		return false;
	memset(c, 0, sizeof(*c));
	c->number = pid;
	c->start = start;
	source_printable(c->name, sizeof(c->name), open + 1, (size_t)(close - open - 1));
	return !(flags & FLAG_KERNEL_THREAD) && !strchr("ZX", process_state);
}

/* What a QEMU was told by -name: "guest=X,..." or "X,...". */
static void read_guest(const char *arguments, size_t length, struct candidate *c)
{
	const char *at = arguments, *end = arguments + length, *value;
	const char *slash = strrchr(arguments, '/'), *program = slash ? slash + 1 : arguments;

	if (strncmp(program, "qemu-system-", 12) != 0 && strcmp(program, "qemu-kvm") != 0 &&
	    strcmp(program, "kvm") != 0)
		return;
	strcpy(c->guest, c->name);
	for (; at < end; at += strlen(at) + 1) {
		if (strcmp(at, "-name") != 0 || at + 6 >= end)
			continue;
		value = at + 6;
		if (strncmp(value, "guest=", 6) == 0)
			value += 6;
		source_printable(c->guest, sizeof(c->guest), value, strcspn(value, ","));
		return;
	}
}

static void read_cgroup(char *text, struct candidate *c)
{
	char *line = strstr(text, "0::");
	const char *path;

	if (!line || (line != text && line[-1] != '\n'))
		line = text; /* no unified hierarchy: the first there is */
	path = strchr(line, '/');
	if (path)
		source_printable(c->cgroup, sizeof(c->cgroup), path, strcspn(path, "\n"));
}

/* All there is to know before attaching. False: it went meanwhile. */
static bool read_rest(struct state *state, struct candidate *c)
{
	char text[8192];
	ssize_t n = read_file(state, c->number, "cmdline", text, sizeof(text)), i;

	if (n <= 0)
		return false;
	read_guest(text, (size_t)n, c);
	if (*c->guest)
		strcpy(c->name, c->guest);
	for (i = 0; i + 1 < n; i++)
		if (!text[i])
			text[i] = ' ';
	source_printable(c->cmdline, sizeof(c->cmdline), text, strlen(text));
	if (read_file(state, c->number, "cgroup", text, sizeof(text)) > 0)
		read_cgroup(text, c);
	return true;
}

static int linux_find(struct source *s, uint32_t look, const struct finder *f)
{
	struct state *state = s->state;
	struct dirent *entry;
	struct candidate c;

	while (look) {
		entry = readdir(state->proc);
		if (!entry) {
			rewinddir(state->proc);
			return 0;
		}
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    strtoul(entry->d_name, NULL, 10) == (unsigned long)getpid())
			continue;
		look--;
		if (read_stat(state, (uint32_t)strtoul(entry->d_name, NULL, 10), &c) &&
		    f->want(f->cookie, c.number, c.start) && read_rest(state, &c))
			f->found(f->cookie, &c);
	}
	return 1;
}

/* ---------------------------------------------------------------- domains */

static const char *by_text(enum fnuma_linux_home_by by)
{
	switch (by) {
	case FNUMA_LINUX_HOME_POLICY:
		return "memory policy";
	case FNUMA_LINUX_HOME_CPUSET:
		return "cpuset";
	case FNUMA_LINUX_HOME_CPUS:
		return "CPUs";
	default:
		return "most pages";
	}
}

static int fill(struct state *state, struct attached *a)
{
	struct fnuma_linux_info info;
	int err = fnuma_linux_info(state->host, a->domain, &info);

	if (err)
		return err;
	a->kind = info.kind == FNUMA_LINUX_GUEST ? "guest" : "process";
	a->home_by = by_text(info.home_by);
	a->frames = info.frames;
	a->used_frames = info.frames - info.spare_frames;
	a->n_homes = info.n_homes;
	memcpy(a->homes, info.homes, sizeof(a->homes));
	a->fd = info.pidfd;
	return FNUMA_OK;
}

static int linux_attach(struct source *s, const struct candidate *c, uint32_t spare_frames,
                        struct attached *out, char *why, size_t bytes)
{
	struct state *state = s->state;
	const struct fnuma_linux_target target = {
		.pid = (int32_t)c->number, .start_ticks = c->start,
		.kind = *c->guest ? FNUMA_LINUX_GUEST : FNUMA_LINUX_PROCESS,
		.spare_frames = *c->guest ? 0 : spare_frames,
	};
	int err = fnuma_linux_attach(state->host, &target, &out->domain, why, bytes);

	return err ? err : fill(state, out);
}

static void linux_detach(struct source *s, fnuma_domain domain)
{
	fnuma_linux_detach(((struct state *)s->state)->host, domain);
}

static int linux_refresh(struct source *s, struct attached *a)
{
	struct state *state = s->state;
	int64_t err = fnuma_linux_refresh(state->host, a->domain);
	struct attached now = *a;

	if (err < 0)
		return (int)err;
	err = fill(state, &now);
	a->used_frames = now.used_frames; /* homes stay those it was given */
	return (int)err;
}

static int64_t linux_nodes(struct source *s, fnuma_domain domain, fnuma_gfn first, uint32_t n,
                           fnuma_node *nodes)
{
	return fnuma_linux_nodes(((struct state *)s->state)->host, domain, first, n, nodes);
}

static double linux_busy(struct source *s)
{
	return source_cpus_busy(&((struct state *)s->state)->cpus);
}

static int linux_address(struct source *s, fnuma_domain domain, fnuma_gfn page,
                         uint64_t *address)
{
	return fnuma_linux_address(((struct state *)s->state)->host, domain, page, address);
}

static int linux_frame(struct source *s, fnuma_domain domain, uint64_t address,
                       fnuma_gfn *page)
{
	return fnuma_linux_frame(((struct state *)s->state)->host, domain, address, page);
}

const struct source_ops source_linux = {
	.name = "linux",
	.open = linux_open,
	.close = linux_close,
	.find = linux_find,
	.attach = linux_attach,
	.detach = linux_detach,
	.refresh = linux_refresh,
	.nodes = linux_nodes,
	.busy_percent = linux_busy,
	.address = linux_address,
	.frame = linux_frame,
};
