/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keeps a controller scanning, by HCI commands (Core Specification, volume 4,
 * part E, 7.8.10, 7.8.64). Pure: takes events, gives commands.
 *
 * The kernel and bluetoothd use the same controller. Whatever stops or changes
 * the scan is put right, but while somebody else discovers, the adapter only
 * listens: whose scan it is does not matter to what is heard. And while a connection
 * is made it is silent. Linux 6.1 knows that its connection has come about by the
 * event that its last command waits for (__hci_cmd_sync_status_sk() in
 * net/bluetooth/hci_sync.c); a command of ours would be the last one then, and the
 * kernel would wait four seconds, in which it makes no other connection, and never
 * end this one. */
#ifndef BLE_SCAN_H
#define BLE_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_COMMAND_MAX 32

enum scan_state {
	SCAN_OFF,		/* the controller has no power */
	SCAN_ASKING,		/* which commands it knows, */
	SCAN_FEATURES,		/* and whether it has LE Coded */
	SCAN_STOPPING, SCAN_SETTING, SCAN_STARTING,
	SCAN_RUNNING,
	SCAN_REFUSED,		/* tried again later; others may scan */
	SCAN_LISTENING,		/* somebody else discovers, */
	SCAN_CONNECTING,	/* or connects */
};

struct scan {
	enum scan_state state;
	bool active;		/* asks for scan responses */
	bool known, extended;	/* what the controller can do */
	bool wants_coded, coded;	/* also LE Coded, where it has that */
	bool sent;		/* the command of this state is on its way */
	int64_t at;		/* of the next step or time-out; ns */
	unsigned refusals;
	uint8_t status;		/* of the last refusal, by HCI */
};

/* coded: on LE Coded (long range) too, where the controller has it and takes it. */
void scan_init(struct scan *scan, bool active, bool coded);
/* From the beginning: power came, or it is not believed any more. `stop`:
 * also what runs is stopped, whose ever it is. */
void scan_start(struct scan *scan, int64_t now, bool stop);
void scan_power_off(struct scan *scan);
/* Somebody else discovers, or has ended to. */
void scan_others(struct scan *scan, bool discover, int64_t now);
/* A packet of the socket that is no advertising report. */
void scan_event(struct scan *scan, const uint8_t *packet, size_t n,
		int64_t now);
/* A command packet to send, its length; 0: none now. */
size_t scan_step(struct scan *scan, int64_t now, uint8_t *packet);
/* The command that ends our scan, for a clean end; 0: none runs. */
size_t scan_end(const struct scan *scan, uint8_t *packet);
/* When to call scan_step() next; INT64_MAX: after the next event. */
int64_t scan_due(const struct scan *scan);
#endif
