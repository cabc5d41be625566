/* SPDX-License-Identifier: GPL-2.0-or-later
 * Advertising reports out of HCI events, whole and in pieces; the elements of
 * advertisements; what a profile describes. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/decode.h"
#include "adapters/ble/decode_profile.h"
#include "adapters/ble/report.h"

#define SECOND INT64_C(1000000000)

static size_t hex_read(const char *hex, uint8_t *bytes)
{
	size_t n = 0;

	for (; hex[0] && hex[1]; hex += 2) {
		unsigned byte;

		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		bytes[n++] = (uint8_t)byte;
	}
	return n;
}

static bool one_report(const char *hex, uint8_t *bytes, struct report *report)
{
	struct reports reports;
	bool broken;

	return reports_init(&reports, bytes, hex_read(hex, bytes)) &&
	       reports_next(&reports, report, &broken);
}

static const char first_piece[] =
	"043e2e0d01200000ccbbaa38c1a40102037fc4000000000000000000140201062316"
	"d2fc40000902ca095318546f722033";
static const char last_piece[] =
	"043e2d0d01000000ccbbaa38c1a40102037fc4000000000000000000133a204c6167"
	"657268616c6c65206f6666656e21";

static void pieces_are_joined(void **state)
{
	static struct join join;
	uint8_t one[300], two[300];
	struct decode_device device = {0};
	struct advertisement adv = {.rssi = 0};
	const struct decoder *by;
	struct readings r;
	struct report report;

	(void)state;
	memset(&join, 0, sizeof(join));
	assert_true(one_report(first_piece, one, &report));
	assert_int_equal(report.status, REPORT_MORE);
	assert_false(join_add(&join, &report, SECOND));
	assert_true(one_report(last_piece, two, &report));
	assert_true(join_add(&join, &report, SECOND));
	assert_int_equal(report.n, 39);
	assert_int_equal(report.rssi, -60);
	assert_int_equal(report.address[0], 0xa4);
	adv.data = report.data;
	adv.n = report.n;
	assert_int_equal(decode(DECODE_AUTO, &adv, &device, SECOND, &r, &by),
			 DECODED_VALUES);
	assert_string_equal(by->name, "bthome");
	assert_int_equal(r.n, 3);
	assert_int_equal(r.at[0].value.as.integer, 9);
	assert_true(fabs(r.at[1].value.as.number - 25.06) < 1e-9);
	assert_memory_equal(r.at[2].value.as.text, "Tor 3: Lagerhalle offen!",
			    24);
}

/* Pieces of another device, or of its other set, do not mix with these. */
static void pieces_of_others_interleave(void **state)
{
	static struct join join;
	uint8_t one[300], two[300], other[300];
	struct report report, stranger;

	(void)state;
	memset(&join, 0, sizeof(join));
	one_report(first_piece, one, &report);
	assert_false(join_add(&join, &report, SECOND));
	one_report(first_piece, other, &stranger);
	stranger.address[5] ^= 1;
	assert_false(join_add(&join, &stranger, SECOND));
	one_report(first_piece, other, &stranger);
	stranger.set = 9;
	assert_false(join_add(&join, &stranger, SECOND));
	one_report(last_piece, two, &report);
	assert_true(join_add(&join, &report, SECOND));
	assert_int_equal(report.n, 39);
}

static void pieces_are_bounded(void **state)
{
	static struct join join;
	uint8_t one[300], two[300];
	struct report report;
	unsigned pieces = 0;

	(void)state;
	memset(&join, 0, sizeof(join));
	/* too long: nothing of it, its end included */
	for (int i = 0; i < 200; i++) {
		one_report(first_piece, one, &report);
		assert_false(join_add(&join, &report, SECOND));
	}
	one_report(last_piece, two, &report);
	assert_false(join_add(&join, &report, SECOND));
	/* cut off by the controller */
	one_report(first_piece, one, &report);
	join_add(&join, &report, SECOND);
	one_report(last_piece, two, &report);
	report.status = REPORT_CUT;
	assert_false(join_add(&join, &report, SECOND));
	/* more senders than there are slots: the oldest loses */
	for (unsigned i = 0; i < 100; i++) {
		one_report(first_piece, one, &report);
		report.address[0] = (uint8_t)i;
		assert_false(join_add(&join, &report, SECOND + i));
	}
	for (unsigned i = 0; i < JOIN_SLOTS; i++)
		pieces += join.slots[i].used;
	assert_int_equal(pieces, JOIN_SLOTS);
	/* all too old */
	one_report(last_piece, two, &report);
	report.address[0] = 99;
	assert_true(join_add(&join, &report, 10 * SECOND));
	assert_int_equal(report.n, 19);
}

static void one_event_holds_several(void **state)
{
	static const char event[] =
		"043e2402020000a5808fe648540e0201060a16d2fc4002ca0903bf13cc"
		"0401e6d5c4b3a2c100d0";
	uint8_t bytes[300];
	struct reports reports;
	struct report report;
	bool broken;

	(void)state;
	assert_true(reports_init(&reports, bytes, hex_read(event, bytes)));
	assert_true(reports_next(&reports, &report, &broken));
	assert_int_equal(report.rssi, -52);
	assert_int_equal(report.n, 14);
	assert_int_equal(report.address_kind, 0);
	assert_true(reports_next(&reports, &report, &broken));
	assert_int_equal(report.rssi, -48);
	assert_int_equal(report.n, 0);
	assert_true(report.scan_response);
	assert_int_equal(report.address_kind, 1);
	assert_int_equal(report.address[0], 0xc1);
	assert_int_equal(report.address[5], 0xe6);
	assert_false(reports_next(&reports, &report, &broken));
	assert_false(broken);
}

/* Cut at every length, out of the heap so that a tool sees an overrun. */
static void cut_events_are_broken(void **state)
{
	static const char *const events[] = {
		first_piece,
		"043e2402020000a5808fe648540e0201060a16d2fc4002ca0903bf13cc"
		"0401e6d5c4b3a2c100d0"};
	uint8_t bytes[300];

	(void)state;
	for (size_t e = 0; e < 2; e++) {
		size_t n = hex_read(events[e], bytes), found = 0;

		for (size_t i = 0; i < n; i++) {
			uint8_t *copy = malloc(i ? i : 1);
			struct reports reports;
			struct report report;
			bool broken = false;

			memcpy(copy, bytes, i);
			found = 0;
			if (reports_init(&reports, copy, i))
				while (reports_next(&reports, &report,
						    &broken))
					found++;
			free(copy);
			assert_true(found < 2);
		}
	}
}

static void elements_end_where_they_lie(void **state)
{
	static const uint8_t data[] = {2, 1, 6, 0, 9, 9};
	static const uint8_t past[] = {2, 1, 6, 5, 9, 'a'};
	static const uint8_t name[] = {4, 9, 'a', 0x1b, 'b'};
	struct ad_element e;
	char text[32];
	size_t at = 0;

	(void)state;
	assert_true(ad_next(data, sizeof(data), &at, &e));
	assert_int_equal(e.type, 1);
	assert_int_equal(e.n, 1);
	assert_false(ad_next(data, sizeof(data), &at, &e));
	at = 0;
	assert_true(ad_next(past, sizeof(past), &at, &e));
	assert_false(ad_next(past, sizeof(past), &at, &e));
	ad_name(name, sizeof(name), text, sizeof(text));
	assert_string_equal(text, "a?b");
}

static void matches_are_parsed(void **state)
{
	static const char *const wrong[] = {
		"", "length 5", "service", "service xyz", "service 12345",
		"service fff0 length 0", "service fff0 length",
		"service fff0 starts abc", "company 0499 colour red"};
	struct profile_match match;
	const char *why;

	(void)state;
	assert_int_equal(profile_match_parse(
		"service fff0 length 13 starts 0a01", &match, &why), 0);
	assert_int_equal(match.id, 0xfff0);
	assert_false(match.company);
	assert_int_equal(match.length, 13);
	assert_int_equal(match.n_start, 2);
	assert_int_equal(match.start[0], 0x0a);
	assert_int_equal(profile_match_parse("company 0499", &match, &why), 0);
	assert_true(match.company);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(profile_match_parse(wrong[i], &match, &why),
				 -EINVAL);
		assert_non_null(why);
	}
}

static void numbers_are_read_and_written(void **state)
{
	static const struct {
		struct raw_format format;
		const char *hex;
		double number;
	} rows[] = {
		{{RAW_UINT8, false, 0, 0, 0}, "ff", 255},
		{{RAW_INT8, false, 0, 0, 0}, "ff", -1},
		{{RAW_UINT16, false, 0, 0, 0}, "3412", 0x1234},
		{{RAW_INT16, true, 0, 0, 0}, "fffe", -2},
		{{RAW_UINT24, true, 0, 0, 0}, "010203", 0x010203},
		{{RAW_INT24, false, 0, 0, 0}, "feffff", -2},
		{{RAW_UINT32, false, 0, 0, 0}, "ffffffff", 4294967295.0},
		{{RAW_INT32, true, 0, 0, 0}, "80000000", -2147483648.0},
		{{RAW_UINT48, false, 0, 0, 0}, "010000000080",
		 140737488355329.0},
		{{RAW_FLOAT32, false, 0, 0, 0}, "0000ac41", 21.5},
		{{RAW_FLOAT64, true, 0, 0, 0}, "4035800000000000", 21.5},
		{{RAW_BOOL, false, 0, 0, 0}, "01", 1},
	};
	struct raw_format masked = {RAW_UINT16, true, 1, 0, 0x0ff0};
	struct lwm2m_value value;
	uint8_t bytes[16], out[16];
	uint64_t raw;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = hex_read(rows[i].hex, bytes);

		assert_int_equal(raw_read(&rows[i].format, bytes, n, &value,
					  &raw), 0);
		assert_true(fabs(lwm2m_number(&value) - rows[i].number) <
			    1e-9);
		assert_int_equal(raw_write(&rows[i].format, &value, out,
					   sizeof(out)), n);
		assert_memory_equal(out, bytes, n);
		assert_int_equal(raw_read(&rows[i].format, bytes, n - 1,
					  &value, &raw), -EMSGSIZE);
	}
	hex_read("ff1230", bytes);
	assert_int_equal(raw_read(&masked, bytes, 3, &value, &raw), 0);
	assert_int_equal(value.as.integer, 0x23);
	value = lwm2m_float(256);
	assert_int_equal(raw_write(&rows[0].format, &value, out, 16), -ERANGE);
	value = lwm2m_float(-1);
	assert_int_equal(raw_write(&rows[0].format, &value, out, 16), -ERANGE);
	value = lwm2m_string("x", 1);
	assert_int_equal(raw_write(&rows[0].format, &value, out, 16), -EINVAL);
	hex_read("0000c07f", bytes);	/* not a number */
	assert_int_equal(raw_read(&rows[9].format, bytes, 4, &value, &raw),
			 -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_joined),
		cmocka_unit_test(pieces_of_others_interleave),
		cmocka_unit_test(pieces_are_bounded),
		cmocka_unit_test(one_event_holds_several),
		cmocka_unit_test(cut_events_are_broken),
		cmocka_unit_test(elements_end_where_they_lie),
		cmocka_unit_test(matches_are_parsed),
		cmocka_unit_test(numbers_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
