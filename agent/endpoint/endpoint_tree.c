/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an endpoint's tree holds at its start: its servers' accounts (/1), the
 * device (/3), and an instance for each mapped point. */
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_metadata.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/lwm2m/account.h"
#include "agent/client/server.h"
#include "agent/client/services.h"
#include "agent/base/machine.h"
#include "agent/config/model.h"
#include "objects/ids.h"
#include "ipso/ipso.h"

static struct lwm2m_path device_at(uint16_t resource)
{
	return path_resource(ID_DEVICE, 0, resource);
}

static struct lwm2m_path location_at(uint16_t resource)
{
	return path_resource(ID_LOCATION, 0, resource);
}

static struct tree_slot *slot_at(struct tree *tree, struct lwm2m_path path)
{
	struct tree_slot *slot = tree_slot_add(tree, &path);

	if (!slot)
		abort();
	return slot;
}

void endpoint_put(struct tree *tree, struct lwm2m_path path,
		  struct lwm2m_value value)
{
	slot_at(tree, path)->value = value;
}

void endpoint_put_text(struct tree *tree, struct lwm2m_path path,
		       const char *text)
{
	if (text)
		endpoint_put(tree, path,
			     lwm2m_string(text, (uint32_t)strlen(text)));
}

void endpoint_put_instance(struct tree *tree, uint16_t object,
			   uint16_t instance)
{
	if (!tree_add(tree, agent_model()->object(agent_model(), object),
		      instance))
		abort();
}

void endpoint_put_computed(struct tree *tree, struct lwm2m_path path,
			   enum lwm2m_type type)
{
	struct tree_slot *slot = slot_at(tree, path);

	slot->value.type = type;
	slot->flags |= TREE_COMPUTED;
}

/* What 1.1 has brought: how it registers, and Mute Send. */
static void build_account_1_1(struct tree *tree,
			      const struct config_server *conf)
{
	const struct registration_policy *policy = &conf->policy;
	const struct {
		uint16_t resource;
		struct lwm2m_value value;
	} values[] = {
		{ID_SERVER_DELAY, lwm2m_unsigned(conf->initial_delay)},
		{ID_SERVER_BLOCK, lwm2m_boolean(conf->failure_block)},
		{ID_SERVER_FALLBACK, lwm2m_boolean(conf->failure_bootstrap)},
		{ID_SERVER_RETRY_COUNT, lwm2m_unsigned(policy->retry_count)},
		{ID_SERVER_RETRY_TIMER, lwm2m_unsigned(policy->retry_timer)},
		{ID_SERVER_SEQUENCE_DELAY,
		 lwm2m_unsigned(policy->sequence_delay)},
		{ID_SERVER_SEQUENCE_COUNT,
		 lwm2m_unsigned(policy->sequence_count)},
		{ID_SERVER_MUTE_SEND, lwm2m_boolean(false)},
	};

	if (conf->priority >= 0)
		endpoint_put(tree,
			     path_resource(ID_SERVER, 0, ID_SERVER_PRIORITY),
			     lwm2m_unsigned((uint64_t)conf->priority));
	for (size_t n = 0; n < sizeof(values) / sizeof(values[0]); n++)
		endpoint_put(tree,
			     path_resource(ID_SERVER, 0, values[n].resource),
			     values[n].value);
}

/* 1/x/7, as E.2 has it: the transports, queue mode, SMS. LwM2M 1.0 has but one
 * transport to an account. */
static const char *binding_text(const struct server *s, bool queue, bool sms)
{
	static const char *const texts[3][2][2] = {
		{{"U", "US"}, {"UQ", "UQS"}}, {{"T", "TS"}, {"TQ", "TQS"}},
		{{"UT", "UTS"}, {"UTQ", "UTQS"}},
	};
	bool both = s->other && s->conf->version != VERSION_1_0;

	return texts[both ? 2 : s->conf->tcp][queue][sms];
}

/* An account as it stands in the configuration. */
static void build_account(struct tree *tree, const struct server *s)
{
	const struct config_server *conf = s->conf;
	const char *binding = binding_text(s, false, false);
	const struct {
		uint16_t resource;
		struct lwm2m_value value;
	} values[] = {
		{ID_SERVER_ID, lwm2m_integer(conf->id)},
		{ID_SERVER_LIFETIME, lwm2m_integer(conf->lifetime)},
		{ID_SERVER_PMIN, lwm2m_integer(conf->pmin)},
		{ID_SERVER_PMAX, lwm2m_integer(conf->pmax)},
		{ID_SERVER_DISABLE, {0}},	/* executable */
		{ID_SERVER_DISABLE_TIMEOUT, lwm2m_integer(ACCOUNT_DISABLED)},
		{ID_SERVER_STORING, lwm2m_boolean(true)},
		{ID_SERVER_BINDING, lwm2m_string(binding, strlen(binding))},
		{ID_SERVER_UPDATE, {0}},	/* executable */
	};

	endpoint_put_instance(tree, ID_SERVER, 0);
	for (size_t n = 0; n < sizeof(values) / sizeof(values[0]); n++)
		endpoint_put(tree,
			     path_resource(ID_SERVER, 0, values[n].resource),
			     values[n].value);
	if (conf->version != VERSION_1_0)
		build_account_1_1(tree, conf);
	if (s->other && conf->version != VERSION_1_0)
		endpoint_put(tree,
			     path_resource(ID_SERVER, 0, ID_SERVER_PREFERRED),
			     lwm2m_string(conf->tcp ? "T" : "U", 1));
}

/* What all endpoints of a server have alike, or all devices of which the
 * configuration says nothing. */
static void instance_share(struct endpoint *e, const struct tree *common,
			   uint16_t object, uint16_t id)
{
	if (!tree_share(&e->tree, tree_instance_find(common, object, 0), id))
		abort();
}

void endpoint_share(struct endpoint *e, uint16_t object)
{
	instance_share(e, &e->services->device, object, 0);
}

static void add_account(struct endpoint *e, const struct client *c)
{
	struct server *s = c->server->second ? c->server->other : c->server;

	if (!s->account.n_instances) {
		build_account(&s->account, s);
		if (s->services->servers.bootstrap)	/* executable */
			endpoint_put(&s->account,
				     path_resource(ID_SERVER, 0,
						   ID_SERVER_BOOTSTRAP),
				     (struct lwm2m_value){0});
	}
	instance_share(e, &s->account, ID_SERVER, c->instance);
	if (c->registration.lifetime != s->conf->lifetime)
		endpoint_put(&e->tree,
			     path_resource(ID_SERVER, c->instance,
					   ID_SERVER_LIFETIME),
			     lwm2m_integer(c->registration.lifetime));
	if (e->conf->queue || client_serves_sms(c))
		endpoint_put_text(&e->tree,
				  path_resource(ID_SERVER, c->instance,
						ID_SERVER_BINDING),
				  binding_text(s, e->conf->queue,
					       client_serves_sms(c)));
	if (client_takes_sms(c) && s->conf->version != VERSION_1_0)
		endpoint_put(&e->tree,
			     path_resource(ID_SERVER, c->instance,
					   ID_SERVER_TRIGGER),
			     lwm2m_boolean(true));
}

static void put_fixed(struct tree *tree, struct lwm2m_path path,
		      const char *text)
{
	if (!text)
		return;
	endpoint_put_text(tree, path, text);
	tree_edit(tree, &path)->flags &= (uint8_t)~TREE_COMPUTED;
}

static void add_location(struct endpoint *e, const struct config_location *at,
			 int64_t wall)
{
	endpoint_put_instance(&e->tree, ID_LOCATION, 0);
	endpoint_put(&e->tree, location_at(ID_LOCATION_LATITUDE),
		     lwm2m_float(at->latitude));
	endpoint_put(&e->tree, location_at(ID_LOCATION_LONGITUDE),
		     lwm2m_float(at->longitude));
	if (at->has_altitude)
		endpoint_put(&e->tree, location_at(ID_LOCATION_ALTITUDE),
			     lwm2m_float(at->altitude));
	if (at->has_radius)
		endpoint_put(&e->tree, location_at(ID_LOCATION_RADIUS),
			     lwm2m_float(at->radius));
	endpoint_put(&e->tree, location_at(ID_LOCATION_TIME),
		     (struct lwm2m_value){LWM2M_TIME, 0,
			     {.integer = wall / INT64_C(1000000000)}});
}

/* A zone that is not the system's has an offset that is not known. */
static void add_zone(struct tree *tree, const struct config_optional *optional)
{
	struct lwm2m_path offset = device_at(ID_DEVICE_UTC_OFFSET);
	const char *zone = machine_info()->timezone;

	if (optional->timezone && (!zone || strcmp(zone, optional->timezone)) &&
	    !optional->utc_offset)
		tree_remove(tree, &offset);
	put_fixed(tree, offset, optional->utc_offset);
	endpoint_put_text(tree, device_at(ID_DEVICE_TIMEZONE),
			  optional->timezone);
}

static void add_optional(struct endpoint *e,
			 const struct config_optional *optional,
			 int64_t now)
{
	struct tree *tree = &e->tree;

	endpoint_put_text(tree, device_at(ID_DEVICE_FIRMWARE),
			  optional->firmware_version);
	endpoint_put_text(tree, device_at(ID_DEVICE_TYPE),
			  optional->device_type);
	endpoint_put_text(tree, device_at(ID_DEVICE_HARDWARE),
			  optional->hardware_version);
	endpoint_put_text(tree, device_at(ID_DEVICE_SOFTWARE),
			  optional->software_version);
	if (optional->timezone || optional->utc_offset)
		add_zone(tree, optional);
	if (optional->location)
		add_location(e, optional->location,
			     services_wall(e->services, now));
}

static void add_metadata(struct endpoint *e,
			 const struct config_metadata *metadata,
			 int64_t now)
{
	endpoint_put_text(&e->tree, device_at(ID_DEVICE_MANUFACTURER),
			  metadata->manufacturer);
	endpoint_put_text(&e->tree, device_at(ID_DEVICE_MODEL),
			  metadata->model);
	endpoint_put_text(&e->tree, device_at(ID_DEVICE_SERIAL),
			  metadata->serial);
	if (metadata->optional)
		add_optional(e, metadata->optional, now);
}

static void add_device(struct endpoint *e, int64_t now)
{
	if (!e->services->device.n_instances)
		endpoint_objects_common(e->services);
	endpoint_share(e, ID_DEVICE);
	if (e->conf->metadata)
		add_metadata(e, e->conf->metadata, now);
}

/* The gateway's own endpoint: what the site does not say, the machine does. */
static void put_unless(struct tree *tree, uint16_t resource, const char *text)
{
	struct lwm2m_path path = device_at(resource);

	if (!tree_find(tree, &path))
		endpoint_put_text(tree, path, text);
}

static void add_machine(struct endpoint *e)
{
	const struct machine *machine = machine_info();
	struct tree *tree = &e->tree;
	int64_t memory = machine_memory().total_kb;

	put_unless(tree, ID_DEVICE_MANUFACTURER,
		   machine->vendor ? machine->vendor : "lwmux");
	put_unless(tree, ID_DEVICE_MODEL,
		   machine->product ? machine->product : "gateway");
	put_unless(tree, ID_DEVICE_SERIAL, machine->serial);
	put_unless(tree, ID_DEVICE_FIRMWARE, machine->system);
	put_unless(tree, ID_DEVICE_TYPE, "gateway");
	put_unless(tree, ID_DEVICE_HARDWARE, machine->version);
	put_unless(tree, ID_DEVICE_SOFTWARE, e->services->version);
	endpoint_put_instance(tree, ID_LINK, 0);
	if (!memory)
		return;
	endpoint_put_computed(tree, device_at(ID_DEVICE_MEMORY_FREE),
			      LWM2M_INTEGER);
	endpoint_put(tree, device_at(ID_DEVICE_MEMORY_TOTAL),
		     lwm2m_integer(memory));
}

static int application_rank(const struct config_point *point)
{
	return (point->application ? 2 : 0) + (point->map.depth == 2);
}

/* What an instance is for (5750), of which several points may be a part: as one
 * of them says, or is called; the one that stands for all of it before those of
 * a resource. */
static const char *application_of(const struct endpoint *e,
				  const struct config_point *point)
{
	const struct config_point *best = NULL;

	for (uint32_t i = 0; i < e->conf->n_points; i++) {
		const struct config_point *p = &e->conf->points[i];

		if (p->map.depth > 0 &&
		    p->resource.id[0] == point->resource.id[0] &&
		    p->resource.id[1] == point->resource.id[1] &&
		    (!best || application_rank(p) > application_rank(best)))
			best = p;
	}
	return best->application ? best->application : best->name;
}

/* The resource that the point is bound to; of an IPSO object also what derives
 * from it and from the point's keys: minimum, maximum, unit, application. */
static void build_bound(struct endpoint *e, const struct config_point *point,
			const struct object_def *object)
{
	const struct resource_def *def = object_resource(object,
							 point->resource.id[2]);
	struct ipso_options options = {
		.units = point->unit, .application = application_of(e, point)};
	struct tree_slot *slot;

	if (object->id == ID_LINK)
		endpoint_build_link(e);
	if (!tree_add(&e->tree, object, point->resource.id[1]))
		abort();
	slot = slot_at(&e->tree, point->resource);
	slot->flags = TREE_BOUND;
	if (!point->writable)
		slot->flags |= TREE_READ_ONLY;
	if (!def || !(def->operations & OP_EXECUTE)) {
		slot->value = (struct lwm2m_value){0};
		slot->quality = TREE_EMPTY;
	}
	if (ipso_object(object->id) &&
	    ipso_options_add(&e->tree, object, point->resource.id[1],
			     &options) < 0)
		abort();
}

static void build_ipso(struct endpoint *e, const struct config_point *point,
		       const struct object_def *object)
{
	struct ipso_options options = {
		.units = point->unit, .application = application_of(e, point),
		.has_range = point->has_range, .range_min = point->range_min,
		.range_max = point->range_max, .read_only = !point->writable,
		.fraction = point->fraction,
	};

	if (ipso_instance_add(&e->tree, object, point->resource.id[1],
			      &options) < 0)
		abort();
}

void endpoint_build_point(struct endpoint *e, const struct config_point *point)
{
	const struct object_model *model = config_device_model(e->conf);
	const struct object_def *object;

	if (point->map.depth == 0)
		return;
	object = model->object(model, point->resource.id[0]);
	if (point->map.depth == 2 && ipso_object(object->id))
		build_ipso(e, point, object);
	else
		build_bound(e, point, object);
}

void endpoint_build_accounts(struct endpoint *e)
{
	for (size_t i = 0; i < endpoint_own_clients(e); i++)
		add_account(e, &e->clients[i]);
}

void endpoint_build(struct endpoint *e, int64_t now)
{
	tree_init(&e->tree);
	endpoint_build_accounts(e);
	add_device(e, now);
	if (!e->bus)
		add_machine(e);
	endpoint_objects_build(e, now);
	for (size_t i = 0; i < e->conf->n_points; i++)
		if (!e->conf->points[i].optional)
			endpoint_build_point(e, &e->conf->points[i]);
}
