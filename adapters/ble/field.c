/* SPDX-License-Identifier: GPL-2.0-or-later
 * What decoders can find in an advertisement. */
#include "adapters/ble/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *unit;
} fields[FIELDS] = {
#define X(enumerator, name_, unit_) {name_, unit_},
	BLE_FIELDS(X)
#undef X
};

const char *field_name(unsigned field)
{
	return field < FIELDS ? fields[field].name : "?";
}

const char *field_unit(unsigned field)
{
	return field < FIELDS ? fields[field].unit : "";
}

/* The digits of "-N" at the end, or the whole length: no number there. */
static size_t stem_length(const char *name)
{
	size_t n = strlen(name), stem = n;

	while (stem > 0 && name[stem - 1] >= '0' && name[stem - 1] <= '9')
		stem--;
	return stem > 1 && stem < n && name[stem - 1] == '-' ? stem - 1 : n;
}

int field_find(const char *name, unsigned *index)
{
	size_t stem = stem_length(name), n = strlen(name);
	unsigned long number = 1;

	if (stem < n)
		number = strtoul(name + stem + 1, NULL, 10);
	if (number < 1 || number > 255)
		return -1;
	*index = (unsigned)number - 1;
	for (int i = 0; i < FIELDS; i++)
		if (strlen(fields[i].name) == stem &&
		    strncmp(fields[i].name, name, stem) == 0)
			return i;
	return -1;
}

bool field_is_event(unsigned field)
{
	return field == FIELD_BUTTON || field == FIELD_BUTTON_EVENT ||
	       field == FIELD_COMMAND || field == FIELD_COMMAND_ARGUMENT ||
	       field == FIELD_DIMMER || field == FIELD_LOCK_EVENT ||
	       field == FIELD_FINGERPRINT_EVENT;
}

bool field_is_percent(unsigned field)
{
	return field == FIELD_BATTERY || field == FIELD_HUMIDITY ||
	       field == FIELD_MOISTURE || field == FIELD_CONSUMABLE ||
	       field == FIELD_CHARGE;
}

enum lwm2m_type field_type(unsigned field)
{
	if ((field >= FIELD_GENERIC && field <= FIELD_WINDOW &&
	     field != FIELD_SOUND_LEVEL && field != FIELD_LOCK_EVENT) ||
	    field == FIELD_BATTERY_LOW || field == FIELD_BUTTON ||
	    field == FIELD_ARMED || field == FIELD_CHILD_LOCK ||
	    field == FIELD_INPUT ||
	    field == FIELD_OUTPUT || field == FIELD_EXTERNAL_PROBE)
		return LWM2M_BOOLEAN;
	if (field == FIELD_TEXT || field == FIELD_FIRMWARE ||
	    field == FIELD_URL || field == FIELD_UUID ||
	    field == FIELD_NAMESPACE || field == FIELD_INSTANCE ||
	    field == FIELD_EPHEMERAL_ID || field == FIELD_DEVICE_TYPE)
		return LWM2M_STRING;
	if (field == FIELD_RAW)
		return LWM2M_OPAQUE;
	if (field == FIELD_TIMESTAMP)
		return LWM2M_TIME;
	return LWM2M_FLOAT;
}

void reading_add(struct readings *r, unsigned field, struct lwm2m_value value)
{
	uint8_t index = 0;

	for (size_t i = 0; i < r->n; i++)
		index += r->at[i].field == field;
	reading_add_at(r, field, index, value);
}

void reading_add_at(struct readings *r, unsigned field, unsigned index,
		    struct lwm2m_value value)
{
	if (r->n < READINGS_MAX)
		r->at[r->n++] = (struct reading){(uint16_t)field,
						 (uint8_t)index, value};
}

void reading_none(struct readings *r, unsigned field)
{
	reading_add(r, field, (struct lwm2m_value){.type = LWM2M_NONE});
}

void readings_strip(struct readings *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].value.type != LWM2M_NONE)
			r->at[n++] = r->at[i];
	r->n = n;
}

/* Nothing is colder. */
static bool is_possible(unsigned field, double value)
{
	return value >= -273.15 || strcmp(field_unit(field), "Cel") != 0;
}

void reading_number(struct readings *r, unsigned field, double dividend,
		    double divisor)
{
	double value = dividend / divisor;

	if (is_possible(field, value))
		reading_add(r, field, lwm2m_float(value));
	else
		reading_none(r, field);
}

void reading_bool(struct readings *r, unsigned field, bool value)
{
	reading_add(r, field, lwm2m_boolean(value));
}

void reading_integer(struct readings *r, unsigned field, int64_t value)
{
	reading_add(r, field, lwm2m_integer(value));
}

void reading_text(struct readings *r, unsigned field, const char *format, ...)
{
	char *at = r->text + r->used;
	size_t room = sizeof(r->text) - r->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(at, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		return;
	r->used += (size_t)n;
	reading_add(r, field, lwm2m_string(at, (uint32_t)n));
}

void reading_hex(struct readings *r, unsigned field, const uint8_t *bytes,
		 size_t n)
{
	char text[65];

	if (2 * n >= sizeof(text))
		return;
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	reading_text(r, field, "%.*s", (int)(2 * n), text);
}

const struct reading *reading_find(const struct readings *r, unsigned field,
				   unsigned index)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].field == field && r->at[i].index == index)
			return &r->at[i];
	return NULL;
}
