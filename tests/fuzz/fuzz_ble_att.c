/* SPDX-License-Identifier: GPL-2.0-or-later
 * The client of the Attribute Protocol against a hostile device. The input is
 * a row of PDUs, each behind a byte of its length; a byte of 0xf0 and more in
 * place of a length starts another request, as soon as none waits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/att.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request_start(struct att *att, uint8_t choice)
{
	static const uint8_t bytes[ATT_VALUE_MAX];

	if (att->request)
		return;
	switch (choice & 7) {
	case 0:
		att_mtu(att, ATT_MTU_MOST);
		break;
	case 1:
		att_characteristics(att, 1);
		break;
	case 2:
		att_descriptors(att, 4, 9);
		break;
	case 3:
		att_read(att, 3);
		break;
	case 4:
		att_write(att, 3, bytes, 20);
		break;
	case 5:
		att_write(att, 3, bytes, ATT_VALUE_MAX);
		break;
	case 6:
		att_write_command(att, 3, bytes, ATT_VALUE_MAX);
		break;
	case 7:
		break;
	}
}

static void pdu_feed(struct att *att, const uint8_t *pdu, size_t n)
{
	uint8_t answer[5];
	struct att_event e;
	unsigned events = 0, sum = 0;

	att_refuse(pdu, n, answer);
	att_receive(att, pdu, n);
	do {
		e = att_next(att);
		for (size_t i = 0; e.bytes && i < e.n; i++)
			sum += e.bytes[i];
		if (++events > ATT_MTU_MOST || e.n > ATT_MTU_MOST)
			abort();
	} while (e.kind != ATT_NOTHING);
	if (att->n_out > att->mtu || att->mtu > ATT_MTU_MOST ||
	    att->mtu < ATT_MTU_LEAST || sum == UINT32_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct att att;

	att_init(&att);
	att_mtu(&att, ATT_MTU_MOST);
	while (size > 0) {
		size_t n = data[0] < size ? data[0] : size - 1;
		uint8_t *pdu;

		if (data[0] >= 0xf0) {
			request_start(&att, data[0]);
			data++;
			size--;
			continue;
		}
		pdu = malloc(n ? n : 1);
		if (n > 0)
			memcpy(pdu, data + 1, n);
		pdu_feed(&att, pdu, n);
		free(pdu);
		data += n + 1;
		size -= n + 1;
	}
	return 0;
}
