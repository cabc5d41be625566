/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is in the air: `lwmuxctl scan`. */
#ifndef BLE_SEARCH_H
#define BLE_SEARCH_H
#include "adapters/ble/device.h"

struct ble_search {
	int64_t duration;	/* key `for` */
	int64_t end;		/* ours; 0: not yet begun */
};

extern const struct adapter_key ble_search_keys[];

/* adapter_ops.search */
int64_t search_step(struct adapter_search *search, int64_t now);
/* Of every advertisement while bus->find is there; device: the first that is
 * configured with this address, or NULL. */
void search_hear(struct ble_bus *bus, const struct advertisement *adv,
		 const struct ble_device *device, int64_t now);
/* Where the host has given the search up. */
void search_drop(struct ble_bus *bus);
#endif
