/* SPDX-License-Identifier: GPL-2.0-or-later
 * A soft endpoint: one device of a bus with its object tree and a client for
 * each of its servers. Agent thread. */
#ifndef AGENT_ENDPOINT_H
#define AGENT_ENDPOINT_H
#include "agent/bus/bus.h"
#include "agent/client/client.h"
#include "agent/lwm2m/liveness.h"
#include "objects/tree.h"

struct transaction;
struct endpoint_firmware;
struct statistics;
struct services;
struct gateway_bus;

/* What few endpoints have. */
struct endpoint_optional {
	struct statistics *statistics;	/* NULL: never started */
	struct endpoint_firmware *firmware;	/* NULL: takes no images */
	char *note;			/* the adapter's, or NULL */
	char *why;			/* what its last miss was for people, or
					 * NULL */
	uint32_t *poll_periods;		/* s, of each point: polled as often;
					 * NULL: as configured */
	int64_t reset_at;		/* 3/0/5 was executed: leaves then, and
					 * forgets what was stored; 0: no */
};

/* What stands above endpoints: the gateway, by its functions. Agent thread;
 * none may destroy the endpoint. */
struct endpoint_host {
	/* Its bus: what it is attached to, and its adapter's name. */
	struct bus *(*bus)(const struct gateway_bus *bus);
	const char *(*adapter)(const struct gateway_bus *bus);
	/* All that it waited for has ended: the next turn frees it. */
	void (*gone)(struct endpoint *endpoint);
	/* It has other clients than before. */
	void (*clients_changed)(struct endpoint *endpoint, int64_t now);
	/* It has other objects or instances than before. */
	void (*objects_changed)(struct endpoint *endpoint, int64_t now);
	/* /25/n of the gateway's own, which lists the others; as
	 * endpoint_compute(). */
	bool (*list)(const struct endpoint *endpoint,
		     const struct lwm2m_path *path, struct buf *texts,
		     struct lwm2m_value *value);
};

struct endpoint {
	struct services *services;
	struct endpoint *next_by_name;	/* in its hash chain */
	struct endpoint *next_gone;
	struct config_device *conf;	/* owned */
	struct config_device *successor;	/* starts when this is gone */
	struct gateway_bus *bus;	/* NULL once detached */
	struct bus_device *device;	/* NULL: not attached (any more) */
	struct tree tree;
	struct transaction *transactions;		/* writes under way */
	struct client *clients;		/* n_clients, by server */
	struct client_bootstrap *bootstrap;	/* or NULL */
	struct heap_item due;		/* of life.due and safe_at: its own,
					 * whether it has clients or not */
	struct liveness life;
	int64_t stop_at;		/* leaving: not later than this */
	int64_t safe_at;		/* safe_after is over then; 0: served,
					 * INT64_MAX: it was */
	uint16_t n_clients, clients_room;
	uint16_t errors;		/* bits of enum endpoint_error */
	bool round_done, leaving, gone;
	bool held_back;			/* a server waits for another's turn */
	bool again;			/* starts as it is when it is gone */
	bool last_dirty;		/* last_values.c is to write it down */
	bool has_totals;		/* ... also when it leaves */
	uint32_t last_written;		/* ... and did then: s, monotonic */
	uint32_t tries;			/* without an answer, in a row */
	int32_t error;			/* of the last one */
	int8_t rssi, rssi_told;		/* dBm, 0: not known */
	int16_t rssi_mean;		/* 1/16 dBm: a radio's rise and fall */
	const struct endpoint_optional *optional; /* all endpoints' until it
						 * has something of its own */
};

/* Sends the event to all its clients. */
void endpoint_clients_event(struct endpoint *endpoint,
			    enum registration_event event, int64_t now);
void endpoint_clients_start(struct endpoint *endpoint, int64_t now);
/* endpoint_sequence.c: those whose turn it is; and, when something has come of
 * one of them, those behind it. */
void endpoint_sequence_start(struct endpoint *endpoint, int64_t now);
void endpoint_sequence_go_on(struct endpoint *endpoint, int64_t now);

/* endpoint_carried.c: one with via: gateway, or both, is served behind the
 * gateway's own endpoint, by this prefix (see path.h); again where that has other
 * clients. Any other one is left as it is. */
void endpoint_carry(struct endpoint *endpoint, struct endpoint *gateway,
		    uint16_t device, int64_t now);

/* Those of its clients that register themselves: the first ones. */
size_t endpoint_own_clients(const struct endpoint *endpoint);
/* Makes room for n of these, and for those that are carried beside them. */
void endpoint_clients_alloc(struct endpoint *endpoint, size_t n);
/* Its own clients have been made anew: of those that it had before, the ones that
 * are carried, old[from] .. old[to - 1], go on behind them. */
void endpoint_carried_take(struct endpoint *endpoint, struct client *old,
			   size_t from, size_t to);

/* endpoint_clients.c: what a client knows of its endpoint. */
extern const struct client_host endpoint_client_host;
/* What is at path now goes to all of its servers that take a Send. The number
 * of values, or -ENOENT there is none. */
int endpoint_send(struct endpoint *endpoint, const struct lwm2m_path *path,
		  int64_t now);

/* conf becomes the endpoint's. Attached to its bus at once; bus NULL: the
 * gateway's own endpoint. */
struct endpoint *endpoint_create(struct services *services,
				 struct config_device *conf,
				 struct gateway_bus *bus, int64_t now);
void endpoint_destroy(struct endpoint *endpoint);
/* The optional members, to be changed: its own from now on, and no more the empty
 * ones that endpoints share. */
struct endpoint_optional *endpoint_optional(struct endpoint *endpoint);
/* Deregisters (unless keep), detaches; host->gone() when both are done. What
 * starts then is its successor, whatever was meant before. */
void endpoint_leave(struct endpoint *endpoint, bool keep, int64_t now);
/* May this server have to do with it; does the configuration give it this one? */
bool endpoint_lists_server(const struct endpoint *endpoint, uint16_t id);
bool endpoint_uses_server(const struct endpoint *endpoint, uint16_t id);
/* 3/0/5: leaves a moment later, for servers forget with a registration what they
 * wait for: the answer to this Execute. Forgets what servers and bootstrap have
 * told it, and starts as the configuration has it, unless that has taken it away
 * meanwhile. */
void endpoint_factory_reset(struct endpoint *endpoint, int64_t now);
/* It is gone: the configuration of what starts in its place, or NULL. */
struct config_device *endpoint_successor(struct endpoint *endpoint);
/* Called whenever something ended that leaving waits for. */
void endpoint_left(struct endpoint *endpoint);

/* Its own time has come: see `due`. Set anew where one of the two changes. */
void endpoint_due(struct endpoint *endpoint, int64_t now);
void endpoint_reschedule(struct endpoint *endpoint);

/* What the bus says. */
void endpoint_message(struct endpoint *endpoint,
		      const struct bus_message *message, int64_t now);
/* endpoint_awake.c: what the adapter says of the device; NULL: nothing.
 * Copied. */
void endpoint_note(struct endpoint *endpoint, const char *text);
/* Why it is not well, in words; "": it is. Into the caller's room. */
void endpoint_trouble(const struct endpoint *endpoint, int64_t now,
		      char *text, size_t size);
/* A resource has changed by a server's write, an execute or a reset. */
void endpoint_touched(struct endpoint *endpoint,
		      const struct lwm2m_path *path, int64_t now);
/* What BUS_KEEP of this id brought is written. */
void endpoint_kept(struct endpoint *endpoint, uint64_t id);
/* So many events have been counted at path, the last one at `wall`. */
void endpoint_counted(struct endpoint *endpoint, const struct lwm2m_path *path,
		      int64_t total, int64_t wall, int64_t now);
/* Instances have come or gone. */
void endpoint_objects_changed(struct endpoint *endpoint, int64_t now);
/* Index of the point bound at path, or -1. */
long endpoint_point(const struct endpoint *endpoint,
		    const struct lwm2m_path *path);
/* The device has been restarted: every client registers anew. */
void endpoint_reboot(struct endpoint *endpoint, int64_t now);

/* endpoint_errors.c: the codes of 3/0/11 (Core TS E.4) that are told. */
enum endpoint_error {
	ERROR_LOW_BATTERY = 1,		/* 3/0/9 or 3/0/20 says so */
	ERROR_LOW_SIGNAL = 4,		/* of its radio */
	ERROR_PERIPHERAL = 8,		/* it is silent, or a point of it fails;
					 * of the gateway: a bus is down */
};
#define ERROR_CODE_LAST ERROR_PERIPHERAL
void endpoint_error(struct endpoint *endpoint, enum endpoint_error error,
		    bool on, int64_t now);
void endpoint_errors_reset(struct endpoint *endpoint, int64_t now);
/* How strong its radio is heard, on average; a value has come. */
void endpoint_error_signal(struct endpoint *endpoint, int32_t dbm,
			   int64_t now);
void endpoint_error_sampled(struct endpoint *endpoint,
			    const struct lwm2m_path *path, int64_t now);
bool endpoint_is_faulty(const struct endpoint *endpoint);

/* endpoint_object.c: of a slot that is TREE_COMPUTED; now: ns since 1970.
 * As request.h says of `compute`; owner: the endpoint. */
bool endpoint_compute(void *owner, const struct lwm2m_path *path,
		      const struct tree_slot *slot, int64_t now,
		      struct buf *texts, struct lwm2m_value *value);
/* Of any slot, for people. now: monotonic. */
struct lwm2m_value endpoint_value(const struct endpoint *endpoint,
				  const struct lwm2m_path *path,
				  const struct tree_slot *slot, int64_t now,
				  struct buf *texts);

/* endpoint_link.c */

/* Its radio was heard with so many dBm. A step of 5 dB is news to servers. */
void endpoint_link_heard(struct endpoint *endpoint, int32_t rssi, int64_t now);
/* /4 of the gateway's own endpoint (NULL: it has none), looked at once a
 * minute; returns when next. */
int64_t endpoint_uplink_turn(struct endpoint *endpoint, int64_t now);

/* endpoint_persist.c: what servers have written outlives a restart. A server
 * whose configuration has changed since gets its account from the configuration. */
void endpoint_restore(struct endpoint *endpoint);
void endpoint_store(const struct endpoint *endpoint);

/* So do the attributes that each server has attached; of the clients from this
 * one on. */
void endpoint_attributes_restore(struct endpoint *endpoint, size_t from);
void endpoint_attributes_store(const struct endpoint *endpoint);

/* endpoint_awake.c: what liveness.c says, and what follows for the clients and
 * for what is held. It was heard at `when`; it did not answer; a time that its
 * machine has asked for may have come. */
void endpoint_life_init(struct endpoint *endpoint, int64_t now);
/* As before a restart, if that was within its silent_after: it registers at
 * once, with what it had said. */
void endpoint_life_restore(struct endpoint *endpoint, int64_t now);
void endpoint_heard(struct endpoint *endpoint, int64_t when, int64_t now);
void endpoint_missed(struct endpoint *endpoint,
		     const struct bus_message *message, int64_t now);
void endpoint_life_due(struct endpoint *endpoint, int64_t now);
/* The first round has been tried and it is there: its clients start. */
void endpoint_register_when_ready(struct endpoint *endpoint, int64_t now);
/* In queue mode, and not there just now. */
static inline bool endpoint_is_away(const struct endpoint *endpoint)
{
	return endpoint->conf->queue &&
	       endpoint->life.state != LIVENESS_ONLINE;
}

/* endpoint_quality.c: of the value of a point, by the registry's numbers. */
enum endpoint_quality {
	QUALITY_INVALID = 1,		/* "rejected with certainty" */
	QUALITY_OLD = 2,		/* "rejected with probability" */
	QUALITY_ACCEPTED = 4,
};
void endpoint_quality(struct endpoint *endpoint,
		      const struct config_point *point,
		      enum endpoint_quality quality, int64_t now);

/* endpoint_safe.c: a client has registered, or is registered no more; the time
 * of safe_at may have come; a write goes to the device: where nobody is
 * registered (it was long on its way, or came by SMS or from lwmuxctl), the
 * time runs anew from there. */
void endpoint_served(struct endpoint *endpoint, int64_t now);
void endpoint_safe_due(struct endpoint *endpoint, int64_t now);
void endpoint_commanded(struct endpoint *endpoint, int64_t now);
/* A server has accepted a Register or an Update. */
void endpoint_accepted(struct endpoint *endpoint, int64_t now);

/* endpoint_instance.c: a server has made an instance, or has taken one, or an
 * element, away. */
void endpoint_created(struct endpoint *endpoint, uint16_t server, int64_t now);
void endpoint_deleted(struct endpoint *endpoint,
		      const struct lwm2m_path *path, int64_t now);
/* Objects that may get instances and have none yet, by id, at most
 * CLIENT_EMPTY_MAX; returns how many: those that servers create, and those of
 * optional points, as far as the device has not been heard yet or they tell
 * events. */
size_t endpoint_empty_objects(const struct endpoint *endpoint,
			      const struct object_def **objects);
/* An optional point's, which come with its first value? */
bool endpoint_expects(const struct endpoint *endpoint, uint16_t object);
/* What was at path is not in the tree any more: its attributes go, observers
 * are told. */
void endpoint_gone(struct endpoint *endpoint, const struct lwm2m_path *path,
		   int64_t now);

/* endpoint_tree.c: objects 1 and 3, what the rows of objects build, and an
 * instance per mapped point. */
void endpoint_build(struct endpoint *endpoint, int64_t now);
/* /4 of a device of a radio. */
void endpoint_build_link(struct endpoint *endpoint);
/* Object 1 alone, for clients that are new. */
void endpoint_build_accounts(struct endpoint *endpoint);
/* The instance and slot of a point (an optional one: at its first value). */
void endpoint_build_point(struct endpoint *endpoint,
			  const struct config_point *point);
#endif
