/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests of a bootstrap server against a copy of the accounts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/bootstrap_request.h"
#include "objects/ids.h"

#define SLOTS_MAX REQUEST_RECORDS	/* what account_save() takes */

static struct bootstrap_outcome outcome_answer(uint8_t code, const char *reason)
{
	return (struct bootstrap_outcome){code, FORMAT_NONE, reason};
}

bool bootstrap_is_finish(const struct request *request)
{
	return request->method == REQUEST_POST && request->uri_length == 2 &&
	       !memcmp(request->uri, "bs", 2);
}

/* ---- Discover: instances only, whose account each is (6.1.7.3) */

static void account_link(const struct tree *copy, uint16_t object,
			 uint16_t instance, struct buf *out)
{
	uint16_t id_at = object == ID_SECURITY ? ID_SECURITY_SERVER :
						 ID_SERVER_ID;
	struct lwm2m_value uri;
	int64_t id;

	if (object != ID_SERVER &&
	    (object != ID_SECURITY || account_number(copy,
		path_resource(ID_SECURITY, instance, ID_SECURITY_BOOTSTRAP), 0)))
		return;
	id = account_number(copy, path_resource(object, instance, id_at), 0);
	if (id)
		buf_print(out, ";ssid=%d", (int)id);
	uri = account_bytes(copy, path_resource(ID_SECURITY, instance,
						ID_SECURITY_URI));
	if (object == ID_SECURITY && uri.length &&
	    !memchr(uri.as.text, '"', uri.length))
		buf_print(out, ";uri=\"%.*s\"", (int)uri.length, uri.as.text);
}

/* The id of the server whose account names this instance of object 21. */
static void oscore_link(const struct tree *copy, uint16_t instance,
			struct buf *out)
{
	struct account list[ACCOUNTS_MAX];
	size_t n = account_list(copy, list, ACCOUNTS_MAX);

	for (size_t i = 0; i < n; i++) {
		struct lwm2m_path path =
			path_resource(ID_SECURITY, list[i].security,
				      ID_SECURITY_OSCORE);
		const struct tree_slot *slot = tree_find(copy, &path);

		if (slot && slot->value.type == LWM2M_OBJLINK &&
		    slot->value.as.link.instance == instance && list[i].id)
			buf_print(out, ";ssid=%u", list[i].id);
	}
}

static void link_add(const struct lwm2m_path *path, struct buf *out)
{
	char text[PATH_TEXT_MAX];

	path_format(path, text);
	buf_print(out, ",<%s>", text);
}

/* The core's objects have the versions of the enabler. */
static void object_link(const struct object_def *object, struct buf *out)
{
	struct lwm2m_path path = path_object(object->id);

	link_add(&path, out);
	if (object->id >= 3200 && strcmp(object->version, "1.0"))
		buf_print(out, ";ver=%s", object->version);
}

static void tree_links(const struct tree *tree, bool accounts,
		       const struct lwm2m_path *scope, struct buf *out)
{
	uint16_t before = 65535;

	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];
		uint16_t id = at->object->id;
		struct lwm2m_path path = path_instance(id, at->id);

		if (account_object(id) != accounts || !path_covers(scope, &path))
			continue;
		if (id != before && id >= 3200)
			object_link(at->object, out);
		before = id;
		link_add(&path, out);
		if (id == ID_OSCORE)
			oscore_link(tree, at->id, out);
		else if (accounts)
			account_link(tree, id, at->id, out);
	}
}

/* An attribute of the root; of nothing in 1.0, where it is quoted (5.2.7.3). */
static void version_link(const char *version, struct buf *out)
{
	if (!strcmp(version, "1.0"))
		buf_text(out, "lwm2m=\"1.0\"");
	else
		buf_print(out, "</>;lwm2m=%s", version);
}

static struct bootstrap_outcome
bootstrap_discover(const struct bootstrap_scope *scope,
		   const struct lwm2m_path *path, struct buf *out)
{
	if (path->depth > 1)
		return outcome_answer(CODE(4, 00),
				      "of the root or an object only");
	if (path->depth && !scope->model->object(scope->model, path->id[0]))
		return outcome_answer(CODE(4, 04), "no such object");
	version_link(scope->version, out);
	tree_links(scope->copy, true, path, out);
	if (!path->depth && !tree_has_object(scope->copy, ACCESS_OBJECT))
		buf_text(out, ",</2>");
	tree_links(scope->tree, false, path, out);
	if (out->full)
		return outcome_answer(CODE(5, 00), "too long");
	return (struct bootstrap_outcome){CODE(2, 05), FORMAT_LINK, NULL};
}

/* ---- Read */

static struct bootstrap_outcome read_accounts(
	const struct bootstrap_scope *scope, const struct request *request,
	const struct lwm2m_path *path, struct request_room *room,
	struct buf *out)
{
	uint16_t format = request->accept == FORMAT_NONE ? scope->fallback :
			  request->accept;
	struct tree_cursor at = {0, 0};
	struct lwm2m_path one;
	const struct tree_slot *slot;
	size_t n = 0;
	int rc;

	while ((slot = tree_next(scope->copy, path, &at, &one)))
		if (slot->value.type != LWM2M_NONE && n < REQUEST_RECORDS)
			room->records[n++] = (struct lwm2m_record){
				one, slot->value, 0};
	rc = codec_encode(format, path, room->records, n, out);
	if (rc == -ENOTSUP)
		return outcome_answer(CODE(4, 06), "not in this format");
	if (rc < 0)
		return outcome_answer(CODE(5, 00), "too long");
	return (struct bootstrap_outcome){CODE(2, 05), format, NULL};
}

static struct bootstrap_outcome
bootstrap_read(const struct bootstrap_scope *scope,
	       const struct request *request, const struct lwm2m_path *path,
	       struct request_room *room, struct buf *out)
{
	if (request->accept == FORMAT_LINK)
		return bootstrap_discover(scope, path, out);
	if (!path->depth || (path->id[0] != ID_SERVER &&
			     path->id[0] != ACCESS_OBJECT))
		return outcome_answer(CODE(4, 05),
				      "only /1 and /2 can be read");
	if (!tree_exists(scope->copy, path))
		return outcome_answer(CODE(4, 04), "nothing is there");
	return read_accounts(scope, request, path, room, out);
}

/* ---- Write */

static const struct resource_def *def_of(const struct bootstrap_scope *scope,
					 const struct lwm2m_record *record)
{
	return record->path.depth < 3 ? NULL :
	       model_resource(scope->model, record->path.id[0],
			      record->path.id[2]);
}

/* 7 and 8 are of DTLS over SMS, 4.. of object 1 executable: heard and passed
 * over. */
static bool is_stored(const struct lwm2m_record *record,
		      const struct resource_def *def)
{
	uint16_t resource = record->path.id[2];

	return def && def->type != LWM2M_NONE &&
	       record->value.type != LWM2M_NONE &&
	       !(record->path.id[0] == ID_SECURITY &&
		 resource > ID_SECURITY_SMS_MODE &&
		 resource < ID_SECURITY_SMS_NUMBER);
}

/* Never what was given: it may be a key. */
static const char *type_refuse(const struct lwm2m_path *path,
			       const struct resource_def *def,
			       struct request_room *room)
{
	char at[PATH_TEXT_MAX];

	path_format(path, at);
	snprintf(room->reason, sizeof(room->reason), "%s (%s) wants %s", at,
		 def->name, request_type_text(def->type));
	return room->reason;
}

static const char *record_check(const struct bootstrap_scope *scope,
				const struct lwm2m_record *record,
				struct request_room *room)
{
	const struct resource_def *def = def_of(scope, record);

	if (record->path.depth < 2 || !account_object(record->path.id[0]))
		return "only objects 0, 1, 2 and 21 are written here";
	if (record->path.id[1] > PATH_ID_MAX)
		return "an instance without an id";
	if (!is_stored(record, def))
		return NULL;
	if (def->multiple != (record->path.depth == 4))
		return def->multiple ? "the resource is a multiple one" :
				       "the resource is a single one";
	return record->value.type == def->type ? NULL :
	       type_refuse(&record->path, def, room);
}

static size_t slots_count(const struct tree *tree)
{
	size_t n = 0;

	for (size_t i = 0; i < tree->n_instances; i++)
		n += 1u + tree->instances[i].n_slots;
	return n;
}

static void instance_make(const struct bootstrap_scope *scope,
			  const struct lwm2m_path *path)
{
	if (!tree_add(scope->copy, scope->model->object(scope->model,
							path->id[0]),
		      path->id[1]))
		abort();
}

/* There is one bootstrap server: the one written last. */
static void bootstrap_only(struct tree *copy, uint16_t instance)
{
	struct account list[ACCOUNTS_MAX];
	size_t n = account_list(copy, list, ACCOUNTS_MAX);

	for (size_t i = 0; i < n && list[i].bootstrap; i++) {
		struct lwm2m_path path = path_instance(ID_SECURITY,
							list[i].security);

		if (list[i].security != instance)
			account_remove(copy, &path);
	}
}

static void record_set(const struct bootstrap_scope *scope,
		       const struct lwm2m_record *record)
{
	const struct lwm2m_path *path = &record->path;
	struct lwm2m_path old = *path;

	instance_make(scope, path);
	if (!is_stored(record, def_of(scope, record)))
		return;
	account_remove(scope->copy, &old);
	if (path->id[0] == ID_SECURITY) {	/* its keys are not ours any more */
		old = path_resource(ID_SECURITY, path->id[1], ACCOUNT_OWN);
		account_remove(scope->copy, &old);
	}
	if (tree_set(scope->copy, path, &record->value, 0) < 0)
		abort();
	if (path->id[0] == ID_SECURITY && path->id[2] == ID_SECURITY_BOOTSTRAP &&
	    record->value.as.boolean)
		bootstrap_only(scope->copy, path->id[1]);
}

/* A multiple resource that is written is written as a whole. */
static void old_remove(const struct bootstrap_scope *scope,
		       const struct lwm2m_path *path,
		       const struct lwm2m_record *records, size_t n)
{
	struct lwm2m_path old;

	if (path->depth >= 2)
		account_remove(scope->copy, path);
	if (path->depth >= 3)
		return;
	for (size_t i = 0; i < n; i++) {
		old = path_instance(records[i].path.id[0],
				    records[i].path.id[1]);
		account_remove(scope->copy, &old);
	}
}

static struct bootstrap_outcome records_write(
	const struct bootstrap_scope *scope, const struct lwm2m_path *path,
	struct request_room *room, size_t n)
{
	const struct lwm2m_record *records = room->records;

	for (size_t i = 0; i < n; i++) {
		const char *why = record_check(scope, &records[i], room);

		if (why)
			return outcome_answer(CODE(4, 00), why);
	}
	if (slots_count(scope->copy) + 2 * n > SLOTS_MAX)
		return outcome_answer(CODE(4, 00), "too much");
	old_remove(scope, path, records, n);
	if (path->depth == 2)
		instance_make(scope, path);
	for (size_t i = 0; i < n; i++)
		record_set(scope, &records[i]);
	return outcome_answer(CODE(2, 04), NULL);
}

/* The payload's records; those of the request before are not taken for them
 * where it ends too soon. */
static int payload_decode(const struct bootstrap_scope *scope, uint16_t format,
			  const struct lwm2m_path *path,
			  const uint8_t *payload, size_t length,
			  struct request_room *room, struct buf *scratch)
{
	for (size_t i = 0; i < REQUEST_RECORDS; i++)
		room->records[i].path.depth = 0;
	return codec_decode(format, scope->model, path, payload, length,
			    room->records, REQUEST_RECORDS, scratch);
}

/* Which value it was: of one resource the path says it, of more the one behind
 * those that could be read. */
static const char *value_refuse(const struct bootstrap_scope *scope,
				const struct lwm2m_path *path,
				struct request_room *room)
{
	const struct lwm2m_record one = {.path = *path};
	const struct resource_def *def = def_of(scope, &one);
	char at[PATH_TEXT_MAX];
	size_t n = 0;

	if (def)
		return type_refuse(path, def, room);
	while (n < REQUEST_RECORDS && room->records[n].path.depth)
		n++;
	if (n == 0)
		return "its first value is not of its resource's type";
	path_format(&room->records[n - 1].path, at);
	snprintf(room->reason, sizeof(room->reason), "the value behind %s is "
		 "not of its resource's type", at);
	return room->reason;
}

static struct bootstrap_outcome
refuse_payload(const struct bootstrap_scope *scope,
	       const struct lwm2m_path *path, struct request_room *room,
	       int error)
{
	switch (error) {
	case -ENOTSUP:
		return outcome_answer(CODE(4, 15), "not in this format");
	case -EPROTOTYPE:
		return outcome_answer(CODE(4, 00),
				      value_refuse(scope, path, room));
	case -EXDEV:
		return outcome_answer(CODE(4, 00), "a name outside the path");
	case -EMSGSIZE:
		return outcome_answer(CODE(4, 00), "too many resources");
	default:
		return outcome_answer(CODE(4, 00), "malformed payload");
	}
}

static struct bootstrap_outcome
bootstrap_write(const struct bootstrap_scope *scope,
		const struct request *request, const struct lwm2m_path *path,
		struct request_room *room)
{
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	uint16_t format = request->format != FORMAT_NONE ? request->format :
			  path->depth >= 3 ? FORMAT_TEXT : FORMAT_TLV;
	struct bootstrap_outcome outcome;
	int n;

	if (!path->depth || !account_object(path->id[0]))
		return outcome_answer(
			CODE(4, 00),
			"only objects 0, 1, 2 and 21 are written here");
	n = payload_decode(scope, format, path, request->payload,
			   request->length, room, &scratch);
	if (n < 0)
		return refuse_payload(scope, path, room, n);
	outcome = records_write(scope, path, room, (size_t)n);
	explicit_bzero(room->scratch, scratch.used);
	return outcome;
}

/* ---- Delete */

static void oscore_keep(const struct tree *copy, uint16_t security,
			int32_t *oscore)
{
	struct lwm2m_path path = path_resource(ID_SECURITY, security,
						ID_SECURITY_OSCORE);
	const struct tree_slot *slot = tree_find(copy, &path);

	*oscore = slot && slot->value.type == LWM2M_OBJLINK ?
		  slot->value.as.link.instance : -1;
}

/* The bootstrap server's own: instance of object 0 and its one of 21. */
static void own_find(const struct tree *copy, int32_t *security,
		     int32_t *oscore)
{
	struct account first;

	*security = *oscore = -1;
	if (!account_list(copy, &first, 1) || !first.bootstrap)
		return;
	*security = first.security;
	oscore_keep(copy, first.security, oscore);
}

static bool is_own(const struct lwm2m_path *path, int32_t security,
		   int32_t oscore)
{
	return (path->id[0] == ID_SECURITY && path->id[1] == security) ||
	       (path->id[0] == ID_OSCORE && path->id[1] == oscore);
}

/* From the end: what is behind an instance moves when it goes. */
static void remove_all(struct tree *copy, const struct lwm2m_path *scope)
{
	int32_t security, oscore;

	own_find(copy, &security, &oscore);
	for (size_t i = copy->n_instances; i-- > 0; ) {
		struct lwm2m_path path = path_instance(
			copy->instances[i].object->id,
			copy->instances[i].id);

		if (path_covers(scope, &path) &&
		    !is_own(&path, security, oscore))
			account_remove(copy, &path);
	}
}

static struct bootstrap_outcome
bootstrap_delete(const struct bootstrap_scope *scope,
		 const struct lwm2m_path *path)
{
	int32_t security, oscore;

	own_find(scope->copy, &security, &oscore);
	if (path->depth > 2)
		return outcome_answer(CODE(4, 00),
				      "of objects and instances only");
	if (path->depth && !account_object(path->id[0]))
		return outcome_answer(CODE(4, 00),
				      path->id[0] == ID_DEVICE
					      ? "the device object stays"
					      : "this belongs to a device");
	if (path->depth == 2 && is_own(path, security, oscore))
		return outcome_answer(CODE(4, 00),
				      "the bootstrap server's account stays");
	if (path->depth == 2 && !tree_exists(scope->copy, path))
		return outcome_answer(CODE(4, 00), "nothing is there");
	remove_all(scope->copy, path);
	return outcome_answer(CODE(2, 02), NULL);
}

/* ---- all of them */

struct bootstrap_outcome
bootstrap_handle(const struct bootstrap_scope *scope,
		 const struct request *request, struct request_room *room,
		 struct buf *out)
{
	struct lwm2m_path path;

	if (path_parse(request->uri, request->uri_length, &path))
		return outcome_answer(CODE(4, 00), "not a path of objects");
	switch ((enum request_method)request->method) {
	case REQUEST_GET:
		return bootstrap_read(scope, request, &path, room, out);
	case REQUEST_PUT:
		return bootstrap_write(scope, request, &path, room);
	case REQUEST_DELETE:
		return bootstrap_delete(scope, &path);
	case REQUEST_POST: case REQUEST_FETCH: case REQUEST_PATCH:
	case REQUEST_IPATCH:
		break;
	}
	return outcome_answer(CODE(4, 05), "not an operation of bootstrap");
}

struct bootstrap_outcome
bootstrap_unpack(const struct bootstrap_scope *scope, uint16_t format,
		 const uint8_t *payload, size_t length,
		 struct request_room *room)
{
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	struct lwm2m_path root = path_root();
	struct bootstrap_outcome outcome;
	int n = payload_decode(scope, format, &root, payload, length, room,
			       &scratch);

	if (n < 0)
		return refuse_payload(scope, &root, room, n);
	remove_all(scope->copy, &root);
	outcome = records_write(scope, &root, room, (size_t)n);
	explicit_bzero(room->scratch, scratch.used);
	return outcome;
}
