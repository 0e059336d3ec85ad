/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The socket that flipnumactl talks to: JSON lines, many callers, none of whom can hold the
 * daemon up. Who may change things is asked of the kernel.
 */
#ifndef FLIPNUMAD_CONTROL_H
#define FLIPNUMAD_CONTROL_H

#include "engine.h"

#include <systemd/sd-event.h>

#define CONTROL_LINE_BYTES 4096u
#define CONTROL_CLIENTS 32u
/* A caller who does not read what it asked for, or does not end its line, is dropped then. */
#define CONTROL_PATIENCE_S 5u

struct control;

/* Listen, as the configuration says. NULL, or why not. */
const char *control_open(struct control **out, struct engine *e, sd_event *event);
void control_close(struct control *c);

#endif
