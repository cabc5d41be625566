/* SPDX-License-Identifier: GPL-2.0-or-later
 * Advertising reports in HCI events (Core Specification, volume 4, part E,
 * 7.7.65.2 and 7.7.65.13), and the joining of extended ones that come in
 * pieces. Pure. */
#ifndef BLE_REPORT_H
#define BLE_REPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_DATA_MAX 1650	/* of an extended advertisement, joined */

enum report_status { REPORT_WHOLE, REPORT_MORE, REPORT_CUT };

struct report {
	uint8_t address[6];	/* as it is written */
	uint8_t address_kind;	/* 0 public, 1 random; FF anonymous */
	uint8_t set;		/* advertising set (SID); FF: none */
	bool scan_response, connectable;
	uint8_t status;		/* enum report_status */
	int8_t rssi;		/* dBm, 127: not known */
	const uint8_t *data;
	size_t n;
};

struct reports {
	const uint8_t *at;
	size_t n;
	unsigned left;
	bool extended;
};

/* packet: as read from the socket, with its type in front. false: it holds no
 * advertising reports. */
bool reports_init(struct reports *reports, const uint8_t *packet, size_t n);
/* false: no more; *broken where the event ends in the middle of one. */
bool reports_next(struct reports *reports, struct report *report,
		  bool *broken);

#define JOIN_SLOTS 8
#define JOIN_TIME INT64_C(2000000000)

struct join_slot {
	bool used, scan_response, too_long;
	uint8_t address[6], address_kind, set;
	int64_t since;
	size_t n;
	uint8_t data[REPORT_DATA_MAX];
};

struct join {
	struct join_slot slots[JOIN_SLOTS];
};

/* A piece: true when *report is whole now (its data points into join until the
 * next call). Pieces that are older than JOIN_TIME, cut off or too long are
 * dropped, with the rest of theirs. */
bool join_add(struct join *join, struct report *report, int64_t now);
#endif
