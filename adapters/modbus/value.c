/* SPDX-License-Identifier: GPL-2.0-or-later
 * The value of a point, which may have its scale or its high part in other
 * registers, or be a state that some numbers stand for. Pure. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "adapters/modbus/device.h"

#define EXPONENT_MAX 10		/* of SunSpec's sunssf */

bool modbus_format_read(const struct modbus_point *point,
			struct register_format *format)
{
	*format = (struct register_format){
		.type = (uint8_t)point->type,
		.order = (uint8_t)point->order,
		.chars = (uint8_t)point->chars,
		.length = point->length,
	};
	return !point->bits ||
	       register_bits_read(point->bits, &format->bit, &format->n_bits);
}

bool modbus_has_states(const struct modbus_point *point)
{
	return point->on_value.n > 0 || point->off_value.n > 0;
}

struct part { int32_t from, to; };

static void part_join(struct part *all, int32_t address, unsigned span)
{
	if (address < all->from)
		all->from = address;
	if (address + (int32_t)span > all->to)
		all->to = address + (int32_t)span;
}

bool modbus_layout_make(const struct modbus_point *point,
			struct register_format format, unsigned base,
			unsigned most, struct modbus_layout *layout)
{
	unsigned span = table_has_bits(point->table) ? 1 :
			register_span(format);
	int32_t value = point->low >= 0 ? point->low : point->address;
	struct part all = {value, value + (int32_t)span};

	if (point->high >= 0)
		part_join(&all, point->high, span);
	if (point->scale_from >= 0)
		part_join(&all, point->scale_from, 1);
	*layout = (struct modbus_layout){
		.address = (uint16_t)(all.from - (int32_t)base),
		.span = (uint16_t)(all.to - all.from),
		.value = (uint8_t)(value - all.from),
		.high = (uint8_t)(point->high - all.from),
		.scale = (uint8_t)(point->scale_from - all.from),
	};
	return all.to - all.from <= (int32_t)most;
}

static bool is_one_of(const struct adapter_list *list, int64_t number)
{
	const int64_t *at = list->at;

	for (size_t i = 0; i < list->n; i++)
		if (at[i] == number)
			return true;
	return false;
}

/* One list alone stands for one state; all else is the other. */
static int state_read(const struct modbus_point *point,
		      struct lwm2m_value *value)
{
	int64_t number = (int64_t)lwm2m_number(value);
	bool on = is_one_of(&point->on_value, number);
	bool off = is_one_of(&point->off_value, number);

	if (point->on_value.n > 0 && point->off_value.n > 0 && !on && !off)
		return -ENODATA;
	*value = lwm2m_boolean(point->on_value.n > 0 ? on : !off);
	return 0;
}

int modbus_exponent_read(uint16_t word, int *exponent)
{
	*exponent = (int16_t)word;
	return *exponent < -EXPONENT_MAX || *exponent > EXPONENT_MAX ?
	       -ENODATA : 0;
}

static double power_of_ten(int exponent)
{
	double power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* A division by a power of ten is the double nearest to the decimal. */
static double number_scale(double number, int exponent)
{
	return exponent < 0 ? number / power_of_ten(-exponent)
			    : number * power_of_ten(exponent);
}

/* A value's registers, and what is to be known to read them. */
struct reading {
	const struct modbus_point *point;
	const uint64_t *bad;
	const uint16_t *words;
	struct register_format format;
	struct modbus_layout layout;
};

static int part_read(const struct reading *r, unsigned at,
		     struct lwm2m_value *value, char *text)
{
	const uint16_t *words = r->words + at;

	if (register_is_invalid(r->format, words, r->bad,
				r->point->invalid.n) ||
	    register_is_invalid(r->format, words, &r->point->mark,
				r->point->has_mark))
		return -ENODATA;
	return register_decode(r->format, words, value, text);
}

static int high_add(const struct reading *r, struct lwm2m_value *value)
{
	struct lwm2m_value high;
	int rc = part_read(r, r->layout.high, &high, NULL);

	if (rc)
		return rc;
	*value = lwm2m_float(lwm2m_number(&high) * r->point->high_factor +
			     lwm2m_number(value));
	return 0;
}

static int scale_apply(const struct reading *r, struct lwm2m_value *value)
{
	int exponent;
	int rc = modbus_exponent_read(r->words[r->layout.scale], &exponent);

	if (rc == 0)
		*value = lwm2m_float(number_scale(lwm2m_number(value),
						  exponent));
	return rc;
}

int modbus_value_read(const struct modbus_point *point, const uint64_t *bad,
		      const uint16_t *words, struct lwm2m_value *value,
		      char *text)
{
	struct reading r = {.point = point, .bad = bad, .words = words};
	int rc;

	if (table_has_bits(point->table)) {
		*value = lwm2m_boolean(words[0] != 0);
		return 0;
	}
	modbus_format_read(point, &r.format);
	modbus_layout_make(point, r.format, 0, READ_REGISTERS_MAX, &r.layout);
	rc = part_read(&r, r.layout.value, value, text);
	if (rc == 0 && point->high >= 0)
		rc = high_add(&r, value);
	if (rc == 0 && point->scale_from >= 0)
		rc = scale_apply(&r, value);
	if (rc == 0 && modbus_has_states(point))
		rc = state_read(point, value);
	return rc;
}

/* The first of a list is what is written; without one, 1 and 0. */
static struct lwm2m_value state_write(const struct modbus_point *point, bool on)
{
	const struct adapter_list *list = on ? &point->on_value
					     : &point->off_value;

	return lwm2m_integer(list->n > 0 ? *(const int64_t *)list->at : on);
}

int modbus_value_write(const struct modbus_point *point,
		       const struct lwm2m_value *value, int exponent,
		       uint16_t *words)
{
	struct lwm2m_value raw = *value;
	struct register_format format;

	if (modbus_has_states(point))
		raw = state_write(point, lwm2m_number(value) != 0);
	else if (exponent)
		raw = lwm2m_float(number_scale(lwm2m_number(value),
					       -exponent));
	modbus_format_read(point, &format);
	return register_encode(format, &raw, words);
}

int modbus_point_prepare(struct modbus_own *own,
			 const struct modbus_point *point, unsigned base,
			 unsigned most)
{
	const char *const *texts = point->invalid.at;
	struct register_format format;
	struct modbus_layout layout;

	modbus_format_read(point, &format);
	modbus_layout_make(point, format, base, most, &layout);
	own->item = (struct plan_item){
		.address = layout.address, .span = layout.span,
		.table = (uint8_t)point->table,
	};
	own->bad = NULL;
	if (point->invalid.n == 0)
		return 0;
	own->bad = calloc(point->invalid.n, sizeof(own->bad[0]));
	if (!own->bad)
		return -ENOMEM;
	for (size_t i = 0; i < point->invalid.n; i++)
		register_invalid_read(format, texts[i], &own->bad[i]);
	return 0;
}

void modbus_point_finish(struct modbus_own *own)
{
	free(own->bad);
	free(own->model);
	own->bad = NULL;
	own->model = NULL;
}
