/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests against a tree. The order of the checks is that of the codes: is
 * it there, may it be done, can the format be read, is the content right.
 * Nothing is done before all of them have passed. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include "agent/lwm2m/request_parts.h"
#include "objects/ids.h"
#include "ipso/ipso.h"

#define REASON_SHOWN 40	/* bytes of a payload that a diagnostic repeats */

void request_answer(struct handling *h, uint8_t code, const char *reason)
{
	h->outcome.code = code;
	h->outcome.reason = reason;
}

void request_disallow(struct handling *h)
{
	request_answer(h, CODE(4, 05), "this operation is not for this path");
}

bool request_is_closed(const struct request_scope *scope, uint16_t object)
{
	if (scope->device && object == ID_SERVER)
		return tree_has_object(scope->tree, object);
	return object == ID_SECURITY || object == ID_OSCORE;
}

const struct resource_def *request_def(const struct tree *tree,
				       const struct lwm2m_path *path)
{
	const struct tree_instance *instance;

	if (path->depth < 3)
		return NULL;
	instance = tree_instance_find(tree, path->id[0], path->id[1]);
	return instance ? object_resource(instance->object, path->id[2]) :
			  NULL;
}

bool request_is_readable(const struct tree *tree, const struct lwm2m_path *at)
{
	const struct resource_def *def = request_def(tree, at);

	return def && def->operations & OP_READ;
}

bool request_is_numeric(const struct resource_def *def)
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

bool request_expects(const struct request_scope *scope, uint16_t object)
{
	return scope->bound && scope->bound->expects &&
	       scope->bound->expects(scope->owner, object);
}

struct request_range request_range_of(const struct resource_def *def)
{
	return (struct request_range){
		request_is_numeric(def) && def->min != def->max, def->min,
		def->max};
}

void request_range_check(struct handling *h, const struct request_range *range,
			 const struct lwm2m_value *value)
{
	double number = lwm2m_number(value);

	if (!range->given || (number >= range->min && number <= range->max))
		return;
	snprintf(h->room->reason, sizeof(h->room->reason),
		 "the value is out of range: %.12g to %.12g", range->min,
		 range->max);
	request_answer(h, CODE(4, 00), h->room->reason);
}

/* To an object, an instance, or nothing. */
static bool is_link_to_something(const struct tree *tree,
				 const struct lwm2m_value *value)
{
	uint16_t object = value->as.link.object,
		 instance = value->as.link.instance;

	if (instance > PATH_ID_MAX)
		return object > PATH_ID_MAX || tree_has_object(tree, object);
	return tree_instance_find(tree, object, instance);
}

const char *request_type_text(uint32_t type)
{
	static const char *const texts[] = {
		[LWM2M_NONE] = "no value", [LWM2M_BOOLEAN] = "a boolean (0 or 1)",
		[LWM2M_INTEGER] = "a whole number",
		[LWM2M_UNSIGNED] = "a whole number of 0 or more",
		[LWM2M_FLOAT] = "a number",
		[LWM2M_TIME] = "a time (seconds since 1970)",
		[LWM2M_STRING] = "a text", [LWM2M_OPAQUE] = "bytes",
		[LWM2M_OBJLINK] = "a link to an instance, as 3303:0",
		[LWM2M_CORELINK] = "links, as </3303/0>",
	};

	return texts[type];
}

/* Part of a diagnostic, which is UTF-8, and of a terminal's line. */
static bool is_plain(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return n;
}

void request_payload_refuse(struct handling *h, uint16_t format)
{
	const struct resource_def *def =
		request_def(h->scope->tree, &h->outcome.path);
	const uint8_t *text = h->request->payload;
	size_t n = h->request->length;
	bool shown = n <= REASON_SHOWN &&
		     (format == FORMAT_TEXT || format == FORMAT_OLD_TEXT) &&
		     is_plain(text, n);

	if (!def) {
		request_answer(h, CODE(4, 00), "a value of another type");
		return;
	}
	snprintf(h->room->reason, sizeof(h->room->reason),
		 shown ? "wanted is %s, not '%.*s'" : "wanted is %s",
		 request_type_text(def->type), (int)n, (const char *)text);
	request_answer(h, CODE(4, 00), h->room->reason);
}

static void refuse_type(struct handling *h, const struct resource_def *def,
			const struct lwm2m_value *value)
{
	snprintf(h->room->reason, sizeof(h->room->reason),
		 "wanted is %s, not %s", request_type_text(def->type),
		 request_type_text(value->type));
	request_answer(h, CODE(4, 00), h->room->reason);
}

void request_value_check(struct handling *h, const struct resource_def *def,
			 const struct lwm2m_value *value)
{
	if (value->type != def->type)
		refuse_type(h, def, value);
	else if (request_is_numeric(def) && !isfinite(lwm2m_number(value)))
		request_answer(h, CODE(4, 00), "not a finite number");
	else if (def->type == LWM2M_OBJLINK &&
		 !is_link_to_something(h->scope->tree, value))
		request_answer(h, CODE(4, 00), "a link to what is not there");
}

/* Is it an object that has no instances yet, but may get some? */
static bool request_is_empty_object(const struct request_scope *scope,
				    uint16_t object)
{
	if (tree_has_object(scope->tree, object) ||
	    !scope->model->object(scope->model, object))
		return false;
	return request_is_creatable(scope, object) ||
	       request_expects(scope, object);
}

bool request_exists(const struct request_scope *scope,
		    const struct lwm2m_path *path)
{
	return tree_exists(scope->tree, path) ||
	       (path->depth == 1 &&
		request_is_empty_object(scope, path->id[0]));
}

/* ---- Write-Attributes ---- */

uint16_t request_conditions(const struct tree *tree,
			    const struct lwm2m_path *path)
{
	const struct resource_def *def = request_def(tree, path);

	if (!def)
		return 0;
	if (def->type == LWM2M_BOOLEAN)
		return ATTRIBUTE_EDGE;
	return request_is_numeric(def) ? ATTRIBUTE_LIMITS : 0;
}

static void refuse_attributes(struct handling *h, int error)
{
	request_answer(h, CODE(4, 00), error == -EDOM ?
		       "these attributes cannot hold here" : "not attributes");
}

bool request_observe_query(struct handling *h, uint16_t conditions)
{
	int error;

	if (!h->request->query_length)
		return true;
	error = attributes_read(h->request->query, h->request->query_length,
				conditions, &h->outcome.attributes);
	if (error)
		refuse_attributes(h, error);
	return !error;
}

static void attributes_handle(struct handling *h)
{
	const struct lwm2m_path *path = &h->outcome.path;
	int error;

	if (!path->depth ||
	    (path->depth > 2 && !request_is_readable(h->scope->tree, path))) {
		request_disallow(h);
		return;
	}
	error = attributes_write(h->scope->attributes, path,
				 h->request->query, h->request->query_length,
				 request_conditions(h->scope->tree, path));
	if (error == -ENOMEM) {
		request_answer(h, CODE(5, 00), "no memory");
	} else if (error) {
		refuse_attributes(h, error);
	} else {
		h->outcome.kind = REQUEST_ATTRIBUTES;
		request_answer(h, CODE(2, 04), NULL);
	}
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
	const uint8_t *end;

	if (!n)
		return true;
	for (end = at + n; ; ) {
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
	request_answer(h, CODE(2, 04), NULL);
}

static void execute_handle(struct handling *h)
{
	const struct resource_def *def =
		request_def(h->scope->tree, &h->outcome.path);

	if (!def || !(def->operations & OP_EXECUTE))
		request_answer(h, CODE(4, 05), "not an executable resource");
	else if (h->request->length && !is_argument_format(h->request->format))
		request_answer(h, CODE(4, 15), "arguments are text");
	else if (!are_arguments(h->request->payload, h->request->length))
		request_answer(h, CODE(4, 00), "malformed arguments");
	else
		execute_do(h);
}

/* ---- by method; LwM2M tells its operations by path and options ---- */

static void get_handle(struct handling *h)
{
	if (h->request->accept == FORMAT_LINK)
		request_discover(h);
	else
		request_read_handle(h);
}

static void put_handle(struct handling *h)
{
	if (h->request->query_length && !h->request->length)
		attributes_handle(h);
	else if (h->request->query_length)
		request_answer(h, CODE(4, 00), "attributes and a value");
	else if (h->outcome.path.depth >= 2)
		request_write(h);
	else
		request_disallow(h);
}

static void post_handle(struct handling *h)
{
	switch (h->outcome.path.depth) {
	case 1:
		request_create(h);
		break;
	case 2:
		request_write(h);
		break;
	case 3:
		execute_handle(h);
		break;
	default:
		request_disallow(h);
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
	case REQUEST_FETCH:
		if (h->outcome.path.depth)
			break;
		request_fetch(h);
		return;
	case REQUEST_IPATCH:
		if (h->outcome.path.depth)
			break;
		request_patch(h);
		return;
	case REQUEST_DELETE:
		request_delete(h);
		return;
	case REQUEST_PATCH:
		break;
	}
	request_disallow(h);
}

struct request_outcome request_handle(const struct request_scope *scope,
				      const struct request *request,
				      struct request_room *room,
				      struct buf *out)
{
	struct handling h = {
		scope, request, room, out,
		{.format = FORMAT_NONE, .block_size = request->block_size},
	};
	int error = path_parse(request->uri, request->uri_length,
			       &h.outcome.path);

	/* To forget is possible whatever became of the path. */
	if ((request->method == REQUEST_GET ||
	     request->method == REQUEST_FETCH) && request->observe == 1)
		h.outcome.kind = REQUEST_CANCEL;
	if (error)
		request_answer(&h, CODE(4, 04), "not a path of objects");
	else if (h.outcome.path.depth &&
		 request_is_closed(scope, h.outcome.path.id[0]))
		request_answer(&h, CODE(4, 01), "closed to servers");
	else if (!request_exists(scope, &h.outcome.path) &&
		 !request_is_create(scope, request, &h.outcome.path))
		request_answer(&h, CODE(4, 04), "nothing is there");
	else if (request_authorise(&h))
		method_handle(&h);
	return h.outcome;
}
