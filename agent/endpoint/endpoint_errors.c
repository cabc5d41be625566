/* SPDX-License-Identifier: GPL-2.0-or-later
 * 3/0/11 Error Code: an element for each error there is, or one of 0 (Core TS
 * E.4); and what makes an error of a value. */
#include <math.h>
#include <stdlib.h>
#include "agent/endpoint/endpoint_object.h"
#include "objects/ids.h"

#define BATTERY_LOW 10		/* %: at or below */
#define BATTERY_FINE 15
#define SIGNAL_LOW (-100)	/* dBm: at or below */
#define SIGNAL_FINE (-95)
#define BATTERY_STATUS_LOW 4	/* of 3/0/20 */

static void error_element_set(struct endpoint *e, uint16_t element, int64_t code)
{
	endpoint_put(&e->tree, path_element(ID_DEVICE, 0, ID_DEVICE_ERROR,
					    element), lwm2m_integer(code));
}

/* Element 0 stays for ever, so that something can be observed. */
static void errors_show(struct endpoint *e, int64_t now)
{
	struct lwm2m_path path = path_element(ID_DEVICE, 0, ID_DEVICE_ERROR, 0);
	uint16_t n = 0;

	for (uint16_t code = 1; code <= ERROR_CODE_LAST; code++)
		if (e->errors & 1u << code)
			error_element_set(e, n++, code);
	if (!n)
		error_element_set(e, n++, 0);
	for (path.id[3] = n; tree_remove(&e->tree, &path); path.id[3]++)
		;
	path.id[3] = 0;
	endpoint_touched(e, &path, now);
}

void endpoint_error(struct endpoint *e, enum endpoint_error error, bool on,
		    int64_t now)
{
	uint16_t before = e->errors, bit = (uint16_t)(1u << error);

	e->errors = (uint16_t)(on ? before | bit : before & ~bit);
	if (e->errors != before)
		errors_show(e, now);
}

void endpoint_errors_reset(struct endpoint *e, int64_t now)
{
	uint16_t before = e->errors;

	e->errors = 0;
	if (before)
		errors_show(e, now);
}

/* Between the two limits it stays as it is. */
static void error_below(struct endpoint *e, enum endpoint_error error, double value,
			double low, double fine, int64_t now)
{
	if (value <= low)
		endpoint_error(e, error, true, now);
	else if (value >= fine)
		endpoint_error(e, error, false, now);
}

void endpoint_error_signal(struct endpoint *e, int32_t dbm, int64_t now)
{
	error_below(e, ERROR_LOW_SIGNAL, dbm, SIGNAL_LOW, SIGNAL_FINE, now);
}

static double battery_level(const struct endpoint *e, uint16_t resource)
{
	struct lwm2m_path path = path_resource(ID_DEVICE, 0, resource);
	const struct tree_slot *slot = tree_find(&e->tree, &path);

	return slot && slot->quality == TREE_GOOD ?
	       lwm2m_number(&slot->value) : __builtin_nan("");
}

/* The level, or the status where the device tells one. */
static void battery_look(struct endpoint *e, int64_t now)
{
	double level = battery_level(e, ID_DEVICE_BATTERY_LEVEL);

	if (battery_level(e, ID_DEVICE_BATTERY_STATUS) == BATTERY_STATUS_LOW)
		endpoint_error(e, ERROR_LOW_BATTERY, true, now);
	else if (!isnan(level))
		error_below(e, ERROR_LOW_BATTERY, level, BATTERY_LOW,
			    BATTERY_FINE, now);
	else
		endpoint_error(e, ERROR_LOW_BATTERY, false, now);
}

void endpoint_error_sampled(struct endpoint *e, const struct lwm2m_path *path,
			    int64_t now)
{
	if (path->id[2] == ID_DEVICE_BATTERY_LEVEL ||
	    path->id[2] == ID_DEVICE_BATTERY_STATUS)
		battery_look(e, now);
}

/* Does any point of the device have no value, though it had one? */
bool endpoint_is_faulty(const struct endpoint *e)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;

	while ((slot = tree_next(&e->tree, &root, &at, &path)))
		if (slot->flags & TREE_BOUND && slot->quality == TREE_BAD)
			return true;
	return false;
}
