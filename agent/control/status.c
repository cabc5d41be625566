/* SPDX-License-Identifier: GPL-2.0-or-later
 * From the gateway's structs to JSON. */
#include <json-c/json.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/control/add.h"
#include "agent/control/dispatch.h"
#include "agent/client/client_carry.h"
#include "agent/coap/credentials.h"
#include "agent/endpoint/transaction.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/endpoint.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/loop.h"
#include "agent/config/config_card_key.h"
#include "agent/config/config_pin.h"
#include "agent/config/config_token.h"
#include "agent/config/object_set.h"
#include "agent/control/found.h"
#include "agent/control/overview.h"
#include "agent/store/backlog.h"
#include "agent/control/status.h"
#include "objects/codec.h"

#define SECOND INT64_C(1000000000)
#define COUNTS_MAX 32

#define json struct json_object

static void add_code(json *to, uint8_t code)
{
	char text[8];

	snprintf(text, sizeof(text), "%u.%02u", code >> 5, code & 31);
	if (code)
		add_text(to, "last_answer",
			 code == CLIENT_NO_ANSWER ? "none" : text);
}

static void add_location(json *to, const struct client *c)
{
	char text[300] = "";
	struct buf out = buf_over(text, sizeof(text) - 1);

	for (size_t i = 0; i < c->n_location; i += 1 + (size_t)c->location[i]) {
		buf_byte(&out, '/');
		buf_put(&out, c->location + i + 1, c->location[i]);
	}
	if (!out.full && out.used)
		add_text(to, "location", text);
}

/* "192.0.2.1:5684"; nothing before the name is looked up. */
static void add_peer(json *to, const struct server *s)
{
	char host[NI_MAXHOST], port[NI_MAXSERV], text[NI_MAXHOST + NI_MAXSERV];
	bool v6 = s->address.ss_family == AF_INET6;

	if (!s->length || getnameinfo((const struct sockaddr *)&s->address,
				      s->length, host, sizeof(host), port,
				      sizeof(port),
				      NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	snprintf(text, sizeof(text), v6 ? "[%s]:%s" : "%s:%s", host, port);
	add_text(to, "peer", text);
}

/* What keeps it from its server; which try that is, or was, and when the next
 * one is. */
static void add_trouble(json *to, const struct client *c, int64_t now)
{
	const struct registration *r = &c->registration;
	bool waits = r->state == REGISTRATION_WAITING;
	char trouble[600];	/* with the path of a key file */

	client_trouble(c, trouble, sizeof(trouble));
	if (!*trouble)
		return;
	add_text(to, "trouble", trouble);
	add_int(to, "try", r->sequence * client_policy(c).retry_count +
			   r->attempt + !waits);
	if (waits && r->next != INT64_MAX)
		add_int(to, "next_try", r->next > now ?
			(r->next - now) / 1000000000 : 0);
}

/* How it is protected, since when, and what is wrong with it. */
static void add_session(json *to, const struct client *c, int64_t now)
{
	static const char *const modes[] = {
		[SECURITY_NOSEC] = "nosec", [SECURITY_PSK] = "psk",
		[SECURITY_RPK] = "rpk", [SECURITY_X509] = "x509",
	};
	struct coap_description session = {NULL, false, 0};

	if (client_line(c))
		session = coap_describe(client_line(c));
	add_text(to, "security", modes[c->server->conf->security]);
	add_peer(to, c->server);
	add_text(to, "cipher_suite", session.up ? session.suite : NULL);
	if (session.since)
		add_seconds(to, "session_age", now - session.since);
	add_trouble(to, c, now);
}

/* What a server watches: paths, and the periods in force, in s. */
static json *observation_json(const struct observation *o)
{
	json *to = json_object_new_object();
	json *paths = json_object_new_array();
	const struct lwm2m_path *path;
	char text[PATH_TEXT_MAX];

	for (size_t i = 0; (path = observe_path(o, i)); i++) {
		path_format(path, text);
		json_object_array_add(paths, json_object_new_string(text));
	}
	json_object_object_add(to, "paths", paths);
	if (o->pmin)
		add_int(to, "pmin", o->pmin);
	if (o->pmax)
		add_int(to, "pmax", o->pmax);
	return to;
}

static json *observed_json(const struct endpoint *e)
{
	json *list = json_object_new_array();

	for (size_t i = 0; i < e->n_clients; i++)
		for (const struct observation *o = e->clients[i].observations;
		     o; o = o->next) {
			json *to = observation_json(o);

			add_int(to, "server", e->clients[i].server->conf->id);
			json_object_array_add(list, to);
		}
	return list;
}

/* Of one whose way is the gateway's: what servers ask it by. */
static void add_prefix(json *to, const struct client *c)
{
	struct lwm2m_path path = path_root();
	char text[PATH_TEXT_MAX];

	path.id[PATH_DEVICE] = client_device(c);
	path_format(&path, text);
	if (client_is_carried(c))
		add_text(to, "prefix", text + 1);
}

static json *client_json(const struct client *c, int64_t now)
{
	json *to = json_object_new_object();
	int64_t n = 0;

	for (const struct observation *o = c->observations; o; o = o->next)
		n++;
	add_int(to, "server", c->server->conf->id);
	add_text(to, "uri", c->server->conf->uri);
	add_text(to, "state", registration_state_name(
		 (enum registration_state)c->registration.state));
	add_prefix(to, c);
	add_text(to, "lwm2m", registration_version(&c->registration));
	add_int(to, "lifetime", c->registration.lifetime);
	add_int(to, "observations", n);
	if (c->forward && c->forward->n)
		add_int(to, "waiting", c->forward->n);
	add_code(to, c->last_code);
	add_session(to, c, now);
	add_location(to, c);
	if (c->endpoint->conf->queue)
		add_seconds(to, "awake", awake_is_open(&c->awake, now) ?
			    c->awake.until - now : 0);
	return to;
}

/* Of whom the endpoint has its servers, and when. */
static void add_bootstrap(json *to, const struct endpoint *e, int64_t now)
{
	const struct client_bootstrap *b = e->bootstrap;
	json *of;

	if (!b)
		return;
	of = json_object_new_object();
	add_text(of, "uri", b->server->conf->uri);
	add_text(of, "state", bootstrap_state_name(
		 (enum bootstrap_state)b->machine.state));
	add_text(of, "accounts", b->account ? "bootstrapped" :
		 endpoint_own_clients(e) ? "configured" : "none");
	if (b->when)
		add_seconds(of, "age", services_wall(e->services, now) -
			    b->when);
	add_text(of, "error", b->why);
	add_code(of, b->last_code);
	json_object_object_add(to, "bootstrap", of);
}

static void add_counts(json *to, struct bus *bus, struct bus_device *device)
{
	struct bus_count counts[COUNTS_MAX];
	size_t n = bus ? bus_counts(bus, device, counts, COUNTS_MAX) : 0;
	json *list = json_object_new_object();

	for (size_t i = 0; i < n; i++)
		if (counts[i].n)
			add_int(list, counts[i].name, (int64_t)counts[i].n);
	json_object_object_add(to, "counts", list);
}

/* What it is asked for, and what comes, where that is less. */
static void add_pace(json *to, const struct endpoint *e, int64_t now)
{
	struct bus_pace pace = {0, 0};
	char text[96];

	if (e->bus && e->bus->bus && e->device)
		pace = bus_pace(e->bus->bus, e->device);
	if (!pace.gets)
		return;
	snprintf(text, sizeof(text), "asked %.3gs, gets %.2gs%s",
		 (double)pace.asked / (double)SECOND,
		 (double)pace.gets / (double)SECOND,
		 bus_load(e->bus->bus, now) >= BUS_FULL ?
			": the line is full" : "");
	add_text(to, "late", text);
	add_seconds(to, "period_asked", pace.asked);
	add_seconds(to, "period", pace.gets);
}

static size_t registered_count(const struct endpoint *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_clients; i++)
		n += client_is_registered(&e->clients[i]);
	return n;
}

static bool all_registered(const struct endpoint *e)
{
	if (e->bootstrap && !endpoint_own_clients(e))
		return false;		/* it has no servers yet */
	return registered_count(e) == e->n_clients;
}

static bool any_registered(const struct endpoint *e)
{
	return registered_count(e) || all_registered(e);
}

static json *endpoint_json(const struct endpoint *e, int64_t now)
{
	json *to = json_object_new_object();
	json *clients = json_object_new_array();
	char why[300];

	add_text(to, "endpoint", e->conf->endpoint);
	add_text(to, "state", e->leaving ? "leaving" :
		 liveness_state_name((enum liveness_state)e->life.state));
	add_text(to, "bus", e->conf->bus);
	add_text(to, "profile", e->conf->profile);
	if (e->life.heard)
		add_seconds(to, "age", now - e->life.seen);
	endpoint_trouble(e, now, why, sizeof(why));
	if (*why)
		add_text(to, "error", why);
	if (e->tries)
		add_int(to, "tries", e->tries);
	if (transactions_deferred(e).n)
		add_int(to, "held", (int64_t)transactions_deferred(e).n);
	if (e->rssi)
		add_int(to, "rssi", e->rssi);
	for (size_t i = 0; i < e->n_clients; i++)
		json_object_array_add(clients, client_json(&e->clients[i], now));
	json_object_object_add(to, "servers", clients);
	add_bootstrap(to, e, now);
	add_pace(to, e, now);
	if (e->bus)
		add_counts(to, e->bus->bus, e->device);
	return to;
}

static json *bus_json(const struct gateway_bus *b, int64_t now)
{
	json *to = json_object_new_object();

	add_text(to, "bus", b->conf->name);
	add_text(to, "adapter", b->conf->adapter);
	add_bool(to, "open", b->open && !b->hangs);
	if (b->hangs)
		add_text(to, "error", "hangs in a call into its adapter");
	else if (!b->open)
		add_text(to, "error", b->trouble ? b->trouble : "not open yet");
	if (b->bus && bus_load(b->bus, now) >= 0)
		add_tenths(to, "load", bus_load(b->bus, now) / 10.0);
	add_counts(to, b->bus, NULL);
	return to;
}

/* To sleep is what a sleeper is for. */
static bool is_there(const struct endpoint *e)
{
	return e->life.state == LIVENESS_ONLINE ||
	       e->life.state == LIVENESS_ASLEEP;
}

/* healthy: everything is as configured; down: nothing works. */
static const char *gateway_health(const struct gateway *g, int64_t now)
{
	size_t good = 0, works = 0;
	bool buses = true;

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e)) {
		good += is_there(e) && all_registered(e);
		works += is_there(e) && any_registered(e);
	}
	for (const struct gateway_bus *b = g->buses; b; b = b->next)
		buses &= (b->open && !b->hangs) || b->for_search;
	if (good == g->services.n_endpoints && !g->n_refused && buses &&
	    !g->errors.n &&
	    overview_is_well(g, now))
		return "healthy";
	return works ? "degraded" : "down";
}

static json *error_json(const char *text)
{
	json *to = json_object_new_object();

	add_text(to, "error", text);
	return to;
}

static json *no_endpoint_json(const char *name)
{
	char text[320];

	snprintf(text, sizeof(text), "no such endpoint: %s", name);
	return error_json(text);
}

json *status_of(struct gateway *g, const char *name, int64_t now)
{
	struct endpoint *e = gateway_endpoint(g, name);
	json *to, *list;

	for (size_t i = 0; !e && i < g->n_refused; i++)
		if (!strcmp(g->refused[i]->endpoint, name)) {
			list = json_object_new_array();
			json_object_array_add(list,
					      overview_refused(g->refused[i]));
			to = json_object_new_object();
			json_object_object_add(to, "endpoints", list);
			add_text(to, "health", "down");
			return to;
		}
	if (!e)
		return no_endpoint_json(name);
	to = endpoint_json(e, now);
	json_object_object_add(to, "observed", observed_json(e));
	list = json_object_new_array();
	json_object_array_add(list, to);
	to = json_object_new_object();
	json_object_object_add(to, "endpoints", list);
	add_text(to, "health", !is_there(e) ? "down" :
		 all_registered(e) ? "healthy" : "degraded");
	return to;
}

static json *findings_json(const struct config_errors *errors)
{
	json *list = json_object_new_array();

	for (const struct config_error *e = errors->first; e; e = e->next) {
		char *text = config_error_line(e);

		json_object_array_add(list, json_object_new_string(text));
		free(text);
	}
	return list;
}

/* How long the room lasts at the rate of this outage: that of the disk, which is
 * the larger one, as long as it can be written to. */
static void add_hours(json *to, const struct forwarding *w,
		      const struct backlog_counts *log, int64_t now)
{
	bool disk = w->backlog && !log->error;
	double bytes = disk ? (double)log->bytes : (double)w->budget.used;
	double room = disk ? (double)log->most : (double)w->budget.most;
	double age = (double)(now - w->begun);

	if (!w->waiting || w->begun_n < 2 || age <= 0 || bytes <= 0)
		return;
	room = (room - bytes) / (bytes / (double)w->waiting) /
	       (double)w->begun_n * age / 3600e9;
	add_tenths(to, "hours_left", room);
}

static json *store_json(const struct gateway *g, int64_t now)
{
	const struct forwarding *w = g->services.forwarding;
	struct backlog_counts log = {0};
	json *to = json_object_new_object();

	if (w->backlog)
		log = backlog_counts(w->backlog);
	add_int(to, "waiting", (int64_t)w->waiting);
	add_int(to, "memory", (int64_t)w->budget.used);
	add_int(to, "disk", (int64_t)log.bytes);
	add_int(to, "kept", (int64_t)w->counts.kept);
	add_int(to, "delivered", (int64_t)w->counts.delivered);
	add_int(to, "dropped", (int64_t)w->counts.dropped);
	add_int(to, "superseded", (int64_t)w->counts.superseded);
	add_int(to, "refused", (int64_t)w->counts.refused);
	if (w->counts.unexpected)
		add_int(to, "unexpected", (int64_t)w->counts.unexpected);
	add_hours(to, w, &log, now);
	return to;
}

json *status_head(struct gateway *g, int64_t now)
{
	json *to = json_object_new_object();
	json *buses = json_object_new_array();
	json *sms = overview_sms(g), *card = overview_card(g);

	add_text(to, "gateway", g->name);
	add_text(to, "version", g->services.version);
	add_int(to, "time", services_wall(&g->services, now) / SECOND);
	add_seconds(to, "uptime", now - g->started);
	add_text(to, "health", gateway_health(g, now));
	json_object_object_add(to, "reasons", overview_reasons(g, now));
	if (!wall_is_known(services_wall(&g->services, now)))
		add_text(to, "clock", "not set");
	json_object_object_add(to, "servers", overview_servers(g, now));
	for (const struct gateway_bus *b = g->buses; b; b = b->next)
		json_object_array_add(buses, bus_json(b, now));
	json_object_object_add(to, "buses", buses);
	if (sms)
		json_object_object_add(to, "sms", sms);
	if (card)
		json_object_object_add(to, "smartcard", card);
	json_object_object_add(to, "store", store_json(g, now));
	json_object_object_add(to, "findings", findings_json(&g->errors));
	json_object_object_add(to, "found", found_json(g, now));
	return to;
}

json *status_all(struct gateway *g, int64_t now)
{
	json *to = status_head(g, now);
	json *endpoints = json_object_new_array();

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		json_object_array_add(endpoints, endpoint_json(e, now));
	for (size_t i = 0; i < g->n_refused; i++)
		json_object_array_add(endpoints, overview_refused(g->refused[i]));
	json_object_object_add(to, "endpoints", endpoints);
	return to;
}

static json *slot_json(const struct endpoint *e,
		       const struct lwm2m_path *path,
		       const struct tree_slot *slot, int64_t now)
{
	static const char *const qualities[] = {
		[TREE_GOOD] = "good", [TREE_EMPTY] = "no value yet",
		[TREE_BAD] = "bad",
	};
	const struct object_model *model = config_device_model(e->conf);
	const struct resource_def *def = model_resource(model, path->id[0],
							path->id[2]);
	char text[4096], computed[1024];
	struct buf out = buf_over(text, sizeof(text) - 1);
	struct buf texts = buf_over(computed, sizeof(computed));
	struct lwm2m_value value = endpoint_value(e, path, slot, now, &texts);
	json *to = json_object_new_object();

	path_format(path, text);
	add_text(to, "path", text);
	add_text(to, "name", def ? def->name : NULL);
	add_text(to, "unit", object_unit(model, path->id[0], path->id[2]));
	add_text(to, "quality", qualities[slot->quality]);
	value_format(&value, &out);
	text[out.used] = 0;
	if (value.type != LWM2M_NONE)
		add_text(to, "value", text);
	if (slot->time)
		add_seconds(to, "age", services_wall(e->services, now) -
			    slot->time);
	return to;
}

json *status_read(struct gateway *g, const char *name, const char *text,
		  int64_t now)
{
	struct endpoint *e = gateway_endpoint(g, name);
	struct tree_cursor at = {0, 0};
	struct lwm2m_path scope, path;
	const struct tree_slot *slot;
	json *to, *list;

	if (!e)
		return no_endpoint_json(name);
	if (path_parse(text, strlen(text), &scope) < 0)
		return error_json("not a path: /object/instance/resource");
	if (!tree_exists(&e->tree, &scope))
		return error_json("the endpoint has nothing at this path");
	to = json_object_new_object();
	list = json_object_new_array();
	while ((slot = tree_next(&e->tree, &scope, &at, &path)))
		json_object_array_add(list, slot_json(e, &path, slot, now));
	json_object_object_add(to, "resources", list);
	return to;
}

json *status_check(struct gateway *g)
{
	json *to = json_object_new_object();
	struct config_errors errors;
	struct config *config;

	config_errors_init(&errors);
	config = config_load(&g->services.dirs, &errors);
	if (config) {
		gateway_fits(config, &errors);
		credentials_find(config, g->services.dirs.config, &errors);
		config_token_find(config, g->services.dirs.config, &errors);
		config_pin_find(config, g->services.dirs.config, &errors);
		config_card_key_find(config, g->services.dirs.config, &errors);
	}
	add_bool(to, "good", !errors.n);
	json_object_object_add(to, "findings", findings_json(&errors));
	config_free(config);
	config_errors_finish(&errors);
	return to;
}

/* Is each finding about one device alone? Not where a file or a bus went. */
static bool refuses_devices_only(const struct config_errors *errors)
{
	for (const struct config_error *e = errors->first; e; e = e->next)
		if (!e->device && !e->warning)
			return false;
	return true;
}

json *status_reload(struct gateway *g, bool done)
{
	json *to = json_object_new_object();

	add_bool(to, "reloaded", done);
	add_bool(to, "whole", refuses_devices_only(&g->errors));
	json_object_object_add(to, "findings", findings_json(&g->errors));
	return to;
}
