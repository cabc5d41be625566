/* SPDX-License-Identifier: GPL-2.0-or-later
 * What Govee makes beside thermometers for rooms. Part of decode_govee.c. */
#ifndef BLE_DECODE_GOVEE_H
#define BLE_DECODE_GOVEE_H
#include "adapters/ble/decode.h"

/* model: the number of its name, 0: not known. */
enum decode_result govee_others_decode(const struct advertisement *adv,
				       unsigned long model,
				       struct readings *out);
#endif
