/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel's management socket (doc/mgmt-api.txt of BlueZ): power, and what
 * others do with the controller. */
#ifndef BLE_MGMT_H
#define BLE_MGMT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mgmt_news {
	MGMT_NOTHING,		/* of another controller, or of no interest */
	MGMT_ON, MGMT_OFF,	/* has power; has none */
	MGMT_GONE,		/* unplugged */
	MGMT_DISCOVERING, MGMT_DISCOVERED,	/* somebody begins; has ended */
	MGMT_REFUSED,		/* a command of ours: status says why */
};

struct mgmt {
	int fd, index;
	uint8_t address[6];	/* least significant byte first, once known */
	bool powered;
	bool cycle;		/* power comes back on when it is off */
	uint8_t status;
	uint16_t refused;	/* the command */
};

/* 0 or -errno. Asks for the controller's state: MGMT_ON or MGMT_OFF follows. */
int mgmt_open(struct mgmt *mgmt, int index);
void mgmt_close(struct mgmt *mgmt);
/* One message: -EAGAIN, none left, or an error of the socket. */
int mgmt_read(struct mgmt *mgmt, enum mgmt_news *news);
int mgmt_power(struct mgmt *mgmt, bool on);
/* Off, and on again when it is off. */
int mgmt_power_cycle(struct mgmt *mgmt);
/* "rfkilled", "permission denied" ... */
const char *mgmt_status_text(uint8_t status);
#endif
