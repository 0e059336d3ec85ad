/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The journal: a file of records, one a domain, each written whole before what it tells of
 * is begun. A process that is killed leaves what it wrote to the kernel; a crash of the
 * kernel ends all guests, so nothing here waits for a disk.
 */
#define _DEFAULT_SOURCE
#include "parts.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x4a584e46u /* "FNXJ" */
#define RECORD_BYTES 128u

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

	x->journal = open(x->journal_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (x->journal < 0)
		return FNUMA_E_DENIED;
	if (flock(x->journal, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? FNUMA_E_IN_USE : FNUMA_E_DENIED;
	if (fstat(x->journal, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)(RECORD_BYTES * FNUMA_XEN_DOMAINS_MAX))
		return FNUMA_E_STATE;
	return FNUMA_OK;
}

void journal_close(struct fnuma_xen *x)
{
	if (x->journal >= 0)
		close(x->journal);
	x->journal = -1;
}

int journal_save(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	uint8_t bytes[RECORD_BYTES] = {0};

	r->magic = MAGIC;
	r->sum = sum_of(r);
	memcpy(bytes, r, sizeof(*r));
	return XEN(x, save, x->journal, bytes, sizeof(bytes), (uint64_t)slot * RECORD_BYTES) ?
	       FNUMA_E_DENIED : FNUMA_OK;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	while (n && !bytes[n - 1])
		n--;
	return n == 0;
}

int journal_load(struct fnuma_xen *x, uint32_t slot, struct journal_record *r)
{
	uint8_t bytes[RECORD_BYTES] = {0};
	ssize_t got = pread(x->journal, bytes, sizeof(bytes), (off_t)slot * RECORD_BYTES);

	memset(r, 0, sizeof(*r));
	if (got < 0)
		return FNUMA_E_DENIED;
	if (is_zero(bytes, sizeof(bytes)))
		return FNUMA_OK;
	memcpy(r, bytes, sizeof(*r));
	if (got != sizeof(bytes) || r->magic != MAGIC || r->sum != sum_of(r) ||
	    r->state > JOURNAL_PAUSED || r->scratch_pages > FNUMA_BATCH_MAX)
		return FNUMA_E_STATE;
	return FNUMA_OK;
}
