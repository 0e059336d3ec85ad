/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The referee's rules, and how it is told of one that was broken. */
#ifndef FNUMA_WRAP_CHECK_H
#define FNUMA_WRAP_CHECK_H

#include "common.h"

void fnuma_wrap_report(struct fnuma_wrap_check *c, const struct fnuma_wrap_call *call,
                       enum fnuma_wrap_culprit culprit, fnuma_gfn page, const char *rule);

/* Rules about what was asked. False if the call cannot be handed on. */
bool fnuma_wrap_check_caller(struct fnuma_wrap_check *c, struct fnuma_wrap_job *job);

/* Rules about what was answered, which is in `job->call.ret` and the arrays. */
void fnuma_wrap_check_backend(struct fnuma_wrap_check *c, const struct fnuma_wrap_job *job);

#endif /* FNUMA_WRAP_CHECK_H */
