/* SPDX-License-Identifier: GPL-2.0-or-later
 * What servers out there take and do not take, in what they are told: `server`,
 * `format` and `ver` of a server. Pure. */
#ifndef AGENT_CONFIG_HABITS_H
#define AGENT_CONFIG_HABITS_H
#include "agent/config/config_block.h"

/* One of those keys. false: it is another one. */
bool config_habit_set(struct config_server *server, const struct entry *entry,
		      struct config_scope *scope);
/* What `server` implies and no key of the block says. */
void config_habits_apply(struct config_server *server,
			 const struct block *block);
/* A copy that outlives the other's configuration. */
void config_habits_copy(struct config_server *to,
			const struct config_server *from);
/* Content-Format of more than one value, where the request names none. */
uint16_t config_server_format(const struct config_server *server,
			      bool lwm2m_1_0);
#endif
