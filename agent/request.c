/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests against a tree. The order of the checks is that of the codes: is
 * it there, may it be done, can the format be read, is the content right.
 * Nothing is done before all of them have passed. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "agent/request.h"
#include "ipso/ipso.h"
#include "objects/linkformat.h"

struct handling {
	const struct request_scope *scope;
	const struct request *request;
	struct request_room *room;
	struct buf *out;
	struct request_outcome outcome;
};

/* An answer without a payload, or a refusal and why. */
static void answer(struct handling *h, uint8_t code, const char *reason)
{
	h->outcome.code = code;
	h->outcome.reason = reason;
}

static void not_allowed(struct handling *h)
{
	answer(h, CODE(4, 05), "this operation is not for this path");
}

/* Security and OSCORE hold keys: no server sees them. */
static bool is_closed(uint16_t object)
{
	return object == 0 || object == 21;
}

/* NULL: path is above a resource, or its object does not know it. */
static const struct resource_def *def_find(const struct tree *tree,
					   const struct lwm2m_path *path)
{
	const struct tree_instance *instance;

	if (path->depth < 3)
		return NULL;
	instance = tree_instance_find(tree, path->id[0], path->id[1]);
	return instance ? object_resource(instance->object, path->id[2]) :
			  NULL;
}

/* One value, or (an instance, a multiple resource) a list of them? */
static bool is_single(const struct tree *tree, const struct lwm2m_path *path)
{
	const struct resource_def *def = def_find(tree, path);

	return path->depth == 4 ||
	       (path->depth == 3 && !(def && def->multiple));
}

/* ---- Read ---- */

/* The slots of a Read's scope by what can be said of them. */
struct tally {
	size_t served, bad;
	size_t bound, bound_bad;
	bool overflow;
};

static bool is_served(const struct request_scope *scope,
		      const struct tree_slot *slot)
{
	if (slot->value.type == LWM2M_NONE)
		return false;
	switch ((enum tree_quality)slot->quality) {
	case TREE_GOOD: return true;
	case TREE_EMPTY: return false;
	case TREE_BAD: return scope->serve_stale;
	}
	return false;
}

static bool is_readable(const struct tree *tree, const struct lwm2m_path *at)
{
	const struct resource_def *def = def_find(tree, at);

	return def && def->operations & OP_READ && !is_closed(at->id[0]);
}

/* A time goes along with a stale value only: it must not pass for a fresh
 * one. Where all carry times, a server may take them for a history. */
static void slot_collect(const struct request_scope *scope,
			 const struct tree_slot *slot,
			 const struct lwm2m_path *at,
			 struct request_room *room, struct tally *tally)
{
	bool bad = slot->quality == TREE_BAD;

	tally->bad += bad;
	if (slot->flags & TREE_BOUND) {
		tally->bound++;
		tally->bound_bad += bad;
	}
	if (!is_served(scope, slot))
		return;
	if (tally->served == REQUEST_RECORDS) {
		tally->overflow = true;
		return;
	}
	room->records[tally->served++] = (struct lwm2m_record){
		*at, slot->value, bad ? slot->time : 0,
	};
}

static struct tally scope_collect(const struct request_scope *scope,
				  const struct lwm2m_path *path,
				  struct request_room *room)
{
	struct tree_cursor cursor = {0, 0};
	struct tally tally = {0};
	const struct tree_slot *slot;
	struct lwm2m_path at;

	while ((slot = tree_next(scope->tree, path, &cursor, &at)))
		if (is_readable(scope->tree, &at))
			slot_collect(scope, slot, &at, room, &tally);
	return tally;
}

/* 2.05, or what is wrong with the values. */
static uint8_t tally_judge(const struct tally *tally, bool serve_stale,
			   const struct lwm2m_path *path)
{
	if (tally->overflow)
		return CODE(5, 00);
	if (tally->bound && tally->bound_bad == tally->bound && !serve_stale)
		return CODE(5, 04);
	if (!tally->served && path->depth >= 3)
		return tally->bad ? CODE(5, 04) : CODE(5, 03);
	return CODE(2, 05);
}

static uint16_t format_choose(const struct request_scope *scope, bool single,
			      uint16_t accept)
{
	if (accept != FORMAT_NONE)
		return accept;
	return single && scope->fallback == FORMAT_TLV ? FORMAT_TEXT :
							 scope->fallback;
}

/* Those of one value: they could not say which of several they have. */
static bool is_plain(uint16_t format)
{
	return format == FORMAT_TEXT || format == FORMAT_OPAQUE ||
	       format == FORMAT_CBOR;
}

/* 2.05, and out is left as it was at any other code. */
static uint8_t records_write(const struct lwm2m_path *path, uint16_t format,
			     const struct lwm2m_record *records, size_t n,
			     struct buf *out)
{
	struct buf before = *out;
	int error = codec_encode(format, path, records, n, out);

	if (!error)
		return CODE(2, 05);
	*out = before;
	return error == -ENOTSUP ? CODE(4, 06) : CODE(5, 00);
}

uint8_t request_read(const struct request_scope *scope,
		     const struct lwm2m_path *path, uint16_t accept,
		     struct request_room *room, struct buf *out,
		     uint16_t *format)
{
	bool single = is_single(scope->tree, path);
	struct tally tally;
	uint8_t code;

	*format = FORMAT_NONE;
	if (path->depth && is_closed(path->id[0]))
		return CODE(4, 01);
	if (!tree_exists(scope->tree, path))
		return CODE(4, 04);
	if (path->depth >= 3 && !is_readable(scope->tree, path))
		return CODE(4, 05);
	accept = format_choose(scope, single, accept);
	if (!codec_encodes(accept) || (!single && is_plain(accept)))
		return CODE(4, 06);
	tally = scope_collect(scope, path, room);
	code = tally_judge(&tally, scope->serve_stale, path);
	if (code != CODE(2, 05))
		return code;
	code = records_write(path, accept, room->records, tally.served, out);
	if (code == CODE(2, 05))
		*format = accept;
	return code;
}

static const char *read_reason(uint8_t code)
{
	switch (code) {
	case CODE(4, 05): return "the resource cannot be read";
	case CODE(4, 06): return "not available in this format";
	case CODE(5, 00): return "the answer is too large";
	case CODE(5, 03): return "there is no value yet";
	case CODE(5, 04): return "the device does not answer";
	default: return NULL;
	}
}

static void read_handle(struct handling *h)
{
	uint8_t code;

	if (!h->outcome.path.depth) {
		not_allowed(h);
		return;
	}
	code = request_read(h->scope, &h->outcome.path, h->request->accept,
			    h->room, h->out, &h->outcome.format);
	answer(h, code, read_reason(code));
	if (h->request->observe == 0 && code == CODE(2, 05))
		h->outcome.kind = REQUEST_OBSERVE;
}

static void discover_handle(struct handling *h)
{
	struct buf before = *h->out;

	if (!h->outcome.path.depth || h->outcome.path.depth > 3) {
		not_allowed(h);
		return;
	}
	links_discover(h->scope->tree, &h->outcome.path,
		       h->scope->attributes, h->out);
	if (h->out->full) {
		*h->out = before;
		answer(h, CODE(5, 00), "the answer is too large");
		return;
	}
	h->outcome.format = FORMAT_LINK;
	answer(h, CODE(2, 05), NULL);
}

/* ---- Write-Attributes ---- */

static bool is_numeric(const struct resource_def *def)
{
	switch ((enum lwm2m_type)def->type) {
	case LWM2M_INTEGER: case LWM2M_UNSIGNED: case LWM2M_FLOAT:
	case LWM2M_TIME:
		return true;
	case LWM2M_NONE: case LWM2M_BOOLEAN: case LWM2M_STRING:
	case LWM2M_OPAQUE: case LWM2M_OBJLINK: case LWM2M_CORELINK:
		break;
	}
	return false;
}

static void attributes_handle(struct handling *h)
{
	const struct lwm2m_path *path = &h->outcome.path;
	const struct resource_def *def = def_find(h->scope->tree, path);
	int error;

	if (!path->depth ||
	    (path->depth > 2 && !is_readable(h->scope->tree, path))) {
		not_allowed(h);
		return;
	}
	error = attributes_write(h->scope->attributes, path,
				 h->request->query, h->request->query_length,
				 def && is_numeric(def));
	if (error == -ENOMEM) {
		answer(h, CODE(5, 00), "no memory");
	} else if (error) {
		answer(h, CODE(4, 00), error == -EDOM ?
			"these attributes cannot hold here" :
			"not attributes");
	} else {
		h->outcome.kind = REQUEST_ATTRIBUTES;
		answer(h, CODE(2, 04), NULL);
	}
}

/* ---- Write ---- */

static bool is_writable(const struct tree *tree, const struct lwm2m_path *path)
{
	const struct resource_def *def = def_find(tree, path);
	struct lwm2m_path resource = *path;
	const struct tree_slot *slot = tree_find(tree, path);

	resource.depth = 3;
	if (!slot)			/* an element that is to come */
		slot = tree_find(tree, &resource);
	return def && def->operations & OP_WRITE &&
	       slot && !(slot->flags & TREE_READ_ONLY);
}

/* The instance's own range counts before its object's; the periods of a
 * server account (object 1) have none in the registry, yet none is negative. */
static bool is_in_range(const struct tree *tree,
			const struct lwm2m_path *path,
			const struct resource_def *def,
			const struct lwm2m_value *value)
{
	double number = lwm2m_number(value), min = def->min, max = def->max;

	if (!is_numeric(def))
		return true;
	if (!isfinite(number))
		return false;
	if (path->id[0] == 1 && number < 0)
		return false;
	if (!ipso_range(tree, path, &min, &max) && min == max)
		return true;
	return number >= min && number <= max;
}

/* Is there an element to set, or may it be made? Those of a device are its
 * own matter. */
static bool is_settable(const struct tree *tree,
			const struct lwm2m_path *path)
{
	struct lwm2m_path resource = *path;
	const struct tree_slot *first;

	if (tree_find(tree, path))
		return true;
	resource.depth = 3;
	first = tree_find(tree, &resource);
	return first && !(first->flags & TREE_BOUND);
}

static void record_check(struct handling *h, const struct lwm2m_record *record)
{
	const struct tree *tree = h->scope->tree;
	const struct lwm2m_path *path = &record->path;
	const struct resource_def *def = def_find(tree, path);

	if (path->depth < 3 && record->value.type == LWM2M_NONE)
		return;			/* an instance without resources */
	if (!def || !is_settable(tree, path))
		answer(h, CODE(4, 04), "no such resource");
	else if (!is_writable(tree, path))
		answer(h, CODE(4, 05), "the resource cannot be written");
	else if (def->multiple != (path->depth == 4))
		answer(h, CODE(4, 00), def->multiple ?
			"the resource is a multiple one" :
			"the resource is a single one");
	else if (record->value.type != def->type)
		answer(h, CODE(4, 00), "a value of another type");
	else if (!is_in_range(tree, path, def, &record->value))
		answer(h, CODE(4, 00), "the value is out of range");
}

static void decode_refuse(struct handling *h, int error)
{
	switch (error) {
	case -ENOTSUP:
		answer(h, CODE(4, 15), "not in this format");
		break;
	case -EPROTOTYPE:
		answer(h, CODE(4, 00), "a value of another type");
		break;
	case -EXDEV:
		answer(h, CODE(4, 00), "a name outside the path");
		break;
	case -EMSGSIZE:
		answer(h, CODE(4, 13), "too many resources");
		break;
	default:
		answer(h, CODE(4, 00), "malformed payload");
		break;
	}
}

static uint16_t payload_format(const struct handling *h)
{
	if (h->request->format != FORMAT_NONE)
		return h->request->format;
	return h->outcome.path.depth >= 3 ? FORMAT_TEXT : FORMAT_TLV;
}

/* The number of records, all of which can be written; -1: refused. */
static int payload_check(struct handling *h)
{
	struct buf scratch = buf_over(h->room->scratch,
				      sizeof(h->room->scratch));
	int n = codec_decode(payload_format(h), h->scope->model,
			     &h->outcome.path, h->request->payload,
			     h->request->length, h->room->records,
			     REQUEST_RECORDS, &scratch);

	if (n < 0) {
		decode_refuse(h, n);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		record_check(h, &h->room->records[i]);
		if (h->outcome.code)
			return -1;
	}
	if (!n && h->outcome.path.depth >= 3) {
		answer(h, CODE(4, 00), "no value");
		return -1;
	}
	return n;
}

static void touch(struct handling *h, const struct lwm2m_path *path)
{
	if (h->outcome.n_touched < REQUEST_RECORDS)
		h->room->touched[h->outcome.n_touched++] = *path;
}

static bool held_set(struct handling *h, const struct lwm2m_record *record)
{
	struct tree *tree = h->scope->tree;

	if (tree_set(tree, &record->path, &record->value, h->scope->now))
		return false;
	tree_find(tree, &record->path)->flags |= TREE_KEPT;
	touch(h, &record->path);
	return true;
}

static bool is_named(const struct lwm2m_record *records, size_t n,
		     const struct lwm2m_path *path)
{
	for (size_t i = 0; i < n; i++)
		if (path_equal(&records[i].path, path))
			return true;
	return false;
}

/* Takes the elements of a multiple resource away that the payload leaves out;
 * those of a device are its own matter. */
static void elements_prune(struct handling *h,
			   const struct lwm2m_path *resource, size_t n)
{
	struct tree_cursor cursor = {0, 0};
	const struct tree_slot *slot;
	struct lwm2m_path path;

	while ((slot = tree_next(h->scope->tree, resource, &cursor, &path))) {
		if (slot->flags & TREE_BOUND ||
		    is_named(h->room->records, n, &path))
			continue;
		tree_remove(h->scope->tree, &path);
		touch(h, &path);
		cursor.slot--;		/* the next one is here now */
	}
}

/* Once for each multiple resource that a replacing payload names. */
static void elements_replace(struct handling *h, size_t n)
{
	const struct lwm2m_record *records = h->room->records;

	if (h->request->method != REQUEST_PUT || h->outcome.path.depth > 3)
		return;
	for (size_t i = 0; i < n; i++) {
		struct lwm2m_path resource = records[i].path;
		size_t before = 0;

		if (resource.depth < 4)
			continue;
		resource.depth = 3;
		while (before < i &&
		       !path_covers(&resource, &records[before].path))
			before++;
		if (before == i)
			elements_prune(h, &resource, n);
	}
}

/* Held ones are set, bound ones collected at the front of the records. */
static void records_apply(struct handling *h, size_t n)
{
	struct lwm2m_record *records = h->room->records;
	size_t bound = 0;

	elements_replace(h, n);
	for (size_t i = 0; i < n; i++) {
		const struct tree_slot *slot =
			tree_find(h->scope->tree, &records[i].path);

		if (records[i].path.depth < 3)
			continue;
		if (slot && slot->flags & TREE_BOUND) {
			records[bound++] = records[i];
		} else if (!held_set(h, &records[i])) {
			answer(h, CODE(5, 00), "no memory");
			return;
		}
	}
	h->outcome.writes = records;
	h->outcome.n_writes = bound;
	h->outcome.touched = h->room->touched;
	h->outcome.kind = REQUEST_WRITE;
	answer(h, CODE(2, 04), NULL);
}

static void write_handle(struct handling *h)
{
	const struct lwm2m_path *path = &h->outcome.path;
	int n;

	if (path->depth >= 3 && !is_writable(h->scope->tree, path)) {
		answer(h, CODE(4, 05), "the resource cannot be written");
		return;
	}
	if (!codec_decodes(payload_format(h))) {
		answer(h, CODE(4, 15), "this format cannot be read");
		return;
	}
	n = payload_check(h);
	if (n >= 0)
		records_apply(h, (size_t)n);
}

/* ---- Execute ---- */

/* Core TS 6.3.5: what may stand between the quotes. */
static bool is_argument_char(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\';
}

/* DIGIT ["=" "'" *CHAR "'"]; returns where it ends, NULL: malformed. */
static const uint8_t *argument_skip(const uint8_t *at, const uint8_t *end)
{
	if (at == end || *at < '0' || *at > '9')
		return NULL;
	if (++at == end || *at != '=')
		return at;
	if (++at == end || *at++ != '\'')
		return NULL;
	while (at < end && is_argument_char(*at))
		at++;
	return at < end && *at == '\'' ? at + 1 : NULL;
}

static bool are_arguments(const uint8_t *at, size_t n)
{
	const uint8_t *end = at + n;

	if (!n)
		return true;
	for (;;) {
		at = argument_skip(at, end);
		if (!at || at == end)
			return at;
		if (*at++ != ',')
			return false;
	}
}

static bool is_argument_format(uint16_t format)
{
	return format == FORMAT_NONE || format == FORMAT_TEXT ||
	       format == FORMAT_OLD_TEXT;
}

static void execute_do(struct handling *h)
{
	int n = ipso_execute(h->scope->tree, &h->outcome.path,
			     h->room->touched);

	h->outcome.kind = REQUEST_EXECUTE;
	if (n >= 0) {
		h->outcome.kind = REQUEST_WRITE;
		h->outcome.touched = h->room->touched;
		h->outcome.n_touched = (size_t)n;
	}
	answer(h, CODE(2, 04), NULL);
}

static void execute_handle(struct handling *h)
{
	const struct resource_def *def =
		def_find(h->scope->tree, &h->outcome.path);

	if (!def || !(def->operations & OP_EXECUTE))
		answer(h, CODE(4, 05), "the resource cannot be executed");
	else if (h->request->length && !is_argument_format(h->request->format))
		answer(h, CODE(4, 15), "arguments are text");
	else if (!are_arguments(h->request->payload, h->request->length))
		answer(h, CODE(4, 00), "malformed arguments");
	else
		execute_do(h);
}

/* ---- by method; LwM2M tells its operations by path and options ---- */

static void get_handle(struct handling *h)
{
	if (h->request->accept == FORMAT_LINK)
		discover_handle(h);
	else
		read_handle(h);
}

static void put_handle(struct handling *h)
{
	if (h->request->query_length && !h->request->length)
		attributes_handle(h);
	else if (h->request->query_length)
		answer(h, CODE(4, 00), "attributes and a value");
	else if (h->outcome.path.depth >= 2)
		write_handle(h);
	else
		not_allowed(h);
}

static void post_handle(struct handling *h)
{
	switch (h->outcome.path.depth) {
	case 2:
		write_handle(h);
		break;
	case 3:
		execute_handle(h);
		break;
	default:
		not_allowed(h);		/* depth 1: Create */
		break;
	}
}

static void method_handle(struct handling *h)
{
	switch ((enum request_method)h->request->method) {
	case REQUEST_GET:
		get_handle(h);
		return;
	case REQUEST_PUT:
		put_handle(h);
		return;
	case REQUEST_POST:
		post_handle(h);
		return;
	case REQUEST_DELETE:		/* Delete */
	case REQUEST_FETCH:		/* Read- and Observe-Composite */
	case REQUEST_IPATCH:		/* Write-Composite */
	case REQUEST_PATCH:
		break;
	}
	not_allowed(h);
}

struct request_outcome request_handle(const struct request_scope *scope,
				      const struct request *request,
				      struct request_room *room,
				      struct buf *out)
{
	struct handling h = {
		scope, request, room, out, {.format = FORMAT_NONE},
	};
	int error = path_parse(request->uri, request->uri_length,
			       &h.outcome.path);

	/* To forget is possible whatever became of the path. */
	if (request->method == REQUEST_GET && request->observe == 1)
		h.outcome.kind = REQUEST_CANCEL;
	if (error)
		answer(&h, CODE(4, 04), "not a path of objects");
	else if (h.outcome.path.depth && is_closed(h.outcome.path.id[0]))
		answer(&h, CODE(4, 01), "closed to servers");
	else if (!tree_exists(scope->tree, &h.outcome.path))
		answer(&h, CODE(4, 04), "nothing is there");
	else
		method_handle(&h);
	return h.outcome;
}
