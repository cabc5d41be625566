/* SPDX-License-Identifier: GPL-2.0-or-later
 * A package comes (pushed, or fetched), is checked on the bus's thread, waits
 * in memory and on disk, and is installed on the bus's thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/endpoint_object.h"
#include "agent/endpoint/endpoint_firmware.h"
#include "agent/endpoint/client_request.h"
#include "agent/endpoint/fetch.h"
#include "agent/coap/fetch_uri.h"
#include "agent/client/client_carry.h"
#include "agent/client/services.h"
#include "agent/bus/image.h"
#include "agent/base/log.h"
#include "agent/config/model.h"
#include "objects/ids.h"

#define STORED 1		/* version of the file */
#define AROUND 64		/* bytes that a format puts around a package */

struct endpoint_firmware {
	struct firmware machine;
	struct heap_item due;
	struct endpoint *endpoint;
	struct image *image;		/* whole, or NULL */
	struct fetch *fetch;
	uint64_t id;			/* of what the bus does, 0: nothing */
	uint16_t requester;		/* short id of who wrote the URI */
};

/* The file: this, the URI, the image. */
struct stored { uint8_t version, state, result, spare; uint32_t n_uri; };

static struct lwm2m_path firmware_path(uint16_t resource)
{
	return path_resource(ID_FIRMWARE, 0, resource);
}

/* ---- what servers see ---- */

static void firmware_show_number(struct endpoint *e, uint16_t resource,
				 int64_t number, int64_t now)
{
	struct lwm2m_path path = firmware_path(resource);
	struct tree_slot *slot = tree_edit(&e->tree, &path);

	if (!slot)
		abort();
	if (slot->value.as.integer == number)
		return;
	slot->value = lwm2m_integer(number);
	endpoint_touched(e, &path, now);
}

static void firmware_show(struct endpoint_firmware *f, int64_t now)
{
	firmware_show_number(f->endpoint, ID_FIRMWARE_STATE, f->machine.state,
			     now);
	firmware_show_number(f->endpoint, ID_FIRMWARE_RESULT, f->machine.result,
			     now);
}

static const struct lwm2m_value *firmware_uri(const struct endpoint *e)
{
	struct lwm2m_path path = firmware_path(ID_FIRMWARE_URI);

	return &tree_find(&e->tree, &path)->value;
}

static void firmware_uri_set(struct endpoint *e, const char *text, uint32_t n)
{
	struct lwm2m_path path = firmware_path(ID_FIRMWARE_URI);
	struct lwm2m_value value = lwm2m_string(text, n);

	if (tree_set(&e->tree, &path, &value, 0) < 0)
		abort();
}

/* ---- what outlives a restart ---- */

static void firmware_keep(const struct endpoint_firmware *f)
{
	const struct endpoint *e = f->endpoint;
	const struct lwm2m_value *uri = firmware_uri(e);
	struct stored head = {STORED, f->machine.state, f->machine.result, 0,
			      uri->length};
	size_t n = f->image ? f->image->n : 0, size = sizeof(head) +
		   uri->length + n;
	uint8_t *bytes = malloc(size);

	if (!bytes)
		abort();
	memcpy(bytes, &head, sizeof(head));
	if (uri->length)
		memcpy(bytes + sizeof(head), uri->as.text, uri->length);
	if (n)
		memcpy(bytes + sizeof(head) + uri->length, f->image->bytes, n);
	store_put(e->services->store, STORE_FIRMWARE, e->conf->endpoint, bytes,
		  size);
	free(bytes);
}

static void firmware_take_kept(struct endpoint_firmware *f,
			       const uint8_t *bytes, size_t n)
{
	struct stored head;
	size_t rest;

	if (n < sizeof(head))
		return;
	memcpy(&head, bytes, sizeof(head));
	bytes += sizeof(head);
	rest = n - sizeof(head);
	if (head.version != STORED || head.state > FIRMWARE_UPDATING ||
	    head.n_uri > rest)
		return;
	firmware_uri_set(f->endpoint, (const char *)bytes, head.n_uri);
	rest -= head.n_uri;
	firmware_restore(&f->machine, (enum firmware_state)head.state,
			 (enum firmware_result)head.result);
	if (rest && head.state > FIRMWARE_DOWNLOADING)
		f->image = image_create(bytes + head.n_uri, rest);
	firmware_step(&f->machine, FIRMWARE_RESTART, f->image != NULL, 0);
}

/* ---- what the machine asks for ---- */

static void firmware_advance(struct endpoint_firmware *f,
			     enum firmware_event event, int argument,
			     int64_t now);

static void package_fetched(void *owner, enum firmware_result result,
			    const uint8_t *bytes, size_t n, int64_t now)
{
	struct endpoint_firmware *f = owner;

	f->fetch = NULL;
	if (!result)
		f->image = image_create(bytes, n);
	firmware_advance(f, result ? FIRMWARE_LOST : FIRMWARE_PULLED,
			 (int)result, now);
}

static void firmware_fetch(struct endpoint_firmware *f, int64_t now)
{
	const struct endpoint *e = f->endpoint;
	const struct lwm2m_value *uri = firmware_uri(e);
	enum firmware_result why = FIRMWARE_CONNECTION_LOST;

	log_line(LOG_NOTE, e->conf->endpoint, NULL, "fetches a package from "
		 "%.*s", (int)uri->length, uri->as.text);
	f->fetch = fetch_start(e, f->requester, uri->as.text, uri->length,
			       e->conf->image_room, package_fetched, f, &why);
	if (!f->fetch)
		firmware_advance(f, FIRMWARE_LOST, (int)why, now);
}

static void firmware_hand_over(struct endpoint_firmware *f, bool install,
			       int64_t now)
{
	struct endpoint *e = f->endpoint;

	f->id = ++e->services->next_id;
	if (e->device && !e->leaving &&
	    bus_image(e->device, f->image, install, f->id) == 0)
		return;
	f->id = 0;
	firmware_advance(f, install ? FIRMWARE_INSTALLED : FIRMWARE_CHECKED,
			 -ESHUTDOWN, now);
}

static void firmware_drop(struct endpoint_firmware *f)
{
	fetch_cancel(f->fetch);
	f->fetch = NULL;
	image_release(f->image);
	f->image = NULL;
	f->id = 0;
}

static void firmware_carry_out(struct endpoint_firmware *f,
			       enum firmware_task task, int64_t now)
{
	switch (task) {
	case FIRMWARE_NOTHING:
		break;
	case FIRMWARE_FETCH:
		firmware_fetch(f, now);
		break;
	case FIRMWARE_CHECK:
		firmware_hand_over(f, false, now);
		break;
	case FIRMWARE_INSTALL:
		firmware_hand_over(f, true, now);
		break;
	case FIRMWARE_DROP:
		firmware_drop(f);
		break;
	}
}

static void firmware_note(const struct endpoint_firmware *f)
{
	static const char *const states[] = {
		"idle", "downloading", "downloaded", "updating"};
	static const char *const results[] = {
		"", ": the device runs it", ": too large for the device",
		": out of memory", ": connection lost", ": damaged",
		": not of the device's kind", ": no such URI",
		": the device refused", ": no such protocol"};

	log_line(LOG_NOTE, f->endpoint->conf->endpoint, NULL,
		 "firmware update: %s%s", states[f->machine.state],
		 f->machine.result < sizeof(results) / sizeof(*results) ?
		 results[f->machine.result] : "");
}

/* Of all that is not idle, a bounded number. */
static void firmware_count(struct endpoint_firmware *f, bool was_idle)
{
	bool idle = f->machine.state == FIRMWARE_IDLE;
	struct services *services = f->endpoint->services;

	if (was_idle && !idle)
		services->n_firmware++;
	else if (!was_idle && idle)
		services->n_firmware--;
}

static void firmware_settle(struct endpoint_firmware *f,
			    const struct firmware_action *action, bool was_idle,
			    int64_t now)
{
	struct services *services = f->endpoint->services;

	firmware_count(f, was_idle);
	if (f->machine.until)
		heap_set(&services->firmware, &f->due, f->machine.until);
	else
		heap_remove(&services->firmware, &f->due);
	if (action->changed) {
		firmware_note(f);
		firmware_show(f, now);
	}
	firmware_carry_out(f, action->task, now);
	if (action->changed)
		firmware_keep(f);
}

static void firmware_advance(struct endpoint_firmware *f,
			     enum firmware_event event, int argument,
			     int64_t now)
{
	bool was_idle = f->machine.state == FIRMWARE_IDLE;
	struct firmware_action action =
		firmware_step(&f->machine, event, argument, now);

	firmware_settle(f, &action, was_idle, now);
}

/* Of a server; its code. Where too many are at it, the next must wait. */
static uint8_t firmware_ask(struct endpoint_firmware *f,
			    enum firmware_event event, int64_t now)
{
	bool was_idle = f->machine.state == FIRMWARE_IDLE;
	struct firmware_action action;

	if (was_idle && event != FIRMWARE_RESET &&
	    f->endpoint->services->n_firmware >= FIRMWARE_AT_ONCE)
		return CODE(5, 3);
	action = firmware_step(&f->machine, event, 0, now);
	if (action.code >> 5 == 2)
		firmware_settle(f, &action, was_idle, now);
	return action.code;
}

/* ---- requests ---- */

static uint8_t firmware_refuse_size(struct endpoint_firmware *f, int64_t now)
{
	uint8_t code = firmware_ask(f, FIRMWARE_PUSH, now);

	if (code >> 5 != 2)
		return code;
	firmware_advance(f, FIRMWARE_LOST, FIRMWARE_NO_FLASH, now);
	return CODE(4, 13);
}

/* "\0" is an empty package, too (Core TS E.6). */
static uint8_t firmware_write_package(struct endpoint_firmware *f,
				      const uint8_t *bytes, size_t n,
				      int64_t now)
{
	struct image *before = f->image;
	uint8_t code;

	if (!n || (n == 1 && !bytes[0]))
		return firmware_ask(f, FIRMWARE_RESET, now);
	if (n > f->endpoint->conf->image_room)
		return firmware_refuse_size(f, now);
	if (f->machine.state > FIRMWARE_DOWNLOADING || before || f->fetch)
		return CODE(4, 5);
	f->image = image_create(bytes, n);
	code = firmware_ask(f, FIRMWARE_PUSHED, now);
	if (code >> 5 != 2) {
		image_release(f->image);
		f->image = NULL;
	}
	return code;
}

static uint8_t firmware_write_uri(struct endpoint_firmware *f, struct client *c,
				  const char *text, size_t n, int64_t now)
{
	struct lwm2m_path path = firmware_path(ID_FIRMWARE_URI);
	uint8_t code;

	if (n > FETCH_URI_MAX)
		return CODE(4, 0);
	if (n && f->machine.state != FIRMWARE_IDLE)
		return CODE(4, 5);
	f->requester = c->server->conf->id;
	firmware_uri_set(f->endpoint, text, (uint32_t)n);
	code = firmware_ask(f, n ? FIRMWARE_URI : FIRMWARE_RESET, now);
	endpoint_touched(f->endpoint, &path, now);
	return code;
}

static uint8_t firmware_write_record(struct endpoint_firmware *f,
				     struct client *c,
				     const struct lwm2m_record *record,
				     int64_t now)
{
	const struct lwm2m_value *value = &record->value;

	if (record->path.depth == 3 &&
	    record->path.id[2] == ID_FIRMWARE_PACKAGE &&
	    value->type == LWM2M_OPAQUE)
		return firmware_write_package(f, value->as.bytes, value->length,
					      now);
	if (record->path.depth == 3 && record->path.id[2] == ID_FIRMWARE_URI &&
	    value->type == LWM2M_STRING)
		return firmware_write_uri(f, c, value->as.text, value->length,
					  now);
	return CODE(4, 5);
}

static uint16_t format_of(const struct request *request,
			  const struct lwm2m_path *path)
{
	if (request->format != FORMAT_NONE)
		return request->format;
	return path->depth == 2 ? FORMAT_TLV :
	       path->id[2] == ID_FIRMWARE_PACKAGE ? FORMAT_OPAQUE : FORMAT_TEXT;
}

static uint8_t firmware_write(struct endpoint_firmware *f, struct client *c,
			      const struct request *request,
			      const struct lwm2m_path *path, int64_t now)
{
	struct request_room *room = f->endpoint->services->request_room;
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	uint16_t format = format_of(request, path);
	struct lwm2m_path named = *path;
	uint8_t code = CODE(4, 0);
	int n;

	named.id[PATH_DEVICE] = client_device(c);
	if (!codec_decodes(format))
		return CODE(4, 15);
	if (!request->length && path->depth == 3 &&
	    path->id[2] == ID_FIRMWARE_PACKAGE)
		return firmware_write_package(f, NULL, 0, now);
	n = codec_decode(format, agent_model(), &named, request->payload,
			 request->length, room->records, REQUEST_RECORDS,
			 &scratch);
	if (n < 0)
		return n == -ENOTSUP ? CODE(4, 15) : CODE(4, 0);
	for (int i = 0; i < n; i++) {
		room->records[i].path.id[PATH_DEVICE] = 0;
		code = firmware_write_record(f, c, &room->records[i], now);
		if (code >> 5 != 2)
			break;
	}
	return code;
}

/* A Write to /5/0, /5/0/0 or /5/0/1? */
static bool firmware_is_written(const struct request *request,
				struct lwm2m_path *path)
{
	if (request->method != REQUEST_PUT && request->method != REQUEST_POST)
		return false;
	if (path_parse(request->uri, request->uri_length, path) < 0 ||
	    path->id[0] != ID_FIRMWARE || path->id[1] || request->query_length)
		return false;
	return path->depth == 2 ||
	       (path->depth == 3 && (path->id[2] == ID_FIRMWARE_PACKAGE ||
				     path->id[2] == ID_FIRMWARE_URI) &&
		request->method == REQUEST_PUT);
}

static bool firmware_request(struct client *c,
			     const struct request_scope *scope,
			     struct coap_exchange *x,
			     const struct request *request, int64_t now)
{
	struct endpoint_firmware *f = c->endpoint->optional->firmware;
	struct lwm2m_path path;
	uint8_t code = CODE(4, 1);

	if (!f || !firmware_is_written(request, &path))
		return false;
	if (request_may(scope, &path, ACCESS_WRITE))
		code = firmware_write(f, c, request, &path, now);
	if (!endpoint_respond_when_stored(c->endpoint, x, code, NULL, now))
		coap_respond(x, code, FORMAT_NONE, NULL, 0, -1);
	return true;
}

static uint8_t firmware_block(struct client *c, const struct request *request,
			      size_t so_far, size_t *most, int64_t now)
{
	struct endpoint_firmware *f = c->endpoint->optional->firmware;
	struct request_scope scope = client_scope(c, now);
	struct lwm2m_path path;
	uint8_t code;

	if (!f || !firmware_is_written(request, &path))
		return 0;
	if (!request_may(&scope, &path, ACCESS_WRITE))
		return CODE(4, 1);
	if (so_far > f->endpoint->conf->image_room + AROUND)
		return firmware_refuse_size(f, now);
	/* Room for one block more: what is too large is found here. */
	*most = f->endpoint->conf->image_room + AROUND + 1024;
	if (f->image || f->fetch)
		return CODE(4, 5);
	code = firmware_ask(f, FIRMWARE_PUSH, now);
	return code >> 5 == 2 ? 0 : code;
}

/* Update is all there is. */
static uint8_t firmware_execute(struct endpoint *e,
				const struct lwm2m_path *path, int64_t now)
{
	(void)path;
	return e->optional->firmware ? firmware_ask(e->optional->firmware,
						    FIRMWARE_UPDATE, now)
				     : CODE(5, 1);
}

static bool firmware_done(struct endpoint *e, uint64_t id, int error,
			  int64_t now)
{
	struct endpoint_firmware *f = e->optional->firmware;

	if (!f || !f->id || f->id != id)
		return false;
	f->id = 0;
	if (error)
		log_line(LOG_WARN, e->conf->endpoint, e->conf->bus, "firmware "
			 "package of %zu bytes: %s", f->image ? f->image->n : 0,
			 strerror(-error));
	firmware_advance(f, f->machine.state == FIRMWARE_UPDATING ?
			 FIRMWARE_INSTALLED : FIRMWARE_CHECKED, error, now);
	return true;
}

void endpoint_firmware_due(struct heap_item *item, int64_t now)
{
	struct endpoint_firmware *f = (void *)((char *)item -
		offsetof(struct endpoint_firmware, due));

	heap_remove(&f->endpoint->services->firmware, item);
	firmware_advance(f, FIRMWARE_TIMER, 0, now);
}

/* ---- comes and goes ---- */

static void firmware_add_number(struct endpoint *e, struct lwm2m_path path,
				int64_t number)
{
	struct tree_slot *slot = tree_slot_add(&e->tree, &path);

	if (!slot)
		abort();
	slot->value = lwm2m_integer(number);
	slot->flags = TREE_READ_ONLY;
}

static void firmware_build_tree(struct endpoint *e,
				const struct firmware *machine)
{
	static const uint16_t others[] = {ID_FIRMWARE_PACKAGE, ID_FIRMWARE_URI,
					   ID_FIRMWARE_UPDATE};
	enum { COAP, COAPS, BOTH = 2 };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct lwm2m_path path = firmware_path(others[i]);
		struct tree_slot *slot = tree_slot_add(&e->tree, &path);

		if (!slot)
			abort();
		slot->flags |= TREE_READ_ONLY;	/* but by us */
	}
	firmware_add_number(e, firmware_path(ID_FIRMWARE_STATE),
			    machine->state);
	firmware_add_number(e, firmware_path(ID_FIRMWARE_RESULT),
			    machine->result);
	for (uint16_t protocol = COAP; protocol <= COAPS; protocol++)
		firmware_add_number(e, path_element(ID_FIRMWARE, 0,
						    ID_FIRMWARE_PROTOCOLS,
						    protocol), protocol);
	firmware_add_number(e, firmware_path(ID_FIRMWARE_DELIVERY), BOTH);
}

/* If the device takes images. */
static void firmware_build(struct endpoint *e, int64_t now)
{
	struct endpoint_firmware *f;
	uint8_t *kept;
	size_t n;

	(void)now;
	if (!e->conf->image_room)
		return;
	f = endpoint_optional(e)->firmware = calloc(1, sizeof(*f));
	if (!f)
		abort();
	endpoint_put_instance(&e->tree, ID_FIRMWARE, 0);
	f->endpoint = e;
	firmware_build_tree(e, &f->machine);
	firmware_uri_set(e, "", 0);
	kept = store_get(e->services->store, STORE_FIRMWARE, e->conf->endpoint,
			 &n);
	if (kept)
		firmware_take_kept(f, kept, n);
	free(kept);
	firmware_build_tree(e, &f->machine);	/* as it is now */
	firmware_count(f, true);
}

static void firmware_finish(struct endpoint *e)
{
	struct endpoint_firmware *f = e->optional->firmware;

	if (!f)
		return;
	if (f->machine.state != FIRMWARE_IDLE)
		e->services->n_firmware--;
	heap_remove(&e->services->firmware, &f->due);
	firmware_drop(f);
	free(f);
	endpoint_optional(e)->firmware = NULL;
}

const struct endpoint_object endpoint_object_firmware = {
	.id = ID_FIRMWARE, .build = firmware_build,
	.execute = firmware_execute,
	.request = firmware_request, .block = firmware_block,
	.done = firmware_done, .finish = firmware_finish,
};
