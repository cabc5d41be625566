/* SPDX-License-Identifier: GPL-2.0-or-later
 * Payloads into JSON for the log: text, opaque and single CBOR values here,
 * TLV and SenML in files of their own. */
#include "tests/server/decode.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/server/decode_part.h"

static const char *prefix_take(const char *text, struct path *p)
{
	size_t n = strcspn(text, "/");

	if (strspn(text, "0123456789") >= n || n >= sizeof(p->prefix))
		return text;
	memcpy(p->prefix, text, n);
	text += n;
	return *text == '/' && text[1] ? text + 1 : text;
}

struct path path_parse(const char *text)
{
	struct path p = {.depth = 0};

	while (*text == '/')
		text++;
	text = prefix_take(text, &p);
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

	if (*p->prefix)
		at += sprintf(at, "/%s", p->prefix);
	else if (!p->depth)
		at += sprintf(at, "/");
	for (int i = 0; i < p->depth; i++)
		at += sprintf(at, "/%d", p->id[i]);
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
	char text[56];

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

enum lwm2m_type path_type(const struct path *p)
{
	return p->depth >= 3 ? resource_type(p->id[0], p->id[2]) : LWM2M_NONE;
}

void decoded_put(struct decoded *out, const struct path *p,
		 const struct lwm2m_value *v)
{
	char text[56];

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
		why = cbor_one(path_type(p), data, length, &v);
	else if (format == FORMAT_OPAQUE)
		why = tlv_value(LWM2M_OPAQUE, data, length, &v);
	else
		why = text_value(path_type(p), (const char *)data, length, &v);
	if (!why)
		decoded_put(out, p, &v);
	return why;
}

/* Servers refuse an answer that holds what was not asked for. */
static const char *check_scope(const struct decoded *out, const struct path *p)
{
	char base[56];
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
			      json_object_new_object(), NULL, NULL};
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
