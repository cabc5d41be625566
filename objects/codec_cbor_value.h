/* SPDX-License-Identifier: GPL-2.0-or-later
 * A value as a CBOR item of its own (Core TS 1.2, appendix C): what the plain
 * CBOR format and LwM2M-CBOR share. For those two codecs only. */
#ifndef OBJECTS_CODEC_CBOR_VALUE_H
#define OBJECTS_CODEC_CBOR_VALUE_H
#include "objects/codec_cbor_item.h"
#include "objects/codec_formats.h"

/* The value that begins with item, as path's type. 0, -EBADMSG neither value
 * nor tagged time, -EPROTOTYPE. */
int cbor_value_take(struct decoding *decoding, const struct lwm2m_path *path,
		    struct cbor_reader *reader, struct cbor_item item,
		    struct lwm2m_value *value);
void cbor_value_put(struct buf *out, const struct lwm2m_value *value);
#endif
