/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _DEFAULT_SOURCE
#include "decisions.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "flipnuma decisions 1\n"

struct decisions_file {
	char magic[24];
	uint32_t entry_bytes;
	uint32_t entries;
	uint64_t none[4];
	struct decision entry[];
};

/* Pages of one entry must have fared alike within this time. */
#define SAME_NS UINT64_C(1000000000)

static size_t bytes_of(uint32_t entries)
{
	return sizeof(struct decisions_file) + (size_t)entries * sizeof(struct decision);
}

static bool is_ours(const struct decisions_file *f, size_t bytes)
{
	return strncmp(f->magic, MAGIC, sizeof(f->magic)) == 0 && f->entries &&
	       f->entry_bytes == sizeof(struct decision) && bytes == bytes_of(f->entries);
}

/* The newest entry decides where to go on. One that was being written counts for nothing. */
static void find_end(struct decisions *d)
{
	uint32_t i;

	d->entries = d->file->entries;
	d->next = 1;
	for (i = 0; i < d->entries; i++) {
		uint64_t number = d->file->entry[i].number;

		if (number % d->entries == i && number >= d->next)
			d->next = number + 1;
	}
}

static void begin_anew(struct decisions *d, uint32_t entries)
{
	memset(d->file, 0, d->bytes);
	d->file->entry_bytes = sizeof(struct decision);
	d->file->entries = entries;
	strcpy(d->file->magic, MAGIC);
}

const char *decisions_open(struct decisions *d, const char *path, uint32_t entries)
{
	int fd = -1, flags = MAP_SHARED;
	struct stat st = {0};
	void *at;

	memset(d, 0, sizeof(*d));
	d->bytes = bytes_of(entries);
	if (path) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		/* Its blocks are there before they are written to: a full disk is met here. */
		if (fd < 0 || fstat(fd, &st) ||
		    (st.st_size != (off_t)d->bytes && ftruncate(fd, 0)) ||
		    (errno = posix_fallocate(fd, 0, (off_t)d->bytes)) != 0) {
			if (fd >= 0)
				close(fd);
			return strerror(errno);
		}
	} else {
		flags = MAP_PRIVATE | MAP_ANONYMOUS;
	}
	at = mmap(NULL, d->bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	if (at == MAP_FAILED)
		return strerror(errno);
	d->file = at;
	if (!is_ours(d->file, d->bytes))
		begin_anew(d, entries);
	find_end(d);
	return NULL;
}

const char *decisions_read(struct decisions *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *error = NULL;
	struct stat st;
	void *at = MAP_FAILED;

	memset(d, 0, sizeof(*d));
	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) || st.st_size < (off_t)bytes_of(1))
		error = "is no log of decisions";
	else
		at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (error || at == MAP_FAILED)
		return error ? error : strerror(errno);
	d->file = at;
	d->bytes = (size_t)st.st_size;
	if (!is_ours(d->file, d->bytes)) {
		decisions_close(d);
		return "is no log of decisions";
	}
	find_end(d);
	return NULL;
}

void decisions_close(struct decisions *d)
{
	if (d->file)
		munmap(d->file, d->bytes);
	d->file = NULL;
}

static bool continues(const struct decision *last, const struct decision *entry)
{
	return entry->first != FNUMA_GFN_NONE_N && last->kind == entry->kind &&
	       last->domain == entry->domain && last->start == entry->start &&
	       last->from == entry->from && last->to == entry->to &&
	       last->first + last->count == entry->first && last->u.s.why == entry->u.s.why &&
	       entry->time_ns - last->time_ns < SAME_NS;
}

void decisions_add(struct decisions *d, const struct decision *entry)
{
	struct decision *to = &d->file->entry[(d->next - 1) % d->entries];

	if (d->next > 1 && to->number == d->next - 1 && continues(to, entry)) {
		to->count += entry->count;
		return;
	}
	to = &d->file->entry[d->next % d->entries];
	to->number = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	to->time_ns = entry->time_ns;
	memcpy(&to->start, &entry->start, sizeof(*to) - offsetof(struct decision, start));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	to->number = d->next++;
}

/* A file may say anything: no page is beyond what a page's number can be. */
static bool makes_sense(const struct decision *x)
{
	const bool pages = x->first != FNUMA_GFN_NONE_N;

	if (x->kind < DECISION_ATTACHED || x->kind > DECISION_RESUMED)
		return false;
	if (x->kind == DECISION_AWAY || x->kind == DECISION_BACK || x->kind == DECISION_MOVED)
		return pages && x->count <= FNUMA_GFN_NONE_N - x->first;
	return !pages || x->count <= FNUMA_GFN_NONE_N - x->first;
}

const struct decision *decisions_at(const struct decisions *d, uint64_t number)
{
	const struct decision *e = &d->file->entry[number % d->entries];

	return number && e->number == number && makes_sense(e) ? e : NULL;
}

uint64_t decisions_first(const struct decisions *d)
{
	return d->next > d->entries ? d->next - d->entries : 1;
}

/* The last of an entry's pages may be so much younger than the first. By how much a clock
 * was set back nobody knows: then all of it is left. */
uint64_t decision_left_ns(const struct decision *x, uint64_t lasts_ns, uint64_t real_ns)
{
	const uint64_t since_ns = real_ns > x->time_ns ? real_ns - x->time_ns : 0;

	lasts_ns += SAME_NS;
	return since_ns < lasts_ns ? lasts_ns - since_ns : 0;
}

const char *decision_text(uint32_t kind)
{
	static const char *const text[] = {
		"", "attached", "ended", "found away", "found back", "due", "moved", "kept",
		"given up", "pass ended", "rests", "paused", "resumed",
	};

	return kind < sizeof(text) / sizeof(text[0]) ? text[kind] : "?";
}
