/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The simulated machine: the mock backend's. Its `at` is the mock.
 */
#ifndef FLIPSIM_MOCKED_H
#define FLIPSIM_MOCKED_H

#include "vm.h"

extern const struct machine mocked;

#endif
