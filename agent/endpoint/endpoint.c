/* SPDX-License-Identifier: GPL-2.0-or-later
 * From what the bus says to the tree, and from the tree to the clients.
 *
 * A value is in the tree, with all that is derived from it, before a client
 * hears of it: clients are told what has changed, and read it from the tree
 * when their message goes out.
 *
 * An endpoint that leaves is there until its bus has given the device back and
 * each client has deregistered or given up. Whoever comes to that end calls
 * endpoint_left(); at the last one the gateway takes the endpoint away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/transaction.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/endpoint/endpoint_access.h"
#include "agent/client/services.h"
#include "agent/endpoint/last_values.h"
#include "agent/base/log.h"
#include "ipso/ipso.h"

#define SECOND INT64_C(1000000000)
#define LEAVE_WITHIN (4 * SECOND)
#define RESET_AFTER SECOND	/* till a server has had our answer */

bool endpoint_lists_server(const struct endpoint *e, uint16_t id)
{
	const struct config_device *conf = e->conf;

	for (size_t i = 0; i < conf->n_servers; i++)
		if (conf->servers[i] == id)
			return true;
	return conf->n_servers == 0;
}

bool endpoint_uses_server(const struct endpoint *e, uint16_t id)
{
	return !(e->bootstrap && e->conf->bootstrap == BOOTSTRAP_FIRST) &&
	       endpoint_lists_server(e, id);
}

static void create_clients(struct endpoint *e, int64_t now)
{
	const struct servers *servers = &e->services->servers;
	size_t n = 0;

	if (e->conf->via == VIA_GATEWAY)
		return;
	client_bootstrap_create(e, now);
	if (endpoint_accounts_clients(e, now))
		return;
	for (size_t i = 0; i < servers->n_configured; i++)
		n += endpoint_uses_server(e, servers->configured[i]->conf->id);
	endpoint_clients_alloc(e, n);
	for (size_t i = 0; i < servers->n_configured; i++) {
		if (!endpoint_uses_server(e, servers->configured[i]->conf->id))
			continue;
		client_init(&e->clients[e->n_clients], e,
			    servers->configured[i], e->n_clients);
		e->n_clients++;
	}
}

static void bus_join(struct endpoint *e)
{
	size_t n = 0;
	uint8_t *kept = store_get(e->services->store, STORE_KEPT,
				  e->conf->endpoint, &n);

	e->device = bus_attach(e->services->endpoint_host->bus(e->bus), e->conf,
			       e, kept, n, e->services->was_killed);
	free(kept);
}

void endpoint_clients_start(struct endpoint *e, int64_t now)
{
	if (e->services->dry)
		return;
	endpoint_sequence_start(e, now);
	client_bootstrap_start(e, now);
}

static const struct endpoint_optional optional_none;

struct endpoint_optional *endpoint_optional(struct endpoint *e)
{
	if (e->optional == &optional_none)
		e->optional = calloc(1, sizeof(*e->optional));
	if (!e->optional)
		abort();
	return (struct endpoint_optional *)(uintptr_t)e->optional;
}

struct endpoint *endpoint_create(struct services *services,
				 struct config_device *conf,
				 struct gateway_bus *bus, int64_t now)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->services = services;
	e->optional = &optional_none;
	e->conf = conf;
	e->bus = bus;
	create_clients(e, now);
	endpoint_build(e, now);
	endpoint_accounts_tree(e);
	endpoint_restore(e);
	endpoint_attributes_restore(e, 0);
	endpoint_access_settle(e, 0, now);
	transaction_restore(e);
	if (bus)
		bus_join(e);
	endpoint_life_init(e, now);
	e->round_done = !bus;
	for (size_t i = 0; i < e->n_clients; i++)
		forward_attach(&e->clients[i], now);
	endpoint_life_restore(e, now);
	endpoint_served(e, now);
	if (conf->register_always)
		endpoint_clients_start(e, now);
	return e;
}

static void rare_free(struct endpoint *e)
{
	if (e->optional == &optional_none)
		return;
	free(e->optional->poll_periods);
	free(e->optional->note);
	free(e->optional->why);
	free((void *)(uintptr_t)e->optional);
}

void endpoint_destroy(struct endpoint *e)
{
	for (size_t i = 0; i < e->n_clients; i++)
		client_finish(&e->clients[i]);
	free(e->clients);
	heap_set(&e->services->endpoints, &e->due, INT64_MAX);
	client_bootstrap_destroy(e);
	endpoint_objects_finish(e);
	rare_free(e);
	tree_finish(&e->tree);
	if (!e->again)
		config_device_free(e->conf);
	free(e);
}

void endpoint_clients_event(struct endpoint *e, enum registration_event event,
			    int64_t now)
{
	for (size_t i = 0; i < e->n_clients; i++)
		client_event(&e->clients[i], event, 0, 0, now);
}

/* ---- values ---- */

static void clients_tell(struct endpoint *e, const struct lwm2m_path *path,
			 void (*to)(struct client *, const struct lwm2m_path *,
				    const struct lwm2m_value *, int64_t),
			 int64_t now)
{
	const struct tree_slot *slot = tree_find(&e->tree, path);

	for (size_t i = 0; slot && slot->quality == TREE_GOOD &&
	     i < e->n_clients; i++)
		to(&e->clients[i], path, &slot->value, now);
}

static void changed_slot(struct endpoint *e, const struct lwm2m_path *path,
			 int64_t now)
{
	clients_tell(e, path, client_changed, now);
}

void endpoint_objects_changed(struct endpoint *e, int64_t now)
{
	e->services->endpoint_host->objects_changed(e, now);
	for (size_t i = 0; i < e->n_clients; i++)
		client_event(&e->clients[i], REGISTRATION_CHANGED, 0,
			     REGISTRATION_OBJECTS, now);
}

static const struct tree_slot *slot_of(struct endpoint *e,
				       const struct config_point *point,
				       int64_t now)
{
	const struct tree_slot *slot = tree_find(&e->tree, &point->resource);

	if (slot || !point->optional)
		return slot;
	endpoint_build_point(e, point);		/* its first value */
	endpoint_access_settle(e, 0, now);
	endpoint_objects_changed(e, now);
	return tree_find(&e->tree, &point->resource);
}

static enum lwm2m_type type_of(const struct endpoint *e,
			       const struct lwm2m_path *path)
{
	const struct tree_instance *instance =
		tree_instance_find(&e->tree, path->id[0], path->id[1]);
	const struct resource_def *def = !instance ? NULL :
		object_resource(instance->object, path->id[2]);

	return def ? (enum lwm2m_type)def->type : LWM2M_NONE;
}

/* The time stamp alone is not news: an unchanged value notifies nobody. */
static void derived_changed(struct endpoint *e,
			    const struct config_point *point, bool news,
			    int64_t wall, int64_t now)
{
	struct lwm2m_path paths[4];
	size_t n = ipso_sampled(&e->tree, &point->resource, wall, paths);

	for (size_t i = 0; i < n && news; i++)
		changed_slot(e, &paths[i], now);
}

static void counter_count(struct endpoint *e, const struct config_point *point,
			  const struct lwm2m_value *value, uint32_t happened,
			  int64_t wall, int64_t now)
{
	struct lwm2m_path counter = ipso_counter(&point->resource);
	uint32_t n = ipso_counts(&e->tree, &point->resource, value, happened);

	if (n)
		last_values_count(e->services->last, e, &counter, n, wall, now);
	if (ipso_is_timed(&e->tree, &point->resource))
		last_values_total(e->services->last, e, &point->resource, now);
}

void endpoint_counted(struct endpoint *e, const struct lwm2m_path *path,
		      int64_t total, int64_t wall, int64_t now)
{
	struct lwm2m_value value = lwm2m_integer(total);

	if (tree_set(&e->tree, path, &value, wall) < 0)
		abort();
	changed_slot(e, path, now);
}

static void point_set(struct endpoint *e, const struct config_point *point,
		      const struct tree_slot *slot,
		      const struct lwm2m_value *value, uint32_t happened,
		      int64_t wall, int64_t now)
{
	bool was_bad = slot->quality == TREE_BAD;
	bool news = slot->quality != TREE_GOOD || happened ||
		    !value_equal(&slot->value, value);

	if (news && point->map.depth == 2)
		counter_count(e, point, value, happened, wall, now);

	if (tree_set(&e->tree, &point->resource, value, wall) < 0)
		abort();
	last_values_heard(e->services->last, e, news, now);
	if (point->map.depth == 2)
		derived_changed(e, point, news, wall, now);
	if (news)
		clients_tell(e, &point->resource,
			     happened ? client_happened : client_changed, now);
	if (news)
		endpoint_object_sampled(e, &point->resource, now);
	if (was_bad && !endpoint_is_faulty(e))
		endpoint_error(e, ERROR_PERIPHERAL, false, now);
	if (was_bad)
		endpoint_quality(e, point, QUALITY_ACCEPTED, now);
}

static void point_fault(struct endpoint *e, const struct config_point *point,
			int error, const char *text, int64_t now)
{
	struct tree_slot *slot = tree_edit(&e->tree, &point->resource);

	if (!slot || slot->quality == TREE_BAD)
		return;
	slot->quality = TREE_BAD;
	log_line(LOG_WARN, e->conf->endpoint, e->conf->bus,
		 "point %s has no value: %s", point->name,
		 text ? text : strerror(-error));
	endpoint_error(e, ERROR_PERIPHERAL, true, now);
	endpoint_quality(e, point, QUALITY_INVALID, now);
}

static void point_sample(struct endpoint *e, const struct bus_message *m,
			 int64_t now)
{
	const struct config_point *point = &e->conf->points[m->point];
	const struct tree_slot *slot;
	char text[POINT_TEXT_MAX];
	struct lwm2m_value value;
	int rc;

	endpoint_heard(e, m->when, now);
	if (point->map.depth == 0 || !(slot = slot_of(e, point, now)))
		return;
	if (slot->value.type == LWM2M_NONE && slot->quality == TREE_GOOD)
		return;		/* executable: its read-back is no value */
	rc = point_convert(&point->scale, &m->value,
			   type_of(e, &point->resource), &value, text);
	if (rc < 0)
		point_fault(e, point, rc,
			    rc == -ENODATA ? "not a number"
					   : "does not fit the resource's type",
			    now);
	else
		point_set(e, point, slot, &value, m->happened,
			  services_wall(e->services, m->when), now);
}

/* A server has set, or reset, what is counted here: it is kept with the other
 * totals. */
static void total_touched(struct endpoint *e, const struct lwm2m_path *path,
			  int64_t now)
{
	struct tree_slot *slot = tree_edit(&e->tree, path);

	if (!slot || !ipso_is_total(path, slot))
		return;
	slot->flags &= (uint8_t)~TREE_PERSISTENT;
	ipso_set(&e->tree, path, services_wall(e->services, now));
	last_values_total(e->services->last, e, path, now);
}

void endpoint_touched(struct endpoint *e, const struct lwm2m_path *path,
		      int64_t now)
{
	total_touched(e, path, now);
	changed_slot(e, path, now);
	endpoint_object_touched(e, path, now);
}

long endpoint_point(const struct endpoint *e, const struct lwm2m_path *path)
{
	for (size_t i = 0; i < e->conf->n_points; i++)
		if (e->conf->points[i].map.depth &&
		    path_equal(&e->conf->points[i].resource, path))
			return (long)i;
	return -1;
}

void endpoint_reboot(struct endpoint *e, int64_t now)
{
	log_line(LOG_NOTE, e->conf->endpoint, NULL, "the device was restarted "
		 "by a server: registers anew");
	for (size_t i = 0; i < e->n_clients; i++)
		client_restart(&e->clients[i], now);
}

void endpoint_factory_reset(struct endpoint *e, int64_t now)
{
	if (e->optional->reset_at)
		return;
	log_line(LOG_NOTE, e->conf->endpoint, NULL, "factory reset by a "
		 "server: what servers have set is forgotten");
	endpoint_optional(e)->reset_at = now + RESET_AFTER;
	endpoint_reschedule(e);
}

/* Keys of an adapter, and a package for the device, are not the servers'. */
static void forget_stored(const struct endpoint *e)
{
	static const enum store_kind kinds[] = {
		STORE_HELD, STORE_ATTRIBUTES, STORE_ACCEPTED, STORE_ACCOUNT,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		store_put(e->services->store, kinds[i], e->conf->endpoint, NULL,
			  0);
}

struct config_device *endpoint_successor(struct endpoint *e)
{
	if (e->optional->reset_at)
		forget_stored(e);
	return e->again ? e->conf : e->successor;
}

/* ---- leaving ---- */

/* The queue may be long where many leave at once. At the exit it must be short
 * whoever leaves already. */
static void set_stop(struct endpoint *e, int64_t now)
{
	int64_t wait = 0, longest = 0;

	for (size_t i = 0; i < e->n_clients && !e->services->stopping; i++) {
		wait = server_wait(e->clients[i].server);
		longest = wait > longest ? wait : longest;
	}
	e->stop_at = now + LEAVE_WITHIN + longest;
	for (size_t i = 0; i < e->n_clients && e->leaving; i++)
		client_reschedule(&e->clients[i], now);
}

void endpoint_leave(struct endpoint *e, bool keep, int64_t now)
{
	e->again = false;
	if (!e->leaving || e->services->stopping)
		set_stop(e, now);
	if (e->leaving)
		return;
	e->leaving = true;
	endpoint_reschedule(e);
	last_values_leaving(e->services->last, e);
	transaction_end_all(e, now);
	client_bootstrap_stop(e, now);
	for (size_t i = 0; i < e->n_clients; i++)
		client_stop(&e->clients[i], keep || (e->services->stopping &&
		    e->clients[i].server->conf->keep_on_exit), now);
	if (e->device)
		bus_detach(e->device);
	endpoint_left(e);
}

void endpoint_reschedule(struct endpoint *e)
{
	int64_t due = e->life.due, reset_at = e->optional->reset_at;

	if (e->safe_at && e->safe_at < due)
		due = e->safe_at;
	if (reset_at && reset_at < due)
		due = reset_at;
	heap_set(&e->services->endpoints, &e->due,
		 e->leaving ? INT64_MAX : due);
}

static void reset_due(struct endpoint *e, int64_t now)
{
	if (!e->optional->reset_at || e->optional->reset_at > now || e->leaving)
		return;
	endpoint_leave(e, false, now);
	e->again = true;
}

void endpoint_due(struct endpoint *e, int64_t now)
{
	reset_due(e, now);
	endpoint_safe_due(e, now);
	endpoint_life_due(e, now);
	endpoint_reschedule(e);
}

void endpoint_left(struct endpoint *e)
{
	if (!e->leaving || e->device || e->gone)
		return;
	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].registration.state != REGISTRATION_OFF)
			return;
	e->services->endpoint_host->gone(e);
}

static void bus_left(struct endpoint *e)
{
	bus_device_free(e->device);
	e->device = NULL;
	e->bus = NULL;
	endpoint_left(e);
}

/* ---- messages ---- */

static void state_keep(struct endpoint *e, const struct bus_message *m)
{
	store_put_told(e->services->store, STORE_KEPT, e->conf->endpoint,
		       m->bytes, m->length, m->id);
	if (!e->services->store)
		endpoint_kept(e, m->id);
}

void endpoint_kept(struct endpoint *e, uint64_t id)
{
	if (e->device)
		bus_kept(e->device, id);
}

void endpoint_message(struct endpoint *e, const struct bus_message *m,
		      int64_t now)
{
	switch (m->event) {
	case BUS_SAMPLE:
		point_sample(e, m, now);
		break;
	case BUS_FAULT:
		point_fault(e, &e->conf->points[m->point], m->error, m->text,
			    now);
		break;
	case BUS_HEARD:
		if (m->error)
			endpoint_link_heard(e, m->error, now);
		endpoint_heard(e, m->when, now);
		break;
	case BUS_NOTE:
		endpoint_note(e, m->text);
		break;
	case BUS_ROUND:
		e->round_done = true;
		endpoint_register_when_ready(e, now);
		break;
	case BUS_NO_ANSWER:
		endpoint_missed(e, m, now);
		break;
	case BUS_DONE:
		if (!endpoint_object_done(e, m->id, m->error, now))
			transaction_done(e, m->id, m->error, m->text, now);
		break;
	case BUS_KEEP:
		state_keep(e, m);
		break;
	case BUS_DETACHED:
		bus_left(e);
		break;
	case BUS_ATTACHED:
	case BUS_OPENED: case BUS_DOWN: case BUS_CLOSED: case BUS_FOUND:
	case BUS_SEARCHING: case BUS_SEARCHED: case BUS_FRAME: case BUS_TRACED:
		break;
	}
}
