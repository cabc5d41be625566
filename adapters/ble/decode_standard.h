/* SPDX-License-Identifier: GPL-2.0-or-later
 * Characteristics of the Environmental Sensing and Battery services, by the
 * GATT Specification Supplement. */
#ifndef BLE_DECODE_STANDARD_H
#define BLE_DECODE_STANDARD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/value.h"

enum standard_result { STANDARD_VALUE, STANDARD_UNKNOWN, STANDARD_SHORT };

struct standard;

/* NULL: not of the table. */
const struct standard *standard_find(uint16_t uuid);
/* UNKNOWN: the device says that it has no value. */
enum standard_result standard_value(const struct standard *s,
				    const uint8_t *bytes, size_t n,
				    struct lwm2m_value *value);
#endif
