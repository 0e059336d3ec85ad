/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#define _GNU_SOURCE
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "memory.h"

void *memory_pages(size_t pages)
{
	const size_t bytes = pages * PAGE_BYTES;
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, bytes,
	        MADV_NOHUGEPAGE); /* a kernel without large pages is fine too */
	if (mlock(at, bytes) != 0) {
		munmap(at, bytes);
		return NULL;
	}
	return at; /* each has a frame of its own now */
}

void memory_give_back(void *at, size_t pages)
{
	munmap(at, pages * PAGE_BYTES);
}

/* The first word of a page in a pass; the others follow from it. */
static uint64_t first_word(uint64_t seed, size_t page, uint64_t pass)
{
	uint64_t x = seed + page * 0x9e3779b97f4a7c15u + pass * 0xd1342543de82ef95u;

	x ^= x >> 31;
	return x * 0xbf58476d1ce4e5b9u;
}

static void write_page(uint64_t *word, uint64_t x)
{
	for (size_t i = 0; i < PAGE_WORDS; i++, x += 0x9e3779b97f4a7c15u)
		word[i] = x;
}

/* Words that are not as they should be; then each is another. */
static uint64_t check_and_write(uint64_t *word, uint64_t x, uint64_t next)
{
	uint64_t bad = 0;

	for (size_t i = 0; i < PAGE_WORDS; i++) {
		bad += word[i] != x;
		word[i] = next;
		x += 0x9e3779b97f4a7c15u;
		next += 0x9e3779b97f4a7c15u;
	}
	return bad;
}

int memory_start(struct memory *m, size_t pages, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->words = memory_pages(pages);
	if (!m->words)
		return -1;
	m->pages = pages;
	m->seed = seed;
	for (size_t i = 0; i < pages; i++)
		write_page(m->words + i * PAGE_WORDS, first_word(seed, i, 0));
	return 0;
}

void memory_look(struct memory *m)
{
	const uint64_t bad = check_and_write(m->words + m->next * PAGE_WORDS,
	                                     first_word(m->seed, m->next, m->passes),
	                                     first_word(m->seed, m->next, m->passes + 1));

	if (bad > 0 && m->bad_words == 0)
		m->first_bad = m->next;
	m->bad_words += bad;
	if (++m->next == m->pages) {
		m->next = 0;
		m->passes++;
	}
}
