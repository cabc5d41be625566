/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the adapter keeps of a bus (a controller), a device and a point. */
#ifndef BLE_DEVICE_H
#define BLE_DEVICE_H
#include "adapters/adapter.h"
#include "adapters/ble/att.h"
#include "adapters/ble/decode.h"
#include "adapters/ble/decode_profile.h"
#include "adapters/ble/mgmt.h"
#include "adapters/ble/report.h"
#include "adapters/ble/scan.h"
#include "adapters/ble/start.h"
#include "adapters/ble/watchdog.h"

#define BLE_CONTROLLERS 4	/* of one bus, at most */
#define BLE_BUCKETS 256		/* of devices, by address */
#define BLE_SEEN 4		/* packets that a device sends in turn */

enum { SCAN_PASSIVE, SCAN_ACTIVE };	/* key scan */
enum { PHY_AUTO, PHY_ONLY_1M };		/* key phy */

struct ble_find;		/* of search.c */

struct ble_point {
	/* keys */
	const char *field, *characteristic;
	int16_t at;			/* -1: none */
	uint8_t length;
	uint32_t type, order;
	uint64_t mask, minus, divisor, modulo;
	const char *layout, *when, *behind;
	struct adapter_list invalid, valid;	/* int64_t */
	bool notify;
	int64_t off_after;
	/* ours */
	int64_t off_at;			/* of a true that was told; 0: none */
	struct adapter_point *base;
	uint16_t field_id;
	uint8_t index;
	struct raw_format format;
	struct profile_bytes condition;	/* key when; n 0: none */
	struct profile_bytes mark;	/* key behind; n 0: none */
	struct profile_limits limits;
	struct att_uuid uuid;		/* of the characteristic */
	const struct standard *standard;
	/* of the connection */
	uint16_t handle, end, client;	/* value; last of it; its CCCD */
	uint8_t properties;
	bool wanted;			/* to be read */
	bool subscribed;
};

struct ble_seen {
	uint32_t hash;
	int64_t at;
};

struct ble_controller {
	struct ble_bus *bus;
	const char *name;		/* as configured */
	int index, hci;			/* hci -1: it is not open */
	struct mgmt mgmt;
	struct scan scan;
	enum scan_state said;		/* what the log knows of */
	bool opened;			/* the state of power is known */
	struct watchdog watchdog;
	struct join *join;
	int64_t again;			/* looked for, where it is not open */
};

struct ble_device {
	/* keys */
	uint8_t address[6];
	struct adapter_list bindkey_file;
	uint32_t decode;
	const char *match, *variant;
	struct adapter_list layouts;	/* in place of match, texts */
	struct adapter_list start;	/* texts */
	int64_t connect_timeout;
	uint32_t security;
	/* ours */
	struct adapter_device *base;
	struct ble_device *next;		/* of the bucket */
	struct profile_match *matches;		/* of match or layouts */
	size_t n_matches;
	struct decode_device state;
	struct ble_seen seen[BLE_SEEN];
	uint8_t seen_next;
	uint8_t wrong_keys;		/* in a row */
	enum decode_result trouble;
	bool trouble_told;			/* the log knows of it */
	enum decode_result noted;		/* the status knows of it */
	enum decode_result refusal;	/* the last ... */
	uint8_t refused;		/* ... and how many since refused_at */
	int64_t refused_at;
	int64_t trouble_said;
	int64_t heard;			/* when the host was told last */
	int64_t good;			/* when it had news last */
	int64_t kept;			/* when the counter was kept last */
	uint32_t kept_value, kept_ahead;
	int64_t identity_kept;
	uint32_t key_mark;		/* tells a key from its successor */
	bool random;			/* kind of address, once heard */
	int rssi;			/* dBm, the last; 0: not known */
	/* connections */
	struct ble_start *starts;		/* of start */
	size_t n_starts, started;	/* on this one */
	bool has_uuids, has_notify;
	bool discovered;		/* the handles are known */
	bool queued;
	struct ble_device *waiting;	/* behind it in the queue */
	unsigned failures;
	int64_t queued_at, patience;	/* until it counts as unheard */
	bool unheard;			/* and the host knows */
	int64_t again;			/* not before */
	int64_t connectable;		/* when it last could be connected ... */
	struct ble_controller *by;	/* ... and which one heard it */
	struct adapter_command *command;
};

struct ble_gatt;		/* of gatt.c */

struct ble_bus {
	/* keys */
	const char *controller;
	struct adapter_list several;	/* key controllers: texts, in its
					 * place */
	uint32_t scan_kind;		/* key scan */
	uint32_t phy;			/* key phy */
	int64_t watchdog_time;		/* key watchdog */
	/* ours */
	struct adapter_bus *base;
	int epoll;
	struct ble_controller controllers[BLE_CONTROLLERS];
	size_t n_controllers;
	struct ble_device *buckets[BLE_BUCKETS];
	struct ble_find *find;
	struct ble_gatt *gatt;
	uint64_t n_heard, n_broken;	/* not yet counted */
	int64_t count_at;
	int64_t later_at;		/* of listen_turn(); 0: look first */
};

static inline unsigned ble_bucket(const uint8_t *address)
{
	return (unsigned)(address[3] * 7 + address[4] * 31 + address[5]) %
	       BLE_BUCKETS;
}
#endif
