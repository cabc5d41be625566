/* SPDX-License-Identifier: GPL-2.0-or-later
 * Groups: devices that take some registers only together have them written by
 * one function 16, which is all or nothing. */
#include <errno.h>
#include <string.h>

#include "adapters/modbus/device.h"

/* Registers, from 0 on the wire. */
struct span { unsigned from, n; };

static const char *group_of(const struct adapter_point *point)
{
	return modbus_keys(point)->group;
}

static bool is_of(const struct adapter_point *point, const char *group)
{
	return group_of(point) && !strcmp(group_of(point), group);
}

static unsigned span_of(const struct adapter_point *point)
{
	struct register_format format;

	modbus_format_read(modbus_keys(point), &format);
	return register_span(format);
}

/* From its first register on, as long as there is another one; *members: how
 * many points that makes. */
static struct span row_of(const struct adapter_device *device,
			  const char *group, size_t *members)
{
	struct span row = {UINT16_MAX + 1u, 0};
	unsigned more = 1;

	for (size_t i = 0; i < device->n_points; i++)
		if (is_of(device->points[i], group) &&
		    modbus_write_address(device->points[i]) < row.from)
			row.from = modbus_write_address(device->points[i]);
	for (*members = 0; more > 0; row.n += more) {
		more = 0;
		for (size_t i = 0; i < device->n_points && more == 0; i++)
			if (is_of(device->points[i], group) &&
			    modbus_write_address(device->points[i]) ==
			    row.from + row.n)
				more = span_of(device->points[i]);
		*members += more > 0;
	}
	return row;
}

static size_t members_count(const struct adapter_device *device,
			    const char *group)
{
	size_t n = 0;

	for (size_t i = 0; i < device->n_points; i++)
		n += is_of(device->points[i], group);
	return n;
}

static int group_check(const struct adapter_device *device, const char *group,
		       struct adapter_error *error)
{
	size_t members;
	struct span row = row_of(device, group, &members);

	if (members < members_count(device, group))
		return adapter_refuse(
			device->bus, error, NULL, "the group '%s' is not of "
			"registers in a row, each of them once: there are %u "
			"from %u on", group, row.n,
			row.from + modbus_base(device->data));
	if (row.n > WRITE_REGISTERS_MAX)
		return adapter_refuse(
			device->bus, error, NULL, "the group '%s' has %u "
			"registers: at most %d can be written at once", group,
			row.n, WRITE_REGISTERS_MAX);
	return 0;
}

static bool is_first(const struct adapter_device *device, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_of(device->points[i], group_of(device->points[at])))
			return false;
	return true;
}

int modbus_groups_check(const struct adapter_device *device,
			struct adapter_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < device->n_points; i++)
		if (group_of(device->points[i]) && is_first(device, i) &&
		    group_check(device, group_of(device->points[i]), error))
			rc = -EINVAL;
	return rc;
}

/* What the command says of it; how many registers those are. */
static int words_fill(struct adapter_command *command, struct span row,
		      uint16_t *words, unsigned *filled)
{
	uint16_t made[REGISTER_STRING_MAX];
	unsigned n;
	int rc = 0;

	for (*filled = 0; command && rc == 0; command = command->with) {
		rc = modbus_words_make(command->point, &command->value, made,
				       &n);
		if (rc)
			break;
		memcpy(words + modbus_write_address(command->point) - row.from,
		       made, n * sizeof(*words));
		*filled += n;
	}
	return rc;
}

static int words_keep(struct adapter_device *device, const char *group,
		      struct span row, uint16_t *words)
{
	const struct modbus_device *d = device->data;
	unsigned at, n;
	int rc = 0;

	for (at = 0; at < row.n && rc == 0; at += n) {
		n = row.n - at < d->max_registers ? row.n - at
						  : d->max_registers;
		rc = modbus_registers_read(device, TABLE_HOLDING,
					   (uint16_t)(row.from + at), n,
					   words + at);
	}
	if (rc < 1 || rc > 4)
		return rc;
	adapter_log(device->bus, device, LOG_NOTICE, "the group %s is written "
		    "whole, and the device does not say what it has: exception "
		    "%d, %s; write all of its points in one request", group,
		    rc, exception_name(rc));
	return -EINVAL;
}

int modbus_group_write(struct adapter_command *command)
{
	struct adapter_device *device = command->point->device;
	const char *group = group_of(command->point);
	uint16_t words[WRITE_REGISTERS_MAX], kept[WRITE_REGISTERS_MAX];
	unsigned filled;
	size_t members;
	struct span row = row_of(device, group, &members);
	int rc = words_fill(command, row, words, &filled);

	if (rc == 0 && filled < row.n) {
		rc = words_keep(device, group, row, kept);
		memcpy(words, kept, row.n * sizeof(words[0]));
		if (rc == 0)
			rc = words_fill(command, row, words, &filled);
	}
	if (rc)
		return rc;
	return modbus_registers_write(device, (uint16_t)row.from, words, row.n,
				      true);
}
