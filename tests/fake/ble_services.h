/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the Bluetooth devices of the tests serve by GATT: a few characteristics, on
 * whatever carries their PDUs.
 *
 * Service 181A: 2 declaration, 3 value of 2A6E (read, notify), 4 its CCCD;
 * 5 declaration, 6 value of FF01 (read, write), 20 bytes and more.
 * Tells on stdout: subscribed, written HEX. */
#ifndef FAKE_BLE_SERVICES_H
#define FAKE_BLE_SERVICES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVICES_VALUE_MAX 512
#define SERVICES_PDU_MAX (SERVICES_VALUE_MAX + 3)

struct services {
	/* Sends a PDU to the client. */
	void (*send)(struct services *services, const void *pdu, size_t n);
	void *link;		/* of send() */
	const char *name;	/* in front of what is told, "" for none */
	bool notify;
	uint16_t mtu;
	uint8_t value[SERVICES_VALUE_MAX], text[SERVICES_VALUE_MAX];
	uint8_t prepared[SERVICES_VALUE_MAX];
	size_t n_value, n_text, n_prepared;
};

/* A client has connected. */
void services_begin(struct services *services);
/* A PDU of the client, at most SERVICES_PDU_MAX; it may be changed. */
void services_receive(struct services *services, uint8_t *pdu, size_t n);
/* Of 2A6E, in hex: told to whoever has subscribed. */
void services_value_set(struct services *services, const char *hex);
/* Bytes in hex; how many there were. */
size_t services_hex(const char *hex, uint8_t *bytes, size_t size);
#endif
