/* SPDX-License-Identifier: GPL-2.0-or-later
 * The gateway: its servers, buses and endpoints, and its turn. Start is a reload
 * from nothing. Agent thread. */
#ifndef AGENT_GATEWAY_H
#define AGENT_GATEWAY_H
#include "agent/client/services.h"
#include "agent/endpoint/endpoint.h"

struct gateway_card;
struct gateway_sms;
struct search;
struct trace;

struct gateway_bus {
	struct gateway *gateway;
	struct gateway_bus *next;
	struct config_bus *conf;	/* owned */
	struct config_bus *successor;	/* opens when this one is closed */
	struct bus *bus;		/* NULL: closed, or could not start */
	int64_t start_at;		/* next try where it could not */
	struct search *search;		/* under way, or NULL */
	struct trace *trace;		/* likewise */
	bool open, leaving, stopped;
	bool hangs;			/* in a call into its adapter */
	bool for_search;		/* not configured: ends with it */
	char *trouble;			/* why it is down, or NULL */
};

/* What stands above the gateway, told what concerns it. */
struct gateway_host {
	/* BUS_FOUND, BUS_SEARCHING or BUS_SEARCHED came; not of a bus that is gone. */
	void (*found)(struct gateway_bus *bus, const struct bus_message *message);
	/* BUS_FRAME or BUS_TRACED. */
	void (*traced)(struct gateway_bus *bus,
		       const struct bus_message *message);
	/* The reload of this number, and all before it, have come to their end;
	 * done: it was applied. */
	void (*reloaded)(struct gateway *gateway, uint64_t number, bool done);
	/* It has stopped, and its loop ends: nobody is answered any more. */
	void (*ended)(void);
};

struct gateway {
	const struct gateway_host *host;	/* NULL: nothing */
	struct services services;
	char *name;
	struct mailbox *mail;
	struct mailbox *module_mail;	/* of what is in agent/module/ */
	struct gateway_card *card;	/* configured or not, as is ... */
	struct gateway_sms *sms;
	bool sms_changed;		/* ... by the configuration that is
					 * applied just now */
	struct gateway_bus *buses;
	struct endpoint *itself;	/* the gateway's own, or NULL */
	bool object_25;			/* ... lists the devices: */
	struct endpoint **listed;	/* by instance (listing.c); or NULL */
	size_t next_listed;
	struct endpoint **by_name;	/* hash table */
	size_t n_slots;
	struct config_device **waiting;	/* for their bus to close and open */
	size_t n_waiting;
	struct endpoint *gone;		/* to be freed in the next turn */
	struct config_device **refused;	/* owned; shown in the status */
	size_t n_refused;
	int64_t started;		/* monotonic ns */
	int64_t stop_by;
	struct config_page page;	/* owned */
	unsigned applied;		/* how many configurations were */
	struct config_errors errors;	/* of the last load */
};

static inline struct gateway *gateway_of(const struct endpoint *endpoint)
{
	return (struct gateway *)(void *)((char *)endpoint->services -
					  offsetof(struct gateway, services));
}

/* Directories are borrowed. */
void gateway_init(struct gateway *gateway);
void gateway_finish(struct gateway *gateway);

/* Takes what is different in config (owned from now on); the untouched keep
 * everything. */
void gateway_apply(struct gateway *gateway, struct config *config,
		   int64_t now);
/* Applies what was read anew (both are taken). A wrong main file changes
 * nothing; a file of conf.d, a bus or a device that is wrong is left out, as at
 * a start. g->errors has all findings. false: nothing was changed. */
bool gateway_reload(struct gateway *gateway, struct config *config,
		    struct config_errors *errors, int64_t now);
/* Descriptors that config needs fit under the limit? Else an error is added. */
bool gateway_fits(const struct config *config, struct config_errors *errors);

/* Its thread begins; where that fails, again and again. */
void gateway_bus_start(struct gateway_bus *bus, int64_t now);
/* It has ended: its successor starts, or it is freed. */
void gateway_bus_closed(struct gateway_bus *bus, int64_t now);

/* Messages of the buses; returns whether more are left. */
bool gateway_mail(struct gateway *gateway, int64_t now);
/* What the endpoint's device keeps, as of this number, is written. */
void gateway_kept(void *gateway, const char *endpoint, uint64_t number);
/* All that is due now; returns when the next thing is. */
int64_t gateway_turn(struct gateway *gateway, int64_t now);
void gateway_stop(struct gateway *gateway, int64_t now);
bool gateway_stopped(const struct gateway *gateway);

struct endpoint *gateway_endpoint(const struct gateway *gateway,
				  const char *name);
/* By place: for (e = gateway_next(g, NULL); e; e = gateway_next(g, e)) */
struct endpoint *gateway_next(const struct gateway *gateway,
			      const struct endpoint *after);
/* Starts the device, or keeps it waiting for its bus; conf is taken. */
void gateway_start(struct gateway *gateway, struct config_device *conf,
		   int64_t now);
void gateway_start_waiting(struct gateway *gateway, int64_t now);
void gateway_add(struct gateway *gateway, struct endpoint *endpoint);

/* clock.c: the clocks were read; where the wall clock was set since, all times
 * of this run are corrected. */
void gateway_clock_step(struct gateway *gateway, int64_t offset, int64_t now);
/* reroute.c: addresses, routes or links of this machine have changed: looked at
 * when they have settled. */
void gateway_routes_change(struct gateway *gateway, int64_t now);
int64_t gateway_routes_turn(struct gateway *gateway, int64_t now);
/* "37 endpoints, 35 online, 34 registered": for systemd and people. */
void gateway_summary(const struct gateway *gateway, char *text, size_t size);
#endif
