/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The RAM of a QEMU guest: how much, and in which blocks, QEMU was told on its command
 * line; where they are is found among its mappings by size. */
#define _GNU_SOURCE
#include "linux_host.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* A memory backend as it was created. */
struct object {
	char id[64];
	uint64_t bytes;
	int order; /* of the guest's frames; -1: not its RAM */
};

struct line {
	const char *at, *end; /* a row of strings, each ended by 0 */
	uint64_t m_bytes;     /* -m */
	bool base;            /* that much comes from a block of its own */
	struct object object[LINUX_BLOCKS_MAX];
	uint32_t n;
};

/* A number with a unit; without one, in `unit` bytes. */
static uint64_t parse_bytes(const char *text, uint64_t unit)
{
	static const char units[] = "bkmgtp";
	char *end;
	uint64_t number = strtoull(text, &end, 10);
	const char *u = *end ? strchr(units, *end | 0x20) : NULL;

	return number * (u ? UINT64_C(1) << (10 * (u - units)) : unit);
}

/* The value of `key` in "a,key=value" or, of libvirt, {"a":..,"key":"value"}: where it
 * begins, or NULL. */
static const char *value_of(const char *word, const char *key)
{
	const size_t length = strlen(key);
	const char *at = word;

	while ((at = strstr(at, key)) != NULL) {
		const char before = at == word ? ',' : at[-1], *after = at + length;

		if (before == ',' && *after == '=')
			return after + 1;
		if (before == '"' && after[0] == '"' && after[1] == ':')
			return after + 2 + strspn(after + 2, " \"");
		at = after;
	}
	return NULL;
}

static void copy_value(char *to, size_t bytes, const char *value)
{
	size_t n = value ? strcspn(value, ",\"}") : 0;

	snprintf(to, bytes, "%.*s", (int)n, value ? value : "");
}

/* The object whose id is the value of `key`, or NULL. */
static struct object *object_of(struct line *l, const char *word, const char *key)
{
	char id[64];
	uint32_t i;

	copy_value(id, sizeof(id), value_of(word, key));
	for (i = 0; *id && i < l->n; i++)
		if (strcmp(l->object[i].id, id) == 0)
			return &l->object[i];
	return NULL;
}

static void take_object(struct line *l, const char *word)
{
	struct object *o = &l->object[l->n];
	const char *size = value_of(word, "size");

	if (!strstr(word, "memory-backend-") || !size || l->n == LINUX_BLOCKS_MAX)
		return;
	copy_value(o->id, sizeof(o->id), value_of(word, "id"));
	o->bytes = parse_bytes(size, 1);
	o->order = -1;
	l->n++;
}

/* "guest=vm1,debug-threads=on", or plainly "vm1" */
static void take_name(struct linux_guest *out, const char *word)
{
	const char *guest = value_of(word, "guest");

	copy_value(out->name, sizeof(out->name), guest ? guest : word);
}

static void take_size(struct line *l, const char *word)
{
	const char *size = value_of(word, "size");

	l->m_bytes = parse_bytes(size ? size : word, MIB);
}

/* RAM is what nodes, the machine, or memory devices refer to, in that order. */
static void take_reference(struct line *l, const char *option, const char *word)
{
	const char *nodeid = value_of(word, "nodeid");
	const bool is_numa = strcmp(option, "numa") == 0;
	const bool is_device = strcmp(option, "device") == 0;
	const bool is_machine = !is_numa && !is_device;
	struct object *o = object_of(l, word, is_machine ? "memory-backend" : "memdev");

	if (!o || (is_device && strstr(word, "ivshmem")))
		return;
	l->base &= is_device;
	o->order = is_device ? 1000 : is_numa && nodeid ? atoi(nodeid) : 0;
}

static const char *next_word(struct line *l)
{
	const char *word = l->at;

	if (l->at >= l->end)
		return NULL;
	l->at += strnlen(l->at, (size_t)(l->end - l->at)) + 1;
	return word;
}

/* Calls `take` for each option with its value. Options have one dash or two. */
static void each_option(struct line *l, struct linux_guest *out, const char *begin,
                        void (*take)(struct line *, struct linux_guest *, const char *,
                                     const char *))
{
	const char *option, *word;

	for (l->at = begin, option = next_word(l); option; option = word) {
		word = next_word(l);
		if (option[0] != '-' || !word)
			continue;
		take(l, out, option + 1 + (option[1] == '-'), word);
	}
}

static void first_look(struct line *l, struct linux_guest *out, const char *option,
                       const char *word)
{
	if (strcmp(option, "m") == 0)
		take_size(l, word);
	else if (strcmp(option, "name") == 0)
		take_name(out, word);
	else if (strcmp(option, "object") == 0)
		take_object(l, word);
}

static void second_look(struct line *l, struct linux_guest *out, const char *option,
                        const char *word)
{
	(void)out;
	if (strcmp(option, "numa") == 0 || strcmp(option, "machine") == 0 ||
	    strcmp(option, "M") == 0 || strcmp(option, "device") == 0)
		take_reference(l, option, word);
}

static void add_block(struct linux_guest *out, uint64_t bytes)
{
	if (out->n < LINUX_BLOCKS_MAX)
		out->bytes[out->n++] = bytes;
}

static void order_blocks(const struct line *l, struct linux_guest *out)
{
	int order, next;
	uint32_t i;

	if (l->base)
		add_block(out, l->m_bytes);
	for (order = 0; order >= 0; order = next) {
		next = -1;
		for (i = 0; i < l->n; i++) {
			if (l->object[i].order == order)
				add_block(out, l->object[i].bytes);
			if (l->object[i].order > order &&
			    (next < 0 || l->object[i].order < next))
				next = l->object[i].order;
		}
	}
}

static bool is_qemu(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	return strncmp(name, "qemu-system-", 12) == 0 || strcmp(name, "qemu-kvm") == 0 ||
	       strcmp(name, "kvm") == 0;
}

void linux_guest_read(const char *cmdline, size_t bytes, struct linux_guest *out)
{
	struct line l;

	memset(out, 0, sizeof(*out));
	memset(&l, 0, sizeof(l));
	if (!bytes || !is_qemu(cmdline))
		return;
	l.end = cmdline + bytes;
	l.m_bytes = 128 * MIB;
	l.base = true;
	each_option(&l, out, cmdline, first_look);
	each_option(&l, out, cmdline, second_look);
	order_blocks(&l, out);
}

/* Does areas[i] go on where the one before ended, in the same object? A policy or a piece
 * of advice for a part splits a mapping. */
static bool goes_on(const struct linux_area *before, const struct linux_area *a)
{
	return a->start == before->end && a->inode == before->inode && a->writable &&
	       a->shared == before->shared && a->huge_bytes == before->huge_bytes &&
	       (!a->inode || a->offset == before->offset + (before->end - before->start));
}

static bool is_taken(const size_t *from, const size_t *to, uint32_t blocks, size_t first,
                     size_t end)
{
	uint32_t i;

	for (i = 0; i < blocks; i++)
		if (first < to[i] && from[i] < end)
			return true;
	return false;
}

/* Where a run of this size that ends before areas[end] begins; `end` if there is none. */
static size_t run_before(const struct linux_area *areas, size_t end, uint64_t bytes)
{
	size_t i = end;

	while (i > 0 && areas[end - 1].end - areas[i - 1].start <= bytes &&
	       (i == end || goes_on(&areas[i - 1], &areas[i])))
		i--;
	if (i == end || areas[end - 1].end - areas[i].start != bytes)
		return end;
	return areas[i].writable && areas[i].memory ? i : end;
}

/* The highest first: QEMU maps blocks in the order of their creation, and the kernel from
 * the top down. */
static bool find_block(const struct linux_area *areas, size_t n, uint64_t bytes,
                       size_t *from, size_t *to, uint32_t block)
{
	size_t end, first;

	for (end = n; end > 0; end--) {
		first = run_before(areas, end, bytes);
		if (first == end || is_taken(from, to, block, first, end))
			continue;
		from[block] = first;
		to[block] = end;
		return true;
	}
	return false;
}

bool linux_guest_find(const struct linux_guest *guest, const struct linux_area *areas,
                      size_t n, size_t *from, size_t *to)
{
	uint32_t i;

	for (i = 0; i < guest->n; i++)
		if (!find_block(areas, n, guest->bytes[i], from, to, i))
			return false;
	return guest->n > 0;
}
