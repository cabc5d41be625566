/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text, opaque, TLV and SenML, into JSON for the log. The CBOR reader stands
 * in cbor.c. */
#include "tests/server/decode.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/server/cbor.h"

struct typed {
	int object;	/* -1: any from 2048 on */
	int first, last;
	enum lwm2m_type type;
};

static const struct typed types[] = {
	{1, 0, 3, LWM2M_INTEGER}, {1, 5, 5, LWM2M_INTEGER},
	{1, 6, 6, LWM2M_BOOLEAN}, {1, 7, 7, LWM2M_STRING},
	{1, 10, 10, LWM2M_OBJLINK}, {1, 11, 11, LWM2M_UNSIGNED},
	{1, 12, 12, LWM2M_TIME}, {1, 13, 14, LWM2M_UNSIGNED},
	{1, 15, 16, LWM2M_BOOLEAN}, {1, 17, 20, LWM2M_UNSIGNED},
	{1, 21, 21, LWM2M_BOOLEAN}, {1, 22, 22, LWM2M_STRING},
	{1, 23, 23, LWM2M_BOOLEAN},
	{2, 0, 3, LWM2M_INTEGER},
	{3, 0, 3, LWM2M_STRING}, {3, 6, 11, LWM2M_INTEGER},
	{3, 13, 13, LWM2M_TIME}, {3, 14, 19, LWM2M_STRING},
	{3, 20, 21, LWM2M_INTEGER}, {3, 22, 22, LWM2M_OBJLINK},
	{4, 0, 3, LWM2M_INTEGER}, {4, 4, 5, LWM2M_STRING},
	{5, 0, 0, LWM2M_OPAQUE}, {5, 1, 1, LWM2M_STRING},
	{5, 3, 5, LWM2M_INTEGER}, {5, 6, 7, LWM2M_STRING},
	{5, 8, 9, LWM2M_INTEGER},
	{-1, 5500, 5500, LWM2M_BOOLEAN}, {-1, 5501, 5501, LWM2M_INTEGER},
	{-1, 5502, 5502, LWM2M_BOOLEAN}, {-1, 5503, 5504, LWM2M_INTEGER},
	{-1, 5506, 5506, LWM2M_TIME}, {-1, 5517, 5517, LWM2M_OPAQUE},
	{-1, 5518, 5518, LWM2M_TIME}, {-1, 5522, 5522, LWM2M_OPAQUE},
	{-1, 5526, 5526, LWM2M_INTEGER}, {-1, 5527, 5527, LWM2M_STRING},
	{-1, 5528, 5529, LWM2M_INTEGER}, {-1, 5532, 5533, LWM2M_BOOLEAN},
	{-1, 5534, 5534, LWM2M_INTEGER}, {-1, 5541, 5542, LWM2M_INTEGER},
	{-1, 5543, 5543, LWM2M_BOOLEAN}, {-1, 5545, 5547, LWM2M_INTEGER},
	{-1, 5550, 5551, LWM2M_BOOLEAN}, {-1, 5701, 5701, LWM2M_STRING},
	{-1, 5706, 5706, LWM2M_STRING}, {-1, 5750, 5751, LWM2M_STRING},
	{-1, 5823, 5823, LWM2M_STRING}, {-1, 5824, 5824, LWM2M_TIME},
	{-1, 5825, 5826, LWM2M_INTEGER}, {-1, 5827, 5827, LWM2M_STRING},
	{-1, 5828, 5828, LWM2M_INTEGER}, {-1, 5850, 5850, LWM2M_BOOLEAN},
	{-1, 5851, 5852, LWM2M_INTEGER}, {-1, 5853, 5853, LWM2M_STRING},
	{-1, 5854, 5854, LWM2M_INTEGER}, {-1, 5903, 5903, LWM2M_INTEGER},
	{-1, 5910, 5910, LWM2M_INTEGER}, {-1, 5912, 5912, LWM2M_STRING},
	{-1, 6042, 6042, LWM2M_INTEGER}, {-1, 6049, 6049, LWM2M_INTEGER},
	/* Whatever else the reusable resources are, it is a number. */
	{-1, 5500, 6099, LWM2M_FLOAT},
};

enum lwm2m_type resource_type(int object, int resource)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct typed *t = &types[i];

		if ((t->object == object ||
		     (t->object < 0 && object >= 2048)) &&
		    resource >= t->first && resource <= t->last)
			return t->type;
	}
	return LWM2M_NONE;
}

struct path path_parse(const char *text)
{
	struct path p = {.depth = 0};

	while (*text == '/')
		text++;
	while (*text) {
		char *end;
		unsigned long id = strtoul(text, &end, 10);

		if (end == text || id > 65535 || p.depth == 4 ||
		    (*end && *end != '/'))
			return (struct path){.depth = -1};
		p.id[p.depth++] = (int)id;
		text = *end ? end + 1 : end;
	}
	return p;
}

char *path_text(const struct path *p, char *to)
{
	char *at = to;

	at += sprintf(at, "/");
	for (int i = 0; i < p->depth; i++)
		at += sprintf(at, i ? "/%d" : "%d", p->id[i]);
	return to;
}

char *number_text(double d, int is_float32, char to[32])
{
	for (int digits = is_float32 ? 6 : 15; digits <= 17; digits++) {
		snprintf(to, 32, "%.*g", digits, d);
		if (is_float32 ? strtof(to, NULL) == (float)d
			       : strtod(to, NULL) == d)
			break;
	}
	if (!strpbrk(to, ".eEni"))
		strcat(to, ".0");
	return to;
}

static struct json_object *hex_json(const uint8_t *bytes, size_t n)
{
	char *text = malloc(2 * n + 1);
	struct json_object *o;

	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	o = json_object_new_string_len(text, (int)(2 * n));
	free(text);
	return o;
}

static struct json_object *value_json(const struct lwm2m_value *v)
{
	char text[32];

	switch ((enum lwm2m_type)v->type) {
	case LWM2M_BOOLEAN:
		return json_object_new_boolean(v->as.boolean);
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		return json_object_new_int64(v->as.integer);
	case LWM2M_UNSIGNED:
		return json_object_new_uint64(v->as.uinteger);
	case LWM2M_FLOAT:
		/* `length` says here how wide it was on the wire. */
		if (!isfinite(v->as.number))
			return NULL;
		number_text(v->as.number, v->length == 4, text);
		return json_object_new_double_s(v->as.number, text);
	case LWM2M_STRING:
	case LWM2M_CORELINK:
		return json_object_new_string_len(v->as.text, (int)v->length);
	case LWM2M_OPAQUE:
		return hex_json(v->as.bytes, v->length);
	case LWM2M_OBJLINK:
		snprintf(text, sizeof(text), "%u:%u", v->as.link.object,
			 v->as.link.instance);
		return json_object_new_string(text);
	case LWM2M_NONE:
		break;
	}
	return NULL;
}

static enum lwm2m_type type_at(const struct path *p)
{
	return p->depth >= 3 ? resource_type(p->id[0], p->id[2]) : LWM2M_NONE;
}

static void put(struct decoded *out, const struct path *p,
		const struct lwm2m_value *v)
{
	char text[32];

	json_object_object_add(out->values, path_text(p, text),
			       value_json(v));
}

/* --- text ------------------------------------------------------------- */

static const char *text_value(enum lwm2m_type type, const char *text, size_t n,
			      struct lwm2m_value *v)
{
	char copy[64], *end;

	*v = lwm2m_string(text, (uint32_t)n);
	if (type == LWM2M_NONE || type == LWM2M_STRING ||
	    type == LWM2M_OPAQUE || type == LWM2M_CORELINK ||
	    type == LWM2M_OBJLINK)
		return NULL;	/* opaque: base64 is shown as it is */
	if (n == 0 || n >= sizeof(copy))
		return "text is not a value";
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (type == LWM2M_BOOLEAN) {
		if (n != 1 || (*copy != '0' && *copy != '1'))
			return "text is not 0 or 1";
		*v = lwm2m_boolean(*copy == '1');
		return NULL;
	}
	errno = 0;
	if (type == LWM2M_FLOAT)
		*v = lwm2m_float(strtod(copy, &end));
	else
		*v = lwm2m_integer(strtoll(copy, &end, 10));
	return *end || errno ? "text is not a number" : NULL;
}

/* --- TLV (Core 7.4.3) -------------------------------------------------- */

static int64_t big_endian(const uint8_t *at, size_t n)
{
	uint64_t u = n && (at[0] & 0x80) ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		u = u << 8 | at[i];
	return (int64_t)u;
}

static double tlv_float(const uint8_t *at, size_t n)
{
	uint64_t bits = (uint64_t)big_endian(at, n);
	uint32_t low = (uint32_t)bits;
	double d;
	float f;

	if (n == 4) {
		memcpy(&f, &low, 4);
		return (double)f;
	}
	memcpy(&d, &bits, 8);
	return d;
}

static const char *tlv_value(enum lwm2m_type type, const uint8_t *at, size_t n,
			     struct lwm2m_value *v)
{
	bool whole = n == 1 || n == 2 || n == 4 || n == 8;

	switch (type) {
	case LWM2M_NONE:
	case LWM2M_OPAQUE:
		*v = (struct lwm2m_value){LWM2M_OPAQUE, (uint32_t)n,
					  {.bytes = at}};
		return NULL;
	case LWM2M_STRING:
	case LWM2M_CORELINK:
		*v = lwm2m_string((const char *)at, (uint32_t)n);
		return NULL;
	case LWM2M_BOOLEAN:
		if (n != 1 || *at > 1)
			return "TLV boolean is not one byte 0 or 1";
		*v = lwm2m_boolean(*at);
		return NULL;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
		*v = lwm2m_integer(big_endian(at, n));
		return whole ? NULL : "TLV integer is not 1, 2, 4 or 8 bytes";
	case LWM2M_FLOAT:
		if (n != 4 && n != 8)
			return "TLV float is not 4 or 8 bytes";
		*v = lwm2m_float(tlv_float(at, n));
		v->length = (uint32_t)n;
		return NULL;
	case LWM2M_OBJLINK:
		if (n != 4)
			return "TLV object link is not 4 bytes";
		v->type = LWM2M_OBJLINK;
		v->as.link.object = (uint16_t)(at[0] << 8 | at[1]);
		v->as.link.instance = (uint16_t)(at[2] << 8 | at[3]);
		return NULL;
	}
	return "unknown type";
}

struct tlv {
	int kind;	/* 0 instance, 1 resource instance, 2 multiple, 3 one */
	int id;
	const uint8_t *at;
	size_t length;
};

static size_t tlv_header(const uint8_t *at, size_t n, struct tlv *t)
{
	size_t id_size, length_size, used;

	if (n < 2)
		return 0;
	id_size = at[0] & 0x20 ? 2 : 1;
	length_size = at[0] >> 3 & 3;
	used = 1 + id_size + length_size;
	if (n < used)
		return 0;
	t->kind = at[0] >> 6;
	t->id = id_size == 2 ? at[1] << 8 | at[2] : at[1];
	t->length = length_size ? 0 : at[0] & 7;
	for (size_t i = 0; i < length_size; i++)
		t->length = t->length << 8 | at[1 + id_size + i];
	t->at = at + used;
	return t->length <= n - used ? used + t->length : 0;
}

static const char *tlv_decode(struct decoded *out, struct path p,
			      const uint8_t *at, size_t n);

static const char *tlv_entry(struct decoded *out, struct path p,
			     const struct tlv *t)
{
	/* Level of the id by the kind of entry: instance, ri, r, r. */
	static const int level[] = {1, 3, 2, 2};
	struct lwm2m_value v = {0};
	const char *why;

	if (p.depth < level[t->kind])
		return "TLV entry on a level too high";
	p.id[level[t->kind]] = t->id;
	p.depth = level[t->kind] + 1;
	if (t->kind == 0 || t->kind == 2)
		return tlv_decode(out, p, t->at, t->length);
	why = tlv_value(type_at(&p), t->at, t->length, &v);
	if (!why)
		put(out, &p, &v);
	return why;
}

static const char *tlv_decode(struct decoded *out, struct path p,
			      const uint8_t *at, size_t n)
{
	while (n) {
		const char *why;
		struct tlv t;
		size_t used = tlv_header(at, n, &t);

		if (!used)
			return "TLV cut short";
		why = tlv_entry(out, p, &t);
		if (why)
			return why;
		at += used;
		n -= used;
	}
	return NULL;
}

/* --- SenML (RFC 8428), of both writings -------------------------------- */

struct senml {
	char base_name[64];
	double base_time;
	bool timed;
};

static const char *senml_typed(enum lwm2m_type type, struct lwm2m_value *v)
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
	why = senml_typed(type_at(&p), v);
	if (why)
		return why;
	put(out, &p, v);
	if (s->timed)
		json_object_object_add(out->times, path_text(&p, full),
				       json_object_new_double(s->base_time +
							      time));
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

static const char *senml_json(struct decoded *out, const uint8_t *data,
			      size_t length)
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

static void cbor_value(const struct cbor *item, struct lwm2m_value *v)
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

static const char *senml_cbor(struct decoded *out, const uint8_t *data,
			      size_t length)
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

/* --- one value --------------------------------------------------------- */

static const char *cbor_one(enum lwm2m_type type, const uint8_t *data,
			    size_t length, struct lwm2m_value *v)
{
	struct cbor_reader r = {data, data + length};
	struct cbor item;

	if (!cbor_next(&r, &item) || (item.kind == CBOR_TAG &&
				      !cbor_next(&r, &item)))
		return "not CBOR";
	cbor_value(&item, v);
	if (r.at != r.end)
		return "bytes behind the CBOR value";
	if (type == LWM2M_FLOAT && v->type != LWM2M_FLOAT)
		return "CBOR value of a Float is not a float";
	return senml_typed(type, v);
}

static const char *decode_one(struct decoded *out, int format,
			      const struct path *p, const uint8_t *data,
			      size_t length)
{
	struct lwm2m_value v = {0};
	const char *why;

	if (p->depth < 3)
		return "format is only for a single resource";
	if (format == FORMAT_CBOR)
		why = cbor_one(type_at(p), data, length, &v);
	else if (format == FORMAT_OPAQUE)
		why = tlv_value(LWM2M_OPAQUE, data, length, &v);
	else
		why = text_value(type_at(p), (const char *)data, length, &v);
	if (!why)
		put(out, p, &v);
	return why;
}

/* Servers refuse an answer that holds what was not asked for. */
static const char *check_scope(const struct decoded *out, const struct path *p)
{
	char base[32];
	size_t n = strlen(path_text(p, base));

	if (p->depth < 1)
		return NULL;
	json_object_object_foreach(out->values, key, value)
	{
		(void)value;
		if (strncmp(key, base, n) || (key[n] && key[n] != '/'))
			return "answer holds a path that was not asked for";
	}
	return NULL;
}

struct decoded decode(int format, const char *base, const uint8_t *data,
		      size_t length)
{
	struct decoded out = {json_object_new_object(),
			      json_object_new_object(), NULL};
	struct path p = path_parse(base);

	switch (format) {
	case FORMAT_TEXT:
	case FORMAT_OLD_TEXT:
	case FORMAT_OPAQUE:
	case FORMAT_CBOR:
		out.error = decode_one(&out, format, &p, data, length);
		break;
	case FORMAT_TLV:
		if (p.depth < 1)
			out.error = "TLV needs the path of an object";
		else
			out.error = tlv_decode(&out, p, data, length);
		break;
	case FORMAT_SENML_JSON:
		out.error = senml_json(&out, data, length);
		break;
	case FORMAT_SENML_CBOR:
		out.error = senml_cbor(&out, data, length);
		break;
	case FORMAT_LINK:
		break;
	default:
		out.error = "unknown content format";
	}
	if (!out.error)
		out.error = check_scope(&out, &p);
	return out;
}
