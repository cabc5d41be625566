/* SPDX-License-Identifier: GPL-2.0-or-later
 * The control socket RUN_DIR/control (0660): one line of JSON in, one out or
 * more of a search, then it is closed. A request's member "do" is a row of
 * agent/base/commands.h, which has its other members, too, but for
 *   events [follow] (events.h), scan [keys] [for], probe keys: lines
 *   {"found": ...} and {"progress": ...}, at the end {"done": true} or
 *   {"error": ...},
 *   trace [for]: lines {"frame": ...}, at the end {"done": true}.
 * An answer that went wrong has the member "error". */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H
#include <stdbool.h>
#include <stdint.h>

struct gateway;

/* 0 or -errno (logged). Another daemon's live socket is -EADDRINUSE. */
int control_open(struct gateway *gateway, const char *run_dir);
void control_close(void);
/* Peers that were hung up on: too many, too slow to ask or to read. */
uint64_t control_dropped(void);

/* One who asked. Gone after peer_end(), or after hung_up() was called. */
struct control_peer;
struct control_peer_ops {
	/* Nobody listens any more: do not touch the peer again. */
	void (*hung_up)(void *owner);
};
/* The answer comes later, from owner. watch: its closing of the connection
 * is noticed at once; who only half closes it hangs up, too. */
void peer_wait(struct control_peer *peer, const struct control_peer_ops *ops,
	       void *owner, bool watch);
/* One line, with its newline, on the heap: it is taken. A peer that leaves
 * 1 MiB unread is cut off: false, and hung_up() was called. */
bool peer_say(struct control_peer *peer, char *line);
/* Nothing more is said. */
void peer_end(struct control_peer *peer);
/* Root, or who runs this daemon. */
bool peer_may_write(const struct control_peer *peer);
#endif
