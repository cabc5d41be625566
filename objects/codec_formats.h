/* SPDX-License-Identifier: GPL-2.0-or-later
 * Between codec.c and the formats: one pair of functions for each, and what
 * they share. For the codecs only. */
#ifndef OBJECTS_CODEC_FORMATS_H
#define OBJECTS_CODEC_FORMATS_H
#include "objects/codec.h"

/* What codec_decode was asked for, and the records made so far. */
struct decoding {
	const struct object_model *model;
	const struct lwm2m_path *base;
	struct lwm2m_record *records;
	size_t n, max;
	struct buf *scratch;
};

/* What codec_encode was asked for. */
struct encoding {
	const struct lwm2m_path *base;
	const struct lwm2m_record *records;
	size_t n;
	struct buf *out;
};

/* The type that the model gives path (depth 3 or 4); NONE: not known, or no
 * value (an executable). */
enum lwm2m_type decoding_type(const struct decoding *decoding,
			      const struct lwm2m_path *path);
/* What a value of a format with types of its own looks like, to the type that
 * the model has: any number for a number that keeps it, a text for links.
 * NONE takes all. 0, -EPROTOTYPE. */
int decoding_fit(enum lwm2m_type type, struct lwm2m_value *value);
/* Seconds to ns. 0, -EBADMSG beyond what ns can count. */
int decoding_time(double seconds, int64_t *time);
/* 0, -EXDEV not below base, -EPROTOTYPE a text that is none, -EMSGSIZE. */
int decoding_add(struct decoding *decoding, const struct lwm2m_path *path,
		 const struct lwm2m_value *value, int64_t time);
/* A copy in scratch; NULL: no room. */
const char *decoding_keep(struct decoding *decoding, const char *text,
			  size_t n);

/* 0 or -errno, as codec_decode and codec_encode name them. A full `out` is
 * codec_encode's to see. */
int text_decode(struct decoding *decoding, const uint8_t *payload, size_t n);
int text_encode(const struct encoding *encoding);
int opaque_decode(struct decoding *decoding, const uint8_t *payload, size_t n);
int opaque_encode(const struct encoding *encoding);
int tlv_decode(struct decoding *decoding, const uint8_t *payload, size_t n);
int tlv_encode(const struct encoding *encoding);
int senml_json_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n);
int senml_json_encode(const struct encoding *encoding);
int senml_cbor_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n);
int senml_cbor_encode(const struct encoding *encoding);
int cbor_decode(struct decoding *decoding, const uint8_t *payload, size_t n);
int cbor_encode(const struct encoding *encoding);
int lwm2m_json_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n);
int lwm2m_json_encode(const struct encoding *encoding);
int lwm2m_cbor_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n);
int lwm2m_cbor_encode(const struct encoding *encoding);

/* value.c: is a STRING or CORELINK what it says (UTF-8, links); "3:0". */
bool value_is_text(const struct lwm2m_value *value);
size_t utf8_sequence(const char *text, size_t n);
bool objlink_parse(const char *text, size_t n, struct lwm2m_value *value);
#endif
