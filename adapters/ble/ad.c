/* SPDX-License-Identifier: GPL-2.0-or-later
 * The elements of an advertisement. */
#include "adapters/ble/ad.h"

#include <string.h>

#include "adapters/ble/bytes.h"

/* 0000xxxx-0000-1000-8000-00805F9B34FB, as it goes through the air. */
static const uint8_t base_uuid[12] = {0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00,
				      0x00, 0x80, 0x00, 0x10, 0x00, 0x00};

bool ad_next(const uint8_t *data, size_t n, size_t *at,
	     struct ad_element *element)
{
	size_t length;

	if (*at >= n || data[*at] == 0)
		return false;
	length = data[*at];
	if (length > n - *at - 1)
		return false;
	element->type = data[*at + 1];
	element->data = data + *at + 2;
	element->n = (uint8_t)(length - 1);
	*at += length + 1;
	return true;
}

static void element_skip(struct ad_element *element, uint8_t n)
{
	element->data += n;
	element->n -= n;
}

/* Bytes of the UUID that the data begins with, 0: it is another one. */
static uint8_t uuid_match(const struct ad_element *e, uint16_t uuid)
{
	switch (e->type) {
	case AD_SERVICE_DATA_16:
		return e->n >= 2 && le16(e->data) == uuid ? 2 : 0;
	case AD_SERVICE_DATA_32:
		return e->n >= 4 && le32(e->data) == uuid ? 4 : 0;
	case AD_SERVICE_DATA_128:
		return e->n >= 16 && memcmp(e->data, base_uuid, 12) == 0 &&
		       le32(e->data + 12) == uuid ? 16 : 0;
	}
	return 0;
}

bool ad_service(const uint8_t *data, size_t n, size_t *at, uint16_t uuid,
		struct ad_element *element)
{
	while (ad_next(data, n, at, element)) {
		uint8_t head = uuid_match(element, uuid);

		if (!head)
			continue;
		element_skip(element, head);
		return true;
	}
	return false;
}

bool ad_service_long(const uint8_t *data, size_t n, size_t *at,
		     const uint8_t uuid[16], struct ad_element *element)
{
	while (ad_next(data, n, at, element)) {
		if (element->type != AD_SERVICE_DATA_128 || element->n < 16 ||
		    memcmp(element->data, uuid, 16) != 0)
			continue;
		element_skip(element, 16);
		return true;
	}
	return false;
}

bool ad_company(const uint8_t *data, size_t n, size_t *at, uint16_t company,
		struct ad_element *element)
{
	while (ad_next(data, n, at, element)) {
		if (element->type != AD_MANUFACTURER || element->n < 2 ||
		    le16(element->data) != company)
			continue;
		element_skip(element, 2);
		return true;
	}
	return false;
}

bool ad_lists(const uint8_t *data, size_t n, uint16_t uuid)
{
	struct ad_element e;
	size_t at = 0;

	while (ad_next(data, n, &at, &e)) {
		if (e.type != AD_UUIDS_16_SOME && e.type != AD_UUIDS_16_ALL)
			continue;
		for (size_t i = 0; i + 1 < e.n; i += 2)
			if (le16(e.data + i) == uuid)
				return true;
	}
	return false;
}

void ad_name(const uint8_t *data, size_t n, char *name, size_t size)
{
	struct ad_element e;
	size_t at = 0, used = 0;

	while (ad_next(data, n, &at, &e)) {
		if (e.type != AD_NAME && e.type != AD_NAME_SHORT)
			continue;
		for (used = 0; used < e.n && used + 1 < size; used++)
			name[used] = e.data[used] >= ' ' &&
				     e.data[used] < 0x7f ?
				     (char)e.data[used] : '?';
		if (e.type == AD_NAME)
			break;
	}
	name[used] = '\0';
}
