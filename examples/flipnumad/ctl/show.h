/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Answers as text. */
#ifndef FLIPNUMACTL_SHOW_H
#define FLIPNUMACTL_SHOW_H

#include <json-c/json.h>
#include <stdio.h>

void show_list(struct json_object *answer, FILE *out);
void show_domains(struct json_object *answer, FILE *out);
void show_why(struct json_object *answer, FILE *out);

/* So many pages, as one would say it: "12.5 MB". 4 KiB each. */
const char *show_size(int64_t pages, char *to, size_t bytes);

#endif
