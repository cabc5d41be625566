/* SPDX-License-Identifier: GPL-2.0-or-later
 * All servers there are, whoever has named them, in one list: what is to be
 * done for every server is done by one walk over it. Agent thread. */
#ifndef AGENT_SERVERS_H
#define AGENT_SERVERS_H
#include "agent/client/server.h"

struct servers {
	struct server *first;		/* of all, linked by next */
	struct server **configured;	/* of them, by short server id */
	size_t n_configured;
	struct server *bootstrap;	/* the configured one, or NULL */
};

/* From now on it is walked over, and owned. */
void servers_add(struct servers *servers, struct server *server,
		 enum server_kind kind);
/* Looks after each of them; retired and bootstrapped ones without a client are
 * freed. Returns when the next thing is due. ns */
int64_t servers_turn(struct servers *servers, int64_t now);
/* The next of this kind behind `after` (NULL: the first), or NULL. */
struct server *servers_next(const struct servers *servers,
			    enum server_kind kind, const struct server *after);
/* Frees them all. */
void servers_finish(struct servers *servers);
#endif
