/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is in the air, for a while: addresses with what is known of them. */
#include "adapters/ble/search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/ad.h"

#define FOUND_MAX 256		/* a busy place has more: the loudest stay */
#define GATHER_TIME INT64_C(1000000000)	/* names come in packets of their own */
#define STEP_TIME (GATHER_TIME / 4)

struct found {
	enum decode_result trouble;	/* until there is a value */
	uint8_t address[6];
	bool random;
	int8_t rssi;
	const char *decoder;
	struct decode_device state;
	int64_t since;
	bool told, told_decoder, has_values;
	char name[32];
	char values[160];
};

struct ble_find {
	size_t n;
	struct found found[FOUND_MAX];
};

const struct adapter_key ble_search_keys[] = {
	{.name = "for", .type = ADAPTER_TIME,
	 .offset = offsetof(struct ble_search, duration),
	 .size = sizeof(int64_t), .fallback = "10s",
	 .min = INT64_C(1000000000), .max = INT64_C(600000000000),
	 .help = "how long to listen"},
	{.type = ADAPTER_END}
};

/* A louder one takes the place of the quietest, where there is no more. */
static struct found *found_take(struct ble_find *find,
				const struct advertisement *adv, int64_t now)
{
	struct found *quiet = &find->found[0];

	for (size_t i = 0; i < find->n; i++) {
		struct found *f = &find->found[i];

		if (memcmp(f->address, adv->address, 6) == 0)
			return f;
		if (f->rssi < quiet->rssi)
			quiet = f;
	}
	if (find->n < FOUND_MAX)
		quiet = &find->found[find->n++];
	else if (adv->rssi == 127 || adv->rssi <= quiet->rssi)
		return NULL;
	memset(quiet, 0, sizeof(*quiet));
	memcpy(quiet->address, adv->address, 6);
	quiet->random = adv->random;
	quiet->since = now;
	return quiet;
}

static void values_print(struct found *f, const struct readings *r)
{
	size_t used = 0;

	for (size_t i = 0; i < r->n && used + 1 < sizeof(f->values); i++) {
		const struct reading *reading = &r->at[i];
		double number = lwm2m_number(&reading->value);
		char value[48];

		if (reading->value.type == LWM2M_STRING)
			snprintf(value, sizeof(value), "%.*s",
				 (int)reading->value.length,
				 reading->value.as.text);
		else
			snprintf(value, sizeof(value), "%.10g", number);
		used += (size_t)snprintf(f->values + used,
			sizeof(f->values) - used, "%s%s %s%s%s",
			used ? ", " : "", field_name(reading->field), value,
			*field_unit(reading->field) ? " " : "",
			field_unit(reading->field));
	}
}

void search_hear(struct ble_bus *bus, const struct advertisement *adv,
		 const struct ble_device *device, int64_t now)
{
	struct found *f = found_take(bus->find, adv, now);
	const struct decoder *by;
	struct readings readings;
	enum decode_result result;
	char name[sizeof(f->name)];

	if (!f)
		return;
	f->rssi = adv->rssi == 127 ? 0 : adv->rssi;
	ad_name(adv->data, adv->n, name, sizeof(name));
	if (*name)
		memcpy(f->name, name, sizeof(name));
	if (device) {		/* with its key, but leaving its memory alone */
		f->state.key = device->state.key;
		f->state.n_key = device->state.n_key;
	}
	result = decode(device ? (enum decode_choice)device->decode :
			DECODE_AUTO, adv, &f->state, now, &readings, &by);
	f->state.key = NULL;
	f->state.n_key = 0;
	if (by)
		f->decoder = by->name;
	if (result == DECODED_VALUES)
		values_print(f, &readings);
	else if (result > DECODED_REPEATED && !*f->values)
		snprintf(f->values, sizeof(f->values), "%s",
			 decode_result_text(result));
	if (result == DECODED_VALUES)
		f->trouble = DECODED_OTHER;
	else if (result > DECODED_REPEATED && !f->has_values)
		f->trouble = result;
	f->has_values |= result == DECODED_VALUES;
}

/* What the reader has to add, or that it is no use. */
static const char *missing_of(const struct found *f)
{
	if (f->random && f->address[0] >> 6 != 3)
		return "its address changes, so that it cannot be configured";
	if (f->trouble == DECODED_NO_KEY)
		return "needs bindkey_file, a file with its key in hex";
	if (f->trouble == DECODED_NO_MODEL)
		return "needs variant, its model";
	return NULL;
}

/* Addresses that change, or that no device keeps, are no use for a
 * configuration: the top bits tell. */
static const char *address_note(const struct found *f)
{
	if (!f->random)
		return "public address";
	switch (f->address[0] >> 6) {
	case 3:
		return "static address";
	case 1:
		return "private address, changes";
	}
	return "passing address";
}

static void found_tell(struct adapter_search *search, const struct found *f)
{
	char keys[96], note[320];
	int used = snprintf(keys, sizeof(keys),
			    "address: \"%02X:%02X:%02X:%02X:%02X:%02X\"",
			    f->address[0], f->address[1], f->address[2],
			    f->address[3], f->address[4], f->address[5]);

	if (f->decoder && strcmp(f->decoder, "standard") != 0)
		snprintf(keys + used, sizeof(keys) - (size_t)used,
			 ", profile: %s%s", f->decoder,
			 strcmp(f->decoder, "mibeacon") == 0 ? "/sensor" :
			 strcmp(f->decoder, "victron") == 0 ?
			 "/instant-readout" : "");
	used = snprintf(note, sizeof(note), "%s%s%s", *f->name ? "\"" : "",
			f->name, *f->name ? "\", " : "");
	snprintf(note + used, sizeof(note) - (size_t)used, "%s%s%s%s%s",
		 address_note(f), f->decoder ? ", " : "",
		 f->decoder ? f->decoder : "", *f->values ? ": " : "",
		 f->values);
	adapter_found(search, .rssi = f->rssi, .keys = keys, .note = note,
		      .missing = missing_of(f));
}

void search_drop(struct ble_bus *bus)
{
	free(bus->find);
	bus->find = NULL;
}

/* Each is told when it was heard for a while, and once more when later a
 * decoder knows it. */
static void found_tell_all(struct adapter_search *search,
			   struct ble_find *find, int64_t before)
{
	for (size_t i = 0; i < find->n; i++) {
		struct found *f = &find->found[i];

		if (f->since > before ||
		    (f->told && (f->told_decoder || !f->decoder)))
			continue;
		f->told = true;
		f->told_decoder = f->decoder != NULL;
		found_tell(search, f);
	}
}

int64_t search_step(struct adapter_search *search, int64_t now)
{
	struct ble_bus *bus = search->bus->data;
	struct ble_search *s = search->data;

	if (search->kind != ADAPTER_SCAN)
		return -ENOTSUP;
	if (!bus->find)
		bus->find = calloc(1, sizeof(*bus->find));
	if (!bus->find)
		return -ENOMEM;
	if (!s->end)
		s->end = now + s->duration;
	found_tell_all(search, bus->find,
		       now < s->end ? now - GATHER_TIME : now);
	if (now < s->end)
		return now + STEP_TIME;
	search_drop(bus);
	return 0;
}
