/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What every test program includes first. */
#ifndef FNUMA_TEST_H
#define FNUMA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* FNUMA_TEST_H */
