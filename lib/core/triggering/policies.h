/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The built-in trigger policies, and what they share. */
#ifndef FNUMA_CORE_TRIGGERING_POLICIES_H
#define FNUMA_CORE_TRIGGERING_POLICIES_H

#include "../num.h"
#include <flipnuma/trigger.h>

/* In the order of fnuma_trigger_builtin(): X(name) stands for fnuma_triggering_<name>. */
#define FNUMA_TRIGGERING_POLICIES(X) \
	X(period) \
	X(amount) \
	X(either) \
	X(age)

#define FNUMA_TRIGGERING_DECLARE(name) \
	extern const struct fnuma_trigger_policy fnuma_triggering_##name;
FNUMA_TRIGGERING_POLICIES(FNUMA_TRIGGERING_DECLARE)
#undef FNUMA_TRIGGERING_DECLARE

#endif /* FNUMA_CORE_TRIGGERING_POLICIES_H */
