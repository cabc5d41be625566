/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/backlog.h"
#include "agent/control/overview.h"
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "agent/control/add.h"
#include "agent/endpoint/transaction.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/gateway_card.h"
#include "agent/gateway/gateway_sms.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)

#define json struct json_object

/* ---- why ---- */

static void reason_add(json *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void reason_add(json *list, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_object_array_add(list, json_object_new_string(text));
}

static const char *plural_ending(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool is_alone(const struct endpoint *e)
{
	for (size_t i = 0; i < e->n_clients; i++)
		if (!client_is_registered(&e->clients[i]))
			return true;
	return e->bootstrap && !endpoint_own_clients(e);
}

static void endpoints_because(json *list, const struct gateway *g)
{
	size_t silent = 0, unknown = 0, alone = 0;

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e)) {
		silent += e->life.state == LIVENESS_SILENT;
		unknown += e->life.state == LIVENESS_UNKNOWN;
		alone += e->life.state != LIVENESS_SILENT &&
			 e->life.state != LIVENESS_UNKNOWN && is_alone(e);
	}
	if (silent)
		reason_add(list, "%zu endpoint%s silent", silent,
			   plural_ending(silent));
	if (unknown)
		reason_add(list, "%zu endpoint%s not heard yet", unknown,
			   plural_ending(unknown));
	if (alone)
		reason_add(list, "%zu endpoint%s not registered", alone,
			   plural_ending(alone));
	if (g->n_refused)
		reason_add(list, "%zu device%s refused", g->n_refused,
			   plural_ending(g->n_refused));
}

/* 0 or negative errno. What waits for servers has files of its own. */
static int disk_error(const struct gateway *g)
{
	const struct services *s = &g->services;
	int error = s->store ? store_error(s->store) : 0;

	if (!s->store && !s->dry)
		return -ENOENT;
	return error || !s->forwarding->backlog ? error :
	       backlog_counts(s->forwarding->backlog).error;
}

bool overview_is_well(const struct gateway *g, int64_t now)
{
	return !disk_error(g) &&
	       wall_is_known(services_wall(&g->services, now));
}

static void machine_because(json *list, const struct gateway *g, int64_t now)
{
	int error = disk_error(g);

	if (error == -ENOENT)
		reason_add(list, "there is no state directory: nothing "
			   "outlives a restart, and the log says why");
	else if (error)
		reason_add(list, "the state directory cannot be written: %s",
			   strerror(-error));
	if (!wall_is_known(services_wall(&g->services, now)))
		reason_add(list, "the clock is not set: is a time server "
			   "reached (timedatectl)?");
}

static void module_because(json *list, const struct gateway_module *m)
{
	if (m->what && !m->up)
		reason_add(list, "%s: %s", m->name, m->what);
}

/* What keeps clients from being registered at a server. */
struct outlook {
	char trouble[600];	/* of one of them, for all; "": none is known */
	int64_t next;		/* when the first of those that wait tries it
				 * again, monotonic ns; INT64_MAX: none waits */
};

static void outlook_add(struct outlook *o, const struct client **in_trouble,
			const struct client *c)
{
	if (!*in_trouble && (c->trouble || client_is_refused(c)))
		*in_trouble = c;
	if (c->registration.state == REGISTRATION_WAITING &&
	    c->registration.next < o->next)
		o->next = c->registration.next;
}

static struct outlook outlook_of(const struct gateway *g,
				 const struct server *s)
{
	struct outlook o = {.next = INT64_MAX};
	const struct client *c = NULL;

	if (s->n_registered < s->n_clients)
		for (struct endpoint *e = gateway_next(g, NULL); e;
		     e = gateway_next(g, e))
			for (size_t i = 0; i < e->n_clients; i++)
				if (e->clients[i].server == s)
					outlook_add(&o, &c, &e->clients[i]);
	if (!s->length)
		snprintf(o.trouble, sizeof(o.trouble),
			 "its name is not resolved yet: is it spelt so, and "
			 "does DNS answer?");
	else if (c)
		client_trouble(c, o.trouble, sizeof(o.trouble));
	return o;
}

/* Nobody is registered there, over either transport: an outage, or it refuses
 * all. */
static void servers_because(json *list, const struct gateway *g)
{
	struct outlook o;

	for (const struct server *s = g->services.servers.first; s; s = s->next) {
		if (!server_takes_registrations(s) ||
		    !s->n_clients || s->n_registered ||
		    (s->other && s->other->n_registered))
			continue;
		o = outlook_of(g, s);
		reason_add(list, "nobody is registered at server %u (%s)%s%s",
			   s->conf->id, s->conf->uri, *o.trouble ? ": " : "",
			   o.trouble);
	}
}

json *overview_reasons(const struct gateway *g, int64_t now)
{
	json *list = json_object_new_array();

	if (!g->services.n_endpoints && !g->n_refused)
		reason_add(list, "no devices are configured");
	endpoints_because(list, g);
	for (const struct gateway_bus *b = g->buses; b; b = b->next)
		if (b->hangs)
			reason_add(list, "bus %s hangs", b->conf->name);
		else if (!b->open && !b->for_search)
			reason_add(list, "bus %s is down: %s", b->conf->name,
				   b->trouble ? b->trouble : "not open yet");
	if (g->errors.n)
		reason_add(list, "%zu finding%s in the configuration",
			   g->errors.n, plural_ending(g->errors.n));
	module_because(list, gateway_card_module(g->card));
	module_because(list, gateway_sms_module(g->sms));
	servers_because(list, g);
	machine_because(list, g, now);
	return list;
}

/* ---- servers ---- */

static json *server_json(const struct gateway *g, const struct server *s,
			 int64_t now)
{
	static const char *const modes[] = {
		[SECURITY_NOSEC] = "nosec", [SECURITY_PSK] = "psk",
		[SECURITY_RPK] = "rpk", [SECURITY_X509] = "x509",
	};
	struct outlook o = outlook_of(g, s);
	json *to = json_object_new_object();

	add_int(to, "server", s->conf->id);
	add_text(to, "uri", s->conf->uri);
	add_text(to, "security", modes[s->conf->security]);
	add_int(to, "endpoints", (int64_t)s->n_clients);
	add_int(to, "registered", (int64_t)s->n_registered);
	add_int(to, "queued", (int64_t)s->n_waiting);
	if (*o.trouble)
		add_text(to, "trouble", o.trouble);
	if (o.next != INT64_MAX)
		add_int(to, "next_try_time",
			(services_wall(&g->services, now) + o.next - now +
			 SECOND / 2) / SECOND);
	return to;
}

json *overview_servers(const struct gateway *g, int64_t now)
{
	json *list = json_object_new_array();

	for (const struct server *s = g->services.servers.first; s; s = s->next)
		if (server_takes_registrations(s))
			json_object_array_add(list, server_json(g, s, now));
	return list;
}

/* ---- modules ---- */

static json *module_json(const struct gateway_module *m)
{
	json *to = json_object_new_object();

	add_bool(to, "up", m->up);
	add_text(to, m->up ? "with" : "trouble", m->what);
	return to;
}

json *overview_card(const struct gateway *g)
{
	return gateway_card_is_configured(g->card) ?
	       module_json(gateway_card_module(g->card)) : NULL;
}

json *overview_sms(const struct gateway *g)
{
	struct gateway_sms_view view = gateway_sms_look(g->sms);
	json *to, *counts;

	if (!view.conf)
		return NULL;
	to = module_json(view.module);
	add_text(to, "number", view.number);
	counts = json_object_new_object();
	for (int i = 0; i < SMS_OUTCOMES; i++)
		add_int(counts, sms_outcome_name((enum sms_outcome)i),
			(int64_t)view.state->count[i]);
	json_object_object_add(to, "received", counts);
	add_int(to, "sent", (int64_t)view.sent);
	add_int(to, "unsent", (int64_t)view.unsent);
	return to;
}

/* ---- rows ---- */

static json *row_server(const struct client *c)
{
	json *to = json_object_new_object();

	add_int(to, "server", c->server->conf->id);
	add_text(to, "state", registration_state_name(
		 (enum registration_state)c->registration.state));
	if (c->forward && c->forward->n)
		add_int(to, "waiting", c->forward->n);
	return to;
}

static void add_sleeper(json *to, const struct endpoint *e)
{
	const struct lwm2m_path battery = path_resource(
		ID_DEVICE, 0, ID_DEVICE_BATTERY_LEVEL);
	const struct tree_slot *slot = tree_find(&e->tree, &battery);
	double percent = slot ? lwm2m_number(&slot->value) : NAN;

	add_bool(to, "sleeper", true);
	if (!isnan(percent))
		add_int(to, "battery", (int64_t)percent);
}

/* Its point that falls behind its poll the most. */
static void add_pace(json *to, const struct endpoint *e)
{
	struct bus_pace pace = {0, 0};

	if (e->bus && e->bus->bus && e->device)
		pace = bus_pace(e->bus->bus, e->device);
	if (!pace.gets)
		return;
	add_seconds(to, "period_asked", pace.asked);
	add_seconds(to, "period", pace.gets);
}

json *overview_row(const struct endpoint *e, int64_t now)
{
	json *to = json_object_new_object();
	json *servers = json_object_new_array();
	const char *trouble = NULL;

	add_text(to, "endpoint", e->conf->endpoint);
	add_text(to, "state", e->leaving ? "leaving" :
		 liveness_state_name((enum liveness_state)e->life.state));
	add_text(to, "bus", e->conf->bus);
	if (e->life.heard)	/* s since 1970 */
		add_int(to, "heard", (services_wall(e->services, now) -
				      (now - e->life.seen)) / SECOND);
	if (e->conf->queue)
		add_sleeper(to, e);
	for (size_t i = 0; i < e->n_clients; i++) {
		json_object_array_add(servers, row_server(&e->clients[i]));
		trouble = trouble ? trouble : e->clients[i].trouble;
	}
	json_object_object_add(to, "servers", servers);
	if (e->error && e->life.state != LIVENESS_ASLEEP)
		trouble = strerror(-e->error);
	add_text(to, "error", trouble);
	add_pace(to, e);
	if (transactions_deferred(e).n)
		add_int(to, "held", (int64_t)transactions_deferred(e).n);
	if (e->rssi)
		add_int(to, "rssi", e->rssi);
	return to;
}

json *overview_refused(const struct config_device *conf)
{
	json *to = json_object_new_object();

	add_text(to, "endpoint", conf->endpoint);
	add_text(to, "state", "refused");
	add_text(to, "bus", conf->bus);
	add_text(to, "error", conf->refused);
	return to;
}
