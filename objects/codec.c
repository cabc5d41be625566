/* SPDX-License-Identifier: GPL-2.0-or-later
 * From Content-Format numbers to the formats behind them, and what the
 * formats share. */
#include "objects/codec.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "objects/codec_formats.h"
#include "objects/tree.h"

/* Times from here on are absolute, those below count from now (4.5.3). */
#define TIME_ABSOLUTE 0x1p28
/* ns since 1970 end in 2262. */
#define TIME_END 9.2e9

struct format {
	uint16_t number;
	int (*decode)(struct decoding *decoding, const uint8_t *payload,
		      size_t n);
	int (*encode)(const struct encoding *encoding);
};

/* The 154x ones are what LwM2M had before its numbers were registered; some
 * servers write and ask in them still. */
static const struct format formats[] = {
	{FORMAT_TEXT, text_decode, text_encode},
	{FORMAT_OPAQUE, opaque_decode, opaque_encode},
	{FORMAT_CBOR, cbor_decode, cbor_encode},
	{FORMAT_SENML_JSON, senml_json_decode, senml_json_encode},
	{FORMAT_SENML_CBOR, senml_cbor_decode, senml_cbor_encode},
	{FORMAT_OLD_TEXT, text_decode, text_encode},
	{FORMAT_OLD_TLV, tlv_decode, tlv_encode},
	{FORMAT_OLD_JSON, lwm2m_json_decode, lwm2m_json_encode},
	{FORMAT_OLD_OPAQUE, opaque_decode, opaque_encode},
	{FORMAT_TLV, tlv_decode, tlv_encode},
	{FORMAT_JSON, lwm2m_json_decode, lwm2m_json_encode},
	{FORMAT_LWM2M_CBOR, lwm2m_cbor_decode, lwm2m_cbor_encode},
};

static const struct format *format_find(uint16_t number)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].number == number)
			return &formats[i];
	return NULL;
}

bool codec_encodes(uint16_t format)
{
	const struct format *found = format_find(format);

	return found && found->encode;
}

bool codec_decodes(uint16_t format)
{
	return format_find(format) != NULL;
}

int codec_encode(uint16_t format, const struct lwm2m_path *base,
		 const struct lwm2m_record *records, size_t n,
		 struct buf *out)
{
	const struct encoding encoding = {base, records, n, out};
	int error;

	if (!codec_encodes(format))
		return -ENOTSUP;
	for (size_t i = 0; i < n; i++)
		if (!path_covers(base, &records[i].path))
			return -EXDEV;
	error = format_find(format)->encode(&encoding);
	if (error)
		return error;
	return out->full ? -EMSGSIZE : 0;
}

int codec_decode(uint16_t format, const struct object_model *model,
		 const struct lwm2m_path *base, const uint8_t *payload,
		 size_t length, struct lwm2m_record *records, size_t max,
		 struct buf *scratch)
{
	struct decoding decoding = {model, base, records, 0, max, scratch};
	int error;

	if (!codec_decodes(format))
		return -ENOTSUP;
	error = format_find(format)->decode(&decoding, payload, length);
	return error ? error : (int)decoding.n;
}

enum lwm2m_type decoding_type(const struct decoding *decoding,
			      const struct lwm2m_path *path)
{
	const struct resource_def *def =
		model_resource(decoding->model, path->id[0], path->id[2]);

	return def ? def->type : LWM2M_NONE;
}

/* A number for a numeric type, but none that would lose something. */
static int number_type(enum lwm2m_type type, struct lwm2m_value *value)
{
	if (value->type == LWM2M_FLOAT && type != LWM2M_FLOAT &&
	    value->as.number != trunc(value->as.number))
		return -EPROTOTYPE;
	return value_convert(value, type, value) ? -EPROTOTYPE : 0;
}

int decoding_fit(enum lwm2m_type type, struct lwm2m_value *value)
{
	bool text = value->type == LWM2M_STRING;
	bool number = value->type == LWM2M_INTEGER ||
		      value->type == LWM2M_UNSIGNED ||
		      value->type == LWM2M_FLOAT;

	if (type == LWM2M_NONE || type == value->type)
		return 0;
	if (text && type == LWM2M_CORELINK)
		value->type = type;
	/* Leshan writes object links as texts. */
	if (text && type == LWM2M_OBJLINK &&
	    !objlink_parse(value->as.text, value->length, value))
		return -EPROTOTYPE;
	if (number && (type == LWM2M_INTEGER || type == LWM2M_UNSIGNED ||
		       type == LWM2M_FLOAT || type == LWM2M_TIME))
		return number_type(type, value);
	return value->type == type ? 0 : -EPROTOTYPE;
}

/* Seconds to ns. A double's grain at today's absolute times is 0.24 us: what
 * it has below 1 us there is noise. */
int decoding_time(double seconds, int64_t *time)
{
	double whole = floor(seconds), fraction = seconds - whole;

	if (!(fabs(seconds) < TIME_END))
		return -EBADMSG;
	if (fabs(seconds) >= TIME_ABSOLUTE)
		fraction = round(fraction * 1e6) / 1e6;
	*time = (int64_t)whole * 1000000000 + llround(fraction * 1e9);
	return 0;
}

int decoding_add(struct decoding *decoding, const struct lwm2m_path *path,
		 const struct lwm2m_value *value, int64_t time)
{
	if (!path_covers(decoding->base, path))
		return -EXDEV;
	if ((value->type == LWM2M_STRING || value->type == LWM2M_CORELINK) &&
	    !value_is_text(value))
		return -EPROTOTYPE;
	if (decoding->n == decoding->max)
		return -EMSGSIZE;
	decoding->records[decoding->n++] =
		(struct lwm2m_record){*path, *value, time};
	return 0;
}

const char *decoding_keep(struct decoding *decoding, const char *text,
			  size_t n)
{
	struct buf *scratch = decoding->scratch;
	const char *kept = (const char *)scratch->at + scratch->used;

	buf_put(scratch, text, n);
	return scratch->full ? NULL : kept;
}
