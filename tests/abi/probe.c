/* SPDX-License-Identifier: GPL-2.0-or-later
 * An adapter with a key of every type, which checks and drives nothing. */
#include "tests/abi/probe.h"
#include <errno.h>

static const struct adapter_key bus_keys[] = {
	ADAPTER_KEY(ADAPTER_CHOICE, struct probe_bus, wire,
		    .choices = "tcp|rtu|rtu-over-tcp", .fallback = "tcp"),
	ADAPTER_KEY(ADAPTER_TEXT, struct probe_bus, host),
	ADAPTER_KEY(ADAPTER_INT, struct probe_bus, port, .fallback = "502",
		    .min = 1, .max = 65535),
	ADAPTER_KEY(ADAPTER_TIME, struct probe_bus, timeout,
		    .fallback = "1s", .min = 1000000, .max = 60000000000),
	ADAPTER_KEY(ADAPTER_BOOL, struct probe_bus, loud),
	{.type = ADAPTER_END}
};
static const struct adapter_key device_keys[] = {
	ADAPTER_KEY(ADAPTER_INT, struct probe_device, unit, .max = 247,
		    .flags = ADAPTER_REQUIRED, .help = "its number"),
	ADAPTER_KEY(ADAPTER_INT, struct probe_device, hole, .max = 125,
		    .flags = ADAPTER_AUTO, .fallback = "auto"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct probe_device, order,
		    .choices = "ABCD|CDAB", .fallback = "ABCD"),
	ADAPTER_KEY(ADAPTER_TIME, struct probe_device, timeout,
		    .flags = ADAPTER_INHERIT),
	ADAPTER_KEY(ADAPTER_BYTES, struct probe_device, address, .min = 6,
		    .max = 6),
	ADAPTER_KEY(ADAPTER_SECRET, struct probe_device, key, .min = 16,
		    .max = 16),
	{.type = ADAPTER_END}
};
static const struct adapter_key point_keys[] = {
	ADAPTER_KEY(ADAPTER_CHOICE, struct probe_point, kind,
		    .choices = "input|holding|text", .fallback = "holding"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct probe_point, order,
		    .choices = "ABCD|CDAB", .flags = ADAPTER_INHERIT,
		    .fallback = "ABCD"),
	ADAPTER_KEY(ADAPTER_INT, struct probe_point, number, .max = 65535),
	ADAPTER_KEY(ADAPTER_REAL, struct probe_point, level, .min = -5,
		    .max = 5),
	ADAPTER_KEY(ADAPTER_TEXT, struct probe_point, text),
	ADAPTER_KEY(ADAPTER_INTS, struct probe_point, invalid),
	{.type = ADAPTER_END}
};

enum { INPUT, HOLDING, TEXT };

static int check_bus(const struct adapter_bus *bus, struct adapter_error *error)
{
	const struct probe_bus *data = bus->data;

	if (data->wire == 1 && data->host)
		return adapter_refuse(bus, error, "host", "rtu has none");
	return 0;
}

static int check_device(const struct adapter_device *device,
			struct adapter_error *error)
{
	const struct probe_device *data = device->data;

	if (data->unit == 13)
		return adapter_refuse(device->bus, error, "unit",
				      "13 brings bad luck to %s, which has "
				      "%zu points", device->name,
				      device->n_points);
	return data->unit == 14 ? -ENODEV : 0;
}

static int check_point(const struct adapter_point *point,
		       struct adapter_facts *facts, struct adapter_error *error)
{
	const struct probe_point *data = point->data;

	if (data->number == 666)
		return adapter_refuse(point->device->bus, error, "number",
				      "not this one");
	facts->type = data->kind == TEXT ? LWM2M_STRING : LWM2M_INTEGER;
	facts->polled = true;
	facts->writable = data->kind == HOLDING;
	facts->min = -32768;
	facts->max = 32767;
	return 0;
}

ADAPTER_EXPORT(
	.name = "probe", .version = "0",
	.bus_keys = bus_keys, .device_keys = device_keys,
	.point_keys = point_keys,
	.bus_size = sizeof(struct probe_bus),
	.device_size = sizeof(struct probe_device),
	.point_size = sizeof(struct probe_point),
	.check_bus = check_bus, .check_device = check_device,
	.check_point = check_point);
