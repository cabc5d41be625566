/* SPDX-License-Identifier: GPL-2.0-or-later
 * Writes: one request where it is one register or more, two where only a part
 * of a register changes, or a scale must be known first. */
#include <errno.h>

#include "adapters/modbus/device.h"

/* Where a point is written, from 0 on the wire. */
struct target {
	bool coil;
	uint16_t address;
};

static struct target target_of(const struct adapter_point *point)
{
	const struct modbus_device *d = point->device->data;
	const struct modbus_point *p = point->data;
	int32_t address = p->write_address >= 0 ? p->write_address : p->address;

	return (struct target){
		.coil = p->write_table == WRITE_SAME ? p->table == TABLE_COIL :
			p->write_table == WRITE_COIL,
		.address = (uint16_t)((unsigned)address -
				      modbus_point_base(d, p)),
	};
}

static int exchange(struct adapter_device *device,
		    const struct modbus_request *request, uint8_t *pdu)
{
	struct wire_call call = modbus_call(device, request);

	return modbus_exchange(device->bus, device, &call, pdu);
}

static int word_read(struct adapter_device *device, enum modbus_table table,
		     uint16_t address, uint16_t *word)
{
	const struct modbus_device *d = device->data;
	struct modbus_request request =
		request_read(d->unit, table, address, 1);
	uint8_t pdu[PDU_MAX];
	int rc = exchange(device, &request, pdu);

	if (rc == 0)
		reply_words(&request, pdu, 0, 1, word);
	return rc;
}

static int words_write(struct adapter_device *device, uint16_t address,
		       const uint16_t *words, unsigned n)
{
	const struct modbus_device *d = device->data;
	struct modbus_request request =
		request_registers_write(d->unit, address, words, n,
					d->write == WRITE_MULTIPLE);
	uint8_t pdu[PDU_MAX];

	return exchange(device, &request, pdu);
}

/* Part of a register: function 22 leaves the rest to the device; one that
 * does not know it is read and written, with nothing in between. */
static int bits_write(struct adapter_device *device, uint16_t address,
		      uint16_t mask, uint16_t bits)
{
	struct modbus_device *d = device->data;
	struct modbus_request request = request_mask_write(
		d->unit, address, (uint16_t)~mask, bits);
	uint8_t pdu[PDU_MAX];
	uint16_t word;
	int rc;

	if (!d->no_mask_write) {
		rc = exchange(device, &request, pdu);
		if (rc != 1 && rc != -ETIMEDOUT && rc != -EBADMSG)
			return rc;
	}
	rc = word_read(device, TABLE_HOLDING, address, &word);
	if (rc)
		return rc;
	d->no_mask_write = true;
	word = (uint16_t)((word & ~mask) | bits);
	return words_write(device, address, &word, 1);
}

static int coil_write(struct adapter_device *device, uint16_t address, bool on)
{
	const struct modbus_device *d = device->data;
	struct modbus_request request = request_coil_write(
		d->unit, address, on, d->write == WRITE_MULTIPLE);
	uint8_t pdu[PDU_MAX];

	return exchange(device, &request, pdu);
}

static int registers_write(struct adapter_point *point, uint16_t address,
			   const struct lwm2m_value *value)
{
	const struct modbus_point *p = point->data;
	uint16_t words[REGISTER_STRING_MAX], mask;
	int exponent = 0, n, rc;

	if (p->scale_from >= 0) {
		rc = word_read(point->device, (enum modbus_table)p->table,
			       (uint16_t)(p->layout.address + p->layout.scale),
			       words);
		if (rc == 0)
			rc = modbus_exponent_read(words[0], &exponent);
		if (rc)
			return rc;
	}
	n = modbus_value_write(p, value, exponent, words);
	if (n < 0)
		return n;
	if (!p->format.n_bits)
		return words_write(point->device, address, words, (unsigned)n);
	mask = register_bits_mask(p->format);
	return bits_write(point->device, address, mask, words[0]);
}

int modbus_command(struct adapter_command *command)
{
	struct adapter_point *point = command->point;
	struct adapter_device *device = point->device;
	const struct modbus_point *p = point->data;
	struct target target = target_of(point);
	int rc;

	if (command->kind != ADAPTER_WRITE)
		return -ENOTSUP;
	if (!p->placed)			/* it is being looked for */
		return -EBUSY;
	if (target.coil)
		rc = coil_write(device, target.address,
				lwm2m_number(&command->value) != 0);
	else
		rc = registers_write(point, target.address, &command->value);
	if (rc == 10 || rc == 11)
		return -EHOSTUNREACH;
	if (rc >= 0)
		adapter_heard(device, 0);
	if (rc > 0)		/* of one that is busy there may be many */
		adapter_log(device->bus, device,
			    rc == 5 || rc == 6 ? LOG_INFO : LOG_NOTICE,
			    "write of %s refused: exception %d, %s",
			    point->name, rc, exception_name(rc));
	return rc <= 0 ? rc : rc == 5 || rc == 6 ? -EBUSY : -EREMOTEIO;
}
