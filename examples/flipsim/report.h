/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The report: a page of HTML with figures by gnuplot, and what they were drawn from.
 */
#ifndef FLIPSIM_REPORT_H
#define FLIPSIM_REPORT_H

#include "run.h"

/* Can a report be written to this folder, which is made if need be? False: it has been said
 * why not. */
bool report_possible(const char *folder);

/* Write it there. False: it has been said why not. */
bool report_write(const struct run *r, const char *trace, const char *folder);

#endif
