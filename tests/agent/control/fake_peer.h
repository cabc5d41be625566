/* SPDX-License-Identifier: GPL-2.0-or-later
 * The control socket, replaced: who asks is here, and hears what is said by
 * heard() of who includes this. */
#ifndef TESTS_FAKE_PEER_H
#define TESTS_FAKE_PEER_H
#include <stdbool.h>
#include <stdlib.h>
#include "agent/control/control.h"

struct control_peer {
	const struct control_peer_ops *ops;	/* NULL: it does not wait */
	void *owner;
	bool root, ended;
	unsigned n_lines;
	char lines[65536];		/* what heard() keeps of it */
};

/* One line; nobody speaks to who has been dismissed. */
static void heard(struct control_peer *peer, const char *line);

bool peer_say(struct control_peer *peer, char *line)
{
	heard(peer, line);
	peer->n_lines++;
	free(line);
	return true;
}

void peer_end(struct control_peer *peer)
{
	peer->ops = NULL;
	peer->ended = true;
}

void peer_wait(struct control_peer *peer, const struct control_peer_ops *ops,
	       void *owner, bool watch)
{
	(void)watch;
	peer->ops = ops;
	peer->owner = owner;
}

bool peer_may_write(const struct control_peer *peer)
{
	return peer->root;
}

uint64_t control_dropped(void)
{
	return 0;
}

void control_close(void)
{
}
#endif
