/* SPDX-License-Identifier: GPL-2.0-or-later
 * From a request to a search plan, and from what buses find to JSON lines. */
#include "agent/control/search.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/control/dispatch.h"
#include "agent/control/control.h"
#include "agent/control/found.h"
#include "agent/gateway/gateway.h"
#include "agent/base/nearest.h"
#include "agent/config/plugin.h"
#include "agent/bus/search_plan.h"
#include "agent/config/settings.h"
#include "objects/codec.h"

struct search {
	struct gateway_bus *bus;
	struct search_plan *plan;
	struct control_peer *peer;	/* NULL: it has hung up */
	uint64_t id;
};

/* ---- what is found ---- */

static void add_text(struct json_object *to, const char *key, const char *text)
{
	if (text && *text)
		json_object_object_add(to, key, json_object_new_string(text));
}

static void add_value(struct json_object *to, const struct lwm2m_value *value)
{
	char text[4096];
	struct buf out = buf_over(text, sizeof(text) - 1);

	if (value->type == LWM2M_NONE)
		return;
	value_format(value, &out);
	text[out.used] = 0;
	add_text(to, "value", text);
}

/* Which endpoint it is already, and whether it could become one. */
static void add_hit(struct json_object *to, const struct gateway_bus *b,
		    const char *keys)
{
	struct search_hit hit;

	search_hit_init(&hit, b->conf->ops, keys);
	add_text(to, "of", !*keys ? NULL : hit.of_device ? "device" : "point");
	for (struct endpoint *e = gateway_next(b->gateway, NULL); e;
	     e = gateway_next(b->gateway, e))
		if (e->bus == b && search_hit_is(&hit, e->conf->data)) {
			add_text(to, "configured", e->conf->endpoint);
			break;
		}
	search_hit_finish(&hit);
}

static struct json_object *hit_json(const struct search *s,
				    const struct bus_message *m)
{
	struct json_object *to = json_object_new_object();
	struct json_object *found = json_object_new_object();
	const char *note, *missing;

	add_text(found, "bus", s->bus->conf->name);
	add_text(found, "keys", m->text);
	add_hit(found, s->bus, m->text);
	if (m->point != SEARCH_NO_PROFILE)
		add_text(found, "profile",
			 s->plan->identify[m->point].profile);
	add_value(found, &m->value);
	note = m->text + strlen(m->text) + 1;
	missing = note + strlen(note) + 1;
	add_text(found, "note", note);
	if (*missing)
		add_text(found, "missing", missing);
	if (m->error)
		json_object_object_add(found, "rssi",
				       json_object_new_int(m->error));
	found_keep(found, m->when);
	json_object_object_add(to, "found", found);
	return to;
}

static struct json_object *progress_json(const struct bus_message *m)
{
	struct json_object *to = json_object_new_object();
	struct json_object *progress = json_object_new_object();

	json_object_object_add(progress, "done",
			       json_object_new_int64(m->point));
	json_object_object_add(progress, "of", json_object_new_int64(m->tries));
	json_object_object_add(progress, "left", json_object_new_int64(
		(m->when + 999999999) / 1000000000));
	json_object_object_add(to, "progress", progress);
	return to;
}

/* What the numbers of an adapter mean here. */
static const char *error_text(int error)
{
	switch (error) {
	case EREMOTEIO:
		return "the device refuses that";
	case ETIMEDOUT:
		return "the device does not answer";
	case EHOSTUNREACH:
		return "the device cannot be reached";
	case ENOTSUP:
		return "the adapter has no such search";
	default:
		return strerror(error);
	}
}

static struct json_object *end_json(const struct bus_message *m)
{
	struct json_object *to = json_object_new_object();

	if (m->error)
		add_text(to, "error", m->text ? m->text : error_text(-m->error));
	else
		add_text(to, "note", m->text);
	json_object_object_add(to, "done", json_object_new_boolean(!m->error));
	return to;
}

/* A bus that ran for the search alone is closed. */
static void search_end(struct search *s, const struct bus_message *m)
{
	struct gateway_bus *b = s->bus;

	if (s->peer)
		peer_reply(s->peer, end_json(m));
	b->search = NULL;
	search_plan_free(s->plan);
	free(s);
	if (!b->for_search || b->stopped)
		return;
	b->leaving = b->stopped = true;
	bus_stop(b->bus);
}

void search_message(struct gateway_bus *b, const struct bus_message *m)
{
	struct search *s = b->search;

	if (!s || s->id != m->id)
		return;
	if (m->event == BUS_SEARCHED)
		search_end(s, m);
	else if (m->event == BUS_SEARCHING && s->peer)
		peer_say(s->peer, reply_line(progress_json(m)));
	else if (s->peer)
		peer_say(s->peer, reply_line(hit_json(s, m)));
}

static void hung_up(void *owner)
{
	struct search *s = owner;

	s->peer = NULL;
	bus_search_stop(s->bus->bus, s->id);
}

/* ---- what is asked ---- */

static void refuse_all(struct control_peer *peer,
		       const struct config_errors *errors)
{
	char text[1024] = "";
	size_t used = 0;

	for (const struct config_error *e = errors->first; e; e = e->next)
		if (used < sizeof(text))
			used += (size_t)snprintf(text + used,
						 sizeof(text) - used, "%s%s",
						 used ? "; " : "", e->text);
	peer_refuse(peer, "%s", text);
}

static struct gateway_bus *bus_running(struct gateway *g, const char *name)
{
	struct gateway_bus *b = g->buses;

	/* what a search before has left behind is in nobody's way */
	while (b && (strcmp(b->conf->name, name) ||
		     (b->for_search && b->leaving)))
		b = b->next;
	return b;
}

static void bus_suggest(struct gateway *g, const char *name,
			struct config_errors *errors)
{
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (const struct gateway_bus *b = g->buses; b; b = b->next)
		nearest_offer(&nearest, b->conf->name);
	if (nearest.best)
		config_error_add(errors, (struct place){0}, NULL,
				 "lwmuxd runs no bus '%s'%s", name,
				 nearest_text(&nearest));
}

/* Not configured: it is run as long as the search takes. */
static struct gateway_bus *bus_borrow(struct gateway *g, const char *name,
				      const struct search_key *keys, size_t n,
				      struct config_errors *errors)
{
	struct gateway_bus *b;
	struct config_bus *conf = search_bus_imply(
		name, plugins_of(g->services.dirs.adapters), keys, n, errors);

	if (!conf) {
		bus_suggest(g, name, errors);
		return NULL;
	}
	for (b = g->buses; b; b = b->next)
		if (!b->leaving && buses_share_line(b->conf, conf)) {
			config_error_add(errors, (struct place){0}, NULL,
					 "the bus '%s' is on this line: search "
					 "there", b->conf->name);
			config_bus_free(conf);
			return NULL;
		}
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->gateway = g;
	b->conf = conf;
	b->for_search = true;
	b->bus = bus_start(conf, g->mail);
	if (!b->bus) {
		config_error_add(errors, (struct place){0}, NULL,
				 "the bus cannot run: %s", strerror(errno));
		config_bus_free(conf);
		free(b);
		return NULL;
	}
	b->next = g->buses;
	g->buses = b;
	return b;
}

static size_t keys_take(struct json_object *request, struct search_key *keys)
{
	struct json_object *map;
	size_t n = 0;

	if (!json_object_object_get_ex(request, "keys", &map) ||
	    !json_object_is_type(map, json_type_object))
		return 0;
	json_object_object_foreach(map, key, value) {
		if (n < SEARCH_KEYS_MAX)
			keys[n++] = (struct search_key){
				key, json_object_get_string(value)};
	}
	return n;
}

/* What nobody looks for or hears would be an empty answer after all its time. */
static bool is_searchable(const struct adapter_ops *ops, const char *adapter,
			  bool probe, struct config_errors *errors)
{
	if (ops->search || (ops->turn && !probe))
		return true;
	config_error_add(errors, (struct place){0}, NULL, probe ?
			 "the adapter %s has no probe" :
			 "the adapter %s does not search: its devices are "
			 "those that the configuration declares", adapter);
	return false;
}

static struct search_plan *plan_of(const struct gateway_bus *b,
				   struct json_object *request, bool probe,
				   struct search_key *keys, size_t n,
				   struct config_errors *errors)
{
	const struct gateway *g = b->gateway;
	const char *text = request_text(request, "for");
	struct search_plan *plan;
	int64_t duration = 0;

	if (text && (timespan_parse(text, &duration) < 0 || duration <= 0)) {
		config_error_add(errors, (struct place){0}, NULL,
				 "--for: '%s' is no time, as 10s", text);
		return NULL;
	}
	if (!is_searchable(b->conf->ops, b->conf->adapter, probe, errors))
		return NULL;
	if (b->for_search)		/* the bus has taken its own */
		n = search_keys_split(b->conf->ops, keys, n);
	plan = search_plan_create(b->conf->ops,
				  probe ? ADAPTER_PROBE : ADAPTER_SCAN, keys, n,
				  duration, errors);
	if (plan && !probe)
		search_plan_identify(plan, b->conf->ops, g->services.dirs.config,
				     g->services.dirs.profiles);
	return plan;
}

/* Before a search could begin. */
static void bus_give_back(struct gateway_bus *b)
{
	if (!b->for_search || b->search || b->stopped)
		return;
	b->leaving = b->stopped = true;
	bus_stop(b->bus);
}

static void plan_begin(struct gateway_bus *b, struct control_peer *peer,
		       struct search_plan *plan, bool probe)
{
	static const struct control_peer_ops ops = {.hung_up = hung_up};
	struct search *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->bus = b;
	s->plan = plan;
	s->peer = peer;
	s->id = ++b->gateway->services.next_id;
	if (bus_search(b->bus, plan, s->id) < 0) {
		peer_refuse(peer, "the bus is being closed");
		search_plan_free(plan);
		free(s);
		return;
	}
	b->search = s;
	if (!probe)
		found_begin(b->conf->name);
	peer_wait(peer, &ops, s, true);
}

/* request: bus, keys (texts by name), for ("10s"). A bus that is not
 * configured is run for the search, where it needs no settings. */
static void search_ask(struct gateway *g, struct control_peer *peer,
		       struct json_object *request, bool probe)
{
	const char *name = request_text(request, "bus");
	struct gateway_bus *b = bus_running(g, name);
	struct search_key keys[SEARCH_KEYS_MAX];
	size_t n = keys_take(request, keys);
	struct config_errors errors;
	struct search_plan *plan;

	if (g->services.stopping) {
		peer_refuse(peer, "lwmuxd is about to end");
		return;
	}
	if (b && (b->search || !b->bus || b->leaving)) {
		peer_refuse(peer, b->search ? "a search is under way there" :
			    "the bus is being closed");
		return;
	}
	config_errors_init(&errors);
	if (!b)
		b = bus_borrow(g, name, keys, n, &errors);
	plan = b ? plan_of(b, request, probe, keys, n, &errors) : NULL;
	if (plan)
		plan_begin(b, peer, plan, probe);
	else
		refuse_all(peer, &errors);
	if (b)
		bus_give_back(b);
	config_errors_finish(&errors);
}

void command_scan(struct gateway *g, struct control_peer *peer,
		  struct json_object *request, int64_t now)
{
	(void)now;
	search_ask(g, peer, request, false);
}

void command_probe(struct gateway *g, struct control_peer *peer,
		   struct json_object *request, int64_t now)
{
	(void)now;
	search_ask(g, peer, request, true);
}
