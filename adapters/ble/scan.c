/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keeps a controller scanning. */
#include "adapters/ble/scan.h"

#include <string.h>

#include "adapters/ble/bytes.h"

enum {
	PACKET_COMMAND = 0x01, PACKET_EVENT = 0x04,
	EVENT_COMPLETE = 0x0e, EVENT_STATUS = 0x0f, EVENT_LE = 0x3e,
	LE_CONNECTED = 0x01, LE_CONNECTED_ENHANCED = 0x0a,
	READ_COMMANDS = 0x1002, READ_FEATURES = 0x2003,
	SET_PARAMETERS = 0x200b, SET_ENABLE = 0x200c,
	SET_EXTENDED_PARAMETERS = 0x2041, SET_EXTENDED_ENABLE = 0x2042,
	CREATE_CONNECTION = 0x200d, CANCEL_CONNECTION = 0x200e,
	EXTENDED_CREATE_CONNECTION = 0x2043,
};

#define MS INT64_C(1000000)
#define ANSWER_TIME (2000 * MS)
#define SETTLE_TIME (100 * MS)	/* after somebody else's command */
#define CONNECT_TIME (25000 * MS)	/* the kernel gives up after 20 s */
#define RETRY_TIME (250 * MS)	/* doubled at each refusal ... */
#define RETRY_MAX (10000 * MS)	/* ... to this */

/* In units of 0.625 ms: nine tenths of the time, so that a connection gets its
 * share. */
#define INTERVAL 0xa0
#define WINDOW 0x90
/* With LE Coded too: on which few send, and seldom. */
#define WINDOW_1M 0x70
#define WINDOW_CODED 0x20
#define FEATURE_CODED 0x08	/* of the second byte: bit 11 */
#define PHY_1M 0x01
#define PHY_CODED 0x04

void scan_init(struct scan *scan, bool active, bool coded)
{
	*scan = (struct scan){.state = SCAN_OFF, .active = active,
			      .wants_coded = coded, .at = INT64_MAX};
}

static void scan_enter(struct scan *scan, enum scan_state state, int64_t now)
{
	scan->state = state;
	scan->sent = false;
	scan->at = now;
}

/* After somebody else's turn; whose scan runs is not known. */
static void scan_resume(struct scan *scan, int64_t at)
{
	scan_enter(scan, scan->known ? SCAN_STOPPING : SCAN_ASKING, at);
}

void scan_start(struct scan *scan, int64_t now, bool stop)
{
	scan_enter(scan,
		   !scan->known ? SCAN_ASKING
		   : stop	? SCAN_STOPPING
				: SCAN_SETTING,
		   now);
}

void scan_power_off(struct scan *scan)
{
	scan_enter(scan, SCAN_OFF, INT64_MAX);
}

void scan_others(struct scan *scan, bool discover, int64_t now)
{
	if (scan->state == SCAN_OFF)
		return;
	if (discover)
		scan_enter(scan, SCAN_LISTENING, INT64_MAX);
	else if (scan->state == SCAN_LISTENING)
		scan_resume(scan, now + SETTLE_TIME);
}

static void scan_refuse(struct scan *scan, uint8_t status, int64_t now)
{
	int64_t wait = RETRY_TIME << (scan->refusals < 6 ? scan->refusals : 6);

	scan->status = status;
	scan->refusals++;
	scan_enter(scan, SCAN_REFUSED,
		   now + (wait < RETRY_MAX ? wait : RETRY_MAX));
}

static uint16_t opcode_of(const struct scan *scan)
{
	switch (scan->state) {
	case SCAN_ASKING:
		return READ_COMMANDS;
	case SCAN_FEATURES:
		return READ_FEATURES;
	case SCAN_STOPPING:
	case SCAN_STARTING:
		return scan->extended ? SET_EXTENDED_ENABLE : SET_ENABLE;
	case SCAN_SETTING:
		return scan->extended ? SET_EXTENDED_PARAMETERS :
		       SET_PARAMETERS;
	case SCAN_OFF:
	case SCAN_RUNNING:
	case SCAN_REFUSED:
	case SCAN_LISTENING:
	case SCAN_CONNECTING:
		break;
	}
	return 0;
}

/* Ours was answered. */
static void status_answered(struct scan *scan, uint8_t status,
			    const uint8_t *more, size_t n, int64_t now)
{
	switch (scan->state) {
	case SCAN_ASKING:
		/* extended scan parameters and enable: octet 37, bits 5, 6 */
		scan->known = true;
		scan->extended = status == 0 && n > 37 &&
				 (more[37] & 0x60) == 0x60;
		scan->coded = false;
		scan_enter(scan,
			   scan->extended && scan->wants_coded ? SCAN_FEATURES
							       : SCAN_SETTING,
			   now);
		return;
	case SCAN_FEATURES:
		scan->coded = status == 0 && n > 1 && more[1] & FEATURE_CODED;
		scan_enter(scan, SCAN_SETTING, now);
		return;
	case SCAN_STOPPING:	/* where nothing ran, that is no failure */
		scan_enter(scan, SCAN_SETTING, now);
		return;
	case SCAN_SETTING:
		if (status && scan->coded) {	/* some only say they can */
			scan->coded = false;
			scan_enter(scan, SCAN_SETTING, now);
		} else if (status) {
			scan_refuse(scan, status, now);
		} else {
			scan_enter(scan, SCAN_STARTING, now);
		}
		return;
	case SCAN_STARTING:
		if (status) {
			scan_refuse(scan, status, now);
			return;
		}
		scan->refusals = 0;
		scan_enter(scan, SCAN_RUNNING, INT64_MAX);
		return;
	case SCAN_OFF:
	case SCAN_RUNNING:
	case SCAN_REFUSED:
	case SCAN_LISTENING:
	case SCAN_CONNECTING:
		break;
	}
}

static bool is_connecting(uint16_t opcode)
{
	return opcode == CREATE_CONNECTION ||
	       opcode == EXTENDED_CREATE_CONNECTION;
}

/* The kernel stops a scan when it connects, and again when a connection has
 * ended; it tells nobody, but its commands are answered for all to see. */
static void scan_disturbed(struct scan *scan, uint16_t opcode,
			   uint8_t status, int64_t now)
{
	if (scan->state == SCAN_OFF || scan->state == SCAN_LISTENING)
		return;
	if (is_connecting(opcode) && status == 0)
		scan_enter(scan, SCAN_CONNECTING, now + CONNECT_TIME);
	else if (scan->state == SCAN_CONNECTING && opcode == CANCEL_CONNECTION)
		scan_resume(scan, now + SETTLE_TIME);
	if (opcode != SET_ENABLE && opcode != SET_EXTENDED_ENABLE &&
	    !is_connecting(opcode))
		return;
	if (scan->state == SCAN_RUNNING)
		scan_enter(scan, SCAN_STOPPING, now + SETTLE_TIME);
	else if (scan->state == SCAN_REFUSED)
		scan_enter(scan, SCAN_SETTING, now + SETTLE_TIME);
}

/* Whether it came about or not. */
static void le_event(struct scan *scan, uint8_t event, int64_t now)
{
	if (scan->state == SCAN_CONNECTING &&
	    (event == LE_CONNECTED || event == LE_CONNECTED_ENHANCED))
		scan_resume(scan, now + SETTLE_TIME);
}

void scan_event(struct scan *scan, const uint8_t *p, size_t n, int64_t now)
{
	uint16_t opcode;
	uint8_t status;

	if (n >= 4 && p[0] == PACKET_EVENT && p[1] == EVENT_LE)
		le_event(scan, p[3], now);
	if (n < 7 || p[0] != PACKET_EVENT)
		return;
	if (p[1] == EVENT_COMPLETE) {
		opcode = le16(p + 4);
		status = p[6];
	} else if (p[1] == EVENT_STATUS) {
		opcode = le16(p + 5);
		status = p[3];
	} else {
		return;
	}
	if (!scan->sent || opcode != opcode_of(scan))
		scan_disturbed(scan, opcode, status, now);
	else
		status_answered(scan, status, p + 7, n - 7, now);
}

static size_t packet_build(uint8_t *packet, uint16_t opcode, const void *more,
			   size_t n)
{
	packet[0] = PACKET_COMMAND;
	put_le16(packet + 1, opcode);
	packet[3] = (uint8_t)n;
	if (n > 0)
		memcpy(packet + 4, more, n);
	return n + 4;
}

static size_t parameters_build(const struct scan *scan, uint8_t *packet)
{
	const uint8_t active = scan->active;
	const uint8_t legacy[7] = {active, INTERVAL, 0, WINDOW, 0};
	const uint8_t one[8] = {0, 0, PHY_1M, active, INTERVAL, 0, WINDOW, 0};
	const uint8_t both[13] = {0, 0, PHY_1M | PHY_CODED,
				  active, INTERVAL, 0, WINDOW_1M, 0,
				  active, INTERVAL, 0, WINDOW_CODED, 0};

	if (!scan->extended)
		return packet_build(packet, SET_PARAMETERS, legacy,
				    sizeof(legacy));
	return scan->coded ? packet_build(packet, SET_EXTENDED_PARAMETERS, both,
					  sizeof(both))
			   : packet_build(packet, SET_EXTENDED_PARAMETERS, one,
					  sizeof(one));
}

/* Duplicates are not filtered: else a later value of the same length would
 * be taken for one. */
static size_t command_build(const struct scan *scan, uint8_t *packet)
{
	const uint8_t enable[6] = {scan->state == SCAN_STARTING};

	switch (scan->state) {
	case SCAN_ASKING:
		return packet_build(packet, READ_COMMANDS, NULL, 0);
	case SCAN_FEATURES:
		return packet_build(packet, READ_FEATURES, NULL, 0);
	case SCAN_SETTING:
		return parameters_build(scan, packet);
	case SCAN_STOPPING:
	case SCAN_STARTING:
		return scan->extended
			       ? packet_build(packet, SET_EXTENDED_ENABLE,
					      enable, 6)
			       : packet_build(packet, SET_ENABLE, enable, 2);
	case SCAN_OFF:
	case SCAN_RUNNING:
	case SCAN_REFUSED:
	case SCAN_LISTENING:
	case SCAN_CONNECTING:
		break;
	}
	return 0;
}

size_t scan_step(struct scan *scan, int64_t now, uint8_t *packet)
{
	size_t n;

	if (now < scan->at)
		return 0;
	if (scan->sent)		/* no answer */
		scan_refuse(scan, 0, now);
	if (scan->state == SCAN_CONNECTING)	/* nobody said that it ended */
		scan_resume(scan, now);
	if (scan->state == SCAN_REFUSED && now >= scan->at)
		scan_enter(scan, scan->known ? SCAN_SETTING : SCAN_ASKING, now);
	if (now < scan->at)
		return 0;
	n = command_build(scan, packet);
	if (n > 0) {
		scan->sent = true;
		scan->at = now + ANSWER_TIME;
	}
	return n;
}

size_t scan_end(const struct scan *scan, uint8_t *packet)
{
	const struct scan stop = {.state = SCAN_STOPPING,
				  .extended = scan->extended};

	return scan->state == SCAN_RUNNING ? command_build(&stop, packet) : 0;
}

int64_t scan_due(const struct scan *scan)
{
	return scan->at;
}
