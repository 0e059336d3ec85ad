/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "modes.h"

#include <stddef.h>
#include <string.h>

static const struct mode modes[] = {
	{"vanilla", "flips, and nothing done about them", false, NULL, false, NULL, 'v'},
	{"copy", "Xen's answer: packets are copied", true, NULL, false, NULL, 'c'},
	{"pool-static", "a pool of the size found by calibration", false, "static", true, NULL,
	 's'},
	{"pool-dynamic", "a pool sized by Algorithm 1", false, "algorithm1", false, NULL, 'd'},
	{"pool-window", "a pool sized by the window maximum", false, "window", false, NULL, 'w'},
	{"migrate-period", "repatriation every period_flip", false, NULL, false, "period", 'p'},
	{"migrate-amount", "repatriation at remote_memSize", false, NULL, false, "amount", 'a'},
	{"hybrid", "pool-window, brought home when idle", false, "window", false, "age", 'h'},
};

const struct mode *mode_at(uint32_t index)
{
	return index < sizeof(modes) / sizeof(modes[0]) ? &modes[index] : NULL;
}

const struct mode *mode_find(const char *name)
{
	const struct mode *m;
	uint32_t i;

	for (i = 0; (m = mode_at(i)) != NULL; i++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}
