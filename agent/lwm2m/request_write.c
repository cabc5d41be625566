/* SPDX-License-Identifier: GPL-2.0-or-later
 * Write: all records of a payload are checked, then held ones are set and
 * bound ones handed over. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "agent/lwm2m/request_parts.h"
#include "objects/ids.h"
#include "ipso/ipso.h"

/* Where all resources are what servers have put there, one that is not may
 * come: those of no device, and entries of access control. */
static bool is_servers(const struct tree *tree, const struct lwm2m_path *path)
{
	const struct tree_instance *instance =
		tree_instance_find(tree, path->id[0], path->id[1]);

	return instance && (path->id[0] == ACCESS_OBJECT ||
			    (request_allows_create(instance->object) &&
			     !request_is_devices(tree, path)));
}

static bool is_writable(const struct tree *tree, const struct lwm2m_path *path)
{
	const struct resource_def *def = request_def(tree, path);
	struct lwm2m_path resource = *path;
	const struct tree_slot *slot = tree_find(tree, path);

	resource.depth = 3;
	if (!slot)			/* an element that is to come */
		slot = tree_find(tree, &resource);
	if (!def || !(def->operations & OP_WRITE))
		return false;
	return slot ? !(slot->flags & TREE_READ_ONLY) : is_servers(tree, path);
}

/* What could be written, were the point that is behind it. */
static void refuse_write(struct handling *h, const struct lwm2m_path *path)
{
	const struct resource_def *def = request_def(h->scope->tree, path);
	const struct tree_slot *slot = tree_find(h->scope->tree, path);
	bool point = slot && slot->flags & TREE_BOUND;

	if (def && def->operations & OP_EXECUTE)
		request_answer(h, CODE(4, 05),
			       "the resource is executed, not written");
	else if (def && def->operations & OP_WRITE && point)
		request_answer(h, CODE(4, 05), "the resource is read-only "
			       "here: its point is not 'writable: true'");
	else
		request_answer(h, CODE(4, 05), "the resource is read-only");
}

/* The instance's own range counts before its object's; the periods of a
 * server account (object 1) have none in the registry, yet none is negative or
 * more than can be used and told. */
static struct request_range range_of(const struct tree *tree,
				     const struct lwm2m_path *path,
				     const struct resource_def *def)
{
	struct request_range range = request_range_of(def);

	if (request_is_numeric(def) &&
	    ipso_range(tree, path, &range.min, &range.max))
		range.given = true;
	if (path->id[0] == ID_SERVER && request_is_numeric(def)) {
		range.min = range.given ? fmax(range.min, 0) : 0;
		range.max = range.given ? fmin(range.max, UINT32_MAX) :
					  UINT32_MAX;
		range.given = true;
	}
	return range;
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
	return first ? !(first->flags & TREE_BOUND) : is_servers(tree, path);
}

/* 0, or the code that refuses a value for what stands behind the resource. */
static uint8_t bound_check(const struct handling *h,
			   const struct lwm2m_record *record,
			   struct request_range *range)
{
	const struct request_scope *scope = h->scope;
	const struct tree_slot *slot = tree_find(scope->tree, &record->path);

	if (!slot || !(slot->flags & TREE_BOUND) || !scope->bound)
		return 0;
	return scope->bound->check(scope->owner, record, range);
}

/* Of a binding, "UQS" or "UTQ": queue mode stands behind the transports, or one of
 * them, not behind SMS. Where; its length: it is none of queue mode. */
static uint32_t q_at(const struct lwm2m_value *value)
{
	uint32_t i = 1;

	while (i < value->length && value->as.text[i] != 'Q' &&
	       value->as.text[i] != 'S')
		i++;
	return i < value->length && value->as.text[i] == 'Q' ? i :
	       value->length;
}

static bool has_q(const struct lwm2m_value *value)
{
	return q_at(value) < value->length;
}

static bool is_alike_but_q(const struct lwm2m_value *a,
			   const struct lwm2m_value *b)
{
	uint32_t q_a = q_at(a), q_b = q_at(b), i = 0, k = 0;

	while (i < a->length && k < b->length &&
	       a->as.text[i] == b->as.text[k]) {
		i += 1 + (i + 1 == q_a);
		k += 1 + (k + 1 == q_b);
	}
	return i && i >= a->length && k >= b->length;
}

/* The transport is that of the account's URI, SMS is the configuration's: of the
 * binding (1/x/7) a server may change only whether it is one of queue mode, and
 * that not where the device sleeps by itself. */
static bool is_binding(const struct request_scope *scope,
		       const struct lwm2m_path *path,
		       const struct lwm2m_value *value)
{
	const struct tree_slot *slot = tree_find(scope->tree, path);

	if (path->id[0] != ID_SERVER || path->id[2] != ID_SERVER_BINDING ||
	    !slot)
		return true;
	if (scope->asleep && !has_q(value))
		return false;
	return is_alike_but_q(&slot->value, value);
}

/* 1/x/22 is one of the transports that 1/x/7 has, and one to register over: SMS
 * and Non-IP are none. */
static bool is_transport(const struct request_scope *scope,
			 const struct lwm2m_path *path,
			 const struct lwm2m_value *value)
{
	struct lwm2m_path at = *path;
	const struct tree_slot *binding;

	if (path->id[0] != ID_SERVER || path->id[2] != ID_SERVER_PREFERRED)
		return true;
	at.id[2] = ID_SERVER_BINDING;
	binding = tree_find(scope->tree, &at);
	return binding && value->length == 1 &&
	       (value->as.text[0] == 'U' || value->as.text[0] == 'T') &&
	       memchr(binding->value.as.text, value->as.text[0],
		      binding->value.length);
}

/* Against the registry. The rights of access control are bits. */
static void number_check(struct handling *h, const struct lwm2m_record *record,
			 const struct resource_def *def)
{
	const struct tree *tree = h->scope->tree;
	struct request_range range = range_of(tree, &record->path, def);

	if (record->path.id[0] != ACCESS_OBJECT)
		request_range_check(h, &range, &record->value);
	else if (!access_is_possible(tree, &record->path, &record->value))
		request_answer(h, CODE(4, 00), "the value is out of range");
}

static void value_check(struct handling *h, const struct lwm2m_record *record,
			const struct resource_def *def)
{
	struct request_range range = {.given = false};
	uint8_t code;

	request_value_check(h, def, &record->value);
	if (h->outcome.code)
		return;
	code = bound_check(h, record, &range);
	request_range_check(h, &range, &record->value);
	if (h->outcome.code)
		return;
	if (code)
		request_answer(h, code, "not a value for this device");
	else if (!range.given && request_is_numeric(def))
		number_check(h, record, def);
	if (!h->outcome.code &&
	    !is_binding(h->scope, &record->path, &record->value))
		request_answer(h, CODE(4, 00), "not the binding in use, with or without Q");
	if (!h->outcome.code &&
	    !is_transport(h->scope, &record->path, &record->value))
		request_answer(h, CODE(4, 00),
			       "not a transport of this account's binding");
}

void request_record_check(struct handling *h,
			  const struct lwm2m_record *record)
{
	const struct tree *tree = h->scope->tree;
	const struct lwm2m_path *path = &record->path;
	const struct resource_def *def = request_def(tree, path);

	if (path->depth < 3 && record->value.type == LWM2M_NONE)
		return;			/* an instance without resources */
	if (!def || !is_settable(tree, path))
		request_answer(h, CODE(4, 04), "no such resource");
	else if (!is_writable(tree, path))
		refuse_write(h, path);
	else if (def->multiple != (path->depth == 4))
		request_answer(h, CODE(4, 00), def->multiple ?
			"the resource is a multiple one" :
			"the resource is a single one");
	else
		value_check(h, record, def);
}

static void decode_refuse(struct handling *h, uint16_t format, int error)
{
	bool text = format == FORMAT_TEXT || format == FORMAT_OLD_TEXT;

	if (error == -ENOTSUP)
		request_answer(h, CODE(4, 15), "not in this format");
	else if (error == -EMSGSIZE)
		request_answer(h, CODE(4, 13), "too many resources");
	else if (error == -EXDEV)
		request_answer(h, CODE(4, 00), "a name outside the path");
	else if (error == -EPROTOTYPE || text)
		request_payload_refuse(h, format);
	else
		request_answer(h, CODE(4, 00), "malformed payload");
}

static uint16_t payload_format(const struct handling *h)
{
	if (h->request->format != FORMAT_NONE)
		return h->request->format;
	return h->outcome.path.depth >= 3 ? FORMAT_TEXT : FORMAT_TLV;
}

int request_decode(struct handling *h, uint16_t format)
{
	struct buf scratch = buf_over(h->room->scratch,
				      sizeof(h->room->scratch));
	struct lwm2m_path base = h->outcome.path;
	int n;

	base.id[PATH_DEVICE] = h->scope->device;
	n = codec_decode(format, h->scope->model, &base, h->request->payload,
			 h->request->length, h->room->records, REQUEST_RECORDS,
			 &scratch);
	for (int i = 0; base.id[PATH_DEVICE] && i < n; i++)
		h->room->records[i].path.id[PATH_DEVICE] = 0;
	if (n >= 0)
		return n;
	decode_refuse(h, format, n);
	return -1;
}

/* "Any optional Resources that are not supported by, or unknown to, the LwM2M
 * Client" are no error in what is written to a whole instance (Core TS 6.3.3):
 * a server need not know which of them are there. */
static size_t optional_drop(struct handling *h, size_t n)
{
	const struct tree *tree = h->scope->tree;
	struct lwm2m_record *records = h->room->records;
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct lwm2m_path resource = records[i].path;
		const struct resource_def *def = request_def(tree, &resource);

		resource.depth = resource.depth > 3 ? 3 : resource.depth;
		if (resource.depth < 3 || (def && (def->mandatory ||
				is_servers(tree, &resource) ||
				tree_find(tree, &resource))))
			records[left++] = records[i];
	}
	return left;
}

/* The number of records, all of which can be written; -1: refused. */
static int payload_check(struct handling *h)
{
	int n = request_decode(h, payload_format(h));

	if (n > 0 && h->outcome.path.depth == 2)
		n = (int)optional_drop(h, (size_t)n);
	for (int i = 0; i < n; i++) {
		request_record_check(h, &h->room->records[i]);
		if (h->outcome.code)
			return -1;
	}
	if (!n && h->outcome.path.depth >= 3) {
		request_answer(h, CODE(4, 00), "no value");
		return -1;
	}
	return n;
}

static void path_touch(struct handling *h, const struct lwm2m_path *path)
{
	if (h->outcome.n_touched < REQUEST_RECORDS)
		h->room->touched[h->outcome.n_touched++] = *path;
}

static bool held_set(struct handling *h, const struct lwm2m_record *record)
{
	struct tree *tree = h->scope->tree;

	if (tree_set(tree, &record->path, &record->value, h->scope->now))
		return false;
	tree_edit(tree, &record->path)->flags |= TREE_PERSISTENT;
	path_touch(h, &record->path);
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
		path_touch(h, &path);
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
void request_records_apply(struct handling *h, size_t n)
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
			request_answer(h, CODE(5, 00), "no memory");
			return;
		}
	}
	h->outcome.writes = records;
	h->outcome.n_writes = bound;
	h->outcome.touched = h->room->touched;
	h->outcome.kind = REQUEST_WRITE;
	request_answer(h, CODE(2, 04), NULL);
}

void request_write(struct handling *h)
{
	const struct lwm2m_path *path = &h->outcome.path;
	int n;

	if (path->depth >= 3 && !is_writable(h->scope->tree, path)) {
		refuse_write(h, path);
		return;
	}
	if (!codec_decodes(payload_format(h))) {
		request_answer(h, CODE(4, 15), "this format cannot be read");
		return;
	}
	n = payload_check(h);
	if (n >= 0 && request_quota_fits(h, (size_t)n))
		request_records_apply(h, (size_t)n);
}
