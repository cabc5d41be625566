/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys that can stand where they stand and do nothing there: who wrote them
 * expects something of them, and is told. Pure. */
#include "adapters/ble/effect.h"

#define TIMEOUT_USUAL INT64_C(10000000000)	/* ns, the fallback of ble.c */

struct effect {
	bool none;
	const char *key, *why;
};

static void effects_tell(const struct adapter_bus *bus,
			 struct adapter_error *error,
			 const struct effect *effects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (effects[i].none)
			adapter_warn(bus, error, effects[i].key,
				     "%s; it does nothing here",
				     effects[i].why);
}

void ble_effect_check(const struct adapter_point *point,
		      const struct adapter_facts *facts,
		      struct adapter_error *error)
{
	const struct ble_point *p = point->data;
	enum raw_type type = (enum raw_type)p->type;
	bool bytes = !p->field && type != RAW_AUTO, whole = bytes &&
		     raw_value_type(type) == LWM2M_INTEGER;
	const char *of_bytes = "is of values in bytes, with a type";
	const char *of_whole = "is of whole numbers in bytes, with a type";
	const struct effect effects[] = {
		{p->field && type != RAW_AUTO, "type",
		 "is of values in bytes: a field's is known"},
		{p->length > 0 && (!bytes || raw_size(type) > 0), "length",
		 "is of types utf8 and opaque"},
		{p->order != 0 && !bytes, "order", of_bytes},
		{p->order != 0 && bytes && raw_size(type) < 2, "order",
		 "is of numbers of two bytes or more"},
		{p->mask && !whole && type != RAW_BOOL, "mask", of_whole},
		{p->minus && !whole, "minus", of_whole},
		{p->divisor && !whole, "divisor", of_whole},
		{p->modulo && !whole, "modulo", of_whole},
		{p->invalid.n > 0 && !bytes, "invalid", of_bytes},
		{p->off_after && (p->characteristic ||
				  facts->type != LWM2M_BOOLEAN), "off_after",
		 "is of what is true or false in an advertisement"},
	};

	effects_tell(point->device->bus, error, effects,
		     sizeof(effects) / sizeof(effects[0]));
}

static bool is_connected_to(const struct adapter_device *device)
{
	for (size_t i = 0; i < device->n_points; i++) {
		const struct ble_point *p = device->points[i]->data;

		if (p->characteristic)
			return true;
	}
	return false;
}

void ble_device_effect_check(const struct adapter_device *device,
			     struct adapter_error *error)
{
	const struct ble_device *d = device->data;
	bool alone = !is_connected_to(device);
	bool plain = d->decode == DECODE_NONE || d->decode == DECODE_PROFILE;
	const char *why = "is of connections, and no point has a "
			  "characteristic";
	const struct effect effects[] = {
		{d->start.n > 0 && alone, "start", why},
		{d->connect_timeout != TIMEOUT_USUAL && alone,
		 "connect_timeout", why},
		{d->security && alone, "security", why},
		{d->bindkey_file.n > 0 && plain, "bindkey_file",
		 "is of decoders that decrypt, which none and profile do not"},
		{d->variant && plain, "variant",
		 "is of decoders that know several models"},
	};

	effects_tell(device->bus, error, effects,
		     sizeof(effects) / sizeof(effects[0]));
}
