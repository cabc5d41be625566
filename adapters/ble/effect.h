/* SPDX-License-Identifier: GPL-2.0-or-later
 * --check warns of keys that do nothing where they stand. Pure. */
#ifndef BLE_EFFECT_H
#define BLE_EFFECT_H
#include "adapters/ble/device.h"

void ble_device_effect_check(const struct adapter_device *device,
			     struct adapter_error *error);
/* facts: as ble_check_point() has filled them in. */
void ble_effect_check(const struct adapter_point *point,
		      const struct adapter_facts *facts,
		      struct adapter_error *error);
#endif
