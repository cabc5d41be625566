/* SPDX-License-Identifier: GPL-2.0-or-later
 * Points that name a field of a SunSpec model: what they are is known from the
 * configuration, where they are from the device, whose map is walked first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/modbus/device.h"

static const uint8_t types[SUNSPEC_TYPES] = {
	[SUNSPEC_INT16] = REGISTER_INT16,
	[SUNSPEC_UINT16] = REGISTER_UINT16,
	[SUNSPEC_ENUM16] = REGISTER_UINT16,
	[SUNSPEC_UINT32] = REGISTER_UINT32,
	[SUNSPEC_BITFIELD32] = REGISTER_UINT32,
	[SUNSPEC_ACC32] = REGISTER_UINT32,
	[SUNSPEC_FLOAT32] = REGISTER_FLOAT32,
	[SUNSPEC_STRING] = REGISTER_STRING,
};

bool modbus_model_place(struct modbus_point *p, unsigned id, unsigned address)
{
	const struct sunspec_model *model = sunspec_model_find(id);
	const struct sunspec_field *field =
		model && p->field ? sunspec_field_find(model, p->field) : NULL;

	if (!field)
		return false;
	p->table = TABLE_HOLDING;
	p->type = types[field->type];
	p->order = ORDER_ABCD;
	p->length = field->type == SUNSPEC_STRING ? field->length : 0;
	p->address = (int32_t)(address + sunspec_offset(model, field,
							p->block));
	p->scale_from = field->scale ? (int32_t)(address + field->scale) : -1;
	p->has_mark = sunspec_not_implemented(field->type, &p->mark);
	return true;
}

/* The first of its models that the device has. */
static int point_place(struct modbus_device *d, struct adapter_point *point)
{
	const struct modbus_point *p = point->keys;
	struct modbus_own *own = modbus_own(point);
	const int64_t *ids = p->model.at;

	modbus_point_finish(own);
	own->placed = false;
	for (size_t i = 0; i < p->model.n; i++) {
		int32_t address = sunspec_address(&d->walk, (unsigned)ids[i]);

		if (address < 0)
			continue;
		own->model = malloc(sizeof(*own->model));
		if (!own->model)
			return -ENOMEM;
		*own->model = *p;
		modbus_model_place(own->model, (unsigned)ids[i],
				   (unsigned)address);
		own->placed = true;
		return modbus_point_prepare(own, own->model, 0,
					    d->max_registers);
	}
	return 0;
}

/* All that the walk has found. -ENOMEM */
static int modbus_models_place(struct adapter_device *device)
{
	struct modbus_device *d = device->data;
	int rc = 0;

	for (size_t i = 0; i < device->n_points && rc == 0; i++) {
		if (modbus_keys(device->points[i])->model.n > 0)
			rc = point_place(d, device->points[i]);
	}
	return rc;
}

/* The next header; a device that is busy is asked for the same one again. */
static int walk_step(struct adapter_device *device, uint16_t address)
{
	struct modbus_device *d = device->data;
	struct modbus_request request = request_read(d->unit, TABLE_HOLDING,
						     address, 2);
	struct wire_call call = modbus_call(device, &request);
	uint16_t words[2];
	uint8_t pdu[PDU_MAX];
	int rc = modbus_exchange(device->bus, device, &call, pdu);

	if (rc == 10 || rc == 11)
		return -EHOSTUNREACH;
	if (rc == 5 || rc == 6)
		return -EBUSY;
	if (rc < 0 && rc != -ETIMEDOUT)
		return rc;
	if (rc == 0)
		reply_words(&request, pdu, 0, 2, words);
	sunspec_feed(&d->walk, rc == 0 ? words : NULL, rc < 0);
	return rc < 0 ? rc : -EAGAIN;
}

static bool is_lost(const struct adapter_point *point)
{
	return modbus_keys(point)->model.n > 0 && !modbus_own(point)->placed;
}

/* They are asked for ever more rarely, and then looked for again. */
static void models_fault(struct adapter_device *device,
			 struct adapter_point *const *due, size_t n)
{
	struct modbus_device *d = device->data;
	char models[200];

	sunspec_print(&d->walk, models, sizeof(models));
	for (size_t i = 0; i < n; i++) {
		const struct modbus_point *p = modbus_keys(due[i]);

		if (!is_lost(due[i]))
			continue;
		if (d->walk.state == SUNSPEC_NONE)
			adapter_fault(device, due[i], -ENXIO, "no SunSpec map "
				      "at 40000, 50000 or 0");
		else
			adapter_fault(device, due[i], -ENXIO, "no SunSpec "
				      "model %d here; the device has %s",
				      (int)*(const int64_t *)p->model.at,
				      models);
	}
	memset(&d->walk, 0, sizeof(d->walk));
}

size_t modbus_models_last(struct adapter_point **due, size_t n)
{
	size_t placed = 0;

	for (size_t i = 0; i < n; i++) {
		struct adapter_point *point = due[i];

		if (is_lost(point))
			continue;
		due[i] = due[placed];
		due[placed++] = point;
	}
	return placed;
}

int modbus_models_read(struct adapter_device *device,
		       struct adapter_point *const *due, size_t n)
{
	struct modbus_device *d = device->data;
	uint16_t address;
	int rc;

	if (!sunspec_next(&d->walk, &address)) {
		models_fault(device, due, n);
		return 0;
	}
	rc = walk_step(device, address);
	if (rc == -EAGAIN)
		adapter_heard(device, 0);
	for (size_t i = 0; i < n && rc != -EAGAIN; i++)
		if (is_lost(due[i]))
			adapter_missed(due[i]);
	if (rc == -EAGAIN && !sunspec_next(&d->walk, &address))
		return modbus_models_place(device) ? -ENOMEM : 1;
	return rc;
}
