/* SPDX-License-Identifier: GPL-2.0-or-later
 * Writes: one request where it is one register or more, two where only a part
 * of a register changes, or a scale must be known first. */
#include <errno.h>

#include "adapters/modbus/device.h"

uint16_t modbus_write_address(const struct adapter_point *point)
{
	const struct modbus_device *d = point->device->data;
	const struct modbus_point *p = modbus_keys(point);
	int32_t address = p->write_address >= 0 ? p->write_address : p->address;

	return (uint16_t)((unsigned)address - modbus_point_base(d, p));
}

static bool is_coil(const struct modbus_point *p)
{
	return p->write_table == WRITE_SAME ? p->table == TABLE_COIL :
					      p->write_table == WRITE_COIL;
}

static int command_exchange(struct adapter_device *device,
			    const struct modbus_request *request, uint8_t *pdu)
{
	struct wire_call call = modbus_call(device, request);

	return modbus_exchange(device->bus, device, &call, pdu);
}

int modbus_registers_read(struct adapter_device *device,
			  enum modbus_table table, uint16_t address,
			  unsigned n, uint16_t *words)
{
	const struct modbus_device *d = device->data;
	struct modbus_request request =
		request_read(d->unit, table, address, n);
	uint8_t pdu[PDU_MAX];
	int rc = command_exchange(device, &request, pdu);

	if (rc == 0)
		reply_words(&request, pdu, 0, n, words);
	return rc;
}

int modbus_registers_write(struct adapter_device *device, uint16_t address,
			   const uint16_t *words, unsigned n, bool multiple)
{
	const struct modbus_device *d = device->data;
	struct modbus_request request =
		request_registers_write(d->unit, address, words, n,
					multiple || d->write == WRITE_MULTIPLE);
	uint8_t pdu[PDU_MAX];

	return command_exchange(device, &request, pdu);
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
		rc = command_exchange(device, &request, pdu);
		if (rc != 1 && rc != -ETIMEDOUT && rc != -EBADMSG)
			return rc;
	}
	rc = modbus_registers_read(device, TABLE_HOLDING, address, 1, &word);
	if (rc)
		return rc;
	d->no_mask_write = true;
	word = (uint16_t)((word & ~mask) | bits);
	return modbus_registers_write(device, address, &word, 1, false);
}

static int coil_write(struct adapter_device *device, uint16_t address, bool on)
{
	const struct modbus_device *d = device->data;
	struct modbus_request request = request_coil_write(
		d->unit, address, on, d->write == WRITE_MULTIPLE);
	uint8_t pdu[PDU_MAX];

	return command_exchange(device, &request, pdu);
}

static int exponent_ask(struct adapter_point *point, int *exponent)
{
	const struct modbus_point *p = modbus_keys(point);
	uint16_t word;
	int rc = modbus_registers_read(
		point->device, (enum modbus_table)p->table,
		(uint16_t)((unsigned)p->scale_from -
			   modbus_point_base(point->device->data, p)),
		1, &word);

	return rc ? rc : modbus_exponent_read(word, exponent);
}

int modbus_words_make(struct adapter_point *point,
		      const struct lwm2m_value *value, uint16_t *words,
		      unsigned *n)
{
	const struct modbus_point *p = modbus_keys(point);
	int exponent = 0;
	int rc = p->scale_from >= 0 ? exponent_ask(point, &exponent) : 0;

	if (rc)
		return rc;
	rc = modbus_value_write(p, value, exponent, words);
	*n = rc > 0 ? (unsigned)rc : 0;
	return rc < 0 ? rc : 0;
}

static int registers_write(struct adapter_point *point,
			   const struct lwm2m_value *value)
{
	const struct modbus_point *p = modbus_keys(point);
	uint16_t address = modbus_write_address(point);
	uint16_t words[REGISTER_STRING_MAX];
	struct register_format format;
	unsigned n;
	int rc = modbus_words_make(point, value, words, &n);

	if (rc)
		return rc;
	modbus_format_read(p, &format);
	if (format.n_bits)
		return bits_write(point->device, address,
				  register_bits_mask(format), words[0]);
	return modbus_registers_write(point->device, address, words, n, false);
}

int modbus_command(struct adapter_command *command)
{
	struct adapter_point *point = command->point;
	struct adapter_device *device = point->device;
	const struct modbus_point *p = modbus_keys(point);
	int rc;

	if (command->kind != ADAPTER_WRITE)
		return -ENOTSUP;
	if (!modbus_own(point)->placed)	/* it is being looked for */
		return -EBUSY;
	if (p->group)
		rc = modbus_group_write(command);
	else if (is_coil(p))
		rc = coil_write(device, modbus_write_address(point),
				lwm2m_number(&command->value) != 0);
	else
		rc = registers_write(point, &command->value);
	if (rc == 10 || rc == 11)
		return -EHOSTUNREACH;
	if (rc >= 0)
		adapter_heard(device, 0);
	if (rc == 5 || rc == 6)		/* the host tries it again */
		adapter_log(device->bus, device, LOG_INFO,
			    "write of %s refused: exception %d, %s",
			    point->name, rc, exception_name(rc));
	return rc <= 0 ? rc : rc == 5 || rc == 6 ? -EBUSY : -EREMOTEIO;
}
