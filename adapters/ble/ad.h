/* SPDX-License-Identifier: GPL-2.0-or-later
 * The elements of an advertisement (Core Specification Supplement, part A).
 * Pure: an iterator over the caller's bytes. */
#ifndef BLE_AD_H
#define BLE_AD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ad_type {
	AD_UUIDS_16_SOME = 0x02,
	AD_UUIDS_16_ALL = 0x03,
	AD_NAME_SHORT = 0x08,
	AD_NAME = 0x09,
	AD_SERVICE_DATA_16 = 0x16,
	AD_SERVICE_DATA_32 = 0x20,
	AD_SERVICE_DATA_128 = 0x21,
	AD_MANUFACTURER = 0xff,
};

struct ad_element {
	uint8_t type;
	uint8_t n;		/* of data; the element has two bytes more */
	const uint8_t *data;
};

/* The element at *at, which is moved behind it. false: no more; a length past
 * the end ends the list, and what came before stays good. */
bool ad_next(const uint8_t *data, size_t n, size_t *at,
	     struct ad_element *element);

/* The first service data of this UUID at or behind *at, whichever way the
 * UUID is spelt; element->data and n are those behind the UUID. */
bool ad_service(const uint8_t *data, size_t n, size_t *at, uint16_t uuid,
		struct ad_element *element);
/* ... of a UUID of 128 bits, given as it goes through the air. */
bool ad_service_long(const uint8_t *data, size_t n, size_t *at,
		     const uint8_t uuid[16], struct ad_element *element);
/* The same of manufacturer data, behind the company. */
bool ad_company(const uint8_t *data, size_t n, size_t *at, uint16_t company,
		struct ad_element *element);
/* Is the UUID in one of the lists of services? */
bool ad_lists(const uint8_t *data, size_t n, uint16_t uuid);
/* The name, with what no terminal should see replaced; "" where none is. */
void ad_name(const uint8_t *data, size_t n, char *name, size_t size);
#endif
