/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "speed.h"

void speed_sim(void)
{
}
