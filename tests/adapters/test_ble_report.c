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
		"service fff0 starts abc", "company 0499 colour red",
		"company c2", "manufacturer bytes 1", "manufacturer bytes =02",
		"manufacturer bytes 1=02/0", "manufacturer bytes 1=0203/ff",
		"manufacturer bytes 254=02", "manufacturer length 7-5",
		"service 0011-2233", "a-label-that-is-long: company 0499",
		": company 0499", "manufacturer bytes 0=112233445566778899",
		"manufacturer bytes 0=1 ", "company",
		("manufacturer bytes 0=11 bytes 1=11 bytes 2=11 bytes 3=11 "
		 "bytes 4=11")};
	struct profile_match match;
	const char *why;

	(void)state;
	assert_int_equal(profile_match_parse(
		"service fff0 length 13 starts 0a01", &match, &why), 0);
	assert_int_equal(match.id, 0xfff0);
	assert_int_equal(match.kind, PROFILE_SERVICE);
	assert_int_equal(match.shortest, 13);
	assert_int_equal(match.longest, 13);
	assert_int_equal(match.n_places, 1);
	assert_int_equal(match.places[0].n, 2);
	assert_int_equal(match.places[0].value[0], 0x0a);
	assert_int_equal(profile_match_parse("company 0499", &match, &why), 0);
	assert_int_equal(match.kind, PROFILE_COMPANY);
	assert_int_equal(profile_match_parse(
		"hot: manufacturer length 5-7 bytes 1=40/f0 lists fff0 "
		"name TP35*", &match, &why), 0);
	assert_int_equal(match.kind, PROFILE_MANUFACTURER);
	assert_string_equal(match.label, "hot");
	assert_string_equal(match.name, "TP35*");
	assert_int_equal(match.longest, 7);
	assert_int_equal(match.lists, 0xfff0);
	assert_int_equal(match.places[0].at, 1);
	assert_int_equal(match.places[0].mask[0], 0xf0);
	assert_int_equal(profile_match_parse(
		"service 00112233-4455-6677-8899-aabbccddeeff", &match, &why),
		0);
	assert_int_equal(match.kind, PROFILE_SERVICE_LONG);
	assert_int_equal(match.uuid[0], 0xff);
	assert_int_equal(match.uuid[15], 0x00);
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
		{{.type = RAW_UINT8}, "ff", 255},
		{{.type = RAW_INT8}, "ff", -1},
		{{.type = RAW_UINT16}, "3412", 0x1234},
		{{.type = RAW_INT16, .big_endian = true}, "fffe", -2},
		{{.type = RAW_UINT24, .big_endian = true}, "010203", 0x010203},
		{{.type = RAW_INT24}, "feffff", -2},
		{{.type = RAW_UINT32}, "ffffffff", 4294967295.0},
		{{.type = RAW_INT32, .big_endian = true}, "80000000", -2147483648.0},
		{{.type = RAW_UINT48}, "010000000080",
		 140737488355329.0},
		{{.type = RAW_FLOAT32}, "0000ac41", 21.5},
		{{.type = RAW_FLOAT64, .big_endian = true}, "4035800000000000", 21.5},
		{{.type = RAW_BOOL}, "01", 1},
	};
	struct raw_format masked = {.type = RAW_UINT16, .big_endian = true,
				    .at = 1, .mask = 0x0ff0};
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

/* What other makers do with bits. */
static void numbers_of_all_kinds_are_read(void **state)
{
	static const struct {
		struct raw_format format;
		const char *hex;
		int64_t number;
	} rows[] = {
		/* twelve bits with a sign, and the other nibble */
		{{.type = RAW_INT16, .mask = 0x0fff}, "fe3f", -2},
		{{.type = RAW_INT16, .mask = 0xfff0}, "0080", -2048},
		{{.type = RAW_UINT8, .mask = 0xf0}, "4e", 4},
		{{.type = RAW_UINT8, .mask = 0x0f}, "4e", 14},
		/* decimal digits */
		{{.type = RAW_BCD8}, "42", 42},
		{{.type = RAW_BCD16, .big_endian = true}, "1234", 1234},
		{{.type = RAW_BCD24}, "563412", 123456},
		{{.type = RAW_BCD32}, "78563412", 12345678},
		/* a magnitude and a sign, several values in one number: Govee's
		 * -7.3 Cel and 48.1 %RH */
		{{.type = RAW_UINT24, .big_endian = true, .mask = 0x7fffff,
		  .minus = 0x800000, .divisor = 1000}, "811f09", -73},
		{{.type = RAW_UINT24, .big_endian = true, .mask = 0x7fffff,
		  .modulo = 1000}, "811f09", 481},
		{{.type = RAW_UINT32, .divisor = 66001, .modulo = 40001},
		 "64e0de95", 38096},
	};
	static const struct raw_format bcd = {.type = RAW_BCD8};
	struct lwm2m_value value;
	uint8_t bytes[16];
	uint64_t raw;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = hex_read(rows[i].hex, bytes);

		assert_int_equal(raw_read(&rows[i].format, bytes, n, &value,
					  &raw), 0);
		assert_int_equal(value.as.integer, rows[i].number);
	}
	bytes[0] = 0x4a;		/* no digit */
	assert_int_equal(raw_read(&bcd, bytes, 1, &value, &raw), -ERANGE);
}

static bool found(const char *text, const char *hex, const char *name)
{
	struct profile_match match;
	struct advertisement adv;
	struct ad_element e;
	uint8_t data[64];
	const char *why;

	adv = (struct advertisement){.data = data, .n = hex_read(hex, data)};
	assert_int_equal(profile_match_parse(text, &match, &why), 0);
	return profile_find(&match, &adv, name, &e);
}

static void what_matches_is_found(void **state)
{
	static const char tp[] = "07ffc2f0002d0200";
	static const char two[] = "0302f0ff04ff010203";
	static const char uuid[] =
		"1221ffeeddccbbaa9988776655443322110007";

	(void)state;
	assert_true(found("manufacturer length 6 starts c2", tp, ""));
	assert_true(found("company f0c2", "07ffc2f0002d0200", ""));
	assert_false(found("company 00c2", tp, ""));
	assert_true(found("manufacturer name TP35*", tp, "TP357 (1234)"));
	assert_false(found("manufacturer name TP35*", tp, "TP39"));
	assert_false(found("manufacturer name TP35*", tp, ""));
	assert_true(found("manufacturer name T?", tp, "Tx"));
	assert_false(found("manufacturer name T?", tp, "Txy"));
	assert_true(found("manufacturer lists fff0", two, ""));
	assert_false(found("manufacturer lists fff1", two, ""));
	assert_true(found("manufacturer bytes 1=42/0f", two, ""));
	assert_false(found("manufacturer bytes 1=42", two, ""));
	assert_false(found("manufacturer bytes 3=00", two, ""));
	assert_true(found("service 00112233-4455-6677-8899-aabbccddeeff "
			  "length 1", uuid, ""));
	assert_false(found("service 00112233-4455-6677-8899-aabbccddeefe",
			   uuid, ""));
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
		cmocka_unit_test(numbers_of_all_kinds_are_read),
		cmocka_unit_test(what_matches_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
