/* SPDX-License-Identifier: GPL-2.0-or-later
 * What decoders can find in an advertisement. One quantity has one name and
 * one unit, whichever the device; the point's key `field` names it, with "-2"
 * behind it for the second of that name. */
#ifndef BLE_FIELD_H
#define BLE_FIELD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/value.h"

/* X(enumerator, name, unit): the manual page has the same list */
#define BLE_FIELDS(X) \
	X(TEMPERATURE, "temperature", "Cel") \
	X(DEW_POINT, "dew-point", "Cel") \
	X(HUMIDITY, "humidity", "%RH") \
	X(MOISTURE, "moisture", "%") \
	X(PRESSURE, "pressure", "Pa") \
	X(ILLUMINANCE, "illuminance", "lx") \
	X(BATTERY, "battery", "%") \
	X(BATTERY_LOW, "battery-low", "") \
	X(VOLTAGE, "voltage", "V") \
	X(CURRENT, "current", "A") \
	X(POWER, "power", "W") \
	X(ENERGY, "energy", "kWh") \
	X(MASS, "mass", "kg") \
	X(MASS_POUNDS, "mass-lb", "lb") \
	X(IMPEDANCE, "impedance", "Ohm") \
	X(COUNT, "count", "") \
	X(PM1, "pm1", "ug/m3") \
	X(PM2_5, "pm2.5", "ug/m3") \
	X(PM4, "pm4", "ug/m3") \
	X(PM10, "pm10", "ug/m3") \
	X(CO2, "co2", "ppm") \
	X(TVOC, "tvoc", "ug/m3") \
	X(VOC_INDEX, "voc-index", "") \
	X(NOX_INDEX, "nox-index", "") \
	X(FORMALDEHYDE, "formaldehyde", "mg/m3") \
	X(ROTATION, "rotation", "deg") \
	X(DIRECTION, "direction", "deg") \
	X(DISTANCE, "distance", "m") \
	X(DURATION, "duration", "s") \
	X(SPEED, "speed", "m/s") \
	X(RPM, "rpm", "1/min") \
	X(UV_INDEX, "uv-index", "") \
	X(VOLUME, "volume", "l") \
	X(VOLUME_STORED, "volume-stored", "l") \
	X(FLOW, "flow", "m3/h") \
	X(GAS, "gas", "m3") \
	X(WATER, "water", "l") \
	X(PRECIPITATION, "precipitation", "mm") \
	X(CONDUCTIVITY, "conductivity", "uS/cm") \
	X(ACCELERATION, "acceleration", "m/s2") \
	X(ACCELERATION_X, "acceleration-x", "g") \
	X(ACCELERATION_Y, "acceleration-y", "g") \
	X(ACCELERATION_Z, "acceleration-z", "g") \
	X(GYROSCOPE, "gyroscope", "deg/s") \
	X(MOVEMENTS, "movements", "") \
	X(TIMESTAMP, "timestamp", "s since 1970") \
	X(TEXT, "text", "") \
	X(RAW, "raw", "") \
	X(CHANNEL, "channel", "") \
	X(LIGHT_LEVEL, "light-level", "") \
	X(SETTINGS, "settings", "") \
	X(PACKET, "packet", "") \
	X(DEVICE_TYPE, "device-type", "") \
	X(FIRMWARE, "firmware", "") \
	X(TX_POWER, "tx-power", "dBm") \
	X(RSSI, "rssi", "dBm") \
	X(BUTTON, "button", "") \
	X(BUTTON_EVENT, "button-event", "") \
	X(COMMAND, "command", "") \
	X(COMMAND_ARGUMENT, "command-argument", "") \
	X(DIMMER, "dimmer", "steps") \
	X(GENERIC, "generic", "") \
	X(POWER_ON, "power-on", "") \
	X(OPENING, "opening", "") \
	X(LEFT_OPEN, "left-open", "") \
	X(CHARGING, "charging", "") \
	X(CARBON_MONOXIDE, "carbon-monoxide", "") \
	X(COLD, "cold", "") \
	X(CONNECTIVITY, "connectivity", "") \
	X(DOOR, "door", "") \
	X(GARAGE_DOOR, "garage-door", "") \
	X(GAS_ALARM, "gas-alarm", "") \
	X(HEAT, "heat", "") \
	X(LIGHT, "light", "") \
	X(LOCK, "lock", "") \
	X(LOCK_EVENT, "lock-event", "") \
	X(WET, "wet", "") \
	X(ASLEEP, "asleep", "") \
	X(WEARING, "wearing", "") \
	X(MOTION, "motion", "") \
	X(MOVING, "moving", "") \
	X(OCCUPANCY, "occupancy", "") \
	X(PLUG, "plug", "") \
	X(PRESENCE, "presence", "") \
	X(PROBLEM, "problem", "") \
	X(RUNNING, "running", "") \
	X(SAFETY, "safety", "") \
	X(SMOKE, "smoke", "") \
	X(SOUND, "sound", "") \
	X(SOUND_LEVEL, "sound-level", "dB") \
	X(TAMPER, "tamper", "") \
	X(VIBRATION, "vibration", "") \
	X(WINDOW, "window", "") \
	X(ARMED, "armed", "") \
	X(CHILD_LOCK, "child-lock", "") \
	X(IDLE, "idle", "s") \
	X(CONSUMABLE, "consumable", "%") \
	X(INPUT, "input", "") \
	X(OUTPUT, "output", "") \
	X(NAMESPACE, "namespace", "") \
	X(INSTANCE, "instance", "") \
	X(URL, "url", "") \
	X(EPHEMERAL_ID, "ephemeral-id", "") \
	X(UUID, "uuid", "") \
	X(MAJOR, "major", "") \
	X(MINOR, "minor", "") \
	X(ADVERTISEMENTS, "advertisements", "") \
	X(UPTIME, "uptime", "s") \
	X(EXTERNAL_PROBE, "external-probe", "") \
	X(ALTITUDE, "altitude", "m") \
	X(IRRADIANCE, "irradiance", "W/m2") \
	X(WIND_SPEED, "wind-speed", "m/s") \
	X(GUST_FACTOR, "gust-factor", "") \
	X(POLLEN, "pollen", "1/m3") \
	X(HEAT_INDEX, "heat-index", "Cel") \
	X(WIND_CHILL, "wind-chill", "Cel") \
	X(VOC, "voc", "ppb") \
	X(CONCENTRATION, "concentration", "kg/m3") \
	X(SCORE, "score", "") \
	X(HEART_RATE, "heart-rate", "1/min") \
	X(LEVEL, "level", "m") \
	X(QUALITY, "quality", "") \
	X(GRAVITY, "gravity", "") \
	X(RADON, "radon", "Bq/m3") \
	X(DOSE_RATE, "dose-rate", "nSv/h") \
	X(DOSE, "dose", "nSv") \
	X(STATE, "state", "") \
	X(MODE, "mode", "") \
	X(FINGERPRINT_EVENT, "fingerprint-event", "") \
	X(KEY_ID, "key-id", "") \
	X(SECTOR, "sector", "") \
	X(ERROR, "error", "") \
	X(ALARM, "alarm", "") \
	X(CHARGE, "charge", "%") \
	X(CONSUMED, "consumed", "Ah") \
	X(REMAINING, "remaining", "s") \
	X(APPARENT_POWER, "apparent-power", "VA")

enum ble_field {
#define X(enumerator, name, unit) FIELD_##enumerator,
	BLE_FIELDS(X)
#undef X
	FIELDS,		/* how many; also those of a profile's own points */
};

const char *field_name(unsigned field);
const char *field_unit(unsigned field);
/* "temperature-2" is TEMPERATURE and *index 1. -1: no such name. */
int field_find(const char *name, unsigned *index);
/* Which type of value it has: of a boolean, a number, text or bytes. */
enum lwm2m_type field_type(unsigned field);
/* A thing that happens, not a state: told once, never again as a reminder. */
bool field_is_event(unsigned field);

/* A share: from 0 to 100. */
bool field_is_percent(unsigned field);

#define READINGS_MAX 40

struct reading {
	uint16_t field;		/* enum ble_field */
	uint8_t index;		/* the how many-th of it in this packet */
	struct lwm2m_value value;
};

/* What one advertisement said. Texts are in it or in the advertisement. */
struct readings {
	size_t n;
	struct reading at[READINGS_MAX];
	size_t used;
	char text[320];
};

/* Adds one; the index is counted up. Dropped where there is no more room. */
void reading_add(struct readings *r, unsigned field, struct lwm2m_value value);
/* Of the sensor that the packet names: several of one device send in turn. */
void reading_add_at(struct readings *r, unsigned field, unsigned index,
		    struct lwm2m_value value);
/* A number that the decimal system writes with few digits: `divisor` is a
 * power of ten or nearly so, which gives the shortest reading back. */
void reading_number(struct readings *r, unsigned field, double dividend,
		    double divisor);
/* One that is out of its range: no value, and counted in the numbering of its
 * field, until readings_strip(). */
void reading_none(struct readings *r, unsigned field);
void readings_strip(struct readings *r);
void reading_bool(struct readings *r, unsigned field, bool value);
void reading_integer(struct readings *r, unsigned field, int64_t value);
/* Text that is copied. */
void reading_text(struct readings *r, unsigned field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reading_hex(struct readings *r, unsigned field, const uint8_t *bytes,
		 size_t n);
const struct reading *reading_find(const struct readings *r, unsigned field,
				   unsigned index);
#endif
