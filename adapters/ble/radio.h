/* SPDX-License-Identifier: GPL-2.0-or-later
 * Between the daemon, which holds no capability, and lwmux-radio, which has those
 * to scan and to switch a controller on, and does nothing else. One connection of
 * datagrams a socket of the kernel: the first asks for it ("hci 0", "mgmt 0"), the
 * answer is 0 or a negative errno; then packets go through as they are, those of
 * the daemon only where they are of the commands that it needs. */
#ifndef BLE_RADIO_H
#define BLE_RADIO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RADIO_PATH "/run/lwmux-radio.socket"
#define RADIO_PACKET_MAX 1024

enum radio_kind { RADIO_HCI, RADIO_MGMT };

/* A socket as the kernel's own: by lwmux-radio where that listens, else by
 * ourselves. Non-blocking; -errno. */
int radio_open(enum radio_kind kind, int index);
/* The kernel's own. */
int radio_open_kernel(enum radio_kind kind, int index);
/* Is it a command that the adapter sends? index: the only controller that mgmt may
 * command. */
bool radio_is_allowed(enum radio_kind kind, int index, const uint8_t *packet,
		      size_t n);
#endif
