/* SPDX-License-Identifier: GPL-2.0-or-later
 * Families whose packets are plain tables: ThermoBeacon, Aranet, and the valve
 * caps that measure tyres. */
#include "adapters/ble/decode_table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define FIELDS_OF(array) .fields = array, .n_fields = COUNT(array)
#define U8(at_) {.type = RAW_UINT8, .at = at_}
#define U16(at_) {.type = RAW_UINT16, .at = at_}
#define S16(at_) {.type = RAW_INT16, .at = at_}
#define U32(at_) {.type = RAW_UINT32, .at = at_}
#define S32(at_) {.type = RAW_INT32, .at = at_}
#define PLACE(at_, value_, mask_) \
	{.at = at_, .n = 1, .value = {value_}, .mask = {mask_}}

/* ---- ThermoBeacon: no company, but the model, a zero, the button, the sender's
 * address, then millivolts and sixteenths. Of the other length it is a page with
 * the highest and lowest values. */
static const uint8_t thermobeacon_models[] = {0x10, 0x11, 0x14, 0x15, 0x18,
					      0x1b, 0x30};
static const struct table_field thermobeacon_fields[] = {
	{FIELD_TEMPERATURE, S16(12), 0, 16, 100 * 16},
	{FIELD_HUMIDITY, U16(14), 0, 16, 0},
	{FIELD_VOLTAGE, U16(10), 0, 1000, 0},
	{FIELD_INPUT, {.type = RAW_BOOL, .at = 3, .mask = 0x80}, 0, 0, 0},
};
static const struct table_layout thermobeacon[] = {
	{.match = {.kind = PROFILE_MANUFACTURER, .shortest = 20, .longest = 20,
		   .lists = 0xfff0, .n_places = 1,
		   .places = {PLACE(1, 0x00, 0xff)}},
	 .firsts = thermobeacon_models, .n_firsts = COUNT(thermobeacon_models),
	 FIELDS_OF(thermobeacon_fields)},
};

DECODER(thermobeacon)
{
	(void)now;
	return table_decode(thermobeacon, COUNT(thermobeacon), adv, device,
			    out);
}

/* ---- Aranet (SAF Tehnika): Aranet4 begins with its flags, the others with their
 * kind. Without the flag for it ("smart home integrations") there are no values.
 * A set top bit stands for none. */
static const struct table_field aranet4_fields[] = {
	{FIELD_CO2, U16(8), 0, 1, 0x7fff},
	{FIELD_TEMPERATURE, U16(10), 0, 20, 0x3fff},
	{FIELD_PRESSURE, U16(12), 0, 0.1, 0x7fff},
	{FIELD_HUMIDITY, U8(14), 0, 1, 0},
	{FIELD_BATTERY, U8(15), 0, 1, 0},
};
static const struct table_field aranet2_fields[] = {
	{FIELD_TEMPERATURE, U16(10), 0, 20, 0x3fff},
	{FIELD_HUMIDITY, U16(14), 0, 10, 0x7fff},
	{FIELD_BATTERY, U8(17), 0, 1, 0},
};
static const struct table_field aranet_radiation_fields[] = {
	{FIELD_DOSE, U32(6), 0, 1, 0},
	{FIELD_DURATION, U32(10), 0, 1, 0},
	{FIELD_DOSE_RATE, U16(14), 0, 1, 0x7fff},
	{FIELD_BATTERY, U8(17), 0, 1, 0},
};
static const struct table_field aranet_radon_fields[] = {
	{FIELD_RADON, U16(8), 0, 1, 0x1eff},
	{FIELD_TEMPERATURE, U16(10), 0, 20, 0x3fff},
	{FIELD_PRESSURE, U16(12), 0, 0.1, 0x7fff},
	{FIELD_HUMIDITY, U16(14), 0, 10, 0x7fff},
	{FIELD_BATTERY, U8(17), 0, 1, 0},
};
#define ARANET(kind_, fields_) \
	{.match = {.kind = PROFILE_COMPANY, .id = 0x0702, .shortest = 24, \
		   .longest = 24, .n_places = 2, \
		   .places = {PLACE(0, kind_, 0xff), PLACE(1, 0x20, 0x20)}}, \
	 FIELDS_OF(fields_)}
static const struct table_layout aranet[] = {
	{.match = {.kind = PROFILE_COMPANY, .id = 0x0702, .shortest = 22,
		   .longest = 22, .n_places = 1,
		   .places = {PLACE(0, 0x20, 0x20)}},
	 FIELDS_OF(aranet4_fields)},
	ARANET(1, aranet2_fields),
	ARANET(2, aranet_radiation_fields),
	ARANET(3, aranet_radon_fields),
	/* the flag is not set */
	{.match = {.kind = PROFILE_COMPANY, .id = 0x0702, .shortest = 7,
		   .longest = 24}},
};

DECODER(aranet)
{
	(void)now;
	return table_decode(aranet, COUNT(aranet), adv, device, out);
}

/* ---- Valve caps: the wheel, then pressure (Pa, over that of the air) and
 * hundredths of degrees. */
static const struct table_field tpms_fields[] = {
	{FIELD_PRESSURE, U32(6), 0, 1, 0},
	{FIELD_TEMPERATURE, S32(10), 0, 100, 0},
	{FIELD_BATTERY, U8(14), 0, 1, 0},
	{FIELD_PROBLEM, {.type = RAW_BOOL, .at = 15}, 0, 0, 0},
};
static const struct table_layout tpms[] = {
	{.match = {.kind = PROFILE_COMPANY, .id = 0x0100, .shortest = 16,
		   .longest = 16, .n_places = 1,
		   .places = {{.at = 0, .n = 3, .value = {0x80, 0xea, 0xca},
			       .mask = {0xfc, 0xff, 0xff}}}},
	 FIELDS_OF(tpms_fields)},
};

DECODER(tpms)
{
	(void)now;
	return table_decode(tpms, COUNT(tpms), adv, device, out);
}
