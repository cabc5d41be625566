/* SPDX-License-Identifier: GPL-2.0-or-later
 * Objects 4 and 7: how an endpoint is connected, and what that moved. Of /4 a
 * device of a radio has its signal strength, the gateway its uplink. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/endpoint_object.h"
#include "agent/client/services.h"
#include "agent/lwm2m/statistics.h"
#include "agent/base/uplink.h"
#include "objects/codec.h"
#include "objects/ids.h"

#define LOOK_EVERY (60 * INT64_C(1000000000))
#define SIGNAL_STEP 5		/* dB of the mean that are news */
#define MEAN_UNIT 16
#define MEAN_OF 8		/* packets, about */

/* ---- object 7 ---- */

static struct lwm2m_path statistics_at(uint16_t resource)
{
	return path_resource(ID_STATISTICS, 0, resource);
}

static void statistics_build_common(struct tree *tree)
{
	endpoint_put_instance(tree, ID_STATISTICS, 0);
	for (uint16_t id = ID_STATISTICS_SENT; id <= ID_STATISTICS_AVERAGE;
	     id++)
		endpoint_put_computed(tree, statistics_at(id), LWM2M_INTEGER);
	endpoint_put(tree, statistics_at(ID_STATISTICS_START),
		     (struct lwm2m_value){0});
	endpoint_put(tree, statistics_at(ID_STATISTICS_STOP),
		     (struct lwm2m_value){0});
	endpoint_put(tree, statistics_at(ID_STATISTICS_PERIOD),
		     lwm2m_integer(0));
}

static void statistics_build(struct endpoint *e, int64_t now)
{
	(void)now;
	endpoint_share(e, ID_STATISTICS);
}

static int64_t period_of(const struct endpoint *e)
{
	struct lwm2m_path path = statistics_at(ID_STATISTICS_PERIOD);
	const struct tree_slot *slot = tree_find(&e->tree, &path);

	return slot ? slot->value.as.integer : 0;
}

static void statistics_begin(struct endpoint *e, int64_t now)
{
	if (!e->optional->statistics)
		endpoint_optional(e)->statistics =
			calloc(1, sizeof(struct statistics));
	if (!e->optional->statistics)
		abort();
	statistics_start(e->optional->statistics, period_of(e), now);
}

static uint8_t statistics_execute(struct endpoint *e,
				  const struct lwm2m_path *path, int64_t now)
{
	if (path->id[2] == ID_STATISTICS_START)
		statistics_begin(e, now);
	else if (path->id[2] != ID_STATISTICS_STOP)
		return CODE(5, 1);
	else if (e->optional->statistics)
		statistics_stop(e->optional->statistics, now);
	return CODE(2, 4);
}

static bool statistics_compute(const struct endpoint *e,
			       const struct lwm2m_path *path,
			       const struct tree_slot *slot, int64_t now,
			       struct buf *texts, struct lwm2m_value *value)
{
	(void)slot;
	(void)now;
	(void)texts;
	*value = lwm2m_integer(statistics_value(e->optional->statistics,
						path->id[2]));
	return true;
}

static void statistics_finish(struct endpoint *e)
{
	free(e->optional->statistics);
	if (e->optional->statistics)
		endpoint_optional(e)->statistics = NULL;
}

const struct endpoint_object endpoint_object_statistics = {
	.id = ID_STATISTICS, .build_common = statistics_build_common,
	.build = statistics_build, .compute = statistics_compute,
	.execute = statistics_execute, .finish = statistics_finish,
};

/* ---- object 4 of a device ---- */

static void link_build_common(struct tree *tree)
{
	endpoint_put_instance(tree, ID_LINK, 0);
	endpoint_put_computed(tree, path_resource(ID_LINK, 0, ID_LINK_BEARER),
			      LWM2M_INTEGER);
	endpoint_put_computed(tree, path_element(ID_LINK, 0, ID_LINK_BEARERS,
						 0), LWM2M_INTEGER);
	endpoint_put_computed(tree, path_resource(ID_LINK, 0, ID_LINK_SIGNAL),
			      LWM2M_INTEGER);
	endpoint_put_computed(tree, path_element(ID_LINK, 0, ID_LINK_ADDRESSES,
						 0), LWM2M_STRING);
}

void endpoint_build_link(struct endpoint *e)
{
	if (!tree_has_object(&e->tree, ID_LINK))
		endpoint_share(e, ID_LINK);
}

/* The one bearer that an adapter's name tells. */
static int32_t bearer_of(const struct endpoint *e)
{
	return e->bus && !strcmp(e->services->endpoint_host->adapter(e->bus),
				 "ble") ?
	       BEARER_BLUETOOTH : -1;
}

/* Where its servers reach it: the gateway's address. */
static bool own_address(const struct endpoint *e, struct buf *texts,
			struct lwm2m_value *value)
{
	struct sockaddr_storage at;
	const void *bytes = &((struct sockaddr_in *)(void *)&at)->sin_addr;
	char text[INET6_ADDRSTRLEN];
	size_t from = texts->used;

	if (!e->n_clients || !e->clients[0].connection ||
	    !coap_local(e->clients[0].connection, &at))
		return false;
	if (at.ss_family == AF_INET6)
		bytes = &((struct sockaddr_in6 *)(void *)&at)->sin6_addr;
	if (!inet_ntop(at.ss_family, bytes, text, sizeof(text)))
		return false;
	buf_text(texts, text);
	*value = lwm2m_string((const char *)texts->at + from,
			      (uint32_t)(texts->used - from));
	return true;
}

static bool link_compute(const struct endpoint *e,
			 const struct lwm2m_path *path,
			 const struct tree_slot *slot, int64_t now,
			 struct buf *texts, struct lwm2m_value *value)
{
	uint16_t resource = path->id[2];

	(void)slot;
	(void)now;
	*value = lwm2m_integer(resource == ID_LINK_SIGNAL ? e->rssi :
			       bearer_of(e));
	if (resource == ID_LINK_ADDRESSES)
		return own_address(e, texts, value);
	return resource == ID_LINK_SIGNAL ? e->rssi != 0 : bearer_of(e) >= 0;
}

const struct endpoint_object endpoint_object_link = {
	.id = ID_LINK, .build_common = link_build_common,
	.compute = link_compute,
};

/* Packets of one place differ by 10 dB: that is no news. */
static int32_t mean_add(struct endpoint *e, int32_t rssi)
{
	int32_t mean = e->rssi_mean;

	mean += mean ? (rssi * MEAN_UNIT - mean) / MEAN_OF : rssi * MEAN_UNIT;
	e->rssi_mean = (int16_t)mean;
	return mean / MEAN_UNIT;
}

void endpoint_link_heard(struct endpoint *e, int32_t rssi, int64_t now)
{
	int32_t mean = mean_add(e, rssi);
	struct lwm2m_path path = path_resource(ID_LINK, 0, ID_LINK_SIGNAL);
	const struct tree_slot *slot = tree_find(&e->tree, &path);
	struct lwm2m_value value = lwm2m_integer(rssi);

	e->rssi = rssi;
	endpoint_error_signal(e, mean, now);
	if (!slot) {
		endpoint_build_link(e);
		endpoint_objects_changed(e, now);
	} else if (slot->flags & TREE_BOUND) {
		return;			/* a point tells it */
	}
	if (slot && abs(mean - e->rssi_told) < SIGNAL_STEP)
		return;
	e->rssi_told = (int8_t)mean;
	for (size_t i = 0; i < e->n_clients; i++)
		client_changed(&e->clients[i], &path, &value, now);
}

/* ---- object 4 of the gateway ---- */

/* Sets what is another; says so to who observes it. */
static void link_show(struct endpoint *e, struct lwm2m_path path,
		      struct lwm2m_value value, int64_t now)
{
	const struct tree_slot *slot = tree_find(&e->tree, &path);

	if (slot && value_equal(&slot->value, &value))
		return;
	if (tree_set(&e->tree, &path, &value, 0) < 0)
		abort();
	endpoint_touched(e, &path, now);
}

static void link_cut(struct endpoint *e, uint16_t resource, uint32_t n)
{
	struct lwm2m_path path = path_element(ID_LINK, 0, resource, (uint16_t)n);

	while (tree_remove(&e->tree, &path))
		path.id[3]++;
}

static void show_texts(struct endpoint *e, uint16_t resource,
		       const char (*texts)[UPLINK_TEXT], uint32_t n,
		       int64_t now)
{
	link_cut(e, resource, n);
	for (uint16_t i = 0; i < n; i++)
		link_show(e, path_element(ID_LINK, 0, resource, i),
			  lwm2m_string(texts[i], (uint32_t)strlen(texts[i])),
			  now);
}

static void show_uplink(struct endpoint *e, const struct uplink *u,
			int64_t now)
{
	link_cut(e, 1, u->n_bearers);
	for (uint16_t i = 0; i < u->n_bearers; i++)
		link_show(e, path_element(ID_LINK, 0, ID_LINK_BEARERS, i),
			  lwm2m_integer(u->bearers[i]), now);
	if (u->bearer >= 0)
		link_show(e, path_resource(ID_LINK, 0, ID_LINK_BEARER),
			  lwm2m_integer(u->bearer), now);
	link_show(e, path_resource(ID_LINK, 0, ID_LINK_SIGNAL),
		  lwm2m_integer(u->signal), now);
	if (u->quality)
		link_show(e, path_resource(ID_LINK, 0, ID_LINK_QUALITY),
			  lwm2m_integer(u->quality), now);
	show_texts(e, 4, u->addresses, u->n_addresses, now);
	show_texts(e, 5, u->routers, u->n_routers, now);
}

int64_t endpoint_uplink_turn(struct endpoint *e, int64_t now)
{
	static struct uplink uplink;	/* agent thread only */
	static int64_t next;
	struct lwm2m_path signal = path_resource(ID_LINK, 0, ID_LINK_SIGNAL);

	if (!e)
		return INT64_MAX;
	if (now < next && tree_find(&e->tree, &signal))
		return next;
	next = now + LOOK_EVERY;
	uplink_look(&uplink);
	show_uplink(e, &uplink, now);
	return next;
}
