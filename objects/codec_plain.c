/* SPDX-License-Identifier: GPL-2.0-or-later
 * The formats of one value: text/plain (Core TS 7.4.1) and opaque (7.4.2). */
#include <errno.h>

#include "objects/codec_formats.h"

static bool is_one(const struct lwm2m_path *base)
{
	return base->depth >= 3;
}

int text_decode(struct decoding *decoding, const uint8_t *payload, size_t n)
{
	struct lwm2m_value value;
	enum lwm2m_type type;
	int error;

	if (!is_one(decoding->base))
		return -ENOTSUP;
	type = decoding_type(decoding, decoding->base);
	error = value_parse(type ? type : LWM2M_STRING, (const char *)payload,
			    n, &value, decoding->scratch);
	if (error)
		return error;
	return decoding_add(decoding, decoding->base, &value, 0);
}

int text_encode(const struct encoding *encoding)
{
	if (encoding->n != 1 || encoding->records[0].value.type == LWM2M_NONE)
		return -ENOTSUP;
	value_format(&encoding->records[0].value, encoding->out);
	return 0;
}

int opaque_decode(struct decoding *decoding, const uint8_t *payload, size_t n)
{
	const struct lwm2m_value value = {
		.type = LWM2M_OPAQUE, .length = (uint32_t)n,
		.as.bytes = payload,
	};
	enum lwm2m_type type;

	if (!is_one(decoding->base))
		return -ENOTSUP;
	type = decoding_type(decoding, decoding->base);
	if (type != LWM2M_NONE && type != LWM2M_OPAQUE)
		return -EPROTOTYPE;
	return decoding_add(decoding, decoding->base, &value, 0);
}

int opaque_encode(const struct encoding *encoding)
{
	const struct lwm2m_value *value;

	if (encoding->n != 1 || encoding->records[0].value.type != LWM2M_OPAQUE)
		return -ENOTSUP;
	value = &encoding->records[0].value;
	buf_put(encoding->out, value->as.bytes, value->length);
	return 0;
}
