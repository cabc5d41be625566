/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxd --dry-run: polls once, prints the trees, registers nowhere. */
#ifndef AGENT_DRY_RUN_H
#define AGENT_DRY_RUN_H
#include <stdint.h>

struct gateway;

/* When every device has been tried (or 30 s are over): prints and stops the
 * gateway. Returns when to call again; INT64_MAX: this is no dry run. */
int64_t dry_run_turn(struct gateway *gateway, int64_t now);
#endif
