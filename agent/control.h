/* SPDX-License-Identifier: GPL-2.0-or-later
 * The control socket RUN_DIR/control (0660): one line of JSON in, one out,
 * then it is closed. Requests: {"do": "status", "endpoint": NAME?}, "reload", "check",
 * {"do": "read", "endpoint": NAME, "path": PATH}. */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

struct gateway;

/* 0 or -errno (logged). Another daemon's live socket is -EADDRINUSE. */
int control_open(struct gateway *gateway, const char *run_dir);
void control_close(void);
#endif
