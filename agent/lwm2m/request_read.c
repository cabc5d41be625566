/* SPDX-License-Identifier: GPL-2.0-or-later
 * Read, Observe's answer and Discover: what a tree says, and what it does not
 * because it is not true any more. */
#include <errno.h>
#include <string.h>
#include "agent/lwm2m/request_parts.h"
#include "agent/base/wall.h"
#include "objects/linkformat.h"

/* One value, or (an instance, a multiple resource) a list of them? */
static bool is_single(const struct tree *tree, const struct lwm2m_path *path)
{
	const struct resource_def *def = request_def(tree, path);

	return path->depth == 4 ||
	       (path->depth == 3 && !(def && def->multiple));
}

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

/* false: it has no value now. */
static bool slot_compute(const struct request_scope *scope,
			 const struct tree_slot *slot,
			 const struct lwm2m_path *at, struct request_room *room,
			 struct tally *tally, struct lwm2m_value *value)
{
	struct buf texts = buf_over(room->computed + room->n_computed,
				    sizeof(room->computed) - room->n_computed);

	*value = slot->value;
	if (!(slot->flags & TREE_COMPUTED) || !scope->bound ||
	    !scope->bound->compute)
		return true;
	if (!scope->bound->compute(scope->owner, at, slot, scope->now, &texts,
				   value))
		return false;
	tally->overflow |= texts.full;
	room->n_computed += texts.used;
	return true;
}

/* A time goes along with a stale value, or that of a sleeping device: it must
 * not pass for a fresh one. Where all carry times, a server may take them for
 * a history. */
static void slot_collect(const struct request_scope *scope,
			 const struct tree_slot *slot,
			 const struct lwm2m_path *at,
			 struct request_room *room, struct tally *tally)
{
	bool bad = slot->quality == TREE_BAD;
	struct lwm2m_value value;

	tally->bad += bad;
	if (slot->flags & TREE_BOUND) {
		tally->bound++;
		tally->bound_bad += bad;
	}
	if (!is_served(scope, slot) ||
	    !slot_compute(scope, slot, at, room, tally, &value))
		return;
	if (tally->served == REQUEST_RECORDS) {
		tally->overflow = true;
		return;
	}
	bad |= scope->with_times && slot->flags & TREE_BOUND;
	room->records[tally->served++] = (struct lwm2m_record){
		*at, value, bad && wall_is_known(slot->time) ? slot->time : 0,
	};
}

void request_collect(const struct request_scope *scope,
		     const struct lwm2m_path *path, struct request_room *room,
		     struct tally *tally)
{
	struct tree_cursor cursor = {0, 0};
	const struct tree_slot *slot;
	struct lwm2m_path at, instance = path_root();
	bool open = false;

	while ((slot = tree_next(scope->tree, path, &cursor, &at))) {
		if (!instance.depth || !path_covers(&instance, &at)) {
			instance = path_instance(at.id[0], at.id[1]);
			open = !request_is_closed(scope, at.id[0]) &&
			       request_may(scope, &instance, ACCESS_READ);
		}
		if (open && request_is_readable(scope->tree, &at))
			slot_collect(scope, slot, &at, room, tally);
	}
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
	       format == FORMAT_CBOR || format == FORMAT_OLD_TEXT ||
	       format == FORMAT_OLD_OPAQUE;
}

/* Servers take an answer of several times for several answers, and refuse
 * (Leshan does): none is then taken for newer than it is. */
static void times_unite(struct lwm2m_record *records, size_t n)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < n; i++)
		if (records[i].time && (!oldest || records[i].time < oldest))
			oldest = records[i].time;
	for (size_t i = 0; i < n; i++)
		records[i].time = oldest;
}

uint8_t request_records_write(uint16_t device, const struct lwm2m_path *path,
			      uint16_t format, struct lwm2m_record *records,
			      size_t n, struct buf *out)
{
	struct lwm2m_path base = *path;
	struct buf before = *out;
	int error;

	base.id[PATH_DEVICE] = device;
	for (size_t i = 0; device != PATH_DEVICE_ANY && i < n; i++)
		records[i].path.id[PATH_DEVICE] = device;
	times_unite(records, n);
	error = codec_encode(format, &base, records, n, out);

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
	struct tally tally = {0};
	uint8_t code;

	*format = FORMAT_NONE;
	if (path->depth && request_is_closed(scope, path->id[0]))
		return CODE(4, 01);
	if (!request_exists(scope, path))
		return CODE(4, 04);
	if (!request_may(scope, path, ACCESS_READ))
		return CODE(4, 01);
	if (path->depth >= 3 && !request_is_readable(scope->tree, path))
		return CODE(4, 05);
	room->n_computed = 0;
	accept = format_choose(scope, single, accept);
	if (!codec_encodes(accept) || (!single && is_plain(accept)))
		return CODE(4, 06);
	request_collect(scope, path, room, &tally);
	code = tally_judge(&tally, scope->serve_stale, path);
	if (code != CODE(2, 05))
		return code;
	code = request_records_write(scope->device, path, accept, room->records, tally.served,
				     out);
	if (code == CODE(2, 05))
		*format = accept;
	return code;
}

static const char *read_reason(uint8_t code)
{
	switch (code) {
	case CODE(4, 05): return "the resource is not readable";
	case CODE(4, 06): return "not available in this format";
	case CODE(5, 00): return "the answer is too large";
	case CODE(5, 03): return "there is no value yet";
	case CODE(5, 04): return "the device does not answer";
	default: return NULL;
	}
}

void request_read_handle(struct handling *h)
{
	uint8_t code;

	if (h->request->accept == FORMAT_LINK_JSON) {
		request_discover(h);
		return;
	}
	if (!h->outcome.path.depth) {
		request_disallow(h);
		return;
	}
	if (h->request->observe == 0 && !request_observe_query(
		h, request_conditions(h->scope->tree, &h->outcome.path)))
		return;
	code = request_read(h->scope, &h->outcome.path, h->request->accept,
			    h->room, h->out, &h->outcome.format);
	request_answer(h, code, read_reason(code));
	if (h->request->observe == 0 && code == CODE(2, 05))
		h->outcome.kind = REQUEST_OBSERVE;
}

/* "depth=2": 0 to 3; -1: the query says nothing of it; -EINVAL. Others may be
 * of another version: they are not ours to refuse. */
static int depth_of(const struct request *request)
{
	static const char name[] = "depth=";
	const size_t n_name = sizeof(name) - 1;
	const char *at = request->query;
	size_t left = request->query_length;

	while (left) {
		const char *next = memchr(at, '&', left);
		size_t n = next ? (size_t)(next - at) : left;

		if (n >= n_name && !memcmp(at, name, n_name))
			return n == n_name + 1 && at[n_name] >= '0' &&
			       at[n_name] <= '3' ? at[n_name] - '0' : -EINVAL;
		at += n + !!next;
		left -= n + !!next;
	}
	return -1;
}

static void links_write(struct handling *h, int depth)
{
	struct lwm2m_path path = h->outcome.path;

	path.id[PATH_DEVICE] = h->scope->device;
	if (links_discover(h->scope->tree, &path, depth, h->scope->attributes,
			   h->out))
		links_discover_empty(h->scope->model->object(h->scope->model,
							     path.id[0]),
				     path.id[PATH_DEVICE], h->scope->attributes, h->out);
}

void request_discover(struct handling *h)
{
	bool json = h->request->accept == FORMAT_LINK_JSON;
	struct buf before = *h->out;
	int depth = depth_of(h->request);

	if (!h->outcome.path.depth || h->outcome.path.depth > 3) {
		request_disallow(h);
		return;
	}
	if (depth == -EINVAL) {
		request_answer(h, CODE(4, 00), "depth is 0 to 3");
		return;
	}
	links_write(h, depth);
	if (json)
		links_to_json(h->out, before.used);
	if (h->out->full) {
		*h->out = before;
		request_answer(h, CODE(5, 00), "the answer is too large");
		return;
	}
	h->outcome.format = json ? FORMAT_LINK_JSON : FORMAT_LINK;
	request_answer(h, CODE(2, 05), NULL);
}
