/* SPDX-License-Identifier: GPL-2.0-or-later
 * What all endpoints and clients of a gateway share: where things are stored,
 * kept and timed, and room to work in. The gateway owns it. Agent thread. */
#ifndef AGENT_SERVICES_H
#define AGENT_SERVICES_H
#include "agent/base/heap.h"
#include "agent/base/wall.h"
#include "agent/client/client_ids.h"
#include "agent/client/servers.h"
#include "agent/store/state_lock.h"
#include "agent/store/store.h"
#include "objects/tree.h"

struct client_host;
struct endpoint_host;
struct endpoint_object;
struct forwarding;
struct last_values;
struct request_room;

/* How servers may reach endpoints by SMS. */
struct services_sms {
	bool on;			/* there may be a modem */
	bool unsafe;			/* for more than the trigger */
	const char *number;		/* its own; NULL: not known */
};

/* The smart card that is in the reader, or was last; the gateway's. */
struct services_card {
	const char *reader;		/* NULL: none was read */
	const uint8_t *bytes;		/* EF LwM2M_Bootstrap */
	size_t n;
};

struct services {
	/* What stands above endpoints, and what above clients. */
	const struct endpoint_host *endpoint_host;
	const struct client_host *client_host;
	const struct endpoint_object *const *objects;	/* NULL ends them */
	struct config_dirs dirs;
	const char *version;		/* of the program, or NULL */
	struct store *store;
	struct state_lock lock;		/* of the state directory */
	struct last_values *last;		/* of sleeping devices */
	struct forwarding *forwarding;	/* what waits for servers */
	struct servers servers;
	struct client_ids client_ids;	/* of those that carry others, or
					 * are carried */
	struct tree device;		/* /3/0, /4/0, /7/0, /25/0 that
					 * endpoints share */
	struct tree access;		/* /2/x likewise */
	/* Due times. */
	struct heap endpoints, clients, transactions, bootstraps, firmware;
	uint32_t n_firmware;		/* packages that are not idle */
	size_t n_endpoints;
	struct request_room *request_room;	/* for one at a time */
	uint8_t *answer;		/* room for one while it is made */
	size_t answer_size;
	int64_t routes_at, routes_by;	/* to be looked at, after a change */
	struct services_sms sms;
	struct services_card card;
	struct wall wall;		/* the wall clock beside ours */
	uint64_t next_id;		/* of what is asked of buses */
	bool stopping;
	bool dry;			/* registers nowhere */
	bool was_killed;		/* the run before: devices that start
					 * are made safe first */
};

/* ns since 1970 */
static inline int64_t services_wall(const struct services *services,
				    int64_t now)
{
	return now + services->wall.offset;
}
#endif
