/* SPDX-License-Identifier: GPL-2.0-or-later
 * Payload formats (Core TS 7.4) between bytes and records. */
#ifndef OBJECTS_CODEC_H
#define OBJECTS_CODEC_H
#include "objects/buf.h"
#include "objects/def.h"
#include "objects/record.h"

/* CoAP Content-Formats. */
enum lwm2m_format {
	FORMAT_TEXT = 0, FORMAT_LINK = 40, FORMAT_OPAQUE = 42,
	FORMAT_CBOR = 60, FORMAT_SENML_JSON = 110, FORMAT_SENML_CBOR = 112,
	FORMAT_LINK_JSON = 504,
	FORMAT_OLD_TEXT = 1541, FORMAT_OLD_TLV = 1542, FORMAT_OLD_JSON = 1543,
	FORMAT_OLD_OPAQUE = 1544, FORMAT_TLV = 11542, FORMAT_JSON = 11543,
	FORMAT_LWM2M_CBOR = 11544, FORMAT_NONE = 0xffff,
};

/* Can these formats be written (Read's Accept) and read (Write's
 * Content-Format)? Old numbers are read only. */
bool codec_encodes(uint16_t format);
bool codec_decodes(uint16_t format);

/* Records in path order, all covered by base (the path of the request), to a
 * payload. A record of depth 4 is an element of a multiple resource. Times
 * that are not 0 go out in the formats that carry them. A Float stays a float
 * on the wire. 0, -ENOTSUP the format cannot carry these (text of several,
 * opaque of a number, NaN in JSON), -EXDEV a record is not below base,
 * -EMSGSIZE out is full. No records: an empty list where the format has one. */
int codec_encode(uint16_t format, const struct lwm2m_path *base,
		 const struct lwm2m_record *records, size_t n,
		 struct buf *out);

/* A payload to records. Types come from the model; a resource that it does
 * not know comes as LWM2M_OPAQUE of its raw content (TLV) or as what it looks
 * like (SenML). Texts and bytes in records are borrowed from payload or lie
 * in scratch. An instance without resources (Create) comes as a record of
 * depth 2 and type NONE, a SenML name without a value (Read-Composite) as one
 * of its depth and type NONE. With base of depth 1 a list of bare resources
 * (Create without an id) comes with instance id 65535. A time below 2^28 s
 * counts from now (RFC 8428 4.5.3).
 * The number of records, or -EBADMSG malformed, -EPROTOTYPE a value does not
 * fit its resource's type, -EXDEV a name outside base, -ENOTSUP not a format
 * of records, -EMSGSIZE more than max records or more than scratch takes,
 * -ENOMEM. */
int codec_decode(uint16_t format, const struct object_model *model,
		 const struct lwm2m_path *base, const uint8_t *payload,
		 size_t length, struct lwm2m_record *records, size_t max,
		 struct buf *scratch);

/* One value as text/plain (Core TS 7.4.1, table C): also for logs, control and the
 * YAML. Shortest decimal that reads back: 21.7, not 21.699999999999999. */
void value_format(const struct lwm2m_value *value, struct buf *out);
/* Text to a value of this type; opaque: base64 into scratch; text borrowed.
 * 0, -EPROTOTYPE, -EMSGSIZE. */
int value_parse(enum lwm2m_type type, const char *text, size_t n,
		struct lwm2m_value *value, struct buf *scratch);
#endif
