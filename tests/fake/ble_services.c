/* SPDX-License-Identifier: GPL-2.0-or-later
 * The services of the tests' Bluetooth devices. */
#include "tests/fake/ble_services.h"

#include <stdio.h>
#include <string.h>

#define MTU 40

size_t services_hex(const char *hex, uint8_t *bytes, size_t size)
{
	size_t n = 0;
	unsigned byte;

	for (; n < size && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = (uint8_t)byte;
	return n;
}

static uint16_t number(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void answer(struct services *s, const void *pdu, size_t n)
{
	s->send(s, pdu, n);
}

static void refuse(struct services *s, const uint8_t *p, uint16_t handle,
		   uint8_t code)
{
	const uint8_t pdu[] = {0x01, p[0], (uint8_t)handle,
			       (uint8_t)(handle >> 8), code};

	answer(s, pdu, sizeof(pdu));
}

static void declarations(struct services *s, const uint8_t *p)
{
	static const uint8_t both[] = {0x09, 7, 2, 0, 0x12, 3, 0, 0x6e, 0x2a,
				       5, 0, 0x0a, 6, 0, 0x01, 0xff};
	uint16_t first = number(p + 1);

	if (number(p + 5) != 0x2803 || first > 5)
		refuse(s, p, first, 0x0a);
	else if (first <= 2)
		answer(s, both, sizeof(both));
	else
		answer(s, (const uint8_t[]){0x09, 7, 5, 0, 0x0a, 6, 0, 0x01,
					       0xff}, 9);
}

static void value_answer(struct services *s, const uint8_t *p, uint16_t offset)
{
	const uint8_t *value = number(p + 1) == 3 ? s->value : s->text;
	size_t n = number(p + 1) == 3 ? s->n_value : s->n_text;
	uint8_t pdu[SERVICES_VALUE_MAX + 1] = {(uint8_t)(p[0] + 1)};

	if (number(p + 1) != 3 && number(p + 1) != 6) {
		refuse(s, p, number(p + 1), 0x01);
		return;
	}
	if (offset > n) {
		refuse(s, p, number(p + 1), 0x07);
		return;
	}
	n -= offset;
	if (n > s->mtu - 1u)
		n = s->mtu - 1u;
	memcpy(pdu + 1, value + offset, n);
	answer(s, pdu, n + 1);
}

static void text_told(struct services *s)
{
	printf("%swritten ", s->name);
	for (size_t i = 0; i < s->n_text; i++)
		printf("%02x", s->text[i]);
	printf("\n");
}

static void write_take(struct services *s, const uint8_t *p, size_t n)
{
	uint16_t handle = number(p + 1);

	if (handle == 4) {
		s->notify = p[3] & 1;
		printf("%ssubscribed\n", s->name);
	} else if (handle == 6) {
		s->n_text = n - 3;
		memcpy(s->text, p + 3, n - 3);
		text_told(s);
	} else {
		refuse(s, p, handle, 0x03);
		return;
	}
	answer(s, (const uint8_t[]){0x13}, 1);
}

static void prepare_take(struct services *s, uint8_t *p, size_t n)
{
	uint16_t offset = number(p + 3);

	if (number(p + 1) != 6 || offset + n - 5 > SERVICES_VALUE_MAX) {
		refuse(s, p, number(p + 1), 0x03);
		return;
	}
	memcpy(s->prepared + offset, p + 5, n - 5);
	s->n_prepared = offset + n - 5;
	p[0] = 0x17;
	answer(s, p, n);
}

static void execute_take(struct services *s, const uint8_t *p)
{
	if (p[1]) {
		memcpy(s->text, s->prepared, s->n_prepared);
		s->n_text = s->n_prepared;
		text_told(s);
	}
	answer(s, (const uint8_t[]){0x19}, 1);
}

void services_receive(struct services *s, uint8_t *p, size_t n)
{
	if (p[0] == 0x02 && n == 3) {
		answer(s, (const uint8_t[]){0x03, MTU, 0}, 3);
		s->mtu = number(p + 1) < MTU ? number(p + 1) : MTU;
	} else if (p[0] == 0x08 && n == 7) {
		declarations(s, p);
	} else if (p[0] == 0x04 && n == 5 && number(p + 1) <= 4 &&
		   number(p + 3) >= 4) {
		answer(s, (const uint8_t[]){0x05, 1, 4, 0, 0x02, 0x29}, 6);
	} else if (p[0] == 0x0a && n == 3) {
		value_answer(s, p, 0);
	} else if (p[0] == 0x0c && n == 5) {
		value_answer(s, p, number(p + 3));
	} else if (p[0] == 0x12 && n >= 3) {
		write_take(s, p, n);
	} else if (p[0] == 0x16 && n >= 5) {
		prepare_take(s, p, n);
	} else if (p[0] == 0x18 && n == 2) {
		execute_take(s, p);
	} else if (!(p[0] & 0x40) && p[0] != 0x1e) {
		refuse(s, p, n >= 3 ? number(p + 1) : 0,
		       p[0] == 0x04 ? 0x0a : 0x06);
	}
}

void services_begin(struct services *s)
{
	s->notify = false;
	s->mtu = 23;
}

void services_value_set(struct services *s, const char *hex)
{
	uint8_t pdu[SERVICES_PDU_MAX] = {0x1b, 3, 0};

	s->n_value = services_hex(hex, s->value, sizeof(s->value));
	if (!s->notify)
		return;
	memcpy(pdu + 3, s->value, s->n_value);
	answer(s, pdu, s->n_value + 3);
}
