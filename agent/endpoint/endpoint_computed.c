/* SPDX-License-Identifier: GPL-2.0-or-later
 * Objects 3 and 25: resources that are computed when they are read. None of
 * them costs memory per endpoint: their slots are shared. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/endpoint/endpoint_object.h"
#include "agent/client/services.h"
#include "agent/base/machine.h"
#include "agent/base/wall.h"
#include "objects/codec.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)

static struct lwm2m_path device_at(uint16_t resource)
{
	return path_resource(ID_DEVICE, 0, resource);
}

static void device_build_common(struct tree *tree)
{
	const char *zone = machine_info()->timezone;

	endpoint_put_instance(tree, ID_DEVICE, 0);
	endpoint_put(tree, device_at(ID_DEVICE_REBOOT),
		     (struct lwm2m_value){0});
	endpoint_put(tree, device_at(ID_DEVICE_FACTORY_RESET),
		     (struct lwm2m_value){0});
	endpoint_put(tree, path_element(ID_DEVICE, 0, ID_DEVICE_ERROR, 0),
		     lwm2m_integer(0));
	endpoint_put(tree, device_at(ID_DEVICE_ERROR_RESET),
		     (struct lwm2m_value){0});
	endpoint_put_computed(tree, device_at(ID_DEVICE_TIME), LWM2M_TIME);
	endpoint_put_computed(tree, device_at(ID_DEVICE_UTC_OFFSET),
			      LWM2M_STRING);
	endpoint_put_text(tree, device_at(ID_DEVICE_TIMEZONE), zone);
	endpoint_put_computed(tree, device_at(ID_DEVICE_BINDINGS),
			      LWM2M_STRING);
}

static bool text_value(struct buf *texts, size_t from,
		       struct lwm2m_value *value)
{
	*value = lwm2m_string((const char *)texts->at + from,
			      (uint32_t)(texts->used - from));
	return !texts->full;
}

/* A clock that a server has set goes on from there: the slot has the time
 * written and when that was; one never set has 0 and 0, and no value before the
 * machine has found the time. */
static bool current_time(const struct tree_slot *slot, int64_t now,
			 struct lwm2m_value *value)
{
	*value = slot->value;
	value->as.integer += (now - slot->time) / SECOND;
	return slot->time || wall_is_known(now);
}

/* What a server has written stands. */
static bool utc_offset(const struct tree_slot *slot, int64_t now,
		       struct buf *texts, struct lwm2m_value *value)
{
	time_t seconds = (time_t)(now / SECOND);
	size_t from = texts->used;
	struct tm tm;
	long minutes;

	*value = slot->value;
	if (slot->flags & TREE_PERSISTENT)
		return true;
	if (!localtime_r(&seconds, &tm))
		return false;
	minutes = tm.tm_gmtoff / 60;
	buf_print(texts, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
		  labs(minutes) / 60, labs(minutes) % 60);
	return text_value(texts, from, value);
}

/* "U", "T", "UT"; "UQ" where a 1.0 server sees queue mode in it; with S where
 * one is answered by SMS. */
static bool bindings_compute(const struct endpoint *e, struct buf *texts,
			     struct lwm2m_value *value)
{
	bool udp = false, tcp = false, old = false, sms = false;
	size_t from = texts->used;

	for (size_t i = 0; i < e->n_clients; i++) {
		const struct server *s = e->clients[i].server;

		tcp |= s->conf->binding == 'T' || s->other;
		udp |= s->conf->binding != 'T' || s->other;
		old |= e->clients[i].registration.lwm2m_1_0;
		sms |= client_serves_sms(&e->clients[i]);
	}
	buf_text(texts, udp || !tcp ? "U" : "");
	buf_text(texts, tcp ? "T" : "");
	buf_text(texts, old && e->conf->queue ? "Q" : "");
	buf_text(texts, sms ? "S" : "");
	return text_value(texts, from, value);
}

static bool memory_free(struct lwm2m_value *value)
{
	struct machine_memory memory = machine_memory();

	*value = lwm2m_integer(memory.free_kb);
	return memory.total_kb > 0;
}

static bool device_compute(const struct endpoint *e,
			   const struct lwm2m_path *path,
			   const struct tree_slot *slot, int64_t now,
			   struct buf *texts, struct lwm2m_value *value)
{
	switch (path->id[2]) {
	case ID_DEVICE_MEMORY_FREE: return memory_free(value);
	case ID_DEVICE_TIME: return current_time(slot, now, value);
	case ID_DEVICE_UTC_OFFSET: return utc_offset(slot, now, texts, value);
	case ID_DEVICE_BINDINGS:
		return bindings_compute(e, texts, value);
	default: return false;
	}
}

static uint8_t device_execute(struct endpoint *e,
			      const struct lwm2m_path *path, int64_t now)
{
	if (path->id[2] == ID_DEVICE_FACTORY_RESET)
		endpoint_factory_reset(e, now);
	else if (path->id[2] == ID_DEVICE_ERROR_RESET)
		endpoint_errors_reset(e, now);
	else
		return CODE(5, 1);
	return CODE(2, 4);
}

const struct endpoint_object endpoint_object_device = {
	.id = ID_DEVICE, .build_common = device_build_common,
	.compute = device_compute, .execute = device_execute,
	.sampled = endpoint_error_sampled,
};

/* ---- object 25 ---- */

static struct lwm2m_path listed_at(uint16_t resource)
{
	return path_resource(ID_LISTING, 0, resource);
}

/* Of the gateway's endpoint, for each device. */
static void listing_build_common(struct tree *tree)
{
	endpoint_put_instance(tree, ID_LISTING, 0);
	endpoint_put_computed(tree, listed_at(ID_LISTING_DEVICE), LWM2M_STRING);
	endpoint_put_computed(tree, listed_at(ID_LISTING_PREFIX), LWM2M_STRING);
	endpoint_put_computed(tree, listed_at(ID_LISTING_OBJECTS),
			      LWM2M_CORELINK);
}

static bool listing_compute(const struct endpoint *e,
			    const struct lwm2m_path *path,
			    const struct tree_slot *slot, int64_t now,
			    struct buf *texts, struct lwm2m_value *value)
{
	(void)slot;
	(void)now;
	return e->services->endpoint_host->list(e, path, texts, value);
}

const struct endpoint_object endpoint_object_listing = {
	.id = ID_LISTING, .build_common = listing_build_common,
	.compute = listing_compute,
};
