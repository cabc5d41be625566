/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modules/smartcard/pkcs15.h"
#include <string.h>

/* Tags: of ASN.1, of CIOs, and of the control parameters of a file. */
enum { OCTET_STRING = 0x04, OBJECT_ID = 0x06, SEQUENCE = 0x30,
       TYPE_ATTRIBUTES = 0xa1, OID_OBJECT = 0xa1, DATA_OBJECTS = 0xa7 };
enum { TEMPLATE = 0x61, TEMPLATE_AID = 0x4f, TEMPLATE_PATH = 0x51 };
enum { FCP = 0x62, PIN_STATUS = 0xc6, PIN_ENABLED = 0x90, PIN_KEY = 0x83 };
#define PIN_GLOBAL 0x01

const uint8_t pkcs15_aid[12] = {0xa0, 0, 0, 0, 0x63, 'P', 'K', 'C', 'S', '-',
				'1', '5'};
/* 2.23.43.9.1; and as some cards have it, with its head once more inside. */
static const uint8_t lwm2m[] = {0x67, 0x2b, 0x09, 0x01};
static const uint8_t lwm2m_twice[] = {0x06, 0x04, 0x67, 0x2b, 0x09, 0x01};

struct ber {
	const uint8_t *at, *end;
};
struct ber_item {
	uint8_t tag;
	struct ber in;
};

/* Padding behind the last one is none: 00 and FF are no tags here. */
static bool item_next(struct ber *ber, struct ber_item *item)
{
	const uint8_t *at = ber->at;
	size_t left = (size_t)(ber->end - at), n, n_length;

	if (left < 2 || !at[0] || at[0] == 0xff)
		return false;
	n_length = at[1] < 0x80 ? 0 : at[1] & 0x7f;
	if (at[1] == 0x80 || n_length > 2 || n_length > left - 2)
		return false;
	n = n_length ? 0 : at[1];
	for (size_t i = 0; i < n_length; i++)
		n = n << 8 | at[2 + i];
	at += 2 + n_length;
	if (n > (size_t)(ber->end - at))
		return false;
	*item = (struct ber_item){ber->at[0], {at, at + n}};
	ber->at = at + n;
	return true;
}

/* The first of this tag. */
static bool item_find(struct ber ber, uint8_t tag, struct ber *in)
{
	struct ber_item item;

	while (item_next(&ber, &item)) {
		if (item.tag != tag)
			continue;
		*in = item.in;
		return true;
	}
	return false;
}

static bool path_copy(struct ber bytes, struct pkcs15_path *path)
{
	size_t n = (size_t)(bytes.end - bytes.at);

	if (!n || n & 1 || n > PKCS15_PATH_MAX)
		return false;
	memcpy(path->at, bytes.at, n);
	path->n = n;
	return true;
}

/* Application template: its identifier, label and path among others. */
static bool template_take(struct ber in, struct pkcs15_application *found)
{
	struct ber aid, path;
	size_t n;

	if (!item_find(in, TEMPLATE_AID, &aid))
		return false;
	n = (size_t)(aid.end - aid.at);
	if (n < sizeof(pkcs15_aid) || n > PKCS15_AID_MAX ||
	    memcmp(aid.at, pkcs15_aid, sizeof(pkcs15_aid)) != 0)
		return false;
	*found = (struct pkcs15_application){.n_aid = n};
	memcpy(found->aid, aid.at, n);
	if (item_find(in, TEMPLATE_PATH, &path))
		path_copy(path, &found->path);
	return true;
}

bool pkcs15_application_find(const uint8_t *dir, size_t n,
			     struct pkcs15_application *found)
{
	struct ber ber = {dir, dir + n};
	struct ber_item item;

	while (item_next(&ber, &item))
		if (item.tag == TEMPLATE && template_take(item.in, found))
			return true;
	return false;
}

/* Path ::= SEQUENCE {path OCTET STRING, index, length}, within `in`. */
static bool path_take(struct ber in, struct pkcs15_path *path)
{
	struct ber sequence, bytes;

	return item_find(in, SEQUENCE, &sequence) &&
	       item_find(sequence, OCTET_STRING, &bytes) &&
	       path_copy(bytes, path);
}

bool pkcs15_directory_next(const uint8_t *odf, size_t n, size_t *at,
			   struct pkcs15_path *path)
{
	struct ber ber = {odf + *at, odf + n};
	struct ber_item item;

	while (item_next(&ber, &item)) {
		*at = (size_t)(ber.at - odf);
		if (item.tag == DATA_OBJECTS && path_take(item.in, path))
			return true;
	}
	return false;
}

static bool is_lwm2m(struct ber id)
{
	size_t n = (size_t)(id.end - id.at);

	return (n == sizeof(lwm2m) && !memcmp(id.at, lwm2m, n)) ||
	       (n == sizeof(lwm2m_twice) && !memcmp(id.at, lwm2m_twice, n));
}

static bool has_lwm2m(struct ber in)
{
	struct ber id;

	return item_find(in, OBJECT_ID, &id) && is_lwm2m(id);
}

/* DataObject: common attributes, those of the class, and [1] those of its type,
 * which are its path, or a SEQUENCE of its identifier and its path. */
static bool object_take(const struct ber_item *object,
			struct pkcs15_path *path)
{
	struct ber in = object->in, type, inner;
	struct ber_item common, class;

	if (!item_next(&in, &common) || common.tag != SEQUENCE ||
	    !item_next(&in, &class) || class.tag != SEQUENCE ||
	    !item_find(in, TYPE_ATTRIBUTES, &type))
		return false;
	if (item_find(type, SEQUENCE, &inner) && has_lwm2m(inner))
		return path_take(inner, path);
	return has_lwm2m(class.in) && path_take(type, path);
}

bool pkcs15_bootstrap_find(const uint8_t *dodf, size_t n,
			   struct pkcs15_path *path)
{
	struct ber ber = {dodf, dodf + n};
	struct ber_item item;

	while (item_next(&ber, &item))
		if ((item.tag == SEQUENCE || item.tag == OID_OBJECT) &&
		    object_take(&item, path))
			return true;
	return false;
}

/* In order: which are enabled, a bit each; then the references. */
uint8_t pkcs15_pin_reference(const uint8_t *fcp, size_t n)
{
	struct ber whole = {fcp, fcp + n}, in, status;
	uint8_t enabled = 0xff, bit = 0x80;
	struct ber_item item;

	if (!item_find(whole, FCP, &in) || !item_find(in, PIN_STATUS, &status))
		return PIN_GLOBAL;
	while (item_next(&status, &item)) {
		bool one = item.in.end - item.in.at == 1;

		if (item.tag == PIN_ENABLED && one)
			enabled = *item.in.at;
		if (item.tag != PIN_KEY || !one)
			continue;
		if (enabled & bit)
			return *item.in.at;
		bit >>= 1;
	}
	return PIN_GLOBAL;
}
