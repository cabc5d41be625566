/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whole numbers and timespans as they stand in a configuration. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_key.h"

static int digits_value(const char *text, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	text += hex ? 2 : 0;
	if (!isxdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, hex ? 16 : 10);
	if (end == text || *end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

int config_integer(const char *text, int64_t *number)
{
	bool minus = *text == '-';
	uint64_t value;
	int rc = digits_value(text + (minus || *text == '+'), &value);

	if (rc)
		return rc;
	if (value > (uint64_t)INT64_MAX + minus)
		return -ERANGE;
	*number = (int64_t)(minus ? 0 - value : value);
	return 0;
}

#define S INT64_C(1000000000)

const struct config_unit config_time_units[] = {
	{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", S}, {"sec", S},
	{"min", 60 * S}, {"h", 3600 * S}, {"d", 86400 * S}, {NULL, 0}
};
#define N_TIME_UNITS \
	(sizeof(config_time_units) / sizeof(*config_time_units) - 1)

static int unit_apply(const char *unit, double number, int64_t *ns)
{
	for (const struct config_unit *u = config_time_units; u->name; u++) {
		if (strcmp(unit, u->name))
			continue;
		number *= (double)u->of;
		if (number > 100 * 365 * 86400e9)
			return -ERANGE;
		*ns = (int64_t)llround(number);
		return 0;
	}
	return -EINVAL;
}

int config_quantity(const char *text, double *number, const char **unit)
{
	const char *behind = text + strspn(text, "0123456789.");
	size_t n = (size_t)(behind - text);
	char digits[24], *end;

	if (!isdigit((unsigned char)*text) || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = '\0';
	*number = strtod(digits, &end);
	*unit = behind + (*behind == ' ');
	return *end ? -EINVAL : 0;
}

int config_timespan(const char *text, int64_t *ns)
{
	const char *unit;
	double value;

	if (config_quantity(text, &value, &unit) < 0)
		return -EINVAL;
	if (!*unit && value != 0)
		return -EDOM;
	return unit_apply(*unit ? unit : "s", value, ns);
}

/* Times for messages: 1500000000 is "1.5s". */
const char *timespan_text(int64_t ns, char text[TIMESPAN_TEXT_MAX])
{
	const struct config_unit *u = &config_time_units[N_TIME_UNITS - 1];

	while (u > config_time_units && (u->of > ns || !strcmp(u->name, "sec")))
		u--;
	if (!ns)
		return strcpy(text, "0");
	snprintf(text, TIMESPAN_TEXT_MAX, "%g%s", (double)ns / (double)u->of,
		 u->name);
	return text;
}
