/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Bluetooth adapter's pure machines: scanning, the watchdog's ladder, and
 * the client of the Attribute Protocol, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/ble/att.h"
#include "adapters/ble/scan.h"
#include "adapters/ble/watchdog.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

static size_t hex_read(const char *hex, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = (uint8_t)byte;
	return n;
}

static void bytes_print(char *text, const uint8_t *bytes, size_t n)
{
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

/* ---- scanning */

static struct scan scan;
static int64_t now;

/* What it sends now, in hex; "" where it sends nothing. */
static void scan_sends(const char *expected)
{
	uint8_t packet[SCAN_COMMAND_MAX];
	char text[2 * SCAN_COMMAND_MAX + 1];

	bytes_print(text, packet, scan_step(&scan, now, packet));
	assert_string_equal(text, expected);
}

static void scan_hears(const char *hex)
{
	uint8_t packet[260];

	scan_event(&scan, packet, hex_read(hex, packet), now);
}

/* Command complete with this status. */
static void scan_answered(uint16_t opcode, uint8_t status)
{
	char hex[32];

	sprintf(hex, "040e0401%02x%02x%02x", opcode & 0xff, opcode >> 8,
		status);
	scan_hears(hex);
}

static void commands_known(bool extended)
{
	char hex[2 * 80];
	int used = sprintf(hex, "040e4401021000");

	for (int i = 0; i < 64; i++)
		used += sprintf(hex + used, "%s", i == 37 && extended ? "60" :
				"00");
	scan_sends("01021000");
	scan_hears(hex);
}

static void scan_up(bool active, bool extended)
{
	now = SECOND;
	scan_init(&scan, active, false);
	scan_sends("");
	scan_start(&scan, now, false);
	commands_known(extended);
}

static void a_scan_starts(void **state)
{
	(void)state;
	scan_up(false, false);
	scan_sends("010b200700a000900000" "00");
	scan_sends("");
	scan_answered(0x200b, 0);
	scan_sends("010c20020100");	/* duplicates are not filtered */
	scan_answered(0x200c, 0);
	assert_int_equal(scan.state, SCAN_RUNNING);
	assert_true(scan_due(&scan) == INT64_MAX);
	scan_sends("");
}

static void an_extended_scan_starts(void **state)
{
	(void)state;
	scan_up(true, true);
	scan_sends("0141200800000101a0009000");
	scan_answered(0x2041, 0);
	scan_sends("01422006010000000000");
	scan_answered(0x2042, 0);
	assert_int_equal(scan.state, SCAN_RUNNING);
}

/* LE Read Local Supported Features: bit 11 is LE Coded. */
static void coded_up(bool has)
{
	now = SECOND;
	scan_init(&scan, false, true);
	scan_start(&scan, now, false);
	commands_known(true);
	scan_sends("01032000");
	scan_hears(has ? "040e0c0103200000080000" "00000000"
		       : "040e0c0103200000000000" "00000000");
}

static void long_range_is_heard_where_it_can_be(void **state)
{
	(void)state;
	coded_up(true);
	scan_sends("0141200d00000500a000700000a0002000");
	scan_answered(0x2041, 0);
	scan_sends("01422006010000000000");
	scan_answered(0x2042, 0);
	assert_int_equal(scan.state, SCAN_RUNNING);
	assert_true(scan.coded);
	coded_up(false);
	scan_sends("0141200800000100a0009000");
	/* one that says it can and does not take it: 1M alone, at once */
	coded_up(true);
	scan_sends("0141200d00000500a000700000a0002000");
	scan_answered(0x2041, 0x11);
	scan_sends("0141200800000100a0009000");
	assert_int_equal(scan.refusals, 0);
	/* no feature without the extended commands */
	now = SECOND;
	scan_init(&scan, false, true);
	scan_start(&scan, now, false);
	commands_known(false);
	scan_sends("010b200700a00090000000");
}

/* The kernel stops the scan when it connects. */
static void a_disturbed_scan_is_put_right(void **state)
{
	(void)state;
	a_scan_starts(state);
	now += SECOND;
	scan_answered(0x200c, 0);
	scan_sends("");
	now = scan_due(&scan);
	assert_true(now < 3 * SECOND);
	scan_sends("010c20020000");
	scan_answered(0x200c, 0x0c);	/* nothing runs: as good */
	scan_sends("010b200700a00090000000");
	scan_answered(0x200b, 0);
	scan_sends("010c20020100");
	scan_answered(0x200c, 0);
	assert_int_equal(scan.state, SCAN_RUNNING);
}

/* A command of ours would hide from the kernel that it has connected. */
static void nothing_is_sent_while_somebody_connects(void **state)
{
	/* the old event, the new one, and that it was given up */
	static const char *const ends[] = {
		"043e130100400000" "010000000000" "c018000000" "2a0000",
		"043e1f0a00410000" "01" "c0112233440200000000000000"
		"00000000000018000000" "2a0000", "040e04010e2000"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		an_extended_scan_starts(state);
		scan_answered(0x2042, 0);	/* the kernel stops the scan */
		scan_hears("040f0400014320");	/* and connects */
		now += 19 * SECOND;
		scan_sends("");
		scan_hears(ends[i]);
		now = scan_due(&scan);
		scan_sends("01422006000000000000");
	}
	/* refused: there is no connection to wait for */
	an_extended_scan_starts(state);
	scan_hears("040f0409014320");
	now += SECOND;
	scan_sends("01422006000000000000");
	/* one that has no end */
	an_extended_scan_starts(state);
	scan_hears("040f0400010d20");
	assert_true(scan_due(&scan) > now + 20 * SECOND);
	now = scan_due(&scan);
	scan_sends("01422006000000000000");
	/* begun before it is known what the controller can do */
	now = SECOND;
	scan_init(&scan, false, false);
	scan_start(&scan, now, false);
	scan_hears("040f0400014320");
	scan_hears(ends[1]);
	now = scan_due(&scan);
	scan_sends("01021000");
	/* and what bluetoothd does is left alone */
	an_extended_scan_starts(state);
	scan_others(&scan, true, now);
	scan_hears("040f0400014320");
	assert_int_equal(scan.state, SCAN_LISTENING);
}

static void a_refused_scan_is_tried_ever_more_rarely(void **state)
{
	int64_t first, wait = 0;

	(void)state;
	scan_up(false, false);
	for (int i = 0; i < 12; i++) {
		scan_sends("010b200700a00090000000");
		scan_answered(0x200b, 0x0c);
		assert_int_equal(scan.state, SCAN_REFUSED);
		assert_int_equal(scan.status, 0x0c);
		first = scan_due(&scan) - now;
		assert_true(first >= wait && first <= 10 * SECOND);
		wait = first;
		scan_sends("");
		now = scan_due(&scan);
	}
	assert_true(wait == 10 * SECOND);
}

static void no_answer_is_a_refusal(void **state)
{
	(void)state;
	scan_up(false, false);
	scan_sends("010b200700a00090000000");
	now = scan_due(&scan);
	scan_sends("");
	assert_int_equal(scan.state, SCAN_REFUSED);
	now = scan_due(&scan);
	scan_sends("010b200700a00090000000");
}

/* While bluetoothd discovers, its scan is left alone. */
static void others_are_listened_to(void **state)
{
	(void)state;
	a_scan_starts(state);
	scan_others(&scan, true, now);
	scan_answered(0x200c, 0);
	scan_answered(0x200b, 0);
	now += 100 * SECOND;
	scan_sends("");
	assert_int_equal(scan.state, SCAN_LISTENING);
	scan_others(&scan, false, now);
	now = scan_due(&scan);
	scan_sends("010c20020000");
}

static void without_power_nothing_is_sent(void **state)
{
	(void)state;
	a_scan_starts(state);
	scan_power_off(&scan);
	scan_others(&scan, false, now);
	scan_answered(0x200c, 0);
	now += 1000 * SECOND;
	scan_sends("");
	assert_true(scan_due(&scan) == INT64_MAX);
}

/* ---- the ladder */

static enum watchdog_action at(struct watchdog *w, int64_t seconds)
{
	return watchdog_step(w, seconds * SECOND);
}

static void the_ladder_is_climbed_rung_by_rung(void **state)
{
	struct watchdog w;

	(void)state;
	watchdog_start(&w, 90 * SECOND, 0);
	assert_int_equal(at(&w, 89), WATCHDOG_NOTHING);
	assert_int_equal(at(&w, 90), WATCHDOG_SCAN);
	assert_int_equal(at(&w, 91), WATCHDOG_NOTHING);
	assert_int_equal(at(&w, 100), WATCHDOG_POWER);
	assert_int_equal(at(&w, 110), WATCHDOG_RFKILL);
	assert_int_equal(at(&w, 120), WATCHDOG_USB);
	assert_int_equal(w.rounds, 0);
	assert_int_equal(at(&w, 130), WATCHDOG_NOTHING);
	assert_int_equal(w.rounds, 1);
	/* again, twice as late */
	assert_int_equal(at(&w, 309), WATCHDOG_NOTHING);
	assert_int_equal(at(&w, 310), WATCHDOG_SCAN);
}

static void what_is_heard_ends_the_ladder(void **state)
{
	struct watchdog w;

	(void)state;
	watchdog_start(&w, 90 * SECOND, 0);
	assert_false(watchdog_heard(&w, 50 * SECOND));
	assert_int_equal(at(&w, 90), WATCHDOG_NOTHING);
	assert_true(watchdog_due(&w) == 140 * SECOND);
	assert_int_equal(at(&w, 140), WATCHDOG_SCAN);
	assert_int_equal(at(&w, 150), WATCHDOG_POWER);
	assert_true(watchdog_heard(&w, 151 * SECOND));
	assert_int_equal(at(&w, 160), WATCHDOG_NOTHING);
	assert_int_equal(at(&w, 240), WATCHDOG_NOTHING);
	assert_int_equal(at(&w, 241), WATCHDOG_SCAN);
}

static void a_watchdog_can_be_off(void **state)
{
	struct watchdog w;

	(void)state;
	watchdog_start(&w, 0, 0);
	assert_int_equal(at(&w, 1000000), WATCHDOG_NOTHING);
	assert_true(watchdog_due(&w) == INT64_MAX);
}

/* ---- ATT: the vectors of bluez' unit/test-gatt.c among them */

static struct att att;

static void asks(const char *expected)
{
	char text[2 * ATT_MTU_MOST + 1];

	bytes_print(text, att.out, att.n_out);
	assert_string_equal(text, expected);
}

static struct att_event hears(const char *hex)
{
	uint8_t pdu[ATT_MTU_MOST];

	att_receive(&att, pdu, hex_read(hex, pdu));
	return att_next(&att);
}

static void mtu_of(const char *theirs, uint16_t expected)
{
	att_init(&att);
	att_mtu(&att, 247);
	asks("02f700");
	assert_int_equal(hears(theirs).kind, ATT_MTU);
	assert_int_equal(att.mtu, expected);
}

static void the_mtu_is_the_smaller_one(void **state)
{
	(void)state;
	mtu_of("030002", 247);
	mtu_of("034000", 64);
	mtu_of("030100", 23);
	att_init(&att);
	att_mtu(&att, 247);
	assert_int_equal(hears("0102000006").kind, ATT_ERROR);
	assert_int_equal(att.mtu, 23);
	assert_int_equal(att.request, 0);
}

static void a_value_is_read(void **state)
{
	struct att_event e;

	(void)state;
	att_init(&att);
	att_read(&att, 3);
	asks("0a0300");
	e = hears("0b010203");
	assert_int_equal(e.kind, ATT_VALUE);
	assert_int_equal(e.handle, 3);
	assert_int_equal(e.n, 3);
	assert_memory_equal(e.bytes, "\1\2\3", 3);
	att_read(&att, 3);
	e = hears("010a030002");
	assert_int_equal(e.kind, ATT_ERROR);
	assert_int_equal(e.code, 2);
	assert_string_equal(att_error_text(2), "read not permitted");
}

static void a_long_value_is_read_in_parts(void **state)
{
	struct att_event e;

	(void)state;
	att_init(&att);
	att_read(&att, 6);
	e = hears("0b" "000102030405060708090a0b0c0d0e0f101112131415");
	assert_int_equal(e.kind, ATT_MORE);
	asks("0c06001600");
	e = hears("0d" "161718");
	assert_int_equal(e.kind, ATT_VALUE);
	assert_int_equal(e.n, 25);
	assert_int_equal(e.bytes[24], 0x18);
	/* one that just fills the PDU */
	att_read(&att, 6);
	e = hears("0b" "000102030405060708090a0b0c0d0e0f101112131415");
	assert_int_equal(e.kind, ATT_MORE);
	e = hears("010c06000b");
	assert_int_equal(e.kind, ATT_VALUE);
	assert_int_equal(e.n, 22);
}

/* A device that never ends is cut off at the longest value there is. */
static void an_endless_value_is_cut(void **state)
{
	struct att_event e = {.kind = ATT_NOTHING};
	int parts = 0;

	(void)state;
	att_init(&att);
	att_read(&att, 6);
	do {
		e = hears(parts ? "0d000102030405060708090a0b0c0d0e0f1011121314"
				  "15" :
			  "0b000102030405060708090a0b0c0d0e0f101112131415");
		parts++;
	} while (e.kind == ATT_MORE);
	assert_int_equal(e.kind, ATT_BROKEN);
	assert_true(parts < 30);
}

static void characteristics_are_found(void **state)
{
	struct att_event e;

	(void)state;
	att_init(&att);
	att_characteristics(&att, 1);
	asks("080100ffff0328");
	e = hears("0907" "02001203006e2a" "05000a060001ff");
	assert_int_equal(e.kind, ATT_CHARACTERISTIC);
	assert_int_equal(e.handle, 2);
	assert_int_equal(e.value_handle, 3);
	assert_int_equal(e.properties, 0x12);
	assert_int_equal(att_uuid_short(&e.uuid), 0x2a6e);
	e = att_next(&att);
	assert_int_equal(e.value_handle, 6);
	assert_int_equal(att_uuid_short(&e.uuid), 0xff01);
	assert_int_equal(att_next(&att).kind, ATT_MORE);
	asks("080600ffff0328");
	assert_int_equal(hears("010806000a").kind, ATT_END);
	assert_int_equal(att.request, 0);
	/* with a UUID of 128 bits */
	att_characteristics(&att, 1);
	e = hears("0915" "0200020300" "fb349b5f80000080001000006e2a0000");
	assert_int_equal(att_uuid_short(&e.uuid), 0x2a6e);
}

/* Handles that do not rise would keep us asking for ever. */
static void a_discovery_must_go_on(void **state)
{
	(void)state;
	att_init(&att);
	att_characteristics(&att, 5);
	assert_int_equal(hears("0907" "02001203006e2a").kind,
			 ATT_CHARACTERISTIC);
	assert_int_equal(att_next(&att).kind, ATT_BROKEN);
	att_characteristics(&att, 1);
	assert_int_equal(hears("0907" "ffff1203006e2a").kind,
			 ATT_CHARACTERISTIC);
	assert_int_equal(att_next(&att).kind, ATT_END);
	att_characteristics(&att, 1);
	assert_int_equal(hears("0906" "020012030001").kind, ATT_BROKEN);
	att_characteristics(&att, 1);
	assert_int_equal(hears("09").kind, ATT_BROKEN);
}

static void descriptors_are_found(void **state)
{
	struct att_event e;

	(void)state;
	att_init(&att);
	att_descriptors(&att, 4, 4);
	asks("0404000400");
	e = hears("050104000229");
	assert_int_equal(e.kind, ATT_DESCRIPTOR);
	assert_int_equal(e.handle, 4);
	assert_int_equal(att_uuid_short(&e.uuid), 0x2902);
	assert_int_equal(att_next(&att).kind, ATT_END);
}

static void a_value_is_written(void **state)
{
	uint8_t bytes[60];
	struct att_event e;

	(void)state;
	att_init(&att);
	att_write(&att, 4, (const uint8_t *)"\1\0", 2);
	asks("1204000100");
	assert_int_equal(hears("13").kind, ATT_WRITTEN);
	memset(bytes, 0x77, sizeof(bytes));
	att_write(&att, 6, bytes, 20);
	asks("120600" "7777777777777777777777777777777777777777");
	assert_int_equal(hears("0112060003").code, 3);
	att_write(&att, 6, bytes, 21);	/* too long for one */
	asks("1606000000" "777777777777777777777777777777777777");
	e = hears("1706000000" "777777777777777777777777777777777777");
	assert_int_equal(e.kind, ATT_MORE);
	asks("1606001200" "777777");
	e = hears("1706001200" "777777");
	assert_int_equal(e.kind, ATT_MORE);
	asks("1801");
	assert_int_equal(hears("19").kind, ATT_WRITTEN);
}

static void a_part_that_changed_on_the_way_is_cancelled(void **state)
{
	uint8_t bytes[21] = {0};

	(void)state;
	att_init(&att);
	att_write(&att, 6, bytes, 21);
	assert_int_equal(hears("1706000000" "000000000000000000000000000000"
			       "000001").kind, ATT_MORE);
	asks("1800");
	assert_int_equal(hears("19").kind, ATT_ERROR);
}

static void notifications_come_between(void **state)
{
	struct att_event e;

	(void)state;
	att_init(&att);
	att_read(&att, 3);
	e = hears("1b0300010203");
	assert_int_equal(e.kind, ATT_NOTIFIED);
	assert_int_equal(e.handle, 3);
	assert_int_equal(e.n, 3);
	assert_int_equal(att_next(&att).kind, ATT_NOTHING);
	assert_int_equal(att.request, 0x0a);
	e = hears("1d0300010203");
	assert_int_equal(e.kind, ATT_INDICATED);
	assert_int_equal(hears("0b0405").kind, ATT_VALUE);
	/* cut, late, and what nobody asked for */
	assert_int_equal(hears("1b03").kind, ATT_NOTHING);
	assert_int_equal(hears("0b0405").kind, ATT_NOTHING);
	assert_int_equal(hears("01").kind, ATT_NOTHING);
	assert_int_equal(hears("").kind, ATT_NOTHING);
}

static void requests_of_the_device_are_refused(void **state)
{
	uint8_t pdu[16], answer[5];
	char text[11];

	(void)state;
	assert_int_equal(att_refuse(pdu, hex_read("080100ffff0028", pdu),
				    answer), 5);
	bytes_print(text, answer, 5);
	assert_string_equal(text, "0108010006");
	assert_int_equal(att_refuse(pdu, hex_read("0b0102", pdu), answer), 0);
	assert_int_equal(att_refuse(pdu, hex_read("520300", pdu), answer), 0);
	assert_int_equal(att_refuse(pdu, hex_read("1e", pdu), answer), 0);
	assert_int_equal(att_refuse(pdu, 0, answer), 0);
}

static void uuids_are_one_in_every_spelling(void **state)
{
	static const char *const wrong[] = {"", "2A6", "2A6EG", "2A6E2A6E2A",
					    "xyz"};
	struct att_uuid a, b;

	(void)state;
	assert_true(att_uuid_parse("2A6E", &a));
	assert_int_equal(att_uuid_short(&a), 0x2a6e);
	assert_true(att_uuid_parse("0x2a6e", &b));
	assert_true(att_uuid_equal(&a, &b));
	assert_true(att_uuid_parse("00002A6E-0000-1000-8000-00805F9B34FB",
				   &b));
	assert_true(att_uuid_equal(&a, &b));
	assert_true(att_uuid_parse("00002A6E", &b));
	assert_true(att_uuid_equal(&a, &b));
	assert_true(att_uuid_parse("EBE0CCC1-7A0A-4B0C-8A1A-6FF2997DA3A6",
				   &b));
	assert_int_equal(att_uuid_short(&b), 0);
	assert_int_equal(b.bytes[15], 0xeb);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(att_uuid_parse(wrong[i], &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_starts),
		cmocka_unit_test(an_extended_scan_starts),
		cmocka_unit_test(long_range_is_heard_where_it_can_be),
		cmocka_unit_test(a_disturbed_scan_is_put_right),
		cmocka_unit_test(nothing_is_sent_while_somebody_connects),
		cmocka_unit_test(a_refused_scan_is_tried_ever_more_rarely),
		cmocka_unit_test(no_answer_is_a_refusal),
		cmocka_unit_test(others_are_listened_to),
		cmocka_unit_test(without_power_nothing_is_sent),
		cmocka_unit_test(the_ladder_is_climbed_rung_by_rung),
		cmocka_unit_test(what_is_heard_ends_the_ladder),
		cmocka_unit_test(a_watchdog_can_be_off),
		cmocka_unit_test(the_mtu_is_the_smaller_one),
		cmocka_unit_test(a_value_is_read),
		cmocka_unit_test(a_long_value_is_read_in_parts),
		cmocka_unit_test(an_endless_value_is_cut),
		cmocka_unit_test(characteristics_are_found),
		cmocka_unit_test(a_discovery_must_go_on),
		cmocka_unit_test(descriptors_are_found),
		cmocka_unit_test(a_value_is_written),
		cmocka_unit_test(a_part_that_changed_on_the_way_is_cancelled),
		cmocka_unit_test(notifications_come_between),
		cmocka_unit_test(requests_of_the_device_are_refused),
		cmocka_unit_test(uuids_are_one_in_every_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
