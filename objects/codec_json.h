/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON (RFC 8259): what the formats that are spelled in it share. For the
 * codecs only. */
#ifndef OBJECTS_CODEC_JSON_H
#define OBJECTS_CODEC_JSON_H
#include "objects/buf.h"
#include "objects/value.h"

struct encoding;
struct json_object;

/* All of the payload. The caller puts *object, whatever is returned.
 * 0, -EBADMSG malformed, a key that an object has twice, an integer beyond 64
 * bits; -EMSGSIZE, -ENOMEM. */
int codec_json_read(const uint8_t *payload, size_t n,
		    struct json_object **object);
/* As it looks: BOOLEAN, INTEGER (UNSIGNED above its range), FLOAT, STRING (it
 * lives as long as the object); NONE: none of these. */
struct lwm2m_value codec_json_value(struct json_object *object);

/* False: there is a number for which JSON has no word. */
bool codec_json_carries(const struct encoding *encoding);
/* "text", with its quotes. */
void codec_json_text_put(struct buf *out, const char *text, size_t n);
/* ns as seconds, exact: a double would not hold them. */
void codec_json_time_put(struct buf *out, int64_t time);
#endif
