/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Built without Xen's libraries: there is nothing to connect to. */
#include "calls.h"

int xen_calls_open(const struct xen_calls **calls, void **handle)
{
	(void)calls, (void)handle;
	return FNUMA_E_NOTSUP;
}
