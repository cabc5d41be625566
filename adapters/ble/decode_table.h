/* SPDX-License-Identifier: GPL-2.0-or-later
 * Decoders that are a table: what a packet must look like, and where its values
 * are. The same matches and numbers as those of a profile. */
#ifndef BLE_DECODE_TABLE_H
#define BLE_DECODE_TABLE_H
#include "adapters/ble/decode_profile.h"

struct table_field {
	uint16_t field;
	struct raw_format format;
	double less, divide;	/* (number - less) / divide; divide 0: 1 */
	double most;		/* of the number; more is no value; 0: none */
};

struct table_layout {
	struct profile_match match;
	const uint8_t *firsts;	/* n_firsts: one of these is the first byte */
	size_t n_firsts;
	const struct table_field *fields;
	size_t n_fields;
};

/* By the first layout that matches. */
enum decode_result table_decode(const struct table_layout *layouts, size_t n,
				const struct advertisement *adv,
				const struct decode_device *device,
				struct readings *out);
#endif
