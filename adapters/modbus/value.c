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

static int part_read(const struct modbus_point *point, const uint16_t *words,
		     struct lwm2m_value *value, char *text)
{
	if (register_is_invalid(point->format, words, point->bad,
				point->invalid.n) ||
	    register_is_invalid(point->format, words, &point->mark,
				point->has_mark))
		return -ENODATA;
	return register_decode(point->format, words, value, text);
}

static int high_add(const struct modbus_point *point, const uint16_t *words,
		    struct lwm2m_value *value)
{
	struct lwm2m_value high;
	int rc = part_read(point, words + point->layout.high, &high, NULL);

	if (rc)
		return rc;
	*value = lwm2m_float(lwm2m_number(&high) * point->high_factor +
			     lwm2m_number(value));
	return 0;
}

static int scale_apply(const struct modbus_point *point, const uint16_t *words,
		       struct lwm2m_value *value)
{
	int exponent;
	int rc = modbus_exponent_read(words[point->layout.scale], &exponent);

	if (rc == 0)
		*value = lwm2m_float(number_scale(lwm2m_number(value),
						  exponent));
	return rc;
}

int modbus_value_read(const struct modbus_point *point, const uint16_t *words,
		      struct lwm2m_value *value, char *text)
{
	int rc;

	if (table_has_bits(point->table)) {
		*value = lwm2m_boolean(words[0] != 0);
		return 0;
	}
	rc = part_read(point, words + point->layout.value, value, text);
	if (rc == 0 && point->high >= 0)
		rc = high_add(point, words, value);
	if (rc == 0 && point->scale_from >= 0)
		rc = scale_apply(point, words, value);
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

	if (modbus_has_states(point))
		raw = state_write(point, lwm2m_number(value) != 0);
	else if (exponent)
		raw = lwm2m_float(number_scale(lwm2m_number(value),
					       -exponent));
	return register_encode(point->format, &raw, words);
}

int modbus_point_prepare(struct modbus_point *point, unsigned base,
			 unsigned most)
{
	const char *const *texts = point->invalid.at;
	struct modbus_layout *layout = &point->layout;

	modbus_format_read(point, &point->format);
	modbus_layout_make(point, point->format, base, most, layout);
	point->item = (struct plan_item){
		.address = layout->address, .span = layout->span,
		.table = (uint8_t)point->table,
	};
	point->bad = NULL;
	if (point->invalid.n == 0)
		return 0;
	point->bad = calloc(point->invalid.n, sizeof(point->bad[0]));
	if (!point->bad)
		return -ENOMEM;
	for (size_t i = 0; i < point->invalid.n; i++)
		register_invalid_read(point->format, texts[i], &point->bad[i]);
	return 0;
}

void modbus_point_finish(struct modbus_point *point)
{
	free(point->bad);
	point->bad = NULL;
}
