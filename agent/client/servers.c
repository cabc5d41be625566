/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/client/servers.h"
#include <stdlib.h>

void servers_add(struct servers *all, struct server *s, enum server_kind kind)
{
	s->kind = kind;
	s->next = all->first;
	all->first = s;
}

struct server *servers_next(const struct servers *all, enum server_kind kind,
			    const struct server *after)
{
	struct server *s = after ? after->next : all->first;

	while (s && s->kind != kind)
		s = s->next;
	return s;
}

/* The configuration names the others: they stay without a client, too. */
static bool server_is_needed(const struct server *s)
{
	return s->n_clients || s->kind == SERVER_CONFIGURED ||
	       s->kind == SERVER_BOOTSTRAP;
}

/* One may have come while they were looked after, so not in one go. */
static void servers_unneeded_free(struct servers *all)
{
	for (struct server **at = &all->first, *s; (s = *at); ) {
		if (server_is_needed(s)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		server_destroy(s);
	}
}

int64_t servers_turn(struct servers *all, int64_t now)
{
	int64_t due = INT64_MAX, next;

	for (struct server *s = all->first; s; s = s->next) {
		next = server_turn(s, now);
		due = next < due ? next : due;
	}
	/* Who found no way over one transport, waits at the other now. */
	for (struct server *s = all->first; s; s = s->next) {
		next = s->other && s->first ? server_turn(s, now) : INT64_MAX;
		due = next < due ? next : due;
	}
	servers_unneeded_free(all);
	return due;
}

void servers_finish(struct servers *all)
{
	for (struct server *s; (s = all->first); ) {
		all->first = s->next;
		server_destroy(s);
	}
	free(all->configured);
}
