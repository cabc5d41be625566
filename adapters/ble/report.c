/* SPDX-License-Identifier: GPL-2.0-or-later
 * Advertising reports in HCI events. */
#include "adapters/ble/report.h"

#include <string.h>

#include "adapters/ble/bytes.h"

enum {
	PACKET_EVENT = 0x04,
	EVENT_LE_META = 0x3e,
	META_REPORT = 0x02,
	META_EXTENDED_REPORT = 0x0d,
};
#define LEGACY_HEAD 9
#define EXTENDED_HEAD 24

enum legacy_type { ADV_IND, ADV_DIRECT_IND, ADV_SCAN_IND, ADV_NONCONN_IND,
		   SCAN_RSP };
enum extended_type { CONNECTABLE = 0x01, SCAN_RESPONSE = 0x08 };

bool reports_init(struct reports *r, const uint8_t *packet, size_t n)
{
	size_t length;

	if (n < 5 || packet[0] != PACKET_EVENT || packet[1] != EVENT_LE_META ||
	    (packet[3] != META_REPORT && packet[3] != META_EXTENDED_REPORT))
		return false;
	length = packet[2];
	if (length > n - 3)
		length = n - 3;
	if (length < 2)
		return false;
	r->extended = packet[3] == META_EXTENDED_REPORT;
	r->left = packet[4];
	r->at = packet + 5;
	r->n = length - 2;
	return true;
}

static void address_copy(uint8_t *to, const uint8_t *reversed)
{
	for (int i = 0; i < 6; i++)
		to[i] = reversed[5 - i];
}

static size_t legacy_parse(const uint8_t *p, size_t n, struct report *report)
{
	if (n < LEGACY_HEAD || p[8] > n - LEGACY_HEAD - 1 ||
	    n - LEGACY_HEAD < 1)
		return 0;
	report->connectable = p[0] == ADV_IND || p[0] == ADV_DIRECT_IND;
	report->scan_response = p[0] == SCAN_RSP;
	report->status = REPORT_WHOLE;
	report->address_kind = p[1];
	address_copy(report->address, p + 2);
	report->set = 0xff;
	report->data = p + LEGACY_HEAD;
	report->n = p[8];
	report->rssi = (int8_t)p[LEGACY_HEAD + p[8]];
	return LEGACY_HEAD + 1u + p[8];
}

static size_t extended_parse(const uint8_t *p, size_t n, struct report *report)
{
	if (n < EXTENDED_HEAD || p[23] > n - EXTENDED_HEAD)
		return 0;
	report->connectable = p[0] & CONNECTABLE;
	report->scan_response = p[0] & SCAN_RESPONSE;
	report->status = p[0] >> 5 & 3;
	report->address_kind = p[2];
	address_copy(report->address, p + 3);
	report->set = p[11];
	report->rssi = (int8_t)p[13];
	report->data = p + EXTENDED_HEAD;
	report->n = p[23];
	return EXTENDED_HEAD + (size_t)p[23];
}

bool reports_next(struct reports *r, struct report *report, bool *broken)
{
	size_t used;

	*broken = false;
	if (r->left == 0)
		return false;
	used = r->extended ? extended_parse(r->at, r->n, report) :
			     legacy_parse(r->at, r->n, report);
	r->left--;
	if (used == 0) {
		*broken = true;
		r->left = 0;
		return false;
	}
	r->at += used;
	r->n -= used;
	/* resolved addresses are those of their kind */
	if (report->address_kind == 2 || report->address_kind == 3)
		report->address_kind -= 2;
	return true;
}

static bool is_of(const struct join_slot *slot, const struct report *report)
{
	return slot->used && slot->set == report->set &&
	       slot->address_kind == report->address_kind &&
	       slot->scan_response == report->scan_response &&
	       memcmp(slot->address, report->address, 6) == 0;
}

static struct join_slot *slot_find(struct join *join,
				   const struct report *report, int64_t now)
{
	for (size_t i = 0; i < JOIN_SLOTS; i++) {
		struct join_slot *slot = &join->slots[i];

		if (slot->used && now - slot->since > JOIN_TIME)
			slot->used = false;
		if (is_of(slot, report))
			return slot;
	}
	return NULL;
}

/* A free one, or the oldest. */
static struct join_slot *slot_take(struct join *join,
				   const struct report *report, int64_t now)
{
	struct join_slot *best = &join->slots[0];

	for (size_t i = 1; i < JOIN_SLOTS && best->used; i++)
		if (!join->slots[i].used || join->slots[i].since < best->since)
			best = &join->slots[i];
	best->used = true;
	best->too_long = false;
	best->since = now;
	best->n = 0;
	memcpy(best->address, report->address, 6);
	best->address_kind = report->address_kind;
	best->set = report->set;
	best->scan_response = report->scan_response;
	return best;
}

bool join_add(struct join *join, struct report *report, int64_t now)
{
	struct join_slot *slot = slot_find(join, report, now);

	if (!slot && report->status == REPORT_WHOLE)
		return true;
	if (report->status > REPORT_MORE) {
		if (slot)
			slot->used = false;
		return false;
	}
	if (!slot)
		slot = slot_take(join, report, now);
	if (report->n > sizeof(slot->data) - slot->n)
		slot->too_long = true;
	if (!slot->too_long) {
		memcpy(slot->data + slot->n, report->data, report->n);
		slot->n += report->n;
	}
	if (report->status == REPORT_MORE)
		return false;
	slot->used = false;
	report->data = slot->data;
	report->n = slot->n;
	return !slot->too_long;
}
