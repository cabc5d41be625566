/* SPDX-License-Identifier: GPL-2.0-or-later
 * Composite operations (Core TS 6.3): many paths in one request at
 * the root. To read is best effort, to write is all or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/request_parts.h"

#define FORMAT_ETCH_JSON 320	/* RFC 8790: the same lists, in FETCH and */
#define FORMAT_ETCH_CBOR 322	/* iPATCH; LwM2M 1.2 writes them so */

/* The format of names behind the one that was asked; NONE: it has no names. */
static uint16_t list_format(uint16_t format)
{
	switch (format) {
	case FORMAT_SENML_JSON: case FORMAT_ETCH_JSON:
		return FORMAT_SENML_JSON;
	case FORMAT_SENML_CBOR: case FORMAT_ETCH_CBOR:
		return FORMAT_SENML_CBOR;
	default:
		return FORMAT_NONE;
	}
}

/* That of values: LwM2M CBOR (1.2) is one, too. */
static uint16_t values_format(uint16_t format)
{
	return format == FORMAT_LWM2M_CBOR ? format : list_format(format);
}

static int in_order(const void *a, const void *b)
{
	return path_compare(a, b);
}

/* Sorts, and takes out what another one has in it. */
static size_t paths_settle(struct lwm2m_path *paths, size_t n)
{
	size_t kept = 0;

	qsort(paths, n, sizeof(*paths), in_order);
	for (size_t i = 0; i < n; i++)
		if (!kept || !path_covers(&paths[kept - 1], &paths[i]))
			paths[kept++] = paths[i];
	return kept;
}

/* The names of a FETCH become the outcome's paths. false: refused. */
static bool paths_read(struct handling *h, uint16_t format)
{
	struct lwm2m_path *paths = h->room->touched;
	int n = request_decode(h, format);

	if (n < 0)
		return false;
	for (int i = 0; i < n; i++) {
		if (h->room->records[i].value.type != LWM2M_NONE) {
			request_answer(h, CODE(4, 00), "a path with a value");
			return false;
		}
		paths[i] = h->room->records[i].path;
	}
	if (!n) {
		request_answer(h, CODE(4, 00), "no paths");
		return false;
	}
	h->outcome.paths = paths;
	h->outcome.n_paths = paths_settle(paths, (size_t)n);
	return true;
}

/* What is not there is left out, whoever asks. */
static bool is_any_visible(const struct request_scope *scope,
			   const struct lwm2m_path *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (request_is_visible(scope, &paths[i]))
			return true;
	return false;
}

uint8_t request_read_composite(const struct request_scope *scope,
			       const struct lwm2m_path *paths, size_t n_paths,
			       uint16_t format, struct request_room *room,
			       struct buf *out, size_t *n)
{
	const struct lwm2m_path root = path_root();
	struct tally tally = {0};

	*n = 0;
	room->n_computed = 0;
	if (!is_any_visible(scope, paths, n_paths))
		return CODE(4, 01);
	for (size_t i = 0; i < n_paths; i++)
		request_collect(scope, &paths[i], room, &tally);
	if (tally.overflow)
		return CODE(5, 00);
	*n = tally.served;
	return request_records_write(scope->device, &root, format, room->records,
				     tally.served, out);
}

/* An Accept, or as the paths came. */
static uint16_t answer_format(const struct handling *h, uint16_t asked)
{
	return h->request->accept == FORMAT_NONE ? asked :
	       values_format(h->request->accept);
}

void request_fetch(struct handling *h)
{
	uint16_t asked = list_format(h->request->format);
	uint16_t format = answer_format(h, asked);
	uint8_t code;
	size_t n;

	if (asked == FORMAT_NONE) {
		request_answer(h, CODE(4, 15), "paths are named in SenML");
		return;
	}
	if (format == FORMAT_NONE) {
		request_answer(h, CODE(4, 06), "not available in this format");
		return;
	}
	if (!paths_read(h, asked) ||
	    (h->request->observe == 0 && !request_observe_query(h, 0)))
		return;
	code = request_read_composite(h->scope, h->outcome.paths,
				      h->outcome.n_paths, format, h->room,
				      h->out, &n);
	request_answer(h, code, code == CODE(4, 01) ? "closed to this server" :
				"the answer is too large");
	if (code != CODE(2, 05))
		return;
	h->outcome.format = format;
	if (h->request->observe == 0)
		h->outcome.kind = REQUEST_OBSERVE;
}

static void record_check(struct handling *h, const struct lwm2m_record *record)
{
	if (record->path.depth &&
	    request_is_closed(h->scope, record->path.id[0]))
		request_answer(h, CODE(4, 01), "closed to servers");
	else if (record->path.depth < 3 || record->value.type == LWM2M_NONE)
		request_answer(h, CODE(4, 00), "a name without a value");
	else if (!request_may(h->scope, &record->path, ACCESS_WRITE))
		request_answer(h, CODE(4, 01),
			       "access control does not allow it");
	else
		request_record_check(h, record);
}

void request_patch(struct handling *h)
{
	uint16_t format = values_format(h->request->format);
	int n;

	if (format == FORMAT_NONE) {
		request_answer(h, CODE(4, 15), "values are named in SenML, or "
			       "in LwM2M CBOR");
		return;
	}
	n = request_decode(h, format);
	for (int i = 0; i < n && !h->outcome.code; i++)
		record_check(h, &h->room->records[i]);
	if (!n)
		request_answer(h, CODE(4, 00), "no value");
	if (!h->outcome.code && request_quota_fits(h, (size_t)n))
		request_records_apply(h, (size_t)n);
}

/* ---- of devices behind a gateway ---- */

static const struct lwm2m_path everywhere = {.id[PATH_DEVICE] = PATH_DEVICE_ANY};

static const struct object_def *model_none(const struct object_model *model,
					   uint16_t object)
{
	(void)model;
	(void)object;
	return NULL;
}

/* The names in a composite request, into the room's records. What their values
 * are is no matter here. -errno: it is none, or not readable. */
static int names_read(const struct request *request, struct request_room *room)
{
	static const struct object_model none = {model_none};
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	uint16_t format = request->method == REQUEST_IPATCH ?
			  values_format(request->format) :
			  list_format(request->format);

	if ((request->method != REQUEST_FETCH &&
	     request->method != REQUEST_IPATCH) ||
	    (request->uri_length && memcmp(request->uri, "/", request->uri_length)))
		return -EINVAL;
	return codec_decode(format, &none, &everywhere, request->payload,
			    request->length, room->records, REQUEST_RECORDS,
			    &scratch);
}

bool request_devices_named(const struct request *request,
			   struct request_room *room, uint16_t *device)
{
	int n = names_read(request, room);

	*device = n > 0 ? room->records[0].path.id[PATH_DEVICE] : 0;
	for (int i = 1; i < n; i++)
		if (room->records[i].path.id[PATH_DEVICE] != *device)
			return false;
	return true;
}

static bool device_collect(const struct request_devices *of,
			   const struct lwm2m_path *path,
			   struct request_room *room, struct tally *tally)
{
	struct lwm2m_path here = path_here(path);
	struct request_scope scope;
	size_t first = tally->served;

	if (!of->scope(of->owner, path->id[PATH_DEVICE], of->now, &scope) ||
	    !request_is_visible(&scope, &here))
		return false;
	request_collect(&scope, &here, room, tally);
	for (size_t i = first; i < tally->served; i++)
		room->records[i].path.id[PATH_DEVICE] = path->id[PATH_DEVICE];
	return true;
}

static void devices_read(struct handling *h, const struct request_devices *of)
{
	struct lwm2m_path *paths = h->room->touched;
	int n = names_read(h->request, h->room);
	uint16_t format = answer_format(h, list_format(h->request->format));
	struct tally tally = {0};
	bool any = false;

	for (int i = 0; i < n; i++)
		paths[i] = h->room->records[i].path;
	n = (int)paths_settle(paths, (size_t)n);
	h->room->n_computed = 0;
	for (int i = 0; i < n; i++)
		any |= device_collect(of, &paths[i], h->room, &tally);
	if (!any) {
		request_answer(h, CODE(4, 01), "closed to this server");
		return;
	}
	request_answer(h, tally.overflow ? CODE(5, 00) :
		       request_records_write(PATH_DEVICE_ANY, &everywhere,
					     format, h->room->records,
					     tally.served, h->out),
		       "the answer is too large");
	if (h->outcome.code == CODE(4, 06))
		h->outcome.reason = "not available in this format";
	h->outcome.format = format;
}

struct request_outcome request_read_devices(const struct request_devices *of,
					    const struct request *request,
					    struct request_room *room,
					    struct buf *out)
{
	struct handling h = {.request = request, .room = room, .out = out,
			     .outcome = {.format = FORMAT_NONE}};

	if (request->method == REQUEST_FETCH && request->observe < 0)
		devices_read(&h, of);
	else
		request_answer(&h, CODE(4, 00), "names of one device only");
	return h.outcome;
}
