/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The journal: a file of records, one a domain, each written whole before what it tells of
 * is begun. It is memory shared with the kernel: a process that is killed leaves what it
 * wrote, and a crash of the kernel ends all guests, so nothing here waits for anybody.
 *
 * A record is written beside the one that counts, which then is changed for it by one word.
 */
#define _DEFAULT_SOURCE
#include "parts.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x4b584e46u /* "FNXK" */

/* 256 bytes, and none of it written by halves that matter. */
struct journal_slot {
	uint64_t counts;      /* a record's sum with its place in the lowest bits; 0: none */
	struct journal_record record[2];
	uint8_t pad[256 - sizeof(uint64_t) - 2 * sizeof(struct journal_record)];
};

#define BYTES (FNUMA_XEN_DOMAINS_MAX * sizeof(struct journal_slot))
#define PLACES 3u     /* mask of the lowest bits: 2 and 3 are places, so no word is 0 */

/* FNV-1a. */
static uint64_t sum_of(const struct journal_record *r)
{
	const uint8_t *byte = (const uint8_t *)r;
	uint64_t sum = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < offsetof(struct journal_record, sum); i++)
		sum = (sum ^ byte[i]) * 0x100000001b3u;
	return sum;
}

int journal_open(struct fnuma_xen *x)
{
	struct stat st;
	void *at;

	x->journal = open(x->journal_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (x->journal < 0)
		return FNUMA_E_DENIED;
	if (flock(x->journal, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? FNUMA_E_IN_USE : FNUMA_E_DENIED;
	if (fstat(x->journal, &st) || !S_ISREG(st.st_mode) || st.st_size > (off_t)BYTES)
		return FNUMA_E_STATE;
	if (posix_fallocate(x->journal, 0, BYTES)) /* room for all that will be written */
		return FNUMA_E_DENIED;
	at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, x->journal, 0);
	if (at == MAP_FAILED)
		return FNUMA_E_DENIED;
	x->slots = at;
	return FNUMA_OK;
}

void journal_close(struct fnuma_xen *x)
{
	if (x->slots)
		munmap(x->slots, BYTES);
	x->slots = NULL;
	if (x->journal >= 0)
		close(x->journal);
	x->journal = -1;
}

static uint64_t word_for(const struct journal_record *r, uint32_t place)
{
	return (r->sum & ~(uint64_t)PLACES) | 2u | place;
}

void journal_save(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	struct journal_slot *s = &x->slots[slot];
	const uint32_t place = s->counts & 1u ? 0 : 1;

	xen_step(x, "save");
	r->magic = MAGIC;
	r->sum = sum_of(r);
	s->record[place] = *r;
	__atomic_store_n(&s->counts, word_for(r, place), __ATOMIC_RELEASE);
}

int journal_load(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	const struct journal_slot *s = &x->slots[slot];
	const uint32_t place = s->counts & 1u;

	memset(r, 0, sizeof(*r));
	if (!s->counts)
		return FNUMA_OK;
	*r = s->record[place];
	if (r->magic != MAGIC || r->sum != sum_of(r) || s->counts != word_for(r, place) ||
	    r->state > JOURNAL_PAUSED || r->scratch_pages > FNUMA_BATCH_MAX)
		return FNUMA_E_STATE;
	return FNUMA_OK;
}
