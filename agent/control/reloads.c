/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who asks for a reload hears of it when it has been read and applied. */
#include "agent/control/reloads.h"
#include <stdlib.h>
#include "agent/control/dispatch.h"
#include "agent/control/control.h"
#include "agent/control/status.h"
#include "agent/gateway/loop.h"

/* No more than there are peers. */
struct waiting {
	struct waiting *next;
	struct control_peer *peer;
	uint64_t number;		/* of the reload */
};

static struct waiting *waiting;

static void waiting_leave(void *owner)
{
	struct waiting **at = &waiting;

	while (*at != owner)
		at = &(*at)->next;
	*at = (*at)->next;
	free(owner);
}

void command_reload(struct gateway *g, struct control_peer *peer,
		    struct json_object *request, int64_t now)
{
	static const struct control_peer_ops ops = {.hung_up = waiting_leave};
	uint64_t number = loop_reload();
	struct waiting *w;

	(void)request;
	(void)now;
	if (!number) {
		peer_reply(peer, status_reload(g, false));
		return;
	}
	w = malloc(sizeof(*w));
	if (!w)
		abort();
	*w = (struct waiting){waiting, peer, number};
	waiting = w;
	peer_wait(peer, &ops, w, false);
}

void reloads_answer(struct gateway *g, uint64_t number, bool done)
{
	for (struct waiting **at = &waiting, *w; (w = *at); ) {
		struct control_peer *peer = w->peer;

		if (w->number > number) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
		peer_wait(peer, NULL, NULL, false);
		peer_reply(peer, status_reload(g, done));
	}
}
