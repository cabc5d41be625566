/* SPDX-License-Identifier: GPL-2.0-or-later
 * Advertisements as they were captured or published, and what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/ble/decode.h"
#include "adapters/ble/decode_profile.h"
#include "adapters/ble/report.h"

#define SECOND INT64_C(1000000000)

struct vector {
	const char *form;	/* "ad", "hci", "svc UUID", "mfr COMPANY" */
	const char *hex;
	enum decode_choice choice;
	const char *expected;	/* values in order, or the result */
	const char *key, *address;
	const char *name;	/* in the same packet */
};

/* ---- building */

static size_t hex_read(const char *hex, uint8_t *bytes, size_t size)
{
	size_t n = 0;

	for (; hex[0] && hex[1]; hex += 2) {
		unsigned byte;

		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		assert_true(n < size);
		bytes[n++] = (uint8_t)byte;
	}
	return n;
}

static void address_read(const char *text, uint8_t *address)
{
	for (int i = 0; i < 6; i++)
		address[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
}

/* An element of this type around the bytes, behind what is there. */
static size_t element_put(uint8_t *data, size_t at, uint8_t type, unsigned id,
			  const uint8_t *bytes, size_t n)
{
	data[at] = (uint8_t)(n + 3);
	data[at + 1] = type;
	data[at + 2] = (uint8_t)id;
	data[at + 3] = (uint8_t)(id >> 8);
	memcpy(data + at + 4, bytes, n);
	return at + 4 + n;
}

static size_t name_put(uint8_t *data, size_t at, const char *name)
{
	size_t n = strlen(name);

	data[at] = (uint8_t)(n + 1);
	data[at + 1] = 0x09;
	memcpy(data + at + 2, name, n);
	return at + 2 + n;
}

/* The advertisement that a vector stands for. */
static size_t data_build(const struct vector *v, uint8_t *data, int8_t *rssi,
			 uint8_t *address)
{
	static struct join join;
	uint8_t bytes[512];
	size_t n = hex_read(v->hex, bytes, sizeof(bytes)), at = 0;
	struct reports reports;
	struct report report;
	bool broken;

	if (v->name)
		at = name_put(data, at, v->name);
	if (strcmp(v->form, "ad") == 0) {
		memcpy(data + at, bytes, n);
		return at + n;
	}
	if (v->form[0] != 'h')
		return element_put(data, at, v->form[0] == 's' ? 0x16 : 0xff,
				   (unsigned)strtoul(v->form + 4, NULL, 16),
				   bytes, n);
	memset(&join, 0, sizeof(join));
	assert_true(reports_init(&reports, bytes, n));
	assert_true(reports_next(&reports, &report, &broken));
	assert_true(join_add(&join, &report, 1));
	memcpy(data, report.data, report.n);
	memcpy(address, report.address, 6);
	*rssi = report.rssi;
	return report.n;
}

/* ---- telling */

static void value_print(char *text, size_t size, const struct lwm2m_value *v)
{
	switch ((enum lwm2m_type)v->type) {
	case LWM2M_BOOLEAN:
		snprintf(text, size, "%s", v->as.boolean ? "yes" : "no");
		return;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		snprintf(text, size, "%lld", (long long)v->as.integer);
		return;
	case LWM2M_FLOAT:
		snprintf(text, size, "%.12g", v->as.number);
		return;
	case LWM2M_STRING:
		snprintf(text, size, "'%.*s'", (int)v->length, v->as.text);
		return;
	case LWM2M_UNSIGNED:
	case LWM2M_OPAQUE:
	case LWM2M_OBJLINK:
	case LWM2M_CORELINK:
	case LWM2M_NONE:
		break;
	}
	snprintf(text, size, "?");
}

static void readings_print(char *text, size_t size, const struct readings *r)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < r->n; i++) {
		const struct reading *reading = &r->at[i];
		char value[256], number[8] = "";

		if (reading->index)
			snprintf(number, sizeof(number), "-%u",
				 reading->index + 1u);
		value_print(value, sizeof(value), &reading->value);
		used += (size_t)snprintf(text + used, size - used, "%s%s%s=%s",
					 used ? " " : "",
					 field_name(reading->field), number,
					 value);
	}
}

static enum decode_choice choice_of(const char *name)
{
	const char *at = DECODE_NAMES;
	unsigned choice = 0;
	size_t n;

	for (; n = strcspn(at, "|"), strlen(name) != n ||
	       strncmp(at, name, n) != 0; at += n + 1, choice++)
		assert_true(at[n] == '|');
	return (enum decode_choice)choice;
}

static void run(const struct vector *v, struct decode_device *device,
		int64_t now)
{
	uint8_t data[600], key[32], address[6] = {0};
	struct advertisement adv = {.data = data, .rssi = 127};
	const struct decoder *by;
	struct readings readings;
	enum decode_result result;
	char text[1024];

	if (v->address)
		address_read(v->address, address);
	adv.n = data_build(v, data, &adv.rssi, address);
	memcpy(adv.address, address, 6);
	if (v->key) {
		device->key = key;
		device->n_key = hex_read(v->key, key, sizeof(key));
	}
	result = decode(v->choice, &adv, device, now, &readings, &by);
	readings_print(text, sizeof(text), &readings);
	if (result != DECODED_VALUES) {
		static const char *const names[] = {
			"OTHER", "VALUES", "NOTHING", "REPEATED", "DAMAGED",
			"REPLAYED", "WRONG KEY", "NO KEY", "UNPROTECTED",
			"NO MODEL"};

		snprintf(text, sizeof(text), "%s", names[result]);
	}
	device->key = NULL;
	for (size_t i = 0; by && i < readings.n; i++)
		if (!decode_finds(choice_of(by->name), readings.at[i].field))
			fail_msg("%s is not in the list of %s",
				 field_name(readings.at[i].field), by->name);
	if (strcmp(text, v->expected) != 0)
		fail_msg("%s %s:\n  is     %s\n  wanted %s", v->form, v->hex,
			 text, v->expected);
}

static void run_each(const struct vector *vectors, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct decode_device device = {0};

		run(&vectors[i], &device, SECOND);
	}
}
#define RUN_EACH(v) run_each(v, sizeof(v) / sizeof(*(v)))

/* All of one device, a second apart. */
static void run_chain(const struct vector *vectors, size_t n)
{
	struct decode_device device = {0};

	for (size_t i = 0; i < n; i++)
		run(&vectors[i], &device, SECOND + (int64_t)i * SECOND);
}
#define RUN_CHAIN(v) run_chain(v, sizeof(v) / sizeof(*(v)))

/* ---- BTHome */

#define K1 "231d39c1d7cc1ab1aee224cd096db932"
#define M1 "54:48:E6:8F:80:A5"
#define AA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define MAA "A4:C1:38:AA:BB:CC"
#define SVC2 "svc fcd2"
#define BT DECODE_AUTO

/* The examples of the format's own table. */
static void bthome_knows_all_objects(void **state)
{
	static const struct {
		const char *hex, *expected;
	} examples[] = {
		{"0009", "packet=9"},
		{"0161", "battery=97"},
		{"02CA09", "temperature=25.06"},
		{"451101", "temperature=27.3"},
		{"57EA", "temperature=-22"},
		{"58EA", "temperature=-7.7"},
		{"08CA06", "dew-point=17.38"},
		{"03BF13", "humidity=50.55"},
		{"2E23", "humidity=35"},
		{"14020C", "moisture=30.74"},
		{"2F23", "moisture=35"},
		{"04138A01", "pressure=100883"},
		{"05138A14", "illuminance=13460.67"},
		{"065E1F", "mass=80.3"},
		{"073E1D", "mass-lb=74.86"},
		{"0960", "count=96"},
		{"3D0960", "count=24585"},
		{"3E2A2C0960", "count=1611213866"},
		{"59EA", "count=-22"},
		{"5AEAEA", "count=-5398"},
		{"5BEA0234EA", "count=-365690134"},
		{"0A138A14", "energy=1346.067"},
		{"4D12138A14", "energy=344593.17"},
		{"0B021B00", "power=69.14"},
		{"5C02FBFFFF", "power=-12.78"},
		{"0C020C", "voltage=3.074"},
		{"4A020C", "voltage=307.4"},
		{"434E34", "current=13.39"},
		{"5D02EA", "current=-5.63"},
		{"0D120C", "pm2.5=3090"},
		{"0E021C", "pm10=7170"},
		{"12E204", "co2=1250"},
		{"133301", "tvoc=307"},
		{"3F020C", "rotation=307.4"},
		{"400C00", "distance=0.012"},
		{"414E00", "distance=7.8"},
		{"424E3400", "duration=13.39"},
		{"444E34", "speed=133.9"},
		{"624099DFFF", "speed=-2.123456"},
		{"4632", "uv-index=5"},
		{"478756", "volume=2215.1"},
		{"48DC87", "volume=34.78"},
		{"4E87562A01", "volume=19551.879"},
		{"5587562A01", "volume-stored=19551.879"},
		{"49DC87", "flow=34.78"},
		{"4B138A14", "gas=1346.067"},
		{"4C41018A01", "gas=25821.505"},
		{"4F87562A01", "water=19551.879"},
		{"505D396164", "timestamp=1684093277"},
		{"518756", "acceleration=22.151"},
		{"630057D0FF", "acceleration=-3.123456"},
		{"528756", "gyroscope=22.151"},
		{"530C48656C6C6F20576F726C6421", "text='Hello World!'"},
		{"540348656C", "raw='48656c'"},
		{"56E803", "conductivity=1000"},
		{"5E9F8C", "direction=359.99"},
		{"5FA00F", "precipitation=400"},
		{"6001", "channel=1"},
		{"61AC0D", "rpm=3500"},
		{"6402", "light-level=2"},
		{"6503", "settings=3"},
		{"3A00", "button=no button-event=0"},
		{"3A01", "button=yes button-event=1"},
		{"3A02", "button=yes button-event=2"},
		{"3A80", "button=yes button-event=128"},
		{"3B0000", "command=0"},
		{"3B010305", "command=3 command-argument=5"},
		{"3C0000", "NOTHING"},
		{"3C0103", "dimmer=-3"},
		{"3C020A", "dimmer=10"},
		{"F00100", "device-type='1'"},
		{"F100010204", "firmware='4.2.1.0'"},
		{"F2000106", "firmware='6.1.0'"},
		{"0F01", "generic=yes"}, {"1001", "power-on=yes"},
		{"1100", "opening=no"}, {"1101", "opening=yes"},
		{"1501", "battery-low=yes"}, {"1601", "charging=yes"},
		{"1700", "carbon-monoxide=no"}, {"1801", "cold=yes"},
		{"1900", "connectivity=no"}, {"1A00", "door=no"},
		{"1B01", "garage-door=yes"}, {"1C01", "gas-alarm=yes"},
		{"1D00", "heat=no"}, {"1E01", "light=yes"},
		{"1F01", "lock=yes"}, {"2001", "wet=yes"},
		{"2100", "motion=no"}, {"2201", "moving=yes"},
		{"2301", "occupancy=yes"}, {"2400", "plug=no"},
		{"2500", "presence=no"}, {"2601", "problem=yes"},
		{"2701", "running=yes"}, {"2800", "safety=no"},
		{"2901", "smoke=yes"}, {"2A00", "sound=no"},
		{"2B00", "tamper=no"}, {"2C01", "vibration=yes"},
		{"2D01", "window=yes"},
		{"1F02", "NOTHING"},	/* neither 0 nor 1 */
		{"0165", "NOTHING"},	/* battery 101 % */
	};
	char hex[128], expected[128];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		struct vector v = {SVC2, hex, BT, expected, NULL, NULL, NULL};
		struct decode_device device = {0};

		snprintf(hex, sizeof(hex), "40%s", examples[i].hex);
		snprintf(expected, sizeof(expected), "%s",
			 examples[i].expected);
		run(&v, &device, SECOND);
	}
}

static void bthome_in_clear(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "0201060B094449592D73656E736F720A16D2FC4002C40903BF13",
		 BT, "temperature=25 humidity=50.55", 0, 0, 0},
		{SVC2, "400009015d025d0903b718", BT,
		 "packet=9 battery=93 temperature=23.97 humidity=63.27", 0, 0,
		 0},
		{SVC2, "4002ca0902cf0902cf0803b71803b717015d", BT,
		 "temperature=25.06 temperature-2=25.11 temperature-3=22.55 "
		 "humidity=63.27 humidity-2=60.71 battery=93", 0, 0, 0},
		{SVC2, "4000010b0000004a0d0901330ce90c", BT,
		 "packet=1 power=0 voltage=231.7 battery=51 voltage-2=3.305",
		 0, 0, 0},
		/* ends at what is not known, and at what is cut short */
		{SVC2, "40015dfe5d0903b718", BT, "battery=93", 0, 0, 0},
		{SVC2, "4002ca0903bf", BT, "temperature=25.06", 0, 0, 0},
		{SVC2, "42b2188d38c1a404138a01", BT, "pressure=100883", 0,
		 "A4:C1:38:8D:18:B2", 0},
		{SVC2, "42b2188d38c1a404138a01", BT, "DAMAGED", 0,
		 "A4:C1:38:8D:18:B3", 0},
		{SVC2, "403afe", BT, "button=yes button-event=128", 0, 0, 0},
		{SVC2, "40530187", BT, "NOTHING", 0, 0, 0},
		{SVC2, "40002e01641e012e34451601", BT,
		 "packet=46 battery=100 light=yes humidity=52 temperature=27.8",
		 0, 0, 0},
		{SVC2, "44005d016405fc21002d013f9601", BT,
		 "packet=93 battery=100 illuminance=87 window=yes "
		 "rotation=40.6", 0, 0, 0},
		{SVC2, "44001d01643a013a003a003a00", BT,
		 "packet=29 battery=100 button=yes button-event=1 button-2=no "
		 "button-event-2=0 button-3=no button-event-3=0 button-4=no "
		 "button-event-4=0", 0, 0, 0},
		{SVC2, "4000840164021f0803141c", BT,
		 "packet=132 battery=100 temperature=20.79 humidity=71.88", 0,
		 0, 0},
		{SVC2, "4000810cda0b10011101", BT,
		 "packet=129 voltage=3.034 power-on=yes opening=yes", 0, 0, 0},
		{"hci", "043E1A02010000A5808FE648540E0201060A16D2FC4002CA0903"
		 "BF13CC", BT, "temperature=25.06 humidity=50.55", 0, 0, 0},
		{SVC2, "6002ca09", BT, "OTHER", 0, 0, 0},
		{SVC2, "40", BT, "NOTHING", 0, 0, 0},
		{SVC2, "", BT, "DAMAGED", 0, 0, 0},
		/* the UUID in 32 and in 128 bits */
		{"ad", "0920d2fc00004002ca09", BT, "temperature=25.06", 0, 0,
		 0},
		{"ad", "1521fb349b5f80000080001000" "00d2fc00004002ca09", BT,
		 "temperature=25.06", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

static void bthome_encrypted(void **state)
{
	static const struct vector vectors[] = {
		{SVC2, "41e445f3c9962b332211006c7c4519", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
		{SVC2, "4187b90011223372b0231f", BT, "motion=yes", K1, M1, 0},
		{SVC2, "43a5808fe64854f196c06ffb4900112233f08ecbde", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
		{SVC2, "41ba0db07aeef600", BT, "DAMAGED", K1, M1, 0},
		{SVC2, "450aeb84467f85ba0100003188788c", BT,
		 "packet=7 battery=100 button=yes button-event=1",
		 "90bffd73cb6b26ef58a7a8eba9232036", "B4:35:22:F5:3D:A4", 0},
		{SVC2, "4195b0efda789dd953b02600009341626f", BT,
		 "battery=80 temperature=19.2 humidity=62.22", AA, MAA, 0},
		{SVC2, "41d46cc8e774b9260000cbd84a40", BT,
		 "voltage=2.764 power-on=no", AA, MAA, 0},
		{SVC2, "41e445f3c9962b332211006c7c4519", BT, "NO KEY", 0, M1,
		 0},
		{SVC2, "41e445f3c9962b332211006c7c4519", BT, "WRONG KEY", AA,
		 M1, 0},
		/* another sender, a changed bit of text, counter, tag, info */
		{SVC2, "41e445f3c9962b332211006c7c4519", BT, "WRONG KEY", K1,
		 "54:48:E6:8F:80:A4", 0},
		{SVC2, "41e545f3c9962b332211006c7c4519", BT, "WRONG KEY", K1,
		 M1, 0},
		{SVC2, "41e445f3c9962b342211006c7c4519", BT, "WRONG KEY", K1,
		 M1, 0},
		{SVC2, "41e445f3c9962b332211006c7c4518", BT, "WRONG KEY", K1,
		 M1, 0},
		{SVC2, "45e445f3c9962b332211006c7c4519", BT, "WRONG KEY", K1,
		 M1, 0},
		{SVC2, "4002ca0903bf13", BT, "UNPROTECTED", K1, M1, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

static void bthome_refuses_what_it_has_heard(void **state)
{
	static const struct vector chain[] = {
		{SVC2, "41e445f3c9962b332211006c7c4519", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
		{SVC2, "413e932cc7175f34221100553876af", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
		{SVC2, "413e932cc7175f34221100553876af", BT, "REPEATED", K1,
		 M1, 0},
		{SVC2, "41e445f3c9962b332211006c7c4519", BT, "REPLAYED", K1,
		 M1, 0},
		{SVC2, "41723d3035fb88322211009e7414c0", BT, "REPLAYED", K1,
		 M1, 0},
		/* counter FFFFFFFF, then 0: it wraps, or a new battery */
		{SVC2, "41ba0db07aeef6ffffffff21fd4600", BT,
		 "temperature=25.07 humidity=50.55", K1, M1, 0},
		{SVC2, "41de40b50e676600000000d7cb95de", BT,
		 "temperature=25.07 humidity=50.55", K1, M1, 0},
	};

	(void)state;
	RUN_CHAIN(chain);
}

/* While the device is there, its old packets of low counters are refused too:
 * else they would open the way for all that followed them. */
static void bthome_begins_anew_only_after_a_pause(void **state)
{
	static const struct vector chain[] = {
		{SVC2, "413e932cc7175f34221100553876af", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
		{SVC2, "41de40b50e676600000000d7cb95de", BT, "REPLAYED", K1,
		 M1, 0},
	};
	struct vector after = chain[1];
	struct decode_device device = {0};

	(void)state;
	RUN_CHAIN(chain);
	run(&chain[0], &device, SECOND);
	after.expected = "temperature=25.07 humidity=50.55";
	run(&after, &device, 12 * SECOND);
}

/* A wrong tag must not move the counter, or an attacker could stop a device
 * for good. */
static void bthome_is_not_moved_by_a_wrong_tag(void **state)
{
	static const struct vector chain[] = {
		{SVC2, "41ba0db07aeef6ffffffff21fd4601", BT, "WRONG KEY", K1,
		 M1, 0},
		{SVC2, "41e445f3c9962b332211006c7c4519", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
	};

	(void)state;
	RUN_CHAIN(chain);
}

/* A device whose counter begins anywhere: eight that rise, none good between
 * (bthome-ble, issue 116). Fewer, or the same again, are old packets. */
static void a_counter_can_begin_anew(void **state)
{
	struct decode_counter counter = {.known = true, .value = 1642324699};
	uint32_t value = 4723;

	(void)state;
	for (int i = 0; i < DECODE_RISING - 1; i++, value += 3) {
		assert_int_equal(decode_count(&counter, value, 100, SECOND),
				 DECODED_REPLAYED);
		assert_int_equal(decode_count(&counter, value, 100, SECOND),
				 DECODED_REPLAYED);
	}
	/* the device itself is still there: nothing of that counts */
	assert_int_equal(decode_count(&counter, 1642324700, 100, SECOND),
			 DECODED_VALUES);
	for (int i = 0; i < DECODE_RISING - 1; i++)
		assert_int_equal(decode_count(&counter, value++, 100, SECOND),
				 DECODED_REPLAYED);
	assert_false(counter.anew);
	assert_int_equal(decode_count(&counter, value, 100, SECOND),
			 DECODED_VALUES);
	assert_true(counter.anew);
	assert_int_equal(counter.value, value);
}

/* Frames in any order; what is there twice counts where it is first. */
static void a_value_is_found_behind_its_mark(void **state)
{
	static const struct {
		const char *mark, *data, *behind;	/* NULL: nowhere */
	} rows[] = {
		{"55aa0202", "55aa0202010a0e55aa0402ff9c9c", "010a0e55aa0402ff9c9c"},
		{"55aa0402", "55aa0202010a0e55aa0402ff9c9c", "ff9c9c"},
		{"55aa0602", "55aa0202010a0e55aa0402ff9c9c", NULL},
		{"55aa", "5555aa5555aa01", "5555aa01"},
		{"55aa00/ffff0f", "55aa1255aaf007", "07"},
		{"55aa", "55", NULL}, {"55aa", "", NULL}, {"55aa", "55aa", ""},
		{"0102030405060708", "000102030405060708ff", "ff"},
	};
	struct profile_bytes none = {0}, mark;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[64], behind[64];
		size_t n = hex_read(rows[i].data, bytes, sizeof(bytes)), n_behind;
		const uint8_t *at = bytes;

		assert_true(profile_mark_parse(rows[i].mark, &mark));
		assert_int_equal(profile_place(&none, &mark, &at, &n),
				 rows[i].behind != NULL);
		if (!rows[i].behind)
			continue;
		n_behind = hex_read(rows[i].behind, behind,
				    sizeof(behind));
		assert_int_equal(n, n_behind);
		assert_memory_equal(at, behind, n);
	}
	assert_false(profile_mark_parse("", &mark));
	assert_false(profile_mark_parse("5", &mark));
	assert_false(profile_mark_parse("010203040506070809", &mark));
}

static void bthome_tells_packets_by_id_and_bytes(void **state)
{
	static const struct vector chain[] = {
		{SVC2, "4000093a01", BT,
		 "packet=9 button=yes button-event=1", 0, 0, 0},
		{SVC2, "4000093a01", BT, "REPEATED", 0, 0, 0},
		{SVC2, "40000a3a01", BT,
		 "packet=10 button=yes button-event=1", 0, 0, 0},
		/* behind the last one: it began anew */
		{SVC2, "4000083a01", BT,
		 "packet=8 button=yes button-event=1", 0, 0, 0},
		{SVC2, "4000083a01", BT, "REPEATED", 0, 0, 0},
	};
	struct decode_device device = {0};

	(void)state;
	RUN_CHAIN(chain);
	/* four seconds after it was news it is so again, not before */
	run(&chain[0], &device, SECOND);
	run(&chain[1], &device, 2 * SECOND);
	run(&chain[1], &device, 5 * SECOND - 1);
	run(&chain[0], &device, 5 * SECOND);
}

/* pvvx' firmware sends two packets of one id in turn (ATC_MiThermometer,
 * issue 740). */
static void bthome_takes_both_packets_of_an_id(void **state)
{
	static const struct vector chain[] = {
		{SVC2, "4000b00151028d0a038d11", BT,
		 "packet=176 battery=81 temperature=27.01 humidity=44.93", 0, 0,
		 0},
		{SVC2, "4000b00c200b10001101", BT,
		 "packet=176 voltage=2.848 power-on=no opening=yes", 0, 0, 0},
		{SVC2, "4000b00151028d0a038d11", BT, "REPEATED", 0, 0, 0},
		{SVC2, "4000b00c200b10001101", BT, "REPEATED", 0, 0, 0},
	};

	(void)state;
	RUN_CHAIN(chain);
}

static void bthome_tells_nothing_out_of_range(void **state)
{
	static const struct vector vectors[] = {
		{SVC2, "4003bf53", BT, "NOTHING", 0, 0, 0},
		{SVC2, "40031127", BT, "NOTHING", 0, 0, 0},
		{SVC2, "40031027", BT, "humidity=100", 0, 0, 0},
		{SVC2, "402e65", BT, "NOTHING", 0, 0, 0},
		{SVC2, "40141127", BT, "NOTHING", 0, 0, 0},
		{SVC2, "402f65", BT, "NOTHING", 0, 0, 0},
		{SVC2, "403a1f", BT, "NOTHING", 0, 0, 0},
		/* the second stays the second */
		{SVC2, "4003bf5303bf13", BT, "humidity-2=50.55", 0, 0, 0},
		{SVC2, "403a1f3a01", BT, "button-2=yes button-event-2=1", 0,
		 0, 0},
		{SVC2, "403c00003c0205", BT, "dimmer-2=5", 0, 0, 0},
		{SVC2, "4011021101", BT, "opening-2=yes", 0, 0, 0},
		{SVC2, "40530180530161", BT, "text-2='a'", 0, 0, 0},
		/* colder than anything: -300.00 */
		{SVC2, "4002d08a02ca09", BT, "temperature-2=25.06", 0, 0, 0},
		{SVC2, "403a07", BT, "NOTHING", 0, 0, 0},
		{SVC2, "403a80", BT, "button=yes button-event=128", 0, 0, 0},
		{"svc 181c", "0303bf53", BT, "NOTHING", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

static void bthome_version_1(void **state)
{
	static const struct vector vectors[] = {
		{"svc 181c", "2302ca090303bf13", BT,
		 "temperature=25.06 humidity=50.55", 0, 0, 0},
		{"svc 181c", "0404138a01", BT, "pressure=100883", 0, 0, 0},
		{"svc 181c", "4306fe70", BT, "mass=102.24", 0, 0, 0},
		{"svc 181c", "a5505d396164", BT, "timestamp=1684093277", 0, 0,
		 0},
		{"svc 181e", "fba435e4d3c312fb0011223357d90a99", BT,
		 "temperature=25.06 humidity=50.55", K1, M1, 0},
		{"svc 181c", "02005623026c070303ff1302014e", BT,
		 "packet=86 temperature=19 humidity=51.19 battery=78", 0, 0, 0},
		{"svc 181e", "8393dba2554cd804beab78cfb300007d6a1cd2", BT,
		 "temperature=9 humidity=50 battery=87", AA, MAA, 0},
		{"svc 181e", "12799444eb3a3fe4b3000059623a29", BT,
		 "power-on=yes voltage=2.799", AA, MAA, 0},
		{"svc 181e", "12799444eb3a3fe4b3000059623a28", BT,
		 "WRONG KEY", AA, MAA, 0},
		/* User Data and Bond Management of the standard */
		{"svc 181c", "", BT, "OTHER", 0, 0, 0},
		{"svc 181e", "01", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* ---- ATC and pvvx */

static void atc_and_pvvx(void **state)
{
	static const struct vector vectors[] = {
		{"hci", "043e1d02010000f4830238c1a41110161a18a4c1380283f400a2"
		 "2f5f0bf819df", BT, "temperature=16.2 humidity=47 battery=95 "
		 "voltage=3.064 packet=25", 0, 0, 0},
		{"hci", "043E2B0D011300004E7CBC38C1A40100FF7FB900000000000000"
		 "00001110161A18A4C138BC7C4E0102284F0B6720", BT,
		 "temperature=25.8 humidity=40 battery=79 voltage=2.919 "
		 "packet=32", 0, 0, 0},
		{"hci", "043e1f02010000f4830238c1a41312161a18f4830238c1a4a906"
		 "6911b60b58f70dde", BT, "temperature=17.05 humidity=44.57 "
		 "voltage=2.998 battery=88 packet=247 input=yes output=no", 0,
		 0, 0},
		{"hci", "043e1b02010000b2188d38c1a40f0e161a1811d603fbfa7b6dfb"
		 "1e26fde2", BT, "packet=17 temperature=23.45 humidity=41.73 "
		 "battery=61 input=no output=no",
		 "b9ea895fac7eea6d30532432a516f3a3", 0, 0},
		{"ad", "12161a18ccbbaa38c1a477078813ca0a500107", BT,
		 "temperature=19.11 humidity=50 voltage=2.762 battery=80 "
		 "packet=1 input=yes output=yes", 0, MAA, 0},
		{"ad", "0e161a18bd9dc54efab5000e8bb807", BT,
		 "packet=189 temperature=19.11 humidity=50 battery=93 "
		 "input=yes output=yes", AA, MAA, 0},
		{"ad", "10161a18a4c138aabbcc00ce33430a6ec3", BT,
		 "temperature=20.6 humidity=51 battery=67 voltage=2.67 "
		 "packet=195", 0, MAA, 0},
		{"ad", "0b161a18bde9b75db856f303", BT,
		 "packet=189 temperature=19 humidity=25 battery=86 output=yes",
		 AA, MAA, 0},
		{"ad", "10161a18a4c138d5d498ffd33e510b7b62", BT,
		 "temperature=-4.5 humidity=62 battery=81 voltage=2.939 "
		 "packet=98", 0, "A4:C1:38:D5:D4:98", 0},
		{"ad", "12161a185601cf38c1a462fdbd13470c64cc0f", BT,
		 "temperature=-6.7 humidity=50.53 voltage=3.143 battery=100 "
		 "packet=204 input=yes output=yes", 0, "A4:C1:38:CF:01:56", 0},
		{"ad", "10161A18A4C138690CFF012728570BA8E20B094154435F3639304"
		 "34646", BT, "temperature=29.5 humidity=40 battery=87 "
		 "voltage=2.984 packet=226", 0, "A4:C1:38:69:0C:FF", 0},
		/* the address inside is another one's */
		{"ad", "10161a18a4c138aabbcc00ce33430a6ec3", BT, "DAMAGED", 0,
		 M1, 0},
		{"ad", "0e161a18bd9dc54efab5000e8bb807", BT, "WRONG KEY", K1,
		 MAA, 0},
		{"ad", "0e161a18bd9dc54efab5000e8bb807", BT, "NO KEY", 0, MAA,
		 0},
		{"ad", "10161a18a4c138aabbcc00ce33430a6ec3", BT,
		 "UNPROTECTED", AA, MAA, 0},
		/* other lengths under this UUID are others' */
		{"ad", "0f161a18a4c138aabbcc00ce33430a6e", BT, "OTHER", 0,
		 MAA, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* ---- Ruuvi */

#define RUUVI "mfr 0499"

static void ruuvi(void **state)
{
	static const struct vector vectors[] = {
		{RUUVI, "03291A1ECE1EFC18F94202CA0B53", BT,
		 "temperature=26.3 humidity=20.5 pressure=102766 "
		 "acceleration-x=-1 acceleration-y=-1.726 acceleration-z=0.714 "
		 "voltage=2.899", 0, 0, 0},
		{RUUVI, "03FF7F63FFFF7FFF7FFF7FFFFFFF", BT,
		 "temperature=127.99 humidity=127.5 pressure=115535 "
		 "acceleration-x=32.767 acceleration-y=32.767 "
		 "acceleration-z=32.767 voltage=65.535", 0, 0, 0},
		{RUUVI, "0300FF6300008001800180010000", BT,
		 "temperature=-127.99 humidity=0 pressure=50000 "
		 "acceleration-x=-32.767 acceleration-y=-32.767 "
		 "acceleration-z=-32.767 voltage=0", 0, 0, 0},
		{RUUVI, "03b28145ca20007a002603d0088f", BT,
		 "temperature=-1.69 humidity=89 pressure=101744 "
		 "acceleration-x=0.122 acceleration-y=0.038 "
		 "acceleration-z=0.976 voltage=2.191", 0, 0, 0},
		{RUUVI, "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F", BT,
		 "temperature=24.3 humidity=53.49 pressure=100044 "
		 "acceleration-x=0.004 acceleration-y=-0.004 "
		 "acceleration-z=1.036 voltage=2.977 tx-power=4 movements=66 "
		 "packet=205", 0, 0, 0},
		{RUUVI, "057FFFFFFEFFFE7FFF7FFF7FFFFFDEFEFFFECBB8334C884F", BT,
		 "temperature=163.835 humidity=163.835 pressure=115534 "
		 "acceleration-x=32.767 acceleration-y=32.767 "
		 "acceleration-z=32.767 voltage=3.646 tx-power=20 "
		 "movements=254 packet=65534", 0, 0, 0},
		{RUUVI, "058001000000008001800180010000000000CBB8334C884F", BT,
		 "temperature=-163.835 humidity=0 pressure=50000 "
		 "acceleration-x=-32.767 acceleration-y=-32.767 "
		 "acceleration-z=-32.767 voltage=1.6 tx-power=-40 movements=0 "
		 "packet=0", 0, 0, 0},
		{RUUVI, "058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF", BT,
		 "NOTHING", 0, 0, 0},
		{RUUVI, "0504dc8939fffffc8001e8ff70813678e99fdd79c68fbda2", BT,
		 "temperature=6.22 humidity=87.8225 acceleration-x=-0.896 "
		 "acceleration-y=0.488 acceleration-z=-0.144 voltage=2.633 "
		 "tx-power=4 movements=120 packet=59807", 0, 0, 0},
		{RUUVI, "0505a060a0c89a8000028cff006376726976dead7b3fefaf", BT,
		 "temperature=7.2 humidity=61.84 pressure=101354 "
		 "acceleration-y=0.652 acceleration-z=-0.256 voltage=2.395 "
		 "tx-power=4 movements=114 packet=26998", 0, 0, 0},
		{"ad", "0201061BFF99040505941A5BC7B1FFE0001C043867366F2497ED4"
		 "DFAE75678", BT, "temperature=7.14 humidity=16.8675 "
		 "pressure=101121 acceleration-x=-0.032 acceleration-y=0.028 "
		 "acceleration-z=1.08 voltage=2.425 tx-power=4 movements=111 "
		 "packet=9367", 0, 0, 0},
		{RUUVI, "06170C5668C79E007000C90501D94ACD004C884F", BT,
		 "temperature=29.5 humidity=55.3 pressure=101102 pm2.5=11.2 "
		 "co2=201 voc-index=10 nox-index=2 illuminance=13026.67 "
		 "packet=205", 0, 0, 0},
		{RUUVI, "06144E40F8C915000602193200A34BBDC0FF00FF", BT,
		 "temperature=25.99 humidity=41.58 pressure=101477 pm2.5=0.6 "
		 "co2=537 voc-index=101 nox-index=1 illuminance=1231.79 "
		 "packet=189", 0, 0, 0},
		{RUUVI, "068000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", BT,
		 "packet=255", 0, 0, 0},
		{RUUVI, "E1170C5668C79E0065007004BD11CA00C90A0213E0AC000000DE"
		 "CDEE110000000000CBB8334C884F", BT,
		 "temperature=29.5 humidity=55.3 pressure=101102 pm1=10.1 "
		 "pm2.5=11.2 pm4=121.3 pm10=455.4 co2=201 voc-index=20 "
		 "nox-index=4 illuminance=13027 packet=14601710", 0, 0, 0},
		{RUUVI, "E18000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		 "FFFFFFFFFFFFFFFFFFFFFFFFFFFF", BT, "NOTHING", 0, 0, 0},
		/* too short, a fraction of 100, another format, a tail */
		{RUUVI, "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C88", BT,
		 "DAMAGED", 0, 0, 0},
		{RUUVI, "03291A64CE1EFC18F94202CA0B53", BT, "DAMAGED", 0, 0,
		 0},
		{RUUVI, "0812", BT, "OTHER", 0, 0, 0},
		{RUUVI, "", BT, "OTHER", 0, 0, 0},
		{RUUVI, "03291A1ECE1EFC18F94202CA0B530000", BT,
		 "temperature=26.3 humidity=20.5 pressure=102766 "
		 "acceleration-x=-1 acceleration-y=-1.726 acceleration-z=0.714 "
		 "voltage=2.899", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* ---- MiBeacon */

#define MI "svc fe95"

static void mibeacon_in_clear(void **state)
{
	static const struct vector vectors[] = {
		{MI, "5020aa01a3bf2e3b342d580d1004b40095020a10013b", BT,
		 "temperature=18 humidity=66.1 battery=59", 0,
		 "58:2D:34:3B:2E:BF", 0},
		{MI, "50305b05034c94b438c1a40d10041001ea01", BT,
		 "temperature=27.2 humidity=49", 0, "A4:C1:38:B4:94:4C", 0},
		{MI, "7120980012f34f6b8d7cc40d041002c400", BT,
		 "temperature=19.6", 0, "C4:7C:8D:6B:4F:F3", 0},
		{MI, "71205d01015d01008d7cc40d081001400910025702", BT,
		 "moisture=64 conductivity=599", 0, "C4:7C:8D:00:01:5D", 0},
		{MI, "7022db006fc16fddf9810009002005c60d630d51", BT,
		 "temperature=35.26 temperature-2=34.27 battery=81", 0,
		 "00:81:F9:DD:6F:C1", 0},
		{MI, "702291030fdbab531824d0090a0002750d07", BT,
		 "temperature=34.45", 0, "D0:24:18:53:AB:DB", 0},
		{MI, "30585b0502483cd438c1a408", BT, "NOTHING", 0,
		 "A4:C1:38:D4:3C:48", 0},
		{MI, "1059db780df4f80238c1a4", BT, "NOTHING", 0,
		 "A4:C1:38:02:F8:F4", 0},
		{MI, "50585b051bccbbaa38c1a40d1004be000002", BT,
		 "temperature=19 humidity=51.2", 0, MAA, 0},
		/* another sender; no object though one is announced; mesh */
		{MI, "50585b051bccbbaa38c1a40d1004be000002", BT, "DAMAGED", 0,
		 M1, 0},
		{MI, "50585b051bccbbaa38c1a40d1004be0000", BT, "DAMAGED", 0,
		 MAA, 0},
		{MI, "d0585b051bccbbaa38c1a40d1004be000002", BT, "OTHER", 0,
		 MAA, 0},
		{MI, "5010", BT, "DAMAGED", 0, 0, 0},
		{"svc fd50", "2000fb0001f464015e", BT,
		 "moisture=32 temperature=25.1 illuminance=500 battery=100 "
		 "conductivity=350", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* What is told when it begins is cleared when it ends; marks are no lux. */
/* The first one is xiaomi-ble's; the others are made from what it says of them. */
static void mibeacon_of_locks_beds_and_brushes(void **state)
{
	static const char me[] = "C0:11:22:33:44:55";
	static const struct vector vectors[] = {
		{MI, "50449e0642918aeb441fd7060005ffffffff00", BT,
		 "key-id=4294967295 fingerprint-event=0", 0,
		 "D7:1F:44:EB:8A:91", 0},
		{MI, "50449e06025544332211c00600050200000005", BT,
		 "key-id=2 fingerprint-event=5", 0, me, 0},
		{MI, "50449e06035544332211c00600050200000009", BT, "key-id=2",
		 0, me, 0},
		{MI, "50449e06045544332211c0060004ffffffff", BT, "NOTHING", 0,
		 me, 0},
		{MI, "50508918055544332211c00330050000000000", BT,
		 "running=yes", 0, me, 0},
		{MI, "50508918065544332211c0033006010000000055", BT,
		 "running=no score=85", 0, me, 0},
		{MI, "50508918075544332211c010580100", BT, "asleep=yes", 0,
		 me, 0},
		{MI, "50508918085544332211c010580101", BT, "asleep=no", 0,
		 me, 0},
		{MI, "50508918095544332211c061640100", BT, "wearing=yes", 0,
		 me, 0},
		{MI, "505089180a5544332211c051480105", BT, "duration=300", 0,
		 me, 0},
		{MI, "505089180b5544332211c052480102", BT, "duration-2=120", 0,
		 me, 0},
		{MI, "505089180c5544332211c03e48043c000000", BT,
		 "duration-2=60", 0, me, 0},
		{MI, "50508918145544332211c01b10042c010000", BT,
		 "idle=300 motion=no", 0, me, 0},
		{MI, "505089180d5544332211c0144c0103", BT, "mode=3", 0, me, 0},
		/* what means something with one model only */
		{MI, "50500f6a0e5544332211c013540101", BT, "occupancy-2=yes",
		 0, me, 0},
		{MI, "505089180f5544332211c013540101", BT, "NOTHING", 0, me, 0},
		{MI, "5050b009105544332211c00f100101", BT, "door=yes", 0, me,
		 0},
		{MI, "50508003115544332211c00e100101", BT,
		 "lock=no child-lock=no", 0, me, 0},
		{MI, "50508003135544332211c00e100108", BT,
		 "lock=yes child-lock=yes", 0, me, 0},
		{MI, "50508918125544332211c00e100101", BT, "NOTHING", 0, me, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

static void mibeacon_states_end(void **state)
{
	static const struct vector vectors[] = {
		{"svc fe95", "50508918015544332211c0124a0101", BT,
		 "opening=yes", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "50508918025544332211c01a4a0101", BT,
		 "opening=yes left-open=yes", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "50508918035544332211c0124a0102", BT,
		 "opening=no left-open=no", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "50508918035544332211c004480102", BT,
		 "opening=no left-open=no", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "50508d0a015544332211c00f0003000100", BT,
		 "motion=yes light=yes", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "50508d0a015544332211c00f0003000000", BT,
		 "motion=yes light=no", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "5050f607015544332211c00f0003640000", BT,
		 "motion=yes light=yes", 0, "C0:11:22:33:44:55", 0},
		{"svc fe95", "5050f607015544332211c00f0003010000", BT,
		 "motion=yes light=no", 0, "C0:11:22:33:44:55", 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* Of locks, toothbrushes, leak sensors and scales: objects in clear, and the
 * values that xiaomi-ble has for them. */
#define OBJECT(product, object) "5050" product "01" "554433221154" object
#define MI_OBJECT(product, object, expected) \
	{"svc fe95", OBJECT(product, object), BT, expected, 0, \
	 "54:11:22:33:44:55", 0}
static void mibeacon_of_others(void **state)
{
	static const struct vector vectors[] = {
		MI_OBJECT("9017", "1000020002", "running=yes"),
		MI_OBJECT("9017", "100002015f", "running=no score=95"),
		MI_OBJECT("7563", "7b480101", "wet-2=yes"),
		MI_OBJECT("7563", "684a0100", "wet=yes"),
		MI_OBJECT("7563", "684a0103", "wet-2=no"),
		MI_OBJECT("7563", "684a0104", "NOTHING"),
		MI_OBJECT("cb4d", "164e0901581b00005d396164", "mass=70"),
		MI_OBJECT("cb4d", "164e0901000000005d396164", "NOTHING"),
		MI_OBJECT("c24f", "166e0901d0a2204e5d396164",
		   "mass=72 heart-rate=70 impedance=500"),
		MI_OBJECT("c24f", "166e09010000004b5d396164",
			  "impedance-2=480"),
		MI_OBJECT("c24f", "166e0901ff0700005d396164", "NOTHING"),
		MI_OBJECT("9e06", "0b000924000000005d396164",
			  "lock-event=4 lock=yes"),
		MI_OBJECT("9e06", "0b000911000000005d396164",
			  "lock-event=1 lock=no"),
		MI_OBJECT("9e06", "0b000913000000005d396164", "lock-event=3"),
		MI_OBJECT("9e06", "0b000916000000005d396164",
			  "lock-event=6 child-lock=yes"),
		MI_OBJECT("9e06", "0b000917000000005d396164",
			  "lock-event=7 child-lock=no"),
		MI_OBJECT("9e06", "07000104",
			  "door=yes left-open=no tamper=yes"),
		MI_OBJECT("9e06", "07000105",
			  "door=no left-open=no problem=yes"),
		MI_OBJECT("9e06", "07000101", "door=no left-open=no tamper=no"),
		MI_OBJECT("9e06", "0f4a0101", "tamper=yes"),
		MI_OBJECT("9e06", "12100101", "power-on=yes"),
		MI_OBJECT("9e06", "22540100", "charging=yes"),
		MI_OBJECT("9e06", "22540102", "charging=no"),
	};

	(void)state;
	RUN_EACH(vectors);
}

static void mibeacon_encrypted(void **state)
{
	static const struct vector vectors[] = {
		{MI, "58585b0550f4830238c1a495ef58763c26000097e2abb5", BT,
		 "humidity=46.7", "e9ea895fac7cca6d30532432a516f3a8",
		 "A4:C1:38:02:83:F4", 0},
		{MI, "48590312a41b776e7c96add7000000f2bf545b", BT,
		 "humidity=45", "b2cf9a553d53571b5657defd582d676e",
		 "2C:11:65:25:70:04", 0},
		{MI, "4858594fef546f0e7450729321010038d74333", BT,
		 "temperature=23.8", "872ea1bb02ba9713e885cb054c537368",
		 "58:2D:34:87:94:0C", 0},
		{MI, "58588b09a3ae2181ecaae40e2c553c040000d28a500c", BT,
		 "opening=yes left-open=yes",
		 "017e52d2684779298709b117c0a75a7b", "E4:AA:EC:81:21:AE", 0},
		{MI, "585989189a67e56638c1a49dd97af3260000c8a60bd5", BT,
		 "opening=yes", "0fdcc30fe9289254876b5ef7c11ef1f0",
		 "A4:C1:38:66:E5:67", 0},
		{MI, "4859eb2ac2fce02ca0b43af2380000a2d9f05f", BT,
		 "illuminance=228 motion=yes",
		 "7475a4a77584401780ffc3ee62dd353c", "A4:C1:38:05:8E:E9", 0},
		{MI, "5859bb3804adb9a538c1a4dc10b50400002c122fb6", BT,
		 "button=yes button-event=1",
		 "a74510b40386d35ae6227a7451efc76e", "A4:C1:38:A5:B9:AD", 0},
		{MI, "59584c3f2012efbe38c1a4bbacc927535b030000004cdc48fd", BT,
		 "duration=7800", "8b72476b60fe2a0b63bf58d588fe4ea1",
		 "A4:C1:38:BE:EF:12", 0},
		{MI, "58585b05f4ccbbaa38c1a413df92a81cb30000acc46fda", BT,
		 "temperature=19", AA, MAA, 0},
		{MI, "58585b05edccbbaa38c1a4de6df074b30000f2ef0e53", BT,
		 "battery=67", AA, MAA, 0},
		{MI, "58598d0a170fc4e044ef547cc27a5c03a1000000790df258", BT,
		 "WRONG KEY", "814aac74c4f17b6c1581e1ab87816b99",
		 "54:EF:44:E0:C4:0F", 0},
		{MI, "58585b05edccbbaa38c1a4de6df074b30000f2ef0e53", BT,
		 "NO KEY", 0, MAA, 0},
		{MI, "50585b051bccbbaa38c1a40d1004be000002", BT,
		 "UNPROTECTED", AA, MAA, 0},
		/* legacy, with the key of twelve bytes */
		{MI, "5830b603d28b98c54124f8c3491476757e00000099", BT,
		 "button=yes button-event=1", "b853075158487ca39a5b5ea9",
		 "F8:24:41:C5:98:8B", 0},
		{MI, "5830b603368b98c54124f88bb8f2661351000000d6", BT,
		 "dimmer=-1", "b853075158487ca39a5b5ea9",
		 "F8:24:41:C5:98:8B", 0},
		{MI, "5830b603d28b98c54124f8c3491476757e00000099", BT,
		 "WRONG KEY", "b853075158487aa39a5b5ea9", "F8:24:41:C5:98:8B",
		 0},
	};
	static const struct vector chain[] = {
		{MI, "58585b05f4ccbbaa38c1a413df92a81cb30000acc46fda", BT,
		 "temperature=19", AA, MAA, 0},
		{MI, "58585b05f4ccbbaa38c1a413df92a81cb30000acc46fda", BT,
		 "REPEATED", AA, MAA, 0},
		{MI, "58585b05edccbbaa38c1a4de6df074b30000f2ef0e53", BT,
		 "REPLAYED", AA, MAA, 0},
	};

	(void)state;
	RUN_EACH(vectors);
	RUN_CHAIN(chain);
}

/* ---- beacons */

static void eddystone_and_ibeacon(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "0201060303aafe1716aafe00e3123456789012346789010000000"
		 "000010000", BT, "tx-power=-29 "
		 "namespace='12345678901234678901' instance='000000000001'", 0,
		 0, 0},
		{"ad", "0303AAFE1316AAFE10F8036769746875620063697472757A", BT,
		 "tx-power=-8 url='https://github.com/citruz'", 0, 0, 0},
		{"ad", "0201060303aafe1116aafe20000b1813000000146700002ac4",
		 BT, "voltage=2.84 temperature=19 advertisements=5223 "
		 "uptime=1094.8", 0, 0, 0},
		{"svc feaa", "20000bfe1c000000070800003e7c", BT,
		 "voltage=3.07 temperature=28 advertisements=1800 "
		 "uptime=1599.6", 0, 0, 0},
		{"ad", "0201060303aafe0d16aafe30e34549445f74657374", BT,
		 "tx-power=-29 ephemeral-id='4549445f74657374'", 0, 0, 0},
		{"hci", "043E2A0201030157168974A5F41E0201060303AAFE1616AAFE10"
		 "EE037275752E76692F23416A7759414D4666CD", BT,
		 "tx-power=-18 url='https://ruu.vi/#AjwYAMFf'", 0, 0, 0},
		{"hci", "043E2A02010001433EA2C96B6A1E02011A1AFF4C000215E2C56D"
		 "B5DFFB48D2B060D0F5A71096E000640000C5B3", BT,
		 "uuid='e2c56db5-dffb-48d2-b060-d0f5a71096e0' major=100 "
		 "minor=0 tx-power=-59", 0, 0, 0},
		{"ad", "0201060303aafe0416aafe01", BT, "OTHER", 0, 0, 0},
		{"svc feaa", "2001000bfe1c0000000708000000003e7c", BT,
		 "NOTHING", 0, 0, 0},
		{"svc feaa", "20000bfe1c00000007080000", BT, "DAMAGED", 0, 0,
		 0},
		{"svc feaa", "10f804", BT, "DAMAGED", 0, 0, 0},
		{"svc feaa", "2000000080000000070800003e7c", BT,
		 "advertisements=1800 uptime=1599.6", 0, 0, 0},
		{"mfr 004c", "1005031c9a2b", BT, "OTHER", 0, 0, 0},
		{"mfr 004c", "0215e2c56db5", BT, "DAMAGED", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* ---- Govee, Inkbird, SwitchBot */

#define GOVEE "mfr ec88"

static void govee(void **state)
{
	static const struct vector vectors[] = {
		{GOVEE, "000341c26400", BT,
		 "temperature=21.3 humidity=44.2 battery=100", 0, 0, 0},
		{GOVEE, "000341c264004c000215494e54454c4c495f524f434b535f4857"
		 "5075f2ffc2", BT, "temperature=21.3 humidity=44.2 battery=100",
		 0, 0, 0},
		{"ad", "0988ec000341c264001aff4c000215494e54454c4c495f524f434"
		 "b535f48575075f2ffc2", BT, "OTHER", 0, 0, 0},
		{GOVEE, "00034db26400", BT,
		 "temperature=21.6 humidity=49.8 battery=100", 0, 0, 0},
		{GOVEE, "00811f096400", BT,
		 "temperature=-7.3 humidity=48.1 battery=100", 0, 0, 0},
		{GOVEE, "00bc00043e27", BT, "DAMAGED", 0, 0, 0},
		{GOVEE, "004a00283b00", BT, "DAMAGED", 0, 0, 0},
		{GOVEE, "00e609bc126402", BT,
		 "temperature=25.34 humidity=47.96 battery=100", 0, 0, 0},
		{GOVEE, "00a0facc176402", BT,
		 "temperature=-13.76 humidity=60.92 battery=100", 0, 0, 0},
		{GOVEE, "00ba0af90f63020101", BT,
		 "temperature=27.46 humidity=40.89 battery=99", 0, 0, 0},
		{GOVEE, "00210ab61218c80001", BT,
		 "temperature=25.93 humidity=47.9 battery=24", 0, 0, 0},
		{"mfr 0001", "010103b31464", DECODE_GOVEE,
		 "temperature=24.2 humidity=45.2 battery=100", 0, 0,
		 "GVH5101_1234"},
		{"mfr 0001", "010103465464", BT,
		 "temperature=21.4 humidity=61.2 battery=100", 0, 0,
		 "GVH5100_1234"},
		{"mfr 0001", "01010203d95e", DECODE_GOVEE,
		 "temperature=13.2 humidity=5.7 battery=94", 0, 0,
		 "GVH5102_1234"},
		{"mfr 0001", "010103c730e40000", DECODE_GOVEE, "DAMAGED", 0,
		 0, "GVH5108_1234"},
		{"mfr 8801", "ec0001010a0aa40664", BT,
		 "temperature=25.7 humidity=17 battery=100", 0, 0, 0},
		{"mfr 0001", "01010ed13298", BT,
		 "temperature=24.8 humidity=59.1 pm2.5=0", 0, 0,
		 "GVH5106_1234"},
		{"mfr 0001", "010181867cd8", BT,
		 "temperature=-2.5 humidity=59.1 pm2.5=0", 0, 0,
		 "GVH5106_1234"},
		{"mfr 0001", "0101010003e7e40001", DECODE_GOVEE, "DAMAGED", 0,
		 0, 0},
		{"mfr 0001", "01010cb9148c", BT,
		 "temperature=21.3 humidity=45.6 pm2.5=12", 0, 0,
		 "GVH5106_1234"},
		/* the same length is another layout: nothing is guessed */
		{"mfr 0001", "01010ed2e431", DECODE_GOVEE, "NO MODEL", 0, 0,
		 0},
		{"mfr 0001", "010103612f02e600", DECODE_GOVEE, "NO MODEL", 0,
		 0, 0},
		{"mfr 0001", "010103612f02e600", BT,
		 "temperature=22.1 humidity=48.7 co2=742", 0, 0,
		 "GV51404045"},
		{"mfr 0001", "010103612f02e680", BT, "DAMAGED", 0, 0,
		 "GVH5140_4045"},
		{"mfr 0001", "0101000322586400" "03", DECODE_GOVEE,
		 "channel=0 temperature=20.5 humidity=40 battery=100", 0, 0,
		 0},
		{"mfr 0001", "01010100f98864000" "3", BT,
		 "channel=1 temperature-2=6.3 humidity-2=88 battery-2=100", 0,
		 0, "B5178D6FB"},
		{"mfr 0001", "0101033d70640041", BT,
		 "channel=0 temperature=21.2 humidity=33.6 battery=100", 0, 0,
		 "GV51124045"},
		{"mfr 0001", "0101033d70640082", BT,
		 "channel=1 temperature-2=21.2 battery=100", 0, 0,
		 "GV51124045"},
		{"mfr 0001", "0101033d70640003", BT, "DAMAGED", 0, 0,
		 "GV51124045"},
		/* a light of Govee's */
		{"mfr 0001", "010103b31464", BT, "OTHER", 0, 0,
		 "GVH6127_1234"},
		/* Nokia's company, and nothing else that speaks for Govee */
		{"mfr 0001", "010103b31464", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The name that came before, or that the site gives, says whose layout it is. */
static void a_name_is_remembered(void **state)
{
	static const struct vector chain[] = {
		{"mfr 0001", "01010cb9148c", DECODE_GOVEE, "NO MODEL", 0, 0,
		 0},
		{"ad", "0d09475648353130365f31323334", DECODE_GOVEE, "OTHER",
		 0, 0, 0},
		{"mfr 0001", "01010cb9148c", DECODE_GOVEE,
		 "temperature=21.3 humidity=45.6 pm2.5=12", 0, 0, 0},
	};
	static const struct vector meter[] = {
		{"mfr 0969", "d7c17d5deb43de03069835", BT, "OTHER", 0, 0, 0},
		{"svc fd3d", "5400e4", BT, "battery=100", 0, 0, 0},
		{"mfr 0969", "d7c17d5deb43de03069835", BT,
		 "temperature=24.6 humidity=53", 0, 0, 0},
	};
	struct decode_device device = {0};

	(void)state;
	RUN_CHAIN(chain);
	RUN_CHAIN(meter);
	decode_variant(&device, "H5106");
	run(&chain[2], &device, SECOND);
	decode_variant(&device, "T");
	assert_string_equal(device.identity.name, "H5106");
	assert_int_equal(device.identity.model, 'T');
}

static void inkbird(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "0aff" "fc07c71200c83d5606" , DECODE_INKBIRD,
		 "temperature=20.44 humidity=48.07 external-probe=no "
		 "battery=86", 0, 0, 0},
		{"ad", "0aff" "c80884140088996406", DECODE_INKBIRD,
		 "temperature=22.48 humidity=52.52 external-probe=no "
		 "battery=100", 0, 0, 0},
		{"ad", "0aff" "4808000000c66e0d06", DECODE_INKBIRD,
		 "temperature=21.2 external-probe=no battery=13", 0, 0, 0},
		{"ad", "0aff" "abf91b1e0048e33708", DECODE_INKBIRD,
		 "temperature=-16.21 humidity=77.07 external-probe=no "
		 "battery=55", 0, 0, 0},
		{"ad", "0aff" "f009fe1301ca893008", DECODE_INKBIRD,
		 "temperature=25.44 humidity=51.18 external-probe=yes "
		 "battery=48", 0, 0, 0},
		{"ad", "0aff" "e300bb070093c36406", DECODE_INKBIRD,
		 "temperature=2.27 humidity=19.79 external-probe=no "
		 "battery=100", 0, 0, 0},
		{"ad", "0aff" "840affff00a6066008", DECODE_INKBIRD,
		 "temperature=26.92 external-probe=no battery=96", 0, 0, 0},
		{"ad", "0201060302f0ff0aff980800000007bc00080affc000000000267"
		 "10008", DECODE_INKBIRD, "temperature=1.92 "
		 "external-probe=no battery=0", 0, 0, 0},
		{"ad", "0201060302f0ff0aff980800000007bc00080affc008000000267"
		 "10008", BT, "temperature=22.4 external-probe=no battery=0",
		 0, 0, "sps"},
		{"mfr 2449", "24111800656e0100005f00000100000000", BT, "OTHER",
		 0, 0, 0},
		{"ad", "13ff4924" "11180065" "6e01" "0000" "5f"
		 "00000100000000", BT, "temperature=36.6 battery=95", 0, 0,
		 0},
		{"ad", "0aff" "fc07c71200c83d5606", BT, "OTHER", 0, 0, 0},
		/* iBBQ: the service and the address tell it */
		{"ad", "0201060303f0ff13ff00000000c011223344550401fa000401fa00",
		 BT, "temperature=26 temperature-2=25 temperature-3=26 "
		 "temperature-4=25", 0, "C0:11:22:33:44:55", 0},
		{"ad", "0303f0ff13ff00000000c01122334455f6fffa00fefffa00", BT,
		 "temperature-2=25 temperature-3=-0.2 temperature-4=25", 0,
		 "C0:11:22:33:44:55", 0},
		{"ad", "0303f0ff0fff01000000c0112233445514011101050978424251",
		 BT, "temperature=27.6 temperature-2=27.3", 0,
		 "C0:11:22:33:44:55", 0},
		{"ad", "0303f0ff0fff01000000c011223344551401ffff050978424251",
		 BT, "temperature=27.6", 0, "C0:00:00:00:00:00", 0},
		{"ad", "0303f0ff0fff01000000c0112233445514011101", BT, "OTHER",
		 0, "C0:00:00:00:00:00", 0},
		{"ad", "09ff" "fc07c71200c83d56", DECODE_INKBIRD, "DAMAGED",
		 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The packets and values of qingping-ble's tests. */
static void qingping(void **state)
{
	static const struct vector vectors[] = {
		{"svc fdcd", "080c344d56342d5801042001b201020164", BT,
		 "temperature=28.8 humidity=43.4 battery=100", 0, 0, 0},
		{"svc fdcd", "880ed6888fe6485401040301160212040200020013022502",
		 BT, "temperature=25.9 humidity=53.4 pm2.5=2 pm10=2 co2=549",
		 0, 0, 0},
		{"svc fdcd", "8818072240342d5801041801cd0002016107027327", BT,
		 "temperature=28 humidity=20.5 battery=97 pressure=100990",
		 0, 0, 0},
		{"svc fdcd", "c8044d3a40342d580401010f01ef", BT,
		 "opening=no left-open=no packet=239", 0, 0, 0},
		{"svc fdcd", "c8044d3a40342d580401020f01f0", BT,
		 "opening=yes left-open=yes packet=240", 0, 0, 0},
		{"svc fdcd", "0812cdd560342d580201640f019809043c010000", BT,
		 "battery=100 packet=152 illuminance=316", 0, 0, 0},
		/* of an event the light is none */
		{"svc fdcd", "4812cdd560342d580804012d01000f01b7", BT,
		 "motion=yes packet=183", 0, 0, 0},
		{"svc fdcd", "0a5d931d86342d5801041701ce01020164" "1302b302",
		 DECODE_QINGPING,
		 "temperature=27.9 humidity=46.2 battery=100 co2=691", 0, 0,
		 0},
		/* a battery of 255: the mains */
		{"svc fdcd", "0a5d931d86342d580201ff", BT, "NOTHING", 0, 0, 0},
		{"svc fdcd", "0a5d931d86342d5801041701", BT, "DAMAGED", 0, 0,
		 0},
		{"svc fdcd", "0a5d931d8634", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The packets of thermobeacon-ble's tests, and its values; the percentage that
 * it makes of the voltage is left out. */
#define LISTED "0303f0ff" "15ff"
static void thermobeacon(void **state)
{
	static const struct vector vectors[] = {
		{"ad", LISTED "100000009c0d0000fe44450cc501870217000000", BT,
		 "temperature=28.3125 humidity=40.4375 voltage=3.141 input=no",
		 0, 0, 0},
		{"ad", LISTED "300000008b0100005d44d60b5901590344000c00", BT,
		 "temperature=21.5625 humidity=53.5625 voltage=3.03 input=no",
		 0, 0, 0},
		{"ad", LISTED "1b000080832c0000d063820c6f01730205230000", BT,
		 "temperature=22.9375 humidity=39.1875 voltage=3.202 input=yes",
		 0, 0, 0},
		/* its own address, as Inkbird's iBBQ has it there */
		{"ad", LISTED "11000080a5808fe64854cc0977043300090a920c", BT,
		 "temperature=71.4375 humidity=3.1875 voltage=2.508 input=yes",
		 0, "54:48:E6:8F:80:A5", 0},
		/* not of a model, a page of another length, not listed */
		{"ad", LISTED "120000009c0d0000fe44450cc501870217000000", BT,
		 "OTHER", 0, 0, 0},
		{"ad", "0303f0ff" "17ff" "15000000f0050000d76ebe016500"
		 "0000a70100000000", BT, "OTHER", 0, 0, 0},
		{"ad", "15ff" "100000009c0d0000fe44450cc501870217000000", BT,
		 "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The packets of oralb-ble's tests, and its values. */
static void oralb(void **state)
{
	static const struct vector vectors[] = {
		{"mfr 00dc", "0201080300000001010004", BT, "running=yes "
		 "state=3 duration=0 mode=1 sector=1 problem=no", 0, 0, 0},
		{"mfr 00dc", "03220c03c0013007043c04", BT, "running=yes "
		 "state=3 duration=108 mode=7 sector=4 problem=yes", 0, 0, 0},
		{"mfr 00dc", "010205030000080401", BT, "running=yes state=3 "
		 "duration=8 mode=4 sector=1 problem=no", 0, 0, 0},
		{"mfr 00dc", "0631190872000000070000", BT, "running=no "
		 "state=8 duration=0 mode=0 sector=0 problem=no", 0, 0, 0},
		/* a button is pressed: nothing of the pressure */
		{"mfr 00dc", "07340c0338000002010004", BT, "running=yes "
		 "state=3 duration=0 mode=2 sector=1", 0, 0, 0},
		{"mfr 00dc", "02010803000000010100", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The packets of Home Assistant's tests of its integration, and its values. */
static void aranet(void **state)
{
	static const struct vector vectors[] = {
		{"mfr 0702", "21000201000000018a02a501b12622590" "12c01e80088",
		 BT, "co2=650 temperature=21.05 pressure=99050 humidity=34 "
		 "battery=89", 0, 0, 0},
		{"mfr 0702", "0121040401000000" "0000f00100000c02004f003c0001"
		 "0080", BT, "temperature=24.8 humidity=52.4 battery=79", 0, 0,
		 0},
		{"mfr 0702", "0221260401" "00602d0000089805006e000064002c01fd"
		 "00c7", BT, "dose=11616 duration=366600 dose-rate=110 "
		 "battery=100", 0, 0, 0},
		{"mfr 0702", "0321040601000000" "0700fe01c927ce0100640158" "02"
		 "f60108", BT, "radon=7 temperature=25.5 pressure=101850 "
		 "humidity=46.2 battery=100", 0, 0, 0},
		/* it calibrates: no value; and it is not to tell them */
		{"mfr 0702", "21000201000000010080" "0040008022590" "12c01e8008"
		 "8", BT, "humidity=34 battery=89", 0, 0, 0},
		{"mfr 0702", "01000201000000", BT, "NOTHING", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* A packet as in theengs' and ble_monitor's tests: 28131 Pa, 27.9 Cel. */
static void tyres(void **state)
{
	static const struct vector vectors[] = {
		{"mfr 0100", "80eaca108a78e36d0000e60a00005b00", BT,
		 "pressure=28131 temperature=27.9 battery=91 problem=no", 0, 0,
		 0},
		{"mfr 0100", "83eaca108a780000000038ffffff5b01", BT,
		 "pressure=0 temperature=-2 battery=91 problem=yes", 0, 0, 0},
		{"mfr 0100", "84eaca108a78e36d0000e60a00005b00", BT, "OTHER",
		 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The values are mopeka-iot-ble's. */
static void mopeka(void **state)
{
#define MOPEKA "0303e5fe" "0dff5900"
	static const struct vector vectors[] = {
		{"ad", MOPEKA "087043b6c3e0f509fae3", BT, "voltage=3.5 "
		 "temperature=27 quality=3 level=0.341 input=no", 0, 0, 0},
		{"ad", MOPEKA "0370c3b603e0f509fae3", BT, "voltage=3.5 "
		 "temperature=27 quality=0 input=yes", 0, 0, 0},
		/* water: 950 x (0.600592 + 0.003124 x 67 - 0.00001368 x 67^2)*/
		{"ad", MOPEKA "057043b6c3e0f509fae3", DECODE_MOPEKA,
		 "voltage=3.5 temperature=27 quality=3 level=0.711 input=no",
		 0, 0, "water"},
		{"mfr 0059", "087043b6c3e0f509fae3", BT, "OTHER", 0, 0, 0},
		{"ad", MOPEKA "077043b6c3e0f509fae3", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The values are tilt-ble's, in degrees Celsius. */
static void tilt(void **state)
{
	static const struct vector vectors[] = {
		{"mfr 004c", "0215a495bb30c5b14b44b5121370f02d74de004403fbc5",
		 BT, "temperature=20 gravity=1.019", 0, 0, 0},
		{"mfr 004c", "0215a495bb40c5b14b44b5121370f02d74de02a827b0c5",
		 BT, "temperature=20 gravity=1.016", 0, 0, 0},
		{"mfr 004c", "0215a495bb90c5b14b44b5121370f02d74de004403fbc5",
		 BT, "uuid='a495bb90-c5b1-4b44-b512-1370f02d74de' major=68 "
		 "minor=1019 tx-power=-59", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The first two packets of victron-ble's tests; the others sealed here. The
 * values are victron-ble's. */
#define VK "aff4d0995b7d1e176c0c33ecb9e70dcd"
#define VIC(hex, expected) {"mfr 02e1", hex, BT, expected, VK, 0, 0}
static void victron(void **state)
{
	static const struct vector vectors[] = {
		VIC("100289a302b040af925d09a4d89aa0128bdef48c6298a9",
		    "voltage=12.53 alarm=0 current=0 consumed=50 charge=50"),
		{"mfr 02e1", "100242a0016207adceb37b605d7e0ee21b24df5c", BT,
		 "state=4 error=0 voltage=13.88 current=1.4 energy=0.03 "
		 "power=19 current-2=0", "adeccb947395801a4dd45a2eaa44bf17",
		 0, 0},
		VIC("1002e0a304d204af04d426b764662bc18d8d",
		    "state=3 error=0 voltage=14.12 voltage-2=13.76"),
		VIC("1002e0a305d204af16d446b2e0636d625ce5484cb3e279be",
		    "alarm=17 error=0 voltage=13.25 temperature=22"),
		VIC("1002e0a303d204af0ed446d6eaa12a2254877c", "state=9 alarm=0 "
		    "voltage=26.6 apparent-power=450 voltage-2=230.11 "
		    "current-2=2.1"),
		VIC("1002e0a308d204af02d422d7e99cd43e7272831538",
		    "state=5 error=0 voltage=13.8 current=7.5 temperature=27 "
		    "current-4=1.2"),
		VIC("1002e0a30fd204af03d4d1b71c6303c4918c7c563ecf",
		    "state=4 error=0 voltage=14.31 current=25.2 voltage-2=13.2"
		    " current-2=28.4"),
		VIC("1002e0a30cd204af04d48f4dd429a33e8a997c1712",
		    "state=3 error=0 current=-5.5 voltage=26.12 power=-120 "
		    "power-2=640 temperature=25 charge=88"),
		VIC("1002e0a309d204af06d546b2e0632beb88aa79563ecf7c",
		    "state=1 error=0 alarm=0 voltage=13.22 voltage-2=13.19"),
		VIC("1002e0a30ad204af07f847edeae6d4c18d8d7cfa43c27cbd",
		    "error=0 remaining=18000 voltage=26.55 current=-12.3 "
		    "alarm=0 charge=87.5 consumed=21.5 temperature=21"),
		VIC("1002e0a30dd204affa2bf9b6e06384b2b73383",
		    "voltage=12.15 alarm=0 current=-4.21 temperature=23"),
		VIC("1002e0a302d204aff82ba3b6e26320c41d6583a23f3f43",
		    "voltage=12.53 alarm=2 current=-1.5 consumed=50 "
		    "voltage-2=12.91"),
		VIC("1002e0a307d204aff82ba3b6e26320c41d6583a23f3f43",
		    "OTHER"),
		VIC("1002e0a302d204aef82ba3b6e26320c41d6583a23f3f43",
		    "WRONG KEY"),
		{"mfr 02e1", "1002e0a302d204aff82ba3b6e26320c41d6583a23f3f43",
		 BT, "NO KEY", 0, 0, 0},
		VIC("1002e0a302d204af", "OTHER"),
	};

	(void)state;
	RUN_EACH(vectors);
}

/* Sealed as Govee does; the values are govee-ble's. */
#define SEALED "aaf10011a2b3"
static void govee_sealed(void **state)
{
	static const struct vector vectors[] = {
		{"mfr ef88", SEALED "bb5b4d1c7761cf9021d1e97620364b5a05dd", BT,
		 "motion=yes battery=100", 0, 0, 0},
		{"mfr ef88", SEALED "c179220a90d2c0983b8e6c26b87902a8fd37", BT,
		 "button=yes button-event=1 battery=100", 0, 0, 0},
		{"mfr ef88", SEALED "92f653314f3afc4a379afe3716f00756fcb5", BT,
		 "window=yes battery=100", 0, 0, 0},
		{"mfr ef88", SEALED "4bd00ab2e7292aeb9ebb532fb65e3b602496", BT,
		 "window=no battery=100", 0, 0, 0},
		{"mfr ef88", SEALED "b52654a91b629e93d1ee40d63090db90b7ea", BT,
		 "vibration=yes battery=100", 0, 0, 0},
		{"mfr ef88", SEALED "410b9a67e80e40f5fd6241c3aa94475dd796", BT,
		 "button-4=yes button-event-4=1 battery=100", 0, 0, 0},
		{"mfr ef88", SEALED "ea7138aaa4aa80b747e59be1f7661eece9d3", BT,
		 "button=yes button-event=1 presence=yes battery=100", 0, 0,
		 0},
		/* one bit of it */
		{"mfr ef88", SEALED "ea7138aaa4aa80b747e59be1f7661eece9d2", BT,
		 "OTHER", 0, 0, 0},
		{"mfr 8843", "ec0002010111", BT, "occupancy=yes motion=yes", 0,
		 0, 0},
		{"mfr 8803", "ec0001010000", BT, "occupancy=no motion=no", 0,
		 0, 0},
		{"mfr 8843", "ec0003010111", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The values are govee-ble's, but that a probe that is not there has none. */
static void govee_grills(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "03035181" "11ff1111" "0000000000000100083417700000",
		 BT, "temperature=21", 0, 0, 0},
		{"ad", "03035182" "14ff1111"
		 "00000000000001000834177000092effff", BT,
		 "temperature=21 temperature-2=23.5", 0, 0, 0},
		{"ad", "03035184" "14ff1111"
		 "00000000000042000834177000092effff", BT,
		 "temperature-3=21 temperature-4=23.5", 0, 0, 0},
		{"ad", "03035184" "14ff1111"
		 "00000000000043000834177000092effff", BT, "DAMAGED", 0, 0, 0},
		{"mfr 1111", "0000000000004200083417700000ffff00000000", BT,
		 "temperature=21", 0, 0, "GVH5185_1234"},
		{"ad", "03035191" "17ff1111"
		 "00000000000042000834177000000a2800000000", BT,
		 "temperature=21 temperature-2=26", 0, 0, 0},
		{"ad", "03035198" "17ff1111"
		 "00000000000082000834177000000a2800000000", BT,
		 "temperature-3=21 temperature-4=26", 0, 0, 0},
		{"ad", "03035055" "17ff1111"
		 "0000644c00160014003c0000180014003c000000", BT,
		 "temperature-3=22 temperature-4=24 battery=100", 0, 0, 0},
		{"ad", "03035055" "17ff1111"
		 "0000649000160014003c0000180014003c000000", BT,
		 "temperature-5=22 battery=100", 0, 0, 0},
		{"mfr 1111", "0000000000000100083417700000", BT, "OTHER", 0, 0,
		 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The values are inkbird-ble's. */
static void inkbird_air(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "12ff" "5432006200a1a2a30000011401f70233ff", BT,
		 "temperature=27.6 humidity=50.3 co2=563", 0, 0, 0},
		{"ad", "12ff" "5432006200a1a2a300020246" "01f7023391", BT,
		 "temperature=14.5555555556 humidity=50.3 co2=563", 0, 0, 0},
		{"ad", "12ff" "5432006200a1a2a30000ffce" "01f7023391", BT,
		 "temperature=-5 humidity=50.3 co2=563", 0, 0, 0},
		{"ad", "12ff" "5432006200a1a2a30000ffce" "ffff023391", BT,
		 "DAMAGED", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The values are thermopro-ble's. */
static void thermopro(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "07ffc2fb002f022c", BT,
		 "temperature=25.1 humidity=47 battery=100", 0, 0,
		 "TP357 (2142)"},
		{"ad", "07ffc2e7ff2f012c", BT,
		 "temperature=-2.5 humidity=47 battery=50", 0, 0,
		 "TP357S (2142)"},
		{"ad", "07ffc2e7ff2f002c", BT,
		 "temperature=-2.5 humidity=47 battery=1", 0, 0,
		 "TP393 (2142)"},
		{"ad", "07ffc2e7ff2f032c", BT, "temperature=-2.5 humidity=47",
		 0, 0, "TP359 (2142)"},
		{"ad", "07ffc2fb0065022c", BT, "DAMAGED", 0, 0,
		 "TP357 (2142)"},
		{"ad", "07ffc2fb002f022c", BT, "OTHER", 0, 0, 0},
		{"ad", "07ffc2fb002f022c", DECODE_THERMOPRO, "NO MODEL", 0, 0,
		 0},
		{"ad", "05ffc2fb002f", BT, "OTHER", 0, 0, "TP357 (2142)"},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* The values are xiaomi-ble's. */
static void scales(void **state)
{
	static const struct vector vectors[] = {
		{"svc 181d", "22163ce4070303001300", BT, "mass=76.91", 0, 0,
		 0},
		{"svc 181d", "23163ce407030300130b", BT, "mass=69.77", 0, 0,
		 0},
		/* it moves; it was taken off */
		{"svc 181d", "02163ce4070303001300", BT, "NOTHING", 0, 0, 0},
		{"svc 181d", "a2163ce407030300130b", BT, "NOTHING", 0, 0, 0},
		{"svc 181b", "0266b20706150f1c0dbf01624a", BT,
		 "mass=95.21 impedance=447", 0, 0, 0},
		{"svc 181b", "0324b20706150f1c0dbf01624a", BT, "mass=86.37",
		 0, 0, 0},
		{"svc 181b", "0226b20706150f1c0dfdff624a", BT, "mass=95.21",
		 0, 0, 0},
		{"svc 181b", "02a6e20706150f1c0dbf01624a", BT, "NOTHING", 0,
		 0, 0},
		/* the standard's own services */
		{"svc 181d", "22163c", BT, "OTHER", 0, 0, 0},
		{"svc 181b", "0266", BT, "OTHER", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

static void switchbot(void **state)
{
	static const struct vector vectors[] = {
		{"ad", "0916" "3dfd" "5400e4069835" "0eff" "6909"
		 "d7c17d5deb43de03069835", BT,
		 "temperature=24.6 humidity=53 battery=100", 0, 0, 0},
		{"svc fd3d", "540054459938", BT,
		 "temperature=25.5 humidity=56 battery=84", 0, 0, 0},
		{"svc fd3d", "6900ba031938", BT,
		 "temperature=-25.3 humidity=56 battery=58", 0, 0, 0},
		{"ad", "0616" "3dfd" "770041" "0fff" "6909"
		 "aabbccddeeffe30f090f2a00", BT,
		 "temperature=-15.9 humidity=42 battery=65", 0, 0, 0},
		{"ad", "0616" "3dfd" "340064" "10ff" "6909"
		 "b0e9fe52dd84066408972c0005", BT,
		 "temperature=23.8 humidity=44 battery=100", 0, 0, 0},
		{"ad", "0616" "3dfd" "350064" "13ff" "6909"
		 "b0e9fe543215b7e4079ba4003702d500", BT,
		 "temperature=27.7 humidity=36 co2=725 battery=100", 0, 0, 0},
		{"ad", "0616" "3dfd" "150064" "13ff" "6909"
		 "b0e9fe543215b7e4079ba40037ffff00", BT,
		 "temperature=27.7 humidity=36 battery=100", 0, 0, 0},
		{"ad", "0616" "3dfd" "140064" "10ff" "6909"
		 "b0e9fe52dd84066408972c0005", BT,
		 "temperature=23.8 humidity=44 battery=100", 0, 0, 0},
		/* contact, motion, Hub 2: the values are pySwitchbot's */
		{"svc fd3d", "640064050001000000", BT, "opening=yes "
		 "left-open=yes motion=no light=yes battery=100", 0, 0, 0},
		{"svc fd3d", "644064020001000000", BT, "opening=yes "
		 "left-open=no motion=yes light=no battery=100", 0, 0, 0},
		{"svc fd3d", "640064000001000000", BT, "opening=no "
		 "left-open=no motion=no light=no battery=100", 0, 0, 0},
		{"svc fd3d", "640064", BT, "DAMAGED", 0, 0, 0},
		/* newer ones tell it in the advertisement itself */
		{"ad", "0616" "3dfd" "640064" "10ff" "6909"
		 "c0112233445501900000000001", BT, "battery=100 opening=yes "
		 "left-open=no motion=yes light=no", 0, 0, 0},
		{"ad", "0616" "3dfd" "640064" "10ff" "6909"
		 "c0112233445501600000000001", BT, "battery=100 opening=yes "
		 "left-open=yes motion=no light=yes", 0, 0, 0},
		{"ad", "0616" "3dfd" "640064" "10ff" "6909"
		 "c0112233445501000000000001", BT, "battery=100 opening=no "
		 "left-open=no motion=no light=no", 0, 0, 0},
		{"ad", "0616" "3dfd" "730064" "0bff" "6909"
		 "c01122334455014" "0", BT, "motion=yes light=no battery=100",
		 0, 0, 0},
		{"ad", "0616" "3dfd" "730064" "0bff" "6909"
		 "c01122334455012" "0", BT, "motion=no light=yes battery=100",
		 0, 0, 0},
		{"svc fd3d", "7340e4010202", BT,
		 "motion=yes light=yes battery=100", 0, 0, 0},
		{"svc fd3d", "732080e40101", BT, "motion=no light=no", 0, 0,
		 0},
		{"ad", "0616" "3dfd" "760064" "17ff" "6909"
		 "c0112233445581abffff00010203049963352d00", BT,
		 "temperature=-4.3 humidity=25 light-level=2", 0, 0, 0},
		{"ad", "0616" "3dfd" "760064" "0eff" "6909"
		 "c0112233445581abffff00", BT, "DAMAGED", 0, 0, 0},
		/* leak and plug: the values are pySwitchbot's */
		{"ad", "0616" "3dfd" "260064" "0cff" "6909"
		 "c4407750fd152be401", BT, "wet=yes tamper=no battery-low=yes "
		 "battery=100", 0, 0, 0},
		{"ad", "0616" "3dfd" "260064" "0cff" "6909"
		 "c4407750fd152b4d02", BT, "wet=no tamper=yes battery-low=no "
		 "battery=77", 0, 0, 0},
		{"ad", "0616" "3dfd" "260064" "0bff" "6909"
		 "c4407750fd152b4d", BT, "DAMAGED", 0, 0, 0},
		{"ad", "0616" "3dfd" "678000" "0fff" "6909"
		 "6055f93e4c1a0f80009b00f5", BT, "power-on=yes power=24.5", 0,
		 0, 0},
		{"ad", "0616" "3dfd" "6a8000" "0fff" "6909"
		 "6055f93e4c1a0f00009b8bb8", BT, "power-on=no power=300", 0,
		 0, 0},
		/* of any of SwitchBot's devices */
		{"mfr 0969", "b0e9fe543215b7e4079ba4003702d500",
		 DECODE_SWITCHBOT, "NO MODEL", 0, 0, 0},
		{"ad", "0201060EFF6909C4F92675DF22DC030096A909163DFD690064009"
		 "6A9", BT, "temperature=22 humidity=41 battery=100", 0, 0, 0},
		{"svc fd3d", "540000000000", BT, "NOTHING", 0, 0, 0},
		{"mfr 0969", "b0e9fe543215b7e4079ba4", BT, "OTHER", 0, 0, 0},
		{"svc fd3d", "4800", BT, "OTHER", 0, 0, 0},
		{"ad", "0616" "3dfd" "480064" "0eff" "6909"
		 "d7c17d5deb43de03069835", DECODE_SWITCHBOT, "OTHER", 0, 0, 0},
		{"svc fd3d", "5400", BT, "DAMAGED", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

static void standard_service_data(void **state)
{
	static const struct vector vectors[] = {
		{"svc 180f", "5a", BT, "battery=90", 0, 0, 0},
		{"svc 2a6e", "6408", BT, "temperature=21.48", 0, 0, 0},
		{"svc 2a6e", "18fc", BT, "temperature=-10", 0, 0, 0},
		{"svc 2a6e", "0080", BT, "NOTHING", 0, 0, 0},
		{"svc 2a6e", "ff7f", BT, "NOTHING", 0, 0, 0},
		{"svc 2a6e", "0081", BT, "NOTHING", 0, 0, 0},
		{"svc 2a6e", "64", BT, "DAMAGED", 0, 0, 0},
		{"svc 2a6f", "8813", BT, "humidity=50", 0, 0, 0},
		{"svc 2a6f", "ffff", BT, "NOTHING", 0, 0, 0},
		{"svc 2a6d", "02760f00", BT, "pressure=101325", 0, 0, 0},
		{"svc 2afb", "102700", BT, "illuminance=100", 0, 0, 0},
		{"svc 2a6c", "50c300", BT, "altitude=500", 0, 0, 0},
		{"svc 2b8c", "9001", BT, "co2=400", 0, 0, 0},
		{"svc 2b8c", "feff", BT, "NOTHING", 0, 0, 0},
		{"svc 2bd5", "7200", BT, "concentration=114", 0, 0, 0},
		{"svc 2bd5", "76b0", BT, "concentration=0.00118", 0, 0, 0},
		{"svc 2bd5", "ff07", BT, "NOTHING", 0, 0, 0},
		{"svc 180f", "65", BT, "NOTHING", 0, 0, 0},
	};

	(void)state;
	RUN_EACH(vectors);
}

/* No prefix of any packet, and no changed byte, is read past its end or makes
 * a value of an encrypted one. */
static void nothing_comes_of_damage(void **state)
{
	static const char full[] =
		"0e16d2fc41e445f3c9962b332211006c7c4519";
	uint8_t whole[32], key[16];
	size_t n = hex_read(full, whole, sizeof(whole));
	struct decode_device device = {.key = key, .n_key = 16};
	struct advertisement adv = {.data = NULL};
	struct readings readings;
	const struct decoder *by;

	(void)state;
	hex_read(K1, key, sizeof(key));
	address_read(M1, adv.address);
	whole[0] = (uint8_t)(n - 1);
	for (size_t i = 0; i < n * 8; i++) {
		uint8_t *copy = malloc(n);
		enum decode_result result;

		memcpy(copy, whole, n);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		adv.data = copy;
		adv.n = n;
		result = decode(DECODE_BTHOME, &adv, &device, SECOND,
				&readings, &by);
		assert_true(result != DECODED_VALUES);
		free(copy);
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = malloc(i ? i : 1);

		memcpy(copy, whole, i);
		adv.data = copy;
		adv.n = i;
		assert_true(decode(DECODE_BTHOME, &adv, &device, SECOND,
				   &readings, &by) != DECODED_VALUES);
		free(copy);
	}
	assert_false(device.counter.known);
}

static void fields_have_names(void **state)
{
	unsigned index;

	(void)state;
	assert_int_equal(field_find("temperature", &index), FIELD_TEMPERATURE);
	assert_int_equal(index, 0);
	assert_int_equal(field_find("temperature-2", &index),
			 FIELD_TEMPERATURE);
	assert_int_equal(index, 1);
	assert_int_equal(field_find("pm2.5", &index), FIELD_PM2_5);
	assert_int_equal(field_find("pm1", &index), FIELD_PM1);
	assert_int_equal(index, 0);
	assert_int_equal(field_find("temperature-0", &index), -1);
	assert_int_equal(field_find("temperature-256", &index), -1);
	assert_int_equal(field_find("temp", &index), -1);
	assert_int_equal(field_find("", &index), -1);
	for (unsigned i = 0; i < FIELDS; i++)
		assert_int_equal(field_find(field_name(i), &index), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bthome_knows_all_objects),
		cmocka_unit_test(bthome_in_clear),
		cmocka_unit_test(bthome_encrypted),
		cmocka_unit_test(bthome_refuses_what_it_has_heard),
		cmocka_unit_test(bthome_begins_anew_only_after_a_pause),
		cmocka_unit_test(bthome_is_not_moved_by_a_wrong_tag),
		cmocka_unit_test(a_counter_can_begin_anew),
		cmocka_unit_test(a_value_is_found_behind_its_mark),
		cmocka_unit_test(bthome_tells_packets_by_id_and_bytes),
		cmocka_unit_test(bthome_takes_both_packets_of_an_id),
		cmocka_unit_test(bthome_tells_nothing_out_of_range),
		cmocka_unit_test(bthome_version_1),
		cmocka_unit_test(atc_and_pvvx),
		cmocka_unit_test(ruuvi),
		cmocka_unit_test(mibeacon_in_clear),
		cmocka_unit_test(mibeacon_encrypted),
		cmocka_unit_test(mibeacon_of_locks_beds_and_brushes),
		cmocka_unit_test(mibeacon_states_end),
		cmocka_unit_test(eddystone_and_ibeacon),
		cmocka_unit_test(govee),
		cmocka_unit_test(a_name_is_remembered),
		cmocka_unit_test(inkbird),
		cmocka_unit_test(switchbot),
		cmocka_unit_test(thermopro),
		cmocka_unit_test(qingping),
		cmocka_unit_test(thermobeacon),
		cmocka_unit_test(oralb),
		cmocka_unit_test(aranet),
		cmocka_unit_test(tyres),
		cmocka_unit_test(mopeka),
		cmocka_unit_test(tilt),
		cmocka_unit_test(victron),
		cmocka_unit_test(govee_sealed),
		cmocka_unit_test(govee_grills),
		cmocka_unit_test(inkbird_air),
		cmocka_unit_test(mibeacon_of_others),
		cmocka_unit_test(scales),
		cmocka_unit_test(standard_service_data),
		cmocka_unit_test(nothing_comes_of_damage),
		cmocka_unit_test(fields_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
