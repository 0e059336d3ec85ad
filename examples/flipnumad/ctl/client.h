/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The other end of the daemon's socket. */
#ifndef FLIPNUMACTL_CLIENT_H
#define FLIPNUMACTL_CLIENT_H

#include <json-c/json.h>

/* Ask, and get the answer, which is the caller's; `request` is used up. NULL: there was none,
 * and stderr says why. */
struct json_object *client_ask(const char *socket_path, struct json_object *request);

/* A request: {"do": what}, and "domain" if it is not NULL. */
struct json_object *client_request(const char *what, const char *domain);

/* Parts of an answer; "", 0 or NULL if they are not there. */
const char *text_in(struct json_object *o, const char *key);
int64_t number_in(struct json_object *o, const char *key);
double double_in(struct json_object *o, const char *key);
struct json_object *part_of(struct json_object *o, const char *key);

#endif
