/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML (RFC 8428), in JSON and in CBOR. */
#include <stdio.h>
#include <string.h>

#include "tests/server/decode_part.h"

struct senml {
	char base_name[64];
	double base_time;
	bool timed;
};

const char *senml_typed(enum lwm2m_type type, struct lwm2m_value *v)
{
	switch (type) {
	case LWM2M_NONE:
		return NULL;
	case LWM2M_FLOAT:
		if (v->type == LWM2M_INTEGER)
			*v = lwm2m_float((double)v->as.integer);
		return v->type == LWM2M_FLOAT ? NULL
					      : "SenML value is not a number";
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
		return v->type == LWM2M_INTEGER
			       ? NULL : "SenML value is not an integer";
	case LWM2M_STRING:
	case LWM2M_CORELINK:
		return v->type == LWM2M_STRING ? NULL
					       : "SenML value is not a string";
	case LWM2M_OBJLINK:
		return v->type == LWM2M_OBJLINK ? NULL
						: "SenML value is not a link";
	case LWM2M_BOOLEAN:
		return v->type == LWM2M_BOOLEAN
			       ? NULL : "SenML value is not a boolean";
	case LWM2M_OPAQUE:
		return v->type == LWM2M_OPAQUE || v->type == LWM2M_STRING
			       ? NULL : "SenML value is not data";
	}
	return "unknown type";
}

/* Several records of one resource differ in their times. */
static void timed_put(struct decoded *out, const char *path, double time)
{
	struct json_object *record = json_object_new_array(), *value = NULL;

	json_object_object_add(out->times, path, json_object_new_double(time));
	json_object_object_get_ex(out->values, path, &value);
	json_object_array_add(record, json_object_new_string(path));
	json_object_array_add(record, json_object_get(value));
	json_object_array_add(record, json_object_new_double(time));
	if (!out->records)
		out->records = json_object_new_array();
	json_object_array_add(out->records, record);
}

static const char *senml_put(struct decoded *out, const struct senml *s,
			     const char *name, double time,
			     struct lwm2m_value *v)
{
	char full[160];
	const char *why;
	struct path p;

	if (v->type == LWM2M_NONE)
		return "SenML record without a value";
	snprintf(full, sizeof(full), "%s%s", s->base_name, name);
	p = path_parse(full);
	if (*full != '/' || p.depth < 3)
		return "SenML name is not the path of a resource";
	why = senml_typed(path_type(&p), v);
	if (why)
		return why;
	decoded_put(out, &p, v);
	if (s->timed)
		timed_put(out, path_text(&p, full), s->base_time + time);
	return NULL;
}

static bool link_parse(const char *text, size_t n, struct lwm2m_value *v)
{
	unsigned object, instance;
	char copy[16];

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (sscanf(copy, "%u:%u", &object, &instance) != 2)
		return false;
	v->type = LWM2M_OBJLINK;
	v->as.link.object = (uint16_t)object;
	v->as.link.instance = (uint16_t)instance;
	return true;
}

static void json_value(struct json_object *o, struct lwm2m_value *v)
{
	enum json_type type = json_object_get_type(o);

	if (type == json_type_boolean)
		*v = lwm2m_boolean(json_object_get_boolean(o));
	else if (type == json_type_int)
		*v = lwm2m_integer(json_object_get_int64(o));
	else if (type == json_type_double)
		*v = lwm2m_float(json_object_get_double(o));
	else if (type == json_type_string)
		*v = lwm2m_string(json_object_get_string(o),
				  (uint32_t)json_object_get_string_len(o));
}

static const char *json_record(struct decoded *out, struct senml *s,
			       struct json_object *record)
{
	struct lwm2m_value v = {0};
	const char *name = "";
	double time = 0;

	if (!json_object_is_type(record, json_type_object))
		return "SenML record is not an object";
	json_object_object_foreach(record, key, o)
	{
		if (!strcmp(key, "bn")) {
			snprintf(s->base_name, sizeof(s->base_name), "%s",
				 json_object_get_string(o));
		} else if (!strcmp(key, "bt") || !strcmp(key, "t")) {
			*(*key == 'b' ? &s->base_time : &time) =
				json_object_get_double(o);
			s->timed = true;
		} else if (!strcmp(key, "n")) {
			name = json_object_get_string(o);
		} else if (!strcmp(key, "v") || !strcmp(key, "vs") ||
			   !strcmp(key, "vb") || !strcmp(key, "vd")) {
			json_value(o, &v);
		} else if (!strcmp(key, "vlo")) {
			link_parse(json_object_get_string(o),
				   (size_t)json_object_get_string_len(o), &v);
		}
	}
	return senml_put(out, s, name, time, &v);
}

const char *senml_json(struct decoded *out, const uint8_t *data, size_t length)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *list =
		json_tokener_parse_ex(t, (const char *)data, (int)length);
	const char *why = NULL;
	struct senml s = {0};

	if (!list || json_tokener_get_parse_end(t) != length ||
	    !json_object_is_type(list, json_type_array))
		why = "not a JSON array";
	for (size_t i = 0; !why && i < json_object_array_length(list); i++)
		why = json_record(out, &s, json_object_array_get_idx(list, i));
	json_object_put(list);
	json_tokener_free(t);
	return why;
}

void cbor_value(const struct cbor *item, struct lwm2m_value *v)
{
	switch (item->kind) {
	case CBOR_INTEGER:
		*v = lwm2m_integer(item->integer);
		break;
	case CBOR_FLOAT:
		*v = lwm2m_float(item->number);
		v->length = (uint32_t)item->size;
		break;
	case CBOR_BOOLEAN:
		*v = lwm2m_boolean(item->integer);
		break;
	case CBOR_TEXT:
		*v = lwm2m_string((const char *)item->bytes,
				  (uint32_t)item->size);
		break;
	case CBOR_BYTES:
		*v = (struct lwm2m_value){LWM2M_OPAQUE, (uint32_t)item->size,
					  {.bytes = item->bytes}};
		break;
	case CBOR_ARRAY:
	case CBOR_MAP:
	case CBOR_TAG:
	case CBOR_NULL:
	case CBOR_END:
		break;
	}
}

static void cbor_field(struct senml *s, const struct cbor *key,
		       const struct cbor *o, const char **name,
		       size_t *name_length, double *time,
		       struct lwm2m_value *v)
{
	double number = o->kind == CBOR_FLOAT ? o->number : (double)o->integer;

	if (key->kind == CBOR_TEXT && key->size == 3 &&
	    !memcmp(key->bytes, "vlo", 3) && o->kind == CBOR_TEXT) {
		link_parse((const char *)o->bytes, o->size, v);
		return;
	}
	if (key->kind != CBOR_INTEGER)
		return;
	if (key->integer == -2 && o->kind == CBOR_TEXT) {
		snprintf(s->base_name, sizeof(s->base_name), "%.*s",
			 (int)o->size, (const char *)o->bytes);
	} else if (key->integer == 0 && o->kind == CBOR_TEXT) {
		*name = (const char *)o->bytes;
		*name_length = o->size;
	} else if (key->integer == -3 || key->integer == 6) {
		*(key->integer == 6 ? time : &s->base_time) = number;
		s->timed = true;
	} else if (key->integer == 2 || key->integer == 3 ||
		   key->integer == 4 || key->integer == 8) {
		cbor_value(o, v);
	}
}

static const char *cbor_record(struct decoded *out, struct senml *s,
			       struct cbor_reader *r)
{
	size_t name_length = 0;
	struct lwm2m_value v = {0};
	struct cbor map, key, item;
	const char *name = "";
	char copy[64];
	double time = 0;

	if (!cbor_next(r, &map) || map.kind != CBOR_MAP)
		return "SenML record is not a map";
	for (size_t i = 0; i < map.size; i++) {
		if (!cbor_next(r, &key))
			return "CBOR cut short";
		if (key.kind == CBOR_END)
			break;
		if (!cbor_next(r, &item))
			return "CBOR cut short";
		cbor_field(s, &key, &item, &name, &name_length, &time, &v);
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)name_length, name);
	return senml_put(out, s, copy, time, &v);
}

const char *senml_cbor(struct decoded *out, const uint8_t *data, size_t length)
{
	struct cbor_reader r = {data, data + length};
	struct senml s = {0};
	struct cbor list;

	if (!cbor_next(&r, &list) || list.kind != CBOR_ARRAY)
		return "not a CBOR array";
	for (size_t i = 0; i < list.size; i++) {
		const char *why;

		if (list.size == SIZE_MAX && r.at < r.end && *r.at == 0xff) {
			r.at++;
			break;
		}
		why = cbor_record(out, &s, &r);
		if (why)
			return why;
	}
	return r.at == r.end ? NULL : "bytes behind the CBOR array";
}
