/* SPDX-License-Identifier: GPL-2.0-or-later
 * Held resources on disk: the accounts' fingerprints, then SenML-CBOR. */
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/endpoint.h"
#include "agent/client/client_carry.h"
#include "agent/client/services.h"
#include "agent/base/log.h"
#include "objects/codec.h"
#include "objects/ids.h"

/* Of all accounts as configured: where it differs, object 1 is not restored. */
static uint64_t accounts_print(const struct endpoint *e)
{
	size_t n = endpoint_own_clients(e);
	uint64_t print = n;

	for (size_t i = 0; i < n; i++)
		print = print * 31 + e->clients[i].server->conf->fingerprint;
	return print;
}

static size_t records_collect(const struct endpoint *e,
			      struct lwm2m_record *records)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;
	size_t n = 0;

	while ((slot = tree_next(&e->tree, &root, &at, &path)))
		if (slot->flags & TREE_PERSISTENT && n < REQUEST_RECORDS)
			records[n++] = (struct lwm2m_record){path, slot->value,
				slot->flags & TREE_COMPUTED ? slot->time : 0};
	return n;
}

#define ROOM (REQUEST_HELD_BYTES + REQUEST_RECORDS * 40)	/* and names */

/* Rooms of its own: a request's writes to its device still stand in the
 * gateway's when what it has set is stored. */
struct room { struct lwm2m_record records[REQUEST_RECORDS]; uint8_t out[]; };

void endpoint_store(const struct endpoint *e)
{
	struct services *services = e->services;
	struct lwm2m_path root = path_root();
	struct room *room = malloc(sizeof(*room) + ROOM);
	uint64_t print = accounts_print(e);
	struct buf out;
	size_t n;

	if (!room)
		abort();
	out = buf_over(room->out, ROOM);
	n = records_collect(e, room->records);
	buf_put(&out, &print, sizeof(print));
	if (codec_encode(FORMAT_SENML_CBOR, &root, room->records, n,
			 &out) < 0)
		log_line(LOG_ERROR, e->conf->endpoint, NULL,
			 "written resources are too large to be kept");
	else
		store_put(services->store, STORE_HELD, e->conf->endpoint, out.at,
			  out.used);
	free(room);
}

static void rule_remove(struct endpoint *e, uint16_t id)
{
	struct lwm2m_path path = path_instance(ACCESS_OBJECT, id);

	tree_remove(&e->tree, &path);
}

static void record_restore(struct endpoint *e,
			   const struct lwm2m_record *record)
{
	const struct object_model *model = config_device_model(e->conf);
	uint16_t object = record->path.id[0];
	const struct object_def *def = model->object(model, object);
	const struct tree_slot *slot;

	/* Kept whole: an entry that its owner took away does not come back
	 * from where the rule came from. */
	if (object == ACCESS_OBJECT && record->path.depth == 3 &&
	    !record->path.id[2])
		rule_remove(e, record->path.id[1]);
	slot = tree_find(&e->tree, &record->path);
	if (record->path.depth >= 3 && def &&
	    (request_allows_create(def) || object == ACCESS_OBJECT))
		tree_add(&e->tree, def, record->path.id[1]);
	if (record->path.depth < 3 || (slot && slot->flags & TREE_BOUND) ||
	    record->path.id[0] == ID_SECURITY ||
	    tree_set(&e->tree, &record->path, &record->value,
		     record->time) < 0)
		return;		/* not there any more, or a device's now */
	tree_edit(&e->tree, &record->path)->flags |= TREE_PERSISTENT;
	for (size_t i = 0; i < e->n_clients; i++)
		if (path_equal(&record->path, &(struct lwm2m_path){
			{1, e->clients[i].instance, 1, 0}, 3}))
			e->clients[i].registration.lifetime =
				(uint32_t)record->value.as.integer;
}

static void restore_all(struct endpoint *e, const uint8_t *bytes, size_t n)
{
	struct request_room *room = e->services->request_room;
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	struct lwm2m_path root = path_root();
	uint64_t print;
	int count;

	memcpy(&print, bytes, sizeof(print));
	count = codec_decode(FORMAT_SENML_CBOR,
			     config_device_model(e->conf), &root,
			     bytes + sizeof(print), n - sizeof(print),
			     room->records, REQUEST_RECORDS, &scratch);
	if (count < 0)
		log_line(LOG_ERROR, e->conf->endpoint, NULL, "what servers had "
			 "written to its resources cannot be read from the "
			 "state directory: the configuration's values hold");
	if (print != accounts_print(e))
		log_line(LOG_NOTE, e->conf->endpoint, NULL, "the configuration "
			 "of its servers has changed: what they had written "
			 "to their accounts (object 1) is dropped");
	for (int i = 0; i < count; i++)
		if (print == accounts_print(e) ||
		    room->records[i].path.id[0] != ID_SERVER)
			record_restore(e, &room->records[i]);
}

void endpoint_restore(struct endpoint *e)
{
	size_t n;
	uint8_t *bytes = store_get(e->services->store, STORE_HELD,
				   e->conf->endpoint, &n);

	if (bytes && n > sizeof(uint64_t))
		restore_all(e, bytes, n);
	free(bytes);
}

/* A server that has two ways to the device has attributes of each. */
static uint32_t requester_of(const struct client *c)
{
	return c->server->conf->id + (client_is_beside(c) ? UINT32_C(1) << 16 : 0);
}

void endpoint_attributes_store(const struct endpoint *e)
{
	struct services *services = e->services;
	uint8_t *room = malloc(services->answer_size);
	struct buf out = buf_over(room, services->answer_size);

	if (!room)
		abort();
	for (size_t i = 0; i < e->n_clients; i++)
		attributes_save(&e->clients[i].attributes,
				requester_of(&e->clients[i]), &out);
	if (out.full)
		log_line(LOG_ERROR, e->conf->endpoint, NULL,
			 "attributes are too many to be kept");
	else
		store_put(services->store, STORE_ATTRIBUTES, e->conf->endpoint,
			  out.at, out.used);
	free(room);
}

void endpoint_attributes_restore(struct endpoint *e, size_t from)
{
	size_t n;
	uint8_t *text = store_get(e->services->store, STORE_ATTRIBUTES,
				  e->conf->endpoint, &n);

	for (size_t i = from; text && i < e->n_clients; i++)
		attributes_load(&e->clients[i].attributes,
				requester_of(&e->clients[i]),
				(const char *)text, n);
	free(text);
}
