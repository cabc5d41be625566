/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLV (LwM2M Core 7.4.3). */
#include <string.h>

#include "tests/server/decode_part.h"

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

const char *tlv_value(enum lwm2m_type type, const uint8_t *at, size_t n,
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
	why = tlv_value(path_type(&p), t->at, t->length, &v);
	if (!why)
		decoded_put(out, &p, &v);
	return why;
}

const char *tlv_decode(struct decoded *out, struct path p, const uint8_t *at,
		       size_t n)
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
