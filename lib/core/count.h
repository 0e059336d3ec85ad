/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Statistics: one writer, any number of readers. */
#ifndef FNUMA_CORE_COUNT_H
#define FNUMA_CORE_COUNT_H

#include <flipnuma/port.h>

static inline void fnuma_count(uint64_t *counter, uint64_t by)
{
	fnuma_port_write64(counter, *counter + by);
}

#endif /* FNUMA_CORE_COUNT_H */
