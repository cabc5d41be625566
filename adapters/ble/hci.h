/* SPDX-License-Identifier: GPL-2.0-or-later
 * The sockets of a controller: HCI for scanning, management for power. None
 * of these blocks. */
#ifndef BLE_HCI_H
#define BLE_HCI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HCI_PACKET_MAX 260

/* "hci1", or the address of a controller: "C0:11:22:33:44:55". */
bool hci_is_name(const char *name);
/* Its number now: that of an address is looked up, as the numbers of controllers
 * change when one is unplugged. A number that has meant a controller means it
 * wherever it is now. -ENODEV: there is none, or it was never up. */
int hci_find(const char *name);
/* What the name means from now on, where it is a number. address: least
 * significant byte first, as the kernel has it. */
void hci_remember(const char *name, const uint8_t address[6]);
struct hci_there {
	int index;
	uint8_t address[6];		/* as above; zero: not known yet */
};
/* The number of the one that is meant, of those that are there: of the address
 * where it is there, else of the name, -1: none. address: zero, none. Pure. */
int hci_pick(int named, const uint8_t address[6], const struct hci_there *there,
	     size_t n);
/* A raw HCI socket that gets what the adapter needs; or -errno. */
int hci_open(int index);
/* Packets are read and written as they are; -EAGAIN: none now. */
int hci_read(int fd, uint8_t *packet, size_t size);
int hci_write(int fd, const uint8_t *packet, size_t n);

/* rfkill blocks the radio and releases it again. USB resets the device. Both
 * need a device node: -EACCES without, -ENODEV where there is nothing of the
 * kind. They take as long as the kernel takes: tens to hundreds of ms. */
int hci_rfkill(int index);
int hci_usb_reset(int index);
#endif
