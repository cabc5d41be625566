/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the decoders of the formats share. Each returns NULL, or the reason why
 * a strict server could not read it. */
#ifndef SERVER_DECODE_PART_H
#define SERVER_DECODE_PART_H
#include "tests/server/cbor.h"
#include "tests/server/decode.h"

/* LWM2M_NONE above a resource, and where it is not known. */
enum lwm2m_type path_type(const struct path *p);
void decoded_put(struct decoded *out, const struct path *p,
		 const struct lwm2m_value *v);

const char *tlv_value(enum lwm2m_type type, const uint8_t *at, size_t n,
		      struct lwm2m_value *v);
const char *tlv_decode(struct decoded *out, struct path p, const uint8_t *at,
		       size_t n);

void cbor_value(const struct cbor *item, struct lwm2m_value *v);
/* Does what came fit the resource? An integer for a Float becomes one. */
const char *senml_typed(enum lwm2m_type type, struct lwm2m_value *v);
const char *senml_json(struct decoded *out, const uint8_t *data, size_t length);
const char *senml_cbor(struct decoded *out, const uint8_t *data, size_t length);
#endif
